//! `set`: a value in place of another of the same type.

use std::path::{Path, PathBuf};

use clap_complete::ArgValueCompleter;
use filebacked::WriteOptions;
use filebacked::hdf5::types::{FixedAscii, FixedUnicode, TypeDescriptor, VarLenAscii, VarLenUnicode};
use filebacked::hdf5::{self, Container, Hyperslab, SliceOrIndex};
use filebacked::ndarray::{ArrayD, IxDyn};
use filebacked::objects::{ElementType, Items, TypeClass};

use crate::atomic::changed;
use crate::commands::completions;
use crate::failure::{Failure, Outcome};
use crate::limits::Limits;
use crate::output::Color;
use crate::slice::Part;
use crate::target::{Found, Target};
use crate::words;

const EXAMPLES: &str = "\
Examples:
  filebacked set run.h5 settings/seed 8
  filebacked set run.h5 settings/title 'one body'
  filebacked set run.h5 'field[0, :3]' '[1, 2.5, 3]'     a part, as JSON
  filebacked set run.h5 field@units hPa                  an attribute
  filebacked set run.h5 settings/retries 3 --create      something new, from JSON

The type stays: what it does not hold is refused. All is done or nothing: a copy of the file is changed, and takes its place.";

/// Puts a value in the place of another, which keeps its type
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Set {
    /// An HDF5 file
    file: PathBuf,
    /// A path, with `[...]` for a part of it, or `@name` for an attribute
    #[arg(add = ArgValueCompleter::new(completions::paths))]
    path: String,
    /// The value: JSON for arrays
    #[arg(allow_hyphen_values = true)]
    value: String,
    /// Make a value that is not there
    #[arg(long)]
    create: bool,
    /// Change the file itself: faster for large files, but a program that is killed can leave a damaged one
    #[arg(long)]
    in_place: bool,
    #[command(flatten)]
    limits: Limits,
}

impl Set {
    pub(crate) fn run(self, _: Color) -> Outcome {
        if !self.file.is_file() {
            return Err(Failure::error(format!("there is no file `{}`", self.file.display())));
        }
        let done = match self.in_place {
            true => self.set(&self.file),
            false => changed(&self.file, |copy| self.set(copy)),
        };
        done.map_err(|failure| failure.in_file(&self.file))
    }

    fn set(&self, file: &Path) -> Outcome {
        let root = self.limits.options().objects_file(file)?;
        let (target, found) = match Target::parse(&self.path).find(&root) {
            Ok(found) => found,
            Err(Failure::Missing(why)) => {
                drop(root);
                return match self.create {
                    true => self.made(file),
                    false => Err(Failure::Missing(format!("{why} (`--create` makes it)"))),
                };
            }
            Err(failure) => return Err(failure),
        };
        match (&target.attribute, found) {
            (Some(name), found) => {
                let (attribute, path) = match &found {
                    Found::Group(group) => (group.attribute(name)?, group.path().to_owned()),
                    Found::Dataset(dataset) => (dataset.attribute(name)?, dataset.path().to_owned()),
                };
                let attribute =
                    attribute.ok_or_else(|| Failure::missing(format!("there is no attribute `{name}` at `{path}`")))?;
                let (element_type, dims) = (attribute.element_type(), attribute.dims().map(<[u64]>::to_vec));
                if target.slice.is_some() {
                    return Err(Failure::error("an attribute is set as a whole"));
                }
                let dims = dims.ok_or_else(|| Failure::error("the attribute is null, which has no type to keep"))?;
                let new = values(&self.value, &element_type, &dims)?;
                drop((found, attribute, root));
                let opened = hdf5::File::open_rw(file).map_err(failed)?;
                let stored = match opened.dataset(&path) {
                    Ok(dataset) => dataset.attr(name),
                    Err(_) => opened.group(&path).and_then(|group| group.attr(name)),
                };
                let stored = stored.map_err(failed)?;
                let descriptor = stored.dtype().and_then(|dtype| dtype.to_descriptor()).map_err(failed)?;
                self.refuse_unusual(&stored, &new, &descriptor)?;
                write(&stored, &new, &Part::all(&dims), true, &descriptor)?;
                drop(stored);
                opened.close().map_err(failed)?;
                self.check(file, &target, &new, &Part::all(&dims))
            }
            (None, Found::Group(_)) => Err(Failure::error(format!("`{}` is a group: name a dataset in it", self.path))),
            (None, Found::Dataset(dataset)) => {
                let dims =
                    dataset.dims().ok_or_else(|| Failure::error("it is null, which has no type to keep"))?.to_vec();
                let element_type = dataset.element_type().clone();
                let path = dataset.path().to_owned();
                if target.path.split('/').filter(|name| !name.is_empty()).count()
                    != path.split('/').filter(|name| !name.is_empty()).count()
                {
                    return Err(Failure::error("a field of records cannot be set by itself"));
                }
                if let Some(encoding) = dataset.encoding()? {
                    return Err(Failure::error(format!("a value of the encoding `{encoding}` cannot be set")));
                }
                let part = match &target.slice {
                    Some(slice) => slice.part(&dims).map_err(Failure::Error)?,
                    None => Part::all(&dims),
                };
                if part.reversed.contains(&true) {
                    return Err(Failure::error("a step of a part that is set is not negative"));
                }
                let new = values(&self.value, &element_type, &part.dims())?;
                drop((dataset, root));
                let opened = hdf5::File::open_rw(file).map_err(failed)?;
                let stored = opened.dataset(&path).map_err(failed)?;
                let descriptor = stored.dtype().and_then(|dtype| dtype.to_descriptor()).map_err(failed)?;
                self.refuse_unusual(&stored, &new, &descriptor)?;
                write(&stored, &new, &part, part == Part::all(&dims), &descriptor)?;
                drop(stored);
                opened.close().map_err(failed)?;
                self.check(file, &target, &new, &part)
            }
        }
    }

    /// Makes sure that what is there now is what was meant: integers of odd widths hold less than their type says.
    fn check(&self, file: &Path, target: &Target, new: &Values, part: &Part) -> Outcome {
        let root = self.limits.options().objects_file(file)?;
        let gone = || Failure::error("it is gone");
        let (_, found) = target.clone().find(&root)?;
        let is_same = match (&target.attribute, &found) {
            (Some(name), Found::Group(group)) => new.is_same(group.attribute(name)?.ok_or_else(gone)?.items()),
            (Some(name), Found::Dataset(dataset)) => new.is_same(dataset.attribute(name)?.ok_or_else(gone)?.items()),
            (None, Found::Dataset(dataset)) => {
                new.is_same(&dataset.read_steps(&part.start, &part.step, &part.count)?)
            }
            (None, Found::Group(_)) => return Err(gone()),
        };
        match is_same {
            true => Ok(()),
            false => Err(Failure::error("the type in the file does not hold the value")),
        }
    }

    /// Refuses to change numbers in place that are not of a type of this machine: what they hold is seen only when it is written.
    fn refuse_unusual(&self, stored: &Container, new: &Values, descriptor: &TypeDescriptor) -> Outcome {
        if !self.in_place || matches!(new, Values::Texts(_)) {
            return Ok(());
        }
        let usual = hdf5::Datatype::from_descriptor(descriptor).map_err(failed)?;
        match stored.dtype().map_err(failed)? == usual {
            true => Ok(()),
            false => {
                Err(Failure::error("`--in-place` does not change numbers of a type that this machine does not have"))
            }
        }
    }

    /// Makes a value of JSON's, or text.
    fn made(&self, file: &Path) -> Outcome {
        let target = Target::parse(&self.path);
        if target.slice.is_some() || target.attribute.is_some() {
            return Err(Failure::error("only a whole value is made anew"));
        }
        let value: serde_json::Value =
            serde_json::from_str(&self.value).unwrap_or_else(|_| serde_json::Value::String(self.value.clone()));
        let value = crate::records::unified(value)?;
        Ok(WriteOptions::new().write_at(file, &target.path, &value)?)
    }
}

fn failed(error: hdf5::Error) -> Failure {
    Failure::error(error.to_string())
}

/// Bytes of the longest string of fixed length that is set.
const MAX_FIXED: usize = 1 << 15;

/// Values of one type.
enum Values {
    Bool(Vec<bool>),
    I8(Vec<i8>),
    I16(Vec<i16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    U64(Vec<u64>),
    F32(Vec<f32>),
    F64(Vec<f64>),
    Texts(Vec<String>),
}

/// Does the same with numbers of each type.
macro_rules! each {
    ($values:expr, $numbers:ident => $do:expr, $texts:ident => $other:expr) => {
        match $values {
            Values::Bool($numbers) => $do,
            Values::I8($numbers) => $do,
            Values::I16($numbers) => $do,
            Values::I32($numbers) => $do,
            Values::I64($numbers) => $do,
            Values::U8($numbers) => $do,
            Values::U16($numbers) => $do,
            Values::U32($numbers) => $do,
            Values::U64($numbers) => $do,
            Values::F32($numbers) => $do,
            Values::F64($numbers) => $do,
            Values::Texts($texts) => $other,
        }
    };
}

impl Values {
    fn is_same(&self, items: &Items) -> bool {
        let shown = |text: String, value: &filebacked::Result<filebacked::objects::Scalar<'_>>| {
            words::short(value, usize::MAX) == text
        };
        let texts: Vec<String> = each!(self, numbers => numbers.iter().map(|number| format!("{number:?}")).collect(), texts => {
            let is_same = |(text, value): (&String, _)| {
                matches!(value, Ok(filebacked::objects::Scalar::Text(found)) if found == text)
            };
            return texts.len() == items.len() && texts.iter().zip(items.iter()).all(is_same);
        });
        texts.len() == items.len() && texts.into_iter().zip(items.iter()).all(|(text, value)| shown(text, &value))
    }
}

/// The values that a text is: of the type, and as many as the dimensions say.
fn values(text: &str, element_type: &ElementType, dims: &[u64]) -> Outcome<Values> {
    let words: Vec<String> = if dims.is_empty() {
        vec![text.to_owned()]
    } else {
        let json: serde_json::Value = serde_json::from_str(text)
            .map_err(|_| Failure::error(format!("`{text}` is no JSON: {} takes a list", words::shape(Some(dims)))))?;
        let mut found = Vec::new();
        flatten(&json, dims, &mut found)
            .ok_or_else(|| Failure::error(format!("the value is no list of the shape {}", words::shape(Some(dims)))))?;
        found
    };
    macro_rules! numbers {
        ($variant:ident $type:ty) => {{
            let number = |word: &String| {
                word.trim().parse::<$type>().map_err(|_| Failure::error(format!("`{word}` is no `{element_type}`")))
            };
            Values::$variant(words.iter().map(number).collect::<Outcome<_>>()?)
        }};
    }
    Ok(match element_type.class() {
        TypeClass::Bool => numbers!(Bool bool),
        TypeClass::Integer { bits: 8, signed: true } => numbers!(I8 i8),
        TypeClass::Integer { bits: 16, signed: true } => numbers!(I16 i16),
        TypeClass::Integer { bits: 32, signed: true } => numbers!(I32 i32),
        TypeClass::Integer { signed: true, .. } => numbers!(I64 i64),
        TypeClass::Integer { bits: 8, .. } => numbers!(U8 u8),
        TypeClass::Integer { bits: 16, .. } => numbers!(U16 u16),
        TypeClass::Integer { bits: 32, .. } => numbers!(U32 u32),
        TypeClass::Integer { .. } => numbers!(U64 u64),
        TypeClass::Float { bits: 32 } => {
            let floats = numbers!(F32 f32);
            if let Values::F32(floats) = &floats {
                refuse_overflow(&words, floats.iter().map(|float| float.is_infinite()), element_type)?;
            }
            floats
        }
        TypeClass::Float { .. } => {
            let floats = numbers!(F64 f64);
            if let Values::F64(floats) = &floats {
                refuse_overflow(&words, floats.iter().map(|float| float.is_infinite()), element_type)?;
            }
            floats
        }
        TypeClass::FixedString(size) => {
            // A string that HDF5 calls null-terminated has a NUL at its end.
            let is_terminated = format!("{element_type:?}").contains("NullTerminated");
            let most = size.saturating_sub(usize::from(is_terminated)).min(MAX_FIXED);
            if let Some(word) = words.iter().find(|word| word.len() > most) {
                return Err(Failure::error(format!("a text of {} bytes is too long: {most} are the most", word.len())));
            }
            if words.iter().any(|word| word.contains('\0')) {
                return Err(Failure::error("a string of fixed length ends at a NUL, which is in the text"));
            }
            Values::Texts(words)
        }
        TypeClass::String => Values::Texts(words),
        _ => return Err(Failure::error(format!("values of the type `{element_type}` cannot be set"))),
    })
}

/// Refuses finite numbers that have become infinite.
fn refuse_overflow(words: &[String], are_infinite: impl Iterator<Item = bool>, element_type: &ElementType) -> Outcome {
    let is_infinity = |word: &str| word.to_ascii_lowercase().contains("inf");
    match words.iter().zip(are_infinite).find(|(word, is_infinite)| *is_infinite && !is_infinity(word)) {
        Some((word, _)) => Err(Failure::error(format!("`{word}` is too large for `{element_type}`"))),
        None => Ok(()),
    }
}

/// The scalars in lists within each other of that shape.
fn flatten(value: &serde_json::Value, dims: &[u64], found: &mut Vec<String>) -> Option<()> {
    match (value, dims) {
        (serde_json::Value::Array(list), [dim, rest @ ..]) if list.len() as u64 == *dim => {
            list.iter().try_for_each(|value| flatten(value, rest, found))
        }
        (serde_json::Value::String(text), []) => {
            found.push(text.clone());
            Some(())
        }
        (serde_json::Value::Number(_) | serde_json::Value::Bool(_), []) => {
            found.push(value.to_string());
            Some(())
        }
        _ => None,
    }
}

fn write(target: &Container, new: &Values, part: &Part, is_whole: bool, descriptor: &TypeDescriptor) -> Outcome {
    fn put<T: hdf5::H5Type + Clone>(
        target: &Container,
        values: Vec<T>,
        part: &Part,
        is_whole: bool,
    ) -> hdf5::Result<()> {
        match (&values[..], is_whole) {
            ([value], true) if part.count.is_empty() => target.write_scalar(value),
            (values, true) => target.write_raw(values),
            _ => {
                let slices = (0..part.count.len()).map(|axis| SliceOrIndex::SliceCount {
                    start: part.start[axis] as usize,
                    step: part.step[axis] as usize,
                    count: part.count[axis] as usize,
                    block: 1,
                });
                let slab = Hyperslab::from(slices.collect::<Vec<_>>());
                let shape: Vec<usize> = part.count.iter().map(|count| *count as usize).collect();
                let array = ArrayD::from_shape_vec(IxDyn(&shape), values).map_err(|error| error.to_string())?;
                target.write_slice(&array, slab)
            }
        }
    }
    let written = each!(new, numbers => put(target, numbers.clone(), part, is_whole), texts => match descriptor {
        TypeDescriptor::VarLenUnicode => {
            let texts: Result<Vec<VarLenUnicode>, _> = texts.iter().map(|text| text.parse()).collect();
            put(target, texts.map_err(|error| Failure::error(format!("{error:?}")))?, part, is_whole)
        }
        TypeDescriptor::VarLenAscii => {
            let texts: Result<Vec<VarLenAscii>, _> = texts.iter().map(VarLenAscii::from_ascii).collect();
            put(target, texts.map_err(|_| Failure::error("the type takes ASCII alone"))?, part, is_whole)
        }
        // libhdf5 makes them as long as those in the file, and ends them as those.
        TypeDescriptor::FixedAscii(_) | TypeDescriptor::FixedUnicode(_) => {
            let is_ascii = matches!(descriptor, TypeDescriptor::FixedAscii(_));
            macro_rules! fixed {
                ($size:expr) => {
                    match is_ascii {
                        true => {
                            let texts: Result<Vec<FixedAscii<{ $size }>>, _> =
                                texts.iter().map(FixedAscii::from_ascii).collect();
                            put(target, texts.map_err(|_| Failure::error("the type takes ASCII alone"))?, part, is_whole)
                        }
                        false => {
                            let texts: Result<Vec<FixedUnicode<{ $size }>>, _> =
                                texts.iter().map(|text| text.parse()).collect();
                            put(target, texts.map_err(|error| Failure::error(format!("{error:?}")))?, part, is_whole)
                        }
                    }
                };
            }
            match texts.iter().map(String::len).max().unwrap_or(0) {
                0..=64 => fixed!(64),
                65..=1024 => fixed!(1024),
                _ => fixed!(MAX_FIXED),
            }
        }
        other => return Err(Failure::error(format!("values of the type `{other}` cannot be set"))),
    });
    written.map_err(failed)
}
