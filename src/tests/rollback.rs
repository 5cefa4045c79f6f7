//! A failure at every step of a write: what was there is as it was, to the order of the links.

use std::collections::BTreeMap;
use std::ffi::CString;

use serde::Serialize;
use serde_json::json;

use super::steps;
use crate::h5::{Attributes, Dtype, File, Group, Identity, Number, Object, Shape, failing};
use crate::{NdArray, ReadOptions, Records, Shared, Strings, WithAttrs, WriteOptions};

/// All that there is to see of an object.
#[derive(Debug, PartialEq)]
pub(super) struct Seen {
    identity: Identity,
    /// The names are as the file has them.
    attributes: Vec<(CString, String, Vec<u8>)>,
    contents: Contents,
}

#[derive(Debug, PartialEq)]
enum Contents {
    Group(Vec<(CString, Seen)>),
    Dataset(String, Vec<u8>),
    Nowhere,
}

pub(super) fn see(object: &Object) -> Seen {
    let attribute = |name: String| {
        let contents = object.attribute(&name).unwrap().unwrap();
        let text = contents.items.string(contents.items.bytes()).to_vec();
        let label = object.attribute_label(&name).unwrap();
        (label, contents.words(), if text.is_empty() { contents.items.bytes().to_vec() } else { text })
    };
    let contents = match object {
        Object::Group(group) => {
            let child = |(name, label): (String, CString)| {
                let seen = group.open(&name).map(|object| see(&object)).unwrap_or_else(|_| Seen {
                    identity: group.summary().unwrap().identity,
                    attributes: Vec::new(),
                    contents: Contents::Nowhere,
                });
                (label, seen)
            };
            Contents::Group(group.link_names().unwrap().into_iter().zip(group.labels().unwrap()).map(child).collect())
        }
        Object::Dataset(dataset) if dataset.dtype().has_addresses() => {
            let items = dataset.read().unwrap();
            let texts =
                items.bytes().chunks_exact(dataset.dtype().size()).flat_map(|place| items.string(place).to_vec());
            Contents::Dataset(dataset.words(), texts.collect())
        }
        Object::Dataset(dataset) => Contents::Dataset(dataset.words(), dataset.read().unwrap().bytes().to_vec()),
    };
    let attributes = object.attribute_names().unwrap().into_iter().map(attribute).collect();
    Seen { identity: object.summary().unwrap().identity, attributes, contents }
}

/// Has each call fail in turn, until the write gets by; returns how many there were.
fn fail_everywhere(group: &Group, write: impl Fn() -> crate::Result<()>) -> u64 {
    let before = see(&Object::Group(group.clone()));
    for calls in steps().map(|step| step as u64) {
        failing::after(Some(calls));
        let result = write();
        let has_come = failing::has_come();
        failing::after(None);
        match result {
            Ok(()) if !has_come => return calls,
            Ok(()) => panic!("the write does not care that call {calls} failed"),
            Err(error) => assert!(has_come, "call {calls}: {error}"),
        }
        let after = see(&Object::Group(group.clone()));
        assert!(before == after, "call {calls} failed: {before:#?} and {after:#?}");
        assert!(calls < 20_000);
    }
    unreachable!("steps have no end")
}

#[derive(Serialize)]
pub(super) struct State {
    #[serde(rename = "@version")]
    version: u32,
    #[serde(rename = "@author")]
    author: &'static str,
    step: u64,
    title: &'static str,
    positions: Vec<[f64; 3]>,
    points: Vec<(u8, f32)>,
    named: Vec<(String, Option<i32>)>,
    large: Vec<f64>,
    grid: NdArray<f32, ndarray::Ix2>,
    list: Vec<NdArray<i16, ndarray::Ix1>>,
    map: BTreeMap<(u8, u8), String>,
    shared: [Shared<Vec<u8>>; 2],
    labelled: WithAttrs<Vec<f64>, BTreeMap<&'static str, f64>>,
}

pub(super) fn state(seed: u32) -> State {
    let shared = Shared::from(vec![1, 2, 3]);
    State {
        version: seed,
        author: if seed == 1 { "Ada" } else { "Grace" },
        step: seed.into(),
        title: if seed == 1 { "one" } else { "another" },
        positions: vec![[f64::from(seed); 3]; 4],
        points: vec![(1, 0.5); 3],
        named: vec![("a".to_owned(), None), ("b".to_owned(), Some(1))],
        large: (0..3000).map(|step| f64::from(step * seed).sin()).collect(),
        grid: NdArray(ndarray::Array2::from_elem((20, 10), seed as f32)),
        list: (0..2).map(|len| NdArray(ndarray::Array1::ones(len))).collect(),
        map: BTreeMap::from([((1, 2), "x".to_owned())]),
        shared: [shared.clone(), shared],
        labelled: WithAttrs { value: vec![0.5], attrs: BTreeMap::from([("gain", 0.5)]) },
    }
}

/// A group with some children, of which no write is about.
pub(super) fn file() -> (File, Group) {
    let file = File::in_memory().unwrap();
    let root = file.root().unwrap();
    let group = root.create_group("group").unwrap();
    for (name, value) in [("first", json!(1)), ("second", json!({ "a": [1, 2, 3] }))] {
        crate::write(group.user(), name, &value).unwrap();
    }
    // Of other programs: names that are not UTF-8, or not escaped.
    for (name, label) in [("latin", c"caf\xe9"), ("literal", c"caf%E9"), ("percent", c"100%")] {
        crate::write(group.user(), name, &[1.5]).unwrap();
        group.move_label_unlinked(&CString::new(name).unwrap(), &group, label).unwrap();
        let dtype = Dtype::Number(Number::U8);
        group.write_labelled(label, &dtype, &Shape::Scalar, &[7]).unwrap();
    }
    (file, group)
}

/// What writes in chunks, too, and in all forms.
pub(super) fn options() -> Vec<WriteOptions> {
    vec![
        WriteOptions::new(),
        WriteOptions::new().deflate(1).fletcher32(true).above(500).chunk([700]),
        WriteOptions::new().lzf().above(500).strings(Strings::Packed).records(Records::Columns),
    ]
}

#[derive(Serialize)]
struct Latin {
    #[serde(rename = "@caf%E9%")]
    one: u8,
    #[serde(rename = "@caf%E9")]
    two: u8,
    #[serde(rename = "@100%")]
    percent: u8,
}

#[test]
fn new_values() {
    for options in options() {
        let (_file, group) = file();
        let calls = fail_everywhere(&group, || options.write(group.user(), "third", &state(1)));
        assert!(calls > 100, "{calls}");
        let calls = fail_everywhere(&group, || options.to_group(&state(2), group.user()));
        assert!(calls > 100, "{calls}");
        assert_eq!(
            ReadOptions::new().only(["step"]).from_group::<BTreeMap<String, u64>>(group.user()).unwrap()["step"],
            2
        );
        // A name that is taken is refused before anything is written.
        failing::after(Some(2));
        assert!(options.write(group.user(), "third", &state(1)).is_err());
        failing::after(None);
    }
}

#[test]
fn what_takes_the_place_of_others() {
    for options in options() {
        let options = options.overwrite(true);
        let (_file, group) = file();
        let large = |seed: u32| (0..2000).map(|step| step * seed).collect::<Vec<u32>>();
        options.write(group.user(), "large", &large(1)).unwrap();
        options.write(group.user(), "third", &state(1)).unwrap();
        group.user().link_soft("second/a", "path").unwrap();
        group.user().link_soft("nothing/at/all", "nowhere").unwrap();
        group.user().link_external("other.h5", "x", "elsewhere").unwrap();
        crate::write(group.user(), "last", &1.5).unwrap();
        let identity = |name: &str| group.open(name).unwrap().summary().unwrap().identity;
        let before = (identity("first"), identity("large"), identity("second"));
        // The same type and shape: into the dataset that is there.
        fail_everywhere(&group, || options.write(group.user(), "first", &7u64));
        fail_everywhere(&group, || options.write(group.user(), "large", &large(3)));
        assert_eq!(before, (identity("first"), identity("large"), identity("second")));
        assert_eq!(crate::read::<Vec<u32>>(group.user(), "large").unwrap(), large(3));
        // Names of others: with the same shape and another, as what comes is written.
        for name in ["caf%E9%", "caf%E9", "100%"] {
            fail_everywhere(&group, || options.write(group.user(), name, &[2.5]));
            fail_everywhere(&group, || options.write(group.user(), name, &[1, 2]));
            assert_eq!(crate::read::<[u8; 2]>(group.user(), name).unwrap(), [1, 2]);
        }
        fail_everywhere(&group, || options.to_group(&Latin { one: 1, two: 2, percent: 3 }, group.user()));
        // Another type, another shape, groups, and links to paths.
        fail_everywhere(&group, || options.write(group.user(), "first", "text"));
        fail_everywhere(&group, || options.write(group.user(), "large", &[1, 2]));
        fail_everywhere(&group, || options.write(group.user(), "third", &state(2)));
        fail_everywhere(&group, || options.write(group.user(), "path", &[4, 5, 6]));
        fail_everywhere(&group, || options.write(group.user(), "nowhere", &1));
        fail_everywhere(&group, || options.write(group.user(), "elsewhere", &1));
        assert_eq!(crate::read::<[u64; 3]>(&group.user().group("second").unwrap(), "a").unwrap(), [1, 2, 3]);
        assert_eq!(crate::read::<[u64; 3]>(group.user(), "path").unwrap(), [4, 5, 6]);
    }
}

#[test]
fn groups_that_are_filled_again() {
    for options in options() {
        let options = options.overwrite(true);
        let (_file, group) = file();
        options.to_group(&state(1), group.user()).unwrap();
        let names = group.link_names().unwrap();
        fail_everywhere(&group, || options.to_group(&state(2), group.user()));
        assert_eq!(group.link_names().unwrap(), names);
        // A value as a whole takes the place of another.
        let inner = group.create_group("inner").unwrap();
        options.to_group(&vec![("a", 1), ("b", 2)], inner.user()).unwrap();
        fail_everywhere(&inner, || options.to_group(&vec![Some(1), None], inner.user()));
        fail_everywhere(&inner, || options.to_group(&[1.5, 2.5], inner.user()));
        let value = inner.open("value").unwrap().summary().unwrap().identity;
        fail_everywhere(&inner, || options.to_group(&[3.5, 4.5], inner.user()));
        assert_eq!(inner.open("value").unwrap().summary().unwrap().identity, value);
        fail_everywhere(&inner, || options.to_group(&json!({ "x": 1 }), inner.user()));
        assert_eq!(crate::from_group::<serde_json::Value>(inner.user()).unwrap(), json!({ "x": 1 }));
        // But not of what others have put into a group.
        let refused = fail_after(&inner, || options.to_group(&[1.5], inner.user()));
        assert_eq!(refused.kind(), crate::ErrorKind::AlreadyExists);
    }
}

/// The error of a write that is refused, with all as it was.
fn fail_after(group: &Group, write: impl Fn() -> crate::Result<()>) -> crate::Error {
    let before = see(&Object::Group(group.clone()));
    let error = write().unwrap_err();
    assert_eq!(see(&Object::Group(group.clone())), before);
    error
}

/// An object that other links lead to is not changed for them.
#[test]
fn what_stands_elsewhere_stays() {
    let (_file, group) = file();
    let Object::Dataset(first) = group.open("first").unwrap() else { panic!("a dataset") };
    group.link("again", &first).unwrap();
    WriteOptions::new().overwrite(true).write(group.user(), "first", &9u64).unwrap();
    assert_eq!(crate::read::<u64>(group.user(), "first").unwrap(), 9);
    assert_eq!(crate::read::<u64>(group.user(), "again").unwrap(), 1);
}

#[test]
fn files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.h5");
    for options in options() {
        options.to_file(&path, &state(1)).unwrap();
        let before = std::fs::read(&path).unwrap();
        let mut last = 0;
        for calls in steps().map(|step| step as u64) {
            failing::after(Some(calls));
            let result = options.to_file(&path, &state(2));
            let has_come = failing::has_come();
            failing::after(None);
            if result.is_ok() && !has_come {
                break;
            }
            assert!(result.is_err() && has_come, "call {calls}");
            assert!(std::fs::read(&path).unwrap() == before, "call {calls}");
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "call {calls}");
            last = calls;
        }
        assert!(last > 100, "{last}");
        assert!(std::fs::read(&path).unwrap() != before);
    }
}

/// A list that the root of a file is to be is begun as a whole, or the root is empty.
#[test]
fn lists_of_the_root() {
    let file = File::in_memory().unwrap();
    let root = file.root().unwrap();
    let before = see(&Object::Group(root.clone()));
    let mut calls = 0;
    loop {
        failing::after(Some(calls));
        let begun = crate::Appender::<f64>::create(root.user(), "/");
        let has_come = failing::has_come();
        failing::after(None);
        match begun {
            Ok(mut appender) => {
                assert!(!has_come, "an appender does not care that call {calls} failed");
                appender.push(&1.5).unwrap();
                appender.finish().unwrap();
                break;
            }
            Err(error) => assert!(has_come, "call {calls}: {error}"),
        }
        assert_eq!(see(&Object::Group(root.clone())), before, "call {calls}");
        calls += 1;
    }
    assert!(calls > 10, "{calls}");
    assert_eq!(crate::from_group::<Vec<f64>>(root.user()).unwrap(), [1.5]);
}
