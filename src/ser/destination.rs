//! Where a wrapper writes itself.

use std::cell::RefCell;
use std::sync::Arc;
use std::thread::LocalKey;

use hdf5::H5Type;
use ndarray::{ArrayView, Dimension};

use super::any_value::AnyValue;
use super::attributes::AttributesSerializer;
use super::node::{put, put_columns, put_unshared};
use super::place::{Place, PlaceKind, copy_attributes, no_attribute};
use super::select;
use super::serializer::ValueSerializer;
use super::write_state::WriteState;
use crate::ground::call::Call;
use crate::ground::depth::Depth;
use crate::ground::error::Result;
use crate::ground::wrapper_slot::{Offered, Slot};
use crate::h5::referred::Referred;
use crate::h5::{Attributes, Dtype, ElementType, Group, Object, Shape};
use crate::layout::dataset_options::Maps;
use crate::layout::{Kind, VALUE};
use crate::layout_attributes::LayoutAttributes;

/// Where a wrapper writes itself: what the bridge carries.
#[derive(Debug)]
pub(crate) struct Destination {
    pub(super) place: Place<'static>,
    pub(super) depth: Depth,
    /// How many `Some` are directly around it.
    pub(super) option_depth: usize,
    /// What is written there is to be no link to another object.
    pub(super) unshared: bool,
}

impl Offered for Destination {
    fn slot() -> &'static LocalKey<RefCell<Option<Slot<Self>>>> {
        thread_local! {
            static WRITING: RefCell<Option<Slot<Destination>>> = const { RefCell::new(None) };
        }
        &WRITING
    }
}

impl Destination {
    /// Writes `value` there as if it were not in a wrapper.
    pub(crate) fn put(&self, value: &dyn AnyValue) -> Result<()> {
        let put = if self.unshared { put_unshared } else { put };
        put(value, self.place.clone(), self.depth, self.option_depth)
    }

    /// Writes a map as keys and values, if these are of one type; returns whether it did.
    pub(crate) fn put_columns(&self, map: &dyn AnyValue) -> Result<bool> {
        put_columns(map, self.place.clone(), self.depth, self.option_depth)
    }

    /// How maps are stored there, if that is said.
    pub(crate) fn maps(&self) -> Option<Maps> {
        self.place.rules.dataset_options().maps
    }

    /// As [`Destination::put`], but the object is none that stands elsewhere, too: it can be given attributes.
    pub(crate) fn put_unshared(&self, value: &dyn AnyValue) -> Result<()> {
        put_unshared(value, self.place.clone(), self.depth, self.option_depth)
    }

    /// Whether a link to an object can stand there in place of a value.
    pub(crate) fn takes_link(&self) -> bool {
        !self.unshared && matches!(self.place.at, PlaceKind::Child(..))
    }

    /// Makes a further link to an object that was written.
    pub(crate) fn link_to(&self, object: &Object) -> Result<()> {
        let (group, name) = self.link()?;
        group.link(name, object)
    }

    /// Opens the object that was written, to be linked to; and for how many `Some` directly around it that is good, if
    /// not for any.
    pub(crate) fn written(&self) -> Result<(Object, Option<usize>)> {
        let (group, name) = self.link()?;
        let object = group.open(name)?;
        let only = shows_options(&object)?.then_some(self.option_depth);
        Ok((object, only))
    }

    /// Whether what is written there is an attribute.
    pub(crate) fn is_attribute(&self) -> bool {
        self.place.is_attribute()
    }

    /// Whether a stored object can be copied there as it is: what is laid out otherwise is read and written.
    pub(crate) fn takes_copy(&self) -> bool {
        !self.place.is_attribute() && !self.place.is_python()
    }

    /// Whether the options may leave out something in what is written there.
    pub(crate) fn selects(&self) -> bool {
        self.place.rules.selects()
    }

    /// Copies a stored object there, which may be in another file, without a look at what it holds.
    ///
    /// Where several links lead to it, and it is copied again in this call, that is a link to the first copy.
    pub(crate) fn copy(&self, object: &Object) -> Result<()> {
        let call = Call::<WriteState>::current();
        if self.unshared {
            call.set_copied(true);
        }
        if shows_options(object)? {
            let mut place = self.place.clone();
            for _ in 0..self.option_depth {
                place = Place::owned(place.group(Some(Kind::Some))?, VALUE.into(), &self.place.rules);
            }
            return place.copy(object);
        }
        let about = object.summary()?;
        let can_recur = self.takes_link() && about.links > 1;
        if can_recur && let Some(copy) = call.copy_of(about.identity) {
            return self.link_to(&copy);
        }
        self.place.copy(object)?;
        if can_recur {
            let (group, name) = self.link()?;
            call.add_copy(about.identity, group.open(name)?);
        }
        Ok(())
    }

    /// Gives the group that was written there the attributes of another, but for those that it has.
    pub(crate) fn copy_attributes(&self, from: &Object) -> Result<()> {
        let (group, name) = self.link()?;
        if self.unshared {
            Call::<WriteState>::current().set_copied(true);
        }
        let rules = &self.place.rules;
        match &self.place.at {
            PlaceKind::Fill { group, .. } => copy_attributes(from, group, rules, true),
            _ => copy_attributes(from, &group.open(name)?, rules, true),
        }
    }

    /// How many `Some` are directly around what is written there.
    pub(crate) fn option_depth(&self) -> usize {
        self.option_depth
    }

    /// Writes `value` as the child `name` of a group that was made there.
    pub(crate) fn put_child(&self, group: &Group, name: &str, value: &dyn AnyValue) -> Result<()> {
        if select::is_left_out(self.place.rules.field(name), value) {
            return Ok(());
        }
        let depth = self.depth.in_record()?;
        put(value, Place::named(group, name, self.place.rules.field(name)), depth, 0)
            .map_err(|error| error.in_field(name).in_link(name))
    }

    /// Writes `value`, and `attributes` as those of the object that it becomes.
    pub(crate) fn put_with_attributes(&self, value: &dyn AnyValue, attributes: &dyn AnyValue) -> Result<()> {
        let call = Call::<WriteState>::current();
        let outer = call.set_copied(false);
        let place = Place { keeps_order: true, ..self.place.clone() };
        let result = put_unshared(value, place, self.depth, self.option_depth);
        let replaces = call.set_copied(outer);
        result?;
        let mut object = self.place.object()?;
        for _ in 0..self.option_depth {
            let Object::Group(group) = &object else { break };
            if group.kind()? != Some(Kind::Some) {
                break;
            }
            object = group.open(VALUE)?;
        }
        let serializer = AttributesSerializer {
            object: Arc::new(object),
            depth: self.depth.in_record()?,
            replaces,
            rules: self.place.rules.clone(),
        };
        attributes.write(ValueSerializer::telling(&mut Some(serializer)))
    }

    /// Writes an attribute of those items.
    pub(crate) fn put_items(&self, dtype: Dtype, shape: Shape, bytes: &[u8]) -> Result<()> {
        self.place.write(dtype, shape, bytes, None)
    }

    /// Writes an attribute of strings, each of which ends with a NUL.
    pub(crate) fn put_texts(&self, shape: &Shape, text: &[u8]) -> Result<()> {
        match &self.place.at {
            PlaceKind::Attribute(object, name) => object.write_strings_attribute(name, shape, text),
            _ => Err(no_attribute()),
        }
    }

    /// Writes an attribute as a file had it.
    pub(crate) fn put_kept(&self, kept: &Arc<Referred>) -> Result<()> {
        match &self.place.at {
            PlaceKind::Attribute(object, name) => Call::<WriteState>::current().write_referred(kept, object, name),
            _ => Err(no_attribute()),
        }
    }

    /// Writes an array.
    pub(crate) fn put_array<T: H5Type, D: Dimension>(
        &self,
        element: &ElementType<T>,
        array: &ArrayView<'_, T, D>,
    ) -> Result<()> {
        self.place.write_array(element, array)
    }

    /// Makes the dataset of an array of that shape, with room for elements that others put there; says where in the file that is.
    pub(crate) fn make_room<T: H5Type>(&self, element: &ElementType<T>, shape: &[u64]) -> Result<u64> {
        self.place.make_room(element, shape)
    }

    /// The same as a dataset of a kind of arrays, by which serde finds what it was where it keeps what it reads.
    #[cfg(feature = "nalgebra")]
    pub(crate) fn put_marked_array<T: H5Type, D: Dimension>(
        &self,
        element: &ElementType<T>,
        array: &ArrayView<'_, T, D>,
        kind: Option<Kind>,
    ) -> Result<()> {
        self.put_array(element, array)?;
        match kind {
            Some(kind) if !self.place.is_attribute() => match self.place.object()? {
                Object::Dataset(dataset) => dataset.write_kind(kind),
                Object::Group(_) => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// How datasets are stored that are made there.
    #[cfg(feature = "sprs")]
    pub(crate) fn storing(&self) -> &crate::layout::storage_options::StorageOptions {
        &self.place.rules.dataset_options().storing
    }

    /// Makes a group there, or gives the one that the value is to fill.
    pub(crate) fn group(&self, kind: Option<Kind>) -> Result<Group> {
        self.place.group(kind)
    }

    /// The group and the name for an object that is made by other means, of which [`Destination::made`] is told then.
    pub(crate) fn link(&self) -> Result<(Group, &str)> {
        match &self.place.at {
            PlaceKind::Child(group, name) => Ok((Group::clone(group), name)),
            PlaceKind::Fill { group, .. } => Ok((group.clone(), VALUE)),
            PlaceKind::Attribute(..) => Err(no_attribute()),
        }
    }

    /// Takes note of the object that was made at the link; false if there is none.
    pub(crate) fn made(&self) -> Result<bool> {
        let (group, name) = self.link()?;
        let is_there = group.has_link(name)?;
        if is_there && let PlaceKind::Fill { group, .. } = &self.place.at {
            group.write_kind(Kind::Value)?;
        }
        Ok(is_there)
    }
}

/// Whether it is an object that says by itself how many `Some` are directly around what it is.
fn shows_options(object: &Object) -> Result<bool> {
    Ok(match object {
        Object::Dataset(dataset) => *dataset.shape() == Shape::Null,
        Object::Group(group) => group.kind()? == Some(Kind::Some),
    })
}
