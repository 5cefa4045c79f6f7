//! Types that write and read their own group or dataset, by means of the [`hdf5`] crate.
//!
//! A type that wants chunks, a filter, attributes, a reference or a layout that others prescribe implements [`Codec`], and
//! then stands anywhere in a value: in [`Coded`], or in a field with `#[serde(with = "filebacked::codec")]`.
//!
//! ```
//! use filebacked::codec::{Codec, Stored, Target};
//! use serde::{Deserialize, Serialize};
//!
//! /// Grey values, compressed in tiles.
//! #[derive(PartialEq, Debug)]
//! struct Image { pixels: ndarray::Array2<u8>, exposure: f64 }
//!
//! impl Codec for Image {
//!     fn write(&self, target: &Target<'_>) -> filebacked::Result<()> {
//!         let builder = target.new_dataset::<u8>().chunk((16, 16)).shape(self.pixels.dim());
//!         let dataset = builder.create(target.name())?;
//!         dataset.write(&self.pixels)?;
//!         dataset.new_attr::<f64>().create("exposure")?.write_scalar(&self.exposure)?;
//!         Ok(())
//!     }
//!
//!     fn read(stored: &Stored) -> filebacked::Result<Self> {
//!         let dataset = stored.dataset()?;
//!         Ok(Self { pixels: dataset.read_2d()?, exposure: dataset.attr("exposure")?.read_scalar()? })
//!     }
//! }
//!
//! #[derive(Serialize, Deserialize, PartialEq, Debug)]
//! struct Shot {
//!     number: u32,
//!     #[serde(with = "filebacked::codec")]
//!     image: Image,
//! }
//!
//! let shot = Shot { number: 7, image: Image { pixels: ndarray::Array2::eye(32), exposure: 0.125 } };
//! let image = filebacked::to_vec(&shot)?;
//! assert_eq!(filebacked::from_slice::<Shot>(&image)?, shot);
//! # Ok::<(), filebacked::Error>(())
//! ```

use std::cell::OnceCell;

use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde::ser::{Error as _, Serializer};
use serde::{Deserialize, Serialize};

use crate::de;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::{Group, Object};
use crate::ser::{Destination, Erased};
use crate::wrappers::bridge::{self, Read, Write};

/// A type that writes and reads its own HDF5 object. See the [module](self) for an example.
///
/// Each value costs an object or more, also in sequences, which become a group of the kind `list` with a child for each
/// element.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not write and read itself by the `hdf5` crate",
    label = "expected a type that implements `filebacked::Codec`",
    note = "implement `Codec` for it; in lists, maps, options and payloads, wrap each: `Vec<Coded<T>>`, without `with`"
)]
pub trait Codec: Sized {
    /// Writes the value as one group, or as one dataset.
    ///
    /// # Errors
    /// Whatever goes wrong. Nothing of the whole value is linked into the file then.
    fn write(&self, target: &Target<'_>) -> Result<()>;

    /// Reads what [`write`](Self::write) wrote.
    ///
    /// # Errors
    /// If what is stored is no such value.
    fn read(stored: &Stored) -> Result<Self>;

    /// Serializes the value to another format than HDF5: an error, unless a type says otherwise.
    ///
    /// A type that implements `Serialize` by itself calls that.
    ///
    /// # Errors
    /// Those of the other format.
    ///
    /// ```
    /// use filebacked::codec::{Codec, Coded, Stored, Target};
    /// use serde::{Deserialize, Deserializer, Serialize, Serializer};
    ///
    /// /// Metres, stored in millimetres; in other formats a number.
    /// #[derive(PartialEq, Debug)]
    /// struct Metres(f64);
    ///
    /// impl Codec for Metres {
    ///     fn write(&self, target: &Target<'_>) -> filebacked::Result<()> {
    ///         target.put(&((self.0 * 1e3).round() as i64))
    ///     }
    ///
    ///     fn read(stored: &Stored) -> filebacked::Result<Self> {
    ///         Ok(Self(stored.get::<i64>()? as f64 / 1e3))
    ///     }
    ///
    ///     fn serialize_elsewhere<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
    ///         self.0.serialize(serializer)
    ///     }
    ///
    ///     fn deserialize_elsewhere<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
    ///         f64::deserialize(deserializer).map(Self)
    ///     }
    /// }
    ///
    /// let image = filebacked::to_vec(&Coded(Metres(1.5)))?;
    /// assert_eq!(filebacked::from_slice::<i64>(&image)?, 1500);
    /// assert_eq!(filebacked::from_slice::<Coded<Metres>>(&image)?.0, Metres(1.5));
    /// assert_eq!(serde_json::to_string(&Coded(Metres(1.5)))?, "1.5");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn serialize_elsewhere<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let _ = serializer;
        Err(S::Error::custom(format_args!("`{}` is written to HDF5 alone", short_name::<Self>())))
    }

    /// Deserializes the value from another format than HDF5, or from a place that has no object of its own: an error,
    /// unless a type says otherwise.
    ///
    /// # Errors
    /// Those of the other format.
    fn deserialize_elsewhere<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let _ = deserializer;
        let name = short_name::<Self>();
        Err(D::Error::custom(format_args!("`{name}` is read from an HDF5 group or dataset of its own alone")))
    }
}

/// The name of a type without the modules that it is in.
fn short_name<T>() -> String {
    let name = std::any::type_name::<T>();
    let head = name.split('<').next().unwrap_or(name);
    head.rsplit("::").next().unwrap_or(head).to_owned()
}

/// Where a [`Codec`] writes its value: a group that is there, and the name for a new link in it.
///
/// The group may not be linked into the file yet; it is when the whole value is written.
#[derive(Debug)]
pub struct Target<'a> {
    destination: &'a Destination,
    parent: Group,
    name: &'a str,
    /// The group that was made.
    group: OnceCell<Group>,
    /// Something was written by [`Target::put`].
    is_put: OnceCell<()>,
}

impl<'a> Target<'a> {
    fn new(destination: &'a Destination) -> Result<Self> {
        let (parent, name) = destination.link()?;
        Ok(Self { destination, parent, name, group: OnceCell::new(), is_put: OnceCell::new() })
    }

    /// The group in which the value becomes the child [`name`](Self::name).
    #[must_use]
    pub fn parent(&self) -> &hdf5::Group {
        self.parent.user()
    }

    /// The name of the link.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name
    }

    /// A builder of a dataset in [`parent`](Self::parent), to be made as [`name`](Self::name). It has no time stamps, so
    /// that the same value gives the same bytes.
    #[must_use]
    pub fn new_dataset<T: hdf5::H5Type>(&self) -> hdf5::DatasetBuilderEmpty {
        self.parent().new_dataset::<T>().obj_track_times(false)
    }

    /// Makes the value a group: one that remembers the order of its children. Called again, it gives the same group.
    ///
    /// At the root of a file, it is the root group.
    ///
    /// # Errors
    /// If libhdf5 fails.
    pub fn create_group(&self) -> Result<hdf5::Group> {
        self.made_group().map(|group| group.user().clone())
    }

    fn made_group(&self) -> Result<&Group> {
        if self.group.get().is_none() {
            let group = self.destination.group(None)?;
            return Ok(self.group.get_or_init(|| group));
        }
        self.group.get().ok_or_else(|| Error::new(ErrorKind::Custom, "the group went away"))
    }

    /// Writes any value as the child `name` of the value's [group](Self::create_group), in this crate's layout.
    ///
    /// # Errors
    /// As [`to_group`](crate::to_group).
    ///
    /// ```
    /// use filebacked::codec::{Codec, Coded, Stored, Target};
    ///
    /// /// Readings and the day that they are of, in a group with an attribute.
    /// struct Day { date: String, readings: Vec<f64> }
    ///
    /// impl Codec for Day {
    ///     fn write(&self, target: &Target<'_>) -> filebacked::Result<()> {
    ///         let group = target.create_group()?;
    ///         group.new_attr::<u32>().create("version")?.write_scalar(&1)?;
    ///         target.put_child("date", &self.date)?;
    ///         target.put_child("readings", &self.readings)
    ///     }
    ///
    ///     fn read(stored: &Stored) -> filebacked::Result<Self> {
    ///         Ok(Self { date: stored.read_child("date")?, readings: stored.read_child("readings")? })
    ///     }
    /// }
    ///
    /// let day = Day { date: "2026-11-30".to_owned(), readings: vec![0.5, 1.5] };
    /// let image = filebacked::to_vec(&Coded(day))?;
    /// let Coded(day) = filebacked::from_slice::<Coded<Day>>(&image)?;
    /// assert_eq!((day.date.as_str(), day.readings.len()), ("2026-11-30", 2));
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    pub fn put_child<T: ?Sized + Serialize>(&self, name: &str, value: &T) -> Result<()> {
        self.destination.put_child(self.made_group()?, name, &Erased(value))
    }

    /// Writes any value in the place of this one, in this crate's layout. What it becomes can be given attributes then.
    ///
    /// # Errors
    /// As [`to_group`](crate::to_group).
    pub fn put<T: ?Sized + Serialize>(&self, value: &T) -> Result<()> {
        self.destination.put_unshared(&Erased(value))?;
        self.is_put.get_or_init(|| ());
        Ok(())
    }

    /// Checks that there is something now.
    fn finish(&self) -> Result<()> {
        if self.group.get().is_some() || self.is_put.get().is_some() || self.destination.made()? {
            return Ok(());
        }
        let message = format!("a `Codec` wrote nothing at `{}`: make a group or a dataset of that name", self.name);
        Err(Error::new(ErrorKind::Custom, message))
    }
}

/// What a [`Codec`] reads: a group or a dataset.
#[derive(Debug)]
pub struct Stored(de::OpenObject);

impl Stored {
    /// The group that it is.
    ///
    /// # Errors
    /// If it is a dataset.
    pub fn group(&self) -> Result<hdf5::Group> {
        match &self.0.object {
            Object::Group(group) => Ok(group.user().clone()),
            Object::Dataset(_) => Err(Error::wrong_type("a group", self.0.words())),
        }
    }

    /// The dataset that it is.
    ///
    /// It may be a stranger's: its shape is what it says, but it is refused, before this, where it claims to be far
    /// larger than what is stored for it.
    ///
    /// # Errors
    /// If it is a group.
    pub fn dataset(&self) -> Result<hdf5::Dataset> {
        match &self.0.object {
            Object::Dataset(dataset) => dataset.user(),
            Object::Group(_) => Err(Error::wrong_type("a dataset", self.0.words())),
        }
    }

    /// Reads any value from the child `name`, in any layout that this crate reads.
    ///
    /// # Errors
    /// As [`read`](crate::read).
    pub fn read_child<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        self.0.read_child(name)
    }

    /// Reads any value from the object itself, as if it were not this one's.
    ///
    /// # Errors
    /// As [`read`](crate::read).
    pub fn get<T: DeserializeOwned>(&self) -> Result<T> {
        self.0.read()
    }
}

/// A [`Codec`] as a value of serde's, to be put where `#[serde(with = "filebacked::codec")]` does not reach: into lists,
/// maps, options and payloads.
///
/// ```
/// use filebacked::codec::{Coded, Codec, Stored, Target};
///
/// /// An identifier, stored as the attributes of an empty group.
/// #[derive(PartialEq, Debug)]
/// struct Version { major: u32, minor: u32 }
///
/// impl Codec for Version {
///     fn write(&self, target: &Target<'_>) -> filebacked::Result<()> {
///         let group = target.create_group()?;
///         group.new_attr::<u32>().create("major")?.write_scalar(&self.major)?;
///         group.new_attr::<u32>().create("minor")?.write_scalar(&self.minor)?;
///         Ok(())
///     }
///
///     fn read(stored: &Stored) -> filebacked::Result<Self> {
///         let group = stored.group()?;
///         let number = |name| group.attr(name)?.read_scalar();
///         Ok(Self { major: number("major")?, minor: number("minor")? })
///     }
/// }
///
/// let versions = vec![Coded(Version { major: 1, minor: 2 }), Coded(Version { major: 2, minor: 0 })];
/// let image = filebacked::to_vec(&versions)?;
/// assert_eq!(filebacked::from_slice::<Vec<Coded<Version>>>(&image)?, versions);
/// # Ok::<(), filebacked::Error>(())
/// ```
///
/// The value is all that it is, so its field is public.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Coded<T>(pub T);

impl<T> From<T> for Coded<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: Codec> Serialize for Coded<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(&self.0, serializer)
    }
}

impl<'de, T: Codec> Deserialize<'de> for Coded<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer).map(Self)
    }
}

/// For `#[serde(with = "filebacked::codec")]`; and a type's own `Serialize` can be this.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<T: Codec, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    bridge::serialize(&WriteCoded(value), serializer)
}

/// For `#[serde(with = "filebacked::codec")]`; and a type's own `Deserialize` can be this.
///
/// # Errors
/// Those of the deserializer.
pub fn deserialize<'de, T: Codec, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    bridge::deserialize(deserializer).map(|ReadCoded(value)| value)
}

struct WriteCoded<'a, T>(&'a T);

impl<T: Codec> Write for WriteCoded<'_, T> {
    fn write(&self, destination: &Destination) -> Result<()> {
        let target = Target::new(destination)?;
        self.0.write(&target)?;
        target.finish()
    }

    fn elsewhere<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize_elsewhere(serializer)
    }
}

struct ReadCoded<T>(T);

impl<'de, T: Codec> Read<'de> for ReadCoded<T> {
    const EXPECTED: &'static str = "a group or dataset that a codec wrote";

    fn read(source: de::Source) -> Result<Self> {
        source.open(|found| match found {
            de::OpenSource::Object(stored) => T::read(&Stored(stored)).map(Self),
            de::OpenSource::Attribute(_) => Err(Error::wrong_type("a group or a dataset", "an attribute")),
        })
    }

    fn elsewhere<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize_elsewhere(deserializer).map(Self)
    }
}
