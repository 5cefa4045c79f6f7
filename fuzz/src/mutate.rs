//! What is done to sound files. All of it follows from the seed of a run, and the number of a variant.

use crate::checksums::mend;
use crate::seeds::{Seed, Structure};
use crate::server::{Variants, Work};

/// SplitMix64.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64, number: u64) -> Self {
        let mut random = Self(seed ^ number.wrapping_mul(0xd6e8_feb8_6659_fd93));
        random.next();
        random
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub(crate) fn below(&mut self, most: usize) -> usize {
        (self.next() % most.max(1) as u64) as usize
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len()))
    }
}

/// Numbers that are often wrong.
const EXTREMES: [u64; 18] = [
    0,
    1,
    2,
    3,
    7,
    8,
    16,
    32,
    64,
    255,
    256,
    65_535,
    65_536,
    (1 << 31) - 1,
    1 << 31,
    u32::MAX as u64,
    1 << 40,
    u64::MAX,
];

/// The seed that a variant is made of.
pub(crate) fn seed_of(work: &Work<'_>, number: u64) -> usize {
    if work.variants != Variants::Damaged {
        return number as usize % work.seeds.len().max(1);
    }
    Random::new(work.seed, number).below(work.seeds.len())
}

/// The file that is a variant, and the seed that it is made of.
pub(crate) fn variant<'a>(work: &Work<'a>, number: u64) -> (Vec<u8>, &'a Seed) {
    let mut random = Random::new(work.seed, number);
    // The first number says which seed it is.
    let (seed, _) = (&work.seeds[seed_of(work, number)], random.next());
    let mut image = seed.image.clone();
    if work.variants != Variants::Damaged || image.is_empty() {
        return (image, seed);
    }
    let times = 1 + random.below(3) + if random.one_in(4) { random.below(6) } else { 0 };
    for _ in 0..times {
        mutate(&mut random, work, seed, &mut image);
    }
    // A writer who means harm has them right; but what is damaged by accident is read, too.
    if !random.one_in(16) {
        for block in &seed.summed {
            if block.end + 4 <= image.len() && image[block.clone()] != seed.image[block.clone()] {
                mend(&mut image, block);
            }
        }
    }
    if random.one_in(64) {
        image.truncate(random.below(image.len()));
    }
    (image, seed)
}

fn put(image: &mut [u8], at: usize, bytes: &[u8]) {
    for (offset, byte) in bytes.iter().enumerate() {
        if let Some(place) = image.get_mut(at + offset) {
            *place = *byte;
        }
    }
}

fn mutate(random: &mut Random, work: &Work<'_>, seed: &Seed, image: &mut [u8]) {
    // In a structure, or anywhere.
    let within = match random.of(&seed.structures) {
        Some(structure) if !random.one_in(8) => structure.place.clone(),
        _ => 0..image.len(),
    };
    if within.is_empty() {
        return;
    }
    let mut at = within.start + random.below(within.len());
    // The beginnings of structures say what the rest is.
    if random.one_in(3) {
        at = within.start + random.below(within.len().min(48));
    }
    match random.below(12) {
        0 | 1 => image[at] ^= 1 << random.below(8),
        2 => image[at] = random.next() as u8,
        3 => image[at] = image[at].wrapping_add(if random.one_in(2) { 1 } else { 255 }),
        4 | 5 => {
            let value = EXTREMES[random.below(EXTREMES.len())].to_le_bytes();
            let size = [1, 2, 4, 8][random.below(4)];
            put(image, at, &value[..size]);
        }
        6 => {
            // A little more, or a little less.
            let size = [2, 4, 8][random.below(3)];
            let mut bytes = [0; 8];
            let there = image.len().min(at + size) - at;
            bytes[..there].copy_from_slice(&image[at..at + there]);
            let value = u64::from_le_bytes(bytes).wrapping_add(random.below(17) as u64).wrapping_sub(8);
            put(image, at, &value.to_le_bytes()[..size]);
        }
        7 | 8 => {
            // An address, of another structure or of none.
            let Some(place) = random.of(&seed.addresses).copied() else { return };
            let address = match random.below(6) {
                0 => u64::MAX,
                1 => image.len() as u64 - 1,
                2 => random.below(image.len()) as u64,
                _ => random.of(&seed.structures).map_or(0, |to| to.place.start as u64),
            };
            put(image, place, &address.to_le_bytes());
        }
        9 => {
            // Another structure, of the same kind if there is one.
            let Some(from) = random.of(&seed.structures) else { return };
            let to = same_kind(random, &seed.structures, from);
            let bytes = seed.image[from.place.clone()].to_vec();
            put(image, to.place.start, &bytes[..bytes.len().min(to.place.len())]);
        }
        10 => {
            // One of another file.
            let Some(other) = random.of(work.seeds) else { return };
            let (Some(from), Some(to)) = (random.of(&other.structures), random.of(&seed.structures)) else { return };
            let from = other.structures.iter().find(|one| one.kind == to.kind).unwrap_or(from);
            let bytes = &other.image[from.place.clone()];
            put(image, to.place.start, &bytes[..bytes.len().min(to.place.len())]);
        }
        _ => {
            // Some bytes of the file elsewhere.
            let len = (1 + random.below(32)).min(image.len());
            let (from, to) = (random.below(image.len() - len + 1), at.min(image.len() - len));
            image.copy_within(from..from + len, to);
        }
    }
}

fn same_kind<'a>(random: &mut Random, all: &'a [Structure], from: &'a Structure) -> &'a Structure {
    let same: Vec<&Structure> = all.iter().filter(|one| one.kind == from.kind).collect();
    random.of(&same).copied().unwrap_or(from)
}
