//! The free functions: the options' operations with the defaults.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::ground::error::Result;
use crate::h5::AsGroup;
use crate::options::{ReadOptions, WriteOptions};

/// Fills `group` with `value`.
///
/// A struct or map becomes children of the group itself. A value whose encoding is a dataset goes to the child `value`,
/// and the group is marked with the kind `value`. All of it is linked into the group when it is complete, or nothing.
///
/// # Errors
/// If a name is taken in `group`, if the value's own `Serialize` fails, or if libhdf5 does. The group is as it was then.
///
/// ```
/// use std::collections::BTreeMap;
///
/// # let directory = tempfile::tempdir()?;
/// let file = filebacked::hdf5::File::create(directory.path().join("run.h5"))?;
/// let settings = file.create_group("settings")?;
/// filebacked::to_group(&BTreeMap::from([("tolerance", 1e-8), ("damping", 0.5)]), &settings)?;
/// assert_eq!(file.dataset("settings/damping")?.read_scalar::<f64>()?, 0.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn to_group<T: ?Sized + Serialize>(value: &T, group: impl AsGroup) -> Result<()> {
    WriteOptions::new().to_group(value, group)
}

/// Reads the value that fills `group`: what [`to_group`] wrote, or what others did.
///
/// # Errors
/// If what is stored does not fit `T`; the error says where, what was expected, and what was found.
///
/// ```
/// # let directory = tempfile::tempdir()?;
/// # let file = filebacked::hdf5::File::create(directory.path().join("run.h5"))?;
/// filebacked::to_group(&(1, "two"), &file)?;
/// let (one, two): (i32, String) = filebacked::from_group(&file)?;
/// assert_eq!((one, two.as_str()), (1, "two"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn from_group<T: DeserializeOwned>(group: impl AsGroup) -> Result<T> {
    ReadOptions::new().value_of(group.as_group())
}

/// Writes `value` to the new child `name` of `group`, which may hold others. All of it is linked, or nothing.
///
/// A name with `/` in it is a path, as with h5py and the [`hdf5`] crate: the groups on the way that are not there are made, and
/// a path that begins with `/` begins at the root of the file. The `/` of a field or key is `%2F` in a name.
///
/// # Errors
/// If the name is taken, which is checked before anything is written, if the value's own `Serialize` fails, or if
/// libhdf5 does; if the name is `""` or `"/"`. Groups that were made on the way go away then.
///
/// ```
/// # let directory = tempfile::tempdir()?;
/// let file = filebacked::hdf5::File::create(directory.path().join("run.h5"))?;
/// filebacked::write(&file, "weights", &[0.5, 0.25, 0.25])?;
/// assert_eq!(file.dataset("weights")?.shape(), [3]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write<T: ?Sized + Serialize>(group: impl AsGroup, name: &str, value: &T) -> Result<()> {
    WriteOptions::new().write(group, name, value)
}

/// Reads the child `name` of `group`, which may be a path as in [`write`](write()).
///
/// A path whose last name begins with `@`, such as `pressure/@units`, leads to the attribute `units` of `pressure`, and `@units` to
/// that of the group itself, unless there is a child of that very name.
///
/// # Errors
/// If there is nothing of that name, or if it does not fit `T`; if the name is `""` or `"/"`.
///
/// ```
/// # use std::collections::BTreeMap;
/// # use filebacked::WithAttrs;
/// # let directory = tempfile::tempdir()?;
/// # let file = filebacked::hdf5::File::create(directory.path().join("run.h5"))?;
/// filebacked::write(&file, "title", "plate with a hole")?;
/// assert_eq!(filebacked::read::<String>(&file, "title")?, "plate with a hole");
///
/// filebacked::write(&file, "pressure", &WithAttrs::new([1013.0, 1009.5], BTreeMap::from([("units", "hPa")])))?;
/// assert_eq!(filebacked::read::<String>(&file, "pressure/@units")?, "hPa");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read<T: DeserializeOwned>(group: impl AsGroup, name: &str) -> Result<T> {
    ReadOptions::new().value_in(group.as_group(), name)
}

/// Writes `value` to the file at `path`, in place of what was there.
///
/// The new file is written beside the old one, synced to the disk, and renamed over it: whatever happens, there is the
/// old value or the new one, whole. A symbolic link stays, and what it leads to is replaced.
///
/// On Unix, the new file has the permissions of the old one before it takes its place, and its owner and group as far as the
/// process may give them: where it may not give the group, the group may do no more than all others, and bits that have
/// programs run as another user are not kept. On Linux, it has the old one's access list (POSIX ACL), too. Other extended
/// attributes, further hard links and times are not kept.
///
/// The file beside `run.h5` is `.run.h5.filebacked-0.tmp`, with a higher number where others write to the same path. An error
/// removes it. What a process leaves behind that is killed, the next call for the same path removes: on Linux, where a lock
/// tells that the writer is gone (but a file in the way of which the permissions stand).
///
/// # Errors
/// If the file cannot be written, or if the value's own `Serialize` fails. The old file is untouched then.
///
/// ```
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("run.h5");
/// filebacked::to_file(&path, &vec![("left", 1.5), ("right", 2.5)])?;
/// # assert!(path.exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn to_file<T: ?Sized + Serialize>(path: impl AsRef<Path>, value: &T) -> Result<()> {
    WriteOptions::new().to_file(path, value)
}

/// Reads the value in the file at `path`.
///
/// # Errors
/// If it cannot be opened, is no HDF5 file, or holds something that does not fit `T`.
///
/// ```
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("run.h5");
/// filebacked::to_file(&path, &vec![("left", 1.5), ("right", 2.5)])?;
/// let sides: Vec<(String, f64)> = filebacked::from_file(&path)?;
/// assert_eq!(sides[1], ("right".to_owned(), 2.5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn from_file<T: DeserializeOwned>(path: impl AsRef<Path>) -> Result<T> {
    ReadOptions::new().from_file(path)
}

/// Writes `value` to the new child `name`, which may be a path as in [`write`](write()), of the file at `path`, which may hold
/// others. A file that is not there is made.
///
/// A file that is there is changed in place: on an error it is as it was, but a program that is killed meanwhile can leave one
/// that does not open. [`to_file`] replaces files in one step. A new file takes its place when all of it is there; where
/// another caller was first, the value is written once more, into the file that is there by then.
///
/// # Errors
/// As [`write`](write()); if the file cannot be opened for writing.
///
/// ```
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("run.h5");
/// filebacked::write_at(&path, "mesh/weights", &[0.5, 0.25])?;
/// filebacked::write_at(&path, "mesh/title", "plate")?;
/// assert_eq!(filebacked::read_at::<String>(&path, "mesh/title")?, "plate");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_at<T: ?Sized + Serialize>(path: impl AsRef<Path>, name: &str, value: &T) -> Result<()> {
    WriteOptions::new().write_at(path, name, value)
}

/// Reads the child `name`, which may be a path as in [`write`](write()), of the file at `path`.
///
/// # Errors
/// As [`from_file`] and [`read`].
///
/// ```
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("run.h5");
/// filebacked::to_file(&path, &vec![("left", 1.5), ("right", 2.5)])?;
/// assert_eq!(filebacked::read_at::<Vec<f64>>(&path, "1")?, [1.5, 2.5]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_at<T: DeserializeOwned>(path: impl AsRef<Path>, name: &str) -> Result<T> {
    ReadOptions::new().read_at(path, name)
}

/// Writes `value` to an HDF5 file in memory, and returns its bytes: the same that [`to_file`] puts on a disk.
///
/// # Errors
/// If the value's own `Serialize` fails, or libhdf5 does.
///
/// ```
/// let image = filebacked::to_vec("any value")?;
/// assert_eq!(&image[..8], b"\x89HDF\r\n\x1a\n");
/// # Ok::<(), filebacked::Error>(())
/// ```
pub fn to_vec<T: ?Sized + Serialize>(value: &T) -> Result<Vec<u8>> {
    WriteOptions::new().to_vec(value)
}

/// Reads the value in an HDF5 file that is in memory.
///
/// # Errors
/// If `image` is no HDF5 file, or holds something that does not fit `T`.
///
/// ```
/// let image = filebacked::to_vec(&Some(1.5))?;
/// assert_eq!(filebacked::from_slice::<Option<f64>>(&image)?, Some(1.5));
/// # Ok::<(), filebacked::Error>(())
/// ```
pub fn from_slice<T: DeserializeOwned>(image: &[u8]) -> Result<T> {
    ReadOptions::new().from_slice(image)
}
