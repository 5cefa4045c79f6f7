//! What a file could have libhdf5 open beside itself, and how that is refused: external links, raw data in other files,
//! virtual datasets, and what it would look for among the plugins.

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char, c_uint, c_void};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use hdf5_sys::h5::herr_t;
use hdf5_sys::h5d::H5D_layout_t;
use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5p::H5P_CLS_LINK_ACCESS;
use hdf5_sys::h5z::{
    H5Z_FILTER_DEFLATE, H5Z_FILTER_FLETCHER32, H5Z_FILTER_NBIT, H5Z_FILTER_RESERVED, H5Z_FILTER_SCALEOFFSET,
    H5Z_FILTER_SHUFFLE, H5Z_FILTER_SZIP,
};

use super::filter::{BLOSC, LZF};
use super::open_file::as_it_is_now;
use super::sys::{h5f, h5o, h5p, h5pl, h5z};
use super::{Id, locked, lzf, property_list, property_lists};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::limits::{Limits, Permission};

thread_local! {
    /// The file that a link was not followed to.
    static REFUSED: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// How links are followed that may not lead to other files.
pub(super) fn local_links() -> Result<Id> {
    let list = property_list(H5P_CLS_LINK_ACCESS)?;
    // SAFETY: a function that takes no data.
    unsafe { h5p::set_follow_link("set a property", &list, refuse_link) }?;
    Ok(list)
}

/// libhdf5 asks before it opens the file that a link leads to, wherever on the way the link is.
///
/// # Safety
/// `file` is a C string or null.
unsafe extern "C" fn refuse_link(
    _: *const c_char,
    _: *const c_char,
    file: *const c_char,
    _: *const c_char,
    _: *mut c_uint,
    _: hid_t,
    _: *mut c_void,
) -> herr_t {
    // SAFETY: as the caller promises.
    let name = if file.is_null() { String::new() } else { unsafe { CStr::from_ptr(file) }.to_string_lossy().into() };
    REFUSED.set(Some(name));
    -1
}

/// Opens what a path leads to, also to another file if the options allow that.
pub(super) fn open_by_name(group: hid_t, path: &CStr) -> Result<Id> {
    if Limits::current().external_links {
        return h5o::open("open an object", group, path).and_then(as_it_is_now);
    }
    let list = &property_lists()?.local_links;
    REFUSED.take();
    let opened = h5o::open_with("open an object", group, path, list.get()).map_err(|error| match REFUSED.take() {
        Some(file) => Limits::refused(
            format!("the link leads to another file, `{}`", shortened(&file)),
            Permission::ExternalLinks,
        ),
        None => error,
    });
    opened.and_then(as_it_is_now)
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
        return Err(Limits::refused(what, Permission::VirtualDatasets));
    }
    let may_be_elsewhere = layout == H5D_layout_t::H5D_CONTIGUOUS && !limits.external_storage;
    if may_be_elsewhere && h5p::has_external_files("look into a dataset", list)? {
        return Err(Limits::refused("the dataset has its data in another file", Permission::ExternalStorage));
    }
    Ok(())
}

/// The first filter of a dataset in chunks that libhdf5 does not have, and would look for among the plugins.
pub(super) fn missing_filter(list: &Id) -> Result<Option<i32>> {
    let what = "look into the filters of a dataset";
    let mut is_shortened = false;
    for number in 0..h5p::filter_count(what, list)? {
        let filter = h5p::filter(what, list, number)?;
        let is_there = locked(|| {
            let _no_plugins = NoPlugins::new();
            h5z::has_filter(what, filter.id)
        })?;
        if filter.id == LZF && is_shortened {
            lzf::allow_shortened(filter.values());
        }
        is_shortened |= ![H5Z_FILTER_SHUFFLE, H5Z_FILTER_FLETCHER32].contains(&filter.id);
        if !is_there && filter.id == LZF {
            lzf::register()?;
        } else if !is_there {
            return Ok(Some(filter.id));
        }
    }
    Ok(None)
}

/// Whether a filter is one of HDF5's own, which is no plugin's: a libhdf5 may be built without it.
pub(super) fn is_own(filter: i32) -> bool {
    filter < H5Z_FILTER_RESERVED
}

pub(super) fn filter_refused(filter: i32) -> Error {
    // The numbers that the HDF Group has registered.
    let name = match filter {
        H5Z_FILTER_DEFLATE => "deflate",
        H5Z_FILTER_SZIP => "szip",
        H5Z_FILTER_NBIT => "n-bit",
        H5Z_FILTER_SCALEOFFSET => "scale-offset",
        305 => "LZO",
        307 => "bzip2",
        // With the features, it is there.
        BLOSC => "Blosc: the cargo features `blosc-zstd` and `blosc-lz4` build it in",
        32004 => "LZ4",
        32008 => "bitshuffle",
        32013 => "ZFP",
        32015 => "Zstandard",
        32017 => "SZ",
        32024 => "SZ3",
        32026 => "Blosc2",
        _ => "",
    };
    let name = if name.is_empty() { String::new() } else { format!(" ({name})") };
    if is_own(filter) {
        let message = format!("filter {filter}{name} is one that this libhdf5 is built without");
        return Error::new(ErrorKind::Unsupported, message);
    }
    let what = format!("filter {filter}{name} is not built in, and would be loaded from a plugin");
    Limits::refused(what, Permission::Plugins)
}

/// Opens a file. Plugins are loaded for it only if whoever reads has allowed that.
///
/// Since 1.12, libhdf5 looks among the plugins for a VOL connector that knows a file which it does not know itself. To find
/// one, it loads every library in the folders for plugins, whatever [`NoPlugins`] says (seen in 2.2, `H5PL_iterate`). So there
/// are no such folders meanwhile.
pub(super) fn open_file(what: &str, path: &CStr, flags: c_uint, access: hid_t) -> Result<Id> {
    locked(|| {
        let _no_plugins = (!Limits::loads_plugins()).then(NoPlugins::new);
        #[cfg(hdf5_tokens)]
        let _no_folders = if Limits::loads_plugins() { None } else { Some(NoFolders::new()?) };
        h5f::open(what, path, flags, access)
    })
}

/// Does something that looks up links, whose names a file can keep behind filters of its own, without plugins. Reading keeps
/// them out for longer.
pub(super) fn without_plugins<R>(work: impl FnOnce() -> R) -> R {
    locked(|| {
        let _no_plugins = (!Limits::loads_plugins() && !Limits::keeps_plugins_out()).then(NoPlugins::new);
        work()
    })
}

/// The folder in which libhdf5 looks for plugins, at `index`.
fn folder(index: c_uint) -> Result<Option<CString>> {
    h5pl::folder("look for the folders of plugins", index)
}

/// As long as it is there, libhdf5 has no folders for plugins. The library's lock is held all that time.
#[cfg(hdf5_tokens)]
struct NoFolders(Vec<CString>);

#[cfg(hdf5_tokens)]
impl NoFolders {
    fn new() -> Result<Self> {
        let mut folders = Self(Vec::new());
        while let Some(folder) = folder(0)? {
            h5pl::remove_folder("set aside a folder of plugins", 0)?;
            folders.0.push(folder);
        }
        Ok(folders)
    }
}

#[cfg(hdf5_tokens)]
impl Drop for NoFolders {
    fn drop(&mut self) {
        self.0.iter().for_each(|folder| h5pl::append_folder(folder));
    }
}

/// Takes away the default folder for plugins that is below the one in which the bundled HDF5 was built: anybody may come to
/// own that path. Folders that the environment names stay, as do those that the program adds. The library's lock is held.
pub(super) fn forget_build_folder() {
    static DONE: AtomicBool = AtomicBool::new(false);
    if DONE.load(Ordering::Relaxed) || DONE.swap(true, Ordering::Relaxed) {
        return;
    }
    let Some(root) = option_env!("FILEBACKED_HDF5_ROOT") else { return };
    if std::env::var_os("HDF5_PLUGIN_PATH").is_some() {
        return;
    }
    let wanted = Path::new(root).join("lib").join("plugin");
    let mut index = 0;
    while let Ok(Some(folder)) = folder(index) {
        if folder.to_str().is_ok_and(|folder| Path::new(folder) == wanted) {
            h5pl::try_remove_folder(index);
        } else {
            index += 1;
        }
    }
}

/// As long as it is there, libhdf5 loads no filter, connector or driver by its number or name from a plugin. The library's
/// lock is held, so that it says nothing to others.
pub(super) struct NoPlugins(Option<c_uint>);

impl NoPlugins {
    pub(super) fn new() -> Self {
        let state = h5pl::loading_state().filter(|state| *state != 0);
        if state.is_some() {
            h5pl::set_loading_state(0);
        }
        Self(state)
    }
}

impl Drop for NoPlugins {
    fn drop(&mut self) {
        if let Some(state) = self.0 {
            h5pl::set_loading_state(state);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_said_by_name() {
        for (filter, name) in [(4, "szip"), (5, "n-bit")] {
            let error = filter_refused(filter);
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert_eq!(
                error.to_string(),
                format!("filter {filter} ({name}) is one that this libhdf5 is built without")
            );
        }
        let message = filter_refused(32015).to_string();
        assert!(
            message.starts_with("filter 32015 (Zstandard) is not built in, and would be loaded from a plugin"),
            "{message}"
        );
        assert!(
            filter_refused(32123).to_string().starts_with("filter 32123 is not built in"),
            "a filter without a name"
        );
    }
}
