//! Fractal heaps: where large groups have their links, objects with many attributes have those, and a file has the messages that
//! headers share.
//!
//! HDF5 File Format Specification, section III.G. libhdf5 (2.2) goes past the rows of a doubling table if the header says so
//! (`H5HF__hdr_compute_free_space`).

use std::collections::HashMap;

use super::look::{Fields, Look, Part, bytes_of, check_signature};
use super::{filters, tree};
use crate::ground::error::Result;

/// A fractal heap that was checked.
pub(super) struct Heap {
    part: Part,
    /// The blocks that objects are in: where each begins in the heap, its size, and its address. They are in order.
    blocks: Vec<(u64, u64, u64)>,
    /// Bytes at the start of each.
    prefix: u64,
    /// Bytes of the place of an object in the heap, and of its size.
    offset_size: usize,
    length_size: usize,
    id_size: usize,
    /// Objects that are kept apart, by their numbers: the address and the size of each; or that an identifier has both itself.
    huge: HashMap<u64, (u64, u64)>,
    is_direct: bool,
    /// Whether what is in it goes through filters, and is not looked at.
    is_filtered: bool,
}

/// Where an object of a heap is.
enum Place<'b> {
    /// At that address, so many bytes.
    InFile(u64, u64),
    /// In that by which it is known.
    InId(&'b [u8]),
    /// In a block that goes through filters.
    Filtered,
}

/// The doubling table of a heap: the blocks in each row are twice as large as those in the row before, but for the second.
struct Table {
    header: u64,
    width: u64,
    start_bits: u32,
    /// Rows that have direct blocks.
    direct_rows: u32,
    offset_size: usize,
    is_filtered: bool,
}

impl Table {
    fn width_bits(&self) -> u32 {
        self.width.ilog2()
    }

    fn size_bits(&self, row: u32) -> u32 {
        self.start_bits + row.saturating_sub(1)
    }

    /// Bytes of so many rows; none where that is more than a number holds.
    fn size(&self, rows: u32) -> Option<u64> {
        match rows {
            0 => Some(0),
            rows => 1u64.checked_shl(self.size_bits(rows) + self.width_bits()),
        }
    }
}

impl Heap {
    /// Checks the heap whose header is at `address`, and whose objects are known by `id` bytes.
    pub(super) fn read(look: &Look<'_>, address: u64, id: u64) -> Result<Self> {
        let part = Part("fractal heap", address);
        let wrong = || part.wrong("its blocks are of absurd sizes");
        let (address_size, length_size) = (look.sizes.address as u64, look.sizes.length as u64);
        let plain = 26 + 3 * address_size + 12 * length_size;
        look.check_within(part, address, plain)?;
        let mut start = [0; 9];
        look.file.read(address, &mut start)?;
        let filter = u64::from(u16::from_le_bytes([start[7], start[8]]));
        let is_filtered = filter > 0;
        let filtered = if is_filtered { length_size + 4 + filter } else { 0 };
        let bytes = look.summed(part, b"FRHP", plain + filtered)?;
        let mut fields = look.fields(part, &bytes[4..]);
        fields.version(0..=0)?;
        if fields.next(2)? != id {
            return Err(part.wrong("it is of another kind than what it is for"));
        }
        fields.skip(2)?;
        let (flags, most) = (fields.byte()?, fields.next(4)?);
        let (_huge, huge, _free, _manager) = (fields.length()?, fields.address()?, fields.length()?, fields.address()?);
        let managed = fields.length()?;
        for _ in 0..7 {
            fields.length()?;
        }
        let (width, start, largest) = (fields.next(2)?, fields.length()?, fields.length()?);
        let (bits, _rows, root, rows) = (fields.next(2)?, fields.next(2)?, fields.address()?, fields.next(2)?);
        if is_filtered {
            check_filters(look, part, fields, filter as usize)?;
        }
        let are_powers = [width, start, largest].iter().all(|size| size.is_power_of_two());
        if !are_powers || start > largest || largest > 1 << 31 || most == 0 || most > largest || bits > 64 {
            return Err(wrong());
        }
        let offset_size = bits.div_ceil(8);
        let start_bits = start.ilog2();
        let direct_rows = largest.ilog2() - start_bits + 2;
        let offset = offset_size as usize;
        let table = Table { header: address, width, start_bits, direct_rows, offset_size: offset, is_filtered };
        let most_rows = bits.checked_sub(u64::from(start_bits + table.width_bits())).ok_or_else(wrong)? + 1;
        let length = u64::from(largest.ilog2()).div_ceil(8).min(bytes_of(most) as u64);
        let sum = if flags & 2 != 0 { 4 } else { 0 };
        let prefix = 5 + address_size + offset_size + sum;
        let is_sound =
            start > prefix && 1 + offset_size + length <= id && direct_rows > table.width_bits() && rows <= most_rows;
        if !is_sound {
            return Err(wrong());
        }
        let rows = rows as u32;
        let size = match root {
            None => 0,
            Some(_) if rows == 0 => start,
            Some(_) => table.size(rows).ok_or_else(wrong)?,
        };
        if managed > size || root.is_none() && rows > 0 {
            return Err(part.wrong("it is larger than its blocks"));
        }
        let mut blocks = Vec::new();
        match root {
            None => {}
            Some(root) if rows == 0 => table.check_direct(look, root, 0, 0, &mut blocks)?,
            Some(root) => table.check_indirect(look, root, rows, 0, &mut blocks)?,
        }
        let mut heap = Self {
            part,
            blocks,
            prefix,
            offset_size: offset,
            length_size: length as usize,
            id_size: id as usize,
            huge: HashMap::new(),
            is_direct: false,
            is_filtered,
        };
        if let Some(tree) = huge {
            heap.read_huge(look, tree, id)?;
        }
        Ok(heap)
    }

    /// Reads where the objects are that are kept apart.
    fn read_huge(&mut self, look: &Look<'_>, tree: u64, id: u64) -> Result<()> {
        let (address_size, length_size) = (look.sizes.address as u64, look.sizes.length as u64);
        let plain = address_size + length_size;
        let filtered = plain + 4 + length_size;
        let (kind, record) = match self.is_filtered {
            false if plain < id => (tree::DIRECT_HUGE, plain),
            false => (tree::HUGE, plain + length_size),
            true if filtered < id => (tree::DIRECT_FILTERED_HUGE, filtered),
            true => (tree::FILTERED_HUGE, filtered + length_size),
        };
        self.is_direct = [tree::DIRECT_HUGE, tree::DIRECT_FILTERED_HUGE].contains(&kind);
        let huge = &mut self.huge;
        tree::walk(look, tree, kind, record, &mut |part, record| {
            let mut fields = look.fields(part, record);
            let (address, len) = (fields.address()?, fields.length()?);
            let address = address.ok_or_else(|| part.wrong("an object in it is nowhere"))?;
            look.check_within(part, address, len)?;
            if kind == tree::HUGE {
                huge.insert(fields.length()?, (address, len));
            }
            Ok(())
        })
    }

    /// The object that is known by `id`; none in a heap that is filtered.
    pub(super) fn object(&self, look: &Look<'_>, id: &[u8]) -> Result<Option<Vec<u8>>> {
        Ok(match self.find(look, id)? {
            Place::InFile(address, len) => Some(look.object(Part("object of a fractal heap", address), len)?),
            Place::InId(object) => Some(object.to_vec()),
            Place::Filtered => None,
        })
    }

    /// Bytes of the object that is known by `id`; 0 in a heap that is filtered.
    pub(super) fn len_of(&self, look: &Look<'_>, id: &[u8]) -> Result<u64> {
        Ok(match self.find(look, id)? {
            Place::InFile(_, len) => len,
            // It takes no room in the heap.
            Place::InId(_) | Place::Filtered => 0,
        })
    }

    /// Where the object is that is known by `id`.
    fn find<'b>(&self, look: &Look<'_>, id: &'b [u8]) -> Result<Place<'b>> {
        let part = self.part;
        let mut fields = look.fields(part, id.get(..self.id_size).unwrap_or(id));
        let start = fields.byte()?;
        Ok(match start >> 4 & 3 {
            _ if start >> 6 != 0 => return Err(part.wrong("an object in it has an unknown kind of identifier")),
            0 | 1 if self.is_filtered => Place::Filtered,
            0 => {
                let (offset, len) = (fields.next(self.offset_size)?, fields.next(self.length_size)?);
                let after = self.blocks.partition_point(|(start, _, _)| *start <= offset);
                let Some((start, size, address)) = after.checked_sub(1).map(|last| self.blocks[last]) else {
                    return Err(part.wrong("an object in it lies outside of its blocks"));
                };
                let at = offset - start;
                if at < self.prefix || len == 0 || at.checked_add(len).is_none_or(|end| end > size) {
                    return Err(part.wrong("an object in it lies outside of its blocks"));
                }
                Place::InFile(address + at, len)
            }
            1 if self.is_direct => {
                let (address, len) = (fields.address()?, fields.length()?);
                let address = address.ok_or_else(|| part.wrong("an object in it is nowhere"))?;
                Place::InFile(address, len)
            }
            1 => {
                let size = (self.id_size - 1).min(8);
                let number = fields.next(size)?;
                let found = self.huge.get(&number);
                let (address, len) = found.ok_or_else(|| part.wrong("an object that is kept apart is nowhere"))?;
                Place::InFile(*address, *len)
            }
            2 => {
                // Identifiers here are too short for sizes of more than four bits.
                let len = usize::from(start & 15) + 1;
                Place::InId(fields.take(len)?)
            }
            _ => return Err(part.wrong("an object in it has an unknown kind of identifier")),
        })
    }

    /// Bytes that all objects in the heap have room in.
    pub(super) fn room(&self) -> u64 {
        let blocks = self.blocks.iter().map(|(_, size, _)| *size);
        blocks.chain(self.huge.values().map(|(_, size)| *size)).fold(0, u64::saturating_add)
    }
}

/// Checks the filters of a heap, which follow the rest of its header.
fn check_filters(look: &Look<'_>, part: Part, mut fields: Fields<'_>, len: usize) -> Result<()> {
    let (_size, _mask) = (fields.length()?, fields.next(4)?);
    let filters = filters::read(look, part, fields.take(len)?)?;
    match filters::has_typed(&filters) {
        true => Err(part.wrong("it has filters for items of a dataset")),
        false => Ok(()),
    }
}

impl Table {
    /// Checks the block of objects at `address`, in that row, and at `offset` in the heap. A filtered one is not looked at.
    fn check_direct(
        &self,
        look: &Look<'_>,
        address: u64,
        row: u32,
        offset: u64,
        blocks: &mut Vec<(u64, u64, u64)>,
    ) -> Result<()> {
        if self.is_filtered {
            return Ok(());
        }
        let part = Part("direct block of a fractal heap", address);
        let size = 1 << self.size_bits(row);
        look.charge(part, size)?;
        look.check_within(part, address, size)?;
        let mut start = [0; 5 + 32 + 8];
        let start = &mut start[..5 + look.sizes.address + self.offset_size];
        look.file.read(address, start)?;
        self.check_start(look, part, b"FHDB", offset, start)?;
        blocks.push((offset, size, address));
        Ok(())
    }

    /// Checks the table of blocks at `address`, which has so many rows, and is at `offset` in the heap.
    fn check_indirect(
        &self,
        look: &Look<'_>,
        address: u64,
        rows: u32,
        offset: u64,
        blocks: &mut Vec<(u64, u64, u64)>,
    ) -> Result<()> {
        let part = Part("indirect block of a fractal heap", address);
        let wrong = || part.wrong("its blocks are of absurd sizes");
        let prefix = 5 + look.sizes.address + self.offset_size;
        let filtered = if self.is_filtered { look.sizes.length + 4 } else { 0 };
        let direct = u64::from(rows.min(self.direct_rows)) * self.width;
        let all = u64::from(rows) * self.width;
        let len = prefix as u64 + all * look.sizes.address as u64 + direct * filtered as u64 + 4;
        let bytes = look.summed(part, b"FHIB", len)?;
        self.check_start(look, part, b"FHIB", offset, &bytes)?;
        let mut fields = look.fields(part, &bytes[prefix..]);
        for row in 0..rows {
            for column in 0..self.width {
                let block = fields.address()?;
                let is_direct = row < self.direct_rows;
                if is_direct {
                    fields.skip(filtered)?;
                }
                let Some(block) = block else { continue };
                let (row_at, before) = (self.size(row).ok_or_else(wrong)?, column << self.size_bits(row));
                let at = offset.checked_add(row_at).and_then(|at| at.checked_add(before)).ok_or_else(wrong)?;
                if is_direct {
                    self.check_direct(look, block, row, at, blocks)?;
                } else {
                    // Fewer than there are here: as many as make up the size of a block in this row.
                    self.check_indirect(look, block, row - self.width_bits(), at, blocks)?;
                }
            }
        }
        Ok(())
    }

    /// Checks how a block begins.
    fn check_start(&self, look: &Look<'_>, part: Part, signature: &[u8; 4], offset: u64, bytes: &[u8]) -> Result<()> {
        check_signature(part, signature, bytes)?;
        let mut fields = look.fields(part, &bytes[4..]);
        fields.version(0..=0)?;
        if fields.address()? != Some(self.header) {
            return Err(part.wrong("it belongs to another heap"));
        }
        match fields.next(self.offset_size)? == offset {
            true => Ok(()),
            false => Err(part.wrong("it is at the place of another")),
        }
    }
}
