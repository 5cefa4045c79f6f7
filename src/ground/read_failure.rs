//! Reads that failed beneath libhdf5: known here until the call that caused them asks.
//!
//! libhdf5 does not pass on every failure of what it reads by. It may say that a chunk is not stored, or that an object has no
//! address. So whoever reads for it notes the failure, and the call gives that error, whatever came of it otherwise.

use std::cell::RefCell;

use crate::ground::error::{Error, ErrorKind, Result};

thread_local! {
    static NOTED: RefCell<Option<Error>> = const { RefCell::new(None) };
}

/// Takes note of the thread's first failure. Only what is read from afar fails so.
#[cold]
#[cfg(feature = "remote")]
pub(crate) fn note(error: Error) {
    NOTED.with_borrow_mut(|noted| {
        noted.get_or_insert(error);
    });
}

/// The failure that was noted, which stays so.
#[cold]
pub(crate) fn noted() -> Option<Error> {
    NOTED.with_borrow(|noted| noted.as_ref().map(Error::copy))
}

/// The failure that was noted, which is known no more then.
#[inline]
pub(crate) fn take() -> Option<Error> {
    NOTED.try_with(|noted| noted.borrow_mut().take()).ok().flatten()
}

/// What a call came to: the failure that was noted meanwhile, if there is one.
#[inline]
pub(crate) fn instead_of<R>(result: Result<R>) -> Result<R> {
    match take() {
        // An error that the failure caused has the place in the value.
        Some(error) => Err(match result {
            Err(found) if matches!(found.kind(), ErrorKind::Io | ErrorKind::Gone) => found,
            _ => error,
        }),
        None => result,
    }
}
