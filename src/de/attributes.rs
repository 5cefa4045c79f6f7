//! The attributes of an object as a struct or map.

use std::sync::Arc;
use std::vec;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::foreign;
use super::key::Key;
use super::matlab;
use super::source::AttributeNode;
use super::words;
use crate::depth::Depth;
use crate::error::{Error, Result};
use crate::format::{ATTRIBUTE_PREFIX, ENCODING_TYPE, ENCODING_VERSION, KIND, LENGTH};
use crate::route::{Keep, Route};
use crate::storage::{Attributes, Object};

/// Reads the attributes of an object.
pub(super) struct AttributesDeserializer {
    pub(super) object: Arc<Object>,
    pub(super) depth: Depth,
    /// Where the object is.
    pub(super) route: Route,
    /// Takes those away by which others know what the object is.
    pub(super) retain: fn(&Object, &mut Vec<String>),
}

/// Leaves those that do not say that the object is something for which the crate has a type, such as a sparse matrix.
pub(super) fn retain_others(object: &Object, names: &mut Vec<String>) {
    #[cfg(feature = "sprs")]
    crate::format::sparse::retain_others(names);
    retain_all(object, names);
}

/// Leaves those that do not say how the value was stored, which may be otherwise where it is written. Of a group they are all
/// left.
pub(super) fn retain_all(object: &Object, names: &mut Vec<String>) {
    if let Object::Dataset(_) = object {
        matlab::retain_attributes(names);
    }
}

impl AttributesDeserializer {
    fn visit<'de, V: Visitor<'de>>(self, mut names: Vec<String>, visitor: V) -> Result<V::Value> {
        let Self { object, depth, route, .. } = self;
        if route.selects() {
            names.retain(|name| route.field(&format!("{ATTRIBUTE_PREFIX}{name}")).keep() == Keep::Yes);
        }
        visitor.visit_map(AttributeMap { object, depth, names: names.into_iter(), current: None })
    }
}

impl<'de> Deserializer<'de> for AttributesDeserializer {
    type Error = Error;

    /// All but those that are the layout's own.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let mut names = self.object.attribute_names()?;
        if names.iter().any(|name| name == KIND) {
            names.retain(|name| ![KIND, LENGTH, ENCODING_TYPE, ENCODING_VERSION].contains(&name.as_str()));
        }
        (self.retain)(&self.object, &mut names);
        foreign::retain_of_object(&*self.object, &mut names)?;
        self.visit(names, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let object = Arc::clone(&self.object);
        let mut names = Vec::new();
        for name in fields {
            if *name != KIND && object.has_attribute(name)? {
                names.push((*name).to_owned());
            }
        }
        let read = self.visit(names, visitor);
        let what = if let Object::Group(_) = *object { "a group" } else { "a dataset" };
        read.map_err(|error| error.of_type(name).stored_here(|| words::attributes(what, &*object)))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option seq tuple tuple_struct
        map enum identifier ignored_any
    }
}

/// The attributes, one by one.
struct AttributeMap {
    object: Arc<Object>,
    depth: Depth,
    names: vec::IntoIter<String>,
    current: Option<String>,
}

impl<'de> MapAccess<'de> for AttributeMap {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let Some(name) = self.names.next() else { return Ok(None) };
        let key = seed.deserialize(Key(&name))?;
        self.current = Some(name);
        Ok(Some(key))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        let name = self.current.take().ok_or_else(|| Error::corrupt("a value was asked for before its key"))?;
        let node = AttributeNode { object: Arc::clone(&self.object), name: name.clone(), depth: self.depth };
        let link = || format!("{ATTRIBUTE_PREFIX}{name}");
        seed.deserialize(node).map_err(|error| error.in_attribute(&name).in_link(&link()))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.names.len())
    }
}
