//! Structs, maps and tuples that are being pushed to a column.

use super::column::{ArrayColumn, Column, ElementClass, MapsColumn, out_of_order};
use super::record::{RecordColumn, RecordKind};
use crate::ground::error::{Error, ErrorKind, Result};

impl Column {
    /// Begins a tuple of `len` elements, in whichever form suits; see [`Tuple`].
    pub(super) fn begin_tuple(&mut self, len: usize) -> Tuple<'_> {
        match self {
            Self::Array(array) if array.width == len => {
                array.is_complex = false;
                Tuple { column: self, position: 0 }
            }
            _ => self.begin_tuple_as(len, false),
        }
    }

    /// As [`Column::begin_tuple`]; with `record`, it is known that the elements are not numbers of one type.
    pub(super) fn begin_tuple_as(&mut self, len: usize, record: bool) -> Tuple<'_> {
        // A tuple is a sequence where sequences are, or arrays of its length; else it is a record with positions.
        let class = match self.innermost() {
            Self::Record(record) if record.rows == RecordKind::Tuples => ElementClass::Tuple,
            Self::Mixed(mixed) if mixed.parts.iter().any(|(class, _)| *class == ElementClass::Tuple) => {
                ElementClass::Tuple
            }
            Self::Unknown(_) | Self::Mixed(_) if record => ElementClass::Tuple,
            _ => ElementClass::Sequence,
        };
        let column = self.of_class(class);
        match column {
            Self::Unknown(fillers) if record => {
                let mut rows = RecordColumn::new(RecordKind::Tuples, *fillers);
                rows.begin();
                *column = Self::Record(Box::new(rows));
            }
            Self::Unknown(fillers) => {
                let inner = Self::Unknown(*fillers * len);
                *column = Self::Array(Box::new(ArrayColumn { width: len, is_complex: false, count: *fillers, inner }));
            }
            Self::Array(array) if array.width != len => column.array_to_list(),
            Self::Array(array) => array.is_complex = false,
            Self::Record(record) => record.begin(),
            _ => {}
        }
        Tuple { column, position: 0 }
    }

    /// Whether it stays one of complex numbers when another is pushed, which is a pair to serde: there is nothing else in it.
    pub(super) fn takes_complex(&self) -> bool {
        match self.innermost() {
            Self::Unknown(_) => true,
            Self::Array(array) => array.is_complex,
            _ => false,
        }
    }

    /// Takes note that its pairs are complex numbers.
    pub(super) fn mark_complex(&mut self) {
        match self {
            Self::Nullable(nullable) => nullable.inner.mark_complex(),
            Self::Array(array) => {
                let is_pair = array.width == 2 && matches!(array.inner, Self::Numbers(_));
                array.is_complex = is_pair;
            }
            _ => {}
        }
    }

    /// This column, or what is in it if it is one of options.
    #[inline]
    fn innermost(&self) -> &Self {
        match self {
            Self::Nullable(nullable) => nullable.inner.innermost(),
            _ => self,
        }
    }

    /// Begins a struct.
    pub(super) fn begin_struct(&mut self) -> Result<StructRow<'_>> {
        let is_there = matches!(self, Self::Record(record) if record.rows != RecordKind::Tuples);
        match if is_there { self } else { self.make_record(RecordKind::Structs) } {
            Self::Record(record) => {
                record.begin();
                Ok(StructRow::Record(record))
            }
            Self::Maps(maps) => Ok(StructRow::Maps(maps)),
            _ => Err(out_of_order()),
        }
    }

    /// Begins a struct or map whose entries come by [`Column::entry`]; returns the record, or, where maps are kept
    /// otherwise, those.
    pub(super) fn begin_record(&mut self, rows: RecordKind) -> Result<&mut Self> {
        let column = self.make_record(rows);
        match column {
            Self::Record(record) => {
                if rows == RecordKind::Maps {
                    record.rows = rows;
                }
                record.begin();
                Ok(column)
            }
            Self::Maps(_) => Ok(column),
            _ => Err(out_of_order()),
        }
    }

    #[inline(never)]
    fn make_record(&mut self, rows: RecordKind) -> &mut Self {
        let column = self.of_class(ElementClass::Record);
        if let Self::Unknown(fillers) = column {
            *column = Self::Record(Box::new(RecordColumn::new(rows, *fillers)));
        }
        column
    }

    /// The column for the value of `key` in the row at hand of a record, which becomes one of maps where it must.
    pub(super) fn entry(&mut self, key: &str, rows: RecordKind) -> Result<&mut Self> {
        if let Self::Record(record) = self
            && let Some(position) = record.find(key, rows)
        {
            // Looked up anew, as the borrow of what was found cannot outlive the other way out.
            let Self::Record(record) = self else { return Err(out_of_order()) };
            return Ok(record.field(position));
        }
        let maps = self.record_to_maps()?;
        maps.keys.push_str(key);
        Ok(&mut maps.values)
    }

    /// Ends the struct or map at hand.
    #[inline]
    pub(super) fn end_record(&mut self) {
        match self {
            Self::Record(record) => record.end(),
            Self::Maps(maps) => maps.end(),
            _ => {}
        }
    }
}

/// A struct that is being pushed.
pub(super) enum StructRow<'a> {
    Record(&'a mut RecordColumn),
    Maps(&'a mut MapsColumn),
}

impl StructRow<'_> {
    /// The column for the field `name`, if it is the one that comes next in each row.
    #[inline]
    pub(super) fn next_field(&mut self, name: &'static str) -> Option<&mut Column> {
        match self {
            Self::Record(record) => record.next_field(name),
            Self::Maps(_) => None,
        }
    }

    /// The column for the field `name`.
    pub(super) fn field(&mut self, name: &'static str) -> Result<&mut Column> {
        match self {
            Self::Record(record) => record.struct_field(name),
            Self::Maps(maps) => {
                maps.keys.push_str(name);
                Ok(&mut maps.values)
            }
        }
    }

    pub(super) fn end(self) {
        match self {
            Self::Record(record) => record.end(),
            Self::Maps(maps) => maps.end(),
        }
    }
}

/// A tuple that is being pushed.
pub(super) struct Tuple<'a> {
    column: &'a mut Column,
    position: usize,
}

impl Tuple<'_> {
    /// Whether integers of unlike types must not be made alike in the next element.
    #[inline]
    pub(super) fn is_exact(&self) -> bool {
        matches!(self.column, Column::Array(_))
    }

    /// The column for the next element. When it has it, [`next`](Self::next) goes on.
    pub(super) fn column(&mut self) -> Result<&mut Column> {
        match &mut *self.column {
            Column::Array(array) if self.position < array.width => Ok(&mut array.inner),
            Column::Array(_) => Err(too_many()),
            Column::Record(record) => Ok(record.position(self.position)),
            Column::List(list) => Ok(&mut list.inner),
            _ => Err(out_of_order()),
        }
    }

    /// Goes on to the next element.
    #[inline]
    pub(super) fn next(&mut self) -> Result<()> {
        self.position += 1;
        match &*self.column {
            Column::Array(array)
                if !matches!(array.inner, Column::Unknown(_) | Column::Numbers(_) | Column::Array(_)) =>
            {
                self.column.array_to_record(self.position)
            }
            _ => Ok(()),
        }
    }

    pub(super) fn end(self) -> Result<()> {
        match self.column {
            Column::Array(array) if array.width == self.position => array.count += 1,
            Column::Array(_) => {
                return Err(Error::new(ErrorKind::WrongLength, "a tuple has fewer elements than it said"));
            }
            Column::Record(record) => record.end(),
            Column::List(list) => list.end(),
            _ => return Err(out_of_order()),
        }
        Ok(())
    }
}

#[cold]
fn too_many() -> Error {
    Error::new(ErrorKind::WrongLength, "a tuple has more elements than it said")
}
