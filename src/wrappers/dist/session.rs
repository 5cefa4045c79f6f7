//! What this rank does at the moment with the parts of a value that are spread over ranks.
//!
//! A call goes through the value several times, and meets the parts in the same order each time. What is done with them then is a
//! [`Pass`], which is the thread's.

use std::cell::RefCell;
use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::message::{Message, Received};
use crate::layout::path_rules::RulePosition;
use crate::ser::{ListPart, ListPlan};

/// Which rows a rank reads: by how many there are, the rank, and how many ranks there are.
#[derive(Clone)]
pub(crate) struct Share(pub(crate) Arc<ShareFn>);

type ShareFn = dyn Fn(u64, usize, usize) -> Range<u64> + Send + Sync;

/// What a closure that panicked has left is the caller's.
impl std::panic::UnwindSafe for Share {}
impl std::panic::RefUnwindSafe for Share {}

impl std::fmt::Debug for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Share")
    }
}

/// A part of a value that is spread over ranks, as this rank has it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Part {
    /// Where it is in the value, in words.
    pub(crate) path: String,
    pub(crate) form: PartForm,
    /// Whether all ranks put their bytes into the file; else rank 0 writes what all have.
    pub(crate) is_spread: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PartForm {
    /// So many elements; and what they are, if ranks may write them together.
    List { len: u64, elements: Vec<u8> },
    /// A block of an array.
    Array(ArrayPart),
    /// Rows of a matrix of elements of a type and so many columns.
    Rows { element: String, rows: u64, columns: u64 },
}

/// A block of an array of elements of a type, which have so many bytes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ArrayPart {
    pub(crate) element: String,
    pub(crate) size: u64,
    pub(crate) shape: Vec<u64>,
    pub(crate) start: Vec<u64>,
    pub(crate) count: Vec<u64>,
}

impl Part {
    pub(crate) fn put(&self, message: &mut Message) {
        message.text(&self.path).number(u64::from(self.is_spread));
        match &self.form {
            PartForm::List { len, elements } => {
                message.number(0).number(*len).bytes(elements);
            }
            PartForm::Array(ArrayPart { element, size, shape, start, count }) => {
                message.number(1).text(element).number(*size);
                for numbers in [shape, start, count] {
                    message.numbers(numbers.iter().copied());
                }
            }
            PartForm::Rows { element, rows, columns } => {
                message.number(2).text(element).number(*rows).number(*columns);
            }
        }
    }

    pub(crate) fn take(message: &mut Received<'_>) -> Result<Self> {
        let (path, is_spread) = (message.text()?.to_owned(), message.number()? != 0);
        let form = match message.number()? {
            0 => PartForm::List { len: message.number()?, elements: message.bytes()?.to_vec() },
            1 => PartForm::Array(ArrayPart {
                element: message.text()?.to_owned(),
                size: message.number()?,
                shape: message.numbers()?,
                start: message.numbers()?,
                count: message.numbers()?,
            }),
            _ => PartForm::Rows {
                element: message.text()?.to_owned(),
                rows: message.number()?,
                columns: message.number()?,
            },
        };
        Ok(Self { path, form, is_spread })
    }

    /// What it is, in words.
    pub(crate) fn words(&self) -> String {
        match &self.form {
            PartForm::List { .. } => "a list".to_owned(),
            PartForm::Array(ArrayPart { element, shape, .. }) => format!("an array of `{element}` of shape {shape:?}"),
            PartForm::Rows { element, columns, .. } => format!("rows of {columns} columns of `{element}`"),
        }
    }
}

impl PartForm {
    /// Whether a part still is what it was.
    fn is_same(&self, now: &Self) -> bool {
        match (self, now) {
            (Self::List { len, .. }, Self::List { len: now, .. }) => len == now,
            (before, now) => before == now,
        }
    }
}

/// A list whose elements ranks may write together, and where it is, as far as the options care.
pub(crate) type SpreadList = Option<(ListPart, RulePosition)>;

/// What each rank has sent of a part that rank 0 writes.
pub(crate) type Contents = Vec<(Part, Vec<u8>)>;

/// What is done with parts as they are met.
pub(crate) enum Pass {
    /// They say what they are. Without `may_spread`, rank 0 writes all of them.
    Look { parts: Vec<Part>, lists: Vec<SpreadList>, may_spread: bool },
    /// Those that are not spread give their contents.
    Collect { next: usize, parts: Vec<Part>, contents: Vec<Option<Vec<u8>>> },
    /// Rank 0 writes them: their contents, or the room for them, of which it takes note.
    Write { next: usize, parts: Vec<WrittenPart> },
    /// Those that are spread put their bytes into the file, at these addresses.
    Fill { next: usize, file: Arc<File>, addresses: Vec<Option<u64>>, zeros: Vec<Vec<(u64, u64)>> },
    /// A file is read: the rank, how many there are, and how they share what is stored, if not evenly.
    Read { rank: usize, size: usize, share: Option<Share> },
}

/// A part that rank 0 writes.
#[derive(Debug)]
pub(crate) struct WrittenPart {
    /// As each rank has it.
    pub(crate) ranks: Vec<Part>,
    /// What each rank has sent, if it is not spread.
    pub(crate) contents: Vec<Vec<u8>>,
    /// How it is stored, if it is a list that is spread.
    pub(crate) plan: Option<ListPlan>,
    /// Where there is room for it in the file, if it is spread.
    pub(crate) addresses: Vec<u64>,
}

thread_local! {
    static PASS: RefCell<Option<Pass>> = const { RefCell::new(None) };
}

/// Does something while `pass` is the thread's; returns what became of the pass, too.
pub(crate) fn during<R>(pass: Pass, inside: impl FnOnce() -> R) -> (R, Option<Pass>) {
    /// Makes the pass from before the thread's again, however that comes about.
    struct Restore(Option<Pass>);
    impl Drop for Restore {
        fn drop(&mut self) {
            PASS.set(self.0.take());
        }
    }
    let restore = Restore(PASS.replace(Some(pass)));
    let result = inside();
    let pass = PASS.take();
    drop(restore);
    (result, pass)
}

/// Does something with the thread's pass, if there is one. No user's code may run meanwhile.
pub(crate) fn with<R>(work: impl FnOnce(&mut Pass) -> R) -> Option<R> {
    PASS.with_borrow_mut(|pass| pass.as_mut().map(work))
}

/// The error for a value that is not the same each time it is serialized.
#[cold]
pub(crate) fn changed() -> Error {
    let message = "the value has other spread parts each time it is serialized, or has one in two places (`Shared`), in a key of a \
                   map, or in a map that is stored as keys and values: ranks write no such value";
    Error::new(ErrorKind::Unsupported, message)
}

/// What a part is to do when this rank meets it.
pub(crate) enum Visit {
    /// It is to say what it is: by [`note`], with whether it may be spread.
    Look(bool),
    /// It is to give its contents: by [`put_contents`].
    Collect(usize),
    /// It is to put its bytes into the file at that address, and zeros in so many places of so many bytes.
    Fill(Arc<File>, u64, Vec<(u64, u64)>),
    /// Nothing.
    Pass,
}

/// What the next part is to do.
pub(crate) fn visit() -> Result<Option<Visit>> {
    let visit = with(|pass| {
        Ok(match pass {
            Pass::Look { may_spread, .. } => Some(Visit::Look(*may_spread)),
            Pass::Collect { next, parts, .. } => {
                let number = *next;
                *next += 1;
                let part = parts.get(number).ok_or_else(changed)?;
                Some(if part.is_spread { Visit::Pass } else { Visit::Collect(number) })
            }
            Pass::Fill { next, file, addresses, zeros } => {
                let number = *next;
                *next += 1;
                Some(match addresses.get(number).ok_or_else(changed)? {
                    Some(address) => {
                        let zeros = zeros.get_mut(number).map(std::mem::take).unwrap_or_default();
                        Visit::Fill(Arc::clone(file), *address, zeros)
                    }
                    None => Visit::Pass,
                })
            }
            Pass::Write { .. } | Pass::Read { .. } => None,
        })
    });
    visit.unwrap_or(Ok(None))
}

/// Says what a part is.
pub(crate) fn note(part: Part, list: SpreadList) {
    with(|pass| {
        if let Pass::Look { parts, lists, .. } = pass {
            parts.push(part);
            lists.push(list);
        }
    });
}

/// Gives the contents of a part, which still is what it was.
pub(crate) fn put_contents(number: usize, form: &PartForm, bytes: Vec<u8>) -> Result<()> {
    let put = with(|pass| match pass {
        Pass::Collect { parts, contents, .. } if parts.get(number).is_some_and(|part| part.form.is_same(form)) => {
            contents[number] = Some(bytes);
            Ok(())
        }
        _ => Err(changed()),
    });
    put.unwrap_or_else(|| Err(changed()))
}

/// Whether this rank writes for all ranks.
#[cfg(feature = "sprs")]
pub(crate) fn is_written() -> bool {
    with(|pass| matches!(pass, Pass::Write { .. })).unwrap_or(false)
}

/// What rank 0 writes.
pub(crate) enum ToWrite {
    /// What each rank has of a part, and has sent.
    Contents(Contents),
    /// The room for an array, which is the part of that number: [`put_addresses`] takes note of where it is.
    Room(usize, Part),
    /// The same of a list, of which each rank has sent some.
    List(usize, ListPlan, Vec<Vec<u8>>),
}

/// What rank 0 writes for the next part, if it writes for all ranks: `form` is that of its own.
pub(crate) fn to_write(form: &PartForm) -> Result<Option<ToWrite>> {
    let found = with(|pass| match pass {
        Pass::Write { next, parts } => {
            let number = *next;
            *next += 1;
            let part = parts.get_mut(number).filter(|part| part.ranks[0].form.is_same(form)).ok_or_else(changed)?;
            if let Some(plan) = &part.plan {
                return Ok(Some(ToWrite::List(number, plan.clone(), std::mem::take(&mut part.contents))));
            }
            if part.ranks[0].is_spread {
                return Ok(Some(ToWrite::Room(number, part.ranks[0].clone())));
            }
            let contents = std::mem::take(&mut part.contents);
            Ok(Some(ToWrite::Contents(part.ranks.iter().cloned().zip(contents).collect())))
        }
        _ => Ok(None),
    });
    found.unwrap_or(Ok(None))
}

/// Takes note of where there is room for a part.
pub(crate) fn put_addresses(number: usize, addresses: Vec<u64>) {
    with(|pass| {
        if let Pass::Write { parts, .. } = pass {
            parts[number].addresses = addresses;
        }
    });
}

/// Writes bytes to a place in a file.
pub(crate) fn put_at(file: &File, bytes: &[u8], at: u64) -> Result<()> {
    #[cfg(unix)]
    let written = std::os::unix::fs::FileExt::write_all_at(file, bytes, at);
    #[cfg(not(unix))]
    let written = {
        use std::io::{Seek, SeekFrom, Write as _};

        let mut file = file;
        file.seek(SeekFrom::Start(at)).and_then(|_| file.write_all(bytes))
    };
    written.map_err(|error| Error::io("could not write to the file", error))
}

/// Whether ranks read a file together.
pub(crate) fn is_read() -> bool {
    with(|pass| matches!(pass, Pass::Read { .. })).unwrap_or(false)
}

/// The range of this rank among `len` rows: all of them, if ranks do not read a file together.
pub(crate) fn share(len: u64) -> Result<Range<u64>> {
    let found = with(|pass| match pass {
        Pass::Read { rank, size, share } => Some((*rank, *size, share.clone())),
        _ => None,
    });
    let Some((rank, size, share)) = found.flatten() else { return Ok(0..len) };
    let range = match share {
        Some(Share(share)) => share(len, rank, size),
        None => even_share(len, rank, size),
    };
    if range.start <= range.end && range.end <= len {
        return Ok(range);
    }
    let message = format!("the share {range:?} that `ReadOptions::share` gives does not lie within 0..{len}");
    Err(Error::new(ErrorKind::OutOfRange, message))
}

/// The even share of a rank.
pub(crate) fn even_share(len: u64, rank: usize, size: usize) -> Range<u64> {
    let start = |rank: usize| (u128::from(len) * rank as u128 / size.max(1) as u128) as u64;
    start(rank)..start(rank + 1)
}
