//! What is stored, by the type that asks for it: serde's methods.

use serde::de::{Deserializer, Visitor};

use super::super::access::GroupMap;
use super::super::dynamic::is_dynamic;
use super::super::element::Element;
use super::{Form, View, in_group, in_some_link, rounded, visit_any_bytes};
use crate::bridge::{is_half, is_wrapper};
use crate::error::{Error, Result};
use crate::format::python::{CLASS, is_pickle};
use crate::format::{ARRAY, VALUE, VALUES};
use crate::item::Scalar;
use crate::limits::Limits;
use crate::storage::Attributes;

macro_rules! integers {
    ($($method:ident $expected:literal),*) => {
        $(
            #[inline]
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
                let view = follow!(self, $method(visitor));
                view.integer($expected, visitor)
            }
        )*
    };
}

/// Integers of 128 bits as floats: those that are held exactly, or as near as the options allow.
macro_rules! wide_float {
    ($view:ident, $visitor:ident, $visit:ident $type:ident $expected:literal) => {
        let found = match $view.form {
            // The largest would pass for exact, as what is too large becomes that.
            Form::I128(value) => Some((
                value as $type,
                (value as $type) as i128 == value && value != i128::MAX,
                value.to_string(),
                "i128",
            )),
            Form::U128(value) => Some((
                value as $type,
                (value as $type) as u128 == value && value != u128::MAX,
                value.to_string(),
                "u128",
            )),
            _ => None,
        };
        match found {
            Some((float, is_exact, ..)) if is_exact || Limits::rounds() && float.is_finite() => {
                return $visitor.$visit(float);
            }
            Some((_, _, value, number)) => return Err(rounded($expected, format_args!("{value}"), number)),
            None => {}
        }
    };
}

/// Methods that read whatever is there, as the visitor says by itself what it does not take.
macro_rules! anything {
    ($($method:ident)*) => {
        $(
            #[inline]
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
                let view = follow!(self, $method(visitor));
                view.any(visitor)
            }
        )*
    };
}

impl<'de> Deserializer<'de> for View<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.no_text() {
            Some(bytes) if is_pickle(bytes) => visit_any_bytes(bytes, visitor),
            // What R means, but not what it is stored as.
            None if !is_dynamic::<V>() && self.is_of_r() => match self.logical() {
                Some(Some(value)) => visitor.visit_bool(value),
                _ => visitor.visit_none(),
            },
            _ => self.any(visitor).map_err(Error::of_anything),
        }
    }

    integers!(deserialize_i8 "i8", deserialize_i16 "i16", deserialize_i32 "i32", deserialize_i64 "i64");
    integers!(deserialize_u8 "u8", deserialize_u16 "u16", deserialize_u32 "u32", deserialize_u64 "u64");
    anything!(deserialize_char deserialize_identifier);

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let view = follow!(self, deserialize_str(visitor));
        view.text(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let view = follow!(self, deserialize_bool(visitor));
        match view.logical() {
            Some(Some(value)) => return visitor.visit_bool(value),
            Some(None) => return Err(Error::wrong_type("`bool`", "a missing value (`NA`)")),
            None => {}
        }
        match view.form {
            Form::Item(item) => match item.scalar()? {
                // Where there is no type for bools, they are stored as integers.
                Scalar::Integer(_, value @ (0 | 1)) => visitor.visit_bool(value == 1),
                scalar => Self::scalar(scalar, view.depth, visitor),
            },
            form => View { form, depth: view.depth }.any(visitor),
        }
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let view = follow!(self, deserialize_i128(visitor));
        match view.form {
            Form::I128(value) => visitor.visit_i128(value),
            Form::U128(value) => visitor.visit_u128(value),
            form => View { form, depth: view.depth }.integer("i128", visitor),
        }
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let view = follow!(self, deserialize_u128(visitor));
        match view.form {
            Form::I128(value) => visitor.visit_i128(value),
            Form::U128(value) => visitor.visit_u128(value),
            form => View { form, depth: view.depth }.integer("u128", visitor),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let view = follow!(self, deserialize_f32(visitor));
        wide_float!(view, visitor, visit_f32 f32 "f32");
        let Form::Item(item) = view.form else { return view.any(visitor) };
        match item.scalar()? {
            Scalar::F32(value) => visitor.visit_f32(value),
            Scalar::F64(value) => {
                let narrow = value as f32;
                let is_exact = f64::from(narrow).to_bits() == value.to_bits();
                let is_near = narrow.is_finite() == value.is_finite();
                if !(is_exact || is_near && Limits::rounds()) {
                    return Err(rounded("f32", value, "f64"));
                }
                visitor.visit_f32(narrow)
            }
            Scalar::Integer(number, value) => {
                let float = value as f32;
                if float as i128 != value && !Limits::rounds() {
                    return Err(rounded("f32", value, number.name()));
                }
                visitor.visit_f32(float)
            }
            scalar => Self::scalar(scalar, view.depth, visitor),
        }
    }

    #[inline]
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let view = follow!(self, deserialize_f64(visitor));
        wide_float!(view, visitor, visit_f64 f64 "f64");
        let Form::Item(item) = view.form else { return view.any(visitor) };
        match item.scalar()? {
            Scalar::F64(value) => visitor.visit_f64(value),
            Scalar::F32(value) => visitor.visit_f64(f64::from(value)),
            Scalar::Integer(number, value) => {
                let float = value as f64;
                if float as i128 != value && !Limits::rounds() {
                    return Err(rounded("f64", value, number.name()));
                }
                visitor.visit_f64(float)
            }
            scalar => Self::scalar(scalar, view.depth, visitor),
        }
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if let Form::Single { array, .. } = &self.form
            && array.items.bytes().is_some()
        {
            return View { form: Form::Block(array.items), depth: self.depth }.bytes(visitor);
        }
        let view = follow!(self, deserialize_bytes(visitor));
        view.bytes(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if let Some(None) = self.logical() {
            return visitor.visit_none();
        }
        match self.form {
            Form::Null { unit: false } => visitor.visit_none(),
            // JSON's null is written as unit; an option takes it for None.
            Form::Null { unit: true } => visitor.visit_unit(),
            Form::Some(node) => visitor.visit_some(node).map_err(|error| error.in_link(VALUE)),
            Form::Present { column, index } => visitor
                .visit_some(Element { column, index, depth: self.depth.in_sequence()? })
                .map_err(|error| error.in_link(VALUES)),
            Form::Inside { column, index, link } => Element { column, index, depth: self.depth }
                .deserialize_option(visitor)
                .map_err(|error| error.in_link(link)),
            Form::Node(node) => {
                let name = node.name();
                node.deserialize_option(visitor).map_err(|error| in_some_link(error, name.as_deref()))
            }
            Form::Reference(followed) => followed.read(|node| node.deserialize_option(visitor)),
            form => visitor.visit_some(View { form, depth: self.depth.in_sequence()? }),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let view = follow!(self, deserialize_unit(visitor));
        match view.form {
            Form::Null { .. } => visitor.visit_unit(),
            form => View { form, depth: view.depth }.any(visitor),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value> {
        let view = follow!(self, deserialize_unit_struct(name, visitor));
        match view.form {
            // An object of a class without attributes of its own.
            Form::Group { group, .. } if group.has_attribute(CLASS)? => visitor.visit_unit(),
            form => View { form, depth: view.depth }.deserialize_unit(visitor),
        }
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value> {
        if is_half(name) {
            return self.half(name, visitor);
        }
        if is_wrapper(name) { self.wrapper(name, visitor) } else { visitor.visit_newtype_struct(self) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.sequence_of(None, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        self.sequence_of(Some(len), visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, len: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let view = follow!(self, deserialize_map(visitor));
        view.map(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        // An array in a wrapper, as it is asked for where it is a part of a dataset.
        if let (ARRAY, Form::Single { is_taken: Some(_), .. } | Form::Single { is_list: true, .. }) = (name, &self.form)
        {
            return self.sequence_of(None, visitor);
        }
        let view = follow!(self, deserialize_struct(name, fields, visitor));
        let read = match view.form {
            Form::Group { group, scope } => {
                scope.route().know(fields);
                let entries = GroupMap::for_struct(group, scope, fields, view.depth.in_record()?)?;
                visitor.visit_map(entries).map_err(|error| in_group(error, group))
            }
            form => View { form, depth: view.depth }.map(visitor),
        };
        read.map_err(|error| error.of_type(name))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let view = follow!(self, deserialize_enum(name, variants, visitor));
        view.enumeration(name, visitor).map_err(|error| error.of_type(name))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }
}
