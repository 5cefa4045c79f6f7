//! Schemas: what a file is to have, by the paths of its objects, as JSON that `tree --schema` prints and `check --schema` reads.

mod compare;
mod parse;
mod print;
mod types;

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

pub(crate) use self::compare::{Difference, compare};
pub(crate) use self::print::print;
use crate::failure::{Failure, Outcome};

/// The attributes by which the layout says what is stored: the encoding has that in a word.
const LAYOUT_ATTRIBUTES: [&str; 5] = ["filebacked", "length", "filebacked-length", "encoding-type", "encoding-version"];

/// What a file is to have.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    entries: Vec<(Vec<Step>, Entry)>,
    /// Those without wildcards, by their paths.
    literal: HashMap<String, usize>,
    /// There may be more than what is said.
    has_extra: bool,
}

/// A name on the way to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Name(String),
    Any,
    /// Any number of names.
    Deep,
}

/// What an object is to be.
#[derive(Debug)]
struct Entry {
    /// A group or dataset, if it is not said.
    kind: Option<Kind>,
    is_optional: bool,
    /// A group may have more children, and an object more attributes, than what is said.
    has_extra: bool,
    /// In what form of the crate's layout it is; `Some(None)` is in none.
    encoding: Option<Option<String>>,
    /// One of these types.
    types: Option<Vec<Value>>,
    shape: Option<Shape>,
    attributes: Vec<(String, AttributeEntry)>,
}

/// What sort of object one is.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Group,
    Dataset,
    NamedType,
    /// A link that is no hard one, and where it leads.
    Link(Option<String>),
    /// The object that is at another path, too.
    Same(String),
}

impl Kind {
    fn word(&self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Dataset => "dataset",
            Self::NamedType => "named type",
            Self::Link(_) => "link",
            Self::Same(_) => "same",
        }
    }
}

/// The sizes of dimensions.
#[derive(Debug)]
enum Shape {
    /// A null dataspace.
    Null,
    Of(Vec<Extent>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Extent {
    Any,
    Of(u64),
    /// The same wherever the name stands.
    Named(String),
}

/// What an attribute is to be.
#[derive(Debug)]
struct AttributeEntry {
    is_optional: bool,
    types: Option<Vec<Value>>,
    shape: Option<Shape>,
    value: Option<Value>,
}

impl Schema {
    /// The schema in a file.
    pub(crate) fn read(path: &Path) -> Outcome<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| Failure::error(error.to_string()).in_file(path))?;
        let value = serde_json::from_str(&text).map_err(|error| Failure::error(error.to_string()).in_file(path))?;
        parse::schema(&value).map_err(|why| Failure::error(why).in_file(path))
    }

    /// What an object at a path is to be. A path without wildcards comes first.
    fn entry(&self, path: &str) -> Option<&Entry> {
        if let Some(at) = self.literal.get(path) {
            return Some(&self.entries[*at].1);
        }
        let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
        let has_wildcards = self.entries.len() > self.literal.len();
        let mut wild = self.entries.iter().filter(|_| has_wildcards);
        wild.find(|(steps, _)| has_wildcard(steps) && is_met(steps, &names)).map(|(_, entry)| entry)
    }
}

fn has_wildcard(steps: &[Step]) -> bool {
    steps.iter().any(|step| !matches!(step, Step::Name(_)))
}

/// Whether a path with wildcards stands for some names.
fn is_met(steps: &[Step], names: &[&str]) -> bool {
    // Which steps may come next.
    let mut at = vec![false; steps.len() + 1];
    at[0] = true;
    let skip = |at: &mut Vec<bool>| {
        for number in 0..steps.len() {
            if at[number] && steps[number] == Step::Deep {
                at[number + 1] = true;
            }
        }
    };
    skip(&mut at);
    for name in names {
        let mut next = vec![false; steps.len() + 1];
        for (number, step) in steps.iter().enumerate().filter(|(number, _)| at[*number]) {
            match step {
                Step::Name(wanted) if wanted == name => next[number + 1] = true,
                Step::Name(_) => {}
                Step::Any => next[number + 1] = true,
                Step::Deep => next[number] = true,
            }
        }
        skip(&mut next);
        at = next;
    }
    at[steps.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        let steps = |path: &str| parse::steps(path);
        for (path, name, expected) in [
            ("/a", "a", true),
            ("/a", "b", false),
            ("/*/x", "a/x", true),
            ("/*/x", "a/b/x", false),
            ("/**/x", "a/b/x", true),
            ("/**/x", "x", true),
            ("/a/**", "a/b/c", true),
            ("/%2A", "*", true),
            ("/%2A", "a", false),
            ("/", "", true),
        ] {
            let names: Vec<&str> = name.split('/').filter(|name| !name.is_empty()).collect();
            assert_eq!(is_met(&steps(path), &names), expected, "{path} {name}");
        }
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        for (text, why) in [
            ("[]", "a schema is an object"),
            (r#"{"objects": 1}"#, "`objects` is an object"),
            (r#"{"object": {}}"#, "`object` is no key"),
            (r#"{"version": 2, "objects": {}}"#, "version 2"),
            (r#"{"objects": {"/a": {"kind": "set"}}}"#, "`/a`: `set` is no kind"),
            (r#"{"objects": {"/a": {"typ": "f64"}}}"#, "`/a`: `typ` is no key"),
            (r#"{"objects": {"/a": {"type": "f65"}}}"#, "`/a`: `f65` is no type"),
            (r#"{"objects": {"/a": {"type": {"record": {"x": "f65"}}}}}"#, "`f65` is no type"),
            (r#"{"objects": {"/a": {"shape": [-1]}}}"#, "`/a`: `-1` is no extent"),
            (r#"{"objects": {"/a": {"attributes": {"b": {"shape": 1}}}}}"#, "`/a`: attribute `b`: `shape`"),
            (r#"{"objects": {"/a": {"optional": 1}}}"#, "`/a`: `optional` is true or false"),
            (r#"{"objects": {"/a/": {}, "a": {}}}"#, "`a` is there twice"),
        ] {
            let value: Value = serde_json::from_str(text).unwrap();
            let found = parse::schema(&value).unwrap_err();
            assert!(found.contains(why), "{text}: {found}");
        }
    }
}
