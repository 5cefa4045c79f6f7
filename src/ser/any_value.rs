//! Values of any type, behind a table of functions: what takes them is compiled once, and not for each type.

use std::any::TypeId;

use serde::Serialize;

use super::column::Column;
use super::element::{ElementSerializer, is_complex};
use super::place::ElementContext;
use super::record_packer::{PackBuffer, RecordForm, exact_len};
use super::serializer::ValueSerializer;
use crate::ground::depth::Depth;
use crate::ground::error::Result;
use crate::h5::{LastLook, Reference, Slice};

/// A value of some type.
pub(crate) trait AnyValue {
    /// Serializes it.
    fn write(&self, serializer: ValueSerializer<'_>) -> Result<()>;

    /// Adds it as a row, if it is an element of a sequence; returns whether it is of the form, as [`PackBuffer::put_row`] does.
    fn put_row(&self, _: &RecordForm, _: &mut PackBuffer<'_>) -> bool {
        false
    }

    /// Its type, taken as if it borrowed for ever.
    fn type_of(&self) -> TypeId;
}

/// A value as an [`AnyValue`].
pub(crate) struct Erased<'a, T: ?Sized>(pub(crate) &'a T);

impl<T: ?Sized + Serialize> AnyValue for Erased<'_, T> {
    fn write(&self, serializer: ValueSerializer<'_>) -> Result<()> {
        self.0.serialize(serializer)
    }

    fn type_of(&self) -> TypeId {
        typeid::of::<T>()
    }
}

/// An element of a sequence as an [`AnyValue`], which can be a row. Types of other values are not compiled for that.
pub(super) struct ErasedRow<T>(pub(super) T);

impl<T: Serialize> AnyValue for ErasedRow<T> {
    fn write(&self, serializer: ValueSerializer<'_>) -> Result<()> {
        self.0.serialize(serializer)
    }

    fn put_row(&self, form: &RecordForm, buffer: &mut PackBuffer<'_>) -> bool {
        buffer.put_row(form, &self.0)
    }

    fn type_of(&self) -> TypeId {
        typeid::of::<T>()
    }
}

/// Elements that lie in memory one after the other.
pub(super) enum Contiguous<'a> {
    Numbers(Slice<'a>),
    Strings(&'a [String]),
}

/// All elements of a sequence.
pub(super) trait AnyElements {
    /// What the elements are taken from, if that is a reference. None was asked for before.
    fn source(&self) -> Option<Reference<'_>>;

    /// How many there are, if that is known.
    fn exact_len(&mut self) -> Option<usize>;

    /// The next element.
    fn next(&mut self) -> Option<&dyn AnyValue>;

    /// Pushes the next `most` elements to a column, or fewer, where there are no more or one fails; returns how many.
    fn push_to_column(
        &mut self,
        column: &mut Column,
        depth: Depth,
        context: ElementContext<'_>,
        most: usize,
    ) -> (usize, Result<()>);

    /// Adds the next elements as rows, as far as there are so many and they are of the form; returns how many, and whether
    /// there is [one](AnyElements::refused) that was not added.
    fn put_rows(&mut self, form: &RecordForm, buffer: PackBuffer<'_>, most: usize) -> (usize, bool);

    /// The element that was not added.
    fn refused(&self) -> Option<&dyn AnyValue>;
}

impl dyn AnyElements + '_ {
    /// The elements, if they are of a sort that is taken from where they are.
    pub(super) fn contiguous(&self) -> Option<Contiguous<'_>> {
        let source = self.source()?;
        match source.numbers(&mut LastLook::default()) {
            Some(slice) => Some(Contiguous::Numbers(slice)),
            None => source.strings().map(Contiguous::Strings),
        }
    }
}

/// What an iterator gives as [`AnyElements`].
pub(super) struct ElementsOf<I: IntoIterator> {
    /// What is to be iterated over, until it is.
    source: Option<I>,
    iter: Option<I::IntoIter>,
    current: Option<ErasedRow<I::Item>>,
}

impl<I: IntoIterator> ElementsOf<I> {
    pub(super) fn new(source: I) -> Self {
        Self { source: Some(source), iter: None, current: None }
    }

    fn iter(&mut self) -> Option<&mut I::IntoIter> {
        if let Some(source) = self.source.take() {
            self.iter = Some(source.into_iter());
        }
        self.iter.as_mut()
    }
}

impl<I: IntoIterator<Item: Serialize>> AnyElements for ElementsOf<I> {
    fn source(&self) -> Option<Reference<'_>> {
        Reference::of(self.source.as_ref()?)
    }

    fn exact_len(&mut self) -> Option<usize> {
        exact_len(self.iter()?)
    }

    fn next(&mut self) -> Option<&dyn AnyValue> {
        self.current = self.iter()?.next().map(ErasedRow);
        self.refused()
    }

    fn push_to_column(
        &mut self,
        column: &mut Column,
        depth: Depth,
        context: ElementContext<'_>,
        most: usize,
    ) -> (usize, Result<()>) {
        let Some(iter) = self.iter() else { return (0, Ok(())) };
        for count in 0..most {
            let Some(value) = iter.next() else { return (count, Ok(())) };
            let element = ElementSerializer::new(column, depth, context);
            let pushed = if is_complex::<I::Item>() {
                element.push_complex(&Erased(&value))
            } else {
                value.serialize(ValueSerializer::element(element))
            };
            if let Err(error) = pushed {
                return (count, Err(error));
            }
        }
        (most, Ok(()))
    }

    fn put_rows(&mut self, form: &RecordForm, buffer: PackBuffer<'_>, most: usize) -> (usize, bool) {
        let Some(iter) = self.iter() else { return (0, false) };
        let (mut buffer, mut left) = (buffer.here(), most);
        let refused = loop {
            let Some(value) = iter.next() else { break None };
            if left == 0 || !buffer.put_row(form, &value) {
                break Some(value);
            }
            left -= 1;
        };
        self.current = refused.map(ErasedRow);
        (most - left, self.current.is_some())
    }

    fn refused(&self) -> Option<&dyn AnyValue> {
        self.current.as_ref().map(|value| value as &dyn AnyValue)
    }
}
