//! Link names as keys of any type.

use serde::de::{Deserializer, IntoDeserializer, Visitor, value::StrDeserializer};
use serde::forward_to_deserialize_any;

use crate::error::{Error, ErrorKind, Result};

/// A key: a string, or what a string says.
pub(super) struct Key<'a>(pub(super) &'a str);

macro_rules! parse {
    ($($method:ident $visit:ident $type:ty),*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            match self.0.parse::<$type>() {
                Ok(value) => visitor.$visit(value),
                Err(error) => {
                    let shown: String = self.0.chars().take(80).collect();
                    let message = format!(concat!("the key {:?} cannot be read as `", stringify!($type), "`: {}"), shown, error);
                    Err(Error::new(ErrorKind::BadKey, message))
                }
            }
        })*
    };
}

impl<'de> Deserializer<'de> for Key<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_str(self.0)
    }

    parse!(deserialize_bool visit_bool bool, deserialize_f32 visit_f32 f32, deserialize_f64 visit_f64 f64);
    parse!(deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32);
    parse!(deserialize_i64 visit_i64 i64, deserialize_i128 visit_i128 i128, deserialize_u8 visit_u8 u8);
    parse!(deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64);
    parse!(deserialize_u128 visit_u128 u128);

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let key: StrDeserializer<'_, Error> = self.0.into_deserializer();
        visitor.visit_enum(key).map_err(|error: Error| error.of_type(name))
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
