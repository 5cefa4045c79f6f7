//! Datasets.

use std::ffi::{CStr, c_void};

use hdf5_sys::h5::HADDR_UNDEF;
use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5s::H5S_ALL;

use super::super::{Id, call, call_modifying, call_writing, locked};
use super::c::{self, DEFAULT, padded};
use crate::ground::error::Result;

/// A copy of the element type.
pub(in crate::h5) fn get_type(what: &str, dataset: hid_t) -> Result<Id> {
    Id::own(what, || c::H5Dget_type(dataset))
}

/// A copy of the dataspace.
pub(in crate::h5) fn get_space(what: &str, dataset: hid_t) -> Result<Id> {
    Id::own(what, || c::H5Dget_space(dataset))
}

/// A list that says how the dataset was made.
pub(in crate::h5) fn get_create_plist(what: &str, dataset: hid_t) -> Result<Id> {
    Id::own(what, || c::H5Dget_create_plist(dataset))
}

/// The type, the dataspace and the creation list of a new dataset.
#[derive(Clone, Copy)]
pub(in crate::h5) struct New {
    pub(in crate::h5) file_type: hid_t,
    pub(in crate::h5) space: hid_t,
    pub(in crate::h5) list: hid_t,
}

/// Makes a dataset and the link of that name to it; `links` says how links are made, and `access` how the dataset is opened, if
/// not as usual.
pub(in crate::h5) fn create(
    what: &str,
    group: hid_t,
    name: &CStr,
    New { file_type, space, list }: New,
    (links, access): (hid_t, Option<hid_t>),
) -> Result<Id> {
    let access = access.unwrap_or(DEFAULT);
    Id::create(what, || c::H5Dcreate2(group, name.into(), file_type, space, links, list, access))
}

/// Makes a dataset that no link leads to.
pub(in crate::h5) fn create_anon(what: &str, group: hid_t, New { file_type, space, list }: New) -> Result<Id> {
    Id::create(what, || c::H5Dcreate_anon(group, file_type, space, list, DEFAULT))
}

/// Opens the dataset of that name.
pub(in crate::h5) fn open(what: &str, group: hid_t, name: &CStr, access: &Id) -> Result<Id> {
    Id::own(what, || c::H5Dopen2(group, name.into(), access.get()))
}

/// Bytes of the data in the file.
pub(in crate::h5) fn storage_size(dataset: hid_t) -> u64 {
    locked(|| c::H5Dget_storage_size(dataset))
}

/// Where the data is in the file, from its first byte on, if it is in one piece.
pub(in crate::h5) fn offset(dataset: hid_t) -> Option<u64> {
    Some(locked(|| c::H5Dget_offset(dataset))).filter(|address| *address != HADDR_UNDEF)
}

/// Gives a dataset in chunks other dimensions.
pub(in crate::h5) fn set_extent(what: &str, dataset: hid_t, dims: &[u64]) -> Result<()> {
    call_modifying(what, || c::H5Dset_extent(dataset, &padded(dims))).map(drop)
}

/// Reads items.
///
/// # Safety
/// `memory` is a dataspace, not `H5S_ALL`, and at `to` is room for as many items of `memory_type` as it has. What libhdf5 finds
/// there is zero or an item, if the type has parts of variable length.
pub(in crate::h5) unsafe fn read(
    what: &str,
    dataset: hid_t,
    (memory_type, memory): (hid_t, hid_t),
    file: hid_t,
    to: *mut c_void,
) -> Result<()> {
    debug_assert_ne!(memory, H5S_ALL);
    // SAFETY: as the caller promises. libhdf5 refuses a selection in the file that has another number of items than that in
    // memory.
    call(what, || unsafe { c::H5Dread(dataset, memory_type, memory, file, DEFAULT, to) }).map(drop)
}

/// Writes items, for which the file may need so many bytes.
///
/// # Safety
/// At `from` are as many items of `memory_type` as `memory` selects.
pub(in crate::h5) unsafe fn write(
    what: &str,
    bytes: usize,
    dataset: hid_t,
    (memory_type, memory): (hid_t, hid_t),
    file: hid_t,
    from: *const c_void,
) -> Result<()> {
    // SAFETY: as the caller promises.
    call_writing(what, bytes, || unsafe { c::H5Dwrite(dataset, memory_type, memory, file, DEFAULT, from) }).map(drop)
}

/// How many chunks of a dataset are stored.
pub(in crate::h5) fn num_chunks(what: &str, dataset: hid_t) -> Result<u64> {
    // Some versions take no `H5S_ALL` here.
    let (space, mut count) = (get_space(what, dataset)?, 0);
    call(what, || c::H5Dget_num_chunks(dataset, space.get(), &mut count))?;
    Ok(count)
}

/// Where the chunk begins that is at that place in the index, along the first dimension.
pub(in crate::h5) fn first_row_of_chunk(what: &str, dataset: hid_t, index: u64) -> Result<u64> {
    let (space, mut offset) = (get_space(what, dataset)?, padded(&[]));
    call(what, || c::H5Dget_chunk_info(dataset, space.get(), index, &mut offset, None, None, None))?;
    Ok(offset[0])
}

/// Which filters were left out of the chunk that begins there; `None` where none is stored.
pub(in crate::h5) fn filters_left_out(dataset: hid_t, offset: &[u64]) -> Option<u32> {
    let (mut left_out, mut address, mut size) = (0, 0, 0);
    let status =
        locked(|| c::H5Dget_chunk_info_by_coord(dataset, &padded(offset), &mut left_out, &mut address, &mut size));
    (status >= 0 && size > 0).then_some(left_out)
}

/// Bytes of the chunk that begins there, as it is stored. Where none is, some versions fail, and others say 0.
pub(in crate::h5) fn chunk_storage_size(dataset: hid_t, offset: &[u64]) -> Option<u64> {
    let mut size = 0;
    let status = locked(|| c::H5Dget_chunk_storage_size(dataset, &padded(offset), &mut size));
    (status >= 0).then_some(size)
}

/// The bytes of the chunk that begins there, as they are stored, and which filters were left out; `None` where there is none, or
/// one of more than `most` bytes.
pub(in crate::h5) fn read_chunk(dataset: hid_t, offset: &[u64], most: u64) -> Result<Option<(Vec<u8>, u32)>> {
    locked(|| {
        let size = chunk_storage_size(dataset, offset).filter(|size| (1..=most).contains(size));
        let Some(size) = size else { return Ok(None) };
        let (mut bytes, mut left_out) = (super::super::dataset::zeroed(size, 1)?, 0);
        let (offset, to) = (padded(offset), bytes.as_mut_ptr().cast());
        #[cfg(not(hdf5_sized_chunks))]
        // SAFETY: room for as many bytes as the library said, whose lock is held since.
        let status = unsafe { c::H5Dread_chunk(dataset, DEFAULT, &raw const offset, &raw mut left_out, to) };
        #[cfg(hdf5_sized_chunks)]
        let status = {
            let mut size = bytes.len();
            // SAFETY: room for as many bytes as are said.
            unsafe { c::H5Dread_chunk(dataset, DEFAULT, &raw const offset, &raw mut left_out, to, &raw mut size) }
        };
        Ok((status >= 0).then_some((bytes, left_out)))
    })
}

/// Writes the chunk that begins there, as it is to be stored.
pub(in crate::h5) fn write_chunk(
    what: &str,
    dataset: hid_t,
    offset: &[u64],
    left_out: u32,
    bytes: &[u8],
) -> Result<()> {
    let (offset, from) = (padded(offset), bytes.as_ptr().cast());
    // SAFETY: as many bytes as are said.
    call_writing(what, bytes.len(), || unsafe {
        c::H5Dwrite_chunk(dataset, DEFAULT, left_out, &raw const offset, bytes.len(), from)
    })
    .map(drop)
}
