//! How whole files are opened and made: the words of the options.

use std::fmt::{self, Display};

/// A version of HDF5, as a bound of the formats that a new file uses: see
/// [`WriteOptions::libver`](crate::WriteOptions::libver). The names are those of h5py and of libhdf5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LibraryVersion {
    /// The first that there was: h5py's `earliest`.
    Earliest,
    /// 1.8.
    V18,
    /// 1.10.
    V110,
    /// 1.12.
    V112,
    /// 1.14.
    V114,
    /// 2.0.
    V200,
}

impl LibraryVersion {
    /// The newest that the linked library has.
    pub(crate) const fn newest() -> Self {
        if cfg!(hdf5_sized_chunks) {
            Self::V200
        } else if cfg!(hdf5_v114) {
            Self::V114
        } else if cfg!(hdf5_tokens) {
            Self::V112
        } else {
            Self::V110
        }
    }
}

/// As h5py calls it: `earliest`, `v18`, `v110`.
impl Display for LibraryVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Earliest => "earliest",
            Self::V18 => "v18",
            Self::V110 => "v110",
            Self::V112 => "v112",
            Self::V114 => "v114",
            Self::V200 => "v200",
        })
    }
}

/// Whether libhdf5 locks a file as long as it is open: shared by those who read it, for one alone who writes it. h5py's
/// `locking`.
///
/// The variable `HDF5_USE_FILE_LOCKING` of the environment (`TRUE`, `FALSE` or `BEST_EFFORT`), where it is set as the library
/// is first used, stays in force: it overrules what is said here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileLocking {
    /// It does, or the file is not opened.
    On,
    /// It does not.
    Off,
    /// It does where the file system has locks.
    BestEffort,
}

/// How a file is opened or made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    /// The oldest and the newest format that what is in a new file may have.
    pub(crate) libver: (LibraryVersion, LibraryVersion),
    /// `None`: no lock for a new file, and libhdf5's own way for one that is read.
    pub(crate) locking: Option<FileLocking>,
    /// Whether one writes while others read: HDF5's single-writer/multiple-reader mode.
    pub(crate) swmr: bool,
    /// Whether marks are taken away that say that the file is being written.
    pub(crate) clears_status: bool,
    /// How many bytes a new file begins with that are none of HDF5's.
    pub(crate) user_block: u64,
    /// Bytes of the pages that a new file is made of; 0 for one that is not in pages.
    pub(crate) page_size: u64,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            libver: (LibraryVersion::Earliest, LibraryVersion::V110),
            locking: None,
            swmr: false,
            clears_status: false,
            user_block: 0,
            page_size: 0,
        }
    }
}
