//! Plugins: which are loaded, and from where.

use std::ffi::{CString, c_uint};
use std::ptr;

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
