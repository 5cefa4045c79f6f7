//! What serde's methods do not tell a visitor, and the one of a type that takes anything is told all the same, if that type says
//! so: as an enum, which nothing that is read without a type is otherwise.

use std::any::TypeId;
use std::sync::OnceLock;

use super::deserializer::Ask;
use super::elements::{Elements, Label, Payload, TupleOf, Variant};
use super::visit::{Answer, Visit};
use crate::ground::error::Result;

/// The type that takes anything.
static TYPE: OnceLock<TypeId> = OnceLock::new();

/// Says that visitors that make a `T` take what is told here. There is one such type.
#[inline]
pub(crate) fn tell_all<T: 'static>() {
    TYPE.get_or_init(TypeId::of::<T>);
}

/// Whether a visitor makes the type that takes anything.
pub(super) fn is_dynamic(visit: &mut dyn Visit) -> bool {
    TYPE.get().is_some_and(|id| visit.look().room.is_for_type(*id))
}

/// Tells such a visitor of a tuple.
pub(super) fn visit_tuple(elements: Elements<'_>, visit: &mut dyn Visit) -> Result<()> {
    let mut tuple = Some(TupleOf(elements));
    tell(Label::Tuple, Some(Payload::Other(&mut tuple)), visit)
}

/// Tells such a visitor of a variant: its name, its number in the enum, and its payload.
pub(super) fn visit_variant(name: &str, number: u32, payload: &mut dyn Ask, visit: &mut dyn Visit) -> Result<()> {
    tell(Label::Told(name, number), Some(Payload::Other(payload)), visit)
}

/// The same of one without a payload.
pub(super) fn visit_name(name: &str, code: i128, visit: &mut dyn Visit) -> Result<()> {
    // Codes that are negative or large are no numbers of variants in serde.
    tell(Label::Told(name, code.try_into().unwrap_or(0)), None, visit)
}

/// Tells such a visitor of something that cannot be read, and why.
pub(super) fn visit_unreadable(why: &str, visit: &mut dyn Visit) -> Result<()> {
    tell(Label::Unreadable(why), None, visit)
}

fn tell<'a>(label: Label<'a>, payload: Option<Payload<'a>>, visit: &mut dyn Visit) -> Result<()> {
    visit.answer(Answer::Enum(Variant { label, link: "", payload }))
}
