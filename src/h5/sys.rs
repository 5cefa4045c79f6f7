//! Functions of libhdf5 that give enums, declared as giving integers, and checked.
//!
//! `hdf5-metno-sys` declares them to give Rust enums. A Rust enum must not hold a number that none of its variants has, and
//! libhdf5 passes on what a file says without a look at some of it: the class of a dataspace, the character set of an
//! attribute, the strategy for free space. So this crate calls none of those declarations. What is declared here has the
//! same form in C, where an enum is an `int`.

use std::ffi::{c_char, c_int, c_void};
use std::mem::{MaybeUninit, offset_of};

use hdf5_sys::h5::{hbool_t, herr_t, hsize_t};
use hdf5_sys::h5d::H5D_layout_t;
use hdf5_sys::h5i::{H5I_type_t, hid_t};
use hdf5_sys::h5l::H5L_type_t;
use hdf5_sys::h5p::H5P_DEFAULT;
use hdf5_sys::h5s::H5S_class_t;
use hdf5_sys::h5t::{H5T_class_t, H5T_cset_t, H5T_norm_t, H5T_sign_t, H5T_str_t};
use hdf5_sys::{h5d, h5f};

use super::dtype::StringPadding;
use super::{call, locked};
use crate::ground::error::{Error, Result};

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

/// Where an object is in its file.
#[cfg(not(hdf5_tokens))]
pub(super) type Target = hdf5_sys::h5::haddr_t;
#[cfg(hdf5_tokens)]
pub(super) type Target = hdf5_sys::h5o::H5O_token_t;

/// The forms of all structures are those that `hdf5-metno-sys` has.
const _: () = {
    use hdf5_sys::{h5a, h5g, h5l, h5t};

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

/// What is called for each link of a group.
pub(super) type EachLink = unsafe extern "C" fn(hid_t, *const c_char, *const LinkInfo, *mut c_void) -> herr_t;

/// What is called for each attribute of an object.
pub(super) type EachAttribute = unsafe extern "C" fn(hid_t, *const c_char, *const AttributeInfo, *mut c_void) -> herr_t;

unsafe extern "C" {
    fn H5Iget_type(id: hid_t) -> c_int;
    fn H5Sget_simple_extent_type(space: hid_t) -> c_int;
    fn H5Tget_class(dtype: hid_t) -> c_int;
    fn H5Tget_sign(dtype: hid_t) -> c_int;
    fn H5Tget_cset(dtype: hid_t) -> c_int;
    fn H5Tget_strpad(dtype: hid_t) -> c_int;
    fn H5Tget_norm(dtype: hid_t) -> c_int;
    fn H5Pget_layout(list: hid_t) -> c_int;
    fn H5Pget_fill_time(list: hid_t, time: *mut c_int) -> herr_t;
    fn H5Pfill_value_defined(list: hid_t, status: *mut c_int) -> herr_t;
    fn H5Pget_file_space_strategy(
        list: hid_t,
        strategy: *mut c_int,
        persist: *mut hbool_t,
        threshold: *mut hsize_t,
    ) -> herr_t;
    fn H5Gget_info(group: hid_t, info: *mut GroupInfo) -> herr_t;
    #[cfg_attr(not(hdf5_tokens), link_name = "H5Lget_info")]
    #[cfg_attr(hdf5_tokens, link_name = "H5Lget_info2")]
    fn H5Lget_info(group: hid_t, name: *const c_char, info: *mut LinkInfo, access: hid_t) -> herr_t;
    #[cfg_attr(not(hdf5_tokens), link_name = "H5Literate")]
    #[cfg_attr(hdf5_tokens, link_name = "H5Literate2")]
    pub(super) fn H5Literate(
        group: hid_t,
        index: c_int,
        order: c_int,
        start: *mut hsize_t,
        each: Option<EachLink>,
        data: *mut c_void,
    ) -> herr_t;
    pub(super) fn H5Aiterate2(
        object: hid_t,
        index: c_int,
        order: c_int,
        start: *mut hsize_t,
        each: Option<EachAttribute>,
        data: *mut c_void,
    ) -> herr_t;
    pub(super) fn H5Tregister(
        persistence: c_int,
        name: *const c_char,
        from: hid_t,
        to: hid_t,
        convert: Option<Convert>,
    ) -> herr_t;
}

/// The variant that has the number, of those that are named; `None` where none of them has it.
macro_rules! variant {
    ($number:expr, $of:ident: $($variant:ident),+ $(,)?) => {
        match $number {
            $(number if number == $of::$variant as c_int => Some($of::$variant),)+
            _ => None,
        }
    };
}

#[cold]
fn unknown(what: &str, number: c_int) -> Error {
    Error::corrupt(format!("{what} with the number {number}, which HDF5 does not know"))
}

/// What the handle is of; `None` for what no value is in.
pub(super) fn is_of(id: hid_t) -> Option<H5I_type_t> {
    // SAFETY: any number can be asked for.
    let number = locked(|| unsafe { H5Iget_type(id) });
    variant!(number, H5I_type_t: H5I_FILE, H5I_GROUP, H5I_DATASET, H5I_DATATYPE)
}

/// The class of a dataspace.
pub(super) fn space_class(space: hid_t) -> Result<H5S_class_t> {
    // SAFETY: any number can be asked for.
    let number = call("look into a dataspace", || unsafe { H5Sget_simple_extent_type(space) })?;
    variant!(number, H5S_class_t: H5S_SCALAR, H5S_SIMPLE, H5S_NULL)
        .ok_or_else(|| unknown("a dataspace of a class", number))
}

/// The class of an element type; `None` for one that is not known here, such as those that later versions of libhdf5 add.
pub(super) fn type_class(dtype: hid_t) -> Result<Option<H5T_class_t>> {
    // SAFETY: any number can be asked for.
    let number = call("look into an element type", || unsafe { H5Tget_class(dtype) })?;
    #[cfg(hdf5_complex)]
    if number == H5T_class_t::H5T_COMPLEX as c_int {
        return Ok(Some(H5T_class_t::H5T_COMPLEX));
    }
    Ok(variant!(
        number,
        H5T_class_t: H5T_INTEGER, H5T_FLOAT, H5T_TIME, H5T_STRING, H5T_BITFIELD, H5T_OPAQUE, H5T_COMPOUND, H5T_REFERENCE,
        H5T_ENUM, H5T_VLEN, H5T_ARRAY,
    ))
}

/// Whether integers of the type have a sign.
pub(super) fn is_signed(dtype: hid_t) -> Result<bool> {
    // SAFETY: any number can be asked for.
    let number = call("look into an integer type", || unsafe { H5Tget_sign(dtype) })?;
    let sign = variant!(number, H5T_sign_t: H5T_SGN_NONE, H5T_SGN_2)
        .ok_or_else(|| unknown("an integer type of a sign", number))?;
    Ok(sign == H5T_sign_t::H5T_SGN_2)
}

/// Whether a string type says UTF-8. The other sets are ASCII, and numbers that HDF5 has reserved.
pub(super) fn is_utf8(dtype: hid_t) -> Result<bool> {
    // SAFETY: any number can be asked for.
    let number = call("look into a string type", || unsafe { H5Tget_cset(dtype) })?;
    Ok(number == H5T_cset_t::H5T_CSET_UTF8 as c_int)
}

/// How strings of a string type end.
pub(super) fn padding(dtype: hid_t) -> Result<StringPadding> {
    // SAFETY: any number can be asked for.
    let number = call("look into a string type", || unsafe { H5Tget_strpad(dtype) })?;
    match variant!(number, H5T_str_t: H5T_STR_NULLTERM, H5T_STR_NULLPAD, H5T_STR_SPACEPAD) {
        Some(H5T_str_t::H5T_STR_NULLTERM) => Ok(StringPadding::NullTerminated),
        Some(H5T_str_t::H5T_STR_SPACEPAD) => Ok(StringPadding::SpacePadded),
        Some(_) => Ok(StringPadding::NullPadded),
        None => Err(unknown("a string type of a padding", number)),
    }
}

/// How a float type normalizes the mantissa; `None` for a way that is not known here.
pub(super) fn norm(dtype: hid_t) -> Result<Option<H5T_norm_t>> {
    // SAFETY: any number can be asked for.
    let number = call("look into a float type", || unsafe { H5Tget_norm(dtype) })?;
    Ok(variant!(number, H5T_norm_t: H5T_NORM_IMPLIED, H5T_NORM_MSBSET, H5T_NORM_NONE))
}

/// The layout that is on a dataset creation list.
pub(super) fn layout(list: hid_t) -> Result<H5D_layout_t> {
    // SAFETY: any number can be asked for.
    let number = call("look into a dataset", || unsafe { H5Pget_layout(list) })?;
    variant!(number, H5D_layout_t: H5D_COMPACT, H5D_CONTIGUOUS, H5D_CHUNKED, H5D_VIRTUAL)
        .ok_or_else(|| unknown("a dataset of a layout", number))
}

/// Whether there is a value for the items that were never written: on a dataset creation list.
pub(super) fn has_fill_value(list: hid_t) -> Result<bool> {
    let mut status = h5d::H5D_fill_value_t::H5D_FILL_VALUE_ERROR as c_int;
    // SAFETY: any number can be asked for, and the address of a number is given.
    call("look into a dataset", || unsafe { H5Pfill_value_defined(list, &raw mut status) })?;
    use h5d::H5D_fill_value_t::{H5D_FILL_VALUE_DEFAULT, H5D_FILL_VALUE_USER_DEFINED};
    Ok([H5D_FILL_VALUE_DEFAULT as c_int, H5D_FILL_VALUE_USER_DEFINED as c_int].contains(&status))
}

/// Whether libhdf5 fills room with the fill value at some time: on a dataset creation list.
pub(super) fn fills_at_some_time(list: hid_t) -> Result<bool> {
    use h5d::H5D_fill_time_t::{H5D_FILL_TIME_ALLOC, H5D_FILL_TIME_IFSET};
    let mut time: c_int = -1;
    // SAFETY: any number can be asked for, and the address of a number is given.
    call("look into a dataset", || unsafe { H5Pget_fill_time(list, &raw mut time) })?;
    Ok([H5D_FILL_TIME_ALLOC as c_int, H5D_FILL_TIME_IFSET as c_int].contains(&time))
}

/// Whether room that becomes free is forgotten: on a file creation list.
#[cfg_attr(not(all(unix, hdf5_drivers)), expect(dead_code, reason = "only files of an ordered driver are asked"))]
pub(super) fn forgets_freed_room(list: hid_t) -> Result<bool> {
    let (mut strategy, mut persist, mut threshold) = Default::default();
    // SAFETY: any number can be asked for, and the addresses of numbers are given.
    call("look into a file", || unsafe {
        H5Pget_file_space_strategy(list, &raw mut strategy, &raw mut persist, &raw mut threshold)
    })?;
    Ok(strategy == h5f::H5F_fspace_strategy_t::H5F_FSPACE_STRATEGY_NONE as c_int)
}

/// What libhdf5 tells of a group.
pub(super) fn group_info(group: hid_t) -> Result<GroupInfo> {
    let mut info = MaybeUninit::<GroupInfo>::zeroed();
    // SAFETY: any number can be asked for, and the address of the structure is given.
    call("look into a group", || unsafe { H5Gget_info(group, info.as_mut_ptr()) })?;
    // SAFETY: all of it are numbers, which were zeros before the function set them.
    Ok(unsafe { info.assume_init() })
}

/// How many links a group has; none where libhdf5 does not say.
pub(super) fn links_of(group: hid_t) -> u64 {
    let mut info = MaybeUninit::<GroupInfo>::zeroed();
    // SAFETY: any number can be asked for, and the address of the structure is given.
    let status = locked(|| unsafe { H5Gget_info(group, info.as_mut_ptr()) });
    // SAFETY: all of it are numbers, which were zeros before the function set them.
    if status < 0 { 0 } else { unsafe { info.assume_init() }.links }
}

/// The same; `None` where there is no such link.
///
/// # Safety
/// `name` is a C string.
pub(super) unsafe fn find_link(group: hid_t, name: *const c_char) -> Option<LinkInfo> {
    let mut info = MaybeUninit::<LinkInfo>::zeroed();
    // SAFETY: any number can be asked for, the caller gives a C string, and the address of the structure is given.
    let status = locked(|| unsafe { H5Lget_info(group, name, info.as_mut_ptr(), H5P_DEFAULT) });
    // SAFETY: all of it are numbers, which were zeros before the function set them.
    (status >= 0).then(|| unsafe { info.assume_init() })
}

/// What libhdf5 tells of a link.
///
/// # Safety
/// `name` is a C string.
pub(super) unsafe fn link_info(group: hid_t, name: *const c_char, access: hid_t) -> Result<LinkInfo> {
    let mut info = MaybeUninit::<LinkInfo>::zeroed();
    // SAFETY: any number can be asked for, the caller gives a C string, and the address of the structure is given.
    call("look into a link", || unsafe { H5Lget_info(group, name, info.as_mut_ptr(), access) })?;
    // SAFETY: all of it are numbers, which were zeros before the function set them.
    Ok(unsafe { info.assume_init() })
}
