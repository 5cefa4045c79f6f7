//! Chunks in a dataset: where each is, and what of it is in which rows.

/// The dimensions of a dataset, and those of its chunks.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    dims: Vec<u64>,
    chunk: Vec<u64>,
    /// Bytes of an item.
    size: usize,
    /// Chunks side by side that have the same rows.
    across: usize,
}

/// Rows of a dataset: those from `start` on, `count` of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rows {
    pub(super) start: u64,
    pub(super) count: u64,
}

impl Rows {
    pub(super) fn end(self) -> u64 {
        self.start + self.count
    }
}

/// A run of items that lie one after the other both in a chunk and in rows: where, in bytes.
#[derive(Clone, Copy)]
pub(super) struct Run {
    pub(super) in_chunk: usize,
    pub(super) in_rows: usize,
    pub(super) len: usize,
}

impl Grid {
    /// `None` where a chunk or a row of chunks has more bytes than memory.
    pub(super) fn new(dims: &[u64], chunk: &[u64], size: usize) -> Option<Self> {
        if dims.is_empty() || dims.len() != chunk.len() || chunk.contains(&0) || dims.contains(&0) || size == 0 {
            return None;
        }
        let across =
            dims.iter().zip(chunk).skip(1).try_fold(1u64, |count, (dim, len)| count.checked_mul(dim.div_ceil(*len)));
        dims[0].div_ceil(chunk[0]).checked_mul(across?).and_then(|count| usize::try_from(count).ok())?;
        let grid = Self { dims: dims.to_vec(), chunk: chunk.to_vec(), size, across: usize::try_from(across?).ok()? };
        let bytes = |dims: &[u64]| {
            let bytes = dims.iter().try_fold(size as u64, |bytes, dim| bytes.checked_mul(*dim))?;
            usize::try_from(bytes).ok().filter(|bytes| *bytes <= isize::MAX as usize)
        };
        bytes(chunk)?;
        bytes(dims)?;
        Some(grid)
    }

    /// Bytes of a chunk.
    pub(super) fn chunk_bytes(&self) -> usize {
        self.chunk.iter().fold(self.size, |bytes, len| bytes * *len as usize)
    }

    /// Bytes of a row.
    pub(super) fn row_bytes(&self) -> usize {
        self.dims[1..].iter().fold(self.size, |bytes, dim| bytes * *dim as usize)
    }

    /// Rows of a chunk.
    pub(super) fn chunk_rows(&self) -> u64 {
        self.chunk[0]
    }

    pub(super) fn rows(&self) -> u64 {
        self.dims[0]
    }

    pub(super) fn rank(&self) -> usize {
        self.dims.len()
    }

    pub(super) fn dims(&self) -> &[u64] {
        &self.dims
    }

    pub(super) fn chunk(&self) -> &[u64] {
        &self.chunk
    }

    /// Bytes of an item.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// The chunks that have some of the rows: the number of the first, and how many they are. They are counted with the
    /// last dimension fastest.
    pub(super) fn chunks_of(&self, rows: Rows) -> (usize, usize) {
        if rows.count == 0 {
            return (0, 0);
        }
        let (first, end) = (rows.start / self.chunk[0], rows.end().div_ceil(self.chunk[0]));
        (first as usize * self.across, (end - first) as usize * self.across)
    }

    /// The first item of a chunk.
    pub(super) fn offset(&self, number: usize) -> Vec<u64> {
        let mut offset = vec![0; self.dims.len()];
        let mut rest = number as u64;
        for axis in (1..self.dims.len()).rev() {
            let count = self.dims[axis].div_ceil(self.chunk[axis]);
            offset[axis] = rest % count * self.chunk[axis];
            rest /= count;
        }
        offset[0] = rest * self.chunk[0];
        offset
    }

    /// How many items of a chunk are within the dataset, along each dimension.
    pub(super) fn extent(&self, offset: &[u64]) -> Vec<u64> {
        (0..self.dims.len()).map(|axis| self.chunk[axis].min(self.dims[axis] - offset[axis])).collect()
    }

    /// Where a chunk is in the memory of `rows`, if it is there as a whole and in one piece.
    pub(super) fn in_one_piece(&self, number: usize, rows: Rows) -> Option<std::ops::Range<usize>> {
        let offset = self.offset(number);
        let is_whole = self.dims[1..] == self.chunk[1..]
            && offset[0] >= rows.start
            && offset[0] + self.chunk[0] <= rows.end().min(self.dims[0]);
        let start = is_whole.then(|| (offset[0] - rows.start) as usize * self.row_bytes())?;
        Some(start..start + self.chunk_bytes())
    }

    /// Shows the runs of items that a chunk has in common with the memory of `rows`.
    pub(super) fn each_run(&self, number: usize, rows: Rows, mut show: impl FnMut(Run)) {
        let offset = self.offset(number);
        let rank = self.dims.len();
        let mut count = self.extent(&offset);
        let first = offset[0].max(rows.start);
        let end = (offset[0] + count[0]).min(rows.end());
        if end <= first {
            return;
        }
        count[0] = end - first;
        // The dimensions, from the last on, that a chunk has in full are one run with the one before them.
        let mut outer = rank - 1;
        while outer > 0 && self.chunk[outer] == self.dims[outer] {
            outer -= 1;
        }
        let strides = |dims: &[u64]| {
            let mut strides = vec![self.size; rank];
            for axis in (1..rank).rev() {
                strides[axis - 1] = strides[axis] * dims[axis] as usize;
            }
            strides
        };
        let (in_chunk, in_rows) = (strides(&self.chunk), strides(&self.dims));
        let len = count[outer] as usize * in_rows[outer];
        let mut at = vec![0u64; outer];
        loop {
            let mut run = Run { in_chunk: 0, in_rows: 0, len };
            for axis in 0..rank {
                let step = at.get(axis).copied().unwrap_or(0);
                let (own, other) = if axis == 0 { (first - offset[0], first - rows.start) } else { (0, offset[axis]) };
                run.in_chunk += (own + step) as usize * in_chunk[axis];
                run.in_rows += (other + step) as usize * in_rows[axis];
            }
            show(run);
            let mut axis = outer;
            loop {
                let Some(next) = axis.checked_sub(1) else { return };
                axis = next;
                at[axis] += 1;
                if at[axis] < count[axis] {
                    break;
                }
                at[axis] = 0;
            }
        }
    }

    /// Copies what a chunk has of `rows` out of their memory; the rest of the chunk is zero.
    pub(super) fn gather(&self, number: usize, rows: Rows, memory: &[u8]) -> Vec<u8> {
        let mut chunk = vec![0; self.chunk_bytes()];
        self.each_run(number, rows, |run| {
            chunk[run.in_chunk..][..run.len].copy_from_slice(&memory[run.in_rows..][..run.len]);
        });
        chunk
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_together_are_the_whole() {
        for (dims, chunk) in [
            (&[10u64][..], &[3u64][..]),
            (&[7, 5], &[2, 5]),
            (&[7, 5], &[3, 2]),
            (&[4, 3, 5], &[2, 2, 2]),
            (&[4, 3, 5], &[3, 3, 5]),
            (&[3, 2, 2, 3], &[2, 1, 2, 2]),
            (&[5, 4], &[5, 4]),
        ] {
            let grid = Grid::new(dims, chunk, 2).unwrap();
            let bytes = dims.iter().product::<u64>() as usize * 2;
            let whole: Vec<u8> = (0..bytes).map(|at| (at % 251) as u8 + 1).collect();
            let all = Rows { start: 0, count: dims[0] };
            let (first, count) = grid.chunks_of(all);
            let mut back = vec![0; bytes];
            for number in first..first + count {
                let chunk = grid.gather(number, all, &whole);
                if let Some(piece) = grid.in_one_piece(number, all) {
                    assert_eq!(whole[piece], chunk);
                }
                grid.each_run(number, all, |run| {
                    back[run.in_rows..][..run.len].copy_from_slice(&chunk[run.in_chunk..][..run.len]);
                });
            }
            assert_eq!(back, whole, "{dims:?} in {chunk:?}");
            // And some of the rows alone.
            let rows = Rows { start: 1, count: dims[0] - 2 };
            let (first, count) = grid.chunks_of(rows);
            let mut part = vec![0; rows.count as usize * grid.row_bytes()];
            for number in first..first + count {
                let chunk = grid.gather(number, all, &whole);
                grid.each_run(number, rows, |run| {
                    part[run.in_rows..][..run.len].copy_from_slice(&chunk[run.in_chunk..][..run.len]);
                });
            }
            assert_eq!(part, whole[grid.row_bytes()..][..part.len()]);
        }
    }
}
