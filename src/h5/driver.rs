//! File drivers of this crate's own, for the files that it makes itself: how libhdf5 reaches the bytes of a file.
//!
//! Both drivers never tell libhdf5 that a write failed. The error paths of libhdf5 lose data, and one of them frees memory
//! that it did not allocate. Instead, the driver notes the first failure ([`Failure`], and the call that is
//! [writing](super::writing)), and writes nothing more to the file. From then on, metadata stays in memory, so that
//! libhdf5 reads what it wrote, and data is dropped. The call that wrote asks for the failure before it answers.
//!
//! The plain driver is for a new file that replaces another when it is complete. It writes at once, but for the collection of
//! the heap that strings are added to.
//!
//! The ordered driver is for files that are whole whenever the program is killed. It puts the pages that describe the data
//! into the file only when libhdf5 flushes, and in an order in which each step leaves a whole file.
//!
//! libhdf5 writes its pages (headers, B-trees, the superblock) when it likes and in the order of their addresses. A program
//! that is killed meanwhile can leave a page that points to another page which is not there yet. With the ordered driver,
//! pages stay in memory until a flush, and go out so:
//!
//! 1. Pages in room that was new, or free, since the last flush. Nothing in the file points there yet.
//! 2. The file is made as long as it is to be, and the superblock says so.
//! 3. B-tree nodes that were there, from the root down: a node that is split has its new neighbour already, and keeps all
//!    of its entries until the nodes above know of that.
//! 4. Everything else that was there, but object headers.
//! 5. Object headers: how long datasets are, what is in groups.
//!
//! Each page is one call to the operating system. The pages of files that are made so begin at multiples of
//! [`ALIGNMENT`], so that the small ones are within one page of the system's, which is where a kill may stop a call.
//! Where a write fails, the file stays as the steps before left it: whole, with all that was flushed.
//!
//! Data goes to the file at once. It is to be in room that nothing in the file says to be in use. Room that becomes free
//! is not to be used again before the file is closed: a page there would pass for one that was there.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::ffi::{CStr, c_char, c_int, c_uint, c_ulong, c_void};
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::FileExt;
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, LazyLock};

use hdf5_sys::h5::{haddr_t, herr_t, hsize_t};
use hdf5_sys::h5f::{H5F_ACC_CREAT, H5F_ACC_EXCL, H5F_ACC_RDWR, H5F_ACC_TRUNC, H5F_close_degree_t};
use hdf5_sys::h5fd::H5FD_mem_t;
use hdf5_sys::h5i::hid_t;

use super::global_heap_writer::Collection;
#[cfg(target_os = "linux")]
use super::lock::set_lock;
use super::sys::h5fd::{self, Public};
use super::{library_static, writing};
use crate::ground::error::{Error, Result};

/// Where things in a file begin. It is no more than what the smallest pages of systems have.
pub(super) const ALIGNMENT: u64 = 4096;
/// As other drivers that have not applied for a number: from 256 to 511 are for that.
const ORDERED_NUMBER: c_int = 311;
const PLAIN_NUMBER: c_int = 312;
const MAX_ADDRESS: haddr_t = i64::MAX as haddr_t;
/// `H5FD_FEAT_SUPPORTS_SWMR_IO` and `H5FD_FEAT_DEFAULT_VFD_COMPATIBLE`: the file has no trace of the driver. For the ordered
/// driver, `H5FD_FEAT_AGGREGATE_METADATA` and the like are left out: each thing is to have room of its own.
const ORDERED_FEATURES: c_ulong = 0x0000_1000 | 0x0000_8000;
/// The same, and what libhdf5's own driver for disks has: metadata and small data are aggregated, metadata is accumulated,
/// data goes through a sieve buffer, and the handle is a descriptor. So the file is as if that driver had made it.
const PLAIN_FEATURES: c_ulong = ORDERED_FEATURES | 0x9f;

/// An open file.
#[repr(C)]
struct Open {
    public: Public,
    inner: Inner,
}

/// The first write to a file that failed, if one did.
#[derive(Debug, Default)]
pub(super) struct Failure(AtomicI32);

impl Failure {
    /// An error if a write failed.
    pub(super) fn check(&self) -> Result<()> {
        match self.0.load(Ordering::Relaxed) {
            0 => Ok(()),
            code => Err(Error::io("could not write the file", io::Error::from_raw_os_error(code))),
        }
    }

    fn has_come(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// Takes note of the first failure, here and in the call that is writing.
    fn note(&self, error: io::Error) {
        // A system that writes nothing without a reason has no more room.
        let code = error.raw_os_error().unwrap_or(NO_ROOM);
        if self.0.compare_exchange(0, code, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            writing::note(Error::io("could not write the file", io::Error::from_raw_os_error(code)));
        }
    }
}

/// `ENOSPC`, on all systems.
const NO_ROOM: i32 = 28;

thread_local! {
    /// The file that was opened last on this thread, or why it was not, for the call that had libhdf5 open it.
    static OPENED: RefCell<Option<io::Result<Arc<Failure>>>> = const { RefCell::new(None) };
}

/// The failures of the file that a driver opened last on this thread, or why it did not; to be asked once.
pub(super) fn opened() -> Option<io::Result<Arc<Failure>>> {
    OPENED.take()
}

/// A file of one of the drivers. A pointer to it is the file's handle (`H5Fget_vfd_handle`). The descriptor comes first,
/// where libhdf5's own driver has it.
#[repr(C)]
pub(super) struct Inner {
    descriptor: RawFd,
    file: fs::File,
    writable: bool,
    /// Whether pages wait for a flush.
    is_ordered: bool,
    failure: Arc<Failure>,
    /// Where libhdf5 has allocated room up to, and where the file ends for it.
    end: haddr_t,
    file_end: haddr_t,
    /// Pages by their address that are not in the file.
    pages: BTreeMap<haddr_t, Vec<u8>>,
    /// Addresses of pages that are in the file: those that were read, as any is that is changed, and those that were put
    /// there.
    known: HashSet<haddr_t>,
    /// Bytes of the user block: where libhdf5 counts the addresses from that are in the file. Those here count from its start.
    base: haddr_t,
    /// The collection of the global heap that strings are added to.
    collection: Option<Collection>,
}

/// Version 1 of `H5FD_class_t` (`H5FDdevelop.h`). libhdf5 calls these functions with files that `open` gave, which nothing else
/// uses meanwhile, and with no address after `close`: so these are references, and a box.
#[repr(C)]
struct Class {
    version: c_uint,
    value: c_int,
    name: *const c_char,
    max_address: haddr_t,
    close_degree: H5F_close_degree_t,
    terminate: Option<unsafe extern "C" fn() -> herr_t>,
    superblock: [Option<unsafe extern "C" fn()>; 3],
    fapl_size: usize,
    fapl: [Option<unsafe extern "C" fn()>; 3],
    dxpl_size: usize,
    dxpl: [Option<unsafe extern "C" fn()>; 2],
    open: Option<unsafe extern "C" fn(*const c_char, c_uint, hid_t, haddr_t) -> Option<Box<Open>>>,
    close: Option<extern "C" fn(Box<Open>) -> herr_t>,
    cmp: Option<extern "C" fn(&Open, &Open) -> c_int>,
    query: Option<extern "C" fn(Option<&Open>, Option<&mut c_ulong>) -> herr_t>,
    get_type_map: Option<unsafe extern "C" fn()>,
    alloc: Option<unsafe extern "C" fn()>,
    free: Option<extern "C" fn(&mut Open, c_int, hid_t, haddr_t, hsize_t) -> herr_t>,
    get_eoa: Option<extern "C" fn(&Open, c_int) -> haddr_t>,
    set_eoa: Option<extern "C" fn(&mut Open, c_int, haddr_t) -> herr_t>,
    get_eof: Option<extern "C" fn(&Open, c_int) -> haddr_t>,
    get_handle: Option<unsafe extern "C" fn(*mut Open, hid_t, &mut *mut c_void) -> herr_t>,
    read: Option<unsafe extern "C" fn(&mut Open, c_int, hid_t, haddr_t, usize, *mut c_void) -> herr_t>,
    write: Option<unsafe extern "C" fn(&mut Open, c_int, hid_t, haddr_t, usize, *const c_void) -> herr_t>,
    vectors: [Option<unsafe extern "C" fn()>; 4],
    flush: Option<extern "C" fn(&mut Open, hid_t, bool) -> herr_t>,
    truncate: Option<extern "C" fn(&mut Open, hid_t, bool) -> herr_t>,
    lock: Option<unsafe extern "C" fn()>,
    unlock: Option<unsafe extern "C" fn()>,
    delete: Option<unsafe extern "C" fn()>,
    control: Option<unsafe extern "C" fn()>,
    free_lists: [c_int; 7],
}

// SAFETY: the class is constant, and all that it points to is.
unsafe impl Sync for Class {}

const DATA: c_int = H5FD_mem_t::H5FD_MEM_DRAW as c_int;
const SUPER: c_int = H5FD_mem_t::H5FD_MEM_SUPER as c_int;

static ORDERED: Class = Class {
    version: 1,
    value: ORDERED_NUMBER,
    name: c"filebacked-ordered".as_ptr(),
    max_address: MAX_ADDRESS,
    close_degree: H5F_close_degree_t::H5F_CLOSE_WEAK,
    terminate: None,
    superblock: [None; 3],
    fapl_size: 0,
    fapl: [None; 3],
    dxpl_size: 0,
    dxpl: [None; 2],
    open: Some(open_ordered),
    close: Some(close),
    cmp: Some(compare),
    query: Some(query_ordered),
    get_type_map: None,
    alloc: None,
    free: Some(free),
    get_eoa: Some(get_end),
    set_eoa: Some(set_end),
    get_eof: Some(get_file_end),
    get_handle: Some(get_handle),
    read: Some(read),
    write: Some(write),
    vectors: [None; 4],
    flush: Some(flush),
    truncate: Some(truncate),
    lock: None,
    unlock: None,
    delete: None,
    control: None,
    // `H5FD_FLMAP_DICHOTOMY`: room for data and for pages is kept apart.
    free_lists: [SUPER, SUPER, SUPER, DATA, DATA, SUPER, SUPER],
};

static PLAIN: Class = Class {
    value: PLAIN_NUMBER,
    name: c"filebacked-plain".as_ptr(),
    open: Some(open_plain),
    query: Some(query_plain),
    // Room that becomes free is used again.
    free: None,
    ..ORDERED
};

/// Makes a driver known to libhdf5.
fn register(class: &'static Class) -> Option<hid_t> {
    // SAFETY: the class is as libhdf5 has it since 1.14, and there for ever.
    unsafe { h5fd::register(ptr::from_ref(class).cast()) }.ok()
}

/// The driver for files that are whole whenever the program is killed, known to libhdf5.
pub(super) fn ordered() -> Result<hid_t> {
    static DRIVER: LazyLock<Option<hid_t>> = LazyLock::new(|| register(&ORDERED));
    library_static(&DRIVER).copied()
}

/// The driver for new files that replace others, known to libhdf5.
pub(super) fn plain() -> Result<hid_t> {
    static DRIVER: LazyLock<Option<hid_t>> = LazyLock::new(|| register(&PLAIN));
    library_static(&DRIVER).copied()
}

impl Inner {
    fn write_all(&self, address: haddr_t, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, address)?;
        #[cfg(test)]
        testing::written();
        Ok(())
    }

    /// In which step a page that was there goes to the file.
    fn rank(page: &[u8]) -> (u8, u8) {
        match page {
            // The level of a node is in its sixth byte; the highest go first.
            [b'T', b'R', b'E', b'E', _, level, ..] => (3, 255 - level),
            [b'O', b'H', b'D', b'R', ..] | [b'O', b'C', b'H', b'K', ..] => (5, 0),
            // The first version of headers begins with its number, and a zero.
            [1, 0, ..] => (5, 0),
            _ => (4, 0),
        }
    }

    /// Puts all pages into the file, and the collection of the heap. They stay in memory where that fails.
    fn flush(&mut self) -> io::Result<()> {
        self.seal()?;
        let mut order: Vec<_> = self
            .pages
            .iter()
            .map(|(address, page)| match address {
                0 => ((2, 0), *address),
                _ if !self.known.contains(address) => ((1, 0), *address),
                _ => (Self::rank(page), *address),
            })
            .collect();
        order.sort_unstable();
        let new = order.partition_point(|((step, _), _)| *step < 2);
        let put = |inner: &Self, order: &[((u8, u8), haddr_t)]| {
            order.iter().try_for_each(|(_, address)| inner.write_all(*address, &inner.pages[address]))
        };
        put(self, &order[..new])?;
        if self.file_end < self.end {
            self.file.set_len(self.end)?;
            self.file_end = self.end;
        }
        put(self, &order[new..])?;
        self.known.extend(order.iter().map(|(_, address)| *address));
        self.pages.clear();
        Ok(())
    }

    /// Does `work` unless an earlier write failed, and takes note if it fails.
    fn attempt(&mut self, work: impl FnOnce(&mut Self) -> io::Result<()>) {
        if !self.failure.has_come()
            && let Err(error) = work(self)
        {
            self.failure.note(error);
        }
    }

    /// Whether it is a new file that the plain driver has made.
    pub(super) fn is_new(&self) -> bool {
        !self.is_ordered
    }

    /// An error if a write failed, whatever libhdf5 was told.
    pub(super) fn check(&self) -> Result<()> {
        self.failure.check()
    }

    /// The collection of the heap that strings are added to.
    pub(super) fn collection(&mut self) -> &mut Option<Collection> {
        &mut self.collection
    }

    /// An address as it is in the file.
    pub(super) fn in_file(&self, address: haddr_t) -> haddr_t {
        address.saturating_sub(self.base)
    }

    /// Allocates room at the end of the file, as libhdf5 does.
    pub(super) fn allocate(&mut self, size: u64) -> Result<haddr_t> {
        let start = self.end.next_multiple_of(8);
        let end = start.checked_add(size).filter(|end| *end <= MAX_ADDRESS);
        self.end = end.ok_or_else(|| Error::corrupt("a file that ends beyond all addresses"))?;
        Ok(start)
    }

    /// Writes the bytes of room that was [allocated](Self::allocate).
    pub(super) fn put(&mut self, address: haddr_t, bytes: &[u8]) -> Result<()> {
        self.attempt(|inner| inner.write_all(address, bytes));
        self.file_end = self.file_end.max(address + bytes.len() as u64);
        self.failure.check()
    }

    /// Writes the collection of the heap, which gets no more strings.
    fn seal(&mut self) -> io::Result<()> {
        let Some(collection) = self.collection.take() else { return Ok(()) };
        let (address, bytes) = collection.into_bytes();
        self.file_end = self.file_end.max(address + bytes.len() as u64);
        let written = self.write_all(address, &bytes);
        if written.is_err() {
            self.pages.insert(address, bytes);
        }
        written
    }

    fn read(&self, address: haddr_t, into: &mut [u8]) -> io::Result<()> {
        let mut done = 0;
        while done < into.len() {
            match self.file.read_at(&mut into[done..], address + done as u64) {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        into[done..].fill(0);
        let end = address + into.len() as u64;
        // Pages do not overlap each other: the last that begins before is the only one that may reach in from there.
        let before = self.pages.range(..address).next_back();
        for (start, page) in before.into_iter().chain(self.pages.range(address..end)) {
            let (from, to) = (address.max(*start), end.min(start + page.len() as u64));
            if from < to {
                let source = &page[(from - start) as usize..(to - start) as usize];
                into[(from - address) as usize..(to - address) as usize].copy_from_slice(source);
            }
        }
        Ok(())
    }

    /// Takes what libhdf5 writes.
    fn write(&mut self, kind: c_int, address: haddr_t, bytes: &[u8]) {
        let end = address + bytes.len() as u64;
        if !self.pages.is_empty() {
            // Room that had another page may have been given anew.
            let before = self.pages.range(..address).next_back();
            let overlaps =
                before.filter(|(start, page)| **start + page.len() as u64 > address).map(|(start, _)| *start);
            let within: Vec<_> =
                overlaps.into_iter().chain(self.pages.range(address..end).map(|(at, _)| *at)).collect();
            within.iter().for_each(|at| drop(self.pages.remove(at)));
        }
        if kind != DATA && (self.is_ordered || self.failure.has_come()) {
            self.pages.insert(address, bytes.to_vec());
            return;
        }
        self.attempt(|inner| inner.write_all(address, bytes));
        if self.failure.has_come() && kind != DATA {
            self.pages.insert(address, bytes.to_vec());
        }
        self.file_end = self.file_end.max(end);
    }
}

/// The file that a handle is of.
///
/// # Safety
/// `handle` is what `H5Fget_vfd_handle` gave for a file that one of these drivers opened, and is open. The library's lock is
/// held for as long as the reference is used, and libhdf5 is not called meanwhile.
pub(super) unsafe fn inner<'a>(handle: *mut c_void) -> &'a mut Inner {
    // SAFETY: as the caller promises.
    unsafe { &mut *handle.cast() }
}

/// Marks this as the only process that appends to the file, for as long as it is open. Readers may still open it, unlike with
/// libhdf5's locks.
#[cfg(target_os = "linux")]
fn is_only_writer(file: &fs::File) -> bool {
    // A file system without locks has nothing to say.
    mark(file, libc::F_WRLCK) || io::Error::last_os_error().kind() != io::ErrorKind::WouldBlock
}

/// Takes that mark away. Else a process that was forked meanwhile would keep it.
#[cfg(target_os = "linux")]
fn no_more_writer(file: &fs::File) {
    // Where it fails, there was no mark.
    mark(file, libc::F_UNLCK);
}

/// Locks or unlocks a byte that no file reaches.
#[cfg(target_os = "linux")]
fn mark(file: &fs::File, kind: c_int) -> bool {
    set_lock(file, kind, (libc::off_t::MAX - 1, 1))
}

#[cfg(not(target_os = "linux"))]
fn is_only_writer(_: &fs::File) -> bool {
    true
}

#[cfg(not(target_os = "linux"))]
fn no_more_writer(_: &fs::File) {}

/// What C is told of how something went.
fn status(result: io::Result<()>) -> herr_t {
    if result.is_ok() { 0 } else { -1 }
}

/// # Safety
/// As libhdf5 calls it: with a C string.
unsafe extern "C" fn open_ordered(name: *const c_char, flags: c_uint, _: hid_t, _: haddr_t) -> Option<Box<Open>> {
    // SAFETY: as the caller promises.
    unsafe { open(name, flags, true) }
}

/// # Safety
/// As [`open_ordered`].
unsafe extern "C" fn open_plain(name: *const c_char, flags: c_uint, _: hid_t, _: haddr_t) -> Option<Box<Open>> {
    // SAFETY: as the caller promises.
    unsafe { open(name, flags, false) }
}

/// # Safety
/// `name` is a C string.
unsafe fn open(name: *const c_char, flags: c_uint, is_ordered: bool) -> Option<Box<Open>> {
    use std::os::unix::ffi::OsStrExt;

    // SAFETY: as the caller promises.
    let name = unsafe { CStr::from_ptr(name) };
    let path = std::path::Path::new(std::ffi::OsStr::from_bytes(name.to_bytes()));
    let writable = flags & H5F_ACC_RDWR != 0;
    let mut options = fs::OpenOptions::new();
    options.read(true).write(writable);
    if flags & H5F_ACC_EXCL != 0 {
        options.create_new(true);
    } else if flags & H5F_ACC_CREAT != 0 {
        options.create(true).truncate(flags & H5F_ACC_TRUNC != 0);
    }
    let opened = options.open(path).and_then(|file| {
        let metadata = file.metadata()?;
        Ok((file, metadata))
    });
    let (file, metadata) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            OPENED.set(Some(Err(error)));
            return None;
        }
    };
    if writable && is_ordered && !is_only_writer(&file) {
        OPENED.set(None);
        return None;
    }
    let failure = Arc::<Failure>::default();
    OPENED.set(Some(Ok(Arc::clone(&failure))));
    let inner = Inner {
        descriptor: file.as_raw_fd(),
        file,
        writable,
        is_ordered,
        failure,
        end: 0,
        file_end: metadata.len(),
        pages: BTreeMap::new(),
        known: HashSet::new(),
        base: 0,
        collection: None,
    };
    Some(Box::new(Open { public: Public::default(), inner }))
}

extern "C" fn close(mut open: Box<Open>) -> herr_t {
    if open.inner.writable {
        open.inner.attempt(Inner::flush);
        if open.inner.is_ordered {
            no_more_writer(&open.inner.file);
        }
    }
    0
}

extern "C" fn compare(one: &Open, other: &Open) -> c_int {
    use std::os::unix::fs::MetadataExt;

    let key = |open: &Open| open.inner.file.metadata().map(|metadata| (metadata.dev(), metadata.ino())).ok();
    match key(one).cmp(&key(other)) {
        std::cmp::Ordering::Less => -1,
        std::cmp::Ordering::Equal => 0,
        std::cmp::Ordering::Greater => 1,
    }
}

/// It is asked also without a file.
extern "C" fn query_ordered(_: Option<&Open>, flags: Option<&mut c_ulong>) -> herr_t {
    if let Some(flags) = flags {
        *flags = ORDERED_FEATURES;
    }
    0
}

extern "C" fn query_plain(_: Option<&Open>, flags: Option<&mut c_ulong>) -> herr_t {
    if let Some(flags) = flags {
        *flags = PLAIN_FEATURES;
    }
    0
}

extern "C" fn get_end(file: &Open, _: c_int) -> haddr_t {
    file.inner.end
}

extern "C" fn set_end(file: &mut Open, _: c_int, end: haddr_t) -> herr_t {
    // It is set before room is made for anything.
    file.inner.base = file.public.base_address;
    file.inner.end = end;
    0
}

/// Room at the end stays there, too, as it would be the first to be used again.
extern "C" fn free(_: &mut Open, _: c_int, _: hid_t, _: haddr_t, _: hsize_t) -> herr_t {
    0
}

extern "C" fn get_file_end(file: &Open, _: c_int) -> haddr_t {
    file.inner.file_end
}

/// The address is good for longer than a reference would be.
///
/// # Safety
/// `file` is an open file.
unsafe extern "C" fn get_handle(file: *mut Open, _: hid_t, handle: &mut *mut c_void) -> herr_t {
    // SAFETY: as the caller promises.
    *handle = unsafe { &raw mut (*file).inner }.cast();
    0
}

/// # Safety
/// At `into` is room for so many bytes.
unsafe extern "C" fn read(
    file: &mut Open,
    kind: c_int,
    _: hid_t,
    address: haddr_t,
    size: usize,
    into: *mut c_void,
) -> herr_t {
    // SAFETY: as the caller promises.
    let into = unsafe { std::slice::from_raw_parts_mut(into.cast::<u8>(), size) };
    let inner = &mut file.inner;
    if inner.is_ordered && kind != DATA && !inner.pages.contains_key(&address) {
        inner.known.insert(address);
    }
    // libhdf5 takes a collection that it reads for its own, and may change it.
    if inner.collection.as_ref().is_some_and(|collection| collection.overlaps(address, size as u64)) {
        inner.attempt(Inner::seal);
    }
    status(inner.read(address, into))
}

/// # Safety
/// At `from` are so many bytes.
unsafe extern "C" fn write(
    file: &mut Open,
    kind: c_int,
    _: hid_t,
    address: haddr_t,
    size: usize,
    from: *const c_void,
) -> herr_t {
    // SAFETY: as the caller promises.
    let bytes = unsafe { std::slice::from_raw_parts(from.cast::<u8>(), size) };
    file.inner.write(kind, address, bytes);
    0
}

extern "C" fn flush(file: &mut Open, _: hid_t, closing: bool) -> herr_t {
    let inner = &mut file.inner;
    // A file that is closed is told of that before its last pages are written.
    if !closing && inner.writable {
        inner.attempt(Inner::flush);
    }
    0
}

extern "C" fn truncate(file: &mut Open, _: hid_t, _: bool) -> herr_t {
    let inner = &mut file.inner;
    let is_right = if inner.is_ordered { inner.file_end >= inner.end } else { inner.file_end == inner.end };
    if inner.writable && !is_right {
        inner.attempt(|inner| {
            inner.file.set_len(inner.end)?;
            inner.file_end = inner.end;
            Ok(())
        });
    }
    0
}

/// What was in a file after each write to it, for tests of what is left when a program is killed.
#[cfg(test)]
pub(crate) mod testing {
    use std::cell::RefCell;
    use std::path::PathBuf;

    thread_local! {
        /// The file that is looked at, and what was in it after each write to it since it was looked at last. libhdf5 is not
        /// to be called when it calls the driver.
        pub(crate) static LOOK: RefCell<Option<(PathBuf, Vec<Vec<u8>>)>> = const { RefCell::new(None) };
    }

    /// Called after each write to a file.
    pub(super) fn written() {
        LOOK.with_borrow_mut(|look| {
            if let Some((path, images)) = look {
                images.push(std::fs::read(path).unwrap());
            }
        });
    }
}
