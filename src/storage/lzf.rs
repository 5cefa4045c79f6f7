//! h5py's LZF filter for libhdf5, which has none: for what only libhdf5 can read, such as items of variable length.

use std::ffi::{c_uint, c_void};
use std::ptr;

use hdf5_sys::h5::{H5allocate_memory, H5free_memory};
use hdf5_sys::h5z::{self, H5Z_CLASS_T_VERS, H5Z_FLAG_REVERSE, H5Z_class2_t};

use super::call;
use super::filter::LZF;
use crate::error::Result;

/// At most so many times as long as it is compressed is what LZF can have compressed.
const MOST: usize = 128;

/// Makes the filter known to libhdf5, as long as that runs.
///
/// It has no name. libhdf5 puts the name of a known filter into a dataset's header when it writes that, into room for which it
/// counted when the dataset was made: if the filter became known in between, the header is cut off (`H5O__pline_size` and
/// `H5O__pline_encode` of 2.2 and earlier).
pub(super) fn register() -> Result<()> {
    let class = H5Z_class2_t {
        version: H5Z_CLASS_T_VERS as i32,
        id: LZF,
        encoder_present: 1,
        decoder_present: 1,
        name: ptr::null(),
        can_apply: None,
        set_local: None,
        filter: Some(filter),
    };
    // SAFETY: the description of a filter, which the library copies; the function lasts as long as the program.
    call("register a filter", || unsafe { h5z::H5Zregister((&raw const class).cast()) }).map(drop)
}

/// Filters the chunk at `buffer`; returns how many bytes that has then, or 0 where it cannot.
///
/// # Safety
/// What libhdf5 promises to a filter: `values` has `count` numbers, and `buffer` the address of `len` bytes of the library's
/// memory, in a place of `size` bytes; all of which nothing else uses meanwhile.
unsafe extern "C" fn filter(
    flags: c_uint,
    count: usize,
    values: *const c_uint,
    len: usize,
    size: *mut usize,
    buffer: *mut *mut c_void,
) -> usize {
    /// Where the length of a chunk is in what h5py says to the filter.
    const CHUNK: usize = 2;
    if buffer.is_null() || size.is_null() {
        return 0;
    }
    // SAFETY: as the caller promises.
    let (place, room) = unsafe { (*buffer, *size) };
    if place.is_null() || len == 0 {
        return 0;
    }
    // SAFETY: as the caller promises.
    let input = unsafe { std::slice::from_raw_parts(place.cast::<u8>(), len) };
    // SAFETY: as the caller promises.
    let chunk = if values.is_null() || count <= CHUNK { 0 } else { unsafe { *values.add(CHUNK) as usize } };
    let output = std::panic::catch_unwind(|| {
        if flags & H5Z_FLAG_REVERSE == 0 {
            return lzf::compress(input).ok().filter(|output| output.len() < len);
        }
        let most = len.saturating_mul(MOST);
        [chunk, room, most]
            .into_iter()
            .filter(|room| (1..=most).contains(room))
            .find_map(|room| lzf::decompress(input, room).ok())
    });
    let Ok(Some(output)) = output else { return 0 };
    // SAFETY: a size that is not zero.
    let memory = unsafe { H5allocate_memory(output.len().max(1), 0) };
    if memory.is_null() {
        return 0;
    }
    // SAFETY: memory of that size which is nobody else's; and the library's own, that this takes the place of.
    unsafe {
        ptr::copy_nonoverlapping(output.as_ptr(), memory.cast(), output.len());
        H5free_memory(place);
        *buffer = memory;
        *size = output.len();
    }
    output.len()
}
