//! Numbers along one dimension of an array whose others are of length 1, where nothing tells a list from a matrix of one row or
//! column. It is the list to who asks for numbers in it, and the matrix to who asks for lists.

use std::cell::Cell;

use super::deserializer::{Ask, AskOnce, ValueDeserializer};
use super::elements::Sequence;
use super::stored::{StoredForm, StoredValue, check_len, visit_block};
use super::visit::{Question, Visit};
use crate::de::item::{Block, ItemPart};
use crate::ground::depth::Depth;
use crate::ground::error::{Error, Result};
use crate::h5::{Dtype, Items};

/// Whether there is but one dimension of another length than 1, or none.
pub(super) fn is_vector(dims: &[u64]) -> bool {
    dims.iter().filter(|dim| **dim != 1).count() <= 1
}

/// Items, and the dimensions of the array that they are, if that is a line.
#[derive(Clone, Copy)]
pub(super) struct MatlabVector<'a> {
    pub(super) items: Block<'a>,
    pub(super) dims: &'a [u64],
}

impl<'a> MatlabVector<'a> {
    /// The line of all `items`.
    pub(super) fn new(dims: &'a [u64], dtype: &'a Dtype, items: &'a Items) -> Result<Self> {
        let len = items.bytes().len() / dtype.size().max(1);
        Ok(Self { items: Block::with_step(len, &[], dtype, dtype.size(), items.bytes(), items)?, dims })
    }

    /// The form in which it is read.
    pub(super) fn form(self) -> StoredForm<'a> {
        if self.dims.is_empty() { StoredForm::Block(self.items) } else { StoredForm::Line(self) }
    }

    /// Hands the numbers, or the array, to a visitor: `len` elements, if that is said.
    pub(super) fn visit(self, len: Option<usize>, depth: Depth, visit: &mut dyn Visit) -> Result<()> {
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
            return visit_block(items, depth, None, visit);
        }
        let whole = is_row.then_some(Self { items, dims: inner });
        let (len, current, is_over) = (items.len, None, false);
        visit.seq(&mut MatlabVectorSeq { rest: items, len, inner, whole, current, is_over, is_matrix, depth })
    }
}

/// The elements of a line.
struct MatlabVectorSeq<'a> {
    rest: Block<'a>,
    len: usize,
    /// The dimensions of an element that is asked for as a list.
    inner: &'a [u64],
    /// All of a row, which is its first element if that is asked for as a list, or, if no other can be asked for, in any case.
    whole: Option<MatlabVector<'a>>,
    /// The element that was given out last, the array that it may be, and whether that is the whole row.
    current: Option<(ItemPart<'a>, MatlabVector<'a>, bool)>,
    /// Whether the element that was given out last was asked for as the whole row.
    is_over: bool,
    is_matrix: bool,
    depth: Depth,
}

impl Sequence for MatlabVectorSeq<'_> {
    fn next(&mut self) -> Result<Option<ValueDeserializer<'_>>> {
        if self.is_over {
            return Ok(None);
        }
        let Some(part) = self.rest.take_first() else { return Ok(None) };
        let whole = self.whole.take();
        let array = whole.unwrap_or(MatlabVector { items: part.alone(), dims: self.inner });
        self.is_over = self.is_matrix && whole.is_some();
        self.current = Some((part, array, whole.is_some()));
        Ok(Some(ValueDeserializer::Other(self)))
    }

    fn located(&self, error: Error) -> Error {
        error.in_element((self.len - self.rest.len).saturating_sub(1))
    }

    fn size_hint(&self) -> Option<usize> {
        let left = if self.is_over { 0 } else { self.rest.len };
        Some(if self.is_matrix { left.min(1) } else { left })
    }
}

/// The element that was given out last.
impl Ask for MatlabVectorSeq<'_> {
    fn ask(&mut self, question: Question, visit: &mut dyn Visit) -> Result<()> {
        let Some((part, array, is_whole)) = self.current.take() else {
            return Err(Error::corrupt("a value was asked for twice"));
        };
        let is_taken = Cell::new(self.is_matrix);
        let form = match part.item() {
            Some(item) if !self.is_matrix => {
                StoredForm::Single { item, array, is_list: false, is_taken: Some(&is_taken) }
            }
            _ => StoredForm::Line(array),
        };
        let read = StoredValue { form, depth: self.depth }.ask_once(question, visit);
        self.is_over = is_taken.get() && is_whole;
        read
    }
}
