//! Files that are written to a store.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use object_store::{
    Error as StoreError, MultipartUpload, PutMode, PutMultipartOptions, PutOptions, PutPayload, UpdateVersion,
};
use serde::Serialize;

use super::opening::Opening;
use super::place::Place;
use super::{failure, runtime};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::options::WriteOptions;

/// Files of no more bytes are one request; others come in parts of so many, or more.
const PART: u64 = 16 << 20;
/// Stores take no more parts of one object.
const MOST_PARTS: u64 = 10_000;
/// Parts that are sent side by side.
const SIDE_BY_SIDE: usize = 4;

/// When a file is put into the place of what is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Condition {
    #[default]
    Always,
    Absent,
    Unchanged(String),
}

/// Writes a file with a value to a store: all of it, or nothing. [`Putting`] has options.
///
/// ```
/// # let directory = tempfile::tempdir()?;
/// # let url = format!("file://{}/run.h5", directory.path().display());
/// use filebacked::remote;
///
/// remote::put(&url, &vec![1.5, 2.5])?;
/// assert_eq!(filebacked::from_group::<Vec<f64>>(&remote::open(&url)?)?, [1.5, 2.5]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the value cannot be written, there is no such store, or it does not take the file. What was there is as it was then.
pub fn put<T: ?Sized + Serialize>(url: &str, value: &T) -> Result<Put> {
    Putting::new().put(url, value)
}

/// What was put into a store.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Put {
    /// The ETag of the object, which tells it from others that are in its place before or after, if the store has such.
    pub etag: Option<String>,
    /// Bytes of the file.
    pub bytes: u64,
}

/// How a file is written to a store.
///
/// The file is made in the system's folder for temporary files first, and then sent: one of up to 16 MiB by one request, a larger one in
/// parts, some of which are sent side by side. Readers see the old file or the new one, and never a part. With a condition, all of it is
/// one request, as stores compare only then: it is in memory meanwhile, and S3 takes no more than 5 GiB so. A file that is read remotely
/// is best [in pages](WriteOptions::page_size), which is so without options.
///
/// ```
/// # use std::sync::Arc;
/// # use filebacked::object_store::memory::InMemory;
/// use filebacked::ErrorKind;
/// use filebacked::remote::{Opening, Putting};
///
/// let at = Opening::new().store(Arc::new(InMemory::new()));
/// let first = Putting::new().at(at.clone()).if_absent().put("run.h5", &1u8)?;
/// let error = Putting::new().at(at.clone()).if_absent().put("run.h5", &2u8).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::AlreadyExists);
///
/// // Nobody else has written it since.
/// let etag = first.etag.unwrap();
/// Putting::new().at(at.clone()).if_unchanged(&etag).put("run.h5", &3u8)?;
/// let error = Putting::new().at(at.clone()).if_unchanged(&etag).put("run.h5", &4u8).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Gone);
/// assert_eq!(filebacked::from_group::<u8>(&at.open("run.h5")?)?, 3);
/// # Ok::<(), filebacked::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "it puts nothing by itself"]
pub struct Putting {
    at: Opening,
    options: WriteOptions,
    condition: Condition,
}

impl Default for Putting {
    fn default() -> Self {
        Self::new()
    }
}

impl Putting {
    /// What [`put`] does.
    pub fn new() -> Self {
        let options = WriteOptions::new().page_size(64 << 10);
        Self { at: Opening::new(), options, condition: Condition::Always }
    }

    /// Which store it is, with which options of that: those of files that are opened. How long an answer may take counts for each
    /// request.
    pub fn at(mut self, at: Opening) -> Self {
        self.at = at;
        self
    }

    /// How the file is written. Without this, it is in [pages](WriteOptions::page_size) of 64 KiB.
    pub fn options(mut self, options: WriteOptions) -> Self {
        self.options = options;
        self
    }

    /// Has it written only if nothing is there: else it is an error of the kind [`AlreadyExists`](ErrorKind::AlreadyExists), as the
    /// store says, whoever else writes at the same time.
    pub fn if_absent(mut self) -> Self {
        self.condition = Condition::Absent;
        self
    }

    /// Has it written only if what is there has this ETag, as [`Put::etag`] of whoever wrote it: else it is an error of the kind
    /// [`Gone`](ErrorKind::Gone). Not all stores can do that: those of files and plain servers cannot, which is an error.
    pub fn if_unchanged(mut self, etag: &str) -> Self {
        self.condition = Condition::Unchanged(etag.to_owned());
        self
    }

    /// Writes a file with the value to where the URL leads, or to that path in the store that was given.
    ///
    /// # Errors
    /// As [`put`], and as the conditions say.
    pub fn put<T: ?Sized + Serialize>(&self, url: &str, value: &T) -> Result<Put> {
        self.put_with(url, &mut |path| self.options.to_file(path, value))
    }

    fn put_with(&self, url: &str, write: &mut dyn FnMut(&Path) -> Result<()>) -> Result<Put> {
        let place = self.at.checked_place(url)?;
        let folder = Folder::new()?;
        let path = folder.0.join("file.h5");
        write(&path)?;
        let failed = |error| Error::io("could not read the file that is to be sent", error);
        let file = File::open(&path).map_err(failed)?;
        let bytes = file.metadata().map_err(failed)?.len();
        let (name, condition, timeout) = (url.to_owned(), self.condition.clone(), self.at.limit());
        let sent = runtime::wait(async move { send(place, file, bytes, condition, &name, timeout).await })?;
        sent.map(|etag| Put { etag, bytes })
    }
}

/// A folder for a file until it is sent.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        use std::sync::atomic::{AtomicU64, Ordering};
        static COUNT: AtomicU64 = AtomicU64::new(0);
        loop {
            let name = format!("filebacked-put-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
            let path = std::env::temp_dir().join(name);
            let mut builder = std::fs::DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            match builder.create(&path) {
                Ok(()) => return Ok(Self(path)),
                // Of a process that had the same number.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::io("could not make a folder for the file that is to be sent", error)),
            }
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left is the system's to remove.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// What a store said that did not take a file.
fn refused(name: &str, condition: &Condition, error: StoreError) -> Error {
    match (&error, condition) {
        (StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }, Condition::Absent) => {
            let error = std::io::Error::new(std::io::ErrorKind::AlreadyExists, error);
            Error::new(ErrorKind::AlreadyExists, format!("there is something at `{name}` already")).caused_by(error)
        }
        (StoreError::Precondition { .. } | StoreError::NotFound { .. }, Condition::Unchanged(etag)) => {
            let words = format!("what is at `{name}` is not what has the ETag {etag}");
            Error::new(ErrorKind::Gone, words).caused_by(std::io::Error::other(error))
        }
        (StoreError::NotImplemented { .. } | StoreError::NotSupported { .. }, condition)
            if *condition != Condition::Always =>
        {
            let words = format!("the store of `{name}` has no way to write under that condition");
            Error::new(ErrorKind::Unsupported, words).caused_by(error)
        }
        _ => failure::of_store("write", name, error),
    }
}

/// The next bytes of a file, so many at most.
fn part(file: &mut File, bytes: u64) -> Result<Vec<u8>> {
    let mut part = Vec::new();
    file.take(bytes)
        .read_to_end(&mut part)
        .map_err(|error| Error::io("could not read the file that is to be sent", error))?;
    Ok(part)
}

/// Sends a file. Returns its ETag.
async fn send(
    Place { store, path }: Place,
    mut file: File,
    bytes: u64,
    condition: Condition,
    name: &str,
    timeout: Duration,
) -> Result<Option<String>> {
    let late = |_| failure::timed_out("write", name, timeout);
    let mode = match &condition {
        Condition::Always => PutMode::Overwrite,
        Condition::Absent => PutMode::Create,
        Condition::Unchanged(etag) => PutMode::Update(UpdateVersion { e_tag: Some(etag.clone()), version: None }),
    };
    // Stores compare with what is there when they take a file by one request, and not when they take parts.
    if bytes <= PART || condition != Condition::Always {
        let mut parts = Vec::new();
        while let Some(part) = Some(part(&mut file, PART)?).filter(|part| !part.is_empty()) {
            parts.push(bytes::Bytes::from(part));
        }
        let options = PutOptions { mode, ..PutOptions::default() };
        let sent = tokio::time::timeout(timeout, store.put_opts(&path, parts.into_iter().collect(), options));
        return sent.await.map_err(late)?.map(|put| put.e_tag).map_err(|error| refused(name, &condition, error));
    }
    let begun = store.put_multipart_opts(&path, PutMultipartOptions::default());
    let begun = tokio::time::timeout(timeout, begun).await.map_err(late)?;
    let mut upload = begun.map_err(|error| refused(name, &condition, error))?;
    let sent = match send_parts(&mut *upload, &mut file, bytes, name, timeout).await {
        Ok(()) => {
            let done = tokio::time::timeout(timeout, upload.complete()).await;
            done.map_err(late).and_then(|done| done.map_err(|error| refused(name, &condition, error)))
        }
        Err(error) => Err(error),
    };
    if sent.is_err() {
        // Where that fails, too, the store removes the parts in time, if it was told to.
        drop(tokio::time::timeout(timeout, upload.abort()).await);
    }
    sent.map(|sent| sent.e_tag)
}

/// Sends all parts of a file, some side by side.
async fn send_parts(
    upload: &mut dyn MultipartUpload,
    file: &mut File,
    bytes: u64,
    name: &str,
    timeout: Duration,
) -> Result<()> {
    let size = PART.max(bytes.div_ceil(MOST_PARTS));
    let mut sending = futures_util::stream::FuturesUnordered::new();
    let wait = |answer: Result<object_store::Result<()>, tokio::time::error::Elapsed>| match answer {
        Ok(sent) => sent.map_err(|error| failure::of_store("write", name, error)),
        Err(_) => Err(failure::timed_out("write", name, timeout)),
    };
    let mut left = bytes;
    while left > 0 {
        let bytes = part(file, size.min(left))?;
        if bytes.is_empty() {
            return Err(Error::corrupt("the file that is to be sent became shorter"));
        }
        left -= bytes.len() as u64;
        sending.push(tokio::time::timeout(timeout, upload.put_part(PutPayload::from(bytes))));
        if sending.len() >= SIDE_BY_SIDE
            && let Some(answer) = futures_util::StreamExt::next(&mut sending).await
        {
            wait(answer)?;
        }
    }
    while let Some(answer) = futures_util::StreamExt::next(&mut sending).await {
        wait(answer)?;
    }
    Ok(())
}
