//! Elements of sequences, and parts of items: what is asked for most is read by the shortest way, the rest by way of a
//! [`StoredValue`].

use std::sync::Arc;

use serde::de::Visitor;

use super::access::{BlockSeq, ColumnSeq};
use super::column::{Column, UnionBranch};
use super::deserializer::{AskOnce, ValueDeserializer};
use super::elements::{Elements, Payload, Variant};
use super::row::{CompoundSeq, FoundRecord};
use super::stored::{MANY, StoredForm, StoredValue, check_len, visit_block, visit_grid, visit_range};
use super::times;
use super::visit::{Answer, Question, Visit, take_seq};
use super::visitor_kinds::FieldOrder;
use super::windowed_dataset::WindowedDataset;
use crate::de::item::{Block, Item, ItemPart, NumberBlock};
use crate::ground::depth::Depth;
use crate::ground::error::{Error, Result};
use crate::ground::ledger;
use crate::ground::time::{StoredTimes, is_time};
use crate::h5::{self, Number};
use crate::layout::VALUES;

/// Elements that are found by a short way.
pub(super) struct FastElements<'a> {
    pub(super) elements: Elements<'a>,
    pub(super) place: ElementsLocation<'a>,
}

/// Where they are, for errors.
#[derive(Clone, Copy)]
pub(super) struct ElementsLocation<'a> {
    /// The dataset.
    array: Option<&'a WindowedDataset>,
    /// That is the child `values`.
    in_values: bool,
}

impl<'a> FastElements<'a> {
    /// Elements of which errors say by themselves where they are.
    #[inline]
    fn anywhere(elements: Elements<'a>) -> Self {
        Self { elements, place: ElementsLocation { array: None, in_values: false } }
    }

    /// Those of the child `values`, of which errors say where else they are.
    fn in_values(elements: Elements<'a>) -> Self {
        Self { elements, place: ElementsLocation { array: None, in_values: true } }
    }

    fn of_array(elements: Elements<'a>, array: &'a WindowedDataset, in_values: bool) -> Self {
        Self { elements, place: ElementsLocation { array: Some(array), in_values } }
    }
}

impl FastElements<'_> {
    /// Hands them to a visitor.
    pub(super) fn hand<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let Self { elements, place } = self;
        match take_seq(visitor, elements) {
            Ok(value) => Ok(value),
            Err(error) => Err(place.located(error)),
        }
    }
}

impl ElementsLocation<'_> {
    #[cold]
    pub(super) fn located(&self, error: Error) -> Error {
        let error = match self.array {
            Some(array) => error.stored_as(|| array.words()),
            None => error,
        };
        if self.in_values { error.in_link(VALUES) } else { error }
    }
}

/// An element of a sequence, which is looked at when it is asked for.
pub(crate) struct ColumnElement<'a> {
    pub(super) column: &'a mut Column,
    pub(super) index: u64,
    pub(super) depth: Depth,
}

/// The short ways, which are not for levels that look whether there is stack enough.
impl<'a> ColumnElement<'a> {
    /// The number that it is, if it is one of that very type.
    // By itself, or its code is part of each user's type.
    #[inline(never)]
    pub(super) fn number<T: h5::Element>(&mut self) -> Result<Option<T>> {
        match self.column {
            Column::Array(array) if array.dims().len() == 1 => array.number(self.index),
            _ => Ok(None),
        }
    }

    /// Whether it is a string.
    #[inline]
    pub(super) fn is_text(&self) -> bool {
        matches!(&*self.column, Column::Array(array) if array.dims().len() == 1 && array.is_strings())
    }

    /// Its text.
    pub(super) fn text(self) -> Result<&'a str> {
        match self.column {
            Column::Array(array) => array.text(self.index),
            _ => Err(asked_for_another()),
        }
    }

    /// The same as the fields of a variant, not as a struct or tuple in it.
    #[inline]
    pub(super) fn into_fields(self) -> Self {
        Self { depth: self.depth.of_fields(), ..self }
    }

    /// Whether it is a variant of those that are known by tags.
    #[inline]
    pub(super) fn is_variant(&self) -> bool {
        matches!(&*self.column, Column::Variants(_)) && !self.depth.may_be_short()
    }

    /// That variant.
    pub(super) fn variant(self) -> Result<Variant<'a>> {
        let Column::Variants(parted) = self.column else { return Err(asked_for_another()) };
        let (UnionBranch { name, link, column, .. }, index) = parted.part(self.index)?;
        Ok(match column {
            Some(column) => {
                let payload = ColumnElement { column, index, depth: self.depth.in_record()? };
                Variant::new(name, link, Payload::Element(payload))
            }
            None => Variant::unit(name),
        })
    }

    /// The numbers of one type that it is, or arrays of as many, if they are few and fit a window.
    pub(super) fn few_numbers(&mut self) -> Result<Option<NumberBlock<'_>>> {
        if self.depth.may_be_short() {
            return Ok(None);
        }
        match self.column {
            Column::Array(array)
                if matches!(array.dims(), [_, len] | [_, len, _] if *len < MANY as u64)
                    && array.number_type().is_some()
                    && array.fits(array.stride(0)) =>
            {
                self.depth.in_record()?;
                let located = |error: Error, array: &WindowedDataset| error.stored_as(|| array.words());
                if let Err(error) = array.load_row(self.index) {
                    return Err(located(error, array));
                }
                let row = array.row_at(self.index).map_err(|error| located(error, array))?;
                Ok(row.all_numbers())
            }
            Column::Ragged { offsets, values } => {
                let Column::Array(array) = &mut **values else { return Ok(None) };
                if array.number_type().is_none() || array.stride(0) == 0 {
                    return Ok(None);
                }
                let (start, end) = offsets.get(self.index)?;
                if end - start >= MANY as u64 || !array.fits((end - start).saturating_mul(array.stride(0))) {
                    return Ok(None);
                }
                self.depth.in_record().map_err(Self::in_values)?;
                let located = |error: Error, array: &WindowedDataset| error.stored_as(|| array.words()).in_link(VALUES);
                if let Err(error) = array.load_list(start, end) {
                    return Err(located(error, array));
                }
                let list = array.list_at(start, end).map_err(|error| located(error, array))?;
                Ok(list.all_numbers())
            }
            _ => Ok(None),
        }
    }

    /// Whether it is an option of those that are known by a mask.
    #[inline]
    pub(super) fn is_optional(&self) -> bool {
        matches!(self.column, Column::Nullable { units: false, .. }) && !self.depth.may_be_short()
    }

    /// What is in such an option.
    #[inline]
    pub(super) fn option(self) -> Result<Option<Self>> {
        match self.column {
            Column::Nullable { mask, values, .. } => {
                if mask.get(self.index)? {
                    return Ok(None);
                }
                Ok(Some(Self { column: values, index: self.index, depth: self.depth.in_sequence()? }))
            }
            _ => Err(asked_for_another()),
        }
    }

    #[cold]
    pub(super) fn in_values(error: Error) -> Error {
        error.in_link(VALUES)
    }

    /// The elements that it is, if they are columns, or in memory: `len`, if that is said, or else but few.
    pub(super) fn list(mut self, len: Option<usize>) -> Result<Result<FastElements<'a>, Self>> {
        let Some((start, end)) = self.short_range(len)? else { return Ok(Err(self)) };
        let Self { column, index, depth } = self;
        match column {
            Column::Array(array) => {
                let (inner, loaded) = (depth.in_record()?, array.load_row(index));
                let array: &'a WindowedDataset = array;
                let located = |error: Error| error.stored_as(|| array.words());
                let row = loaded.and_then(|()| array.row_at(index)).map_err(located)?;
                check_len(len, row.len as u64).map_err(located)?;
                let elements = Elements::Block(BlockSeq::new(row, inner, Some(array.order())));
                Ok(Ok(FastElements::of_array(elements, array, false)))
            }
            Column::Ragged { values, .. } => {
                check_len(len, end - start)?;
                let array = match &mut **values {
                    Column::Array(array) => array,
                    column => {
                        let inner = depth.in_sequence().map_err(Self::in_values)?;
                        return Ok(Ok(FastElements::in_values(Elements::Column(ColumnSeq::new(
                            column, start, end, inner,
                        )))));
                    }
                };
                let inner = depth.in_record().map_err(Self::in_values)?;
                let loaded = array.load_list(start, end);
                let array: &'a WindowedDataset = array;
                let located = |error: Error| error.stored_as(|| array.words()).in_link(VALUES);
                let list = loaded.and_then(|()| array.list_at(start, end)).map_err(located)?;
                Ok(Ok(FastElements::of_array(Elements::Block(BlockSeq::new(list, inner, None)), array, true)))
            }
            column => Ok(Err(Self { column, index, depth })),
        }
    }

    /// Where the elements are that it is, if they are columns, or numbers that are few, or asked for one by one, and fit a window.
    fn short_range(&mut self, len: Option<usize>) -> Result<Option<(u64, u64)>> {
        if self.depth.may_be_short() {
            return Ok(None);
        }
        let is_short = |count: u64| len.is_some() || count < MANY as u64;
        match self.column {
            Column::Array(array) if array.dims().len() > 1 && array.fits(array.stride(0)) => {
                let is_short = is_short(array.dims()[1]) && array.units_of_times()?.is_none();
                Ok(is_short.then_some((0, 0)))
            }
            Column::Ragged { offsets, values } => match &mut **values {
                Column::Array(array) if array.number_type().is_some() && array.stride(0) > 0 => {
                    let (start, end) = offsets.get(self.index)?;
                    let fits = array.fits((end - start).saturating_mul(array.stride(0)));
                    let is_short = fits && is_short(end - start) && array.units_of_times()?.is_none();
                    Ok(is_short.then_some((start, end)))
                }
                values if values.is_dataset() => Ok(None),
                _ => offsets.get(self.index).map(Some),
            },
            _ => Ok(None),
        }
    }

    /// The fields of a struct that are stored in the order in which a visitor of that name asks for them.
    pub(super) fn in_order(
        &mut self,
        fields: &'static [&'static str],
        visitor: &'static str,
    ) -> Result<Option<Elements<'_>>> {
        if self.depth.may_be_short() { Ok(None) } else { self.ordered(fields, visitor) }
    }

    /// The same where there is stack enough.
    fn ordered(&mut self, fields: &'static [&'static str], visitor: &'static str) -> Result<Option<Elements<'_>>> {
        let (index, depth) = (self.index, self.depth);
        match self.column {
            Column::Records(records) if records.keep_order(fields, visitor) => {
                Ok(Some(Elements::Record(records.in_order(index, depth.in_record()?))))
            }
            Column::Array(array) if array.dims().len() == 1 && array.keeps_order(fields, visitor) => {
                let (inner, loaded) = (depth.in_record()?, array.load_item(index));
                let array: &WindowedDataset = array;
                loaded.map_err(|error| error.stored_as(|| array.words()))?;
                let (dtype, bytes, items) = array.item_at(index);
                let record = Item { dtype, bytes, items }.record().ok_or_else(|| Error::corrupt("no record"))?;
                Ok(Some(Elements::Fields(CompoundSeq::of_struct(record, inner, array.order()))))
            }
            _ => Ok(None),
        }
    }

    /// Says of an error in such fields what is stored.
    #[cold]
    pub(super) fn located(&self, error: Error) -> Error {
        match &self.column {
            Column::Array(array) => error.stored_as(|| array.words()),
            _ => error,
        }
    }
}

impl<'a> ColumnElement<'a> {
    /// Asks what is there.
    fn look(self, question: Question, visit: &mut dyn Visit) -> Result<()> {
        let view = self.column.view(self.index, self.depth);
        let result = view.and_then(|view| self.depth.with_stack(|| view.ask_once(question, visit)));
        result.map_err(|error| match self.column.words() {
            Some(words) => error.stored_as(|| words),
            None => error,
        })
    }

    fn sequence(self, len: Option<usize>, question: Question, visit: &mut dyn Visit) -> Result<()> {
        let Self { column, index, depth } = self;
        match column {
            Column::Array(array) if array.dims().len() > 1 && array.fits(array.stride(0)) => {
                let inner = depth.in_record()?;
                let times = array.units_of_times()?;
                let row = array.load_row(index).and_then(|()| {
                    let row = array.row_at(index)?;
                    check_len(len, row.len as u64)?;
                    StoredTimes::of_elements(times, || visit_row(row, len, inner, Some(array.order()), visit))
                });
                row.map_err(|error| error.stored_as(|| array.words()))
            }
            Column::Ragged { offsets, values } => {
                let (start, end) = offsets.get(index)?;
                check_len(len, end - start)?;
                let list = depth.with_stack(|| visit_range(values, start, end, depth, visit));
                list.map_err(|error| error.in_link(VALUES))
            }
            column => ColumnElement { column, index, depth }.look(question, visit),
        }
    }

    fn structure(mut self, fields: &'static [&'static str], question: Question, visit: &mut dyn Visit) -> Result<()> {
        let depth = self.depth;
        if let Some(elements) = self.ordered(fields, visit.look().visitor)? {
            let read = depth.with_stack(|| visit.answer(Answer::Seq(elements)));
            return read.map_err(|error| self.located(error));
        }
        if let Column::Records(records) = &*self.column {
            records.rules.note_fields(fields);
        }
        self.look(question, visit)
    }

    fn enumeration(self, name: &'static str, question: Question, visit: &mut dyn Visit) -> Result<()> {
        let Self { column, index, depth } = self;
        if !matches!(column, Column::Variants(_)) {
            return ColumnElement { column, index, depth }.look(question, visit);
        }
        let variant = ColumnElement { column: &mut *column, index, depth }.variant()?;
        let read = depth.with_stack(|| visit.answer(Answer::Enum(variant)));
        read.map_err(|error| column.in_variant(error, name))
    }

    fn optional(self, visit: &mut dyn Visit) -> Result<()> {
        let depth = self.depth;
        if !matches!(self.column, Column::Nullable { units: false, .. }) {
            return self.look(Question::Option, visit);
        }
        match self.option()? {
            None => visit.answer(Answer::None),
            Some(inner) => {
                let inner = Answer::Some(ValueDeserializer::Element(inner));
                depth.with_stack(|| visit.answer(inner)).map_err(Self::in_values)
            }
        }
    }

    /// A time, or a list of them.
    fn times(self, question: Question, visit: &mut dyn Visit) -> Result<()> {
        let Some(times) = times::of_column(self.column)? else { return self.look(question, visit) };
        let Self { column, index, depth } = self;
        times.during(|| {
            visit.answer(Answer::Newtype(ValueDeserializer::Element(ColumnElement { column, index, depth })))
        })
    }

    fn string(self, visit: &mut dyn Visit) -> Result<()> {
        if self.is_text() { visit.answer(Answer::Str(self.text()?)) } else { self.look(Question::Str, visit) }
    }
}

impl AskOnce for ColumnElement<'_> {
    fn ask_once(self, question: Question, visit: &mut dyn Visit) -> Result<()> {
        match question {
            Question::Seq => self.sequence(None, question, visit),
            Question::Tuple(len) => self.sequence(Some(len), question, visit),
            Question::Struct(_, fields) => self.structure(fields, question, visit),
            Question::Option => self.optional(visit),
            Question::Enum(name, _) => self.enumeration(name, question, visit),
            Question::Str | Question::String => self.string(visit),
            Question::Newtype(name) if is_time(name) => self.times(question, visit),
            _ => self.look(question, visit),
        }
    }

    fn as_fields(&mut self) {
        self.depth = self.depth.of_fields();
    }
}

#[cold]
fn asked_for_another() -> Error {
    Error::corrupt("a value was asked for what it is not")
}

/// An element of a part of a dataset.
pub(super) struct GridElement<'a> {
    pub(super) array: &'a mut WindowedDataset,
    pub(super) level: usize,
    pub(super) start: u64,
    pub(super) depth: Depth,
}

impl GridElement<'_> {
    fn view(&mut self) -> Result<StoredValue<'_>> {
        let form = if self.level == self.array.dims().len() {
            let (dtype, bytes, items) = self.array.item(self.start)?;
            StoredForm::of_item(Item { dtype, bytes, items }, self.depth)?
        } else {
            StoredForm::Grid { array: self.array, level: self.level, start: self.start }
        };
        Ok(StoredValue { form, depth: self.depth })
    }
}

impl AskOnce for GridElement<'_> {
    fn ask_once(mut self, question: Question, visit: &mut dyn Visit) -> Result<()> {
        if let Question::Newtype(name) = question
            && is_time(name)
        {
            return self.array.times()?.during(|| visit.newtype(&mut Some(self)));
        }
        if let Question::Seq = question
            && self.level < self.array.dims().len()
        {
            return visit_grid(self.array, self.level, self.start, self.depth, visit);
        }
        self.view()?.ask_once(question, visit)
    }
}

/// A part of an item: a field of a compound, or an element of an array within it; or an element of a dataset.
#[derive(Clone, Copy)]
pub(crate) struct PartOfItem<'a> {
    pub(super) part: ItemPart<'a>,
    pub(super) depth: Depth,
    /// Which structs the records that are in it are read as in their order, if that is kept somewhere.
    pub(super) order: Option<&'a FieldOrder>,
}

impl<'a> PartOfItem<'a> {
    fn view(self) -> Result<StoredValue<'a>> {
        let form = match (self.part.item(), self.part.block()) {
            (None, Some(block)) => StoredForm::Block(block?),
            (Some(item), _) => StoredForm::of_item(item, self.depth)?,
            (None, None) => return Err(Error::corrupt("an array without dimensions")),
        };
        Ok(StoredValue { form, depth: self.depth })
    }

    /// The type and bytes of the numbers that it is, if they are `len`, and may be here.
    #[inline]
    pub(super) fn numbers(&self, len: usize) -> Option<(Number, &'a [u8])> {
        let (number, width, bytes) = self.part.numbers()?;
        (width == len as u64 && self.depth.in_record().is_ok()).then_some((number, bytes))
    }

    /// The numbers of one type that it is, if it is a row of them.
    #[inline]
    pub(super) fn few_numbers(&self) -> Option<NumberBlock<'a>> {
        let (number, _, bytes) = self.part.numbers()?;
        self.depth.in_record().is_ok().then_some(NumberBlock { number, width: None, bytes })
    }

    /// The elements that it is, if it is an array or a tuple: `len`, if that is said, or else but few.
    pub(super) fn list(self, len: Option<usize>) -> Result<Result<FastElements<'a>, Self>> {
        let Some(block) = self.part.block() else { return self.tuple(len) };
        let block = block?;
        if len.is_none() && block.len >= MANY {
            return Ok(Err(self));
        }
        check_len(len, block.len as u64)?;
        let elements = BlockSeq::new(block, self.depth.in_record()?, self.order);
        Ok(Ok(FastElements::anywhere(Elements::Block(elements))))
    }

    /// The fields of a record as a sequence.
    fn tuple(self, len: Option<usize>) -> Result<Result<FastElements<'a>, Self>> {
        let Some(record) = self.part.item().and_then(Item::record) else { return Ok(Err(self)) };
        if self.depth.may_be_short() {
            return Ok(Err(self));
        }
        check_len(len, record.fields.len() as u64)?;
        if len.is_none() {
            // A list of them is no record any more, whatever it becomes.
            ledger::handed(record.fields.len() as u64)?;
        }
        let fields = CompoundSeq::new(record, self.depth.in_record()?, self.order);
        Ok(Ok(FastElements::anywhere(Elements::Fields(fields))))
    }

    /// The record that it is, if it is one.
    pub(super) fn record(&self) -> Option<FoundRecord<'a>> {
        FoundRecord::of(self.part.item()?, self.depth, self.order)
    }

    /// Whether it is a string.
    #[inline]
    pub(super) fn is_text(&self) -> bool {
        self.part.item().is_some_and(Item::is_text)
    }

    /// The text that it is, if it is a string.
    pub(super) fn text(&self) -> Result<Option<&'a str>> {
        self.part.item().map_or(Ok(None), Item::text)
    }

    fn sequence(self, len: Option<usize>, question: Question, visit: &mut dyn Visit) -> Result<()> {
        match self.part.block() {
            Some(block) => {
                let block = block?;
                check_len(len, block.len as u64)?;
                visit_row(block, len, self.depth.in_record()?, self.order, visit)
            }
            None => self.look(question, visit),
        }
    }

    /// Asks what is there.
    fn look(self, question: Question, visit: &mut dyn Visit) -> Result<()> {
        self.view().and_then(|view| self.depth.with_stack(|| view.ask_once(question, visit)))
    }
}

impl AskOnce for PartOfItem<'_> {
    fn ask_once(self, question: Question, visit: &mut dyn Visit) -> Result<()> {
        match question {
            Question::Seq => self.sequence(None, question, visit),
            Question::Tuple(len) => self.sequence(Some(len), question, visit),
            Question::Str | Question::String => match self.text()? {
                Some(text) => visit.answer(Answer::Str(text)),
                None => self.look(question, visit),
            },
            Question::Newtype(name) if is_time(name) => {
                match times::of_numpy(self.part.dtype()).map(Arc::new).or_else(StoredTimes::of_element) {
                    Some(times) => times.during(|| visit.answer(Answer::Newtype(ValueDeserializer::Part(self)))),
                    None => self.look(question, visit),
                }
            }
            _ => self.look(question, visit),
        }
    }

    fn as_fields(&mut self) {
        self.depth = self.depth.of_fields();
    }
}

/// Hands the elements of an array to a visitor, which asks for `len` if it asks for a tuple.
fn visit_row(
    block: Block<'_>,
    len: Option<usize>,
    depth: Depth,
    order: Option<&FieldOrder>,
    visit: &mut dyn Visit,
) -> Result<()> {
    match len {
        Some(_) => visit.answer(Answer::Seq(Elements::Block(BlockSeq::new(block, depth, order)))),
        None => visit_block(block, depth, order, visit),
    }
}
