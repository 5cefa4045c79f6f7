//! Heat maps: the means of a matrix in as many cells as a picture has.

use crate::failure::Outcome;
use crate::figure::counts::LeftOut;
use crate::figure::scale::{Range, Scale};
use crate::figure::source::Source;

/// A matrix in few cells, row by row from the top.
#[derive(Debug)]
pub(crate) struct Grid {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// The mean of what is in each; NaN where nothing is.
    pub(crate) cells: Vec<f64>,
    pub(crate) left_out: LeftOut,
}

/// How many values are looked at together.
const BUFFER: usize = 1 << 14;

impl Grid {
    /// Reads a matrix, in memory that does not depend on how large it is, into at most so many cells.
    pub(crate) fn read(
        source: &Source,
        most_rows: usize,
        most_columns: usize,
        is_log: bool,
        passed: &mut dyn FnMut(u64),
    ) -> Outcome<Self> {
        let dims = source.dims();
        let (height, width) = (dims[0], dims[1]);
        let (rows, columns) = (cells_of(height, most_rows), cells_of(width, most_columns));
        let mut means = Means::new(rows, columns);
        let mut left_out = LeftOut::default();
        let mut values = source.values()?;
        let mut buffer = vec![0.0; BUFFER];
        let (mut row, mut column, mut not_numbers) = (0, 0, 0);
        loop {
            let count = values.next(&mut buffer)?;
            if count == 0 {
                break;
            }
            let mut left = &buffer[..count];
            while !left.is_empty() {
                // The values of a row that are in one cell.
                let at = cell_of(column, width, columns);
                let end = end_of(at, width, columns);
                let (run, later) = left.split_at(left.len().min((end - column) as usize));
                let cell = cell_of(row, height, rows) * columns + at;
                if !means.add_run(cell, run, is_log) {
                    for value in run {
                        match () {
                            () if value.is_nan() => not_numbers += 1,
                            () if value.is_infinite() => left_out.not_finite += 1,
                            () if is_log && *value <= 0.0 => left_out.not_positive += 1,
                            () => means.add(cell, *value, 1),
                        }
                    }
                }
                column += run.len() as u64;
                if column == width {
                    (row, column) = (row + 1, 0);
                }
                left = later;
            }
            passed(count as u64 * source.element_size());
        }
        left_out.missing = values.missing;
        left_out.not_finite += u64::saturating_sub(not_numbers, values.missing);
        Ok(Self { rows, columns, cells: means.means, left_out })
    }

    /// Reads one row of the matrix for each row of cells.
    pub(crate) fn sample(source: &Source, rows: usize, most_columns: usize) -> Outcome<Self> {
        let dims = source.dims();
        let (height, width) = (dims[0], dims[1]);
        let (rows, columns) = (cells_of(height, rows), cells_of(width, most_columns));
        let axis = source.axes()[0];
        let mut means = Means::new(rows, columns);
        let mut left_out = LeftOut::default();
        let mut buffer = vec![0.0; BUFFER];
        for row in 0..rows {
            let mut part = source.part.clone();
            let at = (u128::from(height) * (2 * row as u128 + 1) / (2 * rows as u128)) as u64;
            let at = if part.reversed[axis] { height - 1 - at } else { at };
            part.start[axis] += at * part.step[axis];
            part.count[axis] = 1;
            let mut values = source.values_in(&part)?;
            let (mut column, mut not_numbers) = (0, 0);
            loop {
                let count = values.next(&mut buffer)?;
                if count == 0 {
                    break;
                }
                for value in &buffer[..count] {
                    match () {
                        () if value.is_nan() => not_numbers += 1,
                        () if value.is_infinite() => left_out.not_finite += 1,
                        () => means.add(row * columns + cell_of(column, width, columns), *value, 1),
                    }
                    column += 1;
                }
            }
            left_out.missing += values.missing;
            left_out.not_finite += u64::saturating_sub(not_numbers, values.missing);
        }
        Ok(Self { rows, columns, cells: means.means, left_out })
    }

    /// The range of the cells.
    pub(crate) fn range(&self) -> Range {
        let mut range = Range::NONE;
        self.cells.iter().filter(|cell| !cell.is_nan()).for_each(|cell| range.add(*cell));
        range
    }

    /// For each cell, how far it is along the colors, from 0 to 1; `None` where nothing is.
    pub(crate) fn shades(&self, color: Scale) -> Vec<Option<f64>> {
        let shade = |cell: &f64| (!cell.is_nan()).then(|| color.position(*cell).clamp(0.0, 1.0));
        self.cells.iter().map(shade).collect()
    }
}

/// How many cells so many values take: each one, or fewer.
fn cells_of(values: u64, most: usize) -> usize {
    (most as u64).min(values).max(1) as usize
}

/// The cell that a value is in.
#[inline]
fn cell_of(at: u64, values: u64, cells: usize) -> usize {
    match at.checked_mul(cells as u64) {
        Some(product) => (product / values) as usize,
        None => (u128::from(at) * cells as u128 / u128::from(values)) as usize,
    }
}

/// Where the values of a cell end.
fn end_of(cell: usize, values: u64, cells: usize) -> u64 {
    ((cell as u128 + 1) * u128::from(values)).div_ceil(cells as u128) as u64
}

/// Means that are computed value by value.
struct Means {
    means: Vec<f64>,
    counts: Vec<u64>,
}

impl Means {
    fn new(rows: usize, columns: usize) -> Self {
        Self { means: vec![f64::NAN; rows * columns], counts: vec![0; rows * columns] }
    }

    /// Adds so many values, of which this is the mean.
    #[inline]
    fn add(&mut self, cell: usize, value: f64, many: u64) {
        let (mean, count) = (&mut self.means[cell], &mut self.counts[cell]);
        *count += many;
        let share = many as f64 / *count as f64;
        // A sum of all would overflow where the mean does not.
        *mean = if *count == many { value } else { *mean * (1.0 - share) + value * share };
    }

    /// Adds values, if all of them are drawn, and their sum is finite; whether they are.
    fn add_run(&mut self, cell: usize, values: &[f64], is_log: bool) -> bool {
        let sum: f64 = values.iter().sum();
        // With NaN or an infinity among them, the sum is none either.
        let is_drawn = sum.is_finite() && (!is_log || values.iter().all(|value| *value > 0.0));
        if is_drawn && !values.is_empty() {
            self.add(cell, sum / values.len() as f64, values.len() as u64);
        }
        is_drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_hold_even_shares() {
        for (values, cells) in [(10, 3), (3, 3), (1_000_000_007, 640), (u64::MAX, 7)] {
            assert_eq!(cell_of(0, values, cells), 0);
            assert_eq!(cell_of(values - 1, values, cells), cells - 1);
        }
        for (values, cells) in [(10, 3), (3, 3), (1000, 7), (640, 639)] {
            for cell in 0..cells {
                let end = end_of(cell, values, cells);
                assert_eq!(cell_of(end - 1, values, cells), cell);
                assert!(end == values || cell_of(end, values, cells) == cell + 1);
            }
        }
        let cells: Vec<usize> = (0..6).map(|at| cell_of(at, 6, 4)).collect();
        assert_eq!(cells, [0, 0, 1, 2, 2, 3]);
    }
    #[test]
    fn means_are_means() {
        let mut means = Means::new(1, 3);
        assert!(means.add_run(0, &[1.0, 2.0, 6.0], false));
        means.add(0, 7.0, 1);
        assert!(!means.add_run(0, &[1.0, f64::NAN], false));
        assert!(!means.add_run(0, &[1.0, 0.0], true));
        assert_eq!(means.means[0], 4.0);
        // The sum is infinite, and the mean is not.
        assert!(!means.add_run(1, &[f64::MAX; 4], false));
        (0..4).for_each(|_| means.add(1, f64::MAX, 1));
        assert_eq!(means.means[1], f64::MAX);
        assert!(means.means[2].is_nan());
    }
}
