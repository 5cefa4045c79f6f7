//! Room in a file for data that others put there, past libhdf5.
//!
//! The dataset is made as any other. libhdf5 makes room for all of a dataset that is in one piece when the first item is written, and
//! fills it with nothing, as the dataset has no fill value of its own. So the file is what it would be with the data, but for that.

use hdf5::H5Type;
use hdf5_sys::h5i::hid_t;

use super::attribute::Attributes;
use super::c_name;
use super::chunking::sort_of;
use super::dataset::{Dataset, Shape};
use super::dtype::Dtype;
use super::group::Group;
use super::selection::select;
use super::sys::h5d;
use super::typed::ElementType;
use crate::ground::error::{Error, Result};
use crate::layout::storage_options::StorageOptions;

/// Whether a dataset of that shape, of items of `size` bytes, is stored in one piece, and not in its header.
pub(crate) fn is_in_one_piece(storing: &StorageOptions, dims: &[u64], size: usize) -> Result<bool> {
    let bytes = dims.iter().fold(size as u64, |bytes, dim| bytes.saturating_mul(*dim));
    Ok(bytes > super::COMPACT as u64 && !dims.is_empty() && storing.chunking(dims, size, false, false)?.is_none())
}

/// Makes room for all items of a dataset. Returns the address of the room.
fn make_room(id: hid_t, memory_type: hid_t, dims: &[u64], size: usize) -> Result<u64> {
    let (file, memory) = select(dims, &vec![0; dims.len()], &vec![1; dims.len()], 1)?;
    let item = vec![0_u8; size];
    let bytes = dims.iter().fold(size as u64, |bytes, dim| bytes.saturating_mul(*dim));
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    let types = (memory_type, memory.get());
    // SAFETY: `item` has the bytes of the one item that is selected.
    unsafe { h5d::write("make room for a dataset", bytes, id, types, file.get(), item.as_ptr().cast()) }?;
    h5d::offset(id).ok_or_else(|| Error::corrupt("a dataset without a place in the file"))
}

/// Whether a dataset of that shape and type is stored in chunks.
pub(crate) fn is_chunked(storing: &StorageOptions, dims: &[u64], dtype: &Dtype) -> Result<bool> {
    let (texts, references) = sort_of(dtype);
    Ok(storing.chunking(dims, dtype.size(), texts, references)?.is_some())
}

impl Dataset {
    /// Makes room for the items of this dataset, which was just made, and is in one piece. Returns the address of the room.
    pub(crate) fn make_room(&self) -> Result<u64> {
        let Shape::Simple(dims) = self.shape() else { return Err(Error::corrupt("a dataset without items")) };
        make_room(self.handle(), self.memory_type()?.get(), dims, self.dtype().size())
    }
}

impl<T: H5Type> ElementType<T> {
    /// Whether the bytes of an element in a file that this crate makes are those in memory.
    pub(crate) fn is_stored_as_in_memory(&self) -> bool {
        cfg!(target_endian = "little") && self.file_size() == size_of::<T>()
    }
}

impl Group {
    /// Makes the dataset `name` of that shape, which [is in one piece](is_in_one_piece), with room for its items. Returns the address
    /// of the room.
    pub(crate) fn make_array_room<T: H5Type>(
        &self,
        name: &str,
        element: &ElementType<T>,
        shape: &[u64],
        storing: &StorageOptions,
    ) -> Result<u64> {
        let (label, spot) = (c_name(name)?, self.spot_of(name));
        let how = (storing, (false, false));
        let (file_type, size, memory_type) = element.for_room();
        let (id, _) = self.create_as(file_type, size, &Shape::Simple(shape.to_vec()), how, |lists, new| {
            h5d::create("create a dataset", self.handle(), &label, new, (lists.link.get(), None))
        })?;
        spot.object()?;
        make_room(id.get(), memory_type, shape, size)
    }
}
