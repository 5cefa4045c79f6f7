//! Long sequences: appended to, streamed, and written and read by several threads.

#[path = "../common/mod.rs"]
mod common;

mod append;
mod append_h5py;
// Files of an appender's own need libhdf5 1.14.
#[cfg(feature = "bundled")]
mod append_options;
mod behind;
mod reader;
mod root_list;
mod swmr;
mod threads;
