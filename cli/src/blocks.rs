//! Parts of datasets, block by block, in memory that does not depend on how large they are.

use filebacked::objects::{Dataset, Items};

use crate::failure::Outcome;
use crate::slice::Part;

/// Bytes of a block.
const BLOCK: u64 = 4 << 20;
/// Bytes that a block may have if it ends where chunks do, so that none is read twice.
const ALIGNED: u64 = 64 << 20;
/// What an element with parts of variable length is taken for until some were read, and how many are read first.
const VARIABLE: u64 = 256;
const FIRST: u64 = 256;

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

    /// Where in memory the item at a position in the order of the part is.
    pub(crate) fn position(&self, at: u64) -> usize {
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
    /// Elements have lengths of their own: how many a block has follows from what was read.
    is_variable: bool,
    /// In place of all that, where the order does not matter: how many items a block has along each dimension.
    tile: Option<Vec<u64>>,
    next: Option<Vec<u64>>,
}

impl<'a> Blocks<'a> {
    pub(crate) fn new(dataset: &'a Dataset, part: &'a Part) -> Outcome<Self> {
        let chunk = if part.count.is_empty() { None } else { dataset.storage()?.chunk };
        let is_variable = dataset.element_type().is_variable();
        let mut blocks = Self::with_size(dataset, part, chunk.as_deref(), size_of(dataset));
        if is_variable {
            blocks.is_variable = true;
            blocks.rows = blocks.rows.min(FIRST);
            blocks.chunk = None;
        }
        Ok(blocks)
    }

    /// The same in another order, where each chunk would be read for many blocks: the part, all of a dataset, in blocks of whole
    /// chunks.
    pub(crate) fn in_any_order(dataset: &'a Dataset, part: &'a Part) -> Outcome<Self> {
        let mut blocks = Self::new(dataset, part)?;
        let chunk = if part.count.is_empty() { None } else { dataset.storage()?.chunk };
        if let Some(chunk) = chunk.filter(|chunk| chunk.len() == part.count.len() && !blocks.is_variable)
            && blocks.chunk.is_none()
            && chunk[..blocks.axis + 1].iter().any(|len| *len > 1)
        {
            blocks.tile = Some(tile(&part.count, &chunk, size_of(dataset)));
        }
        Ok(blocks)
    }

    fn with_size(dataset: &'a Dataset, part: &'a Part, chunk: Option<&[u64]>, size: u64) -> Self {
        let (axis, rows, chunk) = cut(part, chunk, size);
        let next = (part.len() > 0).then(|| vec![0; part.count.len()]);
        Self { dataset, part, axis, rows, chunk, is_variable: false, tile: None, next }
    }

    /// The next block.
    pub(crate) fn next(&mut self) -> Outcome<Option<Block>> {
        let Some(at) = self.next.take() else { return Ok(None) };
        let part = self.part;
        if let Some(tile) = &self.tile {
            let count: Vec<u64> = (0..at.len()).map(|axis| tile[axis].min(part.count[axis] - at[axis])).collect();
            let start: Vec<u64> = (0..at.len()).map(|axis| part.start[axis] + at[axis]).collect();
            let items = self.dataset.read(&start, &count)?;
            self.next = following_tile(&at, tile, &part.count);
            return Ok(Some(Block { items, at, count, reversed: part.reversed.clone() }));
        }
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
        if self.is_variable {
            let memory = (items.memory() as u64).max(1);
            self.rows = match memory {
                // As many as fill a block, or a few times what there was.
                ..BLOCK => self.rows.saturating_mul((BLOCK / memory).min(4)).max(1),
                _ => (self.rows / memory.div_ceil(BLOCK)).max(1),
            };
        }
        Ok(Some(Block { items, at, count, reversed: part.reversed.clone() }))
    }
}

/// Bytes that an element takes, or may take.
fn size_of(dataset: &Dataset) -> u64 {
    let size = dataset.element_type().size() as u64;
    if dataset.element_type().is_variable() { size + VARIABLE } else { size.max(1) }
}

/// How many items a block of whole chunks has along each dimension: about as many as fit, or one chunk.
fn tile(dims: &[u64], chunk: &[u64], size: u64) -> Vec<u64> {
    let mut tile: Vec<u64> = chunk.iter().zip(dims).map(|(chunk, dim)| (*chunk).clamp(1, (*dim).max(1))).collect();
    let bytes = tile.iter().fold(size, |bytes, len| bytes.saturating_mul(*len));
    let mut left = (BLOCK / bytes.max(1)).max(1);
    for axis in (0..dims.len()).rev() {
        let along = dims[axis].div_ceil(tile[axis]);
        tile[axis] *= along.min(left);
        if along > left {
            break;
        }
        left /= along.max(1);
    }
    tile
}

/// Where the block after one begins.
fn following_tile(at: &[u64], tile: &[u64], dims: &[u64]) -> Option<Vec<u64>> {
    let mut next = at.to_vec();
    for axis in (0..dims.len()).rev() {
        next[axis] += tile[axis];
        if next[axis] < dims[axis] {
            return Some(next);
        }
        next[axis] = 0;
    }
    None
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

    fn dataset(path: &std::path::Path, name: &str) -> Dataset {
        match Group::open_file(path).unwrap().open(name).unwrap() {
            Object::Dataset(dataset) => dataset,
            _ => panic!("no dataset"),
        }
    }

    /// Where a chunk has parts of many rows, each is in one block, and all values are met.
    #[test]
    fn chunks_are_read_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.h5");
        let array = ArrayD::from_shape_fn(IxDyn(&[300, 40_000]), |at| (at[0] * 40_000 + at[1]) as f64);
        let options = filebacked::WriteOptions::new().at("x", |x| x.chunk([300, 500]).lzf());
        options.to_file(&path, &filebacked::Value::from_iter([("x", array.into())])).unwrap();
        let dataset = dataset(&path, "x");
        let part = Part::all(dataset.dims().unwrap());
        let mut blocks = Blocks::in_any_order(&dataset, &part).unwrap();
        let (mut count, mut sum) = (0, 0.0);
        while let Some(block) = blocks.next().unwrap() {
            assert!(block.at[1] % 500 == 0 && block.count[0] == 300 && block.count[1] % 500 == 0, "{:?}", block.count);
            let elements = block.items.elements();
            for number in (0..elements.len()).step_by(9973) {
                let (Ok(Scalar::F64(value)), index) = (elements.get(number), block.index(number as u64)) else {
                    panic!()
                };
                assert_eq!(value, (index[0] * 40_000 + index[1]) as f64);
            }
            sum += elements
                .bytes()
                .chunks_exact(8)
                .map(|value| f64::from_ne_bytes(value.try_into().unwrap()))
                .sum::<f64>();
            count += block.items.len();
        }
        let all = 12_000_000.0;
        assert_eq!((count as f64, sum), (all, all * (all - 1.0) / 2.0));
    }

    /// However long elements are, a few megabytes of them are in memory.
    #[test]
    fn long_strings_take_few_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.h5");
        let texts: Vec<String> = (0..3000).map(|number| "x".repeat(if number < 2000 { 10 } else { 50_000 })).collect();
        let options = filebacked::WriteOptions::new().at("x", |x| x.strings(filebacked::Strings::Variable));
        options.to_file(&path, &std::collections::BTreeMap::from([("x", texts)])).unwrap();
        let dataset = dataset(&path, "x");
        let part = Part::all(dataset.dims().unwrap());
        let mut blocks = Blocks::new(&dataset, &part).unwrap();
        let (mut count, mut most) = (0, 0);
        while let Some(block) = blocks.next().unwrap() {
            count += block.items.len();
            most = most.max(block.items.memory());
        }
        assert_eq!(count, 3000);
        // Where they become longer, one block may be that of shorter ones.
        assert!(most < 60 << 20, "{most}");
    }
}
