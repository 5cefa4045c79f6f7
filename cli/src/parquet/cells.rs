//! Rows of Arrow's batches as records.

use filebacked::arrow_array::cast::AsArray;
use filebacked::arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
    DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType, DurationSecondType, Float16Type,
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, Time32MillisecondType, Time32SecondType,
    Time64MicrosecondType, Time64NanosecondType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use filebacked::arrow_array::{Array, ArrayRef, RecordBatch};
use filebacked::arrow_schema::{DataType, TimeUnit};
use serde::ser::{Error as _, SerializeSeq, SerializeStruct, SerializeTuple};
use serde::{Serialize, Serializer};

use super::columns::{Column, ColumnKind};

/// Milliseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// A row of a batch.
pub(super) struct BatchRow<'a> {
    pub(super) columns: &'a [Column],
    pub(super) batch: RecordBatch,
    pub(super) index: usize,
}

impl Serialize for BatchRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Row { columns: self.columns, arrays: self.batch.columns(), index: self.index }.serialize(serializer)
    }
}

/// A row, or a value of a column of structs.
struct Row<'a> {
    columns: &'a [Column],
    arrays: &'a [ArrayRef],
    index: usize,
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("Record", self.columns.len())?;
        for (column, array) in self.columns.iter().zip(self.arrays) {
            record.serialize_field(column.name, &Cell { column, array: &**array, index: self.index })?;
        }
        record.end()
    }
}

/// A value of a column, which may be missing.
struct Cell<'a> {
    column: &'a Column,
    array: &'a dyn Array,
    index: usize,
}

/// A value that is there.
struct Filled<'a>(&'a Cell<'a>);

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.column.is_optional, self.array.is_null(self.index)) {
            (true, true) => serializer.serialize_none(),
            (true, false) => serializer.serialize_some(&Filled(self)),
            (false, true) => {
                let message =
                    format_args!("a value of `{}` is missing, and the file says that none is", self.column.name);
                Err(S::Error::custom(message))
            }
            (false, false) => Filled(self).serialize(serializer),
        }
    }
}

impl Filled<'_> {
    fn primitive<T: ArrowPrimitiveType>(&self) -> T::Native {
        self.0.array.as_primitive::<T>().value(self.0.index)
    }

    /// A decimal number in digits.
    fn digits(&self) -> Option<String> {
        let (array, index) = (self.0.array, self.0.index);
        Some(match array.data_type() {
            DataType::Decimal32(..) => array.as_primitive::<Decimal32Type>().value_as_string(index),
            DataType::Decimal64(..) => array.as_primitive::<Decimal64Type>().value_as_string(index),
            DataType::Decimal128(..) => array.as_primitive::<Decimal128Type>().value_as_string(index),
            DataType::Decimal256(..) => array.as_primitive::<Decimal256Type>().value_as_string(index),
            _ => return None,
        })
    }

    fn list<S: Serializer>(&self, column: &Column, values: &dyn Array, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(values.len()))?;
        for index in 0..values.len() {
            list.serialize_element(&Cell { column, array: values, index })?;
        }
        list.end()
    }

    fn plain<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (array, index) = (self.0.array, self.0.index);
        macro_rules! number {
            ($type:ty) => {
                self.primitive::<$type>().serialize(serializer)
            };
        }
        match array.data_type() {
            DataType::Null => serializer.serialize_unit(),
            DataType::Boolean => serializer.serialize_bool(array.as_boolean().value(index)),
            DataType::Int8 => number!(Int8Type),
            DataType::Int16 => number!(Int16Type),
            DataType::Int32 => number!(Int32Type),
            DataType::Int64 => number!(Int64Type),
            DataType::UInt8 => number!(UInt8Type),
            DataType::UInt16 => number!(UInt16Type),
            DataType::UInt32 => number!(UInt32Type),
            DataType::UInt64 => number!(UInt64Type),
            DataType::Float16 => serializer.serialize_f32(self.primitive::<Float16Type>().to_f32()),
            DataType::Float32 => number!(Float32Type),
            DataType::Float64 => number!(Float64Type),
            DataType::Date32 => number!(Date32Type),
            DataType::Date64 => {
                let milliseconds = self.primitive::<Date64Type>();
                if milliseconds % DAY != 0 {
                    let message =
                        format_args!("the date of {milliseconds} milliseconds since 1970 is not of whole days");
                    return Err(S::Error::custom(message));
                }
                serializer.serialize_i64(milliseconds / DAY)
            }
            DataType::Timestamp(unit, _) => match unit {
                TimeUnit::Second => number!(TimestampSecondType),
                TimeUnit::Millisecond => number!(TimestampMillisecondType),
                TimeUnit::Microsecond => number!(TimestampMicrosecondType),
                TimeUnit::Nanosecond => number!(TimestampNanosecondType),
            },
            DataType::Duration(unit) => match unit {
                TimeUnit::Second => number!(DurationSecondType),
                TimeUnit::Millisecond => number!(DurationMillisecondType),
                TimeUnit::Microsecond => number!(DurationMicrosecondType),
                TimeUnit::Nanosecond => number!(DurationNanosecondType),
            },
            DataType::Time32(TimeUnit::Second) => number!(Time32SecondType),
            DataType::Time32(_) => number!(Time32MillisecondType),
            DataType::Time64(TimeUnit::Microsecond) => number!(Time64MicrosecondType),
            DataType::Time64(_) => number!(Time64NanosecondType),
            DataType::Utf8 => serializer.serialize_str(array.as_string::<i32>().value(index)),
            DataType::LargeUtf8 => serializer.serialize_str(array.as_string::<i64>().value(index)),
            DataType::Utf8View => serializer.serialize_str(array.as_string_view().value(index)),
            DataType::Binary => serializer.serialize_bytes(array.as_binary::<i32>().value(index)),
            DataType::LargeBinary => serializer.serialize_bytes(array.as_binary::<i64>().value(index)),
            DataType::BinaryView => serializer.serialize_bytes(array.as_binary_view().value(index)),
            DataType::FixedSizeBinary(_) => serializer.serialize_bytes(array.as_fixed_size_binary().value(index)),
            other => Err(S::Error::custom(format_args!("values of the type `{other}` are not stored"))),
        }
    }
}

impl Serialize for Filled<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(Cell { column, array, index }) = *self;
        if let Some(dictionary) = array.as_any_dictionary_opt() {
            let values = dictionary.values();
            let position = array.slice(*index, 1).as_any_dictionary().normalized_keys()[0];
            if values.is_null(position) {
                return Err(S::Error::custom(format_args!(
                    "a value of `{}` is missing in its dictionary",
                    column.name
                )));
            }
            return Filled(&Cell { column, array: &**values, index: position }).serialize(serializer);
        }
        let not_decimal = || S::Error::custom(format_args!("`{}` is no decimal number", column.name));
        match &column.kind {
            ColumnKind::Plain => self.plain(serializer),
            ColumnKind::Integer => {
                let digits = self.digits().ok_or_else(not_decimal)?;
                serializer.serialize_i64(digits.parse().map_err(|_| not_decimal())?)
            }
            ColumnKind::Float => {
                let digits = self.digits().ok_or_else(not_decimal)?;
                serializer.serialize_f64(digits.parse().map_err(|_| not_decimal())?)
            }
            ColumnKind::Decimal => serializer.serialize_str(&self.digits().ok_or_else(not_decimal)?),
            ColumnKind::List(inner) => match array.data_type() {
                DataType::List(_) => self.list(inner, &*array.as_list::<i32>().value(*index), serializer),
                DataType::LargeList(_) => self.list(inner, &*array.as_list::<i64>().value(*index), serializer),
                DataType::FixedSizeList(..) => {
                    let values = array.as_fixed_size_list().value(*index);
                    let mut tuple = serializer.serialize_tuple(values.len())?;
                    for index in 0..values.len() {
                        tuple.serialize_element(&Cell { column: inner, array: &*values, index })?;
                    }
                    tuple.end()
                }
                other => Err(S::Error::custom(format_args!("`{}` is no list, but `{other}`", column.name))),
            },
            ColumnKind::Struct(columns) => {
                Row { columns, arrays: array.as_struct().columns(), index: *index }.serialize(serializer)
            }
            ColumnKind::Map(columns) => {
                let entries = array.as_map().value(*index);
                let row = |index| Row { columns, arrays: entries.columns(), index };
                serializer.collect_seq((0..entries.len()).map(row))
            }
        }
    }
}
