//! How any value is read.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::typed::{Typed, scale_users};
use super::{Array, Map, Table, Value, Variant};
use crate::de::dynamic::tell_all;
use crate::de::read_state::read_referred;
use crate::de::{OpenObject, OpenSource, Source, ValueDeserializer};
use crate::ground::error::Result;
use crate::h5::{Object, Shape};
use crate::layout::Kind;
use crate::layout::foreign::SCALE_USERS;
use crate::layout_attributes::LayoutAttributes;
use crate::wrappers::attrs::WithAttrs;
use crate::wrappers::bridge::{self, Read};

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        tell_all::<Self>();
        bridge::deserialize(deserializer)
    }
}

impl<'de> Read<'de> for Value {
    const EXPECTED: &'static str = "any value";

    fn read(source: Source) -> Result<Self> {
        let read = source.open(|found| match found {
            OpenSource::Object(stored) => of_object(&stored),
            OpenSource::Attribute(attribute) => {
                let kept = match read_referred(&attribute.object, &attribute.name) {
                    Err(error) if !error.is_of_object() => return Err(error),
                    kept => kept.ok().flatten().filter(|kept| kept.attribute.is_unusual),
                };
                let kept = match kept {
                    Some(kept) if attribute.name == SCALE_USERS => {
                        return Ok(Self::Typed(Box::new(Typed::new(scale_users(&kept), kept))));
                    }
                    kept => kept,
                };
                let read = match Array::of_attribute(&*attribute.object, &attribute.name) {
                    Ok(Some(array)) => Ok(Self::Array(array)),
                    Ok(None) => {
                        ValueDeserializer::of(&mut Some(attribute)).deserialize_any(AnyVisitor).map(|value| match value
                        {
                            // Its elements are as those of an array within something else.
                            Self::Tuple(elements) => Self::List(elements),
                            other => other,
                        })
                    }
                    Err(error) => Err(error),
                };
                let value = or_unreadable(read)?;
                Ok(match kept {
                    Some(kept) => Self::Typed(Box::new(Typed::new(value, kept))),
                    None => value,
                })
            }
        });
        or_unreadable(read)
    }

    fn elsewhere<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyVisitor)
    }
}

/// What an object holds, with its attributes.
fn of_object(stored: &OpenObject) -> Result<Value> {
    let value = or_unreadable(contents(stored))?;
    let attrs: Map = stored.read_all_attributes()?;
    if attrs.is_empty() { Ok(value) } else { Ok(Value::WithAttrs(Box::new(WithAttrs { value, attrs }))) }
}

fn contents(stored: &OpenObject) -> Result<Value> {
    match &stored.object {
        Object::Dataset(dataset) if dataset.kind()?.is_none_or(Kind::is_array) => match Array::of_dataset(dataset)? {
            Some(array) => Ok(Value::Array(array)),
            None if !stored.selects()
                && let Some(table) = Table::of_dataset(dataset)? =>
            {
                Ok(Value::Table(table))
            }
            None => stored.read().map(|Any(value)| listed(value, dataset.shape())),
        },
        Object::Group(group) => match group.kind()? {
            None => stored.read().map(|ChildValues(value)| value),
            Some(Kind::Tuple) => stored.read().map(|Any(value)| match value {
                Value::List(elements) => Value::Tuple(elements),
                other => other,
            }),
            Some(_) => stored.read().map(|Any(value)| value),
        },
        Object::Dataset(_) => stored.read().map(|Any(value)| value),
    }
}

/// What is in a dataset of its own has the length that it happens to have along each dimension: it is no tuple, as the array
/// within something else is.
fn listed(value: Value, shape: &Shape) -> Value {
    fn listed(value: Value, levels: usize) -> Value {
        match value {
            Value::Tuple(elements) if levels > 0 => {
                Value::List(elements.into_iter().map(|element| listed(element, levels - 1)).collect())
            }
            other => other,
        }
    }
    if let Shape::Simple(dims) = shape { listed(value, dims.len()) } else { value }
}

/// What cannot be read, whatever it is read as, is kept as that.
fn or_unreadable(read: Result<Value>) -> Result<Value> {
    match read {
        Err(error) if error.is_of_object() => Ok(Value::Unreadable(error.to_string())),
        read => read,
    }
}

/// What an object holds, when the value has looked at the object.
struct Any(Value);

impl<'de> Deserialize<'de> for Any {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyVisitor).map(Self)
    }
}

/// The same of a group of which only the children are wanted.
struct ChildValues(Value);

impl<'de> Deserialize<'de> for ChildValues {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AnyVisitor).map(Self)
    }
}

/// A key, which is no object of its own.
struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(AnyVisitor)
    }
}

/// What a variant is called.
enum VariantLabel {
    /// By the crate's own deserializers: its name, its number, and whether it has a payload.
    Variant(String, u32, bool),
    /// By those of other formats.
    Name(String),
    /// It is none, but a tuple.
    Tuple,
    /// It is something that cannot be read.
    Unreadable,
}

impl<'de> Deserialize<'de> for VariantLabel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LabelVisitor)
    }
}

struct LabelVisitor;

impl<'de> Visitor<'de> for LabelVisitor {
    type Value = VariantLabel;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a variant")
    }

    fn visit_unit<E>(self) -> Result<VariantLabel, E> {
        Ok(VariantLabel::Tuple)
    }

    fn visit_none<E>(self) -> Result<VariantLabel, E> {
        Ok(VariantLabel::Unreadable)
    }

    fn visit_str<E>(self, name: &str) -> Result<VariantLabel, E> {
        Ok(VariantLabel::Name(name.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<VariantLabel, A::Error> {
        match (parts.next_element()?, parts.next_element()?, parts.next_element::<u32>()?) {
            (Some(name), Some(number), Some(payload)) => Ok(VariantLabel::Variant(name, number, payload > 0)),
            _ => Err(A::Error::custom("a variant without a name")),
        }
    }
}

/// Takes whatever is there.
struct AnyVisitor;

macro_rules! numbers {
    ($($method:ident $type:ty),*) => {
        $(fn $method<E>(self, value: $type) -> Result<Value, E> {
            Ok(value.into())
        })*
    };
}

impl<'de> Visitor<'de> for AnyVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    numbers!(visit_bool bool, visit_i8 i8, visit_i16 i16, visit_i32 i32, visit_i64 i64, visit_i128 i128);
    numbers!(visit_u8 u8, visit_u16 u16, visit_u32 u32, visit_u64 u64, visit_u128 u128, visit_f32 f32, visit_f64 f64);

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Value, E> {
        Ok(Value::Bytes(bytes.to_owned()))
    }

    fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Value, E> {
        Ok(Value::Bytes(bytes))
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Unit)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer).map(|inner| Value::Some(Box::new(inner)))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element()? {
            list.push(element);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key_seed(KeySeed)? {
            match key {
                Value::String(name) if !map.contains_key(&name) => {
                    let value = entries.next_value()?;
                    map.insert(name, value);
                }
                key => return pairs(map, key, entries),
            }
        }
        Ok(Value::Map(map))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, told: A) -> Result<Value, A::Error> {
        let (label, told) = told.variant()?;
        Ok(match label {
            VariantLabel::Tuple => match told.tuple_variant(0, self)? {
                Value::List(elements) => Value::Tuple(elements),
                other => other,
            },
            VariantLabel::Unreadable => Value::Unreadable(told.newtype_variant()?),
            VariantLabel::Variant(name, number, false) => {
                told.unit_variant()?;
                Value::Variant(Variant { name, number, payload: None })
            }
            VariantLabel::Variant(name, number, true) => {
                Value::Variant(Variant { name, number, payload: Some(Box::new(told.newtype_variant()?)) })
            }
            VariantLabel::Name(name) => {
                Value::Variant(Variant { name, number: 0, payload: Some(Box::new(told.newtype_variant()?)) })
            }
        })
    }
}

/// A map of which a key is no string, or came before.
fn pairs<'de, A: MapAccess<'de>>(map: Map, key: Value, mut entries: A) -> Result<Value, A::Error> {
    let mut pairs: Vec<_> = map.into_iter().map(|(name, value)| (Value::String(name), value)).collect();
    pairs.push((key, entries.next_value()?));
    while let Some(key) = entries.next_key_seed(KeySeed)? {
        pairs.push((key, entries.next_value()?));
    }
    Ok(Value::Pairs(pairs))
}
