//! Changes to the children of a group: all of them, or none.

use std::collections::{BTreeSet, HashSet};

use serde::Serialize;

use super::key;
use super::node::put;
use super::place::{Place, check_free};
use crate::call::{Call, Written};
use crate::depth::Depth;
use crate::error::{Error, ErrorKind, Result};
use crate::format::{escape, is_linkable};
use crate::route::Route;
use crate::storage::{self, Group};

/// The name of the link that a key of a map is.
pub(crate) fn link_name<K: ?Sized + Serialize>(key: &K) -> Result<String> {
    match key::link(key)? {
        Some((_, text)) if is_linkable(&text) => Ok(escape(&text).into_owned()),
        _ => Err(Error::new(ErrorKind::BadKey, "the key is no string, integer, bool or unit variant, or is too long")),
    }
}

/// New children of a group, which grow in a group that no link leads to.
pub(crate) struct Changes {
    group: Group,
    staging: Group,
    names: Vec<String>,
    call: Call<Written>,
}

impl Changes {
    /// Changes to `group`, none yet.
    pub(crate) fn new(group: &Group) -> Result<Self> {
        storage::begin();
        Ok(Self { group: group.clone(), staging: group.create_unlinked()?, names: Vec::new(), call: Call::new() })
    }

    /// Writes what is to become the child `name`.
    pub(crate) fn write<T: ?Sized + Serialize>(&mut self, name: String, value: &T) -> Result<()> {
        self.call.during(|| put(value, Place::child(&self.staging, &name, Route::nowhere()), Depth::default(), 0))?;
        self.names.push(name);
        Ok(())
    }

    /// Puts all that was written in place, and takes away the children in `removed`, or those of the same names.
    ///
    /// On an error nothing has changed, unless all is in place and some of the children that go are still there.
    pub(crate) fn commit(self, removed: &BTreeSet<String>) -> Result<()> {
        for name in self.names.iter().filter(|name| !removed.contains(*name)) {
            check_free(Some(&self.group), name).map_err(|error| error.in_link(name))?;
        }
        // What gives way is kept until all is in place.
        let old = self.group.create_unlinked()?;
        let mut begun = Vec::new();
        let placed = self.names.iter().try_for_each(|name| {
            let gives_way = self.group.has_link(name)?;
            if gives_way {
                self.group.copy_link(name, &old, name)?;
            }
            begun.push((name, gives_way));
            if gives_way {
                self.group.unlink(name)?;
            }
            self.staging.copy_link(name, &self.group, name)
        });
        if placed.is_err() {
            // What fails in here leaves no better way back.
            for (name, gave_way) in begun.into_iter().rev() {
                drop(self.group.unlink(name));
                if gave_way {
                    drop(old.copy_link(name, &self.group, name));
                }
            }
            return placed;
        }
        let names: HashSet<_> = self.names.iter().collect();
        for name in removed.iter().filter(|name| !names.contains(name)) {
            if self.group.has_link(name)? {
                self.group.unlink(name)?;
            }
        }
        Ok(())
    }
}
