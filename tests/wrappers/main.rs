//! Types that write and read their own objects: wherever a value can stand, through other serializers, and on disk.

#[path = "../common/mod.rs"]
mod common;

mod arrays;
mod attrs;
mod bare_arrays;
mod bridge;
mod first_programs;
mod lazy;
mod lazy_arrays;
mod lazy_files;
mod lazy_maps;
mod messages;
#[cfg(feature = "nalgebra")]
mod nalgebra;
mod polymorphism;
mod ranks;
#[cfg(feature = "sprs")]
mod sparse;
#[cfg(feature = "sprs")]
mod sparse_files;
#[cfg(feature = "arrow")]
mod table;
mod timestamps;
mod views;

use std::fmt::Debug;

use filebacked::{Error, from_slice, hdf5, to_vec};
use serde::Serialize;
use serde::de::DeserializeOwned;

use common::memory;

/// Writes and reads a value.
#[track_caller]
pub(crate) fn round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let image = to_vec(value).unwrap_or_else(|error| panic!("{value:?}: {error}"));
    let back: T = from_slice(&image).unwrap_or_else(|error| panic!("{value:?}: {error}\n{}", tree(value)));
    assert_eq!(back, *value, "{}", tree(value));
}

/// The same, and by way of serializers and values whose types are erased.
#[track_caller]
pub(crate) fn round_trip_erased<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    round_trip(value);
    let file = memory();
    erased_serde::serialize(&value as &dyn erased_serde::Serialize, filebacked::Hdf5Serializer::new(&file)).unwrap();
    let mut erased = <dyn erased_serde::Deserializer>::erase(filebacked::Hdf5Deserializer::new(&file));
    assert_eq!(erased_serde::deserialize::<T>(&mut erased).unwrap(), *value);
}

/// What is stored for a value, read as another type.
#[track_caller]
pub(crate) fn reread<A: Serialize, B: DeserializeOwned>(value: &A) -> B {
    from_slice(&to_vec(value).unwrap()).unwrap()
}

/// The error of reading what is stored for `value` as a `T`.
#[track_caller]
pub(crate) fn read_error<T: DeserializeOwned + Debug>(value: &impl Serialize) -> Error {
    from_slice::<T>(&to_vec(value).unwrap()).unwrap_err()
}

/// What is on disk for a value.
pub(crate) fn tree<T: Serialize>(value: &T) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("value.h5");
    filebacked::to_file(&path, value).unwrap();
    filebacked::tree(hdf5::File::open(path).unwrap()).unwrap().to_string()
}

/// Asserts what is on disk for a value, but for the widths of the columns.
#[track_caller]
pub(crate) fn check_tree<T: Serialize>(value: &T, expected: &str) {
    let words = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        lines.filter(|line| !line.is_empty()).collect()
    };
    assert_eq!(words(&tree(value)), words(expected));
}
