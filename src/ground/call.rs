//! What one call of writing or reading knows of the values that are [shared](crate::Shared) in it, and of stored objects
//! that are copied: what was written, and what was read.
//!
//! It is the thread's as long as something is done for the call. A call within another, as a codec may make, has its own.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::LocalKey;

use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::limits::Limits;
use crate::h5::referred::Referred;
use crate::h5::{Group, Identity, Object, paths};

/// What a call knows.
pub(crate) struct Call<T>(Rc<RefCell<T>>);

type Current<T> = RefCell<Option<Rc<RefCell<T>>>>;

thread_local! {
    static WRITING: Current<Written> = const { RefCell::new(None) };
    static READING: Current<Known> = const { RefCell::new(None) };
}

/// What calls of one sort know.
pub(crate) trait Knowledge: Default + 'static {
    fn current() -> &'static LocalKey<Current<Self>>;

    /// Does something with the limits that calls of the sort have.
    fn limited<R>(inside: impl FnOnce() -> R) -> R;
}

impl Knowledge for Written {
    fn current() -> &'static LocalKey<Current<Self>> {
        &WRITING
    }

    fn limited<R>(inside: impl FnOnce() -> R) -> R {
        Limits::while_writing(inside)
    }
}

impl Knowledge for Known {
    fn current() -> &'static LocalKey<Current<Self>> {
        &READING
    }

    fn limited<R>(inside: impl FnOnce() -> R) -> R {
        Limits::while_reading(inside)
    }
}

/// Makes the call from before the thread's again when dropped, however that comes about.
struct Back<T: Knowledge>(Option<Rc<RefCell<T>>>);

impl<T: Knowledge> Drop for Back<T> {
    fn drop(&mut self) {
        drop(T::current().replace(self.0.take()));
    }
}

impl<T: Knowledge> Call<T> {
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
        let _back = Back(T::current().replace(Some(Rc::clone(&self.0))));
        T::limited(inside)
    }
}

/// Tells a shared value that is written from others.
type Value = (*const (), TypeId);

/// What was written.
#[derive(Default)]
pub(crate) struct Written {
    values: HashMap<Value, Entry>,
    /// Copies of stored objects to which several links lead.
    copies: HashMap<Identity, Rc<Object>>,
    /// A value that is to be given attributes was copied, with those that it had.
    has_copied: bool,
    /// Attributes whose references are to lead to what is written, once all of it is.
    referring: Vec<Referring>,
}

/// An attribute whose references are null as yet.
pub(crate) struct Referring {
    pub(crate) object: Arc<Object>,
    pub(crate) name: String,
    pub(crate) attribute: Arc<Referred>,
}

struct Entry {
    /// Keeps the value, so that none comes to be in its place.
    _value: Box<dyn Any>,
    is_being_written: bool,
    /// The objects that it is, and for how many `Some` directly around it each is good, if not for any.
    objects: Vec<(Option<usize>, Rc<Object>)>,
}

impl Call<Written> {
    /// The object that `value` is, with so many `Some` directly around it.
    pub(crate) fn object<T: ?Sized + 'static>(&self, value: &Arc<T>, somes: usize) -> Option<Rc<Object>> {
        let written = self.0.borrow();
        let objects = &written.values.get(&key(value))?.objects;
        let object = objects.iter().find(|(only, _)| only.is_none_or(|only| only == somes));
        object.map(|(_, object)| Rc::clone(object))
    }

    /// Takes note of the object that `value` is.
    pub(crate) fn add<T: ?Sized + 'static>(&self, value: &Arc<T>, only: Option<usize>, object: Object) {
        if let Some(entry) = self.0.borrow_mut().values.get_mut(&key(value)) {
            entry.objects.push((only, Rc::new(object)));
        }
    }

    /// Writes `value` by `write`, unless that is in it.
    pub(crate) fn write<T: ?Sized + 'static>(
        &self,
        value: &Arc<T>,
        write: &mut dyn FnMut() -> Result<()>,
    ) -> Result<()> {
        self.write_entry(key(value), &|| Box::new(Arc::clone(value)), write)
    }

    /// Writes the value of that key by `write`; `keep` gives what keeps it.
    fn write_entry(
        &self,
        key: Value,
        keep: &dyn Fn() -> Box<dyn Any>,
        write: &mut dyn FnMut() -> Result<()>,
    ) -> Result<()> {
        struct Leave<'a>(&'a Call<Written>, Value);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                if let Some(entry) = self.0.0.borrow_mut().values.get_mut(&self.1) {
                    entry.is_being_written = false;
                }
            }
        }
        let was_being_written = {
            let mut written = self.0.borrow_mut();
            let entry = written.values.entry(key).or_insert_with(|| Entry {
                _value: keep(),
                is_being_written: false,
                objects: Vec::new(),
            });
            std::mem::replace(&mut entry.is_being_written, true)
        };
        if was_being_written {
            return Err(Error::new(ErrorKind::Cycle, "a shared value is in itself, and cannot be written without end"));
        }
        let _leave = Leave(self, key);
        write()
    }

    /// The copy that was made of a stored object.
    pub(crate) fn copy_of(&self, object: Identity) -> Option<Rc<Object>> {
        self.0.borrow().copies.get(&object).cloned()
    }

    /// Takes note of a copy of a stored object.
    pub(crate) fn add_copy(&self, object: Identity, copy: Object) {
        self.0.borrow_mut().copies.insert(object, Rc::new(copy));
    }

    /// Takes note of an attribute whose references are to be written later.
    pub(crate) fn refer_later(&self, referring: Referring) {
        self.0.borrow_mut().referring.push(referring);
    }

    /// The attributes that were taken note of.
    pub(crate) fn take_referring(&self) -> Vec<Referring> {
        std::mem::take(&mut self.0.borrow_mut().referring)
    }

    /// Says whether a value that is to be given attributes was copied; returns what was said last.
    pub(crate) fn set_copied(&self, copied: bool) -> bool {
        std::mem::replace(&mut self.0.borrow_mut().has_copied, copied)
    }
}

fn key<T: ?Sized + 'static>(value: &Arc<T>) -> Value {
    (Arc::as_ptr(value).cast(), TypeId::of::<T>())
}

/// What was read: by the object, and the type that it was read as.
#[derive(Default)]
pub(crate) struct Known {
    shared: HashMap<(Identity, TypeId), Reading>,
    /// What else is kept for the call.
    kept: Option<Box<dyn Any>>,
    /// Where the objects are of files that have references: by the root group of each.
    paths: HashMap<Identity, Rc<HashMap<Identity, Vec<String>>>>,
    /// The error of the call that was made text of last.
    shown: Option<Error>,
}

enum Reading {
    Begun,
    Failed,
    /// An `Arc` of the type.
    Done(Box<dyn Any>),
}

impl Call<Known> {
    /// Takes note of an error of which text is made while the thread's call goes on: by another format, as which what is
    /// read is written at once, it comes back as that text from each level that it goes through.
    pub(crate) fn show(error: &Error) {
        let known = READING.try_with(|call| call.try_borrow().ok()?.clone());
        if let Some(known) = known.ok().flatten()
            && let Ok(mut known) = known.try_borrow_mut()
            && let Some(error) = error.on_its_way()
        {
            known.shown = Some(error);
        }
    }

    /// The error of the thread's call that was made text of last, if it is that which is looked for.
    pub(crate) fn shown(is_it: impl FnOnce(&Error) -> bool) -> Option<Error> {
        let known = READING.try_with(|call| call.try_borrow().ok()?.clone()).ok().flatten()?;
        let shown = known.try_borrow_mut().ok()?.shown.take()?;
        is_it(&shown).then_some(shown)
    }

    /// What is kept for the call, made by `make` when it is first asked for. There is one such thing.
    pub(crate) fn kept<T: Any + Clone>(&self, make: impl FnOnce() -> T) -> T {
        let kept = self.0.borrow().kept.as_ref().and_then(|kept| kept.downcast_ref::<T>().cloned());
        kept.unwrap_or_else(|| {
            let made = make();
            self.0.borrow_mut().kept = Some(Box::new(made.clone()));
            made
        })
    }

    /// Where the objects are of the file that has this root group, by what tells them from others.
    pub(crate) fn paths(&self, root: &Group) -> Result<Rc<HashMap<Identity, Vec<String>>>> {
        let identity = root.about()?.identity;
        if let Some(known) = self.0.borrow().paths.get(&identity) {
            return Ok(Rc::clone(known));
        }
        let found = Rc::new(paths(root)?.into_iter().collect());
        self.0.borrow_mut().paths.insert(identity, Rc::clone(&found));
        Ok(found)
    }

    /// The value that the object is, read by `read` unless it was read before. That is told whether it was not tried
    /// before, either.
    pub(crate) fn read<T: ?Sized + 'static>(
        &self,
        object: Identity,
        read: impl FnOnce(bool) -> Result<Arc<T>>,
    ) -> Result<Arc<T>> {
        struct Leave<'a>(&'a Call<Known>, (Identity, TypeId));
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                let mut known = self.0.0.borrow_mut();
                if let Some(reading @ Reading::Begun) = known.shared.get_mut(&self.1) {
                    *reading = Reading::Failed;
                }
            }
        }
        let key = (object, TypeId::of::<T>());
        let before = self.0.borrow_mut().shared.insert(key, Reading::Begun);
        match before {
            Some(Reading::Begun) => {
                return Err(Error::new(ErrorKind::Cycle, "a shared value is in itself"));
            }
            Some(Reading::Done(value)) => {
                let known = value.downcast_ref::<Arc<T>>().cloned();
                self.0.borrow_mut().shared.insert(key, Reading::Done(value));
                return known.ok_or_else(|| Error::corrupt("a shared value of another type"));
            }
            Some(Reading::Failed) | None => {}
        }
        let _leave = Leave(self, key);
        let value = read(before.is_none())?;
        self.0.borrow_mut().shared.insert(key, Reading::Done(Box::new(Arc::clone(&value))));
        Ok(value)
    }
}
