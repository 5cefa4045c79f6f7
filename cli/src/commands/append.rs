//! `append`: records to a list that grows.

use std::io::{BufRead, BufReader, IsTerminal, Read, stdin};
use std::path::{Path, PathBuf};

use filebacked::objects::Group;
use filebacked::{Appender, ErrorKind};
use serde_json::Value as Json;

use crate::failure::{Failure, Outcome};
use crate::integers::Exact;
use crate::limits::Limits;
use crate::output::Color;
use crate::records::{Record, Row, Schema};
use crate::tables::CsvRows;

/// From how many records the types of fields are seen.
const SAMPLE: usize = 1000;

const EXAMPLES: &str = "\
Examples:
  filebacked append log.h5 steps < records.ndjson          begins a list, or goes on with one
  filebacked append log.h5 steps -i more.csv
  filebacked append log.h5 steps -i records.ndjson --create

Each record is an object of JSON's, on a line of its own, or a row of a table with a header. A new list gets its types from the first
1000 records. Later records must be of these types.";

/// Appends records to a list, which is begun if it is not there
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Append {
    /// An HDF5 file, which is made if it is not there
    file: PathBuf,
    /// The path of the list: `/` is the whole file
    path: String,
    /// Where the records are: a file of objects of JSON's, or `.csv` [default: the standard input]
    #[arg(short, long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// The input is a table in CSV
    #[arg(long)]
    csv: bool,
    /// Begin a new list: it is an error if there is one
    #[arg(long)]
    create: bool,
    /// Wait for the disk after so many records
    #[arg(long, value_name = "COUNT")]
    flush_every: Option<u64>,
    #[command(flatten)]
    limits: Limits,
}

impl Append {
    pub(crate) fn run(self, _: Color) -> Outcome {
        let is_csv = self.csv || self.input.as_deref().and_then(Path::extension).is_some_and(|end| end == "csv");
        let source: Box<dyn Read> = match self.input.as_deref() {
            Some(path) if path != Path::new("-") => {
                Box::new(std::fs::File::open(path).map_err(|error| Failure::from(error).in_file(path))?)
            }
            _ => {
                if stdin().is_terminal() {
                    eprintln!("filebacked: records from the terminal, until ctrl-D");
                }
                Box::new(stdin())
            }
        };
        let source = BufReader::with_capacity(1 << 16, source);
        match is_csv {
            true => self.append(&mut CsvRows::new(source)?),
            false => self.append(&mut json_rows(source)),
        }
    }

    fn append(&self, rows: &mut dyn Iterator<Item = Outcome<Row>>) -> Outcome {
        let existing = if self.create { None } else { self.schema()? };
        let mut waiting = Vec::new();
        let schema = match existing {
            Some(schema) => schema,
            None => {
                for row in (&mut *rows).take(SAMPLE) {
                    waiting.push(row?);
                }
                if waiting.is_empty() {
                    return Err(Failure::error("there are no records to begin a list with"));
                }
                Schema::of_rows(&waiting)
            }
        };
        let mut appender: Appender<Record<'_>> = match self.create {
            true if self.file.exists() => {
                let file =
                    filebacked::hdf5::File::open_rw(&self.file).map_err(|error| Failure::error(error.to_string()))?;
                Appender::create(&file, &self.path)?
            }
            true => Appender::create_file(&self.file, &self.path)?,
            false => Appender::open_or_create_file(&self.file, &self.path)?,
        };
        for (count, row) in (0u64..).zip(waiting.into_iter().map(Ok).chain(rows)) {
            let pushed = row.and_then(|row| {
                let record = schema.record(row)?;
                Ok(appender.push(&record)?)
            });
            if let Err(failure) = pushed {
                // What came before it stays.
                appender.finish()?;
                let message = failure.message().unwrap_or_default().to_owned();
                return Err(Failure::error(format!("record {}: {message}; {count} were appended", count + 1)));
            }
            if self.flush_every.is_some_and(|every| (count + 1).is_multiple_of(every.max(1))) {
                appender.flush()?;
            }
        }
        appender.finish()?;
        Ok(())
    }

    /// The types of the records that are there.
    fn schema(&self) -> Outcome<Option<Schema>> {
        if !self.file.exists() {
            return Ok(None);
        }
        let root: Group = self.limits.options().objects_file(&self.file)?;
        match root.open_path(&self.path) {
            Ok(object) => Schema::of_list(&object),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Objects of JSON's, one after the other, or in one list.
pub(crate) fn json_rows(mut source: impl BufRead) -> impl Iterator<Item = Outcome<Row>> {
    let is_list =
        source.fill_buf().is_ok_and(|start| start.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'['));
    let row = |value: Json| match value {
        Json::Object(row) => Ok(row),
        other => Err(Failure::error(format!("a record is an object of JSON's, and not {other}"))),
    };
    let failed = |error: serde_json::Error| Failure::error(format!("the input is no JSON: {error}"));
    let source = BufReader::new(Exact::new(source));
    serde_json::Deserializer::from_reader(source).into_iter::<Json>().flat_map(move |value| match value {
        Ok(Json::Array(list)) if is_list => list.into_iter().map(row).collect::<Vec<_>>(),
        Ok(value) => vec![row(value)],
        Err(error) => vec![Err(failed(error))],
    })
}
