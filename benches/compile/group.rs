//! A group of types as a user may have them. Each module that has this file has types of its own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::format::{from_slice, to_vec};

#[derive(Serialize, Deserialize)]
struct State {
    step: u64,
    title: String,
    time: f64,
    energies: Vec<f64>,
    tolerance: Option<f32>,
    phase: Phase,
    samples: Vec<Sample>,
    counts: BTreeMap<String, u32>,
}

#[derive(Serialize, Deserialize)]
enum Phase {
    Assembly,
    Solution,
    Output,
}

#[derive(Serialize, Deserialize)]
struct Sample {
    id: u32,
    label: String,
    value: f64,
}

/// Writes a value, reads it, and checks that it is written as before.
pub fn round_trip(step: u64) {
    let state = State {
        step,
        title: format!("step {step}"),
        time: 0.5,
        energies: vec![1.5, 2.5],
        tolerance: (step % 2 == 0).then_some(0.25),
        phase: [Phase::Assembly, Phase::Solution, Phase::Output].into_iter().nth(step as usize % 3).unwrap(),
        samples: vec![Sample { id: 1, label: "left".to_owned(), value: 3.5 }],
        counts: BTreeMap::from([("iterations".to_owned(), 7)]),
    };
    let bytes = to_vec(&state).unwrap();
    let back: State = from_slice(&bytes).unwrap();
    assert!(to_vec(&back).unwrap() == bytes);
}
