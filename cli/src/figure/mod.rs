//! Figures: lines and heat maps of any number of values, drawn in text, as SVG, or as pixels.

mod build;
mod canvas;
mod counts;
mod curve;
mod dates;
mod font;
mod grid;
mod layout;
mod palette;
mod pixels;
mod png_file;
mod scale;
mod source;
mod svg;
mod terminal;
mod trace;

pub(crate) use build::{Wish, figure};
pub(crate) use counts::{counted, grouped};
use curve::Curve;
use dates::Dates;
use grid::Grid;
pub(crate) use layout::{Form, lay_out};
pub(crate) use palette::COLORS;
pub(crate) use pixels::to_png;
use scale::Scale;
pub(crate) use scale::in_digits;
pub(crate) use source::{Source, is_drawn, is_masked, text, units};
pub(crate) use svg::{Style, Svg, escaped, to_svg};
pub(crate) use terminal::{Colors, Look, draw};

/// What is drawn.
pub(crate) struct Figure {
    pub(crate) title: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) content: Content,
    /// What is said below, such as what was left out.
    pub(crate) notes: Vec<String>,
}

/// A side of a figure.
pub(crate) struct Axis {
    pub(crate) label: String,
    pub(crate) scale: Scale,
    /// Whether its values are indices.
    pub(crate) is_index: bool,
    /// What its values are as times, if they are times.
    pub(crate) dates: Option<Dates>,
}

/// What is within the axes.
pub(crate) enum Content {
    Lines(Vec<Curve>),
    Heat {
        grid: Grid,
        /// What the colors stand for.
        color: Axis,
    },
}

impl Axis {
    /// Its marks, at most about as many as are asked for.
    pub(crate) fn ticks(&self, most: usize) -> Vec<scale::Tick> {
        match self.dates {
            _ if self.scale.is_log => self.scale.ticks(most),
            Some(dates) => {
                self.scale.ticks_at(|low, high| dates.ticks(low, high, most)).unwrap_or_else(|| self.scale.ticks(most))
            }
            None if self.is_index => self.scale.whole_ticks(most),
            None => self.scale.ticks(most),
        }
    }

    /// A value of it in few words.
    pub(crate) fn words(&self, value: f64) -> String {
        self.dates.and_then(|dates| dates.words(value)).unwrap_or_else(|| scale::number(value))
    }

    /// The same, whose marks are dates, if its values are times. What these do not say, the label does.
    pub(crate) fn with_dates(mut self, dates: Option<Dates>) -> Self {
        let Some(dates) = dates else { return self };
        let (one, other) = (self.scale.value(0.0), self.scale.value(1.0));
        let place = dates.place(one.min(other), one.max(other));
        let utc = place.map_or_else(|| "UTC".to_owned(), |place| format!("{place} UTC"));
        self.label = if self.label.is_empty() { utc } else { format!("{} ({utc})", self.label) };
        self.dates = Some(dates);
        self
    }
}
