//! Sequences that are streamed: all encodings, ranges and jumps, and files of others.

use std::collections::BTreeMap;
use std::fmt::Debug;

use filebacked::{Appender, ErrorKind, NdArray, Reader, hdf5};
use ndarray::{Array1, Ix1};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

fn file() -> (tempfile::TempDir, hdf5::File) {
    let folder = tempfile::tempdir().unwrap();
    let file = hdf5::File::create(folder.path().join("x.h5")).unwrap();
    (folder, file)
}

fn check<T: DeserializeOwned + PartialEq + Debug>(file: &hdf5::File, name: &str, elements: &[T]) {
    let open = || Reader::<T>::open(file, name).unwrap();
    let len = elements.len();
    let mut reader = open();
    assert_eq!((reader.len(), reader.size_hint()), (len as u64, (len, Some(len))));
    assert!(open().map(Result::unwrap).zip(elements).all(|(found, wanted)| found == *wanted), "{name}");
    assert_eq!(open().map(Result::unwrap).fold(0, |count, _| count + 1), len);
    // Backwards, and far apart.
    for index in (0..len).rev().step_by(1 + len / 50) {
        assert_eq!(&reader.get(index as u64).unwrap(), &elements[index], "{name}");
    }
    let (start, end) = (len / 3, len - len / 4);
    let range: Vec<T> = reader.range(start as u64..end as u64).map(Result::unwrap).collect();
    assert_eq!(range, elements[start..end]);
    assert_eq!(reader.range(start as u64..).len(), len - start);
    assert_eq!(reader.nth(start).unwrap().unwrap(), elements[start]);
    assert_eq!(reader.next().unwrap().unwrap(), elements[start + 1]);
    assert_eq!(reader.size_hint().0, len - start - 2);
    assert!(reader.nth(len).is_none() && reader.next().is_none());
    assert_eq!(reader.get(len as u64).unwrap_err().kind(), ErrorKind::NotFound);
}

/// The same elements, written at once and appended.
fn streams<T: Serialize + DeserializeOwned + PartialEq + Debug>(elements: &[T]) {
    let (_folder, file) = file();
    filebacked::write(&file, "written", elements).unwrap();
    check(&file, "written", elements);
    let mut appender = Appender::<T>::create(&file, "appended").unwrap().sync(false);
    appender.extend(elements).unwrap();
    appender.finish().unwrap();
    check(&file, "appended", elements);
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
enum Event {
    Quiet,
    Hit(u32),
    Lost { by: String },
}

#[test]
fn encodings() {
    let count = 3000_u32;
    streams(&(0..count).map(f64::from).collect::<Vec<_>>());
    streams(&(0..count).map(|n| [n, 1]).collect::<Vec<_>>());
    streams(&(0..count).map(|n| (n, 0.5, n % 2 == 0)).collect::<Vec<_>>());
    streams(&(0..count).map(|n| "ab\0c".repeat(n as usize % 9)).collect::<Vec<_>>());
    streams(&(0..count).map(|n| vec![n; n as usize % 9]).collect::<Vec<_>>());
    streams(&(0..count).map(|n| (n % 3 == 0).then(|| n.to_string())).collect::<Vec<_>>());
    streams(&(0..count).map(|n| (n.to_string(), (n % 5 == 0).then_some(n))).collect::<Vec<_>>());
    streams(&(0..count).map(|n| (0..n % 4).map(|k| (k, n.to_string())).collect()).collect::<Vec<BTreeMap<_, _>>>());
    streams(&(0..count).map(|n| i128::from(n) << 70).collect::<Vec<_>>());
    streams(&[(); 100]);
    streams(&[None::<u8>; 100]);
    let event = |n: u32| match n % 5 {
        0 => Event::Hit(n),
        3 => Event::Lost { by: n.to_string() },
        _ => Event::Quiet,
    };
    streams(&(0..200_000).map(event).collect::<Vec<_>>());
    let value = |n: u32| match n % 4 {
        0 => serde_json::json!(n),
        1 => serde_json::json!(null),
        2 => serde_json::json!(n.to_string()),
        _ => serde_json::json!([n]),
    };
    let (_folder, file) = file();
    let values: Vec<_> = (0..count).map(value).collect();
    filebacked::write(&file, "x", &values).unwrap();
    check(&file, "x", &values);
}

#[test]
fn objects_and_groups() {
    let (_folder, file) = file();
    let arrays: Vec<NdArray<f64, Ix1>> = (0..20).map(|n| NdArray(Array1::from_elem(n, 0.5))).collect();
    filebacked::write(&file, "arrays", &arrays).unwrap();
    check(&file, "arrays", &arrays);
    let group = file.create_group("old").unwrap();
    for n in 0..12 {
        filebacked::write(&group, &n.to_string(), &format!("child {n}")).unwrap();
    }
    check(&file, "old", &(0..12).map(|n| format!("child {n}")).collect::<Vec<_>>());
    let error = Reader::<u8>::open(file.create_group("named").unwrap(), "x").unwrap_err();
    assert_eq!(error.to_string(), "there is nothing of that name in an empty group; HDF5 path `/named/x`");
    filebacked::write(&file, "one", &1.5).unwrap();
    let error = Reader::<f64>::open(&file, "one").unwrap_err();
    assert_eq!(error.to_string(), "expected a sequence, found scalar `f64`; HDF5 path `/one`");
}

#[test]
fn errors_name_the_element() {
    let (_folder, file) = file();
    filebacked::write(&file, "x", &[1_u16, 300, 5]).unwrap();
    let mut reader = Reader::<u8>::open(&file, "x").unwrap();
    assert_eq!(reader.next().unwrap().unwrap(), 1);
    let error = reader.next().unwrap().unwrap_err();
    assert_eq!(error.to_string(), "expected `u8`, found 300, stored as `u16` of shape (3,); at `[1]`, HDF5 path `/x`");
    assert_eq!(reader.next().unwrap().unwrap(), 5);
}

/// What is beyond the count is not there, whichever datasets have it.
#[test]
fn what_counts() {
    let (_folder, file) = file();
    let record = |n: u32| (n, n.to_string(), vec![n.is_multiple_of(2).then_some(n); n as usize % 4]);
    let mut appender = Appender::<(u32, String, Vec<Option<u32>>)>::create(&file, "x").unwrap().sync(false);
    appender.extend((0..50).map(record)).unwrap();
    appender.finish().unwrap();
    let attribute = file.group("x").unwrap().attr("filebacked-length").unwrap();
    assert_eq!(attribute.read_scalar::<u64>().unwrap(), 50);
    attribute.write_scalar(&31_u64).unwrap();
    let wanted: Vec<_> = (0..31).map(record).collect();
    assert_eq!(filebacked::read::<Vec<(u32, String, Vec<Option<u32>>)>>(&file, "x").unwrap(), wanted);
    check(&file, "x", &wanted);
    // An appender goes on from there.
    let mut appender = Appender::<(u32, String, Vec<Option<u32>>)>::open(&file, "x").unwrap().sync(false);
    assert_eq!(appender.len(), 31);
    appender.extend((31..35).map(record)).unwrap();
    appender.finish().unwrap();
    check(&file, "x", &(0..35).map(record).collect::<Vec<_>>());
    assert_eq!(file.dataset("x/0").unwrap().shape(), [35]);
    file.group("x").unwrap().attr("filebacked-length").unwrap().write_scalar(&36_u64).unwrap();
    let error = Reader::<(u32, String, Vec<Option<u32>>)>::open(&file, "x").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
}
