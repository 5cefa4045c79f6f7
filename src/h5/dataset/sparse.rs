//! Datasets of which little is stored.
//!
//! libhdf5 (2.2) takes some microseconds for each chunk that a read meets, also for one of which nothing is stored: for a dataset
//! of a million such chunks, in a file of a kilobyte, ten seconds. So it is asked for the chunks that are there, and all other
//! items are set here to what it says of one of them.

use std::ffi::c_void;

use hdf5_sys::h5i::hid_t;

use super::super::chunked::chunk_of;
use super::super::few_chunks;
use super::super::open_file::may_change;
use super::super::present::{self, Wanted};
use super::super::sys::{h5d, h5t};
use super::{Dataset, simple_space, zeroed};
use crate::ground::error::{Error, Result};

/// Reads that meet fewer chunks are left to libhdf5.
const FEW: u64 = 32;
/// So are reads of which more than one in so many chunks is stored.
const SHARE: u64 = 4;

impl Dataset {
    /// Whether it is in chunks, few of which are stored, and nobody writes to it.
    fn is_sparse(&self) -> Result<bool> {
        if let Some(is_sparse) = self.is_sparse.get() {
            return Ok(*is_sparse);
        }
        let is_sparse = self.is_chunked
            && !self.dtype.has_addresses()
            && self.known.is_some_and(|stored| self.logical_bytes() / SHARE > stored)
            && !may_change(self.id.get())?;
        // As nobody writes to it, it stays so.
        Ok(*self.is_sparse.get_or_init(|| is_sparse))
    }

    /// Reads what is wanted chunk by chunk, if few of the chunks that it lies in are stored. Returns whether it did.
    ///
    /// # Safety
    /// At `to` is room for as many items of `memory_type` as are wanted, and nothing else uses it meanwhile. The library's lock
    /// is held.
    pub(super) unsafe fn read_if_sparse(
        &self,
        wanted: Wanted<'_>,
        opened: &[u64],
        memory_type: hid_t,
        to: *mut c_void,
    ) -> Result<bool> {
        let items = wanted.count.iter().fold(1, |items: u64, count| items.saturating_mul(*count));
        if items < FEW || !self.is_sparse()? {
            return Ok(false);
        }
        let chunk = chunk_of(&self.layout()?.0, wanted.count.len())?;
        let met = few_chunks::count(wanted, &chunk);
        let Some(mut parts) = few_chunks::parts(wanted, &chunk, 1).filter(|_| met >= FEW) else { return Ok(false) };
        let (mut missing, mut there) = (None, Vec::new());
        // Where nothing is stored, all chunks are as the first.
        let looked = if self.known == Some(0) { 1 } else { usize::MAX };
        for part in parts.by_ref().take(looked) {
            let (start, _) = part.block(wanted);
            let origin: Vec<u64> = start.iter().zip(&chunk).map(|(start, len)| start - start % (*len).max(1)).collect();
            if h5d::chunk_storage_size(self.id.get(), &origin).is_some_and(|size| size > 0) {
                there.push(part);
            } else {
                missing.get_or_insert(start);
            }
            if there.len() as u64 > met / SHARE {
                return Ok(false);
            }
        }
        let Some(missing) = missing else { return Ok(false) };
        present::check_wanted(self.id.get(), opened, wanted)?;
        if self.fills()? {
            let mut value = zeroed(1, h5t::size(memory_type))?;
            let one = Wanted { start: &missing, step: None, count: &vec![1; missing.len()] };
            let memory = simple_space(&[1])?;
            // SAFETY: `value` has room for one item of that type.
            unsafe {
                self.read_at_once(Some(one), opened, (memory_type, memory.get()), value.as_mut_ptr().cast())?;
            }
            let bytes = usize::try_from(items).ok().and_then(|items| items.checked_mul(value.len()));
            let bytes = bytes.ok_or_else(|| Error::corrupt("more items than there is memory for"))?;
            // SAFETY: as the caller promises, there is room for so many items, which nothing else uses.
            let all = unsafe { std::slice::from_raw_parts_mut(to.cast::<u8>(), bytes) };
            all.chunks_exact_mut(value.len()).for_each(|item| item.copy_from_slice(&value));
        }
        // SAFETY: as the caller promises.
        there.into_iter().try_for_each(|part| unsafe { self.read_part(wanted, &part, opened, memory_type, to) })?;
        Ok(true)
    }
}
