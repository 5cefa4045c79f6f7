//! A table of an HDF5 file as Parquet.

use std::fs::File;
use std::io::{self, BufWriter, Write, stdout};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::Compression;
use ::parquet::file::properties::WriterProperties;
use filebacked::arrow_array::cast::AsArray;
use filebacked::arrow_array::{Array, ArrayRef, RecordBatch};
use filebacked::arrow_schema::DataType;
use filebacked::{ErrorKind, ReadOptions};

use super::{BLOCK, MAX_ROWS, failed};
use crate::failure::{Failure, Outcome};

/// About how many bytes a row group takes, which is in memory until it is full.
const ROW_GROUP: usize = 128 << 20;
/// How many rows are read first, when it is not known how large they are.
const FIRST_ROWS: u64 = 256;

/// Writes the table at `at` in a file as Parquet: to a new file, or else to the standard output.
pub(crate) fn export(options: &ReadOptions, file: &Path, at: &str, new: Option<&Path>) -> Outcome {
    let mut table = options.table_reader_file(file, at).map_err(|error| match error.kind() {
        ErrorKind::WrongType => {
            let why = Failure::from(error);
            let why = why.message().unwrap_or_default();
            Failure::error(format!("Parquet has tables: {why}; name a list of records by `--at`"))
        }
        _ => Failure::from(error),
    })?;
    let schema = table.schema()?;
    if schema.fields().is_empty() {
        return Err(Failure::error(format!("the table at `{at}` has no columns, and Parquet has no table without")));
    }
    let is_closed = Arc::new(AtomicBool::new(false));
    let sink: Box<dyn Write + Send> = match new {
        Some(path) if path != Path::new("-") => Box::new(BufWriter::with_capacity(1 << 20, File::create(path)?)),
        _ => Box::new(BufWriter::with_capacity(1 << 16, stdout())),
    };
    let sink = Sink { sink, is_closed: is_closed.clone() };
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        // Other readers take dates for dates.
        .set_coerce_types(true)
        .set_max_row_group_bytes(Some(ROW_GROUP))
        .set_created_by(concat!("filebacked ", env!("CARGO_PKG_VERSION")).to_owned())
        .build();
    let write = || -> Outcome {
        let mut writer = ArrowWriter::try_new(sink, schema, Some(properties)).map_err(failed)?;
        let (mut next, mut rows) = (0, FIRST_ROWS);
        while next < table.len() {
            let end = next.saturating_add(rows).min(table.len());
            let batch = table.read(next..end)?;
            let bytes = memory_of(&batch).max(1);
            writer.write(&batch).map_err(failed)?;
            // As many as fit, or a few times what there was.
            rows = ((end - next).saturating_mul(BLOCK) / bytes).clamp(1, rows.saturating_mul(8)).min(MAX_ROWS);
            next = end;
        }
        writer.finish().map_err(failed)?;
        Ok(writer.inner_mut().flush()?)
    };
    match write() {
        Err(_) if is_closed.load(Ordering::Relaxed) => Err(Failure::ClosedPipe),
        written => written,
    }
}

/// Bytes of the rows of a batch: without the values that dictionaries have in common.
fn memory_of(batch: &RecordBatch) -> u64 {
    let of = |array: &ArrayRef| match array.data_type() {
        DataType::Dictionary(..) => array.as_any_dictionary().keys().get_array_memory_size(),
        _ => array.get_array_memory_size(),
    };
    batch.columns().iter().map(|array| of(array) as u64).sum()
}

/// Where a file of Parquet goes, which remembers that nobody reads on.
struct Sink {
    sink: Box<dyn Write + Send>,
    is_closed: Arc<AtomicBool>,
}

impl Sink {
    fn noted<T>(&self, written: io::Result<T>) -> io::Result<T> {
        if matches!(&written, Err(error) if error.kind() == io::ErrorKind::BrokenPipe) {
            self.is_closed.store(true, Ordering::Relaxed);
        }
        written
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.sink.write(bytes);
        self.noted(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.sink.flush();
        self.noted(flushed)
    }
}
