//! The serializer for one value at its place: scalars, and the beginnings of everything else.

use serde::ser::{self, Serialize};

use super::column::Column;
use super::compound::{NodeMap, NodeSeq, NodeStruct, NodeTuple};
use super::destination::Destination;
use super::layout::write_halves;
use super::place::{Near, Place};
use super::python;
use super::rows::exact_len;
use super::strings;
use crate::bridge::{Offer, is_taken, is_wrapper, refuse_half};
use crate::depth::Depth;
use crate::error::{Again, Error, Result};
use crate::format::{Kind, VALUE, escape};
use crate::storage::{Dtype, Number, Shape, Slice, element_bytes, strings_of};

/// Writes `value` to its place. Where an encoding turns out not to hold it, it is written again in the one that does.
pub(super) fn put<T: ?Sized + Serialize>(value: &T, place: Place<'_>, depth: Depth, somes: usize) -> Result<()> {
    put_node(value, NodeSerializer::new(place, depth, somes))
}

/// As [`put`], but the value is no link to another, so that what it becomes can be given attributes.
pub(super) fn put_apart<T: ?Sized + Serialize>(value: &T, place: Place<'_>, depth: Depth, somes: usize) -> Result<()> {
    put_node(value, NodeSerializer { apart: true, ..NodeSerializer::new(place, depth, somes) })
}

fn put_node<T: ?Sized + Serialize>(value: &T, node: NodeSerializer<'_>) -> Result<()> {
    if node.place.is_python() {
        return python::put(value, node.place, node.depth, node.somes, node.apart);
    }
    let NodeSerializer { depth, somes, apart, .. } = node;
    let place = node.place.clone();
    match depth.with_stack(|| value.serialize(node)) {
        Err(error) if error.wants(Again::Pairs) => {
            place.clear()?;
            let node = NodeSerializer { pairs: true, apart, ..NodeSerializer::new(place, depth, somes) };
            depth.with_stack(|| value.serialize(node))
        }
        result => result,
    }
}

/// Writes one value to its place.
pub(super) struct NodeSerializer<'a> {
    pub(super) place: Place<'a>,
    /// How deep the value is in the whole.
    pub(super) depth: Depth,
    /// How many `Some` are directly around it.
    pub(super) somes: usize,
    /// A map is to be written as keys and values.
    pairs: bool,
    /// It is the content of a wrapper, which answers with unit when it has written itself.
    is_content: bool,
    /// It is to be no link to another object.
    apart: bool,
}

impl<'a> NodeSerializer<'a> {
    pub(super) fn new(place: Place<'a>, depth: Depth, somes: usize) -> Self {
        Self { place, depth, somes, pairs: false, is_content: false, apart: false }
    }

    /// Has a wrapper write itself.
    pub(super) fn wrapper<T: ?Sized + Serialize>(self, value: &T) -> Result<()> {
        let destination =
            Destination { place: self.place.to_owned(), depth: self.depth, somes: self.somes, apart: self.apart };
        match Offer::new(destination) {
            Ok(offer) => offer.finish(value.serialize(Self { is_content: true, ..self })),
            Err(_) => value.serialize(self),
        }
    }

    fn scalar(self, number: Number, bytes: &[u8]) -> Result<()> {
        self.place.write(Dtype::Number(number), Shape::Scalar, bytes, None)
    }

    /// Writes numbers from where they are.
    fn slice(self, slice: Slice<'_>) -> Result<()> {
        self.depth.in_sequence()?;
        let width = slice.width.map(|width| width as u64);
        let dims = std::iter::once(slice.len as u64).chain(width).collect();
        self.place.of_elements().write(Dtype::Number(slice.number), Shape::Simple(dims), slice.bytes, None)
    }

    /// Writes a null dataspace, in a group `some` for each `Some` around it, which would not show otherwise.
    fn null(self, kind: Option<Kind>) -> Result<()> {
        let mut place = self.place;
        for _ in 0..self.somes {
            let group = place.group(Some(Kind::Some))?;
            place = Place::owned(group, VALUE.into(), &place.route);
        }
        place.write(Dtype::Number(Number::F64), Shape::Null, &[], kind)
    }

    /// The place of a variant's payload: the one child of a group.
    fn variant(&self, name: &'static str) -> Result<(Place<'static>, Depth)> {
        let depth = self.depth.in_record()?;
        self.place.route.is_variant();
        let group = self.place.group(None)?;
        Ok((Place::owned(group, escape(name), self.place.route.field(name)), depth))
    }
}

/// Writes a string: one of fixed length, or bytes where it contains NUL.
fn write_str(value: &str, place: &Place<'_>) -> Result<()> {
    // The size of a type is a 32-bit number in the file.
    if value.contains('\0') || u32::try_from(value.len()).is_err() {
        let shape = Shape::Simple(vec![value.len() as u64]);
        return place.write(Dtype::Number(Number::U8), shape, value.as_bytes(), Some(Kind::Str));
    }
    let bytes = if value.is_empty() { "\0" } else { value }.as_bytes();
    place.write(Dtype::string(bytes.len()), Shape::Scalar, bytes, None)
}

impl<'a> ser::Serializer for NodeSerializer<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = NodeSeq<'a>;
    type SerializeTuple = NodeTuple<'a>;
    type SerializeTupleStruct = NodeTuple<'a>;
    type SerializeTupleVariant = NodeTuple<'a>;
    type SerializeMap = NodeMap<'a>;
    type SerializeStruct = NodeStruct;
    type SerializeStructVariant = NodeStruct;

    scalars!(serialize_bool: bool = Bool, serialize_i8: i8 = I8, serialize_i16: i16 = I16, serialize_i32: i32 = I32);
    scalars!(serialize_i64: i64 = I64, serialize_u8: u8 = U8, serialize_u16: u16 = U16, serialize_u32: u32 = U32);
    scalars!(serialize_u64: u64 = U64, serialize_f32: f32 = F32, serialize_f64: f64 = F64);

    fn serialize_i128(self, value: i128) -> Result<()> {
        write_halves(std::iter::once(((value >> 64) as u64, value as u64)), Shape::Scalar, Kind::I128, &self.place)
    }

    fn serialize_u128(self, value: u128) -> Result<()> {
        write_halves(std::iter::once(((value >> 64) as u64, value as u64)), Shape::Scalar, Kind::U128, &self.place)
    }

    fn serialize_char(self, value: char) -> Result<()> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<()> {
        write_str(value, &self.place)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<()> {
        let shape = Shape::Simple(vec![value.len() as u64]);
        self.place.write(Dtype::Number(Number::U8), shape, value, Some(Kind::Bytes))
    }

    fn serialize_none(self) -> Result<()> {
        self.null(None)
    }

    fn serialize_some<T: ?Sized + Serialize>(mut self, value: &T) -> Result<()> {
        self.depth = self.depth.in_sequence()?;
        self.somes += 1;
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<()> {
        if self.is_content && is_taken::<Destination>() {
            return Ok(());
        }
        self.null(Some(Kind::Unit))
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<()> {
        self.place.route.is_variant();
        write_str(variant, &self.place)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, name: &'static str, value: &T) -> Result<()> {
        refuse_half::<T>(name)?;
        if is_wrapper(name) { self.wrapper(value) } else { value.serialize(self) }
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        let (place, depth) = self.variant(variant)?;
        put(value, place, depth, 0).map_err(|error| error.in_field(variant).in_link(variant))
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<NodeSeq<'a>> {
        let depth = self.depth.in_sequence()?;
        Ok(NodeSeq::new(self.place, depth, len))
    }

    /// As the trait does it, but by one loop over values whose form is known.
    #[inline]
    fn collect_seq<I>(self, values: I) -> Result<()>
    where
        I: IntoIterator<Item: Serialize>,
    {
        if let Some(slice) = Slice::of(&values)
            && slice.len > 0
            && !self.place.is_attribute()
        {
            return self.slice(slice);
        }
        if let Some(strings) = strings_of(&values)
            && !strings.is_empty()
            && !self.place.is_attribute()
        {
            self.depth.in_sequence()?;
            return strings::write(strings, &self.place.of_elements());
        }
        let values = values.into_iter();
        self.serialize_seq(exact_len(&values))?.collect(values)
    }

    fn serialize_tuple(self, len: usize) -> Result<NodeTuple<'a>> {
        let depth = self.depth.in_record()?;
        Ok(NodeTuple::new(self.place, depth, len, None))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<NodeTuple<'a>> {
        self.serialize_tuple(len)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<NodeTuple<'a>> {
        let (place, depth) = self.variant(variant)?;
        Ok(NodeTuple::new(place, depth, len, Some(variant)))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<NodeMap<'a>> {
        let depth = self.depth.in_record()?;
        NodeMap::new(self.place, depth, self.pairs)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<NodeStruct> {
        let depth = self.depth.in_record()?;
        NodeStruct::new(&self.place, depth, None)
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<NodeStruct> {
        let (place, depth) = self.variant(variant)?;
        NodeStruct::new(&place, depth, Some(variant))
    }
}

/// A column that holds the one value that a tuple's element is, if it is a number, or a tuple of numbers.
pub(super) fn numbers<T: ?Sized + Serialize>(value: &T, depth: Depth) -> Option<Column> {
    let mut column = Column::new();
    let element = super::element::ElementSerializer {
        column: &mut column,
        depth,
        near: Near::nowhere(),
        exact: true,
        only_numbers: true,
    };
    value.serialize(element).ok()?;
    matches!(column, Column::Numbers(_) | Column::Array(_)).then_some(column)
}
