//! How a dataset is stored.

use hdf5::dataset::Layout as StoredLayout;
use hdf5::filters::Filter;

use crate::ground::error::Result;
use crate::h5::{Dataset, Shape};

/// How a dataset is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Storage {
    /// In what form.
    pub layout: Layout,
    /// The sizes of a chunk along the dimensions, if it is in chunks.
    pub chunk: Option<Vec<u64>>,
    /// The filters that chunks go through, in words: `deflate(4)`, `shuffle`.
    pub filters: Vec<String>,
    /// Bytes of its data in the file.
    pub stored_bytes: u64,
    /// Bytes of its data in memory, but for what has a length of its own.
    pub bytes: u64,
    /// How far each dimension may grow, if one may: `None` is without end.
    pub max_dims: Option<Vec<Option<u64>>>,
}

/// In what form the data of a dataset is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layout {
    /// Beside what else the file has of it.
    Compact,
    /// In one piece.
    Contiguous,
    /// In chunks.
    Chunked,
    /// In other datasets.
    Virtual,
}

impl Storage {
    pub(super) fn of(dataset: &Dataset) -> Result<Self> {
        if dataset.is_in_one_piece() {
            let (chunk, filters, max_dims) = Default::default();
            let (stored_bytes, bytes) = (dataset.stored_bytes(), dataset.logical_bytes());
            return Ok(Self { layout: Layout::Contiguous, chunk, filters, stored_bytes, bytes, max_dims });
        }
        let user = dataset.user()?;
        let layout = match user.layout() {
            StoredLayout::Compact => Layout::Compact,
            StoredLayout::Chunked => Layout::Chunked,
            StoredLayout::Contiguous => Layout::Contiguous,
            _ => Layout::Virtual,
        };
        let max_dims = match dataset.shape() {
            Shape::Simple(dims) => {
                let most: Vec<_> =
                    user.space()?.maxdims().into_iter().map(|most| most.map(|most| most as u64)).collect();
                let grows = most.iter().zip(dims).any(|(most, dim)| *most != Some(*dim));
                grows.then_some(most)
            }
            _ => None,
        };
        Ok(Self {
            layout,
            chunk: user.chunk().map(|chunk| chunk.into_iter().map(|dim| dim as u64).collect()),
            filters: user.filters().iter().map(filter_words).collect(),
            stored_bytes: user.storage_size(),
            bytes: dataset.logical_bytes(),
            max_dims,
        })
    }
}

/// A filter in words.
pub(crate) fn filter_words(filter: &Filter) -> String {
    match filter {
        Filter::Deflate(level) => format!("deflate({level})"),
        Filter::Shuffle => "shuffle".to_owned(),
        Filter::Fletcher32 => "fletcher32".to_owned(),
        Filter::SZip(..) => "szip".to_owned(),
        Filter::NBit => "nbit".to_owned(),
        Filter::ScaleOffset(_) => "scaleoffset".to_owned(),
        Filter::User(32000, _) => "lzf".to_owned(),
        Filter::User(32001, _) => "blosc".to_owned(),
        Filter::User(number, _) => format!("filter {number}"),
        #[allow(unreachable_patterns, reason = "there are more with features of the `hdf5` crate")]
        other => format!("{other:?}"),
    }
}
