//! Datasets in chunks that go through filters. libhdf5 filters one chunk after the other, under its lock. So chunks are
//! filtered here where the filters are known, on all cores, and handed to the library, or taken from it, as they are stored.
//! What is in the file is the same.

mod part;
mod tail;

use std::borrow::Cow;
use std::ffi::c_void;
use std::sync::{Mutex, PoisonError};

use hdf5_sys::h5i::hid_t;

pub(super) use self::tail::Tail;
use super::dataset::{resize, zeroed};
use super::dtype::is_equal;
use super::fetching::Fetching;
use super::filter::{Filter, Pipeline, StoredChunk};
use super::grid::{Grid, Rows, Run};
use super::open_file::may_change;
use super::parallel::{cores, feed, in_order};
use super::present::{self, Wanted};
use super::selection::select_within;
use super::sys::{h5d, h5p, h5t};
use super::{Id, locked};
use crate::ground::error::{Error, ErrorKind, Result};

/// Chunks of more bytes are left to libhdf5.
const MAX_CHUNK: usize = 64 << 20;
/// So are very many of fewer bytes: a stranger's file may have any number of them, of which none is there.
const MIN_CHUNK: usize = 4096;
const MANY_CHUNKS: usize = 1 << 16;
/// Rows that are read for others to come have no more bytes, unless a row of chunks has.
const MAX_AHEAD: usize = 64 << 20;
/// About how many chunks each core gets of rows that are written, or read for others to come.
const FOR_EACH: usize = 2;

/// How the chunks of a dataset are filtered, and the rows of it that are in memory.
#[derive(Debug)]
pub(super) struct Chunked {
    grid: Grid,
    pipeline: Pipeline,
    /// The element type in the file, and bytes of an item there.
    stored: Id,
    size: usize,
    /// Whether other threads may write chunks meanwhile.
    may_change: bool,
    /// Rows that were written, but do not fill their chunks yet.
    pending: Mutex<Memory>,
    /// Rows that were read, as they are in memory.
    ahead: Mutex<Memory>,
    fetching: Fetching,
}

/// Rows in memory.
#[derive(Debug, Default)]
struct Memory {
    start: u64,
    count: u64,
    bytes: Vec<u8>,
}

impl Memory {
    fn rows(&self) -> Rows {
        Rows { start: self.start, count: self.count }
    }
}

/// Takes rows out of where others look for them. They are not looked at under a lock: who has it might wait for the
/// library's, and who has that for this one.
fn take(memory: &Mutex<Memory>) -> Memory {
    std::mem::take(&mut *memory.lock().unwrap_or_else(PoisonError::into_inner))
}

fn put_back(memory: &Mutex<Memory>, rows: Memory) {
    *memory.lock().unwrap_or_else(PoisonError::into_inner) = rows;
}

/// Where rows are put by more than one thread, each in places of its own.
#[derive(Clone, Copy)]
struct Out(*mut u8, usize);

// SAFETY: an address and a length. What is done there is said to be safe where it is done.
unsafe impl Send for Out {}
// SAFETY: as above.
unsafe impl Sync for Out {}

impl Out {
    /// # Safety
    /// Nothing else uses these bytes meanwhile, and they are still there.
    unsafe fn part<'a>(self, start: usize, len: usize) -> Option<&'a mut [u8]> {
        if start.checked_add(len).is_none_or(|end| end > self.1) {
            return None;
        }
        // SAFETY: within the memory, and as the caller promises.
        Some(unsafe { std::slice::from_raw_parts_mut(self.0.add(start), len) })
    }

    /// Copies the runs that `each` shows out of a chunk.
    ///
    /// # Safety
    /// Nothing else uses the places of these runs meanwhile, and they are still there.
    unsafe fn take(self, chunk: &[u8], each: impl FnOnce(&mut dyn FnMut(Run))) -> Result<()> {
        let mut is_inside = true;
        each(&mut |run| {
            // SAFETY: as the caller promises.
            let place = unsafe { self.part(run.in_rows, run.len) };
            match place.zip(chunk.get(run.in_chunk..run.in_chunk + run.len)) {
                Some((place, bytes)) => place.copy_from_slice(bytes),
                None => is_inside = false,
            }
        });
        if is_inside { Ok(()) } else { Err(outside()) }
    }
}

#[cold]
fn outside() -> Error {
    Error::corrupt("a chunk lies outside of what is read")
}

/// How many of so many bytes, of which there are `count` parts, belong to a part: in all, these are as many.
fn share(bytes: usize, number: usize, count: usize) -> u64 {
    let up_to = |number: usize| (bytes as u128 * number as u128 / count.max(1) as u128) as u64;
    up_to(number + 1) - up_to(number)
}

/// A chunk that was read.
enum Read {
    Stored(StoredChunk),
    /// One that libhdf5 read: it is not stored, or not as was expected.
    Plain(Vec<u8>),
}

/// The filters of a dataset that was made by `list`; `None` where one is not known here, or chunks at the ends go by
/// without.
fn filters_of(list: &Id) -> Result<Option<Vec<Filter>>> {
    let what = "look into the filters of a dataset";
    let filters_all = h5p::filters_all_chunks(what, list)?;
    let mut filters = Vec::new();
    for number in 0..h5p::filter_count(what, list)? {
        let filter = h5p::filter(what, list, number)?;
        match Filter::of(filter.id, filter.values()) {
            Some(filter) => filters.push(filter),
            None => return Ok(None),
        }
    }
    Ok(Some(filters).filter(|_| filters_all))
}

/// Whether the filters of a dataset that was made by `list` are known here.
pub(super) fn is_filtered_here(list: &Id) -> Result<bool> {
    Ok(filters_of(list)?.and_then(Pipeline::new).is_some())
}

/// The shape of the chunks of a dataset of `rank` dimensions that was made by `list`.
pub(super) fn chunk_of(list: &Id, rank: usize) -> Result<Vec<u64>> {
    h5p::chunk("look into a dataset", list, rank)
}

impl Chunked {
    /// How the chunks of a dataset in chunks are filtered, if that is done here; `list` is what it was made by.
    pub(super) fn of(dataset: hid_t, list: &Id, dims: &[u64]) -> Result<Option<Self>> {
        let Some(pipeline) = filters_of(list)?.and_then(Pipeline::new) else { return Ok(None) };
        let chunk = chunk_of(list, dims.len())?;
        let stored = h5d::get_type("look into a dataset", dataset)?;
        let size = h5t::size(stored.get());
        let Some(grid) = Grid::new(dims, &chunk, size) else { return Ok(None) };
        let (_, chunks) = grid.chunks_of(Rows { start: 0, count: grid.rows() });
        let is_tiny = grid.chunk_bytes() < MIN_CHUNK && chunks > MANY_CHUNKS;
        if is_tiny || grid.chunk_bytes() > MAX_CHUNK && !pipeline.is_ours() {
            return Ok(None);
        }
        let (may_change, (pending, ahead)) = (may_change(dataset)?, Default::default());
        Ok(Some(Self { grid, pipeline, stored, size, may_change, pending, ahead, fetching: Fetching::default() }))
    }

    /// How the chunks of a dataset that was just made in chunks are filtered, if that is done here.
    pub(super) fn of_new(dataset: &Id, dims: &[usize]) -> Result<Option<Self>> {
        let dims: Vec<u64> = dims.iter().map(|dim| *dim as u64).collect();
        let list = h5d::get_create_plist("look into a dataset", dataset.get())?;
        Self::of(dataset.get(), &list, &dims)
    }

    /// Whether items of that type in memory are what the file has.
    pub(super) fn is_same(&self, memory_type: hid_t) -> Result<bool> {
        is_equal(self.stored.get(), memory_type)
    }

    /// Bytes of rows that are filtered at once: some chunks for each core.
    fn batch(&self) -> usize {
        let chunk = self.grid.chunk_bytes();
        let rows = self.grid.row_bytes().saturating_mul(self.grid.chunk_rows() as usize);
        rows.max(FOR_EACH * cores() * chunk.max(1 << 16)).min(rows.max(MAX_AHEAD))
    }

    /// Writes all rows. After each chunk, `done` is told how many bytes there were.
    pub(super) fn write(&self, dataset: hid_t, memory: &[u8], done: impl FnMut(u64) -> Result<()>) -> Result<()> {
        self.encode(dataset, Rows { start: 0, count: self.grid.rows() }, memory, done)
    }

    /// Filters and writes rows that are all that their chunks have.
    fn encode(&self, dataset: hid_t, rows: Rows, memory: &[u8], mut done: impl FnMut(u64) -> Result<()>) -> Result<()> {
        let (first, count) = self.grid.chunks_of(rows);
        let encode = |number: usize| match self.grid.in_one_piece(first + number, rows) {
            Some(piece) => self.pipeline.encode(&memory[piece]),
            None => self.pipeline.encode(&self.grid.gather(first + number, rows, memory)),
        };
        in_order(count, encode, |number, chunk| {
            write_chunk(dataset, &self.grid.offset(first + number), &chunk)?;
            done(share(memory.len(), number, count))
        })
    }

    /// Writes rows that follow those written last, as soon as they fill their chunks; the last row ends the last of these.
    pub(super) fn write_rows(&self, dataset: hid_t, rows: Rows, memory: &[u8]) -> Result<()> {
        let mut pending = take(&self.pending);
        if pending.count == 0 {
            pending.start = rows.start;
        }
        if pending.rows().end() != rows.start || !pending.start.is_multiple_of(self.grid.chunk_rows()) {
            return Err(Error::new(ErrorKind::Hdf5, "the rows of a compressed dataset are not written in order"));
        }
        pending.bytes.extend_from_slice(memory);
        pending.count += rows.count;
        let end = rows.end();
        if pending.bytes.len() < self.batch() && end < self.grid.rows() {
            put_back(&self.pending, pending);
            return Ok(());
        }
        let rest = if end < self.grid.rows() { end % self.grid.chunk_rows() } else { 0 };
        let whole = Rows { start: pending.start, count: end - rest - pending.start };
        let bytes = whole.count as usize * self.grid.row_bytes();
        self.encode(dataset, whole, &pending.bytes[..bytes], |_| Ok(()))?;
        pending.bytes.drain(..bytes);
        pending.start = whole.end();
        pending.count = rest;
        put_back(&self.pending, pending);
        Ok(())
    }

    /// Writes what is pending, though its chunks are not full: they are read next.
    pub(super) fn flush(&self, dataset: hid_t) -> Result<()> {
        let pending = take(&self.pending);
        if pending.count > 0 { self.encode(dataset, pending.rows(), &pending.bytes, |_| Ok(())) } else { Ok(()) }
    }

    /// Reads rows into `out`, which has room for them as items of `memory_type`, of `size` bytes each. After each chunk, or
    /// some of them, `done` is told how many bytes there were.
    pub(super) fn read_rows(
        &self,
        dataset: hid_t,
        rows: Rows,
        (memory_type, size): (hid_t, usize),
        out: &mut [u8],
        mut done: impl FnMut(u64) -> Result<()>,
    ) -> Result<()> {
        if self.is_same(memory_type)? {
            return self.decode(dataset, rows, out, done);
        }
        let items = self.grid.row_bytes() / self.size;
        let step = (self.batch() / self.grid.row_bytes().max(1)).max(1) as u64;
        let step = step.div_ceil(self.grid.chunk_rows()) * self.grid.chunk_rows();
        let (mut start, mut bytes) = (rows.start, Vec::new());
        while start < rows.end() {
            // Up to where chunks end, so that none is filtered twice.
            let end = (start / step + 1) * step;
            let part = Rows { start, count: end.min(rows.end()) - start };
            let count = part.count as usize * items;
            bytes.clear();
            resize(&mut bytes, count as u64, self.size)?;
            self.decode(dataset, part, &mut bytes, |_| Ok(()))?;
            let at = (part.start - rows.start) as usize * items * size;
            self.convert(&bytes, (memory_type, size), &mut out[at..at + count * size])?;
            done((count * size) as u64)?;
            start = part.start + part.count;
        }
        Ok(())
    }

    /// Reads rows as the file has their items.
    fn decode(
        &self,
        dataset: hid_t,
        rows: Rows,
        out: &mut [u8],
        mut done: impl FnMut(u64) -> Result<()>,
    ) -> Result<()> {
        if out.len() as u64 != rows.count.saturating_mul(self.grid.row_bytes() as u64) || rows.end() > self.grid.rows()
        {
            return Err(Error::new(ErrorKind::Hdf5, "rows that are read have another size than there is room for"));
        }
        let (first, count) = self.grid.chunks_of(rows);
        let len = out.len();
        let out = Out(out.as_mut_ptr(), len);
        let take = |(number, chunk): (usize, Read)| {
            if let (Read::Stored(stored), Some(piece)) = (&chunk, self.grid.in_one_piece(number, rows)) {
                // SAFETY: the memory is there until all threads are done; no other chunk has a place in that piece.
                let piece = unsafe { out.part(piece.start, piece.len()) }.ok_or_else(outside)?;
                return self.pipeline.decode(stored, piece);
            }
            let bytes = self.plain(chunk)?;
            // SAFETY: the memory is there until all threads are done; no other chunk has a place in those runs.
            unsafe { out.take(&bytes, |show| self.grid.each_run(number, rows, show)) }
        };
        let mut ends = self.grid.dims().to_vec();
        ends[0] = rows.end();
        let all = self.grid.chunks_of(Rows { start: 0, count: self.grid.rows() }).1;
        let mut fetched = first;
        let read = |number: usize| {
            if first + number >= fetched {
                let rest = first + number..first + count;
                fetched = self.fetching.chunks(dataset, rest, Some(all), &|number| self.grid.offset(number))?;
            }
            let chunk = self.read_chunk(dataset, &self.grid.offset(first + number), &ends)?;
            done(share(len, number, count))?;
            Ok((first + number, chunk))
        };
        feed(count, read, take)
    }

    /// A chunk without its filters.
    fn plain(&self, chunk: Read) -> Result<Vec<u8>> {
        match chunk {
            Read::Stored(stored) => {
                let mut bytes = zeroed(self.grid.chunk_bytes() as u64, 1)?;
                self.pipeline.decode(&stored, &mut bytes)?;
                Ok(bytes)
            }
            Read::Plain(bytes) => Ok(bytes),
        }
    }

    /// Makes items as the file has them items of `memory_type`, of `size` bytes each.
    fn convert(&self, stored: &[u8], (memory_type, size): (hid_t, usize), out: &mut [u8]) -> Result<()> {
        /// So many bytes at a time, as each step has memory of its own, in which there is room for either type.
        const STEP: usize = 1 << 18;
        let most = self.size.max(size);
        let step = (STEP / most).max(1);
        let (mut items, mut background) = (Vec::new(), Vec::new());
        for (stored, out) in stored.chunks(step * self.size).zip(out.chunks_mut(step * size)) {
            let count = stored.len() / self.size;
            items.clear();
            items.extend_from_slice(stored);
            resize(&mut items, count as u64, most)?;
            // What compounds are converted over.
            background.clear();
            resize(&mut background, count as u64, size)?;
            let types = (self.stored.get(), memory_type);
            // SAFETY: as many items of the type in the file, which have no addresses.
            unsafe { h5t::convert("convert the items of a chunk", types, count, &mut items, Some(&mut background)) }?;
            out.copy_from_slice(&items[..count * size]);
        }
        Ok(())
    }

    /// A chunk as it is stored; `None` where it is not, or not as was expected.
    fn stored_chunk(&self, dataset: hid_t, offset: &[u64]) -> Result<Option<StoredChunk>> {
        // A filter makes a chunk that it cannot compress longer by a little. What is wrong else, the library says when it reads the
        // chunk by itself.
        let most = 2 * self.grid.chunk_bytes() as u64 + 4096;
        let read = h5d::read_chunk(dataset, offset, most)?;
        Ok(read.map(|(bytes, left_out)| StoredChunk { bytes, left_out }))
    }

    /// The dimensions that the dataset has now; the library's lock is held.
    fn dims_now(&self, dataset: hid_t) -> Result<Cow<'_, [u64]>> {
        match self.may_change {
            true => present::dims_now(dataset).map(Cow::Owned),
            false => Ok(Cow::Borrowed(self.grid.dims())),
        }
    }

    /// As [`Chunked::look_elsewhere`], before libhdf5 reads from `offset` on.
    pub(super) fn look_again(&self, dataset: hid_t, offset: &[u64]) -> Result<()> {
        if self.may_change {
            let offset: Vec<u64> = offset.iter().zip(self.grid.chunk()).map(|(start, len)| start / len * len).collect();
            locked(|| self.dims_now(dataset).map(|now| self.look_elsewhere(dataset, &offset, &now)))?;
        }
        Ok(())
    }

    /// Reads a chunk, of which what lies before `ends` along each dimension is wanted: an error where the dataset does not
    /// have that any more.
    fn read_chunk(&self, dataset: hid_t, offset: &[u64], ends: &[u64]) -> Result<Read> {
        let chunk = self.grid.chunk();
        let extent: Vec<u64> =
            offset.iter().zip(chunk).zip(ends).map(|((start, len), end)| (*len).min(end - start)).collect();
        // Other threads change the dataset's extent before or after this.
        locked(|| {
            let ends = offset.iter().zip(&extent).map(|(start, len)| start + len);
            let now = self.dims_now(dataset)?;
            present::check(&now, self.grid.dims(), ends)?;
            let is_known = self.look_elsewhere(dataset, offset, &now);
            if let Some(mut stored) = self.stored_chunk(dataset, offset)? {
                if !is_known && let Some(left_out) = h5d::filters_left_out(dataset, offset) {
                    stored.left_out = left_out;
                }
                return Ok(Read::Stored(stored));
            }
            let mut bytes = zeroed(self.grid.chunk_bytes() as u64, 1)?;
            let memory = select_within(chunk, &vec![0; self.grid.rank()], None, &extent)?;
            let wanted = Wanted { start: offset, step: None, count: &extent };
            let (types, out) = ((self.stored.get(), memory.get()), bytes.as_mut_ptr().cast::<c_void>());
            // SAFETY: room for a chunk, within which `memory` selects.
            unsafe { present::read((dataset, self.grid.dims()), Some(wanted), types, out, true) }?;
            Ok(Read::Plain(bytes))
        })
    }

    /// Has libhdf5 look for a chunk beside the one at `offset`, in a dataset of the dimensions `now`. Of a chunk that was
    /// written as it is stored, it keeps which filters were left out of the one before (`H5D__chunk_direct_write` of 2.2 and
    /// earlier) until it has looked for another. Returns false where there is no other, and the library's lock is held.
    fn look_elsewhere(&self, dataset: hid_t, offset: &[u64], now: &[u64]) -> bool {
        if !self.may_change {
            return true;
        }
        let chunk = self.grid.chunk();
        let mut other = vec![0; offset.len()];
        if offset.iter().all(|start| *start == 0) {
            match now.iter().zip(chunk).position(|(dim, len)| dim > len) {
                Some(axis) => other[axis] = chunk[axis],
                None => return false,
            }
        }
        // Whether that chunk is there, is nothing to the caller.
        h5d::chunk_storage_size(dataset, &other);
        true
    }

    /// Reads a block of items as they are in memory, with more that may be asked for next; `None` where there would be too
    /// many of these.
    pub(super) fn read_block(
        &self,
        dataset: hid_t,
        (start, count): (&[u64], &[u64]),
        (memory_type, size): (hid_t, usize),
        out: &mut [u8],
    ) -> Result<Option<()>> {
        let rank = self.grid.rank();
        if start.len() != rank || count.len() != rank {
            return Ok(None);
        }
        let items = self.grid.row_bytes() / self.size;
        let row_bytes = items.saturating_mul(size);
        let wanted = Rows { start: start[0], count: count[0] };
        let mut ahead = take(&self.ahead);
        let is_there = wanted.start >= ahead.start && wanted.end() <= ahead.rows().end();
        if !is_there {
            let chunk_rows = self.grid.chunk_rows();
            let first = wanted.start / chunk_rows * chunk_rows;
            let more = (self.batch() / self.grid.row_bytes().max(1)) as u64 / chunk_rows * chunk_rows;
            let end = wanted.end().div_ceil(chunk_rows) * chunk_rows;
            // What is not asked for need not be there any more.
            let there = locked(|| self.dims_now(dataset))?.first().copied().unwrap_or(0);
            let last = self.grid.rows().min(there).max(wanted.end());
            let rows = Rows { start: first, count: end.max(first + more).min(last) - first };
            let bytes = rows.count.saturating_mul(row_bytes as u64);
            if bytes > 2 * MAX_AHEAD as u64 && !self.pipeline.is_ours() {
                return Ok(None);
            }
            ahead.bytes.clear();
            resize(&mut ahead.bytes, bytes, 1)?;
            match self.read_rows(dataset, rows, (memory_type, size), &mut ahead.bytes, |_| Ok(())) {
                // What is asked for may be there, though not the rows as a whole.
                Err(error) if error.kind() == ErrorKind::Gone && !self.pipeline.is_ours() => return Ok(None),
                result => result?,
            }
            (ahead.start, ahead.count) = (rows.start, rows.count);
        }
        let skipped = (wanted.start - ahead.start) as usize * row_bytes;
        // The block in the rows is as a chunk would be.
        let mut dims = self.grid.dims().to_vec();
        dims[0] = wanted.count;
        let memory = &ahead.bytes[skipped..][..wanted.count as usize * row_bytes];
        copy_block(memory, &dims, (&start[1..], &count[1..]), size, out);
        put_back(&self.ahead, ahead);
        Ok(Some(()))
    }
}

/// Writes a chunk of a dataset in chunks as it is to be stored.
fn write_chunk(dataset: hid_t, offset: &[u64], chunk: &StoredChunk) -> Result<()> {
    h5d::write_chunk("write a chunk", dataset, offset, chunk.left_out, &chunk.bytes)
}

/// Copies a block out of rows of items: in each row, those from `start` on, `count` of them along each dimension after the
/// first.
fn copy_block(rows: &[u8], dims: &[u64], (start, count): (&[u64], &[u64]), size: usize, out: &mut [u8]) {
    if start.iter().all(|start| *start == 0) && *count == dims[1..] {
        out.copy_from_slice(rows);
        return;
    }
    let row = dims[1..].iter().product::<u64>() as usize * size;
    let Some((first, inner)) = start.split_first() else { return };
    let step = row / dims[1].max(1) as usize;
    let block = count.iter().product::<u64>() as usize * size;
    for (row, out) in rows.chunks_exact(row.max(1)).zip(out.chunks_exact_mut(block.max(1))) {
        let part = &row[*first as usize * step..][..count[0] as usize * step];
        copy_block(part, &[&[count[0]], &dims[2..]].concat(), (inner, &count[1..]), size, out);
    }
}
