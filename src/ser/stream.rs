//! Long sequences of fixed-size elements: written in slabs while they are serialized, so that neither time nor memory is
//! spent on a second copy of them.

use super::column::Column;
use super::layout::{items, pack_items, unpack_items};
use super::place::Place;
use crate::error::Result;
use crate::format::SLAB;
use crate::storage::{Dataset, Dtype, Shape};

/// Elements after which a sequence is looked at for the first time.
const FIRST_LOOK: usize = 1024;
/// A sequence of fewer bytes is written at once.
const MIN_BYTES: u64 = 4 * SLAB as u64;

/// A sequence at its place, part of which may be written already.
pub(super) struct Sequence<'a> {
    place: Place<'a>,
    /// The elements that are not written yet.
    pub(super) column: Column,
    /// How many there will be, as the value says.
    len: Option<u64>,
    /// How many elements make it worth looking whether they can be written.
    look_at: usize,
    written: Option<Written>,
}

/// The part of a sequence that is written.
struct Written {
    dataset: Dataset,
    dtype: Dtype,
    /// The shape of one element.
    dims: Vec<u64>,
    count: u64,
    total: u64,
    /// The column of the elements, without them.
    form: Column,
}

impl<'a> Sequence<'a> {
    pub(super) fn new(place: Place<'a>, len: Option<usize>) -> Self {
        let len = len.map(|len| len as u64).filter(|_| !place.is_attribute());
        let look_at = if len.is_some() { FIRST_LOOK } else { usize::MAX };
        Self { place, column: Column::new(), len, look_at, written: None }
    }

    /// Elements so far.
    pub(super) fn len(&self) -> usize {
        self.column.len() + self.written.as_ref().map_or(0, |written| written.count as usize)
    }

    /// To be called after each element.
    #[inline]
    pub(super) fn pushed(&mut self) -> Result<()> {
        if self.column.len() >= self.look_at { self.look() } else { Ok(()) }
    }

    /// Writes what is there, if it is a slab of fixed-size elements.
    #[cold]
    fn look(&mut self) -> Result<()> {
        let Some((dtype, dims)) = items(&self.column) else {
            self.take_back()?;
            // What has not a fixed size by now will hardly have one later.
            self.look_at = usize::MAX;
            return Ok(());
        };
        let size = dims.iter().fold(dtype.size() as u64, |size, dim| size * dim).max(1);
        self.look_at = usize::try_from(SLAB as u64 / size).unwrap_or(1).max(1);
        if self.column.len() < self.look_at {
            return Ok(());
        }
        self.flush(dtype, dims)
    }

    fn flush(&mut self, dtype: Dtype, dims: Vec<u64>) -> Result<()> {
        let count = self.column.len() as u64;
        if let Some(written) = &self.written
            && (written.dtype != dtype || written.dims != dims || written.count + count > written.total)
        {
            self.take_back()?;
            self.look_at = usize::MAX;
            return Ok(());
        }
        if self.written.is_none() {
            let size = dims.iter().fold(dtype.size() as u64, |size, dim| size * dim);
            let Some(total) = self.len.filter(|len| *len >= count && len.saturating_mul(size) >= MIN_BYTES) else {
                self.look_at = usize::MAX;
                return Ok(());
            };
            let shape = std::iter::once(total).chain(dims.iter().copied()).collect();
            let dataset = self.place.dataset(dtype.clone(), Shape::Simple(shape), None)?;
            let mut form = self.column.clone();
            form.clear();
            self.written = Some(Written { dataset, dtype, dims, count: 0, total, form });
        }
        let Some(written) = &mut self.written else { return Ok(()) };
        pack_items(&self.column, written.dtype.size(), |bytes| {
            written.dataset.write_rows(written.count, count, bytes)
        })?;
        written.count += count;
        self.column.clear();
        Ok(())
    }

    /// Reads back what is written, where later elements do not fit it.
    fn take_back(&mut self) -> Result<()> {
        let Some(written) = self.written.take() else { return Ok(()) };
        let mut column = written.form;
        let size = written.dims.iter().fold(written.dtype.size(), |size, dim| size * *dim as usize).max(1);
        let step = (SLAB / size).max(1) as u64;
        let mut start = 0;
        while start < written.count {
            let count = step.min(written.count - start);
            unpack_items(&mut column, &written.dataset.read_rows(start, count)?, size, &written.dims);
            start += count;
        }
        for index in 0..self.column.len() {
            column.push_from(&self.column, index)?;
        }
        self.column = column;
        self.place.clear()
    }

    /// Writes the rest.
    pub(super) fn end(mut self) -> Result<()> {
        if self.written.is_some() {
            if self.column.len() > 0 {
                match items(&self.column) {
                    Some((dtype, dims)) => self.flush(dtype, dims)?,
                    None => self.take_back()?,
                }
            }
            match &self.written {
                Some(written) if written.count == written.total => return Ok(()),
                // There are fewer elements than the value said.
                _ => self.take_back()?,
            }
        }
        super::layout::write(self.column, &self.place)
    }
}
