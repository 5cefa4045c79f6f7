//! The cases, and what each must reach.

use std::collections::BTreeMap;
use std::path::Path;

use filebacked::NdArray;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::measure::{Side, time};
use crate::report::Target;
use crate::{peers, raw, raw_columns};

/// Numbers that look random, the same each time.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    pub(crate) fn next(&mut self) -> u64 {
        // Xorshift*, as in Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled" (2016).
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) fn float(&mut self) -> f64 {
        self.below(1 << 53) as f64 / (1u64 << 53) as f64
    }
}

/// A record of numbers and bools: a compound.
#[derive(Serialize, Deserialize, PartialEq, Clone)]
pub(crate) struct Sample {
    pub(crate) id: u64,
    pub(crate) at: [f64; 3],
    pub(crate) weight: f32,
    pub(crate) code: i16,
    pub(crate) valid: bool,
}

/// A record with a string and an optional number: columns.
#[derive(Serialize, Deserialize, PartialEq, Clone)]
pub(crate) struct Station {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) z: f64,
    pub(crate) flag: bool,
    pub(crate) opt: Option<f64>,
}

#[derive(Serialize, Deserialize, PartialEq, Clone)]
enum Event {
    Idle,
    Moved { dx: f64, dy: f64 },
    Tagged(String),
    Measured(Vec<f32>),
}

/// A record with lists and enums in it.
#[derive(Serialize, Deserialize, PartialEq, Clone)]
struct Track {
    id: u32,
    points: Vec<[f64; 2]>,
    events: Vec<Event>,
    last: Event,
}

/// A small struct, of which there are many, each a group.
#[derive(Serialize, Deserialize, PartialEq, Clone)]
struct Body {
    mass: f64,
    charge: i32,
    x: f64,
    y: f64,
    z: f64,
}

/// Ten scalars.
#[derive(Serialize, Deserialize, PartialEq, Clone)]
struct Settings {
    a: f64,
    b: f64,
    c: f64,
    d: f64,
    e: u64,
    f: u64,
    g: i32,
    h: i32,
    title: String,
    method: String,
}

pub(crate) fn samples(len: usize) -> Vec<Sample> {
    let mut random = Random::new();
    (0..len)
        .map(|id| Sample {
            id: id as u64,
            at: [random.float(), random.float(), random.float()],
            weight: random.float() as f32,
            code: random.next() as i16,
            valid: random.below(10) > 0,
        })
        .collect()
}

pub(crate) fn stations(len: usize) -> Vec<Station> {
    let mut random = Random::new();
    (0..len)
        .map(|id| Station {
            id: id as u64,
            name: format!("station {}", random.below(100_000)),
            x: random.float(),
            y: random.float(),
            z: random.float(),
            flag: random.below(2) > 0,
            opt: (random.below(4) > 0).then(|| random.float()),
        })
        .collect()
}

fn tracks(len: usize) -> Vec<Track> {
    let mut random = Random::new();
    let event = |random: &mut Random| match random.below(4) {
        0 => Event::Idle,
        1 => Event::Moved { dx: random.float(), dy: random.float() },
        2 => Event::Tagged(format!("tag {}", random.below(1000))),
        _ => Event::Measured((0..random.below(5)).map(|_| random.float() as f32).collect()),
    };
    (0..len)
        .map(|id| Track {
            id: id as u32,
            points: (0..random.below(6)).map(|_| [random.float(), random.float()]).collect(),
            events: (0..random.below(4)).map(|_| event(&mut random)).collect(),
            last: event(&mut random),
        })
        .collect()
}

fn floats(len: usize) -> Vec<f64> {
    let mut random = Random::new();
    (0..len).map(|_| random.float()).collect()
}

/// Numbers as a sensor gives them: a slow wave with noise, in steps of 0.01.
fn measured(len: usize) -> Vec<f64> {
    let mut random = Random::new();
    let wave = |step: usize| 20.0 + 5.0 * (step as f64 * 1e-4).sin();
    (0..len).map(|step| ((wave(step) + random.float() - 0.5) * 100.0).round() / 100.0).collect()
}

fn raw_target(ratio: f64) -> Target {
    Target { side: "raw libhdf5", ratio }
}

fn bincode_target(ratio: f64) -> Target {
    Target { side: "bincode", ratio }
}

/// This crate, the formats that read and write whole files, and what else a case has.
fn sides<'a, T: peers::Data>(value: &'a T, others: Vec<Side<'a>>) -> Vec<Side<'a>> {
    let mut sides = vec![peers::filebacked(value), peers::bincode(value), peers::postcard(value)];
    sides.extend([peers::rmp(value), peers::json(value)]);
    sides.extend(others);
    sides
}

/// Bytes that a value has by itself, as bincode counts them.
fn size<T: Serialize>(value: &T) -> usize {
    let config = bincode::config::standard().with_fixed_int_encoding();
    let mut count = bincode::enc::write::SizeWriter::default();
    bincode::serde::encode_into_writer(value, &mut count, config).unwrap();
    count.bytes_written
}

/// A case: this crate is the first of its sides.
pub(crate) struct Case<'a> {
    pub(crate) name: &'a str,
    /// Bytes that the value has by itself.
    pub(crate) bytes: usize,
    pub(crate) sides: Vec<Side<'a>>,
    pub(crate) targets: &'a [Target],
}

struct Runner<'a> {
    wanted: &'a dyn Fn(&str) -> bool,
    run: &'a mut dyn FnMut(Case<'_>),
}

impl Runner<'_> {
    fn case<T: peers::Data>(
        &mut self,
        name: &str,
        make: impl FnOnce() -> T,
        others: impl for<'b> FnOnce(&'b T) -> Vec<Side<'b>>,
        targets: &[Target],
    ) {
        if !(self.wanted)(name) {
            return;
        }
        let value = make();
        let bytes = size(&value);
        let mut sides = sides(&value, others(&value));
        sides.push(peers::plain(bytes));
        (self.run)(Case { name, bytes, sides, targets });
    }

    /// A case with no sides but its own.
    fn case_of<T: peers::Data>(
        &mut self,
        name: &str,
        make: impl FnOnce() -> T,
        sides: impl for<'b> FnOnce(&'b T) -> Vec<Side<'b>>,
        targets: &[Target],
    ) {
        if !(self.wanted)(name) {
            return;
        }
        let value = make();
        (self.run)(Case { name, bytes: size(&value), sides: sides(&value), targets });
    }
}

/// Makes the cases whose names are wanted, one after the other, and gives each to `run`.
pub(crate) fn each(wanted: &dyn Fn(&str) -> bool, run: &mut dyn FnMut(Case<'_>)) {
    let mut runner = Runner { wanted, run };
    let million = 1_000_000;

    runner.case(
        "Vec<f64>, 10 million",
        || floats(10 * million),
        |value| vec![raw::array(&[10_000_000], value.clone()), peers::hdf5_pure(value)],
        &[raw_target(1.3), bincode_target(1.0)],
    );
    runner.case(
        "NdArray<f64, Ix2>, 5000 x 2000",
        || NdArray(Array2::from_shape_vec((5000, 2000), floats(10 * million)).unwrap()),
        |value| vec![raw::array(&[5000, 2000], value.0.as_slice().unwrap().to_vec())],
        &[raw_target(1.05)],
    );
    runner.case(
        "Vec<i32>, 10 million",
        || {
            let mut random = Random::new();
            (0..10 * million).map(|_| random.next() as i32).collect::<Vec<_>>()
        },
        |value| vec![raw::array(&[10_000_000], value.clone()), peers::hdf5_pure(value)],
        &[raw_target(1.3), bincode_target(1.0)],
    );
    runner.case(
        "Vec<[f64; 3]>, 3 million",
        || floats(9 * million).as_chunks::<3>().0.to_vec(),
        |value| vec![raw::array(&[3_000_000, 3], value.concat()), peers::hdf5_pure_part(value, 100_000)],
        &[raw_target(1.5)],
    );
    runner.case(
        "Vec<Vec<f32>>, 3000 x 1000",
        || {
            floats(3 * million)
                .chunks(1000)
                .map(|row| row.iter().map(|x| *x as f32).collect())
                .collect::<Vec<Vec<f32>>>()
        },
        |value| vec![raw::array(&[3000, 1000], value.concat()), peers::hdf5_pure_part(value, 300)],
        &[raw_target(1.5)],
    );
    runner.case(
        "Vec<Vec<[f32; 3]>>, 100 x 10,000",
        || {
            let floats: Vec<f32> = floats(3 * million).into_iter().map(|x| x as f32).collect();
            floats.as_chunks::<3>().0.chunks(10_000).map(<[_]>::to_vec).collect::<Vec<Vec<[f32; 3]>>>()
        },
        |value| vec![raw::array(&[100, 10_000, 3], value.concat().concat())],
        &[],
    );
    runner.case_of(
        "compressed Vec<f64>, 10 million",
        || measured(10 * million),
        |value| {
            let options = filebacked::WriteOptions::new;
            vec![
                peers::filebacked_with("filebacked", value, options().deflate(4)),
                peers::filebacked_with("filebacked, lzf", value, options().lzf()),
                raw::compressed(value.clone(), 4),
            ]
        },
        &[raw_target(0.4)],
    );
    runner.case(
        "records of numbers, 1 million",
        || samples(million),
        |value| vec![raw_columns::samples(value), peers::hdf5_pure_part(value, 1000)],
        &[bincode_target(1.0)],
    );
    runner.case(
        "records with strings, 1 million",
        || stations(million),
        |value| vec![raw_columns::stations(value), peers::hdf5_pure_part(value, 1000)],
        &[bincode_target(1.2)],
    );
    runner.case(
        "strings alike, 1 million",
        || (0..million).map(|i| format!("name {:06}", i * 7919 % million)).collect::<Vec<_>>(),
        |value| vec![raw_columns::strings(value), peers::hdf5_pure_part(value, 1000)],
        &[],
    );
    runner.case(
        "strings of very different length, 1 million",
        || {
            let mut random = Random::new();
            let len = |random: &mut Random| if random.below(50) == 0 { 500 } else { random.below(12) };
            (0..million)
                .map(|_| "abcdefghij".chars().cycle().take(len(&mut random) as usize).collect())
                .collect::<Vec<String>>()
        },
        |value| vec![raw_columns::variable_strings(value), peers::hdf5_pure_part(value, 1000)],
        &[],
    );
    runner.case(
        "ragged lists, 100,000",
        || {
            let mut random = Random::new();
            (0..100_000).map(|_| (0..random.below(30)).map(|_| random.float()).collect()).collect::<Vec<Vec<f64>>>()
        },
        |value| vec![raw_columns::lists(value), peers::hdf5_pure_part(value, 1000)],
        &[bincode_target(2.0)],
    );
    runner.case("records with lists and enums, 100,000", || tracks(100_000), |_| vec![], &[bincode_target(2.0)]);
    runner.case(
        "map of 10,000 numbers",
        || floats(10_000).into_iter().enumerate().map(|(i, x)| (format!("key {i:05}"), x)).collect::<BTreeMap<_, _>>(),
        |value| {
            vec![
                raw::side(
                    "raw libhdf5",
                    move |path| raw::create(path, |file| value.iter().for_each(|(key, x)| file.scalar(key, *x))),
                    move |path| {
                        let read = |file: raw::Parent| -> BTreeMap<String, f64> {
                            value.keys().map(|key| (key.clone(), file.read_scalar(key))).collect()
                        };
                        let (took, back) = time(|| raw::open(path, read));
                        assert!(back == *value);
                        took
                    },
                ),
                peers::hdf5_pure(value),
            ]
        },
        &[raw_target(1.2)],
    );
    runner.case(
        "tree of 2,000 structs",
        || {
            let body = |i: i32| Body { mass: 1.5, charge: i, x: 0.5, y: 1.5, z: f64::from(i) };
            let group = |g: i32| (0..50).map(|i| (format!("body {i}"), body(50 * g + i))).collect::<BTreeMap<_, _>>();
            (0..40).map(|g| (format!("group {g}"), group(g))).collect::<BTreeMap<_, _>>()
        },
        |value| {
            vec![
                raw::side(
                    "raw libhdf5",
                    move |path| {
                        raw::create(path, |file| {
                            for (name, bodies) in value {
                                file.group(name, |group| {
                                    for (name, body) in bodies {
                                        group.group(name, |group| {
                                            group.scalar("mass", body.mass);
                                            group.scalar("charge", body.charge);
                                            group.scalar("x", body.x);
                                            group.scalar("y", body.y);
                                            group.scalar("z", body.z);
                                        });
                                    }
                                });
                            }
                        });
                    },
                    move |path| {
                        let read_body = |body: raw::Parent| Body {
                            mass: body.read_scalar("mass"),
                            charge: body.read_scalar("charge"),
                            x: body.read_scalar("x"),
                            y: body.read_scalar("y"),
                            z: body.read_scalar("z"),
                        };
                        let read_group = |bodies: &BTreeMap<String, Body>, group: raw::Parent| {
                            bodies.keys().map(|name| (name.clone(), group.open(name, read_body))).collect()
                        };
                        let read = |file: raw::Parent| -> BTreeMap<String, BTreeMap<String, Body>> {
                            let groups = value.iter();
                            groups
                                .map(|(name, bodies)| (name.clone(), file.open(name, |g| read_group(bodies, g))))
                                .collect()
                        };
                        let (took, back) = time(|| raw::open(path, read));
                        assert!(back == *value);
                        took
                    },
                ),
                peers::hdf5_pure(value),
            ]
        },
        &[raw_target(1.2)],
    );
    small_struct(&mut runner);
}

fn write_settings(file: raw::Parent, settings: &Settings) {
    file.scalar("a", settings.a);
    file.scalar("b", settings.b);
    file.scalar("c", settings.c);
    file.scalar("d", settings.d);
    file.scalar("e", settings.e);
    file.scalar("f", settings.f);
    file.scalar("g", settings.g);
    file.scalar("h", settings.h);
    file.text("title", &settings.title);
    file.text("method", &settings.method);
}

fn read_settings(file: raw::Parent) -> Settings {
    Settings {
        a: file.read_scalar("a"),
        b: file.read_scalar("b"),
        c: file.read_scalar("c"),
        d: file.read_scalar("d"),
        e: file.read_scalar("e"),
        f: file.read_scalar("f"),
        g: file.read_scalar("g"),
        h: file.read_scalar("h"),
        title: file.read_text("title"),
        method: file.read_text("method"),
    }
}

/// The smallest thing there is to do: what a call costs by itself. A hundred calls are one run.
fn small_struct(runner: &mut Runner<'_>) {
    const CALLS: usize = 100;
    const FILES: &str = "small struct to a file, 100 times";
    const IMAGES: &str = "small struct to memory, 100 times";
    let settings = Settings {
        a: 0.1,
        b: 0.2,
        c: 0.3,
        d: 0.4,
        e: 5,
        f: 6,
        g: -7,
        h: -8,
        title: "plate with a hole".to_owned(),
        method: "newton".to_owned(),
    };
    let settings = &settings;
    let bytes = CALLS * size(settings);
    let targets = &[raw_target(1.2)];
    let numbered = |path: &Path, call: usize| path.with_extension(call.to_string());
    if (runner.wanted)(FILES) {
        let options = filebacked::WriteOptions::new().sync(false);
        let check = move |path: &Path, read: &dyn Fn(&Path) -> Settings| {
            let (took, back) = time(|| (0..CALLS).map(|call| read(&numbered(path, call))).collect::<Vec<_>>());
            assert!(back.iter().all(|back| back == settings));
            took
        };
        let own = Side {
            name: "filebacked",
            write: Box::new(move |path| {
                time(|| (0..CALLS).for_each(|call| options.to_file(numbered(path, call), settings).unwrap())).0
            }),
            read: Some(Box::new(move |path| check(path, &|path| filebacked::from_file(path).unwrap()))),
            part: 1.0,
        };
        let raw = raw::side(
            "raw libhdf5",
            move |path| {
                (0..CALLS).for_each(|call| raw::create(&numbered(path, call), |file| write_settings(file, settings)));
            },
            move |path| check(path, &|path| raw::open(path, read_settings)),
        );
        (runner.run)(Case { name: FILES, bytes, sides: vec![own, raw], targets });
    }
    if (runner.wanted)(IMAGES) {
        let images = std::cell::RefCell::new(Vec::new());
        let images = &images;
        let check = move |read: &dyn Fn(&[u8]) -> Settings| {
            let images = std::mem::take(&mut *images.borrow_mut());
            let (took, back) = time(|| images.iter().map(|image: &Vec<u8>| read(image)).collect::<Vec<_>>());
            assert!(back.iter().all(|back| back == settings));
            took
        };
        let own = Side {
            name: "filebacked",
            write: Box::new(move |_| {
                time(|| *images.borrow_mut() = (0..CALLS).map(|_| filebacked::to_vec(settings).unwrap()).collect()).0
            }),
            read: Some(Box::new(move |_| check(&|image| filebacked::from_slice(image).unwrap()))),
            part: 1.0,
        };
        let raw = raw::side(
            "raw libhdf5",
            move |_| {
                let image = |_| raw::image(|file| write_settings(file, settings));
                *images.borrow_mut() = (0..CALLS).map(image).collect();
            },
            move |_| check(&|image| raw::from_image(image, read_settings)),
        );
        (runner.run)(Case { name: IMAGES, bytes, sides: vec![own, raw], targets });
    }
}
