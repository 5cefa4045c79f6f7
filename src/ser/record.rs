//! Records: structs, tuples, and maps that are much like structs, field by field.

use std::borrow::Cow;

use super::column::Column;
use crate::error::{Error, ErrorKind, Result};

/// What the rows of a [`Record`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rows {
    /// All are structs.
    Structs,
    /// Some are maps.
    Maps,
    /// All are tuples; the fields are their positions.
    Tuples,
}

#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) rows: Rows,
    /// Rows that are complete.
    pub(super) count: usize,
    pub(super) fields: Vec<RecordField>,
    /// Values in all complete rows together.
    pub(super) present: usize,
    /// Fields that the row at hand has so far, and where in `fields` the next is expected.
    pub(super) seen: usize,
    next: usize,
}

#[derive(Clone, Debug)]
pub(super) struct RecordField {
    pub(super) name: Cow<'static, str>,
    pub(super) column: Column,
    /// Elements in `column`.
    pub(super) count: usize,
    /// True where a row lacks the field; as long as the rows up to the last that does.
    pub(super) absent: Vec<bool>,
}

impl RecordField {
    pub(super) fn new(name: Cow<'static, str>, rows: usize) -> Self {
        Self { name, column: Column::Unknown(rows), count: rows, absent: vec![true; rows] }
    }

    /// Whether the complete row `row` has the field.
    pub(super) fn has(&self, row: usize) -> bool {
        !self.absent.get(row).copied().unwrap_or(false)
    }

    /// Whether some row lacks the field.
    pub(super) fn is_masked(&self) -> bool {
        self.absent.contains(&true)
    }
}

/// More fields than this only where most rows have them: otherwise the maps are not like structs.
const SPARSE_FIELDS: usize = 64;
/// More keys than this are no struct's: each would be an object.
const MAX_KEYS: usize = 1024;

impl Record {
    pub(super) fn new(rows: Rows, count: usize) -> Self {
        Self { rows, count, fields: Vec::new(), present: 0, seen: 0, next: 0 }
    }

    #[inline]
    pub(super) fn begin(&mut self) {
        (self.seen, self.next) = (0, 0);
    }

    /// The column of the field at `position`, which gets its value next.
    #[inline]
    pub(super) fn field(&mut self, position: usize) -> &mut Column {
        self.seen += 1;
        self.next = position + 1;
        let field = &mut self.fields[position];
        field.count += 1;
        &mut field.column
    }

    /// The column of the position of a tuple, which is made if need be.
    #[inline]
    pub(super) fn position(&mut self, position: usize) -> &mut Column {
        if position == self.fields.len() {
            self.insert(position, Cow::Owned(position.to_string()));
        }
        self.field(position)
    }

    fn insert(&mut self, position: usize, name: Cow<'static, str>) {
        self.fields.insert(position, RecordField::new(name, self.count));
    }

    #[inline]
    pub(super) fn find_static(&mut self, name: &'static str) -> Result<usize> {
        // Fields mostly come in one order: then the names are the same string.
        if let Some(field) = self.fields.get(self.next)
            && (std::ptr::eq(field.name.as_ptr(), name.as_ptr()) && field.name.len() == name.len()
                || field.name == name)
            && field.count == self.count
        {
            return Ok(self.next);
        }
        self.find_field(name)
    }

    #[cold]
    fn find_field(&mut self, name: &'static str) -> Result<usize> {
        match self.fields.iter().position(|field| field.name == name) {
            Some(position) if self.fields[position].count > self.count => {
                Err(Error::new(ErrorKind::BadKey, format!("the field `{name}` comes twice in one struct")))
            }
            Some(position) => Ok(position),
            None => {
                let position = self.next.min(self.fields.len());
                self.insert(position, Cow::Borrowed(name));
                Ok(position)
            }
        }
    }

    /// The field for `key`, which is made if need be; `None` where the order of keys would not survive, where a key
    /// comes twice, or where the maps have too little in common.
    pub(super) fn find(&mut self, key: &str, rows: Rows) -> Option<usize> {
        let next = self.next;
        if let Some(field) = self.fields.get(next)
            && field.name == key
        {
            return Some(next);
        }
        match self.fields.iter().position(|field| field.name == key) {
            Some(position) if self.fields[position].count > self.count => None,
            Some(position) if position < next && rows == Rows::Maps => None,
            Some(position) => Some(position),
            None => {
                let cells = (self.fields.len() + 1) * (self.count + 1);
                if rows == Rows::Maps && self.fields.len() >= MAX_KEYS {
                    return None;
                }
                if self.fields.len() >= SPARSE_FIELDS && cells > 4 * (self.present + self.seen + 1) {
                    return None;
                }
                self.insert(next, Cow::Owned(key.to_owned()));
                Some(next)
            }
        }
    }

    #[inline]
    pub(super) fn end(&mut self) {
        self.present += self.seen;
        self.count += 1;
        if self.seen < self.fields.len() {
            self.fill();
        }
    }

    /// Marks the fields that the row which just ended lacks.
    fn fill(&mut self) {
        for field in &mut self.fields {
            if field.count < self.count {
                field.absent.resize(self.count - 1, false);
                field.absent.push(true);
                field.column.push_filler();
                field.count = self.count;
            }
        }
    }
}
