//! How often requests are waited for, one after the other: what takes time where each takes tens of milliseconds.

use std::collections::BTreeMap;
use std::sync::Arc;

use filebacked::remote::traffic;
use filebacked::{Lazy, NdArray, Reader, WriteOptions, hdf5};
use ndarray::{Array3, Ix3, s};
use serde::{Deserialize, Serialize};

use crate::store::{Counting, opening};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Small {
    label: String,
    values: Vec<f32>,
}

#[derive(Serialize, Deserialize)]
struct Settings {
    seed: u64,
    gain: f64,
    source: String,
}

#[derive(Serialize)]
struct Run {
    settings: Settings,
    field: NdArray<f32, Ix3>,
    items: BTreeMap<String, Small>,
}

#[derive(Deserialize)]
struct LazyRun {
    settings: Settings,
    field: Lazy<NdArray<f32, Ix3>>,
}

#[derive(Serialize)]
struct Named {
    position: [f64; 3],
    mass: f64,
    id: u64,
    name: Option<String>,
    tags: Vec<u16>,
}

#[derive(Deserialize)]
struct Mass {
    mass: f64,
}

#[derive(Deserialize)]
struct Masses {
    records: Vec<Mass>,
}

fn named(number: u32) -> Named {
    let x = f64::from(number);
    let name = (!number.is_multiple_of(4)).then(|| format!("particle {number}"));
    let tags = vec![(number % 60_000) as u16; number as usize % 5];
    Named { position: [x, x + 0.5, -x], mass: 1.0 / (1.0 + x), id: number.into(), name, tags }
}

fn items() -> BTreeMap<String, Small> {
    let item = |number: u16| {
        (format!("item {number}"), Small { label: format!("label {number}"), values: vec![number.into(); 2000] })
    };
    (0..333).map(item).collect()
}

/// 64 chunks in each plane along the first dimension, and 1024 in all.
const SIDE: usize = 256;
const CHUNK: [u64; 3] = [16, 32, 32];

fn field() -> NdArray<f32, Ix3> {
    // Nothing that compresses by much.
    let value =
        |(i, j, k): (usize, usize, usize)| ((i * SIDE + j) * SIDE + k).wrapping_mul(2_654_435_761) as u32 as f32;
    NdArray(Array3::from_shape_fn((SIDE, SIDE, SIDE), value))
}

/// What writes files in pages of 64 KiB.
fn paged() -> WriteOptions {
    WriteOptions::new().page_size(64 << 10).sync(false)
}

/// A file with that value in a store: libhdf5 1.10 makes none in memory that is in pages.
fn stored(options: &WriteOptions, value: &impl Serialize) -> Arc<Counting> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    options.to_file(&path, value).unwrap();
    Counting::with(std::fs::read(&path).unwrap())
}

/// Does something with the file, and says in how many rounds, and how many bytes came.
#[track_caller]
fn rounds(what: &str, store: &Arc<Counting>, most: u64, work: impl FnOnce(&hdf5::File)) -> u64 {
    let before = store.counts();
    let file = opening(store).open("run.h5").unwrap();
    let opened = traffic(&file).unwrap();
    // Of a root group with very many links, which are apart, all are looked at.
    assert!(opened.rounds <= 2, "{what}: {opened:?}");
    work(&file);
    let counted = traffic(&file).unwrap();
    let (requests, bytes) = store.counts();
    assert_eq!((requests - before.0, bytes - before.1), (counted.requests, counted.bytes));
    println!("{what}: {} rounds, {} requests, {} KiB", counted.rounds, counted.requests, counted.bytes >> 10);
    assert!(counted.rounds <= most, "{what}: {} rounds, of {most}", counted.rounds);
    counted.bytes
}

#[test]
fn small_files_are_one_request() {
    let store = Counting::with(filebacked::to_vec(&vec![1.5; 1000]).unwrap());
    rounds("a small file", &store, 1, |file| {
        assert_eq!(filebacked::from_group::<Vec<f64>>(file).unwrap().len(), 1000);
        filebacked::tree(file).unwrap();
    });
}

#[test]
fn many_objects() {
    let store = stored(&paged(), &items());
    rounds("tree of 1,000 objects", &store, 7, |file| {
        assert!(filebacked::tree(file).unwrap().to_string().lines().count() > 300);
    });
    rounds("one small struct", &store, 3, |file| {
        assert_eq!(filebacked::read::<Small>(file, "item 200").unwrap().values, [200.0; 2000]);
    });
    rounds("all small structs", &store, 3, |file| {
        assert_eq!(filebacked::from_group::<BTreeMap<String, Small>>(file).unwrap(), items());
    });
}

#[test]
fn a_large_array() {
    let run =
        || Run { settings: Settings { seed: 7, gain: 0.5, source: "here".into() }, field: field(), items: items() };
    for (how, options) in [
        ("as it is", paged().at("field", |dataset| dataset.chunk(CHUNK))),
        ("filtered", paged().at("field", |dataset| dataset.chunk(CHUNK).deflate(1))),
    ] {
        let store = stored(&options, &run());
        let field = field();
        rounds(&format!("a struct with an unread array, {how}"), &store, 1, |file| {
            let run: LazyRun = filebacked::from_group(file).unwrap();
            assert_eq!((run.settings.seed, run.settings.gain, run.settings.source), (7, 0.5, "here".to_owned()));
        });
        rounds(&format!("a chunk of it, {how}"), &store, 2, |file| {
            let run: LazyRun = filebacked::from_group(file).unwrap();
            let part = s![32..48, 64..96, 96..128];
            assert_eq!(run.field.slice(part).unwrap(), field.slice(part));
        });
        rounds(&format!("a plane of 64 chunks, {how}"), &store, 2, |file| {
            let run: LazyRun = filebacked::from_group(file).unwrap();
            assert_eq!(run.field.slice(s![100, .., ..]).unwrap(), field.slice(s![100, .., ..]));
        });
        rounds(&format!("all of it, {how}"), &store, 12, |file| {
            let run: LazyRun = filebacked::from_group(file).unwrap();
            assert_eq!(**run.field.get().unwrap(), *field);
        });
    }
}

#[test]
fn a_column_of_a_million() {
    #[derive(Serialize)]
    struct Records {
        title: String,
        records: Vec<Named>,
    }
    let records = Records { title: "a run".to_owned(), records: (0..1_000_000).map(named).collect() };
    let store = stored(&paged(), &records);
    let bytes = rounds("a column", &store, 5, |file| {
        let all: Masses = filebacked::from_group(file).unwrap();
        assert_eq!(all.records.len(), 1_000_000);
        assert_eq!(all.records[777_777].mass, 1.0 / 777_778.0);
    });
    assert!(bytes <= 8_800_000, "{bytes}");
    rounds("a record", &store, 12, |file| {
        let mut reader = Reader::<Mass>::open(file, "records").unwrap();
        assert_eq!(reader.get(777_777).unwrap().mass, 1.0 / 777_778.0);
    });
}
