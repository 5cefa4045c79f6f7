//! What is in other files, where the options allow to open them: external links, and what virtual datasets are made of. libhdf5
//! opens that by itself, so it is looked at before.

use std::path::Path;
use std::ptr::null;

use filebacked::hdf5::File;
use filebacked::hdf5::file::LibraryVersion;
use filebacked::hdf5::sync::sync;
use filebacked::{ErrorKind, ReadOptions};
use hdf5_sys::h5d::{H5Dclose, H5Dcreate2};
use hdf5_sys::h5p::{H5P_CLS_DATASET_CREATE, H5P_DEFAULT, H5Pclose, H5Pcreate, H5Pset_virtual};
use hdf5_sys::h5s::{H5S_UNLIMITED, H5S_seloper_t, H5Sclose, H5Screate_simple, H5Sselect_hyperslab};
use hdf5_sys::h5t::H5T_STD_I32LE;

use crate::common::checksums::{checked_blocks, mend};

fn create(path: &Path, version: LibraryVersion) -> File {
    File::with_options().with_fapl(|list| list.libver_bounds(version, LibraryVersion::latest())).create(path).unwrap()
}

fn options() -> ReadOptions {
    ReadOptions::new().allow_external_links(true).allow_virtual_datasets(true)
}

/// A file that others lead to: a group in the old format, and a dataset in it.
fn other(path: &Path) {
    let file = create(path, LibraryVersion::Earliest);
    let group = file.create_group("outer/inner").unwrap();
    for index in 0..20 {
        group.create_group(&format!("other {index}")).unwrap();
    }
    group.new_dataset::<i32>().chunk(2).shape(20).create("data").unwrap().write(&(0..20).collect::<Vec<_>>()).unwrap();
    file.link_soft("/outer/inner", "soft").unwrap();
}

/// Files that lead there, and the names under which they do.
fn leading(folder: &Path) -> Vec<(&'static str, &'static str)> {
    let file = create(&folder.join("links.h5"), LibraryVersion::V110);
    let group = file.create_group("group").unwrap();
    group.link_external("other.h5", "/outer/inner/data", "data").unwrap();
    group.link_external("other.h5", "soft/data", "by a soft link").unwrap();
    group.link_external("other.h5", "outer", "on the way").unwrap();
    file.link_soft("group/data", "soft").unwrap();
    drop((group, file));
    let file = create(&folder.join("further.h5"), LibraryVersion::V110);
    file.link_external("links.h5", "group/on the way/inner/data", "data").unwrap();
    drop(file);
    let file = create(&folder.join("virtual.h5"), LibraryVersion::V110);
    let of = |name: &str, from: &str, path: &str| {
        let builder = file.new_dataset::<i32>().shape(20);
        builder.with_dcpl(|list| list.virtual_map(from, path, 20, .., 20, ..)).create(name).unwrap();
    };
    of("virtual", "other.h5", "/outer/inner/data");
    of("by a link", "links.h5", "/group/data");
    of("within", ".", "/virtual");
    drop(file);
    vec![
        ("links.h5", "group/data"),
        ("links.h5", "group/by a soft link"),
        ("links.h5", "group/on the way/inner/data"),
        ("links.h5", "soft"),
        ("further.h5", "data"),
        ("virtual.h5", "virtual"),
        ("virtual.h5", "by a link"),
        ("virtual.h5", "within"),
    ]
}

#[test]
fn other_files_are_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let path = folder.join("other.h5");
    other(&path);
    let names = leading(folder);
    let read = |(file, name): (&str, &str)| options().read_at::<Vec<i32>>(folder.join(file), name);
    let expected: Vec<i32> = (0..20).collect();
    for name in &names {
        assert_eq!(read(*name).unwrap_or_else(|error| panic!("{name:?}: {error}")), expected, "{name:?}");
    }
    let sound = std::fs::read(&path).unwrap();
    let blocks = checked_blocks(&sound);
    // The superblock's root, a symbol table, its tree on the way, and the tree of the chunks: kind, level, and where it leads.
    for (found, at, value, says) in [
        (&b"\x89HDF"[..], 64, &[0xff; 8][..], "superblock"),
        (b"SNOD", 4, &[9], "symbol table node"),
        (b"TREE\0", 4, &[7], "B-tree node"),
        (b"TREE\x01\0", 5, &[1], "B-tree node"),
        (b"TREE\x01\0", 24 + 8 + 16, &[0xff; 7], "B-tree node"),
    ] {
        let mut image = sound.clone();
        for place in (0..sound.len()).filter(|place| sound[*place..].starts_with(found)) {
            image[place + at..place + at + value.len()].copy_from_slice(value);
        }
        for block in &blocks {
            if image[block.clone()] != sound[block.clone()] {
                mend(&mut image, block);
            }
        }
        std::fs::write(&path, &image).unwrap();
        for name in &names {
            let Err(error) = read(*name) else { panic!("{name:?}, {found:?} at {at}: it is read") };
            let text = error.to_string();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{name:?}, {found:?}: {text}");
            assert!(text.contains(says) && text.contains("is not sound"), "{name:?}, {found:?}: {text}");
        }
    }
}

/// What is open for writing may not be as the disk has it, and is read.
#[test]
fn other_files_that_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    other(&folder.join("other.h5"));
    let names = leading(folder);
    let other = File::open_rw(folder.join("other.h5")).unwrap();
    other.group("outer").unwrap().create_group("more").unwrap();
    for (file, name) in names.iter().filter(|(file, _)| *file == "links.h5") {
        let file = File::open_rw(folder.join(file)).unwrap();
        let read: Vec<i32> = options().read(&file, name).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(read.len(), 20, "{name}");
    }
}

/// Names with numbers, of files and of datasets: all that there are.
#[test]
fn sources_with_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for number in 0..3 {
        let file = create(&folder.join(format!("part-{number}.h5")), LibraryVersion::V110);
        file.new_dataset::<i32>().chunk(2).shape(4).create("data").unwrap().write(&[number; 4]).unwrap();
    }
    let source = filebacked::from_file::<serde_json::Value>(folder.join("part-2.h5")).unwrap();
    assert_eq!(source["data"], serde_json::json!([2, 2, 2, 2]));
    let path = folder.join("all.h5");
    let file = create(&path, LibraryVersion::V110);
    // A row for each number, without an end.
    sync(|| {
        let (dims, most, start, each) = ([3, 4], [H5S_UNLIMITED, 4], [0, 0], [H5S_UNLIMITED, 1]);
        // SAFETY: handles of the kinds that the functions take, which are closed by those for their kinds, as many numbers as
        // there are dimensions, and C strings.
        unsafe {
            let (space, part) =
                (H5Screate_simple(2, dims.as_ptr(), most.as_ptr()), H5Screate_simple(1, [4].as_ptr(), null()));
            let block = [1, 4];
            let set = H5S_seloper_t::H5S_SELECT_SET;
            assert!(H5Sselect_hyperslab(space, set, start.as_ptr(), null(), each.as_ptr(), block.as_ptr()) >= 0);
            let list = H5Pcreate(*H5P_CLS_DATASET_CREATE);
            assert!(H5Pset_virtual(list, space, c"part-%b.h5".as_ptr(), c"data".as_ptr(), part) >= 0);
            let default = H5P_DEFAULT;
            let id = H5Dcreate2(file.id(), c"all".as_ptr(), *H5T_STD_I32LE, space, default, list, default);
            assert!(H5Dclose(id) >= 0 && H5Pclose(list) >= 0 && H5Sclose(space) >= 0 && H5Sclose(part) >= 0);
        }
    });
    drop(file);
    assert_eq!(options().read_at::<Vec<[i32; 4]>>(&path, "all").unwrap(), [[0; 4], [1; 4], [2; 4]]);
    let last = folder.join("part-2.h5");
    let mut image = std::fs::read(&last).unwrap();
    let place = image.windows(4).position(|bytes| bytes == b"FAHD").unwrap();
    let block = checked_blocks(&image).into_iter().find(|block| block.start == place).unwrap();
    image[place + 7] = 0;
    mend(&mut image, &block);
    std::fs::write(&last, image).unwrap();
    let error = options().read_at::<Vec<[i32; 4]>>(&path, "all").unwrap_err();
    assert!(error.to_string().contains("fixed array") && error.to_string().contains("is not sound"), "{error}");
}

/// Links and datasets that lead to themselves come to an end.
#[test]
fn what_leads_back() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let path = folder.join("loop.h5");
    let file = create(&path, LibraryVersion::V110);
    file.link_external("loop.h5", "link", "link").unwrap();
    file.link_external("loop.h5", "group/link", "longer").unwrap();
    file.create_group("group").unwrap().link_external("loop.h5", "longer/x", "link").unwrap();
    // Each is made of the next.
    for number in 0..200 {
        let builder = file.new_dataset::<i32>().shape(4);
        let next = format!("dataset {}", number + 1);
        let builder = builder.with_dcpl(|list| list.virtual_map(".", &next, 4, .., 4, ..));
        builder.create(&*format!("dataset {number}")).unwrap();
    }
    drop(file);
    for name in ["link", "longer", "group/link"] {
        assert!(options().read_at::<Vec<i32>>(&path, name).is_err(), "{name}");
    }
    let error = options().read_at::<Vec<i32>>(&path, "dataset 0").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooDeep, "{error}");
    assert_eq!(options().read_at::<Vec<i32>>(&path, "dataset 190").unwrap(), [0; 4]);
}

/// What a virtual dataset says of its parts is looked at whether or not it may be read.
#[test]
fn lists_of_parts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("virtual.h5");
    let file = create(&path, LibraryVersion::V110);
    let builder = file.new_dataset::<i32>().shape(20);
    builder.with_dcpl(|list| list.virtual_map("other.h5", "data", 20, .., 20, ..)).create("node").unwrap();
    drop(file);
    let sound = std::fs::read(&path).unwrap();
    let error = filebacked::read_at::<Vec<i32>>(&path, "node").unwrap_err();
    assert!(error.to_string().contains("`ReadOptions::allow_virtual_datasets` allows it"), "{error}");
    // In a collection: after the version, how many parts; then the names, and the selections.
    let object = sound.windows(9).position(|bytes| bytes == b"other.h5\0").unwrap();
    let selection = object + b"other.h5\0data\0".len();
    for (at, value, says) in [
        (object - 8, &[0xff; 8][..], "it counts more parts than it has room for"),
        (object - 8, &[0, 0, 0, 0, 0, 0, 0, 0x10], "it counts more parts than it has room for"),
        (object - 8, &[2], "it counts more parts than it has room for|ends before what it holds|selection"),
        (selection, &[9], "it has a selection of an unknown kind"),
        (selection + 4, &[9], "it has a selection of an unknown kind"),
    ] {
        let mut image = sound.clone();
        image[at..at + value.len()].copy_from_slice(value);
        std::fs::write(&path, &image).unwrap();
        for read in [ReadOptions::new(), options()] {
            let text = read.read_at::<Vec<i32>>(&path, "node").unwrap_err().to_string();
            assert!(says.split('|').any(|says| text.contains(says)), "{at}: {text}");
        }
    }
}
