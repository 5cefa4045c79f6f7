//! Elements of sequences: value to [`Column`].

#![expect(clippy::question_mark, reason = "`?` converts the error, which is more code for each type")]

use std::mem::needs_drop;

use serde::ser::Serialize;

use super::any_value::{AnyValue, Erased};
use super::array_form::complex_part;
use super::column::{Column, ListColumn};
use super::composite::{StructRow, Tuple};
use super::event::{Compound, CompoundSink, Event, Sink};
use super::key;
use super::node::NodeSerializer;
use super::numbers::Push;
use super::place::ElementContext;
use super::record::RecordKind;
use super::select;
use super::serializer::ValueSerializer;
use crate::ground::depth::Depth;
use crate::ground::error::{Error, ErrorKind, Result, RetryAs};
use crate::ground::half::refuse_half;
use crate::ground::stack::with_room;
use crate::ground::time::is_time;
use crate::ground::wrapper_slot::is_wrapper;
use crate::h5::Reference;
use crate::layout::is_linkable;

/// Pushes one value to a column.
pub(crate) struct ElementSerializer<'a> {
    pub(super) column: &'a mut Column,
    /// How deep the value is in the whole.
    pub(super) depth: Depth,
    /// Where it is, for wrappers, which write themselves, and the options.
    pub(super) context: ElementContext<'a>,
    /// Integers of unlike types must not be made alike: the value is in a tuple.
    pub(super) exact: bool,
    /// Nothing but numbers, and tuples of them, is taken.
    pub(super) only_numbers: bool,
}

/// Whether a type is that of complex numbers, or of references to them.
#[inline]
pub(super) fn is_complex<T: ?Sized>() -> bool {
    if const { needs_drop::<T>() } { false } else { complex_part(typeid::of::<T>()).is_some() }
}

/// What [`ElementSerializer::only_numbers`] refuses with; the tuple is then written element by element.
#[cold]
fn no_number() -> Error {
    Error::new(ErrorKind::Unsupported, "not a number")
}

#[cold]
fn lost_payload() -> Error {
    Error::new(ErrorKind::Custom, "a variant lost its payload")
}

/// Locates an error in a field, and in the variant that has it.
#[cold]
fn in_field(error: Error, name: &str, variant: Option<&'static str>) -> Error {
    in_variant(error.in_field(name), variant)
}

#[cold]
fn in_variant(error: Error, variant: Option<&'static str>) -> Error {
    variant.iter().fold(error, |error, variant| error.in_field(variant))
}

impl<'a> ElementSerializer<'a> {
    #[inline]
    pub(super) fn new(column: &'a mut Column, depth: Depth, context: ElementContext<'a>) -> Self {
        Self { column, depth, context, exact: false, only_numbers: false }
    }

    /// Pushes `value`, with stack enough for it.
    #[inline]
    pub(super) fn push<T: ?Sized + Serialize>(self, value: &T) -> Result<()> {
        if is_complex::<T>() {
            self.push_complex(&Erased(value))
        } else if self.depth.may_be_short() {
            self.push_deep(&Erased(value))
        } else {
            value.serialize(ValueSerializer::element(self))
        }
    }

    /// The same for a value whose type is not known.
    pub(super) fn push_item(self, value: &dyn AnyValue) -> Result<()> {
        if self.column.takes_complex() && complex_part(value.type_of()).is_some() {
            self.push_complex(value)
        } else if self.depth.may_be_short() {
            self.push_deep(value)
        } else {
            value.write(ValueSerializer::element(self))
        }
    }

    /// Pushes a complex number, which is a pair to serde.
    pub(super) fn push_complex(self, value: &dyn AnyValue) -> Result<()> {
        let Self { column, depth, context, exact, only_numbers } = self;
        let is_such = column.takes_complex();
        let element = ElementSerializer { column: &mut *column, depth, context, exact, only_numbers };
        value.write(ValueSerializer::element(element))?;
        if is_such {
            column.mark_complex();
        }
        Ok(())
    }

    #[cold]
    fn push_deep(self, value: &dyn AnyValue) -> Result<()> {
        with_room(|| value.write(ValueSerializer::element(self)))
    }

    /// Has a wrapper write itself to an object of its own.
    #[cold]
    fn wrapper(self, value: &dyn AnyValue) -> Result<()> {
        self.no_number()?;
        let (depth, context) = (self.depth, self.context);
        let objects = self.column.begin_object(context)?;
        objects.push(context.rules, |place| NodeSerializer::new(place, depth, 0).wrapper(value))
    }

    /// Pushes a time, or a list of them.
    #[cold]
    fn times(self, value: &dyn AnyValue) -> Result<()> {
        let Self { column, depth, context, exact, only_numbers } = self;
        let element = ElementSerializer { column: &mut *column, depth, context, exact, only_numbers };
        value.write(ValueSerializer::element(element))?;
        column.mark_times();
        Ok(())
    }

    /// Refuses what is no number where only numbers are taken.
    #[inline]
    fn no_number(&self) -> Result<()> {
        if self.only_numbers { Err(no_number()) } else { Ok(()) }
    }

    /// Begins a variant with a payload, which goes to what is returned.
    #[inline(always)]
    fn variant(self, index: u32, name: &'static str) -> Result<Self> {
        self.no_number()?;
        let (context, depth) = (self.context.variant(name), self.depth.in_record()?);
        match self.column.begin_variant(name, index, false)? {
            Some(payload) => Ok(Self::new(payload, depth, context)),
            None => Err(lost_payload()),
        }
    }

    #[inline]
    pub(super) fn number<T: Push>(self, value: T) {
        self.column.push_number(value, self.exact);
    }

    pub(super) fn i128(self, value: i128) -> Result<()> {
        self.no_number()?;
        self.column.push_i128(value);
        Ok(())
    }

    pub(super) fn u128(self, value: u128) -> Result<()> {
        self.no_number()?;
        self.column.push_u128(value);
        Ok(())
    }

    #[inline]
    pub(super) fn text(self, value: &str) -> Result<()> {
        self.no_number()?;
        self.column.push_str(value);
        Ok(())
    }

    pub(super) fn bytes(self, value: &[u8]) -> Result<()> {
        self.no_number()?;
        self.column.push_bytes(value);
        Ok(())
    }

    #[inline]
    pub(super) fn none(self) -> Result<()> {
        self.no_number()?;
        self.column.push_none()
    }

    /// Begins a `Some`; the value goes to what is returned.
    #[inline]
    pub(super) fn some(self) -> Result<Self> {
        self.no_number()?;
        let depth = self.depth.in_sequence()?;
        Ok(Self::new(self.column.begin_some()?, depth, self.context))
    }

    pub(super) fn unit(self) -> Result<()> {
        self.no_number()?;
        self.column.push_unit();
        Ok(())
    }

    #[inline]
    pub(super) fn unit_variant(self, index: u32, variant: &'static str) -> Result<()> {
        self.no_number()?;
        if let Some(payload) = self.column.begin_variant(variant, index, true)? {
            payload.push_unit();
        }
        Ok(())
    }

    #[inline]
    pub(super) fn newtype_struct<T: ?Sized + Serialize>(self, name: &'static str, value: &T) -> Result<()> {
        refuse_half(name, typeid::of::<T>())?;
        if is_wrapper(name) {
            self.wrapper(&Erased(value))
        } else if is_time(name) {
            self.times(&Erased(value))
        } else {
            value.serialize(ValueSerializer::element(self))
        }
    }

    #[inline]
    pub(super) fn newtype_variant<T: ?Sized + Serialize>(
        self,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        match self.variant(index, variant)?.push(value) {
            Ok(()) => Ok(()),
            Err(error) => Err(in_variant(error, Some(variant))),
        }
    }

    #[inline]
    pub(super) fn seq(self) -> Result<ElementSeq<'a>> {
        self.no_number()?;
        let depth = self.depth.in_sequence()?;
        Ok(ElementSeq { list: self.column.begin_list()?, index: 0, depth, context: self.context.element() })
    }

    /// Pushes a sequence; numbers are copied at once.
    #[inline]
    pub(super) fn collect_seq<I: IntoIterator<Item: Serialize>>(self, values: I) -> Result<()> {
        if let Column::List(list) = &mut *self.column
            && !self.only_numbers
            && let Some(reference) = Reference::of(&values)
            && let Some(slice) = reference.numbers(&mut list.last)
            && list.extend_from_slice(slice)
        {
            return self.depth.in_sequence().map(|_| ());
        }
        let mut seq = self.seq()?;
        for value in values {
            if let Err(error) = seq.push(&value) {
                return Err(error);
            }
        }
        seq.end()
    }

    #[inline]
    pub(super) fn tuple(self, len: usize) -> Result<ElementTuple<'a>> {
        let (depth, context, only_numbers) = (self.depth.in_record()?, self.context, self.only_numbers);
        Ok(ElementTuple { tuple: self.column.begin_tuple(len), index: 0, depth, context, only_numbers, variant: None })
    }

    #[inline]
    pub(super) fn tuple_variant(self, index: u32, variant: &'static str, len: usize) -> Result<ElementTuple<'a>> {
        let Self { column, depth, context, .. } = self.variant(index, variant)?;
        let tuple = column.begin_tuple(len);
        Ok(ElementTuple { tuple, index: 0, depth, context, only_numbers: false, variant: Some(variant) })
    }

    #[inline]
    pub(super) fn map(self) -> Result<ElementMap<'a>> {
        self.no_number()?;
        let depth = self.depth.in_record()?;
        Ok(ElementMap { column: self.column.begin_record(RecordKind::Maps)?, key: None, depth, context: self.context })
    }

    #[inline]
    pub(super) fn structure(self) -> Result<ElementStruct<'a>> {
        self.no_number()?;
        let depth = self.depth.in_record()?;
        self.context.rules.note_struct();
        Ok(ElementStruct::new(self.column.begin_struct()?, depth, self.context, None))
    }

    #[inline]
    pub(super) fn struct_variant(self, index: u32, variant: &'static str) -> Result<ElementStruct<'a>> {
        let Self { column, depth, context, .. } = self.variant(index, variant)?;
        Ok(ElementStruct::new(column.begin_struct()?, depth, context, Some(variant)))
    }
}

/// A sequence within a sequence.
pub(crate) struct ElementSeq<'a> {
    list: &'a mut ListColumn,
    index: usize,
    depth: Depth,
    context: ElementContext<'a>,
}

impl ElementSeq<'_> {
    #[inline]
    pub(super) fn push<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        match ElementSerializer::new(&mut self.list.inner, self.depth, self.context).push(value) {
            Ok(()) => {
                self.index += 1;
                Ok(())
            }
            Err(error) => Err(error.in_element(self.index)),
        }
    }

    #[inline]
    pub(super) fn end(self) -> Result<()> {
        self.list.end();
        Ok(())
    }
}

/// A tuple, tuple struct or tuple variant within a sequence.
pub(crate) struct ElementTuple<'a> {
    tuple: Tuple<'a>,
    index: usize,
    depth: Depth,
    context: ElementContext<'a>,
    only_numbers: bool,
    variant: Option<&'static str>,
}

impl ElementTuple<'_> {
    #[inline]
    pub(super) fn push<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        let (depth, context, only_numbers) = (self.depth, self.context.position(self.index), self.only_numbers);
        let exact = self.tuple.is_exact();
        let column = match self.tuple.column() {
            Ok(column) => column,
            Err(error) => return Err(self.located(error)),
        };
        let pushed = ElementSerializer { column, depth, context, exact, only_numbers }.push(value);
        match pushed.and_then(|()| self.tuple.next()) {
            Ok(()) => {
                self.index += 1;
                Ok(())
            }
            Err(error) => Err(self.located(error)),
        }
    }

    #[cold]
    fn located(&self, error: Error) -> Error {
        in_variant(error.in_element(self.index), self.variant)
    }

    #[inline]
    pub(super) fn end(self) -> Result<()> {
        self.tuple.end()
    }
}

/// A struct or struct variant within a sequence.
pub(crate) struct ElementStruct<'a> {
    row: StructRow<'a>,
    depth: Depth,
    context: ElementContext<'a>,
    variant: Option<&'static str>,
    is_plain: bool,
}

impl<'a> ElementStruct<'a> {
    #[inline]
    fn new(row: StructRow<'a>, depth: Depth, context: ElementContext<'a>, variant: Option<&'static str>) -> Self {
        let is_plain = context.rules.is_nowhere() && !depth.may_be_short();
        Self { row, depth, context, variant, is_plain }
    }

    /// What takes the field `name`, if that is the next, the options know nothing of it, and the level is not one that looks
    /// whether there is stack enough.
    #[inline]
    pub(super) fn plain(&mut self, name: &'static str) -> Option<ElementSerializer<'_>> {
        if !self.is_plain {
            return None;
        }
        Some(ElementSerializer::new(self.row.next_field(name)?, self.depth, self.context))
    }

    #[cold]
    pub(super) fn in_field(&self, error: Error, name: &str) -> Error {
        in_field(error, name, self.variant)
    }

    /// Pushes a field of whatever type, unless it is left out.
    pub(super) fn push_item(&mut self, name: &'static str, value: &dyn AnyValue) -> Result<()> {
        let context = self.context.field(name);
        if select::is_left_out(context.rules, value) {
            return Ok(());
        }
        match ElementSerializer::new(self.row.field(name)?, self.depth, context).push_item(value) {
            Ok(()) => Ok(()),
            Err(error) => Err(self.in_field(error, name)),
        }
    }

    pub(super) fn skip(&self, name: &'static str) {
        self.context.field(name);
    }

    #[inline]
    pub(super) fn end(self) {
        self.row.end();
    }
}

/// A map within a sequence.
pub(crate) struct ElementMap<'a> {
    column: &'a mut Column,
    /// The key that the next value is for.
    key: Option<PendingKey>,
    depth: Depth,
    context: ElementContext<'a>,
}

/// A key whose value is to come.
enum PendingKey {
    Text(String),
    /// One that is no string; it is in the column of keys already.
    Other,
    /// One that the options may know: as text, if it has one, and as what is put into a column of keys.
    Named(Box<NamedKey>),
}

/// A key that the options may know.
struct NamedKey {
    /// As the options have it.
    name: Option<String>,
    /// Whether it is a string.
    is_text: bool,
    /// A column of this key alone.
    key: Column,
}

impl ElementMap<'_> {
    /// Pushes an entry whose key is a string, in the usual cases: where the options say nothing of it.
    #[inline]
    pub(super) fn push<T: ?Sized + Serialize>(&mut self, key: &str, value: &T) -> Option<Result<()>> {
        let (depth, context, is_record) = (self.depth, self.context, matches!(self.column, Column::Record(_)));
        let column = match self.column_of(key)? {
            Ok(column) => column,
            Err(error) => return Some(Err(error)),
        };
        Some(match ElementSerializer::new(column, depth, context).push(value) {
            Err(error) if is_record => Err(in_field(error, key, None)),
            pushed => pushed,
        })
    }

    /// The column for the value of a key, which is put to those of keys where there is one.
    fn column_of(&mut self, key: &str) -> Option<Result<&mut Column>> {
        let is_usual = match self.column {
            Column::Record(_) => is_linkable(key),
            Column::Maps(_) => true,
            _ => false,
        };
        (is_usual && self.context.rules.is_uniform()).then(|| self.column.entry(key, RecordKind::Maps))
    }

    fn named_key(&mut self, key: &dyn AnyValue) -> Result<()> {
        let name = key::link(key)?.map(|(_, name)| name);
        let (is_text, mut column) = (key::text(key)?.is_some(), Column::new());
        key.write(ValueSerializer::element(ElementSerializer::new(
            &mut column,
            self.depth,
            ElementContext::nowhere(),
        )))?;
        self.key = Some(PendingKey::Named(Box::new(NamedKey { name, is_text, key: column })));
        Ok(())
    }

    fn named_value(&mut self, key: NamedKey, value: &dyn AnyValue) -> Result<()> {
        let context = key.name.as_deref().map_or(self.context.element(), |name| self.context.field(name));
        if select::is_left_out(context.rules, value) {
            return Ok(());
        }
        let name = key.name.filter(|_| key.is_text);
        let column = match (&name, &mut *self.column) {
            (Some(name), column @ Column::Record(_)) => column.entry(name, RecordKind::Maps)?,
            (_, column) => {
                let maps = column.record_to_maps()?;
                maps.keys.push_from(&key.key, 0)?;
                &mut maps.values
            }
        };
        ElementSerializer::new(column, self.depth, context)
            .push_item(value)
            .map_err(|error| name.iter().fold(error, |error, name| error.in_field(name)))
    }

    pub(super) fn finish(self) {
        self.column.end_record();
    }
}

/// An entry of a record: takes the key, if it is a string, and pushes the value then, without a copy of the key.
struct EntrySink<'a> {
    column: &'a mut Column,
    depth: Depth,
    context: ElementContext<'a>,
    value: &'a dyn AnyValue,
    /// Whether the key is a string.
    is_text: bool,
}

impl<'s> Sink<'s> for EntrySink<'_> {
    fn event(&mut self, event: Event<'_>) -> Result<()> {
        match event {
            // One that is too long for a link is no name of a field, either.
            Event::Text(key) if is_linkable(key) => {
                self.is_text = true;
                let column = self.column.entry(key, RecordKind::Maps)?;
                let pushed = ElementSerializer::new(column, self.depth, self.context).push_item(self.value);
                pushed.map_err(|error| error.in_field(key))
            }
            Event::NewtypeStruct(_, key) => key.write(ValueSerializer::telling(self)),
            _ => Err(key::no_link()),
        }
    }

    fn begin(&mut self, _: Compound) -> Result<Box<dyn CompoundSink + 's>> {
        Err(key::no_link())
    }
}

impl CompoundSink for ElementMap<'_> {
    fn key(&mut self, key: &dyn AnyValue) -> Result<()> {
        if !self.context.rules.is_uniform() {
            return self.named_key(key);
        }
        if let Column::Record(_) = self.column
            && let Some(text) = key::text(key)?
        {
            self.key = Some(PendingKey::Text(text));
            return Ok(());
        }
        let maps = self.column.record_to_maps()?;
        key.write(ValueSerializer::element(ElementSerializer::new(&mut maps.keys, self.depth, self.context)))?;
        self.key = Some(PendingKey::Other);
        Ok(())
    }

    fn value(&mut self, value: &dyn AnyValue) -> Result<()> {
        let (depth, context) = (self.depth, self.context);
        match self.key.take() {
            Some(PendingKey::Named(key)) => self.named_value(*key, value),
            Some(PendingKey::Text(key)) => {
                let column = self.column.entry(&key, RecordKind::Maps)?;
                let pushed = ElementSerializer::new(column, depth, context).push_item(value);
                pushed.map_err(|error| error.in_field(&key))
            }
            Some(PendingKey::Other) => {
                let maps = self.column.record_to_maps()?;
                ElementSerializer::new(&mut maps.values, depth, context).push_item(value)
            }
            None => Err(Error::new(ErrorKind::Custom, "a map gave a value without a key")),
        }
    }

    fn entry(&mut self, key: &dyn AnyValue, value: &dyn AnyValue) -> Result<()> {
        // The usual case: a string in a record.
        if let Column::Record(_) = self.column
            && self.context.rules.is_uniform()
        {
            let (depth, context) = (self.depth, self.context);
            let mut entry = EntrySink { column: self.column, depth, context, value, is_text: false };
            let written = key.write(ValueSerializer::telling(&mut entry));
            if entry.is_text || !written.as_ref().is_err_and(|error| error.wants(RetryAs::Map)) {
                return written;
            }
        }
        self.key(key)?;
        self.value(value)
    }

    fn end(self: Box<Self>) -> Result<()> {
        self.finish();
        Ok(())
    }
}
