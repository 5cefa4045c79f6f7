//! Object headers: the messages that an object is made of.
//!
//! HDF5 File Format Specification, section IV.A.1.

use std::collections::HashSet;

use super::look::{Look, Part, check_signature};
use crate::ground::error::Result;
use crate::h5::global_heap::number;

/// Types of messages.
pub(super) mod kind {
    pub(in crate::h5::structure) const DATASPACE: u16 = 1;
    pub(in crate::h5::structure) const LINK_INFO: u16 = 2;
    pub(in crate::h5::structure) const DATATYPE: u16 = 3;
    pub(in crate::h5::structure) const OLD_FILL_VALUE: u16 = 4;
    pub(in crate::h5::structure) const FILL_VALUE: u16 = 5;
    pub(in crate::h5::structure) const LINK: u16 = 6;
    pub(in crate::h5::structure) const EXTERNAL_FILES: u16 = 7;
    pub(in crate::h5::structure) const LAYOUT: u16 = 8;
    pub(in crate::h5::structure) const GROUP_INFO: u16 = 10;
    pub(in crate::h5::structure) const PIPELINE: u16 = 11;
    pub(in crate::h5::structure) const ATTRIBUTE: u16 = 12;
    pub(in crate::h5::structure) const SHARED_TABLE: u16 = 15;
    pub(in crate::h5::structure) const CONTINUATION: u16 = 16;
    pub(in crate::h5::structure) const SYMBOL_TABLE: u16 = 17;
    pub(in crate::h5::structure) const B_TREE_K: u16 = 19;
    pub(in crate::h5::structure) const ATTRIBUTE_INFO: u16 = 21;
    pub(in crate::h5::structure) const FREE_SPACE: u16 = 23;
    pub(in crate::h5::structure) const CACHE_IMAGE: u16 = 24;
}

/// The flag of a message that is kept elsewhere.
pub(super) const SHARED: u8 = 2;

/// Bytes that are read of a header at once. Most have fewer.
const AT_ONCE: usize = 512;
/// Parts of a header that are looked for one by one.
const FEW: usize = 16;

/// A message of a header.
#[derive(Clone, Copy)]
pub(super) struct Message<'b> {
    pub(super) kind: u16,
    pub(super) flags: u8,
    pub(super) body: &'b [u8],
}

/// How messages are laid out in a header.
#[derive(Clone, Copy)]
struct Form {
    /// Bytes before each message.
    message: usize,
    /// Whether it is of the second version: with signatures and checksums.
    is_new: bool,
}

/// Whether the bytes at the address of an object look like those of its header.
pub(super) fn is_header(look: &Look<'_>, address: u64) -> bool {
    let mut start = [0; 4];
    let is_within = address.checked_add(4).is_some_and(|end| end <= look.file.len());
    is_within && look.file.read(address, &mut start).is_ok() && (start == *b"OHDR" || start[0] == 1)
}

/// Shows each message of the header at `address`. Its checksum is left to libhdf5, which looks at it first.
pub(super) fn walk(look: &Look<'_>, address: u64, show: &mut dyn FnMut(Message<'_>) -> Result<()>) -> Result<()> {
    let part = Part("object header", address);
    let too_short = || part.wrong("it goes beyond the end of the file");
    let mut start = [0; AT_ONCE];
    let there = look.file.len().saturating_sub(address).min(AT_ONCE as u64) as usize;
    if there == 0 {
        return Err(too_short());
    }
    look.file.read(address, &mut start[..there])?;
    let (form, prefix, len) = prefix(part, &start[..there])?;
    let sum = if form.is_new { 4 } else { 0 };
    let len = len.checked_add(prefix as u64 + sum).ok_or_else(too_short)?;
    let mut blocks = Vec::new();
    let mut show_first =
        |first: &[u8]| each(look, part, form, &first[prefix..first.len() - sum as usize], &mut blocks, show);
    if len <= there as u64 {
        look.charge(part, len)?;
        show_first(&start[..len as usize])?;
    } else {
        show_first(&look.bytes(part, len)?)?;
    }
    let (mut next, mut met) = (0, HashSet::new());
    while let Some((at, len)) = blocks.get(next).copied() {
        let part = Part("continuation of an object header", at);
        let is_met = match next {
            ..FEW => blocks[..next].iter().any(|(other, _)| *other == at),
            FEW => {
                met.extend(blocks[..next].iter().map(|(other, _)| *other));
                !met.insert(at)
            }
            _ => !met.insert(at),
        };
        if is_met || at == address {
            return Err(part.wrong("it was met before in the same header"));
        }
        next += 1;
        block(look, part, form, len, &mut blocks, show)?;
    }
    Ok(())
}

/// Shows the messages of a continuation.
fn block(
    look: &Look<'_>,
    part: Part,
    form: Form,
    len: u64,
    blocks: &mut Vec<(u64, u64)>,
    show: &mut dyn FnMut(Message<'_>) -> Result<()>,
) -> Result<()> {
    let bytes = look.bytes(part, len)?;
    let mut messages = &bytes[..];
    if form.is_new {
        check_signature(part, b"OCHK", &bytes)?;
        messages = bytes.get(4..bytes.len().saturating_sub(4)).unwrap_or_default();
    }
    each(look, part, form, messages, blocks, show)
}

/// How messages are laid out in a header that begins with `start`, where the first is, and how many bytes they take.
fn prefix(part: Part, start: &[u8]) -> Result<(Form, usize, u64)> {
    let field = |from: usize, len: usize| {
        start.get(from..from + len).map(number).ok_or_else(|| part.wrong("it ends before what it holds"))
    };
    if start.starts_with(b"OHDR") {
        if field(4, 1)? != 2 {
            return Err(part.wrong("it is of an unknown version"));
        }
        let flags = field(5, 1)?;
        let size_at = 6 + if flags & 0x20 != 0 { 16 } else { 0 } + if flags & 0x10 != 0 { 4 } else { 0 };
        let size_size = 1 << (flags & 3);
        let message = if flags & 4 != 0 { 6 } else { 4 };
        return Ok((Form { message, is_new: true }, size_at + size_size, field(size_at, size_size)?));
    }
    if start.first() != Some(&1) {
        return Err(part.wrong("it is no header of any known version"));
    }
    Ok((Form { message: 8, is_new: false }, 16, field(8, 4)?))
}

/// Shows the messages in a part of a header, and takes note of the parts to come.
fn each(
    look: &Look<'_>,
    part: Part,
    form: Form,
    mut bytes: &[u8],
    blocks: &mut Vec<(u64, u64)>,
    show: &mut dyn FnMut(Message<'_>) -> Result<()>,
) -> Result<()> {
    while let Some((start, rest)) = bytes.split_at_checked(form.message) {
        let (kind, size, flags) = match form.is_new {
            true => (u16::from(start[0]), [start[1], start[2]], start[3]),
            false => (u16::from_le_bytes([start[0], start[1]]), [start[2], start[3]], start[4]),
        };
        let Some((body, rest)) = rest.split_at_checked(u16::from_le_bytes(size).into()) else {
            return Err(part.wrong("a message goes beyond its end"));
        };
        if kind == kind::CONTINUATION {
            let mut fields = look.fields(part, body);
            let (at, len) = (fields.address()?, fields.length()?);
            let Some(at) = at.filter(|_| len > 0) else {
                return Err(part.wrong("it goes on nowhere"));
            };
            blocks.push((at, len));
        }
        show(Message { kind, flags, body })?;
        bytes = rest;
    }
    Ok(())
}
