//! How wrapper types reach the file through any serializer of serde's.
//!
//! A wrapper is serialized as a newtype struct called [`NAME`], whose content is a [`Content`]. A serializer of ours that
//! meets the name leaves the [`Destination`] in a slot of the thread, and serializes the content; the content takes it
//! from there, writes itself, and answers with unit. A content that finds the slot empty is in another format, and is
//! serialized as that would have it. Reading mirrors this: a deserializer of ours leaves a [`Source`].
//!
//! Who takes something from the [slot](crate::ground::wrapper_slot) is whom it was left for.
//!
//! What a new wrapper needs is an implementation of [`Write`] and of [`Read`], and nothing in `ser` or `de`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};
use serde::ser::{Error as _, Serialize, Serializer};

use crate::de::Source;
use crate::ground::error::Result;
use crate::ground::wrapper_slot::{NAME, Ticket, failed, take};
use crate::ser::{Destination, NamesQuestion, PartQuestion};

/// A wrapper that is written.
pub(crate) trait Write {
    /// Writes it to this format.
    fn write(&self, destination: &Destination) -> Result<()>;

    /// Serializes it to another.
    fn elsewhere<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// Serializes what is in it that has paths of its own, to find that: nothing, for what is one object.
    fn answer<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }

    /// Says what is spread over ranks of it, if that is so; otherwise its ranks are alike in it.
    fn spread(&self, _: &PartQuestion) -> Option<Result<()>> {
        None
    }
}

/// Serializes a wrapper.
pub(crate) fn serialize<S: Serializer>(wrapper: &impl Write, serializer: S) -> Result<S::Ok, S::Error> {
    let content = Content { wrapper, ticket: Ticket::announced() };
    serializer.serialize_newtype_struct(NAME, &content)
}

/// What is in the newtype struct.
struct Content<'a, W> {
    wrapper: &'a W,
    ticket: Ticket,
}

impl<W: Write> Serialize for Content<'_, W> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if take::<NamesQuestion>(self.ticket).is_some() {
            return self.wrapper.answer(serializer);
        }
        if let Some(question) = take::<PartQuestion>(self.ticket) {
            return match self.wrapper.spread(&question) {
                Some(Ok(())) => serializer.serialize_unit(),
                Some(Err(error)) => Err(S::Error::custom(failed::<PartQuestion>(self.ticket, error))),
                None => self.wrapper.elsewhere(serializer),
            };
        }
        let Some(destination) = take::<Destination>(self.ticket) else { return self.wrapper.elsewhere(serializer) };
        match self.wrapper.write(&destination) {
            Ok(()) => serializer.serialize_unit(),
            Err(error) => Err(S::Error::custom(failed::<Destination>(self.ticket, error))),
        }
    }
}

/// A wrapper that is read, or a part of how.
pub(crate) trait Read<'de>: Sized {
    /// What wrappers are, for errors of other formats.
    const EXPECTED: &'static str;

    /// Reads it from this format.
    fn read(source: Source) -> Result<Self>;

    /// Deserializes it from another, or from what is no object of its own in this one.
    fn elsewhere<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// Deserializes a wrapper.
pub(crate) fn deserialize<'de, R: Read<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<R, D::Error> {
    let visitor = WrapperVisitor { ticket: Ticket::announced(), wrapper: PhantomData };
    deserializer.deserialize_newtype_struct(NAME, visitor)
}

struct WrapperVisitor<R> {
    ticket: Ticket,
    wrapper: PhantomData<R>,
}

impl<'de, R: Read<'de>> Visitor<'de> for WrapperVisitor<R> {
    type Value = R;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(R::EXPECTED)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<R, D::Error> {
        match take::<Source>(self.ticket) {
            Some(source) => R::read(source).map_err(|error| D::Error::custom(failed::<Source>(self.ticket, error))),
            None => R::elsewhere(deserializer),
        }
    }

    /// Some formats have newtype structs as tuples of one.
    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<R, A::Error> {
        match elements.next_element_seed(InOtherFormat(PhantomData))? {
            Some(value) => Ok(value),
            None => Err(A::Error::invalid_length(0, &self)),
        }
    }
}

struct InOtherFormat<R>(PhantomData<R>);

impl<'de, R: Read<'de>> DeserializeSeed<'de> for InOtherFormat<R> {
    type Value = R;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<R, D::Error> {
        R::elsewhere(deserializer)
    }
}
