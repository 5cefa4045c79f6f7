//! `convert`: whole files from and to other formats.

use std::fs::File;
use std::io::{BufReader, Read, Write, stdin};
use std::path::{Path, PathBuf};

use filebacked::objects::{Group, Object};
use filebacked::{Appender, ReadOptions, Reader, Value, WriteOptions};
use serde::Serialize;

use crate::atomic::{changed, refuse_input, replaced};
use crate::commands::append::json_rows;
use crate::failure::{Failure, Outcome};
use crate::integers::Exact;
use crate::json::{self, Nan, Written};
use crate::limits::Limits;
use crate::output::{Color, Output};
#[cfg(feature = "parquet")]
use crate::parquet;
use crate::read_file::ReadFile;
use crate::records::{Record, Row, Schema, unified};
use crate::rows::{Row as CsvRow, RowWriter};
use crate::tables::CsvRows;

/// From how many records the types of fields are seen.
const SAMPLE: usize = 1000;

const EXAMPLES: &str = "\
Examples:
  filebacked convert run.h5 run.json
  filebacked convert run.h5 - --to json --at settings      a part, to the standard output
  filebacked convert run.h5 particles.csv --at particles   a list of records
  filebacked convert run.h5 run.msgpack
  filebacked convert records.ndjson records.h5             a list of records
  filebacked convert run.h5 run.json --nan string --unreadable null

`.parquet` is as `.csv`, in a program that was built with the feature `parquet`.";

/// Converts between HDF5 and JSON, MessagePack, CBOR, CSV or Parquet
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Convert {
    /// What to read; `-` is the standard input
    input: PathBuf,
    /// What to write; `-` is the standard output
    output: PathBuf,
    /// The format of the input, if its name does not say it
    #[arg(long, value_enum, value_name = "FORMAT")]
    from: Option<Format>,
    /// The format of the output, if its name does not say it
    #[arg(long, value_enum, value_name = "FORMAT")]
    to: Option<Format>,
    /// What of the HDF5 file is meant
    #[arg(long, value_name = "PATH", default_value = "/")]
    at: String,
    /// What NaN and infinities become in JSON
    #[arg(long, value_enum, default_value_t)]
    nan: Nan,
    /// What becomes of values that cannot be read
    #[arg(long, value_enum, default_value_t = Unreadable::Error)]
    unreadable: Unreadable,
    /// Indent JSON
    #[arg(long)]
    pretty: bool,
    #[command(flatten)]
    limits: Limits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Unreadable {
    /// An error
    Error,
    /// null
    Null,
}

/// A format of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Hdf5,
    Json,
    /// A record of JSON's on each line
    Ndjson,
    Msgpack,
    Cbor,
    Csv,
    Parquet,
}

impl Format {
    /// That of a file of such a name.
    fn of(path: &Path) -> Outcome<Self> {
        let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default().to_ascii_lowercase();
        Ok(match end.as_str() {
            "h5" | "hdf5" | "hdf" | "he5" | "h5ad" | "nc" | "nc4" | "mat" => Self::Hdf5,
            "json" => Self::Json,
            "ndjson" | "jsonl" => Self::Ndjson,
            "msgpack" | "mpk" | "mp" => Self::Msgpack,
            "cbor" => Self::Cbor,
            "csv" => Self::Csv,
            "parquet" | "pq" => Self::Parquet,
            _ => {
                let message = format!("the name `{}` says no format: use `--from` or `--to`", path.display());
                return Err(Failure::error(message));
            }
        })
    }
}

impl Convert {
    pub(crate) fn run(self, color: Color) -> Outcome {
        let from = self.from.map_or_else(|| Format::of(&self.input), Ok)?;
        let to = self.to.map_or_else(|| Format::of(&self.output), Ok)?;
        refuse_input(&self.output, [&self.input])?;
        match (from, to) {
            (Format::Hdf5, Format::Hdf5) => Err(Failure::error("both are HDF5: `repack` and `cp` are for that")),
            (Format::Hdf5, to) if self.output == Path::new("-") => self.export(to, None, color),
            (Format::Hdf5, to) => replaced(&self.output, |new| self.export(to, Some(new), color)),
            (_, Format::Hdf5) if self.output.exists() && !self.output.is_file() => {
                Err(Failure::error(format!("`{}` is no regular file, which HDF5 needs", self.output.display())))
            }
            // What else is in the file stays.
            (from, Format::Hdf5) if !self.is_root() && self.output.is_file() => {
                changed(&self.output, |copy| self.import(from, copy))
            }
            (from, Format::Hdf5) => replaced(&self.output, |new| self.import(from, new)),
            _ => Err(Failure::error("one of both is HDF5")),
        }
    }

    fn export(&self, to: Format, new: Option<&Path>, color: Color) -> Outcome {
        let options = self.limits.options().unreadable_as_null(self.unreadable == Unreadable::Null);
        if to == Format::Parquet {
            return parquet::export(&options, &self.input, &self.at, new);
        }
        let read = |output: Output, pretty: bool| {
            json::with_sink(output, self.nan, pretty, || match self.is_root() {
                true => options.value_of::<Written>(&self.input),
                false => options.value_at::<Written>(&self.input, &self.at),
            })
        };
        let mut output = Output::to(new, color)?;
        match to {
            Format::Json => {
                let (mut output, read) = read(output, self.pretty);
                read?;
                output.write_all(b"\n")?;
                output.finish()
            }
            Format::Ndjson => {
                let mut reader: Reader<Written> = options.reader_of(&self.input, &self.at)?;
                for index in 0..reader.len() {
                    let (back, read) = json::with_sink(output, self.nan, false, || reader.get(index));
                    output = back;
                    read?;
                    output.write_all(b"\n")?;
                }
                output.finish()
            }
            Format::Csv => {
                let mut reader: Reader<CsvRow> = options.reader_of(&self.input, &self.at)?;
                let mut rows = RowWriter::new(&mut output, true);
                for index in 0..reader.len() {
                    rows.row(reader.get(index)?)?;
                }
                rows.finish()?;
                output.finish()
            }
            Format::Msgpack => {
                let mut packed = rmp_serde::Serializer::new(&mut output).with_struct_map();
                let written = self.serialize(&options, &mut packed);
                written.map_err(|failure| if output.is_closed() { Failure::ClosedPipe } else { failure })?;
                output.finish()
            }
            Format::Cbor => {
                struct Through<'a>(&'a Convert, &'a ReadOptions);
                impl Serialize for Through<'_> {
                    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                        let Self(convert, options) = self;
                        convert.transcode(options, serializer)
                    }
                }
                let packed = ciborium::into_writer(&Through(self, &options), &mut output);
                packed.map_err(|error| match error {
                    _ if output.is_closed() => Failure::ClosedPipe,
                    ciborium::ser::Error::Io(error) => error.into(),
                    ciborium::ser::Error::Value(why) => Failure::error(crate::failure::with_flags(&why)),
                })?;
                output.finish()
            }
            Format::Parquet | Format::Hdf5 => Err(Failure::error("both are HDF5")),
        }
    }

    fn is_root(&self) -> bool {
        self.at.split('/').all(str::is_empty)
    }

    fn serialize<S>(&self, options: &ReadOptions, serializer: S) -> Outcome
    where
        S: serde::Serializer,
    {
        self.transcode(options, serializer)
            .map(drop)
            .map_err(|error| Failure::error(crate::failure::with_flags(&error.to_string())))
    }

    /// Hands what is read to another format: groups while they are read, and a dataset as a whole.
    fn transcode<S: serde::Serializer>(&self, options: &ReadOptions, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::Error as _;

        let root = options.objects_of(&self.input).map_err(S::Error::custom)?;
        match root.open_path(&self.at).map_err(S::Error::custom)? {
            Object::Group(group) => serde_transcode::transcode(options.deserializer(Group::hdf5(&group)), serializer),
            _ => {
                let value: Value = options.value_at(&self.input, &self.at).map_err(S::Error::custom)?;
                value.serialize(serializer)
            }
        }
    }

    fn import(&self, from: Format, new: &Path) -> Outcome {
        if from == Format::Parquet {
            return parquet::import(&self.input, new, &self.at);
        }
        let source: Box<dyn Read> = match self.input == Path::new("-") {
            true => Box::new(stdin()),
            false => Box::new(File::open(&self.input).map_err(|error| Failure::from(error).in_file(&self.input))?),
        };
        let mut source = BufReader::with_capacity(1 << 16, source);
        let wrong = |error: String| Failure::error(error).in_file(&self.input);
        match from {
            Format::Json => {
                let value: serde_json::Value = serde_json::from_reader(BufReader::new(Exact::new(source)))
                    .map_err(|error| wrong(error.to_string()))?;
                self.write(new, &unified(value)?)
            }
            Format::Msgpack => {
                let value: Value = rmp_serde::from_read(source).map_err(|error| wrong(error.to_string()))?;
                self.write(new, &value)
            }
            Format::Cbor => {
                let value: Value = ciborium::from_reader(&mut source).map_err(|error| wrong(error.to_string()))?;
                self.write(new, &value)
            }
            Format::Ndjson => self.append(new, &mut json_rows(source)),
            Format::Csv => self.append(new, &mut CsvRows::new(source)?),
            Format::Parquet | Format::Hdf5 => Err(Failure::error("both are HDF5")),
        }
    }

    fn write(&self, new: &Path, value: &impl Serialize) -> Outcome {
        match self.is_root() {
            true => Ok(WriteOptions::new().to_file(new, value)?),
            false => Ok(WriteOptions::new().write_at(new, &self.at, value)?),
        }
    }

    /// A list of records, one after the other.
    fn append(&self, new: &Path, rows: &mut dyn Iterator<Item = Outcome<Row>>) -> Outcome {
        let mut waiting = Vec::new();
        for row in (&mut *rows).take(SAMPLE) {
            waiting.push(row?);
        }
        let schema = Schema::of_rows(&waiting);
        let mut appender: Appender<Record<'_>> = match new.exists() {
            true => {
                let file = filebacked::hdf5::File::open_rw(new).map_err(|error| Failure::error(error.to_string()))?;
                Appender::create(&file, &self.at)?
            }
            false => Appender::create_file(new, &self.at)?,
        };
        for (row, number) in waiting.into_iter().map(Ok).chain(rows).zip(1u64..) {
            let record = schema.record(row?).map_err(|failure| numbered(failure, number))?;
            appender.push(&record).map_err(|error| numbered(error.into(), number))?;
        }
        Ok(appender.finish()?)
    }
}

fn numbered(failure: Failure, number: u64) -> Failure {
    Failure::error(format!("record {number}: {}", failure.message().unwrap_or_default()))
}

/// What there is in the place of Parquet in a program that was built without.
#[cfg(not(feature = "parquet"))]
mod parquet {
    use std::path::Path;

    use filebacked::ReadOptions;

    use crate::failure::{Failure, Outcome};

    const MISSING: &str =
        "this program was built without Parquet: `cargo install filebacked-cli --features parquet` has it";

    pub(super) fn export(_: &ReadOptions, _: &Path, _: &str, _: Option<&Path>) -> Outcome {
        Err(Failure::error(MISSING))
    }

    pub(super) fn import(_: &Path, _: &Path, _: &str) -> Outcome {
        Err(Failure::error(MISSING))
    }
}
