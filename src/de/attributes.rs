//! The attributes of an object as a struct or map.

use std::sync::Arc;
use std::vec;

use super::describe;
use super::deserializer::{AskOnce, ValueDeserializer};
use super::elements::Map;
use super::foreign;
use super::key::Key;
use super::matlab;
use super::source::AttributeNode;
use super::visit::{Answer, Make, Question, Visit};
use crate::ground::depth::Depth;
use crate::ground::error::{Error, ErrorKind, Result, names};
use crate::ground::link_name::{ATTRIBUTE_PREFIX, escape, unescape};
use crate::h5::within::{Within, is_root, root_of};
use crate::h5::{Attributes, Group, Object};
use crate::layout::path_rules::{Keep, RulePosition};
use crate::layout::{APPENDED, KIND, LAYOUT_ATTRIBUTES};

/// The attributes of an object.
pub(super) struct AttributesOf {
    pub(super) object: Arc<Object>,
    pub(super) depth: Depth,
    /// Where the object is.
    pub(super) rules: RulePosition,
    /// Takes those away by which others know what the object is.
    pub(super) retain: fn(&Object, &mut Vec<String>) -> Result<()>,
}

/// Leaves those that do not say that the object is something for which the crate has a type, such as a sparse matrix.
pub(super) fn retain_others(object: &Object, names: &mut Vec<String>) -> Result<()> {
    #[cfg(feature = "sprs")]
    crate::layout::sparse::retain_others(names);
    retain_all(object, names);
    foreign::retain_of_object(object, names)
}

/// Leaves those that do not say how the value was stored, which may be otherwise where it is written. Of a group they are all
/// left.
fn retain_all(object: &Object, names: &mut Vec<String>) {
    if let Object::Dataset(_) = object {
        matlab::retain_attributes(names);
    }
}

/// Leaves those that are written again with the value.
pub(super) fn retain_written(object: &Object, names: &mut Vec<String>) -> Result<()> {
    retain_all(object, names);
    foreign::retain_of_class(object, names)
}

impl AttributesOf {
    fn visit(self, mut names: Vec<String>, visit: &mut dyn Visit) -> Result<()> {
        let Self { object, depth, rules, .. } = self;
        if rules.selects() {
            names.retain(|name| rules.field(&format!("{ATTRIBUTE_PREFIX}{name}")).keep() == Keep::Yes);
        }
        visit.map(&mut AttributeEntries { object, depth, names: names.into_iter(), current: None, node: None })
    }

    /// All but those that are the layout's own.
    fn all(self, visit: &mut dyn Visit) -> Result<()> {
        let mut names = self.object.attribute_names()?;
        if names.iter().any(|name| name == KIND) {
            names.retain(|name| !LAYOUT_ATTRIBUTES.contains(&name.as_str()));
        }
        names.retain(|name| name != APPENDED);
        (self.retain)(&self.object, &mut names)?;
        self.visit(names, visit)
    }

    fn structure(self, name: &'static str, fields: &[&str], visit: &mut dyn Visit) -> Result<()> {
        let object = Arc::clone(&self.object);
        let mut names = Vec::new();
        for name in fields {
            if ![KIND, APPENDED].contains(name) && object.has_attribute(name)? {
                names.push((*name).to_owned());
            }
        }
        let read = self.visit(names, visit);
        let what = if let Object::Group(_) = *object { "a group" } else { "a dataset" };
        read.map_err(|error| error.of_type(name).stored_here(|| describe::attributes(what, &*object)))
    }
}

impl AskOnce for AttributesOf {
    fn ask_once(self, question: Question, visit: &mut dyn Visit) -> Result<()> {
        match question {
            Question::Struct(name, fields) => self.structure(name, fields, visit),
            Question::Newtype(_) => visit.newtype(&mut Some(self)),
            Question::Unit | Question::UnitStruct => visit.answer(Answer::Unit),
            _ => self.all(visit),
        }
    }
}

/// Where a path leads whose last name is that of an attribute: `pressure/@units`.
pub(super) struct AttributePlace {
    object: Object,
    /// The links that lead to the object, from the path of a group on.
    links: Vec<String>,
    name: String,
}

impl AttributePlace {
    /// Follows `path` from `group` on. A child that is called `@units` comes first: then the path is that of the child.
    pub(super) fn find(group: &Group, path: &str) -> Result<Option<Self>> {
        let (object, last) = path.rsplit_once('/').unwrap_or(("", path));
        let Some(name) = last.strip_prefix(ATTRIBUTE_PREFIX).filter(|name| !name.is_empty()) else { return Ok(None) };
        let name = unescape(name).into_owned();
        let (object, links) = if !object.is_empty() && !is_root(object) {
            let (parent, link) = Within::find(group, object)?;
            let path = parent.path();
            match parent.open(&link) {
                Ok(object) => (object, vec![path, link]),
                Err(error) => return Err(error.in_link(&link).in_link(&path)),
            }
        } else {
            let of = if path.starts_with('/') { root_of(group)? } else { group.clone() };
            let path = of.path();
            (Object::Group(of), vec![path])
        };
        let link = format!("{ATTRIBUTE_PREFIX}{name}");
        let is_child = match &object {
            Object::Group(inside) => inside.has_link(&escape(&link))?,
            Object::Dataset(_) => false,
        };
        Ok((!is_child).then_some(Self { object, links, name }))
    }

    /// Reads the attribute.
    pub(super) fn read(self, value: &mut dyn Make) -> Result<()> {
        let Self { object, links, name } = self;
        let read = if object.has_attribute(&name)? {
            let node = AttributeNode { object: Arc::new(object), name: name.clone(), depth: Depth::of_reading() };
            value.make(ValueDeserializer::Other(&mut Some(node)))
        } else {
            let own = object.attribute_names()?;
            let what = if let Object::Group(_) = object { "group" } else { "dataset" };
            let message = format!("there is no attribute `{name}`; the attributes of the {what} are {}", names(&own));
            Err(Error::new(ErrorKind::NotFound, message))
        };
        let located = |error: Error| error.in_attribute(&name).in_link(&format!("{ATTRIBUTE_PREFIX}{name}"));
        read.map_err(|error| links.iter().rev().fold(located(error), |error, link| error.in_link(link)))
    }
}

/// The attributes, one by one.
struct AttributeEntries {
    object: Arc<Object>,
    depth: Depth,
    names: vec::IntoIter<String>,
    current: Option<String>,
    /// The attribute that was given out last.
    node: Option<AttributeNode>,
}

impl Map for AttributeEntries {
    fn next_key(&mut self) -> Result<Option<ValueDeserializer<'_>>> {
        let Some(name) = self.names.next() else { return Ok(None) };
        Ok(Some(ValueDeserializer::Key(Key(self.current.insert(name)))))
    }

    fn in_key(&self, error: Error) -> Error {
        error
    }

    fn value(&mut self) -> Result<ValueDeserializer<'_>> {
        let name = self.current.clone().ok_or_else(|| Error::corrupt("a value was asked for before its key"))?;
        self.node = Some(AttributeNode { object: Arc::clone(&self.object), name, depth: self.depth });
        Ok(ValueDeserializer::Other(&mut self.node))
    }

    fn in_value(&self, error: Error) -> Error {
        match &self.current {
            Some(name) => error.in_attribute(name).in_link(&format!("{ATTRIBUTE_PREFIX}{name}")),
            None => error,
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.names.len())
    }
}
