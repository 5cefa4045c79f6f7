//! Figures: lines and heat maps of any number of values, drawn in text, as SVG, or as pixels.

mod build;
mod canvas;
mod counts;
mod curve;
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
        if self.is_index && !self.scale.is_log { self.scale.whole_ticks(most) } else { self.scale.ticks(most) }
    }
}
