//! What a deserializer says of something of which no type is known, call by call: nothing of it is rounded or dropped.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

/// What was said. Floats are their bits, so that NaN is itself.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Seen {
    Null,
    Bool(bool),
    Integer(i128),
    F32(u32),
    F64(u64),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Seen>),
    Map(Vec<(Seen, Seen)>),
}

impl Seen {
    /// The entry of that name of a map.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Map(entries) = self else { return None };
        entries.iter().find(|(key, _)| matches!(key, Self::Text(key) if key == name)).map(|(_, value)| value)
    }

    /// What it is in a format that has one width of floats, and one NaN.
    pub(super) fn widened(&self) -> Self {
        let float = |value: f64| Self::F64(if value.is_nan() { f64::NAN } else { value }.to_bits());
        match self {
            Self::F32(bits) => float(f32::from_bits(*bits).into()),
            Self::F64(bits) => float(f64::from_bits(*bits)),
            Self::List(elements) => Self::List(elements.iter().map(Self::widened).collect()),
            Self::Map(entries) => {
                Self::Map(entries.iter().map(|(key, value)| (key.widened(), value.widened())).collect())
            }
            other => other.clone(),
        }
    }

    /// What it is in JSON, which has no NaN, no infinities and no bytes; `float` is what becomes of an `f32`.
    pub(super) fn in_json(&self, float: fn(f32) -> f64) -> serde_json::Value {
        use serde_json::Value;
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::from(*value),
            Self::Integer(value) => match (u64::try_from(*value), i64::try_from(*value)) {
                (Ok(value), _) => Value::from(value),
                (_, Ok(value)) => Value::from(value),
                _ => panic!("{value} is none that JSON's readers take"),
            },
            // What is not finite is null.
            Self::F32(bits) => Value::from(float(f32::from_bits(*bits))),
            Self::F64(bits) => Value::from(f64::from_bits(*bits)),
            Self::Text(text) => Value::from(text.as_str()),
            Self::Bytes(bytes) => Value::from(bytes.as_slice()),
            Self::List(elements) => elements.iter().map(|element| element.in_json(float)).collect(),
            Self::Map(entries) => {
                let entry = |(key, value): &(Self, Self)| match key {
                    Self::Text(key) => (key.clone(), value.in_json(float)),
                    key => panic!("{key:?} is no key in JSON"),
                };
                let map: serde_json::Map<_, _> = entries.iter().map(entry).collect();
                assert_eq!(map.len(), entries.len(), "keys that are alike");
                Value::Object(map)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Seen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SeenVisitor)
    }
}

struct SeenVisitor;

macro_rules! integers {
    ($($method:ident $type:ty),*) => {
        $(fn $method<E>(self, value: $type) -> Result<Seen, E> {
            Ok(Seen::Integer(value.into()))
        })*
    };
}

impl<'de> Visitor<'de> for SeenVisitor {
    type Value = Seen;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("whatever there is")
    }

    integers!(visit_i8 i8, visit_i16 i16, visit_i32 i32, visit_i64 i64, visit_i128 i128);
    integers!(visit_u8 u8, visit_u16 u16, visit_u32 u32, visit_u64 u64);

    fn visit_bool<E>(self, value: bool) -> Result<Seen, E> {
        Ok(Seen::Bool(value))
    }

    fn visit_f32<E>(self, value: f32) -> Result<Seen, E> {
        Ok(Seen::F32(value.to_bits()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Seen, E> {
        Ok(Seen::F64(value.to_bits()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Seen, E> {
        Ok(Seen::Text(text.to_owned()))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Seen, E> {
        Ok(Seen::Bytes(bytes.to_owned()))
    }

    fn visit_none<E>(self) -> Result<Seen, E> {
        Ok(Seen::Null)
    }

    fn visit_unit<E>(self) -> Result<Seen, E> {
        Ok(Seen::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Seen, D::Error> {
        Seen::deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Seen, D::Error> {
        Seen::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Seen, A::Error> {
        let (hint, mut elements) = (sequence.size_hint(), Vec::new());
        while let Some(element) = sequence.next_element()? {
            elements.push(element);
        }
        // There are formats that take it for the length.
        assert!(hint.is_none_or(|hint| hint == elements.len()), "{hint:?} is not the length of {elements:?}");
        Ok(Seen::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Seen, A::Error> {
        let (hint, mut entries) = (map.size_hint(), Vec::new());
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        assert!(hint.is_none_or(|hint| hint == entries.len()), "{hint:?} is not the length of {entries:?}");
        Ok(Seen::Map(entries))
    }
}
