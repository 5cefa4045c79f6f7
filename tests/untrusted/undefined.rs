//! Memory: nothing is read that nobody wrote, and nothing is written beyond what there is room for, whatever other threads and
//! other processes do to a file meanwhile. `tests/memcheck` runs all of this under valgrind.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use filebacked::hdf5::plist::dataset_create::FillTime;
use filebacked::hdf5::types::{FixedAscii, VarLenUnicode};
use filebacked::hdf5::{self, Dataset, File, H5Type};
use filebacked::{
    Appender, Error, ErrorKind, Lazy, NdArray, ReadOptions, Reader, Records, Shared, Strings, Value, WriteOptions,
    from_slice,
};
use ndarray::{Array1, Array2, ArrayD, Ix1, Ix2, IxDyn, s};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// How often something is done while other threads do something else.
fn rounds() -> usize {
    std::env::var("FILEBACKED_ROUNDS").map_or(300, |rounds| rounds.parse().unwrap())
}

fn file() -> (tempfile::TempDir, File) {
    let folder = tempfile::tempdir().unwrap();
    let file = File::create(folder.path().join("file.h5")).unwrap();
    (folder, file)
}

/// Leaves memory of many sizes behind that is not zero, for whoever takes it without a look.
fn leave_traces() {
    for _ in 0..3 {
        let memory: Vec<Vec<u8>> = (4..23).map(|power| vec![0xa5; 1 << power]).collect();
        assert!(std::hint::black_box(memory).iter().all(|memory| memory[0] == 0xa5));
    }
}

mod nobody_filled {
    use super::*;

    const COUNT: usize = 1000;

    /// Datasets of which nothing is stored, and libhdf5 is told to fill in nothing.
    fn datasets(file: &File) -> Vec<&'static str> {
        let never = || file.new_dataset::<f64>().fill_time(FillTime::Never);
        never().no_chunk().shape(COUNT).create("plain").unwrap();
        never().no_chunk().fill_value(7.5).shape(COUNT).create("with a value").unwrap();
        never().chunk(100).shape(COUNT).create("chunks").unwrap();
        never().chunk(100).deflate(1).shape(COUNT).create("packed").unwrap();
        never()
            .chunk(100)
            .scale_offset(hdf5::filters::ScaleOffset::FloatDScale(2))
            .shape(COUNT)
            .create("scaled")
            .unwrap();
        file.new_dataset::<f64>().no_chunk().no_fill_value().shape(COUNT).create("no value").unwrap();
        // Beside what is stored.
        for (name, level) in [("some chunks", 0), ("some packed", 1)] {
            let builder = never().chunk(100).shape(COUNT);
            let dataset = if level > 0 { builder.deflate(level).create(name) } else { builder.create(name) }.unwrap();
            dataset.write_slice(&[0.0; 100], s![300..400]).unwrap();
        }
        vec!["plain", "with a value", "chunks", "packed", "scaled", "no value", "some chunks", "some packed"]
    }

    /// Zeros. Older libraries fill in a value, or refuse.
    #[track_caller]
    fn check(name: &str, found: Result<Vec<f64>, Error>) {
        let is_old = hdf5::library_version() < (1, 14, 0);
        match found {
            Ok(values) => {
                assert!(values.iter().all(|value| *value == 0.0 || is_old && *value == 7.5), "{name}: {values:?}");
            }
            Err(error) if !is_old => panic!("{name}: {error}"),
            Err(error) => assert!(matches!(error.kind(), ErrorKind::Limit | ErrorKind::Hdf5), "{name}: {error}"),
        }
    }

    fn numbers(value: &Value) -> Vec<f64> {
        serde_json::from_value(serde_json::to_value(value).unwrap()).unwrap()
    }

    #[test]
    fn numbers_of_which_nothing_is_stored() {
        let (_folder, file) = file();
        for name in datasets(&file) {
            for _ in 0..3 {
                leave_traces();
                check(name, filebacked::read::<Vec<f64>>(&file, name));
                check(
                    name,
                    filebacked::read::<Vec<Option<f64>>>(&file, name).map(|all| all.into_iter().flatten().collect()),
                );
                check(name, filebacked::read::<NdArray<f64, Ix1>>(&file, name).map(|array| array.0.to_vec()));
                check(name, filebacked::read::<Value>(&file, name).map(|value| numbers(&value)));
                check(
                    name,
                    filebacked::read::<Lazy<NdArray<f64, Ix1>>>(&file, name)
                        .and_then(|lazy| lazy.load())
                        .map(|array| array.0.to_vec()),
                );
                for part in [s![..], s![250..350], s![350..;7], s![..1]] {
                    let lazy = filebacked::read::<Lazy<NdArray<f64, Ix1>>>(&file, name);
                    check(name, lazy.and_then(|lazy| lazy.slice(part)).map(|array| array.to_vec()));
                }
                check(name, Reader::<f64>::open(&file, name).and_then(|values| values.collect()));
            }
        }
    }

    /// A window of them is read to where one was with other data.
    #[test]
    fn windows_that_were_full_before() {
        const MANY: usize = 100_000;
        let (_folder, file) = file();
        for (name, level) in [("plain", 0), ("packed", 1)] {
            let builder = file.new_dataset::<f64>().fill_time(FillTime::Never).chunk(40_000).shape(MANY);
            let dataset = if level > 0 { builder.deflate(level).create(name) } else { builder.create(name) }.unwrap();
            dataset.write_slice(&vec![1.5; 40_000], s![..40_000]).unwrap();
            let check = |values: Vec<f64>| {
                assert!(
                    values[..40_000].iter().all(|value| *value == 1.5)
                        && values[40_000..].iter().all(|value| *value == 0.0)
                );
            };
            check(filebacked::read(&file, name).unwrap());
            check(filebacked::read::<NdArray<f64, Ix1>>(&file, name).unwrap().0.to_vec());
            check(filebacked::read::<Vec<Option<f64>>>(&file, name).unwrap().into_iter().flatten().collect());
            check(Reader::<f64>::open(&file, name).unwrap().map(Result::unwrap).collect());
            // Small numbers are made of them.
            let floats: Vec<f32> = filebacked::read(&file, name).unwrap();
            check(floats.into_iter().map(f64::from).collect());
        }
    }

    #[derive(H5Type, Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
    #[repr(C)]
    struct Record {
        flag: bool,
        value: f64,
        count: u16,
    }

    #[test]
    fn records_and_strings_of_which_nothing_is_stored() {
        let (_folder, file) = file();
        let never = |name: &str, chunk: bool| {
            let (records, texts) = (format!("records {name}"), format!("texts {name}"));
            let builder = file.new_dataset::<Record>().fill_time(FillTime::Never).shape(COUNT);
            if chunk { builder.chunk(100) } else { builder.no_chunk() }.create(&*records).unwrap();
            let builder = file.new_dataset::<FixedAscii<5>>().fill_time(FillTime::Never).shape(COUNT);
            if chunk { builder.chunk(100) } else { builder.no_chunk() }.create(&*texts).unwrap();
            (records, texts)
        };
        let zero = Record { flag: false, value: 0.0, count: 0 };
        for (records, texts) in [never("plain", false), never("chunked", true)] {
            for _ in 0..3 {
                leave_traces();
                assert_eq!(filebacked::read::<Vec<Record>>(&file, &records).unwrap(), [zero; COUNT]);
                assert_eq!(
                    filebacked::read::<NdArray<Record, Ix1>>(&file, &records).unwrap().0,
                    Array1::from_elem(COUNT, zero)
                );
                let lazy: Lazy<NdArray<Record, Ix1>> = filebacked::read(&file, &records).unwrap();
                assert_eq!(lazy.slice(s![3..9]).unwrap(), Array1::from_elem(6, zero));
                assert_eq!(filebacked::read::<Vec<String>>(&file, &texts).unwrap(), vec![""; COUNT]);
                assert!(Reader::<String>::open(&file, &texts).unwrap().all(|text| text.unwrap().is_empty()));
            }
        }
    }

    /// Parts of others, of which nothing is stored either.
    #[test]
    fn virtual_datasets() {
        let (folder, file) = file();
        file.new_dataset::<f64>().fill_time(FillTime::Never).no_chunk().shape(10).create("part").unwrap();
        let path = folder.path().join("file.h5");
        file.new_dataset::<f64>()
            .virtual_map(path.to_str().unwrap(), "part", 10, 0..10, 30, 5..15)
            .shape(30)
            .create("whole")
            .unwrap();
        file.flush().unwrap();
        let options = ReadOptions::new().allow_virtual_datasets(true);
        for _ in 0..3 {
            leave_traces();
            check("virtual", options.read::<Vec<f64>>(&file, "whole"));
            check("virtual", options.read::<NdArray<f64, Ix1>>(&file, "whole").map(|array| array.0.to_vec()));
            let lazy: Lazy<NdArray<f64, Ix1>> = options.read(&file, "whole").unwrap();
            check("virtual", lazy.slice(s![3..12]).map(|array| array.to_vec()));
        }
    }
}

/// What becomes longer and shorter between opening and reading.
mod changed_since {
    use super::*;

    const ROWS: usize = 600;

    /// A dataset of rows of three numbers, each of its number.
    fn rows(file: &File, name: &str) -> Dataset {
        let data = Array2::from_shape_fn((ROWS, 3), |(row, column)| (3 * row + column) as f32);
        let builder = file.new_dataset::<f32>().shape((ROWS.., 3)).chunk((128, 3));
        let dataset = if name == "packed" { builder.deflate(1).create(name) } else { builder.create(name) }.unwrap();
        dataset.write(&data).unwrap();
        dataset
    }

    #[test]
    fn lazy_arrays() {
        let (_folder, file) = file();
        for name in ["plain", "packed"] {
            let theirs = rows(&file, name);
            let lazy: Lazy<NdArray<f32, Ix2>> = filebacked::read(&file, name).unwrap();
            assert_eq!(lazy.slice(s![-1, 2]).unwrap()[()], (3 * ROWS - 1) as f32);
            // A part is one of what there is by then.
            theirs.resize((10 * ROWS, 3)).unwrap();
            assert_eq!(lazy.shape().unwrap(), [10 * ROWS, 3]);
            assert_eq!(lazy.slice(s![ROWS - 1, 2]).unwrap()[()], (3 * ROWS - 1) as f32);
            theirs.resize((50, 3)).unwrap();
            for part in [s![49..51, ..], s![50..51, 1..2]] {
                assert_eq!(lazy.slice(part).unwrap_err().kind(), ErrorKind::OutOfRange);
            }
            assert_eq!(lazy.slice(s![.., ..]).unwrap().len(), 150);
            assert_eq!(lazy.slice(s![49, ..]).unwrap().to_vec(), [147.0, 148.0, 149.0]);
        }
    }

    #[test]
    fn readers() {
        let (_folder, file) = file();
        let texts: Vec<VarLenUnicode> = (0..ROWS).map(|row| format!("row {row}").parse().unwrap()).collect();
        for name in ["plain", "packed"] {
            let theirs = rows(&file, name);
            let mut reader = Reader::<[f32; 3]>::open(&file, name).unwrap();
            assert_eq!(reader.len(), ROWS as u64);
            theirs.resize((10 * ROWS, 3)).unwrap();
            let first: Vec<[f32; 3]> = reader.by_ref().map(Result::unwrap).collect();
            assert!(
                first.len() == ROWS && first.as_flattened().iter().enumerate().all(|(at, value)| *value == at as f32)
            );
            let mut reader = Reader::<[f32; 3]>::open(&file, name).unwrap();
            theirs.resize((50, 3)).unwrap();
            assert_eq!(reader.get(ROWS as u64).unwrap_err().kind(), ErrorKind::Gone);
        }
        let theirs = file.new_dataset::<VarLenUnicode>().shape(ROWS..).chunk(100).create("texts").unwrap();
        theirs.write(&texts).unwrap();
        let reader = Reader::<String>::open(&file, "texts").unwrap();
        theirs.resize(10 * ROWS).unwrap();
        assert!(reader.map(Result::unwrap).eq((0..ROWS).map(|row| format!("row {row}"))));
        let reader = Reader::<String>::open(&file, "texts").unwrap();
        theirs.resize(ROWS / 2).unwrap();
        let read: Vec<_> = reader.collect();
        let first_bad = read.iter().position(Result::is_err).unwrap();
        assert!(first_bad <= ROWS / 2);
        assert_eq!(read[first_bad].as_ref().unwrap_err().kind(), ErrorKind::Gone);
    }
}

/// What other threads change while it is read.
mod races {
    use super::*;

    /// Changes something until all of `read` were done that many times by a thread each. They say whether they got something.
    fn race(times: usize, mut change: impl FnMut(usize), read: &[&(dyn Fn() -> bool + Sync)]) {
        let (left, failed) = (AtomicUsize::new(read.len()), AtomicBool::new(false));
        thread::scope(|scope| {
            for read in read {
                let (left, failed) = (&left, &failed);
                scope.spawn(move || {
                    struct Done<'a>(&'a AtomicUsize, &'a AtomicBool);
                    impl Drop for Done<'_> {
                        fn drop(&mut self) {
                            self.1.fetch_or(thread::panicking(), Ordering::Relaxed);
                            self.0.fetch_sub(1, Ordering::Relaxed);
                        }
                    }
                    let _done = Done(left, failed);
                    let got = (0..times).filter(|_| !failed.load(Ordering::Relaxed) && read()).count();
                    assert!(got > 0, "nothing could be read");
                });
            }
            for round in 0.. {
                if left.load(Ordering::Relaxed) == 0 {
                    break;
                }
                change(round);
                thread::yield_now();
            }
        });
    }

    /// What was read, or an error that says what may happen when it changes meanwhile.
    fn read_or<T>(result: filebacked::Result<T>, kinds: &[ErrorKind]) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                assert!(kinds.contains(&error.kind()), "{error}");
                None
            }
        }
    }

    const GONE: &[ErrorKind] = &[ErrorKind::Gone];
    const MOST: usize = 30_000;

    /// Makes a dataset longer, with what belongs there, or shorter, as one change.
    fn resize<T: H5Type + Clone>(dataset: &Dataset, round: usize, item: impl Fn(usize) -> T) {
        let len = [10, MOST, 100, 3, MOST / 2][round % 5];
        hdf5::sync::sync(|| {
            let old = dataset.shape()[0];
            let width: usize = dataset.shape()[1..].iter().product();
            let shape: Vec<usize> = [len].into_iter().chain(dataset.shape()[1..].iter().copied()).collect();
            dataset.resize(shape.as_slice()).unwrap();
            if len > old {
                let new: Vec<T> = (old * width..len * width).map(&item).collect();
                let shape: Vec<usize> = [len - old].into_iter().chain(shape[1..].iter().copied()).collect();
                let new = ArrayD::from_shape_vec(IxDyn(&shape), new).unwrap();
                match shape.len() {
                    1 => dataset.write_slice(&new, s![old..len]),
                    _ => dataset.write_slice(&new, s![old..len, ..]),
                }
                .unwrap();
            }
        });
    }

    fn numbers_that_change(deflate: bool) {
        let (_folder, file) = file();
        let builder = file.new_dataset::<f64>().shape(0..).chunk(500);
        let theirs = if deflate { builder.deflate(1).create("x") } else { builder.create("x") }.unwrap();
        let right = |values: &[f64]| {
            assert!(values.iter().enumerate().all(|(at, value)| *value == at as f64));
            true
        };
        let opened: Lazy<NdArray<f64, Ix1>> = {
            resize(&theirs, 1, |at| at as f64);
            filebacked::read(&file, "x").unwrap()
        };
        race(
            rounds(),
            |round| resize(&theirs, round, |at| at as f64),
            &[
                &|| read_or(filebacked::read::<Vec<f64>>(&file, "x"), GONE).is_some_and(|values| right(&values)),
                &|| {
                    let array = read_or(filebacked::read::<NdArray<f64, Ix1>>(&file, "x"), GONE);
                    array.is_some_and(|array| right(array.as_slice().unwrap()))
                },
                &|| read_or(opened.slice(s![..;1]), GONE).is_some_and(|array| right(array.as_slice().unwrap())),
                &|| {
                    let values: filebacked::Result<Vec<f64>> =
                        Reader::<f64>::open(&file, "x").and_then(|values| values.collect());
                    read_or(values, GONE).is_some_and(|values| right(&values))
                },
                &|| {
                    let value = read_or(filebacked::read::<Value>(&file, "x"), GONE);
                    value.is_some_and(|value| {
                        right(&serde_json::from_value::<Vec<f64>>(serde_json::to_value(value).unwrap()).unwrap())
                    })
                },
            ],
        );
    }

    #[test]
    fn numbers_that_are_extended_and_cut() {
        numbers_that_change(false);
    }

    #[test]
    fn compressed_numbers_that_are_extended_and_cut() {
        numbers_that_change(true);
    }

    #[test]
    fn rows_that_are_extended_and_cut() {
        let (_folder, file) = file();
        let theirs = file.new_dataset::<f32>().shape((0.., 40)).chunk((100, 40)).create("x").unwrap();
        let right = |rows: &[f32]| {
            assert!(rows.iter().enumerate().all(|(at, value)| *value == (at % 1000) as f32));
            true
        };
        race(
            rounds(),
            |round| resize(&theirs, round, |at| (at % 1000) as f32),
            &[
                &|| {
                    read_or(filebacked::read::<Vec<Vec<f32>>>(&file, "x"), GONE)
                        .is_some_and(|rows| right(&rows.concat()))
                },
                &|| {
                    let array = read_or(filebacked::read::<NdArray<f32, Ix2>>(&file, "x"), GONE);
                    array.is_some_and(|array| right(array.as_slice().unwrap()))
                },
            ],
        );
    }

    #[derive(H5Type, Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
    #[repr(C)]
    struct Record {
        id: u64,
        at: [f64; 2],
    }

    fn record(id: usize) -> Record {
        Record { id: id as u64, at: [id as f64; 2] }
    }

    #[test]
    fn records_and_strings_that_are_extended_and_cut() {
        let (_folder, file) = file();
        let records = file.new_dataset::<Record>().shape(0..).chunk(500).create("records").unwrap();
        let fixed = file.new_dataset::<FixedAscii<8>>().shape(0..).chunk(500).create("fixed").unwrap();
        let texts = file.new_dataset::<VarLenUnicode>().shape(0..).chunk(500).create("texts").unwrap();
        let are_right = |texts: Vec<String>| {
            assert!(texts.iter().enumerate().all(|(at, text)| *text == (at % 100).to_string()));
            true
        };
        race(
            rounds(),
            |round| {
                resize(&records, round, record);
                resize(&fixed, round, |at| FixedAscii::<8>::from_ascii((at % 100).to_string().as_bytes()).unwrap());
                // Each is an object in a heap, whose room is not used again.
                if round < 50 {
                    resize(&texts, 5 * (round % 2) + 2 * (round % 4), |at| {
                        (at % 100).to_string().parse::<VarLenUnicode>().unwrap()
                    });
                }
            },
            &[
                &|| {
                    let records = read_or(filebacked::read::<Vec<Record>>(&file, "records"), GONE);
                    records.is_some_and(|records| {
                        assert!(records.iter().enumerate().all(|(id, found)| *found == record(id)));
                        true
                    })
                },
                &|| read_or(filebacked::read(&file, "fixed"), GONE).is_some_and(are_right),
                &|| {
                    // What was cut off is in the heap no more.
                    let kinds = &[ErrorKind::Gone, ErrorKind::Corrupt];
                    read_or(filebacked::read(&file, "texts"), kinds).is_some_and(are_right)
                },
            ],
        );
    }

    /// What appenders add to, with and without filters.
    #[test]
    fn what_is_appended_to() {
        #[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
        struct Step {
            id: u64,
            at: [f32; 3],
            name: String,
        }
        let (_folder, file) = file();
        let step = |id: u64| Step { id, at: [id as f32; 3], name: format!("step {id}") };
        for options in [WriteOptions::new(), WriteOptions::new().deflate(1)] {
            let _ = file.unlink("numbers");
            let _ = file.unlink("lists");
            let _ = file.unlink("steps");
            let mut numbers = options.create_appender::<f64>(&file, "numbers").unwrap();
            let mut lists = options.create_appender::<Vec<f32>>(&file, "lists").unwrap();
            let mut steps = options.create_appender::<Step>(&file, "steps").unwrap();
            let mut add = || {
                for id in numbers.len()..numbers.len() + 100 {
                    numbers.push(&(id as f64)).unwrap();
                    lists.push(&vec![id as f32; (id % 4) as usize]).unwrap();
                    steps.push(&step(id)).unwrap();
                }
                numbers.flush().unwrap();
                lists.flush().unwrap();
                steps.flush().unwrap();
            };
            add();
            race(
                rounds().div_ceil(5),
                |round| {
                    if round < 40 {
                        add();
                    }
                },
                &[
                    &|| {
                        let numbers: Vec<f64> = filebacked::read(&file, "numbers").unwrap();
                        assert!(numbers.iter().enumerate().all(|(at, value)| *value == at as f64));
                        true
                    },
                    // These are several datasets, which are not written at once.
                    &|| {
                        let lists = read_or(filebacked::read::<Vec<Vec<f32>>>(&file, "lists"), &[ErrorKind::Corrupt]);
                        lists.is_some_and(|lists| {
                            assert!(lists.iter().enumerate().all(|(at, list)| *list == vec![at as f32; at % 4]));
                            true
                        })
                    },
                    &|| {
                        let steps = read_or(filebacked::read::<Vec<Step>>(&file, "steps"), &[ErrorKind::Corrupt]);
                        steps.is_some_and(|steps| {
                            assert!(steps.iter().zip(0..).all(|(found, id)| *found == step(id)));
                            true
                        })
                    },
                    &|| {
                        let steps = Reader::<Step>::open(&file, "steps").and_then(|steps| steps.collect());
                        let steps: Option<Vec<Step>> = read_or(steps, &[ErrorKind::Corrupt]);
                        steps.is_some_and(|steps| {
                            assert!(steps.iter().zip(0..).all(|(found, id)| *found == step(id)));
                            true
                        })
                    },
                ],
            );
        }
    }

    #[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
    struct All {
        #[serde(rename = "@note")]
        note: String,
        #[serde(rename = "@marks")]
        marks: Vec<u32>,
        numbers: Vec<f64>,
        rows: Vec<Vec<f32>>,
        names: Vec<String>,
        grid: NdArray<i16, Ix2>,
    }

    fn all(size: usize) -> All {
        All {
            note: "n".repeat(size),
            marks: vec![size as u32; size % 500],
            numbers: vec![size as f64; 100 * size],
            rows: vec![vec![size as f32; 40]; size],
            names: vec![size.to_string(); size],
            grid: NdArray(Array2::from_elem((size, 3), size as i16)),
        }
    }

    /// What takes the place of others, of another size, under the same name.
    #[test]
    fn what_is_overwritten() {
        let (_folder, file) = file();
        let sizes = [1, 400, 7, 90];
        let kinds = &[ErrorKind::NotFound, ErrorKind::Hdf5, ErrorKind::Gone];
        for strings in [Strings::Fixed, Strings::Variable] {
            let options = WriteOptions::new().strings(strings).overwrite(true);
            options.write(&file, "all", &all(1)).unwrap();
            race(
                rounds().div_ceil(2),
                |round| options.write(&file, "all", &all(sizes[round % 4])).unwrap(),
                &[
                    &|| {
                        read_or(filebacked::read::<All>(&file, "all"), kinds).is_some_and(|found| {
                            assert!(found == all(found.rows.len()), "{}", found.rows.len());
                            true
                        })
                    },
                    &|| read_or(filebacked::read::<Value>(&file, "all"), kinds).is_some(),
                ],
            );
        }
    }
}

/// Another process cuts the file short, and writes it anew, while it is read past libhdf5.
#[cfg(target_os = "linux")]
mod another_process {
    use super::*;
    use crate::common::{start_program, test_alone};

    /// The file that a child is to write again and again.
    const FILE: &str = "FILEBACKED_REWRITTEN";

    /// A process that ends with the test.
    struct Killed(Child);

    impl Drop for Killed {
        fn drop(&mut self) {
            self.0.kill().unwrap();
            self.0.wait().unwrap();
        }
    }

    fn rows(count: usize) -> Vec<Vec<f64>> {
        (0..count).map(|row| vec![row as f64; 300]).collect()
    }

    fn write(path: &Path, count: usize) {
        filebacked::to_file(path, &BTreeMap::from([("rows", rows(count))])).unwrap();
    }

    /// Not a test of its own: what the child does.
    #[test]
    fn rewriter() {
        let Some(path) = std::env::var_os(FILE) else { return };
        let (path, small) = (Path::new(&path), Path::new(&path).with_extension("small"));
        write(&small, 10);
        let images = [std::fs::read(path).unwrap(), std::fs::read(small).unwrap()];
        for round in 0.. {
            let file = std::fs::OpenOptions::new().write(true).open(path);
            // It is over when the folder is gone.
            let Ok(file) = file else { return };
            use std::os::unix::fs::FileExt;
            let image = &images[usize::from(round % 3 == 2)];
            file.set_len(image.len() as u64 / 3).unwrap();
            file.write_all_at(image, 0).unwrap();
            file.set_len(image.len() as u64).unwrap();
            // For a while it is whole.
            thread::sleep(Duration::from_millis(3));
        }
    }

    #[test]
    fn what_is_cut_short_and_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.h5");
        write(&path, 3000);
        let child = start_program(test_alone(rewriter).env(FILE, &path).stdout(Stdio::null())).unwrap();
        let _child = Killed(child);
        let (enough, mut whole, mut broken) = (rounds().div_ceil(15), 0, 0);
        for _ in 0..100 * rounds() {
            match filebacked::from_file::<BTreeMap<String, Vec<Vec<f64>>>>(&path) {
                Ok(found) => {
                    let rows = &found["rows"];
                    assert!([10, 3000].contains(&rows.len()) && rows.iter().all(|row| row.len() == 300));
                    whole += 1;
                }
                Err(error) => {
                    assert!(!matches!(error.kind(), ErrorKind::Custom), "{error}");
                    broken += 1;
                }
            }
            if whole.min(broken) >= enough {
                break;
            }
        }
        assert!(whole.min(broken) > 0, "{whole} whole, {broken} broken");
    }
}

/// Every encoding, to a file and back, in sizes that are none, odd, and more than is handled at once.
mod encodings {
    use super::*;
    use ndarray::{Array3, Ix3};
    use num_complex::Complex;

    const SIZES: [usize; 6] = [0, 1, 2, 7, 65, 601];

    #[track_caller]
    fn both_ways<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
        let ways = [
            WriteOptions::new(),
            WriteOptions::new().strings(Strings::Variable),
            WriteOptions::new().deflate(1).above(1),
            WriteOptions::new().lzf().above(1).fletcher32(true),
            WriteOptions::new().strings(Strings::Fixed),
            WriteOptions::new().strings(Strings::Packed),
            WriteOptions::new().records(Records::Columns),
        ];
        for (way, options) in ways.into_iter().enumerate() {
            let image = options.to_vec(value).unwrap();
            assert!(from_slice::<T>(&image).unwrap() == *value, "way {way}");
            // Whatever it is, all of it is looked at.
            let any: Value = from_slice(&image).unwrap();
            assert!(any == any.clone() || format!("{any:?}").contains("NaN"));
        }
    }

    fn lists<T: Serialize + DeserializeOwned + PartialEq + Debug + Clone>(item: impl Fn(usize) -> T) {
        for size in SIZES {
            let list: Vec<T> = (0..size).map(&item).collect();
            both_ways(&list);
            if size < 10 {
                both_ways(&vec![list.clone(), Vec::new(), list]);
            }
        }
        both_ways(&item(3));
    }

    #[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
    struct Record {
        id: u8,
        flag: bool,
        at: [f64; 3],
        name: String,
        missing: Option<u16>,
    }

    fn record(id: usize) -> Record {
        Record {
            id: id as u8,
            flag: !id.is_multiple_of(2),
            at: [0.5; 3],
            name: "ä".repeat(id % 5),
            missing: (!id.is_multiple_of(3)).then_some(9),
        }
    }

    #[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
    enum Event {
        Quiet,
        Hit(u32),
        Pair(i8, f32),
        Lost { by: String },
    }

    #[test]
    fn numbers() {
        lists(|at| at as u8);
        lists(|at| -(at as i64));
        lists(|at| at as f32 + 0.5);
        lists(|at| at % 3 == 0);
        lists(|at| at as i128 - 5);
        lists(|at| [at as u16, 1, 2]);
        lists(|at| [[at as f64; 2]; 17]);
        both_ways(&(0..40_001).map(f64::from).collect::<Vec<_>>());
    }

    #[test]
    fn texts_and_bytes() {
        lists(|at| "ä".repeat(at % 7));
        lists(|at| char::from(b'a' + (at % 26) as u8));
        lists(|at| serde_bytes::ByteBuf::from(vec![at as u8; at % 5]));
        lists(|at| (at % 2 > 0).then(|| at.to_string()));
    }

    #[test]
    fn records_and_choices() {
        lists(record);
        lists(|at| (at as u32, 0.5, at % 2 > 0));
        lists(|at| match at % 4 {
            0 => Event::Quiet,
            1 => Event::Hit(at as u32),
            2 => Event::Pair(at as i8, 1.5),
            _ => Event::Lost { by: at.to_string() },
        });
        lists(|at| (at % 3 > 0).then_some(at as f64));
        lists(|_| ());
        both_ways(&BTreeMap::from([(1, "one".to_owned()), (-7, String::new())]));
        both_ways(&BTreeMap::from([("a".to_owned(), vec![record(1)]), ("b/c".to_owned(), Vec::new())]));
        lists(|at| BTreeMap::from([(at.to_string(), at)]));
        both_ways(&vec![Shared::from(vec![1.5; 100]); 2].iter().map(|shared| shared.to_vec()).collect::<Vec<_>>());
    }

    #[test]
    fn arrays() {
        for size in SIZES {
            both_ways(&NdArray::<f64, Ix1>(Array1::from_iter((0..size).map(|at| at as f64))));
            both_ways(&NdArray::<bool, Ix2>(Array2::from_shape_fn((size, 3), |(row, column)| (row + column) % 2 > 0)));
            both_ways(&NdArray::<Complex<f32>, Ix1>(Array1::from_elem(size, Complex::new(1.5, -2.5))));
            // Not in the order of the file.
            let turned =
                NdArray(Array3::from_shape_fn((2, size, 3), |(a, b, c)| (a + 2 * b + 5 * c) as u16).reversed_axes());
            both_ways::<NdArray<u16, Ix3>>(&turned);
            let image = filebacked::to_vec(&turned).unwrap();
            let lazy: Lazy<NdArray<u16, Ix3>> = from_slice(&image).unwrap();
            assert_eq!(lazy.slice(s![..;2, .., 1]).unwrap(), turned.0.slice(s![..;2, .., 1]));
        }
    }

    /// What is a group by itself, or of unlike parts; and files that are written to again.
    #[test]
    fn objects_and_others() {
        use filebacked::{LazyMap, WithAttrs};

        both_ways(&BTreeMap::from([((1_u8, 2_u8), 0.5), ((3, 4), 1.5)]));
        both_ways(&vec![Some(None), Some(Some(1_u8)), None]);
        both_ways(&"a\0b".to_owned());
        both_ways(&vec!["a\0b".to_owned(), String::new()]);
        both_ways(&serde_json::json!([1, "x", null, {"a": [1.5, 2.5]}, {"a": 1, "b": "y"}]));
        both_ways(
            &vec![BTreeMap::from([("a", 1_u8)]), BTreeMap::from([("a", 2), ("b", 3)])]
                .into_iter()
                .map(|map| map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
                .collect::<Vec<BTreeMap<String, u8>>>(),
        );
        both_ways(&WithAttrs {
            value: vec![0.5_f32; 7],
            attrs: BTreeMap::from([("units".to_owned(), "m".to_owned()), ("empty".to_owned(), String::new())]),
        });
        #[cfg(feature = "sprs")]
        both_ways(&filebacked::Sparse(sprs::CsMat::<f64>::eye(5)));
        let models = vec![BTreeMap::from([("key".to_owned(), (1.5, 0.5))])];
        let image = WriteOptions::new().python("module").to_vec(&models).unwrap();
        assert_eq!(from_slice::<Vec<BTreeMap<String, (f64, f64)>>>(&image).unwrap(), models);

        let (folder, file) = file();
        for size in SIZES {
            let options = WriteOptions::new().overwrite(true);
            let records: Vec<Record> = (0..size).map(record).collect();
            options.write(&file, "a/records", &records).unwrap();
            assert_eq!(filebacked::read::<Vec<Record>>(&file, "a/records").unwrap(), records);
            let path = folder.path().join("whole.h5");
            filebacked::to_file(&path, &records).unwrap();
            assert_eq!(filebacked::from_file::<Vec<Record>>(&path).unwrap(), records);
        }
        filebacked::write(&file, "cases", &BTreeMap::from([("a".to_owned(), vec![0.5_f64; 3])])).unwrap();
        let mut cases: LazyMap<String, Vec<f64>> = filebacked::read(&file, "cases").unwrap();
        cases.insert("b/c".to_owned(), vec![1.5; 65]);
        cases.save().unwrap();
        let saved: BTreeMap<String, Vec<f64>> = filebacked::read(&file, "cases").unwrap();
        assert_eq!(saved, BTreeMap::from([("a".to_owned(), vec![0.5; 3]), ("b/c".to_owned(), vec![1.5; 65])]));
    }

    #[test]
    fn appended_and_streamed() {
        let (_folder, file) = file();
        for (number, size) in SIZES.into_iter().enumerate() {
            let records: Vec<Record> = (0..size).map(record).collect();
            let name = number.to_string();
            let mut appender = Appender::<Record>::create(&file, &name).unwrap().sync(false);
            for part in records.chunks(size / 3 + 1) {
                appender.extend(part).unwrap();
                appender.flush().unwrap();
            }
            appender.finish().unwrap();
            assert!(filebacked::read::<Vec<Record>>(&file, &name).unwrap() == records);
            let back: Vec<Record> = Reader::open(&file, &name).unwrap().map(Result::unwrap).collect();
            assert!(back == records);
        }
    }
}
