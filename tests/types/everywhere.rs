//! Every wrapper in every place, and in every other wrapper.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

use filebacked::codec::{self, Codec, Coded};
use filebacked::{Hdf5Deserializer, Hdf5Serializer, Lazy, LazyMap, NdArray, Shared, WithAttrs, from_slice, to_vec};
use ndarray::{Ix2, array};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::common::memory;

/// A lazy value, compared by what it holds.
#[derive(Serialize, Deserialize, Clone, Debug)]
#[serde(bound(deserialize = "T: DeserializeOwned"))]
struct Loaded<T>(Lazy<T>);

impl<T: PartialEq> PartialEq for Loaded<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0.get().unwrap() == other.0.get().unwrap()
    }
}

/// A map of lazy values, compared by what it holds.
#[derive(Serialize, Deserialize, Debug)]
#[serde(bound(deserialize = "T: DeserializeOwned"))]
struct Mapped<T>(LazyMap<String, T>);

impl<T: PartialEq> PartialEq for Mapped<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self.0.iter().zip(other.0.iter()).all(|(one, other)| one.unwrap() == other.unwrap())
    }
}

impl<T: Clone> Clone for Mapped<T> {
    fn clone(&self) -> Self {
        Self(self.0.lazies().map(|(key, value)| (key.clone(), value.load().unwrap())).collect())
    }
}

/// A value by way of a codec.
#[derive(Serialize, Deserialize, PartialEq, Clone, Debug)]
struct Plain<T>(T);

impl<T: Serialize + DeserializeOwned> Codec for Plain<T> {
    fn write(&self, target: &codec::Target<'_>) -> filebacked::Result<()> {
        target.put_child("inner", &self.0)
    }

    fn read(stored: &codec::Stored) -> filebacked::Result<Self> {
        stored.read_child("inner").map(Self)
    }

    fn serialize_elsewhere<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }

    fn deserialize_elsewhere<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}

#[derive(Serialize, Deserialize, PartialEq, Clone, Debug)]
struct Unit {
    unit: String,
}

fn array() -> NdArray<f64, Ix2> {
    NdArray(array![[0.5, 1.5], [2.5, 3.5]])
}

fn coded<T>(value: T) -> Coded<Plain<T>> {
    Coded(Plain(value))
}

fn attributed<T>(value: T) -> WithAttrs<T, Unit> {
    WithAttrs { value, attrs: Unit { unit: "m".to_owned() } }
}

fn loaded<T>(value: T) -> Loaded<T> {
    Loaded(Lazy::new(value))
}

fn mapped<T>(value: T) -> Mapped<T> {
    Mapped(LazyMap::from_iter([("a/b".to_owned(), value)]))
}

#[derive(Serialize, Deserialize, PartialEq, Clone, Debug)]
enum Payload<W> {
    Nothing,
    One(W),
    Two(u8, W),
    Named { left: W, right: Option<W> },
}

#[derive(Serialize, Deserialize, PartialEq, Clone, Debug)]
struct Record<W> {
    id: u32,
    wrapper: W,
    option: Option<W>,
    payload: Payload<W>,
    list: Vec<W>,
    map: BTreeMap<String, W>,
}

#[track_caller]
fn round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let image = to_vec(value).unwrap();
    let back: T = from_slice(&image).unwrap();
    // What was read, some of it not loaded, is written as what it is.
    let again: T = from_slice(&to_vec(&back).unwrap()).unwrap();
    assert_eq!(again, *value);
    assert_eq!(back, *value);
    assert!(to_vec(value).unwrap() == image);
}

/// A wrapper alone and in all that a value can be in; through erased types and in other formats.
fn everywhere<W: Serialize + DeserializeOwned + PartialEq + Clone + Debug>(wrapper: &W) {
    let w = || wrapper.clone();
    round_trip(wrapper);
    round_trip(&Some(Some(w())));
    round_trip(&vec![Some(w()), None, Some(w())]);
    round_trip(&vec![vec![w(), w()], vec![], vec![w()]]);
    round_trip(&(1, w(), (w(), "text".to_owned())));
    round_trip(&BTreeMap::from([((1, 2), w()), ((3, 4), w())]));
    let record = |id: u32| Record {
        id,
        wrapper: w(),
        option: id.is_multiple_of(2).then(w),
        payload: match id % 4 {
            0 => Payload::Nothing,
            1 => Payload::One(w()),
            2 => Payload::Two(2, w()),
            _ => Payload::Named { left: w(), right: Some(w()) },
        },
        list: vec![w(); id as usize % 3],
        map: BTreeMap::from([("x".to_owned(), w()), (format!("{id}"), w())]),
    };
    let records: Vec<_> = (0..5).map(record).collect();
    records.iter().for_each(round_trip);
    round_trip(&records);

    let file = memory();
    let erased: &dyn erased_serde::Serialize = &records;
    erased_serde::serialize(erased, Hdf5Serializer::new(&file)).unwrap();
    let mut erased = <dyn erased_serde::Deserializer>::erase(Hdf5Deserializer::new(&file));
    assert_eq!(erased_serde::deserialize::<Vec<Record<W>>>(&mut erased).unwrap(), records);

    let text = serde_json::to_string(&records).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Record<W>>>(&text).unwrap(), records);
    let config = bincode::config::standard();
    let bytes = bincode::serde::encode_to_vec(&records, config).unwrap();
    assert_eq!(bincode::serde::decode_from_slice::<Vec<Record<W>>, _>(&bytes, config).unwrap().0, records);
    // What is read from the file is the same to other formats.
    let stored: Vec<Record<W>> = from_slice(&to_vec(&records).unwrap()).unwrap();
    assert_eq!(serde_json::to_string(&stored).unwrap(), text);
    assert_eq!(bincode::serde::encode_to_vec(&stored, config).unwrap(), bytes);
}

#[test]
fn in_every_place() {
    everywhere(&array());
    everywhere(&coded(vec![0.5, 1.5]));
    everywhere(&attributed(vec!["a".to_owned(), "b".to_owned()]));
    everywhere(&Shared::from(vec![1, 2, 3]));
    everywhere(&loaded(Payload::Two(2, 0.5)));
    everywhere(&mapped(vec![Some(1), None]));
}

/// Further attributes.
#[derive(Serialize, Deserialize, PartialEq, Clone, Debug)]
struct Outer {
    gain: f64,
}

/// A wrapper in each of those that hold others.
fn inside<W: Serialize + DeserializeOwned + PartialEq + Clone + Debug + 'static>(wrapper: &W) {
    fn some<T: Serialize + DeserializeOwned + PartialEq + Clone + Debug>(value: &T) {
        round_trip(value);
        round_trip(&vec![Some(value.clone()), None, Some(value.clone())]);
        let text = serde_json::to_string(&value).unwrap();
        assert_eq!(serde_json::from_str::<T>(&text).unwrap(), *value);
    }
    let w = || wrapper.clone();
    some(&coded(w()));
    some(&WithAttrs { value: w(), attrs: Outer { gain: 0.5 } });
    some(&Shared::from(w()));
    some(&loaded(w()));
    some(&mapped(w()));
}

#[test]
fn in_each_other() {
    inside(&array());
    inside(&coded(array()));
    inside(&attributed(array()));
    inside(&Shared::from(array()));
    inside(&loaded(array()));
    inside(&mapped(array()));
    // Three deep.
    inside(&loaded(Shared::from(attributed(array()))));
    inside(&Shared::from(mapped(loaded(vec![array()]))));
}

/// A value that fails, or panics, while it is written.
struct Bad(bool);

impl Serialize for Bad {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        if self.0 { panic!("a value that panics") } else { Err(serde::ser::Error::custom("a value that fails")) }
    }
}

impl<'de> Deserialize<'de> for Bad {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom("a value that fails"))
    }
}

#[test]
fn the_next_call_is_sound() {
    for panics in [false, true] {
        let bad = || Bad(panics);
        let values: [&dyn erased_serde::Serialize; 5] =
            [&coded(vec![bad()]), &attributed(bad()), &Shared::from(bad()), &loaded((array(), bad())), &mapped(bad())];
        for value in values {
            for value in [value, &vec![(1, value)], &(array(), Some(value))] {
                let result = catch_unwind(AssertUnwindSafe(|| to_vec(value)));
                assert!(!matches!(result, Ok(Ok(_))));
                round_trip(&loaded(attributed(Shared::from(array()))));
                assert_eq!(serde_json::to_string(&loaded(1.5)).unwrap(), "1.5");
            }
        }
    }
}
