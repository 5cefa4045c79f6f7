//! Dots on a terminal: eight of them in a character of braille, or one in a letter.

/// What a character of the canvas is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dots {
    /// Two columns and four rows of dots.
    Braille,
    /// One dot, which is a sign of its line.
    Signs([char; 8]),
}

/// Signs of lines where there is nothing but ASCII.
pub(crate) const ASCII: Dots = Dots::Signs(['*', '+', 'o', 'x', '#', '@', '%', '&']);
/// Signs of lines that have no colors.
pub(crate) const UNICODE: Dots = Dots::Signs(['●', '+', '○', '×', '■', '◇', '▲', '□']);

/// Characters that lines are drawn with.
pub(crate) struct Canvas {
    dots: Dots,
    /// In characters.
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// The dots of each character, row by row.
    cells: Vec<u8>,
    /// The line that was last drawn in each character.
    lines: Vec<usize>,
}

impl Dots {
    /// How many columns and rows of dots a character has.
    pub(crate) fn per_character(self) -> (usize, usize) {
        if self == Self::Braille { (2, 4) } else { (1, 1) }
    }
}

impl Canvas {
    pub(crate) fn new(width: usize, height: usize, dots: Dots) -> Self {
        Self { dots, width, height, cells: vec![0; width * height], lines: vec![0; width * height] }
    }

    /// Draws a line through points from 0 to 1 along x and, from the bottom up, y.
    pub(crate) fn path(&mut self, points: &[(f64, f64)], line: usize) {
        let mut last = None;
        for point in points {
            let to = self.place(*point);
            self.segment(last.unwrap_or(to), to, line);
            last = Some(to);
        }
    }

    /// Where a point is, in dots from the top left; beyond the canvas by no more than its size.
    fn place(&self, (x, y): (f64, f64)) -> (i64, i64) {
        let (columns, rows) = self.dots.per_character();
        let (columns, rows) = ((self.width * columns) as f64, (self.height * rows) as f64);
        let at =
            |position: f64, dots: f64| ((position * dots).floor().clamp(-dots, 2.0 * dots) as i64).min(dots as i64 - 1);
        // The end of an axis is on its last dot.
        (at(x, columns), rows as i64 - 1 - at(y, rows))
    }

    /// As Bresenham does it.
    fn segment(&mut self, from: (i64, i64), to: (i64, i64), line: usize) {
        let (dx, dy) = ((to.0 - from.0).abs(), -(to.1 - from.1).abs());
        let (step_x, step_y) = ((to.0 - from.0).signum(), (to.1 - from.1).signum());
        let (mut x, mut y) = from;
        let mut error = dx + dy;
        loop {
            self.set(x, y, line);
            if (x, y) == to {
                return;
            }
            let twice = 2 * error;
            if twice >= dy {
                error += dy;
                x += step_x;
            }
            if twice <= dx {
                error += dx;
                y += step_y;
            }
        }
    }

    fn set(&mut self, x: i64, y: i64, line: usize) {
        let (columns, rows) = self.dots.per_character();
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
        let (column, row) = (x / columns, y / rows);
        if column < self.width && row < self.height {
            // The bits of the dots in Unicode's braille.
            const BITS: [[u8; 4]; 2] = [[0, 1, 2, 6], [3, 4, 5, 7]];
            let at = row * self.width + column;
            self.cells[at] |= 1 << BITS[x % columns][y % rows];
            self.lines[at] = line;
        }
    }

    /// The character in a place and its line, if anything is drawn there.
    pub(crate) fn character(&self, column: usize, row: usize) -> Option<(char, usize)> {
        let at = row * self.width + column;
        let (dots, line) = (self.cells[at], self.lines[at]);
        let char = match self.dots {
            Dots::Braille => char::from_u32(0x2800 + u32::from(dots)).unwrap_or('?'),
            Dots::Signs(signs) => signs[line % signs.len()],
        };
        (dots != 0).then_some((char, line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(canvas: &Canvas) -> String {
        let row =
            |row| (0..canvas.width).map(|column| canvas.character(column, row).map_or(' ', |(char, _)| char)).collect();
        (0..canvas.height).map(row).collect::<Vec<String>>().join("\n")
    }

    #[test]
    fn lines_go_from_corner_to_corner() {
        let mut canvas = Canvas::new(3, 3, ASCII);
        canvas.path(&[(0.0, 0.0), (1.0, 1.0)], 0);
        assert_eq!(text(&canvas), "  *\n * \n*  ");
        let mut canvas = Canvas::new(2, 1, Dots::Braille);
        canvas.path(&[(0.0, 1.0), (1.0, 0.0)], 0);
        assert_eq!(text(&canvas), "⠑⢄");
        let mut canvas = Canvas::new(2, 1, ASCII);
        canvas.path(&[(0.0, -100.0), (0.0, 100.0)], 1);
        assert_eq!(text(&canvas), "+ ");
        assert_eq!(canvas.character(0, 0), Some(('+', 1)));
    }
}
