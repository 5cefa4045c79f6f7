//! Sequences that grow while a program runs: see [`Appender`].

use std::borrow::Borrow;
use std::marker::PhantomData;
use std::path::Path;

use serde::Serialize;

use crate::file;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::within::{Within, path_of};
use crate::h5::{File, Group, Writing};
use crate::layout::dataset_options::{DatasetOptions, Records, Strings};
use crate::layout::path_rules::RulePosition;
use crate::options::WriteOptions;
use crate::ser::Growth;

/// Adds records to a stored sequence, one after the other.
///
/// What it lays out reads back as a `Vec<T>`, and streams from a [`Reader`](crate::Reader). It takes some megabytes of
/// memory, however long the sequence is; records that are larger take their own size twice, too.
///
/// # What is stored
///
/// The first records, at most 1024 of them, decide how. From then on a record that is of another form (an integer of
/// another type, an array of another length, a struct with other fields) is refused with an error, and leaves nothing
/// behind. These do fit: variants that come up late, up to 256; values in options that were all `None` before; fields that
/// are left out, or come up late, in records with other than numbers; lists and strings of any length.
///
/// Arrays of [`NdArray`](crate::NdArray) and other types that are an object of their own cannot be appended.
///
/// # What is safe
///
/// After [`flush`](Self::flush), all that was pushed is in the file, and on the disk. `FORMAT.md` says how the file tells
/// what counts. What a program that is killed later leaves depends on how the file was opened:
///
/// - A file of the appender's own ([`create_file`](Self::create_file), [`open_file`](Self::open_file)) holds all that was
///   flushed, whenever the program is killed, and any HDF5 program opens it as it is. This needs a Unix system, and
///   libhdf5 1.14 or later, as is bundled; elsewhere it is as in the next case. After a crash of the machine, not of
///   the program, the disk may have part of what came after the last flush, in any order.
///   Other appenders are kept from such a file while it is open (on Linux), and readers are not.
/// - In a group of a file that the caller opened, libhdf5 writes its own pages when it likes, and uses room again that became
///   free. A program that is killed just then can leave a file that does not open, or one in which a compressed chunk that
///   was flushed before it was full holds something else. Between `flush` and the next `push` nothing is written.
///
/// A program that is killed before [`create_file`](Self::create_file) returns can leave a file that holds nothing and does not
/// open: remove it.
///
/// On a full disk, a call gives an error, and all that was flushed stays readable. Then open the sequence again to go on.
///
/// An appender that is dropped flushes, but has nobody to tell of an error: call [`finish`](Self::finish).
///
/// # Options
///
/// [`WriteOptions::create_appender`] and its like say how the datasets are stored: [`chunk`](WriteOptions::chunk) (a shape
/// whose first length is that of records; without it, the chunks of all datasets together have about 1 MiB),
/// [`deflate`](WriteOptions::deflate), [`lzf`](WriteOptions::lzf) and Blosc, [`shuffle`](WriteOptions::shuffle),
/// [`fletcher32`](WriteOptions::fletcher32), and [`records(Columns)`](WriteOptions::records), for all or
/// [`at`](WriteOptions::at) a path (`*/energy` is the field `energy` of each record); [`skip`](WriteOptions::skip) and
/// [`only`](WriteOptions::only) leave out fields. What is stored already keeps its own chunks and filters; the options are for
/// datasets that come up later, such as those of a variant.
///
/// An option that cannot be meant is an error that says so ([`Unsupported`](ErrorKind::Unsupported)): `overwrite`, `libver`,
/// `file_locking`, `above` (such datasets are always in chunks), `strings` but for `Packed`, and `records(Table)`. Whether a
/// shape of chunks suits is known when the first records are written, by the 1024th at the latest: if not, that is an error,
/// and the appender takes no more.
///
/// Chunks are filtered when they are full. What is flushed before that is in the file unfiltered, and each flush writes all of
/// the last chunks anew: flush where some thousand records came, or choose small chunks. Of each dataset the last chunk is in
/// memory; it may have up to 64 MiB. In a file that was made by other means, or without filters, a chunk that was flushed
/// before it was full stays unfiltered, as nothing in it may move while the program can be killed; and where its last chunk is
/// filtered when an appender opens it, a kill just when that is first written again can cost it.
///
/// ```
/// use filebacked::{Appender, Reader};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, PartialEq, Debug)]
/// struct Step { time: f64, energy: f64, event: Option<String> }
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("run.h5");
/// let mut steps = Appender::create_file(&path, "steps")?;
/// for step in 0..1000 {
///     steps.push(&Step { time: f64::from(step), energy: 0.5, event: None })?;
/// }
/// steps.flush()?;
/// steps.finish()?;
///
/// let mut steps = Reader::<Step>::open_file(&path, "steps")?;
/// assert_eq!(steps.len(), 1000);
/// assert_eq!(steps.get(10)?.time, 10.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Appender<T: ?Sized> {
    growth: Growth,
    sync: bool,
    finished: bool,
    records: PhantomData<fn(&T)>,
    /// Its own file, which is closed last.
    _file: Option<File>,
}

impl<T: ?Sized + Serialize> Appender<T> {
    fn new(growth: Growth, sync: bool, file: Option<File>) -> Self {
        Self { growth, sync, finished: false, records: PhantomData, _file: file }
    }

    /// Begins a new sequence, the child `name` of `group`.
    ///
    /// # Errors
    /// If the name is taken, or if libhdf5 fails.
    ///
    /// ```
    /// # let directory = tempfile::tempdir()?;
    /// let file = filebacked::hdf5::File::create(directory.path().join("run.h5"))?;
    /// let mut energies = filebacked::Appender::<f64>::create(&file, "energies")?;
    /// energies.extend([0.5, 1.5])?;
    /// energies.finish()?;
    /// assert_eq!(filebacked::read::<Vec<f64>>(&file, "energies")?, [0.5, 1.5]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create(group: &hdf5::Group, name: &str) -> Result<Self> {
        WriteOptions::new().create_appender(group, name)
    }

    /// Goes on with the sequence that is the child `name` of `group`: one that was appended to, or any other whose
    /// datasets are chunked and without end, such as h5py's with `maxshape=(None,)`.
    ///
    /// # Errors
    /// If there is none, or if it cannot grow.
    ///
    /// ```
    /// # let directory = tempfile::tempdir()?;
    /// # let file = filebacked::hdf5::File::create(directory.path().join("run.h5"))?;
    /// # filebacked::Appender::create(&file, "energies")?.push(&0.5)?;
    /// let mut energies = filebacked::Appender::<f64>::open(&file, "energies")?;
    /// assert_eq!(energies.len(), 1);
    /// energies.push(&1.5)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(group: &hdf5::Group, name: &str) -> Result<Self> {
        WriteOptions::new().open_appender(group, name)
    }

    /// Makes a new file for a new sequence, the child `name` of its root: it is safe from a kill at any moment.
    ///
    /// # Errors
    /// If the file is there already, or cannot be made.
    pub fn create_file(path: impl AsRef<Path>, name: &str) -> Result<Self> {
        WriteOptions::new().create_appender_file(path, name)
    }

    /// Goes on with the sequence that is the child `name` of a file's root, or begins it, where there is none of that name:
    /// it is safe from a kill at any moment.
    ///
    /// # Errors
    /// If the file is not there or is open in another appender, or if the sequence cannot grow.
    pub fn open_file(path: impl AsRef<Path>, name: &str) -> Result<Self> {
        WriteOptions::new().open_appender_file(path, name)
    }

    /// Whether [`flush`](Self::flush) waits until the disk has what it wrote. It does, unless this says otherwise: then
    /// what is flushed survives a crash of the program, but not one of the machine.
    #[must_use]
    pub fn sync(mut self, sync: bool) -> Self {
        self.sync = sync;
        self
    }

    /// Adds a record. It is in the file after the next [`flush`](Self::flush).
    ///
    /// # Errors
    /// If the record does not fit what is stored, or if its `Serialize` fails: then all is as it was before. If libhdf5
    /// fails to write, this appender takes no more.
    #[inline]
    pub fn push(&mut self, record: &T) -> Result<()> {
        self.growth.push(record)
    }

    /// Adds all records that `records` gives.
    ///
    /// # Errors
    /// As [`push`](Self::push), for the first that fails. Those before it are added.
    pub fn extend<I>(&mut self, records: I) -> Result<()>
    where
        I: IntoIterator<Item: Borrow<T>>,
    {
        records.into_iter().try_for_each(|record| self.push(record.borrow()))
    }

    /// The number of records: those that were there, and those that were added.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.growth.len()
    }

    /// Whether there is no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes all that was added, and waits until the disk has it. Readers find it from now on.
    ///
    /// # Errors
    /// If libhdf5 or the disk fails. What was flushed before is still there.
    pub fn flush(&mut self) -> Result<()> {
        self.growth.flush(self.sync)
    }

    /// Flushes, and takes away what datasets have beyond the records, as after a crash.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub fn finish(mut self) -> Result<()> {
        self.finished = true;
        self.growth.finish(self.sync)
    }
}

impl<T: ?Sized> Drop for Appender<T> {
    fn drop(&mut self) {
        if !self.finished {
            // There is nobody to tell.
            drop(self.growth.finish(self.sync));
        }
    }
}

/// Sequences that grow, stored [as the options say](Appender#options).
impl WriteOptions {
    /// As [`Appender::create`]. Paths begin at the sequence: the name is no step.
    ///
    /// # Errors
    /// As [`Appender::create`]; if an option is not for sequences that grow.
    ///
    /// ```
    /// use filebacked::WriteOptions;
    ///
    /// # let directory = tempfile::tempdir()?;
    /// let file = filebacked::hdf5::File::create(directory.path().join("run.h5"))?;
    /// let options = WriteOptions::new().deflate(4).at("*/1", |d| d.lzf().chunk([4096]));
    /// let mut steps = options.create_appender::<(String, f64)>(&file, "steps")?;
    /// for step in 0..10_000 {
    ///     steps.push(&(format!("step {step}"), f64::from(step)))?;
    /// }
    /// steps.finish()?;
    /// assert_eq!(file.dataset("steps/1")?.chunk(), Some(vec![4096]));
    /// assert_eq!(file.dataset("steps/0/bytes")?.filters(), [filebacked::hdf5::filters::Filter::Deflate(4)]);
    /// assert!(file.dataset("steps/0/bytes")?.storage_size() < 40_000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create_appender<T: ?Sized + Serialize>(&self, group: &hdf5::Group, name: &str) -> Result<Appender<T>> {
        Ok(Appender::new(self.create_growth(group, name)?, self.syncs(), None))
    }

    /// As [`Appender::open`]. What is stored keeps its own chunks and filters.
    ///
    /// # Errors
    /// As [`Appender::open`]; if an option is not for sequences that grow.
    ///
    /// ```
    /// # use filebacked::{Appender, WriteOptions};
    /// # let directory = tempfile::tempdir()?;
    /// # let file = filebacked::hdf5::File::create(directory.path().join("run.h5"))?;
    /// Appender::create(&file, "notes")?.push(&None::<String>)?;
    /// // The notes themselves are yet to come.
    /// let mut notes = WriteOptions::new().lzf().open_appender::<Option<String>>(&file, "notes")?;
    /// notes.push(&Some("at last".to_owned()))?;
    /// notes.finish()?;
    /// assert!(file.dataset("notes/mask")?.filters().is_empty());
    /// assert!(!file.dataset("notes/values/bytes")?.filters().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_appender<T: ?Sized + Serialize>(&self, group: &hdf5::Group, name: &str) -> Result<Appender<T>> {
        Ok(Appender::new(self.open_growth(group, name)?, self.syncs(), None))
    }

    /// As [`Appender::create_file`]. Where chunks are compressed, room that becomes free in the file is not used again, also
    /// later on: HDF5's file space strategy `NONE`.
    ///
    /// # Errors
    /// As [`Appender::create_file`]; if an option is not for sequences that grow.
    ///
    /// ```
    /// # use filebacked::{Reader, WriteOptions};
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("run.h5");
    /// let mut waves = WriteOptions::new().deflate(4).create_appender_file(&path, "waves")?;
    /// waves.extend((0..100_000).map(|step| (f64::from(step) * 1e-3).sin()))?;
    /// waves.finish()?;
    /// assert!(filebacked::hdf5::File::open(&path)?.dataset("waves")?.storage_size() < 700_000);
    /// assert_eq!(Reader::<f64>::open_file(&path, "waves")?.get(1000)?, 1f64.sin());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create_appender_file<T: ?Sized + Serialize>(
        &self,
        path: impl AsRef<Path>,
        name: &str,
    ) -> Result<Appender<T>> {
        let (growth, file) = self.create_growth_file(path.as_ref(), name)?;
        Ok(Appender::new(growth, self.syncs(), Some(file)))
    }

    /// As [`Appender::open_file`]. What is stored keeps its own chunks and filters.
    ///
    /// # Errors
    /// As [`Appender::open_file`]; if an option is not for sequences that grow.
    pub fn open_appender_file<T: ?Sized + Serialize>(&self, path: impl AsRef<Path>, name: &str) -> Result<Appender<T>> {
        let (growth, file) = self.open_growth_file(path.as_ref(), name)?;
        Ok(Appender::new(growth, self.syncs(), Some(file)))
    }
}

/// The same for records of any type.
impl WriteOptions {
    fn create_growth(&self, group: &hdf5::Group, name: &str) -> Result<Growth> {
        let position = self.growing_rules(|| path_of(&group.name(), name))?;
        Growth::create(&Group::of(group)?, name, &position)
    }

    fn open_growth(&self, group: &hdf5::Group, name: &str) -> Result<Growth> {
        let position = self.growing_rules(|| path_of(&group.name(), name))?;
        Growth::open(&Group::of(group)?, name, &position)
    }

    fn create_growth_file(&self, path: &Path, name: &str) -> Result<(Growth, File)> {
        let position = self.growing_rules(|| name.to_owned())?;
        let is_filtered = self.rules().storing().any(|options| options.storing.changes_sizes());
        let create = || {
            let writing = Writing::new_file();
            let _writing = writing.enter();
            let file = File::create_ordered(path, is_filtered).map_err(|error| file::why_not_made(path, error))?;
            let begin = || {
                let growth = Growth::create(&file.root()?, name, &position)?.on_disk(path);
                file.flush()?;
                Ok(growth)
            };
            match begin() {
                Ok(growth) => Ok((growth, file)),
                Err(error) => {
                    drop(file);
                    // It was made just now, and holds nothing.
                    drop(std::fs::remove_file(path));
                    Err(error)
                }
            }
        };
        create().map_err(|error: Error| error.in_file(&path.display().to_string()))
    }

    fn open_growth_file(&self, path: &Path, name: &str) -> Result<(Growth, File)> {
        let position = self.growing_rules(|| name.to_owned())?;
        let open = || {
            let writing = Writing::new_file();
            let _writing = writing.enter();
            let file = File::open_ordered(path).map_err(|error| file::why_not_appended(path, error))?;
            let root = file.root()?;
            let growth = match Within::follow(&root, name)?.is_there()? {
                true => Growth::open(&root, name, &position)?,
                false => Growth::create(&root, name, &position)?,
            };
            file.flush()?;
            Ok((growth.on_disk(path), file))
        };
        open().map_err(|error: Error| error.in_file(&path.display().to_string()))
    }

    /// Where the sequence is, as far as the options care, all of which have to be for sequences that grow.
    fn growing_rules(&self, base: impl FnOnce() -> String) -> Result<RulePosition> {
        let refused = |option: &str, why: &str| {
            Error::new(ErrorKind::Unsupported, format!("`{option}` is not for a sequence that is appended to: {why}"))
        };
        if let Some(option) = self.of_whole() {
            return Err(refused(
                option,
                match option {
                    "overwrite" => "it is begun where nothing is, or gone on with",
                    "libver" => "a file of an appender's own is of the formats that files are without this",
                    _ => "a file of an appender's own keeps other appenders out by itself, and readers may open it",
                },
            ));
        }
        for DatasetOptions { storing, strings, records } in self.rules().storing() {
            if storing.above.is_some() {
                return Err(refused("above", "its datasets are in chunks from the first record on"));
            }
            if strings.is_some_and(|strings| strings != Strings::Packed) {
                return Err(refused("strings", "strings of any length may come, so they are always packed"));
            }
            if *records == Some(Records::Table) {
                let why = "records of fixed size are a table by themselves, and no others can be one that grows";
                return Err(refused("records(Table)", why));
            }
        }
        let position = self.rules().start(base);
        position.check()?;
        Ok(position)
    }
}
