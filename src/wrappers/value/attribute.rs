//! Attributes of any value: also those that are records, bytes, or arrays of these, which no type has as such.

use serde::{Serialize, Serializer};

use super::{Map, Number, Value, Variant};
use crate::ground::error::Result;
use crate::h5::{
    Dtype, Field, MAX_TYPE_DEPTH, Number as StoredNumber, Opaque, Shape, StringPadding, Strings, WideInteger,
};
use crate::layout::MAX_RANK;
use crate::ser::{Destination, Erased};
use crate::wrappers::bridge::{self, Write};

/// The attributes of a value.
pub(super) struct Attributes<'a>(pub(super) &'a Map);

impl Serialize for Attributes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, Attribute(value))))
    }
}

/// A value that is an attribute where there are such.
pub(super) struct Attribute<'a>(pub(super) &'a Value);

impl Serialize for Attribute<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        bridge::serialize(self, serializer)
    }
}

impl Write for Attribute<'_> {
    fn write(&self, destination: &Destination) -> Result<()> {
        if let Value::Typed(typed) = self.0 {
            return match destination.is_attribute() {
                true => destination.put_kept(typed.kept()),
                false => destination.put(&Erased(typed.value())),
            };
        }
        match AttributeItems::of(self.0) {
            Some(AttributeItems::Texts { shape, text }) => destination.put_texts(&shape, &text),
            Some(AttributeItems::Other { shape, dtype, bytes }) => destination.put_items(dtype, shape, &bytes),
            None => destination.put(&Erased(self.0)),
        }
    }

    fn elsewhere<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Typed(typed) => typed.value().serialize(serializer),
            value => value.serialize(serializer),
        }
    }

    fn answer<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.elsewhere(serializer)
    }
}

/// What such an attribute holds.
enum AttributeItems {
    /// Strings of variable length, each with a NUL at its end.
    Texts {
        shape: Shape,
        text: Vec<u8>,
    },
    Other {
        shape: Shape,
        dtype: Dtype,
        bytes: Vec<u8>,
    },
}

impl AttributeItems {
    /// That of a value which is written as no other is; `None` for all that types have, too.
    fn of(value: &Value) -> Option<Self> {
        let (mut dims, mut items) = (Vec::new(), Vec::new());
        grid(value.inner(), 0, &mut dims, &mut items)?;
        let is_own = |item: &&Value| {
            matches!(item, Value::Map(_) | Value::Bytes(_) | Value::Number(Number::I128(_) | Number::U128(_)))
        };
        if dims.len() < 2 && !items.iter().any(is_own) {
            return None;
        }
        let shape = if dims.is_empty() { Shape::Scalar } else { Shape::Simple(dims) };
        let texts: Option<Vec<&str>> = items.iter().map(|item| text_of(item)).collect();
        if let Some(texts) = texts {
            let text = texts.iter().flat_map(|text| text.bytes().chain([0])).collect();
            return Some(Self::Texts { shape, text });
        }
        let dtype = items.iter().map(|item| dtype_of(item, 0)).reduce(|one, other| common(one?, other?))??;
        let mut bytes = Vec::with_capacity(items.len() * dtype.size());
        items.iter().try_for_each(|item| put(item, &dtype, &mut bytes))?;
        Some(Self::Other { shape, dtype, bytes })
    }
}

/// Takes lists of lists of one length apart.
fn grid<'a>(value: &'a Value, level: usize, dims: &mut Vec<u64>, items: &mut Vec<&'a Value>) -> Option<()> {
    let (Value::List(list) | Value::Tuple(list)) = value else {
        items.push(value);
        return (level == dims.len()).then_some(());
    };
    match dims.get(level) {
        Some(dim) if *dim == list.len() as u64 => {}
        None if items.is_empty() && !list.is_empty() && level < MAX_RANK => dims.push(list.len() as u64),
        _ => return None,
    }
    list.iter().try_for_each(|element| grid(element.inner(), level + 1, dims, items))
}

/// The text of a string, or the name that a value of an enum has, which a C string can be.
fn text_of(value: &Value) -> Option<&str> {
    match value.inner() {
        Value::String(text) | Value::Variant(Variant { name: text, payload: None, .. }) if !text.contains('\0') => {
            Some(text)
        }
        _ => None,
    }
}

/// The type of an item within so many types; `None` for what has no fixed size, or nests too deep to be read again.
fn dtype_of(value: &Value, level: usize) -> Option<Dtype> {
    if level > MAX_TYPE_DEPTH {
        return None;
    }
    Some(match value.inner() {
        Value::Bool(_) => Dtype::Number(StoredNumber::Bool),
        Value::Number(number) => match number {
            Number::I128(_) => Dtype::WideInteger(WideInteger::new(16, true)?),
            Number::U128(_) => Dtype::WideInteger(WideInteger::new(16, false)?),
            number => Dtype::Number(number.stored()?),
        },
        Value::Bytes(bytes) if !bytes.is_empty() => Dtype::Opaque(Opaque::new(bytes.len()).into()),
        Value::List(elements) | Value::Tuple(elements) => {
            let inner = elements
                .iter()
                .map(|element| dtype_of(element, level + 1))
                .reduce(|one, other| common(one?, other?))??;
            Dtype::Array([elements.len() as u64].into(), inner.into())
        }
        Value::Map(map) if !map.is_empty() => {
            let (mut fields, mut offset) = (Vec::new(), 0);
            for (name, value) in map {
                let dtype = dtype_of(value, level + 1)?;
                fields.push(Field::new(name.clone(), offset, dtype));
                offset += fields.last()?.size;
            }
            Dtype::Compound(fields.into())
        }
        value => Dtype::string(text_of(value)?.len().max(1)),
    })
}

/// The type that takes items of two types, which differ in nothing but how long strings are.
fn common(one: Dtype, other: Dtype) -> Option<Dtype> {
    match (one, other) {
        (Dtype::FixedString(one), Dtype::FixedString(other)) => Some(Dtype::string(one.size.max(other.size))),
        (Dtype::Array(dims, one), Dtype::Array(others, other)) if dims == others => {
            Some(Dtype::Array(dims, common((*one).clone(), (*other).clone())?.into()))
        }
        (Dtype::Compound(one), Dtype::Compound(other)) if one.len() == other.len() => {
            let (mut fields, mut offset) = (Vec::new(), 0);
            for (one, other) in one.iter().zip(other.iter()) {
                if one.name != other.name {
                    return None;
                }
                let dtype = common(one.dtype.clone(), other.dtype.clone())?;
                fields.push(Field::new(one.name.clone(), offset, dtype));
                offset += fields.last()?.size;
            }
            Some(Dtype::Compound(fields.into()))
        }
        (one, other) => (one == other).then_some(one),
    }
}

/// Adds an item of that type, as it is in memory.
fn put(value: &Value, dtype: &Dtype, bytes: &mut Vec<u8>) -> Option<()> {
    match (value.inner(), dtype) {
        (Value::Bool(value), _) => bytes.push((*value).into()),
        (Value::Number(number), _) => number.put(bytes),
        (Value::Bytes(value), _) => bytes.extend_from_slice(value),
        (Value::List(elements) | Value::Tuple(elements), Dtype::Array(_, inner)) => {
            elements.iter().try_for_each(|element| put(element, inner, bytes))?;
        }
        (Value::Map(map), Dtype::Compound(fields)) => {
            map.values().zip(fields.iter()).try_for_each(|(value, field)| put(value, &field.dtype, bytes))?;
        }
        (value, Dtype::FixedString(Strings { size, padding: StringPadding::NullPadded, .. })) => {
            let (start, text) = (bytes.len(), text_of(value)?);
            bytes.extend_from_slice(text.as_bytes());
            bytes.resize(start + size, 0);
        }
        _ => return None,
    }
    Some(())
}
