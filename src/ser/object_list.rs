//! Elements that are an object each: what wrapper types write by themselves.

use super::place::{ElementContext, Place, no_attribute};
use crate::ground::error::Result;
use crate::h5::{Dtype, Group, Number, Shape};
use crate::layout::Kind;
use crate::layout::path_rules::RulePosition;
use crate::layout_attributes::LayoutAttributes;

/// Elements in a group of the kind `list` that no link leads to until it is known where it goes.
#[derive(Clone, Debug)]
pub(super) struct ObjectList {
    group: Group,
    /// Elements that are there: the children "0", "1", ...
    count: usize,
    /// Fillers after them, which are null datasets that are not made yet.
    fillers: usize,
}

impl ObjectList {
    /// A group in the file of `context`, for `fillers` and what comes then.
    pub(super) fn new(context: ElementContext<'_>, fillers: usize) -> Result<Self> {
        Self::beside_group(context.group.ok_or_else(no_attribute)?, fillers)
    }

    fn beside_group(context: &Group, fillers: usize) -> Result<Self> {
        let group = context.create_unlinked()?;
        group.write_kind(Kind::List)?;
        let spot = group.spot().as_whole();
        spot.object()?;
        let group = group.at(spot);
        Ok(Self { group, count: 0, fillers })
    }

    pub(super) fn len(&self) -> usize {
        self.count + self.fillers
    }

    pub(super) fn push_filler(&mut self) {
        self.fillers += 1;
    }

    fn fill(&mut self) -> Result<()> {
        for _ in 0..std::mem::take(&mut self.fillers) {
            let name = self.count.to_string();
            Place::child(&self.group, &name, RulePosition::nowhere()).write(
                Dtype::Number(Number::F64),
                Shape::Null,
                &[],
                None,
            )?;
            self.count += 1;
        }
        Ok(())
    }

    /// Adds an element, to which `rules` apply, that `write` writes.
    pub(super) fn push(
        &mut self,
        rules: &RulePosition,
        write: impl FnOnce(Place<'static>) -> Result<()>,
    ) -> Result<()> {
        self.fill()?;
        write(Place::owned(self.group.clone(), self.count.to_string().into(), rules))?;
        self.count += 1;
        Ok(())
    }

    /// Another such group in the same file.
    pub(super) fn beside(&self, fillers: usize) -> Result<Self> {
        Self::beside_group(&self.group, fillers)
    }

    /// Moves the element at `index` of `source` here.
    pub(super) fn push_from(&mut self, source: &Self, index: usize) -> Result<()> {
        if index >= source.count {
            self.push_filler();
            return Ok(());
        }
        self.fill()?;
        source.group.move_link_unlinked(&index.to_string(), &self.group, &self.count.to_string())?;
        self.count += 1;
        Ok(())
    }

    /// Puts all where they belong.
    pub(super) fn link(mut self, place: &Place<'_>) -> Result<()> {
        self.fill()?;
        place.link_group(&self.group, Kind::List)
    }
}
