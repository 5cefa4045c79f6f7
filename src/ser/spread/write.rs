//! What rank 0 writes for the elements of all ranks: the objects, with room for what the others put there.

use std::collections::BTreeMap;

use super::plan::{Leaf, Node, NodeKind};
use crate::ground::error::{Error, Result};
use crate::h5::{Dataset, Group, Shape};
use crate::layout::path_rules::RulePosition;
use crate::layout::{BYTES, Kind, MASK, OFFSETS, VALUES};
use crate::layout_attributes::LayoutAttributes;
use crate::ser::column::{ByteStrings, out_of_order};
use crate::ser::column_layout::write_encoding_of;
use crate::ser::place::Place;
use crate::ser::strings;

/// What is written, and where there is room.
pub(super) struct RoomWriter<'a> {
    /// The contents of datasets that are not spread, by their numbers: what each rank has sent.
    pub(super) contents: BTreeMap<usize, Vec<&'a [u8]>>,
    /// Datasets that are made already, by their numbers: they are to be linked.
    pub(super) made: BTreeMap<usize, Dataset>,
    /// Where there is room for those that are spread, by their numbers.
    pub(super) addresses: BTreeMap<usize, u64>,
}

impl RoomWriter<'_> {
    /// Makes the datasets of fixed size of all fields, as one process does that writes them while they are serialized.
    pub(super) fn make_early(&mut self, node: &Node, place: &Place<'_>) -> Result<()> {
        let mut make = |name: Option<&str>, node: &Node, rules: &RulePosition| {
            let node = if let NodeKind::Nullable { inner, .. } = &node.kind { inner } else { node };
            let NodeKind::Fixed(leaf) = &node.kind else { return Ok(()) };
            let dataset = place.unlinked_dataset(name, leaf.dtype.clone(), Shape::Simple(leaf.shape()), rules)?;
            self.put(leaf, &dataset)?;
            self.made.insert(leaf.number, dataset);
            Ok(())
        };
        match &node.kind {
            NodeKind::Columns(fields) => {
                fields.iter().try_for_each(|(name, node)| make(Some(name), node, place.rules.field(name)))
            }
            _ => make(None, node, &place.rules),
        }
    }

    fn contents(&self, leaf: &Leaf) -> Result<Vec<u8>> {
        Ok(self.contents.get(&leaf.number).ok_or_else(out_of_order)?.concat())
    }

    /// Puts what is in a dataset, or room for it, into the file.
    fn put(&mut self, leaf: &Leaf, dataset: &Dataset) -> Result<()> {
        if leaf.is_spread {
            self.addresses.insert(leaf.number, dataset.make_room()?);
            return Ok(());
        }
        dataset.write_rows(0, leaf.total(), &self.contents(leaf)?)
    }

    fn dataset(&mut self, leaf: &Leaf, place: &Place<'_>) -> Result<()> {
        if let Some(dataset) = self.made.remove(&leaf.number) {
            return place.link(&dataset);
        }
        let (dtype, shape) = (leaf.dtype.clone(), Shape::Simple(leaf.shape()));
        if !leaf.is_spread {
            return place.write(dtype, shape, &self.contents(leaf)?, None);
        }
        let dataset = place.dataset(dtype, shape, None)?;
        self.put(leaf, &dataset)
    }

    fn child(&mut self, leaf: &Leaf, group: &Group, name: &str, rules: &RulePosition) -> Result<()> {
        self.dataset(leaf, &Place::child(group, name, rules))
    }

    /// Writes what the elements become: in the order in which one process does.
    pub(super) fn write(&mut self, node: &Node, place: &Place<'_>) -> Result<()> {
        match &node.kind {
            NodeKind::Fixed(leaf) | NodeKind::FixedText(leaf) => self.dataset(leaf, place),
            NodeKind::Ragged { offsets, inner } => {
                let group = place.group(Some(Kind::Ragged))?;
                self.child(offsets, &group, OFFSETS, &place.rules)?;
                self.write(inner, &Place::child(&group, VALUES, place.rules.element()))
            }
            NodeKind::PackedText { offsets, bytes } => {
                let group = place.group(Some(Kind::Text))?;
                self.child(offsets, &group, OFFSETS, &place.rules)?;
                self.child(bytes, &group, BYTES, &place.rules)
            }
            NodeKind::VariableText(leaf) => {
                let mut all = ByteStrings { offsets: vec![0], bytes: Vec::new() };
                let ranks = self.contents.get(&leaf.number).ok_or_else(out_of_order)?;
                for (sent, count) in ranks.iter().zip(&leaf.counts) {
                    let lens = (*count as usize).checked_mul(size_of::<u64>()).ok_or_else(out_of_order)?;
                    let (lens, bytes) = sent.split_at_checked(lens).ok_or_else(out_of_order)?;
                    let mut end = all.bytes.len() as u64;
                    for len in lens.as_chunks().0 {
                        end += u64::from_ne_bytes(*len);
                        all.offsets.push(end);
                    }
                    all.bytes.extend_from_slice(bytes);
                }
                if all.offsets.last() != Some(&(all.bytes.len() as u64)) {
                    return Err(out_of_order());
                }
                strings::write(&all, place)
            }
            NodeKind::Nullable { number, inner, mask } => {
                let group = place.group(Some(Kind::Nullable))?;
                write_encoding_of(*number, &group)?;
                self.write(inner, &place.part(&group, VALUES))?;
                self.child(mask, &group, MASK, &place.rules)
            }
            NodeKind::Columns(fields) => {
                let group = place.group(Some(Kind::Columns))?;
                group.write_length(node.counts.iter().sum())?;
                for (name, node) in fields {
                    let written = self.write(node, &Place::named(&group, name, place.rules.field(name)));
                    written.map_err(|error: Error| error.in_link(name))?;
                }
                Ok(())
            }
        }
    }
}
