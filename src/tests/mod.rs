//! Tests of whole calls that look at what users do not see.

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
