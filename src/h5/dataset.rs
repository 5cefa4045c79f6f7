//! Datasets: made, written and read in blocks.

use std::ffi::c_void;
use std::fmt::{self, Display};
use std::sync::{LazyLock, OnceLock};

use hdf5_sys::h5d::H5D_layout_t;
use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5s::{H5S_ALL, H5S_class_t};

use super::about::{About, Messages, about};
use super::attribute::Attributes;
use super::chunked::{Chunked, chunk_of, is_filtered_here};
use super::dense::{self, Checked};
use super::dtype::{Dtype, Order, is_equal};
use super::grid::Rows;
use super::group::Group;
use super::heap_writer::{self, Texts};
use super::items::Items;
use super::parts::{PART, Part};
use super::placeholder::seen_as_empty;
use super::present::{self, Wanted};
use super::selection::select;
use super::storing::{Chunking, sort_of};
use super::strict::{NoPlugins, check_layout, filter_refused, is_own, missing_filter};
use super::sys::{h5d, h5f, h5i, h5o, h5p, h5s};
use super::variable;
use super::writing::makes_room;
use super::{COMPACT, Handle, Id, PropertyLists, c_name, locked, once, property_lists};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::limits::{Limit, Limits};
use crate::layout::progress_path::Spot;
use crate::layout::storage_options::Storing;

/// Bytes of a reference to a string in files with the usual addresses.
const REFERENCE: usize = 16;

/// The dataspace of a dataset or attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// No item, and no dimensions: h5py's `Empty`.
    Null,
    /// One item without dimensions.
    Scalar,
    /// The sizes of one or more dimensions.
    Simple(Vec<u64>),
}

impl Shape {
    /// The number of items; `None` where it overflows.
    pub(crate) fn count(&self) -> Option<u64> {
        match self {
            Self::Null => Some(0),
            Self::Scalar => Some(1),
            Self::Simple(dims) => dims.iter().try_fold(1u64, |count, dim| count.checked_mul(*dim)),
        }
    }

    pub(super) fn space(&self) -> Result<Handle> {
        static SCALAR: LazyLock<Option<Id>> = LazyLock::new(|| plain_space(H5S_class_t::H5S_SCALAR).ok());
        match self {
            Self::Null => plain_space(H5S_class_t::H5S_NULL).map(Handle::Owned),
            Self::Scalar => once(&SCALAR).map(|id| Handle::Kept(id.get())),
            Self::Simple(dims) => simple_space(dims).map(Handle::Owned),
        }
    }

    pub(super) fn of_space(space: &Id) -> Result<Self> {
        match h5s::class(space.get())? {
            H5S_class_t::H5S_NULL => Ok(Self::Null),
            H5S_class_t::H5S_SCALAR => Ok(Self::Scalar),
            _ => {
                let dims = h5s::dims("look into a dataspace", space)?;
                // One without dimensions has one item, as a scalar one. libhdf5 makes none, but a file may have it so.
                Ok(if dims.is_empty() { Self::Scalar } else { Self::Simple(dims) })
            }
        }
    }
}

/// A dataspace without dimensions.
fn plain_space(class: H5S_class_t) -> Result<Id> {
    h5s::create("create a dataspace", class)
}

pub(super) fn simple_space(dims: &[u64]) -> Result<Id> {
    h5s::create_simple("create a dataspace", dims, None)
}

/// `scalar`, `null`, `(10, 3)`; a single dimension as numpy writes it: `(10,)`.
impl Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Scalar => f.write_str("scalar"),
            Self::Simple(dims) => {
                f.write_str("(")?;
                for (index, dim) in dims.iter().enumerate() {
                    write!(f, "{}{dim}", if index == 0 { "" } else { ", " })?;
                }
                f.write_str(if dims.len() == 1 { ",)" } else { ")" })
            }
        }
    }
}

/// All that a small dataset or an attribute holds.
#[derive(Debug)]
pub(crate) struct Contents {
    /// Its dataspace.
    pub(crate) shape: Shape,
    /// Its element type.
    pub(crate) dtype: Dtype,
    /// Its items, none where the dataspace is null.
    pub(crate) items: Items,
}

impl Contents {
    /// Whether it is a null dataspace.
    pub(crate) fn is_null(&self) -> bool {
        self.shape == Shape::Null
    }

    /// Type and shape in words.
    pub(crate) fn words(&self) -> String {
        words(&self.dtype, &self.shape)
    }

    /// The strings that they are, if they are strings.
    pub(crate) fn texts(&self) -> Option<Vec<String>> {
        texts(&self.dtype, &self.items)
    }
}

/// The strings that items are, if they are strings.
pub(crate) fn texts(dtype: &Dtype, items: &Items) -> Option<Vec<String>> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned();
    let places = items.bytes().chunks_exact(dtype.size().max(1));
    match dtype {
        Dtype::FixedString(_) => Some(places.map(text).collect()),
        Dtype::VarString(_) => Some(places.map(|place| text(items.string(place))).collect()),
        _ => None,
    }
}

/// A type in words, or as much of it as is worth to be said in an error.
pub(crate) fn brief(words: String) -> String {
    const MOST: usize = 200;
    if words.chars().count() <= MOST { words } else { words.chars().take(MOST - 3).chain("...".chars()).collect() }
}

pub(super) fn words(dtype: &Dtype, shape: &Shape) -> String {
    let dtype = brief(dtype.to_string());
    match shape {
        Shape::Null => "a null dataspace".to_owned(),
        Shape::Scalar => format!("scalar `{dtype}`"),
        Shape::Simple(_) => format!("`{dtype}` of shape {shape}"),
    }
}

/// A dataset, open.
#[derive(Debug)]
pub(crate) struct Dataset {
    id: Id,
    dtype: Dtype,
    shape: Shape,
    /// Its type in the file, where that is its type in memory, too.
    stored: Option<Id>,
    /// Whether it is made of parts of other datasets.
    is_virtual: bool,
    /// Whether it had no attributes when it was opened.
    is_bare: bool,
    /// Whether it is stored in chunks; and how they are filtered, once that was looked at, if it is done here.
    is_chunked: bool,
    chunked: OnceLock<Option<Box<Chunked>>>,
    /// Whether its dimensions cannot change, as it is contiguous or compact.
    is_fixed: bool,
    /// Whether reading sets all items, once that was looked at.
    fills: OnceLock<bool>,
    spot: Spot,
}

impl Attributes for Dataset {
    fn handle(&self) -> hid_t {
        self.id.get()
    }
}

impl Group {
    /// Makes the dataset `name` for items of type `dtype`, yet without data, which will be stored as said.
    pub(crate) fn create_dataset(&self, name: &str, dtype: Dtype, shape: Shape, storing: &Storing) -> Result<Dataset> {
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
        storing: &Storing,
        spot: Spot,
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
        storing: &Storing,
        create: impl FnOnce(&PropertyLists, h5d::New) -> Result<Id>,
    ) -> Result<Dataset> {
        let file_type = dtype.id(Order::File)?;
        let (id, is_chunked) =
            self.create_as(file_type.get(), dtype.size(), &shape, (storing, sort_of(&dtype)), create)?;
        let stored = match file_type {
            Handle::Owned(file_type) if dtype.is_alike() => Some(file_type),
            _ => None,
        };
        let (is_virtual, is_bare, is_fixed, chunked, fills, spot) =
            (false, false, !is_chunked, OnceLock::new(), OnceLock::new(), Spot::NOWHERE);
        Ok(Dataset { id, dtype, shape, stored, is_virtual, is_bare, is_chunked, chunked, is_fixed, fills, spot })
    }

    /// Makes a dataset of items of `size` bytes by `create`, as [`Group::create_with`] does, but of any type. `sort` says
    /// whether the items are strings, and whether they refer to something. Returns also whether it is stored in chunks.
    pub(super) fn create_as(
        &self,
        file_type: hid_t,
        size: usize,
        shape: &Shape,
        (storing, (texts, references)): (&Storing, (bool, bool)),
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
    /// Takes over the handle of a dataset.
    pub(super) fn adopt(id: Id) -> Result<Self> {
        Self::adopt_checked(dense::check(id.get())?, id)
    }

    /// The same of one that was checked.
    pub(super) fn adopt_checked(checked: Checked, id: Id) -> Result<Self> {
        let what = "open a dataset";
        let stored_type = h5d::get_type(what, id.get())?;
        let dtype = Dtype::of_items(&stored_type, id.get())?;
        if dtype.has_addresses() {
            variable::look_at_header(id.get())?;
        }
        let messages = checked.messages.map_or_else(|| Messages::of(id.get()), Ok)?;
        let is_bare = !messages.has_attributes();
        // How it was made is a list that takes libhdf5 longer to make than all the rest. But a virtual dataset stores nothing
        // itself, and only what has dimensions can be in chunks, which have no one address in the file.
        let is_here = !messages.has_external_storage() && h5d::storage_size(id.get()) > 0;
        let layout = if is_here { None } else { Some(checked_layout(&id)?) };
        let space = h5d::get_space(what, id.get())?;
        let shape = Shape::of_space(&space)?;
        let stored = dtype.is_alike().then_some(stored_type);
        let (is_virtual, is_chunked, chunked, is_fixed, fills, spot) =
            (false, false, OnceLock::new(), false, OnceLock::new(), Spot::NOWHERE);
        let mut dataset =
            Self { id, dtype, shape, stored, is_virtual, is_bare, is_chunked, chunked, is_fixed, fills, spot };
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
    pub(super) fn at(self, spot: Spot) -> Self {
        Self { spot, ..self }
    }

    /// Where it is in that call.
    pub(crate) fn spot(&self) -> &Spot {
        &self.spot
    }

    /// Refuses a dataset that claims to be far larger than what is stored for it, or one of whose chunks does.
    fn check_size(&self, chunk_size: u64) -> Result<()> {
        let claim = self.claim().max(chunk_size);
        let limits = Limits::current();
        if claim <= limits.unstored / 2 || claim < u64::MAX && claim / limits.expansion.max(1) <= self.stored() {
            return Ok(());
        }
        let (words, stored) = (self.words(), self.stored());
        let what = format!("{words} claims to be far larger than the {stored} bytes stored for it");
        Err(Limits::exceeded(what, Limit::Expansion))
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
        if !is_plain || self.claim() == 0 || self.claim() != self.stored() || !self.is_same()? {
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
    pub(crate) fn claim(&self) -> u64 {
        let count = self.shape.count().unwrap_or(u64::MAX);
        count.saturating_mul(self.dtype.size() as u64)
    }

    /// Bytes of its data in the file.
    pub(super) fn stored(&self) -> u64 {
        h5d::storage_size(self.id.get())
    }

    /// Whether as much is stored for it as its items can be compressed to.
    pub(crate) fn is_stored(&self) -> bool {
        self.claim() / Limits::current().expansion.max(1) <= self.stored()
    }

    /// What tells it from other objects, and how many links and attributes it has.
    pub(crate) fn about(&self) -> Result<About> {
        about(self.handle())
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

    /// The size of the file that it is in; 0 where that is not known.
    pub(crate) fn file_size(&self) -> u64 {
        let what = "look into a file";
        let size = h5i::file_of(what, self.id.get()).and_then(|file| h5f::size(what, &file));
        size.unwrap_or(0)
    }

    /// Has items read as another type: one without some fields of its own.
    pub(crate) fn read_as(&mut self, dtype: Dtype) {
        self.dtype = dtype;
    }

    /// The same as one of another shape, which has no items.
    pub(super) fn with_shape(self, shape: Shape) -> Self {
        Self { shape, ..self }
    }

    /// Its dataspace.
    pub(crate) fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Its element type.
    pub(crate) fn dtype(&self) -> &Dtype {
        &self.dtype
    }

    /// Type and shape in words.
    pub(crate) fn words(&self) -> String {
        words(&self.dtype, &self.shape)
    }

    /// Writes all items.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<()> {
        self.check_bytes(self.shape.count(), bytes)?;
        let memory_type = self.memory_type()?;
        if let Some(chunked) = self.encoded(&memory_type)? {
            return chunked.write(self.id.get(), bytes, |bytes| self.spot.bytes(bytes));
        }
        self.in_parts(bytes.len(), |part, places| {
            let selection = part.map(Part::select).transpose()?;
            let (file, memory) = spaces(&selection);
            let data = bytes[places.clone()].as_ptr().cast();
            let taken = if places.start == 0 { self.taken(0, self.row_count(), bytes.len())? } else { 0 };
            // SAFETY: the bytes are as many items of the type as the part, or the whole dataset, has.
            unsafe { self.write_raw(memory_type.get(), memory, file, (data, taken)) }
        })
    }

    /// Writes `count` items along the first dimension from `start` on. They follow those written before.
    pub(crate) fn write_rows(&self, start: u64, count: u64, bytes: &[u8]) -> Result<()> {
        let (file, memory, items) = self.select_rows(start, count)?;
        self.check_bytes(Some(items), bytes)?;
        let memory_type = self.memory_type()?;
        if let Some(chunked) = self.encoded(&memory_type)? {
            chunked.write_rows(self.id.get(), Rows { start, count }, bytes)?;
        } else {
            let data = (bytes.as_ptr().cast(), self.taken(start, count, bytes.len())?);
            // SAFETY: `bytes` holds as many items of the type as are selected.
            unsafe { self.write_raw(memory_type.get(), memory.get(), file.get(), data) }?;
        }
        self.spot.bytes(bytes.len() as u64)
    }

    /// Writes `count` items along the first dimension from `start` on, with filters that libhdf5 has: chunks that are not
    /// full yet are read and written again.
    pub(super) fn write_more(&self, start: u64, count: u64, bytes: &[u8]) -> Result<()> {
        let (file, memory, items) = self.select_rows(start, count)?;
        self.check_bytes(Some(items), bytes)?;
        let memory_type = self.memory_type()?;
        let data = (bytes.as_ptr().cast(), self.taken(start, count, bytes.len())?);
        // SAFETY: `bytes` holds as many items of the type as are selected.
        unsafe { self.write_raw(memory_type.get(), memory.get(), file.get(), data) }
    }

    /// Writes variable-length strings from `start` on: in `text`, each ends with a NUL, before the position in `ends`.
    pub(crate) fn write_strings(&self, start: u64, ends: &[usize], text: &[u8]) -> Result<()> {
        let texts = Texts::new(text, ends).filter(|_| matches!(self.dtype, Dtype::VarString(_)));
        let texts = texts.ok_or_else(|| Error::new(ErrorKind::Hdf5, "strings and their count differ"))?;
        let (file, memory, items) = self.select_rows(start, ends.len() as u64)?;
        if items != ends.len() as u64 {
            return Err(Error::new(ErrorKind::Hdf5, "strings and their count differ"));
        }
        let taken = self.taken(start, items, ends.len() * REFERENCE)?;
        heap_writer::write(self.id.get(), texts, &mut |memory_type, data| {
            // SAFETY: at `data` are as many items of the type as there are strings, and as many are selected.
            unsafe { self.write_raw(memory_type, memory.get(), file.get(), (data, taken)) }
        })?;
        self.spot.bytes(text.len() as u64)
    }

    /// Reads `count` items along the first dimension from `start` on.
    pub(crate) fn read_rows(&self, start: u64, count: u64) -> Result<Vec<u8>> {
        let (starts, counts, items) = self.rows(start, count)?;
        if let Some(chunked) = self.chunked()? {
            chunked.flush(self.id.get())?;
            let mut bytes = zeroed(items, self.dtype.size())?;
            self.read_rows_into(start, count, &mut bytes)?;
            return Ok(bytes);
        }
        let wanted = Wanted { start: &starts, step: None, count: &counts };
        Ok(self.read_wanted(items, Some(wanted), Items::default())?.into_bytes())
    }

    /// Reads all items. The caller has made sure that they are few.
    pub(crate) fn read(&self) -> Result<Items> {
        let count = self.shape.count().ok_or_else(|| Error::corrupt("a dataset of absurd shape"))?;
        if count == 0 {
            return Ok(Items::default());
        }
        // What is of variable length is read as one, by another way.
        let is_long = self.spot.is_watched() && self.claim() > PART as u64 && !self.dtype.has_addresses();
        if let Shape::Simple(dims) = &self.shape
            && (is_long || self.chunked()?.is_some())
        {
            let mut bytes = zeroed(count, self.dtype.size())?;
            self.read_rows_into(0, dims[0], &mut bytes)?;
            return Ok(Items::with_memory(bytes));
        }
        self.counted(self.read_wanted(count, None, Items::default())?)
    }

    /// Takes note of items that were read.
    fn counted(&self, items: Items) -> Result<Items> {
        self.spot.bytes((items.bytes().len() + items.variable_size()) as u64)?;
        Ok(items)
    }

    /// Reads the block that begins at `start` and has `count` items along each dimension. The memory of `last` is used
    /// again.
    pub(crate) fn read_block(&self, start: &[u64], count: &[u64], last: Items) -> Result<Items> {
        let items = items_of(count)?;
        if items == 0 {
            return Ok(Items::default());
        }
        if self.dtype.has_addresses() {
            let wanted = Wanted { start, step: None, count };
            return self.counted(self.read_wanted(items, Some(wanted), last)?);
        }
        let mut bytes = last.into_bytes();
        if !bytes.is_empty() && !self.fills()? {
            bytes.clear();
        }
        resize(&mut bytes, items, self.dtype.size())?;
        self.read_block_into(start, count, &mut bytes)?;
        Ok(Items::with_memory(bytes))
    }

    /// Reads the block that begins at `start` and has `count` items along each dimension into `bytes`, which has room for so
    /// many.
    pub(crate) fn read_block_into(&self, start: &[u64], count: &[u64], bytes: &mut [u8]) -> Result<()> {
        let items = items_of(count)?;
        self.check_bytes(Some(items), bytes)?;
        let memory_type = self.readable_type()?;
        if let Some(chunked) = self.chunked()?
            && let Some(()) =
                chunked.read_block(self.id.get(), (start, count), (memory_type.get(), self.dtype.size()), bytes)?
        {
            return self.spot.bytes(bytes.len() as u64);
        }
        let (wanted, memory) = (Wanted { start, step: None, count }, simple_space(&[items])?);
        // SAFETY: `bytes` has room for as many items of the type as `memory` has.
        unsafe { self.read_raw(Some(wanted), (memory_type.get(), memory.get()), bytes.as_mut_ptr().cast()) }?;
        self.spot.bytes(bytes.len() as u64)
    }

    /// Reads `count` items along the first dimension from `start` on into `bytes`, which has room for so many.
    pub(crate) fn read_rows_into(&self, start: u64, count: u64, bytes: &mut [u8]) -> Result<()> {
        let is_whole = matches!(&self.shape, Shape::Simple(dims) if start == 0 && dims.first() == Some(&count));
        let (starts, counts, items) = self.rows(start, count)?;
        self.check_bytes(Some(items), bytes)?;
        let memory_type = self.readable_type()?;
        if let Some(chunked) = self.chunked()? {
            let rows = Rows { start, count };
            let done = |bytes| self.spot.bytes(bytes);
            return chunked.read_rows(self.id.get(), rows, (memory_type.get(), self.dtype.size()), bytes, done);
        }
        let read = |wanted: Option<Wanted<'_>>, memory: hid_t, bytes: &mut [u8]| {
            // SAFETY: `bytes` has room for as many items of the type as `memory` has: the part, or all that are asked for.
            unsafe { self.read_raw(wanted, (memory_type.get(), memory), bytes.as_mut_ptr().cast()) }
        };
        if is_whole {
            let all = self.shape.space()?;
            return self.in_parts(bytes.len(), |part, places| match part.map(Part::wanted).transpose()? {
                Some((wanted, memory)) => read(Some(wanted), memory.get(), &mut bytes[places]),
                None => read(None, all.get(), &mut bytes[places]),
            });
        }
        let wanted = Wanted { start: &starts, step: None, count: &counts };
        read(Some(wanted), simple_space(&[items])?.get(), bytes)?;
        self.spot.bytes(bytes.len() as u64)
    }

    /// Reads what is wanted, `count` items, or all that there were. The memory of `last` is used again.
    fn read_wanted(&self, count: u64, wanted: Option<Wanted<'_>>, last: Items) -> Result<Items> {
        self.check_readable()?;
        let memory = if wanted.is_some() { Handle::Owned(simple_space(&[count])?) } else { self.shape.space()? };
        let read = |dtype: hid_t, bytes: *mut c_void| {
            // SAFETY: at `bytes` is room for `count` items of the type, and `memory` has as many.
            unsafe { self.read_raw(wanted, (dtype, memory.get()), bytes) }
        };
        if self.dtype.has_addresses() {
            // The references of a virtual dataset are into the heaps of the files that it is made of.
            return match self.is_virtual {
                true => variable::read_by_library(&self.dtype, count, read),
                false => variable::read(self.id.get(), &self.dtype, count, last, read),
            };
        }
        let memory_type = self.memory_type()?;
        let mut bytes = last.into_bytes();
        if !bytes.is_empty() && !self.fills()? {
            bytes.clear();
        }
        resize(&mut bytes, count, self.dtype.size())?;
        read(memory_type.get(), bytes.as_mut_ptr().cast())?;
        Ok(Items::with_memory(bytes))
    }

    /// Reads what is wanted, or all that there was when it was opened.
    ///
    /// # Safety
    /// As for [`present::read`].
    pub(super) unsafe fn read_raw(
        &self,
        wanted: Option<Wanted<'_>>,
        (memory_type, memory): (hid_t, hid_t),
        to: *mut c_void,
    ) -> Result<()> {
        let opened = if let Shape::Simple(dims) = &self.shape { dims.as_slice() } else { &[] };
        let filters = self.is_chunked || self.is_virtual;
        if wanted.is_none() && self.is_fixed {
            let filters = !matches!(self.shape, Shape::Simple(_));
            // SAFETY: as the caller promises.
            return unsafe { present::read_fixed(self.id.get(), (memory_type, memory), to, filters) };
        }
        // SAFETY: as the caller promises.
        unsafe { present::read((self.id.get(), opened), wanted, (memory_type, memory), to, filters) }
    }

    /// Whether reading sets all items, also where nothing is stored: there is a value to fill in, libhdf5 does so, and no part
    /// of the dataset is in other files. Where it does not, memory is zeroed before.
    pub(super) fn fills(&self) -> Result<bool> {
        if let Some(fills) = self.fills.get() {
            return Ok(*fills);
        }
        let (list, layout) = self.layout()?;
        let is_plain =
            matches!(layout, H5D_layout_t::H5D_COMPACT | H5D_layout_t::H5D_CONTIGUOUS | H5D_layout_t::H5D_CHUNKED);
        let fills = is_plain && h5p::has_fill_value(list.get())? && h5p::fills_at_some_time(list.get())?;
        // How a dataset was made does not change.
        Ok(*self.fills.get_or_init(|| fills))
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
            Some(stored) => Ok(Handle::Kept(stored.get())),
            None => self.dtype.id(Order::Memory),
        }
    }

    fn check_bytes(&self, items: Option<u64>, bytes: &[u8]) -> Result<()> {
        let wanted = items.and_then(|items| items.checked_mul(self.dtype.size() as u64));
        if wanted == Some(bytes.len() as u64) && !self.dtype.has_addresses() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Hdf5, format!("{} bytes are no data for {}", bytes.len(), self.words())))
    }

    /// How many rows it has.
    fn row_count(&self) -> u64 {
        match &self.shape {
            Shape::Simple(dims) => dims.first().copied().unwrap_or(1),
            _ => 1,
        }
    }

    /// Bytes that the file may need to take `bytes` bytes of data, which are so many rows from `start` on: libhdf5 allocates
    /// chunks as a whole. A chunk that begins before `start` is there.
    fn taken(&self, start: u64, count: u64, bytes: usize) -> Result<usize> {
        if !makes_room() {
            return Ok(bytes);
        }
        if !self.is_chunked {
            // What is stored already is written in its place.
            return Ok(if self.stored() >= self.claim() { 0 } else { bytes });
        }
        let Shape::Simple(dims) = &self.shape else { return Ok(bytes) };
        let chunk = chunk_of(&self.layout()?.0, dims.len())?;
        let bands = start.saturating_add(count).div_ceil(chunk[0].max(1)) - start.div_ceil(chunk[0].max(1));
        let across = dims[1..]
            .iter()
            .zip(&chunk[1..])
            .fold(1, |across: u64, (dim, chunk)| across.saturating_mul(dim.div_ceil((*chunk).max(1))));
        let size = chunk.iter().fold(self.dtype.size() as u64, |size, dim| size.saturating_mul(*dim));
        let chunks = bands.saturating_mul(across).saturating_mul(size);
        Ok(usize::try_from(chunks).unwrap_or(usize::MAX).max(bytes))
    }

    /// Bytes of its chunks side by side, if it is stored in chunks.
    pub(super) fn band(&self) -> Result<usize> {
        let Some(rows) = self.chunk_rows()? else { return Ok(0) };
        self.taken(0, rows, 0)
    }

    /// Writes data, of which it says where it is and how many bytes the file may need for it.
    ///
    /// # Safety
    /// At `data` are as many items of `memory_type` as `memory` selects.
    unsafe fn write_raw(
        &self,
        memory_type: hid_t,
        memory: hid_t,
        file: hid_t,
        (data, bytes): (*const c_void, usize),
    ) -> Result<()> {
        // SAFETY: as the caller promises.
        unsafe { h5d::write("write a dataset", bytes, self.id.get(), (memory_type, memory), file, data) }
    }

    /// Selects rows in the file; returns also the space of as many items in memory, and their number.
    fn select_rows(&self, start: u64, count: u64) -> Result<(Id, Id, u64)> {
        let (starts, counts, items) = self.rows(start, count)?;
        let (file, memory) = self.select(&starts, &counts, items)?;
        Ok((file, memory, items))
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

    fn select(&self, start: &[u64], count: &[u64], items: u64) -> Result<(Id, Id)> {
        let Shape::Simple(dims) = &self.shape else {
            return Err(Error::new(ErrorKind::Hdf5, format!("{} has no blocks", self.words())));
        };
        select(dims, start, count, items)
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
    Ok((list, layout))
}

/// The spaces of a selection in the file and in memory; those of all items where nothing is selected.
pub(super) fn spaces(selection: &Option<(Id, Id)>) -> (hid_t, hid_t) {
    selection.as_ref().map_or((H5S_ALL, H5S_ALL), |(file, memory)| (file.get(), memory.get()))
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
