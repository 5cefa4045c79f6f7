//! Maps on top of what is stored.

use std::collections::BTreeMap;

use filebacked::{
    ErrorKind, Lazy, LazyMap, Maps, NdArray, WriteOptions, from_file, from_slice, hdf5, to_file, to_vec, write,
};
use ndarray::{Array1, Ix1, array, s};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{check_tree, reread, tree};
use crate::common::memory;

type Arrays = LazyMap<String, NdArray<f64, Ix1>>;

fn arrays(count: usize) -> BTreeMap<String, NdArray<f64, Ix1>> {
    (0..count).map(|index| (format!("key {index}"), NdArray(Array1::from_elem(10, index as f64)))).collect()
}

fn keys<V>(map: &LazyMap<String, V>) -> Vec<&str> {
    map.keys().map(String::as_str).collect()
}

#[test]
fn what_is_stored() {
    let mut map: Arrays = reread(&arrays(12));
    assert_eq!((map.len(), map.is_empty()), (12, false));
    assert!(map.contains_key("key 3") && !map.contains_key("key"));
    assert!(map.lazies().all(|(_, value)| !value.is_loaded()));
    assert_eq!(map.get("key 3").unwrap().unwrap()[0], 3.0);
    assert_eq!(map.lazies().filter(|(_, value)| value.is_loaded()).count(), 1);
    assert!(map.get("key").unwrap().is_none());
    assert_eq!(map.lazy("key 4").unwrap().slice(s![..2]).unwrap(), array![4.0, 4.0]);
    assert_eq!(map.iter().map(|entry| entry.unwrap().1[9]).sum::<f64>(), 66.0);
    assert!(!map.is_changed());

    assert!(map.insert("new".to_owned(), NdArray(array![0.5])).is_none());
    let before = map.insert("key 5".to_owned(), NdArray(array![1.5])).unwrap();
    assert_eq!(before.load().unwrap()[0], 5.0);
    assert_eq!(map.remove("key 6").unwrap().load().unwrap()[0], 6.0);
    assert!(map.remove("key 6").is_none() && map.get_mut("key 6").unwrap().is_none());
    map.get_mut("key 7").unwrap().unwrap()[0] = -7.0;
    assert!(map.is_changed());
    assert_eq!((map.len(), keys(&map).last().copied()), (12, Some("new")));
    let expected: BTreeMap<String, NdArray<f64, Ix1>> =
        map.iter().map(|entry| entry.unwrap()).map(|(k, v)| (k.clone(), v.clone())).collect();
    assert_eq!((expected["key 5"][0], expected["key 7"][0], expected["key 8"][0]), (1.5, -7.0, 8.0));
    assert_eq!(reread::<_, BTreeMap<String, NdArray<f64, Ix1>>>(&map), expected);
}

#[test]
fn keys_of_all_sorts() {
    #[derive(Serialize, Deserialize, PartialEq, Eq, Hash, Debug, Clone, PartialOrd, Ord)]
    enum Side {
        Left,
        Right,
    }
    let numbers: LazyMap<i64, f64> = reread(&json!({"-3": 0.5, "17": 1.5}));
    assert_eq!(numbers.keys().copied().collect::<Vec<_>>(), [-3, 17]);
    assert_eq!(numbers.get(&17).unwrap(), Some(&1.5));
    let odd: LazyMap<String, u8> = reread(&BTreeMap::from([("", 1), (".", 2), ("a/b", 3), ("%", 4)]));
    assert_eq!(keys(&odd), ["", "%", ".", "a/b"]);
    assert_eq!(odd.get("a/b").unwrap(), Some(&3));
    let sides: LazyMap<Side, u8> = reread(&BTreeMap::from([(Side::Right, 1), (Side::Left, 2)]));
    assert_eq!(sides.get(&Side::Left).unwrap(), Some(&2));
    let sides: LazyMap<Side, Vec<u8>> = LazyMap::from_iter([(Side::Right, vec![1])]);
    assert_eq!(reread::<_, LazyMap<Side, Vec<u8>>>(&sides).get(&Side::Right).unwrap(), Some(&vec![1]));

    // Keys that are no link names: the values are parts of one sequence, and lazy all the same.
    let pairs = BTreeMap::from([((1, 2), vec![1.5]), ((3, 4), vec![])]);
    let map: LazyMap<(i32, i32), Vec<f64>> = reread(&pairs);
    assert!(map.lazies().all(|(_, value)| !value.is_loaded()));
    let mut map: LazyMap<(i32, i32), Vec<f64>> = reread(&map);
    assert!(map.lazies().all(|(_, value)| !value.is_loaded()));
    assert_eq!(reread::<_, BTreeMap<(i32, i32), Vec<f64>>>(&map), pairs);
    map.save().unwrap();
    map.insert((5, 6), vec![]);
    assert_eq!(map.save().unwrap_err().kind(), ErrorKind::Unsupported);
    // Values that are objects are lazy, and the map is there at once.
    let arrays = BTreeMap::from([((1, 2), NdArray(array![1.5])), ((3, 4), NdArray(array![2.5, 3.5]))]);
    let map: LazyMap<(i32, i32), NdArray<f64, Ix1>> = reread(&arrays);
    assert!(map.lazies().all(|(_, value)| !value.is_loaded()));
    assert_eq!(map.lazy(&(3, 4)).unwrap().shape().unwrap(), [2]);
    assert_eq!(reread::<_, BTreeMap<(i32, i32), NdArray<f64, Ix1>>>(&map), arrays);

    // Keys that are none, or the same.
    let image = to_vec(&BTreeMap::from([("1", 1), ("x", 2)])).unwrap();
    let error = from_slice::<LazyMap<u8, u8>>(&image).unwrap_err();
    assert_eq!((error.kind(), error.hdf5_path()), (ErrorKind::BadKey, "/x".to_owned()));
    let image = to_vec(&BTreeMap::from([("+1", 1), ("1", 2)])).unwrap();
    let error = from_slice::<LazyMap<u8, u8>>(&image).unwrap_err();
    assert_eq!(error.to_string(), "the key \"1\" is the same as another; HDF5 path `/1`");
    assert_eq!(from_slice::<LazyMap<u8, u8>>(&to_vec(&1.5).unwrap()).unwrap_err().kind(), ErrorKind::WrongType);
}

#[derive(Serialize, Deserialize, Debug)]
struct Study {
    name: String,
    cases: LazyMap<u32, Case>,
    none: Option<LazyMap<String, u8>>,
    empty: LazyMap<String, u8>,
    list: Vec<LazyMap<String, Vec<f64>>>,
    payload: Payload,
}

#[derive(Serialize, Deserialize, Debug)]
enum Payload {
    Map(LazyMap<String, u8>),
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Case {
    load: f64,
    steps: Vec<u32>,
}

fn case(load: f64) -> Case {
    Case { load, steps: vec![1, 2, 3] }
}

#[test]
fn in_values_and_other_formats() {
    let study = Study {
        name: "plate".to_owned(),
        cases: LazyMap::from_iter([(3, case(3.5)), (1, case(1.5))]),
        none: None,
        empty: LazyMap::new(),
        list: vec![LazyMap::from_iter([("a".to_owned(), vec![0.5])]), LazyMap::default()],
        payload: Payload::Map(LazyMap::from_iter([("x".to_owned(), 1)])),
    };
    let on_disk = tree(&study);
    let back: Study = reread(&study);
    assert_eq!(tree(&back), on_disk);
    assert_eq!(format!("{:?}", back.cases), "{3: Lazy(not loaded), 1: Lazy(not loaded)}");
    assert_eq!(back.cases.get(&3).unwrap(), Some(&case(3.5)));
    assert_eq!(tree(&back), on_disk);
    let json = serde_json::to_value(&back).unwrap();
    assert_eq!(json, serde_json::to_value(&study).unwrap());
    assert_eq!(json["cases"], json!({"3": {"load": 3.5, "steps": [1, 2, 3]}, "1": {"load": 1.5, "steps": [1, 2, 3]}}));
    let from_json: Study = serde_json::from_value(json).unwrap();
    assert_eq!(tree(&from_json).lines().count(), on_disk.lines().count());
    let config = bincode::config::standard();
    let bytes = bincode::serde::encode_to_vec(&back, config).unwrap();
    let from_bincode: Study = bincode::serde::decode_from_slice(&bytes, config).unwrap().0;
    assert_eq!(tree(&from_bincode), on_disk);
    // Lazy maps are values of lazy maps, and lazy.
    let nested: LazyMap<String, LazyMap<u8, f64>> = reread(&json!({"a": {"1": 1.5}, "b": {}}));
    assert_eq!(nested.get("a").unwrap().unwrap().get(&1).unwrap(), Some(&1.5));
    let lazy: Lazy<LazyMap<String, LazyMap<u8, f64>>> = reread(&vec![&nested].pop());
    assert_eq!(lazy.get().unwrap().get("a").unwrap().unwrap().get(&1).unwrap(), Some(&1.5));
}

/// Where the objects of a group are in the file.
fn addresses(group: &hdf5::Group) -> BTreeMap<String, String> {
    let names = group.member_names().unwrap();
    names
        .into_iter()
        .map(|name| (name.clone(), format!("{:?}", group.loc_info_by_name(&name).unwrap().token)))
        .collect()
}

#[test]
fn saving_writes_what_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cases.h5");
    to_file(&path, &BTreeMap::from([("cases", arrays(12)), ("other", arrays(1))])).unwrap();
    let file = hdf5::File::open_rw(&path).unwrap();
    let group = file.group("cases").unwrap();
    group.new_attr::<u8>().create("kept").unwrap().write_scalar(&1_u8).unwrap();
    let before = addresses(&group);

    let mut map: Arrays = filebacked::read(&file, "cases").unwrap();
    map.save().unwrap();
    assert_eq!(addresses(&group), before);
    map.get("key 1").unwrap();
    map.insert("new".to_owned(), NdArray(array![0.5]));
    let replaced = map.insert("key 5".to_owned(), NdArray(array![1.5])).unwrap();
    let removed = map.remove("key 6").unwrap();
    map.get_mut("key 7").unwrap().unwrap()[0] = -7.0;
    map.insert("gone".to_owned(), NdArray(array![0.5]));
    map.remove("gone");
    map.remove("key 8");
    map.insert("key 8".to_owned(), NdArray(array![8.5]));
    map.save().unwrap();
    assert!(!map.is_changed());

    let after = addresses(&group);
    for name in ["key 0", "key 1", "key 2", "key 3", "key 4", "key 9", "key 10", "key 11"] {
        assert_eq!(after[name], before[name], "{name}");
    }
    for name in ["key 5", "key 7", "key 8"] {
        assert_ne!(after[name], before[name], "{name}");
    }
    let order =
        ["key 0", "key 1", "key 10", "key 11", "key 2", "key 3", "key 4", "key 9", "key 5", "key 7", "key 8", "new"];
    let mut sorted = keys(&map);
    assert_eq!(sorted[..8], order[..8]);
    sorted.sort_unstable();
    let mut expected = order.to_vec();
    expected.sort_unstable();
    assert_eq!(sorted, expected);
    // What was replaced or removed is still there for who has it.
    assert_eq!((replaced.load().unwrap()[0], removed.load().unwrap()[0]), (5.0, 6.0));
    drop((replaced, removed));

    let again: Arrays = filebacked::read(&file, "cases").unwrap();
    assert_eq!(keys(&again), keys(&map));
    for (key, value) in [("key 5", 1.5), ("key 7", -7.0), ("key 8", 8.5), ("new", 0.5), ("key 3", 3.0)] {
        assert_eq!(again.get(key).unwrap().unwrap()[0], value);
        assert_eq!(map.get(key).unwrap().unwrap()[0], value);
    }
    // A map that was saved can be changed and saved again.
    map.get_mut("new").unwrap().unwrap()[0] = 9.5;
    map.remove("key 5");
    map.save().unwrap();
    drop((again, map));
    drop((group, file));
    let back: Arrays = filebacked::read(hdf5::File::open(&path).unwrap(), "cases").unwrap();
    assert_eq!((back.len(), back.get("new").unwrap().unwrap()[0]), (11, 9.5));
    assert_eq!(
        hdf5::File::open(&path).unwrap().group("cases").unwrap().attr("kept").unwrap().read_scalar::<u8>().unwrap(),
        1
    );
}

#[test]
fn saving_to_the_root_and_from_the_python_package() {
    let file = memory();
    file.new_attr::<u8>().create("module").unwrap().write_scalar(&1_u8).unwrap();
    for (key, value) in [("2", 2.5), ("10", 10.5), ("-1", -1.5)] {
        filebacked::write(&file, key, &value).unwrap();
    }
    let mut map: LazyMap<i32, f64> = filebacked::from_group(&file).unwrap();
    assert_eq!(map.len(), 3);
    map.insert(7, 7.5);
    map.remove(&10);
    map.save().unwrap();
    let mut names = file.member_names().unwrap();
    names.sort();
    assert_eq!(names, ["-1", "2", "7"]);
    // Written elsewhere, it keeps the attributes of the group.
    check_tree(&map.get(&7).map(|_| &map).unwrap(), &tree(&reread::<_, Lazy<LazyMap<i32, f64>>>(&map)));
    assert!(tree(&map).contains("@module"), "{}", tree(&map));
    let whole: LazyMap<i32, f64> = filebacked::from_group(&file).unwrap();
    assert!(tree(&whole).contains("@module"));
}

/// A value that cannot be written, if it is negative.
#[derive(Deserialize, Debug, Clone)]
struct Picky(f64);

impl Serialize for Picky {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 < 0.0 { Err(serde::ser::Error::custom("a negative value")) } else { serializer.serialize_f64(self.0) }
    }
}

#[test]
fn saving_that_fails() {
    let file = memory();
    filebacked::write(&file, "map", &BTreeMap::from([("a", 1.5), ("b", 2.5), ("c", 3.5)])).unwrap();
    let group = file.group("map").unwrap();
    let before = addresses(&group);
    let mut map: LazyMap<String, Picky> = filebacked::read(&file, "map").unwrap();
    map.insert("a".to_owned(), Picky(7.5));
    map.insert("d".to_owned(), Picky(4.5));
    map.insert("e".to_owned(), Picky(-1.0));
    map.remove("b");
    let error = map.save().unwrap_err();
    assert!(error.to_string().starts_with("a negative value; at `e`, HDF5 path `/map/e`"), "{error}");
    assert_eq!(addresses(&group), before);
    assert!(map.is_changed());
    // A name that somebody else took.
    map.remove("e");
    filebacked::write(&group, "d", &0.5).unwrap();
    let error = map.save().unwrap_err();
    assert_eq!((error.kind(), error.hdf5_path()), (ErrorKind::AlreadyExists, "/map/d".to_owned()));
    assert_eq!(group.len(), 4);
    group.unlink("d").unwrap();
    map.save().unwrap();
    let names: Vec<_> = filebacked::read::<LazyMap<String, f64>>(&file, "map").unwrap().keys().cloned().collect();
    assert_eq!(names.len(), 3);
    assert_eq!(filebacked::read::<BTreeMap<String, f64>>(&file, "map").unwrap()["a"], 7.5);

    // Nowhere to save to.
    let mut map = LazyMap::from_iter([(1, 1.5)]);
    assert!(map.save().unwrap_err().to_string().starts_with("a map that was not read from a group of an open file"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("map.h5");
    to_file(&path, &map).unwrap();
    let mut map: LazyMap<i32, f64> = from_file(&path).unwrap();
    map.insert(2, 2.5);
    let error = map.save().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().starts_with("the map was read from a file that is open for reading alone"), "{error}");
    to_file(&path, &map).unwrap();
    assert_eq!(from_file::<BTreeMap<i32, f64>>(&path).unwrap(), BTreeMap::from([(1, 1.5), (2, 2.5)]));
    // Values by which a name leads elsewhere, and links that go.
    let mut map: LazyMap<String, f64> = filebacked::read(&file, "map").unwrap();
    group.unlink("c").unwrap();
    assert_eq!(map.get("c").unwrap_err().kind(), ErrorKind::NotFound);
    map.remove("c");
    map.insert("a".to_owned(), 0.5);
    map.save().unwrap();
    assert_eq!(filebacked::read::<BTreeMap<String, f64>>(&file, "map").unwrap()["a"], 0.5);
}

#[test]
fn soft_links_as_entries() {
    let file = memory();
    filebacked::write(&file, "x", &1.5).unwrap();
    let group = file.create_group("map").unwrap();
    group.link_soft("/x", "soft").unwrap();
    let mut map: LazyMap<String, f64> = filebacked::read(&file, "map").unwrap();
    assert_eq!(map.get("soft").unwrap(), Some(&1.5));
    map.insert("soft".to_owned(), 2.5);
    map.save().unwrap();
    // What the link led to is as it was.
    assert_eq!(filebacked::read::<f64>(&file, "x").unwrap(), 1.5);
    assert_eq!(filebacked::read::<f64>(&group, "soft").unwrap(), 2.5);
}

#[test]
fn many_entries() {
    let many: BTreeMap<u32, f64> = (0..5000).map(|key| (key, f64::from(key))).collect();
    let map: LazyMap<u32, f64> = reread(&many);
    assert!(map.keys().copied().eq(0..5000));
    assert_eq!(reread::<_, BTreeMap<u32, f64>>(&map), many);
    let sum: f64 = map.lazies().map(|(_, value)| value.load().unwrap()).sum();
    assert_eq!(sum, many.values().sum::<f64>());
}

/// Keys are read at once, and values when they are asked for, also where all values are one sequence.
#[test]
fn maps_in_columns() {
    let columns = WriteOptions::new().maps(Maps::Columns);
    let series = |count: usize| -> BTreeMap<String, Vec<f64>> {
        (0..count).map(|n| (format!("station/{n:05}"), vec![n as f64; n % 7])).collect()
    };
    let file = memory();
    columns.write(&file, "series", &series(2000)).unwrap();
    let mut map: LazyMap<String, Vec<f64>> = filebacked::read(&file, "series").unwrap();
    assert_eq!(map.len(), 2000);
    assert!(map.keys().eq(series(2000).keys()));
    assert_eq!(map.get("station/01005").unwrap(), Some(&vec![1005.0; 4]));
    assert_eq!(map.lazies().filter(|(_, value)| value.is_loaded()).count(), 1);
    assert_eq!(map.lazy("station/00001").unwrap().load().unwrap(), [1.0]);
    assert!(!map.is_changed());
    map.save().unwrap();

    // A copy of what did not change is that; and what did is keys and values again.
    let as_stored = |map: &LazyMap<String, Vec<f64>>| {
        file.group("copy").is_ok().then(|| file.unlink("copy").unwrap());
        write(&file, "copy", map).unwrap();
        file.group("copy").unwrap().member_names().unwrap()
    };
    let fresh: LazyMap<String, Vec<f64>> = filebacked::read(&file, "series").unwrap();
    assert_eq!(as_stored(&fresh), ["keys", "values"]);
    map.insert("new".to_owned(), vec![0.5]);
    map.get_mut("station/00002").unwrap().unwrap()[0] = -1.0;
    assert_eq!(map.remove("station/00003").unwrap().load().unwrap(), [3.0; 3]);
    assert!(map.is_changed());
    let error = map.save().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("`WriteOptions::overwrite(true)`"), "{error}");
    assert_eq!(as_stored(&map), ["keys", "values"]);
    WriteOptions::new().overwrite(true).write(&file, "series", &map).unwrap();
    let mut expected = series(2000);
    expected.insert("new".to_owned(), vec![0.5]);
    expected.insert("station/00002".to_owned(), vec![-1.0, 2.0]);
    expected.remove("station/00003");
    assert_eq!(filebacked::read::<BTreeMap<String, Vec<f64>>>(&file, "series").unwrap(), expected);

    // In groups, if that is said; and back.
    WriteOptions::new().maps(Maps::Groups).write(&file, "groups", &map).unwrap();
    assert_eq!(file.group("groups").unwrap().len(), 2000);
    let groups: LazyMap<String, Vec<f64>> = filebacked::read(&file, "groups").unwrap();
    columns.write(&file, "back", &groups).unwrap();
    assert_eq!(file.group("back").unwrap().member_names().unwrap(), ["keys", "values"]);
    assert_eq!(filebacked::read::<BTreeMap<String, Vec<f64>>>(&file, "back").unwrap(), expected);
    assert!(groups.lazies().all(|(_, value)| !value.is_loaded()));

    // Values of other types than one are objects.
    let mut mixed: LazyMap<String, serde_json::Value> = filebacked::read(&file, "groups").unwrap();
    mixed.insert("text".to_owned(), json!("x"));
    columns.write(&file, "mixed", &mixed).unwrap();
    assert_eq!(file.group("mixed").unwrap().len(), 2001);
    // And arrays can be read from rows, though not in parts.
    let rows: BTreeMap<String, Vec<f64>> = (0..3).map(|n| (n.to_string(), vec![f64::from(n); 4])).collect();
    columns.write(&file, "rows", &rows).unwrap();
    let arrays: Arrays = filebacked::read(&file, "rows").unwrap();
    assert_eq!(arrays.lazy("2").unwrap().slice(s![1..3]).unwrap(), array![2.0, 2.0]);
    assert_eq!(arrays.lazy("1").unwrap().shape().unwrap(), [4]);
}

/// Several threads, and values that are read while others are.
#[test]
fn maps_in_columns_from_several_threads() {
    let series: BTreeMap<String, Vec<u64>> = (0..500).map(|n| (n.to_string(), vec![n; n as usize % 9])).collect();
    let image = WriteOptions::new().maps(Maps::Columns).to_vec(&series).unwrap();
    let map: LazyMap<String, Vec<u64>> = from_slice(&image).unwrap();
    std::thread::scope(|scope| {
        for part in 0..4 {
            let (map, series) = (&map, &series);
            scope.spawn(move || {
                for (key, values) in series.iter().skip(part).step_by(3) {
                    assert_eq!(map.lazy(key).unwrap().load().unwrap(), *values);
                }
            });
        }
    });
    let nested = BTreeMap::from([("a", BTreeMap::from([("x", 1.5)])), ("b", BTreeMap::from([("y", 2.5)]))]);
    let image = WriteOptions::new().maps(Maps::Columns).to_vec(&nested).unwrap();
    let outer: LazyMap<String, LazyMap<String, f64>> = from_slice(&image).unwrap();
    assert_eq!(outer.get("b").unwrap().unwrap().get("y").unwrap(), Some(&2.5));
    let skipped =
        filebacked::ReadOptions::new().skip(["a"]).from_slice::<LazyMap<String, BTreeMap<String, f64>>>(&image);
    assert!(skipped.unwrap().keys().eq(["b"]));
}
