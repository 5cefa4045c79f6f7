//! Arrays of any element type that the `hdf5` crate describes: between a dataset and memory of that very type, without
//! a copy in between.

use std::alloc::{Layout, alloc, alloc_zeroed};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::sync::Arc;

use bytemuck::Pod;
use hdf5::Datatype;
use hdf5::types::{CompoundType, EnumMember, EnumType, H5Type, IntSize, TypeDescriptor};
use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5s::H5S_ALL;
use ndarray::{ArrayView, ArrayViewMut, Dimension, IxDyn, Slice, Zip};

use super::attribute::Attributes;
use super::blocks::{PART, Part, each_part, rows_of_chunks};
use super::chunked::Chunked;
use super::dataset::{Dataset, Shape, words};
use super::dtype::{Dtype, Number, Order, Strings, array_id, complex_id, is_equal};
use super::grid::Rows;
use super::group::Group;
use super::selection::select;
use super::sys::{h5a, h5d, h5t};
use super::{Handle, Id, c_name, locked, property_lists};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::ledger;
use crate::ground::limits::Limits;
use crate::layout::is_complex;
use crate::layout::progress_path::ProgressPath;
use crate::layout::storage_options::StorageOptions;

/// A complex number that holds all digits of any.
pub(super) type Complex64 = num_complex::Complex<f64>;

/// Elements that do not lie in the order of the file are put into it by so many bytes at a time.
const BLOCK: usize = 1 << 20;

/// An element type: of Rust, in memory, and in the file.
pub(crate) struct ElementType<T> {
    descriptor: TypeDescriptor,
    /// The same with the names that the stored type has, by which libhdf5 finds what becomes what: those of `memory`.
    called: TypeDescriptor,
    memory: Datatype,
    file: Datatype,
    /// How many array types a stored item is within, and how many elements it has by them.
    levels: usize,
    each: usize,
    rust: PhantomData<fn() -> T>,
}

/// A type that holds all digits of elements that are rounded.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wide {
    Float,
    Signed,
    Unsigned,
    Complex,
}

/// Reads elements by `$read`, which is given the element type, as ones that hold all digits, and rounds them, if the options
/// allow that, and it is needed.
macro_rules! rounded {
    ($element:expr, $stored:expr, $dtype:expr, $shape:expr, $wide:ident => $read:expr) => {
        if crate::ground::limits::Limits::rounds()
            && let Some(wide) = $element.rounded_from($stored, $dtype, $shape)
        {
            use crate::h5::Number;
            use crate::h5::typed::Wide;
            macro_rules! read {
                ($type:ty, $number:ident) => {{
                    let $wide = $element.as_wide::<$type>($dtype)?;
                    $element.rounded($read, Number::$number)
                }};
            }
            return match wide {
                Wide::Float => read!(f64, F64),
                Wide::Signed => read!(i64, I64),
                Wide::Unsigned => read!(u64, U64),
                Wide::Complex => read!(super::typed::Complex64, F64),
            };
        }
    };
}
pub(super) use rounded;

/// Refuses numbers of eight bytes that a float of `size` bytes has only infinities for.
fn check_size(bytes: &[u8], number: Number, size: usize) -> Result<()> {
    let is_too_large = |value: f64| match size {
        2 => value.abs() >= 65520.0,
        4 => (value as f32).is_infinite(),
        _ => false,
    };
    for bytes in bytes.as_chunks().0 {
        let value = match number {
            Number::F64 => f64::from_ne_bytes(*bytes),
            Number::U64 => u64::from_ne_bytes(*bytes) as f64,
            _ => i64::from_ne_bytes(*bytes) as f64,
        };
        if value.is_finite() && is_too_large(value) {
            let message =
                format!("expected `f{}`, found {value:?} (`{}`), which is too large", 8 * size, number.name());
            return Err(Error::new(ErrorKind::OutOfRange, message));
        }
    }
    Ok(())
}

/// The shape of the array that items of type `dtype` are in the shape `shape`, to who asks for one of so many dimensions; and
/// those of its dimensions that array types have. With `is_array`, the elements are arrays themselves.
pub(crate) fn shape_within(shape: &Shape, dtype: &Dtype, rank: Option<usize>, is_array: bool) -> (Shape, Vec<u64>) {
    let mut all = match shape {
        Shape::Null => return (Shape::Null, Vec::new()),
        Shape::Scalar => Vec::new(),
        Shape::Simple(dims) => dims.clone(),
    };
    let (mut inner, mut within) = (Vec::new(), dtype);
    while let Dtype::Array(dims, next) = within {
        inner.extend_from_slice(dims);
        within = next;
    }
    let is_one = all.iter().chain(&inner).all(|dim| *dim == 1);
    let is_opened = match rank {
        None => !is_array,
        // One element is also a scalar.
        Some(0) => !is_array && is_one,
        Some(rank) => !is_array && rank == all.len() + inner.len(),
    };
    if !is_opened {
        inner.clear();
    }
    all.extend_from_slice(&inner);
    let is_scalar = all.is_empty() || rank == Some(0) && all.iter().all(|dim| *dim == 1);
    (if is_scalar { Shape::Scalar } else { Shape::Simple(all) }, inner)
}

/// The element type within array types.
fn within(dtype: &Dtype, levels: usize) -> &Dtype {
    match dtype {
        Dtype::Array(_, inner) if levels > 0 => within(inner, levels - 1),
        dtype => dtype,
    }
}

impl<T: H5Type> ElementType<T> {
    pub(crate) fn new() -> Result<Self> {
        let descriptor = T::type_descriptor();
        if has_addresses(&descriptor) || descriptor.size() != size_of::<T>() || size_of::<T>() == 0 {
            let message = format!("arrays of `{}` cannot be stored: its parts have no fixed size", name(&descriptor));
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let memory = Datatype::from_descriptor(&descriptor)?;
        // Gaps are not initialised, and nothing for a file.
        let file = Datatype::from_descriptor(&descriptor.to_packed_repr())?;
        let called = descriptor.clone();
        Ok(Self { descriptor, called, memory, file, levels: 0, each: 1, rust: PhantomData })
    }

    /// The same for items that MATLAB stores as `stored`: its bools are bytes.
    pub(crate) fn of_matlab(self, stored: &Dtype) -> Result<Self> {
        if self.descriptor == TypeDescriptor::Boolean && *stored == Dtype::Number(Number::U8) {
            // That the bytes are bools is looked at, as for any bools.
            let memory = Datatype::from_descriptor(&u8::type_descriptor())?;
            return Ok(Self { file: memory.clone(), memory, ..self });
        }
        self.of_stored(stored, false)
    }

    /// The same for items that are stored as `stored`: others have other names for what bools, and the parts of complex
    /// numbers, are. With `is_opened`, the elements are those within array types.
    pub(crate) fn of_stored(self, stored: &Dtype, is_opened: bool) -> Result<Self> {
        let mut dims = Vec::new();
        let mut inner = stored;
        while let (true, Dtype::Array(size, next)) = (is_opened, inner) {
            dims.push(Arc::clone(size));
            inner = next;
        }
        let called = as_called(&self.descriptor, inner);
        let memory = match inner {
            Dtype::Complex(_) => match &self.descriptor {
                TypeDescriptor::Compound(own) if is_pair(own) && fits(&self.descriptor, inner) => {
                    let part = Datatype::from_descriptor(&own.fields[0].ty)?;
                    Some(datatype(complex_id(&Handle::Borrowed(part.id()))?)?)
                }
                _ => None,
            },
            _ if called == self.descriptor => None,
            _ => Some(Datatype::from_descriptor(&called)?),
        };
        let mut memory = memory.unwrap_or_else(|| self.memory.clone());
        for dims in dims.iter().rev() {
            memory = datatype(array_id(dims, &Handle::Borrowed(memory.id()))?)?;
        }
        let each = dims
            .iter()
            .flat_map(|dims| dims.iter())
            .try_fold(1usize, |each, dim| each.checked_mul(usize::try_from(*dim).ok()?));
        let each = each.ok_or_else(|| Error::corrupt("an array type of absurd size"))?;
        // What is read fills the elements, and no more.
        if each.checked_mul(size_of::<T>()) != Some(memory.size()) {
            return Err(Error::wrong_type(format_args!("an array of `{}`", self.name()), stored));
        }
        Ok(Self { called, memory, levels: dims.len(), each, ..self })
    }

    /// The type of as many elements that hold all digits, stored as said.
    pub(super) fn as_wide<W: H5Type>(&self, stored: &Dtype) -> Result<ElementType<W>> {
        ElementType::new()?.of_stored(stored, self.levels > 0)
    }

    /// Whether the elements are arrays themselves.
    pub(crate) fn is_array(&self) -> bool {
        matches!(self.descriptor, TypeDescriptor::FixedArray(..))
    }

    /// How many elements so many stored items have.
    pub(super) fn count_in(&self, items: u64) -> Result<u64> {
        items.checked_mul(self.each as u64).ok_or_else(|| Error::corrupt("a dataset of absurd shape"))
    }

    /// Bytes of a stored item in memory.
    pub(super) fn item_size(&self) -> usize {
        self.each * size_of::<T>()
    }

    /// Bytes of an element in a file that this crate makes.
    pub(super) fn file_size(&self) -> usize {
        self.file.size()
    }

    /// The type in the file, the bytes of it, and the type in memory.
    pub(super) fn for_room(&self) -> (hid_t, usize, hid_t) {
        (self.file.id(), self.file.size(), self.memory.id())
    }

    /// The type in Rust's words.
    pub(crate) fn name(&self) -> String {
        name(&self.descriptor)
    }

    /// Whether items of the stored type are read as this one without a loss. Where there are none, their type is that
    /// which empty sequences have.
    fn takes(&self, stored: &Id, dtype: &Dtype, count: u64) -> bool {
        if count == 0 && *dtype == Dtype::Number(Number::F64) {
            return true;
        }
        let same = |own: &Datatype| is_equal(stored.get(), own.id()).unwrap_or(false);
        let dtype = within(dtype, self.levels);
        // What has other names would be left as it is.
        let is_called_so = || as_called(&self.descriptor, dtype) == self.called;
        same(&self.file) || same(&self.memory) || fits(&self.descriptor, dtype) && is_called_so()
    }

    /// As which type elements are read that the options let lose digits, or of which the error says that they could; `None` where
    /// nothing is lost, or more than that.
    pub(super) fn rounded_from(&self, stored: &Id, dtype: &Dtype, shape: &Shape) -> Option<Wide> {
        if *shape == Shape::Null || self.takes(stored, dtype, shape.count()?) {
            return None;
        }
        let dtype = within(dtype, self.levels);
        match (&self.descriptor, dtype.number(), dtype.complex()) {
            (TypeDescriptor::Float(_), Some(Number::F32 | Number::F64), _) => Some(Wide::Float),
            (TypeDescriptor::Float(_), Some(number), _) if number.is_integer() => {
                Some(if number.is_signed() { Wide::Signed } else { Wide::Unsigned })
            }
            (TypeDescriptor::Compound(own), _, Some(_))
                if is_complex_type(own) && fits(&Complex64::type_descriptor(), dtype) =>
            {
                matches!(own.fields[0].ty, TypeDescriptor::Float(_)).then_some(Wide::Complex)
            }
            _ => None,
        }
    }

    /// The elements that are nearest to `values`, each of which is so many numbers.
    pub(super) fn rounded<W: H5Type + Pod>(&self, mut values: Vec<W>, number: Number) -> Result<Vec<T>> {
        let part = match &self.descriptor {
            TypeDescriptor::Compound(own) => own.fields[0].ty.clone(),
            own => own.clone(),
        };
        let (own, memory, to) = (part.size(), number.id(Order::Memory)?, Datatype::from_descriptor(&part)?);
        let elements = values.len() as u64;
        let places: &mut [u8] = bytemuck::cast_slice_mut(&mut values);
        let count = places.len() / number.size();
        check_size(places, number, own)?;
        // SAFETY: as many numbers of the one type.
        unsafe { h5t::convert("round numbers", (memory.get(), to.id()), count, places, None) }?;
        // Each element is as many floats as a value is numbers.
        self.of_bytes(elements, |bytes| {
            bytes.copy_from_slice(&places[..count * own]);
            Ok(())
        })
    }

    /// The handle of the type in memory.
    pub(super) fn memory_type(&self) -> hid_t {
        self.memory.id()
    }

    /// Refuses a stored type that is not read as this one; returns how many items there are.
    pub(super) fn check(&self, stored: &Id, dtype: &Dtype, shape: &Shape) -> Result<u64> {
        let count = shape.count().ok_or_else(|| Error::corrupt("a dataset of absurd shape"))?;
        if *shape == Shape::Null || !self.takes(stored, dtype, count) {
            let found = if *shape == Shape::Null { "nothing".to_owned() } else { words(dtype, shape) };
            let error = Error::wrong_type(format_args!("an array of `{}`", self.name()), found);
            return Err(match self.rounded_from(stored, dtype, shape) {
                Some(_) => Limits::advise_rounding(error),
                None => error,
            });
        }
        Ok(count)
    }

    /// Memory for `count` elements, that `read` fills.
    ///
    /// # Safety
    /// Where it succeeds, `read` has initialised all elements but for gaps and for what [`is_valid`] looks at, or was
    /// asked to with memory that is zeroed.
    pub(super) unsafe fn filled(
        &self,
        count: u64,
        zeroed: bool,
        read: impl FnOnce(*mut T) -> Result<()>,
    ) -> Result<Vec<T>> {
        let too_large = || {
            let message = format!("{count} items of {} bytes do not fit into memory", size_of::<T>());
            Error::new(ErrorKind::Limit, message)
        };
        let layout = usize::try_from(count).ok().and_then(|count| Layout::array::<T>(count).ok());
        let (count, layout) = (count as usize, layout.ok_or_else(too_large)?);
        ledger::asked(layout.size() as u64)?;
        if count == 0 {
            return Ok(Vec::new());
        }
        // Bytes that stand for no value, where some do, have to be bytes.
        let checked = has_invalid(&self.descriptor);
        // SAFETY: elements have a size, as was checked when the type was made.
        let memory = unsafe { if zeroed || checked { alloc_zeroed(layout) } else { alloc(layout) } };
        if memory.is_null() {
            return Err(too_large());
        }
        // SAFETY: allocated for so many elements, none of which is there yet.
        let mut values: Vec<T> = unsafe { Vec::from_raw_parts(memory.cast(), 0, count) };
        read(values.as_mut_ptr())?;
        if checked {
            // SAFETY: as many bytes as were zeroed above.
            let bytes = unsafe { std::slice::from_raw_parts(values.as_ptr().cast::<u8>(), count * size_of::<T>()) };
            if let Some(at) = bytes.chunks_exact(size_of::<T>()).position(|item| !is_valid(&self.descriptor, item)) {
                return Err(Error::corrupt(format!("item {at} is no value of `{}`", self.name())));
            }
        }
        // SAFETY: as the caller promises, and as was checked: all elements are values of the type.
        unsafe { values.set_len(count) };
        Ok(values)
    }

    /// `count` elements, whose memory, zeroed, `read` sets as bytes.
    pub(super) fn of_bytes(&self, count: u64, read: impl FnOnce(&mut [u8]) -> Result<()>) -> Result<Vec<T>> {
        // SAFETY: what is zeroed is initialised, and there is room for so many elements.
        unsafe {
            self.filled(count, true, |values| {
                read(std::slice::from_raw_parts_mut(values.cast(), count as usize * size_of::<T>()))
            })
        }
    }
}

/// Whether items have parts outside themselves, or refer to something.
fn has_addresses(descriptor: &TypeDescriptor) -> bool {
    use TypeDescriptor as TD;
    match descriptor {
        TD::Integer(_) | TD::Unsigned(_) | TD::Float(_) | TD::Boolean | TD::Enum(_) => false,
        TD::FixedAscii(_) | TD::FixedUnicode(_) => false,
        TD::Compound(compound) => compound.fields.iter().any(|field| has_addresses(&field.ty)),
        TD::FixedArray(inner, _) => has_addresses(inner),
        _ => true,
    }
}

/// Whether there are bytes that are no value of the type.
fn has_invalid(descriptor: &TypeDescriptor) -> bool {
    use TypeDescriptor as TD;
    match descriptor {
        TD::Integer(_) | TD::Unsigned(_) | TD::Float(_) => false,
        TD::Compound(compound) => compound.fields.iter().any(|field| has_invalid(&field.ty)),
        TD::FixedArray(inner, _) => has_invalid(inner),
        _ => true,
    }
}

/// Whether `bytes` are a value of the type.
fn is_valid(descriptor: &TypeDescriptor, bytes: &[u8]) -> bool {
    use TypeDescriptor as TD;
    match descriptor {
        TD::Integer(_) | TD::Unsigned(_) | TD::Float(_) => true,
        TD::Boolean => bytes.iter().all(|byte| *byte <= 1),
        TD::Enum(enumeration) => {
            let mut value = [0; 8];
            let place = if cfg!(target_endian = "big") { 8 - bytes.len() } else { 0 };
            value[place..place + bytes.len()].copy_from_slice(bytes);
            let (value, unused) = (u64::from_ne_bytes(value), 64 - 8 * bytes.len() as u32);
            // Members are sign-extended, or not.
            enumeration.members.iter().any(|member| (member.value << unused) == (value << unused))
        }
        TD::FixedAscii(_) => bytes.is_ascii(),
        TD::FixedUnicode(_) => std::str::from_utf8(bytes).is_ok(),
        TD::Compound(compound) => compound
            .fields
            .iter()
            .all(|field| is_valid(&field.ty, &bytes[field.offset..field.offset + field.ty.size()])),
        TD::FixedArray(inner, _) => bytes.chunks_exact(inner.size()).all(|item| is_valid(inner, item)),
        _ => false,
    }
}

/// The type in Rust's words, as [`Dtype`] has them.
fn name(descriptor: &TypeDescriptor) -> String {
    use TypeDescriptor as TD;
    match descriptor {
        TD::Integer(size) => format!("i{}", 8 * *size as usize),
        TD::Unsigned(size) => format!("u{}", 8 * *size as usize),
        TD::Float(size) => format!("f{}", 8 * *size as usize),
        TD::Boolean => "bool".to_owned(),
        TD::Enum(enumeration) => {
            let names: Vec<_> = enumeration.members.iter().map(|member| member.name.as_str()).collect();
            format!("enum {{{}}}", names.join(", "))
        }
        TD::Compound(compound) => {
            let fields: Vec<_> =
                compound.fields.iter().map(|field| format!("{}: {}", field.name, name(&field.ty))).collect();
            format!("compound {{{}}}", fields.join(", "))
        }
        TD::FixedArray(inner, len) => format!("[{}; {len}]", name(inner)),
        TD::FixedAscii(size) | TD::FixedUnicode(size) => format!("string({size})"),
        TD::VarLenAscii | TD::VarLenUnicode => "string".to_owned(),
        TD::VarLenArray(inner) => format!("sequence of {}", name(inner)),
        _ => "reference".to_owned(),
    }
}

/// Whether it is a complex number.
fn is_complex_type(own: &CompoundType) -> bool {
    matches!(&own.fields[..], [re, im] if is_complex([&re.name, &im.name]))
}

/// Whether it is two numbers of one type and nothing else, as complex numbers of libhdf5's own are in memory.
fn is_pair(own: &CompoundType) -> bool {
    match &own.fields[..] {
        [re, im] => re.ty == im.ty && re.offset == 0 && im.offset == re.ty.size() && own.size == 2 * re.ty.size(),
        _ => false,
    }
}

/// The type in memory, with the names that what is stored has.
fn as_called(own: &TypeDescriptor, stored: &Dtype) -> TypeDescriptor {
    use TypeDescriptor as TD;
    match (own, stored) {
        (TD::Boolean, Dtype::Enum(enumeration)) => {
            let member = |(name, value): (&str, u8)| EnumMember { name: name.to_owned(), value: value.into() };
            match enumeration.bools() {
                Some(bools) => {
                    let members = bools.into_iter().map(member).collect();
                    TD::Enum(EnumType { size: IntSize::U1, signed: true, members })
                }
                None => TD::Boolean,
            }
        }
        (TD::Compound(compound), Dtype::Compound(fields)) => {
            let mut compound = compound.clone();
            let parts = if is_complex_type(&compound) { stored.complex() } else { None };
            for (at, field) in compound.fields.iter_mut().enumerate() {
                let called = match parts {
                    Some(parts) => parts.get(at).copied(),
                    None => fields.iter().find(|stored| stored.name == field.name),
                };
                if let Some(called) = called {
                    field.name.clone_from(&called.name);
                    field.ty = as_called(&field.ty, &called.dtype);
                }
            }
            TD::Compound(compound)
        }
        (TD::FixedArray(inner, len), Dtype::Array(_, stored)) => TD::FixedArray(as_called(inner, stored).into(), *len),
        _ => own.clone(),
    }
}

/// A type as the `hdf5` crate has it.
fn datatype(handle: Handle) -> Result<Datatype> {
    match handle {
        Handle::Owned(id) => id.try_into(),
        Handle::Borrowed(id) => h5t::copy("copy a type", id)?.try_into(),
    }
}

/// Whether items of type `stored` become items of the type without a loss.
fn fits(descriptor: &TypeDescriptor, stored: &Dtype) -> bool {
    use TypeDescriptor as TD;
    match (descriptor, stored) {
        (TD::Integer(size), Dtype::Number(number)) if number.is_integer() => {
            let bytes = *size as usize;
            if number.is_signed() { number.size() <= bytes } else { number.size() < bytes }
        }
        (TD::Unsigned(size), Dtype::Number(number)) if number.is_integer() => {
            !number.is_signed() && number.size() <= *size as usize
        }
        (TD::Float(size), Dtype::Number(number)) => match (*size as usize, number) {
            (8, Number::F64 | Number::F32) | (4, Number::F32) => true,
            // As many bits as an integer has in the significand.
            (8, number) if number.is_integer() => number.size() <= 4,
            (4, number) if number.is_integer() => number.size() <= 2,
            _ => false,
        },
        (TD::Boolean, Dtype::Number(Number::Bool)) => true,
        (TD::Boolean, Dtype::Enum(enumeration)) => enumeration.bools().is_some(),
        (TD::Compound(own), Dtype::Complex(_)) if !is_pair(own) => false,
        (TD::Compound(own), stored) if is_complex_type(own) && stored.complex().is_some() => {
            let parts = stored.complex();
            parts.is_some_and(|parts| own.fields.iter().zip(parts).all(|(own, part)| fits(&own.ty, &part.dtype)))
        }
        (TD::Enum(own), Dtype::Enum(stored)) => {
            stored.members.iter().all(|(name, _)| own.members.iter().any(|member| member.name == *name))
        }
        (TD::Compound(own), Dtype::Compound(fields)) => {
            own.fields.len() == fields.len()
                && own
                    .fields
                    .iter()
                    .all(|own| fields.iter().any(|field| field.name == own.name && fits(&own.ty, &field.dtype)))
        }
        (TD::FixedArray(inner, len), Dtype::Array(dims, dtype)) => **dims == [*len as u64] && fits(inner, dtype),
        (TD::FixedAscii(own), Dtype::FixedString(Strings { size, utf8: false, .. })) => size <= own,
        (TD::FixedUnicode(own), Dtype::FixedString(Strings { size, utf8: true, .. })) => size <= own,
        _ => false,
    }
}

/// The shape of an array.
fn shape_of<T, D: Dimension>(array: &ArrayView<'_, T, D>) -> Shape {
    match array.shape() {
        [] => Shape::Scalar,
        dims => Shape::Simple(dims.iter().map(|dim| *dim as u64).collect()),
    }
}

impl Group {
    /// Writes `array` to the new dataset `name`.
    pub(crate) fn write_array<T: H5Type, D: Dimension>(
        &self,
        name: &str,
        element: &ElementType<T>,
        array: &ArrayView<'_, T, D>,
        storing: &StorageOptions,
    ) -> Result<()> {
        let (label, spot) = (c_name(name)?, self.spot_of(name));
        let shape = shape_of(array);
        let how = (storing, (false, false));
        let (id, is_chunked) = self.create_as(element.file.id(), element.file.size(), &shape, how, |lists, new| {
            h5d::create("create a dataset", self.handle(), &label, new, (lists.link.get(), None))
        })?;
        spot.object()?;
        if array.is_empty() {
            return Ok(());
        }
        if is_chunked && let Some(chunked) = Chunked::of_new(&id, array.shape())? {
            return write_chunks(&id, &chunked, element, array, &spot);
        }
        let write = |memory: hid_t, file: hid_t, data: *const T, count: usize| {
            let (bytes, types) = (count * element.file.size(), (element.memory.id(), memory));
            // SAFETY: the data is as long as is selected, as all calls below have it.
            unsafe { h5d::write("write a dataset", bytes, id.get(), types, file, data.cast()) }
        };
        let dims: Vec<u64> = array.shape().iter().map(|dim| *dim as u64).collect();
        match array.as_slice() {
            // Part by part, where somebody watches.
            Some(data) if spot.is_watched() && size_of_val(data) > PART => {
                let rows = if is_chunked { Some(rows_of_new(&id, dims.len())?) } else { None };
                each_part(&dims, size_of::<T>(), rows, |part| {
                    let (file, memory) = part.select()?;
                    let count = part.bytes(size_of::<T>()) as usize / size_of::<T>().max(1);
                    write(memory.get(), file.get(), data[part.first()..].as_ptr(), count)?;
                    spot.bytes(part.bytes(size_of::<T>()))
                })
            }
            Some(data) => {
                write(H5S_ALL, H5S_ALL, data.as_ptr(), data.len())?;
                spot.bytes(size_of_val(data) as u64)
            }
            None => each_block(array, |start, block| {
                let count: Vec<u64> = block.shape.iter().map(|dim| *dim as u64).collect();
                let (file, memory) = select(&dims, start, &count, block.data.len() as u64)?;
                write(memory.get(), file.get(), block.data.as_ptr().cast(), block.data.len())?;
                spot.bytes(size_of_val(block.data) as u64)
            }),
        }
    }
}

/// How many rows a chunk has of a dataset that was just made in chunks.
fn rows_of_new(dataset: &Id, rank: usize) -> Result<u64> {
    let list = h5d::get_create_plist("look into a dataset", dataset.get())?;
    rows_of_chunks(&list, rank)
}

/// Writes an array to a dataset in chunks that are filtered here.
fn write_chunks<T: H5Type, D: Dimension>(
    id: &Id,
    chunked: &Chunked,
    element: &ElementType<T>,
    array: &ArrayView<'_, T, D>,
    spot: &ProgressPath,
) -> Result<()> {
    let rows = array.shape()[0];
    let items = array.len() / rows;
    let is_same = chunked.is_same(element.memory.id())?;
    if is_same && let Some(data) = array.as_slice() {
        // SAFETY: elements without gaps: their type has none in the file, and is the same.
        let bytes = unsafe { std::slice::from_raw_parts(data.as_ptr().cast(), size_of_val(data)) };
        return chunked.write(id.get(), bytes, |bytes| spot.bytes(bytes));
    }
    // Some rows at a time, in the order and the type that the file has.
    let size = element.file.size().max(size_of::<T>());
    let step = (BLOCK / items.saturating_mul(size).max(1)).max(1);
    let view = array.view().into_dyn();
    for start in (0..rows).step_by(step) {
        let count = step.min(rows - start);
        let part = view.slice_axis(ndarray::Axis(0), Slice::from(start..start + count));
        let mut bytes = super::dataset::zeroed((count * items) as u64, size)?;
        for (place, item) in bytes.chunks_exact_mut(size_of::<T>()).zip(&part) {
            // SAFETY: the bytes of one element, which has as many; those in gaps are not looked at.
            unsafe {
                std::ptr::copy_nonoverlapping(std::ptr::from_ref(item).cast(), place.as_mut_ptr(), size_of::<T>())
            };
        }
        // What compounds are converted over.
        let mut background = super::dataset::zeroed(part.len() as u64, size)?;
        let (what, types) = ("convert the elements of an array", (element.memory.id(), element.file.id()));
        // SAFETY: as many elements of the type in memory, which have no addresses.
        unsafe { h5t::convert(what, types, part.len(), &mut bytes, Some(&mut background)) }?;
        let rows = Rows { start: start as u64, count: count as u64 };
        chunked.write_rows(id.get(), rows, &bytes[..count * items * element.file.size()])?;
        spot.bytes((count * items * size_of::<T>()) as u64)?;
    }
    Ok(())
}

/// A copy of an element's bytes, which is never used as one, nor dropped.
fn bitwise<T>(element: &T) -> MaybeUninit<T> {
    // SAFETY: an element, whose bytes may be any for this type.
    unsafe { std::ptr::from_ref(element).cast::<MaybeUninit<T>>().read() }
}

/// A part of an array in the order that files have. It is a bitwise copy, of which nothing is dropped.
struct Block<'a, T> {
    shape: Vec<usize>,
    data: &'a [MaybeUninit<T>],
}

/// Shows an array in blocks of at most [`BLOCK`] bytes (or one element), with where each begins.
fn each_block<T, D: Dimension>(
    array: &ArrayView<'_, T, D>,
    mut show: impl FnMut(&[u64], &Block<'_, T>) -> Result<()>,
) -> Result<()> {
    let array = array.view().into_dyn();
    let dims = array.shape().to_vec();
    let room = (BLOCK / size_of::<T>().max(1)).max(1);
    // The outermost dimension a step along which fits a block; outside it, one step at a time.
    let mut level = dims.len();
    let mut stride = 1usize;
    while level > 0 && stride.saturating_mul(dims[level - 1]) <= room {
        level -= 1;
        stride *= dims[level];
    }
    let mut counts = dims.clone();
    counts[..level].fill(1);
    if let Some(split) = level.checked_sub(1) {
        counts[split] = (room / stride).clamp(1, dims[split]);
    }
    let mut data: Vec<MaybeUninit<T>> = Vec::new();
    let mut start = vec![0usize; dims.len()];
    loop {
        let mut block = array.view();
        for (axis, from) in start.iter().enumerate() {
            let to = (from + counts[axis]).min(dims[axis]);
            block.slice_axis_inplace(ndarray::Axis(axis), Slice::from(*from..to));
        }
        data.resize_with(block.len(), MaybeUninit::uninit);
        let shape = block.shape().to_vec();
        let room = ArrayViewMut::from_shape(IxDyn(&shape), data.as_mut_slice());
        let room = room.map_err(|error| Error::new(ErrorKind::Custom, error.to_string()).caused_by(error))?;
        Zip::from(room).and(&block).for_each(|place, element| {
            *place = bitwise(element);
        });
        let at: Vec<u64> = start.iter().map(|from| *from as u64).collect();
        show(&at, &Block { shape, data: &data })?;
        // The next block: the last coordinate goes first.
        let mut axis = level;
        loop {
            let Some(next) = axis.checked_sub(1) else { return Ok(()) };
            axis = next;
            start[axis] += counts[axis];
            if start[axis] < dims[axis] {
                break;
            }
            start[axis] = 0;
        }
    }
}

impl Dataset {
    /// Reads all of it.
    pub(crate) fn read_array<T: H5Type>(&self, element: &ElementType<T>) -> Result<Vec<T>> {
        let stored = h5d::get_type("look into a dataset", self.handle())?;
        rounded!(element, &stored, self.dtype(), self.shape(), wide => self.read_array(&wide)?);
        let count = element.check(&stored, self.dtype(), self.shape())?;
        let (elements, size) = (element.count_in(count)?, element.item_size());
        if count > 0
            && let (Some(chunked), Shape::Simple(dims)) = (self.chunked()?, self.shape())
        {
            let rows = Rows { start: 0, count: dims[0] };
            let done = |bytes| self.spot().bytes(bytes);
            return element.of_bytes(elements, |bytes| {
                chunked.read_rows(self.handle(), rows, (element.memory.id(), size), bytes, done)
            });
        }
        let zeroed = count > 0 && !self.fills()?;
        let all = self.shape().space()?;
        // SAFETY: room for all items that there were, which the library fills, unless `fills` says that it may not.
        unsafe {
            element.filled(elements, zeroed, |values| {
                let memory = element.memory.id();
                self.in_parts(count as usize * size, |part, places| {
                    let values = values.byte_add(places.start).cast();
                    match part.map(Part::wanted).transpose()? {
                        Some((wanted, space)) => self.read_raw(Some(wanted), (memory, space.get()), values),
                        None => self.read_raw(None, (memory, all.get()), values),
                    }
                })
            })
        }
    }
}

/// Writes `array`, which is small, to the new attribute `name` of an object.
pub(crate) fn write_array_attribute<T: H5Type, D: Dimension>(
    object: &impl Attributes,
    name: &str,
    element: &ElementType<T>,
    array: &ArrayView<'_, T, D>,
) -> Result<()> {
    let (label, space, lists) = (c_name(name)?, shape_of(array).space()?, property_lists()?);
    let of = (element.file.id(), space.get(), lists.attribute.get());
    let id = h5a::create("create an attribute", object.handle(), &label, of)?;
    if array.is_empty() {
        return Ok(());
    }
    let data: Vec<MaybeUninit<T>> = array.iter().map(bitwise).collect();
    let bytes = data.len() * element.file.size();
    // SAFETY: as many items as the attribute has.
    unsafe { h5a::write("write an attribute", bytes, id.get(), element.memory.id(), data.as_ptr().cast()) }
}

/// Reads all of the attribute `name` of an object, and says what shape it has to who asks for so many dimensions.
pub(crate) fn read_array_attribute<T: H5Type>(
    object: &impl Attributes,
    name: &str,
    element: ElementType<T>,
    rank: Option<usize>,
) -> Result<(Shape, Vec<T>)> {
    // Until it is read, it stays as it is, and is not made anew under the same name.
    locked(|| read_array_attribute_locked(object, name, element, rank))
}

fn read_array_attribute_locked<T: H5Type>(
    object: &impl Attributes,
    name: &str,
    element: ElementType<T>,
    rank: Option<usize>,
) -> Result<(Shape, Vec<T>)> {
    // Attributes that are too large, or of a type that is not read, are refused here.
    let contents = object.attribute(name)?.ok_or_else(|| Error::corrupt("the attribute went away"))?;
    let (shape, inner) = shape_within(&contents.shape, &contents.dtype, rank, element.is_array());
    let element = element.of_stored(&contents.dtype, !inner.is_empty())?;
    let (what, label) = ("read an attribute", object.attribute_label(name)?);
    let id = h5a::open(what, object.handle(), &label)?;
    let stored = h5a::get_type(what, &id)?;
    if Limits::rounds() && element.rounded_from(&stored, &contents.dtype, &contents.shape).is_some() {
        let read = || -> Result<Vec<T>> {
            rounded!(element, &stored, &contents.dtype, &contents.shape, wide => {
                read_array_attribute_locked(object, name, wide, rank)?.1
            });
            Ok(Vec::new())
        };
        return Ok((shape, read()?));
    }
    let count = element.check(&stored, &contents.dtype, &contents.shape)?;
    let elements = element.count_in(count)?;
    // SAFETY: room for all items of the attribute, all of which the library reads: the lock is held since they were counted.
    let values =
        unsafe { element.filled(elements, true, |values| h5a::read(what, &id, element.memory.id(), values.cast()))? };
    Ok((shape, values))
}
