//! Matrices of `nalgebra` and of `sprs` as fields.

use filebacked::{from_file, hdf5, to_file};
use serde::{Deserialize, Serialize};

use super::place;

#[cfg(feature = "nalgebra")]
#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Tracker {
    observations: nalgebra::DMatrix<f64>,
    rotation: nalgebra::Matrix3<f64>,
    state: nalgebra::Vector6<f64>,
    path: Vec<nalgebra::Vector3<f64>>,
}

#[cfg(feature = "nalgebra")]
#[test]
fn filter_of_nalgebra() {
    use nalgebra::{DMatrix, Matrix3, Vector3, Vector6};

    let (_folder, path) = place();
    let tracker = Tracker {
        observations: DMatrix::from_row_slice(2, 3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        rotation: Matrix3::new(0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0),
        state: Vector6::new(1.0, 2.0, 3.0, 0.1, 0.2, 0.3),
        path: vec![Vector3::zeros(), Vector3::new(1.0, 0.5, 0.25)],
    };
    to_file(&path, &tracker).unwrap();
    assert_eq!(from_file::<Tracker>(&path).unwrap(), tracker);
    let file = hdf5::File::open(&path).unwrap();
    let stored = |name| file.dataset(name).unwrap().read_2d::<f64>().unwrap();
    assert_eq!((stored("observations")[[1, 2]], stored("rotation")[[0, 1]]), (6.0, -1.0));
    assert_eq!(stored("path"), ndarray::array![[0.0, 0.0, 0.0], [1.0, 0.5, 0.25]]);
    assert_eq!(file.dataset("state").unwrap().shape(), [6]);
}

#[cfg(feature = "sprs")]
#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct System {
    #[serde(with = "filebacked::sparse")]
    stiffness: filebacked::sprs::CsMat<f64>,
    load: Vec<f64>,
}

#[cfg(feature = "sprs")]
#[test]
fn chain_of_springs() {
    let (_folder, path) = place();
    let n = 10;
    let mut entries = filebacked::sprs::TriMat::new((n, n));
    for i in 0..n {
        entries.add_triplet(i, i, 2.0);
        if i > 0 {
            entries.add_triplet(i, i - 1, -1.0);
            entries.add_triplet(i - 1, i, -1.0);
        }
    }
    let system = System { stiffness: entries.to_csr(), load: vec![1.0; n] };
    to_file(&path, &system).unwrap();
    assert_eq!(from_file::<System>(&path).unwrap(), system);
    let alone: filebacked::Sparse<f64> = filebacked::read_at(&path, "stiffness").unwrap();
    assert_eq!(alone.nnz(), 3 * n - 2);
    let file = hdf5::File::open(&path).unwrap();
    assert_eq!(file.dataset("stiffness/indptr").unwrap().shape(), [n + 1]);
}
