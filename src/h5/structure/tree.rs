//! B-trees of version 2: by what the objects in a heap are found, and the chunks of datasets that grow along more than one
//! dimension.
//!
//! HDF5 File Format Specification, section III.A.2. libhdf5 (2.2) trusts what a header says. It takes the checksum over as many
//! records as a parent says that a node has, also where that is beyond the node (`H5B2__cache_leaf_verify_chksum`), calls
//! through a null pointer for a tree of another kind, and divides by a record size of 0 (`H5B2__hdr_init`).

use super::chunks::{Chunks, Met};
use super::look::{Look, Part, bytes_of, check_signature, check_sum};
use crate::ground::error::Result;

// Kinds of trees.
pub(super) const HUGE: u8 = 1;
pub(super) const FILTERED_HUGE: u8 = 2;
pub(super) const DIRECT_HUGE: u8 = 3;
pub(super) const DIRECT_FILTERED_HUGE: u8 = 4;
pub(super) const LINKS_BY_NAME: u8 = 5;
pub(super) const LINKS_BY_ORDER: u8 = 6;
pub(super) const ATTRIBUTES_BY_NAME: u8 = 8;
pub(super) const ATTRIBUTES_BY_ORDER: u8 = 9;
const CHUNKS: u8 = 10;
const FILTERED_CHUNKS: u8 = 11;

/// Bytes of nodes that need no file that is as large: those of an empty tree are not there.
const SMALL: u64 = 1 << 16;
/// Bytes of a node beside records and pointers: a signature, version and kind, and a checksum.
const NODE: u64 = 10;

/// What is shown each record, and the node that it is in.
type Show<'a> = dyn FnMut(Part, &[u8]) -> Result<()> + 'a;

/// What the header of a tree says of the nodes on each level, the leaves first.
struct Level {
    /// The most records of a node.
    most: u64,
    /// Bytes of the number of all records in a node and below.
    all_size: usize,
}

/// The nodes of a tree.
struct Nodes<'a> {
    look: &'a Look<'a>,
    kind: u8,
    size: u64,
    record: u64,
    /// Whether another process may write to it meanwhile.
    is_growing: bool,
    levels: Vec<Level>,
}

impl Nodes<'_> {
    /// Bytes of the number of records in a node.
    fn count_size(&self) -> usize {
        bytes_of(self.levels[0].most)
    }

    /// Bytes of what a node on that level says of one below.
    fn pointer(&self, level: usize) -> u64 {
        (self.look.sizes.address + self.count_size() + self.levels[level - 1].all_size) as u64
    }
}

/// Checks the tree whose header is at `address`: it is of that kind, with records of that size. Shows all records.
pub(super) fn walk(look: &Look<'_>, address: u64, kind: u8, record: u64, show: &mut Show<'_>) -> Result<()> {
    let part = Part("B-tree", address);
    let bytes = look.summed(part, b"BTHD", (22 + look.sizes.address + look.sizes.length) as u64)?;
    let mut fields = look.fields(part, &bytes[4..]);
    fields.version(0..=0)?;
    let found = fields.byte()?;
    let (size, found_record, depth) = (fields.next(4)?, fields.next(2)?, fields.next(2)?);
    let percents = (fields.byte()?, fields.byte()?);
    let (root, count, all) = (fields.address()?, fields.next(2)?, fields.length()?);
    if found != kind || found_record != record {
        return Err(part.wrong("it is of another kind than what it is for"));
    }
    let is_growing = [CHUNKS, FILTERED_CHUNKS].contains(&kind);
    let nodes = Nodes { look, kind, size, record, is_growing, levels: Vec::new() };
    let is_sound = size <= look.file.len().max(SMALL) && are_sound(percents);
    let nodes = is_sound.then(|| with_levels(nodes, depth)).flatten();
    let nodes = nodes.ok_or_else(|| part.wrong("it has nodes of an absurd size"))?;
    match root {
        Some(root) if count > 0 => check_node(&nodes, depth as usize, root, count, all, show),
        _ if count == 0 && (all == 0 || is_growing) => Ok(()),
        _ => Err(part.wrong("it is empty, and has records")),
    }
}

/// Whether nodes can be split, and merged, at so many percent.
fn are_sound((split, merge): (u8, u8)) -> bool {
    (1..=100).contains(&split) && merge < split / 2
}

/// Whether a tree can grow that has such nodes and records.
pub(super) fn is_sound(look: &Look<'_>, size: u64, record: u64, percents: (u8, u8)) -> bool {
    let nodes = Nodes { look, kind: CHUNKS, size, record, is_growing: true, levels: Vec::new() };
    size <= look.file.len().max(SMALL) && are_sound(percents) && with_levels(nodes, 1).is_some()
}

/// Bytes of what a tree says of a chunk.
pub(super) fn chunk_record(chunks: &Chunks<'_>) -> u64 {
    let filtered = if chunks.is_filtered { chunks.size_size + 4 } else { 0 };
    (chunks.look.sizes.address + filtered + 8 * (chunks.dims.len() - 1)) as u64
}

/// Sets the levels of a tree; none where one has no room for a record.
fn with_levels(mut nodes: Nodes<'_>, depth: u64) -> Option<Nodes<'_>> {
    let most = nodes.size.checked_sub(NODE)?.checked_div(nodes.record)?;
    nodes.levels.push(Level { most, all_size: 0 });
    let mut all = most;
    for level in 1..=depth as usize {
        let pointer = nodes.pointer(level);
        let most = nodes.size.checked_sub(NODE + pointer)? / (nodes.record + pointer);
        all = most.checked_add(1)?.checked_mul(all)?.checked_add(most)?;
        nodes.levels.push(Level { most, all_size: bytes_of(all) });
        if most == 0 {
            return None;
        }
    }
    (nodes.levels[0].most > 0 && nodes.levels[0].most <= u32::MAX.into()).then_some(nodes)
}

/// Checks the node at `address`, which has `count` records, and with what is below it `all`.
fn check_node(nodes: &Nodes<'_>, level: usize, address: u64, count: u64, all: u64, show: &mut Show<'_>) -> Result<()> {
    let part = Part("B-tree node", address);
    let look = nodes.look;
    let wrong = || part.wrong("it has another number of records than what leads to it says, or than it has room for");
    if count == 0 || count > nodes.levels[level].most {
        return Err(wrong());
    }
    // Another process may be writing chunks: then the numbers need not fit together yet, and libhdf5 takes care.
    let is_sum = |sum: u64| nodes.is_growing || sum == all;
    let bytes = look.bytes(part, nodes.size)?;
    check_signature(part, if level == 0 { b"BTLF" } else { b"BTIN" }, &bytes)?;
    let mut fields = look.fields(part, &bytes[4..]);
    fields.version(0..=0)?;
    if fields.byte()? != nodes.kind {
        return Err(part.wrong("it is of another kind than its tree"));
    }
    let records = fields.take((count * nodes.record) as usize)?;
    let pointers = if level == 0 { 0 } else { (count + 1) * nodes.pointer(level) };
    let used = 6 + count * nodes.record + pointers + 4;
    check_sum(part, bytes.get(..used as usize).ok_or_else(wrong)?)?;
    for record in records.chunks_exact(nodes.record as usize) {
        show(part, record)?;
    }
    if level == 0 {
        return if is_sum(count) { Ok(()) } else { Err(wrong()) };
    }
    let mut children = fields;
    let addresses = (0..=count).map_while(|_| {
        let child = children.address().ok()?;
        let below = if level > 1 { nodes.levels[level - 1].all_size } else { 0 };
        children.skip(nodes.count_size() + below).ok()?;
        child
    });
    look.fetch(addresses, nodes.size)?;
    let mut sum = count;
    for _ in 0..=count {
        let (child, count) = (fields.address()?, fields.next(nodes.count_size())?);
        let all = if level > 1 { fields.next(nodes.levels[level - 1].all_size)? } else { count };
        let child = child.ok_or_else(|| part.wrong("a node below it is nowhere"))?;
        check_node(nodes, level - 1, child, count, all, show)?;
        sum = sum.saturating_add(all);
    }
    if is_sum(sum) { Ok(()) } else { Err(wrong()) }
}

/// Checks the tree that finds chunks.
pub(super) fn check_chunks(chunks: &mut Chunks<'_>, address: u64) -> Result<()> {
    let (look, size_size, bytes) = (chunks.look, chunks.size_size, chunks.bytes);
    let kind = if chunks.is_filtered { FILTERED_CHUNKS } else { CHUNKS };
    walk(look, address, kind, chunk_record(chunks), &mut |part, record| {
        let mut fields = look.fields(part, record);
        let address = fields.address()?.ok_or_else(|| part.wrong("a chunk in it is nowhere"))?;
        let (bytes, mask) = match kind {
            FILTERED_CHUNKS => (fields.next(size_size)?, fields.next(4)? as u32),
            _ => (bytes, 0),
        };
        let places = || fields.rest().as_chunks().0.iter().map(|place| u64::from_le_bytes(*place));
        let is_bare = chunks.is_bare(places());
        chunks.meet(part, Met { address, bytes, mask, is_bare })?;
        chunks.note(places(), address, bytes);
        Ok(())
    })
}
