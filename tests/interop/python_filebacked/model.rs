//! The model in `fixtures/python-filebacked`, which was written with the package.

use std::collections::BTreeMap;
use std::path::Path;

use filebacked::{WriteOptions, from_file};
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use sprs::{CsMat, CsMatI, TriMat};

use super::{FILEBACKED, fixture};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Material {
    name: String,
    density: f64,
    #[serde(with = "filebacked::array")]
    moduli: Array2<f64>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Patch {
    label: Option<String>,
    nodes: Vec<[f64; 3]>,
    connectivity: Vec<[i32; 3]>,
    material: Material,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Either {
    Integer(i64),
    Text(String),
    Float(f64),
}

#[derive(Serialize, Deserialize, Debug)]
struct Model {
    title: String,
    step: u64,
    time: f64,
    note: Option<String>,
    shape: (u32, u32, u32),
    tags: Vec<String>,
    weights: Vec<f64>,
    options: BTreeMap<String, f64>,
    ids: BTreeMap<i32, String>,
    pairs: BTreeMap<Vec<String>, i64>,
    patches: Vec<Patch>,
    either1: Either,
    either2: Either,
    #[serde(with = "filebacked::sparse")]
    csr: CsMat<f64>,
    #[serde(with = "filebacked::sparse")]
    csc: CsMatI<f64, i32>,
    #[serde(with = "filebacked::triplets")]
    coo: TriMat<f64>,
}

fn patch(index: u8, label: Option<&str>) -> Patch {
    let number = f64::from(index);
    Patch {
        label: label.map(str::to_owned),
        nodes: (0..4).map(|row| [0, 1, 2].map(|column| f64::from(3 * row + column) + number)).collect(),
        connectivity: vec![[0, 1, 2], [1, 2, 3]],
        material: Material {
            name: format!("steel{index}"),
            density: 7850.0 + number,
            moduli: Array2::eye(3) * (number + 1.0),
        },
    }
}

#[track_caller]
fn check(model: &Model) {
    assert_eq!((model.title.as_str(), model.step, model.time), ("plate with a hole", 42, 0.125));
    assert_eq!((&model.note, model.shape), (&None, (3, 4, 5)));
    assert_eq!(model.tags, ["linear", "static", "grün"]);
    assert_eq!(model.weights, [0.5, 0.25, 0.25]);
    assert_eq!(model.options, BTreeMap::from([("tol".to_owned(), 1e-8), ("maxiter".to_owned(), 50.0)]));
    let ids = [(2, "two"), (10, "ten"), (-1, "minus one")].map(|(id, name)| (id, name.to_owned()));
    assert_eq!(model.ids, BTreeMap::from(ids));
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    assert_eq!(model.pairs, BTreeMap::from([(words(&["a", "b"]), 1), (words(&["c"]), 2)]));
    assert_eq!(model.patches, [patch(0, Some("left")), patch(1, None), patch(2, Some("right"))]);
    assert_eq!((&model.either1, &model.either2), (&Either::Integer(7), &Either::Text("seven".to_owned())));
    let dense = model.csr.to_dense();
    assert_eq!((dense.dim(), model.csr.nnz(), dense[[18, 0]]), ((20, 10), 20, 0.9689617652602737));
    assert!(model.csr.is_csr() && model.csc.is_csc());
    assert_eq!(model.csc.to_dense(), dense);
    assert_eq!(model.coo.to_csr::<usize>().to_dense(), dense);
}

#[test]
fn the_model_of_the_package_is_read() {
    check(&from_file(fixture("model.h5")).unwrap());
}

#[test]
fn the_package_writes_the_model_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.h5");
    FILEBACKED.python("filebacked_model.py", [Path::new("write"), &fixture(""), &path]);
    check(&from_file(&path).unwrap());
}

#[test]
fn the_package_reads_the_model() {
    let model: Model = from_file(fixture("model.h5")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.h5");
    WriteOptions::new().python("model").to_file(&path, &model).unwrap();
    FILEBACKED.python("filebacked_model.py", [Path::new("read"), &fixture(""), &path]);
    check(&from_file(&path).unwrap());
}
