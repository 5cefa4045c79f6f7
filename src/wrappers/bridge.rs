//! How wrapper types reach the storage through any serializer of serde's.
//!
//! A wrapper is serialized as a newtype struct called [`NAME`], whose content is a [`Content`]. A serializer of ours that
//! meets the name leaves the [`Destination`] in a slot of the thread, and serializes the content; the content takes it
//! from there, writes itself, and answers with unit. A content that finds the slot empty is in another format, and is
//! serialized as that would have it. Reading mirrors this: a deserializer of ours leaves a [`Source`].
//!
//! Who takes something from the slot is whom it was left for: a wrapper takes a ticket, and says it to the (de)serializer
//! that it is handed to by way of the thread, as nothing else gets through something like `erased_serde` unchanged. What
//! is in the slot is of types of ours, which no document can forge.
//!
//! What a new wrapper needs is an implementation of [`Write`] and of [`Read`], and nothing in `ser` or `de`.

use std::any::TypeId;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::marker::PhantomData;
use std::thread::LocalKey;

use serde::de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};
use serde::ser::{Error as _, Serialize, Serializer};

use crate::de::Source;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ser::Destination;

/// The name of the newtype struct that a wrapper is. It is an identifier, as some formats write it.
static NAME: &str = "__filebacked_wrapper";

/// Whether a newtype is a float of 16 bits, of the crate `half`: to serde, it is the number that has its bits.
pub(crate) fn is_half(name: &str) -> bool {
    matches!(name, "f16" | "bf16")
}

/// Refuses such a float, whose content is of that type, where it would be written as the number that has its bits: serde has
/// no way to say what it is.
#[inline]
pub(crate) fn refuse_half(name: &str, content: TypeId) -> Result<()> {
    if is_half(name) && content == TypeId::of::<u16>() { Err(half(name)) } else { Ok(()) }
}

#[cold]
fn half(name: &str) -> Error {
    let message = format!(
        "`{name}` is to serde the integer that has its bits: write an `NdArray` of it (cargo feature `f16`), or it as `f32` \
         (`half::f16::serialize_as_f32`)"
    );
    Error::new(ErrorKind::Unsupported, message)
}

/// Whether a newtype struct of that name is a wrapper. The name mostly is known to the compiler.
#[inline(always)]
pub(crate) fn is_wrapper(name: &'static str) -> bool {
    std::ptr::eq(name, NAME) || name == NAME
}

/// What tells a wrapper that is being serialized, or deserialized, from all others of the thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ticket(u64);

impl Ticket {
    /// A new ticket, said to the serializer or deserializer that is called next.
    fn announced() -> Self {
        let ticket = LAST.get().wrapping_add(1);
        LAST.set(ticket);
        ANNOUNCED.set(Some(Self(ticket)));
        Self(ticket)
    }
}

/// Does something of a user's that comes in between, before the wrapper that has announced itself is met.
pub(crate) fn aside<R>(inside: impl FnOnce() -> R) -> R {
    struct Back(Option<Ticket>);
    impl Drop for Back {
        fn drop(&mut self) {
            ANNOUNCED.set(self.0);
        }
    }
    let _back = Back(ANNOUNCED.take());
    inside()
}

/// What is left for a wrapper, and what became of it.
#[derive(Debug)]
pub(crate) struct Slot<T> {
    ticket: Ticket,
    state: State<T>,
}

#[derive(Debug)]
enum State<T> {
    Offered(T),
    Taken,
    /// It was taken, and what was done with it failed. Errors of other types than ours say less.
    Failed(Error),
}

thread_local! {
    static LAST: Cell<u64> = const { Cell::new(0) };
    static ANNOUNCED: Cell<Option<Ticket>> = const { Cell::new(None) };
    static WRITING: RefCell<Option<Slot<Destination>>> = const { RefCell::new(None) };
    static READING: RefCell<Option<Slot<Source>>> = const { RefCell::new(None) };
    static ASKING: RefCell<Option<Slot<Question>>> = const { RefCell::new(None) };
}

/// Asks a wrapper what there is in its value; see [`Write::answer`].
#[derive(Debug)]
pub(crate) struct Question;

/// What can be left for a wrapper.
pub(crate) trait Offered: Sized + 'static {
    /// The thread's slot for it.
    fn slot() -> &'static LocalKey<RefCell<Option<Slot<Self>>>>;
}

impl Offered for Destination {
    fn slot() -> &'static LocalKey<RefCell<Option<Slot<Self>>>> {
        &WRITING
    }
}

impl Offered for Question {
    fn slot() -> &'static LocalKey<RefCell<Option<Slot<Self>>>> {
        &ASKING
    }
}

impl Offered for Source {
    fn slot() -> &'static LocalKey<RefCell<Option<Slot<Self>>>> {
        &READING
    }
}

/// Takes what was left for the wrapper with that ticket.
fn take<T: Offered>(ticket: Ticket) -> Option<T> {
    T::slot().with_borrow_mut(|slot| {
        let slot = slot.as_mut().filter(|slot| slot.ticket == ticket && matches!(slot.state, State::Offered(_)))?;
        match std::mem::replace(&mut slot.state, State::Taken) {
            State::Offered(offered) => Some(offered),
            _ => None,
        }
    })
}

/// Leaves the error of what was done with what was taken; returns it in the words of another format.
fn failed<T: Offered>(ticket: Ticket, error: Error) -> String {
    let message = error.to_string();
    T::slot().with_borrow_mut(|slot| {
        if let Some(slot) = slot.as_mut().filter(|slot| slot.ticket == ticket) {
            slot.state = State::Failed(error);
        }
    });
    message
}

/// Something left in the slot, which is as it was before when this is dropped, however that comes about.
pub(crate) struct Offer<T: Offered> {
    ticket: Ticket,
    /// What was in the slot before: the wrapper may be in another.
    outer: Option<Slot<T>>,
}

impl<T: Offered> Offer<T> {
    /// Leaves `offered` for the wrapper that announced itself, and gives it back where none did.
    pub(crate) fn new(offered: T) -> Result<Self, T> {
        let Some(ticket) = ANNOUNCED.take() else { return Err(offered) };
        let outer = T::slot().replace(Some(Slot { ticket, state: State::Offered(offered) }));
        Ok(Self { ticket, outer })
    }

    /// What goes on where the wrapper does not take it: it is there as long as that is so.
    pub(crate) fn leftover(&self) -> Leftover<T> {
        Leftover { ticket: self.ticket, offered: PhantomData }
    }

    /// The result of the wrapper's (de)serialization, with the error as it was first.
    pub(crate) fn finish<R>(self, result: Result<R>) -> Result<R> {
        result.map_err(|error| {
            T::slot().with_borrow_mut(|slot| match slot.as_mut().map(|slot| &mut slot.state) {
                Some(state @ State::Failed(_)) => match std::mem::replace(state, State::Taken) {
                    State::Failed(own) => own,
                    _ => error,
                },
                _ => error,
            })
        })
    }
}

impl<T: Offered> Drop for Offer<T> {
    fn drop(&mut self) {
        let own = T::slot().replace(self.outer.take());
        // Closes handles, when the slot is not borrowed any more.
        drop(own);
    }
}

/// What was left in a slot, if the wrapper has not taken it.
pub(crate) struct Leftover<T> {
    ticket: Ticket,
    offered: PhantomData<T>,
}

impl<T: Offered> Leftover<T> {
    pub(crate) fn take(self) -> Option<T> {
        take(self.ticket)
    }
}

/// Whether what is in the slot was taken: the unit that the wrapper answers with means nothing.
pub(crate) fn is_taken<T: Offered>() -> bool {
    T::slot().with_borrow(|slot| slot.as_ref().is_some_and(|slot| matches!(slot.state, State::Taken)))
}

/// Has a wrapper that `serialize` serializes answer the question.
pub(crate) fn ask(question: Question, serialize: impl FnOnce() -> Result<()>) -> Result<()> {
    match Offer::new(question) {
        Ok(_offer) => serialize(),
        Err(_) => serialize(),
    }
}

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
        if take::<Question>(self.ticket).is_some() {
            return self.wrapper.answer(serializer);
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
        match elements.next_element_seed(Elsewhere(PhantomData))? {
            Some(value) => Ok(value),
            None => Err(A::Error::invalid_length(0, &self)),
        }
    }
}

struct Elsewhere<R>(PhantomData<R>);

impl<'de, R: Read<'de>> DeserializeSeed<'de> for Elsewhere<R> {
    type Value = R;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<R, D::Error> {
        R::elsewhere(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use half::{bf16, f16};

    /// What `half` calls its types is known here, and is no promise of its.
    #[test]
    fn floats_of_half_are_known_by_their_names() {
        let (written, read) = (crate::to_vec(&[f16::ONE]), crate::from_slice::<f16>(&crate::to_vec(&0.5_f32).unwrap()));
        let others = (crate::to_vec(&[bf16::ONE]), crate::from_slice::<bf16>(&crate::to_vec(&0.5_f32).unwrap()));
        assert!(
            written.is_err()
                && others.0.is_err()
                && read.as_ref().is_ok_and(|read| *read == f16::from_f32(0.5))
                && others.1.as_ref().is_ok_and(|read| *read == bf16::from_f32(0.5)),
            "an upgrade of half renamed its newtypes: `is_half` in bridge.rs must know the new names, or their bits are written \
             as integers, and floats are no values for them: {read:?}, {:?}",
            others.1
        );
    }
}
