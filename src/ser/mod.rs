//! value -> nodes. Values at a place of their own go through [`node`] and [`compound`]; the elements of sequences are
//! collected in a [`column`] by [`element`], structs and tuples by way of [`composite`], enums of [`variants`]; [`copy`] has
//! what happens when a column takes another form, and [`layout`] writes them. Long sequences whose elements turn out to be
//! of one form leave that way: [`stream`] has [`rows`] put them into bytes as the file has them, or [`lanes`] take them
//! apart. What [`growing`] sequences get later comes by way of [`append`]. Wrapper types write themselves, to a
//! [`destination`]; those in sequences are [`objects`]. What the options leave out is not gone into: see [`select`]. [`root`]
//! has whole values, and [`replace`] what takes the place of others; [`changes`] are made to a group that is there.
//! What goes into the layout of the Python package FileBacked instead takes the way of [`python`].

/// Methods of a serializer that write a number by its `scalar`.
macro_rules! scalars {
    ($($method:ident: $type:ty = $number:ident),*) => {
        $(fn $method(self, value: $type) -> Result<()> {
            self.scalar(Number::$number, element_bytes(&[value]))
        })*
    };
}

/// Methods of a serializer that answer with an error: those named, of all that take something with parts or names.
macro_rules! refuse_parts {
    ($error:expr; $($method:ident)*) => {
        $(refuse_parts!(@$method $error);)*
    };
    (@some $error:expr) => {
        fn serialize_some<T: ?Sized + Serialize>(self, _: &T) -> Result<Self::Ok> {
            Err($error)
        }
    };
    (@newtype_variant $error:expr) => {
        fn serialize_newtype_variant<T: ?Sized + Serialize>(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: &T,
        ) -> Result<Self::Ok> {
            Err($error)
        }
    };
    (@seq $error:expr) => {
        fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq> {
            Err($error)
        }
    };
    (@tuple $error:expr) => {
        fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple> {
            Err($error)
        }
    };
    (@tuple_struct $error:expr) => {
        fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct> {
            Err($error)
        }
    };
    (@tuple_variant $error:expr) => {
        fn serialize_tuple_variant(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: usize,
        ) -> Result<Self::SerializeTupleVariant> {
            Err($error)
        }
    };
    (@map $error:expr) => {
        fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap> {
            Err($error)
        }
    };
    (@struct_ $error:expr) => {
        fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct> {
            Err($error)
        }
    };
    (@struct_variant $error:expr) => {
        fn serialize_struct_variant(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: usize,
        ) -> Result<Self::SerializeStructVariant> {
            Err($error)
        }
    };
}

mod append;
mod attributes;
#[cfg(test)]
mod cancelled;
mod changes;
mod column;
mod composite;
mod compound;
mod copy;
mod destination;
mod element;
mod growing;
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
#[cfg(test)]
mod rollback;
mod root;
mod rows;
mod select;
mod stream;
mod strings;
mod variants;

pub(crate) use append::Growth;
pub(crate) use changes::{Changes, link_name, link_names};
pub(crate) use destination::Destination;
pub use root::Hdf5Serializer;
pub(crate) use root::{fill, write_named};
