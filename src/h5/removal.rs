//! What libhdf5 removes with a link: the object, if that was the last link to it, and what only it leads to. libhdf5 looks for
//! all of that by itself, so it is [checked](structure) before. What has other links, too, is checked all the same: they may be
//! removed with this one.

use std::collections::HashSet;
use std::ffi::CStr;

use hdf5_sys::h5i::{H5I_type_t, hid_t};

use super::attribute::Attributes;
use super::object_info::{Identity, identity_of};
use super::sys::{h5i, h5l};
use super::{Id, link, structure};
use crate::ground::error::Result;

/// An object that may be none that is read.
pub(super) struct Any(pub(super) Id);

impl Attributes for Any {
    fn handle(&self) -> hid_t {
        self.0.get()
    }
}

/// Makes sure that libhdf5 can remove the link of a group that the file calls `label`, as if it were the last to what it leads
/// to. The library's lock is held.
pub(super) fn check_link(group: hid_t, label: &CStr) -> Result<()> {
    if !structure::can_be_checked(group)? {
        return Ok(());
    }
    let Some(target) = h5l::info(group, label)?.hard_target() else { return Ok(()) };
    let target = structure::find_at(group, identity_of(group)?.file(), target)?;
    check(target.into_iter().map(Any).collect())
}

/// The same for an attribute: it may be the last that is of an element type with a name.
pub(super) fn check_attribute(object: hid_t, label: &CStr) -> Result<()> {
    if !structure::can_be_checked(object)? || !structure::has_named_types(object)? {
        return Ok(());
    }
    check(structure::attribute_type(object, label)?.into_iter().map(Any).collect())
}

/// Checks objects, and those that only they may lead to. What cannot be opened, or listed, libhdf5 does not get to either.
fn check(mut waiting: Vec<Any>) -> Result<()> {
    let mut met = HashSet::<Identity>::new();
    while let Some(object) = waiting.pop() {
        let identity = identity_of(object.handle())?;
        if !met.insert(identity) {
            continue;
        }
        structure::check(object.handle())?;
        waiting.extend(structure::named_types(&object)?.into_iter().map(Any));
        if h5i::kind(object.handle()) == Some(H5I_type_t::H5I_GROUP) {
            for target in link::hard_targets(object.handle()) {
                waiting.extend(structure::find_at(object.handle(), identity.file(), target)?.map(Any));
            }
        }
    }
    Ok(())
}
