//! Datasets read, as a whole or in blocks.

use std::ffi::c_void;

use hdf5_sys::h5d::H5D_layout_t;
use hdf5_sys::h5i::hid_t;

use super::super::Handle;
use super::super::blocks::{PART, Part};
use super::super::chunked::chunk_of;
use super::super::few_chunks;
use super::super::grid::Rows;
use super::super::items::Items;
use super::super::locked;
use super::super::present::{self, Wanted};
use super::super::selection::{Selection, select_within};
use super::super::sys::h5p;
use super::super::varlen;
use super::{Dataset, Shape, items_of, resize, simple_space, zeroed};
use crate::ground::error::{Error, Result};
use crate::ground::ledger;

/// How many times the bytes of items of variable length are in memory until they are read, but for what they hold.
const PARTS: u64 = 5;

impl Dataset {
    /// Reads `count` items along the first dimension from `start` on.
    pub(crate) fn read_rows(&self, start: u64, count: u64) -> Result<Vec<u8>> {
        let (starts, counts, items) = self.rows(start, count)?;
        if let Some(chunked) = self.chunked()? {
            chunked.flush(self.id.get())?;
            let mut bytes = zeroed(items, self.dtype.size())?;
            self.read_rows_into(start, count, &mut bytes)?;
            return Ok(bytes);
        }
        let wanted = Wanted { start: &starts, step: None, count: &counts };
        Ok(self.read_wanted(items, Some(wanted), Items::default())?.into_bytes())
    }

    /// Reads all items. The caller has made sure that they are few.
    pub(crate) fn read(&self) -> Result<Items> {
        let count = self.shape.count().ok_or_else(|| Error::corrupt("a dataset of absurd shape"))?;
        if count == 0 {
            return Ok(Items::default());
        }
        // What is of variable length is read as one, by another way.
        let is_long = self.spot.is_watched() && self.logical_bytes() > PART as u64 && !self.dtype.has_addresses();
        if let Shape::Simple(dims) = &self.shape
            && (is_long || self.chunked()?.is_some())
        {
            let mut bytes = zeroed(count, self.dtype.size())?;
            self.read_rows_into(0, dims[0], &mut bytes)?;
            return Ok(Items::with_memory(bytes));
        }
        let has_parts = self.dtype.has_addresses();
        if has_parts {
            // Each of them has a place in the file, and in memory.
            ledger::made(count.saturating_mul(PARTS * self.dtype.size() as u64))?;
        }
        let items = self.counted(self.read_wanted(count, None, Items::default())?)?;
        if has_parts {
            ledger::made(items.variable_size() as u64)?;
        }
        Ok(items)
    }

    /// Takes note of items that were read.
    fn counted(&self, items: Items) -> Result<Items> {
        self.spot.bytes((items.bytes().len() + items.variable_size()) as u64)?;
        Ok(items)
    }

    /// Reads the block that begins at `start` and has `count` items along each dimension. The memory of `last` is used
    /// again.
    pub(crate) fn read_block(&self, start: &[u64], count: &[u64], last: Items) -> Result<Items> {
        let items = items_of(count)?;
        if items == 0 {
            return Ok(Items::default());
        }
        if self.dtype.has_addresses() {
            let wanted = Wanted { start, step: None, count };
            return self.counted(self.read_wanted(items, Some(wanted), last)?);
        }
        let mut bytes = last.into_bytes();
        if !bytes.is_empty() && !self.fills()? {
            bytes.clear();
        }
        resize(&mut bytes, items, self.dtype.size())?;
        self.read_block_into(start, count, &mut bytes)?;
        Ok(Items::with_memory(bytes))
    }

    /// Reads the `items` that are selected.
    pub(in crate::h5) fn read_steps(&self, items: u64, selection: &Selection) -> Result<Items> {
        let Selection { start, step, count } = selection;
        let wanted = Wanted { start, step: Some(step), count };
        self.fetching.items(self.id.get(), self.dims(), wanted)?;
        locked(|| {
            if let Some(chunked) = self.chunked()? {
                chunked.look_again(self.id.get(), start)?;
            }
            self.counted(self.read_wanted(items, Some(wanted), Items::default())?)
        })
    }

    /// Reads the block that begins at `start` and has `count` items along each dimension into `bytes`, which has room for so
    /// many.
    pub(crate) fn read_block_into(&self, start: &[u64], count: &[u64], bytes: &mut [u8]) -> Result<()> {
        let items = items_of(count)?;
        self.check_bytes(Some(items), bytes)?;
        let memory_type = self.readable_type()?;
        if let Some(chunked) = self.chunked()?
            && let Some(()) =
                chunked.read_block(self.id.get(), (start, count), (memory_type.get(), self.dtype.size()), bytes)?
        {
            return self.spot.bytes(bytes.len() as u64);
        }
        let (wanted, memory) = (Wanted { start, step: None, count }, simple_space(&[items])?);
        // SAFETY: `bytes` has room for as many items of the type as `memory` has.
        unsafe { self.read_raw(Some(wanted), (memory_type.get(), memory.get()), bytes.as_mut_ptr().cast()) }?;
        self.spot.bytes(bytes.len() as u64)
    }

    /// Reads `count` items along the first dimension from `start` on into `bytes`, which has room for so many.
    pub(crate) fn read_rows_into(&self, start: u64, count: u64, bytes: &mut [u8]) -> Result<()> {
        let is_whole = matches!(&self.shape, Shape::Simple(dims) if start == 0 && dims.first() == Some(&count));
        let (starts, counts, items) = self.rows(start, count)?;
        self.check_bytes(Some(items), bytes)?;
        let memory_type = self.readable_type()?;
        if let Some(chunked) = self.chunked()? {
            let rows = Rows { start, count };
            let done = |bytes| self.spot.bytes(bytes);
            return chunked.read_rows(self.id.get(), rows, (memory_type.get(), self.dtype.size()), bytes, done);
        }
        let read = |wanted: Option<Wanted<'_>>, memory: hid_t, bytes: &mut [u8]| {
            // SAFETY: `bytes` has room for as many items of the type as `memory` has: the part, or all that are asked for.
            unsafe { self.read_raw(wanted, (memory_type.get(), memory), bytes.as_mut_ptr().cast()) }
        };
        if is_whole {
            let all = self.shape.space()?;
            return self.in_parts(bytes.len(), |part, places| match part.map(Part::wanted).transpose()? {
                Some((wanted, memory)) => read(Some(wanted), memory.get(), &mut bytes[places]),
                None => read(None, all.get(), &mut bytes[places]),
            });
        }
        let wanted = Wanted { start: &starts, step: None, count: &counts };
        read(Some(wanted), simple_space(&[items])?.get(), bytes)?;
        self.spot.bytes(bytes.len() as u64)
    }

    /// Reads what is wanted, `count` items, or all that there were. The memory of `last` is used again.
    fn read_wanted(&self, count: u64, wanted: Option<Wanted<'_>>, last: Items) -> Result<Items> {
        self.check_readable()?;
        let memory = if wanted.is_some() { Handle::Owned(simple_space(&[count])?) } else { self.shape.space()? };
        let read = |dtype: hid_t, bytes: *mut c_void| {
            // SAFETY: at `bytes` is room for `count` items of the type, and `memory` has as many.
            unsafe { self.read_raw(wanted, (dtype, memory.get()), bytes) }
        };
        if self.dtype.has_addresses() {
            // The references of a virtual dataset are into the heaps of the files that it is made of.
            return match self.is_virtual {
                true => varlen::read_by_library(&self.dtype, count, read),
                false => varlen::read(self.id.get(), (&self.dtype, &self.made_type), count, last, read),
            };
        }
        let memory_type = self.memory_type()?;
        let mut bytes = last.into_bytes();
        if !bytes.is_empty() && !self.fills()? {
            bytes.clear();
        }
        resize(&mut bytes, count, self.dtype.size())?;
        read(memory_type.get(), bytes.as_mut_ptr().cast())?;
        Ok(Items::with_memory(bytes))
    }

    /// Reads what is wanted, or all that there was when it was opened.
    ///
    /// # Safety
    /// As for [`present::read`]; and `memory` has no more than what is wanted, item after item.
    pub(in crate::h5) unsafe fn read_raw(
        &self,
        wanted: Option<Wanted<'_>>,
        (memory_type, memory): (hid_t, hid_t),
        to: *mut c_void,
    ) -> Result<()> {
        let opened = self.dims();
        let start = vec![0; opened.len()];
        let all = wanted.unwrap_or(Wanted { start: &start, step: None, count: opened });
        self.fetching.items(self.id.get(), opened, all)?;
        // SAFETY: as the caller promises.
        if self.is_chunked && locked(|| unsafe { self.read_if_sparse(all, opened, memory_type, to) })? {
            return Ok(());
        }
        if let Some(parts) = self.parts_of_few_chunks(all)? {
            // SAFETY: as the caller promises.
            let read = |part| unsafe { self.read_part(all, &part, opened, memory_type, to) };
            // Nobody writes to it between two parts.
            return locked(|| parts.into_iter().try_for_each(read));
        }
        // SAFETY: as the caller promises.
        unsafe { self.read_at_once(wanted, opened, (memory_type, memory), to) }
    }

    /// Reads a part of what is wanted.
    ///
    /// # Safety
    /// At `to` is room for as many items of `memory_type` as are wanted.
    pub(super) unsafe fn read_part(
        &self,
        wanted: Wanted<'_>,
        part: &few_chunks::Numbers,
        opened: &[u64],
        memory_type: hid_t,
        to: *mut c_void,
    ) -> Result<()> {
        let (start, count) = part.block(wanted);
        let memory = select_within(wanted.count, &part.first(), None, &count)?;
        let block = Wanted { start: &start, step: wanted.step, count: &count };
        // SAFETY: as the caller promises, there is room for all items, in the order that they have in this dataspace, of which a
        // part is selected.
        unsafe { self.read_at_once(Some(block), opened, (memory_type, memory.get()), to) }
    }

    /// The parts that are read one after the other, where libhdf5 reads, and what is wanted meets very many chunks.
    fn parts_of_few_chunks(&self, wanted: Wanted<'_>) -> Result<Option<few_chunks::Parts>> {
        // Fewer items are in fewer chunks.
        let items = wanted.count.iter().fold(1, |items: u64, count| items.saturating_mul(*count));
        if !self.is_chunked || items <= few_chunks::MOST {
            return Ok(None);
        }
        let chunk = chunk_of(&self.layout()?.0, wanted.count.len())?;
        Ok(few_chunks::parts(wanted, &chunk, few_chunks::MOST))
    }

    /// The same by one read of libhdf5's.
    ///
    /// # Safety
    /// As for [`present::read`].
    pub(super) unsafe fn read_at_once(
        &self,
        wanted: Option<Wanted<'_>>,
        opened: &[u64],
        (memory_type, memory): (hid_t, hid_t),
        to: *mut c_void,
    ) -> Result<()> {
        let filters = self.is_chunked || self.is_virtual;
        if wanted.is_none() && self.is_fixed {
            let filters = !matches!(self.shape, Shape::Simple(_));
            // SAFETY: as the caller promises.
            return unsafe { present::read_fixed(self.id.get(), (memory_type, memory), to, filters) };
        }
        // SAFETY: as the caller promises.
        unsafe { present::read((self.id.get(), opened), wanted, (memory_type, memory), to, filters) }
    }

    /// Whether reading sets all items, also where nothing is stored: there is a value to fill in, libhdf5 does so, and no part
    /// of the dataset is in other files. Where it does not, memory is zeroed before.
    pub(in crate::h5) fn fills(&self) -> Result<bool> {
        if let Some(fills) = self.fills.get() {
            return Ok(*fills);
        }
        let (list, layout) = self.layout()?;
        let is_plain =
            matches!(layout, H5D_layout_t::H5D_COMPACT | H5D_layout_t::H5D_CONTIGUOUS | H5D_layout_t::H5D_CHUNKED);
        let fills = is_plain && h5p::has_fill_value(list.get())? && h5p::fills_at_some_time(list.get())?;
        // How a dataset was made does not change.
        Ok(*self.fills.get_or_init(|| fills))
    }
}
