//! Whether the thread has libhdf5's lock: known here, as it is asked for also by those who know nothing of libhdf5.

use std::cell::Cell;

thread_local! {
    static IS_HELD: Cell<bool> = const { Cell::new(false) };
}

/// Whether the thread does something under the library's lock: no place for what a user wants done.
#[inline]
pub(crate) fn is_held() -> bool {
    IS_HELD.get()
}

/// The thread has the lock as long as this is there.
pub(crate) struct Holding(());

impl Holding {
    #[inline]
    pub(crate) fn new() -> Self {
        IS_HELD.set(true);
        Self(())
    }
}

impl Drop for Holding {
    #[inline]
    fn drop(&mut self) {
        IS_HELD.set(false);
    }
}
