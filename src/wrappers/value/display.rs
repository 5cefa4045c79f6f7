//! Any value as a short tree.

use std::fmt::{self, Display, Formatter};

use super::{Array, Map, Table, Value, Variant};
use crate::ground::stack::with_room;

/// Entries of a map, or attributes, that are shown.
const MAX_ENTRIES: usize = 50;
/// Elements of a list that are shown, by a line each.
const MAX_ELEMENTS: usize = 3;
/// Elements of an array, or of a list of scalars, that are shown.
const MAX_SCALARS: usize = 4;
/// Characters of a string, or bytes, that are shown.
const MAX_TEXT: usize = 60;
/// Lines in all.
const MAX_LINES: usize = 1000;

/// A line for each entry of a map, each attribute, and the first elements of lists; a scalar is what it is.
impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.children() {
            Some(_) => TreeText { f, lines: 0 }.children(self, ""),
            None => f.write_str(&self.words()),
        }
    }
}

impl Display for Array {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} (", self.type_name())?;
        for (index, dim) in self.shape().iter().enumerate() {
            write!(f, "{}{dim}", if index == 0 { "" } else { ", " })?;
        }
        f.write_str(if self.shape().len() == 1 { ",)" } else { ")" })?;
        let first = self.first(MAX_SCALARS);
        if !first.is_empty() {
            write!(f, " {}", first.join(", "))?;
        }
        if self.len() > first.len() { f.write_str(", ...") } else { Ok(()) }
    }
}

/// What is shown below a value.
enum ShownChildren<'a> {
    Map(&'a Map),
    List(&'a [Value]),
    Table(&'a Table),
    Pairs(&'a [(Value, Value)]),
}

impl Value {
    /// What is in it that takes lines of its own.
    fn children(&self) -> Option<ShownChildren<'_>> {
        let children = with_room(|| self.inner_children());
        if self.attrs().is_some() { children.or(Some(ShownChildren::List(&[]))) } else { children }
    }

    fn inner_children(&self) -> Option<ShownChildren<'_>> {
        match self.inner() {
            Self::Map(map) if !map.is_empty() => Some(ShownChildren::Map(map)),
            Self::List(list) | Self::Tuple(list) if !list.iter().all(Self::is_leaf) => Some(ShownChildren::List(list)),
            Self::Table(table) if !are_leaves(table) => Some(ShownChildren::Table(table)),
            Self::Pairs(pairs) if !pairs.is_empty() => Some(ShownChildren::Pairs(pairs)),
            Self::Variant(Variant { payload: Some(payload), .. }) => payload.children(),
            _ => None,
        }
    }

    fn is_leaf(&self) -> bool {
        self.children().is_none()
    }

    /// What it is, on one line.
    pub(super) fn words(&self) -> String {
        with_room(|| self.words_of_level())
    }

    fn words_of_level(&self) -> String {
        match self {
            Self::Null => "none".to_owned(),
            Self::Unit => "()".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Number(number) => number.to_string(),
            Self::String(text) => match text.char_indices().nth(MAX_TEXT) {
                Some((end, _)) => format!("{:?}...", &text[..end]),
                None => format!("{text:?}"),
            },
            Self::Bytes(bytes) => format!("{} bytes", bytes.len()),
            Self::Array(array) => array.to_string(),
            Self::Table(table) => {
                let first = (0..MAX_SCALARS).map_while(|position| table.get(position));
                of_list("list", are_leaves(table), table.len(), first)
            }
            Self::List(list) => of_list("list", list.iter().all(Self::is_leaf), list.len(), list.iter()),
            Self::Tuple(list) => of_list("tuple", list.iter().all(Self::is_leaf), list.len(), list.iter()),
            Self::Map(map) if map.is_empty() => "{}".to_owned(),
            Self::Map(_) => String::new(),
            Self::Pairs(pairs) => format!("map of {}", pairs.len()),
            Self::Variant(Variant { name, payload, .. }) => match payload {
                Some(payload) if payload.is_leaf() => format!("{name}({})", payload.words()),
                _ => name.clone(),
            },
            Self::Some(inner) => inner.words(),
            Self::WithAttrs(both) => both.value.words(),
            Self::Typed(typed) => typed.value().words(),
            Self::Unreadable(why) => format!("unreadable: {why}"),
        }
    }
}

/// Whether the records of a table, which are all of one form, take no lines of their own.
fn are_leaves(table: &Table) -> bool {
    table.get(0).is_none_or(Value::is_leaf)
}

fn of_list<'a>(what: &str, are_leaves: bool, len: usize, elements: impl Iterator<Item = &'a Value>) -> String {
    if !are_leaves {
        return format!("{what} of {len}");
    }
    let shown: Vec<String> = elements.take(MAX_SCALARS).map(Value::words).collect();
    let (open, close) = if what == "tuple" { ("(", ")") } else { ("[", "]") };
    let more = if len > shown.len() { format!(", ... {len} in all") } else { String::new() };
    format!("{open}{}{more}{close}", shown.join(", "))
}

struct TreeText<'a, 'f> {
    f: &'a mut Formatter<'f>,
    lines: usize,
}

impl TreeText<'_, '_> {
    fn children(&mut self, value: &Value, indent: &str) -> fmt::Result {
        let attrs = value.attrs().into_iter().flatten().take(MAX_ENTRIES);
        let mut entries: Vec<(String, Option<&Value>)> =
            attrs.map(|(name, attr)| (format!("@{name}"), Some(attr))).collect();
        let before = entries.len();
        let total = match value.inner().children() {
            Some(ShownChildren::Map(map)) => {
                entries.extend(map.iter().take(MAX_ENTRIES).map(|(name, value)| (name.clone(), Some(value))));
                map.len()
            }
            Some(ShownChildren::List(list)) => {
                let shown = list.iter().take(MAX_ELEMENTS).enumerate();
                entries.extend(shown.map(|(index, value)| (index.to_string(), Some(value))));
                list.len()
            }
            Some(ShownChildren::Table(table)) => {
                let shown = (0..MAX_ELEMENTS).map_while(|index| Some((index.to_string(), Some(table.get(index)?))));
                entries.extend(shown);
                table.len()
            }
            Some(ShownChildren::Pairs(pairs)) => {
                entries.extend(pairs.iter().take(MAX_ELEMENTS).map(|(key, value)| (key.words(), Some(value))));
                pairs.len()
            }
            None => 0,
        };
        let hidden = total - (entries.len() - before);
        if hidden > 0 {
            entries.push((format!("... {hidden} more"), None));
        }
        let last = entries.len();
        for (index, (name, value)) in entries.into_iter().enumerate() {
            if self.lines >= MAX_LINES {
                return Ok(());
            }
            self.lines += 1;
            let (branch, below) = if index + 1 == last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            let words = value.map(Value::words).unwrap_or_default();
            let colon = if words.is_empty() { "" } else { ": " };
            writeln!(self.f, "{indent}{branch}{name}{colon}{words}")?;
            if let Some(value) = value.filter(|value| value.children().is_some()) {
                with_room(|| self.children(value, &format!("{indent}{below}")))?;
            }
        }
        Ok(())
    }
}
