//! One fixed-size item: a number, string, enum or record.

use crate::error::{Error, ErrorKind, Result};
use crate::format::position;
use crate::storage::{Dtype, Items, Number, StringPadding, Strings, integer};

/// An item of a dataset or attribute.
#[derive(Clone, Copy)]
pub(crate) struct Item<'a> {
    pub(crate) dtype: &'a Dtype,
    pub(crate) bytes: &'a [u8],
    /// Where its parts of variable length are.
    pub(crate) items: &'a Items,
}

/// What an item is, in the terms of Rust.
pub(crate) enum Scalar<'a> {
    Bool(bool),
    Integer(Number, i128),
    F32(f32),
    F64(f64),
    /// The text of a string.
    Text(&'a str),
    /// The name of an enum's value.
    Name(&'a str, i128),
    Opaque(&'a [u8]),
    Record(Record<'a>),
    Sequence(Block<'a>),
}

/// Items within an item: an array of fixed shape, or a sequence of its own length.
#[derive(Clone, Copy)]
pub(crate) struct Block<'a> {
    pub(crate) len: usize,
    /// The sizes of the dimensions after the first.
    inner_dims: &'a [u64],
    dtype: &'a Dtype,
    bytes: &'a [u8],
    items: &'a Items,
}

impl<'a> Block<'a> {
    /// The items of type `dtype` in `bytes`, in the shape `dims`.
    #[inline]
    pub(crate) fn new(dims: &'a [u64], dtype: &'a Dtype, bytes: &'a [u8], items: &'a Items) -> Result<Self> {
        let (len, inner_dims) = dims.split_first().ok_or_else(|| Error::corrupt("an array without dimensions"))?;
        Ok(Self { len: *len as usize, inner_dims, dtype, bytes, items })
    }

    #[inline]
    pub(crate) fn element(&self, index: usize) -> BlockElement<'a> {
        let Self { inner_dims, dtype, bytes, items, .. } = *self;
        let step = inner_dims.iter().fold(dtype.size(), |size, dim| size * *dim as usize);
        let bytes = &bytes[index * step..(index + 1) * step];
        match inner_dims {
            [] => BlockElement::Item(Item { dtype, bytes, items }),
            [len, inner_dims @ ..] => BlockElement::Block(Self { len: *len as usize, inner_dims, dtype, bytes, items }),
        }
    }

    /// Its memory, if it is a list of bytes.
    pub(crate) fn bytes(&self) -> Option<&'a [u8]> {
        matches!((self.dtype, self.inner_dims), (Dtype::Number(Number::U8), [])).then_some(self.bytes)
    }
}

/// An element of a [`Block`].
pub(crate) enum BlockElement<'a> {
    Item(Item<'a>),
    Block(Block<'a>),
}

/// An item of compound type.
#[derive(Clone, Copy)]
pub(crate) struct Record<'a> {
    pub(crate) fields: &'a [crate::storage::Field],
    pub(crate) bytes: &'a [u8],
    pub(crate) items: &'a Items,
}

impl<'a> Record<'a> {
    #[inline]
    pub(crate) fn field(&self, index: usize) -> Item<'a> {
        let field = &self.fields[index];
        let bytes = &self.bytes[field.offset..field.offset + field.dtype.size()];
        Item { dtype: &field.dtype, bytes, items: self.items }
    }

    /// Whether it is a tuple: its fields are called by their positions.
    pub(crate) fn is_tuple(&self) -> bool {
        self.fields.iter().enumerate().all(|(index, field)| position(&field.name) == Some(index))
    }
}

impl<'a> Item<'a> {
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
                    None => return Err(Error::corrupt(format!("{value} is no value of `{dtype}`"))),
                }
            }
            Dtype::FixedString(strings) => Scalar::Text(text(trimmed(*strings, bytes))?),
            Dtype::VarString(_) => Scalar::Text(text(items.string(bytes))?),
            Dtype::Compound(fields) => Scalar::Record(Record { fields, bytes, items }),
            Dtype::Array(dims, inner) => Scalar::Sequence(Block::new(dims, inner, bytes, items)?),
            Dtype::VarArray(inner) => {
                let (len, bytes) = items.sequence(bytes, inner.size());
                Scalar::Sequence(Block { len, inner_dims: &[], dtype: inner, bytes, items })
            }
            Dtype::Opaque(_) => Scalar::Opaque(bytes),
            Dtype::Unsupported(words) => {
                return Err(Error::new(ErrorKind::Unsupported, format!("{words} cannot be read")));
            }
        })
    }
}

#[inline]
fn fixed<const SIZE: usize>(bytes: &[u8]) -> Result<[u8; SIZE]> {
    bytes.try_into().map_err(|_| Error::corrupt("an item of another size than its type"))
}

/// The string's own bytes, without what fills its place.
fn trimmed(strings: Strings, bytes: &[u8]) -> &[u8] {
    match strings.padding {
        StringPadding::NullTerminated => bytes.split(|byte| *byte == 0).next().unwrap_or_default(),
        StringPadding::NullPadded => trim_end(bytes, 0),
        StringPadding::SpacePadded => trim_end(bytes, b' '),
    }
}

fn trim_end(bytes: &[u8], filler: u8) -> &[u8] {
    let len = bytes.iter().rposition(|byte| *byte != filler).map_or(0, |last| last + 1);
    &bytes[..len]
}

/// Stored text, which is to be UTF-8.
pub(crate) fn text(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|error| {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]);
        Error::corrupt(format!("the string {shown:?} is no UTF-8: {error}"))
    })
}
