//! The letters of pictures.

use tiny_skia::{Path, PathBuilder};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

/// DejaVu Sans with the letters of Latin, Greek and Cyrillic, and signs of mathematics: see assets/README.md.
static FONT: &[u8] = include_bytes!("../../assets/DejaVuSans.ttf");

/// A font.
pub(crate) struct Font(Option<Face<'static>>);

impl Font {
    /// That of the program.
    pub(crate) fn new() -> Self {
        Self(Face::parse(FONT, 0).ok())
    }

    fn glyphs<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (&'a Face<'static>, GlyphId, f32)> {
        self.0.iter().flat_map(move |face| {
            text.chars().map(move |char| {
                // The first of a font stands for all that it lacks.
                let glyph = face.glyph_index(char).unwrap_or(GlyphId(0));
                (face, glyph, f32::from(face.glyph_hor_advance(glyph).unwrap_or(0)) / f32::from(face.units_per_em()))
            })
        })
    }

    /// How wide a text is.
    pub(crate) fn width(&self, text: &str, size: f32) -> f32 {
        self.glyphs(text).map(|(_, _, advance)| advance * size).sum()
    }

    /// The text, or as much of its beginning as has room.
    pub(crate) fn cut(&self, text: &str, size: f32, width: f32) -> String {
        if self.width(text, size) <= width {
            return text.to_owned();
        }
        let mut left = width - self.width("…", size);
        let fits = |char: &char| {
            left -= self.width(char.encode_utf8(&mut [0; 4]), size);
            left >= 0.0
        };
        text.chars().take_while(fits).chain(['…']).collect()
    }

    /// The outline of a text that begins at a point of its base line.
    pub(crate) fn outline(&self, text: &str, size: f32, x: f32, y: f32) -> Option<Path> {
        let mut outline = Outline { builder: PathBuilder::new(), x, y, scale: 0.0 };
        for (face, glyph, advance) in self.glyphs(text) {
            outline.scale = size / f32::from(face.units_per_em());
            face.outline_glyph(glyph, &mut outline);
            outline.x += advance * size;
        }
        outline.builder.finish()
    }
}

struct Outline {
    builder: PathBuilder,
    x: f32,
    y: f32,
    scale: f32,
}

impl Outline {
    /// In pictures y grows downwards, in fonts upwards.
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.x + x * self.scale, self.y - y * self.scale)
    }
}

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.builder.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.builder.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.builder.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.builder.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.builder.close();
    }
}

#[cfg(test)]
mod tests {
    use super::Font;

    #[test]
    fn the_font_has_the_letters_of_units() {
        let font = Font::new();
        for char in "Aazµ°Åéß²³⁻¹·×±≤∞αωΣЖ→…−|%".chars() {
            let has = font.0.as_ref().and_then(|face| face.glyph_index(char)).is_some();
            assert!(has, "{char}");
        }
        assert!(font.width("W", 10.0) > 2.0 * font.width("i", 10.0));
        assert!(font.outline("energy (J)", 12.0, 0.0, 12.0).is_some());
        let cut = font.cut("a long label", 12.0, 40.0);
        assert!(cut.ends_with('…') && font.width(&cut, 12.0) <= 40.0, "{cut}");
    }
}
