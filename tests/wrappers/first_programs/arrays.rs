//! A list of arrays, as it is and in wrappers; complex numbers everywhere.

use std::collections::BTreeMap;

use filebacked::num_complex::Complex64;
use filebacked::{NdArray, from_file, hdf5, to_file};
use ndarray::{Array2, Ix2, array};
use serde::{Deserialize, Serialize};

use super::place;
use crate::{check_tree, round_trip};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Bare {
    rate: f64,
    frames: Vec<Array2<f64>>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Wrapped {
    rate: f64,
    frames: Vec<NdArray<f64, Ix2>>,
}

#[test]
fn list_of_arrays() {
    let frames: Vec<_> = (0..2).map(|n| Array2::from_elem((4, 3), f64::from(n))).collect();
    let bare = Bare { rate: 25.0, frames: frames.clone() };
    let wrapped = Wrapped { rate: 25.0, frames: frames.into_iter().map(NdArray).collect() };
    let (_folder, path) = place();
    to_file(&path, &bare).unwrap();
    assert_eq!(from_file::<Bare>(&path).unwrap(), bare);
    assert_eq!(from_file::<Wrapped>(&path).unwrap(), wrapped);
    to_file(&path, &wrapped).unwrap();
    assert_eq!(from_file::<Wrapped>(&path).unwrap(), wrapped);
    assert_eq!(from_file::<Bare>(&path).unwrap(), bare);
    assert_eq!(hdf5::File::open(&path).unwrap().dataset("frames/1").unwrap().shape(), [4, 3]);
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Network {
    impedance: Complex64,
    nothing: Option<Complex64>,
    spectrum: Vec<Complex64>,
    #[serde(with = "filebacked::array")]
    scattering: Array2<Complex64>,
    by_port: BTreeMap<String, Complex64>,
    series: BTreeMap<u32, Vec<Complex64>>,
    gaps: Vec<Option<Complex64>>,
    pair: [Complex64; 2],
    records: Vec<Point>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Point {
    frequency: f64,
    value: Complex64,
}

#[test]
fn complex_numbers() {
    let z = Complex64::new;
    let network = Network {
        impedance: z(50.0, -3.5),
        nothing: None,
        spectrum: vec![z(1.0, 0.0), z(0.0, 1.0)],
        scattering: array![[z(0.5, 0.0), z(1.0, 0.5)]],
        by_port: BTreeMap::from([("in".to_owned(), z(1.0, 1.0))]),
        series: BTreeMap::from([(1, vec![z(1.0, 0.5); 2])]),
        gaps: vec![Some(z(1.0, 2.0)), None],
        pair: [z(1.0, 0.0), z(0.0, -1.0)],
        records: vec![Point { frequency: 1e9, value: z(0.5, 0.5) }],
    };
    round_trip(&network);
    check_tree(
        &network,
        "
/                group
├─ impedance     compound {r: f64, i: f64}          50-3.5i
├─ nothing       null
├─ spectrum      compound {r: f64, i: f64} (2,)     1+0i, 0+1i
├─ scattering    compound {r: f64, i: f64} (1, 2)   0.5+0i, 1+0.5i
├─ by_port       group
│  └─ in         compound {r: f64, i: f64}          1+1i
├─ series        group
│  └─ 1          compound {r: f64, i: f64} (2,)     1+0.5i, 1+0.5i
├─ gaps          nullable
│  ├─ values     compound {r: f64, i: f64} (2,)     1+2i, NaN+NaNi
│  └─ mask       bool (2,)                          false, true
├─ pair          compound {r: f64, i: f64} (2,)     1+0i, 0-1i
└─ records       compound {frequency: f64, value: compound {r: f64, i: f64}} (1,)  (1000000000.0, 0.5+0.5i)
",
    );
}
