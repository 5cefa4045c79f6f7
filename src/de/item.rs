//! One fixed-size item: a number, string, enum or record.

use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::{Dtype, Element, Field, Items, Number, StringPadding, Strings, integer};
use crate::layout::{COMPLEX, position};

/// An item of a dataset or attribute.
#[derive(Clone, Copy)]
pub(crate) struct Item<'a> {
    pub(crate) dtype: &'a Dtype,
    pub(crate) bytes: &'a [u8],
    /// Where its parts of variable length are.
    pub(crate) items: &'a Items,
}

/// Where the parts are of what has none elsewhere.
pub(crate) static NO_ITEMS: Items = Items::new();

/// What an item is, in the terms of Rust.
pub(crate) enum Scalar<'a> {
    Bool(bool),
    Integer(Number, i128),
    /// An integer of more than 64 bits; one without a sign is the error.
    Wide(Result<i128, u128>),
    F32(f32),
    F64(f64),
    /// The text of a string.
    Text(&'a str),
    /// The name of an enum's value.
    Name(&'a str, i128),
    Opaque(&'a [u8]),
    /// Something that this crate does not read, or not as this, in words.
    Unreadable(String),
    Record(Record<'a>),
    Sequence(Block<'a>),
}

/// The float of 64 bits that a number is, if nothing is lost.
pub(super) fn float_of(number: Number, bytes: &[u8]) -> Option<f64> {
    match number {
        Number::F64 => f64::from_bytes(bytes),
        Number::F32 => f32::from_bytes(bytes).map(f64::from),
        Number::U8 => u8::from_bytes(bytes).map(f64::from),
        Number::U16 => u16::from_bytes(bytes).map(f64::from),
        Number::U32 => u32::from_bytes(bytes).map(f64::from),
        Number::I8 => i8::from_bytes(bytes).map(f64::from),
        Number::I16 => i16::from_bytes(bytes).map(f64::from),
        Number::I32 => i32::from_bytes(bytes).map(f64::from),
        // Some lose digits.
        Number::I64 | Number::U64 | Number::Bool => None,
    }
}

/// Items within an item, or a dataset: an array of fixed shape, or a sequence of its own length.
#[derive(Clone, Copy)]
pub(crate) struct Block<'a> {
    /// The type of number that the elements are, if they are numbers.
    number: Option<Number>,
    pub(crate) len: usize,
    /// The sizes of the dimensions after the first.
    inner_dims: &'a [u64],
    dtype: &'a Dtype,
    /// The bytes, and how many of them an element along the first dimension has.
    bytes: &'a [u8],
    step: usize,
    items: &'a Items,
}

impl<'a> Block<'a> {
    /// The items of type `dtype` in `bytes`, in the shape `dims`.
    #[inline]
    pub(crate) fn new(dims: &'a [u64], dtype: &'a Dtype, bytes: &'a [u8], items: &'a Items) -> Result<Self> {
        let (len, inner_dims) = dims.split_first().ok_or_else(|| Error::corrupt("an array without dimensions"))?;
        // Where a dimension is zero, the others can be anything.
        let step = inner_dims.iter().fold(dtype.size(), |size, dim| size.saturating_mul(*dim as usize));
        Self::with_step(*len as usize, inner_dims, dtype, step, bytes, items)
    }

    /// As [`Block::new`], where it is known how many bytes an element has.
    #[inline]
    pub(crate) fn with_step(
        len: usize,
        inner_dims: &'a [u64],
        dtype: &'a Dtype,
        step: usize,
        bytes: &'a [u8],
        items: &'a Items,
    ) -> Result<Self> {
        if bytes.len() != len.saturating_mul(step) {
            return Err(Error::corrupt("an array of another size than its type"));
        }
        let number = if inner_dims.is_empty() { dtype.number() } else { None };
        Ok(Self { number, len, inner_dims, dtype, bytes, step, items })
    }

    /// How many values an element has in it.
    pub(crate) fn values_in_each(&self) -> u64 {
        self.inner_dims.iter().fold(self.dtype.values(), |values, dim| values.saturating_mul(*dim))
    }

    /// Takes the first element off.
    #[inline]
    pub(crate) fn take_first(&mut self) -> Option<ItemPart<'a>> {
        let (bytes, rest) = self.bytes.split_at_checked(self.step).filter(|_| self.len > 0)?;
        self.bytes = rest;
        self.len -= 1;
        Some(ItemPart { number: self.number, dtype: self.dtype, dims: self.inner_dims, bytes, items: self.items })
    }

    /// Takes the first element off, if it is a number of this type: its bytes.
    #[inline]
    pub(crate) fn take_number(&mut self, number: Number) -> Option<&'a [u8]> {
        if self.number != Some(number) || self.len == 0 {
            return None;
        }
        let (bytes, rest) = self.bytes.split_at_checked(self.step)?;
        self.bytes = rest;
        self.len -= 1;
        Some(bytes)
    }

    /// Its memory, if its elements are numbers of this type, or, with a `width`, arrays of so many.
    pub(crate) fn numbers(&self, number: Number, width: Option<usize>) -> Option<&'a [u8]> {
        let is_such = match (self.inner_dims, width) {
            ([], None) => true,
            ([dim], Some(width)) => *dim == width as u64,
            _ => false,
        };
        (is_such && self.dtype.number() == Some(number)).then_some(self.bytes)
    }

    /// The numbers that its elements are, or of which they are arrays, if they are.
    #[inline]
    pub(crate) fn all_numbers(&self) -> Option<NumberBlock<'a>> {
        let width = match *self.inner_dims {
            [] => None,
            [width] => Some(usize::try_from(width).ok()?),
            _ => return None,
        };
        Some(NumberBlock { number: self.dtype.number()?, width, bytes: self.bytes })
    }

    /// Its memory, if it is a list of strings of one byte.
    pub(crate) fn chars(&self) -> Option<&'a [u8]> {
        (self.inner_dims.is_empty() && self.dtype.is_char()).then_some(self.bytes)
    }

    /// Its only item, if there is but one.
    pub(crate) fn only(&self) -> Option<Item<'a>> {
        let is_one = self.len == 1 && self.inner_dims.iter().all(|dim| *dim == 1);
        is_one.then_some(Item { dtype: self.dtype, bytes: self.bytes, items: self.items })
    }

    /// Its memory, if it is a list of bytes.
    pub(crate) fn bytes(&self) -> Option<&'a [u8]> {
        matches!((self.dtype, self.inner_dims), (Dtype::Number(Number::U8), [])).then_some(self.bytes)
    }
}

/// Numbers of one type, or arrays of as many.
#[derive(Clone, Copy)]
pub(crate) struct NumberBlock<'a> {
    pub(crate) number: Number,
    /// How many an array has.
    pub(crate) width: Option<usize>,
    pub(crate) bytes: &'a [u8],
}

/// An element of a [`Block`], or a field of a [`Record`].
#[derive(Clone, Copy)]
pub(crate) struct ItemPart<'a> {
    /// The type of number that it is, if it is one: what is asked for most is one comparison away.
    number: Option<Number>,
    dtype: &'a Dtype,
    /// None for an item.
    dims: &'a [u64],
    bytes: &'a [u8],
    items: &'a Items,
}

impl<'a> ItemPart<'a> {
    /// The number that it is, if it is one of this very type.
    #[inline]
    pub(crate) fn number<T: Element>(&self) -> Option<T> {
        if self.number == Some(T::NUMBER) { T::from_bytes(self.bytes) } else { None }
    }

    /// The float of 64 bits that it is without a loss, if it is a number.
    pub(super) fn float(&self) -> Option<f64> {
        float_of(self.number?, self.bytes)
    }

    /// What it is stored as.
    pub(super) fn dtype(&self) -> &Dtype {
        self.dtype
    }

    /// An element of a dataset, of the shape `dims`, that has no parts elsewhere.
    #[inline]
    pub(crate) fn of_row(dims: &'a [u64], dtype: &'a Dtype, bytes: &'a [u8]) -> Self {
        let number = if dims.is_empty() { dtype.number() } else { None };
        Self { number, dtype, dims, bytes, items: &NO_ITEMS }
    }

    /// An item.
    pub(crate) fn of_item(item: Item<'a>) -> Self {
        let Item { dtype, bytes, items } = item;
        Self { number: dtype.number(), dtype, dims: &[], bytes, items }
    }

    /// A field of a record.
    #[inline]
    pub(crate) fn of_field(field: &'a Field, bytes: &'a [u8], items: &'a Items) -> Self {
        Self { number: field.dtype.number(), dtype: &field.dtype, dims: &[], bytes, items }
    }

    /// The type of the numbers that it is, how many, and their bytes, if it is a row of numbers.
    #[inline]
    pub(crate) fn numbers(&self) -> Option<(Number, u64, &'a [u8])> {
        let (dims, dtype) = match (self.dims, self.dtype) {
            ([], Dtype::Array(dims, dtype)) => (&**dims, &**dtype),
            (dims, dtype) => (dims, dtype),
        };
        match *dims {
            [width] => Some((dtype.number()?, width, self.bytes)),
            _ => None,
        }
    }

    /// The array that it is, if it is one.
    #[inline]
    pub(crate) fn block(&self) -> Option<Result<Block<'a>>> {
        match (self.dims, self.dtype) {
            ([], Dtype::Array(dims, dtype)) => Some(Block::new(dims, dtype, self.bytes, self.items)),
            ([], _) => None,
            _ => Some(Block::new(self.dims, self.dtype, self.bytes, self.items)),
        }
    }

    /// It, as the only element of an array.
    pub(crate) fn alone(&self) -> Block<'a> {
        let Self { number, dtype, dims, bytes, items } = *self;
        Block { number, len: 1, inner_dims: dims, dtype, bytes, step: bytes.len(), items }
    }

    /// The item that it is; `None` for an array that is not one by its type.
    #[inline]
    pub(crate) fn item(&self) -> Option<Item<'a>> {
        self.dims.is_empty().then_some(Item { dtype: self.dtype, bytes: self.bytes, items: self.items })
    }
}

/// An item of compound type.
#[derive(Clone, Copy)]
pub(crate) struct Record<'a> {
    pub(crate) fields: &'a [Field],
    pub(crate) bytes: &'a [u8],
    pub(crate) items: &'a Items,
}

impl<'a> Record<'a> {
    #[inline]
    pub(crate) fn field(&self, index: usize) -> ItemPart<'a> {
        let field = &self.fields[index];
        let bytes = &self.bytes[field.offset..field.offset + field.size];
        ItemPart::of_field(field, bytes, self.items)
    }

    /// Whether it is a tuple: its fields are called by their positions.
    pub(crate) fn is_tuple(&self) -> bool {
        self.fields.iter().enumerate().all(|(index, field)| position(&field.name) == Some(index))
    }

    /// Whether it is a complex number as h5py has them: to serde, that is a tuple.
    pub(crate) fn is_complex(&self) -> bool {
        match self.fields {
            [re, im] => {
                [&*re.name, &*im.name] == COMPLEX
                    && matches!(re.dtype, Dtype::Number(Number::F32 | Number::F64))
                    && re.dtype == im.dtype
            }
            _ => false,
        }
    }
}

impl<'a> Item<'a> {
    /// The record that it is, if it is one.
    #[inline]
    pub(crate) fn record(self) -> Option<Record<'a>> {
        match self.dtype {
            Dtype::Compound(fields) | Dtype::Complex(fields) => {
                Some(Record { fields, bytes: self.bytes, items: self.items })
            }
            _ => None,
        }
    }

    /// What a logical is, as R has them: a bool, or nothing.
    pub(crate) fn logical(self) -> Option<Option<bool>> {
        match self.dtype {
            Dtype::Enum(enumeration) => enumeration.logical(integer(enumeration.base, self.bytes)),
            _ => None,
        }
    }

    /// Whether it is a string.
    #[inline]
    pub(crate) fn is_text(self) -> bool {
        matches!(self.dtype, Dtype::FixedString(_) | Dtype::VarString(_))
    }

    /// The text of the string that it is, if it is one.
    #[inline]
    pub(crate) fn text(self) -> Result<Option<&'a str>> {
        match self.dtype {
            Dtype::FixedString(strings) => string(trimmed(*strings, self.bytes)).map(Some),
            Dtype::VarString(_) => string(self.items.string(self.bytes)).map(Some),
            _ => Ok(None),
        }
    }

    /// The bytes of the string that it is, if it is one that is no text: Python's pickles are stored so.
    pub(crate) fn bytes_of_no_text(self) -> Option<&'a [u8]> {
        let bytes = match self.dtype {
            Dtype::FixedString(strings) => trimmed(*strings, self.bytes),
            Dtype::VarString(_) => self.items.string(self.bytes),
            _ => return None,
        };
        std::str::from_utf8(bytes).is_err().then_some(bytes)
    }

    /// Looks at what it is.
    #[inline]
    pub(crate) fn scalar(self) -> Result<Scalar<'a>> {
        let Self { dtype, bytes, items } = self;
        Ok(match dtype {
            Dtype::Number(Number::Bool) => match bytes {
                [0] => Scalar::Bool(false),
                [1] => Scalar::Bool(true),
                _ => return Err(Error::corrupt(format!("{bytes:?} is no bool"))),
            },
            Dtype::Number(Number::F32) => Scalar::F32(f32::from_ne_bytes(fixed(bytes)?)),
            Dtype::Number(Number::F64) => Scalar::F64(f64::from_ne_bytes(fixed(bytes)?)),
            Dtype::Number(number) | Dtype::Bitfield(number) => Scalar::Integer(*number, integer(*number, bytes)),
            Dtype::Enum(enumeration) => {
                let value = integer(enumeration.base, bytes);
                match enumeration.name_of(value) {
                    Some(name) => Scalar::Name(name, value),
                    // It has none, as netCDF's filler.
                    None => Scalar::Integer(enumeration.base, value),
                }
            }
            Dtype::FixedString(_) | Dtype::VarString(_) => Scalar::Text(self.text()?.unwrap_or_default()),
            Dtype::Compound(fields) | Dtype::Complex(fields) => Scalar::Record(Record { fields, bytes, items }),
            Dtype::Array(dims, inner) => Scalar::Sequence(Block::new(dims, inner, bytes, items)?),
            Dtype::VarArray(inner) => {
                let size = inner.size();
                let (len, bytes) = items.sequence(bytes, size);
                Scalar::Sequence(Block {
                    number: inner.number(),
                    len,
                    inner_dims: &[],
                    dtype: inner,
                    bytes,
                    step: size,
                    items,
                })
            }
            Dtype::Opaque(opaque) => match opaque.time(bytes) {
                Some(time) => Scalar::Integer(Number::I64, time.into()),
                None => Scalar::Opaque(bytes),
            },
            Dtype::WideFloat(float) => match float.exact(bytes) {
                Some(value) => Scalar::F64(value),
                None => Scalar::Unreadable(format!("a `{dtype}` that `f64` does not hold exactly")),
            },
            Dtype::WideInteger(wide) => {
                let value = wide.value(bytes);
                Scalar::Wide(if wide.is_signed() { Ok(value as i128) } else { Err(value) })
            }
            Dtype::Reference(_) => Scalar::Unreadable("a reference".to_owned()),
            Dtype::Unsupported(words) => Scalar::Unreadable(format!("a `{words}`")),
        })
    }
}

#[inline]
fn fixed<const SIZE: usize>(bytes: &[u8]) -> Result<[u8; SIZE]> {
    bytes.try_into().map_err(|_| Error::corrupt("an item of another size than its type"))
}

/// The string's own bytes, without what fills its place.
#[inline]
pub(crate) fn trimmed(strings: Strings, bytes: &[u8]) -> &[u8] {
    match strings.padding {
        StringPadding::NullTerminated => bytes.split(|byte| *byte == 0).next().unwrap_or_default(),
        StringPadding::NullPadded => trim_end(bytes, 0),
        StringPadding::SpacePadded => trim_end(bytes, b' '),
    }
}

#[inline]
fn trim_end(bytes: &[u8], filler: u8) -> &[u8] {
    let len = bytes.iter().rposition(|byte| *byte != filler).map_or(0, |last| last + 1);
    &bytes[..len]
}

/// Text of this crate's own, which is UTF-8.
pub(crate) fn text(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|error| no_text(ErrorKind::Corrupt, bytes, error))
}

/// A string of HDF5's, which others may have in any encoding, whatever its type says.
#[inline]
pub(crate) fn string(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|error| no_text(ErrorKind::Unsupported, bytes, error))
}

#[cold]
fn no_text(kind: ErrorKind, bytes: &[u8], error: std::str::Utf8Error) -> Error {
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]);
    Error::new(kind, format!("the string {shown:?} is no UTF-8: {error}")).caused_by(error)
}
