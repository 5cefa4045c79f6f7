//! The connector that a file is opened by.

use std::ffi::c_void;
use std::ptr;

use super::super::Id;
use super::c;
use crate::ground::error::{Error, ErrorKind, Result};

/// A file as a connector of the library has it.
#[derive(Debug)]
pub(in crate::h5) struct FileObject {
    object: *mut c_void,
    connector: Id,
    /// Keeps the object.
    _file: Id,
}

impl FileObject {
    /// The file, which stays open as long as this is there.
    pub(in crate::h5) fn new(what: &str, file: Id) -> Result<Self> {
        let connector = Id::own(what, || c::H5VLget_connector_id(file.get()))?;
        let object = c::H5VLobject(file.get());
        if object.is_null() {
            return Err(Error::new(ErrorKind::Hdf5, format!("HDF5 could not {what}")));
        }
        Ok(Self { object, connector, _file: file })
    }

    /// Puts bytes into the file's heap, and the name of where they are into `name`. Returns false where that fails.
    ///
    /// # Safety
    /// `name` has as many bytes as an address and an index have in the file (`H5VL__native_blob_put`).
    pub(in crate::h5) unsafe fn put(&self, bytes: &[u8], name: &mut [u8]) -> bool {
        let (from, to) = (bytes.as_ptr().cast(), name.as_mut_ptr().cast());
        // SAFETY: the file's object, which is open, and its connector; the rest as the caller promises.
        let status =
            unsafe { c::H5VLblob_put(self.object, self.connector.get(), from, bytes.len(), to, ptr::null_mut()) };
        status >= 0
    }
}
