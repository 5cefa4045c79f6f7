//! Whole files made anew, object by object: what nothing leads to any more stays behind, and datasets may be stored otherwise.
//!
//! A dataset that stays as it is stored is copied by `H5Ocopy`: its chunks are not looked into, so it need not be of a type, or
//! have filters, that this crate knows. One that is to be stored otherwise is made anew of the same type in the file, and written
//! a part at a time; what was never written of it is not written either.
//!
//! A reference is an address in its file. What has references is written when all objects are there, so that each leads to what was
//! made of the object that it led to.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::ffi::{CStr, CString};

use hdf5_sys::h5d::H5D_layout_t;
use hdf5_sys::h5i::{H5I_type_t, hid_t};
use hdf5_sys::h5p::{H5P_CLS_GROUP_CREATE, H5P_CLS_OBJECT_COPY};
use hdf5_sys::h5s::H5S_ALL;
use hdf5_sys::h5t::H5T_class_t;
use hdf5_sys::h5z::{H5Z_FILTER_DEFLATE, H5Z_FILTER_FLETCHER32, H5Z_FILTER_NBIT, H5Z_FILTER_SHUFFLE, H5Z_FILTER_SZIP};

use super::attribute::Attributes;
use super::chunking::sort_of;
use super::copy::{Variable, check_object, item_size, size_of};
use super::dataset::{Dataset, Shape, zeroed};
use super::dtype::{Dtype, Order, is_equal};
use super::filter::{BLOSC, LZF};
use super::group::{Group, Object};
use super::holes::Holes;
use super::items::Items;
use super::link::Link;
use super::object_info::{Identity, identity_of};
use super::present::Wanted;
use super::removal::Any;
use super::selection::select;
use super::stored_attribute::{Address, Lowered, StoredAttribute};
use super::sys::{Target, h5d, h5i, h5l, h5o, h5p, h5s, h5t};
use super::{Handle, Id, c_name, chunked, locked, lzf, property_list, property_lists, structure};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::ledger;
use crate::ground::limits::{Limit, Limits};
use crate::ground::link_name::unescape;
use crate::layout::path_rules::{Keep, RulePosition};
use crate::layout::progress_path::ProgressPath;
use crate::layout::storage_options::{ChunkShape, Compression, StorageOptions};

/// About how many bytes are read and written at a time, where a chunk is not larger.
const PART: u64 = 32 << 20;

/// A dataset that is stored otherwise than it was, or was to be.
#[derive(Debug)]
pub(crate) struct Restored {
    pub(crate) path: String,
    /// Bytes of its data in the file, before and after that.
    pub(crate) bytes: (u64, u64),
    /// Why it is stored as it was.
    pub(crate) left: Option<&'static str>,
}

/// What was made of a file.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) restored: Vec<Restored>,
    /// References that are null now: what they led to was left out, or nothing led to it but them.
    pub(crate) lost: u64,
}

/// Fills the root group of a new file with what is in that of another.
pub(crate) fn repack(source: &Group, target: &Group, rules: &RulePosition) -> Result<Outcome> {
    rules.check()?;
    let mut repack = Repack::new(source, target)?;
    let address = identity_of(source.handle())?.address();
    repack.made.insert(address, place_of(target)?);
    repack.groups.insert(address, (rules.clone(), "/".to_owned()));
    let first = repack.enter(source.clone(), target.clone(), rules.clone(), String::new())?;
    repack.run(first)?;
    let outcome = repack.settle()?;
    rules.finish()?;
    Ok(outcome)
}

/// Copies an object, with all that is in it, to a new link of a group, as it is stored. References to parts of datasets are null in the
/// copy, and so are those to what is not in it.
pub(super) fn copy_object(object: &Object, group: &Group, name: &str) -> Result<()> {
    let (label, spot, rules) = (c_name(name)?, group.spot_of(name), RulePosition::nowhere());
    let mut repack = Repack::new(object, group)?;
    repack.loses_regions = true;
    let place = identity_of(object.handle())?.target();
    let same = Any(h5o::open_at("open an object", object.handle(), place)?);
    if let Some(first) = repack.object(same, group, (&label, name), rules, &spot)? {
        repack.run(first)?;
    }
    repack.settle().map(drop)
}

/// A group that is being filled.
struct Frame {
    source: Group,
    made: Group,
    links: std::vec::IntoIter<Link>,
    rules: RulePosition,
    /// The name of its link; nothing for the root group.
    name: String,
}

/// Something that has references, and is written at the end.
struct Referring {
    source: Target,
    made: Target,
    /// The attribute, or else the data.
    attribute: Option<CString>,
}

struct Repack {
    /// Handles of something in each of the files, which whoever makes this keeps open.
    source: hid_t,
    target: hid_t,
    /// References to parts of datasets are no error, but null.
    loses_regions: bool,
    /// The number of the file that is read, and bytes that are read of it at most.
    file: u64,
    most: u64,
    /// Bytes of data that were read.
    stored: u64,
    /// What was made, by the addresses of what it was made of.
    made: HashMap<u64, Target>,
    /// What is said of the groups by their first names, and these.
    groups: HashMap<u64, (RulePosition, String)>,
    /// The types with names that were looked at; and those that were made before a link to them was.
    met: HashSet<Identity>,
    types: Vec<Id>,
    referring: Vec<Referring>,
    /// Bytes of variable length that were written.
    variable: Variable,
    /// What was to be stored otherwise, and where it is.
    restored: Vec<(Restored, Target)>,
}

impl Repack {
    fn new(source: &impl Attributes, target: &impl Attributes) -> Result<Self> {
        let file = identity_of(source.handle())?.file();
        let most = source.file_size().saturating_mul(2).saturating_add(Limits::current().max_unstored);
        let (made, groups, met, types, referring, variable, restored) = Default::default();
        let (source, target, loses_regions, stored) = (source.handle(), target.handle(), false, 0);
        Ok(Self {
            source,
            target,
            loses_regions,
            file,
            most,
            stored,
            made,
            groups,
            met,
            types,
            referring,
            variable,
            restored,
        })
    }

    /// Makes what is in a group, and further inside.
    fn run(&mut self, first: Frame) -> Result<()> {
        let mut frames = vec![first];
        while let Some(frame) = frames.last_mut() {
            let Some(link) = frame.links.next() else {
                frames.pop();
                continue;
            };
            let rules = frame.rules.field(&unescape(&link.name)).clone();
            if rules.keep() == Keep::No {
                continue;
            }
            match self.link(frame, &link, &rules) {
                Ok(inner) => frames.extend(inner),
                Err(error) => {
                    let error = error.in_link(&link.name);
                    return Err(frames.iter().rev().fold(error, |error, frame| match frame.name.is_empty() {
                        true => error.in_link("/"),
                        false => error.in_link(&frame.name),
                    }));
                }
            }
        }
        Ok(())
    }

    /// Begins with a group, whose attributes are written.
    fn enter(&mut self, source: Group, made: Group, rules: RulePosition, name: String) -> Result<Frame> {
        check_object(&source, &mut self.met)?;
        self.attributes(&source, &made)?;
        let links = source.links()?.into_iter();
        Ok(Frame { source, made, links, rules, name })
    }

    /// Makes what one link is, and leads to. Returns the group that it leads to, if that is new.
    fn link(&mut self, frame: &Frame, link: &Link, rules: &RulePosition) -> Result<Option<Frame>> {
        let (label, spot) = (link.clone().into_label()?, frame.made.spot_of(&link.name));
        if link.soft {
            rules.note_leaf();
            frame.made.copy_soft(&frame.source, &label)?;
            return Ok(None);
        }
        let object = Any(frame.source.open_any_label(&label)?);
        self.object(object, &frame.made, (&label, &link.name), rules, &spot)
    }

    /// Makes what an object is, and the link to it that is called `label`, and `name` to others. Returns the group that it is, if that
    /// is new.
    fn object(
        &mut self,
        object: Any,
        into: &Group,
        (label, name): (&CStr, &str),
        rules: &RulePosition,
        spot: &ProgressPath,
    ) -> Result<Option<Frame>> {
        let (identity, links) = (identity_of(object.handle())?, &property_lists()?.link);
        if identity.file() != self.file {
            return Err(Error::new(ErrorKind::Unsupported, "another file is mounted there: unmount it first"));
        }
        let address = identity.address();
        if let Some(place) = self.made.get(&address) {
            rules.note_leaf();
            let made = h5o::open_at("open an object", self.target, *place)?;
            if let Some((first, path)) = self.groups.get(&address) {
                let (is_other, left_out) = rules.note_other_name(first);
                if let Some((option, pattern)) = left_out {
                    let message = format!(
                        "`{option}({pattern:?})`: the group is `{path}`, too, and what is said of that name counts"
                    );
                    return Err(Error::new(ErrorKind::Unsupported, message));
                }
                if is_other {
                    let left =
                        Some("it is a group that has more than one name, and what is said for its first name counts");
                    self.restored.push((Restored { path: path_in(into, name), bytes: (0, 0), left }, *place));
                }
            }
            if rules.dataset_options().storing.is_anything() && h5i::kind(made.get()) == Some(H5I_type_t::H5I_DATASET) {
                let left = Some("it has more than one name, and what is said for its first name counts");
                let size = h5d::storage_size(object.handle());
                self.restored.push((Restored { path: path_in(into, name), bytes: (size, size), left }, *place));
            }
            h5o::link("link an object", made.get(), into.handle(), label, links)?;
            return Ok(None);
        }
        check_object(&object, &mut self.met)?;
        spot.object()?;
        match h5i::kind(object.handle()) {
            Some(H5I_type_t::H5I_GROUP) => {
                let what = "create a group";
                let list = property_list(H5P_CLS_GROUP_CREATE)?;
                h5p::turn_off_times(what, &list)?;
                h5p::set_as_group(what, &list, &h5l::get_create_plist(what, object.handle())?)?;
                let id = h5l::create_group(what, into.handle(), label, (links.get(), list.get()))?;
                self.made.insert(address, place_of(&Any(h5i::share(what, &id)?))?);
                self.groups.insert(address, (rules.clone(), path_in(into, name)));
                let (source, made) = (Group::adopt(object.0)?, Group::adopt(id)?.at(spot.clone()));
                self.enter(source, made, rules.clone(), name.to_owned()).map(Some)
            }
            Some(H5I_type_t::H5I_DATASET) => {
                rules.note_leaf();
                let made = self.dataset(&object, into, (label, name), rules, spot)?;
                self.made.insert(address, place_of(&made)?);
                self.attributes(&object, &made)?;
                Ok(None)
            }
            Some(H5I_type_t::H5I_DATATYPE) => {
                rules.note_leaf();
                let made = self.named_type(&object.0)?;
                h5o::link("link an object", made.get(), into.handle(), label, links)?;
                Ok(None)
            }
            _ => Err(Error::new(ErrorKind::Unsupported, "neither a group, nor a dataset, nor a named type")),
        }
    }

    /// The type with a name that was made of another, or is now.
    fn named_type(&mut self, source: &Id) -> Result<Id> {
        let address = identity_of(source.get())?.address();
        if let Some(place) = self.made.get(&address) {
            return h5o::open_at("open an element type", self.target, *place);
        }
        let what = "write an element type";
        let (made, list) = (h5t::copy(what, source.get())?, h5t::get_create_plist(what, source)?);
        h5t::commit_anon(what, self.target, &made, &list)?;
        self.made.insert(address, place_of(&Any(h5i::share(what, &made)?))?);
        // It goes with its last handle, until something has it.
        self.types.push(h5i::share(what, &made)?);
        let source = Any(h5i::share(what, source)?);
        check_object(&source, &mut self.met)?;
        let made = Any(made);
        self.attributes(&source, &made)?;
        Ok(made.0)
    }

    /// Gives what was made the attributes, and the comment, of what it was made of.
    fn attributes(&mut self, source: &impl Attributes, made: &impl Attributes) -> Result<()> {
        for label in source.attribute_labels()? {
            self.attribute(source, made, &label)
                .map_err(|error| error.in_link(&format!("@{}", label.to_string_lossy())))?;
        }
        let what = "copy a comment";
        match h5o::comment(what, source.handle())? {
            Some(comment) => h5o::set_comment(what, made.handle(), &comment),
            None => Ok(()),
        }
    }

    fn attribute(&mut self, source: &impl Attributes, made: &impl Attributes, label: &CStr) -> Result<()> {
        let Some(attribute) = StoredAttribute::exactly(source, label)? else { return Ok(()) };
        if attribute.has_lost() && !self.loses_regions {
            return Err(parts_of_datasets());
        }
        let named = match structure::attribute_type(source.handle(), label)? {
            Some(named) => Some(self.named_type(&named)?),
            None => None,
        };
        // References to objects lead to none until all are there.
        match &named {
            Some(file_type) => attribute.write_typed(made, label, file_type, false, &|_| 0)?,
            None => attribute.write_labelled(made, label, false, &|_| 0)?,
        }
        if attribute.dtype.has_references() {
            let (source, made) = (place_of(source)?, place_of(made)?);
            self.referring.push(Referring { source, made, attribute: Some(label.to_owned()) });
        }
        Ok(())
    }

    /// Makes a dataset without its attributes, and the link to it that is called `label`, and `name` to others.
    fn dataset(
        &mut self,
        source: &Any,
        group: &Group,
        (label, name): (&CStr, &str),
        rules: &RulePosition,
        spot: &ProgressPath,
    ) -> Result<Any> {
        let (what, object) = ("copy a dataset", source.handle());
        let stored = h5d::get_type(what, object)?;
        let wanted = &rules.dataset_options().storing;
        let has_references = h5t::has_class(what, &stored, H5T_class_t::H5T_REFERENCE)?;
        let named = match h5t::is_named(what, &stored)? {
            true => Some(self.named_type(&stored)?),
            false => None,
        };
        let before = h5d::storage_size(object);
        let made_by = h5d::get_create_plist(what, object)?;
        let is_elsewhere =
            h5p::layout(made_by.get())? == H5D_layout_t::H5D_VIRTUAL || h5p::has_external_files(what, &made_by)?;
        if !is_elsewhere {
            // No part of a file is the data of two datasets, unless someone lies.
            self.stored = self.stored.saturating_add(before);
            if self.stored > self.most {
                return Err(Limits::exceeded("datasets with more data than the file has", Limit::Unstored));
            }
        }
        let (mut restored, mut list) = (None, None);
        if wanted.is_anything() {
            let made_by = h5d::get_create_plist(what, object)?;
            restored = Some(restore(&made_by, object, &stored, wanted)?);
            list = restored.is_some_and(|left| left.is_none()).then_some(made_by);
        }
        let is_filtered =
            h5p::layout(made_by.get())? == H5D_layout_t::H5D_CHUNKED && h5p::filter_count(what, &made_by)? > 0;
        let is_variable = h5t::has_class(what, &stored, H5T_class_t::H5T_VLEN)?
            || h5t::has_class(what, &stored, H5T_class_t::H5T_STRING)? && Dtype::of_type(&stored)?.has_addresses();
        let file_type = named.as_ref().unwrap_or(&stored);
        let links = &property_lists()?.link;
        let made = if is_elsewhere && (has_references || named.is_some()) {
            if has_references && h5p::layout(made_by.get())? != H5D_layout_t::H5D_VIRTUAL {
                let message = "references in data that is in another file, which would have to be changed";
                return Err(Error::new(ErrorKind::Unsupported, message));
            }
            // Its data stays where it is.
            let space = h5d::get_space(what, object)?;
            let new = h5d::New { file_type: file_type.get(), space: space.get(), list: made_by.get() };
            h5d::create(what, group.handle(), label, new, (links.get(), None))?
        } else if list.is_none() && is_filtered && !is_variable && !has_references {
            let space = h5d::get_space(what, object)?;
            let new = h5d::New { file_type: file_type.get(), space: space.get(), list: made_by.get() };
            let made = h5d::create(what, group.handle(), label, new, (links.get(), None))?;
            copy_chunks(source, &made, &made_by, spot)?;
            made
        } else if has_references || named.is_some() || list.is_some() || is_filtered {
            let list = list.unwrap_or(made_by);
            if has_references {
                check_fill_value(&list, &stored)?;
            }
            self.write_anew(source, group, label, (file_type, &list), has_references, spot)?
        } else {
            copy_whole(source, &stored, group, label, &mut self.variable)?;
            spot.bytes(before)?;
            group.open_any_label(label)?
        };
        if let Some(left) = restored {
            let path = path_in(group, name);
            self.restored
                .push((Restored { path, bytes: (before, before), left }, place_of(&Any(h5i::share(what, &made)?))?));
        }
        Ok(Any(made))
    }

    /// Makes a dataset of a type by a list, and writes the data of another to it, unless there are references in that.
    fn write_anew(
        &mut self,
        source: &Any,
        group: &Group,
        label: &CStr,
        (file_type, list): (&Id, &Id),
        has_references: bool,
        spot: &ProgressPath,
    ) -> Result<Id> {
        let what = "create a dataset";
        let from = adopt(source)?.at(spot.clone());
        if from.dtype().regions().0 {
            return Err(parts_of_datasets());
        }
        let space = h5d::get_space(what, source.handle())?;
        let new = h5d::New { file_type: file_type.get(), space: space.get(), list: list.get() };
        if filters(list)?.iter().any(|(filter, _)| *filter == LZF) {
            lzf::register()?;
        }
        let made = h5d::create(what, group.handle(), label, new, (property_lists()?.link.get(), None))?;
        if has_references {
            let (source, made) = (place_of(source)?, place_of(&Any(h5i::share(what, &made)?))?);
            self.referring.push(Referring { source, made, attribute: None });
        } else {
            write_data(&from, &made, &|_| 0, &mut self.variable)?;
        }
        Ok(made)
    }

    /// Writes what has references; then all is there.
    fn settle(mut self) -> Result<Outcome> {
        let lost = Cell::new(0);
        let target = |address: Address| match (address, self.made.get(&address)) {
            (0 | u64::MAX, _) => 0,
            (_, Some(place)) => Identity::at(0, *place).address(),
            (_, None) => {
                lost.set(lost.get() + 1);
                0
            }
        };
        for Referring { source, made, attribute } in &self.referring {
            let what = "open an object";
            let source = Any(h5o::open_at(what, self.source, *source)?);
            let made = Any(h5o::open_at(what, self.target, *made)?);
            match attribute {
                Some(label) => {
                    let attribute = StoredAttribute::exactly(&source, label)?;
                    attribute.map_or(Ok(()), |attribute| attribute.settle(&made, label, &target))?;
                }
                None => write_data(&adopt(&source)?, &made.0, &target, &mut self.variable)?,
            }
        }
        let mut restored = Vec::with_capacity(self.restored.len());
        for (dataset, place) in self.restored {
            // Chunks of one that is open may not have their place yet.
            let made = h5o::open_at("open an object", self.target, place)?;
            let is_dataset = h5i::kind(made.get()) == Some(H5I_type_t::H5I_DATASET);
            let after = if is_dataset { h5d::storage_size(made.get()) } else { 0 };
            restored.push(Restored { bytes: (dataset.bytes.0, after), ..dataset });
        }
        Ok(Outcome { restored, lost: lost.get() })
    }
}

/// The path of what is called so in a group.
fn path_in(group: &Group, name: &str) -> String {
    format!("{}/{name}", group.path().trim_end_matches('/'))
}

#[cold]
fn parts_of_datasets() -> Error {
    let message = "references to parts of datasets (HDF5's region references) cannot be written to another file";
    Error::new(ErrorKind::Unsupported, message)
}

fn place_of(object: &impl Attributes) -> Result<Target> {
    identity_of(object.handle()).map(Identity::target)
}

/// Whether a filter gives back what it was given.
fn is_lossless(filter: i32) -> bool {
    // bzip2, LZ4, bitshuffle, Zstandard.
    const OTHERS: [i32; 4] = [307, 32004, 32008, 32015];
    let known =
        [H5Z_FILTER_DEFLATE, H5Z_FILTER_SHUFFLE, H5Z_FILTER_FLETCHER32, H5Z_FILTER_SZIP, H5Z_FILTER_NBIT, LZF, BLOSC];
    known.contains(&filter) || OTHERS.contains(&filter)
}

/// Refuses a fill value that leads somewhere: libhdf5 writes it as it is.
fn check_fill_value(list: &Id, stored: &Id) -> Result<()> {
    let what = "look into a fill value";
    let is_variable =
        h5t::has_class(what, stored, H5T_class_t::H5T_VLEN)? || h5t::has_class(what, stored, H5T_class_t::H5T_STRING)?;
    match h5p::own_fill_value(what, list, stored)? {
        Some(value) if !is_variable && value.iter().any(|byte| *byte != 0) => {
            let message = "a fill value that is a reference to an object cannot be written to another file";
            Err(Error::new(ErrorKind::Unsupported, message))
        }
        _ => Ok(()),
    }
}

/// Copies the chunks of a dataset as they are stored to one that was just made by the same list.
///
/// `H5Ocopy` must not: where chunks are in libhdf5's cache, it writes beyond a buffer that a filter made smaller (seen in 2.2,
/// `H5D__chunk_copy_cb`).
fn copy_chunks(source: &Any, made: &Id, list: &Id, spot: &ProgressPath) -> Result<()> {
    let what = "copy a dataset";
    let Shape::Simple(dims) = Shape::of_space(&h5d::get_space(what, source.handle())?)? else { return Ok(()) };
    if dims.contains(&0) {
        return Ok(());
    }
    let chunk = chunked::chunk_of(list, dims.len())?;
    let all = dims.iter().zip(&chunk).map(|(dim, len)| dim.div_ceil((*len).max(1))).fold(1, u64::saturating_mul);
    ledger::check_chunks(all, || source.file_size())?;
    let mut next = Some(vec![0; dims.len()]);
    while let Some(offset) = next {
        if let Some(size) = h5d::chunk_storage_size(source.handle(), &offset).filter(|size| *size > 0) {
            if size > source.file_size() {
                return Err(Error::corrupt("a chunk that is larger than the file"));
            }
            let read = h5d::read_chunk(source.handle(), &offset, size)?;
            let (bytes, left_out) = read.ok_or_else(|| Error::corrupt("a chunk that cannot be read"))?;
            h5d::write_chunk(what, made.get(), &offset, left_out, &bytes)?;
            spot.bytes(bytes.len() as u64)?;
        }
        next = following(&dims, &chunk, offset);
    }
    Ok(())
}

/// Copies a dataset as it is stored.
fn copy_whole(source: &Any, stored: &Id, group: &Group, label: &CStr, variable: &mut Variable) -> Result<()> {
    let what = "copy a dataset";
    let list = property_list(H5P_CLS_OBJECT_COPY)?;
    h5p::leave_out_attributes(what, &list)?;
    // What was looked through stays as it is until it is copied.
    locked(|| {
        let is_variable = h5t::has_class(what, stored, H5T_class_t::H5T_VLEN)?
            || h5t::has_class(what, stored, H5T_class_t::H5T_STRING)?;
        let bytes = match is_variable {
            true => size_of(&adopt(source)?, variable)?,
            false => usize::try_from(h5d::storage_size(source.handle())).unwrap_or(usize::MAX),
        };
        h5o::copy(what, bytes, source.handle(), group.handle(), label, (Some(&list), &property_lists()?.link))
    })
}

/// Opens a dataset that is written anew. What was never written of it is not read, so that it may be as large as it says.
fn adopt(source: &Any) -> Result<Dataset> {
    let (what, limits) = ("look into a dataset", Limits::current());
    let adopt = || Dataset::adopt(h5i::share(what, &source.0)?);
    let list = h5d::get_create_plist(what, source.handle())?;
    let space = h5d::get_space(what, source.handle())?;
    let (H5D_layout_t::H5D_CHUNKED, Shape::Simple(dims)) = (h5p::layout(list.get())?, Shape::of_space(&space)?) else {
        return adopt();
    };
    let size = h5t::size(h5d::get_type(what, source.handle())?.get()) as u64;
    let chunk = chunked::chunk_of(&list, dims.len())?.iter().fold(size, |size, len| size.saturating_mul(*len));
    let all = h5d::num_chunks(what, source.handle())?.saturating_mul(chunk);
    if all > limits.max_unstored && all / limits.max_expansion.max(1) > h5d::storage_size(source.handle()) {
        return adopt();
    }
    let mut any = limits;
    any.max_expansion = u64::MAX;
    any.during(adopt)
}

/// The filters on a list, with the values that they are told.
fn filters(list: &Id) -> Result<Vec<(i32, Vec<u32>)>> {
    let what = "look into the filters of a dataset";
    let filter = |number| h5p::filter(what, list, number).map(|filter| (filter.id, filter.values().to_vec()));
    (0..h5p::filter_count(what, list)?).map(filter).collect()
}

const TOO_SMALL: &str = "it is too small for that, as `above` says";

/// Has what is made by a list, which is that of a dataset, be stored as is wanted. Returns why the dataset stays as it is stored, if
/// it does; the list is as it was then.
fn restore(list: &Id, dataset: hid_t, stored: &Id, wanted: &StorageOptions) -> Result<Option<&'static str>> {
    let what = "look into a dataset";
    let layout = h5p::layout(list.get())?;
    let space = h5d::get_space(what, dataset)?;
    let Shape::Simple(dims) = Shape::of_space(&space)? else { return Ok(Some("it has no dimensions")) };
    if layout == H5D_layout_t::H5D_VIRTUAL {
        return Ok(Some("it is made of parts of other datasets"));
    }
    if h5p::has_external_files(what, list)? {
        return Ok(Some("its data is in other files"));
    }
    let most = h5s::max_dims(what, &space)?;
    let now = match layout {
        H5D_layout_t::H5D_CHUNKED => Some(chunked::chunk_of(list, dims.len())?),
        _ => None,
    };
    let had = filters(list)?;
    let mut storing = wanted.clone();
    if storing.chunk.is_none() && (wanted.codec != Some(Compression::None) || dims != most) {
        storing.chunk = now.clone().map(ChunkShape::new);
    }
    let size = h5t::size(stored.get());
    let bytes = dims.iter().fold(size as u64, |bytes, dim| bytes.saturating_mul(*dim));
    if wanted.above.is_some_and(|above| bytes <= above) {
        return Ok(Some(TOO_SMALL));
    }
    if wanted.codec.is_none() && had.iter().any(|(filter, _)| !is_lossless(*filter)) {
        return Ok(Some("it has a filter that may lose digits each time"));
    }
    let sort = sort_of(&Dtype::of_type(stored)?);
    // LZF is told how large a chunk is.
    let changes_filters = wanted.codec.is_some()
        || wanted.shuffle.is_some()
        || wanted.fletcher32.is_some()
        || had.iter().any(|(filter, _)| *filter == LZF);
    if wanted.codec.is_none() && changes_filters && sort.1 && had.iter().any(|(filter, _)| *filter == LZF) {
        return Ok(Some("its compression by LZF stays as it is"));
    }
    for (filter, values) in &had {
        match *filter {
            H5Z_FILTER_DEFLATE if wanted.codec.is_none() => {
                storing.codec = values.first().and_then(|level| u8::try_from(*level).ok()).map(Compression::Deflate);
            }
            LZF if wanted.codec.is_none() => storing.codec = Some(Compression::Lzf),
            H5Z_FILTER_SHUFFLE if wanted.codec.is_none() => storing.shuffle = wanted.shuffle.or(Some(true)),
            H5Z_FILTER_FLETCHER32 if wanted.codec != Some(Compression::None) => {
                storing.fletcher32 = wanted.fletcher32.or(Some(true));
            }
            BLOSC if wanted.codec.is_none() && changes_filters => {
                return Ok(Some("its compression by Blosc stays as it is"));
            }
            H5Z_FILTER_DEFLATE | LZF | H5Z_FILTER_SHUFFLE | H5Z_FILTER_FLETCHER32 => {}
            _ if wanted.codec.is_none() && changes_filters => {
                return Ok(Some("it has a filter that is kept only where no other is asked for"));
            }
            _ => {}
        }
    }
    if wanted.codec.is_none() && storing.shuffle.is_none() && !had.is_empty() {
        storing.shuffle = Some(false);
    }
    // One that may grow has chunks as they are asked for, however short it is now.
    let room: Vec<u64> = (dims.iter().zip(&most).enumerate())
        .map(|(axis, (dim, most))| {
            let wanted = wanted.chunk.as_ref().and_then(|chunk| chunk.of_rank(dims.len())).map(|chunk| chunk[axis]);
            let chunk = wanted.or(now.as_ref().map(|now| now[axis])).unwrap_or(1);
            if most == dim { *dim } else { (*dim).max(chunk).min(*most) }
        })
        .collect();
    match storing.chunking(&room, size, sort.0, sort.1)? {
        Some(chunking) => {
            if changes_filters || layout != H5D_layout_t::H5D_CHUNKED {
                h5p::remove_filters(what, list)?;
                chunking.set(list)?;
            } else {
                h5p::set_chunk(what, list, &chunking.chunk)?;
            }
            h5p::allocate_as_usual(what, list)?;
        }
        None if wanted.codec == Some(Compression::None) && now.is_some() => {
            h5p::remove_filters(what, list)?;
            if dims == most {
                h5p::set_layout(what, list, H5D_layout_t::H5D_CONTIGUOUS)?;
                h5p::allocate_as_usual(what, list)?;
            }
        }
        None if wanted.is_plain() => return Ok(Some("it is in one piece already")),
        None => return Ok(Some(TOO_SMALL)),
    }
    Ok(None)
}

/// Writes the data of a dataset to one that was just made, of the same dimensions and type. References lead to where `target` says.
fn write_data(from: &Dataset, made: &Id, target: &dyn Fn(Address) -> Address, variable: &mut Variable) -> Result<()> {
    let what = "copy a dataset";
    let stored = h5d::get_type(what, from.handle())?;
    let mut dtype = from.dtype().clone();
    let exact;
    let is_lowered = h5t::has_class(what, &stored, H5T_class_t::H5T_REFERENCE)? || dtype.has_addresses();
    let from = match is_lowered && !dtype.has_unsupported() {
        true => {
            dtype = dtype.with_own_floats(&stored)?;
            let mut again = from.again()?;
            again.read_as(dtype.clone());
            exact = again;
            &exact
        }
        false => from,
    };
    let way = if is_lowered {
        if dtype.has_unsupported() {
            return Err(Error::new(ErrorKind::Unsupported, format!("items of type `{dtype}` are not written anew")));
        }
        Way::Lowered(dtype.id(Order::Memory)?)
    } else if dtype.unsupported().is_none() && is_equal(stored.get(), dtype.id(Order::Memory)?.get())? {
        Way::Same
    } else {
        lzf::register()?;
        Way::Raw(h5t::size(stored.get()))
    };
    let space = h5d::get_space(what, made.get())?;
    if Shape::of_space(&space)? != *from.shape() || !is_equal(h5d::get_type(what, made.get())?.get(), stored.get())? {
        return Err(Error::corrupt("a dataset is not what it was a moment ago"));
    }
    let list = h5d::get_create_plist(what, made.get())?;
    let is_chunked = h5p::layout(list.get())? == H5D_layout_t::H5D_CHUNKED;
    let dims = match from.shape() {
        Shape::Null => return Ok(()),
        Shape::Scalar => Vec::new(),
        Shape::Simple(dims) if dims.contains(&0) => return Ok(()),
        Shape::Simple(dims) => dims.clone(),
    };
    let unit = match is_chunked {
        true => chunked::chunk_of(&list, dims.len())?,
        false => vec![1; dims.len()],
    };
    let made = Dataset::made(h5i::share(what, made)?, dtype.clone(), from.shape().clone(), None, is_chunked);
    let data = Data { from, made, way, stored: &stored, target };
    let holes = Holes::of(from, &dims)?;
    let source = chunk_of_source(from, dims.len())?;
    let part = part_of(&dims, &unit, source.as_deref(), item_size(from)?);
    // Rows that follow each other are filtered by all cores, and none is left out of them.
    let are_rows = !dims.is_empty() && part[1..] == dims[1..] && matches!(data.way, Way::Same) && holes.is_none();
    let mut items = Items::default();
    let mut next = Some(vec![0; dims.len()]);
    while let Some(start) = next {
        let count: Vec<u64> = (0..dims.len()).map(|axis| part[axis].min(dims[axis] - start[axis])).collect();
        if holes.as_ref().is_none_or(|holes| holes.has_chunk(from, &start, &count)) {
            if are_rows {
                data.made.write_rows(start[0], count[0], &from.read_rows(start[0], count[0])?)?;
            } else {
                items = data.part(&start, &count, items, variable)?;
            }
        }
        from.spot().check()?;
        next = following(&dims, &part, start);
    }
    Ok(())
}

/// How items go from one dataset to another.
enum Way {
    /// As they are in both files, and in memory.
    Same,
    /// The same, without a look at them: so many bytes each.
    Raw(usize),
    /// With what they refer to: the type in memory.
    Lowered(Handle),
}

/// A dataset, and another that its items are written to.
struct Data<'a> {
    from: &'a Dataset,
    made: Dataset,
    way: Way,
    stored: &'a Id,
    target: &'a dyn Fn(Address) -> Address,
}

impl Data<'_> {
    /// Copies a part. The memory of `last` is used again.
    fn part(&self, start: &[u64], count: &[u64], last: Items, variable: &mut Variable) -> Result<Items> {
        let items: u64 = count.iter().product();
        let (file, memory) = match self.from.shape() {
            Shape::Simple(dims) => {
                let (file, memory) = select(dims, start, count, items)?;
                (Some(file), Handle::Owned(memory))
            }
            shape => (None, shape.space()?),
        };
        let file = file.as_ref().map_or(H5S_ALL, Id::get);
        let write = |memory_type, bytes: &[u8]| {
            if Some(bytes.len() as u64) != items.checked_mul(h5t::size(memory_type) as u64) {
                return Err(Error::corrupt("a part of a dataset is not as large as it was"));
            }
            let (len, from) = (bytes.len(), bytes.as_ptr().cast());
            // SAFETY: at `bytes` are as many items of the type as `memory` has, which is `items`.
            unsafe { h5d::write("write a dataset", len, self.made.handle(), (memory_type, memory.get()), file, from) }
        };
        let read = |last: Items| match self.from.shape() {
            Shape::Simple(_) => self.from.read_block(start, count, last),
            _ => self.from.read(),
        };
        match &self.way {
            Way::Same => {
                let items = read(last)?;
                write(self.stored.get(), items.bytes())?;
                Ok(items)
            }
            Way::Raw(size) => {
                let mut bytes = zeroed(items, *size)?;
                let wanted = (!count.is_empty()).then_some(Wanted { start, step: None, count });
                let to = bytes.as_mut_ptr().cast();
                // SAFETY: room for as many items as `memory` has, of the type that they are stored in.
                unsafe { self.from.read_raw(wanted, (self.stored.get(), memory.get()), to) }?;
                self.from.spot().bytes(bytes.len() as u64)?;
                write(self.stored.get(), &bytes)?;
                Ok(last)
            }
            Way::Lowered(memory_type) => {
                let items = read(last)?;
                variable.add(self.from, &items)?;
                let lowered = Lowered::of(self.from.dtype(), &items, false, self.target)?;
                lowered.make_room()?;
                write(memory_type.get(), lowered.bytes())?;
                Ok(items)
            }
        }
    }
}

/// How many items a part has along each dimension: whole chunks, of about [`PART`] bytes in all, or one chunk that has more.
fn part_of(dims: &[u64], unit: &[u64], source: Option<&[u64]>, size: u64) -> Vec<u64> {
    let mut part: Vec<u64> = unit.iter().zip(dims).map(|(unit, dim)| (*unit).clamp(1, *dim)).collect();
    let bytes = part.iter().fold(size, |bytes, len| bytes.saturating_mul(*len));
    let mut left = (PART / bytes.max(1)).max(1);
    for axis in (0..dims.len()).rev() {
        let along = dims[axis].div_ceil(part[axis]);
        if along > left {
            part[axis] *= left;
            break;
        }
        part[axis] = dims[axis];
        left /= along;
    }
    // Chunks that are read are met in one part, if these have room.
    let Some(source) = source else { return part };
    let larger: Vec<u64> = (0..dims.len())
        .map(|axis| source[axis].max(part[axis]).next_multiple_of(unit[axis].max(1)).min(dims[axis]))
        .collect();
    let bytes = larger.iter().fold(size, |bytes, len| bytes.saturating_mul(*len));
    if bytes <= 8 * PART { larger } else { part }
}

/// The shape of the chunks of a dataset that is read, if it has some.
fn chunk_of_source(dataset: &Dataset, rank: usize) -> Result<Option<Vec<u64>>> {
    let list = h5d::get_create_plist("look into a dataset", dataset.handle())?;
    match h5p::layout(list.get())? {
        H5D_layout_t::H5D_CHUNKED => chunked::chunk_of(&list, rank).map(Some),
        _ => Ok(None),
    }
}

/// Where the part after one begins.
fn following(dims: &[u64], part: &[u64], mut start: Vec<u64>) -> Option<Vec<u64>> {
    for axis in (0..dims.len()).rev() {
        start[axis] += part[axis];
        if start[axis] < dims[axis] {
            return Some(start);
        }
        start[axis] = 0;
    }
    None
}
