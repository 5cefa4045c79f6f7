//! What links of each sort lead to.

use std::collections::BTreeMap;

use filebacked::hdf5::{self, File, Group, ObjectReference1, ReferencedObject};
use filebacked::{Appender, ErrorKind, Lazy, LazyMap, NdArray, ReadOptions, Reader, WithAttrs, WriteOptions};
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
            filebacked::to_group(&json!({"y": 2}), root.create_group("group").unwrap()).unwrap();
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

/// All that can be done with a group, which has no path in the file that its handle knows.
fn work_with(group: &Group) {
    let replace = WriteOptions::new().overwrite(true);
    let value = |seed: u32| json!({"number": seed, "list": [1, 2, seed], "inner": {"text": format!("text {seed}")}});
    filebacked::to_group(&value(1), group).unwrap();
    assert_eq!(filebacked::from_group::<Value>(group).unwrap(), value(1));
    replace.to_group(&value(2), group).unwrap();
    assert_eq!(filebacked::from_group::<Value>(group).unwrap(), value(2));
    filebacked::write(group, "table", &[(1, 0.5), (2, 1.5)]).unwrap();
    for (name, seed) in [("number", 3), ("list", 4), ("inner", 5)] {
        replace.write(group, name, &value(seed)).unwrap();
        assert_eq!(filebacked::read::<Value>(group, name).unwrap(), value(seed));
    }
    let error = filebacked::write(group, "table", &1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
    // Through an object in it, which has no path either.
    let inner = group.group("inner").unwrap();
    replace.to_group(&value(6), &inner).unwrap();
    replace.write(&inner, "number", "a text").unwrap();
    assert_eq!(filebacked::read::<String>(&inner, "number").unwrap(), "a text");
    // Attributes, and arrays.
    let array = NdArray(ndarray::arr2(&[[1.5, 2.5], [3.5, 4.5]]));
    let attrs = BTreeMap::from([("unit", "hPa")]);
    filebacked::write(group, "array", &WithAttrs { value: array.clone(), attrs }).unwrap();
    assert_eq!(filebacked::read::<NdArray<f64, ndarray::Ix2>>(group, "array").unwrap(), array);
    // Records that are appended.
    let mut appender = Appender::<(u32, String)>::create(group, "appended").unwrap();
    appender.extend((0..10).map(|number| (number, number.to_string()))).unwrap();
    appender.finish().unwrap();
    let mut appender = Appender::<(u32, String)>::open(group, "appended").unwrap();
    appender.push(&(10, "ten".to_owned())).unwrap();
    appender.finish().unwrap();
    assert_eq!(Reader::<(u32, String)>::open(group, "appended").unwrap().get(10).unwrap(), (10, "ten".to_owned()));
    // Lazy values: copied as a whole, and saved.
    let lazy: Lazy<Value> = filebacked::read(group, "inner").unwrap();
    filebacked::write(group, "copy", &lazy).unwrap();
    assert_eq!(filebacked::read::<Value>(group, "copy").unwrap(), *lazy.get().unwrap());
    filebacked::write(group, "map", &BTreeMap::from([("a", 1), ("b", 2)])).unwrap();
    let mut map: LazyMap<String, Value> = filebacked::read(group, "map").unwrap();
    map.insert("a".to_owned(), json!("another"));
    map.insert("c".to_owned(), json!([1, 2, 3]));
    map.remove("b");
    map.save().unwrap();
    assert_eq!(filebacked::read::<Value>(group, "map").unwrap(), json!({"a": "another", "c": [1, 2, 3]}));
    assert!(filebacked::tree(group).unwrap().to_string().contains("appended"));
}

/// Groups whose handles have no path: no link leads to them any more, or they were not opened by one.
#[test]
fn groups_without_a_path() {
    for tracked in [false, true] {
        let file = memory(&format!("pathless-{tracked}"));
        let make = |name: &str| {
            if tracked {
                filebacked::write(&file, name, &BTreeMap::<String, u8>::new()).unwrap();
                file.group(name).unwrap()
            } else {
                file.create_group(name).unwrap()
            }
        };
        let group = make("unlinked");
        file.unlink("unlinked").unwrap();
        work_with(&group);
        // Another call has put something else there.
        let group = make("replaced");
        WriteOptions::new().overwrite(true).write(&file, "replaced", &1).unwrap();
        work_with(&group);
        let group = make("replaced by a group");
        WriteOptions::new().overwrite(true).write(&file, "replaced by a group", &json!({"x": {"y": 1}})).unwrap();
        work_with(&group);
        assert_eq!(filebacked::read::<Value>(&file, "replaced by a group").unwrap(), json!({"x": {"y": 1}}));
        // Opened by a reference, and found by no name; and with a link that its handle does not know of.
        make("referred to");
        let reference = file.reference::<ObjectReference1>("referred to").unwrap();
        let ReferencedObject::Group(group) = file.dereference(&reference).unwrap() else { panic!("a group") };
        work_with(&group);
        assert_eq!(filebacked::read::<f64>(&file.group("referred to").unwrap(), "inner/list").ok(), None);
        let group = make("renamed");
        file.link_hard("renamed", "further").unwrap();
        file.unlink("renamed").unwrap();
        work_with(&group);
        assert!(file.group("further").unwrap().link_exists("appended"));
        // Reached by a path through a link that goes away.
        make("behind");
        file.link_soft("/behind", "way").unwrap();
        let group = file.group("way").unwrap();
        file.unlink("way").unwrap();
        work_with(&group);
        assert!(file.group("behind").unwrap().link_exists("appended"));
    }
}
