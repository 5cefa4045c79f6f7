//! nodes -> value. A [`node`] is what a link leads to, a [`column`] a stored sequence, an [`item`](crate::item) what a dataset holds;
//! [`view`] reads any of them as the type that asks, and [`element`] knows shorter ways for what is in sequences.
//! The enums, trait objects and dictionaries of the Python package FileBacked are [`variant`]s, [`tagged`] and [`pair`]s.
//! What others wrote in ways of their own is recognized in [`marked`] datasets and [`foreign`] groups, and is one of these from
//! there on; [`matlab`] has its arrays. A [`reference`](mod@reference) is what it refers to. Wrapper types read themselves, from a [`source`], or later,
//! from what is [`kept`]. [`select`] knows what the options leave out, and [`words`] what errors say of what is stored.

mod access;
mod array;
mod attributes;
mod column;
mod dynamic;
mod element;
mod foreign;
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
mod windows;
mod words;

pub(crate) use kept::Kept;
pub(crate) use matlab::Laid;
pub use root::Hdf5Deserializer;
pub(crate) use root::{from_root, read_named};
pub(crate) use source::{Found, Source, Stored};
pub(crate) use stream::Stream;

/// Implements each `Deserializer` method by handing it on: `$forward` is a macro that is given the call, `$number`,
/// where it is named, one that is given those for numbers with their types.
macro_rules! forward_all {
    ($forward:ident) => {
        $forward!(deserialize_bool());
        $forward!(deserialize_i8());
        $forward!(deserialize_i16());
        $forward!(deserialize_i32());
        $forward!(deserialize_i64());
        $forward!(deserialize_u8());
        $forward!(deserialize_u16());
        $forward!(deserialize_u32());
        $forward!(deserialize_u64());
        $forward!(deserialize_f32());
        $forward!(deserialize_f64());
        $crate::de::forward_all!(@others $forward);
    };
    ($forward:ident, $number:ident) => {
        $number!(deserialize_bool visit_bool bool);
        $number!(deserialize_i8 visit_i8 i8);
        $number!(deserialize_i16 visit_i16 i16);
        $number!(deserialize_i32 visit_i32 i32);
        $number!(deserialize_i64 visit_i64 i64);
        $number!(deserialize_u8 visit_u8 u8);
        $number!(deserialize_u16 visit_u16 u16);
        $number!(deserialize_u32 visit_u32 u32);
        $number!(deserialize_u64 visit_u64 u64);
        $number!(deserialize_f32 visit_f32 f32);
        $number!(deserialize_f64 visit_f64 f64);
        $crate::de::forward_all!(@others $forward);
    };
    (@others $forward:ident) => {
        $forward!(deserialize_any());
        $forward!(deserialize_i128());
        $forward!(deserialize_u128());
        $forward!(deserialize_char());
        $forward!(deserialize_str());
        $forward!(deserialize_string());
        $forward!(deserialize_bytes());
        $forward!(deserialize_byte_buf());
        $forward!(deserialize_option());
        $forward!(deserialize_unit());
        $forward!(deserialize_unit_struct(name: &'static str));
        $forward!(deserialize_newtype_struct(name: &'static str));
        $forward!(deserialize_seq());
        $forward!(deserialize_tuple(len: usize));
        $forward!(deserialize_tuple_struct(name: &'static str, len: usize));
        $forward!(deserialize_map());
        $forward!(deserialize_struct(name: &'static str, fields: &'static [&'static str]));
        $forward!(deserialize_enum(name: &'static str, variants: &'static [&'static str]));
        $forward!(deserialize_identifier());
    };
}
use forward_all;
