//! Changes to the children of a group: all of them, or none.

use std::collections::{BTreeSet, HashSet};

use super::any_value::AnyValue;
use super::key;
use super::node::put;
use super::place::{Place, check_free};
use super::replace::Replacement;
use super::write_state::WriteState;
use crate::ground::call::Call;
use crate::ground::depth::Depth;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::link_name::escape;
use crate::h5::{self, Group, Writing};
use crate::layout::is_linkable;
use crate::layout::path_rules::RulePosition;

/// The name of the link that a key of a map is.
pub(crate) fn link_name(key: &dyn AnyValue) -> Result<String> {
    match key::link(key)? {
        Some((_, text)) if is_linkable(&text) => Ok(escape(&text).into_owned()),
        _ => Err(Error::new(ErrorKind::BadKey, "the key is no string, integer, bool or unit variant, or is too long")),
    }
}

/// The names of the links that the keys of a map are, all of which are of one type.
pub(crate) fn link_names(keys: &mut dyn Iterator<Item = &dyn AnyValue>) -> Result<Vec<String>> {
    let (mut names, mut used, mut class) = (Vec::new(), HashSet::new(), None);
    for key in keys {
        let name = link_name(key)?;
        let found = key::link(key)?.map(|(class, _)| class);
        if *class.get_or_insert(found) != found || !used.insert(name.clone()) {
            return Err(
                Error::new(ErrorKind::BadKey, "the keys are of different types, or not distinct").in_field(&name)
            );
        }
        names.push(name);
    }
    Ok(names)
}

/// New children of a group, which grow in a group that no link leads to.
pub(crate) struct Changes {
    group: Group,
    staging: Group,
    names: Vec<String>,
    call: Call<WriteState>,
    writing: Writing,
}

impl Changes {
    /// Changes to `group`, none yet.
    pub(crate) fn new(group: &Group) -> Result<Self> {
        h5::start_call();
        let writing = Writing::to(group)?;
        let staging = {
            let _writing = writing.enter();
            group.create_unlinked()?
        };
        Ok(Self { group: group.clone(), staging, names: Vec::new(), call: Call::new(), writing })
    }

    /// Writes what is to become the child `name`.
    pub(crate) fn write(&mut self, name: String, value: &dyn AnyValue) -> Result<()> {
        let _writing = self.writing.enter();
        self.call.during(|| {
            put(value, Place::child(&self.staging, &name, RulePosition::nowhere()), Depth::default(), 0)?;
            self.call.settle(&self.staging)
        })?;
        self.names.push(name);
        Ok(())
    }

    /// Puts all that was written in place, and takes away the children in `removed`, or those of the same names.
    ///
    /// On an error nothing has changed.
    pub(crate) fn commit(self, removed: &BTreeSet<String>) -> Result<()> {
        let _writing = self.writing.enter();
        // Others may have called the same child otherwise.
        let going = removed.iter().map(|name| self.group.label(name)).collect::<Result<HashSet<_>>>()?;
        for name in &self.names {
            if !going.contains(&self.group.label(name)?) {
                check_free(Some(&self.group), name).map_err(|error| error.in_link(name))?;
            }
        }
        Replacement::new(&self.staging, &self.group)?.exchange(&self.names, removed)
    }
}
