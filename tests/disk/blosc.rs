//! Datasets that Blosc compresses: written by this crate and read by h5py with `hdf5plugin`, and the other way round.

use std::collections::BTreeMap;

use filebacked::hdf5::File;
use filebacked::ndarray::{ArrayD, IxDyn, SliceInfoElem};
use filebacked::{DatasetOptions, ErrorKind, Lazy, NdArray, Strings, WriteOptions, read};
use serde_json::Value;

use crate::common::Packages;
use crate::common::data::{Point, halves, points, texts};

const PACKAGES: Packages = Packages { requirements: "hdf5plugin.txt", interpreters: &["python3"] };
/// Compressors that there are whatever else is.
const OWN: &str = "blosclz";

/// Each codec and level, and the number by which Blosc knows it.
fn codecs() -> Vec<(String, DatasetOptions, u64, u64)> {
    let mut codecs = Vec::new();
    for level in [1, 5, 9] {
        let plain = DatasetOptions::new;
        #[cfg(feature = "blosc-zstd")]
        codecs.push((format!("zstd {level}"), plain().blosc_zstd(level), 5, u64::from(level)));
        #[cfg(feature = "blosc-lz4")]
        codecs.push((format!("lz4 {level}"), plain().blosc_lz4(level), 1, u64::from(level)));
    }
    codecs
}

fn compressors() -> Vec<&'static str> {
    let mut compressors = vec![OWN];
    if cfg!(feature = "blosc-zstd") {
        compressors.push("zstd");
    }
    if cfg!(feature = "blosc-lz4") {
        compressors.extend(["lz4", "lz4hc"]);
    }
    compressors
}

#[test]
fn h5py_reads_all_that_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ours.h5");
    let file = File::create(&path).unwrap();
    let mut expected = BTreeMap::new();
    for (codec, options, number, level) in codecs() {
        for (shuffle, shuffled) in [(None, 1), (Some(false), 0), (Some(true), 1)] {
            for fletcher32 in [false, true] {
                let options = shuffle.map_or(options.clone(), |shuffle| options.clone().shuffle(shuffle));
                let options = options.fletcher32(fletcher32).above(0);
                let way = format!("{codec} {shuffle:?} {fletcher32}");
                let write = |name: &str, options: DatasetOptions, value: &dyn erased_serde::Serialize| {
                    WriteOptions::new().at("", |_| options).write(&file, name, value).unwrap();
                };
                for (shape, chunk) in
                    [(&[5000][..], &[777][..]), (&[130, 170], &[50, 64]), (&[7, 50, 60], &[3, 20, 40])]
                {
                    let (name, array) = (format!("{way}; {shape:?}"), halves(shape));
                    write(&name, options.clone().chunk(chunk), &array);
                    assert_eq!(read::<NdArray<f64, IxDyn>>(&file, &name).unwrap(), array, "{name}");
                    expected.insert(name, (chunk.to_vec(), shuffled, number, level, fletcher32));
                }
                let name = format!("{way}; points");
                write(&name, options.clone().chunk([900]), &points(3000));
                assert_eq!(read::<Vec<Point>>(&file, &name).unwrap(), points(3000));
                expected.insert(name, (vec![900], shuffled, number, level, fletcher32));
                let name = format!("{way}; texts");
                write(&name, options.clone().chunk([900]).strings(Strings::Fixed), &texts(3000));
                assert_eq!(read::<Vec<String>>(&file, &name).unwrap(), texts(3000));
                // The bytes of strings are shuffled only if that is said.
                let shuffled = if shuffle.is_none() { 0 } else { shuffled };
                expected.insert(name, (vec![900], shuffled, number, level, fletcher32));
            }
        }
    }
    file.close().unwrap();
    let found: BTreeMap<String, Value> =
        serde_json::from_str(&PACKAGES.python("blosc.py", ["check".as_ref(), path.as_os_str()])).unwrap();
    assert_eq!(found.len(), expected.len());
    for (name, (chunk, shuffled, number, level, fletcher32)) in expected {
        let stored = &found[&name];
        assert_eq!(stored["held"], true, "{name}");
        assert_eq!(stored["chunks"], serde_json::json!(chunk), "{name}");
        let filters = stored["filters"].as_array().unwrap();
        assert_eq!(filters.len(), 1 + usize::from(fletcher32), "{name}");
        assert_eq!(filters[0][0], 32001, "{name}");
        assert_eq!(filters[0][1].as_array().unwrap()[4..], [level, shuffled, number].map(Value::from), "{name}");
        if name.contains("points") && shuffled == 1 {
            assert!(stored["stored"].as_u64().unwrap() < 3000 * 12 / 2, "{name}: {stored}");
        }
    }
}

/// What the script wrote: the numbers from 0 on, times 37, up to 100.
fn expected(shape: &[usize]) -> ArrayD<f64> {
    let count: usize = shape.iter().product();
    ArrayD::from_shape_vec(shape, (0..count).map(|number| (number * 37 % 101) as f64).collect()).unwrap()
}

#[test]
fn all_that_h5py_writes_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("theirs.h5");
    let mut args = vec!["write", path.to_str().unwrap()];
    args.extend(compressors());
    assert_eq!(PACKAGES.python("blosc.py", &args).trim(), "done");
    let file = File::open(&path).unwrap();
    let names = file.member_names().unwrap();
    assert_eq!(names.len(), compressors().len() * 6 * 17);
    for name in names {
        let whole: NdArray<f64, IxDyn> = read(&file, &name).unwrap();
        let expected = match name.starts_with("filled") {
            true => ArrayD::from_shape_fn(vec![500, 4], |at| if (100..130).contains(&at[0]) { 5.0 } else { -7.0 }),
            false => expected(whole.shape()),
        };
        assert_eq!(*whole, expected, "{name}");
        let part: Vec<SliceInfoElem> = (0..whole.ndim())
            .map(|axis| SliceInfoElem::Slice { start: 1, end: None, step: if axis == 0 { 2 } else { -1 } })
            .collect();
        let lazy: Lazy<NdArray<f64, IxDyn>> = read(&file, &name).unwrap();
        assert_eq!(lazy.slice(part.as_slice()).unwrap(), expected.slice(part.as_slice()), "{name}");
    }
    drop(file);
    // A compressor that is not built in is said by its name.
    let path = folder.path().join("zlib.h5");
    PACKAGES.python("blosc.py", ["write", path.to_str().unwrap(), "zlib"]);
    let error = read::<Vec<f64>>(&File::open(&path).unwrap(), "<f8 (1000,) zlib 1 False").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(
        error.to_string().starts_with("chunks are compressed by Blosc with Zlib, which it was built without"),
        "{error}"
    );
}
