//! Strings, from the column that they were collected in or from where they are.

use super::column::Parts;
use super::layout::{slabs, write_parts};
use super::place::Place;
use crate::error::Result;
use crate::format::{BYTES, Kind};
use crate::how::Strings as How;
use crate::storage::{Dtype, Shape};

/// What a variable-length string costs beside its bytes: a reference, the head of a heap object, and padding.
const VARIABLE_COST: usize = 32;

/// Strings in their order.
pub(super) trait Strings {
    fn count(&self) -> usize;

    fn get(&self, index: usize) -> &[u8];

    /// Whether one of them contains NUL.
    fn have_nul(&self) -> bool;

    /// A word of memory that begins with the string at `index`, which is no longer than that.
    fn word(&self, index: usize) -> [u8; WORD] {
        let (mut word, part) = ([0; WORD], self.get(index));
        word[..part.len()].copy_from_slice(part);
        word
    }
}

impl Strings for Parts {
    fn count(&self) -> usize {
        Self::count(self)
    }

    fn get(&self, index: usize) -> &[u8] {
        Self::get(self, index)
    }

    fn have_nul(&self) -> bool {
        self.bytes.contains(&0)
    }

    /// What follows in the text is masked out, which takes less time than to copy so many bytes.
    #[inline]
    fn word(&self, index: usize) -> [u8; WORD] {
        let (begin, end) = (self.offsets[index] as usize, self.offsets[index + 1] as usize);
        let Some(word) = self.bytes[begin..].first_chunk::<WORD>() else {
            let mut word = [0; WORD];
            word[..end - begin].copy_from_slice(&self.bytes[begin..end]);
            return word;
        };
        let behind = 8 * (WORD - (end - begin).min(WORD)) as u32;
        (u128::from_le_bytes(*word) & u128::MAX.checked_shr(behind).unwrap_or(0)).to_le_bytes()
    }
}

impl Strings for [String] {
    fn count(&self) -> usize {
        self.len()
    }

    fn get(&self, index: usize) -> &[u8] {
        self[index].as_bytes()
    }

    fn have_nul(&self) -> bool {
        self.iter().any(|string| string.as_bytes().contains(&0))
    }
}

/// Writes strings.
pub(super) fn write<S: Strings + ?Sized>(strings: &S, place: &Place<'_>) -> Result<()> {
    let count = strings.count();
    let how = place.route.how().strings.filter(|_| !place.is_attribute());
    if how == Some(How::Packed) || strings.have_nul() {
        let mut parts = Parts { offsets: vec![0], bytes: Vec::new() };
        (0..count).for_each(|index| parts.push(strings.get(index)));
        let group = place.group(Some(Kind::Text))?;
        return write_parts(&parts, &group, BYTES, &place.route);
    }
    let (mut longest, mut bytes) = (1, 0usize);
    for index in 0..count {
        let len = strings.get(index).len();
        longest = longest.max(len);
        bytes += len;
    }
    let variable = bytes + VARIABLE_COST * count;
    let shape = Shape::Simple(vec![count as u64]);
    if place.is_attribute() {
        return place.write(Dtype::string(longest), shape, &padded(strings, 0, count, longest), None);
    }
    let is_fixed = match how {
        Some(How::Fixed) => true,
        Some(How::Variable) => false,
        _ => count.saturating_mul(longest) <= variable,
    };
    if is_fixed {
        let dataset = place.dataset(Dtype::string(longest), shape, None)?;
        return slabs(count, longest, |start, len| {
            dataset.write_rows(start as u64, len as u64, &padded(strings, start, len, longest))
        });
    }
    let dataset = place.dataset(Dtype::VarString(true), shape, None)?;
    slabs(count, variable / count, |start, len| {
        let (mut text, mut ends) = (Vec::new(), Vec::with_capacity(len));
        for index in start..start + len {
            text.extend_from_slice(strings.get(index));
            text.push(0);
            ends.push(text.len());
        }
        dataset.write_strings(start as u64, &ends, &text)
    })
}

/// Bytes that are moved in one instruction.
const WORD: usize = 16;

/// Strings in places of `size` bytes.
fn padded<S: Strings + ?Sized>(strings: &S, start: usize, len: usize, size: usize) -> Vec<u8> {
    let mut bytes = vec![0; len * size + WORD];
    let places = (start..start + len).zip((0..).step_by(size));
    if size <= WORD {
        // The next place begins in what is left of the word.
        for (index, at) in places {
            bytes[at..at + WORD].copy_from_slice(&strings.word(index));
        }
    } else {
        for (index, at) in places {
            let part = strings.get(index);
            bytes[at..at + part.len()].copy_from_slice(part);
        }
    }
    bytes.truncate(len * size);
    bytes
}
