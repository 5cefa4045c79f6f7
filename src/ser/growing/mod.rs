//! Stored sequences that grow: for each encoding, what adds a column to what is there.
//!
//! The encodings are those of [`layout`](super::column_layout) that hold whatever may come: strings are `text`, sequences
//! `ragged`, enums `variants`, records with anything but numbers in them `columns`. What elements are in them is in
//! [`form`]; records and enums have files of their own, and so has [`open`]ing what is there.

mod columns;
mod form;
mod open;
mod union;

use std::borrow::Cow;

use self::form::{MAX_NAMES, as_stored, check_supported, item_bytes, item_type, new_item_type, too_many};
use super::column::{Column, ListColumn, MapsColumn, NullableColumn};
use super::place::{Place, copy_attributes, taken, write_units};
use super::record::{RecordColumn, RecordField, RecordKind};
use crate::ground::error::{Error, Result};
use crate::ground::stack::with_room;
use crate::h5::{Dtype, Group, Growing, Number, Object, Shape, element_bytes, set_count};
use crate::layout::path_rules::RulePosition;
use crate::layout::{APPENDED, BYTES, KEYS, Kind, LENGTH, MASK, OFFSETS, TAG, VALUES};
use crate::layout_attributes::LayoutAttributes;

/// Fillers, or tags that are copied, at a time.
const STEP_ELEMENTS: u64 = 1 << 16;

/// What all parts of a sequence share.
#[derive(Debug, Default)]
pub(super) struct GrowingCommon {
    /// Bytes of a chunk.
    pub(super) chunk: usize,
    /// Objects that others have taken the place of. Their room in the file would be used again if they were let go, while the
    /// file as it was flushed last says that they are there.
    pub(super) replaced: Vec<Object>,
}

/// A part of a sequence that is stored, at its link.
#[derive(Debug)]
pub(super) struct GrowingColumn {
    parent: Group,
    link: String,
    /// Where its elements are, as far as the options care.
    rules: RulePosition,
    shape: GrowingLayout,
    /// Whether it was there before, and may have attributes of others.
    was_there: bool,
}

#[derive(Debug)]
enum GrowingLayout {
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
        values: Box<GrowingColumn>,
    },
    Maps {
        offsets: Growing,
        end: u64,
        keys: Box<GrowingColumn>,
        values: Box<GrowingColumn>,
    },
    Nullable {
        mask: Growing,
        values: Box<GrowingColumn>,
    },
    Columns(GrowingRecords),
    Parted(GrowingUnion),
}

#[derive(Debug)]
struct GrowingRecords {
    group: Group,
    count: u64,
    /// Fields have masks from the first: to put one beside a field later takes it out of its order.
    masked: bool,
    rules: RulePosition,
    fields: Vec<GrowingField>,
}

#[derive(Debug)]
struct GrowingField {
    name: String,
    /// True where a record lacks the field; none if all have it.
    mask: Option<Growing>,
    part: GrowingColumn,
}

/// Enums, or elements of unlike types.
#[derive(Debug)]
struct GrowingUnion {
    group: Group,
    mixed: bool,
    rules: RulePosition,
    tag: Growing,
    names: Vec<GrowingVariant>,
}

#[derive(Debug)]
struct GrowingVariant {
    name: String,
    code: u8,
    count: u64,
    payload: Option<GrowingColumn>,
}

/// Makes the dataset `name`, for rows of a type and shape, as `rules` say.
fn dataset(
    group: &Group,
    name: &str,
    (dtype, inner): (&Dtype, &[u64]),
    rules: &RulePosition,
    common: &GrowingCommon,
) -> Result<Growing> {
    group.create_growing(name, dtype, inner, (&rules.dataset_options().storing, common.chunk))
}

fn number_of(
    group: &Group,
    name: &str,
    number: Number,
    rules: &RulePosition,
    common: &GrowingCommon,
) -> Result<Growing> {
    dataset(group, name, (&Dtype::Number(number), &[]), rules, common)
}

/// Makes offsets, the first of which is there.
fn offsets_of(group: &Group, rules: &RulePosition, common: &GrowingCommon) -> Result<Growing> {
    let mut offsets = number_of(group, OFFSETS, Number::U64, rules, common)?;
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
        let step = left.min(STEP_ELEMENTS);
        growing.append(&item.repeat(step as usize))?;
        left -= step;
    }
    Ok(())
}

impl GrowingColumn {
    /// Makes a place for elements that are to come.
    pub(super) fn new(parent: &Group, link: &str, rules: &RulePosition) -> Result<Self> {
        if parent.has_link(link)? {
            return Err(taken(link));
        }
        let (parent_group, rules, shape) = (parent.clone(), rules.clone(), GrowingLayout::Pending(0));
        let part = Self { parent: parent_group, link: link.to_owned(), rules, shape, was_there: false };
        Place::child(parent, link, RulePosition::nowhere()).write(
            Dtype::Number(Number::F64),
            Shape::Simple(vec![0]),
            &[],
            None,
        )?;
        Ok(part)
    }

    /// Makes what elements such as those of `column` go to, which it is yet without.
    fn create(
        parent: &Group,
        link: &str,
        rules: &RulePosition,
        column: &Column,
        common: &GrowingCommon,
    ) -> Result<Self> {
        let group = |kind: Kind| -> Result<Group> {
            let group = parent.create_compact_group(link)?;
            group.write_kind(kind)?;
            Ok(group)
        };
        let shape = if let Some((dtype, dims, kind)) = new_item_type(column, rules) {
            let data = dataset(parent, link, (&dtype, &dims), rules, common)?;
            if let Some(kind) = kind {
                data.write_kind(kind)?;
            }
            if column.is_times() {
                write_units(&data)?;
            }
            GrowingLayout::Items(data)
        } else {
            match column {
                Column::Text(_) | Column::Blobs(_) => {
                    let text = matches!(column, Column::Text(_));
                    let (kind, name) = if text { (Kind::Text, BYTES) } else { (Kind::Blobs, VALUES) };
                    let group = group(kind)?;
                    let (offsets, bytes) =
                        (offsets_of(&group, rules, common)?, number_of(&group, name, Number::U8, rules, common)?);
                    GrowingLayout::Parts { offsets, bytes, text }
                }
                Column::Units(_) => {
                    let (dtype, count) = (Dtype::Number(Number::U64), [0u64]);
                    Place::child(parent, link, RulePosition::nowhere()).write(
                        dtype,
                        Shape::Scalar,
                        element_bytes(&count),
                        Some(Kind::Units),
                    )?;
                    GrowingLayout::Units(0)
                }
                Column::List(_) => {
                    let group = group(Kind::Ragged)?;
                    let offsets = offsets_of(&group, rules, common)?;
                    GrowingLayout::Ragged {
                        offsets,
                        end: 0,
                        values: Box::new(Self::new(&group, VALUES, rules.element())?),
                    }
                }
                Column::Maps(_) => {
                    let group = group(Kind::Maps)?;
                    let offsets = offsets_of(&group, rules, common)?;
                    let (keys, values) = (Self::new(&group, KEYS, rules)?, Self::new(&group, VALUES, rules.element())?);
                    GrowingLayout::Maps { offsets, end: 0, keys: Box::new(keys), values: Box::new(values) }
                }
                Column::Nullable(nullable) => {
                    let group = group(Kind::Nullable)?;
                    super::column_layout::write_encoding(&nullable.inner, &group)?;
                    let values = Box::new(Self::new(&group, VALUES, rules)?);
                    GrowingLayout::Nullable { mask: number_of(&group, MASK, Number::Bool, rules, common)?, values }
                }
                Column::Record(record) => {
                    let group = group(Kind::Columns)?;
                    set_count(&group, LENGTH, 0)?;
                    let masked = record.rows == RecordKind::Maps;
                    GrowingLayout::Columns(GrowingRecords {
                        group,
                        count: 0,
                        masked,
                        rules: rules.clone(),
                        fields: Vec::new(),
                    })
                }
                Column::Variants(_) | Column::Mixed(_) => {
                    let mixed = matches!(column, Column::Mixed(_));
                    let group = group(if mixed { Kind::Mixed } else { Kind::Variants })?;
                    let names = Vec::new();
                    let tag = GrowingUnion::tags(&group, TAG, &[("-".to_owned(), 0)], rules, common)?;
                    GrowingLayout::Parted(GrowingUnion { group, mixed, rules: rules.clone(), tag, names })
                }
                _ => {
                    check_supported(column)?;
                    return Self::new(parent, link, rules);
                }
            }
        };
        Ok(Self { parent: parent.clone(), link: link.to_owned(), rules: rules.clone(), shape, was_there: false })
    }

    /// The object at the link.
    pub(super) fn object(&self) -> Result<Object> {
        self.parent.open(&self.link)
    }

    /// What is stored, in words.
    fn words(&self) -> String {
        match &self.shape {
            GrowingLayout::Pending(_) => "nothing".to_owned(),
            GrowingLayout::Items(data) if data.inner().is_empty() => format!("`{}`", data.dtype()),
            GrowingLayout::Items(data) => {
                format!("`{}` of shape {}", data.dtype(), Shape::Simple(data.inner().to_vec()))
            }
            GrowingLayout::Parts { text: true, .. } => "a string".to_owned(),
            GrowingLayout::Parts { .. } => "bytes".to_owned(),
            GrowingLayout::Units(_) => "a unit".to_owned(),
            GrowingLayout::Ragged { .. } => "a sequence".to_owned(),
            GrowingLayout::Maps { .. } => "a map".to_owned(),
            GrowingLayout::Nullable { .. } => "an option".to_owned(),
            GrowingLayout::Columns(columns) if columns.is_tuples() => format!("a tuple of {}", columns.fields.len()),
            GrowingLayout::Columns(_) => "a struct or map".to_owned(),
            GrowingLayout::Parted(parted) if parted.mixed => "values of unlike types".to_owned(),
            GrowingLayout::Parted(_) => "an enum".to_owned(),
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
            Some((dtype, dims, _)) => format!("`{dtype}` of shape {}", Shape::Simple(dims)),
            None => column.what(),
        };
        let lacks = match column {
            Column::Record(record) if matches!(self.shape, GrowingLayout::Items(_)) => {
                record.fields.iter().find(|field| field.is_masked()).map(|field| format!(" without `{}`", field.name))
            }
            _ => None,
        };
        if let (GrowingLayout::Items(data), Column::Record(record)) = (&self.shape, column)
            && let Dtype::Compound(fields) = data.dtype()
            && let Some(error) = form::field_at_fault(fields, record)
        {
            return error;
        }
        let expected = format!("{}, as the elements that are stored", self.words());
        Error::wrong_type(expected, format!("{found}{}", lacks.unwrap_or_default()))
    }

    /// Refuses elements that cannot be added to what is stored.
    pub(super) fn check(&self, column: &Column) -> Result<()> {
        let check = || self.check_column(&*as_stored(&self.shape, column, &self.rules)?);
        check().map_err(|error: Error| error.in_link(&self.link))
    }

    fn check_column(&self, column: &Column) -> Result<()> {
        match (&self.shape, column) {
            (GrowingLayout::Pending(_), column) => check_supported(column),
            (_, Column::Unknown(_)) => Ok(()),
            (GrowingLayout::Items(data), column) => match item_type(column) {
                Some((dtype, dims, _)) if dtype == *data.dtype() && dims == data.inner() => match column.is_times() {
                    true => form::check_units(data),
                    false => Ok(()),
                },
                // Complex numbers, which earlier versions had as pairs.
                Some((dtype, dims, _))
                    if matches!(
                        (column, data.dtype()),
                        (Column::Array(_), _) | (Column::Record(_), Dtype::Compound(_))
                    ) && form::as_pairs(&dtype, &dims) == form::as_pairs(data.dtype(), data.inner()) =>
                {
                    Ok(())
                }
                _ => Err(self.refuse(column)),
            },
            (GrowingLayout::Parts { text: true, .. }, Column::Text(_))
            | (GrowingLayout::Parts { text: false, .. }, Column::Blobs(_)) => Ok(()),
            (GrowingLayout::Units(_), Column::Units(_)) => Ok(()),
            (GrowingLayout::Ragged { values, .. }, Column::List(list)) => values.check(&list.inner),
            (GrowingLayout::Maps { keys, values, .. }, Column::Maps(maps)) => {
                keys.check(&maps.keys)?;
                values.check(&maps.values)
            }
            (GrowingLayout::Nullable { values, .. }, Column::Nullable(nullable)) => values.check(&nullable.inner),
            (GrowingLayout::Columns(columns), Column::Record(record)) => {
                columns.check(record).unwrap_or_else(|| Err(self.refuse(column)))
            }
            (GrowingLayout::Parted(parted), Column::Variants(_) | Column::Mixed(_))
                if parted.mixed == matches!(column, Column::Mixed(_)) =>
            {
                parted.check(column)
            }
            _ => Err(self.refuse(column)),
        }
    }

    /// Whether there is all that elements need which were [checked](GrowingColumn::check): each dataset and group.
    pub(super) fn has_room_for(&self, column: &Column) -> Result<bool> {
        Ok(match (&self.shape, &*as_stored(&self.shape, column, &self.rules)?) {
            (_, Column::Unknown(_)) => true,
            (GrowingLayout::Pending(_), column) => column.len() == 0,
            (GrowingLayout::Ragged { values, .. }, Column::List(list)) => values.has_room_for(&list.inner)?,
            (GrowingLayout::Maps { keys, values, .. }, Column::Maps(maps)) => {
                keys.has_room_for(&maps.keys)? && values.has_room_for(&maps.values)?
            }
            (GrowingLayout::Nullable { values, .. }, Column::Nullable(nullable)) => {
                values.has_room_for(&nullable.inner)?
            }
            (GrowingLayout::Columns(columns), Column::Record(record)) => columns.has_room_for(record)?,
            (GrowingLayout::Parted(parted), column) => parted.has_room_for(column)?,
            _ => true,
        })
    }

    /// Adds elements, which were [checked](GrowingColumn::check).
    pub(super) fn append(&mut self, column: &Column, common: &mut GrowingCommon) -> Result<()> {
        let append = || {
            let column = as_stored(&self.shape, column, &self.rules)?;
            self.append_column(&column, common)
        };
        with_room(append).map_err(|error: Error| error.in_link(&self.link))
    }

    fn append_column(&mut self, column: &Column, common: &mut GrowingCommon) -> Result<()> {
        match (&mut self.shape, column) {
            (GrowingLayout::Pending(before), Column::Unknown(count)) => {
                *before += *count as u64;
                Ok(())
            }
            (GrowingLayout::Pending(before), column) => {
                let before = *before;
                // No other thread takes the name meanwhile.
                *self = hdf5::sync::sync(|| self.take_place(column, common))?;
                self.fill(before)?;
                self.append_column(column, common)
            }
            (_, Column::Unknown(count)) => self.fill(*count as u64),
            (GrowingLayout::Items(data), column) => data.append(&item_bytes(column, data.row())),
            (GrowingLayout::Parts { offsets, bytes, .. }, Column::Text(parts) | Column::Blobs(parts)) => {
                let end = bytes.rows();
                bytes.append(&parts.bytes)?;
                add_offsets(offsets, &parts.offsets, end)
            }
            (GrowingLayout::Units(count), Column::Units(more)) => {
                *count += *more as u64;
                Ok(())
            }
            (GrowingLayout::Ragged { offsets, end, values }, Column::List(list)) => {
                values.append(&list.inner, common)?;
                add_offsets(offsets, &list.offsets, *end)?;
                *end += list.inner.len() as u64;
                Ok(())
            }
            (GrowingLayout::Maps { offsets, end, keys, values }, Column::Maps(maps)) => {
                keys.append(&maps.keys, common)?;
                values.append(&maps.values, common)?;
                add_offsets(offsets, &maps.offsets, *end)?;
                *end += maps.keys.len() as u64;
                Ok(())
            }
            (GrowingLayout::Nullable { mask, values }, Column::Nullable(nullable)) => {
                values.append(&nullable.inner, common)?;
                match nullable.inner {
                    // What is no `None` among them is there for no one to ask for, and values may have no place yet.
                    Column::Unknown(count) => repeat(mask, element_bytes(&[true]), count as u64),
                    _ => mask.append(element_bytes(&nullable.mask)),
                }
            }
            (GrowingLayout::Columns(columns), Column::Record(record)) => columns.append(record, common),
            (GrowingLayout::Parted(parted), column) => parted.append(column, common),
            _ => Err(self.refuse(column)),
        }
    }

    /// Makes what elements like these are added to, in the place of the empty dataset, which keeps that on an error.
    fn take_place(&self, column: &Column, common: &mut GrowingCommon) -> Result<Self> {
        let empty = self.parent.open(&self.link)?;
        self.parent.unlink(&self.link)?;
        let made = Self::create(&self.parent, &self.link, &self.rules, column, common).and_then(|made| {
            // To look for attributes, the file is written out.
            if self.was_there {
                copy_attributes(&empty, &made.object()?, RulePosition::nowhere(), true)?;
            }
            Ok(made)
        });
        if made.is_err() {
            if self.parent.has_link(&self.link)? {
                self.parent.unlink(&self.link)?;
            }
            self.parent.link(&self.link, &empty)?;
        }
        common.replaced.push(empty);
        made
    }

    /// Adds elements that nobody will ask for.
    fn fill(&mut self, count: u64) -> Result<()> {
        match &mut self.shape {
            GrowingLayout::Pending(before) => *before += count,
            GrowingLayout::Units(units) => *units += count,
            GrowingLayout::Items(data) => {
                let item = vec![0; data.row()];
                repeat(data, &item, count)?;
            }
            GrowingLayout::Parts { offsets, bytes, .. } => {
                let end = bytes.rows();
                repeat(offsets, element_bytes(&[end]), count)?;
            }
            GrowingLayout::Ragged { offsets, end, .. } | GrowingLayout::Maps { offsets, end, .. } => {
                repeat(offsets, element_bytes(&[*end]), count)?;
            }
            GrowingLayout::Nullable { mask, values } => {
                values.fill(count)?;
                repeat(mask, element_bytes(&[true]), count)?;
            }
            GrowingLayout::Columns(columns) => {
                columns.count += count;
                for field in &mut columns.fields {
                    field.fill(count)?;
                }
            }
            GrowingLayout::Parted(parted) => {
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
            GrowingLayout::Units(count) => match self.object()? {
                Object::Dataset(dataset) => dataset.write(element_bytes(&[*count])),
                Object::Group(_) => Ok(()),
            },
            GrowingLayout::Ragged { values, .. } | GrowingLayout::Nullable { values, .. } => values.write_counts(),
            GrowingLayout::Maps { keys, values, .. } => keys.write_counts().and_then(|()| values.write_counts()),
            GrowingLayout::Columns(columns) => {
                set_count(&columns.group, LENGTH, columns.count)?;
                columns.fields.iter().try_for_each(|field| field.part.write_counts())
            }
            GrowingLayout::Parted(parted) => {
                parted.names.iter().filter_map(|name| name.payload.as_ref()).try_for_each(Self::write_counts)
            }
            GrowingLayout::Pending(_) | GrowingLayout::Items(_) | GrowingLayout::Parts { .. } => Ok(()),
        }
    }

    /// Writes how many elements count.
    pub(super) fn write_length(&self, length: u64) -> Result<()> {
        set_count(&self.object()?, APPENDED, length)
    }

    /// A column to begin with, for elements that are to be added: fields are in the order in which they are stored.
    pub(super) fn template(&self) -> Column {
        match &self.shape {
            GrowingLayout::Ragged { values, .. } => Column::List(Box::new(ListColumn::new(vec![0], values.template()))),
            GrowingLayout::Maps { keys, values, .. } => Column::Maps(Box::new(MapsColumn {
                offsets: vec![0],
                keys: keys.template(),
                values: values.template(),
            })),
            GrowingLayout::Nullable { values, .. } => {
                Column::Nullable(Box::new(NullableColumn { mask: Vec::new(), inner: values.template() }))
            }
            GrowingLayout::Columns(columns) => {
                let rows = if columns.is_tuples() { RecordKind::Tuples } else { RecordKind::Structs };
                let mut record = RecordColumn::new(rows, 0);
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

    /// Does something with each dataset that grows.
    pub(super) fn each(&mut self, work: &mut dyn FnMut(&mut Growing) -> Result<()>) -> Result<()> {
        match &mut self.shape {
            GrowingLayout::Items(data) => work(data),
            GrowingLayout::Parts { offsets, bytes, .. } => {
                work(offsets)?;
                work(bytes)
            }
            GrowingLayout::Ragged { offsets, values, .. } => {
                work(offsets)?;
                values.each(work)
            }
            GrowingLayout::Maps { offsets, keys, values, .. } => {
                work(offsets)?;
                keys.each(work)?;
                values.each(work)
            }
            GrowingLayout::Nullable { mask, values } => {
                work(mask)?;
                values.each(work)
            }
            GrowingLayout::Columns(columns) => columns.fields.iter_mut().try_for_each(|field| {
                if let Some(mask) = &mut field.mask {
                    work(mask)?;
                }
                field.part.each(work)
            }),
            GrowingLayout::Parted(parted) => {
                work(&mut parted.tag)?;
                parted.names.iter_mut().filter_map(|name| name.payload.as_mut()).try_for_each(|part| part.each(work))
            }
            GrowingLayout::Pending(_) | GrowingLayout::Units(_) => Ok(()),
        }
    }
}
