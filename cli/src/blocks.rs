//! Parts of datasets, block by block, in memory that does not depend on how large they are.

use filebacked::objects::{Dataset, Items};

use crate::failure::Outcome;
use crate::slice::Part;

/// Bytes of a block.
const BLOCK: u64 = 4 << 20;
/// Bytes that a block may have if it ends where chunks do, so that none is read twice.
const ALIGNED: u64 = 64 << 20;
/// What an element with parts of variable length is taken for.
const VARIABLE: u64 = 256;

/// A block that was read.
pub(crate) struct Block {
    pub(crate) items: Items,
    /// Where it begins in the part, along each dimension.
    pub(crate) at: Vec<u64>,
    pub(crate) count: Vec<u64>,
    /// Which dimensions are in memory the other way round.
    reversed: Vec<bool>,
}

impl Block {
    /// Whether the items are in memory as they are in the part.
    pub(crate) fn is_in_order(&self) -> bool {
        !self.reversed.contains(&true)
    }

    /// Where in memory the items are, in the order of the part.
    pub(crate) fn positions(&self) -> impl Iterator<Item = usize> {
        let is_in_order = self.is_in_order();
        (0..self.items.len()).map(move |at| if is_in_order { at } else { self.position(at as u64) })
    }

    fn position(&self, at: u64) -> usize {
        let (mut rest, mut position, mut factor) = (at, 0, 1);
        for (count, reversed) in self.count.iter().zip(&self.reversed).rev() {
            let index = rest % count;
            rest /= count;
            position += factor * if *reversed { count - 1 - index } else { index };
            factor *= count;
        }
        position as usize
    }

    /// The index in the part, along each dimension, of what is at a position in its order.
    pub(crate) fn index(&self, at: u64) -> Vec<u64> {
        let mut rest = at;
        let mut index = vec![0; self.count.len()];
        for (axis, count) in self.count.iter().enumerate().rev() {
            index[axis] = self.at[axis] + rest % count;
            rest /= count;
        }
        index
    }
}

/// A part of a dataset in blocks, in the order of the part: the last dimension runs fastest.
pub(crate) struct Blocks<'a> {
    dataset: &'a Dataset,
    part: &'a Part,
    /// The dimension along which the part is cut; along those before it, a block has one index.
    axis: usize,
    /// How many items along that dimension a block has.
    rows: u64,
    /// Where along it chunks begin anew.
    chunk: Option<u64>,
    next: Option<Vec<u64>>,
}

impl<'a> Blocks<'a> {
    pub(crate) fn new(dataset: &'a Dataset, part: &'a Part) -> Outcome<Self> {
        let chunk = if part.count.is_empty() { None } else { dataset.storage()?.chunk };
        let size = dataset.element_type().size() as u64;
        let size = if dataset.element_type().is_variable() { size + VARIABLE } else { size.max(1) };
        Ok(Self::with_size(dataset, part, chunk.as_deref(), size))
    }

    fn with_size(dataset: &'a Dataset, part: &'a Part, chunk: Option<&[u64]>, size: u64) -> Self {
        let (axis, rows, chunk) = cut(part, chunk, size);
        let next = (part.len() > 0).then(|| vec![0; part.count.len()]);
        Self { dataset, part, axis, rows, chunk, next }
    }

    /// The next block.
    pub(crate) fn next(&mut self) -> Outcome<Option<Block>> {
        let Some(at) = self.next.take() else { return Ok(None) };
        let part = self.part;
        let mut count = part.count.clone();
        count[..self.axis.min(part.count.len())].fill(1);
        if let Some(total) = part.count.get(self.axis) {
            let left = total - at[self.axis];
            let rows = match self.chunk {
                // The first ends where a chunk does.
                Some(chunk) if self.rows >= chunk => self.rows - (part.start[self.axis] + at[self.axis]) % chunk,
                _ => self.rows,
            };
            count[self.axis] = rows.min(left);
        }
        let start: Vec<u64> = (0..count.len())
            .map(|axis| {
                let from = match part.reversed[axis] {
                    true => part.count[axis] - at[axis] - count[axis],
                    false => at[axis],
                };
                part.start[axis] + from * part.step[axis]
            })
            .collect();
        let items = self.dataset.read_steps(&start, &part.step, &count)?;
        self.next = following(&at, &count, part, self.axis);
        Ok(Some(Block { items, at, count, reversed: part.reversed.clone() }))
    }
}

/// Where the block after one begins.
fn following(at: &[u64], count: &[u64], part: &Part, axis: usize) -> Option<Vec<u64>> {
    let mut next = at.to_vec();
    let mut moved = axis;
    loop {
        let position = next.get_mut(moved)?;
        *position += count[moved];
        if *position < part.count[moved] {
            return Some(next);
        }
        *position = 0;
        moved = moved.checked_sub(1)?;
    }
}

/// Along which dimension to cut, and how many items a block has along it.
fn cut(part: &Part, chunk: Option<&[u64]>, size: u64) -> (usize, u64, Option<u64>) {
    let mut inner = size;
    let mut axis = part.count.len();
    // What is within one index along the dimension fits into a block.
    while axis > 0 && inner <= BLOCK {
        axis -= 1;
        let all = inner.saturating_mul(part.count[axis]);
        if all > BLOCK || axis == 0 {
            break;
        }
        inner = all;
    }
    if axis == part.count.len() {
        // A scalar, or elements that are larger than a block: each by itself.
        let axis = axis.saturating_sub(1);
        return (axis, 1, None);
    }
    let rows = (BLOCK / inner.max(1)).max(1);
    let chunk =
        chunk.and_then(|chunk| chunk.get(axis).copied()).filter(|_| part.step[axis] == 1 && !part.reversed[axis]);
    match chunk {
        Some(chunk) if chunk > rows && chunk.saturating_mul(inner) <= ALIGNED => (axis, chunk, Some(chunk)),
        Some(chunk) if chunk <= rows => (axis, rows - rows % chunk, Some(chunk)),
        _ => (axis, rows, None),
    }
}

#[cfg(test)]
mod tests {
    use filebacked::ndarray::{ArrayD, IxDyn};
    use filebacked::objects::{Group, Object, Scalar};

    use super::*;
    use crate::slice::Slice;

    /// However it is cut, a part is what it is.
    #[test]
    fn blocks_are_the_part() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.h5");
        let array = ArrayD::from_shape_fn(IxDyn(&[5, 4, 6]), |at| (100 * at[0] + 10 * at[1] + at[2]) as i64);
        let options = filebacked::WriteOptions::new().at("x", |x| x.chunk([2, 4, 5]).deflate(1).above(0));
        options.to_file(&path, &filebacked::Value::from_iter([("x", array.into())])).unwrap();
        let root = Group::open_file(&path).unwrap();
        let Object::Dataset(dataset) = root.open("x").unwrap() else { panic!() };
        let chunk = dataset.storage().unwrap().chunk;
        assert_eq!(chunk.as_deref(), Some(&[2, 4, 5][..]));
        for text in ["...", "::-1", "1:5, ::2, ::-2", "-1", "2, 1, 3", "::-1, ::-1, ::-1", "4:2", ":, 3, 5:0:-2"] {
            let part = Slice::parse(text).unwrap().part(&[5, 4, 6]).unwrap();
            let along = |axis: usize| -> Vec<i64> {
                let mut all: Vec<_> =
                    (0..part.count[axis]).map(|at| (part.start[axis] + at * part.step[axis]) as i64).collect();
                if part.reversed[axis] {
                    all.reverse();
                }
                all
            };
            let mut expected = Vec::new();
            for one in along(0) {
                for two in along(1) {
                    expected.extend(along(2).into_iter().map(|three| 100 * one + 10 * two + three));
                }
            }
            for size in [8, BLOCK / 3, BLOCK / 7, BLOCK / 25, 2 * BLOCK] {
                let mut blocks = Blocks::with_size(&dataset, &part, chunk.as_deref(), size);
                let mut found = Vec::new();
                while let Some(block) = blocks.next().unwrap() {
                    for (number, position) in block.positions().enumerate() {
                        let Ok(Scalar::Integer(value)) = block.items.elements().get(position) else { panic!() };
                        found.push(value as i64);
                        let index = block.index(number as u64);
                        let at: Vec<i64> = (0..3).map(|axis| along(axis)[index[axis] as usize]).collect();
                        assert_eq!(value as i64, 100 * at[0] + 10 * at[1] + at[2]);
                    }
                }
                assert_eq!(found, expected, "[{text}] in elements of {size} bytes");
            }
        }
    }
}
