//! What there is to know of an object without looking into it.

use std::ffi::CStr;

use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5o::{H5O_INFO_BASIC, H5O_INFO_NUM_ATTRS};

use super::Id;
use super::attribute::Attributes;
use super::group::Object;
use super::sys::{Target, h5o};
use crate::ground::error::Result;

/// What tells an object from every other: its file's number and its token, its address within the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity(u64, Target);

impl Identity {
    /// The number of its file.
    pub(super) fn file(self) -> u64 {
        self.0
    }

    /// Where it is in its file.
    pub(super) fn target(self) -> Target {
        self.1
    }

    /// That of the object at a place in the file of that number.
    pub(super) fn at(file: u64, target: Target) -> Self {
        Self(file, target)
    }

    /// The address of its header. In libhdf5's own format, a token has that in it as the file would.
    pub(crate) fn address(self) -> u64 {
        #[cfg(hdf5_tokens)]
        return super::global_heap::number(&self.1.0);
        #[cfg(not(hdf5_tokens))]
        self.1
    }
}

/// What there is to know about an object without looking into it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ObjectSummary {
    /// What tells it from other objects.
    pub(crate) identity: Identity,
    /// How many hard links lead to it.
    pub(crate) links: usize,
    /// How many attributes it has.
    pub(crate) attributes: usize,
}

/// What there is to know about an object.
pub(super) fn summary_of(object: hid_t) -> Result<ObjectSummary> {
    let info = h5o::info("look into an object", object, H5O_INFO_BASIC | H5O_INFO_NUM_ATTRS)?;
    Ok(ObjectSummary {
        identity: Identity(info.file(), info.target),
        links: info.links(),
        attributes: info.attributes(),
    })
}

/// What tells an object from every other. libhdf5 does not look for its attributes.
pub(super) fn identity_of(object: hid_t) -> Result<Identity> {
    let info = h5o::info("look into an object", object, H5O_INFO_BASIC)?;
    Ok(Identity(info.file(), info.target))
}

/// How many hard links lead to an object. libhdf5 does not look for its attributes.
pub(crate) fn hard_links(object: &impl Attributes) -> Result<usize> {
    Ok(h5o::info("look into an object", object.handle(), H5O_INFO_BASIC)?.links())
}

/// What tells the object at a path in the file of `object` from others, if there is one; `links` says how they are followed.
pub(super) fn identity_at(object: hid_t, path: &CStr, links: &Id) -> Option<Identity> {
    h5o::find_info(object, path, H5O_INFO_BASIC, links).map(|info| Identity(info.file(), info.target))
}

/// The kinds of messages in an object's header.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Messages(u64);

impl Messages {
    /// Those of the object.
    pub(super) fn of(object: hid_t) -> Result<Self> {
        h5o::header("look into an object", object).map(|header| Self(header.mesg.present))
    }

    /// Adds one of that kind.
    pub(super) fn add(&mut self, kind: u16) {
        self.0 |= 1u64.checked_shl(kind.into()).unwrap_or(0);
    }

    /// Whether there is one of the kind that has that number in the specification of the file format.
    fn has(self, kind: u32) -> bool {
        self.0 & 1 << kind != 0
    }

    /// Whether a dataset has its data in other files.
    pub(super) fn has_external_storage(self) -> bool {
        const EXTERNAL_DATA_FILES: u32 = 0x07;
        self.has(EXTERNAL_DATA_FILES)
    }

    /// Whether the object may have attributes.
    pub(super) fn has_attributes(self) -> bool {
        const ATTRIBUTE: u32 = 0x0C;
        const ATTRIBUTE_INFO: u32 = 0x15;
        self.has(ATTRIBUTE) || self.has(ATTRIBUTE_INFO)
    }
}

/// Whether an object keeps the order in which its attributes were made.
pub(super) fn keeps_attribute_order(object: hid_t) -> Result<bool> {
    const TRACKED: std::ffi::c_uint = 0x04;
    Ok(h5o::header("look into an object", object)?.flags & TRACKED != 0)
}

impl Object {
    /// What tells it from other objects, and how many links and attributes it has.
    pub(crate) fn summary(&self) -> Result<ObjectSummary> {
        summary_of(self.handle())
    }
}
