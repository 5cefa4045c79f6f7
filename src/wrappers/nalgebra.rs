//! Matrices and vectors of [`nalgebra`](::nalgebra): one dataset each, in the order of mathematics. `m[(i, j)]` is
//! `f["m"][i, j]` for h5py.
//!
//! A field of a struct gets `#[serde(with = "filebacked::nalgebra")]`; elsewhere (in lists, maps, payloads) a matrix is put
//! into [`NaMatrix`].
//!
//! ```
//! use filebacked::nalgebra::NaMatrix;
//! use nalgebra::{DMatrix, DVector, Matrix2x3, Vector3};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize, PartialEq, Debug)]
//! struct Filter {
//!     #[serde(with = "filebacked::nalgebra")]
//!     covariance: DMatrix<f64>,
//!     #[serde(with = "filebacked::nalgebra")]
//!     state: DVector<f64>,
//!     #[serde(with = "filebacked::nalgebra")]
//!     gain: Option<Matrix2x3<f64>>,
//!     positions: Vec<NaMatrix<Vector3<f32>>>,
//! }
//!
//! let filter = Filter {
//!     covariance: DMatrix::from_row_slice(2, 3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
//!     state: DVector::from_vec(vec![0.5, 1.5]),
//!     gain: Some(Matrix2x3::zeros()),
//!     positions: vec![NaMatrix(Vector3::new(1.0, 2.0, 3.0))],
//! };
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("filter.h5");
//! filebacked::to_file(&path, &filter)?;
//! assert_eq!(filebacked::from_file::<Filter>(&path)?, filter);
//! # let file = filebacked::hdf5::File::open(&path)?;
//! let stored = file.dataset("covariance")?.read_2d::<f64>()?;
//! assert_eq!(stored[[0, 2]], filter.covariance[(0, 2)]);
//! assert_eq!(file.dataset("state")?.shape(), [2]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Shapes
//!
//! | type | shape |
//! |---|---|
//! | `DMatrix`, `Matrix3x4`, a row vector: any matrix whose type does not say that it has one column | (rows, columns) |
//! | `DVector`, `Vector3`, any matrix of one column by its type | (rows,) |
//!
//! Elements are what [arrays](crate::array#elements) have. A matrix of another is read as they are, of an element type that holds
//! all values of what is stored. The file may be another's: what is said of [arrays](crate::array#reading) holds here, too. A
//! matrix whose type says how many rows or columns it has is read from no others.
//!
//! Views are written, by `#[serde(serialize_with = "filebacked::nalgebra::serialize")]`:
//!
//! ```
//! #[derive(serde::Serialize)]
//! struct Part<'a> {
//!     #[serde(serialize_with = "filebacked::nalgebra::serialize")]
//!     block: nalgebra::DMatrixView<'a, f64>,
//! }
//!
//! let whole = nalgebra::DMatrix::<f64>::identity(4, 4);
//! let image = filebacked::to_vec(&Part { block: whole.view((1, 1), (2, 3)) })?;
//! # Ok::<(), filebacked::Error>(())
//! ```
//!
//! # Without a wrapper
//!
//! A matrix in no wrapper becomes the same dataset, and is read from it, if its type is one that this crate knows: a `DMatrix`,
//! a `DVector`, or a matrix of 1 to 6 rows and columns, whose elements are numbers, bools or complex numbers.
//!
//! ```
//! use filebacked::nalgebra::NaMatrix;
//! use nalgebra::{DMatrix, Matrix2};
//!
//! let image = filebacked::to_vec(&Matrix2::new(1.0, 2.0, 3.0, 4.0))?;
//! assert_eq!(filebacked::from_slice::<NaMatrix<DMatrix<f64>>>(&image)?[(0, 1)], 2.0);
//! assert_eq!(filebacked::from_slice::<DMatrix<f64>>(&image)?[(0, 1)], 2.0);
//! # Ok::<(), filebacked::Error>(())
//! ```
//!
//! All other matrices are stored as what `nalgebra` makes of them: the elements, column after column, and the numbers of rows and
//! columns that are not in the type. So are matrices in a list that are in no wrapper, and the matrices within other types of
//! `nalgebra`, but for `Rotation2` and `Rotation3`. The wrapper reads all of these. A matrix in no wrapper that is not known
//! does not read what the wrapper writes, and the error says so.
//!
//! # Elsewhere
//!
//! In other formats, and as a part of a dataset, a matrix is what `nalgebra` makes of it.

use std::fmt;
use std::marker::PhantomData;

use ::nalgebra::allocator::Allocator;
use ::nalgebra::{DefaultAllocator, Dim, Matrix, OMatrix, Owned, Scalar, Storage};
use hdf5::H5Type;
use ndarray::{Array, ArrayD, ArrayView, Ix1, Ix2, IxDyn, ShapeBuilder};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::de::{OpenSource, Source};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::{ElementType, Object};
use crate::layout::matrix::MatrixType;
use crate::ser::Destination;
use crate::wrappers::array::read_array;
use crate::wrappers::bridge::{self, Read, Write};
use crate::wrappers::field::{Field, Matrices, OwnedField};

/// A matrix or vector of [`nalgebra`](::nalgebra) as a value of serde's: one dataset. See the [module](crate::nalgebra) for what
/// is read and written.
///
/// ```
/// use filebacked::nalgebra::NaMatrix;
/// use nalgebra::DMatrix;
///
/// let matrices = vec![NaMatrix(DMatrix::<f64>::identity(2, 2)), NaMatrix(DMatrix::zeros(1, 3))];
/// let image = filebacked::to_vec(&matrices)?;
/// assert_eq!(filebacked::from_slice::<Vec<NaMatrix<DMatrix<f64>>>>(&image)?, matrices);
/// # Ok::<(), filebacked::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NaMatrix<M>(pub M);

impl<M> From<M> for NaMatrix<M> {
    fn from(matrix: M) -> Self {
        Self(matrix)
    }
}

impl<M> std::ops::Deref for NaMatrix<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.0
    }
}

impl<M> std::ops::DerefMut for NaMatrix<M> {
    fn deref_mut(&mut self) -> &mut M {
        &mut self.0
    }
}

impl<M: Field<Matrices>> Serialize for NaMatrix<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize_field(serializer)
    }
}

impl<'de, M: OwnedField<'de, Matrices>> Deserialize<'de> for NaMatrix<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        M::deserialize_field(deserializer).map(Self)
    }
}

/// For `#[serde(with = "filebacked::nalgebra")]`: of any matrix or vector, also views, and of options of them.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<M: Field<Matrices>, S: Serializer>(matrix: &M, serializer: S) -> Result<S::Ok, S::Error> {
    matrix.serialize_field(serializer)
}

/// For `#[serde(with = "filebacked::nalgebra")]`: of any matrix or vector that owns its elements, and of options of them.
///
/// # Errors
/// Those of the deserializer.
pub fn deserialize<'de, M: OwnedField<'de, Matrices>, D: Deserializer<'de>>(deserializer: D) -> Result<M, D::Error> {
    M::deserialize_field(deserializer)
}

impl<T, R, C, S> Field<Matrices> for Matrix<T, R, C, S>
where
    T: Scalar + H5Type + Serialize,
    R: Dim,
    C: Dim,
    S: Storage<T, R, C>,
    DefaultAllocator: Allocator<R, C>,
    Owned<T, R, C>: Serialize,
{
    fn serialize_field<Se: Serializer>(&self, serializer: Se) -> Result<Se::Ok, Se::Error> {
        bridge::serialize(&WriteMatrix(self), serializer)
    }
}

/// A matrix that is written.
struct WriteMatrix<'a, T, R, C, S>(&'a Matrix<T, R, C, S>);

impl<T, R, C, S> Write for WriteMatrix<'_, T, R, C, S>
where
    T: Scalar + H5Type + Serialize,
    R: Dim,
    C: Dim,
    S: Storage<T, R, C>,
    DefaultAllocator: Allocator<R, C>,
    Owned<T, R, C>: Serialize,
{
    fn write(&self, destination: &Destination) -> Result<()> {
        let (rows, columns) = self.0.shape();
        // Column after column, as they are in memory.
        let elements: Vec<T> = self.0.iter().cloned().collect();
        write_elements(destination, rows, columns, MatrixType::of::<R, C>(), &elements)
    }

    fn elsewhere<Se: Serializer>(&self, serializer: Se) -> Result<Se::Ok, Se::Error> {
        self.0.clone_owned().serialize(serializer)
    }
}

/// Writes the elements, column after column, of a matrix, or of a vector.
fn write_elements<T: H5Type>(
    destination: &Destination,
    rows: usize,
    columns: usize,
    matrix: MatrixType,
    elements: &[T],
) -> Result<()> {
    let wrong = |error: ndarray::ShapeError| Error::new(ErrorKind::Custom, error.to_string());
    let element = ElementType::new()?;
    if matrix.is_vector() {
        let view = ArrayView::<T, Ix1>::from_shape(rows, elements).map_err(wrong)?;
        return destination.put_marked_array(&element, &view, matrix.kind());
    }
    let view = ArrayView::<T, Ix2>::from_shape((rows, columns).f(), elements).map_err(wrong)?;
    destination.put_marked_array(&element, &view, matrix.kind())
}

impl<'de, T, R, C> OwnedField<'de, Matrices> for OMatrix<T, R, C>
where
    T: Scalar + H5Type + Deserialize<'de>,
    R: Dim,
    C: Dim,
    DefaultAllocator: Allocator<R, C>,
    Owned<T, R, C>: Deserialize<'de>,
{
    fn deserialize_field<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        bridge::deserialize(deserializer).map(|ReadMatrix(matrix)| matrix)
    }
}

/// A matrix that is read.
struct ReadMatrix<T, R: Dim, C: Dim>(OMatrix<T, R, C>)
where
    DefaultAllocator: Allocator<R, C>,
    T: Scalar;

impl<'de, T, R, C> Read<'de> for ReadMatrix<T, R, C>
where
    T: Scalar + H5Type + Deserialize<'de>,
    R: Dim,
    C: Dim,
    DefaultAllocator: Allocator<R, C>,
    Owned<T, R, C>: Deserialize<'de>,
{
    const EXPECTED: &'static str = "a matrix";

    fn read(source: Source) -> Result<Self> {
        source.open(|found| match found {
            // One that was written without a wrapper: of any size.
            OpenSource::Object(stored) if matches!(stored.object, Object::Group(_)) => stored.read(),
            found => {
                matrix_of::<T, R, C>(read_array(found)?).map_err(|error| Error::new(ErrorKind::WrongLength, error))
            }
        })
    }

    fn elsewhere<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return deserializer.deserialize_any(ElsewhereVisitor::<Self>(PhantomData));
        }
        OMatrix::deserialize(deserializer).map(Self)
    }
}

/// What `nalgebra` makes of a matrix.
impl<'de, T, R, C> Deserialize<'de> for ReadMatrix<T, R, C>
where
    T: Scalar,
    R: Dim,
    C: Dim,
    DefaultAllocator: Allocator<R, C>,
    Owned<T, R, C>: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        OMatrix::deserialize(deserializer).map(Self)
    }
}

/// Reads what `nalgebra` makes of a matrix; and, where serde keeps a dataset until it knows what for (`flatten`, `untagged`), what
/// `ndarray` makes of an array.
struct ElsewhereVisitor<M>(PhantomData<M>);

impl<'de, T, R, C> Visitor<'de> for ElsewhereVisitor<ReadMatrix<T, R, C>>
where
    T: Scalar + Deserialize<'de>,
    R: Dim,
    C: Dim,
    DefaultAllocator: Allocator<R, C>,
    Owned<T, R, C>: Deserialize<'de>,
{
    type Value = ReadMatrix<T, R, C>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a matrix")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Self::Value, A::Error> {
        OMatrix::deserialize(SeqAccessDeserializer::new(elements)).map(ReadMatrix)
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Self::Value, A::Error> {
        let array = ArrayD::deserialize(MapAccessDeserializer::new(fields))?;
        matrix_of(array).map_err(A::Error::custom)
    }
}

/// The matrix that an array is, or what is wrong with it.
fn matrix_of<T, R, C>(array: ArrayD<T>) -> Result<ReadMatrix<T, R, C>, String>
where
    T: Scalar,
    R: Dim,
    C: Dim,
    DefaultAllocator: Allocator<R, C>,
{
    let matrix = MatrixType::of::<R, C>();
    let dims: Vec<u64> = array.shape().iter().map(|dim| *dim as u64).collect();
    // What was written without a wrapper, of a size that is in the type: column after column.
    let flat = match (&dims[..], matrix.rows, matrix.columns) {
        ([len], Some(rows), Some(columns)) => {
            (*len == (rows * columns) as u64).then_some([rows as u64, columns as u64])
        }
        _ => None,
    };
    let Some([rows, columns]) = flat.or_else(|| matrix.size(&dims)) else { return Err(matrix.mismatch(&dims)) };
    let (rows, columns) = (R::from_usize(rows as usize), C::from_usize(columns as usize));
    Ok(ReadMatrix(if flat.is_some() || dims.len() == 1 {
        OMatrix::from_iterator_generic(rows, columns, array)
    } else {
        let columns_first: Array<T, IxDyn> = array.reversed_axes();
        OMatrix::from_iterator_generic(rows, columns, columns_first)
    }))
}
