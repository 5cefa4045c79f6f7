//! Filters, plugins, connectors, and memory of the library.

use std::ffi::{CString, c_uint, c_void};
use std::ptr;

use hdf5_sys::h5z::H5Z_class2_t;

use super::super::call;
use super::c;
use crate::ground::error::{Error, ErrorKind, Result};

/// Which plugins are loaded, as the library has it; `None` where it does not say.
pub(in crate::h5) fn loading_state() -> Option<c_uint> {
    let mut state = 0;
    (c::H5PLget_loading_state(&mut state) >= 0).then_some(state)
}

/// Says which plugins are loaded.
pub(in crate::h5) fn set_loading_state(state: c_uint) {
    c::H5PLset_loading_state(state);
}

/// The folder in which libhdf5 looks for plugins at that place, if there are so many.
pub(in crate::h5) fn folder(what: &str, index: c_uint) -> Result<Option<CString>> {
    let mut count = 0;
    call(what, || c::H5PLsize(&mut count))?;
    if index >= count {
        return Ok(None);
    }
    // SAFETY: without a buffer, the function gives the length.
    let len = call(what, || unsafe { c::H5PLget(index, ptr::null_mut(), 0) })?;
    let mut name = vec![0u8; usize::try_from(len).unwrap_or(0) + 1];
    // SAFETY: a buffer of the size given.
    call(what, || unsafe { c::H5PLget(index, name.as_mut_ptr().cast(), name.len()) })?;
    let no_end = |_| Error::new(ErrorKind::Hdf5, "a folder whose name has no end");
    CString::from_vec_with_nul(name).map(Some).map_err(no_end)
}

/// Takes away the folder at that place.
#[cfg(hdf5_tokens)]
pub(in crate::h5) fn remove_folder(what: &str, index: c_uint) -> Result<()> {
    call(what, || c::H5PLremove(index)).map(drop)
}

/// The same, if that works.
pub(in crate::h5) fn try_remove_folder(index: c_uint) {
    c::H5PLremove(index);
}

/// Adds a folder after the others.
#[cfg(hdf5_tokens)]
pub(in crate::h5) fn append_folder(folder: &std::ffi::CStr) {
    c::H5PLappend(folder.into());
}

/// Whether libhdf5 has a filter of that number, or finds one.
pub(in crate::h5) fn has_filter(what: &str, filter: i32) -> Result<bool> {
    Ok(call(what, || c::H5Zfilter_avail(filter))? > 0)
}

/// Makes a filter known to libhdf5, which copies the description, for as long as that runs.
///
/// # Safety
/// The functions in it keep to what libhdf5 expects of a filter.
pub(in crate::h5) unsafe fn register_filter(what: &str, class: &H5Z_class2_t) -> Result<()> {
    // SAFETY: as the caller promises.
    call(what, || unsafe { c::H5Zregister(ptr::from_ref(class).cast()) }).map(drop)
}

/// Memory of the library, of which the caller is the owner; null where there is none.
pub(in crate::h5) fn allocate(size: usize) -> *mut c_void {
    c::H5allocate_memory(size.max(1), 0)
}

/// Frees memory of the library.
///
/// # Safety
/// The library allocated it, the caller is its owner, and does not use it any more.
pub(in crate::h5) unsafe fn free(memory: *mut c_void) {
    // SAFETY: as the caller promises.
    unsafe { c::H5free_memory(memory) };
}

/// A file as a connector of the library has it.
#[cfg(hdf5_tokens)]
#[derive(Debug)]
pub(in crate::h5) struct FileObject {
    object: *mut c_void,
    connector: super::super::Id,
    /// Keeps the object.
    _file: super::super::Id,
}

#[cfg(hdf5_tokens)]
impl FileObject {
    /// The file, which stays open as long as this is there.
    pub(in crate::h5) fn new(what: &str, file: super::super::Id) -> Result<Self> {
        let connector = super::super::Id::own(what, || c::H5VLget_connector_id(file.get()))?;
        let object = c::H5VLobject(file.get());
        if object.is_null() {
            return Err(Error::new(ErrorKind::Hdf5, format!("HDF5 could not {what}")));
        }
        Ok(Self { object, connector, _file: file })
    }

    /// Puts bytes into the file's heap, and the name of where they are into `name`. Returns false where that fails.
    ///
    /// # Safety
    /// `name` has as many bytes as an address and an index have in the file (`H5VL__native_blob_put`).
    pub(in crate::h5) unsafe fn put(&self, bytes: &[u8], name: &mut [u8]) -> bool {
        let (from, to) = (bytes.as_ptr().cast(), name.as_mut_ptr().cast());
        // SAFETY: the file's object, which is open, and its connector; the rest as the caller promises.
        let status =
            unsafe { c::H5VLblob_put(self.object, self.connector.get(), from, bytes.len(), to, ptr::null_mut()) };
        status >= 0
    }
}
