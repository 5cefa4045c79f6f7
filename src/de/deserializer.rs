//! The one `Deserializer` that a user's type is compiled for. What is asked for most has short ways here, by code that is
//! inlined; all else is [asked](Ask) of what there is.

use std::any::type_name;

use serde::de::{Deserializer, Visitor};

use super::element::{Element, List, PartOfItem};
use super::key::Key;
use super::known::{array_of, is_serdes};
use super::visit::{Hand, Question, Visit};
use crate::bridge::{is_half, is_wrapper};
use crate::error::{Error, Result};
use crate::storage::{Element as Number, Room, may_be_vec};

/// Something stored, to be read as the type that asks.
pub(crate) enum ValueDeserializer<'a> {
    Part(PartOfItem<'a>),
    Element(Element<'a>),
    Key(Key<'a>),
    Other(&'a mut dyn Ask),
}

/// Something stored that answers to what is asked of it.
pub(crate) trait Ask {
    /// Answers, once.
    fn ask(&mut self, question: Question, visit: &mut dyn Visit) -> Result<()>;

    /// From now on, it is the fields of a variant, and not a struct or tuple in one.
    fn as_fields(&mut self) {}
}

/// The same of what is used up by that.
pub(super) trait AskOnce {
    fn ask_once(self, question: Question, visit: &mut dyn Visit) -> Result<()>;

    /// As [`Ask::as_fields`].
    fn as_fields(&mut self) {}
}

impl<T: AskOnce> Ask for Option<T> {
    fn ask(&mut self, question: Question, visit: &mut dyn Visit) -> Result<()> {
        match self.take() {
            Some(asked) => asked.ask_once(question, visit),
            None => Err(Error::corrupt("a value was asked for twice")),
        }
    }

    fn as_fields(&mut self) {
        if let Some(asked) = self {
            asked.as_fields();
        }
    }
}

impl<'a> ValueDeserializer<'a> {
    /// What is stored there.
    pub(crate) fn of(asked: &'a mut dyn Ask) -> Self {
        Self::Other(asked)
    }

    /// The same as the fields of a variant, not as a struct or tuple in it.
    pub(super) fn into_fields(mut self) -> Self {
        match &mut self {
            Self::Part(part) => part.depth = part.depth.of_fields(),
            Self::Element(element) => element.depth = element.depth.of_fields(),
            Self::Key(_) => {}
            Self::Other(asked) => asked.as_fields(),
        }
        self
    }

    /// Asks what there is.
    pub(super) fn answer(self, question: Question, visit: &mut dyn Visit) -> Result<()> {
        match self {
            Self::Part(part) => part.ask_once(question, visit),
            Self::Element(element) => element.ask_once(question, visit),
            Self::Key(key) => key.ask_once(question, visit),
            Self::Other(asked) => asked.ask(question, visit),
        }
    }

    /// The same for a visitor.
    fn ask<'de, V: Visitor<'de>>(self, question: Question, visitor: V) -> Result<V::Value> {
        let mut hand = Hand::new(visitor);
        self.answer(question, &mut hand)?;
        hand.value()
    }

    /// A number that is not in memory as what is asked for, or not by itself.
    #[inline(never)]
    fn number<'de, T: Number, V: Visitor<'de>>(
        mut self,
        question: Question,
        visitor: V,
        show: impl FnOnce(V, T) -> Result<V::Value>,
    ) -> Result<V::Value> {
        if let Self::Element(element) = &mut self
            && let Some(value) = element.number()?
        {
            return show(visitor, value);
        }
        self.ask(question, visitor)
    }

    /// The elements that it is, if they are found by a short way: `len`, if that is said.
    fn list(self, len: Option<usize>) -> Result<Result<List<'a>, Self>> {
        match self {
            Self::Part(part) => Ok(part.list(len)?.map_err(Self::Part)),
            Self::Element(element) => Ok(element.list(len)?.map_err(Self::Element)),
            other => Ok(Err(other)),
        }
    }

    /// The fields of a struct that are stored in the order in which a visitor of that name, which takes them so, asks for them.
    fn fields(self, fields: &'static [&'static str], visitor: &'static str) -> Result<Result<List<'a>, Self>> {
        match self {
            Self::Part(part) => Ok(part.fields(fields, visitor)?.map_err(Self::Part)),
            Self::Element(element) => Ok(element.fields(fields, visitor)?.map_err(Self::Element)),
            other => Ok(Err(other)),
        }
    }

    /// Puts the numbers that it is into room for a vector of such, if it is a few, and the visitor is serde's.
    fn put_numbers(&mut self, visitor: &'static str, mut room: Room<'_>) -> Result<bool> {
        let numbers = match self {
            Self::Part(part) => part.few_numbers(),
            Self::Element(element) => element.few_numbers()?,
            _ => None,
        };
        Ok(numbers.is_some_and(|(number, bytes)| is_serdes(visitor) && room.put_numbers(number, bytes)))
    }

    /// Whether it is a text that is found by a short way.
    #[inline]
    fn is_text(&self) -> bool {
        match self {
            Self::Part(part) => part.is_text(),
            Self::Element(element) => element.is_text(),
            Self::Key(_) => true,
            Self::Other(_) => false,
        }
    }

    /// That text.
    fn text(self) -> Result<&'a str> {
        match self {
            Self::Part(part) => Ok(part.text()?.unwrap_or_default()),
            Self::Element(element) => element.text(),
            Self::Key(Key(name)) => Ok(name),
            Self::Other(_) => Err(Error::corrupt("a value was asked for what it is not")),
        }
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $question:ident $type:ty;)*) => {
        $(
            #[inline]
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
                if let Self::Part(part) = &self
                    && let Some(value) = part.part.number::<$type>()
                {
                    return visitor.$visit(value);
                }
                self.number(Question::$question, visitor, V::$visit::<Error>)
            }
        )*
    };
}

macro_rules! ask {
    ($($method:ident $question:ident;)*) => {
        $(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
                self.ask(Question::$question, visitor)
            }
        )*
    };
}

impl<'de> Deserializer<'de> for ValueDeserializer<'_> {
    type Error = Error;

    numbers! {
        deserialize_bool visit_bool Bool bool;
        deserialize_i8 visit_i8 I8 i8;
        deserialize_i16 visit_i16 I16 i16;
        deserialize_i32 visit_i32 I32 i32;
        deserialize_i64 visit_i64 I64 i64;
        deserialize_u8 visit_u8 U8 u8;
        deserialize_u16 visit_u16 U16 u16;
        deserialize_u32 visit_u32 U32 u32;
        deserialize_u64 visit_u64 U64 u64;
        deserialize_f32 visit_f32 F32 f32;
        deserialize_f64 visit_f64 F64 f64;
    }

    ask! {
        deserialize_any Any;
        deserialize_i128 I128;
        deserialize_u128 U128;
        deserialize_char Char;
        deserialize_bytes Bytes;
        deserialize_byte_buf Bytes;
        deserialize_unit Unit;
        deserialize_map Map;
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.is_text() { visitor.visit_str(self.text()?) } else { self.ask(Question::Str, visitor) }
    }

    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.is_text() { visitor.visit_str(self.text()?) } else { self.ask(Question::String, visitor) }
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self {
            Self::Element(element) if element.is_optional() => match element.option()? {
                None => visitor.visit_none(),
                Some(inner) => visitor.visit_some(Self::Element(inner)).map_err(Element::in_values),
            },
            other => other.ask(Question::Option, visitor),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        self.ask(Question::UnitStruct, visitor)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value> {
        if is_wrapper(name) || is_half(name) {
            return self.ask(Question::Newtype(name), visitor);
        }
        visitor.visit_newtype_struct(self)
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
        if may_be_vec::<V::Value>() {
            let mut value = None;
            if self.put_numbers(type_name::<V>(), Room::of(&mut value))?
                && let Some(value) = value
            {
                return Ok(value);
            }
        }
        match self.list(None)? {
            Ok(List { elements, place }) => visitor.visit_seq(elements).map_err(|error| place.located(error)),
            Err(other) => other.ask(Question::Seq, visitor),
        }
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        if let Self::Part(part) = &self
            && let Some((number, bytes)) = part.numbers(len)
            && let Some(array) = array_of::<V>(number, len, bytes)
        {
            return Ok(array);
        }
        match self.list(Some(len))? {
            Ok(List { elements, place }) => visitor.visit_seq(elements).map_err(|error| place.located(error)),
            Err(other) => other.ask(Question::Tuple(len), visitor),
        }
    }

    #[inline]
    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, len: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_tuple(len, visitor)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self.fields(fields, type_name::<V>())? {
            Ok(List { elements, place }) => visitor.visit_seq(elements).map_err(|error| place.located(error)),
            Err(other) => other.ask(Question::Struct(name, fields), visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self {
            Self::Element(element) if element.is_variant() => {
                let Element { column, index, depth } = element;
                let variant = Element { column: &mut *column, index, depth }.variant()?;
                visitor.visit_enum(variant).map_err(|error| column.in_variant(error, name))
            }
            other => other.ask(Question::Enum(name, variants), visitor),
        }
    }

    #[inline]
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self {
            Self::Key(Key(name)) => visitor.visit_str(name),
            other => other.ask(Question::Identifier, visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }
}
