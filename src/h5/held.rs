//! Files that something is kept from: held open, and whether they still are there.

use std::ffi::c_uint;

use hdf5_sys::h5f::{self, H5F_scope_t};
use hdf5_sys::h5i::{self, hid_t};

use super::attribute::Attributes;
use super::raw::cut;
use super::{Id, call, dense, locked};
use crate::ground::error::{Error, ErrorKind, Result};

/// A handle of a file, which keeps it open, and with it all that was opened in it, whatever becomes of other handles.
#[derive(Debug)]
pub(crate) struct Held(Id);

impl Held {
    /// Holds the file that `object` is in.
    pub(crate) fn of(object: &impl Attributes) -> Result<Self> {
        // SAFETY: an object's handle.
        Id::own("look into a file", || unsafe { h5i::H5Iget_file_id(object.handle()) }).map(Self)
    }

    /// An error if the file was closed all the same.
    pub(crate) fn check_open(&self) -> Result<()> {
        // SAFETY: any number can be asked for.
        if locked(|| unsafe { h5i::H5Iis_valid(self.0.get()) }) > 0 {
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
        // SAFETY: any number can be asked for; the buffer is as long as said.
        let name = name_by(|buffer, size| unsafe { h5f::H5Fget_name(self.0.get(), buffer, size) })?;
        (!super::file::is_memory_name(&name)).then_some(name)
    }

    /// Whether it is open for writing.
    pub(crate) fn is_writable(&self) -> Result<bool> {
        is_writable(&self.0)
    }

    /// Hands all that was written over to the system.
    pub(crate) fn flush(&self) -> Result<()> {
        // SAFETY: a file's handle.
        call("write out the file", || unsafe { h5f::H5Fflush(self.0.get(), H5F_scope_t::H5F_SCOPE_LOCAL) })?;
        Ok(())
    }
}

/// Whether the file that `object` is in is open for writing, by whatever handle of this process's, or for reading while
/// another process writes: then what is known here of what is in it may change. It stays so for as long as the file is open, unless
/// somebody has libhdf5 read an object anew.
pub(super) fn may_change(object: hid_t) -> Result<bool> {
    // SAFETY: an object's handle.
    let file = Id::own("look into a file", || unsafe { h5i::H5Iget_file_id(object) })?;
    Ok(intent(&file)? & (h5f::H5F_ACC_RDWR | h5f::H5F_ACC_SWMR_READ) != 0)
}

fn is_writable(file: &Id) -> Result<bool> {
    Ok(intent(file)? & h5f::H5F_ACC_RDWR != 0)
}

/// How a file is open.
fn intent(file: &Id) -> Result<c_uint> {
    let mut intent = 0;
    // SAFETY: a file's handle, and the address of a number.
    call("look into a file", || unsafe { h5f::H5Fget_intent(file.get(), &raw mut intent) })?;
    Ok(intent)
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
    let object: hid_t = object.handle();
    // SAFETY: any number can be asked for; the buffer is as long as said.
    Ok(name_by(|buffer, size| unsafe { h5i::H5Iget_name(object, buffer, size) }).unwrap_or_default())
}

/// The name that `get` puts into a buffer of the size that it is given. It returns the length, also without a buffer.
fn name_by(get: impl Fn(*mut std::ffi::c_char, usize) -> isize) -> Option<String> {
    locked(|| {
        let len = usize::try_from(get(std::ptr::null_mut(), 0)).ok()?;
        let mut name = vec![0_u8; len.checked_add(1)?];
        if get(name.as_mut_ptr().cast(), name.len()) < 0 {
            return None;
        }
        name.truncate(len);
        String::from_utf8(name).ok()
    })
}
