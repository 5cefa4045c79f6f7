//! Sparse matrices of [`sprs`]: one group each, which scipy's users have from FileBacked's reader, and AnnData's from theirs.
//!
//! A field of a struct gets `#[serde(with = "filebacked::sparse")]`; elsewhere (in lists, maps, payloads) a matrix is put
//! into [`Sparse`]. Triplets have a module of their own: [`triplets`](crate::triplets).
//!
//! ```
//! use filebacked::Sparse;
//! use serde::{Deserialize, Serialize};
//! use sprs::{CsMat, CsMatI};
//!
//! #[derive(Serialize, Deserialize, PartialEq, Debug)]
//! struct Problem {
//!     #[serde(with = "filebacked::sparse")]
//!     stiffness: CsMat<f64>,
//!     #[serde(with = "filebacked::sparse")]
//!     damping: Option<CsMatI<f32, i32>>,
//!     levels: Vec<Sparse<f64>>,
//! }
//!
//! let problem = Problem {
//!     stiffness: CsMat::eye(3),
//!     damping: None,
//!     levels: vec![Sparse(CsMat::eye(2)), Sparse(CsMat::new_csc((2, 3), vec![0, 1, 1, 2], vec![0, 1], vec![1.5, 2.5]))],
//! };
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("problem.h5");
//! filebacked::to_file(&path, &problem)?;
//! assert_eq!(filebacked::from_file::<Problem>(&path)?, problem);
//! # let file = filebacked::hdf5::File::open(&path)?;
//! assert_eq!(file.dataset("stiffness/indptr")?.read_raw::<i32>()?, [0, 1, 2, 3]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # In the file
//!
//! A group of the datasets `data`, `indices` and `indptr`, of the matrix's own format, CSR or CSC. Its attributes are those
//! of FileBacked (`format`, `m`, `n`) and of AnnData (`encoding-type`, `encoding-version`, `shape`), so both read it as it is.
//!
//! Elements are what [arrays](crate::array#elements) have: they go from the matrix's memory to the file, and back, in one
//! call. A zero that is stored in the matrix is stored in the file.
//!
//! # Index types
//!
//! A matrix has indices of any type that `sprs` has: `i32`, `i64`, `usize`, and so on. They are stored as scipy has them: as
//! `i32` where that holds the shape and the number of entries, else as `i64` (and as `u64` where a shape is beyond that). So
//! the same matrix gives the same file, whatever its indices are in memory. `CsMatI<T, i32>` goes to the file without a
//! conversion.
//!
//! Integers of any type are read as the type that the matrix asks for. A matrix that is too large for it is an error.
//!
//! # Reading
//!
//! The group may be another's, too. What is read:
//!
//! - AnnData's matrices, in `.h5ad` files or by `write_elem`, also those of versions before 0.7 (`h5sparse_format`);
//! - those of the Python package FileBacked;
//! - those of 10x Genomics: `data`, `indices`, `indptr` and the dataset `shape`, which name no format. They are CSC, of genes
//!   in rows and cells in columns;
//! - MATLAB's (version 7.3): `data`, `ir`, `jc` and the attribute `MATLAB_sparse`, which counts the rows. They are CSC;
//! - what a matrix becomes that is in no wrapper.
//!
//! The matrix is checked before anything relies on it: all that is said of its format and shape has to agree, arrays have
//! the lengths that follow from the shape, `indptr` begins with 0, never decreases and ends with the number of entries, and
//! indices are within the shape. What is wrong is an error that says which number it is.
//!
//! Rows (or columns) that are not sorted are not wrong for scipy, but are for `sprs`: they are sorted. Entries at one place,
//! which stand for their sum, are added up; where the sum is beyond the type, or the elements are not numbers or bools,
//! that is an error, and [`Triplets`](crate::Triplets) have them one by one.
//!
//! AnnData 0.6 compresses by h5py's filter LZF, unless told otherwise. Such files are read where the feature `lzf` of the
//! `hdf5-metno` crate is on.
//!
//! # Elsewhere
//!
//! In other formats, a matrix is what `sprs` makes of it: a struct of `storage`, `nrows`, `ncols`, `indptr`, `indices` and
//! `data`.

use std::ops::Deref;

use hdf5::H5Type;
use serde::de::Deserializer;
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use sprs::{CsMatBase, CsMatI, CsMatViewI, SpIndex};

use crate::de::{OpenSource, Source};
use crate::ground::error::{Error, Result};
use crate::ser::Destination;
use crate::wrappers::bridge::{self, Read, Write};
use crate::wrappers::field::{Compressed, Field, OwnedField};
use crate::wrappers::matrix::{deserialize_compressed, is_of_sprs, read_compressed, write_compressed};

/// A compressed sparse matrix of [`sprs`], CSR or CSC, as a value of serde's: a group of three datasets that scipy's
/// readers know. See the [module](crate::sparse) for what is read and written.
///
/// ```
/// use filebacked::Sparse;
/// use sprs::{CsMat, CsMatI};
///
/// let matrix = Sparse(CsMat::new((2, 3), vec![0, 1, 2], vec![2, 0], vec![1.5, 2.5]));
/// let image = filebacked::to_vec(&matrix)?;
/// assert_eq!(filebacked::from_slice::<Sparse<f64>>(&image)?, matrix);
///
/// // The same with indices of another type.
/// let narrow: Sparse<f64, i32> = filebacked::from_slice(&image)?;
/// assert_eq!(narrow.indices(), [2_i32, 0]);
/// # Ok::<(), filebacked::Error>(())
/// ```
///
/// The matrix is all that it is, so its field is public.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sparse<T, I: SpIndex = usize, Iptr: SpIndex = I>(pub CsMatI<T, I, Iptr>);

impl<T, I: SpIndex, Iptr: SpIndex> From<CsMatI<T, I, Iptr>> for Sparse<T, I, Iptr> {
    fn from(matrix: CsMatI<T, I, Iptr>) -> Self {
        Self(matrix)
    }
}

impl<T, I: SpIndex, Iptr: SpIndex> Deref for Sparse<T, I, Iptr> {
    type Target = CsMatI<T, I, Iptr>;

    fn deref(&self) -> &CsMatI<T, I, Iptr> {
        &self.0
    }
}

impl<T, I: SpIndex, Iptr: SpIndex> std::ops::DerefMut for Sparse<T, I, Iptr> {
    fn deref_mut(&mut self) -> &mut CsMatI<T, I, Iptr> {
        &mut self.0
    }
}

impl<T, I, Iptr> Serialize for Sparse<T, I, Iptr>
where
    T: H5Type + Serialize,
    I: SpIndex + H5Type + Serialize,
    Iptr: SpIndex + H5Type + Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(&self.0, serializer)
    }
}

impl<'de, T, I, Iptr> Deserialize<'de> for Sparse<T, I, Iptr>
where
    T: H5Type + Deserialize<'de>,
    I: SpIndex + H5Type + Deserialize<'de>,
    Iptr: SpIndex + H5Type + Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer).map(Self)
    }
}

/// For `#[serde(with = "filebacked::sparse")]`: of any compressed matrix that `sprs` has, also views and parts, and of
/// options of them.
///
/// # Errors
/// Those of the serializer.
///
/// ```
/// #[derive(serde::Serialize)]
/// struct Part<'a> {
///     #[serde(serialize_with = "filebacked::sparse::serialize")]
///     rows: sprs::CsMatView<'a, f64>,
/// }
///
/// let whole = sprs::CsMat::eye(5);
/// let image = filebacked::to_vec(&Part { rows: whole.slice_outer(2..4) })?;
/// # Ok::<(), filebacked::Error>(())
/// ```
pub fn serialize<M: Field<Compressed>, S: Serializer>(matrix: &M, serializer: S) -> Result<S::Ok, S::Error> {
    matrix.serialize_field(serializer)
}

/// For `#[serde(with = "filebacked::sparse")]`: of any compressed matrix in vectors, and of options of them.
///
/// # Errors
/// Those of the deserializer.
pub fn deserialize<'de, M: OwnedField<'de, Compressed>, D: Deserializer<'de>>(deserializer: D) -> Result<M, D::Error> {
    M::deserialize_field(deserializer)
}

impl<T, I, IptrStorage, IndStorage, DataStorage, Iptr> Field<Compressed>
    for CsMatBase<T, I, IptrStorage, IndStorage, DataStorage, Iptr>
where
    T: H5Type + Serialize,
    I: SpIndex + H5Type + Serialize,
    Iptr: SpIndex + H5Type + Serialize,
    IptrStorage: Deref<Target = [Iptr]>,
    IndStorage: Deref<Target = [I]>,
    DataStorage: Deref<Target = [T]>,
{
    fn serialize_field<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        bridge::serialize(&WriteSparse(self.view()), serializer)
    }
}

/// A matrix that is written.
struct WriteSparse<'a, T, I: SpIndex, Iptr: SpIndex>(CsMatViewI<'a, T, I, Iptr>);

impl<T, I, Iptr> Serialize for WriteSparse<'_, T, I, Iptr>
where
    T: H5Type + Serialize,
    I: SpIndex + H5Type + Serialize,
    Iptr: SpIndex + H5Type + Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        bridge::serialize(self, serializer)
    }
}

impl<T, I, Iptr> Write for WriteSparse<'_, T, I, Iptr>
where
    T: H5Type + Serialize,
    I: SpIndex + H5Type + Serialize,
    Iptr: SpIndex + H5Type + Serialize,
{
    fn write(&self, destination: &Destination) -> Result<()> {
        write_compressed(destination, &self.0)
    }

    fn elsewhere<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T, I, Iptr> OwnedField<'de, Compressed> for CsMatI<T, I, Iptr>
where
    T: H5Type + Deserialize<'de>,
    I: SpIndex + H5Type + Deserialize<'de>,
    Iptr: SpIndex + H5Type + Deserialize<'de>,
{
    fn deserialize_field<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ReadSparse::deserialize(deserializer).map(|ReadSparse(matrix)| matrix)
    }
}

/// A matrix that is read.
struct ReadSparse<T, I: SpIndex, Iptr: SpIndex>(CsMatI<T, I, Iptr>);

impl<'de, T, I, Iptr> Deserialize<'de> for ReadSparse<T, I, Iptr>
where
    T: H5Type + Deserialize<'de>,
    I: SpIndex + H5Type + Deserialize<'de>,
    Iptr: SpIndex + H5Type + Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        bridge::deserialize(deserializer)
    }
}

/// A matrix as other formats have it.
struct SparseInOtherFormat<T, I: SpIndex, Iptr: SpIndex>(CsMatI<T, I, Iptr>);

impl<'de, T, I, Iptr> Deserialize<'de> for SparseInOtherFormat<T, I, Iptr>
where
    T: H5Type + Deserialize<'de>,
    I: SpIndex + Deserialize<'de>,
    Iptr: SpIndex + Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_compressed(deserializer).map(Self)
    }
}

impl<'de, T, I, Iptr> Read<'de> for ReadSparse<T, I, Iptr>
where
    T: H5Type + Deserialize<'de>,
    I: SpIndex + H5Type + Deserialize<'de>,
    Iptr: SpIndex + H5Type + Deserialize<'de>,
{
    const EXPECTED: &'static str = "a sparse matrix";

    fn read(source: Source) -> Result<Self> {
        source.open(read).map(Self)
    }

    fn elsewhere<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_compressed(deserializer).map(Self)
    }
}

/// Reads a matrix from an object.
pub(crate) fn read<'de, T, I, Iptr>(found: OpenSource) -> Result<CsMatI<T, I, Iptr>>
where
    T: H5Type + Deserialize<'de>,
    I: SpIndex + H5Type + Deserialize<'de>,
    Iptr: SpIndex + H5Type + Deserialize<'de>,
{
    match found {
        OpenSource::Object(stored) if is_of_sprs(&stored)? => stored.read().map(|SparseInOtherFormat(matrix)| matrix),
        OpenSource::Object(stored) => read_compressed(&stored),
        OpenSource::Attribute(_) => Err(Error::wrong_type("a sparse matrix", "an attribute")),
    }
}
