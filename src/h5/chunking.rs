//! How the data of a new dataset is stored: whether in chunks, of what shape, and through which filters they go.

use std::os::raw::c_uint;

use hdf5_sys::h5p::H5P_CLS_DATASET_CREATE;
use hdf5_sys::h5z::{
    H5Z_FILTER_DEFLATE, H5Z_FILTER_FLETCHER32, H5Z_FILTER_SHUFFLE, H5Z_FLAG_MANDATORY, H5Z_FLAG_OPTIONAL,
};

use super::dtype::Dtype;
#[cfg(blosc)]
use super::filter::BLOSC;
use super::filter::LZF;
use super::sys::h5p;
use super::{Id, keep_attribute_order, lzf, property_list};
use crate::ground::error::Result;
use crate::layout::storage_options::{Compression, StorageOptions};

/// The size above which a dataset is stored in chunks, if nothing else is said.
const ABOVE: u64 = 16 << 10;
/// About how many bytes a chunk has.
const CHUNK: u64 = 1 << 20;
/// A chunk has fewer bytes than this: HDF5 counts them in 32 bits.
const MAX_CHUNK: u64 = 1 << 31;
/// Bytes of the rows that the chunks at the end of a dataset that grows may have.
const MAX_GROWING: u64 = 64 << 20;
/// About how many bytes of references to what has a variable length a chunk has: these are written by libhdf5, which keeps
/// chunks that are not complete in a cache of 1 MiB.
const REFERENCES: u64 = 256 << 10;

const SET_UP: &str = "set up a dataset in chunks";

/// How a dataset is to be made of chunks.
pub(super) struct Chunking {
    pub(super) chunk: Vec<u64>,
    /// What libhdf5 is told to do, in this order.
    filters: Vec<(i32, c_uint, Vec<c_uint>)>,
    keeps_order: bool,
}

impl StorageOptions {
    /// The chunks of a dataset of these dimensions; `None` where it is stored in one piece. `texts` says that items are
    /// strings, and `references` that they refer to what is elsewhere; a `size` is bytes of an item in the file.
    pub(super) fn chunking(
        &self,
        dims: &[u64],
        size: usize,
        texts: bool,
        references: bool,
    ) -> Result<Option<Chunking>> {
        if self.is_plain() || size == 0 || dims.is_empty() {
            return Ok(None);
        }
        let bytes = dims.iter().fold(size as u64, |bytes, dim| bytes.saturating_mul(*dim));
        if bytes <= self.above.unwrap_or(ABOVE) || bytes == 0 {
            return Ok(None);
        }
        let given = self.chunk.as_ref().and_then(|chunk| chunk.of_rank(dims.len()));
        let chunk: Vec<_> = match given {
            Some(chunk) => chunk.iter().zip(dims).map(|(len, dim)| *len.min(dim)).collect(),
            None => chunk_shape(dims, size as u64, if references { REFERENCES } else { CHUNK }),
        };
        let bytes = chunk.iter().fold(size as u64, |size, len| size.saturating_mul(*len));
        if given.is_some() && bytes >= MAX_CHUNK {
            return Err(StorageOptions::too_large(&chunk, bytes, MAX_CHUNK));
        }
        let filters = self.filters(&chunk, size, texts, references);
        Ok(Some(Chunking { chunk, filters, keeps_order: self.keeps_order }))
    }

    /// The chunks of a dataset that grows, whose rows are of shape `inner`. It is in chunks whatever is said; these have about
    /// `wanted` bytes, if no shape is said for as many dimensions.
    pub(super) fn growing(&self, inner: &[u64], size: usize, texts: bool, wanted: usize) -> Result<Chunking> {
        let row = inner.iter().fold(size as u64, |size, dim| size.saturating_mul(*dim)).max(1);
        let given = self.chunk.as_ref().and_then(|chunk| chunk.of_rank(inner.len() + 1));
        let chunk = match given {
            Some(chunk) => std::iter::once(chunk[0])
                .chain(chunk[1..].iter().zip(inner).map(|(len, dim)| *len.min(dim)))
                .collect::<Vec<_>>(),
            None => std::iter::once((wanted as u64 / row).max(1)).chain(inner.iter().copied()).collect(),
        };
        let bytes = row.saturating_mul(chunk[0]);
        if given.is_some() && bytes > MAX_GROWING {
            return Err(StorageOptions::too_large_to_grow(chunk[0], bytes, MAX_GROWING));
        }
        let filters = self.filters(&chunk, size, texts, false);
        Ok(Chunking { chunk, filters, keeps_order: self.keeps_order })
    }

    /// The filters of a dataset in chunks of such a shape.
    fn filters(&self, chunk: &[u64], size: usize, texts: bool, references: bool) -> Vec<(i32, c_uint, Vec<c_uint>)> {
        let codec = self.codec.unwrap_or(Compression::None);
        // libhdf5 applies those of its own to references, and has no others.
        let codec = if references && !matches!(codec, Compression::Deflate(_)) { Compression::None } else { codec };
        let mut filters = Vec::new();
        let is_shuffled =
            size > 1 && self.shuffle.unwrap_or(!texts && matches!(codec, Compression::Deflate(_) | Compression::Lzf));
        if is_shuffled && !codec.shuffles() {
            filters.push((H5Z_FILTER_SHUFFLE, H5Z_FLAG_OPTIONAL, vec![size as c_uint]));
        }
        filters.extend(codec.filter(size, chunk, size > 1 && self.shuffle.unwrap_or(!texts)));
        // A reference that is not what was written is found by what it refers to.
        if self.fletcher32 == Some(true) && !references {
            filters.push((H5Z_FILTER_FLETCHER32, H5Z_FLAG_MANDATORY, Vec::new()));
        }
        filters
    }
}

impl Compression {
    /// Whether it shuffles by itself.
    fn shuffles(self) -> bool {
        !matches!(self, Self::None | Self::Deflate(_) | Self::Lzf)
    }

    fn filter(self, size: usize, chunk: &[u64], shuffled: bool) -> Option<(i32, c_uint, Vec<c_uint>)> {
        let bytes = chunk.iter().fold(size as u64, |bytes, len| bytes.saturating_mul(*len)) as c_uint;
        #[cfg(blosc)]
        let blosc = |level: u8, codec: c_uint| {
            // The first four are filled in by the filter itself.
            (BLOSC, H5Z_FLAG_OPTIONAL, vec![0, 0, 0, 0, level.into(), shuffled.into(), codec])
        };
        #[cfg(not(blosc))]
        let _ = shuffled;
        match self {
            Self::None => None,
            Self::Deflate(level) => Some((H5Z_FILTER_DEFLATE, H5Z_FLAG_OPTIONAL, vec![level.into()])),
            // As h5py has it: the versions of the filter and of LZF, and the size of a chunk.
            Self::Lzf => Some((LZF, H5Z_FLAG_OPTIONAL, vec![4, 0x105, bytes])),
            #[cfg(feature = "blosc-zstd")]
            Self::BloscZstd(level) => Some(blosc(level, 5)),
            #[cfg(feature = "blosc-lz4")]
            Self::BloscLz4(level) => Some(blosc(level, 1)),
        }
    }
}

impl Chunking {
    /// The property list of such a dataset.
    pub(super) fn list(&self) -> Result<Id> {
        let list = property_list(H5P_CLS_DATASET_CREATE)?;
        h5p::turn_off_times(SET_UP, &list)?;
        if self.keeps_order {
            keep_attribute_order(&list)?;
        }
        self.set(&list)?;
        Ok(list)
    }

    /// Has datasets that are made by the list be in such chunks, with these filters after those that it has.
    pub(super) fn set(&self, list: &Id) -> Result<()> {
        h5p::set_chunk(SET_UP, list, &self.chunk)?;
        for (filter, flags, values) in &self.filters {
            if *filter == LZF {
                // Else libhdf5 would look for it among the plugins when it writes the header.
                lzf::register()?;
            }
            h5p::add_filter(SET_UP, list, *filter, *flags, values)?;
        }
        Ok(())
    }
}

/// The shape of a chunk of about `wanted` bytes: as near to a cube as the dimensions go, and such that the chunks at the
/// ends are about as large as the others.
fn chunk_shape(dims: &[u64], size: u64, wanted: u64) -> Vec<u64> {
    let bytes = |edge: u64| dims.iter().fold(size, |bytes, dim| bytes.saturating_mul(edge.min(*dim)));
    let (mut fits, mut too_large) = (1, dims.iter().copied().max().unwrap_or(1).saturating_add(1));
    while too_large - fits > 1 {
        let edge = fits + (too_large - fits) / 2;
        if bytes(edge) <= wanted { fits = edge } else { too_large = edge }
    }
    dims.iter().map(|dim| dim.div_ceil(dim.div_ceil(fits))).collect()
}

/// Whether items are strings, and whether they refer to something elsewhere.
pub(super) fn sort_of(dtype: &Dtype) -> (bool, bool) {
    (matches!(dtype, Dtype::FixedString(_)), dtype.has_addresses())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_near_a_mebibyte_and_near_cubes() {
        for (dims, size, expected) in [
            (&[10_000_000][..], 8, &[129_871][..]),
            (&[131_073], 8, &[65_537]),
            (&[1_000_000, 3], 8, &[43_479, 3]),
            (&[1000, 1000], 8, &[334, 334]),
            (&[10, 1_000_000], 4, &[10, 25_642]),
            (&[300, 300, 300], 8, &[50, 50, 50]),
            (&[100, 100], 8, &[100, 100]),
            (&[5], 4 << 20, &[1]),
        ] {
            assert_eq!(chunk_shape(dims, size, CHUNK), expected, "{dims:?}");
        }
    }
}
