//! What is read of remote files is what is read of others, by all ways of reading.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;

use filebacked::{Lazy, LazyMap, NdArray, Reader, Value, WriteOptions};
use ndarray::{Array3, Ix3, s};
use serde::{Deserialize, Serialize};

use crate::store::{Counting, opening};

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Named {
    position: [f64; 3],
    mass: f64,
    id: u64,
    name: Option<String>,
    tags: Vec<u16>,
}

fn named(number: u16) -> Named {
    let x = f64::from(number);
    let name = (!number.is_multiple_of(4)).then(|| format!("particle {number}"));
    let tags = vec![number; usize::from(number % 5)];
    Named { position: [x, x + 0.5, -x], mass: 1.0 / (1.0 + x), id: number.into(), name, tags }
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Run {
    title: String,
    records: Vec<Named>,
    field: NdArray<f32, Ix3>,
    packed: NdArray<f32, Ix3>,
    words: BTreeMap<String, Vec<String>>,
}

fn run() -> Run {
    let field = Array3::from_shape_fn((40, 50, 60), |(i, j, k)| (i * 3001 + j * 61 + k) as f32);
    let words = (0..40).map(|number| (format!("word {number}"), vec![format!("{number}"); number])).collect();
    Run {
        title: "a run".to_owned(),
        records: (0..20_000).map(named).collect(),
        field: NdArray(field.clone()),
        packed: NdArray(field),
        words,
    }
}

/// The same with fewer records.
fn small_image() -> Vec<u8> {
    let records = (0..6000).map(named).collect();
    image_of(&Run { records, ..run() })
}

fn image() -> Vec<u8> {
    image_of(&run())
}

fn image_of(run: &Run) -> Vec<u8> {
    let options = WriteOptions::new()
        .at("field", |dataset| dataset.chunk([8, 10, 16]))
        .at("packed", |dataset| dataset.chunk([8, 10, 16]).deflate(3));
    options.to_vec(run).unwrap()
}

#[derive(Deserialize)]
struct Parts {
    title: Lazy<String>,
    field: Lazy<NdArray<f32, Ix3>>,
    packed: Lazy<NdArray<f32, Ix3>>,
    words: LazyMap<String, Vec<String>>,
}

/// However small the blocks and the cache are.
#[test]
fn all_ways() {
    let expected = run();
    let image = image();
    let local: Value = filebacked::from_slice(&image).unwrap();
    let store = Counting::with(image);
    for (block, cache) in [(256 << 10, 128 << 20), (4096, 1 << 20), (1000, 0)] {
        let file = opening(&store).block(block).cache(cache).open("run.h5").unwrap();
        assert_eq!(filebacked::from_group::<Run>(&file).unwrap(), expected);
        assert_eq!(filebacked::read::<Vec<Named>>(&file, "records").unwrap(), expected.records);

        let parts: Parts = filebacked::from_group(&file).unwrap();
        assert_eq!(parts.title.get().unwrap(), "a run");
        for lazy in [&parts.field, &parts.packed] {
            for part in
                [s![3..4, .., ..], s![.., 7..8, ..], s![.., .., 59..], s![..;7, 3..40;5, ..;11], s![39.., 49.., 59..]]
            {
                assert_eq!(lazy.slice(part).unwrap().into_dyn(), expected.field.slice(part).into_dyn(), "{part:?}");
            }
        }
        assert_eq!(*parts.words.get("word 12").unwrap().unwrap(), expected.words["word 12"]);
        assert!(parts.words.get("word 40").unwrap().is_none());

        let mut reader = Reader::<Named>::open(&file, "records").unwrap();
        assert_eq!(reader.get(17_777).unwrap(), named(17_777));
        let some: Vec<_> = reader.range(5000..5100).map(Result::unwrap).collect();
        assert_eq!(some, expected.records[5000..5100]);
    }
    let file = opening(&store).open("run.h5").unwrap();
    assert_eq!(filebacked::from_group::<Value>(&file).unwrap(), local);
    let shown = filebacked::tree(&file).unwrap().to_string();
    assert!(shown.contains("particle 3") && shown.contains("f32 (40, 50, 60)"), "{shown}");
}

/// A value that is read later keeps the file open, and is read on any thread.
#[test]
fn what_is_read_later() {
    let store = Counting::with(image());
    let parts: Parts = filebacked::from_group(opening(&store).open("run.h5").unwrap()).unwrap();
    let threads = (0..4).map(|number| {
        let field = parts.packed.clone();
        std::thread::spawn(move || field.slice(s![number, .., ..]).unwrap())
    });
    for (number, thread) in threads.collect::<Vec<_>>().into_iter().enumerate() {
        assert_eq!(thread.join().unwrap(), run().field.slice(s![number, .., ..]));
    }
}

#[test]
fn files_are_for_reading() {
    let store = Counting::with(image());
    let file = opening(&store).open("run.h5").unwrap();
    let error = filebacked::write(&file, "more", &1u8).unwrap_err();
    assert!(error.to_string().contains("open for reading only"), "{error}");
}

#[test]
fn files_behind_a_user_block() {
    let mut image = vec![b'#'; 4096];
    image.extend(self::image());
    let store = Counting::with(image);
    let file = opening(&store).open("run.h5").unwrap();
    assert_eq!(filebacked::from_group::<Run>(&file).unwrap(), run());
}

/// Whichever request fails: what is read is an error that says so, or it is right. libhdf5 takes some failures for things that are not
/// there.
#[test]
fn any_request_may_fail() {
    type Work = fn(&filebacked::hdf5::File) -> filebacked::Result<String>;
    let works: [(&str, Work); 5] = [
        ("value", |file| filebacked::from_group::<Value>(file).map(|value| format!("{value:?}"))),
        ("typed", |file| filebacked::from_group::<Run>(file).map(|run| format!("{run:?}"))),
        ("tree", |file| filebacked::tree(file).map(|tree| tree.to_string())),
        ("part", |file| {
            let parts: Parts = filebacked::from_group(file)?;
            let words = parts.words.get("word 12")?.cloned();
            Ok(format!("{:?} {words:?}", parts.packed.slice(s![3..30, 4, ..])?))
        }),
        ("records", |file| {
            let mut reader = Reader::<Named>::open(file, "records")?;
            Ok(format!("{:?}", reader.range(5000..5010).collect::<filebacked::Result<Vec<_>>>()?))
        }),
    ];
    let store = Counting::with(small_image());
    let open = || opening(&store).block(4096).cache(64 << 10).open("run.h5");
    for (what, work) in works {
        store.failing.store(0, Relaxed);
        let before = store.counts().0;
        let expected = work(&open().unwrap()).unwrap();
        let requests = store.counts().0 - before;
        let mut failed = 0;
        // Of very many requests, some.
        let step = requests / 15 + 1;
        for number in (1..=requests).step_by(step as usize) {
            store.failing.store(store.counts().0 + number, Relaxed);
            match open().and_then(|file| work(&file)) {
                // A tree has the error in its place.
                Ok(found) if what == "tree" && found.contains("access is denied") => failed += 1,
                Ok(found) => assert_eq!(found, expected, "{what}: request {number} of {requests}"),
                Err(error) => {
                    failed += 1;
                    assert_eq!(error.kind(), filebacked::ErrorKind::Io, "{what}: request {number}: {error}");
                    assert!(error.to_string().contains("access is denied"), "{what}: request {number}: {error}");
                }
            }
        }
        assert!(failed * step * 2 > requests, "{what}: {failed} of {requests}");
    }
}

/// A link to another file is followed by no means: neither to a store, nor to the disk.
#[test]
fn links_to_other_files_lead_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let (other, path) = (folder.path().join("other.h5"), folder.path().join("run.h5"));
    filebacked::to_file(&other, &BTreeMap::from([("secret", 7)])).unwrap();
    let file = filebacked::hdf5::File::create(&path).unwrap();
    file.link_external(other.to_str().unwrap(), "secret", "link").unwrap();
    file.close().unwrap();
    let store = Counting::with(std::fs::read(&path).unwrap());
    let file = opening(&store).open("run.h5").unwrap();
    let options = filebacked::ReadOptions::new().allow_external_links(true);
    options.read::<i32>(&file, "link").unwrap_err();
    filebacked::read::<i32>(&file, "link").unwrap_err();
}
