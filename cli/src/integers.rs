//! JSON's integers that no type holds exactly: `serde_json` would round them without a word.

use std::io::{self, Read};

use crate::tables::is_exact;

/// What is read, with an error at the first such integer.
pub(crate) struct Exact<R> {
    source: R,
    state: State,
    /// The number that is being read.
    number: String,
}

/// Where in a text of JSON what comes next is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Between,
    Text,
    Escaped,
    Number,
}

/// No float has so many digits.
const MOST: usize = 320;

impl<R: Read> Exact<R> {
    pub(crate) fn new(source: R) -> Self {
        Self { source, state: State::Between, number: String::new() }
    }
}

impl<R> Exact<R> {
    fn look(&mut self, byte: u8) -> io::Result<()> {
        self.state = match (self.state, byte) {
            (State::Text, b'\\') => State::Escaped,
            (State::Text, b'"') | (State::Between, b',' | b':' | b'[' | b']' | b'{' | b'}') => State::Between,
            (State::Text | State::Escaped, _) => State::Text,
            (State::Between, b'"') => State::Text,
            (State::Between | State::Number, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9') => {
                // Longer ones are too long.
                if self.number.len() < MOST || !byte.is_ascii_digit() {
                    self.number.push(byte.into());
                }
                State::Number
            }
            (State::Number, _) => {
                self.end()?;
                if byte == b'"' { State::Text } else { State::Between }
            }
            (State::Between, _) => State::Between,
        };
        Ok(())
    }

    /// A number ends here.
    fn end(&mut self) -> io::Result<()> {
        let number = std::mem::take(&mut self.number);
        let is_integer = number.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit());
        if !is_integer || is_exact(&number) || !number.bytes().any(|byte| byte.is_ascii_digit()) {
            return Ok(());
        }
        let message = format!(
            "neither `i64`, `u64` nor `f64` holds the integer {number}{}: with a point or an exponent, it is rounded",
            if number.len() < MOST { "" } else { "..." }
        );
        Err(io::Error::new(io::ErrorKind::InvalidData, message))
    }
}

impl<R: Read> Read for Exact<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(into)?;
        into[..count].iter().try_for_each(|byte| self.look(*byte))?;
        if count == 0 && !into.is_empty() {
            self.end()?;
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_64_bits() {
        for (text, is_exact) in [
            ("[18446744073709551615, -9223372036854775808, 0, -1]", true),
            ("18446744073709551617", false),
            ("18446744073709551616", true),
            ("{\"a\": -9223372036854775809}", false),
            ("[1, 123456789012345678901234567890]", false),
            ("[1e30, 123456789012345678901234567890.0, 1234567890123456789012E2, 1.5]", true),
            ("{\"99999999999999999999999\": \"-99999999999999999999999 \\\" 99999999999999999999999\"}", true),
            ("[true, null, \"\"]", true),
        ] {
            for size in [1, 3, 100] {
                let mut exact = Exact::new(text.as_bytes());
                let (mut all, mut part) = (Vec::new(), vec![0; size]);
                let read = loop {
                    match exact.read(&mut part) {
                        Ok(0) => break Ok(()),
                        Ok(count) => all.extend_from_slice(&part[..count]),
                        Err(error) => break Err(error),
                    }
                };
                assert_eq!(read.is_ok(), is_exact, "{text}: {read:?}");
                assert!(!is_exact || all == text.as_bytes());
            }
        }
    }
}
