//! Files that other programs wrote, from PyPI, read into the Rust types that are natural for what is in them; and what is
//! said of that which cannot be read. `docs/interop.md` has the table.

mod anndata;
#[cfg(feature = "arrow")]
mod arrow;
mod h5py;
mod hickle;
mod matlab;
mod netcdf;
mod pandas;
mod seen;
mod transcode;
mod unusual;

use std::fmt::Debug;
use std::path::{Path, PathBuf};

use filebacked::hdf5::{File, Group};
use serde::de::DeserializeOwned;

use crate::common::Packages;

/// The environment that AnnData is in, with all the others.
const PACKAGES: Packages = Packages { requirements: "anndata.txt", interpreters: &["python3"] };

/// A folder with what a script of `tests/python` makes in it.
struct Made(tempfile::TempDir);

impl Made {
    fn by(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        PACKAGES.python(script, [folder.path()]);
        Self(folder)
    }

    /// The files in it, by their names.
    fn files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn open(&self, name: &str) -> File {
        File::open(self.path(name)).unwrap()
    }
}

/// Reads what is at a path.
#[track_caller]
fn read<T: DeserializeOwned>(group: &Group, path: &str) -> T {
    at(group, path, |group, name| filebacked::read(group, name)).unwrap_or_else(|error| panic!("{error}"))
}

/// The error of reading what is at a path as a `T`, as text.
#[track_caller]
fn error<T: DeserializeOwned + Debug>(group: &Group, path: &str) -> String {
    match at(group, path, |group, name| filebacked::read::<T>(group, name)) {
        Ok(value) => panic!("it was read: {value:?}"),
        Err(error) => error.to_string(),
    }
}

fn at<R>(group: &Group, path: &str, read: impl FnOnce(&Group, &str) -> R) -> R {
    match path.rsplit_once('/') {
        Some((parent, name)) => read(&group.group(parent).unwrap(), name),
        None => read(group, path),
    }
}

/// Reads all of a file as JSON, twice: by itself, and by way of another format.
fn as_json(path: &Path) -> serde_json::Value {
    let json: serde_json::Value = filebacked::from_file(path).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(filebacked::from_slice::<serde_json::Value>(&filebacked::to_vec(&json).unwrap()).unwrap(), json);
    json
}
