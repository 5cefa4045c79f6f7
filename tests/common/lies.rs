//! Files in memory that lie, and what is said of them.

use std::time::{Duration, Instant};

use filebacked::ErrorKind;
use filebacked::hdf5::{Group, H5Type};
use serde::de::DeserializeOwned;

use super::memory;

/// Reads what `make` makes at `node` as a `T`, which has to fail, soon, with an error of that kind.
#[track_caller]
pub(crate) fn check<T: DeserializeOwned>(kind: ErrorKind, make: impl FnOnce(&Group)) {
    let file = memory();
    make(&file);
    let begin = Instant::now();
    let error = match filebacked::read::<T>(&file, "node") {
        Ok(_) => panic!("it was read"),
        Err(error) => error,
    };
    assert_eq!(error.kind(), kind, "{error}");
    assert!(begin.elapsed() < Duration::from_secs(90), "{:?}", begin.elapsed());
}

/// Makes a dataset of one dimension.
pub(crate) fn list<T: H5Type>(group: &Group, name: &str, values: &[T]) {
    group.new_dataset_builder().with_data(values).create(name).unwrap();
}
