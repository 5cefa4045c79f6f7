//! Files that are not to be trusted, damaged and hostile ones: limits, and what is said of all that cannot be read or written.

#[path = "../common/mod.rs"]
mod common;

#[cfg(target_os = "linux")]
mod amplified;
// Older libhdf5 crashes by itself on damaged files: 1.10.8 on one in a hundred of these.
#[cfg(feature = "bundled")]
mod damage;
#[cfg(feature = "bundled")]
mod damaged_heaps;
mod dense;
mod elsewhere;
mod errors;
mod hostile;
mod limits;
mod links;
mod rare;
mod reader_hostile;
mod references;
mod sources;
mod structures;
mod undefined;
