//! What a serializer is told of a value, as data: for all that looks at values without being compiled for their types.

use serde::ser::{Serialize, Serializer};

use super::any_value::{AnyElements, AnyValue};
use super::column::out_of_order;
use crate::ground::error::Result;
use crate::h5::{Number, element_bytes};

macro_rules! scalars {
    ($($method:ident $variant:ident: $type:ty),*) => {
        /// A number or bool.
        #[derive(Clone, Copy, Debug)]
        pub(super) enum NumberOrBool {
            $($variant($type),)*
        }

        impl NumberOrBool {
            /// Does something with its type and bytes.
            pub(super) fn with_bytes<R>(self, work: impl FnOnce(Number, &[u8]) -> R) -> R {
                match self {
                    $(Self::$variant(value) => work(Number::$variant, element_bytes(&[value])),)*
                }
            }
        }

        $(impl From<$type> for NumberOrBool {
            #[inline]
            fn from(value: $type) -> Self {
                Self::$variant(value)
            }
        })*

        impl Serialize for NumberOrBool {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match *self {
                    $(Self::$variant(value) => serializer.$method(value),)*
                }
            }
        }
    };
}
scalars! {
    serialize_bool Bool: bool, serialize_i8 I8: i8, serialize_i16 I16: i16, serialize_i32 I32: i32, serialize_i64 I64: i64,
    serialize_u8 U8: u8, serialize_u16 U16: u16, serialize_u32 U32: u32, serialize_u64 U64: u64, serialize_f32 F32: f32,
    serialize_f64 F64: f64
}

impl NumberOrBool {
    /// The integer that it is, if it is one.
    pub(super) fn integer(self) -> Option<i128> {
        Some(match self {
            Self::I8(value) => value.into(),
            Self::I16(value) => value.into(),
            Self::I32(value) => value.into(),
            Self::I64(value) => value.into(),
            Self::U8(value) => value.into(),
            Self::U16(value) => value.into(),
            Self::U32(value) => value.into(),
            Self::U64(value) => value.into(),
            Self::Bool(_) | Self::F32(_) | Self::F64(_) => return None,
        })
    }
}

/// A value that is there with one call.
#[derive(Clone, Copy)]
pub(super) enum Event<'v> {
    Number(NumberOrBool),
    I128(i128),
    U128(u128),
    Char(char),
    Text(&'v str),
    Bytes(&'v [u8]),
    None,
    Some(&'v dyn AnyValue),
    Unit,
    UnitStruct(&'static str),
    NewtypeStruct(&'static str, &'v dyn AnyValue),
    /// A variant without payload, or with one value: the variant's index and name.
    UnitVariant(u32, &'static str),
    NewtypeVariant(u32, &'static str, &'v dyn AnyValue),
}

/// A value whose parts come by further calls. Lengths are what the value says. Variants have their index and name.
#[derive(Clone, Copy)]
pub(super) enum Compound {
    Seq(Option<usize>),
    /// A tuple, or tuple struct.
    Tuple(usize),
    TupleVariant(u32, &'static str, usize),
    Map(Option<usize>),
    /// Its name, and how many fields it says it has.
    Struct(&'static str, usize),
    StructVariant(u32, &'static str),
}

/// What takes one value; which, it is told by one of its methods, once.
pub(super) trait Sink<'a> {
    /// Takes a value that is there with one call.
    fn event(&mut self, event: Event<'_>) -> Result<()>;

    /// Takes a value of which the parts are to come.
    fn begin(&mut self, compound: Compound) -> Result<Box<dyn CompoundSink + 'a>>;

    /// Takes a sequence as a whole.
    fn collect(&mut self, items: &mut dyn AnyElements) -> Result<()> {
        let mut parts = self.begin(Compound::Seq(items.exact_len()))?;
        while let Some(item) = items.next() {
            parts.element(item)?;
        }
        parts.end()
    }
}

/// A [`Sink`] that is used up by its value. An `Option` of it is a sink.
pub(super) trait SinkOnce<'a>: Sized {
    /// As [`Sink::event`].
    fn event(self, event: Event<'_>) -> Result<()>;

    /// As [`Sink::begin`].
    fn begin(self, compound: Compound) -> Result<Box<dyn CompoundSink + 'a>>;

    /// As [`Sink::collect`].
    fn collect(self, items: &mut dyn AnyElements) -> Result<()>;
}

impl<'a, S: SinkOnce<'a>> Sink<'a> for Option<S> {
    fn event(&mut self, event: Event<'_>) -> Result<()> {
        self.take().ok_or_else(out_of_order)?.event(event)
    }

    fn begin(&mut self, compound: Compound) -> Result<Box<dyn CompoundSink + 'a>> {
        self.take().ok_or_else(out_of_order)?.begin(compound)
    }

    fn collect(&mut self, items: &mut dyn AnyElements) -> Result<()> {
        self.take().ok_or_else(out_of_order)?.collect(items)
    }
}

/// What takes the parts of a value. Which methods are called depends on what that [began](Sink::begin) as.
pub(super) trait CompoundSink {
    /// Takes an element of a sequence or tuple.
    fn element(&mut self, _: &dyn AnyValue) -> Result<()> {
        Err(out_of_order())
    }

    /// Takes a field.
    fn field(&mut self, _: &'static str, _: &dyn AnyValue) -> Result<()> {
        Err(out_of_order())
    }

    /// Takes note of a field that the value leaves out.
    fn skip_field(&mut self, _: &'static str) -> Result<()> {
        Ok(())
    }

    /// Takes the key of an entry, whose value comes next.
    fn key(&mut self, _: &dyn AnyValue) -> Result<()> {
        Err(out_of_order())
    }

    /// Takes the value of an entry.
    fn value(&mut self, _: &dyn AnyValue) -> Result<()> {
        Err(out_of_order())
    }

    /// Takes an entry.
    fn entry(&mut self, key: &dyn AnyValue, value: &dyn AnyValue) -> Result<()> {
        self.key(key)?;
        self.value(value)
    }

    /// Ends the value.
    fn end(self: Box<Self>) -> Result<()>;
}
