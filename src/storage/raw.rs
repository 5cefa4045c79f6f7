//! The bytes of a file, past libhdf5: from the descriptor or the memory that it has the file in.

use std::ffi::c_void;
use std::ptr;
use std::sync::LazyLock;

use hdf5_sys::h5f::{self, H5F_scope_t};
use hdf5_sys::h5i::{self, hid_t};
use hdf5_sys::h5p::{self, H5P_DEFAULT};

use super::heap::Bytes;
use super::{Id, call, once, property_list};
use crate::error::{Error, ErrorKind, Result};

/// Where the bytes are. It is good for as long as the file is open, which is known by the file's [number](number_of).
enum Source {
    /// A descriptor of the operating system's.
    #[cfg(unix)]
    Descriptor(std::os::fd::RawFd),
    /// Where libhdf5 has the address of the file's memory.
    Memory(*const *const u8),
}

/// An open file whose bytes can be had without libhdf5.
pub(super) struct RawFile {
    source: Source,
    /// What the addresses in the file count from: the size of the user block before it.
    base: u64,
    /// Bytes from there to the end of the file.
    len: u64,
    /// Bytes of a length in the file.
    length_size: usize,
    /// Whether it is open for writing, so that libhdf5 may have parts of it that are not written yet.
    writable: bool,
}

/// libhdf5's drivers that have a file as it is.
struct Drivers {
    disk: hid_t,
    memory: hid_t,
}

fn drivers() -> Result<&'static Drivers> {
    static DRIVERS: LazyLock<Option<Drivers>> = LazyLock::new(|| {
        let driver = |set: &dyn Fn(hid_t) -> i32| {
            let list = property_list(h5p::H5P_CLS_FILE_ACCESS)?;
            call("choose a file driver", || set(list.get()))?;
            // SAFETY: a file access list.
            call("look for a file driver", || unsafe { h5p::H5Pget_driver(list.get()) })
        };
        // SAFETY: file access lists.
        let disk = driver(&|list| unsafe { h5p::H5Pset_fapl_sec2(list) }).ok()?;
        // SAFETY: as above.
        let memory = driver(&|list| unsafe { h5p::H5Pset_fapl_core(list, 1 << 16, 0) }).ok()?;
        Some(Drivers { disk, memory })
    });
    once(&DRIVERS)
}

/// What tells the file that `object` is in from all others that are or were open.
pub(super) fn number_of(object: hid_t, file: &Id) -> Result<u64> {
    #[cfg(hdf5_tokens)]
    {
        let _ = object;
        let mut number = 0;
        // SAFETY: a file's handle, and the address of a number.
        call("look into a file", || unsafe { h5f::H5Fget_fileno(file.get(), &raw mut number) })?;
        #[allow(clippy::useless_conversion, reason = "C's long differs by platform")]
        Ok(number.into())
    }
    #[cfg(not(hdf5_tokens))]
    {
        let _ = file;
        // SAFETY: a valid handle, whose count is raised for the second owner made of it below.
        call("look into an object", || unsafe { h5i::H5Iinc_ref(object) })?;
        // SAFETY: as said.
        let object: hdf5::Location = unsafe { hdf5::from_id(object) }?;
        Ok(object.loc_info()?.fileno)
    }
}

/// The handle of the file that `object` is in.
pub(super) fn file_of(object: hid_t) -> Result<Id> {
    // SAFETY: an object's handle.
    Id::own("look into a file", || unsafe { h5i::H5Iget_file_id(object) })
}

impl RawFile {
    /// Looks where the bytes of a file are. `None` where libhdf5 has it in another way than as one file on disk or in
    /// memory (parallel, remote, in parts, or through another VOL connector).
    pub(super) fn of(file: &Id) -> Result<Option<Self>> {
        let what = "look into a file";
        // SAFETY: a file's handle, here and below.
        let access = match Id::own(what, || unsafe { h5f::H5Fget_access_plist(file.get()) }) {
            Ok(access) => access,
            Err(_) => return Ok(None),
        };
        // SAFETY: a file access list.
        let driver = call(what, || unsafe { h5p::H5Pget_driver(access.get()) })?;
        let drivers = drivers()?;
        let on_disk = driver == drivers.disk;
        if !(on_disk && cfg!(unix) || driver == drivers.memory) {
            return Ok(None);
        }
        let mut handle: *mut c_void = ptr::null_mut();
        // SAFETY: as above, and the address of a pointer.
        let found = call(what, || unsafe { h5f::H5Fget_vfd_handle(file.get(), H5P_DEFAULT, &raw mut handle) });
        if found.is_err() || handle.is_null() {
            return Ok(None);
        }
        let source = match on_disk {
            // SAFETY: for that driver, the handle is the address of a descriptor.
            #[cfg(unix)]
            true => Source::Descriptor(unsafe { handle.cast::<std::os::fd::RawFd>().read() }),
            _ => Source::Memory(handle.cast_const().cast()),
        };
        let mut intent = 0;
        // SAFETY: as above, and the address of a number.
        call(what, || unsafe { h5f::H5Fget_intent(file.get(), &raw mut intent) })?;
        // SAFETY: as above.
        let creation = Id::own(what, || unsafe { h5f::H5Fget_create_plist(file.get()) })?;
        let (mut base, mut address_size, mut length_size) = (0, 0, 0);
        // SAFETY: a file creation list, and addresses of numbers.
        call(what, || unsafe { h5p::H5Pget_userblock(creation.get(), &raw mut base) })?;
        // SAFETY: as above.
        call(what, || unsafe { h5p::H5Pget_sizes(creation.get(), &raw mut address_size, &raw mut length_size) })?;
        let writable = intent & h5f::H5F_ACC_RDWR != 0;
        let mut raw = Self { source, base, len: 0, length_size, writable };
        raw.measure(file)?;
        Ok(Some(raw))
    }

    /// Bytes of a length in the file.
    pub(super) fn length_size(&self) -> usize {
        self.length_size
    }

    /// Makes libhdf5 write what it has not written yet, where the file is open for writing. True if the bytes may have
    /// changed since they were last looked at.
    pub(super) fn refresh(&mut self, file: &Id) -> Result<bool> {
        if self.writable {
            // SAFETY: a file's handle.
            call("write out the file", || unsafe { h5f::H5Fflush(file.get(), H5F_scope_t::H5F_SCOPE_LOCAL) })?;
            self.measure(file)?;
        }
        Ok(self.writable)
    }

    fn measure(&mut self, file: &Id) -> Result<()> {
        let len = match &self.source {
            #[cfg(unix)]
            Source::Descriptor(descriptor) => {
                with_file(*descriptor, |file| file.metadata()).map_err(cannot_read)?.len()
            }
            Source::Memory(_) => {
                let mut len = 0;
                // The larger one of how long the file is and how long it is going to be. The latter is not larger:
                // libhdf5 opens no file that is shorter than it says, and makes one that has grown as long when it
                // writes it out, as it was just made to do.
                // SAFETY: a file's handle, and the address of a number.
                call("look into a file", || unsafe { h5f::H5Fget_filesize(file.get(), &raw mut len) })?;
                len
            }
        };
        self.len = len.saturating_sub(self.base);
        Ok(())
    }
}

impl Bytes for RawFile {
    fn len(&self) -> u64 {
        self.len
    }

    fn read(&self, address: u64, into: &mut [u8]) -> Result<()> {
        let end = address.checked_add(into.len() as u64).filter(|end| *end <= self.len);
        let (Some(_), Some(start)) = (end, address.checked_add(self.base)) else {
            return Err(Error::corrupt("an address beyond the end of the file"));
        };
        match &self.source {
            #[cfg(unix)]
            Source::Descriptor(descriptor) => {
                use std::os::unix::fs::FileExt;
                with_file(*descriptor, |file| file.read_exact_at(into, start)).map_err(cannot_read)
            }
            Source::Memory(place) => {
                // SAFETY: libhdf5 keeps the address of the file's memory there for as long as the file is open; its lock
                // is held, so that it is not moved meanwhile. The memory is as long as was asked last, and what is read
                // lies within.
                unsafe {
                    ptr::copy_nonoverlapping((*place).read().add(start as usize), into.as_mut_ptr(), into.len());
                }
                Ok(())
            }
        }
    }
}

fn cannot_read(error: std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => Error::corrupt("the file ends before what it holds"),
        _ => Error::new(ErrorKind::Io, format!("could not read the file: {error}")),
    }
}

/// Uses a descriptor as a file, without closing it.
#[cfg(unix)]
fn with_file<R>(descriptor: std::os::fd::RawFd, work: impl FnOnce(&std::fs::File) -> R) -> R {
    use std::os::fd::FromRawFd;
    // SAFETY: libhdf5 has the file open, and so the descriptor; it is not closed here.
    let file = std::mem::ManuallyDrop::new(unsafe { std::fs::File::from_raw_fd(descriptor) });
    work(&file)
}
