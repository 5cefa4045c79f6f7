use std::sync::Arc;

use filebacked::Shared;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Mesh {
    points: Vec<[f64; 3]>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct States {
    first: Shared<Mesh>,
    last: Shared<Mesh>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("shared.h5");
    let mesh = Shared::from(Mesh { points: vec![[0.5, 0.0, 1.0]; 100] });
    filebacked::to_file(&path, &States { first: mesh.clone(), last: mesh })?;

    let states: States = filebacked::from_file(&path)?;
    assert!(Arc::ptr_eq(&states.first.0, &states.last.0));
    Ok(())
}
