//! References to objects: what they lead to.

use std::ffi::CStr;
use std::sync::Arc;

use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5o;
use hdf5_sys::h5p::H5P_DEFAULT;
use hdf5_sys::h5r::{H5R_type_t, H5Rcreate, H5Rdereference2, H5Rget_name};

use super::attribute::Attributes;
use super::group::{Group, Object};
use super::{Id, call, dense};
use crate::ground::error::{Error, Result};

#[cfg(not(hdf5_tokens))]
const TO_OBJECT: H5R_type_t = H5R_type_t::H5R_OBJECT;
#[cfg(hdf5_tokens)]
const TO_OBJECT: H5R_type_t = H5R_type_t::H5R_OBJECT1;

/// The file that references lead into. It is no part of their type.
#[derive(Clone, Debug, Default)]
pub(crate) struct Home(Option<Arc<Id>>);

impl PartialEq for Home {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Group {
    /// The address of the object at a path of names below the group, as references have it.
    pub(crate) fn address_of(&self, path: &[String]) -> Result<u64> {
        let (mut address, mut group, mut label) = (0u64, self.clone().unwatched(), c".".to_owned());
        if let Some((last, groups)) = path.split_last() {
            for name in groups {
                let Object::Group(inner) = group.open(name)? else { return Err(Error::corrupt("a group went away")) };
                group = inner;
            }
            // The file may have it otherwise.
            label = group.label(last)?;
        }
        call("refer to an object", || {
            // SAFETY: a group's handle, a C string, and the address of a reference of the class that is said.
            unsafe { H5Rcreate((&raw mut address).cast(), group.handle(), label.as_ptr(), TO_OBJECT, -1) }
        })?;
        Ok(address)
    }
}

impl Home {
    /// Bytes of a reference in memory: an address in the file.
    pub(super) const SIZE: usize = 8;

    /// The file that `object` is in.
    pub(crate) fn of(object: hid_t) -> Result<Self> {
        // SAFETY: an object's handle and a C string.
        let root = Id::own("open the root group", || unsafe { h5o::H5Oopen(object, c"/".as_ptr(), H5P_DEFAULT) })?;
        Ok(Self(Some(Arc::new(root))))
    }

    /// Its root group.
    pub(crate) fn root(&self) -> Result<Object> {
        let root = self.0.as_ref().ok_or_else(|| Error::corrupt("a reference into no file"))?;
        // SAFETY: a group's handle and a C string.
        Object::adopt(Id::own("open the root group", || unsafe {
            h5o::H5Oopen(root.get(), c".".as_ptr(), H5P_DEFAULT)
        })?)
    }

    /// The path of the object that a reference in it leads to, if it has one.
    pub(crate) fn path_of(&self, reference: &[u8]) -> Option<String> {
        let (root, address) = (self.0.as_ref()?, u64::from_ne_bytes(*reference.first_chunk()?));
        if !dense::is_file_sound(root.get()).unwrap_or(false) {
            return None;
        }
        let mut name = vec![0u8; 1024];
        // SAFETY: a handle in the file, the address of a reference, and a buffer of the size given.
        call("look for the name of an object", || unsafe {
            let (at, size) = (name.as_mut_ptr().cast(), name.len());
            H5Rget_name(root.get(), TO_OBJECT, (&raw const address).cast(), at, size)
        })
        .ok()?;
        let path = CStr::from_bytes_until_nul(&name).ok()?.to_string_lossy().into_owned();
        (!path.is_empty()).then_some(path)
    }

    /// The object that a reference in it leads to; `None` for one that leads nowhere.
    pub(crate) fn follow(&self, reference: &[u8]) -> Result<Option<Object>> {
        let (Some(root), Some(address)) = (&self.0, reference.first_chunk()) else {
            return Err(Error::corrupt("a reference of another size"));
        };
        let address = u64::from_ne_bytes(*address);
        if address == 0 || address == u64::MAX {
            return Ok(None);
        }
        let target = Id::own("follow a reference", || {
            // SAFETY: a handle in the file, a property list, and the address of a reference of the class that is said.
            unsafe { H5Rdereference2(root.get(), H5P_DEFAULT, TO_OBJECT, (&raw const address).cast()) }
        });
        let target = target.map_err(|_| Error::leads_nowhere("a reference that leads to no object"))?;
        Object::adopt(target).map(|object| Some(object.by_address()))
    }
}
