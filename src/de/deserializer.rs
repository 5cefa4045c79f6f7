//! The one `Deserializer` that a user's type is compiled for. What is asked for most has short ways here, by code that is
//! inlined; all else is [asked](Ask) of what there is.

use std::any::type_name;
use std::mem::needs_drop;

use serde::de::{Deserializer, Expected, Visitor};

use super::element::{ColumnElement, FastElements, PartOfItem};
use super::elements::{Elements, PlainFields};
use super::key::Key;
use super::row::{FieldOfRecord, Row};
use super::visit::{
    AsAnything, AsEnum, AsOption, AsSeq, AsStruct, Hand, Name, NameHand, Question, Takes, Visit, take_seq, told,
};
use super::visitor_kinds::{array_of, is_serdes};
use crate::de::item::NumberBlock;
use crate::ground::error::{Error, Result};
use crate::ground::half::is_half;
use crate::ground::ledger::{self, TypeMade};
use crate::ground::time::is_time;
use crate::ground::wrapper_slot::is_wrapper;
use crate::h5::{Room, may_be_vec};

/// Something stored, to be read as the type that asks.
// With a tag of its own, as it is looked at for each number.
#[repr(u8)]
pub(crate) enum ValueDeserializer<'a> {
    Row(Row<'a>),
    Field(FieldOfRecord<'a>),
    Part(PartOfItem<'a>),
    Element(ColumnElement<'a>),
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
pub(crate) trait AskOnce {
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

    /// The same, of which all is known that there is to know of a part of an item.
    fn whole(self) -> Self {
        match self {
            Self::Row(row) => Self::Part(row.part()),
            Self::Field(field) => Self::Part(field.part()),
            other => other,
        }
    }

    /// The same as the fields of a variant, not as a struct or tuple in it.
    pub(super) fn into_fields(self) -> Self {
        let mut whole = self.whole();
        match &mut whole {
            Self::Part(part) => part.depth = part.depth.of_fields(),
            Self::Element(element) => element.depth = element.depth.of_fields(),
            Self::Other(asked) => asked.as_fields(),
            Self::Row(_) | Self::Field(_) | Self::Key(_) => {}
        }
        whole
    }

    /// Asks what there is.
    pub(super) fn answer(self, question: Question, visit: &mut dyn Visit) -> Result<()> {
        ledger::handed(1)?;
        match self {
            Self::Row(row) => row.part().ask_once(question, visit),
            Self::Field(field) => field.part().ask_once(question, visit),
            Self::Part(part) => part.ask_once(question, visit),
            Self::Element(element) => element.ask_once(question, visit),
            Self::Key(key) => key.ask_once(question, visit),
            Self::Other(asked) => asked.ask(question, visit),
        }
    }

    /// The same for a visitor, which takes anything, or whatever `W` says.
    fn ask_as<'de, W: Takes, V: Visitor<'de>>(self, question: Question, visitor: V) -> Result<V::Value> {
        let mut value = None;
        let read = self.answer(question, &mut Hand::<_, _, W>::new(visitor, &mut value));
        told(read, value)
    }

    #[inline]
    fn ask<'de, V: Visitor<'de>>(self, question: Question, visitor: V) -> Result<V::Value> {
        self.ask_as::<AsAnything, V>(question, visitor)
    }

    /// The name that it is, to a visitor that expects that.
    fn name(self, expected: &dyn Expected, visitor: &'static str, value: &'static str) -> Result<Name> {
        let mut hand = NameHand::new(expected, visitor, value);
        self.answer(Question::Identifier, &mut hand)?;
        hand.name()
    }

    /// The elements that it is, if they are found by a short way: `len`, if that is said.
    fn list(self, len: Option<usize>) -> Result<Result<FastElements<'a>, Self>> {
        match self.whole() {
            Self::Part(part) => Ok(part.list(len)?.map_err(Self::Part)),
            Self::Element(element) => Ok(element.list(len)?.map_err(Self::Element)),
            other => Ok(Err(other)),
        }
    }

    /// The fields of a struct that are stored in the order in which a visitor of that name, which takes them so, asks for them.
    fn in_order(&mut self, fields: &'static [&'static str], visitor: &'static str) -> Result<Option<Elements<'_>>> {
        let record = match self {
            Self::Row(row) => row.record(),
            Self::Field(field) => field.record(),
            Self::Part(part) => part.record(),
            Self::Element(element) => return element.in_order(fields, visitor),
            Self::Key(_) | Self::Other(_) => None,
        };
        match record {
            Some(record) => Ok(record.in_order(fields, visitor)?.map(Elements::Fields)),
            None => Ok(None),
        }
    }

    /// Says of an error in such fields what is stored.
    #[cold]
    fn located(&self, error: Error) -> Error {
        match self {
            Self::Element(element) => element.located(error),
            _ => error,
        }
    }

    /// Puts the numbers that it is, or the arrays of numbers, into room for a vector of such, if it is a few, and the visitor
    /// is serde's.
    fn put_numbers(&mut self, visitor: &'static str, mut room: Room<'_>) -> Option<Result<()>> {
        let numbers = match self {
            Self::Row(row) => row.part().few_numbers(),
            Self::Field(field) => field.part().few_numbers(),
            Self::Part(part) => part.few_numbers(),
            Self::Element(element) => match element.few_numbers() {
                Ok(numbers) => numbers,
                Err(error) => return Some(Err(error)),
            },
            _ => None,
        };
        let NumberBlock { number, width, bytes } = numbers?;
        if !is_serdes(visitor) {
            return None;
        }
        if let Err(error) = ledger::made(bytes.len() as u64) {
            return Some(Err(error));
        }
        room.put_numbers(number, width, bytes).then_some(Ok(()))
    }

    /// The float of 64 bits that it is without a loss, if that is found by a short way.
    fn float(&self) -> Option<f64> {
        match self {
            Self::Field(field) => field.float(),
            Self::Row(row) => row.float(),
            Self::Part(part) => part.part.float(),
            _ => None,
        }
    }

    /// Whether it is a text that is found by a short way.
    #[inline]
    fn is_text(&self) -> bool {
        match self {
            Self::Row(row) => row.part().is_text(),
            Self::Field(field) => field.part().is_text(),
            Self::Part(part) => part.is_text(),
            Self::Element(element) => element.is_text(),
            Self::Key(_) => true,
            Self::Other(_) => false,
        }
    }

    /// That text, which becomes a value of that type.
    fn text(self, made: TypeMade) -> Result<&'a str> {
        let text = match self.whole() {
            Self::Part(part) => part.text()?.unwrap_or_default(),
            Self::Element(element) => element.text()?,
            Self::Key(Key(name)) => name,
            _ => return Err(Error::corrupt("a value was asked for what it is not")),
        };
        made.text(text.len()).map(|()| text)
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $question:ident $type:ty $(, $lossless:ident)?;)*) => {
        $(
            #[inline]
            fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
                let number = match &mut self {
                    Self::Field(field) => field.number::<$type>(),
                    Self::Row(row) => row.number::<$type>(),
                    Self::Part(part) => part.part.number::<$type>(),
                    Self::Element(element) => match element.number::<$type>() {
                        Ok(number) => number,
                        Err(error) => return Err(error),
                    },
                    _ => None,
                };
                if let Some(number) = number {
                    return visitor.$visit(number);
                }
                $(if let Some(number) = self.$lossless() {
                    return visitor.$visit(number);
                })?
                self.ask(Question::$question, visitor)
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
        deserialize_f64 visit_f64 F64 f64, float;
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
        if self.is_text() {
            visitor.visit_str(self.text(const { TypeMade::of::<V::Value>() })?)
        } else {
            self.ask(Question::Str, visitor)
        }
    }

    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.is_text() {
            visitor.visit_str(self.text(const { TypeMade::of::<V::Value>() })?)
        } else {
            self.ask(Question::String, visitor)
        }
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self {
            Self::Element(element) if element.is_optional() => match element.option()? {
                None => visitor.visit_none(),
                Some(inner) => visitor.visit_some(Self::Element(inner)).map_err(ColumnElement::in_values),
            },
            other => other.ask_as::<AsOption, V>(Question::Option, visitor),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        self.ask(Question::UnitStruct, visitor)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value> {
        if is_wrapper(name) || is_half(name) || is_time(name) {
            return self.ask(Question::Newtype(name), visitor);
        }
        visitor.visit_newtype_struct(self)
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
        if may_be_vec::<V::Value>() {
            let mut value = None;
            if let Some(put) = self.put_numbers(type_name::<V>(), Room::of(&mut value)) {
                return told(put, value);
            }
        }
        match self.list(None) {
            Ok(Ok(list)) => list.hand(visitor),
            Err(error) => Err(error),
            Ok(Err(other)) => other.ask_as::<AsSeq, V>(Question::Seq, visitor),
        }
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        let numbers = match &self {
            Self::Row(row) => row.part().numbers(len),
            Self::Field(field) => field.part().numbers(len),
            Self::Part(part) => part.numbers(len),
            _ => None,
        };
        if let Some((number, bytes)) = numbers
            && let Some(array) = array_of::<V>(number, len, bytes)
        {
            return Ok(array);
        }
        match self.list(Some(len)) {
            Ok(Ok(list)) => list.hand(visitor),
            Err(error) => Err(error),
            Ok(Err(other)) => other.ask_as::<AsSeq, V>(Question::Tuple(len), visitor),
        }
    }

    #[inline]
    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, len: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_tuple(len, visitor)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        // Of numbers alone, which take no longer than a call.
        if const { !needs_drop::<V::Value>() } {
            let record = match self {
                Self::Row(row) => row.record(),
                Self::Field(field) => field.record(),
                _ => None,
            };
            if let Some(record) = record {
                match record.in_order(fields, type_name::<V>()) {
                    Ok(Some(fields)) => return visitor.visit_seq(PlainFields(fields)),
                    Ok(None) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        match self.in_order(fields, type_name::<V>()) {
            Ok(Some(elements)) => match take_seq(visitor, elements) {
                Ok(value) => Ok(value),
                Err(error) => Err(self.located(error)),
            },
            Ok(None) => self.ask_as::<AsStruct, V>(Question::Struct(name, fields), visitor),
            Err(error) => Err(error),
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
                let ColumnElement { column, index, depth } = element;
                let read = match (ColumnElement { column: &mut *column, index, depth }).variant() {
                    Ok(variant) => visitor.visit_enum(variant),
                    Err(error) => return Err(error),
                };
                match read {
                    Ok(value) => Ok(value),
                    Err(error) => Err(column.in_variant(error, name)),
                }
            }
            other => other.ask_as::<AsEnum, V>(Question::Enum(name, variants), visitor),
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if let Self::Key(Key(name)) = self {
            return visitor.visit_str(name);
        }
        match self.name(&visitor, type_name::<V>(), type_name::<V::Value>()) {
            Ok(Name::Text(name)) => visitor.visit_str(&name),
            Ok(Name::Unsigned(number)) => visitor.visit_u64(number),
            Ok(Name::Signed(number)) => visitor.visit_i64(number),
            Err(error) => Err(error),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }
}
