//! Maps and sets without an order of their own, written in the order of their keys: equal ones give equal bytes.
//!
//! A value is written in the order in which it gives its parts. A `HashMap` gives its entries in another order each time, so
//! two equal ones give files that differ, and serde does not tell it from a map whose order counts. A `BTreeMap` or an
//! `IndexMap` has no need of this. A field that is to stay a `HashMap` or `HashSet` gets
//! `#[serde(with = "filebacked::sorted")]`:
//!
//! ```
//! use std::collections::{HashMap, HashSet};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize, PartialEq, Debug)]
//! struct Run {
//!     #[serde(with = "filebacked::sorted")]
//!     weights: HashMap<String, f64>,
//!     #[serde(with = "filebacked::sorted")]
//!     tags: HashSet<u32>,
//! }
//!
//! let weights = |names: [&str; 3]| names.map(|name| (name.to_owned(), 0.5)).into_iter().collect();
//! let one = Run { weights: weights(["a", "b", "c"]), tags: [1, 2, 3].into() };
//! let other = Run { weights: weights(["c", "b", "a"]), tags: [3, 2, 1].into() };
//! assert_eq!(filebacked::to_vec(&one)?, filebacked::to_vec(&other)?);
//! assert_eq!(filebacked::from_slice::<Run>(&filebacked::to_vec(&one)?)?, other);
//! # Ok::<(), filebacked::Error>(())
//! ```
//!
//! It works with any format of serde's, and is about the map or set itself: maps in its values are in their own order.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What is serialized in the order of its keys.
///
/// A map or set of another crate can implement it, by way of [`entries`] and [`elements`].
///
/// ```
/// use filebacked::sorted::{Sorted, entries};
/// use serde::{Serialize, Serializer};
///
/// /// A map that gives its entries in the order in which they came.
/// struct Pairs(Vec<(String, f64)>);
///
/// impl Sorted for Pairs {
///     fn serialize_sorted<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
///         entries(self.0.iter().map(|(key, value)| (key, value)), serializer)
///     }
/// }
///
/// #[derive(Serialize)]
/// struct Run {
///     #[serde(serialize_with = "filebacked::sorted::serialize")]
///     weights: Pairs,
/// }
///
/// let run = |names: [&str; 2]| Run { weights: Pairs(names.map(|name| (name.to_owned(), 0.5)).into()) };
/// assert_eq!(filebacked::to_vec(&run(["a", "b"]))?, filebacked::to_vec(&run(["b", "a"]))?);
/// # Ok::<(), filebacked::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be written by `#[serde(with = \"filebacked::sorted\")]`",
    label = "expected a `HashMap` or `HashSet` whose keys or elements are `Ord` and `Serialize`, or an `Option` of one",
    note = "what is in lists, maps and payloads needs a type of its own that implements `Serialize` by `filebacked::sorted`; or use a \
            `BTreeMap` or `BTreeSet`"
)]
pub trait Sorted {
    /// Serializes the map or set in the order of its keys.
    ///
    /// # Errors
    /// Those of the format.
    fn serialize_sorted<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

impl<K: Serialize + Ord, V: Serialize, H> Sorted for HashMap<K, V, H> {
    fn serialize_sorted<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        entries(self, serializer)
    }
}

impl<T: Serialize + Ord, H> Sorted for HashSet<T, H> {
    fn serialize_sorted<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        elements(self, serializer)
    }
}

/// `None`, or a map or set in the order of its keys.
impl<T: Sorted> Sorted for Option<T> {
    fn serialize_sorted<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            None => serializer.serialize_none(),
            Some(value) => serializer.serialize_some(&InOrder(value)),
        }
    }
}

/// A map or set that is serialized in the order of its keys.
struct InOrder<'a, T: ?Sized>(&'a T);

impl<T: ?Sized + Sorted> Serialize for InOrder<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize_sorted(serializer)
    }
}

/// Serializes the entries of a map in the order of their keys.
///
/// # Errors
/// Those of the format.
pub fn entries<'a, K, V, S>(entries: impl IntoIterator<Item = (&'a K, &'a V)>, serializer: S) -> Result<S::Ok, S::Error>
where
    K: Serialize + Ord + 'a,
    V: Serialize + 'a,
    S: Serializer,
{
    let mut entries: Vec<_> = entries.into_iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    serializer.collect_map(entries)
}

/// Serializes the elements of a set in order.
///
/// # Errors
/// Those of the format.
pub fn elements<'a, T, S>(elements: impl IntoIterator<Item = &'a T>, serializer: S) -> Result<S::Ok, S::Error>
where
    T: Serialize + Ord + 'a,
    S: Serializer,
{
    let mut elements: Vec<_> = elements.into_iter().collect();
    elements.sort();
    serializer.collect_seq(elements)
}

/// For `#[serde(with = "filebacked::sorted")]`, or `serialize_with`.
///
/// # Errors
/// Those of the format.
pub fn serialize<T: ?Sized + Sorted, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    value.serialize_sorted(serializer)
}

/// For `#[serde(with = "filebacked::sorted")]`: any order is read.
///
/// # Errors
/// Those of the format, and of the map or set.
pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::deserialize(deserializer)
}
