//! Attributes.

use std::ffi::{CStr, c_char, c_void};
use std::ptr;

use hdf5_sys::h5::{H5_index_t, H5_iter_order_t, herr_t};
use hdf5_sys::h5i::hid_t;

use super::super::{Id, call, call_modifying, call_writing, locked};
use super::AttributeInfo;
use super::c::{self, DEFAULT};
use crate::ground::error::Result;

/// Opens the attribute of that name.
pub(in crate::h5) fn open(what: &str, object: hid_t, name: &CStr) -> Result<Id> {
    Id::own(what, || c::H5Aopen(object, name.into(), DEFAULT))
}

/// A copy of the dataspace.
pub(in crate::h5) fn get_space(what: &str, attribute: &Id) -> Result<Id> {
    Id::own(what, || c::H5Aget_space(attribute.get()))
}

/// A copy of the element type.
pub(in crate::h5) fn get_type(what: &str, attribute: &Id) -> Result<Id> {
    Id::own(what, || c::H5Aget_type(attribute.get()))
}

/// Makes an attribute.
pub(in crate::h5) fn create(
    what: &str,
    object: hid_t,
    name: &CStr,
    (file_type, space, list): (hid_t, hid_t, hid_t),
) -> Result<Id> {
    Id::create(what, || c::H5Acreate2(object, name.into(), file_type, space, list, DEFAULT))
}

/// Takes away the attribute of that name.
pub(in crate::h5) fn delete(what: &str, object: hid_t, name: &CStr) -> Result<()> {
    call_modifying(what, || c::H5Adelete(object, name.into())).map(drop)
}

/// Takes away the attribute of that name, if that works.
pub(in crate::h5) fn try_delete(object: hid_t, name: &CStr) {
    locked(|| c::H5Adelete(object, name.into()));
}

/// Whether there is an attribute of that name.
pub(in crate::h5) fn exists(what: &str, object: hid_t, name: &CStr) -> Result<bool> {
    Ok(call(what, || c::H5Aexists(object, name.into()))? > 0)
}

/// Reads all items.
///
/// # Safety
/// At `to` is room for as many items of `memory_type` as the attribute has, and what libhdf5 finds there is zero or an item
/// of that type.
pub(in crate::h5) unsafe fn read(what: &str, attribute: &Id, memory_type: hid_t, to: *mut c_void) -> Result<()> {
    // SAFETY: as the caller promises.
    call(what, || unsafe { c::H5Aread(attribute.get(), memory_type, to) }).map(drop)
}

/// Writes all items, for which the file may need so many bytes.
///
/// # Safety
/// At `from` are as many items of `memory_type` as the attribute has.
pub(in crate::h5) unsafe fn write(
    what: &str,
    bytes: usize,
    attribute: hid_t,
    memory_type: hid_t,
    from: *const c_void,
) -> Result<()> {
    // SAFETY: as the caller promises.
    call_writing(what, bytes, || unsafe { c::H5Awrite(attribute, memory_type, from) }).map(drop)
}

type Each<'a> = &'a mut dyn FnMut(&CStr, &AttributeInfo);

/// Shows the name of each attribute, and what libhdf5 tells of it: by name, in the order that takes it least.
///
/// # Safety
/// `each` does not call libhdf5.
pub(in crate::h5) unsafe fn iterate(what: &str, object: hid_t, mut each: Each<'_>) -> Result<()> {
    let (index, order) = (H5_index_t::H5_INDEX_NAME, H5_iter_order_t::H5_ITER_NATIVE);
    let data = (&raw mut each).cast();
    // SAFETY: the address of what `show` expects, which nothing else uses meanwhile.
    call(what, || unsafe { c::H5Aiterate2(object, index, order, ptr::null_mut(), Some(show), data) }).map(drop)
}

/// # Safety
/// `name` is a C string or null, `info` the address of what the library says of the attribute or null, and `each` the
/// address of an [`Each`] that nothing else uses.
unsafe extern "C" fn show(_: hid_t, name: *const c_char, info: *const AttributeInfo, each: *mut c_void) -> herr_t {
    if name.is_null() || info.is_null() {
        return -1;
    }
    // SAFETY: as the caller promises.
    let (each, name, info) = unsafe { (&mut *each.cast::<Each<'_>>(), CStr::from_ptr(name), &*info) };
    each(name, info);
    0
}
