//! What is promised of the order of maps and sets.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};

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
    #[serde(with = "crate::sorted")]
    map: HashMap<String, u32>,
    #[serde(with = "crate::sorted")]
    set: HashSet<u32>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Further {
    #[serde(with = "crate::sorted")]
    pairs: HashMap<(u8, i8), Vec<u32>>,
    #[serde(with = "crate::sorted")]
    option: Option<HashMap<i64, String>>,
    #[serde(with = "crate::sorted")]
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
    let reversed = Ordered { map: map().collect::<Vec<_>>().into_iter().rev().collect(), set: (0..COUNT).collect() };
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
