//! What the options leave out: fields and entries that are skipped are not serialized.

use serde::ser::{self, Impossible, Serialize};

use crate::bridge::{Question, ask, is_wrapper};
use crate::error::{Error, ErrorKind, Result};
use crate::format::MAX_DEPTH;
use crate::route::{Keep, Route};
use crate::storage::{Slice, strings_of};

/// Whether the value of a field, or entry of a map, is left out.
#[inline]
pub(super) fn is_left_out<T: ?Sized + Serialize>(route: &Route, value: &T) -> bool {
    !route.is_nowhere() && is_left_out_at(route, value)
}

#[inline(never)]
fn is_left_out_at<T: ?Sized + Serialize>(route: &Route, value: &T) -> bool {
    match route.keep() {
        Keep::Yes => false,
        Keep::No => true,
        // What has no fields or entries leads to none that is to be kept.
        Keep::OnTheWay => value.serialize(NameProbe { left: MAX_DEPTH }).is_ok(),
    }
}

/// Looks whether a value has something with a name in it: that is an error, so that the rest is not looked at.
#[derive(Clone, Copy)]
struct NameProbe {
    /// Levels that are still looked into: what is in itself has no end.
    left: u32,
}

impl NameProbe {
    /// Looks into something.
    fn look<T: ?Sized + Serialize>(self, value: &T) -> Result<()> {
        match self.left.checked_sub(1) {
            Some(left) => value.serialize(Self { left }),
            None => Err(found()),
        }
    }
}

#[cold]
fn found() -> Error {
    Error::new(ErrorKind::Custom, "there is a name")
}

macro_rules! nameless {
    ($($method:ident($($type:ty),*))*) => {
        $(fn $method(self, $(_: $type),*) -> Result<()> {
            Ok(())
        })*
    };
}

impl ser::Serializer for NameProbe {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Impossible<(), Error>;
    type SerializeStruct = Impossible<(), Error>;
    type SerializeStructVariant = Impossible<(), Error>;

    nameless!(serialize_bool(bool) serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64));
    nameless!(serialize_i128(i128) serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64));
    nameless!(serialize_u128(u128) serialize_f32(f32) serialize_f64(f64) serialize_char(char) serialize_str(&str));
    nameless!(serialize_bytes(&[u8]) serialize_none() serialize_unit() serialize_unit_struct(&'static str));
    nameless!(serialize_unit_variant(&'static str, u32, &'static str));

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<()> {
        self.look(value)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, name: &'static str, value: &T) -> Result<()> {
        if is_wrapper(name) { ask(Question, || self.look(value)) } else { self.look(value) }
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self> {
        Ok(self)
    }

    fn collect_seq<I>(self, values: I) -> Result<()>
    where
        I: IntoIterator<Item: Serialize>,
    {
        if Slice::of(&values).is_some() || strings_of(&values).is_some() {
            return Ok(());
        }
        values.into_iter().try_for_each(|value| self.look(&value))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self> {
        Ok(self)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self> {
        Ok(self)
    }

    refuse_parts!(found(); newtype_variant tuple_variant map struct_ struct_variant);
}

macro_rules! elements {
    ($($trait:ident $method:ident),*) => {
        $(impl ser::$trait for NameProbe {
            type Ok = ();
            type Error = Error;

            fn $method<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
                self.look(value)
            }

            fn end(self) -> Result<()> {
                Ok(())
            }
        })*
    };
}
elements!(SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleStruct serialize_field);
