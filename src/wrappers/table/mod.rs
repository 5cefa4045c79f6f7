//! Tables of Apache Arrow: a batch is a list of records by columns, and whatever is a table in a file is read as a batch.
//!
//! The public docs are those of `crate::table`. [`types`] says what is stored as what; [`write`] and [`read`] do that;
//! [`elsewhere`] is what a table is in other formats.

mod elsewhere;
mod read;
mod types;
mod write;

use std::ops::{Deref, DerefMut};

use arrow_array::RecordBatch;
use serde::de::Deserializer;
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

use crate::de::{ColumnData, OpenSource, Source, StoredTable};
use crate::ground::error::{Error, Result};
use crate::ser::Destination;
use crate::wrappers::bridge::{self, Read, Write};

/// A [`RecordBatch`] of Arrow's as a value of serde's: a list of records by columns, as a `Vec` of structs is. See the
/// [module](crate::table) for what is read and written.
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::{Array, Float64Array, RecordBatch, StringArray, record_batch};
/// use filebacked::Table;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, PartialEq, Debug)]
/// struct Run {
///     title: String,
///     steps: Table,
/// }
///
/// let steps = record_batch!(("name", Utf8, ["a", "b"]), ("energy", Float64, [Some(1.5), None]))?;
/// let run = Run { title: "two".to_owned(), steps: Table(steps) };
/// let image = filebacked::to_vec(&run)?;
/// assert_eq!(filebacked::from_slice::<Run>(&image)?, run);
///
/// // The same as structs.
/// #[derive(Deserialize, PartialEq, Debug)]
/// struct Step { name: String, energy: Option<f64> }
///
/// #[derive(Deserialize)]
/// struct Steps { steps: Vec<Step> }
///
/// let read: Steps = filebacked::from_slice(&image)?;
/// assert_eq!(read.steps[1], Step { name: "b".to_owned(), energy: None });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Table(pub RecordBatch);

impl From<RecordBatch> for Table {
    fn from(batch: RecordBatch) -> Self {
        Self(batch)
    }
}

impl From<Table> for RecordBatch {
    fn from(table: Table) -> Self {
        table.0
    }
}

impl Deref for Table {
    type Target = RecordBatch;

    fn deref(&self) -> &RecordBatch {
        &self.0
    }
}

impl DerefMut for Table {
    fn deref_mut(&mut self) -> &mut RecordBatch {
        &mut self.0
    }
}

impl Serialize for Table {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        bridge::serialize(self, serializer)
    }
}

impl Write for Table {
    fn write(&self, destination: &Destination) -> Result<()> {
        write::write_batch(&self.0, &destination.columns()?)
    }

    fn elsewhere<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        elsewhere::serialize(self, serializer)
    }

    fn answer<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // There are names in it: those of the columns.
        serializer.serialize_map(Some(0))?.end()
    }
}

impl<'de> Deserialize<'de> for Table {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        bridge::deserialize(deserializer)
    }
}

impl<'de> Read<'de> for Table {
    const EXPECTED: &'static str = "a table";

    fn read(source: Source) -> Result<Self> {
        source.open(|found| match found {
            OpenSource::Object(stored) => {
                let mut table = StoredTable::of_object(&stored)?;
                let len = table.len();
                batch_of(table.part(0, len)?, len).map(Self)
            }
            OpenSource::Attribute(_) => Err(Error::wrong_type(Self::EXPECTED, "an attribute")),
        })
    }

    fn elsewhere<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        elsewhere::deserialize(deserializer)
    }
}

/// The batch of those columns, of `rows` rows.
pub(crate) fn batch_of(columns: Vec<(String, ColumnData)>, rows: u64) -> Result<RecordBatch> {
    read::batch_of(columns, rows)
}
