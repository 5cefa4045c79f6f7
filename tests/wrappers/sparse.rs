//! Sparse matrices: wherever they stand, of all types, on disk, and in other formats.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use filebacked::{Codec, Coded, ErrorKind, NdArray, Shared, Sparse, Triplets, WithAttrs, from_slice, hdf5, to_vec};
use num_complex::{Complex32, Complex64};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::json;
use sprs::{CsMat, CsMatBase, CsMatI, CsMatView, CsMatViewI, SpIndex, TriMat, TriMatI, TriMatView};

use super::{check_tree, read_error, round_trip, round_trip_erased};
use crate::common::memory;

/// A matrix of three rows and four columns, the second row empty.
pub(crate) fn csr() -> CsMat<f64> {
    CsMat::new((3, 4), vec![0, 2, 2, 5], vec![1, 3, 0, 2, 3], vec![1.5, 2.5, -3.5, 0.0, 4.5])
}

pub(crate) fn coo() -> TriMat<f64> {
    TriMat::from_triplets((3, 4), vec![2, 0, 2], vec![3, 1, 3], vec![1.5, 2.5, -3.5])
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Fields {
    #[serde(with = "filebacked::sparse")]
    csr: CsMat<f64>,
    #[serde(with = "filebacked::sparse")]
    csc: CsMatI<f32, i32, i64>,
    #[serde(with = "filebacked::sparse")]
    option: Option<CsMatI<u8, u16>>,
    #[serde(with = "filebacked::sparse")]
    none: Option<CsMat<bool>>,
    #[serde(with = "filebacked::triplets")]
    coo: TriMat<f64>,
    #[serde(with = "filebacked::triplets")]
    some_coo: Option<TriMatI<i8, i32>>,
    #[serde(with = "filebacked::triplets")]
    no_coo: Option<TriMatI<i8, i32>>,
    list: Vec<Sparse<f64>>,
    payload: Payload,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Payload {
    Nothing,
    One(Sparse<f64>),
    Two(Triplets<f64>, u8),
    Both {
        #[serde(with = "filebacked::sparse")]
        left: CsMat<f64>,
        right: Option<Triplets<f64>>,
    },
}

fn payloads() -> Vec<Payload> {
    vec![
        Payload::Nothing,
        Payload::One(Sparse(csr())),
        Payload::Two(Triplets(coo()), 3),
        Payload::Both { left: csr().to_csc(), right: None },
        Payload::Both { left: csr(), right: Some(Triplets(coo())) },
    ]
}

fn fields(payload: Payload) -> Fields {
    Fields {
        csr: csr(),
        csc: CsMatI::new_csc((3, 2), vec![0, 1, 3], vec![2, 0, 1], vec![0.5, 1.5, 2.5]),
        option: Some(CsMatI::eye(3)),
        none: None,
        coo: coo(),
        some_coo: Some(TriMatI::from_triplets((1, 1), vec![0], vec![0], vec![-1])),
        no_coo: None,
        list: vec![Sparse(csr()), Sparse(CsMat::zero((0, 3))), Sparse(csr().to_csc())],
        payload,
    }
}

#[test]
fn wherever_a_value_can_stand() {
    payloads().into_iter().for_each(|payload| round_trip_erased(&fields(payload)));
    round_trip(&payloads().into_iter().map(fields).collect::<Vec<_>>());
    round_trip_erased(&payloads());
    round_trip_erased(&Sparse(csr()));
    round_trip_erased(&Triplets(coo()));
    round_trip(&Some(Sparse(csr())));
    round_trip(&Some(Some(Triplets(coo()))));
    round_trip(&None::<Sparse<f64>>);
    let both = || (Sparse(csr()), Triplets(coo()));
    round_trip_erased(&both());
    round_trip(&vec![both(), both()]);
    round_trip(&(1, both()));
    round_trip(&vec![None, Some(Sparse(csr())), None]);
    round_trip(&vec![vec![Triplets(coo()); 2], vec![], vec![Triplets(coo())]]);
    round_trip(&BTreeMap::from([("a".to_owned(), both()), ("b/c".to_owned(), both())]));
    round_trip(&BTreeMap::from([((1, 2), Sparse(csr())), ((3, 4), Sparse(csr().to_csc()))]));
    round_trip(&vec![BTreeMap::from([(1, Sparse(csr()))]), BTreeMap::new()]);
    round_trip(&Vec::<Sparse<f64>>::new());
    round_trip(&(0..300).map(|size| Sparse(CsMat::<f64>::eye(size % 7))).collect::<Vec<_>>());
}

/// A matrix and its right-hand side, in a codec.
#[derive(PartialEq, Debug)]
struct System(CsMat<f64>, ndarray::Array1<f64>);

impl Codec for System {
    fn write(&self, target: &filebacked::codec::Target<'_>) -> filebacked::Result<()> {
        target.put_child("matrix", &Sparse(self.0.clone()))?;
        target.put_child("right", &NdArray(self.1.clone()))
    }

    fn read(stored: &filebacked::codec::Stored) -> filebacked::Result<Self> {
        let matrix: Sparse<f64> = stored.read_child("matrix")?;
        Ok(Self(matrix.0, stored.read_child::<NdArray<f64, ndarray::Ix1>>("right")?.0))
    }
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Source {
    unit: String,
    size: u32,
}

#[test]
fn in_other_wrappers() {
    let source = || Source { unit: "N/m".to_owned(), size: 3 };
    round_trip_erased(&WithAttrs { value: Sparse(csr()), attrs: source() });
    round_trip(&vec![Some(WithAttrs { value: Triplets(coo()), attrs: source() }), None]);
    let shared = Shared::from(Sparse(csr()));
    let image = to_vec(&vec![shared.clone(), shared.clone()]).unwrap();
    let back: Vec<Shared<Sparse<f64>>> = from_slice(&image).unwrap();
    assert!(Arc::ptr_eq(&back[0].0, &back[1].0));
    assert_eq!(back[0], shared);
    round_trip(&vec![Coded(System(csr(), ndarray::array![1.0, 2.0, 3.0]))]);

    // The layout's own attributes are none of the value's.
    let value = || WithAttrs { value: Sparse(csr()), attrs: BTreeMap::from([("unit".to_owned(), json!("N"))]) };
    round_trip(&value());
    round_trip(&BTreeMap::from([("x".to_owned(), value())]));
    round_trip(&WithAttrs { value: Triplets(coo()), attrs: BTreeMap::from([("unit".to_owned(), json!("N"))]) });
    let taken = WithAttrs { value: Sparse(csr()), attrs: BTreeMap::from([("format", 1)]) };
    assert_eq!(
        to_vec(&taken).unwrap_err().to_string(),
        "the name `@format` is taken: remove what is there, or choose another group or name; at `format`, HDF5 path \
         `/@format`"
    );
}

/// A type with gaps in memory.
#[derive(hdf5::H5Type, Serialize, Deserialize, Clone, Copy, PartialEq, Debug)]
#[repr(C)]
struct Cell {
    valid: bool,
    value: f64,
}

/// Matrices of each format, also empty ones, with entries of one value.
fn matrices<T: Copy, I: SpIndex, Iptr: SpIndex>(value: T) -> Vec<Sparse<T, I, Iptr>> {
    let indptr = || [0, 2, 2, 3].map(Iptr::from_usize).to_vec();
    let indices = || [1, 3, 0].map(I::from_usize).to_vec();
    vec![
        Sparse(CsMatI::new((3, 4), indptr(), indices(), vec![value; 3])),
        Sparse(CsMatI::new_csc((4, 3), indptr(), indices(), vec![value; 3])),
        Sparse(CsMatI::zero((2, 3))),
        Sparse(CsMatI::zero((0, 0))),
        Sparse(CsMatI::new_csc((0, 2), vec![Iptr::zero(); 3], Vec::new(), Vec::new())),
    ]
}

/// Triplets, also none.
fn triplets<T: Copy, I: SpIndex>(value: T) -> Vec<Triplets<T, I>> {
    let indices = |indices: [usize; 3]| indices.map(I::from_usize).to_vec();
    vec![
        Triplets(TriMatI::from_triplets((3, 4), indices([1, 0, 1]), indices([3, 3, 3]), vec![value; 3])),
        Triplets(TriMatI::new((0, 7))),
    ]
}

#[test]
fn all_element_types_and_index_types() {
    macro_rules! elements {
        ($($value:expr),* $(,)?) => {
            $(round_trip(&(matrices::<_, usize, usize>($value), triplets::<_, i32>($value)));)*
        };
    }
    elements!(i8::MIN, i16::MIN, i32::MIN, i64::MIN, u8::MAX, u16::MAX, u32::MAX, u64::MAX, usize::MAX);
    elements!(1.5_f32, 1.5_f64, true, Complex32::new(1.0, 2.0), Complex64::new(1.0, 2.0));
    elements!([1.5, 2.5], Cell { valid: true, value: 1.5 });
    round_trip(&(matrices::<_, i32, i32>(1.5), matrices::<_, i64, i64>(1.5), matrices::<_, u16, i64>(1.5)));
    round_trip(&(matrices::<_, i32, usize>(1.5), triplets::<_, usize>(1.5), triplets::<_, i64>(1.5)));
    // Elements are widened as those of arrays are.
    let image = to_vec(&Sparse(csr().map(|x| *x as f32))).unwrap();
    assert_eq!(from_slice::<Sparse<f64>>(&image).unwrap().0, csr());
    assert_eq!(
        read_error::<Sparse<f32>>(&Sparse(csr())).to_string(),
        "expected an array of `f32`, found `f64` of shape (5,) (`ReadOptions::allow_rounding` takes the nearest); \
         HDF5 path `/data`"
    );
    let rounded: Sparse<f32> =
        filebacked::ReadOptions::new().allow_rounding(true).from_slice(&to_vec(&Sparse(csr())).unwrap()).unwrap();
    assert_eq!(rounded.0, csr().map(|x| *x as f32));
}

#[test]
fn on_disk() {
    check_tree(
        &BTreeMap::from([("a", Sparse(csr()))]),
        "/ group
        └─ a group, encoding-type csr_matrix
           ├─ @format string \"csr\"
           ├─ @m i64 3
           ├─ @n i64 4
           ├─ @shape i64 (2,) 3, 4
           ├─ data f64 (5,) 1.5, 2.5, -3.5, 0.0, ...
           ├─ indices i32 (5,) 1, 3, 0, 2, ...
           └─ indptr i32 (4,) 0, 2, 2, 5",
    );
    check_tree(
        &Sparse(csr().to_csc()),
        "/ group, encoding-type csc_matrix
        ├─ @format string \"csc\"
        ├─ @m i64 3
        ├─ @n i64 4
        ├─ @shape i64 (2,) 3, 4
        ├─ data f64 (5,) -3.5, 1.5, 0.0, 2.5, ...
        ├─ indices i32 (5,) 2, 0, 2, 0, ...
        └─ indptr i32 (5,) 0, 1, 2, 3, ...",
    );
    check_tree(
        &Some(Triplets(coo())),
        "/ group
        ├─ @format string \"coo\"
        ├─ @m i64 3
        ├─ @n i64 4
        ├─ data f64 (3,) 1.5, 2.5, -3.5
        ├─ row i32 (3,) 2, 0, 2
        └─ col i32 (3,) 3, 1, 3",
    );
    check_tree(
        &vec![None, Some(Sparse(CsMat::<i8>::zero((0, 1))))],
        "/ nullable
        ├─ values list
        │ ├─ 0 null
        │ └─ 1 group, encoding-type csr_matrix
        │ ├─ @format string \"csr\"
        │ ├─ @m i64 0
        │ ├─ @n i64 1
        │ ├─ @shape i64 (2,) 0, 1
        │ ├─ data i8 (0,)
        │ ├─ indices i32 (0,)
        │ └─ indptr i32 (1,) 0
        └─ mask bool (2,) true, false",
    );
    // A group that holds something gets it by name.
    let file = memory();
    filebacked::write(&file, "first", &Sparse(csr())).unwrap();
    filebacked::to_group(&Sparse(csr()), &file).unwrap();
    assert_eq!(filebacked::from_group::<Sparse<f64>>(&file).unwrap(), filebacked::read(&file, "first").unwrap());
    assert_eq!(filebacked::to_group(&Sparse(csr()), &file).unwrap_err().kind(), ErrorKind::AlreadyExists);
}

/// The types in which the children of a value are stored.
fn stored_types(value: &impl Serialize, names: &[&str]) -> Vec<hdf5::types::TypeDescriptor> {
    let file = memory();
    filebacked::write(&file, "x", value).unwrap();
    let dtype = |name: &&str| file.dataset(&format!("x/{name}")).unwrap().dtype().unwrap().to_descriptor().unwrap();
    names.iter().map(dtype).collect()
}

#[test]
fn index_types() {
    use hdf5::types::{IntSize, TypeDescriptor as TD};
    let narrow = vec![TD::Integer(IntSize::U4); 2];
    let wide = vec![TD::Integer(IntSize::U8); 2];
    let names = ["indices", "indptr"];

    // The same file for all index types.
    let image = to_vec(&Sparse(csr())).unwrap();
    assert_eq!(to_vec(&Sparse::<f64, i32>(csr().to_other_types())).unwrap(), image);
    assert_eq!(to_vec(&Sparse::<f64, i64>(csr().to_other_types())).unwrap(), image);
    assert_eq!(to_vec(&Sparse::<f64, u16, i32>(csr().to_other_types())).unwrap(), image);
    assert_eq!(stored_types(&Sparse(csr()), &names), narrow);
    assert_eq!(from_slice::<Sparse<f64, i16, u64>>(&image).unwrap().0, csr().to_other_types());

    // Where the shape is beyond `i32`, or `i64`.
    let of_width = |cols: usize| CsMat::new((1, cols), vec![0, 2], vec![1, cols - 1], vec![1.5, 2.5]);
    let most = i32::MAX as usize;
    assert_eq!(stored_types(&Sparse(of_width(most)), &names), narrow);
    assert_eq!(stored_types(&Sparse(of_width(most + 1)), &names), wide);
    assert_eq!(stored_types(&Sparse(of_width(usize::MAX)), &names), vec![TD::Unsigned(IntSize::U8); 2]);
    for cols in [most, most + 1, i64::MAX as usize, i64::MAX as usize + 1, usize::MAX] {
        round_trip(&Sparse(of_width(cols)));
        round_trip(&Sparse(of_width(cols).transpose_into()));
        round_trip(&Triplets(TriMat::from_triplets((cols, 2), vec![cols - 1, 0], vec![1, 0], vec![1, 2])));
    }
    round_trip(&Sparse(CsMatI::<f64, i64>::new((1, i64::MAX as usize), vec![0, 1], vec![1 << 40], vec![1.5])));

    // Where the type that asks is too small.
    let wrong = |error: filebacked::Error, message: &str| {
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::OutOfRange, message.to_owned()));
    };
    wrong(
        read_error::<Sparse<f64, i32>>(&Sparse(of_width(most + 1))),
        "expected a matrix with indices of `i32`, found one of shape (1, 2147483648) with 2 entries; HDF5 path `/`",
    );
    wrong(
        read_error::<Sparse<u8, u64, i16>>(&Sparse(CsMat::<u8>::zero((40_000, 1)))),
        "expected a matrix with indices of `i16`, found one of shape (40000, 1) with 0 entries; HDF5 path `/`",
    );
    wrong(
        read_error::<Triplets<f64, u16>>(&Sparse(CsMat::<u8>::zero((1, 70_000)))),
        "expected triplets with indices of `u16`, found a matrix of shape (1, 70000); HDF5 path `/`",
    );
}

/// A matrix in other storage than vectors.
type Boxed = CsMatBase<f64, i32, Box<[i32]>, Arc<[i32]>, Box<[f64]>>;

#[derive(Serialize)]
struct Views<'a> {
    #[serde(serialize_with = "filebacked::sparse::serialize")]
    rows: CsMatView<'a, f64>,
    #[serde(serialize_with = "filebacked::sparse::serialize")]
    transposed: CsMatView<'a, f64>,
    #[serde(serialize_with = "filebacked::sparse::serialize")]
    boxed: Boxed,
    #[serde(serialize_with = "filebacked::sparse::serialize")]
    option: Option<CsMatViewI<'a, f64, usize>>,
    #[serde(serialize_with = "filebacked::triplets::serialize")]
    triplets: TriMatView<'a, f64>,
    #[serde(serialize_with = "filebacked::triplets::serialize")]
    no_triplets: Option<TriMatView<'a, f64>>,
}

#[test]
fn views() {
    #[derive(Deserialize)]
    struct Owned {
        rows: Sparse<f64>,
        transposed: Sparse<f64>,
        boxed: Sparse<f64>,
        option: Option<Sparse<f64>>,
        triplets: Triplets<f64>,
        no_triplets: Option<Triplets<f64>>,
    }
    let (matrix, triplets) = (csr(), coo());
    let views = Views {
        // A part, whose `indptr` begins beyond 0.
        rows: matrix.slice_outer(1..3),
        transposed: matrix.transpose_view(),
        boxed: CsMatBase::new((1, 2), Box::from([0, 1]), Arc::from([1]), Box::from([1.5])),
        option: Some(matrix.slice_outer(2..2)),
        triplets: triplets.transpose_view(),
        no_triplets: None,
    };
    let back: Owned = from_slice(&to_vec(&views).unwrap()).unwrap();
    assert_eq!(back.rows.0, CsMat::new((2, 4), vec![0, 0, 3], vec![0, 2, 3], vec![-3.5, 0.0, 4.5]));
    assert_eq!(back.transposed.0, matrix.transpose_view().to_owned());
    assert_eq!(back.boxed.0, CsMat::new((1, 2), vec![0, 1], vec![1], vec![1.5]));
    assert_eq!(back.option.unwrap().0, CsMat::zero((0, 4)));
    assert_eq!(back.triplets.0.view(), triplets.transpose_view());
    assert!(back.no_triplets.is_none());
}

/// A matrix of more entries than are written or read at a time.
fn large(rows: usize, cols: usize) -> CsMat<f64> {
    let (mut indptr, mut indices) = (vec![0], Vec::new());
    for row in 0..rows {
        indices.extend((0..cols).filter(|col| (row * 7 + col * 13) % 11 < 3));
        indptr.push(indices.len());
    }
    let data = (0..indices.len()).map(|entry| entry as f64).collect();
    CsMat::new((rows, cols), indptr, indices, data)
}

#[test]
fn long_ones() {
    let matrix = large(1500, 2000);
    assert!(matrix.nnz() > 3 << 18);
    round_trip(&Sparse(matrix.clone()));
    let image = to_vec(&Sparse(matrix.clone())).unwrap();
    let narrow: Sparse<f64, i32> = from_slice(&image).unwrap();
    assert_eq!(narrow.0, matrix.to_other_types());
    assert_eq!(to_vec(&narrow).unwrap(), image);
    let triplets: Triplets<f64, i64> = from_slice(&image).unwrap();
    assert_eq!(triplets.to_csr::<i64>(), matrix.to_other_types());
    round_trip(&triplets);
}

#[test]
fn other_formats() {
    // As sprs itself has it.
    let json = serde_json::to_string(&Sparse(csr())).unwrap();
    assert_eq!(json, serde_json::to_string(&csr()).unwrap());
    assert_eq!(serde_json::from_str::<Sparse<f64>>(&json).unwrap().0, csr());
    assert_eq!(serde_json::from_str::<CsMat<f64>>(&json).unwrap(), csr());
    let narrow = Sparse::<_, i32>(csr().to_csc().to_other_types::<i32, f64, i32>());
    assert_eq!(serde_json::from_str::<Sparse<f64, i32>>(&serde_json::to_string(&narrow).unwrap()).unwrap(), narrow);
    assert_eq!(
        serde_json::to_value(Triplets(coo())).unwrap(),
        json!({"rows": 3, "cols": 4, "row_inds": [2, 0, 2], "col_inds": [3, 1, 3], "data": [1.5, 2.5, -3.5]})
    );

    let config = bincode::config::standard();
    let bytes = bincode::serde::encode_to_vec(Sparse(csr()), config).unwrap();
    assert_eq!(bytes, bincode::serde::encode_to_vec(csr(), config).unwrap());
    for payload in payloads() {
        let value = fields(payload);
        assert_eq!(serde_json::from_str::<Fields>(&serde_json::to_string(&value).unwrap()).unwrap(), value);
        let bytes = bincode::serde::encode_to_vec(&value, config).unwrap();
        assert_eq!(bincode::serde::decode_from_slice::<Fields, _>(&bytes, config).unwrap().0, value);
        assert_eq!(postcard::from_bytes::<Fields>(&postcard::to_stdvec(&value).unwrap()).unwrap(), value);
        assert_eq!(rmp_serde::from_slice::<Fields>(&rmp_serde::to_vec(&value).unwrap()).unwrap(), value);
        assert_eq!(rmp_serde::from_slice::<Fields>(&rmp_serde::to_vec_named(&value).unwrap()).unwrap(), value);
    }
}

#[test]
fn damaged_documents() {
    let sparse = |text: &str| serde_json::from_str::<Sparse<f64, u16>>(text).unwrap_err().to_string();
    let document = |indptr: &str, indices: &str| {
        format!(r#"{{"storage":"CSR","nrows":1,"ncols":9,"indptr":{indptr},"indices":{indices},"data":[1.5,2.5]}}"#)
    };
    let starts = |error: String, message: &str| assert!(error.starts_with(message), "{error}");
    starts(sparse(&document("[0, 1]", "[1, 2]")), "`indptr` ends with 1, and there are 2 entries");
    starts(sparse(&document("[0, 2]", "[1, 9]")), "`indices[1]` is 9, and the columns are 0 to 8");
    starts(sparse(&document("[0, 2]", "[1, 70000]")), "`indices[1]` is 70000, which is beyond the matrix");
    starts(sparse(&document("[0, 2]", "[1]")), "`data` has 2 items, `indices` has 1");
    starts(sparse(r#"{"storage":"CSR","nrows":1,"ncols":9}"#), "missing field `indptr`");
    starts(sparse(r#"{"nrows":1,"ncols":9}"#), "expected a sparse matrix, found a group that names no format");
    starts(sparse(r#"{"storage":"CSR","nrows":1}"#), "the shape of the matrix is missing");
    starts(sparse("1.5"), "invalid type: floating point `1.5`, expected a sparse matrix");
    let triplets = |text: &str| serde_json::from_str::<Triplets<f64>>(text).unwrap_err().to_string();
    starts(
        triplets(r#"{"rows":2,"cols":2,"row_inds":[2],"col_inds":[1],"data":[0.5]}"#),
        "`row[0]` is 2, and the rows are 0 to 1",
    );
    starts(
        triplets(r#"{"rows":2,"cols":2,"row_inds":[1, 1],"col_inds":[1],"data":[0.5]}"#),
        "`data` has 1 items, `row` has 2",
    );
    let bytes = postcard::to_stdvec(&(2, 2, vec![5], vec![1], vec![0.5])).unwrap();
    assert!(postcard::from_bytes::<Triplets<f64>>(&bytes).is_err());
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
        #[serde(with = "filebacked::sparse")]
        matrix: CsMat<f64>,
        #[serde(with = "filebacked::triplets")]
        entries: TriMatI<f64, i32>,
        list: Vec<Sparse<f64, i64>>,
    }
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(untagged)]
    enum Either {
        Text(String),
        Compressed(Sparse<i32>),
        Entries(Triplets<i32>),
    }
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(tag = "type")]
    enum Tagged {
        Matrix { matrix: Sparse<f64> },
    }
    let inner = || Inner {
        matrix: csr().to_csc(),
        entries: TriMatI::from_triplets((3, 4), vec![2, 2], vec![1, 1], vec![0.5, 1.5]),
        list: vec![Sparse(CsMatI::eye(2)), Sparse(CsMatI::zero((1, 3)))],
    };
    round_trip(&Outer { id: 1, inner: inner() });
    round_trip(&vec![Outer { id: 1, inner: inner() }, Outer { id: 2, inner: inner() }]);
    round_trip(&Either::Compressed(Sparse(CsMat::eye(2))));
    round_trip(&vec![Either::Text("a".to_owned()), Either::Entries(Triplets(TriMat::new((2, 3))))]);
    round_trip(&Tagged::Matrix { matrix: Sparse(csr()) });
    let json = serde_json::to_string(&Outer { id: 1, inner: inner() }).unwrap();
    assert_eq!(serde_json::from_str::<Outer>(&json).unwrap(), Outer { id: 1, inner: inner() });
}

#[test]
fn what_was_in_no_wrapper() {
    // As a field is that gets the attribute later.
    #[derive(Serialize, PartialEq, Debug)]
    struct Before {
        matrix: CsMat<f64>,
    }
    #[derive(Deserialize, PartialEq, Debug)]
    struct After {
        #[serde(with = "filebacked::sparse")]
        matrix: CsMatI<f64, i32>,
    }
    let image = to_vec(&Before { matrix: csr() }).unwrap();
    assert_eq!(from_slice::<After>(&image).unwrap().matrix, csr().to_other_types());
    let triplets: BTreeMap<String, Triplets<f64>> = from_slice(&image).unwrap();
    assert_eq!(triplets["matrix"].to_csr::<usize>(), csr());
}

#[test]
fn one_as_the_other() {
    let stored = Sparse(csr().to_csc());
    let triplets: Triplets<f64> = from_slice(&to_vec(&stored).unwrap()).unwrap();
    assert_eq!(triplets.row_inds(), [2, 0, 2, 0, 2]);
    assert_eq!(triplets.col_inds(), [0, 1, 2, 3, 3]);
    assert_eq!(triplets.to_csc::<usize>(), stored.0);
    let error = read_error::<Sparse<f64>>(&BTreeMap::from([("x", Triplets(coo()))]));
    assert_eq!(error.kind(), ErrorKind::WrongType);
    let error = read_error::<BTreeMap<String, Sparse<f64>>>(&BTreeMap::from([("x", Triplets(coo()))]));
    assert_eq!(
        error.to_string(),
        "expected a matrix in the format `csr` or `csc`, found one in the format `coo`: read it as `Triplets`; at `x`, \
         HDF5 path `/x`"
    );
}

#[test]
fn what_is_no_matrix() {
    #[derive(Serialize)]
    struct Attribute {
        #[serde(rename = "@a", with = "filebacked::sparse")]
        matrix: CsMat<f64>,
    }
    assert_eq!(
        to_vec(&Attribute { matrix: csr() }).unwrap_err().to_string(),
        "an attribute holds a number, bool, string, or an array of these: rename the field to have it as a group or \
         dataset; at `@a`, HDF5 path `/@a`"
    );
    #[derive(Serialize, Deserialize, Debug)]
    struct Number {
        #[serde(rename = "@a")]
        a: i32,
    }
    #[derive(Deserialize, Debug)]
    struct Matrix {
        #[serde(rename = "@a")]
        #[allow(dead_code)]
        a: Sparse<f64>,
    }
    assert_eq!(
        read_error::<Matrix>(&Number { a: 1 }).to_string(),
        "expected a sparse matrix, found an attribute; at `@a`, HDF5 path `/@a`"
    );
    let found = |error: filebacked::Error| {
        assert_eq!(error.kind(), ErrorKind::WrongType);
        error.to_string()
    };
    assert_eq!(
        found(read_error::<Sparse<f64>>(&vec![1.5])),
        "expected a sparse matrix, found `f64` of shape (1,); HDF5 path `/value`"
    );
    assert_eq!(
        found(read_error::<Triplets<f64>>(&vec![vec![1.5], vec![]])),
        "expected a sparse matrix, found a group of kind `ragged`; HDF5 path `/`"
    );
    assert_eq!(
        found(read_error::<Sparse<f64>>(&BTreeMap::from([("data", 1)]))),
        "expected a sparse matrix, found a group that names no format, in `format` or `encoding-type`; HDF5 path `/`"
    );
    // An index beyond the shape, which `set_triplet` lets in.
    let mut matrix = coo();
    let place = matrix.find_locations(0, 1)[0];
    matrix.set_triplet(place, 7, 1, 1.5);
    let error = to_vec(&BTreeMap::from([("x", Triplets(matrix))])).unwrap_err();
    assert_eq!(error.to_string(), "`row[1]` is 7, and the rows are 0 to 2; at `x`, HDF5 path `/x`");
}

/// A value that fails, or panics, after a matrix.
struct Bad(&'static str);

impl Serialize for Bad {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            "panic" => panic!("a value that panics"),
            message => Err(serde::ser::Error::custom(message)),
        }
    }
}

#[test]
fn after_an_error_or_a_panic() {
    let mut beyond = coo();
    let place = beyond.find_locations(0, 1)[0];
    beyond.set_triplet(place, 7, 1, 1.5);
    for message in ["panic", "a value that fails"] {
        let file = memory();
        let values: [&dyn erased_serde::Serialize; 3] = [
            &(Sparse(csr()), Bad(message)),
            &vec![(Sparse(csr()), Triplets(coo()), Bad(message))],
            &(Sparse(csr()), Shared::from(Triplets(TriMat::<f64>::new((1, 1)))), Triplets(beyond_copy(&beyond))),
        ];
        for value in values {
            let result = catch_unwind(AssertUnwindSafe(|| filebacked::write(&file, "x", value)));
            assert!(!matches!(result, Ok(Ok(()))));
            assert_eq!(file.len(), 0);
            // The next call is sound, here and in another format.
            round_trip(&fields(Payload::Nothing));
            assert_eq!(serde_json::to_value(Sparse(csr())).unwrap(), serde_json::to_value(csr()).unwrap());
        }
    }
}

/// A copy of triplets of which one is beyond the shape.
fn beyond_copy(matrix: &TriMat<f64>) -> TriMat<f64> {
    let mut copy = coo();
    let place = copy.find_locations(0, 1)[0];
    copy.set_triplet(place, matrix.row_inds()[1], matrix.col_inds()[1], matrix.data()[1]);
    copy
}

#[test]
fn threads_do_not_meet() {
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for payload in (0..4).flat_map(|_| payloads()) {
                    let value = fields(payload);
                    round_trip(&value);
                    serde_json::to_string(&value).unwrap();
                }
            });
        }
    });
}
