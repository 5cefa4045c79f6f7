//! Where a value goes.

use std::borrow::Cow;
use std::sync::Arc;

use hdf5::H5Type;
use ndarray::{ArrayView, Dimension};

use crate::error::{Error, ErrorKind, Result};
use crate::format::{ATTRIBUTE_PREFIX, Kind, MAX_MESSAGE, VALUE, escape};
use crate::storage::{Attributes, Dataset, Dtype, ElementType, Group, Object, Shape, write_array_attribute};

/// A group, borrowed or not.
#[derive(Clone, Debug)]
pub(super) enum Parent<'a> {
    Borrowed(&'a Group),
    Owned(Group),
}

impl std::ops::Deref for Parent<'_> {
    type Target = Group;

    fn deref(&self) -> &Group {
        match self {
            Parent::Borrowed(group) => group,
            Parent::Owned(group) => group,
        }
    }
}

/// Where a value goes.
#[derive(Clone, Debug)]
pub(super) enum Place<'a> {
    /// To a new link of a group.
    Child(Parent<'a>, Cow<'a, str>),
    /// Into a group that is there. What does not become a group goes to its child `value`.
    Fill {
        group: Group,
        /// The group that the contents will be moved to, where it has names that are taken.
        target: Option<Group>,
    },
    /// To an attribute of an object.
    Attribute(Arc<Object>, Cow<'a, str>),
}

impl<'a> Place<'a> {
    /// The child of `group` that one of the format's own names stands for.
    pub(super) fn child(group: &'a Group, name: &'a str) -> Self {
        Self::Child(Parent::Borrowed(group), Cow::Borrowed(name))
    }

    /// The child of `group` for a field, key or variant of any name.
    pub(super) fn named(group: &'a Group, name: &'a str) -> Self {
        Self::Child(Parent::Borrowed(group), escape(name))
    }

    /// The same place, which borrows from nothing.
    pub(super) fn to_owned(&self) -> Place<'static> {
        match self {
            Self::Child(group, name) => {
                Place::Child(Parent::Owned(Group::clone(group)), Cow::Owned(name.clone().into_owned()))
            }
            Self::Fill { group, target } => Place::Fill { group: group.clone(), target: target.clone() },
            Self::Attribute(object, name) => Place::Attribute(object.clone(), Cow::Owned(name.clone().into_owned())),
        }
    }

    /// A group in the same file, unless the place is one for an attribute.
    pub(super) fn near(&self) -> Option<&Group> {
        match self {
            Self::Child(group, _) => Some(group),
            Self::Fill { group, .. } => Some(group),
            Self::Attribute(..) => None,
        }
    }

    /// Makes a dataset, to be written by the caller.
    pub(super) fn dataset(&self, dtype: Dtype, shape: Shape, kind: Option<Kind>) -> Result<Dataset> {
        let dataset = match self {
            Self::Child(group, name) => group.create_dataset(name, dtype, shape)?,
            Self::Fill { group, target } => {
                check_free(target.as_ref(), VALUE)?;
                group.write_kind(Kind::Value)?;
                group.create_dataset(VALUE, dtype, shape)?
            }
            Self::Attribute(..) => return Err(no_attribute()),
        };
        if let Some(kind) = kind {
            dataset.write_kind(kind)?;
        }
        Ok(dataset)
    }

    /// Makes a dataset near the place, to be linked later by [`Place::link`].
    pub(super) fn unlinked_dataset(&self, dtype: Dtype, shape: Shape) -> Result<Dataset> {
        match self {
            Self::Child(group, _) => group.create_unlinked_dataset(dtype, shape),
            Self::Fill { group, .. } => group.create_unlinked_dataset(dtype, shape),
            Self::Attribute(..) => Err(no_attribute()),
        }
    }

    /// Puts a dataset here that is written already.
    pub(super) fn link(&self, dataset: &Dataset) -> Result<()> {
        match self {
            Self::Child(group, name) => group.link(name, dataset),
            Self::Fill { group, target } => {
                check_free(target.as_ref(), VALUE)?;
                group.write_kind(Kind::Value)?;
                group.link(VALUE, dataset)
            }
            Self::Attribute(..) => Err(no_attribute()),
        }
    }

    /// Puts a group of `kind` here whose children are there already.
    pub(super) fn link_group(&self, children: &Group, kind: Kind) -> Result<()> {
        match self {
            Self::Child(group, name) => group.link(name, children),
            Self::Fill { group, .. } => {
                group.write_kind(kind)?;
                for name in children.link_names()? {
                    children.move_link_unlinked(&name, group, &name)?;
                }
                Ok(())
            }
            Self::Attribute(..) => Err(no_attribute()),
        }
    }

    /// Writes a whole dataset, or attribute.
    pub(super) fn write(&self, dtype: Dtype, shape: Shape, bytes: &[u8], kind: Option<Kind>) -> Result<()> {
        match (self, kind) {
            (Self::Attribute(object, name), None) => {
                check_attribute_size(bytes.len())?;
                match dtype {
                    Dtype::FixedString(strings) => {
                        object.write_strings_attribute(name, &shape, &terminated(bytes, strings.size))
                    }
                    _ => object.write_attribute(name, &dtype, &shape, bytes),
                }
            }
            _ => {
                let empty = shape.count() == Some(0);
                let dataset = self.dataset(dtype, shape, kind)?;
                if empty { Ok(()) } else { dataset.write(bytes) }
            }
        }
    }

    /// Writes an array as a dataset, or as an attribute.
    pub(super) fn write_array<T: H5Type, D: Dimension>(
        &self,
        element: &ElementType<T>,
        array: &ArrayView<'_, T, D>,
    ) -> Result<()> {
        match self {
            Self::Child(group, name) => group.write_array(name, element, array),
            Self::Fill { group, target } => {
                check_free(target.as_ref(), VALUE)?;
                group.write_kind(Kind::Value)?;
                group.write_array(VALUE, element, array)
            }
            Self::Attribute(object, name) => {
                check_attribute_size(array.len().saturating_mul(size_of::<T>()))?;
                write_array_attribute(&**object, name, element, array)
            }
        }
    }

    /// Makes a group, or gives the one to fill.
    pub(super) fn group(&self, kind: Option<Kind>) -> Result<Group> {
        let group = match self {
            Self::Child(group, name) => group.create_group(name)?,
            Self::Fill { group, .. } => group.clone(),
            Self::Attribute(..) => return Err(no_attribute()),
        };
        if let Some(kind) = kind {
            group.write_kind(kind)?;
        }
        Ok(group)
    }

    /// Copies a stored object here as it is.
    pub(super) fn copy(&self, object: &Object) -> Result<()> {
        match (self, object) {
            (Self::Child(group, name), _) => object.copy_to(group, name),
            (Self::Fill { group, target }, Object::Dataset(_)) => {
                check_free(target.as_ref(), VALUE)?;
                group.write_kind(Kind::Value)?;
                object.copy_to(group, VALUE)
            }
            (Self::Fill { group, target }, Object::Group(_)) => {
                // It is copied as one, so that links to one object in it stay that; and then what is in it comes here.
                let around = group.create_unlinked()?;
                object.copy_to(&around, VALUE)?;
                let copy = around.open(VALUE)?;
                let Object::Group(children) = &copy else { return Err(Error::corrupt("a copy that is no group")) };
                for name in children.link_names()? {
                    check_free(target.as_ref(), &name)?;
                    children.copy_link(&name, group, &name)?;
                }
                copy_attributes(&copy, group)
            }
            (Self::Attribute(..), _) => Err(no_attribute()),
        }
    }

    /// The group that what is filled in will be moved to.
    pub(super) fn target(&self) -> Option<Group> {
        match self {
            Self::Fill { target, .. } => target.clone(),
            _ => None,
        }
    }

    pub(super) fn is_attribute(&self) -> bool {
        matches!(self, Self::Attribute(..))
    }

    /// Takes away what an attempt has left, so that the place can be used again.
    pub(super) fn clear(&self) -> Result<()> {
        match self {
            Self::Child(group, name) if group.has_link(name)? => group.unlink(name),
            Self::Fill { group, .. } => {
                for name in group.link_names()? {
                    group.unlink(&name)?;
                }
                for name in group.attribute_names()? {
                    group.delete_attribute(&name)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Gives `target` the attributes of another object, but for those that it has.
pub(super) fn copy_attributes(from: &Object, target: &impl Attributes) -> Result<()> {
    for name in from.attribute_names()? {
        if target.has_attribute(&name)? {
            continue;
        }
        let copy = || {
            let contents = from.attribute(&name)?.ok_or_else(|| Error::corrupt("an attribute went away"))?;
            target.write_contents(&name, &contents)
        };
        copy().map_err(|error: Error| error.in_link(&format!("{ATTRIBUTE_PREFIX}{name}")))?;
    }
    Ok(())
}

fn check_attribute_size(bytes: usize) -> Result<()> {
    if bytes <= MAX_MESSAGE {
        return Ok(());
    }
    let message = format!(
        "an attribute holds at most {MAX_MESSAGE} bytes, found {bytes}: rename the field to have it as a dataset"
    );
    Err(Error::new(ErrorKind::Unsupported, message))
}

/// Strings in places of `size` bytes, padded with NULs, as strings that end with one NUL each.
fn terminated(places: &[u8], size: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(places.len());
    for place in places.chunks_exact(size) {
        text.extend(place.iter().take_while(|byte| **byte != 0));
        text.push(0);
    }
    text
}

/// Refuses a name that `target` has already.
pub(super) fn check_free(target: Option<&Group>, name: &str) -> Result<()> {
    match target {
        Some(target) if target.has_link(name)? => Err(taken(name)),
        _ => Ok(()),
    }
}

/// The error for a name that is taken.
#[cold]
pub(super) fn taken(name: &str) -> Error {
    let message = format!("the name `{name}` is taken: remove what is there, or choose another group or name");
    Error::new(ErrorKind::AlreadyExists, message)
}

/// The error for what an attribute does not hold.
#[cold]
pub(super) fn no_attribute() -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "an attribute holds a number, bool, string, or an array of these: rename the field to have it as a group or dataset",
    )
}
