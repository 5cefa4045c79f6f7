//! The thread's slots, in which something is left for a wrapper by the serializer or deserializer that meets it.
//!
//! Who takes something from the slot is whom it was left for: a wrapper takes a ticket, and says it to the (de)serializer
//! that it is handed to by way of the thread, as nothing else gets through something like `erased_serde` unchanged. What
//! is in the slot is of types of ours, which no document can forge.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::thread::LocalKey;

use crate::ground::error::{Error, Result};

/// The name of the newtype struct that a wrapper is. It is an identifier, as some formats write it.
pub(crate) static NAME: &str = "__filebacked_wrapper";

/// Whether a newtype struct of that name is a wrapper. The name mostly is known to the compiler.
#[inline(always)]
pub(crate) fn is_wrapper(name: &'static str) -> bool {
    std::ptr::eq(name, NAME) || name == NAME
}

/// What tells a wrapper that is being serialized, or deserialized, from all others of the thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

impl Ticket {
    /// A new ticket, said to the serializer or deserializer that is called next.
    pub(crate) fn announced() -> Self {
        let ticket = LAST.get().wrapping_add(1);
        LAST.set(ticket);
        ANNOUNCED.set(Some(Self(ticket)));
        Self(ticket)
    }
}

/// Does something of a user's that comes in between, before the wrapper that has announced itself is met.
pub(crate) fn outside_wrapper<R>(inside: impl FnOnce() -> R) -> R {
    struct RestoreTicket(Option<Ticket>);
    impl Drop for RestoreTicket {
        fn drop(&mut self) {
            ANNOUNCED.set(self.0);
        }
    }
    let _back = RestoreTicket(ANNOUNCED.take());
    inside()
}

/// What is left for a wrapper, and what became of it.
#[derive(Debug)]
pub(crate) struct Slot<T> {
    ticket: Ticket,
    state: SlotState<T>,
}

#[derive(Debug)]
enum SlotState<T> {
    Offered(T),
    Taken,
    /// It was taken, and what was done with it failed. Errors of other types than ours say less.
    Failed(Error),
}

thread_local! {
    static LAST: Cell<u64> = const { Cell::new(0) };
    static ANNOUNCED: Cell<Option<Ticket>> = const { Cell::new(None) };
}

/// What can be left for a wrapper.
pub(crate) trait Offered: Sized + 'static {
    /// The thread's slot for it.
    fn slot() -> &'static LocalKey<RefCell<Option<Slot<Self>>>>;
}

/// Takes what was left for the wrapper with that ticket.
pub(crate) fn take<T: Offered>(ticket: Ticket) -> Option<T> {
    T::slot().with_borrow_mut(|slot| {
        let slot = slot.as_mut().filter(|slot| slot.ticket == ticket && matches!(slot.state, SlotState::Offered(_)))?;
        match std::mem::replace(&mut slot.state, SlotState::Taken) {
            SlotState::Offered(offered) => Some(offered),
            _ => None,
        }
    })
}

/// Leaves the error of what was done with what was taken; returns it in the words of another format.
pub(crate) fn failed<T: Offered>(ticket: Ticket, error: Error) -> String {
    let message = error.to_string();
    T::slot().with_borrow_mut(|slot| {
        if let Some(slot) = slot.as_mut().filter(|slot| slot.ticket == ticket) {
            slot.state = SlotState::Failed(error);
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
        let outer = T::slot().replace(Some(Slot { ticket, state: SlotState::Offered(offered) }));
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
                Some(state @ SlotState::Failed(_)) => match std::mem::replace(state, SlotState::Taken) {
                    SlotState::Failed(own) => own,
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
    T::slot().with_borrow(|slot| slot.as_ref().is_some_and(|slot| matches!(slot.state, SlotState::Taken)))
}
