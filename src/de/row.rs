//! Elements of datasets that are read a window at a time, and the fields of records: the ways on which each number costs
//! least.

use std::marker::PhantomData;
use std::slice;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, SeqAccess, Visitor};

use super::access::hint;
use super::array::Array;
use super::element::PartOfItem;
use super::forward_all;
use super::known::array_of;
use super::view::check_len;
use crate::depth::Depth;
use crate::error::{Error, Result};
use crate::item::{Item, Part, Record};
use crate::storage::{Ahead, Dtype, Element, Field, Items, Number};

/// Elements of a dataset along its first dimension, which is read in windows.
///
/// What changes with each element is in here by value, and nothing but what is called once a window takes its address: so
/// it stays in registers.
pub(super) struct RowSeq<'a> {
    array: &'a Array,
    /// The type of number that the elements are, if they are numbers.
    number: Option<Number>,
    /// Bytes of an element.
    size: usize,
    ahead: Ahead,
    window: Vec<u8>,
    /// The first byte in the window that is not read.
    at: usize,
    start: u64,
    /// The first after the window.
    next: u64,
    end: u64,
    depth: Depth,
}

impl<'a> RowSeq<'a> {
    /// Elements that fit a window, and have no parts elsewhere.
    pub(super) fn new(array: &'a Array, start: u64, end: u64, depth: Depth) -> Self {
        let number = if array.dims().len() == 1 { array.number_type() } else { None };
        let size = array.row_size();
        let ahead = array.ahead();
        Self { array, number, size, ahead, window: Vec::new(), at: 0, start, next: start, end, depth }
    }

    /// How many of the window are left.
    fn left(&self) -> u64 {
        ((self.window.len() - self.at) / self.size) as u64
    }
}

impl<'de> SeqAccess<'de> for RowSeq<'_> {
    type Error = Error;

    #[inline(always)]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if self.at == self.window.len() {
            if self.next == self.end {
                return Ok(None);
            }
            let memory = std::mem::take(&mut self.window);
            self.window = self.array.read_window(&mut self.ahead, self.next, self.end, memory)?;
            self.at = 0;
            self.next += (self.window.len() / self.size) as u64;
        }
        let end = self.at + self.size;
        let Some(bytes) = self.window.get(self.at..end) else { return Err(Error::corrupt("an element was cut off")) };
        match seed.deserialize(RowElement { array: self.array, number: self.number, bytes, depth: self.depth }) {
            Ok(value) => {
                self.at = end;
                Ok(Some(value))
            }
            Err(error) => Err(error.in_element((self.next - self.start - self.left()) as usize)),
        }
    }

    // Inlined as a whole, or nothing of it is in registers.
    #[inline(always)]
    fn next_element<T: Deserialize<'de>>(&mut self) -> Result<Option<T>> {
        self.next_element_seed(PhantomData)
    }

    fn size_hint(&self) -> Option<usize> {
        hint(self.end - self.next + self.left())
    }
}

/// The fields of a compound, one after the other.
pub(super) struct CompoundSeq<'a> {
    fields: slice::Iter<'a, Field>,
    /// The bytes of the fields that are left.
    rest: &'a [u8],
    items: &'a Items,
    len: usize,
    depth: Depth,
    /// Errors name the fields.
    named: bool,
}

impl<'a> CompoundSeq<'a> {
    /// The fields as a tuple.
    #[inline]
    pub(super) fn new(record: Record<'a>, depth: Depth) -> Self {
        let Record { fields, bytes, items } = record;
        Self { fields: fields.iter(), rest: bytes, items, len: fields.len(), depth, named: false }
    }

    /// The fields of a struct that is read in their order.
    #[inline]
    pub(super) fn of_struct(record: Record<'a>, depth: Depth) -> Self {
        Self { named: true, ..Self::new(record, depth) }
    }

    #[cold]
    fn located(&self, error: Error, field: &Field) -> Error {
        if self.named { error.in_field(&field.name) } else { error.in_element(self.len - self.fields.len() - 1) }
    }
}

impl<'de> SeqAccess<'de> for CompoundSeq<'_> {
    type Error = Error;

    #[inline(always)]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        let Some(field) = self.fields.next() else { return Ok(None) };
        // In memory, a record has no gaps.
        let Some((bytes, rest)) = self.rest.split_at_checked(field.size) else {
            return Err(Error::corrupt("a record was cut off"));
        };
        self.rest = rest;
        match seed.deserialize(FieldOfRecord { field, bytes, items: self.items, depth: self.depth }) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(self.located(error, field)),
        }
    }

    // Inlined as a whole, or nothing of it is in registers.
    #[inline(always)]
    fn next_element<T: Deserialize<'de>>(&mut self) -> Result<Option<T>> {
        self.next_element_seed(PhantomData)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.fields.len())
    }
}

/// The numbers of an array, as a tuple.
struct NumberSeq<'a> {
    number: Number,
    dtype: &'a Dtype,
    rest: &'a [u8],
    /// Bytes of all of them.
    size: usize,
    depth: Depth,
}

impl<'a> NumberSeq<'a> {
    #[inline]
    fn new(number: Number, dtype: &'a Dtype, bytes: &'a [u8], depth: Depth) -> Self {
        Self { number, dtype, rest: bytes, size: bytes.len(), depth }
    }

    #[cold]
    fn located(&self, error: Error) -> Error {
        error.in_element((self.size - self.rest.len()) / self.number.size() - 1)
    }
}

impl<'de> SeqAccess<'de> for NumberSeq<'_> {
    type Error = Error;

    #[inline(always)]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        let Some((bytes, rest)) = self.rest.split_at_checked(self.number.size()) else { return Ok(None) };
        self.rest = rest;
        match seed.deserialize(NumberOfRow { number: self.number, dtype: self.dtype, bytes, depth: self.depth }) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(self.located(error)),
        }
    }

    // Inlined as a whole, or nothing of it is in registers.
    #[inline(always)]
    fn next_element<T: Deserialize<'de>>(&mut self) -> Result<Option<T>> {
        self.next_element_seed(PhantomData)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len() / self.number.size())
    }
}

/// What can be read by a short way.
trait Short<'a>: Sized {
    /// Whether it is a number of this very type.
    fn is<T: Element>(&self) -> bool;

    /// The same, to be read whatever it is.
    fn part(self) -> PartOfItem<'a>;

    /// The type of the numbers that it is, and how many, if it is a row of them.
    #[inline]
    fn numbers(&self) -> Option<(Number, &'a Dtype, u64)> {
        None
    }

    /// The record that it is, if it has the `fields` that `V` asks for in their order.
    #[inline]
    fn record<V>(&self, _fields: &'static [&'static str]) -> Option<Record<'a>> {
        None
    }
}

/// An element of a window: a number, a row, or a record.
struct RowElement<'a> {
    array: &'a Array,
    /// The type of number that it is, if it is one: what is asked for most is one comparison away.
    number: Option<Number>,
    bytes: &'a [u8],
    depth: Depth,
}

impl<'a> Short<'a> for RowElement<'a> {
    #[inline]
    fn is<T: Element>(&self) -> bool {
        self.number == Some(T::NUMBER)
    }

    #[inline]
    fn part(self) -> PartOfItem<'a> {
        PartOfItem { part: self.array.element(self.bytes), depth: self.depth }
    }

    #[inline]
    fn numbers(&self) -> Option<(Number, &'a Dtype, u64)> {
        match (self.array.dims(), self.array.number_type()) {
            ([_, width], Some(number)) => Some((number, self.array.dtype(), *width)),
            _ => None,
        }
    }

    #[inline]
    fn record<V>(&self, fields: &'static [&'static str]) -> Option<Record<'a>> {
        let part = self.array.element(self.bytes);
        part.item().and_then(Item::record).filter(|_| self.array.keeps_order::<V>(fields))
    }
}

/// A field of a record.
struct FieldOfRecord<'a> {
    field: &'a Field,
    bytes: &'a [u8],
    items: &'a Items,
    depth: Depth,
}

impl<'a> Short<'a> for FieldOfRecord<'a> {
    #[inline]
    fn is<T: Element>(&self) -> bool {
        self.field.dtype.number() == Some(T::NUMBER)
    }

    #[inline]
    fn part(self) -> PartOfItem<'a> {
        PartOfItem { part: Part::of_field(self.field, self.bytes, self.items), depth: self.depth }
    }

    #[inline]
    fn numbers(&self) -> Option<(Number, &'a Dtype, u64)> {
        match &self.field.dtype {
            Dtype::Array(dims, inner) => match (&**dims, inner.number()) {
                ([width], Some(number)) => Some((number, &**inner, *width)),
                _ => None,
            },
            _ => None,
        }
    }
}

/// A number of an array.
struct NumberOfRow<'a> {
    number: Number,
    dtype: &'a Dtype,
    bytes: &'a [u8],
    depth: Depth,
}

impl<'a> Short<'a> for NumberOfRow<'a> {
    #[inline]
    fn is<T: Element>(&self) -> bool {
        self.number == T::NUMBER
    }

    #[inline]
    fn part(self) -> PartOfItem<'a> {
        PartOfItem { part: Part::of_row(&[], self.dtype, self.bytes), depth: self.depth }
    }
}

/// Numbers, tuples of numbers and records that have what is asked for are read here, by code that is inlined; all else by
/// way of a [`PartOfItem`].
macro_rules! short {
    (deserialize_tuple(len: usize)) => {
        #[inline]
        fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
            if let Some((number, _, width)) = self.numbers()
                && width == len as u64
                && self.depth.in_record().is_ok()
                && let Some(array) = array_of::<V>(number, len, self.bytes)
            {
                return Ok(array);
            }
            self.tuple(len, visitor)
        }
    };
    (deserialize_tuple_struct(name: &'static str, len: usize)) => {
        #[inline]
        fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, len: usize, visitor: V) -> Result<V::Value> {
            self.deserialize_tuple(len, visitor)
        }
    };
    (deserialize_struct($name:ident: $name_type:ty, $fields:ident: $fields_type:ty)) => {
        #[inline]
        fn deserialize_struct<V: Visitor<'de>>(
            self,
            $name: $name_type,
            $fields: $fields_type,
            visitor: V,
        ) -> Result<V::Value> {
            match self.record::<V>($fields) {
                Some(record) => visitor.visit_seq(CompoundSeq::of_struct(record, self.depth.in_record()?)),
                None => self.part().deserialize_struct($name, $fields, visitor),
            }
        }
    };
    ($method:ident($($name:ident: $type:ty),*)) => {
        #[inline]
        fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value> {
            self.part().$method($($name,)* visitor)
        }
    };
}

macro_rules! short_number {
    ($method:ident $visit:ident $type:ty) => {
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            match <$type>::from_bytes(self.bytes) {
                Some(value) if self.is::<$type>() => visitor.$visit(value),
                _ => self.part().$method(visitor),
            }
        }
    };
}

macro_rules! short_ways {
    ($($type:ident)*) => {
        $(impl $type<'_> {
            /// A tuple of other than numbers, or one that is no array: apart from the code of the short ways, so that these
            /// are inlined.
            #[inline(never)]
            fn tuple<'de, V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
                let Some((number, dtype, width)) = self.numbers() else {
                    return self.part().deserialize_tuple(len, visitor);
                };
                check_len(Some(len), width)?;
                visitor.visit_seq(NumberSeq::new(number, dtype, self.bytes, self.depth.in_record()?))
            }
        }

        impl<'de> Deserializer<'de> for $type<'_> {
            type Error = Error;

            forward_all!(short, short_number);

            fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
                visitor.visit_unit()
            }
        })*
    };
}
short_ways!(RowElement FieldOfRecord NumberOfRow);
