//! Blocks of a remote file in memory: what was read before, what is next to it, and what will be read soon.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::ground::error::Result;
use crate::h5::Purpose;

/// What blocks are fetched from.
pub(super) trait Fetch: Send + Sync {
    /// Bytes of the file.
    fn len(&self) -> u64;

    /// Fetches all ranges side by side, and hands each over as it comes, with its number.
    fn fetch(&self, ranges: &[Range<u64>], take: &mut dyn FnMut(usize, Bytes) -> Result<()>) -> Result<()>;
}

/// How a remote file is cached.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// Bytes of a block.
    pub(super) block: u64,
    /// Bytes of all blocks that are kept.
    pub(super) cache: u64,
    /// Bytes of one request at most.
    pub(super) request: u64,
    /// A file of no more bytes is fetched as a whole when it is first read beyond its start.
    pub(super) whole: u64,
}

/// Bytes that are read ahead at most.
const MAX_AHEAD: u64 = 16 << 20;
/// Bytes that one round brings at most: they are all in memory until they are copied.
const ROUND: u64 = 64 << 20;
/// So many places are known at which something is read on and on: columns that are read side by side.
const STREAMS: usize = 16;

/// A file, and blocks of it.
pub(super) struct Cache<F> {
    file: F,
    sizes: Sizes,
    state: Mutex<State>,
    /// Blocks have come, or will not.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    blocks: HashMap<u64, Block>,
    /// Bytes of all blocks.
    bytes: u64,
    /// Goes on with each use of a block.
    clock: u64,
    streams: Vec<Stream>,
    /// Blocks that somebody is fetching, who keeps them.
    claimed: HashSet<u64>,
}

/// What is known of blocks that are wanted.
#[derive(Default)]
struct Sorted {
    found: Vec<(u64, Bytes)>,
    missing: Vec<u64>,
    /// Somebody else is fetching them.
    busy: Vec<u64>,
}

/// Blocks that nobody else fetches as long as this is there.
struct Claim<'a, F> {
    cache: &'a Cache<F>,
    blocks: Vec<u64>,
}

impl<F> Drop for Claim<'_, F> {
    fn drop(&mut self) {
        let mut state = self.cache.state.lock().unwrap_or_else(PoisonError::into_inner);
        for number in &self.blocks {
            state.claimed.remove(number);
        }
        drop(state);
        self.cache.changed.notify_all();
    }
}

struct Block {
    bytes: Bytes,
    used: u64,
}

/// Something that is read from its beginning to its end.
struct Stream {
    /// The block that is fetched next if it is read on.
    next: u64,
    /// How many blocks were read ahead last.
    ahead: u64,
}

impl State {
    fn get(&mut self, number: u64) -> Option<Bytes> {
        self.clock += 1;
        let block = self.blocks.get_mut(&number)?;
        block.used = self.clock;
        Some(block.bytes.clone())
    }

    fn sort(&mut self, wanted: &[u64]) -> Sorted {
        let mut sorted = Sorted::default();
        for number in wanted {
            match self.get(*number) {
                Some(bytes) => sorted.found.push((*number, bytes)),
                None if self.claimed.contains(number) => sorted.busy.push(*number),
                None => sorted.missing.push(*number),
            }
        }
        sorted
    }

    fn insert(&mut self, number: u64, bytes: Bytes) {
        self.clock += 1;
        self.bytes += bytes.len() as u64;
        if let Some(before) = self.blocks.insert(number, Block { bytes, used: self.clock }) {
            self.bytes -= before.bytes.len() as u64;
        }
    }

    /// Lets go of the blocks that were not used for longest, until a quarter of the room is free.
    fn evict(&mut self, most: u64) {
        if self.bytes <= most {
            return;
        }
        let mut order: Vec<_> = self.blocks.iter().map(|(number, block)| (block.used, *number)).collect();
        order.sort_unstable();
        for (_, number) in order {
            if self.bytes <= most / 4 * 3 {
                break;
            }
            if let Some(block) = self.blocks.remove(&number) {
                self.bytes -= block.bytes.len() as u64;
            }
        }
    }

    /// How many blocks are to be read ahead after blocks that are fetched, of which none was there: none at first, then twice as
    /// many each time that a read goes on where one ended.
    fn ahead(&mut self, first: u64, last: u64, most: u64) -> u64 {
        let known =
            self.streams.iter().position(|stream| (stream.next.saturating_sub(1)..=stream.next + 1).contains(&first));
        let ahead = match known {
            Some(at) => (self.streams.remove(at).ahead * 2).clamp(1, most.max(1)),
            None => 0,
        };
        if self.streams.len() >= STREAMS {
            self.streams.remove(0);
        }
        self.streams.push(Stream { next: last + ahead + 1, ahead });
        ahead
    }
}

/// What is read: where each part begins, and its room.
type Parts<'a, 'b> = &'a mut [(u64, &'b mut [u8])];

impl<F: Fetch> Cache<F> {
    /// A file of which the first bytes are there.
    pub(super) fn new(file: F, sizes: Sizes, start: &Bytes) -> Self {
        let cache = Self { file, sizes, state: Mutex::default(), changed: Condvar::new() };
        cache.keep(0, start);
        cache
    }

    pub(super) fn file(&self) -> &F {
        &self.file
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The blocks that hold some bytes of the file.
    fn blocks_of(&self, range: Range<u64>) -> Range<u64> {
        let end = range.end.min(self.file.len());
        match range.start < end {
            true => range.start / self.sizes.block..(end - 1) / self.sizes.block + 1,
            false => 0..0,
        }
    }

    fn bytes_of(&self, blocks: Range<u64>) -> Range<u64> {
        blocks.start * self.sizes.block..(blocks.end * self.sizes.block).min(self.file.len())
    }

    /// Keeps the blocks that are whole among these bytes, from the address `at` on, which a block begins at.
    fn keep(&self, at: u64, bytes: &Bytes) {
        let mut state = self.state();
        let (first, end) = (at / self.sizes.block, at + bytes.len() as u64);
        for number in first..end.div_ceil(self.sizes.block) {
            let place = self.bytes_of(number..number + 1);
            if place.end <= end {
                // A copy: a part would keep all that came with it.
                let block = &bytes[(place.start - at) as usize..(place.end - at) as usize];
                state.insert(number, Bytes::copy_from_slice(block));
            }
        }
        state.evict(self.sizes.cache);
    }

    /// The requests for blocks, which are in order: those that are next to each other come together, and what lies between two is
    /// fetched with them where that is no more than a block.
    fn requests(&self, blocks: &[u64]) -> Vec<Range<u64>> {
        let mut runs: Vec<Range<u64>> = Vec::new();
        for number in blocks {
            match runs.last_mut() {
                Some(run) if *number <= run.end + 1 => run.end = number + 1,
                _ => runs.push(*number..number + 1),
            }
        }
        let most = (self.sizes.request / self.sizes.block).max(1);
        let mut requests = Vec::new();
        for run in runs {
            let mut start = run.start;
            while start < run.end {
                let end = run.end.min(start + most);
                requests.push(self.bytes_of(start..end));
                start = end;
            }
        }
        requests
    }

    /// Takes those of these blocks for itself that are not there, and that nobody else fetches.
    fn claim(&self, mut state: MutexGuard<'_, State>, blocks: impl Iterator<Item = u64>) -> Claim<'_, F> {
        let blocks: Vec<u64> =
            blocks.filter(|number| !state.blocks.contains_key(number) && state.claimed.insert(*number)).collect();
        Claim { cache: self, blocks }
    }

    /// Fetches blocks, which are in order, and shows the bytes that come.
    fn fetch_blocks(&self, blocks: &[u64], keep: bool, show: &mut dyn FnMut(u64, &Bytes)) -> Result<()> {
        for round in blocks.chunks((ROUND / self.sizes.block).max(1) as usize) {
            let requests = self.requests(round);
            self.file.fetch(&requests, &mut |number, bytes| {
                let at = requests[number].start;
                show(at, &bytes);
                if keep {
                    self.keep(at, &bytes);
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Makes sure that these bytes are there, or on their way, as far as half of the room goes: the rest is fetched when it is read.
    pub(super) fn prefetch(&self, ranges: &[Range<u64>]) -> Result<()> {
        let mut wanted: Vec<u64> = ranges.iter().cloned().flat_map(|range| self.blocks_of(range)).collect();
        wanted.sort_unstable();
        wanted.dedup();
        wanted.truncate((self.sizes.cache / 2 / self.sizes.block) as usize);
        let mut state = self.state();
        for number in &wanted {
            // It is not to go before it is read.
            state.get(*number);
        }
        let claim = self.claim(state, wanted.into_iter());
        self.fetch_blocks(&claim.blocks, true, &mut |_, _| {})
    }

    /// Reads all parts. What is beyond the end of the file is zero.
    pub(super) fn read(&self, purpose: Purpose, parts: Parts<'_, '_>) -> Result<()> {
        let mut wanted = Vec::new();
        for (at, room) in parts.iter_mut() {
            let there = self.file.len().saturating_sub(*at).min(room.len() as u64) as usize;
            room[there..].fill(0);
            wanted.extend(self.blocks_of(*at..*at + there as u64));
        }
        wanted.sort_unstable();
        wanted.dedup();
        while !wanted.is_empty() {
            let mut state = self.state();
            let Sorted { found, missing, busy } = state.sort(&wanted);
            let more = self.beside(&mut state, &missing);
            // What is read at once, and is much, is not read again.
            let is_kept =
                purpose == Purpose::Metadata || missing.len() as u64 <= self.sizes.cache / 4 / self.sizes.block;
            let fetched = if is_kept && !missing.is_empty() {
                let mut all: Vec<u64> = missing.iter().copied().chain(more).collect();
                all.sort_unstable();
                all.dedup();
                let claim = self.claim(state, all.into_iter());
                Some(claim)
            } else {
                drop(state);
                None
            };
            for (number, bytes) in found {
                copy(parts, number * self.sizes.block, &bytes);
            }
            let blocks = fetched.as_ref().map_or(&missing, |claim| &claim.blocks);
            self.fetch_blocks(blocks, is_kept, &mut |at, bytes| copy(parts, at, bytes))?;
            drop(fetched);
            let mut state = self.state();
            while busy.iter().any(|number| state.claimed.contains(number)) {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            // Those that could not be fetched, or are gone again, are so now.
            wanted = busy;
        }
        Ok(())
    }

    /// The blocks to be fetched with those that are missing: all of a small file, or what will be read next at each place.
    fn beside(&self, state: &mut State, missing: &[u64]) -> Vec<u64> {
        let all = self.blocks_of(0..self.file.len());
        if missing.is_empty() {
            return Vec::new();
        }
        if self.file.len() <= self.sizes.whole.min(self.sizes.cache) {
            return all.collect();
        }
        let runs: Vec<&[u64]> = missing.chunk_by(|one, next| one + 1 == *next).collect();
        // Those that are read side by side share the room.
        let most = MAX_AHEAD.min(self.sizes.cache / 4) / self.sizes.block / runs.len() as u64;
        if most == 0 || runs.len() > STREAMS / 2 {
            return Vec::new();
        }
        let mut beside = Vec::new();
        for run in runs {
            if let (Some(first), Some(last)) = (run.first(), run.last()) {
                beside.extend(last + 1..(last + 1 + state.ahead(*first, *last, most)).min(all.end));
            }
        }
        beside
    }
}

/// Copies what parts have in common with the bytes of the file from `at` on.
fn copy(parts: Parts<'_, '_>, at: u64, bytes: &Bytes) {
    let end = at + bytes.len() as u64;
    for (start, room) in parts.iter_mut() {
        let (from, to) = (at.max(*start), end.min(*start + room.len() as u64));
        if from < to {
            let source = &bytes[(from - at) as usize..(to - at) as usize];
            room[(from - *start) as usize..(to - *start) as usize].copy_from_slice(source);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes of a pattern, and all that was asked for of them.
    struct Pattern {
        len: u64,
        rounds: Mutex<Vec<Vec<Range<u64>>>>,
    }

    fn pattern(range: Range<u64>) -> Vec<u8> {
        range.map(|at| (at.wrapping_mul(2_654_435_761) >> 7) as u8).collect()
    }

    impl Fetch for Pattern {
        fn len(&self) -> u64 {
            self.len
        }

        fn fetch(&self, ranges: &[Range<u64>], take: &mut dyn FnMut(usize, Bytes) -> Result<()>) -> Result<()> {
            self.rounds.lock().unwrap().push(ranges.to_vec());
            // They come in any order.
            ranges.iter().enumerate().rev().try_for_each(|(number, range)| take(number, pattern(range.clone()).into()))
        }
    }

    fn cache(len: u64, sizes: Sizes, start: u64) -> Cache<Pattern> {
        Cache::new(Pattern { len, rounds: Mutex::default() }, sizes, &pattern(0..start.min(len)).into())
    }

    fn sizes(cache: u64) -> Sizes {
        Sizes { block: 16, cache, request: 64, whole: 0 }
    }

    /// What was asked for since, a round a line.
    fn asked(cache: &Cache<Pattern>) -> String {
        let rounds = std::mem::take(&mut *cache.file.rounds.lock().unwrap());
        let words =
            |round: &Vec<Range<u64>>| round.iter().map(|range| format!("{range:?}")).collect::<Vec<_>>().join(" ");
        rounds.iter().map(words).collect::<Vec<_>>().join("; ")
    }

    #[track_caller]
    fn read(cache: &Cache<Pattern>, purpose: Purpose, ranges: &[Range<u64>]) {
        let mut rooms: Vec<_> = ranges.iter().map(|range| vec![7; (range.end - range.start) as usize]).collect();
        let mut parts: Vec<_> =
            ranges.iter().zip(&mut rooms).map(|(range, room)| (range.start, &mut room[..])).collect();
        cache.read(purpose, &mut parts).unwrap();
        for (range, room) in ranges.iter().zip(&rooms) {
            let mut expected = pattern(range.start.min(cache.file.len)..range.end.min(cache.file.len));
            expected.resize(room.len(), 0);
            assert_eq!(*room, expected, "{range:?}");
        }
    }

    #[test]
    fn what_is_there_is_not_asked_for() {
        let cache = cache(1000, sizes(1 << 20), 40);
        for (range, expected) in [
            (0..32, ""),
            // The last block of the start was not whole.
            (30..33, "32..48"),
            (33..48, ""),
            (500..501, "496..512"),
            (500..520, "512..544"),
            (990..1000, "976..1000"),
            // Beyond the end.
            (999..1100, ""),
            (2000..2010, ""),
            (700..700, ""),
        ] {
            read(&cache, Purpose::Metadata, std::slice::from_ref(&range));
            assert_eq!(asked(&cache), expected, "{range:?}");
        }
    }

    #[test]
    fn many_places_are_one_round() {
        let cache = cache(10_000, sizes(1 << 20), 0);
        read(&cache, Purpose::Data, &[5000..5001, 100..101, 300..310, 330..331, 101..105]);
        assert_eq!(asked(&cache), "96..112 288..336 4992..5008");
        cache.prefetch(&[100..140, 9000..9200]).unwrap();
        assert_eq!(asked(&cache), "112..144 8992..9056 9056..9120 9120..9184 9184..9200");
        cache.prefetch(&[100..140, 9000..9200]).unwrap();
        read(&cache, Purpose::Data, &[9000..9200]);
        assert_eq!(asked(&cache), "");
    }

    /// Each part of a column is read after the other; another is read beside it.
    #[test]
    fn what_is_read_on_is_read_ahead() {
        let cache = cache(1 << 16, sizes(1 << 20), 0);
        let mut counts = Vec::new();
        for at in 0..64 {
            read(&cache, Purpose::Data, &[1024 + at * 16..1040 + at * 16, 40_000 + at * 16..40_016 + at * 16]);
            counts.push(cache.file.rounds.lock().unwrap().drain(..).count());
        }
        assert!(counts.iter().sum::<usize>() <= 10, "{counts:?}");
    }

    #[test]
    fn places_far_apart_are_not_read_ahead() {
        let cache = cache(1 << 20, sizes(1 << 20), 0);
        for at in [5, 90, 40, 7000, 300, 20_000] {
            read(&cache, Purpose::Metadata, &[at * 16..at * 16 + 4]);
            assert_eq!(asked(&cache), format!("{}..{}", at * 16, at * 16 + 16));
        }
    }

    #[test]
    fn small_files_come_as_a_whole() {
        let cache = cache(200, Sizes { whole: 200, ..sizes(1 << 20) }, 32);
        read(&cache, Purpose::Metadata, &[0..30]);
        assert_eq!(asked(&cache), "");
        read(&cache, Purpose::Metadata, &[150..151]);
        assert_eq!(asked(&cache), "32..96 96..160 160..200");
        read(&cache, Purpose::Data, &[0..200]);
        assert_eq!(asked(&cache), "");
    }

    /// However little room there is, what is read is right, and the room is not exceeded.
    #[test]
    fn room_is_bounded() {
        for room in [0, 16, 100, 1000] {
            let cache = cache(5000, Sizes { whole: 5000, ..sizes(room) }, 64);
            let mut at = 1u64;
            for _ in 0..300 {
                at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let (start, len) = ((at >> 33) % 5100, (at >> 20) % 400);
                let purpose = if at & 1 << 40 == 0 { Purpose::Metadata } else { Purpose::Data };
                read(&cache, purpose, &[start..start + len, start / 2..start / 2 + 3]);
                cache.prefetch(&[start..start + 100]).unwrap();
                assert!(cache.state().bytes <= room, "{}", cache.state().bytes);
            }
        }
    }

    #[test]
    fn a_failed_request_is_asked_for_again() {
        struct Failing(Mutex<bool>);
        impl Fetch for Failing {
            fn len(&self) -> u64 {
                1000
            }

            fn fetch(&self, ranges: &[Range<u64>], take: &mut dyn FnMut(usize, Bytes) -> Result<()>) -> Result<()> {
                if std::mem::take(&mut *self.0.lock().unwrap()) {
                    return Err(crate::ground::error::Error::corrupt("it fails"));
                }
                ranges.iter().enumerate().try_for_each(|(number, range)| take(number, pattern(range.clone()).into()))
            }
        }
        let cache = Cache::new(Failing(Mutex::new(true)), sizes(1 << 20), &Bytes::new());
        let mut room = [0; 10];
        assert!(cache.read(Purpose::Data, &mut [(20, &mut room)]).is_err());
        cache.read(Purpose::Data, &mut [(20, &mut room)]).unwrap();
        assert_eq!(room[..], pattern(20..30));
    }
}
