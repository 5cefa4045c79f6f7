//! Objects, and references to them.

use std::ffi::{CStr, CString, c_char, c_uint, c_void};

use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5o::H5O_hdr_info_t;
use hdf5_sys::h5r::H5R_type_t;

use super::super::{Id, call, call_modifying, call_writing, locked};
use super::c::{self, DEFAULT};
use super::{ObjectInfo, Target};
use crate::ground::error::Result;

/// What libhdf5 tells of an object, of those fields.
pub(in crate::h5) fn info(what: &str, object: hid_t, fields: c_uint) -> Result<ObjectInfo> {
    let mut info = ObjectInfo::default();
    call(what, || c::H5Oget_info(object, &mut info, fields))?;
    Ok(info)
}

/// What it tells of the object at a path, if there is one; `links` says how links are followed.
pub(in crate::h5) fn find_info(place: hid_t, path: &CStr, fields: c_uint, links: &Id) -> Option<ObjectInfo> {
    let mut info = ObjectInfo::default();
    let status = locked(|| c::H5Oget_info_by_name(place, path.into(), &mut info, fields, links.get()));
    (status >= 0).then_some(info)
}

/// What it tells of the header of an object.
pub(in crate::h5) fn header(what: &str, object: hid_t) -> Result<H5O_hdr_info_t> {
    #[cfg(not(hdf5_tokens))]
    {
        info(what, object, hdf5_sys::h5o::H5O_INFO_HDR).map(|info| info.header)
    }
    #[cfg(hdf5_tokens)]
    {
        const HEADER: c_uint = 0x08;
        let mut info = c::NativeInfo::default();
        call(what, || c::H5Oget_native_info(object, &mut info, HEADER))?;
        Ok(info.header)
    }
}

/// Opens the object at a path.
pub(in crate::h5) fn open(what: &str, place: hid_t, path: &CStr) -> Result<Id> {
    open_with(what, place, path, DEFAULT)
}

/// The same; `links` says how links are followed.
pub(in crate::h5) fn open_with(what: &str, place: hid_t, path: &CStr, links: hid_t) -> Result<Id> {
    Id::own(what, || c::H5Oopen(place, path.into(), links))
}

/// Opens the object at a place in the file that `place` is in.
pub(in crate::h5) fn open_at(what: &str, place: hid_t, target: Target) -> Result<Id> {
    Id::own(what, || c::H5Oopen_at(place, target))
}

/// The same, if it can be opened.
pub(in crate::h5) fn find_at(place: hid_t, target: Target) -> Option<Id> {
    Id::found(|| c::H5Oopen_at(place, target))
}

/// Has libhdf5 read an object anew, because another program may have written to it.
pub(in crate::h5) fn refresh(what: &str, object: hid_t) -> Result<()> {
    call(what, || c::H5Orefresh(object)).map(drop)
}

/// Makes the link of that name to an object; `links` says how links are made.
pub(in crate::h5) fn link(what: &str, object: hid_t, group: hid_t, name: &CStr, links: &Id) -> Result<()> {
    call_modifying(what, || c::H5Olink(object, group, name.into(), links.get(), DEFAULT)).map(drop)
}

/// Copies an object with all that is in it, for which the file may need so many bytes; `list` says what of it, if not all, and
/// `links` how links are made.
pub(in crate::h5) fn copy(
    what: &str,
    bytes: usize,
    object: hid_t,
    group: hid_t,
    name: &CStr,
    (list, links): (Option<&Id>, &Id),
) -> Result<()> {
    let list = list.map_or(DEFAULT, Id::get);
    call_writing(what, bytes, || c::H5Ocopy(object, c".".into(), group, name.into(), list, links.get())).map(drop)
}

/// The comment that an object has, if it has one.
pub(in crate::h5) fn comment(what: &str, object: hid_t) -> Result<Option<CString>> {
    /// A comment is a message of a header, which is shorter.
    const MOST: usize = 1 << 16;
    // SAFETY: without room, nothing is written.
    let len = call(what, || unsafe { c::H5Oget_comment(object, std::ptr::null_mut(), 0) })?;
    let Some(len) = usize::try_from(len).ok().filter(|len| (1..MOST).contains(len)) else { return Ok(None) };
    let mut text = vec![0u8; len + 1];
    // SAFETY: room for as many bytes as are said.
    call(what, || unsafe { c::H5Oget_comment(object, text.as_mut_ptr().cast(), text.len()) })?;
    text[len] = 0;
    Ok(CStr::from_bytes_until_nul(&text).ok().map(CStr::to_owned))
}

/// Gives an object a comment.
pub(in crate::h5) fn set_comment(what: &str, object: hid_t, comment: &CStr) -> Result<()> {
    call_modifying(what, || c::H5Oset_comment(object, comment.into())).map(drop)
}

/// Whether there is an object at a path whose last link is there.
pub(in crate::h5) fn exists(what: &str, place: hid_t, path: &CStr) -> Result<bool> {
    Ok(call(what, || c::H5Oexists_by_name(place, path.into(), DEFAULT))? > 0)
}

#[cfg(not(hdf5_tokens))]
const TO_OBJECT: H5R_type_t = H5R_type_t::H5R_OBJECT;
#[cfg(hdf5_tokens)]
const TO_OBJECT: H5R_type_t = H5R_type_t::H5R_OBJECT1;

/// A reference to the object at a path: its address in the file.
pub(in crate::h5) fn refer(what: &str, place: hid_t, path: &CStr) -> Result<u64> {
    let mut address = 0u64;
    // SAFETY: the address of a reference of the class that is said.
    call(what, || unsafe { c::H5Rcreate((&raw mut address).cast(), place, path.into(), TO_OBJECT, -1) })?;
    Ok(address)
}

/// Opens the object that a reference in that file leads to.
pub(in crate::h5) fn dereference(what: &str, place: hid_t, reference: u64) -> Result<Id> {
    // SAFETY: the address of a reference of the class that is said.
    Id::own(what, || unsafe { c::H5Rdereference2(place, DEFAULT, TO_OBJECT, (&raw const reference).cast()) })
}

/// The path of the object that a reference in that file leads to, cut off after a thousand bytes.
pub(in crate::h5) fn path_of_reference(what: &str, place: hid_t, reference: u64) -> Result<Vec<u8>> {
    let mut name = vec![0u8; 1024];
    let (from, to, size) = ((&raw const reference).cast::<c_void>(), name.as_mut_ptr().cast::<c_char>(), name.len());
    // SAFETY: the address of a reference of the class that is said, and a buffer of the size given.
    call(what, || unsafe { c::H5Rget_name(place, TO_OBJECT, from, to, size) })?;
    Ok(name)
}
