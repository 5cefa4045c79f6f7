//! Eight threads on one file: each gets what it wrote, whatever the others do meanwhile, and none waits for ever.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use filebacked::hdf5::{File, Group};
use filebacked::{Appender, ErrorKind, Lazy, LazyMap, NdArray, Progress, ReadOptions, Reader, Shared, WriteOptions};
use ndarray::{Array2, Ix2, s};
use serde::{Deserialize, Serialize};

const THREADS: usize = 8;
/// No test takes so long, on any machine; a deadlock takes longer.
const PATIENCE: Duration = Duration::from_secs(300);

/// Ends the process if the test does not end by itself: threads that wait for each other cannot be stopped.
fn watched(test: impl FnOnce()) {
    let (over, wait) = mpsc::channel::<()>();
    thread::spawn(move || {
        if wait.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            eprintln!("the threads wait for each other");
            process::abort();
        }
    });
    test();
    // Also where the test panics, it is over.
    drop(over);
}

/// Runs eight threads that begin at once.
fn in_threads(work: impl Fn(usize) + Sync) {
    let barrier = Barrier::new(THREADS);
    watched(|| {
        thread::scope(|scope| {
            for number in 0..THREADS {
                let (work, barrier) = (&work, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    work(number);
                });
            }
        });
    });
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Row {
    id: u64,
    name: String,
    height: Option<f64>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct State {
    number: usize,
    rows: Vec<Row>,
    numbers: Vec<f64>,
    grid: NdArray<f32, Ix2>,
    names: BTreeMap<String, Vec<String>>,
    shared: Vec<Shared<Vec<u8>>>,
}

/// Another value for each number; of one with many rows, these are written, and read, by a second thread.
fn state(number: usize, rows: u64) -> State {
    let row = |id| Row { id, name: format!("row {id} of {number}"), height: (id % 3 > 0).then_some(0.5 * id as f64) };
    State {
        number,
        rows: (0..rows).map(row).collect(),
        numbers: (0..20_000).map(|index| (index * (number + 1)) as f64).collect(),
        grid: NdArray(Array2::from_shape_fn((50, 40), |(row, column)| (row * 40 + column + number) as f32)),
        names: [("a", 2), ("b", 30)].map(|(key, count)| (key.to_owned(), vec![format!("{key}{number}"); count])).into(),
        shared: vec![Shared::from(vec![number as u8; 9]); 2],
    }
}

/// More bytes than are written, or read, at once.
const MANY: u64 = 160_000;

fn file() -> (tempfile::TempDir, File) {
    let folder = tempfile::tempdir().unwrap();
    let file = File::create(folder.path().join("shared.h5")).unwrap();
    (folder, file)
}

/// The options of a thread: plain, or compressed in one of several ways, on all cores.
fn options(number: usize) -> WriteOptions {
    match number % 4 {
        0 => WriteOptions::new(),
        1 => WriteOptions::new().deflate(1).above(1000),
        2 => WriteOptions::new().lzf().chunk([5000]),
        _ => WriteOptions::new().deflate(2).fletcher32(true).shuffle(false).above(1000),
    }
}

#[test]
fn each_writes_and_reads_what_is_its_own() {
    let (_folder, file) = file();
    in_threads(|number| {
        let name = format!("state {number}");
        for round in 0..3 {
            let value = state(number, 300 + round);
            options(number).overwrite(round > 0).write(&file, &name, &value).unwrap();
            assert!(filebacked::read::<State>(&file, &name).unwrap() == value);
            assert_eq!(filebacked::write(&file, &name, &1).unwrap_err().kind(), ErrorKind::AlreadyExists);
        }
    });
    assert_eq!(file.len(), THREADS as u64);
    for number in 0..THREADS {
        assert!(filebacked::read::<State>(&file, &format!("state {number}")).unwrap() == state(number, 302));
    }
}

/// By clones of one group, of long sequences: those that the crate's own threads have a part in.
#[test]
fn long_sequences_by_clones_of_one_group() {
    let (_folder, file) = file();
    let group = file.create_group("all").unwrap();
    in_threads(|number| {
        let group: Group = group.clone();
        let (value, name) = (state(number, MANY), number.to_string());
        options(number).write(&group, &name, &value).unwrap();
        assert!(filebacked::read::<State>(&group, &name).unwrap() == value);
    });
}

#[test]
fn all_read_the_same() {
    let (_folder, file) = file();
    let value = state(3, MANY);
    WriteOptions::new().deflate(1).write(&file, "compressed", &value).unwrap();
    filebacked::write(&file, "plain", &value).unwrap();
    in_threads(|number| {
        let name = if number % 2 == 0 { "compressed" } else { "plain" };
        for _ in 0..2 {
            assert!(filebacked::read::<State>(&file, name).unwrap() == value);
        }
        let rows = Reader::<Row>::open(file.group(name).unwrap(), "rows").unwrap();
        assert!(rows.zip(&value.rows).take(5000).all(|(row, expected)| row.unwrap() == *expected));
    });
}

/// One that is read is used by all.
#[test]
fn lazy_values_are_shared() {
    #[derive(Serialize, Deserialize)]
    struct Run {
        field: Lazy<NdArray<f64, Ix2>>,
        title: Lazy<String>,
        cases: LazyMap<usize, Vec<f64>>,
    }

    let (_folder, file) = file();
    let field = NdArray(Array2::from_shape_fn((400, 300), |(row, column)| (row * 300 + column) as f64));
    let cases: LazyMap<usize, Vec<f64>> = (0..THREADS).map(|case| (case, vec![case as f64; 5000])).collect();
    let run = Run { field: field.clone().into(), title: "of all".to_owned().into(), cases };
    WriteOptions::new().deflate(1).write(&file, "run", &run).unwrap();
    let run: Run = filebacked::read(&file, "run").unwrap();
    in_threads(|number| {
        assert_eq!(run.field.slice(s![number, ..10]).unwrap(), field.0.slice(s![number, ..10]));
        assert_eq!(run.field.load().unwrap(), field);
        assert_eq!(run.field.get().unwrap(), &field);
        assert_eq!(run.title.get().unwrap(), "of all");
        for case in 0..THREADS {
            let case = (case + number) % THREADS;
            assert_eq!(run.cases.get(&case).unwrap().unwrap()[..], vec![case as f64; 5000]);
        }
        // What is not loaded is copied.
        let copy = run.cases.lazy(&number).unwrap().clone();
        filebacked::write(&file, &format!("copy {number}"), &copy).unwrap();
        assert_eq!(filebacked::read::<Vec<f64>>(&file, &format!("copy {number}")).unwrap()[0], number as f64);
    });
}

/// Some add to sequences, others read and write in other groups of the file.
#[test]
fn appenders_beside_others() {
    let (_folder, file) = file();
    filebacked::write(&file, "there", &state(1, 500)).unwrap();
    let groups: Vec<Group> =
        (0..THREADS).map(|number| file.create_group(&format!("group {number}")).unwrap()).collect();
    in_threads(|number| {
        let group = &groups[number];
        if number % 2 == 0 {
            let mut steps = Appender::<Row>::create(group, "steps").unwrap();
            for row in state(number, 30_000).rows.chunks(10_000) {
                steps.extend(row).unwrap();
                steps.flush().unwrap();
            }
            steps.finish().unwrap();
        } else {
            for round in 0..4 {
                assert!(filebacked::read::<State>(&file, "there").unwrap() == state(1, 500));
                options(number).overwrite(true).write(group, "latest", &state(number, 100 * round)).unwrap();
                assert!(filebacked::read::<State>(group, "latest").unwrap() == state(number, 100 * round));
            }
        }
    });
    for number in (0..THREADS).step_by(2) {
        let steps = Reader::<Row>::open(&groups[number], "steps").unwrap();
        assert!(steps.map(Result::unwrap).eq(state(number, 30_000).rows));
    }
}

/// Of all who write a new name at once, one gets by.
#[test]
fn one_name_is_taken_once() {
    let (_folder, file) = file();
    for round in 0..5 {
        let (name, written) = (round.to_string(), AtomicUsize::new(usize::MAX));
        in_threads(|number| match options(number).write(&file, &name, &state(number, 200)) {
            Ok(()) => assert_eq!(written.swap(number, Ordering::Relaxed), usize::MAX),
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::Hdf5), "{error}");
            }
        });
        assert!(filebacked::read::<State>(&file, &name).unwrap() == state(written.into_inner(), 200));
    }
}

fn panic(_: &Progress) {
    // The message of a panic would only be noise.
    resume_unwind(Box::new("a watcher"))
}

/// What fails in one thread, is cancelled or panics there, is nothing to the others.
#[test]
fn failures_stay_where_they_are() {
    let (_folder, file) = file();
    filebacked::write(&file, "text", "no number").unwrap();
    let told = Arc::new(AtomicUsize::new(0));
    in_threads(|number| {
        let name = format!("state {number}");
        for round in 0..3 {
            let value = state(number, MANY / 4);
            match number % 4 {
                0 => {
                    let tell = |p: &Progress| {
                        if p.bytes() > 500_000 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                    };
                    let error = options(round).progress(tell).write(&file, &name, &value).unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
                    assert!(!file.link_exists(&name));
                }
                1 => {
                    let options = options(round).progress(panic);
                    let panic = catch_unwind(AssertUnwindSafe(|| options.write(&file, &name, &value))).unwrap_err();
                    assert_eq!(panic.downcast_ref(), Some(&"a watcher"));
                    assert!(!file.link_exists(&name));
                }
                2 => {
                    let error = filebacked::read::<u8>(&file, "text").unwrap_err();
                    assert_eq!((error.kind(), &*error.hdf5_path()), (ErrorKind::WrongType, "/text"), "{error}");
                    let error = filebacked::read::<u8>(&file, "nothing").unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
                    let tight = ReadOptions::new().max_bytes(10_000);
                    filebacked::write(&file, &format!("{name} in round {round}"), &value.numbers).unwrap();
                    let error = tight.read::<Vec<f64>>(&file, &format!("{name} in round {round}")).unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
                }
                _ => {
                    // Told of by this thread alone, and of this call alone.
                    let (this, told, path) = (thread::current().id(), Arc::clone(&told), format!("/{name}"));
                    let tell = move |p: &Progress| {
                        assert_eq!(thread::current().id(), this);
                        assert!(p.path().starts_with(&path), "{p}");
                        told.fetch_add(1, Ordering::Relaxed);
                    };
                    let options = options(round).overwrite(true).progress(tell);
                    options.write(&file, &name, &value).unwrap();
                    assert!(filebacked::read::<State>(&file, &name).unwrap() == value);
                }
            }
        }
    });
    assert!(told.load(Ordering::Relaxed) >= 6);
}

/// Which types go to other threads, and which are used by several at once.
mod marks {
    use super::*;
    use filebacked::{Codec, Coded, DatasetOptions, Error, Hdf5Deserializer, Tree, WithAttrs};
    use ndarray::Ix1;

    const fn is_send<T: Send>() {}
    const fn is_both<T: Send + Sync>() {}

    /// A codec's value is what it is.
    struct Image(Vec<u8>);

    impl Codec for Image {
        fn write(&self, target: &filebacked::codec::Target<'_>) -> filebacked::Result<()> {
            target.put(&self.0)
        }

        fn read(stored: &filebacked::codec::Stored) -> filebacked::Result<Self> {
            stored.get().map(Self)
        }
    }

    const _: () = {
        is_both::<WriteOptions>();
        is_both::<ReadOptions>();
        is_both::<DatasetOptions>();
        is_both::<Progress>();
        is_both::<Error>();
        is_both::<Tree>();
        is_both::<Lazy<Vec<String>>>();
        is_both::<LazyMap<String, NdArray<f64, Ix1>>>();
        is_both::<NdArray<f64, Ix2>>();
        is_both::<WithAttrs<String, BTreeMap<String, f64>>>();
        is_both::<Shared<Vec<u8>>>();
        is_both::<Coded<Image>>();
        is_both::<Hdf5Deserializer>();
        is_send::<Appender<Row>>();
        is_send::<Reader<Row>>();
    };

    #[cfg(feature = "sprs")]
    const _: () = {
        is_both::<filebacked::Sparse<f64>>();
        is_both::<filebacked::Triplets<f64>>();
    };

    #[test]
    fn what_a_codec_has_is_the_codecs() {
        let image = filebacked::to_vec(&Coded(Image(vec![1, 2]))).unwrap();
        assert_eq!(filebacked::from_slice::<Coded<Image>>(&image).unwrap().0.0, [1, 2]);
    }
}

/// Each thread makes the groups that its path needs, unless another has; none takes away what another has made.
#[test]
fn groups_that_are_missing() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..20 {
        let file = File::create(folder.path().join(format!("{round}.h5"))).unwrap();
        in_threads(|thread| {
            let name = format!("a/b/{thread}");
            match thread % 3 {
                0 => filebacked::write(&file, &name, &vec![thread]).unwrap(),
                1 => WriteOptions::new().overwrite(true).write(&file, &name, &vec![thread]).unwrap(),
                _ => {
                    let mut appender = Appender::<usize>::create(&file, &name).unwrap();
                    appender.push(&thread).unwrap();
                    appender.finish().unwrap();
                }
            }
        });
        for thread in 0..THREADS {
            assert_eq!(filebacked::read::<Vec<usize>>(&file, &format!("a/b/{thread}")).unwrap(), [thread]);
        }
        // Of those that want one name, one has it, whole.
        let made = AtomicUsize::new(0);
        in_threads(|thread| {
            if let Ok(mut appender) = Appender::<usize>::create(&file, "c/same") {
                made.fetch_add(1, Ordering::Relaxed);
                appender.push(&thread).unwrap();
                appender.finish().unwrap();
            }
        });
        assert_eq!(made.into_inner(), 1);
        assert_eq!(filebacked::read::<Vec<usize>>(&file, "c/same").unwrap().len(), 1);
    }
}

/// Of those who make one new file at once, none takes away what another has written, and none is told so who lost.
#[test]
fn one_new_file_is_made_by_all() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..30 {
        let path = folder.path().join(format!("{round}.h5"));
        let written: Vec<_> = (0..THREADS).map(|_| AtomicUsize::new(0)).collect();
        in_threads(|number| {
            let options = WriteOptions::new().sync(round % 2 == 0);
            options.write_at(&path, &format!("a/{number}"), &vec![number; 1000]).unwrap();
            written[number].store(1, Ordering::Relaxed);
        });
        for (number, written) in written.into_iter().enumerate() {
            assert_eq!(written.into_inner(), 1);
            let read: Vec<usize> = filebacked::read_at(&path, &format!("a/{number}")).unwrap();
            assert_eq!(read, vec![number; 1000]);
        }
        // Of those who want one name, one has it.
        let (path, made) = (folder.path().join(format!("same {round}.h5")), AtomicUsize::new(0));
        let owner = AtomicUsize::new(usize::MAX);
        in_threads(|number| match filebacked::write_at(&path, "a/same", &vec![number; 1000]) {
            Ok(()) => {
                made.fetch_add(1, Ordering::Relaxed);
                owner.store(number, Ordering::Relaxed);
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}"),
        });
        assert_eq!(made.into_inner(), 1);
        assert_eq!(filebacked::read_at::<Vec<usize>>(&path, "a/same").unwrap(), vec![owner.into_inner(); 1000]);
    }
    // Nothing is left beside them.
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(names.len() == 60 && names.iter().all(|name| !name.to_string_lossy().starts_with('.')), "{names:?}");
}
