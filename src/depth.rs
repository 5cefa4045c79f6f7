//! How deep a value is in the whole.

use crate::error::{Error, ErrorKind, Result};
use crate::format::MAX_DEPTH;
use crate::limits::Limits;

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
        Self { level: 0, most: Limits::current().depth, is_reading: true, shared: false }
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
    #[inline]
    pub(crate) fn with_stack<R>(self, inside: impl FnOnce() -> R) -> R {
        if self.level % 8 == 7 { on_long_stack(inside) } else { inside() }
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

/// Calls `inside` with stack enough for some levels, apart from the code of the level, so that this stays small.
#[cold]
fn on_long_stack<R>(inside: impl FnOnce() -> R) -> R {
    // Bytes that must be left for the levels until it is looked at again, and what is added where they are not.
    const LEFT: usize = 512 << 10;
    const MORE: usize = 2 << 20;
    stacker::maybe_grow(LEFT, MORE, inside)
}
