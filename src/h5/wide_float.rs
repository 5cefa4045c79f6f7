//! Floats of more bytes than Rust's have, as C's `long double` is: they are read as they are stored, and are an `f64` where
//! that holds them exactly.

use std::fmt::{self, Display};

use hdf5_sys::h5t::{H5T_IEEE_F64LE, H5T_norm_t};

use super::sys::h5t::{self, FloatBits};
use super::{Handle, Id};
use crate::ground::error::Result;

/// How a float is laid out, in bits from the least significant one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WideFloat {
    size: usize,
    precision: usize,
    sign: usize,
    /// Where they begin, and how many they are.
    exponent: (usize, usize),
    mantissa: (usize, usize),
    bias: usize,
    /// The first bit of normal numbers is not stored.
    is_implied: bool,
}

impl WideFloat {
    /// Looks into a float type; `None` for one that is laid out in a way that no machine has.
    pub(super) fn of(id: &Id) -> Result<Option<Self>> {
        let FloatBits { size, precision, sign, exponent, mantissa, bias } =
            h5t::float_bits("look into a float type", id)?;
        let Some(norm) = h5t::norm(id.get())? else { return Ok(None) };
        let is_implied = norm == H5T_norm_t::H5T_NORM_IMPLIED;
        let fits = |(start, len): (usize, usize)| len > 0 && start.checked_add(len).is_some_and(|end| end <= 8 * size);
        let is_known = size <= 16
            && sign < 8 * size
            && fits(exponent)
            && fits(mantissa)
            && exponent.1 <= 15
            && mantissa.1 <= 112
            && bias < 1 << 15;
        Ok(is_known.then_some(Self { size, precision, sign, exponent, mantissa, bias, is_implied }))
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// The type, little-endian.
    pub(super) fn id(&self) -> Result<Handle> {
        let what = "create a float type";
        let id = h5t::copy(what, *H5T_IEEE_F64LE)?;
        let norm = if self.is_implied { H5T_norm_t::H5T_NORM_IMPLIED } else { H5T_norm_t::H5T_NORM_NONE };
        let Self { size, precision, sign, exponent, mantissa, bias, .. } = *self;
        let bits = FloatBits { size, precision, sign, exponent, mantissa, bias };
        h5t::set_float_bits(what, &id, &bits, norm)?;
        Ok(Handle::Owned(id))
    }

    /// The number that `bytes`, little-endian, are; `None` where `f64` does not hold it exactly.
    pub(crate) fn exact(&self, bytes: &[u8]) -> Option<f64> {
        let mut all = [0; 16];
        all.get_mut(..bytes.len())?.copy_from_slice(bytes);
        let all = u128::from_le_bytes(all);
        let part = |(start, len): (usize, usize)| (all >> start) & ((1u128 << len) - 1);
        let (exponent, mantissa) = (part(self.exponent), part(self.mantissa));
        let sign = if part((self.sign, 1)) == 1 { -1.0 } else { 1.0 };
        // Bits after the point, and that of 1.
        let digits = self.mantissa.1 - usize::from(!self.is_implied);
        let unit = 1u128 << digits;
        if exponent == (1 << self.exponent.1) - 1 {
            let is_infinite = mantissa & (unit - 1) == 0;
            return Some(sign * if is_infinite { f64::INFINITY } else { f64::NAN });
        }
        let significand = if self.is_implied && exponent > 0 { mantissa | unit } else { mantissa };
        if significand == 0 {
            return Some(sign * 0.0);
        }
        let zeros = significand.trailing_zeros();
        let significand = significand >> zeros;
        let power = exponent.max(1) as i32 - self.bias as i32 - digits as i32 + zeros as i32;
        let bits = 128 - significand.leading_zeros() as i32;
        let is_held = bits <= 53 && power >= -1074 && power + bits <= 1024;
        // Neither step rounds, nor goes out of range on the way.
        let half = power / 2;
        is_held.then(|| sign * (significand as f64) * 2f64.powi(half) * 2f64.powi(power - half))
    }
}

/// `float(128 bits)`.
impl Display for WideFloat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "float({} bits)", self.precision)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const X87: WideFloat = WideFloat {
        size: 16,
        precision: 80,
        sign: 79,
        exponent: (64, 15),
        mantissa: (0, 64),
        bias: 16383,
        is_implied: false,
    };
    const QUAD: WideFloat = WideFloat {
        size: 16,
        precision: 128,
        sign: 127,
        exponent: (112, 15),
        mantissa: (0, 112),
        bias: 16383,
        is_implied: true,
    };

    /// The bits of a number in a layout, of those that are normal there.
    fn bits(layout: &WideFloat, value: f64) -> u128 {
        let sign = u128::from(value.is_sign_negative()) << layout.sign;
        if value == 0.0 {
            return sign;
        }
        let power = if value.is_normal() {
            ((value.to_bits() >> 52) & 0x7ff) as i32 - 1023
        } else {
            -1074 + (63 - value.to_bits().leading_zeros() as i32).max(0)
        };
        let significand = (value.abs() * 2f64.powi(-power / 2) * 2f64.powi(-power + power / 2) * 2f64.powi(52)) as u128;
        let digits = layout.mantissa.1 - usize::from(!layout.is_implied);
        let mut mantissa = significand << (digits - 52);
        if layout.is_implied {
            mantissa &= (1 << digits) - 1;
        }
        sign | ((power + 16383) as u128) << layout.exponent.0 | mantissa
    }

    #[test]
    fn what_f64_holds() {
        for layout in [X87, QUAD] {
            for value in [0.0, -0.0, 1.0, -1.5, 0.1, 1e300, -1e-300, f64::MAX, f64::MIN_POSITIVE, 5e-324, 3e-310] {
                let found = layout.exact(&bits(&layout, value).to_le_bytes()).unwrap();
                assert_eq!(found.to_bits(), value.to_bits(), "{value}");
            }
            // One bit more than it holds, at either end.
            let more = bits(&layout, 1.0) | 1;
            assert_eq!(layout.exact(&more.to_le_bytes()), None);
            let large = bits(&layout, 1.0) + (1024u128 << layout.exponent.0);
            assert_eq!(layout.exact(&large.to_le_bytes()), None);
            let small = bits(&layout, 5e-324) - (1u128 << layout.exponent.0);
            assert_eq!(layout.exact(&small.to_le_bytes()), None);
            let all = 0x7fff << layout.exponent.0;
            let unit = if layout.is_implied { 0 } else { 1u128 << 63 };
            assert_eq!(layout.exact(&(all | unit).to_le_bytes()), Some(f64::INFINITY));
            assert!(layout.exact(&(all | unit | 1).to_le_bytes()).unwrap().is_nan());
            let minus = 1 << layout.sign;
            assert_eq!(layout.exact(&(all | unit | minus).to_le_bytes()), Some(f64::NEG_INFINITY));
        }
    }
}
