//! Files of our own: on disk and in memory.

use std::ffi::CString;
use std::mem::ManuallyDrop;
use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use hdf5_sys::h5f::{H5F_ACC_EXCL, H5F_ACC_RDONLY, H5F_ACC_RDWR, H5F_ACC_SWMR_READ, H5F_ACC_TRUNC, H5F_libver_t};
use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5p::{H5P_CLS_FILE_ACCESS, H5P_CLS_FILE_CREATE};

use super::external_access::open_file;
use super::file_bytes::{ImageBytes, OnDisk};
use super::group::Group;
use super::structure::{self, Made, Root};
use super::sys::{h5f, h5i, h5o, h5p};
use super::writing::Writing;
use super::{Handle, Id, keep_attribute_order, library_static, locked, property_list};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::limits::Limits;
use crate::layout::access::{Access, FileLocking, LibraryVersion};

/// How much a file in memory grows at a time.
const INCREMENT: usize = 1 << 16;

/// Bytes of chunks that are kept for each dataset of a file that is streamed.
const CHUNK_CACHE: usize = 1 << 20;

/// An open file. All that was opened in it keeps it open, too.
#[derive(Debug)]
pub(crate) struct File {
    id: ManuallyDrop<Id>,
    /// What is in it needs no check, if it was made here.
    _made: Option<Made>,
    /// Releases libhdf5's lock when the file is closed: it is dropped after the handle.
    #[cfg(target_os = "linux")]
    lock: ManuallyDrop<Option<super::lock::Unlocking>>,
    /// What its driver could not write, if it is one of ours.
    #[cfg(all(unix, hdf5_drivers))]
    failure: Option<std::sync::Arc<super::driver::Failure>>,
}

/// The property lists that files are made and opened with, if nothing else is asked for.
struct Lists {
    /// How files are made: the root group remembers the order of its links, as all groups do.
    creation: Id,
    /// The same for files in which room that becomes free is not used again.
    keeping: Id,
    /// How files are opened: in the oldest format that holds what is in them, which HDF5 1.10 reads.
    access: Id,
    /// The same for files that nobody else knows of yet, which need no lock. A lock would outlive the file where another
    /// thread starts a program meanwhile: that inherits it, as libhdf5 neither unlocks files when it closes them nor keeps
    /// programs from inheriting them.
    fresh: Id,
    /// The same for files that are to be whole at all times, where libhdf5 takes a driver of ours.
    ordered: Id,
    /// The same for files that are streamed, with caches for chunks of the size that they had up to HDF5 1.14: those of 2 take
    /// 8 MiB for each dataset.
    streamed: Id,
    /// The same for files in memory, which never go to a disk.
    memory: Id,
}

impl Lists {
    fn new() -> Result<Self> {
        let (creation, keeping) = (file_creation()?, file_creation()?);
        h5p::forget_freed_room("set how room in a file is used", &keeping)?;
        let plain = Access::default();
        let access = file_access(plain)?;
        let fresh = fresh_access(Access { locking: Some(FileLocking::Off), ..plain })?;
        let ordered = ordered_access(plain)?;
        let streamed = streamed_access(plain)?;
        Ok(Self { creation, keeping, access, fresh, ordered, streamed, memory: memory_access(plain)? })
    }
}

/// How files are opened and made in which one writes while others read: in the first format that HDF5 has for that.
const SWMR_WRITER: Access = Access {
    libver: (LibraryVersion::V110, LibraryVersion::V110),
    locking: None,
    swmr: true,
    clears_status: false,
    user_block: 0,
    page_size: 0,
};

/// How a file is opened for reading.
fn reading(access: Access) -> std::ffi::c_uint {
    H5F_ACC_RDONLY | if access.swmr { H5F_ACC_SWMR_READ } else { 0 }
}

fn file_creation() -> Result<Id> {
    let list = property_list(H5P_CLS_FILE_CREATE)?;
    h5p::track_link_order("track the order of links", &list)?;
    h5p::turn_off_times("turn off time stamps", &list)?;
    keep_attribute_order(&list)?;
    Ok(list)
}

/// The list for files that are made so, which is the one that is kept where it can be.
fn creation_of(access: Access, kept: &'static Id) -> Result<Handle> {
    let Access { user_block, page_size, .. } = access;
    if user_block == 0 && page_size == 0 {
        return Ok(Handle::Borrowed(kept.get()));
    }
    let list = file_creation()?;
    if user_block > 0 {
        h5p::set_userblock("have a file begin with a user block", &list, user_block)?;
    }
    if page_size > 0 {
        h5p::set_pages("have a file made of pages", &list, page_size)?;
    }
    Ok(Handle::Owned(list))
}

fn file_access(access: Access) -> Result<Id> {
    let Access { libver: (low, high), locking, clears_status, .. } = access;
    let (lowest, highest) = (bound(low)?, bound(high)?);
    if low > high || high == LibraryVersion::Earliest {
        let message =
            format!("`libver({low}, {high})` is no range: the upper bound is `v18` or later, and not below the lower");
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    let list = property_list(H5P_CLS_FILE_ACCESS)?;
    h5p::set_libver_bounds("set the versions of the file format", &list, lowest, highest)?;
    if let Some(locking) = locking {
        let (locks, ignores) = (locking != FileLocking::Off, locking != FileLocking::On);
        h5p::set_file_locking("set up the lock of a file", &list, locks, ignores)?;
    }
    if clears_status {
        h5p::clear_status_flags("set up how a file is opened", &list)?;
    }
    Ok(list)
}

/// How files are opened that are to be whole at all times.
fn ordered_access(access: Access) -> Result<Id> {
    let list = file_access(Access { locking: Some(FileLocking::Off), ..access })?;
    #[cfg(all(unix, hdf5_drivers))]
    {
        use super::driver::ALIGNMENT;

        h5p::set_driver("choose a file driver", &list, super::driver::ordered()?)?;
        h5p::set_alignment("align a file", &list, 1, ALIGNMENT)?;
    }
    Ok(list)
}

/// How files are opened that are read a part at a time.
fn streamed_access(access: Access) -> Result<Id> {
    let list = file_access(access)?;
    h5p::set_cache("set a cache", &list, 521, CHUNK_CACHE, 0.75)?;
    Ok(list)
}

/// How new files are made that nobody else knows of: by a driver of ours where libhdf5 takes one. It takes no lock.
fn fresh_access(access: Access) -> Result<Id> {
    let list = file_access(access)?;
    #[cfg(all(unix, hdf5_drivers))]
    if access.locking == Some(FileLocking::Off) {
        h5p::set_driver("choose a file driver", &list, super::driver::plain()?)?;
    }
    Ok(list)
}

fn memory_access(access: Access) -> Result<Id> {
    // Seen in 1.10.8: `H5Fget_file_image` changes a flag in the superblock of such a file, and leaves its checksum.
    #[cfg(not(hdf5_v114))]
    if access.libver.0 > LibraryVersion::Earliest || access.page_size > 0 {
        let message = "a file in memory does not open if the linked HDF5, which is older than 1.14, makes it in a later \
                       format: write to a file on disk, or leave the lower bound of `libver` at `earliest`, and `page_size` away";
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    let memory = file_access(Access { locking: None, ..access })?;
    h5p::use_memory("set up a file in memory", &memory, INCREMENT)?;
    Ok(memory)
}

/// The bound as libhdf5 has it, if the library that is linked does.
fn bound(version: LibraryVersion) -> Result<H5F_libver_t> {
    let found = match version {
        LibraryVersion::Earliest => Some(H5F_libver_t::H5F_LIBVER_EARLIEST),
        LibraryVersion::V18 => Some(H5F_libver_t::H5F_LIBVER_V18),
        LibraryVersion::V110 => Some(H5F_libver_t::H5F_LIBVER_V110),
        #[cfg(hdf5_tokens)]
        LibraryVersion::V112 => Some(H5F_libver_t::H5F_LIBVER_V112),
        #[cfg(hdf5_v114)]
        LibraryVersion::V114 => Some(H5F_libver_t::H5F_LIBVER_V114),
        #[cfg(hdf5_sized_chunks)]
        LibraryVersion::V200 => Some(H5F_libver_t::H5F_LIBVER_V200),
        #[allow(unreachable_patterns, reason = "whether there are others is up to the library")]
        _ => None,
    };
    found.ok_or_else(|| {
        let (major, minor, release) = hdf5::library_version();
        let message =
            format!("`libver`: the bound `{version}` is not known to the linked HDF5 {major}.{minor}.{release}");
        Error::new(ErrorKind::Unsupported, message)
    })
}

/// The list for files on disk that are opened so, which is the one that is kept where it can be.
fn on_disk(access: Access, kept: &'static Id) -> Result<Handle> {
    if access == Access::default() { Ok(Handle::Borrowed(kept.get())) } else { file_access(access).map(Handle::Owned) }
}

/// The list for files that are made so.
fn on_disk_fresh(access: Access, kept: &'static Id) -> Result<Handle> {
    if access == Access::default() {
        return Ok(Handle::Borrowed(kept.get()));
    }
    fresh_access(Access { locking: access.locking.or(Some(FileLocking::Off)), ..access }).map(Handle::Owned)
}

/// The property lists, made once.
fn lists() -> Result<&'static Lists> {
    static LISTS: LazyLock<Option<Lists>> = LazyLock::new(|| Lists::new().ok());
    library_static(&LISTS)
}

#[cfg(unix)]
fn c_path(path: &Path) -> Result<CString> {
    use std::os::unix::ffi::OsStrExt;
    CString::new(path.as_os_str().as_bytes()).map_err(|_| Error::new(ErrorKind::Io, "a file name with NUL"))
}

#[cfg(not(unix))]
fn c_path(path: &Path) -> Result<CString> {
    let text = path.to_str().ok_or_else(|| Error::new(ErrorKind::Io, "a file name that is not Unicode"))?;
    CString::new(text).map_err(|_| Error::new(ErrorKind::Io, "a file name with NUL"))
}

/// What the names of files in memory begin with.
fn memory_prefix() -> String {
    format!("filebacked-{}-", std::process::id())
}

/// A name for a file in memory: libhdf5 takes two open files of one name for the same file.
fn memory_name() -> CString {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = format!("{}{}", memory_prefix(), COUNT.fetch_add(1, Ordering::Relaxed));
    CString::new(name).unwrap_or_default()
}

/// Whether a file of that name is one of those in memory.
pub(super) fn is_memory_name(name: &str) -> bool {
    name.starts_with(&memory_prefix())
}

/// Nobody opens the file between its closing and its unlocking.
impl Drop for File {
    fn drop(&mut self) {
        locked(|| {
            // SAFETY: it is used no more.
            unsafe { ManuallyDrop::drop(&mut self.id) };
            #[cfg(target_os = "linux")]
            drop(self.lock.take());
        });
    }
}

impl File {
    /// Takes over the file that `open` has libhdf5 open.
    fn opened(open: &mut dyn FnMut() -> Result<Id>) -> Result<Self> {
        // A driver leaves its failures for whoever has the lock.
        locked(|| {
            #[cfg(all(unix, hdf5_drivers))]
            drop(super::driver::opened());
            let opened = open();
            #[cfg(all(unix, hdf5_drivers))]
            let failure = match (super::driver::opened(), &opened) {
                // The reason of the system.
                (Some(Err(error)), Err(_)) => return Err(Error::io("could not open the file", error)),
                (failure, _) => failure.and_then(std::io::Result::ok),
            };
            Ok(Self {
                id: ManuallyDrop::new(opened?),
                _made: None,
                #[cfg(target_os = "linux")]
                lock: ManuallyDrop::new(None),
                #[cfg(all(unix, hdf5_drivers))]
                failure,
            })
        })
    }

    /// The same file, which was made.
    fn made(mut self) -> Self {
        self._made = Made::new(&self.id);
        self
    }

    /// Opens a file that there is by libhdf5's own driver.
    fn open_with(path: &Path, flags: std::ffi::c_uint, access: hid_t) -> Result<Self> {
        let name = c_path(path)?;
        let mut open = || open_file("open the file", &name, flags, access);
        Self::open_checked(path, &mut || Self::locked_by_library(&mut open))
    }

    /// Opens a file by `open` that is looked at before. Another that is put in its place meanwhile is looked at, too.
    fn open_checked(path: &Path, open: &mut dyn FnMut() -> Result<Self>) -> Result<Self> {
        for _ in 0..MOST_REPLACED {
            let looked_at = LookedAt::at(path)?;
            let file = open()?;
            if looked_at.counts_for(&file)? {
                return Ok(file);
            }
        }
        Err(Error::new(ErrorKind::Io, "other files are put in its place faster than one can be looked at"))
    }

    /// Takes over the file that `open` has libhdf5 open, which may lock it.
    fn locked_by_library(open: &mut dyn FnMut() -> Result<Id>) -> Result<Self> {
        locked(|| {
            #[allow(unused_mut, reason = "elsewhere nothing is added")]
            let mut file = Self::opened(open)?;
            #[cfg(target_os = "linux")]
            {
                *file.lock = match super::lock::Unlocking::new(&file.id) {
                    // It is not one file on a disk.
                    Err(error) if error.kind() == ErrorKind::Unsupported => None,
                    lock => Some(lock?),
                };
            }
            Ok(file)
        })
    }

    /// Makes a file in the place of an empty one that nobody else knows of.
    pub(crate) fn create(path: &Path, access: Access) -> Result<Self> {
        Self::make(path, access, H5F_ACC_TRUNC)
    }

    /// Makes a file where there is none.
    #[cfg(target_os = "linux")]
    pub(crate) fn create_new(path: &Path, access: Access) -> Result<Self> {
        Self::make(path, access, H5F_ACC_EXCL)
    }

    /// The file as the system has it: one more owner of the descriptor that libhdf5 has opened it with.
    #[cfg(target_os = "linux")]
    pub(crate) fn system_file(&self) -> Result<std::fs::File> {
        super::file_bytes::system_file(&self.id)
    }

    fn make(path: &Path, access: Access, flags: std::ffi::c_uint) -> Result<Self> {
        let (path, lists) = (c_path(path)?, lists()?);
        let creation = creation_of(access, &lists.creation)?;
        let access = on_disk_fresh(access, &lists.fresh)?;
        Self::locked_by_library(&mut || h5f::create("create the file", &path, flags, creation.get(), access.get()))
            .map(Self::made)
    }

    /// Opens a file for reading.
    pub(crate) fn open(path: &Path, access: Access) -> Result<Self> {
        Self::open_with(path, reading(access), on_disk(access, &lists()?.access)?.get())
    }

    /// Whether this program has a file open by means of libhdf5.
    pub(crate) fn is_open_here(path: &Path) -> bool {
        let Ok(wanted) = path.canonicalize() else { return false };
        let is_it = |file: hid_t| {
            let found = h5f::name(file).and_then(|name| Path::new(&name).canonicalize().ok());
            found.is_some_and(|found| found == wanted)
        };
        locked(|| h5f::all_open_files().into_iter().any(is_it))
    }

    /// Whether this program has a file open for writing by means of libhdf5.
    pub(super) fn is_written_here(path: &Path) -> bool {
        let Ok(wanted) = path.canonicalize() else { return false };
        let is_it = |object: hid_t| {
            let found = h5f::name(object).and_then(|name| Path::new(&name).canonicalize().ok());
            let is_writable = || {
                let file = h5i::file_of("look into a file", object)?;
                h5f::intent("look into a file", &file)
            };
            found.is_some_and(|found| found == wanted) && is_writable().is_ok_and(|intent| intent & H5F_ACC_RDWR != 0)
        };
        locked(|| h5f::all_open_files().into_iter().any(is_it))
    }

    /// Opens a file for writing.
    pub(crate) fn open_rw(path: &Path, access: Access) -> Result<Self> {
        Self::open_with(path, H5F_ACC_RDWR, on_disk(access, &lists()?.access)?.get())
    }

    /// Makes a file in memory as it is made where nothing is asked for.
    #[cfg(test)]
    pub(crate) fn in_memory() -> Result<Self> {
        Self::in_memory_as(Access::default())
    }

    /// Opens a file for reading a part at a time.
    pub(crate) fn open_streamed(path: &Path, access: Access) -> Result<Self> {
        if access == Access::default() {
            return Self::open_with(path, H5F_ACC_RDONLY, lists()?.streamed.get());
        }
        Self::open_with(path, reading(access), streamed_access(access)?.get())
    }

    /// Makes a file in which one will write while others read.
    pub(crate) fn create_for_swmr(path: &Path) -> Result<Self> {
        let (path, access) = (c_path(path)?, file_access(SWMR_WRITER)?);
        let creation = lists()?.creation.get();
        Self::locked_by_library(&mut || h5f::create("create the file", &path, H5F_ACC_EXCL, creation, access.get()))
            .map(Self::made)
    }

    /// Opens a file for writing, and for that alone, in which one will write while others read.
    pub(crate) fn open_for_swmr(path: &Path, clears_status: bool) -> Result<Self> {
        Self::open_with(path, H5F_ACC_RDWR, file_access(Access { clears_status, ..SWMR_WRITER })?.get())
    }

    /// Lets others read the file with libhdf5 while this process writes it. From then on, datasets only become longer. No object of
    /// the file may be open.
    pub(crate) fn start_swmr(&self) -> Result<()> {
        locked(|| {
            if h5f::open_objects(&self.id) > 0 {
                let message = "this program has objects of the file open already, in another way: close them first";
                return Err(Error::new(ErrorKind::Unsupported, message));
            }
            h5f::start_swmr_write("have others read the file while it is written", &self.id)
        })
    }

    /// Makes a file that is to be whole whenever the program is killed; `filtered` says that chunks in it are moved.
    pub(crate) fn create_ordered(path: &Path, filtered: bool) -> Result<Self> {
        let (path, lists) = (c_path(path)?, lists()?);
        let is_ordered = cfg!(all(unix, hdf5_drivers));
        let creation = if filtered && is_ordered { &lists.keeping } else { &lists.creation };
        Self::opened(&mut || h5f::create("create the file", &path, H5F_ACC_EXCL, creation.get(), lists.ordered.get()))
            .map(Self::made)
    }

    /// Opens a file for writing that is to be whole whenever the program is killed.
    pub(crate) fn open_ordered(path: &Path, clears_status: bool) -> Result<Self> {
        let (name, lists) = (c_path(path)?, lists()?);
        let ordered = match clears_status {
            true => Handle::Owned(ordered_access(Access { clears_status, ..Access::default() })?),
            false => Handle::Borrowed(lists.ordered.get()),
        };
        let what = "open the file, which no other program may have open for writing";
        let mut open = || open_file(what, &name, H5F_ACC_RDWR, ordered.get());
        Self::open_checked(path, &mut || Self::opened(&mut open))
    }

    /// Makes a file in memory.
    pub(crate) fn in_memory_as(access: Access) -> Result<Self> {
        let (name, lists) = (memory_name(), lists()?);
        let memory = match access == Access::default() {
            true => Handle::Borrowed(lists.memory.get()),
            false => Handle::Owned(memory_access(access)?),
        };
        let creation = creation_of(access, &lists.creation)?;
        Self::opened(&mut || h5f::create("create a file in memory", &name, H5F_ACC_TRUNC, creation.get(), memory.get()))
            .map(Self::made)
    }

    /// Opens the file that `image` is, in memory, for reading.
    pub(crate) fn from_image(image: &[u8]) -> Result<Self> {
        if image.is_empty() {
            return Err(Error::new(ErrorKind::Hdf5, "HDF5 could not open the file in memory: it is empty"));
        }
        let (name, memory, root) = (memory_name(), &lists()?.memory, structure::check_file(&ImageBytes::of(image))?);
        let what = "take over the image of a file";
        // The image is on the list for as long as the lock is held.
        locked(|| {
            h5p::set_file_image(what, memory, Some(image))?;
            let file = Self::opened(&mut || open_file("open the file in memory", &name, H5F_ACC_RDONLY, memory.get()));
            h5p::set_file_image(what, memory, None)?;
            let file = file?;
            super::file_bytes::opened_in_memory(&file.id)?;
            if let Some(root) = root {
                root.is_of(super::file_bytes::number_of(file.id.get(), &file.id)?);
            }
            Ok(file)
        })
    }

    /// Its root group.
    pub(crate) fn root(&self) -> Result<Group> {
        super::structure::check_root(self.id.get())?;
        Group::opened(h5o::open("open the root group", self.id.get(), c"/")?)
    }

    /// Has libhdf5 write all that it has of it.
    pub(crate) fn flush(&self) -> Result<()> {
        h5f::flush_all("write out the file", self.id.get())?;
        self.check_written()
    }

    /// An error if something could not be written, whatever libhdf5 was told.
    fn check_written(&self) -> Result<()> {
        #[cfg(all(unix, hdf5_drivers))]
        if let Some(failure) = &self.failure {
            failure.check()?;
        }
        super::writing::check()
    }

    /// The call that writes all of it, while it is new.
    pub(crate) fn writing(&self) -> Result<Writing> {
        #[cfg(all(unix, hdf5_drivers))]
        if self.failure.is_some() {
            return Ok(Writing::new_file());
        }
        Writing::to(&self.root()?)
    }

    /// Writes all out and closes the file, which nothing else keeps open.
    pub(crate) fn close(self) -> Result<()> {
        let mut file = ManuallyDrop::new(self);
        locked(|| {
            let closed = h5f::close("write out and close the file", file.id.get());
            #[cfg(target_os = "linux")]
            drop(file.lock.take());
            closed
        })?;
        #[cfg(all(unix, hdf5_drivers))]
        if let Some(failure) = file.failure.take() {
            failure.check()?;
        }
        super::writing::check()
    }
}

/// How often another file may be put in the place of one between the look at it and its opening.
const MOST_REPLACED: u32 = 16;

/// A file on a disk that was looked at before libhdf5 opens it.
struct LookedAt {
    /// None where there is none, or libhdf5 is left to open it in its own way.
    bytes: Option<OnDisk>,
    /// What is known of its root group.
    root: Option<Root>,
}

impl LookedAt {
    /// Looks at what libhdf5 reads of a file on a disk when it opens it. What is no file of HDF5's, or is another thing than one
    /// file on a disk, is left to libhdf5.
    fn at(path: &Path) -> Result<Self> {
        // That has libhdf5 take files in other ways.
        let is_left = Limits::is_trusting() || std::env::var_os("HDF5_DRIVER").is_some();
        let Some(bytes) = OnDisk::open(path).filter(|_| !is_left) else { return Ok(Self { bytes: None, root: None }) };
        let root = match structure::check_file(&bytes) {
            // What libhdf5 has not written yet fits what it has in memory. It is not asked for no reason: of a file that it could
            // not close, it has a handle that leads nowhere (2.2, `H5Fget_name`).
            Err(_) if bytes.is_open_elsewhere() && File::is_open_here(path) => None,
            found => found?,
        };
        Ok(Self { bytes: Some(bytes), root })
    }

    /// Whether libhdf5 has opened the same file. What is known of it counts then.
    fn counts_for(self, file: &File) -> Result<bool> {
        let Self { bytes: Some(bytes), root } = self else { return Ok(true) };
        if !bytes.is_opened_as(&file.id)? {
            return Ok(false);
        }
        if let Some(root) = root {
            let number = super::file_bytes::number_of(file.id.get(), &file.id)?;
            root.is_of(number);
            bytes.keep_ahead(number);
        }
        Ok(true)
    }
}

/// The bytes of a file in memory, as a file on disk would have them.
pub(crate) fn image_of(file: &File) -> Result<Vec<u8>> {
    file.flush()?;
    h5f::image("copy the file out of memory", &file.id)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// Puts a new file at `path`, as another process may.
    fn replace(path: &Path, name: &str) {
        let other = path.with_extension("other");
        let file = File::create_new(&other, Access::default()).unwrap();
        file.root().unwrap().create_group(name).unwrap();
        file.close().unwrap();
        std::fs::rename(&other, path).unwrap();
    }

    /// Opens the file at `path`, which others take the place of so many times after each look. The second value is how often it was
    /// looked at.
    fn open_replaced(path: &Path, times: u32) -> (Result<File>, u32) {
        let access = on_disk(Access::default(), &lists().unwrap().access).unwrap();
        let name = c_path(path).unwrap();
        let mut looks = 0;
        let opened = Limits::while_reading(|| {
            File::open_checked(path, &mut || {
                looks += 1;
                if looks <= times {
                    replace(path, &format!("file {looks}"));
                }
                let mut open = || open_file("open the file", &name, H5F_ACC_RDONLY, access.get());
                File::locked_by_library(&mut open)
            })
        });
        (opened, looks)
    }

    #[test]
    fn another_file_in_the_place_of_one_is_looked_at_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.h5");
        replace(&path, "file 0");
        for times in [0, 1, 5] {
            let (opened, looks) = open_replaced(&path, times);
            assert_eq!(looks, times + 1);
            let root = opened.unwrap().root().unwrap();
            assert_eq!(root.links().unwrap().len(), 1);
        }
        let (opened, looks) = open_replaced(&path, u32::MAX);
        assert_eq!((opened.unwrap_err().kind(), looks), (ErrorKind::Io, MOST_REPLACED));
    }
}
