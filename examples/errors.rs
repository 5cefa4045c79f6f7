//! What errors say, and how a program tells them apart.
//!
//! `cargo run --example errors`

use filebacked::{Error, ErrorKind, ReadOptions, from_file, read_at, to_file};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Run {
    title: String,
    steps: Vec<Step>,
}

#[derive(Serialize, Deserialize)]
struct Step {
    time: f64,
    label: String,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "it cannot be read")]
struct WrongType {
    title: u32,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "it cannot be read")]
struct MissingField {
    steps: Vec<StepWithEnergy>,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "it cannot be read")]
struct StepWithEnergy {
    time: f64,
    energy: f64,
}

/// What a program does with an error: it looks at the kind, and at the places in the value and in the file.
fn look(error: Option<Error>, kind: ErrorKind, path: &str) {
    let error = error.expect("this is an error");
    assert_eq!((error.kind(), error.path().as_str()), (kind, path), "{error}");
    println!("{kind:?}, HDF5 path {:?}\n    {error}", error.hdf5_path());
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("run.h5");
    let steps = (0..1000).map(|n| Step { time: f64::from(n), label: format!("step {n}") }).collect();
    to_file(&path, &Run { title: "large".to_owned(), steps })?;

    look(from_file::<WrongType>(&path).err(), ErrorKind::WrongType, "title");
    look(from_file::<MissingField>(&path).err(), ErrorKind::MissingField, "steps/[0]");
    look(read_at::<f64>(&path, "temperature").err(), ErrorKind::NotFound, "");
    look(from_file::<Run>(folder.path().join("none.h5")).err(), ErrorKind::Io, "");

    // A file that would take more memory than it may. The error names the option.
    let tight = ReadOptions::new().max_bytes(10_000);
    look(tight.from_file::<Run>(&path).err(), ErrorKind::Limit, "steps/[0]/label");
    Ok(())
}
