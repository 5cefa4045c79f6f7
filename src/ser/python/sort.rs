//! What sort of thing a value is, without a look at what is in it.

use std::fmt;

use serde::ser::{self, Impossible, Serialize, Serializer};

use crate::bridge::is_wrapper;

/// What sort of thing a value is. An option that is there is what is in it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sort {
    Number(Value),
    /// An integer of 128 bits.
    Wide,
    Text,
    Bytes,
    Sequence,
    Tuple,
    Map,
    Class,
    Union,
    /// A wrapper, which can be anything.
    Wrapper,
    Missing,
    Unit,
    /// Its type's own `Serialize` fails.
    Failing,
}

impl Sort {
    /// Whether a list of the package has elements of both sorts, none of which are numbers.
    pub(super) fn is_like(self, other: Self) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
    }

    /// In words, as elements of a list.
    pub(super) fn plural(self) -> &'static str {
        match self {
            Self::Number(_) | Self::Wide => "numbers",
            Self::Text => "strings",
            Self::Bytes => "bytes",
            Self::Sequence => "sequences",
            Self::Tuple => "tuples",
            Self::Map => "maps",
            Self::Class => "structs",
            Self::Union => "enums",
            Self::Wrapper => "arrays, matrices or other wrappers",
            Self::Missing => "`None`",
            Self::Unit => "`()`",
            Self::Failing => "values that fail",
        }
    }
}

/// What sort of thing `value` is.
pub(super) fn of<T: ?Sized + Serialize>(value: &T) -> Sort {
    match value.serialize(Probe) {
        Ok(never) => match never {},
        Err(Found(sort)) => sort,
    }
}

/// The answer. It is an error, as that ends a serialization wherever it is.
#[derive(Debug)]
struct Found(Sort);

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value was only looked at")
    }
}

impl std::error::Error for Found {}

impl ser::Error for Found {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(Sort::Failing)
    }
}

/// No value of it is ever made.
enum Never {}

struct Probe;

macro_rules! numbers {
    ($($method:ident $variant:ident: $type:ty),*) => {
        /// A number or bool.
        #[derive(Clone, Copy, Debug)]
        pub(super) enum Value {
            $($variant($type),)*
        }

        impl Serialize for Value {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match *self {
                    $(Self::$variant(value) => serializer.$method(value),)*
                }
            }
        }

        /// The methods of [`Probe`] for numbers.
        macro_rules! probe_numbers {
            () => {
                $(fn $method(self, value: $type) -> Result<Never, Found> {
                    Err(Found(Sort::Number(Value::$variant(value))))
                })*
            };
        }
    };
}
numbers! {
    serialize_bool Bool: bool, serialize_i8 I8: i8, serialize_i16 I16: i16, serialize_i32 I32: i32, serialize_i64 I64: i64,
    serialize_u8 U8: u8, serialize_u16 U16: u16, serialize_u32 U32: u32, serialize_u64 U64: u64, serialize_f32 F32: f32,
    serialize_f64 F64: f64
}

/// Answers at once.
macro_rules! sorts {
    ($($method:ident($($type:ty),*) $(-> $compound:ident)? = $sort:ident;)*) => {
        $(fn $method(self, $(_: $type),*) -> Result<sorts!(@$($compound)?), Found> {
            Err(Found(Sort::$sort))
        })*
    };
    (@) => { Never };
    (@Compound) => { Impossible<Never, Found> };
}

impl Serializer for Probe {
    type Ok = Never;
    type Error = Found;
    type SerializeSeq = Impossible<Never, Found>;
    type SerializeTuple = Impossible<Never, Found>;
    type SerializeTupleStruct = Impossible<Never, Found>;
    type SerializeTupleVariant = Impossible<Never, Found>;
    type SerializeMap = Impossible<Never, Found>;
    type SerializeStruct = Impossible<Never, Found>;
    type SerializeStructVariant = Impossible<Never, Found>;

    probe_numbers!();

    sorts! {
        serialize_i128(i128) = Wide;
        serialize_u128(u128) = Wide;
        serialize_char(char) = Text;
        serialize_str(&str) = Text;
        serialize_bytes(&[u8]) = Bytes;
        serialize_none() = Missing;
        serialize_unit() = Unit;
        serialize_unit_struct(&'static str) = Class;
        serialize_unit_variant(&'static str, u32, &'static str) = Union;
        serialize_seq(Option<usize>) -> Compound = Sequence;
        serialize_tuple(usize) -> Compound = Tuple;
        serialize_tuple_struct(&'static str, usize) -> Compound = Tuple;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Compound = Union;
        serialize_map(Option<usize>) -> Compound = Map;
        serialize_struct(&'static str, usize) -> Compound = Class;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Compound = Union;
    }

    fn collect_str<T: ?Sized + fmt::Display>(self, _: &T) -> Result<Never, Found> {
        Err(Found(Sort::Text))
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<Never, Found> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, name: &'static str, value: &T) -> Result<Never, Found> {
        if is_wrapper(name) { Err(Found(Sort::Wrapper)) } else { value.serialize(self) }
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Never, Found> {
        Err(Found(Sort::Union))
    }
}
