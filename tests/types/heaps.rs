//! Strings and sequences of variable length: what is read past libhdf5 is what it reads itself.

use std::collections::BTreeMap;

use filebacked::hdf5::types::{VarLenArray, VarLenUnicode};
use filebacked::hdf5::{self, File, H5Type};
use filebacked::{from_file, from_slice, read, to_file};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::common::memory;

/// The strings of a dataset as libhdf5 reads them.
fn by_library(file: &File, name: &str) -> Vec<String> {
    let strings = file.dataset(name).unwrap().read_raw::<VarLenUnicode>().unwrap();
    strings.iter().map(|string| string.as_str().to_owned()).collect()
}

/// Strings that are stored with variable length: one is far longer than the others.
fn uneven(count: usize, longest: usize) -> Vec<String> {
    let mut strings: Vec<String> = (0..count).map(|index| "ab€".repeat(index % 9)).collect();
    strings.push("y".repeat(longest));
    strings
}

#[test]
fn strings_of_this_crate() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("strings.h5");
    // Of the last, many objects are larger than what is kept of a heap, and one larger than any window.
    for strings in [uneven(20, 500), uneven(100_000, 5_000_000), uneven(3, 0xffff), vec!["z".repeat(100_000); 70]] {
        let strings: Vec<String> = strings.into_iter().chain([String::new(), "end".to_owned()]).collect();
        to_file(&path, &BTreeMap::from([("strings", &strings)])).unwrap();
        assert!(by_library(&File::open(&path).unwrap(), "strings") == strings);
        assert!(from_file::<BTreeMap<String, Vec<String>>>(&path).unwrap()["strings"] == strings);
        let image = std::fs::read(&path).unwrap();
        assert!(from_slice::<BTreeMap<String, Vec<String>>>(&image).unwrap()["strings"] == strings);
    }
}

#[test]
fn what_is_not_written_yet() {
    let folder = tempfile::tempdir().unwrap();
    for file in [File::create(folder.path().join("open.h5")).unwrap(), memory()] {
        let mut all = Vec::new();
        for round in 0..20 {
            let name = format!("round {round}");
            let strings: Vec<String> = (0..round * 10).map(|index| format!("{round} ").repeat(index)).collect();
            filebacked::write(&file, &name, &strings).unwrap();
            all.push((name, strings));
            for (name, strings) in &all {
                assert_eq!(read::<Vec<String>>(&file, name).unwrap(), *strings, "{name}");
            }
        }
        // Another string in the place of one: the heap that is known changes.
        let dataset = file.new_dataset::<VarLenUnicode>().shape(2).create("changing").unwrap();
        for word in ["first", "other", "third, which is longer"] {
            let strings = vec![word.parse::<VarLenUnicode>().unwrap(); 2];
            dataset.write(&strings).unwrap();
            assert_eq!(read::<Vec<String>>(&file, "changing").unwrap(), [word; 2]);
        }
    }
}

#[test]
fn many_files_at_once() {
    let files: Vec<File> = (0..10).map(|_| memory()).collect();
    for (index, file) in files.iter().enumerate() {
        filebacked::write(file, "strings", &uneven(30, 500 + index)).unwrap();
    }
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20 {
                    for (index, file) in files.iter().enumerate() {
                        assert_eq!(read::<Vec<String>>(file, "strings").unwrap(), uneven(30, 500 + index));
                    }
                }
            });
        }
    });
}

#[derive(H5Type, Clone)]
#[repr(C)]
struct Inner {
    weight: f32,
    label: VarLenUnicode,
    sizes: VarLenArray<u16>,
}

/// Sequences within records within sequences: references within what references lead to.
#[test]
fn nested() {
    let file = memory();
    let label = |text: &str| text.parse::<VarLenUnicode>().unwrap();
    let inner = |index: usize| Inner {
        weight: index as f32,
        label: label(&"ab".repeat(index)),
        sizes: VarLenArray::from_slice(&vec![index as u16; index % 3]),
    };
    // libhdf5 has this type as a sequence of records; `VarLenArray` takes no elements that own something.
    let kind = hdf5::types::TypeDescriptor::VarLenArray(Box::new(Inner::type_descriptor()));
    let rows: Vec<Vec<Inner>> = (0..40).map(|row| (0..row % 4).map(|index| inner(row + index)).collect()).collect();
    let raw: Vec<(usize, *const Inner)> = rows.iter().map(|row| (row.len(), row.as_ptr())).collect();
    let dataset = file.new_dataset_builder().empty_as(&kind).shape(rows.len()).create("rows").unwrap();
    let status = hdf5::sync::sync(|| {
        // SAFETY: each row is a length and an address, as libhdf5 has sequences in memory.
        unsafe {
            let dtype = hdf5_sys::h5d::H5Dget_type(dataset.id());
            let memory = hdf5_sys::h5t::H5Tget_native_type(dtype, hdf5_sys::h5t::H5T_direction_t::H5T_DIR_ASCEND);
            let (all, list) = (hdf5_sys::h5s::H5S_ALL, hdf5_sys::h5p::H5P_DEFAULT);
            hdf5_sys::h5d::H5Dwrite(dataset.id(), memory, all, all, list, raw.as_ptr().cast())
        }
    });
    assert!(status >= 0);
    let wanted: Vec<Value> = rows
        .iter()
        .map(|row| {
            let one = |one: &Inner| json!({"weight": one.weight, "label": one.label.as_str(), "sizes": &one.sizes[..]});
            row.iter().map(one).collect()
        })
        .collect();
    assert_eq!(read::<Value>(&file, "rows").unwrap(), Value::from(wanted));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_strings(
        strings in prop::collection::vec(prop_oneof![
            4 => "[^\0]{0,12}",
            2 => Just(String::new()),
            1 => "[a-z]{200,900}",
            1 => (4000_usize..70_000).prop_map(|len| "q".repeat(len)),
        ], 0..300),
        chunk in prop::option::of(1_usize..50),
        userblock in prop::sample::select(vec![0_u64, 512, 4096]),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("any.h5");
        let file = File::with_options().with_fcpl(|list| list.userblock(userblock)).create(&path).unwrap();
        let texts: Vec<VarLenUnicode> = strings.iter().map(|string| string.parse().unwrap()).collect();
        let builder = file.new_dataset_builder().with_data(&texts);
        match chunk.filter(|_| !texts.is_empty()) {
            Some(chunk) => builder.chunk(chunk.min(texts.len())).deflate(1).create("strings"),
            None => builder.no_chunk().create("strings"),
        }
        .unwrap();
        prop_assert_eq!(&read::<Vec<String>>(&file, "strings").unwrap(), &strings);
        file.close().unwrap();
        prop_assert_eq!(&by_library(&File::open(&path).unwrap(), "strings"), &strings);
        prop_assert_eq!(&read::<Vec<String>>(&File::open(&path).unwrap(), "strings").unwrap(), &strings);
    }
}
