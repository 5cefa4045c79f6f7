//! Bytes that ranks send each other: numbers and texts, one after the other.

use super::error::{Error, ErrorKind, Result};

/// A message that is being made.
#[derive(Debug, Default)]
pub(crate) struct Message(Vec<u8>);

impl Message {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn number(&mut self, number: u64) -> &mut Self {
        self.0.extend_from_slice(&number.to_le_bytes());
        self
    }

    pub(crate) fn numbers(&mut self, numbers: impl ExactSizeIterator<Item = u64>) -> &mut Self {
        self.number(numbers.len() as u64);
        for number in numbers {
            self.number(number);
        }
        self
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// A message that is taken apart, from its beginning on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Received<'a>(&'a [u8]);

impl<'a> Received<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn number(&mut self) -> Result<u64> {
        let (number, rest) = self.0.split_first_chunk().ok_or_else(cut_short)?;
        self.0 = rest;
        Ok(u64::from_le_bytes(*number))
    }

    pub(crate) fn size(&mut self) -> Result<usize> {
        usize::try_from(self.number()?).map_err(|_| cut_short())
    }

    pub(crate) fn numbers(&mut self) -> Result<Vec<u64>> {
        let count = self.size()?;
        if count > self.0.len() / size_of::<u64>() {
            return Err(cut_short());
        }
        (0..count).map(|_| self.number()).collect()
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8]> {
        let len = self.size()?;
        let (bytes, rest) = self.0.split_at_checked(len).ok_or_else(cut_short)?;
        self.0 = rest;
        Ok(bytes)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str> {
        std::str::from_utf8(self.bytes()?).map_err(|_| cut_short())
    }
}

#[cold]
fn cut_short() -> Error {
    let message = "a rank sent what this one does not know: all ranks run one program, and make the same calls";
    Error::new(ErrorKind::Ranks, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_received() {
        let mut message = Message::new();
        message.number(7).text("a rank").numbers([1, u64::MAX].into_iter()).bytes(&[0, 255]);
        let bytes = message.into_bytes();
        let mut received = Received::new(&bytes);
        assert_eq!(received.number().unwrap(), 7);
        assert_eq!(received.text().unwrap(), "a rank");
        assert_eq!(received.numbers().unwrap(), [1, u64::MAX]);
        assert_eq!(received.bytes().unwrap(), [0, 255]);
        assert_eq!(received.number().unwrap_err().kind(), ErrorKind::Ranks);
    }

    #[test]
    fn messages_that_are_cut_short_are_errors() {
        let mut message = Message::new();
        message.text("a rank").numbers([1, 2].into_iter());
        let bytes = message.into_bytes();
        for len in 0..bytes.len() {
            let mut received = Received::new(&bytes[..len]);
            assert!(received.text().is_err() || received.numbers().is_err(), "{len}");
        }
    }
}
