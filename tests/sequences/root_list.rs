//! One way to the elements of a list, wherever it is and whatever encodes it; and lists that a whole file is.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::path::Path;
use std::str::FromStr;

use filebacked::{Appender, ErrorKind, Lazy, NdArray, Reader, Strings, WithAttrs, WriteOptions, hdf5};
use hdf5::types::FixedUnicode;
use ndarray::{Array1, Ix1};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::common;

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
enum Shape {
    Empty,
    Circle(f64),
    Box { width: f64, name: String },
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone, Copy)]
enum Axis {
    X,
    Y,
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Note {
    id: u8,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    text: Option<String>,
}

/// The kind of what is at a path, or how it is stored, where it has none.
fn encoding(file: &hdf5::File, path: &str) -> String {
    let attribute = match file.dataset(path) {
        Ok(dataset) => dataset.attr("filebacked"),
        Err(_) => file.group(path).unwrap().attr("filebacked"),
    };
    match (attribute, file.dataset(path)) {
        (Ok(kind), _) => kind.read_scalar::<FixedUnicode<16>>().unwrap().to_string(),
        (Err(_), Ok(dataset)) => format!("{} dimensions", dataset.ndim()),
        (Err(_), Err(_)) => "group".to_owned(),
    }
}

/// Gives a group a kind.
fn mark(group: &hdf5::Group, kind: &str) {
    let attribute = group.new_attr::<FixedUnicode<16>>().create("filebacked").unwrap();
    attribute.write_scalar(&FixedUnicode::<16>::from_str(kind).unwrap()).unwrap();
}

fn elements<T: DeserializeOwned>(reader: filebacked::Result<Reader<T>>) -> Vec<T> {
    reader.unwrap().map(Result::unwrap).collect()
}

/// Reads the list from everywhere: it is the child `b` of the group `a`, the group `c` itself, and the root of another file.
fn check<T: DeserializeOwned + PartialEq + Debug>(folder: &Path, list: &[T]) {
    let (inside, whole) = (folder.join("inside.h5"), folder.join("whole.h5"));
    let file = hdf5::File::open(&inside).unwrap();
    let (root, group) = (hdf5::File::open(&whole).unwrap(), file.group("c").unwrap());
    let readers = [
        ("a path", Reader::open(&file, "a/b")),
        ("a path from the root", Reader::open(&group, "/a/b")),
        ("a child", Reader::open(file.group("a").unwrap(), "b")),
        ("a file", Reader::open_file(&inside, "a/b")),
        ("a file, from the root", Reader::open_file(&inside, "/a/b")),
        ("the name of a group", Reader::open(&group, &group.name())),
        ("a group", Reader::open(&file, "c")),
        ("the root", Reader::open(&root, "/")),
        ("the root's name", Reader::open(&root, &root.name())),
        ("the root of a file", Reader::open_file(&whole, "/")),
    ];
    for (way, reader) in readers {
        let mut reader: Reader<T> = reader.unwrap_or_else(|error| panic!("{way}: {error}"));
        assert_eq!(reader.len(), list.len() as u64, "{way}");
        if let Some(last) = list.last() {
            assert_eq!(reader.get(list.len() as u64 - 1).unwrap(), *last, "{way}");
        }
        assert_eq!(reader.map(Result::unwrap).collect::<Vec<_>>(), list, "{way}");
    }
}

/// Writes the list, and reads it from everywhere.
fn written<T: Serialize + DeserializeOwned + PartialEq + Debug>(wanted: &str, list: &[T]) {
    by(&WriteOptions::new(), wanted, list);
}

fn by<T: Serialize + DeserializeOwned + PartialEq + Debug>(options: &WriteOptions, wanted: &str, list: &[T]) {
    let folder = tempfile::tempdir().unwrap();
    options.to_file(folder.path().join("whole.h5"), list).unwrap();
    let file = hdf5::File::create(folder.path().join("inside.h5")).unwrap();
    options.write(&file, "a/b", list).unwrap();
    options.to_group(list, file.create_group("c").unwrap()).unwrap();
    assert_eq!(encoding(&file, "a/b"), wanted);
    file.close().unwrap();
    check(folder.path(), list);
}

/// Appends the list, in three appenders, and reads it from everywhere.
fn appended<T: Serialize + DeserializeOwned + PartialEq + Debug>(wanted: &str, list: &[T]) {
    let folder = tempfile::tempdir().unwrap();
    let (inside, whole) = (folder.path().join("inside.h5"), folder.path().join("whole.h5"));
    let file = hdf5::File::create(&inside).unwrap();
    file.create_group("c").unwrap();
    let third = list.len() / 3;
    for part in [&list[..third], &list[third..third], &list[third..2 * third], &list[2 * third..]] {
        for appender in [
            Appender::<T>::open_or_create(&file, "a/b"),
            Appender::open_or_create(&file, "c/value"),
            Appender::open_or_create_file(&whole, "/"),
        ] {
            let mut appender = appender.unwrap().sync(false);
            appender.extend(part).unwrap();
            appender.finish().unwrap();
        }
    }
    // What an appender in a group that is a list itself goes on with.
    mark(&file.group("c").unwrap(), "value");
    let mut appender = Appender::<T>::open(&file, "c").unwrap();
    assert_eq!(appender.len(), list.len() as u64);
    appender.flush().unwrap();
    drop(appender);
    assert_eq!(encoding(&file, "a/b"), wanted);
    assert_eq!(encoding(&hdf5::File::open(&whole).unwrap(), "/"), "value");
    file.close().unwrap();
    check(folder.path(), list);
    assert_eq!(filebacked::from_file::<Vec<T>>(&whole).unwrap(), list);
    let lazy: Lazy<Vec<T>> = filebacked::from_file(&whole).unwrap();
    assert_eq!(lazy.into_inner().unwrap(), list);
}

#[test]
fn every_encoding() {
    let texts = || (0..40).map(|n| "ab".repeat(n % 7)).collect::<Vec<_>>();
    let shape = |n: u32| match n % 3 {
        0 => Shape::Empty,
        1 => Shape::Circle(n.into()),
        _ => Shape::Box { width: 0.5, name: n.to_string() },
    };
    let note = |id: u8| Note { id, text: (id % 2 == 1).then(|| id.to_string()) };
    let json = |n: u32| match n % 3 {
        0 => serde_json::json!(n),
        1 => serde_json::json!([n, "x"]),
        _ => serde_json::json!({"n": n}),
    };
    let null = |n: u32| if n.is_multiple_of(2) { serde_json::json!(null) } else { serde_json::json!(n) };

    written("1 dimensions", &(0..40).map(f64::from).collect::<Vec<_>>());
    written("1 dimensions", &[true, false, true]);
    written("1 dimensions", &[] as &[f64]);
    written("2 dimensions", &vec![[1, 2, 3]; 40]);
    written("3 dimensions", &vec![vec![vec![0.5_f32; 2]; 3]; 5]);
    written("1 dimensions", &texts());
    written("text", &["a\0b".to_owned(), "c".to_owned()]);
    written("1 dimensions", &[Axis::X, Axis::Y, Axis::X]);
    written("1 dimensions", &(0..40).map(|n| (n, [0.5; 2], true)).collect::<Vec<_>>());
    written("columns", &(0..40).map(|n| (n, n.to_string())).collect::<Vec<_>>());
    written("columns", &(0..40).map(note).collect::<Vec<_>>());
    written("columns", &(0..9).map(|n| BTreeMap::from([("x".to_owned(), n)])).collect::<Vec<_>>());
    written("nullable", &(0..40).map(|n| (n % 3 == 0).then_some(n)).collect::<Vec<_>>());
    written("nullable", &[Some(None), None, Some(Some(1.5))]);
    written("ragged", &(0..40).map(|n| vec![n; n % 5]).collect::<Vec<_>>());
    written("ragged", &(0..9).map(|n| (0..n).collect()).collect::<Vec<BTreeSet<i32>>>());
    written("blobs", &(0..40).map(|n| ByteBuf::from(vec![7; n % 5])).collect::<Vec<_>>());
    written("maps", &(0..40).map(|n| BTreeMap::from([(n, "x".to_owned())])).collect::<Vec<BTreeMap<i32, _>>>());
    written("units", &[(); 40]);
    written("variants", &(0..40).map(shape).collect::<Vec<_>>());
    written("mixed", &(0..40).map(json).collect::<Vec<_>>());
    written("nulls", &(0..40).map(null).collect::<Vec<_>>());
    written("i128", &[1_i128 << 90, -1]);
    written("u128", &[1_u128 << 90, 1]);
    written("list", &(0..12).map(|n| NdArray(Array1::from_elem(n, 0.5))).collect::<Vec<NdArray<_, Ix1>>>());
    written("list", &[WithAttrs::new(1.5, BTreeMap::from([("unit".to_owned(), "mm".to_owned())]))]);

    for strings in [Strings::Fixed, Strings::Variable] {
        by(&WriteOptions::new().strings(strings), "1 dimensions", &texts());
    }
    by(&WriteOptions::new().strings(Strings::Packed), "text", &texts());
    let records: Vec<_> = (0..40).map(|n| (n, "x".repeat(n as usize % 3))).collect();
    by(&WriteOptions::new().records(filebacked::Records::Table), "1 dimensions", &records);
    by(&WriteOptions::new().records(filebacked::Records::Columns), "columns", &[(1, 0.5), (2, 1.5)]);
    by(&WriteOptions::new().deflate(1).above(0), "1 dimensions", &(0..40).collect::<Vec<_>>());
    by(&WriteOptions::new().python("model"), "group", &(0..40).map(|n| n.to_string()).collect::<Vec<_>>());

    appended("1 dimensions", &(0..40).map(f64::from).collect::<Vec<_>>());
    appended("1 dimensions", &[] as &[f64]);
    appended("2 dimensions", &vec![[1, 2, 3]; 40]);
    appended("1 dimensions", &(0..40).map(|n| (n, [0.5; 2], true)).collect::<Vec<_>>());
    appended("text", &texts());
    appended("columns", &(0..40).map(|n| (n, n.to_string())).collect::<Vec<_>>());
    appended("columns", &(0..40).map(note).collect::<Vec<_>>());
    appended("nullable", &(0..40).map(|n| (n % 3 == 0).then_some(n)).collect::<Vec<_>>());
    appended("nullable", &[None::<u8>; 40]);
    appended("ragged", &(0..40).map(|n| vec![n; n % 5]).collect::<Vec<_>>());
    appended("blobs", &(0..40).map(|n| ByteBuf::from(vec![7; n % 5])).collect::<Vec<_>>());
    appended("maps", &(0..40).map(|n| BTreeMap::from([(n, "x".to_owned())])).collect::<Vec<BTreeMap<i32, _>>>());
    appended("units", &[(); 40]);
    appended("variants", &(0..40).map(shape).collect::<Vec<_>>());
    appended("variants", &[Axis::X, Axis::Y, Axis::X]);
    let number_or_list = |n: u32| if n.is_multiple_of(2) { serde_json::json!(n) } else { serde_json::json!([n, n]) };
    // Parts begin with a list of numbers, and with a map.
    appended("mixed", &(0..40).map(number_or_list).collect::<Vec<_>>());
    appended("mixed", &(0..40).map(json).collect::<Vec<_>>());
    appended("i128", &(0..40).map(|n| i128::from(n) << 90).collect::<Vec<_>>());
}

/// What is one value to serde, but a list to those who ask for one.
#[test]
fn values_that_are_lists() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.h5");
    filebacked::write_at(&path, "bytes", &ByteBuf::from(vec![1, 2, 3])).unwrap();
    filebacked::write_at(&path, "tuple", &("a", "bc")).unwrap();
    filebacked::write_at(&path, "option", &Some(vec!["a", "bc"])).unwrap();
    assert_eq!(elements::<u8>(Reader::open_file(&path, "bytes")), [1, 2, 3]);
    for name in ["tuple", "option"] {
        assert_eq!(elements::<String>(Reader::open_file(&path, name)), ["a", "bc"]);
    }
}

/// A list that others have as the root group itself, in datasets that grow.
#[test]
fn a_root_that_is_the_list() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.h5");
    let file = hdf5::File::create(&path).unwrap();
    mark(&file, "columns");
    file.new_attr::<u64>().create("length").unwrap().write_scalar(&2_u64).unwrap();
    for (name, values) in [("time", [0.5, 1.5]), ("energy", [2.5, 3.5])] {
        let dataset = file.new_dataset::<f64>().shape([hdf5::Extent::resizable(2)]).chunk(64);
        dataset.create(name).unwrap().write(&values).unwrap();
    }
    file.close().unwrap();
    type Row = BTreeMap<String, f64>;
    let row = |time: f64, energy: f64| Row::from([("time".to_owned(), time), ("energy".to_owned(), energy)]);
    #[derive(Serialize)]
    struct New {
        time: f64,
        energy: f64,
    }
    for or_create in [false, true] {
        let opened =
            if or_create { Appender::open_or_create_file(&path, "/") } else { Appender::open_file(&path, "/") };
        let mut appender: Appender<New> = opened.unwrap();
        appender.push(&New { time: 4.5, energy: 5.5 }).unwrap();
        appender.finish().unwrap();
    }
    let wanted = [row(0.5, 2.5), row(1.5, 3.5), row(4.5, 5.5), row(4.5, 5.5)];
    assert_eq!(elements::<Row>(Reader::open_file(&path, "/")), wanted);
    let mut appender = Appender::<f64>::open_file(&path, "/").unwrap();
    let error = appender.push(&1.5).unwrap_err();
    assert_eq!(
        error.to_string(),
        "expected a struct or map, as the elements that are stored, found `f64`; at `[4]`, HDF5 path `/`"
    );
}

/// Errors say what to do, and leave all as it was.
#[test]
fn roots_that_are_no_place_for_a_list() {
    let folder = tempfile::tempdir().unwrap();
    let (path, missing) = (folder.path().join("x.h5"), folder.path().join("none.h5"));
    let file = hdf5::File::create(&path).unwrap();
    filebacked::write(&file, "title", "plate").unwrap();
    let before = filebacked::tree(&file).unwrap().to_string();
    type Open = (&'static str, filebacked::Result<Appender<f64>>, ErrorKind, &'static str);
    let not_empty = "the root of the file is not empty, and what it holds would be taken for a part of the sequence: append to a named \
                     child of it; HDF5 path `/`";
    let no_list = "expected a sequence that can grow, found a group; HDF5 path `/`";
    let nothing = "there is nothing of that name in a group of `title` (`Appender::open_or_create` begins a sequence where there is none); \
                   HDF5 path `/steps`";
    let cases: [Open; 4] = [
        ("create", Appender::create(&file, "/"), ErrorKind::AlreadyExists, not_empty),
        ("open", Appender::open(&file, "/"), ErrorKind::WrongType, no_list),
        ("open_or_create", Appender::open_or_create(&file, "/"), ErrorKind::WrongType, no_list),
        ("open, by name", Appender::open(&file, "steps"), ErrorKind::NotFound, nothing),
    ];
    for (way, opened, kind, words) in cases {
        let error = opened.unwrap_err();
        assert_eq!((error.kind(), error.to_string()), (kind, words.to_owned()), "{way}");
    }
    let error = Reader::<f64>::open(&file, "/").unwrap_err();
    assert_eq!(error.to_string(), "expected a sequence, found a group of `title`; HDF5 path `/`");
    assert_eq!(filebacked::tree(&file).unwrap().to_string(), before);
    file.close().unwrap();
    let error = Appender::<f64>::open_file(&path, "steps").unwrap_err();
    assert!(
        error.to_string().contains("(`Appender::open_or_create_file` begins a sequence where there is none)"),
        "{error}"
    );
    let error = Appender::<f64>::open_file(&missing, "/").unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("there is no such file (`Appender::create_file` and `open_or_create_file` make one)"),
        "{error}"
    );
    let options = WriteOptions::new().above(1);
    assert_eq!(options.open_or_create_appender_file::<f64>(&missing, "/").unwrap_err().kind(), ErrorKind::Unsupported);
    assert!(!missing.exists());
    // A list that was written as a whole does not grow.
    filebacked::to_file(&path, &["a".to_owned()][..]).unwrap();
    let error = Appender::<String>::open_file(&path, "/").unwrap_err();
    assert!(error.to_string().contains("cannot be added to: strings"), "{error}");
    // An empty one does: nobody can tell what it was to be of.
    filebacked::to_file(&path, &[] as &[String]).unwrap();
    let mut appender = Appender::<String>::open_or_create_file(&path, "/").unwrap();
    appender.push(&"a".to_owned()).unwrap();
    appender.finish().unwrap();
    assert_eq!(filebacked::from_file::<Vec<String>>(&path).unwrap(), ["a"]);
}

/// Each of many that begin one sequence at once adds its records.
#[test]
fn begun_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = hdf5::File::create(folder.path().join("x.h5")).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8_u32 {
            let file = &file;
            scope.spawn(move || drop(Appender::<u32>::open_or_create(file, &format!("a/{}", thread % 2)).unwrap()));
        }
    });
    for name in ["a/0", "a/1"] {
        assert!(elements::<u32>(Reader::open(&file, name)).is_empty());
    }
    // Of two that begin one file, one gets it, and the other one is told that it is open.
    if !cfg!(target_os = "linux") || hdf5::library_version() < (1, 14, 0) {
        return;
    }
    let path = folder.path().join("y.h5");
    let opened: Vec<_> = std::thread::scope(|scope| {
        let open = || Appender::<u32>::open_or_create_file(&path, "/");
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let errors: Vec<_> = opened.iter().filter_map(|opened| opened.as_ref().err()).collect();
    assert_eq!(errors.len(), 3);
    for error in errors {
        assert!(error.to_string().starts_with("this program has the file open already"), "{error}");
    }
}

/// h5py sees an ordinary dataset, and a group, where the whole file is a list that was appended to.
#[test]
fn h5py_reads_them() {
    let folder = tempfile::tempdir().unwrap();
    let (numbers, words) = (folder.path().join("numbers.h5"), folder.path().join("words.h5"));
    let mut appender = Appender::create_file(&numbers, "/").unwrap();
    appender.extend([0.5, 1.5]).unwrap();
    appender.finish().unwrap();
    let mut appender = Appender::<str>::create_file(&words, "/").unwrap();
    appender.extend(["one", "three"]).unwrap();
    appender.finish().unwrap();
    let seen = common::python("root_list.py", [&numbers, &words]);
    assert_eq!(seen.trim(), "value [0.5, 1.5] (None,)\nvalue text [0, 3, 8] onethree");
}
