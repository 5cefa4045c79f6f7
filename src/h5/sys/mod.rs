//! The calls into libhdf5: the only place, beside the [driver](super::driver), that names functions of C.
//!
//! Each function here is one of C, or a few that belong together, under its name there (`h5d::get_space` is `H5Dget_space`). It
//! takes the library's lock, makes an error of the failure value that the C function documents, takes slices instead of addresses,
//! and gives owned [`Id`](super::Id)s. `what` completes the sentence "HDF5 could not ...". A function that is not `unsafe` is
//! sound whatever it is given: see [`c`].
//!
//! `hdf5-metno-sys` declares some functions to give Rust enums. A Rust enum must not hold a number that none of its variants has,
//! and libhdf5 passes on what a file says without a look at some of it: the class of a dataspace, the character set of an
//! attribute, the strategy for free space. So here these give integers, which are checked.

mod c;
pub(super) mod h5a;
pub(super) mod h5d;
pub(super) mod h5f;
#[cfg(any(feature = "remote", all(unix, hdf5_drivers)))]
pub(super) mod h5fd;
pub(super) mod h5i;
pub(super) mod h5l;
pub(super) mod h5o;
pub(super) mod h5p;
pub(super) mod h5pl;
pub(super) mod h5s;
pub(super) mod h5t;
#[cfg(hdf5_tokens)]
pub(super) mod h5vl;
pub(super) mod h5z;
pub(super) mod memory;

use std::ffi::{c_char, c_int, c_uint, c_ulong, c_void};
use std::mem::offset_of;

use hdf5_sys::h5::{hbool_t, herr_t, hsize_t};
use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5l::H5L_type_t;

use super::locked;
use crate::ground::error::Error;

/// What libhdf5 tells of a link: `H5L_info1_t`, and `H5L_info2_t` since 1.12.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct LinkInfo {
    kind: c_int,
    has_order: hbool_t,
    order: i64,
    charset: c_int,
    place: Place,
}

/// For a hard link where the object is, for others the size of their value.
#[derive(Clone, Copy)]
#[repr(C)]
union Place {
    target: Target,
    size: usize,
}

impl Default for LinkInfo {
    fn default() -> Self {
        // All bytes of the place are set.
        Self { kind: 0, has_order: 0, order: 0, charset: 0, place: Place { target: Target::default() } }
    }
}

/// Where an object is in its file, which is the same by whatever way it is reached: its address, and since 1.12 a token.
#[cfg(not(hdf5_tokens))]
pub(super) type Target = hdf5_sys::h5::haddr_t;
/// `H5O_token_t`.
#[cfg(hdf5_tokens)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(C)]
pub(super) struct Target(pub(super) [u8; 16]);

#[cfg(not(hdf5_tokens))]
use hdf5_sys::h5o::H5O_info1_t as CObjectInfo;
#[cfg(hdf5_tokens)]
use hdf5_sys::h5o::H5O_info2_t as CObjectInfo;

/// What libhdf5 tells of an object: `H5O_info1_t`, and `H5O_info2_t` since 1.12.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(super) struct ObjectInfo {
    /// The number of its file.
    file: c_ulong,
    pub(super) target: Target,
    kind: c_int,
    /// How many hard links lead to it.
    links: c_uint,
    times: [u8; offset_of!(CObjectInfo, num_attrs) - offset_of!(CObjectInfo, atime)],
    attributes: hsize_t,
    #[cfg(not(hdf5_tokens))]
    header: hdf5_sys::h5o::H5O_hdr_info_t,
    #[cfg(not(hdf5_tokens))]
    meta_size: [hsize_t; 4],
}

impl ObjectInfo {
    /// The number of its file.
    #[allow(clippy::useless_conversion, reason = "the type in C differs by system")]
    pub(super) fn file(&self) -> u64 {
        self.file.into()
    }

    /// How many hard links lead to it.
    pub(super) fn links(&self) -> usize {
        self.links as usize
    }

    /// How many attributes it has, if that was asked for.
    pub(super) fn attributes(&self) -> usize {
        self.attributes as usize
    }
}

/// The forms of all structures are those that `hdf5-metno-sys` has.
const _: () = {
    use hdf5_sys::{h5a, h5g, h5l, h5t};

    #[cfg(hdf5_tokens)]
    assert!(size_of::<Target>() == size_of::<hdf5_sys::h5o::H5O_token_t>());
    assert!(size_of::<Place>() == size_of::<Target>());
    assert!(size_of::<ObjectInfo>() == size_of::<CObjectInfo>());
    assert!(offset_of!(ObjectInfo, links) == offset_of!(CObjectInfo, rc));
    assert!(offset_of!(ObjectInfo, attributes) == offset_of!(CObjectInfo, num_attrs));
    #[cfg(not(hdf5_tokens))]
    assert!(offset_of!(ObjectInfo, header) == offset_of!(CObjectInfo, hdr));
    #[cfg(not(hdf5_tokens))]
    assert!(offset_of!(ObjectInfo, target) == offset_of!(CObjectInfo, addr));
    #[cfg(hdf5_tokens)]
    assert!(offset_of!(ObjectInfo, target) == offset_of!(CObjectInfo, token));
    assert!(size_of::<LinkInfo>() == size_of::<h5l::H5L_info_t>());
    assert!(offset_of!(LinkInfo, order) == offset_of!(h5l::H5L_info_t, corder));
    assert!(offset_of!(LinkInfo, charset) == offset_of!(h5l::H5L_info_t, cset));
    assert!(offset_of!(LinkInfo, place) == offset_of!(h5l::H5L_info_t, u));
    assert!(size_of::<AttributeInfo>() == size_of::<h5a::H5A_info_t>());
    assert!(offset_of!(AttributeInfo, order) == offset_of!(h5a::H5A_info_t, corder));
    assert!(offset_of!(AttributeInfo, charset) == offset_of!(h5a::H5A_info_t, cset));
    assert!(offset_of!(AttributeInfo, size) == offset_of!(h5a::H5A_info_t, data_size));
    assert!(size_of::<GroupInfo>() == size_of::<h5g::H5G_info_t>());
    assert!(offset_of!(GroupInfo, links) == offset_of!(h5g::H5G_info_t, nlinks));
    assert!(offset_of!(GroupInfo, mounted) == offset_of!(h5g::H5G_info_t, mounted));
    assert!(size_of::<Conversion>() == size_of::<h5t::H5T_cdata_t>());
    assert!(offset_of!(Conversion, background) == offset_of!(h5t::H5T_cdata_t, need_bkg));
    assert!(offset_of!(Conversion, own) == offset_of!(h5t::H5T_cdata_t, _priv));
};

impl LinkInfo {
    /// Where the object is that the link leads to, if it is a hard link.
    pub(super) fn hard_target(&self) -> Option<Target> {
        if self.kind != H5L_type_t::H5L_TYPE_HARD as c_int {
            return None;
        }
        // SAFETY: any bytes are a place, and libhdf5 sets that member of the union for hard links.
        Some(unsafe { self.place.target })
    }

    /// Whether the link leads to a path in the same file.
    pub(super) fn is_soft(&self) -> bool {
        self.kind == H5L_type_t::H5L_TYPE_SOFT as c_int
    }

    /// Whether the link leads to a path in another file.
    pub(super) fn is_external(&self) -> bool {
        self.kind == H5L_type_t::H5L_TYPE_EXTERNAL as c_int
    }

    /// Its number in the order in which the links were made, if the group counts them.
    pub(super) fn order(&self) -> Option<i64> {
        (self.has_order != 0).then_some(self.order)
    }
}

/// What libhdf5 tells of an attribute: `H5A_info_t`.
#[repr(C)]
pub(super) struct AttributeInfo {
    has_order: hbool_t,
    order: u32,
    charset: c_int,
    size: hsize_t,
}

impl AttributeInfo {
    /// Its number in the order in which the attributes were made, if the object counts them.
    pub(super) fn order(&self) -> Option<u32> {
        (self.has_order != 0).then_some(self.order)
    }
}

/// What libhdf5 tells of a group: `H5G_info_t`.
#[derive(Default)]
#[repr(C)]
pub(super) struct GroupInfo {
    storage: c_int,
    links: hsize_t,
    last_order: i64,
    mounted: hbool_t,
}

impl GroupInfo {
    /// Whether another file is mounted on it.
    pub(super) fn is_mounted(&self) -> bool {
        self.mounted != 0
    }
}

/// What libhdf5 tells a conversion, and is told by it: `H5T_cdata_t`.
#[repr(C)]
pub(super) struct Conversion {
    pub(super) command: c_int,
    pub(super) background: c_int,
    recalculate: hbool_t,
    /// What the conversion keeps.
    pub(super) own: *mut c_void,
}

/// A conversion: `H5T_conv_t`.
pub(super) type Convert =
    extern "C" fn(hid_t, hid_t, *mut Conversion, usize, usize, usize, *mut c_void, *mut c_void, hid_t) -> herr_t;

/// The variant that has the number, of those that are named; `None` where none of them has it.
macro_rules! variant {
    ($number:expr, $of:ident: $($variant:ident),+ $(,)?) => {
        match $number {
            $(number if number == $of::$variant as c_int => Some($of::$variant),)+
            _ => None,
        }
    };
}
use variant;

#[cold]
fn unknown(what: &str, number: c_int) -> Error {
    Error::corrupt(format!("{what} with the number {number}, which HDF5 does not know"))
}

/// The text that `get` puts into a buffer of the size that it is given, if it is in UTF-8. It returns the length, also without a
/// buffer.
fn text_by(get: impl Fn(*mut c_char, usize) -> isize) -> Option<String> {
    locked(|| {
        let len = usize::try_from(get(std::ptr::null_mut(), 0)).ok()?;
        let mut name = vec![0_u8; len.checked_add(1)?];
        if get(name.as_mut_ptr().cast(), name.len()) < 0 {
            return None;
        }
        name.truncate(len);
        String::from_utf8(name).ok()
    })
}
