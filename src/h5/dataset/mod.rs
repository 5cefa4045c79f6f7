//! Datasets: made, written and read in blocks.

mod contents;
mod create;
mod read;
mod shape;
mod sparse;
mod write;

use std::sync::OnceLock;

use hdf5_sys::h5d::H5D_layout_t;
use hdf5_sys::h5i::hid_t;

pub(super) use self::contents::words;
pub(crate) use self::contents::{Contents, brief, texts};
pub(crate) use self::shape::Shape;
pub(super) use self::shape::simple_space;
use super::attribute::Attributes;
use super::chunked::{Chunked, chunk_of, is_filtered_here};
use super::dtype::{Dtype, Order, is_equal};
use super::external_access::{NoPlugins, check_layout, filter_refused, is_own, missing_filter};
use super::fetching::Fetching;
use super::object_info::{Messages, ObjectSummary, summary_of};
use super::placeholder::seen_as_empty;
use super::present::Wanted;
use super::structure::{self, Checked};
use super::sys::{h5d, h5i, h5p};
use super::{Handle, Id, locked, varlen};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::ledger;
use crate::ground::limits::{Limit, Limits};
use crate::layout::progress_path::ProgressPath;

/// A dataset, open.
#[derive(Debug)]
pub(crate) struct Dataset {
    id: Id,
    dtype: Dtype,
    shape: Shape,
    /// Its type in the file, where that is its type in memory, too.
    stored: Option<Id>,
    /// Its type in memory, once it was made; with references for what is of variable length, if something is. Of a compound,
    /// libhdf5 compares each field's name with all others (`H5T__insert`).
    made_type: OnceLock<Id>,
    /// Bytes of its items in the file, if that was seen when it was opened, and stays so.
    known: Option<u64>,
    /// Whether it is made of parts of other datasets.
    is_virtual: bool,
    /// Whether it had no attributes when it was opened.
    is_bare: bool,
    /// Whether it is stored in chunks; and how they are filtered, once that was looked at, if it is done here.
    is_chunked: bool,
    chunked: OnceLock<Option<Box<Chunked>>>,
    fetching: Fetching,
    /// Whether its dimensions cannot change, as it is contiguous or compact.
    is_fixed: bool,
    /// Whether reading sets all items, once that was looked at.
    fills: OnceLock<bool>,
    /// Whether little of it is stored, once that was looked at.
    is_sparse: OnceLock<bool>,
    spot: ProgressPath,
}

impl Attributes for Dataset {
    fn handle(&self) -> hid_t {
        self.id.get()
    }
}

impl Dataset {
    /// Takes over the handle of a dataset.
    pub(super) fn adopt(id: Id) -> Result<Self> {
        Self::adopt_checked(structure::check(id.get())?, id)
    }

    /// The same of one that was checked.
    pub(super) fn adopt_checked(checked: Checked, id: Id) -> Result<Self> {
        let what = "open a dataset";
        let stored_type = h5d::get_type(what, id.get())?;
        let dtype = Dtype::of_items(&stored_type, id.get())?;
        if dtype.has_addresses() {
            varlen::look_at_header(id.get())?;
        }
        let messages = checked.messages.map_or_else(|| Messages::of(id.get()), Ok)?;
        let is_bare = !messages.has_attributes();
        // How it was made is a list that takes libhdf5 longer to make than all the rest. But a virtual dataset stores nothing
        // itself, and only what has dimensions can be in chunks, which have no one address in the file.
        let known = checked.stored.filter(|_| !messages.has_external_storage());
        let stored_bytes = known.unwrap_or_else(|| h5d::storage_size(id.get()));
        let is_here = !messages.has_external_storage() && stored_bytes > 0;
        let layout = if is_here { None } else { Some(checked_layout(&id)?) };
        let space = h5d::get_space(what, id.get())?;
        let shape = Shape::of_space(&space)?;
        let stored = dtype.has_same_memory_type().then_some(stored_type);
        let made = Self::made(id, dtype, shape, stored, false);
        let mut dataset = Self { known, is_bare, is_fixed: false, ..made };
        let layout = match layout {
            None if !matches!(dataset.shape, Shape::Simple(_)) || h5d::offset(dataset.id.get()).is_some() => None,
            None => Some(dataset.layout()?),
            checked => checked,
        };
        let Some((list, layout)) = layout else {
            // All of it is stored, in one piece.
            dataset.fills = OnceLock::from(true);
            dataset.is_fixed = true;
            dataset.check_size(0)?;
            return Ok(dataset);
        };
        dataset.is_virtual = layout == H5D_layout_t::H5D_VIRTUAL;
        dataset.is_fixed = layout == H5D_layout_t::H5D_COMPACT || layout == H5D_layout_t::H5D_CONTIGUOUS && is_here;
        let chunk_size = dataset.chunk_size(&list, layout)?;
        dataset.is_chunked = chunk_size > 0;
        dataset.check_size(chunk_size)?;
        dataset.check_chunks(&list)?;
        if layout == H5D_layout_t::H5D_CHUNKED
            && let Some(filter) = missing_filter(&list)?
            && (!Limits::current().plugins || is_own(filter))
            // It may be known here.
            && !is_filtered_here(&list)?
        {
            return Err(filter_refused(filter));
        }
        Ok(dataset)
    }

    /// Whether it had no attributes when it was opened.
    pub(crate) fn is_bare(&self) -> bool {
        self.is_bare
    }

    /// The same dataset, which was made or opened for a call that somebody may watch.
    pub(super) fn at(self, spot: ProgressPath) -> Self {
        Self { spot, ..self }
    }

    /// Where it is in that call.
    pub(crate) fn spot(&self) -> &ProgressPath {
        &self.spot
    }

    /// Refuses a dataset that claims to be far larger than what is stored for it, or one of whose chunks does.
    fn check_size(&self, chunk_size: u64) -> Result<()> {
        // libhdf5 goes through the items of arrays once for each array that they are in.
        let claim = self.logical_bytes().max(chunk_size).saturating_mul(self.dtype.array_levels().max(1));
        let limits = Limits::current();
        if claim <= limits.max_unstored / 2 || claim < u64::MAX && claim / limits.max_expansion.max(1) <= self.stored()
        {
            return Ok(());
        }
        let (words, stored) = (self.words(), self.stored());
        let what = format!("{words} claims to be far larger than the {stored} bytes stored for it");
        Err(Limits::exceeded(what, Limit::Expansion))
    }

    /// Refuses a dataset of more chunks than can be stored: what libhdf5 makes for each that is read takes hundreds of bytes,
    /// however few it has.
    fn check_chunks(&self, list: &Id) -> Result<()> {
        let (Shape::Simple(dims), true) = (&self.shape, self.is_chunked) else { return Ok(()) };
        // Fewer items than that are in fewer chunks.
        if self.shape.count().is_some_and(|count| count <= Limits::current().max_chunks) {
            return Ok(());
        }
        let chunks = dims.iter().zip(chunk_of(list, dims.len())?).map(|(dim, chunk)| dim.div_ceil(chunk.max(1)));
        ledger::check_chunks(chunks.fold(1, u64::saturating_mul), || self.file_size())
    }

    /// Bytes of a chunk, which libhdf5 has in memory as a whole, however little of it is in the dataset; 0 without chunks.
    fn chunk_size(&self, list: &Id, layout: H5D_layout_t) -> Result<u64> {
        let Shape::Simple(dims) = &self.shape else { return Ok(0) };
        if layout != H5D_layout_t::H5D_CHUNKED {
            return Ok(0);
        }
        Ok(chunk_of(list, dims.len())?.iter().fold(self.dtype.size() as u64, |size, dim| size.saturating_mul(*dim)))
    }

    /// Whether its chunks, if it has any, go through filters.
    pub(super) fn is_filtered(&self) -> Result<bool> {
        let list = self.layout()?.0;
        Ok(self.is_chunked && h5p::filter_count("look into the filters of a dataset", &list)? > 0)
    }

    /// How many rows a chunk has, if it is stored in chunks.
    pub(super) fn chunk_rows(&self) -> Result<Option<u64>> {
        let (Shape::Simple(dims), true) = (&self.shape, self.is_chunked) else { return Ok(None) };
        Ok(Some(chunk_of(&self.layout()?.0, dims.len())?[0].max(1)))
    }

    /// Takes note of the dimensions that it has now.
    pub(super) fn resized(&mut self, dims: Vec<u64>) {
        self.shape = Shape::Simple(dims);
        // It knows the dimensions, too.
        self.chunked = Default::default();
        self.fetching = Default::default();
        self.is_sparse = Default::default();
    }

    /// How its chunks are filtered, if that is done here.
    pub(super) fn chunked(&self) -> Result<Option<&Chunked>> {
        if !self.is_chunked || self.dtype.has_addresses() {
            return Ok(None);
        }
        if self.chunked.get().is_none() {
            let Shape::Simple(dims) = &self.shape else { return Ok(None) };
            let chunked = locked(|| Chunked::of(self.id.get(), &self.layout()?.0, dims))?;
            // Another thread may have been first.
            drop(self.chunked.set(chunked.map(Box::new)));
        }
        Ok(self.chunked.get().and_then(|chunked| chunked.as_deref()))
    }

    /// The same, where items in memory are what the file has: so that they can be filtered for it.
    fn encoded(&self, memory_type: &Handle) -> Result<Option<&Chunked>> {
        match self.chunked()? {
            Some(chunked) if chunked.is_same(memory_type.get())? => Ok(Some(chunked)),
            _ => Ok(None),
        }
    }

    /// Whether data can be written into it: it is not made of other datasets, and all its filters are there.
    pub(crate) fn takes_data(&self) -> Result<bool> {
        use H5D_layout_t::{H5D_CHUNKED, H5D_COMPACT, H5D_CONTIGUOUS};
        let (list, layout) = self.layout()?;
        if layout != H5D_CHUNKED {
            return Ok(matches!(layout, H5D_COMPACT | H5D_CONTIGUOUS));
        }
        let has_filters = locked(|| {
            let _no_plugins = NoPlugins::new();
            h5p::has_all_filters("look into the filters of a dataset", &list)
        })?;
        Ok(has_filters || self.encoded(&self.memory_type()?)?.is_some())
    }

    /// How it was made, and in what layout.
    pub(super) fn layout(&self) -> Result<(Id, H5D_layout_t)> {
        layout_of(&self.id)
    }

    /// Where its items are in the file, from its first byte on, if they are in one piece there and are what they are in
    /// memory.
    pub(super) fn address(&self) -> Result<Option<u64>> {
        let is_plain = !self.is_chunked && !self.is_virtual && !self.dtype.has_addresses();
        if !is_plain || self.logical_bytes() == 0 || self.logical_bytes() != self.stored() || !self.is_same()? {
            return Ok(None);
        }
        if Messages::of(self.id.get())?.has_external_storage() {
            return Ok(None);
        }
        Ok(h5d::offset(self.id.get()))
    }

    /// Whether its items in memory are what the file has.
    fn is_same(&self) -> Result<bool> {
        let stored = h5d::get_type("look into a dataset", self.id.get())?;
        let memory_type = self.readable_type()?;
        is_equal(stored.get(), memory_type.get())
    }

    /// Bytes of all its items in memory; `u64::MAX` where that overflows.
    pub(crate) fn logical_bytes(&self) -> u64 {
        let count = self.shape.count().unwrap_or(u64::MAX);
        count.saturating_mul(self.dtype.size() as u64)
    }

    /// Bytes of its data in the file.
    pub(super) fn stored(&self) -> u64 {
        self.known.unwrap_or_else(|| h5d::storage_size(self.id.get()))
    }

    /// Bytes of its data in the file.
    pub(crate) fn stored_bytes(&self) -> u64 {
        self.stored()
    }

    /// Whether it is contiguous, and its data is in the file: it has an address then, and cannot grow.
    pub(crate) fn is_in_one_piece(&self) -> bool {
        self.is_fixed && !self.is_chunked && !self.is_virtual && h5d::offset(self.id.get()).is_some()
    }

    /// Whether as much is stored for it as its items can be compressed to.
    pub(crate) fn is_stored(&self) -> bool {
        self.logical_bytes() / Limits::current().max_expansion.max(1) <= self.stored()
    }

    /// What tells it from other objects, and how many links and attributes it has.
    pub(crate) fn summary(&self) -> Result<ObjectSummary> {
        summary_of(self.handle())
    }

    /// The same as users know it.
    pub(crate) fn user(&self) -> Result<hdf5::Dataset> {
        self.shared()?.try_into()
    }

    /// A further owner of it.
    pub(crate) fn again(&self) -> Result<Self> {
        Ok(seen_as_empty(Self::adopt(self.shared()?)?)?.at(self.spot.clone()))
    }

    /// A further owner of the handle.
    fn shared(&self) -> Result<Id> {
        h5i::share("look into a dataset", &self.id)
    }

    /// Has items read as another type: one without some fields of its own.
    pub(crate) fn read_as(&mut self, dtype: Dtype) {
        self.dtype = dtype;
        self.made_type = OnceLock::new();
    }

    /// The same as one of another shape, which has no items.
    pub(super) fn with_shape(self, shape: Shape) -> Self {
        Self { shape, ..self }
    }

    /// Its dataspace.
    pub(crate) fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Its dimensions, if it has any.
    pub(super) fn dims(&self) -> &[u64] {
        if let Shape::Simple(dims) = &self.shape { dims } else { &[] }
    }

    /// Has the items fetched that are wanted, where its file is a remote one, without libhdf5's lock.
    pub(super) fn fetch(&self, wanted: Wanted<'_>) -> Result<()> {
        // Those that are filtered here come chunk by chunk.
        match self.chunked()? {
            Some(_) => Ok(()),
            None => self.fetching.items(self.id.get(), self.dims(), wanted),
        }
    }

    /// Its element type.
    pub(crate) fn dtype(&self) -> &Dtype {
        &self.dtype
    }

    /// Type and shape in words.
    pub(crate) fn words(&self) -> String {
        words(&self.dtype, &self.shape)
    }

    fn check_readable(&self) -> Result<()> {
        match self.dtype.unsupported() {
            Some(words) => Err(Error::new(ErrorKind::Unsupported, format!("`{words}` cannot be read"))),
            None => Ok(()),
        }
    }

    fn readable_type(&self) -> Result<Handle> {
        self.check_readable()?;
        self.memory_type()
    }

    pub(super) fn memory_type(&self) -> Result<Handle> {
        match &self.stored {
            Some(stored) => Ok(Handle::Borrowed(stored.get())),
            None if self.dtype.has_addresses() => self.dtype.id(Order::Memory),
            None => super::made_once(&self.made_type, || self.dtype.id(Order::Memory)),
        }
    }

    fn check_bytes(&self, items: Option<u64>, bytes: &[u8]) -> Result<()> {
        let wanted = items.and_then(|items| items.checked_mul(self.dtype.size() as u64));
        if wanted == Some(bytes.len() as u64) && !self.dtype.has_addresses() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Hdf5, format!("{} bytes are no data for {}", bytes.len(), self.words())))
    }

    /// Where rows begin along each dimension, how many items there are along each, and how many items in all.
    fn rows(&self, start: u64, count: u64) -> Result<(Vec<u64>, Vec<u64>, u64)> {
        let Shape::Simple(dims) = &self.shape else {
            return Err(Error::new(ErrorKind::Hdf5, format!("{} has no rows", self.words())));
        };
        let mut starts = vec![0; dims.len()];
        starts[0] = start;
        let mut counts = dims.clone();
        counts[0] = count;
        let items = items_of(&counts)?;
        Ok((starts, counts, items))
    }
}

/// How many items a block has that has so many along each dimension.
fn items_of(count: &[u64]) -> Result<u64> {
    let items = count.iter().try_fold(1u64, |items, count| items.checked_mul(*count));
    items.ok_or_else(|| Error::corrupt("a block of absurd shape"))
}

/// How a dataset was made, and in what layout, if that may be read.
fn checked_layout(dataset: &Id) -> Result<(Id, H5D_layout_t)> {
    let (list, layout) = layout_of(dataset)?;
    check_layout(&list, layout)?;
    if layout == H5D_layout_t::H5D_VIRTUAL {
        structure::check_sources(dataset.get())?;
    }
    Ok((list, layout))
}

/// How a dataset was made, and in what layout.
fn layout_of(dataset: &Id) -> Result<(Id, H5D_layout_t)> {
    let list = h5d::get_create_plist("look into a dataset", dataset.get())?;
    let layout = h5p::layout(list.get())?;
    Ok((list, layout))
}

/// Zeroed memory for `count` items of `size` bytes, or an error that says that there is not as much.
pub(super) fn zeroed(count: u64, size: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    resize(&mut bytes, count, size)?;
    Ok(bytes)
}

/// Makes `bytes` hold `count` items of `size` bytes; what is new is zero.
pub(super) fn resize(bytes: &mut Vec<u8>, count: u64, size: usize) -> Result<()> {
    let too_large = || Error::new(ErrorKind::Limit, format!("{count} items of {size} bytes do not fit into memory"));
    let total = usize::try_from(count).ok().and_then(|count| count.checked_mul(size)).ok_or_else(too_large)?;
    bytes.try_reserve_exact(total.saturating_sub(bytes.len())).map_err(|_| too_large())?;
    bytes.resize(total, 0);
    Ok(())
}
