//! Stored sequences, read a part at a time.

use std::sync::Arc;

use super::items::{ItemColumn, Window};
use super::{Charge, ColumnData, Marks, SharedColumn, is_long, no_column};
use crate::de::cells::Cells;
use crate::de::column::{Column, FieldColumn};
use crate::de::windowed_dataset::WindowedDataset;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::stack::with_room;
use crate::h5::{Block, Dataset, Dtype, Items, Number, ReadAhead, Shape, Words};
use crate::layout::foreign::{CATEGORIES, CODES};
use crate::layout::{MASK, VALUES};

/// Bytes of rows that are taken apart at once: they stay in a processor's cache.
const WINDOW: u64 = 1 << 18;
/// Rows of the first window, where they are of variable length, and about how much those after it hold beside themselves.
const FIRST_ROWS: u64 = 64;
const VARIABLE_WINDOW: u64 = 1 << 20;

impl Column {
    /// Reads the elements from `start` up to `end`, which are there.
    pub(super) fn part(&mut self, start: u64, end: u64, charge: &mut Charge) -> Result<ColumnData> {
        charge.deeper(|charge| with_room(|| self.part_of_level(start, end, charge)))
    }

    /// The same, where there is stack enough for one level.
    fn part_of_level(&mut self, start: u64, end: u64, charge: &mut Charge) -> Result<ColumnData> {
        match self {
            Self::Array(array) => part_of_array(array, start, end, charge),
            Self::Parts { offsets, bytes, text } => {
                let mut offsets_in = offsets_of(offsets, start, end, charge)?;
                let (first, last) = rebase(&mut offsets_in);
                charge.take(last - first)?;
                let is_long = is_long(offsets.end().unwrap_or(0));
                let bytes = if first == last { Vec::new() } else { bytes.dataset().read_rows(first, last - first)? };
                Ok(ColumnData::Parts { is_text: *text, is_long, offsets: offsets_in, bytes })
            }
            Self::Units(_) => Ok(ColumnData::Nulls(end - start)),
            Self::Records(records) => {
                let fields = part_of_fields(&mut records.fields, start, end, charge)?;
                Ok(ColumnData::Records { len: end - start, fields })
            }
            Self::Ragged { offsets, values } => {
                let mut offsets_in = offsets_of(offsets, start, end, charge)?;
                let (first, last) = rebase(&mut offsets_in);
                let is_long = is_long(offsets.end().unwrap_or(0));
                let values = values.part(first, last, charge).map_err(|error| error.in_link(VALUES))?;
                Ok(ColumnData::Lists { is_long, offsets: offsets_in, values: Box::new(values) })
            }
            Self::Nullable { mask, values, .. } => {
                charge.take(end - start)?;
                let is_hollow = values.len() < mask.len();
                let mask = mask.part(start, end).map_err(|error| error.in_link(MASK))?;
                // All are missing, and no value is stored.
                let values = if is_hollow {
                    ColumnData::Nulls(end - start)
                } else {
                    values.part(start, end, charge).map_err(|error| error.in_link(VALUES))?
                };
                Ok(ColumnData::Nullable { mask, values: Box::new(values) })
            }
            Self::Categorical { codes, categories, shared } => {
                let codes = codes.part(start, end, charge).map_err(|error| error.in_link(CODES))?;
                categorical(codes, categories, shared, charge)
            }
            Self::Cells(cells) => {
                let mut cells = [cells];
                let column = part_of_cells(&mut cells, start, end, charge)?.pop();
                column.unwrap_or_else(|| Err(Error::corrupt("no column")))
            }
            Self::Variants(union) => match union.only_tags() {
                Some(tags) => part_of_array(tags, start, end, charge),
                None => Err(no_column("a sequence of enums with payload")),
            },
            Self::Mixed(_) => Err(no_column("a sequence of values of unlike types")),
            Self::Maps { .. } => Err(no_column("a sequence of maps")),
            Self::Halves(..) => Err(no_column("a sequence of 128-bit integers")),
            Self::List { .. } | Self::One { .. } => Err(no_column("a sequence of objects")),
            Self::Matlab(_) => Err(no_column("an array of MATLAB's")),
        }
    }
}

fn offsets_of(
    offsets: &mut crate::de::offsets::Offsets,
    start: u64,
    end: u64,
    charge: &mut Charge,
) -> Result<Vec<u64>> {
    charge.take_items(end - start + 1, size_of::<u64>() as u64)?;
    offsets.part(start, end)
}

/// Has offsets begin with 0; the first and the last before.
fn rebase(offsets: &mut [u64]) -> (u64, u64) {
    let (first, last) = (offsets.first().copied().unwrap_or(0), offsets.last().copied().unwrap_or(0));
    offsets.iter_mut().for_each(|offset| *offset -= first);
    (first, last)
}

/// Reads a part of all of these fields. Those whose values lie side by side in one dataset are read at once.
pub(super) fn part_of_fields(
    fields: &mut [FieldColumn],
    start: u64,
    end: u64,
    charge: &mut Charge,
) -> Result<Vec<(String, ColumnData)>> {
    let mut parts: Vec<Option<Result<ColumnData>>> = fields.iter().map(|_| None).collect();
    let mut sharing: Vec<(usize, &mut Cells)> = Vec::new();
    for (at, field) in fields.iter_mut().enumerate() {
        match field.readable() {
            Some(Column::Cells(cells)) => sharing.push((at, cells)),
            Some(Column::Categorical { codes, .. }) => {
                if let Column::Cells(cells) = &mut **codes {
                    sharing.push((at, cells));
                }
            }
            _ => {}
        }
    }
    while let Some((_, first)) = sharing.first() {
        let dataset = Arc::clone(first.dataset());
        let (same, others): (Vec<_>, Vec<_>) =
            sharing.into_iter().partition(|(_, cells)| Arc::ptr_eq(cells.dataset(), &dataset));
        sharing = others;
        let (places, mut cells): (Vec<usize>, Vec<&mut Cells>) = same.into_iter().unzip();
        for (place, part) in places.into_iter().zip(part_of_cells(&mut cells, start, end, charge)?) {
            parts[place] = Some(part);
        }
    }
    let mut read = Vec::with_capacity(fields.len());
    for (field, part) in fields.iter_mut().zip(parts) {
        let data = part_of_field(field, part, start, end, charge);
        let located = |error: Error| {
            let error = error.in_field(&field.name);
            if field.link.is_empty() { error } else { error.in_link(&field.link) }
        };
        read.push((field.name.clone(), data.map_err(located)?));
    }
    Ok(read)
}

/// Reads a part of a field, of which the cells may have been read.
fn part_of_field(
    field: &mut FieldColumn,
    cells: Option<Result<ColumnData>>,
    start: u64,
    end: u64,
    charge: &mut Charge,
) -> Result<ColumnData> {
    let (column, mask) = field.parts()?;
    let is_hollow = mask.as_ref().is_some_and(|mask| column.len() < mask.len());
    if mask.is_some() {
        charge.take(end - start)?;
    }
    let mask = mask.map(|mask| mask.part(start, end).map_err(|error| error.in_link(MASK))).transpose()?;
    let data = match (cells, &mut *column) {
        (Some(codes), Column::Categorical { categories, shared, .. }) => {
            categorical(codes?, categories, shared, charge)?
        }
        (Some(cells), _) => cells?,
        // All are missing, and no value is stored.
        (None, _) if is_hollow => ColumnData::Nulls(end - start),
        (None, column) => column.part(start, end, charge)?,
    };
    Ok(match mask {
        Some(mask) => ColumnData::Nullable { mask, values: Box::new(data) },
        None => data,
    })
}

/// Values that those codes count, which are read once for all parts.
fn categorical(
    codes: ColumnData,
    categories: &mut Column,
    shared: &mut Option<SharedColumn>,
    charge: &mut Charge,
) -> Result<ColumnData> {
    let (number, codes) = codes_of(codes)?;
    if let Some(categories) = shared.as_ref().filter(|shared| shared.is_good()) {
        return Ok(ColumnData::Categorical { number, codes, categories: categories.clone() });
    }
    let len = categories.len();
    let categories = categories.part(0, len, charge).map_err(|error| error.in_link(CATEGORIES))?;
    let categories = shared.insert(SharedColumn::new(categories)).clone();
    Ok(ColumnData::Categorical { number, codes, categories })
}

/// The integers that codes are, also each as the only field of a record, or in an array of one.
fn codes_of(codes: ColumnData) -> Result<(Number, Words)> {
    match codes {
        ColumnData::Numbers { number, values, .. } if number.is_integer() => Ok((number, values)),
        // An empty sequence is of any type.
        ColumnData::Numbers { values, .. } if values.bytes().is_empty() => Ok((Number::I8, values)),
        ColumnData::Records { mut fields, .. } if fields.len() == 1 => {
            fields.pop().map_or_else(|| Err(Error::corrupt("no codes")), |(_, codes)| codes_of(codes))
        }
        _ => Err(Error::corrupt("codes that are no integers")),
    }
}

/// Reads a part of what a dataset has as its elements.
fn part_of_array(array: &WindowedDataset, start: u64, end: u64, charge: &mut Charge) -> Result<ColumnData> {
    let (count, inner) = (end - start, &array.dims()[1..]);
    if let Some((number, within)) = numbers_of(array.dtype()) {
        let dims: Vec<u64> = inner.iter().chain(within).copied().collect();
        let absurd = || Error::corrupt("a dataset of absurd shape");
        let items = dims.iter().try_fold(count, |items, dim| items.checked_mul(*dim)).ok_or_else(absurd)?;
        charge.take_items(items, number.size() as u64)?;
        let mut values = Words::zeroed(items, number.size())?;
        if items > 0 {
            array.dataset().read_rows_into(start, count, values.bytes_mut())?;
        }
        let marks = if dims.is_empty() { Marks::of(array.dataset(), number)? } else { Marks::default() };
        return Ok(ColumnData::Numbers { number, len: count, dims, values, marks });
    }
    let dtype = array.dtype();
    let mut column = match inner {
        [] => ItemColumn::new(dtype, array.len())?,
        inner => ItemColumn::arrays(inner, dtype, array.len())?,
    };
    column.reserve(count, charge)?;
    let stride = array.row_size();
    each_window(array.dataset(), start, end, &mut |items, count| {
        column.push(Window { bytes: items.bytes(), stride, offset: 0, count, items }, charge)
    })?;
    Ok(column.finish())
}

/// What a type is, if it is a number, or an array of numbers; and the dimensions of that.
fn numbers_of(dtype: &Dtype) -> Option<(Number, &[u64])> {
    match dtype {
        Dtype::Number(number) | Dtype::Bitfield(number) => Some((*number, &[])),
        Dtype::Array(dims, inner) => match &**inner {
            Dtype::Number(number) => Some((*number, dims)),
            _ => None,
        },
        _ => None,
    }
}

/// Reads a part of columns that lie side by side in one dataset.
fn part_of_cells(
    cells: &mut [&mut Cells],
    start: u64,
    end: u64,
    charge: &mut Charge,
) -> Result<Vec<Result<ColumnData>>> {
    let Some(dataset) = cells.first().map(|first| Arc::clone(first.dataset())) else { return Ok(Vec::new()) };
    let mut columns = Vec::with_capacity(cells.len());
    for cell in cells.iter() {
        let column = match cell.place_in_row() {
            Some(offset) => {
                ItemColumn::with_room(cell.dtype(), cell.len(), end - start, charge).map(|column| (offset, column))
            }
            None => Err(Error::corrupt(format!("{} has no rows", cell.words()))),
        };
        match column {
            Err(error) if error.kind() == ErrorKind::Limit => return Err(error),
            column => columns.push(column),
        }
    }
    if columns.iter().all(Result::is_err) {
        return Ok(columns.into_iter().map(|column| column.map(|(_, column)| column.finish())).collect());
    }
    each_window(&dataset, start, end, &mut |items, count| {
        let stride = items.bytes().len() / count.max(1);
        for column in &mut columns {
            let Ok((offset, values)) = column else { continue };
            let window = Window { bytes: items.bytes(), stride, offset: *offset, count, items };
            match values.push(window, charge) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::Limit => return Err(error),
                Err(error) => *column = Err(error),
            }
        }
        Ok(())
    })?;
    Ok(columns.into_iter().map(|column| column.map(|(_, column)| column.finish())).collect())
}

/// Shows the rows from `start` up to `end` of a dataset, a window at a time: the items, and how many rows they are.
fn each_window(
    dataset: &Arc<Dataset>,
    start: u64,
    end: u64,
    show: &mut dyn FnMut(&Items, usize) -> Result<()>,
) -> Result<()> {
    let Shape::Simple(dims) = dataset.shape().clone() else { return Err(Error::corrupt("a dataset without rows")) };
    let items = dims[1..].iter().fold(1u64, |items, dim| items.saturating_mul(*dim));
    let row = items.saturating_mul(dataset.dtype().size() as u64);
    if row == 0 {
        // There is nothing to be read.
        let count = usize::try_from(end - start).map_err(|_| Error::corrupt("a dataset of absurd shape"))?;
        return show(&Items::new(), count);
    }
    let has_addresses = dataset.dtype().has_addresses();
    let most = (WINDOW / row).max(1);
    let mut step = if has_addresses { most.min(FIRST_ROWS) } else { most };
    let block = |next: u64, step: u64| {
        let (mut start, mut count) = (vec![0; dims.len()], dims.clone());
        start[0] = next;
        count[0] = step.min(end - next);
        Block { start, count }
    };
    let (mut ahead, mut next, mut last) = (ReadAhead::new(Arc::clone(dataset)), start, Items::new());
    while next < end {
        let part = block(next, step);
        let count = part.count[0];
        let after = next + count;
        let foretold = (after < end && !has_addresses).then(|| block(after, step));
        last = ahead.read(&part, last, foretold)?;
        show(&last, usize::try_from(count).unwrap_or(usize::MAX))?;
        if has_addresses {
            let each = (last.variable_size() as u64 / count).max(1);
            step = (VARIABLE_WINDOW / each).clamp(1, most);
        }
        next = after;
    }
    Ok(())
}
