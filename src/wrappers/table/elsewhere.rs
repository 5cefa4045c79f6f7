//! What a table is in other formats: a list of maps, where people read it, and else the bytes of an HDF5 file in memory, which
//! keeps all types.

use std::fmt;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, DurationMicrosecondType, DurationMillisecondType,
    DurationNanosecondType, DurationSecondType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Fields, TimeUnit};
use serde::Serialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde::ser::{Error as _, SerializeMap, Serializer};

use super::{Table, types};
use crate::de::{from_root, made};
use crate::ground::error::Result;
use crate::ground::limits::Limits;
use crate::h5::{File, image_of};
use crate::layout::access::Access;
use crate::layout::path_rules::RulePosition;
use crate::ser::{Erased, fill};
use crate::wrappers::value::Value;

/// The bytes of a file that holds `value`.
fn image<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    Limits::while_writing(|| {
        let file = File::in_memory_as(Access::default())?;
        fill(&Erased(value), &file.root()?, RulePosition::nowhere())?;
        image_of(&file)
    })
}

/// The table in the bytes of a file.
fn table(image: &[u8]) -> Result<Table> {
    Limits::while_reading(|| {
        let file = File::from_image(image)?;
        made(|value| from_root(&file.root()?, RulePosition::nowhere(), value))
    })
}

pub(super) fn serialize<S: Serializer>(table: &Table, serializer: S) -> Result<S::Ok, S::Error> {
    if !serializer.is_human_readable() {
        return serializer.serialize_bytes(&image(table).map_err(S::Error::custom)?);
    }
    let row = |index| Row { batch: &table.0, index };
    serializer.collect_seq((0..table.num_rows()).map(row))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Table, D::Error> {
    if deserializer.is_human_readable() {
        deserializer.deserialize_seq(TableVisitor)
    } else {
        deserializer.deserialize_byte_buf(TableVisitor)
    }
}

struct TableVisitor;

impl<'de> Visitor<'de> for TableVisitor {
    type Value = Table;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table")
    }

    /// Rows; their types are those of their values.
    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Table, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = elements.next_element::<Value>()? {
            rows.push(row);
        }
        image(&rows).and_then(|image| table(&image)).map_err(A::Error::custom)
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Table, E> {
        table(bytes).map_err(E::custom)
    }
}

/// A row as a map.
struct Row<'a> {
    batch: &'a RecordBatch,
    index: usize,
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_fields(self.batch.schema_ref().fields(), self.batch.columns(), self.index, serializer)
    }
}

fn serialize_fields<S: Serializer>(
    fields: &Fields,
    columns: &[ArrayRef],
    index: usize,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(fields.len()))?;
    for (field, array) in fields.iter().zip(columns) {
        map.serialize_entry(field.name(), &Cell { array, index })?;
    }
    map.end()
}

/// An element of an array.
struct Cell<'a> {
    array: &'a ArrayRef,
    index: usize,
}

impl Cell<'_> {
    fn number<T: ArrowPrimitiveType<Native: Serialize>, S: Serializer>(
        &self,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        self.array.as_primitive::<T>().value(self.index).serialize(serializer)
    }

    fn list<S: Serializer>(values: &ArrayRef, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((0..values.len()).map(|index| Cell { array: values, index }))
    }
}

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { array, index } = *self;
        if array.is_null(index) {
            return serializer.serialize_none();
        }
        macro_rules! number {
            ($type:ty) => {
                self.number::<$type, S>(serializer)
            };
        }
        match array.data_type() {
            DataType::Null => serializer.serialize_none(),
            DataType::Boolean => serializer.serialize_bool(array.as_boolean().value(index)),
            DataType::Int8 => number!(Int8Type),
            DataType::Int16 => number!(Int16Type),
            DataType::Int32 => number!(Int32Type),
            DataType::Int64 => number!(Int64Type),
            DataType::UInt8 => number!(UInt8Type),
            DataType::UInt16 => number!(UInt16Type),
            DataType::UInt32 => number!(UInt32Type),
            DataType::UInt64 => number!(UInt64Type),
            DataType::Float16 => serializer.serialize_f32(array.as_primitive::<Float16Type>().value(index).to_f32()),
            DataType::Float32 => number!(Float32Type),
            DataType::Float64 => number!(Float64Type),
            DataType::Date32 => number!(Date32Type),
            DataType::Date64 => number!(Date64Type),
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
            DataType::List(_) => Self::list(&array.as_list::<i32>().value(index), serializer),
            DataType::LargeList(_) => Self::list(&array.as_list::<i64>().value(index), serializer),
            DataType::FixedSizeList(..) => Self::list(&array.as_fixed_size_list().value(index), serializer),
            DataType::Struct(fields) => serialize_fields(fields, array.as_struct().columns(), index, serializer),
            DataType::Dictionary(..) => {
                let dictionary = array.as_any_dictionary();
                let key = array.slice(index, 1).as_any_dictionary().normalized_keys()[0];
                Cell { array: dictionary.values(), index: key }.serialize(serializer)
            }
            other => Err(S::Error::custom(types::not_stored(other))),
        }
    }
}
