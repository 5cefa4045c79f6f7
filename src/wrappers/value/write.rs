//! How any value is written.

use serde::ser::{Error as _, SerializeMap, SerializeStruct, SerializeTuple};
use serde::{Serialize, Serializer};

use super::attribute::{Attribute, Attributes};
use super::names::lasting;
use super::{Map, Value, Variant};
use crate::ground::stack::with_room;
use crate::wrappers::attrs::WithAttrs;
use crate::wrappers::bridge;

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Unit => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => number.serialize(serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::Bytes(bytes) => serializer.serialize_bytes(bytes),
            Self::Array(array) => array.serialize(serializer),
            Self::List(list) => match RecordFields::of_list(list) {
                Some(form) => serializer.collect_seq(list.iter().map(|value| Formed { value, form: &form })),
                None => serializer.collect_seq(list.iter().map(untyped)),
            },
            Self::Table(table) => match table.get(0).and_then(record).and_then(RecordFields::of_record) {
                Some(form) => {
                    serializer.collect_seq(table.records().map(|value| OwnedRecord { value, form: Some(&form) }))
                }
                None => serializer.collect_seq(table.records().map(|value| OwnedRecord { value, form: None })),
            },
            Self::Tuple(elements) => {
                let mut tuple = serializer.serialize_tuple(elements.len())?;
                elements.iter().try_for_each(|element| tuple.serialize_element(untyped(element)))?;
                tuple.end()
            }
            Self::Map(map) => serializer.collect_map(map.iter().map(|(name, value)| (name, untyped(value)))),
            Self::Pairs(pairs) => {
                let mut map = serializer.serialize_map(Some(pairs.len()))?;
                pairs.iter().try_for_each(|(key, value)| map.serialize_entry(untyped(key), untyped(value)))?;
                map.end()
            }
            Self::Variant(Variant { name, number, payload }) => match (lasting(name), payload) {
                (Some(name), None) => serializer.serialize_unit_variant("", *number, name),
                (Some(name), Some(payload)) => match record(payload).and_then(RecordFields::of_record) {
                    Some(form) => {
                        let payload = Formed { value: payload, form: &form };
                        serializer.serialize_newtype_variant("", *number, name, &payload)
                    }
                    None => serializer.serialize_newtype_variant("", *number, name, untyped(payload)),
                },
                (None, None) => serializer.serialize_str(name),
                (None, Some(payload)) => serializer.collect_map([(name, untyped(payload))]),
            },
            Self::Some(inner) => serializer.serialize_some(untyped(inner)),
            Self::WithAttrs(both) => {
                WithAttrs { value: &both.value, attrs: Attributes(&both.attrs) }.serialize(serializer)
            }
            // A field of a struct may be an attribute.
            Self::Typed(_) => bridge::serialize(&Attribute(self), serializer),
            Self::Unreadable(why) => {
                Err(S::Error::custom(format_args!("what could not be read cannot be written: {why}")))
            }
        }
    }
}

/// The fields that all records of a list have, in their order, and those of the records in them.
struct RecordFields(Vec<(&'static str, Option<Self>)>);

impl RecordFields {
    /// That of the elements of a list, if they are all of one.
    fn of_list(list: &[Value]) -> Option<Self> {
        let form = Self::of_record(list.iter().find_map(record)?)?;
        list.iter().all(|value| form.takes(value)).then_some(form)
    }

    fn of_record(record: &Map) -> Option<Self> {
        if record.is_empty() {
            return None;
        }
        let fields = record.iter().map(|(name, value)| {
            let inner = match value {
                Value::Map(inner) => with_room(|| Self::of_record(inner)),
                _ => None,
            };
            lasting(name).map(|name| (name, inner))
        });
        fields.collect::<Option<_>>().map(Self)
    }

    /// Whether it is a record of that form, or none at all.
    fn takes(&self, value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Some(inner) => with_room(|| self.takes(inner)),
            Value::Map(map) => self.is_of(map),
            _ => false,
        }
    }

    fn is_of(&self, map: &Map) -> bool {
        map.len() == self.0.len()
            && map.iter().zip(&self.0).all(|((name, value), (field, inner))| {
                name == field
                    && match (value, inner) {
                        (Value::Map(map), Some(inner)) => with_room(|| inner.is_of(map)),
                        (Value::Map(map), None) => map.is_empty(),
                        (_, inner) => inner.is_none(),
                    }
            })
    }
}

/// The record that a value is, within any options.
fn record(value: &Value) -> Option<&Map> {
    let mut value = value;
    loop {
        value = match value {
            Value::Map(map) => return Some(map),
            Value::Some(inner) => inner,
            _ => return None,
        };
    }
}

/// A record that was made to be written.
struct OwnedRecord<'a> {
    value: Value,
    form: Option<&'a RecordFields>,
}

impl Serialize for OwnedRecord<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.form {
            Some(form) => Formed { value: &self.value, form }.serialize(serializer),
            None => self.value.serialize(serializer),
        }
    }
}

/// A record of that form, or none.
struct Formed<'a> {
    value: &'a Value,
    form: &'a RecordFields,
}

impl Serialize for Formed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { value, form } = *self;
        match value {
            Value::Map(map) => {
                let mut fields = serializer.serialize_struct("Record", map.len())?;
                for ((name, inner), value) in form.0.iter().zip(map.values()) {
                    match inner {
                        Some(form) => fields.serialize_field(name, &Formed { value, form })?,
                        None => fields.serialize_field(name, untyped(value))?,
                    }
                }
                fields.end()
            }
            Value::Some(value) => serializer.serialize_some(&Formed { value, form }),
            other => untyped(other).serialize(serializer),
        }
    }
}

/// What is in something else is no attribute, and has no type of its own.
fn untyped(value: &Value) -> &Value {
    match value {
        Value::Typed(typed) => typed.value(),
        other => other,
    }
}
