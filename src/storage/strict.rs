//! What a file could have libhdf5 open beside itself, and how that is refused: external links, raw data in other files,
//! virtual datasets, and filters that it would look for among the plugins.

use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_uint, c_void};
use std::ptr;

use hdf5_sys::h5::herr_t;
use hdf5_sys::h5d::H5D_layout_t;
use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5p::{self, H5P_DEFAULT};
use hdf5_sys::h5pl::H5PL_FILTER_PLUGIN;
use hdf5_sys::h5z::H5Zfilter_avail;

use super::filter::BLOSC;
use super::{Id, call, property_list, property_lists};
use crate::error::{Error, Result};
use crate::limits::Limits;

unsafe extern "C" {
    // `hdf5-metno-sys` has the second with a pointer, but it takes the number.
    fn H5PLget_loading_state(mask: *mut c_uint) -> herr_t;
    fn H5PLset_loading_state(mask: c_uint) -> herr_t;
}

thread_local! {
    /// The file that a link was not followed to.
    static REFUSED: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// How links are followed that may not lead to other files.
pub(super) fn local_links() -> Result<Id> {
    let list = property_list(h5p::H5P_CLS_LINK_ACCESS)?;
    // SAFETY: a link access list, and a function that takes no data.
    call("set a property", || unsafe { h5p::H5Pset_elink_cb(list.get(), Some(refuse_link), ptr::null_mut()) })?;
    Ok(list)
}

/// libhdf5 asks before it opens the file that a link leads to, wherever on the way the link is.
extern "C" fn refuse_link(
    _: *const c_char,
    _: *const c_char,
    file: *const c_char,
    _: *const c_char,
    _: *mut c_uint,
    _: hid_t,
    _: *mut c_void,
) -> herr_t {
    // SAFETY: a C string, if it is one.
    let name = if file.is_null() { String::new() } else { unsafe { CStr::from_ptr(file) }.to_string_lossy().into() };
    REFUSED.set(Some(name));
    -1
}

/// Opens something by a name, with the list by which links are followed.
pub(super) fn open_by_name(open: impl FnOnce(hid_t) -> hid_t) -> Result<Id> {
    if Limits::current().external_links {
        return Id::own("open an object", || open(H5P_DEFAULT));
    }
    let list = &property_lists()?.local_links;
    REFUSED.take();
    Id::own("open an object", || open(list.get())).map_err(|error| match REFUSED.take() {
        Some(file) => {
            Limits::refused(format!("the link leads to another file, `{}`", shortened(&file)), "allow_external_links")
        }
        None => error,
    })
}

/// A name in an error, which is one line.
pub(super) fn shortened(name: &str) -> String {
    const SHOWN: usize = 100;
    match name.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &name[..end]),
        None => name.to_owned(),
    }
}

/// Refuses a dataset whose data is in other files, unless that is allowed; to be asked before its shape, for which libhdf5
/// looks into the files that a virtual dataset is made of.
pub(super) fn check_layout(list: &Id, layout: H5D_layout_t) -> Result<()> {
    let limits = Limits::current();
    if layout == H5D_layout_t::H5D_VIRTUAL && !limits.virtual_datasets {
        let what = "the dataset is a virtual one, made of parts of others, also of other files";
        return Err(Limits::refused(what, "allow_virtual_datasets"));
    }
    if layout == H5D_layout_t::H5D_CONTIGUOUS && !limits.external_storage {
        // SAFETY: a dataset creation list.
        let count = call("look into a dataset", || unsafe { h5p::H5Pget_external_count(list.get()) })?;
        if count > 0 {
            return Err(Limits::refused("the dataset has its data in another file", "allow_external_storage"));
        }
    }
    Ok(())
}

/// The first filter of a dataset in chunks that libhdf5 does not have, and would look for among the plugins.
pub(super) fn missing_filter(list: &Id) -> Result<Option<i32>> {
    let what = "look into the filters of a dataset";
    // SAFETY: a dataset creation list.
    let count = call(what, || unsafe { h5p::H5Pget_nfilters(list.get()) })?;
    for index in 0..c_uint::try_from(count).unwrap_or(0) {
        let (mut flags, mut config, mut values) = (0, 0, 0);
        // SAFETY: as above; no room is given for values and the name, so none are put anywhere.
        let filter = call(what, || unsafe {
            h5p::H5Pget_filter2(
                list.get(),
                index,
                &raw mut flags,
                &raw mut values,
                ptr::null_mut(),
                0,
                ptr::null_mut(),
                &raw mut config,
            )
        })?;
        let available = call(what, || {
            let _no_plugins = NoPlugins::new();
            // SAFETY: a number, whatever it is.
            unsafe { H5Zfilter_avail(filter) }
        })?;
        if available == 0 {
            return Ok(Some(filter));
        }
    }
    Ok(None)
}

pub(super) fn filter_refused(filter: i32) -> Error {
    // The numbers that the HDF Group has registered.
    let name = match filter {
        // With the features, it is there.
        BLOSC => " (Blosc: the cargo features `blosc-zstd` and `blosc-lz4` build it in)",
        4 => " (szip)",
        5 => " (nbit)",
        6 => " (scaleoffset)",
        305 => " (LZO)",
        307 => " (bzip2)",
        32004 => " (LZ4)",
        32008 => " (bitshuffle)",
        32013 => " (ZFP)",
        32015 => " (Zstandard)",
        32017 => " (SZ)",
        32024 => " (SZ3)",
        32026 => " (Blosc2)",
        _ => "",
    };
    let what = format!("filter {filter}{name} is not built in, and would be loaded from a plugin");
    Limits::refused(what, "allow_plugins")
}

/// As long as it is there, libhdf5 loads no filter from a plugin. The library's lock is held, so that it says nothing to
/// others.
pub(super) struct NoPlugins(Option<c_uint>);

impl NoPlugins {
    pub(super) fn new() -> Self {
        let mut state = 0;
        // SAFETY: the address of a number.
        let known = unsafe { H5PLget_loading_state(&raw mut state) } >= 0;
        if !known || state & H5PL_FILTER_PLUGIN == 0 {
            return Self(None);
        }
        // SAFETY: a number, some bits of which mean something.
        unsafe { H5PLset_loading_state(state & !H5PL_FILTER_PLUGIN) };
        Self(Some(state))
    }
}

impl Drop for NoPlugins {
    fn drop(&mut self) {
        if let Some(state) = self.0 {
            // SAFETY: the number that the library gave.
            unsafe { H5PLset_loading_state(state) };
        }
    }
}
