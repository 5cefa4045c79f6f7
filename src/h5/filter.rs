//! What filters do to a chunk: those that are known here work without libhdf5, so on all cores.

use std::borrow::Cow;
use std::cell::RefCell;

use hdf5_sys::h5z::{H5Z_FILTER_DEFLATE, H5Z_FILTER_FLETCHER32, H5Z_FILTER_SHUFFLE};
use libdeflater::{CompressionError, CompressionLvl, Compressor, DecompressionError, Decompressor};
use lzf::LzfError;

#[cfg(blosc)]
use super::blosc::Blosc;
use super::shuffle::{fletcher32, shuffle, unshuffle};
use crate::ground::error::{Error, ErrorKind, Result};

/// h5py's LZF filter, which libhdf5 does not have.
pub(super) const LZF: i32 = 32000;
/// Blosc's filter, which `hdf5-metno` registers where it is built with it.
pub(super) const BLOSC: i32 = 32001;

/// Bytes of a checksum behind a chunk.
const CHECKSUM: usize = 4;

/// What a compressor says of a chunk that it does not take.
#[derive(Debug, thiserror::Error)]
pub(super) enum FilterError {
    #[error("deflate has no level {0}")]
    Level(u8),
    #[error(transparent)]
    Deflate(#[from] CompressionError),
    #[error(transparent)]
    Inflate(#[from] DecompressionError),
    #[error("{0}")]
    Lzf(LzfError),
    #[cfg(blosc)]
    #[error("Blosc's error {0}")]
    Blosc(i32),
}

impl FilterError {
    /// The error for a chunk that was to be compressed.
    #[cold]
    pub(super) fn of_written(self) -> Error {
        Error::new(ErrorKind::Custom, format!("a chunk could not be compressed: {self}")).caused_by(self)
    }

    /// The error for a chunk that is stored.
    #[cold]
    fn of_stored(self) -> Error {
        Error::corrupt(format!("a compressed chunk is damaged: {self}")).caused_by(self)
    }
}

/// A filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    /// Of items of so many bytes.
    Shuffle(usize),
    Deflate(u8),
    Lzf,
    #[cfg(blosc)]
    Blosc(Blosc),
    Fletcher32,
}

impl Filter {
    /// The filter of that number in HDF5, with these values; `None` for one that is not known here.
    pub(super) fn of(number: i32, values: &[u32]) -> Option<Self> {
        match number {
            H5Z_FILTER_SHUFFLE => Some(Self::Shuffle(usize::try_from(*values.first()?).ok()?)),
            H5Z_FILTER_DEFLATE => Some(Self::Deflate(u8::try_from(*values.first()?).ok()?)),
            H5Z_FILTER_FLETCHER32 => Some(Self::Fletcher32),
            LZF => Some(Self::Lzf),
            #[cfg(blosc)]
            BLOSC => Blosc::of(values).map(Self::Blosc),
            _ => None,
        }
    }

    fn compresses(self) -> bool {
        !matches!(self, Self::Shuffle(_) | Self::Fletcher32)
    }
}

/// The filters that chunks of a dataset go through, in the order of writing.
#[derive(Clone, Debug)]
pub(super) struct Pipeline(Box<[Filter]>);

/// A chunk as it is stored: its bytes, and the filters that were left out of it, as HDF5 has it.
pub(super) struct StoredChunk {
    pub(super) bytes: Vec<u8>,
    pub(super) left_out: u32,
}

impl Pipeline {
    /// The pipeline of these filters; `None` where it cannot be told how large a chunk is after each.
    pub(super) fn new(filters: Vec<Filter>) -> Option<Self> {
        let is_known = filters.iter().filter(|filter| filter.compresses()).count() <= 1;
        (is_known && !filters.is_empty() && filters.len() <= 32).then(|| Self(filters.into()))
    }

    /// Whether libhdf5 has no filter for it.
    pub(super) fn is_ours(&self) -> bool {
        self.0.contains(&Filter::Lzf)
    }

    /// All filters, as those that are left out of a chunk.
    pub(super) fn all(&self) -> u32 {
        u32::MAX >> (32 - self.0.len())
    }

    /// Whether a chunk is of one size, whatever is in it, if these filters are left out.
    pub(super) fn keeps_size(&self, left_out: u32) -> bool {
        let mut used = self.0.iter().enumerate().filter(|(number, _)| left_out & (1 << number) == 0);
        used.all(|(_, filter)| matches!(filter, Filter::Shuffle(_)))
    }

    /// Filters a chunk for the file.
    pub(super) fn encode(&self, chunk: &[u8]) -> Result<StoredChunk> {
        self.encode_without(chunk, 0)
    }

    /// The same without some of the filters.
    pub(super) fn encode_without(&self, chunk: &[u8], mut left_out: u32) -> Result<StoredChunk> {
        let mut bytes = None::<Vec<u8>>;
        for (number, filter) in self.0.iter().enumerate() {
            if left_out & (1 << number) != 0 {
                continue;
            }
            let input = bytes.as_deref().unwrap_or(chunk);
            let output = match filter {
                Filter::Shuffle(size) => {
                    let mut out = spare(input.len());
                    shuffle(input, *size, &mut out);
                    Some(out)
                }
                Filter::Deflate(level) => Some(deflate(input, *level)?),
                Filter::Lzf => lzf::compress(input).ok().filter(|out| out.len() < input.len()),
                #[cfg(blosc)]
                Filter::Blosc(blosc) => blosc.encode(input)?,
                Filter::Fletcher32 => {
                    let mut out = Vec::with_capacity(input.len() + CHECKSUM);
                    out.extend_from_slice(input);
                    out.extend_from_slice(&fletcher32(input).to_le_bytes());
                    Some(out)
                }
            };
            match output {
                Some(output) => bytes.replace(output).map_or((), give_back),
                None => left_out |= 1 << number,
            }
        }
        Ok(StoredChunk { bytes: bytes.unwrap_or_else(|| chunk.to_vec()), left_out })
    }

    /// Makes of a chunk as it is stored what it was, which has as many bytes as there is room for.
    pub(super) fn decode(&self, stored: &StoredChunk, chunk: &mut [u8]) -> Result<()> {
        // How many bytes there were before each filter, as far as none before it compressed them.
        let used = |number: &usize| stored.left_out & (1 << number) == 0;
        let (mut sizes, mut size) = (Vec::with_capacity(self.0.len()), chunk.len());
        for number in 0..self.0.len() {
            sizes.push(size);
            size += if used(&number) && self.0[number] == Filter::Fletcher32 { CHECKSUM } else { 0 };
        }
        let last = (0..self.0.len()).find(used);
        let mut bytes = Cow::Borrowed(stored.bytes.as_slice());
        for number in (0..self.0.len()).rev().filter(used) {
            // The last one needs no memory of its own.
            let (is_last, len) = (Some(number) == last && sizes[number] == chunk.len(), sizes[number]);
            let own = match self.0[number] {
                Filter::Fletcher32 => {
                    bytes = checked(bytes)?;
                    continue;
                }
                Filter::Shuffle(size) if is_last && bytes.len() == chunk.len() => {
                    unshuffle(&bytes, size, chunk);
                    if let Cow::Owned(bytes) = bytes {
                        give_back(bytes);
                    }
                    return Ok(());
                }
                Filter::Shuffle(size) => {
                    let mut own = spare(bytes.len());
                    unshuffle(&bytes, size, &mut own);
                    own
                }
                Filter::Deflate(_) if is_last => return inflate(&bytes, chunk),
                Filter::Deflate(_) => {
                    let mut own = spare(len);
                    inflate(&bytes, &mut own)?;
                    own
                }
                Filter::Lzf => unlzf(&bytes, len)?,
                #[cfg(blosc)]
                Filter::Blosc(blosc) if is_last => return blosc.decode(&bytes, chunk),
                #[cfg(blosc)]
                Filter::Blosc(blosc) => {
                    let mut own = spare(len);
                    blosc.decode(&bytes, &mut own)?;
                    own
                }
            };
            if let Cow::Owned(last) = std::mem::replace(&mut bytes, own.into()) {
                give_back(last);
            }
        }
        if bytes.len() != chunk.len() {
            return Err(Error::corrupt(format!("a chunk of {} bytes has {}", chunk.len(), bytes.len())));
        }
        chunk.copy_from_slice(&bytes);
        Ok(())
    }
}

thread_local! {
    static COMPRESSOR: RefCell<Option<(u8, Compressor)>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor>> = const { RefCell::new(None) };
    /// Memory of a chunk before: to get new memory from the system takes as long as to shuffle into it.
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Memory of so many bytes, which are to be set.
pub(super) fn spare(len: usize) -> Vec<u8> {
    let mut memory = SPARE.with_borrow_mut(Vec::pop).unwrap_or_default();
    memory.resize(len, 0);
    memory
}

pub(super) fn give_back(memory: Vec<u8>) {
    /// As many are in use at a time; larger ones are not kept for what may never come.
    const MOST: usize = 2;
    const MOST_BYTES: usize = 4 << 20;
    SPARE.with_borrow_mut(|spare| {
        if spare.len() < MOST && memory.capacity() <= MOST_BYTES {
            spare.push(memory);
        }
    });
}

fn deflate(input: &[u8], level: u8) -> Result<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|kept| {
        let (_, compressor) = match kept {
            Some(known) if known.0 == level => known,
            _ => {
                let level_of = CompressionLvl::new(level.into()).map_err(|_| FilterError::Level(level).of_written())?;
                kept.insert((level, Compressor::new(level_of)))
            }
        };
        let mut out = spare(compressor.zlib_compress_bound(input.len()));
        let compressed = compressor.zlib_compress(input, &mut out).map(|len| out[..len].to_vec());
        give_back(out);
        compressed.map_err(|error| FilterError::from(error).of_written())
    })
}

fn inflate(input: &[u8], out: &mut [u8]) -> Result<()> {
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let decompressor = kept.get_or_insert_with(Decompressor::new);
        match decompressor.zlib_decompress(input, out) {
            Ok(len) if len == out.len() => Ok(()),
            Ok(len) => Err(Error::corrupt(format!("a chunk of {} bytes is compressed from {len}", out.len()))),
            Err(error) => Err(FilterError::from(error).of_stored()),
        }
    })
}

fn unlzf(input: &[u8], len: usize) -> Result<Vec<u8>> {
    match lzf::decompress(input, len) {
        Ok(out) if out.len() == len => Ok(out),
        Ok(out) => Err(Error::corrupt(format!("a chunk of {len} bytes is compressed from {}", out.len()))),
        Err(error) => Err(FilterError::Lzf(error).of_stored()),
    }
}

/// Takes off the checksum, which has to be right.
fn checked(bytes: Cow<'_, [u8]>) -> Result<Cow<'_, [u8]>> {
    let damaged = || Error::corrupt("the checksum of a chunk is wrong: what is stored was damaged");
    let (data, sum) = bytes.split_last_chunk::<CHECKSUM>().ok_or_else(damaged)?;
    let [one, two, three, four] = fletcher32(data).to_le_bytes();
    // HDF5 before 1.6.3 had the bytes of its halves the other way round, on some machines.
    if *sum != [one, two, three, four] && *sum != [two, one, four, three] {
        return Err(damaged());
    }
    let len = data.len();
    Ok(match bytes {
        Cow::Borrowed(bytes) => bytes[..len].into(),
        Cow::Owned(mut bytes) => {
            bytes.truncate(len);
            bytes.into()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(len: usize) -> Vec<u8> {
        (0..len as u32).flat_map(|step| (f64::from(step) * 1e-3).sin().to_le_bytes()).take(len).collect()
    }

    #[test]
    fn chunks_come_back_through_any_filters() {
        use Filter::*;
        for filters in [
            vec![Shuffle(8)],
            vec![Deflate(1)],
            vec![Lzf],
            vec![Fletcher32],
            vec![Shuffle(8), Deflate(6), Fletcher32],
            vec![Shuffle(4), Lzf, Fletcher32],
            vec![Fletcher32, Shuffle(8), Deflate(9)],
            vec![Fletcher32, Lzf],
        ] {
            let pipeline = Pipeline::new(filters.clone()).unwrap();
            for len in [8, 100, 65_537] {
                let chunk = data(len);
                let stored = pipeline.encode(&chunk).unwrap();
                let mut back = vec![0; len];
                pipeline.decode(&stored, &mut back).unwrap();
                assert_eq!(back, chunk, "{filters:?}");
            }
        }
        assert!(Pipeline::new(vec![Deflate(1), Lzf]).is_none());
    }

    /// What the values of Blosc's filter say, for each compressor that it is built with.
    #[cfg(blosc)]
    fn blosc() -> Vec<Filter> {
        let codecs: &[u32] = match (cfg!(feature = "blosc-lz4"), cfg!(feature = "blosc-zstd")) {
            (true, true) => &[0, 1, 2, 5],
            (true, false) => &[0, 1, 2],
            _ => &[0, 5],
        };
        let ways = codecs.iter().flat_map(|codec| [0, 1, 2].map(|shuffle| vec![2, 2, 8, 0, 5, shuffle, *codec]));
        ways.chain([vec![2, 2, 8, 0]]).map(|values| Filter::of(BLOSC, &values).unwrap()).collect()
    }

    #[cfg(blosc)]
    #[test]
    fn chunks_come_back_through_blosc() {
        use Filter::*;
        for blosc in blosc() {
            for filters in [vec![blosc], vec![blosc, Fletcher32], vec![Fletcher32, blosc], vec![Shuffle(8), blosc]] {
                let pipeline = Pipeline::new(filters.clone()).unwrap();
                for len in [8, 100, 4096, 65_537, 1 << 20] {
                    let chunk = data(len);
                    let stored = pipeline.encode(&chunk).unwrap();
                    // It gains nothing with so few bytes, and with floats that are not shuffled perhaps not either.
                    assert!(len > 100 || stored.left_out != 0, "{filters:?} {len}");
                    assert!(stored.bytes.len() <= len + CHECKSUM, "{filters:?} {len}");
                    let mut back = vec![0; len];
                    pipeline.decode(&stored, &mut back).unwrap();
                    assert_eq!(back, chunk, "{filters:?}");
                }
            }
        }
    }

    /// Flipped bits, and cuts: an error, or other bytes, and no more than that.
    #[cfg(blosc)]
    #[test]
    fn damage_to_what_blosc_made_is_an_error() {
        let chunk = data(20_000);
        for blosc in blosc() {
            let pipeline = Pipeline::new(vec![blosc]).unwrap();
            let stored = pipeline.encode(&chunk).unwrap();
            for cut in [0, 1, 15, 16, stored.bytes.len() / 2, stored.bytes.len() - 1] {
                let cut = StoredChunk { bytes: stored.bytes[..cut].to_vec(), left_out: 0 };
                assert!(pipeline.decode(&cut, &mut vec![0; chunk.len()]).is_err());
            }
            assert!(pipeline.decode(&stored, &mut vec![0; chunk.len() + 8]).is_err());
            for at in 0..stored.bytes.len().min(3000) {
                let mut bytes = stored.bytes.clone();
                bytes[at] ^= 1 << (at % 8);
                drop(pipeline.decode(&StoredChunk { bytes, left_out: 0 }, &mut vec![0; chunk.len()]));
            }
        }
        // A compressor that it is built without is said by its name.
        let pipeline = Pipeline::new(vec![Filter::of(BLOSC, &[2, 2, 8, 0, 5, 1, 3]).unwrap()]).unwrap();
        let error = pipeline.encode(&chunk).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("Blosc with snappy"), "{error}");
    }

    /// Filters work while another thread has the library's lock.
    #[test]
    fn no_filter_needs_the_library() {
        let all = vec![Filter::Deflate(1), Filter::Lzf];
        #[cfg(blosc)]
        let all = [all, blosc()].concat();
        hdf5::sync::sync(|| {
            let work = move || {
                for filter in all {
                    let pipeline = Pipeline::new(vec![Filter::Shuffle(8), filter, Filter::Fletcher32]).unwrap();
                    let (chunk, mut back) = (data(10_000), vec![0; 10_000]);
                    pipeline.decode(&pipeline.encode(&chunk).unwrap(), &mut back).unwrap();
                    assert_eq!(back, chunk);
                }
            };
            std::thread::spawn(work).join().unwrap();
        });
    }

    #[test]
    fn damage_is_an_error() {
        let chunk = data(4096);
        for filters in [vec![Filter::Deflate(4)], vec![Filter::Lzf], vec![Filter::Shuffle(8), Filter::Deflate(4)]] {
            let pipeline = Pipeline::new(filters).unwrap();
            let stored = pipeline.encode(&chunk).unwrap();
            for cut in [0, 1, stored.bytes.len() / 2, stored.bytes.len() - 1] {
                let cut = StoredChunk { bytes: stored.bytes[..cut].to_vec(), left_out: stored.left_out };
                assert!(pipeline.decode(&cut, &mut vec![0; chunk.len()]).is_err());
            }
            for len in [chunk.len() - 8, chunk.len() + 8] {
                assert!(pipeline.decode(&stored, &mut vec![0; len]).is_err());
            }
        }
        let pipeline = Pipeline::new(vec![Filter::Fletcher32]).unwrap();
        let mut stored = pipeline.encode(&chunk).unwrap();
        stored.bytes[7] ^= 1;
        assert!(pipeline.decode(&stored, &mut vec![0; chunk.len()]).is_err());
    }

    #[test]
    fn a_filter_that_gains_nothing_is_left_out() {
        let next = |seed: &u64| Some(seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
        let noise: Vec<u8> =
            std::iter::successors(Some(1u64), next).map(|seed| (seed >> 56) as u8).take(1000).collect();
        let pipeline = Pipeline::new(vec![Filter::Lzf]).unwrap();
        let stored = pipeline.encode(&noise).unwrap();
        assert_eq!((stored.left_out, stored.bytes.len()), (1, noise.len()));
    }
}
