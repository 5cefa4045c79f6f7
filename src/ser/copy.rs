//! Elements copied from one column to another, where a column takes another form.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::column::{Column, ElementClass, ListColumn, MapsColumn, MixedColumn, out_of_order};
use super::numbers::Numbers;
use super::record::{RecordColumn, RecordField, RecordKind};
use crate::ground::error::Result;

/// For each element, how many before it have its tag: where it is in the part for the tag. Made when first asked for, of
/// a column that grows no more.
fn rank<T: Copy + Into<u32>>(ranks: &OnceCell<Vec<u32>>, tags: &[T], index: usize) -> usize {
    let ranks = ranks.get_or_init(|| {
        let mut counts = Vec::new();
        let mut rank = |tag: u32| {
            if counts.len() <= tag as usize {
                counts.resize(tag as usize + 1, 0);
            }
            counts[tag as usize] += 1;
            counts[tag as usize] - 1
        };
        tags.iter().map(|tag| rank((*tag).into())).collect()
    });
    ranks[index] as usize
}

impl MixedColumn {
    /// The elements with fillers where there are units, and where that is; `None` if no element is a unit, or if some
    /// are options, among which a unit would not be told from what is there.
    pub(super) fn without_units(&self) -> Result<Option<(Column, Vec<bool>)>> {
        let unit = self.parts.iter().position(|(class, _)| *class == ElementClass::Unit);
        let options = self.parts.iter().any(|(class, _)| *class == ElementClass::Option);
        let Some(unit) = unit.filter(|_| !options) else { return Ok(None) };
        let mask: Vec<bool> = self.tags.iter().map(|tag| usize::from(*tag) == unit).collect();
        let mut values = Column::new();
        for (index, tag) in self.tags.iter().enumerate() {
            if mask[index] {
                values.push_filler();
            } else {
                values.push_from(&self.parts[usize::from(*tag)].1, rank(&self.ranks, &self.tags, index))?;
            }
        }
        Ok(Some((values, mask)))
    }
}

impl Column {
    pub(super) fn array_to_list(&mut self) {
        if let Self::Array(array) = self {
            let offsets = (0..=array.count).map(|index| (index * array.width) as u64).collect();
            let inner = std::mem::replace(&mut array.inner, Self::new());
            *self = Self::List(Box::new(ListColumn::new(offsets, inner)));
        }
    }

    /// Makes tuples that were alike so far into records; the last is not complete: it has `position` elements.
    pub(super) fn array_to_record(&mut self, position: usize) -> Result<()> {
        let Self::Array(array) = self else { return Err(out_of_order()) };
        let mut record = RecordColumn::new(RecordKind::Tuples, 0);
        for position in 0..array.width {
            record.fields.push(RecordField::new(Cow::Owned(position.to_string()), 0));
        }
        for row in 0..=array.count {
            let width = if row == array.count { position } else { array.width };
            record.begin();
            for at in 0..width {
                let column = record.position(at);
                column.push_from(&array.inner, row * array.width + at)?;
            }
            if row < array.count {
                record.end();
            }
        }
        *self = Self::Record(Box::new(record));
        Ok(())
    }

    /// Makes records into maps. The last row is not complete; it becomes the last map, not complete either.
    pub(super) fn record_to_maps(&mut self) -> Result<&mut MapsColumn> {
        if let Self::Record(record) = self {
            let mut maps = MapsColumn { offsets: vec![0], keys: Self::new(), values: Self::new() };
            for row in 0..=record.count {
                for field in &record.fields {
                    if row < field.column.len() && field.has(row) {
                        maps.keys.push_str(&field.name);
                        maps.values.push_from(&field.column, row)?;
                    }
                }
                if row < record.count {
                    maps.offsets.push(maps.keys.len() as u64);
                }
            }
            *self = Self::Maps(Box::new(maps));
        }
        match self {
            Self::Maps(maps) => Ok(maps),
            _ => Err(out_of_order()),
        }
    }

    /// Adds the element at `index` of `source`, which is not asked for it again.
    pub(super) fn push_from(&mut self, source: &Self, index: usize) -> Result<()> {
        match source {
            Self::Unknown(_) => self.push_filler(),
            Self::Stored(_) => return Err(out_of_order()),
            Self::Objects(objects) => {
                self.objects(|fillers| objects.beside(fillers))?.push_from(objects, index)?;
            }
            Self::Units(_) => self.push_unit(),
            Self::Numbers(numbers) => {
                if let Self::Numbers(own) = self
                    && own.push_from(numbers, index)
                {
                    return Ok(());
                }
                macro_rules! push {
                    ($($variant:ident)*) => {
                        match numbers { $(Numbers::$variant(vec) => self.push_number(vec[index], false),)* }
                    };
                }
                push!(Bool I8 I16 I32 I64 U8 U16 U32 U64 F32 F64 Time);
                if let Numbers::Time(_) = numbers {
                    self.mark_times();
                }
            }
            Self::I128(vec) => self.push_i128(vec[index]),
            Self::U128(vec) => self.push_u128(vec[index]),
            Self::Text(parts) => {
                let text = std::str::from_utf8(parts.get(index)).map_err(|_| out_of_order())?;
                self.push_str(text);
            }
            Self::Blobs(parts) => self.push_bytes(parts.get(index)),
            Self::Array(array) => {
                let is_complex = array.is_complex && self.takes_complex();
                let mut tuple = self.begin_tuple(array.width);
                for at in 0..array.width {
                    tuple.column()?.push_from(&array.inner, index * array.width + at)?;
                    tuple.next()?;
                }
                tuple.end()?;
                if is_complex {
                    self.mark_complex();
                }
            }
            Self::List(list) => {
                let target = self.begin_list()?;
                for at in list.offsets[index]..list.offsets[index + 1] {
                    target.inner.push_from(&list.inner, at as usize)?;
                }
                target.end();
            }
            Self::Record(record) if record.rows == RecordKind::Tuples => {
                let present: Vec<_> = record.fields.iter().filter(|field| field.has(index)).collect();
                // By way of an array, what is in the tuple would be copied once more, at each level.
                let mut tuple = self.begin_tuple_as(present.len(), true);
                for field in present {
                    tuple.column()?.push_from(&field.column, index)?;
                    tuple.next()?;
                }
                tuple.end()?;
            }
            Self::Record(record) => {
                let target = self.begin_record(record.rows)?;
                for field in record.fields.iter().filter(|field| field.has(index)) {
                    target.entry(&field.name, record.rows)?.push_from(&field.column, index)?;
                }
                target.end_record();
            }
            Self::Maps(maps) => {
                let target = self.begin_record(RecordKind::Maps)?;
                let target = target.record_to_maps()?;
                for at in maps.offsets[index]..maps.offsets[index + 1] {
                    target.keys.push_from(&maps.keys, at as usize)?;
                    target.values.push_from(&maps.values, at as usize)?;
                }
                target.end();
            }
            Self::Nullable(nullable) if nullable.mask[index] => self.push_none()?,
            Self::Nullable(nullable) => self.begin_some()?.push_from(&nullable.inner, index)?,
            Self::Variants(variants) => {
                let tag = variants.tags[index];
                let variant = variants.variants.get(tag as usize).ok_or_else(out_of_order)?;
                let payload = self.begin_variant(variant.name, variant.index, variant.payload.is_none())?;
                if let (Some(target), Some(source)) = (payload, &variant.payload) {
                    target.push_from(source, rank(&variants.ranks, &variants.tags, index))?;
                }
            }
            Self::Mixed(mixed) => {
                let (_, part) = &mixed.parts[usize::from(mixed.tags[index])];
                self.push_from(part, rank(&mixed.ranks, &mixed.tags, index))?;
            }
        }
        Ok(())
    }
}
