//! A struct or map as the attributes of an object.

use std::sync::Arc;

use super::any_value::{AnyElements, AnyValue};
use super::event::{Compound, CompoundSink, Event, SinkOnce};
use super::key;
use super::node::put;
use super::place::{Place, taken};
use super::select;
use super::serializer::ValueSerializer;
use crate::ground::depth::Depth;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::link_name::ATTRIBUTE_PREFIX;
use crate::h5::{Attributes, Object};
use crate::layout::path_rules::RulePosition;
use crate::layout::{APPENDED, KIND, LAYOUT_ATTRIBUTES};

/// Writes each field of a struct, or entry of a map, as an attribute.
pub(super) struct AttributesSerializer {
    pub(super) object: Arc<Object>,
    pub(super) depth: Depth,
    /// The object is a copy, and has attributes of before, which these take the place of.
    pub(super) replaces: bool,
    /// Where the object is.
    pub(super) rules: RulePosition,
}

impl AttributesSerializer {
    fn attribute(&self, name: &str, value: &dyn AnyValue) -> Result<()> {
        let label = format!("{ATTRIBUTE_PREFIX}{name}");
        let rules = self.rules.field(&label);
        if select::is_left_out(rules, value) {
            return Ok(());
        }
        let write = || {
            if name.is_empty() || [KIND, APPENDED].contains(&name) {
                let message = format!("the name {name:?} cannot be that of an attribute: rename it");
                return Err(Error::new(ErrorKind::BadKey, message));
            }
            if self.object.has_attribute(name)? {
                if self.replaces && !LAYOUT_ATTRIBUTES.contains(&name) {
                    self.object.delete_attribute(name)?;
                } else {
                    return Err(taken(&label));
                }
            }
            put(value, Place::attribute(Arc::clone(&self.object), name, rules), self.depth, 0)
        };
        write().map_err(|error: Error| error.in_field(name).in_link(&label))
    }
}

#[cold]
fn no_attributes() -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "attributes are the fields of a struct, or the entries of a map with keys of strings",
    )
}

impl<'a> SinkOnce<'a> for AttributesSerializer {
    fn event(self, event: Event<'_>) -> Result<()> {
        match event {
            // No attributes.
            Event::Unit | Event::UnitStruct(_) => Ok(()),
            Event::NewtypeStruct(_, value) => value.write(ValueSerializer::telling(&mut Some(self))),
            _ => Err(no_attributes()),
        }
    }

    fn begin(self, compound: Compound) -> Result<Box<dyn CompoundSink + 'a>> {
        match compound {
            Compound::Map(_) | Compound::Struct(..) => Ok(Box::new(AttributeSink { attributes: self, key: None })),
            _ => Err(no_attributes()),
        }
    }

    fn collect(self, _: &mut dyn AnyElements) -> Result<()> {
        Err(no_attributes())
    }
}

/// The attributes, one by one.
struct AttributeSink {
    attributes: AttributesSerializer,
    /// The key whose value is to come.
    key: Option<String>,
}

impl CompoundSink for AttributeSink {
    fn field(&mut self, name: &'static str, value: &dyn AnyValue) -> Result<()> {
        self.attributes.attribute(name, value)
    }

    fn key(&mut self, key: &dyn AnyValue) -> Result<()> {
        self.key = Some(key::text(key)?.ok_or_else(no_attributes)?);
        Ok(())
    }

    fn value(&mut self, value: &dyn AnyValue) -> Result<()> {
        let key = self.key.take().ok_or_else(no_attributes)?;
        self.attributes.attribute(&key, value)
    }

    fn end(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
