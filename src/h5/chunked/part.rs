//! Parts of datasets in chunks, of which only the chunks are read that they meet.

use std::ops::Range;

use hdf5_sys::h5i::hid_t;

use super::super::chunk_selection::{Met, Part};
use super::super::dataset::resize;
use super::super::parallel::feed;
use super::super::selection::Selection;
use super::{Chunked, Out, Read};
use crate::ground::error::{Error, ErrorKind, Result};

impl Chunked {
    /// Reads a part, in the order of the file, into `out`, which has room for it as items of `memory_type`, of `size` bytes
    /// each.
    pub(in crate::h5) fn read_part(
        &self,
        dataset: hid_t,
        selection: &Selection,
        (memory_type, size): (hid_t, usize),
        out: &mut [u8],
    ) -> Result<()> {
        let part = self.part(selection)?;
        let row = part.width() as usize;
        let all = part.rows(&(0..part.bands()));
        if out.len() as u64 != (all.end - all.start).saturating_mul(row.saturating_mul(size) as u64) {
            return Err(Error::new(ErrorKind::Hdf5, "a part that is read has another size than there is room for"));
        }
        if self.is_same(memory_type)? {
            return self.decode_part(dataset, &part, 0..part.bands(), out);
        }
        // Some chunks at a time, which are converted then.
        let step = (self.batch() / self.grid.chunk_bytes().saturating_mul(part.across() as usize).max(1)).max(1);
        let mut bytes = Vec::new();
        for start in (0..part.bands()).step_by(step) {
            let bands = start..part.bands().min(start + step as u64);
            let rows = part.rows(&bands);
            bytes.clear();
            resize(&mut bytes, (rows.end - rows.start) * row as u64, self.size)?;
            self.decode_part(dataset, &part, bands, &mut bytes)?;
            let out = &mut out[rows.start as usize * row * size..rows.end as usize * row * size];
            self.convert(&bytes, (memory_type, size), out)?;
        }
        Ok(())
    }

    fn part(&self, selection: &Selection) -> Result<Part> {
        let none = || Error::new(ErrorKind::OutOfRange, "a part that does not lie within the dataset");
        Part::new(&self.grid, selection).ok_or_else(none)
    }

    /// Whether a part is better read here than by libhdf5, which keeps some chunks for whoever asks for a little of each
    /// again and again.
    pub(in crate::h5) fn suits(&self, selection: &Selection) -> Result<bool> {
        /// What its cache holds at most, unless somebody asked for more.
        const CACHE: u64 = 8 << 20;
        /// So much of the chunks makes it worth while to have no more of them than that.
        const MUCH: u64 = 4;
        // Of the only chunk of a dataset that others write to, libhdf5 may not know the filters.
        let is_only = || self.grid.dims().iter().zip(self.grid.chunk()).all(|(dim, len)| dim <= len);
        if self.pipeline.is_ours() || self.may_change && is_only() {
            return Ok(true);
        }
        let part = self.part(selection)?;
        let met = part.bands().saturating_mul(part.across()).saturating_mul(self.grid.chunk_bytes() as u64);
        let items = selection.count.iter().fold(self.size as u64, |bytes, count| bytes.saturating_mul(*count));
        Ok(met > CACHE || items >= met / MUCH)
    }

    /// Reads what the chunks in `bands` have of a part, as the file has its items.
    fn decode_part(&self, dataset: hid_t, part: &Part, bands: Range<u64>, out: &mut [u8]) -> Result<()> {
        let (first, base) = (bands.start * part.across(), part.rows(&bands).start);
        let count = usize::try_from((bands.end - bands.start) * part.across());
        let count = count.map_err(|_| Error::new(ErrorKind::Limit, "a part of more chunks than there is memory"))?;
        let out = Out(out.as_mut_ptr(), out.len());
        let take = |(met, chunk): (Met, Read)| {
            let bytes = self.plain(chunk)?;
            // SAFETY: the memory is there until all threads are done; no other chunk has a place in those runs.
            unsafe { out.take(&bytes, |show| part.each_run(&met, base, show)) }
        };
        let ends = part.ends();
        let mut fetched = 0;
        let read = |number: usize| {
            if number >= fetched {
                let offset = |number: usize| part.chunk(first + number as u64).offset;
                fetched = self.fetching.chunks(dataset, number..count, None, &offset)?;
            }
            let met = part.chunk(first + number as u64);
            let chunk = self.read_chunk(dataset, &met.offset, &ends)?;
            Ok((met, chunk))
        };
        feed(count, read, take)
    }
}
