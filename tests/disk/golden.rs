//! Files that earlier builds wrote, with either version of libhdf5: they are read for ever, and by both.
//!
//! A new file is written where the variable `GOLDEN` of the environment names one, or `GOLDEN_OPTIONS` for those with options.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use filebacked::{Maps, NdArray, Value, WithAttrs, WriteOptions, from_file, to_file};
use ndarray::array;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Everything {
    #[serde(rename = "@title")]
    title: String,
    numbers: (i8, i16, i32, i64, u8, u16, u32, u64, f32, f64),
    wide: (i128, u128),
    flag: bool,
    text: String,
    with_nul: String,
    empty_text: String,
    bytes: ByteBuf,
    none: Option<f64>,
    some_none: Option<Option<u8>>,
    unit: (),
    variant: Event,
    payload: Event,
    map: BTreeMap<String, f64>,
    keys: BTreeMap<(i32, bool), String>,
    tuple: (u8, String),
    list: Vec<f64>,
    grid: Vec<[i16; 3]>,
    strings: Vec<String>,
    unlike: Vec<String>,
    names: Vec<Event>,
    table: Vec<Row>,
    columns: Vec<Station>,
    nullable: Vec<Option<i32>>,
    ragged: Vec<Vec<u16>>,
    blobs: Vec<ByteBuf>,
    maps: Vec<BTreeMap<u8, f32>>,
    units: Vec<()>,
    nothing: Vec<String>,
    mixed: serde_json::Value,
    array: NdArray<f64, ndarray::Ix3>,
    arrays: Vec<NdArray<u8, ndarray::Ix1>>,
    long: Vec<i64>,
    attrs: WithAttrs<f64, BTreeMap<String, String>>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Event {
    Quiet,
    Hit(u32),
    Moved { x: f64, y: f64 },
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Row {
    id: u32,
    at: [f64; 2],
    good: bool,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Station {
    name: String,
    height: Option<f32>,
    visits: Vec<u8>,
}

fn everything() -> Everything {
    let events = || vec![Event::Hit(7), Event::Quiet, Event::Moved { x: 0.5, y: -1.5 }, Event::Hit(8)];
    Everything {
        title: "all of it, grün".to_owned(),
        numbers: (-1, -300, -70_000, i64::MIN, 255, 65_535, u32::MAX, u64::MAX, 0.5, -0.0),
        wide: (i128::MIN, u128::MAX),
        flag: true,
        text: "plate with a hole".to_owned(),
        with_nul: "a\0b".to_owned(),
        empty_text: String::new(),
        bytes: ByteBuf::from(vec![0, 255, 128]),
        none: None,
        some_none: Some(None),
        unit: (),
        variant: Event::Quiet,
        payload: Event::Moved { x: 1.5, y: 2.5 },
        map: BTreeMap::from([("a/b".to_owned(), 1.5), (".".to_owned(), 2.5)]),
        keys: BTreeMap::from([((1, true), "one".to_owned()), ((2, false), "two".to_owned())]),
        tuple: (7, "seven".to_owned()),
        list: vec![f64::MAX, f64::MIN_POSITIVE, f64::INFINITY],
        grid: vec![[1, 2, 3], [-1, -2, -3]],
        strings: vec!["one".to_owned(), "two".to_owned()],
        unlike: (0..40).map(|n| "x".repeat(if n % 20 == 0 { 3000 } else { n })).collect(),
        names: vec![Event::Quiet, Event::Quiet],
        table: (0..5).map(|id| Row { id, at: [f64::from(id), 0.5], good: id % 2 == 0 }).collect(),
        columns: (0..5)
            .map(|n| Station {
                name: format!("station {n}"),
                height: (n % 2 == 0).then_some(n as f32),
                visits: vec![n as u8; n],
            })
            .collect(),
        nullable: vec![Some(1), None, Some(-3)],
        ragged: vec![vec![1, 2], vec![], vec![3]],
        blobs: vec![ByteBuf::from(vec![1]), ByteBuf::new()],
        maps: vec![BTreeMap::from([(1, 0.5)]), BTreeMap::new()],
        units: vec![(), ()],
        nothing: Vec::new(),
        mixed: serde_json::json!([1, "two", null, {"three": 3.5}, [4]]),
        array: NdArray(ndarray::Array3::from_shape_fn((2, 3, 4), |(x, y, z)| (100 * x + 10 * y + z) as f64)),
        arrays: vec![NdArray(array![1, 2]), NdArray(array![3])],
        long: (0..10_000).collect(),
        attrs: WithAttrs { value: 9.81, attrs: BTreeMap::from([("unit".to_owned(), "m/s2".to_owned())]) },
    }
    .with_events(events())
}

impl Everything {
    fn with_events(mut self, events: Vec<Event>) -> Self {
        self.names.extend(events);
        self
    }
}

fn files() -> Vec<PathBuf> {
    files_in("fixtures/golden")
}

fn files_in(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "h5"));
    files.sort();
    files
}

#[test]
fn files_of_all_builds_are_read() {
    if let Some(path) = std::env::var_os("GOLDEN") {
        to_file(path, &everything()).unwrap();
    }
    let names: Vec<_> = files().iter().map(|path| path.file_name().unwrap().to_owned()).collect();
    assert!(names.iter().any(|name| name == "0.1-hdf5-1.10.8.h5") && names.len() >= 2, "{names:?}");
    for path in files() {
        let found: Everything = from_file(&path).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(found, everything(), "{}", path.display());
    }
}

#[test]
fn they_are_read_without_a_type_and_written_again() {
    let folder = tempfile::tempdir().unwrap();
    for path in files() {
        let value: Value = from_file(&path).unwrap_or_else(|error| panic!("{error}"));
        let copy = folder.path().join("copy.h5");
        to_file(&copy, &value).unwrap();
        let found: Everything = from_file(&copy).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(found, everything(), "{}", path.display());
    }
}

/// What options and modules for `with` bring about that the files above are without: maps in columns, times.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Asked {
    series: BTreeMap<String, Vec<f64>>,
    rows: BTreeMap<String, [i16; 3]>,
    stations: BTreeMap<String, Station>,
    words: BTreeMap<char, String>,
    empty: BTreeMap<String, u8>,
    #[serde(with = "filebacked::timestamp")]
    time: SystemTime,
    #[serde(with = "filebacked::timestamp")]
    times: Vec<SystemTime>,
    #[serde(with = "filebacked::timestamp")]
    gaps: Vec<Option<SystemTime>>,
    events: Vec<Timed>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Timed {
    name: String,
    #[serde(with = "filebacked::timestamp")]
    begin: SystemTime,
    #[serde(with = "filebacked::timestamp")]
    end: Option<SystemTime>,
}

fn asked() -> Asked {
    let at = |nanoseconds| SystemTime::UNIX_EPOCH + Duration::from_nanos(nanoseconds);
    let keys = || ["a/b", ".", "", "ü"].into_iter().map(str::to_owned);
    Asked {
        series: keys().zip(0..).map(|(key, n)| (key, vec![0.5; n])).collect(),
        rows: keys().zip(0..).map(|(key, n)| (key, [n, -n, 300])).collect(),
        stations: keys().zip(everything().columns).collect(),
        words: BTreeMap::from([('x', "one".to_owned()), ('y', "two".to_owned())]),
        empty: BTreeMap::new(),
        time: at(1_700_000_000_123_456_789),
        times: vec![at(0), at(7)],
        gaps: vec![None, Some(at(9))],
        events: (0..5)
            .map(|n| Timed { name: format!("event {n}"), begin: at(n), end: (n > 2).then(|| at(2 * n)) })
            .collect(),
    }
}

#[test]
fn files_with_options_are_read() {
    if let Some(path) = std::env::var_os("GOLDEN_OPTIONS") {
        WriteOptions::new().maps(Maps::Columns).to_file(path, &asked()).unwrap();
    }
    let files = files_in("fixtures/golden/options");
    assert!(!files.is_empty());
    let folder = tempfile::tempdir().unwrap();
    for path in files {
        let found: Asked = from_file(&path).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(found, asked(), "{}", path.display());
        let value: Value = from_file(&path).unwrap_or_else(|error| panic!("{error}"));
        let copy = folder.path().join("copy.h5");
        WriteOptions::new().maps(Maps::Columns).to_file(&copy, &value).unwrap();
        assert_eq!(from_file::<Asked>(&copy).unwrap(), asked(), "{}", path.display());
        assert_eq!(from_file::<Value>(&copy).unwrap(), value, "{}", path.display());
    }
}
