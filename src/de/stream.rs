//! A stored sequence whose elements are read one by one, in memory that does not depend on how many there are.

use serde::de::DeserializeOwned;

use super::column::{Column, children};
use super::describe;
use super::deserializer::ValueDeserializer;
use super::element::ColumnElement;
use super::foreign;
use super::read_state::ReadState;
use super::visit::{Make, made};
use super::visit_limits::{LinkKind, Scope};
use crate::ground::call::Call;
use crate::ground::depth::Depth;
use crate::ground::error::{Error, Result};
use crate::ground::ledger;
use crate::ground::limits::Limits;
use crate::ground::read_failure;
use crate::ground::stack::with_room;
use crate::h5::within::{Within, is_root, root_of};
use crate::h5::{self, Attributes, Group, Object, OpenFile, anew};
use crate::layout::path_rules::RulePosition;
use crate::layout::{Kind, VALUE, are_positions};
use crate::layout_attributes::LayoutAttributes;

/// A stored sequence, open.
#[derive(Debug)]
pub(crate) struct Stream {
    column: Column,
    depth: Depth,
    /// Where it is, for errors.
    links: Vec<String>,
    file_size: u64,
    limits: Limits,
    /// Keeps the file open, and is closed last.
    file: OpenFile,
}

impl Stream {
    /// Opens the sequence that is the child `name` of `group`, or the root's own, for the name `/`.
    pub(crate) fn open(group: &Group, name: &str) -> Result<Self> {
        let file = OpenFile::of(group)?;
        let (group, mut links) = if is_root(name) {
            (root_of(group)?, vec!["/".to_owned()])
        } else {
            let (group, link) = Within::find(group, name)?;
            let path = group.path();
            (group, vec![path, link])
        };
        let open = |links: &mut Vec<String>| -> Result<Column> {
            let object = match links.get(1) {
                Some(link) => group.open(link)?,
                None => Object::Group(group.clone()),
            };
            column_of(object, Scope::streaming(RulePosition::nowhere()), links)
        };
        let file_size = group.file_size();
        let (opened, limits) = Limits::while_reading(|| {
            ledger::of_file(file_size);
            (open(&mut links), Limits::current())
        });
        let column = read_failure::instead_of(opened)
            .map_err(|error| links.iter().rev().fold(error, |error, link| error.in_link(link)))?;
        Ok(Self { column, depth: Depth::default().in_sequence()?, links, file_size, limits, file })
    }

    /// The sequence at the same place as it is by now, where another program may be writing the file.
    pub(crate) fn open_anew(group: &Group, name: &str) -> Result<Self> {
        h5::start_call();
        anew(&OpenFile::of(group)?, || Self::open(group, name))
    }

    /// The number of elements.
    pub(crate) fn len(&self) -> u64 {
        self.column.len()
    }

    /// The file that it is in.
    pub(crate) fn file(&self) -> &OpenFile {
        &self.file
    }

    /// The limits on what is read of it.
    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Reads the element at `index`, which is smaller than the length.
    pub(crate) fn read<T: DeserializeOwned>(&mut self, index: u64) -> Result<T> {
        made(|value| self.read_into(index, value))
    }

    fn read_into(&mut self, index: u64, value: &mut dyn Make) -> Result<()> {
        h5::start_call();
        let Self { column, depth, links, file_size, limits, .. } = self;
        let element = ColumnElement { column, index, depth: *depth };
        let read = limits.during(|| {
            Call::<ReadState>::new().during(|| {
                ledger::of_file(*file_size);
                value.make(ValueDeserializer::Element(element))
            })
        });
        read_failure::instead_of(read).map_err(|error| {
            let error = error.in_element(usize::try_from(index).unwrap_or(usize::MAX));
            links.iter().rev().fold(error, |error, link| error.in_link(link)).call_ended()
        })
    }
}

/// What is open for elements that nest does so as well.
impl Drop for Stream {
    fn drop(&mut self) {
        with_room(|| self.column = Column::Units(0));
    }
}

/// The sequence that an object is. The names of links on the way are added to `links`.
pub(super) fn column_of(mut object: Object, mut scope: Scope, links: &mut Vec<String>) -> Result<Column> {
    loop {
        let inside = match object {
            Object::Dataset(dataset) => {
                scope.count_dataset(&dataset, LinkKind::Hard)?;
                return Column::of_dataset(dataset, RulePosition::nowhere());
            }
            Object::Group(inside) => inside,
        };
        scope = scope.enter(&inside, LinkKind::Hard)?;
        object = match inside.kind()? {
            Some(Kind::Value) => {
                links.push(VALUE.to_owned());
                inside.open(VALUE)?
            }
            Some(Kind::Tuple) => return list(inside, scope),
            Some(kind) => return Column::of_group(&inside, kind, &scope, Depth::default()),
            None => {
                let names = inside.link_names()?;
                if !are_positions(names.iter().map(String::as_str)) {
                    if let Some(column) = foreign::sequence(&inside, &scope, Depth::default())? {
                        return Ok(column);
                    }
                    return Err(Error::wrong_type("a sequence", describe::group(&inside, None)));
                }
                return list(inside, scope);
            }
        };
    }
}

/// A group with a child for each element.
fn list(group: Group, scope: Scope) -> Result<Column> {
    let len = children(&group)?;
    Ok(Column::List { group, scope, len, word: "" })
}
