//! What there is to know of an object without looking into it.

use std::mem::MaybeUninit;

use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5o;

use super::attribute::Attributes;
use super::call;
use super::group::Object;
use crate::error::Result;

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
    let fields = h5o::H5O_INFO_BASIC | h5o::H5O_INFO_NUM_ATTRS;
    let mut info = MaybeUninit::<Info>::zeroed();
    // SAFETY: an object's handle, and the address of what the function fills in.
    call("look into an object", || unsafe {
        #[cfg(not(hdf5_tokens))]
        return h5o::H5Oget_info2(object, info.as_mut_ptr(), fields);
        #[cfg(hdf5_tokens)]
        return h5o::H5Oget_info3(object, info.as_mut_ptr(), fields);
    })?;
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
    Ok(About { identity, links: links as usize, attributes: attributes as usize })
}

impl Object {
    /// What tells it from other objects, and how many links and attributes it has.
    pub(crate) fn about(&self) -> Result<About> {
        about(self.handle())
    }
}
