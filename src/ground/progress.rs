//! How far a call has come, told to whoever watches it: see [`WriteOptions::progress`](crate::WriteOptions::progress) and
//! [`ReadOptions::progress`](crate::ReadOptions::progress).
//!
//! The options have a [`ProgressCallback`]. A call that is watched makes a [`CallProgress`] of it, and each group and dataset that is made or
//! opened for the call knows its [spot](crate::layout::progress_path): the call's [`Meter`], and the path there. So what is done to an object counts for the call
//! that it was opened for, whichever thread does it and whatever other calls go on within that one; and where nobody
//! watches, a spot is nothing, which takes one look at a field to see.
//!
//! The closure is called by the thread that makes the call, and by no other; never under the library's lock, where it
//! might wait for somebody who waits for that; and so never from within libhdf5.

use std::fmt::{self, Debug, Display};
use std::ops::ControlFlow;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::library_lock;
use crate::ground::wrapper_slot::outside_wrapper;

/// As long at least is between two calls of the closure, but for the last.
const INTERVAL: Duration = Duration::from_millis(5);

/// How far a call of writing or reading has come.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use filebacked::{Progress, WriteOptions};
///
/// let last = Arc::new(Mutex::new(None));
/// let seen = Arc::clone(&last);
/// let options = WriteOptions::new().progress(move |p: &Progress| *seen.lock().unwrap() = Some(p.clone()));
/// options.to_vec(&(vec![0.5; 1000], "text"))?;
///
/// let last = last.lock().unwrap().clone().unwrap();
/// assert_eq!((last.bytes(), last.objects(), last.path()), (8004, 3, "/"));
/// assert_eq!(last.to_string(), "8.0 kB in 3 objects, at `/`");
/// # Ok::<(), filebacked::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    bytes: u64,
    objects: u64,
    path: String,
}

impl Progress {
    /// Bytes of data that were written to datasets, or read from them: numbers and text as they are in memory, whatever
    /// compression makes of them. Attributes do not count. What has to be written twice, as a late element does not fit the
    /// form of those before, counts twice.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Groups and datasets that were made, or begun to be read; the one that the whole value is counts, too. In what the
    /// [`hdf5`] crate did for a [`Codec`](crate::Codec), none are counted.
    #[must_use]
    pub fn objects(&self) -> u64 {
        self.objects
    }

    /// The path of what is at hand, as in `/patches/nodes`; at the end, that of the whole value. It is that of an HDF5 object,
    /// but without names that are only how a value is laid out, such as `values` and `offsets`; and [`skip`], [`only`] and [`at`]
    /// take it, so that a `*` in a name is `%2A`. For elements of a sequence that become objects of their own, it is that of
    /// the sequence.
    ///
    /// [`skip`]: crate::WriteOptions#paths
    /// [`only`]: crate::WriteOptions#paths
    /// [`at`]: crate::WriteOptions#paths
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// A count of bytes in a unit of which there are less than a thousand.
struct ByteCount(u64);

impl Display for ByteCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
        if self.0 < 1000 {
            return write!(f, "{} B", self.0);
        }
        // Tenths of the unit. What would be rounded up to a thousand of it is one of the next.
        let (mut tenths, mut unit) = (self.0 / 100 + u64::from(self.0 % 100 >= 50), 0);
        while tenths >= 10_000 {
            (tenths, unit) = ((tenths + 500) / 1000, unit + 1);
        }
        write!(f, "{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
    }
}

/// `12.3 MB in 17 objects, at `/patches/nodes``.
impl Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bytes, objects, path } = self;
        write!(f, "{} in {objects} object{}, at `{path}`", ByteCount(*bytes), if *objects == 1 { "" } else { "s" })
    }
}

/// What the closure that watches a call answers: nothing, or whether to go on.
///
/// It is `()`, or a [`ControlFlow`], of which `Break` cancels the call. There are no others.
#[diagnostic::on_unimplemented(
    message = "a closure that is told of progress cannot answer `{Self}`",
    label = "expected a closure that answers `()` or `ControlFlow<()>`",
    note = "end the closure with `;` to go on always, or with `ControlFlow::Continue(())`, or `ControlFlow::Break(())` to cancel"
)]
pub trait Answer: sealed::Sealed {
    #[doc(hidden)]
    fn flow(self) -> ControlFlow<()>;
}

mod sealed {
    use std::ops::ControlFlow;

    pub trait Sealed {}
    impl Sealed for () {}
    impl Sealed for ControlFlow<()> {}
}

impl Answer for () {
    fn flow(self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl Answer for ControlFlow<()> {
    fn flow(self) -> ControlFlow<()> {
        self
    }
}

type Tell = dyn Fn(&Progress) -> ControlFlow<()> + Send + Sync;

/// Who watches the calls that are made with some options, if anyone does.
#[derive(Clone, Default)]
pub(crate) struct ProgressCallback(Option<Arc<Tell>>);

/// Nothing of ours is left half-done by a closure that panics, and what that leaves is up to who gave it.
impl UnwindSafe for ProgressCallback {}
impl RefUnwindSafe for ProgressCallback {}

impl Debug for ProgressCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Watch(..)" } else { "Watch" })
    }
}

impl ProgressCallback {
    pub(crate) fn new<A: Answer>(tell: impl Fn(&Progress) -> A + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(move |progress: &Progress| tell(progress).flow())))
    }

    /// Makes a call that is watched. Where it was cancelled, its error says so, whatever became of that on the way.
    pub(crate) fn during<R>(&self, call: impl FnOnce(&CallProgress) -> Result<R>) -> Result<R> {
        if self.0.is_none() {
            return call(&CallProgress(None));
        }
        let run = CallProgress(Some(Arc::new(Counts::new(self.clone()))));
        let result = call(&run);
        match (result, run.0.as_ref().and_then(|counts| counts.cancelled.get())) {
            (Err(error), Some(at)) => {
                let error = if error.kind() == ErrorKind::Cancelled { error } else { at.error() };
                Err(error.located_at(&at.path))
            }
            (result, _) => result,
        }
    }
}

/// A call, and how far it has come, if it is watched.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallProgress(Option<Arc<Counts>>);

impl CallProgress {
    /// What counts for the call, if it is watched.
    pub(crate) fn meter(&self) -> Option<Meter> {
        self.0.as_ref().map(|counts| Meter(Arc::downgrade(counts)))
    }
}

/// Takes note of what is done for a call. When the call is over, nobody is told.
#[derive(Clone, Debug)]
pub(crate) struct Meter(Weak<Counts>);

impl Meter {
    /// Takes note of objects and bytes at a path. An error if the call is cancelled.
    pub(crate) fn count(&self, objects: u64, bytes: u64, path: &str) -> Result<()> {
        let Some(counts) = self.0.upgrade() else { return Ok(()) };
        add(&counts.objects, objects);
        add(&counts.bytes, bytes);
        counts.step(path)
    }

    /// Tells whoever watches how far the call is, at a path.
    pub(crate) fn tell(&self, path: &str) -> Result<()> {
        self.0.upgrade().map_or(Ok(()), |counts| counts.tell(path))
    }
}

/// What a call has done so far.
#[derive(Debug)]
struct Counts {
    watch: ProgressCallback,
    thread: ThreadId,
    begun: Instant,
    /// When the closure was called last, in nanoseconds since then.
    told: AtomicU64,
    bytes: AtomicU64,
    objects: AtomicU64,
    /// How far it was when it was cancelled.
    cancelled: OnceLock<Progress>,
}

impl Progress {
    /// The error for a call that was cancelled when it was so far.
    #[cold]
    fn error(&self) -> Error {
        let (bytes, objects) = (ByteCount(self.bytes), self.objects);
        let objects = format!("{objects} object{}", if objects == 1 { "" } else { "s" });
        Error::new(ErrorKind::Cancelled, format!("cancelled by the `progress` option, after {bytes} in {objects}"))
    }
}

impl Counts {
    fn new(watch: ProgressCallback) -> Self {
        let (told, bytes, objects) = Default::default();
        Self {
            watch,
            thread: thread::current().id(),
            begun: Instant::now(),
            told,
            bytes,
            objects,
            cancelled: OnceLock::new(),
        }
    }

    /// Calls the closure, if it is time, and an error if the call is cancelled.
    fn step(&self, path: &str) -> Result<()> {
        if let Some(at) = self.cancelled.get() {
            return Err(at.error());
        }
        let now = self.begun.elapsed();
        let since = now.saturating_sub(Duration::from_nanos(self.told.load(Ordering::Relaxed)));
        if since < interval() || library_lock::is_held() || thread::current().id() != self.thread {
            return Ok(());
        }
        self.tell(path)
    }

    fn tell(&self, path: &str) -> Result<()> {
        if let Some(at) = self.cancelled.get() {
            return Err(at.error());
        }
        let (bytes, objects) = (self.bytes.load(Ordering::Relaxed), self.objects.load(Ordering::Relaxed));
        let progress = Progress { bytes, objects, path: path.to_owned() };
        let answer = match &self.watch.0 {
            Some(tell) => outside_wrapper(|| tell(&progress)),
            None => ControlFlow::Continue(()),
        };
        // What the closure did by itself is no time that the call took.
        let told = u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.told.store(told, Ordering::Relaxed);
        match answer {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(self.cancelled.get_or_init(|| progress).error()),
        }
    }
}

/// Adds to a count. Claims of a file can be anything.
fn add(count: &AtomicU64, more: u64) {
    // There always is a sum.
    let _ = count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| Some(count.saturating_add(more)));
}

#[cfg(not(test))]
fn interval() -> Duration {
    INTERVAL
}

#[cfg(test)]
fn interval() -> Duration {
    if testing::is_always() { Duration::ZERO } else { INTERVAL }
}

/// Has closures called wherever they can be, for tests.
#[cfg(test)]
pub(crate) mod testing {
    use std::cell::Cell;

    thread_local! {
        static ALWAYS: Cell<bool> = const { Cell::new(false) };
    }

    pub(super) fn is_always() -> bool {
        ALWAYS.get()
    }

    /// Does something of which all that can be told is told.
    pub(crate) fn always<R>(inside: impl FnOnce() -> R) -> R {
        struct StopAlways;
        impl Drop for StopAlways {
            fn drop(&mut self) {
                ALWAYS.set(false);
            }
        }
        ALWAYS.set(true);
        let _back = StopAlways;
        inside()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_units() {
        for (bytes, words) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (8004, "8.0 kB"),
            (999_949, "999.9 kB"),
            (999_950, "1.0 MB"),
            (12_345_678, "12.3 MB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(ByteCount(bytes).to_string(), words);
        }
    }
}
