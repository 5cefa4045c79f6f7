//! What one call makes in memory, by what a file says: counted as it is made, and compared with the limits.
//!
//! A file can say in a few bytes what becomes a great deal: a string that a million elements refer to, bools of which each
//! becomes a value of 32 bytes, arrays in arrays. So whatever is handed to a type that is read counts with what it takes in memory.
//!
//! - What [`made`] tells of may be as much as is stored, and then some: [`MAX_FILES`] times the file, all datasets that it has
//!   stored as they are in memory, and `max_unstored`.
//! - What [`asked`] tells of is what the type that asks says by itself: numbers, and records of such. It is as large as anyone
//!   who asks for it knows.
//!
//! Both are under `max_bytes`. What takes time, and not memory, has a limit of its own: values that are [`handed`] over one by one,
//! each as what its type asks for. The ledger is the thread's, and as each call has its own, it is [kept](Ledger::begin) with that.

use std::cell::Cell;

use crate::ground::error::Result;
use crate::ground::limits::{Limit, Limits};

/// How many times the size of the file may be made of what it holds, beside what the limits allow. A byte that is a record of
/// its own becomes a map of some hundred bytes.
const MAX_FILES: u64 = 512;
/// What an element counts that is handed to someone of whom nothing shows in memory: about as much as a value of any type takes.
const UNSEEN: u64 = 32;
/// What a value counts that is handed over by itself, among as many bytes as a file may become beside what it stores. It is time that
/// this is about: some hundred nanoseconds, so that a small file takes less than a second.
const HANDED: u64 = 64;
/// What a sequence, and a map, have in memory beside what is in them.
const SEQUENCE: u64 = 32;
const MAP: u64 = 256;
/// The key of an entry, and what a map has for each, beside as much room as for further values.
const ENTRY: u64 = 48;
/// One more attribute, field of an element type, or chunk is allowed for each so many bytes of the file: none takes fewer.
const ATTRIBUTE: u64 = 16;
const FIELD: u64 = 16;
const CHUNK: u64 = 8;

/// What a call has made so far.
#[derive(Debug)]
pub(crate) struct Ledger {
    /// What was made beyond what was asked for. Up to `most`, no limit is met; that is 0 where it is to be found out.
    made: Cell<u64>,
    most: Cell<u64>,
    /// All bytes, and the limit on them; 0 where that is to be found out.
    bytes: Cell<u64>,
    most_bytes: Cell<u64>,
    /// Whether what nobody sees counts among them.
    counts_unseen: Cell<bool>,
    /// Values that were handed over one by one, and how many may be; 0 where that is to be found out.
    handed: Cell<u64>,
    most_handed: Cell<u64>,
    /// Bytes of data that is stored.
    stored: Cell<u64>,
    /// The size of the file.
    file: Cell<u64>,
    attributes: Cell<u64>,
    fields: Cell<u64>,
}

thread_local! {
    static LEDGER: Ledger = const { Ledger::new() };
}

impl Default for Ledger {
    fn default() -> Self {
        Self::new()
    }
}

/// A ledger that is the thread's. The one from before is so again when this is dropped.
pub(crate) struct LedgerInForce<'a>(&'a Ledger);

impl Drop for LedgerInForce<'_> {
    fn drop(&mut self) {
        let _ = LEDGER.try_with(|ledger| ledger.swap(self.0));
    }
}

impl Ledger {
    const fn new() -> Self {
        Self {
            made: Cell::new(0),
            most: Cell::new(0),
            bytes: Cell::new(0),
            most_bytes: Cell::new(0),
            counts_unseen: Cell::new(false),
            handed: Cell::new(0),
            most_handed: Cell::new(0),
            stored: Cell::new(0),
            file: Cell::new(0),
            attributes: Cell::new(0),
            fields: Cell::new(0),
        }
    }

    fn swap(&self, other: &Self) {
        let Self {
            made,
            most,
            bytes,
            most_bytes,
            counts_unseen,
            handed,
            most_handed,
            stored,
            file,
            attributes,
            fields,
        } = self;
        made.swap(&other.made);
        most.swap(&other.most);
        bytes.swap(&other.bytes);
        most_bytes.swap(&other.most_bytes);
        counts_unseen.swap(&other.counts_unseen);
        handed.swap(&other.handed);
        most_handed.swap(&other.most_handed);
        stored.swap(&other.stored);
        file.swap(&other.file);
        attributes.swap(&other.attributes);
        fields.swap(&other.fields);
    }

    /// Has this one as the thread's, until what is returned is dropped.
    pub(crate) fn begin(&self) -> LedgerInForce<'_> {
        LEDGER.with(|ledger| ledger.swap(self));
        LedgerInForce(self)
    }

    #[inline]
    fn add(&self, made: u64, bytes: u64) -> Result<()> {
        let (made, bytes) = (self.made.get().saturating_add(made), self.bytes.get().saturating_add(bytes));
        self.made.set(made);
        self.bytes.set(bytes);
        if made <= self.most.get() && bytes <= self.most_bytes.get() { Ok(()) } else { self.look() }
    }

    fn forget_limits(&self) {
        self.most.set(0);
        self.most_bytes.set(0);
        self.most_handed.set(0);
    }

    /// Finds out what the limits are, and whether one is met.
    #[cold]
    #[inline(never)]
    fn look(&self) -> Result<()> {
        let limits = Limits::current();
        if !Limits::is_reading() {
            self.most.set(u64::MAX);
            self.most_bytes.set(u64::MAX);
            return Ok(());
        }
        let beside = limits.max_unstored.saturating_add(self.stored.get());
        self.most.set(self.file.get().saturating_mul(MAX_FILES).saturating_add(beside));
        self.most_bytes.set(limits.max_bytes);
        self.counts_unseen.set(limits.sets_bytes);
        let (made, bytes) = (self.made.get(), self.bytes.get());
        if bytes > limits.max_bytes {
            let what =
                format!("{bytes} bytes of data are more than the limit of {} bytes for one call", limits.max_bytes);
            return Err(Limits::exceeded(what, Limit::Bytes));
        }
        if made > self.most.get() {
            let what = format!("what is stored becomes {made} bytes in memory, far more than the file has");
            return Err(Limits::exceeded(what, Limit::Unstored));
        }
        Ok(())
    }
}

impl Ledger {
    /// The same of the values that were handed over.
    #[cold]
    #[inline(never)]
    fn look_at_handed(&self) -> Result<()> {
        let limits = Limits::current();
        if !Limits::is_reading() {
            self.most_handed.set(u64::MAX);
            return Ok(());
        }
        // Of a file that is written down number by number, each has some bytes.
        let bytes = self.file.get().saturating_mul(2 * MAX_FILES).saturating_add(limits.max_unstored);
        self.most_handed.set(bytes / HANDED);
        let handed = self.handed.get();
        if handed <= bytes / HANDED {
            return Ok(());
        }
        let what = format!("{handed} values that are read one by one are far more than the file has");
        Err(Limits::exceeded(what, Limit::Unstored))
    }
}

/// Takes note of so many values that are handed over one by one, each as what its type asks for.
#[inline]
pub(crate) fn handed(count: u64) -> Result<()> {
    LEDGER.with(|ledger| {
        let handed = ledger.handed.get().saturating_add(count);
        ledger.handed.set(handed);
        if handed <= ledger.most_handed.get() { Ok(()) } else { ledger.look_at_handed() }
    })
}

/// Takes note of so many bytes that are made of what is stored.
#[inline]
pub(crate) fn made(bytes: u64) -> Result<()> {
    LEDGER.with(|ledger| ledger.add(bytes, bytes))
}

/// Takes note of so many bytes that are as many as the type says that asks for them.
#[inline]
pub(crate) fn asked(bytes: u64) -> Result<()> {
    LEDGER.with(|ledger| ledger.add(0, bytes))
}

/// Takes note of elements of which it does not show what becomes of them. Whoever does not say how many bytes there may be is
/// let read as many as are stored: they may be looked at and forgotten.
fn unseen(count: u64) -> Result<()> {
    let bytes = count.saturating_mul(UNSEEN);
    LEDGER.with(|ledger| {
        // Whether they count among all bytes is known when the limits are.
        if ledger.most_bytes.get() == 0 {
            ledger.look()?;
        }
        ledger.add(bytes, if ledger.counts_unseen.get() { bytes } else { 0 })
    })
}

/// Takes note of data that is stored.
pub(crate) fn stored(bytes: u64) {
    LEDGER.with(|ledger| {
        ledger.stored.set(ledger.stored.get().saturating_add(bytes));
        ledger.forget_limits();
    });
}

/// Takes note of the size of a file that is read from.
pub(crate) fn of_file(size: u64) {
    LEDGER.with(|ledger| {
        ledger.file.set(ledger.file.get().max(size));
        ledger.forget_limits();
    });
}

/// The limits are others from now on.
pub(crate) fn limits_changed() {
    // A thread that comes to its end makes nothing any more.
    let _ = LEDGER.try_with(Ledger::forget_limits);
}

/// Whether more was made than the limits allow: whatever is read next would be too much, too.
pub(crate) fn is_full() -> bool {
    made(0).is_err()
        || LEDGER.with(|ledger| ledger.handed.get() > ledger.most_handed.get() && ledger.look_at_handed().is_err())
}

/// What counts of a type whose values are made: what takes note of them is compiled once, not for each type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TypeMade {
    size: u64,
    /// Whether its values may have something elsewhere in memory.
    owns: bool,
}

impl TypeMade {
    pub(crate) const fn of<T>() -> Self {
        Self { size: size_of::<T>() as u64, owns: std::mem::needs_drop::<T>() }
    }

    /// Takes note of `count` elements that become values of this type: what has nothing elsewhere is what was asked for.
    pub(crate) fn elements(self, count: u64) -> Result<()> {
        match self {
            Self { size: 0, .. } => unseen(count),
            Self { size, owns: true } => made(count.saturating_mul(size)),
            Self { size, owns: false } => asked(count.saturating_mul(size)),
        }
    }

    /// Takes note of an entry of a map: of its key, whose text counts apart, and of a value of this type.
    pub(crate) fn entry(self) -> Result<()> {
        made(ENTRY + 2 * self.size)
    }

    /// Takes note of text, or bytes, that become such a value.
    pub(crate) fn text(self, len: usize) -> Result<()> {
        if self.size == 0 || self.owns { made(len as u64) } else { Ok(()) }
    }

    /// Takes note of a sequence that becomes such a value, and of the elements that are foretold, of which it does not show what
    /// they become. All that is in them is refused where it would be too much.
    pub(crate) fn sequence(self, foretold: Foretold) -> Result<()> {
        let Foretold { count, values } = foretold;
        if self.size == 0 {
            if values > 1 {
                check(count.saturating_mul(values), false)?;
            }
            unseen(count.saturating_add(1))
        } else if self.owns {
            if values > 1 {
                check(count.saturating_mul(values), true)?;
            }
            made(count.saturating_mul(UNSEEN).saturating_add(SEQUENCE))
        } else {
            Ok(())
        }
    }

    /// The same of a map.
    pub(crate) fn map(self) -> Result<()> {
        if self.size == 0 || self.owns { made(MAP) } else { Ok(()) }
    }
}

/// Takes note of a string, with its text.
#[inline]
pub(crate) fn string(len: usize) -> Result<()> {
    made((size_of::<String>() + len) as u64)
}

/// What is known of the elements of a long sequence before any is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Foretold {
    /// How many there are.
    pub(crate) count: u64,
    /// How many values each has in it.
    pub(crate) values: u64,
}

/// Refuses so many values where they would be too much. They are counted when they are made.
#[cold]
fn check(count: u64, is_seen: bool) -> Result<()> {
    LEDGER.with(|ledger| {
        let (made, bytes) = (ledger.made.get(), ledger.bytes.get());
        let checked = if is_seen { self::made(count.saturating_mul(UNSEEN)) } else { unseen(count) };
        ledger.made.set(made);
        ledger.bytes.set(bytes);
        checked
    })
}

/// Takes note of attributes that are looked for: they are listed, and each may be read.
pub(crate) fn attributes(count: u64) -> Result<()> {
    LEDGER.with(|ledger| {
        let (most, limit) = (Limits::current().max_attributes, Limit::Attributes);
        count_more(&ledger.attributes, count, most, ledger.file.get() / ATTRIBUTE, "attributes", limit)
    })
}

/// Takes note of the fields of an element type that is looked into.
pub(crate) fn fields(count: u64) -> Result<()> {
    LEDGER.with(|ledger| {
        let (most, limit) = (Limits::current().max_fields, Limit::Fields);
        count_more(&ledger.fields, count, most, ledger.file.get() / FIELD, "fields of element types", limit)
    })
}

/// Counts things of which there are at the most so many, beside those that there is room for in the file.
fn count_more(counted: &Cell<u64>, more: u64, most: u64, beside: u64, what: &str, limit: Limit) -> Result<()> {
    let count = counted.get().saturating_add(more);
    counted.set(count);
    if !Limits::is_reading() || count <= most.saturating_add(beside) {
        return Ok(());
    }
    Err(Limits::exceeded(format!("{count} {what}, which are far more than the file has room for"), limit))
}

/// Refuses a dataset of so many chunks, in a file of that size, as nobody has who stores something in each.
pub(crate) fn check_chunks(count: u64, file_size: impl FnOnce() -> u64) -> Result<()> {
    let most = Limits::current().max_chunks;
    if !Limits::is_reading() || count <= most || count <= most.saturating_add(file_size() / CHUNK) {
        return Ok(());
    }
    let what = format!("a dataset of {count} chunks, which are far more than the file has room for");
    Err(Limits::exceeded(what, Limit::Chunks))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::error::ErrorKind;

    fn limits(max_bytes: u64, max_unstored: u64) -> Limits {
        let mut limits = Limits::default();
        (limits.max_bytes, limits.sets_bytes, limits.max_unstored) = (max_bytes, true, max_unstored);
        limits
    }

    #[track_caller]
    fn is_refused(result: Result<()>, option: &str) {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit);
        assert!(error.to_string().contains(option), "{error}");
    }

    #[test]
    fn what_is_made_is_as_much_as_is_stored_and_some() {
        limits(u64::MAX, 1000).during(|| {
            // What is asked for is no part of that.
            asked(1 << 60).unwrap();
            made(1000).unwrap();
            is_refused(made(1), "`ReadOptions::max_unstored`");
            assert!(is_full());
            stored(500);
            assert!(!is_full());
            made(499).unwrap();
            is_refused(made(1), "max_unstored");
            of_file(10);
            made(10 * MAX_FILES - 1).unwrap();
            is_refused(made(1), "max_unstored");
        });
        // Each call begins anew, and what is not read has no limit.
        limits(u64::MAX, 1000).during(|| made(1000).unwrap());
        made(u64::MAX).unwrap();
        made(u64::MAX).unwrap();
    }

    #[test]
    fn all_bytes_have_a_limit() {
        limits(1000, u64::MAX).during(|| {
            asked(400).unwrap();
            made(600).unwrap();
            is_refused(asked(1), "`ReadOptions::max_bytes`");
        });
        let unseen =
            |limits: Limits| limits.during(|| TypeMade::of::<()>().sequence(Foretold { count: 1000, values: 1 }));
        is_refused(unseen(limits(1000, u64::MAX)), "max_bytes");
        // Where nobody said how many, what is not seen to be kept does not count.
        let by_default = |mut limits: Limits| {
            limits.sets_bytes = false;
            unseen(limits)
        };
        by_default(limits(1000, u64::MAX)).unwrap();
        is_refused(by_default(limits(1000, 1000)), "max_unstored");
    }

    #[test]
    fn values_in_elements_are_refused_and_not_counted() {
        limits(u64::MAX, 10_000).during(|| {
            is_refused(TypeMade::of::<String>().sequence(Foretold { count: 100, values: 10 }), "max_unstored");
            TypeMade::of::<String>().sequence(Foretold { count: 100, values: 2 }).unwrap();
            made(10_000 - 100 * UNSEEN - SEQUENCE).unwrap();
            is_refused(made(1), "max_unstored");
        });
    }

    #[test]
    fn values_one_by_one_have_a_limit() {
        limits(u64::MAX, 100 * HANDED).during(|| {
            (0..100).for_each(|_| handed(1).unwrap());
            assert!(!is_full());
            is_refused(handed(1), "`ReadOptions::max_unstored`");
            assert!(is_full());
            of_file(HANDED);
            assert!(!is_full());
            handed(2 * MAX_FILES - 1).unwrap();
            is_refused(handed(1), "max_unstored");
        });
        limits(u64::MAX, u64::MAX).during(|| handed(u64::MAX >> 8).unwrap());
        // What is not read has no limit.
        handed(u64::MAX).unwrap();
    }

    #[test]
    fn ledgers_are_apart() {
        limits(u64::MAX, 1000).during(|| {
            made(900).unwrap();
            let own = Ledger::default();
            {
                let _own = own.begin();
                made(1000).unwrap();
                is_refused(made(1), "max_unstored");
            }
            made(100).unwrap();
            is_refused(made(1), "max_unstored");
        });
    }

    #[test]
    fn counts() {
        let mut limits = limits(u64::MAX, 0);
        (limits.max_attributes, limits.max_fields, limits.max_chunks) = (10, 10, 10);
        limits.during(|| {
            attributes(10).unwrap();
            is_refused(attributes(1), "`ReadOptions::max_attributes`");
            fields(10).unwrap();
            is_refused(fields(1), "`ReadOptions::max_fields`");
            of_file(160);
            attributes(9).unwrap();
            is_refused(attributes(1), "max_attributes");
            check_chunks(30, || 160).unwrap();
            is_refused(check_chunks(31, || 160), "`ReadOptions::max_chunks`");
        });
    }
}
