//! The bytes of a file, past libhdf5: from the descriptor or the memory that it has the file in.
//!
//! They are what a reader who opens the file now would see: where it is open for writing, libhdf5 is made to write all
//! out before. It goes through all that it has of the file for that, so it is made to once in a call of reading.

use std::cell::{Cell, RefCell};
use std::ptr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
#[cfg(feature = "remote")]
use std::sync::{Arc, Weak};

use hdf5_sys::h5f::{H5F_ACC_RDWR, H5F_ACC_SWMR_READ};
use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5p::H5P_CLS_FILE_ACCESS;

use super::attribute::Attributes;
use super::global_heap::{Bytes, Heap};
use super::preadv::Scattered;
#[cfg(feature = "remote")]
use super::remote_driver::{Purpose, RemoteBytes};
use super::structure::{self, CacheImage, Superblock};
use super::sys::{h5f, h5i, h5p};
use super::{Id, library_static, locked, property_list};
use crate::ground::call_end;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::limits::Limits;
#[cfg(feature = "remote")]
use crate::ground::read_failure;

/// How many times the size of the file may be brought in from heaps and looked at since [`start_call`], beside what the limits
/// allow. Nothing in a heap belongs to two items, unless someone lies.
const FILES: u64 = 16;

/// How often this crate has changed something in a file.
static CHANGES: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// What was brought in on this thread.
    static BROUGHT: Cell<u64> = const { Cell::new(0) };
    /// The files that were written out for what is being read, by their [numbers](number_of), and how many changes there
    /// were by then.
    static WRITTEN_OUT: RefCell<Vec<(u64, u64)>> = const { RefCell::new(Vec::new()) };
    /// The [number](number_of) of the file that this crate opened last, and the driver that has it as long as it is open.
    static OPENED: Cell<Option<(u64, hid_t)>> = const { Cell::new(None) };
    /// What [`Windowed`] has read ahead.
    static WINDOW: RefCell<Window> = const { RefCell::new(Window { number: 0, at: 0, bytes: Vec::new() }) };
}

/// Bytes that are read ahead at once.
const WINDOW_SIZE: u64 = 1 << 13;

/// A part of a file of that [number](number_of), from the address `at` on.
struct Window {
    number: u64,
    at: u64,
    bytes: Vec<u8>,
}

/// Something new begins to be read, or written: what was brought in before does not count any more, and files may have
/// changed. What [`Windowed`] has read ahead stays until the thread's outermost call is over, as it is for a first look.
pub(crate) fn start_call() {
    BROUGHT.set(0);
    WRITTEN_OUT.with_borrow_mut(Vec::clear);
}

/// Nothing is being read any more, and nothing is kept for that.
pub(super) fn end_call() {
    forget();
    structure::end_call();
}

/// From now on, files may have changed.
pub(super) fn forget() {
    // A thread that comes to its end has let go of these already.
    let _ = WRITTEN_OUT.try_with(|files| files.borrow_mut().clear());
    let _ = WINDOW.try_with(|window| window.borrow_mut().bytes.clear());
}

/// Takes note of a change to a file, under the library's lock.
pub(super) fn count_change() {
    #[cfg(test)]
    testing::OWN.set(testing::OWN.get() + 1);
    CHANGES.fetch_add(1, Ordering::Relaxed);
}

/// Where the bytes are. It is good for as long as the file is open, which is known by the file's [number](number_of).
enum Source {
    /// A descriptor of the operating system's.
    #[cfg(unix)]
    Descriptor(std::os::fd::RawFd),
    /// Where libhdf5 has the address of the file's memory.
    Memory(*const *const u8),
    /// What gives ranges of a file that is elsewhere, for as long as somebody has it open.
    #[cfg(feature = "remote")]
    Remote(Weak<dyn RemoteBytes>),
}

/// An open file whose bytes can be had without libhdf5.
pub(super) struct FileBytes {
    number: u64,
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
    /// Whether it is read while another process writes to it.
    is_followed: bool,
    /// Whether a [driver](super::driver) of this crate has it.
    is_own: bool,
    /// Whether it is in memory, and libhdf5 keeps a copy on a disk.
    has_copy: bool,
    /// Metadata that is not where it belongs.
    image: Option<CacheImage>,
    /// The header of the root group, if that stays where it is.
    root: Option<u64>,
    /// Whether objects share messages of their headers.
    shares_messages: bool,
}

/// The drivers that have a file as it is.
struct Drivers {
    disk: hid_t,
    memory: hid_t,
    /// Those of this crate, if libhdf5 takes any.
    own: Vec<hid_t>,
    #[cfg(feature = "remote")]
    remote: hid_t,
}

fn drivers() -> Result<&'static Drivers> {
    static DRIVERS: LazyLock<Option<Drivers>> = LazyLock::new(|| {
        let driver = |choose: &dyn Fn(&Id) -> Result<()>| {
            let list = property_list(H5P_CLS_FILE_ACCESS)?;
            choose(&list)?;
            h5p::driver("look for a file driver", &list)
        };
        let disk = driver(&|list| h5p::use_disk("choose a file driver", list)).ok()?;
        let memory = driver(&|list| h5p::use_memory("choose a file driver", list, 1 << 16)).ok()?;
        #[cfg(all(unix, hdf5_drivers))]
        let own = vec![super::driver::plain().ok()?, super::driver::ordered().ok()?];
        #[cfg(not(all(unix, hdf5_drivers)))]
        let own = Vec::new();
        Some(Drivers {
            disk,
            memory,
            own,
            #[cfg(feature = "remote")]
            remote: super::remote_driver::driver().ok()?,
        })
    });
    library_static(&DRIVERS)
}

/// A file, and what is known of its heap.
struct Opened {
    number: u64,
    /// `None` if its bytes cannot be had.
    known: Option<(FileBytes, Heap)>,
}

/// So many files are known at a time: who compares files reads from one after the other.
pub(super) const FILES_KNOWN: usize = 4;

thread_local! {
    /// The files that were read from last, the latest at the end.
    static LAST: RefCell<Vec<Opened>> = const { RefCell::new(Vec::new()) };
}

impl Opened {
    /// Takes the file of that number out of those that are known.
    fn take(number: u64) -> Option<Self> {
        LAST.with_borrow_mut(|last| {
            let at = last.iter().position(|opened| opened.number == number)?;
            Some(last.remove(at))
        })
    }

    /// Keeps it in mind as the latest.
    fn keep(self) {
        LAST.with_borrow_mut(|last| {
            last.retain(|opened| opened.number != self.number);
            if last.len() >= FILES_KNOWN {
                last.remove(0);
            }
            last.push(self);
        });
    }
}

/// Works on the bytes of the open file of that number, with the bytes of an address and of a length in it, if it is one of those
/// that were read from last, and libhdf5 cannot write to it. The library's lock is held.
pub(super) fn with_last<R>(number: u64, work: impl FnOnce(Windowed<'_>, (usize, usize)) -> R) -> Option<R> {
    LAST.with_borrow(|last| match last.iter().rev().find(|opened| opened.number == number) {
        Some(Opened { known: Some((raw, heap)), .. }) if !raw.writable && !raw.is_followed => {
            Some(work(Windowed(raw), (raw.address_size(), heap.length_size())))
        }
        _ => None,
    })
}

/// Works on the bytes and the heap of the file that `object` is in, if its bytes can be had. The library's lock is held.
pub(super) fn with_file<R>(
    object: hid_t,
    work: impl FnOnce(&Id, Option<(&mut FileBytes, &mut Heap)>) -> Result<R>,
) -> Result<R> {
    let file = h5i::file_of("look into a file", object)?;
    let number = number_of(object, &file)?;
    let mut opened = match Opened::take(number) {
        Some(opened) => opened,
        None => {
            let known = FileBytes::of(&file, number)?.map(|raw| {
                let heap = Heap::new(raw.length_size);
                (raw, heap)
            });
            Opened { number, known }
        }
    };
    let result = work(&file, opened.known.as_mut().map(|(raw, heap)| (raw, heap)));
    if let Some((_, heap)) = &mut opened.known {
        take_note(heap);
    }
    opened.keep();
    result
}

/// Takes note of what was brought in from a heap.
fn take_note(heap: &mut Heap) {
    BROUGHT.set(BROUGHT.get().saturating_add(heap.spent()));
}

/// Waits until the disk has what was written of the file that `object` is in, where it is one file on a disk.
pub(crate) fn sync(object: &impl Attributes) -> Result<()> {
    locked(|| {
        with_file(object.handle(), |_, file| match file {
            #[cfg(unix)]
            Some((FileBytes { source: Source::Descriptor(descriptor), .. }, _)) => as_file(*descriptor, |file| {
                file.sync_data().map_err(|error| Error::io("could not sync the file", error))
            }),
            _ => Ok(()),
        })
    })
}

/// An error if a driver of this crate could not write something to the file that `object` is in, whatever libhdf5 was told.
pub(super) fn check_own(object: &impl Attributes) -> Result<()> {
    #[cfg(all(unix, hdf5_drivers))]
    locked(|| {
        with_file(object.handle(), |file, known| {
            let handle = match known {
                Some((raw, _)) => raw.own_handle(file)?,
                None => None,
            };
            // SAFETY: the handle is that of a file of a driver of ours, which is open, as `file` is a handle of it. The lock is
            // held, and libhdf5 is not called.
            handle.map_or(Ok(()), |handle| unsafe { super::driver::inner(handle) }.check())
        })
    })?;
    #[cfg(not(all(unix, hdf5_drivers)))]
    let _ = object;
    Ok(())
}

/// What tells the file that `object` is in from all others that are or were open.
pub(super) fn number_of(object: hid_t, file: &Id) -> Result<u64> {
    #[cfg(hdf5_tokens)]
    {
        let _ = object;
        h5f::number("look into a file", file)
    }
    #[cfg(not(hdf5_tokens))]
    {
        let _ = file;
        super::object_info::identity_of(object).map(|identity| identity.file())
    }
}

/// How long a file is, and how long it was, if it is on a disk and became shorter since libhdf5 opened it for reading.
pub(super) fn cut(file: &Id) -> Result<Option<(u64, u64)>> {
    let Some(raw) = FileBytes::of(file, 0)? else { return Ok(None) };
    let before = h5f::size("look into a file", file)?;
    let now = raw.len + raw.base;
    Ok((!raw.writable && now < before).then_some((now, before)))
}

impl FileBytes {
    /// Looks where the bytes of a file are. `None` where libhdf5 has it in another way than as one file on disk or in
    /// memory (parallel, remote, in parts, or through another VOL connector).
    fn of(file: &Id, number: u64) -> Result<Option<Self>> {
        let Some(Driver { id: driver, has_copy }) = driver_of(file, Some(number))? else { return Ok(None) };
        let drivers = drivers()?;
        let is_own = drivers.own.contains(&driver);
        let on_disk = driver == drivers.disk || is_own;
        #[cfg(feature = "remote")]
        if driver == drivers.remote {
            let Some(bytes) = remote_of(file)? else { return Ok(None) };
            return Self::of_source(file, number, Source::Remote(Arc::downgrade(&bytes)), false, false).map(Some);
        }
        if !(on_disk && cfg!(unix) || driver == drivers.memory) {
            return Ok(None);
        }
        let Some(handle) = h5f::find_vfd_handle(file) else { return Ok(None) };
        let source = match on_disk {
            // SAFETY: for these drivers, the handle is the address of a descriptor.
            #[cfg(unix)]
            true => Source::Descriptor(unsafe { handle.cast::<std::os::fd::RawFd>().read() }),
            _ => Source::Memory(handle.cast_const().cast()),
        };
        Self::of_source(file, number, source, is_own, has_copy).map(Some)
    }

    /// The same, where its bytes are known to be.
    fn of_source(file: &Id, number: u64, source: Source, is_own: bool, has_copy: bool) -> Result<Self> {
        let what = "look into a file";
        let intent = h5f::intent(what, file)?;
        let (writable, is_followed) = (intent & H5F_ACC_RDWR != 0, intent & H5F_ACC_SWMR_READ != 0);
        let mut raw = Self {
            number,
            source,
            base: 0,
            len: 0,
            address_size: 0,
            length_size: 0,
            writable,
            is_followed,
            is_own,
            has_copy,
            image: None,
            root: None,
            shares_messages: false,
        };
        raw.measure(file)?;
        match raw.sizes_at_start() {
            Some((address_size, length_size)) => (raw.address_size, raw.length_size) = (address_size, length_size),
            None => {
                let creation = h5f::get_create_plist(what, file)?;
                raw.base = h5p::userblock(what, &creation)?;
                (raw.address_size, raw.length_size) = sizes_of(&creation)?;
                raw.measure(file)?;
            }
        }
        if let Ok(superblock) = Superblock::of(&raw) {
            if !raw.writable {
                // Where there is something wrong, there is no image.
                raw.image = CacheImage::of(&raw, &superblock).unwrap_or_default();
                raw.root = superblock.root();
            }
            raw.shares_messages = superblock.shares_messages(&raw);
        }
        #[cfg(feature = "remote")]
        if let Some(error) = read_failure::noted() {
            // What could not be read is not known.
            return Err(error);
        }
        Ok(raw)
    }

    /// Bytes of an address and of a length, as the superblock says, if that is the first in the file, where libhdf5 looks for it
    /// first. HDF5 File Format Specification, section II.A.
    fn sizes_at_start(&self) -> Option<(usize, usize)> {
        let mut start = [0; 16];
        self.read(0, &mut start).ok()?;
        let at = match (start.starts_with(b"\x89HDF\r\n\x1a\n"), start[8]) {
            (true, 0 | 1) => 13,
            (true, 2 | 3) => 9,
            _ => return None,
        };
        let is_size = |size: u8| matches!(size, 2 | 4 | 8 | 16 | 32);
        let (address, length) = (start[at], start[at + 1]);
        (is_size(address) && is_size(length)).then_some((address.into(), length.into()))
    }

    /// What tells the file from all others that are or were open.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The header of the root group, if it is known, and stays where it is.
    pub(super) fn root(&self) -> Option<u64> {
        self.root
    }

    /// Whether objects share messages of their headers. A file that was just made may not say so yet.
    pub(super) fn shares_messages(&self) -> bool {
        self.shares_messages
    }

    /// Whether libhdf5 may write to it.
    pub(super) fn is_writable(&self) -> bool {
        self.writable
    }

    /// Whether it is read while another process writes to it, which libhdf5 takes care of.
    pub(super) fn is_followed(&self) -> bool {
        self.is_followed
    }

    /// What addresses count from.
    #[cfg(feature = "remote")]
    pub(super) fn base(&self) -> u64 {
        self.base
    }

    /// Bytes of an address in the file.
    pub(super) fn address_size(&self) -> usize {
        self.address_size
    }

    /// Whether a driver of libhdf5's writes it to a disk.
    pub(super) fn is_written_by_library(&self) -> bool {
        !self.is_own && (!matches!(self.source, Source::Memory(_)) || self.has_copy)
    }

    /// Its handle, if a driver of this crate has it.
    #[cfg(all(unix, hdf5_drivers))]
    pub(super) fn own_handle(&self, file: &Id) -> Result<Option<*mut std::ffi::c_void>> {
        if !self.is_own {
            return Ok(None);
        }
        h5f::vfd_handle("look into a file", file)
    }

    /// Whether each read of it is a call of the system's.
    fn is_on_disk(&self) -> bool {
        match self.source {
            #[cfg(unix)]
            Source::Descriptor(_) => true,
            _ => false,
        }
    }

    /// Bytes of the file as the disk has it now, if it is on one and room can be [reserved](Self::reserve) there.
    pub(super) fn size_on_disk(&self) -> Result<Option<u64>> {
        match &self.source {
            #[cfg(target_os = "linux")]
            Source::Descriptor(descriptor) => {
                let size = as_file(*descriptor, |file| file.metadata()).map_err(cannot_read)?.len();
                Ok(Some(size))
            }
            _ => Ok(None),
        }
    }

    /// Makes sure that the disk has room for the bytes from `start` to `end`. The file is no longer for that.
    #[cfg(target_os = "linux")]
    pub(super) fn reserve(&self, start: u64, end: u64) -> std::io::Result<()> {
        match &self.source {
            Source::Descriptor(descriptor) => as_file(*descriptor, |file| reserve(file, start, end)),
            _ => Ok(()),
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn reserve(&self, _: u64, _: u64) -> std::io::Result<()> {
        Ok(())
    }

    /// Gives back the room that was reserved from `end` on, where the file ends when all of it is written.
    pub(super) fn trim(&self, end: u64, reserved: u64) {
        #[cfg(target_os = "linux")]
        if let Source::Descriptor(descriptor) = &self.source {
            // What is not given back goes when the file is cut or removed.
            drop(as_file(*descriptor, |file| trim(file, end, reserved)));
        }
        #[cfg(not(target_os = "linux"))]
        let _ = (end, reserved);
    }

    /// Does something with the bytes of the file, and its `heap`, as libhdf5 has it.
    ///
    /// Where the file is open for writing, libhdf5 is made to write what it has not written yet, unless it was for the same
    /// call of reading, and this crate has changed nothing since. Others may have: so where what is there does not fit
    /// together, the latest is looked at.
    pub(super) fn with_latest<R>(
        &mut self,
        file: &Id,
        heap: &mut Heap,
        mut work: impl FnMut(&Self, &mut Heap) -> Result<R>,
    ) -> Result<R> {
        let may_be_old = self.is_written_out();
        if self.writable && !may_be_old {
            self.write_out(file, heap)?;
        }
        self.allow(heap);
        match work(self, heap) {
            Err(error) if may_be_old && error.kind() == ErrorKind::Corrupt => {
                self.write_out(file, heap)?;
                self.allow(heap);
                work(self, heap)
            }
            // Another process has written more since.
            Err(error) if self.is_followed && error.kind() == ErrorKind::Corrupt => {
                self.measure(file)?;
                heap.forget();
                self.allow(heap);
                work(self, heap)
            }
            done => done,
        }
    }

    /// Does something with the bytes of the file, which says whether what it looks for is there.
    ///
    /// What is in a file that is open for writing, libhdf5 wrote itself, or it has read it as it is. So it is made to write out
    /// only where what is there does not fit together; what is not there at all, it has just made. Another process may have
    /// made the file longer.
    pub(super) fn with_stored(
        &mut self,
        file: &Id,
        heap: &mut Heap,
        mut work: impl FnMut(&Self, &mut Heap) -> Result<bool>,
    ) -> Result<()> {
        let found = if self.writable && matches!(self.source, Source::Memory(_)) {
            // Memory may have moved.
            self.with_latest(file, heap, work)
        } else {
            match work(self, heap) {
                Ok(false) if self.writable => return Ok(()),
                Ok(true) => return Ok(()),
                _ if self.writable => self.write_out(file, heap)?,
                _ => self.measure(file)?,
            }
            work(self, heap)
        };
        if found? { Ok(()) } else { Err(Error::corrupt("an object without a header")) }
    }

    /// What reads to many places, if the `bytes` from `start` on, which counts from the first of the file, are there, and
    /// stay as they are: nobody writes to the file.
    pub(super) fn scattered(&self, start: u64, bytes: u64) -> Option<Scattered> {
        let is_there = start.checked_add(bytes).is_some_and(|end| end <= self.len.saturating_add(self.base));
        match self.source {
            #[cfg(unix)]
            Source::Descriptor(descriptor) if is_there && !self.writable && !self.is_followed => {
                Scattered::of(descriptor)
            }
            _ => None,
        }
    }

    /// Whether libhdf5 has written all that it had when what is read now was begun, or last changed.
    fn is_written_out(&self) -> bool {
        let changes = CHANGES.load(Ordering::Relaxed);
        WRITTEN_OUT.with_borrow(|files| files.contains(&(self.number, changes)))
    }

    /// Makes libhdf5 write what it has not written yet. What was known of the file's `heap` may have changed then.
    fn write_out(&mut self, file: &Id, heap: &mut Heap) -> Result<()> {
        #[cfg(test)]
        testing::TIMES.set(testing::TIMES.get() + 1);
        h5f::flush("write out the file", file.get())?;
        self.measure(file)?;
        heap.forget();
        WRITTEN_OUT.with_borrow_mut(|files| {
            files.retain(|(number, _)| *number != self.number);
            // Memory that libhdf5 may have moved or cut since must not be read: it is asked each time how long that is, which
            // it says rightly of what is written out.
            if Limits::is_reading() && !matches!(self.source, Source::Memory(_)) {
                call_end::at_end(end_call);
                files.push((self.number, CHANGES.load(Ordering::Relaxed)));
            }
        });
        Ok(())
    }

    /// Allows the `heap` as much as may still be brought in.
    fn allow(&self, heap: &mut Heap) {
        take_note(heap);
        let limits = Limits::current();
        let budget = self.len.saturating_mul(FILES).saturating_add(limits.max_unstored).min(limits.max_bytes);
        heap.set_budget(budget.saturating_sub(BROUGHT.get()));
    }

    fn measure(&mut self, file: &Id) -> Result<()> {
        let len = match &self.source {
            #[cfg(unix)]
            Source::Descriptor(descriptor) => as_file(*descriptor, |file| file.metadata()).map_err(cannot_read)?.len(),
            Source::Memory(_) => {
                // The larger one of how long the file is and how long it is going to be. The latter is not larger:
                // libhdf5 opens no file that is shorter than it says, and makes one that has grown as long when it
                // writes it out, as it was just made to do.
                h5f::size("look into a file", file)?
            }
            #[cfg(feature = "remote")]
            Source::Remote(bytes) => bytes.upgrade().ok_or_else(closed)?.len(),
        };
        self.len = len.saturating_sub(self.base);
        Ok(())
    }
}

impl Bytes for FileBytes {
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
                as_file(*descriptor, |file| file.read_exact_at(into, start)).map_err(cannot_read)?;
            }
            Source::Memory(place) => {
                // SAFETY: libhdf5 keeps the address of the file's memory there for as long as the file is open; its lock
                // is held, so that it is not moved meanwhile. The memory is as long as was asked last, and what is read
                // lies within.
                unsafe {
                    ptr::copy_nonoverlapping((*place).read().add(start as usize), into.as_mut_ptr(), into.len());
                }
            }
            #[cfg(feature = "remote")]
            Source::Remote(bytes) => {
                let bytes = bytes.upgrade().ok_or_else(closed)?;
                read_remote(&*bytes, start, into)?;
            }
        }
        if let Some(image) = &self.image {
            image.put(address, into);
        }
        Ok(())
    }

    #[cfg(feature = "remote")]
    fn is_remote(&self) -> bool {
        matches!(self.source, Source::Remote(_))
    }

    #[cfg(feature = "remote")]
    fn fetch(&self, ranges: &[std::ops::Range<u64>]) -> Result<()> {
        let Source::Remote(bytes) = &self.source else { return Ok(()) };
        let bytes = bytes.upgrade().ok_or_else(closed)?;
        let based: Vec<_> = ranges
            .iter()
            .map(|range| range.start.saturating_add(self.base)..range.end.saturating_add(self.base))
            .collect();
        bytes.fetch(&based).inspect_err(|error| read_failure::note(error.copy()))
    }
}

#[cfg(feature = "remote")]
#[cold]
fn closed() -> Error {
    Error::new(ErrorKind::Gone, "the file was closed")
}

/// Reads what is at `start`, and takes note of a failure: not all who look at structures pass errors on.
#[cfg(feature = "remote")]
fn read_remote(bytes: &dyn RemoteBytes, start: u64, into: &mut [u8]) -> Result<()> {
    bytes.read(Purpose::Metadata, &mut [(start, into)]).inspect_err(|error| read_failure::note(error.copy()))
}

/// What gives the bytes of the file, if it is one that is elsewhere. The library's lock is held.
#[cfg(feature = "remote")]
pub(super) fn remote_of(file: &Id) -> Result<Option<Arc<dyn RemoteBytes>>> {
    let Some(Driver { id, .. }) = driver_of(file, None)? else { return Ok(None) };
    if id != drivers()?.remote {
        return Ok(None);
    }
    let handle = h5f::find_vfd_handle(file);
    // SAFETY: the handle is that of a file of this driver, which is open, as `file` is a handle of it. The lock is held.
    Ok(handle.map(|handle| unsafe { super::remote_driver::bytes_of(handle) }))
}

/// A file that is elsewhere, and that libhdf5 has not opened, from its superblock on.
#[cfg(feature = "remote")]
pub(super) struct RemoteStart<'a> {
    bytes: &'a dyn RemoteBytes,
    base: u64,
}

#[cfg(feature = "remote")]
impl<'a> RemoteStart<'a> {
    /// All of it, where it has no superblock.
    pub(super) fn of(bytes: &'a dyn RemoteBytes) -> Result<Self> {
        let mut failed = None;
        let base = superblock_at(bytes.len(), |at| {
            let mut signature = [0; 8];
            match bytes.read(Purpose::Metadata, &mut [(at, &mut signature)]) {
                Ok(()) => signature == *SIGNATURE,
                Err(error) => failed.replace(error).is_none(),
            }
        });
        match failed {
            Some(error) => Err(error),
            None => Ok(Self { bytes, base: base.unwrap_or(0) }),
        }
    }
}

#[cfg(feature = "remote")]
impl Bytes for RemoteStart<'_> {
    fn len(&self) -> u64 {
        self.bytes.len() - self.base
    }

    fn read(&self, address: u64, into: &mut [u8]) -> Result<()> {
        match address.checked_add(into.len() as u64).filter(|end| *end <= self.len()) {
            Some(_) => self.bytes.read(Purpose::Metadata, &mut [(self.base + address, into)]),
            None => Err(Error::corrupt("an address beyond the end of the file")),
        }
    }
}

/// Where a superblock is looked for: at the start of a file, and wherever a user block can end.
fn superblock_at(len: u64, mut has: impl FnMut(u64) -> bool) -> Option<u64> {
    let ends = (9..).map_while(|bit| 1u64.checked_shl(bit));
    std::iter::once(0).chain(ends).take_while(|at| *at < len).find(|at| has(*at))
}

const SIGNATURE: &[u8; 8] = b"\x89HDF\r\n\x1a\n";

/// The image of a file, from its superblock on.
pub(super) struct ImageBytes<'a>(&'a [u8]);

impl<'a> ImageBytes<'a> {
    /// All of it, where it has no superblock.
    pub(super) fn of(image: &'a [u8]) -> Self {
        let start = superblock_at(image.len() as u64, |at| image[at as usize..].starts_with(SIGNATURE));
        Self(&image[start.unwrap_or(0) as usize..])
    }
}

impl Bytes for ImageBytes<'_> {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read(&self, address: u64, into: &mut [u8]) -> Result<()> {
        let rest = usize::try_from(address).ok().and_then(|address| self.0.get(address..)).unwrap_or_default();
        match rest.get(..into.len()) {
            Some(bytes) => {
                into.copy_from_slice(bytes);
                Ok(())
            }
            None => Err(Error::corrupt("an address beyond the end of the file")),
        }
    }
}

/// A file on a disk that libhdf5 has not opened, from its superblock on.
pub(super) struct OnDisk {
    file: std::fs::File,
    base: u64,
    len: u64,
    /// What is at the start, where most of what is looked at is.
    start: Vec<u8>,
    /// What tells the file from others.
    #[cfg(unix)]
    identity: (u64, u64),
}

/// What tells a file from all others that there are on the system.
#[cfg(unix)]
fn identity_in(system: &std::fs::Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (system.dev(), system.ino())
}

impl OnDisk {
    /// Opens one; none if it cannot be, or is none of HDF5's.
    pub(super) fn open(path: &std::path::Path) -> Option<Self> {
        #[cfg(target_os = "linux")]
        let file = {
            use std::os::unix::fs::OpenOptionsExt;
            // What is no file may wait for somebody when it is opened, or become the terminal of the process.
            let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
            std::fs::OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?
        };
        #[cfg(not(target_os = "linux"))]
        let file = {
            if !cfg!(unix) || !std::fs::metadata(path).ok()?.is_file() {
                return None;
            }
            std::fs::File::open(path).ok()?
        };
        let metadata = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
        let whole = metadata.len();
        let mut disk = Self {
            file,
            base: 0,
            len: whole,
            start: Vec::new(),
            #[cfg(unix)]
            identity: identity_in(&metadata),
        };
        let mut start = vec![0; START.min(whole) as usize];
        disk.read(0, &mut start).ok()?;
        let mut signature = [0; 8];
        let base = match start.starts_with(SIGNATURE) {
            true => 0,
            false => superblock_at(whole, |at| disk.read(at, &mut signature).is_ok() && signature == *SIGNATURE)?,
        };
        start = start.split_off((base as usize).min(start.len()));
        (disk.base, disk.len, disk.start) = (base, whole - base, start);
        Some(disk)
    }
}

impl OnDisk {
    /// Whether this process may have the file open otherwise.
    pub(super) fn is_open_elsewhere(&self) -> bool {
        #[cfg(target_os = "linux")]
        if let Ok(entries) = std::fs::read_dir("/proc/self/fd") {
            let open = entries.filter_map(|entry| std::fs::metadata(entry.ok()?.path()).ok());
            return open.filter(|metadata| identity_in(metadata) == self.identity).count() > 1;
        }
        true
    }

    /// Whether libhdf5 has opened this file, and not another that was put in its place meanwhile.
    pub(super) fn is_opened_as(&self, file: &Id) -> Result<bool> {
        #[cfg(target_os = "linux")]
        {
            let opened = as_file(descriptor(file)?, |file| file.metadata()).map_err(cannot_read)?;
            Ok(identity_in(&opened) == self.identity)
        }
        #[cfg(not(target_os = "linux"))]
        {
            let _ = file;
            Ok(true)
        }
    }

    /// Has [`Windowed`] begin with what is at the start of the file, which libhdf5 has opened with that number.
    pub(super) fn keep_ahead(self, number: u64) {
        if Limits::is_reading() {
            call_end::at_end(end_call);
            WINDOW.set(Window { number, at: 0, bytes: self.start });
        }
    }
}

/// Bytes of a file that are read when it is opened.
const START: u64 = WINDOW_SIZE;

impl Bytes for OnDisk {
    fn len(&self) -> u64 {
        self.len
    }

    fn read(&self, address: u64, into: &mut [u8]) -> Result<()> {
        let is_within = address.checked_add(into.len() as u64).is_some_and(|end| end <= self.len);
        let rest = usize::try_from(address).ok().and_then(|address| self.start.get(address..)).unwrap_or_default();
        if let Some(bytes) = rest.get(..into.len()) {
            into.copy_from_slice(bytes);
            return Ok(());
        }
        #[cfg(unix)]
        if is_within {
            use std::os::unix::fs::FileExt;
            return self.file.read_exact_at(into, self.base + address).map_err(cannot_read);
        }
        let _ = (is_within, &self.file);
        Err(Error::corrupt("an address beyond the end of the file"))
    }
}

/// A file, of which more is read from the disk at once than is asked for: headers of objects are next to each other.
///
/// It may be as it was earlier in the same call of reading. So it is for a first look, and who finds something wrong looks again.
pub(super) struct Windowed<'a>(&'a FileBytes);

impl Bytes for Windowed<'_> {
    fn len(&self) -> u64 {
        self.0.len
    }

    fn is_remote(&self) -> bool {
        self.0.is_remote()
    }

    fn fetch(&self, ranges: &[std::ops::Range<u64>]) -> Result<()> {
        self.0.fetch(ranges)
    }

    fn read(&self, address: u64, into: &mut [u8]) -> Result<()> {
        let Self(file) = self;
        let is_ahead = Limits::is_reading() && file.is_on_disk();
        if !is_ahead || into.len() as u64 > WINDOW_SIZE {
            return file.read(address, into);
        }
        WINDOW.with_borrow_mut(|window| {
            let part = |window: &Window| {
                let at = usize::try_from(address.checked_sub(window.at)?).ok()?;
                Some(at..at.checked_add(into.len())?).filter(|part| part.end <= window.bytes.len())
            };
            let part = match part(window).filter(|_| window.number == file.number) {
                Some(part) => part,
                None => {
                    // What is asked for next may lie a little before.
                    let at = address - address % (WINDOW_SIZE / 2);
                    let before = (address - at) as usize;
                    let len = WINDOW_SIZE.min(file.len.saturating_sub(at)).max((before + into.len()) as u64);
                    let mut bytes = std::mem::take(&mut window.bytes);
                    bytes.resize(len as usize, 0);
                    call_end::at_end(end_call);
                    file.read(at, &mut bytes)?;
                    *window = Window { number: file.number, at, bytes };
                    before..before + into.len()
                }
            };
            into.copy_from_slice(&window.bytes[part]);
            Ok(())
        })
    }
}

/// Bytes of an address in a file.
#[cfg(hdf5_tokens)]
pub(super) fn address_size_of(file: &Id) -> Result<usize> {
    let creation = h5f::get_create_plist("look into a file", file)?;
    sizes_of(&creation).map(|(address_size, _)| address_size)
}

/// Bytes of an address and of a length in files that are made with that list.
fn sizes_of(creation: &Id) -> Result<(usize, usize)> {
    h5p::sizes("look into a file", creation)
}

/// Where a file ends, or is going to end when all of it is written.
pub(super) fn end_of(file: &Id) -> Result<u64> {
    h5f::size("look into a file", file)
}

/// Makes sure that the disk has room for the bytes of a file from `start` to `end`, where the file system can do that.
#[cfg(target_os = "linux")]
fn reserve(file: &std::fs::File, start: u64, end: u64) -> std::io::Result<()> {
    use std::io::Error;
    use std::os::fd::AsRawFd;

    if start >= end {
        return Ok(());
    }
    // The system looks at the limit of the process only when a file gets longer, which this one is not made to do.
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the address of what the function sets.
    let known = unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &raw mut limit) } == 0;
    // Of 32 bits on some systems.
    if known && limit.rlim_cur != libc::RLIM_INFINITY && i128::from(end) > i128::from(limit.rlim_cur) {
        return Err(Error::from_raw_os_error(libc::EFBIG));
    }
    let too_long = |_| Error::from_raw_os_error(libc::EFBIG);
    let (offset, len) = (i64::try_from(start).map_err(too_long)?, i64::try_from(end - start).map_err(too_long)?);
    loop {
        // SAFETY: an open descriptor.
        if unsafe { libc::fallocate64(file.as_raw_fd(), libc::FALLOC_FL_KEEP_SIZE, offset, len) } == 0 {
            return Ok(());
        }
        let error = Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EINTR) => {}
            // Not a kind of file, or of file system, for which room can be reserved.
            Some(libc::EOPNOTSUPP | libc::ENOSYS | libc::ENODEV | libc::ESPIPE | libc::EINVAL) => return Ok(()),
            _ => return Err(error),
        }
    }
}

/// Gives back what was reserved for a file from `end` to `reserved`.
#[cfg(target_os = "linux")]
fn trim(file: &std::fs::File, end: u64, reserved: u64) -> std::io::Result<()> {
    use std::os::fd::AsRawFd;

    let size = file.metadata()?.len();
    if end <= size {
        // All that is beyond the end goes.
        return if size < reserved { file.set_len(size) } else { Ok(()) };
    }
    // Room for what libhdf5 has yet to write stays.
    let (Ok(offset), Ok(len)) = (i64::try_from(end), i64::try_from(reserved.saturating_sub(end))) else {
        return Ok(());
    };
    let mode = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
    // SAFETY: an open descriptor.
    if len > 0 && unsafe { libc::fallocate64(file.as_raw_fd(), mode, offset, len) } != 0 {
        return Err(std::io::Error::last_os_error());
    }
    Ok(())
}

pub(super) fn cannot_read(error: std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => Error::corrupt("the file ends before what it holds"),
        _ => Error::new(ErrorKind::Io, format!("could not read the file: {error}")),
    }
}

/// The driver that has a file.
struct Driver {
    id: hid_t,
    /// Whether it has the file in memory, and keeps a copy on a disk.
    has_copy: bool,
}

/// Takes note that a file was just opened in memory, without a copy on a disk.
pub(super) fn opened_in_memory(file: &Id) -> Result<()> {
    opened_with(file, drivers()?.memory)
}

/// Takes note of the driver that has a file on a disk, or in memory alone.
fn opened_with(file: &Id, driver: hid_t) -> Result<()> {
    // With older versions, the number is not to be had for less than what this spares.
    if cfg!(hdf5_tokens) {
        OPENED.set(Some((number_of(file.get(), file)?, driver)));
    }
    Ok(())
}

/// The driver that has a file, of which the number may be known. Another VOL connector has none.
fn driver_of(file: &Id, number: Option<u64>) -> Result<Option<Driver>> {
    match OPENED.get() {
        Some((opened, id)) if Some(opened) == number => return Ok(Some(Driver { id, has_copy: false })),
        _ => {}
    }
    let what = "look into a file";
    let Some(access) = h5f::find_access_plist(file) else { return Ok(None) };
    let id = h5p::driver(what, &access)?;
    let has_copy = id == drivers()?.memory && h5p::has_copy(what, &access)?;
    Ok(Some(Driver { id, has_copy }))
}

/// The descriptor that libhdf5 has opened a file on disk with. An error for files that it has in another way (`HDF5_DRIVER`
/// can say so).
#[cfg(target_os = "linux")]
pub(super) fn descriptor(file: &Id) -> Result<std::os::fd::RawFd> {
    let drivers = drivers()?;
    let driver = driver_of(file, None)?.map(|driver| driver.id);
    let Some(driver) = driver.filter(|driver| *driver == drivers.disk || drivers.own.contains(driver)) else {
        return Err(Error::new(ErrorKind::Unsupported, "the file is not one file on disk"));
    };
    opened_with(file, driver)?;
    let no_descriptor = || Error::new(ErrorKind::Hdf5, "a file on disk without a descriptor");
    let handle = h5f::vfd_handle("look into a file", file)?.ok_or_else(no_descriptor)?;
    // SAFETY: for these drivers, the handle is the address of a descriptor.
    Ok(unsafe { handle.cast::<std::os::fd::RawFd>().read() })
}

/// One more owner of that descriptor.
#[cfg(target_os = "linux")]
pub(super) fn system_file(file: &Id) -> Result<std::fs::File> {
    as_file(descriptor(file)?, std::fs::File::try_clone).map_err(cannot_read)
}

/// Uses a descriptor as a file, without closing it.
#[cfg(unix)]
pub(super) fn as_file<R>(descriptor: std::os::fd::RawFd, work: impl FnOnce(&std::fs::File) -> R) -> R {
    use std::os::fd::FromRawFd;
    // SAFETY: libhdf5 has the file open, and so the descriptor; it is not closed here.
    let file = std::mem::ManuallyDrop::new(unsafe { std::fs::File::from_raw_fd(descriptor) });
    work(&file)
}

/// Counts, for tests of how often files are written out.
#[cfg(test)]
pub(crate) mod testing {
    use std::cell::Cell;
    use std::sync::atomic::Ordering;

    thread_local! {
        /// How often a file was written out on this thread for what was read from it.
        pub(super) static TIMES: Cell<u32> = const { Cell::new(0) };
        /// How many of the changes are this thread's.
        pub(super) static OWN: Cell<u64> = const { Cell::new(0) };
    }

    /// Does something, and counts how often a file was written out for it: while no other test changes anything, in whatever
    /// file.
    pub(crate) fn times<R>(mut work: impl FnMut() -> R) -> (R, u32) {
        let others = || super::CHANGES.load(Ordering::Relaxed) - OWN.get();
        for _ in 0..1000 {
            let before = others();
            TIMES.set(0);
            let done = work();
            if others() == before {
                return (done, TIMES.get());
            }
        }
        panic!("other tests never rest");
    }
}
