//! Files.

use std::ffi::{CStr, c_uint, c_void};
use std::ptr;

use hdf5_sys::h5f::{H5F_OBJ_ALL, H5F_OBJ_ATTR, H5F_OBJ_DATASET, H5F_OBJ_DATATYPE, H5F_OBJ_GROUP, H5F_scope_t};
use hdf5_sys::h5i::hid_t;

use super::super::{Id, call, locked};
use super::c::{self, DEFAULT};
use super::text_by;
use crate::ground::error::Result;

/// Makes a file.
pub(in crate::h5) fn create(what: &str, path: &CStr, flags: c_uint, creation: hid_t, access: hid_t) -> Result<Id> {
    Id::own(what, || c::H5Fcreate(path.into(), flags, creation, access))
}

/// Opens a file.
pub(in crate::h5) fn open(what: &str, path: &CStr, flags: c_uint, access: hid_t) -> Result<Id> {
    Id::own(what, || c::H5Fopen(path.into(), flags, access))
}

/// Lets go of a handle of a file, and closes the file if it was the last of its.
pub(in crate::h5) fn close(what: &str, file: hid_t) -> Result<()> {
    call(what, || c::H5Fclose(file)).map(drop)
}

/// Writes out all that libhdf5 has of the file that an object is in.
pub(in crate::h5) fn flush(what: &str, object: hid_t) -> Result<()> {
    call(what, || c::H5Fflush(object, H5F_scope_t::H5F_SCOPE_LOCAL)).map(drop)
}

/// The same, with all files that are mounted on it.
pub(in crate::h5) fn flush_all(what: &str, object: hid_t) -> Result<()> {
    call(what, || c::H5Fflush(object, H5F_scope_t::H5F_SCOPE_GLOBAL)).map(drop)
}

/// Has others read the file while it is written. Objects that are open in it are closed and opened again.
pub(in crate::h5) fn start_swmr_write(what: &str, file: &Id) -> Result<()> {
    call(what, || c::H5Fstart_swmr_write(file.get())).map(drop)
}

/// How many objects are open in the file: groups, datasets, types and attributes.
pub(in crate::h5) fn open_objects(file: &Id) -> usize {
    let all = H5F_OBJ_DATASET | H5F_OBJ_GROUP | H5F_OBJ_DATATYPE | H5F_OBJ_ATTR;
    usize::try_from(locked(|| c::H5Fget_obj_count(file.get(), all))).unwrap_or(0)
}

/// The larger one of how long the file is and how long it is going to be.
pub(in crate::h5) fn size(what: &str, file: &Id) -> Result<u64> {
    let mut size = 0;
    call(what, || c::H5Fget_filesize(file.get(), &mut size))?;
    Ok(size)
}

/// How the file is open: `H5F_ACC_RDWR` and others.
pub(in crate::h5) fn intent(what: &str, file: &Id) -> Result<c_uint> {
    let mut intent = 0;
    call(what, || c::H5Fget_intent(file.get(), &mut intent))?;
    Ok(intent)
}

/// A list that says how the file is open.
#[cfg(all(unix, hdf5_drivers))]
pub(in crate::h5) fn get_access_plist(what: &str, file: &Id) -> Result<Id> {
    Id::own(what, || c::H5Fget_access_plist(file.get()))
}

/// The same, if libhdf5 knows it.
pub(in crate::h5) fn find_access_plist(file: &Id) -> Option<Id> {
    Id::found(|| c::H5Fget_access_plist(file.get()))
}

/// A list that says how the file was made.
pub(in crate::h5) fn get_create_plist(what: &str, file: &Id) -> Result<Id> {
    Id::own(what, || c::H5Fget_create_plist(file.get()))
}

/// The number by which libhdf5 knows the file as long as it is open.
#[cfg(hdf5_tokens)]
pub(in crate::h5) fn number(what: &str, file: &Id) -> Result<u64> {
    let mut number = 0;
    call(what, || c::H5Fget_fileno(file.get(), &mut number))?;
    #[allow(clippy::useless_conversion, reason = "C's long differs by platform")]
    Ok(number.into())
}

/// What the driver of the file gives for its handle. What that is the address of depends on the driver; it is good for as long as
/// the file is open.
pub(in crate::h5) fn vfd_handle(what: &str, file: &Id) -> Result<Option<*mut c_void>> {
    let mut handle = ptr::null_mut();
    call(what, || c::H5Fget_vfd_handle(file.get(), DEFAULT, &mut handle))?;
    Ok(Some(handle).filter(|handle| !handle.is_null()))
}

/// The same; `None` where it has none.
pub(in crate::h5) fn find_vfd_handle(file: &Id) -> Option<*mut c_void> {
    let mut handle = ptr::null_mut();
    let status = locked(|| c::H5Fget_vfd_handle(file.get(), DEFAULT, &mut handle));
    Some(handle).filter(|handle| status >= 0 && !handle.is_null())
}

/// The name by which the file was opened that an object is in, if it is in UTF-8.
pub(in crate::h5) fn name(object: hid_t) -> Option<String> {
    // SAFETY: a buffer of the size given, or none.
    text_by(|buffer, size| unsafe { c::H5Fget_name(object, buffer, size) })
}

/// Handles of the files that are open, and of what is open in them. The library's lock is held as long as they are used: nothing
/// keeps them open.
pub(in crate::h5) fn all_open_files() -> Vec<hid_t> {
    locked(|| {
        let all = hid_t::from(H5F_OBJ_ALL);
        let count = c::H5Fget_obj_count(all, H5F_OBJ_ALL);
        let mut ids: Vec<hid_t> = vec![0; usize::try_from(count).unwrap_or(0)];
        // SAFETY: room for as many identifiers as said.
        let count = unsafe { c::H5Fget_obj_ids(all, H5F_OBJ_ALL, ids.len(), ids.as_mut_ptr()) };
        ids.truncate(usize::try_from(count).unwrap_or(0));
        ids
    })
}

/// Handles of the datasets that are open in a file, by whatever handle of that. The library's lock is held as long as they are
/// used: nothing keeps them open.
pub(in crate::h5) fn open_datasets(file: &Id) -> Vec<hid_t> {
    locked(|| {
        let count = c::H5Fget_obj_count(file.get(), H5F_OBJ_DATASET);
        let mut ids: Vec<hid_t> = vec![0; usize::try_from(count).unwrap_or(0)];
        // SAFETY: room for as many identifiers as said.
        let count = unsafe { c::H5Fget_obj_ids(file.get(), H5F_OBJ_DATASET, ids.len(), ids.as_mut_ptr()) };
        ids.truncate(usize::try_from(count).unwrap_or(0));
        ids
    })
}

/// The bytes of the file as it would be on a disk.
pub(in crate::h5) fn image(what: &str, file: &Id) -> Result<Vec<u8>> {
    locked(|| {
        // SAFETY: without a buffer the function gives the size.
        let size = call(what, || unsafe { c::H5Fget_file_image(file.get(), ptr::null_mut(), 0) })?;
        let mut image = vec![0u8; usize::try_from(size).unwrap_or(0)];
        // SAFETY: a buffer of the size given.
        call(what, || unsafe { c::H5Fget_file_image(file.get(), image.as_mut_ptr().cast(), image.len()) })?;
        Ok(image)
    })
}
