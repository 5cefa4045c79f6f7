//! Files of other programs: what they write is read, and what is written for them, they read.

#[path = "../common/mod.rs"]
mod common;
#[cfg(feature = "sprs")]
#[path = "../common/examples.rs"]
mod examples;

mod foreign;
mod heaps_of_h5py;
mod lazy;
#[cfg(feature = "sprs")]
mod python_filebacked;
#[cfg(feature = "sprs")]
mod python_reader;
#[cfg(feature = "sprs")]
mod recipes;
mod repacked;
mod times;
mod values;
