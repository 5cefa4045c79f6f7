//! What is kept to be read later: an open object, or the link to one.

use std::sync::{Arc, OnceLock};

use serde::de::DeserializeOwned;

use super::access::key_of;
use super::deferred_entry::{DeferredEntry, DeferredPairs};
use super::deserializer::ValueDeserializer;
use super::foreign;
use super::node::Node;
use super::python::dictionary::{ChildKey, DictionaryEntry};
use super::read_state::ReadState;
use super::select;
use super::source::OpenObject;
use super::visit::{Make, made};
use super::visit_limits::Scope;
use crate::ground::call::Call;
use crate::ground::depth::Depth;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::ledger;
use crate::ground::limits::MAX_DEPTH;
use crate::ground::link_name::unescape;
use crate::ground::read_failure;
use crate::h5::{Attributes, Group, Link, Object, OpenFile, path_of};
use crate::layout::VALUE;
use crate::layout_attributes::LayoutAttributes;

/// A value that can be read at any time, from any thread. It holds its file open by itself.
#[derive(Debug)]
pub(crate) struct Deferred {
    /// The object, once it was opened. It is good from then on, whatever becomes of its links.
    opened: OnceLock<OpenObject>,
    link: Option<UnopenedLink>,
    /// It is no object, but a value of a map that is stored as keys and values.
    entry: Option<DeferredEntry>,
    file: Arc<OpenFile>,
}

/// A link that is not followed yet. It is found again by its name: where it led before may be used for something else.
#[derive(Debug)]
struct UnopenedLink {
    group: Group,
    name: String,
    soft: bool,
    scope: Scope,
    depth: Depth,
}

/// A child of a map that is kept.
pub(crate) struct DeferredChild {
    key: String,
    /// The name of the link.
    pub(crate) name: String,
    pub(crate) deferred: Deferred,
}

impl DeferredChild {
    /// The key as its type has it, and what is there for it.
    pub(crate) fn entry<K: DeserializeOwned>(mut self) -> Result<(K, Deferred)> {
        let key = made(|key| self.read_key(key))?;
        Ok((key, self.deferred))
    }

    fn read_key(&mut self, key: &mut dyn Make) -> Result<()> {
        let Some(UnopenedLink { group, name, soft, scope, depth }) = &self.deferred.link else {
            return Err(Error::corrupt("a child without a link"));
        };
        let (name, link) = (std::mem::take(&mut self.key), Link::new(name.clone(), *soft));
        let mut child = ChildKey { name, link, group, scope, depth: *depth, pair: None };
        key.make(ValueDeserializer::Other(&mut child))?;
        if let Some(DictionaryEntry { group, scope, depth, .. }) = child.pair {
            self.deferred.link = Some(UnopenedLink { group, name: VALUE.to_owned(), soft: false, scope, depth });
        }
        Ok(())
    }
}

impl Deferred {
    /// Keeps an object that was opened. What is read of it later is no part of the call that it was opened for.
    pub(super) fn of(stored: OpenObject) -> Result<Self> {
        let stored = OpenObject { object: stored.object.unwatched(), ..stored };
        let file = Arc::new(OpenFile::of(&stored.object)?);
        Ok(Self { opened: OnceLock::from(stored), link: None, entry: None, file })
    }

    fn stored(&self) -> Result<&OpenObject> {
        self.file.check_open()?;
        if let Some(stored) = self.opened.get() {
            return Ok(stored);
        }
        let Some(UnopenedLink { group, name, soft, scope, depth }) = &self.link else {
            return Err(Error::new(ErrorKind::Custom, "nothing is kept"));
        };
        let node = Node::at(group, Link::new(name.clone(), *soft), &scope.for_new_call(), *depth);
        let mut found = None;
        let open = || {
            node.found(&mut |stored| {
                found = Some(stored);
                Ok(())
            })
        };
        scope.limited(open).map_err(|error| self.located(error))?;
        let stored = found.ok_or_else(|| Error::corrupt("nothing was opened"))?;
        // Where another thread was faster, its handle is as good.
        Ok(self.opened.get_or_init(|| stored))
    }

    /// The object, open.
    pub(crate) fn object(&self) -> Result<&Object> {
        self.stored().map(|stored| &stored.object)
    }

    /// Reads the value. That is a call of its own.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T> {
        made(|value| self.read_into(value))
    }

    fn read_into(&self, value: &mut dyn Make) -> Result<()> {
        if let Some(entry) = &self.entry {
            return entry.read_into(value);
        }
        self.during(|stored| {
            // What is opened again is, too.
            let scope = stored.scope.for_new_call();
            let stored = OpenObject { scope, ..stored.again()? };
            let rules = stored.scope.rules().clone();
            let mut node = Some(Node::of_stored(stored));
            let size = self.object()?.file_size();
            let read = Call::<ReadState>::new().during(|| {
                ledger::of_file(size);
                value.make(ValueDeserializer::Other(&mut node))
            });
            read.map_err(|error| select::explained(error, &rules).call_ended())
        })
    }

    /// Does something with what is stored; says where, if it fails.
    pub(crate) fn during<R>(&self, work: impl FnOnce(&OpenObject) -> Result<R>) -> Result<R> {
        let work = || {
            let stored = self.stored()?;
            stored.scope.limited(|| work(stored)).map_err(|error| self.located(error))
        };
        // Whatever came of it, it means nothing if the file is not whole any more.
        let result = read_failure::instead_of(work());
        let whole = self.file.check_whole().map_err(|error| self.located(error));
        whole.and(result).map_err(|error| self.in_file(error))
    }

    /// Where it is.
    fn located(&self, error: Error) -> Error {
        if self.file.check_open().is_err() {
            return error;
        }
        let path = match (self.opened.get(), &self.link) {
            (Some(stored), _) => path_of(&stored.object),
            (None, Some(UnopenedLink { group, name, .. })) => return error.in_link(name).in_link(&path_of(group)),
            (None, None) => String::new(),
        };
        if path.is_empty() { error } else { error.in_link(&path) }
    }

    fn in_file(&self, error: Error) -> Error {
        match self.file.name() {
            Some(name) => error.in_file(&name),
            None => error,
        }
    }

    /// What it is, in words, without a look at the file.
    pub(crate) fn words(&self) -> Option<String> {
        self.opened.get().map(|stored| match &stored.object {
            Object::Dataset(dataset) => dataset.words(),
            Object::Group(_) => "a group".to_owned(),
        })
    }

    /// Whether there is something with a name in it: a field, or an entry of a map.
    pub(crate) fn has_names(&self) -> Result<bool> {
        match &self.entry {
            Some(entry) => entry.has_names(),
            None => self.during(|stored| select::leads_on(&stored.object, MAX_DEPTH)),
        }
    }

    /// Whether it is an object of its own.
    pub(crate) fn is_object(&self) -> bool {
        self.entry.is_none()
    }

    /// Something else that is kept of the same file.
    fn beside(&self, link: Option<UnopenedLink>, entry: Option<DeferredEntry>) -> Self {
        Self { opened: OnceLock::new(), link, entry, file: Arc::clone(&self.file) }
    }

    /// The entries, if it is a map that is stored as keys and values, none of which is an object or left out.
    pub(crate) fn pairs<K: DeserializeOwned>(self: &Arc<Self>) -> Result<Option<Vec<(K, Self)>>> {
        let Some((mut keys, pairs)) = DeferredPairs::open(self)? else { return Ok(None) };
        let keys: Vec<K> = made(|value| pairs.read_keys(&mut keys, value))?;
        let values = pairs.entries().map(|entry| self.beside(None, Some(entry)));
        Ok(Some(keys.into_iter().zip(values).collect()))
    }

    /// The file that it is in.
    pub(crate) fn file(&self) -> &OpenFile {
        &self.file
    }

    /// The children, if it is a group whose links are keys.
    pub(crate) fn children(&self) -> Result<Option<Vec<DeferredChild>>> {
        self.during(|stored| {
            let Object::Group(group) = &stored.object else { return Ok(None) };
            if group.kind()?.is_some() {
                return Ok(None);
            }
            let inside = stored.again()?.enter()?;
            let depth = inside.depth.in_record()?;
            let mut links = group.links()?;
            foreign::retain_entries(group, &mut links)?;
            let quoted = foreign::has_quoted_keys(group, &links)?;
            let child = |link: Link| {
                let key = key_of(&link, &inside.scope, quoted).into_owned();
                let Link { name, soft, .. } = link;
                let scope = inside.scope.at(inside.scope.rules().field(&key));
                let link = UnopenedLink { group: group.clone(), name: name.clone(), soft, scope, depth };
                let deferred = self.beside(Some(link), None);
                DeferredChild { key, name, deferred }
            };
            select::links(group, &mut links, inside.scope.rules(), |link| key_of(link, &inside.scope, quoted))?;
            Ok(Some(links.into_iter().map(child).collect()))
        })
    }

    /// The object that the hard link `name` of the group that this is leads to.
    pub(crate) fn child(&self, name: &str) -> Result<Self> {
        self.during(|stored| {
            let Object::Group(group) = &stored.object else { return Err(Error::corrupt("a map that is no group")) };
            let inside = stored.again()?.enter()?;
            let (scope, depth) =
                (inside.scope.at(inside.scope.rules().field(&unescape(name))), inside.depth.in_record()?);
            let link = UnopenedLink { group: group.clone(), name: name.to_owned(), soft: false, scope, depth };
            Ok(self.beside(Some(link), None))
        })
    }
}
