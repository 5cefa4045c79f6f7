//! A write that is cancelled wherever that can be, or that is watched by someone who panics there: what was there is as it
//! was.

use std::fs;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde::Serialize;
use serde_json::json;

use super::rollback::{file, options, see, state};
use super::steps;
use crate::ground::progress::testing::always;
use crate::h5::{Group, Object};
use crate::{ErrorKind, NdArray, Progress, Result, WriteOptions};

type End = fn() -> ControlFlow<()>;

/// The ways in which a closure ends a call.
const CANCEL: End = || ControlFlow::Break(());
const PANIC: End = || resume_unwind(Box::new("a watcher"));
const BOTH: [End; 2] = [CANCEL, PANIC];

/// Has each call of the closure in turn end the write, in each of these ways, until the write gets by; returns how many there
/// were. `same` says whether all is as it was.
fn end_everywhere(
    ends: &[End],
    options: &WriteOptions,
    write: impl Fn(&WriteOptions) -> Result<()>,
    same: impl Fn() -> bool,
) -> usize {
    for at in steps().take_while(|at| *at < 5000) {
        for end in ends.iter().copied() {
            let calls = Arc::new(AtomicUsize::new(0));
            let count = Arc::clone(&calls);
            let tell = move |_: &Progress| {
                if count.fetch_add(1, Ordering::Relaxed) == at { end() } else { ControlFlow::Continue(()) }
            };
            let options = options.clone().progress(tell);
            let result = catch_unwind(AssertUnwindSafe(|| always(|| write(&options))));
            match result {
                Ok(Ok(())) => {
                    let calls = calls.load(Ordering::Relaxed);
                    assert!(calls <= at, "the write does not care that call {at} ended it");
                    return calls;
                }
                Ok(Err(error)) => {
                    assert_eq!(error.kind(), ErrorKind::Cancelled, "call {at}: {error}");
                    assert!(error.hdf5_path().starts_with('/'), "call {at}: {error}");
                }
                Err(panic) => assert_eq!(panic.downcast_ref(), Some(&"a watcher"), "call {at}"),
            }
            assert_eq!(calls.load(Ordering::Relaxed), at + 1, "nobody is told of anything after the end");
            assert!(same(), "call {at} ended it");
        }
    }
    panic!("the write has no end")
}

/// Ends a write to a group everywhere, with a look at all that is in the group.
fn end_in(ends: &[End], group: &Group, options: &WriteOptions, write: impl Fn(&WriteOptions) -> Result<()>) -> usize {
    let look = || see(&Object::Group(group.clone()));
    let before = look();
    end_everywhere(ends, options, write, || look() == before)
}

/// More than is written as one where somebody watches.
fn large(seed: u32) -> Vec<u32> {
    (0..3 << 19).map(|step| step * seed).collect()
}

#[test]
fn new_values() {
    for options in options() {
        let (_file, group) = file();
        let calls = end_in(&BOTH, &group, &options, |options| options.write(group.user(), "third", &state(1)));
        assert!(calls > 30, "{calls}");
        let calls = end_in(&BOTH, &group, &options, |options| options.to_group(&state(2), group.user()));
        assert!(calls > 30, "{calls}");
    }
}

#[test]
fn what_takes_the_place_of_others() {
    for options in options() {
        let options = options.overwrite(true);
        let (_file, group) = file();
        let end = |name: &'static str, value: &dyn erased_serde::Serialize| {
            end_in(&BOTH, &group, &options, |options| options.write(group.user(), name, value))
        };
        options.write(group.user(), "third", &state(1)).unwrap();
        end("first", &7u64);
        end("first", &"text");
        end("third", &state(2));
        end("second", &json!({ "a": [1.5], "b": ["x", null] }));

        options.to_group(&state(1), group.user()).unwrap();
        let calls = end_in(&BOTH, &group, &options, |options| options.to_group(&state(2), group.user()));
        assert!(calls > 30, "{calls}");
        let inner = group.create_group("inner").unwrap();
        options.to_group(&[1.5, 2.5], inner.user()).unwrap();
        end_in(&BOTH, &inner, &options, |options| options.to_group(&[3.5, 4.5], inner.user()));
        end_in(&BOTH, &inner, &options, |options| options.to_group(&vec![Some(1), None], inner.user()));
    }
}

/// The old data is copied aside, and the new to where that was: a part at a time.
#[test]
fn long_datasets_in_their_place() {
    let (one, two, array) = (large(1), large(2), NdArray(ndarray::Array1::from(large(3))));
    for (options, value, end) in [
        (WriteOptions::new(), &two as &dyn erased_serde::Serialize, CANCEL),
        (WriteOptions::new(), &array, PANIC),
        (WriteOptions::new().deflate(1), &two, CANCEL),
    ] {
        let options = options.overwrite(true);
        let (_file, group) = file();
        options.write(group.user(), "large", &one).unwrap();
        let identity = || group.open("large").unwrap().summary().unwrap().identity;
        let before = identity();
        let calls = end_in(&[end], &group, &options, |options| options.write(group.user(), "large", value));
        assert!(calls > 6, "{calls}");
        assert!(identity() == before && crate::read::<Vec<u32>>(group.user(), "large").unwrap() != one);
    }
}

#[derive(Serialize)]
struct Row {
    id: u64,
    name: String,
    at: [f64; 8],
}

#[test]
fn files() {
    // Written while they are serialized, by a thread of their own.
    let rows: Vec<Row> = (0..60_000).map(|id| Row { id, name: format!("row {id}"), at: [0.5; 8] }).collect();
    let mixed = json!([1, "two", null, { "a": [1, 2, 3] }, { "b": 1.5 }]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.h5");
    let same = || {
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names == ["state.h5"] && fs::read(&path).unwrap() == b"what was there"
    };
    let end = |ends: &[End], options: &WriteOptions, value: &dyn erased_serde::Serialize| {
        fs::write(&path, "what was there").unwrap();
        end_everywhere(ends, options, |options| options.clone().sync(false).to_file(&path, value), same)
    };
    for options in options() {
        let calls = (end(&BOTH, &options, &state(1)), end(&BOTH, &options, &mixed));
        assert!(calls.0 > 30 && calls.1 > 8, "{calls:?}");
        let image = Mutex::new(Vec::new());
        let calls = end_everywhere(
            &BOTH,
            &options,
            |options| options.to_vec(&state(1)).map(|written| *image.lock().unwrap() = written),
            || image.lock().unwrap().is_empty(),
        );
        assert!(calls > 30, "{calls}");
        assert!(*image.lock().unwrap() == options.to_vec(&state(1)).unwrap(), "the same bytes, watched or not");
    }
    let calls =
        (end(&[PANIC], &WriteOptions::new(), &rows), end(&[CANCEL], &WriteOptions::new().deflate(1), &large(1)));
    assert!(calls.0 > 8 && calls.1 > 6, "{calls:?}");
}
