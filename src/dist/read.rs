//! A file that ranks read together.

use std::path::Path;

use serde::de::DeserializeOwned;

use super::Comm;
use super::ranks::{Ranks, caught};
use crate::ground::error::Result;
use crate::options::ReadOptions;
use crate::wrappers::dist::session::{Pass, changed, during};

/// Reads a file on all ranks: each gets its share of what is [spread](crate::dist#in-a-value), and all of the rest.
///
/// # Errors
/// Those of [`filebacked::from_file`](crate::from_file), of any rank.
///
/// ```
/// use filebacked::dist::{self, List, Threads};
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("run.h5");
/// filebacked::to_file(&path, &vec![0.5, 1.5, 2.5, 3.5])?;
/// let parts = Threads::run(2, |comm| dist::from_file::<List<f64>>(&comm, &path));
/// let parts = parts.into_iter().collect::<filebacked::Result<Vec<_>>>()?;
/// assert_eq!((&parts[0].0[..], &parts[1].0[..]), (&[0.5, 1.5][..], &[2.5, 3.5][..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn from_file<T: DeserializeOwned>(comm: &impl Comm, path: impl AsRef<Path>) -> Result<T> {
    ReadOptions::new().dist(comm).from_file(path)
}

/// Reads on all ranks together, as options say: see [`ReadOptions::dist`].
#[derive(Clone, Copy)]
pub struct DistReader<'a> {
    options: &'a ReadOptions,
    comm: &'a dyn Comm,
}

impl std::fmt::Debug for DistReader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DistReader").field("rank", &self.comm.rank()).field("size", &self.comm.size()).finish()
    }
}

impl ReadOptions {
    /// The same for ranks that read a file together.
    ///
    /// ```
    /// use filebacked::ReadOptions;
    /// use filebacked::dist::{List, Threads};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("run.h5");
    /// filebacked::to_file(&path, &vec!["a", "b", "c"])?;
    /// let options = ReadOptions::new().max_bytes(1 << 20);
    /// for list in Threads::run(3, |comm| options.dist(&comm).from_file::<List<String>>(&path)) {
    ///     assert_eq!(list?.len(), 1);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn dist<'a>(&'a self, comm: &'a impl Comm) -> DistReader<'a> {
        DistReader { options: self, comm }
    }
}

impl DistReader<'_> {
    /// As [`dist::from_file`](from_file).
    ///
    /// # Errors
    /// As [`dist::from_file`](from_file).
    pub fn from_file<T: DeserializeOwned>(&self, path: impl AsRef<Path>) -> Result<T> {
        let path = path.as_ref();
        let pass = Pass::Read { rank: self.comm.rank(), size: self.comm.size(), share: self.options.shares() };
        let (read, _) = during(pass, || caught(|| self.options.from_file::<T>(path)));
        let ranks = Ranks::new(self.comm, format!("reads `{}`", path.display()));
        let (value, result) = match read {
            Ok(value) => (Some(value), Ok(Vec::new())),
            Err(error) => (None, Err(error)),
        };
        ranks.agree(0, result)?;
        value.ok_or_else(changed)
    }
}
