//! The checksums of HDF5's metadata, which a hostile writer makes right.

#[path = "../../src/h5/structure/checksum.rs"]
mod checksum;

use std::ops::Range;

use checksum::lookup3;

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
