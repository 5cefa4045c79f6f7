//! Items of variable length, read past libhdf5: it is asked for the references alone, and what they refer to is taken
//! out of the file's [`Heap`] here.
//!
//! In the file, a string or sequence of variable length is a reference: its length, the address of a global heap
//! collection, and the index of an object in it. libhdf5 gives references out to nobody but the functions that convert
//! between types; so one is registered, from any type of variable length to an opaque type whose tag nobody else uses. It
//! puts the references into a table, and the place of each in the table into the item. This works wherever the items are
//! (datasets of every layout and filter, attributes, fields of compounds), and does not touch the heap.

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_int, c_void};
use std::ptr;
use std::sync::{LazyLock, OnceLock};

use hdf5_sys::h5i::{H5I_type_t, hid_t};
use hdf5_sys::h5t::{H5T_NATIVE_INT8, H5T_bkg_t, H5T_class_t, H5T_cmd_t};

use super::dataset::zeroed;
use super::dtype::{Dtype, Order};
use super::file_bytes::{FileBytes, with_file};
use super::global_heap::{Heap, number};
use super::items::{Items, Part, WORD};
use super::object_header;
use super::sys::{Conversion, h5i, h5t};
use super::{Handle, Id, library_static, locked, made_once};
use crate::ground::error::{Error, ErrorKind, Result};

/// What the tag of the opaque types begins with. The number of the place in the element type follows.
const TAG: &str = "filebacked reference ";
/// Memory for as many references is kept for the next call.
const KEPT: usize = 1 << 16;
/// Elements of sequences are converted so many bytes at a time.
const CONVERTED: usize = 1 << 20;

/// A reference into the global heap. One without address or length never gets here.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Reference {
    address: u64,
    index: u32,
    /// The number of elements.
    len: u32,
}

/// The references that were read, in the order of their places.
#[derive(Default)]
struct Found {
    /// How many were read in all, also those that were taken out since.
    count: usize,
    references: Vec<Reference>,
    /// From which reference on they are those of which place in the element type.
    runs: Vec<(usize, u16)>,
    /// For the places that hold sequences, the type of their elements in the file.
    bases: Vec<(u16, Id)>,
}

impl Found {
    /// Makes room for what is read next. The memory stays, unless it is large.
    fn clear(&mut self) {
        self.count = 0;
        self.references.clear();
        self.references.shrink_to(KEPT);
        self.runs.clear();
        self.bases.clear();
    }
}

thread_local! {
    /// What the conversion found. It runs within a call into libhdf5, on the same thread.
    static FOUND: RefCell<Found> = RefCell::default();
}

/// A place in an element type where something of variable length is: a string, or a sequence of `inner`, within which the
/// next places are. They are numbered as they stand in the type.
#[derive(Clone, Copy)]
struct Place<'a> {
    inner: Option<&'a Dtype>,
}

fn places<'a>(dtype: &'a Dtype, found: &mut Vec<Place<'a>>) {
    match dtype {
        Dtype::VarString(_) => found.push(Place { inner: None }),
        Dtype::VarArray(inner) => {
            found.push(Place { inner: Some(inner) });
            places(inner, found);
        }
        Dtype::Array(_, inner) => places(inner, found),
        Dtype::Compound(fields) => fields.iter().for_each(|field| places(&field.dtype, found)),
        _ => {}
    }
}

/// Reads `count` items of a type with parts of variable length by `read`, which has libhdf5 put as many items of the type
/// that it is given at the address that it is given. `object` is what is read from, and the type with references is kept in
/// `referring`. The memory of `last` is used again.
pub(super) fn read(
    object: hid_t,
    (dtype, referring): (&Dtype, &OnceLock<Id>),
    count: u64,
    last: Items,
    read: impl Fn(hid_t, *mut c_void) -> Result<()>,
) -> Result<Items> {
    // Until all is read, the file stays as it is.
    locked(|| read_locked(object, (dtype, referring), count, last, read))
}

fn read_locked(
    object: hid_t,
    (dtype, referring): (&Dtype, &OnceLock<Id>),
    count: u64,
    last: Items,
    read: impl Fn(hid_t, *mut c_void) -> Result<()>,
) -> Result<Items> {
    with_file(object, |file, known| match known {
        Some(known) => {
            let items = read_with(known, file, (dtype, referring), count, last, read);
            FOUND.with_borrow_mut(Found::clear);
            items
        }
        None => read_by_library(dtype, count, read),
    })
}

/// Whether a dataset is a virtual one, and makes sure that libhdf5 can be asked for how it was made. `None` where that is
/// not known, as its file's bytes cannot be had.
pub(super) fn look_at_header(dataset: hid_t) -> Result<Option<bool>> {
    locked(|| {
        with_file(dataset, |file, known| {
            let Some((raw, heap)) = known else { return Ok(None) };
            let look = |raw: &FileBytes, heap: &mut Heap| {
                object_header::look(raw, heap, object_header::address_of(dataset)?, raw.address_size()).map(Some)
            };
            raw.with_latest(file, heap, look)
        })
    })
}

/// Makes sure that the header of an object is that of what it was opened as, where its file's bytes can be had.
pub(super) fn check_header(object: hid_t) -> Result<()> {
    locked(|| {
        let class = match h5i::kind(object) {
            Some(H5I_type_t::H5I_GROUP) => object_header::Class::Group,
            Some(H5I_type_t::H5I_DATASET) => object_header::Class::Dataset,
            _ => object_header::Class::Datatype,
        };
        with_file(object, |file, known| {
            let Some((raw, heap)) = known else { return Ok(()) };
            raw.with_latest(file, heap, |raw, heap| {
                let (address, length_size) = (object_header::address_of(object)?, heap.length_size());
                object_header::check_is(class, raw, address, raw.address_size(), length_size)
            })
        })
    })
}

/// As [`read`], but libhdf5 looks into the heap.
pub(super) fn read_by_library(
    dtype: &Dtype,
    count: u64,
    read: impl FnOnce(hid_t, *mut c_void) -> Result<()>,
) -> Result<Items> {
    let memory_type = dtype.id(Order::Memory)?;
    let mut bytes = zeroed(count, dtype.size())?;
    read(memory_type.get(), bytes.as_mut_ptr().cast())?;
    // SAFETY: a successful read into zeroed memory.
    Ok(unsafe { Items::adopt(bytes, dtype) })
}

fn read_with(
    (raw, heap): (&mut FileBytes, &mut Heap),
    file: &Id,
    (dtype, referring): (&Dtype, &OnceLock<Id>),
    count: u64,
    last: Items,
    read: impl Fn(hid_t, *mut c_void) -> Result<()>,
) -> Result<Items> {
    register()?;
    let memory_type = made_once(referring, || reference_type(dtype, &mut 0))?;
    let mut all = Vec::new();
    places(dtype, &mut all);
    let mut items = last;
    raw.with_latest(file, heap, |raw, heap| {
        FOUND.with_borrow_mut(Found::clear);
        items = std::mem::take(&mut items).cleared();
        super::dataset::resize(&mut items.bytes, count, dtype.size())?;
        read(memory_type.get(), items.bytes.as_mut_ptr().cast())?;
        resolve(raw, heap, &all, &mut items)
    })?;
    Ok(items)
}

/// Brings in what the references refer to, and what references in that refer to.
fn resolve(raw: &FileBytes, heap: &mut Heap, places: &[Place<'_>], items: &mut Items) -> Result<()> {
    loop {
        let (references, runs) =
            FOUND.with_borrow_mut(|found| (std::mem::take(&mut found.references), std::mem::take(&mut found.runs)));
        if references.is_empty() {
            return Ok(());
        }
        let ends = runs.iter().skip(1).map(|run| run.0).chain([references.len()]);
        for ((start, place), end) in runs.iter().zip(ends) {
            let references = &references[*start..end];
            match places.get(usize::from(*place)).map(|place| place.inner) {
                Some(None) => strings(raw, heap, references, items)?,
                Some(Some(inner)) => sequences(raw, heap, references, (*place, inner), items)?,
                None => return Err(Error::new(ErrorKind::Hdf5, "a reference of no place in the element type")),
            }
        }
        // Their memory is used again, if nothing new came meanwhile.
        FOUND.with_borrow_mut(|found| {
            if found.references.is_empty() {
                (found.references, found.runs) = (references, runs);
                found.references.clear();
                found.runs.clear();
            }
        });
    }
}

fn strings(raw: &FileBytes, heap: &mut Heap, references: &[Reference], items: &mut Items) -> Result<()> {
    items.parts.reserve(references.len());
    let mut last = None;
    for reference in references {
        // A filler that all items share is brought in once.
        if let (Some(same), Some(part)) = (last, items.parts.last().copied())
            && same == *reference
        {
            items.parts.push(part);
            continue;
        }
        let start = items.arena.len();
        heap.append(raw, (reference.address, reference.index), reference.len.into(), &mut items.arena)?;
        // To libhdf5, which has it as a C string, it ends at a NUL.
        if let Ok(text) = CStr::from_bytes_until_nul(&items.arena[start..]) {
            let len = text.count_bytes();
            items.arena.truncate(start + len);
        }
        items.parts.push(Part { start, len: items.arena.len() - start });
        last = Some(*reference);
    }
    Ok(())
}

fn sequences(
    raw: &FileBytes,
    heap: &mut Heap,
    references: &[Reference],
    (place, inner): (u16, &Dtype),
    items: &mut Items,
) -> Result<()> {
    let base = FOUND.with_borrow_mut(|found| {
        let at = found.bases.iter().position(|(known, _)| *known == place)?;
        Some(found.bases.swap_remove(at).1)
    });
    let base = base.ok_or_else(|| Error::new(ErrorKind::Hdf5, "a sequence of an unknown element type"))?;
    let converter = Converter::new(base, inner, place)?;
    let (mut bytes, mut first) = (Vec::new(), items.parts.len());
    let mut last = None;
    for reference in references {
        if let (Some(same), Some(part)) = (last, items.parts.last().copied())
            && same == *reference
        {
            items.parts.push(part);
            continue;
        }
        let size = u64::from(reference.len) * converter.stored as u64;
        heap.append(raw, (reference.address, reference.index), size, &mut bytes)?;
        // Its place is known when those before it are converted: until then it is counted in elements of these.
        items.parts.push(Part { start: bytes.len() / converter.stored, len: reference.len as usize });
        last = Some(*reference);
        if bytes.len() >= CONVERTED {
            converter.convert(&mut bytes, items, first)?;
            (first, last) = (items.parts.len(), None);
        }
    }
    converter.convert(&mut bytes, items, first)?;
    FOUND.with_borrow_mut(|found| found.bases.push((place, converter.base)));
    Ok(())
}

/// How elements of sequences become what they are in memory.
struct Converter {
    base: Id,
    memory: Handle,
    /// Bytes of an element in the file and in memory.
    stored: usize,
    size: usize,
}

impl Converter {
    fn new(base: Id, inner: &Dtype, place: u16) -> Result<Self> {
        let memory = reference_type(inner, &mut (place + 1))?;
        let stored = h5t::size(base.get());
        if stored == 0 {
            return Err(Error::corrupt("an element type of no size"));
        }
        Ok(Self { base, memory, stored, size: inner.size() })
    }

    /// Converts the elements in `bytes`, which are those of the parts from `first` on, and takes them into the arena.
    fn convert(&self, bytes: &mut Vec<u8>, items: &mut Items, first: usize) -> Result<()> {
        let (stored, size) = (self.stored, self.size);
        let count = bytes.len() / stored;
        let start = items.arena.len();
        for part in &mut items.parts[first..] {
            part.start = start + (part.start - part.len) * size;
        }
        if count == 0 {
            return Ok(());
        }
        super::dataset::resize(bytes, count as u64, stored.max(size))?;
        // What compounds are converted over.
        let mut background = zeroed(count as u64, size)?;
        let types = (self.base.get(), self.memory.get());
        // SAFETY: in `bytes` are as many elements of the type in the file. Their references are no addresses.
        unsafe { h5t::convert("convert the elements of a sequence", types, count, bytes, Some(&mut background)) }?;
        items.arena.extend_from_slice(&bytes[..count * size]);
        bytes.clear();
        Ok(())
    }
}

/// The type in memory, with references for what is of variable length. `place` counts these.
fn reference_type(dtype: &Dtype, place: &mut u16) -> Result<Handle> {
    match dtype {
        Dtype::VarString(_) | Dtype::VarArray(_) => {
            let tag = CString::new(format!("{TAG}{place}")).unwrap_or_default();
            let mut inside = Vec::new();
            places(dtype, &mut inside);
            *place = u16::try_from(inside.len()).ok().and_then(|count| place.checked_add(count)).ok_or_else(|| {
                Error::new(ErrorKind::Unsupported, "a type with over 65,535 strings or sequences of variable length")
            })?;
            let size = dtype.size();
            h5t::create_opaque(size, &tag).map(Handle::Owned)
        }
        Dtype::Compound(fields) if dtype.has_addresses() => {
            super::dtype::compound_id(dtype.size(), fields, &mut |field| reference_type(&field.dtype, place))
        }
        Dtype::Array(dims, inner) if dtype.has_addresses() => {
            super::dtype::array_id(dims, &reference_type(inner, place)?)
        }
        _ => dtype.id(Order::Memory),
    }
}

/// Makes the conversion known to libhdf5, once.
fn register() -> Result<()> {
    static REGISTERED: LazyLock<Option<()>> = LazyLock::new(|| {
        let sequence = h5t::create_vlen("create a variable-length type", *H5T_NATIVE_INT8).ok()?;
        let opaque = h5t::create("create an opaque type", H5T_class_t::H5T_OPAQUE, 1).ok()?;
        // It is asked for all types of these classes (strings of variable length are of the first), and refuses those
        // that are not its own.
        // SAFETY: a function that keeps to what the library expects of it.
        unsafe { h5t::register("register a conversion", c"filebacked", &sequence, &opaque, convert) }.ok()
    });
    library_static(&REGISTERED).map(|_| ())
}

/// What the conversion keeps in the library's place for it: the number of the place in the type, and sizes in the file
/// and in memory.
#[derive(Clone, Copy)]
struct Between {
    place: u16,
    stored: usize,
    size: usize,
}

/// The most bytes of a reference in the file: of its length, an address and its index.
const MAX_STORED: usize = 4 + 32 + 4;

impl Between {
    /// Looks whether the conversion is from references in a file to a type of ours.
    fn look(from: hid_t, to: hid_t) -> Option<Self> {
        if h5t::class(to).ok()? != Some(H5T_class_t::H5T_OPAQUE) {
            return None;
        }
        let (size, stored) = (h5t::size(to), h5t::size(from));
        let tag = h5t::tag("read the tag of an opaque type", to).ok()?;
        let place = tag.to_str().ok().and_then(|tag| tag.strip_prefix(TAG)?.parse().ok());
        let fits = (WORD..=2 * WORD).contains(&size) && (9..=MAX_STORED).contains(&stored);
        Some(Self { place: place?, stored, size }).filter(|_| fits)
    }

    fn pack(self) -> *mut c_void {
        ptr::without_provenance_mut(usize::from(self.place) << 16 | self.stored << 8 | self.size)
    }

    fn unpack(packed: *mut c_void) -> Self {
        let packed = packed.addr();
        Self { place: (packed >> 16) as u16, stored: packed >> 8 & 0xff, size: packed & 0xff }
    }

    fn is_sequence(self) -> bool {
        self.size > WORD
    }
}

/// Puts references into the table, and their places in it, counted from 1, into the items; 0 is for none.
extern "C" fn convert(
    from: hid_t,
    to: hid_t,
    data: *mut Conversion,
    count: usize,
    stride: usize,
    _: usize,
    buffer: *mut c_void,
    _: *mut c_void,
    _: hid_t,
) -> i32 {
    // SAFETY: the library gives the address of its data for this conversion, which nothing else uses meanwhile.
    let Some(data) = (unsafe { data.as_mut() }) else { return -1 };
    const INIT: c_int = H5T_cmd_t::H5T_CONV_INIT as c_int;
    const CONVERT: c_int = H5T_cmd_t::H5T_CONV_CONV as c_int;
    match data.command {
        INIT => match Between::look(from, to) {
            Some(between) => {
                data.background = H5T_bkg_t::H5T_BKG_NO as c_int;
                data.own = between.pack();
                0
            }
            None => -1,
        },
        CONVERT => {
            let between = Between::unpack(data.own);
            FOUND.with(|found| {
                let Ok(mut found) = found.try_borrow_mut() else { return -1 };
                // SAFETY: the library gives `count` items, of the types that were looked at, at these distances.
                match unsafe { found.take(between, from, count, stride, buffer.cast()) } {
                    Some(()) => 0,
                    None => -1,
                }
            })
        }
        // There is nothing to free.
        _ => 0,
    }
}

impl Found {
    /// # Safety
    /// At `buffer` are `count` references as the file has them, `stride` bytes apart, or one after the other where that
    /// is 0, with room for as many items. `from` is their type.
    unsafe fn take(
        &mut self,
        between: Between,
        from: hid_t,
        count: usize,
        stride: usize,
        buffer: *mut u8,
    ) -> Option<()> {
        let Between { place, stored, size } = between;
        if between.is_sequence() && !self.bases.iter().any(|(known, _)| *known == place) {
            // This is the library's own copy for the file, so that references within the elements are such as the file has
            // them, too.
            let base = h5t::super_type("look into an element type", from).ok()?;
            self.bases.push((place, base));
        }
        if self.runs.last().is_none_or(|run| run.1 != place) {
            self.runs.push((self.references.len(), place));
        }
        self.references.try_reserve(count).ok()?;
        let (step, new_step) = if stride == 0 { (stored, size) } else { (stride, stride) };
        for number in 0..count {
            // An item may take the place of a reference not yet read, unless the larger ones come last.
            let number = if new_step > step { count - 1 - number } else { number };
            let mut bytes = [0; MAX_STORED];
            // SAFETY: as promised, there are `stored` bytes at that distance; they fit, as was looked at.
            unsafe { ptr::copy_nonoverlapping(buffer.add(number * step), bytes.as_mut_ptr(), stored) };
            let mut item = [0; 2 * WORD];
            if let Some(reference) = Reference::of(&bytes[..stored]) {
                self.references.push(reference);
                self.count += 1;
                item[..WORD].copy_from_slice(&self.count.to_ne_bytes());
            }
            // SAFETY: as promised, there is room for an item at that distance, and `size` is at most two words.
            unsafe { ptr::copy_nonoverlapping(item.as_ptr(), buffer.add(number * new_step), size) };
        }
        Some(())
    }
}

impl Reference {
    /// The reference that these bytes of a file are: length, address and index.
    #[inline]
    fn of(bytes: &[u8]) -> Option<Self> {
        let (len, rest) = bytes.split_first_chunk()?;
        let (address, index) = rest.split_last_chunk()?;
        let (len, index) = (u32::from_le_bytes(*len), u32::from_le_bytes(*index));
        // Most addresses are of eight bytes.
        let address = address.try_into().map_or_else(|_| number(address), u64::from_le_bytes);
        (address != 0 && len != 0).then_some(Self { address, index, len })
    }
}
