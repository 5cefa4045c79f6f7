//! Files that are in a store, or on a server: read by ranges, without a copy on a disk.
//!
//! [`open`] gives an [`hdf5::File`], with which all of this crate works as with any other: [`from_group`](crate::from_group),
//! [`read`](crate::read), [`Lazy`](crate::Lazy), [`LazyMap`](crate::LazyMap), [`Reader`](crate::Reader), [`tree`](crate::tree()),
//! [`Value`](crate::Value). Only what is asked for is fetched, with what is next to it.
//!
//! ```no_run
//! use filebacked::{Lazy, NdArray, remote};
//! use ndarray::{Ix3, s};
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! struct Run { seed: u64, field: Lazy<NdArray<f32, Ix3>> }
//!
//! let file = remote::open("s3://bucket/run.h5")?;
//! let run: Run = filebacked::from_group(&file)?;
//! // The field may have any size: only this plane of it comes.
//! let plane = run.field.slice(s![100, .., ..])?;
//! # Ok::<(), filebacked::Error>(())
//! ```
//!
//! # Stores
//!
//! | URL | store | options, and variables of the environment |
//! |---|---|---|
//! | `s3://bucket/run.h5` | S3, and what speaks like it | [`AmazonS3ConfigKey`](object_store::aws::AmazonS3ConfigKey), `AWS_...` |
//! | `gs://bucket/run.h5` | Google Cloud Storage | [`GoogleConfigKey`](object_store::gcp::GoogleConfigKey), `GOOGLE_...` |
//! | `az://container/run.h5` | Azure | [`AzureConfigKey`](object_store::azure::AzureConfigKey), `AZURE_...` |
//! | `https://host/run.h5`, `http://` | a server that gives ranges | [`ClientConfigKey`](object_store::ClientConfigKey) |
//! | `file:///run.h5` | a file, read in the same way | |
//!
//! The options and variables are those of the crate [`object_store`]. It takes credentials from the variables above, from a file that
//! one of them names, or from the machine that the program runs on. [`Opening::option`] sets an option. A bucket that
//! everybody may read needs `("skip_signature", "true")`. Any other store can be given itself: [`Opening::store`].
//!
//! # How it reads
//!
//! - One request opens the file: it brings the first bytes, how long the file is, and which version of it there is (its ETag).
//! - Bytes come in [blocks](Opening::block), of which [so many](Opening::cache) are kept. The longer something is read in order, the
//!   more is read ahead. Blocks that are needed together are asked for [side by side](Opening::concurrency). A file of a few MiB comes as a
//!   whole.
//! - Each request says that it is for the version that was opened (`If-Match`). Where the file was replaced meanwhile, what is read is
//!   an error of the kind [`Gone`](crate::ErrorKind::Gone), never a mixture.
//! - A server that gives no ranges is asked for the whole file, if that fits into the cache.
//! - A file of a stranger's is looked at as one on a disk is: its structures are checked before libhdf5 sees them.
//!
//! Requests are made on a thread of their own. So files can be opened and read with a runtime of tokio's or without one; as with all
//! files, a task that reads keeps its thread meanwhile. Files are for reading only.
//!
//! # Errors
//!
//! What goes wrong with a request is an error of the kind [`Io`](crate::ErrorKind::Io). Its source is an [`std::io::Error`], as it is for
//! files on a disk, whose kind says what happened, and which holds the store's own error:
//!
//! ```
//! use std::error::Error;
//! use std::io;
//! use std::sync::Arc;
//! use filebacked::object_store::{self, memory::InMemory};
//! use filebacked::remote::Opening;
//!
//! let error = Opening::new().store(Arc::new(InMemory::new())).open("no/such.h5").unwrap_err();
//! let source = error.source().and_then(|source| source.downcast_ref::<io::Error>()).unwrap();
//! assert_eq!(source.kind(), io::ErrorKind::NotFound);
//! let store = source.get_ref().and_then(|inner| inner.downcast_ref::<object_store::Error>());
//! assert!(matches!(store, Some(object_store::Error::NotFound { .. })));
//! ```
//!
//! | [`io::ErrorKind`](std::io::ErrorKind) | |
//! |---|---|
//! | `NotFound` | there is no such object |
//! | `PermissionDenied` | the credentials are missing, wrong, or not enough |
//! | `TimedOut` | no answer in [time](Opening::timeout) |
//! | `NotConnected` | the server cannot be reached |
//! | `InvalidData` | an answer that is not what was asked for |
//! | `Other` | whatever else the store says |
//!
//! The store repeats requests that failed for a while (connections that break, servers that are busy), and what ended early is asked
//! for again.

mod cache;
mod failure;
mod object;
mod opening;
mod place;
mod put;
mod runtime;

use std::ops::Range;

use self::cache::Cache;
use self::object::Object;
pub use self::opening::Opening;
pub use self::put::{Put, Putting, put};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::{self, AsGroup, Purpose, RemoteBytes};

/// Opens the file that a URL leads to, for reading. [`Opening`] has options.
///
/// ```
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("run.h5");
/// filebacked::to_file(&path, &[1.5, 2.5])?;
/// let file = filebacked::remote::open(&format!("file://{}", path.display()))?;
/// assert_eq!(filebacked::from_group::<Vec<f64>>(&file)?, [1.5, 2.5]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the URL leads to no store that is known, the object is not there or may not be read, or is no HDF5 file. See
/// [there](self#errors).
pub fn open(url: &str) -> Result<hdf5::File> {
    Opening::new().open(url)
}

/// What was asked for of a remote file since it was opened, with that.
///
/// ```
/// # use std::sync::Arc;
/// # use filebacked::object_store::{ObjectStoreExt, memory::InMemory};
/// use filebacked::remote::{Opening, traffic};
/// # let store = Arc::new(InMemory::new());
/// # let image = filebacked::to_vec(&[1.5, 2.5])?;
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(store.put(&"run.h5".into(), image.into()))?;
///
/// let file = Opening::new().store(store).open("run.h5")?;
/// assert_eq!(filebacked::from_group::<Vec<f64>>(&file)?, [1.5, 2.5]);
/// // It is small: all of it came with the first request.
/// assert_eq!(traffic(&file)?.requests, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traffic {
    /// Requests. Those that the store made again by itself are one.
    pub requests: u64,
    /// How many times requests had to be waited for, one after the other: those that are made side by side are one.
    pub rounds: u64,
    /// Bytes of the file that came.
    pub bytes: u64,
}

/// The [`Traffic`] of the file that a group is in.
///
/// # Errors
/// If the file was not opened by [`open`].
pub fn traffic(group: &(impl AsGroup + ?Sized)) -> Result<Traffic> {
    let group = h5::Group::of(group.as_group())?;
    let [requests, rounds, bytes] = h5::with_remote(&group, |file| file.traffic())?.ok_or_else(|| {
        Error::new(ErrorKind::Unsupported, "the file is not a remote one: it was not opened by `remote::open`")
    })?;
    Ok(Traffic { requests, rounds, bytes })
}

impl RemoteBytes for Cache<Object> {
    fn len(&self) -> u64 {
        cache::Fetch::len(self.file())
    }

    fn read(&self, purpose: Purpose, parts: &mut [(u64, &mut [u8])]) -> Result<()> {
        Cache::read(self, purpose, parts)
    }

    fn fetch(&self, ranges: &[Range<u64>]) -> Result<()> {
        self.prefetch(ranges)
    }

    fn traffic(&self) -> [u64; 3] {
        self.file().traffic()
    }
}
