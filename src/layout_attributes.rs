//! The attributes by which the layout tells what a group or dataset is.

use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::{Attributes, Dtype, Shape};
use crate::layout::{KIND, Kind, LENGTH};

/// What carries the layout's own attributes.
pub(crate) trait LayoutAttributes: Attributes {
    /// Marks the object as being of `kind`.
    fn write_kind(&self, kind: Kind) -> Result<()> {
        self.write_text(KIND, kind.as_str())
    }

    /// The kind that the object is marked with.
    fn kind(&self) -> Result<Option<Kind>> {
        let Some(contents) = self.attribute(KIND)? else { return Ok(None) };
        let word = match (&contents.dtype, &contents.shape) {
            (Dtype::FixedString(_), Shape::Scalar) => contents.items.bytes(),
            (Dtype::VarString(_), Shape::Scalar) => contents.items.string(contents.items.bytes()),
            _ => return Err(Error::corrupt(format!("the attribute `{KIND}` is no string but {}", contents.words()))),
        };
        let word = String::from_utf8_lossy(word);
        let word = word.trim_end_matches('\0');
        match Kind::from_word(word) {
            Some(kind) => Ok(Some(kind)),
            None => Err(Error::new(ErrorKind::Unsupported, format!("the kind {word:?} is not known to this version"))),
        }
    }

    /// Writes the number of rows of a group of columns.
    fn write_length(&self, length: u64) -> Result<()> {
        self.write_count(LENGTH, length)
    }

    /// The number of rows of a group of columns.
    fn length(&self) -> Result<u64> {
        self.count_of(LENGTH)
    }
}

impl<T: Attributes + ?Sized> LayoutAttributes for T {}
