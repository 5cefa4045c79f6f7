//! Datasets of indices: written as the type that the layout says, read as the type that is asked for.

use hdf5::H5Type;
use ndarray::ArrayView1;
use sprs::SpIndex;

use super::structure::Bound;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::{Dataset, Dtype, Element, ElementType, Group, Items, Number, Shape, element_bytes};
use crate::layout::SLAB;
use crate::layout::storage_options::StorageOptions;

/// Writes `indices` to the new dataset `name`, as numbers of the type `number`, which holds them.
pub(super) fn write<I: SpIndex + H5Type>(
    group: &Group,
    name: &str,
    indices: &[I],
    number: Number,
    storing: &StorageOptions,
) -> Result<()> {
    let element = ElementType::<I>::new()?;
    let written = match number {
        // From where they are.
        _ if element.name() == number.name() => group.write_array(name, &element, &ArrayView1::from(indices), storing),
        Number::I32 => write_as::<I, i32>(group, name, indices, storing),
        Number::I64 => write_as::<I, i64>(group, name, indices, storing),
        _ => write_as::<I, u64>(group, name, indices, storing),
    };
    written.map_err(|error| error.in_link(name))
}

fn write_as<I: SpIndex, S: Element + TryFrom<usize>>(
    group: &Group,
    name: &str,
    indices: &[I],
    storing: &StorageOptions,
) -> Result<()> {
    let shape = Shape::Simple(vec![indices.len() as u64]);
    let dataset = group.create_dataset(name, Dtype::Number(S::NUMBER), shape, storing)?;
    let mut slab: Vec<S> = Vec::with_capacity(indices.len().min(SLAB));
    let mut start = 0;
    for part in indices.chunks(SLAB) {
        slab.clear();
        slab.extend(part.iter().map_while(|index| S::try_from(index.try_index()?).ok()));
        if slab.len() < part.len() {
            let message = format!("{:?} is no index", part[slab.len()]);
            return Err(Error::new(ErrorKind::OutOfRange, message));
        }
        dataset.write_rows(start, part.len() as u64, element_bytes(&slab))?;
        start += part.len() as u64;
    }
    Ok(())
}

/// A dataset of indices.
pub(super) struct Indices<'a> {
    pub(super) name: &'static str,
    pub(super) dataset: &'a Dataset,
    pub(super) len: u64,
    pub(super) bound: Bound,
}

impl Indices<'_> {
    /// Reads all of them, and checks that they are in bounds.
    pub(super) fn read<I: SpIndex + H5Type>(&self) -> Result<Vec<I>> {
        let Dtype::Number(number) = *self.dataset.dtype() else { return Err(self.no_integers()) };
        let element = ElementType::<I>::new()?;
        if element.name() == number.name() {
            // To where they will be.
            let indices = self.dataset.read_array(&element).map_err(|error| error.in_link(self.name))?;
            self.bound.check(self.name, &indices)?;
            return Ok(indices);
        }
        match number {
            Number::I8 => self.read_as::<i8, I>(),
            Number::I16 => self.read_as::<i16, I>(),
            Number::I32 => self.read_as::<i32, I>(),
            Number::I64 => self.read_as::<i64, I>(),
            Number::U8 => self.read_as::<u8, I>(),
            Number::U16 => self.read_as::<u16, I>(),
            Number::U32 => self.read_as::<u32, I>(),
            Number::U64 => self.read_as::<u64, I>(),
            // numpy's type for nothing.
            Number::F64 if self.len == 0 => Ok(Vec::new()),
            Number::Bool | Number::F32 | Number::F64 => Err(self.no_integers()),
        }
    }

    #[cold]
    fn no_integers(&self) -> Error {
        Error::wrong_type("integers", self.dataset.words()).in_link(self.name)
    }

    fn read_as<S, I>(&self) -> Result<Vec<I>>
    where
        S: Element + std::fmt::Display,
        usize: TryFrom<S>,
        I: SpIndex,
    {
        let too_many = || Error::new(ErrorKind::Limit, format!("{} indices do not fit into memory", self.len));
        let len = super::in_memory(self.len)?;
        let mut indices: Vec<I> = Vec::new();
        indices.try_reserve_exact(len).map_err(|_| too_many())?;
        let mut items = Items::default();
        let mut part: Vec<S> = Vec::new();
        while indices.len() < len {
            let count = (len - indices.len()).min(SLAB);
            let start = indices.len();
            items = self
                .dataset
                .read_block(&[start as u64], &[count as u64], items)
                .map_err(|error| error.in_link(self.name))?;
            part.clear();
            S::extend_from_bytes(&mut part, items.bytes());
            indices.extend(part.iter().map_while(|index| {
                let index = usize::try_from(*index).ok().filter(|index| self.bound.holds(*index))?;
                I::try_from_usize(index)
            }));
            let read = indices.len() - start;
            if read < count {
                return Err(match part.get(read) {
                    Some(index) => self.bound.broken(self.name, indices.len(), index),
                    None => Error::corrupt(format!("`{}` ends early", self.name)),
                });
            }
        }
        Ok(indices)
    }
}
