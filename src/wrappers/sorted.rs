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

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::{from_slice, to_vec};

    const COUNT: u32 = 100;

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Plain {
        map: HashMap<String, u32>,
        set: HashSet<u32>,
    }

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Ordered {
        map: BTreeMap<String, u32>,
        set: BTreeSet<u32>,
    }

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct InSorted {
        #[serde(with = "crate::wrappers::sorted")]
        map: HashMap<String, u32>,
        #[serde(with = "crate::wrappers::sorted")]
        set: HashSet<u32>,
    }

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Further {
        #[serde(with = "crate::wrappers::sorted")]
        pairs: HashMap<(u8, i8), Vec<u32>>,
        #[serde(with = "crate::wrappers::sorted")]
        option: Option<HashMap<i64, String>>,
        #[serde(with = "crate::wrappers::sorted")]
        none: Option<HashSet<char>>,
    }

    fn map() -> impl Iterator<Item = (String, u32)> {
        (0..COUNT).map(|number| (format!("{number}"), number))
    }

    /// What the docs promise: equal values with an order of their own give equal bytes, and others do not.
    #[test]
    fn equal_values_give_equal_bytes() {
        let ordered = || Ordered { map: map().collect(), set: (0..COUNT).rev().collect() };
        assert!(to_vec(&ordered()).unwrap() == to_vec(&ordered()).unwrap());
        let reversed =
            Ordered { map: map().collect::<Vec<_>>().into_iter().rev().collect(), set: (0..COUNT).collect() };
        assert!(to_vec(&ordered()).unwrap() == to_vec(&reversed).unwrap());
        // The same map, and not only an equal one, gives the same bytes.
        let plain = Plain { map: map().collect(), set: (0..COUNT).collect() };
        assert!(to_vec(&plain).unwrap() == to_vec(&plain).unwrap());
        // An order that counts is kept.
        let one: indexmap::IndexMap<_, _> = [("b", 1), ("a", 2)].into();
        let read: indexmap::IndexMap<String, u8> = from_slice(&to_vec(&one).unwrap()).unwrap();
        assert_eq!(read.keys().collect::<Vec<_>>(), ["b", "a"]);
    }

    #[test]
    fn sorted_maps_and_sets_are_as_ordered_ones() {
        let ordered = to_vec(&Ordered { map: map().collect(), set: (0..COUNT).collect() }).unwrap();
        let mut differ = 0;
        for _ in 0..8 {
            // Each has an order of its own.
            let plain = Plain { map: map().collect(), set: (0..COUNT).collect() };
            differ += usize::from(to_vec(&plain).unwrap() != ordered);
            let sorted = InSorted { map: plain.map.clone(), set: plain.set.clone() };
            let image = to_vec(&sorted).unwrap();
            assert!(image == ordered);
            assert_eq!(from_slice::<InSorted>(&image).unwrap(), sorted);
            assert_eq!(from_slice::<Plain>(&image).unwrap(), plain);
        }
        assert!(differ > 0, "there is something to sort");
    }

    #[test]
    fn sorted_keys_of_all_sorts() {
        let further = || Further {
            pairs: (0..COUNT).map(|number| ((number as u8 % 7, number as i8), vec![number])).collect(),
            option: Some((0..COUNT).map(|number| (i64::from(number) - 50, number.to_string())).collect()),
            none: None,
        };
        let image = to_vec(&further()).unwrap();
        for _ in 0..8 {
            assert!(to_vec(&further()).unwrap() == image);
        }
        assert_eq!(from_slice::<Further>(&image).unwrap(), further());
        let packed = |value: &Further| rmp_serde::to_vec(value).unwrap();
        assert_eq!(packed(&further()), packed(&further()));
    }
}
