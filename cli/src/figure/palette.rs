//! Colors.

use crate::figure::layout::Ink;

/// A color: red, green, blue.
pub(crate) type Rgb = [u8; 3];

/// The colors of lines on a light ground, which people of all kinds of sight tell apart: Okabe and Ito's, the pale ones darker.
const LIGHT: [Rgb; 8] = [
    [0x00, 0x72, 0xb2],
    [0xd5, 0x5e, 0x00],
    [0x00, 0x8a, 0x63],
    [0xb0, 0x4f, 0x8a],
    [0x8a, 0x6d, 0x00],
    [0x2f, 0x8f, 0xc4],
    [0x55, 0x55, 0x55],
    [0x7a, 0x3b, 0x10],
];

/// How many lines have a color of their own.
pub(crate) const COLORS: usize = LIGHT.len();

/// The color of a line on a light ground.
fn line(number: usize) -> Rgb {
    LIGHT[number % LIGHT.len()]
}

/// The colors of lines in a terminal of 16 colors, whose ground may be light or dark: blue is hard to see on black, and yellow on white.
pub(crate) const TERMINAL: [anstyle::AnsiColor; 6] = [
    anstyle::AnsiColor::Cyan,
    anstyle::AnsiColor::Red,
    anstyle::AnsiColor::Green,
    anstyle::AnsiColor::Magenta,
    anstyle::AnsiColor::Blue,
    anstyle::AnsiColor::Yellow,
];

/// A color of viridis, which looks evenly spaced to the eye, also in gray and to people who do not see all colors.
pub(crate) fn viridis(shade: f64) -> Rgb {
    let colorous::Color { r, g, b } = colorous::VIRIDIS.eval_continuous(shade.clamp(0.0, 1.0));
    [r, g, b]
}

/// The colors of viridis in a terminal of 256, and how light each is in CIE's L*. The nearest ones by red, green and blue are not
/// lighter from each to the next.
const OF_256: [(f64, u8); 12] = [
    (20.0, 53),
    (23.0, 54),
    (28.0, 55),
    (37.0, 24),
    (51.0, 30),
    (64.0, 36),
    (76.0, 42),
    (77.0, 77),
    (79.0, 113),
    (81.0, 148),
    (84.0, 184),
    (87.0, 220),
];

/// The nearest color of viridis in a terminal of 256.
pub(crate) fn viridis_of_256(shade: f64) -> u8 {
    // Viridis is lighter by as much from each step to the next.
    let light = 15.0 + 76.0 * shade;
    let nearest = OF_256.iter().min_by(|(one, _), (two, _)| (one - light).abs().total_cmp(&(two - light).abs()));
    nearest.map_or(0, |(_, color)| *color)
}

/// The color with that number, of 255.
pub(crate) fn viridis_step(step: u8) -> Rgb {
    viridis(f64::from(step) / 254.0)
}

/// The number of the color of a shade, of 255.
pub(crate) fn step(shade: f64) -> u8 {
    (shade.clamp(0.0, 1.0) * 254.0).round() as u8
}

/// What is drawn with an ink on white.
pub(crate) fn ink(ink: Ink) -> Rgb {
    match ink {
        Ink::Text => [0x1f, 0x23, 0x28],
        Ink::Quiet => [0x59, 0x63, 0x6e],
        Ink::Grid => [0xe3, 0xe7, 0xeb],
        Ink::Line(number) => line(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the darkest to the lightest, each color of 256 is there, and none comes twice.
    #[test]
    fn colors_of_256_are_in_order() {
        let mut found: Vec<u8> = (0..=1000).map(|step| viridis_of_256(f64::from(step) / 1000.0)).collect();
        found.dedup();
        assert_eq!(found, OF_256.map(|(_, color)| color));
        assert_eq!((viridis(0.0), viridis(1.0)), ([0x44, 0x01, 0x54], [0xfd, 0xe7, 0x25]));
    }
}
