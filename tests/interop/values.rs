//! Values of which no type is known: what they hold, and that they are written as they were read.

use std::collections::BTreeMap;
use std::path::Path;

use filebacked::value::{Array, Map, Number, Variant};
use filebacked::{ErrorKind, NdArray, Value, WithAttrs, from_file, from_slice, hdf5, to_file, to_vec};
use ndarray::array;
use num_complex::Complex64;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::common;

/// What any value is read as from what `value` is written as.
fn dynamic<T: ?Sized + Serialize>(value: &T) -> Value {
    from_slice(&to_vec(value).unwrap()).unwrap()
}

fn names(map: &Map) -> Vec<&str> {
    map.keys().map(String::as_str).collect()
}

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
enum Event {
    Quiet,
    Moved { dx: f64, dy: f64 },
    Tagged(String),
    Pair(u8, i16),
}

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
struct Track {
    id: u32,
    points: Vec<[f64; 2]>,
    events: Vec<Event>,
    last: Event,
    note: Option<String>,
    nested: Option<Option<i8>>,
    size: (u8, bool),
    labels: BTreeMap<String, i64>,
}

fn tracks() -> Vec<Track> {
    let event = |n: u32| match n % 4 {
        0 => Event::Quiet,
        1 => Event::Moved { dx: 0.5, dy: f64::from(n) },
        2 => Event::Tagged(format!("tag {n}")),
        _ => Event::Pair(7, -1),
    };
    (0..200)
        .map(|id| Track {
            id,
            points: vec![[0.5, 1.5]; id as usize % 3],
            events: (0..id % 5).map(event).collect(),
            last: event(id + 1),
            note: (id % 3 == 0).then(|| format!("note {id}")),
            nested: [None, Some(None), Some(Some(3))][id as usize % 3],
            size: (id as u8, id % 2 == 0),
            labels: (0..id % 3).map(|n| (format!("label {n}"), i64::from(n))).collect(),
        })
        .collect()
}

/// Writes a value, reads it without a type, writes that, and compares the bytes; then reads the type from it.
fn is_kept<T>(value: &T)
where
    T: Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let image = to_vec(value).unwrap();
    let any: Value = from_slice(&image).unwrap();
    let again = to_vec(&any).unwrap();
    assert_eq!(from_slice::<T>(&again).unwrap(), *value, "{any}");
    assert_eq!(from_slice::<Value>(&again).unwrap(), any);
    assert!(again == image, "not the same bytes: {}\n{}", shown(&image), shown(&again));
}

/// All that is in a file in memory.
fn shown(image: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.h5");
    std::fs::write(&path, image).unwrap();
    filebacked::tree(hdf5::File::open(&path).unwrap()).unwrap().to_string()
}

#[test]
fn what_is_written_by_types_comes_back_byte_for_byte() {
    is_kept(&1.5);
    is_kept(&"text".to_owned());
    is_kept(&"a\0b".to_owned());
    is_kept(&());
    is_kept(&None::<u8>);
    is_kept(&Some(None::<u8>));
    is_kept(&(i128::MIN, u128::MAX, -1_i128));
    is_kept(&serde_bytes::ByteBuf::from(vec![0, 255]));
    is_kept(&vec![1_u16, 2, 3]);
    is_kept(&Vec::<f64>::new());
    is_kept(&vec![vec![1_i8, 2], vec![3, 4]]);
    is_kept(&vec![vec![1_i8, 2], vec![3]]);
    is_kept(&vec!["a".to_owned(), "bc".to_owned()]);
    is_kept(&vec![Some(1), None, Some(3)]);
    is_kept(&vec![Some(1), Some(3)]);
    is_kept(&vec![Some(Some(1)), Some(None), None]);
    is_kept(&vec![(1, 0.5), (2, 1.5)]);
    is_kept(&vec![(1, "one".to_owned()), (2, "two".to_owned())]);
    is_kept(&(1, "one".to_owned(), [1, 2]));
    is_kept(&vec![i128::MAX, 0]);
    is_kept(&vec![(), ()]);
    is_kept(&BTreeMap::from([((1, true), 2.5), ((2, false), 3.5)]));
    is_kept(&BTreeMap::from([(-3, "x".to_owned()), (7, "y".to_owned())]));
    is_kept(&vec![BTreeMap::from([(1, 2)]), BTreeMap::new()]);
    is_kept(&vec![Event::Quiet, Event::Quiet]);
    is_kept(&NdArray(array![[1.0, 2.0], [3.0, 4.0]]));
    is_kept(&NdArray(ndarray::Array3::<u8>::zeros((0, 3, 2))));
    is_kept(&NdArray(array![Complex64::new(1.0, -2.0)]));
    is_kept(&vec![NdArray(array![1.0, 2.0]), NdArray(array![3.0])]);
    is_kept(&WithAttrs { value: NdArray(array![1.0]), attrs: BTreeMap::from([("unit".to_owned(), "m".to_owned())]) });
    is_kept(&WithAttrs { value: 1_u8, attrs: BTreeMap::from([("ids".to_owned(), vec![1, 2])]) });
    is_kept(&json!({"a": [1, null, "x", {"b": 2.5}], "c": {"d": [], "e": [[1], [2, 3]]}, "f": true}));
    is_kept(&tracks());
}

#[test]
#[cfg(feature = "sprs")]
fn a_sparse_matrix_stays_one() {
    let matrix = filebacked::Sparse(sprs::CsMat::<f64>::eye(4));
    let value = dynamic(&matrix);
    assert_eq!(value.attr("encoding-type").and_then(Value::as_str), Some("csr_matrix"));
    // Its attributes are strings of a fixed length, those of a value are not.
    assert_eq!(from_slice::<filebacked::Sparse<f64>>(&to_vec(&value).unwrap()).unwrap(), matrix);
    assert_eq!(dynamic(&value), value);
}

#[test]
fn what_is_there_can_be_asked_for() {
    let value = dynamic(&tracks());
    let list = value.as_list().unwrap();
    assert_eq!(list.len(), 200);
    let expected = "id points events last note nested size labels";
    assert_eq!(names(list[5].as_map().unwrap()).join(" "), expected);
    assert_eq!(value[5]["id"], 5_u32.into());
    assert_eq!((value[5]["id"].as_u64(), value[5]["id"].as_f64()), (Some(5), Some(5.0)));
    assert_eq!(value[5]["points"][1][1].as_f64(), Some(1.5));
    assert_eq!(value[4]["last"]["Moved"]["dy"].as_f64(), Some(5.0));
    assert_eq!(value[7]["last"].as_str(), Some("Quiet"));
    assert_eq!(value[3]["note"].as_str(), Some("note 3"));
    assert!(value[4]["note"].is_null() && value[200].is_null() && value["x"][3].is_null());
    assert_eq!(value.at("199/size/1").and_then(Value::as_bool), Some(false));
    assert_eq!(value.at("199/size/2"), None);
}

#[test]
fn numbers_are_exact() {
    assert_eq!(dynamic(&u64::MAX).as_f64(), None);
    assert_eq!(dynamic(&u64::MAX).as_u64(), Some(u64::MAX));
    assert_eq!(dynamic(&-1_i8).as_u64(), None);
    assert_eq!(dynamic(&2.0_f32).as_i64(), Some(2));
    assert_eq!(dynamic(&2.5).as_i64(), None);
    assert_eq!(dynamic(&i128::MIN), Value::Number(Number::I128(i128::MIN)));
    assert_eq!(dynamic(&1_u128), Value::Number(Number::U128(1)));
    assert_eq!(Number::F64(f64::NAN).to_i128(), None);
    assert_eq!(Number::I128(i128::MAX).to_f64(), None);
    assert_eq!(Number::U128(u128::MAX).to_f64(), None);
    assert_eq!(Number::F64(1e300).to_i128(), None);
    let large = Array::from(array![1_i64, i64::MAX]);
    let error = large.to_f64().unwrap_err();
    assert_eq!((error.kind(), error.to_string()), (ErrorKind::OutOfRange, LARGE.to_owned()));
    assert_eq!((large.get(&[0]), large.get(&[2]), large.get(&[0, 0])), (Some(1_i64.into()), None, None));
}

const LARGE: &str = "`f64` does not hold all elements of an array of `i64` exactly";

#[test]
fn files_of_h5py_are_read_and_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("h5py.h5"), folder.path().join("copy.h5"));
    common::python("values.py", [&path]);
    let value: Value = from_file(&path).unwrap();

    let expected = "grid complex flags names none step table colours ragged inner empty";
    assert_eq!(names(value.as_map().unwrap()).join(" "), expected);
    let attrs = value.attrs().unwrap();
    assert_eq!(names(attrs).join(" "), "title version range authors");
    assert_eq!((value.attr("title").and_then(Value::as_str), &attrs["version"]), (Some("from h5py"), &3_i16.into()));
    assert_eq!(attrs["range"], array![0.5, 1.5].into());
    assert_eq!(attrs["authors"], Value::List(vec!["Ada".into(), "Grace".into()]));
    let grid = value["grid"].as_array().unwrap();
    assert_eq!((grid.shape(), grid.type_name()), (&[2, 3, 4][..], "f32"));
    assert_eq!(grid.get(&[1, 2, 3]), Some(23_f32.into()));
    assert_eq!(value["grid"].attr("unit"), Some(&"m".into()));
    assert_eq!(value["complex"], array![Complex64::new(1.0, 2.0), Complex64::new(3.0, -4.0)].into());
    assert_eq!(value["flags"], array![[true, false]].into());
    assert_eq!(value["names"][1].as_str(), Some("zwei"));
    assert!(value["none"].is_null());
    assert_eq!(value["step"], 7_u8.into());
    assert_eq!(value["table"][1]["at"][0].as_f64(), Some(2.5));
    let blue = Variant::new("BLUE", 2, None);
    assert_eq!(value["colours"][0], Value::Variant(blue));
    assert_eq!(value["ragged"][0].as_list().map(<[_]>::len), Some(3));
    assert_eq!(value.at("inner/again"), Some(&7_u8.into()));
    assert_eq!(value["empty"], Value::Map(Map::new()));

    to_file(&copy, &value).unwrap();
    assert_eq!(from_file::<Value>(&copy).unwrap(), value);
    let file = hdf5::File::open(&copy).unwrap();
    assert_eq!(file.dataset("table").unwrap().shape(), [2]);
    assert_eq!(file.dataset("grid").unwrap().shape(), [2, 3, 4]);
    let colours = file.dataset("colours").unwrap().dtype().unwrap().to_descriptor().unwrap().to_string();
    assert!(colours.starts_with("enum"), "{colours}");
}

#[test]
fn what_cannot_be_read_is_said_and_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("references.h5");
    common::python("values.py", [&folder.path().join("other.h5"), &path]);
    let value: Value = from_file(&path).unwrap();
    assert_eq!(value["there"].as_array(), Some(&array![1_i64, 2].into()));
    let Value::Unreadable(why) = &value["regions"] else { panic!("{value}") };
    assert!(why.contains("cannot be read"), "{why}");
    assert!(matches!(value["there"].attr("region").map(Value::inner), Some(Value::Unreadable(_))), "{value}");
    let error = to_vec(&value["regions"]).unwrap_err().to_string();
    assert!(error.starts_with("what could not be read cannot be written"), "{error}");
}

#[test]
fn other_formats_have_what_they_can() {
    let any = dynamic(&json!({"a": [1, 2], "b": {"c": "x", "d": null}, "e": [{"f": 1.5}, {"f": 2.5}]}));
    let text = serde_json::to_string(&any).unwrap();
    assert_eq!(text, r#"{"a":[1,2],"b":{"c":"x","d":null},"e":[{"f":1.5},{"f":2.5}]}"#);
    let back: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(back["e"][1]["f"].as_f64(), Some(2.5));
    assert_eq!(serde_json::to_string(&back).unwrap(), text);
    // Arrays are sequences of sequences there, and attributes beside the value.
    let grid = Value::from(array![[1, 2], [3, 4]]).with_attr("unit", "m");
    assert_eq!(serde_json::to_string(&grid).unwrap(), r#"{"value":[[1,2],[3,4]],"attrs":{"unit":"m"}}"#);
    let packed = rmp_serde::to_vec(&any).unwrap();
    assert_eq!(rmp_serde::from_slice::<Value>(&packed).unwrap()["b"]["c"].as_str(), Some("x"));
}

#[test]
fn values_are_made_and_changed() {
    let mut value = Value::from_iter([
        ("name", Value::from("plate")),
        ("size", Value::from(Some(3))),
        ("none", Value::from(None::<bool>)),
        ("parts", Value::from_iter([Value::from(1.5), Value::from("two")])),
    ])
    .with_attr("version", 1_u8)
    .with_attr("version", 2_u8);
    value.as_map_mut().unwrap().insert("more".to_owned(), array![true].into());
    let back = dynamic(&value);
    assert_eq!(back, value);
    assert_eq!(back.attr("version"), Some(&2_u8.into()));
    // Types read it as what they are.
    #[derive(Deserialize, PartialEq, Debug)]
    struct Plate {
        #[serde(rename = "@version")]
        version: u8,
        name: String,
        size: Option<i32>,
        more: Vec<bool>,
    }
    let plate: Plate = from_slice(&to_vec(&value).unwrap()).unwrap();
    assert_eq!(plate, Plate { version: 2, name: "plate".to_owned(), size: Some(3), more: vec![true] });
}

#[test]
fn records_with_too_many_names_are_written_as_maps() {
    let long = "x".repeat(30_000);
    let fields = (0..40).map(|n| (format!("{long}{n}"), Value::from(n)));
    let value = Value::from(vec![fields.collect::<Value>(); 2]);
    assert_eq!(dynamic(&value), value);
}

#[test]
fn a_tree_shows_what_is_there() {
    let track = &tracks()[6];
    let value = Value::from_iter([
        ("track".to_owned(), dynamic(track)),
        ("tracks".to_owned(), dynamic(&tracks()[..6])),
        ("grid".to_owned(), Value::from(ndarray::Array2::<f32>::zeros((20, 30))).with_attr("unit", "m")),
        ("bytes".to_owned(), Value::Bytes(vec![1; 5])),
        ("empty".to_owned(), Value::List(Vec::new())),
        ("pairs".to_owned(), dynamic(&BTreeMap::from([((1, true), 2.5)]))),
        ("long".to_owned(), Value::from("x".repeat(1000))),
    ]);
    assert_eq!(value.to_string(), TREE);
    assert_eq!(Value::from(1.5).to_string(), "1.5");
}

const TREE: &str = r#"├─ track
│  ├─ id: 6
│  ├─ points: f64 (0,)
│  ├─ events: [Quiet]
│  ├─ last
│  │  └─ Pair: (7, -1)
│  ├─ note: "note 6"
│  ├─ nested: none
│  ├─ size: (6, true)
│  └─ labels: {}
├─ tracks: list of 6
│  ├─ 0
│  │  ├─ id: 0
│  │  ├─ points: []
│  │  ├─ events: []
│  │  ├─ last: Moved
│  │  │  ├─ dx: 0.5
│  │  │  └─ dy: 1.0
│  │  ├─ note: "note 0"
│  │  ├─ nested: none
│  │  ├─ size: (0, true)
│  │  └─ labels: {}
│  ├─ 1
│  │  ├─ id: 1
│  │  ├─ points: [(0.5, 1.5)]
│  │  ├─ events: [Quiet]
│  │  ├─ last: Tagged("tag 2")
│  │  ├─ note: none
│  │  ├─ nested: none
│  │  ├─ size: (1, false)
│  │  └─ labels
│  │     └─ label 0: 0
│  ├─ 2
│  │  ├─ id: 2
│  │  ├─ points: [(0.5, 1.5), (0.5, 1.5)]
│  │  ├─ events: list of 2
│  │  │  ├─ 0: Quiet
│  │  │  └─ 1: Moved
│  │  │     ├─ dx: 0.5
│  │  │     └─ dy: 1.0
│  │  ├─ last: Pair((7, -1))
│  │  ├─ note: none
│  │  ├─ nested: 3
│  │  ├─ size: (2, true)
│  │  └─ labels
│  │     ├─ label 0: 0
│  │     └─ label 1: 1
│  └─ ... 3 more
├─ grid: f32 (20, 30) 0.0, 0.0, 0.0, 0.0, ...
│  └─ @unit: "m"
├─ bytes: 5 bytes
├─ empty: []
├─ pairs: map of 1
│  └─ (1, true): 2.5
└─ long: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"...
"#;

#[test]
fn a_value_nests_as_deep_as_others() {
    let mut value = Value::from(1);
    for _ in 0..100 {
        value = Value::from_iter([("inner", value)]);
    }
    assert_eq!(dynamic(&value), value);
    for _ in 0..100 {
        value = Value::from_iter([("inner", value)]);
    }
    assert_eq!(to_vec(&value).unwrap_err().kind(), ErrorKind::TooDeep);
}

#[test]
fn it_is_a_field_like_any_other() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Run {
        step: u32,
        settings: Value,
        more: Vec<Value>,
        #[serde(flatten)]
        rest: BTreeMap<String, Value>,
    }
    let settings = Value::from_iter([("grid", array![[1.5, 2.5]].into()), ("name", "x".into())]);
    let more = vec![Value::from(array![1, 2]), "x".into(), settings.clone()];
    let rest = BTreeMap::from([("other".to_owned(), Value::from(7))]);
    let run = Run { step: 3, settings, more, rest };
    let folder = tempfile::tempdir().unwrap();
    let path: &Path = &folder.path().join("run.h5");
    to_file(path, &run).unwrap();
    assert_eq!(from_file::<Run>(path).unwrap(), run);
}
