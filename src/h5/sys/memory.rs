//! Memory that the library allocates and frees.

use std::ffi::c_void;

use super::c;

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
