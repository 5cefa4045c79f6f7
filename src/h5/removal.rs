//! What libhdf5 removes with a link: the object, if that was the last link to it, and what only it leads to. libhdf5 looks for
//! all of that by itself, so it is [checked](dense) before. What has other links, too, is checked all the same: they may be
//! removed with this one.

use std::collections::HashSet;
use std::ffi::CStr;

use hdf5_sys::h5i::{H5I_type_t, hid_t};

use super::attribute::Attributes;
use super::object_info::{Identity, identity_of};
use super::sys::{h5i, h5l, h5o};
use super::{Id, dense, link};
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
    if !dense::can_be_checked(group)? {
        return Ok(());
    }
    let target = h5l::info(group, label)?.hard_target().and_then(|target| h5o::find_at(group, target));
    check(target.into_iter().map(Any).collect())
}

/// The same for an attribute: it may be the last that is of an element type with a name.
pub(super) fn check_attribute(object: hid_t, label: &CStr) -> Result<()> {
    if !dense::can_be_checked(object)? || !dense::has_named_types(object)? {
        return Ok(());
    }
    check(dense::attribute_type(object, label)?.into_iter().map(Any).collect())
}

/// Checks objects, and those that only they may lead to. What cannot be opened, or listed, libhdf5 does not get to either.
fn check(mut waiting: Vec<Any>) -> Result<()> {
    let mut met = HashSet::<Identity>::new();
    while let Some(object) = waiting.pop() {
        if !met.insert(identity_of(object.handle())?) {
            continue;
        }
        dense::check(object.handle())?;
        waiting.extend(dense::named_types(&object)?.into_iter().map(Any));
        if h5i::kind(object.handle()) == Some(H5I_type_t::H5I_GROUP) {
            let targets = link::hard_targets(object.handle()).into_iter();
            waiting.extend(targets.filter_map(|target| h5o::find_at(object.handle(), target)).map(Any));
        }
    }
    Ok(())
}
