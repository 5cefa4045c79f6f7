//! What the functions for `#[serde(with = "...")]` take, in each module that has such: values of one sort, and options of
//! them.

use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

/// Arrays of `ndarray`.
pub struct Arrays;
/// Matrices of `nalgebra`.
#[cfg(feature = "nalgebra")]
pub struct Matrices;
/// Times.
pub struct Times;
/// Compressed matrices of `sprs`.
#[cfg(feature = "sprs")]
pub struct Compressed;
/// Triplets of `sprs`.
#[cfg(feature = "sprs")]
pub struct Entries;

/// A value of the sort that a module writes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be written by this module for `#[serde(with = \"...\")]`",
    label = "expected an array for `filebacked::array`, a matrix for `nalgebra`, `sparse` or `triplets`, a time for `timestamp`, or an \
             `Option` of one",
    note = "in lists, maps and payloads, wrap each element, and leave out `with`: `Vec<NdArray<f64, Ix2>>` for `Vec<Array2<f64>>`, and \
            so with `NaMatrix`, `Sparse` and `Triplets`; `timestamp` takes a `Vec` of times as it is",
    note = "the types of another version of their crate are other types: use `filebacked::ndarray`, `sprs`, `chrono` and `jiff`, and \
            `nalgebra` 0.34; the times of `chrono` and `jiff` need the cargo features of these names"
)]
pub trait Field<Sort> {
    fn serialize_field<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

/// A value of the sort that a module reads, which owns what is in it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read by this module for `#[serde(with = \"...\")]`",
    label = "expected an array for `filebacked::array`, a matrix for `nalgebra`, `sparse` or `triplets`, a time for `timestamp`, or an \
             `Option` of one, which owns its elements",
    note = "in lists, maps and payloads, wrap each element, and leave out `with`: `Vec<NdArray<f64, Ix2>>` for `Vec<Array2<f64>>`, and \
            so with `NaMatrix`, `Sparse` and `Triplets`; `timestamp` takes a `Vec` of times as it is",
    note = "the types of another version of their crate are other types: use `filebacked::ndarray`, `sprs`, `chrono` and `jiff`, and \
            `nalgebra` 0.34; the times of `chrono` and `jiff` need the cargo features of these names"
)]
pub trait OwnedField<'de, Sort>: Sized {
    fn deserialize_field<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// What is in an option.
struct FieldValue<F, Sort>(F, PhantomData<Sort>);

impl<F: Field<Sort>, Sort> Serialize for FieldValue<&F, Sort> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize_field(serializer)
    }
}

impl<'de, F: OwnedField<'de, Sort>, Sort> Deserialize<'de> for FieldValue<F, Sort> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        F::deserialize_field(deserializer).map(|field| Self(field, PhantomData))
    }
}

impl<F: Field<Sort>, Sort> Field<Sort> for Option<F> {
    fn serialize_field<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(field) => serializer.serialize_some(&FieldValue(field, PhantomData)),
            None => serializer.serialize_none(),
        }
    }
}

impl<'de, F: OwnedField<'de, Sort>, Sort> OwnedField<'de, Sort> for Option<F> {
    fn deserialize_field<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let inner = Option::<FieldValue<F, Sort>>::deserialize(deserializer)?;
        Ok(inner.map(|FieldValue(field, _)| field))
    }
}
