//! What went wrong, where, and what to do about it.

mod names;
pub(crate) mod relay;
mod serde;
mod source;
mod text;

use std::fmt::Display;
use std::sync::Arc;

use self::names::{rust_name, shorten};
use crate::ground::link_name::{ATTRIBUTE_PREFIX, step_of};

pub(crate) use self::names::names;
pub use self::source::Hdf5Error;

/// A `Result` whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of thing went wrong, to match on.
///
/// ```
/// use filebacked::{ErrorKind, from_file};
///
/// match from_file::<Vec<f64>>("no/such/file.h5") {
///     Ok(values) => println!("{} values", values.len()),
///     Err(error) if error.kind() == ErrorKind::Io => println!("begin anew: {error}"),
///     Err(error) => panic!("{error}"),
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A struct asks for a field that is not stored.
    MissingField,
    /// The struct denies unknown fields, and one is stored.
    UnknownField,
    /// The enum has no variant of the stored name.
    UnknownVariant,
    /// What is stored has another type than was asked for.
    WrongType,
    /// A stored number does not fit into the type asked for.
    OutOfRange,
    /// A sequence has another length than was asked for.
    WrongLength,
    /// A map key cannot be read as the type asked for, or cannot be stored.
    BadKey,
    /// There is already something of that name.
    AlreadyExists,
    /// There is nothing of that name.
    NotFound,
    /// Values nest deeper than the limit.
    TooDeep,
    /// A link leads back to a group it is in.
    Cycle,
    /// What is stored contradicts itself, as in a damaged file.
    Corrupt,
    /// More is asked for than the limits allow.
    Limit,
    /// HDF5, or this crate, has no form for it.
    Unsupported,
    /// The closure of the `progress` option cancelled the call, which left everything as it was.
    Cancelled,
    /// What was to be read is gone: the file was closed by force or cut short, or another thread made the dataset smaller after
    /// it was opened.
    Gone,
    /// libhdf5 failed.
    Hdf5,
    /// The operating system failed.
    Io,
    /// A type's own `Serialize` or `Deserialize` failed.
    Custom,
    /// Ranks that write or read [one file together](crate::dist) do not go together: they make other calls, or have values that
    /// differ in what is to be alike, or one of them is gone.
    Ranks,
}

/// What went wrong, in one line, with where: the place in the value, as serde walks it (`patches/[2]/material/name`),
/// and the path of the HDF5 object.
///
/// ```
/// #[derive(serde::Deserialize, Debug)]
/// struct Run { steps: u8 }
///
/// let image = filebacked::to_vec(&std::collections::BTreeMap::from([("steps", 300)]))?;
/// let error = filebacked::from_slice::<Run>(&image).unwrap_err();
/// assert_eq!(error.kind(), filebacked::ErrorKind::OutOfRange);
/// assert_eq!(error.path(), "steps");
/// assert_eq!(error.hdf5_path(), "/steps");
/// assert_eq!(error.to_string(), "expected `u8`, found 300, stored as scalar `i32`; at `steps`, HDF5 path `/steps`");
/// # Ok::<(), filebacked::Error>(())
/// ```
///
/// # Sources
///
/// [`source`](std::error::Error::source) gives what failed beneath:
///
/// - the [`std::io::Error`], where the system failed (kind [`Io`](ErrorKind::Io)), also where libhdf5 met it;
/// - an [`Hdf5Error`], where libhdf5 failed (kind [`Hdf5`](ErrorKind::Hdf5)): its error stack;
/// - another [`Error`], where two things went wrong at once;
/// - what another crate or the standard library said, such as [`Utf8Error`](std::str::Utf8Error).
///
/// What this crate finds by itself has no source.
///
/// ```
/// use std::error::Error;
///
/// let error = filebacked::from_file::<u8>("no such folder/run.h5").unwrap_err();
/// let system = error.source().and_then(|source| source.downcast_ref::<std::io::Error>());
/// assert_eq!(system.map(std::io::Error::kind), Some(std::io::ErrorKind::NotFound));
/// ```
pub struct Error(Box<ErrorInner>);

#[derive(Clone, Debug)]
struct ErrorInner {
    kind: ErrorKind,
    message: String,
    /// The Rust type whose field or variant the message is about.
    asked: Option<&'static str>,
    /// What else there is to say after that.
    rest: String,
    /// What to do about it.
    advice: Vec<String>,
    /// What is stored at the place, in words.
    stored: Option<String>,
    /// Innermost first.
    segments: Vec<PathSegment>,
    /// Link names, innermost first; the path of the group that the call was given comes last.
    links: Vec<String>,
    /// The file that was written or read.
    file: Option<String>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
    retry_as: Option<RetryAs>,
    /// The field that is missing.
    missing: Option<&'static str>,
    /// What was to be read is not there, or not to be had, though something says that it is: a link, or a reference.
    leads_nowhere: bool,
    /// What is there is nothing that could hold a value.
    is_no_value: bool,
    /// What is stored is at fault, whatever it is read as, and was asked for by who takes anything.
    is_unwanted: bool,
    /// How many of the segments, the innermost ones, the options know nothing of.
    beyond: usize,
    /// The call that it ended is over.
    is_over: bool,
}

/// A step of the way into a value.
#[derive(Clone, Debug)]
pub(crate) enum PathSegment {
    /// A field, a variant, or a key of a map.
    Name(String),
    /// An attribute, by its name alone.
    Attribute(String),
    /// An element of a sequence or tuple.
    Index(usize),
}

impl PathSegment {
    /// As a step of a path.
    fn step(&self) -> String {
        match self {
            Self::Index(index) => format!("[{index}]"),
            Self::Name(name) => step_of(name).into_owned(),
            Self::Attribute(name) => step_of(&format!("{ATTRIBUTE_PREFIX}{name}")).into_owned(),
        }
    }
}

/// The encoding that turned out not to hold a value, and how to write the value instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RetryAs {
    /// A map some of whose keys are no link names: as `map`.
    Map,
    /// A map whose keys or values are not of one type: as a group.
    Group,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(ErrorInner {
            kind,
            message: message.into(),
            asked: None,
            rest: String::new(),
            advice: Vec::new(),
            stored: None,
            segments: Vec::new(),
            links: Vec::new(),
            file: None,
            source: None,
            retry_as: None,
            missing: None,
            leads_nowhere: false,
            is_no_value: false,
            is_unwanted: false,
            beyond: 0,
            is_over: false,
        }))
    }

    /// The error for what cannot be read, in words, where a type of that name is asked for.
    #[cold]
    pub(crate) fn unreadable(wanted: &'static str, found: &str) -> Self {
        let wanted = rust_name(wanted);
        Self::new(ErrorKind::Unsupported, format!("expected `{wanted}`, found {found}, which cannot be read"))
    }

    /// A value cannot be written in the form that was begun, and is to be written again in another.
    pub(crate) fn retry_as(again: RetryAs, kind: ErrorKind, message: impl Into<String>) -> Self {
        let mut error = Self::new(kind, message);
        error.0.retry_as = Some(again);
        error
    }

    /// The error for an object that cannot hold a value.
    #[cold]
    pub(crate) fn no_value(what: &str) -> Self {
        let mut error = Self::new(ErrorKind::Unsupported, what);
        error.0.is_no_value = true;
        error
    }

    /// Whether it is that one.
    pub(crate) fn is_no_value(&self) -> bool {
        self.0.is_no_value
    }

    pub(crate) fn wrong_type(expected: impl Display, found: impl Display) -> Self {
        Self::new(ErrorKind::WrongType, format!("expected {expected}, found {found}"))
    }

    pub(crate) fn corrupt(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Corrupt, message)
    }

    /// The error for what the options do not allow; `allowing` says how they would.
    #[cold]
    pub(crate) fn refused(what: impl Into<String>, allowing: String) -> Self {
        let mut error = Self::new(ErrorKind::Limit, what).advised(allowing);
        error.0.leads_nowhere = true;
        error
    }

    /// The error for a link, or a reference, that leads nowhere.
    #[cold]
    pub(crate) fn leads_nowhere(what: impl Into<String>) -> Self {
        let mut error = Self::new(ErrorKind::NotFound, what);
        error.0.leads_nowhere = true;
        error
    }

    pub(crate) fn io(what: impl Display, source: std::io::Error) -> Self {
        let advice = match source.kind() {
            std::io::ErrorKind::StorageFull => Some("make room on the disk, or write to another"),
            std::io::ErrorKind::QuotaExceeded => Some("make room within the quota, or write to another disk"),
            std::io::ErrorKind::FileTooLarge => {
                Some("raise the limit on the size of files, such as `ulimit -f`, or write to another file system")
            }
            _ => None,
        };
        let mut error = Self::new(ErrorKind::Io, format!("{what}: {source}"));
        error.0.advice.extend(advice.map(str::to_owned));
        error.caused_by(source)
    }

    /// Adds the step of the way into the value that led here.
    #[cold]
    pub(crate) fn inside(mut self, segment: PathSegment) -> Self {
        self.0.segments.push(segment);
        self
    }

    #[cold]
    pub(crate) fn in_field(self, name: &str) -> Self {
        self.inside(PathSegment::Name(name.to_owned()))
    }

    #[cold]
    pub(crate) fn in_element(self, index: usize) -> Self {
        self.inside(PathSegment::Index(index))
    }

    #[cold]
    pub(crate) fn in_attribute(self, name: &str) -> Self {
        self.inside(PathSegment::Attribute(name.to_owned()))
    }

    /// Adds the link that led here, or, last, the path of the group that all began at.
    #[cold]
    pub(crate) fn in_link(mut self, name: &str) -> Self {
        self.0.links.push(name.to_owned());
        self
    }

    /// Says which HDF5 object was at hand, whatever was said of that on the way.
    pub(crate) fn located_at(mut self, path: &str) -> Self {
        let names = path.rsplit('/').filter(|name| !name.is_empty()).map(str::to_owned);
        self.0.links = names.chain(["/".to_owned()]).collect();
        self
    }

    /// Says which file was written or read.
    pub(crate) fn in_file(mut self, path: &str) -> Self {
        self.0.file = Some(path.to_owned());
        self
    }

    /// Says what is stored at the place, if that was not said closer to it.
    #[cold]
    pub(crate) fn stored_as(mut self, words: impl FnOnce() -> String) -> Self {
        use ErrorKind::*;
        let is_of_types = matches!(
            self.0.kind,
            WrongType | OutOfRange | WrongLength | Unsupported | MissingField | UnknownField | UnknownVariant
        );
        if self.0.stored.is_none() && is_of_types {
            self.0.stored = Some(words());
        }
        self
    }

    /// The same of what has parts, if it is about none of these.
    #[cold]
    pub(crate) fn stored_here(self, words: impl FnOnce() -> String) -> Self {
        if self.0.links.is_empty() { self.stored_as(words) } else { self }
    }

    /// Says which type the field or variant is of that is missing or unknown, if it is one of this type.
    #[cold]
    pub(crate) fn of_type(mut self, name: &'static str) -> Self {
        use ErrorKind::*;
        let is_of_type = matches!(self.0.kind, MissingField | UnknownField | UnknownVariant);
        if is_of_type && self.0.segments.is_empty() && !name.is_empty() {
            self.0.asked.get_or_insert(name);
        }
        self
    }

    pub(crate) fn wants(&self, again: RetryAs) -> bool {
        self.0.retry_as == Some(again)
    }

    /// The field that is missing, and the way to the struct that asks for it, from the outside in.
    pub(crate) fn missing(&self) -> Option<(&'static str, impl Iterator<Item = &PathSegment>)> {
        Some((self.0.missing?, self.0.segments.iter().rev()))
    }

    /// The field that is missing.
    pub(crate) fn missing_field_name(&self) -> Option<&'static str> {
        self.0.missing
    }

    /// Says why a field is missing that is stored.
    pub(crate) fn left_out(mut self, words: &str) -> Self {
        self.0.stored = None;
        self.because(words)
    }

    /// Whether what is stored is at fault, whatever it is read as: of a type that is not read, a link or a reference that
    /// leads nowhere or back, or to what the options do not allow.
    pub(crate) fn is_of_stored(&self) -> bool {
        self.0.leads_nowhere || matches!(self.0.kind, ErrorKind::Unsupported | ErrorKind::Cycle)
    }

    /// Whether one object is at fault, and another may be read all the same: neither the whole file is, nor was the call
    /// ended.
    pub(crate) fn is_of_object(&self) -> bool {
        !matches!(self.0.kind, ErrorKind::Cancelled | ErrorKind::Gone | ErrorKind::Limit | ErrorKind::Io)
            || self.is_of_stored()
    }

    /// Takes note that who asked for it takes anything: it can do without what cannot be read.
    #[cold]
    pub(crate) fn mark_skippable(mut self) -> Self {
        let is_broken = matches!(self.0.kind, ErrorKind::Corrupt | ErrorKind::NotFound | ErrorKind::Hdf5);
        self.0.is_unwanted |= is_broken || self.is_of_stored();
        self
    }

    /// Whether who asked for it can do without it.
    pub(crate) fn is_unwanted(&self) -> bool {
        self.0.is_unwanted
    }

    /// Takes note that the options know nothing of the way from here on.
    pub(crate) fn beyond_options(mut self) -> Self {
        self.0.beyond = self.0.segments.len();
        self
    }

    /// Says how the rest is read without what cannot be read, if that has a name to leave it out by.
    pub(crate) fn skippable(self) -> Self {
        if !self.0.is_unwanted {
            return self;
        }
        let segments = self.0.segments.iter().skip(self.0.beyond);
        let mut path = Vec::new();
        for segment in segments.skip_while(|segment| matches!(segment, PathSegment::Index(_))) {
            path.push(match segment {
                PathSegment::Index(_) => "*".to_owned(),
                segment => segment.step(),
            });
        }
        if path.is_empty() {
            return self;
        }
        path.reverse();
        let path = path.join("/");
        self.advised(format!("`ReadOptions::skip([{path:?}])` leaves it out"))
    }

    /// Says what failed beneath, or which error it came about with.
    #[cold]
    pub(crate) fn caused_by(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    /// Says what to do about it.
    pub(crate) fn advised(mut self, advice: impl Into<String>) -> Self {
        self.0.advice.push(advice.into());
        self
    }

    /// The same where the call is over that it is about.
    pub(crate) fn call_ended(mut self) -> Self {
        self.0.is_over = true;
        self
    }

    /// The same error, for another who is to be told.
    pub(crate) fn copy(&self) -> Self {
        Self(self.0.clone())
    }

    /// A copy, if the call goes on that it is about.
    pub(crate) fn on_its_way(&self) -> Option<Self> {
        (!self.0.is_over).then(|| Self(self.0.clone()))
    }

    /// Adds words to what went wrong.
    pub(crate) fn because(mut self, words: &str) -> Self {
        self.0.rest.push_str(words);
        self
    }

    /// What kind of thing went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The place in the value, as in `patches/[2]/material/name`, which the [options](crate::WriteOptions#paths) take, too; empty
    /// for the value itself.
    #[must_use]
    pub fn path(&self) -> String {
        self.steps(|step| step.to_owned())
    }

    /// The steps of the path, each as `shown`.
    fn steps(&self, shown: fn(&str) -> String) -> String {
        let steps: Vec<_> = self.0.segments.iter().rev().map(|segment| shown(&segment.step())).collect();
        steps.join("/")
    }

    /// The path of the HDF5 object, as in `/patches/material`; empty where no object is at fault.
    #[must_use]
    pub fn hdf5_path(&self) -> String {
        let mut path = String::new();
        for link in self.0.links.iter().rev() {
            // The root is a link of its own where it is what was at hand.
            if link == "/" && !path.is_empty() {
                continue;
            }
            if !path.ends_with('/') && !path.is_empty() {
                path.push('/');
            }
            path.push_str(&shorten(link));
        }
        path
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl From<hdf5::Error> for Error {
    fn from(error: hdf5::Error) -> Self {
        Self::new(ErrorKind::Hdf5, format!("libhdf5 failed: {error}")).caused_by(Hdf5Error::from(error))
    }
}
