//! Datasets made, and linked.

use std::sync::OnceLock;

use hdf5_sys::h5i::hid_t;

use super::super::attribute::Attributes;
use super::super::chunking::{Chunking, sort_of};
use super::super::dtype::{Dtype, Order};
use super::super::fetching::Fetching;
use super::super::group::Group;
use super::super::sys::{h5d, h5o};
use super::super::{COMPACT, Handle, Id, PropertyLists, c_name, locked, property_lists};
use super::{Dataset, Shape};
use crate::ground::error::Result;
use crate::layout::progress_path::ProgressPath;
use crate::layout::storage_options::StorageOptions;

impl Group {
    /// Makes the dataset `name` for items of type `dtype`, yet without data, which will be stored as said.
    pub(crate) fn create_dataset(
        &self,
        name: &str,
        dtype: Dtype,
        shape: Shape,
        storing: &StorageOptions,
    ) -> Result<Dataset> {
        let spot = self.spot_of(name);
        let dataset = locked(|| {
            let label = c_name(name)?;
            self.create_with(dtype, shape, storing, |lists, new| {
                h5d::create("create a dataset", self.handle(), &label, new, (lists.link.get(), None))
            })
        })?;
        spot.object()?;
        Ok(dataset.at(spot))
    }

    /// Makes a dataset in the same file that no link leads to yet, and that will be at that spot: see [`Group::link`].
    pub(crate) fn create_unlinked_dataset(
        &self,
        dtype: Dtype,
        shape: Shape,
        storing: &StorageOptions,
        spot: ProgressPath,
    ) -> Result<Dataset> {
        let dataset = locked(|| {
            self.create_with(dtype, shape, storing, |_, new| h5d::create_anon("create a dataset", self.handle(), new))
        })?;
        spot.object()?;
        Ok(dataset.at(spot))
    }

    /// Makes the link `name` to an object that has none yet.
    pub(crate) fn link(&self, name: &str, object: &impl Attributes) -> Result<()> {
        let (name, lists) = (c_name(name)?, property_lists()?);
        h5o::link("link an object", object.handle(), self.handle(), &name, &lists.link)
    }

    /// Makes a dataset by `create`, which is given the property lists, and what the dataset is made of.
    fn create_with(
        &self,
        dtype: Dtype,
        shape: Shape,
        storing: &StorageOptions,
        create: impl FnOnce(&PropertyLists, h5d::New) -> Result<Id>,
    ) -> Result<Dataset> {
        let file_type = dtype.id(Order::File)?;
        let (id, is_chunked) =
            self.create_as(file_type.get(), dtype.size(), &shape, (storing, sort_of(&dtype)), create)?;
        let stored = match file_type {
            Handle::Owned(file_type) if dtype.has_same_memory_type() => Some(file_type),
            _ => None,
        };
        Ok(Dataset::made(id, dtype, shape, stored, is_chunked))
    }

    /// Makes a dataset of items of `size` bytes by `create`, as [`Group::create_with`] does, but of any type. `sort` says
    /// whether the items are strings, and whether they refer to something. Returns also whether it is stored in chunks.
    pub(in crate::h5) fn create_as(
        &self,
        file_type: hid_t,
        size: usize,
        shape: &Shape,
        (storing, (texts, references)): (&StorageOptions, (bool, bool)),
        create: impl FnOnce(&PropertyLists, h5d::New) -> Result<Id>,
    ) -> Result<(Id, bool)> {
        let (lists, space) = (property_lists()?, shape.space()?);
        let chunking = match shape {
            Shape::Simple(dims) => storing.chunking(dims, size, texts, references)?,
            _ => None,
        };
        let own = chunking.as_ref().map(Chunking::list).transpose()?;
        let bytes = shape.count().unwrap_or(u64::MAX).saturating_mul(size as u64);
        let list = match &own {
            Some(own) => own,
            None => match ((1..=COMPACT as u64).contains(&bytes), storing.keeps_order) {
                (true, false) => &lists.compact,
                (true, true) => &lists.ordered_compact,
                (false, false) => &lists.dataset,
                (false, true) => &lists.ordered_dataset,
            },
        };
        let id = create(lists, h5d::New { file_type, space: space.get(), list: list.get() })?;
        Ok((id, own.is_some()))
    }
}

impl Dataset {
    /// One that was just made, in chunks or not, and has no data yet; or one of which no more is known yet. `stored` is its type in the
    /// file, where that is its type in memory, too.
    pub(in crate::h5) fn made(id: Id, dtype: Dtype, shape: Shape, stored: Option<Id>, is_chunked: bool) -> Self {
        let (is_virtual, is_bare, is_fixed, chunked, fills, spot) =
            (false, false, !is_chunked, OnceLock::new(), OnceLock::new(), ProgressPath::NOWHERE);
        let (known, made_type, is_sparse) = (None, OnceLock::new(), OnceLock::new());
        Self {
            id,
            dtype,
            shape,
            stored,
            made_type,
            known,
            is_virtual,
            is_bare,
            is_chunked,
            chunked,
            fetching: Fetching::default(),
            is_fixed,
            fills,
            is_sparse,
            spot,
        }
    }
}
