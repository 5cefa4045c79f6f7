//! How values are written.

use std::path::Path;

use serde::Serialize;

use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::limits::Limits;
use crate::ground::progress::{Answer, Progress, ProgressCallback};
use crate::h5::within::path_of;
use crate::h5::{AsGroup, Group};
use crate::layout::access::{Access, FileLocking, LibraryVersion};
use crate::layout::dataset_options::{DatasetOptions, Maps, Records, Strings};
use crate::layout::path_rules::{Effect, Pattern, RulePosition, Rules};
use crate::ser::{AnyValue, Erased};
use crate::{Hdf5Serializer, file, ser};

/// How values are written.
///
/// ```
/// use filebacked::{ReadOptions, WriteOptions};
///
/// let image = WriteOptions::new().to_vec(&[1.5, 2.5])?;
/// let back: Vec<f64> = ReadOptions::new().from_slice(&image)?;
/// assert_eq!(back, [1.5, 2.5]);
/// # Ok::<(), filebacked::Error>(())
/// ```
///
/// # Paths
///
/// [`at`](Self::at), [`skip`](Self::skip) and [`only`](Self::only) take paths into the value, from its root on: the names of
/// fields, the keys of maps (strings, integers, bools), the names of variants with payload, and the positions of tuples, with
/// a `/` between two. The empty path is the value itself, which [`skip`](Self::skip) refuses. An element of a sequence is a step that has no name. A field
/// `@name`, which is an attribute, is called so. An option is no step, and neither are the wrapper types.
///
/// `*` stands for any one step, and `**` for any number of steps, also none, but at the end for one at least. So
/// `patches/*/nodes` is the field `nodes` of each element of `patches`, whether that is a list or a map, and whether the
/// elements are a table, columns, or a group each. In a name, `/` is `%2F`, `%` is `%25` and `*` is `%2A`; the empty name is
/// `%`.
///
/// What this crate prints can be given as a path. [`Error::path`](crate::Error::path) has an element of a sequence, or a
/// position of a tuple, as `[2]`: in a path that is any element of the sequence, as all of them are stored alike, and this
/// position of the tuple. A path that begins with `/` is one of HDF5's, such as [`Progress::path`] has: it may begin with the
/// path of the group that is written or read, and leave out the steps to elements. For a field or key that begins with `[`,
/// that is `%5B`.
///
/// ## Paths that lead nowhere
///
/// A path that is about nothing in the whole call is an error, of the kind [`NotFound`](crate::ErrorKind::NotFound), which
/// lists what there is in its place; nothing is written then. It counts what the type has, too, when it says so: fields that
/// serde skips as they are written, and fields of the struct that is read. It is no error where the place that the path leads
/// to may have something at another time: a list or map without entries, an option without a value, another variant of an
/// enum, what another path leaves out, and numbers and text that `only` passes. Four sorts of path need
/// [`lenient`](Self::lenient): one that names the key of a map which lacks it; one into what serde does not tell from a map,
/// such as an enum with an internal tag; one whose last name comes behind `**`, or behind `*` for the fields of a struct, where
/// nothing of that name is there this time, and something else is in its place; and `skip` of the value itself. An appender looks at the records of its first batch, after that is written.
///
/// `at` is about what there is, whether or not that is large enough to be [stored in chunks](DatasetOptions::above). So
/// compression at a path acts on data of more than 16 KiB, unless [`above(0)`](DatasetOptions::above) says at the same path that
/// it acts on all:
///
/// ```
/// # use filebacked::{WriteOptions, hdf5};
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("small.h5");
/// let small = std::collections::BTreeMap::from([("x", vec![0.5; 100])]);
/// WriteOptions::new().at("x", |d| d.deflate(4).above(0)).to_file(&path, &small)?;
/// assert!(hdf5::File::open(&path)?.dataset("x")?.is_chunked());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Sequences that grow
///
/// [`create_appender`](Self::create_appender) and its like begin, or go on with, sequences that are
/// [appended to](crate::Appender#options).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WriteOptions {
    sync: bool,
    overwrite: bool,
    trusted: bool,
    access: Access,
    rules: Rules,
    watch: ProgressCallback,
}

impl Default for WriteOptions {
    fn default() -> Self {
        let (access, rules, watch) = Default::default();
        Self { sync: true, overwrite: false, trusted: false, access, rules, watch }
    }
}

impl WriteOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether [`to_file`](Self::to_file) waits until the disk has the file before that takes the old one's place. It
    /// does, unless this says otherwise: then a crash of the machine, not of the program, can leave a file without its
    /// contents, and writing is as fast as memory.
    ///
    /// ```
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("scratch.h5");
    /// filebacked::WriteOptions::new().sync(false).to_file(&path, &[1, 2, 3])?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sync(mut self, sync: bool) -> Self {
        self.sync = sync;
        self
    }

    /// Whether files that are written into are trusted: that libhdf5, or another program that knows the format, has written them,
    /// and that they are not damaged. They are not, unless this says so. Then nothing is written into a file whose objects share
    /// messages of their headers (`H5Pset_shared_mesg_nindexes`; h5py and this crate make none): of indices of such messages that
    /// are damaged, libhdf5 may read and write beyond its memory, and it follows them for every object that it makes.
    ///
    /// Files that this crate makes itself need no trust; those that a program makes by the `hdf5` crate do. A [`LazyMap`](crate::LazyMap) is saved in a file with shared messages if
    /// something was written into that with this before, as long as the file is open.
    ///
    /// ```
    /// # use filebacked::WriteOptions;
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("run.h5");
    /// let file = filebacked::hdf5::File::create(&path)?;
    /// WriteOptions::new().trusted(true).write(&file, "x", &[1.5, 2.5])?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn trusted(mut self, trusted: bool) -> Self {
        self.trusted = trusted;
        self
    }

    /// The oldest and the newest version of HDF5 whose formats a new file may use: [`to_file`](Self::to_file) and
    /// [`to_vec`](Self::to_vec). Each object gets the oldest format from `low` on that holds it, and where that would be newer
    /// than `high`, it is an error. Without this, they are `Earliest` and `V110`, so that old programs can open the file.
    ///
    /// The bounds that there are depend on the libhdf5 that is linked: one that it does not have is an error when the file
    /// is made. So is a lower bound other than `Earliest` for a file in memory, where libhdf5 is older than 1.14.
    ///
    /// ```
    /// use filebacked::{LibraryVersion, WriteOptions, from_file};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("run.h5");
    /// let options = WriteOptions::new().libver(LibraryVersion::V110, LibraryVersion::V110);
    /// options.to_file(&path, &[1.5, 2.5])?;
    /// assert_eq!(std::fs::read(&path)?[8], 3, "the superblock of 1.10");
    /// assert_eq!(from_file::<[f64; 2]>(&path)?, [1.5, 2.5]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn libver(mut self, low: LibraryVersion, high: LibraryVersion) -> Self {
        self.access.libver = (low, high);
        self
    }

    /// Has a new file ([`to_file`](Self::to_file), [`to_vec`](Self::to_vec)) made of pages of that many bytes, each of descriptions of
    /// objects (headers, indices) or of data: libhdf5's paged allocation, h5py's `fs_strategy="page"`. So what describes the objects is
    /// together, and [remote files](https://docs.rs/filebacked/latest/filebacked/remote/) of many objects are opened and looked through
    /// with few requests. 64 KiB suit that. A file of few bytes gets larger by it: it has two pages at least.
    ///
    /// ```
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("run.h5");
    /// filebacked::WriteOptions::new().page_size(64 << 10).to_file(&path, &[1.5, 2.5])?;
    /// let file = filebacked::hdf5::File::open(&path)?;
    /// assert_eq!(file.create_plist()?.get_file_space_page_size()?, 64 << 10);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Writing fails if it is not from 512 bytes to 1 GiB, and into a group of a file that is there already: pages are chosen when a file
    /// is made. So does [`to_vec`](Self::to_vec) where libhdf5 is older than 1.14.
    #[must_use]
    pub fn page_size(mut self, bytes: u64) -> Self {
        self.access.page_size = bytes;
        self
    }

    /// Whether libhdf5 locks the file that [`to_file`](Self::to_file) makes, until that takes its place. Without this it does
    /// not: nobody else knows of the file, and a program that another thread starts meanwhile would keep the lock.
    ///
    /// ```
    /// # use filebacked::{FileLocking, WriteOptions};
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("run.h5");
    /// WriteOptions::new().file_locking(FileLocking::BestEffort).to_file(&path, &[1, 2, 3])?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn file_locking(mut self, locking: FileLocking) -> Self {
        self.access.locking = Some(locking);
        self
    }

    /// Whether a file of an appender's own is written in HDF5's single-writer/multiple-reader mode: other programs can
    /// have it open meanwhile and follow it, such as h5py with `swmr=True`, and a
    /// [`Reader`](crate::Reader::refresh) that [`ReadOptions::swmr`](crate::ReadOptions::swmr) opened. It is for
    /// [`create_appender_file`](Self::create_appender_file) and its like; elsewhere it is an error.
    ///
    /// The mode begins with the first [`flush`](crate::Appender::flush) after a record was added. Until then nobody else can open
    /// the file. From then on no object can be added to it. So a record that needs one is refused with an error, and leaves nothing
    /// behind: a variant, a field, an option with a value, or a list or map that is not empty, of which there was none
    /// before. Add records of all forms before the first flush.
    ///
    /// As long as others have the file open, it cannot be opened by another appender: HDF5's lock keeps that out.
    ///
    /// The file is in the format of HDF5 1.10. A program that is killed leaves it marked as being written, and it is not safe from a
    /// kill in the other ways that [a file of an appender's own](crate::Appender#what-is-safe) is: what was flushed is there, but the mark
    /// has to be [taken away](Self::clear_status_flags) first.
    ///
    /// ```
    /// use filebacked::{ReadOptions, WriteOptions};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("run.h5");
    /// let mut steps = WriteOptions::new().swmr(true).create_appender_file::<(u32, f64)>(&path, "steps")?;
    /// steps.push(&(0, 0.5))?;
    /// steps.flush()?;
    /// // In Python, as long as this goes on: f = h5py.File("run.h5", swmr=True); f["steps"].refresh()
    /// let there: Vec<(u32, f64)> = ReadOptions::new().swmr(true).read_at(&path, "steps")?;
    /// assert_eq!(there, [(0, 0.5)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn swmr(mut self, swmr: bool) -> Self {
        self.access.swmr = swmr;
        self
    }

    /// Opens a file for writing also if it is marked as one that is being written, and takes the mark away: as the program
    /// `h5clear -s` does. Files in the format of HDF5 1.10 or later have the mark, and keep it when the program that writes
    /// them is killed. Say so only if no other program writes the file.
    ///
    /// It is for [`write_at`](Self::write_at), and for appenders with files of their own.
    ///
    /// ```
    /// use filebacked::WriteOptions;
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("run.h5");
    /// let options = WriteOptions::new().swmr(true);
    /// options.create_appender_file::<f64>(&path, "energies")?.push(&0.5)?;
    /// // After a kill:
    /// let mut energies = options.clear_status_flags(true).open_appender_file::<f64>(&path, "energies")?;
    /// energies.push(&1.5)?;
    /// energies.finish()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn clear_status_flags(mut self, clear: bool) -> Self {
        self.access.clears_status = clear;
        self
    }

    /// Whether [`write`](Self::write) and [`to_group`](Self::to_group) replace what is there. Without this, a name that is
    /// taken is refused.
    ///
    /// A dataset of the same type and shape is written into, and stays the same object, with its own chunks, filters and
    /// attributes. Anything else makes way for a new object, and goes away with all that was in it, unless other links lead
    /// to it: so do data of variable length, datasets that have further links, and those that are to get attributes. The
    /// new data is complete in the file before anything of the old is touched, and on an error the group is as before; the
    /// place that the old took is free for what is written before the file is closed.
    ///
    /// `to_group` replaces the children, and attributes, that have the names of fields or keys of the value, and leaves
    /// others. A group that holds a value which is no struct or map (it has a kind) is replaced as a whole.
    ///
    /// ```
    /// # use filebacked::{WriteOptions, hdf5, read};
    /// # let directory = tempfile::tempdir()?;
    /// let file = hdf5::File::create(directory.path().join("run.h5"))?;
    /// filebacked::write(&file, "weights", &[0.5, 0.5])?;
    /// assert!(filebacked::write(&file, "weights", &[0.25, 0.75]).is_err());
    ///
    /// let options = WriteOptions::new().overwrite(true);
    /// options.write(&file, "weights", &[0.25, 0.75])?;
    /// options.write(&file, "weights", "none")?;
    /// assert_eq!(read::<String>(&file, "weights")?, "none");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }

    /// How the datasets at a [path](Self#paths), and all that are in what is there, are stored. Of two that are about the
    /// same dataset, what the later says holds, and for the rest what the earlier does, and then what is said for all.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use filebacked::{NdArray, WriteOptions, hdf5, ndarray::Array2};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("run.h5");
    /// let field = BTreeMap::from([("p", NdArray(Array2::<f64>::zeros((128, 128))))]);
    /// let run = BTreeMap::from([("field", field)]);
    /// WriteOptions::new().at("field/*", |d| d.chunk([64, 64]).deflate(6)).to_file(&path, &run)?;
    /// let dataset = hdf5::File::open(&path)?.dataset("field/p")?;
    /// assert_eq!(dataset.chunk(), Some(vec![64, 64]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn at(mut self, path: &str, options: impl FnOnce(DatasetOptions) -> DatasetOptions) -> Self {
        let options = options(DatasetOptions::new());
        self.rules.rules.push((Pattern::new(path), Effect::At(options)));
        self
    }

    /// Leaves out the fields, and the entries of maps, at these [paths](Self#paths). They are not even serialized. Elements
    /// of sequences and tuples are never left out: those behind them would be others then. Nor is the value itself: a path
    /// such as `""` or `"/"` is an error.
    ///
    /// Reading gives such a field its default, where it has one.
    ///
    /// ```
    /// use filebacked::{WriteOptions, from_slice};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Patch {
    ///     name: String,
    ///     #[serde(default)]
    ///     scratch: Vec<f64>,
    /// }
    ///
    /// let patches = vec![Patch { name: "left".to_owned(), scratch: vec![0.5; 1000] }];
    /// let image = WriteOptions::new().skip(["*/scratch"]).to_vec(&patches)?;
    /// let back: Vec<Patch> = from_slice(&image)?;
    /// assert_eq!((back[0].name.as_str(), back[0].scratch.len()), ("left", 0));
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    #[must_use]
    pub fn skip<P: AsRef<str>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        self.rules.add(paths, &Effect::Skip);
        self
    }

    /// Leaves out all fields, and entries of maps, but those at these [paths](Self#paths), with all in them, and what leads
    /// there. What is to be [skipped](Self::skip) is left out of these, too.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use filebacked::{WriteOptions, from_slice};
    ///
    /// let run = BTreeMap::from([("small", vec![1, 2]), ("large", vec![0; 100_000])]);
    /// let image = WriteOptions::new().only(["small"]).to_vec(&run)?;
    /// let back: BTreeMap<String, Vec<i32>> = from_slice(&image)?;
    /// assert_eq!(back, BTreeMap::from([("small".to_owned(), vec![1, 2])]));
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    #[must_use]
    pub fn only<P: AsRef<str>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        self.rules.add(paths, &Effect::Only);
        self
    }

    /// Has a closure told how far a call is: at most every 5 milliseconds, and at the end, when all is written and nothing
    /// is in its place yet. It answers `()`, or a [`ControlFlow`](std::ops::ControlFlow): `Break` cancels the call, at any
    /// time, and the last time too. That is an error of the kind [`Cancelled`](crate::ErrorKind::Cancelled), and everything
    /// is as it was before the call; so it is where the closure panics, which goes on to the caller.
    ///
    /// The closure is called by the thread that makes the call, between two objects, or parts of a long dataset; never under
    /// the lock of the [`hdf5`] crate, unless the caller has that. It may write and read by itself. Calls within the call, as a
    /// [`Codec`](crate::Codec) may make, are not told of, unless they are made with options that say so. Where a stored object
    /// is copied as a whole ([`Lazy`](crate::Lazy)), and while the disk is waited for, it is not called.
    ///
    /// Without this option, nothing is counted, and long datasets are written by one call into libhdf5.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicBool, Ordering};
    /// use filebacked::{ErrorKind, WriteOptions};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("run.h5");
    /// let stop = Arc::new(AtomicBool::new(false));
    /// let stopped = Arc::clone(&stop);
    /// let options = WriteOptions::new().progress(move |p| {
    ///     println!("{p}"); // 400.0 kB in 2 objects, at `/`
    ///     if stopped.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    /// });
    /// options.to_file(&path, &vec![0.5; 50_000])?;
    ///
    /// stop.store(true, Ordering::Relaxed); // by a button, or another thread
    /// let error = options.to_file(&path, &vec![1.5; 50_000]).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Cancelled);
    /// assert_eq!(filebacked::from_file::<Vec<f64>>(&path)?, vec![0.5; 50_000]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn progress<A: Answer>(mut self, tell: impl Fn(&Progress) -> A + Send + Sync + 'static) -> Self {
        self.watch = ProgressCallback::new(tell);
        self
    }

    /// Lays everything out as the Python package [FileBacked](https://pypi.org/project/FileBacked/) 2.1 does, so that its
    /// `Model.read(f)` gives an equal object, eager and lazy. There is an object in the file for each value then, so this is
    /// for files that the package is to read. Reading them here needs no option.
    ///
    /// A struct is an object of a class of its name (or what `#[serde(rename)]` says) in the Python module `module`:
    ///
    /// | Rust | Python |
    /// |---|---|
    /// | struct `Patch { nodes, .. }`, unit struct | `class Patch(FileBacked)`, with `nodes: ...` |
    /// | integers, floats, bools | `int`, `float`, numpy's scalars |
    /// | `String`, `char`, unit variant | `str` |
    /// | `Vec` and tuples of numbers | `List[float]`, `Tuple[int, ...]`, `np.ndarray` |
    /// | `Vec` of other things, tuples of things of one type | `List[Patch]`, `Tuple[str, ...]`, `List[List[float]]` |
    /// | [`NdArray`](crate::NdArray), `Vec<[f64; 3]>`, `[[f64; 3]; 3]` | `np.ndarray` |
    /// | [`Sparse`](crate::Sparse), [`Triplets`](crate::Triplets) | `scipy.sparse.spmatrix` |
    /// | map with keys of strings or integers | `Dict[str, float]`, `Dict[int, str]` |
    /// | map with keys of floats, tuples or lists | `Dict[Tuple[str, ...], int]` |
    /// | newtype struct of a map | the same, and `class Name(FileBackedDict[int, str])` |
    /// | field that is an `Option` | `Optional[str]` |
    /// | enum with payload: variant number 0, 1, ... | `Union[int, str]`, in that order; a base class |
    /// | bytes | `np.ndarray`; `object`, for a pickle |
    ///
    /// A field `class`, such as `#[serde(tag = "class")]` makes for an internally tagged enum, or typetag, is the name of the
    /// class; a field `@module` is its module, in place of `module`. What the package has no form for is an error: integers of
    /// 128 bits, `()`, a `None` that is no field, tuples of different types, keys of other types. A [`Lazy`](crate::Lazy) value
    /// is read to be written.
    ///
    /// ```
    /// use filebacked::{WriteOptions, from_file, hdf5};
    /// use serde::{Deserialize, Serialize};
    /// use std::collections::BTreeMap;
    ///
    /// #[derive(Serialize, Deserialize, PartialEq, Debug)]
    /// struct Model {
    ///     title: String,
    ///     weights: Vec<f64>,
    ///     note: Option<String>,
    ///     pairs: BTreeMap<(String, String), i64>,
    /// }
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("model.h5");
    /// let model = Model {
    ///     title: "plate".to_owned(),
    ///     weights: vec![0.5, 0.25, 0.25],
    ///     note: None,
    ///     pairs: BTreeMap::from([(("a".to_owned(), "b".to_owned()), 1)]),
    /// };
    /// WriteOptions::new().python("model").to_file(&path, &model)?;
    /// assert_eq!(from_file::<Model>(&path)?, model);
    ///
    /// let file = hdf5::File::open(&path)?;
    /// assert_eq!(file.attr("class")?.read_scalar::<hdf5::types::VarLenUnicode>()?.as_str(), "Model");
    /// assert!(!file.link_exists("note"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// In Python: `with h5py.File("model.h5") as f: model.Model.read(f)`.
    #[must_use]
    pub fn python(mut self, module: &str) -> Self {
        self.rules.python = Some(module.into());
        self
    }

    /// Takes rules that are about nothing in a call: [paths](Self#paths) that lead nowhere, or to the value itself, and shapes of chunks that suit no
    /// dataset. Without this they are errors.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use filebacked::{ErrorKind, WriteOptions};
    ///
    /// let run = BTreeMap::from([("small", 1), ("large", 2)]);
    /// let options = WriteOptions::new().skip(["largest"]);
    /// let error = options.to_vec(&run).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::NotFound);
    /// assert!(error.to_string().contains("there is no `largest` in the value, which has `large`, `small`"));
    /// options.lenient().to_vec(&run)?;
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    #[must_use]
    pub fn lenient(mut self) -> Self {
        self.rules.is_lenient = true;
        self
    }

    /// As [`to_group`](crate::to_group).
    ///
    /// # Errors
    /// As [`to_group`](crate::to_group).
    pub fn to_group<T: ?Sized + Serialize>(&self, value: &T, group: impl AsGroup) -> Result<()> {
        self.put(&Erased(value), group.as_group())
    }

    /// As [`write`](crate::write()). Paths begin at the value: the name is no step.
    ///
    /// # Errors
    /// As [`write`](crate::write()).
    pub fn write<T: ?Sized + Serialize>(&self, group: impl AsGroup, name: &str, value: &T) -> Result<()> {
        self.put_named(&Erased(value), group.as_group(), name)
    }

    /// As [`write_at`](crate::write_at()). Paths of options begin at the value.
    ///
    /// # Errors
    /// As [`write_at`](crate::write_at()).
    pub fn write_at<T: ?Sized + Serialize>(&self, path: impl AsRef<Path>, name: &str, value: &T) -> Result<()> {
        self.put_at(&Erased(value), path.as_ref(), name)
    }

    /// As [`to_file`](crate::to_file).
    ///
    /// # Errors
    /// As [`to_file`](crate::to_file).
    pub fn to_file<T: ?Sized + Serialize>(&self, path: impl AsRef<Path>, value: &T) -> Result<()> {
        self.put_in_file(&Erased(value), path.as_ref())
    }

    /// As [`to_vec`](crate::to_vec).
    ///
    /// # Errors
    /// As [`to_vec`](crate::to_vec).
    pub fn to_vec<T: ?Sized + Serialize>(&self, value: &T) -> Result<Vec<u8>> {
        self.put_in_memory(&Erased(value))
    }
}

/// The same for values of any type, so that the types of users are not compiled for what is here.
impl WriteOptions {
    pub(crate) fn put(&self, value: &dyn AnyValue, group: &hdf5::Group) -> Result<()> {
        self.check_for_group()?;
        self.watch.during(|run| {
            self.writing(|| {
                let position = self.rules.start(|| group.name());
                Hdf5Serializer::with(group, position, self.overwrite, run).put(value)
            })
        })
    }

    pub(crate) fn put_named(&self, value: &dyn AnyValue, group: &hdf5::Group, name: &str) -> Result<()> {
        self.check_for_group()?;
        let position = self.rules.start(|| path_of(&group.name(), name));
        let write = |group: &Group| ser::write_named(value, group, name, &position, self.overwrite);
        self.watch.during(|run| self.writing(|| write(&Group::of(group)?.begun(run))))
    }

    fn put_at(&self, value: &dyn AnyValue, path: &Path, name: &str) -> Result<()> {
        self.check_for_values()?;
        let position = self.rules.start(|| name.to_owned());
        let write = |group: &Group| ser::write_named(value, group, name, &position, self.overwrite);
        self.trusting(|| file::write_at(write, path, self.sync, self.access, &self.watch))
    }

    fn put_in_file(&self, value: &dyn AnyValue, path: &Path) -> Result<()> {
        self.check_for_values()?;
        file::to_file(value, path, self.sync, self.access, &self.rules.start(String::new), &self.watch)
    }

    /// Begins a file in the place of the one at `path`.
    pub(crate) fn begin_file(&self, value: &dyn AnyValue, path: &Path) -> Result<file::NewFile> {
        self.check_for_values()?;
        file::NewFile::begin(value, path, self.access, &self.rules.start(String::new), &self.watch)
    }

    /// Puts a file that was begun in its place.
    pub(crate) fn end_file(&self, file: file::NewFile) -> Result<()> {
        file.replace(self.sync)
    }

    /// Whether files are on the disk before they take their place.
    pub(crate) fn is_synced(&self) -> bool {
        self.sync
    }

    /// The rules as of the root of a value, where nothing takes note of what they are used for.
    pub(crate) fn start_of_rules(&self) -> RulePosition {
        self.rules.start(String::new)
    }

    fn put_in_memory(&self, value: &dyn AnyValue) -> Result<Vec<u8>> {
        self.check_for_values()?;
        file::to_vec(value, self.access, &self.rules.start(String::new), &self.watch)
    }

    /// Writes something.
    fn writing<R>(&self, write: impl FnOnce() -> R) -> R {
        self.trusting(|| Limits::while_writing(write))
    }

    /// Does something with the file that is written into, if that is trusted.
    pub(super) fn trusting<R>(&self, inside: impl FnOnce() -> R) -> R {
        Limits::while_trusting_target(self.trusted, inside)
    }

    /// Refuses what is only for other things than a value in a file that is there.
    fn check_for_group(&self) -> Result<()> {
        if self.access.page_size != 0 {
            let message = "`page_size` is for new files: the pages of a file are chosen when it is made";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        self.check_for_values()
    }

    /// Refuses what is only for sequences that grow, and what cannot be.
    pub(super) fn check_for_values(&self) -> Result<()> {
        if !matches!(self.access.page_size, 0 | 512..=0x4000_0000) {
            let message = format!("`page_size({})`: pages have from 512 bytes to 1 GiB", self.access.page_size);
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        if !self.access.swmr {
            return Ok(());
        }
        let message = "`swmr` is for a file that an appender writes (`create_appender_file` and its like): what is written at \
                       once is there as a whole, or not at all";
        Err(Error::new(ErrorKind::Unsupported, message))
    }
}

/// What is not about how one value is written.
impl WriteOptions {
    pub(crate) fn rules(&self) -> &Rules {
        &self.rules
    }

    pub(crate) fn syncs(&self) -> bool {
        self.sync
    }

    pub(super) fn watch(&self) -> &ProgressCallback {
        &self.watch
    }

    pub(crate) fn access(&self) -> Access {
        self.access
    }

    /// The first option that says how a group or file is written as a whole, if one was given.
    pub(crate) fn of_whole(&self) -> Option<&'static str> {
        let default = Access::default();
        match self.access {
            _ if self.overwrite => Some("overwrite"),
            Access { libver, .. } if libver != default.libver => Some("libver"),
            Access { locking, .. } if locking != default.locking => Some("file_locking"),
            Access { page_size, .. } if page_size != default.page_size => Some("page_size"),
            _ => None,
        }
    }
}

/// Options that are said for all datasets by the same words as for some.
macro_rules! for_all {
    ($($(#[$attribute:meta])* $method:ident($($name:ident: $type:ty),*);)*) => {
        impl WriteOptions {
            $($(#[$attribute])*
            #[must_use]
            pub fn $method(mut self, $($name: $type),*) -> Self {
                self.rules.base = self.rules.base.$method($($name),*);
                self
            })*
        }
    };
}

for_all! {
    /// The shape of the chunks of all datasets of as many dimensions: see [`DatasetOptions::chunk`].
    ///
    /// ```
    /// # use filebacked::{NdArray, WriteOptions, from_slice, ndarray::Array2};
    /// let grid = NdArray(Array2::<f64>::eye(100));
    /// let image = WriteOptions::new().chunk([10, 100]).deflate(4).to_vec(&grid)?;
    /// assert_eq!(from_slice::<NdArray<f64, _>>(&image)?, grid);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    chunk(shape: impl Into<Vec<u64>>);
    /// Compression of all datasets above [a size](Self::above) by deflate (h5py's `gzip`), with shuffled bytes, in chunks of
    /// about 1 MiB, on all cores: see [`DatasetOptions::deflate`].
    ///
    /// ```
    /// # use filebacked::{WriteOptions, from_slice};
    /// let waves: Vec<f64> = (0..100_000).map(|step| (f64::from(step) * 1e-3).sin()).collect();
    /// let image = WriteOptions::new().deflate(4).to_vec(&waves)?;
    /// assert!(image.len() < 700_000);
    /// assert_eq!(from_slice::<Vec<f64>>(&image)?, waves);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    deflate(level: u8);
    /// Compression of all datasets above [a size](Self::above) by h5py's LZF: see [`DatasetOptions::lzf`].
    ///
    /// ```
    /// # use filebacked::WriteOptions;
    /// let steps: Vec<u32> = (0..100_000).collect();
    /// assert!(WriteOptions::new().lzf().to_vec(&steps)?.len() < 200_000);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    lzf();
    /// Compression of all datasets above [a size](Self::above) by Zstandard within Blosc: see [`DatasetOptions::blosc_zstd`].
    ///
    /// ```
    /// # use filebacked::WriteOptions;
    /// let steps: Vec<u32> = (0..100_000).collect();
    /// assert!(WriteOptions::new().blosc_zstd(5).to_vec(&steps)?.len() < 100_000);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    #[cfg(feature = "blosc-zstd")]
    blosc_zstd(level: u8);
    /// Compression of all datasets above [a size](Self::above) by LZ4 within Blosc: see [`DatasetOptions::blosc_lz4`].
    ///
    /// ```
    /// # use filebacked::WriteOptions;
    /// let steps: Vec<u32> = (0..100_000).collect();
    /// assert!(WriteOptions::new().blosc_lz4(5).to_vec(&steps)?.len() < 100_000);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    #[cfg(feature = "blosc-lz4")]
    blosc_lz4(level: u8);
    /// Whether bytes are sorted by their place in numbers before they are compressed: see [`DatasetOptions::shuffle`].
    ///
    /// ```
    /// # use filebacked::WriteOptions;
    /// let steps: Vec<u32> = (0..100_000).collect();
    /// let shuffled = WriteOptions::new().deflate(4).to_vec(&steps)?;
    /// let not = WriteOptions::new().deflate(4).shuffle(false).to_vec(&steps)?;
    /// assert!(shuffled.len() < not.len());
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    shuffle(shuffle: bool);
    /// Whether the chunks of all datasets above [a size](Self::above) have checksums: see [`DatasetOptions::fletcher32`].
    ///
    /// ```
    /// # use filebacked::{WriteOptions, from_slice};
    /// let image = WriteOptions::new().fletcher32(true).to_vec(&vec![1.5; 100_000])?;
    /// assert_eq!(from_slice::<Vec<f64>>(&image)?, vec![1.5; 100_000]);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    fletcher32(fletcher32: bool);
    /// The size, in bytes, above which datasets are stored in chunks: see [`DatasetOptions::above`].
    ///
    /// ```
    /// # use filebacked::WriteOptions;
    /// let plain = WriteOptions::new().to_vec(&vec![0.5; 10_000])?;
    /// let same = WriteOptions::new().deflate(4).above(1 << 20).to_vec(&vec![0.5; 10_000])?;
    /// assert_eq!(plain, same);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    above(bytes: u64);
    /// How all lists of strings are stored: see [`DatasetOptions::strings`].
    ///
    /// ```
    /// # use filebacked::{Strings, WriteOptions, from_slice};
    /// let names = vec!["Ada".to_owned(), "Grace".to_owned()];
    /// let image = WriteOptions::new().strings(Strings::Packed).to_vec(&names)?;
    /// assert_eq!(from_slice::<Vec<String>>(&image)?, names);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    strings(strings: Strings);
    /// How all sequences of records are stored: see [`DatasetOptions::records`].
    ///
    /// ```
    /// # use filebacked::{Records, WriteOptions, from_slice};
    /// let people = vec![("Ada".to_owned(), 36), ("Grace".to_owned(), 85)];
    /// let image = WriteOptions::new().records(Records::Table).to_vec(&people)?;
    /// assert_eq!(from_slice::<Vec<(String, i32)>>(&image)?, people);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    records(records: Records);
    /// How all maps are stored whose keys can be names of links: see [`DatasetOptions::maps`]. For some of them,
    /// [`at`](Self::at) says it.
    ///
    /// ```
    /// # use std::collections::BTreeMap;
    /// # use filebacked::{Maps, WriteOptions, from_slice};
    /// let series = BTreeMap::from([("a/b".to_owned(), vec![0.5, 1.5]), ("c".to_owned(), vec![])]);
    /// let image = WriteOptions::new().maps(Maps::Columns).to_vec(&series)?;
    /// assert_eq!(from_slice::<BTreeMap<String, Vec<f64>>>(&image)?, series);
    /// # Ok::<(), filebacked::Error>(())
    /// ```
    maps(maps: Maps);
}
