//! Columns that are of the same form: one added to the other.

use std::cell::OnceCell;

use super::column::{ByteStrings, Column, MapsColumn};
use super::numbers::Numbers;
use super::record::{RecordColumn, RecordField, RecordKind, SPARSE_FIELDS};

/// Adds offsets that count from 0 to those that end at `end`.
fn add_offsets(offsets: &mut Vec<u64>, more: &[u64]) {
    let end = offsets.last().copied().unwrap_or(0);
    offsets.extend(more.iter().skip(1).map(|offset| end + offset));
}

impl ByteStrings {
    fn add(&mut self, other: &Self) -> usize {
        add_offsets(&mut self.offsets, &other.offsets);
        self.bytes.extend_from_slice(&other.bytes);
        other.bytes.len() + size_of::<u64>() * other.count()
    }

    fn empty(&mut self) {
        self.offsets.truncate(1);
        self.bytes.clear();
    }
}

impl Column {
    /// Whether the two are of the same form, whatever is in them: so that what is in one can be in the other.
    pub(super) fn same_shape(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unknown(_), Self::Unknown(_))
            | (Self::I128(_), Self::I128(_))
            | (Self::U128(_), Self::U128(_))
            | (Self::Text(_), Self::Text(_))
            | (Self::Blobs(_), Self::Blobs(_))
            | (Self::Units(_), Self::Units(_)) => true,
            (Self::Numbers(own), Self::Numbers(other)) => own.number() == other.number(),
            (Self::Array(own), Self::Array(other)) => own.width == other.width && own.inner.same_shape(&other.inner),
            (Self::List(own), Self::List(other)) => own.inner.same_shape(&other.inner),
            (Self::Record(own), Self::Record(other)) => {
                own.rows == other.rows
                    && own.fields.len() == other.fields.len()
                    && own.fields.iter().zip(&other.fields).all(|(own, other)| {
                        let same = std::ptr::eq(own.name.as_ref(), other.name.as_ref()) || own.name == other.name;
                        same && own.column.same_shape(&other.column)
                    })
            }
            (Self::Maps(own), Self::Maps(other)) => {
                own.keys.same_shape(&other.keys) && own.values.same_shape(&other.values)
            }
            (Self::Nullable(own), Self::Nullable(other)) => own.inner.same_shape(&other.inner),
            (Self::Variants(own), Self::Variants(other)) => {
                own.variants.len() == other.variants.len()
                    && own.variants.iter().zip(&other.variants).all(|(own, other)| {
                        own.name == other.name
                            && match (&own.payload, &other.payload) {
                                (None, None) => true,
                                (Some(own), Some(other)) => own.same_shape(other),
                                _ => false,
                            }
                    })
            }
            (Self::Mixed(own), Self::Mixed(other)) => {
                own.parts.len() == other.parts.len()
                    && own
                        .parts
                        .iter()
                        .zip(&other.parts)
                        .all(|(own, other)| own.0 == other.0 && own.1.same_shape(&other.1))
            }
            _ => false,
        }
    }

    /// Whether what is in both can be in one column, and comes back as it would from columns of their own.
    pub(super) fn takes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unknown(_), _)
            | (_, Self::Unknown(_))
            | (Self::I128(_), Self::I128(_))
            | (Self::U128(_), Self::U128(_))
            | (Self::Text(_), Self::Text(_))
            | (Self::Blobs(_), Self::Blobs(_))
            | (Self::Units(_), Self::Units(_))
            | (Self::Objects(_), Self::Objects(_)) => true,
            (Self::Numbers(own), Self::Numbers(other)) => own.number() == other.number(),
            (Self::Array(own), Self::Array(other)) => own.width == other.width && own.inner.takes(&other.inner),
            (Self::List(own), Self::List(other)) => own.inner.takes(&other.inner),
            (Self::Record(own), Self::Record(other)) => own.takes(other),
            (Self::Record(record), Self::Maps(maps)) | (Self::Maps(maps), Self::Record(record)) => {
                record.rows == RecordKind::Maps && record.is_taken_by(maps)
            }
            (Self::Maps(own), Self::Maps(other)) => own.keys.takes(&other.keys) && own.values.takes(&other.values),
            (Self::Nullable(own), Self::Nullable(other)) => own.inner.takes(&other.inner),
            (Self::Variants(own), Self::Variants(other)) => other.variants.iter().all(|other| {
                let own = own.variants.iter().find(|own| own.name == other.name);
                own.is_none_or(|own| match (&own.payload, &other.payload) {
                    (None, None) => true,
                    (Some(own), Some(other)) => own.takes(other),
                    _ => false,
                })
            }),
            (Self::Mixed(_), Self::Mixed(_)) => self.same_shape(other),
            _ => false,
        }
    }

    /// Adds what is in `other`, which has [the same shape](Column::same_shape); returns about how many bytes that is.
    pub(super) fn add(&mut self, other: &Self) -> usize {
        match (self, other) {
            (Self::Unknown(count), Self::Unknown(more)) | (Self::Units(count), Self::Units(more)) => {
                *count += more;
                0
            }
            (Self::Numbers(own), Self::Numbers(other)) => {
                own.extend_from_bytes(other.bytes());
                other.bytes().len()
            }
            (Self::I128(own), Self::I128(other)) => {
                own.extend_from_slice(other);
                16 * other.len()
            }
            (Self::U128(own), Self::U128(other)) => {
                own.extend_from_slice(other);
                16 * other.len()
            }
            (Self::Text(own), Self::Text(other)) | (Self::Blobs(own), Self::Blobs(other)) => own.add(other),
            (Self::Array(own), Self::Array(other)) => {
                own.count += other.count;
                own.is_complex &= other.is_complex;
                own.inner.add(&other.inner)
            }
            (Self::List(own), Self::List(other)) => {
                add_offsets(&mut own.offsets, &other.offsets);
                own.inner.add(&other.inner) + size_of::<u64>() * other.offsets.len()
            }
            (Self::Record(own), Self::Record(other)) => own.add(other),
            (Self::Maps(own), Self::Maps(other)) => {
                add_offsets(&mut own.offsets, &other.offsets);
                own.keys.add(&other.keys) + own.values.add(&other.values) + size_of::<u64>() * other.offsets.len()
            }
            (Self::Nullable(own), Self::Nullable(other)) => {
                own.mask.extend_from_slice(&other.mask);
                own.inner.add(&other.inner) + other.mask.len()
            }
            (Self::Variants(own), Self::Variants(other)) => {
                own.tags.extend_from_slice(&other.tags);
                own.ranks = OnceCell::new();
                let mut bytes = size_of::<u32>() * other.tags.len();
                for (own, other) in own.variants.iter_mut().zip(&other.variants) {
                    own.count += other.count;
                    if let (Some(own), Some(other)) = (&mut own.payload, &other.payload) {
                        bytes += own.add(other);
                    }
                }
                bytes
            }
            (Self::Mixed(own), Self::Mixed(other)) => {
                own.tags.extend_from_slice(&other.tags);
                own.ranks = OnceCell::new();
                let parts = own.parts.iter_mut().zip(&other.parts);
                parts.map(|(own, other)| own.1.add(&other.1)).sum::<usize>() + other.tags.len()
            }
            _ => 0,
        }
    }

    /// Takes out what is in it. Its form stays, and so does its memory, unless that is much.
    pub(super) fn empty(&mut self) {
        match self {
            Self::Unknown(count) | Self::Units(count) => *count = 0,
            Self::Numbers(numbers) => numbers.clear(),
            Self::I128(vec) => vec.clear(),
            Self::U128(vec) => vec.clear(),
            Self::Text(parts) | Self::Blobs(parts) => parts.empty(),
            Self::Array(array) => {
                array.count = 0;
                array.inner.empty();
            }
            Self::List(list) => {
                list.offsets.truncate(1);
                list.inner.empty();
            }
            Self::Record(record) => {
                (record.count, record.present) = (0, 0);
                for field in &mut record.fields {
                    field.column.empty();
                    field.absent.clear();
                }
            }
            Self::Maps(maps) => {
                maps.offsets.truncate(1);
                maps.keys.empty();
                maps.values.empty();
            }
            Self::Nullable(nullable) => {
                nullable.mask.clear();
                nullable.inner.empty();
            }
            Self::Variants(variants) => {
                variants.tags.clear();
                variants.ranks = OnceCell::new();
                for variant in &mut variants.variants {
                    variant.count = 0;
                    variant.units = false;
                    if let Some(payload) = &mut variant.payload {
                        payload.empty();
                    }
                }
            }
            Self::Mixed(mixed) => {
                mixed.tags.clear();
                mixed.ranks = OnceCell::new();
                mixed.parts.iter_mut().for_each(|(_, part)| part.empty());
            }
            Self::Objects(_) | Self::Stored(_) => *self = Self::new(),
        }
    }

    /// About how many bytes are in it.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.bytes().len(),
            Self::I128(vec) => 16 * vec.len(),
            Self::U128(vec) => 16 * vec.len(),
            Self::Text(parts) | Self::Blobs(parts) => parts.bytes.len() + size_of_val(&*parts.offsets),
            Self::Array(array) => array.inner.bytes(),
            Self::List(list) => list.inner.bytes() + size_of_val(&*list.offsets),
            Self::Record(record) => record.fields.iter().map(|field| field.column.bytes() + field.absent.len()).sum(),
            Self::Maps(maps) => maps.keys.bytes() + maps.values.bytes() + size_of_val(&*maps.offsets),
            Self::Nullable(nullable) => nullable.inner.bytes() + nullable.mask.len(),
            Self::Variants(variants) => {
                let payloads = variants.variants.iter().filter_map(|variant| variant.payload.as_ref());
                payloads.map(Self::bytes).sum::<usize>() + size_of_val(&*variants.tags)
            }
            Self::Mixed(mixed) => mixed.parts.iter().map(|(_, part)| part.bytes()).sum::<usize>() + mixed.tags.len(),
            Self::Unknown(_) | Self::Units(_) | Self::Objects(_) | Self::Stored(_) => 0,
        }
    }

    /// The datasets that it becomes.
    pub(super) fn leaves(&self) -> usize {
        match self {
            Self::Array(array) => array.inner.leaves(),
            Self::List(list) => 1 + list.inner.leaves(),
            Self::Record(record) => record.fields.iter().map(|field| field.column.leaves()).sum(),
            Self::Maps(maps) => 1 + maps.keys.leaves() + maps.values.leaves(),
            Self::Nullable(nullable) => 1 + nullable.inner.leaves(),
            Self::Variants(variants) => {
                let payloads = variants.variants.iter().filter_map(|variant| variant.payload.as_ref());
                1 + payloads.map(Self::leaves).sum::<usize>()
            }
            Self::Mixed(mixed) => 1 + mixed.parts.iter().map(|(_, part)| part.leaves()).sum::<usize>(),
            _ => 1,
        }
    }

    /// How deep it nests.
    pub(super) fn levels(&self) -> usize {
        let inner = match self {
            Self::Array(array) => array.inner.levels(),
            Self::List(list) => list.inner.levels(),
            Self::Record(record) => record.fields.iter().map(|field| field.column.levels()).max().unwrap_or(0),
            Self::Maps(maps) => maps.keys.levels().max(maps.values.levels()),
            Self::Nullable(nullable) => nullable.inner.levels(),
            Self::Variants(variants) => {
                let payloads = variants.variants.iter().filter_map(|variant| variant.payload.as_ref());
                payloads.map(Self::levels).max().unwrap_or(0)
            }
            Self::Mixed(mixed) => mixed.parts.iter().map(|(_, part)| part.levels()).max().unwrap_or(0),
            _ => 0,
        };
        inner + 1
    }

    /// What it is, in words.
    pub(super) fn what(&self) -> String {
        match self {
            Self::Unknown(_) => "nothing".to_owned(),
            Self::Numbers(numbers) => format!("`{}`", Numbers::number(numbers).name()),
            Self::I128(_) => "`i128`".to_owned(),
            Self::U128(_) => "`u128`".to_owned(),
            Self::Text(_) => "a string".to_owned(),
            Self::Blobs(_) => "bytes".to_owned(),
            Self::Units(_) => "a unit".to_owned(),
            Self::Array(array) => format!("a tuple of {} numbers", array.width),
            Self::List(list) => match (&list.offsets[..], &list.inner) {
                ([start, end], Self::Numbers(_)) => format!("a sequence of {} {}", end - start, list.inner.what()),
                _ => "a sequence".to_owned(),
            },
            Self::Record(record) if record.rows == super::record::RecordKind::Tuples => {
                format!("a tuple of {}", record.fields.len())
            }
            Self::Record(_) => "a struct or map".to_owned(),
            Self::Maps(_) => "a map".to_owned(),
            Self::Nullable(_) => "an option".to_owned(),
            Self::Variants(_) => "an enum".to_owned(),
            Self::Mixed(_) => "values of unlike types".to_owned(),
            Self::Objects(_) | Self::Stored(_) => "an object of its own".to_owned(),
        }
    }
}

impl RecordColumn {
    /// As [`Column::takes`].
    fn takes(&self, other: &Self) -> bool {
        if self.rows != other.rows || self.rows == RecordKind::Tuples && self.fields.len() != other.fields.len() {
            return false;
        }
        // Where the fields come in their order, so are those that both have.
        let (mut next, mut is_in_order, mut new) = (0, true, 0);
        let is_empty = self.fields.is_empty() || other.fields.is_empty();
        for field in &other.fields {
            let is_it = |own: &RecordField| own.name == field.name;
            let found = match self.fields.get(next).is_some_and(is_it) {
                true => Some(next),
                false => self.fields.iter().position(is_it),
            };
            match found {
                Some(found) if !self.fields[found].column.takes(&field.column) => return false,
                Some(found) => {
                    is_in_order &= found >= next;
                    next = found + 1;
                }
                None => new += 1,
            }
        }
        // Maps that have no key in common are of one type only if all their values are. Others may become maps of keys and values,
        // all values of which are in one column.
        let is_alike = is_empty || new < other.fields.len();
        let stays =
            self.rows != RecordKind::Maps || is_alike && is_in_order && self.fields.len() + new <= SPARSE_FIELDS;
        let first = self.fields.first().or(other.fields.first());
        let mut columns = self.fields.iter().chain(&other.fields).map(|field| &field.column);
        stays || first.is_none_or(|first| columns.all(|column| first.column.takes(column)))
    }

    /// Whether these maps can be among those.
    fn is_taken_by(&self, maps: &MapsColumn) -> bool {
        let is_text = matches!(maps.keys, Column::Text(_) | Column::Unknown(_));
        self.fields.is_empty() || is_text && self.fields.iter().all(|field| maps.values.takes(&field.column))
    }

    fn add(&mut self, other: &Self) -> usize {
        let mut bytes = 0;
        for (own, other) in self.fields.iter_mut().zip(&other.fields) {
            if !other.absent.is_empty() {
                own.absent.resize(self.count, false);
                own.absent.extend_from_slice(&other.absent);
                bytes += other.absent.len();
            }
            bytes += own.column.add(&other.column);
        }
        self.count += other.count;
        self.present += other.present;
        bytes
    }
}
