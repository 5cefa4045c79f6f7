//! What sort of thing a value is, without a look at what is in it.

use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::wrapper_slot::is_wrapper;
use crate::ser::event::{Compound, Event, Parts, Scalar, Sink};
use crate::ser::item::{Item, Items};
use crate::ser::serializer::ValueSerializer;

/// What sort of thing a value is. An option that is there is what is in it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sort {
    Number(Scalar),
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

impl Sort {
    /// Whether a list of the package has elements of both sorts, none of which are numbers.
    pub(super) fn is_like(self, other: Self) -> bool {
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
pub(super) fn of(value: &dyn Item) -> Sort {
    let mut probe = Probe(None);
    // What has parts ends with an error.
    drop(value.write(ValueSerializer::telling(&mut probe)));
    probe.0.unwrap_or(Sort::Failing)
}

/// Takes note of what a value is, and takes none of its parts.
struct Probe(Option<Sort>);

/// Ends a serialization.
#[cold]
fn found() -> Error {
    Error::new(ErrorKind::Custom, "a value was only looked at")
}

impl<'a> Sink<'a> for Probe {
    fn event(&mut self, event: Event<'_>) -> Result<()> {
        self.0 = Some(match event {
            Event::Some(value) => return value.write(ValueSerializer::telling(self)),
            Event::NewtypeStruct(name, value) if !is_wrapper(name) => {
                return value.write(ValueSerializer::telling(self));
            }
            Event::NewtypeStruct(..) => Sort::Wrapper,
            Event::Number(scalar) => Sort::Number(scalar),
            Event::I128(_) | Event::U128(_) => Sort::Wide,
            Event::Char(_) | Event::Text(_) => Sort::Text,
            Event::Bytes(_) => Sort::Bytes,
            Event::None => Sort::Missing,
            Event::Unit => Sort::Unit,
            Event::UnitStruct(_) => Sort::Class,
            Event::UnitVariant(..) | Event::NewtypeVariant(..) => Sort::Union,
        });
        Ok(())
    }

    fn begin(&mut self, compound: Compound) -> Result<Box<dyn Parts + 'a>> {
        self.0 = Some(match compound {
            Compound::Seq(_) => Sort::Sequence,
            Compound::Tuple(_) => Sort::Tuple,
            Compound::Map => Sort::Map,
            Compound::Struct(_) => Sort::Class,
            Compound::TupleVariant(..) | Compound::StructVariant(..) => Sort::Union,
        });
        Err(found())
    }

    fn collect(&mut self, _: &mut dyn Items) -> Result<()> {
        self.0 = Some(Sort::Sequence);
        Ok(())
    }
}
