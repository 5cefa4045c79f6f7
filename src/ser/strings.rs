//! Strings, from the column that they were collected in or from where they are.

use std::sync::Arc;

use super::column::ByteStrings;
use super::column_layout::{slabs, write_parts};
use super::place::Place;
use super::stream::WRITE_BYTES;
use crate::ground::error::Result;
use crate::h5::{Dataset, Dtype, Rows, Shape, Writer};
use crate::layout::dataset_options::Strings;
use crate::layout::{BYTES, Kind};

/// What a variable-length string costs beside its bytes: a reference, the head of a heap object, and padding.
const VARIABLE_COST: usize = 32;

/// Strings in their order.
pub(crate) trait StringList {
    /// How many there are.
    fn count(&self) -> usize;

    /// The bytes of the string at `index`.
    fn get(&self, index: usize) -> &[u8];

    /// Bytes of the string at `index`.
    fn len_of(&self, index: usize) -> usize {
        self.get(index).len()
    }

    /// The string at `index`, which is no longer than that, as a word of memory that is zero behind it.
    fn word(&self, index: usize) -> u128 {
        word_of(self.get(index))
    }
}

impl StringList for ByteStrings {
    fn count(&self) -> usize {
        Self::count(self)
    }

    fn get(&self, index: usize) -> &[u8] {
        Self::get(self, index)
    }

    #[inline]
    fn len_of(&self, index: usize) -> usize {
        (self.offsets[index + 1] - self.offsets[index]) as usize
    }

    /// What follows in the text is masked out, which takes less time than to copy so many bytes.
    #[inline]
    fn word(&self, index: usize) -> u128 {
        match self.bytes[self.offsets[index] as usize..].first_chunk::<WORD>() {
            Some(word) => u128::from_le_bytes(*word) & !mask_behind(self.len_of(index)),
            None => word_of(self.get(index)),
        }
    }
}

impl StringList for [String] {
    fn count(&self) -> usize {
        self.len()
    }

    fn get(&self, index: usize) -> &[u8] {
        self[index].as_bytes()
    }

    #[inline]
    fn len_of(&self, index: usize) -> usize {
        self[index].len()
    }

    #[inline]
    fn word(&self, index: usize) -> u128 {
        word_of(self[index].as_bytes())
    }
}

/// Bytes that are moved in one instruction.
const WORD: usize = 16;

/// At most [`WORD`] bytes as a word. Parts of one length that overlap take less time than to copy so many bytes.
#[inline]
fn word_of(part: &[u8]) -> u128 {
    let len = part.len();
    if let (Some(first), Some(last)) = (part.first_chunk(), part.last_chunk()) {
        u128::from(u64::from_le_bytes(*first)) | u128::from(u64::from_le_bytes(*last)) << (8 * (len - 8))
    } else if let (Some(first), Some(last)) = (part.first_chunk(), part.last_chunk()) {
        u128::from(u32::from_le_bytes(*first)) | u128::from(u32::from_le_bytes(*last)) << (8 * (len - 4))
    } else {
        part.iter().rev().fold(0, |word, byte| word << 8 | u128::from(*byte))
    }
}

/// The bytes of a word from `len` on.
#[inline]
fn mask_behind(len: usize) -> u128 {
    u128::MAX.checked_shl(8 * len as u32).unwrap_or(0)
}

/// Whether one of the first `len` bytes of a word is zero.
#[inline]
fn has_nul(word: u128, len: usize) -> bool {
    // As in Mycroft's test for a null byte: only a zero has its upper bit set by this alone.
    const ONES: u128 = u128::MAX / 0xff;
    let word = word | mask_behind(len);
    word.wrapping_sub(ONES) & !word & (ONES << 7) != 0
}

/// Writes strings.
pub(super) fn write<S: StringList + ?Sized>(strings: &S, place: &Place<'_>) -> Result<()> {
    let count = strings.count();
    let how = place.rules.dataset_options().strings.filter(|_| !place.is_attribute());
    if how == Some(Strings::Packed) {
        return write_text(strings, place);
    }
    let (mut longest, mut bytes) = (1, 0usize);
    for index in 0..count {
        let len = strings.len_of(index);
        longest = longest.max(len);
        bytes += len;
    }
    let (dtype, variable) = (Dtype::string(longest), bytes + VARIABLE_COST * count);
    let shape = Shape::Simple(vec![count as u64]);
    if place.is_attribute() {
        let mut places = vec![0; count * longest + WORD];
        if !pad(strings, 0, count, longest, &mut places) {
            return write_text(strings, place);
        }
        return place.write(dtype, shape, &places[..count * longest], None);
    }
    let is_fixed = match how {
        Some(Strings::Fixed) => true,
        Some(Strings::Variable) => false,
        _ => count.saturating_mul(longest) <= variable,
    };
    if is_fixed {
        if write_fixed(strings, longest, place.dataset(dtype, shape, None)?)? {
            return Ok(());
        }
        place.clear()?;
        return write_text(strings, place);
    }
    if (0..count).any(|index| strings.get(index).contains(&0)) {
        return write_text(strings, place);
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

/// Writes strings among which are some that contain NUL.
fn write_text<S: StringList + ?Sized>(strings: &S, place: &Place<'_>) -> Result<()> {
    let mut parts = ByteStrings { offsets: vec![0], bytes: Vec::new() };
    (0..strings.count()).for_each(|index| parts.push(strings.get(index)));
    let group = place.group(Some(Kind::Text))?;
    write_parts(&parts, &group, BYTES, &place.rules)
}

/// Writes strings of at most `size` bytes to a dataset of such; false where one contains NUL, and not all are written.
fn write_fixed<S: StringList + ?Sized>(strings: &S, size: usize, dataset: Dataset) -> Result<bool> {
    let (count, dataset) = (strings.count(), Arc::new(dataset));
    let mut writer = Writer::new((count as u64).saturating_mul(size as u64));
    let step = (WRITE_BYTES / size).clamp(1, count.max(1));
    let mut places = vec![0; step * size + WORD];
    for start in (0..count).step_by(step) {
        let len = step.min(count - start);
        if !pad(strings, start, len, size, &mut places) {
            return Ok(false);
        }
        let (dataset, bytes) = (Arc::clone(&dataset), 0..len * size);
        writer.write(&mut places, vec![Rows { dataset, start: start as u64, count: len as u64, bytes }])?;
    }
    writer.finish()?;
    Ok(true)
}

/// Puts strings into places of `size` bytes, behind which there is room for a word; false where one contains NUL.
fn pad<S: StringList + ?Sized>(strings: &S, start: usize, len: usize, size: usize, places: &mut [u8]) -> bool {
    let mut nul = false;
    if size <= WORD {
        // The next place begins in what is left of the word.
        for (index, at) in (start..start + len).zip((0..).step_by(size)) {
            let word = strings.word(index);
            nul |= has_nul(word, strings.len_of(index));
            places[at..at + WORD].copy_from_slice(&word.to_le_bytes());
        }
    } else {
        for (index, place) in (start..start + len).zip(places.chunks_exact_mut(size)) {
            let string = strings.get(index);
            let (part, rest) = place.split_at_mut(string.len());
            part.copy_from_slice(string);
            rest.fill(0);
            nul |= string.contains(&0);
        }
    }
    !nul
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_strings_and_zeros() {
        let text = "abcdefghijklmnop";
        for len in 0..=WORD {
            let mut expected = [0; WORD];
            expected[..len].copy_from_slice(&text.as_bytes()[..len]);
            assert_eq!(word_of(&text.as_bytes()[..len]).to_le_bytes(), expected, "{len}");
            let mut parts = ByteStrings { offsets: vec![0], bytes: Vec::new() };
            parts.push(&text.as_bytes()[..len]);
            assert_eq!(parts.word(0).to_le_bytes(), expected, "{len}, at the end");
            parts.push(text.as_bytes());
            assert_eq!(parts.word(0).to_le_bytes(), expected, "{len}, before others");
        }
    }

    #[test]
    fn nuls_are_found_in_strings_alone() {
        let text = b"abc\x80\xffghijklmnop\x01";
        for len in 0..=WORD {
            assert!(!has_nul(word_of(&text[..len]), len), "{len}");
            for at in 0..len {
                let mut text = *text;
                text[at] = 0;
                assert!(has_nul(word_of(&text[..len]), len), "{len} with NUL at {at}");
            }
        }
    }
}
