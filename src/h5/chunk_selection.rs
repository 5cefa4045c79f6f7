//! Parts of datasets in chunks: which chunks a selection meets, and what of each.

use std::ops::Range;

use super::grid::{Grid, Run};
use super::selection::Selection;

/// What of one dimension is selected: `count` items from `start` on, `step` apart. Its chunks have `len` items.
#[derive(Clone, Copy, Debug)]
struct Axis {
    start: u64,
    step: u64,
    count: u64,
    len: u64,
}

impl Axis {
    /// How many chunks have some of it, which are no more than the items.
    fn chunks(self) -> u64 {
        if self.step >= self.len {
            return self.count;
        }
        let last = self.start + (self.count - 1) * self.step;
        last / self.len - self.start / self.len + 1
    }

    /// Of these chunks, the one at `index`: its number along the dimension, and which of the selected items it has.
    fn chunk(self, index: u64) -> (u64, Range<u64>) {
        // Each item has a chunk to itself.
        if self.step >= self.len {
            return ((self.start + index * self.step) / self.len, index..index + 1);
        }
        let number = self.start / self.len + index;
        let first = |number: u64| (number * self.len).saturating_sub(self.start).div_ceil(self.step);
        (number, first(number)..first(number + 1).min(self.count))
    }
}

/// A part of a dataset in chunks.
#[derive(Debug)]
pub(super) struct Part {
    axes: Vec<Axis>,
    /// Bytes of an item.
    size: usize,
}

/// A chunk that a part meets.
#[derive(Debug)]
pub(super) struct Met {
    /// Its first item.
    pub(super) offset: Vec<u64>,
    /// Which of the items that are selected it has, along each dimension.
    picked: Vec<Range<u64>>,
}

impl Part {
    /// `None` where nothing is selected, or what does not lie within the dataset.
    pub(super) fn new(grid: &Grid, selection: &Selection) -> Option<Self> {
        let Selection { start, step, count } = selection;
        let rank = grid.rank();
        if [start.len(), step.len(), count.len()] != [rank; 3] {
            return None;
        }
        let mut axes = Vec::with_capacity(rank);
        for axis in 0..rank {
            let (start, step, count, len) = (start[axis], step[axis], count[axis], grid.chunk()[axis]);
            let last = count.checked_sub(1)?.checked_mul(step)?.checked_add(start)?;
            if step == 0 || last >= grid.dims()[axis] {
                return None;
            }
            // The step after the last item may be any.
            axes.push(Axis { start, step: if count == 1 { 1 } else { step }, count, len });
        }
        Some(Self { axes, size: grid.size() })
    }

    /// Where the selected items end along each dimension.
    pub(super) fn ends(&self) -> Vec<u64> {
        self.axes.iter().map(|axis| axis.start + (axis.count - 1) * axis.step + 1).collect()
    }

    /// How many chunks there are along the first dimension.
    pub(super) fn bands(&self) -> u64 {
        self.axes[0].chunks()
    }

    /// How many chunks have the same rows.
    pub(super) fn across(&self) -> u64 {
        self.axes[1..].iter().fold(1, |count, axis| count * axis.chunks())
    }

    /// Which of the selected rows the bands have.
    pub(super) fn rows(&self, bands: &Range<u64>) -> Range<u64> {
        if bands.is_empty() {
            return 0..0;
        }
        let (first, last) = (self.axes[0].chunk(bands.start).1, self.axes[0].chunk(bands.end - 1).1);
        first.start..last.end
    }

    /// Selected items of a row.
    pub(super) fn width(&self) -> u64 {
        self.axes[1..].iter().fold(1, |count, axis| count * axis.count)
    }

    /// Of the chunks that are met, the one of that number; the last dimension is fastest.
    pub(super) fn chunk(&self, number: u64) -> Met {
        let rank = self.axes.len();
        let mut met = Met { offset: vec![0; rank], picked: vec![0..0; rank] };
        let mut rest = number;
        for at in (0..rank).rev() {
            let axis = self.axes[at];
            let chunks = if at == 0 { u64::MAX } else { axis.chunks() };
            let (number, picked) = axis.chunk(rest % chunks);
            rest /= chunks;
            (met.offset[at], met.picked[at]) = (number * axis.len, picked);
        }
        met
    }

    /// Shows the runs of items that a chunk has in common with what is selected, from the selected row `base` on.
    pub(super) fn each_run(&self, met: &Met, base: u64, mut show: impl FnMut(Run)) {
        let rank = self.axes.len();
        let strides = |dims: &dyn Fn(usize) -> u64| {
            let mut strides = vec![self.size; rank];
            for axis in (1..rank).rev() {
                strides[axis - 1] = strides[axis] * dims(axis) as usize;
            }
            strides
        };
        let in_chunk = strides(&|axis| self.axes[axis].len);
        let in_rows = strides(&|axis| self.axes[axis].count);
        let count = |axis: usize| met.picked[axis].end - met.picked[axis].start;
        // The dimensions, from the last on, that are whole both in the chunk and in what is selected are one run with the one
        // before them, if that has no steps.
        let mut outer = rank - 1;
        while outer > 0 && self.axes[outer].count == self.axes[outer].len && count(outer) == self.axes[outer].len {
            outer -= 1;
        }
        let (runs, len) = match self.axes[outer].step {
            1 => (1, count(outer)),
            _ => (count(outer), 1),
        };
        let mut first = Run { in_chunk: 0, in_rows: 0, len: len as usize * in_rows[outer] };
        for axis in 0..rank {
            let Axis { start, step, .. } = self.axes[axis];
            let picked = met.picked[axis].start;
            let base = if axis == 0 { base } else { 0 };
            first.in_chunk += (start + picked * step - met.offset[axis]) as usize * in_chunk[axis];
            first.in_rows += (picked - base) as usize * in_rows[axis];
        }
        let mut at = vec![0u64; outer];
        loop {
            let mut run = first;
            for (axis, at) in at.iter().enumerate() {
                run.in_chunk += (at * self.axes[axis].step) as usize * in_chunk[axis];
                run.in_rows += *at as usize * in_rows[axis];
            }
            for _ in 0..runs {
                show(run);
                run.in_chunk += self.axes[outer].step as usize * in_chunk[outer];
                run.in_rows += in_rows[outer];
            }
            let mut axis = outer;
            loop {
                let Some(next) = axis.checked_sub(1) else { return };
                axis = next;
                at[axis] += 1;
                if at[axis] < count(axis) {
                    break;
                }
                at[axis] = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::grid::Rows;
    use super::*;

    fn selection(axes: &[[u64; 3]]) -> Selection {
        let column = |at: usize| axes.iter().map(|axis| axis[at]).collect();
        Selection { start: column(0), step: column(1), count: column(2) }
    }

    /// What is selected, item by item.
    fn picked(dims: &[u64], axes: &[[u64; 3]], whole: &[u8], size: usize) -> Vec<u8> {
        let count: u64 = axes.iter().map(|axis| axis[2]).product();
        let mut out = Vec::new();
        for number in 0..count {
            let (mut rest, mut item, mut stride) = (number, 0, 1);
            for (dim, [start, step, count]) in dims.iter().zip(axes).rev() {
                item += (start + rest % count * step) * stride;
                rest /= count;
                stride *= dim;
            }
            out.extend_from_slice(&whole[item as usize * size..][..size]);
        }
        out
    }

    #[test]
    fn runs_together_are_the_part() {
        for (dims, chunk) in [
            (&[10u64][..], &[3u64][..]),
            (&[10], &[1]),
            (&[7, 5], &[2, 5]),
            (&[7, 5], &[3, 2]),
            (&[4, 6, 5], &[2, 2, 2]),
            (&[4, 3, 5], &[3, 3, 5]),
            (&[3, 2, 2, 3], &[2, 1, 2, 2]),
        ] {
            let grid = Grid::new(dims, chunk, 2).unwrap();
            let whole: Vec<u8> = (0..dims.iter().product::<u64>() * 2).map(|at| (at % 251) as u8 + 1).collect();
            let all = Rows { start: 0, count: dims[0] };
            // Each way along one dimension, with another along all others.
            let ways = |dim: u64| {
                let steps = (1..=dim).flat_map(move |step| (0..dim).map(move |start| (start, step)));
                steps.flat_map(move |(start, step)| {
                    (1..=(dim - start).div_ceil(step)).map(move |count| [start, step, count])
                })
            };
            for axis in 0..dims.len() {
                for way in ways(dims[axis]) {
                    for other in [0, 1] {
                        let mut axes: Vec<_> =
                            dims.iter().map(|dim| [other, 1 + other, (dim - other).div_ceil(1 + other)]).collect();
                        axes[axis] = way;
                        let part = Part::new(&grid, &selection(&axes)).unwrap();
                        let (bands, across) = (part.bands(), part.across());
                        let expected = picked(dims, &axes, &whole, 2);
                        let mut back = Vec::new();
                        for band in 0..bands {
                            let rows = part.rows(&(band..band + 1));
                            let mut own = vec![0; ((rows.end - rows.start) * part.width()) as usize * 2];
                            for number in band * across..(band + 1) * across {
                                let met = part.chunk(number);
                                let number =
                                    (0..grid.chunks_of(all).1).find(|number| grid.offset(*number) == met.offset);
                                let chunk = grid.gather(number.unwrap(), all, &whole);
                                part.each_run(&met, rows.start, |run| {
                                    own[run.in_rows..][..run.len].copy_from_slice(&chunk[run.in_chunk..][..run.len]);
                                });
                            }
                            back.extend(own);
                        }
                        assert_eq!(back, expected, "{axes:?} of {dims:?} in {chunk:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_lies_outside_is_no_part() {
        let grid = Grid::new(&[10, 4], &[3, 3], 8).unwrap();
        for axes in [
            &[[0, 1, 11], [0, 1, 4]][..],
            &[[0, 0, 2], [0, 1, 4]],
            &[[0, 1, 0], [0, 1, 4]],
            &[[10, 1, 1], [0, 1, 4]],
            &[[0, u64::MAX, 3], [0, 1, 4]],
            &[[0, 1, 10]],
        ] {
            assert!(Part::new(&grid, &selection(axes)).is_none(), "{axes:?}");
        }
    }
}
