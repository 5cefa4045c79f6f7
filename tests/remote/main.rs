//! Files in stores and on servers, read by ranges.

#[path = "../common/mod.rs"]
mod common;

mod answers;
mod put;
mod read;
mod rounds;
mod s3;
mod server;
mod store;
