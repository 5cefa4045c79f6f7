//! Lazy values and maps between h5py and this crate.

use std::collections::BTreeMap;

use filebacked::{Error, ErrorKind, Lazy, LazyMap, NdArray, from_file, hdf5, to_file};
use ndarray::{Ix2, s};
use serde::{Deserialize, Serialize};

use crate::common;

/// The parts of what h5py wrote that are asked for.
#[derive(Deserialize, Debug)]
struct Run {
    field: Lazy<NdArray<f64, Ix2>>,
    names: Lazy<Vec<String>>,
    soft: Lazy<NdArray<f32, Ix2>>,
}

#[derive(Deserialize, Debug)]
struct Theirs {
    run: Lazy<Run>,
    cases: LazyMap<i32, String>,
}

#[derive(Serialize)]
struct Ours<'a> {
    run: &'a Lazy<Whatever>,
    list: [&'a Lazy<NdArray<f32, Ix2>>; 2],
    whole: &'a LazyMap<i32, String>,
}

/// What is copied, and never asked for.
#[derive(Serialize, Deserialize, Debug)]
struct Whatever {}

#[derive(Deserialize)]
struct Handles {
    run: Lazy<Whatever>,
    cases: LazyMap<i32, String>,
}

#[test]
fn from_h5py_and_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let (path, theirs) = (folder.path().to_str().unwrap(), folder.path().join("theirs.h5"));
    common::python("lazy.py", ["write", path]);

    let values: Theirs = from_file(&theirs).unwrap();
    // The group does not remember the order of its links.
    assert_eq!(values.cases.keys().copied().collect::<Vec<_>>(), [-1, 10, 2]);
    assert_eq!(values.cases.get(&10).unwrap().unwrap(), "case 10");
    let run = values.run.get().unwrap();
    assert_eq!(run.field.shape().unwrap(), [100, 70]);
    assert_eq!(run.field.slice(s![99, -1]).unwrap()[()], 6999.0);
    assert_eq!(run.names.get().unwrap()[1], "right");
    assert!(!run.field.is_loaded());

    let handles: Handles = from_file(&theirs).unwrap();
    let ours = Ours { run: &handles.run, list: [&run.soft, &run.soft], whole: &handles.cases };
    to_file(folder.path().join("ours.h5"), &ours).unwrap();
    drop((values, handles));

    let file = hdf5::File::open_rw(&theirs).unwrap();
    let mut cases: LazyMap<i32, String> = filebacked::read(&file, "cases").unwrap();
    cases.insert(3, "three".to_owned());
    *cases.get_mut(&2).unwrap().unwrap() = "new".to_owned();
    cases.remove(&-1);
    cases.save().unwrap();
    drop((cases, file));
    assert_eq!(common::python("lazy.py", ["check", path]).trim(), "done");
}

/// A map is at a path as any other value is; its keys are no paths.
#[test]
fn maps_are_at_paths() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.h5");
    let file = hdf5::File::create(&path).unwrap();
    type Map = LazyMap<String, Vec<f64>>;
    let names = |group: &str| file.group(group).unwrap().member_names().unwrap();

    // It is made when it is saved, with the groups on the way.
    let mut map = Map::open(&file, "runs/first/cases").unwrap();
    assert!(map.is_empty() && map.is_changed());
    for key in ["left/right", "", "/", ".", "a%2Fb", "plain"] {
        map.insert(key.to_owned(), vec![key.len() as f64]);
    }
    assert!(names("/").is_empty());
    map.save().unwrap();
    assert!(!map.is_changed());
    assert_eq!(names("runs/first/cases"), ["left%2Fright", "%", "%2F", "%2E", "a%252Fb", "plain"]);
    assert_eq!(map.get("left/right").unwrap(), Some(&vec![10.0]));
    assert_eq!(map.get("right").unwrap(), None);

    // From then on it is as one that was read from there.
    map.remove("plain");
    map.insert("a/b".to_owned(), vec![1.5]);
    *map.get_mut("/").unwrap().unwrap() = vec![2.5];
    map.save().unwrap();
    let read = Map::open(file.group("runs").unwrap(), "first/cases").unwrap();
    assert_eq!(read.len(), 6);
    assert_eq!((read.get("a/b").unwrap(), read.get("/").unwrap()), (Some(&vec![1.5]), Some(&vec![2.5])));
    let same: BTreeMap<String, Vec<f64>> = filebacked::read(&file, "/runs/first/cases").unwrap();
    assert_eq!(same[""], [0.0]);
    let mut rooted = Map::open(file.group("runs/first").unwrap(), "/runs/second").unwrap();
    rooted.save().unwrap();
    assert!(names("runs/second").is_empty() && Map::open(&file, "runs/second").unwrap().is_empty());

    // What cannot be written leaves no group behind, and the map as it was.
    let check = |error: Error, kind: ErrorKind| assert_eq!(error.kind(), kind, "{error}");
    let before = (names("/"), names("runs"));
    let mut failing = LazyMap::<String, BTreeMap<u8, Fails>>::open(&file, "new/groups/map").unwrap();
    failing.insert("good".to_owned(), BTreeMap::new());
    failing.insert("bad".to_owned(), BTreeMap::from([(1, Fails)]));
    check(failing.save().unwrap_err(), ErrorKind::Custom);
    assert_eq!((names("/"), names("runs")), before);
    failing.remove("bad");
    failing.save().unwrap();
    assert_eq!(names("new/groups/map"), ["good"]);
    // Keys that are no names, and what others made meanwhile.
    let mut pairs = LazyMap::<(u8, u8), u8>::open(&file, "more/pairs").unwrap();
    pairs.insert((1, 2), 3);
    check(pairs.save().unwrap_err(), ErrorKind::BadKey);
    assert!(!file.link_exists("more"));
    let mut late = Map::open(&file, "runs/third").unwrap();
    filebacked::write(&file, "runs/third", &1).unwrap();
    check(late.save().unwrap_err(), ErrorKind::AlreadyExists);
    assert_eq!(filebacked::read::<i32>(&file, "runs/third").unwrap(), 1);

    // Names that are none, what is in the way, and files that are not written.
    for name in ["", "/", "//"] {
        let error = Map::open(&file, name).unwrap_err();
        assert!(error.to_string().starts_with("expected the name of a value in a group"), "{error}");
        check(error, ErrorKind::Unsupported);
    }
    check(Map::open(&file, "runs/third/x").unwrap_err(), ErrorKind::WrongType);
    check(Map::open(&file, "runs/third").unwrap_err(), ErrorKind::WrongType);
    drop((map, read, same, rooted, failing, pairs, late));
    file.close().unwrap();
    // A program that another test started meanwhile may still have the lock of the file itself.
    let copy = folder.path().join("copy.h5");
    std::fs::copy(&path, &copy).unwrap();
    let file = hdf5::File::open(&copy).unwrap();
    assert_eq!(Map::open(&file, "runs/first/cases").unwrap().len(), 6);
    check(Map::open(&file, "runs/fourth").unwrap_err(), ErrorKind::NotFound);
    check(Map::open(&file, "none/fourth").unwrap_err(), ErrorKind::NotFound);
}

#[derive(Deserialize, Debug)]
struct Fails;

impl Serialize for Fails {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("no"))
    }
}
