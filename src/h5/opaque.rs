//! Opaque types: bytes that HDF5 does not look into, with a tag that says what they are.

use std::ffi::CString;
use std::fmt::{self, Display};

use super::sys::h5t;
use super::{Handle, Id};
use crate::ground::error::Result;

/// What h5py puts before numpy's name of a type that HDF5 does not have.
const NUMPY: &str = "NUMPY:";

/// An opaque type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Opaque {
    pub(super) size: usize,
    tag: CString,
    /// Of numpy's times: whether they are big-endian, and what numpy calls them.
    time: Option<(bool, String)>,
}

impl Opaque {
    /// One that says nothing of what it is, of so many bytes.
    pub(crate) fn new(size: usize) -> Self {
        Self { size, tag: CString::default(), time: None }
    }

    /// Looks into an opaque type.
    pub(super) fn of(id: &Id, size: usize) -> Result<Self> {
        let tag = h5t::tag("read the tag of an opaque type", id.get())?;
        let time = if size == 8 { tag.to_str().ok().and_then(time) } else { None };
        Ok(Self { size, tag, time })
    }

    /// The same type: libhdf5 converts between no two that differ.
    pub(super) fn id(&self) -> Result<Handle> {
        h5t::create_opaque(self.size, &self.tag).map(Handle::Owned)
    }

    /// What numpy calls the times that they are: `datetime64[ns]`.
    pub(crate) fn time_type(&self) -> Option<&str> {
        self.time.as_ref().map(|(_, name)| name.as_str())
    }

    /// The number that a time of numpy's is: of the units that its type names.
    pub(crate) fn time(&self, bytes: &[u8]) -> Option<i64> {
        let bytes = bytes.try_into().ok()?;
        let (is_big, _) = self.time.as_ref()?;
        Some(if *is_big { i64::from_be_bytes(bytes) } else { i64::from_le_bytes(bytes) })
    }
}

/// What the tag of a time of numpy's says: `NUMPY:<M8[ns]`.
fn time(tag: &str) -> Option<(bool, String)> {
    let name = tag.strip_prefix(NUMPY)?;
    let is_big = match name.chars().next()? {
        '<' => false,
        '>' => true,
        _ => return None,
    };
    let (sort, unit) = (name.get(1..3)?, name.get(3..)?);
    let sort = match sort {
        "M8" => "datetime64",
        "m8" => "timedelta64",
        _ => return None,
    };
    Some((is_big, format!("{sort}{unit}")))
}

/// `datetime64[ns]`, `opaque(8)`.
impl Display for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.time {
            Some((_, name)) if !f.alternate() => f.write_str(name),
            None if !f.alternate() || self.tag.is_empty() => write!(f, "opaque({})", self.size),
            _ => write!(f, "opaque({}, {:?})", self.size, self.tag.to_string_lossy()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_numpy() {
        for (tag, wanted) in [
            ("NUMPY:<M8[ns]", Some((false, "datetime64[ns]"))),
            ("NUMPY:>m8[10s]", Some((true, "timedelta64[10s]"))),
            ("NUMPY:<M8", Some((false, "datetime64"))),
            ("NUMPY:<f8", None),
            ("NUMPY:é", None),
            ("NUMPY:", None),
            ("", None),
        ] {
            assert_eq!(time(tag), wanted.map(|(is_big, name)| (is_big, name.to_owned())), "{tag}");
        }
    }
}
