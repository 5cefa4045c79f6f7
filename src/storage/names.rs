//! Names of links and attributes that are not UTF-8, as old programs wrote them.
//!
//! To the rest of the crate, a byte that is none of a character is `%` and its two digits, as `%E9` in `caf%E9`. No name that
//! this crate writes has that, as it escapes `%` itself; and where another program's name has it, that is found first.

use std::ffi::{CStr, CString};
use std::fmt::Write as _;

/// The name as text.
pub(super) fn shown(name: &CStr) -> String {
    let mut text = String::new();
    for chunk in name.to_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // To a string, it cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// The name that is shown as `text`, if it is none in UTF-8.
pub(super) fn raw(text: &str) -> Option<CString> {
    if !text.contains('%') {
        return None;
    }
    let (bytes, mut name, mut at) = (text.as_bytes(), Vec::with_capacity(text.len()), 0);
    while let Some(byte) = bytes.get(at) {
        let digits = text.get(at + 1..at + 3).filter(|digits| *byte == b'%' && !digits.contains(['+', '-']));
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|byte| *byte >= 0x80) {
            Some(byte) => {
                name.push(byte);
                at += 3;
            }
            None => {
                name.push(*byte);
                at += 1;
            }
        }
    }
    if std::str::from_utf8(&name).is_ok() { None } else { CString::new(name).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        for (name, text) in [(c"caf\xe9", "caf%E9"), (c"\xff\xfe/é", "%FF%FE/é"), (c"%\xe9%41", "%%E9%41")] {
            assert_eq!(shown(name), text);
            assert_eq!(raw(text).as_deref(), Some(name));
        }
        assert_eq!(shown(c"é %E9"), "é %E9");
        for text in ["plain", "100%", "a%41", "%C3%A9", "%+f"] {
            assert_eq!(raw(text), None, "{text}");
        }
    }
}
