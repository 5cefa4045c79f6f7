//! What libhdf5 removes with a link: the object, if that was the last link to it, and what only it leads to. libhdf5 looks for
//! all of that by itself, so it is [checked](dense) before.

use std::collections::HashMap;
use std::ffi::CStr;

use hdf5_sys::h5i::{H5I_type_t, hid_t};
use hdf5_sys::h5p::H5P_DEFAULT;

use super::about::{Identity, basics};
use super::attribute::Attributes;
use super::raw::can_be_had;
use super::{Id, dense, link, sys};
use crate::error::Result;

/// An object that may be none that is read.
pub(super) struct Any(pub(super) Id);

impl Attributes for Any {
    fn handle(&self) -> hid_t {
        self.0.get()
    }
}

/// Makes sure that libhdf5 can remove the link of a group that the file calls `label`. The library's lock is held.
pub(super) fn check_link(group: hid_t, label: &CStr) -> Result<()> {
    // SAFETY: a C string.
    let Ok(info) = (unsafe { sys::link_info(group, label.as_ptr(), H5P_DEFAULT) }) else { return Ok(()) };
    let Some(target) = info.hard_target() else { return Ok(()) };
    if !can_be_had(group)? {
        return Ok(());
    }
    // What cannot be opened, libhdf5 does not remove either.
    // SAFETY: a group's handle, and where the library said that an object of the same file is.
    match Id::own("open an object", || unsafe { link::open_target(group, target) }) {
        Ok(id) => check(vec![Any(id)]),
        Err(_) => Ok(()),
    }
}

/// The same for an attribute: it may be the last that is of an element type with a name.
pub(super) fn check_attribute(object: hid_t, label: &CStr) -> Result<()> {
    if !can_be_had(object)? || !dense::has_named_types(object)? {
        return Ok(());
    }
    check(dense::attribute_type(object, label)?.into_iter().map(Any).collect())
}

/// Checks the objects that one link less leads to, and those that are removed with them.
fn check(mut waiting: Vec<Any>) -> Result<()> {
    let mut met = HashMap::<Identity, usize>::new();
    while let Some(object) = waiting.pop() {
        let about = basics(object.handle())?;
        let times = met.entry(about.identity).or_default();
        *times += 1;
        if *times != about.links.max(1) {
            continue;
        }
        dense::check(object.handle())?;
        waiting.extend(dense::named_types(&object)?.into_iter().map(Any));
        if sys::is_of(object.handle()) == Some(H5I_type_t::H5I_GROUP) {
            // Where the links of a group cannot be listed, libhdf5 does not get to them either.
            for target in link::hard_targets(object.handle()).unwrap_or_default() {
                // SAFETY: as above.
                let opened = Id::own("open an object", || unsafe { link::open_target(object.handle(), target) });
                waiting.extend(opened.ok().map(Any));
            }
        }
    }
    Ok(())
}
