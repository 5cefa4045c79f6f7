//! Whole values.

use serde::de::{DeserializeOwned, Deserializer, Visitor};

use super::forward_all;
use super::node::Node;
use super::scope::Scope;
use super::select;
use crate::call::{Call, Known};
use crate::depth::Depth;
use crate::error::{Error, Result};
use crate::options::ReadOptions;
use crate::route::Route;
use crate::storage::Group;
use crate::within::Within;

/// Reads the value that fills `group`.
pub(crate) fn from_root<T: DeserializeOwned>(group: &Group, route: &Route) -> Result<T> {
    whole(group, route, |root| T::deserialize(root))
}

/// Reads the value that fills `group` by `read`.
fn whole<R>(group: &Group, route: &Route, read: impl FnOnce(Root) -> Result<R>) -> Result<R> {
    route.check()?;
    let root = Root { group: group.clone(), route: route.clone() };
    let value = Call::<Known>::new()
        .during(|| read(root))
        .map_err(|error| select::explained(error, route).skippable().over())?;
    route.finish()?;
    group.spot().finish()?;
    Ok(value)
}

/// Reads the value at the link `name` of `group`.
pub(crate) fn read_named<T: DeserializeOwned>(group: &Group, name: &str, route: &Route) -> Result<T> {
    route.check()?;
    let (group, link) = &Within::find(group, name)?;
    let value = Call::<Known>::new().during(|| {
        let node = Node::new(group, link.clone(), false, &Scope::new(route), Depth::of_reading());
        T::deserialize(node)
    });
    let located = |error| select::explained(error, route).skippable().in_link(link).in_link(&group.path()).over();
    let value = value.and_then(|value| route.finish().map(|()| value)).map_err(located)?;
    group.spot().child(link).finish()?;
    Ok(value)
}

/// The deserializer: reads the value that fills a group.
///
/// It owns what it reads, so a type that borrows (`&str`, `&[u8]`) cannot be read: use `String` or `Cow`.
///
/// ```
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Run { steps: u32, title: String }
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("run.h5");
/// # filebacked::to_file(&path, &std::collections::BTreeMap::from([("steps", "10"), ("title", "plate")]))?;
/// # std::fs::remove_file(&path)?;
/// # let file = filebacked::hdf5::File::create(&path)?;
/// # filebacked::write(&file, "steps", &10)?;
/// # filebacked::write(&file, "title", "plate")?;
/// let run = Run::deserialize(filebacked::Hdf5Deserializer::new(&file))?;
/// assert_eq!((run.steps, run.title.as_str()), (10, "plate"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// With [`serde_transcode`](https://docs.rs/serde-transcode) it goes into any other format, without a value in between:
///
/// ```
/// # let directory = tempfile::tempdir()?;
/// # let file = filebacked::hdf5::File::create(directory.path().join("run.h5"))?;
/// # filebacked::write(&file, "steps", &[1, 2])?;
/// let mut json = Vec::new();
/// serde_transcode::transcode(filebacked::Hdf5Deserializer::new(&file), &mut serde_json::Serializer::new(&mut json))?;
/// assert_eq!(json, br#"{"steps":[1,2]}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`ReadOptions::deserializer`](crate::ReadOptions::deserializer) makes one with options.
#[derive(Debug)]
pub struct Hdf5Deserializer<'a> {
    group: &'a hdf5::Group,
    options: Option<ReadOptions>,
}

impl<'a> Hdf5Deserializer<'a> {
    /// A deserializer of the value that fills `group`.
    #[must_use]
    pub fn new(group: &'a hdf5::Group) -> Self {
        Self { group, options: None }
    }

    /// The same, with options.
    pub(crate) fn with(group: &'a hdf5::Group, options: &ReadOptions) -> Self {
        Self { group, options: Some(options.clone()) }
    }

    /// Reads the value by `read`.
    fn whole<R>(self, read: impl FnOnce(Root) -> Result<R>) -> Result<R> {
        match self.options {
            Some(options) => options.during(self.group, |group, route| whole(group, route, read)),
            None => whole(&Group::of(self.group)?, Route::nowhere(), read),
        }
    }
}

/// The value that fills a group.
struct Root {
    group: Group,
    route: Route,
}

macro_rules! open {
    ($method:ident($($name:ident: $type:ty),*)) => {
        fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value> {
            let node = Node::root(self.group.clone(), &self.route);
            node.$method($($name,)* visitor).map_err(|error| error.in_link(&self.group.path()))
        }
    };
}

impl<'de> Deserializer<'de> for Root {
    type Error = Error;

    forward_all!(open);

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }
}

macro_rules! open_root {
    ($method:ident($($name:ident: $type:ty),*)) => {
        fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value> {
            self.whole(|root| root.$method($($name,)* visitor))
        }
    };
}

impl<'de> Deserializer<'de> for Hdf5Deserializer<'_> {
    type Error = Error;

    forward_all!(open_root);

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }
}
