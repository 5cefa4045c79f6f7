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

use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::is_locked;
use crate::layout::{Kind, step_of, unescape};
use crate::wrappers::bridge::aside;

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
        Spot(self.0.as_ref().map(|meter| At::new(Arc::downgrade(meter), shown(&path()), false)))
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
    /// The kind of the group, once that was asked for.
    kind: OnceLock<Option<Kind>>,
}

/// A path of HDF5's as a path of the options.
fn shown(path: &str) -> String {
    path.split('/').map(step).collect::<Vec<_>>().join("/")
}

/// The name of a link as a step of such a path.
fn step(link: &str) -> String {
    if link.is_empty() { String::new() } else { step_of(&unescape(link)).into_owned() }
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

    /// The same in a group, which is of that kind.
    #[inline]
    pub(crate) fn child_of(&self, name: &str, kind: impl FnOnce() -> Option<Kind>) -> Self {
        match &self.0 {
            None => Self::NOWHERE,
            Some(at) if at.is_whole => self.clone(),
            Some(at) => match at.kind.get_or_init(kind) {
                // It has the path of the value that it is a part of.
                Some(kind) if kind.is_layout(name) => Self(Some(At::new(at.meter.clone(), at.path.clone(), false))),
                _ => at.child(name),
            },
        }
    }

    /// The same for what no link leads to yet: there, all is at this spot.
    pub(crate) fn as_whole(&self) -> Self {
        let whole = |at: &Arc<At>| At::new(at.meter.clone(), at.path.clone(), true);
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
    fn new(meter: Weak<Meter>, path: String, is_whole: bool) -> Arc<Self> {
        Arc::new(Self { meter, path, is_whole, kind: OnceLock::new() })
    }

    #[cold]
    fn child(self: &Arc<Self>, name: &str) -> Spot {
        if self.is_whole {
            return Spot(Some(Arc::clone(self)));
        }
        let path = format!("{}/{}", self.path.trim_end_matches('/'), step(name));
        Spot(Some(Self::new(self.meter.clone(), path, false)))
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
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::Mutex;

    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::*;
    use crate::layout::unescape_step;
    use crate::{ReadOptions, WriteOptions};

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

    #[derive(Serialize, Deserialize, Clone)]
    enum Form {
        Empty,
        Circle(f64),
        Box { width: Vec<f64>, height: Vec<String> },
    }

    /// What is stored in one way or another.
    #[derive(Serialize, Deserialize, Clone)]
    struct Part {
        nodes: Vec<f64>,
        texts: Vec<String>,
        long: Vec<String>,
        option: Option<Option<u8>>,
        options: Vec<Option<String>>,
        form: Form,
        forms: Vec<Form>,
        pair: (u8, Vec<f64>),
        nested: Vec<Vec<f64>>,
        bytes: Vec<Vec<u8>>,
        wide: Vec<i128>,
        arrays: Vec<crate::NdArray<f64, ndarray::Ix1>>,
        pairs: BTreeMap<(u8, u8), Vec<f64>>,
        deep: Vec<Vec<Option<Vec<String>>>>,
        maps: Vec<BTreeMap<String, f64>>,
        mixed: Vec<serde_json::Value>,
        records: Vec<BTreeMap<String, Vec<String>>>,
        #[serde(rename = "value")]
        called_value: Vec<Option<u8>>,
        tag: Vec<Form>,
    }

    fn part() -> Part {
        let long = "x".repeat(1000);
        let boxed = Form::Box { width: vec![0.5; 2], height: vec!["a".to_owned(), long.clone()] };
        let forms = vec![boxed.clone(), Form::Circle(1.5), Form::Empty];
        Part {
            nodes: vec![0.5; 10],
            texts: vec!["a".to_owned(), "b\0".to_owned()],
            long: vec![long, String::new()],
            option: Some(None),
            options: vec![None, Some("x".to_owned())],
            form: boxed,
            forms: forms.clone(),
            pair: (1, vec![0.5]),
            nested: vec![vec![0.5], vec![1.5, 2.5]],
            bytes: vec![vec![1], vec![2, 3]],
            wide: vec![1, -1],
            arrays: (1..3).map(|len| crate::NdArray(ndarray::Array1::ones(len))).collect(),
            pairs: BTreeMap::from([((1, 2), vec![0.5]), ((1, 3), vec![])]),
            deep: vec![vec![None, Some(vec!["x".to_owned()])]],
            maps: vec![BTreeMap::from([("a".to_owned(), 0.5)]), BTreeMap::new()],
            mixed: vec![json!({ "a": [1, "x"] }), json!(1)],
            records: vec![BTreeMap::from([("a".to_owned(), vec!["x".to_owned()])]); 2],
            called_value: vec![None, Some(1)],
            tag: forms,
        }
    }

    /// All paths that a call tells of.
    fn told(call: impl FnOnce(Box<dyn Fn(&Progress) + Send + Sync>) -> Result<()>) -> BTreeSet<String> {
        let paths = Arc::new(Mutex::new(BTreeSet::new()));
        let seen = Arc::clone(&paths);
        let tell = move |progress: &Progress| {
            seen.lock().unwrap().insert(progress.path().to_owned());
        };
        testing::always(|| call(Box::new(tell))).unwrap();
        paths.lock().unwrap().clone()
    }

    /// Each path that is told of is one for the options, whatever is stored there and however.
    #[test]
    fn paths_are_paths_for_the_options() {
        type Written = BTreeMap<String, Part>;
        type All = BTreeMap<String, BTreeMap<String, crate::Value>>;
        let keys = ["a/*", "other"];
        let value: Written = keys.iter().map(|key| ((*key).to_owned(), part())).collect();
        let image = WriteOptions::new().to_vec(&value).unwrap();
        let mut written = told(|tell| WriteOptions::new().progress(tell).to_vec(&value).map(drop));
        let mut read = told(|tell| ReadOptions::new().progress(tell).from_slice::<Written>(&image).map(drop));
        for paths in [&mut written, &mut read] {
            // At the end, that of the whole value.
            assert!(paths.remove("/"));
            for path in
                ["nodes", "long", "form/Box/width", "forms/Box", "pair/1", "deep", "mixed/a", "value", "tag/Box"]
            {
                let path = format!("/a%2F%2A/{path}");
                assert!(paths.iter().any(|told| told.starts_with(&path)), "{path}");
            }
            paths.retain(|path| path.starts_with("/a"));
        }
        let all: All = ReadOptions::new().from_slice(&image).unwrap();
        for path in written.union(&read) {
            let read = ReadOptions::new().skip([path]).from_slice::<All>(&image);
            let mut left = read.unwrap_or_else(|error| panic!("{path}: {error}"));
            let mut steps = path.split('/').skip(1);
            let key = unescape_step(steps.next().unwrap());
            match (steps.next(), left.remove(&key)) {
                (None, left) => assert!(left.is_none(), "{path}"),
                (Some(field), Some(left)) => {
                    let changed: Vec<_> =
                        all[&key].iter().filter(|(name, value)| left.get(*name) != Some(value)).collect();
                    let changed: Vec<_> = changed.iter().map(|(name, _)| name.as_str()).collect();
                    // Elements, positions of tuples and variants are never left out themselves.
                    let last = steps.last().unwrap_or_default();
                    let is_kept = ["0", "1", "Box", "Circle"].contains(&last) && changed.is_empty();
                    assert!(is_kept || changed == [field], "{path}: {changed:?}");
                }
                (Some(_), None) => panic!("{path} takes more than it says"),
            }
            assert!(left.iter().all(|(name, left)| all[name] == *left), "{path} is about nothing else");
            WriteOptions::new().skip([path]).to_vec(&value).unwrap();
            WriteOptions::new().only([path]).to_vec(&value).unwrap();
            WriteOptions::new().at(path, |d| d.deflate(1)).to_vec(&value).unwrap();
        }
    }

    /// The same of keys of all sorts, in a group of a file whose name is one of them.
    #[test]
    fn paths_of_odd_names() {
        type Map = BTreeMap<String, Vec<f64>>;
        let keys = [
            "a",
            "a/b",
            "*",
            "**",
            "[0]",
            "[x",
            "%",
            "",
            ".",
            "..",
            "a.b",
            "50%",
            "%2A",
            "%2F",
            "x*y",
            "two words",
            "@x",
        ];
        let value: Map = keys.iter().map(|key| ((*key).to_owned(), vec![0.5; 2])).collect();
        let folder = tempfile::tempdir().unwrap();
        let file = hdf5::File::create(folder.path().join("odd.h5")).unwrap();
        for outer in ["a", "*", "[0]", "50%25", "%2A", "%"] {
            crate::write(&file, outer, &value).unwrap();
            let mut paths = told(|tell| ReadOptions::new().progress(tell).read::<Map>(&file, outer).map(drop));
            let options = WriteOptions::new().overwrite(true);
            paths.append(&mut told(|tell| options.clone().progress(tell).write(&file, outer, &value)));
            assert_eq!(paths.len(), keys.len() + 1, "{paths:?}");
            let mut left_out = BTreeSet::new();
            for path in paths {
                let options = ReadOptions::new().skip([&path]);
                match options.read::<Map>(&file, outer) {
                    Ok(left) => {
                        let gone: Vec<_> = value.keys().filter(|key| !left.contains_key(*key)).collect();
                        assert_eq!(gone.len(), 1, "{path}");
                        left_out.extend(gone.into_iter().cloned());
                        let image =
                            WriteOptions::new().skip([format!("/{}", path.rsplit('/').next().unwrap())]).to_vec(&value);
                        assert!(crate::from_slice::<Map>(&image.unwrap()).unwrap() == left, "{path}");
                    }
                    // The value as a whole.
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::Unsupported, "{path}: {error}");
                        assert!(ReadOptions::new().only([&path]).read::<Map>(&file, outer).unwrap() == value);
                    }
                }
            }
            assert_eq!(left_out.len(), keys.len());
        }
    }
}
