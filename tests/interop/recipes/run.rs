use filebacked::{NdArray, WithAttrs};
use ndarray::{Array2, Ix2};
use serde::{Deserialize, Serialize};
use sprs::CsMat;

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Run {
    title: String,
    steps: u32,
    grid: NdArray<f64, Ix2>,
    pressure: WithAttrs<Vec<f32>, Units>,
    species: Vec<Species>,
    samples: Vec<Sample>,
    people: Vec<Person>,
    rows: Vec<Vec<u16>>,
    #[serde(with = "filebacked::sparse")]
    matrix: CsMat<f64>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Units {
    units: String,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Species {
    Adelie,
    Gentoo,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Sample {
    id: u32,
    weight: f64,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Person {
    name: String,
    age: Option<u8>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("run.h5");
    let person = |name: &str, age| Person { name: name.to_owned(), age };
    let run = Run {
        title: "two bodies".to_owned(),
        steps: 1000,
        grid: NdArray(Array2::from_shape_fn((3, 4), |(row, column)| (10 * row + column) as f64)),
        pressure: WithAttrs { value: vec![1013.0, 1009.5], attrs: Units { units: "hPa".to_owned() } },
        species: vec![Species::Gentoo, Species::Adelie],
        samples: vec![Sample { id: 1, weight: 0.5 }, Sample { id: 2, weight: 1.5 }],
        people: vec![person("Ada", Some(36)), person("Grace", None)],
        rows: vec![vec![1, 2], vec![], vec![3]],
        matrix: CsMat::new((2, 3), vec![0, 1, 3], vec![2, 0, 1], vec![1.5, 2.5, 3.5]),
    };
    filebacked::to_file(&path, &run)?;
    assert_eq!(filebacked::from_file::<Run>(&path)?, run);
    Ok(())
}
