//! Arrays.

use std::collections::BTreeMap;

use filebacked::{ErrorKind, NdArray, from_slice, hdf5, to_vec};
use ndarray::{
    ArcArray, Array, Array0, Array1, Array2, Array3, ArrayD, ArrayView2, CowArray, Ix1, Ix2, Ix3, IxDyn, ShapeBuilder,
    array, s,
};
use num_complex::{Complex32, Complex64};
use serde::{Deserialize, Serialize};

use super::{check_tree, read_error, round_trip, round_trip_erased};
use crate::common::memory;

/// A type with gaps in memory, bools and arrays.
#[derive(hdf5::H5Type, Serialize, Deserialize, Clone, Copy, PartialEq, Debug)]
#[repr(C)]
struct Cell {
    valid: bool,
    value: f64,
    level: Level,
    at: [i16; 3],
}

#[derive(hdf5::H5Type, Serialize, Deserialize, Clone, Copy, PartialEq, Debug)]
#[repr(u8)]
enum Level {
    Low = 1,
    High = 3,
}

fn cell(at: i16) -> Cell {
    let at = at % 1000;
    let level = if at % 2 == 0 { Level::Low } else { Level::High };
    Cell { valid: at % 3 == 0, value: f64::from(at), level, at: [at, -at, 0] }
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Fields {
    #[serde(with = "filebacked::array")]
    matrix: Array2<f64>,
    #[serde(with = "filebacked::array")]
    shared: ArcArray<i32, Ix1>,
    #[serde(with = "filebacked::array")]
    option: Option<Array3<u8>>,
    #[serde(with = "filebacked::array")]
    none: Option<Array1<bool>>,
    list: Vec<NdArray<f32, Ix1>>,
    payload: Payload,
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
enum Payload {
    Nothing,
    Matrix(NdArray<f64, Ix2>),
    Both {
        #[serde(with = "filebacked::array")]
        left: Array1<f64>,
        right: Option<NdArray<f64, IxDyn>>,
    },
}

fn fields(payload: Payload) -> Fields {
    Fields {
        matrix: array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],
        shared: array![1, 2].into(),
        option: Some(Array3::zeros((2, 1, 2))),
        none: None,
        list: vec![NdArray(array![1.5]), NdArray(array![]), NdArray(array![2.5, 3.5])],
        payload,
    }
}

/// Arrays of a value, of several ranks and in a sequence.
#[track_caller]
fn element<T>(value: T)
where
    T: hdf5::H5Type + Serialize + serde::de::DeserializeOwned + Clone + PartialEq + std::fmt::Debug,
{
    round_trip(&(
        NdArray(Array0::from_elem((), value.clone())),
        NdArray(Array1::from_elem(3, value.clone())),
        NdArray(Array2::from_elem((2, 3), value.clone())),
        NdArray(Array3::from_elem((2, 0, 3), value.clone())),
        vec![Some(NdArray(ArrayD::from_elem(vec![2, 1, 2, 1, 2], value))), None],
    ));
}

#[test]
fn all_element_types_and_ranks() {
    macro_rules! elements {
        ($($value:expr),* $(,)?) => {
            $(element($value);)*
        };
    }
    elements!(i8::MIN, i16::MIN, i32::MIN, i64::MIN, isize::MIN, u8::MAX, u16::MAX, u32::MAX, u64::MAX, usize::MAX);
    elements!(1.5_f32, 1.5_f64, true, Complex32::new(1.0, 2.0), Complex64::new(1.0, 2.0));
    elements!([1.5, 2.5], [[1_u8; 2]; 3], cell(1), Level::High, [cell(2), cell(3)]);
    round_trip(&NdArray(ArrayD::from_elem(IxDyn(&[1; 32]), 1.5)));
    let error = to_vec(&NdArray(ArrayD::from_elem(IxDyn(&[1; 33]), 1.5))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Hdf5);
}

#[cfg(feature = "f16")]
#[test]
fn half_precision() {
    use half::f16;
    use hdf5::H5Type;

    element(f16::from_f32(1.5));
    check_tree(&NdArray(array![f16::from_f32(1.5)]), "/ value\n└─ value f32 (1,) 1.5");
    // A wider type takes it, and it takes no wider one.
    let image = to_vec(&NdArray(array![f16::from_f32(1.5)])).unwrap();
    assert_eq!(from_slice::<NdArray<f64, Ix1>>(&image).unwrap().0, array![1.5]);
    // It is stored as numpy's `float16`.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("half.h5");
    filebacked::write_at(&path, "h", &NdArray(array![f16::from_f32(1.5), f16::from_f32(-2.0)])).unwrap();
    let stored = hdf5::File::open(&path).unwrap().dataset("h").unwrap().dtype().unwrap();
    assert_eq!((stored.size(), stored.to_descriptor().unwrap()), (2, f16::type_descriptor()));
    let found = crate::common::python("half_precision.py", [&path]);
    assert_eq!(found.trim(), "float16 [1.5, -2.0]");
    let error = read_error::<NdArray<f16, Ix1>>(&NdArray(array![1.5_f32]));
    assert!(error.to_string().starts_with("expected an array of `f16`, found `f32` of shape (1,)"), "{error}");
}

#[test]
fn wherever_a_value_can_stand() {
    let payloads = [
        Payload::Nothing,
        Payload::Matrix(NdArray(array![[1.0], [2.0]])),
        Payload::Both { left: array![1.0], right: None },
        Payload::Both { left: array![1.0], right: Some(NdArray(Array::zeros(vec![2, 2, 2]))) },
    ];
    payloads.iter().for_each(|payload| round_trip_erased(&fields(payload.clone())));
    round_trip(&payloads.iter().cloned().map(fields).collect::<Vec<_>>());
    round_trip(&payloads.to_vec());
    let arrays: Vec<_> = (0..5).map(|len| NdArray(Array1::from_elem(len, 1.5))).collect();
    round_trip(&arrays);
    round_trip(&vec![arrays.clone(), vec![], arrays.clone()]);
    round_trip(&BTreeMap::from([("a".to_owned(), arrays[1].clone()), ("b".to_owned(), arrays[2].clone())]));
    round_trip(&vec![BTreeMap::from([(1, arrays[1].clone())]), BTreeMap::from([(2, arrays[2].clone())])]);
    round_trip(&(arrays[1].clone(), arrays[2].clone()));
    round_trip(&vec![(1, arrays[1].clone()), (2, arrays[2].clone())]);
    round_trip(&Some(arrays[3].clone()));
    round_trip(&Some(NdArray(Array::<f64, _>::zeros(vec![1, 2, 3, 4]))));
}

#[test]
fn on_disk() {
    check_tree(
        &fields(Payload::Matrix(NdArray(array![[1.0], [2.0]]))),
        "/ group
        ├─ matrix f64 (2, 3) 1.0, 2.0, 3.0, ...
        ├─ shared i32 (2,) 1, 2
        ├─ option u8 (2, 1, 2) 0, 0, ...
        ├─ none null
        ├─ list list
        │ ├─ 0 f32 (1,) 1.5
        │ ├─ 1 f32 (0,)
        │ └─ 2 f32 (2,) 2.5, 3.5
        └─ payload group
           └─ Matrix f64 (2, 1) 1.0, ...",
    );
    check_tree(&NdArray(Array0::from_elem((), 1.5)), "/ value\n└─ value f64 1.5");
    let complex = NdArray(array![Complex64::new(1.0, 2.0)]);
    check_tree(&complex, "/ value\n└─ value compound {r: f64, i: f64} (1,) 1+2i");
    // Gaps are no part of a file, and the same value gives the same bytes.
    let image = || to_vec(&NdArray(Array2::from_shape_fn((40, 50), |(x, y)| cell((x * y) as i16)))).unwrap();
    assert_eq!(image(), image());
    let file = memory();
    filebacked::write(&file, "x", &NdArray(array![cell(1)])).unwrap();
    assert_eq!(file.dataset("x").unwrap().dtype().unwrap().size(), 1 + 8 + 1 + 6);
}

#[test]
fn attributes() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Labelled {
        #[serde(rename = "@origin", with = "filebacked::array")]
        origin: Array1<f64>,
        #[serde(rename = "@axes", with = "filebacked::array")]
        axes: Array2<i32>,
        #[serde(rename = "@scale", with = "filebacked::array")]
        scale: Option<Array0<Complex32>>,
        #[serde(rename = "@none", with = "filebacked::array")]
        none: Option<Array0<u8>>,
        data: u8,
    }
    let labelled = |len| Labelled {
        origin: Array1::from_elem(len, 1.5),
        axes: array![[1, 2, 3], [4, 5, 6]].reversed_axes(),
        scale: Some(Array0::from_elem((), Complex32::new(1.0, 2.0))),
        none: None,
        data: 1,
    };
    round_trip(&labelled(3));
    check_tree(
        &labelled(1),
        "/ group
        ├─ @origin f64 (1,) 1.5
        ├─ @axes i32 (3, 2) 1, 4, 2, 5, ...
        ├─ @scale compound {r: f32, i: f32} 1+2i
        ├─ @none null
        └─ data u8 1",
    );
    assert_eq!(
        to_vec(&labelled(10_000)).unwrap_err().to_string(),
        "an attribute holds at most 60000 bytes, found 80000: rename the field to have it as a dataset; at `@origin`, \
         HDF5 path `/@origin`"
    );
    #[derive(Deserialize, Debug)]
    struct Wrong {
        #[serde(rename = "@axes", with = "filebacked::array")]
        #[allow(dead_code)]
        axes: Array2<i16>,
    }
    assert_eq!(
        read_error::<Wrong>(&labelled(1)).to_string(),
        "expected an array of `i16`, found `i32` of shape (3, 2); at `@axes`, HDF5 path `/@axes`"
    );
}

#[derive(Serialize)]
struct Views<'a> {
    #[serde(serialize_with = "filebacked::array::serialize")]
    view: ArrayView2<'a, f64>,
    #[serde(serialize_with = "filebacked::array::serialize")]
    cow: CowArray<'a, f64, Ix2>,
}

#[test]
fn memory_orders() {
    // Larger than a block, and of dimensions that blocks do not divide.
    let standard = Array3::from_shape_fn((37, 61, 113), |(x, y, z)| (x * 10_000 + y * 200 + z) as f64);
    let mut fortran = Array3::zeros((37, 61, 113).f());
    fortran.assign(&standard);
    assert!(!fortran.is_standard_layout());
    assert_eq!(to_vec(&NdArray(fortran.clone())).unwrap(), to_vec(&NdArray(standard.clone())).unwrap());
    for (x, y, z) in [(1, 1, -1), (-1, 1, 1), (2, 3, 5), (-2, -3, -5)] {
        let view = standard.slice(s![..;x, ..;y, ..;z]);
        for axes in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [1, 0, 2]] {
            let view = view.permuted_axes(axes);
            let image = to_vec(&NdArray(view.to_owned())).unwrap();
            assert_eq!(from_slice::<NdArray<f64, Ix3>>(&image).unwrap(), NdArray(view.to_owned()), "{axes:?}");
        }
    }
    let matrix = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    let broadcast = ndarray::arr1(&[7.0]);
    let views = Views { view: matrix.slice(s![.., ..;-2]), cow: broadcast.broadcast((2, 3)).unwrap().into() };
    check_tree(&views, "/ group\n├─ view f64 (2, 2) 3.0, 1.0, ...\n└─ cow f64 (2, 3) 7.0, 7.0, 7.0, ...");
    // Blocks of records, and of a first dimension that is longer than one.
    round_trip(&NdArray(Array2::from_shape_fn((3, 70_000).f(), |(x, y)| cell((x * y) as i16))));
    round_trip(&NdArray(Array2::from_shape_fn((300_000, 2).f(), |(x, y)| (x * 2 + y) as u32)));
    round_trip(&NdArray(Array2::from_shape_fn((2, 300_000), |(x, y)| (x + 2 * y) as u32).reversed_axes()));
}

#[test]
fn other_formats() {
    let matrix = array![[1.5, 2.5], [3.5, 4.5]];
    let json = serde_json::to_string(&NdArray(matrix.clone())).unwrap();
    assert_eq!(json, serde_json::to_string(&matrix).unwrap());
    assert_eq!(serde_json::from_str::<NdArray<f64, Ix2>>(&json).unwrap().0, matrix);
    let value = fields(Payload::Both { left: array![1.0], right: Some(NdArray(Array::zeros(vec![2, 2]))) });
    assert_eq!(serde_json::from_str::<Fields>(&serde_json::to_string(&value).unwrap()).unwrap(), value);
    let config = bincode::config::standard();
    let bytes = bincode::serde::encode_to_vec(&value, config).unwrap();
    assert_eq!(bincode::serde::decode_from_slice::<Fields, _>(&bytes, config).unwrap().0, value);
    assert_eq!(postcard::from_bytes::<Fields>(&postcard::to_stdvec(&value).unwrap()).unwrap(), value);
    assert_eq!(rmp_serde::from_slice::<Fields>(&rmp_serde::to_vec(&value).unwrap()).unwrap(), value);
    // Rows, as JSON has them by hand.
    assert_eq!(serde_json::from_str::<NdArray<f64, Ix2>>("[[1.5, 2.5], [3.5, 4.5]]").unwrap().0, matrix);
    let error = serde_json::from_str::<NdArray<f64, Ix2>>("[[1.5, 2.5], [3.5]]").unwrap_err();
    assert!(error.to_string().starts_with("the rows of an array are of one length: 2 and 1"), "{error}");
}

#[test]
fn what_serde_keeps_in_memory() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Outer {
        id: u8,
        #[serde(flatten)]
        inner: Inner,
    }
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Inner {
        #[serde(with = "filebacked::array")]
        matrix: Array2<f64>,
        list: Vec<NdArray<i32, Ix1>>,
    }
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(untagged)]
    enum Either {
        Text(String),
        Cube(NdArray<u8, Ix3>),
    }
    let inner = || Inner { matrix: array![[1.0, 2.0]], list: vec![NdArray(array![1]), NdArray(array![])] };
    round_trip(&Outer { id: 1, inner: inner() });
    round_trip(&vec![Outer { id: 1, inner: inner() }, Outer { id: 2, inner: inner() }]);
    round_trip(&Either::Cube(NdArray(Array3::ones((1, 2, 3)))));
}

#[test]
fn parts_of_datasets() {
    // The elements of a dataset of more dimensions, and of records.
    let cube = NdArray(Array3::from_shape_fn((2, 3, 4), |(x, y, z)| x * 100 + y * 10 + z));
    let image = to_vec(&cube).unwrap();
    let rows: Vec<NdArray<u64, Ix2>> = from_slice(&image).unwrap();
    assert_eq!(rows[1].0, cube.slice(s![1, .., ..]).mapv(|x| x as u64));
    let nested: Vec<Vec<[u64; 4]>> = from_slice(&image).unwrap();
    assert_eq!(nested[1][2], [120, 121, 122, 123]);
    // What sequences and tuples of numbers became.
    assert_eq!(
        from_slice::<NdArray<i32, Ix2>>(&to_vec(&vec![[1, 2], [3, 4]]).unwrap()).unwrap().0,
        array![[1, 2], [3, 4]]
    );
    assert_eq!(from_slice::<NdArray<i32, Ix1>>(&to_vec(&Vec::<i32>::new()).unwrap()).unwrap().0.len(), 0);
    // A record of arrays reads as one of vectors.
    let records: Vec<(u8, Vec<f32>)> = from_slice(&to_vec(&vec![(1_u8, NdArray(array![1.5_f32]))]).unwrap()).unwrap();
    assert_eq!(records, [(1, vec![1.5])]);
}

macro_rules! widens {
    ($($from:ty => $to:ty),* $(,)?) => {
        $(
            let stored = array![0 as $from, 1 as $from, <$from>::MAX, <$from>::MIN];
            let read: NdArray<$to, Ix1> = from_slice(&to_vec(&NdArray(stored.clone())).unwrap()).unwrap();
            assert_eq!(read.0, stored.mapv(|x| x as $to));
        )*
    };
}

macro_rules! refused {
    ($advice:literal: $($from:ident => $to:ident),* $(,)?) => {
        $(
            let error = read_error::<NdArray<$to, Ix1>>(&NdArray(array![0 as $from]));
            assert_eq!(error.kind(), ErrorKind::WrongType);
            let expected = concat!(
                "expected an array of `", stringify!($to), "`, found `", stringify!($from),
                "` of shape (1,)", $advice, "; HDF5 path `/value`"
            );
            assert_eq!(error.to_string(), expected);
        )*
    };
}

#[test]
fn element_types_that_are_read_as_others() {
    widens!(i8 => i16, i8 => i64, u8 => i16, u8 => u64, u16 => i32, u32 => i64, i32 => i64, f32 => f64);
    widens!(i32 => f64, u32 => f64, i16 => f32, u16 => f32, i8 => f64);
    refused!(" (`ReadOptions::allow_rounding` takes the nearest)": i64 => f64, u64 => f64, i32 => f32, f64 => f32);
    refused!("": u8 => i8, i8 => u8, i64 => i32, u64 => i64, i64 => u64);
    refused!("": f32 => i32, f64 => i64, u8 => bool, i32 => u64, u16 => i16);

    let complex = NdArray(array![Complex32::new(1.0, 2.0)]);
    let wide: NdArray<Complex64, Ix1> = from_slice(&to_vec(&complex).unwrap()).unwrap();
    assert_eq!(wide.0, array![Complex64::new(1.0, 2.0)]);
    let error = read_error::<NdArray<Complex32, Ix1>>(&NdArray(array![Complex64::new(1.0, 2.0)]));
    assert!(
        error.to_string().starts_with(
            "expected an array of `compound {r: f32, i: f32}`, found `compound {r: f64, i: f64}` of shape (1,)"
        ),
        "{error}"
    );
    let error = read_error::<NdArray<bool, Ix1>>(&vec!["a"]);
    assert!(error.to_string().starts_with("expected an array of `bool`, found `string(1)` of shape (1,)"), "{error}");
    let error = read_error::<NdArray<f64, Ix1>>(&BTreeMap::from([("a", 1)]));
    assert!(error.to_string().starts_with("expected an array of `f64`, found a group"), "{error}");
    let error = read_error::<NdArray<f64, Ix1>>(&vec![vec![1.0], vec![]]);
    assert!(error.to_string().starts_with("expected an array of `f64`, found a group of kind `ragged`"), "{error}");
    let error = read_error::<NdArray<f64, Ix1>>(&None::<u8>);
    assert!(error.to_string().starts_with("expected an array of `f64`, found nothing"), "{error}");
}

#[test]
fn ranks_are_checked() {
    let error = read_error::<NdArray<f64, Ix2>>(&NdArray(array![1.5, 2.5]));
    assert_eq!(
        error.to_string(),
        "expected an array of `f64` with 2 dimensions, found `f64` of shape (2,); HDF5 path `/value`"
    );
    let error = read_error::<NdArray<f64, Ix1>>(&1.5);
    assert_eq!(
        error.to_string(),
        "expected an array of `f64` with 1 dimension, found scalar `f64`; HDF5 path `/value`"
    );
    #[derive(Deserialize, Debug)]
    struct Wrong {
        #[allow(dead_code)]
        list: Vec<NdArray<f32, Ix2>>,
    }
    let error = read_error::<Wrong>(&fields(Payload::Nothing));
    assert_eq!(
        error.to_string(),
        "expected an array of `f32` with 2 dimensions, found `f32` of shape (1,); at `list/[0]`, HDF5 path `/list/0`"
    );
}

/// A file that another program might have made.
fn foreign(make: impl FnOnce(&hdf5::File)) -> hdf5::File {
    let file = memory();
    make(&file);
    file
}

#[test]
fn foreign_files() {
    // Compressed chunks, some of which are not there.
    let file = foreign(|file| {
        let dataset = file.new_dataset::<f32>().chunk((7, 5)).fill_value(2.5).shape((20, 30)).create("x").unwrap();
        dataset.write_slice(&Array2::from_elem((2, 3), 1.5_f32), s![1..3, 4..7]).unwrap();
    });
    let mut expected = Array2::from_elem((20, 30), 2.5_f32);
    expected.slice_mut(s![1..3, 4..7]).fill(1.5);
    assert_eq!(filebacked::read::<NdArray<f32, Ix2>>(&file, "x").unwrap().0, expected);
    assert_eq!(filebacked::read::<NdArray<f64, Ix2>>(&file, "x").unwrap().0, expected.mapv(f64::from));
    // Bytes that are no bool, and no variant.
    let file = foreign(|file| {
        let dataset = file.new_dataset::<bool>().shape(3).create("bools").unwrap();
        write_bytes(&dataset, &[0, 1, 2]);
        let dataset = file.new_dataset::<Level>().shape(2).create("levels").unwrap();
        write_bytes(&dataset, &[1, 2]);
    });
    let error = filebacked::read::<NdArray<bool, Ix1>>(&file, "bools").unwrap_err();
    assert_eq!(error.to_string(), "item 2 is no value of `bool`; HDF5 path `/bools`");
    let error = filebacked::read::<NdArray<Level, Ix1>>(&file, "levels").unwrap_err();
    assert_eq!(error.to_string(), "item 1 is no value of `enum {Low, High}`; HDF5 path `/levels`");
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    // One that claims far more than is stored.
    let file = foreign(|file| {
        file.new_dataset::<f64>().chunk((1024, 1024)).shape((1 << 20, 1 << 20)).create("x").unwrap();
    });
    let error = filebacked::read::<NdArray<f64, Ix2>>(&file, "x").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
}

/// Writes bytes as they are.
fn write_bytes(dataset: &hdf5::Dataset, bytes: &[u8]) {
    hdf5::sync::sync(|| {
        let dtype = dataset.dtype().unwrap();
        // SAFETY: as many bytes as the dataset has.
        let status = unsafe { hdf5_write(dataset.id(), dtype.id(), bytes) };
        assert!(status >= 0);
    });
}

/// # Safety
/// `bytes` are as many as the dataset has.
unsafe fn hdf5_write(dataset: i64, dtype: i64, bytes: &[u8]) -> i32 {
    use hdf5_sys::{h5d, h5p, h5s};
    // SAFETY: as the caller promises.
    unsafe { h5d::H5Dwrite(dataset, dtype, h5s::H5S_ALL, h5s::H5S_ALL, h5p::H5P_DEFAULT, bytes.as_ptr().cast()) }
}
