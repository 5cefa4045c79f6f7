//! Element types: what one item of a dataset or attribute is, in the file and in memory.

use std::ffi::{CString, c_void};
use std::fmt::{self, Display, Write as _};
use std::sync::{Arc, LazyLock};

use hdf5::types::{H5Type, TypeDescriptor};
use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5t::{self as constants, H5T_VARIABLE, H5T_class_t, H5T_cset_t, H5T_str_t};

use super::dataset::brief;
use super::opaque::Opaque;
use super::reference::ReferencedFile;
use super::sys::h5t;
use super::wide_float::WideFloat;
use super::wide_integer::WideInteger;
use super::{Handle, Id, c_name, library_static};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::ledger;
#[cfg(hdf5_complex)]
use crate::layout::COMPLEX;
use crate::layout::is_complex;

/// The names of what logicals are.
const FALSE: &str = "FALSE";
const TRUE: &str = "TRUE";
const NA: &str = "NA";
/// What references to parts of datasets are called.
const REGION: &str = "region reference";
/// Types nest no deeper than this in any file that a person made.
pub(crate) const MAX_TYPE_DEPTH: usize = 32;
/// An address of libhdf5's own strings and variable-length sequences in memory.
const POINTER: usize = size_of::<*const c_void>();

/// A number or bool of Rust, stored as itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the variants are Rust's own type names")]
pub(crate) enum Number {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F32,
    F64,
}

impl Number {
    /// Bytes of one number.
    #[inline]
    pub(crate) const fn size(self) -> usize {
        match self {
            Self::Bool | Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }

    /// Whether it is an integer, and no float or bool.
    pub(crate) const fn is_integer(self) -> bool {
        !matches!(self, Self::Bool | Self::F32 | Self::F64)
    }

    /// Whether it is an integer with a sign.
    pub(crate) const fn is_signed(self) -> bool {
        matches!(self, Self::I8 | Self::I16 | Self::I32 | Self::I64)
    }

    /// Rust's name of the type.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }

    /// The type as the `hdf5` crate describes it.
    pub(crate) fn descriptor(self) -> TypeDescriptor {
        match self {
            Self::Bool => bool::type_descriptor(),
            Self::I8 => i8::type_descriptor(),
            Self::I16 => i16::type_descriptor(),
            Self::I32 => i32::type_descriptor(),
            Self::I64 => i64::type_descriptor(),
            Self::U8 => u8::type_descriptor(),
            Self::U16 => u16::type_descriptor(),
            Self::U32 => u32::type_descriptor(),
            Self::U64 => u64::type_descriptor(),
            Self::F32 => f32::type_descriptor(),
            Self::F64 => f64::type_descriptor(),
        }
    }

    fn integer(size: usize, signed: bool) -> Option<Self> {
        Some(match (size, signed) {
            (1, true) => Self::I8,
            (2, true) => Self::I16,
            (3..=4, true) => Self::I32,
            (5..=8, true) => Self::I64,
            (1, false) => Self::U8,
            (2, false) => Self::U16,
            (3..=4, false) => Self::U32,
            (5..=8, false) => Self::U64,
            _ => return None,
        })
    }

    pub(super) fn id(self, order: Order) -> Result<Handle> {
        Ok(Handle::Borrowed(match (order, self) {
            (_, Self::Bool) => return bool_type(),
            (Order::File, Self::I8) => *constants::H5T_STD_I8LE,
            (Order::File, Self::I16) => *constants::H5T_STD_I16LE,
            (Order::File, Self::I32) => *constants::H5T_STD_I32LE,
            (Order::File, Self::I64) => *constants::H5T_STD_I64LE,
            (Order::File, Self::U8) => *constants::H5T_STD_U8LE,
            (Order::File, Self::U16) => *constants::H5T_STD_U16LE,
            (Order::File, Self::U32) => *constants::H5T_STD_U32LE,
            (Order::File, Self::U64) => *constants::H5T_STD_U64LE,
            (Order::File, Self::F32) => *constants::H5T_IEEE_F32LE,
            (Order::File, Self::F64) => *constants::H5T_IEEE_F64LE,
            (Order::Memory, Self::I8) => *constants::H5T_NATIVE_INT8,
            (Order::Memory, Self::I16) => *constants::H5T_NATIVE_INT16,
            (Order::Memory, Self::I32) => *constants::H5T_NATIVE_INT32,
            (Order::Memory, Self::I64) => *constants::H5T_NATIVE_INT64,
            (Order::Memory, Self::U8) => *constants::H5T_NATIVE_UINT8,
            (Order::Memory, Self::U16) => *constants::H5T_NATIVE_UINT16,
            (Order::Memory, Self::U32) => *constants::H5T_NATIVE_UINT32,
            (Order::Memory, Self::U64) => *constants::H5T_NATIVE_UINT64,
            (Order::Memory, Self::F32) => *constants::H5T_NATIVE_FLOAT,
            (Order::Memory, Self::F64) => *constants::H5T_NATIVE_DOUBLE,
        }))
    }
}

/// An enumeration: names for some values of an integer type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EnumType {
    /// The integer type that stores the values.
    pub(crate) base: Number,
    /// Names and values, in the order of the type.
    pub(crate) members: Vec<(String, i128)>,
    /// Of those whose names in the file are no UTF-8, these.
    raws: Vec<(usize, CString)>,
}

impl EnumType {
    pub(crate) fn new(base: Number, members: Vec<(String, i128)>) -> Self {
        Self { base, members, raws: Vec::new() }
    }

    /// The name of `value`.
    pub(crate) fn name_of(&self, value: i128) -> Option<&str> {
        // Most enums count from zero.
        let guess = usize::try_from(value).ok().and_then(|index| self.members.get(index));
        match guess {
            Some((name, member)) if *member == value => Some(name),
            _ => self.members.iter().find(|(_, member)| *member == value).map(|(name, _)| name.as_str()),
        }
    }

    /// What the members of a logical stand for, as R has them: false, true, and perhaps nothing, in any order and case.
    fn logicals(&self) -> Option<impl Iterator<Item = Option<bool>>> {
        let stands_for = |name: &str| match name {
            _ if name.eq_ignore_ascii_case(FALSE) => Some(Some(false)),
            _ if name.eq_ignore_ascii_case(TRUE) => Some(Some(true)),
            _ if name.eq_ignore_ascii_case(NA) => Some(None),
            _ => None,
        };
        let mut all = [None; 3];
        for (place, (name, _)) in all.iter_mut().zip(&self.members) {
            *place = Some(stands_for(name)?);
        }
        let has = |wanted| all.contains(&Some(wanted));
        let is_such = matches!(self.members.len(), 2 | 3) && has(Some(false)) && has(Some(true));
        (is_such && (self.members.len() == 2 || has(None))).then(|| all.into_iter().flatten())
    }

    /// What a value stands for, if these are logicals.
    pub(crate) fn logical(&self, value: i128) -> Option<Option<bool>> {
        let mut all = self.logicals()?.zip(&self.members);
        all.find(|(_, (_, member))| *member == value).map(|(logical, _)| logical)
    }

    /// Whether these are logicals by the names that R itself has.
    pub(crate) fn is_of_r(&self) -> bool {
        self.members.len() == 3 && [FALSE, TRUE, NA].iter().all(|own| self.members.iter().any(|(name, _)| name == own))
    }

    /// The members of logicals as they are in memory, where false is 0, true is 1, and nothing is none of these.
    pub(super) fn bools(&self) -> Option<Vec<(&str, u8)>> {
        let value = |logical: Option<bool>| logical.map_or(2, u8::from);
        Some(self.logicals()?.zip(&self.members).map(|(logical, (name, _))| (name.as_str(), value(logical))).collect())
    }
}

/// How a fixed-length string that is shorter than its place ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StringPadding {
    /// With one NUL, after which anything may stand.
    NullTerminated,
    /// With NULs to the end.
    NullPadded,
    /// With spaces to the end, as Fortran does.
    SpacePadded,
}

impl StringPadding {
    /// As in `string(5, UTF-8, padded with NULs)`.
    fn words(self) -> &'static str {
        match self {
            Self::NullTerminated => "ended by NUL",
            Self::NullPadded => "padded with NULs",
            Self::SpacePadded => "padded with spaces",
        }
    }
}

/// What a string type says of its character set.
fn charset(is_utf8: bool) -> &'static str {
    if is_utf8 { "UTF-8" } else { "ASCII" }
}

/// A fixed-length string type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Strings {
    /// Bytes of the place.
    pub(crate) size: usize,
    /// How shorter strings end.
    pub(crate) padding: StringPadding,
    /// Whether the type says UTF-8, as against ASCII.
    pub(crate) utf8: bool,
}

/// A field of a compound type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    /// Its name.
    pub(crate) name: String,
    /// Its first byte within the record.
    pub(crate) offset: usize,
    /// Its type.
    pub(crate) dtype: Dtype,
    /// Its bytes, as the type says.
    pub(crate) size: usize,
    /// Its name in the file, where that is no UTF-8.
    raw: Option<CString>,
}

impl Field {
    pub(crate) fn new(name: String, offset: usize, dtype: Dtype) -> Self {
        let size = dtype.size();
        Self { name, offset, dtype, size, raw: None }
    }
}

/// What one item of a dataset or attribute is, as this crate has it in memory: native numbers, compounds without gaps.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Dtype {
    /// A number or bool.
    Number(Number),
    /// An enumeration.
    Enum(Arc<EnumType>),
    /// A string of fixed length.
    FixedString(Strings),
    /// A string of its own length; true where the type says UTF-8.
    VarString(bool),
    /// A record.
    Compound(Arc<[Field]>),
    /// A small array of fixed shape.
    Array(Arc<[u64]>, Arc<Dtype>),
    /// A sequence of its own length.
    VarArray(Arc<Dtype>),
    /// Bits, of so many bytes.
    Bitfield(Number),
    /// Bytes that HDF5 does not look into.
    Opaque(Arc<Opaque>),
    /// A complex number of HDF5's own, since 2.0: to us, a compound of its two parts.
    #[cfg_attr(not(hdf5_complex), expect(dead_code, reason = "older versions have none"))]
    Complex(Arc<[Field]>),
    /// An integer of more bytes than HDF5's have, as the file has it, but little-endian.
    WideInteger(WideInteger),
    /// A float of more bytes than Rust's have, as the file has it, but little-endian.
    WideFloat(Arc<WideFloat>),
    /// A reference to an object of the file.
    Reference(ReferencedFile),
    /// Something that this crate does not read, in words.
    Unsupported(String),
}

/// Which side of the library a type is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Little-endian, as files have it.
    File,
    /// As this machine has it.
    Memory,
}

/// A compound type of `size` bytes, with the type of each field by `dtype`.
pub(super) fn compound_id(
    size: usize,
    fields: &[Field],
    dtype: &mut dyn FnMut(&Field) -> Result<Handle>,
) -> Result<Handle> {
    let id = h5t::create("create a compound type", H5T_class_t::H5T_COMPOUND, size)?;
    // What cannot be read is left out.
    for field in fields.iter().filter(|field| field.dtype.unsupported().is_none()) {
        let name = field.raw.clone().map_or_else(|| c_name(&field.name), Ok)?;
        let dtype = dtype(field)?;
        h5t::insert("add a field to a compound type", &id, &name, field.offset, dtype.get())?;
    }
    Ok(Handle::Owned(id))
}

/// An array type of elements of type `dtype`.
pub(super) fn array_id(dims: &[u64], dtype: &Handle) -> Result<Handle> {
    h5t::create_array("create an array type", dtype.get(), dims).map(Handle::Owned)
}

/// A complex type of HDF5's own, of parts of type `part`.
pub(super) fn complex_id(part: &Handle) -> Result<Handle> {
    #[cfg(hdf5_complex)]
    {
        h5t::create_complex("create a complex type", part.get()).map(Handle::Owned)
    }
    #[cfg(not(hdf5_complex))]
    {
        let _ = part;
        Err(Error::new(ErrorKind::Unsupported, "complex numbers of HDF5's own: this libhdf5 has none"))
    }
}

/// Whether two types are the same.
pub(super) fn is_equal(first: hid_t, second: hid_t) -> Result<bool> {
    h5t::is_equal("compare two types", first, second)
}

/// h5py's boolean: an enum FALSE = 0, TRUE = 1 over int8. Made once.
fn bool_type() -> Result<Handle> {
    static BOOL: LazyLock<Option<Id>> = LazyLock::new(|| {
        let members = vec![("FALSE".to_owned(), 0), ("TRUE".to_owned(), 1)];
        match enum_id(&EnumType::new(Number::I8, members), Order::File) {
            Ok(Handle::Owned(id)) => Some(id),
            _ => None,
        }
    });
    library_static(&BOOL).map(|id| Handle::Borrowed(id.get()))
}

fn enum_id(enumeration: &EnumType, order: Order) -> Result<Handle> {
    let base = enumeration.base.id(order)?;
    let id = h5t::create_enum("create an enum type", base.get())?;
    for (index, (name, value)) in enumeration.members.iter().enumerate() {
        let raw = enumeration.raws.iter().find(|(at, _)| *at == index);
        let name = raw.map_or_else(|| c_name(name), |(_, raw)| Ok(raw.clone()))?;
        let size = enumeration.base.size();
        // The value fits its base type: truncating a sign-extended integer keeps it.
        let bytes = if order == Order::File { value.to_le_bytes() } else { value.to_ne_bytes() };
        let start = if order == Order::Memory && cfg!(target_endian = "big") { bytes.len() - size } else { 0 };
        let value = &bytes[start..start + size];
        h5t::insert_member("add a name to an enum type", &id, &name, value)?;
    }
    Ok(Handle::Owned(id))
}

fn string_id(strings: Strings, order: Order) -> Result<Handle> {
    let Strings { size, padding, utf8 } = strings;
    let _ = order;
    string_type(
        size,
        utf8,
        match padding {
            StringPadding::NullTerminated => H5T_str_t::H5T_STR_NULLTERM,
            StringPadding::NullPadded => H5T_str_t::H5T_STR_NULLPAD,
            StringPadding::SpacePadded => H5T_str_t::H5T_STR_SPACEPAD,
        },
    )
}

/// A string type; the size `H5T_VARIABLE` (`usize::MAX`) is a length of its own for each string.
fn string_type(size: usize, utf8: bool, padding: H5T_str_t) -> Result<Handle> {
    let charset = if utf8 { H5T_cset_t::H5T_CSET_UTF8 } else { H5T_cset_t::H5T_CSET_ASCII };
    let what = "create a string type";
    let id = h5t::copy(what, *constants::H5T_C_S1)?;
    h5t::set_string(what, &id, size, padding, charset)?;
    Ok(Handle::Owned(id))
}

impl Dtype {
    /// The type of number that it is, if it is one.
    #[inline]
    pub(crate) fn number(&self) -> Option<Number> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// A UTF-8 string of fixed length, padded with NULs, as this crate writes them.
    pub(crate) fn string(size: usize) -> Self {
        Self::FixedString(Strings { size, padding: StringPadding::NullPadded, utf8: true })
    }

    /// Bytes of one item in memory.
    #[inline]
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Number(number) => number.size(),
            _ => self.size_of_parts(),
        }
    }

    fn size_of_parts(&self) -> usize {
        match self {
            Self::Number(number) | Self::Bitfield(number) => number.size(),
            Self::Enum(enumeration) => enumeration.base.size(),
            Self::FixedString(strings) => strings.size,
            Self::VarString(_) => POINTER,
            Self::Compound(fields) | Self::Complex(fields) => {
                fields.last().map_or(0, |field| field.offset.saturating_add(field.size))
            }
            Self::Array(dims, dtype) => dims
                .iter()
                .fold(dtype.size(), |size, dim| size.saturating_mul(usize::try_from(*dim).unwrap_or(usize::MAX))),
            Self::VarArray(_) => 2 * POINTER,
            Self::Opaque(opaque) => opaque.size,
            Self::WideFloat(float) => float.size(),
            Self::WideInteger(integer) => integer.size(),
            Self::Reference(_) => ReferencedFile::SIZE,
            Self::Unsupported(_) => 0,
        }
    }

    /// Whether items have parts outside themselves, at addresses in memory.
    pub(crate) fn has_addresses(&self) -> bool {
        match self {
            Self::VarString(_) | Self::VarArray(_) => true,
            Self::Array(_, dtype) => dtype.has_addresses(),
            Self::Compound(fields) => fields.iter().any(|field| field.dtype.has_addresses()),
            _ => false,
        }
    }

    /// Whether the type in the file that this was made of, or that is made of this, is the one in memory, too.
    pub(super) fn has_same_memory_type(&self) -> bool {
        matches!(self, Self::FixedString(_))
    }

    /// What it is that this crate does not read, in words, if it is such. A compound may have such fields, and is read
    /// without them.
    pub(crate) fn unsupported(&self) -> Option<&str> {
        match self {
            Self::Unsupported(words) => Some(words),
            _ => None,
        }
    }

    /// Whether it is a bool, or nothing, as R has them.
    pub(crate) fn is_logical(&self) -> bool {
        matches!(self, Self::Enum(enumeration) if enumeration.logicals().is_some())
    }

    /// The types of the two parts, if it is a complex number: by the names that they are called by.
    pub(crate) fn complex(&self) -> Option<[&Field; 2]> {
        match self {
            Self::Compound(fields) | Self::Complex(fields) => match &fields[..] {
                [re, im] if is_complex([&re.name, &im.name]) => Some([re, im]),
                _ => None,
            },
            _ => None,
        }
    }

    /// The record of one field that has the field of these names alone: with further names, where that is a record, too.
    pub(crate) fn narrowed(&self, names: &[&str]) -> Result<Self> {
        let Some((name, rest)) = names.split_first() else { return Ok(self.clone()) };
        let fields = match self {
            Self::Compound(fields) => fields,
            _ => return Err(Error::new(ErrorKind::NotFound, format!("`{}` has no fields", brief(self.to_string())))),
        };
        let Some(field) = fields.iter().find(|field| field.name == *name) else {
            let there: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
            let message = format!("there is no field `{name}` in records of {}", crate::ground::error::names(&there));
            return Err(Error::new(ErrorKind::NotFound, message));
        };
        let dtype = field.dtype.narrowed(rest)?;
        let size = dtype.size();
        Ok(Self::Compound([Field { offset: 0, size, dtype, ..field.clone() }].into()))
    }

    /// What is within so many records, by their first field.
    pub(crate) fn field_at(&self, depth: usize) -> &Self {
        match self {
            Self::Compound(fields) if depth > 0 => fields[0].dtype.field_at(depth - 1),
            dtype => dtype,
        }
    }

    /// How many values an item has in it, or one.
    pub(crate) fn values(&self) -> u64 {
        match self {
            Self::Array(dims, inner) => dims.iter().fold(inner.values(), |values, dim| values.saturating_mul(*dim)),
            Self::Compound(fields) => {
                fields.iter().fold(0, |values, field| field.dtype.values().saturating_add(values))
            }
            _ => 1,
        }
    }

    /// How many arrays its items are in at the most, of which one is in the other.
    pub(super) fn array_levels(&self) -> u64 {
        match self {
            Self::Array(_, inner) => 1 + inner.array_levels(),
            Self::Compound(fields) => fields.iter().map(|field| field.dtype.array_levels()).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// The type of the elements within array types.
    pub(crate) fn innermost(&self) -> &Self {
        match self {
            Self::Array(_, inner) => inner.innermost(),
            dtype => dtype,
        }
    }

    /// Whether it, or a part of it, is something that this crate does not read.
    pub(crate) fn has_unsupported(&self) -> bool {
        match self {
            Self::Unsupported(_) => true,
            Self::Array(_, dtype) | Self::VarArray(dtype) => dtype.has_unsupported(),
            Self::Compound(fields) => fields.iter().any(|field| field.dtype.has_unsupported()),
            _ => false,
        }
    }

    /// Whether references to parts of datasets are in it, alone or in arrays or sequences; and whether all that is not read in it
    /// is that.
    pub(crate) fn regions(&self) -> (bool, bool) {
        match self {
            Self::Unsupported(words) => (words.ends_with(REGION), words.ends_with(REGION)),
            Self::Array(_, dtype) | Self::VarArray(dtype) => dtype.regions(),
            Self::Compound(fields) => fields
                .iter()
                .map(|field| field.dtype.regions())
                .fold((false, true), |all, one| (all.0 || one.0, all.1 && one.1)),
            _ => (false, true),
        }
    }

    /// Whether it is a string of one byte.
    pub(crate) fn is_char(&self) -> bool {
        matches!(self, Self::FixedString(Strings { size: 1, .. }))
    }

    /// Whether references to objects are in it.
    pub(crate) fn has_references(&self) -> bool {
        match self {
            Self::Reference(_) => true,
            Self::Array(_, dtype) | Self::VarArray(dtype) => dtype.has_references(),
            Self::Compound(fields) => fields.iter().any(|field| field.dtype.has_references()),
            _ => false,
        }
    }

    /// The type with references that know the file that `object` is in.
    fn in_file_of(self, object: hid_t) -> Result<Self> {
        fn with(dtype: &Dtype, home: &ReferencedFile) -> Dtype {
            match dtype {
                Dtype::Reference(_) => Dtype::Reference(home.clone()),
                Dtype::Array(dims, inner) => Dtype::Array(Arc::clone(dims), with(inner, home).into()),
                Dtype::VarArray(inner) => Dtype::VarArray(with(inner, home).into()),
                Dtype::Compound(fields) => {
                    let field = |field: &Field| Field { dtype: with(&field.dtype, home), ..field.clone() };
                    Dtype::Compound(fields.iter().map(field).collect())
                }
                dtype => dtype.clone(),
            }
        }
        if self.has_references() { Ok(with(&self, &ReferencedFile::of(object)?)) } else { Ok(self) }
    }

    /// At most how many bytes the type takes in an object header.
    pub(crate) fn message_size(&self) -> usize {
        // The parts of a datatype message in its oldest version, rounded up.
        const HEADER: usize = 24;
        const MEMBER: usize = 48;
        match self {
            Self::Enum(enumeration) => {
                let names: usize = enumeration.members.iter().map(|(name, _)| name.len() + 8 + 8).sum();
                2 * HEADER + names
            }
            Self::Compound(fields) => {
                let members: usize =
                    fields.iter().map(|field| field.name.len() + 8 + MEMBER + field.dtype.message_size()).sum();
                HEADER + members
            }
            Self::Array(dims, dtype) => HEADER + 8 * dims.len() + dtype.message_size(),
            Self::VarArray(dtype) => HEADER + dtype.message_size(),
            _ => HEADER,
        }
    }

    /// The library's handle of the type.
    pub(super) fn id(&self, order: Order) -> Result<Handle> {
        match self {
            Self::Number(number) => number.id(order),
            Self::Enum(enumeration) => enum_id(enumeration, order),
            Self::FixedString(strings) => string_id(*strings, order),
            Self::VarString(utf8) => string_type(H5T_VARIABLE, *utf8, H5T_str_t::H5T_STR_NULLTERM),
            Self::Compound(fields) => compound_id(self.size(), fields, &mut |field| field.dtype.id(order)),
            Self::Array(dims, dtype) => array_id(dims, &dtype.id(order)?),
            Self::VarArray(dtype) => {
                let dtype = dtype.id(order)?;
                h5t::create_vlen("create a variable-length type", dtype.get()).map(Handle::Owned)
            }
            Self::Bitfield(number) => Ok(Handle::Borrowed(match number.size() {
                1 => *constants::H5T_NATIVE_B8,
                2 => *constants::H5T_NATIVE_B16,
                4 => *constants::H5T_NATIVE_B32,
                _ => *constants::H5T_NATIVE_B64,
            })),
            Self::Opaque(opaque) => opaque.id(),
            Self::WideFloat(float) => float.id(),
            Self::WideInteger(integer) => integer.id(),
            Self::Complex(fields) => complex_id(&fields[0].dtype.id(order)?),
            Self::Reference(_) => Ok(Handle::Borrowed(*constants::H5T_STD_REF_OBJ)),
            Self::Unsupported(words) => Err(Error::new(ErrorKind::Unsupported, format!("`{words}` cannot be read"))),
        }
    }

    /// Looks into the type that `id` is a handle of, of the items of `object`, or of an attribute of it.
    pub(super) fn of_items(id: &Id, object: hid_t) -> Result<Self> {
        Self::of(id, 0)?.in_file_of(object)
    }

    /// Looks into the type that `id` is a handle of, whose references are of no file.
    pub(super) fn of_type(id: &Id) -> Result<Self> {
        Self::of(id, 0)
    }

    /// Looks into the type that `id` is a handle of.
    fn of(id: &Id, depth: usize) -> Result<Self> {
        if depth > MAX_TYPE_DEPTH {
            return Err(Error::corrupt("an element type nests deeper than 32 levels"));
        }
        let what = "look into an element type";
        let handle = id.get();
        let Some(class) = h5t::class(handle)? else {
            return Ok(Self::Unsupported("element type of an unknown class".to_owned()));
        };
        let size = h5t::size(handle);
        if size == 0 {
            return Err(Error::corrupt("an element type of no size"));
        }
        Ok(match class {
            H5T_class_t::H5T_INTEGER => {
                let signed = h5t::is_signed(handle)?;
                match (Number::integer(size, signed), WideInteger::new(size, signed)) {
                    (Some(number), _) => Self::Number(number),
                    (None, Some(wide)) => Self::WideInteger(wide),
                    (None, None) => Self::Unsupported(format!("integer of {size} bytes")),
                }
            }
            H5T_class_t::H5T_FLOAT => match size {
                0..=4 => Self::Number(Number::F32),
                5..=8 => Self::Number(Number::F64),
                _ => match WideFloat::of(id)? {
                    Some(float) => Self::WideFloat(Arc::new(float)),
                    None => Self::Unsupported(format!("float of {size} bytes")),
                },
            },
            H5T_class_t::H5T_STRING => {
                let variable = h5t::is_variable_string(what, handle)?;
                let (utf8, padding) = (h5t::is_utf8(handle)?, h5t::padding(handle)?);
                if variable { Self::VarString(utf8) } else { Self::FixedString(Strings { size, padding, utf8 }) }
            }
            H5T_class_t::H5T_BITFIELD => match Number::integer(size, false) {
                Some(number) => Self::Bitfield(number),
                None => Self::Unsupported(format!("bit field of {size} bytes")),
            },
            H5T_class_t::H5T_OPAQUE => Self::Opaque(Arc::new(Opaque::of(id, size)?)),
            H5T_class_t::H5T_COMPOUND => Self::compound_of(handle, depth)?,
            H5T_class_t::H5T_ENUM => Self::enum_of(handle)?,
            H5T_class_t::H5T_ARRAY => {
                let dims = h5t::array_dims(what, handle)?;
                let base = h5t::super_type(what, handle)?;
                let step = h5t::size(base.get());
                let wanted = dims.iter().try_fold(step as u64, |size, dim| size.checked_mul(*dim));
                // Older libraries do not check this, and read past the end of the item.
                if wanted != Some(size as u64) {
                    return Err(Error::corrupt("an array type whose size is not that of its elements"));
                }
                match Self::of(&base, depth + 1)? {
                    Self::Unsupported(words) => Self::Unsupported(format!("array of {words}")),
                    inner => Self::Array(dims.into(), Arc::new(inner)),
                }
            }
            H5T_class_t::H5T_VLEN => {
                let base = h5t::super_type(what, handle)?;
                match Self::of(&base, depth + 1)? {
                    Self::Unsupported(words) => Self::Unsupported(format!("sequence of {words}")),
                    inner => Self::VarArray(Arc::new(inner)),
                }
            }
            H5T_class_t::H5T_REFERENCE => match is_equal(handle, *constants::H5T_STD_REF_OBJ)? {
                true => Self::Reference(ReferencedFile::default()),
                false if is_equal(handle, *constants::H5T_STD_REF_DSETREG)? => Self::Unsupported(REGION.to_owned()),
                // Since 1.12 there are ones that can be of any sort, and of attributes.
                false => Self::Unsupported("reference (H5T_STD_REF)".to_owned()),
            },
            #[cfg(hdf5_complex)]
            H5T_class_t::H5T_COMPLEX => {
                let base = h5t::super_type(what, handle)?;
                match Self::of(&base, depth + 1)? {
                    Self::Unsupported(words) => Self::Unsupported(format!("complex {words}")),
                    part => {
                        let (size, [re, im]) = (part.size(), COMPLEX);
                        let fields =
                            [Field::new(re.to_owned(), 0, part.clone()), Field::new(im.to_owned(), size, part)];
                        Self::Complex(fields.into())
                    }
                }
            }
            _ => Self::Unsupported("HDF5 time".to_owned()),
        })
    }

    /// The same, of the type in the file, where floats of other sizes than Rust's stay as they are there: no bit of one is lost.
    pub(super) fn with_own_floats(&self, stored: &Id) -> Result<Self> {
        let what = "look into an element type";
        let handle = stored.get();
        let inner = |inner: &Self| inner.with_own_floats(&h5t::super_type(what, handle)?).map(Arc::new);
        Ok(match self {
            Self::Number(Number::F32 | Number::F64) if !matches!(h5t::size(handle), 4 | 8) => {
                WideFloat::of(stored)?.map_or_else(|| self.clone(), |float| Self::WideFloat(Arc::new(float)))
            }
            Self::Compound(fields) => {
                let (mut own, mut offset) = (Vec::with_capacity(fields.len()), 0usize);
                for (index, field) in (0..).zip(fields.iter()) {
                    let dtype = field.dtype.with_own_floats(&h5t::member_type(what, handle, index)?)?;
                    let size = dtype.size();
                    own.push(Field { offset, size, dtype, ..field.clone() });
                    offset += size;
                }
                Self::Compound(own.into())
            }
            #[cfg(hdf5_complex)]
            Self::Complex(parts) => {
                let part = parts[0].dtype.with_own_floats(&h5t::super_type(what, handle)?)?;
                let size = part.size();
                let parts = parts.iter().enumerate();
                let own = |(at, field): (usize, &Field)| Field {
                    offset: at * size,
                    size,
                    dtype: part.clone(),
                    ..field.clone()
                };
                Self::Complex(parts.map(own).collect())
            }
            Self::Array(dims, elements) => Self::Array(Arc::clone(dims), inner(elements)?),
            Self::VarArray(elements) => Self::VarArray(inner(elements)?),
            other => other.clone(),
        })
    }

    fn compound_of(handle: hid_t, depth: usize) -> Result<Self> {
        let what = "look into a compound type";
        let count = h5t::member_count(what, handle)?;
        ledger::fields(count.into())?;
        let mut fields = Vec::new();
        let mut offset = 0usize;
        for (index, (name, raw)) in (0..).zip(member_names(handle, count)?) {
            let member = h5t::member_type(what, handle, index)?;
            let dtype = Self::of(&member, depth + 1)?;
            let size = dtype.size();
            fields.push(Field { raw, ..Field::new(name, offset, dtype) });
            offset = offset.checked_add(size).ok_or_else(|| Error::corrupt("a compound type of absurd size"))?;
        }
        let dtype = Self::Compound(fields.into());
        // HDF5 has no compound types without fields.
        Ok(if dtype.size() == 0 { Self::Unsupported(dtype.to_string()) } else { dtype })
    }

    fn enum_of(handle: hid_t) -> Result<Self> {
        let what = "look into an enum type";
        let stored = h5t::super_type(what, handle)?;
        let base = match Self::of(&stored, MAX_TYPE_DEPTH)? {
            Self::Number(number) if !matches!(number, Number::F32 | Number::F64 | Number::Bool) => number,
            _ => return Ok(Self::Unsupported("enum over something that is no integer".to_owned())),
        };
        let (count, size) = (h5t::member_count(what, handle)?, h5t::size(stored.get()));
        if size == 0 || size > 8 {
            return Err(Error::corrupt("an enum whose values are of another size than they were"));
        }
        // The values as stored, which become those of this machine. The library does that for a whole type, too
        // (`H5Tget_native_type`), but in memory of the size that the values have then, which may be too small (seen in 2.2).
        let (mut names, mut raws, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for (index, (name, raw)) in (0..).zip(member_names(handle, count)?) {
            raws.extend(raw.map(|raw| (names.len(), raw)));
            names.push(name);
            values.extend_from_slice(&h5t::member_value(what, handle, index)?[..size]);
        }
        let (own, number) = (base.size(), base.id(Order::Memory)?);
        values.resize(names.len() * size.max(own), 0);
        // SAFETY: as many integers of the type in the file as there are names.
        unsafe { h5t::convert(what, (stored.get(), number.get()), names.len(), &mut values, None) }?;
        let values = values.chunks_exact(own).map(|value| super::items::integer(base, value));
        let members: Vec<(String, i128)> = names.into_iter().zip(values).collect();
        // libhdf5 goes by the names, whatever their values are.
        let is_bool = match members.as_slice() {
            [(one, _), (other, _)] => [[FALSE, TRUE], [TRUE, FALSE]].contains(&[one.as_str(), other.as_str()]),
            _ => false,
        };
        Ok(if is_bool { Self::Number(Number::Bool) } else { Self::Enum(Arc::new(EnumType { base, members, raws })) })
    }
}

/// The names of all members of a compound or enum type, set apart, and as they are in the file, if they are no UTF-8.
fn member_names(handle: hid_t, count: u32) -> Result<Vec<(String, Option<CString>)>> {
    let names = (0..count).map(|index| member_name(handle, index));
    let mut names = names.collect::<Result<Vec<_>>>()?;
    super::names::set_apart(names.iter_mut().map(|(name, raw)| (name, raw.is_none())));
    Ok(names)
}

/// The name of a member of a compound or enum type, and as it is in the file, if that is no UTF-8.
fn member_name(handle: hid_t, index: u32) -> Result<(String, Option<CString>)> {
    let text = h5t::member_name("read the name of a field", handle, index)?;
    let shown = super::names::shown(&text);
    let raw = if text.to_str().is_err() { Some(text) } else { None };
    Ok((shown, raw))
}

/// In Rust's words: `f64`, `string(16)`, `compound {x: f64, label: string}`, `enum {A, B}`. With `{:#}` all that tells a type from
/// others: how strings end, their character set, the numbers of enums, tags.
impl Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 8;
        const NO_UTF8: &str = " (no UTF-8)";
        let is_full = f.alternate();
        let shown = if is_full { usize::MAX } else { SHOWN };
        match self {
            Self::Number(number) => f.write_str(number.name()),
            Self::Bitfield(number) => write!(f, "bitfield({})", 8 * number.size()),
            Self::Enum(enumeration) => {
                f.write_str("enum ")?;
                if is_full {
                    write!(f, "{} ", enumeration.base.name())?;
                }
                f.write_char('{')?;
                for (index, (name, number)) in enumeration.members.iter().take(shown).enumerate() {
                    write!(f, "{}{name}", if index == 0 { "" } else { ", " })?;
                    if is_full {
                        let is_raw = enumeration.raws.iter().any(|(raw, _)| *raw == index);
                        write!(f, "{} = {number}", if is_raw { NO_UTF8 } else { "" })?;
                    }
                }
                f.write_str(if enumeration.members.len() > shown { ", ...}" } else { "}" })
            }
            Self::FixedString(Strings { size, padding, utf8 }) if is_full => {
                write!(f, "string({size}, {}, {})", charset(*utf8), padding.words())
            }
            Self::VarString(utf8) if is_full => write!(f, "string({})", charset(*utf8)),
            Self::FixedString(strings) => write!(f, "string({})", strings.size),
            Self::VarString(_) => f.write_str("string"),
            Self::Compound(fields) => {
                f.write_str("compound {")?;
                for (index, field) in fields.iter().take(shown).enumerate() {
                    let raw = if is_full && field.raw.is_some() { NO_UTF8 } else { "" };
                    write!(f, "{}{}{raw}: ", if index == 0 { "" } else { ", " }, field.name)?;
                    field.dtype.fmt(f)?;
                }
                f.write_str(if fields.len() > shown { ", ...}" } else { "}" })
            }
            Self::Array(dims, dtype) => {
                f.write_char('[')?;
                dtype.fmt(f)?;
                dims.iter().try_for_each(|dim| write!(f, "; {dim}"))?;
                f.write_char(']')
            }
            Self::VarArray(dtype) => {
                f.write_str("sequence of ")?;
                dtype.fmt(f)
            }
            Self::Opaque(opaque) => opaque.fmt(f),
            Self::WideFloat(float) => float.fmt(f),
            Self::WideInteger(integer) => integer.fmt(f),
            Self::Complex(fields) => write!(f, "complex {}", fields[0].dtype),
            Self::Reference(_) => f.write_str("object reference"),
            Self::Unsupported(words) => f.write_str(words),
        }
    }
}
