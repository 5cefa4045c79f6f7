//! Sequences that grow while a program runs: see [`Appender`].

use std::borrow::Borrow;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::{AsGroup, File};
use crate::layout::path_rules::RulePosition;
use crate::options::WriteOptions;
use crate::ser::Growth;

/// Adds records to a stored sequence, one after the other.
///
/// What it lays out reads back as a `Vec<T>`, and streams from a [`Reader`](crate::Reader). It takes some megabytes of
/// memory, however long the sequence is; records that are larger take their own size twice, too.
///
/// # Constructors
///
/// | the sequence | is new | is there | is there or not |
/// |---|---|---|---|
/// | in a file that the caller opened | [`create`](Self::create) | [`open`](Self::open) | [`open_or_create`](Self::open_or_create) |
/// | in a file of the appender's own | [`create_file`](Self::create_file) | [`open_file`](Self::open_file) | [`open_or_create_file`](Self::open_or_create_file) |
///
/// [`WriteOptions`] has each of them, as [`create_appender`](WriteOptions::create_appender),
/// [`create_appender_file`](WriteOptions::create_appender_file) and so on. [`Reader::open`](crate::Reader::open) and
/// [`Reader::open_file`](crate::Reader::open_file) take the same arguments: a group or the path of a file, and a name.
///
/// | name | sequence |
/// |---|---|
/// | `"steps"` | the child `steps` of the group, or of the root of the file |
/// | `"runs/first/steps"` | the one at this path from there on; a new one gets the groups on the way |
/// | `"/runs/first/steps"` | the one at this path from the root on |
/// | `"/"` | the root's own: what [`to_file`](crate::to_file) makes of a list, and [`from_file`](crate::from_file) reads as one |
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
/// - A file of the appender's own ([`create_file`](Self::create_file), [`open_file`](Self::open_file),
///   [`open_or_create_file`](Self::open_or_create_file)) holds all that was flushed, whenever the program is killed, and any HDF5 program opens it as it is. This needs a Unix system, and
///   libhdf5 1.14 or later, as is bundled; elsewhere it is as in the next case. After a crash of the machine, not of
///   the program, the disk may have part of what came after the last flush, in any order.
///   Other appenders are kept from such a file while it is open (on Linux), and readers are not.
/// - In a group of a file that the caller opened, libhdf5 writes its own pages when it likes, and uses room again that became
///   free. A program that is killed just then can leave a file that does not open, or one in which a compressed chunk that
///   was flushed before it was full holds something else. Between `flush` and the next `push` nothing is written.
///
/// - In a file that others read meanwhile by means of libhdf5 ([`WriteOptions::swmr`]), libhdf5 writes in an order in which they find
///   what was flushed. A program that is killed leaves the file [marked](WriteOptions::clear_status_flags).
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
/// An option that cannot be meant is an error that says so ([`Unsupported`](crate::ErrorKind::Unsupported)): `overwrite`, `libver`,
/// `file_locking`, `above` (such datasets are always in chunks), `strings` but for `Packed`, `records(Table)` and `maps(Columns)`. Whether a
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
    sequence: GrowingSequence,
    sync: bool,
    finished: bool,
    records: PhantomData<fn(&T)>,
}

/// A sequence that grows, and the file that it is in, if that is the appender's own.
#[derive(Debug)]
pub(crate) struct GrowingSequence {
    /// None, where the file could not be opened again.
    growth: Option<Growth>,
    /// How many records there were then.
    count: u64,
    /// It is closed last.
    file: Option<File>,
    swmr: Option<Box<Swmr>>,
}

/// How a file is opened again, so that others can read it while it is written.
#[derive(Debug)]
pub(crate) struct Swmr {
    pub(crate) path: PathBuf,
    pub(crate) name: String,
    pub(crate) rules: RulePosition,
    /// Whether they can read it.
    pub(crate) has_begun: bool,
}

impl GrowingSequence {
    pub(crate) fn in_file(growth: Growth, file: File) -> Self {
        Self { growth: Some(growth), count: 0, file: Some(file), swmr: None }
    }

    /// One in a file that others are to read meanwhile. If there are records in it, they can from now on.
    pub(crate) fn in_swmr_file(growth: Growth, file: File, swmr: Swmr) -> Result<Self> {
        let mut sequence = Self { growth: Some(growth), count: 0, file: Some(file), swmr: Some(Box::new(swmr)) };
        sequence.begin_swmr(false)?;
        Ok(sequence)
    }

    #[inline]
    fn growth(&mut self) -> Result<&mut Growth> {
        self.growth.as_mut().ok_or_else(not_open)
    }

    fn len(&self) -> u64 {
        self.growth.as_ref().map_or(self.count, Growth::len)
    }

    fn flush(&mut self, sync: bool) -> Result<()> {
        self.growth()?.flush(sync)?;
        self.begin_swmr(sync)
    }

    fn finish(&mut self, sync: bool) -> Result<()> {
        self.growth()?.finish(sync)
    }

    /// Lets others read the file from now on, if it was opened for that and its records have fixed the form of all later ones.
    fn begin_swmr(&mut self, sync: bool) -> Result<()> {
        let is_due = self.swmr.as_ref().is_some_and(|swmr| !swmr.has_begun) && self.growth()?.is_settled();
        if !is_due {
            return Ok(());
        }
        let (Some(growth), Some(file), Some(swmr)) = (&mut self.growth, &self.file, &mut self.swmr) else {
            return Ok(());
        };
        growth.finish(sync)?;
        self.count = growth.len();
        // Nothing may be open in the file then.
        self.growth = None;
        let begun = file.start_swmr();
        self.growth = Some(Growth::open(&file.root()?, &swmr.name, &swmr.rules)?);
        swmr.has_begun = begun.is_ok();
        begun.map_err(|error| error.in_file(&swmr.path.display().to_string()))
    }
}

#[cold]
fn not_open() -> Error {
    Error::new(ErrorKind::Gone, "the file could not be opened again for others to read it: open the sequence anew")
}

impl<T: ?Sized + Serialize> Appender<T> {
    pub(crate) fn new(growth: Growth, sync: bool) -> Self {
        Self::of(GrowingSequence { growth: Some(growth), count: 0, file: None, swmr: None }, sync)
    }

    pub(crate) fn of(sequence: GrowingSequence, sync: bool) -> Self {
        Self { sequence, sync, finished: false, records: PhantomData }
    }

    /// Begins a new sequence at `name` in `group`: see [what names are](Self#constructors).
    ///
    /// # Errors
    /// If the name is taken, or, for `/`, if there is something in the root; if libhdf5 fails.
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
    pub fn create(group: impl AsGroup, name: &str) -> Result<Self> {
        WriteOptions::new().create_appender(group, name)
    }

    /// Goes on with the sequence at `name` in `group`: one that was appended to, or any other whose datasets are chunked and
    /// without end, such as h5py's with `maxshape=(None,)`.
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
    pub fn open(group: impl AsGroup, name: &str) -> Result<Self> {
        WriteOptions::new().open_appender(group, name)
    }

    /// Goes on with the sequence at `name` in `group`, or begins it, where there is nothing of that name.
    ///
    /// # Errors
    /// If what is there cannot grow, or if libhdf5 fails.
    ///
    /// ```
    /// # let directory = tempfile::tempdir()?;
    /// let file = filebacked::hdf5::File::create(directory.path().join("run.h5"))?;
    /// for run in 0..3 {
    ///     let mut starts = filebacked::Appender::open_or_create(&file, "runs/starts")?;
    ///     starts.push(&f64::from(run))?;
    ///     starts.finish()?;
    /// }
    /// assert_eq!(filebacked::read::<Vec<f64>>(&file, "runs/starts")?, [0.0, 1.0, 2.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_or_create(group: impl AsGroup, name: &str) -> Result<Self> {
        WriteOptions::new().open_or_create_appender(group, name)
    }

    /// Makes a new file for a new sequence at `name`: it is safe from a kill at any moment.
    ///
    /// # Errors
    /// If the file is there already, or cannot be made.
    ///
    /// ```
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("waves.h5");
    /// // The whole file is one list.
    /// let mut waves = filebacked::Appender::create_file(&path, "/")?;
    /// waves.extend((0..1000).map(|step| (f64::from(step) * 1e-2).sin()))?;
    /// waves.finish()?;
    /// assert_eq!(filebacked::from_file::<Vec<f64>>(&path)?.len(), 1000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create_file(path: impl AsRef<Path>, name: &str) -> Result<Self> {
        WriteOptions::new().create_appender_file(path, name)
    }

    /// Goes on with the sequence at `name` in a file: it is safe from a kill at any moment.
    ///
    /// # Errors
    /// If the file or the sequence is not there, if the file is open in another appender, or if the sequence cannot grow.
    ///
    /// ```
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("run.h5");
    /// # filebacked::Appender::create_file(&path, "energies")?.push(&0.5)?;
    /// let mut energies = filebacked::Appender::open_file(&path, "energies")?;
    /// energies.push(&1.5)?;
    /// assert_eq!(energies.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_file(path: impl AsRef<Path>, name: &str) -> Result<Self> {
        WriteOptions::new().open_appender_file(path, name)
    }

    /// Goes on with the sequence at `name` in a file, or begins it, where there is nothing of that name, or no file: for a
    /// program that is started again and again. It is safe from a kill at any moment.
    ///
    /// Two programs may begin one file at once: one of them makes it, and the other one gets the error for a file that is open in
    /// another appender.
    ///
    /// # Errors
    /// If the file is open in another appender, if the sequence cannot grow, or if the file cannot be made.
    ///
    /// ```
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("run.h5");
    /// for start in 0..3 {
    ///     let mut log = filebacked::Appender::open_or_create_file(&path, "log")?;
    ///     log.push(&format!("start {start}"))?;
    ///     log.finish()?;
    /// }
    /// assert_eq!(filebacked::read_at::<Vec<String>>(&path, "log")?, ["start 0", "start 1", "start 2"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_or_create_file(path: impl AsRef<Path>, name: &str) -> Result<Self> {
        WriteOptions::new().open_or_create_appender_file(path, name)
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
        self.sequence.growth()?.push(record)
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
        self.sequence.len()
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
        self.sequence.flush(self.sync)
    }

    /// Flushes, and takes away what datasets have beyond the records, as after a crash.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub fn finish(mut self) -> Result<()> {
        self.finished = true;
        self.sequence.finish(self.sync)
    }
}

impl<T: ?Sized> Drop for Appender<T> {
    fn drop(&mut self) {
        if !self.finished {
            // There is nobody to tell.
            drop(self.sequence.finish(self.sync));
        }
    }
}
