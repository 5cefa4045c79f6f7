//! Locks on files: one of our own that goes with the process, however that ends, and the one of libhdf5.

use std::fs::File;
use std::io;

#[cfg(target_os = "linux")]
use super::{Id, call, locked, raw};
#[cfg(target_os = "linux")]
use crate::error::Result;

/// Ends libhdf5's lock on a file when the file is closed.
///
/// The lock belongs to the descriptor and all copies of it. libhdf5 closes its descriptor, but does not unlock the file, and
/// lets programs inherit it. So the lock would go on as long as a program runs that another thread began meanwhile.
#[cfg(target_os = "linux")]
#[derive(Debug)]
pub(super) struct Unlocking {
    /// One more owner of libhdf5's file.
    file: Option<Id>,
    /// One more owner of the descriptor, so that there is what to unlock by when libhdf5 has closed its own.
    system: File,
}

#[cfg(target_os = "linux")]
impl Unlocking {
    /// Of a file that libhdf5's own driver opened just now. The library's lock is held.
    pub(super) fn new(file: &Id) -> Result<Self> {
        let system = raw::system_file(file)?;
        let descriptor = raw::descriptor(file)?;
        // SAFETY: libhdf5 has the file open, and so the descriptor. The command only sets a flag of it.
        unsafe { libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC) };
        let what = "keep a file open";
        // SAFETY: a file's handle, which gets one more owner.
        call(what, || unsafe { hdf5_sys::h5i::H5Iinc_ref(file.get()) })?;
        Ok(Self { file: Some(Id(file.get())), system })
    }
}

#[cfg(target_os = "linux")]
impl Unlocking {
    /// Unlocks the file after `close`, which closes it but for this owner.
    pub(super) fn after<R>(mut self, close: impl FnOnce() -> R) -> R {
        locked(|| {
            let is_last = self.let_go();
            let closed = close();
            self.unlock(is_last);
            closed
        })
    }

    /// Gives up the file, and says whether nothing else, of whomever, keeps it open and locked.
    fn let_go(&mut self) -> bool {
        use hdf5_sys::h5f;

        let Some(file) = self.file.take() else { return false };
        // SAFETY: a file's handle.
        let open = unsafe { h5f::H5Fget_obj_count(file.get(), h5f::H5F_OBJ_ALL) };
        open == 1
    }

    fn unlock(&self, is_last: bool) {
        use std::os::fd::AsRawFd;

        if is_last {
            // SAFETY: an open descriptor.
            unsafe { libc::flock(self.system.as_raw_fd(), libc::LOCK_UN) };
        }
    }
}

#[cfg(target_os = "linux")]
impl Drop for Unlocking {
    fn drop(&mut self) {
        locked(|| {
            let is_last = self.let_go();
            self.unlock(is_last);
        });
    }
}

/// Locks the whole of a file that is open for writing, unless another has it open and locked, and says whether it did. The
/// lock lasts until the file is closed, at the latest by the end of the process.
///
/// It belongs to the open file, not to the process, so that it holds between threads, too; and it is of another sort than
/// the locks of libhdf5, which it does not meet.
#[cfg(target_os = "linux")]
pub(crate) fn try_lock(file: &File) -> io::Result<bool> {
    use std::os::fd::AsRawFd;

    // SAFETY: a C struct of numbers, for which zeros are values.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = libc::F_WRLCK as libc::c_short;
    lock.l_whence = libc::SEEK_SET as libc::c_short;
    // SAFETY: an open descriptor, and the address of what the command takes.
    if unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw const lock) } == 0 {
        return Ok(true);
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::EAGAIN | libc::EACCES) => Ok(false),
        _ => Err(error),
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn try_lock(_: &File) -> io::Result<bool> {
    Err(io::ErrorKind::Unsupported.into())
}
