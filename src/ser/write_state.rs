//! What one call of writing knows of the values that are [shared](crate::Shared) in it, and of stored objects that are copied.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::LocalKey;

use crate::ground::call::{Call, CallState, Current};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::limits::Limits;
use crate::h5::referred::{Referred, Referring, settle};
use crate::h5::{Group, Identity, Object};

thread_local! {
    static WRITING: Current<WriteState> = const { RefCell::new(None) };
}

impl CallState for WriteState {
    fn current() -> &'static LocalKey<Current<Self>> {
        &WRITING
    }

    fn during<R>(_: &RefCell<Self>, inside: impl FnOnce() -> R) -> R {
        Limits::while_writing(inside)
    }
}

/// Tells a shared value that is written from others.
type ValueIdentity = (*const (), TypeId);

/// What was written.
#[derive(Default)]
pub(crate) struct WriteState {
    values: HashMap<ValueIdentity, WrittenValue>,
    /// Copies of stored objects to which several links lead.
    copies: HashMap<Identity, Rc<Object>>,
    /// A value that is to be given attributes was copied, with those that it had.
    has_copied: bool,
    /// Attributes whose references are to lead to what is written, once all of it is.
    referring: Vec<Referring>,
}

struct WrittenValue {
    /// Keeps the value, so that none comes to be in its place.
    _value: Box<dyn Any>,
    is_being_written: bool,
    /// The objects that it is, and for how many `Some` directly around it each is good, if not for any.
    objects: Vec<(Option<usize>, Rc<Object>)>,
}

impl Call<WriteState> {
    /// The object that `value` is, with so many `Some` directly around it.
    pub(crate) fn object<T: ?Sized + 'static>(&self, value: &Arc<T>, option_depth: usize) -> Option<Rc<Object>> {
        let written = self.state().borrow();
        let objects = &written.values.get(&key(value))?.objects;
        let object = objects.iter().find(|(only, _)| only.is_none_or(|only| only == option_depth));
        object.map(|(_, object)| Rc::clone(object))
    }

    /// Takes note of the object that `value` is.
    pub(crate) fn add<T: ?Sized + 'static>(&self, value: &Arc<T>, only: Option<usize>, object: Object) {
        if let Some(entry) = self.state().borrow_mut().values.get_mut(&key(value)) {
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
        key: ValueIdentity,
        keep: &dyn Fn() -> Box<dyn Any>,
        write: &mut dyn FnMut() -> Result<()>,
    ) -> Result<()> {
        struct RemoveUnfinished<'a>(&'a Call<WriteState>, ValueIdentity);
        impl Drop for RemoveUnfinished<'_> {
            fn drop(&mut self) {
                if let Some(entry) = self.0.state().borrow_mut().values.get_mut(&self.1) {
                    entry.is_being_written = false;
                }
            }
        }
        let was_being_written = {
            let mut written = self.state().borrow_mut();
            let entry = written.values.entry(key).or_insert_with(|| WrittenValue {
                _value: keep(),
                is_being_written: false,
                objects: Vec::new(),
            });
            std::mem::replace(&mut entry.is_being_written, true)
        };
        if was_being_written {
            return Err(Error::new(ErrorKind::Cycle, "a shared value is in itself, and cannot be written without end"));
        }
        let _leave = RemoveUnfinished(self, key);
        write()
    }

    /// The copy that was made of a stored object.
    pub(crate) fn copy_of(&self, object: Identity) -> Option<Rc<Object>> {
        self.state().borrow().copies.get(&object).cloned()
    }

    /// Takes note of a copy of a stored object.
    pub(crate) fn add_copy(&self, object: Identity, copy: Object) {
        self.state().borrow_mut().copies.insert(object, Rc::new(copy));
    }

    /// Writes an attribute to an object. Its references are null until they are [settled](Self::settle).
    pub(crate) fn write_referred(&self, attribute: &Arc<Referred>, object: &Arc<Object>, name: &str) -> Result<()> {
        if attribute.write(object, name)? {
            let (object, name, attribute) = (object.clone(), name.to_owned(), attribute.clone());
            self.state().borrow_mut().referring.push(Referring { object, name, attribute });
        }
        Ok(())
    }

    /// Has the references of attributes that the call wrote lead to what it wrote in `root`; those to anything else stay null.
    pub(crate) fn settle(&self, root: &Group) -> Result<()> {
        let referring = std::mem::take(&mut self.state().borrow_mut().referring);
        settle(&referring, root)
    }

    /// Says whether a value that is to be given attributes was copied; returns what was said last.
    pub(crate) fn set_copied(&self, copied: bool) -> bool {
        std::mem::replace(&mut self.state().borrow_mut().has_copied, copied)
    }
}

fn key<T: ?Sized + 'static>(value: &Arc<T>) -> ValueIdentity {
    (Arc::as_ptr(value).cast(), TypeId::of::<T>())
}
