//! Locks on files: one of our own that goes with the process, however that ends, and the one of libhdf5.

use std::fs::File;
use std::io;
use std::path::Path;

#[cfg(target_os = "linux")]
use super::{Id, file_bytes, locked};
#[cfg(target_os = "linux")]
use crate::ground::error::Result;

/// Releases libhdf5's lock on a file, when dropped after libhdf5 has closed the file.
///
/// The lock belongs to the descriptor and all copies of it. libhdf5 closes its descriptor, but does not unlock the file, and
/// lets programs inherit it. So the lock would go on as long as a program runs that another thread began meanwhile.
#[cfg(target_os = "linux")]
#[derive(Debug)]
pub(super) struct Unlocking {
    /// libhdf5's descriptor.
    descriptor: std::os::fd::RawFd,
    /// A duplicate of it, which unlocks the file after libhdf5 has closed its own.
    system: File,
}

#[cfg(target_os = "linux")]
impl Unlocking {
    /// Of a file that libhdf5's own driver opened just now. The library's lock is held.
    pub(super) fn new(file: &Id) -> Result<Self> {
        let descriptor = file_bytes::descriptor(file)?;
        // SAFETY: libhdf5 has the file open, and so the descriptor. The command only sets a flag of it.
        unsafe { libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC) };
        let system = file_bytes::as_file(descriptor, File::try_clone).map_err(file_bytes::cannot_read)?;
        Ok(Self { descriptor, system })
    }

    /// Whether libhdf5 still has the file open, for whatever else is open in it. The library's lock is held. Where a descriptor of
    /// the same number was opened for the same file meanwhile, it seems so, too: then the file is not unlocked.
    fn is_open(&self) -> bool {
        use std::os::unix::fs::MetadataExt;

        // SAFETY: whatever the number is of by now, this only asks; and what is not open is an error.
        let there = file_bytes::as_file(self.descriptor, File::metadata);
        match (there, self.system.metadata()) {
            (Ok(there), Ok(own)) => (there.dev(), there.ino()) == (own.dev(), own.ino()),
            (there, _) => there.is_ok(),
        }
    }
}

#[cfg(target_os = "linux")]
impl Drop for Unlocking {
    fn drop(&mut self) {
        use std::os::fd::AsRawFd;

        locked(|| {
            if !self.is_open() {
                // SAFETY: an open descriptor.
                unsafe { libc::flock(self.system.as_raw_fd(), libc::LOCK_UN) };
            }
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
    if set_lock(file, libc::F_WRLCK, (0, 0)) {
        return Ok(true);
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::EAGAIN | libc::EACCES) => Ok(false),
        _ => Err(error),
    }
}

/// Sets or takes away a lock of that sort of an open file, from a byte on, for so many bytes, or for all if that is 0. Returns
/// false, and leaves the reason where the system has it, if that fails.
#[cfg(target_os = "linux")]
pub(super) fn set_lock(file: &File, kind: libc::c_int, (start, len): (libc::off_t, libc::off_t)) -> bool {
    use std::os::fd::AsRawFd;

    // SAFETY: a C struct of numbers, for which zeros are values.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = kind as libc::c_short;
    lock.l_whence = libc::SEEK_SET as libc::c_short;
    (lock.l_start, lock.l_len) = (start, len);
    // SAFETY: an open descriptor, and the address of what the command takes.
    unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw const lock) == 0 }
}

/// Who has a lock on a file, as far as this process may know: `process 1234 (python3)`.
#[cfg(target_os = "linux")]
pub(crate) fn holders_of(path: &Path) -> Vec<String> {
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    let Ok(wanted) = fs::metadata(path) else { return Vec::new() };
    let entries = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten();
    let is_locked = |process: &Path| {
        entries(&process.join("fdinfo")).any(|descriptor| {
            let info = fs::read_to_string(descriptor.path()).unwrap_or_default();
            // The system looks at the file, not at the link that it shows.
            info.lines().any(|line| line.starts_with("lock:"))
                && fs::metadata(process.join("fd").join(descriptor.file_name()))
                    .is_ok_and(|found| (found.dev(), found.ino()) == (wanted.dev(), wanted.ino()))
        })
    };
    let number = |process: &Path| process.file_name()?.to_str()?.parse::<u32>().ok();
    let mut holders: Vec<u32> = entries(Path::new("/proc"))
        .map(|entry| entry.path())
        .filter_map(|process| number(&process).filter(|_| is_locked(&process)))
        .collect();
    holders.sort_unstable();
    let in_words = |number| {
        let name = fs::read_to_string(format!("/proc/{number}/comm")).unwrap_or_default();
        let whose = if number == std::process::id() { "this process" } else { "process" };
        format!("{whose} {number} (`{}`)", name.trim_end())
    };
    holders.into_iter().map(in_words).collect()
}

/// The same where the system does not tell.
#[cfg(not(target_os = "linux"))]
pub(crate) fn holders_of(_: &Path) -> Vec<String> {
    Vec::new()
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn try_lock(_: &File) -> io::Result<bool> {
    Err(io::ErrorKind::Unsupported.into())
}
