//! What ranks need of each other.

use std::io;

/// What ranks need of each other to write and read a file together.
///
/// All ranks call the same methods in the same order. A method returns on a rank when it has what all others gave, or fails. Once one
/// has failed, the ranks are not in step any more, and all further calls fail.
pub trait Comm {
    /// The number of this rank, from 0 on.
    fn rank(&self) -> usize;

    /// How many ranks there are.
    fn size(&self) -> usize;

    /// Gives bytes to all ranks; returns what each has given, by rank.
    ///
    /// # Errors
    /// If a rank is gone.
    fn all_gather(&self, bytes: &[u8]) -> io::Result<Vec<Vec<u8>>>;

    /// Gives bytes to each rank: those at `rank` in `bytes` to `rank`. Returns what each has given to this one, by rank. There may be
    /// many gibibytes.
    ///
    /// # Errors
    /// If a rank is gone.
    fn all_to_all(&self, bytes: Vec<Vec<u8>>) -> io::Result<Vec<Vec<u8>>>;
}

impl<C: Comm + ?Sized> Comm for &C {
    fn rank(&self) -> usize {
        (**self).rank()
    }

    fn size(&self) -> usize {
        (**self).size()
    }

    fn all_gather(&self, bytes: &[u8]) -> io::Result<Vec<Vec<u8>>> {
        (**self).all_gather(bytes)
    }

    fn all_to_all(&self, bytes: Vec<Vec<u8>>) -> io::Result<Vec<Vec<u8>>> {
        (**self).all_to_all(bytes)
    }
}
