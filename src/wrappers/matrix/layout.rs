//! What a group says of the matrix in it: its format and its shape, in the words of each that writes such groups.

use std::fmt::Display;

use sprs::CompressedStorage;

use crate::de::OpenObject;
use crate::de::item::{Item, Scalar};
use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::{Attributes, Contents, Group, Number, Object, Shape};
use crate::layout::ENCODING_TYPE;
use crate::layout::foreign::{MATLAB_INDICES, MATLAB_SPARSE};
use crate::layout::sparse::{
    COLUMNS, FORMAT, INDICES, INDPTR, OLD_FORMAT, OLD_SHAPE, ROWS, SHAPE, STORAGE, SparseFormat,
};
use crate::layout_attributes::LayoutAttributes;
use crate::ser::write_attributes;

/// Format and shape of a matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) format: SparseFormat,
    pub(super) rows: usize,
    pub(super) cols: usize,
    /// It is MATLAB's, who has other names for the indices, and nothing where there are no entries.
    pub(super) is_matlabs: bool,
}

impl Layout {
    /// The layout that this crate writes.
    pub(super) fn new(format: SparseFormat, (rows, cols): (usize, usize)) -> Self {
        Self { format, rows, cols, is_matlabs: false }
    }

    /// What the indices of a compressed matrix are called, and where those of each row or column begin.
    pub(super) fn names(&self) -> [&'static str; 2] {
        if self.is_matlabs { MATLAB_INDICES } else { [INDICES, INDPTR] }
    }

    /// How it is compressed, if it is.
    pub(super) fn storage(&self) -> Option<CompressedStorage> {
        match self.format {
            SparseFormat::Csr => Some(CompressedStorage::CSR),
            SparseFormat::Csc => Some(CompressedStorage::CSC),
            SparseFormat::Coo => None,
        }
    }

    /// How many rows there are (CSR), or columns (CSC).
    pub(super) fn outer(&self) -> usize {
        if self.format == SparseFormat::Csc { self.cols } else { self.rows }
    }

    /// What the indices are below.
    pub(super) fn inner(&self) -> usize {
        if self.format == SparseFormat::Csc { self.rows } else { self.cols }
    }

    pub(super) fn outer_name(&self) -> &'static str {
        if self.format == SparseFormat::Csc { "columns" } else { "rows" }
    }

    pub(super) fn inner_name(&self) -> &'static str {
        if self.format == SparseFormat::Csc { "rows" } else { "columns" }
    }

    /// The type that the indices of so many entries are stored as: the smaller of scipy's two that holds the shape and the
    /// count. Only a shape beyond them, which scipy does not have, makes them unsigned.
    pub(super) fn index_type(&self, count: usize) -> Number {
        let largest = self.rows.max(self.cols).max(count);
        if i32::try_from(largest).is_ok() {
            Number::I32
        } else if i64::try_from(largest).is_ok() {
            Number::I64
        } else {
            Number::U64
        }
    }

    /// Writes the attributes.
    pub(super) fn write(&self, group: &Group) -> Result<()> {
        write_attributes(group, self.format, [self.rows as u64, self.cols as u64])
    }

    /// What the group says.
    pub(super) fn read(stored: &OpenObject) -> Result<Self> {
        let Object::Group(group) = &stored.object else {
            return Err(Error::wrong_type("a sparse matrix", stored.words()));
        };
        if group.kind()?.is_some() {
            return Err(Error::wrong_type("a sparse matrix", stored.words()));
        }
        if let Some(contents) = group.attribute(MATLAB_SPARSE)? {
            let rows = count(&contents).ok_or_else(|| no_value(MATLAB_SPARSE, "count", &contents))?;
            return Self::of_matlab(stored, rows);
        }
        let mut claims = Claims::default();
        for name in [FORMAT, ENCODING_TYPE, OLD_FORMAT] {
            if let Some(contents) = group.attribute(name)? {
                claims.add_word(name, text(&contents).ok_or_else(|| no_value(name, "string", &contents))?)?;
            }
        }
        for name in [SHAPE, OLD_SHAPE] {
            if let Some(contents) = group.attribute(name)? {
                claims.add_shape(name, pair(&contents).ok_or_else(|| no_value(name, "pair of counts", &contents))?)?;
            }
        }
        for (name, add) in [(ROWS, Claims::add_rows as fn(&mut _, _, _) -> _), (COLUMNS, Claims::add_cols)] {
            if let Some(contents) = group.attribute(name)? {
                add(&mut claims, name, count(&contents).ok_or_else(|| no_value(name, "count", &contents))?)?;
            }
        }
        if let Some(dataset) = stored.child_dataset(SHAPE)? {
            let read = || {
                if *dataset.shape() != Shape::Simple(vec![2]) {
                    return Err(Error::wrong_type("a pair of counts", dataset.words()));
                }
                let (shape, dtype) = (dataset.shape().clone(), dataset.dtype().clone());
                let contents = Contents { shape, dtype, items: dataset.read()? };
                pair(&contents).ok_or_else(|| Error::wrong_type("a pair of counts", contents.words()))
            };
            claims.add_dataset(read().map_err(|error| error.in_link(SHAPE))?)?;
        }
        claims.layout()
    }
}

impl Layout {
    /// That of a matrix of MATLAB's, which has so many rows.
    fn of_matlab(stored: &OpenObject, rows: u64) -> Result<Self> {
        let [_, name] = MATLAB_INDICES;
        let cols = match stored.child_dataset(name)?.as_ref().map(|starts| starts.shape()) {
            Some(Shape::Simple(dims)) if dims.len() == 1 => dims[0].checked_sub(1),
            _ => None,
        };
        let message = || format!("there is no list `{name}`, which a sparse matrix of MATLAB's has");
        let cols = cols.ok_or_else(|| Error::corrupt(message()))?;
        let (rows, cols) = in_memory(rows, cols)?;
        Ok(Self { format: SparseFormat::Csc, rows, cols, is_matlabs: true })
    }
}

/// A shape, if this machine can count so far.
fn in_memory(rows: u64, cols: u64) -> Result<(usize, usize)> {
    match (usize::try_from(rows), usize::try_from(cols)) {
        (Ok(rows), Ok(cols)) => Ok((rows, cols)),
        _ => Err(Error::new(ErrorKind::Limit, format!("the shape ({rows}, {cols}) is beyond this machine"))),
    }
}

/// The error for a format that is not compressed.
#[cold]
pub(super) fn not_compressed(format: SparseFormat) -> Error {
    let found = format!("one in the format {format}: read it as `Triplets`");
    Error::wrong_type("a matrix in the format `csr` or `csc`", found)
}

/// Whether a group is what a matrix of `sprs` becomes that is in no wrapper.
pub(crate) fn is_of_sprs(stored: &OpenObject) -> Result<bool> {
    match &stored.object {
        Object::Group(group) => Ok(group.has_link(STORAGE)? && !group.has_attribute(FORMAT)?),
        Object::Dataset(_) => Ok(false),
    }
}

/// The error for an attribute that is not what it has to be.
#[cold]
fn no_value(name: &str, what: &str, contents: &Contents) -> Error {
    Error::corrupt(format!("the attribute `{name}` is no {what} but {}", contents.words()))
}

/// The items of a small dataset or attribute that has `count`.
fn items(contents: &Contents, count: u64) -> Option<impl Iterator<Item = Item<'_>>> {
    let Contents { shape, dtype, items } = contents;
    let size = dtype.size().max(1);
    let bytes = (shape.count() == Some(count)).then(|| items.bytes())?;
    Some(bytes.chunks_exact(size).map(move |bytes| Item { dtype, bytes, items }))
}

/// The string that it is, alone or as the only one of an array.
fn text(contents: &Contents) -> Option<&str> {
    match items(contents, 1)?.next()?.scalar().ok()? {
        Scalar::Text(text) => Some(text),
        _ => None,
    }
}

/// The count that an item is. MATLAB's numbers are floats, unless someone cares.
fn number(item: Item<'_>) -> Option<u64> {
    match item.scalar().ok()? {
        Scalar::Integer(_, value) => u64::try_from(value).ok(),
        // From 2^53 on, floats stand for more than one integer.
        Scalar::F64(value) if value.fract() == 0.0 && (0.0..9e15).contains(&value) => Some(value as u64),
        _ => None,
    }
}

fn count(contents: &Contents) -> Option<u64> {
    number(items(contents, 1)?.next()?)
}

fn pair(contents: &Contents) -> Option<[u64; 2]> {
    let mut items = items(contents, 2)?;
    Some([number(items.next()?)?, number(items.next()?)?])
}

/// What is said of a matrix, and by what. All of it has to agree.
#[derive(Debug, Default)]
pub(super) struct Claims {
    format: Option<(&'static str, SparseFormat)>,
    rows: Option<(&'static str, u64)>,
    cols: Option<(&'static str, u64)>,
    /// The shape is a dataset.
    by_dataset: bool,
}

/// Takes note of `value`, which has to be what was said before.
fn agree<T: Copy + PartialEq + Display>(
    before: &mut Option<(&'static str, T)>,
    source: &'static str,
    value: T,
    what: &str,
) -> Result<()> {
    match *before {
        Some((other, before)) if before != value => {
            let message = format!("`{other}` says {before}{what}, `{source}` says {value}{what}");
            Err(Error::corrupt(message))
        }
        _ => {
            before.get_or_insert((source, value));
            Ok(())
        }
    }
}

impl Display for SparseFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}`", self.as_str())
    }
}

impl Claims {
    pub(super) fn add_format(&mut self, source: &'static str, format: SparseFormat) -> Result<()> {
        agree(&mut self.format, source, format, "")
    }

    /// Takes note of a format by the word that `source` has for it.
    pub(super) fn add_word(&mut self, source: &'static str, word: &str) -> Result<()> {
        let format = if source == ENCODING_TYPE {
            // AnnData has other groups of the same names.
            SparseFormat::from_encoding(word)
                .ok_or_else(|| Error::wrong_type("a sparse matrix", format!("{word:?} as `{ENCODING_TYPE}`")))?
        } else {
            SparseFormat::from_word(word).ok_or_else(|| {
                let message = format!("the format {word:?} cannot be read: `csr`, `csc` and `coo` can");
                Error::new(ErrorKind::Unsupported, message)
            })?
        };
        self.add_format(source, format)
    }

    pub(super) fn add_rows(&mut self, source: &'static str, rows: u64) -> Result<()> {
        agree(&mut self.rows, source, rows, " rows")
    }

    pub(super) fn add_cols(&mut self, source: &'static str, cols: u64) -> Result<()> {
        agree(&mut self.cols, source, cols, " columns")
    }

    pub(super) fn add_shape(&mut self, source: &'static str, [rows, cols]: [u64; 2]) -> Result<()> {
        self.add_rows(source, rows)?;
        self.add_cols(source, cols)
    }

    /// Takes note of a shape that is a dataset.
    pub(super) fn add_dataset(&mut self, shape: [u64; 2]) -> Result<()> {
        self.by_dataset = true;
        self.add_shape("shape (a dataset)", shape)
    }

    pub(super) fn layout(self) -> Result<Layout> {
        let format = match (self.format, self.by_dataset) {
            (Some((_, format)), _) => format,
            // 10x Genomics does not say, and has columns.
            (None, true) => SparseFormat::Csc,
            (None, false) => {
                let found = format!("a group that names no format, in `{FORMAT}` or `{ENCODING_TYPE}`");
                return Err(Error::wrong_type("a sparse matrix", found));
            }
        };
        let (Some((_, rows)), Some((_, cols))) = (self.rows, self.cols) else {
            let message = format!("the shape of the matrix is missing: `{ROWS}` and `{COLUMNS}`, or `{SHAPE}`");
            return Err(Error::corrupt(message));
        };
        in_memory(rows, cols).map(|shape| Layout::new(format, shape))
    }
}
