//! Calls as a whole: what they leave behind when they are cancelled, are killed or run out of room, and what they take and tell.
//!
//! These have a process of their own: `files` starts programs that inherit whatever is open, with its locks, and `progress`
//! waits for no other thread that uses libhdf5 for long. Most others do their work in further processes.

#[path = "../common/mod.rs"]
mod common;

#[cfg(unix)]
mod files;
#[cfg(all(target_os = "linux", feature = "bundled", feature = "sprs"))]
mod full_disk;
mod groups;
// Files of an appender's own need libhdf5 1.14.
#[cfg(all(unix, feature = "bundled"))]
mod killed;
#[cfg(target_os = "linux")]
mod memory;
mod progress;
#[cfg(all(target_os = "linux", feature = "bundled", feature = "sprs"))]
mod ranks;
