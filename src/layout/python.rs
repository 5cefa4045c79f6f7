//! The words of the Python package FileBacked 2.1, and what its names can be.

use super::is_linkable;
use crate::ground::link_name::unescape;

/// The string attribute of a group that names the module of the class that the group is an object of.
pub(crate) const MODULE: &str = "module";
/// The string attribute of a group that names the class.
pub(crate) const CLASS: &str = "class";
/// The integer attribute that says which of the types of a `Union` it is, from 0 on.
pub(crate) const TYPEID: &str = "typeid";
/// Where keys are no names: the child of an entry that holds its key. Its value is in [`VALUE`](super::VALUE).
pub(crate) const KEY: &str = "key";

/// Whether a key is a link name as it is, for a package that escapes nothing, and is that key to a reader that unescapes.
pub(crate) fn is_name(key: &str) -> bool {
    !matches!(key, "" | ".") && !key.contains(['/', '\0']) && is_linkable(key) && unescape(key) == key
}

/// Whether bytes that are no text are an object that Python pickled: they begin with the protocol, of which there are five that
/// do, and end with a stop.
pub(crate) fn is_pickle(bytes: &[u8]) -> bool {
    matches!(bytes, [0x80, 2..=5, .., b'.'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in ["plain", "grün", "100%", "a.b", "..", "-1"] {
            assert!(is_name(name), "{name}");
        }
        for other in ["", ".", "a/b", "a\0b", "%2F", "%"] {
            assert!(!is_name(other), "{other}");
        }
    }
}
