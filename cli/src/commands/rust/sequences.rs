//! Sequences, and the records, enums and objects in them.

use std::collections::{HashMap, HashSet};

use filebacked::objects::{Group, LinkKind, Object, Scalar, TypeClass};

use super::datasets::{fixed, has_nul, is_nothing, is_number, times_of};
use super::facts::Facts;
use super::look::{FIELDS, KEYS, Look, Seen, left_out, object_words};
use super::names;
use super::types::{Body, Field, Form, Id, Rank, Type, Variant};
use crate::failure::why;

/// How many numbers of an enum may have no name.
const UNNAMED: usize = 256;

impl Look {
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
    pub(super) fn element_of_group(&mut self, group: &Group, kind: &str) -> Seen {
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
    pub(super) fn is_all_missing(&self, group: &Group) -> bool {
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
    pub(super) fn columns(&mut self, group: &Group) -> Seen {
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
    pub(super) fn column(&mut self, object: &Object) -> Seen<(Type, bool)> {
        if let Object::Group(group) = object
            && group.encoding().map_err(|error| why(&error))? == Some("masked")
        {
            let values = self.child(group, "values")?;
            return Ok((self.element(&values)?, true));
        }
        Ok((self.element(object)?, false))
    }

    /// A struct, or a tuple if the names of the fields are those of one.
    pub(super) fn record_of(
        &mut self,
        fields: Vec<Field>,
        about: Vec<Vec<String>>,
        notes: Vec<String>,
        path: &str,
    ) -> Type {
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
    pub(super) fn variants(&mut self, group: &Group) -> Seen {
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
    pub(super) fn enumeration(
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
    pub(super) fn list(&mut self, group: &Group) -> Seen {
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
    pub(super) fn object_element(&mut self, object: Object) -> Seen {
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

    pub(super) fn own_object(&self, ty: Type) -> Type {
        match ty {
            Type::Attributes(..) | Type::Shared(_) | Type::Sparse(_) | Type::Triplets(_) | Type::Option(_) => ty,
            Type::Array { form: Form::Wrapper, .. } => ty,
            ty => Type::Shared(ty.into()),
        }
    }
}
