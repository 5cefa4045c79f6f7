//! Numbers along one dimension of an array whose others are of length 1, where nothing tells a list from a matrix of one row or
//! column. It is the list to who asks for numbers in it, and the matrix to who asks for lists.

use std::cell::Cell;

use serde::de::{DeserializeSeed, SeqAccess, Visitor};

use super::view::{Form, View, check_len, visit_block};
use crate::depth::Depth;
use crate::error::{Error, Result};
use crate::item::Block;
use crate::storage::{Dtype, Items};

/// Whether there is but one dimension of another length than 1, or none.
pub(super) fn is_line(dims: &[u64]) -> bool {
    dims.iter().filter(|dim| **dim != 1).count() <= 1
}

/// Items, and the dimensions of the array that they are, if that is a line.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    pub(super) items: Block<'a>,
    pub(super) dims: &'a [u64],
}

impl<'a> Line<'a> {
    /// The line of all `items`.
    pub(super) fn new(dims: &'a [u64], dtype: &'a Dtype, items: &'a Items) -> Result<Self> {
        let len = items.bytes().len() / dtype.size().max(1);
        Ok(Self { items: Block::with_step(len, &[], dtype, dtype.size(), items.bytes(), items)?, dims })
    }

    /// The form in which it is read.
    pub(super) fn form(self) -> Form<'a> {
        if self.dims.is_empty() { Form::Block(self.items) } else { Form::Line(self) }
    }

    /// Hands the numbers, or the array, to `visitor`: `len` elements, if that is said.
    pub(super) fn visit<'de, V: Visitor<'de>>(self, len: Option<usize>, depth: Depth, visitor: V) -> Result<V::Value> {
        let Self { items, dims } = self;
        let (first, inner) = dims.split_first().unwrap_or((&1, &[]));
        // Of one row, it is the list where as many elements are asked for as that has.
        let is_row = *first == 1 && items.len > 1 && !inner.is_empty();
        let is_matrix = is_row && len == Some(1);
        if !is_matrix {
            check_len(len, items.len as u64)?;
        }
        let depth = depth.in_record()?;
        if inner.is_empty() {
            return visit_block(items, depth, visitor);
        }
        let whole = is_row.then_some(Self { items, dims: inner });
        visitor.visit_seq(LineSeq { rest: items, len: items.len, inner, whole, is_matrix, depth })
    }
}

/// The elements of a line.
struct LineSeq<'a> {
    rest: Block<'a>,
    len: usize,
    /// The dimensions of an element that is asked for as a list.
    inner: &'a [u64],
    /// All of a row, which is its first element if that is asked for as a list, or, if no other can be asked for, in any case.
    whole: Option<Line<'a>>,
    is_matrix: bool,
    depth: Depth,
}

impl<'de> SeqAccess<'de> for LineSeq<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        let Some(part) = self.rest.take_first() else { return Ok(None) };
        let (depth, is_taken) = (self.depth, Cell::new(self.is_matrix));
        let whole = self.whole.take();
        let array = whole.unwrap_or(Line { items: part.alone(), dims: self.inner });
        let form = match part.item() {
            Some(item) if !self.is_matrix => Form::Single { item, array, is_list: false, is_taken: Some(&is_taken) },
            _ => Form::Line(array),
        };
        let result = seed.deserialize(View { form, depth });
        let index = self.len - self.rest.len - 1;
        if is_taken.get() && whole.is_some() {
            self.rest = self.rest.emptied();
        }
        result.map(Some).map_err(|error| error.in_element(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(if self.is_matrix { self.rest.len.min(1) } else { self.rest.len })
    }
}
