//! Visitors whose code is known, as serde has or derives it: what they ask for can be given to them by a shorter way.

use std::any::type_name;
use std::cell::Cell;

use serde::de::Visitor;

use crate::storage::{self, Number, Table, Vector, is_strings};

/// Whether a struct whose fields are stored in the order in which they are asked for can be read as a sequence.
///
/// All visitors that serde derives take their fields either way; one written by hand may know only names.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// The last that asked, by its fields and the name of its visitor's type, and the answer.
    last: Cell<Option<(&'static [&'static str], &'static str, bool)>>,
}

impl Order {
    #[inline]
    pub(super) fn is_kept<'f, V>(
        &self,
        asked: &'static [&'static str],
        stored: impl ExactSizeIterator<Item = &'f str>,
    ) -> bool {
        let visitor = type_name::<V>();
        match self.last.get() {
            Some((fields, name, kept)) if std::ptr::eq(fields, asked) && std::ptr::eq(name, visitor) => kept,
            _ => {
                let kept = is_derived(visitor) && asked.len() == stored.len() && stored.eq(asked.iter().copied());
                self.last.set(Some((asked, visitor, kept)));
                kept
            }
        }
    }
}

/// Whether the name of a visitor's type is one that serde's derive gives.
fn is_derived(visitor: &str) -> bool {
    let generic = visitor.strip_suffix('>').and_then(|inner| {
        let mut open = 1;
        inner.char_indices().rev().find_map(|(at, char)| {
            open += i32::from(char == '>') - i32::from(char == '<');
            (open == 0).then(|| &inner[..at])
        })
    });
    let name = generic.unwrap_or(visitor);
    // Of a struct; and of the fields of a variant, whose visitor is within that of the enum.
    name.ends_with("::deserialize::__Visitor") || name.ends_with("::visit_enum::__Visitor")
}

/// How to make the vector that a visitor makes of numbers, if it is the one that serde has for vectors.
#[inline]
pub(super) fn vector_of<'de, V: Visitor<'de>>() -> Option<Vector<V::Value>> {
    Vector::of().filter(|_| is_serdes(type_name::<V>()))
}

/// How to make the vector of vectors that a visitor makes of rows of numbers, if it is the one that serde has for vectors.
#[inline]
pub(super) fn table_of<'de, V: Visitor<'de>>() -> Option<Table<V::Value>> {
    Table::of().filter(|_| is_serdes(type_name::<V>()))
}

/// The array that a visitor makes of `len` numbers of this type, which these bytes are, if it is the one that serde has for
/// arrays.
#[inline]
pub(super) fn array_of<'de, V: Visitor<'de>>(number: Number, len: usize, bytes: &[u8]) -> Option<V::Value> {
    if is_serdes(type_name::<V>()) { storage::array_of(number, len, bytes) } else { None }
}

/// Whether a visitor makes a vector of strings, and is the one that serde has for vectors.
#[inline]
pub(super) fn wants_strings<'de, V: Visitor<'de>>() -> bool {
    is_strings::<V::Value>() && is_serdes(type_name::<V>())
}

/// Whether the name of a visitor's type is that of one of serde's own, which take what is there as it is.
#[inline]
fn is_serdes(visitor: &str) -> bool {
    visitor.starts_with("serde_core::de::impls::") || visitor.starts_with("serde::de::impls::")
}
