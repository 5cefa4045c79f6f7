//! Sequences, tuples, maps and structs at their place.

use std::collections::HashSet;
use std::sync::Arc;

use super::any_value::{AnyElements, AnyValue};
use super::array_form::{complex_part, write_complex};
use super::column::Column;
use super::column_layout;
use super::element::ElementSerializer;
use super::event::CompoundSink;
use super::key::{self, KeyClass};
use super::node::{numbers, put};
use super::place::{ElementContext, Place, PlaceKind, check_free};
use super::select;
use super::serializer::ValueSerializer;
use super::stream::SequenceWriter;
use crate::ground::depth::Depth;
use crate::ground::error::{Error, ErrorKind, Result, RetryAs};
use crate::ground::link_name::{ATTRIBUTE_PREFIX, escape};
use crate::h5::{Group, Number, Object, Shape};
use crate::layout::path_rules::RulePosition;
use crate::layout::{KEYS, KIND, Kind, MAX_RANK, VALUES, is_linkable};

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

/// A map: a group with a child per key, or, where keys are no link names, keys and values.
pub(super) struct NodeMap<'a> {
    place: Place<'a>,
    depth: Depth,
    state: MapState,
}

enum MapState {
    /// No key has come yet.
    Start,
    Group {
        group: Group,
        target: Option<Group>,
        class: KeyClass,
        used: HashSet<String>,
        /// The key whose value is to come.
        key: Option<String>,
    },
    Pairs {
        keys: Column,
        values: Column,
        /// The key whose value is to come, where that may be left out; and as the options know it.
        key: Option<(Column, Option<String>)>,
    },
}

/// No keys and values yet.
fn no_pairs() -> MapState {
    MapState::Pairs { keys: Column::new(), values: Column::new(), key: None }
}

impl<'a> NodeMap<'a> {
    pub(super) fn new(place: Place<'a>, depth: Depth, pairs: bool) -> Result<Self> {
        let state = if pairs { no_pairs() } else { MapState::Start };
        Ok(Self { place, depth, state })
    }
}

impl CompoundSink for NodeMap<'_> {
    fn key(&mut self, key: &dyn AnyValue) -> Result<()> {
        if let MapState::Start = self.state {
            self.state = match key::link(key)? {
                Some((class, key)) if is_linkable(&key) => MapState::Group {
                    group: self.place.group(None)?,
                    target: self.place.target(),
                    class,
                    used: HashSet::from([key.clone()]),
                    key: Some(key),
                },
                _ => no_pairs(),
            };
            if let MapState::Group { .. } = self.state {
                return Ok(());
            }
        }
        match &mut self.state {
            MapState::Start => Ok(()),
            MapState::Group { class, used, key: pending, .. } => match key::link(key)? {
                Some((other, key)) if other == *class && is_linkable(&key) && used.insert(key.clone()) => {
                    *pending = Some(key);
                    Ok(())
                }
                _ => Err(Error::retry_as(
                    RetryAs::Map,
                    ErrorKind::BadKey,
                    "the keys are of different types, or not distinct: write the map through `to_group`, `write`, \
                     `to_file` or `to_vec`",
                )),
            },
            MapState::Pairs { keys, key: pending, .. } => {
                if self.place.rules.is_uniform() {
                    let element = ElementSerializer::new(keys, self.depth, self.place.context());
                    return key.write(ValueSerializer::element(element));
                }
                let (name, mut column) = (key::link(key)?.map(|(_, name)| name), Column::new());
                let element = ElementSerializer::new(&mut column, self.depth, ElementContext::nowhere());
                key.write(ValueSerializer::element(element))?;
                *pending = Some((column, name));
                Ok(())
            }
        }
    }

    fn value(&mut self, value: &dyn AnyValue) -> Result<()> {
        match &mut self.state {
            MapState::Group { group, target, key, .. } => {
                let key = key.take().ok_or_else(no_key)?;
                let (name, rules) = (escape(&key), self.place.rules.field(&key));
                if select::is_left_out(rules, value) {
                    return Ok(());
                }
                check_free(target.as_ref(), &name)
                    .and_then(|()| put(value, Place::child(group, &name, rules), self.depth, 0))
                    .map_err(|error| error.in_field(&key).in_link(&name))
            }
            MapState::Pairs { keys, values, key } => {
                let (index, mut context) = (values.len(), self.place.context());
                if let Some((key, name)) = key.take() {
                    context = name.map_or(context.element(), |name| context.field(&name));
                    if select::is_left_out(context.rules, value) {
                        return Ok(());
                    }
                    keys.push_from(&key, 0)?;
                }
                let element = ElementSerializer::new(values, self.depth, context);
                element.push_item(value).map_err(|error| error.in_element(index))
            }
            MapState::Start => Err(no_key()),
        }
    }

    fn end(self: Box<Self>) -> Result<()> {
        match self.state {
            MapState::Start => self.place.group(None).map(drop),
            MapState::Group { .. } => Ok(()),
            MapState::Pairs { keys, values, .. } => {
                let group = self.place.group(Some(Kind::Map))?;
                let place = self.place.of_elements();
                column_layout::write(keys, &place.part(&group, KEYS))?;
                column_layout::write(values, &place.part(&group, VALUES))
            }
        }
    }
}

#[cold]
fn no_key() -> Error {
    Error::new(ErrorKind::Custom, "a map gave a value without a key")
}
