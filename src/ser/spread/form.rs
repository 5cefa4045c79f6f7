//! What a rank's elements are, for the other ranks: a column without what is in it.

use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::message::{Message, Received};
use crate::h5::Number;
use crate::ser::column::{ByteStrings, Column};
use crate::ser::numbers::Numbers;
use crate::ser::record::RecordKind;

/// The form of a column, and how much is in it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Form {
    /// No element has shown its type: so many fillers.
    Empty(u64),
    Numbers(Number, u64),
    /// Tuples of `width` numbers, or of such tuples.
    Array {
        width: u64,
        is_complex: bool,
        count: u64,
        inner: Box<Form>,
    },
    /// Sequences; of `width` elements each, if they are of one length.
    List {
        count: u64,
        width: Option<u64>,
        inner: Box<Form>,
    },
    /// Strings without NUL.
    Text {
        count: u64,
        bytes: u64,
        longest: u64,
    },
    Nullable {
        count: u64,
        inner: Box<Form>,
    },
    Record {
        is_tuple: bool,
        count: u64,
        fields: Vec<(String, Form)>,
    },
}

/// All types of numbers, by the number that ranks send for each.
const NUMBERS: [Number; 11] = {
    use Number::*;
    [Bool, I8, I16, I32, I64, U8, U16, U32, U64, F32, F64]
};

/// The length that all sequences of a list have.
fn width_of(offsets: &[u64]) -> Option<u64> {
    let width = *offsets.get(1)?;
    let is_regular = offsets.iter().zip(0..).all(|(offset, row)| *offset == row * width);
    is_regular.then_some(width)
}

/// What strings are, if none contains NUL.
fn text(parts: &ByteStrings) -> Option<Form> {
    if parts.bytes.contains(&0) {
        return None;
    }
    let longest = parts.offsets.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
    Some(Form::Text { count: parts.count() as u64, bytes: parts.bytes.len() as u64, longest })
}

impl Form {
    /// The form of a column; `None` where it is none that ranks write together.
    pub(super) fn of(column: &Column) -> Option<Self> {
        let inner = |column: &Column| Self::of(column).map(Box::new);
        let count = column.len() as u64;
        Some(match column {
            Column::Unknown(_) => Self::Empty(count),
            Column::Numbers(Numbers::Time(_)) => return None,
            Column::Numbers(numbers) => Self::Numbers(numbers.number(), count),
            Column::Array(array) => Self::Array {
                width: array.width as u64,
                is_complex: array.is_complex,
                count,
                inner: inner(&array.inner)?,
            },
            Column::List(list) => Self::List { count, width: width_of(&list.offsets), inner: inner(&list.inner)? },
            Column::Text(parts) => text(parts)?,
            Column::Nullable(nullable) => Self::Nullable { count, inner: inner(&nullable.inner)? },
            Column::Record(record) if record.rows != RecordKind::Maps => {
                let field = |field: &crate::ser::record::RecordField| {
                    let is_plain = !field.is_masked() && !field.name.is_empty();
                    Some((field.name.to_string(), Self::of(&field.column).filter(|_| is_plain)?))
                };
                let fields = record.fields.iter().map(field).collect::<Option<_>>()?;
                Self::Record { is_tuple: record.rows == RecordKind::Tuples, count, fields }
            }
            _ => return None,
        })
    }

    pub(super) fn count(&self) -> u64 {
        match self {
            Self::Empty(count) | Self::Numbers(_, count) => *count,
            Self::Array { count, .. }
            | Self::List { count, .. }
            | Self::Text { count, .. }
            | Self::Nullable { count, .. }
            | Self::Record { count, .. } => *count,
        }
    }

    /// The form of a field, if these are records.
    pub(super) fn field(&self, number: usize) -> Option<&Self> {
        match self {
            Self::Record { fields, .. } => fields.get(number).map(|(_, form)| form),
            _ => None,
        }
    }

    pub(super) fn put(&self, message: &mut Message) {
        match self {
            Self::Empty(count) => {
                message.number(0).number(*count);
            }
            Self::Numbers(number, count) => {
                let number = NUMBERS.iter().position(|other| other == number).unwrap_or(0);
                message.number(1).number(number as u64).number(*count);
            }
            Self::Array { width, is_complex, count, inner } => {
                message.number(2).number(*width).number(u64::from(*is_complex)).number(*count);
                inner.put(message);
            }
            Self::List { count, width, inner } => {
                message.number(3).number(*count).number(width.map_or(0, |width| width + 1));
                inner.put(message);
            }
            Self::Text { count, bytes, longest } => {
                message.number(4).number(*count).number(*bytes).number(*longest);
            }
            Self::Nullable { count, inner } => {
                message.number(5).number(*count);
                inner.put(message);
            }
            Self::Record { is_tuple, count, fields } => {
                message.number(6).number(u64::from(*is_tuple)).number(*count).number(fields.len() as u64);
                for (name, form) in fields {
                    message.text(name);
                    form.put(message);
                }
            }
        }
    }

    pub(super) fn take(message: &mut Received<'_>) -> Result<Self> {
        Ok(match message.number()? {
            0 => Self::Empty(message.number()?),
            1 => {
                let number = NUMBERS.get(message.size()?).copied();
                Self::Numbers(number.ok_or_else(unknown)?, message.number()?)
            }
            2 => Self::Array {
                width: message.number()?,
                is_complex: message.number()? != 0,
                count: message.number()?,
                inner: Box::new(Self::take(message)?),
            },
            3 => Self::List {
                count: message.number()?,
                width: message.number()?.checked_sub(1),
                inner: Box::new(Self::take(message)?),
            },
            4 => Self::Text { count: message.number()?, bytes: message.number()?, longest: message.number()? },
            5 => Self::Nullable { count: message.number()?, inner: Box::new(Self::take(message)?) },
            6 => {
                let (is_tuple, count, fields) = (message.number()? != 0, message.number()?, message.number()?);
                let field = |_| Ok((message.text()?.to_owned(), Self::take(message)?));
                Self::Record { is_tuple, count, fields: (0..fields).map(field).collect::<Result<_>>()? }
            }
            _ => return Err(unknown()),
        })
    }
}

#[cold]
fn unknown() -> Error {
    Error::new(ErrorKind::Ranks, "a rank sent a form of elements that this one does not know")
}
