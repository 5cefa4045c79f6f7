//! All types that the package supports, as they are in `tests/python/filebacked_types.py`.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;

use filebacked::{NdArray, Sparse, Triplets, from_file, hdf5};
use ndarray::{Array1, Array2, Array3, Ix1, Ix2, array};
use num_complex::Complex64;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use sprs::TriMat;

use super::subclasses::{Circle, Polygon, Shape, polygon};
use super::{FILEBACKED, options};

#[derive(Serialize, Deserialize, Debug)]
struct Nothing;

#[derive(Serialize, Deserialize, Debug)]
struct Names(BTreeMap<i16, String>);

#[derive(Serialize, Deserialize, Debug)]
struct Shapes(BTreeMap<String, Shape>);

#[derive(Serialize, Deserialize, Debug)]
struct Pairs(BTreeMap<Vec<u8>, f64>);

#[derive(Serialize, Deserialize, Debug)]
enum Union {
    Integer(i64),
    Text(String),
    Array(NdArray<f64, Ix1>),
}

#[derive(Serialize, Deserialize, Debug)]
enum ShapeOrName {
    Name(String),
    Polygon(Polygon),
    Round(Circle),
}

#[derive(Serialize, Deserialize, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum UnionKey {
    Integer(i64),
    Text(String),
}

/// A float as a key.
#[derive(Serialize, Deserialize, Debug)]
struct Float(f64);

impl PartialEq for Float {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Float {}

impl PartialOrd for Float {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Float {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// An entry of a dictionary with numpy's integers as keys, which are stored as other keys than `int` are.
#[derive(Serialize, Deserialize, Debug)]
struct Entry {
    key: i32,
    value: String,
}

#[derive(Serialize, Deserialize, Debug)]
struct Everything {
    integer: i32,
    beyond: u64,
    flag: bool,
    number: f64,
    nan: f64,
    f16: f32,
    f32: f32,
    f64: f64,
    f128: f64,
    i8: i8,
    i16: i16,
    i32: i32,
    i64: i64,
    text: String,
    empty: String,
    green: String,
    nul: String,
    #[serde(with = "filebacked::array")]
    doubles: Array2<f64>,
    #[serde(with = "filebacked::array")]
    integers: Array3<i16>,
    unsigned: Vec<u64>,
    bools: Vec<[bool; 2]>,
    #[serde(with = "filebacked::array")]
    complex: Array1<Complex64>,
    rows: Vec<[f64; 3]>,
    #[serde(with = "filebacked::array")]
    no_rows: Array2<f64>,
    csr: Sparse<f64>,
    csc: Sparse<f64, i32>,
    coo: Triplets<f64>,
    ints: Vec<i64>,
    floats: Vec<f64>,
    halves: Vec<f32>,
    pair: (i32, i32),
    no_floats: Vec<f64>,
    strings: Vec<String>,
    two: (String, String),
    no_strings: Vec<String>,
    lists: Vec<Vec<f64>>,
    words: Vec<Vec<char>>,
    arrays: Vec<NdArray<f64, Ix2>>,
    matrices: Vec<Sparse<f64>>,
    by_name: BTreeMap<String, f64>,
    by_number: BTreeMap<i32, Vec<String>>,
    by_words: BTreeMap<Vec<String>, i64>,
    by_numbers: BTreeMap<(i32, i32), BTreeMap<String, String>>,
    by_float: BTreeMap<Float, String>,
    by_union: BTreeMap<UnionKey, f64>,
    by_int32: Vec<Entry>,
    by_nothing: BTreeMap<String, i64>,
    some: Option<String>,
    none: Option<f64>,
    some_array: Option<NdArray<i64, Ix1>>,
    some_shape: Option<Shape>,
    union_int: Union,
    union_str: Union,
    union_array: Union,
    union_shape: ShapeOrName,
    unions: Vec<Union>,
    shape: Shape,
    shapes: Vec<Shape>,
    circles: BTreeMap<String, Circle>,
    nothing: Nothing,
    names: Names,
    shape_names: Shapes,
    pairs: Pairs,
    anything: ByteBuf,
    things: Vec<ByteBuf>,
    trap: Vec<u8>,
}

fn matrix() -> TriMat<f64> {
    TriMat::from_triplets((4, 3), vec![0, 1, 3], vec![2, 0, 1], vec![1.5, -2.0, 0.25])
}

fn words<const LEN: usize>(words: [&str; LEN]) -> Vec<String> {
    words.map(str::to_owned).into()
}

fn map<K: Ord, V, const LEN: usize>(entries: [(K, V); LEN]) -> BTreeMap<K, V> {
    entries.into()
}

/// The same as in Python, but for the pickles.
fn everything() -> Everything {
    let circle = Circle::new;
    let seven = || Union::Text("seven".to_owned());
    Everything {
        integer: -42,
        beyond: (1 << 63) + 5,
        flag: true,
        number: 0.1,
        nan: f64::NAN,
        f16: 0.5,
        f32: 0.1,
        f64: 1e300,
        f128: 0.1,
        i8: -8,
        i16: -16,
        i32: -32,
        i64: -64,
        text: "plate with a hole".to_owned(),
        empty: String::new(),
        green: "grün 🐧".to_owned(),
        nul: "a\0b".to_owned(),
        doubles: array![[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]],
        integers: Array3::from_shape_fn((2, 2, 2), |(i, j, k)| (4 * i + 2 * j + k) as i16),
        unsigned: vec![0, u64::MAX],
        bools: vec![[true, false]],
        complex: array![Complex64::new(1.0, 2.0), Complex64::new(-0.0, -0.5)],
        rows: vec![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],
        no_rows: Array2::zeros((0, 3)),
        csr: Sparse(matrix().to_csr()),
        csc: Sparse(matrix().to_csc::<usize>().to_other_types()),
        coo: Triplets(matrix()),
        ints: vec![1, -2, 3],
        floats: vec![0.5, 1.5],
        halves: vec![0.5, -2.0],
        pair: (3, 4),
        no_floats: vec![],
        strings: [words(["one", "", "zwölf"]), vec!["more".to_owned(); 9]].concat(),
        two: ("left".to_owned(), "right".to_owned()),
        no_strings: vec![],
        lists: vec![vec![0.5, 1.5], vec![], vec![2.5]],
        words: vec![vec!['a', 'b'], vec![], vec!['c']],
        arrays: vec![NdArray(Array2::eye(2)), NdArray(Array2::zeros((1, 3)))],
        matrices: vec![Sparse(matrix().to_csc()), Sparse(matrix().to_csr())],
        by_name: map([("tol", 1e-8), ("100%", 50.0), ("grün", 0.5)].map(|(name, value)| (name.to_owned(), value))),
        by_number: map([(2, words(["two"])), (10, vec![]), (-1, words(["minus", "one"]))]),
        by_words: map([(words(["a", "b"]), 1), (words(["c"]), 2), (vec![], 3)]),
        by_numbers: map([
            ((0, 1), map([("key".to_owned(), "k".to_owned()), ("value".to_owned(), "v".to_owned())])),
            ((1, 0), map([])),
        ]),
        by_float: map([(Float(0.5), "half".to_owned()), (Float(-1e300), "small".to_owned())]),
        by_union: map([(UnionKey::Integer(7), 0.5), (UnionKey::Text("seven".to_owned()), 1.5)]),
        by_int32: vec![Entry { key: 5, value: "five".to_owned() }, Entry { key: -3, value: "minus three".to_owned() }],
        by_nothing: map([]),
        some: Some("there".to_owned()),
        none: None,
        some_array: Some(NdArray(array![1, 2, 3])),
        some_shape: Some(Shape::Circle(circle("c", 0.5))),
        union_int: Union::Integer(7),
        union_str: seven(),
        union_array: Union::Array(NdArray(array![7.0])),
        union_shape: ShapeOrName::Round(circle("in a union", 2.0)),
        unions: vec![
            Union::Integer(1),
            Union::Text("two".to_owned()),
            Union::Array(NdArray(array![3.0])),
            Union::Integer(4),
        ],
        shape: Shape::Polygon(polygon("triangle")),
        shapes: vec![
            Shape::Circle(circle("first", 1.0)),
            Shape::Polygon(polygon("second")),
            Shape::Circle(circle("third", 3.0)),
        ],
        circles: map([("unit".to_owned(), circle("unit", 1.0))]),
        nothing: Nothing,
        names: Names(map([(2, "two".to_owned()), (10, "ten".to_owned()), (-1, "minus one".to_owned())])),
        shape_names: Shapes(map([
            ("round".to_owned(), Shape::Circle(circle("r", 0.25))),
            ("edged".to_owned(), Shape::Polygon(polygon("e"))),
        ])),
        pairs: Pairs(map([(vec![0, 1], 0.5), (vec![2], 1.5)])),
        anything: ByteBuf::new(),
        things: vec![],
        trap: vec![],
    }
}

/// Checks a value, and that its pickles are some.
#[track_caller]
fn check(found: &Everything) {
    let pickles = [&*found.anything, &found.trap].into_iter().chain(found.things.iter().map(|thing| &**thing));
    for pickle in pickles {
        assert!(pickle.starts_with(&[0x80]) && pickle.ends_with(b"."), "{pickle:?}");
    }
    assert_eq!(found.things.len(), 3);
    let expected = Everything {
        anything: found.anything.clone(),
        things: found.things.clone(),
        trap: found.trap.clone(),
        ..everything()
    };
    // As text, where NaN is NaN.
    for (found, expected) in format!("{found:#?}").lines().zip(format!("{expected:#?}").lines()) {
        assert_eq!(found, expected);
    }
}

/// Both directions, and the way back: what the package writes, what is written for it, and what it has for all of that.
#[test]
fn all_types_of_the_package() {
    let folder = tempfile::tempdir().unwrap();
    let (theirs, ours, mark) =
        (folder.path().join("theirs.h5"), folder.path().join("ours.h5"), folder.path().join("mark"));
    FILEBACKED.python("filebacked_types.py", [Path::new("write"), &theirs, &mark]);
    let everything: Everything = from_file(&theirs).unwrap();
    check(&everything);
    let tree = filebacked::tree(hdf5::File::open(&theirs).unwrap()).unwrap().to_string();
    assert!(tree.lines().any(|line| line.contains("f128") && line.contains("float(")), "{tree}");
    super::subclasses::check(&theirs);
    assert!(!mark.exists(), "a pickle was loaded");

    options().to_file(&ours, &everything).unwrap();
    check(&from_file(&ours).unwrap());
    super::subclasses::check(&ours);
    assert!(!mark.exists(), "a pickle was loaded");
    FILEBACKED.python("filebacked_types.py", [Path::new("read"), &ours, &mark]);
    assert!(mark.exists(), "the package loads the pickles");

    super::subclasses::write_otherwise(&ours);
    FILEBACKED.python("filebacked_types.py", [Path::new("read"), &ours, &mark]);
}
