//! Tables: records of one type, in the memory that the file has them in.

use std::fmt;
use std::sync::{Arc, OnceLock};

use ndarray::ArrayD;
use serde::Deserialize;

use super::{Array, Value};
use crate::de::item::{Item, Scalar};
use crate::de::of_item;
use crate::ground::error::Result;
use crate::ground::ledger;
use crate::h5::{Dataset, Dtype, Element, Items, Number, Shape};

/// A dataset of records, one after the other: as a list of maps, in a tenth of the memory, and of the time that it takes to read
/// that.
///
/// A record is made when it is asked for; one that is asked for by [`get`](Self::get), or by an index of the [`Value`], is kept. A
/// table is equal to the list of its records, and is written as that.
///
/// ```
/// use filebacked::{Value, from_slice, to_vec};
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// struct Step { time: f64, count: u32 }
///
/// let steps = vec![Step { time: 0.5, count: 3 }, Step { time: 1.0, count: 4 }];
/// let value: Value = from_slice(&to_vec(&steps)?)?;
/// assert_eq!(value[1]["count"].as_u64(), Some(4));
/// let table = value.as_table().unwrap();
/// assert_eq!(table.len(), 2);
/// assert!(table.names().eq(["time", "count"]));
/// assert_eq!(table.column("time"), Some(ndarray::array![0.5, 1.0].into()));
/// # Ok::<(), filebacked::Error>(())
/// ```
#[derive(Clone)]
pub struct Table(Arc<TableParts>);

struct TableParts {
    dtype: Dtype,
    items: Items,
    len: usize,
    /// The records that were asked for, one by one.
    some: OnceLock<Box<[OnceLock<Value>]>>,
    /// All of them, where these were asked for as a slice.
    all: OnceLock<Vec<Value>>,
}

impl Table {
    /// All of a dataset, if it is one of such records, each of which can be read.
    pub(super) fn of_dataset(dataset: &Dataset) -> Result<Option<Self>> {
        let (dtype, Shape::Simple(dims)) = (dataset.dtype(), dataset.shape()) else { return Ok(None) };
        let is_table = matches!(dtype, Dtype::Compound(_))
            && dtype.complex().is_none()
            && !(dtype.has_references() || dtype.has_unsupported())
            && are_lists_of_numbers(dtype);
        let (&[len], true) = (&dims[..], is_table) else { return Ok(None) };
        if len == 0 {
            return Ok(None);
        }
        ledger::asked(dataset.logical_bytes())?;
        let (dtype, items) = (dtype.clone(), dataset.read()?);
        let is_all = items.bytes().len() as u64 == len.saturating_mul(dtype.size() as u64);
        let inner = TableParts { dtype, items, len: len as usize, some: OnceLock::new(), all: OnceLock::new() };
        if !is_all || !inner.is_readable() {
            return Ok(None);
        }
        Ok(Some(Self(Arc::new(inner))))
    }

    /// The number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len
    }

    /// Whether there are no records.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The names of the fields, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let fields = match &self.0.dtype {
            Dtype::Compound(fields) => &fields[..],
            _ => &[],
        };
        fields.iter().map(|field| field.name.as_str())
    }

    /// The record at a position. It is made when it is first asked for, and kept.
    #[must_use]
    pub fn get(&self, position: usize) -> Option<&Value> {
        if let Some(all) = self.0.all.get() {
            return all.get(position);
        }
        let some = self.0.some.get_or_init(|| (0..self.len()).map(|_| OnceLock::new()).collect());
        Some(some.get(position)?.get_or_init(|| self.0.record(position)))
    }

    /// The records one by one; none is kept.
    pub fn records(&self) -> impl ExactSizeIterator<Item = Value> {
        (0..self.len()).map(|position| self.0.record(position))
    }

    /// A field of all records: an [`Array`], if it is a number, and else a list.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<Value> {
        let Dtype::Compound(fields) = &self.0.dtype else { return None };
        let field = fields.iter().find(|field| field.name == name)?;
        let places = self.0.items.bytes().chunks_exact(self.0.dtype.size());
        let places = places.map(|record| &record[field.offset..field.offset + field.size]);
        let Some(number) = field.dtype.number() else {
            return Some(Value::List(places.map(|bytes| value(&field.dtype, bytes, &self.0.items)).collect()));
        };
        macro_rules! array {
            ($($number:ident $type:ty),*) => {
                match number {
                    $(Number::$number => {
                        let numbers = places.filter_map(<$type>::from_bytes).collect::<Vec<_>>();
                        Array::from(ArrayD::from_shape_vec(vec![numbers.len()], numbers).ok()?)
                    })*
                }
            };
        }
        Some(Value::Array(array!(
            Bool bool, I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64, F32 f32, F64 f64
        )))
    }

    /// All records, which are kept.
    pub(super) fn all(&self) -> &[Value] {
        self.0.all.get_or_init(|| self.records().collect())
    }
}

impl TableParts {
    fn record(&self, position: usize) -> Value {
        let size = self.dtype.size();
        let bytes = &self.items.bytes()[position * size..(position + 1) * size];
        value(&self.dtype, bytes, &self.items)
    }

    /// Whether all that may be no value is one.
    fn is_readable(&self) -> bool {
        let mut places = Vec::new();
        doubtful(&self.dtype, 0, &mut places);
        let records = || self.items.bytes().chunks_exact(self.dtype.size());
        places.into_iter().all(|(start, dtype)| {
            records().all(|record| is_value(dtype, &record[start..start + dtype.size()], &self.items))
        })
    }
}

/// Whether the sequences of variable length in a record are of numbers, which are values whatever is stored.
fn are_lists_of_numbers(dtype: &Dtype) -> bool {
    match dtype {
        Dtype::Compound(fields) => fields.iter().all(|field| are_lists_of_numbers(&field.dtype)),
        Dtype::Array(_, inner) => are_lists_of_numbers(inner),
        Dtype::VarArray(inner) => inner.number().is_some_and(|number| number != Number::Bool),
        _ => true,
    }
}

/// What a record has in it that is not always a value: where, and of which type.
fn doubtful<'a>(dtype: &'a Dtype, start: usize, found: &mut Vec<(usize, &'a Dtype)>) {
    match dtype {
        Dtype::Compound(fields) => {
            fields.iter().for_each(|field| doubtful(&field.dtype, start + field.offset, found));
        }
        Dtype::Array(_, inner) => {
            let mut inside = Vec::new();
            doubtful(inner, 0, &mut inside);
            if !inside.is_empty() {
                found.push((start, dtype));
            }
        }
        Dtype::Number(number) if *number != Number::Bool => {}
        Dtype::Enum(_) | Dtype::Bitfield(_) | Dtype::Opaque(_) | Dtype::WideInteger(_) | Dtype::Complex(_) => {}
        dtype => found.push((start, dtype)),
    }
}

/// Whether an item, or each that is in it if it is an array, is a value.
fn is_value(dtype: &Dtype, bytes: &[u8], items: &Items) -> bool {
    let Dtype::Array(_, inner) = dtype else {
        return !matches!(Item { dtype, bytes, items }.scalar(), Err(_) | Ok(Scalar::Unreadable(_)));
    };
    let mut places = Vec::new();
    doubtful(inner, 0, &mut places);
    let mut elements = bytes.chunks_exact(inner.size().max(1));
    elements
        .all(|bytes| places.iter().all(|(start, dtype)| is_value(dtype, &bytes[*start..*start + dtype.size()], items)))
}

fn value(dtype: &Dtype, bytes: &[u8], items: &Items) -> Value {
    let value = Value::deserialize(of_item(Item { dtype, bytes, items }));
    value.unwrap_or_else(|error| Value::Unreadable(error.to_string()))
}

/// By the records. Bytes that are the same are the same records, but for floats, of which some are not equal to themselves, and
/// for what is elsewhere, of which the bytes say no more than where.
impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        let (own, others) = (&self.0, &other.0);
        if own.len != others.len {
            return false;
        }
        let is_in_bytes = !(has_floats(&own.dtype) || own.dtype.has_addresses());
        if is_in_bytes && own.dtype == others.dtype && own.items.bytes() == others.items.bytes() {
            return true;
        }
        self.records().eq(other.records())
    }
}

/// A list that has the same records is equal.
impl PartialEq<[Value]> for Table {
    fn eq(&self, other: &[Value]) -> bool {
        self.len() == other.len() && self.records().zip(other).all(|(own, other)| own == *other)
    }
}

fn has_floats(dtype: &Dtype) -> bool {
    match dtype {
        Dtype::Number(Number::F32 | Number::F64) | Dtype::WideFloat(_) => true,
        Dtype::Compound(fields) | Dtype::Complex(fields) => fields.iter().any(|field| has_floats(&field.dtype)),
        Dtype::Array(_, inner) => has_floats(inner),
        _ => false,
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.records()).finish()
    }
}
