//! Sequences at their place. Long ones of fixed-size elements are written in slabs while they are serialized, so that
//! neither time nor memory is spent on a second copy of them.

use std::sync::Arc;

use super::any_value::{AnyElements, AnyValue};
use super::column::{Column, Expected};
use super::column_layout::{items, pack_items, unpack_items};
use super::element::ElementSerializer;
use super::field_buffers::{FieldBuffers, TextBuffers, read_back};
use super::place::{ElementContext, Place};
use super::record_packer::{PackBuffer, RecordForm};
use crate::ground::depth::Depth;
use crate::ground::error::Result;
use crate::h5::{self, Dataset, Dtype, Group, Shape, Writer};
use crate::layout::SLAB;
use crate::layout::dataset_options::Records;

/// Elements after which a sequence is looked at for the first time, and how many times as many for the next. Few elements are
/// taken for all only if they are large.
pub(super) const FIRST_LOOK: usize = 4;
pub(super) const FEW_ELEMENTS: usize = 64;
pub(super) const NEXT_EARLY_LOOK: usize = 4;
pub(super) const NEXT_LOOK: usize = 16;
/// Elements that are collected before whoever watches is told again.
const TOLD_EVERY: usize = 1024;
/// A sequence of fewer bytes is written at once.
pub(super) const MIN_STREAMED: usize = 4 << 20;
/// Bytes of the rows that are written, or taken apart, at once: the file system takes few large parts faster than many small
/// ones, and there is to be one of some size for each buffer.
pub(super) const WRITE_BYTES: usize = 4 * SLAB;

/// A sequence at its place, part of which may be written already.
pub(super) struct SequenceWriter<'a> {
    place: Place<'a>,
    depth: Depth,
    /// The form and bytes of all elements so far, once their form has settled.
    fixed_layout: Option<FixedLayout>,
    /// The elements otherwise.
    column: Column,
    /// Elements in the column, how many there are when they are looked at, and when that is for a form.
    count: usize,
    look_at: usize,
    form_at: usize,
    /// How many there will be, as the value says.
    len: Option<u64>,
    /// Where elements are that are objects of their own, where somebody watches.
    watched: Option<Group>,
}

/// Elements of one form: each a row of as many bytes.
struct FixedLayout {
    form: RecordForm,
    /// Bytes of a row.
    size: usize,
    /// The rows that are not written yet, how many they are, and for how many there is room.
    buffer: Vec<u8>,
    count: usize,
    room_for: usize,
    /// The strings of all rows.
    texts: TextBuffers,
    /// Rows that are written.
    written: u64,
    total: u64,
    /// Whether rows are written before all are there.
    is_streamed: bool,
    target: RowTarget,
    writer: Writer,
}

/// Where rows go.
enum RowTarget {
    /// To a dataset as they are.
    Rows {
        dtype: Dtype,
        /// The shape of one element.
        dims: Vec<u64>,
        /// The dataset, if it is being written already.
        dataset: Option<Arc<Dataset>>,
        /// A column of such elements, without them.
        empty: Column,
    },
    /// To a buffer for each field.
    FieldBuffers(FieldBuffers),
}

/// Whether `total` elements of `size` bytes are written in slabs of about `slab` bytes, and how many are kept until they
/// are written. `None` for elements without bytes, and for more than there is memory.
fn room(size: usize, total: u64, slab: usize) -> Option<(bool, usize)> {
    let total = usize::try_from(total).ok()?;
    let all = total.checked_mul(size).filter(|all| *all > 0)?;
    Some(if all < MIN_STREAMED { (false, total) } else { (true, (slab / size).max(1)) })
}

/// Whether the elements of a column are of a fixed size, a slab of them is there, and `total` would be written in slabs.
fn is_large(column: &Column, total: u64) -> bool {
    let Some((dtype, dims)) = items(column) else { return false };
    let size = dims.iter().fold(dtype.size(), |size, dim| size.saturating_mul(*dim as usize));
    let is_streamed = room(size, total, WRITE_BYTES).is_some_and(|(is_streamed, _)| is_streamed);
    is_streamed && size.saturating_mul(column.len()) >= SLAB
}

/// What writes `total` rows of `size` bytes.
fn writer(is_streamed: bool, size: usize, total: u64) -> Writer {
    if is_streamed { Writer::new(total.saturating_mul(size as u64)) } else { Writer::default() }
}

impl<'a> SequenceWriter<'a> {
    pub(super) fn new(place: Place<'a>, depth: Depth, len: Option<usize>) -> Self {
        let place = place.of_elements();
        // What is left out of elements is known element by element.
        let is_taken = !place.is_attribute() && !place.rules.selects();
        let len = len.map(|len| len as u64).filter(|_| is_taken);
        let form_at = if len.is_some() { FIRST_LOOK } else { usize::MAX };
        let (column, watched) = (Column::new(), place.watched());
        let mut sequence =
            Self { place, depth, fixed_layout: None, column, count: 0, look_at: form_at, form_at, len, watched };
        sequence.look_again(form_at);
        sequence
    }

    /// Has elements looked at when there are so many, for a form; before that, where somebody watches, for him.
    fn look_again(&mut self, form_at: usize) {
        self.form_at = form_at;
        self.look_at = if self.watched.is_some() { form_at.min(self.count + TOLD_EVERY) } else { form_at };
    }

    /// Adds an element.
    pub(super) fn push(&mut self, value: &dyn AnyValue) -> Result<()> {
        let Some(fixed_layout) = &mut self.fixed_layout else { return self.push_to_column(value) };
        if fixed_layout.push(value) { Ok(()) } else { self.push_after(value) }
    }

    /// Writes all of `items`, which are all elements.
    pub(super) fn collect(mut self, items: &mut dyn AnyElements) -> Result<()> {
        loop {
            match &mut self.fixed_layout {
                Some(fixed_layout) => {
                    if fixed_layout.extend(items) {
                        return self.end();
                    }
                    if let Some(value) = items.refused() {
                        self.push_after(value)?;
                    }
                }
                None => {
                    if self.extend_column(items)? {
                        return self.end();
                    }
                }
            }
        }
    }

    /// Where elements are, and the column for the next.
    fn column(&mut self) -> (&mut Column, ElementContext<'_>) {
        let mut context = self.place.context();
        if let Some(watched) = &self.watched {
            context.group = Some(watched);
        }
        (&mut self.column, context)
    }

    fn push_to_column(&mut self, value: &dyn AnyValue) -> Result<()> {
        let (depth, count) = (self.depth, self.count);
        let (column, context) = self.column();
        let pushed = ElementSerializer::new(column, depth, context).push_item(value);
        pushed.map_err(|error| error.in_element(count))?;
        self.count += 1;
        if self.count == self.look_at { self.try_fix_layout() } else { Ok(()) }
    }

    /// Adds elements up to the one that is looked at next; returns whether there are no more.
    fn extend_column(&mut self, items: &mut dyn AnyElements) -> Result<bool> {
        let (depth, most) = (self.depth, self.look_at - self.count);
        let (column, context) = self.column();
        let (added, pushed) = depth.with_stack(|| items.push_to_column(column, depth, context, most));
        self.count += added;
        pushed.map_err(|error| error.in_element(self.count))?;
        if self.count < self.look_at {
            return Ok(true);
        }
        self.try_fix_layout().map(|()| false)
    }

    /// Adds an element that the settled form has no room for, or that is of another form.
    #[cold]
    fn push_after(&mut self, value: &dyn AnyValue) -> Result<()> {
        if let Some(fixed_layout) = &mut self.fixed_layout
            && fixed_layout.make_room(&self.place)?
            && fixed_layout.push(value)
        {
            return Ok(());
        }
        self.revert_to_column()?;
        self.push_to_column(value)
    }

    /// Looks whether all elements so far are of one form.
    #[cold]
    fn try_fix_layout(&mut self) -> Result<()> {
        if let Some(watched) = &self.watched {
            watched.spot().check()?;
        }
        if self.count < self.form_at {
            self.look_again(self.form_at);
            return Ok(());
        }
        let Some(total) = self.len else { return Ok(()) };
        if self.count < FEW_ELEMENTS && !is_large(&self.column, total) {
            self.look_again(self.form_at * NEXT_EARLY_LOOK);
            return Ok(());
        }
        self.look_again(self.form_at.saturating_mul(NEXT_LOOK));
        let records = self.place.rules.dataset_options().records.filter(|_| matches!(self.column, Column::Record(_)));
        let is_table = records == Some(Records::Table);
        let is_columns = records == Some(Records::Columns) || !is_table && self.column.has_times_in_records();
        if !is_columns && let Some(fixed_layout) = FixedLayout::rows(&self.column, total) {
            self.fixed_layout = Some(fixed_layout);
        } else if !is_table
            && !self.place.is_times
            && let Some(mut fixed_layout) = FixedLayout::by_field(&self.column, total)
        {
            fixed_layout.create_field_buffers(&self.place)?;
            self.fixed_layout = Some(fixed_layout);
        } else {
            self.column.reserve(Expected { of: self.count, total });
            return Ok(());
        }
        self.column = Column::new();
        Ok(())
    }

    /// Makes a column of the elements again, where a later one does not fit their form.
    fn revert_to_column(&mut self) -> Result<()> {
        self.look_again(usize::MAX);
        let Some(fixed_layout) = self.fixed_layout.take() else { return Ok(()) };
        self.column = fixed_layout.into_column()?;
        self.count = self.column.len();
        self.look_again(usize::MAX);
        self.place.clear()
    }

    /// Writes the rest.
    pub(super) fn end(mut self) -> Result<()> {
        if let Some(fixed_layout) = &mut self.fixed_layout {
            match fixed_layout.finish(&self.place)? {
                Finished::Written => return Ok(()),
                Finished::Column(column) => self.column = column,
                Finished::Not => self.revert_to_column()?,
            }
        }
        super::column_layout::write(self.column, &self.place)
    }
}

/// What became of settled elements when all were there.
enum Finished {
    Written,
    /// They are in a column, to be written as one.
    Column(Column),
    /// There were not as many as the value said.
    Not,
}

impl FixedLayout {
    /// The elements of a column as rows for one dataset, if they are of one form and of fixed size.
    fn rows(column: &Column, total: u64) -> Option<Self> {
        let ((dtype, dims), form) = items(column).zip(RecordForm::of(column))?;
        let size = dims.iter().fold(dtype.size(), |size, dim| size.saturating_mul(*dim as usize));
        let count = column.len();
        let (is_streamed, room_for) = room(size, total, WRITE_BYTES)?;
        // What has come so far may be more than a slab.
        let room_for = room_for.max(count);
        let mut buffer = vec![0; room_for.checked_mul(size)?];
        pack_items(column, size, &mut buffer[..count * size]);
        let mut empty = column.clone();
        empty.clear();
        let target = RowTarget::Rows { dtype, dims, dataset: None, empty };
        let (texts, writer) = (TextBuffers::new(), writer(is_streamed, size, total));
        Some(Self { form, size, buffer, count, room_for, texts, written: 0, total, is_streamed, target, writer })
    }

    /// The elements of a column as rows whose parts go to buffers, if they are of one form.
    fn by_field(column: &Column, total: u64) -> Option<Self> {
        let (mut field_buffers, forms) = FieldBuffers::of(column)?;
        let size = field_buffers.size();
        // The slabs of one buffer after the other are written: each a part of this.
        let (is_streamed, room_for) = room(size, total, WRITE_BYTES)?;
        let room_for = room_for.min(WRITE_BYTES / size).max(1);
        let form = field_buffers.form(forms, room_for)?;
        let (texts, written) = (field_buffers.take_texts(total), column.len() as u64);
        let (buffer, target) = (vec![0; room_for * size], RowTarget::FieldBuffers(field_buffers));
        let writer = writer(is_streamed, size, total);
        Some(Self { form, size, buffer, count: 0, room_for, texts, written, total, is_streamed, target, writer })
    }

    /// Makes the datasets of buffers, where they are written before all rows are there.
    fn create_field_buffers(&mut self, place: &Place<'_>) -> Result<()> {
        match &mut self.target {
            RowTarget::FieldBuffers(field_buffers) if self.is_streamed => field_buffers.create(place, self.total),
            _ => Ok(()),
        }
    }

    /// A column of the elements.
    fn into_column(mut self) -> Result<Column> {
        self.writer.finish()?;
        match self.target {
            RowTarget::Rows { dims, dataset, empty: mut column, .. } => {
                if let Some(dataset) = &dataset {
                    read_back(&mut column, dataset, self.written, self.size, &dims)?;
                }
                unpack_items(&mut column, &self.buffer[..self.count * self.size], self.size, &dims);
                Ok(column)
            }
            RowTarget::FieldBuffers(mut field_buffers) => {
                let rows = field_buffers.add(&self.buffer, self.room_for, self.count)?;
                self.writer.write(&mut self.buffer, rows)?;
                self.writer.finish()?;
                field_buffers.into_column(self.texts, None)
            }
        }
    }

    /// Where the next row begins; those that go to buffers find their places by themselves.
    #[inline]
    fn next(&self) -> usize {
        self.count * self.size
    }

    /// Adds an element; returns whether there is room for it and it is of the form.
    fn push(&mut self, value: &dyn AnyValue) -> bool {
        let next = self.next();
        let room = &mut PackBuffer::new(&mut self.buffer, next, self.count, &mut self.texts);
        let fits = self.count < self.room_for && value.put_row(&self.form, room);
        if fits {
            self.count += 1;
        } else {
            self.forget_refused();
        }
        fits
    }

    /// Takes back what a refused element has left.
    #[cold]
    fn forget_refused(&mut self) {
        if let RowTarget::FieldBuffers(field_buffers) = &self.target {
            field_buffers.forget_refused(&self.buffer, self.room_for, self.count, &mut self.texts);
        }
    }

    /// Adds the next elements, as far as there is room for them and they are of the form; returns whether there are no more,
    /// or else one that was refused.
    fn extend(&mut self, items: &mut dyn AnyElements) -> bool {
        let (next, most) = (self.next(), self.room_for - self.count);
        let room = PackBuffer::new(&mut self.buffer, next, self.count, &mut self.texts);
        let (added, is_refused) = items.put_rows(&self.form, room, most);
        self.count += added;
        if is_refused {
            self.forget_refused();
        }
        !is_refused
    }

    /// Writes what is there where it takes all room; returns whether there is room for another element.
    fn make_room(&mut self, place: &Place<'_>) -> Result<bool> {
        if self.count < self.room_for || self.written + self.count as u64 >= self.total {
            return Ok(false);
        }
        self.flush(place)?;
        if let RowTarget::Rows { .. } = self.target {
            self.room_for = self.room_for.min((WRITE_BYTES / self.size).max(1));
        }
        Ok(true)
    }

    /// Hands on what is there.
    fn flush(&mut self, place: &Place<'_>) -> Result<()> {
        let count = self.count as u64;
        match &mut self.target {
            RowTarget::Rows { dtype, dims, dataset, empty } => {
                let dataset = match dataset {
                    Some(dataset) => dataset,
                    None => {
                        // At the end, all are here.
                        let total = if self.is_streamed { self.total } else { count };
                        let shape = std::iter::once(total).chain(dims.iter().copied()).collect();
                        let times = empty.is_times().then(|| place.of_times());
                        let made_at = times.as_ref().unwrap_or(place);
                        dataset.insert(Arc::new(made_at.dataset(dtype.clone(), Shape::Simple(shape), None)?))
                    }
                };
                if count > 0 {
                    let (dataset, bytes) = (Arc::clone(dataset), 0..self.count * self.size);
                    let rows = h5::Rows { dataset, start: self.written, count, bytes };
                    self.writer.write(&mut self.buffer, vec![rows])?;
                }
            }
            RowTarget::FieldBuffers(field_buffers) => {
                let rows = field_buffers.add(&self.buffer, self.room_for, self.count)?;
                self.writer.write(&mut self.buffer, rows)?;
            }
        }
        self.written += count;
        self.count = 0;
        Ok(())
    }

    /// Writes the rest.
    fn finish(&mut self, place: &Place<'_>) -> Result<Finished> {
        let count = self.written + self.count as u64;
        if self.is_streamed && count != self.total {
            return Ok(Finished::Not);
        }
        self.flush(place)?;
        self.writer.finish()?;
        match &mut self.target {
            RowTarget::Rows { .. } => Ok(Finished::Written),
            RowTarget::FieldBuffers(field_buffers) => {
                let (field_buffers, texts) = (std::mem::take(field_buffers), std::mem::take(&mut self.texts));
                Ok(Finished::Column(field_buffers.into_column(texts, Some(self.total))?))
            }
        }
    }
}
