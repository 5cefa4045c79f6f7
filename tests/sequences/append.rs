//! Sequences that grow: what is appended comes back, what does not fit is refused, and what is stored is gone on with.

use std::collections::BTreeMap;
use std::fmt::Debug;

use filebacked::{Appender, ErrorKind, Value, WithAttrs, WriteOptions, hdf5};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

fn file() -> (tempfile::TempDir, hdf5::File) {
    let folder = tempfile::tempdir().unwrap();
    let file = hdf5::File::create(folder.path().join("x.h5")).unwrap();
    (folder, file)
}

/// Appends the records one at a time, with a flush after each of some; then in a second and a third appender; reads all.
fn grows<T: Serialize + DeserializeOwned + PartialEq + Debug>(records: Vec<T>) {
    for step in [1, 2, 1000] {
        let (_folder, file) = file();
        let mut appender = Appender::<T>::create(&file, "x").unwrap().sync(false);
        let third = records.len() / 3;
        for (index, record) in records[..third].iter().enumerate() {
            appender.push(record).unwrap();
            if index % step == 0 {
                appender.flush().unwrap();
                assert_eq!(filebacked::read::<Vec<T>>(&file, "x").unwrap(), records[..=index]);
            }
        }
        appender.finish().unwrap();
        for end in [2 * third, records.len()] {
            let mut appender = Appender::<T>::open(&file, "x").unwrap().sync(false);
            let start = appender.len() as usize;
            appender.extend(&records[start..end]).unwrap();
            appender.finish().unwrap();
            assert_eq!(filebacked::read::<Vec<T>>(&file, "x").unwrap(), records[..end], "step {step}");
        }
    }
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Flat {
    id: u32,
    at: [f64; 3],
    valid: bool,
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
enum Event {
    Start,
    Moved { by: (i32, i32) },
    Named(String),
    Stopped(f64),
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Step {
    time: f64,
    name: String,
    note: Option<String>,
    late: Option<Option<i16>>,
    event: Event,
    parts: Vec<Flat>,
    words: Vec<Vec<String>>,
    by_name: BTreeMap<String, f64>,
    by_id: BTreeMap<u8, (String, u8)>,
    wide: i128,
    unit: (),
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    rare: Vec<u8>,
}

fn step(index: u32) -> Step {
    let event = match index % 8 {
        5 => Event::Moved { by: (index as i32, -1) },
        6 => Event::Named(format!("event {index}")),
        7 => Event::Stopped(0.5),
        _ => Event::Start,
    };
    Step {
        time: f64::from(index),
        name: format!("step {index}"),
        note: (index > 10).then(|| "n".repeat(index as usize)),
        late: index.is_multiple_of(3).then(|| index.is_multiple_of(2).then_some(index as i16)),
        event,
        parts: (0..index % 4).map(|id| Flat { id, at: [0.5; 3], valid: id == 1 }).collect(),
        words: (0..index % 3).map(|n| (0..n).map(|n| format!("w{n}")).collect()).collect(),
        by_name: (0..index % 5).map(|n| (format!("k{n}"), f64::from(n))).collect(),
        by_id: (0..index % 2).map(|n| (n as u8, (format!("v{n}"), 3))).collect(),
        wide: -i128::from(index) << 70,
        unit: (),
        rare: if index % 7 == 3 { vec![1, 2] } else { vec![] },
    }
}

fn steps(range: std::ops::Range<u32>) -> Vec<Step> {
    range.map(step).collect()
}

#[test]
fn numbers() {
    grows((0..40).map(f64::from).collect());
    grows((0..40_u8).collect());
    grows((0..40).map(|n| n % 3 == 0).collect());
    grows((0..40).map(|n| i128::from(n) << 80).collect());
    grows((0..40).map(|n| [[n, n + 1], [n, 0]]).collect());
}

#[test]
fn strings_and_lists() {
    grows((0..40).map(|n| "ab\0c".repeat(n)).collect());
    grows((0..40).map(|n| vec![n as u16; n % 5]).collect());
    grows((0..40).map(|_| Vec::<f32>::new()).collect());
    grows((0..40).map(|n| if n < 20 { vec![] } else { vec![vec![String::from("x")]; n % 3] }).collect());
    grows((0..40).map(|n| serde_bytes::ByteBuf::from(vec![7; n % 5])).collect());
}

#[test]
fn options_and_units() {
    grows((0..40).map(|n| (n > 25).then_some(n)).collect());
    grows((0..40).map(|_| None::<u8>).collect());
    grows((0..40).map(|n| (n % 2 == 0).then(|| (n % 3 == 0).then_some(0.5))).collect());
    grows(vec![(); 40]);
}

#[test]
fn records_and_enums() {
    grows((0..40).map(|id| Flat { id, at: [0.5; 3], valid: id % 3 == 0 }).collect());
    grows((0..40).map(|n| (n, n.to_string())).collect());
    grows((0..40).map(|n| step(n).event).collect());
    grows((0..40).map(step).collect());
    grows((0..40).map(|n| BTreeMap::from([(n, "x".repeat(n))])).collect());
    grows((0..40).map(|n| (0..n % 4).map(|k| (k.to_string(), n)).collect::<BTreeMap<_, _>>()).collect());
}

#[test]
fn json() {
    let value = |n: u32| match n % 4 {
        0 => serde_json::json!({"a": n, "b": "x"}),
        1 => serde_json::json!({"a": n, "b": "y", "c": [1.5]}),
        2 => serde_json::json!({"a": n}),
        _ => serde_json::json!({"b": "z", "c": [1.5, 2.5]}),
    };
    grows((0..40).map(value).collect());
}

/// Nothing is left of a record that is refused, and the ones around it are there.
#[test]
fn refused() {
    fn refuses<G, B: Serialize>(good: &G, bad: &B, message: &str)
    where
        G: Serialize + DeserializeOwned + Clone + PartialEq + Debug,
    {
        #[derive(Serialize)]
        #[serde(untagged)]
        enum Either<'a, G, B> {
            Good(&'a G),
            Bad(&'a B),
        }
        let (_folder, file) = file();
        let mut appender = Appender::create(&file, "x").unwrap().sync(false);
        for _ in 0..3 {
            appender.push(&Either::Good(good)).unwrap();
        }
        appender.flush().unwrap();
        for flushed in [false, true] {
            appender.push(&Either::Good(good)).unwrap();
            if flushed {
                appender.flush().unwrap();
            }
            let error = appender.push(&Either::Bad(bad)).unwrap_err();
            assert_eq!(error.to_string(), message.replace("{n}", &appender.len().to_string()));
            appender.push(&Either::Good(good)).unwrap();
        }
        assert_eq!(appender.len(), 7);
        appender.finish().unwrap();
        assert_eq!(filebacked::read::<Vec<G>>(&file, "x").unwrap(), vec![good.clone(); 7]);
    }
    refuses(&1_i32, &2_i64, "expected `i32`, as the elements that are stored, found `i64`; at `[{n}]`, HDF5 path `/x`");
    refuses(
        &1_i32,
        &"x",
        "expected `i32`, as the elements that are stored, found a string; at `[{n}]`, HDF5 path `/x`",
    );
    refuses(
        &[1.5, 2.5],
        &[1.5],
        "expected `f64` of shape (2,), as the elements that are stored, found a sequence of 1 `f64`; at `[{n}]`, HDF5 path `/x`",
    );
    refuses(
        &(1, "a".to_owned()),
        &(1, 2),
        "expected a string, as the elements that are stored, found `i32`; at `[{n}]/1`, HDF5 path `/x/1`",
    );
}

#[derive(Clone, PartialEq, Debug)]
struct Sulky(u8);

impl Serialize for Sulky {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::{Error, SerializeSeq};
        let mut seq = serializer.serialize_seq(None)?;
        seq.serialize_element("before")?;
        if self.0 == 13 {
            return Err(S::Error::custom("not today"));
        }
        seq.end()
    }
}

#[test]
fn a_record_that_fails_halfway() {
    let (_folder, file) = file();
    let mut appender = Appender::create(&file, "x").unwrap().sync(false);
    for (index, record) in [1, 13, 2, 13, 3].into_iter().enumerate() {
        assert_eq!(appender.push(&Sulky(record)).is_err(), record == 13, "{index}");
        if index == 2 {
            appender.flush().unwrap();
        }
    }
    appender.finish().unwrap();
    assert_eq!(filebacked::read::<Vec<Vec<String>>>(&file, "x").unwrap(), vec![vec!["before"]; 3]);
}

#[test]
fn names_that_are_taken_and_what_cannot_grow() {
    let (_folder, file) = file();
    filebacked::write(&file, "x", &[1, 2, 3]).unwrap();
    let taken = Appender::<i32>::create(&file, "x").unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::AlreadyExists);
    let fixed = Appender::<i32>::open(&file, "x").unwrap_err();
    assert_eq!(fixed.to_string(), "`i32` of shape (3,) cannot grow: it is not chunked and without end; HDF5 path `/x`");
    assert_eq!(Appender::<i32>::open(&file, "y").unwrap_err().kind(), ErrorKind::NotFound);
}

/// More elements than go to one batch, or chunk.
#[test]
fn many() {
    let (_folder, file) = file();
    let count = 300_000_u32;
    let mut appender = Appender::<(u32, String, Option<f64>)>::create(&file, "x").unwrap().sync(false);
    let record = |id: u32| (id, format!("record {id}"), id.is_multiple_of(3).then_some(f64::from(id)));
    appender.extend((0..count).map(record)).unwrap();
    appender.finish().unwrap();
    let back: Vec<(u32, String, Option<f64>)> = filebacked::read(&file, "x").unwrap();
    assert!(back.into_iter().eq((0..count).map(record)));
}

/// Errors of files say what there is to do.
#[test]
fn files_that_are_there_or_not_or_open_already() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    let starts = |error: filebacked::Error, kind: ErrorKind, words: &str| {
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().starts_with(words), "{error}");
        assert!(error.to_string().ends_with(&format!("file `{}`", path.display())), "{error}");
    };
    let (create, open) = (|| Appender::<i32>::create_file(&path, "x"), || Appender::<i32>::open_file(&path, "x"));
    let missing = "there is no such file (`Appender::create_file` and `open_or_create_file` make one)";
    starts(open().unwrap_err(), ErrorKind::NotFound, missing);
    create().unwrap().finish().unwrap();
    let there = "the file is there already (`Appender::open_file` and `open_or_create_file` go on with a file)";
    starts(create().unwrap_err(), ErrorKind::AlreadyExists, there);
    let error = Appender::<i32>::create_file(folder.path().join("none/run.h5"), "x").unwrap_err();
    assert!(error.to_string().starts_with("could not make the file: its folder: "), "{error}");

    // Open elsewhere in the same program: in another appender, and for reading only.
    if cfg!(target_os = "linux") && hdf5::library_version() >= (1, 14, 0) {
        let _other = open().unwrap();
        starts(open().unwrap_err(), ErrorKind::Io, "this program has the file open already");
    }
    let file = hdf5::File::open(&path).unwrap();
    starts(filebacked::write_at(&path, "y", &1).unwrap_err(), ErrorKind::Io, "this program has the file open already");
    // Whatever writes into it says so.
    let read_only = "the file is open for reading only: open it for writing, as `hdf5::File::open_rw` and `append` do";
    let overwrite = filebacked::WriteOptions::new().overwrite(true);
    let errors = [
        filebacked::write(&file, "y", &1).unwrap_err(),
        overwrite.write(&file, "x", &1).unwrap_err(),
        overwrite.to_group(&BTreeMap::from([("x", 1)]), &file).unwrap_err(),
        filebacked::to_group(&BTreeMap::from([("y", 1)]), &file).unwrap_err(),
        Appender::<i32>::create(&file, "y").unwrap_err(),
        Appender::<i32>::open(&file, "x").unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Io, "{error}");
        assert!(error.to_string().starts_with(read_only), "{error}");
    }
    let mut map: filebacked::LazyMap<String, Vec<i32>> = filebacked::from_group(&file).unwrap();
    map.insert("y".to_owned(), vec![1]);
    let error = map.save().unwrap_err();
    assert!(error.to_string().contains("open for reading alone"), "{error}");
}

/// A record of another form names the field, and both types.
#[test]
fn records_of_another_form_name_the_field() {
    #[derive(serde::Serialize)]
    #[serde(untagged)]
    enum Any {
        Good { time: f64, at: [f32; 2] },
        Narrow { time: f32, at: [f32; 2] },
        Text { time: &'static str, at: [f32; 2] },
        Long { time: f64, at: [f32; 3] },
        Less { time: f64 },
        More { time: f64, at: [f32; 2], more: u8 },
    }
    let folder = tempfile::tempdir().unwrap();
    let file = hdf5::File::create(folder.path().join("table.h5")).unwrap();
    let mut appender = Appender::create(&file, "x").unwrap();
    appender.push(&Any::Good { time: 0.5, at: [0.5; 2] }).unwrap();
    appender.flush().unwrap();
    let stored = "as the elements that are stored";
    for (record, words, path) in [
        (Any::Narrow { time: 0.5, at: [0.5; 2] }, format!("expected `f64`, {stored}, found `f32`"), "[1]/time"),
        (Any::Text { time: "now", at: [0.5; 2] }, format!("expected `f64`, {stored}, found a string"), "[1]/time"),
        (
            Any::Long { time: 0.5, at: [0.5; 3] },
            format!("expected `[f32; 2]`, {stored}, found a sequence of 3 `f32`"),
            "[1]/at",
        ),
        (Any::Less { time: 0.5 }, format!("expected a struct with `at`, {stored}, found one without"), "[1]"),
        (
            Any::More { time: 0.5, at: [0.5; 2], more: 1 },
            format!("expected a struct without `more`, {stored}, found one with"),
            "[1]",
        ),
    ] {
        let error = appender.push(&record).unwrap_err();
        let text = error.to_string();
        assert_eq!(error.path(), path, "{text}");
        assert!(text.starts_with(&words), "{text}");
    }
    appender.push(&Any::Good { time: 1.5, at: [0.5; 2] }).unwrap();
    appender.finish().unwrap();
}

#[test]
fn attributes_of_an_empty_list_stay() {
    let attrs = BTreeMap::from([("units".to_owned(), "m/s".to_owned())]);
    for name in ["list", "deeper/list"] {
        let (_folder, file) = file();
        filebacked::write(&file, name, &WithAttrs { value: Vec::<Step>::new(), attrs: attrs.clone() }).unwrap();
        let mut appender = Appender::<u8>::open(&file, name).unwrap().sync(false);
        appender.push(&7).unwrap();
        appender.finish().unwrap();
        let read: WithAttrs<Vec<u8>, BTreeMap<String, String>> = filebacked::read(&file, name).unwrap();
        assert_eq!((read.value, read.attrs), (vec![7], attrs.clone()));
    }

    // A list of records is a group, and so is one of strings.
    let (_folder, file) = file();
    filebacked::write(&file, "texts", &WithAttrs { value: Vec::<String>::new(), attrs: attrs.clone() }).unwrap();
    let mut appender = Appender::<String>::open(&file, "texts").unwrap().sync(false);
    appender.extend(["a".to_owned(), "b".to_owned()]).unwrap();
    appender.finish().unwrap();
    let read: WithAttrs<Vec<String>, BTreeMap<String, String>> = filebacked::read(&file, "texts").unwrap();
    assert_eq!((read.value.len(), read.attrs), (2, attrs));
}

#[test]
fn the_count_of_a_list_that_grew_is_no_attribute_of_its_value() {
    // What is written over it counts its own elements, in a file and in a group of it.
    let options = WriteOptions::new().overwrite(true);
    for name in ["x", "/"] {
        let (_folder, file) = file();
        let mut appender = Appender::<Step>::create(&file, name).unwrap().sync(false);
        appender.extend(steps(0..3)).unwrap();
        appender.finish().unwrap();
        let group = file.group(name).unwrap();
        let read: WithAttrs<Vec<Step>, BTreeMap<String, u64>> = filebacked::from_group(&group).unwrap();
        assert_eq!((read.value, read.attrs), (steps(0..3), BTreeMap::new()));
        assert!(!filebacked::tree(&file).unwrap().to_string().contains("filebacked-length"));
        options.to_group(&steps(0..5), &group).unwrap();
        assert_eq!(filebacked::from_group::<Vec<Step>>(&group).unwrap(), steps(0..5), "{name}");
    }

    // As after a kill: more is there than counts.
    let (_folder, file) = file();
    let mut appender = Appender::<u8>::create(&file, "y").unwrap().sync(false);
    appender.extend(0..9).unwrap();
    appender.finish().unwrap();
    file.dataset("y").unwrap().attr("filebacked-length").unwrap().write_scalar(&4_u64).unwrap();
    assert_eq!(filebacked::read::<Vec<u8>>(&file, "y").unwrap(), [0, 1, 2, 3]);
    let value: Value = filebacked::read(&file, "y").unwrap();
    filebacked::write(&file, "copy", &value).unwrap();
    assert_eq!(filebacked::read::<Value>(&file, "copy").unwrap(), value);
    assert_eq!(file.dataset("copy").unwrap().attr_names().unwrap(), Vec::<String>::new());
    options.write(&file, "y", &(0..9).collect::<Vec<u8>>()).unwrap();
    assert_eq!(filebacked::read::<Vec<u8>>(&file, "y").unwrap(), (0..9).collect::<Vec<u8>>());

    let named = WithAttrs { value: 1, attrs: BTreeMap::from([("filebacked-length", 1_u64)]) };
    assert_eq!(filebacked::write(&file, "z", &named).unwrap_err().kind(), ErrorKind::BadKey);
}

/// Options in what is missing from some records, and of which none has a value.
#[test]
fn options_without_a_value_in_what_may_be_missing() {
    #[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
    struct Person {
        age: Option<u8>,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        manager: Option<Box<Person>>,
    }
    let person = |age, manager: Option<Person>| Person { age, manager: manager.map(Box::new) };
    let none = || person(None, None);
    let people =
        [none(), person(Some(1), None), person(None, Some(none())), person(Some(2), Some(person(Some(3), None)))];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.h5");
    // Every order of three of them, in one batch and in batches of their own.
    for number in 0..64 {
        let chosen: Vec<_> = [number % 4, number / 4 % 4, number / 16].map(|at| people[at].clone()).to_vec();
        for batch in [1, 3] {
            let _ = std::fs::remove_file(&path);
            let mut appender = Appender::<Person>::create_file(&path, "people").unwrap();
            for some in chosen.chunks(batch) {
                appender.extend(some.iter()).unwrap();
                appender.flush().unwrap();
            }
            appender.finish().unwrap();
            assert_eq!(filebacked::read_at::<Vec<Person>>(&path, "people").unwrap(), chosen, "batches of {batch}");
        }
    }
}
