//! Figures in characters.

use std::io::Write;

use anstyle::{Ansi256Color, Color, RgbColor, Style};

use crate::failure::Outcome;
use crate::figure::canvas::{ASCII, Canvas, Dots, UNICODE};
use crate::figure::curve::Curve;
use crate::figure::grid::Grid;
use crate::figure::scale::Tick;
use crate::figure::trace::cell;
use crate::figure::{Axis, Content, Figure, palette};
use crate::output::{DIM, NAME, one_line};

/// What a terminal can do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// In characters.
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Whether there is more than ASCII.
    pub(crate) is_unicode: bool,
    pub(crate) colors: Colors,
}

/// How many colors there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colors {
    None,
    Sixteen,
    /// 256.
    Many,
    All,
}

/// The least room for what is within the axes.
const LEAST: (usize, usize) = (16, 4);
/// How much room labels of the axis at the left take, as long as they are not known.
const LABELS: usize = 10;
/// Signs for shades, from dark to light.
const SHADES: [char; 4] = ['░', '▒', '▓', '█'];
const SHADES_ASCII: [char; 9] = ['.', ':', '-', '=', '+', 'o', '*', '#', '@'];

impl Look {
    /// What lines are drawn with.
    fn dots(self, lines: usize) -> Dots {
        match (self.is_unicode, self.colors) {
            (false, _) => ASCII,
            // Without colors, dots of one line look as those of another.
            (true, Colors::None) if lines > 1 => UNICODE,
            (true, _) => Dots::Braille,
        }
    }

    /// In how many columns and rows lines are read.
    pub(crate) fn line_cells(self, lines: usize) -> (usize, usize) {
        let (columns, rows) = self.dots(lines).per_character();
        ((self.width.saturating_sub(LABELS).max(LEAST.0)) * columns, self.height.max(LEAST.1) * rows)
    }

    /// In how many columns and rows a matrix is read.
    pub(crate) fn grid_cells(self) -> (usize, usize) {
        (self.width.saturating_sub(LABELS).max(LEAST.0), self.height.max(LEAST.1) * self.halves())
    }

    /// How many pixels are in a character of a heat map, one above the other.
    fn halves(self) -> usize {
        if self.is_unicode && self.has_shades() { 2 } else { 1 }
    }

    /// Whether there are colors enough for a heat map.
    fn has_shades(self) -> bool {
        matches!(self.colors, Colors::Many | Colors::All)
    }

    fn color(self, shade: f64) -> Color {
        match self.colors {
            Colors::All => {
                let [r, g, b] = palette::viridis(shade);
                RgbColor(r, g, b).into()
            }
            _ => Ansi256Color(palette::viridis_of_256(shade)).into(),
        }
    }
}

/// Draws a figure.
pub(crate) fn draw(figure: &Figure, look: Look, out: &mut dyn Write) -> Outcome {
    let mut drawing = Drawing { look, out };
    match &figure.content {
        Content::Lines(curves) => drawing.lines(figure, curves),
        Content::Heat { grid, color } => drawing.heat(figure, grid, color),
    }
}

struct Drawing<'a> {
    look: Look,
    out: &'a mut dyn Write,
}

/// A sign of the axes.
#[derive(Clone, Copy)]
enum Sign {
    Side,
    SideTick,
    Corner,
    Base,
    BaseTick,
}

impl Drawing<'_> {
    fn lines(&mut self, figure: &Figure, curves: &[Curve]) -> Outcome {
        let legend = self.legend(curves);
        let height = self.rows(figure, legend.len());
        let ticks = figure.y.ticks((height / 3).max(2));
        let gutter = widest(&ticks);
        let width = self.look.width.saturating_sub(gutter + 2).max(LEAST.0);
        let mut canvas = Canvas::new(width, height, self.look.dots(curves.len()));
        for (number, curve) in curves.iter().enumerate() {
            let (x, y) = (figure.x.scale, figure.y.scale);
            curve.trace.lines(x, y).iter().for_each(|line| canvas.path(line, number));
            curve.trace.dots(x, y).iter().for_each(|dot| canvas.path(&[*dot], number));
        }
        self.headings(figure)?;
        for line in legend {
            writeln!(self.out, "{line}")?;
        }
        for row in 0..height {
            let tick = ticks.iter().find(|tick| height - 1 - cell(tick.position, height) == row);
            self.side(tick, gutter)?;
            let last = (0..width).rev().find(|column| canvas.character(*column, row).is_some());
            let mut style = Style::new();
            for column in 0..last.map_or(0, |last| last + 1) {
                match canvas.character(column, row) {
                    Some((char, line)) => {
                        self.change(&mut style, self.line_style(line))?;
                        write!(self.out, "{char}")?;
                    }
                    None => write!(self.out, " ")?,
                }
            }
            self.change(&mut style, Style::new())?;
            writeln!(self.out)?;
        }
        self.base(&figure.x, gutter, width)?;
        self.notes(figure)
    }

    fn heat(&mut self, figure: &Figure, grid: &Grid, color: &Axis) -> Outcome {
        let height = self.rows(figure, 1);
        let ticks = figure.y.ticks((height / 2).max(2));
        let gutter = widest(&ticks);
        let width = self.look.width.saturating_sub(gutter + 2).max(LEAST.0);
        let shades = grid.shades(color.scale);
        let halves = self.look.halves();
        let shade = |column: usize, half: usize| {
            let (row, column) = (half * grid.rows / (height * halves), column * grid.columns / width);
            shades[row * grid.columns + column]
        };
        self.headings(figure)?;
        for row in 0..height {
            let tick = ticks.iter().find(|tick| cell(tick.position, height) == row);
            self.side(tick, gutter)?;
            let mut style = Style::new();
            for column in 0..width {
                let (upper, lower) = (shade(column, row * halves), shade(column, row * halves + halves - 1));
                self.shade(&mut style, upper, lower)?;
            }
            self.change(&mut style, Style::new())?;
            writeln!(self.out)?;
        }
        self.base(&figure.x, gutter, width)?;
        self.bar(color)?;
        self.notes(figure)
    }

    /// A character of a heat map.
    fn shade(&mut self, style: &mut Style, upper: Option<f64>, lower: Option<f64>) -> Outcome {
        if !self.look.has_shades() {
            return Ok(write!(self.out, "{}", self.sign_of(upper))?);
        }
        let color = |shade: f64| self.look.color(shade);
        let (new, sign) = match (upper, lower) {
            (None, None) => (Style::new(), ' '),
            (Some(upper), _) if !self.look.is_unicode => (Style::new().bg_color(Some(color(upper))), ' '),
            (Some(upper), Some(lower)) => (Style::new().fg_color(Some(color(upper))).bg_color(Some(color(lower))), '▀'),
            (Some(upper), None) => (Style::new().fg_color(Some(color(upper))), '▀'),
            (None, Some(lower)) => (Style::new().fg_color(Some(color(lower))), '▄'),
        };
        self.change(style, new)?;
        Ok(write!(self.out, "{sign}")?)
    }

    /// The sign of a shade where there are no colors.
    fn sign_of(&self, shade: Option<f64>) -> char {
        match (shade, self.look.is_unicode) {
            (None, _) => ' ',
            (Some(shade), true) => SHADES[cell(shade, SHADES.len())],
            (Some(shade), false) => SHADES_ASCII[cell(shade, SHADES_ASCII.len())],
        }
    }

    /// What the colors stand for.
    fn bar(&mut self, color: &Axis) -> Outcome {
        let width = (self.look.width / 3).clamp(8, 40);
        let end = |position| color.words(color.scale.value(position));
        write!(self.out, "{} ", end(0.0))?;
        let mut style = Style::new();
        for step in 0..width {
            let shade = |at: usize| Some((at as f64 + 0.5) / (2 * width) as f64);
            match self.look.is_unicode && self.look.has_shades() {
                true => {
                    // Two shades side by side.
                    let [left, right] =
                        [shade(2 * step), shade(2 * step + 1)].map(|shade| shade.map(|shade| self.look.color(shade)));
                    self.change(&mut style, Style::new().fg_color(left).bg_color(right))?;
                    write!(self.out, "▌")?;
                }
                false => self.shade(&mut style, shade(2 * step), shade(2 * step))?,
            }
        }
        self.change(&mut style, Style::new())?;
        let label = if color.label.is_empty() { String::new() } else { format!(" {}", color.label) };
        let log = if color.scale.is_log { " (logarithmic)" } else { "" };
        Ok(writeln!(self.out, " {}{}", end(1.0), one_line(&format!("{label}{log}")))?)
    }

    /// How many rows of characters are left for what is within the axes.
    fn rows(&self, figure: &Figure, more: usize) -> usize {
        let headings = usize::from(!figure.title.is_empty()) + usize::from(!figure.y.label.is_empty());
        let below = 2 + usize::from(!figure.x.label.is_empty()) + figure.notes.len();
        self.look.height.saturating_sub(headings + more + below).max(LEAST.1)
    }

    fn headings(&mut self, figure: &Figure) -> Outcome {
        let mut style = NAME;
        for words in [&figure.title, &figure.y.label].into_iter().filter(|words| !words.is_empty()) {
            let words = self.fitting(words, self.look.width);
            writeln!(self.out, "{}", self.styled(style, &words))?;
            style = DIM;
        }
        Ok(())
    }

    /// Which line is which.
    fn legend(&self, curves: &[Curve]) -> Vec<String> {
        if curves.len() < 2 {
            return Vec::new();
        }
        let (mut lines, mut used) = (vec![String::new()], 0);
        for (number, curve) in curves.iter().enumerate() {
            let sample = match self.look.dots(curves.len()) {
                Dots::Braille => "⠤⠤".to_owned(),
                Dots::Signs(signs) => signs[number % signs.len()].to_string(),
            };
            let words = self.fitting(&curve.label, self.look.width.saturating_sub(4));
            let width = sample.chars().count() + 1 + words.chars().count();
            if used > 0 && used + 3 + width > self.look.width {
                lines.push(String::new());
                used = 0;
            }
            if let Some(line) = lines.last_mut() {
                line.push_str(if used > 0 { "   " } else { "" });
                line.push_str(&format!("{} {words}", self.styled(self.line_style(number), &sample)));
            }
            used += width + if used > 0 { 3 } else { 0 };
        }
        lines
    }

    /// The axis at the left, in one row.
    fn side(&mut self, tick: Option<&Tick>, gutter: usize) -> Outcome {
        let (label, sign) = tick.map_or(("", Sign::Side), |tick| (tick.label.as_str(), Sign::SideTick));
        let words = format!("{label:>gutter$} {}", self.sign(sign));
        Ok(write!(self.out, "{}", self.styled(DIM, &words))?)
    }

    /// The axis below.
    fn base(&mut self, x: &Axis, gutter: usize, width: usize) -> Outcome {
        let mut axis: Vec<char> = vec![self.sign(Sign::Base); width];
        let mut labels: Vec<char> = vec![' '; gutter + 2 + width];
        // Below its mark, but within the width.
        let place = |tick: &Tick| {
            let (at, len) = (cell(tick.position, width), tick.label.chars().count());
            let start = (gutter + 2 + at).saturating_sub(len / 2).min((gutter + 2 + width).saturating_sub(len));
            (at, start, start + len + 1)
        };
        // As many as do not touch each other.
        let fits = |ticks: &Vec<Tick>| ticks.windows(2).all(|two| place(&two[0]).2 <= place(&two[1]).1);
        let most = (width / 10).max(2);
        let ticks = (2..=most).rev().map(|count| x.ticks(count)).find(fits).unwrap_or_else(|| x.ticks(2));
        let mut free = 0;
        for tick in ticks {
            let (at, start, end) = place(&tick);
            if start < free {
                continue;
            }
            axis[at] = self.sign(Sign::BaseTick);
            labels.iter_mut().skip(start).zip(tick.label.chars()).for_each(|(place, char)| *place = char);
            free = end;
        }
        let axis = format!("{:gutter$} {}{}", "", self.sign(Sign::Corner), axis.into_iter().collect::<String>());
        writeln!(self.out, "{}", self.styled(DIM, &axis))?;
        let labels: String = labels.into_iter().collect();
        writeln!(self.out, "{}", self.styled(DIM, labels.trim_end()))?;
        if !x.label.is_empty() {
            let words = self.fitting(&x.label, width);
            let indent = gutter + 2 + (width - words.chars().count()) / 2;
            writeln!(self.out, "{:indent$}{words}", "")?;
        }
        Ok(())
    }

    fn notes(&mut self, figure: &Figure) -> Outcome {
        for note in &figure.notes {
            let note = self.fitting(note, self.look.width);
            writeln!(self.out, "{}", self.styled(DIM, &note))?;
        }
        Ok(())
    }

    /// Text on one line that is no wider than that; in ASCII where there is no more.
    fn fitting(&self, text: &str, width: usize) -> String {
        let text = one_line(text);
        let text: String = match self.look.is_unicode {
            true => text.into_owned(),
            false => text.chars().map(ascii).collect(),
        };
        crate::words::cut(&text, width)
    }

    fn sign(&self, sign: Sign) -> char {
        match (sign, self.look.is_unicode) {
            (Sign::Side, true) => '│',
            (Sign::SideTick, true) => '┤',
            (Sign::Corner, true) => '└',
            (Sign::Base, true) => '─',
            (Sign::BaseTick, true) => '┬',
            (Sign::Side, false) => '|',
            (Sign::SideTick | Sign::Corner | Sign::BaseTick, false) => '+',
            (Sign::Base, false) => '-',
        }
    }

    fn line_style(&self, number: usize) -> Style {
        match self.look.colors {
            Colors::None => Style::new(),
            _ => palette::TERMINAL[number % palette::TERMINAL.len()].on_default(),
        }
    }

    fn styled(&self, style: Style, text: &str) -> String {
        if self.look.colors == Colors::None || text.is_empty() {
            text.to_owned()
        } else {
            format!("{style}{text}{style:#}")
        }
    }

    /// Goes on in another style.
    fn change(&mut self, style: &mut Style, new: Style) -> Outcome {
        if *style != new {
            write!(self.out, "{style:#}{new}")?;
            *style = new;
        }
        Ok(())
    }
}

/// A character where there is nothing but ASCII.
fn ascii(char: char) -> char {
    match char {
        '×' => 'x',
        'µ' | 'μ' => 'u',
        'Å' => 'A',
        '−' | '–' | '—' => '-',
        '·' => '.',
        char if char.is_ascii() => char,
        _ => '?',
    }
}

fn widest(ticks: &[Tick]) -> usize {
    ticks.iter().map(|tick| tick.label.chars().count()).max().unwrap_or(0)
}
