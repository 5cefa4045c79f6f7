//! Filters.

use std::ptr;

use hdf5_sys::h5z::H5Z_class2_t;

use super::super::call;
use super::c;
use crate::ground::error::Result;

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
