//! Tables in CSV as records.

use std::collections::HashSet;
use std::io::Read;

use serde_json::Value as Json;

use crate::failure::{Failure, Outcome};
use crate::records::Row;

/// The rows of a table with a header. A cell is a number, `true` or `false`, nothing, or text.
pub(crate) struct CsvRows<R> {
    reader: csv::Reader<R>,
    header: csv::StringRecord,
}

impl<R: Read> CsvRows<R> {
    pub(crate) fn new(source: R) -> Outcome<Self> {
        let mut reader = csv::Reader::from_reader(source);
        let header = reader.headers().map_err(|error| Failure::error(error.to_string()))?.clone();
        let mut names = HashSet::new();
        if let Some(name) = header.iter().find(|name| !names.insert(*name)) {
            return Err(Failure::error(format!("the header of the table has two columns `{name}`")));
        }
        Ok(Self { reader, header })
    }
}

impl<R: Read> Iterator for CsvRows<R> {
    type Item = Outcome<Row>;

    fn next(&mut self) -> Option<Outcome<Row>> {
        let mut record = csv::StringRecord::new();
        match self.reader.read_record(&mut record) {
            Ok(true) => {
                let cell = |(name, cell): (&str, &str)| -> Outcome<_> { Ok((name.to_owned(), value(cell)?)) };
                Some(self.header.iter().zip(&record).map(cell).collect())
            }
            Ok(false) => None,
            Err(error) => Some(Err(Failure::error(error.to_string()))),
        }
    }
}

fn value(cell: &str) -> Outcome<Json> {
    Ok(match cell {
        "" => Json::Null,
        "true" => Json::Bool(true),
        "false" => Json::Bool(false),
        "NaN" => Json::String("NaN".to_owned()),
        _ if is_integer(cell) && !is_exact(cell) => {
            return Err(Failure::error(format!("neither `i64`, `u64` nor `f64` holds the integer {cell}")));
        }
        // A number that begins with 0 is a code, such as a postal one.
        _ if is_number(cell) => serde_json::from_str(cell).unwrap_or_else(|_| Json::String(cell.to_owned())),
        _ => Json::String(cell.to_owned()),
    })
}

/// Whether it is an integer as JSON has them.
fn is_integer(cell: &str) -> bool {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.is_empty() && !digits.starts_with('0')
}

/// Whether one of the types that a field may have holds the integer.
pub(crate) fn is_exact(cell: &str) -> bool {
    let is_float = || cell.parse::<f64>().is_ok_and(|float| format!("{float:.0}") == cell);
    cell.parse::<i64>().is_ok() || cell.parse::<u64>().is_ok() || is_float()
}

fn is_number(cell: &str) -> bool {
    cell.bytes().next().is_some_and(|first| first.is_ascii_digit() || first == b'-')
        && cell.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
}
