//! Dataspaces: how many items there are, and along which dimensions.

use std::fmt::{self, Display};
use std::sync::LazyLock;

use hdf5_sys::h5s::H5S_class_t;

use super::super::sys::h5s;
use super::super::{Handle, Id, library_static};
use crate::ground::error::Result;

/// The dataspace of a dataset or attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// No item, and no dimensions: h5py's `Empty`.
    Null,
    /// One item without dimensions.
    Scalar,
    /// The sizes of one or more dimensions.
    Simple(Vec<u64>),
}

impl Shape {
    /// The number of items; `None` where it overflows.
    pub(crate) fn count(&self) -> Option<u64> {
        match self {
            Self::Null => Some(0),
            Self::Scalar => Some(1),
            Self::Simple(dims) => dims.iter().try_fold(1u64, |count, dim| count.checked_mul(*dim)),
        }
    }

    pub(in crate::h5) fn space(&self) -> Result<Handle> {
        static SCALAR: LazyLock<Option<Id>> = LazyLock::new(|| plain_space(H5S_class_t::H5S_SCALAR).ok());
        match self {
            Self::Null => plain_space(H5S_class_t::H5S_NULL).map(Handle::Owned),
            Self::Scalar => library_static(&SCALAR).map(|id| Handle::Borrowed(id.get())),
            Self::Simple(dims) => simple_space(dims).map(Handle::Owned),
        }
    }

    pub(in crate::h5) fn of_space(space: &Id) -> Result<Self> {
        match h5s::class(space.get())? {
            H5S_class_t::H5S_NULL => Ok(Self::Null),
            H5S_class_t::H5S_SCALAR => Ok(Self::Scalar),
            _ => {
                let dims = h5s::dims("look into a dataspace", space)?;
                // One without dimensions has one item, as a scalar one. libhdf5 makes none, but a file may have it so.
                Ok(if dims.is_empty() { Self::Scalar } else { Self::Simple(dims) })
            }
        }
    }
}

/// A dataspace without dimensions.
fn plain_space(class: H5S_class_t) -> Result<Id> {
    h5s::create("create a dataspace", class)
}

pub(in crate::h5) fn simple_space(dims: &[u64]) -> Result<Id> {
    h5s::create_simple("create a dataspace", dims, None)
}

/// `scalar`, `null`, `(10, 3)`; a single dimension as numpy writes it: `(10,)`.
impl Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Scalar => f.write_str("scalar"),
            Self::Simple(dims) => {
                f.write_str("(")?;
                for (index, dim) in dims.iter().enumerate() {
                    write!(f, "{}{dim}", if index == 0 { "" } else { ", " })?;
                }
                f.write_str(if dims.len() == 1 { ",)" } else { ")" })
            }
        }
    }
}
