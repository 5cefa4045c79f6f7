//! Groups of the old format: a B-tree, nodes of symbol tables below it, and a local heap with the names.
//!
//! HDF5 File Format Specification, sections III.B to III.D.

use std::cell::Cell;

use super::look::{Look, Part, check_signature};
use super::messages::{LinkTarget, ShowLink};
use super::old_tree::{self, GROUP, Node};
use crate::ground::error::Result;

/// A local heap.
pub(super) struct LocalHeap {
    part: Part,
    data: Vec<u8>,
    /// Where the last name ends.
    last_end: Option<usize>,
    /// Bytes of names that may still be read: no two are at one place.
    left: Cell<usize>,
}

impl LocalHeap {
    /// Reads the heap at `address`, and checks the list of what is free in it, in which libhdf5 may go round for ever.
    pub(super) fn read(look: &Look<'_>, address: u64) -> Result<Self> {
        let part = Part("local heap", address);
        let Look { sizes, .. } = look;
        let header = look.bytes(part, (8 + 2 * sizes.length + sizes.address) as u64)?;
        check_signature(part, b"HEAP", &header)?;
        let mut fields = look.fields(part, &header[4..]);
        fields.version(0..=0)?;
        fields.skip(3)?;
        let (size, mut free, data) = (fields.length()?, fields.length()?, fields.address()?);
        let Some(data) = data else { return Err(part.wrong("its data is nowhere")) };
        look.check_within(part, data, size)?;
        let data = look.bytes(Part("data of a local heap", data), size)?;
        // What libhdf5 has for the end of the list.
        const END: u64 = 1;
        let mut left = size / (2 * sizes.length as u64);
        while free != END {
            let rest = usize::try_from(free).ok().and_then(|free| data.get(free..));
            let Some(rest) = rest.filter(|_| left > 0) else {
                return Err(part.wrong("its list of free space does not end"));
            };
            left -= 1;
            let mut fields = look.fields(part, rest);
            let (next, taken) = (fields.length()?, fields.length()?);
            if taken > size - free {
                return Err(part.wrong("free space in it goes beyond its end"));
            }
            free = next;
        }
        let (last_end, left) = (data.iter().rposition(|byte| *byte == 0), Cell::new(data.len()));
        Ok(Self { part, data, last_end, left })
    }

    /// The name at an offset, which is that of one link.
    fn name(&self, offset: u64) -> Result<&[u8]> {
        let rest = &self.data[self.check_name(offset)?..];
        let most = self.left.get().min(rest.len());
        match rest[..most].iter().position(|byte| *byte == 0) {
            Some(end) => {
                self.left.set(self.left.get() - end - 1);
                Ok(&rest[..end])
            }
            None => Err(self.part.wrong("names in it are at one place")),
        }
    }

    /// Makes sure that there is a name at an offset. Returns that.
    pub(super) fn check_name(&self, offset: u64) -> Result<usize> {
        let offset = usize::try_from(offset).ok().filter(|offset| Some(*offset) <= self.last_end);
        offset.ok_or_else(|| self.part.wrong("a name in it does not end"))
    }
}

/// Checks a group that has its links by way of the tree and the heap at these addresses.
pub(super) fn check(look: &Look<'_>, part: Part, tree: Option<u64>, heap: Option<u64>) -> Result<()> {
    let (Some(tree), Some(heap)) = (tree, heap) else {
        return Err(part.wrong("it has a symbol table that is nowhere"));
    };
    each(look, tree, &LocalHeap::read(look, heap)?, &mut |_, _| Ok(()))
}

/// Checks the tree of a group with these names, and shows each link.
pub(super) fn each(look: &Look<'_>, tree: u64, heap: &LocalHeap, show: &mut ShowLink<'_>) -> Result<()> {
    let mut bytes = Vec::new();
    old_tree::walk(look, tree, GROUP, look.sizes.length, &mut |Node { part, mut fields, count, is_leaf }| {
        for _ in 0..count {
            heap.check_name(fields.length()?)?;
            let node = fields.address()?.ok_or_else(|| part.wrong("a node below it is nowhere"))?;
            if is_leaf {
                each_in_node(look, heap, node, &mut bytes, show)?;
            }
        }
        if count > 0 {
            heap.check_name(fields.length()?)?;
        }
        Ok(())
    })
}

/// Checks the node of a symbol table at `address`, and shows its links.
fn each_in_node(
    look: &Look<'_>,
    heap: &LocalHeap,
    address: u64,
    bytes: &mut Vec<u8>,
    show: &mut ShowLink<'_>,
) -> Result<()> {
    const SOFT_LINK: u64 = 2;
    let part = Part("symbol table node", address);
    look.read(part, 8, bytes)?;
    check_signature(part, b"SNOD", bytes)?;
    if bytes[4] != 1 {
        return Err(part.wrong("it is of an unknown version"));
    }
    let count = usize::from(u16::from_le_bytes([bytes[6], bytes[7]]));
    let entry = look.sizes.length + look.sizes.address + 24;
    look.read(Part("symbol table node", address.saturating_add(8)), (count * entry) as u64, bytes)?;
    for entry in bytes.chunks_exact(entry) {
        let mut fields = look.fields(part, entry);
        let (name, header, cached) = (fields.length()?, fields.address()?, fields.next(4)?);
        fields.skip(4)?;
        let name = heap.name(name)?;
        if name.is_empty() {
            return Err(part.wrong("a link has no name"));
        }
        match cached {
            SOFT_LINK => {
                let path = heap.name(fields.next(4)?)?;
                show(name, LinkTarget::Soft(path))?;
            }
            0 | 1 if header.is_some() => show(name, LinkTarget::Hard(header))?,
            0 | 1 => return Err(part.wrong("a link leads nowhere")),
            _ => return Err(part.wrong("a link is of an unknown kind")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_apart() {
        let data = b"\0name\0other\0end".to_vec();
        let heap = LocalHeap { part: Part("local heap", 0), last_end: Some(11), left: Cell::new(data.len()), data };
        assert_eq!(heap.name(1).unwrap(), b"name");
        assert_eq!(heap.name(6).unwrap(), b"other");
        assert!(heap.name(6).unwrap_err().to_string().contains("at one place"));
        for beyond in [12, 15, 16, u64::MAX] {
            assert!(heap.name(beyond).unwrap_err().to_string().contains("does not end"));
        }
        assert_eq!(heap.check_name(11).unwrap(), 11);
    }
}
