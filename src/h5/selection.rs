//! Parts of datasets.

use hdf5::types::H5Type;

use super::attribute::Attributes;
use super::dataset::{Dataset, Shape, simple_space};
use super::items::Items;
use super::present::Wanted;
use super::sys::{h5d, h5s};
use super::typed::{ElementType, rounded};
use super::{Id, locked};
use crate::ground::error::{Error, ErrorKind, Result};

/// For each dimension of a dataset, which of its items are meant: `count` of them, `step` apart, from `start` on.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Selection {
    pub(crate) start: Vec<u64>,
    pub(crate) step: Vec<u64>,
    pub(crate) count: Vec<u64>,
}

impl Selection {
    /// Whether all that it means is in a dataset of that shape.
    pub(crate) fn is_within(&self, shape: &Shape) -> bool {
        let dims: &[u64] = match shape {
            Shape::Null => return false,
            Shape::Scalar => &[],
            Shape::Simple(dims) => dims,
        };
        let Self { start, step, count } = self;
        let is_in = |at: usize| {
            let last = count[at].checked_sub(1).map(|last| last.checked_mul(step[at])?.checked_add(start[at]));
            step[at] > 0 && last.map_or(start[at] <= dims[at], |last| last.is_some_and(|last| last < dims[at]))
        };
        [start.len(), step.len(), count.len()] == [dims.len(); 3] && (0..dims.len()).all(is_in)
    }
}

impl Dataset {
    /// Reads the items that are selected, which are within the dataset, as they are in memory.
    pub(crate) fn read_selected(&self, selection: &Selection) -> Result<Items> {
        let Selection { start, step, count } = selection;
        if count.is_empty() {
            return self.read();
        }
        let is_block = step.iter().zip(count).all(|(step, count)| *step == 1 || *count < 2);
        if is_block {
            return self.read_block(start, count, Items::default());
        }
        let items = count.iter().try_fold(1u64, |items, count| items.checked_mul(*count));
        match items.ok_or_else(|| Error::corrupt("a part of absurd shape"))? {
            0 => Ok(Items::default()),
            items => self.read_steps(items, selection),
        }
    }

    /// Reads the items that are selected, in the order of the file.
    pub(crate) fn read_selection<T: H5Type>(&self, element: &ElementType<T>, selection: &Selection) -> Result<Vec<T>> {
        let stored = h5d::get_type("look into a dataset", self.handle())?;
        rounded!(element, &stored, self.dtype(), self.shape(), wide => self.read_selection(&wide, selection)?);
        element.check(&stored, self.dtype(), self.shape())?;
        let items = selection.count.iter().try_fold(1u64, |items, count| items.checked_mul(*count));
        let items = items.ok_or_else(|| Error::corrupt("a part of absurd shape"))?;
        if items == 0 {
            return Ok(Vec::new());
        }
        if selection.count.is_empty() {
            return self.read_array(element);
        }
        let (elements, size) = (element.count_in(items)?, element.item_size());
        if let Some(chunked) = self.chunked()?
            && chunked.suits(selection)?
        {
            return element.of_bytes(elements, |bytes| {
                chunked.read_part(self.handle(), selection, (element.memory_type(), size), bytes)
            });
        }
        let Selection { start, step, count } = selection;
        let wanted = Wanted { start, step: Some(step), count };
        let memory = simple_space(&[items])?;
        self.fetch(wanted)?;
        // SAFETY: room for as many items as `memory` has, which is zeroed where the library may not fill all.
        unsafe {
            element.filled(elements, !self.fills()?, |values| {
                locked(|| {
                    if let Some(chunked) = self.chunked()? {
                        chunked.look_again(self.handle(), start)?;
                    }
                    self.read_raw(Some(wanted), (element.memory_type(), memory.get()), values.cast())
                })
            })
        }
    }
}

/// The block of a dataset of the dimensions `dims` that begins at `start` and has `count` items along each; and the space
/// of its `items` in memory.
pub(super) fn select(dims: &[u64], start: &[u64], count: &[u64], items: u64) -> Result<(Id, Id)> {
    Ok((select_within(dims, start, None, count)?, simple_space(&[items])?))
}

/// The block of something of the dimensions `dims` that begins at `start` and has `count` items along each, `step` apart.
pub(super) fn select_within(dims: &[u64], start: &[u64], step: Option<&[u64]>, count: &[u64]) -> Result<Id> {
    let rank = dims.len();
    if start.len() != rank || count.len() != rank || step.is_some_and(|step| step.len() != rank) {
        return Err(Error::new(ErrorKind::Hdf5, "a dataset has other dimensions than the block"));
    }
    let space = simple_space(dims)?;
    select_in(&space, start, step, count)?;
    Ok(space)
}

/// Selects a block in a dataspace with as many dimensions as `start`, `step` and `count` have numbers.
pub(super) fn select_in(space: &Id, start: &[u64], step: Option<&[u64]>, count: &[u64]) -> Result<()> {
    h5s::select("select a part of a dataset", space, start, step, count)
}
