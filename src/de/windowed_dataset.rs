//! Datasets read in windows of 256 KiB, as their items are asked for.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::column::check_count;
use super::stored::StoredForm;
use super::times;
use super::visit::Visit;
use super::visitor_kinds::{FieldOrder, table_of, vector_of, wants_strings};
use crate::de::item::{self, Block, ItemPart};
use crate::ground::depth::Depth;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::ledger;
use crate::ground::time::StoredTimes;
use crate::h5::{self, Dataset, Dtype, Element, Items, Number, ReadAhead, Shape, Strings};
use crate::layout::SLAB;

/// Items of the first window, where they are of variable length.
const FIRST_WINDOW: u64 = 64;
/// About how much the items of a window hold beside themselves.
const VARIABLE_WINDOW: u64 = 1 << 20;
/// How many times as many strings as there are already have their places made before they are read.
const MAX_FORETOLD: u64 = 64;
/// How many times all items may have been read in windows, in whatever order they are asked for, before all are kept; and the
/// most bytes that they have for that.
const MAX_SPREAD: u64 = 2;
const MAX_KEPT: u64 = 1 << 28;
/// Bytes of a row from which on rows are read each to where it will be. Those that are shorter gain less by it, and on one
/// core take longer than if many are read to one place, and copied from there.
const LONG_ROW: u64 = 128;

/// A dataset of one or more dimensions, and the window of it that is in memory.
#[derive(Debug)]
pub(super) struct WindowedDataset {
    dataset: Arc<Dataset>,
    ahead: ReadAhead,
    dims: Vec<u64>,
    /// For each dimension, how many items one step along it is.
    strides: Vec<u64>,
    /// The first item of the window, and how many it has.
    start: u64,
    count: u64,
    items: Items,
    /// Bytes that these hold beside themselves.
    variable: u64,
    /// How many items were read, if they are asked for in any order.
    spread: Option<u64>,
    /// Bytes of an item.
    size: usize,
    /// What an item is, if it is a number.
    number: Option<Number>,
    /// The same of a dataset of one dimension.
    list_of: Option<Number>,
    /// What an item of a dataset of one dimension is, if it is a string of fixed size.
    list_of_strings: Option<Strings>,
    order: FieldOrder,
    /// What is known of its items as times, once they were asked for as such.
    times: Option<Arc<StoredTimes>>,
}

impl WindowedDataset {
    /// Wraps a dataset that has dimensions.
    pub(super) fn new(dataset: Dataset) -> Result<Self> {
        Self::with_len(dataset, u64::MAX)
    }

    /// Wraps a dataset that has dimensions, of which no more than `len` elements are there.
    pub(super) fn with_len(dataset: Dataset, len: u64) -> Result<Self> {
        let Shape::Simple(mut dims) = dataset.shape().clone() else {
            return Err(Error::corrupt(format!("expected a dataset with dimensions, found {}", dataset.words())));
        };
        dataset.shape().count().ok_or_else(|| Error::corrupt("a dataset of absurd shape"))?;
        dims[0] = dims[0].min(len);
        // What stands before a dimension of zero counts sequences for which nothing is stored.
        if let Some(zero) = dims.iter().position(|dim| *dim == 0) {
            check_count(dims[..zero].iter().fold(1, |count: u64, dim| count.saturating_mul(*dim)))?;
        }
        let mut strides = vec![1u64; dims.len()];
        for level in (1..dims.len()).rev() {
            // Where some dimension is zero, there are no items, and this may be more than all of them.
            strides[level - 1] = strides[level].saturating_mul(dims[level]);
        }
        let size = dataset.dtype().size();
        let number = match dataset.dtype() {
            Dtype::Number(number) => Some(*number),
            _ => None,
        };
        let is_list = dims.len() == 1;
        let list_of_strings = match dataset.dtype() {
            Dtype::FixedString(strings) if is_list => Some(*strings),
            _ => None,
        };
        let dataset = Arc::new(dataset);
        Ok(Self {
            ahead: ReadAhead::new(Arc::clone(&dataset)),
            dataset,
            dims,
            strides,
            start: 0,
            count: 0,
            items: Items::default(),
            variable: 0,
            spread: None,
            size,
            number,
            list_of: number.filter(|_| is_list),
            list_of_strings,
            order: FieldOrder::default(),
            times: None,
        })
    }

    /// The dataset.
    pub(super) fn dataset(&self) -> &Arc<Dataset> {
        &self.dataset
    }

    /// What is known of the items as times.
    pub(super) fn times(&mut self) -> Result<Arc<StoredTimes>> {
        let times = match self.times.take() {
            Some(times) => times,
            None => times::of_dataset(&self.dataset)?,
        };
        Ok(Arc::clone(self.times.insert(times)))
    }

    /// The same, if the dataset says what its items are numbers of.
    #[inline]
    pub(super) fn units_of_times(&mut self) -> Result<Option<Arc<StoredTimes>>> {
        if self.number.is_none() || self.dataset.is_bare() {
            return Ok(None);
        }
        self.times().map(|times| Some(times).filter(|times| times.units.is_some()))
    }

    /// The number of elements along the first dimension.
    pub(super) fn len(&self) -> u64 {
        self.dims[0]
    }

    pub(super) fn dims(&self) -> &[u64] {
        &self.dims
    }

    /// How many items one step along the dimension `level` is.
    pub(super) fn stride(&self, level: usize) -> u64 {
        self.strides[level]
    }

    pub(super) fn dtype(&self) -> &Dtype {
        self.dataset.dtype()
    }

    /// Type and shape in words.
    pub(super) fn words(&self) -> String {
        self.dataset.words()
    }

    /// The item at `index`, in the order of the last dimension fastest: its bytes, and where its parts are.
    #[inline]
    pub(super) fn item(&mut self, index: u64) -> Result<(&Dtype, &[u8], &Items)> {
        self.load_item(index)?;
        Ok(self.item_at(index))
    }

    /// Has the item at `index` in the window.
    #[inline]
    pub(super) fn load_item(&mut self, index: u64) -> Result<()> {
        if index.wrapping_sub(self.start) >= self.count { self.load(index, 1) } else { Ok(()) }
    }

    /// The item at `index`, which is in the window.
    #[inline]
    pub(super) fn item_at(&self, index: u64) -> (&Dtype, &[u8], &Items) {
        let (at, size) = ((index - self.start) as usize * self.size, self.size);
        (self.dataset.dtype(), &self.items.bytes()[at..at + size], &self.items)
    }

    /// Which structs the items, if they are records, are read as in their order.
    #[inline]
    pub(super) fn order(&self) -> &FieldOrder {
        &self.order
    }

    /// Whether the items are strings.
    #[inline]
    pub(super) fn is_strings(&self) -> bool {
        matches!(self.dataset.dtype(), Dtype::FixedString(_) | Dtype::VarString(_))
    }

    /// The only item, if there is but one, which is also an array.
    pub(super) fn only(&mut self) -> Result<Option<StoredForm<'_>>> {
        if self.dims.iter().any(|dim| *dim != 1) {
            return Ok(None);
        }
        self.load(0, 1)?;
        StoredForm::single_or_block(&self.dims, self.dataset.dtype(), &self.items, true).map(Some)
    }

    /// The item at `index`, if it is a number of this very type.
    #[inline]
    pub(super) fn number<T: Element>(&mut self, index: u64) -> Result<Option<T>> {
        if self.number != Some(T::NUMBER) {
            return Ok(None);
        }
        if index.wrapping_sub(self.start) >= self.count {
            self.load(index, 1)?;
        }
        let at = (index - self.start) as usize * T::NUMBER.size();
        Ok(self.items.bytes().get(at..).and_then(T::from_bytes))
    }

    /// Whether the items, in one dimension, are numbers of this type, and that at `index` is in the window.
    #[inline]
    pub(super) fn has_number(&self, index: u64, number: Number) -> bool {
        self.list_of == Some(number) && index.wrapping_sub(self.start) < self.count
    }

    /// The bytes of such a number.
    #[inline]
    pub(super) fn number_at(&self, index: u64) -> Option<&[u8]> {
        let at = (index - self.start) as usize * self.size;
        self.items.bytes().get(at..)?.get(..self.size)
    }

    /// Where in the window the string at `index` is, if the items, in one dimension, are strings of fixed size, and that is known
    /// to be text.
    #[inline]
    pub(super) fn text_range(&self, index: u64) -> Option<Range<usize>> {
        let (strings, place) = (self.list_of_strings?, index.wrapping_sub(self.start));
        if place >= self.count {
            return None;
        }
        let at = place as usize * self.size;
        let len = item::trimmed(strings, self.items.bytes().get(at..)?.get(..self.size)?).len();
        self.items.text(at..at + len).map(|_| at..at + len)
    }

    /// The text there.
    #[inline]
    pub(super) fn text_in(&self, range: Range<usize>) -> Option<&str> {
        self.items.text(range)
    }

    /// The text of the item at `index` of one dimension, which is a string.
    pub(super) fn text(&mut self, index: u64) -> Result<&str> {
        self.load_item(index)?;
        let (dtype, bytes, items) = self.item_at(index);
        let Dtype::FixedString(strings) = *dtype else {
            return Ok(item::Item { dtype, bytes, items }.text()?.unwrap_or_default());
        };
        let len = item::trimmed(strings, bytes).len();
        let at = (index - self.start) as usize * self.size;
        match self.items.text(at..at + len) {
            Some(text) => Ok(text),
            None => item::string(&bytes[..len]),
        }
    }

    /// Whether the items are records that can be read as sequences of the `fields` that a visitor of that name asks for.
    #[inline]
    pub(super) fn keeps_order(&self, fields: &'static [&'static str], visitor: &'static str) -> bool {
        match self.dataset.dtype() {
            Dtype::Compound(stored) | Dtype::Complex(stored) => self.order.is_kept(fields, visitor, stored),
            _ => false,
        }
    }

    /// Makes of the `len` elements along the dimension `level` from the item `start` on, which do not fit a window, the vector
    /// that the visitor would make of them, if it makes one of such numbers, or arrays; or one of vectors of such. The elements
    /// are at that depth.
    pub(super) fn vector(
        &self,
        (level, start, len): (usize, u64, u64),
        depth: Depth,
        visit: &mut dyn Visit,
    ) -> Option<Result<()>> {
        let is = |number, width: Option<usize>, dims: &[u64]| {
            Some(number) == self.number && dims.iter().eq(width.map(|width| width as u64).iter())
        };
        if let Some(vector) = vector_of(visit) {
            let is_it = is(vector.number(), vector.width(), &self.dims[level + 1..]);
            let mut read = |bytes: &mut [u8]| self.read_into(level, start, len, bytes);
            return is_it.then(|| vector.fill(visit.look().room, len, &mut read));
        }
        let (table, row) = (table_of(visit)?, *self.dims.get(level + 1)?);
        if !is(table.number(), table.width(), &self.dims[level + 2..]) || depth.in_record().is_err() {
            return None;
        }
        let size = self.strides[level].saturating_mul(self.size as u64);
        let stretch = if size < LONG_ROW { return None } else { self.dataset.stretch(start).transpose()? };
        Some(stretch.and_then(|stretch| table.read(visit.look().room, len, row, &stretch)))
    }

    /// Reads the `len` elements along the dimension `level` from the item `start` on.
    fn read_into(&self, level: usize, start: u64, len: u64, bytes: &mut [u8]) -> Result<()> {
        if level == 0 {
            return self.dataset.read_rows_into(start / self.strides[0].max(1), len, bytes);
        }
        let mut block = self.step(level, start);
        block.count[level] = len;
        self.dataset.read_block_into(&block.start, &block.count, bytes)
    }

    /// Makes of the strings of fixed size from `start` up to `end`, all of which are read at once, the vector that the visitor
    /// would make of them, if it makes one.
    pub(super) fn strings(&self, start: u64, end: u64, visit: &mut dyn Visit) -> Option<Result<()>> {
        let Dtype::FixedString(strings) = *self.dataset.dtype() else { return None };
        if self.dims.len() != 1 || self.size == 0 || !self.is_walked(start, end) || !wants_strings(visit) {
            return None;
        }
        Some(self.read_strings(strings, start, end).and_then(|strings| visit.look().room.put_strings(strings)))
    }

    /// The same. The strings of one window are made while the next is read; by all cores, as most of the time goes to their
    /// memory.
    fn read_strings(&self, strings: Strings, start: u64, end: u64) -> Result<Vec<String>> {
        let (step, size) = (self.window_rows(), self.size);
        // Memory of windows that are done with.
        let spare = Mutex::new(Vec::new());
        let spare = || spare.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<String> = Vec::new();
        loop {
            let (first, next) = (all.len(), start + all.len() as u64);
            if next == end {
                return Ok(all);
            }
            // What is there is as good as the claim of how many follow; at first nothing is.
            let count = (end - next).min(if first == 0 { step } else { MAX_FORETOLD.saturating_mul(first as u64) });
            let too_large = |_| Error::new(ErrorKind::Limit, format!("{} strings do not fit into memory", end - start));
            ledger::made(count.saturating_mul((size_of::<String>() + size) as u64))?;
            all.try_reserve(count as usize).map_err(too_large)?;
            all.resize_with(first + count as usize, String::new);
            let mut parts = all[first..].chunks_mut(step as usize);
            let read = |number: usize| {
                let at = number as u64 * step;
                let memory = spare().pop().unwrap_or_default();
                let window =
                    self.dataset.read_block(&[next + at], &[step.min(count - at)], Items::with_memory(memory))?;
                Ok((first + at as usize, parts.next().unwrap_or_default(), window.into_bytes()))
            };
            h5::feed(count.div_ceil(step) as usize, read, |(first, part, places): (usize, &mut [String], Vec<u8>)| {
                put_strings(part, strings, &places, size).map_err(|(at, error)| error.in_element(first + at))?;
                spare().push(places);
                Ok(())
            })?;
        }
    }

    /// The type of number that the items are, if they are numbers.
    #[inline]
    pub(super) fn number_type(&self) -> Option<Number> {
        self.number
    }

    /// Whether so many items fit a window.
    #[inline]
    pub(super) fn fits(&self, count: u64) -> bool {
        count.saturating_mul(self.size as u64) <= SLAB as u64
    }

    /// The elements from `start` up to `end` along the first dimension, which fit a window.
    #[inline]
    pub(super) fn list(&mut self, start: u64, end: u64) -> Result<Block<'_>> {
        self.load_list(start, end)?;
        self.list_at(start, end)
    }

    /// Has these elements in the window.
    pub(super) fn load_list(&mut self, start: u64, end: u64) -> Result<()> {
        let stride = self.strides[0];
        self.range(start * stride, (end - start) * stride).map(drop)
    }

    /// The same elements, which are in the window.
    pub(super) fn list_at(&self, start: u64, end: u64) -> Result<Block<'_>> {
        let stride = self.strides[0];
        let (index, count) = (start * stride, (end - start) * stride);
        let (len, step) = ((end - start) as usize, (stride as usize).saturating_mul(self.size));
        Block::with_step(len, &self.dims[1..], self.dataset.dtype(), step, self.window(index, count), &self.items)
    }

    /// Has the row at `index` along the first of more dimensions, which fits a window, in it.
    #[inline]
    pub(super) fn load_row(&mut self, index: u64) -> Result<()> {
        self.load_inner(1, index * self.strides[0])
    }

    /// The row at `index`, which is in the window.
    #[inline]
    pub(super) fn row_at(&self, index: u64) -> Result<Block<'_>> {
        self.inner_at(1, index * self.strides[0])
    }

    /// All along the dimension `level`, which is not the first, from the item `start` on, which fit a window.
    pub(super) fn inner(&mut self, level: usize, start: u64) -> Result<Block<'_>> {
        self.load_inner(level, start)?;
        self.inner_at(level, start)
    }

    #[inline]
    fn load_inner(&mut self, level: usize, start: u64) -> Result<()> {
        if self.strides[level - 1] > 0 { self.load_item(start) } else { Ok(()) }
    }

    #[inline]
    fn inner_at(&self, level: usize, start: u64) -> Result<Block<'_>> {
        let count = self.strides[level - 1];
        let (len, inner, step) = (
            self.dims[level] as usize,
            &self.dims[level + 1..],
            (self.strides[level] as usize).saturating_mul(self.size),
        );
        Block::with_step(len, inner, self.dataset.dtype(), step, self.window(start, count), &self.items)
    }

    /// The bytes of items in the window.
    #[inline]
    fn window(&self, index: u64, count: u64) -> &[u8] {
        if count == 0 {
            return &[];
        }
        let (size, at) = (self.size, (index - self.start) as usize * self.size);
        &self.items.bytes()[at..at + count as usize * size]
    }

    /// Bytes of an element along the first dimension.
    #[inline]
    pub(super) fn row_size(&self) -> usize {
        (self.strides[0] as usize).saturating_mul(self.size)
    }

    /// Whether the elements from `start` up to `end` are read in windows of their own: they are all there are, or more than
    /// a window has, and each fits one.
    pub(super) fn is_walked(&self, start: u64, end: u64) -> bool {
        let is_many = (start, end) == (0, self.len()) || !self.fits((end - start).saturating_mul(self.strides[0]));
        is_many && self.row_size() > 0 && self.fits(self.strides[0]) && !self.dataset.dtype().has_addresses()
    }

    /// How many values an element along the first dimension has in it.
    pub(super) fn values_in_each(&self) -> u64 {
        self.strides[0].saturating_mul(self.dataset.dtype().values())
    }

    /// How many elements along the first dimension a window has, or one.
    pub(super) fn window_rows(&self) -> u64 {
        (SLAB / self.row_size().max(1)).max(1) as u64
    }

    /// The element at `bytes` of a window.
    #[inline]
    pub(super) fn element<'b>(&'b self, bytes: &'b [u8]) -> ItemPart<'b> {
        ItemPart::of_row(&self.dims[1..], self.dataset.dtype(), bytes)
    }

    /// Reads as many elements along the first dimension from `index` on, but before `end`, as a window has, into `memory`.
    #[cold]
    pub(super) fn read_window(&self, ahead: &mut ReadAhead, index: u64, end: u64, memory: Vec<u8>) -> Result<Vec<u8>> {
        let count = self.window_rows();
        let window = |index: u64| {
            let (mut start, mut dims) = (vec![0; self.dims.len()], self.dims.clone());
            start[0] = index;
            dims[0] = count.min(end - index);
            h5::Block { start, count: dims }
        };
        let next = Some(index + count).filter(|next| *next < end).map(window);
        Ok(ahead.read(&window(index), Items::with_memory(memory), next)?.into_bytes())
    }

    /// What reads windows of it before they are asked for.
    pub(super) fn ahead(&self) -> ReadAhead {
        ReadAhead::new(Arc::clone(&self.dataset))
    }

    /// The bytes of `count` items from `index` on, of a dataset of one dimension.
    pub(super) fn range(&mut self, index: u64, count: u64) -> Result<&[u8]> {
        if count == 0 {
            return Ok(&[]);
        }
        let fits =
            index.checked_sub(self.start).and_then(|at| at.checked_add(count)).is_some_and(|end| end <= self.count);
        if !fits {
            self.load(index, count)?;
        }
        Ok(self.window(index, count))
    }

    /// How many items a window has. What they hold beside themselves counts as in the window before; the first is small.
    fn window_count(&self) -> u64 {
        let slab = (SLAB / self.size.max(1)) as u64;
        if !self.dataset.dtype().has_addresses() {
            return slab;
        }
        match self.count {
            0 => slab.min(FIRST_WINDOW),
            count => (VARIABLE_WINDOW / (self.variable / count).max(1)).clamp(1, slab),
        }
    }

    /// Reads a window that begins at or before `index`, and has at least `count` items where that begins a row and they fit
    /// a window.
    #[cold]
    fn load(&mut self, index: u64, count: u64) -> Result<()> {
        let outside = || Error::corrupt(format!("there is no item {index} in {}", self.dataset.words()));
        let total: u64 = self.dims.iter().product();
        if index.checked_add(count).is_none_or(|end| end > total) {
            return Err(outside());
        }
        let (block, start, items) = match self.spread {
            Some(read) if read / MAX_SPREAD >= total && total.saturating_mul(self.size as u64) <= MAX_KEPT => {
                self.all(total)
            }
            _ => self.block_at(index, count),
        };
        self.spread = self.spread.map(|read| read + items);
        // Who reads one window after the other goes on so.
        let is_next = start == self.start + self.count;
        let next = Some(start + items).filter(|next| is_next && *next < total).map(|next| self.block_at(next, 1).0);
        self.count = 0;
        let last = std::mem::take(&mut self.items);
        self.items = self.ahead.read(&block, last, next)?;
        if let Dtype::FixedString(_) = self.dataset.dtype() {
            self.items.check_text();
        }
        (self.start, self.count, self.variable) = (start, items, self.items.variable_size() as u64);
        Ok(())
    }

    /// From now on, items are asked for in any order: a few windows after the other would each be read over and over.
    pub(super) fn spread(&mut self) {
        self.spread = Some(0);
    }

    /// Reads the window that has the item at `index`, and hands it out: its first item, how many it has, and these. The memory of
    /// `last` is used again.
    pub(super) fn read_around(&mut self, index: u64, last: Items) -> Result<(u64, u64, Items)> {
        self.items = last;
        self.load(index, 1)?;
        Ok((self.start, self.count, std::mem::take(&mut self.items)))
    }

    /// The part of the dataset that is the window for `count` items at `index`; its first item, and how many it has.
    fn block_at(&self, index: u64, count: u64) -> (h5::Block, u64, u64) {
        let slab = (SLAB / self.size.max(1)) as u64;
        // The outermost dimension a step along which fits a window; outside it, one step at a time.
        let level = self.strides.iter().position(|stride| *stride <= slab).unwrap_or(self.dims.len() - 1);
        let (stride, mut block) = (self.strides[level], self.step(level, index));
        let start = index - index % stride;
        let steps = (self.window_count().min(slab) / stride).max(count.div_ceil(stride)).max(1);
        block.count[level] = steps.min(self.dims[level] - block.start[level]);
        let items = block.count[level] * stride;
        (block, start, items)
    }

    /// The whole dataset, which has so many items.
    fn all(&self, total: u64) -> (h5::Block, u64, u64) {
        (h5::Block { start: vec![0; self.dims.len()], count: self.dims.clone() }, 0, total)
    }

    /// The part of the dataset that is one step along the dimension `level`, and has the item at `index`.
    fn step(&self, level: usize, index: u64) -> h5::Block {
        let mut block = h5::Block { start: vec![0; self.dims.len()], count: self.dims.clone() };
        let mut rest = index;
        for outer in 0..=level {
            block.start[outer] = rest / self.strides[outer];
            rest %= self.strides[outer];
            block.count[outer] = 1;
        }
        block
    }

    /// All of a one-dimensional dataset of unsigned integers.
    pub(super) fn read_offsets(mut self) -> Result<Vec<u64>> {
        let number = self.check_offsets()?;
        let mut offsets = Vec::new();
        ledger::made(self.len().saturating_mul(size_of::<u64>() as u64))?;
        self.each_window(|bytes| {
            if number == Number::U64 {
                offsets.extend(bytes.as_chunks().0.iter().map(|offset| u64::from_ne_bytes(*offset)));
                return Ok(());
            }
            for item in bytes.chunks_exact(number.size()) {
                let offset = u64::try_from(crate::h5::integer(number, item));
                offsets.push(offset.map_err(|_| Error::corrupt("a negative offset"))?);
            }
            Ok(())
        })?;
        Ok(offsets)
    }

    /// `count` of the unsigned integers of a dataset of one dimension, from `start` on.
    #[cfg(feature = "arrow")]
    pub(super) fn offsets_in(&self, start: u64, count: u64) -> Result<Vec<u64>> {
        let (number, bytes) = (self.check_offsets()?, self.dataset.read_rows(start, count)?);
        let offset = |item: &[u8]| u64::try_from(crate::h5::integer(number, item));
        if number == Number::U64 {
            return Ok(bytes.as_chunks().0.iter().map(|offset| u64::from_ne_bytes(*offset)).collect());
        }
        let offsets = bytes.chunks_exact(number.size()).map(offset).collect::<Result<_, _>>();
        offsets.map_err(|_| Error::corrupt("a negative offset"))
    }

    /// The type of integer that offsets are.
    pub(super) fn check_offsets(&self) -> Result<Number> {
        let Dtype::Number(number) = *self.dtype() else {
            return Err(Error::corrupt(format!("expected integers, found {}", self.words())));
        };
        if self.dims.len() != 1 || matches!(number, Number::F32 | Number::F64 | Number::Bool) {
            return Err(Error::corrupt(format!("expected a list of integers, found {}", self.words())));
        }
        Ok(number)
    }

    /// The offset at `index`.
    pub(super) fn offset(&mut self, index: u64) -> Result<u64> {
        if let Some(offset) = self.number::<u64>(index)? {
            return Ok(offset);
        }
        let number = self.check_offsets()?;
        let (_, bytes, _) = self.item(index)?;
        u64::try_from(crate::h5::integer(number, bytes)).map_err(|_| Error::corrupt("a negative offset"))
    }

    /// Shows all bytes of a dataset of one dimension, a window at a time.
    pub(super) fn each_window(&mut self, mut show: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let (mut index, mut memory, mut ahead) = (0, Vec::new(), self.ahead());
        while index < self.len() {
            memory = self.read_window(&mut ahead, index, self.len(), memory)?;
            show(&memory)?;
            index += (memory.len() / self.size) as u64;
        }
        Ok(())
    }

    /// Refuses what is no mask.
    pub(super) fn check_mask(&self) -> Result<()> {
        let is_mask = matches!(self.dtype(), Dtype::Number(Number::Bool | Number::U8 | Number::I8));
        if self.dims.len() != 1 || !is_mask {
            return Err(Error::corrupt(format!("expected a list of bools, found {}", self.words())));
        }
        Ok(())
    }

    /// All of a mask.
    pub(super) fn read_mask(mut self) -> Result<Vec<bool>> {
        self.check_mask()?;
        let mut mask = Vec::new();
        ledger::made(self.len())?;
        self.each_window(|bytes| {
            mask.extend(bytes.iter().map(|byte| *byte != 0));
            Ok(())
        })?;
        Ok(mask)
    }
}

/// Makes the strings in places of `size` bytes; an error says which cannot be.
fn put_strings(all: &mut [String], strings: Strings, places: &[u8], size: usize) -> Result<(), (usize, Error)> {
    // To look at all of them at once takes less time than to look at each.
    let valid = std::str::from_utf8(places).ok();
    for (index, (string, place)) in all.iter_mut().zip(places.chunks_exact(size)).enumerate() {
        let (at, trimmed) = (index * size, item::trimmed(strings, place));
        let text = match valid.and_then(|text| text.get(at..at + trimmed.len())) {
            Some(text) => text,
            None => item::string(trimmed).map_err(|error| (index, error))?,
        };
        *string = text.to_owned();
    }
    Ok(())
}
