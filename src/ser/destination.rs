//! Where a wrapper writes itself.

use std::sync::Arc;

use hdf5::H5Type;
use ndarray::{ArrayView, Dimension};
use serde::Serialize;

use super::attributes::AttributesSerializer;
use super::node::put;
use super::place::{Place, no_attribute};
use crate::depth::Depth;
use crate::error::Result;
use crate::format::{Kind, VALUE};
use crate::storage::{Attributes, ElementType, Group, Object};

/// Where a wrapper writes itself: what the bridge carries.
#[derive(Debug)]
pub(crate) struct Destination {
    pub(super) place: Place<'static>,
    pub(super) depth: Depth,
    /// How many `Some` are directly around it.
    pub(super) somes: usize,
}

impl Destination {
    /// Writes `value` there as if it were not in a wrapper.
    pub(crate) fn put<T: ?Sized + Serialize>(&self, value: &T) -> Result<()> {
        put(value, self.place.clone(), self.depth, self.somes)
    }

    /// Writes `value` as the child `name` of a group that was made there.
    pub(crate) fn put_child<T: ?Sized + Serialize>(&self, group: &Group, name: &str, value: &T) -> Result<()> {
        let depth = self.depth.in_record()?;
        put(value, Place::named(group, name), depth, 0).map_err(|error| error.in_field(name).in_link(name))
    }

    /// Writes `value`, and `attributes` as those of the object that it becomes.
    pub(crate) fn put_with_attributes<T, A>(&self, value: &T, attributes: &A) -> Result<()>
    where
        T: ?Sized + Serialize,
        A: ?Sized + Serialize,
    {
        let (group, name) = self.link()?;
        self.put(value)?;
        let mut object = match &self.place {
            // What became a group fills this one.
            Place::Fill { group, .. } if group.kind()? != Some(Kind::Value) => Object::Group(group.clone()),
            _ => group.open(name)?,
        };
        for _ in 0..self.somes {
            let Object::Group(group) = &object else { break };
            if group.kind()? != Some(Kind::Some) {
                break;
            }
            object = group.open(VALUE)?;
        }
        attributes.serialize(AttributesSerializer { object: Arc::new(object), depth: self.depth.in_record()? })
    }

    /// Writes an array.
    pub(crate) fn put_array<T: H5Type, D: Dimension>(
        &self,
        element: &ElementType<T>,
        array: &ArrayView<'_, T, D>,
    ) -> Result<()> {
        self.place.write_array(element, array)
    }

    /// Makes a group there, or gives the one that the value is to fill.
    pub(crate) fn group(&self, kind: Option<Kind>) -> Result<Group> {
        self.place.group(kind)
    }

    /// The group and the name for an object that is made by other means, of which [`Destination::made`] is told then.
    pub(crate) fn link(&self) -> Result<(Group, &str)> {
        match &self.place {
            Place::Child(group, name) => Ok((Group::clone(group), name)),
            Place::Fill { group, .. } => Ok((group.clone(), VALUE)),
            Place::Attribute(..) => Err(no_attribute()),
        }
    }

    /// Takes note of the object that was made at the link; false if there is none.
    pub(crate) fn made(&self) -> Result<bool> {
        let (group, name) = self.link()?;
        let is_there = group.has_link(name)?;
        if is_there && let Place::Fill { group, .. } = &self.place {
            group.write_kind(Kind::Value)?;
        }
        Ok(is_there)
    }
}
