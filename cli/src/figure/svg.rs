//! Figures as SVG.

use std::fmt::Write as _;

use crate::failure::Outcome;
use crate::figure::layout::{Ink, Shape, Shapes, Side};
use crate::figure::{palette, png_file};
use crate::output::one_line;

/// Where a picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// In a file of its own, on white.
    Alone,
    /// In a page of HTML, whose style sheet has the colors: by the classes `t`, `q`, `g`, and `l0`, `l1`, ...
    Page,
}

/// A picture as SVG, in which nothing of a file is markup.
#[derive(Debug)]
pub(crate) struct Svg(String);

impl Svg {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The letters that the picture is laid out for, and others of the same width.
const FONTS: &str = "DejaVu Sans,Verdana,Geneva,sans-serif";

/// A picture as SVG, with a description for those who do not see it.
pub(crate) fn to_svg(picture: &Shapes, description: &str, style: Style) -> Outcome<Svg> {
    let mut svg = String::new();
    let (width, height) = (picture.width, picture.height);
    let description = escaped(description);
    // To a string, nothing fails.
    let _ = match style {
        Style::Alone => write!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\" font-family=\"{FONTS}\" fill=\"none\" stroke-linejoin=\"round\">\n\
             <title>{description}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
        ),
        Style::Page => write!(svg, "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{description}\">"),
    };
    for shape in &picture.shapes {
        add(&mut svg, shape, style)?;
        if style == Style::Alone {
            svg.push('\n');
        }
    }
    svg.push_str("</svg>");
    if style == Style::Alone {
        svg.push('\n');
    }
    Ok(Svg(svg))
}

/// Text for XML and HTML, within elements and quoted attributes: all that has a meaning there is an entity, and all that is no
/// character of XML, or turns the direction of text, is shown as an escape.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in one_line(text).chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => escaped.extend(char.escape_unicode()),
            char => escaped.push(char),
        }
    }
    escaped
}

fn add(svg: &mut String, shape: &Shape, style: Style) -> Outcome {
    // To a string, nothing fails.
    let _ = match shape {
        Shape::Lines { lines, ink, width } => {
            svg.push_str("<path d=\"");
            lines.iter().for_each(|points| path(svg, points));
            match style {
                Style::Alone => write!(svg, "\" stroke=\"{}\" stroke-width=\"{width}\"/>", hex(*ink)),
                Style::Page => write!(svg, "\" class=\"{}\"/>", class(*ink)),
            }
        }
        Shape::Dots { points, ink, size } => {
            // A line of no length with round ends is a dot.
            svg.push_str("<path d=\"");
            for (x, y) in points {
                let _ = write!(svg, "M{} {}h0", Tenth(*x), Tenth(*y));
            }
            match style {
                Style::Alone => {
                    write!(
                        svg,
                        "\" stroke=\"{}\" stroke-width=\"{}\" stroke-linecap=\"round\"/>",
                        hex(*ink),
                        Tenth(*size)
                    )
                }
                Style::Page => write!(svg, "\" class=\"{} d\" stroke-width=\"{}\"/>", class(*ink), Tenth(*size)),
            }
        }
        Shape::Text { x, y, side, size, ink, text } => {
            let anchor = match side {
                Side::Right => "",
                Side::Both => " text-anchor=\"middle\"",
                Side::Left => " text-anchor=\"end\"",
            };
            let (x, y) = (Tenth(*x), Tenth(*y));
            let _ = match style {
                Style::Alone => {
                    write!(svg, "<text x=\"{x}\" y=\"{y}\"{anchor} font-size=\"{size}\" fill=\"{}\">", hex(*ink))
                }
                Style::Page => {
                    write!(svg, "<text x=\"{x}\" y=\"{y}\"{anchor} font-size=\"{size}\" class=\"{}\">", class(*ink))
                }
            };
            svg.push_str(&escaped(text));
            write!(svg, "</text>")
        }
        Shape::Image { at, columns, rows, shades } => {
            let png = png_file::of_shades(*columns as u32, *rows as u32, shades)?;
            let (x, y) = (Tenth(at.left), Tenth(at.top));
            let (width, height) = (Tenth(at.right - at.left), Tenth(at.bottom - at.top));
            write!(
                svg,
                "<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" preserveAspectRatio=\"none\" \
                 style=\"image-rendering:pixelated\" href=\"{}\"/>",
                png_file::data_address(&png)
            )
        }
    };
    Ok(())
}

/// A line through points, in few characters.
fn path(svg: &mut String, points: &[(f32, f32)]) {
    // In tenths, so that what is left out by rounding does not add up.
    let tenths = |(x, y): &(f32, f32)| ((x * 10.0).round() as i64, (y * 10.0).round() as i64);
    let mut last = None;
    for point in points {
        let (x, y) = tenths(point);
        let _ = match last {
            None => write!(svg, "M{} {}", Tenths(x), Tenths(y)),
            Some((last_x, last_y)) if last_x == x && last_y == y => Ok(()),
            Some((last_x, last_y)) if last_x == x => write!(svg, "v{}", Tenths(y - last_y)),
            Some((last_x, last_y)) if last_y == y => write!(svg, "h{}", Tenths(x - last_x)),
            Some((last_x, last_y)) => write!(svg, "l{} {}", Tenths(x - last_x), Tenths(y - last_y)),
        };
        last = Some((x, y));
    }
}

/// A number with at most one decimal.
struct Tenth(f32);

impl std::fmt::Display for Tenth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Tenths((self.0 * 10.0).round() as i64).fmt(f)
    }
}

/// So many tenths.
struct Tenths(i64);

impl std::fmt::Display for Tenths {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, tenth) = (self.0.unsigned_abs() / 10, self.0.unsigned_abs() % 10);
        match (whole, tenth) {
            (whole, 0) => write!(f, "{sign}{whole}"),
            (0, tenth) => write!(f, "{sign}.{tenth}"),
            (whole, tenth) => write!(f, "{sign}{whole}.{tenth}"),
        }
    }
}

fn class(ink: Ink) -> String {
    match ink {
        Ink::Text => "t".to_owned(),
        Ink::Quiet => "q".to_owned(),
        Ink::Grid => "g".to_owned(),
        Ink::Line(number) => format!("l{number}"),
    }
}

fn hex(ink: Ink) -> String {
    let [r, g, b] = palette::ink(ink);
    format!("#{r:02x}{g:02x}{b:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_markup() {
        for (text, expected) in [
            ("<script>alert('1')</script>", "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"),
            ("a\" onload=\"b", "a&quot; onload=&quot;b"),
            ("]]>&amp;", "]]&gt;&amp;amp;"),
            ("a\0b\u{202e}c\u{ffff}\r\n", "a\\u{0}b\\u{202e}c\\u{ffff}\\r\\n"),
            ("µ → é", "µ → é"),
        ] {
            assert_eq!(escaped(text), expected);
        }
    }

    #[test]
    fn paths_are_short_and_exact() {
        let mut svg = String::new();
        path(&mut svg, &[(0.04, 1.0), (0.04, 2.5), (3.0, 2.5), (4.26, 2.4), (4.26, 2.41)]);
        assert_eq!(svg, "M0 1v1.5h3l1.3 -.1");
    }
}
