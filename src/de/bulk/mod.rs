//! Stored tables read by whole datasets, a range of rows at a time, into memory as columns have it: without serde, and without
//! a look at each element where it is a number.
//!
//! - A [`table`] is opened, and gives out its columns.
//! - [`columns`] reads a stored sequence, [`items`] the items of a dataset that are no plain numbers.

mod columns;
mod items;
mod table;

pub(crate) use table::StoredTable;

use std::any::Any;
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::ground::depth::Depth;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::ledger;
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
    Categorical { number: Number, codes: Words, categories: SharedColumn },
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

/// Values that are read once, and shared by all parts of a column.
#[derive(Clone)]
pub(crate) struct SharedColumn(Arc<SharedParts>);

struct SharedParts {
    data: Mutex<Option<ColumnData>>,
    made: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl fmt::Debug for SharedColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedColumn")
    }
}

/// Nothing of it is left half done.
impl UnwindSafe for SharedColumn {}
impl RefUnwindSafe for SharedColumn {}

impl SharedColumn {
    fn new(data: ColumnData) -> Self {
        Self(Arc::new(SharedParts { data: Mutex::new(Some(data)), made: OnceLock::new() }))
    }

    /// What is made of them: once, for whoever asks first.
    pub(crate) fn made<T: Any + Clone + Send + Sync>(&self, make: impl FnOnce(ColumnData) -> Result<T>) -> Result<T> {
        let mut data = self.0.data.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = self.0.made.get().and_then(|made| made.downcast_ref::<T>()) {
            return Ok(made.clone());
        }
        let made = make(data.take().ok_or_else(|| Error::corrupt("values that could not be read"))?)?;
        // Nobody else sets it as long as the data is locked.
        drop(self.0.made.set(Box::new(made.clone())));
        Ok(made)
    }

    /// Whether they are there, and not what somebody failed to make something of.
    fn is_good(&self) -> bool {
        self.0.made.get().is_some() || self.0.data.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}

/// Takes note of what a call has in memory.
#[derive(Debug)]
struct Charge {
    /// How deep what is read is within the table.
    depth: Depth,
    /// Whether it is from a heap: what is there can be referred to any number of times.
    is_elsewhere: bool,
}

impl Charge {
    fn new() -> Self {
        Self { depth: Depth::of_reading(), is_elsewhere: false }
    }

    /// Takes note of bytes that are to be had in memory.
    fn take(&mut self, bytes: u64) -> Result<()> {
        if self.is_elsewhere { ledger::made(bytes) } else { ledger::asked(bytes) }
    }

    /// Takes note of so many items.
    fn take_items(&mut self, count: u64, size: u64) -> Result<()> {
        self.take(count.saturating_mul(size))
    }

    /// Does something one level deeper.
    fn deeper<R>(&mut self, inside: impl FnOnce(&mut Self) -> Result<R>) -> Result<R> {
        let outer = self.depth;
        self.depth = outer.in_sequence()?;
        let done = inside(self);
        self.depth = outer;
        done
    }

    /// Does something with what is in a heap.
    fn elsewhere<R>(&mut self, inside: impl FnOnce(&mut Self) -> Result<R>) -> Result<R> {
        let outer = std::mem::replace(&mut self.is_elsewhere, true);
        let done = inside(self);
        self.is_elsewhere = outer;
        done
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
