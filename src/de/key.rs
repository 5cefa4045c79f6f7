//! Link names as keys of any type.

use std::str::FromStr;

use super::deserializer::{AskOnce, ValueDeserializer};
use super::elements::{Label, Variant};
use super::visit::{Answer, Question, Visit};
use crate::ground::error::{Error, ErrorKind, Result};

/// A key: a string, or what a string says.
#[derive(Clone, Copy)]
pub(crate) struct Key<'a>(pub(super) &'a str);

impl Key<'_> {
    fn parse<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(self, name: &str) -> Result<T> {
        self.0.parse().map_err(|error| {
            let shown: String = self.0.chars().take(80).collect();
            let message = format!("the key {shown:?} cannot be read as `{name}`: {error}");
            Error::new(ErrorKind::BadKey, message).caused_by(error)
        })
    }
}

impl AskOnce for Key<'_> {
    fn ask_once(self, question: Question, visit: &mut dyn Visit) -> Result<()> {
        visit.answer(match question {
            Question::Bool => Answer::Bool(self.parse("bool")?),
            Question::I8 => Answer::I8(self.parse("i8")?),
            Question::I16 => Answer::I16(self.parse("i16")?),
            Question::I32 => Answer::I32(self.parse("i32")?),
            Question::I64 => Answer::I64(self.parse("i64")?),
            Question::I128 => Answer::I128(self.parse("i128")?),
            Question::U8 => Answer::U8(self.parse("u8")?),
            Question::U16 => Answer::U16(self.parse("u16")?),
            Question::U32 => Answer::U32(self.parse("u32")?),
            Question::U64 => Answer::U64(self.parse("u64")?),
            Question::U128 => Answer::U128(self.parse("u128")?),
            Question::F32 => Answer::F32(self.parse("f32")?),
            Question::F64 => Answer::F64(self.parse("f64")?),
            Question::Option => Answer::Some(ValueDeserializer::Key(self)),
            Question::Newtype(_) => Answer::Newtype(ValueDeserializer::Key(self)),
            Question::Enum(name, _) => {
                let variant = Variant { label: Label::Key(self.0), link: "", payload: None };
                return visit.answer(Answer::Enum(variant)).map_err(|error| error.of_type(name));
            }
            _ => Answer::Str(self.0),
        })
    }
}
