//! The way to objects: the groups that libhdf5 passes, and all groups of a file, through which it looks for names.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::ffi::{CStr, CString};
use std::path::PathBuf;

use hdf5_sys::h5i::{H5I_type_t, hid_t};

use super::elsewhere::Elsewhere;
use super::{check, check_ahead, check_known, check_root, is_trusted};
use crate::ground::error::{ErrorKind, Result};
use crate::ground::limits::Limits;
use crate::h5::object_info::{Identity, identity_of};
use crate::h5::sys::{Target, h5f, h5i, h5l, h5o};
use crate::h5::{Id, external_access, link, locked};

/// Files of which it is known whether they are sound.
const MAX_FILES: usize = 64;
/// Soft links that libhdf5 follows on the way to one object.
const MAX_SOFT: usize = 16;

thread_local! {
    /// The files in which all groups were checked, by what tells their root groups from others, and whether they are sound.
    static FILES: RefCell<Vec<(Identity, bool)>> = const { RefCell::new(Vec::new()) };
}

/// Makes sure that libhdf5 can follow `path` from a group that was checked, and open what it leads to: the groups on the way are
/// opened by libhdf5 alone. Where nothing is at the path, libhdf5 finds out by itself.
pub(in crate::h5) fn check_way(group: hid_t, file: Option<u64>, path: &CStr) -> Result<()> {
    locked(|| {
        let file = file.map_or_else(|| identity_of(group).map(Identity::file), Ok)?;
        if is_trusted(file) { Ok(()) } else { way((group, file), path, &Cell::new(MAX_SOFT)) }
    })
}

fn way((group, file): (hid_t, u64), path: &CStr, soft_links: &Cell<usize>) -> Result<()> {
    let bytes = path.to_bytes();
    let mut names = bytes.split(|byte| *byte == b'/').filter(|name| !name.is_empty() && *name != b".").peekable();
    let (mut at, mut opened) = ((group, file), None);
    if bytes.starts_with(b"/") {
        check_root(group)?;
        let (root, file) = open_checked(group, c"/")?;
        at = (opened.insert(root).get(), file);
    }
    while let Some(name) = names.next() {
        let Ok(name) = CString::new(name) else { return Ok(()) };
        let Some(info) = h5l::find(at.0, &name) else { return Ok(()) };
        if info.is_soft() {
            let Some(left) = soft_links.get().checked_sub(1) else { return Ok(()) };
            soft_links.set(left);
            way(at, &h5l::value("look into a link", at.0, &name)?, soft_links)?;
        } else {
            let Some(target) = info.hard_target() else {
                // Whether libhdf5 may open it is for the options.
                if info.is_external() && Limits::current().external_links {
                    let value = h5l::raw_value("look into a link", at.0, &name)?;
                    let rest: Vec<&[u8]> = names.collect();
                    Elsewhere::default().link(&name_of(at.0)?, &value, &rest.join(&b'/'))?;
                }
                return Ok(());
            };
            check_ahead(at.0, at.1, target)?;
        }
        // What the last name leads to is for the caller.
        if names.peek().is_none() {
            return Ok(());
        }
        let (next, file) = open_checked(at.0, &name)?;
        if h5i::kind(next.get()) != Some(H5I_type_t::H5I_GROUP) {
            return Ok(());
        }
        at = (opened.insert(next).get(), file);
    }
    Ok(())
}

/// The name of the file that an object is in, as libhdf5 looks for other files from it.
pub(super) fn name_of(object: hid_t) -> Result<PathBuf> {
    Ok(PathBuf::from(h5f::name(object).unwrap_or_default()))
}

/// Opens what is at a name, and the number of its file.
fn open_checked(group: hid_t, name: &CStr) -> Result<(Id, u64)> {
    let id = external_access::open_by_name(group, name)?;
    let file = check(id.get())?.file;
    Ok((id, file))
}

/// Opens the object at a place in the file of that number, which `place` is in, if it can be opened.
pub(in crate::h5) fn find_at(place: hid_t, file: u64, target: Target) -> Result<Option<Id>> {
    check_ahead(place, file, target)?;
    Ok(h5o::find_at(place, target))
}

/// Whether libhdf5 can look through all groups of the file that `object` is in, as it does for the path of what was opened by
/// its address.
pub(in crate::h5) fn is_file_sound(object: hid_t) -> Result<bool> {
    locked(|| {
        check_root(object)?;
        let root = h5o::open("open the root group", object, c"/")?;
        let identity = identity_of(root.get())?;
        if is_trusted(identity.file()) {
            return Ok(true);
        }
        let known = FILES.with_borrow(|files| files.iter().find(|file| file.0 == identity).map(|file| file.1));
        if let Some(is_sound) = known {
            return Ok(is_sound);
        }
        let is_sound = match check_known(root.get(), identity).and_then(|_| check_groups(root, identity)) {
            Ok(()) => true,
            Err(error) if error.kind() == ErrorKind::Corrupt => false,
            Err(error) => return Err(error),
        };
        FILES.with_borrow_mut(|files| {
            files.truncate(MAX_FILES);
            files.insert(0, (identity, is_sound));
        });
        Ok(is_sound)
    })
}

/// Checks all groups that hard links lead to from a root group, which was checked.
fn check_groups(root: Id, identity: Identity) -> Result<()> {
    let mut met = HashSet::from([identity]);
    let mut waiting = vec![root];
    while let Some(group) = waiting.pop() {
        // What cannot be opened, libhdf5 does not look into either.
        for target in link::hard_targets(group.get()) {
            let Some(id) = find_at(group.get(), identity.file(), target)? else { continue };
            if h5i::kind(id.get()) == Some(H5I_type_t::H5I_GROUP) && met.insert(identity_of(id.get())?) {
                check(id.get())?;
                waiting.push(id);
            }
        }
    }
    Ok(())
}
