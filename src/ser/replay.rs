//! Elements of sequences that are on tapes, told to a serializer again: see [`tape`](super::tape).

use std::cell::Cell;
use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, PoisonError};

use num_complex::Complex;
use serde::ser::{
    self, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleVariant, Serializer,
};

use super::event::NumberOrBool;
use super::tape::{Mark, damaged};
use crate::ground::error::{Error, Result};
use crate::ground::message::Received;
use crate::ground::stack::with_room;
use crate::h5::{Element, Number};

/// A name for as long as the program runs: there are as many as types, fields and variants of the program have.
fn lasting(name: &str) -> &'static str {
    static NAMES: LazyLock<Mutex<HashSet<&'static str>>> = LazyLock::new(Mutex::default);
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    match names.get(name) {
        Some(name) => name,
        None => {
            let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
            names.insert(name);
            name
        }
    }
}

/// The elements of a sequence, some on each of several tapes.
pub(crate) struct Tapes<'a> {
    tapes: Vec<ReplayedTape<'a>>,
    len: usize,
}

/// One tape.
struct ReplayedTape<'a> {
    bytes: &'a [u8],
    names: Vec<&'static str>,
    /// Where the value ended that was told last.
    end: Cell<Option<usize>>,
    /// How many elements there are, and where the first begins; the numbers, if they are that.
    len: usize,
    first: usize,
    numbers: Option<NumbersOnTape<'a>>,
}

impl<'a> Tapes<'a> {
    /// The elements on `tapes`, each of which [`elements`] made, and how many each has.
    pub(crate) fn new(tapes: &[(&'a [u8], usize)]) -> Result<Self> {
        let tapes: Vec<_> = tapes.iter().map(|(bytes, len)| ReplayedTape::new(bytes, *len)).collect::<Result<_>>()?;
        let len = tapes.iter().try_fold(0usize, |sum, tape| sum.checked_add(tape.len)).ok_or_else(damaged)?;
        Ok(Self { tapes, len })
    }
}

impl Serialize for Tapes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let elements = TapeElements { tapes: self, tape: 0, at: None, index: 0, left: self.len };
        // They are known by their type.
        let first = self.tapes.iter().find(|tape| tape.len > 0 && tape.numbers.is_none());
        let mark = first.map(|tape| tape.cursor(tape.first).mark()).transpose().map_err(ser::Error::custom)?;
        match mark {
            Some(Mark::Complex32) => serializer.collect_seq(elements.complex::<f32>().map_err(ser::Error::custom)?),
            Some(Mark::Complex64) => serializer.collect_seq(elements.complex::<f64>().map_err(ser::Error::custom)?),
            _ => serializer.collect_seq(elements),
        }
    }
}

/// The elements of all tapes.
struct TapeElements<'a> {
    tapes: &'a Tapes<'a>,
    tape: usize,
    /// Where the next element begins; `None` before the first of a tape.
    at: Option<usize>,
    index: usize,
    left: usize,
}

impl TapeElements<'_> {
    /// All elements, which are complex numbers.
    fn complex<T: Element + Copy>(self) -> Result<Vec<Complex<T>>> {
        self.map(|element| element.tape.cursor(element.at).complex()).collect()
    }
}

impl<'a> Iterator for TapeElements<'a> {
    type Item = Replay<'a>;

    fn next(&mut self) -> Option<Replay<'a>> {
        if self.left == 0 {
            return None;
        }
        while self.tapes.tapes.get(self.tape)?.len == self.index {
            (self.tape, self.at, self.index) = (self.tape + 1, None, 0);
        }
        let tape = &self.tapes.tapes[self.tape];
        self.left -= 1;
        let element = Replay { tape, at: self.at.unwrap_or(tape.first), number: self.index };
        self.index += 1;
        if tape.numbers.is_none() {
            // Where it ends is known without having told it; what is damaged there is an error when it is told.
            self.at = Some(tape.cursor(element.at).skip().unwrap_or(tape.bytes.len()));
        }
        Some(element)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

/// Numbers, or arrays of them, on a tape.
#[derive(Clone, Copy)]
struct NumbersOnTape<'a> {
    number: Number,
    width: Option<usize>,
    bytes: &'a [u8],
}

impl NumbersOnTape<'_> {
    fn get(&self, index: usize) -> Result<NumberOrBool> {
        let size = self.number.size();
        let start = index.checked_mul(size).ok_or_else(damaged)?;
        number_of(self.number, self.bytes.get(start..).ok_or_else(damaged)?)
    }
}

fn number_of(number: Number, bytes: &[u8]) -> Result<NumberOrBool> {
    macro_rules! read {
        ($($variant:ident)*) => {
            match number {
                Number::Bool => bytes.first().map(|byte| NumberOrBool::Bool(*byte != 0)),
                $(Number::$variant => Element::from_bytes(bytes).map(NumberOrBool::$variant),)*
            }
        };
    }
    read!(I8 I16 I32 I64 U8 U16 U32 U64 F32 F64).ok_or_else(damaged)
}

impl<'a> ReplayedTape<'a> {
    fn new(message: &'a [u8], len: usize) -> Result<Self> {
        let mut message = Received::new(message);
        let count = message.size()?;
        let names = (0..count).map(|_| message.text().map(lasting)).collect::<Result<_>>()?;
        let mut tape = Self { bytes: message.bytes()?, names, end: Cell::new(None), len, first: 0, numbers: None };
        let mut cursor = tape.cursor(0);
        match cursor.mark()? {
            Mark::Seq => drop(cursor.count()?),
            Mark::Numbers => {
                let (numbers, count) = cursor.numbers()?;
                if count != len {
                    return Err(damaged());
                }
                tape.numbers = Some(numbers);
                return Ok(tape);
            }
            _ => return Err(damaged()),
        }
        tape.first = cursor.at;
        Ok(tape)
    }

    fn cursor(&self, at: usize) -> Cursor<'_, 'a> {
        Cursor { tape: self, at }
    }
}

/// A place on a tape.
struct Cursor<'t, 'a> {
    tape: &'t ReplayedTape<'a>,
    at: usize,
}

impl<'a> Cursor<'_, 'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(len).ok_or_else(damaged)?;
        let bytes = self.tape.bytes.get(self.at..end).ok_or_else(damaged)?;
        self.at = end;
        Ok(bytes)
    }

    fn array<const SIZE: usize>(&mut self) -> Result<[u8; SIZE]> {
        self.take(SIZE)?.try_into().map_err(|_| damaged())
    }

    fn mark(&mut self) -> Result<Mark> {
        let [byte] = self.array()?;
        Mark::ALL.get(usize::from(byte)).copied().ok_or_else(damaged)
    }

    fn count(&mut self) -> Result<u64> {
        let mut count = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            count |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(count);
            }
        }
        Err(damaged())
    }

    fn size(&mut self) -> Result<usize> {
        usize::try_from(self.count()?).map_err(|_| damaged())
    }

    /// A length that a value says, or not.
    fn len(&mut self) -> Result<Option<usize>> {
        Ok(self.size()?.checked_sub(1))
    }

    fn sized(&mut self) -> Result<&'a [u8]> {
        let len = self.size()?;
        self.take(len)
    }

    fn text(&mut self) -> Result<&'a str> {
        std::str::from_utf8(self.sized()?).map_err(|_| damaged())
    }

    /// The index and the name of a variant.
    fn variant(&mut self) -> Result<(u32, &'static str)> {
        let index = u32::try_from(self.count()?).map_err(|_| damaged())?;
        Ok((index, self.name()?))
    }

    fn name(&mut self) -> Result<&'static str> {
        let number = self.size()?;
        self.tape.names.get(number).copied().ok_or_else(damaged)
    }

    fn numbers(&mut self) -> Result<(NumbersOnTape<'a>, usize)> {
        let number = self.mark()?.number()?;
        let (width, len) = (self.len()?, self.size()?);
        let size = len.checked_mul(width.unwrap_or(1)).and_then(|count| count.checked_mul(number.size()));
        let bytes = self.take(size.ok_or_else(damaged)?)?;
        Ok((NumbersOnTape { number, width, bytes }, len))
    }

    /// Goes past a value; returns where it ends.
    fn skip(&mut self) -> Result<usize> {
        with_room(|| self.skip_value())?;
        Ok(self.at)
    }

    fn skip_value(&mut self) -> Result<()> {
        let mark = self.mark()?;
        self.skip_rest(mark)
    }

    /// Goes past the rest of a value whose mark was read.
    fn skip_rest(&mut self, mark: Mark) -> Result<()> {
        match mark {
            Mark::End | Mark::SkippedField | Mark::Wrapper => return Err(damaged()),
            Mark::I128 | Mark::U128 => drop(self.take(16)?),
            Mark::Char => drop(self.take(4)?),
            Mark::Text | Mark::Bytes => drop(self.sized()?),
            Mark::None | Mark::Unit => {}
            Mark::Some | Mark::Complex32 | Mark::Complex64 => drop(self.skip()?),
            Mark::UnitStruct => drop(self.name()?),
            Mark::NewtypeStruct => {
                self.name()?;
                self.skip()?;
            }
            Mark::UnitVariant => drop(self.variant()?),
            Mark::NewtypeVariant => {
                self.variant()?;
                self.skip()?;
            }
            Mark::Seq => {
                self.len()?;
                self.skip_to_end(1)?;
            }
            Mark::Map => {
                self.len()?;
                self.skip_to_end(2)?;
            }
            Mark::Tuple => {
                self.size()?;
                self.skip_to_end(1)?;
            }
            Mark::TupleVariant => {
                self.variant()?;
                self.size()?;
                self.skip_to_end(1)?;
            }
            Mark::Struct => {
                self.name()?;
                self.size()?;
                self.skip_fields()?;
            }
            Mark::StructVariant => {
                self.variant()?;
                self.skip_fields()?;
            }
            Mark::Numbers => drop(self.numbers()?),
            number => drop(self.take(number.number()?.size())?),
        }
        Ok(())
    }

    /// Goes past parts of so many values each, and the end.
    fn skip_to_end(&mut self, each: usize) -> Result<()> {
        loop {
            match self.mark()? {
                Mark::End => return Ok(()),
                mark => with_room(|| self.skip_rest(mark))?,
            }
            for _ in 1..each {
                self.skip()?;
            }
        }
    }

    fn skip_fields(&mut self) -> Result<()> {
        loop {
            match self.mark()? {
                Mark::End => return Ok(()),
                Mark::SkippedField => drop(self.name()?),
                Mark::Some => {
                    self.name()?;
                    self.skip()?;
                }
                _ => return Err(damaged()),
            }
        }
    }

    /// The next field, and whether it has a value; `None` at the end.
    fn field(&mut self) -> Result<Option<(&'static str, bool)>> {
        Ok(match self.mark()? {
            Mark::End => None,
            Mark::Some => Some((self.name()?, true)),
            Mark::SkippedField => Some((self.name()?, false)),
            _ => return Err(damaged()),
        })
    }

    /// Whether the next is the end, which is gone past then.
    fn is_end(&mut self) -> Result<bool> {
        let is_end = self.tape.bytes.get(self.at) == Some(&(Mark::End as u8));
        self.at += usize::from(is_end);
        Ok(is_end)
    }
}

/// A value on a tape.
struct Replay<'a> {
    tape: &'a ReplayedTape<'a>,
    at: usize,
    /// Which element it is, of those that are numbers.
    number: usize,
}

/// Several numbers as a tuple.
struct NumberTuple<'a> {
    numbers: NumbersOnTape<'a>,
    start: usize,
    len: usize,
}

impl Serialize for NumberTuple<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(self.len)?;
        for index in self.start..self.start + self.len {
            tuple.serialize_element(&self.numbers.get(index).map_err(ser::Error::custom)?)?;
        }
        tuple.end()
    }
}

/// Does `$serialize` with the value at a cursor, as the type that it is, and goes past it.
macro_rules! told {
    ($cursor:ident, $value:ident => $serialize:expr) => {
        match (Cursor { tape: $cursor.tape, at: $cursor.at }).mark().map_err(ser::Error::custom)? {
            Mark::Complex32 => {
                let $value = &$cursor.complex::<f32>().map_err(ser::Error::custom)?;
                $serialize?
            }
            Mark::Complex64 => {
                let $value = &$cursor.complex::<f64>().map_err(ser::Error::custom)?;
                $serialize?
            }
            _ => {
                let $value = &Replay { tape: $cursor.tape, at: $cursor.at, number: 0 };
                $cursor.tape.end.set(None);
                let told = $serialize?;
                $cursor.at = match $cursor.tape.end.take() {
                    Some(end) => end,
                    // It was not asked for.
                    None => $cursor.skip().map_err(ser::Error::custom)?,
                };
                told
            }
        }
    };
}

/// Hands the fields of a struct, or of a variant with fields, over to `$fields`.
macro_rules! tell_fields {
    ($cursor:ident, $fields:ident) => {{
        while let Some((name, is_there)) = $cursor.field().map_err(ser::Error::custom)? {
            if is_there {
                told!($cursor, value => $fields.serialize_field(name, value));
            } else {
                $fields.skip_field(name)?;
            }
        }
        $fields.end()
    }};
}

impl Cursor<'_, '_> {
    /// A complex number, and goes past it.
    fn complex<T: Element + Copy>(&mut self) -> Result<Complex<T>> {
        self.mark()?;
        if self.mark()? != Mark::Tuple || self.size()? != 2 {
            return Err(damaged());
        }
        let mut part = || {
            self.mark()?;
            T::from_bytes(self.take(size_of::<T>())?).ok_or_else(damaged)
        };
        let complex = Complex::new(part()?, part()?);
        if self.is_end()? { Ok(complex) } else { Err(damaged()) }
    }
}

/// Numbers that come from a tape, as the vector that they were: they are taken at once then.
fn write_numbers<S: Serializer>(numbers: NumbersOnTape<'_>, len: usize, serializer: S) -> Result<S::Ok, S::Error> {
    if let Some(width) = numbers.width {
        let tuples = (0..len).map(|index| NumberTuple { numbers, start: index * width, len: width });
        return serializer.collect_seq(tuples);
    }
    macro_rules! write {
        ($($variant:ident: $type:ty),*) => {
            match numbers.number {
                Number::Bool => serializer.collect_seq(&numbers.bytes.iter().map(|byte| *byte != 0).collect::<Vec<bool>>()),
                $(Number::$variant => {
                    let mut vec = Vec::<$type>::new();
                    Element::extend_from_bytes(&mut vec, numbers.bytes);
                    serializer.collect_seq(&vec)
                })*
            }
        };
    }
    write!(I8: i8, I16: i16, I32: i32, I64: i64, U8: u8, U16: u16, U32: u32, U64: u64, F32: f32, F64: f64)
}

impl Serialize for Replay<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let failed = <S::Error as ser::Error>::custom::<Error>;
        if let Some(numbers) = self.tape.numbers {
            return match numbers.width {
                Some(len) => NumberTuple { numbers, start: self.number * len, len }.serialize(serializer),
                None => numbers.get(self.number).map_err(failed)?.serialize(serializer),
            };
        }
        let mut cursor = self.tape.cursor(self.at);
        let mark = cursor.mark().map_err(failed)?;
        let told = match mark {
            Mark::End | Mark::SkippedField | Mark::Wrapper | Mark::Complex32 | Mark::Complex64 => {
                return Err(failed(damaged()));
            }
            Mark::I128 => serializer.serialize_i128(i128::from_le_bytes(cursor.array().map_err(failed)?)),
            Mark::U128 => serializer.serialize_u128(u128::from_le_bytes(cursor.array().map_err(failed)?)),
            Mark::Char => {
                let code = u32::from_le_bytes(cursor.array().map_err(failed)?);
                serializer.serialize_char(char::from_u32(code).ok_or_else(|| failed(damaged()))?)
            }
            Mark::Text => serializer.serialize_str(cursor.text().map_err(failed)?),
            Mark::Bytes => serializer.serialize_bytes(cursor.sized().map_err(failed)?),
            Mark::None => serializer.serialize_none(),
            Mark::Unit => serializer.serialize_unit(),
            Mark::UnitStruct => serializer.serialize_unit_struct(cursor.name().map_err(failed)?),
            Mark::UnitVariant => {
                let (index, name) = cursor.variant().map_err(failed)?;
                serializer.serialize_unit_variant("", index, name)
            }
            Mark::Numbers => {
                let (numbers, len) = cursor.numbers().map_err(failed)?;
                write_numbers(numbers, len, serializer)
            }
            Mark::Some => Ok(told!(cursor, value => serializer.serialize_some(value))),
            Mark::NewtypeStruct => {
                let name = cursor.name().map_err(failed)?;
                Ok(told!(cursor, value => serializer.serialize_newtype_struct(name, value)))
            }
            Mark::NewtypeVariant => {
                let (index, name) = cursor.variant().map_err(failed)?;
                Ok(told!(cursor, value => serializer.serialize_newtype_variant("", index, name, value)))
            }
            Mark::Seq => {
                let mut seq = serializer.serialize_seq(cursor.len().map_err(failed)?)?;
                while !cursor.is_end().map_err(failed)? {
                    told!(cursor, value => seq.serialize_element(value));
                }
                seq.end()
            }
            Mark::Tuple => {
                let mut tuple = serializer.serialize_tuple(cursor.size().map_err(failed)?)?;
                while !cursor.is_end().map_err(failed)? {
                    told!(cursor, value => tuple.serialize_element(value));
                }
                tuple.end()
            }
            Mark::TupleVariant => {
                let (index, name) = cursor.variant().map_err(failed)?;
                let len = cursor.size().map_err(failed)?;
                let mut tuple = serializer.serialize_tuple_variant("", index, name, len)?;
                while !cursor.is_end().map_err(failed)? {
                    told!(cursor, value => tuple.serialize_field(value));
                }
                tuple.end()
            }
            Mark::Map => {
                let mut map = serializer.serialize_map(cursor.len().map_err(failed)?)?;
                while !cursor.is_end().map_err(failed)? {
                    told!(cursor, key => map.serialize_key(key));
                    told!(cursor, value => map.serialize_value(value));
                }
                map.end()
            }
            Mark::Struct => {
                let (name, len) = (cursor.name().map_err(failed)?, cursor.size().map_err(failed)?);
                let mut fields = serializer.serialize_struct(name, len)?;
                tell_fields!(cursor, fields)
            }
            Mark::StructVariant => {
                let (index, name) = cursor.variant().map_err(failed)?;
                let mut fields = serializer.serialize_struct_variant("", index, name, 0)?;
                tell_fields!(cursor, fields)
            }
            number => {
                let number = number.number().map_err(failed)?;
                let bytes = cursor.take(number.size()).map_err(failed)?;
                number_of(number, bytes).map_err(failed)?.serialize(serializer)
            }
        };
        self.tape.end.set(Some(cursor.at));
        told
    }
}
