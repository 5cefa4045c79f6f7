//! Files that are sound HDF5 and lie: what they hold contradicts itself, leads back, or claims more than there is. A row
//! says what was made, and the kind of the error.

use std::collections::BTreeMap;
use std::path::PathBuf;

use filebacked::ErrorKind::*;
use filebacked::hdf5::types::{FixedUnicode, VarLenUnicode};
use filebacked::hdf5::{self, Group, H5Type};
use filebacked::{Lazy, NdArray, Reader};
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::common::lies::{check, list};
use crate::common::memory;

fn kind(object: &hdf5::Location, kind: &str) {
    let attribute = object.new_attr::<VarLenUnicode>().create("filebacked").unwrap();
    attribute.write_scalar(&kind.parse::<VarLenUnicode>().unwrap()).unwrap();
}

/// The group `node` of a kind.
fn node(parent: &Group, word: &str) -> Group {
    let group = parent.create_group("node").unwrap();
    kind(&group, word);
    group
}

fn length(group: &Group, length: u64) {
    group.new_attr::<u64>().create("length").unwrap().write_scalar(&length).unwrap();
}

/// A dataset of which nothing was ever written.
fn unwritten<T: H5Type>(group: &Group, name: &str, shape: &[usize], chunk: Option<&[usize]>) {
    let builder = group.new_dataset::<T>().shape(shape);
    match chunk {
        Some(chunk) => builder.chunk(chunk).create(name),
        None => builder.no_chunk().create(name),
    }
    .unwrap();
}

/// Writes the dataset's bytes as they are: what no type of Rust's can hold.
fn write_raw(dataset: &hdf5::Dataset, bytes: &[u8]) {
    assert_eq!(bytes.len() as u64, dataset.storage_size().max(bytes.len() as u64));
    let status = hdf5::sync::sync(|| {
        // SAFETY: as many bytes as there are. The type in memory is said to be the file's, so nothing is converted.
        unsafe {
            let dtype = hdf5_sys::h5d::H5Dget_type(dataset.id());
            let (all, list) = (hdf5_sys::h5s::H5S_ALL, hdf5_sys::h5p::H5P_DEFAULT);
            hdf5_sys::h5d::H5Dwrite(dataset.id(), dtype, all, all, list, bytes.as_ptr().cast())
        }
    });
    assert!(status >= 0);
}

#[test]
fn kinds() {
    check::<Value>(Unsupported, |root| drop(node(root, "sonnet")));
    check::<Value>(Corrupt, |root| {
        let group = root.create_group("node").unwrap();
        group.new_attr::<f64>().create("filebacked").unwrap().write_scalar(&1.0).unwrap();
    });
    check::<Value>(Corrupt, |root| {
        let group = root.create_group("node").unwrap();
        let word = "map".parse::<VarLenUnicode>().unwrap();
        group.new_attr::<VarLenUnicode>().shape(2).create("filebacked").unwrap().write(&[word.clone(), word]).unwrap();
    });
    // A group says that it is what only a dataset can be, and the other way round.
    for word in ["bytes", "i128", "str", "unit", "units", "masked"] {
        check::<Value>(WrongType, |root| drop(node(root, word)));
    }
    for word in ["columns", "ragged", "map", "some", "list", "mixed"] {
        check::<Value>(WrongType, |root| {
            list(root, "node", &[1, 2]);
            kind(&root.dataset("node").unwrap(), word);
        });
    }
    for word in ["bytes", "i128", "str"] {
        check::<Value>(Corrupt, |root| {
            list(root, "node", &[1.5, 2.5]);
            kind(&root.dataset("node").unwrap(), word);
        });
    }
    // Its parts are missing.
    for word in ["ragged", "blobs", "text", "maps", "map", "nullable", "variants", "mixed", "some", "value"] {
        check::<Value>(NotFound, |root| drop(node(root, word)));
    }
    check::<Value>(Corrupt, |root| drop(node(root, "columns")));
    check::<(u8, String)>(WrongLength, |root| drop(node(root, "tuple")));
}

#[test]
fn offsets() {
    let ragged = |offsets: &'static [i64]| {
        move |root: &Group| {
            let group = node(root, "ragged");
            list(&group, "values", &[1, 2, 3]);
            list(&group, "offsets", offsets);
        }
    };
    for offsets in [&[][..], &[0], &[1, 3], &[0, 2], &[0, 4], &[0, 2, 1, 3], &[0, -1, 3], &[0, i64::MAX, 3]] {
        check::<Vec<Vec<i32>>>(Corrupt, ragged(offsets));
    }
    check::<Vec<Vec<i32>>>(Corrupt, |root| {
        let group = node(root, "ragged");
        list(&group, "values", &[1, 2, 3]);
        list(&group, "offsets", &[0.0, 3.0]);
    });
    for word in ["blobs", "text"] {
        check::<Vec<String>>(Corrupt, |root| {
            let group = node(root, word);
            list(&group, if word == "text" { "bytes" } else { "values" }, b"abc");
            list(&group, "offsets", &[0u64, 2, 7]);
        });
        check::<Vec<String>>(Corrupt, |root| {
            let group = node(root, word);
            list(&group, if word == "text" { "bytes" } else { "values" }, &[1.5]);
            list(&group, "offsets", &[0u64, 1]);
        });
    }
    check::<Vec<BTreeMap<u8, u8>>>(Corrupt, |root| {
        let group = node(root, "maps");
        list(&group, "keys", &[1, 2]);
        list(&group, "values", &[1, 2, 3]);
        list(&group, "offsets", &[0u64, 2]);
    });
    check::<BTreeMap<u8, u8>>(Corrupt, |root| {
        let group = node(root, "map");
        list(&group, "keys", &[1, 2]);
        list(&group, "values", &[1, 2, 3]);
    });
}

#[test]
fn masks() {
    let masked = |mask: &'static [bool], count: usize| {
        move |root: &Group| {
            let group = node(root, "nullable");
            list(&group, "values", &vec![1; count]);
            list(&group, "mask", mask);
        }
    };
    check::<Vec<Option<i32>>>(Corrupt, masked(&[true], 2));
    check::<Vec<Option<i32>>>(Corrupt, masked(&[true, false, false], 2));
    check::<Vec<Option<i32>>>(Corrupt, masked(&[true, false], 0));
    check::<Vec<Option<i32>>>(Corrupt, |root| {
        let group = node(root, "nullable");
        list(&group, "values", &[1]);
        list(&group, "mask", &[1.0]);
    });
}

#[test]
fn columns() {
    let columns = |rows: u64| {
        move |root: &Group| {
            let group = node(root, "columns");
            length(&group, rows);
            list(&group, "a", &[1, 2]);
            list(&group, "b", &[1.0, 2.0, 3.0]);
        }
    };
    check::<Value>(Corrupt, columns(2));
    check::<Value>(Corrupt, columns(3));
    check::<Value>(Limit, columns(1 << 60));
    // No column says how many rows there are.
    check::<Value>(Limit, |root| length(&node(root, "columns"), 1 << 40));
    check::<Vec<IgnoredAny>>(Limit, |root| length(&node(root, "columns"), u64::MAX));
    check::<Value>(Corrupt, |root| {
        node(root, "columns").new_attr::<f64>().create("length").unwrap().write_scalar(&2.0).unwrap();
    });
    check::<Value>(Corrupt, |root| {
        node(root, "columns").new_attr::<i64>().create("length").unwrap().write_scalar(&-2).unwrap();
    });
    check::<Value>(Corrupt, |root| {
        let group = node(root, "columns");
        length(&group, 2);
        let field = group.create_group("a").unwrap();
        kind(&field, "masked");
        list(&field, "values", &[1, 2]);
        list(&field, "mask", &[true]);
    });
}

#[test]
fn tags() {
    #[derive(H5Type, Clone, Copy)]
    #[repr(u8)]
    enum Tag {
        A = 0,
        B = 1,
    }
    let variants = |word: &'static str, count: usize| {
        move |root: &Group| {
            let group = node(root, word);
            list(&group, "tag", &[Tag::A, Tag::B]);
            list(&group, "A", &vec![1; count]);
            list(&group, "B", &[1]);
        }
    };
    for word in ["variants", "mixed"] {
        check::<Value>(Corrupt, variants(word, 0));
        check::<Value>(Corrupt, variants(word, 2));
        check::<Value>(Corrupt, |root| {
            let group = node(root, word);
            list(&group, "tag", &[1.5]);
        });
    }
    check::<Value>(Corrupt, |root| {
        let group = node(root, "mixed");
        list(&group, "tag", &[Tag::A]);
    });
    // A value that has no name.
    check::<Value>(Corrupt, |root| {
        let group = node(root, "variants");
        list(&group, "A", &[1]);
        let tag = group.new_dataset::<Tag>().shape(1).create("tag").unwrap();
        write_raw(&tag, &[7]);
    });
}

#[test]
fn links() {
    check::<Value>(Cycle, |root| {
        root.create_group("node/a").unwrap();
        root.link_hard("node", "node/a/b").unwrap();
    });
    check::<Value>(Cycle, |root| {
        root.create_group("node/a").unwrap();
        root.link_soft("/node", "node/a/b").unwrap();
    });
    for word in ["ragged", "nullable", "some", "list", "map"] {
        check::<Value>(Cycle, |root| {
            let group = node(root, word);
            list(&group, "offsets", &[0u64, 1]);
            list(&group, "mask", &[false]);
            for name in ["values", "value", "keys", "0", "1", "2"] {
                root.link_hard("node", &format!("node/{name}")).unwrap();
            }
        });
    }
    // A soft link to itself, or to nothing.
    check::<Value>(NotFound, |root| root.link_soft("/node", "node").unwrap());
    check::<Value>(NotFound, |root| root.link_soft("/nowhere", "node").unwrap());
    check::<Value>(TooDeep, |root| drop(root.create_group(&format!("node{}", "/a".repeat(5000))).unwrap()));
    check::<Value>(Unsupported, |root| {
        root.commit_datatype("node", &hdf5::Datatype::from_type::<f64>().unwrap()).unwrap();
    });
}

/// Every group holds ten links to the next: few links lead to more groups than anyone can read.
#[test]
fn expansion() {
    let of = |soft: bool, leaf: &'static dyn Fn(&Group)| {
        move |root: &Group| {
            for level in (0..20).rev() {
                let group = root.create_group(&format!("level{level}")).unwrap();
                leaf(&group);
                for link in 0..10 {
                    let (target, name) = (format!("/level{}", level + 1), format!("level{level}/{link}"));
                    if soft {
                        root.link_soft(&target, &name).unwrap();
                    } else if level < 19 {
                        root.link_hard(&target, &name).unwrap();
                    }
                }
            }
            root.create_group("level20").unwrap();
            root.link_soft("/level0", "node").unwrap();
        }
    };
    check::<Value>(Limit, of(true, &|_| ()));
    check::<Value>(Limit, of(false, &|_| ()));
    // Each group brings many that have one link only.
    check::<Value>(
        Limit,
        of(false, &|group| {
            for index in 0..1000 {
                group.create_group(&format!("x/y{index}")).unwrap();
            }
        }),
    );
    // Or data: met again, it counts again.
    #[derive(serde::Deserialize)]
    #[allow(dead_code, reason = "only the reading is looked at")]
    struct Level {
        x: serde_bytes::ByteBuf,
        #[serde(rename = "0", default)]
        first: Option<Box<Level>>,
        #[serde(rename = "1", default)]
        second: Option<Box<Level>>,
    }
    check::<Level>(Limit, of(false, &|group| list(group, "x", &[0u8; 100_000])));
}

/// One dataset under many names.
#[test]
fn many_names_of_one_dataset() {
    let many = |make: &'static dyn Fn(&Group)| {
        move |root: &Group| {
            let group = root.create_group("node").unwrap();
            make(&group);
            for index in 0..1000 {
                root.link_hard("node/0", &format!("node/x{index}")).unwrap();
            }
        }
    };
    check::<BTreeMap<String, serde_bytes::ByteBuf>>(
        Limit,
        many(&|group| unwritten::<u8>(group, "0", &[60 << 20], Some(&[1 << 20]))),
    );
}

#[test]
fn claims() {
    let huge = 1 << 40;
    check::<Vec<f64>>(Limit, |root| unwritten::<f64>(root, "node", &[huge], None));
    check::<Vec<f64>>(Limit, |root| unwritten::<f64>(root, "node", &[huge], Some(&[1000])));
    check::<Vec<IgnoredAny>>(Limit, |root| unwritten::<f64>(root, "node", &[huge], Some(&[1000])));
    check::<Vec<Vec<f64>>>(Limit, |root| unwritten::<f64>(root, "node", &[1 << 31, 1 << 31], Some(&[1, 1])));
    // The one chunk is far larger than the dataset.
    check::<Vec<f64>>(Limit, |root| {
        let builder = root.new_dataset::<f64>().shape(hdf5::SimpleExtents::resizable([10]));
        builder.chunk(500_000_000).create("node").unwrap();
    });
    // Rows without items.
    check::<Vec<Vec<f64>>>(Limit, |root| unwritten::<f64>(root, "node", &[huge, 0], None));
    check::<Vec<Vec<Vec<f64>>>>(Limit, |root| unwritten::<f64>(root, "node", &[1 << 20, 1 << 20, 0], None));
    // A count alone.
    check::<Vec<()>>(Limit, |root| {
        root.new_dataset::<u64>().create("node").unwrap().write_scalar(&u64::MAX).unwrap();
        kind(&root.dataset("node").unwrap(), "units");
    });
    // Masks and offsets, of which nothing was written.
    check::<Vec<Option<()>>>(Limit, |root| {
        let group = node(root, "nullable");
        list(&group, "values", &[0u8; 0]);
        unwritten::<bool>(&group, "mask", &[huge], Some(&[1000]));
    });
    check::<Vec<Vec<()>>>(Limit, |root| {
        let group = node(root, "ragged");
        list(&group, "values", &[0u8; 0]);
        unwritten::<u64>(&group, "offsets", &[huge], Some(&[1000]));
    });
}

#[test]
fn shapes_that_are_no_error() {
    let file = memory();
    unwritten::<f64>(&file, "empty rows", &[3, 0, 4], None);
    assert_eq!(filebacked::read::<Vec<Vec<Vec<f64>>>>(&file, "empty rows").unwrap(), vec![Vec::<Vec<f64>>::new(); 3]);
    unwritten::<f64>(&file, "no rows", &[0, 1 << 40], None);
    assert!(filebacked::read::<Vec<Vec<f64>>>(&file, "no rows").unwrap().is_empty());
    unwritten::<f64>(&file, "filled", &[1000], Some(&[100]));
    assert_eq!(filebacked::read::<Vec<f64>>(&file, "filled").unwrap(), [0.0; 1000]);
    let deep = [1; 32];
    unwritten::<u8>(&file, "deep", &deep, None);
    assert!(filebacked::read::<Value>(&file, "deep").unwrap().is_array());
    // Of two fields of one name, the later is kept, as by every map.
    #[derive(H5Type, Clone, Copy)]
    #[repr(C)]
    struct Wide {
        a: [[u8; 3]; 2],
        b: u8,
    }
    list(&file, "wide", &[Wide { a: [[1, 2, 3], [4, 5, 6]], b: 7 }]);
    let wide = serde_json::json!([{"a": [[1, 2, 3], [4, 5, 6]], "b": 7}]);
    assert_eq!(filebacked::read::<Value>(&file, "wide").unwrap(), wide);
}

#[test]
fn strings_that_are_no_text() {
    let scalar = |root: &Group| {
        write_raw(&root.new_dataset::<FixedUnicode<4>>().create("node").unwrap(), b"a\xff\xfe\0");
    };
    let strings = |root: &Group| {
        write_raw(&root.new_dataset::<FixedUnicode<4>>().shape(1).create("node").unwrap(), b"a\xff\xfe\0");
    };
    // In another encoding it may be.
    check::<String>(Unsupported, scalar);
    check::<Value>(Unsupported, scalar);
    check::<Vec<String>>(Unsupported, strings);
    check::<Value>(Unsupported, strings);
    check::<String>(Corrupt, |root| {
        list(root, "node", b"\xff");
        kind(&root.dataset("node").unwrap(), "str");
    });
}

/// Marks of MATLAB's that lie: an error, or what is stored, and never more memory than that.
#[test]
fn marks_of_matlab_that_lie() {
    let folder = tempfile::tempdir().unwrap();
    let file = hdf5::File::create(folder.path().join("lies.mat")).unwrap();
    let text = |object: &hdf5::Location, name: &str, text: &str| {
        let text: VarLenUnicode = text.parse().unwrap();
        object.new_attr::<VarLenUnicode>().create(name).unwrap().write_scalar(&text).unwrap();
    };
    let classes = ["double", "single", "logical", "int8", "char", "cell", "struct", "function_handle", "nonsense", ""];
    for (at, class) in classes.into_iter().enumerate() {
        // Dimensions of nothing, which are what the data is.
        for (number, dims) in [vec![0, u64::MAX], vec![u64::MAX, 0, u64::MAX], vec![0], vec![3, 4], vec![0; 65], vec![]]
            .into_iter()
            .enumerate()
        {
            let empty = file.new_dataset_builder().with_data(&dims).create(&*format!("empty {at} {number}")).unwrap();
            text(&empty, "MATLAB_class", class);
            empty.new_attr::<u64>().create("MATLAB_empty").unwrap().write_scalar(&1).unwrap();
        }
        // Data of other types and shapes than the class has.
        let marked = |name: &str, dataset: hdf5::Dataset| {
            text(&dataset, "MATLAB_class", class);
            text(&dataset, "MATLAB_empty", name);
        };
        let builder = || file.new_dataset_builder();
        marked(
            "no",
            builder()
                .with_data(&ndarray::arr2(&[[1.5f32, -2.5], [f32::NAN, 7e9]]))
                .create(&*format!("floats {at}"))
                .unwrap(),
        );
        marked("2", builder().with_data(&[0xd800u16, 0xffff, 0]).create(&*format!("units {at}")).unwrap());
        text(
            &builder().with_data(&ndarray::arr2(&[[u32::MAX; 3]; 2])).create(&*format!("wide {at}")).unwrap(),
            "MATLAB_class",
            class,
        );
        text(
            &file.new_dataset::<u16>().shape((1 << 40, 1 << 10)).chunk((4, 4)).create(&*format!("huge {at}")).unwrap(),
            "MATLAB_class",
            class,
        );
        text(&file.new_dataset::<f64>().create(&*format!("scalar {at}")).unwrap(), "MATLAB_class", class);
    }
    for (number, rows) in [u64::MAX, 0, 1, 3].into_iter().enumerate() {
        for (other, (starts, places)) in
            [(vec![0, 2], vec![0u64, 5]), (vec![0, u64::MAX], vec![0]), (vec![2, 0], vec![0, 1]), (vec![], vec![])]
                .into_iter()
                .enumerate()
        {
            let group = file.create_group(&format!("sparse {number} {other}")).unwrap();
            text(&group, "MATLAB_class", "double");
            group.new_attr::<u64>().create("MATLAB_sparse").unwrap().write_scalar(&rows).unwrap();
            group.new_dataset_builder().with_data(&starts).create("jc").unwrap();
            group.new_dataset_builder().with_data(&places).create("ir").unwrap();
            group.new_dataset_builder().with_data(&vec![1.5; places.len()]).create("data").unwrap();
        }
    }
    fn read<T: serde::de::DeserializeOwned>(file: &hdf5::File, name: &str) -> usize {
        usize::from(
            filebacked::read::<T>(file, name)
                .map_err(|error| assert!(error.to_string().contains(name), "{error}"))
                .is_ok(),
        )
    }
    let mut good = 0;
    for name in file.member_names().unwrap() {
        good += read::<filebacked::NdArray<f64, ndarray::IxDyn>>(&file, &name)
            + read::<filebacked::NdArray<f64, ndarray::Ix2>>(&file, &name);
        good += read::<filebacked::NdArray<u16, ndarray::Ix1>>(&file, &name)
            + read::<filebacked::NdArray<bool, ndarray::IxDyn>>(&file, &name);
        good += read::<Vec<f64>>(&file, &name) + read::<Vec<Vec<f64>>>(&file, &name) + read::<f64>(&file, &name);
        good += read::<String>(&file, &name) + read::<Vec<String>>(&file, &name);
        good += read::<filebacked::Value>(&file, &name) + read::<Value>(&file, &name);
        good += read::<filebacked::Lazy<filebacked::NdArray<f64, ndarray::IxDyn>>>(&file, &name);
        if let Ok(lazy) = filebacked::read::<filebacked::Lazy<filebacked::NdArray<f64, ndarray::IxDyn>>>(&file, &name) {
            good += usize::from(lazy.get().is_ok());
        }
        if let Ok(reader) = filebacked::Reader::<f64>::open(&file, &name) {
            good += reader.take(1000).filter(Result::is_ok).count();
        }
        #[cfg(feature = "sprs")]
        {
            good += read::<filebacked::Sparse<f64>>(&file, &name) + read::<filebacked::Triplets<f64>>(&file, &name);
        }
    }
    assert!(good > 100, "{good}");
}

/// A file of `fixtures/hostile`.
fn hostile(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/hostile").join(name)
}

/// Something with an attribute.
#[derive(serde::Deserialize, Debug)]
struct Node {
    #[serde(rename = "@x")]
    x: f64,
}

/// A dataspace of a class that HDF5 does not have, which libhdf5 passes on.
#[test]
fn an_unknown_class_of_a_dataspace() {
    // Of datasets, newer versions of libhdf5 say so themselves.
    let says = |text: &str| {
        assert!(
            text.contains("a dataspace of a class with the number 7") || text.contains("unknown dataspace class"),
            "{text}"
        );
    };
    let class = |error: filebacked::Error| says(&error.to_string());
    // It costs only itself.
    let unreadable = |value: Option<&filebacked::Value>| match value {
        Some(filebacked::Value::Unreadable(why)) => says(why),
        other => panic!("{other:?}"),
    };
    let path = hostile("ub-class-dataset.h5");
    let file = hdf5::File::open(&path).unwrap();
    let names = file.member_names().unwrap();
    let name = names[0].as_str();
    class(filebacked::from_file::<Value>(&path).unwrap_err());
    unreadable(filebacked::from_file::<filebacked::Value>(&path).unwrap().get(name));
    class(filebacked::read::<f64>(&file, name).unwrap_err());
    class(filebacked::read::<Vec<f64>>(&file, name).unwrap_err());
    class(filebacked::read::<NdArray<f64, ndarray::Ix1>>(&file, name).unwrap_err());
    class(Reader::<f64>::open(&file, name).map(drop).unwrap_err());
    filebacked::tree(&file).unwrap();
    // An attribute.
    let path = hostile("ub-class-attribute.h5");
    let file = hdf5::File::open(&path).unwrap();
    let error = filebacked::from_file::<BTreeMap<String, Node>>(&path).err().unwrap();
    assert_eq!(error.kind(), Corrupt, "{error}");
    class(error);
    unreadable(filebacked::from_file::<filebacked::Value>(&path).unwrap()["g"].attr("x"));
    filebacked::tree(&file).unwrap();
    class(filebacked::to_vec(&filebacked::read::<Lazy<Value>>(&file, "g").unwrap()).unwrap_err());
}

/// A simple dataspace without dimensions holds one item, as h5py has it.
#[test]
fn simple_dataspaces_without_dimensions() {
    let path = hostile("simple-rank0-dataset.h5");
    let file = hdf5::File::open(&path).unwrap();
    assert_eq!(filebacked::from_file::<Value>(&path).unwrap(), serde_json::json!({"value": "text"}));
    assert_eq!(filebacked::read::<String>(&file, "value").unwrap(), "text");
    assert!(filebacked::read::<Vec<String>>(&file, "value").is_err());
    assert!(Reader::<String>::open(&file, "value").is_err());
    assert!(filebacked::tree(&file).unwrap().to_string().contains("\"text\""));
    // Objects are copied as a whole, after a look at what is in heaps.
    let lazy: BTreeMap<String, Lazy<String>> = filebacked::from_file(&path).unwrap();
    let copy = filebacked::to_vec(&lazy).unwrap();
    assert_eq!(filebacked::from_slice::<Value>(&copy).unwrap(), serde_json::json!({"value": "text"}));
    let path = hostile("simple-rank0-attribute.h5");
    let value = filebacked::from_file::<Value>(&path).unwrap();
    assert_eq!(filebacked::from_file::<BTreeMap<String, Node>>(&path).unwrap()["g"].x, 2.5);
    // The attribute is written again, and copied with its group.
    let lazy: BTreeMap<String, Lazy<Value>> = filebacked::from_file(&path).unwrap();
    for copy in [filebacked::to_vec(&value).unwrap(), filebacked::to_vec(&lazy).unwrap()] {
        assert_eq!(filebacked::from_slice::<BTreeMap<String, Node>>(&copy).unwrap()["g"].x, 2.5);
        filebacked::from_slice::<Value>(&copy).unwrap();
    }
}

/// The `hdf5` crate reads the value of an enum into eight bytes, however many it has.
#[test]
fn wide_enums_in_records() {
    use hdf5_sys::h5d::H5Dcreate2;
    use hdf5_sys::h5p::H5P_DEFAULT;
    use hdf5_sys::h5s::H5Screate_simple;
    use hdf5_sys::h5t::{
        H5T_IEEE_F64LE, H5T_STD_I64LE, H5T_class_t, H5Tcopy, H5Tcreate, H5Tenum_create, H5Tenum_insert, H5Tinsert,
        H5Tset_size,
    };

    let file = memory();
    hdf5::sync::sync(|| {
        // SAFETY: C strings, handles of the kinds that the functions take, and a value of as many bytes as the type has.
        unsafe {
            let wide = H5Tcopy(*H5T_STD_I64LE);
            assert!(H5Tset_size(wide, 64) >= 0);
            let members = H5Tenum_create(wide);
            assert!(H5Tenum_insert(members, c"A".as_ptr(), [0x5a_u8; 64].as_ptr().cast()) >= 0);
            let record = H5Tcreate(H5T_class_t::H5T_COMPOUND, 72);
            assert!(H5Tinsert(record, c"x".as_ptr(), 0, *H5T_IEEE_F64LE) >= 0);
            assert!(H5Tinsert(record, c"e".as_ptr(), 8, members) >= 0);
            let space = H5Screate_simple(1, [2].as_ptr(), std::ptr::null());
            let (name, list) = (c"records".as_ptr(), H5P_DEFAULT);
            let dataset = H5Dcreate2(file.id(), name, record, space, list, list, list);
            assert!(dataset >= 0);
            hdf5_sys::h5i::H5Idec_ref(dataset);
        }
    });
    let lazy: Lazy<NdArray<f64, ndarray::Ix1>> = filebacked::read(&file, "records").unwrap();
    assert_eq!(lazy.element_type().unwrap_err().kind(), Unsupported);
    #[derive(serde::Deserialize)]
    struct Record {
        x: f64,
    }
    assert!(filebacked::read::<Vec<Record>>(&file, "records").unwrap().iter().all(|record| record.x == 0.0));
}

/// The values of an enum take more bytes in the file than in memory, or are in another order there: `H5Tget_native_type` has
/// too little memory for the former.
#[test]
fn enums_over_integers_of_few_bits() {
    use hdf5_sys::h5t::{H5T_STD_I16BE, H5T_STD_U64LE, H5Tcopy, H5Tenum_create, H5Tenum_insert, H5Tset_precision};

    let file = memory();
    let make = |name: &str, of: &'static hdf5_sys::h5i::hid_t, bits: usize, values: [&[u8]; 2]| {
        hdf5::sync::sync(|| {
            // SAFETY: C strings, types, and values of as many bytes as the type has.
            let members = unsafe {
                let base = H5Tcopy(*of);
                assert!(H5Tset_precision(base, bits) >= 0);
                let members = H5Tenum_create(base);
                for (name, value) in [c"A", c"B"].into_iter().zip(values) {
                    assert!(H5Tenum_insert(members, name.as_ptr(), value.as_ptr().cast()) >= 0);
                }
                members
            };
            // SAFETY: a type that nothing else has.
            let dtype: hdf5::Datatype = unsafe { hdf5::from_id(members) }.unwrap();
            let (space, list) = (hdf5_sys::h5s::H5S_class_t::H5S_SCALAR, hdf5_sys::h5p::H5P_DEFAULT);
            let label = std::ffi::CString::new(name).unwrap();
            // SAFETY: handles of the kinds that the functions take, and a C string.
            unsafe {
                let space = hdf5_sys::h5s::H5Screate(space);
                let id = hdf5_sys::h5d::H5Dcreate2(file.id(), label.as_ptr(), dtype.id(), space, list, list, list);
                assert!(id >= 0);
                hdf5_sys::h5i::H5Idec_ref(id);
            }
        });
        write_raw(&file.dataset(name).unwrap(), values[1]);
    };
    make("wide", H5T_STD_U64LE, 7, [&[5, 0, 0, 0, 0, 0, 0, 0], &[9, 0, 0, 0, 0, 0, 0, 0]]);
    make("big", H5T_STD_I16BE, 16, [&[0, 5], &[0xff, 0xf7]]);
    for name in ["wide", "big"] {
        assert_eq!(filebacked::read::<String>(&file, name).unwrap(), "B", "{name}");
    }
}
