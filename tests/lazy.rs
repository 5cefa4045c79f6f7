//! Lazy values and maps between h5py and this crate.

mod common;

use filebacked::{Lazy, LazyMap, NdArray, from_file, hdf5, to_file};
use ndarray::{Ix2, s};
use serde::{Deserialize, Serialize};

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
