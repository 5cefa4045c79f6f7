//! The steps of a call that all ranks make together: each rank says how its own went, and hears of all others.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Comm;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::message::{Message, Received};

/// All kinds of errors, by the number that ranks send for each.
const KINDS: [ErrorKind; 20] = [
    ErrorKind::Custom,
    ErrorKind::MissingField,
    ErrorKind::UnknownField,
    ErrorKind::UnknownVariant,
    ErrorKind::WrongType,
    ErrorKind::OutOfRange,
    ErrorKind::WrongLength,
    ErrorKind::BadKey,
    ErrorKind::AlreadyExists,
    ErrorKind::NotFound,
    ErrorKind::TooDeep,
    ErrorKind::Cycle,
    ErrorKind::Corrupt,
    ErrorKind::Limit,
    ErrorKind::Unsupported,
    ErrorKind::Cancelled,
    ErrorKind::Gone,
    ErrorKind::Hdf5,
    ErrorKind::Io,
    ErrorKind::Ranks,
];

/// A call that all ranks make.
pub(super) struct Ranks<'a> {
    comm: &'a dyn Comm,
    /// What call it is, in words.
    call: String,
}

impl<'a> Ranks<'a> {
    pub(super) fn new(comm: &'a dyn Comm, call: String) -> Self {
        Self { comm, call }
    }

    pub(super) fn rank(&self) -> usize {
        self.comm.rank()
    }

    pub(super) fn size(&self) -> usize {
        self.comm.size()
    }

    /// Whether this is the rank that writes what is not spread.
    pub(super) fn is_first(&self) -> bool {
        self.rank() == 0
    }

    /// Says how a step went on this rank; returns what all ranks say, or an error on all of them if it went wrong on one.
    pub(super) fn agree(&self, step: u64, result: Result<Vec<u8>>) -> Result<Vec<Vec<u8>>> {
        let mut message = Message::new();
        message.text(&self.call).number(step);
        match &result {
            Ok(bytes) => {
                message.number(0).bytes(bytes);
            }
            Err(error) => {
                let kind = KINDS.iter().position(|kind| *kind == error.kind()).unwrap_or(0);
                message.number(1).number(kind as u64).text(&error.to_string());
            }
        }
        let all = self.comm.all_gather(&message.into_bytes()).map_err(lost)?;
        let first = Received::new(all.first().ok_or_else(|| self.out_of_step("rank 0", "nothing"))?).text()?.to_owned();
        let mut said = Vec::with_capacity(all.len());
        for (rank, bytes) in all.iter().enumerate() {
            let mut received = Received::new(bytes);
            let call = received.text()?;
            if call != first {
                return Err(self.out_of_step(&first, &format!("rank {rank} {call}")));
            }
            if received.number()? != step {
                return Err(self.out_of_step(&first, &format!("rank {rank} is at another step of that")));
            }
            said.push((received.number()? == 0, received));
        }
        if let Some((rank, (_, received))) = said.iter().enumerate().find(|(_, (is_fine, _))| !is_fine) {
            return Err(self.failed(rank, *received, result.err()));
        }
        said.into_iter().map(|(_, mut received)| received.bytes().map(<[u8]>::to_vec)).collect()
    }

    /// The error for a step that failed on a rank, which is `own` if it failed on this one.
    #[cold]
    fn failed(&self, rank: usize, mut said: Received<'_>, own: Option<Error>) -> Error {
        let (kind, text) = match said.size().and_then(|kind| Ok((kind, said.text()?))) {
            Ok((kind, text)) => (KINDS.get(kind).copied().unwrap_or(ErrorKind::Custom), text),
            Err(error) => return error,
        };
        let error = Error::new(kind, format!("rank {rank} of {} failed: {text}", self.size()));
        match own {
            Some(own) if rank == self.rank() => error.caused_by(own),
            _ => error,
        }
    }

    #[cold]
    fn out_of_step(&self, first: &str, other: &str) -> Error {
        let message = format!("the ranks make other calls: rank 0 {first}, and {other}");
        Error::new(ErrorKind::Ranks, message).advised("all ranks make the same calls, in the same order")
    }

    /// Gives bytes to rank 0, which gets those of all ranks.
    pub(super) fn to_first(&self, bytes: Vec<u8>) -> Result<Vec<Vec<u8>>> {
        let mut all = vec![Vec::new(); self.size()];
        all[0] = bytes;
        self.comm.all_to_all(all).map_err(lost)
    }
}

/// The error for ranks that do not hear of each other.
#[cold]
fn lost(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Ranks, format!("the ranks do not reach each other: {error}")).caused_by(error)
}

/// Runs code of users. A panic in it is an error: otherwise the other ranks would wait for this one.
pub(super) fn caught<R>(work: impl FnOnce() -> Result<R>) -> Result<R> {
    fn text(panic: &(dyn Any + Send)) -> &str {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        text.unwrap_or("no message")
    }
    // What a panic leaves behind is dropped.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let message = format!("a panic: {}", text(&*panic));
        Err(Error::new(ErrorKind::Custom, message))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_number() {
        // A new kind needs one: this does not compile without it.
        let number = |kind: ErrorKind| match kind {
            ErrorKind::Custom => 0,
            ErrorKind::MissingField => 1,
            ErrorKind::UnknownField => 2,
            ErrorKind::UnknownVariant => 3,
            ErrorKind::WrongType => 4,
            ErrorKind::OutOfRange => 5,
            ErrorKind::WrongLength => 6,
            ErrorKind::BadKey => 7,
            ErrorKind::AlreadyExists => 8,
            ErrorKind::NotFound => 9,
            ErrorKind::TooDeep => 10,
            ErrorKind::Cycle => 11,
            ErrorKind::Corrupt => 12,
            ErrorKind::Limit => 13,
            ErrorKind::Unsupported => 14,
            ErrorKind::Cancelled => 15,
            ErrorKind::Gone => 16,
            ErrorKind::Hdf5 => 17,
            ErrorKind::Io => 18,
            ErrorKind::Ranks => 19,
        };
        assert!(KINDS.iter().enumerate().all(|(index, kind)| number(*kind) == index));
    }
}
