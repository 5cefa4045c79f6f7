//! Whole values: all of one is linked into its group, or nothing.

use serde::ser::{self, Serialize};

use super::any_value::{AnyElements, AnyValue, ElementsOf, Erased, ErasedRow};
use super::event::{Compound, CompoundSink, Event, SinkOnce};
use super::node::{NodeSerializer, put};
use super::place::{Place, check_free, taken};
use super::replace::Replacement;
use super::write_state::WriteState;
use crate::ground::call::Call;
use crate::ground::depth::Depth;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::link_name::ATTRIBUTE_PREFIX;
use crate::ground::progress::CallProgress;
use crate::h5::within::Within;
use crate::h5::{self, AsGroup, Attributes, Group, StoredAttribute, Writing, write_out};
use crate::layout::KIND;
use crate::layout::path_rules::RulePosition;

/// Writes `value` into `group`, which is new and goes with its file if this fails.
pub(crate) fn fill(value: &dyn AnyValue, group: &Group, rules: &RulePosition) -> Result<()> {
    let place = Place::fill(group.clone(), None, rules);
    let write = || {
        rules.check()?;
        group.spot().object()?;
        put(value, place, Depth::default(), 0)?;
        Call::<WriteState>::current().settle(group)?;
        rules.finish()
    };
    Call::<WriteState>::new().during(write).map_err(|error| error.in_link("/"))
}

/// Writes `value` to the new link `name` of `group`.
///
/// With `overwrite`, a link of that name is replaced.
pub(crate) fn write_named(
    value: &dyn AnyValue,
    group: &Group,
    name: &str,
    rules: &RulePosition,
    overwrite: bool,
) -> Result<()> {
    let within = Within::follow(group, name)?;
    let (group, (link, missing)) = (&within.group, within.split());
    let write = || {
        rules.check()?;
        within.check_names()?;
        if !overwrite && missing.is_empty() {
            check_free(Some(group), link)?;
        }
        let writing = Writing::to(group)?;
        let _writing = writing.enter();
        let staging = group.create_unlinked()?;
        let inside = missing.iter().try_fold(staging.clone(), |group, name| group.create_group(name))?;
        Call::<WriteState>::new().during(|| {
            put(value, Place::child(&inside, link, rules), Depth::default(), 0)?;
            Call::<WriteState>::current().settle(&staging)
        })?;
        rules.finish()?;
        let spot = inside.spot().child(link);
        // Of the groups that are made, the outermost is linked at the end. Another thread may have made some of them meanwhile.
        // Under one lock, as else one of these could be taken for what is to be replaced.
        let replaced = hdf5::sync::sync(|| {
            let (from, to, top) = within.meet(&staging)?;
            Ok::<_, Error>((overwrite && to.has_link(top)?).then_some((from, to)))
        })?;
        if let Some((from, to)) = replaced {
            return Replacement::new(&from, &to)?.replace(&spot);
        }
        spot.finish()?;
        hdf5::sync::sync(|| {
            let (from, to, top) = within.meet(&staging)?;
            check_free(Some(&to), top)?;
            from.move_link(top, &to)?;
            write_out().inspect_err(|_| drop(to.unlink(top)))
        })
    };
    write().map_err(|error: Error| within.located(error))
}

/// Values grow in a group that no link leads to. It is let go on an error; what is in it moves to the target when all
/// of it is there.
struct Staging {
    group: Group,
    target: Group,
    call: Call<WriteState>,
    writing: Writing,
    rules: RulePosition,
    overwrite: bool,
    /// What was given, which may be all that keeps the file open: it is closed last.
    _given: hdf5::Group,
}

impl Staging {
    fn new(serializer: Hdf5Serializer) -> Result<Self> {
        let Hdf5Serializer { group: given, rules, overwrite, run } = serializer;
        rules.check()?;
        let target = Group::of(&given)?.begun(&run);
        let writing = Writing::to(&target)?;
        let group = {
            let _writing = writing.enter();
            target.create_unlinked()?
        };
        Ok(Self { group, target, call: Call::new(), writing, rules, overwrite, _given: given })
    }

    fn place(&self) -> Place<'static> {
        let target = (self.target.len() > 0 && !self.overwrite).then(|| self.target.clone());
        Place::fill(self.group.clone(), target, &self.rules)
    }

    fn located(&self, error: Error) -> Error {
        error.in_link(&self.target.path())
    }

    /// Writes a part of the value.
    fn during<R>(&self, write: impl FnOnce() -> Result<R>) -> Result<R> {
        let _writing = self.writing.enter();
        self.call.during(write).map_err(|error| self.located(error))
    }

    /// Moves everything to the target; on an error the target is as it was.
    fn commit(self) -> Result<()> {
        self.link().map_err(|error| self.located(error))
    }

    fn link(&self) -> Result<()> {
        h5::start_call();
        let _writing = self.writing.enter();
        self.call.during(|| self.call.settle(&self.group))?;
        self.rules.finish()?;
        if self.overwrite {
            return Replacement::new(&self.group, &self.target)?.replace(self.group.spot());
        }
        let (links, attributes) = (self.group.link_names()?, self.group.attribute_names()?);
        if self.target.len() > 0 && self.group.has_attribute(KIND)? {
            return Err(Error::new(
                ErrorKind::AlreadyExists,
                "the group is not empty, and what it holds would be taken for a part of the value: write the value to a \
                 named child of it",
            ));
        }
        for name in &links {
            check_free(Some(&self.target), name)?;
        }
        for name in &attributes {
            if self.target.has_attribute(name)? {
                return Err(taken(&format!("@{name}")));
            }
        }
        self.group.spot().finish()?;
        let mut moved = 0;
        let mut copied = 0;
        let result = (|| {
            for name in &attributes {
                StoredAttribute::copy_written(&self.group, &self.group.attribute_label(name)?, &self.target)
                    .map_err(|error| error.in_link(&format!("{ATTRIBUTE_PREFIX}{name}")))?;
                copied += 1;
            }
            for name in &links {
                self.group.move_link(name, &self.target)?;
                moved += 1;
            }
            write_out()
        })();
        if result.is_err() {
            // What fails in here leaves no better way back.
            links[..moved].iter().for_each(|name| drop(self.target.unlink(name)));
            attributes[..copied].iter().for_each(|name| drop(self.target.delete_attribute(name)));
        }
        result
    }
}

/// The serializer: fills a group with a value.
///
/// [`to_group`](crate::to_group) does the same and is what to use where there is a choice: it can write a map again in
/// another form when a late key does not fit the first, which a serializer by itself cannot.
///
/// All of the value is linked into the group when it is complete, or nothing.
///
/// ```
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// struct Run { steps: u32, title: &'static str }
///
/// # let directory = tempfile::tempdir()?;
/// let file = filebacked::hdf5::File::create(directory.path().join("run.h5"))?;
/// Run { steps: 10, title: "plate" }.serialize(filebacked::Hdf5Serializer::new(&file))?;
/// assert_eq!(file.dataset("steps")?.read_scalar::<u32>()?, 10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Hdf5Serializer {
    group: hdf5::Group,
    rules: RulePosition,
    overwrite: bool,
    run: CallProgress,
}

impl Hdf5Serializer {
    /// A serializer that fills `group`.
    #[must_use]
    pub fn new(group: impl AsGroup) -> Self {
        Self::with(group.as_group(), RulePosition::default(), false, &CallProgress::default())
    }

    /// The same, which knows what the options say.
    pub(crate) fn with(group: &hdf5::Group, rules: RulePosition, overwrite: bool, run: &CallProgress) -> Self {
        Self { group: group.clone(), rules, overwrite, run: run.clone() }
    }

    /// Writes a value by one call.
    fn whole(self, write: &mut dyn FnMut(NodeSerializer<'static>) -> Result<()>) -> Result<()> {
        let staging = Staging::new(self)?;
        staging.during(|| write(node(&staging)))?;
        staging.commit()
    }

    fn event(self, event: Event<'_>) -> Result<()> {
        self.whole(&mut |node| node.event(event))
    }

    fn collect(self, items: &mut dyn AnyElements) -> Result<()> {
        self.whole(&mut |node| node.collect(items))
    }

    /// Begins a value that goes on.
    fn begin(self, compound: Compound) -> Result<Staged> {
        let staging = Staging::new(self)?;
        let parts = staging.during(|| node(&staging).begin(compound))?;
        Ok(Staged { parts, staging })
    }

    /// Writes a whole value, in whichever form holds it.
    pub(crate) fn put(self, value: &dyn AnyValue) -> Result<()> {
        let staging = Staging::new(self)?;
        staging.during(|| {
            staging.group.spot().object()?;
            put(value, staging.place(), Depth::default(), 0)
        })?;
        staging.commit()
    }
}

fn node(staging: &Staging) -> NodeSerializer<'static> {
    NodeSerializer::new(staging.place(), Depth::default(), 0)
}

/// A value that is being serialized into a group that is not linked yet.
pub struct Staged {
    parts: Box<dyn CompoundSink>,
    staging: Staging,
}

impl Staged {
    /// Writes a part of the value.
    fn part(&mut self, write: &mut dyn FnMut(&mut dyn CompoundSink) -> Result<()>) -> Result<()> {
        self.staging.during(|| write(&mut *self.parts))
    }

    fn finish(self) -> Result<()> {
        self.staging.during(|| self.parts.end())?;
        self.staging.commit()
    }
}

impl std::fmt::Debug for Staged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Staged({:?})", self.staging.target)
    }
}

macro_rules! events {
    ($($method:ident($($name:ident: $type:ty),*) = $event:expr;)*) => {
        $(fn $method(self, $($name: $type),*) -> Result<()> {
            self.event($event)
        })*
    };
}

impl ser::Serializer for Hdf5Serializer {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Staged;
    type SerializeTuple = Staged;
    type SerializeTupleStruct = Staged;
    type SerializeTupleVariant = Staged;
    type SerializeMap = Staged;
    type SerializeStruct = Staged;
    type SerializeStructVariant = Staged;

    events! {
        serialize_bool(value: bool) = Event::Number(value.into());
        serialize_i8(value: i8) = Event::Number(value.into());
        serialize_i16(value: i16) = Event::Number(value.into());
        serialize_i32(value: i32) = Event::Number(value.into());
        serialize_i64(value: i64) = Event::Number(value.into());
        serialize_i128(value: i128) = Event::I128(value);
        serialize_u8(value: u8) = Event::Number(value.into());
        serialize_u16(value: u16) = Event::Number(value.into());
        serialize_u32(value: u32) = Event::Number(value.into());
        serialize_u64(value: u64) = Event::Number(value.into());
        serialize_u128(value: u128) = Event::U128(value);
        serialize_f32(value: f32) = Event::Number(value.into());
        serialize_f64(value: f64) = Event::Number(value.into());
        serialize_char(value: char) = Event::Char(value);
        serialize_str(value: &str) = Event::Text(value);
        serialize_bytes(value: &[u8]) = Event::Bytes(value);
        serialize_none() = Event::None;
        serialize_unit() = Event::Unit;
        serialize_unit_struct(name: &'static str) = Event::UnitStruct(name);
    }

    fn serialize_unit_variant(self, _: &'static str, index: u32, variant: &'static str) -> Result<()> {
        self.event(Event::UnitVariant(index, variant))
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<()> {
        self.event(Event::Some(&Erased(value)))
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, name: &'static str, value: &T) -> Result<()> {
        self.event(Event::NewtypeStruct(name, &Erased(value)))
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        self.event(Event::NewtypeVariant(index, variant, &Erased(value)))
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Staged> {
        self.begin(Compound::Seq(len))
    }

    fn collect_seq<I>(self, values: I) -> Result<()>
    where
        I: IntoIterator<Item: Serialize>,
    {
        self.collect(&mut ElementsOf::new(values))
    }

    fn serialize_tuple(self, len: usize) -> Result<Staged> {
        self.begin(Compound::Tuple(len))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Staged> {
        self.begin(Compound::Tuple(len))
    }

    fn serialize_tuple_variant(self, _: &'static str, index: u32, variant: &'static str, len: usize) -> Result<Staged> {
        self.begin(Compound::TupleVariant(index, variant, len))
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Staged> {
        self.begin(Compound::Map(len))
    }

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Staged> {
        self.begin(Compound::Struct(name, len))
    }

    fn serialize_struct_variant(self, _: &'static str, index: u32, variant: &'static str, _: usize) -> Result<Staged> {
        self.begin(Compound::StructVariant(index, variant))
    }
}

macro_rules! elements {
    ($($trait:ident $method:ident: $erased:ident),*) => {
        $(impl ser::$trait for Staged {
            type Ok = ();
            type Error = Error;

            fn $method<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
                let value = &$erased(value) as &dyn AnyValue;
                self.part(&mut |parts| parts.element(value))
            }

            fn end(self) -> Result<()> {
                self.finish()
            }
        })*
    };
}
elements!(SerializeSeq serialize_element: ErasedRow, SerializeTuple serialize_element: Erased);
elements!(SerializeTupleStruct serialize_field: Erased, SerializeTupleVariant serialize_field: Erased);

macro_rules! fields {
    ($($trait:ident),*) => {
        $(impl ser::$trait for Staged {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<()> {
                let value = &Erased(value) as &dyn AnyValue;
                self.part(&mut |parts| parts.field(name, value))
            }

            fn skip_field(&mut self, name: &'static str) -> Result<()> {
                self.parts.skip_field(name)
            }

            fn end(self) -> Result<()> {
                self.finish()
            }
        })*
    };
}
fields!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Staged {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<()> {
        let key = &Erased(key) as &dyn AnyValue;
        self.part(&mut |parts| parts.key(key))
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        let value = &Erased(value) as &dyn AnyValue;
        self.part(&mut |parts| parts.value(value))
    }

    fn end(self) -> Result<()> {
        self.finish()
    }
}
