//! Figures as pixels.

use tiny_skia::{Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Stroke, Transform};

use crate::failure::{Failure, Outcome};
use crate::figure::font::Font;
use crate::figure::layout::{Area, Ink, Shape, Shapes, Side};
use crate::figure::{palette, png_file};

/// A picture as a PNG file, on white.
pub(crate) fn to_png(picture: &Shapes) -> Outcome<Vec<u8>> {
    let too_large = || Failure::error(format!("no picture has {} × {} pixels", picture.width, picture.height));
    let (width, height) = (picture.width as u32, picture.height as u32);
    let mut pixels = Pixmap::new(width, height).ok_or_else(too_large)?;
    pixels.fill(Color::WHITE);
    let font = Font::new();
    for shape in &picture.shapes {
        add(&mut pixels, shape, &font);
    }
    let rgb: Vec<u8> = pixels.data().as_chunks::<4>().0.iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect();
    png_file::of_rgb(width, height, &rgb)
}

fn add(pixels: &mut Pixmap, shape: &Shape, font: &Font) {
    match shape {
        Shape::Lines { lines, ink, width } => {
            let mut builder = PathBuilder::new();
            for points in lines {
                // Lines along pixels are on these, and not between two.
                let is_straight = points.len() == 2 && *width <= 1.0;
                for (number, (x, y)) in points.iter().enumerate() {
                    let (x, y) = if is_straight { (x.floor() + 0.5, y.floor() + 0.5) } else { (*x, *y) };
                    if number == 0 { builder.move_to(x, y) } else { builder.line_to(x, y) }
                }
            }
            stroke(pixels, builder.finish(), *ink, *width);
        }
        Shape::Dots { points, ink, size } => {
            let mut builder = PathBuilder::new();
            for (x, y) in points {
                builder.push_circle(*x, *y, size / 2.0);
            }
            fill(pixels, builder.finish(), *ink);
        }
        Shape::Text { x, y, side, size, ink, text } => {
            let width = font.width(text, *size);
            let x = match side {
                Side::Right => *x,
                Side::Both => x - width / 2.0,
                Side::Left => x - width,
            };
            fill(pixels, font.outline(text, *size, x, *y), *ink);
        }
        Shape::Image { at, columns, rows, shades } => image(pixels, *at, *columns, *rows, shades),
    }
}

fn paint(ink: Ink) -> Paint<'static> {
    let [r, g, b] = palette::ink(ink);
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color_rgba8(r, g, b, 255);
    paint
}

fn fill(pixels: &mut Pixmap, path: Option<Path>, ink: Ink) {
    if let Some(path) = path {
        pixels.fill_path(&path, &paint(ink), FillRule::Winding, Transform::identity(), None);
    }
}

fn stroke(pixels: &mut Pixmap, path: Option<Path>, ink: Ink, width: f32) {
    let stroke = Stroke { width, line_cap: LineCap::Butt, line_join: LineJoin::Round, ..Stroke::default() };
    if let Some(path) = path {
        pixels.stroke_path(&path, &paint(ink), &stroke, Transform::identity(), None);
    }
}

/// Cells with sharp edges.
fn image(pixels: &mut Pixmap, at: Area, columns: usize, rows: usize, shades: &[Option<f64>]) {
    let (width, height) = (pixels.width() as usize, pixels.height() as usize);
    let edges =
        |from: f32, to: f32, most: usize| (from.round().max(0.0) as usize, (to.round().max(0.0) as usize).min(most));
    let (left, right) = edges(at.left, at.right, width);
    let (top, bottom) = edges(at.top, at.bottom, height);
    let data = pixels.data_mut();
    for y in top..bottom {
        let row = (y - top) * rows / (bottom - top);
        for x in left..right {
            let column = (x - left) * columns / (right - left);
            if let Some(shade) = shades[row * columns + column] {
                let [r, g, b] = palette::viridis(shade);
                data[4 * (y * width + x)..][..4].copy_from_slice(&[r, g, b, 255]);
            }
        }
    }
}
