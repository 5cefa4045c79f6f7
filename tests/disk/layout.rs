//! Files that others open: each row of the tables of `FORMAT.md`, written by this crate, read by h5py and h5dump.
//!
//! What must be on disk stands in `tests/python/layout.py`, under the same names.

mod others;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use filebacked::{NdArray, Triplets, WithAttrs, hdf5, to_file, to_vec};
use ndarray::array;
use num_complex::{Complex32, Complex64};
use serde::Serialize;
use serde_bytes::Bytes;
use serde_json::json;
use sprs::{CsMat, CsMatI, TriMat};

use crate::common;
use crate::examples::{
    Axis, Either, Inner, Kinded, Labels, Marker, Metres, Note, Nothing, Outer, Pairs, Particle, Point, Reading,
    Reserved, Run, Samples, Shape, Truth, long_and_short, table,
};

table! { Table, ROWS:
    "integers and floats" {
        "i8": i8::MIN,
        "i16": i16::MIN,
        "i32": i32::MIN,
        "i64": i64::MIN,
        "u8": u8::MAX,
        "u16": u16::MAX,
        "u32": u32::MAX,
        "u64": u64::MAX,
        "f32": 0.1_f32,
        "f64": 0.1_f64,
        "nan": f64::NAN,
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
        "of some number": Some(Some(1.5)),
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
            limits: [-1.0, 1.0],
            tags: vec!["a", "bcd"],
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
        "escaped": Pairs(&[("a/b", 1), ("", 2), (".", 3), ("..", 4), ("a\0b", 5), ("100%", 6), ("%2F", 7)]),
        "empty": BTreeMap::<String, i32>::new(),
        "other keys": BTreeMap::from([((0_u8, 1_u8), "a"), ((2, 3), "b")]),
        "equal keys": Pairs(&[("a", 1), ("a", 2)]),
    }
    "tuples" {
        "numbers": (1.0, 2.0, 3.0),
        "bools": (true, false),
        "array": [1_u16, 2, 3],
        "nested arrays": [[1_u8, 2, 3], [4, 5, 6]],
        "tuple struct": Point(1, -2),
        "unlike": (1_i32, "two", [3.0, 4.0]),
        "unlike integers": (1_i8, 2_i64),
        "empty array": [0.0; 0],
    }
    "unit variants" {
        "unit variant": Shape::Empty,
    }
    "other variants" {
        "newtype": Shape::Circle(1.5),
        "tuple": Shape::Ellipse(1.5, 0.5),
        "struct": Shape::Rectangle { width: 2.0, height: 1.0 },
    }
    "sequences of numbers" {
        "f64": vec![1.5, f64::NAN, -0.0],
        "i32": vec![1_i32, -2, 3],
        "u8": vec![1_u8, 2, 3],
        "bools": vec![true, false, true],
        "i128": vec![i128::MIN + 1, -1],
        "unlike integers": json!([1, -1, u32::MAX]),
        "large": (0..100_000).collect::<Vec<u32>>(),
    }
    "sequences of equal length" {
        "f64": vec![vec![1.0, 2.0, 3.0], vec![4.0, 5.0, 6.0]],
        "bools": vec![[true, false], [false, true]],
        "deep": vec![vec![vec![[0_i16; 5]; 4]; 3]; 2],
        "none": vec![Vec::<f64>::new(), Vec::new()],
    }
    "sequences of strings" {
        "fixed length": vec!["one", "two", "three", ""],
        "own lengths": long_and_short(),
        "chars": vec!['a', 'ß', '𝄞'],
        "with NUL": vec!["a", "", "b\0c"],
    }
    "sequences of unit variants" {
        "all": vec![Shape::Empty, Shape::Full, Shape::Empty],
        "some": vec![Shape::Full],
        "truths": vec![Truth::FALSE, Truth::TRUE],
    }
    "sequences of flat records" {
        "structs": vec![Particle::new(1), Particle::new(2)],
        "tuples": vec![(1_u8, 1.5), (2, 2.5)],
    }
    "sequences of other records" {
        "structs": vec![
            Reading { station: "A", level: Some(1.5) },
            Reading { station: "B", level: None },
        ],
        "tuples": vec![("a", 1), ("b", 2)],
        "nested": vec![Outer { id: 1, inner: Inner { name: "a", size: 2 } }],
        "no fields": vec![Nothing {}, Nothing {}],
    }
    "sequences of options" {
        "integers": vec![Some(1_i32), None, Some(3)],
        "bools": vec![Some(true), None],
        "floats": vec![None, Some(1.5)],
        "strings": vec![Some("a"), None],
        "nested": vec![Some(Some(1_u8)), Some(None), None],
        "all missing": vec![None::<i32>, None],
    }
    "fields left out" {
        "structs": vec![
            Note { id: 1, note: Some("a") },
            Note { id: 2, note: None },
        ],
    }
    "sequences of differing length" {
        "numbers": vec![vec![1, 2], vec![], vec![3]],
        "strings": vec![vec!["a", "b"], vec!["c"]],
        "deep": vec![vec![vec![1_u8], vec![]], vec![]],
    }
    "sequences of bytes" {
        "bytes": vec![Bytes::new(b"ab"), Bytes::new(b""), Bytes::new(b"c")],
    }
    "sequences of maps" {
        "one order": json!([{"id": 1, "name": "a"}, {"id": 2}]),
        "other orders": vec![Pairs(&[("a", 1), ("b", 2)]), Pairs(&[("b", 3), ("a", 4)])],
        "other keys": vec![BTreeMap::from([(1, "one"), (2, "two")]), BTreeMap::new()],
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
            Shape::Ellipse(1.5, 0.5),
        ],
        "tag": vec![Reserved::tag(1), Reserved::Other],
    }
    "sequences of mixed types" {
        "json": json!([1, "two", 3.5, true, [4, 5], {"six": 6}]),
        "unit": vec![Either::Unit(()), Either::Number(1)],
        "null": json!([1, "two", null]),
    }
    "empty sequences" {
        "numbers": Vec::<u8>::new(),
        "structs": Vec::<Run>::new(),
    }
    "arrays" {
        "f64": NdArray(array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
        "other order": NdArray(array![[1_u8, 2, 3], [4, 5, 6]].reversed_axes()),
        "bool": NdArray(array![true, false]),
        "c64": NdArray(array![[Complex32::new(1.0, -2.0)]]),
        "c128": NdArray(array![Complex64::new(1.0, -2.0), Complex64::new(f64::NAN, 0.5)]),
        "no dimensions": NdArray(ndarray::arr0(1.5_f32)),
        "empty": NdArray(ndarray::Array3::<i32>::zeros((2, 0, 3))),
        "records": NdArray(array![Cell { valid: true, value: 1.5 }, Cell { valid: false, value: 2.5 }]),
        "large": NdArray(ndarray::Array2::from_shape_fn((1000, 700), |(x, y)| (1000 * x + y) as f64).reversed_axes()),
    }
    "sequences of objects" {
        "arrays": vec![NdArray(array![0.5, 1.5]), NdArray(array![])],
        "options": vec![None, Some(NdArray(array![1_i16]))],
        "records": vec![(1, NdArray(array![true])), (2, NdArray(array![false, true]))],
    }
    "values with attributes" {
        "array": WithAttrs { value: NdArray(array![1.5]), attrs: Labels { unit: "hPa", range: [0.5, 1.5], tag: None } },
        "group": WithAttrs {
            value: Run { steps: 10, dt: 0.1, done: true },
            attrs: Labels { unit: "", range: [0.0, 1.0], tag: Some(3) },
        },
    }
    "sparse matrices" {
        "csr": filebacked::Sparse(CsMat::new((3, 4), vec![0, 2, 2, 3], vec![1, 3, 0], vec![1.5, 0.0, -2.5])),
        "csc": filebacked::Sparse(CsMatI::<_, i64>::new_csc((2, 3), vec![0, 1, 1, 2], vec![1, 0], vec![true, false])),
        "complex": filebacked::Sparse(CsMat::new((1, 1), vec![0, 1], vec![0], vec![Complex32::new(1.0, -2.0)])),
        "no entries": filebacked::Sparse(CsMatI::<u8, u16>::zero((0, 2))),
        "wide": filebacked::Sparse(CsMat::new((1, 3_000_000_000), vec![0, 1], vec![2_999_999_999], vec![1_i16])),
        "coo": Triplets(TriMat::from_triplets((2, 3), vec![1, 0, 1], vec![0, 2, 0], vec![1.5, 2.5, 3.5])),
        "no triplets": Triplets(TriMat::<f32>::new((2, 3))),
        "in a list": vec![filebacked::Sparse(CsMat::<f64>::eye(2)), filebacked::Sparse(CsMat::zero((1, 1)))],
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
    #[serde(rename = "@limits")]
    limits: [f64; 2],
    #[serde(rename = "@tags")]
    tags: Vec<&'static str>,
    data: Vec<f64>,
}

/// An element of an array, with gaps in memory.
#[derive(hdf5::H5Type, Serialize, Clone, Copy)]
#[repr(C)]
struct Cell {
    valid: bool,
    value: f64,
}

/// Values that are written to files of their own: what the root group becomes.
fn write_roots(folder: &Path) {
    let write = |name: &str, value: &dyn Fn(&Path) -> filebacked::Result<()>| {
        value(&folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    };
    write("root-number.h5", &|path| to_file(path, &1.5));
    write("root-struct.h5", &|path| to_file(path, &Run { steps: 10, dt: 0.1, done: true }));
    write("root-sequence.h5", &|path| to_file(path, &vec!["a", "b"]));
    write("root-columns.h5", &|path| to_file(path, &vec![("a", 1), ("b", 2)]));
    write("root-none.h5", &|path| to_file(path, &None::<f64>));
    write("root-bytes.h5", &|path| to_file(path, Bytes::new(b"ab")));
}

const OTHERS: [&str; 3] = ["objects of classes", "unions", "dictionaries"];

#[test]
fn rows_are_those_of_the_page() {
    let headings = include_str!("../../FORMAT.md").lines().filter_map(|line| line.strip_prefix("### "));
    let rows = headings.filter_map(|h| h.split_once(". ")).map(|(_, title)| title.to_lowercase());
    // Another package's layout has tests of its own.
    let own: Vec<String> = rows.filter(|row| !OTHERS.contains(&row.as_str())).collect();
    assert_eq!(own, ROWS);
}

#[test]
fn h5py_reads_every_row() {
    let folder = tempfile::tempdir().unwrap();
    to_file(folder.path().join("table.h5"), &Table).unwrap();
    write_roots(folder.path());
    let output = common::python("layout.py", [folder.path()]);
    let checked: BTreeSet<&str> = output.lines().collect();
    let rows: BTreeSet<&str> = ROWS.iter().copied().chain(["roots"]).collect();
    assert_eq!(checked, rows);
}

#[test]
fn hdf5_1_10_opens_every_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.h5");
    to_file(&path, &Table).unwrap();
    let Some(text) = common::h5dump([&path]) else { return };
    for row in ROWS {
        assert!(text.contains(&format!("GROUP \"{row}\" {{")), "{row}");
    }
}

#[test]
fn h5dump_shows_what_is_meant() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.h5");
    to_file(&path, &Table).unwrap();
    for (dataset, expected) in [
        ("booleans/true", r#"H5T_ENUM { H5T_STD_I8LE; "FALSE" 0; "TRUE" 1; } DATASPACE SCALAR DATA { (0): TRUE }"#),
        ("none/none", "DATATYPE H5T_IEEE_F64LE DATASPACE NULL DATA { }"),
        (
            "unit variants/unit variant",
            r#"STRPAD H5T_STR_NULLPAD; CSET H5T_CSET_UTF8; CTYPE H5T_C_S1; } DATASPACE SCALAR DATA { (0): "Empty" }"#,
        ),
        ("sequences of numbers/i32", "H5T_STD_I32LE DATASPACE SIMPLE { ( 3 ) / ( 3 ) } DATA { (0): 1, -2, 3 }"),
        (
            "sequences of unit variants/all",
            r#""Empty" 0; "Full" 4; } DATASPACE SIMPLE { ( 3 ) / ( 3 ) } DATA { (0): Empty, Full, Empty }"#,
        ),
        ("sequences of flat records/tuples", r#"H5T_COMPOUND { H5T_STD_U8LE "0"; H5T_IEEE_F64LE "1"; }"#),
    ] {
        let Some(text) = common::h5dump(["-d".as_ref(), dataset.as_ref(), path.as_os_str()]) else { return };
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(expected), "{dataset}: {text}");
    }
}

#[test]
fn files_bear_no_time_stamps() {
    let first = to_vec(&Table).unwrap();
    // Those of HDF5 are in seconds.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert!(to_vec(&Table).unwrap() == first);
}
