//! What the options leave out: it is not opened, and to the type that reads it is as if it were not stored.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::column::Column;
use super::deserializer::ValueDeserializer;
use crate::ground::depth::Depth;
use crate::ground::error::{Error, PathSegment, Result};
use crate::ground::limits::MAX_DEPTH;
use crate::ground::link_name::ATTRIBUTE_PREFIX;
use crate::h5::{Dataset, Dtype, Field, Group, Link, Object, Shape};
use crate::layout::path_rules::{Keep, RulePosition};
use crate::layout::{Kind, TAG, VALUE, VALUES, are_positions};
use crate::layout_attributes::LayoutAttributes;

/// Takes out the links to fields, or entries, that are left out; `key` is what a link stands for.
pub(super) fn links(
    group: &Group,
    links: &mut Vec<Link>,
    rules: &RulePosition,
    key: impl Fn(&Link) -> Cow<'_, str>,
) -> Result<()> {
    if !rules.selects() {
        return Ok(());
    }
    let mut kept = Vec::with_capacity(links.len());
    for link in links.drain(..) {
        let is_kept = match rules.field(&key(&link)).keep() {
            Keep::Yes => true,
            Keep::No => false,
            Keep::OnTheWay => leads_on(&group.open_link(&link)?, MAX_DEPTH)?,
        };
        if is_kept {
            kept.push(link);
        }
    }
    *links = kept;
    Ok(())
}

/// Whether an object has something with a name in it.
pub(super) fn leads_on(object: &Object, left: u32) -> Result<bool> {
    let Some(left) = left.checked_sub(1) else { return Ok(true) };
    let group = match object {
        Object::Dataset(dataset) => return Ok(has_names(dataset.dtype()) && dataset.kind()?.is_none()),
        Object::Group(group) => group,
    };
    let child = |name: &str| leads_on(&group.open(name)?, left);
    match group.kind()? {
        None | Some(Kind::Columns | Kind::Map | Kind::Maps | Kind::Variants) => Ok(true),
        Some(Kind::Value | Kind::Some) => child(VALUE),
        Some(Kind::Nullable | Kind::Nulls | Kind::Masked | Kind::Ragged) => child(VALUES),
        Some(Kind::List) => Ok(group.has_link("0")? && child("0")?),
        Some(Kind::Tuple | Kind::Mixed) => {
            for name in group.link_names()? {
                if name != TAG && child(&name)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Some(_) => Ok(false),
    }
}

pub(super) fn has_names(dtype: &Dtype) -> bool {
    match dtype {
        Dtype::Compound(_) => true,
        Dtype::Array(_, inner) | Dtype::VarArray(inner) => has_names(inner),
        _ => false,
    }
}

/// Whether the attribute `name` of a group is read.
pub(super) fn is_attribute_kept(rules: &RulePosition, name: &str) -> bool {
    !rules.selects() || rules.field(&format!("{ATTRIBUTE_PREFIX}{name}")).keep() == Keep::Yes
}

/// Leaves fields out of the one item of a dataset, to which `rules` apply.
pub(super) fn fields_of_item(dataset: &mut Dataset, rules: &RulePosition) {
    if rules.selects()
        && let Some(dtype) = without(dataset.dtype(), rules)
    {
        dataset.read_as(dtype);
    }
}

/// Leaves fields out of the elements of a dataset, to which `rules` apply. Returns false where no field is left.
pub(super) fn fields_of_elements(dataset: &mut Dataset, kind: Option<Kind>, rules: &RulePosition) -> bool {
    let Shape::Simple(dims) = dataset.shape() else { return true };
    if kind.is_some() || !rules.selects() {
        return true;
    }
    let rules = dims.iter().skip(1).fold(rules, |rules, _| rules.element());
    match without(dataset.dtype(), rules) {
        Some(dtype) => {
            dataset.read_as(dtype);
            true
        }
        None => false,
    }
}

/// The type without the fields that are left out; `None` where there is no other in it.
fn without(dtype: &Dtype, rules: &RulePosition) -> Option<Dtype> {
    if !rules.selects() {
        return Some(dtype.clone());
    }
    match dtype {
        Dtype::Compound(fields) => {
            // The positions of a tuple are all there, or it would be another.
            let is_tuple = are_positions(fields.iter().map(|field| field.name.as_str()));
            let mut kept = Vec::new();
            let mut offset = 0;
            for field in fields.iter() {
                let rules = rules.field(&field.name);
                let is_kept = match rules.keep() {
                    Keep::Yes => true,
                    Keep::No => is_tuple,
                    Keep::OnTheWay => is_tuple || has_names(&field.dtype),
                };
                let Some(dtype) = is_kept.then(|| without(&field.dtype, rules)).flatten() else { continue };
                let field = Field::new(field.name.clone(), offset, dtype);
                offset += field.size;
                kept.push(field);
            }
            (!kept.is_empty()).then(|| Dtype::Compound(kept.into()))
        }
        Dtype::Array(dims, inner) => {
            let rules = dims.iter().fold(rules, |rules, _| rules.element());
            Some(Dtype::Array(dims.clone(), without(inner, rules)?.into()))
        }
        Dtype::VarArray(inner) => Some(Dtype::VarArray(without(inner, rules.element())?.into())),
        dtype => Some(dtype.clone()),
    }
}

/// Whether the entry of a map, to which `rules` apply, is left out.
pub(super) fn is_entry_left_out(rules: &RulePosition, keys: &mut Column, index: u64) -> Result<bool> {
    if !rules.selects() {
        return Ok(false);
    }
    let mut key = Some(keys.view(index, Depth::default())?);
    let name = ValueDeserializer::Other(&mut key).deserialize_any(KeyName)?;
    Ok(name.as_deref().map_or(rules.element(), |name| rules.field(name)).keep() == Keep::No)
}

/// The name that a key is to the options, if it has one: a string, an integer or a bool.
struct KeyName;

macro_rules! named {
    ($($method:ident: $type:ty),*) => {
        $(fn $method<E>(self, value: $type) -> Result<Option<String>, E> {
            Ok(Some(value.to_string()))
        })*
    };
}

impl<'de> Visitor<'de> for KeyName {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    named!(visit_bool: bool, visit_i8: i8, visit_i16: i16, visit_i32: i32, visit_i64: i64, visit_i128: i128);
    named!(visit_u8: u8, visit_u16: u16, visit_u32: u32, visit_u64: u64, visit_u128: u128, visit_str: &str);

    fn visit_f32<E>(self, _: f32) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, _: D) -> Result<Self::Value, D::Error> {
        Ok(None)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, _: D) -> Result<Self::Value, D::Error> {
        Err(D::Error::custom("a key that is a wrapper"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
        Ok(None)
    }
}

/// Says of a field that is missing that the options leave it out, if they do.
pub(super) fn explained(error: Error, rules: &RulePosition) -> Error {
    if error.missing().is_none() {
        return error;
    }
    // Before more is looked at, which would count as met.
    let checked = rules.finish();
    if !is_left_out(&error, rules) {
        return error;
    }
    let error =
        error.left_out(", which the options leave out: give it a default (`#[serde(default)]`), or have it read");
    // A path that leads nowhere may be why.
    match checked {
        Err(nowhere) => nowhere.caused_by(error),
        Ok(()) => error,
    }
}

/// Whether the error is about a field that is missing, and the options leave that out.
fn is_left_out(error: &Error, rules: &RulePosition) -> bool {
    /// An index is that of an element, or a position in a tuple: at most so many ways are followed.
    const WAYS: usize = 64;
    let Some((field, path)) = error.missing() else { return false };
    let mut positions = vec![rules];
    for segment in path {
        positions = match segment {
            PathSegment::Name(name) => positions.iter().map(|rules| rules.field(name)).collect(),
            PathSegment::Attribute(name) => {
                let name = format!("{ATTRIBUTE_PREFIX}{name}");
                positions.iter().map(|rules| rules.field(&name)).collect()
            }
            PathSegment::Index(index) => {
                positions.iter().flat_map(|rules| [rules.element(), rules.position(*index)]).take(WAYS).collect()
            }
        };
    }
    !positions.iter().all(|rules| rules.field(field).keep() == Keep::Yes)
}
