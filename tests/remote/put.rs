//! Files that are written to stores: whole, or not at all.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use filebacked::object_store::memory::InMemory;
use filebacked::object_store::{ObjectStore, ObjectStoreExt};
use filebacked::remote::{self, Opening, Putting};
use filebacked::{ErrorKind, WriteOptions};
use serde::{Serialize, Serializer, ser::Error};

use crate::store::wait;

fn memory() -> (Arc<InMemory>, Opening) {
    let store = Arc::new(InMemory::new());
    (Arc::clone(&store), Opening::new().store(store))
}

fn numbers(count: u32) -> Vec<f64> {
    (0..count).map(|number| f64::from(number) * 0.5).collect()
}

/// In one request, and in parts.
#[test]
fn files_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file://{}/some/run.h5", folder.path().display());
    for count in [10, 5_000_000] {
        let (_, at) = memory();
        let put = Putting::new().at(at.clone()).put("run.h5", &numbers(count)).unwrap();
        assert!(put.etag.is_some() && put.bytes > u64::from(count) * 8, "{put:?}");
        let file = at.open("run.h5").unwrap();
        assert_eq!(filebacked::from_group::<Vec<f64>>(&file).unwrap(), numbers(count));
        assert_eq!(file.create_plist().unwrap().get_file_space_page_size().unwrap(), 64 << 10);

        remote::put(&url, &numbers(count)).unwrap();
        assert_eq!(filebacked::from_group::<Vec<f64>>(&remote::open(&url).unwrap()).unwrap(), numbers(count));
    }
}

/// With a condition, also a large file is one request.
#[test]
fn conditions() {
    for count in [10, 5_000_000] {
        let (_, at) = memory();
        let put = |putting: Putting, factor: u32| putting.at(at.clone()).put("run.h5", &numbers(count + factor));
        let first = put(Putting::new().if_absent(), 0).unwrap().etag.unwrap();
        let error = put(Putting::new().if_absent(), 1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
        let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
        assert_eq!(source.map(io::Error::kind), Some(io::ErrorKind::AlreadyExists));
        let second = put(Putting::new().if_unchanged(&first), 2).unwrap().etag.unwrap();
        let error = put(Putting::new().if_unchanged(&first), 3).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Gone, "{error}");
        put(Putting::new().if_unchanged(&second), 4).unwrap();
        let back: Vec<f64> = filebacked::from_group(at.open("run.h5").unwrap()).unwrap();
        assert_eq!(back.len() as u32, count + 4);
    }
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file://{}/run.h5", folder.path().display());
    Putting::new().if_absent().put(&url, &1u8).unwrap();
    assert_eq!(Putting::new().if_absent().put(&url, &2u8).unwrap_err().kind(), ErrorKind::AlreadyExists);
    let error = Putting::new().if_unchanged("\"1\"").put(&url, &2u8).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    assert_eq!(filebacked::from_group::<u8>(&remote::open(&url).unwrap()).unwrap(), 1);
}

struct Fails;

impl Serialize for Fails {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("no"))
    }
}

#[test]
fn what_fails_changes_nothing() {
    let (store, at) = memory();
    Putting::new().at(at.clone()).put("run.h5", &7u8).unwrap();
    let error = Putting::new().at(at.clone()).put("run.h5", &Fails).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Custom);
    let options = WriteOptions::new().page_size(3);
    let error = Putting::new().at(at.clone()).options(options).put("run.h5", &8u8).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    assert_eq!(filebacked::from_group::<u8>(&at.open("run.h5").unwrap()).unwrap(), 7);
    let store: Arc<dyn ObjectStore> = store;
    assert_eq!(wait(store.head(&"run.h5".into())).unwrap().location.as_ref(), "run.h5");
    for url in ["run.h5", "memory:///run.h5", "https://host/run.h5?query"] {
        assert_eq!(remote::put(url, &1u8).unwrap_err().kind(), ErrorKind::Unsupported);
    }
}

/// What `page_size` cannot be for.
#[test]
fn pages_are_for_new_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    let options = WriteOptions::new().page_size(4096);
    options.to_file(&path, &[1, 2, 3]).unwrap();
    let file = filebacked::hdf5::File::open_rw(&path).unwrap();
    for error in [options.write(&file, "x", &1).unwrap_err(), options.to_group(&1, &file).unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("`page_size` is for new files"), "{error}");
    }
    for size in [1, 511, (1 << 30) + 1, u64::MAX] {
        let error = WriteOptions::new().page_size(size).to_file(&path, &1).unwrap_err();
        assert!(error.to_string().contains("pages have from 512 bytes to 1 GiB"), "{error}");
    }
}
