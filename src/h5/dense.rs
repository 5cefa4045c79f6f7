//! Version-2 B-trees and fractal heaps: where large groups have their links, objects with many attributes have those, and
//! some datasets have the places of their chunks.
//!
//! HDF5 File Format Specification, sections III.A.2 and III.G. libhdf5 (2.2) trusts what their headers say. It takes the
//! checksum over as many records as a parent says that a node has, also where that is beyond the node
//! (`H5B2__cache_leaf_verify_chksum`), calls through a null pointer for a tree of another kind, divides by a record size of 0
//! (`H5B2__hdr_init`), and goes past the rows of a doubling table (`H5HF__hdr_compute_free_space`). So all of that is checked
//! before libhdf5 looks for a link, an attribute or a chunk of an object.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::ffi::{CStr, CString};
use std::sync::{Mutex, PoisonError};

use hdf5_sys::h5i::{H5I_type_t, hid_t};

use super::attribute::Attributes;
use super::file_bytes::{with_file, with_last};
use super::global_heap::{Bytes, number};
use super::object_info::{Identity, Messages, identity_of};
use super::sys::{h5a, h5d, h5i, h5l, h5o, h5t};
use super::{Id, link, locked, object_header};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::ledger;

// Types of messages.
const LINK_INFO: u16 = 2;
const DATATYPE: u16 = 3;
const LAYOUT: u16 = 8;
const ATTRIBUTE: u16 = 12;
const ATTRIBUTE_INFO: u16 = 21;

/// Bytes of the number that the next link gets, and of that for attributes.
const LINK_ORDER: usize = 8;
const ATTRIBUTE_ORDER: usize = 2;

// Kinds of trees.
const LINKS_BY_NAME: u64 = 5;
const LINKS_BY_ORDER: u64 = 6;
const ATTRIBUTES_BY_NAME: u64 = 8;
const ATTRIBUTES_BY_ORDER: u64 = 9;
const CHUNKS: u64 = 10;
const FILTERED_CHUNKS: u64 = 11;

/// Objects that were checked are kept in mind up to that many.
const MAX_KNOWN: usize = 1 << 16;
/// The same of files.
const MAX_FILES: usize = 64;
/// Soft links that libhdf5 follows on the way to one object.
const MAX_SOFT: usize = 16;
/// Bytes of B-tree nodes that need no file that is as large: those of an empty tree are not there.
const SMALL: u64 = 1 << 16;

thread_local! {
    /// The objects that were checked. What libhdf5 changed in them since is sound, and files have other numbers when they are
    /// opened again.
    static KNOWN: RefCell<HashSet<Identity>> = RefCell::default();
    /// The files in which all groups were checked, by what tells their root groups from others, and whether they are sound.
    static FILES: RefCell<Vec<(Identity, bool)>> = const { RefCell::new(Vec::new()) };
}

/// An object that was checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checked {
    pub(super) identity: Identity,
    /// What its header has, if that was seen.
    pub(super) messages: Option<Messages>,
}

/// Makes sure that libhdf5 can look for the links, the attributes and the chunks of an object that was just opened, where its
/// file's bytes can be had.
pub(super) fn check(object: hid_t) -> Result<Checked> {
    locked(|| check_known(object, identity_of(object)?))
}

/// The same of an object of which it is known which one it is.
pub(super) fn check_known(object: hid_t, identity: Identity) -> Result<Checked> {
    locked(|| {
        let unseen = Checked { identity, messages: None };
        if is_made_here(identity) || KNOWN.with_borrow(|known| known.contains(&identity)) {
            return Ok(unseen);
        }
        // That spares most objects all further calls.
        let seen = with_last(identity.file(), |file, (address_size, length_size)| {
            Stored::new(&file, address_size, length_size).check_object(identity.address())
        });
        match seen {
            Some(Ok(Some(header))) if !header.is_dense => {
                return Ok(Checked { identity, messages: Some(header.messages) });
            }
            // What has trees, or is wrong, is looked at again as it is now.
            _ if Messages::of(object)?.may_be_dense() => with_file(object, |file, known| {
                let Some((raw, heap)) = known else { return Ok(()) };
                // What is written meanwhile does not fit together at each moment: libhdf5 looks again then.
                if raw.is_swmr() {
                    return Ok(());
                }
                raw.with_stored(file, heap, |raw, heap| {
                    let stored = Stored::new(raw, raw.address_size(), heap.length_size());
                    stored.check_object(identity.address()).map(|header| header.is_some())
                })
            })?,
            _ => {}
        }
        KNOWN.with_borrow_mut(|known| {
            if known.len() >= MAX_KNOWN {
                known.clear();
            }
            known.insert(identity);
        });
        Ok(unseen)
    })
}

/// A file that was made here. All that is in it, libhdf5 wrote, and it is not checked: for that, libhdf5 may have to write
/// out what it has of it, and then it lays it out otherwise.
#[derive(Debug)]
pub(super) struct Made(u64);

static MADE: Mutex<Vec<u64>> = Mutex::new(Vec::new());

impl Made {
    /// Takes note of a file; where its number is not to be had, it is checked as any other.
    pub(super) fn new(file: &Id) -> Option<Self> {
        #[cfg(test)]
        let _paused = super::failing::Paused::new();
        let number = identity_of(file.get()).ok()?.file();
        MADE.lock().unwrap_or_else(PoisonError::into_inner).push(number);
        Some(Self(number))
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        MADE.lock().unwrap_or_else(PoisonError::into_inner).retain(|number| *number != self.0);
    }
}

fn is_made_here(identity: Identity) -> bool {
    MADE.lock().unwrap_or_else(PoisonError::into_inner).contains(&identity.file())
}

/// Whether something can be, and has to be, checked in the file that `object` is in.
pub(super) fn can_be_checked(object: hid_t) -> Result<bool> {
    Ok(!is_made_here(identity_of(object)?) && with_file(object, |_, known| Ok(known.is_some()))?)
}

/// Whether the items of an object, or of an attribute of it, may be of an element type that is an object of its own.
pub(super) fn has_named_types(object: hid_t) -> Result<bool> {
    locked(|| {
        with_file(object, |file, known| {
            let Some((raw, heap)) = known else { return Ok(true) };
            let (address, mut has_some) = (object_header::address_of(object)?, true);
            raw.with_stored(file, heap, |raw, heap| {
                let stored = Stored::new(raw, raw.address_size(), heap.length_size());
                let found = stored.has_named_types(address)?;
                has_some = found.unwrap_or(true);
                Ok(found.is_some())
            })?;
            Ok(has_some)
        })
    })
}

/// The types of an object's items and attributes, those at least that are objects of their own.
pub(super) fn named_types(object: &impl Attributes) -> Result<Vec<Id>> {
    let mut types = Vec::new();
    if !has_named_types(object.handle())? {
        return Ok(types);
    }
    if h5i::kind(object.handle()) == Some(H5I_type_t::H5I_DATASET) {
        types.push(h5d::get_type("look into an object", object.handle())?);
    }
    for label in object.attribute_labels()? {
        types.extend(attribute_type(object.handle(), &label)?);
    }
    let mut named = Vec::new();
    for dtype in types {
        if is_named(&dtype)? {
            named.push(dtype);
        }
    }
    Ok(named)
}

/// The type of an attribute, if it is an object of its own.
pub(super) fn attribute_type(object: hid_t, label: &CStr) -> Result<Option<Id>> {
    let what = "look into an attribute";
    let dtype = h5a::get_type(what, &h5a::open(what, object, label)?)?;
    Ok(if is_named(&dtype)? { Some(dtype) } else { None })
}

fn is_named(dtype: &Id) -> Result<bool> {
    h5t::is_named("look into an element type", dtype)
}

/// Makes sure that libhdf5 can follow `path` from a group that was checked: the groups on the way are opened by libhdf5 alone.
/// Where nothing is at the path, libhdf5 finds out by itself.
pub(super) fn check_way(group: hid_t, path: &CStr) -> Result<()> {
    locked(|| way(group, path, &Cell::new(MAX_SOFT)))
}

fn way(group: hid_t, path: &CStr, soft_links: &Cell<usize>) -> Result<()> {
    let bytes = path.to_bytes();
    let mut names = bytes.split(|byte| *byte == b'/').filter(|name| !name.is_empty() && *name != b".").peekable();
    let (mut at, mut opened) = (group, None);
    if bytes.starts_with(b"/") {
        at = opened.insert(open_checked(group, c"/")?).get();
    }
    while let Some(name) = names.next() {
        let Ok(name) = CString::new(name) else { return Ok(()) };
        let Some(info) = h5l::find(at, &name) else { return Ok(()) };
        if info.is_soft() {
            let Some(left) = soft_links.get().checked_sub(1) else { return Ok(()) };
            soft_links.set(left);
            way(at, &h5l::value("look into a link", at, &name)?, soft_links)?;
        }
        // What the last name leads to is for the caller, and what is in other files for the options.
        if names.peek().is_none() || !info.is_soft() && info.hard_target().is_none() {
            return Ok(());
        }
        let next = open_checked(at, &name)?;
        if h5i::kind(next.get()) != Some(H5I_type_t::H5I_GROUP) {
            return Ok(());
        }
        at = opened.insert(next).get();
    }
    Ok(())
}

fn open_checked(group: hid_t, name: &CStr) -> Result<Id> {
    let id = super::external_access::open_by_name(group, name)?;
    check(id.get())?;
    Ok(id)
}

/// Whether libhdf5 can look through all groups of the file that `object` is in, as it does for the path of what was opened by
/// its address.
pub(super) fn is_file_sound(object: hid_t) -> Result<bool> {
    locked(|| {
        let root = h5o::open("open the root group", object, c"/")?;
        let identity = identity_of(root.get())?;
        if is_made_here(identity) {
            return Ok(true);
        }
        let known = FILES.with_borrow(|files| files.iter().find(|file| file.0 == identity).map(|file| file.1));
        if let Some(is_sound) = known {
            return Ok(is_sound);
        }
        let is_sound = match check(root.get()).and_then(|_| check_groups(root, identity)) {
            Ok(()) => true,
            Err(error) if error.kind() == ErrorKind::Corrupt => false,
            Err(error) => return Err(error),
        };
        FILES.with_borrow_mut(|files| {
            files.truncate(MAX_FILES);
            files.insert(0, (identity, is_sound));
        });
        Ok(is_sound)
    })
}

/// Checks all groups that hard links lead to from a root group, which was checked.
fn check_groups(root: Id, identity: Identity) -> Result<()> {
    let mut met = HashSet::from([identity]);
    let mut waiting = vec![root];
    while let Some(group) = waiting.pop() {
        // What cannot be opened, libhdf5 does not look into either.
        for id in link::hard_targets(group.get()).into_iter().filter_map(|target| h5o::find_at(group.get(), target)) {
            if h5i::kind(id.get()) == Some(H5I_type_t::H5I_GROUP) && met.insert(identity_of(id.get())?) {
                check(id.get())?;
                waiting.push(id);
            }
        }
    }
    Ok(())
}

/// A file's bytes, and the sizes of what differs by file.
struct Stored<'a, B> {
    file: &'a B,
    address_size: usize,
    length_size: usize,
    /// Bytes that may still be looked at. No part of a file belongs to two nodes, unless someone lies.
    left: Cell<u64>,
}

/// The fields of something, one after the other.
struct Fields<'a> {
    bytes: &'a [u8],
    address_size: usize,
    length_size: usize,
}

impl Fields<'_> {
    /// The number that the next bytes are. Beyond the end are zeros.
    fn next(&mut self, size: usize) -> u64 {
        let (field, rest) = self.bytes.split_at(size.min(self.bytes.len()));
        self.bytes = rest;
        number(field)
    }

    fn length(&mut self) -> u64 {
        self.next(self.length_size)
    }

    /// An address, unless it is undefined.
    fn address(&mut self) -> Option<u64> {
        let (field, rest) = self.bytes.split_at(self.address_size.min(self.bytes.len()));
        self.bytes = rest;
        field.iter().any(|byte| *byte != 0xff).then(|| number(field))
    }
}

/// What the header of a B-tree says of the nodes on each level, the leaves first.
struct Level {
    /// The most records of a node.
    most: u64,
    /// Bytes of the number of all records in a node and below.
    all_size: usize,
}

/// The header of an object.
struct Header {
    messages: Messages,
    /// Whether there is a B-tree or a heap.
    is_dense: bool,
}

/// The nodes of a B-tree.
struct Nodes {
    size: u64,
    record: u64,
    /// Whether another process may write to it meanwhile.
    is_growing: bool,
    levels: Vec<Level>,
}

/// The doubling table of a fractal heap: the blocks in each row are twice as large as those in the row before, but for the
/// second.
struct Table {
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

/// The bytes that hold numbers up to `most`, as libhdf5 counts them.
fn bytes_of(most: u64) -> usize {
    most.max(1).ilog2() as usize / 8 + 1
}

fn damaged(what: &str) -> Error {
    Error::corrupt(format!("{what}, which is not sound"))
}

impl<'a, B: Bytes> Stored<'a, B> {
    fn new(file: &'a B, address_size: usize, length_size: usize) -> Self {
        Self { file, address_size, length_size, left: Cell::new(file.len()) }
    }

    fn fields<'b>(&self, bytes: &'b [u8]) -> Fields<'b> {
        Fields { bytes, address_size: self.address_size, length_size: self.length_size }
    }

    /// The `len` bytes at `address`.
    fn bytes(&self, address: u64, len: u64) -> Result<Vec<u8>> {
        let within = address.checked_add(len).is_some_and(|end| end <= self.file.len());
        if !within {
            return Err(damaged("a B-tree or a heap goes beyond the end of the file"));
        }
        let mut bytes = vec![0; len as usize];
        self.file.read(address, &mut bytes)?;
        Ok(bytes)
    }

    /// The `len` bytes of a part of its own at `address`.
    fn part(&self, address: u64, len: u64) -> Result<Vec<u8>> {
        let left = self.left.get().checked_sub(len);
        self.left.set(left.ok_or_else(|| damaged("a B-tree or a heap has more parts than the file has room for"))?);
        self.bytes(address, len)
    }

    /// Whether there may be a type with a name in the header at `address`, if one is there.
    fn has_named_types(&self, address: u64) -> Result<Option<bool>> {
        const SHARED: u8 = 2;
        const OF_SHARED_TYPE: u8 = 1;
        let Some(start) = self.start(address) else { return Ok(None) };
        let mut has_some = false;
        object_header::walk_from(
            &start,
            self.file,
            address,
            self.address_size,
            self.length_size,
            |kind, flags, body| {
                has_some |= match kind {
                    DATATYPE => flags & SHARED != 0,
                    ATTRIBUTE => {
                        flags & SHARED != 0 || matches!(body, [2..=u8::MAX, flags, ..] if flags & OF_SHARED_TYPE != 0)
                    }
                    // What is in its heap is not looked at.
                    ATTRIBUTE_INFO => self.info(body, ATTRIBUTE_ORDER).1.address().is_some(),
                    _ => false,
                };
                Ok(())
            },
        )?;
        Ok(Some(has_some))
    }

    /// The start of the header at `address`, if one is there.
    fn start(&self, address: u64) -> Option<object_header::Start> {
        object_header::Start::read(self.file, address).ok().filter(object_header::Start::is_header)
    }

    /// Checks what belongs to the object whose header is at `address`, if one is there.
    fn check_object(&self, address: u64) -> Result<Option<Header>> {
        let Some(start) = self.start(address) else { return Ok(None) };
        let left = self.left.get();
        let mut messages = Messages::default();
        object_header::walk_from(&start, self.file, address, self.address_size, self.length_size, |kind, _, body| {
            messages.add(kind);
            match kind {
                LINK_INFO => self.check_info(body, LINK_ORDER, 7, [(LINKS_BY_NAME, 4 + 7), (LINKS_BY_ORDER, 8 + 7)]),
                ATTRIBUTE_INFO => self.check_info(
                    body,
                    ATTRIBUTE_ORDER,
                    8,
                    [(ATTRIBUTES_BY_NAME, 8 + 1 + 4 + 4), (ATTRIBUTES_BY_ORDER, 8 + 1 + 4)],
                ),
                LAYOUT => self.check_layout(body),
                _ => Ok(()),
            }
        })?;
        Ok(Some(Header { messages, is_dense: self.left.get() < left }))
    }

    /// The flags in a message that says where something is found, and what follows: the address of a heap, and those of trees.
    fn info<'b>(&self, body: &'b [u8], order: usize) -> (u64, Fields<'b>) {
        const TRACKED: u64 = 1;
        let mut fields = self.fields(body);
        let (_version, flags) = (fields.next(1), fields.next(1));
        if flags & TRACKED != 0 {
            fields.next(order);
        }
        (flags, fields)
    }

    /// Checks what is found by a message: a heap, whose objects are known by `id` bytes, and trees of the kinds and with records
    /// of the sizes that `trees` says, by names and by order.
    fn check_info(&self, body: &[u8], order: usize, id: u64, trees: [(u64, u64); 2]) -> Result<()> {
        const INDEXED: u64 = 2;
        let (flags, mut fields) = self.info(body, order);
        let Some(heap) = fields.address() else { return Ok(()) };
        self.check_heap(heap, id)?;
        let count = if flags & INDEXED != 0 { 2 } else { 1 };
        for (kind, record) in &trees[..count] {
            let tree = fields.address().ok_or_else(|| damaged("a heap without an index"))?;
            self.check_tree(tree, *kind, *record)?;
        }
        Ok(())
    }

    /// Checks the index of the chunks of a dataset, where it is a tree, or an array.
    fn check_layout(&self, body: &[u8]) -> Result<()> {
        const CHUNKED: u64 = 2;
        const BY_FIXED_ARRAY: u64 = 3;
        const BY_EXTENSIBLE_ARRAY: u64 = 4;
        const BY_TREE: u64 = 5;
        let mut fields = self.fields(body);
        let (version, class) = (fields.next(1), fields.next(1));
        if version < 4 || class != CHUNKED {
            return Ok(());
        }
        let (_flags, rank, size) = (fields.next(1), fields.next(1), fields.next(1) as usize);
        // The last dimension is the size of an item.
        let bytes = (0..rank).fold(1u64, |bytes, _| bytes.saturating_mul(fields.next(size)));
        match fields.next(1) {
            BY_FIXED_ARRAY => {
                let _page_bits = fields.next(1);
                return fields.address().map_or(Ok(()), |array| self.check_array(array, b"FAHD", 8));
            }
            // Before the greatest index that was set, there are the numbers and sizes of two kinds of blocks.
            BY_EXTENSIBLE_ARRAY => {
                let _parameters = fields.next(5);
                let array = fields.address();
                return array.map_or(Ok(()), |array| self.check_array(array, b"EAHD", 12 + 4 * self.length_size));
            }
            BY_TREE => {}
            _ => return Ok(()),
        }
        let (_node, _percents) = (fields.next(4), fields.next(2));
        let Some(tree) = fields.address() else { return Ok(()) };
        let plain = self.address_size as u64 + 8 * rank.saturating_sub(1);
        let length = match version {
            // libhdf5 holds chunks of 32 bits in version 4.
            4 => (1 + (u64::from(bytes.max(1).ilog2()) + 8) / 8).min(8),
            _ => self.length_size as u64,
        };
        match u64::from(self.bytes(tree, 6)?[5]) {
            FILTERED_CHUNKS => self.check_tree(tree, FILTERED_CHUNKS, plain + length + 4),
            _ => self.check_tree(tree, CHUNKS, plain),
        }
    }

    /// Checks the array whose header is at `address`, which says so many bytes from there how many chunks it has: libhdf5 goes
    /// through all of them for how much is stored.
    fn check_array(&self, address: u64, signature: &[u8; 4], at: usize) -> Result<()> {
        let bytes = self.bytes(address, (at + self.length_size) as u64)?;
        if bytes[..4] != *signature {
            return Err(damaged("an index of chunks of another kind than what it is for"));
        }
        ledger::check_chunks(number(&bytes[at..]), || self.file.len())
    }

    /// Checks the B-tree whose header is at `address`: it is of that kind, with records of that size.
    fn check_tree(&self, address: u64, kind: u64, record: u64) -> Result<()> {
        let bytes = self.part(address, (22 + self.address_size + self.length_size) as u64)?;
        let mut fields = self.fields(&bytes);
        let (signature, _version) = (fields.next(4), fields.next(1));
        let is_such = signature == number(b"BTHD") && fields.next(1) == kind;
        let (size, is_of_size) = (fields.next(4), fields.next(2) == record);
        let (depth, _percents) = (fields.next(2), fields.next(2));
        let (root, count, all) = (fields.address(), fields.next(2), fields.length());
        if !is_such || !is_of_size || size > self.file.len().max(SMALL) {
            return Err(damaged("a B-tree of another kind than what it is for"));
        }
        let mut nodes =
            self.levels(size, record, depth).ok_or_else(|| damaged("a B-tree with nodes of absurd sizes"))?;
        nodes.is_growing = [CHUNKS, FILTERED_CHUNKS].contains(&kind);
        match root {
            Some(root) if count > 0 => self.check_node(&nodes, depth as usize, root, count, all),
            _ if count == 0 && (all == 0 || nodes.is_growing) => Ok(()),
            _ => Err(damaged("an empty B-tree with records")),
        }
    }

    /// The levels of a tree with nodes of `size` bytes; none where one has no room for a record.
    fn levels(&self, size: u64, record: u64, depth: u64) -> Option<Nodes> {
        let most = size.checked_sub(NODE)? / record;
        let mut nodes = Nodes { size, record, is_growing: false, levels: vec![Level { most, all_size: 0 }] };
        let mut all = most;
        for level in 1..=depth as usize {
            let pointer = nodes.pointer(level, self.address_size);
            let most = size.checked_sub(NODE + pointer)? / (record + pointer);
            all = most.checked_add(1)?.checked_mul(all)?.checked_add(most)?;
            nodes.levels.push(Level { most, all_size: bytes_of(all) });
            if most == 0 {
                return None;
            }
        }
        (nodes.levels[0].most > 0 && nodes.levels[0].most <= u32::MAX.into()).then_some(nodes)
    }

    /// Checks the node at `address`, which has `count` records, and with what is below it `all`.
    fn check_node(&self, nodes: &Nodes, level: usize, address: u64, count: u64, all: u64) -> Result<()> {
        let wrong = || damaged("a B-tree node with another number of records than it has room for");
        if count == 0 || count > nodes.levels[level].most {
            return Err(wrong());
        }
        // Another process may be writing chunks: then the numbers need not fit together yet, and libhdf5 takes care.
        let is_sum = |sum: u64| nodes.is_growing || sum == all;
        if level == 0 {
            return if is_sum(count) { Ok(()) } else { Err(wrong()) };
        }
        let node = self.part(address, nodes.size)?;
        let mut fields = self.fields(&node[..]);
        fields.bytes = fields.bytes.get((6 + count * nodes.record) as usize..).ok_or_else(wrong)?;
        let mut sum = count;
        for _ in 0..=count {
            let (child, count) = (fields.address(), fields.next(nodes.count_size()));
            let all = if level > 1 { fields.next(nodes.levels[level - 1].all_size) } else { count };
            self.check_node(nodes, level - 1, child.ok_or_else(wrong)?, count, all)?;
            sum = sum.saturating_add(all);
        }
        if is_sum(sum) { Ok(()) } else { Err(wrong()) }
    }

    /// Checks the fractal heap whose header is at `address`, and whose objects are known by `id` bytes.
    fn check_heap(&self, address: u64, id: u64) -> Result<()> {
        let (address_size, length_size) = (self.address_size as u64, self.length_size as u64);
        let bytes = self.part(address, 22 + 3 * address_size + 12 * length_size)?;
        let mut fields = self.fields(&bytes);
        let (signature, _version, id_size) = (fields.next(4), fields.next(1), fields.next(2));
        let (filter, flags, most) = (fields.next(2), fields.next(1), fields.next(4));
        let (_huge, huge, _free, _manager) = (fields.length(), fields.address(), fields.length(), fields.address());
        let managed = fields.length();
        for _ in 0..7 {
            fields.length();
        }
        let (width, start, largest) = (fields.next(2), fields.length(), fields.length());
        let (bits, _rows, root, rows) = (fields.next(2), fields.next(2), fields.address(), fields.next(2));
        if signature != number(b"FRHP") || id_size != id {
            return Err(damaged("a heap of another kind than what it is for"));
        }
        let wrong = || damaged("a heap with blocks of absurd sizes");
        let is_filtered = filter > 0;
        let are_powers = [width, start, largest].iter().all(|size| size.is_power_of_two());
        if !are_powers || start > largest || largest > 1 << 31 || most == 0 || most > largest || bits > 64 {
            return Err(wrong());
        }
        let offset_size = bits.div_ceil(8);
        let start_bits = start.ilog2();
        let direct_rows = largest.ilog2() - start_bits + 2;
        let table = Table { width, start_bits, direct_rows, offset_size: offset_size as usize, is_filtered };
        let most_rows = bits.checked_sub(u64::from(start_bits + table.width_bits())).ok_or_else(wrong)? + 1;
        let length = u64::from(largest.ilog2()).div_ceil(8).min(bytes_of(most) as u64);
        let sum = if flags & 2 != 0 { 4 } else { 0 };
        let is_sound = start > 5 + address_size + offset_size + sum
            && 1 + offset_size + length <= id
            && direct_rows > table.width_bits()
            && rows <= most_rows;
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
            return Err(damaged("a heap that is larger than its blocks"));
        }
        match root {
            None => {}
            Some(root) if rows == 0 => self.check_direct(&table, root, 0, 0)?,
            Some(root) => self.check_indirect(&table, root, rows, 0)?,
        }
        let Some(huge) = huge else { return Ok(()) };
        let plain = address_size + length_size;
        let filtered = plain + 4 + length_size;
        let (kind, record) = match is_filtered {
            false if plain < id => (3, plain),
            false => (1, plain + length_size),
            true if filtered < id => (4, filtered),
            true => (2, filtered + length_size),
        };
        self.check_tree(huge, kind, record)
    }

    /// Checks the block of objects at `address`, in that row, and at `offset` in the heap. A filtered one is not looked at.
    fn check_direct(&self, table: &Table, address: u64, row: u32, offset: u64) -> Result<()> {
        if table.is_filtered {
            return Ok(());
        }
        let left = self.left.get().checked_sub(1 << table.size_bits(row));
        self.left.set(left.ok_or_else(|| damaged("a heap with more blocks than the file has room for"))?);
        self.check_block(table, address, b"FHDB", offset).map(drop)
    }

    /// Checks the table of blocks at `address`, which has so many rows, and is at `offset` in the heap.
    fn check_indirect(&self, table: &Table, address: u64, rows: u32, offset: u64) -> Result<()> {
        let start = self.check_block(table, address, b"FHIB", offset)?;
        let wrong = || damaged("a heap with blocks of absurd sizes");
        let filtered = if table.is_filtered { self.length_size + 4 } else { 0 };
        let direct = u64::from(rows.min(table.direct_rows)) * table.width;
        let all = u64::from(rows) * table.width;
        let entries = self.part(start, all * self.address_size as u64 + direct * filtered as u64)?;
        let mut fields = self.fields(&entries);
        for row in 0..rows {
            for column in 0..table.width {
                let block = fields.address();
                let is_direct = row < table.direct_rows;
                if is_direct {
                    fields.next(filtered);
                }
                let Some(block) = block else { continue };
                let (row_at, before) = (table.size(row).ok_or_else(wrong)?, column << table.size_bits(row));
                let at = offset.checked_add(row_at).and_then(|at| at.checked_add(before)).ok_or_else(wrong)?;
                if is_direct {
                    self.check_direct(table, block, row, at)?;
                } else {
                    // Fewer than there are here: as many as make up the size of a block in this row.
                    self.check_indirect(table, block, row - table.width_bits(), at)?;
                }
            }
        }
        Ok(())
    }

    /// Checks how the block at `address` begins. Returns where that ends.
    fn check_block(&self, table: &Table, address: u64, signature: &[u8; 4], offset: u64) -> Result<u64> {
        let len = (5 + self.address_size + table.offset_size) as u64;
        let bytes = self.bytes(address, len)?;
        let at = number(&bytes[5 + self.address_size..]);
        if !bytes.starts_with(signature) || at != offset {
            return Err(damaged("a block of a heap at the place of another"));
        }
        Ok(address + len)
    }
}

/// Bytes of a node beside records and pointers.
const NODE: u64 = 10;

impl Nodes {
    /// Bytes of the number of records in a node.
    fn count_size(&self) -> usize {
        bytes_of(self.levels[0].most)
    }

    /// Bytes of what a node on that level says of one below.
    fn pointer(&self, level: usize, address_size: usize) -> u64 {
        (address_size + self.count_size() + self.levels[level - 1].all_size) as u64
    }
}
