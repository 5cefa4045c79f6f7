//! Objects of a class, as the Python package FileBacked has them, for types that look for a tag: internally tagged enums, and
//! the trait objects of typetag. The class is the tag `class`, which comes first; and, where the tag is all that is around
//! the value, that.

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::access::GroupMap;
use super::key::Key;
use super::known::{is_trait_object, looks_for_tag};
use super::node::Node;
use super::scope::{Scope, Way};
use super::source::Stored;
use super::variant::class;
use crate::depth::Depth;
use crate::error::{Error, Result};
use crate::format::ATTRIBUTE_PREFIX;
use crate::format::python::CLASS;
use crate::storage::{Group, Object};

/// An object of a class.
pub(super) struct Tagged<'a> {
    group: &'a Group,
    scope: &'a Scope,
    depth: Depth,
    class: String,
    state: State,
    entries: GroupMap<'a>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    /// The value of the tag is to come.
    Tag,
    /// The entries are to come.
    Entries,
    /// The whole value is to come.
    Whole,
    End,
}

/// Hands the entries of a group to `visitor`, with its class before them, if that looks for it.
pub(super) fn visit_entries<'de, V: Visitor<'de>>(
    group: &Group,
    scope: &Scope,
    depth: Depth,
    entries: GroupMap<'_>,
    visitor: V,
) -> Result<V::Value> {
    if looks_for_tag(&visitor)
        && let Some(class) = class(group)?
        && !group.has_link(CLASS)?
    {
        return visitor.visit_map(Tagged { group, scope, depth, class, state: State::Start, entries });
    }
    visitor.visit_map(entries)
}

impl<'de> MapAccess<'de> for Tagged<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        match self.state {
            State::Start => {
                self.state = State::Tag;
                seed.deserialize(Tag { class: &self.class, state: &mut self.state }).map(Some)
            }
            State::End => Ok(None),
            _ => self.entries.next_key_seed(seed),
        }
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        match self.state {
            State::Tag => {
                self.state = State::Entries;
                let (link, mut is_looked_up) = (format!("{ATTRIBUTE_PREFIX}{CLASS}"), false);
                let class = Class { class: &self.class, is_looked_up: &mut is_looked_up };
                let value = seed.deserialize(class).map_err(|error| error.in_link(&link))?;
                if !is_looked_up {
                    // The tag is called otherwise; it can be `@class`.
                    self.entries.add_attributes()?;
                }
                Ok(value)
            }
            State::Whole => {
                self.state = State::End;
                let object = Object::Group(self.group.clone());
                let (scope, depth) = (self.scope.clone(), self.depth.in_record()?);
                seed.deserialize(Node::of_stored(Stored { object, scope, depth, entered: true, way: Way::Hard }))
            }
            _ => self.entries.next_value_seed(seed),
        }
    }
}

/// The class, as the value of the tag.
struct Class<'a> {
    class: &'a str,
    /// Whether it is what a tag is read as, and not just anything.
    is_looked_up: &'a mut bool,
}

impl<'de> Deserializer<'de> for Class<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_str(self.class)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        *self.is_looked_up = true;
        visitor.visit_str(self.class)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_str(visitor)
    }

    /// Tags of serde's enums.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        *self.is_looked_up = true;
        Key(self.class).deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct ignored_any
    }
}

/// The first key: the tag, or, where that is looked for, the class.
struct Tag<'a> {
    class: &'a str,
    state: &'a mut State,
}

impl<'de> Deserializer<'de> for Tag<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_str(CLASS)
    }

    /// typetag's externally tagged objects look the key up among the names of types.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if !is_trait_object(&visitor) {
            return visitor.visit_str(CLASS);
        }
        *self.state = State::Whole;
        visitor.visit_str(self.class)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
