//! What a type asks, and what it is told. A visitor of a user's type is behind [`Visit`] here: whatever knows how something
//! is stored sees a [`Question`], gives an [`Answer`], and is compiled once.

use std::any::type_name;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Visitor};

use super::deserializer::{Ask, ValueDeserializer};
use super::elements::{Elements, Entries, Map, Sequence, Variant};
use crate::error::{Error, Result};
use crate::storage::Room;

/// A method of serde's `Deserializer`, with what it says of the type that asks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Question {
    Any,
    Bool,
    I8,
    I16,
    I32,
    I64,
    I128,
    U8,
    U16,
    U32,
    U64,
    U128,
    F32,
    F64,
    Char,
    Str,
    String,
    /// Bytes, borrowed or not.
    Bytes,
    Option,
    Unit,
    UnitStruct,
    Newtype(&'static str),
    Seq,
    /// A tuple, whether it is a struct or not.
    Tuple(usize),
    Map,
    Struct(&'static str, &'static [&'static str]),
    Enum(&'static str, &'static [&'static str]),
    Identifier,
}

/// A method of serde's `Visitor`, with what it is told.
pub(crate) enum Answer<'a> {
    Bool(bool),
    I8(i8),
    I16(i16),
    I32(i32),
    I64(i64),
    I128(i128),
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    U128(u128),
    F32(f32),
    F64(f64),
    Str(&'a str),
    Bytes(&'a [u8]),
    None,
    Some(ValueDeserializer<'a>),
    Unit,
    Newtype(ValueDeserializer<'a>),
    Seq(Elements<'a>),
    Map(Entries<'a>),
    Enum(Variant<'a>),
}

/// A visitor, and room for what it makes.
pub(crate) trait Visit {
    /// Hands the answer over. There can be but one.
    fn answer(&mut self, answer: Answer<'_>) -> Result<()>;

    /// What the visitor says that it expects.
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;

    /// What shows of the types.
    fn look(&mut self) -> Look<'_>;
}

/// What shows of a visitor's type, and of that of what it makes.
pub(crate) struct Look<'a> {
    /// The name of the visitor's type.
    pub(super) visitor: &'static str,
    /// The name of the type that it makes.
    pub(super) value: &'static str,
    /// Room for what it makes: for those who know how to do without the visitor.
    pub(super) room: Room<'a>,
}

impl dyn Visit + '_ {
    /// Hands over a sequence.
    pub(super) fn seq(&mut self, elements: &mut dyn Sequence) -> Result<()> {
        self.answer(Answer::Seq(Elements::Other(elements)))
    }

    /// Hands over a map.
    pub(super) fn map(&mut self, entries: &mut dyn Map) -> Result<()> {
        self.answer(Answer::Map(Entries::new(entries)))
    }

    /// Hands over an option that is there.
    pub(super) fn some(&mut self, inner: &mut dyn Ask) -> Result<()> {
        self.answer(Answer::Some(ValueDeserializer::Other(inner)))
    }

    /// Hands over what is in a newtype.
    pub(super) fn newtype(&mut self, inner: &mut dyn Ask) -> Result<()> {
        self.answer(Answer::Newtype(ValueDeserializer::Other(inner)))
    }

    /// The error for something that cannot be read, in words.
    pub(super) fn unreadable(&mut self, found: &str) -> Error {
        Error::unreadable(self.look().value, found)
    }

    /// What the visitor says that it expects.
    pub(super) fn expectation(&self) -> String {
        struct Expecting<'a>(&'a dyn Visit);
        impl fmt::Display for Expecting<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.expecting(f)
            }
        }
        Expecting(self).to_string()
    }
}

/// The one [`Visit`].
pub(super) struct Hand<'de, V: Visitor<'de>> {
    visitor: Option<V>,
    value: Option<V::Value>,
}

impl<'de, V: Visitor<'de>> Hand<'de, V> {
    pub(super) fn new(visitor: V) -> Self {
        Self { visitor: Some(visitor), value: None }
    }

    pub(super) fn value(self) -> Result<V::Value> {
        self.value.ok_or_else(untold)
    }
}

impl<'de, V: Visitor<'de>> Visit for Hand<'de, V> {
    fn answer(&mut self, answer: Answer<'_>) -> Result<()> {
        let Some(visitor) = self.visitor.take() else { return Err(untold()) };
        self.value = Some(match answer {
            Answer::Bool(value) => visitor.visit_bool(value),
            Answer::I8(value) => visitor.visit_i8(value),
            Answer::I16(value) => visitor.visit_i16(value),
            Answer::I32(value) => visitor.visit_i32(value),
            Answer::I64(value) => visitor.visit_i64(value),
            Answer::I128(value) => visitor.visit_i128(value),
            Answer::U8(value) => visitor.visit_u8(value),
            Answer::U16(value) => visitor.visit_u16(value),
            Answer::U32(value) => visitor.visit_u32(value),
            Answer::U64(value) => visitor.visit_u64(value),
            Answer::U128(value) => visitor.visit_u128(value),
            Answer::F32(value) => visitor.visit_f32(value),
            Answer::F64(value) => visitor.visit_f64(value),
            Answer::Str(text) => visitor.visit_str(text),
            Answer::Bytes(bytes) => visitor.visit_bytes(bytes),
            Answer::None => visitor.visit_none(),
            Answer::Some(inner) => visitor.visit_some(inner),
            Answer::Unit => visitor.visit_unit(),
            Answer::Newtype(inner) => visitor.visit_newtype_struct(inner),
            Answer::Seq(elements) => visitor.visit_seq(elements),
            Answer::Map(entries) => visitor.visit_map(entries),
            Answer::Enum(variant) => visitor.visit_enum(variant),
        }?);
        Ok(())
    }

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.visitor {
            Some(visitor) => visitor.expecting(f),
            None => Ok(()),
        }
    }

    fn look(&mut self) -> Look<'_> {
        Look { visitor: type_name::<V>(), value: type_name::<V::Value>(), room: Room::of(&mut self.value) }
    }
}

/// A value of whatever type, to be read.
pub(crate) trait Make {
    fn make(&mut self, from: ValueDeserializer<'_>) -> Result<()>;
}

/// Room for a value, once it is read.
struct Made<'de, T>(Option<T>, PhantomData<&'de ()>);

impl<'de, T: Deserialize<'de>> Make for Made<'de, T> {
    fn make(&mut self, from: ValueDeserializer<'_>) -> Result<()> {
        self.0 = Some(T::deserialize(from)?);
        Ok(())
    }
}

/// Reads a value of whatever type by `read`, which is not generic.
#[inline]
pub(crate) fn made<'de, T: Deserialize<'de>>(read: impl FnOnce(&mut dyn Make) -> Result<()>) -> Result<T> {
    let mut made = Made(None, PhantomData);
    read(&mut made)?;
    made.0.ok_or_else(untold)
}

#[cold]
fn untold() -> Error {
    Error::corrupt("a value was asked for, and not told once")
}
