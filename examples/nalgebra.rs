//! A Kalman filter: matrices and vectors of `nalgebra` as datasets.
//!
//! `cargo run --example nalgebra --features nalgebra` writes `filter.h5` into the current folder.

use filebacked::nalgebra::NaMatrix;
use nalgebra::{DMatrix, Matrix2, RowVector2, Vector2};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Run {
    #[serde(with = "filebacked::nalgebra")]
    transition: Matrix2<f64>,
    #[serde(with = "filebacked::nalgebra")]
    observation: RowVector2<f64>,
    /// A row per step: position and velocity.
    #[serde(with = "filebacked::nalgebra")]
    states: DMatrix<f64>,
    /// In a list, a matrix is wrapped; each is a dataset.
    covariances: Vec<NaMatrix<Matrix2<f64>>>,
}

fn main() -> filebacked::Result<()> {
    let transition = Matrix2::new(1.0, 0.1, 0.0, 1.0);
    let observation = RowVector2::new(1.0, 0.0);
    let (mut state, mut covariance) = (Vector2::new(0.0, 0.0), Matrix2::identity());
    let (mut states, mut covariances) = (DMatrix::zeros(20, 2), Vec::new());
    for step in 0..20 {
        let measured = (f64::from(step) * 0.1).sin();
        (state, covariance) = (transition * state, transition * covariance * transition.transpose());
        let gain =
            covariance * observation.transpose() / ((observation * covariance * observation.transpose())[0] + 0.1);
        state += gain * (measured - (observation * state)[0]);
        covariance -= gain * observation * covariance;
        states.set_row(step as usize, &state.transpose());
        covariances.push(NaMatrix(covariance));
    }
    let run = Run { transition, observation, states, covariances };
    filebacked::to_file("filter.h5", &run)?;
    assert_eq!(filebacked::from_file::<Run>("filter.h5")?, run);
    println!("{}", filebacked::tree(&filebacked::hdf5::File::open("filter.h5")?)?);
    Ok(())
}
