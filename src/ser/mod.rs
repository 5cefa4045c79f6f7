//! value -> nodes.
//!
//! Users' types are compiled for the [`serializer`] and, where they are elements of sequences, for the [`record_packer`].
//! Everything else learns of a value by [`event`]s, or takes it as [`any_value`].
//!
//! - Values at a place of their own go through [`node`], [`compound`] and [`map`].
//! - [`element`] collects the elements of sequences in a [`column`]: structs and tuples by way of [`composite`], enums in
//!   [`variants`]. [`copy`] moves elements when a column takes another form. [`column_layout`] writes columns.
//! - [`array_form`] has arrays of `ndarray` that are in no wrapper, `matrix_form` matrices of `nalgebra`, and `sparse_form` those of
//!   `sprs`.
//! - Long sequences whose elements turn out to be of one form leave that way: [`stream`] has the [`record_packer`] put them into
//!   bytes as the file has them, and [`field_buffers`] takes them apart by field.
//! - [`growth`] adds to sequences that are stored already, which [`growing`] knows how to extend.
//! - Wrapper types write themselves to a [`destination`]; those in sequences go to an [`object_list`]. Those that are in memory
//!   as columns go to a `column_place`.
//! - [`root`] writes whole values, [`replace`] puts one in the place of another, and [`changes`] are made to a group that is there.
//! - [`spread`] has lists of which each of several ranks writes a part.
//! - [`tape`] has values as bytes, which ranks compare and send each other.
//! - [`select`] knows what the options leave out. [`python`] has the layout of the Python package FileBacked.

mod any_value;
mod array_form;
mod attributes;
mod changes;
mod column;
mod column_layout;
#[cfg(feature = "arrow")]
mod column_place;
mod composite;
mod compound;
mod copy;
mod destination;
mod element;
mod event;
mod field_buffers;
mod growing;
mod growth;
mod key;
mod map;
#[cfg(feature = "nalgebra")]
mod matrix_form;
mod merge;
mod node;
mod numbers;
mod object_list;
mod place;
mod python;
mod record;
mod record_packer;
mod replace;
mod replay;
mod root;
mod select;
mod serializer;
#[cfg(feature = "sprs")]
mod sparse_form;
mod spread;
mod stream;
mod strings;
mod tape;
mod variants;
pub(crate) mod write_state;

pub(crate) use any_value::{AnyValue, Erased};
pub(crate) use changes::{Changes, link_name, link_names};
#[cfg(feature = "arrow")]
pub(crate) use column_place::ColumnPlace;
pub(crate) use destination::Destination;
pub(crate) use growth::Growth;
pub(crate) use replay::Tapes;
pub use root::Hdf5Serializer;
pub(crate) use root::{fill, write_named};
pub(crate) use select::NamesQuestion;
#[cfg(feature = "sprs")]
pub(crate) use sparse_form::write_attributes;
pub(crate) use spread::{ListPart, ListPlan};
#[cfg(feature = "arrow")]
pub(crate) use strings::StringList;
pub(crate) use tape::{PartQuestion, ask_parts, elements, hash};
