//! Files that something is kept from: held open, and whether they still are there.

use std::ffi::c_uint;

use hdf5_sys::h5f::{H5F_ACC_RDWR, H5F_ACC_SWMR_READ};
use hdf5_sys::h5i::hid_t;

use super::attribute::Attributes;
use super::file_bytes::cut;
use super::sys::{h5f, h5i};
use super::{Id, dense, locked};
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

    /// Its name, where it is on a disk.
    pub(crate) fn name(&self) -> Option<String> {
        let name = h5f::name(self.0.get())?;
        (!super::file::is_memory_name(&name)).then_some(name)
    }

    /// Whether it is open for writing.
    pub(crate) fn is_writable(&self) -> Result<bool> {
        is_writable(&self.0)
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

/// The path by which an object can be found in its file; empty if there is none.
pub(crate) fn path_of(object: &impl Attributes) -> String {
    find_path(object).unwrap_or_default()
}

/// The same, unless it cannot be looked for.
pub(super) fn find_path(object: &impl Attributes) -> Result<String> {
    // Otherwise libhdf5 may look for the path in all groups of the file.
    if object.is_by_address() && !dense::is_file_sound(object.handle())? {
        return Ok(String::new());
    }
    Ok(h5i::name(object.handle()).unwrap_or_default())
}
