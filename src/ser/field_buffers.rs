//! Elements of one form, taken apart by field: a part that is a string or an option has a buffer of its own. A slab has room for
//! the same number of elements in each buffer. What has a fixed size is written from there, to datasets that are linked at
//! the end.

use std::borrow::Cow;
use std::sync::Arc;

use super::column::{ByteStrings, Column, Expected, NullableColumn, WrittenDataset};
use super::column_layout::{items, pack_items, unpack_items};
use super::place::Place;
use super::record::{RecordColumn, RecordField, RecordKind};
use super::record_packer::{RecordForm, TEXT_SIZE};
use crate::ground::error::Result;
use crate::h5::{self, Dataset, Dtype, Shape};
use crate::layout::SLAB;

/// The fields of records, in their order; or the one part that elements consist of.
#[derive(Default)]
pub(super) struct FieldBuffers {
    /// What the records are; `None` where elements are none.
    rows: Option<RecordKind>,
    field_buffers: Vec<FieldBuffer>,
    /// Elements so far.
    count: usize,
}

struct FieldBuffer {
    name: Cow<'static, str>,
    /// Bytes of a row in the buffers before this.
    offset: usize,
    /// Of options: true where there is none. In a slab, this comes before what is there.
    mask: Option<Vec<bool>>,
    content: FieldContent,
}

enum FieldContent {
    Fixed(FixedField),
    /// Strings: where each begins and, last, where the last ends, in `text` while that is not among the [`TextBuffers`].
    Text {
        offsets: Vec<u64>,
        text: Vec<u8>,
    },
}

/// Bytes of strings, one after the other: for each buffer, in their order, though there are none in most.
pub(super) type TextBuffers = Vec<Vec<u8>>;

/// Elements of fixed size.
struct FixedField {
    size: usize,
    dtype: Dtype,
    /// The shape of one element.
    dims: Vec<u64>,
    /// The elements that are not written.
    column: Column,
    dataset: Option<Arc<Dataset>>,
    /// How many were written, or are about to be.
    written: u64,
}

impl FieldContent {
    /// The content for the elements of a column, and their form, if they are of one; it is buffer `number`.
    fn of(column: &Column, number: usize) -> Option<(RecordForm, Self)> {
        if let Column::Text(parts) = column {
            let ByteStrings { offsets, bytes } = parts.clone();
            return Some((RecordForm::text(number), Self::Text { offsets, text: bytes }));
        }
        let (form, (dtype, dims)) = RecordForm::of(column).zip(items(column))?;
        let size = dims.iter().fold(dtype.size(), |size, dim| size.saturating_mul(*dim as usize));
        let column = column.clone();
        Some((form, Self::Fixed(FixedField { size, dtype, dims, column, dataset: None, written: 0 })))
    }

    fn size(&self) -> usize {
        match self {
            Self::Fixed(fixed) => fixed.size,
            Self::Text { .. } => TEXT_SIZE,
        }
    }

    /// What stands where there is none.
    fn none(&self) -> Box<[u8]> {
        let mut bytes = vec![0; self.size()];
        if let Self::Fixed(fixed) = self {
            let mut filler = fixed.column.clone();
            filler.clear();
            filler.push_filler();
            pack_items(&filler, fixed.size, &mut bytes);
        }
        bytes.into()
    }
}

impl FieldBuffer {
    /// Bytes of a row in it and in those before it.
    fn end(&self) -> Option<usize> {
        self.offset.checked_add(usize::from(self.mask.is_some()))?.checked_add(self.content.size())
    }

    /// Where the mask and what is there begin in a slab for `room_for` elements.
    fn starts(&self, room_for: usize) -> (usize, usize) {
        let mask = self.offset * room_for;
        (mask, if self.mask.is_some() { mask + room_for } else { mask })
    }
}

impl FieldBuffers {
    /// The buffers for the elements of a column, with those that there are, and the form of each part. `None` where a part
    /// is of no form yet, or of none that is taken here.
    pub(super) fn of(column: &Column) -> Option<(Self, Vec<RecordForm>)> {
        let (mut field_buffers, mut forms) =
            (Self { rows: None, field_buffers: Vec::new(), count: column.len() }, Vec::new());
        match column {
            Column::Record(record) => {
                field_buffers.rows = Some(record.rows);
                for field in &record.fields {
                    if field.is_masked() {
                        return None;
                    }
                    forms.push(field_buffers.add_field_buffer(field.name.clone(), &field.column)?);
                }
            }
            Column::Text(_) | Column::Nullable(_) => {
                forms.push(field_buffers.add_field_buffer(Cow::Borrowed(""), column)?)
            }
            _ => return None,
        }
        Some((field_buffers, forms))
    }

    fn add_field_buffer(&mut self, name: Cow<'static, str>, column: &Column) -> Option<RecordForm> {
        let (inner, mask) = match column {
            Column::Nullable(nullable) => (&nullable.inner, Some(nullable.mask.clone())),
            column => (column, None),
        };
        let offset = self.field_buffers.last().map_or(Some(0), FieldBuffer::end)?;
        let (form, content) = FieldContent::of(inner, self.field_buffers.len())?;
        self.field_buffers.push(FieldBuffer { name, offset, mask, content });
        Some(form)
    }

    /// Bytes of a row.
    pub(super) fn size(&self) -> usize {
        self.field_buffers.last().and_then(FieldBuffer::end).unwrap_or(0)
    }

    /// The form of an element of these parts, in a slab for `room_for` of them.
    pub(super) fn form(&self, parts: Vec<RecordForm>, room_for: usize) -> Option<RecordForm> {
        let mut forms = self.field_buffers.iter().zip(parts).map(|(field_buffer, form)| {
            let (mask, start) = field_buffer.starts(room_for);
            let form = if field_buffer.mask.is_some() {
                RecordForm::option(form, field_buffer.content.none(), mask)
            } else {
                form
            };
            (field_buffer.name.clone(), form.in_field_buffer(start, field_buffer.content.size()))
        });
        match self.rows {
            Some(rows) => RecordForm::of_fields(rows, forms.collect()),
            None => forms.next().map(|(_, form)| form),
        }
    }

    /// The texts of the buffers, with room for those of `total` elements as far as those that there are tell.
    pub(super) fn take_texts(&mut self, total: u64) -> TextBuffers {
        let expected = Expected { of: self.count, total };
        let take = |field_buffer: &mut FieldBuffer| {
            if let Some(mask) = &mut field_buffer.mask {
                expected.reserve(mask);
            }
            let FieldContent::Text { offsets, text } = &mut field_buffer.content else { return Vec::new() };
            expected.reserve(offsets);
            expected.reserve(text);
            std::mem::take(text)
        };
        self.field_buffers.iter_mut().map(take).collect()
    }

    /// Takes back what was added to `texts` for an element that was refused, after `count` that are in the slab.
    pub(super) fn forget_refused(&self, slab: &[u8], room_for: usize, count: usize, texts: &mut TextBuffers) {
        for (field_buffer, text) in self.field_buffers.iter().zip(texts) {
            if let FieldContent::Text { offsets, .. } = &field_buffer.content {
                let ends = &slab[field_buffer.starts(room_for).1..][..count * TEXT_SIZE];
                let last = ends.as_chunks().0.last().map(|end| u64::from_ne_bytes(*end));
                text.truncate(last.or(offsets.last().copied()).unwrap_or(0) as usize);
            }
        }
    }

    /// Makes the datasets, for `total` elements.
    pub(super) fn create(&mut self, place: &Place<'_>, total: u64) -> Result<()> {
        for field_buffer in &mut self.field_buffers {
            let name = self.rows.is_some().then_some(&*field_buffer.name);
            if let FieldContent::Fixed(fixed) = &mut field_buffer.content {
                fixed.create(place, name, total)?;
            }
        }
        Ok(())
    }

    /// Adds the `count` elements of a slab that has room for `room_for`; the caller has those written that this returns.
    pub(super) fn add(&mut self, slab: &[u8], room_for: usize, count: usize) -> Result<Vec<h5::Rows>> {
        let mut rows = Vec::new();
        for field_buffer in &mut self.field_buffers {
            let (mask_start, start) = field_buffer.starts(room_for);
            if let Some(mask) = &mut field_buffer.mask {
                mask.extend(slab[mask_start..][..count].iter().map(|byte| *byte != 0));
            }
            let part = &slab[start..][..count * field_buffer.content.size()];
            match &mut field_buffer.content {
                FieldContent::Fixed(fixed) => rows.extend(fixed.add(part, start)),
                FieldContent::Text { offsets, .. } => {
                    offsets.extend(part.as_chunks().0.iter().map(|end| u64::from_ne_bytes(*end)));
                }
            }
        }
        self.count += count;
        Ok(rows)
    }

    /// The elements as a column; where `total` were written, as one of what is stored, else of what is in memory.
    pub(super) fn into_column(self, texts: TextBuffers, total: Option<u64>) -> Result<Column> {
        let mut record = RecordColumn::new(self.rows.unwrap_or_default(), self.count);
        record.present = self.count * self.field_buffers.len();
        for (field_buffer, bytes) in self.field_buffers.into_iter().zip(texts) {
            let column = match field_buffer.content {
                FieldContent::Text { offsets, .. } => Column::Text(ByteStrings { offsets, bytes }),
                FieldContent::Fixed(fixed) => fixed.into_column(total)?,
            };
            let column = match field_buffer.mask {
                Some(mask) => Column::Nullable(Box::new(NullableColumn { mask, inner: column })),
                None => column,
            };
            if self.rows.is_none() {
                return Ok(column);
            }
            record.fields.push(RecordField { name: field_buffer.name, column, absent: Vec::new() });
        }
        Ok(Column::Record(Box::new(record)))
    }
}

impl FixedField {
    /// Makes the dataset, which is of the field of that name, or of what elements are.
    fn create(&mut self, place: &Place<'_>, name: Option<&str>, total: u64) -> Result<()> {
        let shape = std::iter::once(total).chain(self.dims.iter().copied()).collect();
        let rules = name.map_or(&place.rules, |name| place.rules.field(name));
        let times = self.column.is_times().then(|| place.of_times());
        let made_at = times.as_ref().unwrap_or(place);
        let dataset = made_at.unlinked_dataset(name, self.dtype.clone(), Shape::Simple(shape), rules)?;
        let count = self.column.len();
        let mut bytes = vec![0; count * self.size];
        pack_items(&self.column, self.size, &mut bytes);
        self.column.clear();
        dataset.write_rows(0, count as u64, &bytes)?;
        self.written = count as u64;
        self.dataset = Some(Arc::new(dataset));
        Ok(())
    }

    /// Adds elements, which begin at `at` of a slab; what is to be written of that.
    fn add(&mut self, bytes: &[u8], at: usize) -> Option<h5::Rows> {
        let Some(dataset) = &self.dataset else {
            unpack_items(&mut self.column, bytes, self.size, &self.dims);
            return None;
        };
        let (count, start) = ((bytes.len() / self.size) as u64, self.written);
        self.written += count;
        let rows = h5::Rows { dataset: Arc::clone(dataset), start, count, bytes: at..at + bytes.len() };
        (count > 0).then_some(rows)
    }

    fn into_column(self, total: Option<u64>) -> Result<Column> {
        let Some(dataset) = self.dataset else { return Ok(self.column) };
        if total == Some(self.written) {
            let stored = WrittenDataset { dataset, count: self.written as usize, empty: self.column };
            return Ok(Column::Stored(Box::new(stored)));
        }
        let mut column = self.column;
        read_back(&mut column, &dataset, self.written, self.size, &self.dims)?;
        Ok(column)
    }
}

/// Adds the first `count` elements of a dataset, of `size` bytes each, to the column that they came from.
pub(super) fn read_back(column: &mut Column, dataset: &Dataset, count: u64, size: usize, dims: &[u64]) -> Result<()> {
    let step = (SLAB / size).max(1) as u64;
    let mut start = 0;
    while start < count {
        let len = step.min(count - start);
        unpack_items(column, &dataset.read_rows(start, len)?, size, dims);
        start += len;
    }
    Ok(())
}
