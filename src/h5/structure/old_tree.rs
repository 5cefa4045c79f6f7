//! B-trees of version 1: where groups of the old format have their links, and datasets their chunks.
//!
//! HDF5 File Format Specification, section III.A.1.

use super::chunks::{Chunks, Met};
use super::look::{Fields, Look, Part, check_signature};
use crate::ground::error::Result;

/// Of groups, and of chunks.
pub(super) const GROUP: u8 = 0;
const CHUNKS: u8 = 1;

/// A node of a tree.
pub(super) struct Node<'b> {
    pub(super) part: Part,
    /// What is in it, from the first key on.
    pub(super) fields: Fields<'b>,
    pub(super) count: usize,
    /// Whether there are no nodes of the tree below.
    pub(super) is_leaf: bool,
}

/// What is shown each node.
type Show<'a> = dyn FnMut(Node<'_>) -> Result<()> + 'a;

/// Goes through the nodes of a tree of that kind, whose keys have so many bytes.
pub(super) fn walk(look: &Look<'_>, address: u64, kind: u8, key: usize, show: &mut Show<'_>) -> Result<()> {
    node(look, (address, None), kind, key, show)
}

fn node(
    look: &Look<'_>,
    (address, wanted): (u64, Option<u8>),
    kind: u8,
    key: usize,
    show: &mut Show<'_>,
) -> Result<()> {
    let part = Part("B-tree node", address);
    let start = 8 + 2 * look.sizes.address;
    let head = look.bytes(part, start as u64)?;
    check_signature(part, b"TREE", &head)?;
    let (found, level) = (head[4], head[5]);
    let count = usize::from(u16::from_le_bytes([head[6], head[7]]));
    if found != kind {
        return Err(part.wrong("it is of another kind than what it is for"));
    }
    if wanted.is_some_and(|wanted| wanted != level) {
        return Err(part.wrong("it is on another level than what leads to it says"));
    }
    let len = if count == 0 { 0 } else { count * (key + look.sizes.address) + key };
    let entries = look.bytes(Part("B-tree node", address.saturating_add(start as u64)), len as u64)?;
    let mut fields = look.fields(part, &entries);
    show(Node { part, fields, count, is_leaf: level == 0 })?;
    if level == 0 {
        return Ok(());
    }
    let mut children = fields;
    let addresses = (0..count).map_while(|_| {
        children.skip(key).ok()?;
        children.address().ok()?
    });
    look.fetch(addresses, start as u64 + len as u64)?;
    for _ in 0..count {
        fields.skip(key)?;
        let Some(child) = fields.address()? else {
            return Err(part.wrong("a node below it is nowhere"));
        };
        node(look, (child, Some(level - 1)), kind, key, show)?;
    }
    Ok(())
}

/// Checks the tree that finds chunks.
pub(super) fn check_chunks(chunks: &mut Chunks<'_>, address: u64) -> Result<()> {
    let (look, dims) = (chunks.look, chunks.dims);
    let (key, mut places) = (8 + 8 * dims.len(), Vec::new());
    walk(look, address, CHUNKS, key, &mut |Node { part, mut fields, count, is_leaf }| {
        for _ in 0..if is_leaf { count } else { 0 } {
            let (bytes, mask) = (fields.next(4)?, fields.next(4)? as u32);
            places.clear();
            for dim in dims {
                let start = fields.next(8)?;
                if start % dim != 0 {
                    return Err(part.wrong("a chunk lies between others"));
                }
                places.push(start / dim);
            }
            let Some(address) = fields.address()? else {
                return Err(part.wrong("a chunk in it is nowhere"));
            };
            // In this format, all go through the filters.
            chunks.meet(part, Met { address, bytes, mask, is_bare: false })?;
            chunks.note(places.iter().copied(), address, bytes);
        }
        Ok(())
    })
}
