//! The schema of a file as it is.

use std::collections::HashMap;
use std::io::Write;

use filebacked::objects::{Dataset, Group, LinkKind, Object, ObjectId};
use serde_json::{Map, Value, json};

use super::{LAYOUT_ATTRIBUTES, parse, types};
use crate::failure::{Outcome, why};

/// Prints the schema of all that is in a file: an object a line.
pub(crate) fn print(root: &Group, output: &mut dyn Write) -> Outcome {
    write!(output, "{{\n  \"version\": {},\n  \"objects\": {{", parse::VERSION)?;
    let mut printer = Printer { output, is_first: true, seen: HashMap::from([(root.id()?, "/".to_owned())]) };
    let mut stack = vec![(root.clone(), root.links()?.into_iter())];
    printer.entry("/", group(root)?)?;
    while let Some((parent, links)) = stack.last_mut() {
        let Some(link) = links.next() else {
            stack.pop();
            continue;
        };
        let path = format!("{}/{}", parent.path().trim_end_matches('/'), link.name);
        match &link.kind {
            LinkKind::Hard => {}
            LinkKind::Soft(target) => {
                printer.entry(&path, json!({ "kind": "link", "target": target }))?;
                continue;
            }
            LinkKind::External { file, path: target } => {
                printer.entry(&path, json!({ "kind": "link", "target": format!("{file}:{target}") }))?;
                continue;
            }
            _ => {
                printer.entry(&path, json!({ "kind": "link" }))?;
                continue;
            }
        }
        let object = match parent.open_link(&link) {
            Ok(object) => object,
            Err(error) => {
                return Err(crate::failure::Failure::error(format!("`{path}` cannot be opened: {}", why(&error))));
            }
        };
        if let Some(first) = printer.met_before(object.id()?, &path) {
            printer.entry(&path, json!({ "kind": "same", "target": first }))?;
            continue;
        }
        match object {
            Object::Group(inner) => {
                printer.entry(&path, group(&inner)?)?;
                let links = inner.links()?.into_iter();
                stack.push((inner, links));
            }
            Object::Dataset(inner) => printer.entry(&path, dataset(&inner)?)?,
            Object::NamedType(inner) => {
                let mut entry = Map::from_iter([("kind".to_owned(), json!("named type"))]);
                entry.insert("type".to_owned(), types::of(inner.element_type()));
                attributes(&mut entry, &Object::NamedType(inner))?;
                printer.entry(&path, Value::Object(entry))?;
            }
            _ => {}
        }
    }
    printer.output.write_all(b"\n  }\n}\n")?;
    Ok(())
}

struct Printer<'a> {
    output: &'a mut dyn Write,
    is_first: bool,
    seen: HashMap<ObjectId, String>,
}

impl Printer<'_> {
    fn entry(&mut self, path: &str, value: Value) -> Outcome {
        let path = Value::from(path.replace('*', "%2A"));
        write!(self.output, "{}\n    {path}: {value}", if self.is_first { "" } else { "," })?;
        self.is_first = false;
        Ok(())
    }

    /// The path by which an object was met before, if it was.
    fn met_before(&mut self, id: ObjectId, path: &str) -> Option<String> {
        let first = self.seen.get(&id).cloned();
        if first.is_none() {
            self.seen.insert(id, path.to_owned());
        }
        first
    }
}

fn group(group: &Group) -> Outcome<Value> {
    let mut entry = Map::from_iter([("kind".to_owned(), json!("group"))]);
    if let Some(encoding) = group.encoding()? {
        entry.insert("encoding".to_owned(), json!(encoding));
    }
    attributes(&mut entry, &Object::Group(group.clone()))?;
    Ok(Value::Object(entry))
}

fn dataset(dataset: &Dataset) -> Outcome<Value> {
    let mut entry = Map::from_iter([("kind".to_owned(), json!("dataset"))]);
    if let Some(encoding) = dataset.encoding()? {
        entry.insert("encoding".to_owned(), json!(encoding));
    }
    entry.insert("type".to_owned(), types::of(dataset.element_type()));
    let shape = match dataset.dims() {
        None => json!("null"),
        Some(dims) => {
            // What may grow has any size.
            let grows = dataset.storage().ok().and_then(|storage| storage.max_dims).unwrap_or_default();
            let extent = |(at, dim): (usize, &u64)| match grows.get(at) {
                Some(most) if *most != Some(*dim) => Value::Null,
                _ => json!(dim),
            };
            dims.iter().enumerate().map(extent).collect()
        }
    };
    entry.insert("shape".to_owned(), shape);
    attributes(&mut entry, &Object::Dataset(dataset.field(&[])?))?;
    Ok(Value::Object(entry))
}

/// Adds what the attributes of an object are: of most single ones their type alone.
fn attributes(entry: &mut Map<String, Value>, object: &Object) -> Outcome {
    let mut all = Map::new();
    for name in object.attribute_names()? {
        if LAYOUT_ATTRIBUTES.contains(&name.as_str()) {
            continue;
        }
        let Some(attribute) = object.attribute(&name)? else { continue };
        let ty = types::of(&attribute.element_type());
        let value = match attribute.dims() {
            Some([]) if ty.is_string() => ty,
            Some(dims) => json!({ "type": ty, "shape": dims }),
            None => json!({ "type": ty, "shape": "null" }),
        };
        all.insert(name, value);
    }
    if !all.is_empty() {
        entry.insert("attributes".to_owned(), Value::Object(all));
    }
    Ok(())
}
