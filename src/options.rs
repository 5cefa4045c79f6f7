//! How values are written and read: builders on which the operations hang.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::de::{Make, made};
use crate::ground::error::Result;
use crate::ground::limits::Limits;
use crate::ground::progress::{Answer, Progress, Watch};
use crate::h5::Group;
use crate::h5::within::path_of;
use crate::layout::access::{Access, FileLocking, LibraryVersion};
use crate::layout::how::{DatasetOptions, Records, Strings};
use crate::layout::route::{Effect, Pattern, Route, Rules};
use crate::ser::{Erased, Item};
use crate::{Hdf5Deserializer, Hdf5Serializer, de, file, ser};

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
    access: Access,
    rules: Rules,
    watch: Watch,
}

impl Default for WriteOptions {
    fn default() -> Self {
        let (access, rules, watch) = Default::default();
        Self { sync: true, overwrite: false, access, rules, watch }
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
        self.watch = Watch::new(tell);
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
    pub fn to_group<T: ?Sized + Serialize>(&self, value: &T, group: &hdf5::Group) -> Result<()> {
        self.put(&Erased(value), group)
    }

    /// As [`write`](crate::write()). Paths begin at the value: the name is no step.
    ///
    /// # Errors
    /// As [`write`](crate::write()).
    pub fn write<T: ?Sized + Serialize>(&self, group: &hdf5::Group, name: &str, value: &T) -> Result<()> {
        self.put_named(&Erased(value), group, name)
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
    fn put(&self, value: &dyn Item, group: &hdf5::Group) -> Result<()> {
        self.watch.during(|run| {
            Limits::while_writing(|| {
                let route = self.rules.route(|| group.name());
                Hdf5Serializer::with(group, route, self.overwrite, run).put(value)
            })
        })
    }

    fn put_named(&self, value: &dyn Item, group: &hdf5::Group, name: &str) -> Result<()> {
        let route = self.rules.route(|| path_of(&group.name(), name));
        let write = |group: &Group| ser::write_named(value, group, name, &route, self.overwrite);
        self.watch.during(|run| Limits::while_writing(|| write(&Group::of(group)?.begun(run))))
    }

    fn put_at(&self, value: &dyn Item, path: &Path, name: &str) -> Result<()> {
        let route = self.rules.route(|| name.to_owned());
        let write = |group: &Group| ser::write_named(value, group, name, &route, self.overwrite);
        file::write_at(write, path, self.sync, self.access, &self.watch)
    }

    fn put_in_file(&self, value: &dyn Item, path: &Path) -> Result<()> {
        file::to_file(value, path, self.sync, self.access, &self.rules.route(String::new), &self.watch)
    }

    fn put_in_memory(&self, value: &dyn Item) -> Result<Vec<u8>> {
        file::to_vec(value, self.access, &self.rules.route(String::new), &self.watch)
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

    /// The first option that says how a group or file is written as a whole, if one was given.
    pub(crate) fn of_whole(&self) -> Option<&'static str> {
        let default = Access::default();
        match self.access {
            _ if self.overwrite => Some("overwrite"),
            Access { libver, .. } if libver != default.libver => Some("libver"),
            Access { locking, .. } if locking != default.locking => Some("file_locking"),
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
}

/// How values are read. See [`WriteOptions`] for an example, and for [what paths are](WriteOptions#paths).
///
/// # Limits
///
/// Files may come from strangers. So there are limits, which a file that someone made for use does not meet: on the
/// [depth](Self::max_depth), on [all data](Self::max_bytes), on data that is not [stored](Self::max_expansion) or counts
/// [more than once](Self::max_unstored), on [further links](Self::max_repeats), on [elements that hold nothing](Self::max_units).
/// And what has other files read, or code loaded, is refused: [external links](Self::allow_external_links),
/// [external storage](Self::allow_external_storage), [virtual datasets](Self::allow_virtual_datasets), and
/// [plugins](Self::allow_plugins). The error names the option.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ReadOptions {
    access: Access,
    limits: Limits,
    rules: Rules,
    watch: Watch,
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

    /// Does not read the fields, and the entries of maps, at these [paths](WriteOptions#paths): they are not even opened. A
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

    /// Reads no fields, and entries of maps, but those at these [paths](WriteOptions#paths), with all in them, and what leads
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

    /// Takes [paths](WriteOptions#paths) that lead nowhere: as for [writing](WriteOptions::lenient).
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
        self.limits.depth = levels;
        self
    }

    /// How many bytes of data, as it is in memory, one call may read. Unless this says otherwise it is as many as the machine
    /// has memory, where that is known (on Linux). Each dataset counts as a whole before anything of it is read, and what
    /// is read more than once counts each time.
    ///
    /// What is made of the data can be larger: a `String` takes 24 bytes beside its text.
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
        self.limits.bytes = bytes;
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
        self.limits.expansion = times;
        self
    }

    /// How many bytes one call may read that are not stored, or that it met before by another link, beside four times the
    /// size of the file: 128 MiB, unless this says otherwise. A dataset that claims more than half of it has to have it in
    /// the file, within [`max_expansion`](Self::max_expansion); no attribute may. Twice as many bytes, beside sixteen times
    /// the size of the file, may be taken from the heaps that have strings of variable length.
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
        self.limits.unstored = bytes;
        self
    }

    /// How many groups and datasets one call may meet again by further links: 100,000, unless this says otherwise. A few
    /// groups of a few links to the next can lead to more than anyone can read.
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
        self.limits.again = objects;
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
        self.limits.units = elements;
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

    /// Whether what cannot be read is null (`()`, `None`) to types that take anything, such as
    /// [`Value`](crate::Value) and `serde_json::Value`. It is an error unless this says so. This covers
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

    /// Has a closure told how far a call is: at most every 5 milliseconds, and at the end. It answers `()`, or a
    /// [`ControlFlow`](std::ops::ControlFlow), and `Break` cancels the call: as for
    /// [writing](WriteOptions::progress), where more is said of it. Nothing of the value is left then.
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
        self.watch = Watch::new(tell);
        self
    }

    /// As [`from_group`](crate::from_group).
    ///
    /// # Errors
    /// As [`from_group`](crate::from_group).
    pub fn from_group<T: DeserializeOwned>(&self, group: &hdf5::Group) -> Result<T> {
        made(|value| self.read_group(group, value))
    }

    fn read_group(&self, group: &hdf5::Group, value: &mut dyn Make) -> Result<()> {
        self.during(group, |group, route| de::from_root(group, route, value))
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
    pub fn deserializer<'a>(&self, group: &'a hdf5::Group) -> Hdf5Deserializer<'a> {
        Hdf5Deserializer::with(group, self)
    }

    /// As [`read`](crate::read).
    ///
    /// # Errors
    /// As [`read`](crate::read).
    pub fn read<T: DeserializeOwned>(&self, group: &hdf5::Group, name: &str) -> Result<T> {
        made(|value| self.read_child(group, name, value))
    }

    fn read_child(&self, group: &hdf5::Group, name: &str, value: &mut dyn Make) -> Result<()> {
        let read = |group: &Group, route: &Route| de::read_named(group, name, route, value);
        self.during_at(group, || path_of(&group.name(), name), read)
    }

    /// As [`from_file`](crate::from_file).
    ///
    /// # Errors
    /// As [`from_file`](crate::from_file).
    pub fn from_file<T: DeserializeOwned>(&self, path: impl AsRef<Path>) -> Result<T> {
        made(|value| self.read_file(path.as_ref(), value))
    }

    fn read_file(&self, path: &Path, value: &mut dyn Make) -> Result<()> {
        let route = self.rules.route(String::new);
        self.limits.during(|| file::from_file(path, self.access, &route, &self.watch, value))
    }

    /// As [`read_at`](crate::read_at).
    ///
    /// # Errors
    /// As [`read_at`](crate::read_at).
    pub fn read_at<T: DeserializeOwned>(&self, path: impl AsRef<Path>, name: &str) -> Result<T> {
        made(|value| self.read_path(path.as_ref(), name, value))
    }

    fn read_path(&self, path: &Path, name: &str, value: &mut dyn Make) -> Result<()> {
        let route = self.rules.route(|| name.to_owned());
        self.limits.during(|| file::read_at(path, name, self.access, &route, &self.watch, value))
    }

    /// As [`from_slice`](crate::from_slice).
    ///
    /// # Errors
    /// As [`from_slice`](crate::from_slice).
    pub fn from_slice<T: DeserializeOwned>(&self, image: &[u8]) -> Result<T> {
        made(|value| self.read_image(image, value))
    }

    fn read_image(&self, image: &[u8], value: &mut dyn Make) -> Result<()> {
        let route = self.rules.route(String::new);
        self.limits.during(|| file::from_slice(image, &route, &self.watch, value))
    }

    /// Makes a call of `read`, which reads from a group.
    pub(crate) fn during<R>(&self, group: &hdf5::Group, read: impl FnOnce(&Group, &Route) -> Result<R>) -> Result<R> {
        self.during_at(group, || group.name(), read)
    }

    /// The same, where what is read is at the path `base` of the file.
    fn during_at<R>(
        &self,
        group: &hdf5::Group,
        base: impl FnOnce() -> String,
        read: impl FnOnce(&Group, &Route) -> Result<R>,
    ) -> Result<R> {
        let route = self.rules.route(base);
        let read = |group: &Group| read(group, &route);
        self.watch.during(|run| self.limits.during(|| read(&Group::of(group)?.begun(run))))
    }
}
