//! Memory for numbers of any type, which others take over as it is.

use bytemuck::{allocation, cast_slice, cast_slice_mut};

use crate::ground::error::{Error, ErrorKind, Result};

/// Bytes that begin where a number of any type may.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    words: Vec<u64>,
    len: usize,
}

impl Words {
    /// Zeros for `count` items of `size` bytes.
    pub(crate) fn zeroed(count: u64, size: usize) -> Result<Self> {
        let bytes = usize::try_from(count).ok().and_then(|count| count.checked_mul(size));
        let too_large =
            || Error::new(ErrorKind::Limit, format!("{count} items of {size} bytes do not fit into memory"));
        let len = bytes.ok_or_else(too_large)?;
        let words = allocation::try_zeroed_vec(len.div_ceil(size_of::<u64>())).map_err(|()| too_large())?;
        Ok(Self { words, len })
    }

    /// Adds `count` zeros of one byte; they are returned, to be set.
    pub(crate) fn grow(&mut self, count: usize) -> Result<&mut [u8]> {
        let too_large = || Error::new(ErrorKind::Limit, format!("{count} more bytes do not fit into memory"));
        let (start, len) = (self.len, self.len.checked_add(count).ok_or_else(too_large)?);
        let words = len.div_ceil(size_of::<u64>());
        if words > self.words.capacity() {
            self.words.try_reserve(words - self.words.len()).map_err(|_| too_large())?;
        }
        self.words.resize(words, 0);
        self.len = len;
        Ok(&mut self.bytes_mut()[start..])
    }

    /// Makes room for `bytes` bytes that will be added.
    pub(crate) fn reserve(&mut self, bytes: usize) -> Result<()> {
        let too_large = |_| Error::new(ErrorKind::Limit, format!("{bytes} bytes do not fit into memory"));
        self.words.try_reserve_exact(bytes.div_ceil(size_of::<u64>())).map_err(too_large)
    }

    /// The bytes, to be set.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut cast_slice_mut(&mut self.words)[..self.len]
    }

    /// The bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &cast_slice(&self.words)[..self.len]
    }

    /// The memory, and how many of its bytes count.
    pub(crate) fn into_parts(self) -> (Vec<u64>, usize) {
        (self.words, self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_hold_bytes_of_any_number() {
        let mut words = Words::zeroed(3, 3).unwrap();
        assert_eq!(words.bytes(), [0; 9]);
        words.bytes_mut().copy_from_slice(&[1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(words.bytes(), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        words.grow(1).unwrap()[0] = 10;
        words.grow(8).unwrap()[7] = 11;
        assert_eq!(words.bytes()[8..], [9, 10, 0, 0, 0, 0, 0, 0, 0, 11]);
        let (words, len) = words.into_parts();
        assert_eq!((words.len(), len), (3, 18));
        assert!(Words::zeroed(0, 8).unwrap().bytes().is_empty());
        assert_eq!(Words::zeroed(u64::MAX, 8).unwrap_err().kind(), ErrorKind::Limit);
    }
}
