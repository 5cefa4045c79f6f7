//! Stored tables read by whole datasets, a range of rows at a time, into memory as columns have it: without serde, and without
//! a look at each element where it is a number.
//!
//! - A [`table`] is opened, and gives out its columns.
//! - [`columns`] reads a stored sequence, [`items`] the items of a dataset that are no plain numbers.

mod columns;
mod items;
mod table;

pub(crate) use table::StoredTable;

use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::limits::{Limit, Limits};
use crate::h5::{Attributes, Dataset, Number, Words};
use crate::layout::{CALENDAR, UNITS};

/// The elements of a part of a stored sequence.
#[derive(Debug)]
pub(crate) enum ColumnData {
    /// Numbers; with dimensions, arrays of such.
    Numbers { number: Number, len: u64, dims: Vec<u64>, values: Words, marks: Marks },
    /// Bools as R has them, some of which are missing.
    Logicals(Vec<Option<bool>>),
    /// Times, as numpy calls them: `datetime64[ns]`.
    Times { name: String, values: Vec<i64> },
    /// Strings or byte strings, one after the other, and where each starts and, last, where the last ends.
    Parts { is_text: bool, is_long: bool, offsets: Vec<u64>, bytes: Vec<u8> },
    /// Byte strings of one length.
    FixedBytes { size: usize, bytes: Vec<u8> },
    /// So many of what is nothing.
    Nulls(u64),
    /// Records, field by field.
    Records { len: u64, fields: Vec<(String, ColumnData)> },
    /// Sequences, end to end.
    Lists { is_long: bool, offsets: Vec<u64>, values: Box<ColumnData> },
    /// Arrays of those dimensions, end to end.
    Arrays { dims: Vec<u64>, len: u64, values: Box<ColumnData> },
    /// Options: true where there is none. The values can be `Nulls`.
    Nullable { mask: Vec<bool>, values: Box<ColumnData> },
    /// Values by their positions among those that there are, negative for none.
    Categorical { number: Number, codes: Words, categories: Box<ColumnData> },
}

/// What attributes of a dataset say of its numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// What they count: `nanoseconds since 1970-01-01`.
    pub(crate) units: Option<String>,
    /// The calendar of the dates that they count from.
    pub(crate) calendar: Option<String>,
    /// What times of a day are counted from.
    pub(crate) since: Option<String>,
    /// The time zone that times are shown in.
    pub(crate) timezone: Option<String>,
    /// Whether they are floats of 16 bits in the file.
    pub(crate) is_half: bool,
}

/// The attribute that says what times of a day are counted from.
pub(crate) const SINCE: &str = "since";
/// The attribute that has the time zone which times are shown in.
pub(crate) const TIMEZONE: &str = "timezone";

impl Marks {
    /// What the attributes of a dataset of such numbers say.
    fn of(dataset: &Dataset, number: Number) -> Result<Self> {
        let is_half = number == Number::F32 && is_half(dataset);
        if dataset.is_bare() || !matches!(number, Number::I32 | Number::I64) {
            return Ok(Self { is_half, ..Self::default() });
        }
        let text = |name| dataset.text_attribute(name);
        let (units, calendar) = (text(UNITS)?, text(CALENDAR)?);
        Ok(Self { units, calendar, since: text(SINCE)?, timezone: text(TIMEZONE)?, is_half })
    }
}

/// Whether a dataset has floats of 16 bits, as IEEE 754 has them.
fn is_half(dataset: &Dataset) -> bool {
    #[cfg(feature = "f16")]
    {
        use hdf5::types::{FloatSize, TypeDescriptor};
        let stored = dataset.user().and_then(|dataset| Ok(dataset.dtype()?.to_descriptor()?));
        matches!(stored, Ok(TypeDescriptor::Float(FloatSize::U2)))
    }
    #[cfg(not(feature = "f16"))]
    {
        let _ = dataset;
        false
    }
}

/// How many bytes more one call may read.
#[derive(Debug)]
struct Charge {
    left: u64,
    most: u64,
}

impl Charge {
    /// What the options say.
    fn new() -> Self {
        let most = Limits::current().max_bytes;
        Self { left: most, most }
    }

    /// Takes note of bytes that are to be had in memory.
    fn take(&mut self, bytes: u64) -> Result<()> {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(self.exceeded()),
        }
    }

    #[cold]
    fn exceeded(&self) -> Error {
        let what = format!("a part of a table that is more than the limit of {} bytes for one call", self.most);
        Limits::exceeded(what, Limit::Bytes)
    }

    /// Refuses what would be too much, before there is room for it.
    fn check(&self, bytes: u64) -> Result<()> {
        if bytes <= self.left { Ok(()) } else { Err(self.exceeded()) }
    }

    /// Takes note of so many items.
    fn take_items(&mut self, count: u64, size: u64) -> Result<()> {
        self.take(count.saturating_mul(size))
    }
}

/// Whether offsets up to `end` are more than 32 bits hold, as the arrays of Arrow that are used most have them.
fn is_long(end: u64) -> bool {
    i32::try_from(end).is_err()
}

/// The error for a column that is none of a table.
#[cold]
fn no_column(what: &str) -> Error {
    let message = format!("{what} is no column of Arrow's: leave the column out, or read it as a `Vec`");
    Error::new(ErrorKind::Unsupported, message)
}
