//! Numbers along one dimension of an array whose others are of length 1, where nothing tells a list from a matrix of one row or
//! column. It is the list to who asks for numbers in it, and the matrix to who asks for lists.

use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};

use super::element::PartOfItem;
use super::forward_all;
use super::view::{Form, View, check_len, visit_block};
use crate::depth::Depth;
use crate::error::{Error, Result};
use crate::item::{Block, Part};
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
        let Some((first, inner)) = dims.split_first() else {
            check_len(len, items.len as u64)?;
            return visit_block(items, depth.in_record()?, visitor);
        };
        let whole = Self { items, dims: inner };
        // Of one row, it is the list where as many elements are asked for as that has.
        let is_row = *first == 1 && items.len > 1;
        let (is_list, is_nested) = match len {
            Some(1) if is_row => (false, true),
            Some(_) => (true, false),
            None => (true, is_row),
        };
        if is_list {
            check_len(len, items.len as u64)?;
        }
        if inner.is_empty() {
            return visit_block(items, depth.in_record()?, visitor);
        }
        visitor.visit_seq(LineSeq { rest: items, len: items.len, whole, is_list, is_nested, depth: depth.in_record()? })
    }
}

/// The elements of a line.
struct LineSeq<'a> {
    rest: Block<'a>,
    len: usize,
    /// All of it, as the only element.
    whole: Line<'a>,
    /// Numbers can be asked for.
    is_list: bool,
    /// The first list that is asked for is all of it.
    is_nested: bool,
    depth: Depth,
}

impl<'de> SeqAccess<'de> for LineSeq<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        let is_first = self.rest.len == self.len;
        let Some(part) = self.rest.take_first() else { return Ok(None) };
        let mut is_taken = !self.is_list;
        let list = if self.is_nested && is_first { self.whole } else { Line { items: part.alone(), ..self.whole } };
        let element =
            LineElement { number: self.is_list.then_some(part), list, is_taken: &mut is_taken, depth: self.depth };
        let result = seed.deserialize(element);
        let index = self.len - self.rest.len - 1;
        if is_taken && self.is_nested && is_first {
            self.rest = self.rest.emptied();
        }
        result.map(Some).map_err(|error| error.in_element(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(if self.is_list { self.rest.len } else { 1.min(self.rest.len) })
    }
}

/// An element of a line: a number, or a list, as is asked for.
struct LineElement<'a> {
    /// The number, if one can be asked for.
    number: Option<Part<'a>>,
    list: Line<'a>,
    /// Whether the list was asked for.
    is_taken: &'a mut bool,
    depth: Depth,
}

impl LineElement<'_> {
    fn list<'de, V: Visitor<'de>>(self, len: Option<usize>, visitor: V) -> Result<V::Value> {
        *self.is_taken = true;
        self.list.visit(len, self.depth, visitor)
    }
}

macro_rules! ask {
    (deserialize_seq()) => {
        fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            self.list(None, visitor)
        }
    };
    (deserialize_tuple(len: usize)) => {
        fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
            self.list(Some(len), visitor)
        }
    };
    (deserialize_tuple_struct(name: &'static str, len: usize)) => {
        fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, len: usize, visitor: V) -> Result<V::Value> {
            self.list(Some(len), visitor)
        }
    };
    (deserialize_option()) => {
        fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            let depth = self.depth.in_sequence()?;
            visitor.visit_some(Self { depth, ..self })
        }
    };
    (deserialize_newtype_struct(name: &'static str)) => {
        fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
            visitor.visit_newtype_struct(self)
        }
    };
    // Arrays in wrappers, which are read as other formats have them.
    (deserialize_struct(name: &'static str, fields: &'static [&'static str])) => {
        fn deserialize_struct<V: Visitor<'de>>(
            self,
            name: &'static str,
            fields: &'static [&'static str],
            visitor: V,
        ) -> Result<V::Value> {
            *self.is_taken = true;
            View { form: Form::Line(self.list), depth: self.depth }.deserialize_struct(name, fields, visitor)
        }
    };
    ($method:ident($($name:ident: $type:ty),*)) => {
        fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value> {
            match self.number {
                Some(part) => PartOfItem { part, depth: self.depth }.$method($($name,)* visitor),
                None => View { form: Form::Line(self.list), depth: self.depth }.$method($($name,)* visitor),
            }
        }
    };
}

impl<'de> Deserializer<'de> for LineElement<'_> {
    type Error = Error;

    forward_all!(ask);

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }
}
