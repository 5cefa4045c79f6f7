//! Calls that are watched: what is told, how often, and what is left of a call that is cancelled.

use std::any::type_name;
use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use filebacked::hdf5::{self, File};
use filebacked::{
    Appender, Error, ErrorKind, Lazy, LazyMap, NdArray, Progress, ReadOptions, Reader, Result, Shared, WriteOptions,
};
use ndarray::{Array1, Array2, Ix1, Ix2};
use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde::ser::{Serialize, Serializer};
use serde_json::{Value, json};

/// What a closure was told, when, and by which thread.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<(Progress, Instant, ThreadId)>>>);

impl Seen {
    fn closure(&self) -> impl Fn(&Progress) + Send + Sync + 'static {
        let seen = self.clone();
        move |p: &Progress| seen.0.lock().unwrap().push((p.clone(), Instant::now(), thread::current().id()))
    }

    fn all(&self) -> Vec<Progress> {
        self.0.lock().unwrap().iter().map(|(progress, ..)| progress.clone()).collect()
    }

    fn last(&self) -> Progress {
        self.all().pop().expect("the closure is called at the end")
    }

    /// The longest time between two calls.
    fn longest_wait(&self) -> Duration {
        let all = self.0.lock().unwrap();
        all.windows(2).map(|pair| pair[1].1 - pair[0].1).max().unwrap_or_default()
    }

    /// Counts never fall, the closure is called by this thread alone, and not too often but for the last time.
    fn check(&self) {
        let all = self.0.lock().unwrap();
        for pair in all.windows(2) {
            assert!(pair[0].0.bytes() <= pair[1].0.bytes() && pair[0].0.objects() <= pair[1].0.objects());
        }
        for pair in all[..all.len() - 1].windows(2) {
            assert!(pair[1].1 - pair[0].1 >= Duration::from_millis(5));
        }
        assert!(all.iter().all(|(.., by)| *by == thread::current().id()));
    }
}

/// What is written, and read, so slowly that the closure is called before anything after it.
#[derive(Clone, Debug, PartialEq, Default)]
struct Slow<T>(T);

fn wait() {
    thread::sleep(Duration::from_millis(6));
}

impl<T: Serialize> Serialize for Slow<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        wait();
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Slow<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        wait();
        T::deserialize(deserializer).map(Slow)
    }
}

#[derive(serde::Serialize, serde::Deserialize, Clone, Debug, PartialEq)]
struct Row {
    id: u64,
    name: String,
    height: Option<f64>,
}

#[derive(serde::Serialize, serde::Deserialize, Clone, Debug, PartialEq)]
struct State {
    step: Slow<u64>,
    title: Slow<String>,
    rows: Slow<Vec<Row>>,
    numbers: Slow<Vec<f64>>,
    inner: Slow<BTreeMap<String, Slow<Vec<[f32; 2]>>>>,
    grid: Slow<NdArray<f64, Ix2>>,
    list: Slow<Vec<Slow<NdArray<i32, Ix1>>>>,
    shared: Slow<Vec<Shared<Vec<u8>>>>,
}

fn rows(count: u64) -> Vec<Row> {
    (0..count).map(|id| Row { id, name: format!("row {id}"), height: (id % 3 > 0).then_some(id as f64) }).collect()
}

fn state(seed: u64) -> State {
    let inner = ["a", "b"].map(|name| (name.to_owned(), Slow(vec![[seed as f32, 0.5]; 9]))).into();
    State {
        step: Slow(seed),
        title: Slow(format!("the one of {seed}")),
        rows: Slow(rows(100)),
        numbers: Slow((0..5000).map(|step| (seed * step) as f64).collect()),
        inner: Slow(inner),
        grid: Slow(NdArray(Array2::from_elem((30, 20), seed as f64))),
        list: Slow((0..2).map(|len| Slow(NdArray(Array1::from_elem(len, seed as i32)))).collect()),
        shared: Slow(vec![Shared::from(vec![1, 2, 3]); 2]),
    }
}

fn compressed() -> WriteOptions {
    WriteOptions::new().deflate(1).above(500).chunk([700])
}

/// Numbers that are not all alike: more than is written, or read, as one where somebody watches.
fn numbers(count: usize) -> Vec<f64> {
    (0..count).map(|index| index as f64 * 0.5).collect()
}

#[test]
fn both_sides_come_to_the_same_end() {
    let value = state(3);
    for options in [WriteOptions::new(), compressed()] {
        let (written, read) = (Seen::default(), Seen::default());
        let image = options.clone().progress(written.closure()).to_vec(&value).unwrap();
        assert!(image == options.to_vec(&value).unwrap(), "the same bytes, watched or not");
        let reading = ReadOptions::new().progress(read.closure());
        assert!(reading.from_slice::<State>(&image).unwrap() == value);
        for seen in [&written, &read] {
            seen.check();
            assert!(seen.all().len() > 8, "{:?}", seen.all());
            assert_eq!(seen.last().path(), "/");
            // 5000 doubles, 600 more, and little else.
            assert!((44_800..60_000).contains(&seen.last().bytes()), "{:?}", seen.last());
        }
        // The root; step, title; rows with id, name, height (values and mask); numbers; inner with a, b; grid; list with
        // two; shared, which is one object by two links, and the list of these.
        assert_eq!(written.last().objects(), 19, "{:?}", written.last());
        assert_eq!(read.last().objects(), 19, "{:?}", read.last());
        let paths: Vec<_> = written.all().iter().map(|p| p.path().to_owned()).collect();
        for path in ["/title", "/rows", "/numbers", "/inner", "/inner/a", "/grid", "/list"] {
            assert!(paths.iter().any(|found| found == path), "{path} is none of {paths:?}");
        }
        let paths: Vec<_> = read.all().iter().map(|p| p.path().to_owned()).collect();
        for path in ["/title", "/inner/b", "/list/1"] {
            assert!(paths.iter().any(|found| found == path), "{path} is none of {paths:?}");
        }
    }
}

/// A long dataset is told of as it goes, by whatever way it goes.
#[test]
fn long_datasets_are_told_of_as_they_go() {
    #[derive(serde::Serialize, serde::Deserialize, PartialEq)]
    struct Point {
        x: f64,
        id: u32,
    }

    let numbers = numbers(6_000_000);
    let array = NdArray(Array2::from_shape_vec((3, 2_000_000), numbers.clone()).unwrap());
    let turned = NdArray(array.0.t().as_standard_layout().into_owned().reversed_axes());
    let points: Vec<Point> = (0..1_000_000).map(|id| Point { x: 0.5, id }).collect();
    let rows = rows(300_000);
    let names: Vec<String> = (0..600_000).map(|id| format!("name {id:09}")).collect();
    let table: Vec<Vec<f64>> = numbers.chunks(1000).map(<[f64]>::to_vec).collect();
    let long: Vec<Vec<f64>> = numbers.chunks(2_000_000).map(<[f64]>::to_vec).collect();
    let bytes = serde_bytes::ByteBuf::from(vec![7; 48_000_000]);

    go_both_ways(&numbers, 48_000_000);
    go_both_ways(&array, 48_000_000);
    go_both_ways(&turned, 48_000_000);
    go_both_ways(&table, 48_000_000);
    go_both_ways(&long, 48_000_000);
    go_both_ways(&bytes, 48_000_000);
    go_both_ways(&points, 12_000_000);
    go_both_ways(&rows, 300_000 * 17);
    go_both_ways(&names, 600_000 * 14);
}

fn go_both_ways<T: Serialize + DeserializeOwned + PartialEq>(value: &T, least: u64) {
    for options in [WriteOptions::new(), WriteOptions::new().deflate(1)] {
        // A fast machine moves all of it before it is time to tell, and one that is busy may stop in between.
        let told = (0..5).any(|_| is_told_both_ways(value, least, &options));
        assert!(told, "{} is not told of as it goes", type_name::<T>());
    }
}

/// Whether each call told of a part of what it moved, or took no longer than it takes to tell.
fn is_told_both_ways<T>(value: &T, least: u64, options: &WriteOptions) -> bool
where
    T: Serialize + DeserializeOwned + PartialEq,
{
    let (written, read) = (Seen::default(), Seen::default());
    let image = options.clone().progress(written.closure()).to_vec(value).unwrap();
    assert!(image == options.to_vec(value).unwrap(), "the same bytes, watched or not");
    let reading = ReadOptions::new().progress(read.closure());
    assert!(reading.from_slice::<T>(&image).unwrap() == *value);
    let (file, from_disk) = (tempfile::NamedTempFile::new().unwrap(), Seen::default());
    fs::write(file.path(), &image).unwrap();
    let reading = ReadOptions::new().progress(from_disk.closure());
    assert!(reading.from_file::<T>(file.path()).unwrap() == *value);
    assert_eq!((from_disk.last().bytes(), from_disk.last().objects()), (read.last().bytes(), read.last().objects()));
    [&written, &read, &from_disk].iter().all(|seen| {
        seen.check();
        let last = seen.last();
        assert!((least..least * 3).contains(&last.bytes()), "{last:?}");
        let between = seen.all().iter().filter(|p| (1..least).contains(&p.bytes())).count();
        between > 0 || seen.longest_wait() < Duration::from_millis(15)
    })
}

/// A closure that ends a call when it is called for the `at`th time, and how often it was called.
fn ending(at: usize, panics: bool) -> (Arc<AtomicUsize>, impl Fn(&Progress) -> ControlFlow<()> + Send + Sync) {
    let calls = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&calls);
    let tell = move |_: &Progress| match count.fetch_add(1, Ordering::Relaxed) {
        // The message of a panic would only be noise.
        call if call == at && panics => resume_unwind(Box::new("a watcher")),
        call if call == at => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    (calls, tell)
}

type Tell = Box<dyn Fn(&Progress) -> ControlFlow<()> + Send + Sync>;

/// Makes a call again and again, ended by the closure's first call, second, and so on, until it gets by; `left` says what
/// there is.
fn end_everywhere<R, L: PartialEq>(call: impl Fn(Tell) -> Result<R>, left: impl Fn() -> L) -> usize {
    let before = left();
    for at in 0..500 {
        for panics in [false, true] {
            let (calls, tell) = ending(at, panics);
            match catch_unwind(AssertUnwindSafe(|| call(Box::new(tell)))) {
                Ok(Ok(_)) => {
                    // How often it is called is up to the machine, too.
                    assert!(calls.load(Ordering::Relaxed) <= at, "nothing came of ending it");
                    return at;
                }
                Ok(Err(error)) => {
                    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
                    assert!(!panics && !error.hdf5_path().is_empty(), "{error}");
                }
                Err(panic) => assert_eq!(panic.downcast_ref(), Some(&"a watcher")),
            }
            assert_eq!(calls.load(Ordering::Relaxed), at + 1, "it is over then");
            assert!(left() == before, "ended at call {at}");
        }
    }
    panic!("the call has no end")
}

/// All bytes in a folder, by the names of its files.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

fn contents(group: &hdf5::Group) -> (Vec<String>, Value) {
    (group.member_names().unwrap(), filebacked::from_group(group).unwrap())
}

#[test]
fn files_that_are_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.h5");
    for options in [WriteOptions::new(), compressed()] {
        filebacked::to_file(&path, &state(1)).unwrap();
        let calls =
            end_everywhere(|tell| options.clone().progress(tell).to_file(&path, &state(2)), || files(folder.path()));
        assert!(calls > 8, "{calls}");
        assert!(filebacked::from_file::<State>(&path).unwrap() == state(2));
    }
    // Where there was none.
    fs::remove_file(&path).unwrap();
    end_everywhere(|tell| WriteOptions::new().progress(tell).to_file(&path, &state(2)), || files(folder.path()));
    assert!(path.exists());
}

#[test]
fn groups_that_are_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::create(folder.path().join("states.h5")).unwrap();
    filebacked::write(&file, "before", &json!({ "a": 1 })).unwrap();
    let left = || contents(&file);
    for (round, options) in [WriteOptions::new(), compressed()].into_iter().enumerate() {
        let name = format!("written {round}");
        let calls = end_everywhere(|tell| options.clone().progress(tell).write(&file, &name, &state(1)), left);
        assert!(calls > 8, "{calls}");
        let over = options.clone().overwrite(true);
        end_everywhere(|tell| over.clone().progress(tell).write(&file, &name, &state(2)), left);
        assert!(filebacked::read::<State>(&file, &name).unwrap() == state(2));

        let filled = file.create_group(&format!("filled {round}")).unwrap();
        filebacked::write(&filled, "before", "this").unwrap();
        end_everywhere(|tell| options.clone().progress(tell).to_group(&state(1), &filled), left);
        end_everywhere(|tell| over.clone().progress(tell).to_group(&state(2), &filled), left);
        assert!(filebacked::from_group::<State>(&filled).unwrap() == state(2));
        assert_eq!(filebacked::read::<String>(&filled, "before").unwrap(), "this");
    }
}

#[test]
fn values_that_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.h5");
    for options in [WriteOptions::new(), compressed()] {
        options.to_file(&path, &state(1)).unwrap();
        let reading = ReadOptions::new();
        let left = || files(folder.path());
        let calls = end_everywhere(|tell| reading.clone().progress(tell).from_file::<State>(&path), left);
        assert!(calls > 8, "{calls}");
        let image = fs::read(&path).unwrap();
        end_everywhere(|tell| reading.clone().progress(tell).from_slice::<State>(&image), left);
        let file = File::open(&path).unwrap();
        end_everywhere(|tell| reading.clone().progress(tell).from_group::<State>(&file), left);
        end_everywhere(|tell| reading.clone().progress(tell).read::<Slow<Vec<Row>>>(&file, "rows"), left);
    }
}

#[test]
fn long_data_that_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.h5");
    let table: Vec<Vec<f64>> = numbers(3_000_000).chunks(500).map(<[f64]>::to_vec).collect();
    filebacked::to_file(&path, &table).unwrap();
    let seen = Seen::default();
    let read = |options: ReadOptions| options.from_file::<Vec<Vec<f64>>>(&path);
    assert!(read(ReadOptions::new().progress(seen.closure())).unwrap() == table);
    let many = seen.all().len();
    for at in 0..many {
        for panics in [false, true] {
            let (calls, tell) = ending(at, panics);
            match catch_unwind(AssertUnwindSafe(|| read(ReadOptions::new().progress(tell)))) {
                Ok(Ok(read)) => assert!(read == table && calls.load(Ordering::Relaxed) <= at),
                Ok(Err(error)) => assert_eq!((error.kind(), panics), (ErrorKind::Cancelled, false), "{error}"),
                Err(panic) => assert_eq!(panic.downcast_ref(), Some(&"a watcher")),
            }
        }
    }
}

#[test]
fn images_and_long_data_that_are_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.h5");
    let value = (Slow(numbers(1_200_000)), Slow(rows(150_000)), Slow("end"));
    fs::write(&path, "what was there").unwrap();
    for options in [WriteOptions::new(), WriteOptions::new().deflate(1)] {
        // How often the closure is called is up to the machine; the first calls, some, and the last are ended.
        let seen = Seen::default();
        options.clone().progress(seen.closure()).to_vec(&value).unwrap();
        let many = seen.all().len();
        for at in (0..many).step_by(many.div_ceil(6)) {
            let result = options.clone().progress(ending(at, false).1).to_vec(&value);
            assert!(result.is_ok() || result.unwrap_err().kind() == ErrorKind::Cancelled);
            let result = options.clone().progress(ending(at, false).1).to_file(&path, &value);
            if let Err(error) = result {
                assert_eq!(error.kind(), ErrorKind::Cancelled);
                assert!(files(folder.path()) == BTreeMap::from([("long.h5".to_owned(), b"what was there".to_vec())]));
            }
            fs::write(&path, "what was there").unwrap();
        }
    }
}

/// The error says where the call was, and how far; and the file.
#[test]
fn the_error_says_how_far_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.h5");
    let at = |wanted: &'static str| {
        move |p: &Progress| if p.path() == wanted { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let value = BTreeMap::from([("first", Slow(1u64)), ("second", Slow(2)), ("third", Slow(3))]);
    let error = WriteOptions::new().progress(at("/second")).to_file(&path, &value).unwrap_err();
    assert_eq!((error.kind(), &*error.hdf5_path(), &*error.path()), (ErrorKind::Cancelled, "/second", "second"));
    let expected = format!(
        "cancelled by the `progress` option, after 8 B in 3 objects; at `second`, HDF5 path `/second`, file `{}`",
        path.display()
    );
    assert_eq!(error.to_string(), expected);

    filebacked::to_file(&path, &value).unwrap();
    let reading = ReadOptions::new().progress(at("/third"));
    let error = reading.from_file::<BTreeMap<String, Slow<u64>>>(&path).unwrap_err();
    assert_eq!((error.kind(), &*error.hdf5_path(), &*error.path()), (ErrorKind::Cancelled, "/third", "third"));

    let file = File::append(&path).unwrap();
    let inner = file.create_group("inner").unwrap();
    let error = WriteOptions::new().progress(at("/inner/new/second")).write(&inner, "new", &value).unwrap_err();
    assert_eq!((&*error.hdf5_path(), &*error.path()), ("/inner/new/second", "second"));
    let error = WriteOptions::new().progress(at("/inner/new")).write(&inner, "new", &value).unwrap_err();
    assert_eq!((&*error.hdf5_path(), &*error.path()), ("/inner/new", ""));
}

/// A `Serialize` that takes every error for one of its own, and goes on.
struct Deaf<T>(T);

impl<T: Serialize> Serialize for Deaf<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::{Error as _, SerializeMap};
        let mut map = serializer.serialize_map(None)?;
        drop(map.serialize_entry("failing", &self.0));
        map.serialize_entry("next", &1).map_err(|_| S::Error::custom("something else"))?;
        map.end()
    }
}

#[test]
fn whoever_does_not_listen_is_cancelled_all_the_same() {
    let value = Deaf(Slow(1));
    for at in 0..2 {
        let error = WriteOptions::new().progress(ending(at, false).1).to_vec(&value).unwrap_err();
        assert_eq!(
            (error.kind(), error.to_string().starts_with("cancelled by")),
            (ErrorKind::Cancelled, true),
            "{error}"
        );
    }
}

/// Calls within a call are their own: they are told of by their own options, if at all.
#[test]
fn calls_within_calls() {
    struct Nested(WriteOptions);

    impl Serialize for Nested {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use serde::ser::Error as _;
            let inner = numbers(600_000);
            let image = self.0.to_vec(&inner).map_err(S::Error::custom)?;
            let back: Vec<f64> = filebacked::from_slice(&image).map_err(S::Error::custom)?;
            assert!(back == inner);
            // A serializer by itself, a reader and an appender are never watched.
            let folder = tempfile::tempdir().map_err(S::Error::custom)?;
            let file = File::create(folder.path().join("inner.h5")).map_err(S::Error::custom)?;
            state(1).serialize(filebacked::Hdf5Serializer::new(&file)).map_err(S::Error::custom)?;
            State::deserialize(filebacked::Hdf5Deserializer::new(&file)).map_err(S::Error::custom)?;
            let mut appender = Appender::<i32>::create(&file, "steps").map_err(S::Error::custom)?;
            appender.extend(0..1000).and_then(|()| appender.finish()).map_err(S::Error::custom)?;
            let steps = Reader::<i32>::open(&file, "steps").map_err(S::Error::custom)?;
            assert_eq!(steps.filter_map(Result::ok).sum::<i32>(), 499_500);
            serializer.serialize_u64(7)
        }
    }

    let (outer, inner) = (Seen::default(), Seen::default());
    for watched in [false, true] {
        let nested = if watched { WriteOptions::new().progress(inner.closure()) } else { WriteOptions::new() };
        let value = (Slow(1u64), Nested(nested), Slow(2u64));
        let image = WriteOptions::new().progress(outer.closure()).to_vec(&value).unwrap();
        assert_eq!(filebacked::from_slice::<(u64, u64, u64)>(&image).unwrap(), (1, 7, 2));
        outer.check();
        // Three numbers in one dataset, or in three.
        let last = outer.last();
        assert!(last.bytes() == 24 && last.objects() <= 4, "{last:?}");
        assert_eq!(inner.all().is_empty(), !watched);
        outer.0.lock().unwrap().clear();
    }
    assert_eq!((inner.last().bytes(), inner.last().objects()), (4_800_000, 2));
    // One that is cancelled within is an error like any other.
    let value = (Slow(1u64), Nested(WriteOptions::new().progress(|_| ControlFlow::Break(()))));
    let error = WriteOptions::new().progress(outer.closure()).to_vec(&value).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Custom, "{error}");
}

/// The closure may write and read by itself, also what is a wrapper, wherever it is called.
#[test]
fn the_closure_does_something_by_itself() {
    let value: Vec<Option<Slow<NdArray<f64, Ix1>>>> =
        [None, Some(Slow(NdArray(Array1::ones(3)))), None, None, Some(Slow(NdArray(Array1::zeros(2))))].into();
    let own = NdArray(Array1::<f32>::ones(9));
    let tell = move |_: &Progress| {
        let image = filebacked::to_vec(&own).unwrap();
        assert!(filebacked::from_slice::<NdArray<f32, Ix1>>(&image).unwrap() == own);
    };
    let image = WriteOptions::new().progress(tell.clone()).to_vec(&value).unwrap();
    assert!(image == filebacked::to_vec(&value).unwrap());
    let back: Vec<Option<Slow<NdArray<f64, Ix1>>>> = ReadOptions::new().progress(tell).from_slice(&image).unwrap();
    assert!(back == value);
}

/// What is lazy counts when it is copied, and not when it is loaded.
#[test]
fn lazy_values() {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Run {
        large: Lazy<Vec<f64>>,
        cases: LazyMap<u32, Vec<f64>>,
        /// Reads what is before it.
        end: Slow<u64>,
    }

    let cases: LazyMap<u32, Vec<f64>> = (0..3).map(|case| (case, vec![0.5; 1000])).collect();
    let run = Run { large: Lazy::new(numbers(10_000)), cases, end: Slow(1) };
    let image = filebacked::to_vec(&run).unwrap();
    let seen = Seen::default();
    let run: Run = ReadOptions::new().progress(seen.closure()).from_slice(&image).unwrap();
    // The root and the number.
    assert_eq!((seen.last().bytes(), seen.last().objects()), (8, 2));
    let told = seen.all().len();
    assert_eq!(run.large.load().unwrap(), numbers(10_000));
    assert_eq!(run.cases.get(&1).unwrap().unwrap().len(), 1000);
    assert_eq!(seen.all().len(), told, "the call is over");

    let seen = Seen::default();
    let (large, options) = (run.large.clone(), WriteOptions::new().progress(seen.closure()));
    options.to_vec(&(large, Slow(1u64))).unwrap();
    assert_eq!((seen.last().bytes(), seen.last().objects()), (80_008, 3));
    // One of the maps is in memory, two are copied.
    options.to_vec(&run.cases).unwrap();
    assert_eq!((seen.last().bytes(), seen.last().objects()), (24_000, 4));
}

/// One that is loaded while the value that it is in is read is a call of its own.
#[test]
fn lazy_values_within_a_call() {
    #[derive(Debug)]
    struct Eager(Vec<f64>);

    impl<'de> Deserialize<'de> for Eager {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            use serde::de::Error as _;
            let lazy = Lazy::<Vec<f64>>::deserialize(deserializer)?;
            lazy.load().map(Eager).map_err(D::Error::custom)
        }
    }

    let image = filebacked::to_vec(&BTreeMap::from([("one", numbers(1_000_000)), ("two", numbers(10))])).unwrap();
    let seen = Seen::default();
    let options = ReadOptions::new().progress(seen.closure());
    let back: BTreeMap<String, Eager> = options.from_slice(&image).unwrap();
    assert!(back["one"].0 == numbers(1_000_000));
    assert_eq!((seen.last().bytes(), seen.last().objects()), (0, 1));
}

#[test]
fn elements_that_are_collected_first_are_told_of() {
    // Of no one form, so that nothing is written before all are there.
    let value: Vec<Value> = (0..40_000).map(|i| if i % 2 == 0 { json!([i, "x"]) } else { json!({ "a": i }) }).collect();
    struct Waiting<'a>(&'a [Value]);
    impl Serialize for Waiting<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(self.0.iter().enumerate().map(|(index, value)| {
                if index % 4000 == 0 {
                    wait();
                }
                value
            }))
        }
    }
    let seen = Seen::default();
    let image = WriteOptions::new().progress(seen.closure()).to_vec(&Waiting(&value)).unwrap();
    seen.check();
    let waiting = seen.all().iter().filter(|p| p.bytes() == 0).count();
    assert!(waiting >= 9, "{:?}", seen.all());
    assert!(filebacked::from_slice::<Value>(&image).unwrap() == Value::Array(value));
}

/// What options are like with a closure, and without.
#[test]
fn options_with_a_closure_are_options() {
    fn is_usual<T: Clone + Send + Sync + UnwindSafe + RefUnwindSafe + std::fmt::Debug + 'static>(_: &T) {}
    is_usual(&WriteOptions::new().progress(|_| {}));
    is_usual(
        &ReadOptions::new()
            .progress(|p| if p.bytes() > 9 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }),
    );

    let seen = Seen::default();
    let options = WriteOptions::new().progress(seen.closure());
    // A clone is watched by the same; the last that is given watches alone.
    options.clone().to_vec(&1).unwrap();
    let told = seen.all().len();
    assert!(told > 0);
    options.progress(|_| {}).to_vec(&1).unwrap();
    assert_eq!(seen.all().len(), told);
    // The closure is not kept by what was read, so a channel to it ends with the options.
    let (sender, receiver) = std::sync::mpsc::channel();
    let sender = Mutex::new(sender);
    let image = filebacked::to_vec(&Lazy::new(1)).unwrap();
    let lazy: Lazy<i32> = {
        let tell = move |p: &Progress| sender.lock().unwrap().send(p.to_string()).unwrap();
        ReadOptions::new().progress(tell).from_slice(&image).unwrap()
    };
    assert!(receiver.iter().count() > 0);
    assert_eq!(lazy.load().unwrap(), 1);
}

/// A call that fails by itself is not told of at its end.
#[test]
fn a_call_that_fails() {
    let seen = Seen::default();
    let image = filebacked::to_vec("text").unwrap();
    let error: Error = ReadOptions::new().progress(seen.closure()).from_slice::<u8>(&image).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongType);
    assert!(seen.all().iter().all(|p| (p.path(), p.bytes()) != ("/", 4)), "{:?}", seen.all());
}
