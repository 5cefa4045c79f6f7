//! Fixed arrays: where datasets that cannot grow have the places of their chunks.
//!
//! HDF5 File Format Specification, section VII.C. libhdf5 (2.2) takes what the header says for granted: it divides, shifts and
//! allocates by it, and looks up elements that it does not have.

use super::chunks::Chunks;
use super::look::{Part, check_sum};
use crate::ground::error::Result;
use crate::ground::ledger;

/// Whether pages of that size make sense.
pub(super) fn is_sound(page_bits: u8) -> bool {
    (1..=32).contains(&page_bits)
}

pub(super) fn check(chunks: &mut Chunks<'_>, address: u64) -> Result<()> {
    let part = Part("fixed array", address);
    let look = chunks.look;
    let (sizes, element) = (look.sizes, chunks.element() as u64);
    let header = look.summed(part, b"FAHD", (12 + sizes.length + sizes.address) as u64)?;
    let mut fields = look.fields(part, &header[4..]);
    fields.version(0..=0)?;
    if fields.byte()? != chunks.array_kind() || u64::from(fields.byte()?) != element {
        return Err(part.wrong("it is of another kind than what it is for"));
    }
    let (page_bits, count, block) = (fields.byte()?, fields.length()?, fields.address()?);
    if !is_sound(page_bits) {
        return Err(part.wrong("it has pages of an absurd size"));
    }
    if count == 0 || chunks.most.is_none_or(|most| count < most) {
        return Err(part.wrong("it has fewer elements than there may be chunks"));
    }
    let Some(block) = block else { return Ok(()) };
    let part = Part("data block of a fixed array", block);
    let page = 1u64 << page_bits;
    let pages = if count > page { count.div_ceil(page) } else { 0 };
    let prefix = 6 + sizes.address as u64;
    let map = pages.div_ceil(8);
    // Pages at the end may not be there yet.
    let Some(all) = count.checked_mul(element).filter(|all| pages > 0 || *all <= look.file.len()) else {
        return Err(part.wrong("it goes beyond the end of the file"));
    };
    let data = if pages == 0 { all } else { map };
    look.check_within(part, block, data)?;
    // libhdf5 goes through all of them, also those that are not there.
    ledger::check_chunks(count, || look.file.len())?;
    let bytes = look.summed(part, b"FADB", prefix + data + 4)?;
    let mut fields = look.fields(part, &bytes[4..]);
    fields.version(0..=0)?;
    if fields.byte()? != chunks.array_kind() || fields.address()? != Some(address) {
        return Err(part.wrong("it belongs to another array"));
    }
    let data = &bytes[prefix as usize..bytes.len() - 4];
    if pages == 0 {
        return chunks.meet_elements(part, 0, data);
    }
    let first = block + prefix + map + 4;
    let has = |number: u64| data[(number / 8) as usize] & 0x80 >> (number % 8) != 0;
    for number in (0..pages).filter(|number| has(*number)) {
        let elements = page.min(count - number * page);
        let part = Part("page of a fixed array", first.saturating_add(number.saturating_mul(page * element + 4)));
        let bytes = look.bytes(part, elements * element + 4)?;
        check_sum(part, &bytes)?;
        chunks.meet_elements(part, number * page, &bytes[..bytes.len() - 4])?;
    }
    Ok(())
}
