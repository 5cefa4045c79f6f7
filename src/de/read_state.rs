//! What one call of reading knows of the values that are [shared](crate::Shared) in it: what was read.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::LocalKey;

use crate::ground::call::{Call, CallState, Current};
use crate::ground::error::relay::ErrorRelay;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::ledger::Ledger;
use crate::ground::limits::Limits;
use crate::ground::time::StoredTimes;
use crate::h5::referred::Referred;
use crate::h5::{Group, Identity, Object, paths};

thread_local! {
    static READING: Current<ReadState> = const { RefCell::new(None) };
}

impl CallState for ReadState {
    fn current() -> &'static LocalKey<Current<Self>> {
        &READING
    }

    fn during<R>(state: &RefCell<Self>, inside: impl FnOnce() -> R) -> R {
        let (relay, ledger) = (state.borrow().relay.clone(), Rc::clone(&state.borrow().ledger));
        let _own = ledger.begin();
        // What it reads is no element of what another call reads.
        relay.during(|| StoredTimes::of_elements(None, || Limits::while_reading(inside)))
    }
}

/// What was read: by the object, and the type that it was read as.
#[derive(Default)]
pub(crate) struct ReadState {
    shared: HashMap<(Identity, TypeId), SharedValue>,
    /// What else is kept for the call.
    kept: Option<Box<dyn Any>>,
    /// Where the objects are of files that have references: by the root group of each.
    paths: HashMap<Identity, Rc<HashMap<Identity, Vec<String>>>>,
    /// The error of which text was made last.
    relay: ErrorRelay,
    /// What was made in memory.
    ledger: Rc<Ledger>,
}

enum SharedValue {
    Begun,
    Failed,
    /// An `Arc` of the type.
    Done(Box<dyn Any>),
}

impl Call<ReadState> {
    /// What is kept for the call, made by `make` when it is first asked for. There is one such thing.
    pub(crate) fn kept<T: Any + Clone>(&self, make: impl FnOnce() -> T) -> T {
        let kept = self.state().borrow().kept.as_ref().and_then(|kept| kept.downcast_ref::<T>().cloned());
        kept.unwrap_or_else(|| {
            let made = make();
            self.state().borrow_mut().kept = Some(Box::new(made.clone()));
            made
        })
    }

    /// Where the objects are of the file that has this root group, by what tells them from others.
    pub(crate) fn paths(&self, root: &Group) -> Result<Rc<HashMap<Identity, Vec<String>>>> {
        let identity = root.summary()?.identity;
        if let Some(known) = self.state().borrow().paths.get(&identity) {
            return Ok(Rc::clone(known));
        }
        let found = Rc::new(paths(root)?.into_iter().collect());
        self.state().borrow_mut().paths.insert(identity, Rc::clone(&found));
        Ok(found)
    }

    /// The value that the object is, read by `read` unless it was read before. That is told whether it was not tried
    /// before, either.
    pub(crate) fn read<T: ?Sized + 'static>(
        &self,
        object: Identity,
        read: impl FnOnce(bool) -> Result<Arc<T>>,
    ) -> Result<Arc<T>> {
        struct FailUnfinished<'a>(&'a Call<ReadState>, (Identity, TypeId));
        impl Drop for FailUnfinished<'_> {
            fn drop(&mut self) {
                let mut known = self.0.state().borrow_mut();
                if let Some(reading @ SharedValue::Begun) = known.shared.get_mut(&self.1) {
                    *reading = SharedValue::Failed;
                }
            }
        }
        let key = (object, TypeId::of::<T>());
        let before = self.state().borrow_mut().shared.insert(key, SharedValue::Begun);
        match before {
            Some(SharedValue::Begun) => {
                return Err(Error::new(ErrorKind::Cycle, "a shared value is in itself"));
            }
            Some(SharedValue::Done(value)) => {
                let known = value.downcast_ref::<Arc<T>>().cloned();
                self.state().borrow_mut().shared.insert(key, SharedValue::Done(value));
                return known.ok_or_else(|| Error::corrupt("a shared value of another type"));
            }
            Some(SharedValue::Failed) | None => {}
        }
        let _leave = FailUnfinished(self, key);
        let value = read(before.is_none())?;
        self.state().borrow_mut().shared.insert(key, SharedValue::Done(Box::new(Arc::clone(&value))));
        Ok(value)
    }
}

/// The attribute `name` of an object, if it is of a type that can be kept, with where its references lead to.
pub(crate) fn read_referred(object: &Object, name: &str) -> Result<Option<Referred>> {
    Referred::of(object, name, |root| Call::<ReadState>::current().paths(root))
}
