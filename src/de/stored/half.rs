//! Floats of 16 bits.

use crate::ground::limits::Limits;

/// Whether the type of that name, of the crate `half`, holds a number exactly.
pub(super) fn holds(name: &str, value: f64) -> bool {
    // Bits after the point; the exponents of the smallest and the largest normal number.
    let (digits, lowest, highest) = if name == "f16" { (10, -14, 15) } else { (7, -126, 127) };
    if value == 0.0 || !value.is_finite() {
        return true;
    }
    let exponent = ((value.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    let unit = 2f64.powi(exponent.max(lowest) - digits);
    exponent <= highest && (value / unit).fract() == 0.0
}

/// Whether a number is read as that type: what the type holds, and what is near, if the options allow that.
pub(super) fn takes(name: &str, value: f64) -> bool {
    // What is as near to infinity as to the largest number.
    let beyond = if name == "f16" { 65520.0 } else { 2f64.powi(128) * (1.0 - 2f64.powi(-9)) };
    holds(name, value) || Limits::rounds() && value.abs() < beyond
}

#[cfg(test)]
mod tests {
    use super::holds;

    #[test]
    fn what_is_held() {
        for value in
            [0.0, -0.0, 1.0, -65504.0, 2f64.powi(-24), 2f64.powi(-14), 1.0 + 2f64.powi(-10), f64::NAN, f64::INFINITY]
        {
            assert!(holds("f16", value), "{value}");
        }
        for value in [65505.0, 65536.0, 2f64.powi(-25), 3.0 * 2f64.powi(-25), 0.1, 1.0 + 2f64.powi(-11), 1e300, 1e-300]
        {
            assert!(!holds("f16", value), "{value}");
        }
        for value in [1.0 + 2f64.powi(-7), 2f64.powi(127), 2f64.powi(-133)] {
            assert!(holds("bf16", value), "{value}");
        }
        for value in [1.0 + 2f64.powi(-8), 2f64.powi(128), 2f64.powi(-134)] {
            assert!(!holds("bf16", value), "{value}");
        }
    }
}
