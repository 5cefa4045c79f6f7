//! Sparse matrices in files: those of other programs, those that are not in order, damaged ones, and what other programs
//! make of ours.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use filebacked::{Error, ErrorKind, NdArray, Sparse, Triplets, WithAttrs, from_file, hdf5, read, to_file, write};
use hdf5::types::VarLenUnicode;
use ndarray::{Array2, Ix2};
use num_complex::Complex64;
use serde::{Deserialize, Serialize};
use sprs::{CsMat, CsMatI, TriMat};

use super::sparse::{coo, csr};

use crate::common::{Packages, memory};

/// FileBacked's own packages, and the versions of Python that they run on.
const FILEBACKED: Packages =
    Packages { requirements: "filebacked.txt", interpreters: &["python3.11", "python3.10", "python3.9", "python3.8"] };

const ANNDATA: Packages = Packages { requirements: "anndata.txt", interpreters: &["python3"] };

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/matrices").join(name)
}

/// Entries that scipy made at random.
const ENTRIES: [(usize, usize, f64); 20] = [
    (18, 0, 0.9689617652602737),
    (10, 8, 0.3209972413734975),
    (7, 5, 0.22126268518378278),
    (18, 4, 0.1412639049258967),
    (17, 8, 0.09725992706317388),
    (2, 9, 0.9840422413641464),
    (5, 0, 0.2603409275874047),
    (6, 7, 0.5370225213757797),
    (12, 0, 0.4479261718707299),
    (12, 7, 0.09956908911081108),
    (1, 3, 0.35231166120053303),
    (5, 6, 0.46924917399024213),
    (0, 9, 0.8411401297855995),
    (14, 7, 0.9046477442095134),
    (0, 4, 0.03755938382814028),
    (7, 0, 0.5083154485788909),
    (13, 1, 0.16684751304849965),
    (10, 6, 0.7790510196090357),
    (17, 1, 0.8649332956024927),
    (14, 3, 0.41139672375545455),
];

#[test]
fn python_filebacked_2_1() {
    #[derive(Deserialize)]
    struct Model {
        #[serde(with = "filebacked::sparse")]
        csr: CsMat<f64>,
        #[serde(with = "filebacked::sparse")]
        csc: CsMatI<f64, i32>,
        #[serde(with = "filebacked::triplets")]
        coo: TriMat<f64>,
    }
    let model: Model = from_file(fixture("filebacked-2.1.h5")).unwrap();
    let mut entries = TriMat::new((20, 10));
    ENTRIES.iter().for_each(|(row, col, value)| entries.add_triplet(*row, *col, *value));
    assert_eq!(model.coo, entries);
    assert_eq!(model.csr, entries.to_csr());
    assert_eq!(model.csc, entries.to_csc::<usize>().to_other_types());
}

#[test]
fn ten_x_genomics() {
    // Cell Ranger 1.2, beside what its `matrix.mtx` says: one gene in each of twelve cells.
    let counts: BTreeMap<String, Sparse<i32>> = {
        let file = hdf5::File::open(fixture("10x-v2.h5")).unwrap();
        BTreeMap::from([("hg19_chr21".to_owned(), read(&file, "hg19_chr21").unwrap())])
    };
    let counts = &counts["hg19_chr21"];
    assert_eq!((counts.shape(), counts.is_csc()), ((343, 12), true));
    assert_eq!(counts.indices(), [200, 122, 282, 317, 174, 11, 131, 196, 221, 235, 316, 126]);
    assert_eq!(counts.data(), [1; 12]);

    // Cell Ranger 3, beside the sums of its `matrix.mtx`.
    #[derive(Deserialize)]
    struct Run {
        #[serde(with = "filebacked::sparse")]
        matrix: CsMatI<i64, i32>,
    }
    let run: Run = from_file(fixture("10x-v3.h5")).unwrap();
    assert_eq!((run.matrix.shape(), run.matrix.nnz(), run.matrix.is_csc()), ((507, 1107), 23866, true));
    assert_eq!((run.matrix.get(457, 0), run.matrix.get(455, 0)), (Some(&3), Some(&1)));
    let sum = |weight: fn(usize, usize) -> usize| -> i64 {
        run.matrix.iter().map(|(count, (row, col))| count * weight(row as usize, col as usize) as i64).sum()
    };
    assert_eq!((sum(|_, _| 1), sum(|row, _| row), sum(|_, col| col)), (41_549, 13_344_417, 22_842_419));
    // As triplets, in the order of the file.
    let file = hdf5::File::open(fixture("10x-v3.h5")).unwrap();
    let triplets: Triplets<f64> = read(&file, "matrix").unwrap();
    assert_eq!(triplets.to_csc::<usize>(), run.matrix.map(|count| *count as f64).to_other_types());
}

#[test]
fn old_anndata() {
    let file = hdf5::File::open(fixture("anndata-0.5.h5ad")).unwrap();
    let distances: Sparse<f64> = read(file.group("uns/neighbors").unwrap(), "distances").unwrap();
    assert_eq!((distances.shape(), distances.nnz(), distances.is_csr()), ((700, 700), 6300, true));
    assert_eq!(distances.outer_view(0).unwrap().indices(), [9, 54, 94, 201, 219, 277, 380, 424, 651]);
    assert!((distances.data().iter().sum::<f64>() - 43570.44111037254).abs() < 1e-6);

    #[derive(Deserialize)]
    struct Data {
        #[serde(rename = "X", with = "filebacked::sparse")]
        x: CsMatI<f32, i32>,
        layers: BTreeMap<String, Sparse<f64>>,
    }
    let data: Data = from_file(fixture("anndata-0.7.h5ad")).unwrap();
    assert_eq!((data.x.shape(), data.x.nnz(), data.x.is_csr()), ((30, 20), 228, true));
    assert_eq!(data.x.data().iter().sum::<f32>(), 285.0);
    let rows: Vec<_> = data.layers["sparse"].iter().map(|(_, place)| place).collect();
    assert_eq!(rows, [(5, 7), (15, 6), (18, 10), (19, 3), (26, 7), (26, 18)]);
}

/// What a test in Python checks against: a matrix, and the same without gaps.
#[derive(Serialize, Deserialize)]
struct Pair<T, M> {
    matrix: M,
    #[serde(bound(
        serialize = "T: hdf5::H5Type + Serialize",
        deserialize = "T: hdf5::H5Type + serde::de::DeserializeOwned"
    ))]
    dense: NdArray<T, Ix2>,
}

fn pair<T: ndarray::LinalgScalar>(matrix: CsMat<T>) -> Pair<T, Sparse<T>> {
    Pair { dense: NdArray(matrix.to_dense()), matrix: Sparse(matrix) }
}

#[test]
fn anndata_reads_ours() {
    #[derive(Serialize)]
    struct Pairs {
        csr: Pair<f64, Sparse<f64>>,
        csc: Pair<f64, Sparse<f64>>,
        integers: Pair<i16, Sparse<i16>>,
        complex: Pair<Complex64, Sparse<Complex64>>,
        empty: Pair<f32, Sparse<f32>>,
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("matrices.h5");
    let pairs = Pairs {
        csr: pair(csr()),
        csc: pair(csr().to_csc()),
        integers: pair(csr().map(|x| *x as i16)),
        complex: pair(csr().map(|x| Complex64::new(*x, -1.0))),
        empty: pair(CsMat::new_csc((2, 3), vec![0; 4], vec![], vec![])),
    };
    to_file(&path, &pairs).unwrap();
    let printed = ANNDATA.python("anndata_matrices.py", [Path::new("read"), &path]);
    assert_eq!(printed.lines().collect::<Vec<_>>(), ["csr csr", "csc csc", "integers csr", "complex csr", "empty csc"]);
}

#[test]
fn anndata_writes_for_us() {
    #[derive(Deserialize, Debug, PartialEq)]
    struct Data {
        #[serde(rename = "X", with = "filebacked::sparse")]
        x: CsMatI<f32, i32>,
        layers: Layers,
        obsp: BTreeMap<String, Sparse<f64, i64>>,
    }
    #[derive(Deserialize, Debug, PartialEq)]
    struct Layers {
        csc: Sparse<f64>,
        #[serde(with = "filebacked::array")]
        dense: Array2<f32>,
    }
    let folder = tempfile::tempdir().unwrap();
    ANNDATA.python("anndata_matrices.py", [Path::new("write"), folder.path()]);
    let data: Data = from_file(folder.path().join("plain.h5ad")).unwrap();
    assert_eq!((data.x.shape(), data.x.nnz(), data.x.is_csr()), ((40, 30), 120, true));
    assert_eq!(data.x.to_dense(), data.layers.dense);
    assert!(data.layers.csc.is_csc());
    assert_eq!(data.layers.csc.to_dense(), data.layers.dense.mapv(f64::from));
    assert_eq!(data.obsp["distances"].nnz(), 80);
    assert_eq!(from_file::<Data>(folder.path().join("compressed.h5ad")).unwrap(), data);
    // Indices of 8 bits without a sign.
    let small = hdf5::File::open(folder.path().join("small.h5ad")).unwrap();
    assert_eq!(small.dataset("X/indices").unwrap().dtype().unwrap().size(), 1);
    assert_eq!(filebacked::from_group::<Data>(&small).unwrap(), data);

    let disorder = hdf5::File::open(folder.path().join("disorder.h5")).unwrap();
    for name in ["csr", "csc"] {
        let matrix: Sparse<f64> = read(&disorder, name).unwrap();
        let dense: NdArray<f64, Ix2> = read(&disorder, &format!("{name}_dense")).unwrap();
        assert_eq!(matrix.to_dense(), dense.0, "{name}");
        assert_eq!(matrix, read(&disorder, &format!("{name}_summed")).unwrap());
        // As they are stored, one by one.
        let triplets: Triplets<f64> = read(&disorder, name).unwrap();
        let (outer, inner) = match name {
            "csr" => (triplets.row_inds(), triplets.col_inds()),
            _ => (triplets.col_inds(), triplets.row_inds()),
        };
        assert_eq!(outer, [0, 0, 0, 0, 2, 2, 2]);
        assert_eq!(inner, [3, 1, 3, 0, 2, 2, 2]);
        assert_eq!(triplets.data(), [1.5, 2.5, 3.5, 4.5, 1e16, 1.0, -1e16]);
    }
}

/// What FileBacked calls a class, of which it has one of this name.
#[derive(Serialize, Deserialize)]
struct Matrices {
    #[serde(rename = "@module")]
    module: String,
    #[serde(rename = "@class")]
    class: String,
    csr: Sparse<f64>,
    csc: Sparse<f64, i32>,
    coo: Triplets<f64>,
    integers: Sparse<i16>,
    complex: Sparse<Complex64>,
    empty: Sparse<f64>,
    dense_csr: NdArray<f64, Ix2>,
    dense_csc: NdArray<f64, Ix2>,
    dense_coo: NdArray<f64, Ix2>,
    dense_integers: NdArray<i16, Ix2>,
    dense_complex: NdArray<Complex64, Ix2>,
    dense_empty: NdArray<f64, Ix2>,
}

impl Matrices {
    fn check(&self) {
        assert_eq!(self.csr.to_dense(), self.dense_csr.0);
        assert_eq!(self.csc.to_dense(), self.dense_csc.0);
        assert_eq!(self.coo.to_csr::<usize>().to_dense(), self.dense_coo.0);
        assert_eq!(self.integers.to_dense(), self.dense_integers.0);
        assert_eq!(self.complex.to_dense(), self.dense_complex.0);
        assert_eq!(self.empty.to_dense(), self.dense_empty.0);
        assert!(self.csr.is_csr() && self.csc.is_csc() && self.integers.is_csc());
    }
}

#[test]
fn python_filebacked_reads_ours() {
    let (integers, complex) = (csr().map(|x| *x as i16).to_csc(), csr().map(|x| Complex64::new(*x, 2.0)));
    let matrices = Matrices {
        module: "__main__".to_owned(),
        class: "Matrices".to_owned(),
        dense_csr: NdArray(csr().to_dense()),
        dense_csc: NdArray(csr().to_dense()),
        dense_coo: NdArray(coo().to_csr::<usize>().to_dense()),
        dense_integers: NdArray(integers.to_dense()),
        dense_complex: NdArray(complex.to_dense()),
        dense_empty: NdArray(Array2::zeros((0, 3))),
        csr: Sparse(csr()),
        csc: Sparse(csr().to_csc().to_other_types()),
        coo: Triplets(coo()),
        integers: Sparse(integers),
        complex: Sparse(complex),
        empty: Sparse(CsMat::zero((0, 3))),
    };
    matrices.check();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("matrices.h5");
    to_file(&path, &matrices).unwrap();
    let printed = FILEBACKED.python("filebacked_matrices.py", [Path::new("read"), &path]);
    let names = ["csr", "csc", "coo", "integers", "complex", "empty"];
    assert_eq!(printed.lines().collect::<Vec<_>>(), names);
}

#[test]
fn python_filebacked_writes_for_us() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("matrices.h5");
    FILEBACKED.python("filebacked_matrices.py", [Path::new("write"), &path]);
    let matrices: Matrices = from_file(&path).unwrap();
    matrices.check();
    assert_eq!((matrices.csr.shape(), matrices.csr.nnz()), ((30, 20), 120));
}

/// Makes a new dataset in place of one.
fn replace<T: hdf5::H5Type>(group: &hdf5::Group, name: &str, values: &[T]) {
    if group.link_exists(name) {
        group.unlink(name).unwrap();
    }
    group.new_dataset_builder().with_data(values).create(name).unwrap();
}

/// Makes a new attribute in place of one.
fn describe<T: hdf5::H5Type>(group: &hdf5::Group, name: &str, value: &T) {
    if group.attr_names().unwrap().iter().any(|attribute| attribute == name) {
        group.delete_attr(name).unwrap();
    }
    group.new_attr::<T>().create(name).unwrap().write_scalar(value).unwrap();
}

fn word(text: &str) -> VarLenUnicode {
    text.parse().unwrap()
}

/// A file with the matrix `x`, made of arrays by hand.
fn compressed<T: hdf5::H5Type>(
    format: &str,
    shape: [i64; 2],
    indptr: &[i64],
    indices: &[i64],
    data: &[T],
) -> hdf5::File {
    let file = memory();
    let group = file.create_group("x").unwrap();
    replace(&group, "indptr", indptr);
    replace(&group, "indices", indices);
    replace(&group, "data", data);
    describe(&group, "format", &word(format));
    describe(&group, "m", &shape[0]);
    describe(&group, "n", &shape[1]);
    file
}

#[test]
fn out_of_order() {
    let (indptr, indices) = ([0, 3, 3, 7], [3, 0, 1, 2, 2, 0, 2]);
    let file = compressed("csr", [3, 4], &indptr, &indices, &[1_i8, 2, 3, 4, 5, 6, 7]);
    let sorted = CsMat::new((3, 4), vec![0, 3, 3, 5], vec![0, 1, 3, 0, 2], vec![2_i8, 3, 1, 6, 16]);
    assert_eq!(read::<Sparse<i8>>(&file, "x").unwrap().0, sorted);
    assert_eq!(read::<Sparse<i8, i32, u16>>(&file, "x").unwrap().0, sorted.to_other_types());
    let file = compressed("csc", [4, 3], &indptr, &indices, &[1_i8, 2, 3, 4, 5, 6, 7]);
    assert_eq!(read::<Sparse<i8>>(&file, "x").unwrap().0, sorted.transpose_into());
    assert_eq!(read::<Triplets<i8>>(&file, "x").unwrap().row_inds(), [3, 0, 1, 2, 2, 0, 2]);

    // Sorted, but for what stands twice; bools are joined.
    let file = compressed("csr", [1, 9], &[0, 3], &[4, 4, 5], &[false, true, false]);
    assert_eq!(
        read::<Sparse<bool>>(&file, "x").unwrap().0,
        CsMat::new((1, 9), vec![0, 2], vec![4, 5], vec![true, false])
    );
    let file = compressed("csr", [1, 9], &[0, 2], &[4, 4], &[Complex64::new(1.0, 2.0); 2]);
    assert_eq!(read::<Sparse<Complex64>>(&file, "x").unwrap().data(), [Complex64::new(2.0, 4.0)]);

    let file = compressed("csc", [9, 2], &[0, 0, 2], &[4, 4], &[100_i8, 28]);
    assert_eq!(
        read::<Sparse<i8>>(&file, "x").unwrap_err().to_string(),
        "the matrix has more than one entry at (4, 1), and the sum is more than `i8` holds; HDF5 path `/x`"
    );
    assert_eq!(read::<Sparse<i16>>(&file, "x").unwrap().data(), [128]);
    let file = compressed("csr", [2, 9], &[0, 0, 2], &[4, 4], &[[1.5, 2.5]; 2]);
    assert_eq!(
        read::<Sparse<[f64; 2]>>(&file, "x").unwrap_err().to_string(),
        "the matrix has more than one entry at (1, 4), and values of its type have no sum: read it as `Triplets`; HDF5 \
         path `/x`"
    );
    assert_eq!(read::<Triplets<[f64; 2]>>(&file, "x").unwrap().data(), [[1.5, 2.5]; 2]);

    // A long row in the worst orders, and many of them.
    let count = 100_000;
    let reversed: Vec<i64> = (0..count).rev().collect();
    let rotated: Vec<i64> = (0..count).map(|at| (at + 1) % count).collect();
    let data: Vec<f64> = (0..count).map(|at| at as f64).collect();
    for (indices, shift) in [(reversed, None), (rotated, Some(1))] {
        let file = compressed("csr", [1, count], &[0, count], &indices, &data);
        let matrix: Sparse<f64> = read(&file, "x").unwrap();
        let expected = |col: usize| match shift {
            None => count as usize - 1 - col,
            Some(shift) => (col + count as usize - shift) % count as usize,
        };
        assert!(matrix.iter().all(|(value, (_, col))| *value == expected(col) as f64));
    }
}

/// What else may stand beside the arrays.
#[test]
fn other_descriptions() {
    let expected = csr();
    let file = compressed("csr", [3, 4], &[0, 2, 2, 5], &[1, 3, 0, 2, 3], &[1.5, 2.5, -3.5, 0.0, 4.5]);
    let group = file.group("x").unwrap();
    let check = || assert_eq!(read::<Sparse<f64>>(&file, "x").unwrap().0, expected);
    check();
    // Floats, as MATLAB has numbers; strings of a fixed length; arrays of one.
    describe(&group, "m", &3.0);
    check();
    group.delete_attr("format").unwrap();
    group.new_attr::<hdf5::types::FixedAscii<8>>().shape(1).create("format").unwrap();
    let text = hdf5::types::FixedAscii::<8>::from_ascii("csr").unwrap();
    group.attr("format").unwrap().write_raw(&[text]).unwrap();
    check();
    // Indices of any integer type, and any byte order.
    replace(&group, "indptr", &[0_u8, 2, 2, 5]);
    replace(&group, "indices", &[1_i16, 3, 0, 2, 3]);
    check();
    replace(&group, "indptr", &[0_u64, 2, 2, 5]);
    replace(&group, "indices", &[1_u32, 3, 0, 2, 3]);
    check();
    // A format that is named, and the shape as a dataset.
    group.delete_attr("m").unwrap();
    group.delete_attr("n").unwrap();
    replace(&group, "shape", &[3_i32, 4]);
    check();
    // Nothing, as numpy has it.
    let file = compressed::<f64>("csc", [3, 0], &[0], &[], &[]);
    replace(&file.group("x").unwrap(), "indices", &[0.0; 0]);
    assert_eq!(read::<Sparse<i32, i32>>(&file, "x").unwrap().0, CsMatI::new_csc((3, 0), vec![0], vec![], vec![]));
}

/// What is done to a matrix of three rows, four columns and five entries, CSR, with all attributes; and the error.
type Damage = (&'static str, fn(&hdf5::Group), ErrorKind, &'static str);

const DAMAGES: &[Damage] = &[
    (
        "no indptr",
        |x| x.unlink("indptr").unwrap(),
        ErrorKind::Corrupt,
        "there is no `indptr`, which a matrix in the format `csr` has; HDF5 path `/x`",
    ),
    (
        "no data",
        |x| x.unlink("data").unwrap(),
        ErrorKind::Corrupt,
        "there is no `data`, which a matrix in the format `csr` has; HDF5 path `/x`",
    ),
    (
        "a group for a dataset",
        |x| {
            x.unlink("indices").unwrap();
            x.create_group("indices").unwrap();
        },
        ErrorKind::Corrupt,
        "expected a dataset, found a group; HDF5 path `/x/indices`",
    ),
    (
        "two dimensions",
        |x| {
            x.unlink("indices").unwrap();
            x.new_dataset::<i32>().shape((5, 1)).create("indices").unwrap();
        },
        ErrorKind::WrongType,
        "expected a dataset with 1 dimension, found `i32` of shape (5, 1); HDF5 path `/x/indices`",
    ),
    (
        "floats for indices",
        |x| replace(x, "indices", &[1.0, 3.0, 0.0, 2.0, 3.0]),
        ErrorKind::WrongType,
        "expected integers, found `f64` of shape (5,); HDF5 path `/x/indices`",
    ),
    (
        "text for data",
        |x| replace(x, "data", &["a", "b", "c", "d", "e"].map(word)),
        ErrorKind::WrongType,
        "expected an array of `f64`, found `string` of shape (5,); HDF5 path `/x/data`",
    ),
    (
        "indptr too short",
        |x| replace(x, "indptr", &[0, 2, 5]),
        ErrorKind::Corrupt,
        "`indptr` has 3 items, and not one more than the 3 rows; HDF5 path `/x`",
    ),
    (
        "indptr too long",
        |x| replace(x, "indptr", &[0, 2, 2, 5, 5]),
        ErrorKind::Corrupt,
        "`indptr` has 5 items, and not one more than the 3 rows; HDF5 path `/x`",
    ),
    (
        "indptr empty",
        |x| replace(x, "indptr", &[0_i32; 0]),
        ErrorKind::Corrupt,
        "`indptr` has 0 items, and not one more than the 3 rows; HDF5 path `/x`",
    ),
    (
        "indptr begins late",
        |x| replace(x, "indptr", &[1, 2, 2, 5]),
        ErrorKind::Corrupt,
        "`indptr[0]` is 1, not 0; HDF5 path `/x`",
    ),
    (
        "indptr decreases",
        |x| replace(x, "indptr", &[0, 3, 2, 5]),
        ErrorKind::Corrupt,
        "`indptr[2]` is 2, less than the 3 before it; HDF5 path `/x`",
    ),
    (
        "indptr ends early",
        |x| replace(x, "indptr", &[0, 2, 2, 4]),
        ErrorKind::Corrupt,
        "`indptr` ends with 4, and there are 5 entries; HDF5 path `/x`",
    ),
    (
        "indptr ends late",
        |x| replace(x, "indptr", &[0, 2, 2, 6]),
        ErrorKind::Corrupt,
        "`indptr[3]` is 6, and there are 5 entries; HDF5 path `/x`",
    ),
    (
        "indptr goes far away",
        |x| replace(x, "indptr", &[0_u64, u64::MAX, 2, 5]),
        ErrorKind::Corrupt,
        "`indptr[1]` is 18446744073709551615, and there are 5 entries; HDF5 path `/x`",
    ),
    (
        "indptr is negative",
        |x| replace(x, "indptr", &[0, -1, 2, 5]),
        ErrorKind::Corrupt,
        "`indptr[1]` is -1, and there are 5 entries; HDF5 path `/x`",
    ),
    (
        "a column too far",
        |x| replace(x, "indices", &[1, 3, 0, 4, 3]),
        ErrorKind::Corrupt,
        "`indices[3]` is 4, and the columns are 0 to 3; HDF5 path `/x`",
    ),
    (
        "a negative column",
        |x| replace(x, "indices", &[1, 3, 0, -2_i64, 3]),
        ErrorKind::Corrupt,
        "`indices[3]` is -2, and the columns are 0 to 3; HDF5 path `/x`",
    ),
    (
        "fewer columns than entries",
        |x| replace(x, "indices", &[1, 3, 0, 2]),
        ErrorKind::Corrupt,
        "`data` has 5 items, `indices` has 4; HDF5 path `/x`",
    ),
    (
        "fewer values than entries",
        |x| replace(x, "data", &[1.5; 4]),
        ErrorKind::Corrupt,
        "`data` has 4 items, `indices` has 5; HDF5 path `/x`",
    ),
    (
        "a format that is another's",
        |x| describe(x, "format", &word("bsr")),
        ErrorKind::Unsupported,
        "the format \"bsr\" cannot be read: `csr`, `csc` and `coo` can; HDF5 path `/x`",
    ),
    (
        "formats that differ",
        |x| describe(x, "format", &word("csc")),
        ErrorKind::Corrupt,
        "`format` says `csc`, `encoding-type` says `csr`; HDF5 path `/x`",
    ),
    (
        "a format that is a number",
        |x| describe(x, "format", &1),
        ErrorKind::Corrupt,
        "the attribute `format` is no string but scalar `i32`; HDF5 path `/x`",
    ),
    (
        "another group of AnnData's",
        |x| {
            x.delete_attr("format").unwrap();
            describe(x, "encoding-type", &word("dataframe"));
        },
        ErrorKind::WrongType,
        "expected a sparse matrix, found \"dataframe\" as `encoding-type`; HDF5 path `/x`",
    ),
    (
        "shapes that differ",
        |x| describe(x, "n", &5),
        ErrorKind::Corrupt,
        "`shape` says 4 columns, `n` says 5 columns; HDF5 path `/x`",
    ),
    (
        "a shape as a dataset that differs",
        |x| replace(x, "shape", &[4, 4]),
        ErrorKind::Corrupt,
        "`shape` says 3 rows, `shape (a dataset)` says 4 rows; HDF5 path `/x`",
    ),
    (
        "a shape of one",
        |x| describe(x, "shape", &3),
        ErrorKind::Corrupt,
        "the attribute `shape` is no pair of counts but scalar `i32`; HDF5 path `/x`",
    ),
    (
        "a negative shape",
        |x| describe(x, "m", &-3),
        ErrorKind::Corrupt,
        "the attribute `m` is no count but scalar `i32`; HDF5 path `/x`",
    ),
    (
        "a shape that is no integer",
        |x| describe(x, "m", &3.5),
        ErrorKind::Corrupt,
        "the attribute `m` is no count but scalar `f64`; HDF5 path `/x`",
    ),
    (
        "half a shape",
        |x| {
            x.delete_attr("shape").unwrap();
            x.delete_attr("m").unwrap();
        },
        ErrorKind::Corrupt,
        "the shape of the matrix is missing: `m` and `n`, or `shape`; HDF5 path `/x`",
    ),
    (
        "a shape as a dataset of three",
        |x| replace(x, "shape", &[3, 4, 5]),
        ErrorKind::WrongType,
        "expected a pair of counts, found `i32` of shape (3,); HDF5 path `/x/shape`",
    ),
    (
        "rows beyond measure",
        |x| {
            x.delete_attr("shape").unwrap();
            describe(x, "m", &u64::MAX);
        },
        ErrorKind::Corrupt,
        "`indptr` has 4 items, and not one more than the 18446744073709551615 rows; HDF5 path `/x`",
    ),
    (
        "no format",
        |x| {
            x.delete_attr("format").unwrap();
            x.delete_attr("encoding-type").unwrap();
        },
        ErrorKind::WrongType,
        "expected a sparse matrix, found a group that names no format, in `format` or `encoding-type`; HDF5 path `/x`",
    ),
    (
        "a claim of what is not stored",
        |x| {
            x.unlink("indices").unwrap();
            x.new_dataset::<i64>().chunk(1 << 16).shape(1 << 40).create("indices").unwrap();
        },
        ErrorKind::Limit,
        "`i64` of shape (1099511627776,) claims to be far larger than the 0 bytes stored for it (`ReadOptions::max_expansion` sets the limit); HDF5 path `/x/indices`",
    ),
];

/// The error of reading `x` after some damage.
#[track_caller]
fn check_damage<M: serde::de::DeserializeOwned>((name, damage, kind, message): &Damage, value: &impl Serialize) {
    let file = memory();
    write(&file, "x", value).unwrap();
    damage(&file.group("x").unwrap());
    let error: Error = match read::<M>(&file, "x") {
        Ok(_) => panic!("{name}: no error"),
        Err(error) => error,
    };
    assert_eq!((error.to_string().as_str(), error.kind()), (*message, *kind), "{name}");
}

#[test]
fn damaged_matrices() {
    for damage in DAMAGES {
        check_damage::<Sparse<f64>>(damage, &Sparse(csr()));
        check_damage::<Sparse<f64, i64>>(damage, &Sparse(csr()));
        check_damage::<Sparse<f64, i32>>(damage, &WithAttrs { value: Sparse(csr()), attrs: () });
        check_damage::<Triplets<f64>>(damage, &Sparse(csr()));
    }
}

const DAMAGED_TRIPLETS: &[Damage] = &[
    (
        "no rows",
        |x| x.unlink("row").unwrap(),
        ErrorKind::Corrupt,
        "there is no `row`, which a matrix in the format `coo` has; HDF5 path `/x`",
    ),
    (
        "fewer rows",
        |x| replace(x, "row", &[1, 2]),
        ErrorKind::Corrupt,
        "`data` has 3 items, `row` has 2; HDF5 path `/x`",
    ),
    (
        "fewer columns",
        |x| replace(x, "col", &[1, 2]),
        ErrorKind::Corrupt,
        "`data` has 3 items, `col` has 2; HDF5 path `/x`",
    ),
    (
        "a row too far",
        |x| replace(x, "row", &[0, 3, 2]),
        ErrorKind::Corrupt,
        "`row[1]` is 3, and the rows are 0 to 2; HDF5 path `/x`",
    ),
    (
        "a negative column",
        |x| replace(x, "col", &[0, 3, -1_i8]),
        ErrorKind::Corrupt,
        "`col[2]` is -1, and the columns are 0 to 3; HDF5 path `/x`",
    ),
    (
        "no shape",
        |x| x.delete_attr("n").unwrap(),
        ErrorKind::Corrupt,
        "the shape of the matrix is missing: `m` and `n`, or `shape`; HDF5 path `/x`",
    ),
];

#[test]
fn damaged_triplets() {
    for damage in DAMAGED_TRIPLETS {
        check_damage::<Triplets<f64>>(damage, &Triplets(coo()));
        check_damage::<Triplets<f64, i32>>(damage, &Triplets(coo()));
    }
}
