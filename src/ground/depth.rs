//! How deep a value is in the whole.

use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::limits::{Limits, MAX_DEPTH};
use crate::ground::stack::with_room;

/// A level of nesting. Sequences and options are one level, and what is directly in them is as deep as they are; but
/// for that, a struct, map, tuple or variant is a level, too.
///
/// So a tree of structs with lists, or boxed options, of such structs may have as many levels as the limit says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Depth {
    level: u32,
    most: u16,
    is_reading: bool,
    /// The value is directly in a sequence or option.
    shared: bool,
}

/// The start of what is written.
impl Default for Depth {
    fn default() -> Self {
        Self { level: 0, most: MAX_DEPTH as u16, is_reading: false, shared: false }
    }
}

impl Depth {
    /// The start of what is read.
    pub(crate) fn of_reading() -> Self {
        Self { level: 0, most: Limits::current().max_depth, is_reading: true, shared: false }
    }

    /// The depth of the elements of a sequence, or of what is in an option.
    #[inline]
    pub(crate) fn in_sequence(self) -> Result<Self> {
        Self { level: self.level + 1, shared: true, ..self }.check()
    }

    /// The depth of the parts of a struct, map, tuple or variant.
    #[inline]
    pub(crate) fn in_record(self) -> Result<Self> {
        Self { level: self.level + u32::from(!self.shared), shared: false, ..self }.check()
    }

    /// The depth of the fields of a variant, which with them is one level: `self` is that of its payload.
    #[inline]
    pub(crate) fn of_fields(self) -> Self {
        Self { shared: true, ..self }
    }

    /// The depth of a group that is a part of a stored sequence: of those there are some for each level of a value.
    pub(crate) fn in_group(self) -> Result<Self> {
        const GROUPS: u32 = 8;
        let level = self.level + 1;
        if level > GROUPS * u32::from(self.most) {
            Err(self.too_deep())
        } else {
            Ok(Self { level, shared: false, ..self })
        }
    }

    /// Goes on inside, with stack enough for the next levels: how much each takes is up to the user's types, too.
    ///
    /// A call begins with [as much](with_room), and every level looks whether there still is: to look takes a
    /// nanosecond, and in a program that is not optimised some levels take 100 KB each.
    #[inline]
    pub(crate) fn with_stack<R>(self, inside: impl FnOnce() -> R) -> R {
        with_room(inside)
    }

    /// Whether it is one of the levels at which elements that are read and written by short ways take the long one,
    /// which looks whether there is [stack enough](Self::with_stack).
    ///
    /// Two levels in a row of eight are, for not each of them comes to where it is asked.
    #[inline]
    pub(crate) fn may_be_short(self) -> bool {
        self.level & 6 == 6
    }

    #[inline]
    fn check(self) -> Result<Self> {
        if self.level > u32::from(self.most) { Err(self.too_deep()) } else { Ok(self) }
    }

    #[cold]
    fn too_deep(self) -> Error {
        let error = Error::new(ErrorKind::TooDeep, format!("the value nests deeper than {} levels", self.most));
        if self.is_reading { error.advised("`ReadOptions::max_depth` sets the limit") } else { error }
    }
}
