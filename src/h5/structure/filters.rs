//! Filters of a dataset's chunks, or of a heap, and the parameters of those that libhdf5 follows without looking.
//!
//! HDF5 File Format Specification, section IV.A.2.l.

use super::look::{Look, Part};
use crate::ground::error::Result;

const SHUFFLE: u16 = 2;
const FLETCHER32: u16 = 3;
const SZIP: u16 = 4;
const NBIT: u16 = 5;
const SCALE_OFFSET: u16 = 6;
/// Filters up to that number are HDF5's own, and have no names in the file.
const OWN: u16 = 255;
const MAX_FILTERS: u8 = 32;

/// A filter, and the numbers that it is told.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    id: u16,
    is_optional: bool,
    values: Vec<u32>,
}

/// Reads the filters that `body` lists.
pub(super) fn read(look: &Look<'_>, part: Part, body: &[u8]) -> Result<Vec<Filter>> {
    let mut fields = look.fields(part, body);
    let version = fields.version(1..=2)?;
    let count = fields.byte()?;
    if count > MAX_FILTERS {
        return Err(part.wrong("it has too many filters"));
    }
    if version == 1 {
        fields.skip(6)?;
    }
    let mut filters = Vec::new();
    for _ in 0..count {
        let id = fields.next(2)? as u16;
        let has_name = version == 1 || id > OWN;
        let name = if has_name { fields.next(2)? as usize } else { 0 };
        let (flags, values) = (fields.next(2)?, fields.next(2)? as usize);
        if version == 1 && name % 8 != 0 {
            return Err(part.wrong("a filter has a name of an absurd length"));
        }
        let name = fields.take(name)?;
        if !name.is_empty() && !name.contains(&0) {
            return Err(part.wrong("a name in it does not end"));
        }
        let bytes = fields.take(4 * values)?;
        let values = bytes.chunks_exact(4).map(|value| u32::from_le_bytes([value[0], value[1], value[2], value[3]]));
        let values: Vec<u32> = values.collect();
        if version == 1 && values.len() % 2 == 1 {
            fields.skip(4)?;
        }
        filters.push(Filter { id, is_optional: flags & 1 != 0, values });
    }
    Ok(filters)
}

/// What is filtered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk {
    /// Bytes of an item, and of a chunk.
    pub(super) item: u64,
    pub(super) bytes: u64,
}

/// Checks the parameters of filters that chunks go through. Returns how many bytes a chunk must have in the file, if all filters
/// are applied to it.
pub(super) fn check(part: Part, filters: &[Filter], chunk: Chunk) -> Result<u64> {
    for filter in filters {
        let is_sound = match filter.id {
            SHUFFLE => filter.values.first().is_none_or(|size| *size > 0),
            SZIP => is_sound_szip(&filter.values, filter.is_optional),
            NBIT => is_sound_nbit(&filter.values, chunk),
            SCALE_OFFSET => is_sound_scale_offset(&filter.values, filter.is_optional, chunk),
            _ => true,
        };
        if !is_sound {
            return Err(part.wrong(&format!("filter {} has parameters that do not fit what it is for", filter.id)));
        }
    }
    Ok(match filters.last() {
        // Its checksum, which libhdf5 looks for before where the chunk begins.
        Some(filter) if filter.id == FLETCHER32 => 4,
        // How long what follows is.
        Some(filter) if filter.id == SZIP => 4,
        Some(filter) if filter.id == NBIT => nbit_bytes(&filter.values),
        Some(filter) if filter.packs(chunk).is_some() => PACKED,
        _ => 1,
    })
}

/// Where the packed numbers of a chunk begin that scale-offset has made: after the number of bits, and the smallest number.
const PACKED: u64 = 21;

impl Filter {
    /// Whether it was optional, and cannot be applied: libhdf5 (2.2) looks for a parameter of n-bit where there is none
    /// (`H5Z__filter_nbit`), and scale-offset packs no numbers that C does not have, as those of 3 and 16 bytes.
    pub(super) fn is_bare(&self, chunk: Chunk) -> bool {
        match self.id {
            NBIT => self.values.is_empty(),
            SCALE_OFFSET => self.packs(chunk).is_some() && !is_of_c(chunk.item),
            _ => false,
        }
    }

    /// The bits of a number, if scale-offset packs numbers of a chunk: if it is told to keep all bits, it does nothing.
    fn packs(&self, chunk: Chunk) -> Option<u64> {
        const OF_INTEGERS: u32 = 2;
        let bits = 8 * chunk.item;
        match self.values[..] {
            [OF_INTEGERS, kept, _, ..] if u64::from(kept) == bits => None,
            [_, _, _, ..] => Some(bits).filter(|_| self.id == SCALE_OFFSET),
            _ => None,
        }
    }

    /// Whether a chunk that this filter was applied to last has fewer bytes than it says: by its first four, how many bits there
    /// are of each number. Where these are all, libhdf5 copies the numbers without looking.
    pub(super) fn is_cut(&self, chunk: Chunk, start: impl FnOnce() -> Result<u32>, bytes: u64) -> Result<bool> {
        match self.packs(chunk) {
            Some(bits) => Ok(u64::from(start()?) == bits && bytes < PACKED.saturating_add(chunk.bytes)),
            None => Ok(false),
        }
    }
}

/// Whether there is a filter of HDF5's that only makes sense for the items of a dataset.
pub(super) fn has_typed(filters: &[Filter]) -> bool {
    filters.iter().any(|filter| matches!(filter.id, SZIP | NBIT | SCALE_OFFSET))
}

/// Options, pixels of a block, bits of a pixel, pixels of a scan line. A filter without parameters was optional, and could not be
/// applied.
fn is_sound_szip(values: &[u32], is_optional: bool) -> bool {
    match values {
        [_, block, bits, line] => {
            let is_block = *block > 0 && *block <= 32 && block.is_multiple_of(2);
            is_block && matches!(bits, 1..=32 | 64) && *line > 0 && *line <= 32 * 128 && *line >= *block
        }
        _ => is_optional || values.len() == 2,
    }
}

/// The number of all parameters, whether there is nothing to do, the number of items, and a type.
fn is_sound_nbit(values: &[u32], chunk: Chunk) -> bool {
    match values {
        // It was optional, and was not told of any type: no chunk may go through it.
        [] => true,
        [count, ..] if *count as usize != values.len() => false,
        [_, has_nothing_to_do, ..] if *has_nothing_to_do != 0 => true,
        [_, _, items, class, size, ..] => {
            if u64::from(*items).checked_mul(u64::from(*size)) != Some(chunk.bytes) || *class == NO_TYPE {
                return false;
            }
            let mut steps = Steps { values, at: 3, size: 0 };
            steps.follow(0, 1).is_some()
        }
        _ => false,
    }
}

/// What n-bit calls types: numbers, arrays, compound types, and those that it leaves as they are.
const NUMBER: u32 = 1;
const ARRAY: u32 = 2;
const COMPOUND: u32 = 3;
const NO_TYPE: u32 = 4;

/// Types that n-bit packs nest no deeper.
const MAX_DEPTH: u32 = 256;

/// The way through n-bit's parameters.
struct Steps<'a> {
    values: &'a [u32],
    at: usize,
    /// Bits of all items that were met, as they are packed.
    size: u64,
}

impl Steps<'_> {
    fn next(&mut self) -> Option<u32> {
        let value = self.values.get(self.at)?;
        self.at += 1;
        Some(*value)
    }

    /// Follows a type, which there are `times` of. Returns its size in bytes.
    fn follow(&mut self, depth: u32, times: u64) -> Option<u32> {
        if depth > MAX_DEPTH {
            return None;
        }
        let class = self.next()?;
        let size = self.next().filter(|size| *size > 0)?;
        let bits = match class {
            NUMBER => {
                let (order, bits, offset) = (self.next()?, self.next()?, self.next()?);
                let is_within = bits.checked_add(offset).is_some_and(|end| u64::from(end) <= 8 * u64::from(size));
                (order <= 1 && bits > 0 && is_within).then_some(u64::from(bits))?
            }
            ARRAY => {
                // What it is an array of: its class, and its size.
                let item = *self.values.get(self.at + 1)?;
                let count = size.checked_div(item)?;
                if count == 0 || count.checked_mul(item) != Some(size) {
                    return None;
                }
                // An item that is left as it is, libhdf5 takes once, as long as the array.
                let times = times.checked_mul(count.into())?;
                self.follow(depth + 1, times).filter(|found| *found == item)?;
                return Some(size);
            }
            COMPOUND => {
                let count = self.next()?;
                let mut used = 0u32;
                for _ in 0..count {
                    let offset = self.next()?;
                    let member = self.follow(depth + 1, times)?;
                    used = used.checked_add(member)?;
                    if used > size || offset.checked_add(member)? > size {
                        return None;
                    }
                }
                return Some(size);
            }
            NO_TYPE => 8 * u64::from(size),
            _ => return None,
        };
        self.size = self.size.checked_add(bits.checked_mul(times)?)?;
        Some(size)
    }
}

/// Bytes of a chunk that n-bit has packed, by parameters that are sound.
fn nbit_bytes(values: &[u32]) -> u64 {
    let [_, 0, items, ..] = values else { return 1 };
    let mut steps = Steps { values, at: 3, size: 0 };
    match steps.follow(0, 1) {
        Some(_) => steps.size.saturating_mul(u64::from(*items)).div_ceil(8).max(1),
        None => 1,
    }
}

/// Whether C has numbers of that size.
fn is_of_c(item: u64) -> bool {
    matches!(item, 1 | 2 | 4 | 8)
}

/// How to scale, by how much, the number of items, their class, size, sign and order, whether there is a fill value, and that.
fn is_sound_scale_offset(values: &[u32], is_optional: bool, chunk: Chunk) -> bool {
    match values {
        // It was optional, and was not told of any type.
        [] => true,
        [_, _, items, class, size, sign, order, has_fill, fill @ ..] => {
            let fill_bytes = 4 * fill.len() as u64;
            *class <= 1
                && (is_optional || is_of_c(chunk.item))
                && *sign <= 1
                && *order <= 1
                && u64::from(*size) == chunk.item
                && u64::from(*items).checked_mul(u64::from(*size)) == Some(chunk.bytes)
                && (*has_fill == 0 || fill_bytes >= u64::from(*size))
        }
        // Two of them say how, and the rest comes with the type.
        _ => values.len() == 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nbit(values: &[u32], bytes: u64) -> bool {
        is_sound_nbit(values, Chunk { item: 4, bytes })
    }

    #[test]
    fn parameters_of_nbit() {
        let number = [8, 0, 10, NUMBER, 4, 0, 17, 3];
        assert!(nbit(&number, 40));
        assert_eq!(nbit_bytes(&number), (170_u64).div_ceil(8));
        assert!(!nbit(&number, 44), "another number of items");
        assert!(!nbit(&[7, 0, 10, NUMBER, 4, 0, 17, 3], 40), "another number of parameters");
        assert!(!nbit(&[8, 0, 10, NUMBER, 4, 0, 30, 3], 40), "more bits than there are");
        assert!(!nbit(&[8, 0, 10, NUMBER, 4, 0, u32::MAX, 3], 40), "bits that overflow");
        assert!(!nbit(&[7, 0, 10, NUMBER, 4, 0, 17], 40), "cut short");
        let compound = [6 + 2 * 6, 0, 10, COMPOUND, 8, 2, 0, NUMBER, 4, 0, 9, 0, 4, NUMBER, 4, 1, 32, 0];
        assert!(nbit(&compound, 80));
        assert_eq!(nbit_bytes(&compound), (410_u64).div_ceil(8));
        let array = [10, 0, 10, ARRAY, 8, NUMBER, 2, 0, 5, 1];
        assert!(nbit(&array, 80));
        assert_eq!(nbit_bytes(&array), 25);
        assert!(!nbit(&[10, 0, 10, ARRAY, 8, NUMBER, 0, 0, 5, 1], 80), "items of no size");
        assert!(!nbit(&[10, 0, 10, ARRAY, 8, NUMBER, 3, 0, 5, 1], 80), "items that do not fill it");
        let nested: Vec<u32> = [605, 0, 1].into_iter().chain([ARRAY, 4].repeat(301)).collect();
        assert!(!nbit(&nested, 4), "nested too deep");
    }

    #[test]
    fn parameters_of_scale_offset() {
        let chunk = Chunk { item: 4, bytes: 40 };
        let with = |at: usize, value: u32| {
            let mut values = vec![0; 20];
            values[..8].copy_from_slice(&[2, 0, 10, 0, 4, 1, 0, 1]);
            values[at] = value;
            is_sound_scale_offset(&values, true, chunk)
        };
        assert!(with(0, 2));
        for (at, value) in [(2, 11), (2, u32::MAX), (3, 2), (4, 0), (4, 8), (4, 3), (5, 2), (6, 2)] {
            assert!(!with(at, value), "{at}: {value}");
        }
    }

    /// Numbers that C does not have are packed by no scale-offset, which may be on the list all the same if it is optional.
    #[test]
    fn scale_offset_of_other_sizes() {
        let filter = |item: u32, kept: u32, is_optional: bool| {
            let mut values = vec![0; 20];
            values[..5].copy_from_slice(&[2, kept, 10, 0, item]);
            Filter { id: SCALE_OFFSET, is_optional, values }
        };
        for (item, is_bare) in [(1, false), (2, false), (3, true), (4, false), (5, true), (8, false), (16, true)] {
            let chunk = Chunk { item: item.into(), bytes: 10 * u64::from(item) };
            let is_sound = |is_optional| check(Part("", 0), &[filter(item, 0, is_optional)], chunk).is_ok();
            assert!(is_sound(true) && is_sound(false) != is_bare, "{item}");
            assert_eq!(filter(item, 0, true).is_bare(chunk), is_bare, "{item}");
            // It keeps all bits, and does nothing.
            assert!(!filter(item, 8 * item, true).is_bare(chunk), "{item}");
        }
    }
}
