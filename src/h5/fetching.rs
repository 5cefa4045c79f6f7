//! Items of datasets in remote files, fetched before libhdf5 asks for them: all that is read at once together, without libhdf5's
//! lock where nobody has it, and more and more of what is read from its beginning on.

use std::ops::Range;

use hdf5_sys::h5i::hid_t;

use super::present::Wanted;
use crate::ground::error::Result;

#[cfg(feature = "remote")]
use self::remote::Remote;

/// How the items of a dataset are fetched, once it was looked at whether its file is a remote one.
#[derive(Debug, Default)]
pub(super) struct Fetching {
    #[cfg(feature = "remote")]
    remote: std::sync::OnceLock<Option<Box<Remote>>>,
}

#[cfg(not(feature = "remote"))]
#[allow(clippy::unused_self, reason = "there are no remote files")]
impl Fetching {
    #[inline]
    pub(super) fn items(&self, _: hid_t, _: &[u64], _: Wanted<'_>) -> Result<()> {
        Ok(())
    }

    #[inline]
    pub(super) fn chunks(
        &self,
        _: hid_t,
        wanted: Range<usize>,
        _: Option<usize>,
        _: &dyn Fn(usize) -> Vec<u64>,
    ) -> Result<usize> {
        Ok(wanted.end)
    }
}

#[cfg(feature = "remote")]
impl Fetching {
    fn remote(&self, dataset: hid_t) -> Result<Option<&Remote>> {
        if self.remote.get().is_none() {
            let found = Remote::of(dataset)?.map(Box::new);
            // Another thread may have been first.
            drop(self.remote.set(found));
        }
        Ok(self.remote.get().and_then(Option::as_deref))
    }

    /// Has the items fetched that are wanted of a dataset of these dimensions, which is not read chunk by chunk.
    pub(super) fn items(&self, dataset: hid_t, dims: &[u64], wanted: Wanted<'_>) -> Result<()> {
        match self.remote(dataset)? {
            Some(remote) => remote.items(dims, wanted),
            None => Ok(()),
        }
    }

    /// Has chunks fetched, of which each has a number, and its first item at `offset`: from the first that is wanted on as many as
    /// have room. Returns up to which that is. Where the numbers are those of `all` chunks of the dataset, more come with them if it is
    /// read on.
    pub(super) fn chunks(
        &self,
        dataset: hid_t,
        wanted: Range<usize>,
        all: Option<usize>,
        offset: &dyn Fn(usize) -> Vec<u64>,
    ) -> Result<usize> {
        match (self.remote(dataset)?, all) {
            (Some(remote), Some(all)) => remote.chunks_on(wanted, all, offset),
            (Some(remote), None) => remote.chunks(wanted, offset),
            (None, _) => Ok(wanted.end),
        }
    }
}

#[cfg(feature = "remote")]
mod remote {
    use std::ops::Range;
    use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

    use hdf5_sys::h5i::hid_t;

    use super::super::few_chunks;
    use super::super::file_bytes::remote_of;
    use super::super::locked;
    use super::super::present::Wanted;
    use super::super::remote_driver::RemoteBytes;
    use super::super::structure::{self, Places};
    use super::super::sys::{h5d, h5i, h5t};
    use crate::ground::error::Result;

    /// Bytes that are fetched at once at most.
    const MOST: u64 = 32 << 20;
    /// How many times as much is fetched ahead each time.
    const GROWTH: u64 = 4;

    /// A dataset in a remote file.
    pub(super) struct Remote {
        bytes: Arc<dyn RemoteBytes>,
        storage: Storage,
        /// Bytes of an item.
        size: u64,
        state: Mutex<State>,
    }

    /// Where its items are.
    enum Storage {
        /// In one piece, from there on.
        Piece(u64),
        Chunks(Places),
        /// In its header, nowhere, or in a way that is not known here.
        Elsewhere,
    }

    /// What was asked for up to now, in rows or chunks, as far as each time went on from the last.
    #[derive(Default)]
    struct State {
        /// From where to where all was fetched.
        from: u64,
        until: u64,
        /// Where what is asked for next begins, if it goes on.
        next: u64,
        /// How much was fetched ahead.
        ahead: u64,
    }

    impl State {
        /// What is to be fetched now for what is asked for, of `all` there are: with more, where that goes on from before. None where it
        /// was fetched with what was asked for before.
        fn take(&mut self, asked: &Range<u64>, all: u64, most: u64) -> Option<Range<u64>> {
            let (start, end) = (asked.start, asked.end);
            if self.from <= start && end <= self.until {
                self.next = self.next.max(end);
                return None;
            }
            self.ahead = match self.from < start && start <= self.next {
                true => GROWTH.saturating_mul(self.ahead.max(end - start)).min(most),
                false => {
                    self.from = start;
                    0
                }
            };
            self.next = end;
            self.until = end.saturating_add(self.ahead).min(all).max(end);
            Some(start..self.until)
        }
    }

    impl std::fmt::Debug for Remote {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("Remote").finish_non_exhaustive()
        }
    }

    /// Where the first and behind the last item is of a block, in items, of something of these dimensions.
    fn hull(dims: &[u64], start: &[u64], last: &[u64]) -> Range<u64> {
        let at = |place: &[u64]| {
            dims.iter().zip(place).fold(0u64, |at, (dim, place)| at.saturating_mul(*dim).saturating_add(*place))
        };
        at(start)..at(last).saturating_add(1)
    }

    impl Remote {
        pub(super) fn of(dataset: hid_t) -> Result<Option<Self>> {
            locked(|| {
                let what = "look into a dataset";
                let Some(bytes) = remote_of(&h5i::file_of(what, dataset)?)? else { return Ok(None) };
                let size = h5t::size(h5d::get_type(what, dataset)?.get()) as u64;
                let storage = match h5d::offset(dataset) {
                    Some(start) => Storage::Piece(start),
                    None => match structure::chunk_places(dataset)? {
                        Some(places) => Storage::Chunks(places),
                        None => Storage::Elsewhere,
                    },
                };
                Ok(Some(Self { bytes, storage, size, state: Mutex::default() }))
            })
        }

        fn state(&self) -> MutexGuard<'_, State> {
            self.state.lock().unwrap_or_else(PoisonError::into_inner)
        }

        pub(super) fn items(&self, dims: &[u64], wanted: Wanted<'_>) -> Result<()> {
            let rank = dims.len();
            if rank == 0 || wanted.start.len() != rank || wanted.count.len() != rank || wanted.count.contains(&0) {
                return Ok(());
            }
            let last = |axis: usize| {
                let step = wanted.step.map_or(1, |step| step[axis]);
                (wanted.count[axis] - 1).saturating_mul(step).saturating_add(wanted.start[axis])
            };
            let mut last: Vec<u64> = (0..rank).map(last).collect();
            if last.iter().zip(dims).any(|(last, dim)| last >= dim) {
                // An error, of whoever reads it.
                return Ok(());
            }
            let row = dims[1..].iter().fold(self.size, |bytes, dim| bytes.saturating_mul(*dim));
            let most = (MOST / 2 / row.max(1)).max(1);
            let Some(rows) = self.state().take(&(wanted.start[0]..last[0] + 1), dims[0], most) else { return Ok(()) };
            last[0] = rows.end - 1;
            match &self.storage {
                Storage::Piece(at) => {
                    let items = hull(dims, wanted.start, &last);
                    let (start, end) = (items.start.saturating_mul(self.size), items.end.saturating_mul(self.size));
                    // What is more, is read to where it goes at once.
                    match end - start <= MOST {
                        true => {
                            let range = at.saturating_add(start)..at.saturating_add(end);
                            self.bytes.fetch(std::slice::from_ref(&range))
                        }
                        false => Ok(()),
                    }
                }
                Storage::Chunks(places) => {
                    let count: Vec<u64> = last.iter().zip(wanted.start).map(|(last, start)| last + 1 - start).collect();
                    let block = Wanted { start: wanted.start, step: None, count: &count };
                    self.bytes.fetch(&self.parts(places, block))
                }
                Storage::Elsewhere => Ok(()),
            }
        }

        /// Where the parts of chunks are that hold a block: those that are filtered as wholes. No more than are fetched at once.
        fn parts(&self, places: &Places, block: Wanted<'_>) -> Vec<Range<u64>> {
            let chunk = places.chunk();
            let mut parts: Vec<Range<u64>> = Vec::new();
            let mut bytes = 0;
            let mut note = |start: &[u64], count: &[u64]| {
                let offset: Vec<u64> = start.iter().zip(chunk).map(|(start, len)| start / len * len).collect();
                if let Some(mut range) = places.of(&offset) {
                    if !places.is_filtered() {
                        let first: Vec<u64> = start.iter().zip(&offset).map(|(start, offset)| start - offset).collect();
                        let last: Vec<u64> = first.iter().zip(count).map(|(first, count)| first + count - 1).collect();
                        let items = hull(chunk, &first, &last);
                        let (from, to) = (items.start.saturating_mul(self.size), items.end.saturating_mul(self.size));
                        range = range.start.saturating_add(from).min(range.end)
                            ..range.start.saturating_add(to).min(range.end);
                    }
                    bytes += range.end - range.start;
                    parts.push(range);
                }
                bytes < MOST && parts.len() < few_chunks::MOST as usize
            };
            match few_chunks::parts(block, chunk, 1) {
                Some(mut all) => {
                    let mut looked = few_chunks::MOST;
                    while let Some(part) = all.next().filter(|_| looked > 0) {
                        looked -= 1;
                        let (start, count) = part.block(block);
                        if !note(&start, &count) {
                            break;
                        }
                    }
                }
                // It is in one chunk.
                None => drop(note(block.start, block.count)),
            }
            parts
        }

        pub(super) fn chunks(&self, wanted: Range<usize>, offset: &dyn Fn(usize) -> Vec<u64>) -> Result<usize> {
            let Storage::Chunks(places) = &self.storage else { return Ok(wanted.end) };
            let (mut ranges, mut bytes, mut until) = (Vec::new(), 0, wanted.start);
            while until < wanted.end && bytes < MOST && ranges.len() < few_chunks::MOST as usize {
                if let Some(range) = places.of(&offset(until)) {
                    bytes += range.end - range.start;
                    ranges.push(range);
                }
                until += 1;
            }
            self.bytes.fetch(&ranges)?;
            Ok(until)
        }

        /// The same, of a dataset that is read from its beginning on: of all chunks, which are so many.
        pub(super) fn chunks_on(
            &self,
            wanted: Range<usize>,
            all: usize,
            offset: &dyn Fn(usize) -> Vec<u64>,
        ) -> Result<usize> {
            let asked = wanted.start as u64..wanted.end as u64;
            let Some(more) = self.state().take(&asked, all as u64, few_chunks::MOST) else { return Ok(wanted.end) };
            let until = self.chunks(more.start as usize..more.end as usize, offset)?;
            self.state().until = until as u64;
            Ok(until.min(wanted.end))
        }
    }
}
