//! Damaged files: truncated, with flipped bits, with absurd sizes and addresses. Reading one gives a value or an error:
//! it does not crash, does not hang, and does not ask for memory without bounds.
//!
//! The reading is done by children (this test binary again, with a filter for the worker), each under a memory limit
//! and watched for progress, so that one crash neither ends the test nor hides another. To look into one variant:
//!
//! ```text
//! FILEBACKED_DAMAGE=1234..1235 cargo test --test untrusted -- damage::worker
//! ```
//!
//! No sample holds a variable-length string: damage to those is in `damaged_heaps.rs`. The strings here are of like length, so that
//! they are stored at a fixed length.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::ops::Range;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use filebacked::{Lazy, LazyMap};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::common::checksums::{checked_blocks, mend};
use crate::common::{start_program, test_alone};

/// How many damaged files are read in all.
const VARIANTS: u64 = 4_000;
/// How many children read them side by side.
const CHILDREN: u64 = 2;
/// A variant that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(60);
/// KiB of address space that a child may take.
const MEMORY: u64 = 2 << 20;
/// Which variants a worker reads, as a range; for the reports, too.
const RANGE: &str = "FILEBACKED_DAMAGE";

// What is damaged: every row of the layout's tables.

#[derive(Serialize, Deserialize, Clone)]
enum Level {
    Low,
    High,
}

#[derive(Serialize, Deserialize, Clone)]
enum Shape {
    Empty,
    Circle(f64),
    Segment(f64, f64),
    Labelled { name: String, sides: Vec<u32> },
}

#[derive(Serialize, Deserialize, Clone)]
struct Point {
    x: f64,
    y: f32,
    level: Level,
    corners: [u16; 3],
    inside: bool,
}

#[derive(Serialize, Deserialize, Clone)]
struct Run {
    name: String,
    steps: u64,
    sizes: Vec<i32>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    note: Option<f64>,
    shape: Shape,
}

#[derive(Serialize, Deserialize)]
struct Marked {
    #[serde(rename = "@count")]
    count: u16,
    #[serde(rename = "@scale")]
    scale: f64,
    #[serde(rename = "@flags")]
    flags: [bool; 3],
    data: Vec<f64>,
}

#[derive(Serialize, Deserialize)]
struct Tree {
    weight: i16,
    children: Vec<Tree>,
}

type Scalars = (bool, (i8, i16, i32, i64), (u8, u16, u32, u64), (f32, f64, char, String));

#[derive(Serialize, Deserialize)]
struct Single {
    scalars: Scalars,
    text_with_nul: String,
    wide: i128,
    wide_unsigned: u128,
    bytes: serde_bytes::ByteBuf,
    none: Option<u8>,
    unit: (),
    some_none: Option<Option<u8>>,
    some_unit: Option<()>,
    map: BTreeMap<String, u8>,
    pairs: BTreeMap<(u8, i32), u16>,
    tuple: (u8, String, Vec<f64>),
    numbers: (f32, f32, f32),
    level: Level,
    shape: Shape,
    marked: Marked,
}

#[derive(Serialize, Deserialize)]
struct Sequences {
    numbers: Vec<u32>,
    bools: Vec<bool>,
    grid: Vec<Vec<Vec<f64>>>,
    strings: Vec<String>,
    text: Vec<String>,
    levels: Vec<Level>,
    points: Vec<Point>,
    runs: Vec<Run>,
    nullable: Vec<Option<i32>>,
    twice_nullable: Vec<Option<Option<f64>>>,
    ragged: Vec<Vec<i64>>,
    ragged_runs: Vec<Vec<Run>>,
    blobs: Vec<serde_bytes::ByteBuf>,
    maps: Vec<BTreeMap<u8, f32>>,
    units: Vec<()>,
    shapes: Vec<Shape>,
    wide: Vec<i128>,
    mixed: serde_json::Value,
    records: serde_json::Value,
    empty: Vec<String>,
}

fn run(index: usize) -> Run {
    Run {
        name: format!("run {index}"),
        steps: 100 * index as u64,
        sizes: (0..index as i32).collect(),
        note: (index % 2 == 1).then_some(0.5),
        shape: shapes()[index % 4].clone(),
    }
}

fn shapes() -> Vec<Shape> {
    vec![
        Shape::Empty,
        Shape::Circle(1.5),
        Shape::Segment(0.0, 2.5),
        Shape::Labelled { name: "five".to_owned(), sides: vec![3, 4, 5] },
    ]
}

fn point(index: usize) -> Point {
    let level = if index.is_multiple_of(2) { Level::Low } else { Level::High };
    Point { x: index as f64, y: 0.5, level, corners: [1, 2, 3], inside: index > 2 }
}

fn bytes(text: &str) -> serde_bytes::ByteBuf {
    serde_bytes::ByteBuf::from(text.as_bytes())
}

fn tree(depth: i16) -> Tree {
    Tree { weight: depth, children: (0..depth).map(tree).collect() }
}

fn single() -> Single {
    Single {
        scalars: (true, (-1, -2, -3, -4), (1, 2, 3, 4), (0.5, 0.25, 'ü', "plain".to_owned())),
        text_with_nul: "a\0b".to_owned(),
        wide: i128::MIN,
        wide_unsigned: u128::MAX,
        bytes: bytes("raw"),
        none: None,
        unit: (),
        some_none: Some(None),
        some_unit: Some(()),
        map: BTreeMap::from([("a".to_owned(), 1), ("b/c".to_owned(), 2), (String::new(), 3)]),
        pairs: BTreeMap::from([((1, -1), 10), ((2, -2), 20)]),
        tuple: (1, "two".to_owned(), vec![3.0]),
        numbers: (1.0, 2.0, 3.0),
        level: Level::High,
        shape: Shape::Labelled { name: "four".to_owned(), sides: vec![1, 2, 3, 4] },
        marked: Marked { count: 3, scale: 2.5, flags: [true, false, true], data: vec![1.0, 2.0] },
    }
}

fn sequences() -> Sequences {
    Sequences {
        numbers: (0..100).collect(),
        bools: vec![true, false, true],
        grid: vec![vec![vec![1.5; 4]; 3]; 2],
        strings: vec!["left".to_owned(), "down".to_owned(), "over".to_owned()],
        text: vec!["a\0".to_owned(), "\0\0b".to_owned()],
        levels: vec![Level::Low, Level::High],
        points: (0..10).map(point).collect(),
        runs: (0..8).map(run).collect(),
        nullable: vec![Some(1), None, Some(3)],
        twice_nullable: vec![Some(Some(1.0)), Some(None), None],
        ragged: vec![vec![1, 2, 3], vec![], vec![4]],
        ragged_runs: vec![(0..3).map(run).collect(), vec![], (0..1).map(run).collect()],
        blobs: vec![bytes("one"), bytes(""), bytes("three")],
        maps: vec![BTreeMap::from([(1, 1.0), (2, 2.0)]), BTreeMap::new(), BTreeMap::from([(3, 3.0)])],
        units: vec![(); 5],
        shapes: shapes(),
        wide: vec![i128::MAX, -1],
        mixed: serde_json::json!([1, "two", null, [3.5, "x"], {"a": 1}, true, -5, [[], [1]]]),
        records: serde_json::json!([{"a": 1, "b": "x"}, {"a": 2}, {"b": "y", "c": [1]}]),
        empty: Vec::new(),
    }
}

/// A file to damage, and how it is read as the type that wrote it.
struct Sample {
    image: Vec<u8>,
    read: fn(&[u8]),
    /// Where a checksum follows these bytes.
    checked: Vec<Range<usize>>,
}

fn sample<T: Serialize + DeserializeOwned>(value: &T) -> Sample {
    let image = filebacked::to_vec(value).unwrap();
    let holds = |signature: &[u8; 4]| image.windows(4).any(|window| window == signature);
    assert!(!holds(b"GCOL"), "a sample with variable-length strings");
    let checked = checked_blocks(&image);
    filebacked::from_slice::<T>(&image).unwrap();
    Sample { image, read: |image| drop(filebacked::from_slice::<T>(image)), checked }
}

fn samples() -> Vec<Sample> {
    let Sequences { grid, text, points, runs, twice_nullable, ragged_runs, blobs, maps, units, shapes, mixed, .. } =
        sequences();
    let samples = vec![
        sample(&single()),
        sample(&sequences()),
        sample(&single().scalars),
        sample(&single().marked),
        sample(&single().pairs),
        sample(&-5i128),
        sample(&Some(())),
        sample(&bytes("some bytes")),
        sample(&"a\0b"[..].to_owned()),
        sample(&sequences().numbers),
        sample(&sequences().strings),
        sample(&sequences().wide),
        sample(&sequences().nullable),
        sample(&sequences().records),
        sample(&grid),
        sample(&text),
        sample(&points),
        sample(&runs),
        sample(&twice_nullable),
        sample(&ragged_runs),
        sample(&blobs),
        sample(&maps),
        sample(&units),
        sample(&shapes),
        sample(&mixed),
        sample(&tree(4)),
    ];
    // Only large groups have such blocks: a small one is kept in an old-style header.
    assert!(samples.iter().any(|sample| !sample.checked.is_empty()), "no checksum was found");
    samples
}

// How it is damaged.

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

/// Values that hurt as a size, a count or an address.
const EXTREMES: [u64; 16] = [
    0,
    1,
    0x7f,
    0xff,
    0xffff,
    0x1_0000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fffe,
    0xffff_ffff,
    1 << 33,
    1 << 40,
    1 << 62,
    1 << 63,
    u64::MAX - 1,
    u64::MAX,
];

/// The file that is number `index`, the sample that it was made of, and what was done to it.
fn damaged(samples: &[Sample], index: u64) -> (Vec<u8>, &Sample, String) {
    let mut random = Random(index);
    // A third of the files are the two that hold everything.
    let sample = match random.below(3) {
        0 => &samples[random.below(2)],
        _ => &samples[random.below(samples.len())],
    };
    let mut image = sample.image.clone();
    // Much of a file is free space: damage does more where something is.
    let place = |random: &mut Random, image: &[u8]| loop {
        let at = random.below(image.len());
        let around = at.saturating_sub(4)..(at + 4).min(image.len());
        if image[around].iter().any(|byte| *byte != 0) {
            return at;
        }
    };
    let times = 1 + random.below(8);
    let mut touched = Vec::new();
    let what = match random.below(10) {
        0 => {
            let len = random.below(image.len());
            image.truncate(len);
            return (image, sample, format!("truncated to {len} bytes"));
        }
        1..=3 => {
            for _ in 0..times {
                let at = place(&mut random, &image);
                image[at] ^= 1 << random.below(8);
                touched.push(at);
            }
            "flipped bits"
        }
        4..=5 => {
            for _ in 0..times {
                let at = place(&mut random, &image);
                image[at] = random.next() as u8;
                touched.push(at);
            }
            "other bytes"
        }
        kind => {
            let size = if kind < 8 { 4 } else { 8 };
            for _ in 0..times.div_ceil(3) {
                // Old-style headers keep to multiples of 8, new-style ones to nothing.
                let at = place(&mut random, &image);
                let at = if random.below(2) == 0 { at & !(size - 1) } else { at };
                let value = EXTREMES[random.below(EXTREMES.len())].to_le_bytes();
                for (offset, byte) in value[..size].iter().enumerate() {
                    if let Some(place) = image.get_mut(at + offset) {
                        *place = *byte;
                        touched.push(at + offset);
                    }
                }
            }
            "extreme words"
        }
    };
    // Most damage in new-style headers is found by their checksum. What a hostile writer does has a good one.
    let mended = random.below(4) != 0;
    if mended {
        for block in sample.checked.iter().filter(|block| touched.iter().any(|at| block.contains(at))) {
            mend(&mut image, block);
        }
    }
    let what = format!("{what} at {touched:?}{}", if mended { ", checksums mended" } else { "" });
    (image, sample, what)
}

// How it is read.

/// Reads the variants that the environment asks for, in a child of [`damaged_files`]; where it asks for none, there is
/// nothing to read.
#[test]
fn worker() {
    let Ok(range) = std::env::var(RANGE) else { return };
    let (range, step) = range.split_once('/').unwrap_or((&range, "1"));
    let (start, end) = range.split_once("..").unwrap();
    let numbers = [start, end, step].map(|number| number.parse::<u64>().unwrap());
    let samples = samples();
    let mut out = std::io::stdout();
    let mut say = |index: u64, what: &str| {
        // Not by `println!`, which the test harness catches.
        writeln!(out, "@{index} {what}").unwrap();
        out.flush().unwrap();
    };
    for index in (numbers[0]..numbers[1]).step_by(numbers[2] as usize) {
        let (image, sample, what) = damaged(&samples, index);
        if let Ok(path) = std::env::var("FILEBACKED_DAMAGE_KEEP") {
            std::fs::write(path, &image).unwrap();
        }
        say(index, &format!("as its own type: {what}"));
        (sample.read)(&image);
        say(index, &format!("as `serde_json::Value`: {what}"));
        drop(filebacked::from_slice::<serde_json::Value>(&image));
        say(index, &format!("as an object that is copied: {what}"));
        if let Ok(unread) = filebacked::from_slice::<Lazy<()>>(&image) {
            drop(filebacked::to_vec(&unread));
        }
        say(index, &format!("as a map: {what}"));
        if let Ok(map) = filebacked::from_slice::<LazyMap<String, serde_json::Value>>(&image) {
            map.iter().for_each(drop);
            drop(filebacked::to_vec(&map));
        }
        say(index, &format!("as other types: {what}"));
        drop(filebacked::from_slice::<Vec<f64>>(&image));
        drop(filebacked::from_slice::<String>(&image));
        drop(filebacked::from_slice::<BTreeMap<String, u8>>(&image));
        drop(filebacked::from_slice::<Run>(&image));
        drop(filebacked::from_slice::<Shape>(&image));
        drop(filebacked::from_slice::<Vec<Vec<Point>>>(&image));
    }
    say(numbers[1], "done");
}

/// Runs a worker on every [`CHILDREN`]th variant from `start` on. Returns the one that ended it, and how.
fn watch(start: u64) -> Option<(u64, String)> {
    let alone = test_alone(worker);
    let mut command = if cfg!(unix) {
        let mut shell = Command::new("sh");
        // Not every system knows the limit.
        let script = format!("ulimit -c 0; ulimit -v {MEMORY} 2>/dev/null; exec \"$0\" \"$@\"");
        shell.arg("-c").arg(script).arg(alone.get_program()).args(alone.get_args());
        shell
    } else {
        alone
    };
    command.env(RANGE, format!("{start}..{VARIANTS}/{CHILDREN}"));
    let mut child = start_program(command.stdout(Stdio::piped()).stderr(Stdio::piped())).unwrap();
    let (sender, lines) = mpsc::channel();
    let stdout = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            // The harness writes `test worker ... ` before our first line.
            if let Some((_, line)) = line.split_once('@') {
                sender.send(line.to_owned()).ok();
            }
        }
    });
    let stderr = child.stderr.take().unwrap();
    let complaints = std::thread::spawn(move || {
        let lines: Vec<_> = BufReader::new(stderr).lines().map_while(Result::ok).collect();
        lines[lines.len().saturating_sub(4)..].join(" | ")
    });
    let mut last = format!("{start} before the first variant");
    let ending = loop {
        match lines.recv_timeout(PATIENCE) {
            Ok(line) => last = line,
            Err(mpsc::RecvTimeoutError::Disconnected) => break child.wait().unwrap().to_string(),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                child.kill().unwrap();
                child.wait().unwrap();
                break "hung".to_owned();
            }
        }
    };
    reader.join().unwrap();
    let complaints = complaints.join().unwrap();
    let (index, what) = last.split_once(' ').unwrap();
    if what == "done" {
        return None;
    }
    Some((index.parse().unwrap(), format!("variant {index} {what}: {ending} {complaints}")))
}

#[test]
fn damaged_files() {
    let begin = Instant::now();
    let watchers: Vec<_> = (0..CHILDREN)
        .map(|child| {
            std::thread::spawn(move || {
                let mut failures = Vec::new();
                let mut start = child;
                while let Some((index, failure)) = watch(start) {
                    failures.push(failure);
                    start = index + CHILDREN;
                    if failures.len() > 50 || start >= VARIANTS {
                        break;
                    }
                }
                failures
            })
        })
        .collect();
    let failures: Vec<String> = watchers.into_iter().flat_map(|watcher| watcher.join().unwrap()).collect();
    eprintln!("{VARIANTS} damaged files in {:.0?}", begin.elapsed());
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}
