//! From what is stored to types: the sections of the layout, one by one.

use std::collections::{HashMap, HashSet};

use filebacked::objects::{
    Attribute, Dataset, ElementType, Group, Link, LinkKind, Object, ObjectId, Scalar, TypeClass,
};

use super::facts::Facts;
use super::names;
use super::types::{Body, Field, Form, Id, Item, Rank, Type, Types, Variant};
use crate::failure::why;
use crate::words;

/// What was found, or why it has no type.
pub(super) type Seen<T = Type> = Result<T, String>;

/// How many fields a struct has at the most; a group with more children is read as whatever is there.
const FIELDS: usize = 512;
/// How many fields a tuple has at the most: Rust derives no more.
const TUPLE: usize = 12;
/// How long an array is at the most whose length is in its type.
const FIXED: u64 = 4096;
/// How many numbers of an enum may have no name.
const UNNAMED: usize = 256;
/// How long serde's arrays are.
pub(super) const SERDE_ARRAY: usize = 32;
/// How deep objects nest, whatever the option says: each level takes some of the stack.
const DEPTH: usize = 400;
/// How many keys of a map are compared.
const KEYS: u64 = 1 << 20;
/// An attribute that is longer is only written again by what read it.
const LONG_ATTRIBUTE: u64 = 60_000;

/// The attributes by which the layout says what is stored.
const LAYOUT_ATTRIBUTES: [&str; 5] = ["filebacked", "length", "filebacked-length", "encoding-type", "encoding-version"];

/// Looks at a file.
pub(super) struct Look {
    /// The root of the file, to which references lead.
    root: Group,
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
    fn set_list(&mut self, setting: &str) {
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
    fn child(&self, group: &Group, name: &str) -> Seen<Object> {
        group.open(name).map_err(|error| why(&error))
    }

    fn group(&mut self, group: &Group) -> Seen {
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
    fn tuple(&mut self, group: &Group) -> Seen {
        let count = group.links().map_err(|error| why(&error))?.len();
        let mut all = Vec::new();
        for number in 0..count {
            let name = number.to_string();
            let object = self.child(group, &name)?;
            all.push(self.inside(Some(&name), &name, |look| look.object(object))?);
        }
        Ok(self.tuple_of(all, group.path()))
    }

    fn tuple_of(&mut self, all: Vec<Type>, path: &str) -> Type {
        if (1..=TUPLE).contains(&all.len()) {
            return Type::Tuple(all);
        }
        let fields = vec![Vec::new(); all.len()];
        Type::Own(self.item(Body::Tuple(all), format!("The tuple {}.", names::code(path)), fields, Vec::new()))
    }

    /// A map as its keys and values.
    fn map(&mut self, group: &Group) -> Seen {
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

    /// The type of the elements of a sequence, which is a part of a value.
    pub(super) fn element(&mut self, object: &Object) -> Seen {
        match object {
            Object::Group(group) => {
                let kind = group.encoding().map_err(|error| why(&error))?;
                match kind {
                    Some(kind) => self.element_of_group(group, kind),
                    None => self.element_of_others(group),
                }
            }
            Object::Dataset(dataset) => {
                match dataset.encoding().map_err(|error| why(&error))? {
                    Some("i128") => return Ok(Type::Plain("i128")),
                    Some("u128") => return Ok(Type::Plain("u128")),
                    Some("units") => return Ok(Type::Plain("()")),
                    Some(other) => return Err(format!("a sequence of the kind `{other}` is not known")),
                    None => {}
                }
                let Some([_, inner @ ..]) = dataset.dims() else {
                    return Err("it is no sequence".to_owned());
                };
                if is_nothing(dataset) {
                    return Ok(Type::Unknown);
                }
                let inner = inner.to_vec();
                let facts = Facts::of(dataset)?;
                let ty = match times_of(dataset) {
                    Some(_) if inner.is_empty() => Type::Time,
                    _ => self.type_of(dataset.element_type(), &facts)?,
                };
                self.note_strings(dataset, &facts, inner.is_empty());
                self.note_storage(dataset);
                Ok(fixed(ty, &inner))
            }
            _ => Err("it is neither a group nor a dataset".to_owned()),
        }
    }

    /// The same of a group of the layout.
    fn element_of_group(&mut self, group: &Group, kind: &str) -> Seen {
        let values = |look: &mut Self, name: &str| {
            let values = look.child(group, name)?;
            look.element(&values)
        };
        match kind {
            "columns" => self.columns(group),
            "nullable" => {
                let inner = values(self, "values")?;
                if self.is_all_missing(group)
                    || matches!(group.open("values"), Ok(Object::Dataset(values)) if values.is_empty())
                {
                    return Ok(Type::Option(Type::Unknown.into()));
                }
                Ok(Type::Option(inner.into()))
            }
            // Units beside values, and values of unlike types.
            "nulls" | "mixed" => Ok(Type::Value),
            "ragged" => {
                let inner = self.inside(None, "values", |look| values(look, "values"))?;
                Ok(Type::List(inner.into()))
            }
            "blobs" => Ok(Type::Bytes),
            "text" => {
                if let Ok(Object::Dataset(bytes)) = group.open("bytes")
                    && !has_nul(&bytes)?
                {
                    self.set_list("strings(Strings::Packed)");
                }
                Ok(Type::Plain("String"))
            }
            "maps" => {
                let key = self.inside(None, "keys", |look| values(look, "keys"))?;
                let value = self.inside(None, "values", |look| values(look, "values"))?;
                match self.types.has_order(&key) {
                    true => Ok(Type::Map(key.into(), value.into())),
                    false => Ok(Type::Value),
                }
            }
            "variants" => self.variants(group),
            "list" => self.list(group),
            other => Err(format!("the kind `{other}` is not known")),
        }
    }

    /// Whether all elements of a sequence of options are missing, so that their type is not known.
    fn is_all_missing(&self, group: &Group) -> bool {
        let Ok(Object::Dataset(values)) = group.open("values") else { return false };
        let Ok(Object::Dataset(mask)) = group.open("mask") else { return false };
        let is_float = values.element_type().class() == TypeClass::Float { bits: 64 };
        let count = [mask.len().min(KEYS)];
        is_float
            && mask.dims().is_some_and(|dims| dims.len() == 1)
            && mask
                .read(&[0], &count)
                .is_ok_and(|items| items.iter().all(|item| matches!(item, Ok(Scalar::Bool(true)))))
    }

    /// Records, a child for each field.
    fn columns(&mut self, group: &Group) -> Seen {
        let links = group.links().map_err(|error| why(&error))?;
        if links.len() > FIELDS {
            return Ok(Type::Value);
        }
        let (mut fields, mut about, mut notes) = (Vec::new(), Vec::new(), Vec::new());
        let is_plain = links.iter().all(|link| link.kind == LinkKind::Hard);
        for link in links {
            let name = names::key(&link.name);
            let path = format!("{}/{}", group.path().trim_end_matches('/'), link.name);
            let seen = match group.open_link(&link) {
                Ok(object) => {
                    let words = object_words(&object);
                    let ty = self.inside(Some(&name), &name, |look| look.column(&object));
                    ty.map(|(ty, can_lack)| (ty, can_lack, words))
                }
                Err(error) => Err(why(&error)),
            };
            match seen {
                Ok((ty, can_lack, words)) => {
                    fields.push(Field { name, ty, can_lack });
                    about.push(vec![format!("{}: {words}", names::code(&path))]);
                }
                Err(why) => notes.push(left_out(&path, &why)),
            }
        }
        let is_flat = is_plain
            && !fields.is_empty()
            && notes.is_empty()
            && fields.iter().all(|field| !field.can_lack && self.types.is_flat(&field.ty));
        if is_flat {
            self.set_list("records(Records::Columns)");
        }
        Ok(self.record_of(fields, about, notes, group.path()))
    }

    /// A field of records, and whether some of them lack it.
    fn column(&mut self, object: &Object) -> Seen<(Type, bool)> {
        if let Object::Group(group) = object
            && group.encoding().map_err(|error| why(&error))? == Some("masked")
        {
            let values = self.child(group, "values")?;
            return Ok((self.element(&values)?, true));
        }
        Ok((self.element(object)?, false))
    }

    /// A struct, or a tuple if the names of the fields are those of one.
    fn record_of(&mut self, fields: Vec<Field>, about: Vec<Vec<String>>, notes: Vec<String>, path: &str) -> Type {
        let is_tuple = !fields.is_empty()
            && notes.is_empty()
            && fields.iter().enumerate().all(|(at, field)| field.name == at.to_string() && !field.can_lack);
        if is_tuple {
            return self.tuple_of(fields.into_iter().map(|field| field.ty).collect(), path);
        }
        let words = format!("A record of {}.", names::code(path));
        Type::Own(self.item(Body::Struct(fields), words, about, notes))
    }

    /// Enums with payload.
    fn variants(&mut self, group: &Group) -> Seen {
        let Object::Dataset(tag) = self.child(group, "tag")? else { return Ok(Type::Value) };
        let TypeClass::Enum(members) = tag.element_type().class() else { return Ok(Type::Value) };
        if Facts::of(&tag)?.is_unnamed {
            return Err("a tag has no name".to_owned());
        }
        let links = group.links().map_err(|error| why(&error))?;
        let mut payloads = HashMap::new();
        for link in links.iter().filter(|link| link.name != "tag") {
            let name = names::key(&link.name);
            let object = group.open_link(link).map_err(|error| why(&error))?;
            let ty = self.inside(Some(&name), &name, |look| look.element(&object));
            payloads.insert(name, ty?);
        }
        match self.enumeration(members, payloads, group.path()) {
            Some(id) => Ok(Type::Own(id)),
            None => Ok(Type::Value),
        }
    }

    /// The enum of those names and numbers; `None` if they are none of Rust's.
    fn enumeration(
        &mut self,
        mut members: Vec<(String, i128)>,
        mut payloads: HashMap<String, Type>,
        path: &str,
    ) -> Option<Id> {
        members.sort_by_key(|(_, number)| *number);
        let numbers: HashSet<i128> = members.iter().map(|(_, number)| *number).collect();
        let all: HashSet<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        if members.is_empty() || members.len() > FIELDS || numbers.len() < members.len() || all.len() < members.len() {
            return None;
        }
        let last = members.last().and_then(|(_, number)| usize::try_from(*number).ok());
        let counts = members[0].1 >= 0 && last.is_some_and(|last| last <= members.len() + UNNAMED);
        let mut variants = Vec::new();
        for (name, number) in members {
            while counts && number > variants.len() as i128 {
                variants.push(Variant { name: None, payload: None });
            }
            let payload = payloads.remove(&name);
            variants.push(Variant { name: Some(name), payload });
        }
        let fields = vec![Vec::new(); variants.len()];
        let about = format!("An enum of {}.", names::code(path));
        Some(self.item(Body::Enum(variants), about, fields, Vec::new()))
    }

    /// Elements that are an object each.
    fn list(&mut self, group: &Group) -> Seen {
        let mut links = group.links().map_err(|error| why(&error))?;
        links.sort_by_key(|link| link.name.parse::<u64>().unwrap_or(u64::MAX));
        let mut all = None;
        for link in links {
            let object = group.open_link(&link).map_err(|error| why(&error))?;
            let ty = self.inside(None, &link.name, |look| look.object_element(object))?;
            // It stands where an element is missing.
            if let Type::Option(_) = ty {
                continue;
            }
            all = Some(match all {
                None => ty,
                Some(all) => self.types.both(&all, &ty),
            });
        }
        Ok(all.unwrap_or(Type::Unknown))
    }

    /// The type of an element that is an object of its own wherever it stands.
    fn object_element(&mut self, object: Object) -> Seen {
        if let Object::Dataset(dataset) = &object
            && let Some(dims) = dataset.dims()
            && object.link_count().is_ok_and(|count| count == 1)
            && matches!(dataset.encoding(), Ok(None))
        {
            let dims = dims.len();
            let ty = self.object(object)?;
            // A scalar or list, as an array.
            let as_array = |look: &Self, ty: Type| match ty {
                Type::List(element) if dims == 1 && is_number(&element) => {
                    Type::Array { element, rank: Rank::Of(1), form: Form::Wrapper }
                }
                ty if dims == 0 && is_number(&ty) => {
                    Type::Array { element: ty.into(), rank: Rank::Of(0), form: Form::Wrapper }
                }
                ty => look.own_object(ty),
            };
            return Ok(as_array(self, ty));
        }
        let ty = self.object(object)?;
        Ok(self.own_object(ty))
    }

    fn own_object(&self, ty: Type) -> Type {
        match ty {
            Type::Attributes(..) | Type::Shared(_) | Type::Sparse(_) | Type::Triplets(_) | Type::Option(_) => ty,
            Type::Array { form: Form::Wrapper, .. } => ty,
            ty => Type::Shared(ty.into()),
        }
    }
}

impl Look {
    /// A group without a mark.
    fn unmarked(&mut self, group: &Group) -> Seen {
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
    fn link(&mut self, group: &Group, link: &Link, name: &str) -> Seen<(Type, Vec<String>)> {
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
    fn group_as_map(&mut self, group: &Group, links: &[Link]) -> Seen<Option<Type>> {
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

    fn dataset(&mut self, dataset: &Dataset) -> Seen {
        let kind = dataset.encoding().map_err(|error| why(&error))?;
        let rank = dataset.dims().map_or(0, <[u64]>::len);
        let facts = Facts::of(dataset)?;
        let nested = |ty: &'static str| (0..rank).fold(Type::Plain(ty), |inner, _| Type::List(inner.into()));
        let ty = match kind {
            Some("str") => Type::Plain("String"),
            Some("bytes") => Type::Bytes,
            Some("unit") => Type::Plain("()"),
            Some("units") => Type::List(Type::Plain("()").into()),
            Some("i128") => nested("i128"),
            Some("u128") => nested("u128"),
            Some(marked @ ("array" | "matrix" | "fixed-matrix")) => {
                let element = Box::new(self.type_of(dataset.element_type(), &facts)?);
                let dims = dataset.dims().unwrap_or_default();
                let small = |dim: u64| (1..=6).contains(&dim);
                let (rank, form) = match (marked, dims) {
                    ("matrix", _) => (Rank::Of(rank), Form::Matrix),
                    ("fixed-matrix", &[rows, columns]) if small(rows) && small(columns) => {
                        (Rank::Of(2), Form::FixedMatrix(rows as usize, columns as usize))
                    }
                    _ if rank > 6 => (Rank::Any, Form::Bare),
                    _ => (Rank::Of(rank), Form::Bare),
                };
                Type::Array { element, rank, form }
            }
            Some(other) => return Err(format!("a dataset of the kind `{other}` is not known")),
            None => {
                if let Some(seen) = self.foreign_dataset(dataset, &facts)? {
                    return Ok(seen);
                }
                self.plain_dataset(dataset, &facts)?
            }
        };
        self.note_storage(dataset);
        match times_of(dataset) {
            Some(is_filled) if matches!(ty, Type::Plain("i64")) && !is_filled => return Ok(Type::Time),
            Some(is_filled) if ty == Type::List(Type::Plain("i64").into()) => {
                return Ok(if is_filled { Type::Times } else { Type::List(Type::Time.into()) });
            }
            _ => {}
        }
        let skipped: &[&str] = if kind.is_some() { &LAYOUT_ATTRIBUTES } else { &["filebacked-length"] };
        self.with_attributes(ty, Object::Dataset(dataset.field(&[]).map_err(|error| why(&error))?), skipped)
    }

    /// A dataset without a mark.
    pub(super) fn plain_dataset(&mut self, dataset: &Dataset, facts: &Facts) -> Seen {
        let Some(dims) = dataset.dims() else {
            let inner = match dataset.element_type().class() {
                TypeClass::Float { bits: 64 } => Type::Unknown,
                _ => self.type_of(dataset.element_type(), facts).unwrap_or(Type::Unknown),
            };
            return Ok(Type::Option(inner.into()));
        };
        if is_nothing(dataset) {
            return Ok(Type::List(Type::Unknown.into()));
        }
        let rank = dims.len();
        if rank > 0 {
            self.note_strings(dataset, facts, rank == 1);
            self.note_records(dataset.element_type());
        }
        let element = self.type_of(dataset.element_type(), facts)?;
        Ok(match rank {
            0 => element,
            _ if rank > 1 && is_number(&element) && has_arrays(dataset.element_type()) => {
                let rank = if rank > 6 { Rank::Any } else { Rank::Of(rank) };
                Type::Array { element: element.into(), rank, form: Form::Wrapper }
            }
            _ => (0..rank).fold(element, |inner, _| Type::List(inner.into())),
        })
    }

    /// Says that records are a table where they would be columns otherwise.
    fn note_records(&mut self, ty: &ElementType) {
        if let TypeClass::Record(fields) = ty.class()
            && fields.iter().any(|(_, ty)| has_strings(ty))
        {
            self.set_list("records(Records::Table)");
        }
    }

    /// Says in which form strings are stored, if it is not the usual one.
    fn note_strings(&mut self, dataset: &Dataset, facts: &Facts, is_list: bool) {
        if !is_list || facts.count == 0 || facts.has_nul {
            return;
        }
        match dataset.element_type().class() {
            TypeClass::FixedString(_) if !facts.is_fixed_by_default() => self.set_list("strings(Strings::Fixed)"),
            TypeClass::String if facts.is_fixed_by_default() => self.set_list("strings(Strings::Variable)"),
            _ => {}
        }
    }

    /// Says in which chunks a dataset is stored, and by which filters.
    fn note_storage(&mut self, dataset: &Dataset) {
        /// What is not larger is not in chunks unless that is said.
        const ABOVE: u64 = 16 << 10;
        let Ok(storage) = dataset.storage() else { return };
        let Some(chunk) = storage.chunk else { return };
        if dataset.is_empty() || storage.max_dims.is_some() && storage.filters.is_empty() {
            return;
        }
        let mut words: Vec<String> = chunk.iter().map(u64::to_string).collect();
        words = vec![format!("chunk([{}])", words.join(", "))];
        let has = |name: &str| storage.filters.iter().any(|filter| filter == name);
        let deflate = storage.filters.iter().find_map(|filter| filter.strip_prefix("deflate(")?.strip_suffix(')'));
        let mut is_compressed = true;
        match deflate {
            Some(level) => words.push(format!("deflate({level})")),
            None if has("lzf") => words.push("lzf()".to_owned()),
            None => is_compressed = false,
        }
        if has("shuffle") != is_compressed && dataset.element_type().size() > 1 {
            words.push(format!("shuffle({})", has("shuffle")));
        }
        if has("fletcher32") {
            words.push("fletcher32(true)".to_owned());
        }
        if storage.bytes <= ABOVE {
            words.push("above(0)".to_owned());
        }
        self.set_list(&words.join("."));
    }

    /// The type of an element.
    pub(super) fn type_of(&mut self, ty: &ElementType, facts: &Facts) -> Seen {
        if let Some(why) = &facts.bad {
            return Err(why.clone());
        }
        Ok(match ty.class() {
            TypeClass::Bool => Type::Plain("bool"),
            TypeClass::Integer { bits, signed } => Type::Plain(integer(bits, signed)),
            TypeClass::Bitfield { bits } => Type::Plain(integer(bits, false)),
            TypeClass::Float { bits: 32 } => Type::Plain("f32"),
            TypeClass::Float { .. } | TypeClass::WideFloat => Type::Plain("f64"),
            TypeClass::WideInteger { signed: true } => Type::Plain("i128"),
            TypeClass::WideInteger { signed: false } => Type::Plain("u128"),
            TypeClass::Time(_) => Type::Plain("i64"),
            TypeClass::FixedString(_) | TypeClass::String => Type::Plain("String"),
            TypeClass::Opaque(_) => Type::Bytes,
            TypeClass::Complex(part) => match part.class() {
                TypeClass::Float { bits } => Type::Complex(bits),
                TypeClass::WideFloat => Type::Complex(64),
                _ => Type::Value,
            },
            TypeClass::Enum(members) => self.enum_of(members, facts),
            TypeClass::Array(dims, inner) => fixed(self.type_of(&inner, facts.part(0))?, &dims),
            TypeClass::List(inner) => Type::List(self.type_of(&inner, facts.part(0))?.into()),
            TypeClass::Record(fields) => self.record(&fields, facts),
            TypeClass::Reference => self.targets(facts)?,
            TypeClass::Unsupported(words) => return Err(format!("`{words}` is not read")),
            _ => return Err("its type is not known".to_owned()),
        })
    }

    fn enum_of(&mut self, members: Vec<(String, i128)>, facts: &Facts) -> Type {
        if facts.is_unnamed {
            return Type::Plain("i64");
        }
        let is_logical = |name: &str| ["FALSE", "TRUE", "NA"].iter().any(|own| own.eq_ignore_ascii_case(name));
        if matches!(members.len(), 2 | 3) && members.iter().all(|(name, _)| is_logical(name)) {
            let logical = Type::Plain("bool");
            return if members.len() == 3 { Type::Option(logical.into()) } else { logical };
        }
        let path = format!("/{}", self.names.join("/"));
        match self.enumeration(members, HashMap::new(), &path) {
            Some(id) => Type::Own(id),
            None => Type::Plain("i64"),
        }
    }

    /// A record of a compound dataset.
    fn record(&mut self, all: &[(String, ElementType)], facts: &Facts) -> Type {
        if all.len() > FIELDS {
            return Type::Value;
        }
        let (mut fields, mut about, mut notes) = (Vec::new(), Vec::new(), Vec::new());
        for (at, (name, ty)) in all.iter().enumerate() {
            self.names.push(name.clone());
            let seen = self.type_of(ty, facts.part(at));
            self.names.pop();
            match seen {
                Ok(seen) => {
                    fields.push(Field { name: name.clone(), ty: seen, can_lack: false });
                    about.push(vec![format!(
                        "{}: {}",
                        names::code(name),
                        names::comment(&words::type_and_shape(&ty.to_string(), Some(&[])))
                    )]);
                }
                Err(why) => notes.push(left_out(name, &why)),
            }
        }
        let path = format!("/{}", self.names.join("/"));
        self.record_of(fields, about, notes, &path)
    }

    /// The object at a path of the file.
    pub(super) fn target(&self, path: &str) -> Seen<Object> {
        self.root.open_path(path).map_err(|error| why(&error))
    }

    /// What references lead to.
    fn targets(&mut self, facts: &Facts) -> Seen {
        if facts.is_lost {
            return Err("some references lead where no path leads".to_owned());
        }
        let mut all: Option<Type> = None;
        for path in &facts.targets {
            let object = self.root.open_path(path).map_err(|error| why(&error))?;
            let settings = self.settings.len();
            let ty = self.inside(None, path.rsplit('/').next().unwrap_or_default(), |look| look.object(object));
            self.settings.truncate(settings);
            let ty = ty.map_err(|why| format!("a reference leads to `{path}`: {why}"))?;
            // The attributes of a target are not read through a reference.
            let ty = match ty {
                Type::Shared(inner) => match *inner {
                    Type::Attributes(inner, _) => *inner,
                    inner => inner,
                },
                Type::Attributes(inner, _) => *inner,
                ty => ty,
            };
            all = Some(match all {
                None => ty,
                Some(all) => self.types.both(&all, &ty),
            });
        }
        let ty = all.unwrap_or(Type::Unknown);
        Ok(if facts.has_none { Type::Option(ty.into()) } else { ty })
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
    fn attributes(&mut self, object: &Object, skipped: &[&str]) -> Seen<Vec<(String, Seen, String)>> {
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
fn attribute_type(attribute: &Attribute) -> Seen {
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

fn why_left_out(what: &str, why: &str) -> String {
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

/// An array of fixed dimensions of a type, as far as Rust has such.
fn fixed(ty: Type, dims: &[u64]) -> Type {
    dims.iter().rev().fold(ty, |inner, dim| match usize::try_from(*dim) {
        Ok(len) if *dim <= FIXED => Type::Fixed(inner.into(), len),
        _ => Type::List(inner.into()),
    })
}

/// Whether arrays have such elements.
pub(super) fn is_number(ty: &Type) -> bool {
    match ty {
        Type::Plain(name) => !matches!(*name, "String" | "()" | "i128" | "u128"),
        Type::Complex(_) => true,
        _ => false,
    }
}

/// Whether arrays are read of elements that are stored so.
fn has_arrays(ty: &ElementType) -> bool {
    match ty.class() {
        TypeClass::Bool | TypeClass::Integer { .. } | TypeClass::Float { .. } => true,
        TypeClass::Complex(part) => matches!(part.class(), TypeClass::Float { .. }),
        _ => false,
    }
}

/// Whether strings are in a type of records.
fn has_strings(ty: &ElementType) -> bool {
    match ty.class() {
        TypeClass::FixedString(_) | TypeClass::String => true,
        TypeClass::Record(fields) => fields.iter().any(|(_, ty)| has_strings(ty)),
        _ => false,
    }
}

/// Whether a dataset is a list without elements, whose type means nothing.
fn is_nothing(dataset: &Dataset) -> bool {
    dataset.dims() == Some(&[0])
        && dataset.element_type().class() == TypeClass::Float { bits: 64 }
        && dataset.storage().is_ok_and(|storage| storage.max_dims.is_none())
}

/// Rust's integer of so many bits.
pub(super) fn integer(bits: usize, signed: bool) -> &'static str {
    match (bits, signed) {
        (..=8, true) => "i8",
        (..=16, true) => "i16",
        (..=32, true) => "i32",
        (_, true) => "i64",
        (..=8, false) => "u8",
        (..=16, false) => "u16",
        (..=32, false) => "u32",
        (_, false) => "u64",
    }
}

/// The type of keys between two integers.
fn integer_for(least: i128, most: i128) -> &'static str {
    match (u64::try_from(least), u64::try_from(most), i64::try_from(least), i64::try_from(most)) {
        (Ok(_), Ok(_), _, _) => "u64",
        (_, _, Ok(_), Ok(_)) => "i64",
        _ => "i128",
    }
}

/// Whether a name is an integer as the crate writes one.
fn is_integer(name: &str) -> bool {
    name.parse::<i128>().is_ok_and(|value| value.to_string() == name)
}

/// Whether names differ in nothing but a number at their ends: `step1`, `step2`.
fn are_counted(links: &[Link]) -> bool {
    let stem = |name: &str| name.trim_end_matches(|char: char| char.is_ascii_digit()).to_owned();
    let Some(first) = links.first().map(|link| stem(&link.name)) else { return false };
    links.len() > 1
        && !first.is_empty()
        && links.iter().all(|link| link.name.len() > first.len() && stem(&link.name) == first)
}

/// Whether most names are none that a field has.
fn are_no_names(links: &[Link]) -> bool {
    let is_none = |link: &&Link| {
        !link.name.chars().all(|char| char.is_alphanumeric() || matches!(char, '_' | '-' | '@'))
            || link.name.starts_with(|char: char| char.is_ascii_digit())
    };
    links.len() > 1 && links.iter().filter(is_none).count() * 2 > links.len()
}

/// Of times in nanoseconds since 1970, with nothing else said about them: whether some may be missing.
fn times_of(dataset: &Dataset) -> Option<bool> {
    if dataset.element_type().class() != (TypeClass::Integer { bits: 64, signed: true }) {
        return None;
    }
    let names = dataset.attribute_names().ok()?;
    let text = |name: &str, wanted: &str| {
        let attribute = dataset.attribute(name).ok().flatten()?;
        let first = attribute.items().iter().next()?;
        matches!(first, Ok(Scalar::Text(text)) if text == wanted).then_some(())
    };
    text("units", "nanoseconds since 1970-01-01")?;
    text("calendar", "proleptic_gregorian")?;
    let is_own = |name: &String| ["units", "calendar", "_FillValue", "filebacked-length"].contains(&name.as_str());
    if !names.iter().all(is_own) {
        return None;
    }
    let fill = dataset.attribute("_FillValue").ok()?;
    match fill.as_ref().map(|fill| fill.items().iter().next()) {
        None => Some(false),
        Some(Some(Ok(Scalar::Integer(value)))) if value == i128::from(i64::MIN) => Some(true),
        Some(_) => None,
    }
}

/// Whether a byte of a dataset is zero.
fn has_nul(bytes: &Dataset) -> Seen<bool> {
    let Some([len]) = bytes.dims() else { return Ok(false) };
    let mut start = 0;
    while start < *len {
        let count = (*len - start).min(1 << 20);
        let items = bytes.read(&[start], &[count]).map_err(|error| why(&error))?;
        if items.elements().bytes().contains(&0) {
            return Ok(true);
        }
        start += count;
    }
    Ok(false)
}

/// Whether an element of a dataset comes twice, as far as it is looked at.
fn has_repeated(keys: &Dataset) -> Seen<bool> {
    let Some(dims) = keys.dims() else { return Ok(false) };
    if keys.len() > KEYS || dims.is_empty() {
        return Ok(false);
    }
    let items = keys.read_all().map_err(|error| why(&error))?;
    let width = dims[1..].iter().product::<u64>() as usize;
    let mut seen = HashSet::new();
    let mut row = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let item = item.map_err(|error| why(&error))?;
        let words = match item {
            Scalar::Text(text) => format!("{text:?}"),
            item => words::short(&Ok(item), 1000),
        };
        row.push(words);
        if (at + 1) % width.max(1) == 0 && !seen.insert(std::mem::take(&mut row)) {
            return Ok(true);
        }
    }
    Ok(false)
}
