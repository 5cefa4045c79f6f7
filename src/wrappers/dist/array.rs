//! Arrays of which each rank has a block.
//!
//! A [`Block`] says the shape of the whole array, where in it the rank's block begins, and has its elements. It stands anywhere in a
//! value. For a field of a struct, `#[serde(with = "filebacked::dist::array")]` does the same as no attribute.
//!
//! In a file it is the array: one dataset, as of an [`NdArray`](crate::NdArray). Blocks are of any layout. They must not overlap. What is in none of
//! them is zero, which is HDF5's fill value.

use std::fs::File;

use ndarray::{Array, ArrayD, ArrayViewD, Dimension, IntoDimension, IxDyn, SliceInfoElem};
use serde::de::Deserializer;
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::element::{Element, from_bytes};
use super::geometry::{Extent, bytes_of};
use super::session::{self, ArrayPart, Contents, Part, PartForm, ToWrite, Visit, changed};
use crate::de::{ArrayLayout, OpenSource, Source};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::{Dataset, ElementType, Object, Selection, Shape, is_in_one_piece};
use crate::ser::{Destination, PartQuestion};
use crate::wrappers::array::{NdArray, check_rank, read_array};
use crate::wrappers::bridge::{self, Read, Write};

/// Arrays of fewer bytes are written by rank 0.
const MIN_SPREAD: u64 = 1 << 16;

/// A rank's block of an array that all ranks have together: see [`dist`](crate::dist).
///
/// To `to_file` of one process, and to other formats, it is the whole array, in which all that is not in the block is zero. What is
/// read there is one block, which is the whole array.
///
/// ```
/// use filebacked::dist::Block;
/// use filebacked::{NdArray, ndarray::array};
///
/// let block = Block::new([4, 2], [1, 0], array![[1.0, 2.0], [3.0, 4.0]])?;
/// let image = filebacked::to_vec(&block)?;
/// let whole: NdArray<f64, _> = filebacked::from_slice(&image)?;
/// assert_eq!(whole.0, array![[0.0, 0.0], [1.0, 2.0], [3.0, 4.0], [0.0, 0.0]]);
/// # Ok::<(), filebacked::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Block<T, D: Dimension> {
    /// The lengths of the whole array's dimensions.
    pub shape: D,
    /// Where in the whole array the block begins.
    pub start: D,
    /// The elements of the block.
    pub values: Array<T, D>,
}

impl<T, D: Dimension> Block<T, D> {
    /// A block of an array of that shape, which begins there.
    ///
    /// # Errors
    /// If the block does not lie within the array.
    pub fn new(
        shape: impl IntoDimension<Dim = D>,
        start: impl IntoDimension<Dim = D>,
        values: Array<T, D>,
    ) -> Result<Self> {
        let block = Self { shape: shape.into_dimension(), start: start.into_dimension(), values };
        if block.extent().is_within(&wide(block.shape.slice())) {
            return Ok(block);
        }
        let Self { shape, start, values } = &block;
        Err(outside(&wide(shape.slice()), &wide(start.slice()), &wide(values.shape())))
    }

    fn extent(&self) -> Extent {
        Extent { start: wide(self.start.slice()), count: wide(self.values.shape()) }
    }
}

/// The error for a block that does not lie within its array.
#[cold]
pub(crate) fn outside(shape: &[u64], start: &[u64], count: &[u64]) -> Error {
    let message = format!("a block of shape {count:?} at {start:?} does not lie within an array of shape {shape:?}");
    Error::new(ErrorKind::OutOfRange, message)
}

fn wide(dims: &[usize]) -> Vec<u64> {
    dims.iter().map(|dim| *dim as u64).collect()
}

fn narrow(dims: &[u64]) -> Result<Vec<usize>> {
    let dims = dims.iter().map(|dim| usize::try_from(*dim)).collect::<Result<_, _>>();
    dims.map_err(|_| Error::new(ErrorKind::Limit, "an array does not fit into memory"))
}

/// The same as no attribute: see [`Block`].
///
/// # Errors
/// Those of the serializer.
pub fn serialize<T, D, S>(block: &Block<T, D>, serializer: S) -> Result<S::Ok, S::Error>
where
    T: Element + Serialize,
    D: Dimension + Serialize,
    S: Serializer,
{
    block.serialize(serializer)
}

/// The same as no attribute: see [`Block`].
///
/// # Errors
/// Those of the deserializer.
pub fn deserialize<'de, T, D, De>(deserializer: De) -> Result<Block<T, D>, De::Error>
where
    T: Element + Deserialize<'de>,
    D: Dimension + Deserialize<'de>,
    De: Deserializer<'de>,
{
    Block::deserialize(deserializer)
}

impl<T: Element + Serialize, D: Dimension + Serialize> Serialize for Block<T, D> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        bridge::serialize(self, serializer)
    }
}

impl<'de, T: Element + Deserialize<'de>, D: Dimension + Deserialize<'de>> Deserialize<'de> for Block<T, D> {
    fn deserialize<De: Deserializer<'de>>(deserializer: De) -> Result<Self, De::Error> {
        bridge::deserialize(deserializer)
    }
}

impl<T: Element, D: Dimension> Block<T, D> {
    fn part(&self) -> Result<(ArrayPart, ElementType<T>)> {
        let (element, Extent { start, count }) = (ElementType::new()?, self.extent());
        let shape = wide(self.shape.slice());
        let part = ArrayPart { element: element.name(), size: size_of::<T>() as u64, shape, start, count };
        Ok((part, element))
    }

    /// The elements one after the other, the last index fastest.
    fn with_bytes<R>(&self, work: impl FnOnce(&[u8]) -> R) -> R {
        match self.values.as_slice() {
            Some(values) => work(bytemuck::cast_slice(values)),
            None => {
                let values: Vec<T> = self.values.iter().copied().collect();
                work(bytemuck::cast_slice(&values))
            }
        }
    }

    /// The array that is all of what blocks there are.
    fn whole(&self) -> Result<ArrayD<T>> {
        let view = self.values.view().into_dyn();
        assemble(&wide(self.shape.slice()), [(self.extent(), view)].into_iter())
    }

    fn is_whole(&self) -> bool {
        self.values.raw_dim() == self.shape && self.start.slice().iter().all(|start| *start == 0)
    }
}

/// The array of these blocks, and zeros.
fn assemble<'a, T: Element>(
    shape: &[u64],
    blocks: impl Iterator<Item = (Extent, ArrayViewD<'a, T>)>,
) -> Result<ArrayD<T>> {
    let dims = narrow(shape)?;
    let count = dims.iter().try_fold(size_of::<T>(), |count, dim| count.checked_mul(*dim));
    if count.is_none_or(|count| isize::try_from(count).is_err()) {
        return Err(Error::new(ErrorKind::Limit, format!("an array of shape {shape:?} does not fit into memory")));
    }
    let mut whole = ArrayD::from_elem(IxDyn(&dims), T::default());
    for (extent, values) in blocks {
        if !extent.is_within(shape) || wide(values.shape()) != extent.count {
            return Err(outside(shape, &extent.start, &extent.count));
        }
        let range = |(start, count): (&u64, &u64)| SliceInfoElem::from(*start as usize..(start + count) as usize);
        let part: Vec<SliceInfoElem> = extent.start.iter().zip(&extent.count).map(range).collect();
        whole.slice_mut(part.as_slice()).assign(&values);
    }
    Ok(whole)
}

impl<T: Element + Serialize, D: Dimension + Serialize> Write for Block<T, D> {
    fn write(&self, destination: &Destination) -> Result<()> {
        let (part, element) = self.part()?;
        match session::to_write(&PartForm::Array(part))? {
            Some(ToWrite::Contents(ranks)) => destination.put_array(&element, &gathered::<T>(&ranks)?.view()),
            Some(ToWrite::Room(number, part)) => {
                let PartForm::Array(part) = part.form else { return Err(changed()) };
                let address = destination.make_room(&element, &part.shape)?;
                session::put_addresses(number, vec![address]);
                Ok(())
            }
            Some(ToWrite::List(..)) => Err(changed()),
            None if self.is_whole() => destination.put_array(&element, &self.values.view()),
            None => destination.put_array(&element, &self.whole()?.view()),
        }
    }

    fn elsewhere<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_whole() {
            return self.values.serialize(serializer);
        }
        let whole = self.whole().map_err(serde::ser::Error::custom)?;
        let whole: Array<T, D> = whole.into_dimensionality().map_err(serde::ser::Error::custom)?;
        whole.serialize(serializer)
    }

    fn spread(&self, question: &PartQuestion) -> Option<Result<()>> {
        self.take_part(question).transpose()
    }
}

impl<T: Element, D: Dimension> Block<T, D> {
    /// Does what this block is to do; `None` if that is nothing.
    fn take_part(&self, question: &PartQuestion) -> Result<Option<()>> {
        let Some(visit) = session::visit()? else { return Ok(None) };
        let (part, element) = self.part()?;
        match visit {
            Visit::Look(may_spread) => {
                let storing = &question.rules.dataset_options().storing;
                let bytes = part.shape.iter().fold(part.size, |bytes, len| bytes.saturating_mul(*len));
                let is_spread = may_spread
                    && bytes >= MIN_SPREAD
                    && !question.is_attribute
                    && question.rules.python().is_none()
                    && element.is_stored_as_in_memory()
                    && is_in_one_piece(storing, &part.shape, size_of::<T>())?;
                let form = PartForm::Array(part);
                session::note(Part { path: question.path.clone(), form, is_spread }, None);
            }
            Visit::Collect(number) => {
                let bytes = self.with_bytes(<[u8]>::to_vec);
                session::put_contents(number, &PartForm::Array(part), bytes)?;
            }
            Visit::Fill(file, address, zeros) => {
                let size = part.size;
                for (at, len) in zeros {
                    put_zeros(&file, address + at * size, len * size)?;
                }
                self.with_bytes(|bytes| {
                    self.extent().each_run(&part.shape, |at, in_block, len| {
                        session::put_at(&file, &bytes[bytes_of(in_block..in_block + len, size)], address + at * size)
                    })
                })?;
            }
            Visit::Pass => {}
        }
        Ok(Some(()))
    }
}

fn put_zeros(file: &File, mut at: u64, mut len: u64) -> Result<()> {
    const ZEROS: [u8; 1 << 12] = [0; 1 << 12];
    while len > 0 {
        let part = len.min(ZEROS.len() as u64);
        session::put_at(file, &ZEROS[..part as usize], at)?;
        (at, len) = (at + part, len - part);
    }
    Ok(())
}

/// The array that ranks have sent the blocks of.
fn gathered<T: Element>(ranks: &Contents) -> Result<ArrayD<T>> {
    let mut shape = Vec::new();
    let mut blocks = Vec::new();
    for (part, bytes) in ranks {
        let PartForm::Array(part) = &part.form else { return Err(changed()) };
        let values = from_bytes::<T>(bytes).ok_or_else(changed)?;
        let dims = narrow(&part.count)?;
        let values = ArrayD::from_shape_vec(dims, values).map_err(|_| changed())?;
        shape.clone_from(&part.shape);
        blocks.push((Extent { start: part.start.clone(), count: part.count.clone() }, values));
    }
    assemble(&shape, blocks.iter().map(|(extent, values)| (extent.clone(), values.view())))
}

impl<'de, T: Element + Deserialize<'de>, D: Dimension + Deserialize<'de>> Read<'de> for Block<T, D> {
    const EXPECTED: &'static str = "an array";

    fn read(source: Source) -> Result<Self> {
        source.open(|found| {
            if session::is_read()
                && let OpenSource::Object(stored) = &found
                && let Object::Dataset(dataset) = &stored.object
                && let Some(block) = read_share(dataset)?
            {
                return Ok(block);
            }
            read_array(found).map(all_of)
        })
    }

    fn elsewhere<De: Deserializer<'de>>(deserializer: De) -> Result<Self, De::Error> {
        NdArray::<T, D>::deserialize(deserializer).map(|array| all_of(array.0))
    }
}

/// The block that is the whole array.
fn all_of<T, D: Dimension>(values: Array<T, D>) -> Block<T, D> {
    let shape = values.raw_dim();
    let mut start = shape.clone();
    start.slice_mut().fill(0);
    Block { shape, start, values }
}

/// Reads this rank's rows; `None` of what has none: one element, or a variable of MATLAB's, whose rows do not lie one after the
/// other.
fn read_share<T: Element, D: Dimension>(dataset: &Dataset) -> Result<Option<Block<T, D>>> {
    let element = ElementType::new()?;
    let layout = ArrayLayout::of(dataset, D::NDIM, element.is_array())?;
    check_rank::<T, D>(&element, &layout.shape, || dataset.words())?;
    let shape = match &layout.shape {
        Shape::Simple(dims) if !dims.is_empty() && !layout.is_reversed => dims.clone(),
        _ => return Ok(None),
    };
    let range = session::share(shape[0])?;
    let (mut start, mut count) = (vec![0; shape.len()], shape.clone());
    (start[0], count[0]) = (range.start, range.end - range.start);
    let selection = Selection { start: start.clone(), step: vec![1; shape.len()], count: count.clone() };
    let failed = |error: ndarray::ShapeError| Error::new(ErrorKind::Limit, error.to_string()).caused_by(error);
    let values = if range.is_empty() { Vec::new() } else { layout.read_part(dataset, element, selection)? };
    let values = ArrayD::from_shape_vec(narrow(&count)?, values).map_err(failed)?;
    let dimension = |dims: &[u64]| {
        let dims = IxDyn(&narrow(dims)?);
        D::from_dimension(&dims).ok_or_else(|| Error::corrupt("an array of other dimensions"))
    };
    let values = values.into_dimensionality().map_err(failed)?;
    Ok(Some(Block { shape: dimension(&shape)?, start: dimension(&start)?, values }))
}
