//! How much a file may ask of who reads it, and what else it may have opened: the thread's, for as long as a call lasts.

use std::cell::Cell;
use std::sync::OnceLock;

use crate::ground::call_end;
use crate::ground::error::{Error, ErrorKind};
use crate::ground::ledger::{self, Ledger};
use crate::ground::memory::memory_size;
use crate::ground::read_failure;
use crate::ground::stack::with_room;

/// How deep structs, maps, enums and sequences may nest. See [`Depth`](crate::ground::depth::Depth).
pub(crate) const MAX_DEPTH: u32 = 128;
/// A sequence whose elements take no place in the file is no longer than this: a count alone would be no limit to what is
/// made of it.
pub(crate) const MAX_COUNT: u64 = 1 << 24;

/// What one call may meet in a file. Each is an option of [`ReadOptions`](crate::ReadOptions).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Levels of nesting.
    pub(crate) max_depth: u16,
    /// Bytes of all that is made of what is read.
    pub(crate) max_bytes: u64,
    /// Whether whoever reads said so, and it is not what the machine has.
    pub(crate) sets_bytes: bool,
    /// How many times more data there may be than is stored for it.
    pub(crate) max_expansion: u64,
    /// Bytes of data that is not stored, or was met before, beside some times the size of the file.
    pub(crate) max_unstored: u64,
    /// Groups and datasets met again.
    pub(crate) max_repeats: u64,
    /// Elements of a sequence that take no place.
    pub(crate) max_units: u64,
    /// Chunks of a dataset, beside some for the size of the file.
    pub(crate) max_chunks: u64,
    /// Attributes, beside some for the size of the file.
    pub(crate) max_attributes: u64,
    /// Fields of an element type.
    pub(crate) max_fields: u64,
    pub(crate) external_links: bool,
    pub(crate) external_storage: bool,
    pub(crate) virtual_datasets: bool,
    pub(crate) plugins: bool,
    /// Whether numbers may lose digits.
    pub(crate) rounding: bool,
    /// Whether what cannot be read is null to whoever takes anything.
    pub(crate) nulls: bool,
    /// Whether files are read without a look at their structures.
    pub(crate) trusted: bool,
    /// What is opened is what is written over.
    is_writing: bool,
}

/// Deflate cannot compress further than this; Blosc does, where its filter is there.
const MAX_COMPRESSION: u64 = if cfg!(blosc) { 50_000 } else { 1_100 };

impl Default for Limits {
    fn default() -> Self {
        static MEMORY: OnceLock<u64> = OnceLock::new();
        let max_bytes = *MEMORY.get_or_init(|| memory_size().unwrap_or(u64::MAX));
        Self { max_bytes, ..Self::STRICT }
    }
}

thread_local! {
    static CURRENT: Cell<Option<Limits>> = const { Cell::new(None) };
    /// Whether the files that are written into are trusted.
    static TRUSTS_TARGET: Cell<bool> = const { Cell::new(false) };
}

/// Has it as it was before when dropped.
struct RestoreTrust(bool);

impl Drop for RestoreTrust {
    fn drop(&mut self) {
        TRUSTS_TARGET.set(self.0);
    }
}

/// Has the limits from before in force again when dropped.
struct RestoreLimits(Option<Limits>);

impl Drop for RestoreLimits {
    fn drop(&mut self) {
        CURRENT.set(self.0);
        ledger::limits_changed();
        if self.0.is_none() {
            call_end::ended();
        }
    }
}

impl Limits {
    const STRICT: Self = Self {
        max_depth: MAX_DEPTH as u16,
        max_bytes: u64::MAX,
        sets_bytes: false,
        max_expansion: MAX_COMPRESSION,
        max_unstored: 128 << 20,
        max_repeats: 100_000,
        max_units: MAX_COUNT,
        max_chunks: 1 << 20,
        max_attributes: 1 << 20,
        max_fields: 1 << 17,
        external_links: false,
        external_storage: false,
        virtual_datasets: false,
        plugins: false,
        rounding: false,
        nulls: false,
        trusted: false,
        is_writing: false,
    };

    /// Those for what is opened to write over it, or because it was just written.
    const WRITING: Self = Self {
        external_links: true,
        external_storage: true,
        virtual_datasets: true,
        plugins: true,
        is_writing: true,
        ..Self::STRICT
    };

    /// Those in force on the thread.
    pub(crate) fn current() -> Self {
        CURRENT.get().unwrap_or_default()
    }

    /// Whether something is being read or written.
    pub(crate) fn is_in_force() -> bool {
        CURRENT.get().is_some()
    }

    /// Whether something is being read.
    pub(crate) fn is_reading() -> bool {
        CURRENT.get().is_some_and(|limits| !limits.is_writing)
    }

    /// Whether something is being read that may not have plugins loaded.
    pub(crate) fn keeps_plugins_out() -> bool {
        CURRENT.get().is_some_and(|limits| !limits.plugins)
    }

    /// Whether whoever reads has allowed that plugins are loaded. Nobody else can allow that.
    pub(crate) fn loads_plugins() -> bool {
        CURRENT.get().is_some_and(|limits| limits.plugins && !limits.is_writing)
    }

    /// Whether numbers that are read may lose digits.
    #[cold]
    pub(crate) fn rounds() -> bool {
        CURRENT.get().is_some_and(|limits| limits.rounding)
    }

    /// Whether what cannot be read is null to whoever takes anything.
    pub(crate) fn nulls() -> bool {
        CURRENT.get().is_some_and(|limits| limits.nulls)
    }

    /// Whether whoever reads trusts the files.
    pub(crate) fn is_trusting() -> bool {
        CURRENT.get().is_some_and(|limits| limits.trusted)
    }

    /// Whether whoever writes trusts the file that is written into, or whoever reads trusts the file that is read.
    pub(crate) fn is_trusting_target() -> bool {
        TRUSTS_TARGET.get() || Self::is_trusting()
    }

    /// Writes something, into a file that may be trusted.
    pub(crate) fn while_trusting_target<R>(trusts: bool, inside: impl FnOnce() -> R) -> R {
        let _restore = RestoreTrust(TRUSTS_TARGET.replace(trusts));
        inside()
    }

    /// Has these in force while something is done.
    pub(crate) fn during<R>(self, inside: impl FnOnce() -> R) -> R {
        let back = RestoreLimits(CURRENT.replace(Some(self)));
        ledger::limits_changed();
        let ledger = Ledger::default();
        // Nothing from before counts with what begins here.
        let _own = back.0.is_none().then(|| {
            drop(read_failure::take());
            ledger.begin()
        });
        // What is read or written nests, and libhdf5 takes stack as well.
        with_room(inside)
    }

    /// Does something that is writing.
    pub(crate) fn while_writing<R>(inside: impl FnOnce() -> R) -> R {
        Self::WRITING.during(inside)
    }

    /// Does something that is reading, also where it is done by what is being written.
    pub(crate) fn while_reading<R>(inside: impl FnOnce() -> R) -> R {
        match CURRENT.get() {
            Some(limits) if !limits.is_writing => inside(),
            _ => Self::default().during(inside),
        }
    }

    /// The error for what is more than a limit.
    #[cold]
    pub(crate) fn exceeded(what: impl Into<String>, limit: Limit) -> Error {
        Error::new(ErrorKind::Limit, what).advised(format!("{} sets the limit", limit.options()))
    }

    /// The error for what may read other files, or load code, which the options have to allow.
    #[cold]
    pub(crate) fn refused(what: impl Into<String>, permission: Permission) -> Error {
        Error::refused(what, format!("`ReadOptions::{}` allows it", permission.option()))
    }

    /// The error for a file that is not written into, unless it is trusted.
    #[cold]
    pub(crate) fn refused_target(what: impl Into<String>) -> Error {
        Error::refused(what, "`WriteOptions::trusted` allows it".to_owned())
    }

    /// Says of the error for a number that loses digits how it is read all the same.
    #[cold]
    pub(crate) fn advise_rounding(error: Error) -> Error {
        error.advised("`ReadOptions::allow_rounding` takes the nearest")
    }
}

/// A limit that what is stored may exceed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    Bytes,
    Expansion,
    Unstored,
    /// What a file has in heaps, which is under both.
    UnstoredOrBytes,
    Repeats,
    Units,
    Chunks,
    Attributes,
    Fields,
}

impl Limit {
    /// The options that set it, in words.
    fn options(self) -> &'static str {
        match self {
            Self::Bytes => "`ReadOptions::max_bytes`",
            Self::Expansion => "`ReadOptions::max_expansion`",
            Self::Unstored => "`ReadOptions::max_unstored`",
            Self::UnstoredOrBytes => "`ReadOptions::max_unstored` or `max_bytes`",
            Self::Repeats => "`ReadOptions::max_repeats`",
            Self::Units => "`ReadOptions::max_units`",
            Self::Chunks => "`ReadOptions::max_chunks`",
            Self::Attributes => "`ReadOptions::max_attributes`",
            Self::Fields => "`ReadOptions::max_fields`",
        }
    }
}

/// What the options have to allow.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Permission {
    ExternalLinks,
    ExternalStorage,
    VirtualDatasets,
    Plugins,
}

impl Permission {
    /// The option that allows it.
    fn option(self) -> &'static str {
        match self {
            Self::ExternalLinks => "allow_external_links",
            Self::ExternalStorage => "allow_external_storage",
            Self::VirtualDatasets => "allow_virtual_datasets",
            Self::Plugins => "allow_plugins",
        }
    }
}
