//! Property lists.

use std::ffi::{c_int, c_uint};
use std::ptr;

use hdf5_sys::h5::hbool_t;
use hdf5_sys::h5d::{H5D_alloc_time_t, H5D_fill_time_t, H5D_fill_value_t, H5D_layout_t};
use hdf5_sys::h5f::{H5F_fspace_strategy_t, H5F_libver_t};
use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5o::H5O_COPY_WITHOUT_ATTR_FLAG;
use hdf5_sys::h5p::{H5P_CRT_ORDER_INDEXED, H5P_CRT_ORDER_TRACKED};
use hdf5_sys::h5t::H5T_cset_t;
use hdf5_sys::h5z::H5Z_FILTER_ALL;

use super::super::{Id, call};
use super::c::{self, FollowLink, RANK, padded};
use super::{unknown, variant};
use crate::ground::error::Result;

/// A new list of a class, whose value is there only when the library is initialised: under its lock.
pub(in crate::h5) fn create(what: &str, class: &'static hid_t) -> Result<Id> {
    Id::own(what, || c::H5Pcreate(*class))
}

/// Has groups keep the order of their links, and find links by it.
pub(in crate::h5) fn track_link_order(what: &str, list: &Id) -> Result<()> {
    let order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    call(what, || c::H5Pset_link_creation_order(list.get(), order)).map(drop)
}

/// Has groups keep so many links in their header, and go back to that at `least_dense`.
pub(in crate::h5) fn set_link_phase_change(what: &str, list: &Id, most_compact: u32, least_dense: u32) -> Result<()> {
    call(what, || c::H5Pset_link_phase_change(list.get(), most_compact, least_dense)).map(drop)
}

/// Has objects keep the order of their attributes.
pub(in crate::h5) fn track_attribute_order(what: &str, list: &Id) -> Result<()> {
    call(what, || c::H5Pset_attr_creation_order(list.get(), H5P_CRT_ORDER_TRACKED)).map(drop)
}

/// Has objects keep so many attributes in their header, and go back to that at `least_dense`.
pub(in crate::h5) fn set_attribute_phase_change(
    what: &str,
    list: &Id,
    most_compact: u32,
    least_dense: u32,
) -> Result<()> {
    call(what, || c::H5Pset_attr_phase_change(list.get(), most_compact, least_dense)).map(drop)
}

/// Has objects without time stamps.
pub(in crate::h5) fn turn_off_times(what: &str, list: &Id) -> Result<()> {
    call(what, || c::H5Pset_obj_track_times(list.get(), 0)).map(drop)
}

/// Has datasets of a layout.
pub(in crate::h5) fn set_layout(what: &str, list: &Id, layout: H5D_layout_t) -> Result<()> {
    call(what, || c::H5Pset_layout(list.get(), layout)).map(drop)
}

/// Has names in UTF-8.
pub(in crate::h5) fn set_utf8(what: &str, list: &Id) -> Result<()> {
    call(what, || c::H5Pset_char_encoding(list.get(), H5T_cset_t::H5T_CSET_UTF8)).map(drop)
}

/// Has links call `follow` before they are followed to another file.
///
/// # Safety
/// `follow` keeps to what libhdf5 expects of it, and takes no data.
pub(in crate::h5) unsafe fn set_follow_link(what: &str, list: &Id, follow: FollowLink) -> Result<()> {
    // SAFETY: as the caller promises.
    call(what, || unsafe { c::H5Pset_elink_cb(list.get(), Some(follow), ptr::null_mut()) }).map(drop)
}

/// Has room that becomes free in a file forgotten.
pub(in crate::h5) fn forget_freed_room(what: &str, list: &Id) -> Result<()> {
    let strategy = H5F_fspace_strategy_t::H5F_FSPACE_STRATEGY_NONE;
    call(what, || c::H5Pset_file_space_strategy(list.get(), strategy, Default::default(), 1)).map(drop)
}

/// Has files made of pages of that size, each of metadata or of data, but for what is larger.
pub(in crate::h5) fn set_pages(what: &str, list: &Id, size: u64) -> Result<()> {
    let strategy = H5F_fspace_strategy_t::H5F_FSPACE_STRATEGY_PAGE;
    call(what, || c::H5Pset_file_space_strategy(list.get(), strategy, Default::default(), 1))?;
    call(what, || c::H5Pset_file_space_page_size(list.get(), size)).map(drop)
}

/// Has what is larger than `threshold` bytes begin at multiples of `alignment`.
#[cfg(all(unix, hdf5_drivers))]
pub(in crate::h5) fn set_alignment(what: &str, list: &Id, threshold: u64, alignment: u64) -> Result<()> {
    call(what, || c::H5Pset_alignment(list.get(), threshold, alignment)).map(drop)
}

/// Has so many bytes of chunks kept for each dataset of a file.
pub(in crate::h5) fn set_cache(what: &str, list: &Id, slots: usize, bytes: usize, preempt: f64) -> Result<()> {
    call(what, || c::H5Pset_cache(list.get(), 0, slots, bytes, preempt)).map(drop)
}

/// Has no chunks kept for a dataset.
pub(in crate::h5) fn turn_off_chunk_cache(what: &str, list: &Id) -> Result<()> {
    call(what, || c::H5Pset_chunk_cache(list.get(), 1, 0, 0.0)).map(drop)
}

/// Has files of those versions of the format.
pub(in crate::h5) fn set_libver_bounds(what: &str, list: &Id, low: H5F_libver_t, high: H5F_libver_t) -> Result<()> {
    call(what, || c::H5Pset_libver_bounds(list.get(), low, high)).map(drop)
}

/// Has files locked, or not; and the lack of locks of a file system ignored, or not.
pub(in crate::h5) fn set_file_locking(what: &str, list: &Id, locks: bool, ignores: bool) -> Result<()> {
    #[allow(clippy::useless_conversion, reason = "C's bool was a number before 1.10")]
    let (locks, ignores) = (u8::from(locks).into(), u8::from(ignores).into());
    call(what, || c::H5Pset_file_locking(list.get(), locks, ignores)).map(drop)
}

/// Has marks taken away from a file that say that it is being written, as the program `h5clear` does.
pub(in crate::h5) fn clear_status_flags(what: &str, list: &Id) -> Result<()> {
    let clear: hbool_t = 1;
    // A program that is killed can leave a file shorter than the superblock says: what is missing was never flushed.
    for property in [c"clear_status_flags", c"skip_eof_check"] {
        // SAFETY: the property of that name is one such number, which libhdf5 copies.
        call(what, || unsafe { c::H5Pset(list.get(), property.into(), (&raw const clear).cast()) })?;
    }
    Ok(())
}

/// Has files opened by a driver that takes no properties.
#[cfg(any(feature = "remote", all(unix, hdf5_drivers)))]
pub(in crate::h5) fn set_driver(what: &str, list: &Id, driver: hid_t) -> Result<()> {
    // SAFETY: libhdf5 refuses what is no driver, and there are no properties.
    call(what, || unsafe { c::H5Pset_driver(list.get(), driver, ptr::null()) }).map(drop)
}

/// Has files in memory that never go to a disk, and grow by so many bytes.
pub(in crate::h5) fn use_memory(what: &str, list: &Id, increment: usize) -> Result<()> {
    call(what, || c::H5Pset_fapl_core(list.get(), increment, 0)).map(drop)
}

/// Has files on a disk, by libhdf5's own driver.
pub(in crate::h5) fn use_disk(what: &str, list: &Id) -> Result<()> {
    call(what, || c::H5Pset_fapl_sec2(list.get())).map(drop)
}

/// Has the next file in memory be that image, of which libhdf5 makes a copy; or none.
pub(in crate::h5) fn set_file_image(what: &str, list: &Id, image: Option<&[u8]>) -> Result<()> {
    let (bytes, size) = image.map_or((ptr::null_mut(), 0), |image| (image.as_ptr().cast_mut().cast(), image.len()));
    // SAFETY: as many bytes as said, to which the library does not write.
    call(what, || unsafe { c::H5Pset_file_image(list.get(), bytes, size) }).map(drop)
}

/// Has chunks not filled when they are made.
pub(in crate::h5) fn never_fill(what: &str, list: &Id) -> Result<()> {
    call(what, || c::H5Pset_fill_time(list.get(), H5D_fill_time_t::H5D_FILL_TIME_NEVER)).map(drop)
}

/// Has datasets in chunks of that shape.
pub(in crate::h5) fn set_chunk(what: &str, list: &Id, dims: &[u64]) -> Result<()> {
    // libhdf5 refuses more dimensions than there is room for.
    let rank = c_int::try_from(dims.len()).unwrap_or(-1);
    call(what, || c::H5Pset_chunk(list.get(), rank, &padded(dims))).map(drop)
}

/// Has groups made that keep the order of links and attributes, and keep these in their headers, as those do that are made by another
/// list. That of a group that is there cannot be used itself: it also has where the links of that one are (seen in 2.2,
/// `H5G_get_create_plist`).
pub(in crate::h5) fn set_as_group(what: &str, list: &Id, group: &Id) -> Result<()> {
    let (mut order, mut most_compact, mut least_dense) = (0, 0, 0);
    call(what, || c::H5Pget_link_creation_order(group.get(), &mut order))?;
    call(what, || c::H5Pset_link_creation_order(list.get(), order))?;
    call(what, || c::H5Pget_link_phase_change(group.get(), &mut most_compact, &mut least_dense))?;
    set_link_phase_change(what, list, most_compact, least_dense)?;
    call(what, || c::H5Pget_attr_creation_order(group.get(), &mut order))?;
    call(what, || c::H5Pset_attr_creation_order(list.get(), order))?;
    call(what, || c::H5Pget_attr_phase_change(group.get(), &mut most_compact, &mut least_dense))?;
    set_attribute_phase_change(what, list, most_compact, least_dense)
}

/// Has room for the data of datasets made when it is needed, as is usual for their layout.
pub(in crate::h5) fn allocate_as_usual(what: &str, list: &Id) -> Result<()> {
    call(what, || c::H5Pset_alloc_time(list.get(), H5D_alloc_time_t::H5D_ALLOC_TIME_DEFAULT)).map(drop)
}

/// Takes all filters away.
pub(in crate::h5) fn remove_filters(what: &str, list: &Id) -> Result<()> {
    call(what, || c::H5Premove_filter(list.get(), H5Z_FILTER_ALL)).map(drop)
}

/// Has files begin with so many bytes that are none of HDF5's.
pub(in crate::h5) fn set_userblock(what: &str, list: &Id, size: u64) -> Result<()> {
    call(what, || c::H5Pset_userblock(list.get(), size)).map(drop)
}

/// Has copies of objects made without their attributes.
pub(in crate::h5) fn leave_out_attributes(what: &str, list: &Id) -> Result<()> {
    call(what, || c::H5Pset_copy_object(list.get(), H5O_COPY_WITHOUT_ATTR_FLAG)).map(drop)
}

/// Adds a filter, which is told these values.
pub(in crate::h5) fn add_filter(what: &str, list: &Id, filter: i32, flags: c_uint, values: &[c_uint]) -> Result<()> {
    // SAFETY: as many values as said.
    call(what, || unsafe { c::H5Pset_filter(list.get(), filter, flags, values.len(), values.as_ptr()) }).map(drop)
}

/// The layout that is on a dataset creation list.
pub(in crate::h5) fn layout(list: hid_t) -> Result<H5D_layout_t> {
    let number = call("look into a dataset", || c::H5Pget_layout(list))?;
    variant!(number, H5D_layout_t: H5D_COMPACT, H5D_CONTIGUOUS, H5D_CHUNKED, H5D_VIRTUAL)
        .ok_or_else(|| unknown("a dataset of a layout", number))
}

/// The shape of the chunks that is on a dataset creation list, for so many dimensions.
pub(in crate::h5) fn chunk(what: &str, list: &Id, rank: usize) -> Result<Vec<u64>> {
    let mut chunk = vec![0; rank];
    let most = c_int::try_from(rank.min(RANK)).unwrap_or(0);
    // SAFETY: `chunk` has a place for as many dimensions as said.
    call(what, || unsafe { c::H5Pget_chunk(list.get(), most, chunk.as_mut_ptr()) })?;
    Ok(chunk)
}

/// Whether all chunks go through the filters, also those at the ends of a dataset.
pub(in crate::h5) fn filters_all_chunks(what: &str, list: &Id) -> Result<bool> {
    let mut options = 0;
    call(what, || c::H5Pget_chunk_opts(list.get(), &mut options))?;
    Ok(options == 0)
}

/// How many filters are on a dataset creation list.
pub(in crate::h5) fn filter_count(what: &str, list: &Id) -> Result<u32> {
    let count = call(what, || c::H5Pget_nfilters(list.get()))?;
    Ok(u32::try_from(count).unwrap_or(0))
}

/// A filter's number, and the first of the values that it is told.
pub(in crate::h5) struct ListedFilter {
    pub(in crate::h5) id: i32,
    values: [c_uint; 8],
    count: usize,
}

impl ListedFilter {
    pub(in crate::h5) fn values(&self) -> &[c_uint] {
        &self.values[..self.count.min(self.values.len())]
    }
}

/// A filter that is on a dataset creation list.
pub(in crate::h5) fn filter(what: &str, list: &Id, number: u32) -> Result<ListedFilter> {
    let (mut flags, mut config, mut values) = (0, 0, [0; 8]);
    let (mut count, to) = (values.len(), values.as_mut_ptr());
    let (flags, config, room) = (&raw mut flags, &raw mut config, &raw mut count);
    // SAFETY: the addresses of numbers, room for as many values as said, and none for the name, which is put nowhere.
    let id =
        call(what, || unsafe { c::H5Pget_filter2(list.get(), number, flags, room, to, 0, ptr::null_mut(), config) })?;
    Ok(ListedFilter { id, values, count })
}

/// Whether libhdf5 has all filters that are on a dataset creation list.
pub(in crate::h5) fn has_all_filters(what: &str, list: &Id) -> Result<bool> {
    Ok(call(what, || c::H5Pall_filters_avail(list.get()))? > 0)
}

/// Whether a dataset has data in other files, as a dataset creation list says.
pub(in crate::h5) fn has_external_files(what: &str, list: &Id) -> Result<bool> {
    Ok(call(what, || c::H5Pget_external_count(list.get()))? > 0)
}

/// Whether there is a value for the items that were never written: on a dataset creation list.
pub(in crate::h5) fn has_fill_value(list: hid_t) -> Result<bool> {
    use H5D_fill_value_t::{H5D_FILL_VALUE_DEFAULT, H5D_FILL_VALUE_ERROR, H5D_FILL_VALUE_USER_DEFINED};
    let mut status = H5D_FILL_VALUE_ERROR as c_int;
    call("look into a dataset", || c::H5Pfill_value_defined(list, &mut status))?;
    Ok([H5D_FILL_VALUE_DEFAULT as c_int, H5D_FILL_VALUE_USER_DEFINED as c_int].contains(&status))
}

/// The value for the items that were never written, of a type without parts elsewhere, if one was set: on a dataset creation list.
pub(in crate::h5) fn own_fill_value(what: &str, list: &Id, dtype: &Id) -> Result<Option<Vec<u8>>> {
    let mut status = H5D_fill_value_t::H5D_FILL_VALUE_ERROR as c_int;
    call(what, || c::H5Pfill_value_defined(list.get(), &mut status))?;
    if status != H5D_fill_value_t::H5D_FILL_VALUE_USER_DEFINED as c_int {
        return Ok(None);
    }
    let mut value = vec![0u8; super::h5t::size(dtype.get())];
    // SAFETY: room for one item of the type.
    call(what, || unsafe { c::H5Pget_fill_value(list.get(), dtype.get(), value.as_mut_ptr().cast()) })?;
    Ok(Some(value))
}

/// Whether libhdf5 fills room with the fill value at some time: on a dataset creation list.
pub(in crate::h5) fn fills_at_some_time(list: hid_t) -> Result<bool> {
    use H5D_fill_time_t::{H5D_FILL_TIME_ALLOC, H5D_FILL_TIME_IFSET};
    let mut time: c_int = -1;
    call("look into a dataset", || c::H5Pget_fill_time(list, &mut time))?;
    Ok([H5D_FILL_TIME_ALLOC as c_int, H5D_FILL_TIME_IFSET as c_int].contains(&time))
}

/// Whether room that becomes free is forgotten: on a file creation list.
#[cfg(all(unix, hdf5_drivers))]
pub(in crate::h5) fn forgets_freed_room(list: hid_t) -> Result<bool> {
    let (mut strategy, mut persist, mut threshold) = Default::default();
    call("look into a file", || c::H5Pget_file_space_strategy(list, &mut strategy, &mut persist, &mut threshold))?;
    Ok(strategy == H5F_fspace_strategy_t::H5F_FSPACE_STRATEGY_NONE as c_int)
}

/// The number of the driver that is on a file access list.
pub(in crate::h5) fn driver(what: &str, list: &Id) -> Result<hid_t> {
    call(what, || c::H5Pget_driver(list.get()))
}

/// Whether files in memory have a copy on a disk: on a file access list.
pub(in crate::h5) fn has_copy(what: &str, list: &Id) -> Result<bool> {
    let (mut increment, mut has_copy) = (0, 0);
    call(what, || c::H5Pget_fapl_core(list.get(), &mut increment, &mut has_copy))?;
    Ok(has_copy != 0)
}

/// Bytes before the file proper: on a file creation list.
pub(in crate::h5) fn userblock(what: &str, list: &Id) -> Result<u64> {
    let mut size = 0;
    call(what, || c::H5Pget_userblock(list.get(), &mut size))?;
    Ok(size)
}

/// Bytes of an address and of a length: on a file creation list.
pub(in crate::h5) fn sizes(what: &str, list: &Id) -> Result<(usize, usize)> {
    let (mut address, mut length) = (0, 0);
    call(what, || c::H5Pget_sizes(list.get(), &mut address, &mut length))?;
    Ok((address, length))
}
