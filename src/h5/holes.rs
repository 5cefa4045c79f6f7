//! Datasets of which not all was ever written.

use hdf5_sys::h5d::H5D_layout_t;

use super::attribute::Attributes;
use super::chunked;
use super::dataset::Dataset;
use super::sys::{h5d, h5p};
use crate::ground::error::Result;

/// That not all of a dataset was ever written.
pub(super) struct Holes {
    /// The shape of its chunks; `None` where none of it was.
    chunk: Option<Vec<u64>>,
}

impl Holes {
    pub(super) fn of(dataset: &Dataset, dims: &[u64]) -> Result<Option<Self>> {
        let what = "look into a dataset";
        let list = h5d::get_create_plist(what, dataset.handle())?;
        match h5p::layout(list.get())? {
            H5D_layout_t::H5D_CHUNKED if !dims.is_empty() => {
                let chunk = chunked::chunk_of(&list, dims.len())?;
                let all = dims.iter().zip(&chunk).map(|(dim, len)| dim.div_ceil((*len).max(1)));
                let all = all.fold(1, u64::saturating_mul);
                let has_all = h5d::num_chunks(what, dataset.handle())? >= all;
                Ok((!has_all).then_some(Self { chunk: Some(chunk) }))
            }
            H5D_layout_t::H5D_CONTIGUOUS if h5d::storage_size(dataset.handle()) == 0 => {
                Ok((!h5p::has_external_files(what, &list)?).then_some(Self { chunk: None }))
            }
            _ => Ok(None),
        }
    }

    /// Whether a chunk is stored of a part.
    pub(super) fn has_chunk(&self, dataset: &Dataset, start: &[u64], count: &[u64]) -> bool {
        let Some(chunk) = &self.chunk else { return false };
        let first: Vec<u64> = start.iter().zip(chunk).map(|(start, len)| start / len * len).collect();
        let mut offset = first.clone();
        loop {
            if h5d::chunk_storage_size(dataset.handle(), &offset).is_some_and(|size| size > 0) {
                return true;
            }
            let mut axis = offset.len();
            loop {
                let Some(outer) = axis.checked_sub(1) else { return false };
                axis = outer;
                offset[axis] += chunk[axis];
                if offset[axis] < start[axis] + count[axis] {
                    break;
                }
                offset[axis] = first[axis];
            }
        }
    }
}
