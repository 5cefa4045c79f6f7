//! Dictionaries as the Python package FileBacked has them where keys are no names: a group "0", "1", ... of a key and a value
//! per entry.
//!
//! Nothing in the file tells such a one from a dictionary of dictionaries with such keys. The type that the key is read as
//! does: names are strings, integers, bools and variants, and no sequences.

use serde::de::{Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::key::Key;
use super::node::Node;
use super::scope::{Scope, Way};
use crate::depth::Depth;
use crate::error::{Error, Result};
use crate::format::VALUE;
use crate::format::python::KEY;
use crate::storage::{Group, Link, Object};

/// An entry of which the key was read.
pub(super) struct Pair {
    pub(super) group: Group,
    pub(super) scope: Scope,
    pub(super) depth: Depth,
    /// The name of the entry.
    pub(super) name: String,
}

impl Pair {
    /// The value.
    pub(super) fn value(&self) -> Node {
        Node::new(&self.group, VALUE.to_owned(), false, &self.scope, self.depth)
    }
}

/// The key that leads to a child of a group: its name; or, where no name is what is asked for, what is in it.
pub(super) struct ChildKey<'a> {
    pub(super) name: &'a str,
    pub(super) link: &'a Link,
    pub(super) group: &'a Group,
    pub(super) scope: &'a Scope,
    pub(super) depth: Depth,
    /// The entry that the child turned out to be.
    pub(super) pair: &'a mut Option<Pair>,
}

impl ChildKey<'_> {
    /// The key in the child, if it is an entry.
    fn node(&mut self) -> Result<Option<Node>> {
        let Object::Group(group) = self.group.open_link(self.link)? else { return Ok(None) };
        if group.len() != 2 || !group.has_link(KEY)? || !group.has_link(VALUE)? {
            return Ok(None);
        }
        let scope = self.scope.enter(&group, Way::by(self.link))?.of_elements();
        let node = Node::new(&group, KEY.to_owned(), false, &scope, self.depth);
        *self.pair = Some(Pair { group, scope, depth: self.depth, name: self.link.name.clone() });
        Ok(Some(node))
    }
}

/// Types that no name is read as, or that those of keys that are no names are, too.
macro_rules! inside {
    ($($method:ident($($name:ident: $type:ty),*))*) => {
        $(fn $method<V: Visitor<'de>>(mut self, $($name: $type,)* visitor: V) -> Result<V::Value> {
            match self.node()? {
                Some(node) => node.$method($($name,)* visitor).map_err(|error| error.in_link(KEY)),
                None => Key(self.name).$method($($name,)* visitor),
            }
        })*
    };
}

/// Types that names are read as.
macro_rules! name {
    ($($method:ident)*) => {
        $(#[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            Key(self.name).$method(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for ChildKey<'_> {
    type Error = Error;

    name!(deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64);
    name!(deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128);
    inside!(deserialize_f32() deserialize_f64() deserialize_seq() deserialize_tuple(len: usize));
    inside!(deserialize_tuple_struct(name: &'static str, len: usize));

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    /// A variant without payload by its name, any other by what is in the entry.
    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        if !variants.contains(&self.name)
            && let Some(node) = self.node()?
        {
            return node.deserialize_enum(name, variants, visitor).map_err(|error| error.in_link(KEY));
        }
        Key(self.name).deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! { char str string bytes byte_buf unit unit_struct map struct identifier ignored_any }
}
