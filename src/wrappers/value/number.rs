//! Numbers of every width.

use std::fmt::{self, Display};

use serde::{Serialize, Serializer};

use super::Value;
use crate::h5::Number as StoredNumber;

macro_rules! numbers {
    ($($variant:ident $type:ident $serialize:ident),*) => {
        /// A number, of the type that it is stored as.
        ///
        /// ```
        /// use filebacked::value::Number;
        ///
        /// assert_eq!(Number::U8(7).to_f64(), Some(7.0));
        /// assert_eq!(Number::F32(0.5).to_i128(), None);
        /// assert_eq!(Number::I64(i64::MAX).to_f64(), None);
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Number {
            $(#[doc = concat!("An `", stringify!($type), "`.")] $variant($type)),*
        }

        $(
            impl From<$type> for Number {
                fn from(value: $type) -> Self {
                    Self::$variant(value)
                }
            }

            impl From<$type> for Value {
                fn from(value: $type) -> Self {
                    Self::Number(Number::$variant(value))
                }
            }
        )*

        impl Display for Number {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    Self::F32(value) => write!(f, "{value:?}"),
                    Self::F64(value) => write!(f, "{value:?}"),
                    $(#[allow(unreachable_patterns, reason = "floats were there before")]
                    Self::$variant(value) => write!(f, "{value}"),)*
                }
            }
        }

        impl Number {
            /// The name of its type in Rust.
            #[must_use]
            pub fn type_name(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => stringify!($type)),*
                }
            }
        }

        impl Number {
            /// Adds its bytes, as memory has them; of one of 128 bits, little-endian.
            pub(super) fn put(self, bytes: &mut Vec<u8>) {
                match self {
                    Self::I128(value) => bytes.extend(value.to_le_bytes()),
                    Self::U128(value) => bytes.extend(value.to_le_bytes()),
                    $(#[allow(unreachable_patterns, reason = "those of 128 bits were there before")]
                    Self::$variant(value) => bytes.extend(value.to_ne_bytes()),)*
                }
            }
        }

        impl Serialize for Number {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match *self {
                    $(Self::$variant(value) => serializer.$serialize(value)),*
                }
            }
        }
    };
}

numbers!(
    I8 i8 serialize_i8, I16 i16 serialize_i16, I32 i32 serialize_i32, I64 i64 serialize_i64, I128 i128 serialize_i128,
    U8 u8 serialize_u8, U16 u16 serialize_u16, U32 u32 serialize_u32, U64 u64 serialize_u64, U128 u128 serialize_u128,
    F32 f32 serialize_f32, F64 f64 serialize_f64
);

impl Number {
    /// Its type in a file, if it is not one of 128 bits.
    pub(super) fn stored(self) -> Option<StoredNumber> {
        Some(match self {
            Self::I8(_) => StoredNumber::I8,
            Self::I16(_) => StoredNumber::I16,
            Self::I32(_) => StoredNumber::I32,
            Self::I64(_) => StoredNumber::I64,
            Self::U8(_) => StoredNumber::U8,
            Self::U16(_) => StoredNumber::U16,
            Self::U32(_) => StoredNumber::U32,
            Self::U64(_) => StoredNumber::U64,
            Self::F32(_) => StoredNumber::F32,
            Self::F64(_) => StoredNumber::F64,
            Self::I128(_) | Self::U128(_) => return None,
        })
    }

    /// The integer that it is, if it is one: also a float that is.
    #[must_use]
    pub fn to_i128(self) -> Option<i128> {
        Some(match self {
            Self::I8(value) => value.into(),
            Self::I16(value) => value.into(),
            Self::I32(value) => value.into(),
            Self::I64(value) => value.into(),
            Self::I128(value) => value,
            Self::U8(value) => value.into(),
            Self::U16(value) => value.into(),
            Self::U32(value) => value.into(),
            Self::U64(value) => value.into(),
            Self::U128(value) => value.try_into().ok()?,
            Self::F32(value) => return integer(value.into()),
            Self::F64(value) => return integer(value),
        })
    }

    /// The same number as `f64`, if that holds it exactly.
    #[must_use]
    pub fn to_f64(self) -> Option<f64> {
        match self {
            Self::F32(value) => Some(value.into()),
            Self::F64(value) => Some(value),
            Self::U128(value) => {
                let float = value as f64;
                (float as u128 == value && value != u128::MAX).then_some(float)
            }
            integer => {
                let value = integer.to_i128()?;
                let float = value as f64;
                (float as i128 == value && value != i128::MAX).then_some(float)
            }
        }
    }
}

fn integer(value: f64) -> Option<i128> {
    let integer = value as i128;
    (integer as f64 == value && integer != i128::MAX).then_some(integer)
}
