//! Datasets that grow along their first dimension, and what is written for them to be there after a crash.

use std::sync::LazyLock;

use hdf5_sys::h5::hsize_t;
use hdf5_sys::h5d::H5D_layout_t;
use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5p::{H5P_CLS_DATASET_ACCESS, H5P_CLS_GROUP_CREATE};
use hdf5_sys::h5s::H5S_UNLIMITED;

use super::attribute::Attributes;
use super::chunked::{Tail, is_filtered_here};
use super::chunking::sort_of;
use super::dataset::{Dataset, Shape};
use super::dtype::{Dtype, Number, Order};
use super::external_access::missing_filter;
use super::group::{Group, Object};
use super::items::element_bytes;
#[cfg(all(unix, hdf5_drivers))]
use super::sys::h5i;
use super::sys::{h5a, h5d, h5f, h5l, h5p, h5s};
use super::{Id, c_name, keep_attribute_order, library_static, property_list, property_lists};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::layout::storage_options::StorageOptions;

/// A dataset of rows that has chunks and no end.
#[derive(Debug)]
pub(crate) struct Growing {
    dataset: Dataset,
    /// Rows that count. There may be more, which are written over.
    rows: u64,
    /// Rows that there are.
    extent: u64,
    /// Bytes of a row.
    row: usize,
    /// Its last rows, where its chunks are filtered here; looked for when the first rows are added.
    tail: Option<Option<Box<Tail>>>,
}

impl Attributes for Growing {
    fn handle(&self) -> hid_t {
        self.dataset.handle()
    }
}

/// Links that a group has in its header. HDF5 holds 65,535 at most, and more than these take less time elsewhere.
const MAX_COMPACT: u32 = 1000;

/// How such datasets are opened: what is written goes straight to its chunk. With a cache, each dataset would have some
/// megabytes in memory, and what is flushed would be all chunks of all of them.
fn access() -> Result<&'static Id> {
    static ACCESS: LazyLock<Option<Id>> = LazyLock::new(|| {
        let list = property_list(H5P_CLS_DATASET_ACCESS).ok()?;
        h5p::turn_off_chunk_cache("turn off a cache", &list).ok()?;
        Some(list)
    });
    library_static(&ACCESS)
}

impl Group {
    /// Makes the dataset `name` of no rows of shape `inner`, stored as said: in chunks of about `chunk` bytes if no shape is.
    pub(crate) fn create_growing(
        &self,
        name: &str,
        dtype: &Dtype,
        inner: &[u64],
        (storing, chunk): (&StorageOptions, usize),
    ) -> Result<Growing> {
        let what = "create a dataset that grows";
        let with_first = |first: u64| -> Vec<hsize_t> { std::iter::once(first).chain(inner.iter().copied()).collect() };
        let (dims, most) = (with_first(0), with_first(H5S_UNLIMITED));
        let list = storing.growing(inner, dtype.size(), sort_of(dtype).0, chunk)?.list()?;
        // All that counts is written. To fill chunks before would write each twice, by way of a cache.
        h5p::never_fill(what, &list)?;
        let space = h5s::create_simple(what, &dims, Some(&most))?;
        let (label, file_type) = (c_name(name)?, dtype.id(Order::File)?);
        let (lists, access) = (property_lists()?, access()?);
        let new = h5d::New { file_type: file_type.get(), space: space.get(), list: list.get() };
        let id = h5d::create(what, self.handle(), &label, new, (lists.link.get(), Some(access.get())))?;
        Growing::new(Dataset::adopt(id)?)
    }

    /// Makes the group `name`, whose links are in its header however many they are: one more is one write there.
    pub(crate) fn create_compact_group(&self, name: &str) -> Result<Self> {
        let what = "create a group";
        let list = property_list(H5P_CLS_GROUP_CREATE)?;
        h5p::track_link_order(what, &list)?;
        h5p::turn_off_times(what, &list)?;
        h5p::set_link_phase_change(what, &list, MAX_COMPACT, 0)?;
        keep_attribute_order(&list)?;
        let (label, lists) = (c_name(name)?, property_lists()?);
        Self::adopt(h5l::create_group(what, self.handle(), &label, (lists.link.get(), list.get()))?)
    }

    /// Opens the dataset `name`, if it is one that grows.
    pub(crate) fn open_growing(&self, name: &str) -> Result<Growing> {
        let (label, access) = (self.label(name)?, access()?);
        // Where the link leads to another file, or the dataset is none to be read, this refuses it.
        if let Object::Group(_) = self.open(name)? {
            return Err(Error::wrong_type("a dataset that can grow", "a group"));
        }
        let id = h5d::open("open a dataset", self.handle(), &label, access)?;
        let dataset = Dataset::adopt(id)?;
        let (list, layout) = dataset.layout()?;
        if layout == H5D_layout_t::H5D_CHUNKED
            && let Some(filter) = missing_filter(&list)?
            && !is_filtered_here(&list)?
        {
            let message = format!(
                "filter {filter} is not built in, and nothing that writes loads plugins: register the filter, or load it by the \
                 `hdf5` crate"
            );
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        if layout != H5D_layout_t::H5D_CHUNKED || !dataset.has_no_end()? {
            let message = format!("{} cannot grow: it is not chunked and without end", dataset.words());
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let mut growing = Growing::new(dataset)?;
        growing.drop_beyond()?;
        Ok(growing)
    }
}

impl Dataset {
    /// Whether its first dimension, and that alone, may become as long as one likes.
    fn has_no_end(&self) -> Result<bool> {
        let what = "look into a dataset";
        let space = h5d::get_space(what, self.handle())?;
        let Shape::Simple(dims) = self.shape() else { return Ok(false) };
        let most = h5s::max_dims(what, &space)?;
        Ok(most.first() == Some(&H5S_UNLIMITED) && most.get(1..) == dims.get(1..))
    }
}

impl Growing {
    fn new(dataset: Dataset) -> Result<Self> {
        let Shape::Simple(dims) = dataset.shape() else { return Err(Error::corrupt("a dataset without rows")) };
        let rows = dims[0];
        let row = dims[1..].iter().fold(dataset.dtype().size(), |size, dim| size.saturating_mul(*dim as usize));
        Ok(Self { dataset, rows, extent: rows, row, tail: None })
    }

    /// Takes away chunks beyond its end: where a program was killed, its index may have some of which its length does not know.
    /// A part of the index may be older than these; what is added before them is not found then.
    fn drop_beyond(&mut self) -> Result<()> {
        if !is_ordered(self)? {
            return Ok(());
        }
        let (what, chunk) = ("look into the chunks of a dataset", self.dataset.chunk_rows()?.unwrap_or(1));
        let count = h5d::num_chunks(what, self.handle())?;
        let Some(index) = count.checked_sub(1) else { return Ok(()) };
        // The index has them in their order.
        let last = h5d::first_row_of_chunk(what, self.handle(), index)?;
        let end = self.extent.div_ceil(chunk).saturating_mul(chunk);
        if last < end {
            return Ok(());
        }
        // Of those that are missing in between there are no more than a part of the index has.
        if (last - end) / chunk > count.saturating_mul(2).saturating_add(1024) {
            return Err(Error::corrupt(format!("{} has a chunk far beyond its end, at {}", self.words(), last)));
        }
        // Of chunks that end with the dataset, libhdf5 does not fill the rest, for which it would need the filters.
        self.resize(last.saturating_add(chunk))?;
        self.resize(end)?;
        flush(self)
    }

    pub(crate) fn dtype(&self) -> &Dtype {
        self.dataset.dtype()
    }

    /// The shape of a row.
    pub(crate) fn inner(&self) -> &[u64] {
        match self.dataset.shape() {
            Shape::Simple(dims) => &dims[1..],
            _ => &[],
        }
    }

    /// Type and shape in words.
    pub(crate) fn words(&self) -> String {
        self.dataset.words()
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// The most bytes that the file needs to take `bytes` bytes beside what these are, while room is made for what is written:
    /// the chunk that they end in.
    pub(crate) fn room(&self, bytes: usize) -> Result<usize> {
        let Some(chunk) = self.dataset.chunk_rows()? else { return Ok(0) };
        let free = (self.rows.next_multiple_of(chunk) - self.rows).saturating_mul(self.row as u64);
        if bytes as u64 <= free {
            return Ok(0);
        }
        let band = self.dataset.band()?;
        // What is flushed before a chunk is full is without filters, and written again when it is.
        Ok(if self.dataset.is_filtered()? { band.saturating_mul(2) } else { band })
    }

    /// Bytes of a row.
    pub(crate) fn row(&self) -> usize {
        self.row
    }

    /// Takes no more than `rows` to be there.
    pub(crate) fn keep(&mut self, rows: u64) -> Result<()> {
        if rows > self.extent {
            let message = format!("{} has fewer rows than the {rows} that should be there", self.words());
            return Err(Error::corrupt(message));
        }
        self.rows = rows;
        Ok(())
    }

    /// The last rows, where chunks are filtered here.
    fn tail(&mut self) -> Result<Option<(&mut Tail, &Dataset)>> {
        if self.tail.is_none() {
            self.tail = Some(if self.dataset.is_filtered()? { self.open_tail()?.map(Box::new) } else { None });
        }
        Ok(self.tail.as_mut().and_then(Option::as_mut).map(|tail| (&mut **tail, &self.dataset)))
    }

    fn open_tail(&mut self) -> Result<Option<Tail>> {
        let chunk = self.dataset.chunk_rows()?.unwrap_or(1);
        let end = self.rows.div_ceil(chunk).saturating_mul(chunk);
        // Chunks of which nothing counts are of no known form.
        if self.extent > end {
            self.resize(end)?;
            flush(self)?;
        }
        Tail::of(&self.dataset, self.rows)
    }

    /// Has libhdf5 find out again which filters are left out of the chunk that was written last, before that is read: it keeps
    /// what it knew before (`H5D__chunk_direct_write` of 2.2 and earlier) until it has looked for another chunk.
    pub(crate) fn look_again(&mut self) -> Result<()> {
        let Some(rows) = self.tail()?.map(|(tail, _)| tail.rows()) else { return Ok(()) };
        if self.extent <= rows {
            // Rows that do not count, so that there is another chunk.
            self.resize(rows + 1)?;
        }
        let last = self.extent - 1;
        if let Some((tail, dataset)) = self.tail()? {
            tail.look_at(dataset, 0)?;
            tail.look_at(dataset, last)?;
        }
        Ok(())
    }

    /// Writes what is in memory.
    pub(crate) fn write_rest(&mut self) -> Result<()> {
        match self.tail.as_mut().and_then(Option::as_mut) {
            Some(tail) => tail.flush(&self.dataset),
            None => Ok(()),
        }
    }

    /// The same, where nothing is to be added any more.
    pub(crate) fn write_last(&mut self) -> Result<()> {
        match self.tail.as_mut().and_then(Option::as_mut) {
            // Where rows do not count, libhdf5 is to find the last chunks without filters.
            Some(tail) if self.extent == self.rows => tail.flush_last(&self.dataset),
            _ => self.write_rest(),
        }
    }

    /// Has all chunks filtered, and takes away rows that do not count.
    pub(crate) fn finish(&mut self) -> Result<()> {
        if self.extent > self.rows {
            // libhdf5 fills the rest of the last chunk, for which it need not have the filters then.
            if let Some((tail, dataset)) = self.tail()? {
                tail.unfilter(dataset)?;
            }
            self.look_again()?;
            self.resize(self.rows)?;
            if self.tail.take().is_some_and(|tail| tail.is_some()) {
                flush(self)?;
                self.tail()?;
            }
        }
        match self.tail.as_mut().and_then(Option::as_mut) {
            Some(tail) => tail.finish(&self.dataset),
            None => Ok(()),
        }
    }

    fn resize(&mut self, extent: u64) -> Result<()> {
        let Shape::Simple(dims) = self.dataset.shape() else { return Err(Error::corrupt("a dataset without rows")) };
        let mut dims = dims.clone();
        dims[0] = extent;
        h5d::set_extent("make a dataset longer", self.handle(), &dims)?;
        self.dataset.resized(dims);
        self.extent = extent;
        Ok(())
    }

    /// Adds the rows that `bytes` holds.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let count = (bytes.len() / self.row.max(1)) as u64;
        if count == 0 {
            return Ok(());
        }
        let too_many = || Error::new(ErrorKind::Limit, format!("{} cannot get {count} rows more", self.words()));
        let end = self.rows.checked_add(count).ok_or_else(too_many)?;
        // It looks at what was there before.
        self.tail()?;
        if end > self.extent {
            self.resize(end)?;
        }
        match self.tail()? {
            Some((tail, dataset)) => tail.append(dataset, bytes)?,
            None => self.dataset.write_more(self.rows, count, bytes)?,
        }
        self.rows = end;
        Ok(())
    }

    /// Reads rows.
    pub(crate) fn read(&self, start: u64, count: u64) -> Result<Vec<u8>> {
        let Some(Some(tail)) = &self.tail else { return self.dataset.read_rows(start, count) };
        let (first, rest) = tail.rows_from(start, count);
        let before = first.min(start + count) - start;
        let mut bytes = if before > 0 { self.dataset.read_rows(start, before)? } else { Vec::new() };
        bytes.extend_from_slice(rest);
        Ok(bytes)
    }
}

/// The file that `object` is in, and whether it is one that is whole at all times.
#[cfg(all(unix, hdf5_drivers))]
fn file_of(object: &impl Attributes) -> Result<(Id, bool)> {
    let what = "look into a file";
    let file = h5i::file_of(what, object.handle())?;
    let driver = h5p::driver(what, &h5f::get_access_plist(what, &file)?)?;
    let is_ordered = driver == super::driver::ordered()?;
    Ok((file, is_ordered))
}

/// Whether an object is in a file that is [whole at all times](super::driver).
fn is_ordered(object: &impl Attributes) -> Result<bool> {
    #[cfg(all(unix, hdf5_drivers))]
    return file_of(object).map(|(_, is_ordered)| is_ordered);
    #[cfg(not(all(unix, hdf5_drivers)))]
    {
        let _ = object;
        Ok(false)
    }
}

/// Whether room that becomes free in the file is not used again while it is open; also where that does not matter, as the
/// file is not one of those that are whole at all times.
pub(super) fn keeps_freed_room(object: &impl Attributes) -> Result<bool> {
    #[cfg(all(unix, hdf5_drivers))]
    if let (file, true) = file_of(object)? {
        return h5p::forgets_freed_room(h5f::get_create_plist("look into a file", &file)?.get());
    }
    let _ = object;
    Ok(true)
}

/// Sets an attribute that is a `u64`, which is made if need be. One that is there is written in its place.
pub(crate) fn set_count(object: &impl Attributes, name: &str, count: u64) -> Result<()> {
    let (dtype, bytes) = (Dtype::Number(Number::U64), [count]);
    if !object.has_attribute(name)? {
        return object.write_attribute(name, &dtype, &Shape::Scalar, element_bytes(&bytes));
    }
    let (label, memory) = (c_name(name)?, dtype.id(Order::Memory)?);
    let id = h5a::open("open an attribute", object.handle(), &label)?;
    // SAFETY: one item of the type; an attribute of more would be refused before.
    unsafe { h5a::write("write an attribute", 0, id.get(), memory.get(), bytes.as_ptr().cast()) }
}

/// Has libhdf5 write all that it has of the file that `object` is in, once there is room for it.
pub(crate) fn flush(object: &impl Attributes) -> Result<()> {
    super::writing::settle()?;
    h5f::flush("write out the file", object.handle())?;
    super::writing::check()?;
    super::file_bytes::check_own(object)
}
