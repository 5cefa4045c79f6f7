//! How values are written and read: builders on which the operations hang.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Result;
use crate::storage::Group;
use crate::{Hdf5Serializer, de, file, ser};

/// How values are written.
///
/// ```
/// use filebacked::{ReadOptions, WriteOptions};
///
/// let image = WriteOptions::new().to_vec(&[1.5, 2.5])?;
/// let back: Vec<f64> = ReadOptions::new().from_slice(&image)?;
/// assert_eq!(back, [1.5, 2.5]);
/// # Ok::<(), filebacked::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WriteOptions {
    sync: bool,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self { sync: true }
    }
}

impl WriteOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether [`to_file`](Self::to_file) waits until the disk has the file before that takes the old one's place. It
    /// does, unless this says otherwise: then a crash of the machine, not of the program, can leave a file without its
    /// contents, and writing is as fast as memory.
    ///
    /// ```
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("scratch.h5");
    /// filebacked::WriteOptions::new().sync(false).to_file(&path, &[1, 2, 3])?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sync(mut self, sync: bool) -> Self {
        self.sync = sync;
        self
    }

    /// As [`to_group`](crate::to_group).
    ///
    /// # Errors
    /// As [`to_group`](crate::to_group).
    pub fn to_group<T: ?Sized + Serialize>(&self, value: &T, group: &hdf5::Group) -> Result<()> {
        Hdf5Serializer::new(group).put(value)
    }

    /// As [`write`](crate::write()).
    ///
    /// # Errors
    /// As [`write`](crate::write()).
    pub fn write<T: ?Sized + Serialize>(&self, group: &hdf5::Group, name: &str, value: &T) -> Result<()> {
        ser::write_named(value, &Group::of(group)?, name)
    }

    /// As [`to_file`](crate::to_file).
    ///
    /// # Errors
    /// As [`to_file`](crate::to_file).
    pub fn to_file<T: ?Sized + Serialize>(&self, path: impl AsRef<Path>, value: &T) -> Result<()> {
        file::to_file(value, path.as_ref(), self.sync)
    }

    /// As [`to_vec`](crate::to_vec).
    ///
    /// # Errors
    /// As [`to_vec`](crate::to_vec).
    pub fn to_vec<T: ?Sized + Serialize>(&self, value: &T) -> Result<Vec<u8>> {
        file::to_vec(value)
    }
}

/// How values are read. See [`WriteOptions`] for an example.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ReadOptions {}

impl ReadOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// As [`from_group`](crate::from_group).
    ///
    /// # Errors
    /// As [`from_group`](crate::from_group).
    pub fn from_group<T: DeserializeOwned>(&self, group: &hdf5::Group) -> Result<T> {
        de::from_root(&Group::of(group)?)
    }

    /// As [`read`](crate::read).
    ///
    /// # Errors
    /// As [`read`](crate::read).
    pub fn read<T: DeserializeOwned>(&self, group: &hdf5::Group, name: &str) -> Result<T> {
        de::read_named(&Group::of(group)?, name)
    }

    /// As [`from_file`](crate::from_file).
    ///
    /// # Errors
    /// As [`from_file`](crate::from_file).
    pub fn from_file<T: DeserializeOwned>(&self, path: impl AsRef<Path>) -> Result<T> {
        file::from_file(path.as_ref())
    }

    /// As [`from_slice`](crate::from_slice).
    ///
    /// # Errors
    /// As [`from_slice`](crate::from_slice).
    pub fn from_slice<T: DeserializeOwned>(&self, image: &[u8]) -> Result<T> {
        file::from_slice(image)
    }
}
