//! Matrices of `nalgebra` without a wrapper: a dataset, for those who ask for what a matrix is to serde.
//!
//! That is a tuple: of the elements, column after column, where the size is in the type; otherwise of a sequence of them and of
//! the numbers of rows and columns, of which one that is in the type is a unit.

use super::array_form::Dim;
use super::deserializer::{AskOnce, ValueDeserializer};
use super::elements::Sequence;
use super::marked_dataset::MarkedDataset;
use super::stored::visit_block;
use super::visit::{Answer, Question, Visit};
use crate::de::item::Block;
use crate::ground::depth::Depth;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::{Dataset, Dtype, Items, Shape};
use crate::layout::Kind;
use crate::layout::matrix::{MatrixType, transposed};
use crate::layout::path_rules::RulePosition;
use crate::layout_attributes::LayoutAttributes;

/// What to do about a matrix that is asked for as the tuple that it is to serde, and is stored otherwise.
pub(super) const ADVICE: &str =
    "a matrix that is a dataset is read with `with = \"filebacked::nalgebra\"`, or as an `NaMatrix`";

/// Whether a dataset is such a matrix, and not a list of its elements as they are.
pub(super) fn is_matrix(dataset: &Dataset, matrix: MatrixType) -> Result<bool> {
    let Shape::Simple(dims) = dataset.shape() else { return Ok(false) };
    let is_list = || match (matrix.rows, matrix.columns) {
        // Complex numbers may be pairs.
        (Some(rows), Some(columns)) => matrix.size(dims).is_none() && dims.first() == Some(&((rows * columns) as u64)),
        _ => false,
    };
    let is_such = matches!(dims.len(), 1 | 2)
        && (dims.len() == 2 || !matrix.is_fixed())
        && dataset.dtype().unsupported().is_none()
        && !dataset.dtype().has_addresses()
        && !is_list();
    Ok(is_such && (dataset.is_bare() || dataset.kind()?.is_none_or(Kind::is_array)))
}

/// What a dataset of a kind is to those who ask for anything.
pub(super) fn of_kind(kind: Option<Kind>, dataset: &Dataset) -> Option<MatrixType> {
    match (kind?, dataset.shape()) {
        (Kind::Matrix, Shape::Simple(dims)) => Some(MatrixType { rows: None, columns: (dims.len() == 1).then_some(1) }),
        (Kind::FixedMatrix, Shape::Simple(dims)) => match dims[..] {
            [rows, columns] => Some(MatrixType { rows: Some(rows as usize), columns: Some(columns as usize) }),
            _ => None,
        },
        _ => None,
    }
}

/// Hands a dataset to a visitor in that form.
pub(super) fn visit_dataset(
    dataset: &Dataset,
    matrix: MatrixType,
    rules: &RulePosition,
    depth: Depth,
    visit: &mut dyn Visit,
) -> Result<()> {
    rules.note_leaf();
    let marked = if dataset.is_bare() || dataset.kind()?.is_some() { None } else { MarkedDataset::of(dataset)? };
    let read = match (marked, dataset.shape()) {
        (Some(MarkedDataset::Array { dims, dtype, items }), _) => {
            visit_items(&dims, &dtype, &items, matrix, depth, visit)
        }
        (None, Shape::Simple(dims)) => visit_items(dims, dataset.dtype(), &dataset.read()?, matrix, depth, visit),
        _ => Err(Error::wrong_type("a matrix", dataset.words())),
    };
    read.map_err(|error| error.stored_as(|| dataset.words()))
}

fn visit_items(
    dims: &[u64],
    dtype: &Dtype,
    items: &Items,
    matrix: MatrixType,
    depth: Depth,
    visit: &mut dyn Visit,
) -> Result<()> {
    let Some([rows, columns]) = matrix.size(dims) else {
        return Err(Error::new(ErrorKind::WrongLength, matrix.mismatch(dims)));
    };
    let elements = Items::with_memory(transposed(items.bytes(), dtype.size(), [rows, columns]));
    let count = [rows.saturating_mul(columns)];
    let block = Block::new(&count, dtype, elements.bytes(), &elements)?;
    let depth = depth.in_sequence()?;
    if matrix.is_fixed() {
        return visit_block(block, depth, None, visit);
    }
    let count = |fixed: Option<usize>, count| if fixed.is_some() { Size::InType } else { Size::Count(Dim(count)) };
    visit.seq(&mut Parts {
        elements: Some(Elements { block, depth: depth.in_sequence()? }),
        rows: Some(count(matrix.rows, rows)),
        columns: Some(count(matrix.columns, columns)),
        next: 0,
    })
}

/// The parts of a matrix whose size is not in its type.
struct Parts<'a> {
    elements: Option<Elements<'a>>,
    rows: Option<Size>,
    columns: Option<Size>,
    next: usize,
}

impl Sequence for Parts<'_> {
    fn next(&mut self) -> Result<Option<ValueDeserializer<'_>>> {
        self.next += 1;
        Ok(match self.next {
            1 => Some(ValueDeserializer::Other(&mut self.elements)),
            2 => Some(ValueDeserializer::Other(&mut self.rows)),
            3 => Some(ValueDeserializer::Other(&mut self.columns)),
            _ => None,
        })
    }

    fn located(&self, error: Error) -> Error {
        // The parts are nowhere in the file.
        error
    }

    fn size_hint(&self) -> Option<usize> {
        Some(3_usize.saturating_sub(self.next))
    }
}

/// A number of rows or columns: a unit where the type says it.
enum Size {
    Count(Dim),
    InType,
}

impl AskOnce for Size {
    fn ask_once(self, question: Question, visit: &mut dyn Visit) -> Result<()> {
        match self {
            Self::Count(count) => count.ask_once(question, visit),
            Self::InType => visit.answer(Answer::Unit),
        }
    }
}

/// The elements, column after column.
struct Elements<'a> {
    block: Block<'a>,
    depth: Depth,
}

impl AskOnce for Elements<'_> {
    fn ask_once(self, _: Question, visit: &mut dyn Visit) -> Result<()> {
        visit_block(self.block, self.depth, None, visit)
    }
}
