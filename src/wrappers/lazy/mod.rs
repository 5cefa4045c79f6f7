//! Values that are read when they are asked for: [`Lazy`], and maps of them, [`LazyMap`].

mod array;
mod map;

use std::fmt::{self, Debug, Display};
use std::sync::{Arc, OnceLock};

use serde::de::{DeserializeOwned, Deserializer};
use serde::ser::{Error as _, SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

pub use map::LazyMap;

use crate::de::{Deferred, Source, ValueDeserializer};
use crate::ground::error::{Error, Result};
use crate::ser::{Destination, Erased};
use crate::wrappers::bridge::{self, Read, Write};

/// A value that is read when it is asked for: reading a struct takes only a handle of the object that it is.
///
/// [`load`](Self::load) reads the value, [`get`](Self::get) reads it once and keeps it, [`into_inner`](Self::into_inner)
/// gives it out. Each reads all of it, as what [`from_group`](crate::from_group) would be asked for, and is a call of its
/// own. Of an array, [`slice`](Lazy::slice) reads a part.
///
/// ```
/// use filebacked::{Lazy, NdArray};
/// use ndarray::{Array2, Ix2, s};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Run { title: String, field: Lazy<NdArray<f64, Ix2>> }
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("run.h5");
/// let field = NdArray(Array2::from_elem((1000, 1000), 0.5));
/// filebacked::to_file(&path, &Run { title: "large".to_owned(), field: field.into() })?;
///
/// let run: Run = filebacked::from_file(&path)?;
/// assert_eq!(run.field.shape()?, [1000, 1000]);
/// assert_eq!(run.field.slice(s![17, ..10])?, ndarray::Array1::from_elem(10, 0.5));
/// assert!(!run.field.is_loaded());
/// assert_eq!(run.field.get()?.sum(), 500_000.0);
/// assert!(run.field.is_loaded());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # The file
///
/// What is not loaded keeps its file open by itself, also the memory of [`from_slice`](crate::from_slice), and also where
/// all other handles of it are closed, whatever they say of how it is closed. On Unix, the file can be replaced or removed
/// meanwhile: what was opened stays. ([`to_file`](crate::to_file) may write to the very file that its lazy values are in.)
/// Where it is gone all the same, as it was cut short, or closed by force through a raw handle, loading is an error that
/// says so ([`Gone`](crate::ErrorKind::Gone)). Others can open the file only as it is open already, for reading if
/// [`from_file`](crate::from_file) opened it; a `Lazy` that is dropped, or is given a value, holds it no more.
///
/// A `Lazy` may go to another thread, and be used by several at a time: `T` decides. libhdf5 reads for one of them at a time.
///
/// # Writing
///
/// A value that is in memory is written like any other. One that was never loaded is copied as the object that it is, by
/// `H5Ocopy`: its bytes do not become values, and never are in memory as a whole, and `T` is not asked. So also comes along
/// what `T` does not know: further children, attributes, chunks and compression. In the copy,
///
/// - several hard links to an object stay such, within the value; and values that are links to one object become links to
///   one copy, in one call;
/// - soft and external links are copied as they are, and lead on from where the copy is;
/// - references to objects hold within one file, and lead nowhere in another;
/// - strings of variable length are looked through, as libhdf5 does not come back from some damaged ones.
///
/// Where the options leave out something in it ([`skip`](crate::WriteOptions::skip), [`only`](crate::WriteOptions::only)), it
/// is read, and written as a value is.
///
/// The same lazy value gives the same bytes each time, and so does its copy; but libhdf5 puts the parts of what it copies
/// elsewhere in the file than values that are written have them.
///
/// # Where it is lazy
///
/// Wherever a value is an object: fields, entries of maps, options, payloads. In a sequence, each element is an object of
/// its own then (a group of the kind `list`). A `Lazy` is read at once where it is a part of a dataset, such as a column of
/// someone else's table, or is an attribute (a field renamed to `@name`), or where serde keeps the value before it knows
/// its type (untagged and internally tagged enums, `flatten`).
///
/// In other formats it is the value, loaded for that if need be. Two of them cannot be compared by `==`, as reading can fail.
pub struct Lazy<T> {
    value: OnceLock<T>,
    origin: Option<Origin<T>>,
}

/// Where a value is read from, and how.
struct Origin<T> {
    deferred: Arc<Deferred>,
    read: fn(&Deferred) -> Result<T>,
}

impl<T> Clone for Origin<T> {
    fn clone(&self) -> Self {
        Self { deferred: Arc::clone(&self.deferred), read: self.read }
    }
}

impl<T> Lazy<T> {
    /// A value that is in memory.
    pub fn new(value: T) -> Self {
        Self { value: OnceLock::from(value), origin: None }
    }

    /// A value that is read when it is asked for.
    fn of_origin(origin: Origin<T>) -> Self {
        Self { value: OnceLock::new(), origin: Some(origin) }
    }

    /// What is read where the value is not in memory.
    fn unloaded(&self) -> Option<&Origin<T>> {
        self.origin.as_ref().filter(|_| self.value.get().is_none())
    }

    fn read_value(&self) -> Result<T> {
        match &self.origin {
            Some(Origin { deferred, read }) => read(deferred),
            None => Err(Error::corrupt("a value that is nowhere")),
        }
    }

    /// Whether the value is in memory.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.value.get().is_some()
    }

    /// Reads the value, and does not keep it. One that is in memory is cloned.
    ///
    /// # Errors
    /// If the file is gone, or what is stored does not fit `T`.
    ///
    /// ```
    /// use filebacked::Lazy;
    ///
    /// let image = filebacked::to_vec(&[Lazy::new("one".to_owned()), Lazy::new("two".to_owned())])?;
    /// let words: Vec<Lazy<String>> = filebacked::from_slice(&image)?;
    /// assert_eq!(words[1].load()?, "two");
    /// assert!(!words[1].is_loaded());
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    pub fn load(&self) -> Result<T>
    where
        T: Clone,
    {
        self.value.get().map_or_else(|| self.read_value(), |value| Ok(value.clone()))
    }

    /// The value, which is read if it is not in memory, and is in memory then.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    ///
    /// ```
    /// let lazy: filebacked::Lazy<Vec<i32>> = filebacked::from_slice(&filebacked::to_vec(&[1, 2, 3])?)?;
    /// assert!(!lazy.is_loaded());
    /// assert_eq!(lazy.get()?.len(), 3); // reads
    /// assert_eq!(lazy.get()?.len(), 3); // does not read again
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    pub fn get(&self) -> Result<&T> {
        match self.value.get() {
            Some(value) => Ok(value),
            // It is read before the place for it is taken: who waits there may have the lock that reading needs.
            None => self.read_value().map(|value| self.value.get_or_init(|| value)),
        }
    }

    /// The value, to be changed. It is read if it is not in memory, and has nothing to do with the file from then on.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    ///
    /// ```
    /// # use filebacked::Lazy;
    /// # let mut words: Vec<Lazy<String>> = filebacked::from_slice(&filebacked::to_vec(&[Lazy::new("one".to_owned())])?)?;
    /// words[0].get_mut()?.push_str(" more");
    /// assert_eq!(words[0].load()?, "one more");
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    pub fn get_mut(&mut self) -> Result<&mut T> {
        if self.value.get().is_none() {
            let value = self.read_value()?;
            self.value = OnceLock::from(value);
        }
        self.origin = None;
        self.value.get_mut().ok_or_else(|| Error::corrupt("a value that is nowhere"))
    }

    /// Takes another value in place of the one that is stored, which is not read.
    ///
    /// ```
    /// let mut lazy: filebacked::Lazy<Vec<i32>> = filebacked::from_slice(&filebacked::to_vec(&[1, 2, 3])?)?;
    /// lazy.set(vec![4]);
    /// assert_eq!(lazy.into_inner()?, [4]);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    pub fn set(&mut self, value: T) {
        *self = Self::new(value);
    }

    /// The value, which is read if it is not in memory.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn into_inner(mut self) -> Result<T> {
        self.value.take().map_or_else(|| self.read_value(), Ok)
    }

    fn described(&self) -> String {
        match self.origin.as_ref().and_then(|origin| origin.deferred.words()) {
            Some(words) => format!("not loaded: {words}"),
            None => "not loaded".to_owned(),
        }
    }
}

impl<T> From<T> for Lazy<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Default> Default for Lazy<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

/// A clone of one that is not loaded is not loaded, and of the same object.
impl<T: Clone> Clone for Lazy<T> {
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), origin: self.origin.clone() }
    }
}

/// `Lazy(1.5)`, or `Lazy(not loaded: scalar `f64`)`.
impl<T: Debug> Debug for Lazy<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value.get() {
            Some(value) => f.debug_tuple("Lazy").field(value).finish(),
            None => write!(f, "Lazy({})", self.described()),
        }
    }
}

/// The value, or, in brackets, what is known of one that is not loaded.
impl<T: Display> Display for Lazy<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value.get() {
            Some(value) => Display::fmt(value, f),
            None => write!(f, "[{}]", self.described()),
        }
    }
}

impl<T: Serialize> Serialize for Lazy<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        bridge::serialize(self, serializer)
    }
}

/// The error for what could not be read while it was written elsewhere: it says where both are.
fn not_copied(error: Error) -> Error {
    let message = format!("a lazy value that is not loaded could not be copied: {error}");
    Error::new(error.kind(), message).caused_by(error)
}

impl<T: Serialize> Write for Lazy<T> {
    fn write(&self, destination: &Destination) -> Result<()> {
        match (self.unloaded(), self.value.get()) {
            (Some(origin), _) if origin.deferred.is_object() && destination.takes_copy() && !destination.selects() => {
                copy(&origin.deferred, destination)
            }
            (Some(_), _) => destination.put(&Erased(&self.read_value().map_err(not_copied)?)),
            (None, Some(value)) => destination.put(&Erased(value)),
            (None, None) => Err(Error::corrupt("a value that is nowhere")),
        }
    }

    fn elsewhere<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value.get() {
            Some(value) => value.serialize(serializer),
            None => self.read_value().map_err(S::Error::custom)?.serialize(serializer),
        }
    }

    fn answer<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.unloaded(), self.value.get()) {
            // What is stored tells as much as the value, which is not read for that.
            (Some(origin), _) if origin.deferred.has_names().map_err(S::Error::custom)? => name(serializer),
            (None, Some(value)) => value.serialize(serializer),
            _ => serializer.serialize_unit(),
        }
    }
}

/// Answers that there is something with a name.
fn name<S: Serializer>(serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_map(Some(0))?.end()
}

/// Copies what is kept to where it is written.
fn copy(deferred: &Deferred, destination: &Destination) -> Result<()> {
    deferred.during(|stored| destination.copy(&stored.object)).map_err(not_copied)
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Lazy<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        bridge::deserialize(deserializer)
    }
}

impl<'de, T: DeserializeOwned> Read<'de> for Lazy<T> {
    const EXPECTED: &'static str = "a lazy value";

    fn read(source: Source) -> Result<Self> {
        match source.keep()? {
            Ok(deferred) => Ok(Self::of_origin(Origin { deferred: Arc::new(deferred), read: Deferred::read::<T> })),
            Err(source) => Self::elsewhere(ValueDeserializer::of(&mut Some(source))),
        }
    }

    fn elsewhere<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::new)
    }
}
