//! Maps in columns: which are, and that all come back, whatever reads them.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use filebacked::{ErrorKind, Maps, NdArray, Shared, Value, WithAttrs, WriteOptions, from_slice, hdf5};
use indexmap::IndexMap;
use ndarray::array;
use serde::de::DeserializeOwned;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::json;

fn columns() -> WriteOptions {
    WriteOptions::new().maps(Maps::Columns)
}

/// The paths of the objects that are stored for a value, without the root.
fn objects(options: &WriteOptions, value: &impl Serialize) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("value.h5");
    options.to_file(&path, value).unwrap_or_else(|error| panic!("{error}"));
    fn add(group: &hdf5::Group, path: &str, paths: &mut Vec<String>) {
        let mut names = group.member_names().unwrap();
        names.sort();
        for name in names {
            let path = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
            paths.push(path.clone());
            if let Ok(group) = group.group(&name) {
                add(&group, &path, paths);
            }
        }
    }
    let mut paths = Vec::new();
    add(&hdf5::File::open(path).unwrap(), "", &mut paths);
    paths
}

/// Writes a value with its maps in columns, reads it, also without a type, and writes that in columns; returns what is stored.
#[track_caller]
fn round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) -> String {
    let image = columns().to_vec(value).unwrap_or_else(|error| panic!("{value:?}: {error}"));
    let stored = objects(&columns(), value).join(" ");
    let back: T = from_slice(&image).unwrap_or_else(|error| panic!("{value:?}: {error}\n{stored}"));
    assert_eq!(back, *value, "{stored}");
    let any: Value = from_slice(&image).unwrap();
    let again = columns().to_vec(&any).unwrap_or_else(|error| panic!("{any}: {error}"));
    assert_eq!(from_slice::<T>(&again).unwrap(), *value, "{any}");
    assert_eq!(from_slice::<Value>(&again).unwrap(), any);
    stored
}

fn text(text: &str) -> String {
    text.to_owned()
}

#[derive(Serialize, Deserialize, PartialEq, Eq, Hash, PartialOrd, Ord, Clone, Copy, Debug)]
enum Side {
    Left,
    Right,
}

#[derive(Serialize, Deserialize, PartialEq, Clone, Debug)]
struct Case {
    load: f64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    steps: Vec<u32>,
    label: Option<String>,
}

#[derive(Serialize, Deserialize, PartialEq, Clone, Debug)]
enum Shape {
    Empty,
    Circle(f64),
    Box { width: f64, height: f64 },
}

/// Values of one type are a sequence, whatever it is.
#[test]
fn maps_of_values_of_one_type() {
    let keys = || ["a", "b/c", ".", "", "d%e", "ü"].map(text);
    fn map<T>(keys: [String; 6], value: impl Fn(usize) -> T) -> BTreeMap<String, T> {
        keys.into_iter().enumerate().map(|(n, key)| (key, value(n))).collect()
    }
    let case = |n: usize| Case {
        load: n as f64,
        steps: vec![7; n % 3],
        label: n.is_multiple_of(2).then(|| format!("case {n}")),
    };
    let shape = |n: usize| match n % 3 {
        0 => Shape::Circle(n as f64),
        1 => Shape::Empty,
        _ => Shape::Box { width: 0.5, height: n as f64 },
    };
    macro_rules! check {
        ($($value:expr => $stored:literal;)*) => {
            $(assert_eq!(round_trip(&$value), $stored, "{}", stringify!($value));)*
        };
    }
    check! {
        map(keys(), |n| n as f64) => "keys values";
        map(keys(), |n| n as u8) => "keys values";
        map(keys(), |n| n % 2 == 0) => "keys values";
        map(keys(), |n| n as i128 - 3) => "keys values";
        map(keys(), |n| format!("text {n}")) => "keys values";
        map(keys(), |n| vec![n as f64; n]) => "keys values values/offsets values/values";
        map(keys(), |n| vec![n as f64; 3]) => "keys values";
        map(keys(), |n| [n as f64; 3]) => "keys values";
        map(keys(), |n| vec![vec![n as f64; n]; 2]) => "keys values values/offsets values/values values/values/offsets values/values/values";
        map(keys(), |n| vec![text("x"); n]) => "keys values values/offsets values/values";
        map(keys(), |n| (n as u8, 0.5)) => "keys values";
        map(keys(), |n| (n % 2 == 0).then_some(n as f64)) => "keys values values/mask values/values";
        map(keys(), |_| ()) => "keys values";
        map(keys(), |n| serde_bytes::ByteBuf::from(vec![0; n])) => "keys values values/offsets values/values";
        map(keys(), |n| if n == 0 { Side::Left } else { Side::Right }) => "keys values";
        map(keys(), case) => "keys values values/label values/label/mask values/label/values values/load values/steps \
            values/steps/mask values/steps/values values/steps/values/offsets values/steps/values/values";
        map(keys(), shape) => "keys values values/Box values/Circle values/tag";
        map(keys(), |n| BTreeMap::from([(n as i32, 0.5)])) => "keys values values/keys values/offsets values/values";
        BTreeMap::<String, f64>::new() => "keys values";
        BTreeMap::from([(text("one"), vec![1.5])]) => "keys values";
        BTreeMap::from([(1_u8, text("x")), (200, text("y"))]) => "keys values";
        BTreeMap::from([('x', 1.5), ('é', 2.5)]) => "keys values";
        BTreeMap::from([(false, 1.5), (true, 2.5)]) => "keys values";
        BTreeMap::from([(Side::Left, 1.5), (Side::Right, 2.5)]) => "keys values";
        BTreeMap::from([((1, 2), 1.5), ((3, 4), 2.5)]) => "keys values";
        BTreeMap::from([(text("a\0b"), 1.5), (text("c"), 2.5)]) => "keys keys/bytes keys/offsets values";
        HashMap::from([(text("a"), vec![1.5]), (text("b"), vec![])]) => "keys values values/offsets values/values";
        IndexMap::<String, u8>::from_iter([(text("z"), 1), (text("a"), 2)]) => "keys values";
        Some(BTreeMap::from([(text("a"), 1.5)])) => "keys values";
        BTreeMap::from([("x".repeat(40_000), 1.5)]) => "keys values";
    }
    let ordered = IndexMap::<String, u8>::from_iter([(text("z"), 1), (text("a"), 2)]);
    let back: IndexMap<String, u8> = from_slice(&columns().to_vec(&ordered).unwrap()).unwrap();
    assert!(back.keys().eq(ordered.keys()));
}

/// What two sequences do not suit is a group, as without the option.
#[test]
fn other_maps_are_groups() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Flat {
        name: String,
        #[serde(flatten)]
        rest: BTreeMap<String, String>,
    }
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(tag = "type")]
    enum Tagged {
        Labels(BTreeMap<String, String>),
        Point { x: f64, y: f64 },
    }
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Point {
        x: f64,
        y: f64,
    }
    let arrays = || BTreeMap::from([(text("a"), NdArray(array![1.0, 2.0])), (text("b"), NdArray(array![3.0]))]);
    let labels = BTreeMap::from([(text("a"), text("b"))]);
    macro_rules! check {
        ($($value:expr => $stored:literal;)*) => {
            $({
                let value = $value;
                assert_eq!(round_trip(&value), $stored, "{}", stringify!($value));
                assert_eq!(objects(&WriteOptions::new(), &value), objects(&columns(), &value));
            })*
        };
    }
    check! {
        json!({"a": 1, "b": "two"}) => "a b";
        json!({"a": 1.5, "b": null}) => "a b";
        json!({"a": [1, "x"], "b": [2]}) => "a a/string a/tag a/u64 b";
        Point { x: 1.5, y: 2.5 } => "x y";
        Flat { name: text("n"), rest: labels.clone() } => "a name";
        Tagged::Labels(labels.clone()) => "a type";
        Tagged::Point { x: 1.5, y: 2.5 } => "type x y";
        arrays() => "a b";
        BTreeMap::from([(text("a"), Shared::from(1.5)), (text("b"), Shared::from(2.5))]) => "a b";
    }
    let attrs = BTreeMap::from([("a", WithAttrs { value: 1.5, attrs: BTreeMap::from([("unit", "m")]) })]);
    assert_eq!(objects(&columns(), &attrs), ["a"]);
    // In a struct, and in each other.
    let nested = BTreeMap::from([(text("outer"), json!({"one": {"x": 1.5}, "two": {"x": 2.5, "y": 3.5}}))]);
    assert_eq!(round_trip(&nested), "keys values values/one values/one/x values/two values/two/x values/two/y");
    // What came before a value of another type is in the group, too.
    let late = BTreeMap::from_iter((0..100).map(|n| (format!("{n:03}"), if n == 99 { json!("x") } else { json!(n) })));
    assert_eq!(objects(&columns(), &late).len(), 100);
    round_trip(&late);
}

/// Numbers keep their types where no type says them, and so does all else.
#[test]
fn values_come_back_equal() {
    let maps = [
        Value::from_iter([("a", Value::from(1_u8)), ("b", Value::from(-1_i8))]),
        Value::from_iter([("a", Value::from(1_u8)), ("b", Value::from(2_u8))]),
        Value::from_iter([("a", Value::Null), ("b", Value::from(2_u8))]),
        Value::from_iter([("a", Value::from(2_u8)), ("b", Value::Null)]),
        Value::from_iter([("a", Value::Null), ("b", Value::Null)]),
        Value::from_iter([("a", Value::Unit), ("b", Value::from(2_u8))]),
        Value::from_iter([("a", Value::from(1.5)), ("b", Value::from("x"))]),
        Value::from_iter([("a", Value::from("x")), ("b", Value::from("y"))]),
        Value::from_iter([("a", array![1.5, 2.5].into()), ("b", array![3.5].into())] as [(&str, Value); 2]),
        Value::from_iter([("a", Value::from(1.5).with_attr("unit", "m"))]),
        Value::from_iter([
            ("a", Value::from_iter([("x", Value::from(1_u8))])),
            ("b", Value::from_iter([("x", Value::from(-1_i8))])),
        ]),
        Value::from_iter([
            ("a", Value::from_iter([("x", Value::from(1_u8)), ("y", Value::from(-1_i8))])),
            ("b", Value::from_iter([("y", Value::from(-1_i8)), ("x", Value::from(1_u8))])),
        ]),
        Value::from_iter([
            ("a", Value::from_iter([("x", Value::from(1_u8))])),
            ("b", Value::from_iter([("y", Value::from("text"))])),
        ]),
        Value::from_iter::<[(&str, Value); 0]>([]),
    ];
    for map in maps {
        for value in [map.clone(), Value::from_iter([("outer", map)])] {
            let image = columns().to_vec(&value).unwrap();
            assert_eq!(from_slice::<Value>(&image).unwrap(), value, "{value}");
        }
    }
    let twice = Value::Pairs(vec![("a".into(), 1.5.into()), ("a".into(), 2.5.into())]);
    assert_eq!(from_slice::<Value>(&columns().to_vec(&twice).unwrap()).unwrap(), twice);
}

/// A file of groups is the same without a type, in columns.
#[test]
fn a_value_of_a_file_of_groups_is_kept() {
    let json = json!({
        "series": {"a": [0.5, 1.5], "b": [2.5]}, "names": {"x": "one", "y": "two"}, "mixed": {"p": 1, "q": [true]},
        "deep": {"one": {"k": [1, 2]}, "two": {"k": [3]}}, "empty": {},
    });
    let value: Value = from_slice(&filebacked::to_vec(&json).unwrap()).unwrap();
    let image = columns().to_vec(&value).unwrap();
    assert_eq!(from_slice::<Value>(&image).unwrap(), value);
    assert_eq!(from_slice::<serde_json::Value>(&image).unwrap(), json);
}

#[test]
fn structs_and_enums_are_read_from_columns() {
    #[derive(Deserialize, PartialEq, Debug)]
    struct Both {
        left: Vec<f64>,
        right: Vec<f64>,
    }
    #[derive(Deserialize, PartialEq, Debug)]
    enum Either {
        #[serde(rename = "left")]
        Left(Vec<f64>),
    }
    let map = |keys: &[&str]| -> BTreeMap<String, Vec<f64>> {
        keys.iter().enumerate().map(|(n, key)| (text(key), vec![0.5; n])).collect()
    };
    let image = columns().to_vec(&map(&["left", "other", "right"])).unwrap();
    assert_eq!(from_slice::<Both>(&image).unwrap(), Both { left: vec![], right: vec![0.5; 2] });
    let image = columns().to_vec(&map(&["left"])).unwrap();
    assert_eq!(from_slice::<Either>(&image).unwrap(), Either::Left(vec![]));
    let error = from_slice::<Both>(&image).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingField, "{error}");
    // And wrong values say where they are.
    let error = from_slice::<BTreeMap<String, Vec<u8>>>(&columns().to_vec(&map(&["a", "b"])).unwrap()).unwrap_err();
    assert_eq!(error.hdf5_path(), "/values/values", "{error}");
}

#[derive(Serialize)]
struct Both<'a> {
    series: &'a serde_json::Value,
    other: &'a serde_json::Value,
}

#[test]
fn at_paths() {
    let run = json!({"series": {"a": [0.5, 1.5], "b": [2.5]}, "other": {"a": [0.5], "b": [2.5]}});
    let only = WriteOptions::new().at("series", |d| d.maps(Maps::Columns));
    assert_eq!(
        objects(&only, &run).join(" "),
        "other other/a other/b series series/keys series/values series/values/offsets series/values/values"
    );
    let but = columns().at("other", |d| d.maps(Maps::Groups));
    assert_eq!(
        objects(&but, &Both { series: &run["series"], other: &run["other"] }).join(" "),
        "other other/a other/b series series/keys series/values series/values/offsets series/values/values"
    );
    let error = WriteOptions::new().at("serie", |d| d.maps(Maps::Columns)).to_vec(&run).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("there is no `serie` in the value"), "{error}");
    // Entries are left out by their keys.
    type Run = BTreeMap<String, BTreeMap<String, Vec<f64>>>;
    let read = |options: WriteOptions| from_slice::<Run>(&options.to_vec(&run).unwrap()).unwrap();
    assert!(read(columns().skip(["series/a"]))["series"].keys().eq(["b"]));
    assert!(read(columns().only(["*/b"]))["series"].keys().eq(["b"]));
    let image = columns().to_vec(&run).unwrap();
    let read = |paths: &[&str]| filebacked::ReadOptions::new().skip(paths).from_slice::<Run>(&image).unwrap();
    assert!(read(&["series"]).keys().eq(["other"]));
    assert!(read(&["*/a"])["series"].keys().eq(["b"]));
    // What is said of all values reaches them.
    let long = BTreeMap::from([(text("a"), vec![0.5; 5000]), (text("b"), vec![1.5; 5001])]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.h5");
    columns().at("*", |d| d.deflate(4)).to_file(&path, &long).unwrap();
    assert!(hdf5::File::open(&path).unwrap().dataset("values/values").unwrap().is_chunked());
}

/// Errors say in which entry they are.
#[test]
fn values_that_cannot_be_written() {
    struct Bad;
    impl Serialize for Bad {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("no"))
        }
    }
    let error = columns().to_vec(&BTreeMap::from([("series", BTreeMap::from([("a/b", Bad)]))])).unwrap_err();
    assert_eq!(
        (error.to_string(), error.path().to_string()),
        (text("no; at `series/a%2Fb`, HDF5 path `/`"), text("series/a%2Fb"))
    );
}

/// A map that says no length, as hand-written ones may, is taken for a struct.
#[test]
fn a_map_without_a_length_is_a_group() {
    struct Lengthless;
    impl Serialize for Lengthless {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(None)?;
            map.serialize_entry(&"a", &1.5)?;
            map.serialize_entry(&"b", &2.5)?;
            map.end()
        }
    }
    assert_eq!(objects(&columns(), &Lengthless), ["a", "b"]);
}

/// 20,000 series are a few objects.
#[test]
fn many_series() {
    let series = |len: &dyn Fn(usize) -> usize| -> BTreeMap<String, Vec<f64>> {
        (0..20_000).map(|n| (format!("station/{n}"), vec![n as f64; len(n)])).collect()
    };
    for (series, count) in [(series(&|n| n % 50), 4), (series(&|_| 3), 2)] {
        assert_eq!(objects(&columns(), &series).len(), count);
        let image = columns().to_vec(&series).unwrap();
        assert_eq!(from_slice::<BTreeMap<String, Vec<f64>>>(&image).unwrap(), series);
    }
}
