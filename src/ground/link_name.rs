//! Names of fields, keys and variants as link names, and as steps of paths.

use std::borrow::Cow;

/// A struct field whose name starts so is an attribute of the struct's group.
pub(crate) const ATTRIBUTE_PREFIX: char = '@';

/// The link name of the empty key: `%` stands alone nowhere else.
const EMPTY: &str = "%";

/// Returns the link name for `key`: itself, but for what HDF5 does not take, which is percent-encoded.
///
/// `/` separates groups, `.` is the group itself and NUL ends a C string. The empty key is a `%` alone.
pub(crate) fn escape(key: &str) -> Cow<'_, str> {
    match key {
        "" => return Cow::Borrowed(EMPTY),
        "." => return Cow::Borrowed("%2E"),
        _ => {}
    }
    if !key.bytes().any(|byte| matches!(byte, b'/' | b'%' | 0)) {
        return Cow::Borrowed(key);
    }
    let mut name = String::with_capacity(key.len() + 8);
    for char in key.chars() {
        match char {
            '/' => name.push_str("%2F"),
            '%' => name.push_str("%25"),
            '\0' => name.push_str("%00"),
            char => name.push(char),
        }
    }
    Cow::Owned(name)
}

/// Returns the key that `name` stands for. What [`escape`] does not write is left as it is.
pub(crate) fn unescape(name: &str) -> Cow<'_, str> {
    if !name.contains('%') {
        return Cow::Borrowed(name);
    }
    if name == EMPTY {
        return Cow::Borrowed("");
    }
    let mut key = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find('%') {
        key.push_str(&rest[..at]);
        let (char, len) = match rest.as_bytes().get(at + 1..at + 3) {
            Some(b"2F") => ('/', 3),
            Some(b"25") => ('%', 3),
            Some(b"2E") => ('.', 3),
            Some(b"00") => ('\0', 3),
            Some(b"74") => ('t', 3),
            _ => ('%', 1),
        };
        key.push(char);
        rest = &rest[at + len..];
    }
    key.push_str(rest);
    Cow::Owned(key)
}

/// The step that the field or key `name` is in a path of the options, and of errors: as [`escape`], but that neither `*` nor
/// `[` means anything else.
pub(crate) fn step_of(name: &str) -> Cow<'_, str> {
    let step = escape(name);
    if !step.contains(['*', '[']) {
        return step;
    }
    let step = step.replace('*', "%2A");
    Cow::Owned(match step.strip_prefix('[') {
        Some(rest) => format!("%5B{rest}"),
        None => step,
    })
}

/// The name that a step of a path stands for.
pub(crate) fn unescape_step(step: &str) -> String {
    let mut pieces = step.split("%2A").map(|piece| match piece.strip_prefix("%5B") {
        Some(rest) => format!("[{}", unescape(rest)),
        None => unescape(piece).into_owned(),
    });
    let first = pieces.next().unwrap_or_default();
    pieces.fold(first, |name, piece| name + "*" + &piece)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_link_names() {
        for (key, name) in [
            ("plain", "plain"),
            ("grün 🐧", "grün 🐧"),
            ("", "%"),
            (".", "%2E"),
            ("..", ".."),
            ("a.b", "a.b"),
            ("/", "%2F"),
            ("a/b", "a%2Fb"),
            ("%", "%25"),
            ("%2F", "%252F"),
            ("a\0b", "a%00b"),
        ] {
            assert_eq!(escape(key), name);
            assert_eq!(unescape(name), key);
        }
    }

    #[test]
    fn foreign_names_with_percent_signs() {
        for name in ["100%", "50% of", "%zz", "a%2"] {
            assert_eq!(unescape(name), name);
        }
    }
}
