//! Sequences that grow in chunks of a shape, through filters: whatever the options, what is appended comes back.

use std::collections::BTreeMap;
use std::fmt::Debug;

use filebacked::hdf5::filters::Filter;
use filebacked::hdf5::{self, File};
use filebacked::{
    Appender, ErrorKind, FileLocking, LibraryVersion, Maps, Reader, Records, Strings, WriteOptions, read,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::common;

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Step {
    time: f64,
    at: [i32; 3],
    name: String,
    note: Option<String>,
    event: Event,
    parts: Vec<Flat>,
    by_name: BTreeMap<String, f64>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Flat {
    id: u32,
    x: f64,
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
enum Event {
    Quiet,
    Hit(u32),
    Lost { by: String },
}

fn step(index: u32) -> Step {
    let event = match index % 50 {
        20 => Event::Hit(index),
        49 => Event::Lost { by: format!("{index}") },
        _ => Event::Quiet,
    };
    Step {
        time: f64::from(index) * 0.5,
        at: [index as i32, -1, 7],
        name: format!("step {index}"),
        note: (index % 90 == 80).then(|| "note".to_owned()),
        event,
        parts: (0..index % 4).map(|id| Flat { id, x: 0.5 }).collect(),
        by_name: (0..index % 3).map(|key| (format!("key {key}"), f64::from(key))).collect(),
    }
}

/// What the filters of a dataset are called.
fn words(dataset: &hdf5::Dataset) -> String {
    let word = |filter: &Filter| match filter {
        Filter::Shuffle => "shuffle",
        Filter::Deflate(4) => "deflate",
        Filter::Fletcher32 => "fletcher32",
        Filter::User(32000, _) => "lzf",
        _ => "other",
    };
    dataset.filters().iter().map(word).collect::<Vec<_>>().join(" ")
}

fn ways() -> Vec<(WriteOptions, &'static str)> {
    let options = WriteOptions::new;
    vec![
        (options(), ""),
        (options().deflate(4), "shuffle deflate"),
        (options().deflate(4).shuffle(false), "deflate"),
        (options().lzf().fletcher32(true), "shuffle lzf fletcher32"),
        (options().shuffle(true), "shuffle"),
        (options().fletcher32(true), "fletcher32"),
        #[cfg(feature = "blosc-zstd")]
        (options().blosc_zstd(5), "other"),
        #[cfg(feature = "blosc-lz4")]
        (options().blosc_lz4(5).fletcher32(true), "other fletcher32"),
    ]
}

/// Appends the records, with a flush after each of some; then in two further appenders, one of which finishes.
fn grows<T>(options: &WriteOptions, records: &[T], in_a_file_of_its_own: bool)
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let options = options.clone().sync(false);
    for step in [1, 7, 1000] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.h5");
        let create = || match in_a_file_of_its_own {
            true => options.create_appender_file::<T>(&path, "x").unwrap(),
            false => options.create_appender::<T>(&File::create(&path).unwrap(), "x").unwrap(),
        };
        let open = || match in_a_file_of_its_own {
            true => options.open_appender_file::<T>(&path, "x").unwrap(),
            false => options.open_appender::<T>(&File::open_rw(&path).unwrap(), "x").unwrap(),
        };
        let check = |count: usize| {
            let found: Vec<T> = Reader::open_file(&path, "x").unwrap().map(Result::unwrap).collect();
            assert_eq!(found.len(), count, "{step}");
            assert_eq!(found, records[..count], "{step}");
        };
        let third = records.len() / 3;
        let mut appender = create();
        for (index, record) in records[..third].iter().enumerate() {
            appender.push(record).unwrap();
            if index % step == 0 {
                appender.flush().unwrap();
                if in_a_file_of_its_own && index % 40 < 10 {
                    check(index + 1);
                }
            }
        }
        // Dropped, and not finished.
        drop(appender);
        check(third);
        for end in [third, third + 1, 2 * third, records.len()] {
            let mut appender = open();
            let start = appender.len() as usize;
            for (index, record) in records[start..end].iter().enumerate() {
                appender.push(record).unwrap();
                if index % step == step - 1 {
                    appender.flush().unwrap();
                }
            }
            appender.finish().unwrap();
            check(end);
        }
        let file = File::open(&path).unwrap();
        assert_eq!(read::<Vec<T>>(&file, "x").unwrap(), records);
    }
}

#[test]
fn whatever_the_filters() {
    for (options, _) in ways() {
        for own in [false, true] {
            let options = options.clone().chunk([16]);
            grows(&options, &(0..150).map(step).collect::<Vec<_>>(), own);
            grows(&options, &(0..150).map(|n| f64::from(n) * 0.5).collect::<Vec<_>>(), own);
            grows(&options.chunk([5, 2]), &(0..60).map(|n| [n, n + 1, 7]).collect::<Vec<[i64; 3]>>(), own);
        }
    }
}

/// What is in memory at the end goes through the filters at once: it is not in the file without them first.
#[test]
fn the_last_chunk_is_written_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.h5");
    let elements: Vec<Flat> = (0..30_000).map(|id| Flat { id, x: 0.5 }).collect();
    let options = WriteOptions::new().deflate(4).chunk([16_384]).records(Records::Columns).sync(false);
    let size = |own: bool, flushes: bool| {
        let path = path.with_extension(format!("{own} {flushes}"));
        let mut appender = match own {
            true => options.create_appender_file::<Flat>(&path, "x").unwrap(),
            false => options.create_appender::<Flat>(&File::create(&path).unwrap(), "x").unwrap(),
        };
        appender.extend(&elements).unwrap();
        if flushes {
            appender.flush().unwrap();
        }
        appender.finish().unwrap();
        let found: Vec<Flat> = Reader::open_file(&path, "x").unwrap().map(Result::unwrap).collect();
        assert_eq!(found, elements);
        let size = std::fs::metadata(&path).unwrap().len();
        // Whoever goes on finds it as any other.
        let mut appender = options.open_appender_file::<Flat>(&path, "x").unwrap();
        appender.extend(&elements).unwrap();
        appender.finish().unwrap();
        let found: Vec<Flat> = Reader::open_file(&path, "x").unwrap().map(Result::unwrap).collect();
        assert_eq!(found, [&*elements, &*elements].concat());
        size
    };
    // The last chunks have 64 KiB and 128 KiB; at the end of a file, room that becomes free is not in it any more.
    for own in [true, false] {
        let (at_once, promised) = (size(own, false), size(own, true));
        assert!(at_once + (64 << 10) < promised, "{at_once} {promised}");
    }
}

/// Elements without a chunk's worth, and chunks of one row.
#[test]
fn whatever_the_chunks() {
    for chunk in [1, 2, 150, 100_000] {
        let options = WriteOptions::new().lzf().chunk([chunk]);
        grows(&options, &(0..150).map(|id| Flat { id, x: 0.5 }).collect::<Vec<_>>(), true);
        grows(&options, &(0..150).map(|n| n.to_string()).collect::<Vec<_>>(), true);
    }
}

/// How each dataset is stored, as h5py sees it; and what h5py made is gone on with as it is stored.
#[test]
fn with_h5py() {
    let folder = tempfile::tempdir().unwrap();
    let (path, theirs) = (folder.path().join("run.h5"), folder.path().join("theirs.h5"));
    let options = WriteOptions::new()
        .deflate(4)
        .fletcher32(true)
        .at("*/time", |d| d.lzf().shuffle(false).chunk([1000]))
        .at("*/at", |d| d.chunk([64, 2]))
        .at("*/name", |d| d.deflate(0))
        .at("*/parts", |d| d.records(Records::Columns));
    let mut appender = options.create_appender_file::<Step>(&path, "steps").unwrap();
    for index in 0..5000 {
        appender.push(&step(index)).unwrap();
        if index == 3000 {
            appender.flush().unwrap();
        }
    }
    // As it is after a flush: the last chunks are not full, and not filtered.
    appender.flush().unwrap();
    let found = common::python("append_options.py", ["check".as_ref(), path.as_os_str()]);
    appender.finish().unwrap();
    let finished = common::python("append_options.py", ["check".as_ref(), path.as_os_str()]);
    let parse = |text: &str| serde_json::from_str::<BTreeMap<String, Value>>(text).unwrap();
    let (found, finished) = (parse(&found), parse(&finished));
    for (name, chunk, filters) in [
        ("time", Some([1000].as_slice()), "lzf fletcher32"),
        ("at", Some(&[64, 2]), "shuffle gzip fletcher32"),
        ("name/offsets", None, "fletcher32"),
        ("name/bytes", None, "fletcher32"),
        ("note/mask", None, "gzip fletcher32"),
        ("note/values/offsets", None, "shuffle gzip fletcher32"),
        ("event/tag", None, "gzip fletcher32"),
        ("event/Hit", None, "shuffle gzip fletcher32"),
        ("parts/values/id", None, "shuffle gzip fletcher32"),
        ("by_name/values", None, "shuffle gzip fletcher32"),
    ] {
        let stored = &finished[name];
        assert_eq!(stored["filters"], filters, "{name}");
        assert_eq!(stored["filters"], found[name]["filters"]);
        assert_eq!(stored["shape"], found[name]["shape"]);
        if let Some(chunk) = chunk {
            assert_eq!(stored["chunks"], serde_json::json!(chunk), "{name}");
        }
        // The last chunk is smaller now, or has its checksum.
        assert!(stored["stored"].as_u64().unwrap() <= found[name]["stored"].as_u64().unwrap() + 4, "{name}");
    }
    assert!(finished["at"]["stored"].as_u64().unwrap() < 5000 * 12 / 3, "{finished:?}");

    common::python("append_options.py", ["write".as_ref(), theirs.as_os_str()]);
    for own in [false, true] {
        for name in ["gzip", "lzf", "checked", "shuffled", "noise", "two", "big", "scaleoffset"] {
            let (options, name) = (WriteOptions::new().deflate(9).chunk([3]), &format!("{name} {own}"));
            let before: Vec<i32> = read(File::open(&theirs).unwrap(), name).unwrap();
            assert_eq!(before.len(), 50);
            for _ in 0..2 {
                let mut appender = match own {
                    true => options.open_appender_file::<i32>(&theirs, name).unwrap(),
                    false => options.open_appender::<i32>(&File::open_rw(&theirs).unwrap(), name).unwrap(),
                };
                for number in 0..25 {
                    appender.push(&number).unwrap();
                    if number % 10 == 0 {
                        appender.flush().unwrap();
                    }
                }
                appender.finish().unwrap();
            }
            let wanted: Vec<i32> = before.into_iter().chain((0..25).chain(0..25)).collect();
            assert_eq!(read::<Vec<i32>>(&File::open(&theirs).unwrap(), name).unwrap(), wanted, "{name}");
        }
    }
    assert_eq!(common::python("append_options.py", ["again".as_ref(), theirs.as_os_str()]).trim(), "done");
    let file = File::open_rw(&theirs).unwrap();
    let mut appender = Appender::<i32>::open(&file, "big lzf").unwrap();
    let error = appender.extend(0..2000).and_then(|()| appender.flush()).unwrap_err();
    assert!(error.to_string().contains("of another byte order cannot be appended to"), "{error}");
}

#[test]
fn records_and_late_datasets_are_stored_as_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::create(folder.path().join("x.h5")).unwrap();
    for (way, (options, filters)) in ways().into_iter().enumerate() {
        let name = format!("x{way}");
        let mut appender = options.records(Records::Columns).create_appender::<Flat>(&file, &name).unwrap();
        appender.extend((0..3000).map(|id| Flat { id, x: 0.5 })).unwrap();
        appender.finish().unwrap();
        let dataset = file.dataset(&format!("{name}/x")).unwrap();
        assert_eq!((words(&dataset).as_str(), dataset.shape()), (filters, vec![3000]));
        // The table is none that an appender with other options would take apart.
        let name = format!("table{way}");
        Appender::<Flat>::create(&file, &name).unwrap().push(&Flat { id: 1, x: 0.5 }).unwrap();
        let options = WriteOptions::new().deflate(4).records(Records::Columns);
        let mut appender = options.open_appender::<Flat>(&file, &name).unwrap();
        appender.push(&Flat { id: 2, x: 0.5 }).unwrap();
        appender.finish().unwrap();
        assert_eq!(words(&file.dataset(&name).unwrap()), "");
        // What comes up late is as is said then.
        let name = format!("late{way}");
        Appender::<Option<Event>>::create(&file, &name).unwrap().extend([None, Some(Event::Quiet)]).unwrap();
        let options = WriteOptions::new().deflate(4).at("*/Lost", |d| d.deflate(0));
        let mut appender = options.open_appender::<Option<Event>>(&file, &name).unwrap();
        appender.extend([Some(Event::Hit(7)), Some(Event::Lost { by: "x".to_owned() })]).unwrap();
        appender.finish().unwrap();
        assert_eq!(words(&file.dataset(&format!("{name}/mask")).unwrap()), "");
        assert_eq!(words(&file.dataset(&format!("{name}/values/Hit")).unwrap()), "shuffle deflate");
        assert_eq!(words(&file.dataset(&format!("{name}/values/Lost/by/bytes")).unwrap()), "");
        assert_eq!(read::<Vec<Option<Event>>>(&file, &name).unwrap().len(), 4);
    }
}

#[test]
fn fields_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::create(folder.path().join("x.h5")).unwrap();
    let options = WriteOptions::new().skip(["*/name", "*/parts/*/x"]);
    let mut appender = options.create_appender::<Step>(&file, "skip").unwrap();
    appender.extend((0..100).map(step)).unwrap();
    appender.finish().unwrap();
    assert!(!file.link_exists("skip/name") && file.link_exists("skip/time"));
    assert_eq!(file.dataset("skip/parts/values").unwrap().dtype().unwrap().size(), 4);
    let mut appender = WriteOptions::new().only(["*/time"]).create_appender::<Step>(&file, "only").unwrap();
    appender.extend((0..100).map(step)).unwrap();
    appender.finish().unwrap();
    let times: Vec<BTreeMap<String, f64>> = read(&file, "only").unwrap();
    assert_eq!(times[99], BTreeMap::from([("time".to_owned(), 49.5)]));
}

#[test]
fn options_that_are_not_for_appenders() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.h5");
    let options = WriteOptions::new;
    for (options, name) in [
        (options().overwrite(true), "overwrite"),
        (options().libver(LibraryVersion::V110, LibraryVersion::V110), "libver"),
        (options().file_locking(FileLocking::Off), "file_locking"),
        (options().above(100), "above"),
        (options().at("*/x", |d| d.above(100)), "above"),
        (options().strings(Strings::Fixed), "strings"),
        (options().at("*/x", |d| d.strings(Strings::Variable)), "strings"),
        (options().records(Records::Table), "records(Table)"),
        (options().at("*/x", |d| d.maps(Maps::Columns)), "maps(Columns)"),
    ] {
        let error = options.create_appender_file::<Step>(&path, "x").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let words = format!("`{name}` is not for a sequence that is appended to: ");
        assert!(error.to_string().starts_with(&words), "{error}");
        assert!(!path.exists());
        assert!(options.open_appender_file::<Step>(&path, "x").unwrap_err().to_string().starts_with(&words));
        let file = File::create(folder.path().join("y.h5")).unwrap();
        assert!(options.create_appender::<Step>(&file, "x").unwrap_err().to_string().starts_with(&words));
        assert!(options.open_appender::<Step>(&file, "x").unwrap_err().to_string().starts_with(&words));
        assert!(file.member_names().unwrap().is_empty());
    }
    let mut appender = options().strings(Strings::Packed).sync(false).create_appender_file::<f64>(&path, "x").unwrap();
    appender.push(&0.5).unwrap();
    appender.finish().unwrap();
    // A chunk that would fill the memory.
    let large = options().chunk([1 << 30]);
    let mut appender = large.create_appender::<f64>(&File::open_rw(&path).unwrap(), "y").unwrap();
    appender.push(&0.5).unwrap();
    let error = appender.flush().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(error.to_string().contains("`WriteOptions::chunk`"), "{error}");
}

/// Who may open the file while an appender has it.
#[test]
#[cfg(target_os = "linux")]
fn the_lock_of_an_appender() {
    use filebacked::{ReadOptions, from_file};

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.h5");
    let mut first = Appender::<u32>::create_file(&path, "x").unwrap();
    first.extend(0..10).unwrap();
    first.flush().unwrap();
    // No other appender, in this process or another.
    let error = Appender::<u32>::open_file(&path, "x").unwrap_err();
    assert!(error.to_string().contains("this program has the file open already"), "{error}");
    assert_eq!(common::python("append_options.py", ["locked".as_ref(), path.as_os_str()]).trim(), "read");
    // Readers of any kind, whatever they say of locks.
    assert_eq!(Reader::<u32>::open_file(&path, "x").unwrap().count(), 10);
    for locking in [FileLocking::On, FileLocking::BestEffort, FileLocking::Off] {
        let found: BTreeMap<String, Vec<u32>> = ReadOptions::new().file_locking(locking).from_file(&path).unwrap();
        assert_eq!(found["x"].len(), 10);
    }
    first.extend(10..20).unwrap();
    first.finish().unwrap();
    // It is free again.
    Appender::<u32>::open_file(&path, "x").unwrap().finish().unwrap();
    assert_eq!(from_file::<BTreeMap<String, Vec<u32>>>(&path).unwrap()["x"], Vec::from_iter(0..20));
}
