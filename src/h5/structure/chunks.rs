//! Where the chunks of a dataset are: what all indices of chunks have in common.

use super::edges::Edges;
use super::filters::{self, Filter};
use super::layout::{Chunked, Index};
use super::look::{Look, Part};
use super::messages::Space;
use super::places::Places;
use super::{extensible_array, fixed_array, old_tree, tree};
use crate::ground::error::Result;

/// Of chunks without an index, no more are taken note of.
const MOST_NOTED: u64 = 1 << 20;

/// The chunks of a dataset.
pub(super) struct Chunks<'a> {
    pub(super) look: &'a Look<'a>,
    /// Bytes of one that is not filtered.
    pub(super) bytes: u64,
    pub(super) is_filtered: bool,
    /// The dimensions of a chunk; the last is the bytes of an item.
    pub(super) dims: &'a [u64],
    /// How many chunks there may be along all dimensions, if there is an end to that.
    pub(super) most: Option<u64>,
    /// Bytes of the size of a filtered chunk in an index of version 4 and later.
    pub(super) size_size: usize,
    filters: &'a [Filter],
    /// Those that no chunk may go through, by the bits that a mask has for them.
    bare: u32,
    /// The least bytes of a chunk by the last of them that is applied to it.
    least: Vec<u64>,
    /// Which chunks go by without filters, if some do.
    edges: Option<Edges>,
    /// Bytes of all chunks that were met.
    stored: u64,
    /// How chunks are counted, and where each is, if that is taken note of.
    noted: Option<(Edges, Places)>,
}

/// A chunk that an index has.
#[derive(Clone, Copy)]
pub(super) struct Met {
    pub(super) address: u64,
    pub(super) bytes: u64,
    /// The filters that it did not go through, as bits.
    pub(super) mask: u32,
    /// It goes by without any.
    pub(super) is_bare: bool,
}

impl Chunks<'_> {
    /// Takes note of a chunk in the file, of which `part` says where it is.
    pub(super) fn meet(&mut self, part: Part, Met { address, bytes, mask, is_bare }: Met) -> Result<()> {
        if (!self.is_filtered || is_bare) && bytes != self.bytes {
            return Err(part.wrong("a chunk is of another size than the layout says"));
        }
        // Whatever the mask says, libhdf5 reads it as it is.
        let mask = if is_bare { u32::MAX } else { mask };
        let applied = (0..self.filters.len()).rev().find(|number| mask & 1 << number == 0);
        if self.bare & !mask != 0 {
            return Err(part.wrong("a chunk goes through a filter that cannot be applied to it"));
        }
        let least = applied.map_or(self.bytes, |number| self.least[number]);
        let too_few = || part.wrong("a chunk has fewer bytes than its filters need");
        if bytes < least {
            return Err(too_few());
        }
        self.look.check_within(part, address, bytes)?;
        if let Some(last) = applied.map(|number| &self.filters[number]) {
            let start = || {
                let mut start = [0; 4];
                self.look.file.read(address, &mut start)?;
                Ok(u32::from_le_bytes(start))
            };
            let chunk = filters::Chunk { item: self.dims.last().copied().unwrap_or(0), bytes: self.bytes };
            if last.is_cut(chunk, start, bytes)? {
                return Err(too_few());
            }
        }
        self.stored = self.stored.saturating_add(bytes);
        Ok(())
    }

    /// Takes note of where a chunk is that has so many before it along each dimension.
    pub(super) fn note(&mut self, places: impl Iterator<Item = u64>, address: u64, bytes: u64) {
        if let Some((_, noted)) = &mut self.noted {
            noted.note(places, address, bytes);
        }
    }

    /// The same of the chunk of that number in an array.
    fn note_number(&mut self, number: u64, address: u64, bytes: u64) {
        if let Some((edges, noted)) = &mut self.noted {
            noted.note(edges.places(number).into_iter(), address, bytes);
        }
    }

    /// Bytes of an element of an array of chunks.
    pub(super) fn element(&self) -> usize {
        self.look.sizes.address + if self.is_filtered { self.size_size + 4 } else { 0 }
    }

    /// Whether the chunk that has so many before it along each dimension goes by without filters.
    pub(super) fn is_bare(&self, places: impl Iterator<Item = u64>) -> bool {
        self.edges.as_ref().is_some_and(|edges| edges.has(places))
    }

    /// Takes note of the chunks that the elements of an array are, from the one of that number on.
    pub(super) fn meet_elements(&mut self, part: Part, first: u64, elements: &[u8]) -> Result<()> {
        for (number, element) in (first..).zip(elements.chunks_exact(self.element())) {
            let mut fields = self.look.fields(part, element);
            let Some(address) = fields.address()? else { continue };
            let (bytes, mask) = match self.is_filtered {
                true => (fields.next(self.size_size)?, fields.next(4)? as u32),
                false => (self.bytes, 0),
            };
            let is_bare = self.edges.as_ref().is_some_and(|edges| edges.has_number(number));
            self.meet(part, Met { address, bytes, mask, is_bare })?;
            self.note_number(number, address, bytes);
        }
        Ok(())
    }

    /// The kind of an array of such chunks.
    pub(super) fn array_kind(&self) -> u8 {
        self.is_filtered.into()
    }
}

/// Checks how the chunks of a dataset are found. Returns how many bytes of them there are.
pub(super) fn check(look: &Look<'_>, part: Part, chunked: &Chunked, space: &Space, filters: &[Filter]) -> Result<u64> {
    let rank = space.dims.len();
    if chunked.dims.len() != rank + 1 {
        return Err(part.wrong("it has another number of dimensions than the dataspace"));
    }
    let Some(bytes) = chunked.bytes() else {
        return Err(part.wrong("it has chunks with more bytes than a number holds"));
    };
    let item = chunked.dims[rank];
    let least = (1..=filters.len())
        .map(|count| filters::check(part, &filters[..count], filters::Chunk { item, bytes }))
        .collect::<Result<Vec<u64>>>()?;
    let mut most = Some(1u64);
    for (dim, chunk) in space.most.iter().zip(&chunked.dims) {
        most = most.filter(|_| *dim != u64::MAX).and_then(|most| most.checked_mul(dim.div_ceil(*chunk)));
    }
    let size_size = match chunked.version {
        // libhdf5 holds chunks of 32 bits in version 4.
        ..=4 => (1 + (bytes.max(1).ilog2() as usize + 8) / 8).min(8),
        _ => look.sizes.length,
    };
    let is_filtered = !filters.is_empty();
    let bare = filters.iter().enumerate().filter(|(_, filter)| filter.is_bare(filters::Chunk { item, bytes }));
    let bare = bare.fold(0, |bare, (number, _)| bare | 1 << number);
    let edges = (chunked.leaves_edges && is_filtered).then(|| Edges::new(space, chunked));
    let dims = &chunked.dims[..];
    let noted = look.is_collecting.then(|| (Edges::new(space, chunked), Places::new(space, dims, is_filtered)));
    let mut chunks =
        Chunks { look, bytes, is_filtered, dims, most, size_size, filters, bare, least, edges, stored: 0, noted };
    // libhdf5 makes an index of these when the dataset grows, or is copied.
    let is_sound = match chunked.index {
        Index::FixedArray { page_bits } => fixed_array::is_sound(page_bits),
        Index::ExtensibleArray(blocks) => extensible_array::is_sound(blocks),
        Index::Tree { node, percents } => tree::is_sound(look, node, tree::chunk_record(&chunks), percents),
        Index::OldTree | Index::Single(_) | Index::Implicit => true,
    };
    if !is_sound {
        return Err(part.wrong("it has an index of chunks of absurd sizes"));
    }
    let Some(address) = chunked.address else { return Ok(0) };
    match chunked.index {
        Index::OldTree => old_tree::check_chunks(&mut chunks, address)?,
        Index::Single(Some((bytes, mask))) if is_filtered => {
            let is_bare = chunks.is_bare(std::iter::repeat_n(0, rank));
            chunks.meet(part, Met { address, bytes, mask, is_bare })?;
            chunks.note_number(0, address, bytes);
        }
        Index::Single(None) if !is_filtered => {
            chunks.meet(part, Met { address, bytes, mask: 0, is_bare: false })?;
            chunks.note_number(0, address, bytes);
        }
        // libhdf5 (2.2) takes it for one of no bytes that went through the filters (`H5D__single_idx_init`).
        Index::Single(None) => {
            return Err(part.wrong("it has filters, and a chunk of which it is not said how long it is"));
        }
        Index::Single(Some(_)) => return Err(part.wrong("it has a filtered chunk, and there are no filters")),
        Index::Implicit => {
            let all = most.and_then(|most| most.checked_mul(bytes));
            match all {
                Some(all) if !is_filtered => {
                    look.check_within(part, address, all)?;
                    chunks.stored = all;
                    // Each place follows from the one before: of very many, some are enough.
                    for number in 0..(all / bytes).min(MOST_NOTED) {
                        chunks.note_number(number, address.saturating_add(number.saturating_mul(bytes)), bytes);
                    }
                }
                _ => return Err(part.wrong("it has chunks without an index, whose places are not known")),
            }
        }
        Index::FixedArray { .. } => fixed_array::check(&mut chunks, address)?,
        Index::ExtensibleArray(_) => extensible_array::check(&mut chunks, address)?,
        Index::Tree { .. } => tree::check_chunks(&mut chunks, address)?,
    }
    if let Some((_, places)) = chunks.noted {
        *look.places.borrow_mut() = Some(places);
    }
    Ok(chunks.stored)
}
