//! Stored sequences that grow: for each encoding, what adds a column to what is there.
//!
//! The encodings are those of [`layout`](super::layout) that hold whatever may come: strings are `text`, sequences
//! `ragged`, enums `variants`, records with anything but numbers in them `columns`.

use std::borrow::Cow;
use std::collections::HashSet;

use super::column::{Column, List, Maps, Mixed, Nullable, broken};
use super::layout::{halves, items, pack_items};
use super::place::{Place, taken};
use super::record::{Record, RecordField, Rows};
use crate::error::{Error, ErrorKind, Result};
use crate::format::{
    APPENDED, BYTES, KEYS, Kind, LENGTH, MASK, MAX_RANK, OFFSETS, TAG, VALUES, are_positions, escape, escape_variant,
    unescape,
};
use crate::route::Route;
use crate::storage::{
    Attributes, Dtype, EnumType, Group, Growing, Number, Object, Shape as Space, element_bytes, integer, set_count,
};

/// Fillers, or tags that are copied, at a time.
const STEP: u64 = 1 << 16;

/// What all parts of a sequence share.
#[derive(Debug, Default)]
pub(super) struct Common {
    /// Bytes of a chunk.
    pub(super) chunk: usize,
    /// Objects that others have taken the place of. Their room in the file would be used again if they were let go, while the
    /// file as it was flushed last says that they are there.
    pub(super) replaced: Vec<Object>,
}

/// A part of a sequence that is stored, at its link.
#[derive(Debug)]
pub(super) struct Part {
    parent: Group,
    link: String,
    shape: Shape,
}

#[derive(Debug)]
enum Shape {
    /// No element has shown its type; there is an empty dataset. So many fillers are to stand before the first.
    Pending(u64),
    /// A dataset with an item, or a row of numbers, for each element.
    Items(Growing),
    /// Strings, or byte strings: their bytes, which end there.
    Parts {
        offsets: Growing,
        bytes: Growing,
        text: bool,
    },
    Units(u64),
    /// Sequences, whose elements end there.
    Ragged {
        offsets: Growing,
        end: u64,
        values: Box<Part>,
    },
    Maps {
        offsets: Growing,
        end: u64,
        keys: Box<Part>,
        values: Box<Part>,
    },
    Nullable {
        mask: Growing,
        values: Box<Part>,
    },
    Columns(Columns),
    Parted(Parted),
}

#[derive(Debug)]
struct Columns {
    group: Group,
    count: u64,
    /// Fields have masks from the first: to put one beside a field later takes it out of its order.
    masked: bool,
    fields: Vec<Field>,
}

#[derive(Debug)]
struct Field {
    name: String,
    /// True where a record lacks the field; none if all have it.
    mask: Option<Growing>,
    part: Part,
}

/// Enums, or elements of unlike types.
#[derive(Debug)]
struct Parted {
    group: Group,
    mixed: bool,
    tag: Growing,
    names: Vec<Name>,
}

#[derive(Debug)]
struct Name {
    name: String,
    code: u8,
    count: u64,
    payload: Option<Part>,
}

/// What elements of fixed size are in a file: type, shape, and kind of the dataset.
fn item_type(column: &Column) -> Option<(Dtype, Vec<u64>, Option<Kind>)> {
    match column {
        Column::Numbers(numbers) => Some((Dtype::Number(numbers.number()), Vec::new(), None)),
        Column::I128(_) => Some((halves(Kind::I128), Vec::new(), Some(Kind::I128))),
        Column::U128(_) => Some((halves(Kind::U128), Vec::new(), Some(Kind::U128))),
        Column::Array(array) => {
            let (dtype, inner, kind) = item_type(&array.inner)?;
            let mut dims = vec![array.width as u64];
            dims.extend(inner);
            (array.width > 0 && kind.is_none() && dims.len() < MAX_RANK).then_some((dtype, dims, None))
        }
        Column::Record(_) => items(column).map(|(dtype, dims)| (dtype, dims, None)),
        _ => None,
    }
}

/// Elements of fixed size as a file has them.
fn item_bytes<'a>(column: &'a Column, size: usize) -> Cow<'a, [u8]> {
    fn halved(values: impl Iterator<Item = u128>) -> Cow<'static, [u8]> {
        let words: Vec<u64> = values.flat_map(|value| [(value >> 64) as u64, value as u64]).collect();
        Cow::Owned(element_bytes(&words).to_vec())
    }
    match column {
        Column::Numbers(numbers) => Cow::Borrowed(numbers.bytes()),
        Column::I128(values) => halved(values.iter().map(|value| *value as u128)),
        Column::U128(values) => halved(values.iter().copied()),
        Column::Array(array) => item_bytes(&array.inner, size),
        _ => {
            let mut bytes = vec![0; column.len() * size];
            pack_items(column, size, &mut bytes);
            Cow::Owned(bytes)
        }
    }
}

/// Refuses what cannot be appended whatever is stored.
fn check_supported(column: &Column) -> Result<()> {
    match column {
        Column::Objects(_) | Column::Stored(_) => Err(Error::new(
            ErrorKind::Unsupported,
            "arrays, and other values that are an object of their own, cannot be appended: use a `Vec` of numbers",
        )),
        Column::Array(array) => check_supported(&array.inner),
        Column::List(list) => check_supported(&list.inner),
        Column::Nullable(nullable) => check_supported(&nullable.inner),
        Column::Maps(maps) => check_supported(&maps.keys).and_then(|()| check_supported(&maps.values)),
        Column::Record(record) => record
            .fields
            .iter()
            .try_for_each(|field| check_supported(&field.column).map_err(|error| error.in_field(&field.name))),
        Column::Variants(variants) => variants.variants.iter().try_for_each(|variant| {
            if variants.variants.len() > MAX_NAMES {
                return Err(too_many());
            }
            if variant.name.is_empty() || variant.name.contains('\0') || ["FALSE", "TRUE"].contains(&variant.name) {
                let message = format!("a variant called {:?} cannot be appended", variant.name);
                return Err(Error::new(ErrorKind::Unsupported, message));
            }
            let payload = variant.payload.as_ref();
            payload.map_or(Ok(()), check_supported).map_err(|error| error.in_field(variant.name))
        }),
        Column::Mixed(mixed) => mixed.parts.iter().try_for_each(|(_, part)| check_supported(part)),
        _ => Ok(()),
    }
}

/// The column as one of what is stored, where both stand for the same.
fn as_stored<'a>(shape: &Shape, column: &'a Column) -> Result<Cow<'a, Column>> {
    let is_mixed = matches!(shape, Shape::Parted(Parted { mixed: true, .. }));
    match column {
        Column::Array(array) if item_type(column).is_none() && !matches!(shape, Shape::Items(_)) => {
            let mut list = Column::Array(array.clone());
            list.array_to_list();
            Ok(Cow::Owned(list))
        }
        Column::Record(record) if record.rows == Rows::Maps => {
            let has_positions = are_positions(record.fields.iter().map(|field| field.name.as_ref()));
            // Maps whose values are all of one form may have any keys. Others are as structs are.
            let alike = record.fields.windows(2).all(|pair| pair[0].column.is_like(&pair[1].column));
            let is_new = matches!(shape, Shape::Pending(_)) && (has_positions || alike);
            if !is_new && !matches!(shape, Shape::Maps { .. }) {
                return Ok(Cow::Borrowed(column));
            }
            let mut record = record.clone();
            record.begin();
            let mut maps = Column::Record(record);
            maps.record_to_maps()?;
            // The row that was begun has come to nothing.
            Ok(Cow::Owned(maps))
        }
        // Keys that came in another order than the fields; that order is lost.
        Column::Maps(maps) if matches!(shape, Shape::Columns(_)) => {
            Ok(maps.to_record()?.map_or(Cow::Borrowed(column), |record| Cow::Owned(Column::Record(record.into()))))
        }
        Column::Mixed(_) | Column::Unknown(_) => Ok(Cow::Borrowed(column)),
        _ if is_mixed => match column.class() {
            Some(class) => Ok(Cow::Owned(Column::Mixed(Box::new(Mixed {
                tags: vec![0; column.len()],
                parts: vec![(class, column.clone())],
                ranks: Default::default(),
            })))),
            None => Ok(Cow::Borrowed(column)),
        },
        _ => Ok(Cow::Borrowed(column)),
    }
}

/// The tag is a byte.
const MAX_NAMES: usize = 256;

#[cold]
fn too_many() -> Error {
    Error::new(ErrorKind::Limit, format!("an enum that is appended has at most {MAX_NAMES} variants"))
}

impl Maps {
    /// The maps as records; `None` if a key is no string, comes twice, or if there are too many.
    fn to_record(&self) -> Result<Option<Record>> {
        let Column::Text(keys) = &self.keys else { return Ok(None) };
        let mut record = Record::new(Rows::Maps, 0);
        for bounds in self.offsets.windows(2) {
            record.begin();
            for at in bounds[0]..bounds[1] {
                let key = std::str::from_utf8(keys.get(at as usize)).map_err(|_| broken())?;
                let Some(position) = record.find(key, Rows::Structs) else { return Ok(None) };
                record.field(position).push_from(&self.values, at as usize)?;
            }
            record.end();
        }
        Ok(Some(record))
    }
}

fn number_of(group: &Group, name: &str, number: Number, common: &Common) -> Result<Growing> {
    group.create_growing(name, &Dtype::Number(number), &[], common.chunk)
}

/// Makes offsets, the first of which is there.
fn offsets_of(group: &Group, common: &Common) -> Result<Growing> {
    let mut offsets = number_of(group, OFFSETS, Number::U64, common)?;
    offsets.append(element_bytes(&[0u64]))?;
    Ok(offsets)
}

/// Adds offsets that count from 0, to where what they point into ends.
fn add_offsets(offsets: &mut Growing, more: &[u64], end: u64) -> Result<()> {
    let more: Vec<u64> = more.iter().skip(1).map(|offset| end + offset).collect();
    offsets.append(element_bytes(&more))
}

/// Adds the same item so many times.
fn repeat(growing: &mut Growing, item: &[u8], count: u64) -> Result<()> {
    let mut left = count;
    while left > 0 {
        let step = left.min(STEP);
        growing.append(&item.repeat(step as usize))?;
        left -= step;
    }
    Ok(())
}

impl Part {
    /// Makes a place for elements that are to come.
    pub(super) fn new(parent: &Group, link: &str) -> Result<Self> {
        if parent.has_link(link)? {
            return Err(taken(link));
        }
        let part = Self { parent: parent.clone(), link: link.to_owned(), shape: Shape::Pending(0) };
        Place::child(parent, link, Route::nowhere()).write(
            Dtype::Number(Number::F64),
            Space::Simple(vec![0]),
            &[],
            None,
        )?;
        Ok(part)
    }

    /// Makes what elements such as those of `column` go to, which it is yet without.
    fn create(parent: &Group, link: &str, column: &Column, common: &Common) -> Result<Self> {
        let group = |kind: Kind| -> Result<Group> {
            let group = parent.create_compact_group(link)?;
            group.write_kind(kind)?;
            Ok(group)
        };
        let shape = if let Some((dtype, dims, kind)) = item_type(column) {
            let data = parent.create_growing(link, &dtype, &dims, common.chunk)?;
            if let Some(kind) = kind {
                data.write_kind(kind)?;
            }
            Shape::Items(data)
        } else {
            match column {
                Column::Text(_) | Column::Blobs(_) => {
                    let text = matches!(column, Column::Text(_));
                    let (kind, name) = if text { (Kind::Text, BYTES) } else { (Kind::Blobs, VALUES) };
                    let group = group(kind)?;
                    let (offsets, bytes) = (offsets_of(&group, common)?, number_of(&group, name, Number::U8, common)?);
                    Shape::Parts { offsets, bytes, text }
                }
                Column::Units(_) => {
                    let (dtype, count) = (Dtype::Number(Number::U64), [0u64]);
                    Place::child(parent, link, Route::nowhere()).write(
                        dtype,
                        Space::Scalar,
                        element_bytes(&count),
                        Some(Kind::Units),
                    )?;
                    Shape::Units(0)
                }
                Column::List(_) => {
                    let group = group(Kind::Ragged)?;
                    let offsets = offsets_of(&group, common)?;
                    Shape::Ragged { offsets, end: 0, values: Box::new(Self::new(&group, VALUES)?) }
                }
                Column::Maps(_) => {
                    let group = group(Kind::Maps)?;
                    let offsets = offsets_of(&group, common)?;
                    let (keys, values) = (Self::new(&group, KEYS)?, Self::new(&group, VALUES)?);
                    Shape::Maps { offsets, end: 0, keys: Box::new(keys), values: Box::new(values) }
                }
                Column::Nullable(nullable) => {
                    let group = group(Kind::Nullable)?;
                    super::layout::write_encoding(&nullable.inner, &group)?;
                    let values = Box::new(Self::new(&group, VALUES)?);
                    Shape::Nullable { mask: number_of(&group, MASK, Number::Bool, common)?, values }
                }
                Column::Record(record) => {
                    let group = group(Kind::Columns)?;
                    set_count(&group, LENGTH, 0)?;
                    let masked = record.rows == Rows::Maps;
                    Shape::Columns(Columns { group, count: 0, masked, fields: Vec::new() })
                }
                Column::Variants(_) | Column::Mixed(_) => {
                    let mixed = matches!(column, Column::Mixed(_));
                    let group = group(if mixed { Kind::Mixed } else { Kind::Variants })?;
                    let names = Vec::new();
                    let tag = Parted::tags(&group, TAG, &[("-".to_owned(), 0)], common)?;
                    Shape::Parted(Parted { group, mixed, tag, names })
                }
                _ => {
                    check_supported(column)?;
                    return Self::new(parent, link);
                }
            }
        };
        Ok(Self { parent: parent.clone(), link: link.to_owned(), shape })
    }

    /// The object at the link.
    pub(super) fn object(&self) -> Result<Object> {
        self.parent.open(&self.link)
    }

    /// What is stored, in words.
    fn words(&self) -> String {
        match &self.shape {
            Shape::Pending(_) => "nothing".to_owned(),
            Shape::Items(data) if data.inner().is_empty() => format!("`{}`", data.dtype()),
            Shape::Items(data) => format!("`{}` of shape {}", data.dtype(), Space::Simple(data.inner().to_vec())),
            Shape::Parts { text: true, .. } => "a string".to_owned(),
            Shape::Parts { .. } => "bytes".to_owned(),
            Shape::Units(_) => "a unit".to_owned(),
            Shape::Ragged { .. } => "a sequence".to_owned(),
            Shape::Maps { .. } => "a map".to_owned(),
            Shape::Nullable { .. } => "an option".to_owned(),
            Shape::Columns(columns) if columns.is_tuples() => format!("a tuple of {}", columns.fields.len()),
            Shape::Columns(_) => "a struct or map".to_owned(),
            Shape::Parted(parted) if parted.mixed => "values of unlike types".to_owned(),
            Shape::Parted(_) => "an enum".to_owned(),
        }
    }

    #[cold]
    fn refuse(&self, column: &Column) -> Error {
        // What is not of the form that is stored makes the column one of both.
        let column = match column {
            Column::Mixed(mixed) => {
                mixed.parts.iter().find(|(_, part)| part.len() > 0).map_or(column, |(_, part)| part)
            }
            _ => column,
        };
        let found = match item_type(column) {
            Some((dtype, dims, _)) if dims.is_empty() => format!("`{dtype}`"),
            Some((dtype, dims, _)) => format!("`{dtype}` of shape {}", Space::Simple(dims)),
            None => column.what(),
        };
        let lacks = match column {
            Column::Record(record) if matches!(self.shape, Shape::Items(_)) => {
                record.fields.iter().find(|field| field.is_masked()).map(|field| format!(" without `{}`", field.name))
            }
            _ => None,
        };
        let expected = format!("{}, as the elements that are stored", self.words());
        Error::wrong_type(expected, format!("{found}{}", lacks.unwrap_or_default()))
    }

    /// Refuses elements that cannot be added to what is stored.
    pub(super) fn check(&self, column: &Column) -> Result<()> {
        let check = || self.check_column(&*as_stored(&self.shape, column)?);
        check().map_err(|error: Error| error.in_link(&self.link))
    }

    fn check_column(&self, column: &Column) -> Result<()> {
        match (&self.shape, column) {
            (Shape::Pending(_), column) => check_supported(column),
            (_, Column::Unknown(_)) => Ok(()),
            (Shape::Items(data), column) => match item_type(column) {
                Some((dtype, dims, _)) if dtype == *data.dtype() && dims == data.inner() => Ok(()),
                _ => Err(self.refuse(column)),
            },
            (Shape::Parts { text: true, .. }, Column::Text(_))
            | (Shape::Parts { text: false, .. }, Column::Blobs(_)) => Ok(()),
            (Shape::Units(_), Column::Units(_)) => Ok(()),
            (Shape::Ragged { values, .. }, Column::List(list)) => values.check(&list.inner),
            (Shape::Maps { keys, values, .. }, Column::Maps(maps)) => {
                keys.check(&maps.keys)?;
                values.check(&maps.values)
            }
            (Shape::Nullable { values, .. }, Column::Nullable(nullable)) => values.check(&nullable.inner),
            (Shape::Columns(columns), Column::Record(record)) => {
                columns.check(record).unwrap_or_else(|| Err(self.refuse(column)))
            }
            (Shape::Parted(parted), Column::Variants(_) | Column::Mixed(_))
                if parted.mixed == matches!(column, Column::Mixed(_)) =>
            {
                parted.check(column)
            }
            _ => Err(self.refuse(column)),
        }
    }

    /// Adds elements, which were [checked](Part::check).
    pub(super) fn append(&mut self, column: &Column, common: &mut Common) -> Result<()> {
        let mut append = || {
            let column = as_stored(&self.shape, column)?;
            self.append_column(&column, common)
        };
        append().map_err(|error: Error| error.in_link(&self.link))
    }

    fn append_column(&mut self, column: &Column, common: &mut Common) -> Result<()> {
        match (&mut self.shape, column) {
            (Shape::Pending(before), Column::Unknown(count)) => {
                *before += *count as u64;
                Ok(())
            }
            (Shape::Pending(before), column) => {
                let before = *before;
                common.replaced.push(self.parent.open(&self.link)?);
                self.parent.unlink(&self.link)?;
                *self = Self::create(&self.parent, &self.link, column, common)?;
                self.fill(before)?;
                self.append_column(column, common)
            }
            (_, Column::Unknown(count)) => self.fill(*count as u64),
            (Shape::Items(data), column) => data.append(&item_bytes(column, data.row())),
            (Shape::Parts { offsets, bytes, .. }, Column::Text(parts) | Column::Blobs(parts)) => {
                let end = bytes.rows();
                bytes.append(&parts.bytes)?;
                add_offsets(offsets, &parts.offsets, end)
            }
            (Shape::Units(count), Column::Units(more)) => {
                *count += *more as u64;
                Ok(())
            }
            (Shape::Ragged { offsets, end, values }, Column::List(list)) => {
                values.append(&list.inner, common)?;
                add_offsets(offsets, &list.offsets, *end)?;
                *end += list.inner.len() as u64;
                Ok(())
            }
            (Shape::Maps { offsets, end, keys, values }, Column::Maps(maps)) => {
                keys.append(&maps.keys, common)?;
                values.append(&maps.values, common)?;
                add_offsets(offsets, &maps.offsets, *end)?;
                *end += maps.keys.len() as u64;
                Ok(())
            }
            (Shape::Nullable { mask, values }, Column::Nullable(nullable)) => {
                values.append(&nullable.inner, common)?;
                mask.append(element_bytes(&nullable.mask))
            }
            (Shape::Columns(columns), Column::Record(record)) => columns.append(record, common),
            (Shape::Parted(parted), column) => parted.append(column, common),
            _ => Err(self.refuse(column)),
        }
    }

    /// Adds elements that nobody will ask for.
    fn fill(&mut self, count: u64) -> Result<()> {
        match &mut self.shape {
            Shape::Pending(before) => *before += count,
            Shape::Units(units) => *units += count,
            Shape::Items(data) => {
                let item = vec![0; data.row()];
                repeat(data, &item, count)?;
            }
            Shape::Parts { offsets, bytes, .. } => {
                let end = bytes.rows();
                repeat(offsets, element_bytes(&[end]), count)?;
            }
            Shape::Ragged { offsets, end, .. } | Shape::Maps { offsets, end, .. } => {
                repeat(offsets, element_bytes(&[*end]), count)?;
            }
            Shape::Nullable { mask, values } => {
                values.fill(count)?;
                repeat(mask, element_bytes(&[true]), count)?;
            }
            Shape::Columns(columns) => {
                columns.count += count;
                for field in &mut columns.fields {
                    field.fill(count)?;
                }
            }
            Shape::Parted(parted) => {
                if let Some(name) = parted.names.first_mut() {
                    name.count += count;
                    if let Some(payload) = &mut name.payload {
                        payload.fill(count)?;
                    }
                    let code = name.code;
                    repeat(&mut parted.tag, &[code], count)?;
                }
            }
        }
        Ok(())
    }

    /// Writes the counts that are kept apart from datasets, of parts and of the whole.
    pub(super) fn write_counts(&self) -> Result<()> {
        match &self.shape {
            Shape::Units(count) => match self.object()? {
                Object::Dataset(dataset) => dataset.write(element_bytes(&[*count])),
                Object::Group(_) => Ok(()),
            },
            Shape::Ragged { values, .. } | Shape::Nullable { values, .. } => values.write_counts(),
            Shape::Maps { keys, values, .. } => keys.write_counts().and_then(|()| values.write_counts()),
            Shape::Columns(columns) => {
                set_count(&columns.group, LENGTH, columns.count)?;
                columns.fields.iter().try_for_each(|field| field.part.write_counts())
            }
            Shape::Parted(parted) => {
                parted.names.iter().filter_map(|name| name.payload.as_ref()).try_for_each(Self::write_counts)
            }
            Shape::Pending(_) | Shape::Items(_) | Shape::Parts { .. } => Ok(()),
        }
    }

    /// Writes how many elements count.
    pub(super) fn write_length(&self, length: u64) -> Result<()> {
        set_count(&self.object()?, APPENDED, length)
    }

    /// A column to begin with, for elements that are to be added: fields are in the order in which they are stored.
    pub(super) fn template(&self) -> Column {
        match &self.shape {
            Shape::Ragged { values, .. } => Column::List(Box::new(List { offsets: vec![0], inner: values.template() })),
            Shape::Maps { keys, values, .. } => {
                Column::Maps(Box::new(Maps { offsets: vec![0], keys: keys.template(), values: values.template() }))
            }
            Shape::Nullable { values, .. } => {
                Column::Nullable(Box::new(Nullable { mask: Vec::new(), inner: values.template() }))
            }
            Shape::Columns(columns) => {
                let rows = if columns.is_tuples() { Rows::Tuples } else { Rows::Structs };
                let mut record = Record::new(rows, 0);
                for field in &columns.fields {
                    let mut own = RecordField::new(Cow::Owned(field.name.clone()), 0);
                    own.column = field.part.template();
                    record.fields.push(own);
                }
                Column::Record(Box::new(record))
            }
            _ => Column::new(),
        }
    }

    /// Takes away what datasets have beyond what counts.
    pub(super) fn trim(&mut self) -> Result<()> {
        match &mut self.shape {
            Shape::Items(data) => data.trim(),
            Shape::Parts { offsets, bytes, .. } => {
                offsets.trim()?;
                bytes.trim()
            }
            Shape::Ragged { offsets, values, .. } => {
                offsets.trim()?;
                values.trim()
            }
            Shape::Maps { offsets, keys, values, .. } => {
                offsets.trim()?;
                keys.trim()?;
                values.trim()
            }
            Shape::Nullable { mask, values } => {
                mask.trim()?;
                values.trim()
            }
            Shape::Columns(columns) => columns.fields.iter_mut().try_for_each(|field| {
                field.mask.as_mut().map_or(Ok(()), Growing::trim)?;
                field.part.trim()
            }),
            Shape::Parted(parted) => {
                parted.tag.trim()?;
                parted.names.iter_mut().filter_map(|name| name.payload.as_mut()).try_for_each(Self::trim)
            }
            Shape::Pending(_) | Shape::Units(_) => Ok(()),
        }
    }
}

impl Field {
    fn fill(&mut self, count: u64) -> Result<()> {
        self.part.fill(count)?;
        self.mask.as_mut().map_or(Ok(()), |mask| repeat(mask, element_bytes(&[true]), count))
    }
}

impl Columns {
    fn is_tuples(&self) -> bool {
        are_positions(self.fields.iter().map(|field| field.name.as_str()))
    }

    fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Whether records can be added; `None` where they are of another form as a whole.
    fn check(&self, record: &Record) -> Option<Result<()>> {
        if self.fields.is_empty() && self.count == 0 {
            return Some(record.fields.iter().try_for_each(|field| check_supported(&field.column)));
        }
        let names: HashSet<&str> = record.fields.iter().map(|field| field.name.as_ref()).collect();
        let lacked = |field: &RecordField| (0..record.count).any(|row| !field.has(row));
        let lacks = self.fields.iter().find(|own| {
            own.mask.is_none() && record.fields.iter().find(|field| field.name == own.name.as_str()).is_none_or(lacked)
        });
        let brings = record.fields.iter().find(|field| self.field(&field.name).is_none());
        let tuples = record.rows == Rows::Tuples;
        if tuples != self.is_tuples() || tuples && (names.len() != self.fields.len() || lacks.is_some()) {
            return None;
        }
        // A new field is one thing, and a field left out is another. Both at once are another struct.
        if let (Some(lacks), Some(brings)) = (lacks, brings)
            && record.rows == Rows::Structs
        {
            let expected = format!("a struct with `{}`, as the elements that are stored", lacks.name);
            return Some(Err(Error::wrong_type(expected, format!("one with `{}` instead", brings.name))));
        }
        Some(record.fields.iter().try_for_each(|field| {
            let checked = match self.field(&field.name) {
                Some(own) => own.part.check(&field.column),
                None => check_supported(&field.column),
            };
            checked.map_err(|error| error.in_field(&field.name))
        }))
    }

    fn append(&mut self, record: &Record, common: &mut Common) -> Result<()> {
        let rows = record.count;
        for field in &record.fields {
            let position = match self.fields.iter().position(|own| own.name == field.name.as_ref()) {
                Some(position) => position,
                None => self.add_field(&field.name, common)?,
            };
            let own = &mut self.fields[position];
            let mut absent: Vec<bool> = field.absent.clone();
            absent.resize(rows, false);
            if own.mask.is_none() && absent.contains(&true) {
                own.make_mask(&self.group, self.count, common)?;
            }
            let mut append = || -> Result<()> {
                own.part.append(&field.column, common)?;
                own.mask.as_mut().map_or(Ok(()), |mask| mask.append(element_bytes(&absent)))
            };
            append().map_err(|error| error.in_field(&field.name))?;
        }
        for own in &mut self.fields {
            if !record.fields.iter().any(|field| field.name == own.name.as_str()) {
                if own.mask.is_none() {
                    own.make_mask(&self.group, self.count, common)?;
                }
                own.fill(rows as u64)?;
            }
        }
        self.count += rows as u64;
        Ok(())
    }

    /// Adds a field, which the records before do not have.
    fn add_field(&mut self, name: &str, common: &Common) -> Result<usize> {
        let link = escape(name).into_owned();
        let mut mask = None;
        let part = if self.count == 0 && !self.masked {
            Part::new(&self.group, &link)?
        } else {
            let masked = self.group.create_compact_group(&link)?;
            masked.write_kind(Kind::Masked)?;
            let mask = mask.insert(number_of(&masked, MASK, Number::Bool, common)?);
            repeat(mask, element_bytes(&[true]), self.count)?;
            let mut part = Part::new(&masked, VALUES)?;
            part.fill(self.count)?;
            part
        };
        self.fields.push(Field { name: name.to_owned(), mask, part });
        Ok(self.fields.len() - 1)
    }
}

impl Field {
    /// Puts a mask beside the values, which all records before have.
    fn make_mask(&mut self, group: &Group, count: u64, common: &Common) -> Result<()> {
        let link = self.part.link.clone();
        let object = self.part.object()?;
        group.unlink(&link)?;
        let masked = group.create_compact_group(&link)?;
        masked.write_kind(Kind::Masked)?;
        masked.link(VALUES, &object)?;
        let mut mask = number_of(&masked, MASK, Number::Bool, common)?;
        repeat(&mut mask, element_bytes(&[false]), count)?;
        (self.part.parent, self.part.link, self.mask) = (masked, VALUES.to_owned(), Some(mask));
        Ok(())
    }
}

impl Parted {
    /// Makes a dataset of tags of these names.
    fn tags(group: &Group, link: &str, names: &[(String, u8)], common: &Common) -> Result<Growing> {
        let mut members: Vec<_> = names.iter().map(|(name, code)| (name.clone(), i128::from(*code))).collect();
        members.sort_by_key(|(_, code)| *code);
        let dtype = Dtype::Enum(EnumType { base: Number::U8, members }.into());
        group.create_growing(link, &dtype, &[], common.chunk)
    }

    /// The names of elements that are there, each with its payload, if it has one.
    fn parts(column: &Column) -> Vec<(&'static str, u32, usize, Option<&Column>)> {
        match column {
            Column::Variants(variants) => variants
                .variants
                .iter()
                .filter(|variant| variant.count > 0)
                .map(|variant| (variant.name, variant.index, variant.count, variant.payload.as_ref()))
                .collect(),
            Column::Mixed(mixed) => mixed
                .parts
                .iter()
                .zip(0..)
                .filter(|((_, part), _)| part.len() > 0)
                .map(|((class, part), index)| {
                    let payload = (!matches!(part, Column::Units(_))).then_some(part);
                    (class.name(), index, part.len(), payload)
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    fn name(&self, name: &str) -> Option<&Name> {
        self.names.iter().find(|own| own.name == name)
    }

    fn check(&self, column: &Column) -> Result<()> {
        check_supported(column)?;
        let parts = Self::parts(column);
        let new = parts.iter().filter(|(name, ..)| self.name(name).is_none()).count();
        if self.names.len() + new > MAX_NAMES {
            return Err(too_many());
        }
        for (name, _, _, payload) in parts {
            let checked = match (self.name(name), payload) {
                (Some(Name { payload: Some(own), .. }), Some(payload)) => own.check(payload),
                (Some(Name { payload: None, count: 0, .. }) | None, Some(payload)) => check_supported(payload),
                (Some(Name { payload: None, .. }), None) | (None, None) => Ok(()),
                (Some(Name { payload: Some(_), .. }), None) => {
                    Err(Error::wrong_type("a variant with a payload, as those that are stored", "one without"))
                }
                (Some(Name { payload: None, .. }), Some(_)) => {
                    Err(Error::wrong_type("a variant without a payload, as those that are stored", "one with"))
                }
            };
            checked.map_err(|error| error.in_field(name))?;
        }
        Ok(())
    }

    fn append(&mut self, column: &Column, common: &mut Common) -> Result<()> {
        let parts = Self::parts(column);
        let mut is_new = false;
        for (name, index, ..) in &parts {
            if self.name(name).is_none() {
                // The position in the enum, unless an earlier one has it.
                let is_free = |code: u32| code <= 0xff && self.names.iter().all(|own| u32::from(own.code) != code);
                let code = std::iter::once(*index).chain(0..256).find(|code| is_free(*code)).unwrap_or(0) as u8;
                self.names.push(Name { name: (*name).to_owned(), code, count: 0, payload: None });
                is_new = true;
            }
        }
        if is_new {
            self.replace_tags(common)?;
        }
        for (name, _, count, payload) in parts {
            let Some(own) = self.names.iter_mut().find(|own| own.name == name) else { continue };
            own.count += count as u64;
            let Some(payload) = payload else { continue };
            let part = match &mut own.payload {
                Some(part) => part,
                None => {
                    let link = if self.mixed { name.into() } else { escape_variant(name) };
                    own.payload.insert(Part::new(&self.group, &link)?)
                }
            };
            part.append(payload, common).map_err(|error| error.in_field(name))?;
        }
        let code = |name: &str| self.name(name).map_or(0, |own| own.code);
        let tags: Vec<u8> = match column {
            Column::Variants(variants) => {
                let codes: Vec<u8> = variants.variants.iter().map(|variant| code(variant.name)).collect();
                variants.tags.iter().map(|tag| codes.get(*tag as usize).copied().unwrap_or(0)).collect()
            }
            Column::Mixed(mixed) => {
                let codes: Vec<u8> = mixed.parts.iter().map(|(class, _)| code(class.name())).collect();
                mixed.tags.iter().map(|tag| codes.get(usize::from(*tag)).copied().unwrap_or(0)).collect()
            }
            _ => Vec::new(),
        };
        self.tag.append(&tags)
    }

    /// Puts tags of all names in the place of those that are there: HDF5 has no way to add a name to an enum.
    fn replace_tags(&mut self, common: &mut Common) -> Result<()> {
        const NEW: &str = "tag%";
        let names: Vec<_> = self.names.iter().map(|name| (name.name.clone(), name.code)).collect();
        let mut tag = Self::tags(&self.group, NEW, &names, common)?;
        let mut start = 0;
        while start < self.tag.rows() {
            let count = STEP.min(self.tag.rows() - start);
            tag.append(&self.tag.read(start, count)?)?;
            start += count;
        }
        common.replaced.push(self.group.open(TAG)?);
        self.group.unlink(TAG)?;
        self.group.move_link_unlinked(NEW, &self.group, TAG)?;
        self.tag = tag;
        Ok(())
    }
}

/// Opening what is stored already.
impl Part {
    /// Opens a stored sequence to be added to; returns also how many elements it has.
    pub(super) fn open(parent: &Group, link: &str) -> Result<(Self, u64)> {
        let open = || {
            let object = parent.open(link)?;
            let wanted = match object.has_attribute(APPENDED)? {
                true => Some(object.count_of(APPENDED)?),
                false => None,
            };
            Self::of_object(parent, link, object, wanted)
        };
        open().map_err(|error: Error| error.in_link(link))
    }

    fn child(group: &Group, link: &str, wanted: Option<u64>) -> Result<(Self, u64)> {
        let open = || Self::of_object(group, link, group.open(link)?, wanted);
        open().map_err(|error: Error| error.in_link(link))
    }

    fn of_object(parent: &Group, link: &str, object: Object, wanted: Option<u64>) -> Result<(Self, u64)> {
        let (shape, count) = match object {
            Object::Dataset(dataset) => match (dataset.kind()?, dataset.shape()) {
                (Some(Kind::Units), Space::Scalar) => {
                    let Dtype::Number(number) = *dataset.dtype() else { return Err(Error::corrupt("no count")) };
                    let stored = u64::try_from(integer(number, dataset.read()?.bytes())).unwrap_or(0);
                    let count = wanted.unwrap_or(stored);
                    (Shape::Units(count), count)
                }
                (None, Space::Simple(dims)) if dims[..] == [0] && parent.open_growing(link).is_err() => {
                    let count = wanted.unwrap_or(0);
                    (Shape::Pending(count), count)
                }
                (None | Some(Kind::I128 | Kind::U128), Space::Simple(_)) => {
                    let (data, count) = kept(parent.open_growing(link)?, wanted)?;
                    (Shape::Items(data), count)
                }
                _ => return Err(Error::wrong_type("a sequence that can grow", dataset.words())),
            },
            Object::Group(group) => Self::of_group(&group, wanted)?,
        };
        Ok((Self { parent: parent.clone(), link: link.to_owned(), shape }, count))
    }

    fn of_group(group: &Group, wanted: Option<u64>) -> Result<(Shape, u64)> {
        let Some(kind) = group.kind()? else { return Err(Error::wrong_type("a sequence that can grow", "a group")) };
        let boxed = |link, wanted| Self::child(group, link, Some(wanted)).map(|(part, _)| Box::new(part));
        Ok(match kind {
            Kind::Text | Kind::Blobs => {
                let text = kind == Kind::Text;
                let (offsets, end, count) = open_offsets(group, wanted)?;
                let (bytes, _) = growing(group, if text { BYTES } else { VALUES }, Some(end))?;
                (Shape::Parts { offsets, bytes, text }, count)
            }
            Kind::Ragged => {
                let (offsets, end, count) = open_offsets(group, wanted)?;
                (Shape::Ragged { offsets, end, values: boxed(VALUES, end)? }, count)
            }
            Kind::Maps => {
                let (offsets, end, count) = open_offsets(group, wanted)?;
                (Shape::Maps { offsets, end, keys: boxed(KEYS, end)?, values: boxed(VALUES, end)? }, count)
            }
            Kind::Nullable => {
                let (mask, count) = growing(group, MASK, wanted)?;
                (Shape::Nullable { mask, values: boxed(VALUES, count)? }, count)
            }
            Kind::Columns => {
                let count = match wanted {
                    Some(wanted) => wanted,
                    None => group.length()?,
                };
                let mut fields = Vec::new();
                for link in group.links()? {
                    let name = unescape(&link.name).into_owned();
                    let (mask, part) = match group.open(&link.name)? {
                        Object::Group(masked) if masked.kind()? == Some(Kind::Masked) => {
                            let (mask, _) = growing(&masked, MASK, Some(count))?;
                            (Some(mask), Self::child(&masked, VALUES, Some(count))?.0)
                        }
                        object => (None, Self::of_object(group, &link.name, object, Some(count))?.0),
                    };
                    fields.push(Field { name, mask, part });
                }
                let masked = !fields.is_empty() && fields.iter().all(|field: &Field| field.mask.is_some());
                (Shape::Columns(Columns { group: group.clone(), count, masked, fields }), count)
            }
            Kind::Variants | Kind::Mixed => {
                let (tag, count) = growing(group, TAG, wanted)?;
                let Dtype::Enum(enumeration) = tag.dtype().clone() else {
                    return Err(Error::wrong_type("tags of an HDF5 enum", tag.words()));
                };
                if enumeration.base != Number::U8 {
                    return Err(Error::wrong_type("tags of one byte", tag.words()));
                }
                let mut counts = [0u64; 256];
                for start in (0..count).step_by(STEP as usize) {
                    tag.read(start, STEP.min(count - start))?.iter().for_each(|code| counts[usize::from(*code)] += 1);
                }
                let mixed = kind == Kind::Mixed;
                let mut names = Vec::new();
                for (name, code) in &enumeration.members {
                    let code = u8::try_from(*code).map_err(|_| Error::corrupt("a tag of more than a byte"))?;
                    let count = counts[usize::from(code)];
                    let link = if mixed { name.into() } else { escape_variant(name) };
                    let payload = match group.has_link(&link)? {
                        true => Some(Self::child(group, &link, Some(count))?.0),
                        false => None,
                    };
                    // What no element has yet is as good as new.
                    if count > 0 || payload.is_some() {
                        names.push(Name { name: name.clone(), code, count, payload });
                    }
                }
                (Shape::Parted(Parted { group: group.clone(), mixed, tag, names }), count)
            }
            kind => {
                let found = format!("a group of kind `{}`", kind.as_str());
                return Err(Error::wrong_type("a sequence that can grow", found));
            }
        })
    }
}

/// Opens a dataset of which `wanted` rows count.
fn growing(group: &Group, link: &str, wanted: Option<u64>) -> Result<(Growing, u64)> {
    let open = || kept(group.open_growing(link)?, wanted);
    open().map_err(|error: Error| error.in_link(link))
}

fn kept(mut growing: Growing, wanted: Option<u64>) -> Result<(Growing, u64)> {
    let count = wanted.unwrap_or(growing.rows());
    growing.keep(count)?;
    Ok((growing, count))
}

/// Opens offsets; returns also the last, and how many elements there are.
fn open_offsets(group: &Group, wanted: Option<u64>) -> Result<(Growing, u64, u64)> {
    let (offsets, rows) = growing(group, OFFSETS, wanted.map(|wanted| wanted.saturating_add(1)))?;
    if *offsets.dtype() != Dtype::Number(Number::U64) || rows == 0 || !offsets.inner().is_empty() {
        return Err(Error::corrupt(format!("expected offsets, found {}", offsets.words())).in_link(OFFSETS));
    }
    let last = offsets.read(rows - 1, 1)?;
    let end = u64::try_from(integer(Number::U64, &last)).unwrap_or(0);
    Ok((offsets, end, rows - 1))
}

impl Column {
    /// Whether some record lacks a field that others have.
    pub(super) fn lacks(&self) -> bool {
        match self {
            Self::Array(array) => array.inner.lacks(),
            Self::List(list) => list.inner.lacks(),
            Self::Record(record) => record.fields.iter().any(|field| !field.absent.is_empty() || field.column.lacks()),
            Self::Maps(maps) => maps.keys.lacks() || maps.values.lacks(),
            Self::Nullable(nullable) => nullable.inner.lacks(),
            Self::Variants(variants) => {
                variants.variants.iter().filter_map(|variant| variant.payload.as_ref()).any(Self::lacks)
            }
            Self::Mixed(mixed) => mixed.parts.iter().any(|(_, part)| part.lacks()),
            _ => false,
        }
    }
}
