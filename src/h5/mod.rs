//! A thin safe layer over libhdf5: groups, datasets, attributes, element types and whole files.
//!
//! Every handle and every `unsafe` call of the crate is here. This layer knows nothing of serde. Each call into the
//! library holds the library's lock ([`hdf5::sync::sync`]), which is reentrant, and copies the error stack into plain
//! data at once.

mod as_group;
mod attribute;
mod blocks;
#[cfg(blosc)]
mod blosc;
mod chunk_selection;
mod chunked;
mod chunking;
mod copy;
mod dataset;
#[cfg(all(unix, hdf5_drivers))]
mod driver;
mod dtype;
mod external_access;
mod fetching;
mod few_chunks;
mod file;
mod file_bytes;
mod filter;
mod global_heap;
mod global_heap_writer;
mod grid;
mod group;
mod growing;
mod holes;
mod hollow;
mod items;
mod link;
mod lock;
mod lzf;
mod named_type;
mod names;
mod object_header;
mod object_info;
mod opaque;
mod open_file;
mod parallel;
mod placeholder;
mod preadv;
mod present;
mod read_ahead;
mod reference;
pub(crate) mod referred;
#[cfg(feature = "remote")]
mod remote_driver;
mod removal;
mod repack;
mod row_vectors;
mod selection;
mod shuffle;
mod stored_attribute;
mod structure;
mod sys;
mod typed;
mod varlen;
mod vec_types;
mod wide_float;
mod wide_integer;
pub(crate) mod within;
#[cfg(feature = "arrow")]
mod words;
mod write_behind;
mod writing;

use std::ffi::CString;
use std::sync::{LazyLock, OnceLock};

use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5p::{H5P_CLS_ATTRIBUTE_CREATE, H5P_CLS_DATASET_CREATE, H5P_CLS_GROUP_CREATE, H5P_CLS_LINK_CREATE};

pub use as_group::AsGroup;
pub(crate) use attribute::Attributes;
pub(crate) use dataset::{Contents, Dataset, Shape, brief, texts};
pub(crate) use dtype::{Dtype, EnumType, Field, MAX_TYPE_DEPTH, Number, StringPadding, Strings};
pub(crate) use file::{File, image_of};
pub(crate) use file_bytes::{start_call, sync};
pub(crate) use group::{Group, Object};
pub(crate) use growing::{Growing, flush, set_count};
pub(crate) use hollow::{is_chunked, is_in_one_piece};
pub(crate) use items::{Element, Items, element_bytes, integer};
pub(crate) use link::{Link, LinkTarget};
pub(crate) use lock::{holders_of, try_lock};
pub(crate) use named_type::NamedType;
pub(crate) use object_info::{Identity, ObjectSummary, hard_links};
pub(crate) use opaque::Opaque;
pub(crate) use open_file::{OpenFile, anew, path_of};
pub(crate) use parallel::feed;
pub(crate) use read_ahead::{Block, ReadAhead};
pub(crate) use reference::ReferencedFile;
#[cfg(feature = "remote")]
pub(crate) use remote_driver::{Purpose, RemoteBytes, open_remote, with_remote};
pub(crate) use repack::{Outcome as Repacked, repack};
pub(crate) use row_vectors::Table;
pub(crate) use selection::Selection;
pub(crate) use stored_attribute::{Address, StoredAttribute, paths};
pub(crate) use typed::{ElementType, read_array_attribute, shape_within, write_array_attribute};
pub(crate) use vec_types::{
    LastLook, Reference, Room, Slice, Vector, array_of, is_string, may_be_array, may_be_number, may_be_vec, number_of,
    read_number, read_string, text_of,
};
pub(crate) use wide_integer::WideInteger;
#[cfg(feature = "arrow")]
pub(crate) use words::Words;
pub(crate) use write_behind::{Rows, Writer};
pub(crate) use writing::{Writing, make_room, makes_room, write_out};

use self::sys::h5p;
use crate::ground::error::{Error, ErrorKind, Hdf5Error, Result};
use crate::ground::library_lock;
use crate::ground::limits::Limits;
use crate::ground::read_failure;

/// The value by which a function of libhdf5 says that it failed.
trait Status: Copy {
    fn failed(self) -> bool;
}

/// `herr_t`, `htri_t` and enums.
impl Status for i32 {
    fn failed(self) -> bool {
        self < 0
    }
}

/// `hid_t` and `ssize_t`.
impl Status for i64 {
    fn failed(self) -> bool {
        self < 0
    }
}

impl Status for isize {
    fn failed(self) -> bool {
        self < 0
    }
}

/// Does something under the library's lock.
///
/// The lock is reentrant, but taking it takes a while even where the thread has it, which is so for most calls.
#[inline]
fn locked<R>(inside: impl FnOnce() -> R) -> R {
    under_lock(true, inside)
}

/// Does something under the library's lock. `filters` says whether filters may be run: if so, plugins are kept out, which is
/// several calls by itself.
fn under_lock<R>(filters: bool, inside: impl FnOnce() -> R) -> R {
    if library_lock::is_held() {
        return inside();
    }
    hdf5::sync::sync(|| {
        let _holding = library_lock::Holding::new();
        if !Limits::is_in_force() {
            // No call asks for it.
            drop(read_failure::take());
        }
        external_access::forget_build_folder();
        let _no_plugins = (filters && Limits::keeps_plugins_out()).then(external_access::NoPlugins::new);
        inside()
    })
}

/// Calls into libhdf5 under its lock; `what` completes the sentence "HDF5 could not ...".
fn call<T: Status>(what: &str, function: impl FnOnce() -> T) -> Result<T> {
    #[cfg(test)]
    failing::count(what)?;
    locked(|| {
        let status = function();
        if status.failed() { Err(failure(what)) } else { Ok(status) }
    })
}

/// As [`call`], for what changes a file by no more than some metadata.
fn call_modifying<T: Status>(what: &str, function: impl FnOnce() -> T) -> Result<T> {
    call_writing(what, 0, function)
}

/// As [`call`], for what changes a file, and writes `bytes` bytes of data to it. What fails later than in the call that
/// caused it is an error of the next.
fn call_writing<T: Status>(what: &str, bytes: usize, function: impl FnOnce() -> T) -> Result<T> {
    let changed = modifying(what, bytes, function)?;
    writing::check()?;
    Ok(changed)
}

fn modifying<T: Status>(what: &str, bytes: usize, function: impl FnOnce() -> T) -> Result<T> {
    writing::make_room(bytes)?;
    call(what, || {
        file_bytes::count_change();
        function()
    })
}

/// What tests of whole calls look at.
#[cfg(test)]
pub(crate) mod testing {
    #[cfg(all(unix, hdf5_drivers))]
    pub(crate) use super::driver::testing::LOOK;
    pub(crate) use super::file_bytes::testing::times;
}

/// Has calls fail, for tests of what is left then.
#[cfg(test)]
pub(crate) mod failing {
    use std::cell::Cell;

    use crate::ground::error::{Error, ErrorKind, Result};

    thread_local! {
        static LEFT: Cell<Option<u64>> = const { Cell::new(None) };
    }

    /// Has the call after the next `calls` of the thread fail: one, or with none that is to fail, no more.
    pub(crate) fn after(calls: Option<u64>) {
        LEFT.set(calls);
    }

    /// As long as it is there, calls do not count.
    pub(super) struct Paused(Option<u64>);

    impl Paused {
        pub(super) fn new() -> Self {
            Self(LEFT.take())
        }
    }

    impl Drop for Paused {
        fn drop(&mut self) {
            LEFT.set(self.0);
        }
    }

    /// Whether the call that was to fail has come.
    pub(crate) fn has_come() -> bool {
        LEFT.get().is_none()
    }

    pub(super) fn count(what: &str) -> Result<()> {
        match LEFT.get() {
            Some(0) => {
                LEFT.set(None);
                Err(Error::new(ErrorKind::Hdf5, format!("HDF5 could not {what}: a test has it fail")))
            }
            left => {
                LEFT.set(left.map(|left| left - 1));
                Ok(())
            }
        }
    }
}

/// The error for what libhdf5 put on its error stack: the reason at the bottom of it.
#[cold]
fn failure(what: &str) -> Error {
    if let Some(error) = read_failure::noted() {
        return error;
    }
    let stack = hdf5::Error::query().ok().and_then(|error| error.stack()).filter(|stack| !stack.is_empty());
    let Some(stack) = stack else {
        return Error::new(ErrorKind::Hdf5, format!("HDF5 could not {what}: libhdf5 gave no reason"));
    };
    if let Some(reason) = stack.iter().find_map(|frame| system_reason(frame.desc())) {
        return Error::io(format_args!("HDF5 could not {what}"), reason);
    }
    let reason = stack.last().map(hdf5::ErrorFrame::desc).filter(|reason| !reason.is_empty());
    let message = format!("HDF5 could not {what}: {}", reason.unwrap_or("libhdf5 gave no reason"));
    Error::new(ErrorKind::Hdf5, message).caused_by(Hdf5Error::Library { stack })
}

/// The system's reason why libhdf5's driver could not read or write. libhdf5 has it in a text, among addresses and a date
/// (`H5FD__sec2_write`: "file write failed: time = ..., errno = 28, error message = ...").
fn system_reason(description: &str) -> Option<std::io::Error> {
    let is_transfer = ["file write failed", "file read failed", "unable to extend file"];
    if !is_transfer.iter().any(|words| description.starts_with(words)) {
        return None;
    }
    let (_, rest) = description.split_once("errno = ")?;
    let digits = rest.split(|char: char| !char.is_ascii_digit()).next()?;
    digits.parse().ok().filter(|code| *code != 0).map(std::io::Error::from_raw_os_error)
}

/// A handle of libhdf5, let go when dropped.
#[derive(Debug)]
pub(crate) struct Id(hid_t);

impl Id {
    /// Takes over the handle that `function` gives.
    fn own(what: &str, function: impl FnOnce() -> hid_t) -> Result<Self> {
        call(what, function).map(Self)
    }

    /// Takes over the handle of what `function` makes in a file.
    fn create(what: &str, function: impl FnOnce() -> hid_t) -> Result<Self> {
        let id = modifying(what, 0, function).map(Self)?;
        writing::check()?;
        Ok(id)
    }

    /// The same, if it gives one.
    fn found(function: impl FnOnce() -> hid_t) -> Option<Self> {
        let id = locked(function);
        (id >= 0).then_some(Self(id))
    }

    fn get(&self) -> hid_t {
        self.0
    }
}

/// Objects as users know them.
macro_rules! users {
    ($($class:ty),*) => {
        $(
            impl TryFrom<Id> for $class {
                type Error = Error;

                fn try_from(id: Id) -> Result<Self> {
                    let id = std::mem::ManuallyDrop::new(id);
                    // SAFETY: an owned handle, which is not used by `id` any more. What it is of is looked at.
                    Ok(unsafe { hdf5::from_id(id.get()) }?)
                }
            }
        )*
    };
}
users!(hdf5::Group, hdf5::Dataset, hdf5::Datatype);
#[cfg(feature = "remote")]
users!(hdf5::File);

impl Drop for Id {
    fn drop(&mut self) {
        under_lock(false, || {
            if !sys::h5i::release(self.0) {
                writing::note_unclosed();
            }
        });
    }
}

/// A handle that something keeps for longer than it is used here, such as the library, or one of ours.
enum Handle {
    Borrowed(hid_t),
    Owned(Id),
}

impl Handle {
    fn get(&self) -> hid_t {
        match self {
            Self::Borrowed(id) => *id,
            Self::Owned(id) => id.get(),
        }
    }
}

/// A type that is made when it is first asked for, and kept for as long as `known` is.
fn made_once(known: &OnceLock<Id>, make: impl FnOnce() -> Result<Handle>) -> Result<Handle> {
    if let Some(known) = known.get() {
        return Ok(Handle::Borrowed(known.get()));
    }
    Ok(match make()? {
        // Another thread may have been first.
        Handle::Owned(made) => Handle::Borrowed(known.get_or_init(|| made).get()),
        borrowed => borrowed,
    })
}

/// What is made once, when it is first asked for.
///
/// It is made under the library's lock: with the lock taken inside, one thread could wait here with the lock for another
/// that is making it and waits for the lock.
fn library_static<T>(made: &'static LazyLock<Option<T>>) -> Result<&'static T> {
    locked(|| {
        // What is made once fails for ever.
        #[cfg(test)]
        let _paused = failing::Paused::new();
        LazyLock::force(made).as_ref()
    })
    .ok_or_else(|| Error::new(ErrorKind::Hdf5, "libhdf5 could not be initialised"))
}

/// A name for libhdf5, which takes no NUL.
fn c_name(name: &str) -> Result<CString> {
    CString::new(name).map_err(|_| Error::new(ErrorKind::NotFound, format!("the name {name:?} contains NUL")))
}

/// A new property list of `class`, whose value is there only when the library is initialised: under its lock.
fn property_list(class: &'static hid_t) -> Result<Id> {
    sys::h5p::create("create a property list", class)
}

/// The property lists that every object of ours is made with.
struct PropertyLists {
    /// New-style groups that remember the order in which their links were made.
    group: Id,
    /// Datasets without time stamps.
    dataset: Id,
    /// Small datasets without time stamps, stored within their object header.
    compact: Id,
    /// The same two for datasets that keep the order of their attributes.
    ordered_dataset: Id,
    ordered_compact: Id,
    /// Link names in UTF-8.
    link: Id,
    /// Links are not followed to other files.
    local_links: Id,
    /// Attribute names in UTF-8.
    attribute: Id,
}

/// Data of at most this many bytes is stored in its dataset's object header, which holds 64 KiB.
const COMPACT: usize = 4096;

impl PropertyLists {
    fn new() -> Result<Self> {
        use hdf5_sys::h5d::H5D_layout_t::H5D_COMPACT;

        let what = "set a property";
        let group = property_list(H5P_CLS_GROUP_CREATE)?;
        h5p::track_link_order(what, &group)?;
        h5p::turn_off_times(what, &group)?;
        keep_attribute_order(&group)?;
        let plain = || {
            let dataset = property_list(H5P_CLS_DATASET_CREATE)?;
            h5p::turn_off_times(what, &dataset)?;
            Ok::<_, crate::ground::error::Error>(dataset)
        };
        let (dataset, compact, ordered_dataset, ordered_compact) = (plain()?, plain()?, plain()?, plain()?);
        for list in [&compact, &ordered_compact] {
            h5p::set_layout(what, list, H5D_COMPACT)?;
        }
        for list in [&ordered_dataset, &ordered_compact] {
            keep_attribute_order(list)?;
        }
        let link = property_list(H5P_CLS_LINK_CREATE)?;
        h5p::set_utf8(what, &link)?;
        let attribute = property_list(H5P_CLS_ATTRIBUTE_CREATE)?;
        h5p::set_utf8(what, &attribute)?;
        let local_links = external_access::local_links()?;
        Ok(Self { group, dataset, compact, ordered_dataset, ordered_compact, link, local_links, attribute })
    }
}

/// Has objects that are made by a creation list keep the order of their attributes, which stay in the object's header however
/// many they are.
fn keep_attribute_order(list: &Id) -> Result<()> {
    const MAX_COMPACT: u32 = 65_535;
    let what = "keep the order of attributes";
    h5p::track_attribute_order(what, list)?;
    h5p::set_attribute_phase_change(what, list, MAX_COMPACT, 0)
}

/// The property lists, made once.
fn property_lists() -> Result<&'static PropertyLists> {
    static LISTS: LazyLock<Option<PropertyLists>> = LazyLock::new(|| PropertyLists::new().ok());
    library_static(&LISTS)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use hdf5_sys::h5f::H5F_ACC_RDONLY;
    use hdf5_sys::h5p::H5P_DEFAULT;

    use super::*;

    /// A folder can be opened as a file, and cannot be read as one.
    #[test]
    fn reasons_of_the_system_are_in_libhdf5s_texts() {
        let folder = CString::new(std::env::temp_dir().as_os_str().as_bytes()).unwrap();
        let error = sys::h5f::open("open the file", &folder, H5F_ACC_RDONLY, H5P_DEFAULT).unwrap_err();
        let source = std::error::Error::source(&error).and_then(|source| source.downcast_ref::<std::io::Error>());
        assert!(
            source.is_some_and(|source| source.kind() == std::io::ErrorKind::IsADirectory)
                && error.kind() == ErrorKind::Io
                && error.to_string().contains("directory"),
            "an upgrade of libhdf5 has the system's reasons in other words: `system_reason` in h5/mod.rs must know these, \
             or a full disk is no error of input and output: {error}"
        );
    }
}
