//! The checksums of HDF5's metadata, which a hostile writer makes right.

use std::ops::Range;

/// The blocks of `image` that end in a checksum.
pub(crate) fn checked_blocks(image: &[u8]) -> Vec<Range<usize>> {
    const SIGNATURES: [&[u8; 4]; 15] = [
        b"OHDR", b"OCHK", b"FRHP", b"FHDB", b"FHIB", b"BTHD", b"BTLF", b"BTIN", b"FAHD", b"FADB", b"EAHD", b"EAIB",
        b"EASB", b"EADB", b"SMTB",
    ];
    let mut blocks = Vec::new();
    for start in 0..image.len().saturating_sub(8) {
        if !SIGNATURES.iter().any(|signature| image[start..].starts_with(*signature)) {
            continue;
        }
        let ends = start + 8..(start + 1024).min(image.len() - 4);
        let end = ends.into_iter().find(|end| image[*end..*end + 4] == lookup3(&image[start..*end]).to_le_bytes());
        blocks.extend(end.map(|end| start..end));
    }
    blocks
}

/// Makes the checksum after a block right.
pub(crate) fn mend(image: &mut [u8], block: &Range<usize>) {
    let sum = lookup3(&image[block.clone()]).to_le_bytes();
    image[block.end..block.end + 4].copy_from_slice(&sum);
}

/// Bob Jenkins' lookup3 (`hashlittle` with the initial value 0), the checksum of HDF5's metadata.
fn lookup3(bytes: &[u8]) -> u32 {
    let start = 0xdead_beef_u32.wrapping_add(bytes.len() as u32);
    let (mut a, mut b, mut c) = (start, start, start);
    let word = |bytes: &[u8], at: usize| {
        (0..4).fold(0, |word, index| word | u32::from(bytes.get(at + index).copied().unwrap_or(0)) << (8 * index))
    };
    let mut rest = bytes;
    while rest.len() > 12 {
        a = a.wrapping_add(word(rest, 0));
        b = b.wrapping_add(word(rest, 4));
        c = c.wrapping_add(word(rest, 8));
        a = a.wrapping_sub(c) ^ c.rotate_left(4);
        c = c.wrapping_add(b);
        b = b.wrapping_sub(a) ^ a.rotate_left(6);
        a = a.wrapping_add(c);
        c = c.wrapping_sub(b) ^ b.rotate_left(8);
        b = b.wrapping_add(a);
        a = a.wrapping_sub(c) ^ c.rotate_left(16);
        c = c.wrapping_add(b);
        b = b.wrapping_sub(a) ^ a.rotate_left(19);
        a = a.wrapping_add(c);
        c = c.wrapping_sub(b) ^ b.rotate_left(4);
        b = b.wrapping_add(a);
        rest = &rest[12..];
    }
    if rest.is_empty() {
        return c;
    }
    a = a.wrapping_add(word(rest, 0));
    b = b.wrapping_add(word(rest, 4));
    c = c.wrapping_add(word(rest, 8));
    c = (c ^ b).wrapping_sub(b.rotate_left(14));
    a = (a ^ c).wrapping_sub(c.rotate_left(11));
    b = (b ^ a).wrapping_sub(a.rotate_left(25));
    c = (c ^ b).wrapping_sub(b.rotate_left(16));
    a = (a ^ c).wrapping_sub(c.rotate_left(4));
    b = (b ^ a).wrapping_sub(a.rotate_left(14));
    (c ^ b).wrapping_sub(b.rotate_left(24))
}
