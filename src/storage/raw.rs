//! The bytes of a file, past libhdf5: from the descriptor or the memory that it has the file in.
//!
//! They are what a reader who opens the file now would see: where it is open for writing, libhdf5 is made to write all
//! out before.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::ptr;
use std::sync::LazyLock;

use hdf5_sys::h5f::{self, H5F_scope_t};
use hdf5_sys::h5i::{self, hid_t};
use hdf5_sys::h5p::{self, H5P_DEFAULT};

use super::attribute::Attributes;
use super::heap::{Bytes, Heap};
use super::{Id, call, locked, once, property_list};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;

/// How many times the size of the file may be brought in from heaps and looked at since [`begin`], beside what the limits
/// allow. Nothing in a heap belongs to two items, unless someone lies.
const FILES: u64 = 16;

thread_local! {
    /// What was brought in on this thread.
    static BROUGHT: Cell<u64> = const { Cell::new(0) };
}

/// Something new begins to be read, or written: what was brought in before does not count any more.
pub(crate) fn begin() {
    BROUGHT.set(0);
}

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
    /// Bytes of an address and of a length in the file.
    address_size: usize,
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

/// A file, and what is known of its heap.
struct Opened {
    number: u64,
    /// `None` if its bytes cannot be had.
    known: Option<(RawFile, Heap)>,
}

/// Works on the bytes and the heap of the file that `object` is in, if its bytes can be had. The library's lock is held.
pub(super) fn with_file<R>(
    object: hid_t,
    work: impl FnOnce(&Id, Option<(&mut RawFile, &mut Heap)>) -> Result<R>,
) -> Result<R> {
    thread_local! {
        /// The file that was read from last.
        static LAST: RefCell<Option<Opened>> = const { RefCell::new(None) };
    }
    // SAFETY: an object's handle.
    let file = Id::own("look into a file", || unsafe { h5i::H5Iget_file_id(object) })?;
    let number = number_of(object, &file)?;
    let mut opened = match LAST.take() {
        Some(opened) if opened.number == number => opened,
        _ => {
            let known = RawFile::of(&file)?.map(|raw| {
                let heap = Heap::new(raw.length_size);
                (raw, heap)
            });
            Opened { number, known }
        }
    };
    let result = work(&file, opened.known.as_mut().map(|(raw, heap)| (raw, heap)));
    if let Some((_, heap)) = &mut opened.known {
        BROUGHT.set(BROUGHT.get().saturating_add(heap.spent()));
    }
    LAST.set(Some(opened));
    result
}

/// Waits until the disk has what was written of the file that `object` is in, where it is one file on a disk.
pub(crate) fn sync(object: &impl Attributes) -> Result<()> {
    locked(|| {
        with_file(object.handle(), |_, file| match file {
            #[cfg(unix)]
            Some((RawFile { source: Source::Descriptor(descriptor), .. }, _)) => as_file(*descriptor, |file| {
                file.sync_data().map_err(|error| Error::io("could not sync the file", error))
            }),
            _ => Ok(()),
        })
    })
}

/// What tells the file that `object` is in from all others that are or were open.
fn number_of(object: hid_t, file: &Id) -> Result<u64> {
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

/// How long a file is, and how long it was, if it is on a disk and became shorter since libhdf5 opened it for reading.
pub(super) fn cut(file: &Id) -> Result<Option<(u64, u64)>> {
    let Some(raw) = RawFile::of(file)? else { return Ok(None) };
    let mut before = 0;
    // SAFETY: a file's handle, and the address of a number.
    call("look into a file", || unsafe { h5f::H5Fget_filesize(file.get(), &raw mut before) })?;
    let now = raw.len + raw.base;
    Ok((!raw.writable && now < before).then_some((now, before)))
}

impl RawFile {
    /// Looks where the bytes of a file are. `None` where libhdf5 has it in another way than as one file on disk or in
    /// memory (parallel, remote, in parts, or through another VOL connector).
    fn of(file: &Id) -> Result<Option<Self>> {
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
        let mut raw = Self { source, base, len: 0, address_size, length_size, writable };
        raw.measure(file)?;
        Ok(Some(raw))
    }

    /// Bytes of an address in the file.
    pub(super) fn address_size(&self) -> usize {
        self.address_size
    }

    /// Makes libhdf5 write what it has not written yet, where the file is open for writing. What was known of its `heap`
    /// may have changed then.
    pub(super) fn refresh(&mut self, file: &Id, heap: &mut Heap) -> Result<()> {
        if self.writable {
            // SAFETY: a file's handle.
            call("write out the file", || unsafe { h5f::H5Fflush(file.get(), H5F_scope_t::H5F_SCOPE_LOCAL) })?;
            self.measure(file)?;
            heap.forget();
        }
        let limits = Limits::current();
        let beside = limits.unstored.saturating_mul(2);
        let budget = self.len.saturating_mul(FILES).saturating_add(beside).min(limits.bytes);
        heap.set_budget(budget.saturating_sub(BROUGHT.get()));
        Ok(())
    }

    fn measure(&mut self, file: &Id) -> Result<()> {
        let len = match &self.source {
            #[cfg(unix)]
            Source::Descriptor(descriptor) => as_file(*descriptor, |file| file.metadata()).map_err(cannot_read)?.len(),
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
                as_file(*descriptor, |file| file.read_exact_at(into, start)).map_err(cannot_read)
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

/// One more owner of the descriptor of a file on disk.
#[cfg(target_os = "linux")]
pub(super) fn system_file(file: &Id) -> Result<std::fs::File> {
    let mut handle: *mut c_void = ptr::null_mut();
    // SAFETY: a file's handle, and the address of a pointer.
    call("look into a file", || unsafe { h5f::H5Fget_vfd_handle(file.get(), H5P_DEFAULT, &raw mut handle) })?;
    if handle.is_null() {
        return Err(Error::new(ErrorKind::Hdf5, "a file on disk without a descriptor"));
    }
    // SAFETY: the file is opened by the driver for which the handle is the address of a descriptor.
    let descriptor = unsafe { handle.cast::<std::os::fd::RawFd>().read() };
    as_file(descriptor, std::fs::File::try_clone).map_err(cannot_read)
}

/// Uses a descriptor as a file, without closing it.
#[cfg(unix)]
fn as_file<R>(descriptor: std::os::fd::RawFd, work: impl FnOnce(&std::fs::File) -> R) -> R {
    use std::os::fd::FromRawFd;
    // SAFETY: libhdf5 has the file open, and so the descriptor; it is not closed here.
    let file = std::mem::ManuallyDrop::new(unsafe { std::fs::File::from_raw_fd(descriptor) });
    work(&file)
}
