//! Where a value goes.

use std::borrow::Cow;
use std::sync::Arc;

use hdf5::H5Type;
use ndarray::{ArrayView, Dimension};

use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::link_name::{ATTRIBUTE_PREFIX, escape};
use crate::h5::{
    Attributes, Dataset, Dtype, ElementType, Group, Object, Shape, StoredAttribute, write_array_attribute,
};
use crate::layout::path_rules::{Keep, RulePosition};
use crate::layout::progress_path::ProgressPath;
use crate::layout::storage_options::StorageOptions;
use crate::layout::{APPENDED, KIND, Kind, LAYOUT_ATTRIBUTES, MAX_MESSAGE, TIME_MARKS, VALUE};
use crate::layout_attributes::LayoutAttributes;

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
pub(super) struct Place<'a> {
    pub(super) at: PlaceKind<'a>,
    /// Where it is in the whole, as far as the options care: of a sequence that is written as one, an element of it.
    pub(super) rules: RulePosition,
    /// The object that is made here is to keep the order of its attributes. Groups always do.
    pub(super) keeps_order: bool,
    /// The dataset that is made here holds times, and says so.
    pub(super) is_times: bool,
}

/// Where in a file a value goes.
#[derive(Clone, Debug)]
pub(super) enum PlaceKind<'a> {
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
    /// The child of `group` that one of the format's own names stands for, or an escaped one.
    pub(super) fn child(group: &'a Group, name: &'a str, rules: &RulePosition) -> Self {
        Self {
            at: PlaceKind::Child(Parent::Borrowed(group), Cow::Borrowed(name)),
            rules: rules.clone(),
            keeps_order: false,
            is_times: false,
        }
    }

    /// The child of `group` for a field, key or variant of any name.
    pub(super) fn named(group: &'a Group, name: &'a str, rules: &RulePosition) -> Self {
        Self {
            at: PlaceKind::Child(Parent::Borrowed(group), escape(name)),
            rules: rules.clone(),
            keeps_order: false,
            is_times: false,
        }
    }

    /// The child `name` of `group`.
    pub(super) fn owned(group: Group, name: Cow<'a, str>, rules: &RulePosition) -> Self {
        Self {
            at: PlaceKind::Child(Parent::Owned(group), name),
            rules: rules.clone(),
            keeps_order: false,
            is_times: false,
        }
    }

    /// The attribute `name` of `object`.
    pub(super) fn attribute(object: Arc<Object>, name: &'a str, rules: &RulePosition) -> Self {
        Self {
            at: PlaceKind::Attribute(object, name.into()),
            rules: rules.clone(),
            keeps_order: false,
            is_times: false,
        }
    }

    /// Into a group that is there; its contents will be moved to `target`, if names in that are taken.
    pub(super) fn fill(group: Group, target: Option<Group>, rules: &RulePosition) -> Self {
        Self { at: PlaceKind::Fill { group, target }, rules: rules.clone(), keeps_order: false, is_times: false }
    }

    /// The child `name` of a group that was made here, which is about the same part of the value.
    pub(super) fn part<'b>(&self, group: &'b Group, name: &'b str) -> Place<'b> {
        Place::child(group, name, &self.rules)
    }

    /// The place of a sequence, which is about its elements.
    pub(super) fn of_elements(mut self) -> Self {
        if !self.rules.is_nowhere() {
            self.rules = self.rules.element().clone();
        }
        self
    }

    /// The same place, which borrows from nothing.
    pub(super) fn to_owned(&self) -> Place<'static> {
        let at = match &self.at {
            PlaceKind::Child(group, name) => {
                PlaceKind::Child(Parent::Owned(Group::clone(group)), Cow::Owned(name.clone().into_owned()))
            }
            PlaceKind::Fill { group, target } => PlaceKind::Fill { group: group.clone(), target: target.clone() },
            PlaceKind::Attribute(object, name) => {
                PlaceKind::Attribute(object.clone(), Cow::Owned(name.clone().into_owned()))
            }
        };
        Place { at, rules: self.rules.clone(), keeps_order: self.keeps_order, is_times: self.is_times }
    }

    /// Where elements are that go here.
    pub(super) fn context(&self) -> ElementContext<'_> {
        let group = match &self.at {
            PlaceKind::Child(group, _) => Some(&**group),
            PlaceKind::Fill { group, .. } => Some(group),
            PlaceKind::Attribute(..) => None,
        };
        ElementContext { group, rules: &self.rules }
    }

    fn storing(&self) -> Cow<'_, StorageOptions> {
        self.storing_at(&self.rules)
    }

    /// How what `rules` apply to is stored, if it is the object that is made here.
    fn storing_at<'b>(&self, rules: &'b RulePosition) -> Cow<'b, StorageOptions> {
        let storing = &rules.dataset_options().storing;
        if self.keeps_order || self.is_times { Cow::Owned(storing.keeping_order()) } else { Cow::Borrowed(storing) }
    }

    /// Makes a dataset, to be written by the caller.
    pub(super) fn dataset(&self, dtype: Dtype, shape: Shape, kind: Option<Kind>) -> Result<Dataset> {
        if shape == Shape::Scalar {
            self.rules.note_leaf();
        }
        let dataset = match &self.at {
            PlaceKind::Child(group, name) => group.create_dataset(name, dtype, shape, &self.storing())?,
            PlaceKind::Fill { group, target } => {
                check_free(target.as_ref(), VALUE)?;
                group.write_kind(Kind::Value)?;
                group.create_dataset(VALUE, dtype, shape, &self.storing())?
            }
            PlaceKind::Attribute(..) => return Err(no_attribute()),
        };
        if let Some(kind) = kind {
            dataset.write_kind(kind)?;
        }
        if self.is_times {
            write_units(&dataset)?;
        }
        Ok(dataset)
    }

    /// The same place, where numbers are times.
    pub(super) fn of_times(&self) -> Self {
        Self { is_times: true, ..self.clone() }
    }

    /// Makes a dataset near the place, for what `rules` apply to, to be linked later by [`Place::link`]: here, or as the child
    /// `name` of a group here.
    pub(super) fn unlinked_dataset(
        &self,
        name: Option<&str>,
        dtype: Dtype,
        shape: Shape,
        rules: &RulePosition,
    ) -> Result<Dataset> {
        let (storing, spot) = (self.storing_at(rules), self.spot());
        let spot = name.map_or(spot.clone(), |name| spot.child(&escape(name)));
        let group = self.context().group.ok_or_else(no_attribute)?;
        let dataset = group.create_unlinked_dataset(dtype, shape, &storing, spot)?;
        if self.is_times {
            write_units(&dataset)?;
        }
        Ok(dataset)
    }

    /// Where it is in the call, for whoever watches that.
    fn spot(&self) -> ProgressPath {
        match &self.at {
            PlaceKind::Child(group, name) => group.spot_of(name),
            PlaceKind::Fill { group, .. } => group.spot().clone(),
            PlaceKind::Attribute(..) => ProgressPath::NOWHERE,
        }
    }

    /// The group near the place, at the spot of what goes here: for objects that no link leads to yet. `None` where nobody
    /// watches.
    pub(super) fn watched(&self) -> Option<Group> {
        let spot = self.spot();
        self.context().group.filter(|_| spot.is_watched()).map(|group| group.clone().at(spot))
    }

    /// Puts a dataset here that is written already.
    pub(super) fn link(&self, dataset: &Dataset) -> Result<()> {
        match &self.at {
            PlaceKind::Child(group, name) => group.link(name, dataset),
            PlaceKind::Fill { group, target } => {
                check_free(target.as_ref(), VALUE)?;
                group.write_kind(Kind::Value)?;
                group.link(VALUE, dataset)
            }
            PlaceKind::Attribute(..) => Err(no_attribute()),
        }
    }

    /// Puts a group of `kind` here whose children are there already.
    pub(super) fn link_group(&self, children: &Group, kind: Kind) -> Result<()> {
        match &self.at {
            PlaceKind::Child(group, name) => group.link(name, children),
            PlaceKind::Fill { group, .. } => {
                group.write_kind(kind)?;
                for label in children.labels()? {
                    children.move_label_unlinked(&label, group, &label)?;
                }
                Ok(())
            }
            PlaceKind::Attribute(..) => Err(no_attribute()),
        }
    }

    /// Writes a whole dataset, or attribute.
    pub(super) fn write(&self, dtype: Dtype, shape: Shape, bytes: &[u8], kind: Option<Kind>) -> Result<()> {
        match (&self.at, kind) {
            (PlaceKind::Attribute(object, name), None) => {
                match dtype {
                    Dtype::FixedString(strings) => {
                        // They are of variable length there: the attribute holds where they are.
                        check_attribute_size(bytes.len() / strings.size * STRING)?;
                        object.write_strings_attribute(name, &shape, &terminated(bytes, strings.size))
                    }
                    _ => {
                        check_attribute_size(bytes.len())?;
                        object.write_attribute(name, &dtype, &shape, bytes)
                    }
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
        self.rules.note_leaf();
        match &self.at {
            PlaceKind::Child(group, name) => group.write_array(name, element, array, &self.storing()),
            PlaceKind::Fill { group, target } => {
                check_free(target.as_ref(), VALUE)?;
                group.write_kind(Kind::Value)?;
                group.write_array(VALUE, element, array, &self.storing())
            }
            PlaceKind::Attribute(object, name) => {
                check_attribute_size(array.len().saturating_mul(size_of::<T>()))?;
                write_array_attribute(&**object, name, element, array)
            }
        }
    }

    /// Makes the dataset of an array, with room for elements that others put there; says where in the file that is.
    pub(super) fn make_room<T: H5Type>(&self, element: &ElementType<T>, shape: &[u64]) -> Result<u64> {
        self.rules.note_leaf();
        match &self.at {
            PlaceKind::Child(group, name) => group.make_array_room(name, element, shape, &self.storing()),
            PlaceKind::Fill { group, target } => {
                check_free(target.as_ref(), VALUE)?;
                group.write_kind(Kind::Value)?;
                group.make_array_room(VALUE, element, shape, &self.storing())
            }
            PlaceKind::Attribute(..) => Err(no_attribute()),
        }
    }

    /// Makes a group, or gives the one to fill.
    pub(super) fn group(&self, kind: Option<Kind>) -> Result<Group> {
        let group = match &self.at {
            PlaceKind::Child(group, name) => group.create_group(name)?,
            PlaceKind::Fill { group, .. } => group.clone(),
            PlaceKind::Attribute(..) => return Err(no_attribute()),
        };
        if let Some(kind) = kind {
            group.write_kind(kind)?;
        }
        Ok(group)
    }

    /// Copies a stored object here as it is.
    pub(super) fn copy(&self, object: &Object) -> Result<()> {
        match (&self.at, object) {
            (PlaceKind::Child(group, name), _) => object.copy_to(group, name),
            (PlaceKind::Fill { group, target }, Object::Dataset(_)) => {
                check_free(target.as_ref(), VALUE)?;
                group.write_kind(Kind::Value)?;
                object.copy_to(group, VALUE)
            }
            (PlaceKind::Fill { group, target }, Object::Group(_)) => {
                // It is copied as one, so that links to one object in it stay that; and then what is in it comes here.
                let around = group.create_unlinked()?;
                object.copy_to(&around, VALUE)?;
                let copy = around.open(VALUE)?;
                let Object::Group(children) = &copy else { return Err(Error::corrupt("a copy that is no group")) };
                for name in children.link_names()? {
                    check_free(target.as_ref(), &name)?;
                    let label = children.label(&name)?;
                    children.copy_label(&label, group, &label)?;
                }
                copy_attributes(&copy, group, RulePosition::nowhere(), false)
            }
            (PlaceKind::Attribute(..), _) => Err(no_attribute()),
        }
    }

    /// The group that what is filled in will be moved to.
    pub(super) fn target(&self) -> Option<Group> {
        match &self.at {
            PlaceKind::Fill { target, .. } => target.clone(),
            _ => None,
        }
    }

    /// Opens the object that was written here.
    pub(super) fn object(&self) -> Result<Object> {
        match &self.at {
            PlaceKind::Child(group, name) => group.open(name),
            // What became a group fills this one.
            PlaceKind::Fill { group, .. } if group.kind()? == Some(Kind::Value) => group.open(VALUE),
            PlaceKind::Fill { group, .. } => Ok(Object::Group(group.clone())),
            PlaceKind::Attribute(..) => Err(no_attribute()),
        }
    }

    /// Whether what goes here is laid out as the Python package does it. In attributes there is nothing to be laid out.
    pub(super) fn is_python(&self) -> bool {
        self.rules.python().is_some() && !self.is_attribute()
    }

    pub(super) fn is_attribute(&self) -> bool {
        matches!(self.at, PlaceKind::Attribute(..))
    }

    /// Takes away what an attempt has left, so that the place can be used again.
    pub(super) fn clear(&self) -> Result<()> {
        match &self.at {
            PlaceKind::Child(group, name) if group.has_link(name)? => group.unlink(name),
            PlaceKind::Fill { group, .. } => {
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

/// Says of an object that its numbers are times, as the conventions of netCDF have it.
pub(super) fn write_units(object: &impl Attributes) -> Result<()> {
    write_marks(object, &TIME_MARKS)
}

/// Gives an object attributes that are strings: of variable length, which is what other programs look for.
pub(super) fn write_marks(object: &impl Attributes, marks: &[(&str, &str)]) -> Result<()> {
    for (name, text) in marks {
        object.write_strings_attribute(name, &Shape::Scalar, format!("{text}\0").as_bytes())?;
    }
    Ok(())
}

/// Gives `target`, to which `rules` apply, the attributes of another object, but for those that it has or that are left out; with
/// `is_laid_out`, it has another layout, and says so by itself.
pub(super) fn copy_attributes(
    from: &Object,
    target: &impl Attributes,
    rules: &RulePosition,
    is_laid_out: bool,
) -> Result<()> {
    let says_its_layout = is_laid_out && from.has_attribute(KIND)?;
    for name in from.attribute_names()? {
        let is_of_layout = says_its_layout && LAYOUT_ATTRIBUTES.contains(&name.as_str());
        if is_of_layout || is_laid_out && name == APPENDED {
            continue;
        }
        let is_kept = || rules.field(&format!("{ATTRIBUTE_PREFIX}{name}")).keep() == Keep::Yes;
        let label = from.attribute_label(&name)?;
        if target.same_attribute(&label)?.is_some() || rules.selects() && !is_kept() {
            continue;
        }
        StoredAttribute::copy(from, &label, target)
            .map_err(|error| error.in_link(&format!("{ATTRIBUTE_PREFIX}{name}")))?;
    }
    Ok(())
}

/// Where elements of a sequence are, for those that write themselves, and for the options.
#[derive(Clone, Copy, Debug)]
pub(super) struct ElementContext<'a> {
    /// A group in the file, where there are groups.
    pub(super) group: Option<&'a Group>,
    pub(super) rules: &'a RulePosition,
}

impl<'a> ElementContext<'a> {
    /// Where nothing can write itself, and the options say nothing.
    pub(super) fn nowhere() -> ElementContext<'static> {
        ElementContext { group: None, rules: RulePosition::nowhere() }
    }

    /// Where the field, key or variant `name` is.
    #[inline]
    pub(super) fn field(self, name: &str) -> Self {
        Self { rules: self.rules.field(name), ..self }
    }

    /// Where the variant `name` of an enum is.
    #[inline]
    pub(super) fn variant(self, name: &str) -> Self {
        self.rules.note_variant();
        self.field(name)
    }

    /// Where elements, or values of keys without a name, are.
    #[inline]
    pub(super) fn element(self) -> Self {
        Self { rules: self.rules.element(), ..self }
    }

    /// Where the position `index` of a tuple is.
    #[inline]
    pub(super) fn position(self, index: usize) -> Self {
        Self { rules: self.rules.position(index), ..self }
    }
}

/// Bytes that a string of variable length takes, beside its text.
const STRING: usize = 16;

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
