//! A field on a grid: arrays as datasets, with attributes, and in lists.
//!
//! `cargo run --example arrays` writes `arrays.h5` into the current folder.

use filebacked::{NdArray, WithAttrs};
use ndarray::{Array2, Array3, Ix1, Ix2, s};
use num_complex::Complex64;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Field {
    title: String,
    /// A field of a struct is an array as it is.
    #[serde(with = "filebacked::array")]
    velocity: Array3<f64>,
    #[serde(with = "filebacked::array")]
    mask: Option<Array2<bool>>,
    #[serde(with = "filebacked::array")]
    modes: Array2<Complex64>,
    /// In a list, an array is wrapped; each is a dataset.
    probes: Vec<NdArray<f32, Ix1>>,
    /// A dataset with attributes.
    pressure: WithAttrs<NdArray<f32, Ix2>, Calibration>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Calibration {
    unit: String,
    gain: f64,
}

fn main() -> filebacked::Result<()> {
    let (height, width) = (64, 48);
    let velocity =
        Array3::from_shape_fn((height, width, 2), |(y, x, axis)| if axis == 0 { x as f64 } else { -(y as f64) });
    let pressure = velocity.map_axis(ndarray::Axis(2), |v| (v[0] * v[0] + v[1] * v[1]) as f32);
    let field = Field {
        title: "vortex".to_owned(),
        mask: Some(velocity.slice(s![.., .., 0]).mapv(|x| x > 10.0)),
        modes: Array2::from_shape_fn((4, 4), |(n, m)| Complex64::from_polar(1.0 / (1 + n) as f64, m as f64)),
        probes: (1..4).map(|probe| NdArray(pressure.slice(s![probe, ..probe * 10]).to_owned())).collect(),
        pressure: WithAttrs { value: NdArray(pressure), attrs: Calibration { unit: "Pa".to_owned(), gain: 0.5 } },
        velocity,
    };
    filebacked::to_file("arrays.h5", &field)?;
    let back: Field = filebacked::from_file("arrays.h5")?;
    assert_eq!(back, field);
    let file = filebacked::hdf5::File::open("arrays.h5")?;
    print!("{}", filebacked::tree(&file)?);

    // A reader that asks for another element type gets it where nothing is lost; else it is told what is there.
    #[derive(Deserialize, Debug)]
    struct Wrong {
        #[serde(with = "filebacked::array")]
        #[allow(dead_code, reason = "it is only printed")]
        velocity: Array3<f32>,
    }
    println!("{}", filebacked::from_file::<Wrong>("arrays.h5").unwrap_err());
    Ok(())
}
