//! nodes -> value. A [`node`] is what a link leads to, a [`column`] a stored sequence, an [`item`](crate::item) what a dataset holds;
//! [`view`] reads any of them as the type that asks.

mod access;
mod array;
mod column;
mod key;
mod node;
mod root;
mod scope;
mod view;

pub use root::Hdf5Deserializer;
pub(crate) use root::{from_root, read_named};

/// Implements each `Deserializer` method by handing it on: `$forward` is a macro that is given the call.
macro_rules! forward_all {
    ($forward:ident) => {
        $forward!(deserialize_any());
        $forward!(deserialize_bool());
        $forward!(deserialize_i8());
        $forward!(deserialize_i16());
        $forward!(deserialize_i32());
        $forward!(deserialize_i64());
        $forward!(deserialize_i128());
        $forward!(deserialize_u8());
        $forward!(deserialize_u16());
        $forward!(deserialize_u32());
        $forward!(deserialize_u64());
        $forward!(deserialize_u128());
        $forward!(deserialize_f32());
        $forward!(deserialize_f64());
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
