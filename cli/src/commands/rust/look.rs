//! From what is stored to types: the sections of the layout, one by one.

use std::collections::{HashMap, HashSet};

use filebacked::objects::{Attribute, Group, Link, LinkKind, Object, ObjectId, Scalar, TypeClass};

use super::datasets::{has_repeated, integer};
use super::facts::Facts;
use super::names;
use super::types::{Body, Field, Form, Id, Item, Rank, Type, Types};
use crate::failure::why;
use crate::words;

/// What was found, or why it has no type.
pub(super) type Seen<T = Type> = Result<T, String>;

/// How many fields a struct has at the most; a group with more children is read as whatever is there.
pub(super) const FIELDS: usize = 512;
/// How many fields a tuple has at the most: Rust derives no more.
const TUPLE: usize = 12;
/// How long serde's arrays are.
pub(super) const SERDE_ARRAY: usize = 32;
/// How deep objects nest, whatever the option says: each level takes some of the stack.
const DEPTH: usize = 400;
/// How many keys of a map are compared.
pub(super) const KEYS: u64 = 1 << 20;
/// An attribute that is longer is only written again by what read it.
const LONG_ATTRIBUTE: u64 = 60_000;

/// The attributes by which the layout says what is stored.
pub(super) const LAYOUT_ATTRIBUTES: [&str; 5] =
    ["filebacked", "length", "filebacked-length", "encoding-type", "encoding-version"];

/// Looks at a file.
pub(super) struct Look {
    /// The root of the file, to which references lead.
    pub(super) root: Group,
    pub(super) types: Types,
    /// What is said about how to write: a path in the value, and the call.
    pub(super) settings: Vec<(Vec<String>, String)>,
    /// Where in the value it is: the steps of a path of the crate's options.
    pub(super) steps: Vec<String>,
    /// The same in names of the file.
    pub(super) names: Vec<String>,
    /// Objects that several links lead to, which were met.
    shared: HashMap<ObjectId, Type>,
    /// How many objects may be within each other.
    depth: usize,
    /// Objects that are being looked at.
    open: HashSet<ObjectId>,
    /// The Python module whose classes are stored, if it is such a file.
    pub(super) python: Option<String>,
}

impl Look {
    pub(super) fn new(root: Group, names: Vec<String>, depth: usize) -> Self {
        let depth = depth.min(DEPTH);
        let (types, settings, steps, shared, open, python) = Default::default();
        Self { root, depth, types, settings, steps, names, shared, open, python }
    }

    /// Looks at what is a step further inside.
    pub(super) fn inside<T>(&mut self, step: Option<&str>, name: &str, look: impl FnOnce(&mut Self) -> T) -> T {
        self.steps.push(step.map_or_else(|| "*".to_owned(), names::step));
        self.names.push(name.to_owned());
        let seen = look(self);
        self.steps.pop();
        self.names.pop();
        seen
    }

    /// Says how what is here is to be written.
    pub(super) fn set(&mut self, setting: &str) {
        self.settings.push((self.steps.clone(), setting.to_owned()));
    }

    /// The same of a list, in whose elements it is: a list is no step, but each of its elements is.
    pub(super) fn set_list(&mut self, setting: &str) {
        let mut steps = self.steps.clone();
        if steps.last().is_some_and(|step| step == "*") {
            steps.pop();
        }
        self.settings.push((steps, setting.to_owned()));
    }

    /// A new struct or enum, or one of the same body.
    pub(super) fn item(&mut self, body: Body, about: String, fields: Vec<Vec<String>>, notes: Vec<String>) -> Id {
        let names = self.names.clone();
        self.types.of(Item { body, names, about, fields, notes, count: 1 })
    }

    /// The type of a group or dataset.
    pub(super) fn object(&mut self, object: Object) -> Seen {
        let words = |error: filebacked::Error| why(&error);
        if let Object::NamedType(_) = object {
            return Err("a named type holds no value".to_owned());
        }
        if self.open.len() > self.depth {
            return Err("it is nested too deep".to_owned());
        }
        let (id, links) = (object.id().map_err(words)?, object.link_count().map_err(words)?);
        if let Some(known) = self.shared.get(&id) {
            return Ok(known.clone());
        }
        if !self.open.insert(id) {
            return Err("it leads back to what it is in".to_owned());
        }
        let seen = match object {
            object if self.python.is_some() => self.python_object(&object),
            Object::Group(group) => self.group(&group),
            Object::Dataset(dataset) => self.dataset(&dataset),
            _ => Err("it is neither a group nor a dataset".to_owned()),
        };
        self.open.remove(&id);
        let ty = seen?;
        if links > 1 && !matches!(ty, Type::Option(_) | Type::Shared(_)) {
            let ty = Type::Shared(ty.into());
            self.shared.insert(id, ty.clone());
            return Ok(ty);
        }
        Ok(ty)
    }

    /// The child of that name.
    pub(super) fn child(&self, group: &Group, name: &str) -> Seen<Object> {
        group.open(name).map_err(|error| why(&error))
    }

    pub(super) fn group(&mut self, group: &Group) -> Seen {
        let kind = group.encoding().map_err(|error| why(&error))?;
        let Some(kind) = kind else { return self.unmarked(group) };
        let ty = match kind {
            "value" => return self.child(group, "value").and_then(|value| self.object(value)),
            "some" => Type::Option(self.child(group, "value").and_then(|value| self.object(value))?.into()),
            "tuple" => self.tuple(group)?,
            "map" => self.map(group)?,
            _ => {
                self.steps.push("*".to_owned());
                let element = self.element_of_group(group, kind);
                self.steps.pop();
                Type::List(element?.into())
            }
        };
        self.with_attributes(ty, Object::Group(group.clone()), &LAYOUT_ATTRIBUTES)
    }

    /// A tuple: a child for each element.
    pub(super) fn tuple(&mut self, group: &Group) -> Seen {
        let count = group.links().map_err(|error| why(&error))?.len();
        let mut all = Vec::new();
        for number in 0..count {
            let name = number.to_string();
            let object = self.child(group, &name)?;
            all.push(self.inside(Some(&name), &name, |look| look.object(object))?);
        }
        Ok(self.tuple_of(all, group.path()))
    }

    pub(super) fn tuple_of(&mut self, all: Vec<Type>, path: &str) -> Type {
        if (1..=TUPLE).contains(&all.len()) {
            return Type::Tuple(all);
        }
        let fields = vec![Vec::new(); all.len()];
        Type::Own(self.item(Body::Tuple(all), format!("The tuple {}.", names::code(path)), fields, Vec::new()))
    }

    /// A map as its keys and values.
    pub(super) fn map(&mut self, group: &Group) -> Seen {
        let (keys, values) = (self.child(group, "keys")?, self.child(group, "values")?);
        let is_repeated = if let Object::Dataset(keys) = &keys { has_repeated(keys)? } else { false };
        let key = self.inside(None, "keys", |look| look.element(&keys))?;
        let value = self.inside(None, "values", |look| look.element(&values))?;
        let key = if key == Type::Unknown { Type::Plain("String") } else { key };
        if is_repeated || !self.types.has_order(&key) {
            return Ok(Type::Value);
        }
        let can_be_links = match &key {
            Type::Plain(name) => !matches!(*name, "()" | "f32" | "f64"),
            Type::Own(id) => {
                matches!(self.types.body(*id), Body::Enum(all) if all.iter().all(|one| one.payload.is_none()))
            }
            _ => false,
        };
        if can_be_links {
            self.set("maps(Maps::Columns)");
        }
        Ok(Type::Map(key.into(), value.into()))
    }
}

impl Look {
    /// A group without a mark.
    pub(super) fn unmarked(&mut self, group: &Group) -> Seen {
        if let Some(seen) = self.foreign_group(group)? {
            return Ok(seen);
        }
        let links = group.links().map_err(|error| why(&error))?;
        let attributes = group.attribute_names().map_err(|error| why(&error))?;
        let mut keys = HashSet::new();
        if let Some(twice) = links.iter().find(|link| !keys.insert(names::key(&link.name))) {
            return Err(format!("two of its children have the name `{}`", names::key(&twice.name)));
        }
        if links.is_empty() && attributes.is_empty() && !self.steps.is_empty() {
            return Ok(Type::Map(Type::Plain("String").into(), Type::Unknown.into()));
        }
        if let Some(map) = self.group_as_map(group, &links)? {
            return self.with_attributes(map, Object::Group(group.clone()), &[]);
        }
        let is_large = links.len() + attributes.len() > FIELDS;
        if is_large || links.iter().any(|link| link.name.starts_with('@')) {
            // Whatever is there can be written if all of it can be read.
            for link in &links {
                let object = group.open_link(link).map_err(|error| why(&error))?;
                self.inside(None, &link.name, |look| look.object(object))
                    .map_err(|why| format!("in it, `{}` cannot be read: {why}", link.name))?;
            }
            return Ok(Type::Value);
        }
        let quoted = self.has_quoted_names(group, &links);
        let (mut fields, mut about, mut notes) = (Vec::new(), Vec::new(), Vec::new());
        let object = Object::Group(group.clone());
        for (name, seen, words) in self.attributes(&object, &["filebacked-length"])? {
            let place = format!("the attribute {} of {}", names::code(&name), names::code(group.path()));
            match seen {
                Ok(ty) => {
                    fields.push(Field { name: format!("@{name}"), ty, can_lack: false });
                    about.push(vec![format!("T{}: {words}", &place[1..])]);
                }
                Err(why) => notes.push(why_left_out(&format!("T{}", &place[1..]), &why)),
            }
        }
        for link in &links {
            let name = names::key(&link.name);
            let name = match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
                Some(inside) if quoted => inside.to_owned(),
                _ => name,
            };
            let path = format!("{}/{}", group.path().trim_end_matches('/'), link.name);
            match self.link(group, link, &name) {
                Ok((ty, words)) => {
                    fields.push(Field { name, ty, can_lack: false });
                    about.push(words);
                }
                Err(why) => notes.push(left_out(&path, &why)),
            }
        }
        let words = if group.path() == "/" {
            "The root group.".to_owned()
        } else {
            format!("The group {}.", names::code(group.path()))
        };
        Ok(Type::Own(self.item(Body::Struct(fields), words, about, notes)))
    }

    /// What a link of a group without a mark leads to, and what is said of it.
    pub(super) fn link(&mut self, group: &Group, link: &Link, name: &str) -> Seen<(Type, Vec<String>)> {
        if self.is_hidden(group, name) {
            return Err("it has what others refer to".to_owned());
        }
        if name.contains('\0') {
            return Err("its name has a NUL".to_owned());
        }
        match &link.kind {
            LinkKind::Hard => {}
            LinkKind::Soft(target) => return Err(format!("it is a link to `{target}`")),
            LinkKind::External { file, path } => return Err(format!("it is a link to `{path}` in `{file}`")),
            _ => return Err("it is a link of another sort".to_owned()),
        }
        let object = group.open_link(link).map_err(|error| why(&error))?;
        let more = self.advice(&object).map(|more| format!("; {more}")).unwrap_or_default();
        let about = vec![format!("{}: {}{more}", names::code(object.path()), object_words(&object))];
        let ty = self.inside(Some(name), name, |look| look.object(object))?;
        Ok((ty, about))
    }

    /// A group as a map, if it is clearly one: entries of one type, by numbers, or by names that nobody gives to fields.
    pub(super) fn group_as_map(&mut self, group: &Group, links: &[Link]) -> Seen<Option<Type>> {
        let are_numbers = !links.is_empty() && links.iter().all(|link| is_integer(&link.name));
        let looks_so = are_numbers || links.len() > FIELDS || are_counted(links) || are_no_names(links);
        if !looks_so || links.iter().any(|link| link.kind != LinkKind::Hard || link.name.starts_with('@')) {
            return Ok(None);
        }
        let saved = (self.settings.len(), self.types.items.len());
        let mut all: Option<Type> = None;
        for link in links {
            let Ok(object) = group.open_link(link) else { return Ok(None) };
            let Ok(ty) = self.inside(None, &link.name, |look| look.object(object)) else {
                self.settings.truncate(saved.0);
                return Ok(None);
            };
            all = Some(match all {
                None => ty,
                Some(all) if are_numbers || links.len() > FIELDS => self.types.both(&all, &ty),
                Some(all) if all == ty => all,
                Some(_) => {
                    self.settings.truncate(saved.0);
                    return Ok(None);
                }
            });
        }
        let Some(value) = all else { return Ok(None) };
        // Whatever is there cannot be written where something of it could not be read.
        let names: Vec<i128> = links.iter().filter_map(|link| link.name.parse().ok()).collect();
        let key = match (are_numbers, names.iter().min(), names.iter().max()) {
            (true, Some(least), Some(most)) => integer_for(*least, *most),
            _ => "String",
        };
        self.settings.sort();
        self.settings.dedup();
        Ok(Some(Type::Map(Type::Plain(key).into(), value.into())))
    }

    /// A type with the attributes of an object, if it has any.
    pub(super) fn with_attributes(&mut self, ty: Type, object: Object, skipped: &[&str]) -> Seen {
        let (mut fields, mut about, mut notes) = (Vec::new(), Vec::new(), Vec::new());
        for (name, seen, words) in self.attributes(&object, skipped)? {
            match seen {
                Ok(ty) => {
                    fields.push(Field { name: name.clone(), ty, can_lack: false });
                    about.push(vec![format!("{}: {words}", names::code(&name))]);
                }
                Err(why) => notes.push(left_out(&name, &why)),
            }
        }
        if fields.is_empty() {
            return Ok(ty);
        }
        let words = format!("The attributes of {}.", names::code(object.path()));
        self.names.push("attrs".to_owned());
        let id = self.item(Body::Struct(fields), words, about, notes);
        self.names.pop();
        Ok(Type::Attributes(ty.into(), id))
    }

    /// The attributes of an object, their types, and what they are in words.
    pub(super) fn attributes(&mut self, object: &Object, skipped: &[&str]) -> Seen<Vec<(String, Seen, String)>> {
        let all = object.attribute_names().map_err(|error| why(&error))?;
        if all.len() > FIELDS {
            return Err(format!("it has {} attributes", all.len()));
        }
        let mut seen = Vec::new();
        for name in all {
            if skipped.contains(&name.as_str()) {
                continue;
            }
            if name.is_empty() || name.contains('\0') {
                seen.push((name, Err("no field has such a name".to_owned()), String::new()));
                continue;
            }
            match object.attribute(&name) {
                Ok(Some(attribute)) => {
                    let ty = attribute_type(&attribute);
                    let words = words::type_and_shape(&attribute.element_type().to_string(), attribute.dims());
                    seen.push((name, ty, names::comment(&words)));
                }
                Ok(None) => {}
                Err(error) => seen.push((name, Err(why(&error)), String::new())),
            }
        }
        Ok(seen)
    }
}

/// The type of an attribute. What no struct writes as it was is read as whatever it is, which keeps its type.
pub(super) fn attribute_type(attribute: &Attribute) -> Seen {
    let class = attribute.element_type().class();
    let facts = Facts::of_attribute(attribute);
    if let TypeClass::Unsupported(words) = &class {
        return Err(format!("`{words}` is not read"));
    }
    if let Some(why) = facts.bad {
        return Err(why);
    }
    let Some(dims) = attribute.dims() else { return Ok(Type::Value) };
    let len: u64 = dims.iter().product();
    let bytes = len.saturating_mul(attribute.element_type().size() as u64);
    if len == 0 || bytes > LONG_ATTRIBUTE || facts.text > LONG_ATTRIBUTE {
        return Ok(Type::Value);
    }
    let element = match class {
        TypeClass::Bool => Type::Plain("bool"),
        TypeClass::Integer { bits, signed } => Type::Plain(integer(bits, signed)),
        TypeClass::Float { bits: 32 } => Type::Plain("f32"),
        TypeClass::Float { .. } => Type::Plain("f64"),
        TypeClass::FixedString(_) | TypeClass::String if dims.len() < 2 && !facts.has_nul => Type::Plain("String"),
        _ => return Ok(Type::Value),
    };
    Ok(match dims.len() {
        0 => element,
        1 => Type::List(element.into()),
        rank if rank > 6 => Type::Value,
        rank => Type::Array { element: element.into(), rank: Rank::Of(rank), form: Form::Wrapper },
    })
}

/// What is said of something that gets no field.
pub(super) fn left_out(path: &str, why: &str) -> String {
    why_left_out(&names::code(path), why)
}

pub(super) fn why_left_out(what: &str, why: &str) -> String {
    format!("{what} is left out: {}.", names::comment(why).trim_end_matches('.'))
}

/// What an object is, in words.
pub(super) fn object_words(object: &Object) -> String {
    let attribute = |name: &str| object.attribute(name).ok().flatten();
    let mut words = match object {
        Object::Dataset(dataset) => {
            let words = words::dataset(dataset);
            match dataset.encoding() {
                Ok(Some(kind)) => format!("{words}, {kind}"),
                _ => words,
            }
        }
        Object::Group(group) => match (group.encoding(), group.rows()) {
            (Ok(Some(_)), Ok(Some(rows))) => format!("columns, {rows} rows"),
            (Ok(Some(kind)), _) => kind.to_owned(),
            _ => "group".to_owned(),
        },
        _ => String::new(),
    };
    for name in ["units", "unit"] {
        if let Some(units) = attribute(name)
            && units.dims() == Some(&[])
            && let Some(Ok(Scalar::Text(text))) = units.items().iter().next()
        {
            words = format!("{words}, in {}", words::cut(text, 60));
            break;
        }
    }
    names::comment(&words)
}

/// The type of keys between two integers.
pub(super) fn integer_for(least: i128, most: i128) -> &'static str {
    match (u64::try_from(least), u64::try_from(most), i64::try_from(least), i64::try_from(most)) {
        (Ok(_), Ok(_), _, _) => "u64",
        (_, _, Ok(_), Ok(_)) => "i64",
        _ => "i128",
    }
}

/// Whether a name is an integer as the crate writes one.
pub(super) fn is_integer(name: &str) -> bool {
    name.parse::<i128>().is_ok_and(|value| value.to_string() == name)
}

/// Whether names differ in nothing but a number at their ends: `step1`, `step2`.
pub(super) fn are_counted(links: &[Link]) -> bool {
    let stem = |name: &str| name.trim_end_matches(|char: char| char.is_ascii_digit()).to_owned();
    let Some(first) = links.first().map(|link| stem(&link.name)) else { return false };
    links.len() > 1
        && !first.is_empty()
        && links.iter().all(|link| link.name.len() > first.len() && stem(&link.name) == first)
}

/// Whether most names are none that a field has.
pub(super) fn are_no_names(links: &[Link]) -> bool {
    let is_none = |link: &&Link| {
        !link.name.chars().all(|char| char.is_alphanumeric() || matches!(char, '_' | '-' | '@'))
            || link.name.starts_with(|char: char| char.is_ascii_digit())
    };
    links.len() > 1 && links.iter().filter(is_none).count() * 2 > links.len()
}
