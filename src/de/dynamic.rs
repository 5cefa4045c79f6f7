//! What serde's methods do not tell a visitor, and the one of the crate's [`Value`] is told all the same: as an enum, which
//! nothing that is read without a type is otherwise.

use serde::de::value::{SeqDeserializer, StrDeserializer, U32Deserializer, UnitDeserializer};
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, SeqAccess, VariantAccess, Visitor};
use serde::forward_to_deserialize_any;

use crate::error::{Error, Result};
use crate::value::Value;

/// Whether a visitor makes the crate's own [`Value`].
pub(super) fn is_dynamic<'de, V: Visitor<'de>>() -> bool {
    typeid::of::<V::Value>() == typeid::of::<Value>()
}

/// Tells the visitor of a [`Value`] of a tuple.
pub(super) fn visit_tuple<'de, V: Visitor<'de>>(
    elements: impl SeqAccess<'de, Error = Error>,
    visitor: V,
) -> Result<V::Value> {
    visitor.visit_enum(Tuple(elements))
}

/// Tells the visitor of a [`Value`] of a variant: its name, its number in the enum, and its payload, if it has one.
pub(super) fn visit_variant<'de, V: Visitor<'de>>(
    name: &str,
    number: u32,
    payload: Option<impl Deserializer<'de, Error = Error>>,
    visitor: V,
) -> Result<V::Value> {
    visitor.visit_enum(Variant { name, number, payload })
}

/// The same of one without a payload.
pub(super) fn visit_name<'de, V: Visitor<'de>>(name: &str, code: i128, visitor: V) -> Result<V::Value> {
    let none: Option<StrDeserializer<'_, Error>> = None;
    // Codes that are negative or large are no numbers of variants in serde.
    visit_variant(name, code.try_into().unwrap_or(0), none, visitor)
}

/// Tells the visitor of a [`Value`] of something that cannot be read, and why.
pub(super) fn visit_unreadable<'de, V: Visitor<'de>>(why: &str, visitor: V) -> Result<V::Value> {
    visitor.visit_enum(Unreadable(why))
}

/// What cannot be read has no name.
struct Unreadable<'a>(&'a str);

impl<'de> EnumAccess<'de> for Unreadable<'_> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self)> {
        Ok((seed.deserialize(Part::None)?, self))
    }
}

impl<'de> VariantAccess<'de> for Unreadable<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<()> {
        Err(unexpected())
    }

    /// Why it cannot be read.
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        seed.deserialize(Part::Name(self.0))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value> {
        Err(unexpected())
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value> {
        Err(unexpected())
    }
}

/// A tuple has no name.
struct Tuple<S>(S);

impl<'de, S: SeqAccess<'de, Error = Error>> EnumAccess<'de> for Tuple<S> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self)> {
        Ok((seed.deserialize(UnitDeserializer::<Error>::new())?, self))
    }
}

impl<'de, S: SeqAccess<'de, Error = Error>> VariantAccess<'de> for Tuple<S> {
    type Error = Error;

    fn unit_variant(self) -> Result<()> {
        Err(unexpected())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value> {
        Err(unexpected())
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        visitor.visit_seq(self.0)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value> {
        Err(unexpected())
    }
}

struct Variant<'a, D> {
    name: &'a str,
    number: u32,
    payload: Option<D>,
}

impl<'de, D: Deserializer<'de, Error = Error>> EnumAccess<'de> for Variant<'_, D> {
    type Error = Error;
    type Variant = Self;

    /// The name, the number, and a 1 where there is a payload.
    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self)> {
        let label = [Part::Name(self.name), Part::Number(self.number), Part::Number(self.payload.is_some().into())];
        Ok((seed.deserialize(SeqDeserializer::new(label.into_iter()))?, self))
    }
}

impl<'de, D: Deserializer<'de, Error = Error>> VariantAccess<'de> for Variant<'_, D> {
    type Error = Error;

    fn unit_variant(self) -> Result<()> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        let payload = self.payload.ok_or_else(unexpected)?;
        seed.deserialize(payload).map_err(|error| error.in_field(self.name))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value> {
        Err(unexpected())
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value> {
        Err(unexpected())
    }
}

fn unexpected() -> Error {
    Error::corrupt("a value was asked for what it is not")
}

/// A part of what a variant is called.
enum Part<'a> {
    None,
    Name(&'a str),
    Number(u32),
}

impl<'a> IntoDeserializer<'_, Error> for Part<'a> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Part<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self {
            Self::None => visitor.visit_none(),
            Self::Name(name) => visitor.visit_str(name),
            Self::Number(number) => U32Deserializer::<Error>::new(number).deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
