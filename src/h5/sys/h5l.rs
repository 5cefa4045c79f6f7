//! Links, and the groups that they are in.

use std::ffi::{CStr, c_char, c_void};
use std::ptr;

use hdf5_sys::h5::{H5_index_t, H5_iter_order_t, herr_t};
use hdf5_sys::h5i::hid_t;

use super::super::{Id, call, call_modifying, locked};
use super::c::{self, DEFAULT};
use super::{GroupInfo, LinkInfo};
use crate::ground::error::{Error, Result};

/// Makes a group and the link of that name to it.
pub(in crate::h5) fn create_group(what: &str, group: hid_t, name: &CStr, (links, list): (hid_t, hid_t)) -> Result<Id> {
    Id::create(what, || c::H5Gcreate2(group, name.into(), links, list, DEFAULT))
}

/// Makes a group that no link leads to.
pub(in crate::h5) fn create_anon_group(what: &str, group: hid_t, list: hid_t) -> Result<Id> {
    Id::create(what, || c::H5Gcreate_anon(group, list, DEFAULT))
}

/// How a group was made.
pub(in crate::h5) fn get_create_plist(what: &str, group: hid_t) -> Result<Id> {
    Id::own(what, || c::H5Gget_create_plist(group))
}

/// What libhdf5 tells of a group.
pub(in crate::h5) fn group_info(group: hid_t) -> Result<GroupInfo> {
    let mut info = GroupInfo::default();
    call("look into a group", || c::H5Gget_info(group, &mut info))?;
    Ok(info)
}

/// How many links a group has; none where libhdf5 does not say.
pub(in crate::h5) fn count(group: hid_t) -> u64 {
    let mut info = GroupInfo::default();
    if locked(|| c::H5Gget_info(group, &mut info)) < 0 { 0 } else { info.links }
}

/// Whether there is a link of that name.
pub(in crate::h5) fn exists(what: &str, group: hid_t, name: &CStr) -> Result<bool> {
    Ok(call(what, || c::H5Lexists(group, name.into(), DEFAULT))? > 0)
}

/// Takes away the link of that name.
pub(in crate::h5) fn delete(what: &str, group: hid_t, name: &CStr) -> Result<()> {
    call_modifying(what, || c::H5Ldelete(group, name.into(), DEFAULT)).map(drop)
}

/// Makes a link that is as that of another group; `links` says how links are made.
pub(in crate::h5) fn copy(
    what: &str,
    (source, name): (hid_t, &CStr),
    (target, new_name): (hid_t, &CStr),
    links: &Id,
) -> Result<()> {
    call_modifying(what, || c::H5Lcopy(source, name.into(), target, new_name.into(), links.get(), DEFAULT)).map(drop)
}

/// Makes a link to a path; `links` says how links are made.
pub(in crate::h5) fn create_soft(what: &str, path: &CStr, group: hid_t, name: &CStr, links: &Id) -> Result<()> {
    call_modifying(what, || c::H5Lcreate_soft(path.into(), group, name.into(), links.get(), DEFAULT)).map(drop)
}

/// Makes a link to a path in another file; `links` says how links are made.
pub(in crate::h5) fn create_external(
    what: &str,
    (file, path): (&CStr, &CStr),
    group: hid_t,
    name: &CStr,
    links: &Id,
) -> Result<()> {
    call_modifying(what, || c::H5Lcreate_external(file.into(), path.into(), group, name.into(), links.get(), DEFAULT))
        .map(drop)
}

/// Moves a link; `links` says how links are made.
///
/// # Safety
/// `new_name` is a whole path, which begins with `/`. Otherwise libhdf5 takes for granted that the handle of the target knows its
/// path, and follows a null pointer where it does not (seen in 2.2, `H5L__move_cb`).
pub(in crate::h5) unsafe fn rename(
    what: &str,
    (source, name): (hid_t, &CStr),
    (target, new_name): (hid_t, &CStr),
    links: &Id,
) -> Result<()> {
    // SAFETY: as the caller promises.
    call_modifying(what, || unsafe { c::H5Lmove(source, name.into(), target, new_name.into(), links.get(), DEFAULT) })
        .map(drop)
}

/// What libhdf5 tells of the link of that name.
pub(in crate::h5) fn info(group: hid_t, name: &CStr) -> Result<LinkInfo> {
    let mut info = LinkInfo::default();
    call("look into a link", || c::H5Lget_info(group, name.into(), &mut info, DEFAULT))?;
    Ok(info)
}

/// The same; `None` where there is no such link.
pub(in crate::h5) fn find(group: hid_t, name: &CStr) -> Option<LinkInfo> {
    let mut info = LinkInfo::default();
    let status = locked(|| c::H5Lget_info(group, name.into(), &mut info, DEFAULT));
    (status >= 0).then_some(info)
}

/// The path that the link of that name leads to, which is one that leads to a path.
pub(in crate::h5) fn value(what: &str, group: hid_t, name: &CStr) -> Result<std::ffi::CString> {
    let value = raw_value(what, group, name)?;
    let path = CStr::from_bytes_until_nul(&value).map_err(|_| Error::corrupt("a link without an end"))?;
    Ok(path.to_owned())
}

/// What the link of that name, which is no hard one, leads to, as the library keeps it.
pub(in crate::h5) fn raw_value(what: &str, group: hid_t, name: &CStr) -> Result<Vec<u8>> {
    // As long as a message of an object header is.
    let mut value = vec![0u8; 1 << 16];
    let (to, size) = (value.as_mut_ptr().cast(), value.len());
    // SAFETY: a buffer of the size given.
    call(what, || unsafe { c::H5Lget_val(group, name.into(), to, size, DEFAULT) })?;
    Ok(value)
}

type Each<'a> = &'a mut dyn FnMut(&CStr, &LinkInfo);

/// Shows the name of each link, and what libhdf5 tells of it, by an index in its own order. Returns a negative number where libhdf5
/// fails. The library's lock is held.
///
/// In any order but the native one, libhdf5 first fills a table of as many links as a header says there are, and sorts that; in a
/// damaged group there are more, or fewer, and it writes or reads outside (seen in 2.2, `H5G__dense_build_table`). So the links
/// are taken as they come.
///
/// # Safety
/// `each` does not call libhdf5.
pub(in crate::h5) unsafe fn iterate(group: hid_t, index: H5_index_t, mut each: Each<'_>) -> herr_t {
    let (order, data) = (H5_iter_order_t::H5_ITER_NATIVE, (&raw mut each).cast());
    // SAFETY: the address of what `show` expects, which nothing else uses meanwhile.
    unsafe { c::H5Literate(group, index, order, ptr::null_mut(), Some(show), data) }
}

/// # Safety
/// `name` is a C string or null, `info` the address of what the library says of the link or null, and `each` the address
/// of an [`Each`] that nothing else uses.
unsafe extern "C" fn show(_: hid_t, name: *const c_char, info: *const LinkInfo, each: *mut c_void) -> herr_t {
    if name.is_null() || info.is_null() {
        return -1;
    }
    // SAFETY: as the caller promises.
    let (each, name, info) = unsafe { (&mut *each.cast::<Each<'_>>(), CStr::from_ptr(name), &*info) };
    each(name, info);
    0
}
