//! References to objects: what they lead to.

use std::collections::HashMap;
use std::ffi::CStr;
use std::sync::{Arc, OnceLock};

use hdf5_sys::h5i::hid_t;

use super::attribute::Attributes;
use super::group::{Group, Object};
use super::open_file::may_change;
use super::stored_attribute::{Address, paths};
use super::sys::h5o;
use super::{Id, structure};
use crate::ground::error::{Error, Result};

/// The file that references lead into. It is no part of their type.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReferencedFile(Option<Arc<Home>>);

/// The root group of a file, and the paths of its objects once they were asked for.
#[derive(Debug)]
struct Home {
    root: Id,
    paths: OnceLock<HashMap<Address, String>>,
}

impl PartialEq for ReferencedFile {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Group {
    /// The address of the object at a path of names below the group, as references have it.
    pub(crate) fn address_of(&self, path: &[String]) -> Result<u64> {
        let (mut group, mut label) = (self.clone().unwatched(), c".".to_owned());
        if let Some((last, groups)) = path.split_last() {
            for name in groups {
                let Object::Group(inner) = group.open(name)? else { return Err(Error::corrupt("a group went away")) };
                group = inner;
            }
            // The file may have it otherwise.
            label = group.label(last)?;
        }
        h5o::refer("refer to an object", group.handle(), &label)
    }
}

impl ReferencedFile {
    /// Bytes of a reference in memory: an address in the file.
    pub(super) const SIZE: usize = 8;

    /// The file that `object` is in.
    pub(crate) fn of(object: hid_t) -> Result<Self> {
        structure::check_root(object)?;
        let root = h5o::open("open the root group", object, c"/")?;
        Ok(Self(Some(Arc::new(Home { root, paths: OnceLock::new() }))))
    }

    /// Its root group.
    pub(crate) fn root(&self) -> Result<Object> {
        let home = self.0.as_ref().ok_or_else(|| Error::corrupt("a reference into no file"))?;
        Object::adopt(h5o::open("open the root group", home.root.get(), c".")?)
    }

    /// The path of the object that a reference in it leads to, if it has one.
    pub(crate) fn path_of(&self, reference: &[u8]) -> Option<String> {
        let (root, address) = (&self.0.as_ref()?.root, u64::from_ne_bytes(*reference.first_chunk()?));
        if !structure::is_file_sound(root.get()).unwrap_or(false) {
            return None;
        }
        let name = h5o::path_of_reference("look for the name of an object", root.get(), address).ok()?;
        let path = CStr::from_bytes_until_nul(&name).ok()?.to_string_lossy().into_owned();
        (!path.is_empty()).then_some(path)
    }

    /// The same, where many are asked for: as long as nobody writes to the file, it is looked through once.
    pub(crate) fn find_path_of(&self, reference: &[u8]) -> Option<String> {
        let home = self.0.as_ref()?;
        if may_change(home.root.get()).unwrap_or(true) {
            return self.path_of(reference);
        }
        let address = Address::from_ne_bytes(*reference.first_chunk()?);
        if let Some(paths) = home.paths.get() {
            return paths.get(&address).cloned();
        }
        let Ok(Object::Group(root)) = self.root() else { return None };
        let all = paths(&root).ok()?.into_iter().map(|(identity, names)| {
            let path = names.iter().map(|name| format!("/{name}")).collect::<String>();
            (identity.address(), if path.is_empty() { "/".to_owned() } else { path })
        });
        home.paths.get_or_init(|| all.collect()).get(&address).cloned()
    }

    /// The object that a reference in it leads to; `None` for one that leads nowhere.
    pub(crate) fn follow(&self, reference: &[u8]) -> Result<Option<Object>> {
        let (Some(home), Some(address)) = (&self.0, reference.first_chunk()) else {
            return Err(Error::corrupt("a reference of another size"));
        };
        let root = &home.root;
        let address = u64::from_ne_bytes(*address);
        if address == 0 || address == u64::MAX {
            return Ok(None);
        }
        structure::check_reference(root.get(), address)?;
        let target = h5o::dereference("follow a reference", root.get(), address);
        let target = target.map_err(|_| Error::leads_nowhere("a reference that leads to no object"))?;
        Object::adopt(target).map(|object| Some(object.by_address()))
    }
}
