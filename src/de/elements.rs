//! The one `SeqAccess`, `MapAccess` and `EnumAccess` that a user's visitors are compiled for. What comes next is said by what
//! is behind them, which is compiled once.

#![expect(clippy::question_mark, reason = "`?` converts the error, which is more code for each type")]

use std::mem::needs_drop;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::de::{DeserializeSeed, EnumAccess, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor};

use super::access::{BlockSeq, ColumnSeq, OrderedRecord};
use super::deserializer::{Ask, AskOnce, ValueDeserializer};
use super::element::ColumnElement;
use super::key::Key;
use super::python::union::EmptyVariant;
use super::row::{CompoundSeq, RowSeq, no_number};
use super::visit::{Answer, Question, Visit};
use super::visitor_kinds::is_of_type_itself;
use crate::ground::error::{Error, Result};
use crate::ground::ledger::{self, Foretold, TypeMade};
use crate::h5::{Number, is_string, may_be_array, may_be_number, may_be_vec, number_of, read_number, read_string};

/// The elements of a sequence, or the fields of a struct or tuple.
// With a tag of its own, as it is looked at for each number.
#[repr(u8)]
pub(crate) enum Elements<'a> {
    /// The fields of a record.
    Fields(CompoundSeq<'a>),
    /// Items that are in memory.
    Block(BlockSeq<'a>),
    /// Items of a dataset that is read in windows.
    Rows(&'a mut RowSeq<'a>),
    Column(ColumnSeq<'a>),
    /// The fields of a record that are columns.
    Record(OrderedRecord<'a>),
    Other(&'a mut dyn Sequence),
}

/// A sequence.
pub(crate) trait Sequence {
    /// The next element.
    fn next(&mut self) -> Result<Option<ValueDeserializer<'_>>>;

    /// Says of an error where it was: in the element that was given out last.
    fn located(&self, error: Error) -> Error;

    fn size_hint(&self) -> Option<usize>;
}

impl Elements<'_> {
    /// The next element, if it is not one that is read by a short way.
    fn next(&mut self) -> Result<Option<ValueDeserializer<'_>>> {
        match self {
            Self::Fields(fields) => Ok(fields.next()?.map(ValueDeserializer::Field)),
            Self::Block(block) => Ok(block.next().map(ValueDeserializer::Part)),
            Self::Rows(rows) => Ok(rows.next()?.map(ValueDeserializer::Row)),
            Self::Column(column) => Ok(column.next().map(ValueDeserializer::Element)),
            Self::Record(record) => Ok(record.next()?.map(ValueDeserializer::Element)),
            Self::Other(other) => other.next(),
        }
    }

    #[cold]
    fn located(&self, error: Error) -> Error {
        match self {
            Self::Fields(fields) => fields.located(error),
            Self::Block(block) => block.located(error),
            Self::Rows(rows) => rows.located(error),
            Self::Column(column) => column.located(error),
            Self::Record(record) => record.located(error),
            Self::Other(other) => other.located(error),
        }
    }

    /// The bytes of the next element, if it is a number of this type, and is found by a short way.
    #[inline]
    fn next_number(&mut self, number: Number) -> Option<&[u8]> {
        // What takes least by itself is asked for first.
        if let Self::Fields(fields) = self {
            return fields.next_number(number);
        }
        match self {
            Self::Rows(rows) => rows.next_number(number),
            Self::Block(block) => block.next_number(number),
            Self::Record(record) => record.next_number(number),
            _ => None,
        }
    }

    /// The text of the next element, if it is a string, and is found by a short way.
    fn next_text(&mut self) -> Option<Result<&str>> {
        let text = match self {
            Self::Fields(fields) => fields.next_text(),
            Self::Column(column) => column.next_text(),
            Self::Record(record) => record.next_text(),
            _ => None,
        };
        text.map(|text| ledger::string(text.len()).map(|()| text))
    }

    /// The elements, if those are many: they are counted before anybody makes room for them, and not again.
    pub(super) fn foretold(&mut self) -> Foretold {
        match self {
            Self::Column(column) => column.foretold(),
            Self::Block(block) => block.foretold(),
            Self::Rows(rows) => rows.foretold(),
            _ => Foretold::default(),
        }
    }

    /// How many elements are to be counted now by what they become: some at once, before the first of them is given out.
    fn uncounted(&mut self) -> u64 {
        match self {
            Self::Column(column) => column.uncounted(),
            Self::Block(block) => block.uncounted(),
            Self::Rows(rows) => rows.uncounted(),
            Self::Fields(fields) => fields.uncounted(),
            // What has the fields counts as a whole.
            Self::Record(_) => 0,
            Self::Other(_) => 1,
        }
    }

    /// Counts elements of that type, some at once, where none of those that were counted is left.
    fn count(&mut self, made: TypeMade) -> Result<()> {
        let count = self.uncounted();
        if count > 0 { made.elements(count) } else { Ok(()) }
    }

    /// The next element, of another type than a number's, or found by no short way.
    // By itself, or its code is part of each user's type.
    #[inline(never)]
    fn next_apart<'de, T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if const { may_be_array::<T::Value>() }
            && is_of_type_itself::<T>()
            && let Self::Fields(fields) = self
            && let Some(array) = fields.next_array::<T::Value>()
        {
            return Ok(Some(array));
        }
        if let Err(error) = self.count(const { TypeMade::of::<T::Value>() }) {
            return Err(error);
        }
        // Each hands its element over by itself, which then is not copied to one place for all of them.
        let read = 'short: {
            match self {
                Self::Column(column) => match column.next() {
                    Some(element) => break 'short seed.deserialize(ValueDeserializer::Element(element)),
                    None => return Ok(None),
                },
                Self::Record(record) => {
                    if let Some(element) = record.next_readable() {
                        break 'short seed.deserialize(ValueDeserializer::Element(element));
                    }
                }
                Self::Block(block) => match block.next() {
                    Some(part) => break 'short seed.deserialize(ValueDeserializer::Part(part)),
                    None => return Ok(None),
                },
                Self::Rows(rows) => {
                    if let Some(row) = rows.next_in_window() {
                        break 'short seed.deserialize(ValueDeserializer::Row(row));
                    }
                }
                _ => {}
            }
            match self.next() {
                Ok(Some(next)) => seed.deserialize(next),
                Ok(None) => return Ok(None),
                Err(error) => return Err(error),
            }
        };
        match read {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(self.located(error)),
        }
    }
}

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = Error;

    // Inlined as a whole, or nothing of it is in registers; where nothing is optimised, that is only more code.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if const { may_be_number::<T::Value>() }
            && let Some(number) = number_of::<T::Value>()
            && is_of_type_itself::<T>()
            && let Some(bytes) = self.next_number(number)
        {
            return match read_number::<T::Value>(bytes) {
                Some(value) => Ok(Some(value)),
                None => {
                    let error = no_number(bytes);
                    Err(self.located(error))
                }
            };
        }
        if const { may_be_vec::<T::Value>() }
            && is_string::<T::Value>()
            && is_of_type_itself::<T>()
            && let Some(text) = self.next_text()
        {
            return match text {
                Ok(text) => Ok(read_string::<T::Value>(text)),
                Err(error) => Err(error),
            };
        }
        if const { needs_drop::<T::Value>() } {
            return self.next_apart(seed);
        }
        // Records of numbers, options and enums take no longer than a call.
        let read = match self {
            Self::Rows(rows) => match rows.next_in_window() {
                Some(row) => seed.deserialize(ValueDeserializer::Row(row)),
                None => return self.next_apart(seed),
            },
            Self::Column(column) => {
                if column.is_to_count()
                    && let Err(error) = column.count(const { TypeMade::of::<T::Value>() })
                {
                    return Err(error);
                }
                match column.next() {
                    Some(element) => seed.deserialize(ValueDeserializer::Element(element)),
                    None => return Ok(None),
                }
            }
            Self::Record(record) => match record.next_readable() {
                Some(element) => seed.deserialize(ValueDeserializer::Element(element)),
                None => return self.next_apart(seed),
            },
            _ => return self.next_apart(seed),
        };
        match read {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(self.located(error)),
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn next_element<T: Deserialize<'de>>(&mut self) -> Result<Option<T>> {
        self.next_element_seed(std::marker::PhantomData)
    }

    fn size_hint(&self) -> Option<usize> {
        match self {
            Self::Fields(fields) => fields.size_hint(),
            Self::Block(block) => block.size_hint(),
            Self::Rows(rows) => rows.size_hint(),
            Self::Column(column) => column.size_hint(),
            Self::Record(record) => record.size_hint(),
            Self::Other(other) => other.size_hint(),
        }
    }
}

/// The fields of a record, for a struct of numbers alone. Nothing that is called sees them, so that they stay in registers.
// A record of the bench, six numbers and a bool, takes 10 ns more as `Elements`, which a call sees, than the 35 that it takes so.
pub(crate) struct PlainFields<'a>(pub(super) CompoundSeq<'a>);

impl<'de> SeqAccess<'de> for PlainFields<'_> {
    type Error = Error;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if is_of_type_itself::<T>() {
            if const { may_be_number::<T::Value>() }
                && let Some(number) = number_of::<T::Value>()
            {
                let before = self.0.clone();
                if let Some(bytes) = self.0.next_number(number) {
                    return match read_number::<T::Value>(bytes) {
                        Some(value) => Ok(Some(value)),
                        None => Err(before.with_error(no_number(bytes))),
                    };
                }
            } else if let Some(array) = self.0.next_array::<T::Value>() {
                return Ok(Some(array));
            }
        }
        let (read, fields) = apart(self.0.clone(), seed);
        self.0 = fields;
        read
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn next_element<T: Deserialize<'de>>(&mut self) -> Result<Option<T>> {
        self.next_element_seed(std::marker::PhantomData)
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.clone().size_hint()
    }
}

/// The next field, which is no number, and the fields that are left.
#[inline(never)]
fn apart<'de, 'a, T: DeserializeSeed<'de>>(
    fields: CompoundSeq<'a>,
    seed: T,
) -> (Result<Option<T::Value>>, CompoundSeq<'a>) {
    let mut fields = fields;
    let read = match fields.next() {
        Ok(Some(field)) => seed.deserialize(ValueDeserializer::Field(field)),
        Ok(None) => return (Ok(None), fields),
        Err(error) => return (Err(error), fields),
    };
    let read = match read {
        Ok(value) => Ok(Some(value)),
        Err(error) => Err(fields.located(error)),
    };
    (read, fields)
}

/// A map.
pub(crate) trait Map {
    /// The next key.
    fn next_key(&mut self) -> Result<Option<ValueDeserializer<'_>>>;

    /// Says of an error where it was: in the key that was given out last.
    fn in_key(&self, error: Error) -> Error;

    /// The value of the key that was given out last.
    fn value(&mut self) -> Result<ValueDeserializer<'_>>;

    /// Says of an error where it was: in the value that was given out last.
    fn in_value(&self, error: Error) -> Error;

    fn size_hint(&self) -> Option<usize> {
        None
    }
}

/// The entries of a map, or the fields of a struct by their names.
pub(crate) struct Entries<'a> {
    map: &'a mut dyn Map,
    /// They are the fields of a struct, which is counted as that.
    is_struct: bool,
}

impl<'a> Entries<'a> {
    pub(super) fn new(map: &'a mut dyn Map) -> Self {
        Self { map, is_struct: false }
    }

    /// The same for a struct.
    pub(super) fn of_struct(self) -> Self {
        Self { is_struct: true, ..self }
    }

    /// The value of the entry, which becomes one of that type.
    fn value(&mut self, made: TypeMade) -> Result<ValueDeserializer<'_>> {
        if !self.is_struct {
            made.entry()?;
        }
        self.map.value()
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let key = match self.map.next_key() {
            Ok(Some(key)) => key,
            Ok(None) => return Ok(None),
            Err(error) => return Err(error),
        };
        match seed.deserialize(key) {
            Ok(key) => Ok(Some(key)),
            Err(error) => Err(self.map.in_key(error)),
        }
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        let value = match self.value(const { TypeMade::of::<T::Value>() }) {
            Ok(value) => value,
            Err(error) => return Err(error),
        };
        match seed.deserialize(value) {
            Ok(value) => Ok(value),
            Err(error) => Err(self.map.in_value(error)),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        self.map.size_hint()
    }
}

/// A variant of an enum.
pub(crate) struct Variant<'a> {
    pub(super) label: Label<'a>,
    /// The link to the payload, if there is one.
    pub(super) link: &'a str,
    pub(super) payload: Option<Payload<'a>>,
}

/// What a variant holds.
pub(crate) enum Payload<'a> {
    Element(ColumnElement<'a>),
    Other(&'a mut dyn Ask),
}

impl<'a> From<Payload<'a>> for ValueDeserializer<'a> {
    fn from(payload: Payload<'a>) -> Self {
        match payload {
            Payload::Element(element) => Self::Element(element),
            Payload::Other(other) => Self::Other(other),
        }
    }
}

/// How a variant is called.
#[derive(Clone, Copy)]
pub(crate) enum Label<'a> {
    Name(&'a str),
    /// A key of a map, which has no payload.
    Key(&'a str),
    /// By its class in Python, of an object that is the payload, or one of these variants without one.
    Class(&'a str, &'static [&'static str]),
    /// By its number in a union in Python, of such an object.
    Index(u32, &'static [&'static str]),
    /// To a `Value`: its name and number.
    Told(&'a str, u32),
    /// To a `Value`: none, but a tuple.
    Tuple,
    /// To a `Value`: none, but something that cannot be read, and why.
    Unreadable(&'a str),
}

/// What is asked for where there should be a payload, in words.
#[derive(Clone, Copy)]
enum Wanted {
    Unit,
    Payload,
    Tuple,
    Fields,
}

impl<'a> Variant<'a> {
    /// A variant with a payload, which is the child `link`.
    pub(super) fn new(name: &'a str, link: &'a str, payload: Payload<'a>) -> Self {
        Self { label: Label::Name(name), link, payload: Some(payload) }
    }

    /// One without a payload.
    pub(super) fn unit(name: &'a str) -> Self {
        Self { label: Label::Name(name), link: "", payload: None }
    }

    #[inline]
    fn payload(&mut self, wanted: Wanted) -> Result<ValueDeserializer<'a>> {
        // What most are.
        if let (Label::Name(_), payload @ Some(Payload::Element(_))) = (self.label, &mut self.payload)
            && let Some(Payload::Element(element)) = payload.take()
        {
            let element =
                if matches!(wanted, Wanted::Tuple | Wanted::Fields) { element.into_fields() } else { element };
            return Ok(ValueDeserializer::Element(element));
        }
        self.other_payload(wanted)
    }

    fn other_payload(&mut self, wanted: Wanted) -> Result<ValueDeserializer<'a>> {
        if matches!(self.label, Label::Told(..) | Label::Tuple | Label::Unreadable(_)) && !self.is_told(wanted) {
            return Err(Error::corrupt("a value was asked for what it is not"));
        }
        match (self.payload.take(), self.label) {
            (Some(payload), _) if matches!(wanted, Wanted::Tuple | Wanted::Fields) => {
                Ok(ValueDeserializer::from(payload).into_fields())
            }
            (Some(payload), _) => Ok(payload.into()),
            (None, Label::Unreadable(why)) => Ok(ValueDeserializer::Key(Key(why))),
            (None, Label::Key(_)) => {
                let expected = match wanted {
                    Wanted::Unit | Wanted::Payload => "newtype variant",
                    Wanted::Tuple => "tuple variant",
                    Wanted::Fields => "struct variant",
                };
                Err(Error::invalid_type(Unexpected::UnitVariant, &expected))
            }
            (None, label) => {
                let what = match wanted {
                    Wanted::Unit => "unit",
                    Wanted::Payload => "a payload",
                    Wanted::Tuple => "a tuple",
                    Wanted::Fields => "fields",
                };
                let name = label.name().unwrap_or_default();
                Err(Error::wrong_type(format!("a variant with {what}"), format!("the variant `{name}` without one")))
            }
        }
    }

    /// How it is called, for which there may have to be room.
    fn label<'t>(&self, told: &'t mut Option<Told<'a>>) -> ValueDeserializer<'t>
    where
        'a: 't,
    {
        match self.label {
            Label::Name(name) | Label::Key(name) | Label::Class(name, _) => ValueDeserializer::Key(Key(name)),
            label => {
                *told = Some(Told { label, has_payload: self.payload.is_some() });
                ValueDeserializer::Other(told)
            }
        }
    }

    /// Whether that is what a `Value` asks for.
    fn is_told(&self, wanted: Wanted) -> bool {
        matches!(
            (self.label, wanted),
            (Label::Told(..) | Label::Unreadable(_), Wanted::Payload) | (Label::Tuple, Wanted::Tuple)
        )
    }

    /// Checks that there is no payload, or none but unit.
    fn check_unit(&mut self) -> Result<()> {
        let what = match (&self.payload, self.label) {
            (_, Label::Told(..)) => return Ok(()),
            (_, Label::Tuple | Label::Unreadable(_)) => return self.payload(Wanted::Unit).map(drop),
            (None, _) => return Ok(()),
            (_, Label::Class(_, variants) | Label::Index(_, variants)) => Some(variants),
            _ => None,
        };
        let payload = self.payload(Wanted::Unit)?;
        match what {
            Some(variants) => EmptyVariant::deserialize(payload).and_then(|empty| empty.check(variants)),
            None => <()>::deserialize(payload),
        }
        .map_err(|error| self.located(error))
    }

    #[cold]
    fn located(&self, error: Error) -> Error {
        match self.label {
            Label::Tuple | Label::Unreadable(_) | Label::Key(_) | Label::Index(..) => error,
            Label::Name(name) | Label::Class(name, _) | Label::Told(name, _) => {
                let error = error.in_field(name);
                if self.link.is_empty() { error } else { error.in_link(self.link) }
            }
        }
    }
}

impl Label<'_> {
    fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) | Self::Key(name) | Self::Class(name, _) | Self::Told(name, _) => Some(name),
            _ => None,
        }
    }
}

impl<'de, 'a> EnumAccess<'de> for Variant<'a> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self)> {
        match seed.deserialize(self.label(&mut None)) {
            Ok(label) => Ok((label, self)),
            Err(error) => Err(error),
        }
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Error;

    fn unit_variant(mut self) -> Result<()> {
        self.check_unit()
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(mut self, seed: T) -> Result<T::Value> {
        let payload = self.payload(Wanted::Payload)?;
        match seed.deserialize(payload) {
            Ok(value) => Ok(value),
            Err(error) => Err(self.located(error)),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(mut self, len: usize, visitor: V) -> Result<V::Value> {
        let payload = self.payload(Wanted::Tuple)?;
        payload.deserialize_tuple(len, visitor).map_err(|error| self.located(error))
    }

    fn struct_variant<V: Visitor<'de>>(mut self, fields: &'static [&'static str], visitor: V) -> Result<V::Value> {
        let payload = self.payload(Wanted::Fields)?;
        payload.deserialize_struct("", fields, visitor).map_err(|error| self.located(error))
    }
}

/// A label that is no name, as an answer to whatever is asked.
struct Told<'a> {
    label: Label<'a>,
    has_payload: bool,
}

impl AskOnce for Told<'_> {
    fn ask_once(self, _: Question, visit: &mut dyn Visit) -> Result<()> {
        match self.label {
            Label::Name(name) | Label::Key(name) | Label::Class(name, _) => visit.answer(Answer::Str(name)),
            Label::Index(index, _) => visit.answer(Answer::U32(index)),
            Label::Tuple => visit.answer(Answer::Unit),
            Label::Unreadable(_) => visit.answer(Answer::None),
            Label::Told(name, number) => {
                visit.seq(&mut Parts { name, numbers: [number, self.has_payload.into()], next: 0, told: None })
            }
        }
    }
}

/// The name of a variant, its number, and a 1 where there is a payload.
struct Parts<'a> {
    name: &'a str,
    numbers: [u32; 2],
    next: usize,
    told: Option<Told<'a>>,
}

impl Sequence for Parts<'_> {
    fn next(&mut self) -> Result<Option<ValueDeserializer<'_>>> {
        let next = self.next;
        self.next += 1;
        let label = match (next, next.checked_sub(1).and_then(|at| self.numbers.get(at))) {
            (0, _) => return Ok(Some(ValueDeserializer::Key(Key(self.name)))),
            (_, Some(number)) => Label::Index(*number, &[]),
            (_, None) => return Ok(None),
        };
        self.told = Some(Told { label, has_payload: false });
        Ok(Some(ValueDeserializer::Other(&mut self.told)))
    }

    fn located(&self, error: Error) -> Error {
        error
    }

    fn size_hint(&self) -> Option<usize> {
        Some(3_usize.saturating_sub(self.next))
    }
}

/// The elements of what a [`Value`](crate::Value) is told as a variant without a name.
pub(super) struct TupleOf<'a>(pub(super) Elements<'a>);

impl AskOnce for TupleOf<'_> {
    fn ask_once(self, _: Question, visit: &mut dyn Visit) -> Result<()> {
        visit.answer(Answer::Seq(self.0))
    }
}
