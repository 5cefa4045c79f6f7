//! Where output goes, and whether it has colors.

use std::borrow::Cow;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use anstyle::{AnsiColor, Style};

use crate::failure::Outcome;

/// When to use colors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Color {
    /// On a terminal.
    Auto,
    Always,
    Never,
}

/// What colors stand for.
pub(crate) const NAME: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const TYPE: Style = AnsiColor::Cyan.on_default();
pub(crate) const LINK: Style = AnsiColor::Magenta.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
pub(crate) const OLD: Style = AnsiColor::Red.on_default();
pub(crate) const NEW: Style = AnsiColor::Green.on_default();

/// The standard output, or a file.
pub(crate) struct Output {
    writer: Box<dyn Write>,
    has_color: bool,
    is_terminal: bool,
    /// Nobody reads on.
    is_closed: bool,
}

impl Output {
    /// The standard output.
    pub(crate) fn stdout(color: Color) -> Self {
        let stdout = io::stdout();
        let is_terminal = stdout.is_terminal();
        let has_color = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
                let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
                is_terminal && !is_set("NO_COLOR") && !is_dumb
            }
        };
        Self { writer: Box::new(BufWriter::with_capacity(1 << 16, stdout)), has_color, is_terminal, is_closed: false }
    }

    /// A new file, or the standard output where none is named.
    pub(crate) fn to(path: Option<&Path>, color: Color) -> Outcome<Self> {
        match path {
            Some(path) if path != Path::new("-") => {
                let file = std::fs::File::create(path)?;
                let writer = Box::new(BufWriter::with_capacity(1 << 20, file));
                Ok(Self { writer, has_color: false, is_terminal: false, is_closed: false })
            }
            _ => Ok(Self::stdout(color)),
        }
    }

    /// Whether somebody looks at it.
    pub(crate) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Whether it has colors.
    pub(crate) fn has_color(&self) -> bool {
        self.has_color
    }

    /// Whether it was a pipe that nobody reads any more, whatever a serializer made of that.
    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// The text in a style, if there are colors.
    pub(crate) fn styled(&self, style: Style, text: &str) -> String {
        if self.has_color && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// Writes all that is left.
    pub(crate) fn finish(&mut self) -> Outcome {
        Ok(self.writer.flush()?)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.writer.write(bytes);
        self.is_closed |= matches!(&written, Err(error) if error.kind() == io::ErrorKind::BrokenPipe);
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// A number of bytes in words, with at most three digits: `80 B`, `1.2 MB`.
pub(crate) fn bytes_words(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let (mut value, mut unit) = (bytes as f64 / 1000.0, 0);
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let decimals = if value < 9.95 { 1 } else { 0 };
    format!("{value:.decimals$} {}", UNITS[unit])
}

/// Text on one line: what would end the line, or is meant for the terminal, is shown as an escape.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    escaped(text, is_unsafe)
}

/// The same, where lines and tabs stay.
pub(crate) fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |char| is_unsafe(char) && !matches!(char, '\n' | '\t'))
}

fn escaped(text: &str, is_unsafe: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&is_unsafe) {
        return text.into();
    }
    let shown = text.chars().flat_map(|char| {
        let escaped = is_unsafe(char).then(|| char.escape_default());
        let own = escaped.is_none().then_some(char);
        escaped.into_iter().flatten().chain(own)
    });
    shown.collect::<String>().into()
}

/// Whether a character does something else to a terminal than to be shown: also what turns the direction of text.
fn is_unsafe(char: char) -> bool {
    char.is_control() || matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_in_words() {
        for (bytes, words) in
            [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (12_345, "12 kB"), (999_900, "1.0 MB"), (u64::MAX, "18 EB")]
        {
            assert_eq!(bytes_words(bytes), words);
        }
    }

    #[test]
    fn nothing_reaches_the_terminal_but_text() {
        assert_eq!(one_line("a\nb\u{1b}[31m"), "a\\nb\\u{1b}[31m");
        assert_eq!(one_line("grün"), "grün");
        assert_eq!(lines("a\n\tb\u{9b}"), "a\n\tb\\u{9b}");
    }
}
