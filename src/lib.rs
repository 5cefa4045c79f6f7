//! Stores any serde value in HDF5, laid out as if by hand.
//!
//! [`to_file`] writes a value to a file, [`from_file`] reads it back, and every HDF5 tool reads it too: structs and maps
//! are groups, numbers and strings are datasets, a list of structs of numbers is one table, a list of other structs has
//! a column per field. No reader of ours is needed; [`guide::format`] has the whole layout. [`guide`] is the way in.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize, PartialEq, Debug)]
//! struct State {
//!     title: String,
//!     step: u64,
//!     positions: Vec<[f64; 3]>,
//!     tags: Vec<Option<String>>,
//! }
//!
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("run.h5");
//! let state = State {
//!     title: "two bodies".to_owned(),
//!     step: 1000,
//!     positions: vec![[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]],
//!     tags: vec![Some("heavy".to_owned()), None],
//! };
//! filebacked::to_file(&path, &state)?;
//! assert_eq!(filebacked::from_file::<State>(&path)?, state);
//!
//! // What any other tool sees.
//! let file = filebacked::hdf5::File::open(&path)?;
//! assert_eq!(file.dataset("positions")?.shape(), [2, 3]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What to use
//!
//! | for | write | read |
//! |---|---|---|
//! | a whole file, replaced in one step | [`to_file`] | [`from_file`] |
//! | a group of an open file, filled | [`to_group`] | [`from_group`] |
//! | one named value in a group | [`write`](write()) | [`read`] |
//! | one named value in a file | [`write_at`] | [`read_at`] |
//! | a file in memory | [`to_vec`] | [`from_slice`] |
//! | a sequence, record by record, at any path of a file | [`Appender`] | [`Reader`] |
//! | one file from many ranks: MPI, or threads | [`dist::to_file`] | [`dist::from_file`] |
//! | a file in S3, another store, or on a web server (cargo feature `remote`) | `remote::put` | `remote::open` |
//! | the serde pair itself | [`Hdf5Serializer`] | [`Hdf5Deserializer`] |
//! | what no type is known of | [`Value`] | [`Value`] |
//! | a look at what is there | | [`tree`](tree()), [`tree_file`] |
//! | groups, links and datasets, one by one | | [`objects`] |
//! | files of the Python package FileBacked | [`WriteOptions::python`] | any of these |
//!
//! [`WriteOptions`] and [`ReadOptions`] have the same operations as methods. They set how datasets are stored (compression,
//! chunks), which parts are left out, whether existing data is replaced, and a closure that shows progress and may cancel the call.
//!
//! Functions that take a group take [any of these](AsGroup): `&file`, `&group`, `hdf5::File::open(path)?`. Functions that take the
//! path of a file take any `AsRef<Path>`.
//!
//! # Types with an object of their own
//!
//! | | |
//! |---|---|
//! | [`NdArray`], [`NdArrayView`], [`array`](mod@array) | arrays of [`ndarray`]: one N-dimensional dataset, from and to their own memory |
//! | `nalgebra::NaMatrix`, feature `nalgebra` | matrices and vectors of `nalgebra`: one dataset, `m[(i, j)]` at `[i, j]` |
//! | [`Sparse`], [`sparse`], [`Triplets`], [`triplets`] | sparse matrices of [`sprs`]: a group that scipy's readers know |
//! | `Table`, `table` (cargo feature `arrow`) | tables of Apache Arrow: a list of records by columns, and all others' tables |
//! | [`Codec`], [`Coded`], [`codec`] | a user's type that writes and reads by means of the [`hdf5`] crate |
//! | [`WithAttrs`] | any value with attributes on its group or dataset |
//! | [`Shared`] | a value that stands in more than one place, stored once |
//! | [`Lazy`] | any value, read when it is asked for; of an array, also a part |
//! | [`LazyMap`] | a map whose values are read when they are asked for, and that writes what changed |
//!
//! Arrays of `ndarray`, and matrices of `sprs` and `nalgebra`, become the same without a wrapper, unless they are in a list. See
//! [there](mod@array#without-a-wrapper).
//!
//! They stand anywhere in a value, and are plain serde types in other formats. In a sequence each of them is an object.
//! [`sorted`] writes a `HashMap` or `HashSet` in the order of its keys, and [`timestamp`](mod@timestamp) a time as the number
//! that xarray and pandas read.
//!
//! Bytes are those of [`serde_bytes`]: serde gives a `Vec<u8>` as a list of numbers.
//!
//! # Trait objects
//!
//! A `&dyn erased_serde::Serialize`, or an object of a trait that is built on it, can stand anywhere in a value. It is stored like
//! the value behind it. To read trait objects back, use the crate `typetag`: it stores the name of the type.
//!
//! ```
//! use filebacked::erased_serde;
//! use serde::Serialize;
//!
//! trait Part: erased_serde::Serialize {}
//! erased_serde::serialize_trait_object!(Part);
//!
//! #[derive(Serialize)]
//! struct Beam { length: f64, profile: String }
//! impl Part for Beam {}
//!
//! #[derive(Serialize)]
//! struct Plate { thickness: f64 }
//! impl Part for Plate {}
//!
//! let parts: Vec<Box<dyn Part>> =
//!     vec![Box::new(Beam { length: 2.5, profile: "HEA 200".to_owned() }), Box::new(Plate { thickness: 0.01 })];
//! let value: filebacked::Value = filebacked::from_slice(&filebacked::to_vec(&parts)?)?;
//! assert_eq!(value[0]["profile"].as_str(), Some("HEA 200"));
//! assert_eq!(value[1]["thickness"].as_f64(), Some(0.01));
//! # Ok::<(), filebacked::Error>(())
//! ```
//!
//! # What it promises
//!
//! - Every serde type comes back equal, also what JSON loses: keys of any type, NaN with its payload, `i128`, bytes,
//!   `Some(None)`, `Some(())`.
//! - A list's number of HDF5 objects depends on its element type, never on its length. Only lists of arrays and other wrapper types
//!   have one object per element.
//! - Writing is all or nothing: on an [`Error`] a file or group is as it was.
//! - The same value gives the same bytes, on any machine, at any time, with any number of threads, for one version of this crate
//!   and of libhdf5. The value must give serde the same parts in the same order. A `HashMap` or `HashSet` does not: use a
//!   `BTreeMap` or `BTreeSet`, or [`sorted`]. The promise does not hold for a group or file that has, or had, other things in it.
//! - The Rust type decides how a file is read. Files of other programs are read, too. Numbers are checked, never wrapped,
//!   clipped or rounded. A damaged file gives an error, and so does one that asks for more than the
//!   [limits](ReadOptions#limits).
//! - After `Ok` the new value is in the file, also on a full disk; a killed process leaves the old file or the new one; any number of
//!   threads may use one file. [`guide::promises`] says where each of these ends.
//!
//! # The guide
//!
//! | page | for |
//! |---|---|
//! | [`guide::start`] | installing it, platforms, the five calls that most programs need, options |
//! | [`guide::i_have`] | arrays, tables, times, huge maps, enums, other people's files: what to write for each |
//! | [`guide::elsewhere`] | reading the files with Python, R, Octave, MATLAB, Julia |
//! | [`guide::changing_types`] | what happens to old files when a type changes |
//! | [`guide::formats`] | which format when, with figures |
//! | [`guide::promises`] | full disks, kills, threads, hostile files, limits |
//! | [`guide::ranks`] | one file from many ranks: how, what it costs, file systems |
//! | [`guide::remote`] | files in S3 and other stores: how, what it costs |
//! | [`guide::interop`] | what becomes of the files of other programs |
//! | [`guide::dependencies`] | what the crate brings along, and the licences of it |
//! | [`guide::format`] | the layout of the files |
//!
//! # Other crates in the public face
//!
//! This crate re-exports the crates whose types its functions take or return. A project that uses these re-exports always has the
//! right version.
//!
//! | crate | what of it |
//! |---|---|
//! | [`hdf5`], of the package `hdf5-metno` | groups and files, what a [`Codec`] writes by, element types of arrays, [`Hdf5Error`] |
//! | [`ndarray`], [`num_complex`] | arrays, and their complex elements |
//! | [`sprs`](https://docs.rs/sprs) | sparse matrices |
//! | `arrow_array`, `arrow_schema` (cargo feature `arrow`) | tables of Apache Arrow |
//! | `chrono`, `jiff` (cargo features `chrono`, `jiff`) | times |
//! | `mpi` (cargo feature `mpi`), which is not re-exported | ranks |
//! | `object_store` (cargo feature `remote`) | stores |
//! | [`indexmap`] | [`value::Map`] |
//! | [`serde_bytes`] | byte strings, in types and as a [`Value`] |
//! | [`erased_serde`] | trait objects |
//!
//! A new major version of one of them, or of `half` with the feature `f16`, is a new major version of this crate.
//! [docs/dependencies.md] has the list, what each crate is for, and the licences of bundled code.
//!
//! [docs/dependencies.md]: https://docs.rs/crate/filebacked/latest/source/docs/dependencies.md
//!
//! # Cargo features
//!
//! - `bundled` (default): HDF5 is built from the sources that come with the `hdf5` crate, which takes cmake 3.26 or later and some
//!   minutes. Without it the system's libhdf5, 1.10.8 or later, is linked, or what `HDF5_DIR` names.
//! - `sprs` (default): sparse matrices.
//! - `nalgebra`: matrices and vectors of `nalgebra`, `with = "filebacked::nalgebra"`.
//! - `f16`: arrays of `half::f16`.
//! - `arrow`: tables of Apache Arrow, as `RecordBatch`es.
//! - `chrono`, `jiff`: [`timestamp`](mod@timestamp) for the types of these crates.
//! - `mpi`: [`dist::Comm`] for the communicators of the crate `mpi`. Takes an installed MPI, and libclang to build.
//! - `remote`: files in S3, Google Cloud Storage, Azure and on web servers, read by ranges: see [`guide::remote`].
//! - `blosc-zstd`, `blosc-lz4`: compression by Blosc, with Zstandard or LZ4.

// On docs.rs, items say which feature they need.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(unsafe_code)]

mod api;
mod appender;
mod de;
mod deserializer;
pub mod dist;
mod file;
mod ground;
pub mod guide;
#[allow(unsafe_code, reason = "the one place that calls libhdf5")]
mod h5;
mod layout;
mod layout_attributes;
pub mod objects;
mod options;
pub mod reader;
#[cfg(feature = "remote")]
pub mod remote;
mod ser;
#[cfg(feature = "arrow")]
pub mod table;
mod temporary_file;
#[cfg(test)]
mod tests;
mod tree;
mod wrappers;

pub use api::{from_file, from_group, from_slice, read, read_at, to_file, to_group, to_vec, write, write_at};
pub use appender::Appender;
#[cfg(feature = "chrono")]
pub use chrono;
pub use deserializer::Hdf5Deserializer;
pub use erased_serde;
pub use ground::error::{Error, ErrorKind, Hdf5Error, Result};
pub use ground::progress::{Answer, Progress};
pub use h5::AsGroup;
pub use hdf5;
pub use indexmap;
#[cfg(feature = "jiff")]
pub use jiff;
pub use layout::access::{FileLocking, LibraryVersion};
pub use layout::dataset_options::{DatasetOptions, Maps, Records, Strings};
pub use ndarray;
pub use num_complex;
#[cfg(feature = "remote")]
pub use object_store;
pub use options::{ReadOptions, Repacked, RepackedDataset, WriteOptions};
pub use reader::Reader;
pub use ser::Hdf5Serializer;
pub use serde_bytes;
#[cfg(feature = "sprs")]
pub use sprs;
pub use tree::{Tree, tree, tree_file};
pub use wrappers::attrs::WithAttrs;
pub use wrappers::lazy::{Lazy, LazyMap};
#[cfg(feature = "nalgebra")]
pub use wrappers::nalgebra;
pub use wrappers::shared::Shared;
pub use wrappers::{array, codec, sorted, timestamp, value};
#[cfg(feature = "sprs")]
pub use wrappers::{sparse, triplets};
#[cfg(feature = "arrow")]
pub use {arrow_array, arrow_schema};

// The docs have these in their modules.
#[doc(no_inline)]
pub use array::{NdArray, NdArrayView};
#[doc(no_inline)]
pub use codec::{Codec, Coded};
#[cfg(feature = "sprs")]
#[doc(no_inline)]
pub use sparse::Sparse;
#[cfg(feature = "arrow")]
#[doc(no_inline)]
pub use table::Table;
#[cfg(feature = "sprs")]
#[doc(no_inline)]
pub use triplets::Triplets;
#[doc(no_inline)]
pub use value::Value;

/// The README's examples are run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
