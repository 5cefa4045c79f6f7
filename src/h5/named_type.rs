//! Element types that are objects of their own in a file.

use hdf5_sys::h5i::{H5I_type_t, hid_t};

use super::attribute::Attributes;
use super::dtype::Dtype;
use super::group::Group;
use super::link::Link;
use super::object_info::{ObjectSummary, summary_of};
use super::sys::h5i;
use super::{Id, structure};
use crate::ground::error::{Error, Result};

/// An element type that has a name, open.
#[derive(Debug)]
pub(crate) struct NamedType {
    id: Id,
    dtype: Dtype,
}

impl Attributes for NamedType {
    fn handle(&self) -> hid_t {
        self.id.get()
    }
}

impl NamedType {
    /// The type.
    pub(crate) fn dtype(&self) -> &Dtype {
        &self.dtype
    }

    /// What tells it from other objects, and how many links and attributes it has.
    pub(crate) fn summary(&self) -> Result<ObjectSummary> {
        summary_of(self.handle())
    }

    fn adopt(id: Id) -> Result<Self> {
        if h5i::kind(id.get()) != Some(H5I_type_t::H5I_DATATYPE) {
            return Err(Error::corrupt("what was an element type is another object by now"));
        }
        structure::check(id.get())?;
        let dtype = Dtype::of_items(&id, id.get())?;
        Ok(Self { id, dtype })
    }
}

impl Group {
    /// Opens the element type that the link `name` leads to.
    pub(crate) fn open_type(&self, name: &str) -> Result<NamedType> {
        NamedType::adopt(self.open_any(name)?)
    }

    /// Opens the element type that one of the group's links leads to.
    pub(crate) fn open_linked_type(&self, link: &Link) -> Result<NamedType> {
        NamedType::adopt(self.open_any_label(&link.clone().into_label()?)?)
    }
}
