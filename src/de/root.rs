//! Whole values.

use serde::de::{DeserializeOwned, Deserializer, Visitor};

use super::forward_all;
use super::node::Node;
use super::scope::Scope;
use super::select;
use crate::call::{Call, Known};
use crate::depth::Depth;
use crate::error::{Error, Result};
use crate::format::escape;
use crate::route::Route;
use crate::storage::Group;

/// Reads the value that fills `group`.
pub(crate) fn from_root<T: DeserializeOwned>(group: &Group, route: &Route) -> Result<T> {
    let root = Root { group: group.clone(), route: route.clone() };
    let value =
        Call::<Known>::new().during(|| T::deserialize(root)).map_err(|error| select::explained(error, route))?;
    group.spot().finish()?;
    Ok(value)
}

/// Reads the value at the link `name` of `group`.
pub(crate) fn read_named<T: DeserializeOwned>(group: &Group, name: &str, route: &Route) -> Result<T> {
    let link = escape(name);
    let value = Call::<Known>::new().during(|| {
        let node = Node::new(group, link.clone().into_owned(), false, &Scope::new(route), Depth::of_reading());
        T::deserialize(node)
    });
    let value = value.map_err(|error| select::explained(error, route).in_link(&link).in_link(&group.path()))?;
    group.spot().child(&link).finish()?;
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
#[derive(Debug)]
pub struct Hdf5Deserializer<'a> {
    group: &'a hdf5::Group,
}

impl<'a> Hdf5Deserializer<'a> {
    /// A deserializer of the value that fills `group`.
    #[must_use]
    pub fn new(group: &'a hdf5::Group) -> Self {
        Self { group }
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
            let root = Root { group: Group::of(self.group)?, route: Route::default() };
            Call::<Known>::new().during(|| root.$method($($name,)* visitor))
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
