//! Data layouts: where a dataset has its items.
//!
//! HDF5 File Format Specification, section IV.A.2.i.

use super::look::{Fields, Look, Part};
use crate::ground::error::Result;

const COMPACT: u8 = 0;
const CONTIGUOUS: u8 = 1;
const CHUNKED: u8 = 2;
const VIRTUAL: u8 = 3;

/// The most dimensions, with that of the bytes of an item.
const MAX_RANK: u8 = 33;

/// Where a dataset has its items.
#[derive(Clone, Debug)]
pub(super) enum Layout {
    /// In its header, so many bytes.
    Compact(u64),
    /// In one piece, of so many bytes if that is said, if it is there.
    Contiguous {
        address: Option<u64>,
        size: Option<u64>,
    },
    Chunked(Chunked),
    /// In other datasets, of which an object of the global heap says which ones: its collection, and its number there.
    Virtual(Option<(u64, u32)>),
    /// In a way that is not known here. libhdf5 says whether it knows it.
    Unknown,
}

/// How chunks are found.
#[derive(Clone, Debug)]
pub(super) struct Chunked {
    pub(super) version: u8,
    /// The last dimension is the bytes of an item.
    pub(super) dims: Vec<u64>,
    /// Whether chunks that are partly beyond the end of the dataset go by without filters.
    pub(super) leaves_edges: bool,
    pub(super) index: Index,
    /// Where the index is, if there is one yet.
    pub(super) address: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Index {
    /// A B-tree of version 1.
    OldTree,
    /// There is one chunk, of so many bytes if it is filtered, by filters of which a mask says which ones are left out.
    Single(Option<(u64, u32)>),
    /// One follows the other.
    Implicit,
    FixedArray {
        page_bits: u8,
    },
    ExtensibleArray(Blocks),
    /// A B-tree of version 2, with nodes of so many bytes, which are split and merged at so many percent.
    Tree {
        node: u64,
        percents: (u8, u8),
    },
}

/// How the blocks of an extensible array grow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blocks {
    /// Bits of the number of elements.
    pub(super) bits: u8,
    /// Elements in the index block, and in the smallest data block.
    pub(super) in_index: u8,
    pub(super) least: u8,
    /// Data blocks that the first super block has at least.
    pub(super) least_blocks: u8,
    /// Bits of the number of elements in a page.
    pub(super) page_bits: u8,
}

impl Chunked {
    /// Bytes of a chunk; none where there are more than a number holds.
    pub(super) fn bytes(&self) -> Option<u64> {
        self.dims.iter().try_fold(1u64, |bytes, dim| bytes.checked_mul(*dim))
    }
}

/// Reads where a dataset has its items.
pub(super) fn read(look: &Look<'_>, part: Part, body: &[u8]) -> Result<Layout> {
    let mut fields = look.fields(part, body);
    match fields.byte()? {
        version @ 1..=2 => old(fields, version),
        version @ 3..=5 => new(fields, version),
        _ => Ok(Layout::Unknown),
    }
}

fn dims(fields: &mut Fields<'_>, rank: u8, size: usize) -> Result<Vec<u64>> {
    let dims = (0..rank).map(|_| fields.next(size)).collect::<Result<Vec<_>>>()?;
    match dims.contains(&0) {
        true => Err(fields.part.wrong("it has chunks without items")),
        false => Ok(dims),
    }
}

fn old(mut fields: Fields<'_>, version: u8) -> Result<Layout> {
    let part = fields.part;
    let (rank, class) = (fields.byte()?, fields.byte()?);
    if rank == 0 || rank > MAX_RANK {
        return Err(part.wrong("it has an absurd number of dimensions"));
    }
    fields.skip(5)?;
    Ok(match class {
        COMPACT => {
            fields.skip(4 * usize::from(rank))?;
            let size = fields.next(4)?;
            fields.skip(size as usize)?;
            Layout::Compact(size)
        }
        CONTIGUOUS => {
            let address = fields.address()?;
            fields.skip(4 * usize::from(rank))?;
            Layout::Contiguous { address, size: None }
        }
        CHUNKED => {
            let address = fields.address()?;
            let dims = dims(&mut fields, rank, 4)?;
            Layout::Chunked(Chunked { version, dims, leaves_edges: false, index: Index::OldTree, address })
        }
        _ => Layout::Unknown,
    })
}

fn new(mut fields: Fields<'_>, version: u8) -> Result<Layout> {
    let part = fields.part;
    Ok(match fields.byte()? {
        COMPACT => {
            let size = fields.next(2)?;
            fields.skip(size as usize)?;
            Layout::Compact(size)
        }
        CONTIGUOUS => Layout::Contiguous { address: fields.address()?, size: Some(fields.length()?) },
        CHUNKED if version == 3 => {
            let rank = fields.byte()?;
            check_rank(part, rank)?;
            let address = fields.address()?;
            let dims = dims(&mut fields, rank, 4)?;
            Layout::Chunked(Chunked { version, dims, leaves_edges: false, index: Index::OldTree, address })
        }
        CHUNKED => {
            const LEAVES_EDGES: u8 = 1;
            const HAS_FILTERED_CHUNK: u8 = 2;
            let (flags, rank, size) = (fields.byte()?, fields.byte()?, fields.byte()?);
            check_rank(part, rank)?;
            if size == 0 || size > 8 {
                return Err(part.wrong("it has dimensions of an absurd size"));
            }
            let dims = dims(&mut fields, rank, size.into())?;
            let index = match fields.byte()? {
                1 if flags & HAS_FILTERED_CHUNK != 0 => {
                    let (bytes, mask) = (fields.length()?, fields.next(4)?);
                    Index::Single(Some((bytes, mask as u32)))
                }
                1 => Index::Single(None),
                2 => Index::Implicit,
                3 => Index::FixedArray { page_bits: fields.byte()? },
                4 => {
                    let (bits, in_index, least_blocks) = (fields.byte()?, fields.byte()?, fields.byte()?);
                    let (least, page_bits) = (fields.byte()?, fields.byte()?);
                    Index::ExtensibleArray(Blocks { bits, in_index, least, least_blocks, page_bits })
                }
                5 => Index::Tree { node: fields.next(4)?, percents: (fields.byte()?, fields.byte()?) },
                _ => return Ok(Layout::Unknown),
            };
            let leaves_edges = flags & LEAVES_EDGES != 0;
            Layout::Chunked(Chunked { version, dims, leaves_edges, index, address: fields.address()? })
        }
        VIRTUAL if version >= 4 => {
            let (address, index) = (fields.address()?, fields.next(4)?);
            Layout::Virtual(address.map(|address| (address, index as u32)))
        }
        _ => Layout::Unknown,
    })
}

fn check_rank(part: Part, rank: u8) -> Result<()> {
    match rank {
        2..=MAX_RANK => Ok(()),
        _ => Err(part.wrong("it has an absurd number of dimensions")),
    }
}
