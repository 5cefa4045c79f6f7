//! Dataspaces.

use std::ffi::c_int;

use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5s::{H5S_class_t, H5S_seloper_t};

use super::super::{Id, call, locked};
use super::c::{self, Dims, padded};
use super::{unknown, variant};
use crate::ground::error::Result;

/// A dataspace without dimensions.
pub(in crate::h5) fn create(what: &str, class: H5S_class_t) -> Result<Id> {
    Id::own(what, || c::H5Screate(class))
}

/// A dataspace of those dimensions, and of the largest sizes that they may come to have, if not the same.
pub(in crate::h5) fn create_simple(what: &str, dims: &[u64], most: Option<&[u64]>) -> Result<Id> {
    // libhdf5 refuses more dimensions than there is room for.
    let rank = c_int::try_from(dims.len()).unwrap_or(-1);
    Id::own(what, || c::H5Screate_simple(rank, &padded(dims), most.map(padded).as_ref()))
}

/// The class of a dataspace.
pub(in crate::h5) fn class(space: hid_t) -> Result<H5S_class_t> {
    let number = call("look into a dataspace", || c::H5Sget_simple_extent_type(space))?;
    variant!(number, H5S_class_t: H5S_SCALAR, H5S_SIMPLE, H5S_NULL)
        .ok_or_else(|| unknown("a dataspace of a class", number))
}

/// The sizes of the dimensions.
pub(in crate::h5) fn dims(what: &str, space: &Id) -> Result<Vec<u64>> {
    sizes(what, space, &|dims| c::H5Sget_simple_extent_dims(space.get(), Some(dims), None))
}

/// The largest sizes that the dimensions may come to have.
pub(in crate::h5) fn max_dims(what: &str, space: &Id) -> Result<Vec<u64>> {
    sizes(what, space, &|most| c::H5Sget_simple_extent_dims(space.get(), None, Some(most)))
}

fn sizes(what: &str, space: &Id, get: &dyn Fn(&mut Dims) -> c_int) -> Result<Vec<u64>> {
    locked(|| {
        let rank = call(what, || c::H5Sget_simple_extent_ndims(space.get()))?;
        let mut dims = padded(&[]);
        call(what, || get(&mut dims))?;
        Ok(dims[..usize::try_from(rank).unwrap_or(0).min(dims.len())].to_vec())
    })
}

/// Selects the block that begins at `start` and has `count` items along each dimension, `step` apart, and nothing else.
pub(in crate::h5) fn select(what: &str, space: &Id, start: &[u64], step: Option<&[u64]>, count: &[u64]) -> Result<()> {
    let (start, step, count) = (padded(start), step.map(padded), padded(count));
    let set = H5S_seloper_t::H5S_SELECT_SET;
    call(what, || c::H5Sselect_hyperslab(space.get(), set, &start, step.as_ref(), &count, None)).map(drop)
}
