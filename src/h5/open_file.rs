//! Files that something is kept from: held open, and whether they still are there.

use std::cell::Cell;
use std::ffi::c_uint;
use std::time::Duration;

use hdf5_sys::h5f::{H5F_ACC_RDWR, H5F_ACC_SWMR_READ, H5F_ACC_SWMR_WRITE};
use hdf5_sys::h5i::{H5I_type_t, hid_t};

use super::attribute::Attributes;
use super::file_bytes::{self, cut, number_of};
use super::object_info::identity_of;
use super::sys::{h5f, h5i, h5o};
use super::{Id, locked, structure};
use crate::ground::error::{Error, ErrorKind, Result};

/// A handle of a file, which keeps it open, and with it all that was opened in it, whatever becomes of other handles.
#[derive(Debug)]
pub(crate) struct OpenFile(Id);

impl OpenFile {
    /// Holds the file that `object` is in.
    pub(crate) fn of(object: &impl Attributes) -> Result<Self> {
        h5i::file_of("look into a file", object.handle()).map(Self)
    }

    /// An error if the file was closed all the same.
    pub(crate) fn check_open(&self) -> Result<()> {
        if h5i::is_valid(self.0.get()) {
            return Ok(());
        }
        let message = "the file was closed by force, with all that was open in it, before the value was loaded";
        Err(Error::new(ErrorKind::Gone, message))
    }

    /// An error if the file was closed, or is shorter than it was when it was opened: what is not there any more, libhdf5
    /// reads as zeros.
    pub(crate) fn check_whole(&self) -> Result<()> {
        self.check_open()?;
        match locked(|| cut(&self.0))? {
            Some((now, before)) => {
                let message =
                    format!("the file was cut short after it was opened: it has {now} bytes, and had {before}");
                Err(Error::new(ErrorKind::Gone, message))
            }
            None => Ok(()),
        }
    }

    /// The number by which libhdf5 knows the file as long as it is open.
    pub(crate) fn number(&self) -> Result<u64> {
        locked(|| number_of(self.0.get(), &self.0))
    }

    /// Whether another process may be writing it.
    pub(crate) fn is_swmr_reader(&self) -> Result<bool> {
        Ok(intent(&self.0)? & H5F_ACC_SWMR_READ != 0)
    }

    /// Its name, where it is on a disk.
    pub(crate) fn name(&self) -> Option<String> {
        let name = h5f::name(self.0.get())?;
        (!super::file::is_memory_name(&name)).then_some(name)
    }

    /// Whether it is open for writing.
    pub(crate) fn is_writable(&self) -> Result<bool> {
        is_writable(&self.0)
    }

    /// Whether it is open for writing while others read it by means of libhdf5.
    pub(crate) fn is_swmr_writer(&self) -> Result<bool> {
        Ok(intent(&self.0)? & H5F_ACC_SWMR_WRITE != 0)
    }

    /// Hands all that was written over to the system.
    pub(crate) fn flush(&self) -> Result<()> {
        h5f::flush("write out the file", self.0.get())
    }
}

/// Whether the file that `object` is in is open for writing, by whatever handle of this process's, or for reading while
/// another process writes: then what is known here of what is in it may change. It stays so for as long as the file is open, unless
/// somebody has libhdf5 read an object anew.
pub(super) fn may_change(object: hid_t) -> Result<bool> {
    let file = h5i::file_of("look into a file", object)?;
    Ok(intent(&file)? & (H5F_ACC_RDWR | H5F_ACC_SWMR_READ) != 0)
}

fn is_writable(file: &Id) -> Result<bool> {
    Ok(intent(file)? & H5F_ACC_RDWR != 0)
}

/// How a file is open.
fn intent(file: &Id) -> Result<c_uint> {
    h5f::intent("look into a file", file)
}

thread_local! {
    /// Whether the thread opens objects anew.
    static IS_ANEW: Cell<bool> = const { Cell::new(false) };
}

/// Does some work. If another program may be writing the file, libhdf5 reads every object that the work opens anew: otherwise it
/// would keep what it read before. It reads the parts of a header one after the other. If they do not fit together, the work is
/// done again.
pub(crate) fn anew<R>(file: &OpenFile, mut work: impl FnMut() -> Result<R>) -> Result<R> {
    const MAX_TRIES: u32 = 100;
    const PAUSE: Duration = Duration::from_millis(1);
    /// Has it as it was before when dropped.
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            IS_ANEW.set(self.0);
        }
    }
    if !file.is_swmr_reader()? {
        return work();
    }
    let _restore = Restore(IS_ANEW.replace(true));
    let mut tries = 1;
    loop {
        match work() {
            Err(error) if error.kind() == ErrorKind::Corrupt && tries < MAX_TRIES => {
                std::thread::sleep(PAUSE);
                file_bytes::forget();
            }
            done => return done,
        }
        tries += 1;
    }
}

/// The same object, which was opened just now.
pub(super) fn as_it_is_now(opened: Id) -> Result<Id> {
    if IS_ANEW.get() {
        locked(|| {
            check_only(&opened)?;
            h5o::refresh("read an object anew", opened.get())
        })?;
    }
    Ok(opened)
}

/// An error for a dataset that is open by another handle, too: libhdf5 2.2 then keeps chunks that it has read, and finds others at
/// wrong places (`H5D_mult_refresh_reopen` does not set up how chunks are found). The library's lock is held.
fn check_only(opened: &Id) -> Result<()> {
    if h5i::kind(opened.get()) != Some(H5I_type_t::H5I_DATASET) {
        return Ok(());
    }
    let own = identity_of(opened.get())?;
    let others = h5f::open_datasets(&h5i::file_of("look into a file", opened.get())?);
    let is_it = |other: hid_t| other != opened.get() && identity_of(other).is_ok_and(|other| other == own);
    if !others.into_iter().any(is_it) {
        return Ok(());
    }
    let message = "the dataset is open elsewhere in this process, so libhdf5 does not read it anew: let go of the other reader, \
                   `Lazy` or `hdf5::Dataset` first";
    Err(Error::new(ErrorKind::Unsupported, message))
}

/// The path by which an object can be found in its file; empty if there is none.
pub(crate) fn path_of(object: &impl Attributes) -> String {
    find_path(object).unwrap_or_default()
}

/// The same, unless it cannot be looked for.
pub(super) fn find_path(object: &impl Attributes) -> Result<String> {
    // Otherwise libhdf5 may look for the path in all groups of the file.
    if object.is_by_address() && !structure::is_file_sound(object.handle())? {
        return Ok(String::new());
    }
    Ok(h5i::name(object.handle()).unwrap_or_default())
}
