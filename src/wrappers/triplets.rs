//! Sparse matrices of [`sprs`] in the triplet format: a list of entries, in any order, as one has while a matrix is built.
//!
//! A field of a struct gets `#[serde(with = "filebacked::triplets")]`; elsewhere (in lists, maps, payloads) triplets are put
//! into [`Triplets`].
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use sprs::{CsMat, TriMat};
//!
//! #[derive(Serialize, Deserialize, PartialEq, Debug)]
//! struct Assembly {
//!     #[serde(with = "filebacked::triplets")]
//!     entries: TriMat<f64>,
//! }
//!
//! let mut entries = TriMat::new((3, 3));
//! entries.add_triplet(2, 1, 1.5);
//! entries.add_triplet(0, 0, 2.5);
//! entries.add_triplet(2, 1, 1.0);
//! let assembly = Assembly { entries };
//! let image = filebacked::to_vec(&assembly)?;
//! let back: Assembly = filebacked::from_slice(&image)?;
//! assert_eq!(back, assembly);
//!
//! let matrix: CsMat<f64> = back.entries.to_csr();
//! assert_eq!(matrix.get(2, 1), Some(&2.5));
//! # Ok::<(), filebacked::Error>(())
//! ```
//!
//! # In the file
//!
//! A group of the datasets `data`, `row` and `col`, with the attributes `format`, `m` and `n`, as the Python package FileBacked
//! has scipy's `coo_matrix`. Elements and index types are as in [compressed matrices](crate::sparse#index-types).
//!
//! # Reading
//!
//! All that is read as a [compressed matrix](crate::sparse#reading) is read as triplets as well, with its entries in the order
//! in which they are stored, and each of them by itself. The arrays have to be of one length, and indices within the shape.
//!
//! # Elsewhere
//!
//! `sprs` has nothing for other formats. There, triplets are a struct of what it calls their parts: `rows`, `cols`, `row_inds`,
//! `col_inds` and `data`.

use std::ops::Deref;

use hdf5::H5Type;
use serde::de::Deserializer;
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use sprs::{SpIndex, TriMatBase, TriMatI, TriMatViewI};

use crate::de::{OpenSource, Source};
use crate::ground::error::{Error, Result};
use crate::ser::Destination;
use crate::wrappers::bridge::{self, Read, Write};
use crate::wrappers::field::{Entries, Field, OwnedField};
use crate::wrappers::matrix::{deserialize_triplets, is_of_sprs, read_triplets, serialize_triplets, write_triplets};

/// A sparse matrix of [`sprs`] in the triplet format, as a value of serde's. See the [module](crate::triplets) for what is
/// read and written.
///
/// ```
/// use filebacked::Triplets;
/// use sprs::TriMat;
///
/// let triplets = Triplets(TriMat::from_triplets((2, 3), vec![1, 0], vec![2, 0], vec![1.5, 2.5]));
/// let image = filebacked::to_vec(&triplets)?;
/// assert_eq!(filebacked::from_slice::<Triplets<f64>>(&image)?, triplets);
/// # Ok::<(), filebacked::Error>(())
/// ```
///
/// The matrix is all that it is, so its field is public.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Triplets<T, I = usize>(pub TriMatI<T, I>);

impl<T: Clone, I: SpIndex> Clone for Triplets<T, I> {
    /// # Panics
    /// If an index is beyond the shape, as `TriMatBase::set_triplet` can make it.
    fn clone(&self) -> Self {
        let (row, col, data) = (self.0.row_inds(), self.0.col_inds(), self.0.data());
        Self(TriMatI::from_triplets(self.0.shape(), row.to_vec(), col.to_vec(), data.to_vec()))
    }
}

impl<T, I> From<TriMatI<T, I>> for Triplets<T, I> {
    fn from(matrix: TriMatI<T, I>) -> Self {
        Self(matrix)
    }
}

impl<T, I> Deref for Triplets<T, I> {
    type Target = TriMatI<T, I>;

    fn deref(&self) -> &TriMatI<T, I> {
        &self.0
    }
}

impl<T, I> std::ops::DerefMut for Triplets<T, I> {
    fn deref_mut(&mut self) -> &mut TriMatI<T, I> {
        &mut self.0
    }
}

impl<T: H5Type + Serialize, I: SpIndex + H5Type + Serialize> Serialize for Triplets<T, I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(&self.0, serializer)
    }
}

impl<'de, T: H5Type + Deserialize<'de>, I: SpIndex + H5Type + Deserialize<'de>> Deserialize<'de> for Triplets<T, I> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer).map(Self)
    }
}

/// For `#[serde(with = "filebacked::triplets")]`: of any triplets that `sprs` has, also views, and of options of them.
///
/// # Errors
/// Those of the serializer, and an error for an index that is not within the shape.
///
/// ```
/// #[derive(serde::Serialize)]
/// struct Borrowed<'a> {
///     #[serde(serialize_with = "filebacked::triplets::serialize")]
///     entries: sprs::TriMatView<'a, f64>,
/// }
///
/// let mut entries = sprs::TriMat::new((3, 4));
/// entries.add_triplet(2, 3, 1.5);
/// let image = filebacked::to_vec(&Borrowed { entries: entries.transpose_view() })?;
/// # Ok::<(), filebacked::Error>(())
/// ```
pub fn serialize<M: Field<Entries>, S: Serializer>(matrix: &M, serializer: S) -> Result<S::Ok, S::Error> {
    matrix.serialize_field(serializer)
}

/// For `#[serde(with = "filebacked::triplets")]`: of triplets in vectors, and of options of them.
///
/// # Errors
/// Those of the deserializer.
pub fn deserialize<'de, M: OwnedField<'de, Entries>, D: Deserializer<'de>>(deserializer: D) -> Result<M, D::Error> {
    M::deserialize_field(deserializer)
}

impl<T, I, IStorage, DStorage> Field<Entries> for TriMatBase<IStorage, DStorage>
where
    T: H5Type + Serialize,
    I: SpIndex + H5Type + Serialize,
    IStorage: Deref<Target = [I]>,
    DStorage: Deref<Target = [T]>,
{
    fn serialize_field<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        bridge::serialize(&WriteTriplets(self.view()), serializer)
    }
}

/// Triplets that are written.
struct WriteTriplets<'a, T, I>(TriMatViewI<'a, T, I>);

impl<T: H5Type + Serialize, I: SpIndex + H5Type + Serialize> Serialize for WriteTriplets<'_, T, I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        bridge::serialize(self, serializer)
    }
}

impl<T: H5Type + Serialize, I: SpIndex + H5Type + Serialize> Write for WriteTriplets<'_, T, I> {
    fn write(&self, destination: &Destination) -> Result<()> {
        write_triplets(destination, &self.0)
    }

    fn elsewhere<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_triplets(&self.0, serializer)
    }
}

impl<'de, T, I> OwnedField<'de, Entries> for TriMatI<T, I>
where
    T: H5Type + Deserialize<'de>,
    I: SpIndex + H5Type + Deserialize<'de>,
{
    fn deserialize_field<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ReadTriplets::deserialize(deserializer).map(|ReadTriplets(matrix)| matrix)
    }
}

/// Triplets that are read.
struct ReadTriplets<T, I>(TriMatI<T, I>);

impl<'de, T, I> Deserialize<'de> for ReadTriplets<T, I>
where
    T: H5Type + Deserialize<'de>,
    I: SpIndex + H5Type + Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        bridge::deserialize(deserializer)
    }
}

/// Triplets as other formats have them.
struct TripletsInOtherFormat<T, I>(TriMatI<T, I>);

impl<'de, T: Deserialize<'de>, I: SpIndex + Deserialize<'de>> Deserialize<'de> for TripletsInOtherFormat<T, I> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_triplets(deserializer).map(Self)
    }
}

impl<'de, T, I> Read<'de> for ReadTriplets<T, I>
where
    T: H5Type + Deserialize<'de>,
    I: SpIndex + H5Type + Deserialize<'de>,
{
    const EXPECTED: &'static str = "the triplets of a sparse matrix";

    fn read(source: Source) -> Result<Self> {
        source.open(|found| match found {
            OpenSource::Object(stored) if is_of_sprs(&stored)? => {
                stored.read().map(|TripletsInOtherFormat(matrix)| Self(matrix))
            }
            OpenSource::Object(stored) => read_triplets(&stored).map(Self),
            OpenSource::Attribute(_) => Err(Error::wrong_type("a sparse matrix", "an attribute")),
        })
    }

    fn elsewhere<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_triplets(deserializer).map(Self)
    }
}
