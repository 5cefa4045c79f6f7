//! Pictures as PNG files.

use png::{BitDepth, ColorType, Compression, Encoder};

use crate::failure::{Failure, Outcome};
use crate::figure::palette;

/// A picture of red, green and blue.
pub(crate) fn of_rgb(width: u32, height: u32, pixels: &[u8]) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width, height);
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    write(encoder, pixels)?;
    Ok(bytes)
}

/// A picture of shades from 0 to 1 in viridis, transparent where there is none.
pub(crate) fn of_shades(width: u32, height: u32, shades: &[Option<f64>]) -> Outcome<Vec<u8>> {
    const NONE: u8 = 255;
    let pixels: Vec<u8> = shades.iter().map(|shade| shade.map_or(NONE, palette::step)).collect();
    let mut colors: Vec<u8> = (0..NONE).flat_map(palette::viridis_step).collect();
    colors.extend([0, 0, 0]);
    let mut opacity = vec![255; usize::from(NONE)];
    opacity.push(0);
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width, height);
    encoder.set_color(ColorType::Indexed);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_palette(colors);
    encoder.set_trns(opacity);
    write(encoder, &pixels)?;
    Ok(bytes)
}

fn write(mut encoder: Encoder<'_, &mut Vec<u8>>, pixels: &[u8]) -> Outcome {
    encoder.set_compression(Compression::Balanced);
    let failure = |error: png::EncodingError| Failure::error(error.to_string());
    let mut writer = encoder.write_header().map_err(failure)?;
    writer.write_image_data(pixels).map_err(failure)?;
    writer.finish().map_err(failure)
}

/// A `data:` address of a PNG file.
pub(crate) fn data_address(png: &[u8]) -> String {
    format!("data:image/png;base64,{}", base64(png))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = three.iter().enumerate().fold(0, |bits, (at, byte)| bits | u32::from(*byte) << (16 - 8 * at));
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at)) as usize & 63];
            text.push(if at <= three.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64;

    /// The examples of RFC 4648.
    #[test]
    fn base64_is_as_the_standard_has_it() {
        let examples =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")];
        for (text, expected) in examples {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }
}
