//! Files made anew: all that others wrote into them stays, and their datasets are stored as is asked for.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use filebacked::{DatasetOptions, ErrorKind, Repacked, WriteOptions, from_file, hdf5, to_file};
use tempfile::TempDir;

use crate::common::python;

fn files() -> (TempDir, [std::path::PathBuf; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let files = ["old.h5", "new.h5"].map(|name| folder.path().join(name));
    (folder, files)
}

/// A file of h5py's with most of what HDF5 has.
fn everything() -> (TempDir, [std::path::PathBuf; 2]) {
    let (folder, files) = files();
    python("repacked.py", ["make".as_ref(), files[0].as_os_str()]);
    (folder, files)
}

/// Has h5py compare two files, but for how the datasets are stored that are `changed`.
fn compare(old: &Path, new: &Path, changed: &[&str]) {
    let files = ["compare".as_ref(), old.as_os_str(), new.as_os_str()];
    let said = python("repacked.py", files.into_iter().chain(changed.iter().map(AsRef::as_ref)));
    assert_eq!(said, "alike\n");
}

/// How much is left of a dataset's bytes, and why it is as it was.
fn of<'a>(repacked: &'a Repacked, path: &str) -> (f64, Option<&'a str>) {
    let dataset = repacked.datasets.iter().find(|dataset| dataset.path == path).unwrap();
    (dataset.bytes_after as f64 / dataset.bytes_before as f64, dataset.left.as_deref())
}

#[test]
fn all_stays_as_it_is() {
    let (_folder, [old, new]) = everything();
    let repacked = WriteOptions::new().repack(&old, &new).unwrap();
    assert_eq!((repacked.datasets.len(), repacked.lost_references), (0, 0));
    assert_eq!(repacked.bytes_after, fs::metadata(&new).unwrap().len());
    compare(&old, &new, &[]);
    let start = fs::read(&new).unwrap();
    assert!(start.starts_with(b"begins with this\0") && start[1024..].starts_with(b"\x89HDF"));
    // What was made so is as good as what it was made of.
    WriteOptions::new().repack(&new, &new).unwrap();
    compare(&old, &new, &[]);
}

const LARGE: [&str; 6] = ["table", "stored/chunked", "stored/grows", "stored/lzf", "stored/plain", "stored/sparse"];

#[test]
fn datasets_are_compressed() {
    let (_folder, [old, new]) = everything();
    let repacked = WriteOptions::new().at("**", |all| all.deflate(5)).repack(&old, &new).unwrap();
    compare(&old, &new, &[&LARGE[..], &["stored/scaled"]].concat());
    let file = hdf5::File::open(&new).unwrap();
    for (name, chunk) in
        [("plain", vec![200, 300]), ("chunked", vec![32, 50]), ("lzf", vec![50, 300]), ("grows", vec![10, 300])]
    {
        let dataset = file.dataset(&format!("stored/{name}")).unwrap();
        assert_eq!(dataset.chunk().unwrap(), chunk, "{name}");
        let filters = dataset.filters();
        assert!(filters.contains(&hdf5::filters::Filter::Deflate(5)), "{name}: {filters:?}");
    }
    assert!(of(&repacked, "/stored/plain").0 < 0.8);
    assert!(of(&repacked, "/stored/small").1.unwrap().contains("`above`"));
    assert!(of(&repacked, "/stored/virtual").1.unwrap().contains("other datasets"));
    assert!(of(&repacked, "/numbers/scalar").1.unwrap().contains("no dimensions"));
    // Of a million rows, 256 are stored.
    assert!(file.dataset("stored/sparse").unwrap().storage_size() < 100_000);
}

#[test]
fn what_is_not_said_stays() {
    let (_folder, [old, new]) = everything();
    let options = WriteOptions::new()
        .at("stored/chunked", |dataset| dataset.chunk([100, 100]))
        .at("stored/grows", |dataset| dataset.chunk([1000, 10]).above(0))
        .at("stored/lzf", |dataset| dataset.deflate(0))
        .at("stored/plain", |dataset| dataset.fletcher32(true))
        .at("numbers/half", |dataset| dataset.chunk([7]).above(0).lzf())
        .at("lists_of_references", |dataset| dataset.chunk([1]).deflate(1).above(0));
    let repacked = options.repack(&old, &new).unwrap();
    assert!(repacked.datasets.iter().all(|dataset| dataset.left.is_none()), "{repacked:?}");
    let changed = [&LARGE[..], &["numbers/half", "lists_of_references"]].concat();
    compare(&old, &new, &changed);
    let file = hdf5::File::open(&new).unwrap();
    let stored = |name: &str| {
        let dataset = file.dataset(name).unwrap();
        let filters = dataset.filters().iter().map(|filter| format!("{filter:?}")).collect::<Vec<_>>().join(" ");
        (dataset.chunk(), filters)
    };
    assert_eq!(stored("stored/chunked"), (Some(vec![100, 100]), "Shuffle Deflate(4) Fletcher32".to_owned()));
    assert_eq!(stored("stored/grows"), (Some(vec![1000, 10]), String::new()));
    assert_eq!(stored("stored/lzf"), (None, String::new()));
    assert_eq!(stored("stored/plain"), (Some(vec![200, 300]), "Fletcher32".to_owned()));
    assert_eq!(stored("numbers/half").0, Some(vec![7]));
    assert_eq!(stored("lists_of_references"), (Some(vec![1]), "Shuffle Deflate(1)".to_owned()));
}

/// Room that nothing uses goes, and what is left out.
#[test]
fn what_nothing_leads_to_goes() {
    let (_folder, [old, new]) = files();
    let value = BTreeMap::from([("kept", vec![1.5; 5000]), ("gone", vec![2.5; 100_000]), ("draft", vec![0.5; 50_000])]);
    to_file(&old, &value).unwrap();
    hdf5::File::open_rw(&old).unwrap().unlink("gone").unwrap();
    let kept = || from_file::<BTreeMap<String, Vec<f64>>>(&new).unwrap().into_keys().collect::<Vec<_>>();
    let repacked = WriteOptions::new().repack(&old, &new).unwrap();
    assert!(repacked.bytes_before > 1_200_000 && repacked.bytes_after < 450_000, "{repacked:?}");
    assert_eq!(kept(), ["draft", "kept"]);
    assert!(WriteOptions::new().skip(["draft"]).repack(&old, &new).unwrap().bytes_after < 50_000);
    assert_eq!(kept(), ["kept"]);
    assert!(WriteOptions::new().only(["draft"]).repack(&old, &new).is_ok());
    assert_eq!(kept(), ["draft"]);
}

/// References to what is left out are null, and are counted.
#[test]
fn references_to_nothing_are_counted() {
    let (_folder, [old, new]) = everything();
    let repacked = WriteOptions::new().skip(["groups", "again"]).repack(&old, &new).unwrap();
    assert_eq!(repacked.lost_references, 2);
}

/// Whatever is wrong, the file stays as it was.
#[test]
fn errors_change_nothing() {
    let (folder, [old, new]) = files();
    to_file(&old, &BTreeMap::from([("x", [1, 2]), ("y", [3, 4])])).unwrap();
    let before = fs::read(&old).unwrap();
    let fails = |options: WriteOptions, kind: ErrorKind, words: &str| {
        let error = options.repack(&old, &old).unwrap_err();
        assert!(error.kind() == kind && error.to_string().contains(words), "{error}");
        assert!(fs::read(&old).unwrap() == before);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    };
    fails(
        WriteOptions::new().at("z", |z| z.deflate(1)),
        ErrorKind::NotFound,
        "there is no `z` in the value, which has `x`, `y`",
    );
    fails(WriteOptions::new().at("x", |x| x.chunk([0])), ErrorKind::Unsupported, "at least one element");
    fails(WriteOptions::new().at("x", |x| x.chunk([1, 1])), ErrorKind::Unsupported, "datasets of 2 dimensions");
    fails(WriteOptions::new().python("module"), ErrorKind::Unsupported, "as it is laid out");
    let strings = DatasetOptions::new().strings(filebacked::Strings::Packed);
    fails(WriteOptions::new().at("x", |_| strings.clone()), ErrorKind::Unsupported, "as it is laid out");
    fails(WriteOptions::new().progress(|_| std::ops::ControlFlow::Break(())), ErrorKind::Cancelled, "");
    fs::remove_file(&old).unwrap();
    assert_eq!(WriteOptions::new().repack(&old, &new).unwrap_err().kind(), ErrorKind::Io);
    fs::write(&old, "no HDF5").unwrap();
    let error = WriteOptions::new().repack(&old, &new).unwrap_err();
    assert!(error.to_string().contains("this is no HDF5 file"), "{error}");

    python("repacked.py", ["regions".as_ref(), old.as_os_str()]);
    let error = WriteOptions::new().repack(&old, &new).unwrap_err();
    assert_eq!((error.kind(), error.hdf5_path().as_str()), (ErrorKind::Unsupported, "/inside/parts"));
    assert!(!new.exists());
}

/// Filters that are told how large chunks are, or lose digits, or go through libhdf5's cache.
#[test]
fn filters_fit_their_chunks() {
    let (_folder, [old, new]) = files();
    python("repacked.py", ["filtered".as_ref(), old.as_os_str()]);
    let all = ["table", "numbers", "scaled", "summed", "columns", "zz"];
    let options = WriteOptions::new();
    options.repack(&old, &new).unwrap();
    // Addresses of strings are others, and compress otherwise.
    compare(&old, &new, &["table"]);
    let chunks = options.clone().at("**", |all| all.chunk([10])).at("columns", |columns| columns.chunk([1000, 200]));
    let repacked = chunks.repack(&old, &new).unwrap();
    compare(&old, &new, &all);
    assert!(of(&repacked, "/scaled").1.unwrap().contains("lose digits"));
    assert!(of(&repacked, "/table").1.unwrap().contains("LZF stays"));
    assert!(of(&repacked, "/zz").1.unwrap().contains("first name"));
    let read = |name: &str| filebacked::read_at::<Vec<f64>>(&new, name).unwrap();
    assert!(read("numbers").iter().zip(0u32..).all(|(number, at)| *number == f64::from(at)));
    assert_eq!(filebacked::read_at::<Vec<(String, f64)>>(&new, "table").unwrap().len(), 20_000);
    options.clone().at("summed", |summed| summed.deflate(0)).repack(&old, &new).unwrap();
    compare(&old, &new, &["summed", "table"]);
    let summed = hdf5::File::open(&new).unwrap().dataset("summed").unwrap();
    assert!(summed.chunk().is_none() && summed.filters().is_empty());
}

/// What is in other files is not written to.
#[test]
fn data_in_other_files_stays() {
    let (_folder, [old, new]) = files();
    python("repacked.py", ["outside".as_ref(), old.as_os_str()]);
    let raw = old.with_extension("h5.raw");
    let before = fs::read(&raw).unwrap();
    let reading = filebacked::ReadOptions::new().allow_external_storage(true);
    let error = WriteOptions::new().repack_within(&reading, &old, &new).unwrap_err();
    assert!(error.kind() == ErrorKind::Unsupported && error.to_string().contains("old.h5"), "{error}");
    assert!(fs::read(&raw).unwrap() == before && !new.exists());
}

/// A value that is not read is copied from one file to another also where libhdf5 has some of its chunks in its cache.
#[test]
fn chunks_that_were_read_are_copied() {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Texts {
        texts: filebacked::Lazy<Vec<String>>,
        numbers: filebacked::Lazy<Vec<f64>>,
    }
    let (_folder, [old, new]) = files();
    let texts: Vec<String> = (0..2000).map(|number| format!("text {}", number % 11)).collect();
    let numbers: Vec<f64> = (0..20_000).map(f64::from).collect();
    let value = Texts { texts: texts.clone().into(), numbers: numbers.clone().into() };
    let options = WriteOptions::new().at("**", |all| all.deflate(1).chunk([500]).above(0));
    options
        .at("texts", |all| all.strings(filebacked::Strings::Variable).deflate(1).chunk([500]).above(0))
        .to_file(&old, &value)
        .unwrap();
    let read: Texts = from_file(&old).unwrap();
    // As libhdf5 reads it.
    let file = hdf5::File::open(&old).unwrap();
    let (dataset, strings) = (file.dataset("numbers").unwrap(), file.dataset("texts").unwrap());
    assert_eq!(dataset.read_raw::<f64>().unwrap(), numbers);
    assert_eq!(strings.read_raw::<hdf5::types::VarLenUnicode>().unwrap().len(), 2000);
    to_file(&new, &read).unwrap();
    let copied: Texts = from_file(&new).unwrap();
    assert!(*copied.texts.get().unwrap() == texts && *copied.numbers.get().unwrap() == numbers);
    assert_eq!(hdf5::File::open(&new).unwrap().dataset("numbers").unwrap().chunk(), Some(vec![500]));
}
