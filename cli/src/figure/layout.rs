//! Where everything of a figure is in a picture.

use crate::figure::curve::Curve;
use crate::figure::font::Font;
use crate::figure::grid::Grid;
use crate::figure::palette;
use crate::figure::scale::{Scale, Tick};
use crate::figure::{Axis, Content, Figure};
use crate::output::one_line;

/// How large a picture is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    pub(crate) width: f32,
    pub(crate) height: f32,
    /// How tall letters are.
    pub(crate) font: f32,
    /// How thick lines are.
    pub(crate) line: f32,
}

/// What a color is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    Text,
    /// Text beside what matters, and axes.
    Quiet,
    /// The lines behind.
    Grid,
    /// The line with that number.
    Line(usize),
}

/// On which side of its point a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Right,
    Both,
    Left,
}

/// A part of a picture.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Lines, each through points.
    Lines {
        lines: Vec<Vec<(f32, f32)>>,
        ink: Ink,
        width: f32,
    },
    Dots {
        points: Vec<(f32, f32)>,
        ink: Ink,
        size: f32,
    },
    Text {
        x: f32,
        y: f32,
        side: Side,
        size: f32,
        ink: Ink,
        text: String,
    },
    /// Shades of a matrix in a rectangle.
    Image {
        at: Area,
        columns: usize,
        rows: usize,
        shades: Vec<Option<f64>>,
    },
}

/// A rectangle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Area {
    pub(crate) left: f32,
    pub(crate) top: f32,
    pub(crate) right: f32,
    pub(crate) bottom: f32,
}

/// A picture, part by part, from the back to the front.
#[derive(Debug)]
pub(crate) struct Shapes {
    pub(crate) width: f32,
    pub(crate) height: f32,
    pub(crate) shapes: Vec<Shape>,
}

/// How many colors a color bar has.
const BAR: usize = 128;

struct Page {
    form: Form,
    font: Font,
    shapes: Vec<Shape>,
}

/// Lays a figure out.
pub(crate) fn lay_out(figure: &Figure, form: Form) -> Shapes {
    let mut page = Page { form, font: Font::new(), shapes: Vec::new() };
    match &figure.content {
        Content::Lines(curves) => page.lines(figure, curves),
        Content::Heat { grid, color } => page.heat(figure, grid, color),
    }
    Shapes { width: form.width, height: form.height, shapes: page.shapes }
}

impl Area {
    fn x(&self, position: f64) -> f32 {
        self.left + (self.right - self.left) * position as f32
    }

    /// From the bottom up.
    fn y(&self, position: f64) -> f32 {
        self.bottom - (self.bottom - self.top) * position as f32
    }
}

impl Page {
    fn lines(&mut self, figure: &Figure, curves: &[Curve]) {
        let font = self.form.font;
        let mut top = self.headings(figure);
        if curves.len() > 1 {
            top = self.legend(curves, top);
        }
        let bottom = self.form.height - self.below(figure);
        let y_ticks = figure.y.ticks(count(bottom - top, 3.2 * font));
        let left = self.widest(&y_ticks) + font;
        let area = Area { left, top: top + 0.5 * font, right: self.form.width - font, bottom };
        for Tick { position, label } in &y_ticks {
            let y = area.y(*position);
            self.line(vec![(area.left, y), (area.right, y)], Ink::Grid, 1.0);
            self.text(area.left - 0.4 * font, y + 0.35 * font, Side::Left, Ink::Quiet, label);
        }
        self.x_axis(figure, area, Ink::Grid);
        self.line(vec![(area.left, area.bottom), (area.right, area.bottom)], Ink::Quiet, 1.0);
        for (number, curve) in curves.iter().enumerate() {
            self.curve(curve, Ink::Line(number % palette::COLORS), area, figure.x.scale, figure.y.scale);
        }
    }

    fn curve(&mut self, curve: &Curve, ink: Ink, area: Area, x: Scale, y: Scale) {
        let place = |(x, y): &(f64, f64)| (area.x(*x), area.y(*y));
        let mut single = Vec::new();
        let lines = curve.trace.lines(x, y);
        let count: usize = lines.iter().map(Vec::len).sum();
        for line in lines {
            match line.as_slice() {
                [point] => single.push(place(point)),
                // Few points are shown as such.
                line if count <= 30 => {
                    single.extend(line.iter().map(place));
                    self.line(line.iter().map(place).collect(), ink, self.form.line);
                }
                line => self.line(line.iter().map(place).collect(), ink, self.form.line),
            }
        }
        if !single.is_empty() {
            self.shapes.push(Shape::Dots { points: single, ink, size: 3.0 * self.form.line });
        }
        let dots = curve.trace.dots(x, y);
        if !dots.is_empty() {
            self.shapes.push(Shape::Dots { points: dots.iter().map(place).collect(), ink, size: self.form.line });
        }
    }

    fn heat(&mut self, figure: &Figure, grid: &Grid, color: &Axis) {
        let font = self.form.font;
        let top = self.headings(figure) + 0.5 * font;
        let bottom = self.form.height - self.below(figure);
        let bar_ticks = color.ticks(count(bottom - top, 3.2 * font));
        let bar_width = 1.2 * font;
        let bar_right = self.form.width - self.widest(&bar_ticks) - font;
        let y_ticks = figure.y.ticks(count(bottom - top, 2.5 * font));
        let left = self.widest(&y_ticks) + font;
        let area = Area { left, top, right: (bar_right - bar_width - 1.5 * font).max(left + 1.0), bottom };
        let shades = grid.shades(color.scale);
        self.shapes.push(Shape::Image { at: area, columns: grid.columns, rows: grid.rows, shades });
        for Tick { position, label } in &y_ticks {
            // The first row is at the top.
            let y = area.y(1.0 - *position);
            self.line(vec![(area.left - 0.3 * font, y), (area.left, y)], Ink::Quiet, 1.0);
            self.text(area.left - 0.5 * font, y + 0.35 * font, Side::Left, Ink::Quiet, label);
        }
        self.x_axis(figure, area, Ink::Quiet);
        let bar = Area { left: bar_right - bar_width, right: bar_right, ..area };
        let shades = (0..BAR).rev().map(|step| Some((step as f64 + 0.5) / BAR as f64)).collect();
        self.shapes.push(Shape::Image { at: bar, columns: 1, rows: BAR, shades });
        for Tick { position, label } in &bar_ticks {
            let y = bar.y(*position);
            self.line(vec![(bar.right, y), (bar.right + 0.3 * font, y)], Ink::Quiet, 1.0);
            self.text(bar.right + 0.5 * font, y + 0.35 * font, Side::Right, Ink::Quiet, label);
        }
    }

    /// The title and what y is, one below the other; returns where they end.
    fn headings(&mut self, figure: &Figure) -> f32 {
        let font = self.form.font;
        let mut top = 0.4 * font;
        for (words, ink) in [(&figure.title, Ink::Text), (&figure.y.label, Ink::Quiet)] {
            if words.is_empty() {
                continue;
            }
            top += 1.3 * font;
            let ink = if figure.title.is_empty() { Ink::Text } else { ink };
            let words = self.font.cut(&one_line(words), font, self.form.width - 1.2 * font);
            self.text(0.6 * font, top - 0.25 * font, Side::Right, ink, &words);
        }
        top
    }

    /// Which line is which; returns where that ends.
    fn legend(&mut self, curves: &[Curve], top: f32) -> f32 {
        let font = self.form.font;
        let (swatch, gap) = (1.6 * font, 1.5 * font);
        let (mut x, mut y) = (0.6 * font, top + font);
        for (number, curve) in curves.iter().enumerate() {
            let words = self.font.cut(&one_line(&curve.label), font, self.form.width - swatch - 2.0 * font);
            let width = swatch + 0.4 * font + self.font.width(&words, font);
            if x > font && x + width > self.form.width - 0.6 * font {
                (x, y) = (0.6 * font, y + 1.4 * font);
            }
            let middle = y - 0.35 * font;
            let ink = Ink::Line(number % palette::COLORS);
            self.line(vec![(x, middle), (x + swatch, middle)], ink, 1.5 * self.form.line);
            self.text(x + swatch + 0.4 * font, y, Side::Right, Ink::Text, &words);
            x += width + gap;
        }
        y + 0.4 * font
    }

    /// How much room is needed below the axes.
    fn below(&self, figure: &Figure) -> f32 {
        let font = self.form.font;
        let label = if figure.x.label.is_empty() { 0.0 } else { 1.3 };
        font * (1.9 + label + 1.3 * figure.notes.len() as f32)
    }

    /// The axis, and what is said below it.
    fn x_axis(&mut self, figure: &Figure, area: Area, ink: Ink) {
        let font = self.form.font;
        let ticks = figure.x.ticks(count(area.right - area.left, 7.0 * font));
        for Tick { position, label } in &ticks {
            let x = area.x(*position);
            let (from, to) =
                if ink == Ink::Grid { (area.top, area.bottom) } else { (area.bottom, area.bottom + 0.3 * font) };
            self.line(vec![(x, from), (x, to)], ink, 1.0);
            // What is at an end does not reach beyond it.
            let half = self.font.width(label, font) / 2.0;
            let x = x.min(self.form.width - half - 0.2 * font).max(half);
            self.text(x, area.bottom + 1.3 * font, Side::Both, Ink::Quiet, label);
        }
        let mut y = area.bottom + 2.7 * font;
        if !figure.x.label.is_empty() {
            let words = self.font.cut(&one_line(&figure.x.label), font, area.right - area.left);
            self.text(f32::midpoint(area.left, area.right), y, Side::Both, Ink::Text, &words);
            y += 1.3 * font;
        }
        for note in &figure.notes {
            let words = self.font.cut(&one_line(note), font, self.form.width - 1.2 * font);
            self.text(0.6 * font, y, Side::Right, Ink::Quiet, &words);
            y += 1.3 * font;
        }
    }

    fn widest(&self, ticks: &[Tick]) -> f32 {
        ticks.iter().map(|tick| self.font.width(&tick.label, self.form.font)).fold(0.0, f32::max)
    }

    /// A line. Those of one ink are one shape, where the first of them is: that takes a browser less time.
    fn line(&mut self, points: Vec<(f32, f32)>, ink: Ink, width: f32) {
        let same = self.shapes.iter_mut().find_map(|shape| match shape {
            Shape::Lines { lines, ink: other, width: thick } if *other == ink && *thick == width => Some(lines),
            _ => None,
        });
        match same {
            Some(lines) => lines.push(points),
            None => self.shapes.push(Shape::Lines { lines: vec![points], ink, width }),
        }
    }

    fn text(&mut self, x: f32, y: f32, side: Side, ink: Ink, text: &str) {
        self.shapes.push(Shape::Text { x, y, side, size: self.form.font, ink, text: text.to_owned() });
    }
}

/// How many marks have room.
fn count(length: f32, each: f32) -> usize {
    (length / each).clamp(2.0, 12.0) as usize
}
