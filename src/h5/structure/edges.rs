//! Chunks at the edges of a dataset, which are partly beyond its end, and can go by without filters
//! (`H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS`): which ones these are.

use super::layout::{Chunked, Index};
use super::messages::Space;

/// The edges of a dataset, some of whose chunks go by without filters.
pub(super) struct Edges {
    /// How many chunks along each dimension are whole.
    whole: Vec<u64>,
    /// How an array counts chunks: the dimensions, that first which the number grows slowest with, and how many chunks there may
    /// be along each.
    order: Vec<(usize, u64)>,
}

impl Edges {
    pub(super) fn new(space: &Space, chunked: &Chunked) -> Self {
        let whole = space.dims.iter().zip(&chunked.dims).map(|(dim, chunk)| dim / chunk).collect();
        let most = space.most.iter().zip(&chunked.dims).map(|(most, chunk)| most.div_ceil(*chunk).max(1));
        let mut order: Vec<(usize, u64)> = most.enumerate().collect();
        // The one without an end comes first (`H5VM_swizzle_coords`).
        if let (Index::ExtensibleArray(_), Some(at)) =
            (&chunked.index, space.most.iter().position(|most| *most == u64::MAX))
        {
            order[..=at].rotate_right(1);
        }
        Self { whole, order }
    }

    /// Whether a chunk lies at an edge: it has so many before it along each dimension.
    pub(super) fn has(&self, places: impl Iterator<Item = u64>) -> bool {
        self.whole.iter().zip(places).any(|(whole, place)| place >= *whole)
    }

    /// The same of the chunk of that number in an array.
    pub(super) fn has_number(&self, number: u64) -> bool {
        let mut rest = number;
        for (at, most) in self.order.iter().skip(1).rev() {
            if rest % most >= self.whole[*at] {
                return true;
            }
            rest /= most;
        }
        self.order.first().is_some_and(|(at, _)| rest >= self.whole[*at])
    }

    /// How many chunks there are along each dimension before the one of that number in an array.
    pub(super) fn places(&self, number: u64) -> Vec<u64> {
        let (mut rest, mut places) = (number, vec![0; self.order.len()]);
        for (at, most) in self.order.iter().skip(1).rev() {
            places[*at] = rest % most;
            rest /= most;
        }
        if let Some((at, _)) = self.order.first() {
            places[*at] = rest;
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::super::layout::Blocks;
    use super::*;

    fn edges(dims: &[u64], most: &[u64], index: Index) -> Edges {
        let space = Space { dims: dims.to_vec(), most: most.to_vec(), is_null: false };
        let dims = [10, 4, 8].to_vec();
        Edges::new(&space, &Chunked { version: 4, dims, leaves_edges: true, index, address: None })
    }

    #[test]
    fn chunks_at_edges() {
        let found = edges(&[20, 10], &[20, 10], Index::FixedArray { page_bits: 10 });
        let of = |places: [u64; 2]| found.has(places.into_iter());
        assert_eq!([of([0, 0]), of([1, 1]), of([1, 2]), of([2, 0])], [false, false, true, true]);
        assert_eq!(
            [0, 1, 2, 3, 4, 5, 6].map(|number| found.has_number(number)),
            [false, false, true, false, false, true, true]
        );
    }

    /// The dimension without an end is the one that the number grows slowest with, wherever it is.
    #[test]
    fn numbers_where_one_dimension_has_no_end() {
        let blocks = Blocks { bits: 32, in_index: 4, least: 16, least_blocks: 4, page_bits: 10 };
        let found = edges(&[25, 8], &[30, u64::MAX], Index::ExtensibleArray(blocks));
        // Three along the first, of which the last is not whole, for each along the second, of which there are two.
        let expected = [false, false, true, false, false, true, true];
        assert_eq!([0, 1, 2, 3, 4, 5, 6].map(|number| found.has_number(number)), expected);
        assert_eq!([0, 2, 3, 7].map(|number| found.places(number)), [[0, 0], [2, 0], [0, 1], [1, 2]]);
    }
}
