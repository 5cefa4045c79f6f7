//! Integers of more bytes than HDF5's own have, up to 16: they are read as they are stored.

use std::fmt::{self, Display};

use hdf5_sys::h5t::{H5T_STD_U64LE, H5T_sign_t};

use super::Handle;
use super::sys::h5t;
use crate::ground::error::Result;

/// An integer type of 9 to 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WideInteger {
    size: usize,
    is_signed: bool,
}

impl WideInteger {
    /// Of so many bytes; `None` for other sizes.
    pub(crate) fn new(size: usize, is_signed: bool) -> Option<Self> {
        (9..=16).contains(&size).then_some(Self { size, is_signed })
    }

    pub(super) fn size(self) -> usize {
        self.size
    }

    /// Whether it has a sign.
    pub(crate) fn is_signed(self) -> bool {
        self.is_signed
    }

    /// The type, little-endian, of which all bits count.
    pub(super) fn id(self) -> Result<Handle> {
        let what = "create an integer type";
        let id = h5t::copy(what, *H5T_STD_U64LE)?;
        let sign = if self.is_signed { H5T_sign_t::H5T_SGN_2 } else { H5T_sign_t::H5T_SGN_NONE };
        h5t::set_integer(what, &id, self.size, sign)?;
        Ok(Handle::Owned(id))
    }

    /// The number that `bytes`, little-endian, are; one with a sign is the number that has its bits.
    pub(crate) fn value(self, bytes: &[u8]) -> u128 {
        let is_negative = self.is_signed && bytes.last().is_some_and(|byte| byte >> 7 == 1);
        let mut all = [if is_negative { u8::MAX } else { 0 }; 16];
        all.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
        u128::from_le_bytes(all)
    }
}

/// `u128`.
impl Display for WideInteger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.is_signed { 'i' } else { 'u' }, 8 * self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        let signed = WideInteger::new(9, true).unwrap();
        assert_eq!(signed.value(&[0xfe, 255, 255, 255, 255, 255, 255, 255, 255]) as i128, -2);
        assert_eq!(signed.value(&[1, 0, 0, 0, 0, 0, 0, 0, 1]), (1 << 64) + 1);
        assert_eq!(WideInteger::new(16, false).unwrap().value(&[255; 16]), u128::MAX);
        assert_eq!((WideInteger::new(8, true), WideInteger::new(17, true)), (None, None));
    }
}
