//! What there is to know of an object without looking into it.

use std::ffi::CStr;
use std::mem::MaybeUninit;

use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5o;

use super::attribute::Attributes;
use super::group::Object;
use super::sys::Target;
use super::{Id, call, locked};
use crate::ground::error::Result;

#[cfg(not(hdf5_tokens))]
type Info = h5o::H5O_info1_t;
#[cfg(hdf5_tokens)]
type Info = h5o::H5O_info2_t;

#[cfg(not(hdf5_tokens))]
type Token = hdf5_sys::h5::haddr_t;
#[cfg(hdf5_tokens)]
type Token = [u8; size_of::<h5o::H5O_token_t>()];

/// What tells an object from every other: its file's number and its token, its address within the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity(u64, Token);

impl Identity {
    /// The number of its file.
    pub(super) fn file(self) -> u64 {
        self.0
    }

    /// That of the object at a place in the file of that number.
    pub(super) fn at(file: u64, target: Target) -> Self {
        #[cfg(not(hdf5_tokens))]
        let token = target;
        // SAFETY: a token is an array of bytes.
        #[cfg(hdf5_tokens)]
        let token = unsafe { (&raw const target).cast::<Token>().read() };
        Self(file, token)
    }

    /// The address of its header. In libhdf5's own format, a token has that in it as the file would.
    pub(super) fn address(self) -> u64 {
        #[cfg(hdf5_tokens)]
        return super::heap::number(&self.1);
        #[cfg(not(hdf5_tokens))]
        self.1
    }
}

/// What there is to know about an object without looking into it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About {
    /// What tells it from other objects.
    pub(crate) identity: Identity,
    /// How many hard links lead to it.
    pub(crate) links: usize,
    /// How many attributes it has.
    pub(crate) attributes: usize,
}

/// What there is to know about an object.
pub(super) fn about(object: hid_t) -> Result<About> {
    info_of(object, h5o::H5O_INFO_BASIC | h5o::H5O_INFO_NUM_ATTRS)
}

/// What tells an object from every other. libhdf5 does not look for its attributes.
pub(super) fn identity_of(object: hid_t) -> Result<Identity> {
    info_of(object, h5o::H5O_INFO_BASIC).map(|about| about.identity)
}

fn info_of(object: hid_t, fields: std::ffi::c_uint) -> Result<About> {
    let mut info = MaybeUninit::<Info>::zeroed();
    // SAFETY: an object's handle, and the address of what the function fills in.
    call("look into an object", || unsafe {
        #[cfg(not(hdf5_tokens))]
        return h5o::H5Oget_info2(object, info.as_mut_ptr(), fields);
        #[cfg(hdf5_tokens)]
        return h5o::H5Oget_info3(object, info.as_mut_ptr(), fields);
    })?;
    Ok(read(&info))
}

/// What tells the object at a path in the file of `object` from others, if there is one; `links` says how they are followed.
pub(super) fn identity_at(object: hid_t, path: &CStr, links: &Id) -> Option<Identity> {
    let mut info = MaybeUninit::<Info>::zeroed();
    let (at, fields, path) = (info.as_mut_ptr(), h5o::H5O_INFO_BASIC, path.as_ptr());
    // SAFETY: an object's handle, a C string, the address of what the function fills in, and a link access list.
    let status = locked(|| unsafe {
        #[cfg(not(hdf5_tokens))]
        return h5o::H5Oget_info_by_name2(object, path, at, fields, links.get());
        #[cfg(hdf5_tokens)]
        return h5o::H5Oget_info_by_name3(object, path, at, fields, links.get());
    });
    (status >= 0).then(|| read(&info).identity)
}

/// What the library said of an object, or zeros where it said nothing.
fn read(info: &MaybeUninit<Info>) -> About {
    let info = info.as_ptr();
    // SAFETY: an address is a number.
    #[cfg(not(hdf5_tokens))]
    let token = unsafe { (&raw const (*info).addr).read() };
    // SAFETY: a token is an array of bytes.
    #[cfg(hdf5_tokens)]
    let token = unsafe { (&raw const (*info).token).cast::<Token>().read() };
    // SAFETY: these are numbers. The other fields, of which some are enums, are not looked at.
    let (file, links, attributes) = unsafe {
        ((&raw const (*info).fileno).read(), (&raw const (*info).rc).read(), (&raw const (*info).num_attrs).read())
    };
    #[allow(clippy::useless_conversion, reason = "the type in C differs by system")]
    let identity = Identity(file.into(), token);
    About { identity, links: links as usize, attributes: attributes as usize }
}

/// The kinds of messages in an object's header.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Messages(u64);

impl Messages {
    /// Those of the object.
    pub(super) fn of(object: hid_t) -> Result<Self> {
        header_of(object).map(|header| Self(header.mesg.present))
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

    /// Whether the object may have links, attributes or chunks that are found by B-trees of version 2.
    pub(super) fn may_be_dense(self) -> bool {
        const LINK_INFO: u32 = 0x02;
        const LAYOUT: u32 = 0x08;
        const ATTRIBUTE_INFO: u32 = 0x15;
        [LINK_INFO, LAYOUT, ATTRIBUTE_INFO].into_iter().any(|kind| self.has(kind))
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
    Ok(header_of(object)?.flags & TRACKED != 0)
}

#[cfg(not(hdf5_tokens))]
fn header_of(object: hid_t) -> Result<h5o::H5O_hdr_info_t> {
    let mut info = MaybeUninit::<Info>::zeroed();
    // SAFETY: an object's handle, and the address of what the function fills in.
    call("look into an object", || unsafe { h5o::H5Oget_info2(object, info.as_mut_ptr(), h5o::H5O_INFO_HDR) })?;
    // SAFETY: these are numbers.
    Ok(unsafe { (&raw const (*info.as_ptr()).hdr).read() })
}

#[cfg(hdf5_tokens)]
fn header_of(object: hid_t) -> Result<h5o::H5O_hdr_info_t> {
    use hdf5_sys::h5::{herr_t, hsize_t};

    // `hdf5-metno-sys` has it with private fields.
    #[repr(C)]
    struct NativeInfo {
        header: h5o::H5O_hdr_info_t,
        meta_size: [hsize_t; 4],
    }
    const HEADER: std::ffi::c_uint = 0x08;
    unsafe extern "C" {
        fn H5Oget_native_info(object: hid_t, info: *mut NativeInfo, fields: std::ffi::c_uint) -> herr_t;
    }
    let mut info = MaybeUninit::<NativeInfo>::zeroed();
    // SAFETY: an object's handle, and the address of what the function fills in.
    call("look into an object", || unsafe { H5Oget_native_info(object, info.as_mut_ptr(), HEADER) })?;
    // SAFETY: these are numbers.
    Ok(unsafe { info.assume_init() }.header)
}

impl Object {
    /// What tells it from other objects, and how many links and attributes it has.
    pub(crate) fn about(&self) -> Result<About> {
        about(self.handle())
    }
}
