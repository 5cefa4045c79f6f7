//! B-trees of version 2 and the heaps that go with them: large groups, many attributes, chunks of datasets without end. What
//! libhdf5 wrote is read; where a header lies, there is an error, whatever is done with the object. libhdf5 itself would
//! look beyond its memory.

use std::collections::BTreeMap;
use std::path::Path;

use filebacked::hdf5::plist::group_create::{AttrCreationOrder, LinkCreationOrder};
use filebacked::hdf5::sync::sync;
use filebacked::hdf5::{Datatype, File, ObjectReference1};
use filebacked::{Appender, ErrorKind, Lazy, LazyMap, NdArray, Result, WithAttrs, WriteOptions};
use hdf5_sys::h5p::H5P_DEFAULT;
use hdf5_sys::{h5a, h5d, h5s};
use ndarray::{Array1, Array2, Ix1, Ix2};
use serde_json::{Value, json};

use crate::common::checksums::{checked_blocks, mend};

const LINKS: usize = 3000;
const ATTRIBUTES: usize = 200;

/// Objects that libhdf5 finds the parts of by B-trees, each in a file of its own.
const KINDS: [&str; 4] = ["links", "attributes", "chunks", "filtered chunks"];

/// A file in which `node` is one of the kinds.
fn written(path: &Path, kind: &str) -> File {
    let file = File::with_options().with_fapl(|list| list.libver_v110()).create(path).unwrap();
    let numbers = Array2::from_shape_fn((20, 20), |(row, column)| (20 * row + column) as i32);
    match kind {
        "links" => {
            let node = file.create_group_builder();
            let node =
                node.with_gcpl(|list| list.link_creation_order(LinkCreationOrder::Indexed)).create("node").unwrap();
            let one = node.create_group("group").unwrap();
            one.new_dataset::<i32>().create("one").unwrap().write_scalar(&1).unwrap();
            (0..LINKS).for_each(|index| node.link_hard("group/one", &format!("link {index}")).unwrap());
            (0..LINKS).step_by(3).for_each(|index| node.unlink(&format!("link {index}")).unwrap());
        }
        "attributes" => {
            let node = file.new_dataset::<i32>().shape(3);
            let node = node.with_dcpl(|list| list.attr_creation_order(AttrCreationOrder::Indexed));
            let node = node.create("node").unwrap();
            node.write(&Array1::from(vec![1, 2, 3])).unwrap();
            for index in 0..ATTRIBUTES {
                let attribute = node.new_attr::<u32>().create(&*format!("attribute {index}")).unwrap();
                attribute.write_scalar(&(index as u32)).unwrap();
            }
            // One that the heap has apart.
            let large = node.new_attr::<f64>().shape(5000).create("large").unwrap();
            large.write(&Array1::<f64>::ones(5000)).unwrap();
        }
        kind => {
            let node = file.new_dataset::<i32>().chunk((1, 1)).shape((20.., 20..));
            let node = if kind == "filtered chunks" { node.deflate(1) } else { node };
            node.create("node").unwrap().write(&numbers).unwrap();
        }
    }
    file.link_soft("node/link 1", "soft").unwrap();
    file
}

/// Reads what [`written`] wrote, and makes sure that it is that.
fn read_back(file: &File, name: &str, kind: &str) {
    match kind {
        "links" => {
            let map: BTreeMap<String, Value> = filebacked::read(file, name).unwrap();
            assert_eq!(map.len(), 1 + LINKS - LINKS.div_ceil(3));
            assert_eq!(map["link 2999"], json!(1));
        }
        "attributes" => {
            type Marked = WithAttrs<Vec<i32>, BTreeMap<String, Value>>;
            let marked: Marked = filebacked::read(file, name).unwrap();
            assert_eq!((&marked.value[..], marked.attrs.len()), (&[1, 2, 3][..], ATTRIBUTES + 1));
            assert_eq!(marked.attrs["attribute 199"], json!(199));
        }
        _ => {
            let array: NdArray<i32, Ix2> = filebacked::read(file, name).unwrap();
            assert_eq!((array.0[[19, 19]], array.0[[3, 4]]), (399, 64));
        }
    }
}

#[test]
fn what_libhdf5_wrote_is_read() {
    let folder = tempfile::tempdir().unwrap();
    for kind in KINDS {
        let path = folder.path().join("sound.h5");
        // While it is open for writing, and libhdf5 has not written it out; then by itself, and from memory.
        read_back(&written(&path, kind), "node", kind);
        read_back(&File::open(&path).unwrap(), "node", kind);
        filebacked::from_slice::<LazyMap<String, Value>>(&std::fs::read(&path).unwrap()).unwrap();
        // A copy by libhdf5, into the same file and into another.
        let file = File::open_rw(&path).unwrap();
        let lazy: Lazy<Value> = filebacked::read(&file, "node").unwrap();
        filebacked::write(&file, "again", &lazy).unwrap();
        read_back(&file, "again", kind);
        drop(file);
        let copy = folder.path().join("copy.h5");
        filebacked::to_file(&copy, &filebacked::from_file::<Lazy<Value>>(&path).unwrap()).unwrap();
        read_back(&File::open(&copy).unwrap(), "node", kind);
    }
}

type Work = fn(&Path) -> Result<()>;

/// What is done with `node`, or on the way to it.
const WORK: &[(&str, Work)] = &[
    ("read", |path| filebacked::read_at::<Value>(path, "node").map(drop)),
    ("read a part", |path| filebacked::read_at::<Value>(path, "node/link 1").map(drop)),
    ("read an array", |path| filebacked::read_at::<NdArray<i32, Ix1>>(path, "node").map(drop)),
    ("read from memory", |path| filebacked::from_slice::<Value>(&std::fs::read(path).unwrap()).map(drop)),
    ("read on the way of a soft link", |path| filebacked::read_at::<Value>(path, "soft").map(drop)),
    ("read the file for writing", |path| filebacked::read::<Value>(&File::open_rw(path).unwrap(), "node").map(drop)),
    ("copy", |path| {
        filebacked::read_at::<Lazy<Value>>(path, "node").and_then(|lazy| filebacked::to_vec(&lazy).map(drop))
    }),
    ("copy the file", |path| {
        filebacked::from_file::<Lazy<Value>>(path).and_then(|lazy| filebacked::to_vec(&lazy).map(drop))
    }),
    ("copy within the file", |path| {
        let file = File::open_rw(path).unwrap();
        let lazy = filebacked::from_group::<Lazy<Value>>(&file)?;
        filebacked::write(&file, "copy", &lazy)
    }),
    ("write into it", |path| filebacked::write_at(path, "node/new", &1)),
    ("replace it", |path| WriteOptions::new().overwrite(true).write_at(path, "node", &json!({"new": 1}))),
    ("replace a part of it", |path| WriteOptions::new().overwrite(true).write_at(path, "node/link 1", &[1, 2])),
    ("append to it", |path| Appender::<i32>::open(File::open_rw(path).unwrap(), "node").map(drop)),
];

/// Attributes that are not kept in a heap make the header of an object long.
#[test]
fn headers_of_many_parts() {
    let attrs: BTreeMap<String, u32> = (0..6000).map(|index| (format!("attribute {index}"), index)).collect();
    let value = WithAttrs { value: vec!["short".to_owned(), "much longer".repeat(20)], attrs };
    let image = filebacked::to_vec(&BTreeMap::from([("node", &value)])).unwrap();
    type Marked = WithAttrs<Vec<String>, BTreeMap<String, u32>>;
    let read = filebacked::from_slice::<BTreeMap<String, Marked>>(&image).unwrap();
    assert!(read["node"].value == value.value && read["node"].attrs == value.attrs);
    let copy = filebacked::to_vec(&filebacked::from_slice::<Lazy<Value>>(&image).unwrap()).unwrap();
    let read = filebacked::from_slice::<BTreeMap<String, Marked>>(&copy).unwrap();
    assert!(read["node"].value == value.value && read["node"].attrs == value.attrs);
}

#[test]
fn headers_that_lie() {
    let folder = tempfile::tempdir().unwrap();
    let (path, lie) = (folder.path().join("sound.h5"), folder.path().join("lie.h5"));
    // What the block begins with, where something else is written, how many bytes, and what.
    let edits: &[(&[u8; 4], usize, usize, u64)] = &[
        // The kind of tree, bytes of a node and of a record, depth, and the number of records in the root and in all.
        (b"BTHD", 5, 1, 3),
        (b"BTHD", 5, 1, 7),
        (b"BTHD", 6, 4, 0),
        (b"BTHD", 6, 4, 19),
        (b"BTHD", 6, 4, 0xffff_ffff),
        (b"BTHD", 10, 2, 0),
        (b"BTHD", 10, 2, 1),
        (b"BTHD", 10, 2, 0xffff),
        (b"BTHD", 12, 2, 60),
        (b"BTHD", 12, 2, 0xffff),
        (b"BTHD", 24, 2, 0xffff),
        (b"BTHD", 24, 2, 500),
        (b"BTHD", 26, 8, 1 << 40),
        // Bytes of an identifier, largest object, width, smallest and largest block, bits of an offset, rows of the root.
        (b"FRHP", 5, 2, 6),
        (b"FRHP", 5, 2, 0xffff),
        (b"FRHP", 10, 4, 0xffff_ffff),
        (b"FRHP", 46, 8, 1 << 40),
        (b"FRHP", 110, 2, 0),
        (b"FRHP", 110, 2, 3),
        (b"FRHP", 112, 8, 0),
        (b"FRHP", 112, 8, 8),
        (b"FRHP", 112, 8, 1 << 33),
        (b"FRHP", 120, 8, 1 << 60),
        (b"FRHP", 128, 2, 3),
        (b"FRHP", 128, 2, 0xffff),
        (b"FRHP", 140, 2, 0xffff),
        // Where in the heap a block is.
        (b"FHDB", 13, 4, 0xffff_ffff),
        (b"FHIB", 13, 4, 0xffff_ffff),
    ];
    let mut met = BTreeMap::new();
    for kind in KINDS {
        drop(written(&path, kind));
        let image = std::fs::read(&path).unwrap();
        let blocks = checked_blocks(&image);
        for (signature, at, size, value) in edits {
            // Direct blocks have no checksum that libhdf5 looks at.
            let starts = (0..image.len()).filter(|start| image[*start..].starts_with(*signature));
            // How many chunks there are in all is of no matter.
            let is_counted = !kind.ends_with("chunks") || (*signature, *at) != (b"BTHD", 26);
            for start in starts.take(3).filter(|_| is_counted) {
                let mut image = image.clone();
                image[start + at..start + at + size].copy_from_slice(&value.to_le_bytes()[..*size]);
                if let Some(block) = blocks.iter().find(|block| block.start == start) {
                    mend(&mut image, block);
                }
                let what = format!("{kind}: {} at {at}: {value}", String::from_utf8_lossy(*signature));
                for (doing, work) in WORK {
                    // What is done with one changes it.
                    std::fs::write(&lie, &image).unwrap();
                    is_refused(work(&lie), &format!("{what}: {doing}"));
                }
                *met.entry((kind, *signature)).or_insert(0) += 1;
            }
        }
    }
    let found: Vec<_> = met.keys().map(|(kind, what)| format!("{kind} {}", String::from_utf8_lossy(*what))).collect();
    let all = [
        "attributes BTHD",
        "attributes FHDB",
        "attributes FHIB",
        "attributes FRHP",
        "chunks BTHD",
        "filtered chunks BTHD",
        "links BTHD",
        "links FHDB",
        "links FHIB",
        "links FRHP",
    ];
    assert_eq!(found, all);
}

#[track_caller]
fn is_refused(done: Result<()>, what: &str) {
    let error = done.expect_err(what);
    assert!(error.kind() == ErrorKind::Corrupt && error.to_string().contains("is not sound"), "{what}: {error}");
}

/// Has the roots of all B-trees in a file say that they have more records than there is room for.
fn lie(path: &Path) {
    let mut image = std::fs::read(path).unwrap();
    let trees: Vec<_> =
        checked_blocks(&image).into_iter().filter(|block| image[block.clone()].starts_with(b"BTHD")).collect();
    assert!(!trees.is_empty());
    for tree in trees {
        image[tree.start + 24..tree.start + 26].fill(0xff);
        mend(&mut image, &tree);
    }
    std::fs::write(path, image).unwrap();
}

/// An element type that is an object, with attributes, is copied with what is of it, and goes with it.
#[test]
fn types_with_names_that_lie() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("types.h5");
    let written = |as_attribute: bool| {
        let file = File::with_options().with_fapl(|list| list.libver_v110()).create(&path).unwrap();
        file.commit_datatype("type", &Datatype::from_type::<i32>().unwrap()).unwrap();
        let dtype = file.committed_datatype("type").unwrap();
        for index in 0..40 {
            dtype.new_attr::<i32>().create(&*format!("attribute {index}")).unwrap();
        }
        let holder = file.new_dataset::<f64>().create(if as_attribute { "node" } else { "other" }).unwrap();
        sync(|| {
            // SAFETY: handles of the kinds that the functions take, which are closed by those for their kinds, and C strings.
            unsafe {
                let space = h5s::H5Screate(h5s::H5S_class_t::H5S_SCALAR);
                if as_attribute {
                    let name = c"marked".as_ptr();
                    let id = h5a::H5Acreate2(holder.id(), name, dtype.id(), space, H5P_DEFAULT, H5P_DEFAULT);
                    assert!(h5a::H5Aclose(id) >= 0);
                } else {
                    let (name, list) = (c"node".as_ptr(), H5P_DEFAULT);
                    let id = h5d::H5Dcreate2(file.id(), name, dtype.id(), space, list, list, list);
                    assert!(h5d::H5Dclose(id) >= 0);
                }
                assert!(h5s::H5Sclose(space) >= 0);
            }
        });
        file.unlink("type").unwrap();
    };
    let copy =
        |path: &Path| filebacked::read_at::<Lazy<Value>>(path, "node").and_then(|lazy| filebacked::to_vec(&lazy));
    let replace = |path: &Path| WriteOptions::new().overwrite(true).write_at(path, "node", &json!("other"));
    for as_attribute in [false, true] {
        written(as_attribute);
        copy(&path).unwrap();
        replace(&path).unwrap();
        assert_eq!(filebacked::read_at::<Value>(&path, "node").unwrap(), json!("other"));

        written(as_attribute);
        lie(&path);
        filebacked::read_at::<Value>(&path, "node").unwrap();
        is_refused(copy(&path).map(drop), "copy");
        is_refused(replace(&path), "replace");
    }
}

/// libhdf5 looks for the path of what a reference leads to in all groups of the file.
#[test]
fn groups_beside_what_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("references.h5");
    let write = || {
        let file = File::with_options().with_fapl(|list| list.libver_v110()).create(&path).unwrap();
        let beside = file.create_group("beside").unwrap();
        (0..100).for_each(|index| drop(beside.create_group(&format!("group {index}")).unwrap()));
        let target = file.create_group("target").unwrap();
        target.new_dataset::<i32>().create("wide").unwrap().write_scalar(&1000).unwrap();
        let references = file.new_dataset::<ObjectReference1>().shape(1).create("to").unwrap();
        references.write(&[file.reference::<ObjectReference1>("target/wide").unwrap()]).unwrap();
    };
    write();
    // It is an error that the number is too large; where it is, the error says as long as that can be found.
    let error = || filebacked::read_at::<Vec<u8>>(&path, "to").unwrap_err().to_string();
    let sound = error();
    assert!(sound.contains("in `/target/wide`, which a reference leads to"), "{sound}");
    lie(&path);
    let error = error();
    assert!(error.contains("1000") && !error.contains("which a reference leads to"), "{error}");
}
