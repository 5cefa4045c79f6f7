//! Floats of 16 bits, of the crate `half`.

use std::any::TypeId;

use crate::ground::error::{Error, ErrorKind, Result};

/// Whether a newtype is a float of 16 bits, of the crate `half`: to serde, it is the number that has its bits.
pub(crate) fn is_half(name: &str) -> bool {
    matches!(name, "f16" | "bf16")
}

/// Refuses such a float, whose content is of that type, where it would be written as the number that has its bits: serde has
/// no way to say what it is.
#[inline]
pub(crate) fn refuse_half(name: &str, content: TypeId) -> Result<()> {
    if is_half(name) && content == TypeId::of::<u16>() { Err(half(name)) } else { Ok(()) }
}

#[cold]
fn half(name: &str) -> Error {
    let message = format!(
        "`{name}` is to serde the integer that has its bits: write an `NdArray` of it (cargo feature `f16`), or it as `f32` \
         (`half::f16::serialize_as_f32`)"
    );
    Error::new(ErrorKind::Unsupported, message)
}
