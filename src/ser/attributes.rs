//! A struct or map as the attributes of an object.

use std::sync::Arc;

use serde::ser::{self, Impossible, Serialize};

use super::key;
use super::node::put;
use super::place::{Place, taken};
use super::select;
use crate::depth::Depth;
use crate::error::{Error, ErrorKind, Result};
use crate::format::{ATTRIBUTE_PREFIX, KIND, LAYOUT_ATTRIBUTES};
use crate::route::Route;
use crate::storage::{Attributes, Object};

/// Writes each field of a struct, or entry of a map, as an attribute.
pub(super) struct AttributesSerializer {
    pub(super) object: Arc<Object>,
    pub(super) depth: Depth,
    /// The object is a copy, and has attributes of before, which these take the place of.
    pub(super) replaces: bool,
    /// Where the object is.
    pub(super) route: Route,
}

impl AttributesSerializer {
    fn attribute<T: ?Sized + Serialize>(&self, name: &str, value: &T) -> Result<()> {
        let label = format!("{ATTRIBUTE_PREFIX}{name}");
        let route = self.route.field(&label);
        if select::is_left_out(route, value) {
            return Ok(());
        }
        let write = || {
            if name.is_empty() || name == KIND {
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
            put(value, Place::attribute(Arc::clone(&self.object), name, route), self.depth, 0)
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

macro_rules! refuse {
    ($($method:ident($($argument:ty),*))*) => {
        $(fn $method(self, $(_: $argument),*) -> Result<()> {
            Err(no_attributes())
        })*
    };
}

impl ser::Serializer for AttributesSerializer {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Impossible<(), Error>;
    type SerializeTuple = Impossible<(), Error>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = AttributeMap;
    type SerializeStruct = AttributeMap;
    type SerializeStructVariant = Impossible<(), Error>;

    refuse!(serialize_bool(bool) serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64));
    refuse!(serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64) serialize_f32(f32));
    refuse!(serialize_f64(f64) serialize_char(char) serialize_str(&str) serialize_bytes(&[u8]) serialize_none());
    refuse!(serialize_unit_variant(&'static str, u32, &'static str));
    refuse_parts!(no_attributes(); some newtype_variant seq tuple tuple_struct tuple_variant struct_variant);

    /// No attributes.
    fn serialize_unit(self) -> Result<()> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<()> {
        Ok(())
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, _: &'static str, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<AttributeMap> {
        Ok(AttributeMap { attributes: self, key: None })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<AttributeMap> {
        Ok(AttributeMap { attributes: self, key: None })
    }
}

/// The attributes, one by one.
pub(super) struct AttributeMap {
    attributes: AttributesSerializer,
    /// The key whose value is to come.
    key: Option<String>,
}

impl ser::SerializeStruct for AttributeMap {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<()> {
        self.attributes.attribute(name, value)
    }

    fn end(self) -> Result<()> {
        Ok(())
    }
}

impl ser::SerializeMap for AttributeMap {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<()> {
        self.key = Some(key::text(key)?.ok_or_else(no_attributes)?);
        Ok(())
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        let key = self.key.take().ok_or_else(no_attributes)?;
        self.attributes.attribute(&key, value)
    }

    fn end(self) -> Result<()> {
        Ok(())
    }
}
