//! A part of [`filebacked`](https://docs.rs/filebacked). There is nothing to call, and its build script does nothing.
//!
//! Of what is ready, Cargo builds first what most other parts of the build wait for. This crate is three parts that wait for
//! `filebacked-build-check`, so that Cargo comes to that before it comes to HDF5, also on a machine with few cores.
