//! value -> nodes. Values at a place of their own go through [`node`] and [`compound`]; the elements of sequences are
//! collected in a [`column`] by [`element`], and [`layout`] writes them. Long sequences whose elements turn out to be of one
//! form leave that way: [`stream`] has [`rows`] put them into bytes as the file has them, or [`lanes`] take them apart.

mod column;
mod compound;
mod element;
mod key;
mod lanes;
mod layout;
mod node;
mod numbers;
mod place;
mod record;
mod root;
mod rows;
mod stream;

pub use root::Hdf5Serializer;
pub(crate) use root::{fill, write_named};
