//! Element types, and those that they are made of.
//!
//! HDF5 File Format Specification, section IV.A.2.d. libhdf5 goes into them without end: a type within a type takes its stack.

use std::cell::Cell;

use super::look::{Fields, Look, Part, bytes_of};
use crate::ground::error::Result;

/// How deep types may nest. libhdf5 needs some hundred bytes of stack for each level, and again wherever it copies or compares
/// a type.
const MAX_DEPTH: u32 = 256;
/// A version that is not known here. libhdf5 says whether it knows it.
const UNKNOWN: u64 = u64::MAX;

/// What there is to know of an element type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Type {
    /// Bytes of an item; none where its version is unknown.
    size: u64,
}

impl Type {
    /// Bytes of an item, if that is known.
    pub(super) fn size(self) -> Option<u64> {
        (self.size != UNKNOWN).then_some(self.size)
    }
}

/// A part of an item that is of variable length: where it begins in that, the bytes of an element, and what is of variable length
/// in each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Varlen {
    pub(super) at: u64,
    pub(super) size: u64,
    pub(super) inside: Vec<Self>,
}

/// Elements of sequences that have no more bytes may belong to a file that has fewer, and none of them.
const MAX_ELEMENT: u64 = 1 << 20;

impl Varlen {
    /// Whether an element of it, or of a sequence in that, has more bytes than that.
    fn is_beyond(&self, most: u64) -> bool {
        self.size > most || self.inside.iter().any(|part| part.is_beyond(most))
    }

    /// How many parts it is, with those inside.
    pub(super) fn count(&self) -> usize {
        1 + self.inside.iter().map(Self::count).sum::<usize>()
    }
}

/// At most so many copies of parts are kept for the elements of arrays, at all levels together.
const MAX_VARLENS: usize = 1 << 14;

/// Parts of variable length that were found, at one level.
struct Found<'a> {
    parts: Vec<Varlen>,
    /// How many more copies may be kept; none where nobody asks for the parts.
    left: &'a Cell<usize>,
}

impl Found<'_> {
    /// Has the parts from `first` on once for each of so many items.
    fn repeat(&mut self, first: usize, count: u64, size: u64) {
        let parts = self.parts[first..].to_vec();
        let each: usize = parts.iter().map(Varlen::count).sum();
        let room = self.left.get().checked_div(each).unwrap_or(0);
        for number in (1..count).take(room) {
            let at = |part: &Varlen| part.at.saturating_add(number.saturating_mul(size));
            self.parts.extend(parts.iter().map(|part| Varlen { at: at(part), ..part.clone() }));
            self.left.set(self.left.get() - each);
        }
    }
}

/// Reads the element type that `body` is.
pub(super) fn read(look: &Look<'_>, part: Part, body: &[u8]) -> Result<Type> {
    let mut found = Found { parts: Vec::new(), left: &Cell::new(0) };
    let size = next(&mut look.fields(part, body), 0, &mut found)?;
    // Not one of these is in the file, and libhdf5 makes room for one when it copies items (2.2, `H5T__conv_vlen`).
    let most = look.file.len().max(MAX_ELEMENT);
    if found.parts.iter().any(|part| part.is_beyond(most)) {
        return Err(part.wrong("it has sequences of elements that are larger than the whole file"));
    }
    Ok(Type { size: size.unwrap_or(UNKNOWN) })
}

/// The parts of an item that are of variable length.
pub(super) fn varlens(look: &Look<'_>, part: Part, body: &[u8]) -> Result<Vec<Varlen>> {
    let mut found = Found { parts: Vec::new(), left: &Cell::new(MAX_VARLENS) };
    next(&mut look.fields(part, body), 0, &mut found)?;
    Ok(found.parts)
}

/// Reads a type; none where it is not known how long it is. What is of variable length in it is added to `found`.
fn next(fields: &mut Fields<'_>, depth: u32, found: &mut Found<'_>) -> Result<Option<u64>> {
    let wrong = |fields: &Fields<'_>, why: &str| Err(fields.part.wrong(why));
    if depth > MAX_DEPTH {
        return wrong(fields, "it nests too deep");
    }
    let start = fields.byte()?;
    let (class, version) = (start & 15, start >> 4);
    let (flags, size) = (fields.next(3)?, fields.next(4)?);
    if !(1..=5).contains(&version) {
        return Ok(None);
    }
    if size == 0 {
        return wrong(fields, "it has items of no size");
    }
    match class {
        // Integers and bit fields.
        0 | 4 => {
            let (offset, bits) = (fields.next(2)?, fields.next(2)?);
            if bits == 0 || offset + bits > size * 8 {
                return wrong(fields, "it has more bits than room");
            }
        }
        1 => {
            let (offset, bits) = (fields.next(2)?, fields.next(2)?);
            fields.skip(8)?;
            if offset + bits > size * 8 {
                return wrong(fields, "it has more bits than room");
            }
        }
        // Times.
        2 => fields.skip(2)?,
        // Strings and references.
        3 | 7 => {}
        // Opaque bytes, with a tag.
        5 => fields.skip((flags & 0xff) as usize)?,
        6 => return compound(fields, (version, size), flags & 0xffff, depth, found),
        // Enumerations.
        8 => {
            let count = flags & 0xffff;
            let Some(item) = next(fields, depth + 1, found)? else { return Ok(None) };
            if item != size {
                return wrong(fields, "it has values of another size");
            }
            for _ in 0..count {
                padded_name(fields, version)?;
            }
            for _ in 0..count {
                fields.skip(item as usize)?;
            }
        }
        // Variable length.
        9 => {
            let mut inside = Found { parts: Vec::new(), left: found.left };
            let Some(size) = next(fields, depth + 1, &mut inside)? else { return Ok(None) };
            found.parts.push(Varlen { at: 0, size, inside: inside.parts });
        }
        // Complex numbers.
        11 => {
            if next(fields, depth + 1, found)?.is_none() {
                return Ok(None);
            }
        }
        // Arrays.
        10 => {
            let rank = fields.byte()?;
            if rank > 32 {
                return wrong(fields, "it has too many dimensions");
            }
            if version < 3 {
                fields.skip(3)?;
            }
            let mut count = Some(1u64);
            for _ in 0..rank {
                let dim = fields.next(4)?;
                count = count.and_then(|count| count.checked_mul(dim));
            }
            if version < 3 {
                fields.skip(4 * usize::from(rank))?;
            }
            let first = found.parts.len();
            let Some(item) = next(fields, depth + 1, found)? else { return Ok(None) };
            match count.filter(|count| count.checked_mul(item) == Some(size)) {
                Some(count) => found.repeat(first, count, item),
                None => return wrong(fields, "its size is not that of its elements"),
            }
        }
        // libhdf5 knows whether there is such a class.
        _ => return Ok(None),
    }
    Ok(Some(size))
}

/// Reads the members of a compound type of that version and size.
fn compound(
    fields: &mut Fields<'_>,
    (version, size): (u8, u64),
    count: u64,
    depth: u32,
    found: &mut Found<'_>,
) -> Result<Option<u64>> {
    for _ in 0..count {
        padded_name(fields, version)?;
        let offset = fields.next(if version < 3 { 4 } else { bytes_of(size) })?;
        let mut items = 1u64;
        if version == 1 {
            let rank = fields.byte()?;
            fields.skip(3 + 4 + 4)?;
            let dims = [fields.next(4)?, fields.next(4)?, fields.next(4)?, fields.next(4)?];
            let dims = dims.get(..rank.into()).ok_or_else(|| fields.part.wrong("it has too many dimensions"))?;
            items = dims.iter().fold(1, |items, dim| items.saturating_mul(*dim));
        }
        let first = found.parts.len();
        let Some(member) = next(fields, depth + 1, found)? else { return Ok(None) };
        let end = member.checked_mul(items).and_then(|bytes| bytes.checked_add(offset));
        if end.is_none_or(|end| end > size) {
            return Err(fields.part.wrong("a member goes beyond its end"));
        }
        found.repeat(first, items, member);
        found.parts[first..].iter_mut().for_each(|part| part.at = part.at.saturating_add(offset));
    }
    Ok(Some(size))
}

/// Takes the name of a member. Old versions fill it up to a multiple of eight bytes.
fn padded_name(fields: &mut Fields<'_>, version: u8) -> Result<()> {
    let len = fields.name()?.len() + 1;
    if version < 3 {
        fields.skip(len.next_multiple_of(8) - len)?;
    }
    Ok(())
}
