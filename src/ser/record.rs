//! Records: structs, tuples, and maps that are much like structs, field by field.

use std::borrow::Cow;

use super::column::Column;
use super::record_packer::is_same;
use crate::ground::error::{Error, ErrorKind, Result};

/// What the rows of a [`RecordColumn`] are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum RecordKind {
    /// All are structs.
    #[default]
    Structs,
    /// Some are maps.
    Maps,
    /// All are tuples; the fields are their positions.
    Tuples,
}

#[derive(Clone, Debug)]
pub(super) struct RecordColumn {
    pub(super) rows: RecordKind,
    /// Rows that are complete.
    pub(super) count: usize,
    pub(super) fields: Vec<RecordField>,
    /// Values in all complete rows together.
    pub(super) present: usize,
    /// Where in `fields` the row at hand has its next field, if it has them all in this order.
    next: usize,
    /// Whether it has had all before that, and none after.
    in_order: bool,
    /// Fields that the row at hand has so far, where it is not in order.
    seen: usize,
}

#[derive(Clone, Debug)]
pub(super) struct RecordField {
    pub(super) name: Cow<'static, str>,
    pub(super) column: Column,
    /// True where a row lacks the field; as long as the rows up to the last that does.
    pub(super) absent: Vec<bool>,
}

impl RecordColumn {
    /// Whether a field holds times, or records that do.
    pub(super) fn has_times(&self) -> bool {
        self.fields.iter().any(|field| field.column.is_times() || field.column.has_times_in_records())
    }
}

impl RecordField {
    pub(super) fn new(name: Cow<'static, str>, rows: usize) -> Self {
        Self { name, column: Column::Unknown(rows), absent: vec![true; rows] }
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
pub(super) const SPARSE_FIELDS: usize = 64;
/// More keys than this are no struct's: each would be an object.
const MAX_KEYS: usize = 1024;

impl RecordColumn {
    pub(super) fn new(rows: RecordKind, count: usize) -> Self {
        Self { rows, count, fields: Vec::new(), present: 0, next: 0, in_order: true, seen: 0 }
    }

    #[inline]
    pub(super) fn begin(&mut self) {
        (self.next, self.in_order) = (0, true);
    }

    /// The column of the field at `position`, which gets its value next.
    #[inline]
    pub(super) fn field(&mut self, position: usize) -> &mut Column {
        if !(self.in_order && position == self.next) {
            self.seen = self.seen() + 1;
            self.in_order = false;
        }
        self.next = position + 1;
        &mut self.fields[position].column
    }

    /// The column of the field `name` of a struct, which gets its value next, if it is where it was in the rows before.
    #[inline]
    pub(super) fn next_field(&mut self, name: &'static str) -> Option<&mut Column> {
        let field = self.fields.get_mut(self.next)?;
        // Fields mostly come in one order: then the names are the same string.
        if !self.in_order || !std::ptr::eq(name, field.name.as_ref()) {
            return None;
        }
        self.next += 1;
        Some(&mut field.column)
    }

    /// The column of the field `name` of a struct, wherever it is.
    pub(super) fn struct_field(&mut self, name: &'static str) -> Result<&mut Column> {
        let position = self.find_field(name)?;
        Ok(self.field(position))
    }

    /// The column of the position of a tuple, which is made if need be.
    #[inline]
    pub(super) fn position(&mut self, position: usize) -> &mut Column {
        if position == self.fields.len() {
            self.insert(position, Cow::Owned(position.to_string()));
        }
        self.field(position)
    }

    /// Fields that the row at hand has so far.
    #[inline]
    fn seen(&self) -> usize {
        if self.in_order { self.next } else { self.seen }
    }

    /// Whether the row at hand has the field at `position` already.
    fn has(&self, position: usize) -> bool {
        self.fields[position].column.len() > self.count
    }

    fn insert(&mut self, position: usize, name: Cow<'static, str>) {
        self.fields.insert(position, RecordField::new(name, self.count));
    }

    fn find_field(&mut self, name: &'static str) -> Result<usize> {
        let is_next = self.fields.get(self.next).is_some_and(|field| is_same(name, &field.name));
        let found = if is_next { Some(self.next) } else { self.fields.iter().position(|field| field.name == name) };
        match found {
            Some(position) if self.has(position) => {
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
    pub(super) fn find(&mut self, key: &str, rows: RecordKind) -> Option<usize> {
        let next = self.next;
        if let Some(field) = self.fields.get(next)
            && field.name == key
        {
            return Some(next);
        }
        match self.fields.iter().position(|field| field.name == key) {
            Some(position) if self.has(position) => None,
            Some(position) if position < next && rows == RecordKind::Maps => None,
            Some(position) => Some(position),
            None => {
                let cells = (self.fields.len() + 1) * (self.count + 1);
                if rows == RecordKind::Maps && self.fields.len() >= MAX_KEYS {
                    return None;
                }
                if self.fields.len() >= SPARSE_FIELDS && cells > 4 * (self.present + self.seen() + 1) {
                    return None;
                }
                self.insert(next, Cow::Owned(key.to_owned()));
                Some(next)
            }
        }
    }

    #[inline]
    pub(super) fn end(&mut self) {
        let seen = self.seen();
        self.present += seen;
        self.count += 1;
        if seen < self.fields.len() {
            self.fill();
        }
    }

    /// Marks the fields that the row which just ended lacks.
    fn fill(&mut self) {
        for field in &mut self.fields {
            if field.column.len() < self.count {
                field.absent.resize(self.count - 1, false);
                field.absent.push(true);
                field.column.push_filler();
            }
        }
    }
}
