//! Figures of parts of datasets.

use crate::failure::{Failure, Outcome};
use crate::figure::counts::{LeftOut, grouped};
use crate::figure::curve::{self, Curve, Over, Reading};
use crate::figure::dates::Dates;
use crate::figure::grid::Grid;
use crate::figure::palette::COLORS;
use crate::figure::scale::{Range, Scale};
use crate::figure::source::Source;
use crate::figure::{Axis, Content, Figure};

/// How a figure is to be.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wish {
    /// Columns and rows of pixels for lines.
    pub(crate) lines: (usize, usize),
    /// And for heat maps.
    pub(crate) cells: (usize, usize),
    pub(crate) log_x: bool,
    pub(crate) log_y: bool,
    pub(crate) log_color: bool,
    /// How many bytes are read of a source: of a larger one, samples are. All of it, if there is no such limit.
    pub(crate) most: Option<u64>,
}

/// How many runs of values are read, at least, of a source that is too large to be read.
const LEAST_RUNS: u64 = 24;
/// How many values a run has, at most.
const RUN: u64 = 4096;

/// The figure of some sources: lines, or a heat map. What lines are drawn over is one source for each; none are for the index. `passed`
/// hears how many bytes were read.
pub(crate) fn figure(sources: &[Source], x: &[Source], wish: Wish, passed: &mut dyn FnMut(u64)) -> Outcome<Figure> {
    for source in sources {
        let (name, rank) = (&source.name, source.dims().len());
        let instead = match rank {
            _ if source.len() == 0 => "has no values".to_owned(),
            0 => "is one value: `filebacked get` prints it".to_owned(),
            1 => continue,
            2 if sources.len() == 1 && x.is_empty() => continue,
            2 if !x.is_empty() => {
                "has 2 dimensions: over other values, lines of one are drawn, such as `[:, 0]`".to_owned()
            }
            2 => "has 2 dimensions: a heat map is drawn by itself, and lines of one are, such as `[:, 0]`".to_owned(),
            _ => format!("has {rank} dimensions: one or two are drawn, such as `[{}...]`", "0, ".repeat(rank - 2)),
        };
        return Err(Failure::error(format!("`{name}` {instead}")));
    }
    match sources {
        [source] if source.dims().len() == 2 => match wish.log_x || wish.log_y {
            true => Err(Failure::error("`--log-x` and `--log-y` are for lines: a heat map has `--log-color`")),
            false => heat(source, wish, passed),
        },
        _ if wish.log_color => Err(Failure::error("`--log-color` is for heat maps: lines have `--log-y`")),
        _ if sources.len() > COLORS => {
            let names: Vec<&str> = sources.iter().take(3).map(|source| source.name.as_str()).collect();
            let names = names.join("`, `");
            Err(Failure::error(format!("a picture has {COLORS} lines at most: name some, such as `{names}`")))
        }
        _ => lines(sources, x, wish, passed),
    }
}

fn lines(sources: &[Source], x: &[Source], wish: Wish, passed: &mut dyn FnMut(u64)) -> Outcome<Figure> {
    let Wish { lines: (columns, rows), log_x, log_y, .. } = wish;
    let reading = Reading { columns, rows, log_x, log_y };
    let over = |number: usize| x.get(number).map_or(Over::Index, Over::Values);
    let mut notes = Vec::new();
    let mut extents = Vec::new();
    for (number, source) in sources.iter().enumerate() {
        extents.push(curve::extent(source, over(number), reading, passed)?);
    }
    let mut range = Range::NONE;
    extents.iter().for_each(|extent| range.include(extent.range));
    if let (Some(x), true) = (x.first(), range.is_none()) {
        return Err(nothing(&x.name, log_x));
    }
    let x_scale = Scale::of(range, log_x);
    let mut curves = Vec::new();
    for (number, (source, extent)) in sources.iter().zip(&extents).enumerate() {
        let runs = wish.most.filter(|most| source.bytes() > *most).map(|most| runs(source, most, columns as u64));
        curves.push(match runs {
            Some(None) => return Err(Failure::error("its chunks are too large for a picture")),
            Some(Some((runs, run))) => {
                notes.push(format!("{runs} parts of {run} of the {} values", grouped(source.len())));
                curve::sample(source, runs, run, reading)?
            }
            None => curve::read(source, over(number), extent, x_scale, reading, passed)?,
        });
    }
    let (mut range, mut left_out) = (Range::NONE, LeftOut::default());
    for curve in &curves {
        range.include(curve.trace.range());
        left_out.add(curve.left_out);
    }
    if range.is_none() {
        let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
        return Err(nothing(&names.join("`, `"), log_y));
    }
    notes.extend(left_out.words());
    let dates = same_dates(x)?;
    let label = |source: &Source| source.dimension(source.axes().first().copied().unwrap_or(0));
    let x_label = match x.first() {
        Some(x) => x.label(),
        None => label(&sources[0]).unwrap_or_else(|| "index".to_owned()),
    };
    Ok(Figure {
        title: String::new(),
        x: Axis { label: x_label, scale: x_scale, is_index: x.is_empty(), dates: None }.with_dates(dates),
        y: {
            let y_dates = sources[0].dates.filter(|dates| sources.iter().all(|other| other.dates == Some(*dates)));
            let (label, scale) = (common_label(sources, &mut curves), curve::y_scale(range, log_y));
            Axis { label, scale, is_index: false, dates: None }.with_dates(y_dates)
        },
        content: Content::Lines(curves),
        notes,
    })
}

/// What the values are as times that lines are drawn over, if they are times.
fn same_dates(x: &[Source]) -> Outcome<Option<Dates>> {
    let Some(first) = x.first() else { return Ok(None) };
    match x.iter().find(|other| other.dates != first.dates) {
        None => Ok(first.dates),
        Some(other) => {
            let units = |source: &Source| source.units.clone().unwrap_or_else(|| "numbers".to_owned());
            let (one, two) = (units(first), units(other));
            Err(Failure::error(format!("lines over times of one unit are drawn, and these are `{one}` and `{two}`")))
        }
    }
}

/// What stands beside y: the name of the only line, or the unit of all, which then is not said of each.
fn common_label(sources: &[Source], curves: &mut [Curve]) -> String {
    let [first, rest @ ..] = sources else { return String::new() };
    if rest.is_empty() {
        return first.label();
    }
    match &first.units {
        // The marks say it.
        _ if first.dates.is_some() && rest.iter().all(|source| source.dates == first.dates) => String::new(),
        Some(units) if rest.iter().all(|source| source.units.as_ref() == Some(units)) => {
            for (curve, source) in curves.iter_mut().zip(sources) {
                curve.label.clone_from(&source.name);
            }
            units.clone()
        }
        _ => String::new(),
    }
}

/// In how many runs of how many values a source is read that is too large; `None` if that takes long.
fn runs(source: &Source, most: u64, columns: u64) -> Option<(usize, u64)> {
    let size = source.element_size();
    let chunk = source.chunk().map_or(size, |chunk| chunk.iter().fold(size, |bytes, dim| bytes.saturating_mul(*dim)));
    if chunk > most {
        return None;
    }
    let runs = (most / chunk.max(1)).clamp(LEAST_RUNS, columns.max(LEAST_RUNS)).min(source.len());
    Some((runs as usize, (source.len() / runs).clamp(1, RUN)))
}

fn heat(source: &Source, wish: Wish, passed: &mut dyn FnMut(u64)) -> Outcome<Figure> {
    let (columns, rows) = wish.cells;
    let dims = source.dims();
    let mut notes = Vec::new();
    let grid = match wish.most.filter(|most| source.bytes() > *most) {
        Some(most) => {
            // A row takes all chunks that it goes through.
            let height = source.chunk().and_then(|chunk| chunk.get(source.axes()[0]).copied()).unwrap_or(1);
            let row = dims[1].saturating_mul(source.element_size()).saturating_mul(height.max(1));
            let rows = (most / row.max(1)).min(rows as u64);
            if rows < LEAST_RUNS.min(dims[0]) {
                return Err(Failure::error("its rows are too large for a picture"));
            }
            notes.push(format!("{rows} of the {} rows", grouped(dims[0])));
            Grid::sample(source, rows as usize, columns)?
        }
        None => Grid::read(source, rows, columns, wish.log_color, passed)?,
    };
    let range = grid.range();
    if range.is_none() {
        return Err(nothing(&source.name, wish.log_color));
    }
    if (grid.rows as u64, grid.columns as u64) != (dims[0], dims[1]) && notes.is_empty() {
        notes.push(format!("means of {} × {} values", grouped(dims[0]), grouped(dims[1])));
    }
    notes.extend(grid.left_out.words());
    let axis = |at: usize, name: &str| {
        let number = source.axes()[at];
        let (first, last) = source.ends(number);
        // Half a cell is beyond the middle of the first and the last.
        let half = if first <= last { 0.5 } else { -0.5 };
        let half = half * if dims[at] > 1 { (last - first).abs() / (dims[at] - 1) as f64 } else { 1.0 };
        let label = source.dimension(number).unwrap_or_else(|| match source.shape().len() {
            2 => name.to_owned(),
            _ => format!("dimension {number}"),
        });
        Axis { label, scale: Scale::linear(first - half, last + half), is_index: true, dates: None }
    };
    Ok(Figure {
        title: source.label(),
        x: axis(1, "column"),
        y: axis(0, "row"),
        content: Content::Heat {
            grid,
            color: Axis {
                label: source.units.clone().filter(|_| source.dates.is_none()).unwrap_or_default(),
                scale: Scale::of(range, wish.log_color),
                is_index: false,
                dates: None,
            }
            .with_dates(source.dates),
        },
        notes,
    })
}

fn nothing(name: &str, is_log: bool) -> Failure {
    let what = if is_log { "finite value above 0" } else { "finite value" };
    Failure::error(format!("`{name}` has no {what}"))
}

impl Figure {
    /// The figure in a sentence, for those who do not see it.
    pub(crate) fn description(&self) -> String {
        let span =
            |axis: &Axis| format!("{} to {}", axis.words(axis.scale.value(0.0)), axis.words(axis.scale.value(1.0)));
        match &self.content {
            Content::Lines(curves) => {
                let names: Vec<&str> = curves.iter().map(|curve| curve.label.as_str()).collect();
                let mut range = Range::NONE;
                curves.iter().for_each(|curve| range.include(curve.trace.range()));
                let (low, high) = (self.y.words(range.min), self.y.words(range.max));
                format!("Line chart of {}, {low} to {high}, over {}, {}", names.join(", "), self.x.label, span(&self.x))
            }
            Content::Heat { grid: _, color } => {
                format!("Heat map of {}, {}, over {} and {}", self.title, span(color), self.y.label, self.x.label)
            }
        }
    }
}
