//! Structs: objects of classes, groups that say so by their attributes. And variants: what is in a union says which it is.

use std::borrow::Cow;
use std::sync::Arc;

use super::{put_attribute, unsupported};
use crate::ground::depth::Depth;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::link_name::ATTRIBUTE_PREFIX;
use crate::h5::{Attributes, Dtype, Group, Number, Object, Shape, element_bytes};
use crate::layout::KIND;
use crate::layout::path_rules::RulePosition;
use crate::layout::python::{CLASS, MODULE, TYPEID, is_name};
use crate::ser::any_value::AnyValue;
use crate::ser::event::CompoundSink;
use crate::ser::place::{Place, PlaceKind, check_free};
use crate::ser::{key, node, select};

/// What a group says that it is an object of.
pub(super) struct Class {
    module: Option<Arc<str>>,
    name: Cow<'static, str>,
}

impl Class {
    /// The class of that name, of the module that the options name.
    pub(super) fn of(place: &Place<'_>, name: &'static str) -> Self {
        Self { module: place.rules.python().cloned(), name: Cow::Borrowed(name) }
    }

    /// The class that `name` is the name of.
    pub(super) fn named(place: &Place<'_>, name: &dyn AnyValue) -> Result<Self> {
        Ok(Self { module: place.rules.python().cloned(), name: Cow::Owned(class_name(name)?) })
    }

    /// Writes what a field has not said already.
    ///
    /// The strings have a length of their own: only such attributes does h5py give out as `str`, which the package looks the
    /// class up by.
    pub(super) fn write(&self, group: &Group) -> Result<()> {
        let words = [(MODULE, self.module.as_deref().unwrap_or_default()), (CLASS, &self.name)];
        for (attribute, word) in words {
            if group.has_attribute(attribute)? {
                continue;
            }
            if word.contains('\0') {
                let message = format!("the {attribute} {word:?} cannot be that of a class in Python: it contains NUL");
                return Err(Error::new(ErrorKind::BadKey, message));
            }
            group.write_strings_attribute(attribute, &Shape::Scalar, format!("{word}\0").as_bytes())?;
        }
        Ok(())
    }
}

fn class_name(name: &dyn AnyValue) -> Result<String> {
    key::text(name)?.ok_or_else(|| Error::wrong_type("the name of a class", "something that is no string"))
}

/// A variant: its payload is written as it is, and has the number of the variant in an attribute.
pub(super) struct Union {
    place: Place<'static>,
    index: u32,
    pub(super) variant: &'static str,
}

impl Union {
    pub(super) fn new(place: &Place<'_>, index: u32, variant: &'static str) -> Self {
        Self { place: place.to_owned(), index, variant }
    }

    /// Marks the payload, which is written.
    pub(super) fn end(self) -> Result<()> {
        let object = self.place.object()?;
        if object.has_attribute(TYPEID)? {
            return Err(unsupported("unions in unions", "an enum cannot be directly in a variant of another"));
        }
        let bytes = i64::from(self.index);
        object.write_attribute(TYPEID, &Dtype::Number(Number::I64), &Shape::Scalar, element_bytes(&[bytes]))
    }
}

/// The link name of an attribute of a class, or of a key.
pub(super) fn link_name(name: &str) -> Result<&str> {
    if is_name(name) {
        return Ok(name);
    }
    let message = format!(
        "the Python package FileBacked has no place for {name:?}: names and keys are not empty, not `.` or `%`, and without \
         `/`, NUL, and percent-encoded characters"
    );
    Err(Error::new(ErrorKind::BadKey, message))
}

/// A struct or struct variant.
pub(super) struct ClassSerializer {
    group: Group,
    /// The group that all will be moved to.
    target: Option<Group>,
    depth: Depth,
    class: Class,
    union: Option<Union>,
    rules: RulePosition,
}

impl ClassSerializer {
    pub(super) fn new(place: &Place<'_>, depth: Depth, class: Class, union: Option<Union>) -> Result<Self> {
        let (group, target, rules) = (place.group(None)?, place.target(), place.rules.clone());
        Ok(Self { group, target, depth, class, union, rules })
    }

    /// Writes an attribute of the class.
    pub(super) fn attribute(&mut self, name: &str, value: &dyn AnyValue) -> Result<()> {
        let rules = self.rules.field(name);
        if select::is_left_out(rules, value) {
            return Ok(());
        }
        // No attribute of a class can have that name: it is the tag of an internally tagged enum, or of typetag's.
        if name == CLASS {
            self.class.name = class_name(value).map_err(|error| error.in_field(name))?.into();
            return Ok(());
        }
        let write = || match name.strip_prefix(ATTRIBUTE_PREFIX) {
            Some(attribute) if !attribute.is_empty() && attribute != KIND => {
                let group = Arc::new(Object::Group(self.group.clone()));
                node::put(value, Place::attribute(group, attribute, rules), self.depth, 0)
            }
            _ => {
                let place = Place::child(&self.group, link_name(name)?, rules);
                if let PlaceKind::Child(_, link) = &place.at {
                    check_free(self.target.as_ref(), link)?;
                }
                put_attribute(value, place, self.depth)
            }
        };
        write().map_err(|error: Error| {
            let error = error.in_field(name).in_link(name);
            self.union.iter().fold(error, |error, union| error.in_field(union.variant))
        })
    }

    pub(super) fn finish(self) -> Result<()> {
        self.class.write(&self.group)?;
        self.union.map_or(Ok(()), Union::end)
    }
}

impl CompoundSink for ClassSerializer {
    fn field(&mut self, name: &'static str, value: &dyn AnyValue) -> Result<()> {
        self.attribute(name, value)
    }

    fn skip_field(&mut self, name: &'static str) -> Result<()> {
        self.rules.field(name);
        Ok(())
    }

    fn end(self: Box<Self>) -> Result<()> {
        self.finish()
    }
}
