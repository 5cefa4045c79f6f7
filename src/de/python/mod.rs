//! What the Python package FileBacked has in ways of its own: objects of a class, unions, and dictionaries.

pub(super) mod class_tag;
pub(super) mod dictionary;
pub(super) mod union;
