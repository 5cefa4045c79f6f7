//! Values of all types: through every way in and out, they come back equal.

#[path = "../common/mod.rs"]
mod common;

mod everywhere;
mod forms;
mod heaps;
mod maps;
mod numbers;
mod properties;
mod real_data;
mod round_trip;
mod select;
