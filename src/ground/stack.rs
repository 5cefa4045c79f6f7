//! Stack enough for values that nest, however short that of the thread is.

/// Bytes of stack that must be left for some levels, and what is added where they are not.
const MIN_LEFT: usize = 512 << 10;
const GROW_BY: usize = 2 << 20;

/// Calls `inside` with stack enough for some levels, however short that of the thread is.
#[inline]
pub(crate) fn with_room<R>(inside: impl FnOnce() -> R) -> R {
    if is_short() { on_long_stack(inside) } else { inside() }
}

fn is_short() -> bool {
    stacker::remaining_stack().is_none_or(|left| left < MIN_LEFT)
}

/// Apart from the code of the level, so that this stays small.
#[cold]
fn on_long_stack<R>(inside: impl FnOnce() -> R) -> R {
    stacker::maybe_grow(MIN_LEFT, GROW_BY, inside)
}
