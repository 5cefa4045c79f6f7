//! What links of each sort lead to.

use std::collections::BTreeMap;

use filebacked::hdf5::{self, File};
use filebacked::{ErrorKind, ReadOptions};
use serde_json::{Value, json};

fn memory(name: &str) -> File {
    File::with_options().with_fapl(|list| list.core_filebacked(false)).create(name).unwrap()
}

#[test]
fn of_each_sort() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.h5");
    filebacked::to_file(&other, &BTreeMap::from([("far", 4)])).unwrap();
    for tracked in [false, true] {
        let file = File::create(folder.path().join("links.h5")).unwrap();
        let root = if tracked {
            filebacked::write(&file, "all", &json!({"z": 1, "group": {"y": 2}})).unwrap();
            file.group("all").unwrap()
        } else {
            let root = file.create_group("all").unwrap();
            filebacked::to_group(&json!({"y": 2}), &root.create_group("group").unwrap()).unwrap();
            root.new_dataset::<i32>().create("z").unwrap().write_scalar(&1).unwrap();
            root
        };
        root.link_hard("group", "again").unwrap();
        root.link_soft("group/y", "soft").unwrap();
        root.link_external(other.to_str().unwrap(), "far", "external").unwrap();
        let error = filebacked::from_group::<Value>(&root).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
        let read: Value = ReadOptions::new().allow_external_links(true).from_group(&root).unwrap();
        let expected = json!({"z": 1, "group": {"y": 2}, "again": {"y": 2}, "soft": 2, "external": 4});
        assert_eq!(read, expected);
    }
}

#[test]
fn to_mounted_files() {
    let (outer, inner) = (memory("outer"), memory("inner"));
    filebacked::write(&outer, "node", &json!({"here": 1, "point": {"hidden": 2}})).unwrap();
    filebacked::to_group(&json!({"shown": {"deep": 3}}), &inner).unwrap();
    let status = hdf5::sync::sync(|| {
        // SAFETY: handles of files, and a C string.
        unsafe {
            let list = hdf5_sys::h5p::H5P_DEFAULT;
            hdf5_sys::h5f::H5Fmount(outer.id(), c"node/point".as_ptr(), inner.id(), list)
        }
    });
    assert!(status >= 0);
    let read: Value = filebacked::read(&outer, "node").unwrap();
    assert_eq!(read, json!({"here": 1, "point": {"shown": {"deep": 3}}}));
}
