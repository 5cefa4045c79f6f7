//! Programs as a new user writes them from the documentation alone, with what Python finds in their files.

mod arrays;
mod log;
#[cfg(any(feature = "nalgebra", feature = "sprs"))]
mod matrices;
mod old_files;
mod series;
mod shapes;
mod state;
#[cfg(feature = "arrow")]
mod tables;
#[cfg(all(feature = "chrono", feature = "jiff"))]
mod times;
mod unknown;

use std::path::PathBuf;

use tempfile::TempDir;

/// A folder, and the path of a file in it.
fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    (folder, path)
}
