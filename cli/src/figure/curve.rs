//! Lines: values over a position, of which no more is kept than a picture shows.

use crate::failure::{Failure, Outcome};
use crate::figure::scale::{Range, Scale};
use crate::figure::source::{Source, Values};
use crate::slice::Part;

/// A line.
#[derive(Debug)]
pub(crate) struct Curve {
    pub(crate) label: String,
    pub(crate) trace: Trace,
    pub(crate) left_out: LeftOut,
}

/// Where a line goes.
#[derive(Debug)]
pub(crate) enum Trace {
    /// Through points, in data units. One of which `y` is NaN is a gap.
    Points(Vec<(f64, f64)>),
    /// What is in each of the columns from the beginning of the axis to its end.
    Columns(Vec<Option<Column>>),
    /// Dots, for points that do not run from left to right and are too many to be kept.
    Dots(Dots),
}

/// Which cells of a picture have points.
#[derive(Debug)]
pub(crate) struct Dots {
    x: Scale,
    y: Scale,
    range: Range,
    columns: usize,
    rows: usize,
    /// Row by row, from the lowest value on.
    cells: Vec<bool>,
}

/// The values of a line within a column of pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Column {
    pub(crate) first: f64,
    pub(crate) last: f64,
    pub(crate) range: Range,
    /// Whether the line goes on from the column before.
    pub(crate) is_joined: bool,
}

/// How many values are not drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LeftOut {
    pub(crate) missing: u64,
    /// NaN and infinities.
    pub(crate) not_finite: u64,
    /// What has no logarithm.
    pub(crate) not_positive: u64,
}

impl LeftOut {
    pub(crate) fn add(&mut self, other: Self) {
        self.missing += other.missing;
        self.not_finite += other.not_finite;
        self.not_positive += other.not_positive;
    }

    /// What is said of it, if anything was left out.
    pub(crate) fn words(self) -> Option<String> {
        let part = |count: u64, one: &str, many: &str| (count > 0).then(|| counted(count, one, many));
        let parts: Vec<String> = [
            part(self.missing, "missing value", "missing values"),
            part(self.not_finite, "NaN or infinite value", "NaN or infinite values"),
            part(self.not_positive, "value not above 0", "values not above 0"),
        ]
        .into_iter()
        .flatten()
        .collect();
        (!parts.is_empty()).then(|| format!("left out: {}", parts.join(", ")))
    }
}

/// A count with commas: `1,000,000`.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut words = String::new();
    for (number, digit) in digits.chars().enumerate() {
        if number > 0 && (digits.len() - number).is_multiple_of(3) {
            words.push(',');
        }
        words.push(digit);
    }
    words
}

/// A count of things: `1 group`, `2,000 groups`.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{} {many}", grouped(count)) }
}

/// How lines are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    /// Columns of pixels that they are drawn in.
    pub(crate) columns: usize,
    /// Rows of pixels.
    pub(crate) rows: usize,
    pub(crate) log_x: bool,
    pub(crate) log_y: bool,
}

/// How many points are kept as they are for a line that does not run from left to right.
const MAX_POINTS: u64 = 20_000;
/// How many values are looked at together.
const BUFFER: usize = 1 << 14;

/// What a line is drawn over.
#[derive(Clone, Copy)]
pub(crate) enum Over<'a> {
    /// The index.
    Index,
    /// Other values.
    Values(&'a Source),
}

/// The range of a line along x, and whether it runs from left to right.
pub(crate) struct Extent {
    pub(crate) range: Range,
    is_sorted: bool,
}

/// Looks at where the values of a source lie along x.
pub(crate) fn extent(
    source: &Source,
    over: Over<'_>,
    reading: Reading,
    passed: &mut dyn FnMut(u64),
) -> Outcome<Extent> {
    let Over::Values(x) = over else {
        let axis = source.axes().first().copied().unwrap_or(0);
        let (first, last) = source.ends(axis);
        let (mut range, is_sorted) = (Range::NONE, true);
        if source.len() > 0 {
            range.add(first.min(last));
            range.add(first.max(last));
        }
        if reading.log_x && range.min <= 0.0 {
            range.min = 1.0;
        }
        return Ok(Extent { range, is_sorted });
    };
    if x.len() != source.len() {
        return Err(Failure::error(format!(
            "`{}` has {} values, and `{}` has {}",
            x.name,
            grouped(x.len()),
            source.name,
            grouped(source.len())
        )));
    }
    let (mut range, mut is_sorted, mut last) = (Range::NONE, true, f64::NEG_INFINITY);
    let mut values = x.values()?;
    let mut buffer = vec![0.0; BUFFER];
    loop {
        let count = values.next(&mut buffer)?;
        if count == 0 {
            return Ok(Extent { range, is_sorted });
        }
        for value in buffer[..count].iter().copied().filter(|value| is_drawn(*value, reading.log_x)) {
            is_sorted &= value >= last;
            last = value;
            range.add(value);
        }
        passed(count as u64 * x.element_size());
    }
}

fn is_drawn(value: f64, is_log: bool) -> bool {
    value.is_finite() && (!is_log || value > 0.0)
}

/// Pairs of values, one after the other.
struct Pairs<'a> {
    y: Values<'a>,
    x: X<'a>,
    bytes: u64,
    x_buffer: Vec<f64>,
    y_buffer: Vec<f64>,
}

enum X<'a> {
    /// The next index, and how far it is to the one after.
    Index(f64, f64),
    Values(Box<Values<'a>>),
}

impl<'a> Pairs<'a> {
    fn new(source: &'a Source, over: Over<'a>, part: &'a Part) -> Outcome<Self> {
        let (x, bytes) = match over {
            Over::Index => {
                let axis = source.axes().first().copied().unwrap_or(0);
                let first = part.start.get(axis).copied().unwrap_or(0);
                (X::Index(first as f64, part.step.get(axis).copied().unwrap_or(1) as f64), 0)
            }
            Over::Values(x) => (X::Values(x.values()?.into()), x.element_size()),
        };
        let bytes = bytes + source.element_size();
        let (x_buffer, y_buffer) = (vec![0.0; BUFFER], vec![0.0; BUFFER]);
        Ok(Self { y: source.values_in(part)?, x, bytes, x_buffer, y_buffer })
    }

    /// The next ones: as many of x as of y.
    fn next(&mut self) -> Outcome<usize> {
        let count = self.y.next(&mut self.y_buffer)?;
        match &mut self.x {
            X::Index(next, step) => {
                for x in &mut self.x_buffer[..count] {
                    *x = *next;
                    *next += *step;
                }
            }
            X::Values(values) => {
                let mut filled = 0;
                while filled < count {
                    let more = values.next(&mut self.x_buffer[filled..count])?;
                    if more == 0 {
                        return Err(Failure::error("the values of x end before those of y do"));
                    }
                    filled += more;
                }
            }
        }
        Ok(count)
    }

    /// Has each pair looked at; where x or y is not drawn, with NaN as y.
    fn each(
        mut self,
        reading: Reading,
        passed: &mut dyn FnMut(u64),
        mut look: impl FnMut(f64, f64),
    ) -> Outcome<LeftOut> {
        let mut left_out = LeftOut::default();
        let mut not_numbers = 0;
        loop {
            let count = self.next()?;
            if count == 0 {
                // What is missing was made NaN.
                let missing = self.y.missing + if let X::Values(x) = &self.x { x.missing } else { 0 };
                left_out.missing = missing;
                left_out.not_finite += u64::saturating_sub(not_numbers, missing);
                return Ok(left_out);
            }
            for (x, y) in self.x_buffer[..count].iter().zip(&self.y_buffer[..count]) {
                if x.is_finite() && y.is_finite() {
                    if is_drawn(*x, reading.log_x) && is_drawn(*y, reading.log_y) {
                        look(*x, *y);
                        continue;
                    }
                    left_out.not_positive += 1;
                } else if x.is_nan() || y.is_nan() {
                    not_numbers += 1;
                } else {
                    left_out.not_finite += 1;
                }
                look(*x, f64::NAN);
            }
            passed(count as u64 * self.bytes);
        }
    }
}

/// Reads a line, in memory that does not depend on how long it is. `x` is the axis that it is drawn on.
pub(crate) fn read(
    source: &Source,
    over: Over<'_>,
    extent: &Extent,
    x: Scale,
    reading: Reading,
    passed: &mut dyn FnMut(u64),
) -> Outcome<Curve> {
    let part = forwards(&source.part);
    // What is drawn over other values keeps their order.
    let part = if matches!(over, Over::Index) { &part } else { &source.part };
    let pairs = || Pairs::new(source, over, part);
    let is_short = source.len() <= 2 * reading.columns as u64 || !extent.is_sorted && source.len() <= MAX_POINTS;
    let (trace, left_out) = if is_short {
        let mut points = Vec::new();
        let left_out = pairs()?.each(reading, passed, |x, y| points.push((x, y)))?;
        (Trace::Points(points), left_out)
    } else if extent.is_sorted {
        let mut columns = Columns::new(reading.columns);
        let left_out = pairs()?.each(reading, passed, |at, y| columns.add(x.position(at), y))?;
        (Trace::Columns(columns.columns), left_out)
    } else {
        let mut range = Range::NONE;
        pairs()?.each(reading, passed, |_, y| {
            if !y.is_nan() {
                range.add(y);
            }
        })?;
        let y = y_scale(range, reading.log_y);
        let (columns, rows) = (reading.columns, reading.rows);
        let mut cells = vec![false; columns * rows];
        let left_out = pairs()?.each(reading, passed, |at, value| {
            if !value.is_nan() {
                let column = cell(x.position(at), columns);
                cells[cell(y.position(value), rows) * columns + column] = true;
            }
        })?;
        (Trace::Dots(Dots { x, y, range, columns, rows, cells }), left_out)
    };
    Ok(Curve { label: source.label(), trace, left_out })
}

/// Reads runs of values that are spread evenly, in as many columns as there are runs.
pub(crate) fn sample(source: &Source, runs: usize, run: u64, reading: Reading) -> Outcome<Curve> {
    let axis = source.axes().first().copied().unwrap_or(0);
    let whole = forwards(&source.part);
    let total = whole.count.get(axis).copied().unwrap_or(0);
    let mut columns = Columns::new(runs);
    let mut left_out = LeftOut::default();
    for number in 0..runs {
        let mut part = whole.clone();
        let begin = (u128::from(total) * number as u128 / runs as u128) as u64;
        let end = (u128::from(total) * (number as u128 + 1) / runs as u128) as u64;
        part.start[axis] += begin * part.step[axis];
        part.count[axis] = run.min(end - begin);
        let position = (number as f64 + 0.5) / runs as f64;
        let pairs = Pairs::new(source, Over::Index, &part)?;
        left_out.add(pairs.each(reading, &mut |_| {}, |_, y| columns.add(position, y))?);
    }
    Ok(Curve { label: source.label(), trace: Trace::Columns(columns.columns), left_out })
}

/// The same part, from the lowest index on.
fn forwards(part: &Part) -> Part {
    Part { reversed: vec![false; part.count.len()], ..part.clone() }
}

/// The axis of values of a range.
pub(crate) fn y_scale(range: Range, is_log: bool) -> Scale {
    Scale::of(range, is_log).with_margin()
}

/// The cell of so many that a position from 0 to 1 is in.
pub(crate) fn cell(position: f64, cells: usize) -> usize {
    ((position * cells as f64) as usize).min(cells - 1)
}

/// Columns that are filled from left to right.
struct Columns {
    columns: Vec<Option<Column>>,
    /// Whether the value before was drawn.
    goes_on: bool,
}

impl Columns {
    fn new(count: usize) -> Self {
        Self { columns: vec![None; count.max(1)], goes_on: false }
    }

    #[inline]
    fn add(&mut self, position: f64, y: f64) {
        if y.is_nan() {
            self.goes_on = false;
            return;
        }
        let at = cell(position, self.columns.len());
        match &mut self.columns[at] {
            Some(column) => {
                column.last = y;
                column.range.add(y);
            }
            empty => {
                *empty = Some(Column { first: y, last: y, range: Range { min: y, max: y }, is_joined: self.goes_on })
            }
        }
        self.goes_on = true;
    }
}

impl Trace {
    /// The range of what is drawn along y.
    pub(crate) fn range(&self) -> Range {
        let mut range = Range::NONE;
        match self {
            Self::Points(points) => {
                points.iter().filter(|(_, y)| !y.is_nan()).for_each(|(_, y)| range.add(*y));
            }
            Self::Columns(columns) => columns.iter().flatten().for_each(|column| range.include(column.range)),
            Self::Dots(dots) => range = dots.range,
        }
        range
    }

    /// The lines, each a list of points from 0 to 1 along x and y. Points by themselves are lines of one point.
    pub(crate) fn lines(&self, x: Scale, y: Scale) -> Vec<Vec<(f64, f64)>> {
        let mut lines: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
        match self {
            Self::Points(points) => {
                for (at, value) in points {
                    match (value.is_nan(), lines.last_mut()) {
                        (false, Some(line)) => line.push((x.position(*at), y.position(*value))),
                        _ => lines.push(Vec::new()),
                    }
                }
            }
            Self::Columns(columns) => {
                let width = columns.len() as f64;
                for (number, column) in columns.iter().enumerate() {
                    let Some(column) = column else { continue };
                    if !column.is_joined {
                        lines.push(Vec::new());
                    }
                    let Some(line) = lines.last_mut() else { continue };
                    let at = (number as f64 + 0.5) / width;
                    // The shorter way through the column, from where the line comes in to where it goes out.
                    let Range { min, max } = column.range;
                    let is_down = column.first - min <= max - column.first;
                    let turns = if is_down { [min, max] } else { [max, min] };
                    for value in [column.first, turns[0], turns[1], column.last] {
                        let point = (at, y.position(value));
                        if line.last() != Some(&point) {
                            line.push(point);
                        }
                    }
                }
            }
            Self::Dots(_) => {}
        }
        lines.retain(|line| !line.is_empty());
        lines
    }

    /// Where points are that no lines join, from 0 to 1 along x and y.
    pub(crate) fn dots(&self, x: Scale, y: Scale) -> Vec<(f64, f64)> {
        let Self::Dots(dots) = self else { return Vec::new() };
        let full = dots.cells.iter().enumerate().filter(|(_, is_full)| **is_full);
        let middle = |at: usize, of: usize| (at as f64 + 0.5) / of as f64;
        let point = |(at, _)| {
            let (column, row) = (at % dots.columns, at / dots.columns);
            let (column, row) = (dots.x.value(middle(column, dots.columns)), dots.y.value(middle(row, dots.rows)));
            (x.position(column), y.position(row))
        };
        full.map(point).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However many values are in a column, the lines keep its range, and gaps are gaps.
    #[test]
    fn columns_keep_ranges_and_gaps() {
        let mut columns = Columns::new(4);
        let values = [1.0, 5.0, -2.0, 3.0, f64::NAN, f64::NAN, 2.0, 2.0];
        for (number, value) in values.iter().enumerate() {
            columns.add(number as f64 / 8.0, *value);
        }
        let column =
            |first, last, min, max, is_joined| Some(Column { first, last, range: Range { min, max }, is_joined });
        let expected = [
            column(1.0, 5.0, 1.0, 5.0, false),
            column(-2.0, 3.0, -2.0, 3.0, true),
            None,
            column(2.0, 2.0, 2.0, 2.0, false),
        ];
        assert_eq!(columns.columns, expected);
        let trace = Trace::Columns(columns.columns);
        assert_eq!(trace.range(), Range { min: -2.0, max: 5.0 });
        let lines = trace.lines(Scale::linear(0.0, 1.0), Scale::linear(-2.0, 5.0));
        assert_eq!(lines.len(), 2);
        let low = lines[0].iter().map(|(_, y)| *y).fold(f64::INFINITY, f64::min);
        assert!(low.abs() < 1e-12, "{lines:?}");
        assert_eq!(lines[1].len(), 1);
    }

    #[test]
    fn what_is_left_out_is_said() {
        let left_out = LeftOut { missing: 1, not_finite: 2000, not_positive: 0 };
        assert_eq!(left_out.words().unwrap(), "left out: 1 missing value, 2,000 NaN or infinite values");
        assert_eq!(LeftOut::default().words(), None);
        for (count, expected) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(count), expected);
        }
    }
}
