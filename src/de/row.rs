//! Elements of datasets that are read a window at a time, and the fields of records: the ways on which each number costs
//! least.

use super::access::hint;
use super::array::Array;
use super::element::PartOfItem;
use super::known::Order;
use crate::depth::Depth;
use crate::error::{Error, Result};
use crate::item::{Part, Record};
use crate::storage::{Ahead, Field, Items};

/// Elements of a dataset along its first dimension, which is read in windows.
pub(crate) struct RowSeq<'a> {
    array: &'a Array,
    /// Bytes of an element.
    size: usize,
    ahead: Ahead,
    window: Vec<u8>,
    /// The first byte in the window that is not read.
    at: usize,
    start: u64,
    /// The first after the window.
    next: u64,
    end: u64,
    depth: Depth,
}

impl<'a> RowSeq<'a> {
    /// Elements that fit a window, and have no parts elsewhere.
    pub(super) fn new(array: &'a Array, start: u64, end: u64, depth: Depth) -> Self {
        let (size, ahead) = (array.row_size(), array.ahead());
        Self { array, size, ahead, window: Vec::new(), at: 0, start, next: start, end, depth }
    }

    /// How many of the window are left.
    fn left(&self) -> u64 {
        ((self.window.len() - self.at) / self.size) as u64
    }

    /// The next element, if it is in the window.
    #[inline]
    pub(super) fn next_in_window(&mut self) -> Option<PartOfItem<'_>> {
        let end = self.at + self.size;
        let bytes = self.window.get(self.at..end)?;
        self.at = end;
        Some(PartOfItem { part: self.array.element(bytes), depth: self.depth, order: Some(self.array.order()) })
    }

    /// The next element, of the next window if need be.
    pub(super) fn next(&mut self) -> Result<Option<PartOfItem<'_>>> {
        if self.at == self.window.len() {
            if self.next == self.end {
                return Ok(None);
            }
            let memory = std::mem::take(&mut self.window);
            self.at = 0;
            self.window = self.array.read_window(&mut self.ahead, self.next, self.end, memory)?;
            self.next += (self.window.len() / self.size) as u64;
        }
        self.next_in_window().map(Some).ok_or_else(|| Error::corrupt("an element was cut off"))
    }

    pub(super) fn located(&self, error: Error) -> Error {
        error.in_element((self.next - self.start - self.left()).saturating_sub(1) as usize)
    }

    pub(super) fn size_hint(&self) -> Option<usize> {
        hint(self.end - self.next + self.left())
    }
}

/// The fields of a compound, one after the other.
pub(crate) struct CompoundSeq<'a> {
    fields: &'a [Field],
    next: usize,
    /// The bytes of the fields that are left.
    rest: &'a [u8],
    items: &'a Items,
    depth: Depth,
    order: Option<&'a Order>,
    /// Errors name the fields.
    named: bool,
}

impl<'a> CompoundSeq<'a> {
    /// The fields as a tuple.
    #[inline]
    pub(super) fn new(record: Record<'a>, depth: Depth, order: Option<&'a Order>) -> Self {
        let Record { fields, bytes, items } = record;
        Self { fields, next: 0, rest: bytes, items, depth, order, named: false }
    }

    /// The fields of a struct that is read in their order.
    #[inline]
    pub(super) fn of_struct(record: Record<'a>, depth: Depth, order: &'a Order) -> Self {
        Self { named: true, ..Self::new(record, depth, Some(order)) }
    }

    #[inline(always)]
    pub(super) fn next(&mut self) -> Result<Option<PartOfItem<'a>>> {
        let Some(field) = self.fields.get(self.next) else { return Ok(None) };
        self.next += 1;
        // In memory, a record has no gaps.
        let Some((bytes, rest)) = self.rest.split_at_checked(field.size) else { return Err(cut_off()) };
        self.rest = rest;
        Ok(Some(PartOfItem { part: Part::of_field(field, bytes, self.items), depth: self.depth, order: self.order }))
    }

    #[cold]
    pub(super) fn located(&self, error: Error) -> Error {
        let index = self.next.saturating_sub(1);
        match self.fields.get(index) {
            Some(field) if self.named => error.in_field(&field.name),
            _ => error.in_element(index),
        }
    }

    pub(super) fn size_hint(&self) -> Option<usize> {
        Some(self.fields.len() - self.next)
    }
}

#[cold]
fn cut_off() -> Error {
    Error::corrupt("a record was cut off")
}
