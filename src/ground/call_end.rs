//! What is done when a thread's call is over: for what is kept as long as one lasts by those who know more than the limits of it.

use std::cell::Cell;

thread_local! {
    static AT_END: Cell<Option<fn()>> = const { Cell::new(None) };
}

/// Has `work` done when the thread's outermost call is over: one thing, however often that is asked for.
pub(crate) fn at_end(work: fn()) {
    AT_END.set(Some(work));
}

/// The thread's outermost call is over.
pub(crate) fn ended() {
    // A thread that comes to its end keeps nothing any more.
    if let Ok(Some(work)) = AT_END.try_with(Cell::take) {
        work();
    }
}
