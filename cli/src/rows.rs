//! Lists of records as rows of a table, however they are stored.

use std::fmt;
use std::io::Write;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::failure::{Failure, Outcome};
use crate::output::{Output, one_line};
use crate::words;

/// A record: names and texts of its fields. Those of a record within it are called `outer/inner`.
pub(crate) struct Row(Vec<(String, String)>);

impl Row {
    /// The names and texts of its fields.
    pub(crate) fn into_cells(self) -> Vec<(String, String)> {
        self.0
    }
}

/// What is in a field.
enum Cell {
    Text(String),
    Fields(Vec<(String, Cell)>),
}

/// What a value that is no record is called.
const VALUE: &str = "value";

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut row = Vec::new();
        flatten(String::new(), Cell::deserialize(deserializer)?, &mut row);
        Ok(Self(row))
    }
}

fn flatten(name: String, cell: Cell, row: &mut Vec<(String, String)>) {
    match cell {
        Cell::Text(text) => row.push((if name.is_empty() { VALUE.to_owned() } else { name }, text)),
        Cell::Fields(fields) => {
            for (inner, cell) in fields {
                let name = if name.is_empty() { inner } else { format!("{name}/{inner}") };
                flatten(name, cell, row);
            }
        }
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CellVisitor)
    }
}

struct CellVisitor;

macro_rules! texts {
    ($($method:ident $type:ty;)*) => {
        $(fn $method<E: de::Error>(self, value: $type) -> Result<Cell, E> {
            Ok(Cell::Text(value.to_string()))
        })*
    };
}

impl<'de> Visitor<'de> for CellVisitor {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    texts! {
        visit_bool bool;
        visit_i64 i64;
        visit_u64 u64;
        visit_i128 i128;
        visit_u128 u128;
        visit_str &str;
    }

    fn visit_f32<E: de::Error>(self, value: f32) -> Result<Cell, E> {
        Ok(Cell::Text(if value.is_finite() { format!("{value:?}") } else { words::float(value.into()) }))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Cell, E> {
        Ok(Cell::Text(words::float(value)))
    }

    fn visit_bytes<E: de::Error>(self, value: &[u8]) -> Result<Cell, E> {
        Ok(Cell::Text(value.iter().fold("0x".to_owned(), |text, byte| format!("{text}{byte:02x}"))))
    }

    fn visit_none<E: de::Error>(self) -> Result<Cell, E> {
        Ok(Cell::Text(String::new()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Cell, E> {
        self.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cell, D::Error> {
        Cell::deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cell, D::Error> {
        Cell::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Cell, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = seq.next_element::<serde_json::Value>()? {
            list.push(element);
        }
        Ok(Cell::Text(serde_json::Value::Array(list).to_string()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cell, A::Error> {
        let mut fields = Vec::new();
        while let Some(Key(key)) = map.next_key()? {
            fields.push((key, map.next_value()?));
        }
        Ok(Cell::Fields(fields))
    }
}

struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Cell::deserialize(deserializer)? {
            Cell::Text(text) => Ok(Self(text)),
            Cell::Fields(_) => Err(de::Error::custom("a key that is a record: use `--json`")),
        }
    }
}

/// Writes rows with a header, which is that of the first.
pub(crate) struct RowWriter<'a> {
    out: Rows<'a>,
    header: Option<Vec<String>>,
}

enum Rows<'a> {
    Csv(Box<csv::Writer<&'a mut Output>>),
    Text(&'a mut Output),
}

impl<'a> RowWriter<'a> {
    pub(crate) fn new(out: &'a mut Output, is_csv: bool) -> Self {
        let out = if is_csv { Rows::Csv(Box::new(csv::Writer::from_writer(out))) } else { Rows::Text(out) };
        Self { out, header: None }
    }

    /// Writes the next row.
    pub(crate) fn row(&mut self, Row(row): Row) -> Outcome {
        if self.header.is_none() {
            let names: Vec<String> = row.iter().map(|(name, _)| name.clone()).collect();
            let is_plain = names == [VALUE];
            if !is_plain || matches!(self.out, Rows::Csv(_)) {
                self.write(&names)?;
            }
            self.header = Some(names);
        }
        let header = self.header.as_deref().unwrap_or_default();
        let is_same = row.len() == header.len() && row.iter().zip(header).all(|((name, _), header)| name == header);
        let cells: Vec<String> = if is_same {
            row.into_iter().map(|(_, text)| text).collect()
        } else {
            if let Some((name, _)) = row.iter().find(|(name, _)| !header.contains(name)) {
                let message =
                    format!("a record has `{name}`, and the first one has not: such a list is no table, use `--json`");
                return Err(Failure::error(message));
            }
            let cell = |header: &String| row.iter().find(|(name, _)| name == header).map(|(_, text)| text.clone());
            header.iter().map(|header| cell(header).unwrap_or_default()).collect()
        };
        self.write(&cells)
    }

    fn write(&mut self, cells: &[String]) -> Outcome {
        match &mut self.out {
            Rows::Csv(csv) => csv.write_record(cells).map_err(csv_failure),
            Rows::Text(out) => {
                let cells: Vec<_> = cells.iter().map(|cell| one_line(cell)).collect();
                Ok(writeln!(out, "{}", cells.join("\t"))?)
            }
        }
    }

    pub(crate) fn finish(self) -> Outcome {
        match self.out {
            Rows::Csv(mut csv) => Ok(csv.flush()?),
            Rows::Text(_) => Ok(()),
        }
    }
}

fn csv_failure(error: csv::Error) -> Failure {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        other => Failure::error(format!("{other:?}")),
    }
}
