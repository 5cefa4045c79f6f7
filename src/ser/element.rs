//! The serializer for the elements of a sequence: value to [`Column`].

use serde::ser::{self, Serialize};

use super::column::{Column, List};
use super::composite::{StructRow, Tuple};
use super::key::{self, KeyProbe};
use super::node::NodeSerializer;
use super::place::Near;
use super::record::Rows;
use super::select;
use crate::bridge::{is_wrapper, refuse_half};
use crate::depth::Depth;
use crate::error::{Again, Error, ErrorKind, Result};
use crate::storage::Slice;

/// Pushes one value to a column.
pub(super) struct ElementSerializer<'a> {
    pub(super) column: &'a mut Column,
    /// How deep the value is in the whole.
    pub(super) depth: Depth,
    /// Where it is, for wrappers, which write themselves, and the options.
    pub(super) near: Near<'a>,
    /// Integers of unlike types must not be made alike: the value is in a tuple.
    pub(super) exact: bool,
    /// Nothing but numbers, and tuples of them, is taken.
    pub(super) only_numbers: bool,
}

impl<'a> ElementSerializer<'a> {
    pub(super) fn new(column: &'a mut Column, depth: Depth, near: Near<'a>) -> Self {
        Self { column, depth, near, exact: false, only_numbers: false }
    }

    /// Has a wrapper write itself to an object of its own.
    #[cold]
    fn wrapper<T: ?Sized + Serialize>(self, value: &T) -> Result<()> {
        self.no_number()?;
        let (depth, near) = (self.depth, self.near);
        let objects = self.column.begin_object(near)?;
        objects.push(near.route, |place| NodeSerializer::new(place, depth, 0).wrapper(value))
    }

    /// Refuses what is no number where only numbers are taken.
    #[inline]
    fn no_number(&self) -> Result<()> {
        if self.only_numbers { Err(no_number()) } else { Ok(()) }
    }

    #[inline(always)]
    fn variant(self, name: &'static str, index: u32) -> Result<(&'a mut Column, Depth)> {
        self.no_number()?;
        let depth = self.depth.in_record()?;
        match self.column.begin_variant(name, index, false)? {
            Some(payload) => Ok((payload, depth)),
            None => Err(lost_payload()),
        }
    }
}

/// What [`ElementSerializer::only_numbers`] refuses with; the tuple is then written element by element.
#[cold]
fn no_number() -> Error {
    Error::new(ErrorKind::Unsupported, "not a number")
}

#[cold]
fn lost_payload() -> Error {
    Error::new(ErrorKind::Custom, "a variant lost its payload")
}

macro_rules! numbers {
    ($($method:ident: $type:ty),*) => {
        $(
            #[inline]
            fn $method(self, value: $type) -> Result<()> {
                self.column.push_number(value, self.exact);
                Ok(())
            }
        )*
    };
}

impl<'a> ser::Serializer for ElementSerializer<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = ElementSeq<'a>;
    type SerializeTuple = ElementTuple<'a>;
    type SerializeTupleStruct = ElementTuple<'a>;
    type SerializeTupleVariant = ElementTuple<'a>;
    type SerializeMap = ElementMap<'a>;
    type SerializeStruct = ElementStruct<'a>;
    type SerializeStructVariant = ElementStruct<'a>;

    numbers!(serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64);
    numbers!(serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64);
    numbers!(serialize_f32: f32, serialize_f64: f64);

    fn serialize_i128(self, value: i128) -> Result<()> {
        self.no_number()?;
        self.column.push_i128(value);
        Ok(())
    }

    fn serialize_u128(self, value: u128) -> Result<()> {
        self.no_number()?;
        self.column.push_u128(value);
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<()> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<()> {
        self.no_number()?;
        self.column.push_str(value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<()> {
        self.no_number()?;
        self.column.push_bytes(value);
        Ok(())
    }

    #[inline]
    fn serialize_none(self) -> Result<()> {
        self.no_number()?;
        self.column.push_none()
    }

    #[inline]
    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<()> {
        self.no_number()?;
        let depth = self.depth.in_sequence()?;
        let some = ElementSerializer::new(self.column.begin_some()?, depth, self.near);
        depth.with_stack(|| value.serialize(some))
    }

    fn serialize_unit(self) -> Result<()> {
        self.no_number()?;
        self.column.push_unit();
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<()> {
        self.serialize_unit()
    }

    #[inline]
    fn serialize_unit_variant(self, _: &'static str, index: u32, variant: &'static str) -> Result<()> {
        self.no_number()?;
        if let Some(payload) = self.column.begin_variant(variant, index, true)? {
            payload.push_unit();
        }
        Ok(())
    }

    #[inline]
    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, name: &'static str, value: &T) -> Result<()> {
        refuse_half::<T>(name)?;
        if is_wrapper(name) { self.wrapper(value) } else { value.serialize(self) }
    }

    #[inline]
    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        let near = self.near.variant(variant);
        let (payload, depth) = self.variant(variant, index)?;
        let inner = ElementSerializer::new(payload, depth, near);
        depth.with_stack(|| value.serialize(inner)).map_err(|error| error.in_field(variant))
    }

    #[inline]
    fn serialize_seq(self, _: Option<usize>) -> Result<ElementSeq<'a>> {
        self.no_number()?;
        let depth = self.depth.in_sequence()?;
        Ok(ElementSeq { list: self.column.begin_list()?, index: 0, depth, near: self.near.element() })
    }

    /// As the trait does it, but that numbers are copied at once.
    #[inline]
    fn collect_seq<I>(self, values: I) -> Result<()>
    where
        I: IntoIterator<Item: Serialize>,
    {
        if let Column::List(list) = &mut *self.column
            && !self.only_numbers
            && let Some(slice) = Slice::of_next(&values, &mut list.last)
            && list.extend_from_slice(slice)
        {
            return self.depth.in_sequence().map(|_| ());
        }
        let mut seq = self.serialize_seq(None)?;
        values.into_iter().try_for_each(|value| ser::SerializeSeq::serialize_element(&mut seq, &value))?;
        ser::SerializeSeq::end(seq)
    }

    #[inline]
    fn serialize_tuple(self, len: usize) -> Result<ElementTuple<'a>> {
        let (depth, near, only_numbers) = (self.depth.in_record()?, self.near, self.only_numbers);
        Ok(ElementTuple { tuple: self.column.begin_tuple(len), index: 0, depth, near, only_numbers, variant: None })
    }

    #[inline]
    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<ElementTuple<'a>> {
        self.serialize_tuple(len)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<ElementTuple<'a>> {
        let near = self.near.variant(variant);
        let (payload, depth) = self.variant(variant, index)?;
        let tuple = payload.begin_tuple(len);
        Ok(ElementTuple { tuple, index: 0, depth, near, only_numbers: false, variant: Some(variant) })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<ElementMap<'a>> {
        self.no_number()?;
        let depth = self.depth.in_record()?;
        Ok(ElementMap { column: self.column.begin_record(Rows::Maps)?, key: None, depth, near: self.near })
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<ElementStruct<'a>> {
        self.no_number()?;
        let depth = self.depth.in_record()?;
        self.near.route.is_struct();
        Ok(ElementStruct { row: self.column.begin_struct()?, depth, near: self.near, variant: None })
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        _: &'static str,
        index: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<ElementStruct<'a>> {
        let near = self.near.variant(variant);
        let (payload, depth) = self.variant(variant, index)?;
        Ok(ElementStruct { row: payload.begin_struct()?, depth, near, variant: Some(variant) })
    }
}

/// A sequence within a sequence.
pub(super) struct ElementSeq<'a> {
    list: &'a mut List,
    index: usize,
    depth: Depth,
    near: Near<'a>,
}

impl ser::SerializeSeq for ElementSeq<'_> {
    type Ok = ();
    type Error = Error;

    #[inline]
    fn serialize_element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        let element = ElementSerializer::new(&mut self.list.inner, self.depth, self.near);
        self.depth.with_stack(|| value.serialize(element)).map_err(|error| error.in_element(self.index))?;
        self.index += 1;
        Ok(())
    }

    #[inline]
    fn end(self) -> Result<()> {
        self.list.end();
        Ok(())
    }
}

/// A tuple, tuple struct or tuple variant within a sequence.
pub(super) struct ElementTuple<'a> {
    tuple: Tuple<'a>,
    index: usize,
    depth: Depth,
    near: Near<'a>,
    only_numbers: bool,
    variant: Option<&'static str>,
}

impl ElementTuple<'_> {
    #[inline]
    fn element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        let (depth, near, only_numbers) = (self.depth, self.near.position(self.index), self.only_numbers);
        self.tuple
            .element(|column, exact| {
                depth.with_stack(|| value.serialize(ElementSerializer { column, depth, near, exact, only_numbers }))
            })
            .map_err(|error| {
                let error = error.in_element(self.index);
                self.variant.iter().fold(error, |error, variant| error.in_field(variant))
            })?;
        self.index += 1;
        Ok(())
    }
}

/// serde has a trait for each sort of tuple and struct; they differ in name only.
macro_rules! tuples {
    ($type:ident: $($trait:ident $method:ident),*) => {
        $(impl ser::$trait for $type<'_> {
            type Ok = ();
            type Error = Error;

            #[inline]
            fn $method<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
                self.element(value)
            }

            #[inline]
            fn end(self) -> Result<()> {
                self.tuple.end()
            }
        })*
    };
}
tuples!(ElementTuple: SerializeTuple serialize_element, SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field);

/// A struct or struct variant within a sequence.
pub(super) struct ElementStruct<'a> {
    row: StructRow<'a>,
    depth: Depth,
    near: Near<'a>,
    variant: Option<&'static str>,
}

impl ElementStruct<'_> {
    #[inline]
    fn field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<()> {
        let near = self.near.field(name);
        if select::is_left_out(near.route, value) {
            return Ok(());
        }
        let column = self.row.field(name)?;
        let element = ElementSerializer::new(column, self.depth, near);
        self.depth.with_stack(|| value.serialize(element)).map_err(|error| {
            let error = error.in_field(name);
            self.variant.iter().fold(error, |error, variant| error.in_field(variant))
        })
    }
}

macro_rules! structs {
    ($type:ident: $($trait:ident),*) => {
        $(impl ser::$trait for $type<'_> {
            type Ok = ();
            type Error = Error;

            #[inline]
            fn serialize_field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<()> {
                self.field(name, value)
            }

            #[inline]
            fn skip_field(&mut self, name: &'static str) -> Result<()> {
                self.near.field(name);
                Ok(())
            }

            #[inline]
            fn end(self) -> Result<()> {
                self.row.end();
                Ok(())
            }
        })*
    };
}
structs!(ElementStruct: SerializeStruct, SerializeStructVariant);

/// A map within a sequence.
pub(super) struct ElementMap<'a> {
    column: &'a mut Column,
    /// The key that the next value is for.
    key: Option<PendingKey>,
    depth: Depth,
    near: Near<'a>,
}

/// A key whose value is to come.
enum PendingKey {
    Text(String),
    /// One that is no string; it is in the column of keys already.
    Other,
    /// One that the options may know: as text, if it has one, and as what is put into a column of keys.
    Routed(RoutedKey),
}

/// A key that the options may know.
struct RoutedKey {
    /// As the options have it.
    name: Option<String>,
    /// Whether it is a string.
    is_text: bool,
    /// A column of this key alone.
    key: Column,
}

impl ElementMap<'_> {
    fn routed_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<()> {
        let name = key::link(key)?.map(|(_, name)| name);
        let (is_text, mut column) = (key::text(key)?.is_some(), Column::new());
        key.serialize(ElementSerializer::new(&mut column, self.depth, Near::nowhere()))?;
        self.key = Some(PendingKey::Routed(RoutedKey { name, is_text, key: column }));
        Ok(())
    }

    fn routed_value<T: ?Sized + Serialize>(&mut self, key: RoutedKey, value: &T) -> Result<()> {
        let depth = self.depth;
        let near = key.name.as_deref().map_or(self.near.element(), |name| self.near.field(name));
        if select::is_left_out(near.route, value) {
            return Ok(());
        }
        let name = key.name.filter(|_| key.is_text);
        let column = match (&name, &mut *self.column) {
            (Some(name), column @ Column::Record(_)) => column.entry(name, Rows::Maps)?,
            (_, column) => {
                let maps = column.record_to_maps()?;
                maps.keys.push_from(&key.key, 0)?;
                &mut maps.values
            }
        };
        depth
            .with_stack(|| value.serialize(ElementSerializer::new(column, depth, near)))
            .map_err(|error| name.iter().fold(error, |error, name| error.in_field(name)))
    }
}

impl ser::SerializeMap for ElementMap<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<()> {
        if !self.near.route.is_uniform() {
            return self.routed_key(key);
        }
        if let Column::Record(_) = self.column
            && let Some(text) = key::text(key)?
        {
            self.key = Some(PendingKey::Text(text));
            return Ok(());
        }
        let maps = self.column.record_to_maps()?;
        key.serialize(ElementSerializer::new(&mut maps.keys, self.depth, self.near))?;
        self.key = Some(PendingKey::Other);
        Ok(())
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        let (depth, near) = (self.depth, self.near);
        match self.key.take() {
            Some(PendingKey::Routed(key)) => self.routed_value(key, value),
            Some(PendingKey::Text(key)) => {
                let column = self.column.entry(&key, Rows::Maps)?;
                depth
                    .with_stack(|| value.serialize(ElementSerializer::new(column, depth, near)))
                    .map_err(|error| error.in_field(&key))
            }
            Some(PendingKey::Other) => {
                let maps = self.column.record_to_maps()?;
                depth.with_stack(|| value.serialize(ElementSerializer::new(&mut maps.values, depth, near)))
            }
            None => Err(Error::new(ErrorKind::Custom, "a map gave a value without a key")),
        }
    }

    fn serialize_entry<K: ?Sized + Serialize, V: ?Sized + Serialize>(&mut self, key: &K, value: &V) -> Result<()> {
        // The usual case, without a copy of the key: a string in a record.
        if let Column::Record(_) = self.column
            && self.near.route.is_uniform()
        {
            let (column, depth, near) = (&mut *self.column, self.depth, self.near);
            let mut found = None;
            let probed = key.serialize(KeyProbe(|key: &str| {
                found = Some(());
                let column = column.entry(key, Rows::Maps)?;
                depth
                    .with_stack(|| value.serialize(ElementSerializer::new(column, depth, near)))
                    .map_err(|error| error.in_field(key))
            }));
            if found.is_some() || !probed.as_ref().is_err_and(|error| error.wants(Again::Pairs)) {
                return probed;
            }
        }
        self.serialize_key(key)?;
        self.serialize_value(value)
    }

    fn end(self) -> Result<()> {
        self.column.end_record();
        Ok(())
    }
}
