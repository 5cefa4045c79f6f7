//! A file of Parquet as a list of records.

use std::fs::File;
use std::io::{Seek, stdin};
use std::path::Path;
use std::sync::Arc;

use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use ::parquet::basic::Compression;
use ::parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use filebacked::arrow_array::RecordBatch;
use filebacked::arrow_schema::Schema;
use filebacked::{Appender, Records, Table, WriteOptions, hdf5};

use super::cells::BatchRow;
use super::columns::{columns_of, stored_fields};
use super::marks::mark;
use super::{BLOCK, MAX_ROWS, failed};
use crate::failure::{Failure, Outcome};

/// Writes the rows of a file of Parquet, or of the standard input, to the list at `at` in a file, which may be there.
pub(crate) fn import(input: &Path, new: &Path, at: &str) -> Outcome {
    let source = match input == Path::new("-") {
        true => {
            // What the file has is said at its end.
            let mut copy = tempfile::tempfile()?;
            std::io::copy(&mut stdin().lock(), &mut copy)?;
            copy.rewind()?;
            copy
        }
        false => File::open(input).map_err(|error| Failure::from(error).in_file(input))?,
    };
    let wrong = |error| failed(error).in_file(input);
    let builder = ParquetRecordBatchReaderBuilder::try_new(source).map_err(wrong)?;
    let (schema, metadata) = (builder.schema().clone(), builder.metadata().clone());
    check_compression(&metadata).map_err(|failure| failure.in_file(input))?;
    let columns = columns_of(schema.fields(), &metadata).map_err(|failure| failure.in_file(input))?;
    if metadata.row_groups().iter().all(|group| group.num_rows() == 0) {
        let schema = Arc::new(Schema::new(stored_fields(schema.fields())));
        let empty = Table(RecordBatch::new_empty(schema));
        match is_root(at) {
            true => WriteOptions::new().to_file(new, &empty)?,
            false => WriteOptions::new().write_at(new, at, &empty)?,
        }
        return Ok(());
    }
    let batches = builder.with_batch_size(rows_of(&metadata)).build().map_err(wrong)?;
    let options = WriteOptions::new().records(Records::Columns);
    let mut appender: Appender<BatchRow<'_>> = match new.exists() {
        true => options.create_appender(&opened(new)?, at)?,
        false => options.create_appender_file(new, at)?,
    };
    let mut count = 0u64;
    for batch in batches {
        let batch = batch.map_err(|error| Failure::error(error.to_string()).in_file(input))?;
        let rows = batch.num_rows();
        let mut row = BatchRow { columns: &columns, batch, index: 0 };
        for index in 0..rows {
            count += 1;
            row.index = index;
            appender.push(&row).map_err(|error| {
                let why = Failure::from(error);
                Failure::error(format!("row {count}: {}", why.message().unwrap_or_default())).in_file(input)
            })?;
        }
    }
    appender.finish()?;
    let marked = || -> hdf5::Result<()> {
        let file = hdf5::File::open_rw(new)?;
        mark(&file.group(if is_root(at) { "value" } else { at })?, schema.fields())
    };
    marked().map_err(|error| Failure::error(error.to_string()))
}

/// Refuses a file whose columns are compressed in a way that this program was built without.
fn check_compression(metadata: &ParquetMetaData) -> Outcome {
    let mut columns = metadata.row_groups().iter().flat_map(RowGroupMetaData::columns);
    let is_read = |compression: Compression| {
        matches!(
            compression,
            Compression::UNCOMPRESSED
                | Compression::SNAPPY
                | Compression::GZIP(_)
                | Compression::LZ4
                | Compression::LZ4_RAW
                | Compression::ZSTD(_)
        )
    };
    match columns.find(|column| !is_read(column.compression())) {
        None => Ok(()),
        Some(column) => {
            let name = column.column_path().string();
            let compression = column.compression().to_string().to_lowercase();
            // Without the level.
            let compression = compression.split('(').next().unwrap_or_default();
            let message =
                format!("the column `{name}` is compressed by {compression}, and snappy, gzip, lz4 and zstd are read");
            Err(Failure::error(message))
        }
    }
}

fn opened(path: &Path) -> Outcome<hdf5::File> {
    hdf5::File::open_rw(path).map_err(|error| Failure::error(error.to_string()))
}

fn is_root(at: &str) -> bool {
    at.split('/').all(str::is_empty)
}

/// How many rows are read at once: as many as take some megabytes in the row group that has the largest.
fn rows_of(metadata: &ParquetMetaData) -> usize {
    let bytes = |group: &RowGroupMetaData| -> u64 {
        let of = |bytes: i64| u64::try_from(bytes).unwrap_or(0);
        // A string that stands in a dictionary once takes its bytes for each row.
        let columns = group.columns().iter();
        columns
            .map(|column| of(column.unencoded_byte_array_data_bytes().unwrap_or(0)).max(of(column.uncompressed_size())))
            .sum()
    };
    let rows = |group: &RowGroupMetaData| {
        let rows = u64::try_from(group.num_rows()).unwrap_or(0);
        (rows.saturating_mul(BLOCK) / bytes(group).max(1)).clamp(1, MAX_ROWS)
    };
    metadata.row_groups().iter().map(rows).min().unwrap_or(1) as usize
}
