//! References in attributes, from file to file: each leads to what is written of the object that it led to.
//!
//! A reference is an address in its file. When an attribute is read to be written again, it is noted at which path its object
//! is, and at which what its references lead to. When all of a value is written, the paths are looked for in that: where the
//! end of the object's path is the end of the path that it had, the beginnings tell where the rest is now.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::attribute::Attributes;
use super::dtype::Dtype;
use super::{Address, Group, Identity, Object, ReferencedFile, StoredAttribute, paths};
use crate::ground::error::Result;
use crate::ground::link_name::unescape;

/// HDF5's attributes between coordinates and what they are the coordinates of. Of an end that is not there they say nothing.
const SCALES: [&str; 2] = ["DIMENSION_LIST", "REFERENCE_LIST"];

/// Names on the way to an object, as users know them.
type Path = Vec<String>;

/// An attribute as a file has it, and what its references lead to.
#[derive(Debug)]
pub(crate) struct Referred {
    pub(crate) attribute: StoredAttribute,
    /// Where the object is that has the attribute.
    owner: Option<Path>,
    targets: HashMap<Address, Path>,
}

impl Referred {
    /// The attribute `name` of an object, if it is of a type that can be kept. `paths` knows where the objects are of the file
    /// that has a root group.
    pub(crate) fn of(
        object: &Object,
        name: &str,
        paths: impl FnOnce(&Group) -> Result<Rc<HashMap<Identity, Vec<String>>>>,
    ) -> Result<Option<Self>> {
        let Some(attribute) = StoredAttribute::of(object, name)? else { return Ok(None) };
        let (mut owner, mut targets) = (None, HashMap::new());
        let references = attribute.references();
        if !references.is_empty() {
            let home = ReferencedFile::of(object.handle())?;
            let Object::Group(root) = home.root()? else { return Ok(None) };
            let paths = paths(&root)?;
            owner = paths.get(&object.summary()?.identity).map(|path| known(path));
            for address in references {
                if let std::collections::hash_map::Entry::Vacant(place) = targets.entry(address)
                    && let Ok(Some(target)) = home.follow(&address.to_ne_bytes())
                    && let Some(path) = paths.get(&target.summary()?.identity)
                {
                    place.insert(known(path));
                }
            }
        }
        Ok(Some(Self { attribute, owner, targets }))
    }

    /// The paths of what its references lead to, one for each place that has one; `None` for those that lead to nothing.
    pub(crate) fn paths(&self) -> impl Iterator<Item = Option<String>> {
        self.attribute.references().into_iter().map(|address| {
            let path = self.targets.get(&address)?;
            Some(path.iter().fold(String::new(), |path, name| format!("{path}/{name}")))
        })
    }

    /// Writes it to an object. Its references are null until they are [settled](Self::settle); whether it has any.
    pub(crate) fn write(&self, object: &Object, name: &str) -> Result<bool> {
        // Sequences that will be written again are empty until then.
        let is_sequence = matches!(self.attribute.dtype, Dtype::VarArray(_));
        self.attribute.write(object, name, is_sequence && SCALES.contains(&name), &|_| 0)?;
        Ok(self.attribute.dtype.has_references())
    }

    /// Where what was at `target` is, if the object that has the attribute is at `path` now: in the same part of the file as
    /// before.
    fn now(&self, path: &[String], target: &[String]) -> Option<Path> {
        let owner = self.owner.as_ref()?;
        let same = owner.iter().rev().zip(path.iter().rev()).take_while(|(before, now)| before == now).count();
        let (before, now) = (&owner[..owner.len() - same], &path[..path.len() - same]);
        target.strip_prefix(before).map(|rest| [now, rest].concat())
    }

    /// Has the references of the attribute, as it was written to an object, lead to what was written of what they led to; those to
    /// anything else stay null.
    fn settle(&self, object: &Object, name: &str, places: &Places, root: &Group) -> Result<()> {
        let Some(path) = places.owners.get(&object.summary()?.identity) else { return Ok(()) };
        let mut addresses = HashMap::new();
        for (address, target) in &self.targets {
            let place = self.now(path, target).and_then(|path| places.links.get(&path));
            // A value that was taken out of the whole, or put elsewhere, may lead to what is where it was.
            if let Some(place) = place.or_else(|| places.links.get(target)) {
                addresses.insert(*address, root.address_of(place)?);
            }
        }
        let target = |address| addresses.get(&address).copied().unwrap_or(0);
        self.attribute.write_again(object, name, SCALES.contains(&name), &target)
    }
}

fn known(path: &[String]) -> Path {
    path.iter().map(|name| unescape(name).into_owned()).collect()
}

/// Where all objects are in what was written.
struct Places {
    owners: HashMap<Identity, Path>,
    /// The links to them, by their paths.
    links: HashMap<Path, Rc<[String]>>,
}

/// An attribute that was written, whose references are null as yet.
pub(crate) struct Referring {
    pub(crate) object: Arc<Object>,
    pub(crate) name: String,
    pub(crate) attribute: Arc<Referred>,
}

/// Has the references of attributes that were written lead to what was written in `root`; those to anything else stay null.
pub(crate) fn settle(referring: &[Referring], root: &Group) -> Result<()> {
    if referring.is_empty() {
        return Ok(());
    }
    let all = paths(root)?;
    let owners = all.iter().map(|(identity, path)| (*identity, known(path))).collect();
    let links = all.into_iter().map(|(_, path)| (known(&path), path.into())).collect();
    let places = Places { owners, links };
    referring.iter().try_for_each(|Referring { object, name, attribute }| attribute.settle(object, name, &places, root))
}
