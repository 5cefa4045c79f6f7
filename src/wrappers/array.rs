//! Arrays of [`ndarray`]: one N-dimensional dataset each, written from their memory and read into it.
//!
//! A field of a struct gets `#[serde(with = "filebacked::array")]`; elsewhere (in lists, maps, payloads) an array is put
//! into [`NdArray`].
//!
//! ```
//! use filebacked::NdArray;
//! use ndarray::{Array1, Array2, Array3, array};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize, PartialEq, Debug)]
//! struct Field {
//!     #[serde(with = "filebacked::array")]
//!     velocity: Array3<f64>,
//!     #[serde(with = "filebacked::array")]
//!     mask: Option<Array2<bool>>,
//!     snapshots: Vec<NdArray<f32, ndarray::Ix1>>,
//! }
//!
//! let field = Field {
//!     velocity: Array3::zeros((8, 8, 3)),
//!     mask: None,
//!     snapshots: vec![NdArray(array![1.0, 2.0]), NdArray(array![3.0])],
//! };
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("field.h5");
//! filebacked::to_file(&path, &field)?;
//! assert_eq!(filebacked::from_file::<Field>(&path)?, field);
//! # let file = filebacked::hdf5::File::open(&path)?;
//! assert_eq!(file.dataset("velocity")?.shape(), [8, 8, 3]);
//! assert_eq!(file.dataset("snapshots/0")?.shape(), [2]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Elements
//!
//! All that [`hdf5::H5Type`] describes in a fixed size: numbers, bools, `num_complex::Complex` (h5py's complex numbers), types
//! that derive `H5Type`, arrays of these, and, with the cargo feature `f16`, `half::f16`. For other formats they implement
//! serde's traits.
//!
//! # Reading
//!
//! The number of dimensions must be that of the array; `IxDyn` takes any. An element type is read into another where that
//! loses nothing, whatever the values are: a wider one of its kind (`i32` as `i64`, `f32` as `f64`, `u8` as `i16`), integers as
//! floats that hold all of them (`i32` as `f64`), and any byte order. All else is an error.
//!
//! The dimensions of an array type are the last ones. What is stored as one element is also an array of no dimensions. Complex
//! numbers are told by the names of their parts, as others call them, too; and HDF5 2's own are read.
//!
//! A variable of MATLAB's (version 7.3) has the dimensions that it has there: `a(i, j)` is `a[[i - 1, j - 1]]`. Its memory is
//! as in the file, with the first dimension fastest. One of one row or column is also read as an array of one dimension, and
//! one number as an array of none; logical as `bool`.
//!
//! # Memory
//!
//! An array in standard layout is written by one call from its own memory, and one that is read is filled by one call. One
//! of another memory order is put into order a MiB at a time.
//!
//! # Elsewhere
//!
//! In other formats, and as a part of a dataset, an array is what `ndarray` makes of it: a struct of `v`, `dim` and `data`. A
//! field in an `@name` is an attribute, of at most 60,000 bytes.
//!
//! # Without a wrapper
//!
//! An array in no wrapper becomes the same dataset, and is read from it: its struct is known by its name and fields. Wrappers
//! and bare arrays read each other's files.
//!
//! ```
//! use filebacked::NdArray;
//! use ndarray::{Array2, Ix2, array};
//!
//! let image = filebacked::to_vec(&array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])?;
//! assert_eq!(filebacked::from_slice::<NdArray<f64, Ix2>>(&image)?.shape(), [2, 3]);
//! let bare: Array2<f64> = filebacked::from_slice(&image)?;
//! assert_eq!(bare[[1, 2]], 6.0);
//! # Ok::<(), filebacked::Error>(())
//! ```
//!
//! Wrappers are for what this cannot do:
//!
//! - It takes longer, as serde hands over each element, and the elements of a large array are copied on their way.
//! - In a sequence, or in a struct that is in one, a bare array is a record of `v`, `dim` and `data`, and not a dataset.
//! - The elements are numbers, bools or complex numbers. Arrays of other types are a group of `v`, `dim` and `data`.
//! - An attribute (`@name`) takes no bare array.
//! - Views are written, as all that `ndarray` serializes.
//!
//! Versions 0.15 to 0.17 of `ndarray` are known.
//!
//! # Complex numbers
//!
//! To serde, a `num_complex::Complex` is a tuple of two numbers. It is known by its type (of version 0.4), and is h5py's complex
//! number wherever a value can stand. A pair of floats stays a pair. Where the type does not show, a complex number is a pair, too:
//! behind a pointer of its own (`Box<Complex64>`), in a `#[serde(transparent)]` type, and where types are erased. Both forms are read
//! as complex numbers, and as tuples of two.
//!
//! ```
//! use num_complex::Complex64;
//!
//! let image = filebacked::to_vec(&vec![Complex64::new(1.0, 2.0), Complex64::new(3.0, 4.0)])?;
//! assert_eq!(filebacked::from_slice::<Vec<(f64, f64)>>(&image)?, [(1.0, 2.0), (3.0, 4.0)]);
//! # Ok::<(), filebacked::Error>(())
//! ```

use std::fmt;
use std::marker::PhantomData;

use hdf5::H5Type;
use ndarray::{
    ArrayBase, ArrayView, Data, DataOwned, Dimension, IxDyn, OwnedRepr, RawData, RawDataClone, ShapeBuilder, ViewRepr,
};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::de::{ArrayLayout, OpenObject, OpenSource, Source};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::{ElementType, Object, Shape, read_array_attribute};
use crate::layout::{ARRAY, ARRAY_FIELDS};
use crate::ser::Destination;
use crate::wrappers::bridge::{self, Read, Write};
use crate::wrappers::field::{Arrays, Field, OwnedField};

/// An array of [`ndarray`] as a value of serde's: one N-dimensional dataset. See the [module](crate::array) for what is
/// read and written.
///
/// ```
/// use filebacked::NdArray;
/// use ndarray::array;
///
/// let matrix = NdArray(array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
/// let image = filebacked::to_vec(&matrix)?;
/// assert_eq!(filebacked::from_slice::<NdArray<f64, ndarray::Ix2>>(&image)?, matrix);
/// # Ok::<(), filebacked::Error>(())
/// ```
///
/// The array is all that it is, so its field is public. It can be of any kind that `ndarray` has: it owns its elements, unless the third
/// parameter says otherwise. A view ([`NdArrayView`]) is written without a copy; what is read owns its elements.
///
/// ```
/// use filebacked::NdArray;
/// use ndarray::{Array2, s};
///
/// let image = Array2::<f32>::zeros((100, 100));
/// let left = filebacked::to_vec(&NdArray(image.slice(s![.., ..50])))?;
/// let whole = filebacked::to_vec(&NdArray::from(&image))?; // as `NdArray(image.view())`
/// assert_eq!(filebacked::from_slice::<NdArray<f32, _>>(&left)?, NdArray(image.slice(s![.., ..50])));
/// assert_eq!(filebacked::from_slice::<NdArray<f32, _>>(&whole)?, NdArray(image));
/// # Ok::<(), filebacked::Error>(())
/// ```
pub struct NdArray<T, D: Dimension, S: RawData<Elem = T> = OwnedRepr<T>>(pub ArrayBase<S, D, T>);

/// A view of an array as a value of serde's: it is written as the array that it shows, without a copy.
///
/// ```
/// use filebacked::array::NdArrayView;
/// use ndarray::{Array2, Ix1};
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// struct Ends<'a> {
///     rows: Vec<NdArrayView<'a, f64, Ix1>>,
/// }
///
/// let table = Array2::<f64>::eye(1000);
/// let image = filebacked::to_vec(&Ends { rows: vec![table.row(0).into(), table.row(999).into()] })?;
/// # Ok::<(), filebacked::Error>(())
/// ```
pub type NdArrayView<'a, T, D> = NdArray<T, D, ViewRepr<&'a T>>;

impl<T, D: Dimension, S: RawDataClone<Elem = T>> Clone for NdArray<T, D, S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: fmt::Debug, D: Dimension, S: Data<Elem = T>> fmt::Debug for NdArray<T, D, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NdArray").field(&self.0).finish()
    }
}

impl<T: Default, D: Dimension, S: DataOwned<Elem = T>> Default for NdArray<T, D, S> {
    fn default() -> Self {
        Self(Default::default())
    }
}

/// An array and a view of it are equal.
impl<T, D, S, O> PartialEq<NdArray<T, D, O>> for NdArray<T, D, S>
where
    T: PartialEq,
    D: Dimension,
    S: Data<Elem = T>,
    O: Data<Elem = T>,
{
    fn eq(&self, other: &NdArray<T, D, O>) -> bool {
        self.0 == other.0
    }
}

impl<T: Eq, D: Dimension, S: Data<Elem = T>> Eq for NdArray<T, D, S> {}

impl<T, D: Dimension, S: RawData<Elem = T>> From<ArrayBase<S, D, T>> for NdArray<T, D, S> {
    fn from(array: ArrayBase<S, D, T>) -> Self {
        Self(array)
    }
}

/// The view of all of the array.
impl<'a, T, D: Dimension, S: Data<Elem = T>> From<&'a ArrayBase<S, D, T>> for NdArrayView<'a, T, D> {
    fn from(array: &'a ArrayBase<S, D, T>) -> Self {
        Self(array.view())
    }
}

impl<T, D: Dimension, S: RawData<Elem = T>> std::ops::Deref for NdArray<T, D, S> {
    type Target = ArrayBase<S, D, T>;

    fn deref(&self) -> &ArrayBase<S, D, T> {
        &self.0
    }
}

impl<T, D: Dimension, S: RawData<Elem = T>> std::ops::DerefMut for NdArray<T, D, S> {
    fn deref_mut(&mut self) -> &mut ArrayBase<S, D, T> {
        &mut self.0
    }
}

impl<T: H5Type + Serialize, D: Dimension + Serialize, S: Data<Elem = T>> Serialize for NdArray<T, D, S> {
    fn serialize<Se: Serializer>(&self, serializer: Se) -> Result<Se::Ok, Se::Error> {
        serialize(&self.0, serializer)
    }
}

impl<'de, T, D, S> Deserialize<'de> for NdArray<T, D, S>
where
    T: H5Type + Deserialize<'de>,
    D: Dimension + Deserialize<'de>,
    S: DataOwned<Elem = T>,
{
    fn deserialize<De: Deserializer<'de>>(deserializer: De) -> Result<Self, De::Error> {
        deserialize(deserializer).map(Self)
    }
}

/// For `#[serde(with = "filebacked::array")]`: of any array that `ndarray` has, also views, and of options of them. In lists,
/// maps and payloads, an array is an [`NdArray`].
///
/// # Errors
/// Those of the serializer.
///
/// ```
/// #[derive(serde::Serialize)]
/// struct Part<'a> {
///     #[serde(serialize_with = "filebacked::array::serialize")]
///     column: ndarray::ArrayView1<'a, f64>,
/// }
///
/// let whole = ndarray::Array2::<f64>::eye(3);
/// let image = filebacked::to_vec(&Part { column: whole.column(1) })?;
/// # Ok::<(), filebacked::Error>(())
/// ```
pub fn serialize<A: Field<Arrays>, S: Serializer>(array: &A, serializer: S) -> Result<S::Ok, S::Error> {
    array.serialize_field(serializer)
}

/// For `#[serde(with = "filebacked::array")]`: of any array that owns its elements, and of options of them.
///
/// # Errors
/// Those of the deserializer.
pub fn deserialize<'de, A: OwnedField<'de, Arrays>, D: Deserializer<'de>>(deserializer: D) -> Result<A, D::Error> {
    A::deserialize_field(deserializer)
}

impl<T, S, D> Field<Arrays> for ArrayBase<S, D>
where
    T: H5Type + Serialize,
    S: Data<Elem = T>,
    D: Dimension + Serialize,
{
    fn serialize_field<Se: Serializer>(&self, serializer: Se) -> Result<Se::Ok, Se::Error> {
        bridge::serialize(&WriteArray(self.view()), serializer)
    }
}

/// An array that is written.
struct WriteArray<'a, T, D: Dimension>(ArrayView<'a, T, D>);

impl<T: H5Type + Serialize, D: Dimension + Serialize> Serialize for WriteArray<'_, T, D> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        bridge::serialize(self, serializer)
    }
}

impl<T: H5Type + Serialize, D: Dimension + Serialize> Write for WriteArray<'_, T, D> {
    fn write(&self, destination: &Destination) -> Result<()> {
        destination.put_array(&ElementType::new()?, &self.0)
    }

    fn elsewhere<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T, S, D> OwnedField<'de, Arrays> for ArrayBase<S, D>
where
    T: H5Type + Deserialize<'de>,
    S: DataOwned<Elem = T>,
    D: Dimension + Deserialize<'de>,
{
    fn deserialize_field<De: Deserializer<'de>>(deserializer: De) -> Result<Self, De::Error> {
        bridge::deserialize(deserializer).map(|ReadArray(array)| array)
    }
}

/// An array that is read.
struct ReadArray<S: DataOwned, D>(ArrayBase<S, D>);

impl<'de, T, S, D> Deserialize<'de> for ReadArray<S, D>
where
    T: H5Type + Deserialize<'de>,
    S: DataOwned<Elem = T>,
    D: Dimension + Deserialize<'de>,
{
    fn deserialize<De: Deserializer<'de>>(deserializer: De) -> Result<Self, De::Error> {
        bridge::deserialize(deserializer)
    }
}

impl<'de, T, S, D> Read<'de> for ReadArray<S, D>
where
    T: H5Type + Deserialize<'de>,
    S: DataOwned<Elem = T>,
    D: Dimension + Deserialize<'de>,
{
    const EXPECTED: &'static str = "an array";

    fn read(source: Source) -> Result<Self> {
        source
            .open(|found| match found {
                // An array that was written without a wrapper by an earlier version.
                OpenSource::Object(stored) if is_struct(&stored)? => stored.read().map(|InOtherFormat(array)| array),
                found => read_array(found),
            })
            .map(Self)
    }

    fn elsewhere<De: Deserializer<'de>>(deserializer: De) -> Result<Self, De::Error> {
        let nested = deserializer.is_human_readable();
        deserializer.deserialize_struct(ARRAY, &["v", "dim", "data"], ElsewhereVisitor { nested, array: PhantomData })
    }
}

/// An array as `ndarray` has it.
struct InOtherFormat<S: DataOwned, D>(ArrayBase<S, D>);

impl<'de, T, S, D> Deserialize<'de> for InOtherFormat<S, D>
where
    T: Deserialize<'de>,
    S: DataOwned<Elem = T>,
    D: Dimension + Deserialize<'de>,
{
    fn deserialize<De: Deserializer<'de>>(deserializer: De) -> Result<Self, De::Error> {
        ArrayBase::deserialize(deserializer).map(Self)
    }
}

/// Whether it is a group of what `ndarray` makes of an array.
fn is_struct(stored: &OpenObject) -> Result<bool> {
    let Object::Group(group) = &stored.object else { return Ok(false) };
    for field in ARRAY_FIELDS {
        if !group.has_link(field)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reads an array from an object or an attribute.
pub(crate) fn read_array<T: H5Type, S: DataOwned<Elem = T>, D: Dimension>(
    found: OpenSource,
) -> Result<ArrayBase<S, D>> {
    let element = ElementType::new()?;
    let (shape, values, is_reversed) = match found {
        OpenSource::Object(stored) => match &stored.object {
            Object::Dataset(dataset) => {
                let layout = ArrayLayout::of(dataset, D::NDIM, element.is_array())?;
                check_rank::<T, D>(&element, &layout.shape, || dataset.words())?;
                let values = layout.read(dataset, element)?;
                (layout.shape, values, layout.is_reversed)
            }
            Object::Group(_) => {
                return Err(Error::wrong_type(format_args!("an array of `{}`", element.name()), stored.words()));
            }
        },
        OpenSource::Attribute(attribute) => {
            let again = ElementType::new()?;
            let (shape, values) = read_array_attribute(&*attribute.object, &attribute.name, again, D::NDIM)?;
            check_rank::<T, D>(&element, &shape, || format!("an attribute of shape {shape}"))?;
            (shape, values, false)
        }
    };
    let dims = match &shape {
        Shape::Simple(dims) => dims.iter().map(|dim| usize::try_from(*dim)).collect::<Result<Vec<_>, _>>(),
        _ => Ok(Vec::new()),
    };
    let dims = dims.map_err(|_| Error::new(ErrorKind::Limit, format!("the shape {shape} does not fit into memory")))?;
    from_parts(&dims, values, is_reversed).map_err(|error| Error::new(ErrorKind::Limit, error))
}

/// Checks the number of dimensions.
pub(crate) fn check_rank<T: H5Type, D: Dimension>(
    element: &ElementType<T>,
    shape: &Shape,
    found: impl FnOnce() -> String,
) -> Result<()> {
    let rank = match shape {
        // No array at all, which is said elsewhere.
        Shape::Null => return Ok(()),
        Shape::Scalar => 0,
        Shape::Simple(dims) => dims.len(),
    };
    match D::NDIM {
        Some(wanted) if wanted != rank => {
            let dimensions = if wanted == 1 { "dimension" } else { "dimensions" };
            let expected = format!("an array of `{}` with {wanted} {dimensions}", element.name());
            Err(Error::wrong_type(expected, found()))
        }
        _ => Ok(()),
    }
}

/// The array of that shape and those elements, of which those along the last dimension follow each other, or, if it is
/// reversed, those along the first; or what is wrong with them.
fn from_parts<T, S: DataOwned<Elem = T>, D: Dimension>(
    dims: &[usize],
    values: Vec<T>,
    is_reversed: bool,
) -> Result<ArrayBase<S, D>, String> {
    let shape = IxDyn(dims).set_f(is_reversed);
    let array = ArrayBase::<S, IxDyn>::from_shape_vec(shape, values).map_err(|error| error.to_string())?;
    array.into_dimensionality().map_err(|error| error.to_string())
}

/// Reads what `ndarray` makes of an array. Where formats can tell the two apart, also sequences of sequences: a part of
/// a dataset is that, and so is an array that serde keeps until it knows what for (`flatten`, `untagged`).
struct ElsewhereVisitor<A> {
    nested: bool,
    array: PhantomData<A>,
}

impl<'de, T, S, D> Visitor<'de> for ElsewhereVisitor<ReadArray<S, D>>
where
    T: Deserialize<'de>,
    S: DataOwned<Elem = T>,
    D: Dimension + Deserialize<'de>,
{
    type Value = ReadArray<S, D>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        ArrayBase::deserialize(MapAccessDeserializer::new(map)).map(ReadArray)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Self::Value, A::Error> {
        if !self.nested {
            return ArrayBase::deserialize(SeqAccessDeserializer::new(elements)).map(ReadArray);
        }
        let rank = D::NDIM.filter(|rank| *rank > 0).ok_or_else(|| {
            A::Error::custom("sequences do not say how many dimensions an array has: name them in its type")
        })?;
        let mut grid = NestedLists { dims: vec![None; rank], values: Vec::new() };
        GridRows { grid: &mut grid, level: 0 }.visit_seq(elements)?;
        let dims: Vec<usize> = grid.dims.iter().map(|dim| dim.unwrap_or(0)).collect();
        from_parts(&dims, grid.values, false).map(ReadArray).map_err(A::Error::custom)
    }
}

/// Sequences of sequences, as far as they have come.
struct NestedLists<T> {
    /// The lengths along each dimension, once known.
    dims: Vec<Option<usize>>,
    values: Vec<T>,
}

/// The sequences at one level of a [`NestedLists`].
struct GridRows<'a, T> {
    grid: &'a mut NestedLists<T>,
    level: usize,
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for GridRows<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for GridRows<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row of an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let Self { grid, level } = self;
        let mut count = 0;
        if level + 1 == grid.dims.len() {
            while let Some(value) = elements.next_element()? {
                grid.values.push(value);
                count += 1;
            }
        } else {
            while elements.next_element_seed(GridRows { grid: &mut *grid, level: level + 1 })?.is_some() {
                count += 1;
            }
        }
        match grid.dims[level].replace(count) {
            Some(before) if before != count => {
                Err(A::Error::custom(format_args!("the rows of an array are of one length: {before} and {count}")))
            }
            _ => Ok(()),
        }
    }
}
