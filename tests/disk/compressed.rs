//! Datasets in chunks, through filters: written by this crate and read by h5py, and the other way round.

use std::collections::BTreeMap;

use filebacked::hdf5::{self, File};
use filebacked::ndarray::{Array1, Array2, Array3, IxDyn, s};
use filebacked::{
    DatasetOptions, ErrorKind, NdArray, Records, Strings, WriteOptions, from_file, from_slice, read, to_vec,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::common;
use crate::common::data::{Point, halves, points, texts};

/// All codecs and what else there is to say, by name.
fn ways() -> Vec<(String, DatasetOptions)> {
    let mut ways = Vec::new();
    let plain = DatasetOptions::new;
    let codecs =
        [("plain", plain()), ("deflate", plain().deflate(4)), ("lzf", plain().lzf()), ("best", plain().deflate(9))];
    for (codec, with_codec) in codecs {
        for shuffle in [None, Some(false), Some(true)] {
            for fletcher32 in [false, true] {
                let mut options = with_codec.clone().fletcher32(fletcher32).above(0);
                options = shuffle.map_or(options.clone(), |shuffle| options.shuffle(shuffle));
                ways.push((format!("{codec} {shuffle:?} {fletcher32}"), options));
            }
        }
    }
    ways
}

fn write(file: &File, name: &str, options: &DatasetOptions, value: &impl Serialize) {
    WriteOptions::new().at("", |_| options.clone()).write(file, name, value).unwrap();
}

/// Each way, for arrays of any rank, rows that are written by the slab, records and strings; by h5py and by this crate.
#[test]
fn h5py_reads_all_that_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ways.h5");
    let file = File::create(&path).unwrap();
    let shapes: [(&[usize], &[u64]); 6] = [
        (&[1000], &[64]),
        (&[1000], &[2000]),
        (&[13, 17], &[5, 4]),
        (&[13, 17], &[5, 17]),
        (&[7, 5, 6], &[3, 2, 4]),
        (&[3, 2, 4, 5], &[2, 2, 3, 3]),
    ];
    let mut expected = BTreeMap::new();
    for (way, options) in ways() {
        for (shape, chunk) in shapes {
            let name = format!("{way}; {shape:?} by {chunk:?}");
            let (options, array) = (options.clone().chunk(chunk), halves(shape));
            write(&file, &name, &options, &array);
            assert_eq!(read::<NdArray<f64, IxDyn>>(&file, &name).unwrap(), array, "{name}");
            let chunk: Vec<u64> = chunk.iter().zip(shape).map(|(len, dim)| (*len).min(*dim as u64)).collect();
            expected.insert(name, chunk);
        }
        for (kind, value) in [("points", 1), ("small numbers", 2), ("fixed", 3)] {
            let (name, options) = (format!("{way}; {kind}"), options.clone().chunk([300]));
            match value {
                1 => write(&file, &name, &options, &points(1000)),
                2 => write(&file, &name, &options, &(0..1000).map(|number| (number % 128) as u8).collect::<Vec<_>>()),
                _ => write(&file, &name, &options.strings(Strings::Fixed), &texts(1000)),
            }
            expected.insert(name, vec![300]);
        }
        let name = format!("{way}; variable");
        write(&file, &name, &options.chunk([300]).strings(Strings::Variable), &texts(1000));
        assert_eq!(read::<Vec<String>>(&file, &name).unwrap(), texts(1000));
        expected.insert(name, vec![300]);
    }
    file.close().unwrap();
    let found: BTreeMap<String, Value> =
        serde_json::from_str(&common::python("compressed.py", ["check".as_ref(), path.as_os_str()])).unwrap();
    assert_eq!(found.len(), expected.len());
    for (name, chunk) in expected {
        let stored = &found[&name];
        assert_eq!(stored["held"], true, "{name}");
        let (is_plain, is_lzf) = (name.starts_with("plain"), name.starts_with("lzf"));
        let (is_text, is_byte) = (name.contains("fixed"), name.contains("small"));
        let is_variable = name.contains("variable");
        assert_eq!(stored["chunks"], serde_json::json!(chunk), "{name}");
        let codec = if is_plain || is_variable && is_lzf {
            Value::Null
        } else if is_lzf {
            "lzf".into()
        } else {
            "gzip".into()
        };
        assert_eq!(stored["compression"], codec, "{name}");
        if !is_byte && !is_variable {
            let is_shuffled = if name.contains("None") { !is_plain && !is_text } else { name.contains("Some(true)") };
            assert_eq!(stored["shuffle"], is_shuffled, "{name}");
        }
        assert_eq!(stored["fletcher32"], !is_variable && name.contains("true;"), "{name}");
    }
}

/// What h5py writes with every combination of filters, types and shapes.
#[test]
fn all_that_h5py_writes_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let held = common::python("compressed.py", ["write".as_ref(), folder.path().as_os_str()]);
    let held: BTreeMap<String, BTreeMap<String, Value>> = serde_json::from_str(&held).unwrap();
    assert_eq!(held.len(), 2);
    for (name, held) in held {
        let path = folder.path().join(name);
        let found: BTreeMap<String, Value> = from_file(&path).unwrap();
        assert_eq!(found.len(), held.len());
        for (name, value) in &held {
            assert!(loosely_equal(&found[name], value), "{name}: {} and {value}", found[name]);
        }
        // As arrays, too, which take another way: of the type that is stored, and of a wider one.
        let file = File::open(&path).unwrap();
        for name in held.keys().filter(|name| name.contains('(') && !name.contains("u8") && !name.contains("f2")) {
            let array: NdArray<f64, IxDyn> = read(&file, name).unwrap();
            let flat = flat(&held[name]);
            assert_eq!(array.0.into_iter().collect::<Vec<_>>(), flat, "{name}");
        }
        let part: Vec<Vec<i16>> = read(&file, "filled 4").unwrap();
        assert_eq!((part[0][0], part[11][3]), (-7, 5));
    }
}

fn flat(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(flat).collect(),
        value => vec![value.as_f64().unwrap()],
    }
}

/// Numbers are equal whatever their type.
fn loosely_equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| loosely_equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len() && one.iter().all(|(key, value)| loosely_equal(value, &other[key]))
        }
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (one, other) => one == other,
    }
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Everything {
    numbers: Vec<f64>,
    triples: Vec<[f64; 3]>,
    points: Vec<Point>,
    named: Vec<(String, i64)>,
    optional: Vec<Option<u32>>,
    ragged: Vec<Vec<u16>>,
    maps: Vec<BTreeMap<u32, f32>>,
    bytes: serde_bytes::ByteBuf,
    texts: Vec<String>,
    mixed: Vec<Shape>,
    wide: Vec<i128>,
    grid: NdArray<f64, IxDyn>,
    list: Vec<NdArray<f64, IxDyn>>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Shape {
    Empty,
    Circle(f64),
    Box { width: f64, height: f64 },
}

fn everything(count: usize) -> Everything {
    Everything {
        numbers: (0..count).map(|number| (number as f64 * 1e-3).sin()).collect(),
        triples: (0..count).map(|number| [number as f64, 0.5, -1.5]).collect(),
        points: points(count),
        named: texts(count).into_iter().zip(0..).collect(),
        optional: (0..count as u32).map(|number| (number % 3 > 0).then_some(number)).collect(),
        ragged: (0..count).map(|number| vec![7; number % 5]).collect(),
        maps: (0..count as u32).map(|number| BTreeMap::from([(number, 0.5), (number + 9, 1.5)])).collect(),
        bytes: (0..count).map(|number| number as u8).collect::<Vec<_>>().into(),
        texts: texts(count),
        mixed: (0..count)
            .map(|number| match number % 3 {
                0 => Shape::Empty,
                1 => Shape::Circle(number as f64),
                _ => Shape::Box { width: 1.5, height: number as f64 },
            })
            .collect(),
        wide: (0..count).map(|number| i128::from(i64::MAX) * number as i128).collect(),
        grid: halves(&[count / 10 + 1, 10]),
        list: vec![halves(&[count]), halves(&[2, 2])],
    }
}

/// Any value comes back through any of the options, small and large ones.
#[test]
fn any_value_comes_back() {
    let value = everything(5000);
    let plain = to_vec(&value).unwrap().len();
    for (way, options) in ways() {
        let image = WriteOptions::new().at("**", |_| options.clone().above(500)).to_vec(&value).unwrap();
        assert_eq!(from_slice::<Everything>(&image).unwrap(), value, "{way}");
        if way.starts_with("deflate None") {
            assert!(image.len() < plain / 3, "{} and {plain}", image.len());
        }
    }
    for strings in [Strings::Fixed, Strings::Variable, Strings::Packed] {
        for records in [Records::Table, Records::Columns] {
            for options in [WriteOptions::new(), WriteOptions::new().deflate(1).above(0)] {
                let image = options.strings(strings).records(records).to_vec(&value).unwrap();
                assert_eq!(from_slice::<Everything>(&image).unwrap(), value, "{strings:?} {records:?}");
            }
        }
    }
}

/// Long sequences, which are written while they are serialized, and read in windows.
#[test]
fn long_sequences_are_filtered_by_the_slab() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Long {
        points: Vec<Point>,
        named: Vec<(String, f64, u8)>,
        triples: Vec<Vec<f32>>,
        numbers: std::collections::VecDeque<u64>,
    }
    let count = 600_000;
    let value = Long {
        points: points(count),
        named: texts(count).into_iter().map(|text| (text, 0.5, 7)).collect(),
        triples: (0..count).map(|number| vec![number as f32, 1.5, 2.5]).collect(),
        numbers: (0..count as u64).collect(),
    };
    for options in [WriteOptions::new().deflate(1), WriteOptions::new().lzf().fletcher32(true)] {
        let image = options.to_vec(&value).unwrap();
        assert!(image.len() < 12_000_000, "{}", image.len());
        assert_eq!(from_slice::<Long>(&image).unwrap(), value);
    }
    // The last element is of another form than all before.
    let mut odd: Vec<Value> = (0..count as u64).map(Value::from).collect();
    odd.push("end".into());
    let image = WriteOptions::new().deflate(1).to_vec(&odd).unwrap();
    assert_eq!(from_slice::<Vec<Value>>(&image).unwrap(), odd);
}

/// Arrays that do not lie in memory as they do in the file.
#[test]
fn arrays_of_any_order_are_filtered() {
    let grid = Array3::from_shape_fn((40, 30, 20), |(x, y, z)| (x * 10_000 + y * 100 + z) as f64);
    let swapped = NdArray(grid.clone().reversed_axes());
    let image = WriteOptions::new().deflate(4).chunk([7, 11, 40]).to_vec(&swapped).unwrap();
    assert_eq!(from_slice::<NdArray<f64, _>>(&image).unwrap(), swapped);
    let sliced = grid.slice(s![..;-1, 3.., ..;2]).to_owned();
    let image = WriteOptions::new().lzf().to_vec(&NdArray(sliced.clone())).unwrap();
    assert_eq!(from_slice::<NdArray<f64, _>>(&image).unwrap().0, sliced);
    let columns = NdArray(Array2::from_shape_fn((3, 100_000), |(row, column)| (row + column) as i16).reversed_axes());
    let image = WriteOptions::new().deflate(4).to_vec(&columns).unwrap();
    assert_eq!(from_slice::<NdArray<i16, _>>(&image).unwrap(), columns);
}

#[derive(hdf5::H5Type, Serialize, Deserialize, Clone, PartialEq, Debug)]
#[repr(C)]
struct Padded {
    flag: bool,
    at: f64,
}

/// Elements with gaps, which the file does not have.
#[test]
fn elements_with_gaps_are_filtered() {
    let array = NdArray(Array1::from_iter((0..10_000).map(|step| Padded { flag: step % 3 == 0, at: f64::from(step) })));
    for options in [WriteOptions::new().deflate(4), WriteOptions::new().lzf().chunk([777])] {
        let image = options.to_vec(&array).unwrap();
        assert_eq!(from_slice::<NdArray<Padded, _>>(&image).unwrap(), array);
    }
}

/// What no dataset can have, and what suits none that it is said for, is an error that says what is allowed.
#[test]
fn options_that_cannot_work_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::create(folder.path().join("odd.h5")).unwrap();
    let large = BTreeMap::from([("x", vec![0.5; 10_000])]);
    let options = WriteOptions::new;
    let shape = "a chunk has at least one dimension, of at least one element";
    let there = folder.path().join("there.h5");
    filebacked::to_file(&there, &BTreeMap::from([("x", 1)])).unwrap();
    for (options, words) in [
        (options().chunk([0]), format!("chunks of shape [0]: {shape}")),
        (options().at("x", |d| d.chunk([5, 0])), format!("chunks of shape [5, 0]: {shape}")),
        (options().chunk([]), format!("chunks of shape []: {shape}")),
        (options().deflate(99), "`deflate(99)`: there are the levels 0 to 9".to_owned()),
        (options().at("x", |d| d.deflate(10)), "`deflate(10)`: there are the levels 0 to 9".to_owned()),
        (
            options().at("x", |d| d.chunk([10, 10])),
            "chunks of shape [10, 10] are for datasets of 2 dimensions, and those that they are said for have 1: say a \
             length for each dimension"
                .to_owned(),
        ),
        (
            options().deflate(1).chunk([10, 10]),
            "chunks of shape [10, 10] are for datasets of 2 dimensions, and those that they are said for have 1: say a \
             length for each dimension"
                .to_owned(),
        ),
    ] {
        let path = folder.path().join("whole.h5");
        let errors = [
            options.write(&file, "odd", &large).unwrap_err(),
            options.clone().overwrite(true).write(&file, "odd", &large).unwrap_err(),
            options.to_group(&large, &file).unwrap_err(),
            options.to_vec(&large).unwrap_err(),
            options.to_file(&path, &large).unwrap_err(),
            options.write_at(&path, "odd", &large).unwrap_err(),
            options.write_at(&there, "a/odd", &large).unwrap_err(),
            options.clone().overwrite(true).write_at(&there, "x", &large).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            assert!(error.to_string().starts_with(&words), "{error}");
        }
        assert!(!path.exists() && file.member_names().unwrap().is_empty());
        assert_eq!(filebacked::from_file::<BTreeMap<String, i32>>(&there).unwrap(), BTreeMap::from([("x".to_owned(), 1)]));
    }
    // Appenders say it when they are made, where they do not have to know the records for it.
    for (options, words) in [
        (options().chunk([0]), "chunks of shape [0]: "),
        (options().at("*", |d| d.chunk([5, 0])), "chunks of shape [5, 0]: "),
        (options().deflate(99), "`deflate(99)`: "),
        (options().at("*", |d| d.deflate(10)), "`deflate(10)`: "),
    ] {
        let path = folder.path().join("appended.h5");
        let errors = [
            options.create_appender::<f64>(&file, "a/sequence").unwrap_err(),
            options.open_appender::<f64>(&file, "sequence").unwrap_err(),
            options.create_appender_file::<f64>(&path, "sequence").unwrap_err(),
            options.open_appender_file::<f64>(&there, "sequence").unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            assert!(error.to_string().starts_with(words), "{error}");
        }
        assert!(!path.exists() && file.member_names().unwrap().is_empty());
    }
    for options in [options().chunk([0]), options().deflate(99), options().chunk([10, 10])] {
        let append = || -> filebacked::Result<()> {
            let mut appender = options.create_appender(&file, "sequence")?;
            appender.push(&0.5)?;
            appender.finish()
        };
        assert_eq!(append().unwrap_err().kind(), ErrorKind::Unsupported);
        let _ = file.unlink("sequence");
    }
    // Datasets of other dimensions beside ones that it suits, and none at all, are no error.
    let both = (vec![0.5; 10_000], vec![[0.5; 2]; 10_000], "text");
    options().chunk([500, 2]).to_vec(&both).unwrap();
    options().chunk([500]).at("2", |d| d.chunk([5, 5, 5])).to_vec(&both).unwrap();
    options().chunk([5, 5]).to_vec("text").unwrap();
    // Options serve many calls: none knows of another.
    let twice = options().chunk([50, 2]);
    twice.to_vec(&both).unwrap();
    assert_eq!(twice.to_vec(&both.0).unwrap_err().kind(), ErrorKind::Unsupported);
    twice.to_vec(&both).unwrap();
}

/// What is said for all, for a path, and for a path within that; small datasets and scalars stay as they are.
#[test]
fn each_dataset_is_stored_as_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::create(folder.path().join("said.h5")).unwrap();
    let large = vec![0.5; 10_000];
    let inner = BTreeMap::from([("a", large.clone()), ("b", large.clone()), ("small", vec![0.5; 100])]);
    let outer = BTreeMap::from([("x", inner.clone()), ("y", inner)]);
    WriteOptions::new()
        .deflate(2)
        .chunk([5000])
        .at("x", |d| d.lzf().shuffle(false))
        .at("x/b", |d| d.fletcher32(true).chunk([1000]))
        .at("y/b", |d| d.deflate(0))
        .at("**/small", |d| d.above(0).chunk([50]))
        .to_group(&outer, &file)
        .unwrap();
    filebacked::write(&file, "scalar", &1.5).unwrap();
    WriteOptions::new().deflate(9).above(0).write(&file, "other scalar", &1.5).unwrap();
    let stored = |name: &str| {
        let dataset = file.dataset(name).unwrap();
        (dataset.chunk(), dataset.filters())
    };
    use hdf5::filters::Filter::{Deflate, Fletcher32, Shuffle, User};
    let lzf = User(32000, vec![4, 0x105, 40_000]);
    assert_eq!(stored("x/a"), (Some(vec![5000]), vec![lzf]));
    assert_eq!(stored("x/b"), (Some(vec![1000]), vec![User(32000, vec![4, 0x105, 8000]), Fletcher32]));
    assert_eq!(stored("y/a"), (Some(vec![5000]), vec![Shuffle, Deflate(2)]));
    // Of no compression, chunks are left.
    assert_eq!(stored("y/b"), (Some(vec![5000]), vec![]));
    assert_eq!(stored("y/small"), (Some(vec![50]), vec![Shuffle, Deflate(2)]));
    assert_eq!((stored("scalar"), stored("other scalar")), ((None, vec![]), (None, vec![])));
    let none: (Option<Vec<usize>>, _) = (None, vec![]);
    WriteOptions::new().deflate(2).write(&file, "small", &vec![0.5; 1000]).unwrap();
    assert_eq!(stored("small"), none);
}

/// The forms of strings and records that can be asked for.
#[test]
fn strings_and_records_take_the_form_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::create(folder.path().join("forms.h5")).unwrap();
    let named: Vec<(String, i64)> = texts(100).into_iter().zip(0..).collect();
    let options = WriteOptions::new;
    options().records(Records::Table).write(&file, "table", &named).unwrap();
    options().records(Records::Columns).write(&file, "columns", &points(10)).unwrap();
    assert_eq!(file.dataset("table").unwrap().shape(), [100]);
    assert_eq!(file.dataset("columns/x").unwrap().shape(), [10]);
    assert_eq!(read::<Vec<(String, i64)>>(&file, "table").unwrap(), named);
    assert_eq!(read::<Vec<Point>>(&file, "columns").unwrap(), points(10));
    // Records that no table holds stay columns; strings with NUL are packed whatever is said.
    let optional = vec![("a\0b".to_owned(), Some(1)), (String::new(), None)];
    options().records(Records::Table).strings(Strings::Fixed).write(&file, "optional", &optional).unwrap();
    assert_eq!(read::<Vec<(String, Option<i32>)>>(&file, "optional").unwrap(), optional);
    assert!(file.group("optional/0").unwrap().dataset("bytes").is_ok());
    let long = vec!["x".repeat(1000), String::new(), "y".to_owned()];
    for (name, strings) in [("f", Strings::Fixed), ("v", Strings::Variable), ("p", Strings::Packed)] {
        options().strings(strings).write(&file, name, &long).unwrap();
        assert_eq!(read::<Vec<String>>(&file, name).unwrap(), long);
        options().strings(strings).write(&file, &format!("empty {name}"), &vec![String::new()]).unwrap();
        assert_eq!(read::<Vec<String>>(&file, &format!("empty {name}")).unwrap(), [""]);
    }
    assert_eq!(file.dataset("f").unwrap().dtype().unwrap().size(), 1000);
    assert!(file.dataset("p/bytes").is_ok());
}

#[cfg(any(feature = "blosc-zstd", feature = "blosc-lz4"))]
#[test]
fn blosc_compresses() {
    let value = everything(5000);
    let plain = to_vec(&value).unwrap().len();
    let mut all = Vec::new();
    #[cfg(feature = "blosc-zstd")]
    all.push(WriteOptions::new().blosc_zstd(5));
    #[cfg(feature = "blosc-lz4")]
    all.push(WriteOptions::new().blosc_lz4(5));
    for options in all {
        for options in [options.clone().above(500), options.chunk([100]).shuffle(false).above(500)] {
            let image = options.to_vec(&value).unwrap();
            assert!(image.len() < plain * 2 / 3, "{} and {plain}", image.len());
            assert_eq!(from_slice::<Everything>(&image).unwrap(), value);
            // Of nothing but zeros, hardly anything is left, and that is read, too.
            let zeros = vec![0.0; 10_000_000];
            assert_eq!(from_slice::<Vec<f64>>(&options.to_vec(&zeros).unwrap()).unwrap(), zeros);
        }
    }
}

/// The same value and options give the same bytes, whichever thread is first.
#[test]
fn compressed_files_are_deterministic() {
    let value = everything(3000);
    let options = WriteOptions::new().deflate(4).above(1000).at("**", |d| d.chunk([100]));
    let image = options.to_vec(&value).unwrap();
    for _ in 0..5 {
        assert!(options.to_vec(&value).unwrap() == image);
    }
}

/// A chunk that is damaged is an error, wherever the damage is.
#[test]
fn damaged_chunks_are_errors() {
    let numbers: Vec<f64> = (0..50_000).map(|step| (f64::from(step) * 1e-3).sin()).collect();
    for options in [WriteOptions::new().deflate(6), WriteOptions::new().lzf().fletcher32(true)] {
        let image = options.to_vec(&numbers).unwrap();
        let mut refused = 0;
        for at in (4096..image.len() - 4096).step_by(image.len() / 200) {
            let mut damaged = image.clone();
            damaged[at] ^= 0x55;
            match from_slice::<Vec<f64>>(&damaged) {
                Ok(read) => assert_eq!(read.len(), numbers.len()),
                Err(error) => {
                    assert!(matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Hdf5), "{error}");
                    refused += 1;
                }
            }
        }
        assert!(refused > 100, "{refused}");
    }
}

/// What is said at a path acts on data above a size, which can be 0 there: as the docs have it.
#[test]
fn small_data_is_compressed_where_that_is_forced() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::create(folder.path().join("small.h5")).unwrap();
    let value = BTreeMap::from([("a", vec![0.5; 10]), ("b", vec![0.5; 10]), ("large", vec![0.5; 10_000])]);
    WriteOptions::new().at("*", |d| d.deflate(4)).at("a", |d| d.above(0)).to_group(&value, &file).unwrap();
    let filters = |name: &str| file.dataset(name).unwrap().filters();
    let deflate = [hdf5::filters::Filter::Shuffle, hdf5::filters::Filter::Deflate(4)];
    assert_eq!((filters("a"), filters("large")), (deflate.to_vec(), deflate.to_vec()));
    assert!(filters("b").is_empty() && !file.dataset("b").unwrap().is_chunked());
    let read: BTreeMap<String, Vec<f64>> = filebacked::from_group(&file).unwrap();
    assert!(
        read.iter().eq(value
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect::<BTreeMap<_, _>>()
            .iter())
    );
}
