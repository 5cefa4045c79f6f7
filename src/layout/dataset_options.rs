//! How datasets are stored: what [`WriteOptions`](crate::WriteOptions) say for all of them, and for those at a path.

use crate::ground::error::Result;
use crate::layout::storage_options::{ChunkShape, Compression, StorageOptions};

/// How lists of strings are stored, where the default does not suit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Strings {
    /// One dataset of strings as long as the longest, the others padded: compact and fast where they are of about one
    /// length, and the only form that compression works on as a whole.
    Fixed,
    /// One dataset of strings of variable length, which h5py gives out as `str`. Compression does not reach their text.
    Variable,
    /// A group of `offsets` and `bytes`: all text end to end, which is small and fast whatever the lengths.
    Packed,
}

/// How sequences of records are stored, where the default does not suit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Records {
    /// One compound dataset, with strings as long as the longest of their field. Records with other fields that have no
    /// fixed size (options, lists, maps, ...) stay columns.
    Table,
    /// A group with a dataset for each field, also where all of them are numbers.
    Columns,
}

/// How maps are stored whose keys can be names of links: strings, integers, bools, unit variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Maps {
    /// A group with an object for each entry, which has the key as its name.
    Groups,
    /// The keys as one sequence and the values as another: a few objects, however many entries there are.
    Columns,
}

/// How the datasets of a value, or of a part of it, are stored: see [`WriteOptions::at`](crate::WriteOptions::at).
///
/// What is not said here is as it is for the datasets of the whole. Scalars are never stored in chunks, and what a
/// [`Codec`](crate::Codec) makes by itself is made as that says.
///
/// ```
/// use filebacked::{DatasetOptions, WriteOptions};
///
/// let grids = DatasetOptions::new().chunk([64, 64]).deflate(6);
/// let options = WriteOptions::new().at("field/*", |_| grids.clone()).at("log", |log| log.lzf());
/// # let _ = options;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DatasetOptions {
    pub(crate) storing: StorageOptions,
    pub(crate) strings: Option<Strings>,
    pub(crate) records: Option<Records>,
    pub(crate) maps: Option<Maps>,
}

impl DatasetOptions {
    /// Nothing that is not so for all datasets.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The shape of the chunks, in elements, for datasets of as many dimensions. Others, and all of which no shape is said,
    /// have chunks of about 1 MiB, as near to cubes as that goes.
    ///
    /// A chunk is what is compressed, written and read at once. One that is larger than the dataset is cut to that.
    ///
    /// The call that the options are used for fails where a length is 0, where a chunk has 2 GiB or more, and where all
    /// datasets that the shape is said for have other numbers of dimensions.
    ///
    /// ```
    /// # use filebacked::{NdArray, WriteOptions, hdf5, ndarray::Array2};
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("image.h5");
    /// let image = NdArray(Array2::<f32>::ones((256, 256)));
    /// WriteOptions::new().at("", |d| d.chunk([64, 64]).deflate(6)).to_file(&path, &image)?;
    /// assert_eq!(hdf5::File::open(&path)?.dataset("value")?.chunk(), Some(vec![64, 64]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn chunk(mut self, shape: impl Into<Vec<u64>>) -> Self {
        self.storing.chunk = Some(ChunkShape::new(shape.into()));
        self
    }

    /// Compression by HDF5's own deflate (h5py's `gzip`), which every HDF5 tool reads; of level 0, which is none at all, to
    /// 9. Numbers are [shuffled](Self::shuffle) first. It acts on datasets above [a size](Self::above), as all compression does;
    /// `above(0)` forces it. Another level is an error of the call that the options are used for.
    ///
    /// ```
    /// # use filebacked::{WriteOptions, from_slice};
    /// let waves: Vec<f64> = (0..100_000).map(|step| (f64::from(step) * 1e-3).sin()).collect();
    /// let image = WriteOptions::new().at("", |d| d.deflate(4)).to_vec(&waves)?;
    /// assert!(image.len() < 700_000);
    /// assert_eq!(from_slice::<Vec<f64>>(&image)?, waves);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    #[must_use]
    pub fn deflate(mut self, level: u8) -> Self {
        self.storing.codec = Some(if level == 0 { Compression::None } else { Compression::Deflate(level) });
        self
    }

    /// Compression by h5py's LZF, which is fast, and compresses less. h5py and this crate read it, and tools with its filter.
    ///
    /// ```
    /// # use filebacked::{WriteOptions, from_slice};
    /// let steps: Vec<u32> = (0..100_000).collect();
    /// let image = WriteOptions::new().at("", |d| d.lzf()).to_vec(&steps)?;
    /// assert!(image.len() < 200_000);
    /// assert_eq!(from_slice::<Vec<u32>>(&image)?, steps);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    #[must_use]
    pub fn lzf(mut self) -> Self {
        self.storing.codec = Some(Compression::Lzf);
        self
    }

    /// Compression by Zstandard within Blosc, of level 1 to 9. Tools need Blosc's filter (`hdf5plugin` in Python).
    ///
    /// ```
    /// # use filebacked::{WriteOptions, from_slice};
    /// let waves: Vec<f32> = (0..50_000_u16).map(|step| (f32::from(step) * 1e-3).sin()).collect();
    /// let image = WriteOptions::new().at("", |d| d.blosc_zstd(5)).to_vec(&waves)?;
    /// assert_eq!(from_slice::<Vec<f32>>(&image)?, waves);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    #[cfg(feature = "blosc-zstd")]
    #[must_use]
    pub fn blosc_zstd(mut self, level: u8) -> Self {
        self.storing.codec = Some(Compression::BloscZstd(level));
        self
    }

    /// Compression by LZ4 within Blosc, of level 1 to 9. Tools need Blosc's filter (`hdf5plugin` in Python).
    ///
    /// ```
    /// # use filebacked::{WriteOptions, from_slice};
    /// let steps: Vec<u32> = (0..100_000).collect();
    /// let image = WriteOptions::new().at("", |d| d.blosc_lz4(5)).to_vec(&steps)?;
    /// assert_eq!(from_slice::<Vec<u32>>(&image)?, steps);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    #[cfg(feature = "blosc-lz4")]
    #[must_use]
    pub fn blosc_lz4(mut self, level: u8) -> Self {
        self.storing.codec = Some(Compression::BloscLz4(level));
        self
    }

    /// Whether the bytes of numbers are sorted by their place before they are compressed: the first byte of all, then the
    /// second. Numbers of a series are alike in most places, so they take less room then.
    ///
    /// It is done with compression unless this says otherwise; and without compression only if this says so.
    ///
    /// ```
    /// # use filebacked::{WriteOptions, hdf5};
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("noise.h5");
    /// let noise: Vec<u32> = (0..100_000_u32).map(|step| step.wrapping_mul(2_654_435_769)).collect();
    /// WriteOptions::new().at("", |d| d.deflate(1).shuffle(false)).to_file(&path, &noise)?;
    /// assert_eq!(hdf5::File::open(&path)?.dataset("value")?.filters(), [hdf5::filters::Filter::Deflate(1)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.storing.shuffle = Some(shuffle);
        self
    }

    /// Whether each chunk has a checksum, by which reading finds damage: HDF5's Fletcher-32. There is none unless this says
    /// so.
    ///
    /// ```
    /// # use filebacked::{ReadOptions, WriteOptions};
    /// let mut image = WriteOptions::new().at("", |d| d.fletcher32(true)).to_vec(&vec![1.5; 100_000])?;
    /// let place = image.windows(8).position(|bytes| bytes == 1.5f64.to_le_bytes()).unwrap();
    /// image[place + 800] ^= 1;
    /// assert!(ReadOptions::new().from_slice::<Vec<f64>>(&image).is_err());
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    #[must_use]
    pub fn fletcher32(mut self, fletcher32: bool) -> Self {
        self.storing.fletcher32 = Some(fletcher32);
        self
    }

    /// The size, in bytes, above which datasets are stored in chunks. Smaller ones stay as they are without any of this, also
    /// where compression is said [for their path](crate::WriteOptions::at): to find a chunk costs more than it saves. It is 16
    /// KiB unless this says otherwise; `above(0)` has all stored in chunks but scalars and what is empty.
    ///
    /// ```
    /// # use filebacked::{WriteOptions, hdf5};
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("pair.h5");
    /// let pair = (vec![0.5; 1000], vec![0.5; 10_000]);
    /// WriteOptions::new().at("*", |d| d.deflate(4).above(10_000)).to_file(&path, &pair)?;
    /// let file = hdf5::File::open(&path)?;
    /// assert_eq!((file.dataset("0")?.is_chunked(), file.dataset("1")?.is_chunked()), (false, true));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn above(mut self, bytes: u64) -> Self {
        self.storing.above = Some(bytes);
        self
    }

    /// How lists of strings are stored. Without this it is as takes less room: of fixed length while padding wastes little,
    /// else of variable length. Strings with NUL are packed whatever is said.
    ///
    /// ```
    /// # use filebacked::{Strings, WriteOptions, hdf5};
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("names.h5");
    /// let names = ["Ada".to_owned(), "Grace".to_owned()];
    /// WriteOptions::new().at("", |d| d.strings(Strings::Variable)).to_file(&path, &names[..])?;
    /// let stored = hdf5::File::open(&path)?.dataset("value")?.dtype()?.to_descriptor()?;
    /// assert_eq!(stored, hdf5::types::TypeDescriptor::VarLenUnicode);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn strings(mut self, strings: Strings) -> Self {
        self.strings = Some(strings);
        self
    }

    /// How sequences of records are stored. Without this they are a table if all fields have a fixed size, else columns.
    ///
    /// ```
    /// # use filebacked::{Records, WriteOptions, hdf5};
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("pairs.h5");
    /// let pairs = vec![(1, 0.5), (2, 1.5)];
    /// WriteOptions::new().at("", |d| d.records(Records::Columns)).to_file(&path, &pairs)?;
    /// assert_eq!(hdf5::File::open(&path)?.dataset("1")?.read_raw::<f64>()?, [0.5, 1.5]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn records(mut self, records: Records) -> Self {
        self.records = Some(records);
        self
    }

    /// How maps are stored whose keys can be names of links. Without this they are groups with an object for each entry.
    ///
    /// With [`Maps::Columns`], a map is two sequences, `keys` and `values`: the form that maps with other keys always have. Any
    /// type reads it that reads the group. 20,000 series, a `BTreeMap<String, Vec<f64>>`, are five objects then.
    ///
    /// A map stays a group where two sequences do not suit it:
    ///
    /// - Its values are not of one type. So maps of JSON or of a [`Value`](crate::Value) come back as they were. What counts as
    ///   one type is what the elements of a `Vec` of one Rust type are. Of values that are maps, any two have a key in common, or
    ///   all their values are of one type.
    /// - Its values are objects of their own: [`NdArray`](crate::NdArray) and the other wrapper types.
    /// - It is a struct with `flatten`, or an enum with an internal tag. To serde these are maps; they are told by the length that
    ///   they do not say, and by the tag. A map that does not say its length is taken for such a struct.
    ///
    /// Structs are always groups. Maps in lists are [stored together](Self::records) in any case, and so are maps that are values
    /// of a map in columns. What is said at the path of one key about how datasets are stored does not reach the values in
    /// columns, which are stored together: `*` stands for all of them. Reading leaves out whole entries of such a map by their
    /// keys, and what is in its values by `*` in the place of the key.
    ///
    /// ```
    /// # use std::collections::BTreeMap;
    /// # use filebacked::{Maps, WriteOptions, from_file, hdf5};
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("series.h5");
    /// let series: BTreeMap<String, Vec<f64>> = (0..1000).map(|n| (format!("station {n}"), vec![0.5; n % 3])).collect();
    /// let run = BTreeMap::from([("series", &series)]);
    /// WriteOptions::new().at("series", |d| d.maps(Maps::Columns)).to_file(&path, &run)?;
    /// assert_eq!(hdf5::File::open(&path)?.group("series")?.member_names()?, ["keys", "values"]);
    /// assert_eq!(from_file::<BTreeMap<String, BTreeMap<String, Vec<f64>>>>(&path)?["series"], series);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn maps(mut self, maps: Maps) -> Self {
        self.maps = Some(maps);
        self
    }

    /// The same for a call of its own.
    pub(crate) fn renewed(&self) -> Self {
        Self { storing: self.storing.renewed(), ..self.clone() }
    }

    /// An error if it says what no dataset can have.
    pub(crate) fn check(&self) -> Result<()> {
        self.storing.check()
    }

    /// The same, with what it does not say as `outer` has it.
    pub(crate) fn over(self, outer: &Self) -> Self {
        Self {
            storing: self.storing.over(&outer.storing),
            strings: self.strings.or(outer.strings),
            records: self.records.or(outer.records),
            maps: self.maps.or(outer.maps),
        }
    }
}
