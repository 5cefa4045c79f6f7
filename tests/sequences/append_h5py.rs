//! h5py reads what is appended, and what h5py made is appended to.

use filebacked::{Appender, Reader, hdf5};
use serde::{Deserialize, Serialize};

use crate::common;

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Step {
    time: f64,
    at: [i32; 2],
    name: String,
    note: Option<u8>,
    event: Event,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Event {
    Quiet,
    Hit(u32),
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Row {
    id: u32,
    x: f64,
}

#[test]
fn both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let (path, table) = (folder.path().join("run.h5"), folder.path().join("table.h5"));
    let row = |id: u32| Row { id, x: f64::from(id) / 2.0 };
    let mut steps = Appender::<Step>::create_file(&path, "steps").unwrap();
    for n in 0..5000 {
        let event = if n % 1000 == 999 { Event::Hit(n) } else { Event::Quiet };
        let (name, note) = (format!("step {n}"), (n % 2 == 1).then_some(7));
        steps.push(&Step { time: f64::from(n) / 2.0, at: [0, -1], name, note, event }).unwrap();
        if n % 900 == 0 {
            steps.flush().unwrap();
        }
    }
    steps.finish().unwrap();
    let mut rows = Appender::<Row>::open_or_create_file(&path, "rows").unwrap();
    rows.extend((0..5000).map(row)).unwrap();
    rows.finish().unwrap();
    common::python("appended.py", [&path, &table]);

    let file = hdf5::File::open_rw(&table).unwrap();
    let mut rows = Appender::<Row>::open(&file, "rows").unwrap();
    rows.extend((10..20).map(row)).unwrap();
    rows.finish().unwrap();
    assert!(Reader::<Row>::open(&file, "rows").unwrap().map(Result::unwrap).eq((0..20).map(row)));
    let mut numbers = Appender::<i32>::open(&file, "numbers").unwrap();
    numbers.extend(10..20).unwrap();
    numbers.finish().unwrap();
    assert_eq!(filebacked::read::<Vec<i32>>(&file, "numbers").unwrap(), Vec::from_iter(0..20));
    let error = Appender::<Step>::open(&file, "rows").unwrap().push(&filebacked_step()).unwrap_err();
    assert!(
        error.to_string().starts_with("expected a struct with `id`, as the elements that are stored, found one with"),
        "{error}"
    );
}

fn filebacked_step() -> Step {
    Step { time: 0.5, at: [1, 2], name: "other".to_owned(), note: None, event: Event::Quiet }
}
