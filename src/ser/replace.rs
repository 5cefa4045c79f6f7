//! What was written takes the place of what is there: step by step, each of which can be taken back.

use std::collections::BTreeSet;

use super::place::taken;
use crate::error::{Error, ErrorKind, Result};
use crate::format::{ENCODING_TYPE, ENCODING_VERSION, KIND, LENGTH, SLAB};
use crate::progress::Spot;
use crate::storage::{Attributes, Contents, Dataset, Group, Object, Shape, Storing, write_out};

/// A group whose contents are being replaced.
pub(super) struct Replacement<'a> {
    /// Where the new contents are until then.
    staged: &'a Group,
    target: Group,
    /// What was there goes here; it goes away with this group.
    kept: Group,
    /// The names of all links as they were.
    links: Vec<String>,
    /// What was done, in this order.
    done: Vec<Step>,
    is_complete: bool,
    /// Where whoever watches has it.
    spot: Spot,
}

/// What was done, and how to take it back.
enum Step {
    /// A link went from the target to `kept`.
    Kept(String),
    /// A link came to the target.
    Linked(String),
    /// New data went into the dataset of that name, the old to this one.
    Written(String, Box<Dataset>),
    /// An attribute was removed.
    Removed(String, Box<Contents>),
    /// An attribute was written.
    Added(String),
}

impl<'a> Replacement<'a> {
    pub(super) fn new(staged: &'a Group, target: &Group) -> Result<Self> {
        // What is done with what is written already counts no more; and what is taken back, nobody can cancel.
        let (spot, target) = (target.spot().clone(), target.clone().unwatched());
        let (kept, links) = (target.create_unlinked()?, target.link_names()?);
        Ok(Self { staged, target, kept, links, done: Vec::new(), is_complete: false, spot })
    }

    /// Moves all that is staged to the target: a dataset of the same type and shape is written into, anything else goes
    /// away. On an error the target is as it was.
    ///
    /// Whoever watches is told of the end, at that spot, as long as it can be taken back.
    pub(super) fn replace(mut self, whole: &Spot) -> Result<()> {
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
            self.keep(name)?;
        }
        write_out()?;
        self.is_complete = true;
        Ok(())
    }

    fn try_replace(&mut self) -> Result<()> {
        let (names, attributes) = (self.staged.link_names()?, self.staged.attribute_names()?);
        self.make_room(&names, &attributes)?;
        let mut is_in_order = true;
        for name in &names {
            match self.same_dataset(name)? {
                Some(old) => {
                    self.write_into(name, old)?;
                    // It was linked before those that are linked now, but comes after them.
                    if !is_in_order {
                        self.link_again(name)?;
                    }
                }
                None => {
                    self.put(name)?;
                    is_in_order = false;
                }
            }
        }
        for name in &attributes {
            let contents = self.staged.attribute(name)?.ok_or_else(|| Error::corrupt("an attribute went away"))?;
            self.remove_attribute(name)?;
            self.target.write_contents(name, &contents)?;
            self.done.push(Step::Added(name.clone()));
        }
        Ok(())
    }

    /// Takes away what would be a part of the new value, where the group is a value as a whole: one that is no struct or
    /// map.
    fn make_room(&mut self, names: &[String], attributes: &[String]) -> Result<()> {
        let is_whole = self.target.has_attribute(KIND)?;
        if !is_whole && !self.links.is_empty() && attributes.iter().any(|name| name == KIND) {
            return Err(Error::new(
                ErrorKind::AlreadyExists,
                "the group is not empty, and what it holds would be taken for a part of the value: write the value to a \
                 named child of it",
            ));
        }
        if is_whole {
            for name in [KIND, LENGTH, ENCODING_TYPE, ENCODING_VERSION] {
                self.remove_attribute(name)?;
            }
            for name in self.links.clone().iter().filter(|name| !names.contains(name)) {
                self.keep(name)?;
            }
        }
        Ok(())
    }

    /// Moves the link `name`, which is staged, to the target, where one of that name goes away.
    fn put(&mut self, name: &str) -> Result<()> {
        self.keep(name)?;
        self.staged.move_link(name, &self.target, name)?;
        self.done.push(Step::Linked(name.to_owned()));
        Ok(())
    }

    /// Takes the link `name` away from the target, if it is there.
    fn keep(&mut self, name: &str) -> Result<()> {
        if self.target.has_link(name)? {
            move_away(&self.target, name, &self.kept)?;
            self.done.push(Step::Kept(name.to_owned()));
        }
        Ok(())
    }

    /// Makes the link `name` the last of the target.
    fn link_again(&mut self, name: &str) -> Result<()> {
        self.keep(name)?;
        self.kept.move_link(name, &self.target, name)?;
        self.done.pop();
        Ok(())
    }

    fn remove_attribute(&mut self, name: &str) -> Result<()> {
        let unknown = |error: Error| {
            // One that cannot be put back is not taken away.
            if error.kind() == ErrorKind::Hdf5 { error } else { taken(&format!("@{name}")) }
        };
        let Some(contents) = self.target.attribute(name).map_err(unknown)? else { return Ok(()) };
        self.target.delete_attribute(name)?;
        self.done.push(Step::Removed(name.to_owned(), Box::new(contents)));
        Ok(())
    }

    /// The dataset `name` of the target, if what is staged for it can be written into it.
    fn same_dataset(&self, name: &str) -> Result<Option<Dataset>> {
        if !self.target.has_hard_link(name)? {
            return Ok(None);
        }
        let old = match self.target.open(name) {
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
        let is_alone = |dataset: &Dataset| Ok::<_, Error>(dataset.about()?.links == 1);
        let is_plain = new.attribute_names()?.iter().all(|name| name == KIND);
        if !is_same || !is_plain || !is_alone(&old)? || !is_alone(&new)? || !old.takes_data()? {
            return Ok(None);
        }
        Ok((old.kind()? == new.kind()?).then_some(old))
    }

    /// Writes what is staged for `name` into the dataset that is there.
    fn write_into(&mut self, name: &str, old: Dataset) -> Result<()> {
        let Object::Dataset(new) = self.staged(name)? else { return Err(Error::corrupt("a dataset went away")) };
        let (dtype, shape, spot) = (old.dtype().clone(), old.shape().clone(), self.spot.child(name));
        let kept = self.kept.create_unlinked_dataset(dtype, shape, &Storing::default(), Spot::NOWHERE)?;
        copy(&old, &kept, &spot)?;
        // A part may be written when this fails.
        self.done.push(Step::Written(name.to_owned(), Box::new(kept)));
        copy(&new, &old, &spot)
    }

    /// Opens what is staged for `name`.
    fn staged(&self, name: &str) -> Result<Object> {
        self.staged.open(name).map(Object::unwatched)
    }

    /// Undoes all that was done, the last first. What fails in here leaves no better way back.
    fn take_back(&mut self) {
        while let Some(step) = self.done.pop() {
            drop(self.take_back_step(&step));
        }
        drop(self.restore_order());
    }

    fn take_back_step(&self, step: &Step) -> Result<()> {
        match step {
            Step::Kept(name) => self.kept.move_link(name, &self.target, name),
            Step::Linked(name) => self.target.unlink(name),
            Step::Written(name, kept) => match self.target.open(name)? {
                Object::Dataset(dataset) => copy(kept, &dataset, &Spot::NOWHERE),
                Object::Group(_) => Ok(()),
            },
            Step::Removed(name, contents) => self.target.write_contents(name, contents),
            Step::Added(name) => self.target.delete_attribute(name),
        }
    }

    /// Gives links the order that they had: one that was taken away and put back is the last.
    fn restore_order(&self) -> Result<()> {
        let now = self.target.link_names()?;
        let same = now.iter().zip(&self.links).take_while(|(now, before)| now == before).count();
        if now.len() == self.links.len() && same < now.len() {
            for name in &self.links[same..] {
                if self.target.has_link(name)? {
                    move_away(&self.target, name, &self.kept)?;
                    self.kept.move_link(name, &self.target, name)?;
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
            self.take_back();
        }
    }
}

/// Moves a link, wherever it leads, to a group that no link leads to; on an error it is where it was.
fn move_away(group: &Group, name: &str, kept: &Group) -> Result<()> {
    let moved = group.move_link_unlinked(name, kept, name);
    if moved.is_err() && kept.has_link(name).unwrap_or(false) {
        // There is no better way back.
        drop(kept.unlink(name));
    }
    moved
}

/// Copies all items of a dataset to another of the same type and shape, of which whoever watches is told at that spot.
fn copy(from: &Dataset, to: &Dataset, spot: &Spot) -> Result<()> {
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
