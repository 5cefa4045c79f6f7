//! Arrow's arrays to the columns that a sequence of the same values is.

use std::borrow::Cow;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ByteArrayType, ByteViewType, Date32Type, Date64Type, DurationMicrosecondType, DurationMillisecondType,
    DurationNanosecondType, DurationSecondType, Float16Type, Float32Type, Float64Type, GenericBinaryType, Int8Type,
    Int16Type, Int32Type, Int64Type, Time32MillisecondType, Time32SecondType, Time64MicrosecondType,
    Time64NanosecondType, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, FixedSizeListArray, GenericByteArray, GenericByteViewArray,
    GenericListArray, OffsetSizeTrait, RecordBatch, StructArray, make_array,
};
use arrow_buffer::NullBuffer;
use arrow_data::transform::MutableArrayData;
use arrow_schema::{ArrowError, DataType, Field, TimeUnit};

use super::types::{self, TimeOfDay};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::{Number, element_bytes};
use crate::layout::MAX_RANK;
use crate::ser::{ColumnPlace, StringList};

/// Writes a batch as records by columns.
pub(super) fn write_batch(batch: &RecordBatch, place: &ColumnPlace<'_>) -> Result<()> {
    let schema = batch.schema();
    write_fields(schema.fields().iter().map(AsRef::as_ref), batch.columns(), batch.num_rows(), None, place)
}

/// Writes records, of which those that `hidden` lacks mean nothing.
fn write_fields<'f>(
    fields: impl ExactSizeIterator<Item = &'f Field>,
    columns: &[ArrayRef],
    rows: usize,
    hidden: Option<&NullBuffer>,
    place: &ColumnPlace<'_>,
) -> Result<()> {
    let mut names = std::collections::HashSet::new();
    let fields: Vec<&Field> = fields.collect();
    for field in &fields {
        if !names.insert(field.name().as_str()) {
            let message = format!("two columns are called `{}`", field.name());
            return Err(Error::new(ErrorKind::AlreadyExists, message).advised("rename one of them"));
        }
        types::check(field.data_type()).map_err(|error| error.in_field(field.name()))?;
    }
    let group = place.records(rows, fields.len())?;
    for (field, column) in fields.iter().zip(columns) {
        place.field(&group, field.name(), types::has_fields(field.data_type()), &mut |place| {
            write_column(column, field.dict_is_ordered().unwrap_or(false), hidden, place)
        })?;
    }
    Ok(())
}

/// Writes the elements of an array. Those that `hidden` lacks mean nothing, whatever they are in the array.
fn write_column(
    array: &ArrayRef,
    is_ordered: bool,
    hidden: Option<&NullBuffer>,
    place: &ColumnPlace<'_>,
) -> Result<()> {
    match array.data_type() {
        DataType::Null => return place.units(array.len()),
        DataType::Dictionary(..) => return write_dictionary(array, is_ordered, hidden, place),
        _ => {}
    }
    let own = array.nulls().filter(|nulls| nulls.null_count() > 0);
    let filled = NullBuffer::union(own, hidden).filter(|filled| filled.null_count() > 0);
    let is_nullable = match (own, hidden) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(own), Some(hidden)) => !hidden.contains(own),
    };
    match &filled {
        Some(filled) if is_nullable => {
            let mask: Vec<bool> = filled.iter().map(|valid| !valid).collect();
            place.nullable(types::stored_number(array.data_type()), &mask, &mut |place| {
                write_values(array, Some(filled), place)
            })
        }
        filled => write_values(array, filled.as_ref(), place),
    }
}

/// Writes the values of an array. Those that `filled` lacks are fillers.
fn write_values(array: &ArrayRef, filled: Option<&NullBuffer>, place: &ColumnPlace<'_>) -> Result<()> {
    macro_rules! numbers {
        ($type:ty, $number:ident) => {
            write_numbers::<$type>(array, Number::$number, filled, place)
        };
    }
    macro_rules! times {
        ($type:ty, $number:ident, $marks:expr) => {{
            let bytes = number_bytes::<$type>(array, Number::$number, filled);
            place.marked_numbers(Number::$number, &bytes, &$marks)
        }};
    }
    match array.data_type() {
        DataType::Boolean => write_bools(array.as_boolean(), filled, place),
        DataType::Int8 => numbers!(Int8Type, I8),
        DataType::Int16 => numbers!(Int16Type, I16),
        DataType::Int32 => numbers!(Int32Type, I32),
        DataType::Int64 => numbers!(Int64Type, I64),
        DataType::UInt8 => numbers!(UInt8Type, U8),
        DataType::UInt16 => numbers!(UInt16Type, U16),
        DataType::UInt32 => numbers!(UInt32Type, U32),
        DataType::UInt64 => numbers!(UInt64Type, U64),
        DataType::Float32 => numbers!(Float32Type, F32),
        DataType::Float64 => numbers!(Float64Type, F64),
        DataType::Float16 => write_halves(array, filled, place),
        DataType::Utf8 => place.strings(&Strings { array: array.as_string::<i32>(), filled }),
        DataType::LargeUtf8 => place.strings(&Strings { array: array.as_string::<i64>(), filled }),
        DataType::Utf8View => place.strings(&Views { array: array.as_string_view(), filled }),
        DataType::Binary => write_binary::<i32>(array, filled, place),
        DataType::LargeBinary => write_binary::<i64>(array, filled, place),
        DataType::BinaryView => {
            let views = array.as_binary_view();
            write_blobs(array.len(), |index| if is_filled(filled, index) { &[] } else { views.value(index) }, place)
        }
        DataType::FixedSizeBinary(size) => write_fixed_binary(array, *size as usize, filled, place),
        DataType::List(_) => write_list::<i32>(array.as_list(), filled, place),
        DataType::LargeList(_) => write_list::<i64>(array.as_list(), filled, place),
        DataType::FixedSizeList(..) => write_fixed_list(array.as_fixed_size_list(), filled, place),
        DataType::Struct(_) => {
            let records: &StructArray = array.as_struct();
            let fields = records.fields().iter().map(AsRef::as_ref);
            write_fields(fields, records.columns(), records.len(), filled, place)
        }
        DataType::Date32 => times!(Date32Type, I32, types::DATE_MARKS),
        DataType::Date64 => write_dates(array, filled, place),
        DataType::Timestamp(unit, zone) => {
            let units = types::units_of_timestamp(*unit);
            let mut marks = vec![(types::UNITS, units), types::CALENDAR_MARK];
            marks.extend(zone.as_ref().map(|zone| (types::TIMEZONE, &**zone)));
            match unit {
                TimeUnit::Second => times!(TimestampSecondType, I64, marks),
                TimeUnit::Millisecond => times!(TimestampMillisecondType, I64, marks),
                TimeUnit::Microsecond => times!(TimestampMicrosecondType, I64, marks),
                TimeUnit::Nanosecond => times!(TimestampNanosecondType, I64, marks),
            }
        }
        DataType::Duration(unit) => {
            let marks = [(types::UNITS, types::units_of_duration(*unit))];
            match unit {
                TimeUnit::Second => times!(DurationSecondType, I64, marks),
                TimeUnit::Millisecond => times!(DurationMillisecondType, I64, marks),
                TimeUnit::Microsecond => times!(DurationMicrosecondType, I64, marks),
                TimeUnit::Nanosecond => times!(DurationNanosecondType, I64, marks),
            }
        }
        DataType::Time32(unit) | DataType::Time64(unit) => {
            let marks = [(types::UNITS, types::units_of_duration(*unit)), (types::SINCE, types::MIDNIGHT)];
            match TimeOfDay::of(array.data_type()) {
                Some(TimeOfDay::Seconds) => times!(Time32SecondType, I32, marks),
                Some(TimeOfDay::Milliseconds) => times!(Time32MillisecondType, I32, marks),
                Some(TimeOfDay::Microseconds) => times!(Time64MicrosecondType, I64, marks),
                Some(TimeOfDay::Nanoseconds) => times!(Time64NanosecondType, I64, marks),
                None => Err(types::not_stored(array.data_type())),
            }
        }
        other => Err(types::not_stored(other)),
    }
}

fn is_filled(filled: Option<&NullBuffer>, index: usize) -> bool {
    filled.is_some_and(|filled| filled.is_null(index))
}

/// The numbers of an array as bytes, with fillers where there is no number, so that equal arrays give equal files.
fn number_bytes<'a, T: ArrowPrimitiveType>(
    array: &'a ArrayRef,
    number: Number,
    filled: Option<&NullBuffer>,
) -> Cow<'a, [u8]> {
    fill(array.as_primitive::<T>().values().inner().as_slice(), number, 1, filled)
}

/// The same bytes of `width` numbers for each element, with fillers for those elements that `filled` lacks.
fn fill<'a>(bytes: &'a [u8], number: Number, width: usize, filled: Option<&NullBuffer>) -> Cow<'a, [u8]> {
    let Some(filled) = filled else { return Cow::Borrowed(bytes) };
    let size = number.size() * width;
    let mut bytes = bytes.to_vec();
    let filler: Vec<u8> = match number {
        Number::F32 => f32::NAN.to_ne_bytes().repeat(width),
        Number::F64 => f64::NAN.to_ne_bytes().repeat(width),
        _ => vec![0; size],
    };
    if size > 0 {
        for (place, is_valid) in bytes.chunks_exact_mut(size).zip(filled.iter()) {
            if !is_valid {
                place.copy_from_slice(&filler);
            }
        }
    }
    Cow::Owned(bytes)
}

fn write_numbers<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    number: Number,
    filled: Option<&NullBuffer>,
    place: &ColumnPlace<'_>,
) -> Result<()> {
    place.numbers(number, vec![array.len() as u64], &number_bytes::<T>(array, number, filled))
}

fn bool_bytes(array: &BooleanArray, filled: Option<&NullBuffer>) -> Vec<bool> {
    let values = array.values().iter().enumerate();
    values.map(|(index, value)| value && !is_filled(filled, index)).collect()
}

fn write_bools(array: &BooleanArray, filled: Option<&NullBuffer>, place: &ColumnPlace<'_>) -> Result<()> {
    let bools = bool_bytes(array, filled);
    place.numbers(Number::Bool, vec![bools.len() as u64], element_bytes(&bools))
}

/// Floats of 16 bits: as they are, or, where the `hdf5` crate has none, as floats of 32 bits, which hold all of them.
fn write_halves(array: &ArrayRef, filled: Option<&NullBuffer>, place: &ColumnPlace<'_>) -> Result<()> {
    let halves = array.as_primitive::<Float16Type>().values().iter().enumerate();
    #[cfg(feature = "f16")]
    {
        type Half = <Float16Type as ArrowPrimitiveType>::Native;
        let filler = |index| is_filled(filled, index);
        let values: Vec<Half> = halves.map(|(at, half)| if filler(at) { Half::NAN } else { *half }).collect();
        place.array(&ndarray::ArrayView1::from(&values))
    }
    #[cfg(not(feature = "f16"))]
    {
        let value =
            |(index, half): (usize, &<Float16Type as ArrowPrimitiveType>::Native)| match is_filled(filled, index) {
                true => f32::NAN,
                false => half.to_f32(),
            };
        let values: Vec<f32> = halves.map(value).collect();
        place.numbers(Number::F32, vec![values.len() as u64], element_bytes(&values))
    }
}

/// Dates in milliseconds, as days.
fn write_dates(array: &ArrayRef, filled: Option<&NullBuffer>, place: &ColumnPlace<'_>) -> Result<()> {
    let dates = array.as_primitive::<Date64Type>().values().iter().enumerate();
    let day = |(index, date): (usize, &i64)| match is_filled(filled, index) {
        true => Ok(0),
        false if date % types::DAY == 0 => Ok(date / types::DAY),
        false => {
            let message = format!("{date} milliseconds are no whole days: `Date64` has dates, `Timestamp` has times");
            Err(Error::new(ErrorKind::OutOfRange, message).in_element(index))
        }
    };
    let days: Vec<i64> = dates.map(day).collect::<Result<_>>()?;
    place.marked_numbers(Number::I64, element_bytes(&days), &types::DATE_MARKS)
}

/// Strings of Arrow's, of which those that are null are empty.
struct Strings<'a, T: ByteArrayType> {
    array: &'a GenericByteArray<T>,
    filled: Option<&'a NullBuffer>,
}

impl<T: ByteArrayType> StringList for Strings<'_, T> {
    fn count(&self) -> usize {
        self.array.len()
    }

    fn get(&self, index: usize) -> &[u8] {
        if is_filled(self.filled, index) { &[] } else { self.array.value(index).as_ref() }
    }
}

/// The same of strings that are elsewhere.
struct Views<'a, T: ByteViewType> {
    array: &'a GenericByteViewArray<T>,
    filled: Option<&'a NullBuffer>,
}

impl<T: ByteViewType> StringList for Views<'_, T> {
    fn count(&self) -> usize {
        self.array.len()
    }

    fn get(&self, index: usize) -> &[u8] {
        if is_filled(self.filled, index) { &[] } else { self.array.value(index).as_ref() }
    }
}

fn write_binary<O: OffsetSizeTrait>(
    array: &ArrayRef,
    filled: Option<&NullBuffer>,
    place: &ColumnPlace<'_>,
) -> Result<()> {
    let blobs = array.as_bytes::<GenericBinaryType<O>>();
    if filled.is_some() {
        return write_blobs(
            blobs.len(),
            |index| if is_filled(filled, index) { &[] } else { blobs.value(index) },
            place,
        );
    }
    let offsets: Vec<u64> = blobs.value_offsets().iter().map(|offset| offset.as_usize() as u64).collect();
    let (first, last) = (offsets.first().copied().unwrap_or(0), offsets.last().copied().unwrap_or(0));
    let rebased: Vec<u64> = offsets.iter().map(|offset| offset - first).collect();
    place.blobs(&rebased, &blobs.value_data()[first as usize..last as usize])
}

fn write_blobs<'a>(count: usize, get: impl Fn(usize) -> &'a [u8], place: &ColumnPlace<'_>) -> Result<()> {
    let (mut offsets, mut bytes) = (Vec::with_capacity(count + 1), Vec::new());
    offsets.push(0);
    for index in 0..count {
        bytes.extend_from_slice(get(index));
        offsets.push(bytes.len() as u64);
    }
    place.blobs(&offsets, &bytes)
}

fn write_fixed_binary(
    array: &ArrayRef,
    size: usize,
    filled: Option<&NullBuffer>,
    place: &ColumnPlace<'_>,
) -> Result<()> {
    let blobs = array.as_fixed_size_binary();
    if size == 0 {
        return write_blobs(blobs.len(), |_| &[], place);
    }
    let mut bytes = Vec::with_capacity(blobs.len() * size);
    for index in 0..blobs.len() {
        if is_filled(filled, index) {
            bytes.resize(bytes.len() + size, 0);
        } else {
            bytes.extend_from_slice(blobs.value(index));
        }
    }
    place.opaque(size, &bytes)
}

fn write_list<O: OffsetSizeTrait>(
    list: &GenericListArray<O>,
    filled: Option<&NullBuffer>,
    place: &ColumnPlace<'_>,
) -> Result<()> {
    let offsets = list.value_offsets();
    let bounds = |index: usize| (offsets[index].as_usize(), offsets[index + 1].as_usize());
    let is_hidden = |index: usize| is_filled(filled, index) && offsets[index] != offsets[index + 1];
    if (0..list.len()).any(is_hidden) {
        // What is in lists that are null is left out.
        let values = list.values().to_data();
        let mut kept = MutableArrayData::new(vec![&values], false, values.len());
        let (mut ends, mut end) = (vec![0], 0u64);
        for index in 0..list.len() {
            let (first, last) = bounds(index);
            if !is_filled(filled, index) {
                kept.try_extend(0, first, last).map_err(not_copied)?;
                end += (last - first) as u64;
            }
            ends.push(end);
        }
        return write_elements(&ends, &make_array(kept.freeze()), place);
    }
    let (first, last) = match list.len() {
        0 => (0, 0),
        len => (offsets[0].as_usize(), offsets[len].as_usize()),
    };
    let ends: Vec<u64> = offsets.iter().map(|offset| (offset.as_usize() - first) as u64).collect();
    let ends = if list.is_empty() { vec![0] } else { ends };
    write_elements(&ends, &list.values().slice(first, last - first), place)
}

/// The error for elements that Arrow does not copy.
#[cold]
fn not_copied(error: ArrowError) -> Error {
    Error::new(ErrorKind::Limit, error.to_string())
}

/// Writes sequences whose elements are one after the other.
fn write_elements(offsets: &[u64], values: &ArrayRef, place: &ColumnPlace<'_>) -> Result<()> {
    types::check(values.data_type())?;
    place.ragged(offsets, &mut |place| write_column(values, false, None, place))
}

/// Lists of one length: an array of more dimensions, if they are numbers, of which none is null.
fn write_fixed_list(list: &FixedSizeListArray, filled: Option<&NullBuffer>, place: &ColumnPlace<'_>) -> Result<()> {
    let mut dims = vec![list.len() as u64];
    let mut hidden = filled.cloned();
    let mut level: ArrayRef = std::sync::Arc::new(list.clone());
    let mut width = 1usize;
    while let DataType::FixedSizeList(_, size) = level.data_type() {
        let inner = level.as_fixed_size_list().values().clone();
        let size = *size as usize;
        dims.push(size as u64);
        width = width.saturating_mul(size);
        hidden = hidden.map(|hidden| hidden.expand(size));
        let own = inner.nulls().filter(|nulls| nulls.null_count() > 0);
        let is_regular = match (own, &hidden) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(hidden)) => hidden.contains(own),
        };
        if !is_regular || size == 0 || dims.len() > MAX_RANK {
            return write_fixed_list_as_list(list, filled, place);
        }
        level = inner;
    }
    let Some(number) = types::plain_number(level.data_type()) else {
        return write_fixed_list_as_list(list, filled, place);
    };
    if number == Number::Bool {
        let bools = bool_bytes(level.as_boolean(), hidden.as_ref());
        return place.numbers(number, dims, element_bytes(&bools));
    }
    let data = level.to_data();
    let all = data.buffers().first().map(|buffer| buffer.as_slice()).unwrap_or_default();
    let (start, len) = (data.offset() * number.size(), data.len() * number.size());
    place.numbers(number, dims, &fill(&all[start..start + len], number, width, filled))
}

fn write_fixed_list_as_list(
    list: &FixedSizeListArray,
    filled: Option<&NullBuffer>,
    place: &ColumnPlace<'_>,
) -> Result<()> {
    let size = list.value_length() as usize;
    let hidden = filled.map(|filled| filled.expand(size));
    let offsets: Vec<u64> = (0..=list.len()).map(|index| (index * size) as u64).collect();
    types::check(list.values().data_type())?;
    place.ragged(&offsets, &mut |place| write_column(list.values(), false, hidden.as_ref(), place))
}

/// Values by their positions among those that there are.
fn write_dictionary(
    array: &ArrayRef,
    is_ordered: bool,
    hidden: Option<&NullBuffer>,
    place: &ColumnPlace<'_>,
) -> Result<()> {
    let dictionary = array.as_any_dictionary();
    let values = dictionary.values();
    let (positions, kept) = distinct(values)?;
    let keys = dictionary.keys();
    let nulls = NullBuffer::union(keys.nulls(), hidden);
    // Arrow asks for a value, whatever the keys are.
    let own = if values.is_empty() { vec![0; keys.len()] } else { dictionary.normalized_keys() };
    let codes = own.into_iter().enumerate().map(|(index, key)| match &nulls {
        Some(nulls) if nulls.is_null(index) => -1,
        _ => positions.get(key).copied().unwrap_or(-1),
    });
    let codes: Vec<i64> = codes.collect();
    let has_none = codes.contains(&-1);
    let number = types::code_number(keys.data_type(), has_none);
    let mut bytes = Vec::with_capacity(codes.len() * number.size());
    for code in &codes {
        // It fits: a code is no larger than a key, and less than none where the type has a sign.
        match number.size() {
            1 => bytes.push(*code as u8),
            2 => bytes.extend_from_slice(&(*code as u16).to_ne_bytes()),
            4 => bytes.extend_from_slice(&(*code as u32).to_ne_bytes()),
            _ => bytes.extend_from_slice(&code.to_ne_bytes()),
        }
    }
    place.categorical(number, &bytes, is_ordered, &mut |place| write_column(&kept, false, None, place))
}

/// For each value its position among those that differ, or -1 for null; and these.
fn distinct(values: &ArrayRef) -> Result<(Vec<i64>, ArrayRef)> {
    let data = values.to_data();
    let mut positions = Vec::with_capacity(values.len());
    let mut kept: Vec<usize> = Vec::new();
    let mut seen = std::collections::HashMap::new();
    for index in 0..values.len() {
        if values.is_null(index) {
            positions.push(-1);
            continue;
        }
        let position = *seen.entry(value_bytes(values, &data, index)).or_insert_with(|| {
            kept.push(index);
            kept.len() as i64 - 1
        });
        positions.push(position);
    }
    if kept.len() == values.len() {
        return Ok((positions, values.clone()));
    }
    let mut rest = MutableArrayData::new(vec![&data], false, kept.len());
    kept.iter().try_for_each(|index| rest.try_extend(0, *index, *index + 1)).map_err(not_copied)?;
    Ok((positions, make_array(rest.freeze())))
}

/// The bytes of a string or number.
fn value_bytes<'a>(values: &'a ArrayRef, data: &'a arrow_data::ArrayData, index: usize) -> &'a [u8] {
    match values.data_type() {
        DataType::Utf8 => values.as_string::<i32>().value(index).as_bytes(),
        DataType::LargeUtf8 => values.as_string::<i64>().value(index).as_bytes(),
        DataType::Utf8View => values.as_string_view().value(index).as_bytes(),
        other => {
            let size = other.primitive_width().unwrap_or(0);
            let at = (data.offset() + index) * size;
            data.buffers().first().and_then(|buffer| buffer.as_slice().get(at..at + size)).unwrap_or_default()
        }
    }
}
