//! `check`: whether all that is in a file can be read, and fits together.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

use filebacked::objects::{
    Attribute, Dataset, ElementType, Elements, Group, Link, LinkKind, Object, Scalar, TypeClass,
};
use filebacked::{ErrorKind, ReadOptions};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::blocks::Blocks;
use crate::commands::schema::{Difference, Schema, compare};
use crate::failure::{Failure, Outcome, why, without_place};
use crate::json;
use crate::limits::Limits;
use crate::output::{BAD, Color, NAME, NEW, Output, bytes_words, one_line};
use crate::progress::Progress;
use crate::read_file::ReadFile;
use crate::slice::Part;

const EXAMPLES: &str = "\
Examples:
  filebacked check run.h5                 says what is damaged, or that the file is sound
  filebacked check -q runs/*.h5           exit code 1 if one of them is damaged
  filebacked check run.h5 --json | jq '.[].path'
  filebacked check run.h5 --schema run.schema.json
                                          also says what is missing, extra, or of another type or shape
  filebacked check run.h5 --schema run.schema.json --no-data
                                          looks at nothing but that

Every group, attribute and dataset is read; libhdf5 compares the checksums that there are: of its own structures in newer files, and of
chunks with the filter fletcher32. What this crate wrote in more than one dataset, such as offsets and values, must fit together. Links
and references must lead somewhere. Strings that are marked as UTF-8 must be that; of others that are no UTF-8 either there is a
note, as not every program reads them. What was changed in plain data without a checksum is not found: nothing in the file says what
it was.";

/// Reads every byte, and says what is damaged: checksums, offsets that do not fit, links that lead nowhere
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Check {
    /// HDF5 files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Say what is not as a schema says, too: `filebacked tree --schema` prints one
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// Do not read the data: look at names, types and shapes alone
    #[arg(long, requires = "schema")]
    no_data: bool,
    /// Print nothing: the exit code says whether all are sound
    #[arg(short, long, conflicts_with = "json")]
    quiet: bool,
    /// A JSON list with an object for each thing that is wrong
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    limits: Limits,
}

/// Something that is wrong.
struct Damage {
    path: String,
    why: String,
    kind: DamageKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DamageKind {
    Damaged,
    /// It may be right, but cannot be looked at.
    Unknown,
    /// It is right, but not every program reads it.
    Note,
}

impl DamageKind {
    fn words(self) -> &'static str {
        match self {
            Self::Damaged => "damaged",
            Self::Unknown => "not checked",
            Self::Note => "note",
        }
    }
}

impl Check {
    pub(crate) fn run(self, color: Color) -> Outcome {
        let mut output = Output::stdout(color);
        let options = self.limits.options();
        let (mut is_damaged, mut is_unknown, mut count) = (false, false, 0);
        let schema = self.schema.as_deref().map(Schema::read).transpose()?;
        for file in &self.files {
            if let Some(schema) = &schema {
                let differs = self.with_schema(schema, file, &options, &mut output, &mut count)?;
                is_damaged |= differs;
                if self.no_data {
                    continue;
                }
            }
            let mut report = |output: &mut Output, damage: &Damage| -> Outcome {
                if self.quiet {
                    return Ok(());
                }
                let Damage { path, why, kind } = damage;
                let file = file.display().to_string();
                if self.json {
                    output.write_all(if count == 0 { b"[\n  {\"file\":" } else { b",\n  {\"file\":" })?;
                    count += 1;
                    json::text(output, &file)?;
                    output.write_all(b",\"path\":")?;
                    json::text(output, path)?;
                    write!(output, ",\"kind\":\"{}\",\"why\":", kind.words())?;
                    json::text(output, why)?;
                    return Ok(output.write_all(b"}")?);
                }
                let path = output.styled(NAME, &one_line(path));
                let words = output.styled(if *kind == DamageKind::Damaged { BAD } else { NAME }, kind.words());
                Ok(writeln!(output, "{}: {path}: {words}: {}", one_line(&file), one_line(why))?)
            };
            // Of a file that may not be read nothing is known.
            if file.is_file()
                && let Err(error) = std::fs::File::open(file)
            {
                let why = error.to_string();
                is_unknown = true;
                report(&mut output, &Damage { path: "/".to_owned(), why, kind: DamageKind::Unknown })?;
                continue;
            }
            let mut checker = Checker::new(file, &options);
            let checked = checker.run(&mut |damage| report(&mut output, damage));
            match checked {
                Ok(()) => {}
                Err(Failure::Error(why) | Failure::Missing(why)) => {
                    if !file.is_file() {
                        return Err(Failure::Error(why).in_file(file));
                    }
                    // Words of libhdf5: a file that another program writes may be sound.
                    if why.contains("unable to lock file") {
                        is_unknown = true;
                        report(&mut output, &Damage { path: "/".to_owned(), why, kind: DamageKind::Unknown })?;
                        continue;
                    }
                    checker.damaged += 1;
                    report(&mut output, &Damage { path: "/".to_owned(), why, kind: DamageKind::Damaged })?;
                }
                Err(other) => return Err(other),
            }
            is_damaged |= checker.damaged > 0;
            is_unknown |= checker.unknown > 0;
            if !self.quiet && !self.json && checker.damaged == 0 {
                let word = match checker.unknown {
                    0 => output.styled(NEW, "sound"),
                    _ => output.styled(NAME, "no damage found in the rest"),
                };
                let Checker { objects, attributes, bytes, .. } = checker;
                let file = file.display().to_string();
                let read = bytes_words(bytes);
                writeln!(
                    output,
                    "{}: {word}: {objects} objects, {attributes} attributes, {read} of data",
                    one_line(&file)
                )?;
            }
        }
        if self.json {
            output.write_all(if count == 0 { b"[]\n" } else { b"\n]\n" })?;
        }
        output.finish()?;
        match (is_damaged, is_unknown) {
            (true, _) => Err(Failure::No),
            (false, true) => Err(Failure::error("not all of it could be checked")),
            (false, false) => Ok(()),
        }
    }
}

impl Check {
    /// Says what of a file is not as the schema says; whether something is not.
    fn with_schema(
        &self,
        schema: &Schema,
        file: &Path,
        options: &ReadOptions,
        output: &mut Output,
        count: &mut usize,
    ) -> Outcome<bool> {
        let name = file.display().to_string();
        let root = match options.objects_of(file) {
            Ok(root) => root,
            // Whether it is damaged is said by itself.
            Err(_) if file.is_file() && !self.no_data => return Ok(true),
            Err(error) => return Err(Failure::from(error).in_file(file)),
        };
        let mut differences = 0;
        let mut found = |difference: Difference| -> Outcome {
            differences += 1;
            if self.quiet {
                return Ok(());
            }
            if self.json {
                output.write_all(if *count == 0 { b"[\n  " } else { b",\n  " })?;
                *count += 1;
                return difference.json(&name, output);
            }
            let path = output.styled(NAME, &one_line(&difference.path));
            let words = output.styled(BAD, &one_line(&difference.words()));
            Ok(writeln!(output, "{}: {path}: {words}", one_line(&name))?)
        };
        compare(schema, &root, &mut found)?;
        if differences == 0 && !self.quiet && !self.json {
            let word = output.styled(NEW, "as the schema says");
            writeln!(output, "{}: {word}", one_line(&name))?;
        }
        Ok(differences > 0)
    }
}

type Report<'a> = &'a mut dyn FnMut(&Damage) -> Outcome;

struct Checker<'a> {
    file: &'a Path,
    options: &'a ReadOptions,
    progress: Progress,
    damaged: u64,
    unknown: u64,
    objects: u64,
    attributes: u64,
    bytes: u64,
    /// The objects that there are.
    seen: HashSet<u64>,
    /// There are others, of which it is not known where they are: named types, and what cannot be looked at.
    has_others: bool,
    /// The references that there are, and where one of each is.
    references: HashMap<u64, String>,
    /// Where something was noted last.
    noted: Option<String>,
}

/// A group that is gone through.
struct Frame {
    group: Group,
    links: std::vec::IntoIter<Link>,
    /// All that is in it was read as one value.
    is_read: bool,
}

impl<'a> Checker<'a> {
    fn new(file: &'a Path, options: &'a ReadOptions) -> Self {
        let progress = Progress::new(std::fs::metadata(file).map_or(0, |file| file.len()));
        let (seen, references, noted) = Default::default();
        let (damaged, unknown, objects, attributes, bytes, has_others) = Default::default();
        Self {
            file,
            options,
            progress,
            damaged,
            unknown,
            objects,
            attributes,
            bytes,
            seen,
            has_others,
            references,
            noted,
        }
    }

    fn run(&mut self, report: Report<'_>) -> Outcome {
        let root = self.options.objects_of(self.file)?;
        self.seen.insert(root.id()?.address());
        let mut stack = Vec::new();
        self.enter(root, false, &mut stack, report)?;
        while let Some(frame) = stack.last_mut() {
            let Some(link) = frame.links.next() else {
                stack.pop();
                continue;
            };
            let path = format!("{}/{}", frame.group.path().trim_end_matches('/'), link.name);
            let (opened, is_read) = (frame.group.open_link(&link), frame.is_read);
            if link.kind != LinkKind::Hard {
                if let Err(error) = opened {
                    let is_unknown = matches!(link.kind, LinkKind::External { .. }) && error.kind() == ErrorKind::Limit;
                    self.wrong(&path, &error, is_unknown, report)?;
                }
                continue;
            }
            match opened {
                Ok(object) => {
                    let id = match object.id() {
                        Ok(id) => id,
                        Err(error) => {
                            self.wrong(&path, &error, false, report)?;
                            continue;
                        }
                    };
                    if !self.seen.insert(id.address()) {
                        continue;
                    }
                    match object {
                        Object::Group(group) => self.enter(group, is_read, &mut stack, report)?,
                        Object::Dataset(dataset) => self.dataset(&dataset, is_read, report)?,
                        Object::NamedType(named) => {
                            self.objects += 1;
                            self.attributes_of(
                                named.path(),
                                named.attribute_names(),
                                &|name| named.attribute(name),
                                report,
                            )?;
                        }
                        _ => self.has_others = true,
                    }
                }
                Err(error) => {
                    let is_unknown = matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::Limit);
                    self.has_others = true;
                    self.wrong(&path, &error, is_unknown, report)?;
                }
            }
        }
        let mut lost: Vec<_> =
            self.references.drain().filter(|(address, _)| *address != 0 && !self.seen.contains(address)).collect();
        lost.sort();
        for (_, path) in lost {
            let (why, count, kind) = match self.has_others {
                true => {
                    ("a reference that leads to no object that was checked", &mut self.unknown, DamageKind::Unknown)
                }
                false => ("a reference that leads to no object of the file", &mut self.damaged, DamageKind::Damaged),
            };
            *count += 1;
            report(&Damage { path, why: why.to_owned(), kind })?;
        }
        Ok(())
    }

    fn wrong(&mut self, path: &str, error: &filebacked::Error, is_unknown: bool, report: Report<'_>) -> Outcome {
        *(if is_unknown { &mut self.unknown } else { &mut self.damaged }) += 1;
        let kind = if is_unknown { DamageKind::Unknown } else { DamageKind::Damaged };
        report(&Damage { path: path.to_owned(), why: why(error), kind })
    }

    fn enter(&mut self, group: Group, is_read: bool, stack: &mut Vec<Frame>, report: Report<'_>) -> Outcome {
        self.objects += 1;
        self.attributes_of(group.path(), group.attribute_names(), &|name| group.attribute(name), report)?;
        let mut is_read = is_read;
        if !is_read && self.is_encoded(&group, report)? {
            is_read = true;
            self.value(group.path(), report)?;
        }
        match group.links() {
            Ok(links) => stack.push(Frame { group, links: links.into_iter(), is_read }),
            Err(error) => {
                self.has_others = true;
                self.wrong(group.path(), &error, false, report)?;
            }
        }
        Ok(())
    }

    /// Whether a group is one value, of which more than one dataset are parts.
    fn is_encoded(&mut self, group: &Group, report: Report<'_>) -> Outcome<bool> {
        match group.encoding() {
            Ok(Some(_)) => Ok(true),
            Ok(None) => Ok(matches!(group.attribute("encoding-type"), Ok(Some(_)))),
            Err(error) => {
                let is_unknown = error.kind() == ErrorKind::Unsupported;
                self.wrong(group.path(), &error, is_unknown, report)?;
                Ok(false)
            }
        }
    }

    /// Reads all of a value.
    fn value(&mut self, path: &str, report: Report<'_>) -> Outcome {
        let read = match path {
            "/" => self.options.value_of::<Discarded>(self.file),
            path => self.options.value_at::<Discarded>(self.file, path),
        };
        match read {
            Ok(Discarded) => Ok(()),
            // What is read of it by itself says more.
            Err(error) if error.kind() == ErrorKind::Unsupported || error.kind() == ErrorKind::Limit => {
                let at = if error.hdf5_path().is_empty() { path.to_owned() } else { error.hdf5_path().to_owned() };
                self.wrong(&at, &error, true, report)
            }
            Err(error) => {
                let at = if error.hdf5_path().is_empty() { path.to_owned() } else { error.hdf5_path().to_owned() };
                self.wrong(&at, &error, false, report)
            }
        }
    }

    fn attributes_of(
        &mut self,
        path: &str,
        names: filebacked::Result<Vec<String>>,
        read: &dyn Fn(&str) -> filebacked::Result<Option<Attribute>>,
        report: Report<'_>,
    ) -> Outcome {
        let names = match names {
            Ok(names) => names,
            Err(error) => return self.wrong(path, &error, false, report),
        };
        for name in names {
            self.attributes += 1;
            let at = format!("{path}@{name}");
            match read(&name) {
                Ok(Some(attribute)) => {
                    let len = attribute.dims().map_or(0, |dims| dims.iter().product::<u64>());
                    if attribute.items().is_empty() && len > 0 {
                        let why = format!("`{}` is not read", attribute.element_type());
                        self.unknown += 1;
                        report(&Damage { path: at, why, kind: DamageKind::Unknown })?;
                        continue;
                    }
                    self.elements(&at, attribute.items().elements(), report)?;
                }
                Ok(None) => {}
                Err(error) => {
                    let is_unknown = matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::Limit);
                    self.wrong(&at, &error, is_unknown, report)?;
                }
            }
        }
        Ok(())
    }

    fn dataset(&mut self, dataset: &Dataset, is_read: bool, report: Report<'_>) -> Outcome {
        self.objects += 1;
        let path = dataset.path();
        self.attributes_of(path, dataset.attribute_names(), &|name| dataset.attribute(name), report)?;
        match dataset.encoding() {
            Ok(Some(_)) if !is_read => self.value(path, report)?,
            Ok(_) => {}
            Err(error) => self.wrong(path, &error, error.kind() == ErrorKind::Unsupported, report)?,
        }
        let Some(dims) = dataset.dims() else { return Ok(()) };
        if let TypeClass::Unsupported(words) = dataset.element_type().class() {
            let why = format!("elements of type `{words}` are not read");
            self.unknown += 1;
            return report(&Damage { path: path.to_owned(), why, kind: DamageKind::Unknown });
        }
        let part = Part::all(dims);
        let mut read = || -> Outcome {
            let mut blocks = Blocks::in_any_order(dataset, &part)?;
            while let Some(block) = blocks.next()? {
                let elements = block.items.elements();
                self.bytes += elements.bytes().len() as u64;
                self.progress.add(elements.bytes().len() as u64);
                self.elements(path, elements, report)?;
            }
            Ok(())
        };
        match read() {
            Err(Failure::Error(why) | Failure::Missing(why)) => {
                self.damaged += 1;
                report(&Damage { path: path.to_owned(), why: without_place(&why), kind: DamageKind::Damaged })
            }
            read => read,
        }
    }

    /// Looks at elements one by one, where some may be what their type does not say.
    fn elements(&mut self, path: &str, elements: Elements<'_>, report: Report<'_>) -> Outcome {
        let element_type = elements.element_type();
        let rules = Rules::of(&element_type);
        // Of many, a look at the bytes is enough.
        let is_sound = match &rules {
            Rules::None => true,
            Rules::Bool => elements.bytes().iter().all(|byte| *byte < 2),
            Rules::Text { .. } => !element_type.is_variable() && std::str::from_utf8(elements.bytes()).is_ok(),
            _ => false,
        };
        if is_sound {
            return Ok(());
        }
        for (number, value) in elements.iter().enumerate() {
            let looked = value.map_err(Fault::from).and_then(|value| self.scalar(path, &value, &rules));
            let why = match looked {
                Ok(None) => continue,
                // One is enough.
                Ok(Some(_)) if self.noted.as_deref() == Some(path) => continue,
                Ok(Some(note)) => {
                    self.noted = Some(path.to_owned());
                    let why = format!("element {number}: {note}");
                    report(&Damage { path: path.to_owned(), why, kind: DamageKind::Note })?;
                    continue;
                }
                Err(Fault(why)) => why,
            };
            let why = format!("element {number}: {why}");
            self.damaged += 1;
            return report(&Damage { path: path.to_owned(), why, kind: DamageKind::Damaged });
        }
        Ok(())
    }

    /// Looks at an element; what there is to note of it.
    fn scalar(&mut self, path: &str, value: &Scalar<'_>, rules: &Rules) -> Result<Option<String>, Fault> {
        match (value, rules) {
            (Scalar::Reference(reference), _) => {
                self.references.entry(reference.address()).or_insert_with(|| path.to_owned());
                Ok(None)
            }
            (Scalar::Bytes(bytes), Rules::Text { is_utf8 }) => {
                let shown: String = bytes.escape_ascii().take(MAX_SHOWN).map(char::from).collect();
                match is_utf8 {
                    true => Err(Fault(format!("a string that is marked as UTF-8, and is not: \"{shown}\""))),
                    // As programs wrote it that are older than UTF-8.
                    false => Ok(Some(format!("text that is neither ASCII nor UTF-8: \"{shown}\""))),
                }
            }
            (Scalar::Record(record) | Scalar::Complex(record), Rules::Record(fields)) => {
                let mut note = None;
                for ((_, value), rules) in record.fields().zip(fields) {
                    note = note.or(self.scalar(path, &value?, rules)?);
                }
                Ok(note)
            }
            (Scalar::Array(_, elements) | Scalar::List(elements), Rules::Inner(rules)) => {
                let mut note = None;
                for value in elements.iter() {
                    note = note.or(self.scalar(path, &value?, rules)?);
                }
                Ok(note)
            }
            _ => Ok(None),
        }
    }
}

/// How much of a string is shown that is no text.
const MAX_SHOWN: usize = 60;

/// What elements of a type may be that the type does not say.
enum Rules {
    /// Nothing.
    None,
    /// Bytes that are no bool.
    Bool,
    /// Bytes that are no text.
    Text {
        is_utf8: bool,
    },
    /// A reference that leads nowhere.
    Reference,
    Record(Vec<Self>),
    /// What is in an array, or a list.
    Inner(Box<Self>),
}

impl Rules {
    fn of(element_type: &ElementType) -> Self {
        if let Some(is_utf8) = element_type.is_utf8() {
            return Self::Text { is_utf8 };
        }
        match element_type.class() {
            TypeClass::Bool => Self::Bool,
            TypeClass::Reference => Self::Reference,
            TypeClass::Record(fields) => {
                let fields: Vec<Self> = fields.iter().map(|(_, field)| Self::of(field)).collect();
                if fields.iter().all(|field| matches!(field, Self::None)) { Self::None } else { Self::Record(fields) }
            }
            TypeClass::Array(_, inner) | TypeClass::List(inner) => match Self::of(&inner) {
                Self::None => Self::None,
                rules => Self::Inner(rules.into()),
            },
            _ => Self::None,
        }
    }
}

/// Why an element is damaged.
struct Fault(String);

impl From<filebacked::Error> for Fault {
    fn from(error: filebacked::Error) -> Self {
        Self(why(&error))
    }
}

/// A value that is read and forgotten.
struct Discarded;

impl<'de> Deserialize<'de> for Discarded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DiscardedVisitor)
    }
}

struct DiscardedVisitor;

macro_rules! discard {
    ($($method:ident $type:ty;)*) => {
        $(fn $method<E: de::Error>(self, _: $type) -> Result<Discarded, E> {
            Ok(Discarded)
        })*
    };
}

impl<'de> Visitor<'de> for DiscardedVisitor {
    type Value = Discarded;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    discard! {
        visit_bool bool;
        visit_i64 i64;
        visit_u64 u64;
        visit_i128 i128;
        visit_u128 u128;
        visit_f32 f32;
        visit_f64 f64;
        visit_str &str;
        visit_bytes &[u8];
    }

    fn visit_none<E: de::Error>(self) -> Result<Discarded, E> {
        Ok(Discarded)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Discarded, E> {
        Ok(Discarded)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Discarded, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Discarded, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Discarded, A::Error> {
        while let Some(Discarded) = seq.next_element()? {}
        Ok(Discarded)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Discarded, A::Error> {
        while let Some((Discarded, Discarded)) = map.next_entry()? {}
        Ok(Discarded)
    }
}
