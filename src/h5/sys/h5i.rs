//! Identifiers.

use std::ffi::c_int;

use hdf5_sys::h5i::{H5I_type_t, hid_t};

use super::super::{Id, locked};
use super::{c, text_by, variant};
use crate::ground::error::Result;

/// What the handle is of; `None` for what no value is in.
pub(in crate::h5) fn kind(id: hid_t) -> Option<H5I_type_t> {
    let number = locked(|| c::H5Iget_type(id));
    variant!(number, H5I_type_t: H5I_FILE, H5I_GROUP, H5I_DATASET, H5I_DATATYPE)
}

/// A handle of the file that an object is in.
pub(in crate::h5) fn file_of(what: &str, object: hid_t) -> Result<Id> {
    Id::own(what, || c::H5Iget_file_id(object))
}

/// A further owner of the handle.
pub(in crate::h5) fn share(what: &str, id: &Id) -> Result<Id> {
    Id::own(what, || if c::H5Iinc_ref(id.get()) < 0 { -1 } else { id.get() })
}

/// Lets go of a handle, and closes what it is of if it was the last owner. Returns false where that failed. The library's lock is
/// held.
pub(in crate::h5) fn release(id: hid_t) -> bool {
    c::H5Idec_ref(id) >= 0
}

/// Whether something is open by that number.
pub(in crate::h5) fn is_valid(id: hid_t) -> bool {
    locked(|| c::H5Iis_valid(id)) > 0
}

/// The path by which an object was opened, or can be found, in its file; `None` where it is not in UTF-8, too. It is empty if there
/// is none.
pub(in crate::h5) fn name(object: hid_t) -> Option<String> {
    // SAFETY: a buffer of the size given, or none.
    text_by(|buffer, size| unsafe { c::H5Iget_name(object, buffer, size) })
}
