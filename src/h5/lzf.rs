//! h5py's LZF filter for libhdf5, which has none: for what only libhdf5 can read, such as items of variable length.

use std::collections::BTreeSet;
use std::ffi::{c_uint, c_void};
use std::ptr;
use std::sync::{Mutex, PoisonError};

use hdf5_sys::h5z::{H5Z_CLASS_T_VERS, H5Z_FLAG_REVERSE, H5Z_class2_t};

use super::external_access::NoPlugins;
use super::filter::LZF;
use super::locked;
use super::sys::{h5z, memory};
use crate::ground::error::Result;

/// LZF never makes data more than this many times as long.
const MOST: usize = 128;

/// Where the length of a chunk is in what h5py says to the filter.
const CHUNK: usize = 2;

/// How long the chunks are of which less may be compressed, as a filter before this one makes them shorter.
static SHORTENED: Mutex<BTreeSet<usize>> = Mutex::new(BTreeSet::new());

/// Takes note that a dataset's chunks come to the filter shorter than they are, if it is told those numbers.
pub(super) fn allow_shortened(values: &[c_uint]) {
    if let Some(chunk) = values.get(CHUNK) {
        SHORTENED.lock().unwrap_or_else(PoisonError::into_inner).insert(*chunk as usize);
    }
}

/// Makes the filter known to libhdf5, as long as that runs, if there is none of its number.
///
/// It has no name. libhdf5 puts the name of a known filter into a dataset's header when it writes that, into room for which it
/// counted when the dataset was made: if the filter became known in between, the header is cut off (`H5O__pline_size` and
/// `H5O__pline_encode` of 2.2 and earlier).
pub(super) fn register() -> Result<()> {
    let is_there = locked(|| {
        let _no_plugins = NoPlugins::new();
        h5z::has_filter("look for a filter", LZF)
    })?;
    if is_there {
        return Ok(());
    }
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
    // SAFETY: the function keeps to what the library expects of a filter.
    unsafe { h5z::register_filter("register a filter", &class) }
}

/// Whether less than a chunk of so many bytes may be compressed. More may be: a checksum makes it longer. libhdf5 before 2.0
/// takes for granted that a chunk has all its bytes.
fn is_shortened(chunk: usize) -> bool {
    SHORTENED.lock().unwrap_or_else(PoisonError::into_inner).contains(&chunk)
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
            .filter(|output| output.len() >= chunk || is_shortened(chunk))
    });
    let Ok(Some(output)) = output else { return 0 };
    let memory = memory::allocate(output.len());
    if memory.is_null() {
        return 0;
    }
    // SAFETY: memory of that size which is nobody else's; and the library's own, that this takes the place of.
    unsafe {
        ptr::copy_nonoverlapping(output.as_ptr(), memory.cast(), output.len());
        memory::free(place);
        *buffer = memory;
        *size = output.len();
    }
    output.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the filter makes of a chunk as it is stored, if it is told how long it was.
    fn decompressed(stored: &[u8], chunk: usize) -> Option<Vec<u8>> {
        let values = [4, 0x105, chunk as c_uint];
        let mut buffer = memory::allocate(stored.len());
        // SAFETY: memory of that size.
        unsafe { ptr::copy_nonoverlapping(stored.as_ptr(), buffer.cast(), stored.len()) };
        let mut size = stored.len();
        // SAFETY: three numbers, and the library's memory of that size.
        let len = unsafe { filter(H5Z_FLAG_REVERSE, 3, values.as_ptr(), stored.len(), &raw mut size, &raw mut buffer) };
        // SAFETY: the filter leaves memory of as many bytes as it says, and nobody else frees it.
        let bytes = unsafe {
            let bytes = std::slice::from_raw_parts(buffer.cast::<u8>(), len).to_vec();
            memory::free(buffer);
            bytes
        };
        (len > 0).then_some(bytes)
    }

    #[test]
    fn a_chunk_has_all_its_bytes() {
        let chunk: Vec<u8> = (0..1000_usize).map(|at| (at / 50) as u8).collect();
        let stored = lzf::compress(&chunk).unwrap();
        assert_eq!(decompressed(&stored, 1000).as_ref(), Some(&chunk));
        // Before a checksum, and where it is not said.
        assert_eq!(decompressed(&stored, 996).as_ref(), Some(&chunk));
        assert_eq!(decompressed(&stored, 0).as_ref(), Some(&chunk));
        for longer in [1001, 5003, 1 << 30] {
            assert_eq!(decompressed(&stored, longer), None, "{longer}");
        }
        allow_shortened(&[4, 0x105, 5003]);
        assert_eq!(decompressed(&stored, 5003).as_ref(), Some(&chunk));
        assert_eq!(decompressed(&stored, 5004), None);
        assert_eq!(decompressed(&[0xff; 20], 5003), None);
    }
}
