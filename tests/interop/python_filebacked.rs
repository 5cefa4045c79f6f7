//! The Python package FileBacked 2.1: what it writes is read, and what is written for it, it reads.

mod dictionaries;
mod layout;
mod model;
mod refused;
mod subclasses;
mod types;

use std::fmt::Debug;
use std::path::{Path, PathBuf};

use filebacked::{WriteOptions, from_slice};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::common::Packages;

/// The package, what it needs, and the versions of Python that it runs on.
const FILEBACKED: Packages =
    Packages { requirements: "filebacked.txt", interpreters: &["python3.11", "python3.10", "python3.9", "python3.8"] };

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/python-filebacked").join(name)
}

fn options() -> WriteOptions {
    WriteOptions::new().python("__main__")
}

/// Writes a value in the package's layout, and reads it.
#[track_caller]
fn round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let image = options().to_vec(value).unwrap_or_else(|error| panic!("{value:?}: {error}"));
    let back: T = from_slice(&image).unwrap_or_else(|error| panic!("{value:?}: {error}"));
    assert_eq!(back, *value);
}
