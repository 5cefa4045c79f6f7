//! What one call of writing or reading knows.
//!
//! It is the thread's as long as something is done for the call. A call within another, as a codec may make, has its own.

use std::cell::RefCell;
use std::rc::Rc;
use std::thread::LocalKey;

/// A call, by what is known in it.
pub(crate) struct Call<T>(Rc<RefCell<T>>);

/// The call that the thread does something for.
pub(crate) type Current<T> = RefCell<Option<Rc<RefCell<T>>>>;

/// What calls of one sort know.
pub(crate) trait CallState: Default + 'static {
    fn current() -> &'static LocalKey<Current<Self>>;

    /// Does something for the call that knows this, with the limits that calls of the sort have.
    fn during<R>(state: &RefCell<Self>, inside: impl FnOnce() -> R) -> R;
}

/// Makes the call from before the thread's again when dropped, however that comes about.
struct RestoreCall<T: CallState>(Option<Rc<RefCell<T>>>);

impl<T: CallState> Drop for RestoreCall<T> {
    fn drop(&mut self) {
        drop(T::current().replace(self.0.take()));
    }
}

impl<T: CallState> Call<T> {
    /// A call that knows nothing yet.
    pub(crate) fn new() -> Self {
        Self(Rc::default())
    }

    /// The call that something is done for, or a new one.
    pub(crate) fn current() -> Self {
        T::current().with_borrow(|call| call.clone()).map_or_else(Self::new, Self)
    }

    /// Does something for the call.
    pub(crate) fn during<R>(&self, inside: impl FnOnce() -> R) -> R {
        let _back = RestoreCall(T::current().replace(Some(Rc::clone(&self.0))));
        T::during(&self.0, inside)
    }

    /// What is known in it. No user's code may run as long as it is borrowed.
    pub(crate) fn state(&self) -> &RefCell<T> {
        &self.0
    }
}
