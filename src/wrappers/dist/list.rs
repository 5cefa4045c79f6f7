//! Lists whose elements are spread over ranks, in the order of the ranks.
//!
//! For `#[serde(with = "filebacked::dist::list")]`: a `Vec` of elements of any type. Elsewhere (in maps, options, payloads), a list
//! is put into [`List`].
//!
//! In a file it is what a `Vec` of all elements is. A rank may have none.

use serde::de::Deserializer;
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::session::{self, Part, PartForm, ToWrite, Visit, changed};
use crate::de::{OpenSource, Source};
use crate::ground::error::{Error, Result};
use crate::ser::{self, AnyValue, Destination, Erased, ListPart, PartQuestion, Tapes};
use crate::wrappers::bridge::{self, Read, Write};

/// A list whose elements are spread over ranks: see [`dist`](crate::dist). To `to_file` of one process, and to other formats, it
/// is the `Vec` that is in it.
///
/// ```
/// use filebacked::dist::List;
///
/// let image = filebacked::to_vec(&List(vec![1.5, 2.5]))?;
/// assert_eq!(image, filebacked::to_vec(&vec![1.5, 2.5])?);
/// assert_eq!(filebacked::from_slice::<List<f64>>(&image)?.0, [1.5, 2.5]);
/// # Ok::<(), filebacked::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct List<T>(pub Vec<T>);

impl<T> From<Vec<T>> for List<T> {
    fn from(list: Vec<T>) -> Self {
        Self(list)
    }
}

impl<T> std::ops::Deref for List<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T> std::ops::DerefMut for List<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}

impl<T: Serialize> Serialize for List<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(&self.0, serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer).map(Self)
    }
}

/// For `#[serde(with = "filebacked::dist::list")]`.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<T: Serialize, S: Serializer>(list: &[T], serializer: S) -> Result<S::Ok, S::Error> {
    bridge::serialize(&WriteList(list), serializer)
}

/// For `#[serde(with = "filebacked::dist::list")]`.
///
/// # Errors
/// Those of the deserializer.
pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    bridge::deserialize(deserializer).map(|ReadList(list)| list)
}

/// A list that is written.
struct WriteList<'a, T>(&'a [T]);

impl<T: Serialize> Write for WriteList<'_, T> {
    fn write(&self, destination: &Destination) -> Result<()> {
        if write_all(destination, self.0.len())? {
            return Ok(());
        }
        destination.put(&Erased(self.0))
    }

    fn elsewhere<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }

    fn answer<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }

    fn spread(&self, question: &PartQuestion) -> Option<Result<()>> {
        spread(question, self.0.len(), &Erased(self.0)).transpose()
    }
}

fn form(len: usize) -> PartForm {
    PartForm::List { len: len as u64, elements: Vec::new() }
}

/// Writes the elements of all ranks, if this rank does that; returns whether it does.
fn write_all(destination: &Destination, len: usize) -> Result<bool> {
    match session::to_write(&form(len))? {
        None => return Ok(false),
        Some(ToWrite::Contents(ranks)) => {
            let len = |part: &Part| match part.form {
                PartForm::List { len, .. } => usize::try_from(len).map_err(|_| changed()),
                _ => Err(changed()),
            };
            let tapes = ranks.iter().map(|(part, bytes)| Ok((&bytes[..], len(part)?)));
            destination.put(&Erased(&Tapes::new(&tapes.collect::<Result<Vec<_>>>()?)?))?;
        }
        Some(ToWrite::List(number, plan, sent)) => {
            session::put_addresses(number, destination.put_list(&plan, &sent)?);
        }
        Some(ToWrite::Room(..)) => return Err(changed()),
    }
    Ok(true)
}

/// Does what this list of so many elements is to do; returns whether that is anything.
fn spread(question: &PartQuestion, len: usize, list: &dyn AnyValue) -> Result<Option<()>> {
    match session::visit()? {
        None => return Ok(None),
        Some(Visit::Look(may_spread)) => {
            let part = if may_spread && !question.is_attribute { ListPart::of(list)? } else { None };
            let elements = part.as_ref().map(ListPart::form).unwrap_or_default();
            let form = PartForm::List { len: len as u64, elements };
            let spread = part.map(|part| (part, question.rules.clone()));
            session::note(Part { path: question.path.clone(), form, is_spread: false }, spread);
        }
        Some(Visit::Collect(number)) => session::put_contents(number, &form(len), ser::elements(list)?)?,
        Some(Visit::Fill(..)) => return Err(changed()),
        Some(Visit::Pass) => {}
    }
    Ok(Some(()))
}

/// A list that is read.
struct ReadList<T>(Vec<T>);

impl<'de, T: Deserialize<'de>> Read<'de> for ReadList<T> {
    const EXPECTED: &'static str = "a list";

    fn read(source: Source) -> Result<Self> {
        source.open(|found| match found {
            OpenSource::Object(stored) if session::is_read() => stored.read_range(&mut session::share).map(Self),
            OpenSource::Object(stored) => stored.read().map(Self),
            OpenSource::Attribute(_) => {
                Err(Error::wrong_type("a list that is spread over ranks", "an attribute: leave `dist::list` out there"))
            }
        })
    }

    fn elsewhere<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self)
    }
}
