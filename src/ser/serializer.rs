//! The serializer that the types of users are compiled for. Elements of sequences go to a [column](ElementSerializer) from
//! here; anything else is told of as [events](super::event). The one other is that of [`record_packer`](super::record_packer).

use serde::ser::{self, Serialize};

use super::any_value::{AnyValue, ElementsOf, Erased, ErasedRow};
use super::element::{ElementMap, ElementSeq, ElementSerializer, ElementStruct, ElementTuple, is_complex};
use super::event::{Compound, CompoundSink, Event, Sink};
use crate::ground::error::{Error, Result};
use crate::h5::text_of;

/// Takes a value of any type.
pub(crate) struct ValueSerializer<'a>(SerializerState<'a>);

enum SerializerState<'a> {
    /// It is pushed to a column.
    Element(ElementSerializer<'a>),
    Other(&'a mut (dyn Sink<'a> + 'a)),
}

impl<'a> ValueSerializer<'a> {
    /// Pushes the value to a column.
    #[inline]
    pub(super) fn element(element: ElementSerializer<'a>) -> Self {
        Self(SerializerState::Element(element))
    }

    /// Tells `sink` of the value.
    #[inline]
    pub(super) fn telling(sink: &'a mut (dyn Sink<'a> + 'a)) -> Self {
        Self(SerializerState::Other(sink))
    }
}

/// The parts of a value: in a column, or told of as events.
pub(crate) struct ValueParts<'a, E>(PartsState<'a, E>);

enum PartsState<'a, E> {
    Element(E),
    Other(Box<dyn CompoundSink + 'a>),
}

impl<'a, E> ValueParts<'a, E> {
    #[inline]
    fn element(element: E) -> Self {
        Self(PartsState::Element(element))
    }

    #[inline]
    fn begin(sink: &mut dyn Sink<'a>, compound: Compound) -> Result<Self> {
        Ok(Self(PartsState::Other(sink.begin(compound)?)))
    }
}

macro_rules! numbers {
    ($($method:ident: $type:ty),*) => {
        $(
            #[inline]
            fn $method(self, value: $type) -> Result<()> {
                match self.0 {
                    SerializerState::Element(element) => {
                        element.number(value);
                        Ok(())
                    }
                    SerializerState::Other(sink) => sink.event(Event::Number(value.into())),
                }
            }
        )*
    };
}

impl<'a> ser::Serializer for ValueSerializer<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = ValueParts<'a, ElementSeq<'a>>;
    type SerializeTuple = ValueParts<'a, ElementTuple<'a>>;
    type SerializeTupleStruct = ValueParts<'a, ElementTuple<'a>>;
    type SerializeTupleVariant = ValueParts<'a, ElementTuple<'a>>;
    type SerializeMap = ValueParts<'a, ElementMap<'a>>;
    type SerializeStruct = ValueParts<'a, ElementStruct<'a>>;
    type SerializeStructVariant = ValueParts<'a, ElementStruct<'a>>;

    numbers!(serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64);
    numbers!(serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64);
    numbers!(serialize_f32: f32, serialize_f64: f64);

    fn serialize_i128(self, value: i128) -> Result<()> {
        match self.0 {
            SerializerState::Element(element) => element.i128(value),
            SerializerState::Other(sink) => sink.event(Event::I128(value)),
        }
    }

    fn serialize_u128(self, value: u128) -> Result<()> {
        match self.0 {
            SerializerState::Element(element) => element.u128(value),
            SerializerState::Other(sink) => sink.event(Event::U128(value)),
        }
    }

    fn serialize_char(self, value: char) -> Result<()> {
        match self.0 {
            SerializerState::Element(element) => element.text(value.encode_utf8(&mut [0; 4])),
            SerializerState::Other(sink) => sink.event(Event::Char(value)),
        }
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<()> {
        match self.0 {
            SerializerState::Element(element) => element.text(value),
            SerializerState::Other(sink) => sink.event(Event::Text(value)),
        }
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<()> {
        match self.0 {
            SerializerState::Element(element) => element.bytes(value),
            SerializerState::Other(sink) => sink.event(Event::Bytes(value)),
        }
    }

    #[inline]
    fn serialize_none(self) -> Result<()> {
        match self.0 {
            SerializerState::Element(element) => element.none(),
            SerializerState::Other(sink) => sink.event(Event::None),
        }
    }

    #[inline]
    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<()> {
        match self.0 {
            SerializerState::Element(element) => element.some()?.push(value),
            SerializerState::Other(sink) => sink.event(Event::Some(&Erased(value))),
        }
    }

    fn serialize_unit(self) -> Result<()> {
        match self.0 {
            SerializerState::Element(element) => element.unit(),
            SerializerState::Other(sink) => sink.event(Event::Unit),
        }
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<()> {
        match self.0 {
            SerializerState::Element(element) => element.unit(),
            SerializerState::Other(sink) => sink.event(Event::UnitStruct(name)),
        }
    }

    #[inline]
    fn serialize_unit_variant(self, _: &'static str, index: u32, variant: &'static str) -> Result<()> {
        match self.0 {
            SerializerState::Element(element) => element.unit_variant(index, variant),
            SerializerState::Other(sink) => sink.event(Event::UnitVariant(index, variant)),
        }
    }

    #[inline]
    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, name: &'static str, value: &T) -> Result<()> {
        match self.0 {
            SerializerState::Element(element) => element.newtype_struct(name, value),
            SerializerState::Other(sink) => sink.event(Event::NewtypeStruct(name, &Erased(value))),
        }
    }

    #[inline]
    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        match self.0 {
            SerializerState::Element(element) => element.newtype_variant(index, variant, value),
            SerializerState::Other(sink) => sink.event(Event::NewtypeVariant(index, variant, &Erased(value))),
        }
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Self::SerializeSeq> {
        match self.0 {
            SerializerState::Element(element) => element.seq().map(ValueParts::element),
            SerializerState::Other(sink) => ValueParts::begin(sink, Compound::Seq(len)),
        }
    }

    /// As the trait does it, but all at once.
    #[inline]
    fn collect_seq<I>(self, values: I) -> Result<()>
    where
        I: IntoIterator<Item: Serialize>,
    {
        match self.0 {
            SerializerState::Element(element) => element.collect_seq(values),
            SerializerState::Other(sink) => sink.collect(&mut ElementsOf::new(values)),
        }
    }

    #[inline]
    fn serialize_tuple(self, len: usize) -> Result<Self::SerializeTuple> {
        match self.0 {
            SerializerState::Element(element) => element.tuple(len).map(ValueParts::element),
            SerializerState::Other(sink) => ValueParts::begin(sink, Compound::Tuple(len)),
        }
    }

    #[inline]
    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Self::SerializeTupleStruct> {
        self.serialize_tuple(len)
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleVariant> {
        match self.0 {
            SerializerState::Element(element) => element.tuple_variant(index, variant, len).map(ValueParts::element),
            SerializerState::Other(sink) => ValueParts::begin(sink, Compound::TupleVariant(index, variant, len)),
        }
    }

    #[inline]
    fn serialize_map(self, len: Option<usize>) -> Result<Self::SerializeMap> {
        match self.0 {
            SerializerState::Element(element) => element.map().map(ValueParts::element),
            SerializerState::Other(sink) => ValueParts::begin(sink, Compound::Map(len)),
        }
    }

    #[inline]
    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Self::SerializeStruct> {
        match self.0 {
            SerializerState::Element(element) => element.structure().map(ValueParts::element),
            SerializerState::Other(sink) => ValueParts::begin(sink, Compound::Struct(name, len)),
        }
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        _: &'static str,
        index: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant> {
        match self.0 {
            SerializerState::Element(element) => element.struct_variant(index, variant).map(ValueParts::element),
            SerializerState::Other(sink) => ValueParts::begin(sink, Compound::StructVariant(index, variant)),
        }
    }
}

impl ser::SerializeSeq for ValueParts<'_, ElementSeq<'_>> {
    type Ok = ();
    type Error = Error;

    #[inline]
    fn serialize_element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        match &mut self.0 {
            PartsState::Element(seq) => seq.push(value),
            PartsState::Other(parts) => parts.element(&ErasedRow(value)),
        }
    }

    #[inline(always)]
    fn end(self) -> Result<()> {
        match self.0 {
            PartsState::Element(seq) => seq.end(),
            PartsState::Other(parts) => parts.end(),
        }
    }
}

/// serde has a trait for each sort of tuple and struct; they differ in name only.
macro_rules! tuples {
    ($($trait:ident $method:ident),*) => {
        $(impl ser::$trait for ValueParts<'_, ElementTuple<'_>> {
            type Ok = ();
            type Error = Error;

            #[inline]
            fn $method<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
                match &mut self.0 {
                    PartsState::Element(tuple) => tuple.push(value),
                    PartsState::Other(parts) => parts.element(&Erased(value)),
                }
            }

            #[inline(always)]
            fn end(self) -> Result<()> {
                match self.0 {
                    PartsState::Element(tuple) => tuple.end(),
                    PartsState::Other(parts) => parts.end(),
                }
            }
        })*
    };
}
tuples!(SerializeTuple serialize_element, SerializeTupleStruct serialize_field, SerializeTupleVariant serialize_field);

macro_rules! structs {
    ($($trait:ident),*) => {
        $(impl ser::$trait for ValueParts<'_, ElementStruct<'_>> {
            type Ok = ();
            type Error = Error;

            #[inline]
            fn serialize_field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<()> {
                if is_complex::<T>() {
                    return self.item(name, &Erased(value));
                }
                let Some(serializer) = self.plain(name) else { return self.item(name, &Erased(value)) };
                match value.serialize(serializer) {
                    Ok(()) => Ok(()),
                    Err(error) => Err(self.in_field(error, name)),
                }
            }

            fn skip_field(&mut self, name: &'static str) -> Result<()> {
                match &mut self.0 {
                    PartsState::Element(row) => {
                        row.skip(name);
                        Ok(())
                    }
                    PartsState::Other(parts) => parts.skip_field(name),
                }
            }

            #[inline(always)]
            fn end(self) -> Result<()> {
                match self.0 {
                    PartsState::Element(row) => {
                        row.end();
                        Ok(())
                    }
                    PartsState::Other(parts) => parts.end(),
                }
            }
        })*
    };
}
structs!(SerializeStruct, SerializeStructVariant);

impl ValueParts<'_, ElementStruct<'_>> {
    /// What takes a field that is pushed to a column by the shortest way.
    #[inline(never)]
    fn plain(&mut self, name: &'static str) -> Option<ValueSerializer<'_>> {
        match &mut self.0 {
            PartsState::Element(row) => row.plain(name).map(ValueSerializer::element),
            PartsState::Other(_) => None,
        }
    }

    /// Takes any other field.
    fn item(&mut self, name: &'static str, value: &dyn AnyValue) -> Result<()> {
        match &mut self.0 {
            PartsState::Element(row) => row.push_item(name, value),
            PartsState::Other(parts) => parts.field(name, value),
        }
    }

    #[cold]
    fn in_field(&self, error: Error, name: &str) -> Error {
        match &self.0 {
            PartsState::Element(row) => row.in_field(error, name),
            PartsState::Other(_) => error,
        }
    }
}

impl ValueParts<'_, ElementMap<'_>> {
    fn parts(&mut self) -> &mut dyn CompoundSink {
        match &mut self.0 {
            PartsState::Element(map) => map,
            PartsState::Other(parts) => &mut **parts,
        }
    }
}

impl ser::SerializeMap for ValueParts<'_, ElementMap<'_>> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<()> {
        self.parts().key(&Erased(key))
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        self.parts().value(&Erased(value))
    }

    #[inline]
    fn serialize_entry<K: ?Sized + Serialize, V: ?Sized + Serialize>(&mut self, key: &K, value: &V) -> Result<()> {
        if let PartsState::Element(map) = &mut self.0
            && let Some(text) = text_of(key)
            && let Some(pushed) = map.push(text, value)
        {
            return pushed;
        }
        self.parts().entry(&Erased(key), &Erased(value))
    }

    fn end(self) -> Result<()> {
        match self.0 {
            PartsState::Element(map) => {
                map.finish();
                Ok(())
            }
            PartsState::Other(parts) => parts.end(),
        }
    }
}
