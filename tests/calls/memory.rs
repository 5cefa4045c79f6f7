//! What writing and reading take beyond the value, measured in a process of its own.

use std::collections::BTreeMap;
use std::path::Path;

use filebacked::{Lazy, NdArray, Reader, Value, WriteOptions, hdf5};
use hdf5::plist::dataset_create::{AllocTime, FillTime};
use ndarray::{Array2, Ix1, Ix2, s};
use serde::{Deserialize, Serialize};

use crate::common::{Packages, output, test_alone};

const MIB: usize = 1 << 20;
/// What a child is to do, in its environment.
const TASK: &str = "FILEBACKED_MEMORY_TASK";

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
struct Sample {
    id: u64,
    at: [f64; 3],
    valid: bool,
}

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
struct Station {
    id: u64,
    name: String,
    x: f64,
    height: Option<f64>,
}

fn numbers() -> Vec<f64> {
    (0..10_000_000).map(f64::from).collect()
}

fn samples() -> Vec<Sample> {
    (0..1_000_000).map(|id| Sample { id, at: [0.5; 3], valid: id % 2 == 0 }).collect()
}

fn stations() -> Vec<Station> {
    let station = |id: u64| Station { id, name: format!("station {id}"), x: 0.5, height: (id % 3 == 1).then_some(1.5) };
    (0..1_000_000).map(station).collect()
}

/// A line of `/proc/self/status`, in bytes.
fn status(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

/// By how much `work` raises the peak of resident memory beyond what is resident before it, and what it gives.
fn peak<T>(work: impl FnOnce() -> T) -> (usize, T) {
    // What the library keeps for itself is there before, and so is its code, which counts as resident once it has run.
    let image = filebacked::to_vec(&vec![Some(NdArray(ndarray::arr1(&[1.5; 1000]))), None]).unwrap();
    filebacked::from_slice::<Vec<Option<NdArray<f64, Ix1>>>>(&image).unwrap();
    filebacked::from_slice::<filebacked::Value>(&image).unwrap();
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = status("VmRSS:");
    let value = work();
    (status("VmHWM:").saturating_sub(before), value)
}

/// Not a test by itself: what a child does, which [`measure`] starts.
#[test]
fn child() {
    let Ok(task) = std::env::var(TASK) else { return };
    let (task, path) = task.split_once(' ').unwrap();
    let bytes = match task {
        "write-numbers" => write(Path::new(path), &numbers()),
        "read-numbers" => read::<f64>(Path::new(path)),
        "write-array" => write_array(Path::new(path), array()),
        "write-fortran" => write_array(Path::new(path), array().reversed_axes()),
        "read-array" => read_array(Path::new(path)),
        "write-samples" => write(Path::new(path), &samples()),
        "read-samples" => read::<Sample>(Path::new(path)),
        "write-erased" => write_value(Path::new(path), &(&NdArray(array()) as &dyn erased_serde::Serialize)),
        "write-trait" => write_value(Path::new(path), &trait_object()),
        "read-trait" => read_trait(Path::new(path)),
        "read-lazy" => read_lazy(Path::new(path)),
        "slice-lazy" => slice_lazy(Path::new(path)),
        "copy-lazy" => copy_lazy(Path::new(path)),
        "write-strings" => write(Path::new(path), &strings()),
        "read-strings" => read_strings(Path::new(path)),
        "append-records" => append(Path::new(path), &WriteOptions::new(), RECORDS),
        "append-filtered" => append(Path::new(path), &WriteOptions::new().deflate(1).fletcher32(true), FILTERED),
        "stream-records" => stream(Path::new(path)),
        "wide-value" => read_wide(Path::new(path)),
        "wide-rows" => read_wide_rows(Path::new(path)),
        _ => write(Path::new(path), &stations()),
    };
    println!("peak {bytes}");
}

fn write<T: Serialize>(path: &Path, value: &[T]) -> usize {
    peak(|| filebacked::to_file(path, value).unwrap()).0
}

/// What reading takes beyond the elements that it gives.
fn read<T: serde::de::DeserializeOwned>(path: &Path) -> usize {
    let (peak, value) = peak(|| filebacked::from_file::<Vec<T>>(path).unwrap());
    peak.saturating_sub(size_of_val(value.as_slice()))
}

/// Strings of very different length, which are stored with variable length: all but a few are large.
fn strings() -> Vec<String> {
    (0..3000).map(|index| "s".repeat(if index % 100 == 0 { index / 10 } else { 50_000 + 20 * index })).collect()
}

/// What reading takes beyond the strings, which are there twice if a heap is.
fn read_strings(path: &Path) -> usize {
    let (peak, value) = peak(|| filebacked::from_file::<Vec<String>>(path).unwrap());
    assert!(value == strings());
    peak.saturating_sub(value.iter().map(String::len).sum())
}

/// A record with parts of any length.
fn record(id: u64) -> (Station, Vec<u16>, Option<Event>) {
    let station = Station { id, name: format!("station {id}"), x: 0.5, height: (id % 3 == 1).then_some(1.5) };
    let event = if id.is_multiple_of(2) { Event::Quiet } else { Event::Hit(id) };
    (station, vec![7; (id % 50) as usize], (!id.is_multiple_of(5)).then_some(event))
}

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
enum Event {
    Quiet,
    Hit(u64),
}

/// How many records there are; where they are compressed, there must be more for what is kept of them to show.
const RECORDS: u64 = 300_000;
const FILTERED: u64 = 1_000_000;

fn append(path: &Path, options: &WriteOptions, count: u64) -> usize {
    let write = || {
        let mut appender = options.create_appender_file(path, "records").unwrap();
        (0..count).for_each(|id| appender.push(&record(id)).unwrap());
        appender.finish().unwrap();
    };
    peak(write).0
}

fn stream(path: &Path) -> usize {
    let read = || {
        let reader = Reader::<(Station, Vec<u16>, Option<Event>)>::open_file(path, "records").unwrap();
        let len = reader.len();
        (len, reader.zip(0..).fold(0, |count, (found, id)| count + u64::from(found.unwrap() == record(id))))
    };
    let (peak, (len, same)) = peak(read);
    assert_eq!(same, len);
    peak
}

/// An array of 80 MB.
fn array() -> Array2<f64> {
    Array2::from_shape_fn((4000, 2500), |(x, y)| (10_000 * x + y) as f64)
}

fn write_array(path: &Path, array: Array2<f64>) -> usize {
    let array = NdArray(array);
    peak(|| filebacked::to_file(path, &array).unwrap()).0
}

fn read_array(path: &Path) -> usize {
    let (peak, array) = peak(|| filebacked::from_file::<NdArray<f64, Ix2>>(path).unwrap());
    assert_eq!(array.sum(), self::array().sum());
    peak.saturating_sub(array.len() * size_of::<f64>())
}

fn write_value(path: &Path, value: &impl Serialize) -> usize {
    peak(|| filebacked::to_file(path, value).unwrap()).0
}

/// Something that has an array.
#[typetag::serde]
trait Field: Send {
    fn array(&self) -> &Array2<f64>;
}

#[derive(Serialize, Deserialize)]
struct Pressure {
    unit: String,
    #[serde(with = "filebacked::array")]
    values: Array2<f64>,
}

#[typetag::serde]
impl Field for Pressure {
    fn array(&self) -> &Array2<f64> {
        &self.values
    }
}

fn trait_object() -> Vec<Option<Box<dyn Field>>> {
    vec![None, Some(Box::new(Pressure { unit: "Pa".to_owned(), values: array() }))]
}

fn read_trait(path: &Path) -> usize {
    let (peak, value) = peak(|| filebacked::from_file::<Vec<Option<Box<dyn Field>>>>(path).unwrap());
    let array = value[1].as_ref().unwrap().array();
    assert_eq!(array.sum(), self::array().sum());
    peak.saturating_sub(array.len() * size_of::<f64>())
}

/// What [`large_file`] holds.
#[derive(Serialize, Deserialize)]
struct Large {
    title: String,
    field: Lazy<NdArray<f64, Ix1>>,
}

/// The elements of the array in it: a GiB.
const LARGE: usize = 1 << 27;

/// A file with an array that takes up its place in it, all of which is zero: most systems have no disk for that.
fn large_file(path: &Path, count: usize) {
    // Without a lock, as some tests of files start programs that inherit it.
    let file = hdf5::File::with_options().with_fapl(|list| list.file_locking(false)).create(path).unwrap();
    filebacked::write(&file, "title", "large").unwrap();
    let builder = file.new_dataset::<f64>().alloc_time(Some(AllocTime::Early)).fill_time(FillTime::Never);
    let dataset = builder.shape(count).create("field").unwrap();
    dataset.write_slice(&[1.5, 2.5], s![count - 2..]).unwrap();
}

fn read_lazy(path: &Path) -> usize {
    let (peak, large) = peak(|| {
        let large: Large = filebacked::from_file(path).unwrap();
        assert_eq!(large.field.shape().unwrap(), [LARGE]);
        large.field.element_type().unwrap();
        let ends = large.field.slice(s![..;1 - LARGE as isize]).unwrap();
        assert_eq!(ends.to_vec(), [2.5, 0.0]);
        assert_eq!(large.field.slice(s![-2]).unwrap()[()], 1.5);
        large
    });
    assert!(!large.field.is_loaded());
    peak
}

/// What a slice of 256 MiB takes beyond that.
fn slice_lazy(path: &Path) -> usize {
    let large: Large = filebacked::from_file(path).unwrap();
    let (peak, slice) = peak(|| large.field.slice(s![-(1 << 25)..]).unwrap());
    assert_eq!(slice.sum(), 4.0);
    // So what is in memory shows.
    assert!(peak >= slice.len() * size_of::<f64>());
    peak - slice.len() * size_of::<f64>()
}

fn copy_lazy(path: &Path) -> usize {
    let large: Large = filebacked::from_file(path).unwrap();
    let (peak, ()) = peak(|| filebacked::to_file(path, &large).unwrap());
    let copy: Large = filebacked::from_file(path).unwrap();
    assert_eq!(copy.field.slice(s![-1]).unwrap()[()], 2.5);
    peak
}

/// Rows and columns of the wide tables, and what their numbers take.
const WIDE: (usize, usize) = (4000, 400);
const WIDE_DATA: usize = WIDE.0 * WIDE.1 * size_of::<f64>();

/// What a wide table takes as a [`Value`], with its data.
fn read_wide(path: &Path) -> usize {
    let (peak, value) = peak(|| filebacked::from_file::<Value>(path).unwrap());
    let ((rows, columns), last) = (WIDE, WIDE.0 * WIDE.1 - 1);
    let cell = match value.at("t/block0_values").and_then(Value::as_array) {
        Some(array) => array.to_f64().unwrap()[[rows - 1, columns - 1]],
        None => {
            let table = value.at("t/table").unwrap_or(&value["t"]).as_table().expect("a table");
            let names: Vec<&str> = table.names().collect();
            assert_eq!((table.len(), names[names.len() - 1]), (rows, "c399"));
            table.get(rows - 1).unwrap()["c399"].as_f64().unwrap()
        }
    };
    assert_eq!(cell, last as f64);
    peak
}

/// What it takes to go through the rows of a wide table, one by one.
fn read_wide_rows(path: &Path) -> usize {
    let read = || {
        let rows = Reader::<BTreeMap<String, serde_json::Value>>::open_file(path, "t").unwrap();
        rows.fold((0, 0.0), |(count, _), row| (count + 1, row.unwrap()["c399"].as_f64().unwrap()))
    };
    let (peak, found) = peak(read);
    assert_eq!(found, (WIDE.0, (WIDE.0 * WIDE.1 - 1) as f64));
    peak
}

fn measure(task: &str, path: &Path) -> usize {
    let output = output(test_alone(child).env(TASK, format!("{task} {}", path.display()))).unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let peak = text.split("peak ").nth(1).and_then(|rest| rest.split_whitespace().next());
    peak.and_then(|peak| peak.parse().ok()).unwrap_or_else(|| panic!("{task}: {text}"))
}

#[track_caller]
fn check(task: &str, found: usize, limit: usize) {
    assert!(found <= limit, "{task} takes {} MiB, at most {} are allowed", found / MIB, limit / MIB);
}

#[test]
fn writing_and_reading_take_little_beyond_the_value() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("value.h5");
    // Numbers go through a window, whatever their count.
    check("write-numbers", measure("write-numbers", &path), 32 * MIB);
    check("read-numbers", measure("read-numbers", &path), 32 * MIB);
    // Arrays go from and to their own memory, but for those in another order, which go by the block.
    check("write-fortran", measure("write-fortran", &path), 4 * MIB);
    check("write-array", measure("write-array", &path), 4 * MIB);
    check("read-array", measure("read-array", &path), 4 * MIB);
    // So do records of fixed size.
    check("write-samples", measure("write-samples", &path), 32 * MIB);
    check("read-samples", measure("read-samples", &path), 32 * MIB);
    // Records with parts of any length are collected by field: at most 1.3 times what is stored.
    let stations = measure("write-stations", &path);
    let size = std::fs::metadata(&path).unwrap().len() as usize;
    check("write-stations", stations, size * 13 / 10);
}

#[test]
fn strings_are_read_a_window_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("value.h5");
    measure("write-strings", &path);
    assert!(std::fs::metadata(&path).unwrap().len() as usize > 200 * MIB);
    check("read-strings", measure("read-strings", &path), 16 * MIB);
}

#[test]
fn appending_and_streaming_take_the_same_whatever_the_length() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("value.h5");
    let peak = measure("append-records", &path);
    assert!(std::fs::metadata(&path).unwrap().len() as usize > 30 * MIB);
    check("append-records", peak, 7 * MIB);
    // Fourteen datasets, of each of which there are two windows and 1 MiB of chunks.
    check("stream-records", measure("stream-records", &path), 22 * MIB);
    std::fs::remove_file(&path).unwrap();
    // The last chunks of all datasets, which have 1 MiB, and what is compressed at a time.
    check("append-filtered", measure("append-filtered", &path), 16 * MIB);
    assert!((std::fs::metadata(&path).unwrap().len() as usize) < 50 * MIB);
    check("stream-records", measure("stream-records", &path), 64 * MIB);
}

#[test]
fn a_lazy_array_takes_nothing_until_it_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.h5");
    large_file(&path, LARGE);
    assert!(std::fs::metadata(&path).unwrap().len() as usize > 1024 * MIB);
    check("read-lazy", measure("read-lazy", &path), 4 * MIB);
    check("slice-lazy", measure("slice-lazy", &path), 4 * MIB);
    // The copy is written, so it is of a smaller one.
    large_file(&path, LARGE / 8);
    check("copy-lazy", measure("copy-lazy", &path), 4 * MIB);
}

#[test]
fn wrappers_are_not_copied_on_their_way_through_erased_types() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("value.h5");
    check("write-erased", measure("write-erased", &path), 4 * MIB);
    check("write-trait", measure("write-trait", &path), 4 * MIB);
    check("read-trait", measure("read-trait", &path), 4 * MIB);
}

/// A cell that is a value by itself takes some 200 bytes.
#[test]
fn wide_tables_take_little_more_than_their_data() {
    let packages = Packages { requirements: "anndata.txt", interpreters: &["python3"] };
    let folder = tempfile::tempdir().unwrap();
    packages.python("wide_tables.py", [folder.path()]);
    for name in ["table.h5", "fixed.h5", "texts.h5"] {
        let path = folder.path().join(name);
        assert!(std::fs::metadata(&path).unwrap().len() as usize > WIDE_DATA);
        let found = measure("wide-value", &path);
        // So what is in memory shows.
        assert!(found >= WIDE_DATA, "{name}: {found}");
        check(name, found, 3 * WIDE_DATA);
    }
    // However many columns are in one dataset, they have one window.
    for name in ["fixed.h5", "categories.h5"] {
        check(name, measure("wide-rows", &folder.path().join(name)), 16 * MIB);
    }
}
