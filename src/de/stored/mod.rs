//! What is stored, read as the type that asks: what is behind nodes, elements and items.

use std::cell::Cell;

use serde::de::Error as _;

use super::access::{
    BlockSeq, ByteSeq, ChildSeq, ColumnSeq, CompoundMap, GridSeq, GroupMap, PairMap, RecordMap, RecordSeq, VariantMap,
    is_list,
};
use super::column::{Column, FieldColumn};
use super::describe;
use super::deserializer::{AskOnce, ValueDeserializer};
use super::dynamic::{is_dynamic, visit_name, visit_tuple, visit_unreadable, visit_variant};
use super::element::{ColumnElement, PartOfItem};
use super::elements::{Elements, Payload, Variant};
use super::foreign;
use super::matlab_vector::MatlabVector;
use super::node::Node;
use super::python::class_tag::visit_entries;
use super::reference::{self, FollowedReference};
use super::row::{CompoundSeq, RowSeq};
use super::visit::{Answer, Question, Visit};
use super::visit_limits::Scope;
use super::visitor_kinds::{FieldOrder, is_json, vector_of};
use super::windowed_dataset::WindowedDataset;
use crate::de::item::{self, Block, Item, Record, Scalar};
use crate::ground::depth::Depth;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::ledger;
use crate::ground::limits::Limits;
use crate::ground::link_name::unescape;
use crate::ground::time::StoredTimes;
use crate::h5::{Dtype, Group, Items, Number};
use crate::layout::path_rules::RulePosition;
use crate::layout::python::is_pickle;
use crate::layout::{VALUE, VALUES};

/// Something stored, and how deep it is in the whole.
pub(super) struct StoredValue<'a> {
    pub(super) form: StoredForm<'a>,
    pub(super) depth: Depth,
}

/// The forms in which something is stored.
pub(super) enum StoredForm<'a> {
    Item(Item<'a>),
    /// An array within an item.
    Block(Block<'a>),
    /// A part of a dataset: all items whose first coordinates are those of the item `start`; `level` are fixed.
    Grid {
        array: &'a mut WindowedDataset,
        level: usize,
        start: u64,
    },
    /// What should be UTF-8.
    Text(&'a [u8]),
    Bytes(&'a [u8]),
    I128(i128),
    U128(u128),
    /// A null dataspace: None, or unit.
    Null {
        unit: bool,
    },
    /// A group that is `Some` of something.
    Some(Node),
    /// An element of `column` that is there.
    Present {
        column: &'a mut Column,
        index: u64,
    },
    /// An element of `column`, which is the child `link`.
    Inside {
        column: &'a mut Column,
        index: u64,
        link: &'a str,
    },
    /// Elements of `column`, which is the child `link` if one is named.
    Sequence {
        column: &'a mut Column,
        start: u64,
        end: u64,
        link: Option<&'a str>,
    },
    /// A struct, map or tuple of a sequence.
    Records {
        fields: &'a mut [FieldColumn],
        index: u64,
        tuples: bool,
    },
    /// Keys and values.
    Map {
        keys: &'a mut Column,
        values: &'a mut Column,
        start: u64,
        end: u64,
        /// Where the values are in the whole.
        rules: &'a RulePosition,
    },
    /// An enum of a sequence.
    Variant {
        name: &'a str,
        number: u32,
        link: &'a str,
        payload: Option<&'a mut Column>,
        index: u64,
    },
    /// A group without a kind: struct, map, enum, or a sequence as others write them.
    Group {
        group: &'a Group,
        scope: &'a Scope,
    },
    /// A group of children "0", "1", ...
    Children {
        group: &'a Group,
        scope: &'a Scope,
        is_tuple: bool,
    },
    /// The child of a list.
    Node(Node),
    /// What a reference leads to.
    Reference(FollowedReference),
    /// Numbers that are a list, or an array of more dimensions.
    Line(MatlabVector<'a>),
    /// The only item of an array: that, or, to who asks for a sequence, the array. With `is_list`, also to who asks for
    /// anything. Whether it was asked for as the array, somebody may want to know.
    Single {
        item: Item<'a>,
        array: MatlabVector<'a>,
        is_list: bool,
        is_taken: Option<&'a Cell<bool>>,
    },
}

impl<'a> StoredForm<'a> {
    /// What is only an item as that, for who does not ask for a sequence.
    #[inline]
    fn settled(self, depth: Depth) -> Result<Self> {
        match self {
            Self::Single { item, .. } => Self::of_item(item, depth)?.settled(depth),
            form => Ok(form),
        }
    }

    /// An item; what it refers to, if it is a reference; and its only element, if it is an array of one.
    #[inline]
    pub(super) fn of_item(item: Item<'a>, depth: Depth) -> Result<Self> {
        match item.dtype {
            Dtype::Reference(home) => reference::follow(home, item, depth),
            Dtype::Array(dims, dtype) if !dims.is_empty() && dims.iter().all(|dim| *dim == 1) => {
                let block = Block::new(dims, dtype, item.bytes, item.items)?;
                Ok(Self::single(block, true).unwrap_or(Self::Item(item)))
            }
            Dtype::WideInteger(integer) => {
                let value = integer.value(item.bytes);
                Ok(if integer.is_signed() { Self::I128(value as i128) } else { Self::U128(value) })
            }
            _ => Ok(Self::Item(item)),
        }
    }

    /// The only item of an array, as that or as the array.
    fn single(array: Block<'a>, is_list: bool) -> Option<Self> {
        let (item, array) = (array.only()?, MatlabVector { items: array, dims: &[] });
        Some(Self::Single { item, array, is_list, is_taken: None })
    }

    /// All items of something with dimensions, which is also its only item, if it has but one.
    pub(super) fn single_or_block(dims: &'a [u64], dtype: &'a Dtype, items: &'a Items, is_list: bool) -> Result<Self> {
        let block = Block::new(dims, dtype, items.bytes(), items)?;
        Ok(Self::single(block, is_list).unwrap_or(Self::Block(block)))
    }

    /// The same of numbers along one dimension, which are a list, too.
    pub(super) fn single_or_line(dims: &'a [u64], dtype: &'a Dtype, items: &'a Items) -> Result<Self> {
        let array = MatlabVector::new(dims, dtype, items)?;
        Ok(match array.items.only() {
            Some(item) => Self::Single { item, array, is_list: false, is_taken: None },
            None => Self::Line(array),
        })
    }
}

/// Fewer numbers are read one by one before it is found out what they are read into.
pub(super) const MANY: usize = 32;

/// Hands the elements of `column` from `start` up to `end` to a visitor.
pub(super) fn visit_range(
    column: &mut Column,
    start: u64,
    end: u64,
    depth: Depth,
    visit: &mut dyn Visit,
) -> Result<()> {
    let times = column.units_of_times()?;
    StoredTimes::of_elements(times, || visit_elements(column, start, end, depth, visit))
}

/// The same, where it is known what times they are.
fn visit_elements(column: &mut Column, start: u64, end: u64, depth: Depth, visit: &mut dyn Visit) -> Result<()> {
    // Numbers can be a tuple's, too.
    let inner = if column.is_dataset() { depth.in_record()? } else { depth.in_sequence()? };
    let Column::Array(array) = column else {
        return visit.answer(Answer::Seq(Elements::Column(ColumnSeq::new(column, start, end, inner))));
    };
    let (is_numbers, stride) = (array.number_type().is_some(), array.stride(0));
    let result = if is_numbers && stride > 0 && array.fits((end - start).saturating_mul(stride)) {
        array.list(start, end).and_then(|list| visit_block(list, inner, None, visit))
    } else if let Some(made) = array.vector((0, start.saturating_mul(stride), end - start), inner, visit) {
        made
    } else if let Some(made) = array.strings(start, end, visit) {
        made
    } else if array.is_walked(start, end) {
        visit.answer(Answer::Seq(Elements::Rows(&mut RowSeq::new(array, start, end, inner))))
    } else {
        return visit.answer(Answer::Seq(Elements::Column(ColumnSeq::new(column, start, end, inner))));
    };
    result.map_err(|error| error.stored_as(|| array.words()))
}

/// Hands the elements of an array within an item, or of a row of a dataset, to a visitor.
pub(super) fn visit_block(
    block: Block<'_>,
    depth: Depth,
    order: Option<&FieldOrder>,
    visit: &mut dyn Visit,
) -> Result<()> {
    if block.len >= MANY
        && let Some(vector) = vector_of(visit)
        && let Some(bytes) = block.numbers(vector.number(), vector.width())
    {
        return vector.copy(visit.look().room, bytes);
    }
    visit.answer(Answer::Seq(Elements::Block(BlockSeq::new(block, depth, order))))
}

/// Hands all along the dimension `level` of `array`, which is not the first, from the item `start` on, to a visitor.
pub(super) fn visit_grid(
    array: &mut WindowedDataset,
    level: usize,
    start: u64,
    depth: Depth,
    visit: &mut dyn Visit,
) -> Result<()> {
    let times = array.units_of_times()?;
    StoredTimes::of_elements(times, || visit_grid_elements(array, level, start, depth, visit))
}

/// The same, where it is known what times they are.
fn visit_grid_elements(
    array: &mut WindowedDataset,
    level: usize,
    start: u64,
    depth: Depth,
    visit: &mut dyn Visit,
) -> Result<()> {
    let (inner, count) = (depth.in_record()?, array.stride(level - 1));
    if array.number_type().is_some() && count > 0 {
        if array.fits(count) {
            return visit_block(array.inner(level, start)?, inner, None, visit);
        }
        if let Some(made) = array.vector((level, start, array.dims()[level]), inner, visit) {
            return made;
        }
    }
    visit.seq(&mut GridSeq::new(array, level, start, inner))
}

/// Hands the elements of an array to a visitor, one by one.
fn visit_items(block: Block<'_>, depth: Depth, visit: &mut dyn Visit) -> Result<()> {
    visit.answer(Answer::Seq(Elements::Block(BlockSeq::new(block, depth.in_record()?, None))))
}

/// Hands the fields of a record to a visitor, as a tuple.
fn visit_fields(record: Record<'_>, depth: Depth, visit: &mut dyn Visit) -> Result<()> {
    visit.answer(Answer::Seq(Elements::Fields(CompoundSeq::new(record, depth.in_record()?, None))))
}

/// Checks that a sequence has as many elements as are asked for.
#[inline]
pub(super) fn check_len(wanted: Option<usize>, found: u64) -> Result<()> {
    match wanted {
        Some(wanted) if wanted as u64 != found => {
            Err(Error::invalid_length(usize::try_from(found).unwrap_or(usize::MAX), &Length(wanted)))
        }
        _ => Ok(()),
    }
}

/// Shows an integer to a visitor as the type it is stored in; the visitor checks the range.
fn visit_integer(number: Number, value: i128, visit: &mut dyn Visit) -> Result<()> {
    visit.answer(match number {
        Number::I8 => Answer::I8(value as i8),
        Number::I16 => Answer::I16(value as i16),
        Number::I32 => Answer::I32(value as i32),
        Number::I64 => Answer::I64(value as i64),
        Number::U8 => Answer::U8(value as u8),
        Number::U16 => Answer::U16(value as u16),
        Number::U32 => Answer::U32(value as u32),
        Number::U64 => Answer::U64(value as u64),
        Number::Bool | Number::F32 | Number::F64 => wide(value),
    })
}

/// An integer as one of 64 bits, if it is one.
fn wide(value: i128) -> Answer<'static> {
    if let Ok(value) = u64::try_from(value) {
        Answer::U64(value)
    } else if let Ok(value) = i64::try_from(value) {
        Answer::I64(value)
    } else {
        Answer::I128(value)
    }
}

fn wide_unsigned(value: u128) -> Answer<'static> {
    match u64::try_from(value) {
        Ok(value) => Answer::U64(value),
        Err(_) => Answer::U128(value),
    }
}

/// The integer that a float is; `None` where something would be lost.
fn exact_integer(value: f64) -> Option<i128> {
    let integer = value as i128;
    (integer as f64 == value && integer != i128::MAX && !(integer == 0 && value.is_sign_negative())).then_some(integer)
}

/// The error for a number that another type does not hold.
#[cold]
fn inexact(expected: &str, found: impl std::fmt::Debug, number: &str) -> Error {
    let message =
        format!("expected `{expected}`, found {found:?} (`{number}`), which `{expected}` does not hold exactly");
    Error::new(ErrorKind::OutOfRange, message)
}

/// The same for a float that is near.
#[cold]
fn rounded(expected: &str, found: impl std::fmt::Debug, number: &str) -> Error {
    inexact(expected, found, number).advised("`ReadOptions::allow_rounding` takes the nearest")
}

/// The nearest `f64` and `f32` to an integer of 128 bits, and whether each is that.
fn floats_of(value: std::result::Result<i128, u128>) -> ((f64, bool), (f32, bool)) {
    match value {
        Ok(value) => {
            let (wide, narrow) = (value as f64, value as f32);
            let is = |float: f64| float as i128 == value && value != i128::MAX;
            ((wide, is(wide)), (narrow, is(narrow.into())))
        }
        Err(value) => {
            let (wide, narrow) = (value as f64, value as f32);
            // The largest are beyond what an `f32` is.
            let is = |float: f64| float.is_finite() && float as u128 == value && value != u128::MAX;
            ((wide, is(wide)), (narrow, is(narrow.into())))
        }
    }
}

/// The error for an integer of more than 64 bits, where fewer are asked for.
#[cold]
fn too_wide(expected: &str, found: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::OutOfRange, format!("expected `{expected}`, found {found}"))
}

mod deserializer;
mod half;

impl<'a> StoredValue<'a> {
    fn new(form: StoredForm<'a>, depth: Depth) -> Self {
        Self { form, depth }
    }

    /// Asks what it leads to, unless that is something by itself, or asked for options or anything; gives it back then.
    fn follow(self, question: Question, visit: &mut dyn Visit) -> Result<Option<Self>> {
        let depth = self.depth;
        let read = match self.form.settled(depth)? {
            StoredForm::Reference(followed) => followed.ask(question, visit),
            StoredForm::Present { column, index } => ColumnElement { column, index, depth: depth.in_sequence()? }
                .ask_once(question, visit)
                .map_err(|error| error.in_link(VALUES)),
            StoredForm::Inside { column, index, link } => {
                ColumnElement { column, index, depth }.ask_once(question, visit).map_err(|error| error.in_link(link))
            }
            StoredForm::Node(node) => {
                let name = node.name();
                node.ask_once(question, visit).map_err(|error| in_some_link(error, name.as_deref()))
            }
            StoredForm::Some(node) => node.ask_once(question, visit).map_err(|error| error.in_link(VALUE)),
            form => return Ok(Some(Self { form, depth })),
        };
        read.map(|()| None)
    }

    /// The bytes of the string that it is, if it is one that is no text.
    fn no_text(&self) -> Option<&'a [u8]> {
        match &self.form {
            StoredForm::Item(item) => item.bytes_of_no_text(),
            _ => None,
        }
    }

    /// What a logical is, as R has them: a bool, or nothing.
    fn logical(&self) -> Option<Option<bool>> {
        match &self.form {
            StoredForm::Item(item) | StoredForm::Single { item, .. } => item.logical(),
            _ => None,
        }
    }

    /// Whether it is a logical whose names are R's own, and no other enum's.
    fn is_of_r(&self) -> bool {
        matches!(&self.form, StoredForm::Item(Item { dtype: Dtype::Enum(enumeration), .. }) if enumeration.is_of_r())
    }

    /// The text that it is.
    pub(super) fn into_text(self) -> Result<String> {
        serde::de::Deserialize::deserialize(ValueDeserializer::Other(&mut Some(self)))
    }

    fn scalar(scalar: Scalar<'_>, depth: Depth, visit: &mut dyn Visit) -> Result<()> {
        match scalar {
            Scalar::Bool(value) => visit.answer(Answer::Bool(value)),
            Scalar::Integer(number, value) => visit_integer(number, value, visit),
            Scalar::Wide(value) if is_dynamic(visit) => match value {
                Ok(value) => visit.answer(Answer::I128(value)),
                Err(value) => visit.answer(Answer::U128(value)),
            },
            Scalar::Wide(Ok(value)) => visit.answer(wide(value)),
            Scalar::Wide(Err(value)) => visit.answer(wide_unsigned(value)),
            Scalar::F32(value) => visit.answer(Answer::F32(value)),
            Scalar::F64(value) => visit.answer(Answer::F64(value)),
            Scalar::Name(name, code) if is_dynamic(visit) => visit_name(name, code, visit),
            Scalar::Text(text) | Scalar::Name(text, _) => visit.answer(Answer::Str(text)),
            Scalar::Opaque(bytes) => visit_any_bytes(bytes, visit),
            Scalar::Unreadable(words) if is_dynamic(visit) => {
                visit_unreadable(&visit.unreadable(&words).to_string(), visit)
            }
            Scalar::Unreadable(words) => Err(visit.unreadable(&words)),
            Scalar::Record(record) if record.is_tuple() && is_dynamic(visit) => {
                visit_tuple(Elements::Fields(CompoundSeq::new(record, depth.in_record()?, None)), visit)
            }
            Scalar::Record(record) if record.is_tuple() || record.is_complex() && !is_dynamic(visit) => {
                visit_fields(record, depth, visit)
            }
            Scalar::Record(record) => visit.map(&mut CompoundMap::new(record, depth.in_record()?)),
            Scalar::Sequence(block) => visit_items(block, depth, visit),
        }
    }

    /// Numbers: any integer that fits, and floats that are integers.
    fn integer(self, expected: &'static str, visit: &mut dyn Visit) -> Result<()> {
        match self.form {
            StoredForm::Item(item) => match item.scalar()? {
                Scalar::Integer(number, value) => visit_integer(number, value, visit),
                Scalar::Name(_, value) => visit.answer(wide(value)),
                Scalar::F64(value) => match exact_integer(value) {
                    Some(value) => visit.answer(wide(value)),
                    None => Err(inexact(expected, value, "f64")),
                },
                Scalar::F32(value) => match exact_integer(f64::from(value)) {
                    Some(value) => visit.answer(wide(value)),
                    None => Err(inexact(expected, value, "f32")),
                },
                scalar => Self::scalar(scalar, self.depth, visit),
            },
            StoredForm::I128(value) => match (u64::try_from(value), i64::try_from(value)) {
                (Err(_), Err(_)) => Err(too_wide(expected, value)),
                _ => visit.answer(wide(value)),
            },
            StoredForm::U128(value) => match u64::try_from(value) {
                Err(_) => Err(too_wide(expected, value)),
                Ok(value) => visit.answer(Answer::U64(value)),
            },
            form => Self::new(form, self.depth).any(visit),
        }
    }

    fn any(self, visit: &mut dyn Visit) -> Result<()> {
        let depth = self.depth;
        match self.form {
            StoredForm::Item(item) => match item.scalar()? {
                Scalar::Sequence(block) if is_dynamic(visit) && matches!(item.dtype, Dtype::Array(..)) => {
                    visit_tuple(Elements::Block(BlockSeq::new(block, depth.in_record()?, None)), visit)
                }
                scalar => Self::scalar(scalar, depth, visit),
            },
            StoredForm::Block(block) if is_dynamic(visit) => {
                visit_tuple(Elements::Block(BlockSeq::new(block, depth.in_record()?, None)), visit)
            }
            StoredForm::Block(block) => visit_items(block, depth, visit),
            StoredForm::Grid { array, level, start } => visit_grid(array, level, start, depth, visit),
            StoredForm::Text(bytes) => visit.answer(Answer::Str(item::text(bytes)?)),
            StoredForm::Bytes(bytes) => visit_any_bytes(bytes, visit),
            StoredForm::I128(value) if is_dynamic(visit) => visit.answer(Answer::I128(value)),
            StoredForm::U128(value) if is_dynamic(visit) => visit.answer(Answer::U128(value)),
            StoredForm::I128(value) => visit.answer(wide(value)),
            StoredForm::U128(value) => visit.answer(wide_unsigned(value)),
            StoredForm::Null { unit: true } => visit.answer(Answer::Unit),
            StoredForm::Null { unit: false } => visit.answer(Answer::None),
            StoredForm::Some(node) => visit.some(&mut Some(node)).map_err(|error| error.in_link(VALUE)),
            StoredForm::Present { column, index } => {
                // Only where it would not show otherwise is it said that something is there.
                let shows = is_dynamic(visit) || column.is_null(index)?;
                let element = ColumnElement { column, index, depth: depth.in_sequence()? };
                let result = match shows {
                    true => visit.answer(Answer::Some(ValueDeserializer::Element(element))),
                    false => element.ask_once(Question::Any, visit),
                };
                result.map_err(|error| error.in_link(VALUES))
            }
            StoredForm::Inside { column, index, link } => ColumnElement { column, index, depth }
                .ask_once(Question::Any, visit)
                .map_err(|error| error.in_link(link)),
            StoredForm::Sequence { column, start, end, link } => {
                visit_range(column, start, end, depth, visit).map_err(|error| in_some_link(error, link))
            }
            StoredForm::Records { fields, index, tuples: true } if is_dynamic(visit) => {
                visit_tuple(Elements::Other(&mut RecordSeq::new(fields, index, depth.in_record()?)), visit)
            }
            StoredForm::Records { fields, index, tuples: true } => {
                visit.seq(&mut RecordSeq::new(fields, index, depth.in_record()?))
            }
            StoredForm::Records { fields, index, tuples: false } => {
                let read = visit.map(&mut RecordMap::new(fields, index, depth.in_record()?));
                read.map_err(|error| error.stored_here(|| describe::records(fields)))
            }
            StoredForm::Map { keys, values, start, end, rules } => {
                visit.map(&mut PairMap::new(keys, values, start, end, depth.in_record()?).with_rules(rules))
            }
            StoredForm::Variant { name, number, payload: None, .. } if is_dynamic(visit) => {
                visit_name(name, number.into(), visit)
            }
            StoredForm::Variant { name, payload: None, .. } => visit.answer(Answer::Str(name)),
            StoredForm::Variant { name, number, link, payload: Some(column), index } => {
                let payload = ColumnElement { column, index, depth: depth.in_record()? };
                if is_dynamic(visit) {
                    return visit_variant(name, number, &mut Some(payload), visit).map_err(|error| error.in_link(link));
                }
                visit.map(&mut VariantMap::new(name, link, payload))
            }
            StoredForm::Group { group, scope } if is_list(group, scope)? => {
                visit.seq(&mut ChildSeq::of(group, scope, depth.in_record()?, false)?)
            }
            StoredForm::Group { group, scope } if foreign::is_list(group)? => {
                Self::new(StoredForm::Group { group, scope }, depth).sequence(None, visit)
            }
            StoredForm::Group { group, scope } => {
                let entries = GroupMap::with_attributes(group, scope, depth.in_record()?)?;
                visit_entries(group, scope, depth, entries, visit).map_err(|error| in_group(error, group))
            }
            StoredForm::Children { group, scope, is_tuple } => {
                let read = visit.seq(&mut ChildSeq::of(group, scope, depth.in_record()?, is_tuple)?);
                read.map_err(|error| in_group(error, group))
            }
            StoredForm::Node(node) => {
                let name = node.name();
                node.ask_once(Question::Any, visit).map_err(|error| in_some_link(error, name.as_deref()))
            }
            StoredForm::Reference(followed) => followed.ask(Question::Any, visit),
            StoredForm::Line(line) => line.visit(None, depth, visit),
            StoredForm::Single { array, is_list: true, .. } => Self::new(array.form(), depth).any(visit),
            StoredForm::Single { item, .. } => Self::new(StoredForm::of_item(item, depth)?, depth).any(visit),
        }
    }

    fn bytes(self, visit: &mut dyn Visit) -> Result<()> {
        if let Some(bytes) = self.no_text() {
            return visit.answer(Answer::Bytes(bytes));
        }
        match self.form {
            StoredForm::Bytes(bytes) => visit.answer(Answer::Bytes(bytes)),
            StoredForm::Block(block) if block.bytes().is_some() => {
                visit.answer(Answer::Bytes(block.bytes().unwrap_or_default()))
            }
            StoredForm::Item(item) => match item.scalar()? {
                Scalar::Sequence(block) if block.bytes().is_some() => {
                    visit.answer(Answer::Bytes(block.bytes().unwrap_or_default()))
                }
                scalar => Self::scalar(scalar, self.depth, visit),
            },
            StoredForm::Sequence { column, start, end, link } => match column.list() {
                Some(array) if *array.dtype() == Dtype::Number(Number::U8) => {
                    let bytes = array.range(start, end - start);
                    bytes
                        .and_then(|bytes| visit.answer(Answer::Bytes(bytes)))
                        .map_err(|error| in_some_link(error, link))
                }
                _ => Self::new(StoredForm::Sequence { column, start, end, link }, self.depth).any(visit),
            },
            StoredForm::Grid { array, level, start } => {
                let len = array.dims()[level];
                if level + 1 != array.dims().len() || *array.dtype() != Dtype::Number(Number::U8) {
                    return Self::new(StoredForm::Grid { array, level, start }, self.depth).any(visit);
                }
                let mut bytes = Vec::new();
                for index in start..start + len {
                    bytes.extend_from_slice(array.item(index)?.1);
                }
                visit.answer(Answer::Bytes(&bytes))
            }
            form => Self::new(form, self.depth).any(visit),
        }
    }

    /// A string; also of characters that are strings of their own, as netCDF had them before it had strings.
    fn text(self, visit: &mut dyn Visit) -> Result<()> {
        let mut bytes = Vec::new();
        match self.form {
            StoredForm::Block(block) if block.chars().is_some() => {
                bytes.extend_from_slice(block.chars().unwrap_or_default());
            }
            StoredForm::Sequence { column, start, end, .. } if column.is_chars() => {
                if let Some(array) = column.list() {
                    bytes.extend_from_slice(array.range(start, end - start)?);
                }
            }
            StoredForm::Grid { array, level, start } if level + 1 == array.dims().len() && array.dtype().is_char() => {
                for index in start..start + array.dims()[level] {
                    bytes.extend_from_slice(array.item(index)?.1);
                }
            }
            form => return Self::new(form, self.depth).any(visit),
        }
        let len = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        visit.answer(Answer::Str(item::string(&bytes[..len])?))
    }

    /// A sequence; of `len` elements if that is said.
    fn sequence(self, len: Option<usize>, visit: &mut dyn Visit) -> Result<()> {
        let depth = self.depth;
        let check = |found: u64| check_len(len, found);
        if let Some(bytes) = self.no_text() {
            check(bytes.len() as u64)?;
            return visit.seq(&mut ByteSeq::new(bytes));
        }
        match self.form {
            StoredForm::Item(item) => match item.scalar()? {
                Scalar::Record(record) => {
                    check(record.fields.len() as u64)?;
                    if len.is_none() {
                        ledger::handed(record.fields.len() as u64)?;
                    }
                    visit_fields(record, depth, visit)
                }
                Scalar::Sequence(block) => {
                    check(block.len as u64)?;
                    visit_items(block, depth, visit)
                }
                scalar => Self::scalar(scalar, depth, visit),
            },
            StoredForm::Bytes(bytes) => {
                check(bytes.len() as u64)?;
                visit.seq(&mut ByteSeq::new(bytes))
            }
            StoredForm::Group { group, scope } => {
                if let Some(mut column) = foreign::sequence(group, &scope.of_elements(), Depth::of_reading())? {
                    let end = column.len();
                    let form = StoredForm::Sequence { column: &mut column, start: 0, end, link: None };
                    return StoredValue::new(form, depth).sequence(len, visit);
                }
                let children = || ChildSeq::of_plain(group, scope, depth.in_record()?);
                let read = check(group.len()).and_then(|()| visit.seq(&mut children()?));
                read.map_err(|error| in_group(error, group))
            }
            StoredForm::Line(line) => line.visit(len, depth, visit),
            form => {
                let mut form = form;
                let found = match &mut form {
                    StoredForm::Block(block) => Some(block.len as u64),
                    StoredForm::Grid { array, level, .. } => Some(array.dims()[*level]),
                    StoredForm::Sequence { start, end, .. } => Some(*end - *start),
                    StoredForm::Records { fields, index, tuples: true } => {
                        let mut present = 0;
                        for field in fields.iter_mut() {
                            present += u64::from(field.has(*index)?);
                        }
                        Some(present)
                    }
                    StoredForm::Children { group, .. } => Some(group.len()),
                    _ => None,
                };
                if let Err(error) = found.map_or(Ok(()), check) {
                    return Err(match form {
                        StoredForm::Records { fields, .. } => error.stored_here(|| describe::records(fields)),
                        StoredForm::Children { group, .. } => in_group(error, group),
                        _ => error,
                    });
                }
                match form {
                    // A struct, read as a tuple of its fields.
                    StoredForm::Records { fields, index, .. } => {
                        let read = visit.seq(&mut RecordSeq::new(fields, index, depth.in_record()?));
                        read.map_err(|error| error.stored_here(|| describe::records(fields)))
                    }
                    form => Self::new(form, depth).any(visit),
                }
            }
        }
    }

    /// A float of 16 bits, of the crate `half`, which takes a wider one: only of a float that it holds exactly.
    #[cold]
    fn half(self, name: &'static str, visit: &mut dyn Visit) -> Result<()> {
        let Some(view) = self.follow(Question::Newtype(name), visit)? else { return Ok(()) };
        let scalar = match view.form {
            StoredForm::Item(item) => item.scalar()?,
            form => return StoredValue { form, depth: view.depth }.any(visit),
        };
        match scalar {
            Scalar::F32(value) if half::takes(name, value.into()) => visit.answer(Answer::F32(value)),
            Scalar::F64(value) if half::takes(name, value) => visit.answer(Answer::F64(value)),
            Scalar::F32(value) => Err(rounded(name, value, "f32")),
            Scalar::F64(value) => Err(rounded(name, value, "f64")),
            Scalar::Integer(number, value) => {
                let message = format!(
                    "expected `{name}`, found {value} (`{}`), which may be a number, or its bits: read that type, or an \
                     `NdArray`",
                    number.name()
                );
                Err(Error::new(ErrorKind::WrongType, message))
            }
            scalar => Self::scalar(scalar, view.depth, visit),
        }
    }

    /// A wrapper: what leads to an object of its own is that; a part of another is read as other formats are.
    #[cold]
    fn wrapper(self, name: &'static str, visit: &mut dyn Visit) -> Result<()> {
        if is_dynamic(visit) && matches!(self.form, StoredForm::Present { .. }) {
            return visit.newtype(&mut Some(self));
        }
        // What is in the wrapper decides whether it is a number or a list.
        if let StoredForm::Single { is_taken: Some(_), .. } | StoredForm::Single { is_list: true, .. } = self.form {
            return visit.newtype(&mut Some(self));
        }
        let Some(view) = self.follow(Question::Newtype(name), visit)? else { return Ok(()) };
        visit.newtype(&mut Some(view))
    }

    /// As [`StoredValue::sequence`], for whatever leads to one.
    pub(super) fn sequence_of(self, len: Option<usize>, visit: &mut dyn Visit) -> Result<()> {
        // A tuple, or an array, that is the only item of an array.
        if let StoredForm::Single { item, is_list: true, .. } = self.form
            && matches!(item.dtype, Dtype::Compound(_) | Dtype::Complex(_) | Dtype::Array(..))
            && len.is_some_and(|len| len != 1)
        {
            return Self::new(StoredForm::of_item(item, self.depth)?, self.depth).sequence_of(len, visit);
        }
        if let StoredForm::Single { array, is_taken, .. } = self.form {
            is_taken.inspect(|is_taken| is_taken.set(true));
            return Self::new(array.form(), self.depth).sequence(len, visit);
        }
        let question = len.map_or(Question::Seq, Question::Tuple);
        let Some(view) = self.follow(question, visit)? else { return Ok(()) };
        view.sequence(len, visit)
    }

    fn map(self, visit: &mut dyn Visit) -> Result<()> {
        let depth = self.depth;
        match self.form {
            StoredForm::Group { group, scope } => {
                let entries = GroupMap::new(group, scope, depth.in_record()?)?;
                visit_entries(group, scope, depth, entries, visit).map_err(|error| in_group(error, group))
            }
            StoredForm::Records { fields, index, .. } => {
                let read = visit.map(&mut RecordMap::new(fields, index, depth.in_record()?));
                read.map_err(|error| error.stored_here(|| describe::records(fields)))
            }
            StoredForm::Item(item) => match item.scalar()? {
                Scalar::Record(record) => visit.map(&mut CompoundMap::new(record, depth.in_record()?)),
                scalar => Self::scalar(scalar, depth, visit),
            },
            form => Self::new(form, depth).any(visit),
        }
    }

    /// Whether it is an item that is not read, and so null to who takes anything, as the options have it: one of a type that is
    /// not read, a float that `f64` does not hold, text that is no UTF-8.
    pub(super) fn is_null_to_anything(&self) -> bool {
        if !Limits::nulls() {
            return false;
        }
        match &self.form {
            StoredForm::Item(item) if item.bytes_of_no_text().is_some_and(is_pickle) => false,
            StoredForm::Item(item) => matches!(item.scalar(), Err(_) | Ok(Scalar::Unreadable(_))),
            _ => false,
        }
    }

    /// Whether it is of a type that is not read.
    pub(super) fn is_unreadable(&self) -> bool {
        matches!(&self.form, StoredForm::Item(item) if item.dtype.unsupported().is_some())
    }

    fn enumeration(self, name: &'static str, visit: &mut dyn Visit) -> Result<()> {
        let depth = self.depth;
        let expected = || format!("the enum `{name}`");
        let variant = |variant: Variant<'_>, visit: &mut dyn Visit| visit.answer(Answer::Enum(variant));
        let unit = |name: &str, visit: &mut dyn Visit| visit.answer(Answer::Enum(Variant::unit(name)));
        match self.form {
            StoredForm::Text(bytes) => unit(item::text(bytes)?, visit),
            StoredForm::Variant { name, payload: None, .. } => unit(name, visit),
            StoredForm::Variant { name, link, payload: Some(column), index, .. } => {
                let payload = ColumnElement { column, index, depth: depth.in_record()? };
                variant(Variant::new(name, link, Payload::Element(payload)), visit)
            }
            StoredForm::Item(item) => match item.scalar()? {
                Scalar::Text(name) | Scalar::Name(name, _) => unit(name, visit),
                Scalar::Record(record) if record.fields.len() == 1 => {
                    let mut item = Some(PartOfItem { part: record.field(0), depth: depth.in_record()?, order: None });
                    variant(Variant::new(&record.fields[0].name, "", Payload::Other(&mut item)), visit)
                }
                Scalar::Unreadable(words) => Err(visit.unreadable(&words)),
                scalar => Err(Error::wrong_type(expected(), describe(&scalar))),
            },
            StoredForm::Group { group, scope } => {
                let links = if group.len() == 1 { group.links()? } else { Vec::new() };
                let [link] = links.as_slice() else {
                    let found = format!("a group with {} children", group.len());
                    let expected = format!("{} (a string, or a group with one child)", expected());
                    return Err(in_group(Error::wrong_type(expected, found), group));
                };
                let name = unescape(&link.name);
                let node = Node::at(group, link.clone(), &scope.at(scope.rules().field(&name)), depth.in_record()?);
                let mut node = Some(node);
                let read = variant(Variant::new(&name, &link.name, Payload::Other(&mut node)), visit);
                read.map_err(|error| in_group(error, group))
            }
            StoredForm::Records { fields, index, .. } => {
                let mut present = Vec::new();
                for (at, field) in fields.iter_mut().enumerate() {
                    if field.has(index)? {
                        present.push(at);
                    }
                }
                let [at] = present[..] else {
                    let error = Error::wrong_type(expected(), format!("a record that has {} fields", present.len()));
                    return Err(error.stored_here(|| describe::records(fields)));
                };
                let field = &mut fields[at];
                let (name, link) = (field.name.clone(), field.link.clone());
                let payload = ColumnElement { column: field.column()?, index, depth: depth.in_record()? };
                let read = variant(Variant::new(&name, &link, Payload::Element(payload)), visit);
                read.map_err(|error| error.stored_here(|| describe::records(fields)))
            }
            StoredForm::Map { keys, values, start, end, .. } if end == start + 1 => {
                let name = keys.view(start, depth)?.into_text()?;
                let payload = ColumnElement { column: values, index: start, depth: depth.in_record()? };
                variant(Variant::new(&name, VALUES, Payload::Element(payload)), visit)
            }
            _ => Err(Error::wrong_type(expected(), "something that is neither a name nor a group with one child")),
        }
    }
}

fn describe(scalar: &Scalar<'_>) -> String {
    match scalar {
        Scalar::Bool(value) => format!("`{value}`"),
        Scalar::Integer(_, value) | Scalar::Wide(Ok(value)) => value.to_string(),
        Scalar::Wide(Err(value)) => value.to_string(),
        Scalar::F32(value) => format!("{value:?}"),
        Scalar::F64(value) => format!("{value:?}"),
        Scalar::Text(text) | Scalar::Name(text, _) => format!("{text:?}"),
        Scalar::Opaque(bytes) => format!("{} opaque bytes", bytes.len()),
        Scalar::Unreadable(words) => words.clone(),
        Scalar::Record(record) => format!("a compound of {} fields", record.fields.len()),
        Scalar::Sequence(_) => "a sequence".to_owned(),
    }
}

/// The error for what a group is not, if it is about none of its children.
#[cold]
fn in_group(error: Error, group: &Group) -> Error {
    let missing = error.missing_field_name();
    error.stored_here(|| describe::group(group, missing))
}

fn in_some_link(error: Error, link: Option<&str>) -> Error {
    match link {
        Some(link) => error.in_link(link),
        None => error,
    }
}

/// Shows bytes to a visitor that takes anything: as bytes; as numbers to that of `serde_json::Value`, which has no bytes.
fn visit_any_bytes(bytes: &[u8], visit: &mut dyn Visit) -> Result<()> {
    if is_json(visit) { visit.seq(&mut ByteSeq::new(bytes)) } else { visit.answer(Answer::Bytes(bytes)) }
}

/// So many elements, as what is expected.
struct Length(usize);

impl serde::de::Expected for Length {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} elements", self.0)
    }
}
