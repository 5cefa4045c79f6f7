//! Values that stand in more than one place, and are stored once.

use std::fmt::{self, Display};
use std::ops::Deref;
use std::sync::Arc;

use serde::de::{DeserializeOwned, Deserializer};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::de::read_state::ReadState;
use crate::de::{Source, ValueDeserializer};
use crate::ground::call::Call;
use crate::ground::error::Result;
use crate::ser::write_state::WriteState;
use crate::ser::{Destination, Erased};
use crate::wrappers::bridge::{self, Read, Write};

/// A value that stands in more than one place, stored once: all further mentions are hard links to the same object.
///
/// Within one call ([`to_file`](crate::to_file), [`write`](crate::write()), ...) an [`Arc`] is written where it is met first.
/// Wherever it, or a clone of it, is met again, that is a link. Reading gives the same `Arc` for the same object, within one
/// call again. Values that are merely equal are not taken together.
///
/// A link is as good as the object itself, to any HDF5 tool, and takes some bytes. So a mesh that a thousand states refer
/// to is on the disk once, and in memory once when it is read.
///
/// ```
/// use std::sync::Arc;
/// use filebacked::Shared;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, PartialEq, Debug)]
/// struct Mesh { points: Vec<[f64; 3]> }
///
/// #[derive(Serialize, Deserialize, PartialEq, Debug)]
/// struct State { time: f64, mesh: Shared<Mesh> }
///
/// let mesh = Shared::from(Mesh { points: vec![[0.0; 3]; 100_000] });
/// let states: Vec<State> = (0..100).map(|step| State { time: 0.5 * f64::from(step), mesh: mesh.clone() }).collect();
/// let image = filebacked::to_vec(&states)?;
/// assert!(image.len() < 3_000_000);
///
/// let back: Vec<State> = filebacked::from_slice(&image)?;
/// assert_eq!(back, states);
/// assert!(Arc::ptr_eq(&back[0].mesh.0, &back[99].mesh.0));
/// # Ok::<(), filebacked::Error>(())
/// ```
///
/// # Where it shares
///
/// Anywhere in a value, also in sequences (each element is a link then), options, maps, payloads of enums, within other
/// shared values and other wrappers. It is written as the value itself, without a link,
///
/// - as an attribute (a field renamed to `@name`),
/// - in [`WithAttrs`](crate::WithAttrs) and [`Target::put`](crate::codec::Target::put), whose attributes would be those of
///   all mentions: `Shared<WithAttrs<T, A>>` shares both,
/// - as the root of a file or group, which is one already,
/// - in a call of its own, such as a codec may make.
///
/// A mention as another type (`Shared<[f64]>` and `Shared<Vec<f64>>`) is another value, written or read by itself. What
/// serde holds back before it knows the type (untagged and internally tagged enums, `flatten`) is written as links, and read
/// as a value each.
///
/// # Cycles
///
/// An `Arc` with a `Mutex` or such in it can come to hold itself. Writing that is an error
/// ([`Cycle`](crate::ErrorKind::Cycle)), as is reading a file with such links.
///
/// # Other formats
///
/// There it is the value, each time, as serde's feature `rc` has an `Arc`.
///
/// # Why `Arc`
///
/// What is read must be owned by all who mention it, and may go to other threads, as any other value can. Counting by an
/// `Rc` would be faster by nothing that shows beside the reading of an object. A plain `Arc` field (serde's feature `rc`) is
/// written as a value each time: this type says where one is meant to be shared.
///
/// The `Arc` is all that it is, so its field is public.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shared<T: ?Sized>(pub Arc<T>);

impl<T: ?Sized> Clone for Shared<T> {
    /// A further mention of the same value.
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: ?Sized> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: ?Sized> AsRef<T> for Shared<T> {
    fn as_ref(&self) -> &T {
        &self.0
    }
}

impl<T: ?Sized + Display> Display for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Self(Arc::new(value))
    }
}

impl<T: ?Sized> From<Arc<T>> for Shared<T> {
    fn from(value: Arc<T>) -> Self {
        Self(value)
    }
}

impl<T: ?Sized + Serialize + 'static> Serialize for Shared<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        bridge::serialize(self, serializer)
    }
}

impl<T: ?Sized + Serialize + 'static> Write for Shared<T> {
    fn write(&self, destination: &Destination) -> Result<()> {
        let call = Call::<WriteState>::current();
        let takes_link = destination.takes_link();
        if takes_link && let Some(object) = call.object(&self.0, destination.option_depth()) {
            return destination.link_to(&object);
        }
        call.write(&self.0, &mut || destination.put(&Erased(&*self.0)))?;
        if takes_link {
            let (object, only) = destination.written()?;
            call.add(&self.0, only, object);
        }
        Ok(())
    }

    fn elsewhere<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (*self.0).serialize(serializer)
    }

    fn answer<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (*self.0).serialize(serializer)
    }
}

impl<'de, T: ?Sized + 'static> Deserialize<'de> for Shared<T>
where
    Box<T>: DeserializeOwned,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        bridge::deserialize(deserializer)
    }
}

impl<'de, T: ?Sized + 'static> Read<'de> for Shared<T>
where
    Box<T>: DeserializeOwned,
{
    const EXPECTED: &'static str = "a shared value";

    fn read(source: Source) -> Result<Self> {
        let (source, object) = source.identified()?;
        let Some(object) = object else { return Self::elsewhere(ValueDeserializer::of(&mut Some(source))) };
        let call = Call::<ReadState>::current();
        let read = |is_first| {
            let source = if is_first { source.once() } else { source };
            call.during(|| Self::elsewhere(ValueDeserializer::of(&mut Some(source)))).map(|shared| shared.0)
        };
        call.read(object, read).map(Self)
    }

    fn elsewhere<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<T>::deserialize(deserializer).map(|value| Self(value.into()))
    }
}
