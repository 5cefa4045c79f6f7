//! Reads of very many chunks, a part after the other.
//!
//! libhdf5 (2.2) makes some kilobytes for each chunk that a read meets before it reads any (`H5D__chunk_io_init`), also for those
//! of which nothing is stored: a dataset of 300,000 chunks in a file of a kilobyte takes over a gigabyte. So no read meets more
//! than some thousand chunks.

use std::ops::Range;

use super::present::Wanted;

/// Chunks that one read meets at most: about 16 MiB of what libhdf5 makes for them.
pub(super) const MOST: u64 = 4096;

/// What is read along one dimension.
#[derive(Clone, Copy)]
struct Axis {
    start: u64,
    step: u64,
    count: u64,
    chunk: u64,
}

impl Axis {
    /// How many chunks it meets.
    fn chunks(self) -> u64 {
        let Some(last) = self.count.checked_sub(1) else { return 0 };
        let last = last.saturating_mul(self.step).saturating_add(self.start);
        (last / self.chunk - self.start / self.chunk + 1).min(self.count)
    }

    /// The items from number `first` on that are in so many chunks.
    fn piece(self, first: u64, chunks: u64) -> Range<u64> {
        let place = first.saturating_mul(self.step).saturating_add(self.start);
        let end = (place / self.chunk).saturating_add(chunks).saturating_mul(self.chunk);
        let items = end.saturating_sub(place).div_ceil(self.step).max(1);
        first..first.saturating_add(items).min(self.count)
    }
}

/// What is wanted along each dimension, of a dataset in chunks of that shape.
fn axes(wanted: Wanted<'_>, chunk: &[u64]) -> Vec<Axis> {
    (0..wanted.count.len().min(chunk.len()))
        .map(|axis| Axis {
            start: wanted.start[axis],
            step: wanted.step.map_or(1, |step| step[axis]).max(1),
            count: wanted.count[axis],
            chunk: chunk[axis].max(1),
        })
        .collect()
}

/// How many chunks of that shape hold what is wanted.
pub(super) fn count(wanted: Wanted<'_>, chunk: &[u64]) -> u64 {
    axes(wanted, chunk).into_iter().fold(1, |count: u64, axis| count.saturating_mul(axis.chunks()))
}

/// The parts of what is wanted, of a dataset in chunks of that shape, none of which meets more chunks than `most`. `None` where
/// that is so of all of it.
pub(super) fn parts(wanted: Wanted<'_>, chunk: &[u64], most: u64) -> Option<Parts> {
    let axes = axes(wanted, chunk);
    // The innermost dimensions of which a part has all; how many chunks it has along the one before; and one along the others.
    let (mut level, mut inside) = (axes.len(), 1u64);
    while let Some(met) = level.checked_sub(1).map(|axis| inside.saturating_mul(axes[axis].chunks())) {
        if met > most {
            break;
        }
        (level, inside) = (level - 1, met);
    }
    let level = level.checked_sub(1)?;
    let chunks = (most / inside.max(1)).max(1);
    Some(Parts { next: Some(vec![0; axes.len()]), axes, level, chunks })
}

/// A part of what is wanted: the numbers of its items along each dimension, among those that are wanted.
pub(super) struct Numbers(Vec<Range<u64>>);

impl Numbers {
    /// Where the part begins in the dataset, and how many items it has along each dimension.
    pub(super) fn block(&self, wanted: Wanted<'_>) -> (Vec<u64>, Vec<u64>) {
        let place = |(axis, numbers): (usize, &Range<u64>)| {
            wanted.start[axis] + numbers.start * wanted.step.map_or(1, |step| step[axis])
        };
        let start = self.0.iter().enumerate().map(place).collect();
        (start, self.0.iter().map(|numbers| numbers.end - numbers.start).collect())
    }

    /// Where it begins among the items that are wanted.
    pub(super) fn first(&self) -> Vec<u64> {
        self.0.iter().map(|numbers| numbers.start).collect()
    }
}

/// Parts of what is wanted.
pub(super) struct Parts {
    axes: Vec<Axis>,
    level: usize,
    chunks: u64,
    next: Option<Vec<u64>>,
}

impl Iterator for Parts {
    type Item = Numbers;

    fn next(&mut self) -> Option<Self::Item> {
        let first = self.next.take()?;
        let part: Vec<Range<u64>> = (0..self.axes.len())
            .map(|axis| match axis.cmp(&self.level) {
                std::cmp::Ordering::Less => self.axes[axis].piece(first[axis], 1),
                std::cmp::Ordering::Equal => self.axes[axis].piece(first[axis], self.chunks),
                std::cmp::Ordering::Greater => 0..self.axes[axis].count,
            })
            .collect();
        // The one after it, if there is one: the innermost of these dimensions goes on, and begins again at its end.
        let mut next = first;
        for axis in (0..=self.level).rev() {
            if part[axis].end < self.axes[axis].count {
                next[axis] = part[axis].end;
                self.next = Some(next);
                break;
            }
            next[axis] = 0;
        }
        Some(Numbers(part))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{count as count_of, *};

    /// Each item is in one part, and no part meets more chunks than it may.
    #[test]
    fn parts_are_all() {
        type Row = (&'static [u64], Option<&'static [u64]>, &'static [u64], &'static [u64], u64);
        let rows: [Row; 9] = [
            (&[0], None, &[100], &[1], 10),
            (&[3], None, &[100], &[7], 4),
            (&[3], Some(&[5]), &[40], &[7], 4),
            (&[3], Some(&[20]), &[40], &[7], 4),
            (&[0, 0], None, &[20, 30], &[2, 3], 10),
            (&[0, 0], None, &[20, 30], &[2, 3], 25),
            (&[1, 2], Some(&[3, 2]), &[20, 30], &[2, 3], 3),
            (&[5, 0, 1], None, &[4, 9, 8], &[3, 2, 4], 1),
            (&[5, 0, 1], None, &[4, 9, 8], &[3, 2, 4], 12),
        ];
        for (start, step, count, chunk, most) in rows {
            let wanted = Wanted { start, step, count };
            let mut met: HashSet<Vec<u64>> = HashSet::new();
            let mut parts_met = 0;
            assert!(count_of(wanted, chunk) > most);
            for Numbers(part) in parts(wanted, chunk, most).unwrap() {
                let mut items: Vec<Vec<u64>> = vec![Vec::new()];
                for range in &part {
                    items = items
                        .iter()
                        .flat_map(|item| range.clone().map(move |number| [&item[..], &[number]].concat()))
                        .collect();
                }
                let chunk_of = |item: &Vec<u64>| -> Vec<u64> {
                    let place =
                        |(axis, number): (usize, &u64)| start[axis] + number * step.map_or(1, |step| step[axis]);
                    item.iter().enumerate().map(|of| place(of) / chunk[of.0]).collect()
                };
                let chunks: HashSet<Vec<u64>> = items.iter().map(chunk_of).collect();
                assert!(chunks.len() as u64 <= most, "{start:?} {step:?} {count:?} {chunk:?}: {}", chunks.len());
                for item in items {
                    assert!(met.insert(item), "{start:?} {step:?} {count:?} {chunk:?}");
                }
                parts_met += 1;
            }
            assert_eq!(met.len() as u64, count.iter().product::<u64>(), "{start:?} {step:?} {count:?} {chunk:?}");
            assert!(parts_met > 1);
        }
    }

    #[test]
    fn few_chunks_are_one_part() {
        for (start, count, chunk) in
            [(&[0][..], &[100][..], &[10][..]), (&[5, 5], &[10, 10], &[5, 10]), (&[], &[], &[])]
        {
            assert!(parts(Wanted { start, step: None, count }, chunk, 10).is_none());
        }
        assert!(parts(Wanted { start: &[0], step: None, count: &[0] }, &[1], 1).is_none());
        // A step goes past chunks.
        assert!(parts(Wanted { start: &[0], step: Some(&[100]), count: &[10] }, &[1], 10).is_none());
    }
}
