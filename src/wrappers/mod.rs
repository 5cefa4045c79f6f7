//! Types that write and read themselves: each is an object of its own, wherever in a value it stands. They reach `ser` and
//! `de` by way of the [`bridge`].

pub mod array;
pub(crate) mod attrs;
pub(crate) mod bridge;
pub mod codec;
pub(crate) mod dist;
mod field;
pub(crate) mod lazy;
#[cfg(feature = "sprs")]
mod matrix;
#[cfg(feature = "nalgebra")]
pub mod nalgebra;
pub(crate) mod shared;
pub mod sorted;
#[cfg(feature = "sprs")]
pub mod sparse;
#[cfg(feature = "arrow")]
pub(crate) mod table;
pub mod timestamp;
#[cfg(feature = "sprs")]
pub mod triplets;
pub mod value;
