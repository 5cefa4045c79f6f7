//! Sequences at their place. Long ones of fixed-size elements are written in slabs while they are serialized, so that
//! neither time nor memory is spent on a second copy of them.

use serde::Serialize;

use super::column::Column;
use super::element::ElementSerializer;
use super::layout::{items, pack_items, unpack_items};
use super::place::Place;
use super::rows::{Form, Room, RowSerializer};
use crate::depth::Depth;
use crate::error::Result;
use crate::format::SLAB;
use crate::storage::{Dataset, Dtype, Shape};

/// Elements after which a sequence is looked at for the first time, and how many times as many for the next.
const FIRST_LOOK: usize = 64;
const NEXT_LOOK: usize = 16;
/// A sequence of fewer bytes is written at once.
const MIN_STREAMED: usize = 4 << 20;

/// A sequence at its place, part of which may be written already.
pub(super) struct Sequence<'a> {
    place: Place<'a>,
    depth: Depth,
    /// The form and bytes of all elements so far, once their form has settled.
    settled: Option<Settled>,
    /// The elements otherwise.
    column: Column,
    /// Elements in the column, and how many there are when they are looked at for a form.
    count: usize,
    look_at: usize,
    /// How many there will be, as the value says.
    len: Option<u64>,
}

/// Elements of one form and of fixed size.
struct Settled {
    form: Form,
    /// Bytes of one element.
    size: usize,
    /// The bytes of elements that are not written yet, and how many bytes they are.
    buffer: Vec<u8>,
    filled: usize,
    /// Elements that are written.
    written: u64,
    total: u64,
    dtype: Dtype,
    /// The shape of one element.
    dims: Vec<u64>,
    /// The dataset, if it is being written already.
    dataset: Option<Dataset>,
    /// A column of such elements, without them.
    empty: Column,
}

/// Bytes of the whole elements of `size` bytes that a slab holds, which is one at least.
fn slab(size: usize) -> usize {
    (SLAB / size).max(1) * size
}

impl<'a> Sequence<'a> {
    pub(super) fn new(place: Place<'a>, depth: Depth, len: Option<usize>) -> Self {
        let len = len.map(|len| len as u64).filter(|_| !place.is_attribute());
        let look_at = if len.is_some() { FIRST_LOOK } else { usize::MAX };
        Self { place, depth, settled: None, column: Column::new(), count: 0, look_at, len }
    }

    /// Adds an element.
    #[inline]
    pub(super) fn push<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        let Some(settled) = &mut self.settled else { return self.push_to_column(value) };
        if settled.push(value) { Ok(()) } else { self.push_after(value) }
    }

    /// Adds all that `values` gives.
    #[inline]
    pub(super) fn extend<I: Iterator<Item: Serialize>>(&mut self, mut values: I) -> Result<()> {
        loop {
            let refused = match &mut self.settled {
                Some(settled) => settled.extend(&mut values),
                None => values.next(),
            };
            match refused {
                Some(value) => self.push(&value)?,
                None => return Ok(()),
            }
        }
    }

    #[inline]
    fn push_to_column<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        let (column, depth) = (&mut self.column, self.depth);
        if let Err(error) = depth.with_stack(|| value.serialize(ElementSerializer::new(column, depth))) {
            return Err(error.in_element(self.count));
        }
        self.count += 1;
        if self.count == self.look_at { self.look() } else { Ok(()) }
    }

    /// Adds an element that the settled form has no room for, or that is of another form.
    #[cold]
    fn push_after<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        if let Some(settled) = &mut self.settled
            && settled.make_room(&self.place)?
            && settled.push(value)
        {
            return Ok(());
        }
        self.take_back()?;
        self.push_to_column(value)
    }

    /// Looks whether all elements so far are of one form.
    #[cold]
    fn look(&mut self) -> Result<()> {
        self.look_at = self.look_at.saturating_mul(NEXT_LOOK);
        let Some(total) = self.len else { return Ok(()) };
        let Some(((dtype, dims), form)) = items(&self.column).zip(Form::of(&self.column)) else { return Ok(()) };
        let size = dims.iter().fold(dtype.size() as u64, |size, dim| size.saturating_mul(*dim));
        let bytes = size.saturating_mul(total);
        let (Ok(size), Ok(bytes)) = (usize::try_from(size), usize::try_from(bytes)) else { return Ok(()) };
        if size == 0 {
            return Ok(());
        }
        let room = if bytes < MIN_STREAMED { bytes } else { slab(size) };
        let Some(filled) = size.checked_mul(self.count) else { return Ok(()) };
        // What has come so far may be more than a slab.
        let mut buffer = vec![0; room.max(filled)];
        pack_items(&self.column, size, &mut buffer[..filled]);
        let mut empty = std::mem::replace(&mut self.column, Column::new());
        empty.clear();
        self.settled =
            Some(Settled { form, size, buffer, filled, written: 0, total, dtype, dims, dataset: None, empty });
        Ok(())
    }

    /// Makes a column of the elements again, where a later one does not fit their form.
    fn take_back(&mut self) -> Result<()> {
        self.look_at = usize::MAX;
        let Some(settled) = self.settled.take() else { return Ok(()) };
        let Settled { size, dims, empty: mut column, .. } = settled;
        if let Some(dataset) = &settled.dataset {
            let step = (slab(size) / size) as u64;
            let mut start = 0;
            while start < settled.written {
                let count = step.min(settled.written - start);
                unpack_items(&mut column, &dataset.read_rows(start, count)?, size, &dims);
                start += count;
            }
        }
        unpack_items(&mut column, &settled.buffer[..settled.filled], size, &dims);
        self.count = column.len();
        self.column = column;
        self.place.clear()
    }

    /// Writes the rest.
    pub(super) fn end(mut self) -> Result<()> {
        if let Some(settled) = &mut self.settled {
            if settled.finish(&self.place)? {
                return Ok(());
            }
            self.take_back()?;
        }
        super::layout::write(self.column, &self.place)
    }
}

impl Settled {
    /// Adds an element; returns whether there is room for it and it is of the form.
    #[inline]
    fn push<T: ?Sized + Serialize>(&mut self, value: &T) -> bool {
        let room = &mut Room::new(&mut self.buffer, self.filled);
        let fits = value.serialize(RowSerializer { form: &self.form, room }).is_ok();
        if fits {
            self.filled += self.size;
        }
        fits
    }

    /// Adds what `values` gives, as far as there is room for it and it is of the form; returns the first that is not
    /// added.
    #[inline]
    fn extend<I: Iterator<Item: Serialize>>(&mut self, values: &mut I) -> Option<I::Item> {
        let room_for = (self.buffer.len() - self.filled) / self.size;
        let mut room = Room::new(&mut self.buffer, self.filled);
        let mut left = room_for;
        let refused = loop {
            let Some(value) = values.next() else { break None };
            if left == 0 || value.serialize(RowSerializer { form: &self.form, room: &mut room }).is_err() {
                break Some(value);
            }
            left -= 1;
        };
        self.filled += (room_for - left) * self.size;
        refused
    }

    /// Writes what is there where it takes all room; returns whether there is room for another element.
    fn make_room(&mut self, place: &Place<'_>) -> Result<bool> {
        let count = (self.filled / self.size) as u64;
        if self.filled + self.size <= self.buffer.len() || self.written + count >= self.total {
            return Ok(false);
        }
        if self.dataset.is_none() {
            self.dataset = Some(self.create(place, self.total)?);
        }
        self.write()?;
        self.buffer.truncate(slab(self.size));
        Ok(true)
    }

    /// Makes the dataset, for `total` elements.
    fn create(&self, place: &Place<'_>, total: u64) -> Result<Dataset> {
        let shape = std::iter::once(total).chain(self.dims.iter().copied()).collect();
        place.dataset(self.dtype.clone(), Shape::Simple(shape), None)
    }

    fn write(&mut self) -> Result<()> {
        let count = (self.filled / self.size) as u64;
        if let Some(dataset) = &self.dataset
            && count > 0
        {
            dataset.write_rows(self.written, count, &self.buffer[..self.filled])?;
            self.written += count;
            self.filled = 0;
        }
        Ok(())
    }

    /// Writes the rest; returns whether there were as many elements as the value said.
    fn finish(&mut self, place: &Place<'_>) -> Result<bool> {
        let count = (self.filled / self.size) as u64;
        if self.dataset.is_none() {
            self.dataset = Some(self.create(place, count)?);
        } else if self.written + count != self.total {
            return Ok(false);
        }
        self.write()?;
        Ok(true)
    }
}
