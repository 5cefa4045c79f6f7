//! `get`: values out of files.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap_complete::ArgValueCompleter;
use filebacked::objects::{Attribute, Dataset, ElementType, Group, Scalar, TypeClass};
use filebacked::{ErrorKind, ReadOptions, Reader};

use crate::atomic::{refuse_input, replaced};
use crate::blocks::Blocks;
use crate::commands::completions;
use crate::failure::{Failure, Outcome};
use crate::json::{self, Nan, Written};
use crate::limits::Limits;
use crate::output::{Color, Output, lines, one_line};
use crate::read_file::ReadFile;
use crate::rows::{Row, RowWriter};
use crate::slice::Part;
use crate::target::{Found, Target};
use crate::{npy, words};

const EXAMPLES: &str = "\
Examples:
  filebacked get run.h5 settings/seed                a scalar
  filebacked get run.h5 'field[::10, -1]'            a part of a dataset, in numpy's syntax
  filebacked get run.h5 particles/mass               one field of a list of records, or one column
  filebacked get run.h5 particles --csv > p.csv      all fields, with a header
  filebacked get run.h5 field@units                  an attribute
  filebacked get run.h5 settings --json | jq .seed   a group
  filebacked get run.h5 field --npy > field.npy      an array for numpy
  filebacked get runs/*.h5 settings/seed             the same of many files";

/// Prints values: scalars, parts of datasets, lists of records, attributes, groups
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Get {
    /// HDF5 files
    #[arg(required = true, value_name = "FILE", add = ArgValueCompleter::new(completions::files_and_paths))]
    files: Vec<PathBuf>,
    /// What to print: a path, with `[...]` for a part of it, or `@name` for an attribute
    #[arg(required = true, add = ArgValueCompleter::new(completions::paths))]
    path: String,
    /// Further paths
    #[arg(short = 'p', long = "path", value_name = "PATH")]
    more: Vec<String>,
    /// Rows of a table, with a header
    #[arg(long, group = "format")]
    csv: bool,
    /// JSON
    #[arg(long, group = "format")]
    json: bool,
    /// numpy's format, for arrays of numbers and records of fixed size
    #[arg(long, group = "format")]
    npy: bool,
    /// What NaN and infinities become in JSON
    #[arg(long, value_enum, default_value_t)]
    nan: Nan,
    /// Write to a file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    limits: Limits,
}

/// How many columns of an array without elements are shown.
const MAX_COLUMNS: u64 = 1_000_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Text,
    Csv,
    Json,
    Npy,
}

impl Get {
    pub(crate) fn run(self, color: Color) -> Outcome {
        let format = match () {
            () if self.csv => Format::Csv,
            () if self.json => Format::Json,
            () if self.npy => Format::Npy,
            () => Format::Text,
        };
        let paths: Vec<Target> =
            std::iter::once(&self.path).chain(&self.more).map(|path| Target::parse(path)).collect();
        let is_one = self.files.len() == 1 && paths.len() == 1;
        if format == Format::Npy && !is_one {
            return Err(Failure::error("`--npy` is for one file and one path"));
        }
        if format == Format::Npy && self.output.is_none() && std::io::stdout().is_terminal() {
            return Err(Failure::error("`--npy` is no text: name a file with `-o`, or use a pipe"));
        }
        match self.output.as_deref().filter(|path| *path != Path::new("-")) {
            None => self.print(&paths, format, Output::stdout(color))?,
            Some(path) => {
                refuse_input(path, &self.files)?;
                let mut outcome = Ok(());
                replaced(path, |new| {
                    outcome = self.print(&paths, format, Output::to(Some(new), color)?)?;
                    Ok(())
                })?;
                outcome
            }
        }
    }

    /// Prints values. Where several are asked for, those that can be read are printed in any case: the inner outcome says whether
    /// all were.
    fn print(&self, paths: &[Target], format: Format, output: Output) -> Outcome<Outcome> {
        let is_one = self.files.len() == 1 && paths.len() == 1;
        let mut output = Some(output);
        let options = self.limits.options();
        let mut worst: Option<Failure> = None;
        for file in &self.files {
            for target in paths {
                let name = (!is_one).then(|| self.prefix(file, target, paths.len()));
                let got = get(file, &options, target.clone(), format, self.nan, name.as_deref(), &mut output);
                match got {
                    Ok(()) => {}
                    Err(Failure::ClosedPipe) => return Err(Failure::ClosedPipe),
                    Err(failure) if is_one => {
                        // What was printed is right as far as it goes.
                        output.as_mut().map_or(Ok(()), Output::finish)?;
                        return Err(failure.in_file(file));
                    }
                    Err(failure) => {
                        let failure = failure.in_file(file);
                        if let Some(message) = failure.message() {
                            eprintln!("filebacked: {}", one_line(message));
                        }
                        if worst.as_ref().is_none_or(|worst| worst.code() < failure.code()) {
                            worst = Some(failure);
                        }
                    }
                }
            }
        }
        output.as_mut().map_or(Ok(()), Output::finish)?;
        Ok(match worst {
            None => Ok(()),
            Some(Failure::Missing(_)) => Err(Failure::No),
            Some(_) => Err(Failure::error("not all could be read")),
        })
    }

    /// What stands before a value where there are several.
    fn prefix(&self, file: &Path, target: &Target, paths: usize) -> String {
        let file = file.display().to_string();
        match (self.files.len(), paths) {
            (1, _) => target.text.clone(),
            (_, 1) => file,
            _ => format!("{file}:{}", target.text),
        }
    }
}

fn get(
    file: &Path,
    options: &ReadOptions,
    target: Target,
    format: Format,
    nan: Nan,
    name: Option<&str>,
    output: &mut Option<Output>,
) -> Outcome {
    let root = options.objects_of(file)?;
    let (target, found) = target.find(&root)?;
    let mut getter = Getter { file, options, format, nan, name, output, has_begun: false };
    match (found, &target.attribute) {
        (Found::Group(group), Some(name)) => getter.attribute(group.attribute(name), &target, group.attribute_names()),
        (Found::Dataset(dataset), Some(name)) => {
            getter.attribute(dataset.attribute(name), &target, dataset.attribute_names())
        }
        (Found::Dataset(dataset), None) if dataset.encoding()?.is_none_or(is_plain) => {
            getter.dataset(&dataset, &target)
        }
        (Found::Dataset(dataset), None) => getter.value(dataset.path(), &target),
        (Found::Group(group), None) => getter.group(&group, &target),
    }
}

/// Whether a dataset with that mark is an array like any other.
fn is_plain(encoding: &str) -> bool {
    matches!(encoding, "array" | "matrix" | "fixed-matrix")
}

struct Getter<'a> {
    file: &'a Path,
    options: &'a ReadOptions,
    format: Format,
    nan: Nan,
    /// What stands before the value.
    name: Option<&'a str>,
    output: &'a mut Option<Output>,
    /// Whether it stands there: nothing does before something was read.
    has_begun: bool,
}

impl Getter<'_> {
    fn out(&mut self) -> Outcome<&mut Output> {
        self.begin()?;
        self.output.as_mut().ok_or_else(|| Failure::error("the output is gone"))
    }

    /// Says which file and path it is, where there are several.
    fn begin(&mut self) -> Outcome {
        if std::mem::replace(&mut self.has_begun, true) || self.format != Format::Json {
            return Ok(());
        }
        if let (Some(name), Some(out)) = (self.name, self.output.as_mut()) {
            out.write_all(b"{\"from\":")?;
            json::text(out, name)?;
            out.write_all(b",\"value\":")?;
        }
        Ok(())
    }

    fn end(&mut self) -> Outcome {
        let is_named = self.name.is_some();
        match self.format {
            Format::Json => Ok(self.out()?.write_all(if is_named { b"}\n" } else { b"\n" })?),
            _ => Ok(()),
        }
    }

    /// In text, a value of one line has its name before it, and others a line above.
    fn heading(&mut self, is_scalar: bool) -> Outcome {
        let Some(name) = self.name.filter(|_| matches!(self.format, Format::Text | Format::Csv)) else { return Ok(()) };
        let out = self.out()?;
        match is_scalar {
            true => write!(out, "{}: ", one_line(name))?,
            false => writeln!(out, "# {}", one_line(name))?,
        }
        Ok(())
    }

    fn attribute(
        &mut self,
        attribute: filebacked::Result<Option<Attribute>>,
        target: &Target,
        there: filebacked::Result<Vec<String>>,
    ) -> Outcome {
        let name = target.attribute.as_deref().unwrap_or_default();
        let Some(attribute) = attribute? else {
            let there = there.unwrap_or_default();
            let there =
                if there.is_empty() { "it has none".to_owned() } else { format!("there are `{}`", there.join("`, `")) };
            return Err(Failure::missing(format!("there is no attribute `{name}`: {there}")));
        };
        let Some(dims) = attribute.dims() else { return self.null() };
        let elements = attribute.items().elements();
        if elements.is_empty() && dims.iter().product::<u64>() > 0 {
            return Err(Failure::error(format!(
                "the attribute `{name}` is of type `{}`, which is not read",
                attribute.element_type()
            )));
        }
        let part = match &target.slice {
            Some(slice) => slice.part(dims).map_err(Failure::Error)?,
            None => Part::all(dims),
        };
        if part != Part::all(dims) {
            let picked = picked(&part, dims);
            if self.format == Format::Npy {
                return self.npy_of(&attribute.element_type(), &part.dims(), |write| {
                    picked.into_iter().try_for_each(|at| write(elements.range(at..at + 1).bytes()))
                });
            }
            self.heading(part.dims().is_empty())?;
            let mut rows = Rows::new(self, &attribute.element_type(), &part.dims())?;
            for position in picked {
                rows.value(self, elements.get(position))?;
            }
            return rows.end(self);
        }
        if self.format == Format::Npy {
            return self.npy_of(&attribute.element_type(), dims, |write| write(elements.bytes()));
        }
        self.heading(dims.is_empty())?;
        let mut rows = Rows::new(self, &attribute.element_type(), dims)?;
        for value in elements.iter() {
            rows.value(self, value)?;
        }
        rows.end(self)
    }

    /// A null dataspace.
    fn null(&mut self) -> Outcome {
        self.heading(true)?;
        match self.format {
            Format::Json => {
                self.out()?.write_all(b"null")?;
                self.end()
            }
            Format::Npy => Err(Failure::error("numpy's format has no null")),
            _ => Ok(writeln!(self.out()?)?),
        }
    }

    fn dataset(&mut self, dataset: &Dataset, target: &Target) -> Outcome {
        let Some(dims) = dataset.dims() else { return self.null() };
        let part = match &target.slice {
            Some(slice) => slice.part(dims).map_err(Failure::Error)?,
            None => Part::all(dims),
        };
        let element_type = dataset.element_type();
        if let TypeClass::Unsupported(words) = element_type.class() {
            return Err(Failure::error(format!("`{words}` is not read; at `{}`", dataset.path())));
        }
        let mut blocks = Blocks::new(dataset, &part)?;
        if self.format == Format::Npy {
            return self.npy_of(element_type, &part.dims(), |write| {
                let size = element_type.size();
                while let Some(block) = blocks.next()? {
                    let bytes = block.items.elements().bytes();
                    match block.is_in_order() {
                        true => write(bytes)?,
                        false => {
                            let items = block.positions().flat_map(|at| &bytes[at * size..(at + 1) * size]);
                            write(&items.copied().collect::<Vec<u8>>())?;
                        }
                    }
                }
                Ok(())
            });
        }
        self.heading(part.dims().is_empty())?;
        let mut rows = Rows::new(self, element_type, &part.dims())?;
        while let Some(block) = blocks.next()? {
            let elements = block.items.elements();
            if block.is_in_order() {
                for value in elements.iter() {
                    rows.value(self, value)?;
                }
            } else {
                for position in block.positions() {
                    rows.value(self, elements.get(position))?;
                }
            }
        }
        rows.end(self)
    }

    fn npy_of(
        &mut self,
        element_type: &ElementType,
        dims: &[u64],
        data: impl FnOnce(&mut dyn FnMut(&[u8]) -> Outcome) -> Outcome,
    ) -> Outcome {
        let dtype = npy::dtype(element_type).map_err(Failure::Error)?;
        let out = self.out()?;
        out.write_all(&npy::header(&dtype, dims))?;
        data(&mut |bytes| Ok(out.write_all(bytes)?))
    }

    /// A list, row by row, or else all as one value.
    fn group(&mut self, group: &Group, target: &Target) -> Outcome {
        let path = group.path();
        let is_list = || self.options.reader_of::<serde::de::IgnoredAny>(self.file, path);
        if target.slice.is_none() && self.format == Format::Json {
            return self.value(path, target);
        }
        match is_list() {
            Ok(reader) => {
                let len = reader.len();
                drop(reader);
                self.list(path, len, target)
            }
            Err(error) if target.slice.is_some() => Err(Failure::error(format!(
                "`{path}` has no parts to be taken by `[...]`: {}",
                Failure::from(error).message().unwrap_or_default()
            ))),
            Err(error) if matches!(self.format, Format::Csv) => {
                let why =
                    if error.kind() == ErrorKind::WrongType { "is no list".to_owned() } else { error.to_string() };
                Err(Failure::error(format!("`{path}` {why}: use `--json`")))
            }
            Err(_) => self.value(path, target),
        }
    }

    /// The elements of a list, however it is stored.
    fn list(&mut self, path: &str, len: u64, target: &Target) -> Outcome {
        let part = match &target.slice {
            Some(slice) => slice.part(&[len]).map_err(Failure::Error)?,
            None => Part::all(&[len]),
        };
        let indices = (0..part.count[0]).map(|at| {
            let at = if part.reversed[0] { part.count[0] - 1 - at } else { at };
            part.start[0] + at * part.step[0]
        });
        let is_one = part.dropped[0];
        match self.format {
            Format::Npy => Err(Failure::error(format!("`{path}` is no dataset: numpy's format has no form for it"))),
            Format::Json => {
                let mut reader: Reader<Written> = self.options.reader_of(self.file, path)?;
                if !is_one {
                    self.out()?.write_all(b"[")?;
                }
                self.begin()?;
                let output = self.output.take().ok_or_else(|| Failure::error("the output is gone"))?;
                let (output, read) = json::with_sink(output, self.nan, false, || {
                    for (number, index) in indices.enumerate() {
                        if number > 0 {
                            json::to_sink::<filebacked::Error>(|out, _| Ok(out.write_all(b",")?))?;
                        }
                        reader.get(index)?;
                    }
                    Ok(())
                });
                *self.output = Some(output);
                read?;
                if !is_one {
                    self.out()?.write_all(b"]")?;
                }
                self.end()
            }
            Format::Text | Format::Csv => {
                self.heading(is_one)?;
                let mut reader: Reader<Row> = self.options.reader_of(self.file, path)?;
                let is_csv = self.format == Format::Csv;
                let mut rows = RowWriter::new(self.out()?, is_csv);
                for index in indices {
                    rows.row(reader.get(index)?)?;
                }
                rows.finish()
            }
        }
    }

    /// Any value, as JSON.
    fn value(&mut self, path: &str, target: &Target) -> Outcome {
        if target.slice.is_some() {
            return Err(Failure::error(format!("`{path}` has no parts to be taken by `[...]`")));
        }
        if matches!(self.format, Format::Csv | Format::Npy) {
            return Err(Failure::error(format!("`{path}` is no table: use `--json`")));
        }
        self.heading(false)?;
        self.begin()?;
        let output = self.output.take().ok_or_else(|| Failure::error("the output is gone"))?;
        let (output, read) = json::with_sink(output, self.nan, true, || match path {
            "/" => self.options.value_of::<Written>(self.file),
            path => self.options.value_at::<Written>(self.file, path),
        });
        *self.output = Some(output);
        read?;
        match self.format {
            Format::Json => self.end(),
            _ => Ok(writeln!(self.out()?)?),
        }
    }
}

/// The positions in memory of what a part of a small array has.
fn picked(part: &Part, dims: &[u64]) -> Vec<usize> {
    let mut picked = vec![0u64];
    for (axis, dim) in dims.iter().enumerate() {
        let along = (0..part.count[axis]).map(|at| {
            let at = if part.reversed[axis] { part.count[axis] - 1 - at } else { at };
            part.start[axis] + at * part.step[axis]
        });
        let along: Vec<u64> = along.collect();
        picked = picked.iter().flat_map(|before| along.iter().map(move |index| before * dim + index)).collect();
    }
    picked.into_iter().map(|position| position as usize).collect()
}

/// Values of an array, one after the other, in the format that is asked for.
struct Rows {
    dims: Vec<u64>,
    /// How many were written.
    count: u64,
    has_fields: bool,
    csv: Option<csv::Writer<Vec<u8>>>,
    line: Vec<u8>,
}

impl Rows {
    fn new(getter: &mut Getter<'_>, element_type: &ElementType, dims: &[u64]) -> Outcome<Self> {
        let fields = match element_type.class() {
            TypeClass::Record(fields) => Some(fields.into_iter().map(|(name, _)| name).collect::<Vec<_>>()),
            _ => None,
        };
        let has_fields = fields.is_some();
        let mut rows = Self { dims: dims.to_vec(), count: 0, has_fields, csv: None, line: Vec::new() };
        match (getter.format, fields) {
            (Format::Csv, fields) => {
                if let ([_, .., last], None) = (dims, &fields)
                    && dims.contains(&0)
                    && *last > MAX_COLUMNS
                {
                    return Err(Failure::error(format!("an array without elements of {last} columns is no table")));
                }
                rows.csv = Some(csv::WriterBuilder::new().flexible(true).from_writer(Vec::new()));
                let header = fields.unwrap_or_else(|| match dims {
                    [] | [_] => vec!["value".to_owned()],
                    [.., last] => (0..*last).map(|column| column.to_string()).collect(),
                });
                rows.csv_record(getter, header)?;
            }
            (Format::Text, Some(fields)) if !dims.is_empty() => {
                let fields: Vec<_> = fields.iter().map(|name| one_line(name).into_owned()).collect();
                writeln!(getter.out()?, "{}", fields.join("\t"))?;
            }
            _ => {}
        }
        // Of an empty array, JSON shows the dimensions as far as there are any.
        if getter.format == Format::Json && dims.contains(&0) {
            let out = getter.out()?;
            empty(out, dims)?;
        }
        Ok(rows)
    }

    fn csv_record(&mut self, getter: &mut Getter<'_>, record: Vec<String>) -> Outcome {
        let Some(csv) = &mut self.csv else { return Ok(()) };
        csv.write_record(record).map_err(|error| Failure::error(error.to_string()))?;
        // It keeps little by itself.
        csv.flush()?;
        let writer = std::mem::replace(csv, csv::WriterBuilder::new().flexible(true).from_writer(Vec::new()));
        let bytes = writer.into_inner().map_err(|error| Failure::error(error.to_string()))?;
        Ok(getter.out()?.write_all(&bytes)?)
    }

    /// Writes the next value.
    fn value(&mut self, getter: &mut Getter<'_>, value: filebacked::Result<Scalar<'_>>) -> Outcome {
        match getter.format {
            Format::Json => {
                let (dims, nan) = (&self.dims, getter.nan);
                // How many lists begin and end here.
                let (mut opened, mut product) = (0, 1);
                for dim in dims.iter().rev() {
                    product *= dim;
                    opened += usize::from(self.count.is_multiple_of(product));
                }
                let out = getter.out()?;
                if self.count > 0 {
                    out.write_all(b",")?;
                }
                for _ in 0..opened {
                    out.write_all(b"[")?;
                }
                json::write(out, value, nan)?;
                self.count += 1;
                let mut product = 1;
                for dim in dims.iter().rev() {
                    product *= dim;
                    if self.count.is_multiple_of(product) {
                        out.write_all(b"]")?;
                    }
                }
                Ok(())
            }
            Format::Csv => {
                let mut cells = Vec::new();
                match value? {
                    Scalar::Record(record) if self.has_fields => {
                        for (_, value) in record.fields() {
                            cells.push(cell(value, getter.nan)?);
                        }
                        self.count += 1;
                        return self.csv_record(getter, cells);
                    }
                    value => cells.push(cell(Ok(value), getter.nan)?),
                }
                self.csv_cell(getter, cells.remove(0))
            }
            _ => self.text(getter, value),
        }
    }

    /// A number of a row of an array.
    fn csv_cell(&mut self, getter: &mut Getter<'_>, cell: String) -> Outcome {
        let width = if self.dims.len() < 2 { 1 } else { self.dims.last().copied().unwrap_or(1) };
        self.count += 1;
        // Rows are collected in the line.
        let separator = if self.count.is_multiple_of(width) { b'\n' } else { b',' };
        let needs_quotes = cell.contains(['"', ',', '\n', '\r']) || cell.is_empty() && width == 1;
        let out = getter.out()?;
        match needs_quotes {
            true => write!(out, "\"{}\"", cell.replace('"', "\"\""))?,
            false => out.write_all(cell.as_bytes())?,
        }
        Ok(out.write_all(&[separator])?)
    }

    fn text(&mut self, getter: &mut Getter<'_>, value: filebacked::Result<Scalar<'_>>) -> Outcome {
        let (is_scalar, nan) = (self.dims.is_empty(), getter.nan);
        let is_terminal = is_scalar && getter.out()?.is_terminal();
        self.line.clear();
        match value? {
            // One string is what it is, but does nothing to a terminal.
            Scalar::Text(text) if is_terminal => {
                self.line.extend_from_slice(lines(text).as_bytes());
            }
            Scalar::Text(text) if is_scalar => self.line.extend_from_slice(text.as_bytes()),
            Scalar::Record(record) if self.has_fields && !is_scalar => {
                for (number, (_, value)) in record.fields().enumerate() {
                    self.line.extend_from_slice(if number == 0 { b"" } else { b"\t" });
                    text_cell(&mut self.line, value, nan)?;
                }
                self.line.push(b'\n');
                self.count += 1;
                let line = std::mem::take(&mut self.line);
                getter.out()?.write_all(&line)?;
                self.line = line;
                return Ok(());
            }
            value => text_cell(&mut self.line, Ok(value), nan)?,
        }
        self.count += 1;
        let mut ends = 0;
        let mut product = 1;
        for dim in self.dims.iter().rev() {
            product *= dim;
            ends += usize::from(self.count.is_multiple_of(product));
        }
        let is_last = ends == self.dims.len();
        match (self.dims.len(), ends) {
            // A column.
            (0 | 1, _) | (_, 1..) => self.line.push(b'\n'),
            _ => self.line.push(b'\t'),
        }
        if ends >= 2 && !is_last {
            // Between matrices.
            self.line.push(b'\n');
        }
        let line = std::mem::take(&mut self.line);
        getter.out()?.write_all(&line)?;
        self.line = line;
        Ok(())
    }

    fn end(&mut self, getter: &mut Getter<'_>) -> Outcome {
        getter.end()
    }
}

/// The lists of an array without elements.
fn empty(out: &mut Output, dims: &[u64]) -> Outcome {
    match dims {
        dims if json::is_hollow(dims) => Ok(out.write_all(b"[]")?),
        [] | [0, ..] => Ok(out.write_all(b"[]")?),
        [dim, rest @ ..] => {
            out.write_all(b"[")?;
            for number in 0..*dim {
                out.write_all(if number == 0 { b"" } else { b"," })?;
                empty(out, rest)?;
            }
            Ok(out.write_all(b"]")?)
        }
    }
}

/// A value in a table: as it is, but lists and records, which are JSON.
pub(crate) fn cell(value: filebacked::Result<Scalar<'_>>, nan: Nan) -> Outcome<String> {
    let mut bytes = Vec::new();
    match value? {
        Scalar::Text(text) => return Ok(text.to_owned()),
        value => add_cell(&mut bytes, Ok(value), nan)?,
    }
    String::from_utf8(bytes).map_err(|_| Failure::error("text that is no UTF-8"))
}

/// The same in a line of text, where strings with tabs or ends of lines are JSON, too.
fn text_cell(line: &mut Vec<u8>, value: filebacked::Result<Scalar<'_>>, nan: Nan) -> Outcome {
    match value? {
        Scalar::Text(text) | Scalar::Name(text, _) if text.contains(char::is_control) => json::text(line, text),
        Scalar::Text(text) => {
            line.extend_from_slice(text.as_bytes());
            Ok(())
        }
        value => add_cell(line, Ok(value), nan),
    }
}

fn add_cell(line: &mut Vec<u8>, value: filebacked::Result<Scalar<'_>>, nan: Nan) -> Outcome {
    match value? {
        Scalar::Name(name, _) => line.extend_from_slice(name.as_bytes()),
        Scalar::F64(value) if !value.is_finite() => line.extend_from_slice(words::float(value).as_bytes()),
        Scalar::F32(value) if !value.is_finite() => line.extend_from_slice(words::float(value.into()).as_bytes()),
        value @ Scalar::Complex(_) => line.extend_from_slice(words::short(&Ok(value), usize::MAX).as_bytes()),
        Scalar::Reference(reference) => line.extend_from_slice(reference.path().unwrap_or_default().as_bytes()),
        Scalar::Bytes(bytes) => {
            line.extend_from_slice(b"0x");
            for byte in bytes {
                write!(line, "{byte:02x}")?;
            }
        }
        value => json::write(line, Ok(value), nan)?,
    }
    Ok(())
}
