//! How remote files are opened.

use std::sync::Arc;
use std::time::Duration;

use object_store::ObjectStore;

use super::cache::{Cache, Sizes};
use super::object::{Object, Request};
use super::place::{self, Place};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5;

/// Bytes of one request at most.
const REQUEST: u64 = 8 << 20;
/// Files of no more bytes come as a whole.
const WHOLE: u64 = 4 << 20;

/// How a remote file is opened: by which store, with which options of that, and how it is read.
///
/// ```no_run
/// use std::time::Duration;
/// use filebacked::remote::Opening;
///
/// let file = Opening::new()
///     .option("region", "eu-central-1")
///     .cache(1 << 30)
///     .timeout(Duration::from_secs(20))
///     .open("s3://bucket/run.h5")?;
/// # Ok::<(), filebacked::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "it opens nothing by itself"]
pub struct Opening {
    store: Option<Arc<dyn ObjectStore>>,
    options: Vec<(String, String)>,
    block: u64,
    cache: u64,
    concurrency: usize,
    timeout: Duration,
}

impl Default for Opening {
    fn default() -> Self {
        Self::new()
    }
}

impl Opening {
    /// What [`open`](super::open) does.
    pub fn new() -> Self {
        Self {
            store: None,
            options: Vec::new(),
            block: 256 << 10,
            cache: 128 << 20,
            concurrency: 64,
            timeout: Duration::from_secs(180),
        }
    }

    /// Has files opened in this store. [`open`](Self::open) takes the path in it then, instead of a URL.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use filebacked::object_store::local::LocalFileSystem;
    /// use filebacked::remote::Opening;
    ///
    /// # let directory = tempfile::tempdir()?;
    /// filebacked::to_file(directory.path().join("run.h5"), &7u8)?;
    /// let store = LocalFileSystem::new_with_prefix(directory.path())?;
    /// let file = Opening::new().store(Arc::new(store)).open("run.h5")?;
    /// assert_eq!(filebacked::from_group::<u8>(&file)?, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn store(mut self, store: Arc<dyn ObjectStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// Sets an option of the [store](super#stores) that the URL leads to, which counts more than the environment: a key such as
    /// `region` or `aws_region`, and its value.
    pub fn option(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.push((key.into(), value.into()));
        self
    }

    /// Bytes that are fetched at least (256 KiB): as many as come in about the time that a request takes.
    pub fn block(mut self, bytes: u64) -> Self {
        self.block = bytes;
        self
    }

    /// Bytes of the file that are kept in memory at most (128 MiB).
    pub fn cache(mut self, bytes: u64) -> Self {
        self.cache = bytes;
        self
    }

    /// How many requests are made side by side at most (64).
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests;
        self
    }

    /// How long an answer may take in all, however often the store asks again (three minutes). How long each try may take is an option
    /// of the stores: `("timeout", "30 seconds")`.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Opens the file that a URL leads to, or the one at that path of the [store](Self::store) that was given, for reading.
    ///
    /// # Errors
    /// As [`open`](super::open); and if an option is not known to the store, or cannot work.
    pub fn open(&self, url: &str) -> Result<hdf5::File> {
        let Place { store, path } = self.checked_place(url)?;
        let sizes = Sizes { block: self.block, cache: self.cache, request: REQUEST.max(self.block), whole: WHOLE };
        let request = Request {
            store,
            path,
            name: url.to_owned(),
            timeout: self.timeout,
            concurrency: self.concurrency,
            // Whole blocks, as others are not kept.
            start: START.next_multiple_of(self.block),
            most: self.cache,
        };
        let (object, start) = Object::open(request)?;
        if object.is_empty() {
            let error = Error::new(ErrorKind::Hdf5, "HDF5 could not open the file: it is empty");
            return Err(error.in_file(url));
        }
        let bytes = Arc::new(Cache::new(object, sizes, &start));
        h5::open_remote(bytes, url).map_err(|error| error.in_file(url))
    }

    /// Where a URL leads to, if the options can work.
    pub(super) fn checked_place(&self, url: &str) -> Result<Place> {
        self.check()?;
        self.place(url)
    }

    /// How long an answer may take.
    pub(super) fn limit(&self) -> Duration {
        self.timeout
    }

    /// Where a URL leads to, or a path in the store that was given.
    fn place(&self, url: &str) -> Result<Place> {
        match &self.store {
            None => place::of_url(url, &self.options),
            Some(store) => match self.options.first() {
                None => place::in_store(Arc::clone(store), url),
                Some((key, _)) => {
                    let message = format!("the option `{key}` cannot work: the store was given, and made before");
                    Err(Error::new(ErrorKind::Unsupported, message))
                }
            },
        }
    }

    /// An error for what cannot work.
    fn check(&self) -> Result<()> {
        let words = match self {
            Self { block: 0..512, .. } => "blocks have 512 bytes at least",
            Self { block, .. } if *block > 1 << 30 => "blocks have 1 GiB at most",
            Self { concurrency: 0, .. } => "without a request there is nothing to read",
            Self { timeout: Duration::ZERO, .. } => "no store answers within no time",
            _ => return Ok(()),
        };
        Err(Error::new(ErrorKind::Unsupported, words))
    }
}

/// Bytes that come with the first request: where a file's oldest objects are described.
const START: u64 = 256 << 10;
