//! Enums in a sequence: which variant each is, and the payloads.

use std::cell::OnceCell;

use super::column::{Column, ElementClass, out_of_order};
use super::record_packer::is_same;
use crate::ground::error::Result;

#[derive(Clone, Debug)]
pub(super) struct VariantsColumn {
    pub(super) variants: Vec<VariantColumn>,
    /// The position in `variants` of the variant with each index, where that is known.
    by_index: Vec<usize>,
    /// For each element, the position of its variant in `variants`.
    pub(super) tags: Vec<u32>,
    pub(super) ranks: OnceCell<Vec<u32>>,
}

#[derive(Clone, Debug)]
pub(super) struct VariantColumn {
    pub(super) name: &'static str,
    /// The variant's index in its enum.
    pub(super) index: u32,
    /// Elements that are this variant, and whether one of them has no payload.
    pub(super) count: usize,
    pub(super) units: bool,
    /// Their payloads, if any has one.
    pub(super) payload: Option<Column>,
}

impl Column {
    /// Begins an enum's variant; a payload goes into the column returned, which takes one unless `unit`.
    pub(super) fn begin_variant(&mut self, name: &'static str, index: u32, unit: bool) -> Result<Option<&mut Self>> {
        let column = if matches!(self, Self::Variants(_)) { self } else { self.make_variants() };
        match column {
            Self::Variants(variants) => Ok(variants.begin(name, index, unit)),
            _ => Err(out_of_order()),
        }
    }

    #[inline(never)]
    fn make_variants(&mut self) -> &mut Self {
        let column = self.of_class(ElementClass::Variant);
        if let Self::Unknown(fillers) = column {
            let tags = vec![0; *fillers];
            let (variants, by_index) = (Vec::new(), Vec::new());
            *column = Self::Variants(Box::new(VariantsColumn { variants, by_index, tags, ranks: OnceCell::new() }));
        }
        column
    }
}

impl VariantsColumn {
    /// Begins a variant, as [`Column::begin_variant`] does.
    #[inline(always)]
    fn begin(&mut self, name: &'static str, index: u32, unit: bool) -> Option<&mut Column> {
        let position = self.position(name, index);
        self.tags.push(position as u32);
        let variant = &mut self.variants[position];
        variant.count += 1;
        match (unit, &variant.payload) {
            (true, None) => {
                variant.units = true;
                None
            }
            (_, Some(_)) => variant.payload.as_mut(),
            (false, None) => Some(variant.make_payload()),
        }
    }

    #[inline(always)]
    fn position(&mut self, name: &'static str, index: u32) -> usize {
        match self.by_index.get(index as usize) {
            Some(position) if self.variants.get(*position).is_some_and(|variant| is_same(name, variant.name)) => {
                *position
            }
            _ => self.find_or_add(name, index),
        }
    }

    #[inline(never)]
    fn find_or_add(&mut self, name: &'static str, index: u32) -> usize {
        /// An enum of more variants than this is looked through each time.
        const MAX_BY_INDEX: usize = 1024;
        let position = self.variants.iter().position(|variant| variant.name == name).unwrap_or_else(|| {
            // What was there before the first variant is taken for it.
            let count = if self.variants.is_empty() { self.tags.len() } else { 0 };
            self.variants.push(VariantColumn { name, index, count, units: false, payload: None });
            self.variants.len() - 1
        });
        let index = index as usize;
        if index < MAX_BY_INDEX {
            if self.by_index.len() <= index {
                self.by_index.resize(index + 1, usize::MAX);
            }
            self.by_index[index] = position;
        }
        position
    }
}

impl VariantColumn {
    /// The column for the payloads; what has been a unit before has units there.
    #[inline(never)]
    fn make_payload(&mut self) -> &mut Column {
        let before = self.count - 1;
        self.payload.insert(if self.units { Column::Units(before) } else { Column::Unknown(before) })
    }
}
