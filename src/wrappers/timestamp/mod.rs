//! Times as numbers that xarray and pandas read as times: nanoseconds since 1970, which say so.
//!
//! A field of a struct gets `#[serde(with = "filebacked::timestamp")]`:
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize, PartialEq, Debug)]
//! struct Run {
//!     #[serde(with = "filebacked::timestamp")]
//!     begun: SystemTime,
//!     #[serde(with = "filebacked::timestamp")]
//!     time: Vec<SystemTime>,
//!     temperature: Vec<f64>,
//! }
//!
//! let begun = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
//! let time = (0..3).map(|step| begun + Duration::from_millis(250 * step)).collect();
//! let run = Run { begun, time, temperature: vec![20.5, 20.75, 21.0] };
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("run.h5");
//! filebacked::to_file(&path, &run)?;
//! assert_eq!(filebacked::from_file::<Run>(&path)?, run);
//!
//! // What any other tool sees.
//! let time = filebacked::hdf5::File::open(&path)?.dataset("time")?;
//! assert_eq!(time.read_raw::<i64>()?[1], 1_700_000_000_250_000_000);
//! let units = time.attr("units")?.read_scalar::<filebacked::hdf5::types::VarLenUnicode>()?;
//! assert_eq!(units.as_str(), "nanoseconds since 1970-01-01");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! In Python: `xarray.open_dataset("run.h5", engine="h5netcdf", phony_dims="sort").time`, which is `datetime64[ns]`.
//!
//! # Types
//!
//! | type | cargo feature |
//! |---|---|
//! | [`std::time::SystemTime`] | |
//! | `chrono::DateTime<Utc>`, `chrono::NaiveDateTime` (taken for UTC) | `chrono` |
//! | `jiff::Timestamp`, `jiff::civil::DateTime` (taken for UTC) | `jiff` |
//!
//! Each of them also as `Option<T>`, `Vec<T>`, `Vec<Option<T>>` and `Option<Vec<T>>`. An `Option` whose field may be missing
//! altogether, as in files for the Python package, needs `#[serde(default)]`, too: serde asks for it with any `with`.
//!
//! Without `with`, times are what their own `Serialize` makes of them: mostly a string in ISO 8601, such as
//! `2024-02-29T12:30:00Z`.
//!
//! # What is stored
//!
//! | value | stored |
//! |---|---|
//! | a time | a scalar `int64` |
//! | `Vec<T>` | a 1-D dataset of `int64` |
//! | `Vec<Option<T>>` | the same; a missing time is -2<sup>63</sup>, numpy's `NaT`, which the attribute `_FillValue` says |
//! | `None` | as any other |
//!
//! The dataset has the attributes `units` = `nanoseconds since 1970-01-01` and `calendar` = `proleptic_gregorian`, which are
//! those of [netCDF's conventions](https://cfconventions.org/cf-conventions/cf-conventions.html#time-coordinate).
//!
//! In a list of structs, the times of a field are an `int64` column with these attributes; missing ones have a mask, as all
//! options there. Such a list is columns, also where all fields are numbers: the fields of a compound have no attributes. Where
//! [`Records::Table`](crate::Records::Table) asks for a compound, they are `int64` alone there. So is an attribute (a field
//! renamed to `@name`).
//!
//! These columns are also those of a table of Arrow (cargo feature `arrow`): a `Table` reads them as `Timestamp`, and its `Timestamp`, `Date32`
//! and `Date64` are read here.
//!
//! In other formats, a time is the number of nanoseconds, as an `i64`.
//!
//! # Range
//!
//! Times from 1677-09-21 to 2262-04-11 have such a number. Any other is an error as it is written; so is a leap second of
//! chrono's (23:59:60), as no number is its own.
//!
//! # Reading
//!
//! Other units are read, too: those that numpy's `datetime64` has in h5py's files, and those that `units` say, with any date.
//! These are days, hours, minutes, seconds, milliseconds and microseconds. Floats are read where they are a whole number of
//! nanoseconds ([`allow_rounding`](crate::ReadOptions::allow_rounding) takes the nearest). Numbers without `units` are
//! nanoseconds. A calendar with other dates is an error.
//!
//! Where serde keeps a value before it knows its type (`flatten`, `untagged`), units are lost, and numbers are nanoseconds.
//!
//! Strings in ISO 8601 are read, and the struct of `secs_since_epoch` and `nanos_since_epoch` that serde makes of a
//! `SystemTime`: a file from before a field got this `with` stays readable.

mod read;
mod types;

use serde::de::Deserializer;
use serde::ser::{Error as _, Serialize, Serializer};

use crate::ground::error::Result;
use crate::ground::time::NAME;
use crate::wrappers::field::{Field, OwnedField, Times};

/// For `#[serde(with = "filebacked::timestamp")]`: of the [types](self#types) that are times, lists of them, and options.
///
/// # Errors
/// Those of the serializer, and if the time is out of the [range](self#range).
pub fn serialize<T: Field<Times>, S: Serializer>(times: &T, serializer: S) -> Result<S::Ok, S::Error> {
    times.serialize_field(serializer)
}

/// For `#[serde(with = "filebacked::timestamp")]`: of the [types](self#types) that are times, lists of them, and options.
///
/// # Errors
/// Those of the deserializer, and if what is stored is [no time](self#reading).
pub fn deserialize<'de, T: OwnedField<'de, Times>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::deserialize_field(deserializer)
}

/// Serializes the number that a time is, or a list of them.
fn serialize_numbers<S: Serializer>(
    numbers: std::result::Result<impl Serialize, String>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_newtype_struct(NAME, &numbers.map_err(S::Error::custom)?)
}
