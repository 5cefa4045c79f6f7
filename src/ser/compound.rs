//! Sequences, tuples and structs at their place.

use std::sync::Arc;

use super::any_value::{AnyElements, AnyValue};
use super::array_form::{complex_part, write_complex};
use super::column::Column;
use super::column_layout;
use super::event::CompoundSink;
use super::node::{numbers, put};
use super::place::{Place, PlaceKind, check_free};
use super::select;
use super::stream::SequenceWriter;
use crate::ground::depth::Depth;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::link_name::ATTRIBUTE_PREFIX;
use crate::h5::{Group, Number, Object, Shape};
use crate::layout::path_rules::RulePosition;
use crate::layout::{KIND, Kind, MAX_RANK};

/// A sequence: a column, written as its elements become known.
pub(super) struct NodeSeq<'a> {
    sequence: SequenceWriter<'a>,
}

impl<'a> NodeSeq<'a> {
    pub(super) fn new(place: Place<'a>, depth: Depth, len: Option<usize>) -> Self {
        Self { sequence: SequenceWriter::new(place, depth, len) }
    }

    /// Writes all of `items`.
    pub(super) fn collect(self, items: &mut dyn AnyElements) -> Result<()> {
        self.sequence.collect(items)
    }
}

impl CompoundSink for NodeSeq<'_> {
    fn element(&mut self, value: &dyn AnyValue) -> Result<()> {
        self.sequence.push(value)
    }

    fn end(self: Box<Self>) -> Result<()> {
        self.sequence.end()
    }
}

/// A tuple: a dataset of numbers, until an element does not fit; then a group with a child per element.
pub(super) struct NodeTuple<'a> {
    place: Place<'a>,
    depth: Depth,
    /// Elements so far.
    count: usize,
    len: usize,
    state: TupleState,
    variant: Option<&'static str>,
}

enum TupleState {
    /// One column with one element each; and the type of their parts, if they are complex numbers.
    Numbers(Vec<Column>, Option<Number>),
    Group(Group),
}

impl<'a> NodeTuple<'a> {
    pub(super) fn new(place: Place<'a>, depth: Depth, len: usize, variant: Option<&'static str>) -> Self {
        Self { place, depth, count: 0, len, state: TupleState::Numbers(Vec::new(), None), variant }
    }

    fn next(&mut self, value: &dyn AnyValue) -> Result<()> {
        let index = self.count;
        self.count += 1;
        self.push(index, value).map_err(|error| {
            let error = error.in_element(index);
            self.variant.iter().fold(error, |error, variant| error.in_field(variant).in_link(variant))
        })
    }

    fn push(&mut self, index: usize, value: &dyn AnyValue) -> Result<()> {
        if let TupleState::Numbers(pending, part) = &mut self.state {
            let own_part = complex_part(value.type_of());
            if pending.is_empty() {
                *part = own_part;
            }
            match numbers(value, self.depth) {
                Some(column)
                    if column_layout::element_dims(&column).len() < MAX_RANK
                        && *part == own_part
                        && pending.first().is_none_or(|first| same_form(first, &column)) =>
                {
                    pending.push(column);
                    return Ok(());
                }
                _ => {
                    let group = self.place.group(Some(Kind::Tuple))?;
                    for (index, column) in std::mem::take(pending).into_iter().enumerate() {
                        let rules = self.place.rules.position(index);
                        let name = index.to_string();
                        let place = Place::child(&group, &name, rules);
                        match *part {
                            Some(part) => write_complex([&column], part, Shape::Scalar, &place)?,
                            None => column_layout::write_single(column, &place)?,
                        }
                    }
                    self.state = TupleState::Group(group);
                }
            }
        }
        let TupleState::Group(group) = &self.state else { return Ok(()) };
        let name = index.to_string();
        let place = Place::child(group, &name, self.place.rules.position(index));
        put(value, place, self.depth, 0).map_err(|error| error.in_link(&name))
    }

    fn finish(self) -> Result<()> {
        if self.count != self.len {
            let message = format!("a tuple that said it has {} elements has {}", self.len, self.count);
            return Err(Error::new(ErrorKind::WrongLength, message));
        }
        match self.state {
            TupleState::Numbers(pending, Some(part)) => {
                let shape = Shape::Simple(vec![pending.len() as u64]);
                write_complex(&pending, part, shape, &self.place)
            }
            TupleState::Numbers(pending, None) => column_layout::write_joined(pending, &self.place),
            TupleState::Group(_) => Ok(()),
        }
    }
}

/// Whether two columns of one element each hold the same type of number in the same dimensions.
pub(super) fn same_form(one: &Column, other: &Column) -> bool {
    match (one, other) {
        (Column::Numbers(one), Column::Numbers(other)) => one.number() == other.number(),
        (Column::Array(one), Column::Array(other)) => {
            one.width == other.width
                && match (&one.inner, &other.inner) {
                    (Column::Unknown(_), Column::Unknown(_)) => true,
                    (one, other) => same_form(one, other),
                }
        }
        _ => false,
    }
}

impl CompoundSink for NodeTuple<'_> {
    fn element(&mut self, value: &dyn AnyValue) -> Result<()> {
        self.next(value)
    }

    fn end(self: Box<Self>) -> Result<()> {
        self.finish()
    }
}

/// A struct or struct variant: a group with a child per field.
pub(super) struct NodeStruct {
    group: Group,
    /// The group that all will be moved to.
    target: Option<Group>,
    depth: Depth,
    variant: Option<&'static str>,
    rules: RulePosition,
}

impl NodeStruct {
    pub(super) fn new(place: &Place<'_>, depth: Depth, variant: Option<&'static str>) -> Result<Self> {
        let rules = place.rules.clone();
        rules.note_struct();
        Ok(Self { group: place.group(None)?, target: place.target(), depth, variant, rules })
    }
}

impl NodeStruct {
    /// The group that the fields go to.
    #[cfg(feature = "sprs")]
    pub(super) fn group(&self) -> &Group {
        &self.group
    }
}

impl CompoundSink for NodeStruct {
    fn field(&mut self, name: &'static str, value: &dyn AnyValue) -> Result<()> {
        let rules = self.rules.field(name);
        if select::is_left_out(rules, value) {
            return Ok(());
        }
        let place = match name.strip_prefix(ATTRIBUTE_PREFIX) {
            // One that would say of what kind the group is stays a child.
            Some(attribute) if !attribute.is_empty() && attribute != KIND => {
                Place::attribute(Arc::new(Object::Group(self.group.clone())), attribute, rules)
            }
            _ => Place::named(&self.group, name, rules),
        };
        let result = match &place.at {
            PlaceKind::Child(_, link) => check_free(self.target.as_ref(), link),
            _ => Ok(()),
        };
        result.and_then(|()| put(value, place, self.depth, 0)).map_err(|error| {
            let error = error.in_field(name).in_link(name);
            self.variant.iter().fold(error, |error, variant| error.in_field(variant).in_link(variant))
        })
    }

    fn skip_field(&mut self, name: &'static str) -> Result<()> {
        self.rules.field(name);
        Ok(())
    }

    fn end(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
