//! What was written takes the place of what is there: step by step, each of which can be taken back.

use std::collections::BTreeSet;
use std::ffi::{CStr, CString};

use super::place::taken;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::link_name::ATTRIBUTE_PREFIX;
use crate::h5::{Attributes, Dataset, Group, Object, Shape, StoredAttribute, write_out};
use crate::layout::progress_path::ProgressPath;
use crate::layout::storage_options::StorageOptions;
use crate::layout::{APPENDED, KIND, LAYOUT_ATTRIBUTES, SLAB};
use crate::layout_attributes::LayoutAttributes;

/// A group whose contents are being replaced.
pub(super) struct Replacement<'a> {
    /// Where the new contents are until then.
    staged: &'a Group,
    target: Group,
    /// What was there goes here; it goes away with this group.
    kept: Group,
    /// The names of all links as they were, and as the file has them: others may have escaped or encoded them otherwise.
    links: Vec<CString>,
    /// Those of all attributes as they were, once one was taken away.
    attributes: Vec<CString>,
    /// What was done, in this order.
    done: Vec<ReplaceStep>,
    is_complete: bool,
    /// Where whoever watches has it.
    spot: ProgressPath,
}

/// What was done, and how to take it back.
enum ReplaceStep {
    /// A link went from the target to `kept`.
    Kept(CString),
    /// A link came to the target.
    Linked(CString),
    /// New data went into the one dataset, the old to the other.
    Written(Box<[Dataset; 2]>),
    /// An attribute was removed.
    Removed(CString, Box<StoredAttribute>),
    /// An attribute was written.
    Added(CString),
}

impl<'a> Replacement<'a> {
    pub(super) fn new(staged: &'a Group, target: &Group) -> Result<Self> {
        // What is done with what is written already counts no more; and what is taken back, nobody can cancel.
        let (spot, target) = (target.spot().clone(), target.clone().unwatched());
        let (kept, links) = (target.create_unlinked()?, target.labels()?);
        Ok(Self { staged, target, kept, links, attributes: Vec::new(), done: Vec::new(), is_complete: false, spot })
    }

    /// Moves all that is staged to the target: a dataset of the same type and shape is written into, anything else goes
    /// away. On an error the target is as it was.
    ///
    /// Whoever watches is told of the end, at that spot, as long as it can be taken back.
    pub(super) fn replace(mut self, whole: &ProgressPath) -> Result<()> {
        self.try_replace()?;
        write_out()?;
        whole.finish()?;
        self.is_complete = true;
        Ok(())
    }

    /// Moves the links `names`, which are staged, to the target, where those of the same names go away, and those in `removed`.
    /// On an error the target is as it was.
    pub(super) fn exchange(mut self, names: &[String], removed: &BTreeSet<String>) -> Result<()> {
        for name in names {
            self.put(name)?;
        }
        for name in removed.iter().filter(|name| !names.contains(name)) {
            self.keep(self.target.label(name)?)?;
        }
        write_out()?;
        self.is_complete = true;
        Ok(())
    }

    fn try_replace(&mut self) -> Result<()> {
        let (names, attributes) = (self.staged.link_names()?, self.staged.attribute_names()?);
        self.make_room(&attributes)?;
        let mut is_in_order = true;
        for name in &names {
            match self.same_dataset(name)? {
                Some(old) => {
                    let (label, old) = *old;
                    self.write_into(name, old)?;
                    // It was linked before those that are linked now, but comes after them.
                    if !is_in_order {
                        self.link_again(label)?;
                    }
                }
                None => {
                    self.put(name)?;
                    is_in_order = false;
                }
            }
        }
        for name in &attributes {
            let label = self.staged.attribute_label(name)?;
            self.remove_attribute(&label)?;
            StoredAttribute::copy_written(self.staged, &label, &self.target)
                .map_err(|error| error.in_link(&format!("{ATTRIBUTE_PREFIX}{name}")))?;
            self.done.push(ReplaceStep::Added(label));
        }
        Ok(())
    }

    /// Takes away what would be a part of the new value, where the group is a value as a whole: one that is no struct or
    /// map.
    fn make_room(&mut self, attributes: &[String]) -> Result<()> {
        let is_whole = self.target.has_attribute(KIND)?;
        if !is_whole && !self.links.is_empty() && attributes.iter().any(|name| name == KIND) {
            return Err(Error::new(
                ErrorKind::AlreadyExists,
                "the group is not empty, and what it holds would be taken for a part of the value: write the value to a \
                 named child of it",
            ));
        }
        if is_whole {
            for name in LAYOUT_ATTRIBUTES {
                self.remove_attribute(&self.target.attribute_label(name)?)?;
            }
            let staged = self.staged.labels()?;
            for label in self.links.clone().into_iter().filter(|label| !staged.contains(label)) {
                self.keep(label)?;
            }
        }
        Ok(())
    }

    /// Moves the link `name`, which is staged, to the target, where one of that name goes away.
    fn put(&mut self, name: &str) -> Result<()> {
        let label = self.staged.label(name)?;
        if let Some(same) = self.target.same_label(&label)? {
            self.keep(same)?;
        }
        self.staged.move_label(&label, &self.target)?;
        self.done.push(ReplaceStep::Linked(label));
        Ok(())
    }

    /// Takes a link away from the target, if it is there.
    fn keep(&mut self, label: CString) -> Result<()> {
        if self.target.has_label(&label)? {
            self.target.check_removal(&label)?;
            move_away(&self.target, &label, &self.kept)?;
            self.done.push(ReplaceStep::Kept(label));
        }
        Ok(())
    }

    /// Makes a link the last of the target.
    fn link_again(&mut self, label: CString) -> Result<()> {
        self.keep(label.clone())?;
        self.kept.move_label(&label, &self.target)?;
        self.done.pop();
        Ok(())
    }

    /// Takes away the attribute of the target that would be taken for one which is called `label` where it comes from.
    fn remove_attribute(&mut self, label: &CStr) -> Result<()> {
        let Some((name, label)) = self.target.same_attribute(label)? else { return Ok(()) };
        let unknown = |error: Error| {
            // One that cannot be put back is not taken away.
            if error.kind() == ErrorKind::Hdf5 { error } else { taken(&format!("@{name}")) }
        };
        let Some(kept) = StoredAttribute::labelled(&self.target, &label).map_err(unknown)? else { return Ok(()) };
        if kept.has_lost() {
            return Err(taken(&format!("@{name}")));
        }
        if self.attributes.is_empty() {
            self.attributes = self.target.attribute_labels()?;
        }
        self.target.delete_labelled_attribute(&label)?;
        self.done.push(ReplaceStep::Removed(label, Box::new(kept)));
        Ok(())
    }

    /// The dataset of the target, and its name there, that what is staged as `name` can be written into, if it can.
    fn same_dataset(&self, name: &str) -> Result<Option<Box<(CString, Dataset)>>> {
        let Some(label) = self.target.same_label(&self.staged.label(name)?)? else { return Ok(None) };
        if !self.target.has_hard_link(&label)? {
            return Ok(None);
        }
        let old = match self.target.open_label(name, &label) {
            // What is no group or dataset, or is too large to be what it says, is replaced as any other object is.
            Err(error) if error.kind() != ErrorKind::Hdf5 => return Ok(None),
            old => old?,
        };
        let (Object::Dataset(old), Object::Dataset(new)) = (old, self.staged(name)?) else { return Ok(None) };
        let is_same = old.dtype() == new.dtype()
            && old.shape() == new.shape()
            && !new.dtype().has_addresses()
            && new.dtype().unsupported().is_none();
        // What stands elsewhere, too, is not to change there; and attributes come with an object.
        let is_alone = |dataset: &Dataset| Ok::<_, Error>(dataset.summary()?.links == 1);
        let is_plain = new.attribute_names()?.iter().all(|name| name == KIND);
        // One that was appended to may count fewer elements than it has.
        let is_all = !old.has_attribute(APPENDED)?;
        if !is_same || !is_plain || !is_all || !is_alone(&old)? || !is_alone(&new)? || !old.takes_data()? {
            return Ok(None);
        }
        Ok((old.kind()? == new.kind()?).then(|| Box::new((label, old))))
    }

    /// Writes what is staged for `name` into the dataset that is there.
    fn write_into(&mut self, name: &str, old: Dataset) -> Result<()> {
        let Object::Dataset(new) = self.staged(name)? else { return Err(Error::corrupt("a dataset went away")) };
        let (dtype, shape, spot) = (old.dtype().clone(), old.shape().clone(), self.spot.child(name));
        let kept =
            self.kept.create_unlinked_dataset(dtype, shape, &StorageOptions::default(), ProgressPath::NOWHERE)?;
        copy(&old, &kept, &spot)?;
        // A part may be written when this fails.
        let again = old.again()?;
        self.done.push(ReplaceStep::Written(Box::new([old, kept])));
        copy(&new, &again, &spot)
    }

    /// Opens what is staged for `name`.
    fn staged(&self, name: &str) -> Result<Object> {
        self.staged.open(name).map(Object::unwatched)
    }

    /// Undoes all that was done, the last first. What fails in here leaves no better way back.
    fn undo(&mut self) {
        while let Some(step) = self.done.pop() {
            drop(self.undo_step(&step));
        }
        drop(self.restore_order());
        drop(self.restore_attribute_order());
    }

    fn undo_step(&self, step: &ReplaceStep) -> Result<()> {
        match step {
            ReplaceStep::Kept(label) => self.kept.move_label(label, &self.target),
            ReplaceStep::Linked(label) => self.target.unlink_label(label),
            ReplaceStep::Written(datasets) => copy(&datasets[1], &datasets[0], &ProgressPath::NOWHERE),
            ReplaceStep::Removed(label, kept) => kept.put_back(&self.target, label, &self.target),
            ReplaceStep::Added(label) => self.target.delete_labelled_attribute(label),
        }
    }

    /// Gives attributes the order that they had: one that was taken away and put back is the last.
    fn restore_attribute_order(&self) -> Result<()> {
        let now = self.target.attribute_labels()?;
        let same = now.iter().zip(&self.attributes).take_while(|(now, before)| now == before).count();
        if now.len() == self.attributes.len() {
            for label in &self.attributes[same..] {
                if let Some(kept) = StoredAttribute::labelled(&self.target, label)?.filter(|kept| !kept.has_lost()) {
                    self.target.delete_labelled_attribute(label)?;
                    kept.put_back(&self.target, label, &self.target)?;
                }
            }
        }
        Ok(())
    }

    /// Gives links the order that they had: one that was taken away and put back is the last.
    fn restore_order(&self) -> Result<()> {
        let now = self.target.labels()?;
        let same = now.iter().zip(&self.links).take_while(|(now, before)| now == before).count();
        if now.len() == self.links.len() && same < now.len() {
            for label in &self.links[same..] {
                if self.target.has_label(label)? {
                    move_away(&self.target, label, &self.kept)?;
                    self.kept.move_label(label, &self.target)?;
                }
            }
        }
        Ok(())
    }
}

/// However it comes about that not all was done, as by a panic of whoever watches.
impl Drop for Replacement<'_> {
    fn drop(&mut self) {
        if !self.is_complete {
            self.undo();
        }
    }
}

/// Moves a link, wherever it leads, to a group that no link leads to; on an error it is where it was.
fn move_away(group: &Group, label: &CStr, kept: &Group) -> Result<()> {
    let moved = group.move_label_unlinked(label, kept, label);
    if moved.is_err() && kept.has_label(label).unwrap_or(false) {
        // There is no better way back.
        drop(kept.unlink_label(label));
    }
    moved
}

/// Copies all items of a dataset to another of the same type and shape, of which whoever watches is told at that spot.
fn copy(from: &Dataset, to: &Dataset, spot: &ProgressPath) -> Result<()> {
    /// Bytes that are copied at once.
    const BLOCK: usize = 16 * SLAB;
    let dims = match from.shape() {
        Shape::Null => return Ok(()),
        Shape::Scalar => return to.write(from.read()?.bytes()),
        Shape::Simple(dims) => dims,
    };
    if dims.contains(&0) {
        return Ok(());
    }
    let row = dims[1..].iter().fold(from.dtype().size(), |size, dim| size.saturating_mul(*dim as usize));
    let step = (BLOCK / row.max(1)).max(1) as u64;
    // Handles of their own: what others have read, or not written yet, is none of this.
    let (from, to) = (from.again()?, to.again()?);
    let mut start = 0;
    while start < dims[0] {
        let count = step.min(dims[0] - start);
        to.write_rows(start, count, &from.read_rows(start, count)?)?;
        start += count;
        spot.check()?;
    }
    Ok(())
}
