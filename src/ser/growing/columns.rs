//! Records that grow, field by field.

use std::collections::HashSet;

use super::super::record::{RecordColumn, RecordField, RecordKind};
use super::{GrowingColumn, GrowingCommon, GrowingField, GrowingRecords, check_supported, number_of, repeat};
use crate::ground::error::{Error, Result};
use crate::ground::link_name::escape;
use crate::h5::{Group, Number, element_bytes};
use crate::layout::{Kind, MASK, VALUES, are_positions};
use crate::layout_attributes::LayoutAttributes;

impl GrowingField {
    pub(super) fn fill(&mut self, count: u64) -> Result<()> {
        self.part.fill(count)?;
        self.mask.as_mut().map_or(Ok(()), |mask| repeat(mask, element_bytes(&[true]), count))
    }
}

impl GrowingRecords {
    pub(super) fn is_tuples(&self) -> bool {
        are_positions(self.fields.iter().map(|field| field.name.as_str()))
    }

    fn field(&self, name: &str) -> Option<&GrowingField> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Whether records can be added; `None` where they are of another form as a whole.
    pub(super) fn check(&self, record: &RecordColumn) -> Option<Result<()>> {
        if self.fields.is_empty() && self.count == 0 {
            return Some(record.fields.iter().try_for_each(|field| check_supported(&field.column)));
        }
        let names: HashSet<&str> = record.fields.iter().map(|field| field.name.as_ref()).collect();
        let lacked = |field: &RecordField| (0..record.count).any(|row| !field.has(row));
        let lacks = self.fields.iter().find(|own| {
            own.mask.is_none() && record.fields.iter().find(|field| field.name == own.name.as_str()).is_none_or(lacked)
        });
        let brings = record.fields.iter().find(|field| self.field(&field.name).is_none());
        let tuples = record.rows == RecordKind::Tuples;
        if tuples != self.is_tuples() || tuples && (names.len() != self.fields.len() || lacks.is_some()) {
            return None;
        }
        // A new field is one thing, and a field left out is another. Both at once are another struct.
        if let (Some(lacks), Some(brings)) = (lacks, brings)
            && record.rows == RecordKind::Structs
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

    /// As [`GrowingColumn::has_room_for`].
    pub(super) fn has_room_for(&self, record: &RecordColumn) -> Result<bool> {
        for field in &record.fields {
            let Some(own) = self.field(&field.name) else { return Ok(false) };
            let is_lacked = (0..record.count).any(|row| !field.has(row));
            if own.mask.is_none() && is_lacked || !own.part.has_room_for(&field.column)? {
                return Ok(false);
            }
        }
        let has_mask = |own: &GrowingField| {
            own.mask.is_some() || record.fields.iter().any(|field| field.name == own.name.as_str())
        };
        Ok(self.fields.iter().all(has_mask))
    }

    pub(super) fn append(&mut self, record: &RecordColumn, common: &mut GrowingCommon) -> Result<()> {
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
    fn add_field(&mut self, name: &str, common: &GrowingCommon) -> Result<usize> {
        let (link, rules) = (escape(name).into_owned(), self.rules.field(name));
        let mut mask = None;
        let part = if self.count == 0 && !self.masked {
            GrowingColumn::new(&self.group, &link, rules)?
        } else {
            let masked = self.group.create_compact_group(&link)?;
            masked.write_kind(Kind::Masked)?;
            let mask = mask.insert(number_of(&masked, MASK, Number::Bool, rules, common)?);
            repeat(mask, element_bytes(&[true]), self.count)?;
            let mut part = GrowingColumn::new(&masked, VALUES, rules)?;
            part.fill(self.count)?;
            part
        };
        self.fields.push(GrowingField { name: name.to_owned(), mask, part });
        Ok(self.fields.len() - 1)
    }
}

impl GrowingField {
    /// Puts a mask beside the values, which all records before have.
    fn make_mask(&mut self, group: &Group, count: u64, common: &GrowingCommon) -> Result<()> {
        let link = self.part.link.clone();
        let object = self.part.object()?;
        group.unlink(&link)?;
        let masked = group.create_compact_group(&link)?;
        masked.write_kind(Kind::Masked)?;
        masked.link(VALUES, &object)?;
        let mut mask = number_of(&masked, MASK, Number::Bool, &self.part.rules, common)?;
        repeat(&mut mask, element_bytes(&[false]), count)?;
        (self.part.parent, self.part.link, self.mask) = (masked, VALUES.to_owned(), Some(mask));
        Ok(())
    }
}
