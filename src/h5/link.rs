//! Links of a group: all of them at once, and what they lead to.

use std::ffi::{CStr, CString};

use hdf5_sys::h5::{H5_index_t, herr_t};
use hdf5_sys::h5i::hid_t;

use super::attribute::Attributes;
use super::group::{Group, Object};
use super::object_info::Identity;
use super::open_file::{as_it_is_now, may_change};
use super::sys::{LinkInfo, Target, h5l, h5o};
use super::{c_name, call, locked, names, property_lists, structure, under_lock};
use crate::ground::error::{Error, ErrorKind, Result};

/// A link of a group.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) name: String,
    /// Whether it is another thing than a hard link.
    pub(crate) soft: bool,
    /// Where the object is that a hard link leads to, if that is known, and stays so: nobody writes to the file.
    target: Option<Target>,
    /// Its number in the order in which the links were made.
    order: Option<i64>,
    /// The name as the file has it, if that is not UTF-8.
    label: Option<CString>,
}

impl Link {
    /// A link of which only the name is known, and whether it is another thing than a hard link.
    pub(crate) fn new(name: String, soft: bool) -> Self {
        Self { name, soft, target: None, order: None, label: None }
    }

    /// The name as the file has it.
    pub(super) fn into_label(self) -> Result<CString> {
        self.label.map_or_else(|| c_name(&self.name), Ok)
    }

    /// Whether its group remembers in which order its links were made.
    pub(crate) fn is_ordered(&self) -> bool {
        self.order.is_some()
    }
}

/// What a link leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LinkTarget {
    /// An object.
    Hard,
    /// A path in the same file.
    Soft(String),
    /// A path in another file.
    External { file: String, path: String },
    /// What only the program knows that made it.
    Other,
}

impl Group {
    /// What one of the group's links leads to.
    pub(crate) fn link_target(&self, link: &Link) -> Result<LinkTarget> {
        if !link.soft {
            return Ok(LinkTarget::Hard);
        }
        locked(|| {
            let (what, label) = ("look into a link", link.clone().into_label()?);
            let info = h5l::info(self.handle(), &label)?;
            if info.is_soft() {
                return Ok(LinkTarget::Soft(names::shown(&h5l::value(what, self.handle(), &label)?)));
            }
            if !info.is_external() {
                return Ok(LinkTarget::Other);
            }
            let (file, path) = external(&h5l::raw_value(what, self.handle(), &label)?);
            let text = |name: CString| String::from_utf8_lossy(name.as_bytes()).into_owned();
            Ok(LinkTarget::External { file: text(file), path: text(path) })
        })
    }

    /// Makes a link that is as one of a group of another file, which leads to no object by itself.
    pub(super) fn copy_soft(&self, source: &Self, label: &CStr) -> Result<()> {
        let (what, links) = ("make a link", &property_lists()?.link);
        let info = h5l::info(source.handle(), label)?;
        if info.is_soft() {
            let path = h5l::value("look into a link", source.handle(), label)?;
            return h5l::create_soft(what, &path, self.handle(), label, links);
        }
        if info.is_external() {
            let (file, path) = external(&h5l::raw_value("look into a link", source.handle(), label)?);
            return h5l::create_external(what, (&file, &path), self.handle(), label, links);
        }
        let message = "a link of a sort that only the program knows that made it";
        Err(Error::new(ErrorKind::Unsupported, message))
    }

    /// Whether there is a link that the file calls so, and it leads to an object itself: not to a path, or to another file.
    pub(crate) fn has_hard_link(&self, label: &CStr) -> Result<bool> {
        Ok(self.link_info(label)?.is_some_and(|info| info.hard_target().is_some()))
    }

    /// The path that the link of that name leads to, if it is one that leads to a path.
    pub(super) fn soft_path(&self, name: &str) -> Result<Option<CString>> {
        let label = self.label(name)?;
        if !self.link_info(&label)?.is_some_and(|info| info.is_soft()) {
            return Ok(None);
        }
        h5l::value("look into a link", self.handle(), &label).map(Some)
    }

    /// What there is to know of the link that the file calls so; `None` where there is none.
    fn link_info(&self, label: &CStr) -> Result<Option<LinkInfo>> {
        if label.is_empty() || !self.has_label(label)? {
            return Ok(None);
        }
        h5l::info(self.handle(), label).map(Some)
    }

    /// All links: in the order they were made where the group remembers it, else by name.
    pub(crate) fn links(&self) -> Result<Vec<Link>> {
        let mut links = locked(|| self.links_now())?;
        names::set_apart(links.iter_mut().map(|link| (&mut link.name, link.label.is_none())));
        if links.iter().any(|link| link.target.is_some()) && may_change(self.handle())? {
            // By the time it is opened, another object may be there, or none.
            links.iter_mut().for_each(|link| link.target = None);
        }
        Ok(links)
    }

    fn links_now(&self) -> Result<Vec<Link>> {
        // Whether it does, libhdf5 says soonest when it is asked to.
        let mut links = Vec::new();
        let status = list(self.handle(), H5_index_t::H5_INDEX_CRT_ORDER, &mut links);
        if status >= 0 && links.iter().all(Link::is_ordered) {
            links.sort_by_key(|link| link.order);
            return Ok(links);
        }
        links.clear();
        call("list links", || list(self.handle(), H5_index_t::H5_INDEX_NAME, &mut links))?;
        links.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(links)
    }

    /// The names of all links, in the order of [`Group::links`].
    pub(crate) fn link_names(&self) -> Result<Vec<String>> {
        Ok(self.links()?.into_iter().map(|link| link.name).collect())
    }

    /// The same names as the file has them.
    pub(crate) fn labels(&self) -> Result<Vec<CString>> {
        self.links()?.into_iter().map(Link::into_label).collect()
    }

    /// Opens what one of the group's links leads to.
    pub(crate) fn open_link(&self, link: &Link) -> Result<Object> {
        let by_name = || match &link.label {
            Some(label) => self.open_label(&link.name, label),
            None => self.open(&link.name),
        };
        let Some(target) = link.target else { return by_name() };
        // No filter has a part in opening an object. That spares the library to look for the name again.
        let opened = under_lock(false, || {
            if let Some(file) = self.file_number()
                && let Err(error) = structure::check_ahead(self.handle(), file, target)
            {
                return Some(Err(error));
            }
            let id = h5o::open_at("open an object", self.handle(), target).and_then(as_it_is_now).ok()?;
            let adopted = match self.file_number() {
                Some(file) => Object::adopt_known(id, Identity::at(file, target)),
                None => Object::adopt(id),
            };
            Some(adopted.and_then(|object| match &object {
                // The name leads to the file that is mounted there.
                Object::Group(group) if h5l::group_info(group.handle())?.is_mounted() => Ok(None),
                _ => Ok(Some(object)),
            }))
        });
        match opened {
            Some(Ok(Some(object))) => Ok(object.by_address().at(self.spot_of(&link.name))),
            Some(Err(error)) => Err(error),
            _ => by_name(),
        }
    }
}

/// The file and the path in what an external link leads to: a byte of version and flags, and two names.
fn external(value: &[u8]) -> (CString, CString) {
    let mut names = value.get(1..).unwrap_or_default().split(|byte| *byte == 0);
    // What has no NUL in it is a C string.
    let mut name = || CString::new(names.next().unwrap_or_default()).unwrap_or_default();
    (name(), name())
}

/// Adds the links of a group by an index, in no order; the library's lock is held.
fn list(group: hid_t, index: H5_index_t, links: &mut Vec<Link>) -> herr_t {
    let mut add = |name: &CStr, info: &LinkInfo| {
        let ((name, label), target) = (names::read(name), info.hard_target());
        links.push(Link { name, soft: target.is_none(), target, order: info.order(), label });
    };
    // SAFETY: it only adds to the list.
    unsafe { h5l::iterate(group, index, &mut add) }
}

/// Where the objects are that the hard links of a group lead to, as far as libhdf5 gets through them.
pub(super) fn hard_targets(group: hid_t) -> Vec<Target> {
    let mut links = Vec::new();
    locked(|| list(group, H5_index_t::H5_INDEX_NAME, &mut links));
    links.into_iter().filter_map(|link| link.target).collect()
}
