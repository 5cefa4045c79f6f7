//! Stored sequences as iterators: see [`Reader`].

use std::iter::FusedIterator;
use std::marker::PhantomData;
use std::ops::{Bound, RangeBounds};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::de::Stream;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::limits::Limits;
use crate::h5::{AsGroup, File, Group};
use crate::options::ReadOptions;

/// Reads a stored sequence element by element, in memory that does not depend on its length.
///
/// The sequence can be any that a `Vec<T>` is read from: what [`Appender`](crate::Appender) or
/// [`write`](crate::write()) stored, or a table or list of someone else's. It is read in windows of some 256 KiB for each of its
/// datasets, two at a time. libhdf5 keeps some chunks of each dataset, too: up to 1 MiB of them in a file that the reader
/// opened, and as many as the file's access list says in another (HDF5 2 keeps 8 MiB, if nothing was said). Whatever was
/// added after it was opened is not seen before [`refresh`](Self::refresh).
///
/// # One way to the elements
///
/// A reader is the one way to get at the elements of `f["a/b"]`, whatever encodes them: a dataset, a table, a group of columns,
/// `offsets` and `values`, a `mask`, variants with their tags, a child for each element.
///
/// | the sequence is | |
/// |---|---|
/// | in a file that the caller opened | [`open`](Self::open) |
/// | in a file by its path | [`open_file`](Self::open_file) |
/// | the same within limits, or in a file that is being written | [`ReadOptions::reader`], [`ReadOptions::reader_file`] |
///
/// | name | sequence |
/// |---|---|
/// | `"steps"` | the child `steps` of the group, or of the root of the file |
/// | `"runs/first/steps"` | the one at this path from there on |
/// | `"/runs/first/steps"` | the one at this path from the root on |
/// | `"/"` | the root's own: the list that [`to_file`](crate::to_file) wrote |
/// | `&group.name()` | the list that `group` itself is, such as [`to_group`](crate::to_group) wrote |
///
/// [`Appender`](crate::Appender#constructors) takes the same names.
///
/// # Cost
///
/// [`nth`](Iterator::nth) and [`get`](Self::get) go to an element without reading those before it; where elements are enums, or of
/// unlike types, the tags of at most 65,536 before it are looked at.
///
/// Tags that are names instead of an HDF5 enum, which only enums of thousands of variants have, are in memory as a whole.
///
/// ```
/// use filebacked::Reader;
///
/// # let directory = tempfile::tempdir()?;
/// # let file = filebacked::hdf5::File::create(directory.path().join("run.h5"))?;
/// filebacked::write(&file, "names", &["Adelie", "Chinstrap", "Gentoo"])?;
/// let mut names = Reader::<String>::open(&file, "names")?;
/// assert_eq!(names.len(), 3);
/// assert_eq!(names.get(2)?, "Gentoo");
/// let lengths: Vec<usize> = names.map(|name| Ok(name?.len())).collect::<filebacked::Result<_>>()?;
/// assert_eq!(lengths, [6, 9, 6]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Reader<T> {
    sequence: Sequence,
    next: u64,
    end: u64,
    elements: PhantomData<fn() -> T>,
}

/// An open sequence, and how it can be opened again.
#[derive(Debug)]
struct Sequence {
    /// None, after it could not be opened again.
    stream: Option<Stream>,
    name: String,
    limits: Limits,
    place: Place,
}

/// What a sequence was opened in.
#[derive(Debug)]
enum Place {
    /// A group of a file that the caller opened.
    Group(Group),
    /// A file of its own, which is closed last.
    File { file: Option<File>, path: PathBuf, options: Box<ReadOptions> },
}

impl Sequence {
    fn in_group(group: &hdf5::Group, name: &str) -> Result<Self> {
        let group = Group::of(group)?;
        let stream = Stream::open(&group, name)?;
        let (name, limits) = (name.to_owned(), stream.limits());
        Ok(Self { stream: Some(stream), name, limits, place: Place::Group(group) })
    }

    fn in_file(path: &Path, name: &str, options: &ReadOptions) -> Result<Self> {
        let (file, stream) = options.open_stream(path, name)?;
        let place = Place::File { file: Some(file), path: path.to_owned(), options: Box::new(options.clone()) };
        let (name, limits) = (name.to_owned(), stream.limits());
        Ok(Self { stream: Some(stream), name, limits, place })
    }

    fn len(&self) -> u64 {
        self.stream.as_ref().map_or(0, Stream::len)
    }

    #[inline]
    fn read<T: DeserializeOwned>(&mut self, index: u64) -> Result<T> {
        match &mut self.stream {
            Some(stream) => stream.read(index),
            None => Err(not_open()),
        }
    }

    /// Opens it again, as it is by now.
    fn refresh(&mut self) -> Result<()> {
        match &mut self.place {
            Place::Group(group) => {
                // Of what is open twice, libhdf5 keeps what it knew before.
                self.stream = None;
                self.stream = Some(self.limits.during(|| Stream::open_anew(group, &self.name))?);
            }
            Place::File { file, path, options } => {
                // What libhdf5 knows of a file it knows as long as that is open.
                let before = match &self.stream {
                    Some(stream) => Some(stream.file().number()?),
                    None => None,
                };
                (self.stream, *file) = (None, None);
                let (opened, stream) = options.open_stream(path, &self.name)?;
                let now = stream.file();
                if before == Some(now.number()?) && !now.is_swmr_reader()? && !now.is_writable()? {
                    let message = "the file is open elsewhere in this process, so libhdf5 does not read it anew: let go of the other \
                                   reader, `Lazy` or `hdf5::File` first";
                    return Err(Error::new(ErrorKind::Unsupported, message));
                }
                (self.stream, *file) = (Some(stream), Some(opened));
            }
        }
        Ok(())
    }
}

#[cold]
fn not_open() -> Error {
    Error::new(ErrorKind::Gone, "the sequence could not be opened again by `Reader::refresh`, and is not open any more")
}

impl<T: DeserializeOwned> Reader<T> {
    fn new(sequence: Sequence) -> Self {
        let end = sequence.len();
        Self { sequence, next: 0, end, elements: PhantomData }
    }

    pub(crate) fn open_with(options: &ReadOptions, group: &hdf5::Group, name: &str) -> Result<Self> {
        options.within_limits(|| Sequence::in_group(group, name)).map(Self::new)
    }

    pub(crate) fn open_file_with(options: &ReadOptions, path: &Path, name: &str) -> Result<Self> {
        Sequence::in_file(path, name, options).map(Self::new)
    }

    /// Opens the sequence at `name` in `group`: see [what names are](Self#one-way-to-the-elements).
    ///
    /// # Errors
    /// If there is none, or if what is there is no sequence.
    ///
    /// ```
    /// # let directory = tempfile::tempdir()?;
    /// let file = filebacked::hdf5::File::create(directory.path().join("run.h5"))?;
    /// let group = file.create_group("runs/first")?;
    /// filebacked::to_group(&["a", "bc"], &group)?;
    /// for name in ["runs/first", "/runs/first", &group.name()] {
    ///     let mut words = filebacked::Reader::<String>::open(&file, name)?;
    ///     assert_eq!(words.get(1)?, "bc");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(group: impl AsGroup, name: &str) -> Result<Self> {
        Sequence::in_group(group.as_group(), name).map(Self::new)
    }

    /// Opens the sequence at `name` in a file: `/` is the list that the whole file is.
    ///
    /// # Errors
    /// If the file cannot be opened; as [`open`](Self::open).
    ///
    /// ```
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("list.h5");
    /// filebacked::to_file(&path, &[(1, "one"), (2, "two")])?;
    /// let mut pairs = filebacked::Reader::<(u32, String)>::open_file(&path, "/")?;
    /// assert_eq!(pairs.get(1)?, (2, "two".to_owned()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// ```
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("run.h5");
    /// filebacked::to_file(&path, &std::collections::BTreeMap::from([("steps", vec![1, 2, 3])]))?;
    /// let steps = filebacked::Reader::<i32>::open_file(&path, "steps")?;
    /// assert_eq!(steps.map(|step| step.unwrap()).sum::<i32>(), 6);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_file(path: impl AsRef<Path>, name: &str) -> Result<Self> {
        Self::open_file_with(&ReadOptions::new(), path.as_ref(), name)
    }

    /// Looks how long the sequence is by now, and returns that. The iterator goes on with what came.
    ///
    /// So a reader follows a file that another program writes:
    ///
    /// - one that is written in HDF5's single-writer/multiple-reader mode, by h5py or by an
    ///   [`Appender`](crate::WriteOptions::swmr): open it by [`ReadOptions::swmr`], or by `hdf5::File::open_as` with
    ///   `ReadSWMR`;
    /// - a file of an appender's own ([`Appender::create_file`](crate::Appender::create_file)), which is whole at all times: the
    ///   reader opens the file anew, and finds what was flushed;
    /// - a file that this process writes.
    ///
    /// # Errors
    /// As when it was opened; if the sequence is shorter than what was read of it. Where the file could not be opened again, all
    /// that is asked of the reader is an error from then on, until a refresh succeeds.
    ///
    /// ```
    /// use filebacked::{Appender, Reader};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// let file = filebacked::hdf5::File::create(directory.path().join("run.h5"))?;
    /// let mut log = Appender::create(&file, "log")?;
    /// log.push("started")?;
    /// log.flush()?;
    /// let mut lines = Reader::<String>::open(&file, "log")?;
    /// assert_eq!(lines.by_ref().collect::<filebacked::Result<Vec<_>>>()?, ["started"]);
    ///
    /// log.push("half of it is done")?;
    /// log.flush()?;
    /// assert_eq!(lines.refresh()?, 2);
    /// assert_eq!(lines.by_ref().collect::<filebacked::Result<Vec<_>>>()?, ["half of it is done"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn refresh(&mut self) -> Result<u64> {
        self.sequence.refresh()?;
        let len = self.sequence.len();
        if self.next > len {
            self.end = self.next;
            let message = format!("the sequence has {len} elements by now, and {} were read", self.next);
            return Err(Error::new(ErrorKind::Gone, message));
        }
        self.end = len;
        Ok(len)
    }

    /// The number of elements of the sequence, however many of them were read.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.sequence.len()
    }

    /// Whether the sequence has no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads the element at `index`. The iterator stays where it is.
    ///
    /// # Errors
    /// If there is no such element, or if it does not fit `T`.
    pub fn get(&mut self, index: u64) -> Result<T> {
        let len = self.sequence.stream.as_ref().ok_or_else(not_open)?.len();
        if index >= len {
            let message = format!("there is no element {index}: the sequence has {len}");
            return Err(Error::new(ErrorKind::NotFound, message));
        }
        self.sequence.read(index)
    }

    /// The elements of a part of the sequence, which ends where the sequence does if that is earlier.
    ///
    /// ```
    /// # let directory = tempfile::tempdir()?;
    /// # let file = filebacked::hdf5::File::create(directory.path().join("run.h5"))?;
    /// filebacked::write(&file, "squares", &[0, 1, 4, 9, 16])?;
    /// let mut squares = filebacked::Reader::<i32>::open(&file, "squares")?;
    /// assert_eq!(squares.range(2..4).collect::<filebacked::Result<Vec<_>>>()?, [4, 9]);
    /// assert_eq!(squares.range(4..).count(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn range(&mut self, range: impl RangeBounds<u64>) -> Range<'_, T> {
        let (next, end) = bounds(&range, self.len());
        Range { reader: self, next, end }
    }
}

/// Where a range of so many elements begins and ends: both within them.
pub(crate) fn bounds(range: &impl RangeBounds<u64>, len: u64) -> (u64, u64) {
    let start = match range.start_bound() {
        Bound::Included(start) => *start,
        Bound::Excluded(before) => before.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(last) => last.saturating_add(1),
        Bound::Excluded(end) => *end,
        Bound::Unbounded => len,
    };
    let start = start.min(len);
    (start, end.min(len).max(start))
}

/// What both iterators do, of which the next element and the end are given.
macro_rules! iterator {
    ($self:ident, $sequence:expr) => {
        type Item = Result<T>;

        #[inline]
        fn next(&mut $self) -> Option<Result<T>> {
            if $self.next >= $self.end {
                return None;
            }
            let index = $self.next;
            $self.next += 1;
            Some($sequence.read(index))
        }

        fn nth(&mut $self, count: usize) -> Option<Result<T>> {
            $self.next = $self.next.saturating_add(count as u64).min($self.end);
            $self.next()
        }

        fn size_hint(&$self) -> (usize, Option<usize>) {
            let left = usize::try_from($self.end.saturating_sub($self.next)).ok();
            (left.unwrap_or(usize::MAX), left)
        }

        /// Counts without reading.
        fn count($self) -> usize {
            $self.size_hint().0
        }
    };
}

/// After an error, the next element is read as if there had been none.
impl<T: DeserializeOwned> Iterator for Reader<T> {
    iterator!(self, self.sequence);
}

impl<T: DeserializeOwned> FusedIterator for Reader<T> {}

/// The elements of a part of a sequence: see [`Reader::range`].
#[derive(Debug)]
pub struct Range<'a, T> {
    reader: &'a mut Reader<T>,
    next: u64,
    end: u64,
}

impl<T: DeserializeOwned> Iterator for Range<'_, T> {
    iterator!(self, self.reader.sequence);
}

/// All that is left is known to be there, on a machine that can count it.
#[cfg(target_pointer_width = "64")]
impl<T: DeserializeOwned> ExactSizeIterator for Range<'_, T> {}

impl<T: DeserializeOwned> FusedIterator for Range<'_, T> {}

/// A reader can go to another thread.
const _: () = {
    const fn is_send<T: Send>() {}
    is_send::<Reader<()>>();
};
