//! What libhdf5 says of a failure.

/// What failed in libhdf5, or in the [`hdf5`] crate: the source of an [`Error`](crate::Error) of the kind
/// [`Hdf5`](crate::ErrorKind::Hdf5).
///
/// It is plain data, which is copied when the call fails.
///
/// ```
/// use std::error::Error;
/// use filebacked::{ErrorKind, Hdf5Error, hdf5};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("run.h5");
/// // A type that writes by means of the `hdf5` crate gets that crate's error.
/// let file = hdf5::File::create(&path)?;
/// let error = filebacked::Error::from(file.dataset("nothing").unwrap_err());
/// assert_eq!(error.kind(), ErrorKind::Hdf5);
/// let source = error.source().and_then(|source| source.downcast_ref::<Hdf5Error>()).unwrap();
/// assert!(source.to_string().contains("object 'nothing' doesn't exist"));
/// // The function that was called comes first, the one that found the reason last.
/// assert!(source.frames()[0].func().starts_with("H5Dopen"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Hdf5Error {
    /// A function of libhdf5 failed. The text has the function that was called, and the reason.
    #[error("{}", .stack.description())]
    Library {
        /// libhdf5's error stack.
        stack: hdf5::ExpandedErrorStack,
    },
    /// The [`hdf5`] crate refused what it was asked for.
    #[error("{reason}")]
    Refused {
        /// Why, in words.
        reason: String,
    },
}

impl Hdf5Error {
    /// The functions of libhdf5 that failed, each with its reason: the one that was called first, the innermost last.
    #[must_use]
    pub fn frames(&self) -> &[hdf5::ErrorFrame] {
        match self {
            Self::Library { stack } => stack,
            Self::Refused { .. } => &[],
        }
    }
}

impl From<hdf5::Error> for Hdf5Error {
    fn from(error: hdf5::Error) -> Self {
        match error.stack() {
            Some(stack) => Self::Library { stack },
            None => Self::Refused { reason: error.to_string() },
        }
    }
}
