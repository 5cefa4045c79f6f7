//! Slices and vectors of numbers, known by their types: what they have in memory is what a dataset holds, so they are
//! written from where they are, and read to where they will be.
//!
//! A generic function sees of `&Vec<f64>` that it can be iterated over. What it is shows by its [`TypeId`]; that of a type
//! that borrows is taken as if it did so for ever.

use std::any::TypeId;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::sync::LazyLock;

use bytemuck::{Pod, allocation, cast_slice_mut, pod_collect_to_vec, try_cast_slice};

use super::dtype::Number;
use super::items::{Element, element_bytes};
use super::row_vectors::{Table, TableKind};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::ledger;

/// Numbers of which all bytes are some value, as those of bools are not.
trait AnyBytes: Element + Pod + Send {}

impl<T: Element + Pod + Send> AnyBytes for T {}

/// Types without references: one is known by its id alone, as it does not differ by how long something lives.
pub(super) trait Unborrowed: 'static {}

impl<T: Element> Unborrowed for T {}
impl Unborrowed for String {}
impl<T: Unborrowed> Unborrowed for Vec<T> {}
impl<T: Unborrowed> Unborrowed for [T] {}
impl<T: Unborrowed, const N: usize> Unborrowed for [T; N] {}

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
        Reference::of(values)?.numbers(&mut LastLook::default())
    }

    fn new<T: Element>(numbers: &'a [T], width: Option<usize>) -> Self {
        let len = numbers.len() / width.unwrap_or(1);
        Self { number: T::NUMBER, len, width, bytes: element_bytes(numbers) }
    }
}

/// A reference to something that shows by its type's id, as code that is not generic sees it.
#[derive(Clone, Copy)]
pub(crate) struct Reference<'a> {
    /// The type of the reference.
    id: TypeId,
    /// Where the reference is.
    at: *const (),
    borrowed: PhantomData<&'a ()>,
}

impl<'a> Reference<'a> {
    /// What `values` is, if that is a reference, which shows without a look into the table.
    #[inline]
    pub(crate) fn of<I>(values: &'a I) -> Option<Self> {
        let is_reference = matches!(size_of::<I>() / size_of::<usize>(), 1 | 2) && !std::mem::needs_drop::<I>();
        let reference = Self { id: typeid::of::<I>(), at: (&raw const *values).cast(), borrowed: PhantomData };
        is_reference.then_some(reference)
    }

    /// What it refers to, if it is a reference to that type.
    #[inline]
    fn target<T: ?Sized + Unborrowed>(self) -> Option<&'a T> {
        // SAFETY: at the address is a reference of the type that the id tells. It borrows for as long at least as it was lent
        // for itself.
        (self.id == TypeId::of::<&'static T>()).then(|| unsafe { *self.at.cast::<&'a T>() })
    }

    /// The numbers that it refers to, if those are a slice or vector of numbers, or of short arrays of numbers. `last` knows
    /// what was asked for last, which mostly is the same type.
    #[inline]
    pub(crate) fn numbers(self, last: &mut LastLook) -> Option<Slice<'a>> {
        last.look_for(self.id)?(self)
    }

    /// The strings that it refers to, if those are a slice or vector of strings.
    pub(crate) fn strings(self) -> Option<&'a [String]> {
        self.target::<Vec<String>>().map(Vec::as_slice).or_else(|| self.target())
    }
}

/// The string that `value` is, if it is a `String` or `str`, or a reference to one.
#[inline]
pub(crate) fn text_of<T: ?Sized>(value: &T) -> Option<&str> {
    let id = typeid::of::<T>();
    let at = (&raw const *value).cast::<()>();
    // SAFETY: the type at the address is the one that its id tells, but for how long it borrows, which is as long as
    // `value` at least. What is a reference to `str` is one as well when it is copied as that.
    unsafe {
        if id == TypeId::of::<String>() {
            Some((*at.cast::<String>()).as_str())
        } else if id == TypeId::of::<&'static String>() {
            Some((*at.cast::<&String>()).as_str())
        } else if id == TypeId::of::<&'static str>() {
            Some(*at.cast::<&str>())
        } else if id == TypeId::of::<&'static &'static str>() {
            Some(**at.cast::<&&str>())
        } else if id == TypeId::of::<str>() {
            Some(std::mem::transmute_copy::<&T, &str>(&value))
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

/// Looks at the numbers that a reference refers to, if it is one of the type that this is for.
type Look = for<'a> fn(Reference<'a>) -> Option<Slice<'a>>;

fn look_at_slice<T: Element>(values: Reference<'_>) -> Option<Slice<'_>> {
    values.target::<[T]>().map(|slice| Slice::new(slice, None))
}

fn look_at_vec<T: Element>(values: Reference<'_>) -> Option<Slice<'_>> {
    values.target::<Vec<T>>().map(|vec| Slice::new(vec, None))
}

fn look_at_arrays<T: Element, const N: usize>(values: Reference<'_>) -> Option<Slice<'_>> {
    values.target::<[[T; N]]>().map(|slice| Slice::new(slice.as_flattened(), Some(N)))
}

fn look_at_vec_of_arrays<T: Element, const N: usize>(values: Reference<'_>) -> Option<Slice<'_>> {
    values.target::<Vec<[T; N]>>().map(|vec| Slice::new(vec.as_flattened(), Some(N)))
}

/// Room for a value of a type that shows by its id, as code that is not generic sees it.
pub(crate) struct Room<'a> {
    id: TypeId,
    /// What is no vector shows without a look into the table.
    may_be_vec: bool,
    /// That of an option of the type.
    at: *mut (),
    room: PhantomData<&'a mut ()>,
}

impl<'a> Room<'a> {
    #[inline]
    pub(crate) fn of<T>(value: &'a mut Option<T>) -> Self {
        Self { id: typeid::of::<T>(), may_be_vec: may_be_vec::<T>(), at: (&raw mut *value).cast(), room: PhantomData }
    }

    /// Whether the type is this one.
    pub(crate) fn is_for<T: 'static>(&self) -> bool {
        self.is_for_type(TypeId::of::<T>())
    }

    /// The id of the type.
    #[cfg(feature = "nalgebra")]
    pub(crate) fn type_id(&self) -> TypeId {
        self.id
    }

    /// Whether the type has that id.
    #[inline]
    pub(crate) fn is_for_type(&self, id: TypeId) -> bool {
        self.id == id
    }

    /// How to make a value of the type, if that is a vector of numbers, or of short arrays of numbers.
    pub(crate) fn vector(&self) -> Option<Vector> {
        if self.may_be_vec { known().vectors.get(&self.id).map(Vector) } else { None }
    }

    /// How to make one, if the type is a vector of vectors of numbers, or of short arrays of numbers.
    pub(crate) fn table(&self) -> Option<Table> {
        if self.may_be_vec { known().tables.get(&self.id).map(Table) } else { None }
    }

    /// Whether the type is a vector of strings.
    pub(crate) fn is_for_strings(&self) -> bool {
        self.may_be_vec && self.is_for::<Vec<String>>()
    }

    /// The option, if the type is this one.
    fn option<T: Unborrowed>(&mut self) -> Option<&mut Option<T>> {
        // SAFETY: at the address is an option of the type, which is this one by its id.
        self.is_for::<T>().then(|| unsafe { &mut *self.at.cast::<Option<T>>() })
    }

    /// Puts a value there, if the type is that of it.
    pub(super) fn put<T: Unborrowed>(&mut self, value: T) -> Result<()> {
        *self.option().ok_or_else(of_another_type)? = Some(value);
        Ok(())
    }

    /// Puts the vector of the numbers of one type that `bytes` are there, or of the arrays of `width` of them, if the type is
    /// that, and such arrays are known.
    pub(crate) fn put_numbers(&mut self, number: Number, width: Option<usize>, bytes: &[u8]) -> bool {
        match number {
            Number::I8 => self.put_vec::<i8>(width, bytes),
            Number::I16 => self.put_vec::<i16>(width, bytes),
            Number::I32 => self.put_vec::<i32>(width, bytes),
            Number::I64 => self.put_vec::<i64>(width, bytes),
            Number::U8 => self.put_vec::<u8>(width, bytes),
            Number::U16 => self.put_vec::<u16>(width, bytes),
            Number::U32 => self.put_vec::<u32>(width, bytes),
            Number::U64 => self.put_vec::<u64>(width, bytes),
            Number::F32 => self.put_vec::<f32>(width, bytes),
            Number::F64 => self.put_vec::<f64>(width, bytes),
            Number::Bool => false,
        }
    }

    fn put_vec<T: AnyBytes>(&mut self, width: Option<usize>, bytes: &[u8]) -> bool {
        macro_rules! put {
            ($($len:literal)*) => {
                match width {
                    None => match self.option::<Vec<T>>() {
                        Some(option) => {
                            *option = Some(copied(bytes));
                            true
                        }
                        None => false,
                    },
                    $(Some($len) => match self.option::<Vec<[T; $len]>>() {
                        Some(option) => {
                            *option = Some(into_arrays(copied::<T>(bytes)));
                            true
                        }
                        None => false,
                    },)*
                    _ => false,
                }
            };
        }
        put!(1 2 3 4 5 6 7 8 9 10 12 16)
    }

    /// Puts the strings there.
    pub(crate) fn put_strings(mut self, strings: Vec<String>) -> Result<()> {
        self.put(strings)
    }
}

/// Whether a type may be a vector, by what shows without its id.
#[inline]
pub(crate) const fn may_be_vec<T>() -> bool {
    size_of::<T>() == size_of::<Vec<u8>>() && std::mem::needs_drop::<T>()
}

#[cold]
fn of_another_type() -> Error {
    Error::corrupt("a value was made for another type")
}

/// How to make vectors of numbers, or of short arrays of numbers, of one type.
#[derive(Clone, Copy)]
pub(crate) struct Vector(&'static VectorKind);

struct VectorKind {
    number: Number,
    width: Option<usize>,
    fill: FillRoom,
    copy: CopyToRoom,
}

/// Makes a vector of so many numbers, whose memory it lets a function fill.
type FillRoom = fn(Room<'_>, usize, &mut dyn FnMut(&mut [u8]) -> Result<()>) -> Result<()>;
/// Makes a vector of the numbers that these bytes are.
type CopyToRoom = fn(Room<'_>, &[u8]) -> Result<()>;

impl Vector {
    /// The type of its numbers.
    pub(crate) fn number(&self) -> Number {
        self.0.number
    }

    /// How many numbers an element is, if it is an array.
    pub(crate) fn width(&self) -> Option<usize> {
        self.0.width
    }

    /// Makes a vector of `len` elements, whose memory, zeroed, is filled by `fill`.
    pub(crate) fn fill(&self, room: Room<'_>, len: u64, fill: &mut dyn FnMut(&mut [u8]) -> Result<()>) -> Result<()> {
        let count = usize::try_from(len).ok().and_then(|len| len.checked_mul(self.0.width.unwrap_or(1)));
        ledger::asked(count.unwrap_or(usize::MAX).saturating_mul(self.0.number.size()) as u64)?;
        (self.0.fill)(room, count.ok_or_else(|| too_large(len))?, fill)
    }

    /// Makes a vector of the numbers that `bytes` are.
    pub(crate) fn copy(&self, room: Room<'_>, bytes: &[u8]) -> Result<()> {
        ledger::made(bytes.len() as u64)?;
        (self.0.copy)(room, bytes)
    }
}

/// The `A` that these bytes are, if that is an array of `len` numbers of this type. Short arrays are known.
#[inline]
pub(crate) fn array_of<A>(number: Number, len: usize, bytes: &[u8]) -> Option<A> {
    let is_array = bytes.len() == size_of::<A>() && is_array(typeid::of::<A>(), number, len);
    // SAFETY: the type is an array of numbers of which any bytes are a value, and there are as many bytes as it has.
    is_array.then(|| unsafe { bytes.as_ptr().cast::<A>().read_unaligned() })
}

/// Whether a type may be a number, by what shows without its id.
#[inline]
pub(crate) const fn may_be_number<T>() -> bool {
    size_of::<T>() <= 8 && !std::mem::needs_drop::<T>()
}

/// The number that a type is, or bool, if it is one.
#[inline]
pub(crate) fn number_of<T>() -> Option<Number> {
    number_by_id(typeid::of::<T>())
}

#[inline]
fn number_by_id(id: TypeId) -> Option<Number> {
    macro_rules! find {
        ($($type:ty)*) => {
            $(if id == TypeId::of::<$type>() {
                return Some(<$type as Element>::NUMBER);
            })*
        };
    }
    find!(f64 f32 i8 i16 i32 i64 u8 u16 u32 u64 bool);
    None
}

/// The [number](number_of) that these bytes are, if they are one of that type.
#[inline]
pub(crate) fn read_number<T>(bytes: &[u8]) -> Option<T> {
    let number = number_of::<T>()?;
    if bytes.len() != size_of::<T>() || (number == Number::Bool && bytes[0] > 1) {
        return None;
    }
    // SAFETY: the type is a number, and there are as many bytes as it has. These are one, as all are but for a bool, whose
    // byte was looked at.
    Some(unsafe { bytes.as_ptr().cast::<T>().read_unaligned() })
}

/// Whether a type may be an array of numbers, by what shows without its id.
#[inline]
pub(crate) const fn may_be_array<T>() -> bool {
    size_of::<T>() > 0 && !std::mem::needs_drop::<T>()
}

/// Whether a type is `String`.
#[inline]
pub(crate) fn is_string<T>() -> bool {
    typeid::of::<T>() == TypeId::of::<String>()
}

/// The string of that text, if the type is `String`.
#[inline]
pub(crate) fn read_string<T>(text: &str) -> Option<T> {
    if !is_string::<T>() {
        return None;
    }
    let string = ManuallyDrop::new(text.to_owned());
    // SAFETY: the type is `String`. This one is owned, and not used any more.
    Some(unsafe { (&raw const string).cast::<T>().read() })
}

/// Whether a type is an array of `len` numbers of a type.
fn is_array(id: TypeId, number: Number, len: usize) -> bool {
    match number {
        Number::I8 => is_array_of::<i8>(id, len),
        Number::I16 => is_array_of::<i16>(id, len),
        Number::I32 => is_array_of::<i32>(id, len),
        Number::I64 => is_array_of::<i64>(id, len),
        Number::U8 => is_array_of::<u8>(id, len),
        Number::U16 => is_array_of::<u16>(id, len),
        Number::U32 => is_array_of::<u32>(id, len),
        Number::U64 => is_array_of::<u64>(id, len),
        Number::F32 => is_array_of::<f32>(id, len),
        Number::F64 => is_array_of::<f64>(id, len),
        Number::Bool => false,
    }
}

fn is_array_of<T: AnyBytes>(id: TypeId, len: usize) -> bool {
    macro_rules! is_one {
        ($($len:literal)*) => {
            match len {
                $($len => id == TypeId::of::<[T; $len]>(),)*
                _ => false,
            }
        };
    }
    is_one!(1 2 3 4 5 6 7 8 9 10 12 16)
}

#[cold]
fn too_large(count: u64) -> Error {
    Error::new(ErrorKind::Limit, format!("{count} numbers do not fit into memory"))
}

/// A vector of so many numbers, whose memory, zeroed, is filled by a function.
fn filled<T: AnyBytes>(count: usize, fill: &mut dyn FnMut(&mut [u8]) -> Result<()>) -> Result<Vec<T>> {
    let mut vec: Vec<T> = allocation::try_zeroed_vec(count).map_err(|()| too_large(count as u64))?;
    fill(cast_slice_mut(&mut vec))?;
    Ok(vec)
}

/// The numbers that `bytes` are, which mostly lie as in memory of their own.
fn copied<T: AnyBytes>(bytes: &[u8]) -> Vec<T> {
    let whole = &bytes[..bytes.len() - bytes.len() % size_of::<T>()];
    try_cast_slice(whole).map_or_else(|_| pod_collect_to_vec(whole), <[T]>::to_vec)
}

/// The same numbers as arrays; there are as many as whole arrays have, and room for no more.
fn into_arrays<T: AnyBytes, const N: usize>(mut vec: Vec<T>) -> Vec<[T; N]> {
    vec.shrink_to_fit();
    // The allocator may leave more room than it was asked for.
    allocation::try_cast_vec(vec).unwrap_or_else(|(_, vec)| vec.as_chunks().0.to_vec())
}

fn fill_vec<T: AnyBytes>(
    mut room: Room<'_>,
    count: usize,
    fill: &mut dyn FnMut(&mut [u8]) -> Result<()>,
) -> Result<()> {
    room.put(filled::<T>(count, fill)?)
}

fn copy_vec<T: AnyBytes>(mut room: Room<'_>, bytes: &[u8]) -> Result<()> {
    room.put(copied::<T>(bytes))
}

fn fill_arrays<T: AnyBytes, const N: usize>(
    mut room: Room<'_>,
    count: usize,
    fill: &mut dyn FnMut(&mut [u8]) -> Result<()>,
) -> Result<()> {
    room.put(into_arrays::<T, N>(filled(count, fill)?))
}

fn copy_arrays<T: AnyBytes, const N: usize>(mut room: Room<'_>, bytes: &[u8]) -> Result<()> {
    room.put(into_arrays::<T, N>(copied(bytes)))
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
    fn add_slices<T: Element>(&mut self) {
        self.slices.insert(TypeId::of::<&'static [T]>(), look_at_slice::<T>);
        self.slices.insert(TypeId::of::<&'static Vec<T>>(), look_at_vec::<T>);
        each_width!(self.add_slices_of_arrays::<T>);
    }

    fn add_slices_of_arrays<T: Element, const N: usize>(&mut self) {
        self.slices.insert(TypeId::of::<&'static [[T; N]]>(), look_at_arrays::<T, N>);
        self.slices.insert(TypeId::of::<&'static Vec<[T; N]>>(), look_at_vec_of_arrays::<T, N>);
    }

    fn add_vectors<T: AnyBytes>(&mut self) {
        let kind = VectorKind { number: T::NUMBER, width: None, fill: fill_vec::<T>, copy: copy_vec::<T> };
        self.vectors.insert(TypeId::of::<Vec<T>>(), kind);
        self.tables.extend([TableKind::of::<T>(T::NUMBER, None)]);
        each_width!(self.add_vectors_of_arrays::<T>);
    }

    fn add_vectors_of_arrays<T: AnyBytes, const N: usize>(&mut self) {
        let (fill, copy): (FillRoom, CopyToRoom) = (fill_arrays::<T, N>, copy_arrays::<T, N>);
        let kind = VectorKind { number: T::NUMBER, width: Some(N), fill, copy };
        self.vectors.insert(TypeId::of::<Vec<[T; N]>>(), kind);
        self.tables.extend([TableKind::of::<[T; N]>(T::NUMBER, Some(N))]);
    }
}

macro_rules! numbers {
    ($($type:ty)*) => {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn seen<I>(values: I) -> Option<(Number, usize, Option<usize>, usize)> {
        Slice::of(&values).map(|slice| (slice.number, slice.len, slice.width, slice.bytes.len()))
    }

    fn vector<T>() -> Option<Vector> {
        Room::of(&mut None::<T>).vector()
    }

    /// What is made by a function that is given room for it.
    fn made<T>(make: impl FnOnce(Room<'_>) -> Result<()>) -> Result<Option<T>> {
        let mut value = None;
        make(Room::of(&mut value)).map(|()| value)
    }

    #[test]
    fn strings_are_known() {
        let (owned, part) = ("owned".to_owned(), "part");
        assert_eq!(text_of(&owned), Some("owned"));
        assert_eq!(text_of(&&owned), Some("owned"));
        assert_eq!(text_of(owned.as_str()), Some("owned"));
        assert_eq!(text_of(part), Some("part"));
        assert_eq!(text_of(&part), Some("part"));
        assert_eq!(text_of(&&part), Some("part"));
        assert_eq!(text_of(&*Box::<str>::from("")), Some(""));
    }

    #[test]
    fn what_is_no_string_is_not_taken_for_one() {
        assert_eq!(text_of(&Box::<str>::from("boxed")), None);
        assert_eq!(text_of(b"bytes".as_slice()), None);
        assert_eq!(text_of(&("pair", 1)), None);
        assert_eq!(text_of(&'c'), None);
        assert_eq!(text_of(&Some("some")), None);
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
        assert!(vector::<Vec<Metres>>().is_none());
        assert!(vector::<Vec<bool>>().is_none());
        assert!(vector::<Vec<&str>>().is_none());
        assert!(vector::<std::collections::VecDeque<f64>>().is_none());
        assert!(vector::<String>().is_none());
    }

    #[test]
    fn vectors_of_strings_are_known() {
        let list = vec!["one".to_owned()];
        assert_eq!(Reference::of(&&list).unwrap().strings(), Some(&list[..]));
        assert_eq!(Reference::of(&&list[..]).unwrap().strings(), Some(&list[..]));
        assert!(Reference::of(&&vec!["one"]).unwrap().strings().is_none());
        assert!(Reference::of(&list).is_none());
        assert!(Reference::of(&list.iter()).unwrap().strings().is_none());

        let strings = vec!["one".to_owned(), String::new()];
        assert_eq!(made(|room| room.put_strings(strings.clone())).unwrap(), Some(strings.clone()));
        assert!(made::<Vec<Vec<u8>>>(|room| room.put_strings(strings.clone())).is_err());
        assert!(Room::of(&mut None::<Vec<String>>).is_for_strings());
        assert!(!Room::of(&mut None::<Vec<&str>>).is_for_strings());
        assert!(!Room::of(&mut None::<String>).is_for_strings());
        assert!(!Room::of(&mut None::<Vec<f64>>).is_for_strings());
    }

    #[test]
    fn vectors_are_made_of_bytes() {
        let bytes = element_bytes(&[1i32, -2, 3, -4, 5, -6]);
        let mut fill = |place: &mut [u8]| {
            assert!(place.iter().all(|byte| *byte == 0));
            place.copy_from_slice(bytes);
            Ok(())
        };
        let (list, arrays) = (vector::<Vec<i32>>().unwrap(), vector::<Vec<[i32; 3]>>().unwrap());
        assert_eq!(
            (list.number(), list.width(), arrays.number(), arrays.width()),
            (Number::I32, None, Number::I32, Some(3))
        );
        assert_eq!(made(|room| list.copy(room, bytes)).unwrap(), Some(vec![1, -2, 3, -4, 5, -6]));
        assert_eq!(made(|room| list.fill(room, 6, &mut fill)).unwrap(), Some(vec![1, -2, 3, -4, 5, -6]));
        assert_eq!(made(|room| arrays.copy(room, bytes)).unwrap(), Some(vec![[1, -2, 3], [-4, 5, -6]]));
        assert_eq!(made(|room| arrays.fill(room, 2, &mut fill)).unwrap(), Some(vec![[1, -2, 3], [-4, 5, -6]]));
        assert_eq!(made(|room| arrays.fill(room, 0, &mut |_| Ok(()))).unwrap(), Some(Vec::<[i32; 3]>::new()));
        assert_eq!(made(|room| arrays.copy(room, &[])).unwrap(), Some(Vec::<[i32; 3]>::new()));
        // Of another type than there is room for.
        assert!(made::<Vec<i32>>(|room| arrays.copy(room, bytes)).is_err());
        let (mut list, mut threes) = (None::<Vec<i32>>, None::<Vec<[i32; 3]>>);
        assert!(Room::of(&mut list).put_numbers(Number::I32, None, bytes));
        assert!(Room::of(&mut threes).put_numbers(Number::I32, Some(3), bytes));
        assert_eq!((list, threes), (Some(vec![1, -2, 3, -4, 5, -6]), Some(vec![[1, -2, 3], [-4, 5, -6]])));
        let (mut other, mut twos) = (None::<Vec<f32>>, None::<Vec<[i32; 2]>>);
        assert!(!Room::of(&mut other).put_numbers(Number::I32, None, bytes) && other.is_none());
        assert!(!Room::of(&mut twos).put_numbers(Number::I32, Some(3), bytes) && twos.is_none());
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
    fn numbers_and_strings_are_read_of_their_bytes() {
        assert_eq!(
            (number_of::<f64>(), number_of::<u8>(), number_of::<i32>()),
            (Some(Number::F64), Some(Number::U8), Some(Number::I32))
        );
        assert_eq!(
            (number_of::<bool>(), number_of::<char>(), number_of::<[u8; 8]>()),
            (Some(Number::Bool), None, None)
        );
        assert_eq!((read_number::<bool>(&[1]), read_number::<char>(&[0; 4])), (Some(true), None));
        assert_eq!(read_number::<i16>(&(-2_i16).to_ne_bytes()), Some(-2));
        assert_eq!((read_number::<i16>(&[0; 4]), read_number::<bool>(&[2])), (None, None));
        assert_eq!(read_string::<String>("text"), Some("text".to_owned()));
        assert_eq!(read_string::<Vec<u8>>("text"), None);
    }

    #[test]
    fn vectors_that_cannot_be_made_are_errors() {
        let vector = vector::<Vec<[f64; 4]>>().unwrap();
        let filled = |len, fill: &mut dyn FnMut(&mut [u8]) -> Result<()>| {
            let made = made::<Vec<[f64; 4]>>(|room| vector.fill(room, len, fill));
            made.unwrap_err().kind()
        };
        assert_eq!(filled(1 << 60, &mut |_| Ok(())), ErrorKind::Limit);
        assert_eq!(filled(u64::MAX, &mut |_| Ok(())), ErrorKind::Limit);
        assert_eq!(filled(10, &mut |_| Err(Error::corrupt("no"))), ErrorKind::Corrupt);
    }
}
