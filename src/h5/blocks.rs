//! Long datasets that are written or read part by part, where somebody watches: else it takes one call into libhdf5.

use std::ops::Range;

use super::Id;
use super::dataset::{Dataset, Shape, simple_space};
use super::present::Wanted;
use super::selection::select;
use super::sys::h5p;
use crate::ground::error::Result;

/// About how many bytes a part has, and the most that are no more than one.
pub(super) const PART: usize = 4 << 20;

/// A block of a dataset whose items follow each other.
#[derive(Debug)]
pub(super) struct Part<'a> {
    dims: &'a [u64],
    start: Vec<u64>,
    count: Vec<u64>,
    /// The number of its first item, and of the one after its last.
    items: Range<u64>,
}

impl Part<'_> {
    /// Where its items are among all, in bytes, if each has `size`.
    pub(super) fn places(&self, size: usize) -> Range<usize> {
        self.items.start as usize * size..self.items.end as usize * size
    }

    /// The number of its first item.
    pub(super) fn first(&self) -> usize {
        self.items.start as usize
    }

    /// Bytes of its items, if each has `size`.
    pub(super) fn bytes(&self, size: usize) -> u64 {
        (self.items.end - self.items.start) * size as u64
    }

    /// The part in the file, and as much in memory.
    pub(super) fn select(&self) -> Result<(Id, Id)> {
        select(self.dims, &self.start, &self.count, self.items.end - self.items.start)
    }

    /// The part as what is read of the dataset, and the space of as much in memory.
    pub(super) fn wanted(&self) -> Result<(Wanted<'_>, Id)> {
        let wanted = Wanted { start: &self.start, step: None, count: &self.count };
        Ok((wanted, simple_space(&[self.items.end - self.items.start])?))
    }
}

/// Calls `each` for one part after the other of a dataset of these dimensions, none of which is 0, whose items have `size`
/// bytes. Where it has chunks of so many `rows`, a part has all of those that it has anything of: libhdf5 would have to read
/// again what it has of the others.
pub(super) fn each_part(
    dims: &[u64],
    size: usize,
    rows: Option<u64>,
    mut each: impl FnMut(&Part<'_>) -> Result<()>,
) -> Result<()> {
    let mut strides = vec![1u64; dims.len()];
    for level in (1..dims.len()).rev() {
        strides[level - 1] = strides[level] * dims[level];
    }
    let most = (PART / size.max(1)).max(1) as u64;
    // The outermost dimension a step along which fits a part; outside it, one step at a time.
    let outermost = strides.iter().position(|stride| *stride <= most).unwrap_or(dims.len() - 1);
    let level = if rows.is_some() { 0 } else { outermost };
    let steps = (most / strides[level]).max(1).next_multiple_of(rows.unwrap_or(1).max(1));
    let total = dims[0] * strides[0];
    let mut first = 0;
    while first < total {
        let (mut start, mut count, mut rest) = (vec![0; dims.len()], dims.to_vec(), first);
        for outer in 0..=level {
            start[outer] = rest / strides[outer];
            rest %= strides[outer];
            count[outer] = 1;
        }
        count[level] = steps.min(dims[level] - start[level]);
        let end = first + count[level] * strides[level];
        each(&Part { dims, start, count, items: first..end })?;
        first = end;
    }
    Ok(())
}

impl Dataset {
    /// Does something with all items, which have so many bytes: at once; or, where somebody watches, part by part, if there
    /// are several. That is given the part, if it is one, and where the bytes of that are among all.
    pub(super) fn in_parts(
        &self,
        bytes: usize,
        mut each: impl FnMut(Option<&Part<'_>>, Range<usize>) -> Result<()>,
    ) -> Result<()> {
        match self.shape() {
            Shape::Simple(dims) if self.spot().is_watched() && bytes > PART && !dims.contains(&0) => {
                let size = bytes / dims.iter().product::<u64>().max(1) as usize;
                each_part(dims, size, self.chunk_rows()?, |part| {
                    each(Some(part), part.places(size))?;
                    self.spot().bytes(part.bytes(size))
                })
            }
            _ => {
                each(None, 0..bytes)?;
                self.spot().bytes(bytes as u64)
            }
        }
    }
}

/// How many rows a chunk has of a dataset of so many dimensions that is made by `list`.
pub(super) fn rows_of_chunks(list: &Id, rank: usize) -> Result<u64> {
    Ok(h5p::chunk("look into a dataset", list, rank)?.first().copied().unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_each_other_and_are_all() {
        const MIB: u64 = 1 << 20;
        for (dims, size, rows, parts) in [
            (&[MIB][..], 8, None, 2),
            (&[MIB + 1], 8, None, 3),
            (&[3, MIB], 8, None, 6),
            (&[1, 1, 2 * MIB], 4, None, 2),
            (&[1000, 1000], 8, None, 2),
            (&[1000, 1000], 8, Some(400), 2),
            (&[1000, 1000], 8, Some(600), 2),
            (&[1000, 1000], 8, Some(1000), 1),
            (&[1, 2 * MIB], 8, Some(1), 1),
            (&[2, 3], 16 << 20, None, 6),
        ] {
            let (mut end, mut met) = (0, 0);
            each_part(dims, size, rows, |part| {
                assert_eq!(part.items.start, end, "{dims:?}");
                assert_eq!(part.items.end - part.items.start, part.count.iter().product::<u64>(), "{dims:?}");
                assert!(
                    part.start.iter().zip(&part.count).zip(dims).all(|((start, count), dim)| start + count <= *dim)
                );
                if let Some(rows) = rows {
                    assert_eq!(part.start[0] % rows, 0, "{dims:?}");
                }
                (end, met) = (part.items.end, met + 1);
                Ok(())
            })
            .unwrap();
            assert_eq!((end, met), (dims.iter().product(), parts), "{dims:?}");
        }
    }
}
