//! Arrays of `ndarray` without a wrapper: a dataset, for those who ask for serde's own form of them, a struct of `v`, `dim` and
//! `data`.

use super::access::hint;
use super::column::Column;
use super::deserializer::{AskOnce, ValueDeserializer};
use super::element::PartOfItem;
use super::elements::{Map, Sequence};
use super::key::Key;
use super::marked_dataset::MarkedDataset;
use super::stored::visit_block;
use super::visit::{Answer, Question, Visit};
use super::visitor_kinds::vector_of;
use super::windowed_dataset::WindowedDataset;
use crate::de::item::{Block, Item, ItemPart};
use crate::ground::depth::Depth;
use crate::ground::error::{Error, Result};
use crate::h5::{Contents, Dataset, Dtype, Items, Shape};
use crate::layout::path_rules::RulePosition;
use crate::layout::{ARRAY, ARRAY_FIELDS, ARRAY_V, ARRAY_VERSION, Kind};
use crate::layout_attributes::LayoutAttributes;

/// Whether a dataset is handed out in that form to who asks so.
pub(super) fn is_asked_for(dataset: &Dataset, question: Question) -> Result<bool> {
    let kind = || if dataset.is_bare() { Ok(None) } else { dataset.kind() };
    Ok(match question {
        Question::Struct(ARRAY, fields) => is_form(fields) && is_array(dataset) && kind()?.is_none_or(Kind::is_array),
        Question::Any => kind()? == Some(Kind::Array),
        _ => false,
    })
}

/// Whether these are, or begin with, the fields of that form.
pub(super) fn is_form(fields: &[&str]) -> bool {
    fields.starts_with(ARRAY_FIELDS)
}

/// Whether a dataset can be an array: it has elements that are read, and is no record.
fn is_array(dataset: &Dataset) -> bool {
    let is_record = matches!((dataset.shape(), dataset.dtype()), (Shape::Scalar, Dtype::Compound(fields))
        if fields.iter().any(|field| field.name == ARRAY_V));
    *dataset.shape() != Shape::Null && !is_record && dataset.dtype().unsupported().is_none()
}

/// Hands a dataset to a visitor in that form.
pub(super) fn visit_dataset(dataset: Dataset, rules: &RulePosition, depth: Depth, visit: &mut dyn Visit) -> Result<()> {
    rules.note_leaf();
    let words = dataset.words();
    let read = visit_elements(dataset, rules, depth, visit, &words);
    read.map_err(|error| error.stored_as(|| words).of_type(ARRAY))
}

fn visit_elements(
    dataset: Dataset,
    rules: &RulePosition,
    depth: Depth,
    visit: &mut dyn Visit,
    words: &str,
) -> Result<()> {
    let marked = if dataset.is_bare() || dataset.kind()?.is_some() { None } else { MarkedDataset::of(&dataset)? };
    if let Some(MarkedDataset::Array { dims, dtype, items }) = &marked {
        return visit_items(dims, dtype, items, depth, visit, words);
    }
    match dataset.shape() {
        Shape::Scalar => {
            let items = dataset.read()?;
            visit_items(&[], dataset.dtype(), &items, depth, visit, words)
        }
        _ => match Column::of_dataset(dataset, rules.element())? {
            Column::Array(mut array) => {
                let dims = array.dims().to_vec();
                visit_form(&dims, Elements::Stored(&mut array), depth, visit, words)
            }
            _ => Err(Error::wrong_type("an array", words)),
        },
    }
}

/// The same of an attribute.
pub(super) fn visit_attribute(contents: &Contents, depth: Depth, visit: &mut dyn Visit) -> Result<()> {
    let Contents { shape, dtype, items } = contents;
    let dims = match shape {
        Shape::Simple(dims) => &dims[..],
        _ => &[],
    };
    let words = contents.words();
    visit_items(dims, dtype, items, depth, visit, &words)
        .map_err(|error| error.stored_as(|| words.clone()).of_type(ARRAY))
}

/// The same of items in memory.
fn visit_items(
    dims: &[u64],
    dtype: &Dtype,
    items: &Items,
    depth: Depth,
    visit: &mut dyn Visit,
    words: &str,
) -> Result<()> {
    let count = [dims.iter().fold(1, |count: u64, dim| count.saturating_mul(*dim))];
    let block = Block::new(&count, dtype, items.bytes(), items)?;
    visit_form(dims, Elements::Loaded(block), depth, visit, words)
}

fn visit_form(dims: &[u64], data: Elements<'_>, depth: Depth, visit: &mut dyn Visit, words: &str) -> Result<()> {
    let depth = depth.in_record()?;
    visit.map(&mut FormMap { dims, data: Some(data), depth, words, next: 0, version: None, list: None, elements: None })
}

/// All elements of an array, with the last dimension fastest.
enum Elements<'a> {
    Stored(&'a mut WindowedDataset),
    Loaded(Block<'a>),
}

/// The fields of the form.
struct FormMap<'a> {
    dims: &'a [u64],
    data: Option<Elements<'a>>,
    depth: Depth,
    /// What is stored, for errors.
    words: &'a str,
    next: usize,
    version: Option<u8>,
    list: Option<DimList<'a>>,
    elements: Option<AllElements<'a>>,
}

impl Map for FormMap<'_> {
    fn next_key(&mut self) -> Result<Option<ValueDeserializer<'_>>> {
        Ok(ARRAY_FIELDS.get(self.next).map(|field| ValueDeserializer::Key(Key(field))))
    }

    fn in_key(&self, error: Error) -> Error {
        error
    }

    fn value(&mut self) -> Result<ValueDeserializer<'_>> {
        self.next += 1;
        Ok(match self.next {
            1 => {
                self.version = Some(ARRAY_VERSION);
                ValueDeserializer::Other(&mut self.version)
            }
            2 => {
                self.list = Some(DimList { dims: self.dims, words: self.words });
                ValueDeserializer::Other(&mut self.list)
            }
            _ => {
                self.elements = self.data.take().map(|data| AllElements { data, depth: self.depth });
                ValueDeserializer::Other(&mut self.elements)
            }
        })
    }

    fn in_value(&self, error: Error) -> Error {
        // The fields are nowhere in the file.
        error
    }

    fn size_hint(&self) -> Option<usize> {
        Some(ARRAY_FIELDS.len().saturating_sub(self.next))
    }
}

/// The dimensions: a tuple of them, where their number is in the type that asks.
struct DimList<'a> {
    dims: &'a [u64],
    words: &'a str,
}

impl AskOnce for DimList<'_> {
    fn ask_once(self, question: Question, visit: &mut dyn Visit) -> Result<()> {
        match question {
            Question::Tuple(wanted) if wanted != self.dims.len() => {
                let dimensions = if wanted == 1 { "dimension" } else { "dimensions" };
                Err(Error::wrong_type(format!("an array with {wanted} {dimensions}"), self.words))
            }
            _ => visit.seq(&mut DimSeq { rest: self.dims.iter(), last: None }),
        }
    }
}

struct DimSeq<'a> {
    rest: std::slice::Iter<'a, u64>,
    last: Option<Dim>,
}

/// One dimension, whatever is asked for.
pub(super) struct Dim(pub(super) u64);

impl AskOnce for Dim {
    fn ask_once(self, _: Question, visit: &mut dyn Visit) -> Result<()> {
        visit.answer(Answer::U64(self.0))
    }
}

impl Sequence for DimSeq<'_> {
    fn next(&mut self) -> Result<Option<ValueDeserializer<'_>>> {
        self.last = self.rest.next().map(|dim| Dim(*dim));
        Ok(if self.last.is_some() { Some(ValueDeserializer::Other(&mut self.last)) } else { None })
    }

    fn located(&self, error: Error) -> Error {
        error
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// The elements as one list.
struct AllElements<'a> {
    data: Elements<'a>,
    depth: Depth,
}

impl AskOnce for AllElements<'_> {
    fn ask_once(self, _: Question, visit: &mut dyn Visit) -> Result<()> {
        let depth = self.depth.in_sequence()?;
        let array = match self.data {
            Elements::Loaded(block) => return visit_block(block, depth, None, visit),
            Elements::Stored(array) => array,
        };
        let (rows, count) = (array.len(), array.dims().iter().product::<u64>());
        // Numbers of the type that is stored go to their place at once.
        if let Some(vector) = vector_of(visit)
            && array.number_type() == Some(vector.number())
            && vector.width().is_none()
            && count > 0
        {
            let mut read = |bytes: &mut [u8]| array.dataset().read_rows_into(0, rows, bytes);
            return vector.fill(visit.look().room, count, &mut read);
        }
        visit.seq(&mut StoredItems { array, next: 0, count, depth })
    }
}

/// The items of a dataset of any dimensions, one after the other.
struct StoredItems<'a> {
    array: &'a mut WindowedDataset,
    next: u64,
    count: u64,
    depth: Depth,
}

impl Sequence for StoredItems<'_> {
    fn next(&mut self) -> Result<Option<ValueDeserializer<'_>>> {
        if self.next == self.count {
            return Ok(None);
        }
        self.next += 1;
        let (index, depth) = (self.next - 1, self.depth);
        self.array.load_item(index)?;
        let (dtype, bytes, items) = self.array.item_at(index);
        let part = ItemPart::of_item(Item { dtype, bytes, items });
        Ok(Some(ValueDeserializer::Part(PartOfItem { part, depth, order: Some(self.array.order()) })))
    }

    fn located(&self, error: Error) -> Error {
        error.in_element(self.next.saturating_sub(1) as usize)
    }

    fn size_hint(&self) -> Option<usize> {
        hint(self.count - self.next)
    }
}
