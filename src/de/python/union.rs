//! Enums as the Python package FileBacked has them: objects of a class by its name, and what is in a union by its number.

use serde::de::{Deserialize, Deserializer, Visitor};

use crate::de::elements::Label;
use crate::de::item::Item;
use crate::ground::error::{Error, Result};
use crate::ground::link_name::unescape;
use crate::h5::{Attributes, Contents, Dtype, Object, Shape, integer};
use crate::layout::python::{CLASS, TYPEID};

/// Which variant something is.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::de) enum UnionVariant {
    Name(String),
    Index(u32),
}

impl UnionVariant {
    /// Which of `variants` the object is, if it says so by its attributes.
    pub(in crate::de) fn of(object: &Object, variants: &'static [&'static str]) -> Result<Option<Self>> {
        let class = match object {
            Object::Group(_) => class(object)?,
            Object::Dataset(_) => None,
        };
        if let Some(class) = &class
            && variants.contains(&class.as_str())
        {
            return Ok(class_name(class));
        }
        if let Some(contents) = object.attribute(TYPEID)? {
            return type_id(&contents).map(|index| Some(Self::Index(index)));
        }
        // A group of one child, of a variant's name, is a variant as this crate writes it.
        match (object, &class) {
            (Object::Group(group), Some(class)) if !is_variant(&group.link_names()?, variants) => Ok(class_name(class)),
            _ => Ok(None),
        }
    }

    /// How a variant is called whose payload is the object that says which it is.
    pub(in crate::de) fn label(&self, variants: &'static [&'static str]) -> Label<'_> {
        match self {
            Self::Name(name) => Label::Class(name, variants),
            Self::Index(index) => Label::Index(*index, variants),
        }
    }
}

fn class_name(class: &str) -> Option<UnionVariant> {
    Some(UnionVariant::Name(class.to_owned()))
}

fn is_variant(links: &[String], variants: &[&str]) -> bool {
    matches!(links, [link] if variants.contains(&&*unescape(link)))
}

/// The class that an object is of, if it says that.
pub(in crate::de) fn class(object: &impl Attributes) -> Result<Option<String>> {
    let Some(Contents { shape: Shape::Scalar, dtype, items }) = object.attribute(CLASS)? else { return Ok(None) };
    let item = Item { dtype: &dtype, bytes: items.bytes(), items: &items };
    Ok(item.text()?.map(str::to_owned))
}

/// The number of a type in a union.
fn type_id(contents: &Contents) -> Result<u32> {
    let index = match (&contents.dtype, &contents.shape) {
        (Dtype::Number(number), Shape::Scalar) if number.is_integer() => {
            u32::try_from(integer(*number, contents.items.bytes())).ok()
        }
        _ => None,
    };
    index.ok_or_else(|| {
        Error::corrupt(format!("the attribute `{TYPEID}` is no number of a type but {}", contents.words()))
    })
}

/// What a variant without payload is: a string with its name, or an object of a class without attributes of its own.
pub(in crate::de) enum EmptyVariant {
    Name(String),
    Object,
}

impl EmptyVariant {
    /// Refuses a string that is the name of none of the variants.
    pub(in crate::de) fn check(self, variants: &[&str]) -> Result<()> {
        match self {
            Self::Object => Ok(()),
            Self::Name(name) if variants.contains(&name.as_str()) => Ok(()),
            Self::Name(text) => {
                let shown: String = text.chars().take(80).collect();
                Err(Error::wrong_type("a variant without payload", format!("the string {shown:?}")))
            }
        }
    }
}

impl<'de> Deserialize<'de> for EmptyVariant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EmptyVisitor;
        impl<'de> Visitor<'de> for EmptyVisitor {
            type Value = EmptyVariant;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a variant without payload")
            }

            fn visit_str<E>(self, name: &str) -> Result<EmptyVariant, E> {
                Ok(EmptyVariant::Name(name.to_owned()))
            }

            fn visit_unit<E>(self) -> Result<EmptyVariant, E> {
                Ok(EmptyVariant::Object)
            }
        }
        deserializer.deserialize_unit_struct("", EmptyVisitor)
    }
}
