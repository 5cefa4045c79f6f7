//! Lanes: where the fields of settled records go, some of which are strings or options. Rows are taken apart a slab at a
//! time; what has a fixed size is written at once, to datasets that are linked at the end.

use std::borrow::Cow;
use std::rc::Rc;

use super::column::{Column, Nullable, Parts, Stored};
use super::layout::{items, pack_items, unpack_items};
use super::place::Place;
use super::record::{Record, RecordField, Rows};
use super::rows::{Form, TEXT_SIZE};
use crate::error::Result;
use crate::format::SLAB;
use crate::storage::{Dataset, Dtype, Shape};

/// The fields of records, in their order.
#[derive(Default)]
pub(super) struct Lanes {
    rows: Rows,
    lanes: Vec<Lane>,
    /// Rows so far.
    count: usize,
}

struct Lane {
    name: Cow<'static, str>,
    /// Where in a row it begins.
    offset: usize,
    /// Of options: true where there is none, which the first byte says.
    mask: Option<Vec<bool>>,
    content: Content,
}

enum Content {
    Fixed(Fixed),
    Text(Parts),
}

/// Elements of fixed size.
struct Fixed {
    size: usize,
    dtype: Dtype,
    /// The shape of one element.
    dims: Vec<u64>,
    /// The elements that are not written.
    column: Column,
    dataset: Option<Dataset>,
    written: u64,
}

impl Content {
    /// The content for the elements of a column, and their form, if they are of one.
    fn of(column: Column) -> Option<(Form, Self)> {
        if let Column::Text(parts) = column {
            return Some((Form::text(), Self::Text(parts)));
        }
        let (form, (dtype, dims)) = Form::of(&column).zip(items(&column))?;
        let size = dims.iter().fold(dtype.size(), |size, dim| size.saturating_mul(*dim as usize));
        Some((form, Self::Fixed(Fixed { size, dtype, dims, column, dataset: None, written: 0 })))
    }

    fn size(&self) -> usize {
        match self {
            Self::Fixed(fixed) => fixed.size,
            Self::Text(_) => TEXT_SIZE,
        }
    }

    /// What stands in a row where there is none.
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

impl Lanes {
    /// The lanes for records, with those that there are; and the form and size of a row. `None` where a field is of no
    /// form yet, or of none that is taken here.
    pub(super) fn of(record: &Record) -> Option<(Form, usize, Self)> {
        let (mut fields, mut lanes, mut size) = (Vec::new(), Vec::new(), 0usize);
        for field in &record.fields {
            if field.is_masked() {
                return None;
            }
            let (form, mask, content) = match &field.column {
                Column::Nullable(nullable) => {
                    let (some, content) = Content::of(nullable.inner.clone())?;
                    (Form::option(some, content.none()), Some(nullable.mask.clone()), content)
                }
                column => {
                    let (form, content) = Content::of(column.clone())?;
                    (form, None, content)
                }
            };
            let end = size.checked_add(usize::from(mask.is_some()))?.checked_add(content.size())?;
            lanes.push(Lane { name: field.name.clone(), offset: size, mask, content });
            fields.push((field.name.clone(), form));
            size = end;
        }
        let form = Form::of_fields(record.rows, fields)?;
        Some((form, size, Self { rows: record.rows, lanes, count: record.count }))
    }

    /// Makes the datasets, for `total` rows.
    pub(super) fn create(&mut self, place: &Place<'_>, total: u64) -> Result<()> {
        for lane in &mut self.lanes {
            if let Content::Fixed(fixed) = &mut lane.content {
                fixed.create(place, total)?;
            }
        }
        Ok(())
    }

    /// Adds rows of `size` bytes each; `texts` are their strings.
    pub(super) fn add(&mut self, rows: &[u8], size: usize, texts: &[u8]) -> Result<()> {
        let mut scratch = Vec::new();
        for lane in &mut self.lanes {
            let mut offset = lane.offset;
            if let Some(mask) = &mut lane.mask {
                mask.extend(rows.chunks_exact(size).map(|row| row[offset] != 0));
                offset += 1;
            }
            match &mut lane.content {
                Content::Fixed(fixed) => {
                    gather(rows, size, offset, fixed.size, &mut scratch);
                    fixed.add(&scratch)?;
                }
                Content::Text(parts) => {
                    for row in rows.chunks_exact(size) {
                        let word = |at: usize| row[at..].first_chunk().map_or(0, |word| u64::from_ne_bytes(*word));
                        let (start, len) = (word(offset) as usize, word(offset + 8) as usize);
                        parts.push(&texts[start..start + len]);
                    }
                }
            }
        }
        self.count += rows.len() / size;
        Ok(())
    }

    /// The records as a column; where `total` rows were written, as one of what is stored, else of what is in memory.
    pub(super) fn into_column(self, total: Option<u64>) -> Result<Column> {
        let count = self.count;
        let mut record = Record::new(self.rows, count);
        record.present = count * self.lanes.len();
        for lane in self.lanes {
            let column = match lane.content {
                Content::Text(parts) => Column::Text(parts),
                Content::Fixed(fixed) => fixed.into_column(total)?,
            };
            let column = match lane.mask {
                Some(mask) => Column::Nullable(Box::new(Nullable { mask, inner: column })),
                None => column,
            };
            record.fields.push(RecordField { name: lane.name, column, absent: Vec::new() });
        }
        Ok(Column::Record(Box::new(record)))
    }
}

impl Fixed {
    fn create(&mut self, place: &Place<'_>, total: u64) -> Result<()> {
        let shape = std::iter::once(total).chain(self.dims.iter().copied()).collect();
        self.dataset = Some(place.unlinked_dataset(self.dtype.clone(), Shape::Simple(shape))?);
        let mut bytes = vec![0; self.column.len() * self.size];
        pack_items(&self.column, self.size, &mut bytes);
        self.column.clear();
        self.add(&bytes)
    }

    fn add(&mut self, bytes: &[u8]) -> Result<()> {
        let Some(dataset) = &self.dataset else {
            unpack_items(&mut self.column, bytes, self.size, &self.dims);
            return Ok(());
        };
        let count = (bytes.len() / self.size) as u64;
        if count > 0 {
            dataset.write_rows(self.written, count, bytes)?;
            self.written += count;
        }
        Ok(())
    }

    fn into_column(self, total: Option<u64>) -> Result<Column> {
        let Some(dataset) = self.dataset else { return Ok(self.column) };
        if total == Some(self.written) {
            let stored = Stored { dataset: Rc::new(dataset), count: self.written as usize, empty: self.column };
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

/// Puts what each row has at `offset`, `len` bytes long, one after the other.
fn gather(rows: &[u8], size: usize, offset: usize, len: usize, out: &mut Vec<u8>) {
    /// Numbers of a size that is known when this is compiled are moved in one instruction.
    fn of_len<const LEN: usize>(rows: &[u8], size: usize, offset: usize, out: &mut [u8]) {
        for (row, place) in rows.chunks_exact(size).zip(out.as_chunks_mut::<LEN>().0) {
            if let Some(value) = row[offset..].first_chunk() {
                *place = *value;
            }
        }
    }
    out.resize(rows.len() / size * len, 0);
    match len {
        1 => of_len::<1>(rows, size, offset, out),
        2 => of_len::<2>(rows, size, offset, out),
        4 => of_len::<4>(rows, size, offset, out),
        8 => of_len::<8>(rows, size, offset, out),
        _ => {
            for (row, place) in rows.chunks_exact(size).zip(out.chunks_exact_mut(len)) {
                place.copy_from_slice(&row[offset..offset + len]);
            }
        }
    }
}
