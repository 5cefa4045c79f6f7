//! The groups that reading went through to get where it is: what finds links that lead back, and keeps what is read in
//! proportion to what is stored.
//!
//! A few groups that each hold a few links to the next lead to more groups than anyone can read, and a dataset of which
//! nothing was written takes no place in the file. So what is met again through further links counts, with all that is
//! in it, as does data that is not stored. Values that are shared are read once, however many links lead to them; so that
//! counts as if there were one.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::ledger;
use crate::ground::limits::{Limit, Limits};
use crate::h5::{self, Attributes, Dataset, Group, Identity, Link, ObjectSummary};
use crate::layout::path_rules::RulePosition;
use crate::layout::python::{CLASS, MODULE};

/// How many times the size of the file may be met again, or not be stored, beside what the limits allow.
const MAX_FILES: u64 = 4;
/// Up to here, each further link on the way to something has it count four times as much.
const MAX_LEVELS: u32 = 3;
/// So many links of a group take as long to be listed as an object takes to be opened.
const LINKS: u64 = 64;
/// A dataset smaller than this is not looked at, where it is not met through further links.
const SMALL_DATASET: u64 = 4096;

/// What led to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkKind {
    /// A hard link.
    Hard,
    /// Another link, which an object does not count.
    Soft,
    /// Any of its links: it is read once in the call as what it is read as now, and that is had from there again.
    Once,
}

impl LinkKind {
    /// The kind of `link`.
    pub(super) fn by(link: &Link) -> Self {
        if link.soft { Self::Soft } else { Self::Hard }
    }
}

/// A group on the way from where reading began, and what the options say of what is read in it.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    inner: Arc<ScopeInner>,
    rules: RulePosition,
}

#[derive(Debug)]
struct ScopeInner {
    identity: Option<Identity>,
    outer: Option<Scope>,
    /// How many further links led to it, and to the groups that it is in.
    again: u32,
    /// Whether what is in it is read a part at a time, in memory that does not depend on how much that is.
    streams: bool,
    /// Whether it is an object of a class, as the Python package FileBacked has them, or in one.
    is_python: bool,
    counts: Arc<VisitCounts>,
}

/// What one call met, that is not paid for by what is stored.
#[derive(Debug)]
struct VisitCounts {
    limits: Limits,
    objects: AtomicU64,
    bytes: AtomicU64,
    /// All bytes, paid for or not.
    all: AtomicU64,
    /// Whether all bytes of a dataset count when it is opened, as all of it is read then; else they count as they are read.
    counts_all: bool,
    /// The groups, and the datasets that are not small. Not all that leads to an object says what sort of link it is.
    seen: Mutex<HashSet<Identity>>,
}

impl VisitCounts {
    fn new(limits: Limits, counts_all: bool) -> Arc<Self> {
        let (objects, bytes, all, seen) = Default::default();
        Arc::new(Self { limits, objects, bytes, all, counts_all, seen })
    }

    /// Takes note of an object; whether that was done before.
    fn has_seen(&self, identity: Identity) -> bool {
        !self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(identity)
    }
}

impl Scope {
    /// Where reading begins.
    pub(super) fn new(rules: &RulePosition) -> Self {
        h5::start_call();
        Self::begin(rules, false, true)
    }

    /// Where streaming begins: bytes count as they are read.
    pub(super) fn streaming(rules: &RulePosition) -> Self {
        h5::start_call();
        Self::begin(rules, true, false)
    }

    /// A place that nothing leads to in a call that has begun.
    pub(super) fn nowhere() -> Self {
        Self::begin(RulePosition::nowhere(), false, true)
    }

    fn begin(rules: &RulePosition, streams: bool, counts_all: bool) -> Self {
        let counts = VisitCounts::new(Limits::current(), counts_all);
        let inner = ScopeInner { identity: None, outer: None, again: 0, streams, is_python: false, counts };
        Self { inner: Arc::new(inner), rules: rules.clone() }
    }

    /// Whether what is in it is streamed.
    pub(super) fn streams(&self) -> bool {
        self.inner.streams
    }

    /// Whether it is in an object of a class, as the Python package FileBacked has them.
    pub(super) fn is_python(&self) -> bool {
        self.inner.is_python
    }

    /// Where what is read is in the whole, as far as the options care: of a stored sequence, an element of it.
    #[inline]
    pub(super) fn rules(&self) -> &RulePosition {
        &self.rules
    }

    /// The same for what `rules` apply to.
    pub(super) fn at(&self, rules: &RulePosition) -> Self {
        Self { inner: Arc::clone(&self.inner), rules: rules.clone() }
    }

    /// The same for the elements of a sequence.
    pub(super) fn of_elements(&self) -> Self {
        self.at(self.rules.element())
    }

    /// The same place, where reading begins anew: what was met before does not count.
    pub(super) fn for_new_call(&self) -> Self {
        h5::start_call();
        let ScopeInner { identity, outer, again, streams, is_python, counts } = &*self.inner;
        let (identity, outer, counts) = (*identity, outer.clone(), VisitCounts::new(counts.limits, counts.counts_all));
        let inner = ScopeInner { identity, outer, again: *again, streams: *streams, is_python: *is_python, counts };
        Self { inner: Arc::new(inner), rules: self.rules.clone() }
    }

    /// The same place, what is in which is read a part at a time.
    #[cfg(feature = "arrow")]
    pub(super) fn in_parts(&self) -> Self {
        let ScopeInner { identity, outer, again, is_python, counts, .. } = &*self.inner;
        let (identity, outer, counts) = (*identity, outer.clone(), Arc::clone(counts));
        let inner = ScopeInner { identity, outer, again: *again, streams: true, is_python: *is_python, counts };
        Self { inner: Arc::new(inner), rules: self.rules.clone() }
    }

    /// Does something with the limits of the call that this comes from, also where it is over.
    pub(super) fn limited<R>(&self, inside: impl FnOnce() -> R) -> R {
        self.inner.counts.limits.during(inside)
    }

    /// Goes into `group`, unless reading is in it already.
    pub(super) fn enter(&self, group: &Group, link_kind: LinkKind) -> Result<Self> {
        self.enter_opened(group, &group.summary()?, link_kind)
    }

    /// Goes into `group`, which `about` tells of, as [`Scope::enter`] does.
    pub(super) fn enter_opened(&self, group: &Group, about: &ObjectSummary, link_kind: LinkKind) -> Result<Self> {
        group.spot().object()?;
        let ObjectSummary { identity, links, attributes } = *about;
        let mut outer = Some(self);
        while let Some(scope) = outer {
            if scope.inner.identity == Some(identity) {
                return Err(Error::new(ErrorKind::Cycle, "the link leads back to a group that it is in"));
            }
            outer = scope.inner.outer.as_ref();
        }
        let is_further = link_kind == LinkKind::Soft || links > 1;
        let again = match link_kind {
            LinkKind::Once => 0,
            _ if is_further => self.inner.again + 1,
            _ => self.inner.again.max(self.inner.counts.has_seen(identity).into()),
        };
        if again > 0 {
            self.count_object(again, 1 + group.len() / LINKS)?;
        }
        let is_object = || Ok::<_, Error>(group.has_attribute(CLASS)? && group.has_attribute(MODULE)?);
        let is_python = self.inner.is_python || attributes > 1 && is_object()?;
        let (streams, counts) = (self.inner.streams, Arc::clone(&self.inner.counts));
        let inner =
            ScopeInner { identity: Some(identity), outer: Some(self.clone()), again, streams, is_python, counts };
        Ok(Self { inner: Arc::new(inner), rules: self.rules.clone() })
    }

    /// Takes note of a dataset that is to be read.
    pub(super) fn count_dataset(&self, dataset: &Dataset, link_kind: LinkKind) -> Result<()> {
        dataset.spot().object()?;
        let once = link_kind == LinkKind::Once;
        let again = !once && (self.inner.again > 0 || link_kind == LinkKind::Soft);
        if again {
            self.count_object(self.inner.again + u32::from(link_kind == LinkKind::Soft), 1)?;
        }
        let claim = dataset.logical_bytes();
        let limits = Limits::current();
        let all = self.inner.counts.all.fetch_add(claim, Ordering::Relaxed).saturating_add(claim);
        if self.inner.counts.counts_all && all > limits.max_bytes {
            let what =
                format!("{all} bytes of data are more than the limit of {} bytes for one call", limits.max_bytes);
            return Err(Limits::exceeded(what, Limit::Bytes));
        }
        let is_only = || -> Result<bool> {
            let ObjectSummary { identity, links, .. } = dataset.summary()?;
            Ok(!self.inner.counts.has_seen(identity) && links <= 1)
        };
        if limits.external_links {
            ledger::of_file(dataset.file_size());
        }
        if !again && (claim < SMALL_DATASET || (once || is_only()?) && dataset.is_stored()) {
            ledger::stored(claim);
            return Ok(());
        }
        let bytes = self.inner.counts.bytes.fetch_add(claim, Ordering::Relaxed).saturating_add(claim);
        let most = limits.max_unstored;
        if bytes <= most || bytes <= most.saturating_add(MAX_FILES.saturating_mul(dataset.file_size())) {
            return Ok(());
        }
        let what = format!("{bytes} bytes that are not stored, or were met again through further links, are too many");
        Err(Limits::exceeded(what, Limit::Unstored))
    }

    /// Opens the dataset `name` of `group`, and takes note of it.
    pub(super) fn open_dataset(&self, group: &Group, name: &str) -> Result<Dataset> {
        let dataset = group.open_dataset(name)?;
        self.count_dataset(&dataset, LinkKind::Hard)?;
        Ok(dataset)
    }

    /// Whether an error ends the whole call: what is read next would give the same.
    pub(super) fn ends_with(&self, error: &Error) -> bool {
        match error.kind() {
            ErrorKind::Cancelled | ErrorKind::Gone => true,
            ErrorKind::Limit => {
                self.inner.counts.objects.load(Ordering::Relaxed) > Limits::current().max_repeats || ledger::is_full()
            }
            _ => false,
        }
    }

    /// Counts a link that leads to nothing, if further links led to the group that it is in.
    pub(super) fn count_missing(&self) -> Result<()> {
        if self.inner.again > 0 { self.count_object(self.inner.again, 1) } else { Ok(()) }
    }

    /// Counts something that so many further links led to. A few levels of such links lead to as much as anyone wants them to,
    /// and those that are made for use are few, so they count the more.
    fn count_object(&self, again: u32, count: u64) -> Result<()> {
        let most = Limits::current().max_repeats;
        let count = count.saturating_mul(4_u64.pow(again.saturating_sub(1).min(MAX_LEVELS)));
        let before = self.inner.counts.objects.fetch_add(count, Ordering::Relaxed);
        if before.saturating_add(count) <= most {
            return Ok(());
        }
        let what = format!("more than {most} groups and datasets were met again through further links");
        Err(Limits::exceeded(what, Limit::Repeats))
    }
}
