//! Long sequences, whose rows are written by a second thread while the next ones are made.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// More bytes than are written at once, and of a form that is not known by its type.
const MANY: usize = 300_000;

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Row {
    id: u64,
    at: [f64; 2],
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Named {
    id: u64,
    name: String,
    height: Option<f64>,
}

fn rows() -> Vec<Row> {
    (0..MANY as u64).map(|id| Row { id, at: [0.5 * id as f64, -1.5] }).collect()
}

fn named() -> Vec<Named> {
    let named = |id| Named { id, name: format!("row {id}"), height: (id % 3 > 0).then_some(id as f64) };
    (0..MANY as u64).map(named).collect()
}

/// The thread cannot write then, as it never gets the lock.
#[test]
fn while_the_caller_has_the_librarys_lock() {
    let (rows, named) = (rows(), named());
    let names: Vec<String> = named.iter().map(|named| named.name.clone()).collect();
    let value = (rows, named, names);
    let image = filebacked::hdf5::sync::sync(|| filebacked::to_vec(&value)).unwrap();
    assert!(image == filebacked::to_vec(&value).unwrap(), "the same value gives the same bytes");
    assert!(filebacked::from_slice::<(Vec<Row>, Vec<Named>, Vec<String>)>(&image).unwrap() == value);
}

#[test]
fn by_many_threads_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let file = filebacked::hdf5::File::create(directory.path().join("shared.h5")).unwrap();
    let (rows, named) = (rows(), named());
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (file, rows, named) = (&file, &rows, &named);
            scope.spawn(move || {
                filebacked::write(file, &format!("rows {thread}"), rows).unwrap();
                filebacked::write(file, &format!("named {thread}"), named).unwrap();
            });
        }
    });
    for thread in 0..4 {
        assert!(filebacked::read::<Vec<Row>>(&file, &format!("rows {thread}")).unwrap() == rows);
        assert!(filebacked::read::<Vec<Named>>(&file, &format!("named {thread}")).unwrap() == named);
    }
}

/// An element of another form takes back what is written, and is being written.
#[test]
fn an_element_of_another_form_at_the_end() {
    let mut list: Vec<Value> = (0..MANY).map(|i| json!({"id": i, "x": 0.5, "y": 1.5})).collect();
    for odd in [json!({"id": "none"}), json!(null), json!(7)] {
        list.pop();
        list.push(odd);
        let back: Value = filebacked::from_slice(&filebacked::to_vec(&list).unwrap()).unwrap();
        assert!(back == Value::Array(list.clone()), "{:?}", list.last());
    }
}

/// Strings are written before all of them are known to hold no NUL.
#[test]
fn a_string_with_nul_at_the_end() {
    for long in ["", " and some more"] {
        let mut names: Vec<String> = (0..2 * MANY).map(|i| format!("name {i:08}{long}")).collect();
        names.push("a\0b".to_owned());
        let back: Vec<String> = filebacked::from_slice(&filebacked::to_vec(&names).unwrap()).unwrap();
        assert!(back == names);
        #[derive(Serialize)]
        struct Run<'a> {
            before: u8,
            names: &'a [String],
            #[serde(rename = "@last")]
            last: &'a [String],
        }
        let run = Run { before: 1, names: &names, last: &names[..3] };
        let directory = tempfile::tempdir().unwrap();
        let file = filebacked::hdf5::File::create(directory.path().join("run.h5")).unwrap();
        filebacked::to_group(&run, &file).unwrap();
        assert_eq!(file.member_names().unwrap(), ["before", "names"]);
        assert_eq!(file.group("names").unwrap().member_names().unwrap(), ["offsets", "bytes"]);
        assert!(filebacked::read::<Vec<String>>(&file, "names").unwrap() == names);
    }
}

/// A value that fails when some rows are on their way leaves nothing.
#[test]
fn a_value_that_fails_late() {
    struct Late(usize);
    impl Serialize for Late {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match self.0 {
                index if index + 10 == MANY => Err(serde::ser::Error::custom("no more")),
                index => (index as u64, 0.5, 1.5).serialize(serializer),
            }
        }
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("late.h5");
    filebacked::to_file(&path, &1).unwrap();
    let list: Vec<Late> = (0..MANY).map(Late).collect();
    let error = filebacked::to_file(&path, &list).unwrap_err();
    assert_eq!(error.path(), format!("[{}]", MANY - 10));
    assert_eq!(filebacked::from_file::<i32>(&path).unwrap(), 1);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "no other file is left");
    let file = filebacked::hdf5::File::create(directory.path().join("group.h5")).unwrap();
    filebacked::write(&file, "list", &list).unwrap_err();
    assert!(file.is_empty());
}

/// A panic of the value's own ends the thread as well.
#[test]
fn a_value_that_panics_late() {
    struct Late(usize);
    impl Serialize for Late {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            assert!(self.0 + 10 < MANY, "on purpose");
            (self.0 as u64, 0.5, 1.5).serialize(serializer)
        }
    }
    let list: Vec<Late> = (0..MANY).map(Late).collect();
    let caught = std::panic::catch_unwind(|| filebacked::to_vec(&list).map(|_| ()));
    assert!(caught.is_err());
    let rows = rows();
    assert!(filebacked::from_slice::<Vec<Row>>(&filebacked::to_vec(&rows).unwrap()).unwrap() == rows);
}

/// What is read ahead is given up with what it was for: a file can be opened for writing right after.
#[test]
fn a_read_that_ends_early_leaves_the_file_closed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rows.h5");
    let mut list: Vec<Value> = (0..MANY).map(|i| json!([i as f64, 0.5, 1.5])).collect();
    list[MANY / 2] = json!([0.5, 0.5, 2.5]);
    let list: Vec<(f64, f64, f64)> = serde_json::from_value(Value::Array(list)).unwrap();
    for _ in 0..20 {
        filebacked::to_file(&path, &list).unwrap();
        let error = filebacked::from_file::<Vec<(u64, f64, f64)>>(&path).unwrap_err();
        assert_eq!(error.path(), format!("[{}]/[0]", MANY / 2), "{error}");
        drop(filebacked::hdf5::File::open_rw(&path).unwrap());
    }
}

/// Columns of one record are read ahead beside each other, and not in step.
#[test]
fn by_many_threads_that_read() {
    let named = named();
    let image = filebacked::to_vec(&named).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert!(filebacked::from_slice::<Vec<Named>>(&image).unwrap() == named));
        }
    });
    let back = filebacked::hdf5::sync::sync(|| filebacked::from_slice::<Vec<Named>>(&image)).unwrap();
    assert!(back == named);
}
