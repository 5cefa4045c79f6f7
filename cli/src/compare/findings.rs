//! What was found to differ.

use std::io::Write;

use crate::failure::Outcome;
use crate::json;
use crate::output::{BAD, DIM, NAME, NEW, OLD, Output, one_line};

/// A difference, and where it is: the path of an object, or of an attribute, `path@name`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finding {
    pub(crate) path: String,
    pub(crate) change: Change,
}

/// What differs. Files are called by their numbers, 0 and 1.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// It is in one of the files alone.
    Only {
        file: usize,
        what: String,
    },
    /// It is a group in one, and a dataset in the other.
    Object {
        from: String,
        to: String,
    },
    /// The links lead elsewhere.
    Link {
        from: String,
        to: String,
    },
    Type {
        from: String,
        to: String,
    },
    Shape {
        from: String,
        to: String,
    },
    /// A scalar.
    Value {
        from: String,
        to: String,
    },
    Values {
        differing: u64,
        total: u64,
        /// The largest difference between two numbers.
        largest: Option<f64>,
        /// Where the first are, and what is there.
        first: Vec<(Vec<u64>, String, String)>,
    },
    /// It was not compared, as it cannot be read: in one of the files, or in both for one reason.
    Unreadable {
        file: Option<usize>,
        why: String,
    },
}

impl Finding {
    /// Whether it is a difference, and not only something that could not be compared.
    pub(crate) fn is_difference(&self) -> bool {
        !matches!(self.change, Change::Unreadable { file: None, .. })
    }

    /// Shows it as text.
    pub(crate) fn show(&self, out: &mut Output, files: [&str; 2]) -> Outcome {
        let path = out.styled(NAME, &one_line(&self.path));
        let arrow = |out: &Output, from: &str, to: &str| {
            format!("{} → {}", out.styled(OLD, &one_line(from)), out.styled(NEW, &one_line(to)))
        };
        let files = files.map(one_line);
        let words = match &self.change {
            Change::Only { file, what } => {
                let style = if *file == 0 { OLD } else { NEW };
                let place = out.styled(style, &format!("only in {}", files[*file]));
                format!("{place}  {}", out.styled(DIM, &one_line(what)))
            }
            Change::Object { from, to } | Change::Value { from, to } => arrow(out, from, to),
            Change::Link { from, to } => format!("link: {}", arrow(out, from, to)),
            Change::Type { from, to } => format!("type: {}", arrow(out, from, to)),
            Change::Shape { from, to } => format!("shape: {}", arrow(out, from, to)),
            Change::Values { differing, total, largest, .. } => {
                let verb = if *differing == 1 { "differs" } else { "differ" };
                let largest =
                    largest.map(|largest| format!(", at most by {}", short_float(largest))).unwrap_or_default();
                format!("{} of {} values {verb}{largest}", grouped(*differing), grouped(*total))
            }
            Change::Unreadable { file, why } => {
                let place = file.map(|file| format!(" in {}", files[file])).unwrap_or_default();
                out.styled(BAD, &format!("not compared, cannot be read{place}: {}", one_line(why)))
            }
        };
        writeln!(out, "{path}: {words}")?;
        if let Change::Values { first, differing, .. } = &self.change {
            for (index, from, to) in first {
                let line = format!("  {}: {}", index_words(index), arrow(out, from, to));
                writeln!(out, "{line}")?;
            }
            if *differing > first.len() as u64 && !first.is_empty() {
                writeln!(out, "  ...")?;
            }
        }
        Ok(())
    }

    /// The same without colors.
    #[cfg(test)]
    pub(crate) fn write_plain(&self, out: &mut Vec<u8>, files: [&str; 2]) -> Outcome {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("shown");
        let mut output = Output::to(Some(&path), crate::output::Color::Never)?;
        self.show(&mut output, files)?;
        output.finish()?;
        out.extend(std::fs::read(path)?);
        Ok(())
    }

    /// Shows it as an object of JSON's.
    pub(crate) fn json(&self, out: &mut Output) -> Outcome {
        let (kind, texts): (&str, Vec<(&str, &str)>) = match &self.change {
            Change::Only { file: 0, what } => ("only in first", vec![("what", what)]),
            Change::Only { what, .. } => ("only in second", vec![("what", what)]),
            Change::Object { from, to } => ("object", vec![("from", from), ("to", to)]),
            Change::Link { from, to } => ("link", vec![("from", from), ("to", to)]),
            Change::Type { from, to } => ("type", vec![("from", from), ("to", to)]),
            Change::Shape { from, to } => ("shape", vec![("from", from), ("to", to)]),
            Change::Value { from, to } => ("value", vec![("from", from), ("to", to)]),
            Change::Values { .. } => ("values", Vec::new()),
            Change::Unreadable { why, .. } => ("not compared", vec![("why", why)]),
        };
        write!(out, "{{\"path\":")?;
        json::text(out, &self.path)?;
        write!(out, ",\"kind\":\"{kind}\"")?;
        for (name, text) in texts {
            write!(out, ",\"{name}\":")?;
            json::text(out, text)?;
        }
        if let Change::Values { differing, total, largest, first } = &self.change {
            write!(out, ",\"differing\":{differing},\"total\":{total}")?;
            if let Some(largest) = largest.filter(|largest| largest.is_finite()) {
                write!(out, ",\"largest\":{largest:?}")?;
            }
            write!(out, ",\"first\":[")?;
            for (number, (index, from, to)) in first.iter().enumerate() {
                let index: Vec<String> = index.iter().map(u64::to_string).collect();
                write!(out, "{}{{\"index\":[{}],\"from\":", if number == 0 { "" } else { "," }, index.join(","))?;
                json::text(out, from)?;
                write!(out, ",\"to\":")?;
                json::text(out, to)?;
                write!(out, "}}")?;
            }
            write!(out, "]")?;
        }
        Ok(write!(out, "}}")?)
    }
}

fn index_words(index: &[u64]) -> String {
    format!("[{}]", index.iter().map(u64::to_string).collect::<Vec<_>>().join(", "))
}

fn short_float(value: f64) -> String {
    let short = format!("{value:.3e}");
    let plain = format!("{value:?}");
    if plain.len() <= 8 { plain } else { short }
}

/// A number with its digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut words = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            words.push(',');
        }
        words.push(digit);
    }
    words
}
