//! Sequences and tuples. Numbers are one dataset, anything else is a group with a child per element.
//!
//! That is how the package has lists and tuples, whose elements are of one type by the annotation. It has numbers as an
//! array, and in an array of more dimensions only what is annotated as one: so arrays of fixed length (and tuples) of
//! numbers in a sequence are such an array, as are `NdArray`s, and sequences in a sequence are lists.

use super::class::Union;
use super::value_kind::{self, ValueKind};
use super::{no_missing, no_unit, no_wide, put, unsupported};
use crate::ground::depth::Depth;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::{Dtype, Group, Number, Shape};
use crate::layout::MAX_RANK;
use crate::layout::path_rules::RulePosition;
use crate::ser::any_value::{AnyValue, ErasedRow};
use crate::ser::column::Column;
use crate::ser::compound::same_form;
use crate::ser::event::{CompoundSink, NumberOrBool};
use crate::ser::place::{Place, check_free};
use crate::ser::stream::SequenceWriter;
use crate::ser::{column_layout, key, node};

/// A sequence, tuple, tuple struct or tuple variant.
pub(super) struct ListSerializer<'a> {
    state: ListState<'a>,
    depth: Depth,
    /// Elements so far.
    count: usize,
    /// How many there are, as a tuple says.
    len: Option<usize>,
    union: Option<Union>,
}

/// What the elements are.
enum ListState<'a> {
    /// None has come yet. How many there may be is told to a dataset of numbers.
    Start(Place<'a>, Option<usize>),
    Numbers(SequenceWriter<'a>, ListNumbers),
    /// Arrays of numbers of one form, which is that of the first.
    Arrays(SequenceWriter<'a>, Column),
    Children(ListChildren),
}

/// A group with a child per element.
struct ListChildren {
    group: Group,
    /// The group that all will be moved to.
    target: Option<Group>,
    rules: RulePosition,
    is_tuple: bool,
    /// What the first element is.
    kind: ValueKind,
}

impl<'a> ListSerializer<'a> {
    pub(super) fn of_sequence(place: Place<'a>, depth: Depth, len: Option<usize>) -> Self {
        Self { state: ListState::Start(place, len), depth, count: 0, len: None, union: None }
    }

    pub(super) fn of_tuple(place: Place<'a>, depth: Depth, len: usize, union: Option<Union>) -> Self {
        Self { state: ListState::Start(place, None), depth, count: 0, len: Some(len), union }
    }

    /// Adds an element.
    pub(super) fn next(&mut self, value: &dyn AnyValue) -> Result<()> {
        let index = self.count;
        self.count += 1;
        self.push(index, value).map_err(|error| {
            let error = error.in_element(index);
            self.union.iter().fold(error, |error, union| error.in_field(union.variant))
        })
    }

    fn push(&mut self, index: usize, value: &dyn AnyValue) -> Result<()> {
        let kind = value_kind::of(value);
        match kind {
            ValueKind::Missing => return Err(no_missing()),
            ValueKind::Unit => return Err(no_unit()),
            ValueKind::Wide => return Err(no_wide()),
            ValueKind::Failing => {
                // What fails says so to anyone.
                key::text(value)?;
                return Err(Error::new(ErrorKind::Custom, "an element cannot be serialized"));
            }
            _ => {}
        }
        let array = if let ValueKind::Tuple = kind { self.array(value) } else { None };
        if let ListState::Start(place, len) = &self.state {
            let (place, len) = (place.clone(), *len);
            self.state = match (kind, &array) {
                (ValueKind::Number(value), _) => {
                    ListState::Numbers(SequenceWriter::new(place, self.depth, len), ListNumbers::of(value))
                }
                (_, Some(array)) => ListState::Arrays(SequenceWriter::new(place, self.depth, len), array.clone()),
                _ => ListState::Children(ListChildren {
                    group: place.group(None)?,
                    target: place.target(),
                    is_tuple: self.len.is_some(),
                    rules: place.rules,
                    kind,
                }),
            };
        }
        match (&mut self.state, kind) {
            (ListState::Numbers(sequence, numbers), ValueKind::Number(value)) => {
                numbers.add(value)?;
                sequence.push(&ErasedRow(value))
            }
            (ListState::Arrays(sequence, first), ValueKind::Tuple) => match array {
                Some(array) if same_form(first, &array) => sequence.push(value),
                _ => Err(unsupported(
                    "lists of arrays of different lengths or types",
                    "use `Vec` for the inner ones, which makes them lists",
                )),
            },
            (ListState::Children(children), kind) if children.kind.is_same_kind(kind) => {
                children.put(index, value, self.depth)
            }
            (ListState::Start(..) | ListState::Numbers(..), kind) => Err(unlike("numbers", kind)),
            (ListState::Arrays(..), kind) => Err(unlike("arrays of numbers", kind)),
            (ListState::Children(children), kind) => Err(unlike(children.kind.plural(), kind)),
        }
    }

    /// The array of numbers that a tuple is, if it is one.
    fn array(&self, value: &dyn AnyValue) -> Option<Column> {
        let array = node::numbers(value, self.depth)?;
        (column_layout::element_dims(&array).len() < MAX_RANK).then_some(array)
    }

    pub(super) fn finish(self) -> Result<()> {
        if let Some(len) = self.len
            && len != self.count
        {
            let message = format!("a tuple that said it has {len} elements has {}", self.count);
            return Err(Error::new(ErrorKind::WrongLength, message));
        }
        match self.state {
            // The package finds no elements in it, whatever it looks for.
            ListState::Start(place, _) => place.write(Dtype::Number(Number::F64), Shape::Simple(vec![0]), &[], None)?,
            ListState::Numbers(sequence, _) | ListState::Arrays(sequence, _) => sequence.end()?,
            ListState::Children(_) => {}
        }
        self.union.map_or(Ok(()), Union::end)
    }
}

impl ListChildren {
    fn put(&self, index: usize, value: &dyn AnyValue, depth: Depth) -> Result<()> {
        let name = index.to_string();
        let rules = if self.is_tuple { self.rules.position(index) } else { self.rules.element() };
        check_free(self.target.as_ref(), &name)
            .and_then(|()| put(value, Place::child(&self.group, &name, rules), depth, 0, false))
            .map_err(|error| error.in_link(&name))
    }
}

/// What all numbers of a list are.
struct ListNumbers {
    class: NumberClass,
    has_negative: bool,
    /// There is one that only `u64` holds.
    has_beyond: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum NumberClass {
    Bool,
    Integer,
    Float,
}

impl ListNumbers {
    fn of(first: NumberOrBool) -> Self {
        Self { class: Self::look(first).0, has_negative: false, has_beyond: false }
    }

    /// The class of a number, and whether it is negative, and beyond `i64`.
    fn look(value: NumberOrBool) -> (NumberClass, bool, bool) {
        match (value, value.integer()) {
            (_, Some(integer)) => (NumberClass::Integer, integer < 0, integer > i128::from(i64::MAX)),
            (NumberOrBool::Bool(_), None) => (NumberClass::Bool, false, false),
            (_, None) => (NumberClass::Float, false, false),
        }
    }

    fn add(&mut self, value: NumberOrBool) -> Result<()> {
        let (class, is_negative, is_beyond) = Self::look(value);
        self.has_negative |= is_negative;
        self.has_beyond |= is_beyond;
        if class == self.class && !(self.has_negative && self.has_beyond) {
            return Ok(());
        }
        Err(unsupported("lists of numbers that are not of one type", "make all of them floats, integers, or bools"))
    }
}

#[cold]
fn unlike(first: &str, kind: ValueKind) -> Error {
    let what = format!("lists of both {first} and {}", kind.plural());
    unsupported(&what, "elements are of one type, which can be an enum, as a union")
}

impl CompoundSink for ListSerializer<'_> {
    fn element(&mut self, value: &dyn AnyValue) -> Result<()> {
        self.next(value)
    }

    fn end(self: Box<Self>) -> Result<()> {
        self.finish()
    }
}
