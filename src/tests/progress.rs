//! Paths that calls tell of are paths that the options take.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::ground::link_name::unescape_step;
use crate::ground::progress::testing;
use crate::{ErrorKind, Progress, ReadOptions, Result, WriteOptions};

#[derive(Serialize, Deserialize, Clone)]
enum Form {
    Empty,
    Circle(f64),
    Box { width: Vec<f64>, height: Vec<String> },
}

/// What is stored in one way or another.
#[derive(Serialize, Deserialize, Clone)]
struct Part {
    nodes: Vec<f64>,
    texts: Vec<String>,
    long: Vec<String>,
    option: Option<Option<u8>>,
    options: Vec<Option<String>>,
    form: Form,
    forms: Vec<Form>,
    pair: (u8, Vec<f64>),
    nested: Vec<Vec<f64>>,
    bytes: Vec<Vec<u8>>,
    wide: Vec<i128>,
    arrays: Vec<crate::NdArray<f64, ndarray::Ix1>>,
    pairs: BTreeMap<(u8, u8), Vec<f64>>,
    deep: Vec<Vec<Option<Vec<String>>>>,
    maps: Vec<BTreeMap<String, f64>>,
    mixed: Vec<serde_json::Value>,
    records: Vec<BTreeMap<String, Vec<String>>>,
    #[serde(rename = "value")]
    called_value: Vec<Option<u8>>,
    tag: Vec<Form>,
}

fn part() -> Part {
    let long = "x".repeat(1000);
    let boxed = Form::Box { width: vec![0.5; 2], height: vec!["a".to_owned(), long.clone()] };
    let forms = vec![boxed.clone(), Form::Circle(1.5), Form::Empty];
    Part {
        nodes: vec![0.5; 10],
        texts: vec!["a".to_owned(), "b\0".to_owned()],
        long: vec![long, String::new()],
        option: Some(None),
        options: vec![None, Some("x".to_owned())],
        form: boxed,
        forms: forms.clone(),
        pair: (1, vec![0.5]),
        nested: vec![vec![0.5], vec![1.5, 2.5]],
        bytes: vec![vec![1], vec![2, 3]],
        wide: vec![1, -1],
        arrays: (1..3).map(|len| crate::NdArray(ndarray::Array1::ones(len))).collect(),
        pairs: BTreeMap::from([((1, 2), vec![0.5]), ((1, 3), vec![])]),
        deep: vec![vec![None, Some(vec!["x".to_owned()])]],
        maps: vec![BTreeMap::from([("a".to_owned(), 0.5)]), BTreeMap::new()],
        mixed: vec![json!({ "a": [1, "x"] }), json!(1)],
        records: vec![BTreeMap::from([("a".to_owned(), vec!["x".to_owned()])]); 2],
        called_value: vec![None, Some(1)],
        tag: forms,
    }
}

/// All paths that a call tells of.
fn told(call: impl FnOnce(Box<dyn Fn(&Progress) + Send + Sync>) -> Result<()>) -> BTreeSet<String> {
    let paths = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = Arc::clone(&paths);
    let tell = move |progress: &Progress| {
        seen.lock().unwrap().insert(progress.path().to_owned());
    };
    testing::always(|| call(Box::new(tell))).unwrap();
    paths.lock().unwrap().clone()
}

/// Each path that is told of is one for the options, whatever is stored there and however.
#[test]
fn paths_are_paths_for_the_options() {
    type Written = BTreeMap<String, Part>;
    type All = BTreeMap<String, BTreeMap<String, crate::Value>>;
    let keys = ["a/*", "other"];
    let value: Written = keys.iter().map(|key| ((*key).to_owned(), part())).collect();
    let image = WriteOptions::new().to_vec(&value).unwrap();
    let mut written = told(|tell| WriteOptions::new().progress(tell).to_vec(&value).map(drop));
    let mut read = told(|tell| ReadOptions::new().progress(tell).from_slice::<Written>(&image).map(drop));
    for paths in [&mut written, &mut read] {
        // At the end, that of the whole value.
        assert!(paths.remove("/"));
        for path in ["nodes", "long", "form/Box/width", "forms/Box", "pair/1", "deep", "mixed/a", "value", "tag/Box"] {
            let path = format!("/a%2F%2A/{path}");
            assert!(paths.iter().any(|told| told.starts_with(&path)), "{path}");
        }
        paths.retain(|path| path.starts_with("/a"));
    }
    let all: All = ReadOptions::new().from_slice(&image).unwrap();
    for path in written.union(&read) {
        let read = ReadOptions::new().skip([path]).from_slice::<All>(&image);
        let mut left = read.unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut steps = path.split('/').skip(1);
        let key = unescape_step(steps.next().unwrap());
        match (steps.next(), left.remove(&key)) {
            (None, left) => assert!(left.is_none(), "{path}"),
            (Some(field), Some(left)) => {
                let changed: Vec<_> = all[&key].iter().filter(|(name, value)| left.get(*name) != Some(value)).collect();
                let changed: Vec<_> = changed.iter().map(|(name, _)| name.as_str()).collect();
                // Elements, positions of tuples and variants are never left out themselves.
                let last = steps.last().unwrap_or_default();
                let is_kept = ["0", "1", "Box", "Circle"].contains(&last) && changed.is_empty();
                assert!(is_kept || changed == [field], "{path}: {changed:?}");
            }
            (Some(_), None) => panic!("{path} takes more than it says"),
        }
        assert!(left.iter().all(|(name, left)| all[name] == *left), "{path} is about nothing else");
        WriteOptions::new().skip([path]).to_vec(&value).unwrap();
        WriteOptions::new().only([path]).to_vec(&value).unwrap();
        WriteOptions::new().at(path, |d| d.deflate(1)).to_vec(&value).unwrap();
    }
}

/// The same of keys of all sorts, in a group of a file whose name is one of them.
#[test]
fn paths_of_odd_names() {
    type Map = BTreeMap<String, Vec<f64>>;
    let keys =
        ["a", "a/b", "*", "**", "[0]", "[x", "%", "", ".", "..", "a.b", "50%", "%2A", "%2F", "x*y", "two words", "@x"];
    let value: Map = keys.iter().map(|key| ((*key).to_owned(), vec![0.5; 2])).collect();
    let folder = tempfile::tempdir().unwrap();
    let file = hdf5::File::create(folder.path().join("odd.h5")).unwrap();
    for outer in ["a", "*", "[0]", "50%25", "%2A", "%"] {
        crate::write(&file, outer, &value).unwrap();
        let mut paths = told(|tell| ReadOptions::new().progress(tell).read::<Map>(&file, outer).map(drop));
        let options = WriteOptions::new().overwrite(true);
        paths.append(&mut told(|tell| options.clone().progress(tell).write(&file, outer, &value)));
        assert_eq!(paths.len(), keys.len() + 1, "{paths:?}");
        let mut left_out = BTreeSet::new();
        for path in paths {
            let options = ReadOptions::new().skip([&path]);
            match options.read::<Map>(&file, outer) {
                Ok(left) => {
                    let gone: Vec<_> = value.keys().filter(|key| !left.contains_key(*key)).collect();
                    assert_eq!(gone.len(), 1, "{path}");
                    left_out.extend(gone.into_iter().cloned());
                    let image =
                        WriteOptions::new().skip([format!("/{}", path.rsplit('/').next().unwrap())]).to_vec(&value);
                    assert!(crate::from_slice::<Map>(&image.unwrap()).unwrap() == left, "{path}");
                }
                // The value as a whole.
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Unsupported, "{path}: {error}");
                    assert!(ReadOptions::new().only([&path]).read::<Map>(&file, outer).unwrap() == value);
                }
            }
        }
        assert_eq!(left_out.len(), keys.len());
    }
}
