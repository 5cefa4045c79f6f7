//! Items in memory: numbers as bytes, and what a read brought in.

use std::ffi::c_void;
use std::ops::Range;

use bytemuck::{NoUninit, checked};

use super::dtype::{Dtype, Number};
use super::locked;
use super::sys::memory;

/// A number of Rust's that HDF5 stores as it is: it has the size of [`Element::NUMBER`].
pub(crate) trait Element: NoUninit {
    /// Its type in HDF5.
    const NUMBER: Number;

    /// The number that native `bytes` begin with; `None` where they are too few, or no such number.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;

    /// Adds the numbers that native `bytes` are.
    fn extend_from_bytes(numbers: &mut Vec<Self>, bytes: &[u8]);
}

macro_rules! elements {
    ($($type:ty = $number:ident),*) => {
        $(
            impl Element for $type {
                const NUMBER: Number = Number::$number;

                #[inline]
                fn from_bytes(bytes: &[u8]) -> Option<Self> {
                    bytes.first_chunk().map(|bytes| Self::from_ne_bytes(*bytes))
                }

                #[inline]
                fn extend_from_bytes(numbers: &mut Vec<Self>, bytes: &[u8]) {
                    numbers.extend(bytes.as_chunks().0.iter().map(|bytes| Self::from_ne_bytes(*bytes)));
                }
            }
        )*
    };
}
elements!(i8 = I8, i16 = I16, i32 = I32, i64 = I64, u8 = U8, u16 = U16, u32 = U32, u64 = U64, f32 = F32, f64 = F64);

impl Element for bool {
    const NUMBER: Number = Number::Bool;

    #[inline]
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        checked::try_pod_read_unaligned(bytes.get(..1)?).ok()
    }

    fn extend_from_bytes(numbers: &mut Vec<Self>, bytes: &[u8]) {
        numbers.extend(bytes.iter().map(|byte| *byte != 0));
    }
}

/// The memory of `elements`.
pub(crate) fn element_bytes<T: Element>(elements: &[T]) -> &[u8] {
    bytemuck::cast_slice(elements)
}

/// The integer that native `bytes` of type `base` are; 0 for a type that is no integer.
pub(crate) fn integer(base: Number, bytes: &[u8]) -> i128 {
    macro_rules! read {
        ($type:ty) => {
            bytes.try_into().map_or(0, |bytes| i128::from(<$type>::from_ne_bytes(bytes)))
        };
    }
    match base {
        Number::Bool | Number::U8 => read!(u8),
        Number::I8 => read!(i8),
        Number::I16 => read!(i16),
        Number::I32 => read!(i32),
        Number::I64 => read!(i64),
        Number::U16 => read!(u16),
        Number::U32 => read!(u32),
        Number::U64 => read!(u64),
        Number::F32 | Number::F64 => 0,
    }
}

/// Items that were read: native bytes one after the other, and beside them what has a length of its own.
#[derive(Debug, Default)]
pub(crate) struct Items {
    pub(super) bytes: Vec<u8>,
    /// The bytes or items of all that has a length of its own.
    pub(super) arena: Vec<u8>,
    /// The variable-length strings and sequences: one in `bytes` is its place in here, counted from 1, or 0 for none.
    pub(super) parts: Vec<Part>,
    /// Whether `bytes`, which have not changed since that was found out, are UTF-8.
    is_text: bool,
}

/// Where in the arena a variable-length string or sequence is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) start: usize,
    /// Its bytes or items.
    pub(super) len: usize,
}

impl Items {
    /// No items.
    pub(crate) const fn new() -> Self {
        Self::with_memory(Vec::new())
    }

    /// No items yet, for which there is memory to use again.
    pub(crate) const fn with_memory(bytes: Vec<u8>) -> Self {
        Self { bytes, arena: Vec::new(), parts: Vec::new(), is_text: false }
    }

    /// No items; the memory stays.
    pub(super) fn cleared(mut self) -> Self {
        self.bytes.clear();
        self.arena.clear();
        self.parts.clear();
        self.is_text = false;
        self
    }

    /// The memory of the items.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// All items' bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Finds out whether all items' bytes are UTF-8, so that parts of them are [text](Items::text) without a further look.
    pub(crate) fn check_text(&mut self) {
        self.is_text = std::str::from_utf8(&self.bytes).is_ok();
    }

    /// Some of the items' bytes as text; `None` where these are no UTF-8, or it was not found out whether all are.
    #[inline]
    pub(crate) fn text(&self, range: Range<usize>) -> Option<&str> {
        // SAFETY: `check_text` found that all of the bytes are UTF-8, and nothing changes them after that.
        self.is_text.then(|| unsafe { std::str::from_utf8_unchecked(&self.bytes) })?.get(range)
    }

    /// Bytes of all that has a length of its own.
    pub(crate) fn variable_size(&self) -> usize {
        self.arena.len()
    }

    /// The bytes of the variable-length string that an item's `place` stands for.
    pub(crate) fn string(&self, place: &[u8]) -> &[u8] {
        self.sequence(place, 1).1
    }

    /// The length and the items, of `size` bytes each, of the variable-length sequence that `place` stands for.
    pub(crate) fn sequence(&self, place: &[u8], size: usize) -> (usize, &[u8]) {
        let found = word(place).checked_sub(1).and_then(|part| {
            let Part { start, len } = *self.parts.get(part)?;
            Some((len, self.arena.get(start..)?.get(..len.checked_mul(size)?)?))
        });
        found.unwrap_or((0, &[]))
    }

    /// Takes over `bytes` as libhdf5 read them, copies what lies behind addresses in them, and frees that.
    ///
    /// # Safety
    /// `bytes` holds items of type `dtype`, as a successful read into zeroed memory left them, and nothing else knows
    /// of their addresses.
    pub(super) unsafe fn adopt(bytes: Vec<u8>, dtype: &Dtype) -> Self {
        let mut items = Self::with_memory(bytes);
        let size = dtype.size();
        if size > 0 && dtype.has_addresses() {
            let mut bytes = std::mem::take(&mut items.bytes);
            for item in bytes.chunks_exact_mut(size) {
                // SAFETY: each chunk is an item of the type, whose addresses are met once.
                unsafe { items.adopt_item(item, dtype) };
            }
            items.bytes = bytes;
        }
        items
    }

    /// # Safety
    /// As for [`Items::adopt`], for the one item that `item` is.
    unsafe fn adopt_item(&mut self, item: &mut [u8], dtype: &Dtype) {
        match dtype {
            Dtype::VarString(_) => {
                let address = word(item) as *mut c_void;
                if address.is_null() {
                    return;
                }
                // SAFETY: libhdf5 leaves a NUL-terminated string of its own there.
                let text = unsafe { std::ffi::CStr::from_ptr(address.cast()) }.to_bytes();
                let position = self.add(text.len(), text);
                // SAFETY: allocated by libhdf5 for the reader, who frees it; not used after this.
                locked(|| unsafe { memory::free(address) });
                item[..WORD].copy_from_slice(&position.to_ne_bytes());
            }
            Dtype::VarArray(inner) => {
                let (len, address) = (word(item), word(&item[WORD..]) as *mut c_void);
                item.fill(0);
                if address.is_null() {
                    return;
                }
                let size = inner.size();
                // SAFETY: libhdf5 leaves `len` items of the inner type there.
                let mut inside = unsafe { std::slice::from_raw_parts(address.cast::<u8>(), len * size) }.to_vec();
                // SAFETY: allocated by libhdf5 for the reader, who frees it; not used after this.
                locked(|| unsafe { memory::free(address) });
                if inner.has_addresses() && size > 0 {
                    for item in inside.chunks_exact_mut(size) {
                        // SAFETY: each chunk is an item of the inner type, whose addresses are met once.
                        unsafe { self.adopt_item(item, inner) };
                    }
                }
                let position = self.add(len, &inside);
                item[..WORD].copy_from_slice(&position.to_ne_bytes());
            }
            Dtype::Array(_, inner) if inner.has_addresses() && inner.size() > 0 => {
                for item in item.chunks_exact_mut(inner.size()) {
                    // SAFETY: each chunk is an item of the inner type, whose addresses are met once.
                    unsafe { self.adopt_item(item, inner) };
                }
            }
            Dtype::Compound(fields) => {
                for field in fields.iter().filter(|field| field.dtype.has_addresses()) {
                    let place = &mut item[field.offset..field.offset + field.dtype.size()];
                    // SAFETY: the field's place within the item.
                    unsafe { self.adopt_item(place, &field.dtype) };
                }
            }
            _ => {}
        }
    }

    /// Adds something of length `len`, and returns its place among the parts, counted from 1.
    fn add(&mut self, len: usize, bytes: &[u8]) -> usize {
        self.parts.push(Part { start: self.arena.len(), len });
        self.arena.extend_from_slice(bytes);
        self.parts.len()
    }
}

/// Bytes of an address, a length or a place among the parts.
pub(super) const WORD: usize = size_of::<usize>();

/// The word that `bytes` begin with; 0 where they are too few.
fn word(bytes: &[u8]) -> usize {
    bytes.get(..WORD).and_then(|word| word.try_into().ok()).map_or(0, usize::from_ne_bytes)
}
