//! Map keys, field and variant names as link names.

use std::borrow::Cow;

use super::{MAX_LINK_NAME, TAG};
use crate::ground::link_name::escape;

/// Returns whether `key`, escaped, is short enough for a link name.
pub(crate) fn is_linkable(key: &str) -> bool {
    // Each letter becomes three at most.
    key.len() <= MAX_LINK_NAME / 3 || key.len() <= MAX_LINK_NAME && escape(key).len() <= MAX_LINK_NAME
}

/// Returns the link name for the payloads of the variant `name`, beside which is a child [`TAG`].
pub(crate) fn escape_variant(name: &str) -> Cow<'_, str> {
    if name == TAG { Cow::Borrowed("%74ag") } else { escape(name) }
}

/// The position that `name` is, written as this crate writes it.
pub(crate) fn position(name: &str) -> Option<usize> {
    let canonical = name == "0" || !name.starts_with(['0', '+']);
    name.parse().ok().filter(|_| canonical)
}

/// Whether `names` are the positions of a tuple, 0 to one less than there are, in any order.
pub(crate) fn are_positions(names: impl Iterator<Item: AsRef<str>>) -> bool {
    let mut positions: Vec<_> = names.map(|name| position(name.as_ref())).collect();
    positions.sort_unstable();
    !positions.is_empty() && positions.iter().enumerate().all(|(at, position)| *position == Some(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::link_name::unescape;

    #[test]
    fn variants_beside_their_tags() {
        for (name, link) in [("tag", "%74ag"), ("Tag", "Tag"), ("a/b", "a%2Fb")] {
            assert_eq!(escape_variant(name), link);
            assert_eq!(unescape(link), name);
        }
    }
}
