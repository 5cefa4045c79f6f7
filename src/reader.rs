//! Stored sequences as iterators: see [`Reader`].

use std::iter::FusedIterator;
use std::marker::PhantomData;
use std::ops::{Bound, RangeBounds};
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::de::Stream;
use crate::file;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::{AsGroup, File, Group};

/// Reads a stored sequence element by element, in memory that does not depend on its length.
///
/// The sequence can be any that a `Vec<T>` is read from: what [`Appender`](crate::Appender) or
/// [`write`](crate::write()) stored, or a table or list of someone else's. It is read in windows of some 256 KiB for each of its
/// datasets, two at a time. libhdf5 keeps some chunks of each dataset, too: up to 1 MiB of them in a file that the reader
/// opened, and as many as the file's access list says in another (HDF5 2 keeps 8 MiB, if nothing was said). Whatever was
/// added after it was opened is not seen.
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
    stream: Stream,
    next: u64,
    end: u64,
    elements: PhantomData<fn() -> T>,
    /// Its own file, which is closed last.
    _file: Option<File>,
}

impl<T: DeserializeOwned> Reader<T> {
    fn new(stream: Stream, file: Option<File>) -> Self {
        let end = stream.len();
        Self { stream, next: 0, end, elements: PhantomData, _file: file }
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
        Stream::open(&Group::of(group.as_group())?, name).map(|stream| Self::new(stream, None))
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
        let path = path.as_ref();
        let open = || {
            let file = file::open_streamed(path)?;
            let stream = Stream::open(&file.root()?, name)?;
            Ok(Self::new(stream, Some(file)))
        };
        open().map_err(|error: Error| error.in_file(&path.display().to_string()))
    }

    /// The number of elements of the sequence, however many of them were read.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.stream.len()
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
        let len = self.len();
        if index >= len {
            let message = format!("there is no element {index}: the sequence has {len}");
            return Err(Error::new(ErrorKind::NotFound, message));
        }
        self.stream.read(index)
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
        let len = self.len();
        let next = match range.start_bound() {
            Bound::Included(start) => *start,
            Bound::Excluded(before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(last) => last.saturating_add(1),
            Bound::Excluded(end) => *end,
            Bound::Unbounded => len,
        };
        Range { reader: self, next: next.min(len), end: end.min(len) }
    }
}

/// What both iterators do, of which the next element and the end are given.
macro_rules! iterator {
    ($self:ident, $stream:expr) => {
        type Item = Result<T>;

        #[inline]
        fn next(&mut $self) -> Option<Result<T>> {
            if $self.next >= $self.end {
                return None;
            }
            let index = $self.next;
            $self.next += 1;
            Some($stream.read(index))
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
    iterator!(self, self.stream);
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
    iterator!(self, self.reader.stream);
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
