//! What elements are as they are stored, where they grow.

use std::borrow::Cow;

use super::super::array_form::complex_type;
use super::super::column::{Column, MapsColumn, MixedColumn, out_of_order};
use super::super::column_layout::{halves, items, pack_items};
use super::super::record::{RecordColumn, RecordKind};
use super::{GrowingLayout, GrowingUnion};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::time::TimeUnits;
use crate::h5::{Attributes, Dtype, Field, Growing, element_bytes};
use crate::layout::dataset_options::Records;
use crate::layout::path_rules::RulePosition;
use crate::layout::{CALENDAR, Kind, MAX_RANK, NANOSECONDS, UNITS, are_positions};

/// What elements of fixed size are in a file: type, shape, and kind of the dataset.
pub(super) fn item_type(column: &Column) -> Option<(Dtype, Vec<u64>, Option<Kind>)> {
    match column {
        Column::Numbers(numbers) => Some((Dtype::Number(numbers.number()), Vec::new(), None)),
        Column::I128(_) => Some((halves(Kind::I128), Vec::new(), Some(Kind::I128))),
        Column::U128(_) => Some((halves(Kind::U128), Vec::new(), Some(Kind::U128))),
        Column::Array(array) if array.is_complex => match &array.inner {
            Column::Numbers(numbers) => Some((complex_type(numbers.number()), Vec::new(), None)),
            _ => None,
        },
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

/// The same for elements to which `rules` apply, of which nothing is stored yet: the options may have records taken apart, and
/// those with times always are, as a field of a table does not say what it holds.
pub(super) fn new_item_type(column: &Column, rules: &RulePosition) -> Option<(Dtype, Vec<u64>, Option<Kind>)> {
    fn is_apart(column: &Column, rules: &RulePosition) -> bool {
        match column {
            Column::Record(record) => rules.dataset_options().records == Some(Records::Columns) || record.has_times(),
            Column::Array(array) => is_apart(&array.inner, rules.element()),
            _ => false,
        }
    }
    if is_apart(column, rules) { None } else { item_type(column) }
}

/// Type and shape of elements, with pairs of numbers in the place of complex numbers, which are the same bytes.
pub(super) fn as_pairs(dtype: &Dtype, dims: &[u64]) -> (Dtype, Vec<u64>) {
    match pairs_in(dtype) {
        Dtype::Array(inner, dtype) => ((*dtype).clone(), dims.iter().chain(&*inner).copied().collect()),
        dtype => (dtype, dims.to_vec()),
    }
}

fn pairs_in(dtype: &Dtype) -> Dtype {
    match (dtype.complex(), dtype) {
        (Some([re, im]), _) if re.dtype == im.dtype => Dtype::Array([2].into(), re.dtype.clone().into()),
        (_, Dtype::Compound(fields)) => {
            let field = |field: &Field| Field::new(field.name.clone(), field.offset, pairs_in(&field.dtype));
            Dtype::Compound(fields.iter().map(field).collect())
        }
        (_, Dtype::Array(dims, dtype)) => {
            let (dtype, dims) = as_pairs(dtype, dims);
            Dtype::Array(dims.into(), dtype.into())
        }
        _ => dtype.clone(),
    }
}

/// The error that names the field of a record by which it does not fit a table with these fields.
#[cold]
pub(super) fn field_at_fault(fields: &[Field], record: &RecordColumn) -> Option<Error> {
    let stored = |name: &str| fields.iter().find(|field| field.name == name);
    let brings = record.fields.iter().find(|field| stored(&field.name).is_none());
    let is_there = |name: &str| record.fields.iter().any(|field| *field.name == *name && !field.is_masked());
    if let Some(lacks) = fields.iter().find(|field| !is_there(&field.name)) {
        let expected = format!("a struct with `{}`, as the elements that are stored", lacks.name);
        let found = match brings {
            Some(brings) => format!("one with `{}` instead", brings.name),
            None => "one without".to_owned(),
        };
        return Some(Error::wrong_type(expected, found));
    }
    if let Some(brings) = brings {
        let expected = format!("a struct without `{}`, as the elements that are stored", brings.name);
        return Some(Error::wrong_type(expected, "one with"));
    }
    record.fields.iter().find_map(|field| {
        let wanted = &stored(&field.name)?.dtype;
        // What is not of the form that is stored made the column one of both.
        let column = match &field.column {
            Column::Mixed(mixed) => mixed.parts.iter().find(|(_, part)| part.len() > 0).map(|(_, part)| part)?,
            column => column,
        };
        let found = match item_type(column) {
            Some((dtype, dims, _)) if dims.is_empty() => (dtype != *wanted).then(|| format!("`{dtype}`"))?,
            Some((dtype, dims, _)) => {
                let dtype = Dtype::Array(dims.into(), dtype.into());
                (dtype != *wanted).then(|| format!("`{dtype}`"))?
            }
            None => column.what(),
        };
        let expected = format!("`{wanted}`, as the elements that are stored");
        Some(Error::wrong_type(expected, found).in_field(&field.name))
    })
}

/// Refuses to add times to numbers that count something else.
pub(super) fn check_units(data: &Growing) -> Result<()> {
    let Some(units) = data.text_attribute(UNITS)? else { return Ok(()) };
    let calendar = data.text_attribute(CALENDAR)?;
    if TimeUnits::parse(&units, calendar.as_deref()) == Ok(TimeUnits::default()) {
        return Ok(());
    }
    let message = format!("times are \"{NANOSECONDS}\", and what is stored is \"{units}\"");
    Err(Error::new(ErrorKind::Unsupported, message))
}

/// Elements of fixed size as a file has them.
pub(super) fn item_bytes<'a>(column: &'a Column, size: usize) -> Cow<'a, [u8]> {
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
pub(super) fn check_supported(column: &Column) -> Result<()> {
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

/// The column as one of what is stored, or is to be stored under `rules`, where both stand for the same.
pub(super) fn as_stored<'a>(
    shape: &GrowingLayout,
    column: &'a Column,
    rules: &RulePosition,
) -> Result<Cow<'a, Column>> {
    let is_mixed = matches!(shape, GrowingLayout::Parted(GrowingUnion { mixed: true, .. }));
    match column {
        Column::Mixed(_) | Column::Unknown(_) => Ok(Cow::Borrowed(column)),
        // Whatever it is, it is a part of what is stored: that takes its form.
        _ if is_mixed => match column.class() {
            Some(class) => Ok(Cow::Owned(Column::Mixed(Box::new(MixedColumn {
                tags: vec![0; column.len()],
                parts: vec![(class, column.clone())],
                ranks: Default::default(),
            })))),
            None => Ok(Cow::Borrowed(column)),
        },
        Column::Array(array) if new_item_type(column, rules).is_none() && !matches!(shape, GrowingLayout::Items(_)) => {
            let mut list = Column::Array(array.clone());
            list.array_to_list();
            Ok(Cow::Owned(list))
        }
        Column::Record(record) if record.rows == RecordKind::Maps => {
            let has_positions = are_positions(record.fields.iter().map(|field| field.name.as_ref()));
            // Maps whose values are all of one form may have any keys. Others are as structs are.
            let alike = record.fields.windows(2).all(|pair| pair[0].column.same_shape(&pair[1].column));
            let is_new = matches!(shape, GrowingLayout::Pending(_)) && (has_positions || alike);
            if !is_new && !matches!(shape, GrowingLayout::Maps { .. }) {
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
        Column::Maps(maps) if matches!(shape, GrowingLayout::Columns(_)) => {
            Ok(maps.to_record()?.map_or(Cow::Borrowed(column), |record| Cow::Owned(Column::Record(record.into()))))
        }
        _ => Ok(Cow::Borrowed(column)),
    }
}

/// The tag is a byte.
pub(super) const MAX_NAMES: usize = 256;

#[cold]
pub(super) fn too_many() -> Error {
    Error::new(ErrorKind::Limit, format!("an enum that is appended has at most {MAX_NAMES} variants"))
}

impl MapsColumn {
    /// The maps as records; `None` if a key is no string, comes twice, or if there are too many.
    fn to_record(&self) -> Result<Option<RecordColumn>> {
        let Column::Text(keys) = &self.keys else { return Ok(None) };
        let mut record = RecordColumn::new(RecordKind::Maps, 0);
        for bounds in self.offsets.windows(2) {
            record.begin();
            for at in bounds[0]..bounds[1] {
                let key = std::str::from_utf8(keys.get(at as usize)).map_err(|_| out_of_order())?;
                let Some(position) = record.find(key, RecordKind::Structs) else { return Ok(None) };
                record.field(position).push_from(&self.values, at as usize)?;
            }
            record.end();
        }
        Ok(Some(record))
    }
}

impl Column {
    /// Whether some record lacks a field that others have.
    pub(in crate::ser) fn lacks_fields(&self) -> bool {
        match self {
            Self::Array(array) => array.inner.lacks_fields(),
            Self::List(list) => list.inner.lacks_fields(),
            Self::Record(record) => {
                record.fields.iter().any(|field| !field.absent.is_empty() || field.column.lacks_fields())
            }
            Self::Maps(maps) => maps.keys.lacks_fields() || maps.values.lacks_fields(),
            Self::Nullable(nullable) => nullable.inner.lacks_fields(),
            Self::Variants(variants) => {
                variants.variants.iter().filter_map(|variant| variant.payload.as_ref()).any(Self::lacks_fields)
            }
            Self::Mixed(mixed) => mixed.parts.iter().any(|(_, part)| part.lacks_fields()),
            _ => false,
        }
    }
}
