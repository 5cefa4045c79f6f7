//! How often libhdf5 is made to write a file out for what is read from it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use hdf5::types::VarLenUnicode;
use serde::de::{Deserialize, Deserializer, IgnoredAny};
use serde::{Deserialize as Read, Serialize};

use crate::h5::testing::times;
use crate::{Lazy, ReadOptions, Reader, Strings, Value, WriteOptions};

thread_local! {
    /// The group that is being read.
    static READ: RefCell<Option<hdf5::Group>> = const { RefCell::new(None) };
}

/// A group with strings of variable length: an attribute, and a dataset.
#[derive(Serialize, Read, PartialEq, Clone, Debug)]
struct Node {
    #[serde(rename = "@title")]
    title: String,
    names: Vec<String>,
}

fn node(number: usize) -> Node {
    Node { title: format!("node {number}"), names: vec![number.to_string(), "-".to_owned()] }
}

fn nodes(count: usize) -> BTreeMap<String, Node> {
    (0..count).map(|number| (number.to_string(), node(number))).collect()
}

fn options() -> WriteOptions {
    WriteOptions::new().strings(Strings::Variable)
}

fn written(path: &Path, count: usize) -> hdf5::File {
    options().to_file(path, &nodes(count)).unwrap();
    hdf5::File::open_rw(path).unwrap()
}

#[test]
fn a_file_is_written_out_once_for_a_call() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(&folder.path().join("nodes.h5"), 1000);
    assert_eq!(times(|| crate::from_group::<BTreeMap<String, Node>>(&file).unwrap()), (nodes(1000), 1));
    assert_eq!(times(|| crate::read::<Node>(&file, "7").unwrap()), (node(7), 1));
    assert_eq!(times(|| crate::tree(&file).unwrap()).1, 1);
    assert_eq!(times(|| crate::from_group::<Value>(&file).unwrap()).1, 1);
    // So is what is done to load a lazy value, which was opened before.
    let lazy: BTreeMap<String, Lazy<Vec<String>>> = crate::read(&file, "7").unwrap();
    lazy["names"].load().unwrap();
    assert_eq!(times(|| lazy["names"].load().unwrap()).1, 1);
}

#[test]
fn a_file_of_the_python_package_is_written_out_once() {
    #[derive(Serialize, Read, PartialEq, Debug)]
    struct Patch {
        label: Option<String>,
        inner: Vec<Patch>,
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("patches.h5");
    let patch = |label: usize| Patch { label: Some(label.to_string()), inner: Vec::new() };
    let patches = Patch { label: None, inner: (0..1000).map(patch).collect() };
    WriteOptions::new().python("model").to_file(&path, &patches).unwrap();
    let file = hdf5::File::open_rw(&path).unwrap();
    // Nobody asks for the class; then somebody does.
    assert_eq!(times(|| crate::from_group::<Patch>(&file).unwrap()), (patches, 0));
    assert_eq!(times(|| crate::from_group::<Value>(&file).unwrap()).1, 1);
}

#[test]
fn a_file_that_is_only_read_is_never_written_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nodes.h5");
    drop(written(&path, 10));
    let file = hdf5::File::open(&path).unwrap();
    assert_eq!(times(|| crate::from_group::<BTreeMap<String, Node>>(&file).unwrap()), (nodes(10), 0));
}

/// What changed between two calls is there, whoever changed it.
#[test]
fn what_changed_before_a_call() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(&folder.path().join("nodes.h5"), 2);
    let read = || crate::read::<Node>(&file, "1").unwrap();
    assert_eq!(times(read), (node(1), 1));
    options().overwrite(true).write(&file, "1", &node(3)).unwrap();
    assert_eq!(times(read), (node(3), 1));
    // As many bytes, so that it may take the place of what was there.
    let names: [VarLenUnicode; 2] = ["4", "+"].map(|name| name.parse().unwrap());
    file.dataset("1/names").unwrap().write_raw(&names).unwrap();
    assert_eq!(times(read), (Node { names: vec!["4".to_owned(), "+".to_owned()], ..node(3) }, 1));
}

/// Something whose reading changes the file: the node `2`, which comes after it.
struct Changing;

impl<'de> Deserialize<'de> for Changing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer)?;
        let group = READ.with_borrow(|group| group.clone()).unwrap();
        let names: Vec<VarLenUnicode> = (0..500).map(|number| number.to_string().parse().unwrap()).collect();
        if group.name() == "/by us" {
            options().overwrite(true).write(&group, "2", &node(30)).unwrap();
        } else {
            // Past the crate, into room that is new.
            group.group("2").unwrap().unlink("names").unwrap();
            group.new_dataset_builder().with_data(&names).create("2/names").unwrap();
        }
        Ok(Self)
    }
}

#[test]
fn what_changes_during_a_call() {
    #[derive(Read)]
    struct Three {
        #[serde(rename = "0")]
        first: Node,
        #[serde(rename = "1")]
        _changing: Changing,
        #[serde(rename = "2")]
        last: Node,
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nodes.h5");
    options().to_file(&path, &BTreeMap::from([("by us", nodes(3)), ("by others", nodes(3))])).unwrap();
    let file = hdf5::File::open_rw(&path).unwrap();
    for (name, wanted) in [("by us", 2), ("by others", 500)] {
        READ.set(Some(file.group(name).unwrap()));
        let (three, count) = times(|| crate::read::<Three>(&file, name).unwrap());
        assert_eq!((three.first, three.last.names.len(), count), (node(0), wanted, 2), "{name}");
        READ.set(None);
    }
    assert_eq!(crate::read::<Node>(&file.group("by us").unwrap(), "2").unwrap(), node(30));
}

/// Each record of a stream is a call of its own.
#[test]
fn records_of_a_stream() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("names.h5");
    options().to_file(&path, &BTreeMap::from([("names", vec!["a"; 100])])).unwrap();
    let file = hdf5::File::open_rw(&path).unwrap();
    let mut names = Reader::<String>::open(&file, "names").unwrap();
    let (all, count) = times(|| names.by_ref().map(|name| name.unwrap()).collect::<Vec<_>>());
    assert_eq!(all, ["a"; 100]);
    assert!(count <= 100, "{count}");
    let read = || ReadOptions::new().read::<Vec<String>>(&file, "names").unwrap();
    assert_eq!(times(read).1, 1);
}
