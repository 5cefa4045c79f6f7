//! Map keys: which of them can be link names.

use serde::ser::{self, Impossible, Serialize};

use crate::error::{Again, Error, ErrorKind, Result};
use crate::format::is_linkable;

/// Calls its function with a key that is a string, and answers [`Again::Pairs`] to any other.
pub(super) struct KeyProbe<F>(pub(super) F);

/// The key as text, if it is a string.
pub(super) fn text<T: ?Sized + Serialize>(key: &T) -> Result<Option<String>> {
    let mut text = None;
    let probed = key.serialize(KeyProbe(|key: &str| {
        text = Some(key.to_owned());
        Ok(())
    }));
    match probed {
        Ok(()) => Ok(text),
        Err(error) if error.wants(Again::Pairs) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What a key is; keys of different classes do not go into one group, where they could not be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyClass {
    Text,
    Integer,
    Bool,
    Variant,
}

/// The key as text and its class, if it is one that can be a link name.
pub(super) fn link<T: ?Sized + Serialize>(key: &T) -> Result<Option<(KeyClass, String)>> {
    match key.serialize(LinkKey) {
        Ok(key) => Ok(Some(key)),
        Err(error) if error.wants(Again::Pairs) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cold]
fn no_link() -> Error {
    Error::again(Again::Pairs, ErrorKind::BadKey, "the key is no link name")
}

/// Refuses what is not the sort of key asked for.
macro_rules! refuse {
    ($($method:ident($($type:ty),*))*) => {
        $(fn $method(self, $(_: $type),*) -> Result<Self::Ok> {
            Err(no_link())
        })*
    };
}

/// Refuses all keys with parts.
macro_rules! refuse_compounds {
    () => {
        type SerializeSeq = Impossible<Self::Ok, Error>;
        type SerializeTuple = Impossible<Self::Ok, Error>;
        type SerializeTupleStruct = Impossible<Self::Ok, Error>;
        type SerializeTupleVariant = Impossible<Self::Ok, Error>;
        type SerializeMap = Impossible<Self::Ok, Error>;
        type SerializeStruct = Impossible<Self::Ok, Error>;
        type SerializeStructVariant = Impossible<Self::Ok, Error>;

        refuse!(serialize_f32(f32) serialize_f64(f64));
        refuse!(serialize_bytes(&[u8]) serialize_none() serialize_unit() serialize_unit_struct(&'static str));

        fn serialize_newtype_struct<T: ?Sized + Serialize>(self, _: &'static str, value: &T) -> Result<Self::Ok> {
            value.serialize(self)
        }

        refuse_parts!(no_link(); some newtype_variant seq tuple tuple_struct tuple_variant map struct_ struct_variant);
    };
}

impl<F: FnOnce(&str) -> Result<()>> ser::Serializer for KeyProbe<F> {
    type Ok = ();
    type Error = Error;

    /// One that is too long for a link is no name of a field, either.
    fn serialize_str(self, value: &str) -> Result<()> {
        if is_linkable(value) { (self.0)(value) } else { Err(no_link()) }
    }

    refuse!(serialize_bool(bool) serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64));
    refuse!(serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64) serialize_char(char));
    refuse!(serialize_i128(i128) serialize_u128(u128));
    refuse!(serialize_unit_variant(&'static str, u32, &'static str));
    refuse_compounds!();
}

/// Gives a key's text and class.
struct LinkKey;

macro_rules! integers {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, value: $type) -> Result<Self::Ok> {
            Ok((KeyClass::Integer, value.to_string()))
        })*
    };
}

impl ser::Serializer for LinkKey {
    type Ok = (KeyClass, String);
    type Error = Error;

    fn serialize_bool(self, value: bool) -> Result<Self::Ok> {
        Ok((KeyClass::Bool, value.to_string()))
    }

    integers!(serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64);
    integers!(serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64);
    integers!(serialize_i128: i128, serialize_u128: u128);

    fn serialize_char(self, value: char) -> Result<Self::Ok> {
        Ok((KeyClass::Text, value.to_string()))
    }

    fn serialize_str(self, value: &str) -> Result<Self::Ok> {
        Ok((KeyClass::Text, value.to_owned()))
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Self::Ok> {
        Ok((KeyClass::Variant, variant.to_owned()))
    }

    refuse_compounds!();
}
