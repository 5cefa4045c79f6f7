//! Small files that claim to be much: what each way of reading them takes, measured in processes of their own.
//!
//! `FILEBACKED_HOSTILE=fixtures/hostile cargo test --test untrusted -- --nocapture measured` prints time and memory of all.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use filebacked::hdf5::dataset::FillTime;
use filebacked::hdf5::types::VarLenUnicode;
use filebacked::hdf5::{self, File};
use filebacked::{Lazy, NdArray, ReadOptions, Reader, Result, Value, WriteOptions};
use ndarray::{Ix2, arr2, s};
use serde::de::{Error as _, IgnoredAny};
use serde::{Deserialize, Serialize};

use crate::common::{output, test_alone};

const MIB: usize = 1 << 20;
/// What a child is to do, in its environment.
const TASK: &str = "FILEBACKED_AMPLIFIED_TASK";

/// Reads the child of a file of that name, or the whole file.
type Read = fn(&ReadOptions, &Path, &str) -> Result<()>;

/// The ways to read something.
const WAYS: &[(&str, Read)] = &[
    ("value", |options, path, _| options.from_file::<Value>(path).map(drop)),
    ("json", |options, path, _| options.from_file::<serde_json::Value>(path).map(drop)),
    ("transcoded", |options, path, _| {
        let file = File::open(path)?;
        let value = serde_json::to_value(serde_transcode::Transcoder::new(options.deserializer(&file)));
        value.map(drop).map_err(filebacked::Error::custom)
    }),
    ("text", |options, path, _| {
        let file = File::open(path)?;
        let mut text = serde_json::Serializer::new(std::io::sink());
        serde_transcode::transcode(options.deserializer(&file), &mut text).map_err(filebacked::Error::custom)
    }),
    ("strings", |options, path, name| options.read_at::<Vec<String>>(path, name).map(drop)),
    ("options", |options, path, name| options.read_at::<Vec<Option<String>>>(path, name).map(drop)),
    ("lists", |options, path, name| options.read_at::<Vec<Vec<f64>>>(path, name).map(drop)),
    ("bools", |options, path, name| options.read_at::<Vec<bool>>(path, name).map(drop)),
    ("numbers", |options, path, name| options.read_at::<Vec<f64>>(path, name).map(drop)),
    ("ignored", |options, path, name| options.read_at::<Vec<IgnoredAny>>(path, name).map(drop)),
    ("records", |options, path, name| {
        options.read_at::<Vec<BTreeMap<String, serde_json::Value>>>(path, name).map(drop)
    }),
    ("tree", |_, path, _| filebacked::tree_file(path).map(drop)),
    ("reader", |_, path, name| {
        let begin = Instant::now();
        let mut elements = Reader::<serde_json::Value>::open_file(path, name)?;
        elements.by_ref().take_while(|_| begin.elapsed() < Duration::from_secs(3)).try_for_each(|next| next.map(drop))
    }),
    ("lazy", |options, path, _| {
        let lazy: BTreeMap<String, Lazy<Value>> = options.from_file(path)?;
        // Each is a call of its own, and none is kept.
        lazy.into_values().try_for_each(|value| value.get().map(drop))
    }),
    #[cfg(feature = "arrow")]
    ("table", |options, path, name| options.read_at::<filebacked::Table>(path, name).map(drop)),
    #[cfg(feature = "arrow")]
    ("batches", |options, path, name| {
        let begin = Instant::now();
        let mut batches = options.table_reader_file(path, name)?.batches(10_000);
        batches.by_ref().take_while(|_| begin.elapsed() < Duration::from_secs(3)).try_for_each(|next| next.map(drop))
    }),
];

fn hostile(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/hostile").join(name)
}

/// A line of `/proc/self/status`, in bytes.
fn status(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

/// The name of the first child in a file.
fn first_child(path: &Path) -> String {
    // To open it takes libhdf5 a second, and gigabytes.
    if path.ends_with("mem-driver-block.h5") {
        return "node".to_owned();
    }
    let names = File::open(path).and_then(|file| file.as_group()?.member_names()).unwrap_or_default();
    names.into_iter().next().unwrap_or_default()
}

/// The time that this process has used of all cores.
fn used() -> Duration {
    // SAFETY: zero is good for all fields, and the place is one for what is asked for.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let time = |time: libc::timeval| Duration::new(time.tv_sec as u64, time.tv_usec as u32 * 1000);
    time(usage.ru_utime) + time(usage.ru_stime)
}

/// What one way of reading a file took, and what came of it.
struct Taken {
    /// On all cores, however many other programs there are.
    time: Duration,
    peak: usize,
    result: Result<()>,
}

fn read(options: &ReadOptions, way: &str, path: &Path) -> Taken {
    let read = WAYS.iter().find(|known| known.0 == way).unwrap().1;
    let name = first_child(path);
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let (before, begin) = (status("VmRSS:"), used());
    let result = read(options, path, &name);
    Taken { time: used() - begin, peak: status("VmHWM:").saturating_sub(before), result }
}

/// What a child does: it ends rather than have the machine out of memory, or take for ever.
fn in_child<T: Fn()>(test: T, task: &str) -> Option<Command> {
    if std::env::var_os(TASK).is_none() {
        let mut command = test_alone(test);
        command.env(TASK, task);
        return Some(command);
    }
    const MOST: u64 = 4 << 30;
    // SAFETY: a limit of this process's own.
    unsafe { libc::setrlimit(libc::RLIMIT_AS, &libc::rlimit { rlim_cur: MOST, rlim_max: MOST }) };
    std::thread::spawn(|| {
        // However busy the machine is, no more than a minute of one core.
        let begin = Instant::now();
        while used() < Duration::from_secs(60) && begin.elapsed() < Duration::from_secs(600) {
            std::thread::sleep(Duration::from_millis(100));
        }
        println!("\nit took too long");
        std::process::exit(1);
    });
    None
}

fn text(command: &mut Command) -> String {
    let output = output(command).unwrap();
    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() { text.into_owned() } else { format!("{text}\n{}: {errors}", output.status) }
}

/// Not a test by itself: reads a file in one way.
#[test]
fn one_way() {
    let Ok(task) = std::env::var(TASK) else { return };
    drop(in_child(one_way, &task));
    let (way, path) = task.split_once(' ').unwrap();
    let Taken { time, peak, result } = read(&ReadOptions::new(), way, Path::new(path));
    let said = result.err().map_or("ok".to_owned(), |error| error.to_string());
    println!("\nresult: {} ms, {} MiB: {said}", time.as_millis(), peak / MIB);
}

/// What is made of each of these files that is not asked for: with the defaults, it is an error, and takes less than 256 MiB.
#[test]
fn amplifying_files() {
    let unstored = "`ReadOptions::max_unstored`";
    let chunks = "`ReadOptions::max_chunks`";
    let expansion = "`ReadOptions::max_expansion`";
    let repeats = "`ReadOptions::max_repeats`";
    for (name, option, ways) in [
        ("mem-array-in-array", expansion, &["value", "json", "transcoded", "text", "lazy"][..]),
        ("mem-bool-bomb", unstored, &["json", "transcoded", "text"]),
        ("mem-compound-2k", unstored, &["json", "transcoded", "text", "lists", "records"]),
        ("mem-compound-many-rows", unstored, &["json", "transcoded", "text", "lists", "records"]),
        ("mem-dims-chunktiny", chunks, &["value", "json", "numbers", "ignored", "reader", "lazy"]),
        ("mem-dims-rank32", chunks, &["value", "json", "text", "reader", "lazy"]),
        ("hang-extensible-array", "it has more elements than blocks", &["json", "numbers", "reader", "lazy"]),
        // What it finds the sources of a virtual dataset by leads into itself.
        ("hang-vds-heap", "global heap", &["json", "numbers", "reader", "lazy"]),
        ("mem-soft-tree", repeats, &["value", "lazy"]),
        ("mem-vlen-fill", unstored, &["value", "json", "text", "strings", "options", "lazy"]),
        ("mem-vlen-same", unstored, &["value", "json", "transcoded", "strings", "options", "lazy"]),
    ] {
        let path = hostile(&format!("{name}.h5"));
        for way in ways {
            let text = text(&mut in_child(one_way, &format!("{way} {}", path.display())).unwrap());
            let Some(line) = text.lines().find_map(|line| line.strip_prefix("result: ")) else {
                panic!("{name}, {way}: {text}");
            };
            let (taken, said) = line.split_once(": ").unwrap();
            let peak: usize = taken.split(' ').nth(2).unwrap().parse().unwrap();
            // Some are of a newer format than older libraries read.
            let is_newer = said.contains("bad version number");
            assert!((said.contains(option) || is_newer) && peak < 256, "{name}, {way}: {line}");
        }
    }
}

/// Whatever comes of it: no way of reading any of the files takes more than 256 MiB.
#[test]
fn memory_of_hostile_files() {
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(hostile("")).unwrap() {
        let path = entry.unwrap().path();
        for (way, _) in WAYS {
            // There, libhdf5 opens the file for the caller, before this crate knows of it.
            if path.ends_with("mem-driver-block.h5") && matches!(*way, "transcoded" | "text") {
                continue;
            }
            // It has 134 million, and who asks for them gets them; but that takes most of a minute where nothing is optimised.
            if cfg!(debug_assertions) && path.ends_with("mem-bool-bomb.h5") && *way == "bools" {
                continue;
            }
            let text = text(&mut in_child(one_way, &format!("{way} {}", path.display())).unwrap());
            let line = text.lines().find_map(|line| line.strip_prefix("result: "));
            let peak = line.and_then(|line| line.split(' ').nth(2)?.parse::<usize>().ok());
            if peak.is_none_or(|peak| peak >= 256) {
                wrong.push(format!("{}, {way}: {}", path.display(), line.unwrap_or(&text)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Chunks of which nothing is stored: as many as are allowed take no more than a few at a time.
#[test]
fn chunks_that_are_empty() {
    let folder = tempfile::tempdir().unwrap();
    for (shape, chunk) in [(vec![300_000], vec![1]), (vec![600, 500], vec![1, 1]), (vec![4, 90_000, 2], vec![2, 1, 1])]
    {
        let path = folder.path().join(format!("{shape:?}.h5"));
        let file = File::create(&path).unwrap();
        file.new_dataset::<f64>().shape(shape).chunk(chunk).create("node").unwrap();
        drop(file);
        for way in ["value", "json", "numbers", "lists", "reader", "lazy", "ignored"] {
            let text = text(&mut in_child(one_way, &format!("{way} {}", path.display())).unwrap());
            let line = text.lines().find_map(|line| line.strip_prefix("result: ")).unwrap_or_else(|| panic!("{text}"));
            let peak: usize = line.split(' ').nth(2).unwrap().parse().unwrap();
            assert!(peak < 100, "{}, {way}: {line}", path.display());
        }
    }
}

/// Where few chunks are there, all is read as libhdf5 reads it: rows, blocks, every third item, and records, with and without a
/// value to fill in.
#[test]
fn few_chunks_among_many() {
    #[derive(hdf5::H5Type, Serialize, Deserialize, Clone, Copy, Default, PartialEq, Debug)]
    #[repr(C)]
    struct Point {
        x: f32,
        id: i64,
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sparse.h5");
    let file = File::create(&path).unwrap();
    let value = |number: usize| number as i32 + 1;
    for (name, stored) in [("none", 0), ("one", 1), ("few", 40), ("many", 900)] {
        for fill in [Some(-7), None] {
            let builder = file.new_dataset::<i32>().shape((90, 70)).chunk((3, 2));
            let builder = match fill {
                Some(value) => builder.fill_value(value),
                None => builder.fill_time(FillTime::Never),
            };
            let dataset = builder.create(&*format!("{name} {fill:?}")).unwrap();
            for number in 0..stored {
                // Spread over all of it: 30 times 35 chunks.
                let at = number * 1009 % 1050;
                let (row, column) = (at / 35 * 3, at % 35 * 2);
                dataset.write_slice(&arr2(&[[value(number)]]), s![row..row + 1, column..column + 1]).unwrap();
            }
        }
        let points = file.new_dataset::<Point>().shape(1050).chunk(1).fill_value(Point { x: 0.5, id: -1 });
        let points = points.create(&*format!("{name} points")).unwrap();
        for number in 0..stored {
            let (at, point) = (number * 1009 % 1050, Point { x: number as f32, id: number as i64 });
            points.write_slice(&[point], at..at + 1).unwrap();
        }
    }
    file.close().unwrap();

    // libhdf5 reads all that is trusted.
    let (looking, trusting) = (ReadOptions::new(), ReadOptions::new().trusted(true));
    let file = File::open(&path).unwrap();
    for name in file.member_names().unwrap() {
        if name.ends_with("points") {
            let read = |options: &ReadOptions| options.read_at::<Vec<Point>>(&path, &name).unwrap();
            let points = read(&looking);
            assert_eq!(points, read(&trusting), "{name}");
            assert_eq!(points.iter().filter(|point| point.id == -1).count() == 1050, name.starts_with("none"));
            continue;
        }
        let read = |options: &ReadOptions| options.read_at::<NdArray<i32, Ix2>>(&path, &name).unwrap().0;
        let numbers = read(&looking);
        assert_eq!(numbers, read(&trusting), "{name}");
        let part = looking.read_at::<Lazy<NdArray<i32, Ix2>>>(&path, &name).unwrap().slice(s![1..88;3, 4..]).unwrap();
        assert_eq!(part, numbers.slice(s![1..88;3, 4..]), "{name}");
        let rows: Vec<Vec<i32>> = Reader::open_file(&path, &name).unwrap().map(Result::unwrap).collect();
        assert!(rows.iter().zip(numbers.rows()).all(|(row, other)| row[..] == *other.to_slice().unwrap()), "{name}");
    }
}

/// `tree` shows the beginning of what a file holds, and takes no more for what it claims to hold.
#[test]
fn trees_of_amplifying_files() {
    for name in ["mem-array-in-array", "mem-dims-chunktiny", "mem-dims-rank32", "mem-vlen-same", "mem-bool-bomb"] {
        let path = hostile(&format!("{name}.h5"));
        let line = text(&mut in_child(one_way, &format!("tree {}", path.display())).unwrap());
        assert!(line.contains("MiB: ok") || line.contains("bad version number"), "{name}: {line}");
    }
}

#[derive(Serialize, Deserialize, Clone)]
enum Shape {
    Point,
    Circle { radius: f32, label: String },
    Polygon(Vec<[u8; 2]>),
}

/// Values that become far more in memory than they take in a file, each in a file of its own.
fn corpus(folder: &Path) -> Vec<PathBuf> {
    fn write<T: Serialize>(folder: &Path, name: &str, value: &T) -> PathBuf {
        let path = folder.join(name);
        WriteOptions::new().deflate(9).to_file(&path, &BTreeMap::from([("node", value)])).unwrap();
        path
    }
    const MANY: usize = 100_000;
    #[derive(Serialize, Clone)]
    struct Small {
        a: bool,
    }
    #[derive(Serialize, Clone)]
    struct Record {
        id: u32,
        name: String,
        tags: Vec<String>,
        position: Option<[f32; 2]>,
    }
    let record = Record { id: 1, name: "a name".to_owned(), tags: vec!["tag".to_owned(); 3], position: Some([0.5; 2]) };
    let shapes = [
        Shape::Point,
        Shape::Circle { radius: 0.5, label: "round".to_owned() },
        Shape::Polygon(vec![[0, 1], [2, 3], [4, 5]]),
    ];
    let mut paths = vec![
        write(folder, "bools", &vec![true; 20 * MANY]),
        write(folder, "units", &vec![(); 2 * MANY]),
        write(folder, "short strings", &vec!["a"; 2 * MANY]),
        write(folder, "long strings", &vec!["word ".repeat(40); MANY / 4]),
        write(folder, "small records", &vec![Small { a: true }; 2 * MANY]),
        write(folder, "records", &vec![record; MANY / 4]),
        write(folder, "options", &vec![Some(1_u8); 2 * MANY]),
        write(folder, "short lists", &vec![vec![1_u8]; 2 * MANY]),
        write(folder, "lists of lists", &vec![vec![vec![1_u8, 2]; 3]; MANY / 4]),
        write(folder, "maps", &vec![BTreeMap::from([("key", 1_u8)]); MANY]),
        write(folder, "tuples", &vec![(1_u8, "a", 2.5_f32); MANY]),
        write(folder, "enums", &shapes.iter().cycle().take(MANY).cloned().collect::<Vec<_>>()),
        write(folder, "json", &vec![serde_json::json!({"a": [1, "x"], "b": null}); MANY / 8]),
        write(folder, "rows", &vec![vec![0_u8; 1000]; MANY / 100]),
    ];
    // One string, which all elements refer to; and attributes that are met again through links.
    let path = folder.join("one string");
    let file = File::create(&path).unwrap();
    let text: VarLenUnicode = "x".repeat(5000).parse().unwrap();
    let builder = file.new_dataset::<VarLenUnicode>().shape(20_000).chunk(20_000).deflate(9).fill_value(text);
    builder.create("node").unwrap();
    paths.push(path);
    let path = folder.join("attributes");
    let file = File::create(&path).unwrap();
    let group = file.create_group("node").unwrap();
    group.new_attr::<u8>().shape(60_000).create("a").unwrap().write(&[1_u8; 60_000]).unwrap();
    (0..3000).for_each(|number| file.link_soft("node", &format!("x{number}")).unwrap());
    paths.push(path);
    paths.extend(hdf5_fixtures());
    paths
}

fn hdf5_fixtures() -> impl Iterator<Item = PathBuf> {
    ["mem-vlen-same", "mem-compound-2k", "mem-compound-many-rows"]
        .into_iter()
        .map(|name| hostile(&format!("{name}.h5")))
}

/// Whatever is read in whatever way, the process takes at most three times what it may, beside some for the library.
#[test]
fn memory_is_bounded() {
    if let Some(mut command) = in_child(memory_is_bounded, "all") {
        let text = text(&mut command);
        assert!(text.contains("all were read"), "{text}");
        return;
    }
    const MOST: usize = 4 * MIB;
    // Windows and chunks of what is read, code that was not run before, and what the allocator keeps.
    const BESIDE: usize = 24 * MIB;
    let folder = tempfile::tempdir().unwrap();
    let options = ReadOptions::new().max_bytes(MOST as u64);
    for path in corpus(folder.path()) {
        for (way, _) in WAYS {
            // These have no options.
            if matches!(*way, "tree" | "reader" | "ignored") {
                continue;
            }
            let Taken { peak, result, .. } = read(&options, way, &path);
            let said = result.err().map_or("ok".to_owned(), |error| error.to_string());
            let said: String = said.chars().take(200).collect();
            assert!(peak < 3 * MOST + BESIDE, "{}, {way}: {} KiB: {said}", path.display(), peak >> 10);
        }
    }
    println!("all were read");
}

/// What is stored, and asked for as what it is, is no amplification, however well it is compressed.
#[test]
fn what_is_asked_for_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("numbers.h5");
    let packed = WriteOptions::new().deflate(9);
    packed.to_file(&path, &vec![0_u8; 100 << 20]).unwrap();
    assert!(std::fs::metadata(&path).unwrap().len() < 300_000);
    assert_eq!(filebacked::from_file::<Vec<u8>>(&path).unwrap().len(), 100 << 20);
    let array: filebacked::NdArray<f32, ndarray::Ix1> = filebacked::from_file(&path).unwrap();
    assert_eq!(array.0.len(), 100 << 20);
    assert!(matches!(filebacked::from_file::<Value>(&path).unwrap(), Value::Array(array) if array.len() == 100 << 20));
    // Text that is stored, and lists of it.
    let words: Vec<String> = (0..1_000_000).map(|number| format!("word {number}")).collect();
    packed.to_file(&path, &words).unwrap();
    assert!(filebacked::from_file::<Vec<String>>(&path).unwrap() == words);
    assert_eq!(filebacked::from_file::<serde_json::Value>(&path).unwrap().as_array().unwrap().len(), 1_000_000);
    // Records of numbers as maps of JSON, some hundred bytes each.
    let records: Vec<(u32, f64)> = (0..100_000).map(|number| (number, f64::from(number).sqrt())).collect();
    packed.to_file(&path, &records).unwrap();
    assert_eq!(filebacked::from_file::<serde_json::Value>(&path).unwrap().as_array().unwrap().len(), 100_000);
}

/// Groups that nest far deeper than anything is read: it is known at once.
#[test]
fn depths_of_thirty_thousand() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep.h5");
    let file = File::create(&path).unwrap();
    let mut group = file.create_group("a").unwrap();
    for _ in 0..30_000 {
        group = group.create_group("a").unwrap();
    }
    drop((group, file));
    let begin = Instant::now();
    for way in ["value", "json", "text", "tree", "lazy"] {
        let read = WAYS.iter().find(|known| known.0 == way).unwrap().1;
        match read(&ReadOptions::new(), &path, "a") {
            // What nests too deep is shown as that, or is a value that cannot be read.
            Ok(()) => assert!(matches!(way, "value" | "tree" | "lazy"), "{way}"),
            Err(error) => assert!(error.to_string().contains("`ReadOptions::max_depth`"), "{way}: {error}"),
        }
    }
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
}

#[cfg(feature = "arrow")]
mod tables {
    use filebacked::hdf5::Group;
    use filebacked::{ErrorKind, Table, table};

    use super::*;

    /// All columns count together, before there is room for any.
    #[test]
    fn columns_count_together() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.h5");
        #[derive(Serialize, Clone)]
        struct Row {
            a: f64,
            b: f64,
            c: f64,
            d: f64,
            e: f64,
        }
        let rows = vec![Row { a: 0.5, b: 0.5, c: 0.5, d: 0.5, e: 0.5 }; 10_000];
        filebacked::to_file(&path, &BTreeMap::from([("node", rows)])).unwrap();
        let read = |bytes| ReadOptions::new().max_bytes(bytes).table_reader_file(&path, "node").unwrap().read(..);
        let error = read(399_999).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit);
        assert!(error.to_string().contains("`ReadOptions::max_bytes`"), "{error}");
        assert_eq!(read(400_000).unwrap().num_rows(), 10_000);
    }

    /// Categories are read once for all batches: they count in the first of them.
    #[test]
    fn categories_are_read_once() {
        use arrow_array::types::Int32Type;
        use arrow_array::{DictionaryArray, RecordBatch};

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.h5");
        let words: Vec<String> = (0..10_000).map(|number| format!("category {number}")).collect();
        let column: DictionaryArray<Int32Type> = words.iter().map(String::as_str).collect();
        let batch = RecordBatch::try_from_iter([("word", std::sync::Arc::new(column) as _)]).unwrap();
        filebacked::to_file(&path, &BTreeMap::from([("node", Table(batch))])).unwrap();
        let mut reader = table::Reader::open_file(&path, "node").unwrap();
        let batches = [reader.read(..10).unwrap(), reader.read(10..20).unwrap()];
        let values = |batch: &RecordBatch| {
            let column = batch.column(0).as_any().downcast_ref::<DictionaryArray<Int32Type>>().unwrap();
            arrow_array::Array::to_data(column.values()).buffers()[0].as_ptr()
        };
        assert_eq!(values(&batches[0]), values(&batches[1]));
    }

    fn kind(group: &Group, word: &str) {
        let attribute = group.new_attr::<VarLenUnicode>().create("filebacked").unwrap();
        attribute.write_scalar(&word.parse::<VarLenUnicode>().unwrap()).unwrap();
    }

    /// Lists in lists, deeper than anything is read.
    #[test]
    fn columns_that_nest_too_deep() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep.h5");
        let file = File::create(&path).unwrap();
        let mut group = file.create_group("node").unwrap();
        kind(&group, "columns");
        group.new_attr::<u64>().create("length").unwrap().write_scalar(&1).unwrap();
        group = group.create_group("column").unwrap();
        for _ in 0..150 {
            kind(&group, "ragged");
            group.new_dataset_builder().with_data(&[0_u64, 1]).create("offsets").unwrap();
            group = group.create_group("values").unwrap();
        }
        kind(&group, "ragged");
        group.new_dataset_builder().with_data(&[0_u64, 1]).create("offsets").unwrap();
        group.new_dataset_builder().with_data(&[1.5]).create("values").unwrap();
        drop((group, file));
        let error = filebacked::read_at::<Table>(&path, "node").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooDeep, "{error}");
        assert!(error.to_string().contains("`ReadOptions::max_depth`"), "{error}");
    }
}

/// A user's type that keeps whatever it is handed is bounded by that.
#[test]
fn trees_of_a_user() {
    struct Tree(#[allow(dead_code, reason = "it is only kept")] Vec<Tree>);
    struct Visitor;
    impl<'de> Deserialize<'de> for Tree {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
            deserializer.deserialize_any(Visitor)
        }
    }
    impl<'de> serde::de::Visitor<'de> for Visitor {
        type Value = Tree;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("anything")
        }
        fn visit_bool<E>(self, _: bool) -> std::result::Result<Tree, E> {
            Ok(Tree(Vec::new()))
        }
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<Tree, A::Error> {
            let mut trees = Vec::new();
            while let Some(tree) = seq.next_element()? {
                trees.push(tree);
            }
            Ok(Tree(trees))
        }
        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> std::result::Result<Tree, A::Error> {
            let mut trees = Vec::new();
            while let Some((_, tree)) = map.next_entry::<String, Tree>()? {
                trees.push(tree);
            }
            Ok(Tree(trees))
        }
    }
    let error = filebacked::from_file::<Tree>(hostile("mem-bool-bomb.h5")).err().unwrap();
    assert!(error.to_string().contains("`ReadOptions::max_unstored`"), "{error}");
}

/// Not a test by itself: prints what each way of reading each file of a folder takes, for those who ask for that.
#[test]
fn measured() {
    let Some(folder) = std::env::var_os("FILEBACKED_HOSTILE").map(PathBuf::from) else { return };
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for path in files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "h5")) {
        for (way, _) in WAYS {
            let text = text(&mut in_child(one_way, &format!("{way} {}", path.display())).unwrap());
            let line = text.lines().find_map(|line| line.strip_prefix("result: ")).unwrap_or(&text);
            let line: String = line.chars().take(180).collect();
            println!("{:28} {way:10} {line}", path.file_stem().unwrap().display());
        }
    }
}
