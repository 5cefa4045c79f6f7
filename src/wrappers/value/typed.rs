//! Attributes that keep the type that a file has them in.

use std::fmt;
use std::sync::Arc;

use super::{Map, Value};
use crate::h5::referred::Referred;
use crate::layout::foreign::{SCALE_DIMENSION, SCALE_USER};

/// The value of an attribute, and the type that it has in the file. An attribute is read as this where [`Value`] would write it
/// with another type: a string of fixed length, an enum, a record, a reference. It is written with the type that it had, also where
/// a field of a struct, such as `@units`, is this value.
///
/// References lead to what is written of the objects that they led to; see `docs/interop.md`.
///
/// ```
/// use filebacked::hdf5::{File, types::FixedAscii};
/// use filebacked::{Value, from_file, to_file};
///
/// # let folder = tempfile::tempdir()?;
/// # let (path, copy) = (folder.path().join("run.h5"), folder.path().join("copy.h5"));
/// // A program by hand stores a string in eight bytes.
/// let file = File::create(&path)?;
/// file.new_attr::<FixedAscii<8>>().create("unit")?.write_scalar(&FixedAscii::<8>::from_ascii("hPa")?)?;
/// drop(file);
///
/// let value: Value = from_file(&path)?;
/// to_file(&copy, &value)?;
/// for path in [&path, &copy] {
///     let value: Value = from_file(path)?;
///     let Some(Value::Typed(unit)) = value.attr("unit") else { panic!("{value}") };
///     assert_eq!(unit.type_name(), "string(8)");
///     assert_eq!(unit.value().as_str(), Some("hPa"));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Typed {
    value: Value,
    kept: Arc<Referred>,
}

impl Typed {
    pub(super) fn new(value: Value, kept: Referred) -> Self {
        Self { value, kept: Arc::new(kept) }
    }

    /// What it is.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The same, without the type.
    #[must_use]
    pub fn into_value(self) -> Value {
        self.value
    }

    /// The type in the file, in words: `string(16)`, `compound {x: i32, y: f64}`.
    #[must_use]
    pub fn type_name(&self) -> String {
        self.kept.attribute.dtype.to_string()
    }

    pub(super) fn kept(&self) -> &Arc<Referred> {
        &self.kept
    }
}

/// By what it is: the type does not count.
impl PartialEq for Typed {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

/// What uses a dimension scale: where that is, and for which of its dimensions. What is there is not read: it refers back.
pub(super) fn scale_users(kept: &Referred) -> Value {
    let users = kept.paths().zip(kept.attribute.integers(SCALE_DIMENSION)).map(|(path, dimension)| {
        let user = [(SCALE_USER, path.into()), (SCALE_DIMENSION, dimension.map(|dimension| dimension as i64).into())];
        Value::Map(Map::from_iter(user.map(|(name, value): (&str, Value)| (name.to_owned(), value))))
    });
    Value::List(users.collect())
}
