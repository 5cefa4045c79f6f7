//! How sequences that grow are begun, and gone on with.

use std::path::Path;

use serde::Serialize;

use super::WriteOptions;
use crate::appender::{Appender, GrowingSequence, Swmr};
use crate::file;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::within::path_of;
use crate::h5::{AsGroup, File, Group, Writing};
use crate::layout::dataset_options::{DatasetOptions, Maps, Records, Strings};
use crate::layout::path_rules::RulePosition;
use crate::ser::Growth;

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
    pub fn create_appender<T: ?Sized + Serialize>(&self, group: impl AsGroup, name: &str) -> Result<Appender<T>> {
        Ok(Appender::new(self.growth(group.as_group(), name, Begin::New)?, self.syncs()))
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
    pub fn open_appender<T: ?Sized + Serialize>(&self, group: impl AsGroup, name: &str) -> Result<Appender<T>> {
        Ok(Appender::new(self.growth(group.as_group(), name, Begin::There)?, self.syncs()))
    }

    /// As [`Appender::open_or_create`]. What is stored keeps its own chunks and filters.
    ///
    /// # Errors
    /// As [`Appender::open_or_create`]; if an option is not for sequences that grow.
    ///
    /// ```
    /// # let directory = tempfile::tempdir()?;
    /// # let file = filebacked::hdf5::File::create(directory.path().join("run.h5"))?;
    /// let options = filebacked::WriteOptions::new().chunk([100]);
    /// options.open_or_create_appender::<f64>(&file, "energies")?.push(&0.5)?;
    /// options.open_or_create_appender::<f64>(&file, "energies")?.push(&1.5)?;
    /// assert_eq!(file.dataset("energies")?.chunk(), Some(vec![100]));
    /// assert_eq!(file.dataset("energies")?.shape(), [2]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_or_create_appender<T: ?Sized + Serialize>(
        &self,
        group: impl AsGroup,
        name: &str,
    ) -> Result<Appender<T>> {
        Ok(Appender::new(self.growth(group.as_group(), name, Begin::Either)?, self.syncs()))
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
        Ok(Appender::of(self.growth_file(path.as_ref(), name, Begin::New)?, self.syncs()))
    }

    /// As [`Appender::open_file`]. What is stored keeps its own chunks and filters.
    ///
    /// # Errors
    /// As [`Appender::open_file`]; if an option is not for sequences that grow.
    pub fn open_appender_file<T: ?Sized + Serialize>(&self, path: impl AsRef<Path>, name: &str) -> Result<Appender<T>> {
        Ok(Appender::of(self.growth_file(path.as_ref(), name, Begin::There)?, self.syncs()))
    }

    /// As [`Appender::open_or_create_file`]. What is stored keeps its own chunks and filters; a new file is as
    /// [`create_appender_file`](Self::create_appender_file) makes it.
    ///
    /// # Errors
    /// As [`Appender::open_or_create_file`]; if an option is not for sequences that grow.
    ///
    /// ```
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("run.h5");
    /// let options = filebacked::WriteOptions::new().deflate(4);
    /// for _ in 0..2 {
    ///     let mut steps = options.open_or_create_appender_file(&path, "steps")?;
    ///     steps.extend(0..50_000)?;
    ///     steps.finish()?;
    /// }
    /// assert!(filebacked::hdf5::File::open(&path)?.dataset("steps")?.storage_size() < 200_000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_or_create_appender_file<T: ?Sized + Serialize>(
        &self,
        path: impl AsRef<Path>,
        name: &str,
    ) -> Result<Appender<T>> {
        Ok(Appender::of(self.growth_file(path.as_ref(), name, Begin::Either)?, self.syncs()))
    }
}

/// Whether a sequence is to be there when an appender begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begin {
    New,
    There,
    Either,
}

impl Begin {
    /// Makes or opens the sequence. Where there is none, `other` is the constructor that makes one.
    fn growth(self, group: &Group, name: &str, rules: &RulePosition, other: &str) -> Result<Growth> {
        let opened = |error: Error| match error.kind() {
            ErrorKind::NotFound => error.advised(format!("`Appender::{other}` begins a sequence where there is none")),
            _ => error,
        };
        match self {
            Self::New => Growth::create(group, name, rules),
            Self::There => Growth::open(group, name, rules).map_err(opened),
            // No other thread makes it meanwhile.
            Self::Either => hdf5::sync::sync(|| match Growth::is_there(group, name)? {
                true => Growth::open(group, name, rules),
                false => Growth::create(group, name, rules),
            }),
        }
    }
}

/// The same for records of any type.
impl WriteOptions {
    fn growth(&self, group: &hdf5::Group, name: &str, begin: Begin) -> Result<Growth> {
        if self.access().swmr {
            let message = "`swmr` is not for a sequence in a file that the caller opened: `create_appender_file` and its like \
                           open the file so";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let position = self.growing_rules(|| path_of(&group.name(), name))?;
        self.trusting(|| begin.growth(&Group::of(group)?, name, &position, "open_or_create"))
    }

    fn growth_file(&self, path: &Path, name: &str, begin: Begin) -> Result<GrowingSequence> {
        self.trusting(|| self.begun_growth_file(path, name, begin))
    }

    fn begun_growth_file(&self, path: &Path, name: &str, begin: Begin) -> Result<GrowingSequence> {
        let position = self.growing_rules(|| name.to_owned())?;
        let create = || self.create_growth_file(path, name, &position);
        let open = || self.open_growth_file(path, name, &position, begin);
        let begun = match begin {
            Begin::New => create(),
            Begin::There => open(),
            Begin::Either => {
                // Another program may make the file meanwhile, or remove it.
                const MAX_TRIES: usize = 10;
                let mut begun = if path.exists() { open() } else { create() };
                for _ in 1..MAX_TRIES {
                    begun = match begun {
                        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.exists() => open(),
                        Err(error) if error.kind() == ErrorKind::NotFound && !path.exists() => create(),
                        begun => return begun.map_err(|error| error.in_file(&path.display().to_string())),
                    };
                }
                begun
            }
        };
        begun.map_err(|error| error.in_file(&path.display().to_string()))
    }

    fn create_growth_file(&self, path: &Path, name: &str, position: &RulePosition) -> Result<GrowingSequence> {
        let is_filtered = self.rules().storing().any(|options| options.storing.changes_sizes());
        let writing = Writing::new_file();
        let _writing = writing.enter();
        let made = if self.is_swmr() { File::create_for_swmr(path) } else { File::create_ordered(path, is_filtered) };
        let file = made.map_err(|error| file::why_not_made(path, error))?;
        let begin = || {
            let growth = Growth::create(&file.root()?, name, position)?;
            file.flush()?;
            Ok(growth)
        };
        match begin() {
            Ok(growth) => self.sequence_in(path, file, growth, (name, position)),
            Err(error) => {
                // It was made just now, and holds nothing. Where open files can be removed, nobody else can take it meanwhile.
                if cfg!(unix) {
                    drop(std::fs::remove_file(path));
                    drop(file);
                } else {
                    drop(file);
                    drop(std::fs::remove_file(path));
                }
                Err(error)
            }
        }
    }

    fn open_growth_file(
        &self,
        path: &Path,
        name: &str,
        position: &RulePosition,
        begin: Begin,
    ) -> Result<GrowingSequence> {
        let writing = Writing::new_file();
        let _writing = writing.enter();
        let clears_status = self.access().clears_status;
        let opened = match self.is_swmr() {
            true => file::check_swmr(path).and_then(|()| File::open_for_swmr(path, clears_status)),
            false => File::open_ordered(path, clears_status),
        };
        let file = opened.map_err(|error| file::why_not_appended(path, error))?;
        let growth = begin.growth(&file.root()?, name, position, "open_or_create_file")?;
        file.flush()?;
        self.sequence_in(path, file, growth, (name, position))
    }

    fn is_swmr(&self) -> bool {
        self.access().swmr
    }

    /// The sequence that was made or opened in a file of the appender's own.
    fn sequence_in(
        &self,
        path: &Path,
        file: File,
        growth: Growth,
        (name, position): (&str, &RulePosition),
    ) -> Result<GrowingSequence> {
        if !self.is_swmr() {
            return Ok(GrowingSequence::in_file(growth.on_disk(path), file));
        }
        let swmr = Swmr { path: path.to_owned(), name: name.to_owned(), rules: position.clone(), has_begun: false };
        GrowingSequence::in_swmr_file(growth, file, swmr)
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
                    "libver" | "page_size" => {
                        "a file of an appender's own is of the formats that files are without this"
                    }
                    _ => "a file of an appender's own keeps other appenders out by itself, and readers may open it",
                },
            ));
        }
        for DatasetOptions { storing, strings, records, maps } in self.rules().storing() {
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
            if *maps == Some(Maps::Columns) {
                return Err(refused("maps(Columns)", "the maps of its records are stored together in any case"));
            }
        }
        let position = self.rules().start(base);
        position.check()?;
        Ok(position)
    }
}
