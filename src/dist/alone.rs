//! One rank.

use std::io;

use super::Comm;

/// One rank alone: what a program on one process gives to [`to_file`](super::to_file) and [`from_file`](super::from_file).
///
/// ```
/// use filebacked::dist::{self, Alone, List};
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("run.h5");
/// dist::to_file(&Alone, &path, &List(vec![1, 2, 3]))?;
/// assert_eq!(filebacked::from_file::<Vec<i32>>(&path)?, [1, 2, 3]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alone;

impl Comm for Alone {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        1
    }

    fn all_gather(&self, bytes: &[u8]) -> io::Result<Vec<Vec<u8>>> {
        Ok(vec![bytes.to_vec()])
    }

    fn all_to_all(&self, bytes: Vec<Vec<u8>>) -> io::Result<Vec<Vec<u8>>> {
        Ok(bytes)
    }
}
