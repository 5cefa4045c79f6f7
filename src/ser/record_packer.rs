//! Rows: the elements of a sequence whose form has settled, put straight into the bytes that the file gets.
//!
//! What does not fit the form is refused, and written by way of a [`Column`] again.

use std::borrow::Cow;

use serde::ser::{self, Impossible, Serialize};

use super::column::Column;
use super::record::{RecordColumn, RecordField, RecordKind};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::half::is_half;
use crate::ground::wrapper_slot::is_wrapper;
use crate::h5::{Number, Slice};

/// Forms nest no deeper than this; what does takes the other way, which looks after the stack.
const MAX_LEVELS: usize = 8;

/// The form of an element of fixed size: what its `Serialize` calls.
#[derive(Debug)]
pub(crate) struct RecordForm {
    /// The type of number that it is, if it is one: what is asked for most is one comparison away.
    number: Option<Number>,
    parts: FormParts,
    /// Where it is kept apart from the rest of its row: where that begins, and its bytes in each row.
    field_buffer: Option<(usize, usize)>,
}

/// What a form consists of.
#[derive(Debug)]
enum FormParts {
    None,
    /// A struct of these fields, in this order.
    Struct(Box<[(&'static str, RecordForm)]>),
    /// A tuple of unlike elements.
    Tuple(Box<[RecordForm]>),
    /// A tuple, or else a sequence, of so many elements of one form.
    Repeated {
        element: Box<RecordForm>,
        len: usize,
        is_tuple: bool,
    },
    /// A string: where it ends in the text of that number.
    Text(usize),
    /// An option: what is there or these bytes; and, from `mask` on, a byte for each row that tells whether it is None.
    Option {
        some: Box<RecordForm>,
        none: Box<[u8]>,
        mask: usize,
    },
}

/// Fewer numbers are put one by one before it is found out where they are.
const MIN_BULK: usize = 32;

/// Bytes that stand for a string in a row.
pub(super) const TEXT_SIZE: usize = 8;

impl RecordForm {
    /// The form of the elements of a column that have a fixed size; `None` where it is none that is taken here.
    pub(super) fn of(column: &Column) -> Option<Self> {
        Self::at_level(column, 0)
    }

    /// The form of records of these fields.
    pub(super) fn of_fields(rows: RecordKind, fields: Vec<(Cow<'static, str>, Self)>) -> Option<Self> {
        let parts = match rows {
            RecordKind::Maps => return None,
            RecordKind::Tuples => FormParts::Tuple(fields.into_iter().map(|(_, form)| form).collect()),
            RecordKind::Structs => {
                let named = fields.into_iter().map(|(name, form)| match name {
                    Cow::Borrowed(name) => Some((name, form)),
                    Cow::Owned(_) => None,
                });
                FormParts::Struct(named.collect::<Option<_>>()?)
            }
        };
        Some(Self::of_parts(parts))
    }

    /// The type of number that it is, or that it is an array of; and how many, if it is an array.
    #[inline]
    fn numbers(&self) -> Option<(Number, Option<usize>)> {
        match &self.parts {
            FormParts::Repeated { element, len, is_tuple: true } => Some((element.number?, Some(*len))),
            _ => Some((self.number?, None)),
        }
    }

    fn of_parts(parts: FormParts) -> Self {
        Self { number: None, parts, field_buffer: None }
    }

    /// The form of a string that goes into the text of that number.
    pub(super) fn text(number: usize) -> Self {
        Self::of_parts(FormParts::Text(number))
    }

    /// The form of an option; `none` stands where there is none, and `mask` is where the bytes that tell begin.
    pub(super) fn option(some: Self, none: Box<[u8]>, mask: usize) -> Self {
        Self::of_parts(FormParts::Option { some: Box::new(some), none, mask })
    }

    /// The same kept apart from the rest of its row: from `start` on, `size` bytes for each row.
    pub(super) fn in_field_buffer(self, start: usize, size: usize) -> Self {
        Self { field_buffer: Some((start, size)), ..self }
    }

    fn at_level(column: &Column, level: usize) -> Option<Self> {
        if level > MAX_LEVELS {
            return None;
        }
        let run = |inner: &Column, len: usize, is_tuple: bool| {
            Some(FormParts::Repeated { element: Box::new(Self::at_level(inner, level + 1)?), len, is_tuple })
        };
        let parts = match column {
            Column::Numbers(numbers) => {
                return Some(Self { number: Some(numbers.number()), ..Self::of_parts(FormParts::None) });
            }
            Column::Record(record) => return Self::of_record(record, level),
            Column::Array(array) => run(&array.inner, array.width, true),
            Column::List(list) => run(&list.inner, usize::try_from(*list.offsets.get(1)?).ok()?, false),
            _ => None,
        };
        Some(Self::of_parts(parts?))
    }

    fn of_record(record: &RecordColumn, level: usize) -> Option<Self> {
        let form = |field: &RecordField| Some((field.name.clone(), Self::at_level(&field.column, level + 1)?));
        let fields = record.fields.iter().map(form).collect::<Option<Vec<_>>>()?;
        Self::of_fields(record.rows, fields)
    }
}

/// The element is not of the form, or there is no room for it.
#[cold]
fn mismatch() -> Error {
    Error::new(ErrorKind::Custom, "the element has another form than those before it")
}

/// The answer to an element that was refused. Apart from the code of the others, which have no error to drop.
#[cold]
fn is_refused(_: Error) -> bool {
    false
}

/// How many values an iterator gives, if it says so.
#[inline]
pub(super) fn exact_len(values: &impl Iterator) -> Option<usize> {
    match values.size_hint() {
        (least, Some(most)) if least == most => Some(least),
        _ => None,
    }
}

/// Room for rows, and texts that strings are added to.
pub(crate) struct PackBuffer<'a> {
    bytes: &'a mut [u8],
    /// Where the next value goes.
    at: usize,
    /// The row at hand.
    row: usize,
    texts: &'a mut [Vec<u8>],
}

impl<'a> PackBuffer<'a> {
    /// Room for rows from `row` on, which begins at byte `at`.
    #[inline]
    pub(super) fn new(bytes: &'a mut [u8], at: usize, row: usize, texts: &'a mut [Vec<u8>]) -> Self {
        Self { bytes, at, row, texts }
    }

    /// The same room as a value of the caller's own, which the compiler can keep in registers, as it cannot keep what is
    /// handed over by its address.
    #[inline]
    pub(super) fn here(self) -> Self {
        let Self { bytes, at, row, texts } = self;
        Self { bytes, at, row, texts }
    }

    /// Adds a row; returns whether it is of the form. Where it is not, another must not be added.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn put_row<T: ?Sized + Serialize>(&mut self, form: &RecordForm, value: &T) -> bool {
        self.go_to(form.field_buffer);
        let put = value.serialize(RowSerializer { form, buffer: self });
        self.row += 1;
        match put {
            Ok(()) => true,
            Err(error) => is_refused(error),
        }
    }

    /// Goes to the place of a part of the row at hand that is kept apart.
    #[inline]
    fn go_to(&mut self, field_buffer: Option<(usize, usize)>) {
        if let Some((start, size)) = field_buffer {
            self.at = start + self.row * size;
        }
    }

    /// Tells of an option whether it is None.
    #[inline]
    fn put_mask(&mut self, mask: usize, is_none: bool) -> Result<()> {
        match self.bytes.get_mut(mask + self.row) {
            Some(place) => {
                *place = u8::from(is_none);
                Ok(())
            }
            None => Err(mismatch()),
        }
    }

    /// Adds a string. Where the row is refused after all, no row says that the text goes so far.
    #[inline]
    fn put_text(&mut self, number: usize, text: &str) -> Result<()> {
        let Some(bytes) = self.texts.get_mut(number) else { return Err(mismatch()) };
        bytes.extend_from_slice(text.as_bytes());
        let end = bytes.len() as u64;
        self.put(end.to_ne_bytes())
    }

    #[inline]
    fn put_slice(&mut self, bytes: &[u8]) -> Result<()> {
        match self.bytes.get_mut(self.at..).and_then(|rest| rest.get_mut(..bytes.len())) {
            Some(place) => {
                place.copy_from_slice(bytes);
                self.at += bytes.len();
                Ok(())
            }
            None => Err(mismatch()),
        }
    }

    #[inline]
    fn put<const SIZE: usize>(&mut self, bytes: [u8; SIZE]) -> Result<()> {
        match self.bytes.get_mut(self.at..).and_then(<[u8]>::first_chunk_mut) {
            Some(place) => {
                *place = bytes;
                self.at += SIZE;
                Ok(())
            }
            None => Err(mismatch()),
        }
    }
}

/// Puts one value of a form where there is room.
pub(super) struct RowSerializer<'a, 'r> {
    pub(super) form: &'a RecordForm,
    pub(super) buffer: &'a mut PackBuffer<'r>,
}

impl RowSerializer<'_, '_> {
    #[inline]
    fn number<const SIZE: usize>(self, number: Number, bytes: [u8; SIZE]) -> Result<()> {
        if self.form.number == Some(number) { self.buffer.put(bytes) } else { Err(mismatch()) }
    }
}

macro_rules! numbers {
    ($($method:ident: $type:ty = $number:ident),*) => {
        $(
            #[inline]
            fn $method(self, value: $type) -> Result<()> {
                self.number(Number::$number, value.to_ne_bytes())
            }
        )*
    };
}

macro_rules! refuse {
    ($($method:ident($($argument:ty),*) -> $ok:ty;)*) => {
        $(fn $method(self, $(_: $argument),*) -> Result<$ok> {
            Err(mismatch())
        })*
    };
}

impl<'a, 'r> ser::Serializer for RowSerializer<'a, 'r> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = RowRepeated<'a, 'r>;
    type SerializeTuple = RowTuple<'a, 'r>;
    type SerializeTupleStruct = RowTuple<'a, 'r>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Impossible<(), Error>;
    type SerializeStruct = RowStruct<'a, 'r>;
    type SerializeStructVariant = Impossible<(), Error>;

    numbers!(serialize_i8: i8 = I8, serialize_i16: i16 = I16, serialize_i32: i32 = I32, serialize_i64: i64 = I64);
    numbers!(serialize_u8: u8 = U8, serialize_u16: u16 = U16, serialize_u32: u32 = U32, serialize_u64: u64 = U64);
    numbers!(serialize_f32: f32 = F32, serialize_f64: f64 = F64);

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<()> {
        self.number(Number::Bool, [u8::from(value)])
    }

    #[inline]
    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, name: &'static str, value: &T) -> Result<()> {
        if is_wrapper(name) || is_half(name) { Err(mismatch()) } else { value.serialize(self) }
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<RowRepeated<'a, 'r>> {
        match &self.form.parts {
            FormParts::Repeated { element, len: expected, is_tuple: false }
                if len.is_none_or(|len| len == *expected) =>
            {
                Ok(RowRepeated { element, left: *expected, buffer: self.buffer })
            }
            _ => Err(mismatch()),
        }
    }

    /// As the trait does it, but that the room stays in registers.
    #[inline]
    fn collect_seq<I>(self, values: I) -> Result<()>
    where
        I: IntoIterator<Item: Serialize>,
    {
        if let FormParts::Repeated { element, len, is_tuple: false } = &self.form.parts
            && let Some((number, width)) = element.numbers()
            && len * width.unwrap_or(1) >= MIN_BULK
            && let Some(slice) = Slice::of(&values)
            && (slice.number, slice.len, slice.width) == (number, *len, width)
        {
            return self.buffer.put_slice(slice.bytes);
        }
        let values = values.into_iter();
        let mut run = self.serialize_seq(exact_len(&values))?;
        let PackBuffer { bytes, at, row, texts } = &mut *run.buffer;
        let mut buffer = PackBuffer::new(bytes, *at, *row, texts);
        for value in values {
            run.left = run.left.wrapping_sub(1);
            value.serialize(RowSerializer { form: run.element, buffer: &mut buffer })?;
        }
        *at = buffer.at;
        run.finish()
    }

    #[inline]
    fn serialize_tuple(self, len: usize) -> Result<RowTuple<'a, 'r>> {
        match &self.form.parts {
            FormParts::Repeated { element, len: expected, is_tuple: true } if len == *expected => {
                Ok(RowTuple::Repeated(RowRepeated { element, left: len, buffer: self.buffer }))
            }
            FormParts::Tuple(forms) if forms.len() == len => {
                Ok(RowTuple::Unlike { forms: forms.iter(), buffer: self.buffer })
            }
            _ => Err(mismatch()),
        }
    }

    #[inline]
    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<RowTuple<'a, 'r>> {
        self.serialize_tuple(len)
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<RowStruct<'a, 'r>> {
        match &self.form.parts {
            FormParts::Struct(fields) => Ok(RowStruct { fields: fields.iter(), buffer: self.buffer }),
            _ => Err(mismatch()),
        }
    }

    refuse! {
        serialize_i128(i128) -> ();
        serialize_u128(u128) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_unit_variant(&'static str, u32, &'static str) -> ();
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }

    fn serialize_char(self, value: char) -> Result<()> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<()> {
        match self.form.parts {
            FormParts::Text(number) => self.buffer.put_text(number, value),
            _ => Err(mismatch()),
        }
    }

    #[inline]
    fn serialize_none(self) -> Result<()> {
        match &self.form.parts {
            FormParts::Option { some, none, mask } => {
                self.buffer.put_mask(*mask, true)?;
                match some.parts {
                    FormParts::Text(number) => self.buffer.put_text(number, ""),
                    _ => self.buffer.put_slice(none),
                }
            }
            _ => Err(mismatch()),
        }
    }

    #[inline]
    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<()> {
        match &self.form.parts {
            FormParts::Option { some, mask, .. } => {
                self.buffer.put_mask(*mask, false)?;
                value.serialize(RowSerializer { form: some, buffer: self.buffer })
            }
            _ => Err(mismatch()),
        }
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<()> {
        Err(mismatch())
    }
}

/// Elements of one form.
pub(super) struct RowRepeated<'a, 'r> {
    element: &'a RecordForm,
    left: usize,
    buffer: &'a mut PackBuffer<'r>,
}

impl RowRepeated<'_, '_> {
    #[inline]
    fn element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        // One too many ends below zero, and is refused at the end.
        self.left = self.left.wrapping_sub(1);
        value.serialize(RowSerializer { form: self.element, buffer: self.buffer })
    }

    #[inline]
    fn finish(self) -> Result<()> {
        if self.left == 0 { Ok(()) } else { Err(mismatch()) }
    }
}

/// serde has a trait for sequences and for each sort of tuple; they differ in name only.
macro_rules! elements {
    ($type:ident: $($trait:ident $method:ident),*) => {
        $(impl ser::$trait for $type<'_, '_> {
            type Ok = ();
            type Error = Error;

            #[inline]
            fn $method<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
                self.element(value)
            }

            #[inline]
            fn end(self) -> Result<()> {
                self.finish()
            }
        })*
    };
}
elements!(RowRepeated: SerializeSeq serialize_element);

/// A tuple.
pub(super) enum RowTuple<'a, 'r> {
    Repeated(RowRepeated<'a, 'r>),
    Unlike { forms: std::slice::Iter<'a, RecordForm>, buffer: &'a mut PackBuffer<'r> },
}

impl RowTuple<'_, '_> {
    #[inline]
    fn element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        match self {
            Self::Repeated(run) => run.element(value),
            Self::Unlike { forms, buffer } => match forms.next() {
                Some(form) => {
                    buffer.go_to(form.field_buffer);
                    value.serialize(RowSerializer { form, buffer })
                }
                None => Err(mismatch()),
            },
        }
    }

    #[inline]
    fn finish(self) -> Result<()> {
        match self {
            Self::Repeated(run) => run.finish(),
            Self::Unlike { forms, .. } if forms.as_slice().is_empty() => Ok(()),
            Self::Unlike { .. } => Err(mismatch()),
        }
    }
}

elements!(RowTuple: SerializeTuple serialize_element, SerializeTupleStruct serialize_field);

/// A struct.
pub(super) struct RowStruct<'a, 'r> {
    fields: std::slice::Iter<'a, (&'static str, RecordForm)>,
    buffer: &'a mut PackBuffer<'r>,
}

impl ser::SerializeStruct for RowStruct<'_, '_> {
    type Ok = ();
    type Error = Error;

    #[inline]
    fn serialize_field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<()> {
        match self.fields.next() {
            Some((expected, form)) if is_same(name, expected) => {
                self.buffer.go_to(form.field_buffer);
                value.serialize(RowSerializer { form, buffer: self.buffer })
            }
            _ => Err(mismatch()),
        }
    }

    #[inline]
    fn end(self) -> Result<()> {
        if self.fields.as_slice().is_empty() { Ok(()) } else { Err(mismatch()) }
    }
}

/// Whether two names of fields are equal. Those of one struct mostly are the same string.
#[inline]
pub(super) fn is_same(one: &'static str, other: &str) -> bool {
    std::ptr::eq(one, other) || one == other
}
