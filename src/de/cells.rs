//! Columns that lie side by side in one dataset: a window of it is read for all of them.

use std::sync::{Arc, Mutex, PoisonError};

use super::windowed_dataset::WindowedDataset;
use crate::de::item::Item;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::{Dataset, Dtype, Field, Items};

/// The cells of a column: a field of the records of a dataset, or each so many of its items.
#[derive(Clone, Debug)]
pub(super) struct Cells {
    rows: Arc<Mutex<SharedRows>>,
    /// The dataset of these.
    dataset: Arc<Dataset>,
    /// The window that the last cell was in.
    window: Arc<CachedWindow>,
    /// The position of the field, of records.
    field: Option<usize>,
    /// The item of the first cell, and how many are from each to the next.
    first: u64,
    step: u64,
    len: u64,
}

/// What all columns of a dataset are read by.
#[derive(Debug)]
struct SharedRows {
    array: WindowedDataset,
    /// The last that was read.
    window: Arc<CachedWindow>,
}

/// Items of a dataset.
#[derive(Debug, Default)]
struct CachedWindow {
    start: u64,
    count: u64,
    items: Items,
}

impl Cells {
    /// The first column of a dataset that has a cell each `step` items, `len` in all.
    pub(super) fn strided(dataset: Dataset, step: u64, len: u64) -> Result<Self> {
        Self::new(dataset, None, step, |_| len)
    }

    /// The column that begins at the item `first`.
    pub(super) fn beginning_at(&self, first: u64) -> Self {
        Self { first, ..self.clone() }
    }

    /// The first of these fields of the records in a dataset.
    pub(super) fn of_fields<'f>(dataset: &Dataset, fields: impl Iterator<Item = &'f Field>) -> Result<Self> {
        let mut offset = 0;
        let fields = fields.map(|field| {
            let mut field = field.clone();
            field.offset = offset;
            offset += field.size;
            field
        });
        let dtype = Dtype::Compound(fields.collect());
        let mut dataset = dataset.again()?;
        dataset.read_as(dtype);
        Self::new(dataset, Some(0), 1, WindowedDataset::len)
    }

    /// The column of another of these fields.
    pub(super) fn at_field(&self, field: usize) -> Self {
        Self { field: Some(field), ..self.clone() }
    }

    fn new(
        dataset: Dataset,
        field: Option<usize>,
        step: u64,
        len: impl FnOnce(&WindowedDataset) -> u64,
    ) -> Result<Self> {
        let array = WindowedDataset::new(dataset)?;
        let (dataset, len, window) = (Arc::clone(array.dataset()), len(&array), Arc::default());
        let rows = Arc::new(Mutex::new(SharedRows { array, window: Arc::clone(&window) }));
        Ok(Self { rows, dataset, window, field, first: 0, step, len })
    }

    /// The first of these fields of the records in a dataset, of which no more than `len` are there.
    #[cfg(feature = "arrow")]
    pub(super) fn of_rows<'f>(array: &WindowedDataset, fields: impl Iterator<Item = &'f Field>) -> Result<Self> {
        Self::of_fields(array.dataset(), fields).map(|cells| Self { len: array.len(), ..cells })
    }

    /// The dataset, which columns that lie side by side in it have in common.
    #[cfg(feature = "arrow")]
    pub(super) fn dataset(&self) -> &Arc<Dataset> {
        &self.dataset
    }

    /// Where a cell is within a row of the dataset, which has one of each column, in bytes; `None` where rows are not that.
    #[cfg(feature = "arrow")]
    pub(super) fn place_in_row(&self) -> Option<usize> {
        use crate::h5::Shape;
        let Shape::Simple(dims) = self.dataset.shape() else { return None };
        match (self.dataset.dtype(), self.field, &dims[..]) {
            (Dtype::Compound(fields), Some(field), [_]) => Some(fields.get(field)?.offset),
            (_, None, [_]) if self.step == 1 && self.first == 0 => Some(0),
            (dtype, None, [_, width]) if *width == self.step && self.first < self.step => {
                usize::try_from(self.first).ok()?.checked_mul(dtype.size())
            }
            _ => None,
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// As [`WindowedDataset::spread`].
    pub(super) fn spread(&self) {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).array.spread();
    }

    /// What the cells are.
    pub(super) fn dtype(&self) -> &Dtype {
        match (self.dataset.dtype(), self.field) {
            (Dtype::Compound(fields), Some(field)) => {
                fields.get(field).map_or(self.dataset.dtype(), |field| &field.dtype)
            }
            (dtype, _) => dtype,
        }
    }

    /// Type and shape of the dataset in words.
    pub(super) fn words(&self) -> String {
        self.dataset.words()
    }

    /// The cell at `index`, which is smaller than the length.
    pub(super) fn item(&mut self, index: u64) -> Result<Item<'_>> {
        let index = self.first + index * self.step;
        if index.wrapping_sub(self.window.start) >= self.window.count {
            // Or the memory that it has is not used again.
            self.window = Arc::default();
            self.window = self.rows.lock().unwrap_or_else(PoisonError::into_inner).around(index)?;
        }
        let (dtype, CachedWindow { start, items, .. }) = (self.dataset.dtype(), &*self.window);
        let (at, size) = ((index - start) as usize * dtype.size(), dtype.size());
        let item = Item { dtype, bytes: &items.bytes()[at..at + size], items };
        let Some(field) = self.field else { return Ok(item) };
        let record = item.record().filter(|record| field < record.fields.len());
        record.and_then(|record| record.field(field).item()).ok_or_else(|| Error::corrupt("no record"))
    }
}

impl SharedRows {
    /// The window that has the item at `index`.
    fn around(&mut self, index: u64) -> Result<Arc<CachedWindow>> {
        if index.wrapping_sub(self.window.start) >= self.window.count {
            // Other columns may be in it yet.
            let last = Arc::into_inner(std::mem::take(&mut self.window)).unwrap_or_default();
            let (start, count, items) = self.array.read_around(index, last.items)?;
            self.window = Arc::new(CachedWindow { start, count, items });
        }
        Ok(Arc::clone(&self.window))
    }
}

/// Refuses a field of a type that is not read.
pub(super) fn check_readable(field: &Field) -> Result<()> {
    match field.dtype.unsupported() {
        Some(words) => Err(Error::new(ErrorKind::Unsupported, format!("a `{words}` cannot be read"))),
        None => Ok(()),
    }
}
