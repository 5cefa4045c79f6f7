//! What is stored, in words, for errors.

use super::column::{Column, FieldColumn, TaggedUnion};
use crate::ground::error::names;
use crate::ground::link_name::ATTRIBUTE_PREFIX;
use crate::h5::{Attributes, Dtype, Group, brief};
use crate::layout::Kind;
use crate::layout_attributes::LayoutAttributes;

/// A group: its kind, or its children; or, if what is missing in it is an attribute, its attributes.
pub(super) fn group(group: &Group, missing: Option<&str>) -> String {
    match group.kind() {
        Ok(Some(kind)) => return of_kind(kind),
        _ if missing.is_some_and(|missing| missing.starts_with(ATTRIBUTE_PREFIX)) => {
            return attributes("a group", group);
        }
        _ => {}
    }
    match group.link_names() {
        Ok(links) if links.is_empty() => "an empty group".to_owned(),
        Ok(links) => format!("a group of {}", names(&links)),
        Err(_) => "a group".to_owned(),
    }
}

fn of_kind(kind: Kind) -> String {
    format!("a group of kind `{}`", kind.as_str())
}

/// An object by its attributes.
pub(super) fn attributes(what: &str, object: &impl Attributes) -> String {
    match object.attribute_names() {
        Ok(attributes) if attributes.is_empty() => format!("{what} without attributes"),
        Ok(attributes) => format!("{what} with the attributes {}", names(&attributes)),
        Err(_) => what.to_owned(),
    }
}

/// Records whose fields are stored apart.
pub(super) fn records(fields: &[FieldColumn]) -> String {
    format!("`{}`", brief(columns(fields)))
}

/// Enums of which each variant is stored apart.
pub(super) fn variants(parted: &TaggedUnion) -> String {
    format!("`{}`", brief(of_variants(parted)))
}

fn columns(fields: &[FieldColumn]) -> String {
    let field = |field: &FieldColumn| {
        let words = field.stored().map_or_else(|| "unreadable".to_owned(), of_column);
        let option = if field.is_masked() { "option of " } else { "" };
        format!("{}: {option}{words}", field.name)
    };
    braced("columns", fields.iter().map(field), fields.len())
}

fn of_variants(parted: &TaggedUnion) -> String {
    braced("enum", parted.names().map(str::to_owned), parted.names().len())
}

/// As many as are worth it of things in braces.
fn braced(word: &str, things: impl Iterator<Item = String>, count: usize) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<String> = things.take(SHOWN).collect();
    let more = if count > SHOWN { ", ..." } else { "" };
    format!("{word} {{{}{more}}}", shown.join(", "))
}

/// The type of a column's elements.
fn of_column(column: &Column) -> String {
    match column {
        Column::Array(array) => match array.dims() {
            [_, inner @ ..] if !inner.is_empty() => {
                Dtype::Array(inner.into(), array.dtype().clone().into()).to_string()
            }
            _ => array.dtype().to_string(),
        },
        Column::Cells(cells) => cells.dtype().to_string(),
        Column::Halves(_, kind) => kind.as_str().to_owned(),
        Column::Parts { text: true, .. } => "string".to_owned(),
        Column::Parts { text: false, .. } => "bytes".to_owned(),
        Column::Units(_) => "unit".to_owned(),
        Column::Records(records) => columns(&records.fields),
        Column::Ragged { values, .. } => format!("sequence of {}", of_column(values)),
        Column::Maps { values, .. } => format!("map of {}", of_column(values)),
        Column::Nullable { values, .. } => format!("option of {}", of_column(values)),
        Column::Variants(parted) => of_variants(parted),
        Column::Mixed(_) => "mixed".to_owned(),
        Column::Categorical { categories, .. } => format!("categorical of {}", of_column(categories)),
        Column::List { .. } | Column::One { .. } | Column::Matlab(_) => "object".to_owned(),
    }
}
