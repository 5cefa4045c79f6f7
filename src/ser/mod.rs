//! value -> nodes. The types of users are compiled for the [`serializer`], and, where they are elements of sequences, for
//! [`rows`]; anything else is told of a value by [`event`]s, or takes it as an [`item`] of any type. Values at a place of their own go through [`node`] and [`compound`]; the elements of sequences are
//! collected in a [`column`] by [`element`], structs and tuples by way of [`composite`], enums of [`variants`]; [`copy`] has
//! what happens when a column takes another form, and [`layout`] writes them. Long sequences whose elements turn out to be
//! of one form leave that way: [`stream`] has [`rows`] put them into bytes as the file has them, or [`lanes`] take them
//! apart. What [`growing`] sequences get later comes by way of [`append`]. Wrapper types write themselves, to a
//! [`destination`]; those in sequences are [`objects`]. What the options leave out is not gone into: see [`select`]. [`root`]
//! has whole values, and [`replace`] what takes the place of others; [`changes`] are made to a group that is there.
//! What goes into the layout of the Python package FileBacked instead takes the way of [`python`].

mod append;
mod attributes;
mod changes;
mod column;
mod composite;
mod compound;
mod copy;
mod destination;
mod element;
mod event;
mod growing;
mod item;
mod key;
mod lanes;
mod layout;
mod merge;
mod node;
mod numbers;
mod objects;
mod place;
mod python;
mod record;
mod replace;
mod root;
mod rows;
mod select;
mod serializer;
mod stream;
mod strings;
mod variants;
pub(crate) mod write_state;

pub(crate) use append::Growth;
pub(crate) use changes::{Changes, link_name, link_names};
pub(crate) use destination::Destination;
pub(crate) use item::{Erased, Item};
pub use root::Hdf5Serializer;
pub(crate) use root::{fill, write_named};
pub(crate) use select::Question;
