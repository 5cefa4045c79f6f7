//! The Python package in `python/`: it reads every encoding of `FORMAT.md`, as what serde_json has for the same value.
//!
//! Where serde_json has another form (arrays, sparse matrices, maps with other keys than names), or none, the row says what
//! is expected: in JSON, with complex numbers as pairs, and dicts whose keys are no names as lists of pairs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::common::Packages;
use crate::examples::{
    Axis, Either, Inner, Kinded, Labels, Marker, Metres, Note, Nothing, Outer, Pairs, Particle, Point, Reading,
    Reserved, Run, Samples, Shape, Truth, long_and_short, table,
};
use filebacked::codec::{Codec, Coded, Stored, Target};
use filebacked::{
    Appender, Lazy, Maps, NdArray, Shared, Sparse, Strings, Triplets, WithAttrs, WriteOptions, hdf5, to_file,
};
use ndarray::array;
use num_complex::{Complex32, Complex64};
use serde::{Deserialize, Serialize, Serializer};
use serde_bytes::{ByteBuf, Bytes};
use serde_json::json;
use sprs::{CsMat, CsMatI, TriMat};

const READER: Packages = Packages { requirements: "reader.txt", interpreters: &["python3"] };

/// The page.
const FORMAT: &str = include_str!("../../FORMAT.md");

table! { Table, ROWS:
    "integers and floats" {
        "i8": i8::MIN,
        "i64": i64::MIN,
        "u64": u64::MAX,
        "f32": 0.5_f32,
        "f64": 0.1_f64,
        "minus zero": -0.0_f64,
        "infinite": f64::INFINITY,
    }
    "booleans" {
        "true": true,
        "false": false,
    }
    "strings" {
        "str": "naïve",
        "char": '𝄞',
        "empty": "",
        "long": "-".repeat(100_000),
        "with NUL": "a\0b",
    }
    "128-bit integers" {
        "i128": i128::MIN + 1,
        "u128": u128::MAX - 1,
    }
    "bytes" {
        "two": Bytes::new(b"\x00\xff"),
        "none": Bytes::new(b""),
    }
    "none" {
        "none": None::<f64>,
        "field": Reading { station: "A", level: None },
    }
    "some" {
        "of a number": Some(1.5),
        "of none": Some(None::<f64>),
        "of some none": Some(Some(None::<f64>)),
        "of unit": Some(()),
    }
    "units" {
        "unit": (),
        "unit struct": Marker,
    }
    "newtype structs" {
        "of a number": Metres(1.5),
        "of a sequence": Samples(vec![1, 2, 3]),
    }
    "structs" {
        "plain": Run { steps: 10, dt: 0.1, done: true },
        "no fields": Nothing {},
        "attributes": Labelled {
            title: "plate",
            count: 3,
            checked: true,
            level: None,
            axis: Axis::Y,
            limits: [-1.0, 1.0],
            tags: vec!["a", "bcd"],
            axes: vec![Axis::Y, Axis::X],
            flags: vec![true, false],
            none: vec![],
            data: vec![1.5, 2.5],
        },
        "reserved attribute": Kinded { kind: "list" },
    }
    "maps" {
        "strings": Pairs(&[("b", 1), ("a", 2), ("c", 3)]),
        "chars": BTreeMap::from([('ä', 1), ('z', 2)]),
        "integers": BTreeMap::from([(-1, "minus one"), (10, "ten")]),
        "bools": BTreeMap::from([(false, 0), (true, 1)]),
        "unit variants": BTreeMap::from([(Axis::X, 1.0), (Axis::Y, 2.0)]),
        "escaped": Pairs(&[("a/b", 1), ("", 2), (".", 3), ("..", 4), ("a\0b", 5), ("100%", 6), ("%2F", 7), ("%74ag", 8)]),
        "empty": BTreeMap::<String, i32>::new(),
        "other keys": BTreeMap::from([((0_u8, 1_u8), "a"), ((2, 3), "b")]) => r#"[[[0, 1], "a"], [[2, 3], "b"]]"#,
        "keys of strings": BTreeMap::from([(vec!["a", "b"], 1), (vec![], 2)]) => r#"[[[], 2], [["a", "b"], 1]]"#,
        "keys of structs": BTreeMap::from([(Named { name: "a" }, 1)]) => r#"[[[["name", "a"]], 1]]"#,
        "equal keys": Pairs(&[("a", 1), ("a", 2)]) => r#"[["a", 1], ["a", 2]]"#,
        "no float keys": Floats(&[]) => "{}",
        "float keys": Floats(&[(0.5, 1), (1.5, 2)]) => "[[0.5, 1], [1.5, 2]]",
    }
    "tuples" {
        "numbers": (1.0, 2.0, 3.0),
        "bools": (true, false),
        "nested arrays": [[1_u8, 2, 3], [4, 5, 6]],
        "tuple struct": Point(1, -2),
        "unlike": (1_i32, "two", [3.0, 4.0]),
        "unlike integers": (1_i8, 2_i64),
        "strings": ["a"; 12],
        "empty array": [0.0; 0],
    }
    "unit variants" {
        "unit variant": Shape::Empty,
    }
    "other variants" {
        "newtype": Shape::Circle(1.5),
        "tuple": Shape::Ellipse(1.5, 0.5),
        "struct": Shape::Rectangle { width: 2.0, height: 1.0 },
        "unlike tuple": Shape::Label(1, "one"),
    }
    "sequences of numbers" {
        "f64": vec![1.5, f64::NAN, -0.0],
        "i32": vec![1_i32, -2, 3],
        "bools": vec![true, false, true],
        "i128": vec![i128::MIN + 1, -1],
        "u128": vec![u128::MAX, 0],
        "unlike integers": json!([1, -1, u32::MAX]),
        "large": (0..100_000).collect::<Vec<u32>>(),
    }
    "sequences of equal length" {
        "f64": vec![vec![1.0, 2.0, 3.0], vec![4.0, 5.0, 6.0]],
        "bools": vec![[true, false], [false, true]],
        "deep": vec![vec![vec![[0_i16; 5]; 4]; 3]; 2],
        "i128": vec![[i128::MAX, -1], [0, 1]],
        "none": vec![Vec::<f64>::new(), Vec::new()],
    }
    "sequences of strings" {
        "fixed length": vec!["one", "two", "three", ""],
        "own lengths": long_and_short(),
        "chars": vec!['a', 'ß', '𝄞'],
        "with NUL": vec!["a", "", "b\0c"],
        "empty": vec!["", ""],
    }
    "sequences of unit variants" {
        "all": vec![Shape::Empty, Shape::Full, Shape::Empty],
        "some": vec![Shape::Full],
        "truths": vec![Truth::FALSE, Truth::TRUE],
        "one truth": vec![Truth::TRUE],
    }
    "sequences of flat records" {
        "structs": vec![Particle::new(1), Particle::new(2)],
        "tuples": vec![(1_u8, 1.5), (2, 2.5)],
        "matrices": vec![(1_u8, [[1.5, 2.5], [3.5, 4.5]]), (2, [[0.0; 2]; 2])],
        "wide": vec![Wide { id: 1, wide: i128::MIN }, Wide { id: 2, wide: 7 }],
        "names": vec![Odd { slash: 1, percent: 2, dot: 3 }],
    }
    "sequences of other records" {
        "structs": vec![
            Reading { station: "A", level: Some(1.5) },
            Reading { station: "B", level: None },
        ],
        "tuples": vec![("a", 1), ("b", 2)],
        "nested": vec![Outer { id: 1, inner: Inner { name: "a", size: 2 } }],
        "no fields": vec![Nothing {}, Nothing {}],
        "lists": vec![Lists::default(), Lists::default()],
        "names": vec![(Odd { slash: 1, percent: 2, dot: 3 }, "a")],
    }
    "sequences of options" {
        "integers": vec![Some(1_i32), None, Some(3)],
        "bools": vec![Some(true), None],
        "floats": vec![None, Some(1.5)],
        "strings": vec![Some("a"), None],
        "nested": vec![Some(Some(1_u8)), Some(None), None],
        "all missing": vec![None::<i32>, None],
        "records": vec![None, Some(Particle::new(1))],
        "variants": vec![None, Some(Axis::Y)],
        "lists": vec![Some(vec![1, 2]), None, Some(vec![])],
        "units": vec![Some(()), None],
    }
    "fields left out" {
        "structs": vec![
            Note { id: 1, note: Some("a") },
            Note { id: 2, note: None },
        ],
        "json": json!([{"a": 1}, {"a": 2, "b": null}, {"a": 3, "b": "c"}]),
    }
    "sequences of differing length" {
        "numbers": vec![vec![1, 2], vec![], vec![3]],
        "strings": vec![vec!["a", "b"], vec!["c"]],
        "deep": vec![vec![vec![1_u8], vec![]], vec![]],
        "rows": vec![vec![[1_u8, 2]], vec![[3, 4], [5, 6]]],
        "records": vec![vec![("a", 1)], vec![]],
        "i128": vec![vec![i128::MIN], vec![1, 2]],
    }
    "sequences of bytes" {
        "bytes": vec![Bytes::new(b"ab"), Bytes::new(b""), Bytes::new(b"c")],
        "empty": vec![Bytes::new(b"")],
    }
    "sequences of maps" {
        "one order": json!([{"id": 1, "name": "a"}, {"id": 2}]),
        "other orders": vec![Pairs(&[("a", 1), ("b", 2)]), Pairs(&[("b", 3), ("a", 4)])],
        "other keys": vec![BTreeMap::from([(1, "one"), (2, "two")]), BTreeMap::new()],
        "tuples as keys": vec![BTreeMap::from([((1, 2), true)])] => "[[[[1, 2], true]]]",
        "empty": vec![BTreeMap::<u8, u8>::new(), BTreeMap::new()],
    }
    "sequences of units" {
        "units": vec![(); 1000],
        "unit structs": vec![Marker],
    }
    "sequences of enums with payload" {
        "variants": vec![
            Shape::Rectangle { width: 2.0, height: 1.0 },
            Shape::Empty,
            Shape::Circle(1.5),
            Shape::Circle(2.5),
            Shape::Label(1, "one"),
            Shape::Ellipse(1.5, 0.5),
        ],
        "tag": vec![Reserved::tag(1), Reserved::Other],
        "fields": vec![(1, Shape::Circle(1.5)), (2, Shape::Full)],
    }
    "sequences of mixed types" {
        "json": json!([1, "two", 3.5, true, [4, 5], {"six": 6}, -7]),
        "all": Mixed,
        "options": vec![Either::Option(None), Either::Number(1), Either::Option(Some(2))],
        "unit": vec![Either::Unit(()), Either::Number(1)],
        "unit and option": vec![Either::Unit(()), Either::Option(Some(1)), Either::Text("a")],
        "null": json!([1, "two", null]),
        "objects": vec![Object::Array(NdArray(array![1.5])), Object::Number(7)] => "[[1.5], 7]",
    }
    "empty sequences" {
        "numbers": Vec::<u8>::new(),
        "strings": Vec::<String>::new(),
        "structs": Vec::<Run>::new(),
        "options": Vec::<Option<u8>>::new(),
        "lists": Vec::<Vec<String>>::new(),
        "bytes": Vec::<ByteBuf>::new(),
        "maps": Vec::<BTreeMap<u8, u8>>::new(),
        "enums": Vec::<Shape>::new(),
        "units": Vec::<()>::new(),
        "objects": Vec::<NdArray<f64, ndarray::Ix1>>::new() => "[]",
        "of empty ones": vec![Vec::<Option<Run>>::new()],
    }
    "arrays" {
        "f64": NdArray(array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]) => "[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]",
        "bare": array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]] => "[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]",
        "other order": NdArray(array![[1_u8, 2, 3], [4, 5, 6]].reversed_axes()) => "[[1, 4], [2, 5], [3, 6]]",
        "bool": NdArray(array![true, false]) => "[true, false]",
        "c64": NdArray(array![[Complex32::new(1.0, -2.0)]]) => "[[[1.0, -2.0]]]",
        "c128": NdArray(array![Complex64::new(1.0, -2.0), Complex64::new(f64::NAN, 0.5)]) => "[[1.0, -2.0], [null, 0.5]]",
        "no dimensions": NdArray(ndarray::arr0(1.5_f32)) => "1.5",
        "complex scalar": NdArray(ndarray::arr0(Complex64::new(1.0, -2.0))) => "[1.0, -2.0]",
        "empty": NdArray(ndarray::Array3::<i32>::zeros((2, 0, 3))) => "[[], []]",
        "records": NdArray(array![[Cell::new(1.5)], [Cell::new(2.5)]]) =>
            r#"[[{"valid": true, "value": [1.5, 0.0]}], [{"valid": true, "value": [2.5, 0.0]}]]"#,
        "record": NdArray(ndarray::arr0(Cell::new(1.5))) => r#"{"valid": true, "value": [1.5, 0.0]}"#,
        "arrays": NdArray(array![[1.5, 2.5], [3.5, 4.5]]) => "[[1.5, 2.5], [3.5, 4.5]]",
    }
    "sequences of objects" {
        "arrays": vec![NdArray(array![0.5, 1.5]), NdArray(array![])] => "[[0.5, 1.5], []]",
        "options": vec![None, Some(NdArray(array![1_i16]))] => "[null, [1]]",
        "records": vec![(1, NdArray(array![true])), (2, NdArray(array![false, true]))] =>
            "[[1, [true]], [2, [false, true]]]",
        "codec": vec![Coded(Version { major: 1, minor: 2 }); 2] => r#"[{"@major": 1, "@minor": 2}, {"@major": 1, "@minor": 2}]"#,
        "lazy": Lazy::new(vec![("a", 1), ("b", 2)]),
        "shared": shared(),
    }
    "values with attributes" {
        "array": WithAttrs { value: NdArray(array![1.5]), attrs: Labels { unit: "hPa", range: [0.5, 1.5], tag: None } } =>
            "[1.5]",
        "group": WithAttrs { value: Run { steps: 10, dt: 0.1, done: true }, attrs: Labels { unit: "", range: [0.0, 1.0], tag: Some(3) } } =>
            r#"{"@unit": "", "@range": [0.0, 1.0], "@tag": 3, "steps": 10, "dt": 0.1, "done": true}"#,
        "columns": WithAttrs { value: vec![("a", 1)], attrs: Labels { unit: "m", range: [0.0, 1.0], tag: Some(3) } } =>
            r#"[["a", 1]]"#,
    }
    "sparse matrices" {
        "csr": Sparse(CsMat::new((3, 4), vec![0, 2, 2, 3], vec![1, 3, 0], vec![1.5, 0.0, -2.5])) =>
            r#"{"csr": [[0.0, 1.5, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [-2.5, 0.0, 0.0, 0.0]]}"#,
        "csc": Sparse(CsMatI::<_, i64>::new_csc((2, 3), vec![0, 1, 1, 2], vec![1, 0], vec![true, false])) =>
            r#"{"csc": [[false, false, false], [true, false, false]]}"#,
        "complex": Sparse(CsMat::new((1, 1), vec![0, 1], vec![0], vec![Complex32::new(1.0, -2.0)])) =>
            r#"{"csr": [[[1.0, -2.0]]]}"#,
        "no entries": Sparse(CsMatI::<u8, u16>::zero((0, 2))) => r#"{"csr": []}"#,
        "coo": Triplets(TriMat::from_triplets((2, 3), vec![1, 0, 1], vec![0, 2, 0], vec![1.5, 2.5, 3.5])) =>
            r#"{"coo": [[0.0, 0.0, 2.5], [5.0, 0.0, 0.0]]}"#,
        "no triplets": Triplets(TriMat::<f32>::new((1, 2))) => r#"{"coo": [[0.0, 0.0]]}"#,
        "in a list": vec![Sparse(CsMat::<f64>::eye(2)), Sparse(CsMat::zero((1, 1)))] =>
            r#"[{"csr": [[1.0, 0.0], [0.0, 1.0]]}, {"csr": [[0.0]]}]"#,
    }
}

// What is written for the Python package FileBacked.
table! { Package, PACKAGE_ROWS:
    "objects of classes" {
        "object": Patch { label: None, tags: vec!["left"; 11], nodes: vec![[0.0, 0.5], [1.0, 1.5]] } =>
            format!(r#"{{"@module": "model", "@class": "Patch", "tags": {:?}, "nodes": [[0.0, 0.5], [1.0, 1.5]]}}"#, ["left"; 11]),
    }
    "unions" {
        "either": Holder { x: vec![Union::Text("seven"), Union::Number(7), Union::List(vec!["a"])] } =>
            r#"{"@module": "model", "@class": "Holder", "x": ["seven", 7, ["a"]]}"#,
    }
    "dictionaries" {
        "names": Holder { x: BTreeMap::from([("a", 1.5)]) } =>
            r#"{"@module": "model", "@class": "Holder", "x": {"a": 1.5}}"#,
        "other keys": Holder { x: BTreeMap::from([(vec!["a", "b"], 1), (vec!["c"], 2)]) } =>
            r#"{"@module": "model", "@class": "Holder", "x": [{"key": ["a", "b"], "value": 1}, {"key": ["c"], "value": 2}]}"#,
    }
}

#[derive(Serialize)]
struct Labelled {
    #[serde(rename = "@title")]
    title: &'static str,
    #[serde(rename = "@count")]
    count: u32,
    #[serde(rename = "@checked")]
    checked: bool,
    #[serde(rename = "@level")]
    level: Option<f64>,
    #[serde(rename = "@axis")]
    axis: Axis,
    #[serde(rename = "@limits")]
    limits: [f64; 2],
    #[serde(rename = "@tags")]
    tags: Vec<&'static str>,
    #[serde(rename = "@axes")]
    axes: Vec<Axis>,
    #[serde(rename = "@flags")]
    flags: Vec<bool>,
    #[serde(rename = "@none")]
    none: Vec<u8>,
    data: Vec<f64>,
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct Named {
    name: &'static str,
}

/// Records whose lists are all empty.
#[derive(Serialize, Default)]
struct Lists {
    numbers: Vec<f64>,
    strings: Vec<String>,
    options: Vec<Option<u8>>,
    bytes: ByteBuf,
    map: BTreeMap<u8, u8>,
    none: Option<Vec<String>>,
}

#[derive(Serialize)]
struct Wide {
    id: u8,
    wide: i128,
}

/// Names that no link can have.
#[derive(Serialize)]
struct Odd {
    #[serde(rename = "a/b")]
    slash: u8,
    #[serde(rename = "100%2F")]
    percent: u8,
    #[serde(rename = ".")]
    dot: u8,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Object {
    Array(NdArray<f64, ndarray::Ix1>),
    Number(i32),
}

/// A list with an element of each type that lists of unlike elements have, but options.
struct Mixed;

impl Serialize for Mixed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq;
        let mut list = serializer.serialize_seq(None)?;
        list.serialize_element(&true)?;
        list.serialize_element(&1_i8)?;
        list.serialize_element(&u64::MAX)?;
        list.serialize_element(&0.5_f32)?;
        list.serialize_element(&1.5)?;
        list.serialize_element(&i128::MIN)?;
        list.serialize_element(&u128::MAX)?;
        list.serialize_element("text")?;
        list.serialize_element(Bytes::new(b"ab"))?;
        list.serialize_element(&vec!["a", "b"])?;
        list.serialize_element(&(1, "one"))?;
        list.serialize_element(&Run { steps: 1, dt: 0.5, done: false })?;
        list.serialize_element(&Shape::Circle(1.5))?;
        list.serialize_element(&())?;
        list.serialize_element(&Shape::Empty)?;
        list.serialize_element("more")?;
        list.end()
    }
}

/// An element of an array, with gaps in memory.
#[derive(hdf5::H5Type, Serialize, Clone, Copy)]
#[repr(C)]
struct Cell {
    valid: bool,
    value: [f64; 2],
}

impl Cell {
    fn new(value: f64) -> Self {
        Self { valid: true, value: [value, 0.0] }
    }
}

/// A map with numbers for keys.
struct Floats(&'static [(f64, i32)]);

impl Serialize for Floats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

/// One value in two places.
fn shared() -> Vec<Shared<Vec<f64>>> {
    let value = Shared::from(vec![0.5, 1.5]);
    vec![value.clone(), value]
}

/// A type with its own layout.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Version {
    major: u32,
    minor: u32,
}

impl Codec for Version {
    fn write(&self, target: &Target<'_>) -> filebacked::Result<()> {
        let group = target.create_group()?;
        group.new_attr::<u32>().create("major")?.write_scalar(&self.major)?;
        group.new_attr::<u32>().create("minor")?.write_scalar(&self.minor)?;
        Ok(())
    }

    fn read(stored: &Stored) -> filebacked::Result<Self> {
        let group = stored.group()?;
        let number = |name| group.attr(name)?.read_scalar();
        Ok(Self { major: number("major")?, minor: number("minor")? })
    }
}

#[derive(Serialize)]
struct Patch {
    label: Option<&'static str>,
    tags: Vec<&'static str>,
    nodes: Vec<[f64; 2]>,
}

#[derive(Serialize)]
struct Holder<T> {
    x: T,
}

#[derive(Serialize)]
enum Union {
    Number(i64),
    Text(&'static str),
    List(Vec<&'static str>),
}

/// An element of a sequence that is appended to.
#[derive(Serialize, Deserialize)]
struct Step {
    time: f64,
    at: [i32; 2],
    name: String,
    note: Option<u8>,
    never: Option<String>,
    list: Vec<u8>,
    empty: Vec<String>,
    event: Event,
    labels: BTreeMap<String, f64>,
}

#[derive(Serialize, Deserialize)]
enum Event {
    Quiet,
    Hit(u32),
}

impl Step {
    fn new(n: u32) -> Self {
        Self {
            time: f64::from(n) / 2.0,
            at: [0, -1],
            name: format!("step {n}"),
            note: (n % 2 == 1).then_some(7),
            never: None,
            list: vec![7; n as usize % 3],
            empty: Vec::new(),
            event: if n % 4 == 3 { Event::Hit(n) } else { Event::Quiet },
            labels: BTreeMap::from([("x".to_owned(), 0.5)]),
        }
    }
}

/// Appends values to a sequence of a new file, and says what a reader gives.
fn append<T: Serialize>(folder: &Path, name: &str, values: &[T], lines: &mut String) {
    let path = folder.join("appended.h5");
    let opened = Appender::<T>::open_or_create_file(&path, name);
    let mut appender = opened.unwrap_or_else(|error| panic!("{name}: {error}"));
    for value in values {
        appender.push(value).unwrap();
    }
    appender.finish().unwrap();
    writeln!(lines, "{name}\t{}", serde_json::to_string(values).unwrap()).unwrap();
}

fn write_appended(folder: &Path) {
    let mut lines = String::new();
    let steps: Vec<Step> = (0..100).map(Step::new).collect();
    append(folder, "steps", &steps, &mut lines);
    append(folder, "numbers", &[1.5, 2.5, 3.5], &mut lines);
    append(folder, "rows", &[[1, 2], [3, 4]], &mut lines);
    append(folder, "records", &[(1_u8, 0.5), (2, 1.5)], &mut lines);
    append(folder, "strings", &["one", "three"], &mut lines);
    append(folder, "lists", &[vec!["a"], vec![], vec!["b", "c"]], &mut lines);
    append(folder, "empty lists", &[Vec::<String>::new(), vec![]], &mut lines);
    append(folder, "variants", &[Axis::Y, Axis::X], &mut lines);
    append(folder, "options", &[Some(1), None], &mut lines);
    append(folder, "all missing", &[None::<u8>, None], &mut lines);
    append(folder, "bytes", &[Bytes::new(b"a"), Bytes::new(b"bc")], &mut lines);
    append(folder, "wide", &[1_i128, -1], &mut lines);
    append(folder, "units", &[(), ()], &mut lines);
    append(folder, "none", &[] as &[f64], &mut lines);
    fs::write(folder.join("appended.txt"), lines).unwrap();
}

/// Values that are written to files of their own: what the root group becomes.
fn write_roots(folder: &Path) {
    let mut lines = String::new();
    let mut root = |name: &str, written: filebacked::Result<()>, expected: String| {
        written.unwrap_or_else(|error| panic!("{name}: {error}"));
        writeln!(lines, "{name}\t{expected}").unwrap();
    };
    let path = |name: &str| folder.join(name);
    macro_rules! roots {
        ($($name:literal: $value:expr,)*) => {
            $(root($name, to_file(path($name), &$value), serde_json::to_string(&$value).unwrap());)*
        };
    }
    roots! {
        "root-number.h5": 1.5,
        "root-struct.h5": Run { steps: 10, dt: 0.1, done: true },
        "root-strings.h5": vec!["a", "b"],
        "root-columns.h5": vec![("a", 1), ("b", 2)],
        "root-none.h5": None::<f64>,
        "root-some.h5": Some(None::<f64>),
        "root-bytes.h5": Bytes::new(b"ab"),
        "root-text.h5": vec!["a\0b"],
    }
    let options = || WriteOptions::new().deflate(4).fletcher32(true);
    let strings: Vec<String> = (0..2000).map(|index| format!("string {index}")).collect();
    for (name, form) in [("fixed", Strings::Fixed), ("packed", Strings::Packed), ("variable", Strings::Variable)] {
        let name = format!("root-{name}.h5");
        let written = options().strings(form).to_file(path(&name), &strings);
        root(&name, written, serde_json::to_string(&strings).unwrap());
    }
    let numbers: Vec<i16> = (0..20_000).collect();
    let written = options().to_file(path("root-deflated.h5"), &numbers);
    root("root-deflated.h5", written, serde_json::to_string(&numbers).unwrap());
    macro_rules! appended {
        ($($name:literal: $list:expr,)*) => {
            $(
                let mut appender = Appender::create_file(path($name), "/").unwrap();
                appender.extend($list).unwrap();
                root($name, appender.finish(), serde_json::to_string(&$list).unwrap());
            )*
        };
    }
    appended! {
        "root-appended.h5": [0.5, 1.5],
        "root-appended-columns.h5": [("a".to_owned(), 1), ("b".to_owned(), 2)],
    }
    let series: BTreeMap<String, Vec<f64>> = (0..100).map(|n| (format!("a/{n}"), vec![0.5; n % 3])).collect();
    let cases = BTreeMap::from([("one", (1, "x")), ("two", (2, "y"))]);
    let columns = WriteOptions::new().maps(Maps::Columns);
    root("root-series.h5", columns.to_file(path("root-series.h5"), &series), serde_json::to_string(&series).unwrap());
    root("root-cases.h5", columns.to_file(path("root-cases.h5"), &cases), serde_json::to_string(&cases).unwrap());
    fs::write(path("roots.txt"), lines).unwrap();
}

/// The kinds in the page's table.
fn kinds() -> BTreeSet<&'static str> {
    let table = FORMAT.split_once("| kind | node | meaning |").expect("the table of kinds").1.trim_start();
    let rows = table.lines().skip(1).take_while(|line| line.starts_with('|'));
    rows.flat_map(|row| row.split('|').nth(1).unwrap_or_default().split(',').map(|kind| kind.trim().trim_matches('`')))
        .collect()
}

#[test]
fn rows_are_those_of_the_page() {
    let headings = FORMAT.lines().filter_map(|line| line.strip_prefix("### "));
    let rows = headings.filter_map(|heading| heading.split_once(". ")).map(|(_, title)| title.to_lowercase());
    assert_eq!(rows.collect::<Vec<_>>(), [ROWS, PACKAGE_ROWS].concat());
}

#[test]
fn every_encoding_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    to_file(path("values.h5"), &Table).unwrap();
    fs::write(path("values.txt"), Table::expected()).unwrap();
    WriteOptions::new().python("model").to_file(path("package.h5"), &Package).unwrap();
    fs::write(path("package.txt"), Package::expected()).unwrap();
    write_appended(folder.path());
    write_roots(folder.path());
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/golden");
    let output = READER.python("reader.py", [folder.path(), &golden]);
    let (counts, read) = output.split_once('\n').expect("a line of counts");
    assert_eq!(read.lines().collect::<BTreeSet<_>>(), kinds());
    let [values, package, appended, roots] = ["values", "package", "appended", "roots"]
        .map(|name| fs::read_to_string(path(&format!("{name}.txt"))).unwrap().lines().count());
    assert_eq!(counts, format!("{values} values, {package} of the package, {appended} appended, {roots} roots"));
}

#[test]
fn tables_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tables.h5");
    let shapes = [Shape::Empty, Shape::Circle(1.5), Shape::Full];
    let table = json!([{"a": 1, "b": "x"}, {"a": 2}, {"a": null, "b": null}]);
    let rows: Vec<TableRow> = (0..3).zip(shapes).map(TableRow::new).collect();
    let tables = Tables {
        columns: rows,
        flat: vec![Particle::new(1), Particle::new(2)],
        json: table,
        maps: vec![Pairs(&[("a", 1), ("b", 2)]), Pairs(&[("b", 3), ("a", 4)])],
        tuples: vec![("a", 1), ("b", 2)],
        empty: Vec::new(),
        ragged: vec![vec!["a"], vec![]],
    };
    to_file(&path, &tables).unwrap();
    assert_eq!(READER.python("reader_tables.py", [&path]), "done\n");
}

#[derive(Serialize)]
struct TableRow {
    name: String,
    count: Option<i32>,
    good: Option<bool>,
    level: Option<f64>,
    axis: Option<Axis>,
    missing: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    late: Option<u16>,
    at: [f64; 2],
    list: Vec<u8>,
    shape: Shape,
}

impl TableRow {
    fn new((n, shape): (u8, Shape)) -> Self {
        Self {
            name: format!("row {n}"),
            count: (n != 1).then_some(i32::from(n)),
            good: (n != 2).then_some(true),
            level: (n != 0).then_some(0.5),
            axis: (n != 1).then_some(Axis::Y),
            missing: None,
            late: (n == 2).then_some(7),
            at: [f64::from(n), 0.5],
            list: vec![n; usize::from(n)],
            shape,
        }
    }
}

#[derive(Serialize)]
struct Tables {
    columns: Vec<TableRow>,
    flat: Vec<Particle>,
    json: serde_json::Value,
    maps: Vec<Pairs>,
    tuples: Vec<(&'static str, i32)>,
    empty: Vec<TableRow>,
    ragged: Vec<Vec<&'static str>>,
}
