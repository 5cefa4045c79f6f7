//! Where lines go: points, or what is in each column of pixels.

use crate::figure::scale::{Range, Scale};

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
    pub(super) x: Scale,
    pub(super) y: Scale,
    pub(super) range: Range,
    pub(super) columns: usize,
    pub(super) rows: usize,
    /// Row by row, from the lowest value on.
    pub(super) cells: Vec<bool>,
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

/// The cell of so many that a position from 0 to 1 is in.
pub(crate) fn cell(position: f64, cells: usize) -> usize {
    ((position * cells as f64) as usize).min(cells - 1)
}

/// Whether a value has a place on an axis.
pub(crate) fn is_drawn(value: f64, is_log: bool) -> bool {
    value.is_finite() && (!is_log || value > 0.0)
}

/// Columns that are filled from left to right.
pub(super) struct Columns {
    pub(super) columns: Vec<Option<Column>>,
    /// Whether the value before was drawn.
    goes_on: bool,
}

impl Columns {
    pub(super) fn new(count: usize) -> Self {
        Self { columns: vec![None; count.max(1)], goes_on: false }
    }

    #[inline]
    pub(super) fn add(&mut self, position: f64, y: f64) {
        if y.is_nan() {
            self.gap();
        } else {
            self.add_to(cell(position, self.columns.len()), y);
        }
    }

    /// The line does not go on.
    pub(super) fn gap(&mut self) {
        self.goes_on = false;
    }

    #[inline]
    pub(super) fn add_to(&mut self, at: usize, y: f64) {
        self.add_all(at, y, y, Range { min: y, max: y });
    }

    /// Adds values of one column, if all of them are drawn; whether they are.
    pub(super) fn add_run(&mut self, at: usize, values: &[f64], is_log: bool) -> bool {
        let (Some(first), Some(last)) = (values.first(), values.last()) else { return true };
        let (mut min, mut max, mut is_finite) = (f64::INFINITY, f64::NEG_INFINITY, true);
        for value in values {
            // Without branches, and false of NaN.
            is_finite &= value.abs() <= f64::MAX;
            min = if *value < min { *value } else { min };
            max = if *value > max { *value } else { max };
        }
        let is_drawn = is_finite && (!is_log || min > 0.0);
        if is_drawn {
            self.add_all(at, *first, *last, Range { min, max });
        }
        is_drawn
    }

    #[inline]
    fn add_all(&mut self, at: usize, first: f64, last: f64, range: Range) {
        match &mut self.columns[at] {
            Some(column) => {
                column.last = last;
                column.range.include(range);
            }
            empty => *empty = Some(Column { first, last, range, is_joined: self.goes_on }),
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

    /// Runs of values make the same columns as each value by itself.
    #[test]
    fn runs_are_as_their_values() {
        let values: Vec<f64> = (0..1000)
            .map(|at| match at {
                100 | 300..340 => f64::NAN,
                500 => f64::INFINITY,
                700 => -5.0,
                at => f64::from(at * 7919 % 1000) + 1.0,
            })
            .collect();
        for is_log in [false, true] {
            let (mut one, mut two) = (Columns::new(37), Columns::new(37));
            for (at, run) in values.chunks(11).enumerate() {
                let column = cell(at as f64 / 91.0, 37);
                let each = |columns: &mut Columns| {
                    run.iter().for_each(|value| match is_drawn(*value, is_log) {
                        true => columns.add_to(column, *value),
                        false => columns.gap(),
                    });
                };
                each(&mut one);
                if !two.add_run(column, run, is_log) {
                    each(&mut two);
                }
            }
            assert_eq!(one.columns, two.columns);
        }
    }
}
