//! x
#![deny(unsafe_code)]

mod api;
mod de;
mod error;
mod file;
mod format;
mod options;
mod ser;
#[allow(unsafe_code, reason = "the one place that calls libhdf5")]
mod storage;

pub use api::{from_file, from_group, from_slice, read, to_file, to_group, to_vec, write};
pub use de::Hdf5Deserializer;
pub use error::{Error, ErrorKind, Result};
pub use hdf5;
pub use options::{ReadOptions, WriteOptions};
pub use ser::Hdf5Serializer;
