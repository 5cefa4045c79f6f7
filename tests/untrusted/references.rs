//! References to objects in files that lie: back to themselves, to more than anyone can read, to nothing that is there; and
//! what else others mark and a file may lie about.

use filebacked::ErrorKind::*;
use filebacked::hdf5::types::VarLenUnicode;
use filebacked::hdf5::{Group, Location, ObjectReference1};
use serde::Deserialize;
use serde_json::Value;

use crate::common::lies::{check, list};
use crate::common::memory;

fn mark(object: &Location, name: &str, word: &str) {
    let attribute = object.new_attr::<VarLenUnicode>().create(name).unwrap();
    attribute.write_scalar(&word.parse::<VarLenUnicode>().unwrap()).unwrap();
}

fn to(group: &Group, name: &str) -> ObjectReference1 {
    group.reference(name).unwrap()
}

#[test]
fn back_to_themselves() {
    check::<Value>(Cycle, |root| {
        let node = root.new_dataset::<ObjectReference1>().create("node").unwrap();
        node.write_scalar(&to(root, "node")).unwrap();
    });
    check::<Value>(Cycle, |root| {
        let group = root.create_group("node").unwrap();
        list(&group, "parts", &[to(root, "node")]);
    });
    check::<Value>(Cycle, |root| {
        for name in ["node", "other"] {
            root.new_dataset::<ObjectReference1>().shape(1).create(name).unwrap();
        }
        root.dataset("node").unwrap().write(&[to(root, "other")]).unwrap();
        root.dataset("other").unwrap().write(&[to(root, "node")]).unwrap();
    });
}

#[test]
fn to_more_than_anyone_reads() {
    let file = memory();
    list(&file, "level20", &[1]);
    for level in (0..20).rev() {
        list(&file, &format!("level{level}"), &[to(&file, &format!("level{}", level + 1)); 10]);
    }
    let options = filebacked::ReadOptions::new().max_repeats(10_000);
    let error = options.read::<Value>(&file, "level0").unwrap_err();
    assert_eq!(error.kind(), Limit, "{error}");
    let error = error.to_string();
    assert!(error.starts_with("more than 10000 groups and datasets were met again"), "{error}");
    check::<Value>(TooDeep, |root| {
        list(root, "level300", &[1]);
        for level in (0..300).rev() {
            let name = if level == 0 { "node".to_owned() } else { format!("level{level}") };
            list(root, &name, &[to(root, &format!("level{}", level + 1))]);
        }
    });
}

/// As many as there are objects, however many these are.
#[test]
fn to_as_many_as_there_are() {
    let file = memory();
    let group = file.create_group("all").unwrap();
    let count = 3000_u32;
    let references: Vec<ObjectReference1> = (0..count)
        .map(|index| {
            let name = index.to_string();
            filebacked::write(&group, &name, &index).unwrap();
            to(&group, &name)
        })
        .collect();
    list(&file, "node", &references);
    assert_eq!(filebacked::read::<Vec<u32>>(&file, "node").unwrap(), (0..count).collect::<Vec<_>>());
}

#[test]
fn to_nothing() {
    // An address is a number in the file.
    for address in [7_u64, 1 << 40, u64::MAX - 1] {
        check::<Vec<Value>>(NotFound, |root| {
            list(root, "node", &[to(root, "/")]);
            let dataset = root.dataset("node").unwrap();
            let status = filebacked::hdf5::sync::sync(|| {
                // SAFETY: one item, of the type that the file has.
                unsafe {
                    let dtype = hdf5_sys::h5d::H5Dget_type(dataset.id());
                    let (all, plist) = (hdf5_sys::h5s::H5S_ALL, hdf5_sys::h5p::H5P_DEFAULT);
                    hdf5_sys::h5d::H5Dwrite(dataset.id(), dtype, all, all, plist, (&raw const address).cast())
                }
            });
            assert!(status >= 0);
        });
    }
}

#[test]
fn categories() {
    let made = |codes: &'static [i8], categories: &'static [f64]| {
        move |root: &Group| {
            let group = root.create_group("node").unwrap();
            mark(&group, "encoding-type", "categorical");
            list(&group, "codes", codes);
            list(&group, "categories", categories);
        }
    };
    check::<Vec<f64>>(Corrupt, made(&[0, 2], &[0.5, 1.5]));
    check::<Vec<f64>>(WrongType, made(&[0, -1], &[0.5, 1.5]));
    check::<Vec<f64>>(Corrupt, |root| {
        let group = root.create_group("node").unwrap();
        mark(&group, "encoding-type", "categorical");
        list(&group, "codes", &[0.5]);
        list(&group, "categories", &[0.5]);
    });
    check::<Vec<f64>>(NotFound, |root| {
        let group = root.create_group("node").unwrap();
        mark(&group, "encoding-type", "categorical");
        list(&group, "codes", &[0]);
    });
    let file = memory();
    made(&[-128, 1, 1], &[0.5, 1.5])(&file);
    assert_eq!(filebacked::read::<Vec<Option<f64>>>(&file, "node").unwrap(), [None, Some(1.5), Some(1.5)]);
    assert_eq!(filebacked::read::<Value>(&file, "node").unwrap(), serde_json::json!([null, 1.5, 1.5]));
}

#[test]
fn frames() {
    #[derive(Deserialize, Debug)]
    #[allow(dead_code, reason = "it is not read")]
    struct Row {
        a: f64,
        b: f64,
    }
    let frame = |b: &'static [f64]| {
        move |root: &Group| {
            let group = root.create_group("node").unwrap();
            mark(&group, "encoding-type", "dataframe");
            mark(&group, "_index", "a");
            mark(&group, "column-order", "b");
            list(&group, "a", &[1.0, 2.0]);
            list(&group, "b", b);
        }
    };
    // Columns of differing length.
    check::<Vec<Row>>(Corrupt, frame(&[1.0]));
    check::<Vec<Row>>(Corrupt, frame(&[1.0, 2.0, 3.0]));
    let file = memory();
    frame(&[3.0, 4.0])(&file);
    assert_eq!(filebacked::read::<Vec<Row>>(&file, "node").unwrap()[1].b, 4.0);
    check::<Vec<Row>>(NotFound, |root| {
        let group = root.create_group("node").unwrap();
        mark(&group, "encoding-type", "dataframe");
        mark(&group, "_index", "a");
    });
    // In itself.
    check::<Vec<Row>>(Cycle, |root| {
        frame(&[1.0, 2.0])(root);
        let group = root.group("node").unwrap();
        group.unlink("a").unwrap();
        root.link_hard("node", "node/a").unwrap();
    });
}

#[test]
fn matlab() {
    let marked = |class: &'static str, units: &'static [u16]| {
        move |root: &Group| {
            list(root, "node", units);
            mark(&root.dataset("node").unwrap(), "MATLAB_class", class);
        }
    };
    check::<String>(Corrupt, marked("char", &[0xd800]));
    let file = memory();
    marked("char", &[0x61, 0xd834, 0xdd1e])(&file);
    assert_eq!(filebacked::read::<String>(&file, "node").unwrap(), "a𝄞");
    check::<Vec<bool>>(Corrupt, |root| {
        list(root, "node", &[0_u8, 2]);
        mark(&root.dataset("node").unwrap(), "MATLAB_class", "logical");
    });
    // More than there is memory for.
    check::<Vec<f64>>(Limit, |root| {
        let dataset = root.new_dataset::<f64>().shape([1 << 20, 1 << 20]).chunk([1000, 1000]).create("node").unwrap();
        mark(&dataset, "MATLAB_class", "double");
    });
}
