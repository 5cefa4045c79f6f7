//! Reading from a file to many places in memory at once, where the system can: that is Linux.

use std::mem::MaybeUninit;

use super::file_bytes::cannot_read;
use crate::ground::error::Result;

/// Memory to be filled.
pub(super) type Place<'a> = &'a mut [MaybeUninit<u8>];

/// A file on disk, of which this is one more owner: so it is read without libhdf5's lock, by any thread.
pub(super) struct Scattered(system::File);

impl Scattered {
    /// Of the file that has this descriptor; `None` where the system cannot, or has no further descriptor to give.
    #[cfg(unix)]
    pub(super) fn of(descriptor: std::os::fd::RawFd) -> Option<Self> {
        system::open(descriptor).map(Self)
    }

    /// Fills all of `places`, one after the other, with the bytes from `at` on.
    pub(super) fn read(&self, at: u64, places: &mut [Place<'_>]) -> Result<()> {
        system::read(&self.0, at, places).map_err(cannot_read)
    }
}

#[cfg(target_os = "linux")]
mod system {
    pub(super) use std::fs::File;
    use std::io::{Error, ErrorKind, Result};
    use std::os::fd::{AsRawFd, RawFd};

    use super::Place;
    use crate::h5::file_bytes::as_file;

    /// The most places that the system takes at once.
    const MOST: usize = 1024;

    pub(super) fn open(descriptor: RawFd) -> Option<File> {
        as_file(descriptor, File::try_clone).ok()
    }

    pub(super) fn read(file: &File, mut at: u64, places: &mut [Place<'_>]) -> Result<()> {
        let parts = places.iter_mut().filter(|place| !place.is_empty());
        let mut parts: Vec<libc::iovec> =
            parts.map(|place| libc::iovec { iov_base: place.as_mut_ptr().cast(), iov_len: place.len() }).collect();
        let mut done = 0;
        while let rest @ [_, ..] = &mut parts[done..] {
            let offset = libc::off_t::try_from(at).map_err(|_| ErrorKind::UnexpectedEof)?;
            let count = rest.len().min(MOST) as libc::c_int;
            // SAFETY: an open file, and as many parts as said of memory that is ours alone.
            let read = unsafe { libc::preadv(file.as_raw_fd(), rest.as_ptr(), count, offset) };
            let mut read = match usize::try_from(read) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(read) => read,
                Err(_) => match Error::last_os_error() {
                    error if error.kind() == ErrorKind::Interrupted => continue,
                    error => return Err(error),
                },
            };
            at += read as u64;
            // It may have been less than all.
            for part in rest {
                if read < part.iov_len {
                    part.iov_base = part.iov_base.wrapping_byte_add(read);
                    part.iov_len -= read;
                    break;
                }
                read -= part.iov_len;
                done += 1;
            }
        }
        Ok(())
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::Place;

    pub(super) enum File {}

    #[cfg(unix)]
    pub(super) fn open(_: std::os::fd::RawFd) -> Option<File> {
        None
    }

    pub(super) fn read(file: &File, _: u64, _: &mut [Place<'_>]) -> std::io::Result<()> {
        match *file {}
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs::File;
    use std::os::fd::AsRawFd;

    use super::*;
    use crate::ground::error::ErrorKind;

    /// Reads to places of these sizes.
    fn read(file: &Scattered, at: u64, sizes: &[usize]) -> Result<Vec<u8>> {
        let mut memory: Vec<Vec<MaybeUninit<u8>>> =
            sizes.iter().map(|size| vec![MaybeUninit::new(255); *size]).collect();
        let mut places: Vec<Place<'_>> = memory.iter_mut().map(Vec::as_mut_slice).collect();
        file.read(at, &mut places)?;
        // SAFETY: all were given a value above.
        Ok(memory.concat().into_iter().map(|byte| unsafe { byte.assume_init() }).collect())
    }

    #[test]
    fn places_are_filled_one_after_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bytes");
        let bytes: Vec<u8> = (0..50_000u32).map(|index| (index % 251) as u8).collect();
        std::fs::write(&path, &bytes).unwrap();
        let file = File::open(&path).unwrap();
        let scattered = Scattered::of(file.as_raw_fd()).unwrap();
        drop(file);

        for sizes in
            [vec![], vec![0], vec![0, 7, 0, 0, 1, 20_000, 0], vec![3; 10_000], vec![49_000], (0..250).collect()]
        {
            for at in [0, 1000] {
                let expected = &bytes[at..at + sizes.iter().sum::<usize>()];
                assert!(read(&scattered, at as u64, &sizes).unwrap() == expected, "{sizes:?}");
            }
        }
        for (at, sizes) in [(49_999, &[1, 1][..]), (50_000, &[1]), (1, &[50_000]), (u64::MAX, &[1])] {
            let error = read(&scattered, at, sizes).unwrap_err();
            assert_eq!(
                (error.kind(), error.to_string().as_str()),
                (ErrorKind::Corrupt, "the file ends before what it holds")
            );
        }
    }

    #[test]
    fn what_is_no_file_cannot_be_read() {
        let folder = File::open(std::env::temp_dir()).unwrap();
        assert_eq!(read(&Scattered::of(folder.as_raw_fd()).unwrap(), 0, &[1]).unwrap_err().kind(), ErrorKind::Io);
        assert!(Scattered::of(i32::MAX).is_none());
    }
}
