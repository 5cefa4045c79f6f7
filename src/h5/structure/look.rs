//! What all readers of structures share: the file's bytes, how many of them may still be looked at, and errors that say
//! what is not sound, and where.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use super::checksum::lookup3;
use super::datatype::Type;
use super::heap::Heap;
use super::places::Places;
use super::shared::Tables;
use super::superblock::Superblock;
use crate::ground::error::{Error, Result};
use crate::h5::global_heap::{Bytes, number};

/// Bytes that may be looked at beside as many as the file has. A small file may have one structure twice.
const BESIDE: u64 = 1 << 16;

const TOO_MUCH: &str = "with it, structures of one object take more than the whole file";

/// A structure in the file, for errors: what it is, and its address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part(pub(super) &'static str, pub(super) u64);

impl Part {
    /// The error for a structure that does not hold together.
    #[cold]
    pub(super) fn wrong(self, why: &str) -> Error {
        let Self(what, address) = self;
        Error::corrupt(format!("the {what} at address {address} is not sound: {why}"))
    }

    #[cold]
    fn too_short(self) -> Error {
        self.wrong("it ends before what it holds")
    }
}

/// Bytes of an address and of a length in a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) address: usize,
    pub(super) length: usize,
}

/// A file whose structures are looked at.
pub(super) struct Look<'a> {
    pub(super) file: &'a dyn Bytes,
    pub(super) sizes: Sizes,
    /// Bytes that may still be looked at. No part of a file belongs to two structures, unless someone lies.
    left: Cell<u64>,
    /// The superblock, once it was needed: it says where shared messages are.
    superblock: RefCell<Option<Superblock>>,
    /// Bytes of objects in heaps that may still be read. Their blocks count before, and an object is read once.
    left_in_heaps: Cell<u64>,
    /// The objects that messages are looked for in, each because the one before has it there.
    pub(super) referring: RefCell<Vec<u64>>,
    pub(super) common: RefCell<Common>,
    /// Bytes of what objects have in common that were looked at: they count for none of them.
    in_common: Cell<u64>,
    /// Whether the places of chunks are taken note of, and those of the last dataset that was looked at.
    pub(super) is_collecting: bool,
    pub(super) places: RefCell<Option<Places>>,
}

/// What objects of a file have in common, and what is looked at once for all of them.
#[derive(Default)]
pub(super) struct Common {
    /// Element types that are kept apart, and were found to be sound: by the headers that they are in, and by what they are known by
    /// in their heap.
    pub(super) types: HashMap<u64, Type>,
    pub(super) heap_types: HashMap<[u8; 8], Type>,
    /// Where messages that headers share are, and the heaps of these that were read.
    pub(super) tables: Option<Rc<Tables>>,
    pub(super) heaps: Vec<(u64, Rc<Heap>)>,
    /// Bytes of structures of all objects that were looked at.
    pub(super) looked_at: u64,
}

impl<'a> Look<'a> {
    pub(super) fn new(file: &'a dyn Bytes, address: usize, length: usize) -> Self {
        Self {
            file,
            sizes: Sizes { address, length },
            left: Cell::new(file.len().saturating_add(BESIDE)),
            left_in_heaps: Cell::new(file.len().saturating_add(BESIDE)),
            superblock: RefCell::default(),
            referring: RefCell::default(),
            common: RefCell::default(),
            in_common: Cell::new(0),
            is_collecting: false,
            places: RefCell::default(),
        }
    }

    /// The same, which takes note of the places of chunks.
    #[cfg(feature = "remote")]
    pub(super) fn collecting(self) -> Self {
        Self { is_collecting: true, ..self }
    }

    /// The places of chunks that were taken note of.
    #[cfg(feature = "remote")]
    pub(super) fn into_places(self) -> Option<Places> {
        self.places.into_inner()
    }

    /// Has structures fetched that are looked at soon, where each costs a request: so many bytes at each of these addresses.
    pub(super) fn fetch(&self, addresses: impl Iterator<Item = u64>, bytes: u64) -> Result<()> {
        if !self.file.is_remote() {
            return Ok(());
        }
        let ranges: Vec<_> = addresses.map(|address| address..address.saturating_add(bytes)).collect();
        self.file.fetch(&ranges)
    }

    /// The same, where so many times as much may be looked at.
    pub(super) fn times(self, times: u64) -> Self {
        let times = |left: &Cell<u64>| left.set(left.get().saturating_mul(times));
        times(&self.left);
        times(&self.left_in_heaps);
        self
    }

    /// The same, where that is known from other objects of the file.
    pub(super) fn with_common(self, common: Common) -> Self {
        Self { common: RefCell::new(common), ..self }
    }

    /// What is known for other objects of the file.
    pub(super) fn into_common(self) -> Common {
        self.common.into_inner()
    }

    /// Takes note that so many bytes of a structure are looked at.
    pub(super) fn charge(&self, part: Part, len: u64) -> Result<()> {
        match self.left.get().checked_sub(len) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => Err(part.wrong(TOO_MUCH)),
        }
    }

    /// How many bytes may still be looked at, beside what objects have in common.
    pub(super) fn left(&self) -> u64 {
        self.left.get().saturating_add(self.in_common.get())
    }

    /// Looks at something that objects have in common.
    pub(super) fn in_common<R>(&self, look: impl FnOnce() -> Result<R>) -> Result<R> {
        let before = self.left.get();
        let found = look();
        self.in_common.set(self.in_common.get().saturating_add(before.saturating_sub(self.left.get())));
        found
    }

    /// The `len` bytes of an object in a block of a heap that was looked at.
    pub(super) fn object(&self, part: Part, len: u64) -> Result<Vec<u8>> {
        let left = self.left_in_heaps.get().checked_sub(len);
        self.left_in_heaps.set(left.ok_or_else(|| part.wrong(TOO_MUCH))?);
        self.check_within(part, part.1, len)?;
        let mut bytes = Vec::new();
        make_room(part, len, &mut bytes)?;
        self.file.read(part.1, &mut bytes)?;
        Ok(bytes)
    }

    /// The `len` bytes of a structure.
    pub(super) fn bytes(&self, part: Part, len: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.read(part, len, &mut bytes)?;
        Ok(bytes)
    }

    /// The same, into memory that was there.
    pub(super) fn read(&self, part: Part, len: u64, bytes: &mut Vec<u8>) -> Result<()> {
        self.charge(part, len)?;
        self.check_within(part, part.1, len)?;
        make_room(part, len, bytes)?;
        self.file.read(part.1, bytes)
    }

    /// Makes sure that the `len` bytes at `address`, which `part` is or refers to, are in the file.
    pub(super) fn check_within(&self, part: Part, address: u64, len: u64) -> Result<()> {
        match address.checked_add(len) {
            Some(end) if end <= self.file.len() => Ok(()),
            _ => Err(part.wrong("it goes beyond the end of the file")),
        }
    }

    /// The fields of a structure.
    pub(super) fn fields<'b>(&self, part: Part, bytes: &'b [u8]) -> Fields<'b> {
        Fields { bytes, sizes: self.sizes, part }
    }

    /// The `len` bytes of a structure that begins with a signature, and ends in a checksum, which is right.
    pub(super) fn summed(&self, part: Part, signature: &[u8; 4], len: u64) -> Result<Vec<u8>> {
        let bytes = self.bytes(part, len)?;
        check_signature(part, signature, &bytes)?;
        check_sum(part, &bytes)?;
        Ok(bytes)
    }

    /// The file's superblock.
    pub(super) fn superblock(&self) -> Result<Superblock> {
        if let Some(known) = *self.superblock.borrow() {
            return Ok(known);
        }
        let found = Superblock::read(self)?;
        *self.superblock.borrow_mut() = Some(found);
        Ok(found)
    }
}

/// Makes room for so many bytes of one structure. A file can be long without taking room on a disk.
fn make_room(part: Part, len: u64, bytes: &mut Vec<u8>) -> Result<()> {
    const MOST: u64 = 1 << 27;
    bytes.clear();
    if len > MOST || bytes.try_reserve_exact(len as usize).is_err() {
        return Err(part.wrong("it is larger than 128 MiB, which none is"));
    }
    bytes.resize(len as usize, 0);
    Ok(())
}

pub(super) fn check_signature(part: Part, signature: &[u8; 4], bytes: &[u8]) -> Result<()> {
    match bytes.starts_with(signature) {
        true => Ok(()),
        false => Err(part.wrong("it does not begin with its signature")),
    }
}

/// Makes sure that the last four bytes are the checksum of those before.
pub(super) fn check_sum(part: Part, bytes: &[u8]) -> Result<()> {
    match bytes.split_last_chunk() {
        Some((summed, sum)) if lookup3(summed) == u32::from_le_bytes(*sum) => Ok(()),
        _ => Err(part.wrong("its checksum is another")),
    }
}

/// The fields of a structure, one after the other.
#[derive(Clone, Copy)]
pub(super) struct Fields<'b> {
    bytes: &'b [u8],
    sizes: Sizes,
    pub(super) part: Part,
}

impl<'b> Fields<'b> {
    /// The next `len` bytes.
    pub(super) fn take(&mut self, len: usize) -> Result<&'b [u8]> {
        match self.bytes.split_at_checked(len) {
            Some((taken, rest)) => {
                self.bytes = rest;
                Ok(taken)
            }
            None => Err(self.part.too_short()),
        }
    }

    pub(super) fn skip(&mut self, len: usize) -> Result<()> {
        self.take(len).map(drop)
    }

    /// What is left.
    pub(super) fn rest(&self) -> &'b [u8] {
        self.bytes
    }

    /// The number that the next bytes are.
    pub(super) fn next(&mut self, size: usize) -> Result<u64> {
        self.take(size).map(number)
    }

    pub(super) fn byte(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    pub(super) fn length(&mut self) -> Result<u64> {
        self.next(self.sizes.length)
    }

    /// An address, unless it is undefined.
    pub(super) fn address(&mut self) -> Result<Option<u64>> {
        let field = self.take(self.sizes.address)?;
        Ok(field.iter().any(|byte| *byte != 0xff).then(|| number(field)))
    }

    /// The bytes up to the next NUL, which is taken with them.
    pub(super) fn name(&mut self) -> Result<&'b [u8]> {
        let Some(len) = self.bytes.iter().position(|byte| *byte == 0) else {
            return Err(self.part.wrong("a name in it does not end"));
        };
        let name = self.take(len)?;
        self.skip(1)?;
        Ok(name)
    }

    /// Makes sure that the next byte is one of these versions.
    pub(super) fn version(&mut self, known: std::ops::RangeInclusive<u8>) -> Result<u8> {
        let version = self.byte()?;
        match known.contains(&version) {
            true => Ok(version),
            false => Err(self.part.wrong("it is of an unknown version")),
        }
    }
}

/// The bytes that hold numbers up to `most`, as libhdf5 counts them.
pub(super) fn bytes_of(most: u64) -> usize {
    most.max(1).ilog2() as usize / 8 + 1
}
