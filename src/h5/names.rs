//! Names of links and attributes that are not UTF-8, as old programs wrote them.
//!
//! A name in UTF-8 is its own text. The text of any other name has `%` and two digits for each byte that is no part of a
//! character, as `%E9` in `caf%E9`, and `%u0025` for a percent sign: each such text is that of one name, and no escape of a
//! [key](crate::ground::link_name::escape) is in it. Where a name or a key beside it is the same, it ends in further percent signs.

use std::collections::HashSet;
use std::ffi::{CStr, CString};
use std::fmt::Write as _;

use crate::ground::link_name::unescape;

/// What stands for a percent sign.
const PERCENT: &str = "u0025";

/// The name as text.
pub(super) fn shown(name: &CStr) -> String {
    if let Ok(text) = name.to_str() {
        return text.to_owned();
    }
    let mut text = String::new();
    for chunk in name.to_bytes().utf8_chunks() {
        text.push_str(&chunk.valid().replace('%', &format!("%{PERCENT}")));
        for byte in chunk.invalid() {
            // To a string, it cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// The name as text, and as it is if it is not UTF-8.
pub(super) fn read(name: &CStr) -> (String, Option<CString>) {
    (shown(name), if name.to_str().is_ok() { None } else { Some(name.to_owned()) })
}

/// The name that is not UTF-8 which `text` is that of, if there is one.
pub(super) fn raw(text: &str) -> Option<CString> {
    let text = text.trim_end_matches('%');
    let mut pieces = text.split('%');
    let mut name = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let rest = match piece.strip_prefix(PERCENT) {
            Some(rest) => {
                name.push(b'%');
                rest
            }
            None => {
                name.push(u8::from_str_radix(piece.get(..2)?, 16).ok()?);
                &piece[2..]
            }
        };
        name.extend_from_slice(rest.as_bytes());
    }
    let name = CString::new(name).ok()?;
    (name.to_str().is_err() && shown(&name) == text).then_some(name)
}

/// Sets the texts of names that are not UTF-8 apart from all others of one group or object. With each is whether its name is
/// UTF-8.
pub(super) fn set_apart<'a>(names: impl Iterator<Item = (&'a mut String, bool)>) {
    let (texts, others): (Vec<_>, Vec<_>) = names.partition(|(_, is_text)| *is_text);
    if others.is_empty() {
        return;
    }
    let texts: Vec<String> =
        texts.into_iter().map(|(text, _)| text.clone()).filter(|text| text.contains('%')).collect();
    let keys = texts.iter().map(|text| unescape(text));
    let taken: HashSet<_> = texts.iter().map(Into::into).chain(keys).collect();
    for (text, _) in others {
        while taken.contains(text.as_str()) {
            text.push('%');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        for (name, text) in [
            (c"caf\xe9", "caf%E9"),
            (c"\xff\xfe/é", "%FF%FE/é"),
            (c"%\xe9%41", "%u0025%E9%u002541"),
            (c"\xff%C3%A9", "%FF%u0025C3%u0025A9"),
            (c"\xff%", "%FF%u0025"),
            (c"\xff%u0025", "%FF%u0025u0025"),
            (c"\xc3", "%C3"),
        ] {
            assert_eq!(shown(name), text);
            // Where it is a key, or has to be set apart, it is the same name.
            assert_eq!(unescape(text), text);
            for more in ["", "%", "%%"] {
                assert_eq!(raw(&format!("{text}{more}")).as_deref(), Some(name), "{text}{more}");
            }
        }
        assert_eq!(shown(c"é %E9"), "é %E9");
        for text in
            ["plain", "100%", "a%41", "%C3%A9", "%+f", "%FF%C3%A9", "%ff", "%FF%", "%FF%41", "%FF%é", "%E9\0", "", "%"]
        {
            let is_own = text == "%FF%";
            assert_eq!(raw(text).is_some(), is_own, "{text}");
        }
    }

    #[test]
    fn no_two_are_called_the_same() {
        let apart = |names: &[&CStr]| {
            let mut texts: Vec<_> = names.iter().map(|name| (shown(name), name.to_str().is_ok())).collect();
            set_apart(texts.iter_mut().map(|(text, is_text)| (text, *is_text)));
            texts.into_iter().map(|(text, _)| text).collect::<Vec<_>>()
        };
        assert_eq!(apart(&[c"caf\xe9", c"caf%E9"]), ["caf%E9%", "caf%E9"]);
        assert_eq!(apart(&[c"caf\xe9", c"caf%25E9"]), ["caf%E9%", "caf%25E9"]);
        assert_eq!(apart(&[c"caf%E9%", c"caf\xe9", c"caf%E9"]), ["caf%E9%", "caf%E9%%", "caf%E9"]);
        assert_eq!(apart(&[c"caf%E9%", c"caf\xe9", c"100%"]), ["caf%E9%", "caf%E9", "100%"]);
    }
}
