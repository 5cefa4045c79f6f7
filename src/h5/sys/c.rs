//! The functions of libhdf5 that this crate calls, as C has them.
//!
//! Those that are declared as `safe` may be called with any arguments:
//!
//! - libhdf5 looks each identifier up in a table, and refuses numbers that it does not know and things of other kinds.
//! - An address is a reference here, or a [`Name`], so it is never wild. libhdf5 keeps none of them.
//! - Where libhdf5 reads or writes a number for each dimension, it has room for all that it allows: [`RANK`].
//! - A Rust enum that is passed has a number that the function looks at, and refuses if it cannot be used.
//!
//! None takes a lock: the functions above these do.

use std::ffi::{CStr, c_char, c_double, c_int, c_uint, c_void};
use std::marker::PhantomData;

use hdf5_sys::h5::{H5_index_t, H5_iter_order_t, haddr_t, hbool_t, herr_t, hsize_t, htri_t};
use hdf5_sys::h5d::{H5D_alloc_time_t, H5D_fill_time_t, H5D_layout_t};
use hdf5_sys::h5f::{H5F_fspace_strategy_t, H5F_libver_t, H5F_scope_t};
use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5p::H5P_DEFAULT;
use hdf5_sys::h5r::H5R_type_t;
use hdf5_sys::h5s::{H5S_class_t, H5S_seloper_t};
use hdf5_sys::h5t::{H5T_class_t, H5T_cset_t, H5T_norm_t, H5T_sign_t, H5T_str_t};

use super::{AttributeInfo, Convert, GroupInfo, LinkInfo, ObjectInfo, Target};

/// The most dimensions that anything in HDF5 has: `H5S_MAX_RANK`.
pub(super) const RANK: usize = 32;

/// A number for each dimension that there may be.
pub(super) type Dims = [hsize_t; RANK];

/// The numbers in front, and zeros after them.
#[inline]
pub(super) fn padded(dims: &[u64]) -> Dims {
    let mut all = [0; RANK];
    all.iter_mut().zip(dims).for_each(|(place, dim)| *place = *dim);
    all
}

/// The address of a C string, as C takes it.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(super) struct Name<'a>(*const c_char, PhantomData<&'a CStr>);

impl<'a> From<&'a CStr> for Name<'a> {
    #[inline]
    fn from(name: &'a CStr) -> Self {
        Self(name.as_ptr(), PhantomData)
    }
}

/// What it tells of an object's header in its own format: `H5O_native_info_t`, of which `hdf5-metno-sys` has the fields private.
#[cfg(hdf5_tokens)]
#[derive(Default)]
#[repr(C)]
pub(super) struct NativeInfo {
    pub(super) header: hdf5_sys::h5o::H5O_hdr_info_t,
    meta_size: [hsize_t; 4],
}

/// What is called before the file is opened that a link leads to.
pub(super) type FollowLink = unsafe extern "C" fn(
    *const c_char,
    *const c_char,
    *const c_char,
    *const c_char,
    *mut c_uint,
    hid_t,
    *mut c_void,
) -> herr_t;

/// What is called for each link of a group.
pub(super) type EachLink = unsafe extern "C" fn(hid_t, *const c_char, *const LinkInfo, *mut c_void) -> herr_t;

/// What is called for each attribute of an object.
pub(super) type EachAttribute = unsafe extern "C" fn(hid_t, *const c_char, *const AttributeInfo, *mut c_void) -> herr_t;

/// A property list of which nothing was set.
pub(super) const DEFAULT: hid_t = H5P_DEFAULT;

// SAFETY: the forms are those of libhdf5's headers, where an enum is an `int`. What is `safe` is so by the rules above.
unsafe extern "C" {
    // Attributes. What gives an identifier gives one that the caller owns, or a negative number.
    pub(super) safe fn H5Aopen(object: hid_t, name: Name<'_>, list: hid_t) -> hid_t;
    pub(super) safe fn H5Aget_space(attribute: hid_t) -> hid_t;
    pub(super) safe fn H5Aget_type(attribute: hid_t) -> hid_t;
    pub(super) safe fn H5Acreate2(
        object: hid_t,
        name: Name<'_>,
        dtype: hid_t,
        space: hid_t,
        list: hid_t,
        access: hid_t,
    ) -> hid_t;
    pub(super) safe fn H5Adelete(object: hid_t, name: Name<'_>) -> herr_t;
    pub(super) safe fn H5Aexists(object: hid_t, name: Name<'_>) -> htri_t;
    pub(super) fn H5Aread(attribute: hid_t, memory_type: hid_t, to: *mut c_void) -> herr_t;
    pub(super) fn H5Awrite(attribute: hid_t, memory_type: hid_t, from: *const c_void) -> herr_t;
    pub(super) fn H5Aiterate2(
        object: hid_t,
        index: H5_index_t,
        order: H5_iter_order_t,
        start: *mut hsize_t,
        each: Option<EachAttribute>,
        data: *mut c_void,
    ) -> herr_t;

    // Datasets.
    pub(super) safe fn H5Dget_type(dataset: hid_t) -> hid_t;
    pub(super) safe fn H5Dget_space(dataset: hid_t) -> hid_t;
    pub(super) safe fn H5Dget_create_plist(dataset: hid_t) -> hid_t;
    pub(super) safe fn H5Dcreate2(
        group: hid_t,
        name: Name<'_>,
        dtype: hid_t,
        space: hid_t,
        links: hid_t,
        list: hid_t,
        access: hid_t,
    ) -> hid_t;
    pub(super) safe fn H5Dcreate_anon(file: hid_t, dtype: hid_t, space: hid_t, list: hid_t, access: hid_t) -> hid_t;
    pub(super) safe fn H5Dopen2(group: hid_t, name: Name<'_>, access: hid_t) -> hid_t;
    // 0 is a size like any other, and no sign of failure.
    pub(super) safe fn H5Dget_storage_size(dataset: hid_t) -> hsize_t;
    // `HADDR_UNDEF` where there is no one address.
    pub(super) safe fn H5Dget_offset(dataset: hid_t) -> haddr_t;
    pub(super) safe fn H5Dset_extent(dataset: hid_t, dims: &Dims) -> herr_t;
    pub(super) safe fn H5Dget_num_chunks(dataset: hid_t, space: hid_t, count: &mut hsize_t) -> herr_t;
    pub(super) safe fn H5Dget_chunk_info(
        dataset: hid_t,
        space: hid_t,
        index: hsize_t,
        offset: &mut Dims,
        left_out: Option<&mut c_uint>,
        address: Option<&mut haddr_t>,
        size: Option<&mut hsize_t>,
    ) -> herr_t;
    pub(super) safe fn H5Dget_chunk_info_by_coord(
        dataset: hid_t,
        offset: &Dims,
        left_out: &mut c_uint,
        address: &mut haddr_t,
        size: &mut hsize_t,
    ) -> herr_t;
    // Of libhdf5 since 1.10.2; `hdf5-metno-sys` leaves it out.
    pub(super) safe fn H5Dget_chunk_storage_size(dataset: hid_t, offset: &Dims, size: &mut hsize_t) -> herr_t;
    pub(super) fn H5Dread(
        dataset: hid_t,
        memory_type: hid_t,
        memory: hid_t,
        file: hid_t,
        list: hid_t,
        to: *mut c_void,
    ) -> herr_t;
    pub(super) fn H5Dwrite(
        dataset: hid_t,
        memory_type: hid_t,
        memory: hid_t,
        file: hid_t,
        list: hid_t,
        from: *const c_void,
    ) -> herr_t;
    pub(super) fn H5Dwrite_chunk(
        dataset: hid_t,
        list: hid_t,
        left_out: u32,
        offset: *const Dims,
        size: usize,
        from: *const c_void,
    ) -> herr_t;
    #[cfg(not(hdf5_sized_chunks))]
    pub(super) fn H5Dread_chunk(
        dataset: hid_t,
        list: hid_t,
        offset: *const Dims,
        left_out: *mut u32,
        to: *mut c_void,
    ) -> herr_t;
    // Since 2.0 it takes the room that there is.
    #[cfg(hdf5_sized_chunks)]
    #[link_name = "H5Dread_chunk2"]
    pub(super) fn H5Dread_chunk(
        dataset: hid_t,
        list: hid_t,
        offset: *const Dims,
        left_out: *mut u32,
        to: *mut c_void,
        size: *mut usize,
    ) -> herr_t;

    // Files.
    pub(super) safe fn H5Fcreate(path: Name<'_>, flags: c_uint, creation: hid_t, access: hid_t) -> hid_t;
    pub(super) safe fn H5Fopen(path: Name<'_>, flags: c_uint, access: hid_t) -> hid_t;
    pub(super) safe fn H5Fclose(file: hid_t) -> herr_t;
    pub(super) safe fn H5Fflush(object: hid_t, scope: H5F_scope_t) -> herr_t;
    pub(super) safe fn H5Fstart_swmr_write(file: hid_t) -> herr_t;
    pub(super) safe fn H5Fget_filesize(file: hid_t, size: &mut hsize_t) -> herr_t;
    pub(super) safe fn H5Fget_intent(file: hid_t, intent: &mut c_uint) -> herr_t;
    pub(super) safe fn H5Fget_access_plist(file: hid_t) -> hid_t;
    pub(super) safe fn H5Fget_create_plist(file: hid_t) -> hid_t;
    #[cfg(hdf5_tokens)]
    pub(super) safe fn H5Fget_fileno(file: hid_t, number: &mut std::ffi::c_ulong) -> herr_t;
    pub(super) safe fn H5Fget_vfd_handle(file: hid_t, list: hid_t, handle: &mut *mut c_void) -> herr_t;
    pub(super) safe fn H5Fget_obj_count(file: hid_t, types: c_uint) -> isize;
    pub(super) fn H5Fget_obj_ids(file: hid_t, types: c_uint, most: usize, ids: *mut hid_t) -> isize;
    // These two give the length, also without a buffer.
    pub(super) fn H5Fget_name(object: hid_t, name: *mut c_char, size: usize) -> isize;
    pub(super) fn H5Fget_file_image(file: hid_t, to: *mut c_void, size: usize) -> isize;

    // Groups.
    pub(super) safe fn H5Gcreate2(group: hid_t, name: Name<'_>, links: hid_t, list: hid_t, access: hid_t) -> hid_t;
    pub(super) safe fn H5Gcreate_anon(group: hid_t, list: hid_t, access: hid_t) -> hid_t;
    pub(super) safe fn H5Gget_create_plist(group: hid_t) -> hid_t;
    pub(super) safe fn H5Gget_info(group: hid_t, info: &mut GroupInfo) -> herr_t;

    // Identifiers.
    pub(super) safe fn H5Iget_type(id: hid_t) -> c_int;
    pub(super) safe fn H5Iget_file_id(object: hid_t) -> hid_t;
    pub(super) safe fn H5Iinc_ref(id: hid_t) -> c_int;
    pub(super) safe fn H5Idec_ref(id: hid_t) -> c_int;
    pub(super) safe fn H5Iis_valid(id: hid_t) -> htri_t;
    // It gives the length, also without a buffer.
    pub(super) fn H5Iget_name(object: hid_t, name: *mut c_char, size: usize) -> isize;

    // Links.
    pub(super) safe fn H5Lexists(group: hid_t, name: Name<'_>, access: hid_t) -> htri_t;
    pub(super) safe fn H5Ldelete(group: hid_t, name: Name<'_>, access: hid_t) -> herr_t;
    pub(super) safe fn H5Lcopy(
        source: hid_t,
        name: Name<'_>,
        target: hid_t,
        new_name: Name<'_>,
        links: hid_t,
        access: hid_t,
    ) -> herr_t;
    pub(super) safe fn H5Lcreate_soft(
        path: Name<'_>,
        group: hid_t,
        name: Name<'_>,
        links: hid_t,
        access: hid_t,
    ) -> herr_t;
    pub(super) safe fn H5Lcreate_external(
        file: Name<'_>,
        path: Name<'_>,
        group: hid_t,
        name: Name<'_>,
        links: hid_t,
        access: hid_t,
    ) -> herr_t;
    // It follows a null pointer where the target's path is not known: see `h5l::rename`.
    pub(super) fn H5Lmove(
        source: hid_t,
        name: Name<'_>,
        target: hid_t,
        new_name: Name<'_>,
        links: hid_t,
        access: hid_t,
    ) -> herr_t;
    #[cfg_attr(not(hdf5_tokens), link_name = "H5Lget_info")]
    #[cfg_attr(hdf5_tokens, link_name = "H5Lget_info2")]
    pub(super) safe fn H5Lget_info(group: hid_t, name: Name<'_>, info: &mut LinkInfo, access: hid_t) -> herr_t;
    pub(super) fn H5Lget_val(group: hid_t, name: Name<'_>, to: *mut c_void, size: usize, access: hid_t) -> herr_t;
    #[cfg_attr(not(hdf5_tokens), link_name = "H5Literate")]
    #[cfg_attr(hdf5_tokens, link_name = "H5Literate2")]
    pub(super) fn H5Literate(
        group: hid_t,
        index: H5_index_t,
        order: H5_iter_order_t,
        start: *mut hsize_t,
        each: Option<EachLink>,
        data: *mut c_void,
    ) -> herr_t;

    // Objects.
    pub(super) safe fn H5Oopen(place: hid_t, name: Name<'_>, access: hid_t) -> hid_t;
    // Whatever is there, libhdf5 reads it as it reads any file.
    #[cfg_attr(not(hdf5_tokens), link_name = "H5Oopen_by_addr")]
    #[cfg_attr(hdf5_tokens, link_name = "H5Oopen_by_token")]
    pub(super) safe fn H5Oopen_at(place: hid_t, target: Target) -> hid_t;
    pub(super) safe fn H5Orefresh(object: hid_t) -> herr_t;
    pub(super) safe fn H5Olink(object: hid_t, group: hid_t, name: Name<'_>, links: hid_t, access: hid_t) -> herr_t;
    pub(super) safe fn H5Ocopy(
        source: hid_t,
        name: Name<'_>,
        target: hid_t,
        new_name: Name<'_>,
        list: hid_t,
        links: hid_t,
    ) -> herr_t;
    // It gives the length, also without a buffer.
    pub(super) fn H5Oget_comment(object: hid_t, comment: *mut c_char, size: usize) -> isize;
    pub(super) safe fn H5Oset_comment(object: hid_t, comment: Name<'_>) -> herr_t;
    pub(super) safe fn H5Oexists_by_name(place: hid_t, name: Name<'_>, access: hid_t) -> htri_t;
    #[cfg_attr(not(hdf5_tokens), link_name = "H5Oget_info2")]
    #[cfg_attr(hdf5_tokens, link_name = "H5Oget_info3")]
    pub(super) safe fn H5Oget_info(object: hid_t, info: &mut ObjectInfo, fields: c_uint) -> herr_t;
    #[cfg_attr(not(hdf5_tokens), link_name = "H5Oget_info_by_name2")]
    #[cfg_attr(hdf5_tokens, link_name = "H5Oget_info_by_name3")]
    pub(super) safe fn H5Oget_info_by_name(
        place: hid_t,
        name: Name<'_>,
        info: &mut ObjectInfo,
        fields: c_uint,
        access: hid_t,
    ) -> herr_t;
    #[cfg(hdf5_tokens)]
    pub(super) safe fn H5Oget_native_info(object: hid_t, info: &mut NativeInfo, fields: c_uint) -> herr_t;

    // Property lists.
    pub(super) safe fn H5Pcreate(class: hid_t) -> hid_t;
    pub(super) safe fn H5Pset_link_creation_order(list: hid_t, flags: c_uint) -> herr_t;
    pub(super) safe fn H5Pset_link_phase_change(list: hid_t, most_compact: c_uint, least_dense: c_uint) -> herr_t;
    pub(super) safe fn H5Pset_attr_creation_order(list: hid_t, flags: c_uint) -> herr_t;
    pub(super) safe fn H5Pset_attr_phase_change(list: hid_t, most_compact: c_uint, least_dense: c_uint) -> herr_t;
    pub(super) safe fn H5Pset_obj_track_times(list: hid_t, tracks: hbool_t) -> herr_t;
    pub(super) safe fn H5Pset_layout(list: hid_t, layout: H5D_layout_t) -> herr_t;
    pub(super) safe fn H5Pset_char_encoding(list: hid_t, charset: H5T_cset_t) -> herr_t;
    pub(super) safe fn H5Pset_file_space_strategy(
        list: hid_t,
        strategy: H5F_fspace_strategy_t,
        persist: hbool_t,
        threshold: hsize_t,
    ) -> herr_t;
    pub(super) safe fn H5Pset_file_space_page_size(list: hid_t, size: hsize_t) -> herr_t;
    #[cfg(all(unix, hdf5_drivers))]
    pub(super) safe fn H5Pset_alignment(list: hid_t, threshold: hsize_t, alignment: hsize_t) -> herr_t;
    pub(super) safe fn H5Pset_cache(
        list: hid_t,
        metadata: c_int,
        slots: usize,
        bytes: usize,
        preempt: c_double,
    ) -> herr_t;
    pub(super) safe fn H5Pset_chunk_cache(list: hid_t, slots: usize, bytes: usize, preempt: c_double) -> herr_t;
    pub(super) safe fn H5Pset_libver_bounds(list: hid_t, low: H5F_libver_t, high: H5F_libver_t) -> herr_t;
    pub(super) safe fn H5Pset_file_locking(list: hid_t, locks: hbool_t, ignores: hbool_t) -> herr_t;
    pub(super) safe fn H5Pset_fapl_core(list: hid_t, increment: usize, has_copy: hbool_t) -> herr_t;
    pub(super) safe fn H5Pset_fapl_sec2(list: hid_t) -> herr_t;
    pub(super) safe fn H5Pset_fill_time(list: hid_t, time: H5D_fill_time_t) -> herr_t;
    pub(super) safe fn H5Pget_link_creation_order(list: hid_t, flags: &mut c_uint) -> herr_t;
    pub(super) safe fn H5Pget_link_phase_change(
        list: hid_t,
        most_compact: &mut c_uint,
        least_dense: &mut c_uint,
    ) -> herr_t;
    pub(super) safe fn H5Pget_attr_creation_order(list: hid_t, flags: &mut c_uint) -> herr_t;
    pub(super) safe fn H5Pget_attr_phase_change(
        list: hid_t,
        most_compact: &mut c_uint,
        least_dense: &mut c_uint,
    ) -> herr_t;
    pub(super) safe fn H5Pset_alloc_time(list: hid_t, time: H5D_alloc_time_t) -> herr_t;
    pub(super) safe fn H5Pset_chunk(list: hid_t, rank: c_int, dims: &Dims) -> herr_t;
    pub(super) safe fn H5Premove_filter(list: hid_t, filter: c_int) -> herr_t;
    pub(super) safe fn H5Pset_userblock(list: hid_t, size: hsize_t) -> herr_t;
    pub(super) safe fn H5Pset_copy_object(list: hid_t, flags: c_uint) -> herr_t;
    pub(super) safe fn H5Pget_layout(list: hid_t) -> c_int;
    pub(super) safe fn H5Pget_fill_time(list: hid_t, time: &mut c_int) -> herr_t;
    pub(super) safe fn H5Pfill_value_defined(list: hid_t, status: &mut c_int) -> herr_t;
    #[cfg(all(unix, hdf5_drivers))]
    pub(super) safe fn H5Pget_file_space_strategy(
        list: hid_t,
        strategy: &mut c_int,
        persist: &mut hbool_t,
        threshold: &mut hsize_t,
    ) -> herr_t;
    pub(super) safe fn H5Pget_nfilters(list: hid_t) -> c_int;
    pub(super) safe fn H5Pall_filters_avail(list: hid_t) -> htri_t;
    pub(super) safe fn H5Pget_chunk_opts(list: hid_t, options: &mut c_uint) -> herr_t;
    pub(super) safe fn H5Pget_external_count(list: hid_t) -> c_int;
    // A number, of which the library is the owner.
    pub(super) safe fn H5Pget_driver(list: hid_t) -> hid_t;
    pub(super) safe fn H5Pget_fapl_core(list: hid_t, increment: &mut usize, has_copy: &mut hbool_t) -> herr_t;
    pub(super) safe fn H5Pget_userblock(list: hid_t, size: &mut hsize_t) -> herr_t;
    pub(super) safe fn H5Pget_sizes(list: hid_t, address: &mut usize, length: &mut usize) -> herr_t;
    pub(super) fn H5Pget_chunk(list: hid_t, rank: c_int, dims: *mut hsize_t) -> c_int;
    pub(super) fn H5Pget_filter2(
        list: hid_t,
        number: c_uint,
        flags: *mut c_uint,
        count: *mut usize,
        values: *mut c_uint,
        name_size: usize,
        name: *mut c_char,
        config: *mut c_uint,
    ) -> c_int;
    pub(super) fn H5Pget_fill_value(list: hid_t, dtype: hid_t, to: *mut c_void) -> herr_t;
    pub(super) fn H5Pset_filter(
        list: hid_t,
        filter: c_int,
        flags: c_uint,
        count: usize,
        values: *const c_uint,
    ) -> herr_t;
    #[cfg(any(feature = "remote", all(unix, hdf5_drivers)))]
    pub(super) fn H5Pset_driver(list: hid_t, driver: hid_t, properties: *const c_void) -> herr_t;
    pub(super) fn H5Pset(list: hid_t, name: Name<'_>, value: *const c_void) -> herr_t;
    pub(super) fn H5Pset_file_image(list: hid_t, bytes: *mut c_void, size: usize) -> herr_t;
    pub(super) fn H5Pset_elink_cb(list: hid_t, follow: Option<FollowLink>, data: *mut c_void) -> herr_t;

    // Plugins.
    pub(super) safe fn H5PLsize(count: &mut c_uint) -> herr_t;
    pub(super) safe fn H5PLremove(index: c_uint) -> herr_t;
    #[cfg(hdf5_tokens)]
    pub(super) safe fn H5PLappend(folder: Name<'_>) -> herr_t;
    pub(super) safe fn H5PLget_loading_state(mask: &mut c_uint) -> herr_t;
    // `hdf5-metno-sys` has it with a pointer, but it takes the number.
    pub(super) safe fn H5PLset_loading_state(mask: c_uint) -> herr_t;
    // It gives the length, also without a buffer.
    pub(super) fn H5PLget(index: c_uint, folder: *mut c_char, size: usize) -> isize;

    // References. One to an object has eight bytes.
    pub(super) fn H5Rcreate(to: *mut c_void, place: hid_t, name: Name<'_>, kind: H5R_type_t, space: hid_t) -> herr_t;
    pub(super) fn H5Rdereference2(place: hid_t, access: hid_t, kind: H5R_type_t, from: *const c_void) -> hid_t;
    pub(super) fn H5Rget_name(
        place: hid_t,
        kind: H5R_type_t,
        from: *const c_void,
        name: *mut c_char,
        size: usize,
    ) -> isize;

    // Dataspaces.
    pub(super) safe fn H5Screate(class: H5S_class_t) -> hid_t;
    pub(super) safe fn H5Screate_simple(rank: c_int, dims: &Dims, most: Option<&Dims>) -> hid_t;
    pub(super) safe fn H5Sget_simple_extent_type(space: hid_t) -> c_int;
    // They give the number of dimensions.
    pub(super) safe fn H5Sget_simple_extent_ndims(space: hid_t) -> c_int;
    pub(super) safe fn H5Sget_simple_extent_dims(
        space: hid_t,
        dims: Option<&mut Dims>,
        most: Option<&mut Dims>,
    ) -> c_int;
    pub(super) safe fn H5Sselect_hyperslab(
        space: hid_t,
        how: H5S_seloper_t,
        start: &Dims,
        step: Option<&Dims>,
        count: &Dims,
        block: Option<&Dims>,
    ) -> herr_t;

    // Element types. Those of the library cannot be changed: it refuses that.
    pub(super) safe fn H5Tcopy(dtype: hid_t) -> hid_t;
    pub(super) safe fn H5Tget_create_plist(dtype: hid_t) -> hid_t;
    // It gives the type a place in the file.
    pub(super) safe fn H5Tcommit_anon(place: hid_t, dtype: hid_t, list: hid_t, access: hid_t) -> herr_t;
    pub(super) safe fn H5Tcreate(class: H5T_class_t, size: usize) -> hid_t;
    pub(super) safe fn H5Tvlen_create(base: hid_t) -> hid_t;
    pub(super) safe fn H5Tenum_create(base: hid_t) -> hid_t;
    pub(super) safe fn H5Tarray_create2(base: hid_t, rank: c_uint, dims: &Dims) -> hid_t;
    #[cfg(hdf5_complex)]
    pub(super) safe fn H5Tcomplex_create(base: hid_t) -> hid_t;
    pub(super) safe fn H5Tinsert(dtype: hid_t, name: Name<'_>, offset: usize, field: hid_t) -> herr_t;
    pub(super) safe fn H5Tset_tag(dtype: hid_t, tag: Name<'_>) -> herr_t;
    pub(super) safe fn H5Tset_size(dtype: hid_t, size: usize) -> herr_t;
    pub(super) safe fn H5Tset_precision(dtype: hid_t, bits: usize) -> herr_t;
    pub(super) safe fn H5Tset_sign(dtype: hid_t, sign: H5T_sign_t) -> herr_t;
    pub(super) safe fn H5Tset_fields(
        dtype: hid_t,
        sign: usize,
        exponent: usize,
        exponent_bits: usize,
        mantissa: usize,
        mantissa_bits: usize,
    ) -> herr_t;
    pub(super) safe fn H5Tset_ebias(dtype: hid_t, bias: usize) -> herr_t;
    pub(super) safe fn H5Tset_norm(dtype: hid_t, norm: H5T_norm_t) -> herr_t;
    pub(super) safe fn H5Tset_strpad(dtype: hid_t, padding: H5T_str_t) -> herr_t;
    pub(super) safe fn H5Tset_cset(dtype: hid_t, charset: H5T_cset_t) -> herr_t;
    pub(super) safe fn H5Tget_class(dtype: hid_t) -> c_int;
    // 0 says that it failed.
    pub(super) safe fn H5Tget_size(dtype: hid_t) -> usize;
    pub(super) safe fn H5Tget_precision(dtype: hid_t) -> usize;
    pub(super) safe fn H5Tget_ebias(dtype: hid_t) -> usize;
    pub(super) safe fn H5Tget_fields(
        dtype: hid_t,
        sign: &mut usize,
        exponent: &mut usize,
        exponent_bits: &mut usize,
        mantissa: &mut usize,
        mantissa_bits: &mut usize,
    ) -> herr_t;
    pub(super) safe fn H5Tget_sign(dtype: hid_t) -> c_int;
    pub(super) safe fn H5Tget_cset(dtype: hid_t) -> c_int;
    pub(super) safe fn H5Tget_strpad(dtype: hid_t) -> c_int;
    pub(super) safe fn H5Tget_norm(dtype: hid_t) -> c_int;
    pub(super) safe fn H5Tget_super(dtype: hid_t) -> hid_t;
    pub(super) safe fn H5Tget_nmembers(dtype: hid_t) -> c_int;
    pub(super) safe fn H5Tget_member_offset(dtype: hid_t, index: c_uint) -> usize;
    pub(super) safe fn H5Tget_member_type(dtype: hid_t, index: c_uint) -> hid_t;
    pub(super) safe fn H5Tget_array_ndims(dtype: hid_t) -> c_int;
    pub(super) safe fn H5Tget_array_dims2(dtype: hid_t, dims: &mut Dims) -> c_int;
    pub(super) safe fn H5Tequal(one: hid_t, other: hid_t) -> htri_t;
    pub(super) safe fn H5Tcommitted(dtype: hid_t) -> htri_t;
    pub(super) safe fn H5Tis_variable_str(dtype: hid_t) -> htri_t;
    pub(super) safe fn H5Tdetect_class(dtype: hid_t, class: H5T_class_t) -> htri_t;
    // C strings that the caller frees by `H5free_memory`; null where they fail.
    pub(super) safe fn H5Tget_member_name(dtype: hid_t, index: c_uint) -> *mut c_char;
    pub(super) safe fn H5Tget_tag(dtype: hid_t) -> *mut c_char;
    pub(super) fn H5Tget_member_value(dtype: hid_t, index: c_uint, to: *mut c_void) -> herr_t;
    pub(super) fn H5Tenum_insert(dtype: hid_t, name: Name<'_>, value: *const c_void) -> herr_t;
    // Without a buffer, it sets the size.
    pub(super) fn H5Tencode(dtype: hid_t, to: *mut c_void, size: *mut usize) -> herr_t;
    #[cfg(hdf5_complex)]
    pub(super) fn H5Tdecode2(from: *const c_void, size: usize) -> hid_t;
    #[cfg(not(hdf5_complex))]
    #[link_name = "H5Tdecode"]
    pub(super) fn H5Tdecode1(from: *const c_void) -> hid_t;
    pub(super) fn H5Tconvert(
        from: hid_t,
        to: hid_t,
        count: usize,
        items: *mut c_void,
        background: *mut c_void,
        list: hid_t,
    ) -> herr_t;
    pub(super) fn H5Tregister(
        persistence: c_int,
        name: Name<'_>,
        from: hid_t,
        to: hid_t,
        convert: Option<Convert>,
    ) -> herr_t;

    // `H5VLconnector.h` and `H5VLpublic.h`, which `hdf5-metno-sys` does not have in full.
    #[cfg(hdf5_tokens)]
    pub(super) safe fn H5VLget_connector_id(object: hid_t) -> hid_t;
    // Null where it fails. It is good for as long as the object is open.
    #[cfg(hdf5_tokens)]
    pub(super) safe fn H5VLobject(object: hid_t) -> *mut c_void;
    #[cfg(hdf5_tokens)]
    pub(super) fn H5VLblob_put(
        object: *mut c_void,
        connector: hid_t,
        bytes: *const c_void,
        size: usize,
        blob: *mut c_void,
        context: *mut c_void,
    ) -> herr_t;

    // Filters.
    pub(super) safe fn H5Zfilter_avail(filter: c_int) -> htri_t;
    pub(super) fn H5Zregister(class: *const c_void) -> herr_t;

    // Memory of the library.
    pub(super) safe fn H5allocate_memory(size: usize, clear: hbool_t) -> *mut c_void;
    pub(super) fn H5free_memory(memory: *mut c_void) -> herr_t;
}
