//! Messages that are kept apart from the headers that they belong to: element types that are objects of their own, and messages
//! that many headers share.
//!
//! HDF5 File Format Specification, sections IV.A.2 and III.H. libhdf5 follows them without end (2.2, `H5O__shared_read`).

use std::rc::Rc;

use super::datatype::{self, Type};
use super::header::{self, SHARED, kind};
use super::heap::Heap;
use super::look::{Look, Part};
use crate::ground::error::Result;

/// Bytes by which a shared message is known in its heap.
const ID: usize = 8;
/// How often a message may refer to one that refers to another. libhdf5 makes none that does.
const MAX_DEPTH: usize = 8;

/// The kinds of messages that are shared in heaps, as bits, and where those are.
pub(super) type Tables = Vec<(u16, Option<u64>)>;

/// Reads the message of that kind that `body` refers to.
pub(super) fn resolve(look: &Look<'_>, part: Part, kind: u16, body: &[u8]) -> Result<Vec<u8>> {
    match place(look, part, body)? {
        Place::Header(address) => in_header(look, part, address, kind),
        Place::Heap(id) => in_heap(look, part, kind, &id),
    }
}

/// Reads an element type, which may be kept apart.
pub(super) fn element_type(look: &Look<'_>, part: Part, is_shared: bool, body: &[u8]) -> Result<Type> {
    if !is_shared {
        return datatype::read(look, part, body);
    }
    let place = place(look, part, body)?;
    let known = {
        let common = look.common.borrow();
        match &place {
            Place::Header(address) => common.types.get(address).copied(),
            Place::Heap(id) => common.heap_types.get(id).copied(),
        }
    };
    if let Some(known) = known {
        return Ok(known);
    }
    let found = datatype::read(look, part, &resolve(look, part, kind::DATATYPE, body)?)?;
    let mut common = look.common.borrow_mut();
    match place {
        Place::Header(address) => common.types.insert(address, found),
        Place::Heap(id) => common.heap_types.insert(id, found),
    };
    Ok(found)
}

/// Where a message is kept.
enum Place {
    Header(u64),
    Heap([u8; ID]),
}

fn place(look: &Look<'_>, part: Part, body: &[u8]) -> Result<Place> {
    const IN_HEAP: u8 = 1;
    let mut fields = look.fields(part, body);
    let version = fields.version(1..=3)?;
    let class = fields.byte()?;
    if version == 1 {
        fields.skip(6 + look.sizes.length)?;
    } else if class == IN_HEAP {
        let mut id = [0; ID];
        id.copy_from_slice(fields.take(ID)?);
        return Ok(Place::Heap(id));
    }
    match fields.address()? {
        Some(address) => Ok(Place::Header(address)),
        None => Err(part.wrong("it refers to a message that is nowhere")),
    }
}

/// The message of that kind in the header at `address`.
fn in_header(look: &Look<'_>, part: Part, address: u64, kind: u16) -> Result<Vec<u8>> {
    if look.referring.borrow().contains(&address) || look.referring.borrow().len() >= MAX_DEPTH {
        return Err(part.wrong("it refers to a message that refers to itself"));
    }
    look.referring.borrow_mut().push(address);
    let mut found = None;
    header::walk(look, address, &mut |message| {
        if message.kind == kind && found.is_none() {
            found = Some((message.flags, message.body.to_vec()));
        }
        Ok(())
    })?;
    let found = match found {
        Some((flags, body)) if flags & SHARED != 0 => resolve(look, part, kind, &body)?,
        Some((_, body)) => body,
        None => return Err(part.wrong("it refers to an object without such a message")),
    };
    look.referring.borrow_mut().pop();
    Ok(found)
}

/// The message of that kind in the heap that the file has for it.
fn in_heap(look: &Look<'_>, part: Part, kind: u16, id: &[u8]) -> Result<Vec<u8>> {
    let heap = heap_of(look, part, kind)?;
    let object = heap.object(look, id)?;
    object.ok_or_else(|| part.wrong("it refers to a message in a heap with filters"))
}

/// The heap that the file has for messages of that kind.
pub(super) fn heap_of(look: &Look<'_>, part: Part, kind: u16) -> Result<Rc<Heap>> {
    // Both kinds of fill values are in one.
    let kind = if kind == kind::OLD_FILL_VALUE { kind::FILL_VALUE } else { kind };
    let tables = look.common.borrow().tables.clone();
    let tables = match tables {
        Some(tables) => tables,
        None => {
            let tables = Rc::new(look.in_common(|| tables_of(look))?);
            look.common.borrow_mut().tables = Some(Rc::clone(&tables));
            tables
        }
    };
    let heap = tables.iter().find(|(types, _)| *types & 1 << kind != 0).and_then(|(_, heap)| *heap);
    let Some(heap) = heap else {
        return Err(part.wrong("it refers to a shared message, and the file has none of its kind"));
    };
    if let Some((_, known)) = look.common.borrow().heaps.iter().find(|(at, _)| *at == heap) {
        return Ok(Rc::clone(known));
    }
    let read = Rc::new(look.in_common(|| Heap::read(look, heap, ID as u64))?);
    look.common.borrow_mut().heaps.push((heap, Rc::clone(&read)));
    Ok(read)
}

/// Reads which messages are shared in which heaps, which libhdf5 does when it opens a file.
pub(super) fn tables_of(look: &Look<'_>) -> Result<Tables> {
    let Some((address, count)) = look.superblock()?.extension(look)?.shared else { return Ok(Vec::new()) };
    let part = Part("table of shared messages", address);
    let index = 14 + 2 * look.sizes.address;
    let bytes = look.summed(part, b"SMTB", (8 + usize::from(count) * index) as u64)?;
    bytes[4..bytes.len() - 4]
        .chunks_exact(index)
        .map(|index| {
            let mut fields = look.fields(part, index);
            fields.version(0..=0)?;
            fields.skip(1)?;
            let types = fields.next(2)? as u16;
            fields.skip(4 + 6)?;
            let (_index, heap) = (fields.address()?, fields.address()?);
            Ok((types, heap))
        })
        .collect()
}
