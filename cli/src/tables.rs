//! Tables in CSV as records.

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
        Ok(Self { reader, header })
    }
}

impl<R: Read> Iterator for CsvRows<R> {
    type Item = Outcome<Row>;

    fn next(&mut self) -> Option<Outcome<Row>> {
        let mut record = csv::StringRecord::new();
        match self.reader.read_record(&mut record) {
            Ok(true) => {
                Some(Ok(self.header.iter().zip(&record).map(|(name, cell)| (name.to_owned(), value(cell))).collect()))
            }
            Ok(false) => None,
            Err(error) => Some(Err(Failure::error(error.to_string()))),
        }
    }
}

fn value(cell: &str) -> Json {
    match cell {
        "" => Json::Null,
        "true" => Json::Bool(true),
        "false" => Json::Bool(false),
        "NaN" => Json::String("NaN".to_owned()),
        // A number that begins with 0 is a code, such as a postal one.
        _ if is_number(cell) => serde_json::from_str(cell).unwrap_or_else(|_| Json::String(cell.to_owned())),
        _ => Json::String(cell.to_owned()),
    }
}

fn is_number(cell: &str) -> bool {
    cell.bytes().next().is_some_and(|first| first.is_ascii_digit() || first == b'-')
        && cell.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
}
