//! Structures that do not hold together, with checksums that are right: for each there is an error that says which one it is,
//! before libhdf5 sees it.

use std::path::Path;

use filebacked::hdf5::file::LibraryVersion;
use filebacked::hdf5::filters::ScaleOffset;
use filebacked::hdf5::plist::dataset_create::AllocTime;
use filebacked::hdf5::plist::file_create::{SharedMessageIndex, SharedMessageType};
use filebacked::hdf5::{Datatype, File};
use filebacked::{ErrorKind, ReadOptions};
use hdf5_sys::h5p::H5P_DEFAULT;
use hdf5_sys::{h5d, h5s};
use serde_json::Value;

use crate::common::checksums::{checked_blocks, mend};

fn file(path: &Path, version: LibraryVersion) -> File {
    File::with_options().with_fapl(|list| list.libver_bounds(version, LibraryVersion::latest())).create(path).unwrap()
}

fn numbers(count: usize) -> Vec<i32> {
    (0..count as i32).collect()
}

/// A group of the old format.
fn old_group(path: &Path) {
    let file = file(path, LibraryVersion::Earliest);
    let node = file.create_group("node").unwrap();
    for index in 0..200 {
        node.new_dataset::<i32>().create(&*format!("number {index}")).unwrap().write_scalar(&index).unwrap();
    }
    node.unlink("number 7").unwrap();
}

/// Chunks that a B-tree of version 1 finds.
fn old_chunks(path: &Path) {
    let file = file(path, LibraryVersion::Earliest);
    let node = file.new_dataset::<i32>().chunk(2).shape(2000..).create("node").unwrap();
    node.write(&numbers(2000)).unwrap();
}

fn fixed_array(path: &Path) {
    let file = file(path, LibraryVersion::V110);
    file.new_dataset::<i32>().chunk(2).shape(20).create("node").unwrap().write(&numbers(20)).unwrap();
}

/// One of more elements than a page has.
fn paged_array(path: &Path) {
    let file = file(path, LibraryVersion::V110);
    file.new_dataset::<i32>().chunk(2).shape(6000).create("node").unwrap().write(&numbers(6000)).unwrap();
}

fn extensible_array(path: &Path) {
    let file = file(path, LibraryVersion::V110);
    file.new_dataset::<i32>().chunk(2).shape(2000..).create("node").unwrap().write(&numbers(2000)).unwrap();
}

fn filtered_array(path: &Path) {
    let file = file(path, LibraryVersion::V110);
    let node = file.new_dataset::<i32>().chunk(2).fletcher32().shape(20).create("node").unwrap();
    node.write(&numbers(20)).unwrap();
}

fn implicit(path: &Path) {
    let file = file(path, LibraryVersion::V110);
    let node = file.new_dataset::<i32>().chunk(10).shape(20);
    let node = node.with_dcpl(|list| list.alloc_time(Some(AllocTime::Early)));
    node.create("node").unwrap().write(&numbers(20)).unwrap();
}

fn nbit(path: &Path) {
    let file = file(path, LibraryVersion::V110);
    file.new_dataset::<i32>().chunk(10).nbit().shape(10).create("node").unwrap().write(&numbers(10)).unwrap();
}

fn scale_offset(path: &Path) {
    let file = file(path, LibraryVersion::V110);
    let node = file.new_dataset::<i32>().chunk(10).scale_offset(ScaleOffset::Integer(0)).shape(10);
    node.create("node").unwrap().write(&numbers(10)).unwrap();
}

fn attributes(path: &Path) {
    let file = file(path, LibraryVersion::V110);
    let node = file.new_dataset::<i32>().create("node").unwrap();
    for index in 0..20 {
        node.new_attr::<i32>().create(&*format!("attribute {index}")).unwrap().write_scalar(&index).unwrap();
    }
}

/// Attributes that are most of what is in the file; one of them has more bytes than its heap has blocks for.
fn large_attributes(path: &Path) {
    let file = file(path, LibraryVersion::V110);
    let node = file.new_dataset::<i32>().create("node").unwrap();
    for (index, len) in [vec![7_000; 30], vec![100_000]].concat().into_iter().enumerate() {
        let attribute = node.new_attr::<i32>().shape(len).create(&*format!("attribute {index}")).unwrap();
        attribute.write(&numbers(len)).unwrap();
    }
}

fn one_attribute(path: &Path) {
    let file = file(path, LibraryVersion::V110);
    let node = file.new_dataset::<i32>().shape(3).create("node").unwrap();
    node.write(&numbers(3)).unwrap();
    node.new_attr::<i32>().create("mark").unwrap().write_scalar(&1).unwrap();
}

/// An element type that is an object of its own.
fn named_type(path: &Path) {
    let file = file(path, LibraryVersion::V110);
    file.commit_datatype("type", &Datatype::from_type::<i32>().unwrap()).unwrap();
    let dtype = file.committed_datatype("type").unwrap();
    filebacked::hdf5::sync::sync(|| {
        // SAFETY: handles of the kinds that the functions take, which are closed by those for their kinds, and a C string.
        unsafe {
            let space = h5s::H5Screate(h5s::H5S_class_t::H5S_SCALAR);
            let (name, list) = (c"node".as_ptr(), H5P_DEFAULT);
            let id = h5d::H5Dcreate2(file.id(), name, dtype.id(), space, list, list, list);
            assert!(h5d::H5Dclose(id) >= 0 && h5s::H5Sclose(space) >= 0);
        }
    });
}

fn shared_messages(path: &Path) {
    let index = SharedMessageIndex { message_types: SharedMessageType::all(), min_message_size: 1 };
    let mut options = File::with_options();
    let options = options.with_fcpl(|list| list.shared_mesg_indexes(&[index])).with_fapl(|list| list.libver_v110());
    let file = options.create(path).unwrap();
    // The first has its messages itself.
    for name in ["first", "node"] {
        file.new_dataset::<i32>().shape(3).create(name).unwrap().write(&numbers(3)).unwrap();
    }
}

fn continued(path: &Path) {
    let file = file(path, LibraryVersion::Earliest);
    let node = file.new_dataset::<i32>().create("node").unwrap();
    for index in 0..30 {
        node.new_attr::<i32>().create(&*format!("attribute {index}")).unwrap().write_scalar(&index).unwrap();
    }
}

/// Makes a file.
type Make = fn(&Path);
/// Reads one.
type Read = fn(&Path) -> filebacked::Result<Value>;

/// What is written over: the bytes that are looked for, which of them that is, where from their start, and what. Then what the
/// error says.
type Row = (Make, &'static [u8], usize, usize, &'static [u8], &'static str);

/// The number of n-bit's parameters, that there is nothing to do, and the number of items.
const NBIT: &[u8] = &[8, 0, 0, 0, 1, 0, 0, 0, 10, 0, 0, 0];

const ROWS: &[Row] = &[
    // Kind, level and number of entries of a node, and what is left or right of it does not matter.
    (old_group, b"TREE\0", 1, 4, &[1], "B-tree node"),
    (old_group, b"\x89HDF", 0, 48, &[0, 0, 0, 0, 0, 1, 0, 0], "driver information block"),
    (old_group, b"TREE\0", 1, 5, &[7], "B-tree node"),
    (old_group, b"TREE\0", 1, 6, &[0xff, 0xff], "B-tree node"),
    (old_group, b"TREE\0", 1, 24, &[0xff; 8], "local heap"),
    (old_group, b"TREE\0", 1, 32, &[0; 8], "B-tree node|symbol table node"),
    (old_group, b"SNOD", 1, 4, &[9], "symbol table node"),
    (old_group, b"SNOD", 1, 6, &[0xff, 0xff], "symbol table node"),
    (old_group, b"SNOD", 1, 8, &[0xff; 8], "local heap"),
    (old_group, b"SNOD", 1, 24, &[9], "symbol table node"),
    (old_group, b"HEAP", 1, 4, &[3], "local heap"),
    (old_group, b"HEAP", 1, 8, &[0xff; 7], "local heap"),
    (old_group, b"HEAP", 1, 24, &[0xff; 6], "local heap"),
    (old_chunks, b"TREE\x01\0", 0, 4, &[0], "B-tree node"),
    (old_chunks, b"TREE\x01\0", 0, 5, &[1], "B-tree node"),
    (old_chunks, b"TREE\x01\x01", 0, 5, &[9], "B-tree node"),
    (old_chunks, b"TREE\x01\0", 3, 24, &[0xff, 0xff], "B-tree node"),
    (old_chunks, b"TREE\x01\0", 3, 32, &[1], "B-tree node"),
    (old_chunks, b"TREE\x01\0", 3, 48, &[0xff; 7], "B-tree node"),
    // Kind, bytes of an element, bits of a page, number of elements, address.
    (fixed_array, b"FAHD", 0, 5, &[1], "fixed array"),
    (fixed_array, b"FAHD", 0, 6, &[0], "fixed array"),
    (fixed_array, b"FAHD", 0, 6, &[255], "fixed array"),
    (fixed_array, b"FAHD", 0, 7, &[0], "fixed array"),
    (fixed_array, b"FAHD", 0, 7, &[64], "fixed array"),
    (fixed_array, b"FAHD", 0, 8, &[9], "fixed array"),
    (fixed_array, b"FAHD", 0, 8, &[0xff; 7], "fixed array"),
    (fixed_array, b"FAHD", 0, 16, &[0xff; 7], "fixed array"),
    (fixed_array, b"FADB", 0, 5, &[1], "data block of a fixed array"),
    (fixed_array, b"FADB", 0, 6, &[1], "data block of a fixed array"),
    (fixed_array, b"FADB", 0, 14, &[0xff; 7], "data block of a fixed array"),
    (paged_array, b"FAHD", 0, 7, &[5], "fixed array"),
    // What a new index is made by, when the dataset is copied: bits of a page.
    (fixed_array, &[4, 2, 0, 2, 1, 2, 4, 3, 10], 0, 8, &[0], "layout in the object header"),
    (fixed_array, &[4, 2, 0, 2, 1, 2, 4, 3, 10], 0, 8, &[200], "layout in the object header"),
    (filtered_array, b"FADB", 0, 22, &[3, 0], "fewer bytes than its filters need"),
    (filtered_array, b"FADB", 0, 22, &[0xff, 0xff], "data block of a fixed array"),
    // Kind, bytes of an element, bits of the number of elements, elements in the index, in the smallest data block, super blocks,
    // bits of a page, and how far elements are set.
    (extensible_array, b"EAHD", 0, 5, &[1], "extensible array"),
    (extensible_array, b"EAHD", 0, 6, &[0], "extensible array"),
    (extensible_array, b"EAHD", 0, 7, &[0], "extensible array"),
    (extensible_array, b"EAHD", 0, 7, &[255], "extensible array"),
    (extensible_array, b"EAHD", 0, 8, &[255], "extensible array"),
    (extensible_array, b"EAHD", 0, 9, &[0], "extensible array"),
    (extensible_array, b"EAHD", 0, 9, &[3], "extensible array"),
    (extensible_array, b"EAHD", 0, 10, &[0], "extensible array"),
    (extensible_array, b"EAHD", 0, 10, &[1], "extensible array"),
    (extensible_array, b"EAHD", 0, 11, &[0], "extensible array"),
    (extensible_array, b"EAHD", 0, 11, &[255], "extensible array"),
    (extensible_array, b"EAHD", 0, 44, &[0xff; 7], "extensible array"),
    (extensible_array, b"EAIB", 0, 6, &[1], "index block of an extensible array"),
    (extensible_array, b"EAIB", 0, 14, &[0xff; 7], "index block of an extensible array"),
    (extensible_array, b"EAIB", 0, 46, &[1, 2, 3], "data block of an extensible array"),
    (extensible_array, b"EASB", 0, 6, &[1], "super block of an extensible array"),
    (extensible_array, b"EADB", 1, 5, &[1], "data block of an extensible array"),
    (extensible_array, b"EADB", 1, 6, &[1], "data block of an extensible array"),
    (extensible_array, b"EADB", 1, 18, &[0xff; 7], "data block of an extensible array"),
    // Bits of the number of elements, elements in the index, super blocks, elements of the smallest data block, bits of a page.
    (extensible_array, &[4, 2, 0, 2, 1, 2, 4, 4, 32, 4, 4, 16, 10], 0, 8, &[1], "layout in the object header"),
    (extensible_array, &[4, 2, 0, 2, 1, 2, 4, 4, 32, 4, 4, 16, 10], 0, 10, &[1], "layout in the object header"),
    (extensible_array, &[4, 2, 0, 2, 1, 2, 4, 4, 32, 4, 4, 16, 10], 0, 11, &[3], "layout in the object header"),
    (extensible_array, &[4, 2, 0, 2, 1, 2, 4, 4, 32, 4, 4, 16, 10], 0, 12, &[0], "layout in the object header"),
    // Version 4, in chunks, no flags, rank, bytes of a dimension, dimensions, index.
    (implicit, &[4, 2, 0, 2, 1, 10, 4, 2], 0, 3, &[1], "layout in the object header"),
    (implicit, &[4, 2, 0, 2, 1, 10, 4, 2], 0, 5, &[0], "layout in the object header"),
    (implicit, &[4, 2, 0, 2, 1, 10, 4, 2], 0, 6, &[8], "layout in the object header"),
    (implicit, &[4, 2, 0, 2, 1, 10, 4, 2], 0, 8, &[0xff; 7], "layout in the object header"),
    // After the number of parameters, whether there is nothing to do, items, kind, size, order, bits, offset.
    (nbit, NBIT, 0, 4, &[0, 0, 0, 0, 11], "filter 5 has parameters"),
    (nbit, NBIT, 0, 4, &[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], "filter 5 has parameters"),
    (nbit, NBIT, 0, 4, &[0, 0, 0, 0, 10, 0, 0, 0, 2], "filter 5 has parameters"),
    (nbit, NBIT, 0, 4, &[0, 0, 0, 0, 10, 0, 0, 0, 4], "filter 5 has parameters"),
    (nbit, NBIT, 0, 4, &[0, 0, 0, 0, 10, 0, 0, 0, 1, 0, 0, 0, 8], "filter 5 has parameters"),
    (nbit, NBIT, 0, 4, &[0, 0, 0, 0, 10, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 9], "filter 5 has parameters"),
    (nbit, NBIT, 0, 4, &[0, 0, 0, 0, 10, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 33], "filter 5 has parameters"),
    (nbit, NBIT, 0, 0, &[9], "filter 5 has parameters"),
    // Two that say how, and items, kind, size, sign, order, fill value.
    (scale_offset, &[2, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0], 0, 4 * 2, &[0xff; 4], "filter 6 has parameters"),
    (scale_offset, &[2, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0], 0, 4 * 3, &[9], "filter 6 has parameters"),
    (scale_offset, &[2, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0], 0, 4 * 4, &[8], "filter 6 has parameters"),
    // The first attribute in the heap: its version, and bytes of its element type, and of its dataspace.
    (attributes, &[3, 0, 12, 0, 12, 0, 4, 0], 0, 0, &[9], "attribute in the fractal heap"),
    (attributes, &[3, 0, 12, 0, 12, 0, 4, 0], 0, 4, &[0xff], "attribute in the fractal heap"),
    (attributes, &[3, 0, 12, 0, 12, 0, 4, 0], 0, 6, &[0xff], "attribute in the fractal heap"),
    (attributes, &[3, 0, 12, 0, 12, 0, 4, 0], 0, 21 + 8, &[200], "attribute in the fractal heap"),
    (attributes, b"BTLF\0\x08", 0, 5, &[5], "B-tree node"),
    (attributes, b"BTLF\0\x08", 0, 7, &[0xff; 4], "fractal heap"),
    // In a record: that an attribute is shared, in a file without any that are.
    (attributes, b"BTLF\0\x08", 0, 14, &[2], "the file has none of its kind"),
    (one_attribute, &[3, 0, 5, 0, 12, 0, 4, 0], 0, 4, &[0xff], "attribute in the object header"),
    (one_attribute, &[3, 0, 5, 0, 12, 0, 4, 0], 0, 2, &[0], "attribute in the object header"),
    // A dataspace of version 2 with one dimension of length 3.
    (one_attribute, &[2, 1, 1, 1, 3, 0, 0, 0], 0, 1, &[33], "dataspace in the object header"),
    (one_attribute, &[2, 1, 1, 1, 3, 0, 0, 0], 0, 4, &[4], "dataspace in the object header"),
    // An integer of 32 bits: its size, and where its bits are.
    (one_attribute, &[0x10, 8, 0, 0, 4, 0, 0, 0, 0, 0, 32, 0], 0, 4, &[0], "element type in the object header"),
    (one_attribute, &[0x10, 8, 0, 0, 4, 0, 0, 0, 0, 0, 32, 0], 0, 8, &[9], "element type in the object header"),
    // Version and kind of table, and where its heap is.
    (shared_messages, b"SMTB", 0, 4, &[9], "table of shared messages"),
    (shared_messages, b"SMTB", 0, 26, &[0xff; 8], "the file has none of its kind"),
    (shared_messages, b"SMTB", 0, 26, &[0xff; 7], "fractal heap"),
    (shared_messages, b"FRHP", 0, 5, &[7], "fractal heap"),
];

/// Makes the checksums right that were so before.
fn mended(sound: &[u8], image: &mut [u8]) {
    for block in checked_blocks(sound) {
        if image[block.clone()] != sound[block.clone()] {
            mend(image, &block);
        }
    }
}

/// What is wrong with how an image is read that does not hold together.
fn not_refused(image: &[u8], says: &str, what: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lie.h5");
    std::fs::write(&path, image).unwrap();
    let read: [(&str, Read); 4] = [
        ("a part", |path| filebacked::read_at(path, "node")),
        ("all", |path| filebacked::from_file(path)),
        ("memory", |path| filebacked::from_slice(&std::fs::read(path).unwrap())),
        ("for writing", |path| filebacked::read(File::open_rw(path).unwrap(), "node")),
    ];
    let wrong = read.iter().filter_map(|(how, read)| {
        // libhdf5 looks at some by itself when it opens a file for writing; and the superblock, it alone looks at then.
        if *how == "for writing" && (what.starts_with("\u{fffd}HDF") || File::open_rw(&path).is_err()) {
            return None;
        }
        let Err(error) = read(&path) else { return Some(format!("{what}: {how}: it is read")) };
        let text = error.to_string();
        let is_said = says.split('|').any(|says| text.contains(says)) && text.contains("is not sound");
        (error.kind() != ErrorKind::Corrupt || !is_said).then(|| format!("{what}: {how}: {text}"))
    });
    wrong.collect()
}

#[test]
fn what_does_not_hold_together() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sound.h5");
    let (mut last, mut wrong): (Option<(Make, Vec<u8>)>, _) = (None, Vec::new());
    for (make, found, number, at, value, says) in ROWS {
        let sound = match last.take() {
            Some((made, image)) if std::ptr::fn_addr_eq(made, *make) => image,
            _ => {
                make(&path);
                // Whatever is in it, it is read.
                filebacked::read_at::<Value>(&path, "node").unwrap();
                std::fs::read(&path).unwrap()
            }
        };
        let mut places = (0..sound.len()).filter(|place| sound[*place..].starts_with(found));
        let what = format!("{} {number} at {at}: {value:?}", String::from_utf8_lossy(found));
        let Some(place) = places.nth(*number).map(|place| place + at) else {
            wrong.push(format!("{what}: there is none"));
            continue;
        };
        let mut image = sound.clone();
        image[place..place + value.len()].copy_from_slice(value);
        mended(&sound, &mut image);
        wrong.extend(not_refused(&image, says, &what));
        last = Some((*make, sound));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// An element type that is kept in the header that refers to it.
#[test]
fn types_that_refer_to_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sound.h5");
    named_type(&path);
    filebacked::read_at::<Value>(&path, "node").unwrap();
    let sound = std::fs::read(&path).unwrap();
    let headers: Vec<_> =
        checked_blocks(&sound).into_iter().filter(|block| sound[block.clone()].starts_with(b"OHDR")).collect();
    // The reference is in one of the headers, and says where another is.
    let mut met = 0;
    for header in &headers {
        for to in &headers {
            let wanted = [&[2][..], &to.start.to_le_bytes()].concat();
            let Some(at) = sound[header.clone()].windows(9).position(|window| window == wanted) else { continue };
            let mut image = sound.clone();
            let at = header.start + at + 1;
            image[at..at + 8].copy_from_slice(&header.start.to_le_bytes());
            mended(&sound, &mut image);
            if filebacked::read_at::<Value>(&path, "node").is_ok() && header.start != to.start {
                assert_eq!(not_refused(&image, "refers to itself", "a type that refers to itself"), [""; 0]);
                met += 1;
            }
        }
    }
    assert_eq!(met, 1);
}

/// Parts of a header that lead back.
#[test]
fn headers_that_lead_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sound.h5");
    continued(&path);
    filebacked::read_at::<Value>(&path, "node").unwrap();
    let sound = std::fs::read(&path).unwrap();
    // A message of type 16, and of 16 bytes, and the start of its header: a version, and a number of links of 1.
    let starts = [16, 0, 16, 0, 0, 0, 0, 0];
    let at = (0..sound.len()).find(|at| sound[*at..].starts_with(&starts)).unwrap();
    let is_start = |at: &usize| sound[*at..].starts_with(&[1, 0]) && sound[at + 4..].starts_with(&[1, 0, 0, 0]);
    let header = (0..at).rev().filter(|at| at % 8 == 0).find(is_start).unwrap();
    let block = u64::from_le_bytes(sound[at + 8..at + 16].try_into().unwrap());
    for to in [header as u64, sound.len() as u64 - 2, u64::MAX, block] {
        let mut image = sound.clone();
        image[at + 8..at + 16].copy_from_slice(&to.to_le_bytes());
        if to == block {
            // It goes on with itself.
            image.copy_within(at..at + 24, block as usize);
        }
        assert_eq!(not_refused(&image, "object header", "a header leads back"), [""; 0]);
    }
}

/// What damaging files found: each was more than libhdf5 could bear.
#[test]
fn what_was_found() {
    let rows = [
        // A fill value of variable length that is said to have 2 GiB: so much libhdf5 made before it looked for it.
        ("mem-vlen-fill-length", "expected 2332033028 bytes in the global heap"),
        // The same of the block of an old driver, which libhdf5 reads when it opens a file.
        // Of two fill values, the one of the old kind is sound.
        ("mem-vlen-two-fills", "expected 4294967293 bytes in the global heap"),
        // Sequences of elements of 4 GiB: so much libhdf5 made for one when it copied the dataset.
        ("mem-vlen-element", "it has sequences of elements that are larger than the whole file"),
        ("mem-driver-block", "the driver information block at address 255 is not sound"),
        // By what a layout says, libhdf5 makes a new index when it copies a dataset: it wrote beyond its memory.
        ("write-copied-index", "it has an index of chunks of absurd sizes"),
    ];
    for (name, says) in rows {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/hostile/{name}.h5"));
        let error = filebacked::from_file::<serde_json::Value>(&path).unwrap_err();
        assert!(error.kind() == ErrorKind::Corrupt && error.to_string().contains(says), "{name}: {error}");
    }
}

/// Datasets that say that their chunks are found by the index of another: each is sound, and all together would be looked at for
/// ever.
#[test]
fn objects_that_share_an_index() {
    const CHUNKS: usize = 20_000;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lie.h5");
    {
        let file = file(&path, LibraryVersion::Earliest);
        for number in 0..20 {
            let node = file.new_dataset::<i32>().chunk(2).shape(2 * CHUNKS).create(&*format!("{number:02}")).unwrap();
            if number == 0 {
                node.write(&numbers(2 * CHUNKS)).unwrap();
            }
        }
    }
    assert_eq!(filebacked::read_at::<Vec<i32>>(&path, "00").unwrap(), numbers(2 * CHUNKS));
    // Version 3, in chunks, rank, address, dimensions, the last of them the bytes of an item.
    let mut image = std::fs::read(&path).unwrap();
    let is_layout = |bytes: &[u8]| bytes[..3] == [3, 2, 2] && bytes[11..19] == [2, 0, 0, 0, 4, 0, 0, 0];
    let layouts: Vec<usize> = (0..image.len() - 19).filter(|at| is_layout(&image[*at..at + 19])).collect();
    assert_eq!(layouts.len(), 20);
    let index: [u8; 8] = image[layouts[0] + 3..layouts[0] + 11].try_into().unwrap();
    layouts.iter().for_each(|at| image[at + 3..at + 11].copy_from_slice(&index));
    std::fs::write(&path, &image).unwrap();
    let error = filebacked::from_file::<std::collections::BTreeMap<String, Vec<i32>>>(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("structures of objects take more than the whole file"), "{error}");
}

/// What the look costs, in turn with files that are trusted, if somebody asks:
/// `FILEBACKED_COST=1 cargo test --release --test untrusted -- --nocapture cost`.
#[test]
fn cost() {
    use std::collections::BTreeMap;
    use std::time::Instant;

    use serde::de::DeserializeOwned;
    use serde::{Deserialize, Serialize};

    if std::env::var_os("FILEBACKED_COST").is_none() {
        return;
    }

    #[derive(Serialize, Deserialize, Clone)]
    struct Small {
        alpha: f64,
        beta: Vec<i32>,
        gamma: String,
        delta: u8,
    }
    #[derive(Serialize, Deserialize, Clone)]
    struct Group {
        numbers: Vec<i32>,
    }
    type Work = Box<dyn Fn(&ReadOptions)>;
    fn work<T: DeserializeOwned>(path: std::path::PathBuf) -> Work {
        Box::new(move |options| drop(options.from_file::<T>(&path).unwrap()))
    }
    let small = |number: i32| Small { alpha: 0.5, beta: vec![number; 3], gamma: "text".to_owned(), delta: 1 };
    let named = |count: i32| (0..count).map(|number| (number.to_string(), number));
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let groups: BTreeMap<_, _> = named(1000).map(|(name, at)| (name, Group { numbers: vec![at; 4] })).collect();
    filebacked::to_file(path("groups"), &groups).unwrap();
    let structs: BTreeMap<_, _> = named(2000).map(|(name, number)| (name, small(number))).collect();
    filebacked::to_file(path("structs"), &structs).unwrap();
    let floats: BTreeMap<_, _> = named(10_000).map(|(name, _)| (name, 0.5)).collect();
    filebacked::to_file(path("numbers"), &floats).unwrap();
    filebacked::to_file(path("large"), &vec![0.5; 12_500_000]).unwrap();
    filebacked::to_file(path("list"), &(0..100_000).map(small).collect::<Vec<_>>()).unwrap();
    filebacked::to_file(path("small"), &small(1)).unwrap();
    for (name, version) in [("old", LibraryVersion::Earliest), ("new", LibraryVersion::V110)] {
        let file = file(&path(name), version);
        file.new_dataset::<i32>()
            .chunk(100)
            .shape(1_000_000..)
            .create("node")
            .unwrap()
            .write(&self::numbers(1_000_000))
            .unwrap();
    }
    let image = filebacked::to_vec(&small(1)).unwrap();
    let works: [(&str, usize, Work); 9] = [
        ("1,000 groups with a dataset each", 1, work::<BTreeMap<String, Group>>(path("groups"))),
        ("2,000 structs with four fields", 1, work::<BTreeMap<String, Small>>(path("structs"))),
        ("10,000 numbers", 1, work::<BTreeMap<String, f64>>(path("numbers"))),
        ("100 MB in one piece", 1, work::<Vec<f64>>(path("large"))),
        ("10,000 chunks, B-tree", 1, work::<BTreeMap<String, Vec<i32>>>(path("old"))),
        ("10,000 chunks, extensible array", 1, work::<BTreeMap<String, Vec<i32>>>(path("new"))),
        ("100,000 structs in a list", 1, work::<Vec<Small>>(path("list"))),
        ("a small file", 100, work::<Small>(path("small"))),
        ("a small image", 100, Box::new(move |options| drop(options.from_slice::<Small>(&image).unwrap()))),
    ];
    let only = std::env::var("FILEBACKED_COST").unwrap();
    for (name, times, work) in works.iter().filter(|(name, ..)| only == "1" || name.contains(&*only)) {
        let measured = |trusted: bool| {
            let options = ReadOptions::new().trusted(trusted);
            let begin = Instant::now();
            (0..*times).for_each(|_| work(&options));
            begin.elapsed().as_secs_f64() * 1e3
        };
        let mut rounds = Vec::new();
        for round in 0..31 {
            let first = measured(round % 2 == 0);
            let second = measured(round % 2 != 0);
            rounds.push(if round % 2 == 0 { [second, first] } else { [first, second] });
        }
        let median = |of: &dyn Fn(&[f64; 2]) -> f64| {
            let mut all: Vec<f64> = rounds.iter().skip(1).map(of).collect();
            all.sort_by(f64::total_cmp);
            all[all.len() / 2]
        };
        let (looked, trusted, ratio) = (median(&|pair| pair[0]), median(&|pair| pair[1]), median(&|[a, b]| a / b));
        println!("{name}: {looked:.2} ms, trusted {trusted:.2} ms: {:+.1} %", (ratio - 1.0) * 100.0);
    }
}

/// Who trusts a file reads it as libhdf5 does.
#[test]
fn trusted_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sound.h5");
    let makers = [old_group, old_chunks, fixed_array, paged_array, extensible_array, implicit, nbit, scale_offset];
    for make in makers.into_iter().chain([attributes, large_attributes, named_type, shared_messages, continued]) {
        make(&path);
        let trusting = ReadOptions::new().trusted(true);
        let image = std::fs::read(&path).unwrap();
        let looked: Value = filebacked::from_slice(&image).unwrap();
        assert_eq!(trusting.from_slice::<Value>(&image).unwrap(), looked);
        assert_eq!(trusting.from_file::<Value>(&path).unwrap(), looked);
        let file = File::open(&path).unwrap();
        assert_eq!(trusting.from_group::<Value>(&file).unwrap(), looked);
    }
}
