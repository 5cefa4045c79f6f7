//! The types that a file is read into.

use std::collections::HashMap;

/// A type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Type {
    /// One that Rust has itself.
    Plain(&'static str),
    /// Bytes.
    Bytes,
    /// A complex number, of floats of so many bits.
    Complex(usize),
    /// Whatever is there.
    Value,
    /// Nothing is stored that says what it is. It is read as whatever is there.
    Unknown,
    /// A point in time.
    Time,
    /// A list of points in time in one dataset, of which some may be missing.
    Times,
    Option(Box<Self>),
    List(Box<Self>),
    /// An array of a length that is part of its type.
    Fixed(Box<Self>, usize),
    Tuple(Vec<Self>),
    Map(Box<Self>, Box<Self>),
    /// An N-dimensional dataset.
    Array {
        element: Box<Self>,
        rank: Rank,
        form: Form,
    },
    Sparse(Box<Self>),
    Triplets(Box<Self>),
    /// A struct or enum of the source.
    Own(Id),
    /// A value and attributes.
    Attributes(Box<Self>, Id),
    /// A value that stands in several places, or is an object of its own in a list.
    Shared(Box<Self>),
}

/// How many dimensions an array has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Rank {
    Of(usize),
    Any,
}

/// By what an array is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Form {
    /// The crate's wrapper, or `with`.
    Wrapper,
    /// Its own `Serialize`.
    Bare,
    /// A matrix or vector of `nalgebra`, which has its size in memory.
    Matrix,
    /// One of so many rows and columns.
    FixedMatrix(usize, usize),
}

/// Which struct or enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Id(pub(super) usize);

impl From<Id> for usize {
    fn from(id: Id) -> Self {
        id.0
    }
}

/// What a struct or enum has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Body {
    Struct(Vec<Field>),
    /// A struct whose fields have no names.
    Tuple(Vec<Type>),
    Enum(Vec<Variant>),
}

/// A field of a struct.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Field {
    /// What it is for serde.
    pub(super) name: String,
    pub(super) ty: Type,
    /// Some of the structs do not have it.
    pub(super) can_lack: bool,
}

/// A variant of an enum.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Variant {
    /// What it is for serde; `None` of one that the file does not name.
    pub(super) name: Option<String>,
    pub(super) payload: Option<Type>,
}

/// A struct or enum.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) body: Body,
    /// The names on the way to where it was met first, the last of which is its own.
    pub(super) names: Vec<String>,
    /// What it is, in words.
    pub(super) about: String,
    /// The same of its fields or variants.
    pub(super) fields: Vec<Vec<String>>,
    /// What the file has beside, and is not read.
    pub(super) notes: Vec<String>,
    /// How often it was met.
    pub(super) count: usize,
}

/// How many notes of a struct are kept.
const NOTES: usize = 100;

/// All structs and enums.
#[derive(Debug, Default)]
pub(super) struct Types {
    pub(super) items: Vec<Item>,
    known: HashMap<Body, Id>,
}

impl Types {
    /// The struct or enum that has exactly that: one that is there, or a new one.
    pub(super) fn of(&mut self, item: Item) -> Id {
        if let Some(&id) = self.known.get(&item.body) {
            let known = &mut self.items[id.0];
            known.count += item.count;
            for note in item.notes {
                if known.notes.len() < NOTES && !known.notes.contains(&note) {
                    known.notes.push(note);
                }
            }
            return id;
        }
        let id = Id(self.items.len());
        self.known.insert(item.body.clone(), id);
        self.items.push(item);
        id
    }

    pub(super) fn body(&self, id: Id) -> &Body {
        &self.items[id.0].body
    }

    /// Whether values of the type have an order, as keys of a map have.
    pub(super) fn has_order(&self, ty: &Type) -> bool {
        match ty {
            Type::Plain(name) => !name.starts_with('f'),
            Type::Bytes => true,
            Type::Option(inner) | Type::List(inner) | Type::Fixed(inner, _) | Type::Shared(inner) => {
                self.has_order(inner)
            }
            Type::Tuple(all) => all.iter().all(|ty| self.has_order(ty)),
            Type::Map(key, value) => self.has_order(key) && self.has_order(value),
            Type::Own(id) => match self.body(*id) {
                Body::Struct(fields) => fields.iter().all(|field| self.has_order(&field.ty)),
                Body::Tuple(all) => all.iter().all(|ty| self.has_order(ty)),
                Body::Enum(variants) => {
                    variants.iter().all(|variant| variant.payload.as_ref().is_none_or(|ty| self.has_order(ty)))
                }
            },
            _ => false,
        }
    }

    /// Whether something in a type is read as whatever is there, or has attributes.
    pub(super) fn has_any(&self, ty: &Type) -> bool {
        match ty {
            Type::Value | Type::Attributes(..) => true,
            Type::Option(inner) | Type::List(inner) | Type::Fixed(inner, _) | Type::Shared(inner) => {
                self.has_any(inner)
            }
            Type::Tuple(all) => all.iter().any(|ty| self.has_any(ty)),
            Type::Map(key, value) => self.has_any(key) || self.has_any(value),
            Type::Own(id) => match self.body(*id) {
                Body::Struct(fields) => fields.iter().any(|field| self.has_any(&field.ty)),
                Body::Tuple(all) => all.iter().any(|ty| self.has_any(ty)),
                Body::Enum(all) => all.iter().filter_map(|one| one.payload.as_ref()).any(|ty| self.has_any(ty)),
            },
            _ => false,
        }
    }

    /// Whether a record with such a field is one element of a compound dataset.
    pub(super) fn is_flat(&self, ty: &Type) -> bool {
        match ty {
            Type::Plain(name) => !matches!(*name, "String" | "()" | "i128" | "u128"),
            Type::Complex(_) => true,
            Type::Fixed(inner, _) => self.is_number(inner),
            Type::Tuple(all) => all.iter().all(|ty| self.is_flat(ty)),
            Type::Own(id) => match self.body(*id) {
                Body::Struct(fields) => {
                    !fields.is_empty() && fields.iter().all(|field| !field.can_lack && self.is_flat(&field.ty))
                }
                Body::Tuple(all) => all.iter().all(|ty| self.is_flat(ty)),
                Body::Enum(variants) => variants.iter().all(|variant| variant.payload.is_none()),
            },
            _ => false,
        }
    }

    fn is_number(&self, ty: &Type) -> bool {
        match ty {
            Type::Plain(name) => !matches!(*name, "String" | "()" | "i128" | "u128"),
            Type::Complex(_) => true,
            Type::Fixed(inner, _) => self.is_number(inner),
            _ => false,
        }
    }

    /// The type that values of both types are read into, and written from as they were.
    pub(super) fn both(&mut self, one: &Type, other: &Type) -> Type {
        match (one, other) {
            _ if one == other => one.clone(),
            (Type::Unknown, ty) | (ty, Type::Unknown) => ty.clone(),
            (Type::Option(one), Type::Option(other)) => Type::Option(self.both(one, other).into()),
            (Type::Option(inner), ty) | (ty, Type::Option(inner)) => Type::Option(self.both(inner, ty).into()),
            // Numbers of two widths would be one in a list.
            (Type::List(one), Type::List(other)) => match self.both(one, other) {
                Type::Value if **one != Type::Value && **other != Type::Value => Type::Value,
                both => Type::List(both.into()),
            },
            (Type::Shared(one), Type::Shared(other)) => Type::Shared(self.both(one, other).into()),
            (Type::Map(key, one), Type::Map(other_key, other)) if key == other_key => {
                Type::Map(key.clone(), self.both(one, other).into())
            }
            (
                Type::Array { element, form: Form::Wrapper, .. },
                Type::Array { element: other, form: Form::Wrapper, .. },
            ) if element == other => Type::Array { element: element.clone(), rank: Rank::Any, form: Form::Wrapper },
            (Type::Attributes(one, first), Type::Attributes(other, second)) => {
                let attributes = self.both(&Type::Own(*first), &Type::Own(*second));
                match (self.both(one, other), attributes) {
                    (value, Type::Own(id)) if value != Type::Value => Type::Attributes(value.into(), id),
                    _ => Type::Value,
                }
            }
            (Type::Own(one), Type::Own(other)) => self.both_items(*one, *other),
            _ => Type::Value,
        }
    }

    fn both_items(&mut self, one: Id, other: Id) -> Type {
        match (self.body(one).clone(), self.body(other).clone()) {
            (Body::Struct(first), Body::Struct(second)) => self.both_structs((one, first), (other, second)),
            (Body::Enum(first), Body::Enum(second)) => self.both_enums((one, first), (other, second)),
            _ => Type::Value,
        }
    }

    /// A struct with the fields of both, of which some can be lacking.
    fn both_structs(&mut self, (one, first): (Id, Vec<Field>), (other, second): (Id, Vec<Field>)) -> Type {
        let mut left: Vec<Option<(Field, Vec<String>)>> =
            second.into_iter().zip(self.items[other.0].fields.clone()).map(Some).collect();
        let (mut fields, mut about) = (Vec::new(), Vec::new());
        let own = self.items[one.0].fields.clone();
        for (field, words) in first.into_iter().zip(own) {
            let at = left.iter().position(|other| other.as_ref().is_some_and(|(other, _)| other.name == field.name));
            let pair = at.map(|at| (at, left[at].take()));
            match pair {
                Some((at, Some((same, _)))) => {
                    // What stands before it here comes before it.
                    for before in left.iter_mut().take(at).filter_map(Option::take) {
                        fields.push(Field { can_lack: true, ..before.0 });
                        about.push(before.1);
                    }
                    let ty = self.both(&field.ty, &same.ty);
                    fields.push(Field { name: field.name, ty, can_lack: field.can_lack || same.can_lack });
                }
                _ => fields.push(Field { can_lack: true, ..field }),
            }
            about.push(words);
        }
        for (field, words) in left.into_iter().flatten() {
            fields.push(Field { can_lack: true, ..field });
            about.push(words);
        }
        let Item { names, about: words, notes, count, .. } = &self.items[one.0];
        let (names, words, mut notes, count) = (names.clone(), words.clone(), notes.clone(), *count);
        for note in &self.items[other.0].notes {
            if notes.len() < NOTES && !notes.contains(note) {
                notes.push(note.clone());
            }
        }
        let count = count + self.items[other.0].count;
        Type::Own(self.of(Item { body: Body::Struct(fields), names, about: words, fields: about, notes, count }))
    }

    /// An enum with the variants of both, if no two of one number differ.
    fn both_enums(&mut self, (one, first): (Id, Vec<Variant>), (other, second): (Id, Vec<Variant>)) -> Type {
        let mut variants = Vec::new();
        for at in 0..first.len().max(second.len()) {
            let variant = match (first.get(at), second.get(at)) {
                (Some(own), Some(other)) if own.name.is_none() => other.clone(),
                (Some(own), Some(other)) if other.name.is_none() => own.clone(),
                (Some(own), Some(other)) if own.name == other.name => {
                    let payload = match (&own.payload, &other.payload) {
                        (Some(one), Some(other)) => Some(self.both(one, other)),
                        (one, other) => one.clone().or_else(|| other.clone()),
                    };
                    Variant { name: own.name.clone(), payload }
                }
                (Some(own), None) | (None, Some(own)) => own.clone(),
                _ => return Type::Value,
            };
            variants.push(variant);
        }
        let count = self.items[one.0].count + self.items[other.0].count;
        let Item { names, about, .. } = &self.items[one.0];
        let (names, about, fields) = (names.clone(), about.clone(), vec![Vec::new(); variants.len()]);
        Type::Own(self.of(Item { body: Body::Enum(variants), names, about, fields, notes: Vec::new(), count }))
    }
}
