//! Files that are read: by their paths, or by URLs where the command is built with the feature `remote`.

use std::path::Path;

use filebacked::objects::Group;
use filebacked::{ReadOptions, Reader, Result};
use serde::de::DeserializeOwned;

/// What commands read of a file, wherever it is.
pub(crate) trait ReadFile {
    /// The root group.
    fn objects_of(&self, file: impl AsRef<Path>) -> Result<Group>;

    /// The value that the file is.
    fn value_of<T: DeserializeOwned>(&self, file: impl AsRef<Path>) -> Result<T>;

    /// The value at a path in it.
    fn value_at<T: DeserializeOwned>(&self, file: impl AsRef<Path>, name: &str) -> Result<T>;

    /// The sequence at a path in it.
    fn reader_of<T: DeserializeOwned>(&self, file: impl AsRef<Path>, name: &str) -> Result<Reader<T>>;
}

impl ReadFile for ReadOptions {
    fn objects_of(&self, file: impl AsRef<Path>) -> Result<Group> {
        match remote(file.as_ref())? {
            Some(opened) => self.objects(&opened),
            None => self.objects_file(file),
        }
    }

    fn value_of<T: DeserializeOwned>(&self, file: impl AsRef<Path>) -> Result<T> {
        match remote(file.as_ref())? {
            Some(opened) => self.from_group(&opened),
            None => self.from_file(file),
        }
    }

    fn value_at<T: DeserializeOwned>(&self, file: impl AsRef<Path>, name: &str) -> Result<T> {
        match remote(file.as_ref())? {
            Some(opened) => self.read(&opened, name),
            None => self.read_at(file, name),
        }
    }

    fn reader_of<T: DeserializeOwned>(&self, file: impl AsRef<Path>, name: &str) -> Result<Reader<T>> {
        match remote(file.as_ref())? {
            Some(opened) => self.reader(&opened, name),
            None => self.reader_file(file, name),
        }
    }
}

/// Bytes of a file; 0 where that is not to be had.
pub(crate) fn size_of(file: &Path) -> u64 {
    match remote(file) {
        Ok(Some(opened)) => opened.size(),
        _ => std::fs::metadata(file).map_or(0, |file| file.len()),
    }
}

/// The file that a URL leads to, open; `None` for the path of a file. It is opened once, so that what came is there for what is asked for
/// next.
#[cfg(feature = "remote")]
fn remote(file: &Path) -> Result<Option<filebacked::hdf5::File>> {
    use std::collections::HashMap;
    use std::sync::{Mutex, PoisonError};

    static OPENED: Mutex<Option<HashMap<String, filebacked::hdf5::File>>> = Mutex::new(None);

    let Some(url) = file.to_str().filter(|text| is_url(text)) else { return Ok(None) };
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    let opened = opened.get_or_insert_default();
    if let Some(file) = opened.get(url) {
        return Ok(Some(file.clone()));
    }
    let file = filebacked::remote::open(url)?;
    opened.insert(url.to_owned(), file.clone());
    Ok(Some(file))
}

#[cfg(not(feature = "remote"))]
#[allow(clippy::unnecessary_wraps, reason = "opening by a URL can fail")]
fn remote(_: &Path) -> Result<Option<filebacked::hdf5::File>> {
    Ok(None)
}

/// Whether it is no path: a word that is longer than the letter of a drive, and `://`.
#[cfg(feature = "remote")]
fn is_url(text: &str) -> bool {
    let is_scheme = |word: &str| word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    text.split_once("://").is_some_and(|(scheme, _)| is_scheme(scheme))
}
