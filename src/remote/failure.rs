//! What stores say of failures, as errors of this crate.

use std::error::Error as StdError;
use std::io;

use object_store::client::{HttpError, HttpErrorKind};

use crate::ground::error::{Error, ErrorKind};

/// The first line of what a store said, if that is not too long: some send pages.
fn brief(text: &str) -> String {
    const MOST: usize = 300;
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line.to_owned(),
    }
}

/// Whether it is, or comes from, a request that took too long.
fn is_timeout(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let is_of_store = error.downcast_ref::<HttpError>().is_some_and(|error| error.kind() == HttpErrorKind::Timeout);
        let is_of_system =
            error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::TimedOut);
        if is_of_store || is_of_system {
            return true;
        }
        next = error.source();
    }
    false
}

/// What the transport said, if it failed.
fn transport(error: &(dyn StdError + 'static)) -> Option<HttpErrorKind> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<HttpError>() {
            return Some(error.kind());
        }
        next = error.source();
    }
    None
}

/// Whether a server answered, and the store could make nothing of it.
pub(super) fn is_answer(error: &object_store::Error) -> bool {
    use object_store::Error::{Generic, NotSupported};
    matches!(error, Generic { .. } | NotSupported { .. }) && transport(error).is_none() && !is_timeout(error)
}

/// The error for what could not be done with the object of that name: `what` completes "could not ...". Its source is an
/// [`io::Error`] that holds the store's.
pub(super) fn of_store(what: &str, name: &str, error: object_store::Error) -> Error {
    use object_store::Error as Store;

    let (kind, words, advice) = match &error {
        Store::NotFound { .. } => (io::ErrorKind::NotFound, "there is no such object".to_owned(), None),
        Store::PermissionDenied { .. } => (
            io::ErrorKind::PermissionDenied,
            "access is denied".to_owned(),
            Some("check the credentials, and what they are allowed"),
        ),
        Store::Unauthenticated { .. } => (
            io::ErrorKind::PermissionDenied,
            "the store does not accept the credentials".to_owned(),
            Some("set them in the environment, or by `Opening::option`"),
        ),
        Store::AlreadyExists { .. } => {
            (io::ErrorKind::AlreadyExists, "there is such an object already".to_owned(), None)
        }
        Store::Precondition { .. } => (io::ErrorKind::Other, "it is not what it was".to_owned(), None),
        other if is_timeout(other) => (io::ErrorKind::TimedOut, "the store took too long to answer".to_owned(), None),
        other if transport(other) == Some(HttpErrorKind::Connect) => {
            (io::ErrorKind::NotConnected, format!("the store cannot be reached: {}", brief(&other.to_string())), None)
        }
        other => (io::ErrorKind::Other, brief(&other.to_string()), None),
    };
    let made = Error::new(ErrorKind::Io, format!("could not {what} `{name}`: {words}"));
    let made = made.caused_by(io::Error::new(kind, error));
    match advice {
        Some(advice) => made.advised(advice),
        None => made,
    }
}

/// The error for a request that was not answered in time.
pub(super) fn timed_out(what: &str, name: &str, limit: std::time::Duration) -> Error {
    let words = format!("could not {what} `{name}`: the store did not answer within {} s", limit.as_secs_f64());
    let source = io::Error::new(io::ErrorKind::TimedOut, "no answer in time");
    Error::new(ErrorKind::Io, words).caused_by(source).advised("`Opening::timeout` sets the limit")
}

/// The error for an answer that is not what was asked for.
pub(super) fn strange(what: &str, name: &str, words: &str) -> Error {
    let source = io::Error::new(io::ErrorKind::InvalidData, words.to_owned());
    Error::new(ErrorKind::Io, format!("could not {what} `{name}`: {words}")).caused_by(source)
}

/// The error for an object that is another than the one that was opened, or none any more.
pub(super) fn changed(name: &str, source: Option<object_store::Error>) -> Error {
    let words = format!("`{name}` was replaced or removed after it was opened");
    let error = Error::new(ErrorKind::Gone, words).advised("open it anew");
    match source {
        Some(source) => error.caused_by(io::Error::other(source)),
        None => error,
    }
}
