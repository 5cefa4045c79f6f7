//! Where the chunks of a dataset are, for who has them fetched together.

use std::collections::HashMap;
use std::ops::Range;

use super::messages::Space;

/// Where the chunks of a dataset are in its file.
#[derive(Debug)]
pub(in crate::h5) struct Places {
    /// The dimensions of a chunk, and how many there are along each.
    chunk: Vec<u64>,
    counts: Vec<u64>,
    is_filtered: bool,
    /// The addresses of each, by its number, with the last dimension fastest.
    found: HashMap<u64, Range<u64>>,
}

impl Places {
    pub(super) fn new(space: &Space, chunk: &[u64], is_filtered: bool) -> Self {
        let counts = space.dims.iter().zip(chunk).map(|(dim, chunk)| dim.div_ceil(*chunk)).collect();
        Self { chunk: chunk[..space.dims.len()].to_vec(), counts, is_filtered, found: HashMap::new() }
    }

    /// The number of the chunk that has so many before it along each dimension, if it is in the dataset.
    fn number(&self, places: impl Iterator<Item = u64>) -> Option<u64> {
        places.zip(&self.counts).try_fold(0u64, |number, (place, count)| {
            if place >= *count {
                return None;
            }
            number.checked_mul(*count)?.checked_add(place)
        })
    }

    /// Takes note of the chunk that has so many before it along each dimension.
    pub(super) fn note(&mut self, places: impl Iterator<Item = u64>, address: u64, bytes: u64) {
        if let Some(number) = self.number(places) {
            self.found.insert(number, address..address.saturating_add(bytes));
        }
    }

    /// The same, where addresses count from a place in the file.
    pub(super) fn based(mut self, base: u64) -> Self {
        for range in self.found.values_mut() {
            *range = range.start.saturating_add(base)..range.end.saturating_add(base);
        }
        self
    }

    /// The dimensions of a chunk.
    pub(in crate::h5) fn chunk(&self) -> &[u64] {
        &self.chunk
    }

    /// Whether chunks go through filters: then each is read as a whole.
    pub(in crate::h5) fn is_filtered(&self) -> bool {
        self.is_filtered
    }

    /// Where the chunk is whose first item is there, if it is stored.
    pub(in crate::h5) fn of(&self, offset: &[u64]) -> Option<Range<u64>> {
        let places = offset.iter().zip(&self.chunk).map(|(start, len)| start / len);
        self.found.get(&self.number(places)?).cloned()
    }
}
