//! MATLAB's files of version 7.3, as hdf5storage writes them.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::OnceLock;

use filebacked::hdf5::{File, H5Type};
use filebacked::value::ArrayElement;
use filebacked::{Lazy, LazyMap, NdArray, Reader, Value};
use ndarray::{Array2, ArrayViewD, Ix0, Ix1, Ix2, IxDyn, SliceInfoElem, arr2, array, s};
use num_complex::Complex64;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_bytes::ByteBuf;

use super::{Made, as_json, error, read};

pub(super) fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| Made::by("foreign_matlab.py"))
}

fn file() -> File {
    made().open("matlab.mat")
}

#[test]
fn numbers() {
    let file = file();
    assert_eq!(read::<f64>(&file, "scalar"), 2.5);
    assert_eq!(read::<Option<f64>>(&file, "scalar"), Some(2.5));
    // MATLAB does not tell a number from a matrix of one.
    assert_eq!(read::<Vec<f64>>(&file, "scalar"), [2.5]);
    assert_eq!(read::<i16>(&file, "integer"), -3);
    assert!(read::<bool>(&file, "yes"));
    assert_eq!(read::<Vec<f64>>(&file, "row"), [1.0, 2.0, 3.0]);
    assert_eq!(read::<[u8; 3]>(&file, "column"), [1, 2, 3]);
    assert_eq!(read::<Vec<bool>>(&file, "flags"), [true, false, true]);
    assert_eq!(read::<Vec<Complex64>>(&file, "complex"), [Complex64::new(1.0, 2.0), Complex64::new(0.0, -1.0)]);
    assert_eq!(read::<Vec<f64>>(&file, "none"), [0.0; 0]);
}

#[test]
fn matrices() {
    let file = file();
    // `matrix(i, j)` is `matrix[i - 1][j - 1]`.
    assert_eq!(read::<Vec<[f64; 3]>>(&file, "matrix"), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]);
    let cube: Vec<Vec<Vec<i32>>> = read(&file, "cube");
    for (i, matrix) in cube.iter().enumerate() {
        for (j, row) in matrix.iter().enumerate() {
            let start = (12 * i + 4 * j) as i32;
            assert_eq!(*row, (start..start + 4).collect::<Vec<_>>());
        }
    }
    assert_eq!((cube.len(), cube[0].len()), (2, 3));
    // In an array, at `[[i - 1, j - 1]]`; in memory, the first dimension is fastest.
    let array: NdArray<f64, Ix2> = read(&file, "matrix");
    assert_eq!(*array, arr2(&[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]));
    assert_eq!(array.t().as_slice(), Some(&[0.0, 3.0, 1.0, 4.0, 2.0, 5.0][..]));
    assert_eq!(
        error::<NdArray<f64, Ix1>>(&file, "matrix"),
        "expected an array of `f64` with 1 dimension, found `f64` of shape (3, 2); HDF5 path `/matrix`"
    );
    // Where nothing tells a list from a matrix of one row or column, it is what is asked for.
    assert_eq!(read::<Vec<f64>>(&file, "one_row"), [0.0, 1.0, 2.0]);
    assert_eq!(read::<Vec<Vec<f64>>>(&file, "one_row"), [[0.0, 1.0, 2.0]]);
    assert_eq!(read::<Vec<[u8; 3]>>(&file, "one_row"), [[0, 1, 2]]);
    assert_eq!(read::<[[f64; 3]; 1]>(&file, "one_row"), [[0.0, 1.0, 2.0]]);
    assert_eq!(read::<[f64; 3]>(&file, "one_row"), [0.0, 1.0, 2.0]);
    assert_eq!(read::<Vec<Option<Vec<i32>>>>(&file, "one_row"), [Some(vec![0, 1, 2])]);
    assert_eq!(read::<Vec<Option<i32>>>(&file, "one_row"), [Some(0), Some(1), Some(2)]);
    assert_eq!(read::<Vec<f64>>(&file, "one_column"), [0.0, 1.0, 2.0]);
    assert_eq!(read::<Vec<Vec<f64>>>(&file, "one_column"), [[0.0], [1.0], [2.0]]);
    assert_eq!(read::<[[u64; 1]; 3]>(&file, "one_column"), [[0], [1], [2]]);
    assert_eq!(read::<Vec<Vec<f64>>>(&file, "scalar"), [[2.5]]);
    assert_eq!(read::<[[f64; 1]; 1]>(&file, "scalar"), [[2.5]]);
    assert_eq!(read::<Vec<NdArray<f64, Ix1>>>(&file, "one_row"), [NdArray(array![0.0, 1.0, 2.0])]);
    assert_eq!(read::<NdArray<f64, Ix1>>(&file, "one_row").0, array![0.0, 1.0, 2.0]);
    assert_eq!(read::<NdArray<f64, Ix1>>(&file, "one_column").0, array![0.0, 1.0, 2.0]);
    assert_eq!(read::<NdArray<f64, Ix2>>(&file, "one_column").0, array![[0.0], [1.0], [2.0]]);
    assert_eq!(read::<NdArray<f64, Ix1>>(&file, "deep").0, array![0.0, 1.0, 2.0, 3.0, 4.0]);
    assert_eq!(read::<NdArray<f64, Ix0>>(&file, "scalar").0, ndarray::arr0(2.5));
    assert_eq!(read::<NdArray<f64, Ix1>>(&file, "scalar").0, array![2.5]);
    assert_eq!(read::<ByteBuf>(&file, "column"), [1, 2, 3]);
    assert_eq!(
        error::<[f64; 1]>(&file, "one_row"),
        "expected `f64`, found a sequence, stored as `f64` of shape (3, 1); at `[0]`, HDF5 path `/one_row`"
    );
    assert_eq!(
        error::<[f64; 2]>(&file, "one_row"),
        "expected 2 elements, found length 3, stored as `f64` of shape (3, 1); HDF5 path `/one_row`"
    );
}

/// Variables by their names: the shape, and all elements as text.
type Variables = BTreeMap<String, (Vec<usize>, Vec<String>)>;

/// What hdf5storage finds.
fn found() -> &'static Variables {
    static FOUND: OnceLock<Variables> = OnceLock::new();
    FOUND.get_or_init(|| serde_json::from_str(&std::fs::read_to_string(made().path("matlab.json")).unwrap()).unwrap())
}

/// All ways to read numbers agree with hdf5storage, and with each other.
fn agrees<T>(name: &str, text: impl Fn(&T) -> String)
where
    T: H5Type + ArrayElement + DeserializeOwned + serde::Serialize + Clone + PartialEq + Debug,
{
    let (file, (shape, elements)) = (file(), &found()[name]);
    let array = read::<NdArray<T, IxDyn>>(&file, name).0;
    assert_eq!(array.shape(), shape, "{name}");
    assert_eq!(array.iter().map(text).collect::<Vec<_>>(), *elements, "{name}");

    let lazy: Lazy<NdArray<T, IxDyn>> = read(&file, name);
    assert_eq!((lazy.shape().unwrap(), lazy.element_type().unwrap()), (shape.clone(), T::type_descriptor()), "{name}");
    let parts = |step, last| -> Vec<SliceInfoElem> {
        let all = |axis| match last {
            true if axis == 0 => SliceInfoElem::Index(-1),
            _ => SliceInfoElem::Slice { start: 0, end: None, step },
        };
        (0..shape.len()).map(all).collect()
    };
    for part in [parts(1, false), parts(-2, false), parts(1, true), parts(2, true)] {
        if part[0].is_index() && shape[0] == 0 {
            continue;
        }
        assert_eq!(lazy.slice(&part[..]).unwrap(), array.slice(&part[..]), "{name} {part:?}");
    }
    assert!(!lazy.is_loaded());
    assert_eq!(lazy.load().unwrap().0, array, "{name}");
    if shape.iter().filter(|len| **len != 1).count() <= 1 {
        let lazy: Lazy<NdArray<T, Ix1>> = read(&file, name);
        let list: Vec<T> = array.iter().cloned().collect();
        assert_eq!(lazy.slice(s![..;-1]).unwrap().to_vec(), list.iter().rev().cloned().collect::<Vec<_>>(), "{name}");
        assert_eq!(read::<Vec<T>>(&file, name), list);
        let reader = Reader::<T>::open(&file, name).unwrap();
        assert_eq!(reader.map(Result::unwrap).collect::<Vec<_>>(), list, "{name}");
    }

    let Value::Array(value) = read::<Value>(&file, name) else { panic!("no array: {name}") };
    assert_eq!(value.view::<T>().unwrap(), array, "{name}");
    // What was stored elsewhere is an array there, without what MATLAB says of it.
    let image = filebacked::to_vec(&BTreeMap::from([(name, read::<Value>(&file, name))])).unwrap();
    assert_eq!(filebacked::from_slice::<BTreeMap<String, NdArray<T, IxDyn>>>(&image).unwrap()[name].0, array, "{name}");

    if array.is_empty() {
        assert_eq!(read::<Vec<T>>(&file, name), [] as [T; 0]);
        assert_eq!(read::<Vec<Vec<T>>>(&file, name), [] as [Vec<T>; 0]);
        assert_eq!(read::<serde_json::Value>(&file, name), serde_json::json!([]));
        assert_eq!(Reader::<T>::open(&file, name).unwrap().len(), 0);
    } else if let &[rows, _] = array.shape() {
        let nested: Vec<Vec<T>> = array.outer_iter().map(|row| row.iter().cloned().collect()).collect();
        assert_eq!(read::<Vec<Vec<T>>>(&file, name), nested, "{name}");
        if rows > 1 {
            let mut reader = Reader::<Vec<T>>::open(&file, name).unwrap();
            assert_eq!(reader.get(rows as u64 - 1).unwrap(), nested[rows - 1]);
            assert_eq!(reader.map(Result::unwrap).collect::<Vec<_>>(), nested, "{name}");
        }
    } else if let &[rows, ..] = array.shape() {
        let nested = |row: ArrayViewD<'_, T>| -> Vec<Vec<T>> {
            row.outer_iter().map(|row| row.iter().cloned().collect()).collect()
        };
        let nested: Vec<Vec<Vec<T>>> = array.outer_iter().map(nested).collect();
        assert_eq!(read::<Vec<Vec<Vec<T>>>>(&file, name), nested, "{name}");
        if rows > 1 {
            let reader = Reader::<Vec<Vec<T>>>::open(&file, name).unwrap();
            assert_eq!(reader.map(Result::unwrap).collect::<Vec<_>>(), nested, "{name}");
        }
    }
}

#[test]
fn all_ways_agree() {
    let float = |value: &f64| format!("{value:?}");
    for name in ["matrix", "deep", "one_row", "one_column", "large", "none"] {
        agrees(name, float);
    }
    agrees::<f32>("single", |value| format!("{value:?}"));
    for name in ["mask", "no_rows"] {
        agrees::<bool>(name, |value| if *value { "True".to_owned() } else { "False".to_owned() });
    }
    agrees("thin", i16::to_string);
    agrees("no_columns", i8::to_string);
    agrees("of_i1", i8::to_string);
    agrees("of_u1", u8::to_string);
    agrees("of_i2", i16::to_string);
    agrees("of_u2", u16::to_string);
    agrees("cube", i32::to_string);
    agrees("of_i4", i32::to_string);
    agrees("of_u4", u32::to_string);
    agrees("of_i8", i64::to_string);
    agrees("of_u8", u64::to_string);
    let file = file();
    // JSON has no shapes: a row and a column are lists, and one number is this.
    for (name, json) in [
        ("scalar", serde_json::json!(2.5)),
        ("yes", serde_json::json!(true)),
        ("one_row", serde_json::json!([0.0, 1.0, 2.0])),
        ("one_column", serde_json::json!([0.0, 1.0, 2.0])),
        ("matrix", serde_json::json!([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])),
        ("mask", serde_json::json!([[true, false, true], [false, false, true]])),
        ("thin", serde_json::json!([[[0, 1, 2]], [[3, 4, 5]]])),
        ("rows", serde_json::json!(["ab", "cde"])),
        ("no_cells", serde_json::json!([])),
        ("squares", serde_json::json!([{"at": [0, 0]}, {"at": [1, 0]}, {"at": [0, 1]}, {"at": [1, 1]}])),
        ("structure", serde_json::json!({"a": 1.5, "b": "text", "c": {"d": [1, 2]}})),
    ] {
        assert_eq!(read::<serde_json::Value>(&file, name), json, "{name}");
    }
    // A reader has a row for the list that it is.
    assert_eq!(
        Reader::<Vec<f64>>::open(&file, "one_row").unwrap().next().unwrap().unwrap_err().to_string(),
        "expected a sequence, found 0.0, stored as `f64` of shape (3, 1); at `[0]`, HDF5 path `/one_row`"
    );
    let columns = Reader::<[f64; 1]>::open(&file, "one_column").unwrap();
    assert_eq!(columns.map(Result::unwrap).collect::<Vec<_>>(), [[0.0], [1.0], [2.0]]);
    let error = Reader::<String>::open(&file, "text").unwrap_err().to_string();
    assert_eq!(error, "expected a sequence, found a string, stored as `u16` of shape (5, 1); HDF5 path `/text`");
}

#[test]
fn complex_numbers() {
    let file = file();
    let at = |i: usize, j: usize| Complex64::new((3 * i + j) as f64, 2.0 * (3 * i + j) as f64);
    let plane: NdArray<Complex64, Ix2> = read(&file, "plane");
    assert_eq!(*plane, Array2::from_shape_fn((2, 3), |(i, j)| at(i, j)));
    let nested: Vec<Vec<Complex64>> = read(&file, "plane");
    assert_eq!(nested, [[at(0, 0), at(0, 1), at(0, 2)], [at(1, 0), at(1, 1), at(1, 2)]]);
    let lazy: Lazy<NdArray<Complex64, Ix2>> = read(&file, "plane");
    assert_eq!(lazy.slice(s![1, ..]).unwrap(), array![at(1, 0), at(1, 1), at(1, 2)]);
    let Value::Array(value) = read::<Value>(&file, "plane") else { panic!("no array") };
    assert_eq!(value.view::<Complex64>().unwrap(), plane.view().into_dyn());
    assert_eq!(Reader::<Vec<Complex64>>::open(&file, "plane").unwrap().map(Result::unwrap).collect::<Vec<_>>(), nested);
    // A line of them is a list, as a complex number is a sequence itself.
    assert_eq!(read::<Vec<(f64, f64)>>(&file, "complex"), [(1.0, 2.0), (0.0, -1.0)]);
}

#[test]
fn values_of_other_classes() {
    let file = file();
    assert_eq!(read::<Value>(&file, "text"), Value::from("schön"));
    assert_eq!(read::<Value>(&file, "blank"), Value::from(""));
    assert_eq!(read::<Value>(&file, "cells"), Value::List(vec!["eins".into(), "zwei".into()]));
    assert_eq!(read::<Value>(&file, "no_cells"), Value::List(Vec::new()));
    // The codes of characters are there for who asks for numbers.
    assert_eq!(read::<NdArray<u16, Ix2>>(&file, "rows").0, array![[97, 98, 32], [99, 100, 101]]);
    assert_eq!(read::<Vec<Vec<String>>>(&file, "pages"), [["ab", "ef"], ["cd", "gh"]]);
    let rows = Reader::<String>::open(&file, "rows").unwrap();
    assert_eq!(rows.map(Result::unwrap).collect::<Vec<_>>(), ["ab", "cde"]);
    let variables: LazyMap<String, Value> = filebacked::from_group(&file).unwrap();
    assert!(variables.keys().any(|name| name == "cells") && !variables.keys().any(|name| name == "#refs#"));
}

#[test]
fn cells_and_structs_of_more_dimensions() {
    type Row = (NdArray<f64, Ix2>, Vec<Vec<f64>>, String);
    let file = file();
    let rows: Vec<Row> = read(&file, "table");
    for (i, (first, second, third)) in rows.iter().enumerate() {
        let start = 10.0 * i as f64;
        assert_eq!(first.0, array![[start, start + 1.0], [start + 2.0, start + 3.0]]);
        assert_eq!(*second, [[start + 1.0, start + 2.0], [start + 3.0, start + 4.0]]);
        assert_eq!(*third, i.to_string());
    }
    assert_eq!(rows.len(), 2);
    let reader = Reader::<Row>::open(&file, "table").unwrap();
    assert_eq!(reader.map(Result::unwrap).collect::<Vec<_>>(), rows);
    // An array of structs is the list of them, in the order of `squares(k)`.
    #[derive(Deserialize)]
    struct Square {
        at: [i32; 2],
    }
    let squares: Vec<Square> = read(&file, "squares");
    assert_eq!(squares.iter().map(|square| square.at).collect::<Vec<_>>(), [[0, 0], [1, 0], [0, 1], [1, 1]]);
}

#[test]
#[cfg(feature = "sprs")]
fn sparse_matrices() {
    use filebacked::{Sparse, Triplets};

    let file = file();
    let matrix: Sparse<f64> = read(&file, "sparse");
    assert_eq!((matrix.shape(), matrix.is_csc()), ((10, 4), true));
    let entries: Vec<_> = matrix.iter().map(|(value, at)| (at, *value)).collect();
    assert_eq!(entries, [((3, 1), 6.0), ((1, 3), 7.0), ((9, 3), 8.0)]);
    assert_eq!(read::<Triplets<f64, i32>>(&file, "sparse").nnz(), 3);
    let mask: Sparse<bool> = read(&file, "sparse_mask");
    assert_eq!((mask.shape(), mask.get(1, 2)), ((2, 3), Some(&true)));
    let none: Sparse<f64, i32> = read(&file, "sparse_none");
    assert_eq!((none.shape(), none.nnz()), ((2, 3), 0));
    // To others, it is the group that is stored.
    assert_eq!(
        read::<serde_json::Value>(&file, "sparse"),
        serde_json::json!({"data": [6.0, 7.0, 8.0], "ir": [3, 1, 9], "jc": [0, 0, 1, 1, 3], "@MATLAB_sparse": 10})
    );
}

#[test]
fn strings_and_cells() {
    let file = file();
    assert_eq!(read::<String>(&file, "text"), "schön");
    assert_eq!(read::<String>(&file, "blank"), "");
    assert_eq!(read::<Vec<String>>(&file, "rows"), ["ab", "cde"]);
    assert_eq!(read::<Vec<String>>(&file, "cells"), ["eins", "zwei"]);
    assert_eq!(read::<(Vec<String>, Vec<f64>)>(&file, "nested"), (vec!["eins".into(), "zwei".into()], vec![1.0, 2.0]));
    assert_eq!(read::<Vec<String>>(&file, "one_cell"), ["solo"]);
}

#[test]
fn structs() {
    #[derive(Deserialize, PartialEq, Debug)]
    struct Structure {
        c: BTreeMap<String, Vec<u16>>,
        b: String,
        a: f64,
    }
    #[derive(Deserialize, PartialEq, Debug)]
    struct Person {
        tags: Vec<String>,
        age: u8,
        name: String,
    }
    let file = file();
    let structure = || Structure { c: BTreeMap::from([("d".to_owned(), vec![1, 2])]), b: "text".to_owned(), a: 1.5 };
    assert_eq!(read::<Structure>(&file, "structure"), structure());
    // MATLAB does not tell a struct from an array of one.
    assert_eq!(read::<Vec<Structure>>(&file, "structure"), [structure()]);
    let person = |name: &str, first: &str, age| Person {
        tags: vec![first.to_owned(), name.to_owned()],
        age,
        name: name.to_owned(),
    };
    let people = [person("Ann", "A", 30), person("Bo", "B", 40), person("Schön", "S", 50)];
    assert_eq!(read::<Vec<Person>>(&file, "people"), people);
}

#[test]
fn variables() {
    // What only cells refer to is no variable.
    let names: BTreeMap<String, IgnoredAny> = filebacked::from_group(file()).unwrap();
    assert!(names.contains_key("cells") && !names.contains_key("#refs#"));
    let json = as_json(&made().path("matlab.mat"));
    assert_eq!(json["nested"], serde_json::json!([["eins", "zwei"], [1.0, 2.0]]));
}

#[test]
fn errors() {
    let file = file();
    assert_eq!(
        error::<String>(&made().open("object.mat"), "string"),
        "expected `String`, found a `MATLAB object of class string`, which cannot be read, stored as `u32` of shape (1, \
         6); HDF5 path `/string`"
    );
    assert_eq!(
        error::<f64>(&file, "row"),
        "expected `f64`, found a sequence, stored as `f64` of shape (3, 1); HDF5 path `/row`"
    );
    assert_eq!(
        error::<Vec<f64>>(&file, "cells"),
        "expected `f64`, found the string \"eins\", in `/#refs#/b`, which a reference leads to, stored as `u16` of shape \
         (4, 1); at `[0]`, HDF5 path `/cells`"
    );
    assert_eq!(
        error::<u8>(&file, "integer"),
        "expected `u8`, found -3, stored as `i16` of shape (1, 1); HDF5 path `/integer`"
    );
}
