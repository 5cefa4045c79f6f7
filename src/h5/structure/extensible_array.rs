//! Extensible arrays: where datasets that can grow along one dimension have the places of their chunks.
//!
//! HDF5 File Format Specification, section VII.D. As with fixed arrays, libhdf5 (2.2) takes all that the header says for granted.

use super::chunks::Chunks;
use super::layout::Blocks;
use super::look::{Look, Part, check_sum};
use crate::ground::error::Result;
use crate::ground::ledger;

/// What the header of an array says.
struct Array {
    header: u64,
    kind: u8,
    element: u64,
    offset_size: usize,
    /// Elements of the smallest data block, and of a page.
    least: u64,
    page: u64,
}

impl Array {
    /// How many data blocks super block `number` has, and how many elements each of them.
    fn super_block(&self, number: u32) -> (u64, u64) {
        (1 << (number / 2), self.least << number.div_ceil(2))
    }
}

/// How many super blocks there are, and how many of them the index block has itself, if such blocks make sense.
fn super_blocks(blocks: Blocks) -> Option<(u32, u32)> {
    let Blocks { bits, in_index, least, least_blocks, page_bits } = blocks;
    if !least.is_power_of_two() || !least_blocks.is_power_of_two() || least_blocks < 2 || bits > 64 {
        return None;
    }
    let all = u32::from(bits).checked_sub(least.ilog2())? + 1;
    let first = 2 * least_blocks.ilog2();
    if first > all || page_bits > bits || page_bits > 48 {
        return None;
    }
    // Blocks that the index block has itself, libhdf5 takes for such without pages.
    let (page, block) = (1u64 << page_bits, u64::from(least) << first.div_ceil(2));
    (page >= in_index.into() && page >= block).then_some((all, first))
}

/// Whether blocks that grow so make sense.
pub(super) fn is_sound(blocks: Blocks) -> bool {
    super_blocks(blocks).is_some()
}

pub(super) fn check(chunks: &mut Chunks<'_>, address: u64) -> Result<()> {
    let part = Part("extensible array", address);
    let look = chunks.look;
    let (sizes, element) = (look.sizes, chunks.element() as u64);
    let header = look.summed(part, b"EAHD", (16 + 6 * sizes.length + sizes.address) as u64)?;
    let mut fields = look.fields(part, &header[4..]);
    fields.version(0..=0)?;
    let kind = chunks.array_kind();
    if fields.byte()? != kind || u64::from(fields.byte()?) != element {
        return Err(part.wrong("it is of another kind than what it is for"));
    }
    let (bits, in_index, least) = (fields.byte()?, fields.byte()?, fields.byte()?);
    let (least_blocks, page_bits) = (fields.byte()?, fields.byte()?);
    let mut counts = [0; 6];
    for count in &mut counts {
        *count = fields.length()?;
    }
    let [.., most_set, _elements] = counts;
    let index = fields.address()?;
    let wrong = || part.wrong("its blocks are of absurd sizes");
    let blocks = Blocks { bits, in_index, least, least_blocks, page_bits };
    let (all, first) = super_blocks(blocks).ok_or_else(wrong)?;
    let (least, page) = (u64::from(least), 1u64 << page_bits);
    let array = Array { header: address, kind, element, offset_size: usize::from(bits).div_ceil(8), least, page };
    // What it counts up to must be where there are blocks for it.
    let room = (0..all).fold(u128::from(in_index), |room, number| room + (u128::from(least) << number));
    if u128::from(most_set) > room {
        return Err(part.wrong("it has more elements than blocks"));
    }
    // libhdf5 goes through all up to that one, also those that are not there.
    ledger::check_chunks(most_set, || look.file.len())?;
    let Some(index) = index else { return Ok(()) };
    let part = Part("index block of an extensible array", index);
    let direct = 2 * (usize::from(least_blocks) - 1);
    let supers = (all - first) as usize;
    let prefix = 6 + sizes.address;
    let elements = usize::from(in_index) * element as usize;
    let len = prefix + elements + (direct + supers) * sizes.address + 4;
    let bytes = look.summed(part, b"EAIB", len as u64)?;
    check_owner(look, part, &array, &bytes)?;
    chunks.meet_elements(part, 0, &bytes[prefix..prefix + elements])?;
    let mut fields = look.fields(part, &bytes[prefix + elements..]);
    // The number of the first element of a block. Those of elements that no dataset has may be anything.
    let mut start = u64::from(in_index);
    for number in 0..first {
        let (blocks, count) = array.super_block(number);
        for _ in 0..blocks {
            if let Some(block) = fields.address()? {
                data_block(chunks, &array, (block, start), count, None)?;
            }
            start = start.saturating_add(count);
        }
    }
    for number in first..all {
        let (blocks, count) = array.super_block(number);
        if let Some(block) = fields.address()? {
            super_block(chunks, &array, (block, start), number)?;
        }
        start = start.saturating_add(blocks.saturating_mul(count));
    }
    Ok(())
}

/// Makes sure that a block says of itself that it is of the array.
fn check_owner(look: &Look<'_>, part: Part, array: &Array, bytes: &[u8]) -> Result<()> {
    let mut fields = look.fields(part, &bytes[4..]);
    fields.version(0..=0)?;
    match fields.byte()? == array.kind && fields.address()? == Some(array.header) {
        true => Ok(()),
        false => Err(part.wrong("it belongs to another array")),
    }
}

/// Checks a super block, whose first element has the number `start`.
fn super_block(chunks: &mut Chunks<'_>, array: &Array, (address, start): (u64, u64), number: u32) -> Result<()> {
    let part = Part("super block of an extensible array", address);
    let look = chunks.look;
    let (blocks, count) = array.super_block(number);
    let prefix = (6 + look.sizes.address + array.offset_size) as u64;
    let pages = if count > array.page { count / array.page } else { 0 };
    let map = pages.div_ceil(8);
    let maps = blocks.checked_mul(map);
    let addresses = blocks.checked_mul(look.sizes.address as u64);
    let len = maps.zip(addresses).and_then(|(maps, addresses)| maps.checked_add(addresses)?.checked_add(prefix + 4));
    let Some(len) = len.filter(|len| *len <= look.file.len()) else {
        return Err(part.wrong("it goes beyond the end of the file"));
    };
    let bytes = look.summed(part, b"EASB", len)?;
    check_owner(look, part, array, &bytes)?;
    let mut fields = look.fields(part, &bytes[prefix as usize..]);
    let maps = fields.take((blocks * map) as usize)?;
    for block in 0..blocks {
        let Some(at) = fields.address()? else { continue };
        let initialized = (pages > 0).then_some(PageMap { maps, map, pages, block });
        let start = start.saturating_add(block.saturating_mul(count));
        data_block(chunks, array, (at, start), count, initialized)?;
    }
    Ok(())
}

/// Which pages of a data block were written.
#[derive(Clone, Copy)]
struct PageMap<'a> {
    maps: &'a [u8],
    /// Bytes of one block's map, and pages in a block.
    map: u64,
    pages: u64,
    block: u64,
}

impl PageMap<'_> {
    /// Whether page `number` was written. libhdf5 counts bits of all blocks one after the other, without filling up bytes.
    fn has(&self, number: u64) -> bool {
        let bit = self.block * self.pages + number;
        debug_assert!(self.map * 8 >= self.pages);
        self.maps.get((bit / 8) as usize).is_some_and(|byte| byte & 0x80 >> (bit % 8) != 0)
    }
}

/// Checks a data block with so many elements, of which the first has the number `start`.
fn data_block(
    chunks: &mut Chunks<'_>,
    array: &Array,
    (address, start): (u64, u64),
    count: u64,
    pages: Option<PageMap<'_>>,
) -> Result<()> {
    let part = Part("data block of an extensible array", address);
    let look = chunks.look;
    let prefix = (6 + look.sizes.address + array.offset_size) as u64;
    let Some(all) = count.checked_mul(array.element).filter(|all| *all <= look.file.len()) else {
        return Err(part.wrong("it goes beyond the end of the file"));
    };
    let len = if pages.is_some() { 0 } else { all };
    let bytes = look.summed(part, b"EADB", prefix + len + 4)?;
    check_owner(look, part, array, &bytes)?;
    let Some(pages) = pages else {
        return chunks.meet_elements(part, start, &bytes[prefix as usize..bytes.len() - 4]);
    };
    let len = array.page * array.element + 4;
    let mut at = address + prefix + 4;
    for number in 0..pages.pages {
        if pages.has(number) {
            let part = Part("page of an extensible array", at);
            let bytes = look.bytes(part, len)?;
            check_sum(part, &bytes)?;
            let first = start.saturating_add(number.saturating_mul(array.page));
            chunks.meet_elements(part, first, &bytes[..bytes.len() - 4])?;
        }
        at = at.saturating_add(len);
    }
    Ok(())
}
