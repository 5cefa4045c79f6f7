//! A stored table as a data frame of polars, by Arrow's C stream interface: batch by batch, without a copy.
//!
//! `cargo run --manifest-path examples/polars/Cargo.toml`. polars takes some minutes to build, so this is a package of its own, which no
//! test builds. With `--no-default-features`, the system's libhdf5 is linked.

use std::mem::transmute;

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{RecordBatchReader, record_batch};
use filebacked::{Table, arrow_schema, table};
use polars::prelude::*;
use polars_arrow::ffi::{ArrowArrayStream, ArrowArrayStreamReader};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The data frame of all batches.
fn frame(batches: impl RecordBatchReader + Send + 'static) -> Result<DataFrame> {
    let stream = FFI_ArrowArrayStream::new(Box::new(batches));
    // SAFETY: both are `struct ArrowArrayStream` of the C stream interface, which says what is in it.
    let stream = Box::new(unsafe { transmute::<FFI_ArrowArrayStream, ArrowArrayStream>(stream) });
    // SAFETY: arrow-rs made a stream that is as the interface says.
    let mut stream = unsafe { ArrowArrayStreamReader::try_new(stream) }?;
    let mut whole = DataFrame::empty();
    // SAFETY: its arrays are as well.
    while let Some(rows) = unsafe { stream.next() } {
        // A batch is a struct of its columns.
        let part = Series::try_from((PlSmallStr::EMPTY, rows?))?.struct_()?.clone().unnest();
        whole.vstack_mut(&part)?;
    }
    Ok(whole)
}

fn main() -> Result<()> {
    let path = std::env::temp_dir().join(format!("filebacked-polars-{}.h5", std::process::id()));
    let batch = record_batch!(
        ("species", Utf8, ["Adelie", "Chinstrap", "Gentoo", "Gentoo"]),
        ("year", Int32, [2007, 2008, 2008, 2009]),
        ("mass", Float64, [Some(3.75), None, Some(5.0), Some(5.5)])
    )?;
    filebacked::write_at(&path, "penguins", &Table(batch))?;

    let reader = table::Reader::open_file(&path, "penguins")?.columns(["species", "mass"])?;
    let frame = frame(reader.batches(3).into_record_batch_reader()?)?;
    println!("{frame}");
    assert_eq!(frame.shape(), (4, 2));
    assert_eq!(frame.column("mass")?.f64()?.sum(), Some(14.25));
    assert_eq!(frame.column("mass")?.null_count(), 1);
    std::fs::remove_file(&path)?;
    Ok(())
}
