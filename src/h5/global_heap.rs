//! Global heap collections: where a file has its strings and sequences of variable length.
//!
//! HDF5 File Format Specification, section III.E. libhdf5 looks up, copies and allocates for each string by itself, and
//! does not get out of some damaged collections (2.2, `H5HG__cache_heap_deserialize`, at an object of size zero). So they
//! are read here, and it never sees them.

use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::limits::{Limit, Limits};

/// A collection has at least this size.
const MIN_SIZE: u64 = 4096;
/// A collection up to this size is kept in memory; of a larger one only where its objects are.
const KEPT: u64 = 64 << 10;
/// How many collections are known at a time.
const SLOTS: usize = 64;
/// The most memory for what is known of them, the last one apart.
const MEMORY: usize = 4 << 20;
/// How much is read at once where one collection follows another.
const AHEAD: usize = 64 << 10;

/// What the bytes of a file are read from.
pub(super) trait Bytes {
    /// The address at which the file ends.
    fn len(&self) -> u64;

    /// Fills `into` with what is at `address`.
    fn read(&self, address: u64, into: &mut [u8]) -> Result<()>;

    /// Whether each read may cost a request to another machine.
    fn is_remote(&self) -> bool {
        false
    }

    /// Has these bytes, as far as they are there, read soon without one for each.
    fn fetch(&self, _ranges: &[std::ops::Range<u64>]) -> Result<()> {
        Ok(())
    }
}

impl Bytes for &dyn Bytes {
    fn len(&self) -> u64 {
        (**self).len()
    }

    fn read(&self, address: u64, into: &mut [u8]) -> Result<()> {
        (**self).read(address, into)
    }

    fn is_remote(&self) -> bool {
        (**self).is_remote()
    }

    fn fetch(&self, ranges: &[std::ops::Range<u64>]) -> Result<()> {
        (**self).fetch(ranges)
    }
}

/// The collections of one file, the last ones used of which are known.
pub(super) struct Heap {
    /// Bytes of a length in the file.
    length_size: usize,
    /// Each at a place that follows from its address.
    slots: Vec<Option<Collection>>,
    /// The memory for them.
    held: usize,
    ahead: ReadAhead,
    /// How much may still be copied and looked at: the same object can be asked for any number of times.
    budget: u64,
    /// How much it was.
    whole: u64,
}

/// A collection of objects.
#[derive(Default)]
struct Collection {
    address: u64,
    /// All of it, if it is small.
    bytes: Vec<u8>,
    /// For each index, where the object begins within the collection, which is 0 where there is none, and its size.
    objects: Vec<(u64, u64)>,
}

impl Heap {
    pub(super) fn new(length_size: usize) -> Self {
        let slots = std::iter::repeat_with(|| None).take(SLOTS).collect();
        Self { length_size, slots, held: 0, ahead: ReadAhead::default(), budget: 0, whole: 0 }
    }

    /// Bytes of a length in the file.
    pub(super) fn length_size(&self) -> usize {
        self.length_size
    }

    /// Forgets all, as the file may have changed.
    pub(super) fn forget(&mut self) {
        self.slots.fill_with(|| None);
        self.held = 0;
        self.ahead = ReadAhead::default();
    }

    /// Sets how many bytes may be copied or looked at from now on.
    pub(super) fn set_budget(&mut self, budget: u64) {
        (self.budget, self.whole) = (budget, budget);
    }

    /// How much of it was taken since that was last asked.
    pub(super) fn spent(&mut self) -> u64 {
        let spent = self.whole - self.budget;
        self.whole = self.budget;
        spent
    }

    /// Appends the object `index`, of `size` bytes, of the collection at `address` to `bytes`.
    #[inline]
    pub(super) fn append(
        &mut self,
        file: &impl Bytes,
        (address, index): (u64, u32),
        size: u64,
        bytes: &mut Vec<u8>,
    ) -> Result<()> {
        let slot = slot_of(address);
        if self.slots[slot].as_ref().is_none_or(|known| known.address != address) {
            self.look_at(file, address, slot)?;
        }
        let Some(collection) = &self.slots[slot] else { return Err(no_object(address, index)) };
        let (start, found) = match collection.objects.get(index as usize) {
            Some((start, found)) if *start > 0 => (*start, *found),
            _ => return Err(no_object(address, index)),
        };
        if found != size {
            return Err(Error::corrupt(format!(
                "expected {size} bytes in the global heap, found object {index} of the collection at {address} with {found}"
            )));
        }
        spend(&mut self.budget, size)?;
        // The object lies within the collection, which lies within the file.
        if !collection.bytes.is_empty() {
            bytes.extend_from_slice(&collection.bytes[start as usize..(start + size) as usize]);
            return Ok(());
        }
        let old = bytes.len();
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        bytes.try_reserve(size).map_err(|_| {
            Error::new(ErrorKind::Limit, format!("{size} bytes in the global heap do not fit into memory"))
        })?;
        bytes.resize(old + size, 0);
        file.read(address + start, &mut bytes[old..])
    }

    /// Makes sure that the collection at `address` is sound.
    pub(super) fn check(&mut self, file: &impl Bytes, address: u64) -> Result<()> {
        let slot = slot_of(address);
        match &self.slots[slot] {
            Some(known) if known.address == address => Ok(()),
            _ => self.look_at(file, address, slot),
        }
    }

    /// The object `index` of the collection at `address`, whatever its size.
    pub(super) fn object(&mut self, file: &impl Bytes, (address, index): (u64, u32)) -> Result<Vec<u8>> {
        self.check(file, address)?;
        let known = self.slots[slot_of(address)].as_ref();
        let found = known.and_then(|collection| collection.objects.get(index as usize)).filter(|(start, _)| *start > 0);
        let (_, size) = *found.ok_or_else(|| no_object(address, index))?;
        let mut bytes = Vec::new();
        self.append(file, (address, index), size, &mut bytes)?;
        Ok(bytes)
    }

    #[cold]
    fn look_at(&mut self, file: &impl Bytes, address: u64, slot: usize) -> Result<()> {
        let mut collection = self.slots[slot].take().unwrap_or_default();
        self.held = self.held.saturating_sub(collection.memory());
        collection.look(file, &mut self.ahead, address, self.length_size, &mut self.budget)?;
        if self.held + collection.memory() > MEMORY {
            self.slots.fill_with(|| None);
            self.held = 0;
        }
        self.held += collection.memory();
        self.slots[slot] = Some(collection);
        Ok(())
    }
}

fn slot_of(address: u64) -> usize {
    (address / MIN_SIZE) as usize % SLOTS
}

#[cold]
fn no_object(address: u64, index: u32) -> Error {
    Error::corrupt(format!("the global heap collection at {address} has no object {index}"))
}

#[inline]
fn spend(budget: &mut u64, bytes: u64) -> Result<()> {
    match budget.checked_sub(bytes) {
        Some(left) => {
            *budget = left;
            Ok(())
        }
        None => {
            let what = "items of variable length take far more than the whole file";
            Err(Limits::exceeded(what, Limit::UnstoredOrBytes))
        }
    }
}

impl Collection {
    fn memory(&self) -> usize {
        self.bytes.capacity() + self.objects.capacity() * size_of::<(u64, u64)>()
    }

    /// Becomes the collection at `address`. Every bound is checked, so that nothing outside is reached, and the way from
    /// object to object comes to an end.
    fn look(
        &mut self,
        file: &impl Bytes,
        ahead: &mut ReadAhead,
        address: u64,
        length_size: usize,
        budget: &mut u64,
    ) -> Result<()> {
        let damaged = |what: &str| Error::corrupt(format!("the global heap collection at {address} {what}"));
        // Of a collection and of an object alike: eight bytes and a length.
        let header_size = aligned(8 + length_size as u64).ok_or_else(|| damaged("has lengths of an unknown size"))?;
        self.bytes.clear();
        self.objects.clear();
        self.address = address;

        let header = ahead.bytes(file, address, header_size)?;
        if header[..4] != *b"GCOL" {
            return Err(damaged("does not begin with its signature"));
        }
        if header[4] != 1 {
            return Err(damaged("is of an unknown version"));
        }
        let size = number(&header[8..8 + length_size]);
        if size < MIN_SIZE {
            return Err(damaged("has too small a size"));
        }
        if address.checked_add(size).is_none_or(|end| end > file.len()) {
            return Err(damaged("goes beyond the end of the file"));
        }
        let is_kept = size <= KEPT;
        if is_kept {
            self.bytes.extend_from_slice(ahead.bytes(file, address, size)?);
        }
        let mut at = header_size;
        let mut has_free_space = false;
        while at < size {
            if size - at < header_size {
                // What is left is too small for anything.
                if has_free_space {
                    return Err(damaged("has free space twice"));
                }
                break;
            }
            spend(budget, header_size)?;
            let header = match is_kept {
                true => &self.bytes[at as usize..(at + header_size) as usize],
                false => ahead.bytes(file, address + at, header_size)?,
            };
            let index = usize::from(u16::from_le_bytes([header[0], header[1]]));
            let len = number(&header[8..8 + length_size]);
            // The size of the free space includes its header, and is not padded.
            let taken = match index {
                0 => Some(len).filter(|taken| *taken >= header_size),
                _ => aligned(len).and_then(|len| len.checked_add(header_size)),
            };
            let Some(taken) = taken.filter(|taken| *taken <= size - at) else {
                return Err(damaged(&format!("has an object {index} of a size that cannot be: {len}")));
            };
            if index == 0 {
                if std::mem::replace(&mut has_free_space, true) {
                    return Err(damaged("has free space twice"));
                }
            } else {
                if index >= self.objects.len() {
                    self.objects.resize(index + 1, (0, 0));
                }
                if std::mem::replace(&mut self.objects[index], (at + header_size, len)).0 > 0 {
                    return Err(damaged(&format!("has two objects {index}")));
                }
            }
            at += taken;
        }
        Ok(())
    }
}

/// Rounds up to a multiple of 8.
fn aligned(size: u64) -> Option<u64> {
    size.checked_next_multiple_of(8)
}

/// The number whose little-endian bytes these are; `u64::MAX` where it is larger.
pub(super) fn number(bytes: &[u8]) -> u64 {
    let (low, high) = bytes.split_at(bytes.len().min(8));
    if high.iter().any(|byte| *byte != 0) {
        return u64::MAX;
    }
    let mut word = [0; 8];
    word[..low.len()].copy_from_slice(low);
    u64::from_le_bytes(word)
}

/// A part of the file that was read last.
#[derive(Default)]
struct ReadAhead {
    start: u64,
    bytes: Vec<u8>,
}

impl ReadAhead {
    /// The `len` bytes at `address`. Where they follow on what was read before, more is read at once.
    fn bytes(&mut self, file: &impl Bytes, address: u64, len: u64) -> Result<&[u8]> {
        let within = |start: u64, held: usize| {
            let at = address.checked_sub(start)?;
            (at.checked_add(len)? <= held as u64).then_some(at as usize)
        };
        let at = match within(self.start, self.bytes.len()) {
            Some(at) => at,
            None => {
                let Some(rest) = file.len().checked_sub(address).filter(|rest| *rest >= len) else {
                    return Err(Error::corrupt(format!(
                        "the global heap goes on at {address}, beyond the end of the file at {}",
                        file.len()
                    )));
                };
                let end = self.start + self.bytes.len() as u64;
                let follows = address >= self.start && address - self.start <= end - self.start + AHEAD as u64;
                let wanted = if follows { AHEAD as u64 } else { MIN_SIZE };
                let count = wanted.max(len).min(rest);
                self.bytes.resize(count as usize, 0);
                self.start = address;
                if let Err(error) = file.read(address, &mut self.bytes) {
                    self.bytes.clear();
                    return Err(error);
                }
                0
            }
        };
        Ok(&self.bytes[at..at + len as usize])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl Bytes for Vec<u8> {
        fn len(&self) -> u64 {
            self.len() as u64
        }

        fn read(&self, address: u64, into: &mut [u8]) -> Result<()> {
            let start = address as usize;
            into.copy_from_slice(&self[start..start + into.len()]);
            Ok(())
        }
    }

    const BASE: usize = 512;

    /// A file with a collection of these objects, at [`BASE`].
    fn file(objects: &[(u16, &[u8])], length_size: usize, size: usize) -> Vec<u8> {
        let header = |start: [u8; 8], len: usize| {
            let mut header = start.to_vec();
            header.extend_from_slice(&(len as u64).to_le_bytes()[..length_size]);
            header.resize((8 + length_size).next_multiple_of(8), 0);
            header
        };
        let mut file = vec![0; BASE];
        file.extend(header(*b"GCOL\x01\0\0\0", size));
        for (index, object) in objects {
            let [low, high] = index.to_le_bytes();
            file.extend(header([low, high, 1, 0, 0, 0, 0, 0], object.len()));
            file.extend_from_slice(object);
            file.resize(file.len().next_multiple_of(8), 0);
        }
        let rest = BASE + size - file.len();
        file.extend(header([0; 8], rest));
        file.resize(BASE + size, 0);
        file
    }

    fn heap(length_size: usize) -> Heap {
        let mut heap = Heap::new(length_size);
        heap.set_budget(1 << 20);
        heap
    }

    fn object(heap: &mut Heap, file: &Vec<u8>, index: u32, size: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        heap.append(file, (BASE as u64, index), size, &mut bytes).map(|()| bytes)
    }

    #[test]
    fn objects_of_any_order_and_size() {
        let large = vec![7; 100_000];
        for (length_size, size) in [(8, 4096), (4, 4096), (2, 4096), (8, 200_000), (4, 200_000)] {
            let last: &[u8] = if size > 100_000 { &large } else { b"last" };
            let file = file(&[(3, b"three"), (1, b""), (2, b"12345678"), (9, last)], length_size, size);
            let mut heap = heap(length_size);
            for (index, wanted) in [(1, &b""[..]), (2, b"12345678"), (9, last), (3, b"three")] {
                assert_eq!(object(&mut heap, &file, index, wanted.len() as u64).unwrap(), wanted);
                assert_eq!(object(&mut heap, &file, index, 6).unwrap_err().kind(), ErrorKind::Corrupt);
            }
            for index in [0, 4, 10, u32::MAX] {
                assert_eq!(object(&mut heap, &file, index, 0).unwrap_err().kind(), ErrorKind::Corrupt);
            }
        }
    }

    #[test]
    fn an_end_to_all_that_is_asked_for() {
        let file = file(&[(1, &[1; 1000])], 8, 4096);
        let mut heap = heap(8);
        let error = (0..2000).find_map(|_| object(&mut heap, &file, 1, 1000).err()).unwrap();
        assert_eq!(error.kind(), ErrorKind::Limit);
    }

    proptest! {
        #[test]
        fn damage(
            places in prop::collection::vec((0_usize..300, any::<u8>()), 1..6),
            cut in prop::option::of(0_usize..5000),
            address in prop_oneof![Just(BASE as u64), any::<u64>(), 0_u64..6000],
        ) {
            let mut file = file(&[(1, b"one"), (2, &[2; 50]), (3, b"three")], 8, 4096);
            for (at, byte) in places {
                file[BASE + at] = byte;
            }
            file.truncate(cut.unwrap_or(usize::MAX));
            let mut bytes = Vec::new();
            for index in 0..5 {
                for size in [0, 3, 5, 50] {
                    let result = heap(8).append(&file, (address, index), size, &mut bytes);
                    prop_assert!(result.is_err_and(|error| error.kind() == ErrorKind::Corrupt) || address == BASE as u64);
                }
            }
        }
    }
}
