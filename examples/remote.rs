//! A file in a store, of which a part is read: by default in a folder, which is read like S3 is.
//!
//! `cargo run --features remote --example remote` writes `remote.h5` into the current folder and reads it by its URL;
//! `cargo run --features remote --example remote -- s3://bucket/remote.h5` does so in a bucket.

use std::collections::BTreeMap;

use filebacked::remote::{self, Putting};
use filebacked::{Lazy, NdArray, WriteOptions};
use ndarray::{Array3, Ix3, s};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Run {
    title: String,
    /// Only the parts come that are asked for.
    field: Lazy<NdArray<f32, Ix3>>,
    sensors: BTreeMap<String, Vec<f64>>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let here = || Ok::<_, std::io::Error>(format!("file://{}/remote.h5", std::env::current_dir()?.display()));
    let url = std::env::args().nth(1).map_or_else(here, Ok)?;

    let field = Array3::from_shape_fn((64, 256, 256), |(x, y, z)| (x * 3 + y * 2 + z) as f32);
    let sensors = (0..20).map(|number| (format!("sensor {number}"), vec![f64::from(number); 100])).collect();
    let run = Run { title: "plate".to_owned(), field: Lazy::new(NdArray(field)), sensors };
    let options = WriteOptions::new().page_size(64 << 10).at("field", |dataset| dataset.chunk([8, 64, 64]));
    let put = Putting::new().options(options).put(&url, &run)?;
    println!("{} MiB in {url}", put.bytes >> 20);

    let file = remote::open(&url)?;
    let run: Run = filebacked::from_group(&file)?;
    println!("{:?}, {} sensors: {:?}", run.title, run.sensors.len(), remote::traffic(&file)?);
    let plane = run.field.slice(s![40, .., ..])?;
    println!("a plane with the mean {}: {:?}", plane.mean().unwrap_or_default(), remote::traffic(&file)?);
    Ok(())
}
