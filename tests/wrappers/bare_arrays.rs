//! Arrays and matrices without a wrapper, in the forms that their own crates give serde.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use filebacked::{NdArray, Value, WriteOptions, from_file, from_slice, hdf5, to_vec};
use ndarray::{Array0, Array1, Array2, Array3, ArrayD, Ix1, Ix2, Ix3, IxDyn, array};
use num_complex::{Complex32, Complex64};
use serde::{Deserialize, Serialize};

use super::{check_tree, read_error, reread, round_trip, round_trip_erased};
use crate::common::python;

/// All that was once written in these forms.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct OldForms {
    point: Array0<f64>,
    line: Array1<i32>,
    grid: Array2<f64>,
    cube: Array3<u8>,
    any: ArrayD<f32>,
    flags: Array2<bool>,
    complex: Array2<Complex64>,
    empty: Array2<i16>,
    words: Array2<String>,
    list: Vec<Array2<f64>>,
    option: Option<Array1<u64>>,
    map: BTreeMap<String, Array1<f64>>,
    tuple: (u8, Array1<f64>),
    payload: Payload,
    number: Complex64,
    numbers: Vec<Complex32>,
    numbers_or_none: Vec<Option<Complex64>>,
    /// A `DMatrix` of `nalgebra`, and a `Matrix2x3`.
    dynamic: (Vec<f64>, usize, usize),
    fixed: [f64; 6],
    #[cfg(feature = "sprs")]
    sparse: sprs::CsMat<f64>,
    #[cfg(feature = "sprs")]
    columns: sprs::CsMatI<i32, u32>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Payload {
    Grid(Array2<f64>),
}

fn old_forms() -> OldForms {
    OldForms {
        point: Array0::from_elem((), 1.5),
        line: array![1, -2, 3],
        grid: array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],
        cube: Array3::from_shape_fn((2, 3, 4), |(x, y, z)| (x * 100 + y * 10 + z) as u8),
        any: array![[[1.5_f32], [2.5]]].into_dyn(),
        flags: array![[true, false], [false, true]],
        complex: array![[Complex64::new(1.0, 2.0), Complex64::new(3.0, 4.0)]],
        empty: Array2::zeros((0, 3)),
        words: array![["one".to_owned(), "two".to_owned()]],
        list: vec![array![[1.0, 2.0]], array![[3.0], [4.0]]],
        option: Some(array![u64::MAX]),
        map: BTreeMap::from([("a".to_owned(), array![1.5])]),
        tuple: (7, array![2.5, 3.5]),
        payload: Payload::Grid(array![[0.5]]),
        number: Complex64::new(1.0, -2.0),
        numbers: vec![Complex32::new(1.0, 2.0), Complex32::new(3.0, 4.0), Complex32::new(5.0, 6.0)],
        numbers_or_none: vec![Some(Complex64::new(1.0, 2.0)), None],
        dynamic: (vec![1.0, 4.0, 2.0, 5.0, 3.0, 6.0], 2, 3),
        fixed: [1.0, 4.0, 2.0, 5.0, 3.0, 6.0],
        #[cfg(feature = "sprs")]
        sparse: sprs::CsMat::new((2, 3), vec![0, 1, 2], vec![2, 0], vec![1.5, 2.5]),
        #[cfg(feature = "sprs")]
        columns: sprs::CsMatI::new_csc((2, 3), vec![0, 1, 1, 2], vec![0, 1], vec![7, 8]),
    }
}

/// The file that an earlier build wrote.
fn old_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/golden/bare/0.1.h5")
}

#[test]
fn files_of_earlier_builds_are_read() {
    assert_eq!(from_file::<OldForms>(old_file()).unwrap(), old_forms());
}

/// The same, read by wrappers, and with arrays in the place of what is a matrix.
#[derive(Deserialize)]
struct OldFormsInWrappers {
    #[serde(with = "filebacked::array")]
    point: Array0<f64>,
    line: NdArray<i32, Ix1>,
    #[serde(with = "filebacked::array")]
    grid: Array2<f64>,
    cube: NdArray<u8, Ix3>,
    any: NdArray<f32, IxDyn>,
    flags: NdArray<bool, Ix2>,
    #[serde(with = "filebacked::array")]
    complex: Array2<Complex64>,
    empty: NdArray<i16, Ix2>,
    list: Vec<NdArray<f64, Ix2>>,
    #[serde(with = "filebacked::array")]
    option: Option<Array1<u64>>,
    map: BTreeMap<String, NdArray<f64, Ix1>>,
    tuple: (u8, NdArray<f64, Ix1>),
    payload: WrappedPayload,
}

#[derive(Deserialize)]
enum WrappedPayload {
    Grid(NdArray<f64, Ix2>),
}

#[test]
fn wrappers_read_files_of_earlier_builds() {
    let (read, old): (OldFormsInWrappers, _) = (from_file(old_file()).unwrap(), old_forms());
    assert_eq!((read.point, read.line.0, read.grid), (old.point, old.line, old.grid));
    assert_eq!((read.cube.0, read.any.0, read.flags.0), (old.cube, old.any, old.flags));
    assert_eq!((read.complex, read.empty.0, read.option), (old.complex, old.empty, old.option));
    assert_eq!(read.list.into_iter().map(|array| array.0).collect::<Vec<_>>(), old.list);
    assert_eq!(read.map["a"].0, old.map["a"]);
    assert_eq!(read.tuple.1.0, old.tuple.1);
    let (WrappedPayload::Grid(read), Payload::Grid(old)) = (read.payload, old.payload);
    assert_eq!(read.0, old);
}

#[cfg(feature = "nalgebra")]
#[test]
fn matrices_of_earlier_builds_are_read() {
    use filebacked::nalgebra::NaMatrix;
    use nalgebra::{DMatrix, Matrix2x3};

    #[derive(Deserialize)]
    struct Matrices {
        dynamic: NaMatrix<DMatrix<f64>>,
        #[serde(with = "filebacked::nalgebra")]
        fixed: Matrix2x3<f64>,
    }
    let read: Matrices = from_file(old_file()).unwrap();
    let expected = Matrix2x3::new(1.0, 2.0, 3.0, 4.0, 5.0, 6.0);
    assert_eq!((read.dynamic.0, read.fixed), (DMatrix::from_iterator(2, 3, expected.iter().copied()), expected));
}

#[test]
fn on_disk() {
    check_tree(
        &old_forms(),
        "/ group
        ├─ point f64 array 1.5
        ├─ line i32 (3,) array 1, -2, 3
        ├─ grid f64 (2, 3) array 1.0, 2.0, 3.0, ...
        ├─ cube u8 (2, 3, 4) array 0, 1, 2, 3, ...
        ├─ any f32 (1, 2, 1) array 1.5, ...
        ├─ flags bool (2, 2) array true, false, ...
        ├─ complex compound {r: f64, i: f64} (1, 2) array 1+2i, 3+4i
        ├─ empty f64 (0, 3) array
        ├─ words group
        │ ├─ v u8 1
        │ ├─ dim u64 (2,) 1, 2
        │ └─ data string(3) (2,) \"one\", \"two\"
        ├─ list columns, 2 rows
        │ ├─ v u8 (2,) 1, 1
        │ ├─ dim u64 (2, 2) 1, 2, ...
        │ └─ data f64 (2, 2) 1.0, 2.0, ...
        ├─ option u64 (1,) array 18446744073709551615
        ├─ map group
        │ └─ a f64 (1,) array 1.5
        ├─ tuple tuple
        │ ├─ 0 u8 7
        │ └─ 1 f64 (2,) array 2.5, 3.5
        ├─ payload group
        │ └─ Grid f64 (1, 1) array 0.5
        ├─ number compound {r: f64, i: f64} 1-2i
        ├─ numbers compound {r: f32, i: f32} (3,) 1+2i, 3+4i, 5+6i
        ├─ numbers_or_none nullable
        │ ├─ values compound {r: f64, i: f64} (2,) 1+2i, NaN+NaNi
        │ └─ mask bool (2,) false, true
        ├─ dynamic tuple
        │ ├─ 0 f64 (6,) 1.0, 4.0, 2.0, 5.0, ...
        │ ├─ 1 u64 2
        │ └─ 2 u64 3
        ├─ fixed f64 (6,) 1.0, 4.0, 2.0, 5.0, ...
        ├─ sparse group, encoding-type csr_matrix
        │ ├─ @format string \"csr\"
        │ ├─ @m i64 2
        │ ├─ @n i64 3
        │ ├─ @shape i64 (2,) 2, 3
        │ ├─ storage string(3) \"CSR\"
        │ ├─ nrows u64 2
        │ ├─ ncols u64 3
        │ ├─ indptr u64 (3,) 0, 1, 2
        │ ├─ indices u64 (2,) 2, 0
        │ └─ data f64 (2,) 1.5, 2.5
        └─ columns group, encoding-type csc_matrix
        ├─ @format string \"csc\"
        ├─ @m i64 2
        ├─ @n i64 3
        ├─ @shape i64 (2,) 2, 3
        ├─ storage string(3) \"CSC\"
        ├─ nrows u64 2
        ├─ ncols u64 3
        ├─ indptr u32 (4,) 0, 1, 1, 2
        ├─ indices u32 (2,) 0, 1
        └─ data i32 (2,) 7, 8",
    );
}

/// Reads what is stored for an array in no wrapper, and for one in a wrapper, in either way.
#[track_caller]
fn every_way<T, D>(array: &ndarray::Array<T, D>)
where
    T: hdf5::H5Type + Serialize + serde::de::DeserializeOwned + Clone + PartialEq + std::fmt::Debug,
    D: ndarray::Dimension + Serialize + serde::de::DeserializeOwned,
{
    round_trip_erased(array);
    let wrapped = NdArray(array.clone());
    assert_eq!(reread::<_, NdArray<T, D>>(array), wrapped);
    assert_eq!(reread::<_, ndarray::Array<T, D>>(&wrapped), *array);
    let (list, wrapped) = (vec![array.clone(); 3], vec![wrapped; 3]);
    round_trip(&list);
    assert_eq!(reread::<_, Vec<NdArray<T, D>>>(&list), wrapped);
    assert_eq!(reread::<_, Vec<ndarray::Array<T, D>>>(&wrapped), list);
    let (list, wrapped) = (vec![Some(list), None], vec![Some(wrapped), None]);
    round_trip(&list);
    assert_eq!(reread::<_, Vec<Option<Vec<NdArray<T, D>>>>>(&list), wrapped);
    assert_eq!(reread::<_, Vec<Option<Vec<ndarray::Array<T, D>>>>>(&wrapped), list);
    let (map, wrapped) = (BTreeMap::from([(1, array.clone())]), BTreeMap::from([(1, NdArray(array.clone()))]));
    round_trip(&map);
    round_trip(&vec![map.clone(); 2]);
    assert_eq!(reread::<_, BTreeMap<u8, NdArray<T, D>>>(&map), wrapped);
    assert_eq!(reread::<_, BTreeMap<u8, ndarray::Array<T, D>>>(&wrapped), map);
    let (pairs, wrapped) = ((1, Some(array.clone())), (1, Some(NdArray(array.clone()))));
    round_trip(&pairs);
    assert_eq!(reread::<_, (u8, Option<NdArray<T, D>>)>(&pairs), wrapped);
    assert_eq!(reread::<_, (u8, Option<ndarray::Array<T, D>>)>(&wrapped), pairs);
    // Where serde keeps what it reads until it knows what for.
    round_trip(&Tagged::Both { array: array.clone(), option: Some(array.clone()) });
    round_trip(&Untagged::Two { array: array.clone(), list: vec![array.clone(); 2] });
    round_trip(&Flat { flat: Inner { array: array.clone() } });
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(tag = "type")]
enum Tagged<A> {
    Both { array: A, option: Option<A> },
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(untagged)]
enum Untagged<A> {
    #[allow(dead_code, reason = "it is tried, and does not fit")]
    One {
        number: u8,
    },
    Two {
        array: A,
        list: Vec<A>,
    },
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Flat<A> {
    #[serde(flatten)]
    flat: Inner<A>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Inner<A> {
    array: A,
}

#[test]
fn all_elements_ranks_and_places() {
    macro_rules! elements {
        ($($value:expr),* $(,)?) => {
            $(
                every_way(&Array0::from_elem((), $value));
                every_way(&Array2::from_elem((2, 3), $value));
            )*
        };
    }
    elements!(i8::MIN, i16::MIN, i32::MIN, i64::MIN, u8::MAX, u16::MAX, u32::MAX, u64::MAX, 1.5_f32, 1.5_f64, true);
    elements!(Complex32::new(1.0, 2.0), Complex64::new(1.0, 2.0));
    every_way(&Array1::from_elem(1, 7_u8));
    every_way(&Array1::from_elem(40, Complex64::new(1.0, -1.0)));
    every_way(&Array3::from_shape_fn((2, 1, 3), |(x, _, z)| (x * 10 + z) as i16));
    every_way(&ArrayD::from_shape_fn(IxDyn(&[2, 1, 2, 1, 2]), |at| at[0] as f64));
    every_way(&ArrayD::from_elem(IxDyn(&[1; 32]), 1.5));
    every_way(&Array2::<f64>::zeros((0, 3)));
    every_way(&Array2::<f64>::zeros((3, 0)));
    every_way(&Array1::<bool>::from_vec(Vec::new()));
}

#[test]
fn memory_orders_and_large_arrays() {
    let large = Array3::from_shape_fn((60, 100, 110), |(x, y, z)| (x * 100_000 + y * 300 + z) as f64);
    every_way_of_large(&large);
    every_way_of_large(&large.clone().reversed_axes());
    every_way_of_large(&Array3::from_shape_fn((1, 1000, 1000), |(_, y, z)| (y * 1000 + z) as f32));
    every_way_of_large(&Array3::from_shape_fn((1000, 1, 700), |(x, _, z)| Complex64::new(x as f64, z as f64)));
    // A wrapper writes the same bytes.
    let view = large.slice(ndarray::s![..;-3, 2..5, ..;7]);
    assert_eq!(reread::<_, NdArray<f64, Ix3>>(&view.to_owned()).0, view);
    let image = WriteOptions::new().deflate(3).to_vec(&large).unwrap();
    assert_eq!(from_slice::<NdArray<f64, Ix3>>(&image).unwrap().0, large);
    assert_eq!(from_slice::<Array3<f64>>(&image).unwrap(), large);
}

#[track_caller]
fn every_way_of_large<T>(array: &Array3<T>)
where
    T: hdf5::H5Type + Serialize + serde::de::DeserializeOwned + Clone + PartialEq + std::fmt::Debug,
{
    let bare = to_vec(array).unwrap();
    assert!(from_slice::<Array3<T>>(&bare).unwrap() == *array);
    assert!(from_slice::<NdArray<T, Ix3>>(&bare).unwrap().0 == *array);
    assert!(from_slice::<Array3<T>>(&to_vec(&NdArray(array.clone())).unwrap()).unwrap() == *array);
}

#[test]
fn other_types_and_files_of_others_are_read() {
    assert_eq!(reread::<_, Array2<f64>>(&vec![[1_i32, 2], [3, 4]]), array![[1.0, 2.0], [3.0, 4.0]]);
    assert_eq!(reread::<_, ArrayD<u8>>(&vec![1, 2]), array![1, 2].into_dyn());
    assert_eq!(reread::<_, Array1<String>>(&vec!["one", "two"]), array!["one".to_owned(), "two".to_owned()]);
    assert_eq!(reread::<_, Vec<Vec<i32>>>(&array![[1, 2], [3, 4]]), [[1, 2], [3, 4]]);
    assert_eq!(reread::<_, [[i32; 2]; 2]>(&array![[1, 2], [3, 4]]), [[1, 2], [3, 4]]);
    let value: Value = reread(&array![[1, 2], [3, 4]]);
    assert_eq!(reread::<_, Array2<i32>>(&value), array![[1, 2], [3, 4]]);
    // A complex number that is a value stays one.
    let value: Value = reread(&BTreeMap::from([("a", Complex64::new(1.0, 2.0))]));
    assert_eq!(reread::<_, BTreeMap<String, Complex64>>(&value)["a"], Complex64::new(1.0, 2.0));
    // To other formats it goes as what it was.
    let json: serde_json::Value = reread(&array![[1, 2], [3, 4]]);
    assert_eq!(json, serde_json::json!({"v": 1, "dim": [2, 2], "data": [1, 2, 3, 4]}));
    assert_eq!(serde_json::from_value::<Array2<i32>>(json).unwrap(), array![[1, 2], [3, 4]]);
}

#[test]
fn what_is_wrong_is_said() {
    for (error, expected) in [
        (
            read_error::<Array1<f64>>(&array![[1.0, 2.0]]),
            "expected an array with 1 dimension, found `f64` of shape (1, 2)",
        ),
        (
            read_error::<Array2<u8>>(&array![[1, 300]]),
            "expected `u8`, found 300, stored as `i32` of shape (1, 2); at `[1]`",
        ),
        (read_error::<Array2<u8>>(&"text"), "expected an array with 2 dimensions"),
    ] {
        assert!(error.to_string().contains(expected), "{error}");
    }
}

mod named_array {
    use serde::{Deserialize, Serialize};

    /// A type of a user's that is called so.
    #[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
    pub(crate) struct Array<V, D, A> {
        pub(crate) v: V,
        pub(crate) dim: D,
        pub(crate) data: A,
    }
}

#[test]
fn structs_of_the_same_name() {
    use named_array::Array;
    macro_rules! same {
        ($($v:expr, $dim:expr, $data:expr;)*) => {
            $(
                round_trip(&Array { v: $v, dim: $dim, data: $data });
                round_trip(&vec![Array { v: $v, dim: $dim, data: $data }; 2]);
            )*
        };
    }
    same! {
        1_u8, vec![2_u64, 2], vec![1, 2, 3, 4];
        1_u8, (2_u64, 2_u64), vec![1.5; 4];
        1_u8, vec![2_u64, 2], vec![1, 2, 3];
        1_u8, vec![2_u64, 2], vec!["a".to_owned(); 4];
        1_u8, vec![2_u64], vec![(1, 2.5), (2, 3.5)];
        1_u8, vec![2_u64], vec![Some(1), None];
        1_u8, vec![2_u64], vec![vec![1], vec![2, 3]];
        1_u8, vec![2_u64], [1.5, 2.5];
        1_u8, vec![2_u64], Some(vec![1, 2]);
        1_u8, vec![2_u64], vec![i128::MAX, 2];
        1_u8, vec![2_u64], vec![[1.5, 2.5]; 2];
        1_u8, vec![2_u32], vec![1, 2];
        1_u8, vec![u64::MAX, u64::MAX], vec![1];
        1_u8, vec![u64::MAX, 0], Vec::<f64>::new();
        1_u8, vec![1_u64; 40], vec![1];
        1_u8, 2_u64, vec![1, 2];
        1_u8, (), vec![1];
        2_u8, vec![2_u64], vec![1, 2];
        1_u16, vec![2_u64], vec![1, 2];
        "1".to_owned(), vec![2_u64], vec![1, 2];
        None::<u8>, vec![2_u64], vec![1, 2];
        1_u8, vec![3_u64], serde_json::json!([1, "two", null]);
        1_u8, vec![2_u64], serde_json::json!([1, 2.5]);
    }
    mod more {
        #[derive(serde::Serialize, serde::Deserialize, PartialEq, Debug)]
        pub(super) struct Array {
            pub(super) v: u8,
            pub(super) dim: Vec<u64>,
            pub(super) data: Vec<f64>,
            pub(super) name: String,
        }
    }
    round_trip(&more::Array { v: 1, dim: vec![1], data: vec![1.5], name: "more".to_owned() });
}

#[test]
fn attributes_take_no_array_without_a_wrapper() {
    #[derive(Serialize, Deserialize, Debug)]
    struct Labelled<A> {
        #[serde(rename = "@origin")]
        origin: A,
    }
    let error = to_vec(&Labelled { origin: array![1.0] }).unwrap_err().to_string();
    assert!(error.contains("with = \"filebacked::array\""), "{error}");
    let read: Labelled<Array1<f64>> = reread(&Labelled { origin: NdArray(array![1.0, 2.0]) });
    assert_eq!(read.origin, array![1.0, 2.0]);
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Signal {
    one: Complex64,
    list: Vec<Complex32>,
    option: Option<Complex64>,
    tuple: (u8, Complex64),
    pair: [Complex64; 2],
    nested: Vec<Vec<Complex64>>,
    map: BTreeMap<String, Complex64>,
    options: Vec<Option<Complex64>>,
    boxed: Box<Complex64>,
    records: Vec<Reading>,
    labelled: Vec<(String, Complex64)>,
    pairs: Vec<(Complex64, Complex64)>,
    grid: Vec<[Complex64; 2]>,
    keys: BTreeMap<(u8, u8), Complex64>,
    variants: Vec<Part>,
    floats: (f64, f64),
    many: Vec<(f64, f64)>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Reading {
    at: f64,
    value: Complex64,
    either: [Complex32; 2],
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
enum Part {
    Real(f64),
    Complex(Complex64),
}

fn signal() -> Signal {
    let number = |re: f64| Complex64::new(re, -re);
    Signal {
        one: number(1.0),
        list: vec![Complex32::new(1.0, 2.0), Complex32::new(3.0, 4.0)],
        option: Some(number(2.0)),
        tuple: (1, number(3.0)),
        pair: [number(4.0), number(5.0)],
        nested: vec![vec![number(6.0)], vec![]],
        map: BTreeMap::from([("a".to_owned(), number(7.0))]),
        options: vec![Some(number(8.0)), None],
        boxed: Box::new(number(9.0)),
        records: (0..3)
            .map(|at| Reading { at: at.into(), value: number(at.into()), either: [Complex32::new(1.0, 2.0); 2] })
            .collect(),
        labelled: vec![("a".to_owned(), number(1.0)), ("b".to_owned(), number(2.0))],
        pairs: vec![(number(1.0), number(2.0))],
        grid: vec![[number(1.0), number(2.0)], [number(3.0), number(4.0)]],
        keys: BTreeMap::from([((1, 2), number(1.0))]),
        variants: vec![Part::Real(1.0), Part::Complex(number(1.0)), Part::Complex(number(2.0))],
        floats: (1.5, 2.5),
        many: vec![(1.5, 2.5), (3.5, 4.5)],
    }
}

#[test]
fn complex_numbers() {
    round_trip_erased(&signal());
    round_trip(&vec![signal(), signal()]);
    for count in [1, 2, 3, 100, 300_000] {
        let numbers: Vec<_> = (0..count).map(|n| Complex64::new(f64::from(n), -1.0)).collect();
        assert!(reread::<_, Vec<Complex64>>(&numbers) == numbers);
        assert!(reread::<_, NdArray<Complex64, Ix1>>(&numbers).0.to_vec() == numbers);
        assert!(reread::<_, Vec<(f64, f64)>>(&numbers)[count as usize - 1] == (f64::from(count - 1), -1.0));
    }
    round_trip(&Vec::<Complex64>::new());
    round_trip(&(0..100_000).map(|n| (n, Complex64::new(f64::from(n), 1.0))).collect::<Vec<_>>());
    round_trip(&(0..100_000).map(|n| (Complex64::new(f64::from(n), 1.0), n)).collect::<Vec<_>>());
    round_trip(&(0..100_000).map(|n| (n % 7 > 0).then(|| Complex64::new(f64::from(n), 1.0))).collect::<Vec<_>>());
    round_trip(&(0..10_000).map(|n| vec![Complex64::new(f64::from(n), 1.0); n as usize % 4]).collect::<Vec<_>>());
    // A sequence that begins as one of complex numbers, and goes on as one of pairs.
    round_trip(&(vec![signal().one], vec![(1.5, 2.5)]));
    round_trip(&vec![serde_json::json!([1.5, 2.5]), serde_json::json!([1.5, "a"])]);
    round_trip(&signal().one);
    round_trip(&(signal().one, 1.5));
    round_trip(&[signal().one; 1]);
    let (one, small) = (signal().one, Complex32::new(0.5, -0.5));
    let nested = ([[one; 2]; 3], [[[small; 1]; 2]; 2], [[small; 2]; 1], [[(1.5, 2.5); 2]; 2]);
    round_trip_erased(&nested);
    check_tree(
        &nested,
        "/ tuple
        ├─ 0 compound {r: f64, i: f64} (3, 2) 1-1i, 1-1i, ...
        ├─ 1 compound {r: f32, i: f32} (2, 2, 1) 0.5-0.5i, ...
        ├─ 2 compound {r: f32, i: f32} (1, 2) 0.5-0.5i, 0.5-0.5i
        └─ 3 f64 (2, 2, 2) 1.5, 2.5, ...",
    );
    check_tree(
        &signal(),
        "/ group
        ├─ one compound {r: f64, i: f64} 1-1i
        ├─ list compound {r: f32, i: f32} (2,) 1+2i, 3+4i
        ├─ option compound {r: f64, i: f64} 2-2i
        ├─ tuple tuple
        │ ├─ 0 u8 1
        │ └─ 1 compound {r: f64, i: f64} 3-3i
        ├─ pair compound {r: f64, i: f64} (2,) 4-4i, 5-5i
        ├─ nested ragged
        │ ├─ offsets u64 (3,) 0, 1, 1
        │ └─ values compound {r: f64, i: f64} (1,) 6-6i
        ├─ map group
        │ └─ a compound {r: f64, i: f64} 7-7i
        ├─ options nullable
        │ ├─ values compound {r: f64, i: f64} (2,) 8-8i, NaN+NaNi
        │ └─ mask bool (2,) false, true
        ├─ boxed f64 (2,) 9.0, -9.0
        ├─ records compound {at: f64, value: compound {r: f64, i: f64}, eith... (3,) \
         (0.0, 0-0i, [1+2i, 1+2i]), (1.0, 1-1i, [1+2i, 1+2i]), (2....
        ├─ labelled columns, 2 rows
        │ ├─ 0 string(1) (2,) \"a\", \"b\"
        │ └─ 1 compound {r: f64, i: f64} (2,) 1-1i, 2-2i
        ├─ pairs compound {r: f64, i: f64} (1, 2) 1-1i, 2-2i
        ├─ grid compound {r: f64, i: f64} (2, 2) 1-1i, 2-2i, ...
        ├─ keys map
        │ ├─ keys u8 (1, 2) 1, 2
        │ └─ values compound {r: f64, i: f64} (1,) 1-1i
        ├─ variants variants
        │ ├─ tag enum {Real, Complex} (3,) Real, Complex, Complex
        │ ├─ Real f64 (1,) 1.0
        │ └─ Complex compound {r: f64, i: f64} (2,) 1-1i, 2-2i
        ├─ floats f64 (2,) 1.5, 2.5
        └─ many f64 (2, 2) 1.5, 2.5, ...",
    );
}

#[cfg(feature = "sprs")]
#[test]
fn sparse_matrices() {
    use filebacked::Sparse;
    use sprs::{CsMat, CsMatI};

    let rows = CsMat::new((2, 3), vec![0, 1, 2], vec![2, 0], vec![1.5, 2.5]);
    let columns = CsMatI::<i32, u32>::new_csc((2, 3), vec![0, 1, 1, 2], vec![0, 1], vec![7, 8]);
    round_trip_erased(&(rows.clone(), columns.clone()));
    assert_eq!(reread::<_, Sparse<f64>>(&rows).0, rows);
    assert_eq!(reread::<_, CsMat<f64>>(&Sparse(rows.clone())), rows);
    assert_eq!(reread::<_, Sparse<i32, u32>>(&columns).0, columns);
    assert_eq!(reread::<_, CsMatI<i32, u32>>(&Sparse(columns.clone())), columns);
    assert_eq!(reread::<_, Vec<CsMat<f64>>>(&vec![Sparse(rows.clone()); 2]), vec![rows.clone(); 2]);
    assert_eq!(reread::<_, Vec<Sparse<f64>>>(&vec![rows.clone(); 2]), vec![Sparse(rows.clone()); 2]);
    round_trip(&Tagged::Both { array: rows.clone(), option: Some(rows.clone()) });
    round_trip(&Flat { flat: Inner { array: columns } });
    check_tree(
        &rows,
        "/ group, encoding-type csr_matrix
        ├─ @format string \"csr\"
        ├─ @m i64 2
        ├─ @n i64 3
        ├─ @shape i64 (2,) 2, 3
        ├─ storage string(3) \"CSR\"
        ├─ nrows u64 2
        ├─ ncols u64 3
        ├─ indptr u64 (3,) 0, 1, 2
        ├─ indices u64 (2,) 2, 0
        └─ data f64 (2,) 1.5, 2.5",
    );
    let error = read_error::<CsMat<u8>>(&Sparse(rows)).to_string();
    assert!(error.contains("HDF5 path `/data"), "{error}");
}

/// What h5dump calls the type of what is there.
fn type_of(path: &Path, name: &str) -> String {
    let file = hdf5::File::open(path).unwrap();
    filebacked::tree(file.group("/").unwrap())
        .unwrap()
        .to_string()
        .lines()
        .find(|line| line.contains(name))
        .unwrap()
        .to_owned()
}

#[test]
fn complex_numbers_in_long_sequences_and_those_that_grow() {
    let reading = |n: i32| Reading {
        at: n.into(),
        value: Complex64::new(n.into(), 1.0),
        either: [Complex32::new(1.0, 2.0), Complex32::new(n as f32, 0.0)],
    };
    let number = |n: i32| Complex64::new(n.into(), -1.0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.h5");
    let (records, options): (Vec<_>, Vec<_>) =
        (0..100_000).map(|n| (reading(n), (n % 3 > 0).then(|| number(n)))).unzip();
    let all = BTreeMap::from([("records", records)]);
    filebacked::to_file(&path, &all).unwrap();
    let found = type_of(&path, "records");
    assert!(found.contains("compound {at: f64, value: compound {r:"), "{found}");
    assert!(from_file::<BTreeMap<String, Vec<Reading>>>(&path).unwrap()["records"] == all["records"]);
    assert!(reread::<_, Vec<Option<Complex64>>>(&options) == options);

    let path = folder.path().join("grown.h5");
    let (mut numbers, mut readings) = (Vec::new(), Vec::new());
    for part in 0..3 {
        let mut appender = filebacked::Appender::open_or_create_file(&path, "numbers").unwrap();
        for n in 0..50 {
            appender.push(&number(part * 50 + n)).unwrap();
            numbers.push(number(part * 50 + n));
        }
        appender.finish().unwrap();
        let mut appender = filebacked::Appender::open_or_create_file(&path, "readings").unwrap();
        for n in 0..50 {
            appender.push(&reading(part * 50 + n)).unwrap();
            readings.push(reading(part * 50 + n));
        }
        appender.finish().unwrap();
    }
    let file = hdf5::File::open(&path).unwrap();
    assert_eq!(filebacked::read::<Vec<Complex64>>(&file, "numbers").unwrap(), numbers);
    assert_eq!(filebacked::read::<Vec<Reading>>(&file, "readings").unwrap(), readings);
    assert!(type_of(&path, "numbers").contains("compound {r: f64, i: f64} (150,)"), "{}", type_of(&path, "numbers"));
    assert!(type_of(&path, "readings").contains("value: compound {r:"), "{}", type_of(&path, "readings"));
    drop(file);
    // Complex numbers are added to pairs, and the other way round.
    let mut appender = filebacked::Appender::open_or_create_file(&path, "pairs").unwrap();
    appender.push(&(1.5, 2.5)).unwrap();
    appender.finish().unwrap();
    let mut appender = filebacked::Appender::open_or_create_file(&path, "pairs").unwrap();
    appender.push(&Complex64::new(3.5, 4.5)).unwrap();
    appender.finish().unwrap();
    let mut appender = filebacked::Appender::open_or_create_file(&path, "numbers").unwrap();
    appender.push(&(3.5, 4.5)).unwrap();
    appender.finish().unwrap();
    let file = hdf5::File::open(&path).unwrap();
    assert_eq!(filebacked::read::<Vec<(f64, f64)>>(&file, "pairs").unwrap(), [(1.5, 2.5), (3.5, 4.5)]);
    assert_eq!(filebacked::read::<Vec<Complex64>>(&file, "numbers").unwrap()[150], Complex64::new(3.5, 4.5));
}

#[test]
fn h5py_reads_arrays_and_complex_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bare.h5");
    filebacked::to_file(&path, &old_forms()).unwrap();
    let expected = "point float64 () 1.5
line int32 (3,) [1, -2, 3]
grid float64 (2, 3) [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
cube uint8 (2, 3, 4) [[[0, 1, 2, 3], [10, 11, 12, 13], [20, 21, 22, 23]], \
                    [[100, 101, 102, 103], [110, 111, 112, 113], [120, 121, 122, 123]]]
any float32 (1, 2, 1) [[[1.5], [2.5]]]
flags bool (2, 2) [[True, False], [False, True]]
complex complex128 (1, 2) [[(1+2j), (3+4j)]]
empty float64 (0, 3) []
option uint64 (1,) [18446744073709551615]
number complex128 () (1-2j)
numbers complex64 (3,) [(1+2j), (3+4j), (5+6j)]
fixed float64 (6,) [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]";
    let found = python("datasets.py", [&path]);
    let (mut found, mut expected): (Vec<_>, Vec<_>) = (found.trim().lines().collect(), expected.lines().collect());
    // h5py has names in their order.
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
}
