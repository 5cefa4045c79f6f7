//! Tables of Apache Arrow: [`Table`], a batch as a value of serde's, and [`Reader`], which reads a stored table a range of rows
//! at a time.
//!
//! A [`RecordBatch`] becomes a list of records by columns, the layout that a `Vec` of structs has: either reads the other.
//! Whatever is a table in a file is read as a batch, by whole datasets and without serde: lists of records of this crate,
//! as columns or as one dataset of a compound type; data frames of AnnData and pandas; PyTables' tables.
//!
//! From there polars, DataFusion and DuckDB take it: they have Arrow's memory, or take it over by Arrow's C data interface. The
//! folder `examples/polars` of the repository does so.
//!
//! The crates of Arrow are exported: `filebacked::arrow_array` and `filebacked::arrow_schema`. The macro `record_batch!` needs
//! `use filebacked::arrow_schema`.
//!
//! ```
//! use filebacked::arrow_array::cast::AsArray;
//! use filebacked::arrow_array::record_batch;
//! use filebacked::arrow_array::types::Float64Type;
//! use filebacked::{Table, arrow_schema, hdf5, table};
//!
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("run.h5");
//! let batch = record_batch!(
//!     ("name", Utf8, ["Adelie", "Chinstrap", "Gentoo"]),
//!     ("mass", Float64, [Some(3.7), None, Some(5.1)])
//! )?;
//! let file = hdf5::File::create(&path)?;
//! filebacked::write(&file, "penguins", &Table(batch.clone()))?;
//! assert_eq!(filebacked::read::<Table>(&file, "penguins")?.0, batch);
//!
//! // Some columns, some rows.
//! let mut reader = table::Reader::open(&file, "penguins")?.columns(["mass"])?;
//! let part = reader.read(1..)?;
//! assert_eq!(part.num_rows(), 2);
//! assert_eq!(part["mass"].as_primitive::<Float64Type>().value(1), 5.1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Types
//!
//! | Arrow | in the file | read as |
//! |---|---|---|
//! | `Boolean`, `Int8` to `UInt64`, `Float32`, `Float64` | dataset of that type | the same |
//! | `Float16` | with the cargo feature `f16` a dataset of floats of 16 bits, else of `f32` | `Float16`; else `Float32` |
//! | `Utf8`, `LargeUtf8`, `Utf8View` | strings, of fixed or variable length, or packed | `Utf8`; `LargeUtf8`, where there can be more than 2 GiB of text |
//! | `Binary`, `LargeBinary`, `BinaryView` | `blobs` | `Binary`; `LargeBinary`, where there are more than 2 GiB |
//! | `FixedSizeBinary` | dataset of an opaque type (of no bytes: `blobs`) | `FixedSizeBinary` |
//! | `Date32`, `Date64` | `int32`, `int64` with `units` = `days since 1970-01-01`, and `calendar` | the same |
//! | `Timestamp` | `int64` with `units` = `nanoseconds since 1970-01-01` and the like, and `calendar`, as [`timestamp`](mod@crate::timestamp) has it; its time zone is the attribute `timezone` | the same |
//! | `Duration` | `int64` with `units` = `nanoseconds` and the like | the same |
//! | `Time32`, `Time64` | `int32`, `int64` with `units`, and `since` = `midnight` | the same |
//! | `List`, `LargeList` | `ragged` | `List`; `LargeList`, where there are more than 2^31 elements |
//! | `FixedSizeList` | of numbers without nulls: dataset of more dimensions; else `ragged` | `FixedSizeList`; else `List` |
//! | `Struct` | `columns` | `Struct` |
//! | `Dictionary` of strings, integers or floats | AnnData's `categorical` | `Dictionary`; with unsigned keys and nulls, its keys are the next wider signed integers |
//! | `Null` | `units` | `Null` |
//! | `Decimal`, `Map`, `Union`, `Interval`, `ListView`, `RunEndEncoded` | an error that names the column | |
//!
//! A column with nulls is a `nullable` of the above; one without is not, whatever its field says. (A dictionary has the code
//! -1 instead.) All fields of a batch that is read can be null. Metadata of schemas and fields is not stored, and whether a dictionary
//! is ordered is not read.
//!
//! What others wrote is read, too:
//!
//! | in the file | read as |
//! |---|---|
//! | HDF5 enums, and sequences of unit variants | `Dictionary` of their names |
//! | enums of `FALSE` and `TRUE` | `Boolean` |
//! | bit fields, as which pandas and PyTables have bools | unsigned integers |
//! | fields of compound types, as all of the above | as all of the above |
//! | array types, further dimensions | `FixedSizeList` |
//! | sequences of variable length (`H5T_VLEN`) | `List` |
//! | numpy's times | `Timestamp`, `Duration`; in units that Arrow does not have, `Int64` |
//! | options of options | one level of nulls |
//! | maps, enums with payload, values of unlike types, 128-bit integers, references | an error that names the column |
//!
//! A batch of no columns has a number of rows, which is stored, and may be at most 2^24. A list of no records, of which no type
//! has shown, is a batch of no columns and no rows.
//!
//! # Options
//!
//! [`WriteOptions`](crate::WriteOptions) apply to columns by their names, as for a `Vec` of structs: `at("steps/*/name", ...)`.
//! [`Records`](crate::Records) does not: a table is always columns. [`ReadOptions::skip`](crate::ReadOptions::skip) and
//! `only` leave columns out, too. In the layout of the [Python package](crate::WriteOptions::python) a table has no form.
//!
//! # Elsewhere
//!
//! In JSON, and other formats that people read, a table is a list of maps, whose types are those that the values have there. In
//! binary formats it is a byte string, which is an HDF5 file, and keeps all types.

use std::ops::RangeBounds;
use std::path::Path;

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};

use crate::de::StoredTable;
use crate::file;
use crate::ground::error::{Error, Result};
use crate::h5::{AsGroup, File, Group};
use crate::layout::access::Access;
use crate::options::ReadOptions;
use crate::reader::bounds;
pub use crate::wrappers::table::Table;
use crate::wrappers::table::batch_of;

/// Reads a stored table: some of its columns, and a range of rows at a time, in memory that depends on these alone.
///
/// The table can be any that a [`Table`] is read from. Whatever was added after it was opened is not seen.
///
/// ```
/// use arrow_array::record_batch;
/// use filebacked::{Table, hdf5, table};
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("run.h5");
/// let batch = record_batch!(("id", Int32, [1, 2, 3, 4, 5]), ("name", Utf8, ["a", "b", "c", "d", "e"]))?;
/// filebacked::write_at(&path, "steps", &Table(batch))?;
///
/// let reader = table::Reader::open_file(&path, "steps")?;
/// assert_eq!(reader.len(), 5);
/// assert_eq!(reader.names().collect::<Vec<_>>(), ["id", "name"]);
/// let rows: Vec<usize> = reader.batches(2).map(|batch| Ok(batch?.num_rows())).collect::<filebacked::Result<_>>()?;
/// assert_eq!(rows, [2, 2, 1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Reader {
    table: StoredTable,
    /// Its own file, which is closed last.
    _file: Option<File>,
}

impl Reader {
    /// Opens the table at `name` in `group`: a child, a path, or `/` for the table that the whole file is, as a
    /// [`Reader`](crate::Reader#one-way-to-the-elements) of elements takes them.
    ///
    /// # Errors
    /// If there is none, or if what is there is no table.
    pub fn open(group: impl AsGroup, name: &str) -> Result<Self> {
        ReadOptions::new().table_reader(group.as_group(), name)
    }

    /// Opens the table `name` of a file.
    ///
    /// # Errors
    /// If the file cannot be opened; as [`open`](Self::open).
    pub fn open_file(path: impl AsRef<Path>, name: &str) -> Result<Self> {
        ReadOptions::new().table_reader_file(path, name)
    }

    /// The same within the limits that are in force.
    pub(crate) fn open_limited(group: &hdf5::Group, name: &str) -> Result<Self> {
        let table = StoredTable::open(&Group::of(group)?, name)?;
        Ok(Self { table, _file: None })
    }

    pub(crate) fn open_file_limited(path: &Path, name: &str, access: Access) -> Result<Self> {
        let open = || {
            let file = file::open_streamed(path, access)?;
            let root = file.root()?;
            let table = file::as_it_is_now(&root, access, || StoredTable::open(&root, name))?;
            Ok(Self { table, _file: Some(file) })
        };
        open().map_err(|error: Error| error.in_file(&path.display().to_string()))
    }

    /// The number of rows of the table.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.table.len()
    }

    /// Whether the table has no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The names of the columns that are read.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.table.names()
    }

    /// Has these columns read, in this order, and no others, which are not looked at.
    ///
    /// # Errors
    /// If there is no such column; the error lists those that there are.
    ///
    /// ```
    /// # use arrow_array::record_batch;
    /// # use filebacked::{Table, hdf5, table};
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("run.h5");
    /// # let batch = record_batch!(("id", Int32, [1, 2]), ("name", Utf8, ["a", "b"]))?;
    /// # filebacked::write_at(&path, "steps", &Table(batch))?;
    /// let mut names = table::Reader::open_file(&path, "steps")?.columns(["name"])?;
    /// assert_eq!(names.read(..)?, record_batch!(("name", Utf8, ["a", "b"]))?);
    /// assert!(table::Reader::open_file(&path, "steps")?.columns(["mass"]).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn columns<N: AsRef<str>>(mut self, names: impl IntoIterator<Item = N>) -> Result<Self> {
        let names: Vec<String> = names.into_iter().map(|name| name.as_ref().to_owned()).collect();
        self.table.choose(&names)?;
        Ok(self)
    }

    /// The schema of all batches that are read.
    ///
    /// # Errors
    /// If a column cannot be read.
    pub fn schema(&mut self) -> Result<SchemaRef> {
        self.read(0..0).map(|batch| batch.schema())
    }

    /// Reads a range of rows, which ends where the table does if that is earlier.
    ///
    /// # Errors
    /// If a column cannot be read, or is more than the limits allow.
    pub fn read(&mut self, rows: impl RangeBounds<u64>) -> Result<RecordBatch> {
        let (start, end) = bounds(&rows, self.len());
        let columns = self.table.read(start, end)?;
        batch_of(columns, end - start).map_err(|error| self.table.located(error))
    }

    /// All rows, in batches of so many, or fewer at the end. No batches are of no rows: a table without rows has one that is
    /// empty.
    #[must_use]
    pub fn batches(self, rows: usize) -> Batches {
        Batches { reader: self, next: 0, rows: (rows as u64).max(1), is_first: true }
    }
}

/// The rows of a table, batch by batch: see [`Reader::batches`].
///
/// After an error, there is no further batch.
#[derive(Debug)]
pub struct Batches {
    reader: Reader,
    next: u64,
    rows: u64,
    is_first: bool,
}

impl Batches {
    /// The same as what other crates take for a stream of batches: as `arrow::ffi_stream::FFI_ArrowArrayStream` does, by which
    /// DuckDB, polars and pyarrow read it.
    ///
    /// # Errors
    /// If a column cannot be read.
    pub fn into_record_batch_reader(mut self) -> Result<impl RecordBatchReader + Send + 'static> {
        let schema = self.reader.schema()?;
        Ok(ArrowBatches { batches: self, schema })
    }
}

impl Iterator for Batches {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Result<RecordBatch>> {
        if self.next >= self.reader.len() && !self.is_first {
            return None;
        }
        self.is_first = false;
        let start = self.next;
        self.next = start.saturating_add(self.rows).min(self.reader.len());
        let batch = self.reader.read(start..self.next);
        if batch.is_err() {
            self.next = self.reader.len();
        }
        Some(batch)
    }
}

/// Batches whose errors are Arrow's.
struct ArrowBatches {
    batches: Batches,
    schema: SchemaRef,
}

impl Iterator for ArrowBatches {
    type Item = std::result::Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.batches.next()?.map_err(|error| ArrowError::ExternalError(Box::new(error))))
    }
}

impl RecordBatchReader for ArrowBatches {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
}

/// A reader can go to another thread.
const _: () = {
    const fn is_send<T: Send>() {}
    is_send::<Reader>();
    is_send::<Table>();
};
