//! The serializer for one value at its place: scalars, and the beginnings of everything else.

use super::any_value::{AnyElements, AnyValue, Contiguous};
use super::array_form::{NodeArray, complex_part, write_complex};
use super::column::Column;
use super::column_layout::write_halves;
use super::compound::{NodeSeq, NodeStruct, NodeTuple};
use super::destination::Destination;
use super::element::ElementSerializer;
use super::event::{Compound, CompoundSink, Event, SinkOnce};
use super::map::{MapForm, NodeMap};
#[cfg(feature = "nalgebra")]
use super::matrix_form::write_matrix;
use super::place::{ElementContext, Place};
use super::python;
use super::serializer::ValueSerializer;
#[cfg(feature = "sprs")]
use super::sparse_form::NodeSparse;
use super::strings;
use crate::ground::depth::Depth;
use crate::ground::error::{Result, RetryAs};
use crate::ground::half::refuse_half;
use crate::ground::link_name::escape;
use crate::ground::time::is_time;
use crate::ground::wrapper_slot::{Offer, is_taken, is_wrapper};
use crate::h5::{Dtype, Number, Shape, Slice};
use crate::layout::{Kind, VALUE};

/// Writes `value` to its place. Where an encoding turns out not to hold it, it is written again in the one that does.
pub(super) fn put(value: &dyn AnyValue, place: Place<'_>, depth: Depth, option_depth: usize) -> Result<()> {
    put_node(value, NodeSerializer::new(place, depth, option_depth))
}

/// As [`put`], but the value is no link to another, so that what it becomes can be given attributes.
pub(super) fn put_unshared(value: &dyn AnyValue, place: Place<'_>, depth: Depth, option_depth: usize) -> Result<()> {
    put_node(value, NodeSerializer { unshared: true, ..NodeSerializer::new(place, depth, option_depth) })
}

fn put_node(value: &dyn AnyValue, node: NodeSerializer<'_>) -> Result<()> {
    if node.place.is_python() {
        return python::put(value, node.place, node.depth, node.option_depth, node.unshared);
    }
    let NodeSerializer { depth, option_depth, unshared, mut maps, .. } = node;
    let place = node.place.clone();
    let mut result = depth.with_stack(|| node.take(value));
    // A group may not suit a map that columns did not suit; keys and values suit any.
    while let Err(error) = &result
        && let Some(next) = maps.instead(error)
    {
        place.clear()?;
        maps = next;
        let node = NodeSerializer { maps, unshared, ..NodeSerializer::new(place.clone(), depth, option_depth) };
        result = depth.with_stack(|| node.take(value));
    }
    result
}

/// Writes a map as keys and values, whatever the options say of maps; returns whether these are of one type. Where they are not,
/// nothing is written.
pub(super) fn put_columns(value: &dyn AnyValue, place: Place<'_>, depth: Depth, option_depth: usize) -> Result<bool> {
    let node = NodeSerializer { maps: MapForm::Columns, ..NodeSerializer::new(place.clone(), depth, option_depth) };
    match depth.with_stack(|| node.take(value)) {
        Err(error) if error.wants(RetryAs::Group) => place.clear().map(|()| false),
        result => result.map(|()| true),
    }
}

/// Writes one value to its place.
pub(super) struct NodeSerializer<'a> {
    pub(super) place: Place<'a>,
    /// How deep the value is in the whole.
    pub(super) depth: Depth,
    /// How many `Some` are directly around it.
    pub(super) option_depth: usize,
    /// How a map is to be written.
    maps: MapForm,
    /// It is the content of a wrapper, which answers with unit when it has written itself.
    is_content: bool,
    /// It is to be no link to another object.
    unshared: bool,
}

impl<'a> NodeSerializer<'a> {
    pub(super) fn new(place: Place<'a>, depth: Depth, option_depth: usize) -> Self {
        Self { place, depth, option_depth, maps: MapForm::Asked, is_content: false, unshared: false }
    }

    /// Has `value` written.
    fn take(self, value: &dyn AnyValue) -> Result<()> {
        // To serde, a complex number is a pair.
        if let Some(part) = complex_part(value.type_of())
            && let Some(pair) = numbers(value, self.depth)
        {
            self.place.rules.note_leaf();
            return write_complex([&pair], part, Shape::Scalar, &self.place);
        }
        #[cfg(feature = "nalgebra")]
        if write_matrix(value, &self.place, self.depth)? {
            return Ok(());
        }
        value.write(ValueSerializer::telling(&mut Some(self)))
    }

    /// Has a wrapper write itself.
    pub(super) fn wrapper(self, value: &dyn AnyValue) -> Result<()> {
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

    fn unit(self) -> Result<()> {
        if self.is_content && is_taken::<Destination>() {
            return Ok(());
        }
        self.null(Some(Kind::Unit))
    }

    /// Writes an integer of 128 bits.
    fn wide(self, value: u128, kind: Kind) -> Result<()> {
        write_halves(std::iter::once(((value >> 64) as u64, value as u64)), Shape::Scalar, kind, &self.place)
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
        for _ in 0..self.option_depth {
            let group = place.group(Some(Kind::Some))?;
            place = Place::owned(group, VALUE.into(), &place.rules);
        }
        place.write(Dtype::Number(Number::F64), Shape::Null, &[], kind)
    }

    /// The place of a variant's payload: the one child of a group.
    fn variant(&self, name: &'static str) -> Result<(Place<'static>, Depth)> {
        let depth = self.depth.in_record()?;
        self.place.rules.note_variant();
        let group = self.place.group(None)?;
        Ok((Place::owned(group, escape(name), self.place.rules.field(name)), depth))
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

impl<'a, 'p: 'a> SinkOnce<'a> for NodeSerializer<'p> {
    fn event(mut self, event: Event<'_>) -> Result<()> {
        match event {
            Event::Number(scalar) => {
                scalar.with_bytes(|number, bytes| self.place.write(Dtype::Number(number), Shape::Scalar, bytes, None))
            }
            Event::I128(value) => self.wide(value as u128, Kind::I128),
            Event::U128(value) => self.wide(value, Kind::U128),
            Event::Char(value) => write_str(value.encode_utf8(&mut [0; 4]), &self.place),
            Event::Text(value) => write_str(value, &self.place),
            Event::Bytes(value) => {
                let shape = Shape::Simple(vec![value.len() as u64]);
                self.place.write(Dtype::Number(Number::U8), shape, value, Some(Kind::Bytes))
            }
            Event::None => self.null(None),
            Event::Some(value) => {
                self.depth = self.depth.in_sequence()?;
                self.option_depth += 1;
                self.take(value)
            }
            Event::Unit | Event::UnitStruct(_) => self.unit(),
            Event::NewtypeStruct(name, value) if is_time(name) => {
                self.place.is_times = true;
                self.take(value)
            }
            Event::NewtypeStruct(name, value) => {
                refuse_half(name, value.type_of())?;
                if is_wrapper(name) { self.wrapper(value) } else { self.take(value) }
            }
            Event::UnitVariant(_, variant) => {
                self.place.rules.note_variant();
                write_str(variant, &self.place)
            }
            Event::NewtypeVariant(_, variant, value) => {
                let (place, depth) = self.variant(variant)?;
                put(value, place, depth, 0).map_err(|error| error.in_field(variant).in_link(variant))
            }
        }
    }

    fn begin(self, compound: Compound) -> Result<Box<dyn CompoundSink + 'a>> {
        let Self { depth, maps, .. } = self;
        Ok(match compound {
            Compound::Seq(len) => Box::new(NodeSeq::new(self.place, depth.in_sequence()?, len)),
            Compound::Tuple(len) => Box::new(NodeTuple::new(self.place, depth.in_record()?, len, None)),
            Compound::TupleVariant(_, variant, len) => {
                let (place, depth) = self.variant(variant)?;
                Box::new(NodeTuple::new(place, depth, len, Some(variant)))
            }
            Compound::Map(len) => Box::new(NodeMap::new(self.place, depth.in_record()?, maps, len)?),
            Compound::Struct(name, len) if NodeArray::may_be(name, len) => {
                Box::new(NodeArray::new(self.place, depth.in_record()?)?)
            }
            #[cfg(feature = "sprs")]
            Compound::Struct(name, len) if NodeSparse::may_be(name, len) => {
                Box::new(NodeSparse::new(NodeStruct::new(&self.place, depth.in_record()?, None)?))
            }
            Compound::Struct(..) => Box::new(NodeStruct::new(&self.place, depth.in_record()?, None)?),
            Compound::StructVariant(_, variant) => {
                let (place, depth) = self.variant(variant)?;
                Box::new(NodeStruct::new(&place, depth, Some(variant))?)
            }
        })
    }

    fn collect(self, items: &mut dyn AnyElements) -> Result<()> {
        match items.contiguous() {
            Some(Contiguous::Numbers(slice)) if slice.len > 0 && !self.place.is_attribute() => {
                return self.slice(slice);
            }
            Some(Contiguous::Strings(strings)) if !strings.is_empty() && !self.place.is_attribute() => {
                self.depth.in_sequence()?;
                return strings::write(strings, &self.place.of_elements());
            }
            _ => {}
        }
        NodeSeq::new(self.place, self.depth.in_sequence()?, items.exact_len()).collect(items)
    }
}

/// A column that holds the one value that a tuple's element is, if it is a number, or a tuple of numbers.
pub(super) fn numbers(value: &dyn AnyValue, depth: Depth) -> Option<Column> {
    let mut column = Column::new();
    let element = ElementSerializer {
        column: &mut column,
        depth,
        context: ElementContext::nowhere(),
        exact: true,
        only_numbers: true,
    };
    value.write(ValueSerializer::element(element)).ok()?;
    matches!(column, Column::Numbers(_) | Column::Array(_)).then_some(column)
}
