//! Columns in memory to Arrow's arrays, which take over that memory where it is as they have it.

use std::sync::Arc;

use arrow_array::types::{
    ArrowDictionaryKeyType, ArrowPrimitiveType, ByteArrayType, Date32Type, Date64Type, DurationMicrosecondType,
    DurationMillisecondType, DurationNanosecondType, DurationSecondType, Float16Type, Float32Type, Float64Type,
    GenericBinaryType, GenericStringType, Int8Type, Int16Type, Int32Type, Int64Type, Time32MillisecondType,
    Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, FixedSizeBinaryArray, FixedSizeListArray, GenericByteArray,
    GenericListArray, NullArray, OffsetSizeTrait, PrimitiveArray, RecordBatch, RecordBatchOptions, StructArray,
};
use arrow_buffer::{ArrowNativeType, BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema, TimeUnit};

use super::types::{self, Meaning, TimeOfDay};
use crate::de::{ColumnData, Marks};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::stack::with_room;
use crate::h5::{Number, Words};

/// The batch of those columns, of `rows` rows.
pub(super) fn batch_of(columns: Vec<(String, ColumnData)>, rows: u64) -> Result<RecordBatch> {
    let rows = len_of(rows)?;
    let (fields, arrays) = fields_of(columns)?;
    let schema = Arc::new(Schema::new(fields));
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(schema, arrays, &options).map_err(refused)
}

fn fields_of(columns: Vec<(String, ColumnData)>) -> Result<(Fields, Vec<ArrayRef>)> {
    let (mut fields, mut arrays) = (Vec::with_capacity(columns.len()), Vec::with_capacity(columns.len()));
    for (name, column) in columns {
        let array = array_of(column, None).map_err(|error| error.in_field(&name))?;
        fields.push(Field::new(name, array.data_type().clone(), true));
        arrays.push(array);
    }
    Ok((fields.into(), arrays))
}

/// The error for what Arrow does not take: what is stored is not as it has to be.
#[cold]
fn refused(error: ArrowError) -> Error {
    match error {
        ArrowError::InvalidArgumentError(message) => Error::corrupt(message),
        error => Error::corrupt(error.to_string()),
    }
}

fn len_of(len: u64) -> Result<usize> {
    usize::try_from(len).map_err(|_| Error::new(ErrorKind::Limit, format!("{len} rows do not fit into memory")))
}

/// The array of a column, of which those elements are null that `nulls` lacks, and more if the column says so.
fn array_of(column: ColumnData, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    with_room(|| array_of_level(column, nulls))
}

/// The same, where there is stack enough for one level.
fn array_of_level(column: ColumnData, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    Ok(match column {
        ColumnData::Numbers { number, dims, values, marks, .. } if dims.is_empty() => {
            numbers(number, values, marks, nulls)?
        }
        ColumnData::Numbers { number, len, dims, values, marks } => {
            arrays(&dims, len_of(len)?, numbers(number, values, marks, None)?, nulls)?
        }
        ColumnData::Logicals(values) => {
            let own = NullBuffer::from_iter(values.iter().map(Option::is_some));
            let bools = BooleanBuffer::from_iter(values.iter().map(|value| value.unwrap_or(false)));
            Arc::new(BooleanArray::new(bools, NullBuffer::union(Some(&own), nulls.as_ref())))
        }
        ColumnData::Times { name, values } => times(&name, values, nulls.as_ref()),
        ColumnData::Parts { is_text: true, is_long: false, offsets, bytes } => {
            bytes_array::<GenericStringType<i32>>(&offsets, bytes, nulls)?
        }
        ColumnData::Parts { is_text: true, is_long: true, offsets, bytes } => {
            bytes_array::<GenericStringType<i64>>(&offsets, bytes, nulls)?
        }
        ColumnData::Parts { is_text: false, is_long: false, offsets, bytes } => {
            bytes_array::<GenericBinaryType<i32>>(&offsets, bytes, nulls)?
        }
        ColumnData::Parts { is_text: false, is_long: true, offsets, bytes } => {
            bytes_array::<GenericBinaryType<i64>>(&offsets, bytes, nulls)?
        }
        ColumnData::FixedBytes { size, bytes } => {
            let size = i32::try_from(size).map_err(|_| too_long("bytes in an element"))?;
            Arc::new(FixedSizeBinaryArray::try_new(size, Buffer::from_vec(bytes), nulls).map_err(refused)?)
        }
        ColumnData::Nulls(len) => Arc::new(NullArray::new(len_of(len)?)),
        ColumnData::Records { len, fields } => {
            let (fields, arrays) = fields_of(fields)?;
            Arc::new(StructArray::try_new_with_length(fields, arrays, nulls, len_of(len)?).map_err(refused)?)
        }
        ColumnData::Lists { is_long, offsets, values } => {
            let values = array_of(*values, None)?;
            if is_long { lists::<i64>(&offsets, values, nulls)? } else { lists::<i32>(&offsets, values, nulls)? }
        }
        ColumnData::Arrays { dims, len, values } => arrays(&dims, len_of(len)?, array_of(*values, None)?, nulls)?,
        ColumnData::Nullable { mask, values } => {
            let own = NullBuffer::from_iter(mask.iter().map(|missing| !missing));
            array_of(*values, NullBuffer::union(Some(&own), nulls.as_ref()))?
        }
        ColumnData::Categorical { number, codes, categories } => {
            let categories = categories.made(|categories| array_of(categories, None))?;
            dictionary(number, codes, categories, nulls.as_ref())?
        }
    })
}

/// Memory that was read, as Arrow's.
fn buffer_of(values: Words) -> Buffer {
    let (words, len) = values.into_parts();
    Buffer::from_vec(words).slice_with_length(0, len)
}

fn primitive<T: ArrowPrimitiveType>(values: Words, nulls: Option<NullBuffer>) -> Result<PrimitiveArray<T>> {
    PrimitiveArray::try_new(ScalarBuffer::from(buffer_of(values)), nulls).map_err(refused)
}

/// Numbers, or what they stand for.
fn numbers(number: Number, values: Words, marks: Marks, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    macro_rules! of {
        ($type:ty) => {
            Arc::new(primitive::<$type>(values, nulls)?)
        };
    }
    Ok(match (number, Meaning::of(number, marks)) {
        (_, Meaning::Half) => {
            let floats = primitive::<Float32Type>(values, nulls)?;
            let half = <Float16Type as ArrowPrimitiveType>::Native::from_f32;
            Arc::new(floats.unary::<_, Float16Type>(half))
        }
        (Number::I32, Meaning::Days) => of!(Date32Type),
        (Number::I64, Meaning::Days) => {
            let days = primitive::<Int64Type>(values, nulls)?;
            let dates = days.try_unary::<_, Date64Type, Error>(|day| {
                let message = || format!("{day} days are more milliseconds than `Date64` has");
                day.checked_mul(types::DAY).ok_or_else(|| Error::new(ErrorKind::OutOfRange, message()))
            });
            Arc::new(dates?)
        }
        (_, Meaning::Timestamp(unit, zone)) => timestamps(unit, values, nulls, zone)?,
        (_, Meaning::Duration(unit)) => match unit {
            TimeUnit::Second => of!(DurationSecondType),
            TimeUnit::Millisecond => of!(DurationMillisecondType),
            TimeUnit::Microsecond => of!(DurationMicrosecondType),
            TimeUnit::Nanosecond => of!(DurationNanosecondType),
        },
        (_, Meaning::TimeOfDay(unit)) => match unit {
            TimeOfDay::Seconds => of!(Time32SecondType),
            TimeOfDay::Milliseconds => of!(Time32MillisecondType),
            TimeOfDay::Microseconds => of!(Time64MicrosecondType),
            TimeOfDay::Nanoseconds => of!(Time64NanosecondType),
        },
        (Number::Bool, _) => bools(values.bytes(), nulls)?,
        (Number::I8, _) => of!(Int8Type),
        (Number::I16, _) => of!(Int16Type),
        (Number::I32, _) => of!(Int32Type),
        (Number::I64, _) => of!(Int64Type),
        (Number::U8, _) => of!(UInt8Type),
        (Number::U16, _) => of!(UInt16Type),
        (Number::U32, _) => of!(UInt32Type),
        (Number::U64, _) => of!(UInt64Type),
        (Number::F32, _) => of!(Float32Type),
        (Number::F64, _) => of!(Float64Type),
    })
}

fn timestamps(unit: TimeUnit, values: Words, nulls: Option<NullBuffer>, zone: Option<String>) -> Result<ArrayRef> {
    let zone: Option<Arc<str>> = zone.map(Into::into);
    Ok(match unit {
        TimeUnit::Second => Arc::new(primitive::<TimestampSecondType>(values, nulls)?.with_timezone_opt(zone)),
        TimeUnit::Millisecond => {
            Arc::new(primitive::<TimestampMillisecondType>(values, nulls)?.with_timezone_opt(zone))
        }
        TimeUnit::Microsecond => {
            Arc::new(primitive::<TimestampMicrosecondType>(values, nulls)?.with_timezone_opt(zone))
        }
        TimeUnit::Nanosecond => Arc::new(primitive::<TimestampNanosecondType>(values, nulls)?.with_timezone_opt(zone)),
    })
}

fn bools(bytes: &[u8], nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    let is_hidden = |index: usize| nulls.as_ref().is_some_and(|nulls| index < nulls.len() && nulls.is_null(index));
    if let Some(wrong) = bytes.iter().position(|byte| *byte > 1)
        && let Some(at) = (wrong..bytes.len()).find(|at| bytes[*at] > 1 && !is_hidden(*at))
    {
        return Err(Error::corrupt(format!("{:?} is no bool", [bytes[at]])).in_element(at));
    }
    let values = BooleanBuffer::collect_bool(bytes.len(), |index| bytes[index] == 1);
    if nulls.as_ref().is_some_and(|nulls| nulls.len() != values.len()) {
        return Err(Error::corrupt("a mask of another length than its values"));
    }
    Ok(Arc::new(BooleanArray::new(values, nulls)))
}

/// numpy's times, whose smallest number is none.
fn times(name: &str, values: Vec<i64>, nulls: Option<&NullBuffer>) -> ArrayRef {
    const NOT_A_TIME: i64 = i64::MIN;
    let own = values.contains(&NOT_A_TIME);
    let own = own.then(|| NullBuffer::from_iter(values.iter().map(|value| *value != NOT_A_TIME)));
    let nulls = NullBuffer::union(own.as_ref(), nulls);
    let array = PrimitiveArray::<Int64Type>::new(values.into(), nulls);
    match types::type_of_time(name) {
        Some(DataType::Timestamp(TimeUnit::Second, _)) => Arc::new(array.reinterpret_cast::<TimestampSecondType>()),
        Some(DataType::Timestamp(TimeUnit::Millisecond, _)) => {
            Arc::new(array.reinterpret_cast::<TimestampMillisecondType>())
        }
        Some(DataType::Timestamp(TimeUnit::Microsecond, _)) => {
            Arc::new(array.reinterpret_cast::<TimestampMicrosecondType>())
        }
        Some(DataType::Timestamp(TimeUnit::Nanosecond, _)) => {
            Arc::new(array.reinterpret_cast::<TimestampNanosecondType>())
        }
        Some(DataType::Duration(TimeUnit::Second)) => Arc::new(array.reinterpret_cast::<DurationSecondType>()),
        Some(DataType::Duration(TimeUnit::Millisecond)) => {
            Arc::new(array.reinterpret_cast::<DurationMillisecondType>())
        }
        Some(DataType::Duration(TimeUnit::Microsecond)) => {
            Arc::new(array.reinterpret_cast::<DurationMicrosecondType>())
        }
        Some(DataType::Duration(TimeUnit::Nanosecond)) => Arc::new(array.reinterpret_cast::<DurationNanosecondType>()),
        _ => Arc::new(array),
    }
}

#[cold]
fn too_long(what: &str) -> Error {
    let message = format!("more than {} {what} of a column are more than a batch has", i32::MAX);
    Error::new(ErrorKind::Limit, message).advised("read fewer rows at once, by `batches`")
}

fn offsets_of<O: OffsetSizeTrait>(offsets: &[u64]) -> Result<OffsetBuffer<O>> {
    let last = offsets.last().copied().unwrap_or(0);
    if usize::try_from(last).ok().and_then(O::from_usize).is_none() {
        return Err(too_long("bytes or elements"));
    }
    // None is more than the last.
    let offsets: Vec<O> = offsets.iter().map(|offset| O::usize_as(*offset as usize)).collect();
    Ok(OffsetBuffer::new(offsets.into()))
}

fn bytes_array<T: ByteArrayType>(offsets: &[u64], bytes: Vec<u8>, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    let (ends, buffer) = (offsets_of::<T::Offset>(offsets)?, Buffer::from_vec(bytes));
    match GenericByteArray::<T>::try_new(ends, buffer.clone(), nulls) {
        Ok(array) => Ok(Arc::new(array)),
        Err(error) => {
            // Which of them it is, is looked for only now.
            let part = |pair: &[u64]| buffer.get(pair[0] as usize..pair[1] as usize).unwrap_or_default().to_vec();
            let wrong = offsets.windows(2).map(part).enumerate().find(|(_, part)| std::str::from_utf8(part).is_err());
            Err(match wrong {
                Some((index, part)) => match crate::de::item::string(&part) {
                    Err(error) => error.in_element(index),
                    Ok(_) => refused(error),
                },
                None => refused(error),
            })
        }
    }
}

fn item_of(values: &ArrayRef) -> Arc<Field> {
    Arc::new(Field::new_list_field(values.data_type().clone(), true))
}

fn lists<O: OffsetSizeTrait>(offsets: &[u64], values: ArrayRef, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    let array = GenericListArray::<O>::try_new(item_of(&values), offsets_of(offsets)?, values, nulls);
    Ok(Arc::new(array.map_err(refused)?))
}

/// Arrays of those dimensions, whose values are one after the other.
fn arrays(dims: &[u64], len: usize, values: ArrayRef, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    let mut array = values;
    for (level, dim) in dims.iter().enumerate().rev() {
        let size = i32::try_from(*dim).map_err(|_| too_long("elements in an array"))?;
        let outer = dims[..level].iter().try_fold(len, |len, dim| len.checked_mul(*dim as usize));
        let outer = outer.ok_or_else(|| Error::corrupt("an array of absurd shape"))?;
        let nulls = if level == 0 { nulls.clone() } else { None };
        let lists = FixedSizeListArray::try_new_with_length(item_of(&array), size, array, nulls, outer);
        array = Arc::new(lists.map_err(refused)?);
    }
    Ok(array)
}

/// Values that codes count, negative for null.
fn dictionary(number: Number, codes: Words, categories: ArrayRef, nulls: Option<&NullBuffer>) -> Result<ArrayRef> {
    match number {
        Number::I8 => keyed::<Int8Type>(codes, categories, nulls),
        Number::I16 => keyed::<Int16Type>(codes, categories, nulls),
        Number::I32 => keyed::<Int32Type>(codes, categories, nulls),
        Number::I64 => keyed::<Int64Type>(codes, categories, nulls),
        Number::U8 => keyed::<UInt8Type>(codes, categories, nulls),
        Number::U16 => keyed::<UInt16Type>(codes, categories, nulls),
        Number::U32 => keyed::<UInt32Type>(codes, categories, nulls),
        Number::U64 => keyed::<UInt64Type>(codes, categories, nulls),
        Number::Bool | Number::F32 | Number::F64 => Err(Error::corrupt("codes that are no integers")),
    }
}

fn keyed<K: ArrowDictionaryKeyType>(
    codes: Words,
    categories: ArrayRef,
    nulls: Option<&NullBuffer>,
) -> Result<ArrayRef> {
    let keys: ScalarBuffer<K::Native> = buffer_of(codes).into();
    let zero = K::Native::usize_as(0);
    let own = keys.iter().any(|key| *key < zero);
    let own = own.then(|| NullBuffer::from_iter(keys.iter().map(|key| *key >= zero)));
    let nulls = NullBuffer::union(own.as_ref(), nulls);
    let is_valid = |index: usize| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(index));
    for (index, key) in keys.iter().enumerate() {
        if key.as_usize() >= categories.len() && is_valid(index) {
            let message = format!("the code {key:?} is that of none of {} categories", categories.len());
            return Err(Error::corrupt(message).in_element(index));
        }
    }
    let keys = PrimitiveArray::<K>::try_new(keys, nulls).map_err(refused)?;
    Ok(Arc::new(DictionaryArray::try_new(keys, categories).map_err(refused)?))
}
