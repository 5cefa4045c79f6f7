//! What a sequence gets one element after the other: kept in a column until it is worth writing.

use serde::Serialize;

use super::any_value::{AnyValue, Erased};
use super::column::Column;
use super::element::{ElementSerializer, is_complex};
use super::growing::{GrowingColumn, GrowingCommon};
use super::place::{ElementContext, check_free};
use super::serializer::ValueSerializer;
use crate::ground::depth::Depth;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::stack::with_room;
use crate::h5::within::{Within, is_root, root_of};
use crate::h5::{self, Attributes, Group, Growing, Object, OpenFile, Writing, make_room, makes_room, write_out};
use crate::layout::path_rules::RulePosition;
use crate::layout::{KIND, Kind, VALUE};
use crate::layout_attributes::LayoutAttributes;

/// Elements of this many bytes are written at once.
const BATCH_BYTES: usize = 1 << 20;
/// Elements without bytes, or of very few, are written when they are so many.
const MAX_BATCH_ELEMENTS: usize = 1 << 18;
/// The first elements may widen the form of those before; what it is after so many is what is stored.
const FIRST_ELEMENTS: usize = 1024;
/// About how many bytes there are in the last chunks of all datasets, and the least and most for one of them.
const LAST_CHUNKS_BYTES: usize = 1 << 20;
const CHUNK_BYTES: std::ops::RangeInclusive<usize> = (1 << 13)..=(1 << 18);

/// So many levels take little stack.
const SHALLOW_LEVELS: usize = 8;

/// A stored sequence, and what is to be added to it.
#[derive(Debug)]
pub(crate) struct Growth {
    group: Group,
    link: String,
    /// Where elements are, as far as the options care.
    rules: RulePosition,
    /// Where the sequence is, until it is known that the options suit what is written.
    unchecked: Option<RulePosition>,
    part: GrowingColumn,
    common: GrowingCommon,
    depth: Depth,
    /// Elements that are not written.
    pending: Column,
    /// About how many bytes they are.
    bytes: usize,
    /// A column of the same form, for the next element. What comes to nothing does so in here.
    scratch: Column,
    /// Whether elements are, or were, written, which tells the form of all others.
    settled: bool,
    /// Whether elements nest so deep that they take much stack; also as long as that is not known.
    deep: bool,
    /// Elements that are written, and how many of them count in the file.
    written: u64,
    counted: Option<u64>,
    /// Some datasets may have got what others have not.
    failed: bool,
    /// Whether it was made by this, in a file of others, and nothing was flushed yet.
    is_new: bool,
    /// Whether others read it meanwhile by means of libhdf5: nothing that is new may be made in the file then.
    is_swmr: bool,
    /// The file on the disk, where libhdf5 does not show it.
    disk: Option<std::fs::File>,
    /// Keeps the file open, and is closed last.
    _file: OpenFile,
}

impl Growth {
    /// A new sequence at the child `name` of `group`, or the root's own for the name `/`, to which `rules` apply.
    pub(crate) fn create(group: &Group, name: &str, rules: &RulePosition) -> Result<Self> {
        // No other thread makes one of the groups meanwhile.
        hdf5::sync::sync(|| Self::create_locked(group, name, rules))
    }

    fn create_locked(group: &Group, name: &str, rules: &RulePosition) -> Result<Self> {
        let is_of_root = is_root(name);
        let within = if is_of_root { of_empty_root(group)? } else { Within::follow(group, name)? };
        let (whole, rules) = (rules, rules.element());
        let (outer, (link, missing)) = (&within.group, within.split());
        let top = missing.first().map_or(link, String::as_str);
        let create = || {
            within.check_names()?;
            check_free(Some(outer), top)?;
            let writing = Writing::to(outer)?;
            let _writing = writing.enter();
            // What another thread has made meanwhile stays.
            let mut is_made = false;
            let mut begin = || {
                let group = &missing.iter().try_fold(outer.clone(), |group, name| {
                    let made = group.create_group(name)?;
                    is_made = true;
                    Ok::<_, Error>(made)
                })?;
                let part = GrowingColumn::new(group, link, rules)?;
                is_made = true;
                let mut growth = Self::new(group, link, (whole, rules), part, 0)?;
                if is_of_root {
                    outer.write_kind(Kind::Value)?;
                }
                growth.is_new = makes_room();
                growth.part.write_length(0)?;
                write_out()?;
                Ok(growth)
            };
            let begun = begin();
            if begun.is_err() && is_made {
                drop(outer.unlink(top));
                if is_of_root {
                    drop(outer.delete_attribute(KIND));
                }
            }
            begun
        };
        create().map_err(|error: Error| within.located(error))
    }

    /// Whether there is something at the child `name` of `group`, or in the root, for the name `/`.
    pub(crate) fn is_there(group: &Group, name: &str) -> Result<bool> {
        if !is_root(name) {
            return Within::follow(group, name)?.is_there();
        }
        let root = root_of(group)?;
        Ok(root.len() > 0 || root.summary()?.attributes > 0)
    }

    /// The sequence that is the child `name` of `group`, or the root's own for the name `/`; `rules` apply to what is made for it
    /// later.
    pub(crate) fn open(group: &Group, name: &str, rules: &RulePosition) -> Result<Self> {
        let (group, link) = if is_root(name) { (root_of(group)?, "/".to_owned()) } else { Within::find(group, name)? };
        let (group, link) = value_inside(group, link)?;
        let (group, whole, rules) = (&group, rules, rules.element());
        let open = || {
            let writing = Writing::to(group)?;
            let _writing = writing.enter();
            let (part, count) = GrowingColumn::open(group, &link, rules)?;
            let mut growth = Self::new(group, &link, (whole, rules), part, count)?;
            growth.settled = count > 0;
            if growth.settled {
                growth.pending = growth.part.template();
                growth.scratch = growth.pending.clone();
                growth.deep = growth.pending.levels() > SHALLOW_LEVELS;
            }
            growth.common.chunk = *CHUNK_BYTES.start() * 8;
            // From here on, datasets may have more than counts.
            growth.part.write_length(count)?;
            h5::flush(group)?;
            Ok(growth)
        };
        open().map_err(|error: Error| error.in_link(&group.path()))
    }

    fn new(
        group: &Group,
        link: &str,
        (whole, rules): (&RulePosition, &RulePosition),
        part: GrowingColumn,
        written: u64,
    ) -> Result<Self> {
        let file = OpenFile::of(group)?;
        Ok(Self {
            is_swmr: file.is_swmr_writer()?,
            group: group.clone(),
            link: link.to_owned(),
            rules: rules.clone(),
            unchecked: Some(whole.clone()),
            part,
            common: GrowingCommon::default(),
            depth: Depth::default(),
            pending: Column::new(),
            bytes: 0,
            scratch: Column::new(),
            settled: false,
            deep: true,
            written,
            counted: Some(written),
            failed: false,
            is_new: false,
            disk: None,
            _file: file,
        })
    }

    /// Takes note of the file on the disk, which is synced then.
    pub(crate) fn on_disk(mut self, path: &std::path::Path) -> Self {
        self.disk = std::fs::File::open(path).ok();
        self
    }

    fn sync(&self) -> Result<()> {
        match &self.disk {
            Some(file) => file.sync_data().map_err(|error| Error::io("could not sync the file", error)),
            None => h5::sync(&self.group),
        }
    }

    /// Whether everything is written, so that the form of later elements is fixed.
    pub(crate) fn is_settled(&self) -> bool {
        self.settled && self.counted == Some(self.written) && self.written > 0
    }

    /// The number of elements.
    pub(crate) fn len(&self) -> u64 {
        self.written + self.pending.len() as u64
    }

    /// Adds an element, or leaves all as it was.
    #[inline]
    pub(crate) fn push<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        if self.deep || is_complex::<T>() {
            return self.push_deep(&Erased(value));
        }
        let written = value.serialize(ValueSerializer::element(self.element()?));
        self.pushed(written)
    }

    #[cold]
    fn push_deep(&mut self, value: &dyn AnyValue) -> Result<()> {
        with_room(|| {
            let written = self.element()?.push_item(value);
            self.pushed(written)
        })
    }

    /// What puts the element at hand into its column.
    #[inline]
    fn element(&mut self) -> Result<ElementSerializer<'_>> {
        let (depth, context) =
            (self.depth.in_sequence()?, ElementContext { group: Some(&self.group), rules: &self.rules });
        Ok(ElementSerializer::new(&mut self.scratch, depth, context))
    }

    /// Goes on when the element at hand is in its column.
    fn pushed(&mut self, written: Result<()>) -> Result<()> {
        if let Err(error) = written {
            return Err(self.refuse(error));
        }
        if self.settled && !self.failed && self.scratch.same_shape(&self.pending) && !self.scratch.lacks_fields() {
            self.take()
        } else {
            self.push_other()
        }
    }

    /// Moves the element at hand to those that are to be written.
    #[inline]
    fn take(&mut self) -> Result<()> {
        self.bytes += self.pending.add(&self.scratch);
        self.scratch.empty();
        if self.bytes >= BATCH_BYTES || self.pending.len() >= MAX_BATCH_ELEMENTS { self.write() } else { Ok(()) }
    }

    /// Adds the element at hand, where it is not known yet that it fits.
    #[cold]
    fn push_other(&mut self) -> Result<()> {
        if self.failed {
            let message = "an earlier write failed: open the sequence again to go on from what was flushed";
            return Err(self.refuse(Error::new(ErrorKind::Io, message)));
        }
        if let Err(error) = self.part.check(&self.scratch) {
            return Err(self.refuse(error));
        }
        if self.is_swmr {
            match self.part.has_room_for(&self.scratch) {
                Ok(true) => {}
                Ok(false) => return Err(self.refuse(needs_object())),
                Err(error) => return Err(self.refuse(error)),
            }
        }
        if !self.settled {
            let scratch = std::mem::replace(&mut self.scratch, Column::new());
            self.bytes += scratch.bytes();
            let pushed = self.pending.push_from(&scratch, 0);
            pushed.inspect_err(|_| self.failed = true)?;
            return if self.bytes >= BATCH_BYTES || self.pending.len() >= FIRST_ELEMENTS {
                self.write()
            } else {
                Ok(())
            };
        }
        if !self.scratch.same_shape(&self.pending) {
            let scratch = self.scratch.clone();
            if let Err(error) = self.write() {
                return Err(self.refuse(error));
            }
            self.pending = scratch.clone();
            self.pending.empty();
            self.scratch = scratch;
        }
        self.take()
    }

    /// Forgets the element at hand.
    #[cold]
    fn refuse(&mut self, error: Error) -> Error {
        self.scratch = self.pending.clone();
        self.scratch.empty();
        if !self.settled {
            self.scratch = Column::new();
        }
        let index = usize::try_from(self.len()).unwrap_or(usize::MAX);
        let error = error.in_element(index);
        if error.hdf5_path().is_empty() {
            error.in_link(&self.link).in_link(&self.group.path())
        } else {
            error.in_link(&self.group.path())
        }
    }

    /// Makes sure that there is room for what is pending, if it goes to a file in which room has to be made: a part of it
    /// would be in the way later.
    fn make_room(&mut self) -> Result<()> {
        /// What headers, links and an index of chunks take for a dataset.
        const OBJECT: usize = 1 << 12;
        if !makes_room() {
            return Ok(());
        }
        let (mut known, mut bytes) = (0, self.bytes);
        self.part.each(&mut |data| {
            known += 1;
            bytes = bytes.saturating_add(data.room(self.bytes)?).saturating_add(OBJECT);
            Ok(())
        })?;
        // Datasets of a new sequence are taken away if there is no room for them.
        let new = if self.is_new { 0 } else { self.pending.leaves().saturating_sub(known) };
        make_room(bytes.saturating_add(new * (self.common.chunk + OBJECT)))
    }

    /// Takes nothing more. A sequence of which nothing was ever flushed is as it was made.
    fn fail(&mut self) {
        self.failed = true;
        if self.is_new {
            let begin_again = || {
                self.group.unlink(&self.link)?;
                GrowingColumn::new(&self.group, &self.link, &self.rules)?.write_length(0)
            };
            // There is no better way back.
            drop(begin_again());
        }
    }

    /// Writes what is pending.
    fn write(&mut self) -> Result<()> {
        if self.pending.len() == 0 {
            return Ok(());
        }
        if self.common.chunk == 0 {
            self.common.chunk =
                (LAST_CHUNKS_BYTES / self.pending.leaves().max(1)).clamp(*CHUNK_BYTES.start(), *CHUNK_BYTES.end());
        }
        if !self.settled {
            self.deep = self.pending.levels() > SHALLOW_LEVELS;
        }
        self.settled = true;
        let writing = Writing::to(&self.group)?;
        let _writing = writing.enter();
        let written = self.make_room().and_then(|()| self.part.append(&self.pending, &mut self.common));
        let written = written.and_then(|()| match self.unchecked.take() {
            Some(rules) => rules.finish().map_err(|error| error.in_link(&self.link)),
            None => Ok(()),
        });
        let written = written.inspect_err(|_| self.fail());
        written.map_err(|error| error.in_link(&self.group.path()))?;
        self.written += self.pending.len() as u64;
        self.pending.empty();
        self.scratch = self.pending.clone();
        self.bytes = 0;
        Ok(())
    }

    /// Writes all elements, and has libhdf5 write all of the file; with `sync`, waits until the disk has it.
    pub(crate) fn flush(&mut self, sync: bool) -> Result<()> {
        with_room(|| self.write_out(sync, Growing::write_rest))
    }

    /// The same, where `write_rest` writes what datasets have in memory.
    fn write_out(&mut self, sync: bool, mut write_rest: fn(&mut Growing) -> Result<()>) -> Result<()> {
        if self.failed {
            return Err(Error::new(ErrorKind::Io, "an earlier write failed: nothing is flushed"));
        }
        let writing = Writing::to(&self.group)?;
        let _writing = writing.enter();
        self.write()?;
        if self.counted == Some(self.written) {
            return Ok(());
        }
        let mut flush = |growth: &mut Self| {
            growth.part.each(&mut write_rest)?;
            growth.part.write_counts()?;
            // What counts is said when all of it is there.
            h5::flush(&growth.group)?;
            if sync {
                growth.sync()?;
            }
            growth.part.write_length(growth.written)?;
            h5::flush(&growth.group)?;
            if sync {
                growth.sync()?;
            }
            Ok(())
        };
        let flushed = flush(self).map_err(|error: Error| error.in_link(&self.link).in_link(&self.group.path()));
        flushed.inspect_err(|_| self.fail())?;
        self.counted = Some(self.written);
        self.is_new = false;
        Ok(())
    }

    /// Writes all elements, and takes away what does not count.
    pub(crate) fn finish(&mut self, sync: bool) -> Result<()> {
        let writing = Writing::to(&self.group)?;
        let _writing = writing.enter();
        with_room(|| {
            self.write_out(sync, Growing::write_last)?;
            // While others read it, no dataset may become shorter.
            if !self.is_swmr {
                self.part.each(&mut Growing::finish)?;
            }
            h5::flush(&self.group)
        })
    }
}

/// The error for an element that does not fit what is there already, where nothing else may be made.
#[cold]
fn needs_object() -> Error {
    let message = "it needs a new dataset or group, and HDF5 makes none in a file that others are reading";
    let advice = "add records of all forms before the first flush: each variant, each field, options with a value, and lists and maps that are not empty";
    Error::new(ErrorKind::Unsupported, message).advised(advice)
}

/// Where the sequence is that the root of a file is to be, which has nothing in it.
fn of_empty_root(group: &Group) -> Result<Within> {
    let group = root_of(group)?;
    // Attributes are a kind, or the fields of a struct that has no others.
    if group.len() > 0 || group.summary()?.attributes > 0 {
        let message = "the root of the file is not empty, and what it holds would be taken for a part of the sequence: append to a \
                       named child of it";
        return Err(Error::new(ErrorKind::AlreadyExists, message).in_link("/"));
    }
    Ok(Within { group, links: vec![VALUE.to_owned()] })
}

/// The link to the value itself, from where a group only says that it holds that.
fn value_inside(group: Group, link: String) -> Result<(Group, String)> {
    let (mut group, mut link, mut depth) = (group, link, Depth::default());
    let mut look = || -> Result<()> {
        while let Object::Group(inside) = group.open(&link)?
            && inside.kind()? == Some(Kind::Value)
        {
            depth = depth.in_group()?;
            (group, link) = (inside, VALUE.to_owned());
        }
        Ok(())
    };
    let looked = look();
    looked.map_err(|error| error.in_link(&link).in_link(&group.path()))?;
    Ok((group, link))
}

impl Drop for Growth {
    fn drop(&mut self) {
        if self.deep {
            with_room(|| (self.pending, self.scratch) = (Column::new(), Column::new()));
        }
    }
}
