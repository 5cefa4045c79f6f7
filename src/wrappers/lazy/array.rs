//! Arrays that are read in parts.

use hdf5::H5Type;
use hdf5::types::TypeDescriptor;
use ndarray::{Array, Axis, Dimension, IxDyn, ShapeBuilder, SliceArg, SliceInfoElem};

use super::Lazy;
use crate::de::ArrayLayout;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::{Dataset, ElementType, Object, Selection, Shape, brief};
use crate::wrappers::array::{NdArray, check_rank};

impl<T: H5Type, D: Dimension> Lazy<NdArray<T, D>> {
    /// The lengths of the array's dimensions, without reading it.
    ///
    /// # Errors
    /// If the file is gone, or what is stored is no array of as many dimensions.
    pub fn shape(&self) -> Result<Vec<usize>> {
        match self.in_memory()? {
            Some(array) => Ok(array.shape().to_vec()),
            None => self.with_dataset(|_, layout, _| dims_of(&layout.shape)),
        }
    }

    /// The type of the stored elements, without reading them; of an array in memory, that of `T`.
    ///
    /// ```
    /// use filebacked::hdf5::types::{FloatSize, TypeDescriptor};
    /// use filebacked::{Lazy, NdArray};
    ///
    /// let image = filebacked::to_vec(&NdArray(ndarray::array![1.5_f32]))?;
    /// let array: Lazy<NdArray<f64, ndarray::Ix1>> = filebacked::from_slice(&image)?;
    /// assert_eq!(array.element_type()?, TypeDescriptor::Float(FloatSize::U4));
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the file is gone, what is stored is no array of as many dimensions, or the `hdf5` crate does not know the type.
    pub fn element_type(&self) -> Result<TypeDescriptor> {
        match self.in_memory()? {
            Some(_) => Ok(T::type_descriptor()),
            None => self.with_dataset(|dataset, layout, _| match layout.dtype.number() {
                // What MATLAB has as bools, or has none of, is stored as something else.
                Some(number) if layout.is_reversed => Ok(number.descriptor()),
                // The `hdf5` crate takes for granted that the values of enums have at most 8 bytes, and what else was looked at
                // when the dataset was opened.
                _ if layout.dtype.has_unsupported() => {
                    let message =
                        format!("the `hdf5` crate does not know the type `{}`", brief(layout.dtype.to_string()));
                    Err(Error::new(ErrorKind::Unsupported, message))
                }
                _ => Ok(dataset.user()?.dtype()?.to_descriptor()?),
            }),
        }
    }

    /// Reads a part of the array, and no more than that: what [`ndarray::s!`] says, as [`ndarray`] slices an array. To index the
    /// part, say its type, as with `ndarray` itself: `let row: Array1<f64> = array.slice(s![2, ..])?`.
    ///
    /// ```
    /// use filebacked::{Lazy, NdArray};
    /// use ndarray::{Array2, Ix2, array, s};
    ///
    /// let whole = Array2::from_shape_fn((100, 4), |(row, column)| (10 * row + column) as f64);
    /// let image = filebacked::to_vec(&NdArray(whole))?;
    /// let array: Lazy<NdArray<f64, Ix2>> = filebacked::from_slice(&image)?;
    /// assert_eq!(array.slice(s![2, ..])?, array![20.0, 21.0, 22.0, 23.0]);
    /// assert_eq!(array.slice(s![..;50, -1])?, array![3.0, 503.0]);
    /// assert_eq!(array.slice(s![0..2, ..;-2])?, array![[3.0, 1.0], [13.0, 11.0]]);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the file is gone, the array has other dimensions or elements than are asked for, or the part does not lie within
    /// the array ([`OutOfRange`](ErrorKind::OutOfRange)). `NewAxis` is [`Unsupported`](ErrorKind::Unsupported).
    pub fn slice<I: SliceArg<D>>(&self, part: I) -> Result<Array<T, I::OutDim>>
    where
        T: Clone,
    {
        if let Some(array) = self.in_memory()? {
            // ndarray panics at what does not lie within.
            SelectedPart::new(part.as_ref(), array.shape())?;
            return Ok(array.slice(part).to_owned());
        }
        self.with_dataset(|dataset, layout, element| {
            let SelectedPart { selection, shape, reversed } =
                SelectedPart::new(part.as_ref(), &dims_of(&layout.shape)?)?;
            let values = layout.read_part(dataset, element, selection)?;
            let failed = |error: ndarray::ShapeError| Error::new(ErrorKind::Limit, error.to_string()).caused_by(error);
            let shape = IxDyn(&shape).set_f(layout.is_reversed);
            let mut array = Array::from_shape_vec(shape, values).map_err(failed)?;
            for axis in reversed {
                array.invert_axis(Axis(axis));
            }
            array.into_dimensionality().map_err(failed)
        })
    }

    /// The array, if it is in memory. One that is no object of its own, but a value of a map that is stored as keys and values,
    /// is read for that.
    fn in_memory(&self) -> Result<Option<&NdArray<T, D>>> {
        match (self.value.get(), &self.origin) {
            (None, Some(origin)) if !origin.deferred.is_object() => self.get().map(Some),
            (value, _) => Ok(value),
        }
    }

    /// Does something with the dataset that the array is.
    fn with_dataset<R>(&self, work: impl FnOnce(&Dataset, &ArrayLayout, ElementType<T>) -> Result<R>) -> Result<R> {
        let origin = self.origin.as_ref().ok_or_else(|| Error::corrupt("a value that is nowhere"))?;
        origin.deferred.during(|stored| {
            let element = ElementType::new()?;
            // Somebody may have changed its shape meanwhile.
            match &stored.object.again()? {
                Object::Dataset(dataset) if *dataset.shape() != Shape::Null => {
                    let layout = ArrayLayout::of(dataset, D::NDIM, element.is_array())?;
                    check_rank::<T, D>(&element, &layout.shape, || dataset.words())?;
                    work(dataset, &layout, element)
                }
                _ => Err(Error::wrong_type(format_args!("an array of `{}`", element.name()), stored.words())),
            }
        })
    }
}

fn dims_of(shape: &Shape) -> Result<Vec<usize>> {
    let Shape::Simple(dims) = shape else { return Ok(Vec::new()) };
    let dims = dims.iter().map(|dim| usize::try_from(*dim)).collect::<Result<_, _>>();
    dims.map_err(|_| Error::new(ErrorKind::Limit, format!("the shape {shape} does not fit into memory")))
}

/// A part of an array.
#[derive(Debug, Default, PartialEq)]
struct SelectedPart {
    selection: Selection,
    /// The lengths of the dimensions that it has: those of which one index is taken are gone.
    shape: Vec<usize>,
    /// Those of them that run backwards.
    reversed: Vec<usize>,
}

impl SelectedPart {
    /// What `elements` mean in an array of such dimensions.
    fn new(elements: &[SliceInfoElem], dims: &[usize]) -> Result<Self> {
        if elements.iter().any(SliceInfoElem::is_new_axis) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "a part that is read has no `NewAxis`: add it to what is read",
            ));
        }
        if elements.len() != dims.len() {
            let message =
                format!("expected a part of an array with {} dimensions, found one of {}", dims.len(), elements.len());
            return Err(Error::new(ErrorKind::WrongLength, message));
        }
        let mut part = Self::default();
        for (axis, (element, len)) in elements.iter().zip(dims).enumerate() {
            part.push(*element, *len).ok_or_else(|| {
                let message =
                    format!("the part `{element}` does not lie within dimension {axis}, whose length is {len}");
                Error::new(ErrorKind::OutOfRange, message)
            })?;
        }
        Ok(part)
    }

    /// Adds what is taken along the next dimension, which has `len` items; `None` if it does not lie within.
    fn push(&mut self, element: SliceInfoElem, len: usize) -> Option<()> {
        // From the end, if it is negative.
        let at = |index: isize| match index {
            0.. => Some(index as usize),
            _ => len.checked_sub(index.unsigned_abs()),
        };
        let (start, step, count) = match element {
            SliceInfoElem::Index(index) => (at(index).filter(|index| *index < len)?, 1, 1),
            SliceInfoElem::Slice { start, end, step } => {
                let start = at(start).filter(|start| *start <= len)?;
                let end = end.map_or(Some(len), at).filter(|end| *end <= len)?;
                let (size, width) = (end.saturating_sub(start), step.unsigned_abs());
                if width == 0 {
                    return None;
                }
                let count = size.div_ceil(width);
                // Backwards, the last item is the first that is taken.
                let first = if step < 0 && count > 0 { end - 1 - (count - 1) * width } else { start };
                if step < 0 {
                    self.reversed.push(self.shape.len());
                }
                self.shape.push(count);
                (first, width, count)
            }
            SliceInfoElem::NewAxis => return None,
        };
        let Selection { start: starts, step: steps, count: counts } = &mut self.selection;
        starts.push(start as u64);
        steps.push(step as u64);
        counts.push(count as u64);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, ArrayD, s};
    use proptest::prelude::*;

    use super::*;

    fn elements() -> impl Strategy<Value = SliceInfoElem> {
        let index = -7_isize..7;
        let step = prop_oneof![-4_isize..0, 1_isize..5];
        prop_oneof![
            index.clone().prop_map(SliceInfoElem::Index),
            (index.clone(), prop::option::of(index), step).prop_map(|(start, end, step)| SliceInfoElem::Slice {
                start,
                end,
                step
            }),
        ]
    }

    proptest! {
        /// What is selected is what `ndarray` would give, or does not lie within.
        #[test]
        fn as_ndarray_slices(elements in prop::collection::vec(elements(), 2), dims in prop::collection::vec(0_usize..6, 2)) {
            let array = ArrayD::from_shape_fn(dims.clone(), |index| (10 * index[0] + index[1]) as u64);
            let Ok(part) = SelectedPart::new(&elements, &dims) else {
                let sliced = std::panic::catch_unwind(|| array.slice(elements.as_slice()).to_owned());
                prop_assert!(sliced.is_err());
                return Ok(());
            };
            let expected = array.slice(elements.as_slice());
            prop_assert_eq!(expected.shape(), &part.shape);
            let Selection { start, step, count } = &part.selection;
            let mut values = Vec::new();
            for row in 0..count[0] {
                for column in 0..count[1] {
                    let (row, column) = (start[0] + row * step[0], start[1] + column * step[1]);
                    values.push(array[[row as usize, column as usize]]);
                }
            }
            let mut found = ArrayD::from_shape_vec(part.shape.clone(), values).unwrap();
            part.reversed.iter().for_each(|axis| found.invert_axis(Axis(*axis)));
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn parts_that_are_none() {
        let dims = Array3::<u8>::zeros((2, 3, 4)).shape().to_vec();
        for (elements, kind) in [
            (s![0, 0, 4].as_ref(), ErrorKind::OutOfRange),
            (s![0, -4, 0].as_ref(), ErrorKind::OutOfRange),
            (s![.., 1..4, ..].as_ref(), ErrorKind::OutOfRange),
            (s![.., ..].as_ref(), ErrorKind::WrongLength),
            (s![.., .., .., ndarray::NewAxis].as_ref(), ErrorKind::Unsupported),
        ] {
            assert_eq!(SelectedPart::new(elements, &dims).unwrap_err().kind(), kind);
        }
        let backwards = [SliceInfoElem::Slice { start: 0, end: None, step: 0 }; 3];
        assert_eq!(SelectedPart::new(&backwards, &dims).unwrap_err().kind(), ErrorKind::OutOfRange);
    }
}
