//! Trait objects: `Box<dyn Trait>` by way of `typetag`, and values whose types are erased by `erased_serde`.
//!
//! `cargo run --example polymorphism` writes `polymorphism.h5` into the current folder.

use std::collections::BTreeMap;

use filebacked::NdArray;
use ndarray::{Array2, Ix1, array};
use serde::{Deserialize, Serialize};

/// What a body is made of. Anyone can add a material, also in another crate.
#[typetag::serde]
trait Material {
    fn stiffness(&self, strain: f64) -> f64;
}

#[derive(Serialize, Deserialize)]
struct Elastic {
    modulus: f64,
}

#[typetag::serde]
impl Material for Elastic {
    fn stiffness(&self, _: f64) -> f64 {
        self.modulus
    }
}

#[derive(Serialize, Deserialize)]
struct Tabulated {
    /// Wrappers in trait objects are what they are elsewhere: datasets, written from their memory.
    curve: NdArray<f64, Ix1>,
    #[serde(with = "filebacked::array")]
    directions: Array2<f64>,
}

#[typetag::serde]
impl Material for Tabulated {
    fn stiffness(&self, strain: f64) -> f64 {
        self.curve[(strain as usize).min(self.curve.len() - 1)]
    }
}

#[derive(Serialize, Deserialize)]
struct Model {
    default: Box<dyn Material>,
    layers: Vec<Box<dyn Material>>,
    parts: BTreeMap<String, Option<Box<dyn Material>>>,
}

fn main() -> filebacked::Result<()> {
    let tabulated = || Tabulated { curve: NdArray(array![210.0, 180.0, 90.0]), directions: Array2::eye(3) };
    let model = Model {
        default: Box::new(Elastic { modulus: 70.0 }),
        layers: vec![Box::new(tabulated()), Box::new(Elastic { modulus: 3.5 }), Box::new(tabulated())],
        parts: BTreeMap::from([("core".to_owned(), None), ("skin".to_owned(), Some(Box::new(tabulated()) as _))]),
    };
    filebacked::to_file("polymorphism.h5", &model)?;
    let file = filebacked::hdf5::File::open("polymorphism.h5")?;
    print!("{}", filebacked::tree(&file)?);

    let back: Model = filebacked::from_file("polymorphism.h5")?;
    let stiffness: Vec<f64> = back.layers.iter().map(|layer| layer.stiffness(1.0)).collect();
    println!("the layers have stiffness {stiffness:?} at that strain, the rest {}", back.default.stiffness(1.0));
    assert_eq!(stiffness, [180.0, 3.5, 180.0]);

    // What can only be written is a `dyn Serialize`.
    let report: Vec<(&str, Box<dyn erased_serde::Serialize>)> =
        vec![("steps", Box::new(17)), ("residuals", Box::new(NdArray(array![1e-3, 1e-6]))), ("solver", Box::new("cg"))];
    let image = filebacked::to_vec(&BTreeMap::from_iter(report))?;
    println!("the report has {} bytes", image.len());
    Ok(())
}
