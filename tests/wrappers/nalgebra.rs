//! Matrices and vectors of `nalgebra`.

use std::collections::BTreeMap;

use filebacked::nalgebra::NaMatrix;
use filebacked::{ErrorKind, NdArray, from_slice, hdf5, to_vec};
use nalgebra::{
    DMatrix, DMatrixView, DVector, DVectorView, Matrix1, Matrix2, Matrix2x3, Matrix3xX, MatrixXx2, Rotation2,
    RowDVector, RowVector3, Vector1, Vector3,
};
use ndarray::{Array2, Array3, Ix1, Ix2, array};
use num_complex::Complex64;
use serde::{Deserialize, Serialize};

use super::{check_tree, read_error, reread, round_trip, round_trip_erased};
use crate::common::python;

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Matrices {
    #[serde(with = "filebacked::nalgebra")]
    dynamic: DMatrix<f64>,
    #[serde(with = "filebacked::nalgebra")]
    vector: DVector<i32>,
    #[serde(with = "filebacked::nalgebra")]
    row: RowDVector<f32>,
    #[serde(with = "filebacked::nalgebra")]
    fixed: Matrix2x3<f64>,
    #[serde(with = "filebacked::nalgebra")]
    point: Vector3<f64>,
    #[serde(with = "filebacked::nalgebra")]
    fixed_row: RowVector3<u8>,
    #[serde(with = "filebacked::nalgebra")]
    rows: Matrix3xX<i16>,
    #[serde(with = "filebacked::nalgebra")]
    columns: MatrixXx2<bool>,
    #[serde(with = "filebacked::nalgebra")]
    complex: Matrix2<Complex64>,
    #[serde(with = "filebacked::nalgebra")]
    option: Option<DMatrix<f64>>,
    #[serde(with = "filebacked::nalgebra")]
    none: Option<DMatrix<f64>>,
    list: Vec<NaMatrix<DMatrix<f64>>>,
}

fn matrices() -> Matrices {
    Matrices {
        dynamic: DMatrix::from_row_slice(2, 3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        vector: DVector::from_vec(vec![1, -2]),
        row: RowDVector::from_vec(vec![0.5, 1.5, 2.5]),
        fixed: Matrix2x3::new(1.0, 2.0, 3.0, 4.0, 5.0, 6.0),
        point: Vector3::new(1.0, 2.0, 3.0),
        fixed_row: RowVector3::new(7, 8, 9),
        rows: Matrix3xX::from_row_slice(&[1, 2, 3, 4, 5, 6]),
        columns: MatrixXx2::from_row_slice(&[true, false, true, true, false, false]),
        complex: Matrix2::new(1.0, 2.0, 3.0, 4.0).map(|re| Complex64::new(re, -re)),
        option: Some(DMatrix::from_element(1, 1, 2.5)),
        none: None,
        list: vec![NaMatrix(DMatrix::zeros(1, 2)), NaMatrix(DMatrix::zeros(0, 3))],
    }
}

#[test]
fn on_disk() {
    check_tree(
        &matrices(),
        "/ group
        ├─ dynamic f64 (2, 3) matrix 1.0, 2.0, 3.0, ...
        ├─ vector i32 (2,) matrix 1, -2
        ├─ row f32 (1, 3) array 0.5, 1.5, 2.5
        ├─ fixed f64 (2, 3) fixed-matrix 1.0, 2.0, 3.0, ...
        ├─ point f64 (3,) 1.0, 2.0, 3.0
        ├─ fixed_row u8 (1, 3) fixed-matrix 7, 8, 9
        ├─ rows i16 (3, 2) array 1, 2, ...
        ├─ columns bool (3, 2) array true, false, ...
        ├─ complex compound {r: f64, i: f64} (2, 2) fixed-matrix 1-1i, 2-2i, ...
        ├─ option f64 (1, 1) matrix 2.5
        ├─ none null
        └─ list list
        ├─ 0 f64 (1, 2) matrix 0.0, 0.0
        └─ 1 f64 (0, 3) matrix",
    );
}

#[test]
fn h5py_reads_them_in_the_order_of_mathematics() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("matrices.h5");
    filebacked::to_file(&path, &matrices()).unwrap();
    let found = python("datasets.py", [&path]);
    let expected = "dynamic float64 (2, 3) [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
vector int32 (2,) [1, -2]
row float32 (1, 3) [[0.5, 1.5, 2.5]]
fixed float64 (2, 3) [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
point float64 (3,) [1.0, 2.0, 3.0]
fixed_row uint8 (1, 3) [[7, 8, 9]]
rows int16 (3, 2) [[1, 2], [3, 4], [5, 6]]
columns bool (3, 2) [[True, False], [True, True], [False, False]]
complex complex128 (2, 2) [[(1-1j), (2-2j)], [(3-3j), (4-4j)]]
option float64 (1, 1) [[2.5]]";
    let (mut found, mut expected): (Vec<_>, Vec<_>) = (found.trim().lines().collect(), expected.lines().collect());
    // h5py has names in their order.
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
#[serde(tag = "type")]
enum Tagged {
    Both {
        #[serde(with = "filebacked::nalgebra")]
        dynamic: DMatrix<f64>,
        #[serde(with = "filebacked::nalgebra")]
        fixed: Matrix2<Complex64>,
        #[serde(with = "filebacked::nalgebra")]
        vector: DVector<u8>,
    },
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
enum Payload {
    One(NaMatrix<DMatrix<f64>>),
}

#[test]
fn wherever_a_value_can_stand() {
    round_trip_erased(&matrices());
    round_trip(&vec![matrices(), matrices()]);
    let matrix = |rows, columns| NaMatrix(DMatrix::from_fn(rows, columns, |i, j| (10 * i + j) as f64));
    round_trip(&matrix(2, 3));
    round_trip(&vec![matrix(2, 3), matrix(1, 1), matrix(0, 2), matrix(2, 0)]);
    round_trip(&vec![vec![matrix(2, 3)], vec![]]);
    round_trip(&vec![Some(matrix(2, 3)), None]);
    round_trip(&BTreeMap::from([("a".to_owned(), matrix(1, 2)), ("b".to_owned(), matrix(2, 1))]));
    round_trip(&(matrix(1, 2), 7, matrix(2, 1)));
    round_trip(&Payload::One(matrix(3, 2)));
    round_trip(&vec![Payload::One(matrix(3, 2)), Payload::One(matrix(2, 2))]);
    round_trip(&NaMatrix(Matrix1::new(2.5)));
    round_trip(&NaMatrix(Vector1::new(2.5)));
    round_trip(&vec![NaMatrix(Vector3::new(1, 2, 3)); 3]);
    // Large, and as wide as long.
    round_trip(&matrix(700, 900));
    // Where serde keeps what it reads until it knows what for.
    let tagged = Tagged::Both {
        dynamic: DMatrix::from_row_slice(2, 3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        fixed: matrices().complex,
        vector: DVector::from_vec(vec![1, 2, 3]),
    };
    round_trip(&tagged);
    round_trip(&vec![tagged.clone(), tagged]);
}

#[test]
fn views() {
    #[derive(Serialize)]
    struct Views<'a> {
        #[serde(serialize_with = "filebacked::nalgebra::serialize")]
        block: DMatrixView<'a, f64>,
        #[serde(serialize_with = "filebacked::nalgebra::serialize")]
        column: DVectorView<'a, f64>,
    }
    let whole = DMatrix::from_fn(4, 5, |i, j| (10 * i + j) as f64);
    let views = Views { block: whole.view((1, 2), (2, 3)), column: whole.column(3) };
    let image = to_vec(&views).unwrap();
    #[derive(Deserialize)]
    struct Owned {
        #[serde(with = "filebacked::array")]
        block: Array2<f64>,
        #[serde(with = "filebacked::nalgebra")]
        column: DVector<f64>,
    }
    let read: Owned = from_slice(&image).unwrap();
    assert_eq!(read.block, array![[12.0, 13.0, 14.0], [22.0, 23.0, 24.0]]);
    assert_eq!(read.column, whole.column(3));
    let text = serde_json::to_string(&views.block.clone_owned()).unwrap();
    assert_eq!(
        serde_json::to_value(&views).unwrap()["block"],
        serde_json::from_str::<serde_json::Value>(&text).unwrap()
    );
}

#[test]
fn arrays_and_matrices_read_each_other() {
    let matrix = DMatrix::from_row_slice(2, 3, &[1, 2, 3, 4, 5, 6]);
    let grid = array![[1, 2, 3], [4, 5, 6]];
    assert_eq!(reread::<_, NdArray<i32, Ix2>>(&NaMatrix(matrix.clone())).0, grid);
    assert_eq!(reread::<_, Array2<i32>>(&NaMatrix(matrix.clone())), grid);
    assert_eq!(reread::<_, Vec<Vec<i32>>>(&NaMatrix(matrix.clone())), [[1, 2, 3], [4, 5, 6]]);
    assert_eq!(reread::<_, NaMatrix<DMatrix<i32>>>(&NdArray(grid.clone())).0, matrix);
    assert_eq!(reread::<_, NaMatrix<DMatrix<i64>>>(&grid).0, matrix.map(i64::from));
    assert_eq!(reread::<_, NaMatrix<Matrix2x3<i32>>>(&vec![[1, 2, 3], [4, 5, 6]]).0, Matrix2x3::new(1, 2, 3, 4, 5, 6));
    assert_eq!(reread::<_, NaMatrix<DVector<i32>>>(&vec![1, 2]).0, DVector::from_vec(vec![1, 2]));
    assert_eq!(reread::<_, NaMatrix<RowDVector<i32>>>(&vec![1, 2]).0, RowDVector::from_vec(vec![1, 2]));
    assert_eq!(reread::<_, NdArray<i32, Ix1>>(&NaMatrix(Vector3::new(1, 2, 3))).0, array![1, 2, 3]);
}

#[test]
fn what_is_in_no_wrapper_is_read() {
    let dynamic = matrices().dynamic;
    assert_eq!(reread::<_, NaMatrix<DMatrix<f64>>>(&dynamic).0, dynamic);
    assert_eq!(reread::<_, NaMatrix<DVector<i32>>>(&matrices().vector).0, matrices().vector);
    assert_eq!(reread::<_, NaMatrix<Matrix2x3<f64>>>(&matrices().fixed).0, matrices().fixed);
    assert_eq!(reread::<_, NaMatrix<RowVector3<u8>>>(&matrices().fixed_row).0, matrices().fixed_row);
    assert_eq!(reread::<_, Vec<NaMatrix<DMatrix<f64>>>>(&vec![dynamic.clone(); 2]), vec![NaMatrix(dynamic.clone()); 2]);
    assert_eq!(
        reread::<_, Vec<NaMatrix<Vector3<f64>>>>(&vec![matrices().point; 2]),
        vec![NaMatrix(matrices().point); 2]
    );
    round_trip(&dynamic);
    round_trip(&vec![dynamic; 2]);
    round_trip(&matrices().fixed);
    // Vectors whose length is in the type are the same either way.
    assert_eq!(reread::<_, Vector3<f64>>(&NaMatrix(matrices().point)), matrices().point);
    check_tree(&matrices().point, "/ value\n└─ value f64 (3,) 1.0, 2.0, 3.0");
}

#[test]
fn of_other_sizes() {
    let error = read_error::<NaMatrix<Matrix2<f64>>>(&NaMatrix(Matrix2x3::<f64>::zeros()));
    assert_eq!(error.kind(), ErrorKind::WrongLength);
    assert!(
        error.to_string().starts_with("expected a matrix of 2 rows and 2 columns, found an array of shape [2, 3]"),
        "{error}"
    );
    let error = read_error::<NaMatrix<DVector<f64>>>(&NaMatrix(DMatrix::<f64>::zeros(2, 3)));
    assert!(
        error
            .to_string()
            .starts_with("expected a matrix of any number of rows and 1 column, found an array of shape [2, 3]"),
        "{error}"
    );
    let error = read_error::<NaMatrix<DMatrix<f64>>>(&NdArray(Array3::<f64>::zeros((1, 2, 3))));
    assert!(error.to_string().contains("found an array of shape [1, 2, 3]"), "{error}");
    let error = read_error::<NaMatrix<DMatrix<i8>>>(&NaMatrix(DMatrix::<f64>::zeros(2, 3)));
    assert!(error.to_string().starts_with("expected an array of `i8`, found `f64`"), "{error}");
}

#[test]
fn attributes_and_other_formats() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Labelled {
        #[serde(rename = "@origin", with = "filebacked::nalgebra")]
        origin: Vector3<f64>,
        #[serde(rename = "@axes", with = "filebacked::nalgebra")]
        axes: Matrix2x3<i32>,
        data: u8,
    }
    let labelled = Labelled { origin: Vector3::new(1.0, 2.0, 3.0), axes: Matrix2x3::new(1, 2, 3, 4, 5, 6), data: 1 };
    round_trip(&labelled);
    check_tree(
        &labelled,
        "/ group\n├─ @origin f64 (3,) 1.0, 2.0, 3.0\n├─ @axes i32 (2, 3) 1, 2, 3, 4, ...\n└─ data u8 1",
    );
    let text = serde_json::to_string(&matrices()).unwrap();
    assert_eq!(serde_json::from_str::<Matrices>(&text).unwrap(), matrices());
    let bytes = postcard::to_stdvec(&matrices()).unwrap();
    assert_eq!(postcard::from_bytes::<Matrices>(&bytes).unwrap(), matrices());
    let file = hdf5::File::with_options().with_fapl(|list| list.core_filebacked(false)).create("nalgebra").unwrap();
    filebacked::WriteOptions::new().deflate(3).write(&file, "x", &NaMatrix(DMatrix::<f64>::zeros(300, 40))).unwrap();
    assert!(file.dataset("x").unwrap().is_chunked());
    assert_eq!(filebacked::read::<NaMatrix<DMatrix<f64>>>(&file, "x").unwrap().0, DMatrix::zeros(300, 40));
}

/// The same in no wrapper.
#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Plain {
    dynamic: DMatrix<f64>,
    vector: DVector<i32>,
    row: RowDVector<f32>,
    fixed: Matrix2x3<f64>,
    point: Vector3<f64>,
    fixed_row: RowVector3<u8>,
    rows: Matrix3xX<i16>,
    columns: MatrixXx2<bool>,
    complex: Matrix2<Complex64>,
    option: Option<DMatrix<f64>>,
    none: Option<DMatrix<f64>>,
    list: Vec<DMatrix<f64>>,
}

fn plain() -> Plain {
    let Matrices { dynamic, vector, row, fixed, point, fixed_row, rows, columns, complex, option, none, list } =
        matrices();
    let list = list.into_iter().map(|matrix| matrix.0).collect();
    Plain { dynamic, vector, row, fixed, point, fixed_row, rows, columns, complex, option, none, list }
}

#[test]
fn plain_on_disk() {
    check_tree(
        &plain(),
        "/ group
        ├─ dynamic f64 (2, 3) matrix 1.0, 2.0, 3.0, ...
        ├─ vector i32 (2,) matrix 1, -2
        ├─ row tuple
        │ ├─ 0 f32 (3,) 0.5, 1.5, 2.5
        │ ├─ 1 null unit
        │ └─ 2 u64 3
        ├─ fixed f64 (2, 3) fixed-matrix 1.0, 2.0, 3.0, ...
        ├─ point f64 (3,) 1.0, 2.0, 3.0
        ├─ fixed_row u8 (1, 3) fixed-matrix 7, 8, 9
        ├─ rows tuple
        │ ├─ 0 i16 (6,) 1, 3, 5, 2, ...
        │ ├─ 1 null unit
        │ └─ 2 u64 2
        ├─ columns tuple
        │ ├─ 0 bool (6,) true, true, false, false, ...
        │ ├─ 1 u64 3
        │ └─ 2 null unit
        ├─ complex compound {r: f64, i: f64} (2, 2) fixed-matrix 1-1i, 2-2i, ...
        ├─ option f64 (1, 1) matrix 2.5
        ├─ none null
        └─ list columns, 2 rows
        ├─ 0 ragged
        │ ├─ offsets u64 (3,) 0, 2, 2
        │ └─ values f64 (2,) 0.0, 0.0
        ├─ 1 u64 (2,) 1, 0
        └─ 2 u64 (2,) 2, 3",
    );
}

#[test]
fn plain_and_wrapped_read_each_other() {
    round_trip_erased(&plain());
    round_trip(&vec![plain(), plain()]);
    assert_eq!(reread::<_, Plain>(&matrices()), plain());
    assert_eq!(reread::<_, Matrices>(&plain()), matrices());
    assert_eq!(reread::<_, Vec<Plain>>(&vec![matrices(); 2]), vec![plain(); 2]);
    assert_eq!(reread::<_, Vec<Matrices>>(&vec![plain(); 2]), vec![matrices(); 2]);
    // At the root, and as what other types are.
    round_trip(&plain().dynamic);
    round_trip(&plain().fixed);
    round_trip(&DMatrix::<f64>::zeros(0, 3));
    round_trip(&DVector::<Complex64>::from_element(4, Complex64::new(1.0, -1.0)));
    round_trip(&DMatrix::<u8>::from_fn(700, 900, |i, j| (3 * i + j) as u8));
    round_trip(&Matrix1::new(2.5));
    round_trip(&DMatrix::from_element(2, 2, "text".to_owned()));
    assert_eq!(reread::<_, Vec<Vec<f64>>>(&plain().dynamic), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    assert_eq!(
        reread::<_, DMatrix<f64>>(&array![[1_i32, 2], [3, 4]]),
        DMatrix::from_row_slice(2, 2, &[1.0, 2.0, 3.0, 4.0])
    );
    assert_eq!(reread::<_, Matrix2<u8>>(&vec![[1_u8, 2], [3, 4]]), Matrix2::new(1, 2, 3, 4));
    assert_eq!(reread::<_, RowDVector<i32>>(&vec![1, 2]), RowDVector::from_vec(vec![1, 2]));
    assert_eq!(reread::<_, Array2<f64>>(&plain().dynamic), array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let (lists, wrapped) = (vec![plain().fixed; 3], vec![NaMatrix(plain().fixed); 3]);
    assert_eq!(reread::<_, Vec<NaMatrix<Matrix2x3<f64>>>>(&lists), wrapped);
    assert_eq!(reread::<_, Vec<Matrix2x3<f64>>>(&wrapped), lists);
    let rotation = Rotation2::new(0.5);
    round_trip(&rotation);
    assert_eq!(reread::<_, NaMatrix<Matrix2<f64>>>(&rotation).0, *rotation.matrix());
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
#[serde(tag = "type")]
enum PlainTagged {
    Both {
        dynamic: DMatrix<f64>,
        fixed: Matrix2<Complex64>,
        vector: DVector<u8>,
        point: Vector3<f64>,
        row: RowDVector<i8>,
    },
}

#[test]
fn plain_where_serde_keeps_what_it_reads() {
    let tagged = PlainTagged::Both {
        dynamic: plain().dynamic,
        fixed: plain().complex,
        vector: DVector::from_vec(vec![1, 2, 3]),
        point: plain().point,
        row: RowDVector::from_vec(vec![1, 2]),
    };
    round_trip(&tagged);
    round_trip(&vec![tagged.clone(), tagged]);
    // Other formats get what `nalgebra` makes of it.
    let json: serde_json::Value = reread(&plain().dynamic);
    assert_eq!(serde_json::from_value::<DMatrix<f64>>(json).unwrap(), plain().dynamic);
}

#[test]
fn what_is_no_such_matrix_is_said() {
    let error = read_error::<Matrix2<f64>>(&NaMatrix(plain().fixed));
    assert!(
        error.to_string().starts_with("expected a matrix of 2 rows and 2 columns, found an array of shape [2, 3]"),
        "{error}"
    );
    let error = read_error::<DVector<f64>>(&plain().dynamic);
    assert!(error.to_string().contains("1 column, found an array of shape [2, 3]"), "{error}");
    // One that is not known without its wrapper: its size has no name.
    type Large = nalgebra::SMatrix<f64, 7, 7>;
    round_trip(&Large::identity());
    assert_eq!(reread::<_, NaMatrix<Large>>(&Large::identity()).0, Large::identity());
    let error = read_error::<Large>(&NaMatrix(Large::identity()));
    assert!(error.to_string().contains("with = \"filebacked::nalgebra\""), "{error}");
    #[derive(Serialize, Debug)]
    struct Labelled {
        #[serde(rename = "@origin")]
        origin: DVector<f64>,
    }
    let error = to_vec(&Labelled { origin: DVector::zeros(2) }).unwrap_err();
    assert!(error.to_string().contains("with = \"filebacked::nalgebra\""), "{error}");
}

/// What the first build wrote that has these kinds.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Golden {
    wrapped: Matrices,
    plain: Plain,
}

#[test]
fn files_of_the_first_build_are_read() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/golden/nalgebra/0.1.h5");
    assert_eq!(filebacked::from_file::<Golden>(path).unwrap(), Golden { wrapped: matrices(), plain: plain() });
}
