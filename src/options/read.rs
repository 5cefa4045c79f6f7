//! How values are read.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::de::{Make, Stream, made};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::limits::Limits;
use crate::ground::progress::{Answer, Progress, ProgressCallback};
use crate::h5::within::path_of;
use crate::h5::{AsGroup, File, Group};
use crate::layout::access::{Access, FileLocking};
use crate::layout::path_rules::{Effect, RulePosition, Rules};
use crate::reader::Reader;
use crate::wrappers::dist::session::Share;
use crate::{Hdf5Deserializer, de, file};

/// How values are read. See [`WriteOptions`](crate::WriteOptions) for an example, and for [what paths are](crate::WriteOptions#paths).
///
/// # Limits
///
/// Files may come from strangers. So there are limits, which a file that someone made for use does not meet: on the
/// [depth](Self::max_depth), on [all data](Self::max_bytes), on data that is not [stored](Self::max_expansion), counts
/// [more than once](Self::max_unstored), or becomes far more than is stored, on [further links](Self::max_repeats), on
/// [elements that hold nothing](Self::max_units), and on [chunks](Self::max_chunks), [attributes](Self::max_attributes) and
/// [fields](Self::max_fields).
/// And what has other files read, or code loaded, is refused: [external links](Self::allow_external_links),
/// [external storage](Self::allow_external_storage), [virtual datasets](Self::allow_virtual_datasets), and
/// [plugins](Self::allow_plugins). The error names the option.
///
/// The structures of a file are looked at before libhdf5 is let near them, unless the file is [trusted](Self::trusted).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ReadOptions {
    access: Access,
    limits: Limits,
    rules: Rules,
    watch: ProgressCallback,
    share: Option<Share>,
}

impl ReadOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether libhdf5 locks the file that [`from_file`](Self::from_file) opens: a file that another has open for writing is
    /// refused then. Without this it does as it was built to, which is to lock where the file system can.
    ///
    /// A file that is still being written, or is on a file system whose locks do not work, can be opened without.
    ///
    /// ```
    /// use filebacked::{FileLocking, ReadOptions};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("run.h5");
    /// filebacked::to_file(&path, &[1, 2, 3])?;
    /// let steps: Vec<i32> = ReadOptions::new().file_locking(FileLocking::Off).from_file(&path)?;
    /// assert_eq!(steps, [1, 2, 3]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn file_locking(mut self, locking: FileLocking) -> Self {
        self.access.locking = Some(locking);
        self
    }

    /// Opens the file that [`from_file`](Self::from_file), [`read_at`](Self::read_at) or [`reader_file`](Self::reader_file) reads
    /// in HDF5's single-writer/multiple-reader mode: one that another program has open for writing in that mode, such as
    /// h5py with `swmr_mode`, or an [`Appender`](crate::WriteOptions::swmr). Others are read as without this.
    ///
    /// Sequences in it become longer meanwhile: a [`Reader`](crate::Reader::refresh) follows them. What is read at once may be from
    /// different moments in different datasets.
    ///
    /// ```
    /// use filebacked::{ReadOptions, WriteOptions};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("run.h5");
    /// let mut energies = WriteOptions::new().swmr(true).create_appender_file(&path, "energies")?;
    /// energies.push(&0.5)?;
    /// energies.flush()?;
    /// // As another program would.
    /// let mut reader = ReadOptions::new().swmr(true).reader_file::<f64>(&path, "energies")?;
    /// assert_eq!(reader.len(), 1);
    /// energies.push(&1.5)?;
    /// energies.flush()?;
    /// assert_eq!(reader.refresh()?, 2);
    /// assert_eq!(reader.collect::<filebacked::Result<Vec<_>>>()?, [0.5, 1.5]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn swmr(mut self, swmr: bool) -> Self {
        self.access.swmr = swmr;
        self
    }

    /// Does not read the fields, and the entries of maps, at these [paths](crate::WriteOptions#paths): they are not even opened. A
    /// field that is left out so gets its default, if it has one (`#[serde(default)]`, or `None`), else it is an error.
    ///
    /// ```
    /// use filebacked::{ReadOptions, to_vec};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Run {
    ///     small: i32,
    ///     #[serde(default)]
    ///     large: Vec<f64>,
    /// }
    ///
    /// let image = to_vec(&Run { small: 1, large: vec![0.5; 1000] })?;
    /// let run: Run = ReadOptions::new().skip(["large"]).from_slice(&image)?;
    /// assert_eq!((run.small, run.large.len()), (1, 0));
    ///
    /// let error = ReadOptions::new().skip(["small"]).from_slice::<Run>(&image).err().unwrap();
    /// assert_eq!(error.kind(), filebacked::ErrorKind::MissingField);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    #[must_use]
    pub fn skip<P: AsRef<str>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        self.rules.add(paths, &Effect::Skip);
        self
    }

    /// Reads no fields, and entries of maps, but those at these [paths](crate::WriteOptions#paths), with all in them, and what leads
    /// there. What is to be [skipped](Self::skip) is left out of these, too.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use filebacked::{ReadOptions, to_vec};
    ///
    /// let image = to_vec(&BTreeMap::from([("small", vec![1, 2]), ("large", vec![0; 100_000])]))?;
    /// let back: BTreeMap<String, Vec<i32>> = ReadOptions::new().only(["small"]).from_slice(&image)?;
    /// assert_eq!(back, BTreeMap::from([("small".to_owned(), vec![1, 2])]));
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    #[must_use]
    pub fn only<P: AsRef<str>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        self.rules.add(paths, &Effect::Only);
        self
    }

    /// Takes [paths](crate::WriteOptions#paths) that lead nowhere: as for [writing](crate::WriteOptions::lenient).
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use filebacked::{ErrorKind, ReadOptions, to_vec};
    ///
    /// let image = to_vec(&BTreeMap::from([("small", 1), ("large", 2)]))?;
    /// let options = ReadOptions::new().only(["smal"]);
    /// let error = options.from_slice::<BTreeMap<String, i32>>(&image).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::NotFound);
    /// assert!(options.lenient().from_slice::<BTreeMap<String, i32>>(&image)?.is_empty());
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    #[must_use]
    pub fn lenient(mut self) -> Self {
        self.rules.is_lenient = true;
        self
    }

    /// How deep what is read may nest, in levels: 128, unless this says otherwise.
    ///
    /// ```
    /// use filebacked::{ErrorKind, ReadOptions, to_vec};
    ///
    /// let image = to_vec(&serde_json::json!({"a": {"b": {"c": "deep"}}}))?;
    /// let error = ReadOptions::new().max_depth(2).from_slice::<serde_json::Value>(&image).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::TooDeep);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    #[must_use]
    pub fn max_depth(mut self, levels: u16) -> Self {
        self.limits.max_depth = levels;
        self
    }

    /// How many bytes one call may make in memory. Unless this says otherwise it is as many as the machine has memory, where that
    /// is known (on Linux). The data of each dataset counts as a whole before anything of it is read. What is made of it counts as
    /// it is made: elements with the size of their type, text with its length, maps with what a map takes. What is read more than
    /// once counts each time. An element of a [`Reader`](crate::Reader), and a range of rows of a table, is a call of its own.
    ///
    /// What is handed to a type of which nothing shows, as to `serde_transcode`, counts 32 bytes for each value, if this option is
    /// set. Vectors that grow have room for more than they hold, so the process may take up to three times as much.
    ///
    /// ```
    /// use filebacked::{ErrorKind, ReadOptions, to_vec};
    ///
    /// let image = to_vec(&vec![0.5; 100_000])?;
    /// let error = ReadOptions::new().max_bytes(500_000).from_slice::<Vec<f64>>(&image).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Limit);
    /// assert!(error.to_string().contains("`ReadOptions::max_bytes`"));
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    #[must_use]
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.limits.max_bytes = bytes;
        self.limits.sets_bytes = true;
        self
    }

    /// How many times larger than what is stored for it the data of a dataset may be, or one of its chunks, if it is larger
    /// than half of [`max_unstored`](Self::max_unstored). Unless this says otherwise it is 1,100, which deflate cannot reach;
    /// 50,000 with Blosc.
    ///
    /// Data that was never written takes no place in a file, and many chunks of one value take next to none.
    ///
    /// ```
    /// use filebacked::{ErrorKind, ReadOptions, hdf5, read};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// let file = hdf5::File::create(directory.path().join("run.h5"))?;
    /// file.new_dataset::<u8>().shape(100 << 20).chunk(1 << 20).create("unwritten")?;
    /// assert_eq!(read::<Vec<u8>>(&file, "unwritten").unwrap_err().kind(), ErrorKind::Limit);
    /// let zeros: Vec<u8> = ReadOptions::new().max_expansion(u64::MAX).read(&file, "unwritten")?;
    /// assert_eq!(zeros.len(), 100 << 20);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_expansion(mut self, times: u64) -> Self {
        self.limits.max_expansion = times;
        self
    }

    /// How many bytes one call may read that are not stored, or that it met before by another link, beside four times the
    /// size of the file: 128 MiB, unless this says otherwise. A dataset that claims more than half of it has to have it in
    /// the file, within [`max_expansion`](Self::max_expansion); no attribute may. As many bytes, beside sixteen times
    /// the size of the file, may be taken from the heaps that have strings of variable length.
    ///
    /// It is also how many bytes the data may become beyond what it is, beside 512 times the size of the file: text that
    /// many elements refer to, values of 32 bytes made of bools, maps made of small records. A vector or array of numbers, or of
    /// records of numbers, that is a whole dataset is as large as its length says, and does not count here.
    ///
    /// ```
    /// use filebacked::{ErrorKind, ReadOptions, hdf5};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// let file = hdf5::File::create(directory.path().join("run.h5"))?;
    /// file.new_dataset::<u8>().shape(1 << 20).chunk(1 << 10).create("unwritten")?;
    /// let error = ReadOptions::new().max_unstored(100_000).read::<Vec<u8>>(&file, "unwritten").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Limit);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_unstored(mut self, bytes: u64) -> Self {
        self.limits.max_unstored = bytes;
        self
    }

    /// How many groups and datasets one call may meet again by further links: 100,000, unless this says otherwise. A few
    /// groups of a few links to the next can lead to more than anyone can read. So where further links follow each other, what they
    /// lead to counts four times for each after the first, up to 64 times.
    ///
    /// ```
    /// use filebacked::{ErrorKind, ReadOptions, hdf5, write};
    /// use std::collections::BTreeMap;
    ///
    /// # let directory = tempfile::tempdir()?;
    /// let file = hdf5::File::create(directory.path().join("run.h5"))?;
    /// write(&file, "one", "text")?;
    /// file.link_soft("one", "two")?;
    /// let options = ReadOptions::new().max_repeats(0);
    /// let error = options.from_group::<BTreeMap<String, String>>(&file).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Limit);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_repeats(mut self, objects: u64) -> Self {
        self.limits.max_repeats = objects;
        self
    }

    /// How many elements a sequence may have that take no place in the file (units, structs without fields): 2^24, unless
    /// this says otherwise.
    ///
    /// ```
    /// use filebacked::{ErrorKind, ReadOptions, to_vec};
    ///
    /// let image = to_vec(&vec![(); 1000])?;
    /// assert_eq!(ReadOptions::new().max_units(100).from_slice::<Vec<()>>(&image).unwrap_err().kind(), ErrorKind::Limit);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    #[must_use]
    pub fn max_units(mut self, elements: u64) -> Self {
        self.limits.max_units = elements;
        self
    }

    /// How many chunks a dataset may have, beside one for each eight bytes of the file: 2^20, unless this says otherwise. Chunks of
    /// which nothing is stored count, too, as reading takes time and memory for each.
    ///
    /// ```
    /// use filebacked::{ErrorKind, ReadOptions, hdf5, read};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// let file = hdf5::File::create(directory.path().join("run.h5"))?;
    /// file.new_dataset::<u8>().shape(1 << 22).chunk(1).create("unwritten")?;
    /// let error = read::<Vec<u8>>(&file, "unwritten").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Limit);
    /// assert!(error.to_string().contains("`ReadOptions::max_chunks`"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_chunks(mut self, chunks: u64) -> Self {
        self.limits.max_chunks = chunks;
        self
    }

    /// How many attributes one call may look at, beside one for each 16 bytes of the file: 2^20, unless this says otherwise.
    /// Those of an object count again for each link that leads to it.
    ///
    /// ```
    /// use filebacked::{ErrorKind, ReadOptions, Value, hdf5};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// let file = hdf5::File::create(directory.path().join("run.h5"))?;
    /// let group = file.create_group("run")?;
    /// for number in 0..100 {
    ///     group.new_attr::<i32>().create(&*format!("a{number}"))?.write_scalar(&number)?;
    /// }
    /// for number in 0..100 {
    ///     file.link_soft("run", &format!("link{number}"))?;
    /// }
    /// let error = ReadOptions::new().max_attributes(1000).from_group::<Value>(&file).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Limit);
    /// assert!(error.to_string().contains("`ReadOptions::max_attributes`"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_attributes(mut self, attributes: u64) -> Self {
        self.limits.max_attributes = attributes;
        self
    }

    /// How many fields the compound types may have, in all, of the datasets and attributes that one call opens, beside one for each
    /// 16 bytes of the file: 2^17, unless this says otherwise. Many datasets can be of one type, which the file has once.
    ///
    /// ```
    /// use filebacked::{ErrorKind, ReadOptions, Value, hdf5, write};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// let file = hdf5::File::create(directory.path().join("run.h5"))?;
    /// write(&file, "rows", &vec![(1, 2.5, 3, 4.5, 5, 6.5, 7, 8.5, 9, 10.5, 11, 12.5); 3])?;
    /// for number in 0..1000 {
    ///     file.link_soft("rows", &format!("link{number}"))?;
    /// }
    /// let error = ReadOptions::new().max_fields(100).from_group::<Value>(&file).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Limit);
    /// assert!(error.to_string().contains("`ReadOptions::max_fields`"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_fields(mut self, fields: u64) -> Self {
        self.limits.max_fields = fields;
        self
    }

    /// Whether links to other files are followed, also on the way of a soft link. They are not, unless this says so: a file
    /// could have any other read that the process may read. Soft links and hard links are always followed.
    ///
    /// ```
    /// use filebacked::{ErrorKind, ReadOptions, hdf5, read};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let (main, other) = (directory.path().join("main.h5"), directory.path().join("other.h5"));
    /// filebacked::to_file(&other, "elsewhere")?;
    /// let file = hdf5::File::create(&main)?;
    /// file.link_external("other.h5", "value", "link")?;
    /// assert_eq!(read::<String>(&file, "link").unwrap_err().kind(), ErrorKind::Limit);
    /// let text: String = ReadOptions::new().allow_external_links(true).read(&file, "link")?;
    /// assert_eq!(text, "elsewhere");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn allow_external_links(mut self, allow: bool) -> Self {
        self.limits.external_links = allow;
        self
    }

    /// Whether datasets are read whose data is in other files (HDF5's external storage), of any format. They are not, unless
    /// this says so.
    ///
    /// ```
    /// # use filebacked::ReadOptions;
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("run.h5");
    /// # filebacked::to_file(&path, &[1.5])?;
    /// let trusting = ReadOptions::new().allow_external_storage(true);
    /// let values: Vec<f64> = trusting.from_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn allow_external_storage(mut self, allow: bool) -> Self {
        self.limits.external_storage = allow;
        self
    }

    /// Whether virtual datasets are read, which are made of parts of datasets, also in other files. They are not, unless this
    /// says so.
    ///
    /// ```
    /// # use filebacked::ReadOptions;
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("run.h5");
    /// # filebacked::to_file(&path, &[1.5])?;
    /// let trusting = ReadOptions::new().allow_virtual_datasets(true);
    /// let values: Vec<f64> = trusting.from_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn allow_virtual_datasets(mut self, allow: bool) -> Self {
        self.limits.virtual_datasets = allow;
        self
    }

    /// Whether numbers are read as floats that do not hold all their digits: `f64` as `f32`, and integers as either. They are not,
    /// unless this says so. What is too large for `f32` is an error all the same, and so is a float that is to be an integer.
    ///
    /// It is about numbers that serde asks for one by one, `half::f16` and `half::bf16` among them, and about
    /// [`NdArray`](crate::NdArray)s of floats and complex numbers, also in parts.
    ///
    /// ```
    /// use filebacked::{ErrorKind, ReadOptions, to_vec};
    ///
    /// let image = to_vec(&vec![0.1, 0.2])?;
    /// let error = filebacked::from_slice::<Vec<f32>>(&image).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::OutOfRange);
    /// assert!(error.to_string().contains("`ReadOptions::allow_rounding` takes the nearest"));
    /// let near: Vec<f32> = ReadOptions::new().allow_rounding(true).from_slice(&image)?;
    /// assert_eq!(near, [0.1, 0.2]);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    #[must_use]
    pub fn allow_rounding(mut self, allow: bool) -> Self {
        self.limits.rounding = allow;
        self
    }

    /// Whether what cannot be read is null (`()`, `None`) to types that take anything, such as `serde_json::Value`. Without this
    /// option, it is an error. A [`Value`](crate::Value) needs no option: it has [`Unreadable`](crate::Value::Unreadable) in that
    /// place. This covers
    ///
    /// - objects: datasets of a type that is not read, links that lead nowhere or where the options do not allow, and objects that
    ///   are damaged;
    /// - attributes of a type that is not read, or whose text is no UTF-8;
    /// - elements of sequences, and fields of compounds: those of a type that is not read, floats that `f64` does not hold, and text
    ///   that is no UTF-8. The other elements are what they are.
    ///
    /// A reference in a sequence that leads nowhere is an error all the same, and so is what any other type asks for.
    ///
    /// ```
    /// use filebacked::{ReadOptions, hdf5, write};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// let file = hdf5::File::create(directory.path().join("run.h5"))?;
    /// write(&file, "steps", &10)?;
    /// file.link_soft("/nowhere", "dangling")?;
    /// let options = ReadOptions::new().unreadable_as_null(true);
    /// let value: serde_json::Value = options.from_group(&file)?;
    /// assert_eq!(value, serde_json::json!({"steps": 10, "dangling": null}));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn unreadable_as_null(mut self, null: bool) -> Self {
        self.limits.nulls = null;
        self
    }

    /// Whether libhdf5 may load plugins: filters, and what it looks for when it does not know the format of a file (connectors,
    /// for which it loads every library in the folders for plugins). It may not, unless this says so: a file could have any of
    /// them run. Filters that are built in, or that the process has registered, are no plugins.
    ///
    /// The folders are those in `HDF5_PLUGIN_PATH`, and those that the program adds by `H5PLappend`. Where that variable is not
    /// set, the default is `/usr/local/hdf5/lib/plugin` for the bundled HDF5, and for a system's what it was built with. (The
    /// other default of the bundled one is below the folder in which it was built. The first call of this crate removes it.)
    ///
    /// Three more variables are read when the library begins, before any option counts, and belong to whoever runs the program:
    /// `HDF5_VOL_CONNECTOR` and `HDF5_DRIVER` name a connector and a file driver for all files, which may be plugins;
    /// `HDF5_PLUGIN_PRELOAD=::` forbids all plugins.
    ///
    /// ```
    /// # use filebacked::ReadOptions;
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("run.h5");
    /// # filebacked::to_file(&path, &[1.5])?;
    /// let trusting = ReadOptions::new().allow_plugins(true);
    /// let values: Vec<f64> = trusting.from_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn allow_plugins(mut self, allow: bool) -> Self {
        self.limits.plugins = allow;
        self
    }

    /// Whether files are trusted: that they are as libhdf5, or another program that knows the format, has written them, and are not
    /// damaged. They are not, unless this says so. Then this crate reads all structures of an object itself before libhdf5 opens
    /// it: its header, links, attributes and element type, the B-trees, arrays and heaps that it has, the parameters of its
    /// filters. What does not hold together is an error that says which structure, and at which address.
    ///
    /// What it risks: of a damaged file, or one that was made to do harm, libhdf5 may read and write beyond its memory, use up the
    /// stack, or never come back. All other limits hold with a trusted file, too.
    ///
    /// What it gains is little, as libhdf5 takes far longer than the look. It may be worth it for single rows of datasets with
    /// very many chunks: the whole index of these is looked at once for each time that a file is opened.
    ///
    /// ```
    /// # use filebacked::ReadOptions;
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("run.h5");
    /// filebacked::to_file(&path, &[1.5])?;
    /// let own: Vec<f64> = ReadOptions::new().trusted(true).from_file(&path)?;
    /// assert_eq!(own, [1.5]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn trusted(mut self, trusted: bool) -> Self {
        self.limits.trusted = trusted;
        self
    }

    /// Has a closure told how far a call is: at most every 5 milliseconds, and at the end. It answers `()`, or a
    /// [`ControlFlow`](std::ops::ControlFlow), and `Break` cancels the call: as for
    /// [writing](crate::WriteOptions::progress), where more is said of it. Nothing of the value is left then.
    ///
    /// A [`Lazy`](crate::Lazy) that is read later, and a [`Reader`](crate::Reader), are no part of the call.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use filebacked::{ErrorKind, ReadOptions, to_vec};
    ///
    /// let image = to_vec(&vec![0.5; 100_000])?;
    /// let options = ReadOptions::new().progress(|p| println!("{p}")); // 800.0 kB in 2 objects, at `/`
    /// assert_eq!(options.from_slice::<Vec<f64>>(&image)?.len(), 100_000);
    ///
    /// let most = ReadOptions::new().progress(|p| {
    ///     if p.bytes() > 500_000 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    /// });
    /// assert_eq!(most.from_slice::<Vec<f64>>(&image).unwrap_err().kind(), ErrorKind::Cancelled);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    #[must_use]
    pub fn progress<A: Answer>(mut self, tell: impl Fn(&Progress) -> A + Send + Sync + 'static) -> Self {
        self.watch = ProgressCallback::new(tell);
        self
    }

    /// As [`from_group`](crate::from_group).
    ///
    /// # Errors
    /// As [`from_group`](crate::from_group).
    pub fn from_group<T: DeserializeOwned>(&self, group: impl AsGroup) -> Result<T> {
        self.value_of(group.as_group())
    }

    /// The same, which is compiled once for each type, whatever the group is given as.
    pub(crate) fn value_of<T: DeserializeOwned>(&self, group: &hdf5::Group) -> Result<T> {
        made(|value| self.read_group(group, value))
    }

    fn read_group(&self, group: &hdf5::Group, value: &mut dyn Make) -> Result<()> {
        self.during(group, |group, position| de::from_root(group, position, value))
    }

    /// As [`Hdf5Deserializer::new`].
    ///
    /// ```
    /// use filebacked::{ReadOptions, hdf5, write};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// let file = hdf5::File::create(directory.path().join("run.h5"))?;
    /// write(&file, "small", &[1, 2])?;
    /// write(&file, "large", &vec![0.5; 100_000])?;
    /// let mut json = Vec::new();
    /// let deserializer = ReadOptions::new().skip(["large"]).deserializer(&file);
    /// serde_transcode::transcode(deserializer, &mut serde_json::Serializer::new(&mut json))?;
    /// assert_eq!(json, br#"{"small":[1,2]}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn deserializer(&self, group: impl AsGroup) -> Hdf5Deserializer {
        Hdf5Deserializer::with(group.as_group(), self)
    }

    /// As [`read`](crate::read).
    ///
    /// # Errors
    /// As [`read`](crate::read).
    pub fn read<T: DeserializeOwned>(&self, group: impl AsGroup, name: &str) -> Result<T> {
        self.value_in(group.as_group(), name)
    }

    /// The same, which is compiled once for each type.
    pub(crate) fn value_in<T: DeserializeOwned>(&self, group: &hdf5::Group, name: &str) -> Result<T> {
        made(|value| self.read_child(group, name, value))
    }

    fn read_child(&self, group: &hdf5::Group, name: &str, value: &mut dyn Make) -> Result<()> {
        let read = |group: &Group, position: &RulePosition| de::read_named(group, name, position, value);
        self.during_at(group, || path_of(&group.name(), name), read)
    }

    /// As [`from_file`](crate::from_file).
    ///
    /// # Errors
    /// As [`from_file`](crate::from_file).
    pub fn from_file<T: DeserializeOwned>(&self, path: impl AsRef<Path>) -> Result<T> {
        made(|value| self.read_file(path.as_ref(), value))
    }

    /// Which rows of what is spread over ranks this rank reads, where [ranks read a file together](Self::dist): of lists, arrays
    /// and sparse matrices, by how many rows there are, the rank, and how many ranks there are. Without this, each reads an even
    /// share, in the order of the ranks. Ranges of several ranks may overlap: `|len, _, _| 0..len` reads all on each.
    ///
    /// ```
    /// use filebacked::dist::{Alone, List};
    /// use filebacked::{ReadOptions, to_file};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("run.h5");
    /// to_file(&path, &vec![1.5, 2.5, 3.5])?;
    /// let options = ReadOptions::new().share(|len, _, _| 1..len);
    /// let list: List<f64> = options.dist(&Alone).from_file(&path)?;
    /// assert_eq!(list.0, [2.5, 3.5]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn share(mut self, share: impl Fn(u64, usize, usize) -> Range<u64> + Send + Sync + 'static) -> Self {
        self.share = Some(Share(Arc::new(share)));
        self
    }

    /// How ranks share what they read.
    pub(crate) fn shares(&self) -> Option<Share> {
        self.share.clone()
    }

    /// How files are opened.
    pub(super) fn access(&self) -> Access {
        self.access
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    fn read_file(&self, path: &Path, value: &mut dyn Make) -> Result<()> {
        let position = self.rules.start(String::new);
        self.limits.during(|| file::from_file(path, self.access, &position, &self.watch, value))
    }

    /// As [`read_at`](crate::read_at).
    ///
    /// # Errors
    /// As [`read_at`](crate::read_at).
    pub fn read_at<T: DeserializeOwned>(&self, path: impl AsRef<Path>, name: &str) -> Result<T> {
        made(|value| self.read_path(path.as_ref(), name, value))
    }

    fn read_path(&self, path: &Path, name: &str, value: &mut dyn Make) -> Result<()> {
        let position = self.rules.start(|| name.to_owned());
        self.limits.during(|| file::read_at(path, name, self.access, &position, &self.watch, value))
    }

    /// As [`from_slice`](crate::from_slice).
    ///
    /// # Errors
    /// As [`from_slice`](crate::from_slice).
    pub fn from_slice<T: DeserializeOwned>(&self, image: &[u8]) -> Result<T> {
        made(|value| self.read_image(image, value))
    }

    fn read_image(&self, image: &[u8], value: &mut dyn Make) -> Result<()> {
        let position = self.rules.start(String::new);
        self.limits.during(|| file::from_slice(image, &position, &self.watch, value))
    }

    /// As [`Reader::open`], with these options for each element, as each is a call of its own: [`max_bytes`](Self::max_bytes) is
    /// about one element, and not about all. [`progress`](Self::progress) is not told of elements.
    ///
    /// # Errors
    /// As [`Reader::open`]; if there are paths to [`skip`](Self::skip) or to read [alone](Self::only)
    /// ([`Unsupported`](ErrorKind::Unsupported)): leave those fields out of the type that is read.
    ///
    /// ```
    /// use filebacked::{ErrorKind, ReadOptions, hdf5};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// let file = hdf5::File::create(directory.path().join("run.h5"))?;
    /// filebacked::write(&file, "spectra", &vec![vec![0.5; 10], vec![0.5; 10_000]])?;
    /// let mut spectra = ReadOptions::new().max_bytes(1000).reader::<Vec<f64>>(&file, "spectra")?;
    /// assert_eq!(spectra.get(0)?.len(), 10);
    /// assert_eq!(spectra.get(1).unwrap_err().kind(), ErrorKind::Limit);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reader<T: DeserializeOwned>(&self, group: impl AsGroup, name: &str) -> Result<Reader<T>> {
        self.check_reader()?;
        Reader::open_with(self, group.as_group(), name)
    }

    /// As [`Reader::open_file`], with these options, as in [`reader`](Self::reader).
    ///
    /// # Errors
    /// As [`Reader::open_file`], and [`reader`](Self::reader).
    ///
    /// ```
    /// use filebacked::{FileLocking, ReadOptions};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("run.h5");
    /// filebacked::to_file(&path, &[0.5, 1.5])?;
    /// let mut energies = ReadOptions::new().file_locking(FileLocking::Off).reader_file::<f64>(&path, "/")?;
    /// assert_eq!(energies.get(1)?, 1.5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reader_file<T: DeserializeOwned>(&self, path: impl AsRef<Path>, name: &str) -> Result<Reader<T>> {
        self.check_reader()?;
        Reader::open_file_with(self, path.as_ref(), name)
    }

    /// An error if there are options that a [`Reader`] cannot follow.
    fn check_reader(&self) -> Result<()> {
        let Some((_, effect)) = self.rules.rules.first() else { return Ok(()) };
        let message = format!("`{}` is not for sequences that are read element by element", effect.option());
        Err(Error::new(ErrorKind::Unsupported, message).advised("leave these fields out of the type that is read"))
    }

    /// Does something within these limits.
    pub(crate) fn within_limits<R>(&self, work: impl FnOnce() -> R) -> R {
        self.limits.during(work)
    }

    /// Opens a file, and a sequence in it.
    pub(crate) fn open_stream(&self, path: &Path, name: &str) -> Result<(File, Stream)> {
        let open = || {
            let file = file::open_streamed(path, self.access)?;
            let stream = Stream::open_anew(&file.root()?, name)?;
            Ok((file, stream))
        };
        self.within_limits(open).map_err(|error: Error| error.in_file(&path.display().to_string()))
    }

    /// As [`objects::Group::of`](crate::objects::Group::of), within these limits. Paths that are left out, and whoever is told of
    /// progress, are no part of it.
    ///
    /// # Errors
    /// As [`objects::Group::of`](crate::objects::Group::of).
    pub fn objects(&self, group: impl AsGroup) -> Result<crate::objects::Group> {
        crate::objects::Group::of_limited(group.as_group(), self.limits)
    }

    /// As [`objects::Group::open_file`](crate::objects::Group::open_file), within these limits.
    ///
    /// # Errors
    /// As [`objects::Group::open_file`](crate::objects::Group::open_file).
    ///
    /// ```
    /// use filebacked::{ErrorKind, ReadOptions, objects::Object, to_file};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("run.h5");
    /// to_file(&path, &std::collections::BTreeMap::from([("text", "a long text".repeat(100))]))?;
    /// let root = ReadOptions::new().max_bytes(1000).objects_file(&path)?;
    /// let Object::Dataset(text) = root.open("text")? else { panic!() };
    /// assert_eq!(text.read_all().unwrap_err().kind(), ErrorKind::Limit);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn objects_file(&self, path: impl AsRef<Path>) -> Result<crate::objects::Group> {
        crate::objects::Group::open_file_limited(path.as_ref(), self.limits, self.access)
    }

    /// As [`table::Reader::open`](crate::table::Reader::open), within these limits. Paths that are left out, and whoever is told
    /// of progress, are no part of it.
    ///
    /// # Errors
    /// As [`table::Reader::open`](crate::table::Reader::open).
    ///
    /// ```
    /// use arrow_array::record_batch;
    /// use filebacked::{ErrorKind, ReadOptions, Table, hdf5};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// let file = hdf5::File::create(directory.path().join("run.h5"))?;
    /// filebacked::write(&file, "steps", &Table(record_batch!(("id", Int32, [1, 2, 3, 4]))?))?;
    /// let mut steps = ReadOptions::new().max_bytes(1000).table_reader(&file, "steps")?;
    /// assert_eq!(steps.read(2..)?.num_rows(), 2);
    /// let read = ReadOptions::new().max_bytes(10).table_reader(&file, "steps").and_then(|mut steps| steps.read(..));
    /// assert_eq!(read.unwrap_err().kind(), ErrorKind::Limit);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "arrow")]
    pub fn table_reader(&self, group: impl AsGroup, name: &str) -> Result<crate::table::Reader> {
        self.limits.during(|| crate::table::Reader::open_limited(group.as_group(), name))
    }

    /// As [`table::Reader::open_file`](crate::table::Reader::open_file), within these limits.
    ///
    /// # Errors
    /// As [`table::Reader::open_file`](crate::table::Reader::open_file).
    #[cfg(feature = "arrow")]
    pub fn table_reader_file(&self, path: impl AsRef<Path>, name: &str) -> Result<crate::table::Reader> {
        self.limits.during(|| crate::table::Reader::open_file_limited(path.as_ref(), name, self.access))
    }

    /// Makes a call of `read`, which reads from a group.
    pub(crate) fn during<R>(
        &self,
        group: &hdf5::Group,
        read: impl FnOnce(&Group, &RulePosition) -> Result<R>,
    ) -> Result<R> {
        self.during_at(group, || group.name(), read)
    }

    /// The same, where what is read is at the path `base` of the file.
    fn during_at<R>(
        &self,
        group: &hdf5::Group,
        base: impl FnOnce() -> String,
        read: impl FnOnce(&Group, &RulePosition) -> Result<R>,
    ) -> Result<R> {
        let position = self.rules.start(base);
        let read = |group: &Group| read(group, &position);
        self.watch.during(|run| self.limits.during(|| read(&Group::of(group)?.begun(run))))
    }
}
