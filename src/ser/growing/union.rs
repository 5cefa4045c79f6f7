//! Enums, and elements of unlike types, that grow: tags, and what belongs to each.

use super::super::column::Column;
use super::{
    GrowingColumn, GrowingCommon, GrowingUnion, GrowingVariant, MAX_NAMES, STEP_ELEMENTS, check_supported, dataset,
    too_many,
};
use crate::ground::error::{Error, Result};
use crate::h5::{Dtype, EnumType, Group, Growing, Number};
use crate::layout::path_rules::RulePosition;
use crate::layout::{TAG, escape_variant};

impl GrowingUnion {
    /// Makes a dataset of tags of these names.
    pub(super) fn tags(
        group: &Group,
        link: &str,
        names: &[(String, u8)],
        rules: &RulePosition,
        common: &GrowingCommon,
    ) -> Result<Growing> {
        let mut members: Vec<_> = names.iter().map(|(name, code)| (name.clone(), i128::from(*code))).collect();
        members.sort_by_key(|(_, code)| *code);
        let dtype = Dtype::Enum(EnumType::new(Number::U8, members).into());
        dataset(group, link, (&dtype, &[]), rules, common)
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

    fn name(&self, name: &str) -> Option<&GrowingVariant> {
        self.names.iter().find(|own| own.name == name)
    }

    pub(super) fn check(&self, column: &Column) -> Result<()> {
        check_supported(column)?;
        let parts = Self::parts(column);
        let new = parts.iter().filter(|(name, ..)| self.name(name).is_none()).count();
        if self.names.len() + new > MAX_NAMES {
            return Err(too_many());
        }
        for (name, _, _, payload) in parts {
            let checked = match (self.name(name), payload) {
                (Some(GrowingVariant { payload: Some(own), .. }), Some(payload)) => own.check(payload),
                (Some(GrowingVariant { payload: None, count: 0, .. }) | None, Some(payload)) => {
                    check_supported(payload)
                }
                (Some(GrowingVariant { payload: None, .. }), None) | (None, None) => Ok(()),
                (Some(GrowingVariant { payload: Some(_), .. }), None) => {
                    Err(Error::wrong_type("a variant with a payload, as those that are stored", "one without"))
                }
                (Some(GrowingVariant { payload: None, .. }), Some(_)) => {
                    Err(Error::wrong_type("a variant without a payload, as those that are stored", "one with"))
                }
            };
            checked.map_err(|error| error.in_field(name))?;
        }
        Ok(())
    }

    /// As [`GrowingColumn::has_room_for`].
    pub(super) fn has_room_for(&self, column: &Column) -> Result<bool> {
        for (name, _, _, payload) in Self::parts(column) {
            let has_room = match (self.name(name), payload) {
                (None, _) | (Some(GrowingVariant { payload: None, .. }), Some(_)) => false,
                (Some(GrowingVariant { payload: Some(own), .. }), Some(payload)) => own.has_room_for(payload)?,
                (Some(_), None) => true,
            };
            if !has_room {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) fn append(&mut self, column: &Column, common: &mut GrowingCommon) -> Result<()> {
        let parts = Self::parts(column);
        let mut is_new = false;
        for (name, index, ..) in &parts {
            if self.name(name).is_none() {
                // The position in the enum, unless an earlier one has it.
                let is_free = |code: u32| code <= 0xff && self.names.iter().all(|own| u32::from(own.code) != code);
                let code = std::iter::once(*index).chain(0..256).find(|code| is_free(*code)).unwrap_or(0) as u8;
                self.names.push(GrowingVariant { name: (*name).to_owned(), code, count: 0, payload: None });
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
                    let (link, rules) = match self.mixed {
                        true => (name.into(), &self.rules),
                        false => (escape_variant(name), self.rules.field(name)),
                    };
                    own.payload.insert(GrowingColumn::new(&self.group, &link, rules)?)
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
    fn replace_tags(&mut self, common: &mut GrowingCommon) -> Result<()> {
        const NEW: &str = "tag%";
        // A program that was killed has left it.
        if self.group.has_link(NEW)? {
            self.group.unlink(NEW)?;
        }
        let names: Vec<_> = self.names.iter().map(|name| (name.name.clone(), name.code)).collect();
        let mut tag = Self::tags(&self.group, NEW, &names, &self.rules, common)?;
        self.tag.look_again()?;
        let mut start = 0;
        while start < self.tag.rows() {
            let count = STEP_ELEMENTS.min(self.tag.rows() - start);
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
