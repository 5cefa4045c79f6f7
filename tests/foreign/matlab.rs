//! MATLAB's files of version 7.3, as hdf5storage writes them.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use filebacked::NdArray;
use filebacked::hdf5::File;
use ndarray::{Ix2, arr2};
use num_complex::Complex64;
use serde::Deserialize;
use serde::de::IgnoredAny;

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
    // An array is what is stored: MATLAB has the first dimension fastest.
    let stored: NdArray<f64, Ix2> = read(&file, "matrix");
    assert_eq!(stored.0.reversed_axes(), arr2(&[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]));
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
    let names: BTreeMap<String, IgnoredAny> = filebacked::from_group(&file()).unwrap();
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
