//! What ranks need of each other.

use std::io;

/// What ranks need of each other to write and read a file together.
///
/// All ranks call the same methods in the same order. A method returns on a rank when it has what all others gave, or fails. Once one
/// has failed, the ranks are not in step any more, and all further calls fail.
///
/// A program with ranks of its own has four methods to write. Here, one counts what its ranks tell each other:
///
/// ```
/// use std::cell::Cell;
/// use std::io;
///
/// use filebacked::dist::{self, Alone, Comm, List};
///
/// struct Counting<C>(C, Cell<usize>);
///
/// impl<C: Comm> Comm for Counting<C> {
///     fn rank(&self) -> usize {
///         self.0.rank()
///     }
///     fn size(&self) -> usize {
///         self.0.size()
///     }
///     fn all_gather(&self, bytes: &[u8]) -> io::Result<Vec<Vec<u8>>> {
///         self.1.set(self.1.get() + bytes.len());
///         self.0.all_gather(bytes)
///     }
///     fn all_to_all(&self, bytes: Vec<Vec<u8>>) -> io::Result<Vec<Vec<u8>>> {
///         self.1.set(self.1.get() + bytes.iter().map(Vec::len).sum::<usize>());
///         self.0.all_to_all(bytes)
///     }
/// }
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("run.h5");
/// let comm = Counting(Alone, Cell::new(0));
/// dist::to_file(&comm, &path, &List(vec![1.5; 10]))?;
/// assert!(comm.1.get() > 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
