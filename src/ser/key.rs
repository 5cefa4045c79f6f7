//! Map keys: which of them can be link names.

use super::any_value::AnyValue;
use super::event::{Compound, CompoundSink, Event, NumberOrBool, Sink};
use super::serializer::ValueSerializer;
use crate::ground::error::{Error, ErrorKind, Result, RetryAs};
use crate::layout::is_linkable;

/// What a key is; keys of different classes do not go into one group, where they could not be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyClass {
    Text,
    Integer,
    Bool,
    Variant,
}

/// The key as text, if it is a string.
pub(super) fn text(key: &dyn AnyValue) -> Result<Option<String>> {
    look(key, true).map(|found| found.map(|(_, text)| text))
}

/// The key as text and its class, if it is one that can be a link name.
pub(super) fn link(key: &dyn AnyValue) -> Result<Option<(KeyClass, String)>> {
    look(key, false)
}

fn look(key: &dyn AnyValue, only_strings: bool) -> Result<Option<(KeyClass, String)>> {
    let mut sink = KeySink { found: None, only_strings };
    match key.write(ValueSerializer::telling(&mut sink)) {
        Ok(()) => Ok(sink.found),
        Err(error) if error.wants(RetryAs::Map) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The answer to a key that is none of those asked for.
#[cold]
pub(super) fn no_link() -> Error {
    Error::retry_as(RetryAs::Map, ErrorKind::BadKey, "the key is no link name")
}

/// Takes a key's text and class.
struct KeySink {
    found: Option<(KeyClass, String)>,
    /// Nothing but strings is taken.
    only_strings: bool,
}

impl<'a> Sink<'a> for KeySink {
    fn event(&mut self, event: Event<'_>) -> Result<()> {
        self.found = match event {
            Event::NewtypeStruct(_, key) => return key.write(ValueSerializer::telling(self)),
            // One that is too long for a link is no name of a field, either.
            Event::Text(text) if self.only_strings && !is_linkable(text) => return Err(no_link()),
            Event::Text(text) => Some((KeyClass::Text, text.to_owned())),
            _ if self.only_strings => return Err(no_link()),
            Event::Char(char) => Some((KeyClass::Text, char.to_string())),
            Event::UnitVariant(_, variant) => Some((KeyClass::Variant, variant.to_owned())),
            Event::I128(integer) => Some((KeyClass::Integer, integer.to_string())),
            Event::U128(integer) => Some((KeyClass::Integer, integer.to_string())),
            Event::Number(NumberOrBool::Bool(value)) => Some((KeyClass::Bool, value.to_string())),
            Event::Number(scalar) => match scalar.integer() {
                Some(integer) => Some((KeyClass::Integer, integer.to_string())),
                None => return Err(no_link()),
            },
            _ => return Err(no_link()),
        };
        Ok(())
    }

    fn begin(&mut self, _: Compound) -> Result<Box<dyn CompoundSink + 'a>> {
        Err(no_link())
    }
}
