//! Datasets written, as a whole or some rows at a time.

use std::ffi::c_void;

use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5s::H5S_ALL;

use super::super::Id;
use super::super::blocks::Part;
use super::super::chunked::chunk_of;
use super::super::dtype::Dtype;
use super::super::global_heap_writer::{self, Texts};
use super::super::grid::Rows;
use super::super::selection::select;
use super::super::sys::h5d;
use super::super::writing::makes_room;
use super::{Dataset, Shape};
use crate::ground::error::{Error, ErrorKind, Result};

/// Bytes of a reference to a string in files with the usual addresses.
const REFERENCE: usize = 16;

impl Dataset {
    /// Writes all items.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<()> {
        self.check_bytes(self.shape.count(), bytes)?;
        let memory_type = self.memory_type()?;
        if let Some(chunked) = self.encoded(&memory_type)? {
            return chunked.write(self.id.get(), bytes, |bytes| self.spot.bytes(bytes));
        }
        self.in_parts(bytes.len(), |part, places| {
            let selection = part.map(Part::select).transpose()?;
            let (file, memory) = spaces(&selection);
            let data = bytes[places.clone()].as_ptr().cast();
            let taken = if places.start == 0 { self.taken(0, self.row_count(), bytes.len())? } else { 0 };
            // SAFETY: the bytes are as many items of the type as the part, or the whole dataset, has.
            unsafe { self.write_raw(memory_type.get(), memory, file, (data, taken)) }
        })
    }

    /// Writes `count` items along the first dimension from `start` on. They follow those written before.
    pub(crate) fn write_rows(&self, start: u64, count: u64, bytes: &[u8]) -> Result<()> {
        let (file, memory, items) = self.select_rows(start, count)?;
        self.check_bytes(Some(items), bytes)?;
        let memory_type = self.memory_type()?;
        if let Some(chunked) = self.encoded(&memory_type)? {
            chunked.write_rows(self.id.get(), Rows { start, count }, bytes)?;
        } else {
            let data = (bytes.as_ptr().cast(), self.taken(start, count, bytes.len())?);
            // SAFETY: `bytes` holds as many items of the type as are selected.
            unsafe { self.write_raw(memory_type.get(), memory.get(), file.get(), data) }?;
        }
        self.spot.bytes(bytes.len() as u64)
    }

    /// Writes `count` items along the first dimension from `start` on, with filters that libhdf5 has: chunks that are not
    /// full yet are read and written again.
    pub(in crate::h5) fn write_more(&self, start: u64, count: u64, bytes: &[u8]) -> Result<()> {
        let (file, memory, items) = self.select_rows(start, count)?;
        self.check_bytes(Some(items), bytes)?;
        let memory_type = self.memory_type()?;
        let data = (bytes.as_ptr().cast(), self.taken(start, count, bytes.len())?);
        // SAFETY: `bytes` holds as many items of the type as are selected.
        unsafe { self.write_raw(memory_type.get(), memory.get(), file.get(), data) }
    }

    /// Writes variable-length strings from `start` on: in `text`, each ends with a NUL, before the position in `ends`.
    pub(crate) fn write_strings(&self, start: u64, ends: &[usize], text: &[u8]) -> Result<()> {
        let texts = Texts::new(text, ends).filter(|_| matches!(self.dtype, Dtype::VarString(_)));
        let texts = texts.ok_or_else(|| Error::new(ErrorKind::Hdf5, "strings and their count differ"))?;
        let (file, memory, items) = self.select_rows(start, ends.len() as u64)?;
        if items != ends.len() as u64 {
            return Err(Error::new(ErrorKind::Hdf5, "strings and their count differ"));
        }
        let taken = self.taken(start, items, ends.len() * REFERENCE)?;
        global_heap_writer::write(self.id.get(), texts, &mut |memory_type, data| {
            // SAFETY: at `data` are as many items of the type as there are strings, and as many are selected.
            unsafe { self.write_raw(memory_type, memory.get(), file.get(), (data, taken)) }
        })?;
        self.spot.bytes(text.len() as u64)
    }

    /// How many rows it has.
    fn row_count(&self) -> u64 {
        match &self.shape {
            Shape::Simple(dims) => dims.first().copied().unwrap_or(1),
            _ => 1,
        }
    }

    /// Bytes that the file may need to take `bytes` bytes of data, which are so many rows from `start` on: libhdf5 allocates
    /// chunks as a whole. A chunk that begins before `start` is there.
    fn taken(&self, start: u64, count: u64, bytes: usize) -> Result<usize> {
        if !makes_room() {
            return Ok(bytes);
        }
        if !self.is_chunked {
            // What is stored already is written in its place.
            return Ok(if self.stored() >= self.logical_bytes() { 0 } else { bytes });
        }
        let Shape::Simple(dims) = &self.shape else { return Ok(bytes) };
        let chunk = chunk_of(&self.layout()?.0, dims.len())?;
        let bands = start.saturating_add(count).div_ceil(chunk[0].max(1)) - start.div_ceil(chunk[0].max(1));
        let across = dims[1..]
            .iter()
            .zip(&chunk[1..])
            .fold(1, |across: u64, (dim, chunk)| across.saturating_mul(dim.div_ceil((*chunk).max(1))));
        let size = chunk.iter().fold(self.dtype.size() as u64, |size, dim| size.saturating_mul(*dim));
        let chunks = bands.saturating_mul(across).saturating_mul(size);
        Ok(usize::try_from(chunks).unwrap_or(usize::MAX).max(bytes))
    }

    /// Bytes of its chunks side by side, if it is stored in chunks.
    pub(in crate::h5) fn band(&self) -> Result<usize> {
        let Some(rows) = self.chunk_rows()? else { return Ok(0) };
        self.taken(0, rows, 0)
    }

    /// Writes data, of which it says where it is and how many bytes the file may need for it.
    ///
    /// # Safety
    /// At `data` are as many items of `memory_type` as `memory` selects.
    unsafe fn write_raw(
        &self,
        memory_type: hid_t,
        memory: hid_t,
        file: hid_t,
        (data, bytes): (*const c_void, usize),
    ) -> Result<()> {
        // SAFETY: as the caller promises.
        unsafe { h5d::write("write a dataset", bytes, self.id.get(), (memory_type, memory), file, data) }
    }

    /// Selects rows in the file; returns also the space of as many items in memory, and their number.
    fn select_rows(&self, start: u64, count: u64) -> Result<(Id, Id, u64)> {
        let (starts, counts, items) = self.rows(start, count)?;
        let (file, memory) = self.select(&starts, &counts, items)?;
        Ok((file, memory, items))
    }

    fn select(&self, start: &[u64], count: &[u64], items: u64) -> Result<(Id, Id)> {
        let Shape::Simple(dims) = &self.shape else {
            return Err(Error::new(ErrorKind::Hdf5, format!("{} has no blocks", self.words())));
        };
        select(dims, start, count, items)
    }
}

/// The spaces of a selection in the file and in memory; those of all items where nothing is selected.
fn spaces(selection: &Option<(Id, Id)>) -> (hid_t, hid_t) {
    selection.as_ref().map_or((H5S_ALL, H5S_ALL), |(file, memory)| (file.get(), memory.get()))
}
