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
pub(crate) mod dynamic;
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
pub(crate) mod read_state;
mod reference;
mod root;
mod row;
mod scope;
mod select;
mod source;
mod stream;
mod tagged;
mod tags;
mod variant;
mod view;
mod visit;
mod windows;
mod words;

use self::element::PartOfItem;
use crate::de::item::{Item, Part};
use crate::ground::depth::Depth;

pub(crate) use deserializer::{AskOnce, ValueDeserializer};
pub(crate) use kept::Kept;
pub(crate) use matlab::Laid;
pub(crate) use root::{Root, from_root, read_named, whole};
pub(crate) use source::{Found, Source, Stored};
pub(crate) use stream::Stream;
pub(crate) use visit::{Make, Question, Visit, made};

/// The deserializer of what an item is.
pub(crate) fn of_item(item: Item<'_>) -> ValueDeserializer<'_> {
    let part = Part::of_item(item);
    ValueDeserializer::Part(PartOfItem { part, depth: Depth::default(), order: None })
}
