//! Blosc, as its filter for HDF5 has it: what it does to a chunk, on any thread and without the library's lock.

use std::ffi::{CStr, c_char, c_int};
use std::ptr;

use blosc_src::{
    blosc_cbuffer_complib, blosc_cbuffer_validate, blosc_compcode_to_compname, blosc_compress_ctx, blosc_decompress_ctx,
};

use super::filter::{FilterError, give_back, spare};
use crate::ground::error::{Error, ErrorKind, Result};

/// Blosc has threads of its own, which it makes anew for each chunk: here, each chunk has a thread already.
const THREADS: c_int = 1;
/// What Blosc says of chunks whose compressor it was built without.
const NO_COMPRESSOR: c_int = -5;

/// How chunks are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Blosc {
    /// Bytes of an item: what is shuffled goes by them.
    size: usize,
    level: c_int,
    /// Nothing is shuffled, bytes are, or bits.
    shuffle: c_int,
    /// The number of the compressor.
    codec: c_int,
}

impl Blosc {
    /// What the values of the filter say: the versions of filter and format, bytes of an item and of a chunk, the level, how
    /// it is shuffled, and the compressor. The last three are left out by old files.
    pub(super) fn of(values: &[u32]) -> Option<Self> {
        let value = |at: usize, other: c_int| values.get(at).map_or(Some(other), |value| c_int::try_from(*value).ok());
        let size = usize::try_from(*values.get(2)?).ok()?;
        Some(Self { size, level: value(4, 5)?, shuffle: value(5, 1)?, codec: value(6, 0)? })
    }

    /// The name of the compressor, if Blosc was built with it.
    fn compressor(self) -> Result<*const c_char> {
        let mut name = ptr::null();
        // SAFETY: a number, whatever it is, and the address of a pointer.
        let code = unsafe { blosc_compcode_to_compname(self.codec, &raw mut name) };
        if code >= 0 && !name.is_null() {
            return Ok(name);
        }
        // SAFETY: what the function gave is constant.
        Err(unknown(unsafe { text(name) }.unwrap_or_else(|| format!("compressor {}", self.codec))))
    }

    /// Compresses a chunk; `None` where that does not make it smaller.
    pub(super) fn encode(self, chunk: &[u8]) -> Result<Option<Vec<u8>>> {
        let name = self.compressor()?;
        let mut out = spare(chunk.len());
        // SAFETY: as many bytes as said, room for as many, and a C string.
        let len = unsafe {
            let (from, to) = (chunk.as_ptr().cast(), out.as_mut_ptr().cast());
            blosc_compress_ctx(self.level, self.shuffle, self.size, chunk.len(), from, to, out.len(), name, 0, THREADS)
        };
        let compressed = match usize::try_from(len) {
            Ok(0) => Ok(None),
            Ok(len) => Ok(out.get(..len).map(<[u8]>::to_vec)),
            Err(_) => Err(FilterError::Blosc(len).of_written()),
        };
        give_back(out);
        compressed
    }

    /// Makes of a compressed chunk what it was, which has as many bytes as there is room for.
    pub(super) fn decode(self, stored: &[u8], chunk: &mut [u8]) -> Result<()> {
        let damaged = || Error::corrupt("a compressed chunk is damaged: it is none of Blosc's");
        let mut len = 0;
        // SAFETY: as many bytes as said, and the address of a number.
        if unsafe { blosc_cbuffer_validate(stored.as_ptr().cast(), stored.len(), &raw mut len) } < 0 {
            return Err(damaged());
        }
        if len != chunk.len() {
            return Err(Error::corrupt(format!("a chunk of {} bytes is compressed from {len}", chunk.len())));
        }
        // SAFETY: what was looked at says its own length truly; room for as many bytes as said.
        let done =
            unsafe { blosc_decompress_ctx(stored.as_ptr().cast(), chunk.as_mut_ptr().cast(), chunk.len(), THREADS) };
        match usize::try_from(done) {
            Ok(done) if done == chunk.len() => Ok(()),
            _ if done == NO_COMPRESSOR => {
                // SAFETY: a header, of which this looks at the first bytes; what it gives is constant.
                let name = unsafe { text(blosc_cbuffer_complib(stored.as_ptr().cast())) };
                Err(unknown(name.unwrap_or_else(|| "another compressor".to_owned())))
            }
            _ => Err(damaged()),
        }
    }
}

/// # Safety
/// A C string that lasts, or null.
unsafe fn text(name: *const c_char) -> Option<String> {
    // SAFETY: as the caller promises.
    (!name.is_null()).then(|| unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned())
}

/// The error for a compressor that Blosc was built without.
#[cold]
fn unknown(name: String) -> Error {
    let message = format!(
        "chunks are compressed by Blosc with {name}, which it was built without: the cargo features `blosc-zstd` and \
         `blosc-lz4` bring Zstandard and LZ4, and others are not known"
    );
    Error::new(ErrorKind::Unsupported, message)
}
