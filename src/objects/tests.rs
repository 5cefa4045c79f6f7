use hdf5::types::VarLenUnicode;
use ndarray::Array2;

use super::*;
use crate::{ErrorKind, ReadOptions, Value, WriteOptions};

fn file() -> (tempfile::TempDir, hdf5::File) {
    let folder = tempfile::tempdir().unwrap();
    let file = hdf5::File::create(folder.path().join("run.h5")).unwrap();
    (folder, file)
}

fn dataset(group: &Group, name: &str) -> Dataset {
    match group.open_path(name).unwrap() {
        Object::Dataset(dataset) => dataset,
        other => panic!("{other:?}"),
    }
}

fn integers(items: &Items) -> Vec<i128> {
    let integer = |item| match item {
        Ok(Scalar::Integer(value)) => value,
        _ => panic!("no integer"),
    };
    items.iter().map(integer).collect()
}

#[test]
fn links_of_every_sort() {
    let (_folder, file) = file();
    file.create_group("a/b").unwrap();
    file.link_soft("/a/b", "soft").unwrap();
    file.link_soft("/nowhere", "dangling").unwrap();
    file.link_hard("a", "again").unwrap();
    file.link_external("other.h5", "there", "external").unwrap();
    let root = Group::of(&file).unwrap();
    let kinds: Vec<_> = root.links().unwrap().into_iter().map(|link| (link.name, link.kind)).collect();
    let expected = [
        ("a", LinkKind::Hard),
        ("again", LinkKind::Hard),
        ("dangling", LinkKind::Soft("/nowhere".to_owned())),
        ("external", LinkKind::External { file: "other.h5".to_owned(), path: "there".to_owned() }),
        ("soft", LinkKind::Soft("/a/b".to_owned())),
    ];
    let mut sorted = kinds;
    sorted.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(sorted, expected.map(|(name, kind)| (name.to_owned(), kind)));
    let id = |path: &str| root.open_path(path).unwrap().id().unwrap();
    assert_eq!((id("a"), id("soft")), (id("again"), id("/a/b")));
    assert_ne!(id("a"), id("a/b"));
    assert_eq!(root.open_path("a").unwrap().link_count().unwrap(), 2);
    assert_eq!(root.open("soft").unwrap().path(), "/soft");
    assert_eq!(root.open("dangling").unwrap_err().hdf5_path(), "/dangling");
    let refused = root.open("external").unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Limit, "{refused}");
    assert_eq!(root.open("nothing").unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn parts_are_what_they_are() {
    let (_folder, file) = file();
    let grid = Array2::from_shape_fn((9, 7), |(row, column)| (10 * row + column) as i32);
    let options = [WriteOptions::new(), WriteOptions::new().chunk([4, 3]).deflate(1).above(0)];
    for (number, options) in options.iter().enumerate() {
        options.write(&file, &format!("grid{number}"), &grid).unwrap();
    }
    let root = Group::of(&file).unwrap();
    for name in ["grid0", "grid1"] {
        let grid = dataset(&root, name);
        assert_eq!((grid.dims(), grid.len()), (Some(&[9, 7][..]), 63));
        for (start, step, count) in [
            ([0, 0], [1, 1], [9, 7]),
            ([2, 1], [1, 1], [3, 2]),
            ([1, 0], [3, 2], [3, 4]),
            ([8, 6], [5, 9], [1, 1]),
            ([0, 0], [2, 1], [0, 7]),
        ] {
            let items = grid.read_steps(&start, &step, &count).unwrap();
            let along = |axis: usize| (0..count[axis]).map(move |at: u64| i128::from(start[axis] + at * step[axis]));
            let expected: Vec<_> = along(0).flat_map(|row| along(1).map(move |column| 10 * row + column)).collect();
            assert_eq!(integers(&items), expected, "{name}: {start:?} {step:?} {count:?}");
        }
        for (start, step, count) in
            [([0, 0], [1, 1], [10, 1]), ([9, 0], [1, 1], [1, 1]), ([0, 0], [0, 1], [1, 1]), ([1, 0], [4, 1], [3, 1])]
        {
            let error = grid.read_steps(&start, &step, &count).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::OutOfRange, "{error}");
        }
        assert_eq!(grid.read(&[0], &[1]).unwrap_err().kind(), ErrorKind::OutOfRange);
    }
    let storage = dataset(&root, "grid1").storage().unwrap();
    assert_eq!((storage.layout, storage.chunk, storage.bytes), (Layout::Chunked, Some(vec![4, 3]), 252));
    assert_eq!(storage.filters, ["shuffle", "deflate(1)"]);
}

#[test]
fn fields_of_records() {
    let (_folder, file) = file();
    let record = |id: u8, x: f64, count: i64| {
        let inner = Value::from_iter([("x", Value::from(x)), ("count", Value::from(count))]);
        Value::from_iter([("id", Value::from(id)), ("inner", inner)])
    };
    crate::write(&file, "records", &Value::from(vec![record(1, 2.5, 3), record(4, 5.5, 6)])).unwrap();
    let root = Group::of(&file).unwrap();
    let records = dataset(&root, "records");
    assert_eq!(integers(&records.field(&["id"]).unwrap().read_all().unwrap()), [1, 4]);
    assert_eq!(integers(&records.field(&["inner", "count"]).unwrap().read(&[1], &[1]).unwrap()), [6]);
    let inner = records.field(&["inner"]).unwrap();
    let TypeClass::Record(fields) = inner.element_type().class() else { panic!("no record") };
    assert_eq!(fields.len(), 2);
    for names in [&["x"][..], &["id", "x"], &["inner", "y"]] {
        assert_eq!(records.field(names).unwrap_err().kind(), ErrorKind::NotFound, "{names:?}");
    }
}

#[test]
fn attributes_and_references() {
    let (_folder, file) = file();
    let group = file.create_group("group").unwrap();
    group.new_attr::<i16>().shape([2, 2]).create("grid").unwrap().write_raw(&[1_i16, 2, 3, 4]).unwrap();
    group
        .new_attr::<VarLenUnicode>()
        .create("text")
        .unwrap()
        .write_scalar(&"words".parse::<VarLenUnicode>().unwrap())
        .unwrap();
    let reference = file.reference::<hdf5::ObjectReference1>("group").unwrap();
    file.new_dataset::<hdf5::ObjectReference1>()
        .shape(2)
        .create("references")
        .unwrap()
        .write_slice(&[reference], 0..1)
        .unwrap();
    let root = Group::of(&file).unwrap();
    let Object::Group(group) = root.open("group").unwrap() else { panic!("no group") };
    assert_eq!(group.attribute_names().unwrap(), ["grid", "text"]);
    let grid = group.attribute("grid").unwrap().unwrap();
    assert_eq!((grid.dims(), integers(grid.items())), (Some(&[2, 2][..]), vec![1, 2, 3, 4]));
    let text = group.attribute("text").unwrap().unwrap();
    assert!(matches!(text.items().elements().get(0), Ok(Scalar::Text("words"))));
    assert!(group.attribute("nothing").unwrap().is_none());
    let references = dataset(&root, "references").read_all().unwrap();
    let found: Vec<_> = references
        .iter()
        .map(|item| match item {
            Ok(Scalar::Reference(reference)) => (reference.address(), reference.path()),
            _ => panic!("no reference"),
        })
        .collect();
    assert_eq!(found, [(group.id().unwrap().address(), Some("/group".to_owned())), (0, None)]);
}

/// Each call is within the limits, and says where it was.
#[test]
fn limits_hold() {
    let (folder, file) = file();
    crate::write(&file, "text", &"long".repeat(1000)).unwrap();
    file.new_dataset::<u8>().shape(1 << 30).chunk(1 << 20).create("unwritten").unwrap();
    file.close().unwrap();
    let path = folder.path().join("run.h5");
    let root = Group::open_file(&path).unwrap();
    let error = root.open("unwritten").unwrap_err();
    assert_eq!((error.kind(), error.hdf5_path().as_str()), (ErrorKind::Limit, "/unwritten"));
    assert!(error.to_string().contains(&format!("file `{}`", path.display())), "{error}");
    let open = ReadOptions::new().max_expansion(u64::MAX).objects_file(&path).unwrap();
    assert_eq!(integers(&dataset(&open, "unwritten").read(&[7], &[2]).unwrap()), [0, 0]);
    assert_eq!(ErrorKind::Io, Group::open_file(folder.path().join("none.h5")).unwrap_err().kind());
}
