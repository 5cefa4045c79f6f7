//! A file driver of this crate's own that reads files that are no files of the system's: by whatever gives ranges of their bytes.
//!
//! libhdf5 asks for bytes under its lock, mostly for few, one place after the other; since 1.14 for those of many places at once.
//! What keeps that from being as many requests is [`RemoteBytes`], which also the crate's own readers of a file's structures ask.
//!
//! Nothing is written by it. Another program may replace a remote file at any time: whoever gives the bytes makes an error of
//! that.

use std::cell::RefCell;
use std::ffi::{CString, c_char, c_int, c_uint, c_ulong, c_void};
use std::ops::Range;
use std::ptr;
use std::sync::{Arc, LazyLock};

use hdf5_sys::h5::{haddr_t, herr_t};
use hdf5_sys::h5f::{H5F_ACC_RDONLY, H5F_ACC_RDWR, H5F_close_degree_t};
use hdf5_sys::h5fd::H5FD_mem_t;
use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5p::H5P_CLS_FILE_ACCESS;

use super::attribute::Attributes;
use super::external_access::open_file;
use super::file_bytes::{RemoteStart, number_of, remote_of};
use super::structure;
use super::sys::h5fd::{self, Public};
use super::sys::{h5i, h5p};
use super::{library_static, locked, property_list};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::read_failure;

/// As other drivers that have not applied for a number: from 256 to 511 are for that.
#[cfg(hdf5_drivers)]
const NUMBER: c_int = 313;
const MAX_ADDRESS: haddr_t = i64::MAX as haddr_t;
/// `H5FD_FEAT_DATA_SIEVE`: small reads of contiguous data come together; and `H5FD_FEAT_DEFAULT_VFD_COMPATIBLE`: the file has no
/// trace of the driver.
const FEATURES: c_ulong = 0x0000_0008 | 0x0000_8000;
/// Bytes of chunks that libhdf5 keeps for each dataset. Of a chunk that is larger, and not filtered, it reads what is asked for
/// alone. Those that are smaller come with what is around them anyway.
const CHUNK_CACHE: usize = 256 << 10;

/// What bytes are read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To find what is in the file: most of it is read again, and what is next to it, too.
    Metadata,
    /// Items of datasets: much of it is read once, from its beginning to its end.
    Data,
}

/// A place in a file, and where its bytes are to go.
pub(crate) type Part<'a> = (u64, &'a mut [u8]);

/// The bytes of a file that is elsewhere. They stay as they are: if the file changes, all that is asked for is an error.
pub(crate) trait RemoteBytes: Send + Sync {
    /// Bytes of the file.
    fn len(&self) -> u64;

    /// Reads all parts, with as few requests one after the other as can be. What is beyond the end of the file is zero.
    fn read(&self, purpose: Purpose, parts: &mut [Part<'_>]) -> Result<()>;

    /// Makes sure, as far as there is room, that these bytes will be read without a request.
    fn fetch(&self, ranges: &[Range<u64>]) -> Result<()>;

    /// Requests, requests that waited for each other, and bytes, up to now.
    fn traffic(&self) -> [u64; 3];
}

/// An open file. Its handle (`H5Fget_vfd_handle`) is the address of `bytes`.
#[repr(C)]
struct Open {
    public: Public,
    bytes: Arc<dyn RemoteBytes>,
    /// Where libhdf5 has allocated room up to.
    end: haddr_t,
}

/// A function that this driver leaves to libhdf5.
type Absent = Option<unsafe extern "C" fn()>;

/// `H5FD_class_t` as 1.10 and 1.12 have it (`H5FDpublic.h`), or its version 1, of 1.14 and later (`H5FDdevelop.h`). libhdf5 calls
/// these functions with files that `open` gave, which nothing else uses meanwhile, and with no address after `close`: so these are
/// references, and a box.
#[repr(C)]
struct Class {
    #[cfg(hdf5_drivers)]
    version: c_uint,
    #[cfg(hdf5_drivers)]
    value: c_int,
    name: *const c_char,
    max_address: haddr_t,
    close_degree: H5F_close_degree_t,
    terminate: Absent,
    superblock: [Absent; 3],
    fapl_size: usize,
    fapl: [Absent; 3],
    dxpl_size: usize,
    dxpl: [Absent; 2],
    open: Option<unsafe extern "C" fn(*const c_char, c_uint, hid_t, haddr_t) -> Option<Box<Open>>>,
    close: Option<extern "C" fn(Box<Open>) -> herr_t>,
    /// Without it, no two files are the same: each was opened with a cache of its own.
    cmp: Absent,
    query: Option<extern "C" fn(Option<&Open>, Option<&mut c_ulong>) -> herr_t>,
    get_type_map: Absent,
    alloc: Absent,
    free: Absent,
    get_eoa: Option<extern "C" fn(&Open, c_int) -> haddr_t>,
    set_eoa: Option<extern "C" fn(&mut Open, c_int, haddr_t) -> herr_t>,
    get_eof: Option<extern "C" fn(&Open, c_int) -> haddr_t>,
    get_handle: Option<unsafe extern "C" fn(*mut Open, hid_t, &mut *mut c_void) -> herr_t>,
    read: Option<unsafe extern "C" fn(&mut Open, c_int, hid_t, haddr_t, usize, *mut c_void) -> herr_t>,
    write: Option<extern "C" fn(&mut Open, c_int, hid_t, haddr_t, usize, *const c_void) -> herr_t>,
    #[cfg(hdf5_drivers)]
    read_vector: Option<ReadVector>,
    #[cfg(hdf5_drivers)]
    vectors: [Absent; 3],
    flush: Absent,
    truncate: Absent,
    lock: Absent,
    unlock: Absent,
    #[cfg(hdf5_drivers)]
    delete: Absent,
    #[cfg(hdf5_drivers)]
    control: Absent,
    free_lists: [c_int; 7],
}

#[cfg(hdf5_drivers)]
type ReadVector = unsafe extern "C" fn(
    &mut Open,
    hid_t,
    u32,
    *const c_int,
    *const haddr_t,
    *const usize,
    *const *mut c_void,
) -> herr_t;

// SAFETY: the class is constant, and all that it points to is.
unsafe impl Sync for Class {}

const DATA: c_int = H5FD_mem_t::H5FD_MEM_DRAW as c_int;
const SUPER: c_int = H5FD_mem_t::H5FD_MEM_SUPER as c_int;

static CLASS: Class = Class {
    #[cfg(hdf5_drivers)]
    version: 1,
    #[cfg(hdf5_drivers)]
    value: NUMBER,
    name: c"filebacked-remote".as_ptr(),
    max_address: MAX_ADDRESS,
    close_degree: H5F_close_degree_t::H5F_CLOSE_WEAK,
    terminate: None,
    superblock: [None; 3],
    fapl_size: 0,
    fapl: [None; 3],
    dxpl_size: 0,
    dxpl: [None; 2],
    open: Some(open),
    close: Some(close),
    cmp: None,
    query: Some(query),
    get_type_map: None,
    alloc: None,
    free: None,
    get_eoa: Some(get_end),
    set_eoa: Some(set_end),
    get_eof: Some(get_file_end),
    get_handle: Some(get_handle),
    read: Some(read),
    write: Some(write),
    #[cfg(hdf5_drivers)]
    read_vector: Some(read_vector),
    #[cfg(hdf5_drivers)]
    vectors: [None; 3],
    flush: None,
    truncate: None,
    lock: None,
    unlock: None,
    #[cfg(hdf5_drivers)]
    delete: None,
    #[cfg(hdf5_drivers)]
    control: None,
    free_lists: [SUPER, SUPER, SUPER, DATA, DATA, SUPER, SUPER],
};

/// The driver, known to libhdf5.
pub(super) fn driver() -> Result<hid_t> {
    static DRIVER: LazyLock<Option<hid_t>> = LazyLock::new(|| {
        // SAFETY: the class is as the version that is linked has it, and there for ever.
        unsafe { h5fd::register(ptr::from_ref(&CLASS).cast()) }.ok()
    });
    library_static(&DRIVER).copied()
}

thread_local! {
    /// The bytes of the file that the thread is about to have libhdf5 open.
    static OPENING: RefCell<Option<Arc<dyn RemoteBytes>>> = const { RefCell::new(None) };
}

/// Opens a file for reading. Errors and libhdf5 know it by `name`.
pub(crate) fn open_remote(bytes: Arc<dyn RemoteBytes>, name: &str) -> Result<hdf5::File> {
    let name = CString::new(name).map_err(|_| Error::new(ErrorKind::Io, "a name with NUL"))?;
    let root = structure::check_file(&RemoteStart::of(&*bytes)?)?;
    let list = property_list(H5P_CLS_FILE_ACCESS)?;
    h5p::set_driver("choose a file driver", &list, driver()?)?;
    h5p::set_cache("set a cache", &list, 521, CHUNK_CACHE, 0.75)?;
    locked(|| {
        /// What libhdf5 did not ask for is let go of.
        struct Forget;
        impl Drop for Forget {
            fn drop(&mut self) {
                OPENING.take();
            }
        }
        OPENING.set(Some(bytes));
        let _forget = Forget;
        let file = read_failure::instead_of(open_file("open the file", &name, H5F_ACC_RDONLY, list.get()))?;
        if let Some(root) = root {
            root.is_of(number_of(file.get(), &file)?);
        }
        file.try_into()
    })
}

/// Does something with the bytes of the file that `object` is in, if this driver has it.
pub(crate) fn with_remote<R>(object: &impl Attributes, work: impl FnOnce(&dyn RemoteBytes) -> R) -> Result<Option<R>> {
    let bytes = locked(|| {
        let file = h5i::file_of("look into a file", object.handle())?;
        remote_of(&file)
    })?;
    Ok(bytes.map(|bytes| work(&*bytes)))
}

/// What C is told of how a read went. The call that it is for is told more.
fn status(result: Result<()>) -> herr_t {
    match result {
        Ok(()) => 0,
        Err(error) => {
            read_failure::note(error);
            -1
        }
    }
}

/// # Safety
/// As libhdf5 calls it.
unsafe extern "C" fn open(_: *const c_char, flags: c_uint, _: hid_t, _: haddr_t) -> Option<Box<Open>> {
    if flags & H5F_ACC_RDWR != 0 {
        return None;
    }
    // A file that a link in this one leads to is not opened by this driver.
    let bytes = OPENING.take()?;
    Some(Box::new(Open { public: Public::default(), bytes, end: 0 }))
}

extern "C" fn close(open: Box<Open>) -> herr_t {
    drop(open);
    0
}

/// It is asked also without a file.
extern "C" fn query(_: Option<&Open>, flags: Option<&mut c_ulong>) -> herr_t {
    if let Some(flags) = flags {
        *flags = FEATURES;
    }
    0
}

extern "C" fn get_end(file: &Open, _: c_int) -> haddr_t {
    file.end
}

extern "C" fn set_end(file: &mut Open, _: c_int, end: haddr_t) -> herr_t {
    file.end = end;
    0
}

extern "C" fn get_file_end(file: &Open, _: c_int) -> haddr_t {
    file.bytes.len()
}

/// The address is good for longer than a reference would be.
///
/// # Safety
/// `file` is an open file.
unsafe extern "C" fn get_handle(file: *mut Open, _: hid_t, handle: &mut *mut c_void) -> herr_t {
    // SAFETY: as the caller promises.
    *handle = unsafe { &raw mut (*file).bytes }.cast();
    0
}

/// The bytes of a file, by its handle.
///
/// # Safety
/// `handle` is what `H5Fget_vfd_handle` gave for a file that this driver has, and that is open. The library's lock is held.
pub(super) unsafe fn bytes_of(handle: *mut c_void) -> Arc<dyn RemoteBytes> {
    // SAFETY: as the caller promises, at the address are these; they stay as they are until the file is closed.
    let bytes = unsafe { &*handle.cast::<Arc<dyn RemoteBytes>>() };
    Arc::clone(bytes)
}

fn purpose(kind: c_int) -> Purpose {
    if kind == DATA { Purpose::Data } else { Purpose::Metadata }
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
    if size == 0 {
        return 0;
    }
    // SAFETY: as the caller promises.
    let into = unsafe { std::slice::from_raw_parts_mut(into.cast::<u8>(), size) };
    status(file.bytes.read(purpose(kind), &mut [(address, into)]))
}

/// libhdf5 never calls it: no file is open for writing.
extern "C" fn write(_: &mut Open, _: c_int, _: hid_t, _: haddr_t, _: usize, _: *const c_void) -> herr_t {
    -1
}

/// # Safety
/// There are `count` kinds of bytes, addresses, sizes and rooms, of which each has as many bytes as its size says. A size of 0, or a kind of
/// `H5FD_MEM_NOLIST`, says that there are no more of these, and that the one before it holds for all that follow.
#[cfg(hdf5_drivers)]
unsafe extern "C" fn read_vector(
    file: &mut Open,
    _: hid_t,
    count: u32,
    types: *const c_int,
    addresses: *const haddr_t,
    sizes: *const usize,
    rooms: *const *mut c_void,
) -> herr_t {
    /// `H5FD_MEM_NOLIST`.
    const NO_MORE: c_int = -1;
    let (mut kind, mut size) = ((DATA, false), (0, false));
    let (mut metadata, mut data) = (Vec::new(), Vec::new());
    for at in 0..count as usize {
        if !kind.1 {
            // SAFETY: as the caller promises, the last one is not read past.
            let next = unsafe { *types.add(at) };
            kind = if at > 0 && next == NO_MORE { (kind.0, true) } else { (next, false) };
        }
        if !size.1 {
            // SAFETY: the same.
            let next = unsafe { *sizes.add(at) };
            size = if at > 0 && next == 0 { (size.0, true) } else { (next, false) };
        }
        if size.0 == 0 {
            continue;
        }
        // SAFETY: as the caller promises, there are as many addresses and rooms, and as many bytes in each, which nothing else uses.
        let part =
            unsafe { (*addresses.add(at), std::slice::from_raw_parts_mut((*rooms.add(at)).cast::<u8>(), size.0)) };
        if kind.0 == DATA { data.push(part) } else { metadata.push(part) }
    }
    let read = |purpose, parts: &mut Vec<Part<'_>>| match parts.is_empty() {
        true => Ok(()),
        false => file.bytes.read(purpose, parts),
    };
    status(read(Purpose::Metadata, &mut metadata).and_then(|()| read(Purpose::Data, &mut data)))
}
