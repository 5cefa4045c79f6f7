//! A model for the Python package FileBacked, written here and read there, or the other way round.
//!
//! `cargo run --example python` writes `python.h5` into the current folder. With the classes below in `shapes.py`,
//! `Drawing.read(h5py.File("python.h5"))` is an equal object in Python, and what Python writes is read here as it is.
//!
//! ```python
//! from typing import Dict, List, Optional, Tuple, Union
//! import numpy as np
//! from filebacked import FileBacked
//!
//! class Shape(FileBacked):
//!     name: Optional[str]
//!
//! class Circle(Shape):
//!     radius: float
//!
//! class Polygon(Shape):
//!     corners: np.ndarray
//!
//! class Drawing(FileBacked):
//!     title: str
//!     shapes: List[Shape]
//!     distances: Dict[Tuple[str, ...], float]
//!     scale: Union[float, np.ndarray]
//! ```

use std::collections::BTreeMap;

use filebacked::{NdArray, WriteOptions};
use ndarray::{Array2, Ix1, array};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Drawing {
    title: String,
    shapes: Vec<Shape>,
    distances: BTreeMap<(String, String), f64>,
    scale: Scale,
}

/// Subclasses, found by their names.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Shape {
    Circle {
        name: Option<String>,
        radius: f64,
    },
    Polygon {
        name: Option<String>,
        #[serde(with = "filebacked::array")]
        corners: Array2<f64>,
    },
}

/// A union, in the order of its types.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Scale {
    Factor(f64),
    Axes(NdArray<f64, Ix1>),
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let corners = array![[0.0, 0.0], [1.0, 0.0], [0.5, 1.0]];
    let drawing = Drawing {
        title: "two shapes".to_owned(),
        shapes: vec![
            Shape::Circle { name: Some("hole".to_owned()), radius: 0.25 },
            Shape::Polygon { name: None, corners },
        ],
        distances: BTreeMap::from([(("hole".to_owned(), "edge".to_owned()), 0.1)]),
        scale: Scale::Axes(NdArray(array![1.0, 2.0])),
    };
    WriteOptions::new().python("shapes").to_file("python.h5", &drawing)?;

    let file = filebacked::hdf5::File::open("python.h5")?;
    print!("{}", filebacked::tree(&file)?);
    let class = file.group("shapes/0")?.attr("class")?.read_scalar::<filebacked::hdf5::types::VarLenUnicode>()?;
    println!("the first shape is a {class}");

    // Reading needs no option.
    assert_eq!(filebacked::from_file::<Drawing>("python.h5")?, drawing);
    // Whatever is in it, it can be read as any value.
    let any: serde_json::Value = filebacked::from_file("python.h5")?;
    println!("{}", any["shapes"][1]["corners"]);
    Ok(())
}
