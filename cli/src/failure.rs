//! Why a command ends without having done what it was asked for.

use std::io;

use filebacked::ErrorKind;

/// The end of a command that did not do all that it was asked for.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nothing is wrong, but the answer is no, and was said: files differ, or are damaged.
    No,
    /// There is nothing of that name.
    Missing(String),
    /// Anything else.
    Error(String),
    /// Nobody reads on.
    ClosedPipe,
}

/// What a command gives.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub(crate) fn error(message: impl Into<String>) -> Self {
        Self::Error(message.into())
    }

    pub(crate) fn missing(message: impl Into<String>) -> Self {
        Self::Missing(message.into())
    }

    /// The exit code.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::ClosedPipe => 0,
            Self::No | Self::Missing(_) => 1,
            Self::Error(_) => 2,
        }
    }

    /// What to say of it.
    pub(crate) fn message(&self) -> Option<&str> {
        match self {
            Self::Missing(message) | Self::Error(message) => Some(message),
            Self::No | Self::ClosedPipe => None,
        }
    }

    /// The same, which says which file it is about.
    pub(crate) fn in_file(self, file: &std::path::Path) -> Self {
        let with = |message: String| {
            let name = file.display().to_string();
            if message.contains(&name) { message } else { format!("{name}: {message}") }
        };
        match self {
            Self::Missing(message) => Self::Missing(with(message)),
            Self::Error(message) => Self::Error(with(message)),
            other => other,
        }
    }
}

impl From<filebacked::Error> for Failure {
    fn from(error: filebacked::Error) -> Self {
        let message = with_flags(&error.to_string());
        match error.kind() {
            ErrorKind::NotFound => Self::Missing(message),
            _ => Self::Error(message),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::Error(error.to_string()),
        }
    }
}

/// What is wrong, without the place, which is shown beside it.
pub(crate) fn why(error: &filebacked::Error) -> String {
    without_place(&with_flags(&error.to_string()))
}

/// The text of an error without the place.
pub(crate) fn without_place(text: &str) -> String {
    let places = ["; at `", "; HDF5 path `", "; file `"];
    let end = places.iter().filter_map(|place| text.rfind(place)).min();
    text[..end.unwrap_or(text.len())].to_owned()
}

/// An error's text with the names of the command's options in the place of those of the crate.
pub(crate) fn with_flags(text: &str) -> String {
    const OPTIONS: [&str; 2] = ["`ReadOptions::", "`WriteOptions::"];
    let (mut flagged, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((at, option)) =
        OPTIONS.iter().filter_map(|option| rest.find(option).map(|at| (at, option))).min_by_key(|(at, _)| *at)
    {
        let name = &rest[at + option.len()..];
        let end = name.find('`').unwrap_or(name.len());
        flagged.push_str(&rest[..at]);
        flagged.push_str(&format!("`--{}`", name[..end].replace('_', "-")));
        rest = name.get(end + 1..).unwrap_or_default();
    }
    flagged.push_str(rest);
    // The second of two options is named without its type.
    let flagged = flagged.replace("or `max_bytes`", "or `--max-bytes`");
    // The command has no such option.
    with_paths(&flagged.replace(" (`lenient()` takes paths that lead nowhere)", ""))
}

/// The text with `--at field` in the place of `at("field")`.
fn with_paths(text: &str) -> String {
    let (mut flagged, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((at, option)) = ["at", "skip", "only"]
        .iter()
        .filter_map(|option| rest.find(&format!("`{option}(\"")).map(|at| (at, *option)))
        .min_by_key(|(at, _)| *at)
    {
        let path = &rest[at + option.len() + 3..];
        let Some(end) = path.find("\")`") else { break };
        flagged.push_str(&format!("{}`--{option} {}`", &rest[..at], &path[..end]));
        rest = &path[end + 3..];
    }
    flagged + rest
}

#[cfg(test)]
mod tests {
    use super::with_flags;

    #[test]
    fn options_are_flags() {
        for (text, expected) in [
            ("too large: `ReadOptions::max_bytes` sets the limit", "too large: `--max-bytes` sets the limit"),
            ("`ReadOptions::max_unstored` or `max_bytes` sets it", "`--max-unstored` or `--max-bytes` sets it"),
            ("`ReadOptions::allow_plugins` allows it; at `/x`", "`--allow-plugins` allows it; at `/x`"),
            ("`at(\"a/b\")`: `skip(\"c\")` (`lenient()` takes paths that lead nowhere)", "`--at a/b`: `--skip c`"),
            ("`at(\"a", "`at(\"a"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(with_flags(text), expected);
        }
    }
}
