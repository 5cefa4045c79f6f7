//! File drivers.

use std::ffi::{c_uint, c_ulong, c_void};
use std::ptr::NonNull;

use hdf5_sys::h5::{haddr_t, hsize_t};
use hdf5_sys::h5fd::{H5FD_class_t, H5FDregister};
use hdf5_sys::h5i::hid_t;

use super::super::call;
use crate::ground::error::Result;

/// What libhdf5 knows, and fills in, of an open file: `H5FD_t`, which what a driver has of a file begins with.
#[derive(Default)]
#[repr(C)]
pub(in crate::h5) struct Public {
    driver_id: hid_t,
    class: Option<NonNull<c_void>>,
    number: c_ulong,
    access_flags: c_uint,
    feature_flags: c_ulong,
    max_address: haddr_t,
    pub(in crate::h5) base_address: haddr_t,
    threshold: hsize_t,
    alignment: hsize_t,
    paged: bool,
}

/// Makes a driver known to libhdf5, for ever.
///
/// # Safety
/// The class is as the linked libhdf5 has it, and it is there for ever, as is all that it points to.
pub(in crate::h5) unsafe fn register(class: *const H5FD_class_t) -> Result<hid_t> {
    // SAFETY: as the caller promises.
    call("set up a file driver", || unsafe { H5FDregister(class) })
}
