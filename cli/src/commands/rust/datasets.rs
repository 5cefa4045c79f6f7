//! Datasets, their elements, and how they are stored.

use std::collections::{HashMap, HashSet};

use filebacked::objects::{Dataset, ElementType, Object, Scalar, TypeClass};

use super::facts::Facts;
use super::look::{FIELDS, KEYS, LAYOUT_ATTRIBUTES, Look, Seen, left_out};
use super::names;
use super::types::{Field, Form, Rank, Type};
use crate::failure::why;
use crate::words;

/// How long an array is at the most whose length is in its type.
const FIXED: u64 = 4096;

impl Look {
    pub(super) fn dataset(&mut self, dataset: &Dataset) -> Seen {
        let kind = dataset.encoding().map_err(|error| why(&error))?;
        let rank = dataset.dims().map_or(0, <[u64]>::len);
        let facts = Facts::of(dataset)?;
        let nested = |ty: &'static str| (0..rank).fold(Type::Plain(ty), |inner, _| Type::List(inner.into()));
        let ty = match kind {
            Some("str") => Type::Plain("String"),
            Some("bytes") => Type::Bytes,
            Some("unit") => Type::Plain("()"),
            Some("units") => Type::List(Type::Plain("()").into()),
            Some("i128") => nested("i128"),
            Some("u128") => nested("u128"),
            Some(marked @ ("array" | "matrix" | "fixed-matrix")) => {
                let element = Box::new(self.type_of(dataset.element_type(), &facts)?);
                let dims = dataset.dims().unwrap_or_default();
                let small = |dim: u64| (1..=6).contains(&dim);
                let (rank, form) = match (marked, dims) {
                    ("matrix", _) => (Rank::Of(rank), Form::Matrix),
                    ("fixed-matrix", &[rows, columns]) if small(rows) && small(columns) => {
                        (Rank::Of(2), Form::FixedMatrix(rows as usize, columns as usize))
                    }
                    _ if rank > 6 => (Rank::Any, Form::Bare),
                    _ => (Rank::Of(rank), Form::Bare),
                };
                Type::Array { element, rank, form }
            }
            Some(other) => return Err(format!("a dataset of the kind `{other}` is not known")),
            None => {
                if let Some(seen) = self.foreign_dataset(dataset, &facts)? {
                    return Ok(seen);
                }
                self.plain_dataset(dataset, &facts)?
            }
        };
        self.note_storage(dataset);
        match times_of(dataset) {
            Some(is_filled) if matches!(ty, Type::Plain("i64")) && !is_filled => return Ok(Type::Time),
            Some(is_filled) if ty == Type::List(Type::Plain("i64").into()) => {
                return Ok(if is_filled { Type::Times } else { Type::List(Type::Time.into()) });
            }
            _ => {}
        }
        let skipped: &[&str] = if kind.is_some() { &LAYOUT_ATTRIBUTES } else { &["filebacked-length"] };
        self.with_attributes(ty, Object::Dataset(dataset.field(&[]).map_err(|error| why(&error))?), skipped)
    }

    /// A dataset without a mark.
    pub(super) fn plain_dataset(&mut self, dataset: &Dataset, facts: &Facts) -> Seen {
        let Some(dims) = dataset.dims() else {
            let inner = match dataset.element_type().class() {
                TypeClass::Float { bits: 64 } => Type::Unknown,
                _ => self.type_of(dataset.element_type(), facts).unwrap_or(Type::Unknown),
            };
            return Ok(Type::Option(inner.into()));
        };
        if is_nothing(dataset) {
            return Ok(Type::List(Type::Unknown.into()));
        }
        let rank = dims.len();
        if rank > 0 {
            self.note_strings(dataset, facts, rank == 1);
            self.note_records(dataset.element_type());
        }
        let element = self.type_of(dataset.element_type(), facts)?;
        Ok(match rank {
            0 => element,
            _ if rank > 1 && is_number(&element) && has_arrays(dataset.element_type()) => {
                let rank = if rank > 6 { Rank::Any } else { Rank::Of(rank) };
                Type::Array { element: element.into(), rank, form: Form::Wrapper }
            }
            _ => (0..rank).fold(element, |inner, _| Type::List(inner.into())),
        })
    }

    /// Says that records are a table where they would be columns otherwise.
    pub(super) fn note_records(&mut self, ty: &ElementType) {
        if let TypeClass::Record(fields) = ty.class()
            && fields.iter().any(|(_, ty)| has_strings(ty))
        {
            self.set_list("records(Records::Table)");
        }
    }

    /// Says in which form strings are stored, if it is not the usual one.
    pub(super) fn note_strings(&mut self, dataset: &Dataset, facts: &Facts, is_list: bool) {
        if !is_list || facts.count == 0 || facts.has_nul {
            return;
        }
        match dataset.element_type().class() {
            TypeClass::FixedString(_) if !facts.is_fixed_by_default() => self.set_list("strings(Strings::Fixed)"),
            TypeClass::String if facts.is_fixed_by_default() => self.set_list("strings(Strings::Variable)"),
            _ => {}
        }
    }

    /// Says in which chunks a dataset is stored, and by which filters.
    pub(super) fn note_storage(&mut self, dataset: &Dataset) {
        /// What is not larger is not in chunks unless that is said.
        const ABOVE: u64 = 16 << 10;
        let Ok(storage) = dataset.storage() else { return };
        let Some(chunk) = storage.chunk else { return };
        if dataset.is_empty() || storage.max_dims.is_some() && storage.filters.is_empty() {
            return;
        }
        let mut words: Vec<String> = chunk.iter().map(u64::to_string).collect();
        words = vec![format!("chunk([{}])", words.join(", "))];
        let has = |name: &str| storage.filters.iter().any(|filter| filter == name);
        let deflate = storage.filters.iter().find_map(|filter| filter.strip_prefix("deflate(")?.strip_suffix(')'));
        let mut is_compressed = true;
        match deflate {
            Some(level) => words.push(format!("deflate({level})")),
            None if has("lzf") => words.push("lzf()".to_owned()),
            None => is_compressed = false,
        }
        if has("shuffle") != is_compressed && dataset.element_type().size() > 1 {
            words.push(format!("shuffle({})", has("shuffle")));
        }
        if has("fletcher32") {
            words.push("fletcher32(true)".to_owned());
        }
        if storage.bytes <= ABOVE {
            words.push("above(0)".to_owned());
        }
        self.set_list(&words.join("."));
    }

    /// The type of an element.
    pub(super) fn type_of(&mut self, ty: &ElementType, facts: &Facts) -> Seen {
        if let Some(why) = &facts.bad {
            return Err(why.clone());
        }
        Ok(match ty.class() {
            TypeClass::Bool => Type::Plain("bool"),
            TypeClass::Integer { bits, signed } => Type::Plain(integer(bits, signed)),
            TypeClass::Bitfield { bits } => Type::Plain(integer(bits, false)),
            TypeClass::Float { bits: 32 } => Type::Plain("f32"),
            TypeClass::Float { .. } | TypeClass::WideFloat => Type::Plain("f64"),
            TypeClass::WideInteger { signed: true } => Type::Plain("i128"),
            TypeClass::WideInteger { signed: false } => Type::Plain("u128"),
            TypeClass::Time(_) => Type::Plain("i64"),
            TypeClass::FixedString(_) | TypeClass::String => Type::Plain("String"),
            TypeClass::Opaque(_) => Type::Bytes,
            TypeClass::Complex(part) => match part.class() {
                TypeClass::Float { bits } => Type::Complex(bits),
                TypeClass::WideFloat => Type::Complex(64),
                _ => Type::Value,
            },
            TypeClass::Enum(members) => self.enum_of(members, facts),
            TypeClass::Array(dims, inner) => fixed(self.type_of(&inner, facts.part(0))?, &dims),
            TypeClass::List(inner) => Type::List(self.type_of(&inner, facts.part(0))?.into()),
            TypeClass::Record(fields) => self.record(&fields, facts),
            TypeClass::Reference => self.targets(facts)?,
            TypeClass::Unsupported(words) => return Err(format!("`{words}` is not read")),
            _ => return Err("its type is not known".to_owned()),
        })
    }

    pub(super) fn enum_of(&mut self, members: Vec<(String, i128)>, facts: &Facts) -> Type {
        if facts.is_unnamed {
            return Type::Plain("i64");
        }
        let is_logical = |name: &str| ["FALSE", "TRUE", "NA"].iter().any(|own| own.eq_ignore_ascii_case(name));
        if matches!(members.len(), 2 | 3) && members.iter().all(|(name, _)| is_logical(name)) {
            let logical = Type::Plain("bool");
            return if members.len() == 3 { Type::Option(logical.into()) } else { logical };
        }
        let path = format!("/{}", self.names.join("/"));
        match self.enumeration(members, HashMap::new(), &path) {
            Some(id) => Type::Own(id),
            None => Type::Plain("i64"),
        }
    }

    /// A record of a compound dataset.
    pub(super) fn record(&mut self, all: &[(String, ElementType)], facts: &Facts) -> Type {
        if all.len() > FIELDS {
            return Type::Value;
        }
        let (mut fields, mut about, mut notes) = (Vec::new(), Vec::new(), Vec::new());
        for (at, (name, ty)) in all.iter().enumerate() {
            self.names.push(name.clone());
            let seen = self.type_of(ty, facts.part(at));
            self.names.pop();
            match seen {
                Ok(seen) => {
                    fields.push(Field { name: name.clone(), ty: seen, can_lack: false });
                    about.push(vec![format!(
                        "{}: {}",
                        names::code(name),
                        names::comment(&words::type_and_shape(&ty.to_string(), Some(&[])))
                    )]);
                }
                Err(why) => notes.push(left_out(name, &why)),
            }
        }
        let path = format!("/{}", self.names.join("/"));
        self.record_of(fields, about, notes, &path)
    }

    /// The object at a path of the file.
    pub(super) fn target(&self, path: &str) -> Seen<Object> {
        self.root.open_path(path).map_err(|error| why(&error))
    }

    /// What references lead to.
    pub(super) fn targets(&mut self, facts: &Facts) -> Seen {
        if facts.is_lost {
            return Err("some references lead where no path leads".to_owned());
        }
        let mut all: Option<Type> = None;
        for path in &facts.targets {
            let object = self.root.open_path(path).map_err(|error| why(&error))?;
            let settings = self.settings.len();
            let ty = self.inside(None, path.rsplit('/').next().unwrap_or_default(), |look| look.object(object));
            self.settings.truncate(settings);
            let ty = ty.map_err(|why| format!("a reference leads to `{path}`: {why}"))?;
            // The attributes of a target are not read through a reference.
            let ty = match ty {
                Type::Shared(inner) => match *inner {
                    Type::Attributes(inner, _) => *inner,
                    inner => inner,
                },
                Type::Attributes(inner, _) => *inner,
                ty => ty,
            };
            all = Some(match all {
                None => ty,
                Some(all) => self.types.both(&all, &ty),
            });
        }
        let ty = all.unwrap_or(Type::Unknown);
        Ok(if facts.has_none { Type::Option(ty.into()) } else { ty })
    }
}

/// An array of fixed dimensions of a type, as far as Rust has such.
pub(super) fn fixed(ty: Type, dims: &[u64]) -> Type {
    dims.iter().rev().fold(ty, |inner, dim| match usize::try_from(*dim) {
        Ok(len) if *dim <= FIXED => Type::Fixed(inner.into(), len),
        _ => Type::List(inner.into()),
    })
}

/// Whether arrays have such elements.
pub(super) fn is_number(ty: &Type) -> bool {
    match ty {
        Type::Plain(name) => !matches!(*name, "String" | "()" | "i128" | "u128"),
        Type::Complex(_) => true,
        _ => false,
    }
}

/// Whether arrays are read of elements that are stored so.
pub(super) fn has_arrays(ty: &ElementType) -> bool {
    match ty.class() {
        TypeClass::Bool | TypeClass::Integer { .. } | TypeClass::Float { .. } => true,
        TypeClass::Complex(part) => matches!(part.class(), TypeClass::Float { .. }),
        _ => false,
    }
}

/// Whether strings are in a type of records.
pub(super) fn has_strings(ty: &ElementType) -> bool {
    match ty.class() {
        TypeClass::FixedString(_) | TypeClass::String => true,
        TypeClass::Record(fields) => fields.iter().any(|(_, ty)| has_strings(ty)),
        _ => false,
    }
}

/// Whether a dataset is a list without elements, whose type means nothing.
pub(super) fn is_nothing(dataset: &Dataset) -> bool {
    dataset.dims() == Some(&[0])
        && dataset.element_type().class() == TypeClass::Float { bits: 64 }
        && dataset.storage().is_ok_and(|storage| storage.max_dims.is_none())
}

/// Rust's integer of so many bits.
pub(super) fn integer(bits: usize, signed: bool) -> &'static str {
    match (bits, signed) {
        (..=8, true) => "i8",
        (..=16, true) => "i16",
        (..=32, true) => "i32",
        (_, true) => "i64",
        (..=8, false) => "u8",
        (..=16, false) => "u16",
        (..=32, false) => "u32",
        (_, false) => "u64",
    }
}

/// Of times in nanoseconds since 1970, with nothing else said about them: whether some may be missing.
pub(super) fn times_of(dataset: &Dataset) -> Option<bool> {
    if dataset.element_type().class() != (TypeClass::Integer { bits: 64, signed: true }) {
        return None;
    }
    let names = dataset.attribute_names().ok()?;
    let text = |name: &str, wanted: &str| {
        let attribute = dataset.attribute(name).ok().flatten()?;
        let first = attribute.items().iter().next()?;
        matches!(first, Ok(Scalar::Text(text)) if text == wanted).then_some(())
    };
    text("units", "nanoseconds since 1970-01-01")?;
    text("calendar", "proleptic_gregorian")?;
    let is_own = |name: &String| ["units", "calendar", "_FillValue", "filebacked-length"].contains(&name.as_str());
    if !names.iter().all(is_own) {
        return None;
    }
    let fill = dataset.attribute("_FillValue").ok()?;
    match fill.as_ref().map(|fill| fill.items().iter().next()) {
        None => Some(false),
        Some(Some(Ok(Scalar::Integer(value)))) if value == i128::from(i64::MIN) => Some(true),
        Some(_) => None,
    }
}

/// Whether a byte of a dataset is zero.
pub(super) fn has_nul(bytes: &Dataset) -> Seen<bool> {
    let Some([len]) = bytes.dims() else { return Ok(false) };
    let mut start = 0;
    while start < *len {
        let count = (*len - start).min(1 << 20);
        let items = bytes.read(&[start], &[count]).map_err(|error| why(&error))?;
        if items.elements().bytes().contains(&0) {
            return Ok(true);
        }
        start += count;
    }
    Ok(false)
}

/// Whether an element of a dataset comes twice, as far as it is looked at.
pub(super) fn has_repeated(keys: &Dataset) -> Seen<bool> {
    let Some(dims) = keys.dims() else { return Ok(false) };
    if keys.len() > KEYS || dims.is_empty() {
        return Ok(false);
    }
    let items = keys.read_all().map_err(|error| why(&error))?;
    let width = dims[1..].iter().product::<u64>() as usize;
    let mut seen = HashSet::new();
    let mut row = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let item = item.map_err(|error| why(&error))?;
        let words = match item {
            Scalar::Text(text) => format!("{text:?}"),
            item => words::short(&Ok(item), 1000),
        };
        row.push(words);
        if (at + 1) % width.max(1) == 0 && !seen.insert(std::mem::take(&mut row)) {
            return Ok(true);
        }
    }
    Ok(false)
}
