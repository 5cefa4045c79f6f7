use filebacked::NdArray;
use ndarray::{Array2, Array3, Ix1, array};
use num_complex::Complex64;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Field {
    positions: Vec<[f64; 3]>,
    #[serde(with = "filebacked::array")]
    velocity: Array3<f32>,
    #[serde(with = "filebacked::array")]
    mask: Option<Array2<bool>>,
    snapshots: Vec<NdArray<f32, Ix1>>,
    spectrum: NdArray<Complex64, Ix1>,
    neighbours: Vec<Vec<u32>>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("arrays.h5");
    let field = Field {
        positions: vec![[0.0, 0.0, 0.0], [1.0, 0.0, 0.5]],
        velocity: Array3::from_elem((4, 3, 2), 0.25),
        mask: Some(array![[true, false], [false, true]]),
        snapshots: vec![NdArray(array![1.0, 2.0]), NdArray(array![3.0])],
        spectrum: NdArray(array![Complex64::new(1.0, -2.0)]),
        neighbours: vec![vec![1], vec![0, 2], vec![]],
    };
    filebacked::to_file(&path, &field)?;
    assert_eq!(filebacked::from_file::<Field>(&path)?, field);
    Ok(())
}
