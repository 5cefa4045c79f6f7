//! Stored tables, whatever program wrote them.

use super::columns::part_of_fields;
use super::{Charge, ColumnData};
use crate::de::cells::{Cells, check_readable};
use crate::de::column::{Column, FieldColumn};
use crate::de::describe;
use crate::de::foreign;
use crate::de::read_state::ReadState;
use crate::de::source::OpenObject;
use crate::de::visit_limits::{LinkKind, Scope};
use crate::de::windowed_dataset::WindowedDataset;
use crate::ground::call::Call;
use crate::ground::depth::Depth;
use crate::ground::error::{Error, ErrorKind, Result, names};
use crate::ground::ledger;
use crate::ground::limits::Limits;
use crate::ground::read_failure;
use crate::ground::stack::with_room;
use crate::h5::within::{Within, is_root, root_of};
use crate::h5::{self, Attributes, Dtype, Group, Object, OpenFile};
use crate::layout::path_rules::RulePosition;
use crate::layout::{Kind, VALUE};
use crate::layout_attributes::LayoutAttributes;

/// A stored table, open: its columns are read a range of rows at a time.
#[derive(Debug)]
pub(crate) struct StoredTable {
    fields: Vec<FieldColumn>,
    len: u64,
    /// The records that the fields are those of, if they are in one dataset.
    records: Option<WindowedDataset>,
    /// Where it is, for errors.
    links: Vec<String>,
    limits: Limits,
    file_size: u64,
    /// Keeps the file open, and is closed last.
    _file: Option<OpenFile>,
}

impl StoredTable {
    /// Opens the table that is the child `name` of `group`, to be read a part at a time: what is read counts then.
    pub(crate) fn open(group: &Group, name: &str) -> Result<Self> {
        let file = OpenFile::of(group)?;
        let (group, mut links) = if is_root(name) {
            (root_of(group)?, vec!["/".to_owned()])
        } else {
            let (group, link) = Within::find(group, name)?;
            let path = group.path();
            (group, vec![path, link])
        };
        let open = |links: &mut Vec<String>| {
            let mut object = match links.get(1) {
                Some(link) => group.open(link)?,
                None => Object::Group(group.clone()),
            };
            let mut scope = Scope::streaming(RulePosition::nowhere());
            loop {
                match &object {
                    Object::Dataset(dataset) => scope.count_dataset(dataset, LinkKind::Hard)?,
                    Object::Group(inside) => scope = scope.enter(inside, LinkKind::Hard)?,
                }
                match &object {
                    Object::Group(inside) if inside.kind()? == Some(Kind::Value) => {
                        links.push(VALUE.to_owned());
                        object = inside.open(VALUE)?;
                    }
                    _ => return column_of(object, &scope),
                }
            }
        };
        let file_size = group.file_size();
        ledger::of_file(file_size);
        let opened = with_room(|| Self::of_column(open(&mut links)?));
        let mut table =
            opened.map_err(|error| links.iter().rev().fold(error, |error: Error, link| error.in_link(link)))?;
        table.links = links;
        table.file_size = file_size;
        table._file = Some(file);
        Ok(table)
    }

    /// The table that an object is which a wrapper opened; all of it counts as read.
    pub(crate) fn of_object(stored: &OpenObject) -> Result<Self> {
        Self::of_column(column_of(stored.object.again()?, &stored.scope.in_parts())?)
    }

    fn of_column(column: Column) -> Result<Self> {
        let (len, limits) = (column.len(), Limits::current());
        let none =
            |fields| Ok(Self { fields, len, records: None, links: Vec::new(), limits, file_size: 0, _file: None });
        match column {
            Column::Records(records) => none(records.fields),
            Column::Units(_) => none(Vec::new()),
            Column::Array(array) if array.dims().len() == 1 && matches!(array.dtype(), Dtype::Compound(_)) => {
                let fields = fields_of(&array, |_| true)?;
                Ok(Self { fields, len, records: Some(array), links: Vec::new(), limits, file_size: 0, _file: None })
            }
            // What an empty sequence of records is stored as.
            Column::Array(array) if array.dims() == [0] => none(Vec::new()),
            column => {
                let found = column.words().unwrap_or_else(|| "a sequence of something else".to_owned());
                Err(Error::wrong_type("a table: records in columns, or in a dataset of a compound type", found))
            }
        }
    }

    /// The number of rows.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// The names of the columns.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.name.as_str())
    }

    /// Has no other columns than these read, in their order.
    pub(crate) fn choose(&mut self, wanted: &[String]) -> Result<()> {
        let mut chosen = Vec::with_capacity(wanted.len());
        for (at, name) in wanted.iter().enumerate() {
            let position = self.names().position(|own| own == name);
            let is_twice = wanted[..at].contains(name);
            match position {
                Some(position) if !is_twice => chosen.push(position),
                Some(_) => {
                    let message = format!("the column `{name}` is asked for twice");
                    return Err(Error::new(ErrorKind::AlreadyExists, message));
                }
                None => {
                    let own: Vec<&str> = self.names().collect();
                    let message = format!("there is no column `{name}`; the table has {}", names(&own));
                    return Err(self.located(Error::new(ErrorKind::NotFound, message)));
                }
            }
        }
        let mut rest: Vec<Option<FieldColumn>> = std::mem::take(&mut self.fields).into_iter().map(Some).collect();
        // What is of variable length takes time to read, also where nobody asks for it.
        let is_varying = |at: &usize| match rest[*at].as_ref().and_then(FieldColumn::stored) {
            Some(Column::Cells(cells)) => cells.dtype().has_addresses(),
            _ => false,
        };
        let others = (0..rest.len()).filter(|at| !chosen.contains(at));
        match &self.records {
            Some(records) if others.clone().any(|at| is_varying(&at)) => {
                let mut all: Vec<Option<FieldColumn>> =
                    fields_of(records, |name| wanted.iter().any(|own| own == name))?.into_iter().map(Some).collect();
                let taken = wanted.iter().filter_map(|name| {
                    all.iter_mut().find(|field| field.as_ref().is_some_and(|field| field.name == *name))?.take()
                });
                self.fields = taken.collect();
            }
            _ => self.fields = chosen.into_iter().filter_map(|at| rest[at].take()).collect(),
        }
        Ok(())
    }

    /// Reads the rows from `start` up to `end`, which are there, as a part of the call that is being made.
    pub(crate) fn part(&mut self, start: u64, end: u64) -> Result<Vec<(String, ColumnData)>> {
        part_of_fields(&mut self.fields, start, end, &mut Charge::new())
    }

    /// The same as a call of its own, under the limits that it was opened with.
    pub(crate) fn read(&mut self, start: u64, end: u64) -> Result<Vec<(String, ColumnData)>> {
        self.limits.during(|| {
            h5::start_call();
            let read = Call::<ReadState>::new().during(|| {
                ledger::of_file(self.file_size);
                self.part(start, end)
            });
            read_failure::instead_of(read).map_err(|error| self.located(error).call_ended())
        })
    }

    /// Says of an error where the table is.
    pub(crate) fn located(&self, error: Error) -> Error {
        self.links.iter().rev().fold(error, |error, link| error.in_link(link))
    }
}

/// What is open for columns that nest does so as well.
impl Drop for StoredTable {
    fn drop(&mut self) {
        with_room(|| self.fields = Vec::new());
    }
}

/// The sequence that an object is, whose scope is that inside it.
fn column_of(object: Object, scope: &Scope) -> Result<Column> {
    let group = match object {
        Object::Dataset(dataset) => return Column::of_dataset(dataset, scope.rules().element()),
        Object::Group(group) => group,
    };
    let (scope, depth) = (scope.of_elements(), Depth::of_reading());
    match group.kind()? {
        Some(kind) => Column::of_group(&group, kind, &scope, depth),
        None => foreign::sequence(&group, &scope, depth)?
            .ok_or_else(|| Error::wrong_type("a table", describe::group(&group, None))),
    }
}

/// The fields of the records in a dataset that are wanted, each as a column.
fn fields_of(array: &WindowedDataset, is_wanted: impl Fn(&str) -> bool) -> Result<Vec<FieldColumn>> {
    let Dtype::Compound(fields) = array.dtype() else { return Ok(Vec::new()) };
    let wanted = || fields.iter().filter(|field| is_wanted(&field.name));
    let is_readable = |field: &&h5::Field| check_readable(field).is_ok() && !field.dtype.has_unsupported();
    let first = match wanted().any(|field| is_readable(&field)) {
        true => Some(Cells::of_rows(array, wanted().filter(is_readable))?),
        false => None,
    };
    let mut next = 0;
    let column = |field: &h5::Field| {
        let column = match &first {
            Some(first) if is_readable(&field) => {
                next += 1;
                Ok(Column::Cells(first.at_field(next - 1)))
            }
            _ => {
                let message = format!("a `{}` cannot be read", field.dtype);
                Err(Error::new(ErrorKind::Unsupported, message))
            }
        };
        FieldColumn::new(field.name.clone(), String::new(), column)
    };
    Ok(wanted().map(column).collect())
}
