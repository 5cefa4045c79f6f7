//! Enums as the Python package FileBacked has them: objects of a class by its name, and what is in a union by its number.

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, VariantAccess, Visitor,
    value::{StrDeserializer, U32Deserializer},
};

use super::access::Payload;
use crate::error::{Error, Result};
use crate::format::python::{CLASS, TYPEID};
use crate::format::unescape;
use crate::item::Item;
use crate::storage::{Attributes, Contents, Dtype, Object, Shape, integer};

/// Which variant something is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Which {
    Name(String),
    Index(u32),
}

impl Which {
    /// Which of `variants` the object is, if it says so by its attributes.
    pub(super) fn of(object: &Object, variants: &'static [&'static str]) -> Result<Option<Self>> {
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
}

fn class_name(class: &str) -> Option<Which> {
    Some(Which::Name(class.to_owned()))
}

fn is_variant(links: &[String], variants: &[&str]) -> bool {
    matches!(links, [link] if variants.contains(&&*unescape(link)))
}

/// The class that an object is of, if it says that.
pub(super) fn class(object: &impl Attributes) -> Result<Option<String>> {
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

/// A variant, whose payload is the object that says which it is.
pub(super) struct Marked<D> {
    pub(super) which: Which,
    pub(super) payload: D,
    pub(super) variants: &'static [&'static str],
}

impl<D> Marked<D> {
    fn read<T>(self, read: impl FnOnce(D) -> Result<T>) -> Result<T> {
        read(self.payload).map_err(|error| match self.which {
            Which::Name(name) => error.in_field(&name),
            Which::Index(_) => error,
        })
    }
}

impl<'de, D: Deserializer<'de, Error = Error> + Payload> EnumAccess<'de> for Marked<D> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self)> {
        let variant = match &self.which {
            Which::Name(name) => {
                let name: StrDeserializer<'_, Error> = name.as_str().into_deserializer();
                seed.deserialize(name)?
            }
            Which::Index(index) => {
                let index: U32Deserializer<Error> = (*index).into_deserializer();
                seed.deserialize(index)?
            }
        };
        Ok((variant, self))
    }
}

impl<'de, D: Deserializer<'de, Error = Error> + Payload> VariantAccess<'de> for Marked<D> {
    type Error = Error;

    /// A string with the name of the variant, or an object of a class without attributes of its own.
    fn unit_variant(self) -> Result<()> {
        let variants = self.variants;
        self.read(|payload| match Empty::deserialize(payload)? {
            Empty::Object => Ok(()),
            Empty::Name(name) if variants.contains(&name.as_str()) => Ok(()),
            Empty::Name(text) => {
                let shown: String = text.chars().take(80).collect();
                Err(Error::wrong_type("a variant without payload", format!("the string {shown:?}")))
            }
        })
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        self.read(|payload| seed.deserialize(payload))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        self.read(|payload| payload.fields().deserialize_tuple(len, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value> {
        self.read(|payload| payload.fields().deserialize_struct("", fields, visitor))
    }
}

/// What a variant without payload is.
enum Empty {
    Name(String),
    Object,
}

impl<'de> Deserialize<'de> for Empty {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EmptyVisitor;
        impl<'de> Visitor<'de> for EmptyVisitor {
            type Value = Empty;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a variant without payload")
            }

            fn visit_str<E>(self, name: &str) -> Result<Empty, E> {
                Ok(Empty::Name(name.to_owned()))
            }

            fn visit_unit<E>(self) -> Result<Empty, E> {
                Ok(Empty::Object)
            }
        }
        deserializer.deserialize_unit_struct("", EmptyVisitor)
    }
}
