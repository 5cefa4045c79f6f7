//! nodes -> value.
//!
//! A user's type is compiled for one [`deserializer`]. Its visitors are compiled for the [`elements`], entries and variants, of
//! which there is one type each. All that they are told comes from code that knows how a value is stored: it goes through
//! [`visit`], and is compiled once.
//!
//! - A [`node`] is what a link leads to, a [`column`] a stored sequence, an [`item`] what a dataset holds. [`stored`] reads any
//!   of them as the type that asks; [`element`] has shorter ways for elements of sequences.
//! - [`array_form`] has arrays of `ndarray` that are in no wrapper, `matrix_form` matrices of `nalgebra`, and `sparse_form` those of
//!   `sprs`.
//! - [`python`] has the enums, trait objects and dictionaries of the Python package FileBacked.
//! - [`marked_dataset`] and [`foreign`] recognize what other programs wrote in ways of their own; [`matlab`] has MATLAB's arrays.
//! - A [`reference`](mod@reference) is read as the object that it refers to.
//! - Wrapper types read themselves from a [`source`], or later from what is [`deferred`], as do the entries of a map that is
//!   stored as keys and values ([`deferred_entry`]).
//! - Tables are read column by column in `bulk`, past the elements.
//! - [`times`] knows what the numbers are that times are stored as.
//! - [`select`] knows what the options leave out, [`visit_limits`] what a call may read, and [`describe`] what errors say of what is
//!   stored.

mod access;
mod array_form;
mod attributes;
#[cfg(feature = "arrow")]
mod bulk;
mod cells;
mod column;
mod deferred;
mod deferred_entry;
mod describe;
mod deserializer;
pub(crate) mod dynamic;
mod element;
mod elements;
mod foreign;
pub(crate) mod item;
mod key;
mod marked_dataset;
mod matlab;
mod matlab_vector;
#[cfg(feature = "nalgebra")]
mod matrix_form;
mod node;
mod offsets;
mod python;
mod range;
pub(crate) mod read_state;
mod reference;
mod root;
mod row;
mod select;
mod source;
#[cfg(feature = "sprs")]
mod sparse_form;
mod stored;
mod stream;
mod tags;
mod times;
mod visit;
mod visit_limits;
mod visitor_kinds;
mod windowed_dataset;

use self::element::PartOfItem;
use crate::de::item::{Item, ItemPart};
use crate::ground::depth::Depth;

#[cfg(feature = "arrow")]
pub(crate) use bulk::{ColumnData, Marks, SINCE, StoredTable, TIMEZONE};
pub(crate) use deferred::Deferred;
pub(crate) use deserializer::{AskOnce, ValueDeserializer};
pub(crate) use matlab::ArrayLayout;
pub(crate) use root::{Root, from_root, read_named, whole};
pub(crate) use source::{OpenObject, OpenSource, Source};
pub(crate) use stream::Stream;
pub(crate) use visit::{Make, Question, Visit, made};

/// The deserializer of what an item is.
pub(crate) fn of_item(item: Item<'_>) -> ValueDeserializer<'_> {
    let part = ItemPart::of_item(item);
    ValueDeserializer::Part(PartOfItem { part, depth: Depth::default(), order: None })
}
