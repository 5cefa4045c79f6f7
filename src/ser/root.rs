//! Whole values: all of one is linked into its group, or nothing.

use serde::ser::{self, Serialize};

use super::compound::{NodeMap, NodeSeq, NodeStruct, NodeTuple};
use super::node::{NodeSerializer, put};
use super::place::{Place, check_free, taken};
use super::replace::Replacement;
use crate::call::{Call, Written};
use crate::depth::Depth;
use crate::error::{Error, ErrorKind, Result};
use crate::format::KIND;
use crate::progress::Run;
use crate::route::Route;
use crate::storage::{self, Attributes, Group, Writing, write_out};
use crate::within::Within;

/// Writes `value` into `group`, which is new and goes with its file if this fails.
pub(crate) fn fill<T: ?Sized + Serialize>(value: &T, group: &Group, route: &Route) -> Result<()> {
    let place = Place::fill(group.clone(), None, route);
    let write = || {
        route.check()?;
        group.spot().object()?;
        put(value, place, Depth::default(), 0)?;
        route.finish()
    };
    Call::<Written>::new().during(write).map_err(|error| error.in_link("/"))
}

/// Writes `value` to the new link `name` of `group`.
///
/// With `overwrite`, a link of that name is replaced.
pub(crate) fn write_named<T: ?Sized + Serialize>(
    value: &T,
    group: &Group,
    name: &str,
    route: &Route,
    overwrite: bool,
) -> Result<()> {
    let within = Within::follow(group, name)?;
    let (group, (link, missing)) = (&within.group, within.split());
    let write = || {
        route.check()?;
        within.check_names()?;
        if !overwrite && missing.is_empty() {
            check_free(Some(group), link)?;
        }
        let writing = Writing::to(group)?;
        let _writing = writing.enter();
        let staging = group.create_unlinked()?;
        let inside = missing.iter().try_fold(staging.clone(), |group, name| group.create_group(name))?;
        Call::<Written>::new().during(|| put(value, Place::child(&inside, link, route), Depth::default(), 0))?;
        route.finish()?;
        let spot = inside.spot().child(link);
        // Of the groups that are made, the outermost is linked at the end. Another thread may have made some of them meanwhile.
        let (from, to, top) = within.meet(&staging)?;
        if overwrite && to.has_link(top)? {
            return Replacement::new(&from, &to)?.replace(&spot);
        }
        spot.finish()?;
        hdf5::sync::sync(|| {
            let (from, to, top) = within.meet(&staging)?;
            check_free(Some(&to), top)?;
            from.move_link(top, &to, top)?;
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
    call: Call<Written>,
    writing: Writing,
    route: Route,
    overwrite: bool,
}

impl Staging {
    fn new(serializer: Hdf5Serializer<'_>) -> Result<Self> {
        let Hdf5Serializer { group, route, overwrite, run } = serializer;
        route.check()?;
        let target = Group::of(group)?.begun(&run);
        let writing = Writing::to(&target)?;
        let group = {
            let _writing = writing.enter();
            target.create_unlinked()?
        };
        Ok(Self { group, target, call: Call::new(), writing, route, overwrite })
    }

    fn place(&self) -> Place<'static> {
        let target = (self.target.len() > 0 && !self.overwrite).then(|| self.target.clone());
        Place::fill(self.group.clone(), target, &self.route)
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
        storage::begin();
        let _writing = self.writing.enter();
        self.route.finish()?;
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
                let contents = self.group.attribute(name)?.ok_or_else(|| Error::corrupt("an attribute went away"))?;
                self.target.write_contents(name, &contents)?;
                copied += 1;
            }
            for name in &links {
                self.group.move_link(name, &self.target, name)?;
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
pub struct Hdf5Serializer<'a> {
    group: &'a hdf5::Group,
    route: Route,
    overwrite: bool,
    run: Run,
}

impl<'a> Hdf5Serializer<'a> {
    /// A serializer that fills `group`.
    #[must_use]
    pub fn new(group: &'a hdf5::Group) -> Self {
        Self { group, route: Route::default(), overwrite: false, run: Run::default() }
    }

    /// The same, which knows what the options say.
    pub(crate) fn with(group: &'a hdf5::Group, route: Route, overwrite: bool, run: &Run) -> Self {
        Self { group, route, overwrite, run: run.clone() }
    }

    /// Writes a value that needs no further calls.
    fn whole(self, write: impl FnOnce(NodeSerializer<'static>) -> Result<()>) -> Result<()> {
        let staging = Staging::new(self)?;
        staging.during(|| write(node(&staging)))?;
        staging.commit()
    }

    /// Begins a value that goes on.
    fn begin<S>(self, begin: impl FnOnce(NodeSerializer<'static>) -> Result<S>) -> Result<Staged<S>> {
        let staging = Staging::new(self)?;
        let inner = staging.during(|| begin(node(&staging)))?;
        Ok(Staged { inner, staging })
    }

    /// Writes a whole value, in whichever form holds it.
    pub(crate) fn put<T: ?Sized + Serialize>(self, value: &T) -> Result<()> {
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
#[derive(Debug)]
pub struct Staged<S> {
    inner: S,
    staging: Staging,
}

impl std::fmt::Debug for Staging {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Staging({:?})", self.target)
    }
}

macro_rules! whole {
    ($($method:ident($($name:ident: $type:ty),*))*) => {
        $(fn $method(self, $($name: $type),*) -> Result<()> {
            self.whole(|node| node.$method($($name),*))
        })*
    };
}

impl ser::Serializer for Hdf5Serializer<'_> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Staged<NodeSeq<'static>>;
    type SerializeTuple = Staged<NodeTuple<'static>>;
    type SerializeTupleStruct = Staged<NodeTuple<'static>>;
    type SerializeTupleVariant = Staged<NodeTuple<'static>>;
    type SerializeMap = Staged<NodeMap<'static>>;
    type SerializeStruct = Staged<NodeStruct>;
    type SerializeStructVariant = Staged<NodeStruct>;

    whole!(serialize_bool(value: bool) serialize_i8(value: i8) serialize_i16(value: i16) serialize_i32(value: i32));
    whole!(serialize_i64(value: i64) serialize_i128(value: i128) serialize_u8(value: u8) serialize_u16(value: u16));
    whole!(serialize_u32(value: u32) serialize_u64(value: u64) serialize_u128(value: u128) serialize_f32(value: f32));
    whole!(serialize_f64(value: f64) serialize_char(value: char) serialize_str(value: &str));
    whole!(serialize_bytes(value: &[u8]) serialize_none() serialize_unit() serialize_unit_struct(name: &'static str));
    whole!(serialize_unit_variant(name: &'static str, index: u32, variant: &'static str));

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<()> {
        self.whole(|node| node.serialize_some(value))
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, name: &'static str, value: &T) -> Result<()> {
        self.whole(|node| node.serialize_newtype_struct(name, value))
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        self.whole(|node| node.serialize_newtype_variant(name, index, variant, value))
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Self::SerializeSeq> {
        self.begin(|node| node.serialize_seq(len))
    }

    fn collect_seq<I>(self, values: I) -> Result<()>
    where
        I: IntoIterator<Item: Serialize>,
    {
        self.whole(|node| node.collect_seq(values))
    }

    fn serialize_tuple(self, len: usize) -> Result<Self::SerializeTuple> {
        self.begin(|node| node.serialize_tuple(len))
    }

    fn serialize_tuple_struct(self, name: &'static str, len: usize) -> Result<Self::SerializeTupleStruct> {
        self.begin(|node| node.serialize_tuple_struct(name, len))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleVariant> {
        self.begin(|node| node.serialize_tuple_variant(name, index, variant, len))
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Self::SerializeMap> {
        self.begin(|node| node.serialize_map(len))
    }

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Self::SerializeStruct> {
        self.begin(|node| node.serialize_struct(name, len))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStructVariant> {
        self.begin(|node| node.serialize_struct_variant(name, index, variant, len))
    }
}

macro_rules! staged {
    ($($trait:ident $method:ident($($name:ident: $type:ty),*) $({$skip:ident})?)*) => {
        $(impl<S: ser::$trait<Ok = (), Error = Error>> ser::$trait for Staged<S> {
            type Ok = ();
            type Error = Error;

            fn $method<T: ?Sized + Serialize>(&mut self, $($name: $type,)* value: &T) -> Result<()> {
                self.staging.during(|| self.inner.$method($($name,)* value))
            }

            $(fn $skip(&mut self, name: &'static str) -> Result<()> {
                self.inner.$skip(name)
            })?

            fn end(self) -> Result<()> {
                self.staging.during(|| self.inner.end())?;
                self.staging.commit()
            }
        })*
    };
}
staged!(SerializeSeq serialize_element() SerializeTuple serialize_element() SerializeTupleStruct serialize_field());
staged!(SerializeTupleVariant serialize_field());
staged!(SerializeStruct serialize_field(name: &'static str) {skip_field});
staged!(SerializeStructVariant serialize_field(name: &'static str) {skip_field});

impl<S: ser::SerializeMap<Ok = (), Error = Error>> ser::SerializeMap for Staged<S> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<()> {
        self.staging.during(|| self.inner.serialize_key(key))
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        self.staging.during(|| self.inner.serialize_value(value))
    }

    fn end(self) -> Result<()> {
        self.staging.during(|| self.inner.end())?;
        self.staging.commit()
    }
}
