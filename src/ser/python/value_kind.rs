//! What sort of thing a value is, without a look at what is in it.

use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::wrapper_slot::is_wrapper;
use crate::ser::any_value::{AnyElements, AnyValue};
use crate::ser::event::{Compound, CompoundSink, Event, NumberOrBool, Sink};
use crate::ser::serializer::ValueSerializer;

/// What sort of thing a value is. An option that is there is what is in it.
#[derive(Clone, Copy, Debug)]
pub(super) enum ValueKind {
    Number(NumberOrBool),
    /// An integer of 128 bits.
    Wide,
    Text,
    Bytes,
    Sequence,
    Tuple,
    Map,
    Class,
    Union,
    /// A wrapper, which can be anything.
    Wrapper,
    Missing,
    Unit,
    /// Its type's own `Serialize` fails.
    Failing,
}

impl ValueKind {
    /// Whether a list of the package has elements of both sorts, none of which are numbers.
    pub(super) fn is_same_kind(self, other: Self) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
    }

    /// In words, as elements of a list.
    pub(super) fn plural(self) -> &'static str {
        match self {
            Self::Number(_) | Self::Wide => "numbers",
            Self::Text => "strings",
            Self::Bytes => "bytes",
            Self::Sequence => "sequences",
            Self::Tuple => "tuples",
            Self::Map => "maps",
            Self::Class => "structs",
            Self::Union => "enums",
            Self::Wrapper => "arrays, matrices or other wrappers",
            Self::Missing => "`None`",
            Self::Unit => "`()`",
            Self::Failing => "values that fail",
        }
    }
}

/// What sort of thing `value` is.
pub(super) fn of(value: &dyn AnyValue) -> ValueKind {
    let mut probe = KindProbe(None);
    // What has parts ends with an error.
    drop(value.write(ValueSerializer::telling(&mut probe)));
    probe.0.unwrap_or(ValueKind::Failing)
}

/// Takes note of what a value is, and takes none of its parts.
struct KindProbe(Option<ValueKind>);

/// Ends a serialization.
#[cold]
fn found() -> Error {
    Error::new(ErrorKind::Custom, "a value was only looked at")
}

impl<'a> Sink<'a> for KindProbe {
    fn event(&mut self, event: Event<'_>) -> Result<()> {
        self.0 = Some(match event {
            Event::Some(value) => return value.write(ValueSerializer::telling(self)),
            Event::NewtypeStruct(name, value) if !is_wrapper(name) => {
                return value.write(ValueSerializer::telling(self));
            }
            Event::NewtypeStruct(..) => ValueKind::Wrapper,
            Event::Number(scalar) => ValueKind::Number(scalar),
            Event::I128(_) | Event::U128(_) => ValueKind::Wide,
            Event::Char(_) | Event::Text(_) => ValueKind::Text,
            Event::Bytes(_) => ValueKind::Bytes,
            Event::None => ValueKind::Missing,
            Event::Unit => ValueKind::Unit,
            Event::UnitStruct(_) => ValueKind::Class,
            Event::UnitVariant(..) | Event::NewtypeVariant(..) => ValueKind::Union,
        });
        Ok(())
    }

    fn begin(&mut self, compound: Compound) -> Result<Box<dyn CompoundSink + 'a>> {
        self.0 = Some(match compound {
            Compound::Seq(_) => ValueKind::Sequence,
            Compound::Tuple(_) => ValueKind::Tuple,
            Compound::Map(_) => ValueKind::Map,
            Compound::Struct(..) => ValueKind::Class,
            Compound::TupleVariant(..) | Compound::StructVariant(..) => ValueKind::Union,
        });
        Err(found())
    }

    fn collect(&mut self, _: &mut dyn AnyElements) -> Result<()> {
        self.0 = Some(ValueKind::Sequence);
        Ok(())
    }
}
