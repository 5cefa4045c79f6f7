//! What of a file is not as a schema says.

use std::collections::HashMap;
use std::io::Write;

use filebacked::objects::{Attribute, Dataset, ElementType, Group, Link, LinkKind, Object, ObjectId, TypeClass};
use serde_json::{Value, json};

use super::{Entry, Extent, Kind, LAYOUT_ATTRIBUTES, Schema, Shape, Step, types};
use crate::failure::{Outcome, why};
use crate::json::{self, Nan};
use crate::output::one_line;

/// Something that is not as the schema says.
#[derive(Debug, PartialEq)]
pub(crate) struct Difference {
    pub(crate) path: String,
    pub(crate) kind: &'static str,
    /// What it is.
    pub(crate) is: Option<String>,
    /// What it should be.
    pub(crate) should: Option<String>,
}

impl Difference {
    /// In words, without the path.
    pub(crate) fn words(&self) -> String {
        let Self { kind, is, should, .. } = self;
        let should = should.as_deref().unwrap_or_default();
        let is = is.as_deref().unwrap_or_default();
        match *kind {
            "missing" => format!("is missing, should be {should}"),
            "extra" => format!("is not in the schema: {is}"),
            "unreadable" => format!("cannot be opened: {is}"),
            kind => format!("{kind} is {is}, should be {should}"),
        }
    }

    /// As an object of JSON's.
    pub(crate) fn json(&self, file: &str, output: &mut dyn Write) -> Outcome {
        let mut object = serde_json::Map::from_iter([
            ("file".to_owned(), json!(file)),
            ("path".to_owned(), json!(self.path)),
            ("kind".to_owned(), json!(self.kind)),
        ]);
        for (key, text) in [("is", &self.is), ("should", &self.should)] {
            if let Some(text) = text {
                object.insert(key.to_owned(), json!(text));
            }
        }
        Ok(write!(output, "{}", Value::Object(object))?)
    }
}

/// Hands what is not as a schema says to `found`.
pub(crate) fn compare(schema: &Schema, root: &Group, found: &mut dyn FnMut(Difference) -> Outcome) -> Outcome {
    let (extents, seen) = (HashMap::new(), HashMap::from([(root.id()?, "/".to_owned())]));
    let mut comparer = Comparer { schema, found, extents, seen };
    let mut stack = Vec::new();
    if let Some(entry) = schema.entry("/") {
        comparer.attributes("/", entry, &Object::Group(root.clone()))?;
    }
    comparer.enter(root.clone(), &mut stack)?;
    while let Some((group, links)) = stack.last_mut() {
        let Some(link) = links.next() else {
            stack.pop();
            continue;
        };
        let group = group.clone();
        if let Some(inner) = comparer.link(&group, &link)? {
            comparer.enter(inner, &mut stack)?;
        }
    }
    Ok(())
}

type Stack = Vec<(Group, std::vec::IntoIter<Link>)>;

struct Comparer<'a> {
    schema: &'a Schema,
    found: &'a mut dyn FnMut(Difference) -> Outcome,
    /// What extents with a name are, and where that was seen.
    extents: HashMap<String, (u64, String)>,
    /// Objects that were met, by paths.
    seen: HashMap<ObjectId, String>,
}

impl Comparer<'_> {
    fn report(&mut self, path: &str, kind: &'static str, is: Option<String>, should: Option<String>) -> Outcome {
        (self.found)(Difference { path: path.to_owned(), kind, is, should })
    }

    fn differs(&mut self, path: &str, kind: &'static str, is: impl Into<String>, should: impl Into<String>) -> Outcome {
        self.report(path, kind, Some(is.into()), Some(should.into()))
    }

    /// Says which children of a group are missing; what is in it comes next.
    fn enter(&mut self, group: Group, stack: &mut Stack) -> Outcome {
        let links = match group.links() {
            Ok(links) => links,
            Err(error) => {
                let path = group.path().to_owned();
                return self.report(&path, "unreadable", Some(why(&error)), None);
            }
        };
        let path = group.path().to_owned();
        let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
        let schema = self.schema;
        for (steps, entry) in &schema.entries {
            let Some((Step::Name(name), parents)) = steps.split_last() else { continue };
            let is_here = parents.len() == names.len()
                && parents.iter().zip(&names).all(|(step, name)| match step {
                    Step::Name(wanted) => wanted == name,
                    Step::Any => true,
                    Step::Deep => false,
                });
            if is_here && !entry.is_optional && !links.iter().any(|link| link.name == *name) {
                let path = format!("{}/{name}", path.trim_end_matches('/'));
                self.report(&path, "missing", None, Some(words_of(entry)))?;
            }
        }
        stack.push((group, links.into_iter()));
        Ok(())
    }

    /// Compares what a link leads to; the group, if it is one whose children are to be looked at.
    fn link(&mut self, group: &Group, link: &Link) -> Outcome<Option<Group>> {
        let path = format!("{}/{}", group.path().trim_end_matches('/'), link.name);
        let schema = self.schema;
        let Some(entry) = schema.entry(&path) else {
            let is_free = schema.has_extra || schema.entry(group.path()).is_some_and(|entry| entry.has_extra);
            if !is_free {
                let is = match &link.kind {
                    LinkKind::Hard => {
                        group.open_link(link).map_or_else(|error| why(&error), |object| object_words(&object))
                    }
                    kind => link_words(kind),
                };
                self.report(&path, "extra", Some(is), None)?;
            }
            return Ok(None);
        };
        if link.kind != LinkKind::Hard {
            let is = link_words(&link.kind);
            match &entry.kind {
                Some(Kind::Link(None)) => {}
                Some(Kind::Link(Some(target))) => {
                    let found = match &link.kind {
                        LinkKind::Soft(path) => path.clone(),
                        LinkKind::External { file, path } => format!("{file}:{path}"),
                        _ => String::new(),
                    };
                    if found != *target {
                        self.differs(&path, "target", format!("`{found}`"), format!("`{target}`"))?;
                    }
                }
                kind => self.differs(&path, "kind", is, kind_word(kind))?,
            }
            return Ok(None);
        }
        let object = match group.open_link(link) {
            Ok(object) => object,
            Err(error) => return self.report(&path, "unreadable", Some(why(&error)), None).map(|()| None),
        };
        let id = object.id()?;
        let first = self.seen.get(&id).cloned();
        self.seen.entry(id).or_insert_with(|| path.clone());
        match (&entry.kind, object) {
            (Some(Kind::Same(target)), _) => {
                if first.as_deref() != Some(target) {
                    let is = first
                        .map_or_else(|| "an object of its own".to_owned(), |first| format!("what is at `{first}`"));
                    self.differs(&path, "object", is, format!("what is at `{target}`"))?;
                }
                Ok(None)
            }
            (Some(Kind::Group) | None, Object::Group(inner)) => {
                self.encoding(&path, entry, inner.encoding())?;
                self.attributes(&path, entry, &Object::Group(inner.clone()))?;
                Ok(first.is_none().then_some(inner))
            }
            (Some(Kind::Dataset) | None, Object::Dataset(inner)) => {
                self.encoding(&path, entry, inner.encoding())?;
                self.dataset(&path, entry, &inner)?;
                self.attributes(&path, entry, &Object::Dataset(inner))?;
                Ok(None)
            }
            (Some(Kind::NamedType), Object::NamedType(inner)) => {
                self.element_type(&path, entry.types.as_deref(), inner.element_type())?;
                self.attributes(&path, entry, &Object::NamedType(inner))?;
                Ok(None)
            }
            (kind, object) => self.differs(&path, "kind", object_words(&object), kind_word(kind)).map(|()| None),
        }
    }

    fn encoding(&mut self, path: &str, entry: &Entry, found: filebacked::Result<Option<&'static str>>) -> Outcome {
        let Some(wanted) = &entry.encoding else { return Ok(()) };
        let found = match found {
            Ok(found) => found.map(str::to_owned),
            Err(error) => Some(why(&error)),
        };
        if found != *wanted {
            let words = |encoding: &Option<String>| encoding.clone().unwrap_or_else(|| "none".to_owned());
            self.differs(path, "encoding", words(&found), words(wanted))?;
        }
        Ok(())
    }

    fn dataset(&mut self, path: &str, entry: &Entry, dataset: &Dataset) -> Outcome {
        self.element_type(path, entry.types.as_deref(), dataset.element_type())?;
        self.shape(path, entry.shape.as_ref(), dataset.dims())
    }

    fn element_type(&mut self, path: &str, wanted: Option<&[Value]>, ty: &ElementType) -> Outcome {
        let Some(wanted) = wanted else { return Ok(()) };
        if wanted.iter().any(|wanted| types::is_such(wanted, ty)) {
            return Ok(());
        }
        // Of records, which field it is.
        if let ([Value::Object(only)], TypeClass::Record(fields)) = (wanted, ty.class())
            && let Some(Value::Object(wanted)) = only.get("record")
        {
            for (name, ty) in &fields {
                let path = format!("{path}/{name}");
                match wanted.get(name) {
                    Some(wanted) => self.element_type(&path, Some(std::slice::from_ref(wanted)), ty)?,
                    None => self.report(&path, "extra", Some(types::words(&types::of(ty))), None)?,
                }
            }
            for (name, wanted) in wanted {
                if !fields.iter().any(|(field, _)| field == name) {
                    self.report(&format!("{path}/{name}"), "missing", None, Some(types::words(wanted)))?;
                }
            }
            return Ok(());
        }
        let should: Vec<String> = wanted.iter().map(types::words).collect();
        self.differs(path, "type", types::words(&types::of(ty)), should.join(" or "))
    }

    fn shape(&mut self, path: &str, wanted: Option<&Shape>, dims: Option<&[u64]>) -> Outcome {
        let wanted = match (wanted, dims) {
            (None, _) | (Some(Shape::Null), None) => return Ok(()),
            (Some(Shape::Null), Some(dims)) => return self.differs(path, "shape", dims_words(dims), "null"),
            (Some(Shape::Of(wanted)), None) => return self.differs(path, "shape", "null", extents_words(wanted)),
            (Some(Shape::Of(wanted)), Some(_)) => wanted,
        };
        let dims = dims.unwrap_or_default();
        if wanted.len() != dims.len() {
            return self.differs(path, "rank", dims_words(dims), extents_words(wanted));
        }
        let mut differs = false;
        for (wanted, dim) in wanted.iter().zip(dims) {
            match wanted {
                Extent::Any => {}
                Extent::Of(wanted) => differs |= wanted != dim,
                Extent::Named(name) => match self.extents.get(name) {
                    None => {
                        self.extents.insert(name.clone(), (*dim, path.to_owned()));
                    }
                    Some((known, _)) if known == dim => {}
                    Some((known, place)) => {
                        let should = format!("{known} as that of `{place}`");
                        self.differs(path, "extent", format!("`{name}` = {dim}"), should)?;
                    }
                },
            }
        }
        if differs { self.differs(path, "shape", dims_words(dims), extents_words(wanted)) } else { Ok(()) }
    }

    fn attributes(&mut self, path: &str, entry: &Entry, object: &Object) -> Outcome {
        let names = match object.attribute_names() {
            Ok(names) => names,
            Err(error) => return self.report(path, "unreadable", Some(why(&error)), None),
        };
        for (name, wanted) in &entry.attributes {
            let at = format!("{path}@{name}");
            let attribute = match object.attribute(name) {
                Ok(Some(attribute)) => attribute,
                Ok(None) if wanted.is_optional => continue,
                Ok(None) => {
                    let types: Vec<String> = wanted.types.iter().flatten().map(types::words).collect();
                    let should = if types.is_empty() { "an attribute".to_owned() } else { types.join(" or ") };
                    self.report(&at, "missing", None, Some(should))?;
                    continue;
                }
                Err(error) => {
                    self.report(&at, "unreadable", Some(why(&error)), None)?;
                    continue;
                }
            };
            self.element_type(&at, wanted.types.as_deref(), &attribute.element_type())?;
            self.shape(&at, wanted.shape.as_ref(), attribute.dims())?;
            if let Some(should) = &wanted.value {
                let is = value_of(&attribute);
                if is.as_ref() != Some(should) {
                    let is = is.map_or_else(|| "?".to_owned(), |is| is.to_string());
                    self.differs(&at, "value", is, should.to_string())?;
                }
            }
        }
        if entry.has_extra || self.schema.has_extra {
            return Ok(());
        }
        for name in names {
            let is_known = entry.attributes.iter().any(|(known, _)| *known == name);
            if is_known || LAYOUT_ATTRIBUTES.contains(&name.as_str()) {
                continue;
            }
            let words = match object.attribute(&name) {
                Ok(Some(attribute)) => types::words(&types::of(&attribute.element_type())),
                _ => "?".to_owned(),
            };
            self.report(&format!("{path}@{name}"), "extra", Some(words), None)?;
        }
        Ok(())
    }
}

/// The value of an attribute as JSON.
fn value_of(attribute: &Attribute) -> Option<Value> {
    let dims = attribute.dims()?;
    let mut text = Vec::new();
    let elements = attribute.items().elements();
    match dims {
        [] => json::write(&mut text, elements.get(0), Nan::String).ok()?,
        dims => json::array(&mut text, dims, elements, Nan::String).ok()?,
    }
    serde_json::from_slice(&text).ok()
}

fn words_of(entry: &Entry) -> String {
    let types: Vec<String> = entry.types.iter().flatten().map(types::words).collect();
    let word = kind_word(&entry.kind);
    if types.is_empty() { word.to_owned() } else { format!("{word} of {}", types.join(" or ")) }
}

fn kind_word(kind: &Option<Kind>) -> &'static str {
    kind.as_ref().map_or("group or dataset", Kind::word)
}

fn object_words(object: &Object) -> String {
    match object {
        Object::Group(_) => "group".to_owned(),
        Object::Dataset(dataset) => format!("dataset of {}", types::words(&types::of(dataset.element_type()))),
        _ => "named type".to_owned(),
    }
}

fn link_words(kind: &LinkKind) -> String {
    match kind {
        LinkKind::Soft(path) => format!("link to `{}`", one_line(path)),
        LinkKind::External { file, path } => format!("link to `{}` in `{}`", one_line(path), one_line(file)),
        _ => "link".to_owned(),
    }
}

fn dims_words(dims: &[u64]) -> String {
    Value::from(dims).to_string()
}

fn extents_words(extents: &[Extent]) -> String {
    let extent = |extent: &Extent| match extent {
        Extent::Any => Value::Null,
        Extent::Of(extent) => json!(extent),
        Extent::Named(name) => json!(name),
    };
    extents.iter().map(extent).collect::<Value>().to_string()
}
