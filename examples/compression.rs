//! Chunks and compression, for each part of a value as it needs.
//!
//! `cargo run --release --example compression`

use std::collections::BTreeMap;

use filebacked::{NdArray, WriteOptions, hdf5};
use ndarray::{Array2, Ix2};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Run {
    title: String,
    fields: BTreeMap<String, NdArray<f64, Ix2>>,
    trace: Vec<f32>,
    steps: Vec<u32>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let (plain, small) = (folder.path().join("plain.h5"), folder.path().join("small.h5"));
    let field = NdArray(Array2::from_shape_fn((256, 256), |(row, column)| ((row / 8 * column) as f64).sqrt().floor()));
    let run = Run {
        title: "drum".to_owned(),
        fields: BTreeMap::from([("p".to_owned(), field.clone()), ("t".to_owned(), field)]),
        trace: (0..60_000_u16).map(|step| (f32::from(step / 16) * 0.01).sin()).collect(),
        steps: (0..100).collect(),
    };
    let options = WriteOptions::new()
        .at("fields/*", |d| d.chunk([64, 64]).deflate(6)) // h5py calls this gzip
        .at("trace", |d| d.lzf().fletcher32(true)) // fast, with checksums
        .at("steps", |d| d.deflate(4).above(0)); // also where there is little to win
    filebacked::to_file(&plain, &run)?;
    options.to_file(&small, &run)?;
    assert_eq!(filebacked::from_file::<Run>(&small)?, run);

    let file = hdf5::File::open(&small)?;
    assert_eq!(file.dataset("fields/p")?.chunk(), Some(vec![64, 64]));
    assert!(file.dataset("steps")?.is_chunked());
    for name in ["fields/p", "fields/t", "trace", "steps"] {
        let dataset = file.dataset(name)?;
        let bytes = dataset.size() * dataset.dtype()?.size();
        println!("{name}: {bytes} bytes, stored in {}, {:?}", dataset.storage_size(), dataset.filters());
    }
    let size = |path| std::fs::metadata(path).map(|about| about.len());
    println!("{} bytes become {}", size(&plain)?, size(&small)?);
    assert!(size(&small)? < size(&plain)?);

    // A path that is about nothing is an error, which lists what there is.
    println!("{}", options.at("field/*", |d| d.lzf()).to_file(&small, &run).unwrap_err());
    Ok(())
}
