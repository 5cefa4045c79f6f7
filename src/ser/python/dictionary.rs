//! Maps: dictionaries. Strings and integers as keys are names of children, with other keys an entry is a group of two.
//!
//! Structs come as maps, too: those of typetag's objects with a tag, and those with flattened fields. If the first key is the
//! tag of a class, it is an object of that.

use std::any::TypeId;
use std::collections::HashSet;

use super::class::{Class, ClassSerializer, link_name};
use super::value_kind::{self, ValueKind};
use super::{put, unsupported};
use crate::ground::depth::Depth;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::link_name::ATTRIBUTE_PREFIX;
use crate::h5::Group;
use crate::layout::VALUE;
use crate::layout::python::{CLASS, KEY};
use crate::ser::any_value::AnyValue;
use crate::ser::event::{CompoundSink, NumberOrBool};
use crate::ser::key::{self, KeyClass};
use crate::ser::place::{Place, check_free};
use crate::ser::select;

/// A map.
pub(super) struct DictionarySerializer<'a> {
    place: Place<'a>,
    depth: Depth,
    /// The newtype struct that it is in, as a subclass of `FileBackedDict`.
    newtype: Option<&'static str>,
    state: DictionaryState,
}

enum DictionaryState {
    /// No key has come yet.
    Start,
    /// Keys are names.
    Names {
        into: FilledGroup,
        class: KeyClass,
        used: HashSet<String>,
        /// The key whose value is to come.
        key: Option<String>,
    },
    /// Entries are groups of a key and a value.
    Entries {
        into: FilledGroup,
        kind: ValueKind,
        count: usize,
        /// The entry whose value is to come.
        entry: Option<Group>,
    },
    /// It is no map at all.
    Object {
        object: ClassSerializer,
        /// The name of the attribute that is to come.
        name: Option<String>,
    },
}

/// The group that is filled, and the one that all will be moved to.
struct FilledGroup {
    group: Group,
    target: Option<Group>,
}

impl<'a> DictionarySerializer<'a> {
    pub(super) fn new(place: Place<'a>, depth: Depth, newtype: Option<&'static str>) -> Self {
        Self { place, depth, newtype, state: DictionaryState::Start }
    }

    fn begin(&self, key: &dyn AnyValue) -> Result<DictionaryState> {
        let named = key::link(key)?;
        let kind = value_kind::of(key);
        check_key(named.as_ref().map(|(class, _)| *class), kind)?;
        let into = FilledGroup { group: self.place.group(None)?, target: self.place.target() };
        Ok(match named {
            Some((class, _)) => DictionaryState::Names { into, class, used: HashSet::new(), key: None },
            None => DictionaryState::Entries { into, kind, count: 0, entry: None },
        })
    }
}

/// Refuses what is no key of a dictionary that the package reads.
fn check_key(class: Option<KeyClass>, kind: ValueKind) -> Result<()> {
    let is_key = match (class, kind) {
        (Some(class), _) => class != KeyClass::Bool,
        (
            None,
            ValueKind::Number(NumberOrBool::F32(_) | NumberOrBool::F64(_))
            | ValueKind::Sequence
            | ValueKind::Tuple
            | ValueKind::Union,
        ) => true,
        (None, _) => false,
    };
    if is_key {
        return Ok(());
    }
    let found = match (class, kind) {
        (Some(_), _) => "bools",
        // Alone they would be names.
        (None, ValueKind::Number(_) | ValueKind::Text) => "options",
        (None, kind) => kind.plural(),
    };
    let message = format!(
        "the Python package FileBacked has no dictionaries with {found} as keys: use strings, integers, floats, tuples or \
         lists of these, or an enum of them"
    );
    Err(Error::new(ErrorKind::BadKey, message))
}

/// Whether the first key of a map is the tag of a class, with that as its value.
///
/// A struct gives the names of its fields as `str`, which keys of maps are not, being values of their own. Where types are
/// erased, nothing tells the one from the other.
fn is_tag(key: &dyn AnyValue) -> Result<bool> {
    let id = key.type_of();
    let is_name = id == TypeId::of::<str>();
    let is_erased = is_erased(id);
    if !is_name && !is_erased {
        return Ok(false);
    }
    match key::text(key)? {
        Some(text) if text.strip_prefix(ATTRIBUTE_PREFIX) == Some(CLASS) => Ok(true),
        Some(text) if text == CLASS && is_erased => Err(unsupported(
            "way to tell a dictionary from an object, in a trait object, where the first key is `class`",
            "use `@class` as the tag, or another key",
        )),
        text => Ok(text.as_deref() == Some(CLASS)),
    }
}

/// Whether a type is one of erased_serde's, which has any other in it.
fn is_erased(id: TypeId) -> bool {
    use erased_serde::Serialize as Erased;
    macro_rules! is_one_of {
        ($($type:ty),*) => {
            [$(TypeId::of::<$type>(), TypeId::of::<&'static $type>(), TypeId::of::<Box<$type>>()),*].contains(&id)
        };
    }
    is_one_of!(dyn Erased, dyn Erased + Send, dyn Erased + Sync, dyn Erased + Send + Sync)
}

#[cold]
fn unlike_keys() -> Error {
    Error::new(
        ErrorKind::BadKey,
        "the Python package FileBacked has no dictionaries with keys of different types, or a key twice: use keys of one \
         type, which can be an enum, as a union",
    )
}

#[cold]
fn no_key() -> Error {
    Error::new(ErrorKind::Custom, "a map gave a value without a key")
}

impl CompoundSink for DictionarySerializer<'_> {
    fn entry(&mut self, key: &dyn AnyValue, value: &dyn AnyValue) -> Result<()> {
        match &mut self.state {
            DictionaryState::Start if is_tag(key)? => {
                let class = Class::named(&self.place, value)?;
                let object = ClassSerializer::new(&self.place, self.depth, class, None)?;
                self.state = DictionaryState::Object { object, name: None };
                Ok(())
            }
            DictionaryState::Object { object, .. } => {
                object.attribute(&key::text(key)?.ok_or_else(unlike_keys)?, value)
            }
            _ => {
                self.key(key)?;
                self.value(value)
            }
        }
    }

    fn key(&mut self, key: &dyn AnyValue) -> Result<()> {
        if let DictionaryState::Start = self.state {
            self.state = self.begin(key)?;
        }
        match &mut self.state {
            DictionaryState::Start => Err(no_key()),
            DictionaryState::Object { name, .. } => {
                *name = Some(key::text(key)?.ok_or_else(unlike_keys)?);
                Ok(())
            }
            DictionaryState::Names { class, used, key: pending, .. } => match key::link(key)? {
                Some((other, key)) if other == *class && used.insert(key.clone()) => {
                    link_name(&key)?;
                    *pending = Some(key);
                    Ok(())
                }
                _ => Err(unlike_keys()),
            },
            DictionaryState::Entries { into, kind: first, count, entry } => {
                if !first.is_same_kind(value_kind::of(key)) {
                    return Err(unlike_keys());
                }
                // It is linked when it has its value, which may be left out.
                let group = into.group.create_unlinked()?;
                let place = Place::child(&group, KEY, self.place.rules.element());
                put(key, place, self.depth, 0, false)
                    .map_err(|error| error.in_element(*count).in_link(KEY).in_link(&count.to_string()))?;
                *entry = Some(group);
                Ok(())
            }
        }
    }

    fn value(&mut self, value: &dyn AnyValue) -> Result<()> {
        match &mut self.state {
            DictionaryState::Start => Err(no_key()),
            DictionaryState::Object { object, name } => object.attribute(&name.take().ok_or_else(no_key)?, value),
            DictionaryState::Names { into, key, .. } => {
                let key = key.take().ok_or_else(no_key)?;
                let rules = self.place.rules.field(&key);
                if select::is_left_out(rules, value) {
                    return Ok(());
                }
                check_free(into.target.as_ref(), &key)
                    .and_then(|()| put(value, Place::child(&into.group, &key, rules), self.depth, 0, false))
                    .map_err(|error| error.in_field(&key).in_link(&key))
            }
            DictionaryState::Entries { into, count, entry, .. } => {
                let (entry, rules) = (entry.take().ok_or_else(no_key)?, self.place.rules.element());
                if select::is_left_out(rules, value) {
                    return Ok(());
                }
                let name = count.to_string();
                let write = || {
                    put(value, Place::child(&entry, VALUE, rules), self.depth, 0, false)
                        .map_err(|error| error.in_link(VALUE))?;
                    check_free(into.target.as_ref(), &name)?;
                    into.group.link(&name, &entry)
                };
                write().map_err(|error| error.in_element(*count).in_link(&name))?;
                *count += 1;
                Ok(())
            }
        }
    }

    fn end(self: Box<Self>) -> Result<()> {
        let group = match self.state {
            DictionaryState::Object { object, .. } => return object.finish(),
            DictionaryState::Start => self.place.group(None)?,
            DictionaryState::Names { into, .. } | DictionaryState::Entries { into, .. } => into.group,
        };
        match self.newtype {
            Some(name) => Class::of(&self.place, name).write(&group),
            None => Ok(()),
        }
    }
}
