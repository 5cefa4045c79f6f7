//! The rows at the end of a dataset that grows, where its chunks go through filters.
//!
//! Chunks are written when they are full. What is flushed before that is written without the filters, in one place however
//! often: what was flushed earlier is not touched, and is there whenever the program is killed. When such a chunk is full, it
//! is written once more, through the filters. That takes other room in the file, and libhdf5 frees the room that it had before
//! it takes the new: so it is done only where freed room is not used again, or where nothing was promised. Else the chunk
//! stays as it is. Either way, any HDF5 program reads it: which filters were left out of a chunk is said beside it.

use super::super::attribute::Attributes;
use super::super::dataset::{Dataset, Shape};
use super::super::filter::StoredChunk;
use super::super::grid::Rows;
use super::super::growing::{flush, keeps_freed_room};
use super::super::parallel::in_order;
use super::{Chunked, chunk_of, write_chunk};
use crate::ground::error::{Error, ErrorKind, Result};

/// Rows at the end of a dataset, from where its last chunks begin.
#[derive(Debug)]
pub(in crate::h5) struct Tail {
    /// As if the dataset had as many rows as a chunk.
    chunked: Chunked,
    /// The first row.
    start: u64,
    /// All from there on.
    bytes: Vec<u8>,
    /// How many bytes of these the file has.
    written: usize,
    /// For each chunk with some of these rows, what the file has of it.
    there: Vec<There>,
    /// Whether full chunks take the place of those that were flushed without filters.
    replaces: bool,
}

/// What the file has of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum There {
    Nothing,
    /// It is of the size that it has in memory, and without these filters: it can be written in its place.
    InPlace(u32),
    Filtered,
}

impl Tail {
    /// The end of `dataset`, of which `rows` count, and no more are there than their chunks have; `None` where nothing is
    /// filtered, or libhdf5 has to do it.
    pub(in crate::h5) fn of(dataset: &Dataset, rows: u64) -> Result<Option<Self>> {
        let Shape::Simple(dims) = dataset.shape() else { return Ok(None) };
        let (list, _) = dataset.layout()?;
        let mut band = dims.clone();
        band[0] = chunk_of(&list, dims.len())?[0];
        let Some(chunked) = Chunked::of(dataset.handle(), &list, &band)? else { return Ok(None) };
        if !chunked.is_same(dataset.memory_type()?.get())? {
            if !chunked.pipeline.is_ours() {
                return Ok(None);
            }
            let message =
                format!("{} of another byte order cannot be appended to, as LZF compresses it", dataset.words());
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let start = rows / band[0] * band[0];
        let bytes = if rows > start { dataset.read_rows(start, rows - start)? } else { Vec::new() };
        let replaces = keeps_freed_room(dataset)?;
        let mut tail = Self { chunked, start, written: bytes.len(), bytes, there: Vec::new(), replaces };
        tail.there = (0..tail.across()).map(|number| tail.look(dataset, number)).collect::<Result<_>>()?;
        Ok(Some(tail))
    }

    /// Looks what the file has of a chunk.
    fn look(&self, dataset: &Dataset, number: usize) -> Result<There> {
        if self.bytes.is_empty() {
            return Ok(There::Nothing);
        }
        let Some(stored) = self.chunked.stored_chunk(dataset.handle(), &self.offset(number, 0))? else {
            return Ok(There::Nothing);
        };
        let is_same = stored.bytes.len() == self.chunked.grid.chunk_bytes();
        match (is_same, self.chunked.pipeline.keeps_size(stored.left_out)) {
            (true, true) => Ok(There::InPlace(stored.left_out)),
            (false, _) => Ok(There::Filtered),
            // libhdf5 does not take note of other filters where the size of a chunk is the same.
            (true, false) => {
                let message = "the last chunk is as long compressed as it is not, and cannot be gone on with";
                Err(Error::new(ErrorKind::Unsupported, message))
            }
        }
    }

    /// Chunks side by side.
    fn across(&self) -> usize {
        self.chunked.grid.chunks_of(Rows { start: 0, count: self.rows() }).1
    }

    /// Rows of a chunk.
    pub(in crate::h5) fn rows(&self) -> u64 {
        self.chunked.grid.chunk_rows()
    }

    /// Bytes of these.
    fn band(&self) -> usize {
        self.rows() as usize * self.chunked.grid.row_bytes()
    }

    /// The first item of the chunk of that number, `bands` further on.
    fn offset(&self, number: usize, bands: usize) -> Vec<u64> {
        let mut offset = self.chunked.grid.offset(number);
        offset[0] += self.start + bands as u64 * self.rows();
        offset
    }

    /// A chunk of rows that are in `memory`; what it has beyond these is zero.
    fn chunk(&self, number: usize, memory: &[u8]) -> Vec<u8> {
        let count = (memory.len() / self.chunked.grid.row_bytes()) as u64;
        self.chunked.grid.gather(number, Rows { start: 0, count }, memory)
    }

    /// Adds rows, for which there is room in the dataset.
    pub(in crate::h5) fn append(&mut self, dataset: &Dataset, bytes: &[u8]) -> Result<()> {
        self.bytes.extend_from_slice(bytes);
        let (band, across) = (self.band(), self.across());
        let bands = self.bytes.len() / band;
        if bands == 0 {
            return Ok(());
        }
        // The first have been flushed, perhaps.
        let first = usize::from(self.there.iter().any(|there| *there != There::Nothing));
        if first > 0 {
            // One that the file has through the filters is written without them first, so as never to be written over.
            if !self.replaces || self.there.contains(&There::Filtered) {
                self.write_in_place(dataset, band)?;
            }
            self.filter(dataset, band)?;
        }
        let encode = |number: usize| {
            let memory = &self.bytes[(first + number / across) * band..][..band];
            let rows = Rows { start: 0, count: self.rows() };
            match self.chunked.grid.in_one_piece(number % across, rows) {
                Some(piece) => self.encode(&memory[piece], self.chunked.pipeline.all()),
                None => self.encode(&self.chunk(number % across, memory), self.chunked.pipeline.all()),
            }
        };
        in_order((bands - first) * across, encode, |number, chunk| {
            write_chunk(dataset.handle(), &self.offset(number % across, first + number / across), &chunk)
        })?;
        self.there.fill(There::Nothing);
        self.start += bands as u64 * self.rows();
        self.bytes.drain(..bands * band);
        self.written = 0;
        Ok(())
    }

    /// Writes rows that are in no full chunk yet.
    pub(in crate::h5) fn flush(&mut self, dataset: &Dataset) -> Result<()> {
        if self.bytes.len() == self.written {
            return Ok(());
        }
        self.write_in_place(dataset, self.bytes.len())?;
        self.written = self.bytes.len();
        Ok(())
    }

    /// Writes all rows, without filters, so that libhdf5 can read the last chunks by itself.
    pub(in crate::h5) fn unfilter(&mut self, dataset: &Dataset) -> Result<()> {
        self.written = self.bytes.len();
        if self.bytes.is_empty() { Ok(()) } else { self.write_in_place(dataset, self.bytes.len()) }
    }

    /// Writes rows that are in no full chunk, where nothing is to be added any more: through the filters at once, if the file
    /// has nothing of their chunks yet.
    pub(in crate::h5) fn flush_last(&mut self, dataset: &Dataset) -> Result<()> {
        if !self.replaces || self.there.iter().any(|there| *there != There::Nothing) {
            return self.flush(dataset);
        }
        self.filter(dataset, self.bytes.len())?;
        self.written = self.bytes.len();
        Ok(())
    }

    /// Has the last chunks filtered, too, where nothing is to be added any more.
    pub(in crate::h5) fn finish(&mut self, dataset: &Dataset) -> Result<()> {
        self.flush(dataset)?;
        self.filter(dataset, self.bytes.len())
    }

    /// Writes the first `len` bytes to the last chunks such that they stay in their place from then on.
    fn write_in_place(&mut self, dataset: &Dataset, len: usize) -> Result<()> {
        let all = self.chunked.pipeline.all();
        for number in 0..self.there.len() {
            let there = self.there[number];
            let left_out = if let There::InPlace(left_out) = there { left_out } else { all };
            let chunk = self.chunk(number, &self.bytes[..len]);
            let chunk = self.chunked.pipeline.encode_without(&chunk, left_out)?;
            self.put(dataset, number, &chunk, there == There::Filtered)?;
            self.there[number] = There::InPlace(left_out);
        }
        Ok(())
    }

    /// Filters a chunk, or leaves these filters out where it is of the same size then: libhdf5 does not take note of other
    /// filters where a chunk of the same size is there, as from a program that was killed; nor is anything gained.
    fn encode(&self, chunk: &[u8], left_out: u32) -> Result<StoredChunk> {
        let filtered = self.chunked.pipeline.encode(chunk)?;
        if filtered.bytes.len() == chunk.len() {
            self.chunked.pipeline.encode_without(chunk, left_out)
        } else {
            Ok(filtered)
        }
    }

    /// Writes the first `len` bytes through the filters, if that can be, to chunks that the file does not have so.
    fn filter(&mut self, dataset: &Dataset, len: usize) -> Result<()> {
        if !self.replaces || len == 0 {
            return Ok(());
        }
        for number in 0..self.there.len() {
            let (left_out, moves) = match self.there[number] {
                There::Nothing => (self.chunked.pipeline.all(), false),
                There::InPlace(left_out) => (left_out, true),
                There::Filtered => continue,
            };
            let chunk = self.chunk(number, &self.bytes[..len]);
            let filtered = self.encode(&chunk, left_out)?;
            let is_same = filtered.bytes.len() == chunk.len();
            self.put(dataset, number, &filtered, moves && !is_same)?;
            self.there[number] = if is_same { There::InPlace(left_out) } else { There::Filtered };
        }
        Ok(())
    }

    /// Writes a chunk. If that moves it, the file says so before its old room can be used for anything else.
    fn put(&self, dataset: &Dataset, number: usize, chunk: &StoredChunk, moves: bool) -> Result<()> {
        write_chunk(dataset.handle(), &self.offset(number, 0), chunk)?;
        if moves { flush(dataset) } else { Ok(()) }
    }

    /// Has libhdf5 look for the first of the chunks at a row.
    pub(in crate::h5) fn look_at(&self, dataset: &Dataset, row: u64) -> Result<()> {
        let mut offset = vec![0; self.chunked.grid.rank()];
        offset[0] = row / self.rows() * self.rows();
        self.chunked.stored_chunk(dataset.handle(), &offset).map(drop)
    }

    /// What there is of `count` rows from `start` on that is not in the file as it is to be: its first row, and its bytes.
    pub(in crate::h5) fn rows_from(&self, start: u64, count: u64) -> (u64, &[u8]) {
        let first = start.max(self.start);
        let row = self.chunked.grid.row_bytes();
        let place = |index: u64| (index.saturating_sub(self.start) as usize * row).min(self.bytes.len());
        (first, &self.bytes[place(first)..place((start + count).max(first))])
    }
}
