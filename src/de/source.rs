//! Where a wrapper reads itself.

use std::sync::Arc;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Visitor};

use super::attributes::{AttributesDeserializer, retain_all, retain_others};
use super::forward_all;
use super::kept::Kept;
use super::node::{Node, of_attribute};
use super::scope::{Scope, Way};
use super::view::View;
use super::words;
use crate::bridge::{Leftover, Offer, is_half, is_wrapper};
use crate::depth::Depth;
use crate::error::{Error, Result};
use crate::format::escape;
use crate::storage::{Attributes, Contents, Identity, Object};

/// Where a wrapper reads itself: what the bridge carries. It can be kept, and read later.
#[derive(Debug)]
pub(crate) enum Source {
    /// A value behind a link.
    Node(Node),
    /// An attribute.
    Attribute(AttributeNode),
}

/// What is there, open.
#[derive(Debug)]
pub(crate) enum Found {
    Object(Stored),
    Attribute(AttributeNode),
}

/// An object that holds a value, open.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) object: Object,
    pub(super) scope: Scope,
    pub(super) depth: Depth,
    /// Whether the scope is that inside the object.
    pub(super) entered: bool,
    pub(super) way: Way,
}

impl Stored {
    /// The same, as something that is read now.
    pub(super) fn enter(mut self) -> Result<Self> {
        if !self.entered {
            match &self.object {
                Object::Dataset(dataset) => self.scope.meet(dataset, self.way)?,
                Object::Group(group) => self.scope = self.scope.enter(group, self.way)?,
            }
            self.entered = true;
        }
        Ok(self)
    }

    /// A further handle of it.
    pub(super) fn again(&self) -> Result<Self> {
        let Self { object, scope, depth, entered, way } = self;
        Ok(Self { object: object.again()?, scope: scope.clone(), depth: *depth, entered: *entered, way: *way })
    }

    /// Reads what is in the object as if it were not in a wrapper.
    pub(crate) fn read<'de, T: Deserialize<'de>>(&self) -> Result<T> {
        T::deserialize(Node::of_stored(self.again()?))
    }

    /// Reads the attributes of the object.
    pub(crate) fn read_attributes<T: DeserializeOwned>(&self) -> Result<T> {
        T::deserialize(self.attributes(retain_others)?)
    }

    /// Reads the attributes of the object, also those of conventions that the crate has types for.
    pub(crate) fn read_all_attributes<T: DeserializeOwned>(&self) -> Result<T> {
        T::deserialize(self.attributes(retain_all)?)
    }

    fn attributes(&self, retain: fn(&Object, &mut Vec<String>)) -> Result<AttributesDeserializer> {
        let object = Arc::new(self.object.again()?);
        Ok(AttributesDeserializer { object, depth: self.depth.in_record()?, route: self.scope.route().clone(), retain })
    }

    /// Reads the child `name` of the group that it is.
    pub(crate) fn read_child<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        let Object::Group(group) = &self.object else {
            return Err(Error::wrong_type(format!("a group with the child `{name}`"), self.words()));
        };
        let scope = self.scope.at(self.scope.route().field(name));
        let node = Node::new(group, escape(name).into_owned(), false, &scope, self.depth.in_record()?);
        T::deserialize(node).map_err(|error| error.in_field(name).in_link(name))
    }

    /// Opens the dataset that is the child `name` of the group that it is; `None` where there is no such child.
    #[cfg(feature = "sprs")]
    pub(crate) fn child_dataset(&self, name: &str) -> Result<Option<crate::storage::Dataset>> {
        match &self.object {
            Object::Group(group) if group.has_link(name)? => {
                self.scope.open_dataset(group, name).map(Some).map_err(|error| error.in_link(name))
            }
            _ => Ok(None),
        }
    }

    /// What it is, in words.
    pub(crate) fn words(&self) -> String {
        match &self.object {
            Object::Dataset(dataset) => dataset.words(),
            Object::Group(group) => words::group(group, None),
        }
    }
}

impl Source {
    /// Opens what is there, past groups that only say something of what they hold, and hands it to `read`.
    pub(crate) fn open<R>(self, read: impl FnOnce(Found) -> Result<R>) -> Result<R> {
        match self {
            Self::Node(node) => node.stored(|stored| read(Found::Object(stored))),
            Self::Attribute(attribute) => read(Found::Attribute(attribute)),
        }
    }

    /// Opens what is there, to be read later, if it is an object.
    pub(crate) fn keep(self) -> Result<Result<Kept, Self>> {
        match self {
            Self::Node(node) => node.found(Kept::of).map(Ok),
            Self::Attribute(_) => Ok(Err(self)),
        }
    }

    /// Opens what is there; if it is an object, what tells it from others.
    pub(crate) fn identified(self) -> Result<(Self, Option<Identity>)> {
        match self {
            Self::Node(node) => node.identified().map(|(node, identity)| (Self::Node(node), Some(identity))),
            Self::Attribute(_) => Ok((self, None)),
        }
    }

    /// The same of an open object that is read so once in the call: it is not met again, whichever link led there.
    pub(crate) fn once(self) -> Self {
        match self {
            Self::Node(node) => Self::Node(node.once()),
            Self::Attribute(_) => self,
        }
    }
}

macro_rules! either {
    ($method:ident($($name:ident: $type:ty),*)) => {
        fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value> {
            match self {
                Self::Node(node) => node.$method($($name,)* visitor),
                Self::Attribute(attribute) => attribute.$method($($name,)* visitor),
            }
        }
    };
}

impl<'de> Deserializer<'de> for Source {
    type Error = Error;

    forward_all!(either);

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }
}

/// Hands `source` to the wrapper that `visitor` is for.
#[cold]
pub(super) fn offer<'de, V: Visitor<'de>>(source: Source, visitor: V) -> Result<V::Value> {
    match Offer::new(source) {
        Ok(offer) => {
            let rest = Rest(offer.leftover());
            offer.finish(visitor.visit_newtype_struct(rest))
        }
        Err(source) => visitor.visit_newtype_struct(source),
    }
}

/// What is in the slot, for a visitor that does not know of it.
struct Rest(Leftover<Source>);

macro_rules! take {
    ($method:ident($($name:ident: $type:ty),*)) => {
        fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value> {
            match self.0.take() {
                Some(source) => source.$method($($name,)* visitor),
                None => Err(Error::corrupt("a value was asked for twice")),
            }
        }
    };
}

impl<'de> Deserializer<'de> for Rest {
    type Error = Error;

    forward_all!(take);

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }
}

/// An attribute, which is read when it is asked for.
#[derive(Debug)]
pub(crate) struct AttributeNode {
    pub(crate) object: Arc<Object>,
    pub(crate) name: String,
    pub(super) depth: Depth,
}

impl AttributeNode {
    fn contents(&self) -> Result<Contents> {
        self.object.attribute(&self.name)?.ok_or_else(|| Error::corrupt("the attribute went away"))
    }

    fn view<R>(self, read: impl FnOnce(View<'_>) -> Result<R>) -> Result<R> {
        of_attribute(self.contents()?, self.depth, read)
    }
}

macro_rules! open {
    (deserialize_newtype_struct(name: &'static str)) => {
        fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value> {
            if is_wrapper(name) {
                return offer(Source::Attribute(self), visitor);
            }
            if is_half(name) {
                return self.view(|view| view.deserialize_newtype_struct(name, visitor));
            }
            visitor.visit_newtype_struct(self)
        }
    };
    (deserialize_option()) => {
        fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            if self.contents()?.is_null() {
                return self.view(|view| view.deserialize_option(visitor));
            }
            let depth = self.depth.in_sequence()?;
            visitor.visit_some(Self { depth, ..self })
        }
    };
    ($method:ident($($name:ident: $type:ty),*)) => {
        fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value> {
            self.view(|view| view.$method($($name,)* visitor))
        }
    };
}

impl<'de> Deserializer<'de> for AttributeNode {
    type Error = Error;

    forward_all!(open);

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }
}
