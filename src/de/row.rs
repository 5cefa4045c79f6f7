//! Elements of datasets that are read a window at a time, and the fields of records: the ways on which each number costs
//! least.

use std::slice;

use super::access::hint;
use super::element::PartOfItem;
use super::visitor_kinds::FieldOrder;
use super::windowed_dataset::WindowedDataset;
use crate::de::item::{Item, ItemPart, NO_ITEMS, Record, float_of};
use crate::ground::depth::Depth;
use crate::ground::error::{Error, Result};
use crate::ground::ledger::Foretold;
use crate::h5::{Element, Field, Items, Number, ReadAhead, array_of};

/// Elements of a dataset along its first dimension, which is read in windows.
pub(crate) struct RowSeq<'a> {
    rows: Rows<'a>,
    /// Bytes of an element.
    size: usize,
    ahead: ReadAhead,
    window: Vec<u8>,
    /// The first byte in the window that is not read.
    at: usize,
    start: u64,
    /// The first after the window.
    next: u64,
    end: u64,
    /// It was counted what they become.
    is_counted: bool,
}

/// What all elements of a dataset have in common.
struct Rows<'a> {
    array: &'a WindowedDataset,
    /// What they are, if they are numbers: what is asked for most is one comparison away.
    number: Option<Number>,
    depth: Depth,
}

/// An element of a dataset that is read in windows.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    rows: &'a Rows<'a>,
    bytes: &'a [u8],
}

impl<'a> RowSeq<'a> {
    /// Elements that fit a window, and have no parts elsewhere.
    pub(super) fn new(array: &'a WindowedDataset, start: u64, end: u64, depth: Depth) -> Self {
        let number = if array.dims().len() == 1 { array.number_type() } else { None };
        let (size, ahead) = (array.row_size(), array.ahead());
        let rows = Rows { array, number, depth };
        Self { rows, size, ahead, window: Vec::new(), at: 0, start, next: start, end, is_counted: false }
    }

    /// How many elements are to be counted now: those of the next window, before it is read.
    #[inline]
    pub(super) fn uncounted(&self) -> u64 {
        if self.at < self.window.len() || self.is_counted {
            return 0;
        }
        self.rows.array.window_rows().min(self.end - self.next)
    }

    /// The elements, which are not counted again.
    pub(super) fn foretold(&mut self) -> Foretold {
        self.is_counted = true;
        Foretold { count: self.end - self.next, values: self.rows.array.values_in_each() }
    }

    /// How many of the window are left.
    fn left(&self) -> u64 {
        ((self.window.len() - self.at) / self.size) as u64
    }

    /// The next element, if it is in the window.
    #[inline]
    pub(super) fn next_in_window(&mut self) -> Option<Row<'_>> {
        let end = self.at + self.size;
        let bytes = self.window.get(self.at..end)?;
        self.at = end;
        Some(Row { rows: &self.rows, bytes })
    }

    /// The bytes of the next element, if it is a number of this type in the window.
    #[inline]
    pub(super) fn next_number(&mut self, number: Number) -> Option<&[u8]> {
        if self.rows.number == Some(number) { self.next_in_window().map(|row| row.bytes) } else { None }
    }

    /// The next element, of the next window if need be.
    pub(super) fn next(&mut self) -> Result<Option<Row<'_>>> {
        if self.at == self.window.len() {
            if self.next == self.end {
                return Ok(None);
            }
            let memory = std::mem::take(&mut self.window);
            self.at = 0;
            self.window = self.rows.array.read_window(&mut self.ahead, self.next, self.end, memory)?;
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

impl<'a> Row<'a> {
    /// The float of 64 bits that it is without a loss, if it is a number.
    pub(super) fn float(&self) -> Option<f64> {
        float_of(self.rows.number?, self.bytes)
    }

    /// The number that it is, if it is one of this very type.
    #[inline]
    pub(super) fn number<T: Element>(&self) -> Option<T> {
        if self.rows.number == Some(T::NUMBER) { T::from_bytes(self.bytes) } else { None }
    }

    /// The same, to be read whatever it is.
    #[inline]
    pub(super) fn part(self) -> PartOfItem<'a> {
        let Rows { array, depth, .. } = self.rows;
        PartOfItem { part: array.element(self.bytes), depth: *depth, order: Some(array.order()) }
    }

    /// The record that it is, if it is one.
    #[inline]
    pub(super) fn record(self) -> Option<FoundRecord<'a>> {
        let Rows { array, depth, .. } = self.rows;
        if array.dims().len() > 1 {
            return None;
        }
        let item = Item { dtype: array.dtype(), bytes: self.bytes, items: &NO_ITEMS };
        FoundRecord::of(item, *depth, Some(array.order()))
    }
}

/// The fields of a compound, one after the other.
#[derive(Clone)]
pub(crate) struct CompoundSeq<'a> {
    fields: &'a [Field],
    left: slice::Iter<'a, Field>,
    /// The bytes of the fields that are left.
    rest: &'a [u8],
    within: Within<'a>,
    /// Errors name the fields.
    named: bool,
}

/// What all fields of a record have in common.
#[derive(Clone, Copy)]
struct Within<'a> {
    items: &'a Items,
    depth: Depth,
    order: Option<&'a FieldOrder>,
}

/// A field of a record.
#[derive(Clone, Copy)]
pub(crate) struct FieldOfRecord<'a> {
    field: &'a Field,
    bytes: &'a [u8],
    within: &'a Within<'a>,
}

impl<'a> CompoundSeq<'a> {
    /// The fields as a tuple.
    #[inline]
    pub(super) fn new(record: Record<'a>, depth: Depth, order: Option<&'a FieldOrder>) -> Self {
        let Record { fields, bytes, items } = record;
        let within = Within { items, depth, order };
        Self { fields, left: fields.iter(), rest: bytes, within, named: false }
    }

    /// The fields of a struct that is read in their order.
    #[inline]
    pub(super) fn of_struct(record: Record<'a>, depth: Depth, order: &'a FieldOrder) -> Self {
        Self { named: true, ..Self::new(record, depth, Some(order)) }
    }

    #[inline(always)]
    pub(super) fn next(&mut self) -> Result<Option<FieldOfRecord<'_>>> {
        let Some(field) = self.left.next() else { return Ok(None) };
        // In memory, a record has no gaps.
        let Some((bytes, rest)) = self.rest.split_at_checked(field.size) else { return Err(cut_off()) };
        self.rest = rest;
        Ok(Some(FieldOfRecord { field, bytes, within: &self.within }))
    }

    /// The bytes of the next field, if it is a number of this type.
    #[inline]
    pub(super) fn next_number(&mut self, number: Number) -> Option<&'a [u8]> {
        let field = self.left.as_slice().first().filter(|field| field.dtype.number() == Some(number))?;
        let (bytes, rest) = self.rest.split_at_checked(field.size)?;
        self.left.next();
        self.rest = rest;
        Some(bytes)
    }

    /// The next field, if it is an array of numbers of this very type, and such arrays are known.
    #[inline]
    pub(super) fn next_array<A>(&mut self) -> Option<A> {
        let field = self.left.as_slice().first()?;
        let (bytes, rest) = self.rest.split_at_checked(field.size)?;
        let (number, len, bytes) = ItemPart::of_field(field, bytes, self.within.items).numbers()?;
        self.within.depth.in_record().ok()?;
        let array = array_of(number, usize::try_from(len).ok()?, bytes)?;
        self.left.next();
        self.rest = rest;
        Some(array)
    }

    /// The text of the next field, if it is a string, and can be read.
    pub(super) fn next_text(&mut self) -> Option<&'a str> {
        let field = self.left.as_slice().first()?;
        let (bytes, rest) = self.rest.split_at_checked(field.size)?;
        let item = Item { dtype: &field.dtype, bytes, items: self.within.items };
        let text = item.text().ok()??;
        self.left.next();
        self.rest = rest;
        Some(text)
    }

    /// How many fields are to be counted now, if they become elements of a sequence: all, when none is left.
    #[inline]
    pub(super) fn uncounted(&self) -> u64 {
        if self.left.len() == 0 { self.fields.len() as u64 } else { 0 }
    }

    /// Says of an error in the next field where it was.
    #[cold]
    pub(super) fn with_error(mut self, error: Error) -> Error {
        self.left.next();
        self.located(error)
    }

    #[cold]
    pub(super) fn located(&self, error: Error) -> Error {
        let index = (self.fields.len() - self.left.len()).saturating_sub(1);
        match self.fields.get(index) {
            Some(field) if self.named => error.in_field(&field.name),
            _ => error.in_element(index),
        }
    }

    pub(super) fn size_hint(&self) -> Option<usize> {
        Some(self.left.len())
    }
}

impl<'a> FieldOfRecord<'a> {
    /// The float of 64 bits that it is without a loss, if it is a number.
    pub(super) fn float(&self) -> Option<f64> {
        float_of(self.field.dtype.number()?, self.bytes)
    }

    /// The number that it is, if it is one of this very type.
    #[inline]
    pub(super) fn number<T: Element>(&self) -> Option<T> {
        if self.field.dtype.number() == Some(T::NUMBER) { T::from_bytes(self.bytes) } else { None }
    }

    /// The same, to be read whatever it is.
    #[inline]
    pub(super) fn part(self) -> PartOfItem<'a> {
        let Within { items, depth, order } = *self.within;
        PartOfItem { part: ItemPart::of_field(self.field, self.bytes, items), depth, order }
    }

    /// The record that it is, if it is one.
    #[inline]
    pub(super) fn record(self) -> Option<FoundRecord<'a>> {
        let Within { items, depth, order } = *self.within;
        FoundRecord::of(Item { dtype: &self.field.dtype, bytes: self.bytes, items }, depth, order)
    }
}

/// A record of which it is known which structs are read as its fields in their order.
pub(super) struct FoundRecord<'a> {
    record: Record<'a>,
    depth: Depth,
    order: &'a FieldOrder,
}

impl<'a> FoundRecord<'a> {
    /// The record that an item is, if it is one, and that is known.
    #[inline]
    pub(super) fn of(item: Item<'a>, depth: Depth, order: Option<&'a FieldOrder>) -> Option<Self> {
        Some(Self { record: item.record()?, depth, order: order? })
    }

    /// Its fields, if a struct has them in that order: one that a visitor of that name asks for.
    // Where this is a call, a record of four numbers takes 86 instructions more, of some 300.
    #[inline(always)]
    pub(super) fn in_order(
        self,
        fields: &'static [&'static str],
        visitor: &'static str,
    ) -> Result<Option<CompoundSeq<'a>>> {
        let Self { record, depth, order } = self;
        if depth.may_be_short() || !order.is_kept(fields, visitor, record.fields) {
            return Ok(None);
        }
        Ok(Some(CompoundSeq::of_struct(record, depth.in_record()?, order)))
    }
}

/// Why bytes that should be a number are none.
#[cold]
pub(super) fn no_number(bytes: &[u8]) -> Error {
    if bytes.len() == 1 { Error::corrupt(format!("{bytes:?} is no bool")) } else { cut_off() }
}

#[cold]
fn cut_off() -> Error {
    Error::corrupt("a record was cut off")
}
