//! Attributes that keep the type that a file has them in.

use std::fmt;
use std::sync::Arc;

use super::{Map, Value};
use crate::format::foreign::{SCALE_DIMENSION, SCALE_USER};
use crate::reference::Referred;

/// The value of an attribute, with the type that a file has it in, which is not the one that such a value is written with: a
/// string of fixed length, an enum, a record, a reference. It is written as it was.
///
/// References lead to what is written of the objects that they led to; see `docs/interop.md`.
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
