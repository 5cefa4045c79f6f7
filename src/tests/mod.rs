//! Tests of whole calls that look at what users do not see.

use std::sync::atomic::{AtomicUsize, Ordering};

mod cancelled;
mod erased;
mod half;
#[cfg(all(unix, hdf5_drivers))]
mod killed;
mod progress;
mod rollback;
mod serializers;
mod sorted;
mod written_out;

/// The steps at which something fails or ends, one after the other: of those beyond the first, every third, another third for
/// each caller. With the environment variable `FILEBACKED_ALL_STEPS`, it is all of them, which takes three times as long.
fn steps() -> impl Iterator<Item = usize> {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    const FIRST: usize = 40;
    let stride = if every_step() { 1 } else { 3 };
    let start = FIRST + CALLS.fetch_add(1, Ordering::Relaxed) % stride;
    (0..FIRST).chain((start..).step_by(stride))
}

/// Whether all is tried that there is, however long it takes.
fn every_step() -> bool {
    std::env::var_os("FILEBACKED_ALL_STEPS").is_some()
}
