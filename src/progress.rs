//! How far a call has come, told to whoever watches it: see [`WriteOptions::progress`](crate::WriteOptions::progress) and
//! [`ReadOptions::progress`](crate::ReadOptions::progress).
//!
//! The options have a [`Watch`]. A call that is watched makes a [`Meter`] of it, and each group and dataset that is made or
//! opened for the call knows its [`Spot`]: the call, and the path there. So what is done to an object counts for the call
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

use crate::bridge::aside;
use crate::error::{Error, ErrorKind, Result};
use crate::storage::is_locked;

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

    /// The path of the HDF5 object at hand, as in `/patches/nodes`; at the end, that of the whole value. For elements of a
    /// sequence that become objects of their own, it is that of the sequence.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// A count of bytes in a unit of which there are less than a thousand.
struct Bytes(u64);

impl Display for Bytes {
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
        write!(f, "{} in {objects} object{}, at `{path}`", Bytes(*bytes), if *objects == 1 { "" } else { "s" })
    }
}

/// What the closure that watches a call answers: nothing, or whether to go on.
///
/// It is `()`, or a [`ControlFlow`], of which `Break` cancels the call. There are no others.
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
pub(crate) struct Watch(Option<Arc<Tell>>);

/// Nothing of ours is left half-done by a closure that panics, and what that leaves is up to who gave it.
impl UnwindSafe for Watch {}
impl RefUnwindSafe for Watch {}

impl Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Watch(..)" } else { "Watch" })
    }
}

impl Watch {
    pub(crate) fn new<A: Answer>(tell: impl Fn(&Progress) -> A + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(move |progress: &Progress| tell(progress).flow())))
    }

    /// Makes a call that is watched. Where it was cancelled, its error says so, whatever became of that on the way.
    pub(crate) fn during<R>(&self, call: impl FnOnce(&Run) -> Result<R>) -> Result<R> {
        if self.0.is_none() {
            return call(&Run(None));
        }
        let run = Run(Some(Arc::new(Meter::new(self.clone()))));
        let result = call(&run);
        match (result, run.0.as_ref().and_then(|meter| meter.cancelled.get())) {
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
pub(crate) struct Run(Option<Arc<Meter>>);

impl Run {
    /// Where the call begins.
    pub(crate) fn spot(&self, path: impl FnOnce() -> String) -> Spot {
        Spot(self.0.as_ref().map(|meter| Arc::new(At { meter: Arc::downgrade(meter), path: path(), is_whole: false })))
    }
}

/// What a call has done so far.
#[derive(Debug)]
struct Meter {
    watch: Watch,
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
        let (bytes, objects) = (Bytes(self.bytes), self.objects);
        let objects = format!("{objects} object{}", if objects == 1 { "" } else { "s" });
        Error::new(ErrorKind::Cancelled, format!("cancelled by the `progress` option, after {bytes} in {objects}"))
    }
}

impl Meter {
    fn new(watch: Watch) -> Self {
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
        if since < interval() || is_locked() || thread::current().id() != self.thread {
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
            Some(tell) => aside(|| tell(&progress)),
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
        struct Back;
        impl Drop for Back {
            fn drop(&mut self) {
                ALWAYS.set(false);
            }
        }
        ALWAYS.set(true);
        let _back = Back;
        inside()
    }
}

/// Where an object is, for whoever watches the call that it was opened for; nothing, where nobody does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spot(Option<Arc<At>>);

#[derive(Debug)]
struct At {
    /// When the call is over, nobody is told.
    meter: Weak<Meter>,
    path: String,
    /// What is in it has no path of its own: no link leads there yet.
    is_whole: bool,
}

impl Spot {
    /// Where nobody watches.
    pub(crate) const NOWHERE: Self = Self(None);

    /// Whether somebody may watch.
    #[inline]
    pub(crate) fn is_watched(&self) -> bool {
        self.0.is_some()
    }

    /// The spot of the child `name`.
    #[inline]
    pub(crate) fn child(&self, name: &str) -> Self {
        match &self.0 {
            None => Self::NOWHERE,
            Some(at) => at.child(name),
        }
    }

    /// The same for what no link leads to yet: there, all is at this spot.
    pub(crate) fn as_whole(&self) -> Self {
        let whole = |at: &Arc<At>| Arc::new(At { meter: at.meter.clone(), path: at.path.clone(), is_whole: true });
        Self(self.0.as_ref().map(whole))
    }

    /// Takes note of an object that was made, or is about to be read. An error if the call is cancelled, as below.
    #[inline]
    pub(crate) fn object(&self) -> Result<()> {
        match &self.0 {
            None => Ok(()),
            Some(at) => at.count(1, 0),
        }
    }

    /// Takes note of data that was written or read.
    #[inline]
    pub(crate) fn bytes(&self, bytes: u64) -> Result<()> {
        match &self.0 {
            None => Ok(()),
            Some(at) => at.count(0, bytes),
        }
    }

    /// Tells whoever watches how far the call is, if it is time.
    #[inline]
    pub(crate) fn check(&self) -> Result<()> {
        self.bytes(0)
    }

    /// Tells whoever watches that all is done.
    pub(crate) fn finish(&self) -> Result<()> {
        let Some(at) = &self.0 else { return Ok(()) };
        at.meter.upgrade().map_or(Ok(()), |meter| meter.tell(&at.path))
    }
}

impl At {
    #[cold]
    fn child(self: &Arc<Self>, name: &str) -> Spot {
        if self.is_whole {
            return Spot(Some(Arc::clone(self)));
        }
        let path = format!("{}/{name}", self.path.trim_end_matches('/'));
        Spot(Some(Arc::new(Self { meter: self.meter.clone(), path, is_whole: false })))
    }

    #[cold]
    fn count(&self, objects: u64, bytes: u64) -> Result<()> {
        let Some(meter) = self.meter.upgrade() else { return Ok(()) };
        add(&meter.objects, objects);
        add(&meter.bytes, bytes);
        meter.step(&self.path)
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
            assert_eq!(Bytes(bytes).to_string(), words);
        }
    }

    #[test]
    fn spots_have_paths_only_where_somebody_watches() {
        assert!(!Spot::NOWHERE.child("a").as_whole().child("b").is_watched());
        let run = Run(Some(Arc::new(Meter::new(Watch::default()))));
        let path = |spot: &Spot| spot.0.as_ref().map(|at| at.path.clone());
        let root = run.spot(|| "/".to_owned());
        assert_eq!(path(&root.child("a").child("b")).as_deref(), Some("/a/b"));
        assert_eq!(path(&root.child("a").as_whole().child("b")).as_deref(), Some("/a"));
        assert_eq!(path(&Run::default().spot(|| unreachable!("nobody asks"))), None);
    }

    #[test]
    fn nothing_counts_when_the_call_is_over() {
        let watch = Watch::new(|_| ControlFlow::Break(()));
        let spot = watch.during(|run| Ok(run.spot(|| "/".to_owned()))).unwrap();
        testing::always(|| spot.object().and_then(|()| spot.finish()).unwrap());
    }
}
