//! What is on disk: the layout of `FORMAT.md`, chunks and filters, as HDF5's own programs and those of others read it.

#[path = "../common/mod.rs"]
mod common;
#[cfg(feature = "sprs")]
#[path = "../common/examples.rs"]
mod examples;

#[cfg(any(feature = "blosc-zstd", feature = "blosc-lz4"))]
mod blosc;
mod compressed;
// The tables of these have a row for everything.
#[cfg(feature = "sprs")]
mod format;
mod golden;
#[cfg(feature = "sprs")]
mod layout;
mod objects;
mod octave;
mod parts;
mod tree;
