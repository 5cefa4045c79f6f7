//! The schema of a file as it is.

use std::collections::HashMap;
use std::io::Write;

use filebacked::objects::{Attribute, Dataset, Group, Link, LinkKind, Object, ObjectId};
use serde_json::{Map, Value, json};

use super::{LAYOUT_ATTRIBUTES, parse, types};
use crate::failure::{Outcome, why};

/// Hears of what cannot be read: its path, and why.
type LeftOut<'a> = &'a dyn Fn(&str, &str);

/// Prints the schema of all that is in a file: an object a line. What cannot be read is left out, and told to `left_out` by its path.
pub(crate) fn print(root: &Group, output: &mut dyn Write, left_out: LeftOut<'_>) -> Outcome {
    write!(output, "{{\n  \"version\": {},\n  \"objects\": {{", parse::VERSION)?;
    let mut printer = Printer { output, is_first: true, seen: HashMap::from([(root.id()?, "/".to_owned())]) };
    let mut stack = vec![(root.clone(), links(root, left_out))];
    printer.entry("/", group(root, left_out))?;
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
                left_out(&path, &why(&error));
                continue;
            }
        };
        let id = match object.id() {
            Ok(id) => id,
            Err(error) => {
                left_out(&path, &why(&error));
                continue;
            }
        };
        if let Some(first) = printer.met_before(id, &path) {
            printer.entry(&path, json!({ "kind": "same", "target": first }))?;
            continue;
        }
        match object {
            Object::Group(inner) => {
                printer.entry(&path, group(&inner, left_out))?;
                let inner_links = self::links(&inner, left_out);
                stack.push((inner, inner_links));
            }
            Object::Dataset(inner) => printer.entry(&path, dataset(&inner, left_out))?,
            Object::NamedType(inner) => {
                let mut entry = Map::from_iter([("kind".to_owned(), json!("named type"))]);
                entry.insert("type".to_owned(), types::of(inner.element_type()));
                let names = inner.attribute_names();
                attributes(&mut entry, inner.path(), names, &|name| inner.attribute(name), left_out);
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

/// The links of a group, if they can be read.
fn links(group: &Group, left_out: LeftOut<'_>) -> std::vec::IntoIter<Link> {
    let links = group.links().unwrap_or_else(|error| {
        left_out(group.path(), &why(&error));
        Vec::new()
    });
    links.into_iter()
}

/// Adds what of the layout an object is marked as.
fn encoding(
    entry: &mut Map<String, Value>,
    path: &str,
    encoding: filebacked::Result<Option<&'static str>>,
    left_out: LeftOut<'_>,
) {
    match encoding {
        Ok(Some(encoding)) => {
            entry.insert("encoding".to_owned(), json!(encoding));
        }
        Ok(None) => {}
        Err(error) => left_out(path, &why(&error)),
    }
}

fn group(group: &Group, left_out: LeftOut<'_>) -> Value {
    let mut entry = Map::from_iter([("kind".to_owned(), json!("group"))]);
    encoding(&mut entry, group.path(), group.encoding(), left_out);
    attributes(&mut entry, group.path(), group.attribute_names(), &|name| group.attribute(name), left_out);
    Value::Object(entry)
}

fn dataset(dataset: &Dataset, left_out: LeftOut<'_>) -> Value {
    let mut entry = Map::from_iter([("kind".to_owned(), json!("dataset"))]);
    encoding(&mut entry, dataset.path(), dataset.encoding(), left_out);
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
    attributes(&mut entry, dataset.path(), dataset.attribute_names(), &|name| dataset.attribute(name), left_out);
    Value::Object(entry)
}

/// Adds what the attributes of an object are: of most single ones their type alone.
fn attributes(
    entry: &mut Map<String, Value>,
    path: &str,
    names: filebacked::Result<Vec<String>>,
    read: &dyn Fn(&str) -> filebacked::Result<Option<Attribute>>,
    left_out: LeftOut<'_>,
) {
    let names = names.unwrap_or_else(|error| {
        left_out(path, &why(&error));
        Vec::new()
    });
    let mut all = Map::new();
    for name in names {
        if LAYOUT_ATTRIBUTES.contains(&name.as_str()) {
            continue;
        }
        let attribute = match read(&name) {
            Ok(Some(attribute)) => attribute,
            Ok(None) => continue,
            Err(error) => {
                left_out(&format!("{path}@{name}"), &why(&error));
                continue;
            }
        };
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
}
