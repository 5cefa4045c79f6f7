//! HTML in which nothing of a file is markup: what comes from a file goes through [`Html::text`], and [`Html::raw`] takes what the
//! program itself says alone.

use crate::figure::{Svg, escaped};

/// A part of a page.
#[derive(Debug, Default)]
pub(super) struct Html(String);

impl Html {
    /// Markup of this program's.
    pub(super) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Text, within elements or quoted attributes.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.0.push_str(&escaped(text));
        self
    }

    /// Text of several lines: line ends and tabs stay.
    pub(super) fn lines(&mut self, text: &str) -> &mut Self {
        for (number, line) in text.split('\n').enumerate() {
            self.0.push_str(if number == 0 { "" } else { "\n" });
            for (number, part) in line.split('\t').enumerate() {
                self.0.push_str(if number == 0 { "" } else { "\t" });
                self.0.push_str(&escaped(part));
            }
        }
        self
    }

    /// A number.
    pub(super) fn number(&mut self, number: usize) -> &mut Self {
        self.0.push_str(&number.to_string());
        self
    }

    /// A picture.
    pub(super) fn svg(&mut self, svg: &Svg) -> &mut Self {
        self.0.push_str(svg.as_str());
        self
    }

    /// Another part.
    pub(super) fn add(&mut self, part: &Self) -> &mut Self {
        self.0.push_str(&part.0);
        self
    }

    /// Some bytes of another part, as markup: both ends are where one call ended and another began.
    pub(super) fn part(&mut self, other: &Self, bytes: std::ops::Range<usize>) -> &mut Self {
        self.0.push_str(&other.0[bytes]);
        self
    }

    /// Bytes.
    pub(super) fn len(&self) -> u64 {
        self.0.len() as u64
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}
