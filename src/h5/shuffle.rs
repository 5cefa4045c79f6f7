//! HDF5's shuffle and its Fletcher-32 checksum.

/// Sorts the bytes of items of `size` bytes by their place in the item: first the first of each, and so on. What is left
/// behind the last whole item stays there.
pub(super) fn shuffle(items: &[u8], size: usize, out: &mut [u8]) {
    match size {
        0 | 1 => out.copy_from_slice(items),
        2 => tiles::<2>(items, out),
        4 => tiles::<4>(items, out),
        8 => tiles::<8>(items, out),
        16 => tiles::<16>(items, out),
        _ => {
            let count = items.len() / size;
            let (planes, rest) = out.split_at_mut(count * size);
            rest.copy_from_slice(&items[count * size..]);
            for (place, plane) in planes.chunks_exact_mut(count.max(1)).enumerate() {
                for (byte, item) in plane.iter_mut().zip(items.chunks_exact(size)) {
                    *byte = item[place];
                }
            }
        }
    }
}

/// Makes items again of bytes that [`shuffle`] sorted.
pub(super) fn unshuffle(planes: &[u8], size: usize, out: &mut [u8]) {
    match size {
        0 | 1 => out.copy_from_slice(planes),
        2 => untiles::<2>(planes, out),
        4 => untiles::<4>(planes, out),
        8 => untiles::<8>(planes, out),
        16 => untiles::<16>(planes, out),
        _ => {
            let count = planes.len() / size;
            let (planes, rest) = planes.split_at(count * size);
            let (items, out_rest) = out.split_at_mut(count * size);
            out_rest.copy_from_slice(rest);
            for (place, plane) in planes.chunks_exact(count.max(1)).enumerate() {
                for (item, byte) in items.chunks_exact_mut(size).zip(plane) {
                    item[place] = *byte;
                }
            }
        }
    }
}

/// Items that are moved at once: as many as a vector register has bytes.
const TILE: usize = 16;

fn tiles<const SIZE: usize>(items: &[u8], out: &mut [u8]) {
    let count = items.len() / SIZE;
    let whole = count / TILE * TILE;
    let mut tile = [[0u8; TILE]; SIZE];
    for first in (0..whole).step_by(TILE) {
        let block = &items[first * SIZE..(first + TILE) * SIZE];
        for (number, item) in block.as_chunks::<SIZE>().0.iter().enumerate() {
            for place in 0..SIZE {
                tile[place][number] = item[place];
            }
        }
        for (place, row) in tile.iter().enumerate() {
            out[place * count + first..][..TILE].copy_from_slice(row);
        }
    }
    for number in whole..count {
        for place in 0..SIZE {
            out[place * count + number] = items[number * SIZE + place];
        }
    }
    out[count * SIZE..].copy_from_slice(&items[count * SIZE..]);
}

fn untiles<const SIZE: usize>(planes: &[u8], out: &mut [u8]) {
    let count = planes.len() / SIZE;
    let whole = count / TILE * TILE;
    let mut tile = [[0u8; TILE]; SIZE];
    for first in (0..whole).step_by(TILE) {
        for (place, row) in tile.iter_mut().enumerate() {
            row.copy_from_slice(&planes[place * count + first..][..TILE]);
        }
        let block = &mut out[first * SIZE..(first + TILE) * SIZE];
        for (number, item) in block.as_chunks_mut::<SIZE>().0.iter_mut().enumerate() {
            for place in 0..SIZE {
                item[place] = tile[place][number];
            }
        }
    }
    for number in whole..count {
        for place in 0..SIZE {
            out[number * SIZE + place] = planes[place * count + number];
        }
    }
    out[count * SIZE..].copy_from_slice(&planes[count * SIZE..]);
}

/// The checksum as HDF5 has it (`H5_checksum_fletcher32`): of 16-bit words, the upper byte first.
pub(super) fn fletcher32(data: &[u8]) -> u32 {
    /// Words that are added up before the sums are cut to 16 bits: the most that 32 bits hold.
    const WORDS: usize = 360;
    let cut = |sum: u32| (sum & 0xffff) + (sum >> 16);
    let (words, rest) = data.as_chunks::<2>();
    let (mut first, mut second) = (0u32, 0u32);
    for words in words.chunks(WORDS) {
        for word in words {
            first += u32::from(u16::from_be_bytes(*word));
            second += first;
        }
        (first, second) = (cut(first), cut(second));
    }
    if let [last] = rest {
        first += u32::from(*last) << 8;
        second += first;
        (first, second) = (cut(first), cut(second));
    }
    (cut(second) << 16) | cut(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shuffled_items_come_back() {
        for size in [1, 2, 3, 4, 7, 8, 12, 16, 40] {
            for len in [0, 1, 5, 16, 33, 160, 1000] {
                let items: Vec<u8> = (0..len).map(|at| (at * 37 % 251) as u8).collect();
                let (mut planes, mut back) = (vec![0; len], vec![0; len]);
                shuffle(&items, size, &mut planes);
                let count = len / size;
                for (at, byte) in planes.iter().take(if size > 1 { count * size } else { 0 }).enumerate() {
                    assert_eq!(*byte, items[at % count * size + at / count]);
                }
                unshuffle(&planes, size, &mut back);
                assert_eq!(back, items);
            }
        }
    }

    #[test]
    fn the_checksum_is_that_of_hdf5() {
        assert_eq!(fletcher32(&[0x01]), 0x0100_0100);
        assert_eq!(fletcher32(&[0x12, 0x34]), 0x1234_1234);
        assert_eq!(fletcher32(&[0x12, 0x34, 0x56, 0x78]), (0x1234 + 0x68ac) << 16 | 0x68ac);
    }
}
