//! Some elements of a stored sequence that is a part of a value.

use std::ops::Range;

use serde::de::Deserialize;

use super::column::Column;
use super::deserializer::ValueDeserializer;
use super::element::ColumnElement;
use super::source::OpenObject;
use super::stream::column_of;
use super::visit::{Make, made};
use super::visit_limits::Scope;
use crate::ground::depth::Depth;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::stack::with_room;
use crate::layout::path_rules::RulePosition;

/// Elements of a sequence that are read one after the other.
struct RangeElements {
    column: Column,
    depth: Depth,
    left: Range<u64>,
}

impl RangeElements {
    fn read(&mut self, value: &mut dyn Make) -> Result<()> {
        let index = self.left.start;
        self.left.start += 1;
        let element = ColumnElement { column: &mut self.column, index, depth: self.depth };
        let read = value.make(ValueDeserializer::Element(element));
        read.map_err(|error| error.in_element(usize::try_from(index).unwrap_or(usize::MAX)))
    }
}

/// What is open for elements that nest does so as well.
impl Drop for RangeElements {
    fn drop(&mut self) {
        with_room(|| self.column = Column::Units(0));
    }
}

impl OpenObject {
    /// Reads those elements of the sequence that it is which `choose` chooses by its length.
    pub(crate) fn read_range<'de, T: Deserialize<'de>>(
        &self,
        choose: &mut dyn FnMut(u64) -> Result<Range<u64>>,
    ) -> Result<Vec<T>> {
        let Some(mut elements) = self.range(choose)? else { return self.read() };
        let mut list = Vec::new();
        while !elements.left.is_empty() {
            list.push(made(|value| elements.read(value))?);
        }
        Ok(list)
    }

    /// The elements; `None` where that is all of them.
    fn range(&self, choose: &mut dyn FnMut(u64) -> Result<Range<u64>>) -> Result<Option<RangeElements>> {
        if self.selects() {
            let message = "the options `skip` and `only` are not for what is in a list that ranks share";
            return Err(Error::new(ErrorKind::Unsupported, message).advised("leave these fields out of the type"));
        }
        let (object, mut links) = (self.object.again()?, Vec::new());
        let column = column_of(object, Scope::streaming(RulePosition::nowhere()), &mut links)?;
        let len = column.len();
        let left = choose(len)?;
        let elements = RangeElements { column, depth: self.depth.in_sequence()?, left };
        Ok(if elements.left == (0..len) { None } else { Some(elements) })
    }
}
