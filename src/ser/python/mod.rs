//! The layout of the Python package FileBacked 2.1, which `WriteOptions::python` asks for: a strategy of its own, beside
//! [`node`](super::node).
//!
//! There is an object for each value. A struct is an object of a class, which [`class`] writes, a map a dictionary
//! ([`dictionary`]), a sequence or tuple a list ([`list`]); scalars are here. The package reads each as what the annotation
//! of an attribute says, so one form has to do for all annotations that can be meant. What it has no form for is an error.

mod class;
mod dictionary;
mod list;
mod value_kind;

use self::class::{Class, ClassSerializer, Union};
use self::dictionary::DictionarySerializer;
use self::list::ListSerializer;
use super::any_value::{AnyElements, AnyValue, Contiguous};
use super::destination::Destination;
use super::event::{Compound, CompoundSink, Event, NumberOrBool, SinkOnce};
use super::place::Place;
use super::serializer::ValueSerializer;
use crate::ground::depth::Depth;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::half::refuse_half;
use crate::ground::wrapper_slot::{Offer, is_taken, is_wrapper};
use crate::h5::{Dtype, Number, Shape, Slice};

/// Writes `value` to its place. With `unshared`, it is no link to another, so that what it becomes can be given attributes.
pub(super) fn put(
    value: &dyn AnyValue,
    place: Place<'_>,
    depth: Depth,
    option_depth: usize,
    unshared: bool,
) -> Result<()> {
    let python = PythonSerializer { option_depth, unshared, ..PythonSerializer::new(place, depth) };
    depth.with_stack(|| python.take(value))
}

/// Writes the value of an attribute of a class to its place, or nothing, where that is missing.
fn put_attribute(value: &dyn AnyValue, place: Place<'_>, depth: Depth) -> Result<()> {
    let python = PythonSerializer { can_be_missing: true, ..PythonSerializer::new(place, depth) };
    depth.with_stack(|| python.take(value))
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
    option_depth: usize,
    /// `None` is nothing at all.
    can_be_missing: bool,
    /// The newtype struct that it is in, which is a class where it is a map.
    newtype: Option<&'static str>,
    /// It is the content of a wrapper, which answers with unit when it has written itself.
    is_content: bool,
    /// It is to be no link to another object.
    unshared: bool,
}

impl<'a> PythonSerializer<'a> {
    fn new(place: Place<'a>, depth: Depth) -> Self {
        Self { place, depth, option_depth: 0, can_be_missing: false, newtype: None, is_content: false, unshared: false }
    }

    /// Has `value` written.
    fn take(self, value: &dyn AnyValue) -> Result<()> {
        value.write(ValueSerializer::telling(&mut Some(self)))
    }

    /// Has a wrapper write itself.
    fn wrapper(self, value: &dyn AnyValue) -> Result<()> {
        let destination = Destination {
            place: self.place.to_owned(),
            depth: self.depth,
            option_depth: self.option_depth,
            unshared: self.unshared,
        };
        match Offer::new(destination) {
            Ok(offer) => offer.finish(Self { is_content: true, ..self }.take(value)),
            Err(_) => self.take(value),
        }
    }

    /// Python's integers have a sign, and so have the package's scalars. Those that do not fit it has as unsigned ones, too.
    fn scalar(self, scalar: NumberOrBool) -> Result<()> {
        let signed = match scalar {
            NumberOrBool::U8(_) | NumberOrBool::U16(_) | NumberOrBool::U32(_) | NumberOrBool::U64(_) => {
                scalar.integer().and_then(|integer| i64::try_from(integer).ok())
            }
            _ => None,
        };
        signed
            .map_or(scalar, NumberOrBool::I64)
            .with_bytes(|number, bytes| self.place.write(Dtype::Number(number), Shape::Scalar, bytes, None))
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

impl<'a, 'p: 'a> SinkOnce<'a> for PythonSerializer<'p> {
    fn event(self, event: Event<'_>) -> Result<()> {
        match event {
            Event::Number(scalar) => self.scalar(scalar),
            Event::I128(_) | Event::U128(_) => Err(no_wide()),
            Event::Char(value) => write_str(value.encode_utf8(&mut [0; 4]), &self.place),
            Event::Text(value) => write_str(value, &self.place),
            // An array, from which the package unpickles, too, where it wants an object.
            Event::Bytes(value) => {
                let shape = Shape::Simple(vec![value.len() as u64]);
                self.place.write(Dtype::Number(Number::U8), shape, value, None)
            }
            Event::None if self.can_be_missing => Ok(()),
            Event::None => Err(no_missing()),
            Event::Some(value) => {
                let depth = self.depth.in_sequence()?;
                Self { depth, option_depth: self.option_depth + 1, can_be_missing: false, ..self }.take(value)
            }
            Event::Unit if self.is_content && is_taken::<Destination>() => Ok(()),
            Event::Unit => Err(no_unit()),
            Event::UnitStruct(name) => self.begin(Compound::Struct(name, 0))?.end(),
            Event::NewtypeStruct(name, value) => {
                refuse_half(name, value.type_of())?;
                if is_wrapper(name) { self.wrapper(value) } else { Self { newtype: Some(name), ..self }.take(value) }
            }
            Event::UnitVariant(index, variant) => {
                write_str(variant, &self.place)?;
                Union::new(&self.place, index, variant).end()
            }
            Event::NewtypeVariant(index, variant, value) => {
                let union = Union::new(&self.place, index, variant);
                let depth = self.depth.in_record()?;
                put(value, self.place, depth, 0, true).map_err(|error| error.in_field(variant))?;
                union.end()
            }
        }
    }

    fn begin(self, compound: Compound) -> Result<Box<dyn CompoundSink + 'a>> {
        let Self { place, depth, newtype, .. } = self;
        let depth = if let Compound::Seq(_) = compound { depth.in_sequence()? } else { depth.in_record()? };
        Ok(match compound {
            Compound::Seq(len) => Box::new(ListSerializer::of_sequence(place, depth, len)),
            Compound::Tuple(len) => Box::new(ListSerializer::of_tuple(place, depth, len, None)),
            Compound::TupleVariant(index, variant, len) => {
                let union = Union::new(&place, index, variant);
                Box::new(ListSerializer::of_tuple(place, depth, len, Some(union)))
            }
            Compound::Map(_) => Box::new(DictionarySerializer::new(place, depth, newtype)),
            Compound::Struct(name, _) => Box::new(ClassSerializer::new(&place, depth, Class::of(&place, name), None)?),
            Compound::StructVariant(index, variant) => {
                let union = Union::new(&place, index, variant);
                Box::new(ClassSerializer::new(&place, depth, Class::of(&place, variant), Some(union))?)
            }
        })
    }

    fn collect(self, items: &mut dyn AnyElements) -> Result<()> {
        if let Some(Contiguous::Numbers(slice)) = items.contiguous()
            && slice.len > 0
        {
            return self.slice(slice);
        }
        let mut list = ListSerializer::of_sequence(self.place, self.depth.in_sequence()?, items.exact_len());
        while let Some(item) = items.next() {
            list.next(item)?;
        }
        list.finish()
    }
}
