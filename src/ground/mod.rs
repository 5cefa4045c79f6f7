//! What all else stands on: errors, limits, how far a call has come, and how deep it is.

pub(crate) mod call;
pub(crate) mod depth;
pub(crate) mod error;
pub(crate) mod limits;
#[allow(unsafe_code, reason = "the size of memory is asked of the C library")]
pub(crate) mod memory;
pub(crate) mod progress;
