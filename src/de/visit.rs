//! What a type asks, and what it is told. A visitor of a user's type is behind [`Visit`] here: whatever knows how something
//! is stored sees a [`Question`], gives an [`Answer`], and is compiled once.

use std::any::type_name;
use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Expected, Visitor};

use super::deserializer::{Ask, ValueDeserializer};
use super::elements::{Elements, Entries, Map, Sequence, Variant};
use crate::ground::error::{Error, Result};
use crate::ground::ledger::{Foretold, TypeMade};
use crate::h5::Room;

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

/// What a visitor takes, of one that asked so: what it is handed is compiled for it, and all else is refused, as by
/// serde's own default, in one place.
pub(super) trait Takes {
    fn hand<'de, V: Visitor<'de>>(visitor: V, answer: Answer<'_>) -> Result<V::Value>;
}

/// A type that asked for an option.
pub(super) struct AsOption;

impl Takes for AsOption {
    fn hand<'de, V: Visitor<'de>>(visitor: V, answer: Answer<'_>) -> Result<V::Value> {
        match answer {
            Answer::None => visitor.visit_none(),
            Answer::Some(inner) => visitor.visit_some(inner),
            Answer::Unit => visitor.visit_unit(),
            answer => Err(refused(answer, &visitor)),
        }
    }
}

/// For an enum.
pub(super) struct AsEnum;

impl Takes for AsEnum {
    fn hand<'de, V: Visitor<'de>>(visitor: V, answer: Answer<'_>) -> Result<V::Value> {
        match answer {
            Answer::Enum(variant) => visitor.visit_enum(variant),
            answer => Err(refused(answer, &visitor)),
        }
    }
}

/// For a sequence or tuple.
pub(super) struct AsSeq;

impl Takes for AsSeq {
    fn hand<'de, V: Visitor<'de>>(visitor: V, answer: Answer<'_>) -> Result<V::Value> {
        match answer {
            Answer::Seq(elements) => match const { TypeMade::of::<V::Value>() }.sequence(Foretold::default()) {
                Ok(()) => take_seq(visitor, elements),
                Err(error) => Err(error),
            },
            answer => Err(refused(answer, &visitor)),
        }
    }
}

/// For a struct.
pub(super) struct AsStruct;

impl Takes for AsStruct {
    fn hand<'de, V: Visitor<'de>>(visitor: V, answer: Answer<'_>) -> Result<V::Value> {
        match answer {
            Answer::Seq(elements) => take_seq(visitor, elements),
            Answer::Map(entries) => visitor.visit_map(entries.of_struct()),
            answer => Err(refused(answer, &visitor)),
        }
    }
}

/// For anything else, or for whatever there is.
pub(super) struct AsAnything;

impl Takes for AsAnything {
    fn hand<'de, V: Visitor<'de>>(visitor: V, answer: Answer<'_>) -> Result<V::Value> {
        match answer {
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
            Answer::Str(text) => {
                const { TypeMade::of::<V::Value>() }.text(text.len())?;
                visitor.visit_str(text)
            }
            Answer::Bytes(bytes) => {
                const { TypeMade::of::<V::Value>() }.text(bytes.len())?;
                visitor.visit_bytes(bytes)
            }
            Answer::None => visitor.visit_none(),
            Answer::Some(inner) => visitor.visit_some(inner),
            Answer::Unit => visitor.visit_unit(),
            Answer::Newtype(inner) => visitor.visit_newtype_struct(inner),
            Answer::Seq(mut elements) => {
                const { TypeMade::of::<V::Value>() }.sequence(elements.foretold())?;
                visitor.visit_seq(elements)
            }
            Answer::Map(entries) => {
                const { TypeMade::of::<V::Value>() }.map()?;
                visitor.visit_map(entries)
            }
            Answer::Enum(variant) => visitor.visit_enum(variant),
        }
    }
}

/// Hands elements to a visitor whichever way they were found: what it does with them is compiled here, and not once for
/// each way.
#[inline(never)]
pub(super) fn take_seq<'de, V: Visitor<'de>>(visitor: V, elements: Elements<'_>) -> Result<V::Value> {
    visitor.visit_seq(elements)
}

/// The error that serde's visitors give for what they do not take.
#[cold]
fn refused(answer: Answer<'_>, expected: &dyn Expected) -> Error {
    /// Gives serde's own words, whatever it is handed.
    struct Refusing<'a>(&'a dyn Expected);
    impl<'de> Visitor<'de> for Refusing<'_> {
        type Value = Infallible;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.fmt(f)
        }
    }
    match AsAnything::hand(Refusing(expected), answer) {
        Ok(never) => match never {},
        Err(error) => error,
    }
}

/// The one [`Visit`] but for names.
pub(super) struct Hand<'a, V, T, W> {
    visitor: Option<V>,
    /// Apart from the rest, which then has nothing to drop.
    value: &'a mut Option<T>,
    wanted: PhantomData<W>,
}

impl<'a, 'de, V: Visitor<'de>, W: Takes> Hand<'a, V, V::Value, W> {
    pub(super) fn new(visitor: V, value: &'a mut Option<V::Value>) -> Self {
        Self { visitor: Some(visitor), value, wanted: PhantomData }
    }
}

impl<'de, V: Visitor<'de>, W: Takes> Visit for Hand<'_, V, V::Value, W> {
    fn answer(&mut self, answer: Answer<'_>) -> Result<()> {
        let Some(visitor) = self.visitor.take() else { return Err(untold()) };
        match W::hand(visitor, answer) {
            Ok(value) => {
                *self.value = Some(value);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.visitor {
            Some(visitor) => visitor.expecting(f),
            None => Ok(()),
        }
    }

    fn look(&mut self) -> Look<'_> {
        Look { visitor: type_name::<V>(), value: type_name::<V::Value>(), room: Room::of(self.value) }
    }
}

/// What an identifier is: what serde's visitors of those take.
pub(super) enum Name {
    Text(String),
    Unsigned(u64),
    Signed(i64),
}

/// The [`Visit`] of one that asks for the name of a field or variant: the name is handed to it afterwards.
pub(super) struct NameHand<'a> {
    expected: &'a dyn Expected,
    visitor: &'static str,
    value: &'static str,
    /// None of a type that somebody knows.
    room: Option<()>,
    name: Option<Name>,
}

impl<'a> NameHand<'a> {
    /// For the visitor that expects that; these are the names of its type, and of that of what it makes.
    pub(super) fn new(expected: &'a dyn Expected, visitor: &'static str, value: &'static str) -> Self {
        Self { expected, visitor, value, room: None, name: None }
    }

    pub(super) fn name(self) -> Result<Name> {
        self.name.ok_or_else(untold)
    }
}

impl Visit for NameHand<'_> {
    fn answer(&mut self, answer: Answer<'_>) -> Result<()> {
        self.name = Some(match answer {
            Answer::Str(text) => Name::Text(text.to_owned()),
            Answer::Bytes(bytes) => Name::Text(String::from_utf8_lossy(bytes).into_owned()),
            Answer::U8(value) => Name::Unsigned(value.into()),
            Answer::U16(value) => Name::Unsigned(value.into()),
            Answer::U32(value) => Name::Unsigned(value.into()),
            Answer::U64(value) => Name::Unsigned(value),
            Answer::I8(value) => Name::Signed(value.into()),
            Answer::I16(value) => Name::Signed(value.into()),
            Answer::I32(value) => Name::Signed(value.into()),
            Answer::I64(value) => Name::Signed(value),
            answer => return Err(refused(answer, self.expected)),
        });
        Ok(())
    }

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expected.fmt(f)
    }

    fn look(&mut self) -> Look<'_> {
        Look { visitor: self.visitor, value: self.value, room: Room::of(&mut self.room) }
    }
}

/// A value of whatever type, to be read.
pub(crate) trait Make {
    fn make(&mut self, from: ValueDeserializer<'_>) -> Result<()>;
}

/// Room for a value, once it is read.
struct Made<'a, 'de, T>(&'a mut Option<T>, PhantomData<&'de ()>);

impl<'de, T: Deserialize<'de>> Make for Made<'_, 'de, T> {
    fn make(&mut self, from: ValueDeserializer<'_>) -> Result<()> {
        match T::deserialize(from) {
            Ok(value) => {
                *self.0 = Some(value);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

/// Reads a value of whatever type by `read`, which is not generic.
#[inline]
pub(crate) fn made<'de, T: Deserialize<'de>>(read: impl FnOnce(&mut dyn Make) -> Result<()>) -> Result<T> {
    let mut value = None;
    let read = read(&mut Made(&mut value, PhantomData));
    told(read, value)
}

/// The value that was read, if it was.
#[inline]
pub(super) fn told<T>(read: Result<()>, value: Option<T>) -> Result<T> {
    match read {
        Ok(()) => match value {
            Some(value) => Ok(value),
            None => Err(untold()),
        },
        Err(error) => Err(error),
    }
}

#[cold]
fn untold() -> Error {
    Error::corrupt("a value was asked for, and not told once")
}
