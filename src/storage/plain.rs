//! Slices and vectors of numbers, known by their types: what they have in memory is what a dataset holds, so they are
//! written from where they are, and read to where they will be.
//!
//! A generic function sees of `&Vec<f64>` that it can be iterated over. What it is shows by its [`TypeId`]; that of a type
//! that borrows is taken as if it did so for ever.

use std::alloc::{Layout, alloc_zeroed};
use std::any::TypeId;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::sync::LazyLock;

use super::dtype::Number;
use super::items::{Element, element_bytes};
use super::table::TableKind;
use crate::error::{Error, ErrorKind, Result};

/// Numbers of which all bytes are some value, as those of bools are not.
///
/// # Safety
/// Any bytes are a value of the type.
unsafe trait AnyBytes: Element + Send + 'static {}

/// The numbers of a slice.
#[derive(Clone, Copy)]
pub(crate) struct Slice<'a> {
    /// Their type.
    pub(crate) number: Number,
    /// How many elements the slice has.
    pub(crate) len: usize,
    /// How many numbers an element is, if it is an array.
    pub(crate) width: Option<usize>,
    /// All of them, in native order.
    pub(crate) bytes: &'a [u8],
}

impl<'a> Slice<'a> {
    /// The numbers of `values`, if that is a reference to a slice or vector of numbers, or of short arrays of numbers.
    #[inline]
    pub(crate) fn of<I>(values: &'a I) -> Option<Self> {
        Self::of_next(values, &mut LastLook::default())
    }

    /// The same, where it mostly is of the same type as what was asked for last.
    #[inline]
    pub(crate) fn of_next<I>(values: &'a I, last: &mut LastLook) -> Option<Self> {
        // What is a reference shows without a look into the table.
        let is_reference = matches!(size_of::<I>() / size_of::<usize>(), 1 | 2) && !std::mem::needs_drop::<I>();
        let look = if is_reference { last.look_for(typeid::of::<I>()) } else { None }?;
        // SAFETY: the function takes a pointer to a type that is `I` but for how long that borrows. What it gives is
        // kept no longer than `values`, whose own reference lives as long at least.
        Some(unsafe { look((&raw const *values).cast()) })
    }

    fn new<T: Element>(numbers: &'a [T], width: Option<usize>) -> Self {
        let len = numbers.len() / width.unwrap_or(1);
        Self { number: T::NUMBER, len, width, bytes: element_bytes(numbers) }
    }
}

/// The strings of `values`, if that is a reference to a slice or vector of strings.
#[inline]
pub(crate) fn strings_of<I>(values: &I) -> Option<&[String]> {
    let id = typeid::of::<I>();
    let at = (&raw const *values).cast::<()>();
    // SAFETY: the type at the address is the one that its id tells, but for how long it borrows, which is as long as
    // `values` at least.
    unsafe {
        if id == TypeId::of::<&'static Vec<String>>() {
            Some((*at.cast::<&Vec<String>>()).as_slice())
        } else if id == TypeId::of::<&'static [String]>() {
            Some(*at.cast::<&[String]>())
        } else {
            None
        }
    }
}

/// The type that was looked for last, and what there was for it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LastLook(Option<(TypeId, Option<Look>)>);

impl LastLook {
    #[inline]
    fn look_for(&mut self, id: TypeId) -> Option<Look> {
        match self.0 {
            Some((last, look)) if last == id => look,
            _ => {
                let look = look_for(id);
                self.0 = Some((id, look));
                look
            }
        }
    }
}

/// Looks at what a reference, at this address, refers to.
type Look = unsafe fn(*const ()) -> Slice<'static>;

/// # Safety
/// At `at` is a `&[T]`.
unsafe fn look_at_slice<T: Element + 'static>(at: *const ()) -> Slice<'static> {
    // SAFETY: as the caller says.
    Slice::new(unsafe { *at.cast::<&[T]>() }, None)
}

/// # Safety
/// At `at` is a `&Vec<T>`.
unsafe fn look_at_vec<T: Element + 'static>(at: *const ()) -> Slice<'static> {
    // SAFETY: as the caller says.
    Slice::new(unsafe { *at.cast::<&Vec<T>>() }, None)
}

/// # Safety
/// At `at` is a `&[[T; N]]`.
unsafe fn look_at_arrays<T: Element + 'static, const N: usize>(at: *const ()) -> Slice<'static> {
    // SAFETY: as the caller says.
    Slice::new(unsafe { *at.cast::<&[[T; N]]>() }.as_flattened(), Some(N))
}

/// # Safety
/// At `at` is a `&Vec<[T; N]>`.
unsafe fn look_at_vec_of_arrays<T: Element + 'static, const N: usize>(at: *const ()) -> Slice<'static> {
    // SAFETY: as the caller says.
    Slice::new(unsafe { *at.cast::<&Vec<[T; N]>>() }.as_flattened(), Some(N))
}

/// How to make vectors of numbers, or of short arrays of numbers, that are a `T`.
pub(crate) struct Vector<T> {
    kind: &'static VectorKind,
    made: PhantomData<fn() -> T>,
}

struct VectorKind {
    number: Number,
    width: Option<usize>,
    filled: FillAt,
    copied: CopyTo,
}

/// Makes, at an address, a vector of so many numbers, whose memory it lets a function fill.
type FillAt = unsafe fn(*mut (), usize, &mut dyn FnMut(&mut [u8]) -> Result<()>) -> Result<()>;
/// Makes, at an address, a vector of the numbers that these bytes are.
type CopyTo = unsafe fn(*mut (), &[u8]);

impl<T> Vector<T> {
    /// How to make a `T`, if that is a vector of numbers, or of short arrays of numbers.
    #[inline]
    pub(crate) fn of() -> Option<Self> {
        // What is no vector shows without a look into the table.
        let may_be_vec = size_of::<T>() == size_of::<Vec<u8>>() && std::mem::needs_drop::<T>();
        let kind = if may_be_vec { vector_kind(typeid::of::<T>()) } else { None }?;
        Some(Self { kind, made: PhantomData })
    }

    /// The type of its numbers.
    pub(crate) fn number(&self) -> Number {
        self.kind.number
    }

    /// How many numbers an element is, if it is an array.
    pub(crate) fn width(&self) -> Option<usize> {
        self.kind.width
    }

    /// A vector of `len` elements, whose memory, zeroed, is filled by `fill`.
    pub(crate) fn filled(&self, len: u64, fill: impl FnOnce(&mut [u8]) -> Result<()>) -> Result<T> {
        let count = usize::try_from(len).ok().and_then(|len| len.checked_mul(self.kind.width.unwrap_or(1)));
        let count = count.ok_or_else(|| too_large(len))?;
        let (mut vec, mut fill) = (MaybeUninit::<T>::uninit(), Some(fill));
        // SAFETY: the kind is that of the type `T`, whose value is at the address if the function says so.
        unsafe {
            (self.kind.filled)(vec.as_mut_ptr().cast(), count, &mut |bytes| match fill.take() {
                Some(fill) => fill(bytes),
                None => Ok(()),
            })?;
            Ok(vec.assume_init())
        }
    }

    /// A vector of the numbers that `bytes` are.
    pub(crate) fn copied(&self, bytes: &[u8]) -> T {
        let mut vec = MaybeUninit::<T>::uninit();
        // SAFETY: the kind is that of the type `T`, whose value is then at the address.
        unsafe {
            (self.kind.copied)(vec.as_mut_ptr().cast(), bytes);
            vec.assume_init()
        }
    }
}

/// The `A` that these bytes are, if that is an array of `len` numbers of this type. Short arrays are known.
#[inline]
pub(crate) fn array_of<A>(number: Number, len: usize, bytes: &[u8]) -> Option<A> {
    match number {
        Number::I8 => array_of_type::<A, i8>(len, bytes),
        Number::I16 => array_of_type::<A, i16>(len, bytes),
        Number::I32 => array_of_type::<A, i32>(len, bytes),
        Number::I64 => array_of_type::<A, i64>(len, bytes),
        Number::U8 => array_of_type::<A, u8>(len, bytes),
        Number::U16 => array_of_type::<A, u16>(len, bytes),
        Number::U32 => array_of_type::<A, u32>(len, bytes),
        Number::U64 => array_of_type::<A, u64>(len, bytes),
        Number::F32 => array_of_type::<A, f32>(len, bytes),
        Number::F64 => array_of_type::<A, f64>(len, bytes),
        Number::Bool => None,
    }
}

#[inline]
fn array_of_type<A, T: AnyBytes>(len: usize, bytes: &[u8]) -> Option<A> {
    let is_array = size_of::<A>() == len * size_of::<T>() && is_array::<A, T>(len);
    // SAFETY: the type is an array of numbers of which any bytes are a value, and there are as many bytes as it has.
    (is_array && bytes.len() == size_of::<A>()).then(|| unsafe { bytes.as_ptr().cast::<A>().read_unaligned() })
}

/// Whether an `A` is an array of `len` numbers of a type. The length mostly is known to the compiler, and so is the answer.
#[inline]
fn is_array<A, T: 'static>(len: usize) -> bool {
    macro_rules! is_one {
        ($($len:literal)*) => {
            match len {
                $($len => typeid::of::<A>() == TypeId::of::<[T; $len]>(),)*
                _ => false,
            }
        };
    }
    is_one!(1 2 3 4 5 6 7 8 9 10 12 16)
}

/// Whether a `T` is a vector of strings.
#[inline]
pub(crate) fn is_strings<T>() -> bool {
    let may_be_vec = size_of::<T>() == size_of::<Vec<String>>() && std::mem::needs_drop::<T>();
    may_be_vec && typeid::of::<T>() == TypeId::of::<Vec<String>>()
}

/// The strings as the `T` that they are; `None` where they are none.
pub(crate) fn of_strings<T>(strings: Vec<String>) -> Option<T> {
    if !is_strings::<T>() {
        return None;
    }
    let strings = std::mem::ManuallyDrop::new(strings);
    // SAFETY: both are the same type, and the one that is copied from is not dropped.
    Some(unsafe { std::mem::transmute_copy(&strings) })
}

#[cold]
fn too_large(count: u64) -> Error {
    Error::new(ErrorKind::Limit, format!("{count} numbers do not fit into memory"))
}

fn filled<T: AnyBytes>(count: usize, fill: &mut dyn FnMut(&mut [u8]) -> Result<()>) -> Result<Vec<T>> {
    let layout = Layout::array::<T>(count).map_err(|_| too_large(count as u64))?;
    let mut vec: Vec<T> = if layout.size() == 0 {
        Vec::new()
    } else {
        // SAFETY: the layout is not empty.
        let memory = unsafe { alloc_zeroed(layout) };
        if memory.is_null() {
            return Err(too_large(count as u64));
        }
        // SAFETY: allocated for so many numbers, and zeros are a value of each.
        unsafe { Vec::from_raw_parts(memory.cast(), count, count) }
    };
    // SAFETY: the memory of the numbers, which are initialised, and of which any bytes are a value.
    fill(unsafe { std::slice::from_raw_parts_mut(vec.as_mut_ptr().cast(), size_of_val(vec.as_slice())) })?;
    Ok(vec)
}

fn copied<T: AnyBytes>(bytes: &[u8]) -> Vec<T> {
    let count = bytes.len() / size_of::<T>();
    let mut vec: Vec<T> = Vec::with_capacity(count);
    // SAFETY: room for so many numbers, of which any bytes are a value, and which are no more than `bytes` has.
    unsafe {
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), vec.as_mut_ptr().cast(), count * size_of::<T>());
        vec.set_len(count);
    }
    vec
}

/// The same numbers as arrays; there are as many as whole arrays have, and room for no more.
fn into_arrays<T: AnyBytes, const N: usize>(mut vec: Vec<T>) -> Vec<[T; N]> {
    vec.shrink_to_fit();
    // The allocator may leave more room than it was asked for.
    if !vec.capacity().is_multiple_of(N) {
        return vec.as_chunks().0.to_vec();
    }
    let mut vec = std::mem::ManuallyDrop::new(vec);
    let (len, capacity) = (vec.len() / N, vec.capacity() / N);
    // SAFETY: the memory of the vector that is not dropped: arrays of numbers are aligned as these are, and the capacity
    // is as many bytes.
    unsafe { Vec::from_raw_parts(vec.as_mut_ptr().cast(), len, capacity) }
}

/// # Safety
/// At `at` is room for a `Vec<T>`.
unsafe fn fill_vec<T: AnyBytes>(
    at: *mut (),
    count: usize,
    fill: &mut dyn FnMut(&mut [u8]) -> Result<()>,
) -> Result<()> {
    let vec = filled::<T>(count, fill)?;
    // SAFETY: as the caller says.
    unsafe { at.cast::<Vec<T>>().write(vec) };
    Ok(())
}

/// # Safety
/// At `at` is room for a `Vec<T>`.
unsafe fn copy_vec<T: AnyBytes>(at: *mut (), bytes: &[u8]) {
    // SAFETY: as the caller says.
    unsafe { at.cast::<Vec<T>>().write(copied(bytes)) };
}

/// # Safety
/// At `at` is room for a `Vec<[T; N]>`.
unsafe fn fill_arrays<T: AnyBytes, const N: usize>(
    at: *mut (),
    count: usize,
    fill: &mut dyn FnMut(&mut [u8]) -> Result<()>,
) -> Result<()> {
    let vec = into_arrays::<T, N>(filled(count, fill)?);
    // SAFETY: as the caller says.
    unsafe { at.cast::<Vec<[T; N]>>().write(vec) };
    Ok(())
}

/// # Safety
/// At `at` is room for a `Vec<[T; N]>`.
unsafe fn copy_arrays<T: AnyBytes, const N: usize>(at: *mut (), bytes: &[u8]) {
    // SAFETY: as the caller says.
    unsafe { at.cast::<Vec<[T; N]>>().write(into_arrays::<T, N>(copied(bytes))) };
}

/// A table by types, which are asked for once for each list of numbers, however short.
type ByType<T> = HashMap<TypeId, T, BuildHasherDefault<IdHasher>>;

/// Takes the hash that a type's id is as it is.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    #[inline]
    fn write_u64(&mut self, id: u64) {
        self.0 = id;
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

#[derive(Default)]
struct Known {
    slices: ByType<Look>,
    vectors: ByType<VectorKind>,
    tables: ByType<TableKind>,
}

/// Does the same for each width of arrays that is known.
macro_rules! each_width {
    ($known:ident.$method:ident::<$type:ty>) => {
        each_width!($known.$method::<$type>: 1 2 3 4 5 6 7 8 9 10 12 16)
    };
    ($known:ident.$method:ident::<$type:ty>: $($width:literal)*) => {
        $($known.$method::<$type, $width>();)*
    };
}

impl Known {
    fn add_slices<T: Element + 'static>(&mut self) {
        self.slices.insert(TypeId::of::<&'static [T]>(), look_at_slice::<T>);
        self.slices.insert(TypeId::of::<&'static Vec<T>>(), look_at_vec::<T>);
        each_width!(self.add_slices_of_arrays::<T>);
    }

    fn add_slices_of_arrays<T: Element + 'static, const N: usize>(&mut self) {
        self.slices.insert(TypeId::of::<&'static [[T; N]]>(), look_at_arrays::<T, N>);
        self.slices.insert(TypeId::of::<&'static Vec<[T; N]>>(), look_at_vec_of_arrays::<T, N>);
    }

    fn add_vectors<T: AnyBytes>(&mut self) {
        let kind = VectorKind { number: T::NUMBER, width: None, filled: fill_vec::<T>, copied: copy_vec::<T> };
        self.vectors.insert(TypeId::of::<Vec<T>>(), kind);
        // SAFETY: any bytes are a number of the type.
        self.tables.extend([unsafe { TableKind::of::<T>(T::NUMBER, None) }]);
        each_width!(self.add_vectors_of_arrays::<T>);
    }

    fn add_vectors_of_arrays<T: AnyBytes, const N: usize>(&mut self) {
        let (filled, copied): (FillAt, CopyTo) = (fill_arrays::<T, N>, copy_arrays::<T, N>);
        let kind = VectorKind { number: T::NUMBER, width: Some(N), filled, copied };
        self.vectors.insert(TypeId::of::<Vec<[T; N]>>(), kind);
        // SAFETY: any bytes are an array of numbers of the type.
        self.tables.extend([unsafe { TableKind::of::<[T; N]>(T::NUMBER, Some(N)) }]);
    }
}

macro_rules! numbers {
    ($($type:ty)*) => {
        $(
            // SAFETY: a primitive number, all bytes of which are a value.
            unsafe impl AnyBytes for $type {}
        )*

        fn known() -> &'static Known {
            static KNOWN: LazyLock<Known> = LazyLock::new(|| {
                let mut known = Known::default();
                known.add_slices::<bool>();
                $(
                    known.add_slices::<$type>();
                    known.add_vectors::<$type>();
                )*
                known
            });
            &KNOWN
        }
    };
}
numbers!(i8 i16 i32 i64 u8 u16 u32 u64 f32 f64);

fn look_for(id: TypeId) -> Option<Look> {
    known().slices.get(&id).copied()
}

fn vector_kind(id: TypeId) -> Option<&'static VectorKind> {
    known().vectors.get(&id)
}

pub(super) fn table_kind(id: TypeId) -> Option<&'static TableKind> {
    known().tables.get(&id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen<I>(values: I) -> Option<(Number, usize, Option<usize>, usize)> {
        Slice::of(&values).map(|slice| (slice.number, slice.len, slice.width, slice.bytes.len()))
    }

    #[test]
    fn slices_and_vectors_of_numbers_are_known() {
        assert_eq!(seen(&vec![1.5f64, 2.5]), Some((Number::F64, 2, None, 16)));
        assert_eq!(seen(&[1u16, 2, 3][..]), Some((Number::U16, 3, None, 6)));
        assert_eq!(seen(&vec![true]), Some((Number::Bool, 1, None, 1)));
        assert_eq!(seen(&vec![[1i8; 3]; 5]), Some((Number::I8, 5, Some(3), 15)));
        assert_eq!(seen(&[[1u64; 16]][..]), Some((Number::U64, 1, Some(16), 128)));
        assert_eq!(seen(&Vec::<[f32; 2]>::new()), Some((Number::F32, 0, Some(2), 0)));
    }

    #[test]
    fn others_are_not() {
        #[repr(transparent)]
        struct Metres(f64);
        assert_eq!(seen(&vec![Metres(1.5)]), None);
        assert_eq!(seen(vec![1.5]), None);
        assert_eq!(seen(&&vec![1.5]), None);
        assert_eq!(seen([1.5].iter()), None);
        assert_eq!(seen(&vec!['a']), None);
        assert_eq!(seen(&vec![1i128]), None);
        assert_eq!(seen(&vec![[1.5; 100]]), None);
        assert!(Vector::<Vec<Metres>>::of().is_none());
        assert!(Vector::<Vec<bool>>::of().is_none());
        assert!(Vector::<Vec<&str>>::of().is_none());
        assert!(Vector::<std::collections::VecDeque<f64>>::of().is_none());
        assert!(Vector::<String>::of().is_none());
    }

    #[test]
    fn vectors_of_strings_are_known() {
        let list = vec!["one".to_owned()];
        assert_eq!(strings_of(&&list), Some(&list[..]));
        assert_eq!(strings_of(&&list[..]), Some(&list[..]));
        assert!(
            strings_of(&list).is_none() && strings_of(&&vec!["one"]).is_none() && strings_of(&list.iter()).is_none()
        );

        let strings = vec!["one".to_owned(), String::new()];
        assert_eq!(of_strings::<Vec<String>>(strings.clone()), Some(strings.clone()));
        assert_eq!(of_strings::<Vec<Vec<u8>>>(strings.clone()), None);
        assert!(!is_strings::<Vec<&str>>() && !is_strings::<String>() && !is_strings::<Vec<f64>>());
    }

    #[test]
    fn vectors_are_made_of_bytes() {
        let bytes = element_bytes(&[1i32, -2, 3, -4, 5, -6]);
        let fill = |place: &mut [u8]| {
            assert!(place.iter().all(|byte| *byte == 0));
            place.copy_from_slice(bytes);
            Ok(())
        };
        let (list, arrays) = (Vector::<Vec<i32>>::of().unwrap(), Vector::<Vec<[i32; 3]>>::of().unwrap());
        assert_eq!(
            (list.number(), list.width(), arrays.number(), arrays.width()),
            (Number::I32, None, Number::I32, Some(3))
        );
        assert_eq!(list.copied(bytes), [1, -2, 3, -4, 5, -6]);
        assert_eq!(list.filled(6, fill).unwrap(), [1, -2, 3, -4, 5, -6]);
        assert_eq!(arrays.copied(bytes), [[1, -2, 3], [-4, 5, -6]]);
        assert_eq!(arrays.filled(2, fill).unwrap(), [[1, -2, 3], [-4, 5, -6]]);
        assert!(arrays.filled(0, |_| Ok(())).unwrap().is_empty());
        assert!(arrays.copied(&[]).is_empty());
    }

    /// What has no room for whole arrays is copied, and freed: `tests/memcheck` looks for what is not.
    #[test]
    fn vectors_of_another_size_than_arrays() {
        for len in [0, 1, 2, 3, 7, 8, 300, 301] {
            let vec: Vec<i32> = (0..len).collect();
            let arrays = into_arrays::<i32, 3>(vec.clone());
            assert_eq!(arrays.as_flattened(), &vec[..vec.len() / 3 * 3]);
        }
    }

    #[test]
    fn short_arrays_are_made_of_bytes() {
        let bytes = element_bytes(&[1.5f32, -2.5, 3.5]);
        assert_eq!(array_of::<[f32; 3]>(Number::F32, 3, bytes), Some([1.5, -2.5, 3.5]));
        assert_eq!(array_of::<[i32; 3]>(Number::F32, 3, bytes), None);
        assert_eq!(array_of::<[f32; 3]>(Number::I32, 3, bytes), None);
        assert_eq!(array_of::<[f32; 3]>(Number::F32, 3, &bytes[..8]), None);
        assert_eq!(array_of::<[f32; 2]>(Number::F32, 3, bytes), None);
        assert_eq!(array_of::<(f32, f32, f32)>(Number::F32, 3, bytes), None);
        assert_eq!(array_of::<[bool; 2]>(Number::Bool, 2, &[0, 1]), None);
        assert_eq!(array_of::<[u8; 11]>(Number::U8, 11, &[0; 11]), None);
        let bytes = element_bytes(&[u64::MAX, 1]);
        assert_eq!(array_of::<[u64; 2]>(Number::U64, 2, bytes), Some([u64::MAX, 1]));
    }

    #[test]
    fn vectors_that_cannot_be_made_are_errors() {
        let vector = Vector::<Vec<[f64; 4]>>::of().unwrap();
        assert_eq!(vector.filled(1 << 60, |_| Ok(())).unwrap_err().kind(), ErrorKind::Limit);
        assert_eq!(vector.filled(u64::MAX, |_| Ok(())).unwrap_err().kind(), ErrorKind::Limit);
        let refused = vector.filled(10, |_| Err(Error::corrupt("no")));
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Corrupt);
    }
}
