//! What the options leave out: fields and entries that are skipped are not serialized.

use std::cell::RefCell;
use std::thread::LocalKey;

use super::any_value::{AnyElements, AnyValue};
use super::event::{Compound, CompoundSink, Event, SinkOnce};
use super::serializer::ValueSerializer;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::limits::MAX_DEPTH;
use crate::ground::wrapper_slot::{Offer, Offered, Slot, is_wrapper};
use crate::layout::path_rules::{Keep, RulePosition};

/// Whether the value of a field, or entry of a map, is left out.
#[inline]
pub(super) fn is_left_out(rules: &RulePosition, value: &dyn AnyValue) -> bool {
    !rules.is_nowhere() && is_left_out_at(rules, value)
}

#[inline(never)]
fn is_left_out_at(rules: &RulePosition, value: &dyn AnyValue) -> bool {
    match rules.keep() {
        Keep::Yes => false,
        Keep::No => true,
        // What has no fields or entries leads to none that is to be kept.
        Keep::OnTheWay => NameProbe { left: MAX_DEPTH + 1 }.look(value).is_ok(),
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
    fn look(self, value: &dyn AnyValue) -> Result<()> {
        match self.left.checked_sub(1) {
            Some(left) => value.write(ValueSerializer::telling(&mut Some(Self { left }))),
            None => Err(found()),
        }
    }
}

#[cold]
fn found() -> Error {
    Error::new(ErrorKind::Custom, "there is a name")
}

impl<'a> SinkOnce<'a> for NameProbe {
    fn event(self, event: Event<'_>) -> Result<()> {
        match event {
            Event::NewtypeStruct(name, value) if is_wrapper(name) => ask(NamesQuestion, || self.look(value)),
            Event::Some(value) | Event::NewtypeStruct(_, value) => self.look(value),
            Event::NewtypeVariant(..) => Err(found()),
            _ => Ok(()),
        }
    }

    fn begin(self, compound: Compound) -> Result<Box<dyn CompoundSink + 'a>> {
        match compound {
            Compound::Seq(_) | Compound::Tuple(_) => Ok(Box::new(self)),
            _ => Err(found()),
        }
    }

    fn collect(self, items: &mut dyn AnyElements) -> Result<()> {
        if items.contiguous().is_some() {
            return Ok(());
        }
        while let Some(item) = items.next() {
            self.look(item)?;
        }
        Ok(())
    }
}

impl CompoundSink for NameProbe {
    fn element(&mut self, value: &dyn AnyValue) -> Result<()> {
        self.look(value)
    }

    fn end(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

/// Asks a wrapper what there is in its value; see [`Write::answer`](crate::wrappers::bridge::Write::answer).
#[derive(Debug)]
pub(crate) struct NamesQuestion;

impl Offered for NamesQuestion {
    fn slot() -> &'static LocalKey<RefCell<Option<Slot<Self>>>> {
        thread_local! {
            static ASKING: RefCell<Option<Slot<NamesQuestion>>> = const { RefCell::new(None) };
        }
        &ASKING
    }
}

/// Has a wrapper that `serialize` serializes answer the question.
fn ask(question: NamesQuestion, serialize: impl FnOnce() -> Result<()>) -> Result<()> {
    match Offer::new(question) {
        Ok(_offer) => serialize(),
        Err(_) => serialize(),
    }
}
