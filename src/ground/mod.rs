//! What all else stands on: errors, limits, how far a call has come, and how deep it is.

pub(crate) mod call;
pub(crate) mod call_end;
pub(crate) mod depth;
pub(crate) mod error;
pub(crate) mod half;
pub(crate) mod ledger;
pub(crate) mod library_lock;
pub(crate) mod limits;
pub(crate) mod link_name;
pub(crate) mod memory;
pub(crate) mod message;
pub(crate) mod progress;
pub(crate) mod read_failure;
pub(crate) mod stack;
pub(crate) mod time;
pub(crate) mod wrapper_slot;
