//! An error as text.

use std::fmt::{self, Display};

use super::names::shorten;
use super::{Error, relay};

impl Error {
    /// Writes the text, of which nobody takes note.
    pub(super) fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if let Some(asked) = self.0.asked {
            write!(f, " of `{asked}`")?;
        }
        f.write_str(&self.0.rest)?;
        if let Some(stored) = &self.0.stored {
            write!(f, ", stored as {stored}")?;
        }
        if !self.0.advice.is_empty() {
            write!(f, " ({})", self.0.advice.join(", "))?;
        }
        let places = [
            ("at", self.steps(shorten)),
            ("HDF5 path", self.hdf5_path()),
            ("file", self.0.file.clone().unwrap_or_default()),
        ];
        let mut separator = ';';
        for (what, place) in places.iter().filter(|(_, place)| !place.is_empty()) {
            write!(f, "{separator} {what} `{place}`")?;
            separator = ',';
        }
        Ok(())
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As text it may be on its way through another format's error.
        relay::show(self);
        self.write(f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({:?}, {:?})", self.kind(), self.to_string())
    }
}
