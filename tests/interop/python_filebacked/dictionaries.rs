//! Dictionaries, and what is in them, where the type that asks decides what they are.

use std::collections::{BTreeMap, HashMap};

use filebacked::{LazyMap, NdArray, from_slice};
use ndarray::{Ix1, array};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{options, round_trip};

type Inner = BTreeMap<String, i32>;

#[test]
fn entries_and_dictionaries_of_dictionaries() {
    let inner = || Inner::from([("key".to_owned(), 5), ("value".to_owned(), 7)]);
    round_trip(&BTreeMap::from([(0, inner()), (1, inner())]));
    round_trip(&BTreeMap::from([("0".to_owned(), inner())]));
    round_trip(&BTreeMap::from([((0, 1), inner())]));
    round_trip(&BTreeMap::from([(vec!["0".to_owned()], inner())]));
    round_trip(&HashMap::from([([1, 2], "a".to_owned()), ([3, 4], "b".to_owned())]));
    round_trip(&BTreeMap::from_iter(
        (0..12).map(|index| ((index, "x".repeat(index)), index)).filter(|(key, _)| key.0 > 20),
    ));

    // What is stored for both is the same.
    let entries = options().to_vec(&BTreeMap::from([((5,), 7)])).unwrap();
    assert_eq!(from_slice::<BTreeMap<(i32,), i32>>(&entries).unwrap(), BTreeMap::from([((5,), 7)]));
    let names: BTreeMap<i32, BTreeMap<String, Value>> = from_slice(&entries).unwrap();
    assert_eq!(names[&0], BTreeMap::from([("key".to_owned(), json!([5])), ("value".to_owned(), json!(7))]));
}

#[test]
fn keys_of_all_forms() {
    #[derive(Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord, Debug)]
    struct Id(u64);
    #[derive(Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord, Debug)]
    struct Place(i8, i8);
    #[derive(Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord, Debug)]
    enum Name {
        Left,
        Right,
    }
    #[derive(Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord, Debug)]
    enum Any {
        Number(i64),
        Text(String),
        Both(i64, i64),
    }
    round_trip(&BTreeMap::from([(Id(u64::MAX), 1)]));
    round_trip(&BTreeMap::from([(i128::MIN, 1)]));
    round_trip(&BTreeMap::from([('a', 1), ('ü', 2)]));
    round_trip(&BTreeMap::from([(Place(1, -1), 1), (Place(0, 0), 2)]));
    round_trip(&BTreeMap::from([(Name::Left, 1), (Name::Right, 2)]));
    round_trip(&BTreeMap::from([(Any::Number(0), 1), (Any::Text("Text".to_owned()), 2), (Any::Both(1, 2), 3)]));
    round_trip(&BTreeMap::from([(vec![vec![1], vec![]], 1)]));
    round_trip(&BTreeMap::from([([[1, 2], [3, 4]], 1)]));
    round_trip(&BTreeMap::<String, i32>::new());
    round_trip(&BTreeMap::<(i32, i32), i32>::new());
}

#[test]
fn many_entries_are_not_mixed_up() {
    let many = |count: i32| BTreeMap::from_iter((0..count).map(|index| ((index, -index), index.to_string())));
    round_trip(&many(25));
    round_trip(&many(1));
}

#[test]
fn lazy_maps() {
    #[derive(Serialize, Deserialize)]
    struct Maps {
        names: LazyMap<String, Vec<String>>,
        pairs: LazyMap<(i32, i32), NdArray<f64, Ix1>>,
    }
    let maps = || Maps {
        names: LazyMap::from_iter([("a".to_owned(), vec!["one".to_owned(), "two".to_owned()])]),
        pairs: LazyMap::from_iter([((1, 2), NdArray(array![0.5])), ((3, 4), NdArray(array![1.5]))]),
    };
    // What is not loaded is laid out for the package, too.
    let ours: Maps = from_slice(&filebacked::to_vec(&maps()).unwrap()).unwrap();
    let image = options().to_vec(&ours).unwrap();
    assert_eq!(image, options().to_vec(&maps()).unwrap());
    let theirs: Maps = from_slice(&image).unwrap();
    assert_eq!(theirs.names.get("a").unwrap().unwrap(), &["one", "two"]);
    assert_eq!(theirs.pairs.get(&(3, 4)).unwrap().unwrap(), &NdArray(array![1.5]));
}

#[test]
fn objects_of_classes_as_any_value() {
    #[derive(Serialize)]
    struct Model {
        rows: Vec<Vec<f64>>,
        names: Vec<&'static str>,
        by_name: BTreeMap<&'static str, i32>,
        nested: Vec<Nested>,
    }
    #[derive(Serialize)]
    struct Nested {
        x: i32,
    }
    let model = Model {
        rows: vec![vec![0.5], vec![1.5, 2.5]],
        names: vec!["a"; 12],
        by_name: BTreeMap::from([("0", 1), ("b", 2)]),
        nested: vec![Nested { x: 1 }],
    };
    let any: Value = from_slice(&options().to_vec(&model).unwrap()).unwrap();
    let expected = json!({
        "rows": [[0.5], [1.5, 2.5]],
        "names": vec!["a"; 12],
        "by_name": {"0": 1, "b": 2},
        "nested": [{"x": 1, "@class": "Nested", "@module": "__main__"}],
        "@class": "Model",
        "@module": "__main__",
    });
    assert_eq!(any, expected);
}
