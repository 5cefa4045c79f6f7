//! Strings and sequences of variable length that h5py wrote, in files of every kind.

use std::collections::BTreeMap;

use filebacked::hdf5::File;
use filebacked::{ReadOptions, from_file, from_group, from_slice, read};
use serde::Deserialize;
use serde_json::Value;

use crate::common;

#[derive(Deserialize, PartialEq, Debug)]
struct Attributed {
    #[serde(rename = "@title")]
    title: String,
    #[serde(rename = "@tags")]
    tags: Vec<String>,
    data: Vec<f64>,
}

#[test]
fn strings_and_sequences() {
    let folder = tempfile::tempdir().unwrap();
    let held: BTreeMap<String, BTreeMap<String, Value>> =
        serde_json::from_str(&common::python("heaps.py", [folder.path()])).unwrap();
    assert_eq!(held.len(), 5);
    for (name, held) in held {
        let path = folder.path().join(format!("{name}.h5"));
        let check = |found: BTreeMap<String, Value>, how: &str| {
            for (dataset, held) in &held {
                assert!(found[dataset] == *held, "`{dataset}` in the file `{name}`, {how}");
            }
            assert_eq!(found.len(), held.len());
        };
        check(from_file(&path).unwrap(), "by its path");
        check(from_slice(&std::fs::read(&path).unwrap()).unwrap(), "in memory");
        check(from_group(File::open_rw(&path).unwrap()).unwrap(), "open for writing");
        let core = File::with_options().with_fapl(|list| list.core_filebacked(false)).open_rw(&path).unwrap();
        check(from_group(&core).unwrap(), "in memory, open for writing");
        core.close().unwrap();
        // A driver whose files cannot be read past the library.
        let stdio = File::with_options().with_fapl(|list| list.stdio()).open(&path).unwrap();
        check(from_group(&stdio).unwrap(), "by the library");
        let attributed: Attributed = read(File::open(&path).unwrap(), "attributed").unwrap();
        let tags = ["a", "bcd", ""].map(str::to_owned).to_vec();
        assert_eq!(attributed, Attributed { title: "plate".to_owned(), tags, data: vec![1.5] });
    }
}

/// A dataset that is made of parts of other files, each with a heap of its own.
#[test]
fn virtual_datasets() {
    let folder = tempfile::tempdir().unwrap();
    let held = common::python("virtual_strings.py", [folder.path()]);
    let held: Vec<String> = serde_json::from_str(&held).unwrap();
    let options = ReadOptions::new().allow_virtual_datasets(true);
    let read: BTreeMap<String, Vec<String>> = options.from_file(folder.path().join("all.h5")).unwrap();
    assert_eq!(read["all"], held);
}
