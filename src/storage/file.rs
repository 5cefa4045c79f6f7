//! Files of our own: on disk and in memory.

use std::ffi::CString;
use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use hdf5_sys::h5f;
use hdf5_sys::h5f::H5F_libver_t;
use hdf5_sys::h5p::{self, H5P_DEFAULT};

use super::group::Group;
use super::{Id, call, locked, once, property_list};
use crate::error::{Error, ErrorKind, Result};

/// How much a file in memory grows at a time.
const INCREMENT: usize = 1 << 16;

/// An open file. All that was opened in it keeps it open, too.
#[derive(Debug)]
pub(crate) struct File(Id);

/// The property lists that files are made and opened with.
struct Lists {
    /// How files are made: the root group remembers the order of its links, as all groups do.
    creation: Id,
    /// How files are opened: in the oldest format that holds what is in them, which HDF5 1.10 reads.
    access: Id,
    /// The same for files that nobody else knows of yet, which need no lock. A lock would outlive the file where another
    /// thread starts a program meanwhile: that inherits it, as libhdf5 neither unlocks files when it closes them nor keeps
    /// programs from inheriting them.
    fresh: Id,
    /// The same for files in memory, which never go to a disk.
    memory: Id,
}

impl Lists {
    fn new() -> Result<Self> {
        let creation = property_list(h5p::H5P_CLS_FILE_CREATE)?;
        let order = h5p::H5P_CRT_ORDER_TRACKED | h5p::H5P_CRT_ORDER_INDEXED;
        // SAFETY: a file creation list, here and below.
        call("track the order of links", || unsafe { h5p::H5Pset_link_creation_order(creation.get(), order) })?;
        // SAFETY: as above.
        call("turn off time stamps", || unsafe { h5p::H5Pset_obj_track_times(creation.get(), 0) })?;
        let (access, fresh, memory) = (file_access()?, file_access()?, file_access()?);
        // SAFETY: a file access list.
        call("turn off the lock of a file", || unsafe { h5p::H5Pset_file_locking(fresh.get(), 0, 1) })?;
        // SAFETY: a file access list.
        call("set up a file in memory", || unsafe { h5p::H5Pset_fapl_core(memory.get(), INCREMENT, 0) })?;
        Ok(Self { creation, access, fresh, memory })
    }
}

fn file_access() -> Result<Id> {
    let list = property_list(h5p::H5P_CLS_FILE_ACCESS)?;
    // SAFETY: a file access list, and versions that the library knows.
    call("set the versions of the file format", || unsafe {
        h5p::H5Pset_libver_bounds(list.get(), H5F_libver_t::H5F_LIBVER_EARLIEST, H5F_libver_t::H5F_LIBVER_V110)
    })?;
    Ok(list)
}

/// The property lists, made once.
fn lists() -> Result<&'static Lists> {
    static LISTS: LazyLock<Option<Lists>> = LazyLock::new(|| Lists::new().ok());
    once(&LISTS)
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

impl File {
    /// Makes a file that does not exist yet.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let (path, lists) = (c_path(path)?, lists()?);
        // SAFETY: a C string, and lists of the kinds that the function takes.
        Id::own("create the file", || unsafe {
            h5f::H5Fcreate(path.as_ptr(), h5f::H5F_ACC_EXCL, lists.creation.get(), lists.fresh.get())
        })
        .map(Self)
    }

    /// Opens a file for reading.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let (path, lists) = (c_path(path)?, lists()?);
        // SAFETY: a C string, and a list of the kind that the function takes.
        Id::own("open the file", || unsafe { h5f::H5Fopen(path.as_ptr(), h5f::H5F_ACC_RDONLY, lists.access.get()) })
            .map(Self)
    }

    /// Makes a file in memory.
    pub(crate) fn in_memory() -> Result<Self> {
        let (name, lists) = (memory_name(), lists()?);
        // SAFETY: a C string, and lists of the kinds that the function takes.
        Id::own("create a file in memory", || unsafe {
            h5f::H5Fcreate(name.as_ptr(), h5f::H5F_ACC_TRUNC, lists.creation.get(), lists.memory.get())
        })
        .map(Self)
    }

    /// Opens the file that `image` is, in memory, for reading.
    pub(crate) fn from_image(image: &[u8]) -> Result<Self> {
        if image.is_empty() {
            return Err(Error::new(ErrorKind::Hdf5, "HDF5 could not open the file in memory: it is empty"));
        }
        let (name, memory) = (memory_name(), &lists()?.memory);
        let what = "take over the image of a file";
        // The image is on the list for as long as the lock is held.
        locked(|| {
            // SAFETY: a file access list; the library copies the image, and does not write to it.
            call(what, || unsafe {
                h5p::H5Pset_file_image(memory.get(), image.as_ptr().cast_mut().cast(), image.len())
            })?;
            // SAFETY: a C string, and a list of the kind that the function takes.
            let file = Id::own("open the file in memory", || unsafe {
                h5f::H5Fopen(name.as_ptr(), h5f::H5F_ACC_RDONLY, memory.get())
            });
            // SAFETY: a file access list, which lets go of its copy.
            call(what, || unsafe { h5p::H5Pset_file_image(memory.get(), std::ptr::null_mut(), 0) })?;
            file.map(Self)
        })
    }

    /// Its root group.
    pub(crate) fn root(&self) -> Result<Group> {
        // SAFETY: a file's handle and a C string.
        let id = Id::own("open the root group", || unsafe {
            hdf5_sys::h5o::H5Oopen(self.0.get(), c"/".as_ptr(), H5P_DEFAULT)
        })?;
        Group::adopt(id)
    }

    fn flush(&self) -> Result<()> {
        // SAFETY: a file's handle.
        call("write out the file", || unsafe { h5f::H5Fflush(self.0.get(), h5f::H5F_scope_t::H5F_SCOPE_GLOBAL) })?;
        Ok(())
    }

    /// Writes all out and closes the file, which nothing else keeps open.
    pub(crate) fn close(self) -> Result<()> {
        self.flush()?;
        let id = std::mem::ManuallyDrop::new(self.0);
        // SAFETY: an owned handle, which is not used any more.
        call("close the file", || unsafe { h5f::H5Fclose(id.get()) })?;
        Ok(())
    }
}

/// The bytes of a file in memory, as a file on disk would have them.
pub(crate) fn image_of(file: &File) -> Result<Vec<u8>> {
    file.flush()?;
    let what = "copy the file out of memory";
    // SAFETY: a file's handle; without a buffer the function gives the size.
    let size = call(what, || unsafe { h5f::H5Fget_file_image(file.0.get(), std::ptr::null_mut(), 0) })?;
    let mut image = vec![0u8; usize::try_from(size).unwrap_or(0)];
    // SAFETY: a buffer of the size given.
    call(what, || unsafe { h5f::H5Fget_file_image(file.0.get(), image.as_mut_ptr().cast(), image.len()) })?;
    Ok(image)
}
