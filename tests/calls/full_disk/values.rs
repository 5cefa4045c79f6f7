//! Values of every encoding, each in three states: one that is there before, one of the same shape, and one of another.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

use filebacked::codec::{Codec, Coded, Stored, Target};
use filebacked::hdf5::Group;
use filebacked::{Lazy, NdArray, Records, Result, Shared, Sparse, Strings, WithAttrs, WriteOptions};
use ndarray::{Array2, Ix2};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sprs::CsMat;

/// What is there before.
pub(crate) const OLD: u32 = 0;
/// What has the same shape.
pub(crate) const SAME: u32 = 1;
/// What has another.
pub(crate) const OTHER: u32 = 2;

/// A value that is written and read, whatever its type.
pub(crate) trait Encoded {
    fn name(&self) -> String;
    fn to_file(&self, path: &Path, state: u32) -> Result<()>;
    fn write(&self, group: &Group, name: &str, state: u32, overwrite: bool) -> Result<()>;
    fn to_group(&self, group: &Group, state: u32, overwrite: bool) -> Result<()>;
    /// In which state it is there.
    fn in_file(&self, path: &Path) -> String;
    fn at(&self, group: &Group, name: &str) -> String;
    fn in_group(&self, group: &Group) -> String;
    /// Makes the values, which takes longer than to write them.
    fn ready(&self);
}

struct Encoding<T> {
    name: &'static str,
    filters: &'static str,
    options: WriteOptions,
    make: fn(u32) -> T,
    made: [OnceCell<T>; 3],
}

impl<T: PartialEq> Encoding<T> {
    fn value(&self, state: u32) -> &T {
        self.made[state as usize].get_or_init(|| (self.make)(state))
    }

    fn state(&self, found: Result<T>) -> String {
        match found {
            Ok(found) => match [OLD, SAME, OTHER].into_iter().find(|state| *self.value(*state) == found) {
                Some(state) => word(state).to_owned(),
                None => "another value".to_owned(),
            },
            Err(error) => format!("unreadable: {}", error.to_string().replace('\n', " ")),
        }
    }
}

/// What a state is called.
pub(crate) fn word(state: u32) -> &'static str {
    ["old", "new", "new of another shape"][state as usize]
}

impl<T: Serialize + DeserializeOwned + PartialEq> Encoded for Encoding<T> {
    fn name(&self) -> String {
        match self.filters {
            "" => self.name.to_owned(),
            filters => format!("{}, {filters}", self.name),
        }
    }

    fn to_file(&self, path: &Path, state: u32) -> Result<()> {
        self.options.to_file(path, self.value(state))
    }

    fn write(&self, group: &Group, name: &str, state: u32, overwrite: bool) -> Result<()> {
        self.options.clone().overwrite(overwrite).write(group, name, self.value(state))
    }

    fn to_group(&self, group: &Group, state: u32, overwrite: bool) -> Result<()> {
        self.options.clone().overwrite(overwrite).to_group(self.value(state), group)
    }

    fn ready(&self) {
        for state in [OLD, SAME, OTHER] {
            self.value(state);
        }
    }

    fn in_file(&self, path: &Path) -> String {
        self.state(filebacked::from_file(path))
    }

    fn at(&self, group: &Group, name: &str) -> String {
        self.state(filebacked::read(group, name))
    }

    fn in_group(&self, group: &Group) -> String {
        self.state(filebacked::from_group(group))
    }
}

/// A number that looks like any other.
pub(crate) fn noise(state: u32, index: usize) -> u64 {
    let mut number = (u64::from(state) << 32 | index as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

fn real(state: u32, index: usize) -> f64 {
    (noise(state, index) >> 11) as f64
}

/// How many elements there are in a state.
fn count(state: u32, count: usize) -> std::ops::Range<usize> {
    0..if state == OTHER { count + count / 3 + 1 } else { count }
}

fn text(state: u32, index: usize, most: usize) -> String {
    let len = noise(7, index) as usize % most;
    (0..len).map(|place| char::from(b'a' + (noise(state, index * 1000 + place) % 26) as u8)).collect()
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Small {
    number: i32,
    real: f64,
    name: String,
    flag: bool,
    note: Option<u8>,
    pair: (u8, u8),
    three: [u16; 3],
}

fn small(state: u32, index: usize) -> Small {
    let number = noise(state, index);
    Small {
        number: number as i32,
        real: number as f64,
        name: text(state, index, 20),
        flag: number.is_multiple_of(2),
        note: Some(number as u8),
        pair: (number as u8, 1),
        three: [number as u16; 3],
    }
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Row {
    id: u32,
    x: f64,
    valid: bool,
}

fn row(state: u32, index: usize) -> Row {
    Row { id: noise(state, index) as u32, x: real(state, index), valid: index.is_multiple_of(3) }
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
pub(crate) struct Step {
    time: f64,
    at: [i32; 3],
    name: String,
    note: Option<String>,
    event: Event,
    parts: Vec<u16>,
    by_name: BTreeMap<String, f64>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Event {
    Quiet,
    Hit(u32),
    Lost { by: String },
}

fn event(state: u32, index: usize) -> Event {
    match index % 5 {
        0 | 1 => Event::Quiet,
        2 | 3 => Event::Hit(noise(state, index) as u32),
        _ => Event::Lost { by: text(state, index, 30) },
    }
}

pub(crate) fn step(state: u32, index: usize) -> Step {
    Step {
        time: real(state, index),
        at: [noise(state, index) as i32, -1, 7],
        name: text(state, index, 20),
        note: index.is_multiple_of(4).then(|| text(state, index + 1, 40)),
        event: event(state, index),
        parts: (0..index % 9).map(|place| noise(state, place) as u16).collect(),
        by_name: (0..index % 3).map(|key| (format!("key {key}"), real(state, key))).collect(),
    }
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Unit {
    unit: String,
    gain: Vec<f64>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Marked {
    #[serde(rename = "@title")]
    title: String,
    #[serde(rename = "@weights")]
    weights: Vec<f64>,
    #[serde(rename = "@words")]
    words: Vec<String>,
    values: WithAttrs<Vec<f32>, Unit>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Model {
    title: String,
    note: Option<String>,
    weights: Vec<f64>,
    names: Vec<String>,
    shapes: Vec<Shape>,
    pairs: BTreeMap<(String, String), i64>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Shape {
    name: Option<String>,
    radius: f64,
}

fn model(state: u32) -> Model {
    Model {
        title: text(state, 1, 100),
        note: None,
        weights: count(state, 2000).map(|index| real(state, index)).collect(),
        names: count(state, 20).map(|index| text(state, index, 40)).collect(),
        shapes: count(state, 6).map(|index| Shape { name: Some(text(state, index, 9)), radius: 0.5 }).collect(),
        pairs: BTreeMap::from([(("a".to_owned(), text(state, 0, 9)), 1)]),
    }
}

/// An image, by means of the `hdf5` crate.
#[derive(PartialEq, Debug)]
struct Image {
    pixels: Array2<u16>,
    exposure: f64,
}

impl Codec for Image {
    fn write(&self, target: &Target<'_>) -> Result<()> {
        let builder = target.new_dataset::<u16>().chunk((16, 64)).deflate(1).shape(self.pixels.dim());
        let dataset = builder.create(target.name())?;
        dataset.write(&self.pixels)?;
        dataset.new_attr::<f64>().create("exposure")?.write_scalar(&self.exposure)?;
        Ok(())
    }

    fn read(stored: &Stored) -> Result<Self> {
        let dataset = stored.dataset()?;
        Ok(Self { pixels: dataset.read_2d()?, exposure: dataset.attr("exposure")?.read_scalar()? })
    }
}

/// A value that is copied from another file as the objects that it is.
#[derive(Serialize, Deserialize, Debug)]
#[serde(bound(deserialize = "T: DeserializeOwned"))]
struct Copied<T>(Lazy<T>);

impl<T: PartialEq + DeserializeOwned> PartialEq for Copied<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0.get().unwrap() == other.0.get().unwrap()
    }
}

impl<T: Serialize + DeserializeOwned> Copied<T> {
    fn of(options: &WriteOptions, value: &T) -> Self {
        filebacked::from_slice(&options.to_vec(value).unwrap()).unwrap()
    }
}

fn numbers(state: u32) -> Vec<f64> {
    count(state, 4000).map(|index| real(state, index)).collect()
}

fn strings(state: u32) -> Vec<String> {
    count(state, 900).map(|index| text(state, index, 40)).collect()
}

fn matrix(state: u32) -> NdArray<f32, Ix2> {
    let rows = count(state, 64).len();
    NdArray(Array2::from_shape_fn((rows, 120), |(row, column)| noise(state, row * 1000 + column) as u32 as f32))
}

fn sparse(state: u32) -> Sparse<f64> {
    let rows = count(state, 90).len();
    let indptr = (0..=rows).map(|row| row * 20).collect();
    let indices = (0..rows).flat_map(|row| (0..20).map(move |column| column * 5 + row % 5)).collect();
    let data = (0..rows * 20).map(|index| real(state, index)).collect();
    Sparse(CsMat::new((rows, 100), indptr, indices, data))
}

fn marked(state: u32) -> Marked {
    Marked {
        title: text(state, 3, 200),
        weights: count(state, 700).map(|index| real(state, index)).collect(),
        words: count(state, 30).map(|index| text(state, index, 20)).collect(),
        values: WithAttrs {
            value: count(state, 4500).map(|index| noise(state, index) as u32 as f32).collect(),
            attrs: Unit { unit: text(state, 4, 20), gain: vec![real(state, 9); 20] },
        },
    }
}

/// All encodings, with filters and without.
pub(crate) fn all() -> Vec<Box<dyn Encoded>> {
    let plain = WriteOptions::new;
    let mut all: Vec<Box<dyn Encoded>> = Vec::new();
    /// Adds one as it is, and through filters; and through others, where its name ends in a `+`.
    fn add<T>(all: &mut Vec<Box<dyn Encoded>>, name: &'static str, options: WriteOptions, make: fn(u32) -> T)
    where
        T: Serialize + DeserializeOwned + PartialEq + 'static,
    {
        let (name, more) = name.strip_suffix('+').map_or((name, false), |name| (name, true));
        let filtered = options.clone().above(0).deflate(1).shuffle(true).fletcher32(true);
        all.push(Box::new(Encoding { name, filters: "deflated", options: filtered, make, made: Default::default() }));
        if more {
            all.push(Box::new(Encoding {
                name,
                filters: "lzf",
                options: options.clone().above(0).lzf(),
                make,
                made: Default::default(),
            }));
            // In a file, a list is its child `value`; under a name, it is what is there.
            let chunked = options.clone().above(0).at("", |d| d.chunk([256])).at("value", |d| d.chunk([256])).lenient();
            all.push(Box::new(Encoding {
                name,
                filters: "lzf in chunks",
                options: chunked.lzf(),
                make,
                made: Default::default(),
            }));
        }
        all.push(Box::new(Encoding { name, filters: "", options, make, made: Default::default() }));
    }
    add(&mut all, "numbers+", plain(), numbers);
    add(&mut all, "few scalars", plain(), |state| small(state, 1));
    add(&mut all, "lists of equal length", plain(), |state| -> Vec<Vec<f32>> {
        count(state, 60)
            .map(|row| (0..100).map(|index| noise(state, row * 100 + index) as u32 as f32).collect())
            .collect()
    });
    add(&mut all, "ragged lists", plain(), |state| -> Vec<Vec<u16>> {
        count(state, 300).map(|row| (0..row % 90).map(|index| noise(state, row + index) as u16).collect()).collect()
    });
    add(&mut all, "strings", plain(), strings);
    add(&mut all, "fixed strings", plain().strings(Strings::Fixed), strings);
    add(&mut all, "variable strings", plain().strings(Strings::Variable), strings);
    add(&mut all, "packed strings", plain().strings(Strings::Packed), strings);
    add(&mut all, "long variable strings", plain().strings(Strings::Variable), |state| -> Vec<String> {
        count(state, 5).map(|index| text(state, index, 12).repeat(1500)).collect()
    });
    add(&mut all, "a long string", plain(), |state| text(state, 1, 500).repeat(if state == OTHER { 400 } else { 300 }));
    add(&mut all, "bytes", plain(), |state| {
        serde_bytes::ByteBuf::from(count(state, 30_000).map(|index| noise(state, index) as u8).collect::<Vec<_>>())
    });
    add(&mut all, "records, a table", plain(), |state| -> Vec<Row> {
        count(state, 1800).map(|index| row(state, index)).collect()
    });
    add(&mut all, "records, columns", plain().records(Records::Columns), |state| -> Vec<Row> {
        count(state, 1800).map(|index| row(state, index)).collect()
    });
    add(&mut all, "records of all kinds", plain(), |state| -> Vec<Step> {
        count(state, 250).map(|index| step(state, index)).collect()
    });
    add(&mut all, "records with variable strings", plain().strings(Strings::Variable), |state| -> Vec<Step> {
        count(state, 250).map(|index| step(state, index)).collect()
    });
    add(&mut all, "enums", plain(), |state| -> Vec<Event> {
        count(state, 1500).map(|index| event(state, index)).collect()
    });
    add(&mut all, "options", plain(), |state| -> Vec<Option<f64>> {
        count(state, 3500).map(|index| (index % 3 > 0).then(|| real(state, index))).collect()
    });
    add(&mut all, "a map of lists", plain(), |state| -> BTreeMap<String, Vec<f64>> {
        count(state, 12)
            .map(|key| (format!("key {key}"), (0..300).map(|index| real(state, key + index)).collect()))
            .collect()
    });
    add(&mut all, "a map with pairs as keys", plain(), |state| -> BTreeMap<(u16, String), f64> {
        count(state, 800).map(|index| ((index as u16, text(state, index, 9)), real(state, index))).collect()
    });
    add(&mut all, "groups", plain(), |state| -> Vec<Coded<Grouped>> {
        count(state, 15).map(|index| Coded(Grouped(small(state, index)))).collect()
    });
    add(&mut all, "JSON", plain(), |state| -> serde_json::Value {
        let value = |n: usize| match n % 4 {
            0 => serde_json::json!({"a": n, "b": text(state, n, 40)}),
            1 => serde_json::json!({"a": n, "b": "y", "c": [noise(state, n)]}),
            2 => serde_json::json!([n, null, "z"]),
            _ => serde_json::json!(noise(state, n)),
        };
        count(state, 400).map(value).collect()
    });
    add(&mut all, "sparse", plain(), sparse);
    add(&mut all, "an array", plain(), matrix);
    add(&mut all, "attributes", plain(), marked);
    add(&mut all, "layout of Python", plain().python("model"), model);
    add(&mut all, "a codec", plain(), |state| {
        let pixels = Array2::from_shape_fn((count(state, 100).len(), 128), |(row, column)| {
            noise(state, row * 128 + column) as u16
        });
        Coded(Image { pixels, exposure: real(state, 1) })
    });
    add(&mut all, "shared", plain(), |state| -> BTreeMap<u8, Shared<Vec<f64>>> {
        let shared = Shared(Arc::new(numbers(state)));
        count(state, 6).map(|key| (key as u8, shared.clone())).collect()
    });
    add(&mut all, "a copy of numbers", plain(), |state| Copied::of(&WriteOptions::new(), &numbers(state)));
    add(&mut all, "a copy of variable strings", plain(), |state| {
        Copied::of(&WriteOptions::new().strings(Strings::Variable), &strings(state))
    });
    all
}

/// A value that is a group of its own.
#[derive(PartialEq, Debug)]
struct Grouped(Small);

impl Codec for Grouped {
    fn write(&self, target: &Target<'_>) -> Result<()> {
        target.put_child("inner", &self.0)
    }

    fn read(stored: &Stored) -> Result<Self> {
        stored.read_child("inner").map(Self)
    }
}
