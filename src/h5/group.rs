//! Groups: made, opened, and linked.

use std::ffi::{CStr, CString};
use std::sync::Arc;

use hdf5_sys::h5i::{H5I_type_t, hid_t};

use super::attribute::Attributes;
use super::dataset::Dataset;
use super::external_access::{open_by_name, shortened, without_plugins};
use super::names;
use super::object_info::{Identity, ObjectSummary, identity_at, summary_of};
use super::open_file::{find_path, path_of};
use super::placeholder::seen_as_empty;
use super::structure::{self, Checked};
use super::sys::{h5i, h5l, h5o};
use super::{Id, c_name, locked, property_lists, removal};
use crate::ground::error::{Error, ErrorKind, Result, names as listed};
use crate::ground::link_name::{escape, unescape};
use crate::ground::progress::CallProgress;
use crate::layout::progress_path::ProgressPath;

/// A group, open. Its clones share one handle.
#[derive(Clone, Debug)]
pub(crate) struct Group(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    group: hdf5::Group,
    spot: ProgressPath,
    /// Whether it, or a group on the way to it, was opened by its address.
    by_address: bool,
    /// The number of its file, if that was asked.
    file: Option<u64>,
}

/// What a link leads to.
#[derive(Debug)]
pub(crate) enum Object {
    /// A group.
    Group(Group),
    /// A dataset.
    Dataset(Dataset),
}

impl Object {
    /// A further handle of it.
    pub(crate) fn again(&self) -> Result<Self> {
        match self {
            Self::Group(group) => Ok(Self::Group(group.clone())),
            Self::Dataset(dataset) => dataset.again().map(Self::Dataset),
        }
    }

    /// The same object, which was opened for a call that somebody may watch.
    pub(super) fn at(self, spot: ProgressPath) -> Self {
        match self {
            _ if !spot.is_watched() => self,
            Self::Group(group) => Self::Group(group.at(spot)),
            Self::Dataset(dataset) => Self::Dataset(dataset.at(spot)),
        }
    }

    /// The same object, which was opened by its address.
    pub(super) fn by_address(self) -> Self {
        match self {
            Self::Group(group) => Self::Group(group.by_address()),
            dataset @ Self::Dataset(_) => dataset,
        }
    }

    /// The same object for what is no part of that call.
    pub(crate) fn unwatched(self) -> Self {
        match self {
            Self::Group(group) => Self::Group(group.unwatched()),
            Self::Dataset(dataset) => Self::Dataset(dataset.at(ProgressPath::NOWHERE)),
        }
    }
}

impl Attributes for Object {
    fn handle(&self) -> hid_t {
        match self {
            Self::Group(group) => group.handle(),
            Self::Dataset(dataset) => dataset.handle(),
        }
    }

    fn is_by_address(&self) -> bool {
        match self {
            Self::Group(group) => group.is_by_address(),
            Self::Dataset(dataset) => dataset.is_by_address(),
        }
    }
}

impl Object {
    /// Takes over the handle of an object.
    pub(super) fn adopt(id: Id) -> Result<Self> {
        match h5i::kind(id.get()) {
            Some(H5I_type_t::H5I_GROUP) => Group::opened(id).map(Self::Group),
            Some(H5I_type_t::H5I_DATASET) => Dataset::adopt(id).and_then(seen_as_empty).map(Self::Dataset),
            _ => Err(no_value()),
        }
    }

    /// The same of an object of which it is known which one it is.
    pub(super) fn adopt_known(id: Id, identity: Identity) -> Result<Self> {
        match h5i::kind(id.get()) {
            Some(H5I_type_t::H5I_GROUP) => {
                Group::adopt_checked(structure::check_known(id.get(), identity)?, id).map(Self::Group)
            }
            Some(H5I_type_t::H5I_DATASET) => {
                let dataset = Dataset::adopt_checked(structure::check_known(id.get(), identity)?, id);
                dataset.and_then(seen_as_empty).map(Self::Dataset)
            }
            _ => Err(no_value()),
        }
    }
}

fn no_value() -> Error {
    Error::no_value("a named data type holds no value")
}

impl Attributes for Group {
    fn handle(&self) -> hid_t {
        self.0.group.id()
    }

    fn is_by_address(&self) -> bool {
        self.0.by_address
    }
}

impl Group {
    /// A further handle of a user's group. Where that is a file, which passes for its root group, it is of the group:
    /// not all of libhdf5's functions for groups take a file.
    pub(crate) fn of(group: &hdf5::Group) -> Result<Self> {
        match h5i::kind(group.id()) {
            Some(H5I_type_t::H5I_FILE) => {
                structure::check_root(group.id())?;
                Self::opened(h5o::open("open the root group", group.id(), c"/")?)
            }
            _ => {
                let checked = structure::check(group.id())?;
                Ok(Self::new(group.clone(), Some(checked.file)))
            }
        }
    }

    fn new(group: hdf5::Group, file: Option<u64>) -> Self {
        Self(Arc::new(Inner { group, spot: ProgressPath::NOWHERE, by_address: false, file }))
    }

    /// The same group, at which a call begins.
    pub(crate) fn begun(self, run: &CallProgress) -> Self {
        let spot = ProgressPath::start(run, || self.path());
        self.at(spot)
    }

    /// The same group at that spot.
    pub(crate) fn at(self, spot: ProgressPath) -> Self {
        if !spot.is_watched() && !self.0.spot.is_watched() {
            return self;
        }
        let Inner { group, by_address, file, .. } = &*self.0;
        Self(Arc::new(Inner { group: group.clone(), spot, by_address: *by_address, file: *file }))
    }

    /// The same group, which was opened by its address.
    fn by_address(self) -> Self {
        let Inner { group, spot, file, .. } = &*self.0;
        Self(Arc::new(Inner { group: group.clone(), spot: spot.clone(), by_address: true, file: *file }))
    }

    /// The same group for what is no part of the call that it was opened for.
    pub(crate) fn unwatched(self) -> Self {
        self.at(ProgressPath::NOWHERE)
    }

    /// Where it is in the call that it was opened for.
    pub(crate) fn spot(&self) -> &ProgressPath {
        &self.0.spot
    }

    /// Where its child `name` is in the call.
    pub(crate) fn spot_of(&self, name: &str) -> ProgressPath {
        self.spot().child_of(name, |attribute| self.text_attribute(attribute).ok().flatten())
    }

    /// Takes over the handle of a group that was there.
    pub(super) fn opened(id: Id) -> Result<Self> {
        Self::adopt_checked(structure::check(id.get())?, id)
    }

    fn adopt_checked(checked: Checked, id: Id) -> Result<Self> {
        Self::adopt_in(Some(checked.file), id)
    }

    /// Takes over the handle of a group that was made.
    pub(super) fn adopt(id: Id) -> Result<Self> {
        Self::adopt_in(None, id)
    }

    fn adopt_in(file: Option<u64>, id: Id) -> Result<Self> {
        Ok(Self::new(id.try_into()?, file))
    }

    /// The number of its file, if that was asked when it was opened.
    pub(super) fn file_number(&self) -> Option<u64> {
        self.0.file
    }

    /// The same as users know it.
    pub(crate) fn user(&self) -> &hdf5::Group {
        &self.0.group
    }

    /// Its path in the file.
    pub(crate) fn path(&self) -> String {
        path_of(self)
    }

    /// What tells it from other objects, and how many links and attributes it has.
    pub(crate) fn summary(&self) -> Result<ObjectSummary> {
        summary_of(self.handle())
    }

    /// Makes the group `name`.
    pub(crate) fn create_group(&self, name: &str) -> Result<Self> {
        let (label, spot) = (c_name(name)?, self.spot_of(name));
        let lists = property_lists()?;
        let how = (lists.link.get(), lists.group.get());
        let group = Self::adopt(h5l::create_group("create a group", self.handle(), &label, how)?)?;
        spot.object()?;
        let group = if self.0.by_address { group.by_address() } else { group };
        Ok(group.at(spot))
    }

    /// Makes a group in the same file that no link leads to: it goes with its last handle. Until then it is at the spot of
    /// this one.
    pub(crate) fn create_unlinked(&self) -> Result<Self> {
        let lists = property_lists()?;
        let group = Self::adopt(h5l::create_anon_group("create a group", self.handle(), lists.group.get())?)?;
        Ok(group.by_address().at(self.spot().clone()))
    }

    /// Whether there is a link of that name.
    pub(crate) fn has_link(&self, name: &str) -> Result<bool> {
        if name.is_empty() {
            return Ok(false);
        }
        self.has_label(&self.label(name)?)
    }

    /// Whether there is a link that the file calls exactly that.
    pub(crate) fn has_exactly(&self, name: &str) -> Result<bool> {
        self.has_label(&c_name(name)?)
    }

    /// Whether there is a link that the file calls so.
    pub(crate) fn has_label(&self, name: &CStr) -> Result<bool> {
        without_plugins(|| h5l::exists("look for a link", self.handle(), name))
    }

    /// The name that a link has in the file, where it may be none in UTF-8, or not be escaped.
    pub(crate) fn label(&self, name: &str) -> Result<CString> {
        let label = c_name(name)?;
        if !name.contains('%') || self.has_label(&label)? {
            return Ok(label);
        }
        // As this crate would not write it: with a percent sign of its own, or a byte that is none of a character.
        let own = name.replace("%25", "%");
        // One that stands for another key is another: `a%2Fb` is no `a%252Fb`.
        if own != name && escape(&unescape(&own)) != name {
            return Ok(label);
        }
        for other in [Some(c_name(&own)?), names::raw(&own)].into_iter().flatten() {
            if self.has_label(&other)? {
                return Ok(other);
            }
        }
        Ok(label)
    }

    /// The link that a link of another group, which is called `label` there, would stand beside as one of the same name, or
    /// have to replace.
    pub(crate) fn same_label(&self, label: &CStr) -> Result<Option<CString>> {
        if self.has_label(label)? {
            return Ok(Some(label.to_owned()));
        }
        let Ok(name) = label.to_str() else { return Ok(None) };
        // By whatever name, it is the same key.
        let label = self.label(&escape(&unescape(name)))?;
        Ok(self.has_label(&label)?.then_some(label))
    }

    /// Takes away the link `name`.
    pub(crate) fn unlink(&self, name: &str) -> Result<()> {
        self.unlink_label(&self.label(name)?)
    }

    /// Takes away the link that the file calls so.
    pub(crate) fn unlink_label(&self, name: &CStr) -> Result<()> {
        locked(|| {
            removal::check_link(self.handle(), name)?;
            self.delete_link(name)
        })
    }

    /// The same of one that is not the last link to what it leads to, and does not go with another.
    fn delete_link(&self, name: &CStr) -> Result<()> {
        h5l::delete("remove a link", self.handle(), name)
    }

    /// Makes sure that the link that the file calls so can be taken away, with all that only it leads to, once it is in a group
    /// that goes.
    pub(crate) fn check_removal(&self, name: &CStr) -> Result<()> {
        locked(|| removal::check_link(self.handle(), name))
    }

    /// Moves the link `name` to `target`, where it is called the same.
    pub(crate) fn move_link(&self, name: &str, target: &Self) -> Result<()> {
        self.move_label(&self.label(name)?, target)
    }

    /// Moves the link that the file calls `label` to `target`, where it is called the same.
    pub(crate) fn move_label(&self, label: &CStr, target: &Self) -> Result<()> {
        // Nobody unlinks the target meanwhile.
        locked(|| match target.sure_path()? {
            Some(path) => {
                let whole = [path.as_bytes(), b"/", label.to_bytes()].concat();
                let whole = CString::new(whole).map_err(|_| Error::corrupt("a path with NUL"))?;
                let links = &property_lists()?.link;
                // SAFETY: a whole path, as `sure_path` gives.
                unsafe { h5l::rename("move a link", (self.handle(), label), (target.handle(), &whole), links) }
            }
            None => self.move_label_unlinked(label, target, label),
        })
    }

    /// The path of the group in its file, if there is one, and the group is there.
    ///
    /// `H5Lmove` to a name that is no whole path takes for granted that the handle knows its path, and crashes where it does not
    /// (seen in 2.2, `H5L__move_cb`): where no link leads to the group any more, and where it was opened by its address, as
    /// references are followed. For the latter, libhdf5 finds a path when it is asked, and forgets it.
    fn sure_path(&self) -> Result<Option<String>> {
        let path = find_path(self)?;
        if path.is_empty() {
            return Ok(None);
        }
        let there = identity_at(self.handle(), &c_name(&path)?, &property_lists()?.local_links);
        Ok(if there == Some(self.summary()?.identity) { Some(path) } else { None })
    }

    /// Moves the link `name` to `target` as [`Group::move_link`] does, also where no link leads to `target`.
    /// There it is called `new_name`.
    pub(crate) fn move_link_unlinked(&self, name: &str, target: &Self, new_name: &str) -> Result<()> {
        self.move_label_unlinked(&self.label(name)?, target, &c_name(new_name)?)
    }

    /// The same for names as the file has them.
    pub(crate) fn move_label_unlinked(&self, label: &CStr, target: &Self, new_label: &CStr) -> Result<()> {
        self.copy_label(label, target, new_label)?;
        // It is in one of the two groups, whatever fails.
        self.delete_link(label).inspect_err(|_| drop(target.delete_link(new_label)))
    }

    /// Copies a link to `target` in the same file, where it is called `new_label`: what it leads to is the same object. A soft
    /// link stays one. (`H5Lcopy` takes no path for granted.)
    pub(crate) fn copy_label(&self, label: &CStr, target: &Self, new_label: &CStr) -> Result<()> {
        let links = &property_lists()?.link;
        h5l::copy("copy a link", (self.handle(), label), (target.handle(), new_label), links)
    }

    /// The number of links.
    pub(crate) fn len(&self) -> u64 {
        // An open group always says it.
        h5l::count(self.handle())
    }

    /// Opens what the link `name` leads to.
    pub(crate) fn open(&self, name: &str) -> Result<Object> {
        Ok(locked(|| self.open_locked(name, &self.label(name)?))?.at(self.spot_of(name)))
    }

    /// Opens what the link leads to that the file calls `label`, and others `name`.
    pub(crate) fn open_label(&self, name: &str, label: &CStr) -> Result<Object> {
        Ok(locked(|| self.open_locked(name, label))?.at(self.spot_of(name)))
    }

    /// Opens whatever the link `name` leads to.
    pub(super) fn open_any(&self, name: &str) -> Result<Id> {
        self.open_any_label(&self.label(name)?)
    }

    pub(super) fn open_any_label(&self, label: &CStr) -> Result<Id> {
        without_plugins(|| {
            structure::check_way(self.handle(), self.0.file, label)?;
            open_by_name(self.handle(), label)
        })
    }

    fn open_locked(&self, name: &str, label: &CStr) -> Result<Object> {
        let id = match self.open_any_label(label) {
            Ok(id) => id,
            Err(error) if error.is_of_stored() => return Err(error),
            Err(error) => {
                return Err(match self.has_link(name) {
                    Ok(false) => self.no_such_link(),
                    _ => match self.soft_path(name) {
                        Ok(Some(path)) if !self.leads_somewhere(name) => {
                            let path = shortened(&path.to_string_lossy());
                            Error::leads_nowhere(format!("the link leads to `{path}`, where nothing is"))
                        }
                        _ => error,
                    },
                });
            }
        };
        let object = Object::adopt(id)?;
        Ok(if self.0.by_address { object.by_address() } else { object })
    }

    /// The error for a name that no link has.
    #[cold]
    fn no_such_link(&self) -> Error {
        let there = match self.link_names() {
            Ok(links) if links.is_empty() => " in an empty group".to_owned(),
            Ok(links) => format!(" in a group of {}", listed(&links)),
            Err(_) => String::new(),
        };
        Error::new(ErrorKind::NotFound, format!("there is nothing of that name{there}"))
    }

    /// Whether the soft link `name` leads to an object.
    fn leads_somewhere(&self, name: &str) -> bool {
        let Ok(name) = self.label(name) else { return false };
        if structure::check_way(self.handle(), self.0.file, &name).is_err() {
            return true;
        }
        h5o::exists("follow a link", self.handle(), &name).unwrap_or(false)
    }

    /// Opens the dataset that the link `name` leads to.
    pub(crate) fn open_dataset(&self, name: &str) -> Result<Dataset> {
        match self.open(name)? {
            Object::Dataset(dataset) => Ok(dataset),
            Object::Group(_) => Err(Error::corrupt("expected a dataset, found a group")),
        }
    }
}
