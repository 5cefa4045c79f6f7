//! Blocks of an array: where they are in it, and whether they overlap.

use std::ops::Range;

/// A block of an array: where it begins along each dimension, and how many elements it has along each.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Extent {
    pub(crate) start: Vec<u64>,
    pub(crate) count: Vec<u64>,
}

impl Extent {
    pub(crate) fn is_empty(&self) -> bool {
        self.count.contains(&0)
    }

    fn end(&self, axis: usize) -> u64 {
        self.start[axis] + self.count[axis]
    }

    /// Whether it lies within an array of that shape, and has as many dimensions.
    pub(crate) fn is_within(&self, shape: &[u64]) -> bool {
        self.start.len() == shape.len()
            && self.count.len() == shape.len()
            && shape
                .iter()
                .zip(self.start.iter().zip(&self.count))
                .all(|(len, (start, count))| start.checked_add(*count).is_some_and(|end| end <= *len))
    }

    fn overlaps(&self, other: &Self) -> bool {
        (0..self.start.len()).all(|axis| self.start[axis] < other.end(axis) && other.start[axis] < self.end(axis))
    }

    fn volume(&self) -> u128 {
        self.count.iter().map(|count| u128::from(*count)).product()
    }

    /// What of it is not in `other`: blocks that do not overlap.
    fn without(mut self, other: &Self, rest: &mut Vec<Self>) {
        if !self.overlaps(other) {
            rest.push(self);
            return;
        }
        for axis in 0..self.start.len() {
            let (start, end) = (self.start[axis].max(other.start[axis]), self.end(axis).min(other.end(axis)));
            for range in [self.start[axis]..start, end..self.end(axis)] {
                if !range.is_empty() {
                    let mut part = self.clone();
                    (part.start[axis], part.count[axis]) = (range.start, range.end - range.start);
                    rest.push(part);
                }
            }
            (self.start[axis], self.count[axis]) = (start, end - start);
        }
    }

    /// The runs of elements that follow each other both in the block and in an array of that shape: where each begins in the
    /// array, where in the block, and how many elements it has.
    pub(crate) fn each_run<E>(
        &self,
        shape: &[u64],
        mut each: impl FnMut(u64, u64, u64) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.is_empty() {
            return Ok(());
        }
        // As many of the last dimensions as the block has all of go together, and one more.
        let (mut inner, mut run) = (shape.len(), 1);
        while inner > 0 {
            inner -= 1;
            run *= self.count[inner];
            if self.count[inner] != shape[inner] {
                break;
            }
        }
        let mut strides = vec![1; shape.len()];
        for axis in (1..shape.len()).rev() {
            strides[axis - 1] = strides[axis] * shape[axis];
        }
        let first: u64 = self.start.iter().zip(&strides).map(|(start, stride)| start * stride).sum();
        let (mut index, mut at, mut in_block) = (vec![0; inner], first, 0);
        loop {
            each(at, in_block, run)?;
            in_block += run;
            // The next index, of which the last changes first.
            let mut axis = inner;
            loop {
                if axis == 0 {
                    return Ok(());
                }
                axis -= 1;
                index[axis] += 1;
                at += strides[axis];
                if index[axis] < self.count[axis] {
                    break;
                }
                at -= index[axis] * strides[axis];
                index[axis] = 0;
            }
        }
    }
}

/// Two blocks that overlap, by their numbers, if there are such.
pub(crate) fn overlapping(blocks: &[Extent]) -> Option<(usize, usize)> {
    let mut order: Vec<usize> = (0..blocks.len()).filter(|number| !blocks[*number].is_empty()).collect();
    if order.first().is_some_and(|number| blocks[*number].start.is_empty()) {
        // A block of no dimensions is all of its array.
        return order.get(1).map(|other| (order[0], *other));
    }
    order.sort_by_key(|number| blocks[*number].start[0]);
    // Only those that are not over yet along the first dimension can overlap with the next.
    let mut open: Vec<usize> = Vec::new();
    for number in order {
        let block = &blocks[number];
        open.retain(|other| blocks[*other].end(0) > block.start[0]);
        if let Some(other) = open.iter().find(|other| blocks[**other].overlaps(block)) {
            return Some(((*other).min(number), (*other).max(number)));
        }
        open.push(number);
    }
    None
}

/// The parts of an array of that shape that are in none of these blocks, which do not overlap and lie within.
pub(crate) fn holes(shape: &[u64], blocks: &[Extent]) -> Vec<Extent> {
    let whole = Extent { start: vec![0; shape.len()], count: shape.to_vec() };
    if blocks.iter().map(Extent::volume).sum::<u128>() >= whole.volume() {
        return Vec::new();
    }
    blocks.iter().filter(|block| !block.is_empty()).fold(vec![whole], |holes, block| {
        let mut rest = Vec::with_capacity(holes.len());
        holes.into_iter().for_each(|hole| hole.without(block, &mut rest));
        rest
    })
}

/// Bytes of a range of elements.
pub(crate) fn bytes_of(range: Range<u64>, size: u64) -> Range<usize> {
    (range.start * size) as usize..(range.end * size) as usize
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use ndarray::{ArrayD, SliceInfoElem};
    use proptest::prelude::*;

    use super::*;

    fn extents() -> impl Strategy<Value = (Vec<u64>, Vec<Extent>)> {
        prop::collection::vec(1_u64..6, 1..4).prop_flat_map(|shape| {
            let dims: Vec<_> = shape.iter().map(|len| (0..*len, 0..=*len)).collect();
            let blocks = prop::collection::vec(dims, 0..5).prop_map({
                let shape = shape.clone();
                move |blocks| {
                    let extent = |dims: Vec<(u64, u64)>| {
                        let start: Vec<_> = dims.iter().map(|(start, _)| *start).collect();
                        let count = dims.iter().zip(&shape).map(|((start, count), len)| *count.min(&(len - start)));
                        Extent { count: count.collect(), start }
                    };
                    blocks.into_iter().map(extent).collect::<Vec<_>>()
                }
            });
            (Just(shape), blocks)
        })
    }

    /// How often each element of the array is in one of the blocks.
    fn counted(shape: &[u64], blocks: &[Extent]) -> ArrayD<u8> {
        let mut array = ArrayD::zeros(shape.iter().map(|len| *len as usize).collect::<Vec<_>>());
        for block in blocks {
            let part: Vec<SliceInfoElem> =
                (0..shape.len()).map(|axis| (block.start[axis] as usize..block.end(axis) as usize).into()).collect();
            let mut part = array.slice_mut(part.as_slice());
            part += 1;
        }
        array
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn overlaps_and_holes_are_found((shape, blocks) in extents()) {
            let counts = counted(&shape, &blocks);
            let found = overlapping(&blocks);
            prop_assert_eq!(found.is_some(), counts.iter().any(|count| *count > 1));
            if let Some((one, other)) = found {
                prop_assert!(one < other && blocks[one].overlaps(&blocks[other]));
            } else {
                let holes = holes(&shape, &blocks);
                let all: Vec<_> = blocks.iter().chain(&holes).cloned().collect();
                prop_assert!(counted(&shape, &all).iter().all(|count| *count == 1));
            }
        }

        #[test]
        fn runs_are_all_elements_of_a_block((shape, blocks) in extents()) {
            for block in blocks {
                let mut array = ArrayD::<u8>::zeros(shape.iter().map(|len| *len as usize).collect::<Vec<_>>());
                let mut next = 0;
                block.each_run(&shape, |at, in_block, len| {
                    assert_eq!(in_block, next);
                    next += len;
                    array.as_slice_mut().unwrap()[at as usize..(at + len) as usize].iter_mut().for_each(|item| *item += 1);
                    Ok::<_, Infallible>(())
                }).unwrap();
                prop_assert_eq!(array, counted(&shape, &[block]));
            }
        }
    }
}
