//! Strings of variable length, written without the part of libhdf5 that does it: where that fails midway, it frees memory
//! that it did not allocate (`H5T__conv_vlen` in 2.2 and before).
//!
//! In the file, such a string is a reference: its length, the address of a global heap collection, and the index of an
//! object in it. libhdf5 is given items of an opaque type whose tag nobody else uses, and a conversion of this crate makes
//! the references. This works for datasets of every layout and for attributes.
//!
//! - In a file of a [driver](super::driver) of this crate, the collections are laid out here, at addresses that the driver
//!   allocates. The items are the references already.
//! - In any other file, the items are numbers of strings, and the conversion asks libhdf5 to put each string into its heap
//!   (`H5VLblob_put`, since 1.12).
//! - libhdf5 before 1.12 has no way into its heap. It writes the strings itself, once there is room for them.
#![cfg_attr(
    not(all(unix, hdf5_drivers)),
    allow(
        dead_code,
        unused_imports,
        reason = "an older libhdf5 takes no drivers, and before 1.12 it has no way into its heap"
    )
)]

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::sync::LazyLock;

use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5t::{H5T_NATIVE_INT8, H5T_bkg_t, H5T_class_t, H5T_cmd_t};

use super::file_bytes::with_file;
#[cfg(hdf5_tokens)]
use super::sys::h5vl::FileObject;
use super::sys::{self, h5i, h5t};
use super::{Id, library_static, locked};
use crate::ground::error::Result;

/// The tag of the opaque types.
const TAG: &std::ffi::CStr = c"filebacked stored reference";
/// Bytes of the length and of the index in a reference, beside the address.
const REFERENCE: usize = 4 + 4;
/// The smallest collection that libhdf5 reads.
const MIN_COLLECTION: usize = 4096;
/// Collections of many strings are of so many bytes: libhdf5 reads each as a whole.
const COLLECTION: usize = 1 << 16;
/// Bytes before the objects of a collection, and before each object. Lengths in new files of this crate have eight bytes.
const HEADER: usize = 16;
/// The largest index of an object.
const MAX_INDEX: u32 = u16::MAX as u32;

/// Bytes that an object takes in a collection.
fn size_of_object(len: usize) -> usize {
    HEADER + len.next_multiple_of(8)
}

/// A collection of the global heap that has room for more objects.
pub(super) struct Collection {
    address: u64,
    /// All bytes of the collection, also those that are free.
    bytes: Vec<u8>,
    /// Where the free bytes begin.
    used: usize,
    /// How many objects there are.
    count: u32,
}

impl Collection {
    /// An empty collection of `size` bytes, a multiple of eight.
    fn new(address: u64, size: usize) -> Self {
        let mut bytes = vec![0; size];
        bytes[..8].copy_from_slice(b"GCOL\x01\0\0\0");
        bytes[8..HEADER].copy_from_slice(&(size as u64).to_le_bytes());
        Self { address, bytes, used: HEADER, count: 0 }
    }

    fn has_room(&self, len: usize) -> bool {
        self.count < MAX_INDEX && size_of_object(len) <= self.bytes.len() - self.used
    }

    /// Adds an object, for which there is room; returns its index.
    fn add(&mut self, object: &[u8]) -> u32 {
        self.count += 1;
        let place = &mut self.bytes[self.used..][..size_of_object(object.len())];
        place[..2].copy_from_slice(&(self.count as u16).to_le_bytes());
        // One reference leads to it.
        place[2] = 1;
        place[8..HEADER].copy_from_slice(&(object.len() as u64).to_le_bytes());
        place[HEADER..][..object.len()].copy_from_slice(object);
        self.used += place.len();
        self.count
    }

    /// Whether some of the bytes from `address` on are the collection's.
    pub(super) fn overlaps(&self, address: u64, size: u64) -> bool {
        address < self.address + self.bytes.len() as u64 && self.address < address.saturating_add(size)
    }

    /// Where the collection is in the file, and its bytes. What is free is said to be so.
    pub(super) fn into_bytes(mut self) -> (u64, Vec<u8>) {
        let free = self.bytes.len() - self.used;
        // libhdf5 takes less than a header for free, whatever it is.
        if free >= HEADER {
            self.bytes[self.used + 8..][..8].copy_from_slice(&(free as u64).to_le_bytes());
        }
        (self.address, self.bytes)
    }
}

/// Strings one after the other, each of which ends with a NUL, which is not written.
#[derive(Clone, Copy)]
pub(super) struct Texts<'a> {
    text: &'a [u8],
    /// Where each string ends in `text`, behind its NUL.
    ends: &'a [usize],
}

impl<'a> Texts<'a> {
    /// `None` where one of the strings does not end with a NUL, or is longer than a reference can say.
    pub(super) fn new(text: &'a [u8], ends: &'a [usize]) -> Option<Self> {
        let mut begin = 0;
        for end in ends {
            if !matches!(text.get(begin..*end), Some([.., 0])) || end - begin > u32::MAX as usize {
                return None;
            }
            begin = *end;
        }
        Some(Self { text, ends })
    }

    pub(super) fn count(&self) -> usize {
        self.ends.len()
    }

    fn iter(&self) -> impl Iterator<Item = &'a [u8]> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins.zip(self.ends).map(|(begin, end)| &self.text[begin..*end - 1])
    }

    /// Bytes that they take in collections.
    fn stored(&self) -> usize {
        self.iter().map(|text| size_of_object(text.len())).sum()
    }
}

/// Writes strings to an object of a file by `write`, which has libhdf5 write as many items of the type that it is given from
/// the address that it is given. `object` is a handle of the object.
pub(super) fn write(
    object: hid_t,
    texts: Texts<'_>,
    write: &mut dyn FnMut(hid_t, *const c_void) -> Result<()>,
) -> Result<()> {
    // Nobody else changes the heap until the references are written.
    locked(|| {
        #[cfg(all(unix, hdf5_drivers))]
        if let Some(references) = put_here(object, texts)? {
            let memory_type = item_type(8 + REFERENCE)?;
            return write(memory_type.get(), references.as_ptr().cast());
        }
        // libhdf5 begins a collection wherever the last has no room, or makes that twice as large.
        super::writing::make_room(texts.stored().saturating_mul(2).saturating_add(COLLECTION))?;
        write_by_library(object, texts, write)
    })
}

/// Lays out collections in the file that `object` is in, if it is one of ours; returns the references.
#[cfg(all(unix, hdf5_drivers))]
fn put_here(object: hid_t, texts: Texts<'_>) -> Result<Option<Vec<u8>>> {
    with_file(object, |file, known| {
        let Some((raw, _)) = known else { return Ok(None) };
        let Some(handle) = raw.own_handle(file)? else { return Ok(None) };
        // SAFETY: the handle is that of a file of a driver of ours, which is open, as `file` is a handle of it. The lock is
        // held, and `lay_out` does not call libhdf5.
        let inner = unsafe { super::driver::inner(handle) };
        // An appender's own file may be one that others made, with other addresses.
        if inner.is_new() { lay_out(inner, texts).map(Some) } else { Ok(None) }
    })
}

/// Adds a reference: the length, the address, and the index.
#[cfg(all(unix, hdf5_drivers))]
fn refer(references: &mut Vec<u8>, len: usize, address: u64, index: u32) {
    references.extend_from_slice(&(len as u32).to_le_bytes());
    references.extend_from_slice(&address.to_le_bytes());
    references.extend_from_slice(&index.to_le_bytes());
}

/// Lays out collections in a file of ours.
#[cfg(all(unix, hdf5_drivers))]
fn lay_out(inner: &mut super::driver::Inner, texts: Texts<'_>) -> Result<Vec<u8>> {
    let mut references = Vec::with_capacity(texts.count() * (8 + REFERENCE));
    let mut left = texts.stored();
    for text in texts.iter() {
        let collection = match inner.collection() {
            Some(collection) if collection.has_room(text.len()) => collection,
            place => {
                let full = place.take();
                let size = (left + HEADER).clamp(MIN_COLLECTION, COLLECTION).max(size_of_object(text.len()) + HEADER);
                if let Some(full) = full {
                    let (address, bytes) = full.into_bytes();
                    inner.put(address, &bytes)?;
                }
                let address = inner.allocate(size as u64)?;
                inner.collection().insert(Collection::new(address, size))
            }
        };
        let (index, address) = (collection.add(text), collection.address);
        refer(&mut references, text.len(), inner.in_file(address), index);
        left -= size_of_object(text.len());
    }
    Ok(references)
}

/// Has the conversion put strings into the heap of libhdf5.
#[cfg(hdf5_tokens)]
fn write_by_library(
    object: hid_t,
    texts: Texts<'_>,
    write: &mut dyn FnMut(hid_t, *const c_void) -> Result<()>,
) -> Result<()> {
    struct Clear;
    impl Drop for Clear {
        fn drop(&mut self) {
            PUTTING.set(None);
        }
    }
    let what = "write strings of variable length";
    let file = h5i::file_of(what, object)?;
    let size = super::file_bytes::address_size_of(&file)? + REFERENCE;
    let mut items = vec![0; texts.count() * size];
    for (number, item) in items.chunks_exact_mut(size).enumerate() {
        item[..size_of::<usize>()].copy_from_slice(&number.to_ne_bytes());
    }
    let memory_type = item_type(size)?;
    let file = FileObject::new(what, file)?;
    let putting = Putting { file: &raw const file, size, text: texts.text, ends: texts.ends };
    let _clear = Clear;
    PUTTING.set(Some(putting));
    write(memory_type.get(), items.as_ptr().cast())
}

/// What the conversion puts into the heap.
#[cfg(hdf5_tokens)]
#[derive(Clone, Copy)]
struct Putting {
    file: *const FileObject,
    /// Bytes of an item, and of a reference in the file.
    size: usize,
    text: *const [u8],
    ends: *const [usize],
}

/// There is nothing to be put into the heap.
#[cfg(not(hdf5_tokens))]
#[derive(Clone, Copy)]
struct Putting;

thread_local! {
    /// What is put into the heap while libhdf5 writes, on this thread. The strings stay where they are until then.
    static PUTTING: Cell<Option<Putting>> = const { Cell::new(None) };
}

impl Putting {
    /// Puts strings into the heap, and the references into the items; `None` if that fails.
    ///
    /// # Safety
    /// The file and the strings are there. At `buffer` are `count` items, `stride` bytes apart, or one after the other where that is 0.
    #[cfg(hdf5_tokens)]
    unsafe fn put(self, count: usize, stride: usize, buffer: *mut u8) -> Option<()> {
        // SAFETY: as the caller promises.
        let (file, text, ends) = unsafe { (&*self.file, &*self.text, &*self.ends) };
        let stride = if stride == 0 { self.size } else { stride };
        for index in 0..count {
            // SAFETY: as the caller promises.
            let item = unsafe { std::slice::from_raw_parts_mut(buffer.add(index * stride), self.size) };
            let number = usize::from_ne_bytes(*item.first_chunk()?);
            let end = *ends.get(number)?;
            let begin = number.checked_sub(1).map_or(0, |before| ends[before]);
            let string = text.get(begin..end - 1)?;
            let (len, blob) = item.split_at_mut(4);
            len.copy_from_slice(&(string.len() as u32).to_le_bytes());
            // SAFETY: what is left in the item has as many bytes as an address and an index have in the file.
            if !unsafe { file.put(string, blob) } {
                return None;
            }
        }
        Some(())
    }

    #[cfg(not(hdf5_tokens))]
    unsafe fn put(self, _: usize, _: usize, _: *mut u8) -> Option<()> {
        None
    }
}

/// Lets libhdf5 write the strings itself. It must not fail midway: where room can be reserved, there is room for the strings.
#[cfg(not(hdf5_tokens))]
fn write_by_library(
    _: hid_t,
    texts: Texts<'_>,
    write: &mut dyn FnMut(hid_t, *const c_void) -> Result<()>,
) -> Result<()> {
    let addresses: Vec<*const u8> = texts.iter().map(<[u8]>::as_ptr).collect();
    let memory_type = super::Dtype::VarString(true).id(super::dtype::Order::Memory)?;
    // Each address is that of a string that ends with a NUL.
    write(memory_type.get(), addresses.as_ptr().cast())
}

/// The opaque type of items that are of `size` bytes, as references are in the file.
#[cfg(hdf5_tokens)]
fn item_type(size: usize) -> Result<Id> {
    register()?;
    h5t::create_opaque(size, TAG)
}

/// Makes the conversion known to libhdf5, once.
fn register() -> Result<()> {
    static REGISTERED: LazyLock<Option<()>> = LazyLock::new(|| {
        let sequence = h5t::create_vlen("create a variable-length type", *H5T_NATIVE_INT8).ok()?;
        let opaque = h5t::create("create an opaque type", H5T_class_t::H5T_OPAQUE, 1).ok()?;
        // It is asked for all types of these classes (strings of variable length are of the second), and refuses those
        // that are not its own.
        // SAFETY: a function that keeps to what the library expects of it.
        unsafe { h5t::register("register a conversion", c"filebacked stored", &opaque, &sequence, refer_to) }.ok()
    });
    library_static(&REGISTERED).map(|_| ())
}

/// Makes references of items: by putting strings into the heap, if that is to be done; else they are references already.
extern "C" fn refer_to(
    from: hid_t,
    to: hid_t,
    data: *mut sys::Conversion,
    count: usize,
    stride: usize,
    _: usize,
    buffer: *mut c_void,
    _: *mut c_void,
    _: hid_t,
) -> i32 {
    const INIT: c_int = H5T_cmd_t::H5T_CONV_INIT as c_int;
    const CONVERT: c_int = H5T_cmd_t::H5T_CONV_CONV as c_int;
    // SAFETY: the library gives the address of its data for this conversion, which nothing else uses meanwhile.
    let Some(data) = (unsafe { data.as_mut() }) else { return -1 };
    match data.command {
        INIT if is_between(from, to) => {
            data.background = H5T_bkg_t::H5T_BKG_NO as c_int;
            0
        }
        INIT => -1,
        CONVERT => match PUTTING.get() {
            // SAFETY: whoever set it keeps the strings until libhdf5 has written. The library gives `count` items at these
            // distances, of types of one size, which was looked at.
            Some(putting) => match unsafe { putting.put(count, stride, buffer.cast()) } {
                Some(()) => 0,
                None => -1,
            },
            None => 0,
        },
        _ => 0,
    }
}

/// Whether the conversion is from a type of ours to strings of the same size, which is that of references in a file: in
/// memory, they are pointers.
fn is_between(from: hid_t, to: hid_t) -> bool {
    if !matches!(h5t::class(from), Ok(Some(H5T_class_t::H5T_OPAQUE))) {
        return false;
    }
    let is_string = h5t::is_variable_string("look into a string type", to).unwrap_or(false);
    let (from_size, to_size) = (h5t::size(from), h5t::size(to));
    let is_ours = h5t::tag("read the tag of an opaque type", from).is_ok_and(|tag| *tag == *TAG);
    is_string && is_ours && from_size == to_size && to_size > size_of::<*const u8>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collection_is_as_the_format_has_it() {
        let mut collection = Collection::new(96, 112);
        assert_eq!(collection.add(b"123456789"), 1);
        assert!(collection.has_room(32) && !collection.has_room(49));
        assert_eq!(collection.add(b""), 2);
        assert!(collection.overlaps(100, 1) && collection.overlaps(0, 97) && !collection.overlaps(208, 8));
        let (address, bytes) = collection.into_bytes();
        let mut expected = b"GCOL\x01\0\0\0\x70\0\0\0\0\0\0\0".to_vec();
        expected.extend(b"\x01\0\x01\0\0\0\0\0\x09\0\0\0\0\0\0\x00123456789\0\0\0\0\0\0\0");
        expected.extend(b"\x02\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0");
        expected.extend(b"\0\0\0\0\0\0\0\0\x30\0\0\0\0\0\0\0");
        expected.resize(112, 0);
        assert_eq!((address, bytes), (96, expected));
    }

    #[test]
    fn texts_end_with_nul() {
        let texts = Texts::new(b"ab\0\0c\0", &[3, 4, 6]).unwrap();
        assert_eq!(texts.iter().collect::<Vec<_>>(), [&b"ab"[..], b"", b"c"]);
        assert_eq!(texts.stored(), 24 + 16 + 24);
        for (text, ends) in [(&b"ab\0c"[..], &[3, 4][..]), (b"ab\0", &[4]), (b"ab\0", &[3, 3])] {
            assert!(Texts::new(text, ends).is_none());
        }
    }
}
