//! serde's errors as ours.

use std::fmt::{self, Display};

use serde::{de, ser};

use super::names::{names, shorten};
use super::{Error, ErrorKind, relay};

impl ser::Error for Error {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(ErrorKind::Custom, message.to_string())
    }
}

/// Whether the message of another format's error is about this one of ours: it is its text, or has that in quotes.
fn is_about(message: &str, error: &Error) -> bool {
    struct Text<'a>(&'a Error);
    impl Display for Text<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.write(f)
        }
    }
    let text = Text(error).to_string();
    message == text || message.contains(&format!("{text:?}"))
}

/// serde's words for what the standard library's types expect, in Rust's and HDF5's.
fn expectation(expected: &dyn de::Expected) -> String {
    let expected = expected.to_string();
    match expected.as_str() {
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" | "i8" | "i16" | "i32" | "i64" | "i128" | "isize" | "f32"
        | "f64" => format!("`{expected}`"),
        "unit" => "`()`".to_owned(),
        "a boolean" => "`bool`".to_owned(),
        "a character" => "`char`".to_owned(),
        _ => expected,
    }
}

/// serde's words for what was met, in Rust's and HDF5's.
fn finding(unexpected: de::Unexpected<'_>) -> String {
    use de::Unexpected::*;
    match unexpected {
        Bool(value) => format!("`{value}`"),
        Unsigned(value) => value.to_string(),
        Signed(value) => value.to_string(),
        Float(value) => format!("{value:?}"),
        Char(value) => format!("{value:?}"),
        Str(value) => format!("the string {:?}", shorten(value)),
        Bytes(value) => format!("{} bytes", value.len()),
        Unit => "`()`".to_owned(),
        Option => "a missing value (`None`)".to_owned(),
        Seq => "a sequence".to_owned(),
        Map => "a struct or map".to_owned(),
        Enum => "an enum".to_owned(),
        UnitVariant => "a variant without payload".to_owned(),
        NewtypeVariant | TupleVariant | StructVariant => "a variant with payload".to_owned(),
        NewtypeStruct => "a value".to_owned(),
        Other(words) => words.to_owned(),
    }
}

/// The names a type would have taken.
fn choice(expected: &'static [&'static str]) -> String {
    format!(", expected one of {}", names(expected))
}

impl de::Error for Error {
    fn custom<T: Display>(message: T) -> Self {
        let message = message.to_string();
        match relay::shown(|error| is_about(&message, error)) {
            Some(error) => error,
            None => Self::new(ErrorKind::Custom, message),
        }
    }

    fn invalid_type(unexpected: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        match expected.to_string().as_str() {
            "a borrowed string" => Self::wrong_type(
                "an owned string",
                "a borrowed `&str`, which HDF5 cannot lend: use `String` or `Cow<str>`",
            ),
            "a borrowed byte array" => Self::wrong_type(
                "owned bytes",
                "a borrowed `&[u8]`, which HDF5 cannot lend: use `serde_bytes::ByteBuf` or `Cow<[u8]>`",
            ),
            _ => Self::wrong_type(expectation(expected), finding(unexpected)),
        }
    }

    fn invalid_value(unexpected: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let mut error = Self::wrong_type(expectation(expected), finding(unexpected));
        error.0.kind = match unexpected {
            de::Unexpected::Signed(_) | de::Unexpected::Unsigned(_) | de::Unexpected::Float(_) => ErrorKind::OutOfRange,
            _ => ErrorKind::WrongType,
        };
        error
    }

    fn invalid_length(length: usize, expected: &dyn de::Expected) -> Self {
        Self::new(ErrorKind::WrongLength, format!("expected {}, found length {length}", expectation(expected)))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let message = format!("unknown variant `{}`", shorten(variant));
        Self::new(ErrorKind::UnknownVariant, message).because(&choice(expected))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let message = format!("unknown field `{}`", shorten(field));
        Self::new(ErrorKind::UnknownField, message).because(&choice(expected))
    }

    fn missing_field(field: &'static str) -> Self {
        let mut error = Self::new(ErrorKind::MissingField, format!("missing field `{field}`"));
        error.0.missing = Some(field);
        error
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(ErrorKind::Corrupt, format!("field `{field}` is stored twice"))
    }
}
