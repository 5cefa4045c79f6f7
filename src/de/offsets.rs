//! What tells where the elements of a sequence are: offsets, masks and tags. They are read as a whole, but where the
//! sequence is streamed: then a window at a time. Long ones are read when the first element is asked for: it may be the field of
//! records whose type does not have it.

use super::column::{Count, unequal};
use super::tags::{Members, member};
use super::windowed_dataset::WindowedDataset;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::ledger;
use crate::h5::{Dataset, Dtype, EnumType, integer};
use crate::layout::{MASK, OFFSETS};
use std::sync::Arc;

/// Elements after which it is known how many of each part there are before.
const TAG_STEP: u64 = 1 << 16;

/// Offsets and masks of more bytes are read when they are asked for.
const LONG: u64 = 1 << 16;

/// Offsets, which are one more than there are elements.
#[derive(Debug)]
pub(super) enum Offsets {
    All(Vec<u64>),
    Windows {
        array: Box<WindowedDataset>,
        end: u64,
    },
    Unread(Box<UnreadOffsets>),
    /// They were read, and are not sound.
    Broken(Error),
}

/// Offsets that were not asked for yet.
#[derive(Debug)]
pub(super) struct UnreadOffsets {
    array: WindowedDataset,
    streams: bool,
    /// What the offsets are into, and how many elements each of these has.
    ends: Vec<(&'static str, u64)>,
}

fn broken() -> Error {
    Error::corrupt("the offsets do not rise from 0")
}

impl Offsets {
    pub(super) fn open(dataset: Dataset, streams: bool, count: Count) -> Result<Self> {
        let array = match count {
            Count::Stored => WindowedDataset::new(dataset)?,
            Count::Of(count) => WindowedDataset::with_len(dataset, count.saturating_add(1))?,
        };
        if let Count::Of(count) = count
            && array.len() != count.saturating_add(1)
        {
            return Err(Error::corrupt(format!("there are {} offsets for {count} elements", array.len())));
        }
        if count == Count::Stored && array.len() > LONG / size_of::<u64>() as u64 {
            array.check_offsets()?;
            return Ok(Self::Unread(Box::new(UnreadOffsets { array, streams, ends: Vec::new() })));
        }
        Self::read(array, streams)
    }

    /// Reads offsets, or what is known of them first where they are streamed.
    fn read(mut array: WindowedDataset, streams: bool) -> Result<Self> {
        if streams && array.len() > 0 {
            let end = array.offset(array.len() - 1)?;
            return if array.offset(0)? == 0 { Ok(Self::Windows { array: array.into(), end }) } else { Err(broken()) };
        }
        let offsets = array.read_offsets()?;
        let rising = offsets.windows(2).all(|pair| pair[0] <= pair[1]);
        if offsets.first() == Some(&0) && rising { Ok(Self::All(offsets)) } else { Err(broken()) }
    }

    /// Makes sure that they are read.
    #[cold]
    pub(super) fn load(&mut self) -> Result<()> {
        let unread = match std::mem::replace(self, Self::Broken(broken())) {
            Self::Unread(unread) => unread,
            other => {
                *self = other;
                return Ok(());
            }
        };
        let UnreadOffsets { array, streams, ends } = *unread;
        let read = Self::read(array, streams).and_then(|read| {
            ends.iter().try_for_each(|(what, len)| read.compare(what, *len))?;
            Ok(read)
        });
        *self = read.unwrap_or_else(|error| Self::Broken(error.in_link(OFFSETS)));
        match self {
            Self::Broken(error) => Err(error.copy()),
            _ => Ok(()),
        }
    }

    /// The number of elements.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::All(offsets) => offsets.len() as u64 - 1,
            Self::Windows { array, .. } => array.len() - 1,
            Self::Unread(unread) => unread.array.len() - 1,
            Self::Broken(_) => 0,
        }
    }

    /// Where the last element ends, as far as that is known by now.
    pub(super) fn end(&self) -> Option<u64> {
        match self {
            Self::All(offsets) => Some(offsets.last().copied().unwrap_or(0)),
            Self::Windows { end, .. } => Some(*end),
            Self::Unread(_) | Self::Broken(_) => None,
        }
    }

    /// An error if `what` they are into, which has so many elements, has another number of these than they say: now, or when they are
    /// read.
    pub(super) fn check_end(&mut self, what: &'static str, len: u64) -> Result<()> {
        if let Self::Unread(unread) = self {
            unread.ends.push((what, len));
            return Ok(());
        }
        self.compare(what, len)
    }

    fn compare(&self, what: &str, len: u64) -> Result<()> {
        match self.end() {
            Some(end) if end != len => Err(unequal(what, len, end)),
            _ => Ok(()),
        }
    }

    /// Where the elements from `start` up to `end` start and, last, where the last of them ends.
    #[cfg(feature = "arrow")]
    pub(super) fn part(&mut self, start: u64, end: u64) -> Result<Vec<u64>> {
        if self.end().is_none() {
            self.load()?;
        }
        match self {
            Self::Unread(_) => Err(broken()),
            Self::Broken(error) => Err(error.copy()),
            Self::All(offsets) => {
                let part = offsets.get(start as usize..=end as usize);
                part.map(<[u64]>::to_vec).ok_or_else(|| Error::corrupt(format!("there is no element {end}")))
            }
            Self::Windows { array, end: last } => {
                let part = array.offsets_in(start, end - start + 1)?;
                if part.is_sorted() && part.last().is_some_and(|end| end <= last) {
                    Ok(part)
                } else {
                    Err(Error::corrupt("the offsets do not rise"))
                }
            }
        }
    }

    /// Where the element at `index` starts and ends.
    #[inline]
    pub(super) fn get(&mut self, index: u64) -> Result<(u64, u64)> {
        match self {
            Self::All(offsets) => match offsets.get(index as usize..) {
                Some([start, end, ..]) => Ok((*start, *end)),
                _ => Err(Error::corrupt(format!("there is no element {index}"))),
            },
            Self::Windows { array, end: last } => {
                let (start, end) = (array.offset(index)?, array.offset(index + 1)?);
                if start <= end && end <= *last {
                    Ok((start, end))
                } else {
                    Err(Error::corrupt("the offsets do not rise"))
                }
            }
            Self::Unread(_) => {
                self.load()?;
                self.get(index)
            }
            Self::Broken(error) => Err(error.copy()),
        }
    }
}

/// True where an element is missing.
#[derive(Debug)]
pub(super) enum Mask {
    All(Vec<bool>),
    Windows(Box<WindowedDataset>),
    Unread(Box<WindowedDataset>),
}

impl Mask {
    pub(super) fn open(dataset: Dataset, streams: bool, count: Count) -> Result<Self> {
        let array = match count {
            Count::Stored => WindowedDataset::new(dataset)?,
            Count::Of(count) => WindowedDataset::with_len(dataset, count)?,
        };
        if let Count::Of(count) = count
            && array.len() != count
        {
            return Err(Error::corrupt(format!("the mask has {} elements where there should be {count}", array.len())));
        }
        array.check_mask()?;
        match streams {
            true => Ok(Self::Windows(array.into())),
            false if array.len() > LONG => Ok(Self::Unread(array.into())),
            false => array.read_mask().map(Self::All),
        }
    }

    pub(super) fn len(&self) -> u64 {
        match self {
            Self::All(mask) => mask.len() as u64,
            Self::Windows(array) | Self::Unread(array) => array.len(),
        }
    }

    #[inline]
    pub(super) fn get(&mut self, index: u64) -> Result<bool> {
        match self {
            Self::All(mask) => {
                let missing = mask.get(index as usize).copied();
                missing.ok_or_else(|| Error::corrupt(format!("there is no element {index}")))
            }
            Self::Windows(array) => {
                let (_, bytes, _) = array.item(index)?;
                Ok(bytes.first().is_none_or(|byte| *byte != 0))
            }
            Self::Unread(_) => {
                if let Self::Unread(array) = std::mem::replace(self, Self::All(Vec::new())) {
                    *self = Self::All(array.read_mask().map_err(|error| error.in_link(MASK))?);
                }
                self.get(index)
            }
        }
    }

    /// Whether each of the elements from `start` up to `end` is missing.
    #[cfg(feature = "arrow")]
    pub(super) fn part(&self, start: u64, end: u64) -> Result<Vec<bool>> {
        match self {
            Self::All(mask) => {
                let part = mask.get(start as usize..end as usize);
                part.map(<[bool]>::to_vec).ok_or_else(|| Error::corrupt(format!("there is no element {end}")))
            }
            Self::Windows(_) | Self::Unread(_) if start == end => Ok(Vec::new()),
            Self::Windows(array) | Self::Unread(array) => {
                let bytes = array.dataset().read_rows(start, end - start)?;
                Ok(bytes.iter().map(|byte| *byte != 0).collect())
            }
        }
    }

    /// Whether all are missing.
    pub(super) fn all(&mut self) -> Result<bool> {
        match self {
            Self::All(mask) => Ok(mask.iter().all(|missing| *missing)),
            Self::Windows(array) | Self::Unread(array) => {
                let mut all = true;
                array.each_window(|bytes| {
                    all &= bytes.iter().all(|byte| *byte != 0);
                    Ok(())
                })?;
                Ok(all)
            }
        }
    }
}

/// For each element, the position of its part, and its place within that.
#[derive(Debug)]
pub(super) enum PartPlaces {
    All(Vec<(u32, u32)>),
    Windows(Box<WindowedTags>),
}

/// Tags that are read in windows.
#[derive(Debug)]
pub(super) struct WindowedTags {
    array: WindowedDataset,
    enumeration: Arc<EnumType>,
    /// For each [`STEP`], how many elements of each part are before.
    before: Vec<u64>,
    /// How many are before the element at `at`.
    counts: Vec<u64>,
    at: u64,
}

/// Names of parts, places, and how many elements each part has.
type OpenedTags = (Vec<String>, PartPlaces, Vec<u64>);

impl PartPlaces {
    /// The places of elements with those tags.
    pub(super) fn all(names: Vec<String>, tags: Vec<u32>) -> Result<OpenedTags> {
        if u32::try_from(tags.len()).is_err() {
            let message = format!("{} elements of a sequence of enums are more than can be read at once", tags.len());
            return Err(Error::new(ErrorKind::Limit, message));
        }
        ledger::made((tags.len() as u64).saturating_mul(size_of::<(u32, u32)>() as u64))?;
        let mut counts = vec![0u64; names.len()];
        let mut places = Vec::with_capacity(tags.len());
        for tag in tags {
            let count = counts.get_mut(tag as usize).ok_or_else(|| Error::corrupt("a tag that has no name"))?;
            // There are no more than there are tags.
            places.push((tag, *count as u32));
            *count += 1;
        }
        Ok((names, Self::All(places), counts))
    }

    /// The places of elements whose tags are an HDF5 enum.
    pub(super) fn windows(mut array: WindowedDataset) -> Result<OpenedTags> {
        let Dtype::Enum(enumeration) = array.dtype().clone() else {
            return Err(Error::corrupt("tags that are no enum"));
        };
        let names: Vec<String> = enumeration.members.iter().map(|(name, _)| name.clone()).collect();
        let (mut counts, mut before, mut index) = (vec![0u64; names.len()], Vec::new(), 0u64);
        let (size, members) = (enumeration.base.size(), Members::of(&enumeration));
        array.each_window(|bytes| {
            for tag in bytes.chunks_exact(size) {
                if index % TAG_STEP == 0 {
                    before.extend_from_slice(&counts);
                }
                counts[members.position(tag)? as usize] += 1;
                index += 1;
            }
            Ok(())
        })?;
        let first = vec![0; names.len()];
        let tags = WindowedTags { array, enumeration, before, counts: first, at: 0 };
        Ok((names, Self::Windows(tags.into()), counts))
    }

    /// The tags, if they are an HDF5 enum that is not in memory.
    #[cfg(feature = "arrow")]
    pub(super) fn dataset(&self) -> Option<&WindowedDataset> {
        if let Self::Windows(tags) = self { Some(&tags.array) } else { None }
    }

    pub(super) fn len(&self) -> u64 {
        match self {
            Self::All(places) => places.len() as u64,
            Self::Windows(tags) => tags.array.len(),
        }
    }

    #[inline]
    pub(super) fn get(&mut self, index: u64) -> Result<(u32, u64)> {
        match self {
            Self::All(places) => {
                let place = places.get(index as usize).map(|(tag, place)| (*tag, u64::from(*place)));
                place.ok_or_else(|| Error::corrupt(format!("there is no element {index}")))
            }
            Self::Windows(tags) => tags.get(index),
        }
    }
}

impl WindowedTags {
    fn tag(&mut self, index: u64) -> Result<u32> {
        let (_, bytes, _) = self.array.item(index)?;
        member(&self.enumeration, integer(self.enumeration.base, bytes))
    }

    fn get(&mut self, index: u64) -> Result<(u32, u64)> {
        if index < self.at || index / TAG_STEP > self.at / TAG_STEP {
            let (step, parts) = ((index / TAG_STEP) as usize, self.counts.len());
            let before = self.before.get(step * parts..(step + 1) * parts);
            self.counts.copy_from_slice(before.ok_or_else(|| Error::corrupt(format!("there is no element {index}")))?);
            self.at = index - index % TAG_STEP;
        }
        while self.at < index {
            let tag = self.tag(self.at)?;
            self.counts[tag as usize] += 1;
            self.at += 1;
        }
        let tag = self.tag(index)?;
        Ok((tag, self.counts[tag as usize]))
    }
}
