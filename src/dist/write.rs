//! A file that ranks write together.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::Comm;
use super::ranks::{Ranks, caught};
use crate::file::NewFile;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::message::{Message, Received};
use crate::h5::AsGroup;
use crate::layout::path_rules::RulePosition;
use crate::options::WriteOptions;
use crate::ser::{AnyValue, Erased, ListPlan, ask_parts, hash};
use crate::wrappers::dist::array::outside;
use crate::wrappers::dist::geometry::{Extent, holes, overlapping};
use crate::wrappers::dist::session::{
    ArrayPart, Part, PartForm, Pass, SpreadList, WrittenPart, changed, during, put_at,
};

/// Writes the value that all ranks have together to a file, which replaces one that is there: see [`dist`](crate::dist).
///
/// The path is that of one file for all ranks: it is on a file system that all of them see.
///
/// # Errors
/// If it fails on any rank, or the ranks' values do not go together. The old file stays then.
///
/// ```
/// use filebacked::dist::{self, Comm, List, Threads};
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("run.h5");
/// let written = Threads::run(3, |comm| dist::to_file(&comm, &path, &List(vec![comm.rank() as u32; 2])));
/// assert!(written.iter().all(Result::is_ok));
/// assert_eq!(filebacked::from_file::<Vec<u32>>(&path)?, [0, 0, 1, 1, 2, 2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn to_file<T: ?Sized + Serialize>(comm: &impl Comm, path: impl AsRef<Path>, value: &T) -> Result<()> {
    WriteOptions::new().dist(comm).to_file(path, value)
}

/// Fills a group of a file that rank 0 has open with the value that all ranks have together, as
/// [`filebacked::to_group`](crate::to_group) does. Rank 0 gives the group, and all others `None`.
///
/// Rank 0 writes all of it: what is spread has to fit into its memory.
///
/// # Errors
/// If it fails on any rank, or the ranks' values do not go together. The group stays as it was then.
///
/// ```
/// use filebacked::dist::{self, Comm, List, Threads};
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("run.h5");
/// let file = filebacked::hdf5::File::create(&path)?;
/// let written = Threads::run(2, |comm| {
///     let group = (comm.rank() == 0).then_some(&file);
///     dist::write(&comm, group, "steps", &List(vec![comm.rank() as u32]))
/// });
/// assert!(written.iter().all(Result::is_ok));
/// assert_eq!(filebacked::read::<Vec<u32>>(&file, "steps")?, [0, 1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn to_group<T: ?Sized + Serialize>(comm: &impl Comm, group: Option<impl AsGroup>, value: &T) -> Result<()> {
    WriteOptions::new().dist(comm).to_group(group, value)
}

/// Writes the value that all ranks have together to the child `name` of a group that rank 0 has open, as
/// [`filebacked::write`](crate::write()) does, and otherwise as [`to_group`].
///
/// # Errors
/// As [`to_group`].
pub fn write<T: ?Sized + Serialize>(
    comm: &impl Comm,
    group: Option<impl AsGroup>,
    name: &str,
    value: &T,
) -> Result<()> {
    WriteOptions::new().dist(comm).write(group, name, value)
}

/// Writes on all ranks together, as options say: see [`WriteOptions::dist`].
#[derive(Clone, Copy)]
pub struct DistWriter<'a> {
    options: &'a WriteOptions,
    comm: &'a dyn Comm,
}

impl std::fmt::Debug for DistWriter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DistWriter").field("rank", &self.comm.rank()).field("size", &self.comm.size()).finish()
    }
}

impl WriteOptions {
    /// The same for ranks that write a file together. All ranks have the same options.
    ///
    /// ```
    /// use filebacked::WriteOptions;
    /// use filebacked::dist::{Comm, List, Threads};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("run.h5");
    /// let options = WriteOptions::new().deflate(4).sync(false);
    /// for written in Threads::run(3, |comm| {
    ///     options.dist(&comm).to_file(&path, &List(vec![comm.rank() as f64; 10_000]))
    /// }) {
    ///     written?;
    /// }
    /// assert_eq!(filebacked::from_file::<Vec<f64>>(&path)?.len(), 30_000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn dist<'a>(&'a self, comm: &'a impl Comm) -> DistWriter<'a> {
        DistWriter { options: self, comm }
    }
}

impl DistWriter<'_> {
    /// As [`dist::to_file`](to_file).
    ///
    /// # Errors
    /// As [`dist::to_file`](to_file).
    pub fn to_file<T: ?Sized + Serialize>(&self, path: impl AsRef<Path>, value: &T) -> Result<()> {
        self.put_in_file(path.as_ref(), &Erased(value))
    }

    /// As [`dist::to_group`](to_group).
    ///
    /// # Errors
    /// As [`dist::to_group`](to_group).
    pub fn to_group<T: ?Sized + Serialize>(&self, group: Option<impl AsGroup>, value: &T) -> Result<()> {
        let group = group.as_ref().map(AsGroup::as_group);
        self.put_in_group("fills a group".to_owned(), group, &Erased(value), &|value, group| {
            self.options.put(value, group)
        })
    }

    /// As [`dist::write`](write()).
    ///
    /// # Errors
    /// As [`dist::write`](write()).
    pub fn write<T: ?Sized + Serialize>(&self, group: Option<impl AsGroup>, name: &str, value: &T) -> Result<()> {
        let group = group.as_ref().map(AsGroup::as_group);
        let put = |value: &dyn AnyValue, group: &hdf5::Group| self.options.put_named(value, group, name);
        self.put_in_group(format!("writes `{name}` to a group"), group, &Erased(value), &put)
    }

    fn put_in_file(&self, path: &Path, value: &dyn AnyValue) -> Result<()> {
        let located = |error: Error| error.in_file(&path.display().to_string());
        let ranks = Ranks::new(self.comm, format!("writes `{}`", path.display()));
        let parts = self.look(&ranks, value, true).map_err(located)?;
        let contents = parts.collect(&ranks, value).map_err(located)?;
        let mut file = None;
        let make = || {
            let (made, addresses) = parts.write(contents?, || caught(|| self.options.begin_file(value, path)))?;
            let message = file_message(&made, &addresses)?;
            file = Some(made);
            Ok(message)
        };
        let made = if ranks.is_first() { make() } else { Ok(Vec::new()) };
        let made = ranks.agree(STEP_MADE, made)?;
        if parts.is_spread() {
            let filled = caught(|| parts.fill(value, &made[0], ranks.rank(), self.options.is_synced()));
            ranks.agree(STEP_FILLED, filled.map(|()| Vec::new())).map_err(located)?;
        }
        let ended = file.map_or(Ok(()), |file| self.options.end_file(file));
        ranks.agree(STEP_ENDED, ended.map(|()| Vec::new())).map_err(located)?;
        Ok(())
    }

    fn put_in_group(
        &self,
        call: String,
        group: Option<&hdf5::Group>,
        value: &dyn AnyValue,
        put: &dyn Fn(&dyn AnyValue, &hdf5::Group) -> Result<()>,
    ) -> Result<()> {
        let ranks = Ranks::new(self.comm, call);
        let parts = self.look(&ranks, value, false)?;
        let contents = parts.collect(&ranks, value)?;
        let write = || {
            let group = group.ok_or_else(|| {
                Error::new(ErrorKind::Ranks, "rank 0 writes, and has to give the group; the others give `None`")
            })?;
            parts.write(contents?, || caught(|| put(value, group))).map(|_| Vec::new())
        };
        let written = if ranks.is_first() { write() } else { Ok(Vec::new()) };
        ranks.agree(STEP_MADE, written).map(drop)
    }

    /// Looks at the values of all ranks: whether they go together, and what is spread of them.
    fn look(&self, ranks: &Ranks<'_>, value: &dyn AnyValue, may_spread: bool) -> Result<Parts> {
        let rules = self.options.start_of_rules();
        let pass = Pass::Look { parts: Vec::new(), lists: Vec::new(), may_spread };
        let (hashed, pass) = during(pass, || caught(|| hash(value, &rules)));
        let looked = hashed.and_then(|hash| match pass {
            Some(Pass::Look { parts, lists, .. }) => {
                let mut message = Message::new();
                message.number(hash).number(parts.len() as u64);
                parts.iter().for_each(|part| part.put(&mut message));
                Ok((message.into_bytes(), lists))
            }
            _ => Err(changed()),
        });
        let (said, lists) = match looked {
            Ok((message, lists)) => (Ok(message), lists),
            Err(error) => (Err(error), Vec::new()),
        };
        let all = ranks.agree(STEP_LOOKED, said)?;
        let values = all.iter().map(|bytes| RankValue::of(bytes)).collect::<Result<Vec<_>>>();
        let parts = values.and_then(parts_of).and_then(|parts| Parts::new(parts, lists, rules));
        // Ranks with other options may come to other plans.
        let (parts, said) = match parts {
            Ok(parts) => {
                let plan = parts.plan();
                (Some(parts), Ok(plan))
            }
            Err(error) => (None, Err(error)),
        };
        let plans = ranks.agree(STEP_PLANNED, said)?;
        if let Some(rank) = plans.iter().position(|plan| *plan != plans[0]) {
            let message = format!("ranks 0 and {rank} have other options: all ranks have the same");
            return Err(Error::new(ErrorKind::Ranks, message));
        }
        parts.ok_or_else(changed)
    }
}

/// The parts of a value that are spread over ranks.
struct Parts {
    /// Each as every rank has it.
    ranks: Vec<Vec<Part>>,
    /// This rank's elements of lists, and how those that are spread are stored.
    lists: Vec<SpreadList>,
    plans: Vec<Option<ListPlan>>,
    rules: RulePosition,
}

impl Parts {
    fn new(mut ranks: Vec<Vec<Part>>, lists: Vec<SpreadList>, rules: RulePosition) -> Result<Self> {
        let mut plans = Vec::with_capacity(ranks.len());
        for (part, list) in ranks.iter_mut().zip(&lists) {
            let forms = part.iter().map(|part| match &part.form {
                PartForm::List { elements, .. } => Some(&elements[..]),
                _ => None,
            });
            let plan = match (forms.collect::<Option<Vec<_>>>(), list) {
                (Some(forms), Some((_, rules))) => ListPlan::new(&forms, rules)?,
                _ => None,
            };
            if plan.is_some() {
                part.iter_mut().for_each(|part| part.is_spread = true);
            }
            plans.push(plan);
        }
        Ok(Self { ranks, lists, plans, rules })
    }

    /// What of each part ranks do, which is the same on all.
    fn plan(&self) -> Vec<u8> {
        let plan = |(part, plan): (&Vec<Part>, &Option<ListPlan>)| match plan {
            Some(plan) => plan.summary(),
            None => u64::from(part[0].is_spread),
        };
        let mut message = Message::new();
        message.numbers(self.ranks.iter().zip(&self.plans).map(plan));
        message.into_bytes()
    }

    /// Whether ranks put something into the file.
    fn is_spread(&self) -> bool {
        self.ranks.iter().any(|part| part[0].is_spread)
    }

    /// Sends rank 0 the contents of the parts that it writes. Returns them on rank 0: for each part, those of each rank. What rank 0 does not
    /// understand is an error within: the other ranks do not know of it yet.
    fn collect(&self, ranks: &Ranks<'_>, value: &dyn AnyValue) -> Result<Result<Vec<Vec<Vec<u8>>>>> {
        let is_sent = |number: usize| !self.ranks[number][0].is_spread || self.plans[number].is_some();
        let count = self.ranks.len();
        if !(0..count).any(is_sent) {
            return Ok(Ok(vec![Vec::new(); count]));
        }
        let (message, said) = match self.contents(ranks.rank(), value) {
            Ok(message) => (message, Ok(Vec::new())),
            Err(error) => (Vec::new(), Err(error)),
        };
        ranks.agree(STEP_COLLECTED, said)?;
        let all = ranks.to_first(message)?;
        if !ranks.is_first() {
            return Ok(Ok(vec![Vec::new(); count]));
        }
        let mut received: Vec<_> = all.iter().map(|bytes| Received::new(bytes)).collect();
        let contents = |number: usize| {
            if !is_sent(number) {
                return Ok(Vec::new());
            }
            received.iter_mut().map(|message| message.bytes().map(<[u8]>::to_vec)).collect()
        };
        Ok((0..count).map(contents).collect())
    }

    /// What this rank sends of parts that rank 0 writes.
    fn contents(&self, rank: usize, value: &dyn AnyValue) -> Result<Vec<u8>> {
        let parts: Vec<Part> = self.ranks.iter().map(|part| part[rank].clone()).collect();
        let mut contents = vec![None; parts.len()];
        if parts.iter().any(|part| !part.is_spread) {
            let pass = Pass::Collect { next: 0, parts, contents };
            let (asked, pass) = during(pass, || caught(|| ask_parts(value, &self.rules)));
            asked?;
            contents = match pass {
                Some(Pass::Collect { next, contents, .. }) if next == self.ranks.len() => contents,
                _ => return Err(changed()),
            };
        }
        let mut message = Message::new();
        for ((part, contents), (plan, list)) in self.ranks.iter().zip(contents).zip(self.plans.iter().zip(&self.lists))
        {
            match (plan, list) {
                (Some(plan), Some((list, _))) => {
                    message.bytes(&list.contents(plan, rank)?);
                }
                _ if !part[0].is_spread => {
                    message.bytes(&contents.ok_or_else(changed)?);
                }
                _ => {}
            }
        }
        Ok(message.into_bytes())
    }

    /// Has rank 0 write parts by `write`. Returns what that returns, and for each part that is spread the addresses of its room.
    fn write<R>(&self, contents: Vec<Vec<Vec<u8>>>, write: impl FnOnce() -> Result<R>) -> Result<(R, Vec<Vec<u64>>)> {
        let parts = self.ranks.iter().zip(contents).zip(&self.plans).map(|((ranks, contents), plan)| WrittenPart {
            ranks: ranks.clone(),
            contents,
            plan: plan.clone(),
            addresses: Vec::new(),
        });
        let (written, pass) = during(Pass::Write { next: 0, parts: parts.collect() }, write);
        let written = written?;
        match pass {
            Some(Pass::Write { next, parts }) if next == self.ranks.len() => {
                Ok((written, parts.into_iter().map(|part| part.addresses).collect()))
            }
            _ => Err(changed()),
        }
    }

    /// Puts this rank's elements into the file that rank 0 has made.
    fn fill(&self, value: &dyn AnyValue, made: &[u8], rank: usize, sync: bool) -> Result<()> {
        let (path, addresses) = file_of(made, self.ranks.len())?;
        let failed = |error| Error::io(format_args!("could not open `{}`", path.display()), error);
        let file = Arc::new(OpenOptions::new().write(true).open(&path).map_err(failed)?);
        for ((plan, list), addresses) in self.plans.iter().zip(&self.lists).zip(&addresses) {
            if let (Some(plan), Some((list, _))) = (plan, list) {
                list.fill(plan, rank, addresses, &mut |at, bytes| put_at(&file, bytes, at))?;
            }
        }
        let is_array = |number: usize| self.ranks[number][0].is_spread && self.plans[number].is_none();
        if (0..self.ranks.len()).any(is_array) {
            let zeros = self.ranks.iter().map(|part| zeros_of(part, rank)).collect::<Result<_>>()?;
            let address =
                |(number, addresses): (usize, &Vec<u64>)| addresses.first().copied().filter(|_| is_array(number));
            let addresses = addresses.iter().enumerate().map(address).collect();
            let pass = Pass::Fill { next: 0, file: Arc::clone(&file), addresses, zeros };
            let (asked, pass) = during(pass, || ask_parts(value, &self.rules));
            asked?;
            match pass {
                Some(Pass::Fill { next, .. }) if next == self.ranks.len() => {}
                _ => return Err(changed()),
            }
        }
        if sync && rank != 0 {
            // Of what another machine has in memory, rank 0 knows nothing.
            file.sync_data().map_err(|error| Error::io("could not write the file out", error))?;
        }
        Ok(())
    }
}

/// The steps of a call, for what ranks tell each other.
const STEP_LOOKED: u64 = 0;
const STEP_PLANNED: u64 = 1;
const STEP_COLLECTED: u64 = 2;
const STEP_MADE: u64 = 3;
const STEP_FILLED: u64 = 4;
const STEP_ENDED: u64 = 5;

/// What a rank says of its value.
struct RankValue {
    hash: u64,
    parts: Vec<Part>,
}

impl RankValue {
    fn of(bytes: &[u8]) -> Result<Self> {
        let mut message = Received::new(bytes);
        let (hash, count) = (message.number()?, message.number()?);
        let parts = (0..count).map(|_| Part::take(&mut message)).collect::<Result<_>>()?;
        Ok(Self { hash, parts })
    }
}

/// The parts, each as every rank has it, if they go together.
fn parts_of(values: Vec<RankValue>) -> Result<Vec<Vec<Part>>> {
    let differ = |rank: usize, message: String| {
        let message = format!("the values of ranks 0 and {rank} do not go together: {message}");
        Err(Error::new(ErrorKind::Ranks, message))
    };
    let first = &values[0];
    for (rank, value) in values.iter().enumerate() {
        for (own, other) in first.parts.iter().zip(&value.parts) {
            if own.path != other.path {
                return differ(rank, format!("where one has `{}`, the other has `{}`", own.path, other.path));
            }
            if own.words() != other.words() {
                let message = format!("`{}` is {} on one, and {} on the other", own.path, own.words(), other.words());
                return differ(rank, message);
            }
            if own.is_spread != other.is_spread {
                return differ(rank, format!("the options say other things of `{}`", own.path));
            }
        }
        if value.parts.len() != first.parts.len() {
            let message = format!("one has {} spread parts, and the other {}", first.parts.len(), value.parts.len());
            return differ(rank, message);
        }
    }
    if let Some(rank) = values.iter().position(|value| value.hash != first.hash) {
        let message =
            "they differ in something that is not spread (`dist::list`, `Block`, ...), and is written once for all"
                .to_owned();
        return differ(rank, message).map_err(|error| {
            error.advised("the elements of a `HashSet` have another order on each rank: see `sorted`")
        });
    }
    let count = first.parts.len();
    let mut values: Vec<_> = values.into_iter().map(|value| value.parts.into_iter()).collect();
    let parts = (0..count).map(|_| values.iter_mut().filter_map(Iterator::next).collect());
    let parts: Vec<Vec<Part>> = parts.collect();
    parts.iter().try_for_each(|part| check_blocks(part))?;
    Ok(parts)
}

fn extents(part: &[Part]) -> Option<(&ArrayPart, Vec<Extent>)> {
    let PartForm::Array(first) = &part[0].form else { return None };
    let extent = |part: &Part| match &part.form {
        PartForm::Array(ArrayPart { start, count, .. }) => Some(Extent { start: start.clone(), count: count.clone() }),
        _ => None,
    };
    Some((first, part.iter().map(extent).collect::<Option<_>>()?))
}

/// An error for blocks of an array that overlap, or do not lie within it.
fn check_blocks(part: &[Part]) -> Result<()> {
    let Some((array, blocks)) = extents(part) else { return Ok(()) };
    let path = &part[0].path;
    if let Some((rank, block)) = blocks.iter().enumerate().find(|(_, block)| !block.is_within(&array.shape)) {
        let error = outside(&array.shape, &block.start, &block.count);
        return Err(Error::new(error.kind(), format!("rank {rank}: `{path}`: {error}")));
    }
    match overlapping(&blocks) {
        None => Ok(()),
        Some((one, other)) => {
            let words = |rank: usize| format!("{:?} at {:?}", blocks[rank].count, blocks[rank].start);
            let message = format!(
                "the blocks of ranks {one} and {other} of `{path}` overlap: {} and {}, in {:?}",
                words(one),
                words(other),
                array.shape
            );
            Err(Error::new(ErrorKind::OutOfRange, message))
        }
    }
}

/// Where a rank is to put zeros into a part that is spread, in elements: its share of what is in no block.
fn zeros_of(part: &[Part], rank: usize) -> Result<Vec<(u64, u64)>> {
    let Some((array, blocks)) = extents(part).filter(|_| part[0].is_spread) else { return Ok(Vec::new()) };
    let mut zeros = Vec::new();
    for (number, hole) in holes(&array.shape, &blocks).into_iter().enumerate() {
        if number % part.len() == rank {
            hole.each_run(&array.shape, |at, _, len| {
                zeros.push((at, len));
                Ok::<_, Error>(())
            })?;
        }
    }
    Ok(zeros)
}

/// What rank 0 says of the file that it has made: where it is, and where in it there is room.
fn file_message(file: &NewFile, addresses: &[Vec<u64>]) -> Result<Vec<u8>> {
    let path = std::path::absolute(file.path());
    let path = path.map_err(|error| Error::io("could not find the folder of the file", error))?;
    let mut message = Message::new();
    message.bytes(path.as_os_str().as_encoded_bytes());
    for addresses in addresses {
        message.numbers(addresses.iter().copied());
    }
    Ok(message.into_bytes())
}

fn file_of(made: &[u8], parts: usize) -> Result<(PathBuf, Vec<Vec<u64>>)> {
    let mut message = Received::new(made);
    let path = path_of_bytes(message.bytes()?)?;
    Ok((path, (0..parts).map(|_| message.numbers()).collect::<Result<_>>()?))
}

#[cfg(unix)]
fn path_of_bytes(bytes: &[u8]) -> Result<PathBuf> {
    use std::os::unix::ffi::OsStrExt;

    Ok(PathBuf::from(std::ffi::OsStr::from_bytes(bytes)))
}

#[cfg(not(unix))]
fn path_of_bytes(bytes: &[u8]) -> Result<PathBuf> {
    let path = std::str::from_utf8(bytes).map_err(|_| Error::new(ErrorKind::Io, "a file name that is not Unicode"))?;
    Ok(PathBuf::from(path))
}
