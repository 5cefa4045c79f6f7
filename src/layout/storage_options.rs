//! How the data of a new dataset is stored: whether in chunks, of what shape, and by what these are compressed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::ground::error::{Error, ErrorKind, Result};

/// How the data of a dataset is stored; what is not said is as HDF5 has it: in one piece.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StorageOptions {
    /// The shape of a chunk.
    pub(crate) chunk: Option<ChunkShape>,
    pub(crate) codec: Option<Compression>,
    pub(crate) shuffle: Option<bool>,
    pub(crate) fletcher32: Option<bool>,
    /// Datasets up to so many bytes are stored in one piece all the same.
    pub(crate) above: Option<u64>,
    /// The dataset is to keep the order of its attributes.
    pub(crate) keeps_order: bool,
}

/// The shape of a chunk, and what it was used for.
#[derive(Clone, Debug)]
pub(crate) struct ChunkShape {
    shape: Vec<u64>,
    /// The ranks of the datasets that one call made with it: bit `n` is set for one of `n` dimensions.
    ranks: Arc<AtomicU64>,
}

impl PartialEq for ChunkShape {
    fn eq(&self, other: &Self) -> bool {
        self.shape == other.shape
    }
}

impl Eq for ChunkShape {}

impl ChunkShape {
    pub(crate) fn new(shape: Vec<u64>) -> Self {
        Self { shape, ranks: Arc::default() }
    }

    /// Takes note of a dataset of `rank` dimensions. Returns the shape if it is for such.
    pub(crate) fn of_rank(&self, rank: usize) -> Option<&[u64]> {
        self.ranks.fetch_or(1 << rank.min(63), Ordering::Relaxed);
        (rank == self.shape.len()).then_some(&self.shape)
    }

    /// An error if no dataset can have such chunks.
    fn check(&self) -> Result<()> {
        if !self.shape.is_empty() && !self.shape.contains(&0) {
            return Ok(());
        }
        let message =
            format!("chunks of shape {:?}: a chunk has at least one dimension, of at least one element", self.shape);
        Err(Error::new(ErrorKind::Unsupported, message))
    }

    /// An error if the call made datasets that this is about, and none of as many dimensions.
    fn check_use(&self) -> Result<()> {
        let (rank, ranks) = (self.shape.len(), self.ranks.load(Ordering::Relaxed));
        if ranks == 0 || ranks & (1 << rank.min(63)) != 0 {
            return Ok(());
        }
        let found: Vec<_> = (0..64).filter(|rank| ranks & (1 << rank) != 0).map(|rank| rank.to_string()).collect();
        let message = format!(
            "chunks of shape {:?} are for datasets of {rank} dimension{}, and those that they are said for have {}: say a \
             length for each dimension",
            self.shape,
            if rank == 1 { "" } else { "s" },
            found.join(", ")
        );
        Err(Error::new(ErrorKind::Unsupported, message))
    }
}

/// What chunks are compressed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Deflate(u8),
    Lzf,
    #[cfg(feature = "blosc-zstd")]
    BloscZstd(u8),
    #[cfg(feature = "blosc-lz4")]
    BloscLz4(u8),
}

impl StorageOptions {
    /// The same, with what it does not say as `outer` has it.
    pub(crate) fn over(self, outer: &Self) -> Self {
        Self {
            chunk: self.chunk.or_else(|| outer.chunk.clone()),
            codec: self.codec.or(outer.codec),
            shuffle: self.shuffle.or(outer.shuffle),
            fletcher32: self.fletcher32.or(outer.fletcher32),
            above: self.above.or(outer.above),
            keeps_order: self.keeps_order || outer.keeps_order,
        }
    }

    /// Whether chunks may be of other sizes in the file than in memory.
    pub(crate) fn changes_sizes(&self) -> bool {
        !matches!(self.codec, None | Some(Compression::None)) || self.fletcher32 == Some(true)
    }

    /// The same for a call of its own, which has not made any dataset yet.
    pub(crate) fn renewed(&self) -> Self {
        let chunk = self.chunk.as_ref().map(|chunk| ChunkShape::new(chunk.shape.clone()));
        Self { chunk, ..self.clone() }
    }

    /// An error if it says what no dataset can have.
    pub(crate) fn check(&self) -> Result<()> {
        self.chunk.as_ref().map_or(Ok(()), ChunkShape::check)?;
        self.codec.map_or(Ok(()), Compression::check)
    }

    /// An error if the call made datasets that it is about, and all of these are others than it is for.
    pub(crate) fn check_use(&self) -> Result<()> {
        self.chunk.as_ref().map_or(Ok(()), ChunkShape::check_use)
    }

    /// The same for a dataset that keeps the order of its attributes.
    pub(crate) fn keeping_order(&self) -> Self {
        Self { keeps_order: true, ..self.clone() }
    }

    /// Whether it says how a dataset is stored, and not only which.
    pub(crate) fn is_anything(&self) -> bool {
        self.chunk.is_some() || self.codec.is_some() || self.shuffle.is_some() || self.fletcher32.is_some()
    }

    /// Whether it says nothing that only a dataset in chunks has.
    pub(crate) fn is_plain(&self) -> bool {
        self.chunk.is_none()
            && matches!(self.codec, None | Some(Compression::None))
            && self.shuffle != Some(true)
            && self.fletcher32 != Some(true)
    }

    /// The error for chunks that are larger than HDF5 takes.
    #[cold]
    pub(crate) fn too_large(chunk: &[u64], bytes: u64, most: u64) -> Error {
        let message = format!(
            "chunks of shape {chunk:?}, which are {bytes} bytes, are too large: a chunk has fewer than {most}; see \
             `WriteOptions::chunk`"
        );
        Error::new(ErrorKind::Unsupported, message)
    }

    /// The error for chunks that are larger than those of a dataset that grows can be.
    #[cold]
    pub(crate) fn too_large_to_grow(rows: u64, bytes: u64, most: u64) -> Error {
        let message = format!(
            "chunks of {rows} rows, which are {bytes} bytes, are too large: a dataset that grows has its last rows in \
             memory, and takes at most {most}; see `WriteOptions::chunk`"
        );
        Error::new(ErrorKind::Limit, message)
    }
}

impl Compression {
    /// An error if it has no such level.
    fn check(self) -> Result<()> {
        let (name, level, least) = match self {
            Self::None | Self::Lzf => return Ok(()),
            Self::Deflate(level) => ("deflate", level, 0),
            #[cfg(feature = "blosc-zstd")]
            Self::BloscZstd(level) => ("blosc_zstd", level, 1),
            #[cfg(feature = "blosc-lz4")]
            Self::BloscLz4(level) => ("blosc_lz4", level, 1),
        };
        if (least..=9).contains(&level) {
            return Ok(());
        }
        let message = format!("`{name}({level})`: there are the levels {least} to 9");
        Err(Error::new(ErrorKind::Unsupported, message))
    }
}
