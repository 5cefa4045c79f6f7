//! Lines: values over a position, of which no more is kept than a picture shows.

use crate::failure::{Failure, Outcome};
use crate::figure::counts::{LeftOut, grouped};
use crate::figure::scale::{Range, Scale};
use crate::figure::source::{Source, Values};
use crate::figure::trace::{Columns, Dots, Trace, cell, is_drawn};
use crate::slice::Part;

/// A line.
#[derive(Debug)]
pub(crate) struct Curve {
    pub(crate) label: String,
    pub(crate) trace: Trace,
    pub(crate) left_out: LeftOut,
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
        let left_out = match over {
            Over::Index if !reading.log_x => indexed(pairs()?, x, reading, passed, &mut columns)?,
            _ => pairs()?.each(reading, passed, |at, y| columns.add(x.position(at), y))?,
        };
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

/// Reads a line over the index, column by column: in a fraction of the time that it takes value by value.
fn indexed(
    mut pairs: Pairs<'_>,
    x: Scale,
    reading: Reading,
    passed: &mut dyn FnMut(u64),
    columns: &mut Columns,
) -> Outcome<LeftOut> {
    let cells = columns.columns.len();
    let (mut left_out, mut not_numbers) = (LeftOut::default(), 0);
    loop {
        let count = pairs.next()?;
        if count == 0 {
            left_out.missing = pairs.y.missing;
            left_out.not_finite += u64::saturating_sub(not_numbers, pairs.y.missing);
            return Ok(left_out);
        }
        let column = |at: &f64| cell(x.position(*at), cells);
        let (mut indices, mut values) = (&pairs.x_buffer[..count], &pairs.y_buffer[..count]);
        while let Some(first) = indices.first() {
            let here = column(first);
            let run = indices.partition_point(|at| column(at) == here);
            let (now, later) = values.split_at(run);
            if !columns.add_run(here, now, reading.log_y) {
                // Some of them are gaps.
                for value in now {
                    match () {
                        () if is_drawn(*value, reading.log_y) => {
                            columns.add_to(here, *value);
                            continue;
                        }
                        () if value.is_nan() => not_numbers += 1,
                        () if value.is_infinite() => left_out.not_finite += 1,
                        () => left_out.not_positive += 1,
                    }
                    columns.gap();
                }
            }
            (indices, values) = (&indices[run..], later);
        }
        passed(count as u64 * pairs.bytes);
    }
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
