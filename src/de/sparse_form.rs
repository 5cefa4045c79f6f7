//! Compressed matrices of `sprs` without a wrapper: a group that holds a matrix, for those who ask for the struct that it is to
//! serde.

use super::array_form::Dim;
use super::deserializer::{AskOnce, ValueDeserializer};
use super::elements::{Map, Variant};
use super::key::Key;
use super::node::Node;
use super::visit::{Answer, Question, Visit};
use super::visit_limits::Scope;
use crate::ground::depth::Depth;
use crate::ground::error::{Error, Result};
use crate::h5::{Attributes, Group};
use crate::layout::sparse::{COLUMNS, COMPRESSED_FIELDS, FORMAT, ROWS, STORAGE, SparseFormat};

/// How a group's matrix is compressed, and its rows and columns, if it has one, and does not say so in children.
pub(super) fn of_group(group: &Group, fields: &[&str]) -> Result<Option<(SparseFormat, [u64; 2])>> {
    if fields != COMPRESSED_FIELDS || group.has_link(STORAGE)? {
        return Ok(None);
    }
    let format = group.text_attribute(FORMAT)?.and_then(|word| SparseFormat::from_word(&word));
    match format {
        Some(format @ (SparseFormat::Csr | SparseFormat::Csc)) => {
            Ok(Some((format, [group.count_of(ROWS)?, group.count_of(COLUMNS)?])))
        }
        _ => Ok(None),
    }
}

/// Hands it to a visitor as that struct.
pub(super) fn visit_group(
    group: &Group,
    scope: &Scope,
    (format, dims): (SparseFormat, [u64; 2]),
    depth: Depth,
    visit: &mut dyn Visit,
) -> Result<()> {
    let depth = depth.in_record()?;
    scope.rules().note_fields(COMPRESSED_FIELDS);
    visit.map(&mut MatrixMap { group, scope, format, dims, depth, next: 0, count: None, word: None, child: None })
}

/// The fields of the struct.
struct MatrixMap<'a> {
    group: &'a Group,
    scope: &'a Scope,
    format: SparseFormat,
    dims: [u64; 2],
    depth: Depth,
    next: usize,
    count: Option<Dim>,
    word: Option<Storage>,
    child: Option<Node>,
}

impl Map for MatrixMap<'_> {
    fn next_key(&mut self) -> Result<Option<ValueDeserializer<'_>>> {
        Ok(COMPRESSED_FIELDS.get(self.next).map(|field| ValueDeserializer::Key(Key(field))))
    }

    fn in_key(&self, error: Error) -> Error {
        error
    }

    fn value(&mut self) -> Result<ValueDeserializer<'_>> {
        self.next += 1;
        Ok(match self.next {
            1 => {
                self.word = Some(Storage(self.format));
                ValueDeserializer::Other(&mut self.word)
            }
            at @ (2 | 3) => {
                self.count = Some(Dim(self.dims[at - 2]));
                ValueDeserializer::Other(&mut self.count)
            }
            at => {
                let name = COMPRESSED_FIELDS[at - 1];
                let scope = self.scope.at(self.scope.rules().field(name));
                self.child = Some(Node::new(self.group, name.to_owned(), false, &scope, self.depth));
                ValueDeserializer::Other(&mut self.child)
            }
        })
    }

    fn in_value(&self, error: Error) -> Error {
        let name = COMPRESSED_FIELDS[self.next - 1];
        if self.next > 3 { error.in_field(name).in_link(name) } else { error.in_field(name) }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(COMPRESSED_FIELDS.len().saturating_sub(self.next))
    }
}

/// How it is compressed, as the enum that `sprs` has for that.
struct Storage(SparseFormat);

impl AskOnce for Storage {
    fn ask_once(self, question: Question, visit: &mut dyn Visit) -> Result<()> {
        let name = if self.0 == SparseFormat::Csc { "CSC" } else { "CSR" };
        match question {
            Question::Enum(..) => visit.answer(Answer::Enum(Variant::unit(name))),
            _ => visit.answer(Answer::Str(name)),
        }
    }
}
