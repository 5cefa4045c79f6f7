//! Object headers: what libhdf5 looks up in the global heap by itself, before anything is asked for.
//!
//! HDF5 File Format Specification, section IV.A. With a dataset's creation properties, libhdf5 reads its fill value; where
//! that has parts of variable length, it goes into the heap for them. So the collections that a fill value refers to are
//! checked before.

use hdf5_sys::h5i::hid_t;

use super::global_heap::{Bytes, Heap, number};
use super::object_info::{Identity, identity_of};
use crate::ground::error::{Error, ErrorKind, Result};

// Types of messages.
const DATASPACE: u16 = 1;
const DATATYPE: u16 = 3;
const OLD_FILL_VALUE: u16 = 4;
const FILL_VALUE: u16 = 5;
const LAYOUT: u16 = 8;
const CONTINUATION: u16 = 16;
/// Those that groups alone have: link information, links, group information, symbol tables.
const OF_GROUPS: &[u16] = &[2, 6, 10, 17];
/// Those that datasets alone have; one of them is of external files.
const OF_DATASETS: &[u16] = &[OLD_FILL_VALUE, FILL_VALUE, 7, LAYOUT];
/// The flag of a message that is kept elsewhere.
const SHARED: u8 = 2;
/// The class of layout of a dataset that is made of parts of others.
const VIRTUAL: u8 = 3;

/// The address of an object's header.
pub(super) fn address_of(object: hid_t) -> Result<u64> {
    identity_of(object).map(Identity::address)
}

/// Sizes of what differs by file or header.
#[derive(Clone, Copy)]
struct Sizes {
    address: usize,
    length: usize,
    /// What stands before each message, and whether it is of the newer kind.
    message: usize,
    is_new: bool,
}

/// Looks through the header at `address` of a dataset: whether the dataset is a virtual one. The heap collections that its
/// fill value refers to are sound then.
pub(super) fn look(file: &impl Bytes, heap: &mut Heap, address: u64, address_size: usize) -> Result<bool> {
    let mut is_virtual = false;
    let length_size = heap.length_size();
    walk(file, address, address_size, length_size, |kind, flags, body| {
        match kind {
            OLD_FILL_VALUE | FILL_VALUE if flags & SHARED != 0 => {
                return Err(Error::new(ErrorKind::Unsupported, "a fill value that is kept apart cannot be read"));
            }
            OLD_FILL_VALUE | FILL_VALUE => check_references(file, heap, body, address_size)?,
            // Older versions have no such class.
            LAYOUT => is_virtual |= matches!(body, [3..=u8::MAX, VIRTUAL, ..]),
            _ => {}
        }
        Ok(())
    })?;
    Ok(is_virtual)
}

/// What an object is, by what its header has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Group,
    Dataset,
    Datatype,
}

/// Makes sure that the header at `address` is one of that class, and of no other: libhdf5 copies some messages as if what
/// they belong with were there (2.2, `H5O__layout_copy_file`).
pub(super) fn check_is(
    class: Class,
    file: &impl Bytes,
    address: u64,
    address_size: usize,
    length_size: usize,
) -> Result<()> {
    let (wanted, others): (&[u16], &[&[u16]]) = match class {
        Class::Group => (&[], &[&[DATASPACE, DATATYPE], OF_DATASETS]),
        Class::Dataset => (&[DATASPACE, DATATYPE, LAYOUT], &[OF_GROUPS]),
        Class::Datatype => (&[DATATYPE], &[&[DATASPACE], OF_DATASETS, OF_GROUPS]),
    };
    let mut met = Vec::new();
    walk(file, address, address_size, length_size, |kind, _, _| {
        let is_second = met.contains(&kind) && (wanted.contains(&kind) || OF_DATASETS.contains(&kind));
        if is_second || others.iter().any(|others| others.contains(&kind)) {
            let message = format!("an object header with a message of type {kind}, which does not fit the others");
            return Err(Error::corrupt(message));
        }
        met.push(kind);
        Ok(())
    })?;
    match wanted.iter().find(|kind| !met.contains(kind)) {
        Some(kind) => Err(Error::corrupt(format!("an object header without a message of type {kind}"))),
        None => Ok(()),
    }
}

/// Bytes that are read of a header at once. Most have fewer.
const MOST_HEADERS: u64 = 512;

/// Shows type, flags and body of each message of the header at `header`.
fn walk(
    file: &impl Bytes,
    header: u64,
    address_size: usize,
    length_size: usize,
    mut show: impl FnMut(u16, u8, &[u8]) -> Result<()>,
) -> Result<()> {
    let start = &read(file, header, MOST_HEADERS)?;
    let (sizes, first) = prefix(start, header, address_size, length_size)?;
    let mut blocks = vec![first];
    let (mut next, mut left) = (0, file.len());
    while let Some((address, len)) = blocks.get(next).copied() {
        next += 1;
        // No part of a file belongs to two blocks, unless someone lies.
        left = left.checked_sub(len).ok_or_else(|| Error::corrupt("an object header that does not end"))?;
        let more;
        let block = match within(start, address.wrapping_sub(header), len) {
            Some(block) => block,
            None => {
                more = read(file, address, len)?;
                &more
            }
        };
        if (block.len() as u64) < len {
            return Err(Error::corrupt("an object header that goes beyond the end of the file"));
        }
        each_message(block, sizes, |kind, flags, body| {
            if kind == CONTINUATION {
                let (address, rest) = body.split_at_checked(sizes.address).unwrap_or_default();
                let (address, len) = (number(address), number(&rest[..rest.len().min(sizes.length)]));
                // The newer kind has a signature before the messages, and a checksum after them.
                let (before, after) = if sizes.is_new { (4, 4) } else { (0, 0) };
                blocks.push((address.saturating_add(before), len.saturating_sub(before + after)));
            }
            show(kind, flags, body)
        })?;
    }
    Ok(())
}

/// The `len` bytes from `at` on, if all of them are there.
fn within(bytes: &[u8], at: u64, len: u64) -> Option<&[u8]> {
    let (at, len) = (usize::try_from(at).ok()?, usize::try_from(len).ok()?);
    bytes.get(at..)?.get(..len)
}

/// What is at `address`, at most `len` bytes: fewer at the end of the file.
fn read(file: &impl Bytes, address: u64, len: u64) -> Result<Vec<u8>> {
    let len = len.min(file.len().saturating_sub(address));
    let mut bytes = vec![0; len as usize];
    file.read(address, &mut bytes)?;
    Ok(bytes)
}

/// The sizes in a header that begins with `start`, and where its first messages are.
fn prefix(start: &[u8], at: u64, address: usize, length: usize) -> Result<(Sizes, (u64, u64))> {
    let damaged = || Error::corrupt("an object header of an unknown kind");
    let part = |from: usize, len: usize| start.get(from..from + len).map(number).ok_or_else(damaged);
    if start.starts_with(b"OHDR") {
        let flags = part(5, 1)?;
        let size_at = 6 + if flags & 0x20 != 0 { 16 } else { 0 } + if flags & 0x10 != 0 { 4 } else { 0 };
        let size_size = 1 << (flags & 3);
        let message = if flags & 4 != 0 { 6 } else { 4 };
        let sizes = Sizes { address, length, message, is_new: true };
        return Ok((sizes, (at + (size_at + size_size) as u64, part(size_at, size_size)?)));
    }
    if start.first() != Some(&1) {
        return Err(damaged());
    }
    Ok((Sizes { address, length, message: 8, is_new: false }, (at + 16, part(8, 4)?)))
}

/// Shows type, flags and body of each message in a part of a header.
fn each_message(mut block: &[u8], sizes: Sizes, mut show: impl FnMut(u16, u8, &[u8]) -> Result<()>) -> Result<()> {
    while let Some((start, rest)) = block.split_at_checked(sizes.message) {
        let (kind, size, flags) = match sizes.is_new {
            true => (u16::from(start[0]), [start[1], start[2]], start[3]),
            false => (u16::from_le_bytes([start[0], start[1]]), [start[2], start[3]], start[4]),
        };
        let Some((body, rest)) = rest.split_at_checked(u16::from_le_bytes(size).into()) else {
            return Err(Error::corrupt("an object header with a message that goes beyond it"));
        };
        show(kind, flags, body)?;
        block = rest;
    }
    Ok(())
}

/// Checks the collection at every address that can be read out of `bytes`, whatever they mean.
fn check_references(file: &impl Bytes, heap: &mut Heap, bytes: &[u8], address_size: usize) -> Result<()> {
    for window in bytes.windows(address_size) {
        let address = number(window);
        let mut signature = [0; 4];
        let within = address.checked_add(4).is_some_and(|end| end <= file.len());
        if within && file.read(address, &mut signature).is_ok() && signature == *b"GCOL" {
            heap.check(file, address)?;
        }
    }
    Ok(())
}
