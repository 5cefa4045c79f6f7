//! One error on its way through another format: as which what is read is written at once, it comes back as text from each
//! level that it goes through.

use std::cell::RefCell;
use std::rc::Rc;

use super::Error;

/// The error of which text was made last while a call went on.
#[derive(Clone, Default)]
pub(crate) struct ErrorRelay(Rc<RefCell<Option<Error>>>);

thread_local! {
    static CURRENT: RefCell<Option<ErrorRelay>> = const { RefCell::new(None) };
}

/// Makes the relay from before the thread's again when dropped.
struct RestoreRelay(Option<ErrorRelay>);

impl Drop for RestoreRelay {
    fn drop(&mut self) {
        drop(CURRENT.replace(self.0.take()));
    }
}

impl ErrorRelay {
    /// Has it be the thread's while something is done.
    pub(crate) fn during<R>(&self, inside: impl FnOnce() -> R) -> R {
        let _back = RestoreRelay(CURRENT.replace(Some(self.clone())));
        inside()
    }

    /// The thread's, if it has one.
    fn current() -> Option<Self> {
        CURRENT.try_with(|relay| relay.try_borrow().ok()?.clone()).ok().flatten()
    }
}

/// Takes note of an error of which text is made.
pub(super) fn show(error: &Error) {
    if let Some(relay) = ErrorRelay::current()
        && let Ok(mut shown) = relay.0.try_borrow_mut()
        && let Some(error) = error.on_its_way()
    {
        *shown = Some(error);
    }
}

/// The error of which text was made last, if it is that which is looked for.
pub(super) fn shown(is_it: impl FnOnce(&Error) -> bool) -> Option<Error> {
    let shown = ErrorRelay::current()?.0.try_borrow_mut().ok()?.take()?;
    is_it(&shown).then_some(shown)
}
