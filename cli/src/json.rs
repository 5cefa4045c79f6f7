//! Values as JSON: elements of datasets, and whole values, which are written while they are read.

use std::cell::RefCell;
use std::fmt::{self, Display};
use std::io::{self, Write};

use filebacked::objects::{Elements, Scalar};
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::failure::{Failure, Outcome};
use crate::output::Output;

/// What floats that are no numbers become, which JSON lacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Nan {
    /// null
    #[default]
    Null,
    /// "NaN", "Infinity", "-Infinity"
    String,
    /// An error
    Error,
}

/// How many lists an array without elements is shown as.
const MAX_EMPTY: u64 = 1_000_000;

/// Writes an element.
pub(crate) fn write(out: &mut dyn Write, value: filebacked::Result<Scalar<'_>>, nan: Nan) -> Outcome {
    match value? {
        Scalar::Bool(value) => Ok(write!(out, "{value}")?),
        Scalar::Integer(value) => integer(out, value),
        Scalar::Unsigned(value) => Ok(write!(out, "{value}")?),
        Scalar::F32(value) if value.is_finite() => Ok(serde_json::to_writer(out, &value).map_err(io::Error::from)?),
        Scalar::F32(value) => float(out, value.into(), nan),
        Scalar::F64(value) => float(out, value, nan),
        Scalar::Text(value) | Scalar::Name(value, _) => text(out, value),
        Scalar::Bytes(bytes) => {
            for (number, byte) in bytes.iter().enumerate() {
                write!(out, "{}{byte}", if number == 0 { "[" } else { "," })?;
            }
            Ok(out.write_all(if bytes.is_empty() { b"[]" } else { b"]" })?)
        }
        Scalar::Record(record) => {
            out.write_all(b"{")?;
            for (number, (name, value)) in record.fields().enumerate() {
                out.write_all(if number == 0 { b"" } else { b"," })?;
                text(out, name)?;
                out.write_all(b":")?;
                write(out, value, nan)?;
            }
            Ok(out.write_all(b"}")?)
        }
        Scalar::Complex(parts) => {
            out.write_all(b"[")?;
            write(out, parts.get(0), nan)?;
            out.write_all(b",")?;
            write(out, parts.get(1), nan)?;
            Ok(out.write_all(b"]")?)
        }
        Scalar::Array(dims, elements) => array(out, dims, elements, nan),
        Scalar::List(elements) => array(out, &[elements.len() as u64], elements, nan),
        Scalar::Reference(reference) => match reference.path() {
            Some(path) => text(out, &path),
            None => Ok(out.write_all(b"null")?),
        },
        Scalar::Unreadable(why) => Err(Failure::error(format!("{why} cannot be read"))),
        _ => Err(Failure::error("a value of a sort that is new")),
    }
}

/// Writes elements as lists within each other.
pub(crate) fn array(out: &mut dyn Write, dims: &[u64], elements: Elements<'_>, nan: Nan) -> Outcome {
    match dims {
        dims if is_hollow(dims) => Ok(out.write_all(b"[]")?),
        [] => write(out, elements.get(0), nan),
        [_] => {
            out.write_all(b"[")?;
            for (number, value) in elements.iter().enumerate() {
                out.write_all(if number == 0 { b"" } else { b"," })?;
                write(out, value, nan)?;
            }
            Ok(out.write_all(b"]")?)
        }
        [dim, rest @ ..] => {
            let inner = rest.iter().product::<u64>() as usize;
            out.write_all(b"[")?;
            for number in 0..*dim as usize {
                out.write_all(if number == 0 { b"" } else { b"," })?;
                array(out, rest, elements.range(number * inner..(number + 1) * inner), nan)?;
            }
            Ok(out.write_all(b"]")?)
        }
    }
}

/// Whether an array without elements has so many lists within each other that they are not shown.
pub(crate) fn is_hollow(dims: &[u64]) -> bool {
    let lists = dims.iter().take_while(|dim| **dim > 0).fold(1_u64, |lists, dim| lists.saturating_mul(*dim));
    dims.contains(&0) && lists > MAX_EMPTY
}

/// Writes a string. Also what is meant for a terminal, or turns the direction of text, is an escape.
pub(crate) fn text(out: &mut dyn Write, text: &str) -> Outcome {
    let is_escaped =
        |char: char| matches!(char, '\u{7f}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    // Most text has none, which is soon seen.
    if text.bytes().all(|byte| byte < 0x7f) || !text.contains(is_escaped) {
        return Ok(serde_json::to_writer(out, text).map_err(io::Error::from)?);
    }
    for char in serde_json::to_string(text).map_err(io::Error::from)?.chars() {
        match is_escaped(char) {
            true => write!(out, "\\u{:04x}", u32::from(char))?,
            false => write!(out, "{char}")?,
        }
    }
    Ok(())
}

fn integer(out: &mut dyn Write, value: i128) -> Outcome {
    match i64::try_from(value) {
        Ok(value) => Ok(serde_json::to_writer(out, &value).map_err(io::Error::from)?),
        Err(_) => Ok(write!(out, "{value}")?),
    }
}

fn float(out: &mut dyn Write, value: f64, nan: Nan) -> Outcome {
    if value.is_finite() {
        return Ok(serde_json::to_writer(out, &value).map_err(io::Error::from)?);
    }
    let word = match value {
        value if value.is_nan() => "NaN",
        value if value > 0.0 => "Infinity",
        _ => "-Infinity",
    };
    match nan {
        Nan::Null => Ok(out.write_all(b"null")?),
        Nan::String => Ok(write!(out, "\"{word}\"")?),
        Nan::Error => Err(Failure::error(format!("{word} is no number in JSON: `--nan` says what becomes of it"))),
    }
}

/// Where a value goes that is read as [`Written`].
struct Sink {
    out: Output,
    nan: Nan,
    /// How far the next line of a map is indented; `None` in a list, which is on one line.
    indent: Option<usize>,
    failure: Option<Failure>,
}

thread_local! {
    static SINK: RefCell<Option<Sink>> = const { RefCell::new(None) };
}

/// Has what is read as [`Written`] meanwhile written to `out`: maps on lines of their own, if it is `pretty`.
pub(crate) fn with_sink<R>(
    out: Output,
    nan: Nan,
    pretty: bool,
    read: impl FnOnce() -> filebacked::Result<R>,
) -> (Output, Outcome<R>) {
    let sink = Sink { out, nan, indent: pretty.then_some(0), failure: None };
    let outer = SINK.replace(Some(sink));
    assert!(outer.is_none(), "one value is written at a time");
    let read = read();
    let Some(Sink { out, failure, .. }) = SINK.take() else { unreachable!("it was put there") };
    let outcome = match (read, failure) {
        (_, Some(failure)) => Err(failure),
        (read, None) => read.map_err(Failure::from),
    };
    (out, outcome)
}

/// Writes something to the sink that is in force.
pub(crate) fn to_sink<E: de::Error>(write: impl FnOnce(&mut Output, Nan) -> Outcome) -> Result<(), E> {
    SINK.with_borrow_mut(|sink| {
        let sink = sink.as_mut().ok_or_else(|| E::custom("nothing is written"))?;
        write(&mut sink.out, sink.nan).map_err(|failure| {
            let error = E::custom(failure.message().unwrap_or("nobody reads on"));
            sink.failure = Some(failure);
            error
        })
    })
}

/// A value that is written to the sink in force while it is read.
pub(crate) struct Written;

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyVisitor).map(|()| Self)
    }
}

struct AnyVisitor;

impl<'de> DeserializeSeed<'de> for AnyVisitor {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

macro_rules! visit {
    ($($method:ident($type:ty) $value:ident => $write:expr;)*) => {
        $(fn $method<E: de::Error>(self, $value: $type) -> Result<(), E> {
            to_sink(|out, nan| {
                #[allow(clippy::redundant_closure_call, reason = "each needs some of these")]
                ($write)(out, nan)
            })
        })*
    };
}

impl<'de> Visitor<'de> for AnyVisitor {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    visit! {
        visit_bool(bool) value => |out: &mut Output, _| Ok(write!(out, "{value}")?);
        visit_i64(i64) value => |out, _| integer(out, value.into());
        visit_u64(u64) value => |out, _| integer(out, value.into());
        visit_i128(i128) value => |out, _| integer(out, value);
        visit_u128(u128) value => |out: &mut Output, _| Ok(write!(out, "{value}")?);
        visit_f32(f32) value => |out, nan| write(out, Ok(Scalar::F32(value)), nan);
        visit_f64(f64) value => |out, nan| float(out, value, nan);
        visit_str(&str) value => |out, _| text(out, value);
        visit_bytes(&[u8]) value => |out, nan| write(out, Ok(Scalar::Bytes(value)), nan);
    }

    fn visit_none<E: de::Error>(self) -> Result<(), E> {
        to_sink(|out, _| Ok(out.write_all(b"null")?))
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let outer = SINK.with_borrow_mut(|sink| sink.as_mut().and_then(|sink| sink.indent.take()));
        to_sink(|out, _| Ok(out.write_all(b"[")?))?;
        let mut is_first = true;
        while let Some(()) = seq.next_element_seed(Separated(is_first))? {
            is_first = false;
        }
        SINK.with_borrow_mut(|sink| {
            if let Some(sink) = sink {
                sink.indent = outer;
            }
        });
        to_sink(|out, _| Ok(out.write_all(b"]")?))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let deeper = |by: isize| {
            SINK.with_borrow_mut(|sink| {
                let indent = sink.as_mut()?.indent.as_mut()?;
                *indent = indent.saturating_add_signed(by);
                Some(*indent)
            })
        };
        let new_line = |out: &mut Output, indent: Option<usize>| match indent {
            Some(indent) => write!(out, "\n{:indent$}", ""),
            None => Ok(()),
        };
        to_sink(|out, _| Ok(out.write_all(b"{")?))?;
        let indent = deeper(2);
        let mut is_first = true;
        while let Some(()) = map.next_key_seed(KeySeed { is_first, indent })? {
            is_first = false;
            to_sink(|out, _| Ok(out.write_all(if indent.is_some() { b": " } else { b":" })?))?;
            map.next_value_seed(self::AnyVisitor)?;
        }
        let indent = deeper(-2);
        to_sink(|out, _| {
            if !is_first {
                new_line(out, indent)?;
            }
            Ok(out.write_all(b"}")?)
        })
    }
}

/// An element of a list.
struct Separated(bool);

impl<'de> DeserializeSeed<'de> for Separated {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if !self.0 {
            to_sink(|out, _| Ok(out.write_all(b",")?))?;
        }
        deserializer.deserialize_any(AnyVisitor)
    }
}

/// A key of a map.
struct KeySeed {
    is_first: bool,
    indent: Option<usize>,
}

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        to_sink(|out, _| {
            if !self.is_first {
                out.write_all(b",")?;
            }
            Ok(if let Some(indent) = self.indent { write!(out, "\n{:indent$}", "") } else { Ok(()) }?)
        })?;
        deserializer.deserialize_any(KeyVisitor)
    }
}

struct KeyVisitor;

fn key<E: de::Error>(key: impl Display) -> Result<(), E> {
    to_sink(|out, _| text(out, &key.to_string()))
}

impl Visitor<'_> for KeyVisitor {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key that JSON has: a string, a number or a bool")
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<(), E> {
        key(value)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<(), E> {
        key(value)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<(), E> {
        key(value)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<(), E> {
        key(value)
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<(), E> {
        key(value)
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<(), E> {
        key(value)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<(), E> {
        key(crate::words::float(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_no_escapes_of_terminals() {
        for (words, expected) in [
            ("grün \"a\"\n", r#""grün \"a\"\n""#),
            ("\u{7f}\u{9b}31m", r#""\u007f\u009b31m""#),
            ("a\u{202e}b\u{2069}", r#""a\u202eb\u2069""#),
        ] {
            let mut written = Vec::new();
            text(&mut written, words).unwrap();
            assert_eq!(String::from_utf8(written).unwrap(), expected);
            assert_eq!(serde_json::from_str::<String>(expected).unwrap(), words);
        }
    }

    #[test]
    fn arrays_without_elements_end() {
        for (dims, expected) in [
            (&[0][..], false),
            (&[1_000_000, 0], false),
            (&[1 << 33, 0], true),
            (&[1 << 40, 1 << 40, 0], true),
            (&[0, 1 << 33], false),
            (&[1 << 33], false),
        ] {
            assert_eq!(is_hollow(dims), expected, "{dims:?}");
        }
    }
}
