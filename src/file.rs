//! Whole files: on disk, replaced in one step, and in memory.

use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind, Result};
use crate::route::Route;
use crate::storage::{File, image_of};
use crate::{de, ser};

/// A new file beside the one that it is to replace. It is removed when dropped, unless it has taken its place.
struct Beside {
    path: PathBuf,
    kept: bool,
}

impl Beside {
    /// A name beside `target` that no other process or thread uses.
    fn new(target: &Path) -> Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = target.file_name().ok_or_else(|| {
            let path = target.display();
            Error::new(ErrorKind::Io, format!("`{path}` is no name of a file"))
        })?;
        let mut beside = std::ffi::OsString::from(".");
        beside.push(name);
        beside.push(format!(".{}-{}.tmp", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
        Ok(Self { path: target.with_file_name(beside), kept: false })
    }

    /// Puts the file in the place of `target`; with `sync`, once it is on the disk.
    fn replace(mut self, target: &Path, sync: bool) -> Result<()> {
        let failed = |error| Error::io(format_args!("could not replace `{}`", target.display()), error);
        if sync {
            fs::File::open(&self.path).and_then(|file| file.sync_all()).map_err(failed)?;
        }
        fs::rename(&self.path, target).map_err(failed)?;
        self.kept = true;
        if !sync {
            return Ok(());
        }
        // The new name is on the disk only when the folder is. Not every system can sync a folder.
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if let Ok(folder) = fs::File::open(folder) {
            drop(folder.sync_all());
        }
        Ok(())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.kept {
            // It may not have come to be; and there is nobody to tell.
            drop(fs::remove_file(&self.path));
        }
    }
}

/// Whether it has HDF5's signature: at the start, or after a user block of 512 bytes, 1024, and so on.
fn has_signature(file: &mut (impl Read + Seek)) -> io::Result<bool> {
    let len = file.seek(SeekFrom::End(0))?;
    let mut at = 0;
    while at + 8 <= len {
        let mut start = [0; 8];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut start)?;
        if start == *b"\x89HDF\r\n\x1a\n" {
            return Ok(true);
        }
        at = if at == 0 { 512 } else { 2 * at };
    }
    Ok(false)
}

fn not_hdf5() -> Error {
    Error::new(ErrorKind::Hdf5, "this is no HDF5 file: it does not have the signature of one")
}

fn in_file(error: Error, path: &Path) -> Error {
    error.in_file(&path.display().to_string())
}

/// What is to be replaced: `path`, or, where that is a symbolic link, what it leads to.
fn target_of(path: &Path) -> Result<PathBuf> {
    let mut target = path.to_owned();
    let mut found = fs::symlink_metadata(path);
    if found.as_ref().is_ok_and(fs::Metadata::is_symlink) {
        target = fs::canonicalize(path).unwrap_or(target);
        found = fs::metadata(&target);
    }
    if found.is_ok_and(|found| found.is_dir()) {
        return Err(Error::new(ErrorKind::Io, "a folder cannot be replaced by a file: name a file in it"));
    }
    Ok(target)
}

/// The error for a file that libhdf5 did not open. Its own words for one that is not there, is a folder or is of another
/// format are less clear.
fn why_not_open(path: &Path, error: Error) -> Error {
    let look = || -> io::Result<Error> {
        let mut plain = fs::File::open(path)?;
        if plain.metadata()?.is_dir() {
            return Ok(Error::new(ErrorKind::Io, "could not open the file: it is a folder"));
        }
        Ok(if has_signature(&mut plain).unwrap_or(true) { error } else { not_hdf5() })
    };
    look().unwrap_or_else(|refused| Error::io("could not open the file", refused))
}

pub(crate) fn to_file<T: ?Sized + Serialize>(value: &T, path: &Path, sync: bool, route: &Route) -> Result<()> {
    let write = || {
        let target = target_of(path)?;
        let beside = Beside::new(&target)?;
        let file = File::create(&beside.path).map_err(|error| match fs::File::create_new(&beside.path) {
            // libhdf5's own words for what the system refuses are less clear than the system's.
            Err(refused) => Error::io("could not create a file in that folder", refused),
            Ok(_) => error,
        })?;
        ser::fill(value, &file.root()?, route)?;
        file.close()?;
        beside.replace(&target, sync)
    };
    write().map_err(|error| in_file(error, path))
}

pub(crate) fn from_file<T: DeserializeOwned>(path: &Path, route: &Route) -> Result<T> {
    let read = || {
        let file = File::open(path).map_err(|error| why_not_open(path, error))?;
        de::from_root(&file.root()?, route)
    };
    read().map_err(|error| in_file(error, path))
}

pub(crate) fn to_vec<T: ?Sized + Serialize>(value: &T, route: &Route) -> Result<Vec<u8>> {
    let file = File::in_memory()?;
    ser::fill(value, &file.root()?, route)?;
    image_of(&file)
}

pub(crate) fn from_slice<T: DeserializeOwned>(image: &[u8], route: &Route) -> Result<T> {
    let file = File::from_image(image).map_err(|error| match has_signature(&mut io::Cursor::new(image)) {
        Ok(false) => not_hdf5(),
        _ => error,
    })?;
    de::from_root(&file.root()?, route)
}
