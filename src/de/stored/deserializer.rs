//! What is stored, by the type that asks for it: serde's methods.

use super::super::access::GroupMap;
use super::super::deserializer::{AskOnce, ValueDeserializer};
use super::super::dynamic::is_dynamic;
use super::super::element::ColumnElement;
use super::super::visit::{Answer, Question, Visit};
use super::{StoredForm, StoredValue, floats_of, in_group, in_some_link, rounded, visit_any_bytes};
use crate::de::item::Scalar;
use crate::ground::error::{Error, Result};
use crate::ground::half::is_half;
use crate::ground::limits::Limits;
use crate::h5::Attributes;
use crate::layout::python::{CLASS, is_pickle};
use crate::layout::{ARRAY, VALUE, VALUES};

impl AskOnce for StoredValue<'_> {
    fn ask_once(self, question: Question, visit: &mut dyn Visit) -> Result<()> {
        match question {
            Question::Any => return self.anything(visit),
            Question::Option => return self.optional(visit),
            Question::Newtype(name) if is_half(name) => return self.half(name, visit),
            Question::Newtype(name) => return self.wrapper(name, visit),
            Question::Seq => return self.sequence_of(None, visit),
            Question::Tuple(len) => return self.sequence_of(Some(len), visit),
            Question::Bytes => {
                if let StoredForm::Single { array, .. } = &self.form
                    && array.items.bytes().is_some()
                {
                    return StoredValue { form: StoredForm::Block(array.items), depth: self.depth }.bytes(visit);
                }
            }
            // An array in a wrapper, as it is asked for where it is a part of a dataset.
            Question::Struct(ARRAY, _) => {
                if let StoredForm::Single { is_taken: Some(_), .. } | StoredForm::Single { is_list: true, .. } =
                    &self.form
                {
                    return self.sequence_of(None, visit);
                }
            }
            _ => {}
        }
        let Some(view) = self.follow(question, visit)? else { return Ok(()) };
        match question {
            Question::Bool => view.boolean(visit),
            Question::I8 => view.integer("i8", visit),
            Question::I16 => view.integer("i16", visit),
            Question::I32 => view.integer("i32", visit),
            Question::I64 => view.integer("i64", visit),
            Question::I128 => view.wide("i128", visit),
            Question::U8 => view.integer("u8", visit),
            Question::U16 => view.integer("u16", visit),
            Question::U32 => view.integer("u32", visit),
            Question::U64 => view.integer("u64", visit),
            Question::U128 => view.wide("u128", visit),
            Question::F32 => view.single(visit),
            Question::F64 => view.double(visit),
            Question::Str | Question::String => view.text(visit),
            Question::Bytes => view.bytes(visit),
            Question::Unit => view.unit(visit),
            // An object of a class without attributes of its own.
            Question::UnitStruct => match view.form {
                StoredForm::Group { group, .. } if group.has_attribute(CLASS)? => visit.answer(Answer::Unit),
                form => StoredValue { form, depth: view.depth }.unit(visit),
            },
            Question::Map => view.map(visit),
            Question::Struct(name, fields) => view.structure(name, fields, visit),
            Question::Enum(name, _) => view.enumeration(name, visit).map_err(|error| error.of_type(name)),
            // The visitor says by itself what it does not take.
            _ => view.any(visit),
        }
    }
}

impl StoredValue<'_> {
    fn anything(self, visit: &mut dyn Visit) -> Result<()> {
        if self.is_null_to_anything() {
            return visit.answer(Answer::Unit);
        }
        match self.no_text() {
            Some(bytes) if is_pickle(bytes) => visit_any_bytes(bytes, visit),
            // What R means, but not what it is stored as.
            None if !is_dynamic(visit) && self.is_of_r() => match self.logical() {
                Some(Some(value)) => visit.answer(Answer::Bool(value)),
                _ => visit.answer(Answer::None),
            },
            _ => self.any(visit).map_err(Error::mark_skippable),
        }
    }

    fn boolean(self, visit: &mut dyn Visit) -> Result<()> {
        match self.logical() {
            Some(Some(value)) => return visit.answer(Answer::Bool(value)),
            Some(None) => return Err(Error::wrong_type("`bool`", "a missing value (`NA`)")),
            None => {}
        }
        match self.form {
            StoredForm::Item(item) => match item.scalar()? {
                // Where there is no type for bools, they are stored as integers.
                Scalar::Integer(_, value @ (0 | 1)) => visit.answer(Answer::Bool(value == 1)),
                scalar => Self::scalar(scalar, self.depth, visit),
            },
            form => StoredValue { form, depth: self.depth }.any(visit),
        }
    }

    /// An integer of 128 bits.
    fn wide(self, expected: &'static str, visit: &mut dyn Visit) -> Result<()> {
        match self.form {
            StoredForm::I128(value) => visit.answer(Answer::I128(value)),
            StoredForm::U128(value) => visit.answer(Answer::U128(value)),
            form => StoredValue { form, depth: self.depth }.integer(expected, visit),
        }
    }

    /// An integer of 128 bits as a float, as those of 64 bits are read; anything else as it is.
    #[cold]
    fn wide_float(self, is_single: bool, visit: &mut dyn Visit) -> Result<()> {
        let value = match self.form {
            StoredForm::I128(value) => Ok(value),
            StoredForm::U128(value) => Err(value),
            _ => return self.any(visit),
        };
        let ((double, is_double), (single, is_same)) = floats_of(value);
        let (expected, float, is_exact, is_finite) = if is_single {
            ("f32", Answer::F32(single), is_same, single.is_finite())
        } else {
            ("f64", Answer::F64(double), is_double, double.is_finite())
        };
        if is_exact || Limits::rounds() && is_finite {
            return visit.answer(float);
        }
        Err(match value {
            Ok(value) => rounded(expected, value, "i128"),
            Err(value) => rounded(expected, value, "u128"),
        })
    }

    fn single(self, visit: &mut dyn Visit) -> Result<()> {
        let StoredForm::Item(item) = self.form else { return self.wide_float(true, visit) };
        let value = match item.scalar()? {
            Scalar::F32(value) => value,
            Scalar::F64(value) => {
                let narrow = value as f32;
                let is_exact = f64::from(narrow).to_bits() == value.to_bits();
                let is_near = narrow.is_finite() == value.is_finite();
                if !(is_exact || is_near && Limits::rounds()) {
                    return Err(rounded("f32", value, "f64"));
                }
                narrow
            }
            Scalar::Integer(number, value) => {
                let float = value as f32;
                if float as i128 != value && !Limits::rounds() {
                    return Err(rounded("f32", value, number.name()));
                }
                float
            }
            scalar => return Self::scalar(scalar, self.depth, visit),
        };
        visit.answer(Answer::F32(value))
    }

    fn double(self, visit: &mut dyn Visit) -> Result<()> {
        let StoredForm::Item(item) = self.form else { return self.wide_float(false, visit) };
        let value = match item.scalar()? {
            Scalar::F64(value) => value,
            Scalar::F32(value) => f64::from(value),
            Scalar::Integer(number, value) => {
                let float = value as f64;
                if float as i128 != value && !Limits::rounds() {
                    return Err(rounded("f64", value, number.name()));
                }
                float
            }
            scalar => return Self::scalar(scalar, self.depth, visit),
        };
        visit.answer(Answer::F64(value))
    }

    fn unit(self, visit: &mut dyn Visit) -> Result<()> {
        match self.form {
            StoredForm::Null { .. } => visit.answer(Answer::Unit),
            form => StoredValue { form, depth: self.depth }.any(visit),
        }
    }

    fn optional(self, visit: &mut dyn Visit) -> Result<()> {
        if let Some(None) = self.logical() {
            return visit.answer(Answer::None);
        }
        match self.form {
            StoredForm::Null { unit: false } => visit.answer(Answer::None),
            // JSON's null is written as unit; an option takes it for None.
            StoredForm::Null { unit: true } => visit.answer(Answer::Unit),
            StoredForm::Some(node) => visit.some(&mut Some(node)).map_err(|error| error.in_link(VALUE)),
            StoredForm::Present { column, index } => {
                let element = ColumnElement { column, index, depth: self.depth.in_sequence()? };
                let read = visit.answer(Answer::Some(ValueDeserializer::Element(element)));
                read.map_err(|error| error.in_link(VALUES))
            }
            StoredForm::Inside { column, index, link } => ColumnElement { column, index, depth: self.depth }
                .ask_once(Question::Option, visit)
                .map_err(|error| error.in_link(link)),
            StoredForm::Node(node) => {
                let name = node.name();
                node.ask_once(Question::Option, visit).map_err(|error| in_some_link(error, name.as_deref()))
            }
            StoredForm::Reference(followed) => followed.ask(Question::Option, visit),
            form => visit.some(&mut Some(StoredValue { form, depth: self.depth.in_sequence()? })),
        }
    }

    fn structure(self, name: &'static str, fields: &'static [&'static str], visit: &mut dyn Visit) -> Result<()> {
        let read = match self.form {
            StoredForm::Group { group, scope } => {
                #[cfg(feature = "sprs")]
                if let Some(found) = super::super::sparse_form::of_group(group, fields)? {
                    let read = super::super::sparse_form::visit_group(group, scope, found, self.depth, visit);
                    return read.map_err(|error| in_group(error, group).of_type(name));
                }
                scope.rules().note_fields(fields);
                let mut entries = GroupMap::for_struct(group, scope, fields, self.depth.in_record()?)?;
                visit.map(&mut entries).map_err(|error| in_group(error, group))
            }
            form => StoredValue { form, depth: self.depth }.map(visit),
        };
        read.map_err(|error| error.of_type(name))
    }
}
