//! A mesh that many states refer to, stored once.
//!
//! `cargo run --example shared` writes `shared.h5` into the current folder.

use std::sync::Arc;

use filebacked::Shared;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Mesh {
    points: Vec<[f64; 3]>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct State {
    time: f64,
    mesh: Shared<Mesh>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mesh = Shared::from(Mesh { points: (0..10_000).map(|point| [f64::from(point), 0.5, 0.0]).collect() });
    let states: Vec<State> = (0..4).map(|step| State { time: 0.5 * f64::from(step), mesh: mesh.clone() }).collect();
    filebacked::to_file("shared.h5", &states)?;

    let file = filebacked::hdf5::File::open("shared.h5")?;
    print!("{}", filebacked::tree(&file)?);
    let links = file.loc_info_by_name("mesh/0")?.num_links;
    println!("{links} links lead to one mesh; the file has {} bytes", std::fs::metadata("shared.h5")?.len());

    // What is read is in memory once, too.
    let back: Vec<State> = filebacked::from_file("shared.h5")?;
    assert_eq!(back, states);
    assert!(back.iter().all(|state| Arc::ptr_eq(&state.mesh.0, &back[0].mesh.0)));
    Ok(())
}
