//! Cache images: metadata that a file has in one block, and not at the addresses where it belongs.
//!
//! HDF5 File Format Specification, section IV.A.2.y and VIII.

use super::look::{Look, Part};
use super::superblock::Superblock;
use crate::ground::error::Result;
use crate::h5::global_heap::Bytes;

/// What takes the place of a file's bytes: the address of each entry, and its bytes, by address.
#[derive(Debug)]
pub(in crate::h5) struct CacheImage(Vec<(u64, Vec<u8>)>);

impl CacheImage {
    /// Reads the cache image of a file with that superblock, if it has one.
    pub(in crate::h5) fn of(file: &dyn Bytes, superblock: &Superblock) -> Result<Option<Self>> {
        let (address_size, length_size) = superblock.sizes();
        let look = Look::new(file, address_size, length_size);
        let Some((address, len)) = superblock.extension(&look)?.image else { return Ok(None) };
        Self::read(&look, address, len).map(Some)
    }

    fn read(look: &Look<'_>, address: u64, len: u64) -> Result<Self> {
        let part = Part("cache image", address);
        let bytes = look.summed(part, b"MDCI", len)?;
        let mut fields = look.fields(part, bytes.get(4..bytes.len() - 4).unwrap_or_default());
        fields.version(0..=0)?;
        fields.skip(1 + look.sizes.length)?;
        let count = fields.next(4)?;
        let mut entries = Vec::new();
        for _ in 0..count {
            fields.skip(4 + 2 + 2)?;
            let parents = fields.next(2)? as usize;
            fields.skip(4)?;
            let (at, len) = (fields.address()?, fields.length()?);
            fields.skip(parents * look.sizes.address)?;
            let bytes = fields.take(usize::try_from(len).unwrap_or(usize::MAX))?;
            let at = at.ok_or_else(|| part.wrong("an entry is nowhere"))?;
            look.check_within(part, at, len)?;
            entries.push((at, bytes.to_vec()));
        }
        entries.sort_by_key(|(at, _)| *at);
        if entries.windows(2).any(|pair| pair[0].0 + pair[0].1.len() as u64 > pair[1].0) {
            return Err(part.wrong("two entries are at one place"));
        }
        Ok(Self(entries))
    }

    /// Puts what it has in the place of bytes that were read from `address` on.
    pub(in crate::h5) fn put(&self, address: u64, into: &mut [u8]) {
        let end = address.saturating_add(into.len() as u64);
        let first = self.0.partition_point(|(at, bytes)| at + bytes.len() as u64 <= address);
        for (at, bytes) in self.0[first..].iter().take_while(|(at, _)| *at < end) {
            let (from, to) = (address.max(*at), end.min(at + bytes.len() as u64));
            let (part, place) = ((from - at) as usize..(to - at) as usize, (from - address) as usize);
            into[place..place + part.len()].copy_from_slice(&bytes[part]);
        }
    }
}
