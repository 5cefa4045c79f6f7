//! A value together with attributes of the object that it is.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeStruct, Serializer};
use serde::{Deserialize, Serialize};

use crate::de::{OpenSource, Source};
use crate::ground::error::{Error, Result};
use crate::ser::{Destination, Erased};
use crate::wrappers::bridge::{self, Read, Write};

/// A value, and attributes of the group or dataset that it is stored as: units, a calibration, where it comes from.
///
/// The attributes are a struct, or a map with keys of strings. Each field becomes an attribute of its name: a number, bool,
/// string, option of these, or a short array (60,000 bytes at the most). They are in the file in the order of the fields.
/// Attributes of the layout's own (`filebacked` and what stands beside it) are none of them.
///
/// The value can be any, also [`NdArray`](crate::NdArray) or another wrapper. In a sequence, each element is an object of its
/// own. In other formats this is a struct of `value` and `attrs`.
///
/// ```
/// use filebacked::{NdArray, WithAttrs};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, PartialEq, Debug)]
/// struct Calibration { unit: String, gain: f64, offset: Option<f64> }
///
/// #[derive(Serialize, Deserialize, PartialEq, Debug)]
/// struct Run { pressure: WithAttrs<NdArray<f32, ndarray::Ix1>, Calibration> }
///
/// let calibration = Calibration { unit: "hPa".to_owned(), gain: 0.1, offset: None };
/// let run = Run { pressure: WithAttrs { value: NdArray(ndarray::array![1013.2, 1012.9]), attrs: calibration } };
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("run.h5");
/// filebacked::to_file(&path, &run)?;
/// assert_eq!(filebacked::from_file::<Run>(&path)?, run);
/// # let file = filebacked::hdf5::File::open(&path)?;
/// assert_eq!(file.dataset("pressure")?.attr("gain")?.read_scalar::<f64>()?, 0.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It is a pair, and gets no further fields: it can be made and taken apart by its fields, or made by [`new`](Self::new).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WithAttrs<T, A> {
    /// The value.
    pub value: T,
    /// The attributes.
    pub attrs: A,
}

impl<T, A> WithAttrs<T, A> {
    /// A value with attributes.
    ///
    /// ```
    /// use filebacked::WithAttrs;
    ///
    /// let pressure = WithAttrs::new([1013.2, 1012.9], [("unit", "hPa")].map(|(name, text)| (name.to_owned(), text.to_owned())));
    /// assert_eq!(pressure.value[0], 1013.2);
    /// ```
    pub const fn new(value: T, attrs: A) -> Self {
        Self { value, attrs }
    }
}

impl<T: Serialize, A: Serialize> Serialize for WithAttrs<T, A> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        bridge::serialize(self, serializer)
    }
}

impl<T: Serialize, A: Serialize> Write for WithAttrs<T, A> {
    fn write(&self, destination: &Destination) -> Result<()> {
        destination.put_with_attributes(&Erased(&self.value), &Erased(&self.attrs))
    }

    fn elsewhere<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut both = serializer.serialize_struct("WithAttrs", 2)?;
        both.serialize_field(VALUE, &self.value)?;
        both.serialize_field(ATTRS, &self.attrs)?;
        both.end()
    }

    fn answer<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl<'de, T: DeserializeOwned, A: DeserializeOwned> Deserialize<'de> for WithAttrs<T, A> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        bridge::deserialize(deserializer)
    }
}

impl<'de, T: DeserializeOwned, A: DeserializeOwned> Read<'de> for WithAttrs<T, A> {
    const EXPECTED: &'static str = "a value with attributes";

    fn read(source: Source) -> Result<Self> {
        source.open(|found| match found {
            OpenSource::Object(stored) => Ok(Self { value: stored.read()?, attrs: stored.read_attributes()? }),
            OpenSource::Attribute(_) => Err(Error::wrong_type("a group or a dataset", "an attribute")),
        })
    }

    fn elsewhere<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct("WithAttrs", FIELDS, BothVisitor(PhantomData))
    }
}

/// The names that other formats have.
const VALUE: &str = "value";
const ATTRS: &str = "attrs";
const FIELDS: &[&str] = &[VALUE, ATTRS];

struct BothVisitor<T, A>(PhantomData<(T, A)>);

impl<'de, T: Deserialize<'de>, A: Deserialize<'de>> Visitor<'de> for BothVisitor<T, A> {
    type Value = WithAttrs<T, A>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value with attributes")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let (mut value, mut attrs) = (None, None);
        while let Some(key) = map.next_key::<std::borrow::Cow<'_, str>>()? {
            match &*key {
                VALUE => value = Some(map.next_value()?),
                ATTRS => attrs = Some(map.next_value()?),
                other => return Err(M::Error::unknown_field(other, FIELDS)),
            }
        }
        let value = value.ok_or_else(|| M::Error::missing_field(VALUE))?;
        Ok(WithAttrs { value, attrs: attrs.ok_or_else(|| M::Error::missing_field(ATTRS))? })
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut elements: S) -> Result<Self::Value, S::Error> {
        let value = elements.next_element()?.ok_or_else(|| S::Error::invalid_length(0, &self))?;
        Ok(WithAttrs { value, attrs: elements.next_element()?.ok_or_else(|| S::Error::invalid_length(1, &self))? })
    }
}
