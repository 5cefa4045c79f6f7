//! Arrays of any shape and of any type of numbers.

use std::fmt::Display;

use ndarray::{ArrayD, ArrayViewD, Dimension, IxDyn, ShapeBuilder};
use num_complex::Complex;
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use super::Value;
use crate::de::ArrayLayout;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::{
    Attributes, Dataset, Dtype, ElementType, Number as StoredNumber, Shape, read_array_attribute, shape_within,
};
use crate::layout::COMPLEX;
use crate::ser::Destination;
use crate::wrappers::bridge::{self, Write};

mod sealed {
    pub trait Sealed {}
}

/// What an [`Array`] can be of: integers of 8 to 64 bits, `f32`, `f64`, complex numbers of these, and `bool`.
#[diagnostic::on_unimplemented(
    message = "`filebacked::value::Array` has no arrays of `{Self}`",
    label = "expected integers of 8 to 64 bits, `f32`, `f64`, `Complex` of these, or `bool`",
    note = "make another array of it, such as `array.mapv(f64::from)`; the types of `ndarray` and `num_complex` are those of \
            `filebacked::ndarray`"
)]
pub trait ArrayElement: sealed::Sealed + Sized {
    /// The array of it.
    fn into_array(array: ArrayD<Self>) -> Array;

    /// The array that it is, if its elements are of this type.
    fn of_array(array: &Array) -> Option<&ArrayD<Self>>;
}

macro_rules! arrays {
    ($($variant:ident $type:ty, $name:literal);*) => {
        /// An array of any shape, of numbers, bools or complex numbers: an N-dimensional dataset.
        ///
        /// ```
        /// use filebacked::value::{Array, Number};
        ///
        /// let array = Array::from(ndarray::array![[1_i16, 2, 3], [4, 5, 6]]);
        /// assert_eq!((array.shape(), array.type_name()), (&[2, 3][..], "i16"));
        /// assert_eq!(array.get(&[1, 0]), Some(Number::I16(4).into()));
        /// assert_eq!(array.view::<i16>().unwrap().sum(), 21);
        /// assert_eq!(array.to_f64()?[[0, 2]], 3.0);
        /// # Ok::<(), filebacked::Error>(())
        /// ```
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Array {
            $(#[doc = concat!("Of `", $name, "`.")] $variant(ArrayD<$type>)),*
        }

        $(
            impl sealed::Sealed for $type {}

            impl ArrayElement for $type {
                fn into_array(array: ArrayD<Self>) -> Array {
                    Array::$variant(array)
                }

                fn of_array(array: &Array) -> Option<&ArrayD<Self>> {
                    match array {
                        Array::$variant(array) => Some(array),
                        _ => None,
                    }
                }
            }
        )*

        /// Does the same for an array of each type.
        macro_rules! each {
            ($array:expr, $bound:ident => $result:expr) => {
                match $array {
                    $(Array::$variant($bound) => $result),*
                }
            };
        }

        impl Array {
            /// The type of the elements, in Rust's words.
            #[must_use]
            pub fn type_name(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $name),*
                }
            }
        }
    };
}

arrays!(
    Bool bool, "bool"; I8 i8, "i8"; I16 i16, "i16"; I32 i32, "i32"; I64 i64, "i64"; U8 u8, "u8"; U16 u16, "u16";
    U32 u32, "u32"; U64 u64, "u64"; F32 f32, "f32"; F64 f64, "f64"; Complex32 Complex<f32>, "Complex<f32>";
    Complex64 Complex<f64>, "Complex<f64>"
);

impl<T: ArrayElement, D: Dimension> From<ndarray::Array<T, D>> for Array {
    fn from(array: ndarray::Array<T, D>) -> Self {
        T::into_array(array.into_dyn())
    }
}

impl Array {
    /// Sizes along the dimensions.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        each!(self, array => array.shape())
    }

    /// The number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        each!(self, array => array.len())
    }

    /// Whether it has no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The array itself, if its elements are of that type.
    #[must_use]
    pub fn view<T: ArrayElement>(&self) -> Option<ArrayViewD<'_, T>> {
        T::of_array(self).map(|array| array.view())
    }

    /// The element at a position along each dimension.
    #[must_use]
    pub fn get(&self, position: &[usize]) -> Option<Value> {
        each!(self, array => array.get(IxDyn(position)).map(|element| element.to_value()))
    }

    /// The first elements, in the order of the dataset, in words.
    pub(super) fn first(&self, count: usize) -> Vec<String> {
        each!(self, array => array.iter().take(count).map(ToValue::words).collect())
    }

    /// The same as `f64`.
    ///
    /// # Errors
    /// If an element is none that `f64` holds exactly: an integer of more than 53 bits, a bool, a complex number.
    pub fn to_f64(&self) -> Result<ArrayD<f64>> {
        each!(self, array => {
            let values = array.iter().map(|element| element.to_value().as_f64()).collect::<Option<Vec<_>>>();
            values.and_then(|values| ArrayD::from_shape_vec(array.raw_dim(), values).ok())
        })
        .ok_or_else(|| {
            let message = format!("`f64` does not hold all elements of an array of `{}` exactly", self.type_name());
            Error::new(ErrorKind::OutOfRange, message)
        })
    }

    /// All of a dataset, if it is one of those types, and has dimensions, or is a complex number.
    pub(super) fn of_dataset(dataset: &Dataset) -> Result<Option<Self>> {
        let layout = ArrayLayout::of(dataset, None, false)?;
        match layout.shape {
            Shape::Simple(_) if layout.is_numeric() => {
                read(&layout.dtype, &mut WholeDataset { dataset, layout: &layout })
            }
            Shape::Scalar if layout.dtype.complex().is_some() => {
                read(&layout.dtype, &mut WholeDataset { dataset, layout: &layout })
            }
            _ => Ok(None),
        }
    }

    /// All of an attribute, on the same conditions.
    pub(super) fn of_attribute(object: &impl Attributes, name: &str) -> Result<Option<Self>> {
        let Some(contents) = object.attribute(name)? else { return Ok(None) };
        let (shape, _) = shape_within(&contents.shape, &contents.dtype, None, false);
        match &shape {
            Shape::Simple(dims) => read(contents.dtype.innermost(), &mut WholeAttribute { object, name, dims }),
            _ => Ok(None),
        }
    }
}

/// Where an array is read from.
trait ArrayOrigin {
    fn dims(&self) -> &[u64];
    fn elements<T: hdf5::H5Type>(&mut self) -> Result<Vec<T>>;

    /// Whether the first dimension is fastest.
    fn is_reversed(&self) -> bool {
        false
    }

    fn array<T: hdf5::H5Type + ArrayElement>(&mut self) -> Result<Array> {
        let values = self.elements()?;
        let dims = self.dims().iter().map(|dim| usize::try_from(*dim)).collect::<Result<Vec<_>, _>>();
        let shape = dims.ok().map(|dims| IxDyn(&dims).set_f(self.is_reversed()));
        let array = shape.and_then(|shape| ArrayD::from_shape_vec(shape, values).ok());
        array
            .map(T::into_array)
            .ok_or_else(|| Error::new(ErrorKind::Limit, "an array whose shape does not fit into memory"))
    }
}

struct WholeDataset<'a> {
    dataset: &'a Dataset,
    layout: &'a ArrayLayout,
}

impl ArrayOrigin for WholeDataset<'_> {
    fn dims(&self) -> &[u64] {
        match &self.layout.shape {
            Shape::Simple(dims) => dims,
            _ => &[],
        }
    }

    fn is_reversed(&self) -> bool {
        self.layout.is_reversed
    }

    fn elements<T: hdf5::H5Type>(&mut self) -> Result<Vec<T>> {
        self.layout.read(self.dataset, ElementType::new()?)
    }
}

struct WholeAttribute<'a, A> {
    object: &'a A,
    name: &'a str,
    dims: &'a [u64],
}

impl<A: Attributes> ArrayOrigin for WholeAttribute<'_, A> {
    fn dims(&self) -> &[u64] {
        self.dims
    }

    fn elements<T: hdf5::H5Type>(&mut self) -> Result<Vec<T>> {
        read_array_attribute(self.object, self.name, ElementType::new()?, None).map(|(_, values)| values)
    }
}

fn read(dtype: &Dtype, place: &mut impl ArrayOrigin) -> Result<Option<Array>> {
    Ok(Some(match dtype {
        Dtype::Number(number) => match number {
            StoredNumber::Bool => place.array::<bool>()?,
            StoredNumber::I8 => place.array::<i8>()?,
            StoredNumber::I16 => place.array::<i16>()?,
            StoredNumber::I32 => place.array::<i32>()?,
            StoredNumber::I64 => place.array::<i64>()?,
            StoredNumber::U8 => place.array::<u8>()?,
            StoredNumber::U16 => place.array::<u16>()?,
            StoredNumber::U32 => place.array::<u32>()?,
            StoredNumber::U64 => place.array::<u64>()?,
            StoredNumber::F32 => place.array::<f32>()?,
            StoredNumber::F64 => place.array::<f64>()?,
        },
        dtype => match dtype.complex().map(|parts| parts.map(|part| &part.dtype)) {
            Some([Dtype::Number(StoredNumber::F32), Dtype::Number(StoredNumber::F32)]) => {
                place.array::<Complex<f32>>()?
            }
            Some(
                [
                    Dtype::Number(StoredNumber::F32 | StoredNumber::F64),
                    Dtype::Number(StoredNumber::F32 | StoredNumber::F64),
                ],
            ) => place.array::<Complex<f64>>()?,
            _ => return Ok(None),
        },
    }))
}

impl Serialize for Array {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        bridge::serialize(self, serializer)
    }
}

impl Write for Array {
    fn write(&self, destination: &Destination) -> Result<()> {
        each!(self, array => destination.put_array(&ElementType::new()?, &array.view()))
    }

    fn elsewhere<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        each!(self, array => Nested(array.view()).serialize(serializer))
    }
}

/// An array as sequences of sequences, as it is in formats that have nothing else.
struct Nested<'a, T>(ArrayViewD<'a, T>);

impl<T: Serialize> Serialize for Nested<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.ndim() {
            0 => match self.0.first() {
                Some(element) => element.serialize(serializer),
                None => serializer.serialize_none(),
            },
            1 => serializer.collect_seq(&self.0),
            _ => {
                let rows = self.0.outer_iter();
                let mut seq = serializer.serialize_seq(Some(rows.len()))?;
                rows.into_iter().try_for_each(|row| seq.serialize_element(&Nested(row)))?;
                seq.end()
            }
        }
    }
}

/// An element by itself.
trait ToValue {
    fn to_value(&self) -> Value;

    /// What it is, in words.
    fn words(&self) -> String {
        self.to_value().words()
    }
}

macro_rules! elements {
    ($($type:ty)*) => {
        $(impl ToValue for $type {
            fn to_value(&self) -> Value {
                (*self).into()
            }
        })*
    };
}

elements!(bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64);

/// As h5py has them: a record.
impl<T: Copy + Into<Value>> ToValue for Complex<T>
where
    Self: Display,
{
    fn to_value(&self) -> Value {
        Value::from_iter(COMPLEX.into_iter().zip([self.re.into(), self.im.into()]))
    }

    fn words(&self) -> String {
        self.to_string()
    }
}
