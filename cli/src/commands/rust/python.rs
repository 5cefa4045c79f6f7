//! Files of the Python package FileBacked: objects of classes, in which lists and dictionaries are groups.

use filebacked::objects::{Dataset, Group, Object, Scalar};

use super::facts::Facts;
use super::foreign::text;
use super::look::{Look, Seen, left_out, object_words};
use super::names;
use super::types::{Body, Field, Type, Variant};
use crate::failure::why;

/// The attributes by which the package knows its objects.
const MARKS: [&str; 3] = ["class", "module", "typeid"];
/// How many types a union has at the most.
const UNION: usize = 256;

/// The module of the class that a group is an object of, if it is one.
pub(super) fn module_of(group: &Group) -> Option<String> {
    let object = Object::Group(group.clone());
    text(&object, "class").and_then(|_| text(&object, "module"))
}

impl Look {
    /// What is in a file of the package.
    pub(super) fn python_object(&mut self, object: &Object) -> Seen {
        let ty = match object {
            Object::Group(group) => self.python_group(group)?,
            Object::Dataset(dataset) => self.python_dataset(dataset)?,
            _ => return Err("it is neither a group nor a dataset".to_owned()),
        };
        let typeid = object.attribute("typeid").ok().flatten();
        match typeid.as_ref().and_then(|attribute| attribute.items().iter().next()) {
            Some(Ok(Scalar::Integer(number))) => self.union(object, ty, number),
            _ => Ok(ty),
        }
    }

    /// The variant of a union, whose others are not known.
    fn union(&mut self, object: &Object, payload: Type, number: i128) -> Seen {
        let number = usize::try_from(number).ok().filter(|number| *number < UNION);
        let number = number.ok_or("a union has not so many types")?;
        let name = text(object, "class").unwrap_or_else(|| format!("Variant{number}"));
        let mut variants = vec![Variant { name: None, payload: None }; number];
        variants.push(Variant { name: Some(name), payload: Some(payload) });
        let fields = vec![Vec::new(); variants.len()];
        let about = format!("A union of {}.", names::code(object.path()));
        Ok(Type::Own(self.item(Body::Enum(variants), about, fields, Vec::new())))
    }

    fn python_dataset(&mut self, dataset: &Dataset) -> Seen {
        let others = dataset.attribute_names().map_err(|error| why(&error))?;
        if !others.iter().all(|name| MARKS.contains(&name.as_str())) {
            return Err("the package has no such attributes".to_owned());
        }
        let facts = Facts::of(dataset)?;
        self.plain_dataset(dataset, &facts)
    }

    fn python_group(&mut self, group: &Group) -> Seen {
        if let Some(matrix) = self.foreign_group(group)? {
            return Ok(matrix);
        }
        let object = Object::Group(group.clone());
        let links = group.links().map_err(|error| why(&error))?;
        let names: Vec<String> = links.iter().map(|link| link.name.clone()).collect();
        let child = |look: &mut Self, step: Option<&str>, name: &str| {
            let object = group.open(name).map_err(|error| why(&error))?;
            look.inside(step, name, |look| look.object(object))
        };
        let Some(class) = text(&object, "class") else {
            let is_list = names.iter().all(|name| name.parse::<usize>().is_ok_and(|number| number < names.len()));
            let pairs = is_list && self.are_pairs(group, &names);
            if pairs {
                return self.python_pairs(group, &names);
            }
            let mut all = Type::Unknown;
            for name in &names {
                let ty = child(self, None, name)?;
                all = self.in_list(&all, &ty);
            }
            if is_list && !names.is_empty() {
                return Ok(Type::List(all.into()));
            }
            let is_number = !names.is_empty() && names.iter().all(|name| name.parse::<i64>().is_ok());
            let key = Type::Plain(if is_number { "i64" } else { "String" });
            return Ok(Type::Map(key.into(), all.into()));
        };
        let attributes = group.attribute_names().map_err(|error| why(&error))?;
        if !attributes.iter().all(|name| MARKS.contains(&name.as_str())) {
            return Err("the package has no such attributes".to_owned());
        }
        let (mut fields, mut about, mut notes) = (Vec::new(), Vec::new(), Vec::new());
        let module = text(&object, "module");
        if module != self.python {
            fields.push(Field { name: "@module".to_owned(), ty: Type::Plain("String"), can_lack: false });
            about.push(vec![format!("The module of the class {}", names::code(&class))]);
        }
        for name in names {
            let path = format!("{}/{name}", group.path().trim_end_matches('/'));
            let words = group.open(&name).map(|object| object_words(&object)).unwrap_or_default();
            match child(self, Some(&name), &name) {
                Ok(ty) => {
                    fields.push(Field { name, ty, can_lack: false });
                    about.push(vec![format!("{}: {words}", names::code(&path))]);
                }
                Err(why) => notes.push(left_out(&path, &why)),
            }
        }
        let words = format!("An object of the class {}.", names::code(&class));
        self.names.push(class);
        let id = self.item(Body::Struct(fields), words, about, notes);
        self.names.pop();
        Ok(Type::Own(id))
    }

    /// The type of the elements of a list: objects of one class have one, and of several they are an enum.
    fn in_list(&mut self, all: &Type, ty: &Type) -> Type {
        let (Type::Own(one), Type::Own(other)) = (all, ty) else { return self.types.both(all, ty) };
        let class = |look: &Self, id| {
            let item: &super::types::Item = &look.types.items[usize::from(id)];
            match item.body {
                Body::Struct(_) => item.names.last().cloned(),
                _ => None,
            }
        };
        let (one_class, other_class) = (class(self, *one), class(self, *other));
        let variants = match (self.types.body(*one).clone(), one_class, other_class) {
            (Body::Struct(_), Some(one_class), Some(other_class)) if one_class != other_class => {
                vec![(one_class, all.clone()), (other_class, ty.clone())]
            }
            (Body::Enum(variants), None, Some(other_class)) => {
                let known = variants.into_iter().map(|variant| variant.name.zip(variant.payload));
                let Some(mut known) = known.collect::<Option<Vec<_>>>() else { return self.types.both(all, ty) };
                match known.iter_mut().find(|(name, _)| *name == other_class) {
                    Some((_, payload)) => *payload = self.types.both(payload, ty),
                    None => known.push((other_class, ty.clone())),
                }
                known
            }
            _ => return self.types.both(all, ty),
        };
        let variants: Vec<Variant> =
            variants.into_iter().map(|(name, ty)| Variant { name: Some(name), payload: Some(ty) }).collect();
        let fields = vec![Vec::new(); variants.len()];
        let about = format!("A class of {}.", names::code(&format!("/{}", self.names.join("/"))));
        Type::Own(self.item(Body::Enum(variants), about, fields, Vec::new()))
    }

    /// Whether the children of a group are pairs of a key and a value.
    fn are_pairs(&self, group: &Group, names: &[String]) -> bool {
        let is_pair = |name: &String| match group.open(name) {
            Ok(Object::Group(pair)) => {
                let has_class = text(&Object::Group(pair.clone()), "class").is_some();
                let links = pair.links().unwrap_or_default();
                !has_class
                    && links.len() == 2
                    && links.iter().all(|link| ["key", "value"].contains(&link.name.as_str()))
            }
            _ => false,
        };
        !names.is_empty() && names.iter().all(is_pair)
    }

    /// A dictionary whose keys are no names.
    fn python_pairs(&mut self, group: &Group, names: &[String]) -> Seen {
        let (mut keys, mut values) = (Type::Unknown, Type::Unknown);
        for name in names {
            let Object::Group(pair) = group.open(name).map_err(|error| why(&error))? else { continue };
            let part = |look: &mut Self, part: &str| {
                let object = pair.open(part).map_err(|error| why(&error))?;
                look.inside(None, part, |look| look.object(object))
            };
            let (key, value) = (part(self, "key")?, part(self, "value")?);
            keys = self.types.both(&keys, &key);
            values = self.in_list(&values, &value);
        }
        match self.types.has_order(&keys) {
            true => Ok(Type::Map(keys.into(), values.into())),
            false => Err("the keys of a dictionary have no order in Rust".to_owned()),
        }
    }
}
