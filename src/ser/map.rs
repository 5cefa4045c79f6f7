//! Maps at their place: a group with a child per key, or keys and values.

use std::any::TypeId;
use std::collections::HashSet;

use super::any_value::{AnyElements, AnyValue, Contiguous};
use super::column::{Column, ListColumn};
use super::column_layout;
use super::element::ElementSerializer;
use super::event::{Compound, CompoundSink, Event, NumberOrBool, Sink};
use super::key::{self, KeyClass};
use super::node::put;
use super::numbers::Push;
use super::place::{ElementContext, Place, check_free};
use super::select;
use super::serializer::ValueSerializer;
use crate::ground::depth::Depth;
use crate::ground::error::{Error, ErrorKind, Result, RetryAs};
use crate::ground::link_name::escape;
use crate::h5::Group;
use crate::layout::dataset_options::Maps;
use crate::layout::{KEYS, Kind, VALUES, is_linkable};

/// How a map is to be stored. What a form does not suit, one of those behind it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum MapForm {
    /// As the options say.
    Asked,
    /// As keys and values, if these are of one type.
    Columns,
    /// As a group, if the keys are link names.
    Group,
    /// As keys and values, whatever they are.
    Pairs,
}

impl MapForm {
    /// The form to write a map in that could not be written in this one.
    pub(super) fn instead(self, error: &Error) -> Option<Self> {
        let next = if error.wants(RetryAs::Map) {
            Self::Pairs
        } else if error.wants(RetryAs::Group) {
            Self::Group
        } else {
            return None;
        };
        (next > self).then_some(next)
    }
}

/// A map.
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
        likeness: Likeness,
    },
}

/// What keys and values have to be, so that they stay keys and values.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Likeness {
    /// Whatever they are.
    Any,
    /// Of one type. No key has come yet.
    First,
    /// The first key has come, and looks like the tag of an enum: if its value does, too, it is one.
    Tag,
    OneType,
}

/// No keys and values yet.
fn no_pairs(likeness: Likeness) -> MapState {
    MapState::Pairs { keys: Column::new(), values: Column::new(), key: None, likeness }
}

impl<'a> NodeMap<'a> {
    /// A map that says its length, or none.
    pub(super) fn new(place: Place<'a>, depth: Depth, form: MapForm, len: Option<usize>) -> Result<Self> {
        // A struct with `flatten` is a map to serde, which says no length.
        let is_asked = len.is_some() && place.rules.dataset_options().maps == Some(Maps::Columns);
        let state = match form {
            MapForm::Pairs => no_pairs(Likeness::Any),
            MapForm::Columns => no_pairs(Likeness::First),
            MapForm::Asked if is_asked => no_pairs(Likeness::First),
            MapForm::Asked | MapForm::Group => MapState::Start,
        };
        Ok(Self { place, depth, state })
    }

    /// Looks at the first key of a map that may be keys and values.
    fn first_key(&mut self, first: &dyn AnyValue) -> Result<()> {
        if let MapState::Pairs { likeness: likeness @ Likeness::First, .. } = &mut self.state {
            *likeness = match key::link(first)? {
                // No group holds it.
                None => Likeness::Any,
                Some(_) if is_str(first) => Likeness::Tag,
                Some(_) => Likeness::OneType,
            };
        }
        Ok(())
    }
}

/// Whether a value is text of which serde was given no more than the text: as its derive gives tags, and their names.
fn is_str(value: &dyn AnyValue) -> bool {
    value.type_of() == TypeId::of::<str>()
}

/// The answer to what does not suit a map of keys and values.
#[cold]
fn unsuited() -> Error {
    let message =
        "the keys or values are not of one type: write the map through `to_group`, `write`, `to_file` or `to_vec`";
    Error::retry_as(RetryAs::Group, ErrorKind::Unsupported, message)
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
                _ => no_pairs(Likeness::Any),
            };
            if let MapState::Group { .. } = self.state {
                return Ok(());
            }
        }
        self.first_key(key)?;
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
            MapState::Pairs { keys, key: pending, likeness, .. } => {
                if self.place.rules.is_uniform() {
                    let element = ElementSerializer::new(keys, self.depth, self.place.context());
                    key.write(ValueSerializer::element(element))?;
                } else {
                    let (name, mut column) = (key::link(key)?.map(|(_, name)| name), Column::new());
                    let element = ElementSerializer::new(&mut column, self.depth, ElementContext::nowhere());
                    key.write(ValueSerializer::element(element))?;
                    *pending = Some((column, name));
                }
                match keys {
                    Column::Mixed(_) | Column::Nullable(_) if *likeness != Likeness::Any => Err(unsuited()),
                    _ => Ok(()),
                }
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
            MapState::Pairs { keys, values, key, likeness } => {
                let mut context = self.place.context();
                if let Some((key, name)) = key.take() {
                    context = name.map_or(context.element(), |name| context.field(&name));
                    if select::is_left_out(context.rules, value) {
                        return Ok(());
                    }
                    keys.push_from(&key, 0)?;
                }
                let pushed = match likeness {
                    Likeness::Any => ElementSerializer::new(values, self.depth, context).push_item(value),
                    Likeness::Tag if is_str(value) => Err(unsuited()),
                    _ => {
                        *likeness = Likeness::OneType;
                        AlikeValues { values, depth: self.depth, context }.push(value)
                    }
                };
                pushed.map_err(|error| match keys {
                    Column::Text(texts) if texts.count() > 0 => {
                        error.in_field(&String::from_utf8_lossy(texts.get(texts.count() - 1)))
                    }
                    keys => error.in_element(keys.len().saturating_sub(1)),
                })
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

/// Values of one type.
struct AlikeValues<'a> {
    values: &'a mut Column,
    depth: Depth,
    context: ElementContext<'a>,
}

impl AlikeValues<'_> {
    /// Adds a value, if it is of the type of those that there are.
    fn push(self, value: &dyn AnyValue) -> Result<()> {
        let Self { values, depth, context } = self;
        if values.len() == 0 || matches!(values, Column::Numbers(_) | Column::Text(_) | Column::List(_)) {
            let mut shortcut = Shortcut { values: &mut *values, depth, pushed: None };
            // It refuses what it does not take.
            let written = value.write(ValueSerializer::telling(&mut shortcut));
            match shortcut.pushed {
                Some(true) => return written,
                Some(false) => return Err(unsuited()),
                None => {}
            }
        }
        let mut one = Column::new();
        ElementSerializer::new(&mut one, depth, context).push_item(value)?;
        if matches!(one, Column::Objects(_) | Column::Mixed(_)) {
            return Err(unsuited());
        }
        if values.len() == 0 {
            *values = one;
        } else if values.same_shape(&one) && !one.lacks_fields() {
            values.add(&one);
        } else if values.takes(&one) {
            values.push_from(&one, 0)?;
        } else {
            return Err(unsuited());
        }
        Ok(())
    }
}

/// Adds numbers, strings and vectors of numbers without a column of their own.
struct Shortcut<'a> {
    values: &'a mut Column,
    depth: Depth,
    /// Whether the value was of the type of the others; `None` where it takes the long way.
    pushed: Option<bool>,
}

impl Shortcut<'_> {
    fn number<T: Push>(&mut self, value: T) {
        let is_alike = match &*self.values {
            Column::Numbers(numbers) => numbers.number() == T::NUMBER,
            values => values.len() == 0,
        };
        if is_alike {
            self.values.push_number(value, true);
        }
        self.pushed = Some(is_alike);
    }

    fn text(&mut self, text: &str) {
        let is_alike = matches!(self.values, Column::Text(_)) || self.values.len() == 0;
        if is_alike {
            self.values.push_str(text);
        }
        self.pushed = Some(is_alike);
    }
}

impl<'a> Sink<'a> for Shortcut<'_> {
    fn event(&mut self, event: Event<'_>) -> Result<()> {
        match event {
            Event::Number(NumberOrBool::Bool(value)) => self.number(value),
            Event::Number(NumberOrBool::I8(value)) => self.number(value),
            Event::Number(NumberOrBool::I16(value)) => self.number(value),
            Event::Number(NumberOrBool::I32(value)) => self.number(value),
            Event::Number(NumberOrBool::I64(value)) => self.number(value),
            Event::Number(NumberOrBool::U8(value)) => self.number(value),
            Event::Number(NumberOrBool::U16(value)) => self.number(value),
            Event::Number(NumberOrBool::U32(value)) => self.number(value),
            Event::Number(NumberOrBool::U64(value)) => self.number(value),
            Event::Number(NumberOrBool::F32(value)) => self.number(value),
            Event::Number(NumberOrBool::F64(value)) => self.number(value),
            Event::Text(text) => self.text(text),
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, _: Compound) -> Result<Box<dyn CompoundSink + 'a>> {
        Err(unsuited())
    }

    fn collect(&mut self, items: &mut dyn AnyElements) -> Result<()> {
        let Some(Contiguous::Numbers(slice)) = items.contiguous() else { return Ok(()) };
        // The first takes the long way, which finds the form.
        if let Column::List(list) = &mut *self.values
            && ListColumn::extend_from_slice(list, slice)
        {
            self.depth.in_sequence()?;
            self.pushed = Some(true);
        }
        Ok(())
    }
}
