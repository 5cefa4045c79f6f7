//! A schema from JSON.

use serde_json::{Map, Value};

use super::{AttributeEntry, Entry, Extent, Kind, Schema, Shape, Step, has_wildcard, types};

/// The version of what is said here.
pub(super) const VERSION: u64 = 1;

type Parsed<T> = Result<T, String>;

pub(super) fn schema(value: &Value) -> Parsed<Schema> {
    let Value::Object(all) = value else { return Err("a schema is an object".to_owned()) };
    keys(all, &["version", "extra", "objects"])?;
    if let Some(version) = all.get("version")
        && version.as_u64() != Some(VERSION)
    {
        return Err(format!("this program knows version {VERSION} of schemas, not version {version}"));
    }
    let mut schema = Schema { has_extra: bool_of(all, "extra")?, ..Schema::default() };
    let Some(Value::Object(objects)) = all.get("objects") else { return Err("`objects` is an object".to_owned()) };
    for (path, value) in objects {
        let steps = steps(path);
        let entry = entry(value).map_err(|why| format!("`{path}`: {why}"))?;
        if schema
            .entries
            .iter()
            .rev()
            .take(schema.entries.len() * usize::from(has_wildcard(&steps)))
            .any(|(known, _)| *known == steps)
        {
            return Err(format!("`{path}` is there twice"));
        }
        if !has_wildcard(&steps) && schema.literal.insert(literal(&steps), schema.entries.len()).is_some() {
            return Err(format!("`{path}` is there twice"));
        }
        schema.entries.push((steps, entry));
    }
    Ok(schema)
}

/// The path of some names.
pub(super) fn literal(steps: &[Step]) -> String {
    let name = |step: &Step| match step {
        Step::Name(name) => format!("/{name}"),
        _ => String::new(),
    };
    let path: String = steps.iter().map(name).collect();
    if path.is_empty() { "/".to_owned() } else { path }
}

/// The steps of a path: `*` is any name, and `**` any number of names. The `*` of a name is `%2A`.
pub(super) fn steps(path: &str) -> Vec<Step> {
    let step = |name: &str| match name {
        "*" => Step::Any,
        "**" => Step::Deep,
        name => Step::Name(name.replace("%2A", "*")),
    };
    path.split('/').filter(|name| !name.is_empty()).map(step).collect()
}

/// An error if an object has another key than these.
fn keys(all: &Map<String, Value>, known: &[&str]) -> Parsed<()> {
    match all.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("`{key}` is no key here: there are {}", known.join(", "))),
        None => Ok(()),
    }
}

fn bool_of(all: &Map<String, Value>, key: &str) -> Parsed<bool> {
    match all.get(key) {
        None => Ok(false),
        Some(Value::Bool(value)) => Ok(*value),
        Some(_) => Err(format!("`{key}` is true or false")),
    }
}

fn text_of(all: &Map<String, Value>, key: &str) -> Parsed<Option<String>> {
    match all.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("`{key}` is a string")),
    }
}

fn entry(value: &Value) -> Parsed<Entry> {
    let Value::Object(all) = value else { return Err("what an object is to be is an object, too".to_owned()) };
    keys(all, &["kind", "encoding", "type", "shape", "attributes", "optional", "extra", "target"])?;
    let target = text_of(all, "target")?;
    let kind = match text_of(all, "kind")?.as_deref() {
        Some("group") => Some(Kind::Group),
        Some("dataset") => Some(Kind::Dataset),
        Some("named type") => Some(Kind::NamedType),
        Some("link") => Some(Kind::Link(target)),
        Some("same") => Some(Kind::Same(target.ok_or("`target` is the path of the same object")?)),
        Some(other) => {
            return Err(format!("`{other}` is no kind: there are group, dataset, link, same and named type"));
        }
        None if all.contains_key("type") || all.contains_key("shape") => Some(Kind::Dataset),
        None => None,
    };
    let encoding = match all.get("encoding") {
        None => None,
        Some(Value::Null) => Some(None),
        Some(_) => Some(text_of(all, "encoding")?),
    };
    let mut attributes = Vec::new();
    match all.get("attributes") {
        None => {}
        Some(Value::Object(all)) => {
            for (name, value) in all {
                let attribute = attribute(value).map_err(|why| format!("attribute `{name}`: {why}"));
                attributes.push((name.clone(), attribute?));
            }
        }
        Some(_) => return Err("`attributes` is an object".to_owned()),
    }
    Ok(Entry {
        kind,
        is_optional: bool_of(all, "optional")?,
        has_extra: bool_of(all, "extra")?,
        encoding,
        types: all.get("type").map(types_of).transpose()?,
        shape: all.get("shape").map(shape).transpose()?,
        attributes,
    })
}

/// An attribute: a word for a type stands for a single one.
fn attribute(value: &Value) -> Parsed<AttributeEntry> {
    const KEYS: [&str; 4] = ["type", "shape", "value", "optional"];
    match value {
        Value::Object(all) => {
            keys(all, &KEYS)?;
            Ok(AttributeEntry {
                is_optional: bool_of(all, "optional")?,
                types: all.get("type").map(types_of).transpose()?,
                shape: all.get("shape").map(shape).transpose()?,
                value: all.get("value").cloned(),
            })
        }
        ty => {
            let shape = Some(Shape::Of(Vec::new()));
            Ok(AttributeEntry { is_optional: false, types: Some(types_of(ty)?), shape, value: None })
        }
    }
}

/// A type, or a list of those that may be there.
fn types_of(value: &Value) -> Parsed<Vec<Value>> {
    let all = match value {
        Value::Array(all) => all.clone(),
        one => vec![one.clone()],
    };
    all.iter().try_for_each(types::check)?;
    Ok(all)
}

fn shape(value: &Value) -> Parsed<Shape> {
    match value {
        Value::String(word) if word == "null" => Ok(Shape::Null),
        Value::Array(all) => Ok(Shape::Of(all.iter().map(extent).collect::<Parsed<_>>()?)),
        _ => Err("`shape` is a list of extents, or \"null\"".to_owned()),
    }
}

fn extent(value: &Value) -> Parsed<Extent> {
    match value {
        Value::Null => Ok(Extent::Any),
        Value::String(name) => Ok(Extent::Named(name.clone())),
        value => match value.as_u64() {
            Some(extent) => Ok(Extent::Of(extent)),
            None => {
                Err(format!("`{value}` is no extent: a number, null for any, or a name for those that are the same"))
            }
        },
    }
}
