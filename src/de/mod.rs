//! nodes -> value. A user's type is compiled for one [`deserializer`], and its visitors for the [`elements`], entries and variants
//! that there is one type of each of; whatever they are told comes from what knows how it is stored, by way of [`visit`], and
//! is compiled once. A [`node`] is what a link leads to, a [`column`] a stored sequence, an [`item`] what a dataset holds;
//! [`view`] reads any of them as the type that asks, and [`element`] knows shorter ways for what is in sequences.
//! The enums, trait objects and dictionaries of the Python package FileBacked are [`variant`]s, [`tagged`] and [`pair`]s.
//! What others wrote in ways of their own is recognized in [`marked`] datasets and [`foreign`] groups, and is one of these from
//! there on; [`matlab`] has its arrays. A [`reference`](mod@reference) is what it refers to. Wrapper types read themselves, from a [`source`], or later,
//! from what is [`kept`]. [`select`] knows what the options leave out, and [`words`] what errors say of what is stored.

mod access;
mod array;
mod attributes;
mod cells;
mod column;
mod deserializer;
mod dynamic;
mod element;
mod elements;
mod foreign;
pub(crate) mod item;
mod kept;
mod key;
mod known;
mod line;
mod marked;
mod matlab;
mod node;
mod pair;
mod reference;
mod root;
mod row;
mod scope;
mod select;
mod source;
mod stream;
mod tagged;
mod variant;
mod view;
mod visit;
mod windows;
mod words;

use serde::Deserialize;

use self::element::PartOfItem;
use crate::de::item::{Item, Part};
use crate::ground::depth::Depth;
use crate::ground::error::Result;
use crate::wrappers::value::Value;

pub(crate) use deserializer::ValueDeserializer;
pub(crate) use kept::Kept;
pub(crate) use matlab::Laid;
pub use root::Hdf5Deserializer;
pub(crate) use root::{from_root, read_named};
pub(crate) use source::{Found, Source, Stored};
pub(crate) use stream::Stream;
pub(crate) use visit::{Make, made};

/// The value that an item is, whatever it is.
pub(crate) fn value_of_item(item: Item<'_>) -> Result<Value> {
    let part = Part::of_item(item);
    Value::deserialize(ValueDeserializer::Part(PartOfItem { part, depth: Depth::default(), order: None }))
}
