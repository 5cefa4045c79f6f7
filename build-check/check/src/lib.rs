//! A part of [`filebacked`](https://docs.rs/filebacked), which builds HDF5 from source with its feature `bundled`.
//!
//! There is nothing to call. The build script of this crate depends on no other crate, so Cargo can run it early. It looks
//! for cmake 3.26 or newer and for `make`, and ends the build with one message where one of them is missing.
