//! Messages that are small: dataspaces, fill values, links, and what is known of groups.
//!
//! HDF5 File Format Specification, section IV.A.2.

use super::look::{Fields, Look, Part};
use crate::ground::error::Result;

/// The most dimensions.
const MAX_RANK: u8 = 32;

/// A dataspace.
#[derive(Clone, Debug, Default)]
pub(super) struct Space {
    /// How long it is along each dimension, and how long it may become.
    pub(super) dims: Vec<u64>,
    pub(super) most: Vec<u64>,
    pub(super) is_null: bool,
}

impl Space {
    /// The number of its items; none where there are more than a number holds.
    pub(super) fn items(&self) -> Option<u64> {
        if self.is_null || self.dims.contains(&0) {
            return Some(0);
        }
        self.dims.iter().try_fold(1u64, |items, dim| items.checked_mul(*dim))
    }
}

/// Reads a dataspace.
pub(super) fn space(look: &Look<'_>, part: Part, body: &[u8]) -> Result<Space> {
    let mut fields = look.fields(part, body);
    let version = fields.version(1..=2)?;
    let (rank, flags, class) = (fields.byte()?, fields.byte()?, fields.byte()?);
    if rank > MAX_RANK {
        return Err(part.wrong("it has too many dimensions"));
    }
    let mut found = Space { is_null: version == 2 && class == 2, ..Space::default() };
    if version == 2 && class != 1 && rank > 0 {
        return Err(part.wrong("it has dimensions, and is none that has"));
    }
    if version == 1 {
        fields.skip(4)?;
    }
    let dims = |fields: &mut Fields<'_>| (0..rank).map(|_| fields.length()).collect::<Result<Vec<u64>>>();
    found.dims = dims(&mut fields)?;
    found.most = if flags & 1 != 0 { dims(&mut fields)? } else { found.dims.clone() };
    // What is of fewer bytes than a number has all bits set, too, where there is no end.
    if let 1..8 = look.sizes.length {
        let unlimited = (1 << (8 * look.sizes.length)) - 1;
        found.most.iter_mut().filter(|most| **most == unlimited).for_each(|most| *most = u64::MAX);
    }
    if found.dims.iter().zip(&found.most).any(|(dim, most)| dim > most) {
        return Err(part.wrong("it is longer than it may become"));
    }
    if found.items().is_none() {
        return Err(part.wrong("it has more items than can be counted"));
    }
    Ok(found)
}

/// Reads a fill value; none where there is none.
pub(super) fn fill_value<'b>(look: &Look<'_>, part: Part, is_old: bool, body: &'b [u8]) -> Result<Option<&'b [u8]>> {
    let mut fields = look.fields(part, body);
    if is_old {
        let size = fields.next(4)?;
        return Ok(Some(fields.take(size as usize)?).filter(|value| !value.is_empty()));
    }
    let version = fields.version(1..=3)?;
    if version < 3 {
        let (_allocated, _filled, is_defined) = (fields.byte()?, fields.byte()?, fields.byte()?);
        if is_defined == 0 {
            return Ok(None);
        }
        let size = fields.next(4)? as u32 as i32;
        let size = usize::try_from(size).unwrap_or(0);
        return Ok(Some(fields.take(size)?).filter(|value| !value.is_empty()));
    }
    const HAS_VALUE: u8 = 0x20;
    if fields.byte()? & HAS_VALUE == 0 {
        return Ok(None);
    }
    let size = fields.next(4)?;
    Ok(Some(fields.take(size as usize)?).filter(|value| !value.is_empty()))
}

/// Where a link leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkTarget<'b> {
    /// To the object whose header is there.
    Hard(Option<u64>),
    /// To a path.
    Soft(&'b [u8]),
    /// To another file: a byte, the file's name, and a path there, each of which ends in a NUL.
    External(&'b [u8]),
    /// To what a program of its own knows.
    Other,
}

/// What is shown each link: its name, and where it leads.
pub(super) type ShowLink<'a> = dyn FnMut(&[u8], LinkTarget<'_>) -> Result<()> + 'a;

/// Reads a link: its name, and where it leads.
pub(super) fn link<'b>(look: &Look<'_>, part: Part, body: &'b [u8]) -> Result<(&'b [u8], LinkTarget<'b>)> {
    const SOFT: u8 = 1;
    const EXTERNAL: u8 = 64;
    const HAS_TYPE: u8 = 8;
    const HAS_ORDER: u8 = 4;
    const HAS_CHARACTERS: u8 = 16;
    let mut fields = look.fields(part, body);
    fields.version(1..=1)?;
    let flags = fields.byte()?;
    let class = if flags & HAS_TYPE != 0 { fields.byte()? } else { 0 };
    if flags & HAS_ORDER != 0 {
        fields.skip(8)?;
    }
    if flags & HAS_CHARACTERS != 0 {
        fields.skip(1)?;
    }
    let len = fields.next(1 << (flags & 3))?;
    let name = fields.take(usize::try_from(len).unwrap_or(usize::MAX))?;
    if name.is_empty() {
        return Err(part.wrong("it has no name"));
    }
    if class == 0 {
        return Ok((name, LinkTarget::Hard(fields.address()?)));
    }
    let len = fields.next(2)?;
    let value = fields.take(len as usize)?;
    Ok((
        name,
        match class {
            SOFT => LinkTarget::Soft(value),
            EXTERNAL => LinkTarget::External(value),
            _ => LinkTarget::Other,
        },
    ))
}

/// Checks what a group says of itself.
pub(super) fn group_info(look: &Look<'_>, part: Part, body: &[u8]) -> Result<()> {
    let mut fields = look.fields(part, body);
    fields.version(0..=0)?;
    let flags = fields.byte()?;
    for flag in [1, 2] {
        if flags & flag != 0 {
            fields.skip(4)?;
        }
    }
    Ok(())
}

/// What a message says of where links or attributes are: a heap, and trees that find them by name, and by order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dense {
    pub(super) heap: u64,
    pub(super) by_name: u64,
    pub(super) by_order: Option<u64>,
}

/// Reads where links or attributes are, if they are in a heap. The number that the next gets has `order` bytes.
pub(super) fn dense(look: &Look<'_>, part: Part, order: usize, body: &[u8]) -> Result<Option<Dense>> {
    const TRACKED: u8 = 1;
    const INDEXED: u8 = 2;
    let mut fields = look.fields(part, body);
    fields.version(0..=0)?;
    let flags = fields.byte()?;
    if flags & TRACKED != 0 {
        fields.skip(order)?;
    }
    let (heap, by_name) = (fields.address()?, fields.address()?);
    let by_order = if flags & INDEXED != 0 { Some(fields.address()?) } else { None };
    let Some(heap) = heap else { return Ok(None) };
    let no_index = || part.wrong("it has a heap without an index");
    let by_name = by_name.ok_or_else(no_index)?;
    let by_order = by_order.map(|tree| tree.ok_or_else(no_index)).transpose()?;
    Ok(Some(Dense { heap, by_name, by_order }))
}
