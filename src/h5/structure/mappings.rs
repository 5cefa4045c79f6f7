//! Virtual datasets: which parts of which other datasets they are made of.
//!
//! HDF5 File Format Specification, section VII.F ("Global Heap Block for Virtual Datasets"). libhdf5 (2.2,
//! `H5D__virtual_load_layout`) makes room for as many parts as are claimed, by a product that overflows.

use std::rc::Rc;

use super::look::{Fields, Look, Part};
use crate::ground::error::Result;
use crate::h5::global_heap::Heap;

/// A dataset that a virtual one has a part of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Source {
    /// The name of its file; none where that is the same file.
    pub(super) file: Option<Rc<[u8]>>,
    /// Its path there.
    pub(super) path: Rc<[u8]>,
}

// What is said of a part: that its file's or its dataset's name is that of an earlier one, or that its file is the same.
const FILE_SHARED: u8 = 1;
const PATH_SHARED: u8 = 2;
const SAME_FILE: u8 = 4;

/// Reads what the object of the global heap at that place says of the parts.
pub(super) fn read(look: &Look<'_>, (address, index): (u64, u32)) -> Result<Vec<Source>> {
    let part = Part("list of what a virtual dataset is made of, in the global heap", address);
    let mut heap = Heap::new(look.sizes.length);
    heap.set_budget(look.file.len());
    let block = heap.object(&look.file, (address, index))?;
    let mut fields = look.fields(part, &block);
    let version = fields.byte()?;
    if version > 1 {
        // libhdf5 says whether it knows it.
        return Ok(Vec::new());
    }
    let count = fields.length()?;
    // Each has two selections of at least so many bytes.
    const LEAST: u64 = 2 * 16;
    if count > block.len() as u64 / LEAST {
        return Err(part.wrong("it counts more parts than it has room for"));
    }
    let mut sources: Vec<Source> = Vec::with_capacity(count as usize);
    for _ in 0..count {
        let flags = if version == 0 { 0 } else { fields.byte()? };
        if flags & !(FILE_SHARED | PATH_SHARED | SAME_FILE) != 0 {
            return Err(part.wrong("it says of a part what nobody knows"));
        }
        let earlier = |fields: &mut Fields<'_>| -> Result<Source> {
            let number = fields.length()?;
            let found = usize::try_from(number).ok().and_then(|number| sources.get(number));
            found.cloned().ok_or_else(|| part.wrong("a part has the name of one that comes later"))
        };
        let file = match flags {
            flags if flags & SAME_FILE != 0 => None,
            flags if flags & FILE_SHARED != 0 => earlier(&mut fields)?.file,
            _ => Some(fields.name()?).filter(|name| *name != b".").map(Rc::from),
        };
        let path = match flags & PATH_SHARED {
            0 => Rc::from(fields.name()?),
            _ => earlier(&mut fields)?.path,
        };
        for _ in 0..2 {
            selection(&mut fields)?;
        }
        sources.push(Source { file, path });
    }
    Ok(sources)
}

/// Goes past a selection.
fn selection(fields: &mut Fields<'_>) -> Result<()> {
    const NONE: u64 = 0;
    const POINTS: u64 = 1;
    const BLOCKS: u64 = 2;
    const ALL: u64 = 3;
    const MAX_RANK: u64 = 32;
    let part = fields.part;
    let (kind, version) = (fields.next(4)?, fields.next(4)?);
    let is_known = match kind {
        NONE | ALL => version == 1,
        POINTS => (1..=2).contains(&version),
        BLOCKS => (1..=3).contains(&version),
        _ => false,
    };
    if !is_known {
        return Err(part.wrong("it has a selection of an unknown kind"));
    }
    if matches!(kind, NONE | ALL) {
        return fields.skip(8);
    }
    let flags = if kind == BLOCKS && version > 1 { fields.byte()? } else { 0 };
    let size = match (kind, version) {
        (_, 1) => {
            fields.skip(8)?;
            4
        }
        (BLOCKS, 2) => {
            fields.skip(4)?;
            8
        }
        _ => fields.byte()?.into(),
    };
    let rank = fields.next(4)?;
    if !matches!(size, 2 | 4 | 8) || rank == 0 || rank > MAX_RANK {
        return Err(part.wrong("it has a selection of absurd numbers"));
    }
    const IS_REGULAR: u8 = 1;
    // Start, stride, count and block; or the corners of each block; or points.
    let numbers = match kind {
        BLOCKS if flags & IS_REGULAR != 0 => Some(4 * rank),
        BLOCKS => fields.next(size)?.checked_mul(2 * rank),
        _ => fields.next(size)?.checked_mul(rank),
    };
    let bytes = numbers.and_then(|numbers| usize::try_from(numbers.checked_mul(size as u64)?).ok());
    fields.skip(bytes.unwrap_or(usize::MAX))
}
