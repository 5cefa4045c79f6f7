//! An object in a store, as it was when it was opened.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore};

use super::cache::Fetch;
use super::{failure, runtime};
use crate::ground::error::{Error, Result};

/// How often a request is made again whose answer ended early.
const TRIES: u32 = 4;
/// How long that waits, which doubles each time.
const PAUSE: Duration = Duration::from_millis(50);

/// An object in a store.
#[derive(Debug)]
pub(super) struct Object {
    asked: Arc<Asked>,
    len: u64,
    concurrency: usize,
    requests: AtomicU64,
    rounds: AtomicU64,
    bytes: AtomicU64,
}

/// Which object is asked for, and how.
#[derive(Debug)]
struct Asked {
    store: Arc<dyn ObjectStore>,
    path: Path,
    /// How errors call it.
    name: String,
    timeout: Duration,
    /// What tells it from what may be in its place later.
    version: Version,
}

/// What tells an object from others that are in its place later.
#[derive(Clone, Debug, Default)]
struct Version {
    etag: Option<String>,
    /// The time of its last change; for stores that have no ETags. All have that.
    modified: Option<String>,
    len: Option<u64>,
}

impl Version {
    fn of(meta: &ObjectMeta) -> Self {
        Self { etag: meta.e_tag.clone(), modified: Some(meta.last_modified.to_rfc3339()), len: Some(meta.size) }
    }

    /// What the store is to compare. A weak ETag is the same as no other, not even as itself (RFC 9110, section 8.8.3.2).
    fn condition(&self) -> Option<String> {
        self.etag.clone().filter(|etag| !etag.starts_with("W/"))
    }

    /// Whether an answer is about the same object: some servers do not compare, but say what they have.
    fn is_of(&self, meta: &ObjectMeta) -> bool {
        let is_same = match (&self.etag, &meta.e_tag) {
            (Some(known), Some(found)) => known == found,
            _ => self.modified.as_ref().is_none_or(|known| *known == meta.last_modified.to_rfc3339()),
        };
        is_same && self.len.is_none_or(|len| len == meta.size)
    }
}

/// How an answer was not what it is to be.
enum Failed {
    /// It ended early, or its server did: that may come right.
    Early(Error),
    /// Whatever is done again gives the same.
    Finally(Error),
}

impl Asked {
    /// Asks for a range, and waits for all of it.
    async fn get(&self, range: Range<u64>) -> Result<Bytes> {
        let all = async {
            let mut tries = 1;
            loop {
                match self.get_once(range.clone()).await {
                    Ok(bytes) => return Ok(bytes),
                    Err(Failed::Early(_)) if tries < TRIES => tokio::time::sleep(PAUSE * (1 << tries)).await,
                    Err(Failed::Early(error) | Failed::Finally(error)) => return Err(error),
                }
                tries += 1;
            }
        };
        let in_time = tokio::time::timeout(self.timeout, all).await;
        in_time.unwrap_or_else(|_| Err(failure::timed_out("read", &self.name, self.timeout)))
    }

    async fn get_once(&self, range: Range<u64>) -> Result<Bytes, Failed> {
        let options = GetOptions {
            range: Some(GetRange::Bounded(range.clone())),
            if_match: self.version.condition(),
            ..GetOptions::default()
        };
        let of_store = |error| failure::of_store("read", &self.name, error);
        let found = self.store.get_opts(&self.path, options).await.map_err(|error| {
            Failed::Finally(match error {
                object_store::Error::NotFound { .. } | object_store::Error::Precondition { .. } => {
                    failure::changed(&self.name, Some(error))
                }
                error => of_store(error),
            })
        })?;
        if !self.version.is_of(&found.meta) {
            return Err(Failed::Finally(failure::changed(&self.name, None)));
        }
        let bytes = found.bytes().await.map_err(|error| match error {
            // The store looks again where it goes on after an answer that ended early.
            object_store::Error::Precondition { .. } | object_store::Error::NotFound { .. } => {
                Failed::Finally(failure::changed(&self.name, Some(error)))
            }
            error => Failed::Early(of_store(error)),
        })?;
        if bytes.len() as u64 != range.end - range.start {
            return Err(Failed::Early(failure::strange(
                "read",
                &self.name,
                "the answer has fewer bytes than were asked for",
            )));
        }
        Ok(bytes)
    }

    /// Asks for the first bytes, so many at most, and which object it is. `None` where the server gives no part of it.
    async fn start(&self, len: u64) -> Result<Option<(ObjectMeta, Bytes)>> {
        let options = GetOptions { range: Some(GetRange::Bounded(0..len)), ..GetOptions::default() };
        let found = match self.store.get_opts(&self.path, options).await {
            // Whatever a store calls it: the server answered with all, or said that there is no such part, as in an empty object.
            Err(error) if failure::is_answer(&error) => return Ok(None),
            found => found.map_err(|error| failure::of_store("open", &self.name, error))?,
        };
        let meta = found.meta.clone();
        let bytes = found.bytes().await.map_err(|error| failure::of_store("open", &self.name, error))?;
        if bytes.len() as u64 != len.min(meta.size) {
            return Err(failure::strange("open", &self.name, "the answer has fewer bytes than were asked for"));
        }
        Ok(Some((meta, bytes)))
    }

    /// Asks for all of it, unless it is longer than `most`.
    async fn all(&self, most: u64) -> Result<(ObjectMeta, Bytes)> {
        let found = self.store.get_opts(&self.path, GetOptions::default()).await;
        let found = found.map_err(|error| failure::of_store("open", &self.name, error))?;
        let meta = found.meta.clone();
        if meta.size > most {
            let words = format!(
                "the server gives no parts of it, and it is too large to be kept as a whole: {} bytes",
                meta.size
            );
            return Err(failure::strange("open", &self.name, &words)
                .advised("download it, or make the cache larger (`Opening::cache`)"));
        }
        let bytes = found.bytes().await.map_err(|error| failure::of_store("open", &self.name, error))?;
        match bytes.len() as u64 == meta.size {
            true => Ok((meta, bytes)),
            false => Err(failure::strange("open", &self.name, "the answer has fewer bytes than the object")),
        }
    }
}

/// What an object is opened with.
pub(super) struct Request {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) path: Path,
    pub(super) name: String,
    pub(super) timeout: Duration,
    pub(super) concurrency: usize,
    /// How many of its first bytes come with it.
    pub(super) start: u64,
    /// How long it may be where it comes as a whole.
    pub(super) most: u64,
}

impl Object {
    /// Opens an object: by one request, which brings its first bytes. Where the server gives no parts, it comes as a whole.
    pub(super) fn open(request: Request) -> Result<(Self, Bytes)> {
        let Request { store, path, name, timeout, concurrency, start, most } = request;
        let asked = Asked { store, path, name, timeout, version: Version::default() };
        let (asked, found, requests) = runtime::wait(async move {
            let both = async {
                let mut tries = 1;
                loop {
                    match asked.start(start).await {
                        Ok(Some(found)) => return (Ok(found), tries),
                        Ok(None) => return (asked.all(most).await, tries + 1),
                        // What the store does not retry by itself is an answer that ended early.
                        Err(error) if tries < u64::from(TRIES) && may_come_right(&error) => {
                            tokio::time::sleep(PAUSE * (1 << tries)).await;
                        }
                        Err(error) => return (Err(error), tries),
                    }
                    tries += 1;
                }
            };
            let in_time = tokio::time::timeout(timeout, both).await;
            let (found, requests) =
                in_time.unwrap_or_else(|_| (Err(failure::timed_out("open", &asked.name, timeout)), 1));
            (asked, found, requests)
        })?;
        let (meta, bytes) = found?;
        let asked = Arc::new(Asked { version: Version::of(&meta), ..asked });
        let [requests, rounds] = [requests, requests].map(AtomicU64::new);
        let taken = AtomicU64::new(bytes.len() as u64);
        Ok((Self { asked, len: meta.size, concurrency, requests, rounds, bytes: taken }, bytes))
    }

    /// Whether it has no bytes.
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How errors call it.
    pub(super) fn name(&self) -> &str {
        &self.asked.name
    }

    /// Requests, rounds of them, and bytes, up to now.
    pub(super) fn traffic(&self) -> [u64; 3] {
        [&self.requests, &self.rounds, &self.bytes].map(|count| count.load(Ordering::Relaxed))
    }
}

/// Whether an answer ended early, which a further request may mend.
fn may_come_right(error: &Error) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>());
    source.is_some_and(|source| matches!(source.kind(), std::io::ErrorKind::InvalidData | std::io::ErrorKind::Other))
}

impl Fetch for Object {
    fn len(&self) -> u64 {
        self.len
    }

    fn fetch(&self, ranges: &[Range<u64>], take: &mut dyn FnMut(usize, Bytes) -> Result<()>) -> Result<()> {
        let all: Vec<_> = ranges.iter().cloned().enumerate().collect();
        self.requests.fetch_add(all.len() as u64, Ordering::Relaxed);
        self.rounds.fetch_add(all.len().div_ceil(self.concurrency) as u64, Ordering::Relaxed);
        let (asked, concurrency) = (Arc::clone(&self.asked), self.concurrency);
        let mut left = all.len();
        let send = |sender: std::sync::mpsc::Sender<(usize, Result<Bytes>)>| async move {
            let each = |(number, range)| {
                let asked = Arc::clone(&asked);
                async move { (number, asked.get(range).await) }
            };
            let mut answers = stream::iter(all).map(each).buffer_unordered(concurrency);
            while let Some(answer) = answers.next().await {
                if sender.send(answer).is_err() {
                    return;
                }
            }
        };
        runtime::each(send, |(number, bytes)| {
            let bytes = bytes?;
            left -= 1;
            self.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            take(number, bytes)
        })?;
        match left {
            0 => Ok(()),
            _ => Err(failure::strange("read", self.name(), "a request has come to nothing")),
        }
    }
}
