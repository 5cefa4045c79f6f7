//! The layout of the Python package FileBacked 2.1, which `WriteOptions::python` asks for: a strategy of its own, beside
//! [`node`](super::node).
//!
//! There is an object for each value. A struct is an object of a class, which [`class`] writes, a map a dictionary
//! ([`dictionary`]), a sequence or tuple a list ([`list`]); scalars are here. The package reads each as what the annotation
//! of an attribute says, so one form has to do for all annotations that can be meant. What it has no form for is an error.

mod class;
mod dictionary;
mod list;
mod sort;

use serde::ser::{self, Serialize};

use self::class::{Class, ClassSerializer, Union};
use self::dictionary::DictionarySerializer;
use self::list::ListSerializer;
use super::destination::Destination;
use super::place::Place;
use super::rows::exact_len;
use crate::bridge::{Offer, is_taken, is_wrapper, refuse_half};
use crate::depth::Depth;
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{Dtype, Number, Shape, Slice, element_bytes};

/// Writes `value` to its place. With `apart`, it is no link to another, so that what it becomes can be given attributes.
pub(super) fn put<T: ?Sized + Serialize>(
    value: &T,
    place: Place<'_>,
    depth: Depth,
    somes: usize,
    apart: bool,
) -> Result<()> {
    let python = PythonSerializer { somes, apart, ..PythonSerializer::new(place, depth) };
    depth.with_stack(|| value.serialize(python))
}

/// Writes the value of an attribute of a class to its place, or nothing, where that is missing.
fn put_attribute<T: ?Sized + Serialize>(value: &T, place: Place<'_>, depth: Depth) -> Result<()> {
    let python = PythonSerializer { can_be_missing: true, ..PythonSerializer::new(place, depth) };
    depth.with_stack(|| value.serialize(python))
}

/// The error for what the package has no form for.
#[cold]
fn unsupported(what: &str, advice: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("the Python package FileBacked has no {what}: {advice}"))
}

#[cold]
fn no_wide() -> Error {
    unsupported("integers of 128 bits", "use one of 64 bits, or a string")
}

#[cold]
fn no_unit() -> Error {
    unsupported("`()`", "leave the field out, or use `Option`")
}

#[cold]
fn no_missing() -> Error {
    unsupported("place for `None` here", "only the fields of a struct can be missing")
}

/// Writes one value to its place.
struct PythonSerializer<'a> {
    place: Place<'a>,
    /// How deep the value is in the whole.
    depth: Depth,
    /// How many `Some` are directly around it.
    somes: usize,
    /// `None` is nothing at all.
    can_be_missing: bool,
    /// The newtype struct that it is in, which is a class where it is a map.
    newtype: Option<&'static str>,
    /// It is the content of a wrapper, which answers with unit when it has written itself.
    is_content: bool,
    /// It is to be no link to another object.
    apart: bool,
}

impl<'a> PythonSerializer<'a> {
    fn new(place: Place<'a>, depth: Depth) -> Self {
        Self { place, depth, somes: 0, can_be_missing: false, newtype: None, is_content: false, apart: false }
    }

    /// Has a wrapper write itself.
    fn wrapper<T: ?Sized + Serialize>(self, value: &T) -> Result<()> {
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

    /// Writes a list of numbers, or of arrays of numbers, from where they are.
    fn slice(self, slice: Slice<'_>) -> Result<()> {
        self.depth.in_sequence()?;
        let dims = std::iter::once(slice.len as u64).chain(slice.width.map(|width| width as u64)).collect();
        self.place.of_elements().write(Dtype::Number(slice.number), Shape::Simple(dims), slice.bytes, None)
    }
}

/// Writes a string as the package does: of fixed length, where trailing NULs are padding.
fn write_str(value: &str, place: &Place<'_>) -> Result<()> {
    if value.ends_with('\0') {
        return Err(unsupported("strings that end with NUL", "write the text without"));
    }
    if u32::try_from(value.len()).is_err() {
        return Err(unsupported("strings of 4 GiB", "write them as bytes"));
    }
    let bytes = if value.is_empty() { "\0" } else { value }.as_bytes();
    place.write(Dtype::string(bytes.len()), Shape::Scalar, bytes, None)
}

/// Python's integers have a sign, and so have the package's scalars.
macro_rules! unsigned {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, value: $type) -> Result<()> {
            self.serialize_i64(i64::from(value))
        })*
    };
}

impl<'a> ser::Serializer for PythonSerializer<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = ListSerializer<'a>;
    type SerializeTuple = ListSerializer<'a>;
    type SerializeTupleStruct = ListSerializer<'a>;
    type SerializeTupleVariant = ListSerializer<'a>;
    type SerializeMap = DictionarySerializer<'a>;
    type SerializeStruct = ClassSerializer;
    type SerializeStructVariant = ClassSerializer;

    scalars!(serialize_bool: bool = Bool, serialize_i8: i8 = I8, serialize_i16: i16 = I16, serialize_i32: i32 = I32);
    scalars!(serialize_i64: i64 = I64, serialize_f32: f32 = F32, serialize_f64: f64 = F64);
    unsigned!(serialize_u8: u8, serialize_u16: u16, serialize_u32: u32);

    /// Integers that do not fit the package has as unsigned ones, too.
    fn serialize_u64(self, value: u64) -> Result<()> {
        match i64::try_from(value) {
            Ok(value) => self.serialize_i64(value),
            Err(_) => self.scalar(Number::U64, element_bytes(&[value])),
        }
    }

    fn serialize_i128(self, _: i128) -> Result<()> {
        Err(no_wide())
    }

    fn serialize_u128(self, _: u128) -> Result<()> {
        Err(no_wide())
    }

    fn serialize_char(self, value: char) -> Result<()> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<()> {
        write_str(value, &self.place)
    }

    /// An array, from which the package unpickles, too, where it wants an object.
    fn serialize_bytes(self, value: &[u8]) -> Result<()> {
        let shape = Shape::Simple(vec![value.len() as u64]);
        self.place.write(Dtype::Number(Number::U8), shape, value, None)
    }

    fn serialize_none(self) -> Result<()> {
        if self.can_be_missing { Ok(()) } else { Err(no_missing()) }
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<()> {
        let depth = self.depth.in_sequence()?;
        value.serialize(Self { depth, somes: self.somes + 1, can_be_missing: false, ..self })
    }

    fn serialize_unit(self) -> Result<()> {
        if self.is_content && is_taken::<Destination>() { Ok(()) } else { Err(no_unit()) }
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<()> {
        ser::SerializeStruct::end(self.serialize_struct(name, 0)?)
    }

    fn serialize_unit_variant(self, _: &'static str, index: u32, variant: &'static str) -> Result<()> {
        write_str(variant, &self.place)?;
        Union::new(&self.place, index, variant).end()
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, name: &'static str, value: &T) -> Result<()> {
        refuse_half::<T>(name)?;
        if is_wrapper(name) { self.wrapper(value) } else { value.serialize(Self { newtype: Some(name), ..self }) }
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        let union = Union::new(&self.place, index, variant);
        let depth = self.depth.in_record()?;
        put(value, self.place, depth, 0, true).map_err(|error| error.in_field(variant))?;
        union.end()
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<ListSerializer<'a>> {
        let depth = self.depth.in_sequence()?;
        Ok(ListSerializer::of_sequence(self.place, depth, len))
    }

    fn collect_seq<I>(self, values: I) -> Result<()>
    where
        I: IntoIterator<Item: Serialize>,
    {
        if let Some(slice) = Slice::of(&values)
            && slice.len > 0
        {
            return self.slice(slice);
        }
        let mut values = values.into_iter();
        let mut list = self.serialize_seq(exact_len(&values))?;
        values.try_for_each(|value| ser::SerializeSeq::serialize_element(&mut list, &value))?;
        ser::SerializeSeq::end(list)
    }

    fn serialize_tuple(self, len: usize) -> Result<ListSerializer<'a>> {
        let depth = self.depth.in_record()?;
        Ok(ListSerializer::of_tuple(self.place, depth, len, None))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<ListSerializer<'a>> {
        self.serialize_tuple(len)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<ListSerializer<'a>> {
        let depth = self.depth.in_record()?;
        let union = Union::new(&self.place, index, variant);
        Ok(ListSerializer::of_tuple(self.place, depth, len, Some(union)))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<DictionarySerializer<'a>> {
        let depth = self.depth.in_record()?;
        Ok(DictionarySerializer::new(self.place, depth, self.newtype))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<ClassSerializer> {
        let depth = self.depth.in_record()?;
        ClassSerializer::new(&self.place, depth, Class::of(&self.place, name), None)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        index: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<ClassSerializer> {
        let depth = self.depth.in_record()?;
        let union = Union::new(&self.place, index, variant);
        ClassSerializer::new(&self.place, depth, Class::of(&self.place, variant), Some(union))
    }
}
