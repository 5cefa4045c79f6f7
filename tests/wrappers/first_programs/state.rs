//! A simulation's state with a grid in it, which has no attribute; and the same read lazily.

use filebacked::{Lazy, LazyMap, NdArray, from_file, hdf5, to_file};
use ndarray::{Array1, Array2, Array3, Ix3, s};
use serde::{Deserialize, Serialize};

use super::place;

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Simulation {
    title: String,
    step: u64,
    grid: Grid,
    particles: Vec<Particle>,
    restart_from: Option<String>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Grid {
    spacing: [f64; 3],
    density: Array3<f64>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Particle {
    position: [f64; 3],
    charge: i8,
}

#[test]
fn nested_state_without_attributes() {
    let (_folder, path) = place();
    let density = Array3::from_shape_fn((16, 12, 8), |(i, j, k)| (i + 10 * j + 100 * k) as f64);
    let state = Simulation {
        title: "plasma".to_owned(),
        step: 500,
        grid: Grid { spacing: [0.1, 0.1, 0.2], density },
        particles: (0..100).map(|n| Particle { position: [f64::from(n), 0.0, 0.0], charge: 1 }).collect(),
        restart_from: None,
    };
    to_file(&path, &state).unwrap();
    assert_eq!(from_file::<Simulation>(&path).unwrap(), state);

    let file = hdf5::File::open(&path).unwrap();
    assert_eq!(file.dataset("grid/density").unwrap().shape(), [16, 12, 8]);
    assert_eq!(file.dataset("particles").unwrap().shape(), [100]);
}

#[derive(Serialize, Deserialize)]
struct Run {
    title: String,
    velocity: Lazy<NdArray<f32, Ix3>>,
    history: Lazy<Vec<f64>>,
    snapshots: LazyMap<u32, NdArray<f32, Ix3>>,
}

#[test]
fn fields_that_are_read_when_they_are_needed() {
    let (_folder, path) = place();
    let velocity = Array3::from_shape_fn((8, 8, 8), |(i, j, k)| (i * 64 + j * 8 + k) as f32);
    let run = Run {
        title: "vortex".to_owned(),
        history: Lazy::new(vec![0.5; 10_000]),
        snapshots: (0..4_u8).map(|step| (step.into(), NdArray(velocity.clone() * f32::from(step)))).collect(),
        velocity: NdArray(velocity).into(),
    };
    to_file(&path, &run).unwrap();

    let run: Run = from_file(&path).unwrap();
    assert_eq!(run.velocity.shape().unwrap(), [8, 8, 8]);
    // Without the type, the compiler does not know of what the index is: as with `slice` of `ndarray`.
    let line: Array1<f32> = run.velocity.slice(s![1, 2, ..]).unwrap();
    assert_eq!(line[5], 85.0);
    let plane: Array2<f32> = run.snapshots.lazy(&3).unwrap().slice(s![1, .., ..]).unwrap();
    assert_eq!(plane[[0, 1]], 195.0);
    assert!(!run.velocity.is_loaded() && !run.history.is_loaded());
    assert_eq!((run.title.as_str(), run.history.get().unwrap().len()), ("vortex", 10_000));
}
