//! What is usual, stored in a way that is not: it is read as what it means, and where it is broken it costs only itself.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use filebacked::hdf5::{File, H5Type};
use filebacked::value::Number;
use filebacked::{
    Appender, ErrorKind, Lazy, LazyMap, NdArray, ReadOptions, Reader, Value, WithAttrs, from_file, from_slice, to_vec,
};
use half::f16;
use ndarray::{Array2, Array3, Ix0, Ix1, Ix2, Ix3, IxDyn, arr0, arr1, arr2, s};
use num_complex::{Complex32, Complex64};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::{Made, PACKAGES, error, read};

fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| Made::by("foreign_unusual.py"))
}

fn open(name: &str) -> File {
    made().open(name)
}

#[derive(Deserialize, PartialEq, Debug)]
enum Color {
    Red,
    Green,
}

#[derive(Deserialize, PartialEq, Debug)]
struct Point {
    x: i32,
    y: f64,
}

#[test]
fn scalars_in_one_element() {
    #[derive(Deserialize, PartialEq, Debug)]
    struct All {
        f64: f64,
        f32: f32,
        i1: i8,
        i4: i64,
        u8: u64,
        bool: bool,
        text: String,
        fixed: String,
        #[serde(rename = "enum")]
        color: Color,
        complex: Complex64,
        record: Point,
        bytes: ByteBuf,
        deep: f64,
        chunked: Option<f64>,
        reference: f64,
        pair: (f32, f32),
    }
    let file = open("one_element.h5");
    let all = All {
        f64: 1.5,
        f32: 0.5,
        i1: 7,
        i4: 7,
        u8: 7,
        bool: true,
        text: "t".to_owned(),
        fixed: "fixed".to_owned(),
        color: Color::Green,
        complex: Complex64::new(1.0, 2.0),
        record: Point { x: 1, y: 2.5 },
        bytes: ByteBuf::from(b"ab".to_vec()),
        deep: 2.5,
        chunked: Some(4.5),
        reference: 1.5,
        pair: (0.5, 1.5),
    };
    assert_eq!(filebacked::from_group::<All>(&file).unwrap(), all);
    for code in ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"] {
        assert_eq!(read::<u8>(&file, code), 7);
        assert_eq!(read::<i128>(&file, code), 7);
        assert_eq!(read::<f32>(&file, code), 7.0);
    }
    assert_eq!(read::<half::f16>(&file, "f16"), half::f16::from_f32(0.5));
    assert_eq!((read::<f32>(&file, "f16"), read::<f64>(&file, "long")), (0.5, 0.5));
    assert_eq!((read::<i64>(&file, "time"), read::<u128>(&file, "wide")), (3600, 1 << 100));
    assert_eq!(read::<Vec<Vec<i32>>>(&file, "list"), [[1, 2, 3]]);
    assert_eq!(read::<char>(&file, "text"), 't');
    assert_eq!(read::<(i32, f64)>(&file, "record"), (1, 2.5));
    assert_eq!(read::<Lazy<f64>>(&file, "f64").load().unwrap(), 1.5);
    assert_eq!(*read::<NdArray<f64, Ix0>>(&file, "f64"), arr0(1.5));
    assert_eq!(*read::<NdArray<f64, Ix0>>(&file, "deep"), arr0(2.5));
    // They are lists all the same.
    assert_eq!(read::<Vec<f64>>(&file, "f64"), [1.5]);
    assert_eq!(read::<[f64; 1]>(&file, "f64"), [1.5]);
    assert_eq!(read::<Vec<Vec<Vec<f64>>>>(&file, "deep"), [[[2.5]]]);
    assert_eq!(read::<Vec<String>>(&file, "text"), ["t"]);
    assert_eq!(read::<Vec<Point>>(&file, "record"), [Point { x: 1, y: 2.5 }]);
    assert_eq!(read::<Vec<[f32; 2]>>(&file, "pair"), [[0.5, 1.5]]);
    assert_eq!(read::<ByteBuf>(&file, "byte"), [200]);
    assert_eq!(read::<Vec<ByteBuf>>(&file, "bytes"), [b"ab"]);
    assert_eq!(read::<Value>(&file, "text"), Value::List(vec!["t".into()]));
    assert_eq!(read::<serde_json::Value>(&file, "f64"), serde_json::json!([1.5]));
    assert!(error::<f64>(&file, "text").contains("string"));

    #[derive(Deserialize, PartialEq, Debug)]
    struct Inner {
        one: f64,
        two: Vec<i32>,
    }
    let inner = [Inner { one: 1.5, two: vec![2, 3] }, Inner { one: 4.5, two: vec![5, 6] }];
    assert_eq!(read::<Vec<Inner>>(&file, "inner"), inner);
    assert_eq!(read::<Vec<(Vec<f64>, [i32; 2])>>(&file, "inner")[1], (vec![4.5], [5, 6]));

    #[derive(Deserialize, PartialEq, Debug)]
    struct Attributes {
        #[serde(rename = "@bytes")]
        bytes: ByteBuf,
        #[serde(rename = "@byte")]
        byte: ByteBuf,
    }
    let attributes = Attributes { bytes: ByteBuf::from(vec![1, 2]), byte: ByteBuf::from(vec![3]) };
    assert_eq!(filebacked::from_group::<Attributes>(&file).unwrap(), attributes);
}

#[test]
fn characters_one_by_one() {
    let file = open("chars.h5");
    assert_eq!(read::<String>(&file, "title"), "hello");
    assert_eq!(read::<Vec<String>>(&file, "title").concat(), "hello");
    assert_eq!(read::<Vec<char>>(&file, "title"), ['h', 'e', 'l', 'l', 'o']);
    assert_eq!(read::<Option<String>>(&file, "padded").as_deref(), Some("ab"));
    assert_eq!(read::<String>(&file, "one"), "x");
    assert_eq!(read::<Vec<String>>(&file, "one"), ["x"]);
    assert_eq!(read::<String>(&file, "packed"), "packed");
    assert_eq!(read::<Vec<String>>(&file, "grid"), ["ab", "cd"]);
    let all: BTreeMap<String, serde::de::IgnoredAny> = filebacked::from_group(&file).unwrap();
    assert_eq!(all.len(), 5);
}

#[test]
fn lzf_of_variable_length() {
    let file = open("lzf.h5");
    assert_eq!(read::<Vec<String>>(&file, "s"), ["a", "é"]);
    let many = read::<Vec<String>>(&file, "many");
    assert_eq!((many.len(), many[4999].as_str()), (5000, "the same text again and again 1"));
    let lists = read::<Vec<Vec<i32>>>(&file, "lists");
    assert_eq!((lists.len(), &lists[5]), (200, &vec![0, 1]));
    let table = read::<Vec<(i32, String)>>(&file, "table");
    assert_eq!((table.len(), &table[299]), (300, &(299, "name".to_owned())));
    assert_eq!(read::<Vec<String>>(&file, "noise"), ["a", "b", "c"]);
    assert_eq!(read::<Vec<i64>>(&file, "scaled"), (0..4096).map(|at| at / 512).collect::<Vec<_>>());
    let value: Value = from_file(made().path("lzf.h5")).unwrap();
    assert_eq!(value["many"][6].as_str(), Some("the same text again and again 6"));
}

#[test]
fn logicals() {
    let file = open("logical.h5");
    let missing = [Some(true), Some(false), None];
    for name in ["hdf5r", "rhdf5", "mixed"] {
        assert_eq!(read::<Vec<Option<bool>>>(&file, name), missing, "{name}");
        assert_eq!(read::<Option<bool>>(&file, &format!("{name}_scalar")), None);
        assert_eq!(read::<Option<bool>>(&file, &format!("{name}_one")), None);
        let message = error::<Vec<bool>>(&file, name);
        assert!(message.starts_with("expected `bool`, found a missing value (`NA`)"), "{message}");
    }
    for name in ["full", "lower", "order", "wide"] {
        assert_eq!(read::<Vec<bool>>(&file, name), [true, false, true], "{name}");
        assert_eq!(read::<Vec<Option<bool>>>(&file, name), [Some(true), Some(false), Some(true)]);
        assert_eq!(*read::<NdArray<bool, Ix1>>(&file, name), arr1(&[true, false, true]), "{name}");
        assert!(read::<bool>(&file, &format!("{name}_one")));
        assert_eq!(read::<Option<bool>>(&file, &format!("{name}_scalar")), Some(true));
    }
    assert!(error::<NdArray<bool, Ix1>>(&file, "hdf5r").contains("item 2 is no value of `bool`"));
    // As the names, where these are asked for, and where nothing is.
    assert_eq!(read::<Vec<String>>(&file, "hdf5r"), ["TRUE", "FALSE", "NA"]);
    assert_eq!(read::<Value>(&file, "lower")[0].as_str(), Some("True"));
    assert_eq!(read::<serde_json::Value>(&file, "hdf5r"), serde_json::json!([true, false, null]));
    let value = read::<Value>(&file, "hdf5r");
    assert_eq!(from_slice::<Vec<Option<bool>>>(&to_vec(&value).unwrap()).unwrap(), missing);
    // An enum that only looks like it.
    assert!(error::<Vec<bool>>(&file, "other").contains("expected"));
    assert_eq!(read::<Vec<String>>(&file, "other"), ["TRUE", "FALSE", "MAYBE"]);
}

#[test]
fn array_types() {
    let file = open("array_type.h5");
    let points = arr2(&[[0.0_f32, 1.0, 2.0], [3.0, 4.0, 5.0]]);
    assert_eq!(*read::<NdArray<f32, Ix2>>(&file, "points"), points);
    assert_eq!(*read::<NdArray<f64, Ix2>>(&file, "points"), points.mapv(f64::from));
    assert_eq!(*read::<NdArray<f32, IxDyn>>(&file, "points"), points.clone().into_dyn());
    assert_eq!(*read::<NdArray<[f32; 3], Ix1>>(&file, "points"), arr1(&[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]));
    assert_eq!(read::<Vec<[f32; 3]>>(&file, "points"), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]);
    assert_eq!(read::<Value>(&file, "points"), points.clone().into());
    let big = Array3::from_shape_fn((3, 2, 2), |(i, j, k)| (4 * i + 2 * j + k) as i16);
    assert_eq!(*read::<NdArray<i16, Ix3>>(&file, "big"), big);
    let nested = Array3::from_shape_fn((2, 3, 2), |(i, j, k)| (6 * i + 2 * j + k) as u8);
    assert_eq!(*read::<NdArray<u8, Ix3>>(&file, "nested"), nested);
    let packed = ndarray::Array2::from_shape_fn((5, 3), |(i, j)| (3 * i + j) as f32);
    assert_eq!(*read::<NdArray<f32, Ix2>>(&file, "packed"), packed);
    assert_eq!(*read::<NdArray<f32, Ix1>>(&file, "scalar"), arr1(&[0.0, 1.0, 2.0]));
    assert!(error::<NdArray<f32, Ix1>>(&file, "points").starts_with("expected an array of `f32`, found `[f32; 3]`"));
    let one: Lazy<NdArray<f32, Ix0>> = read(&file, "one");
    assert_eq!(one.slice(s![]).unwrap(), arr0(1.5));
    assert_eq!(one.load().unwrap().0, arr0(1.5));
    let one: Lazy<NdArray<f32, Ix2>> = read(&file, "one");
    assert_eq!(one.slice(s![0, ..]).unwrap(), arr1(&[1.5]));
    // Of none, however large each would be, nothing is read.
    let none: Lazy<NdArray<u8, Ix2>> = read(&file, "none");
    assert_eq!(none.slice(s![.., ..3]).unwrap().shape(), [0, 3]);
    for name in ["packed", "points"] {
        let lazy: Lazy<NdArray<f32, Ix2>> = read(&file, name);
        assert_eq!(lazy.shape().unwrap()[1], 3);
        assert_eq!(lazy.slice(s![1, ..]).unwrap(), arr1(&[3.0, 4.0, 5.0]), "{name}");
        assert_eq!(lazy.slice(s![0..2, ..;-2]).unwrap(), arr2(&[[2.0, 0.0], [5.0, 3.0]]), "{name}");
        assert_eq!(lazy.slice(s![..2, 1]).unwrap(), arr1(&[1.0, 4.0]), "{name}");
    }
    let value: Value = from_file(made().path("array_type.h5")).unwrap();
    assert_eq!(value.attr("points"), Some(&points.into()));
}

#[test]
fn complex_numbers_by_any_name() {
    let file = open("complex.h5");
    let values = [Complex64::new(1.0, 2.0), Complex64::new(3.0, -0.5)];
    let narrow = values.map(|value| Complex32::new(value.re as f32, value.im as f32));
    for names in ["r_i", "re_im", "real_imag", "R_I", "Re_Im", "REAL_IMAG", "real_imaginary"] {
        for code in ["f2", "f4", "f8", ">f8"] {
            let name = format!("{names}_{code}");
            assert_eq!(read::<Vec<Complex64>>(&file, &name), values, "{name}");
            assert_eq!(*read::<NdArray<Complex64, Ix1>>(&file, &name), arr1(&values), "{name}");
            let lazy: Lazy<NdArray<Complex64, Ix1>> = read(&file, &name);
            assert_eq!(lazy.slice(s![1..]).unwrap(), arr1(&values[1..]), "{name}");
            let value = match code {
                "f2" | "f4" => arr1(&narrow).into(),
                _ => arr1(&values).into(),
            };
            assert_eq!(read::<Value>(&file, &name), value, "{name}");
        }
    }
    let integers = [Complex64::new(1.0, 2.0), Complex64::new(3.0, -4.0)];
    assert_eq!(read::<Vec<Complex64>>(&file, "integers"), integers);
    assert_eq!(*read::<NdArray<Complex64, Ix1>>(&file, "integers"), arr1(&integers));
    assert_eq!(read::<Value>(&file, "integers")[1]["i"].as_i64(), Some(-4));
    assert_eq!(read::<Value>(&file, "xy")[1]["y"].as_f64(), Some(-0.5));
    assert!(error::<NdArray<Complex64, Ix1>>(&file, "xy").starts_with("expected an array of"));
    assert_eq!(read::<Complex64>(&file, "scalar"), values[0]);
    assert_eq!(*read::<NdArray<Complex64, Ix0>>(&file, "scalar"), arr0(values[0]));
    let value: Value = from_file(made().path("complex.h5")).unwrap();
    assert_eq!(value["other"].as_array().map(|other| other.len()), Some(3));
    assert_eq!(value.attr("z"), Some(&arr1(&narrow).into()));
    assert_eq!(value["real_imag_f8"].to_string(), "Complex<f64> (2,) 1+2i, 3-0.5i");
    let shown = filebacked::tree(&file).unwrap().to_string();
    assert!(shown.contains("1+2i, 3-0.5i"), "{shown}");
}

#[test]
fn complex_numbers_of_hdf5() {
    let path = made().path("native_complex.h5");
    assert!(path.exists(), "an h5py with HDF5 2 makes it");
    let read_all = || {
        let file = File::open(&path)?;
        let values = [Complex64::new(1.0, 2.0), Complex64::new(3.0, 0.0)];
        for name in ["F32LE", "F64LE", "F32BE", "F64BE"] {
            assert_eq!(read::<Vec<Complex64>>(&file, name), values, "{name}");
            assert_eq!(*read::<NdArray<Complex64, Ix1>>(&file, name), arr1(&values), "{name}");
            assert_eq!(
                read::<Value>(&file, name).as_array().map(|array| array.type_name()),
                Some(&*format!("Complex<f{}>", &name[1..3]))
            );
        }
        let value: Value = from_file(&path).unwrap();
        assert_eq!(from_slice::<Value>(&to_vec(&value).unwrap()).unwrap(), value);
        // Attributes, too, are written as h5py writes complex numbers: a file of an older version has no other way.
        let value: Value = from_file(made().path("complex_attributes.h5")).unwrap();
        assert_eq!(from_slice::<Value>(&to_vec(&value).unwrap()).unwrap(), value);
        let Value::WithAttrs(all) = &value else { panic!("{value:?}") };
        assert_eq!(all.attrs.len(), 10);
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("copy.h5");
        filebacked::to_file(&copy, &value).unwrap();
        assert_eq!(from_file::<Value>(&copy).unwrap(), value);
        for name in ["one F32LE", "one F64BE", "two F64LE", "two F32BE"] {
            let stored = format!("{:?}", File::open(&copy)?.attr(name)?.dtype()?);
            assert!(stored.contains("compound (2 fields)"), "{name}: {stored}");
        }
        // Types of the caller's own that are as long as no complex number is, or have gaps.
        for name in ["F32LE", "F64LE"] {
            assert!(error::<NdArray<Packed, Ix1>>(&file, name).starts_with("expected an array of"), "{name}");
            assert!(error::<NdArray<Uneven, Ix1>>(&file, name).starts_with("expected an array of"), "{name}");
        }
        assert_eq!(read::<NdArray<Pair, Ix1>>(&file, "F32LE")[0], Pair { re: 1.0, im: 2.0 });
        Ok::<_, filebacked::hdf5::Error>(())
    };
    let has_them = filebacked::hdf5::library_version() >= (2, 0, 0);
    if has_them {
        read_all().unwrap();
    } else {
        let value = from_file::<Value>(&path);
        assert!(value.is_err() || matches!(value.unwrap()["F64LE"], Value::Unreadable(_)));
    }
}

/// Two parts, none of which begins where it would in a complex number.
#[derive(H5Type, Deserialize, Clone, Copy, PartialEq, Debug)]
#[repr(C, packed)]
struct Packed {
    re: f64,
    im: f32,
}

#[derive(H5Type, Deserialize, Clone, Copy, PartialEq, Debug)]
#[repr(C)]
struct Uneven {
    re: f32,
    im: f64,
}

#[derive(H5Type, Deserialize, Clone, Copy, PartialEq, Debug)]
#[repr(C)]
struct Pair {
    re: f64,
    im: f64,
}

#[test]
fn wide_integers() {
    let file = open("wide.h5");
    assert_eq!(read::<Vec<u128>>(&file, "u128be"), [u128::from(u64::MAX), u128::MAX]);
    assert_eq!(read::<Vec<u128>>(&file, "u128le"), [7, 1 << 100]);
    assert_eq!(read::<Vec<i128>>(&file, "u128le"), [7, 1 << 100]);
    assert_eq!(read::<Vec<i128>>(&file, "i128le"), [-7, -(1 << 100)]);
    assert_eq!(read::<Vec<i128>>(&file, "i128be"), [i128::MAX, i128::MIN]);
    assert!(
        error::<Vec<u64>>(&file, "u128be").starts_with("expected `u64`, found 340282366920938463463374607431768211455")
    );
    let message = error::<Vec<i128>>(&file, "u128be");
    assert!(message.contains("expected") && message.contains("i128"), "{message}");
    assert_eq!(read::<Value>(&file, "i128be")[1], Value::Number(Number::I128(i128::MIN)));
    #[derive(Deserialize, PartialEq, Debug)]
    struct Times<T> {
        #[serde(rename = "@u128be")]
        time: T,
        #[serde(rename = "@i128le")]
        offset: i16,
    }
    assert_eq!(filebacked::from_group::<Times<u64>>(&file).unwrap(), Times { time: u64::MAX, offset: -7 });
    assert_eq!(filebacked::from_group::<Times<i128>>(&file).unwrap().time, u64::MAX.into());
    assert_eq!(filebacked::from_group::<Times<u128>>(&file).unwrap().time, u64::MAX.into());
    let value: Value = from_file(made().path("wide.h5")).unwrap();
    assert_eq!(value.attr("i128be"), Some(&Value::Number(Number::I128(i128::MAX))));
    assert!(filebacked::tree(&file).unwrap().to_string().contains("18446744073709551615, 340282366920938463463"));
    // As floats only where nothing is lost, or where that is allowed.
    assert_eq!(read::<Vec<f64>>(&file, "u128le"), [7.0, 2f64.powi(100)]);
    assert_eq!(read::<Vec<f32>>(&file, "i128le"), [-7.0, -(2f32.powi(100))]);
    for name in ["u128be", "i128be"] {
        assert!(error::<Vec<f64>>(&file, name).contains("which `f64` does not hold exactly"), "{name}");
        assert!(error::<Vec<f32>>(&file, name).contains("which `f32` does not hold exactly"), "{name}");
    }
    assert!(filebacked::from_group::<Times<f64>>(&file).is_err());
    let rounded: Vec<f64> = filebacked::ReadOptions::new().allow_rounding(true).read(&file, "i128be").unwrap();
    assert_eq!(rounded, [2f64.powi(127), -(2f64.powi(127))]);
}

#[test]
fn half_floats() {
    let file = open("f16.h5");
    let values = [1.0, 2.0, 3.0].map(f16::from_f32);
    assert_eq!(read::<Vec<f16>>(&file, "h"), values);
    assert_eq!(read::<f16>(&file, "scalar"), f16::from_f32(0.5));
    assert_eq!(read::<Vec<f16>>(&file, "f32"), [f16::from_f32(1.5), f16::MAX]);
    assert_eq!(read::<Vec<(i32, f16)>>(&file, "table"), [(1, f16::from_f32(2.5))]);
    assert_eq!(read::<Vec<half::bf16>>(&file, "h")[2], half::bf16::from_f32(3.0));
    let message = error::<Vec<f16>>(&file, "fine");
    assert!(message.starts_with("expected `f16`, found 0.1 (`f32`), which `f16` does not hold exactly"), "{message}");
    let message = error::<Vec<f16>>(&file, "bits");
    assert!(message.contains("may be a number, or its bits") && message.contains("`NdArray`"), "{message}");
    // Nothing tells serde's users that these are floats.
    fn refused(value: impl Serialize) {
        let error = to_vec(&value).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains("`NdArray`"), "{error}");
    }
    refused(values[0]);
    refused(values.to_vec());
    refused(vec![(1, values[0]), (2, values[1])]);
    refused(vec![vec![values[0]], vec![]]);
    refused(vec![Some(values[0]), None]);
    refused(vec![half::bf16::ONE]);
    refused(BTreeMap::from([("h", values[0])]));
    #[derive(Serialize)]
    struct Named {
        #[serde(rename = "@h")]
        attribute: f16,
    }
    refused(Named { attribute: values[0] });
    // One's own type of that name is none of these.
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(rename = "f16")]
    struct Own(f64);
    to_vec(&Own(0.5)).unwrap();
}

#[derive(Deserialize)]
struct Fields {
    #[serde(rename = "@record")]
    record: Record,
}

#[derive(Deserialize)]
struct Record {
    #[serde(rename = "caf%E9")]
    cafe: i32,
}

#[test]
fn wide_tables() {
    let path = made().path("table.h5");
    let value: Value = from_file(&path).unwrap();
    let Value::Table(table) = &value["t"] else { panic!("{value}") };
    assert_eq!((table.len(), table.names().count()), (3, 8));
    // It is as the list of its records.
    assert_eq!((value["t"][1]["n"].as_i64(), value.at("t/2/inner/y").and_then(Value::as_f64)), (Some(2), Some(2.5)));
    assert_eq!(value["t"].as_list().map(<[_]>::len), Some(3));
    assert!(value["t"][3].is_null() && value.at("t/3").is_none());
    assert_eq!(table.get(0).unwrap()["name"].as_str(), Some("é"));
    let list = Value::List(table.records().collect());
    assert_eq!(value["t"], list);
    assert_eq!(list, value["t"]);
    assert_eq!(value["t"], value["t"].clone());
    assert_ne!(value["t"], Value::List(vec![]));
    assert_eq!(
        (value["t"].to_string(), format!("{:?}", table)),
        (list.to_string(), format!("{:?}", list.as_list().unwrap()))
    );
    assert_eq!(value["tuples"].to_string(), "[(1, 0.5), (2, 1.5)]");
    assert_eq!(serde_json::to_value(&value["t"]).unwrap(), serde_json::to_value(&list).unwrap());
    // Columns.
    assert_eq!(table.column("n"), Some(arr1(&[1_i16, 2, 3]).into()));
    assert_eq!(table.column("ok"), Some(arr1(&[true, false, true]).into()));
    assert_eq!(table.column("name").unwrap()[2].as_str(), Some("c"));
    assert_eq!((table.column("kind").unwrap()[1].as_str(), table.column("nothing")), (Some("Green"), None));
    // Both are written as the same.
    let [written, of_list] = [&value["t"], &list].map(|value| to_vec(value).unwrap());
    assert_eq!(written, of_list);
    let tuples = &value["tuples"];
    assert_eq!(from_slice::<Value>(&to_vec(tuples).unwrap()).unwrap(), *tuples);
    // To be changed, it is a list.
    let mut changed = value["t"].clone();
    let Value::List(rows) = changed.inner_mut() else { panic!() };
    rows[0].as_map_mut().unwrap().insert("n".to_owned(), 9_i16.into());
    assert_ne!(changed, value["t"]);
    // Floats that are not equal to themselves are not, either.
    assert_ne!(value["nan"], value["nan"].clone());
    // What has something in it that cannot be read is no table.
    assert!(matches!(value["broken"], Value::Unreadable(_)), "{value}");
    assert!(matches!(value["latin"], Value::Unreadable(_)), "{value}");
    // Strings and lists of any length are kept as they are, too.
    let file = open("table.h5");
    assert!(["texts", "others"].iter().all(|name| value[*name].as_table().is_some()), "{value}");
    assert!(value["texts"] == value["texts"].clone() && value["texts"] != value["others"]);
    let records: Vec<Value> = read(&file, "texts");
    assert_eq!(value["texts"], Value::List(records));
    assert_eq!((value["texts"][0]["s"].as_str(), value["texts"][1]["two"][1].as_str()), (Some("é"), Some("c")));
    let [written, of_list] = [&value["texts"], &Value::List(read(&file, "texts"))].map(|value| to_vec(value).unwrap());
    assert_eq!(written, of_list);
    // What is in lists of anything else may be no value.
    assert!(value["nested"].as_table().is_none(), "{value}");
    // What is left out is.
    let value: Value = ReadOptions::new().skip(["t/*/name"]).from_file(&path).unwrap();
    assert!(value["t"][0].get("name").is_none() && value["t"][0].get("n").is_some());
}

#[test]
fn names_in_other_encodings() {
    #[derive(Deserialize, PartialEq, Debug)]
    struct Names {
        #[serde(rename = "caf%E9")]
        one: i32,
        #[serde(rename = "caf%E8")]
        two: i32,
        #[serde(rename = "100%")]
        percent: i32,
        #[serde(rename = "a%E9")]
        literal: i32,
        #[serde(rename = "soft%E9")]
        soft: i32,
        #[serde(rename = "@caf%E9")]
        attribute: i32,
    }
    let file = open("latin.h5");
    let names: Names = filebacked::from_group(&file).unwrap();
    assert_eq!(names, Names { one: 1, two: 2, percent: 3, literal: 4, soft: 1, attribute: 5 });
    assert_eq!((read::<i32>(&file, "caf%E8"), read::<i32>(&file, "a%E9"), read::<i32>(&file, "soft%E9")), (2, 4, 1));
    assert_eq!(read::<i32>(&file, "100%"), 3);
    let value: Value = from_file(made().path("latin.h5")).unwrap();
    assert_eq!((value["caf%E9"].as_i64(), value["caf%E8"].as_i64(), value["ok"].as_i64()), (Some(1), Some(2), Some(1)));
    assert_eq!(value.at("%FF%FE/inside").and_then(Value::as_i64), Some(5));
    assert_eq!((value.attr("caf%E9"), value.attr("caf%E8")), (Some(&5.into()), Some(&6.into())));
    assert_eq!(value["field"][0]["n"].as_i64(), Some(2));
    assert_eq!((value["field"][0]["caf%E9"].as_i64(), value["member"][0].as_str()), (Some(1), Some("caf%E9")));
    #[derive(Deserialize, PartialEq, Debug)]
    enum Member {
        #[serde(rename = "caf%E9")]
        Cafe,
    }
    assert_eq!(read::<Vec<Member>>(&file, "member"), [Member::Cafe]);
    assert_eq!(read::<Vec<(i32, i32)>>(&file, "field"), [(1, 2)]);
    assert_eq!(filebacked::from_group::<Fields>(&file).unwrap().record.cafe, 5);
    let shown = filebacked::tree(&file).unwrap().to_string();
    for name in ["caf%E9 ", "caf%E8 ", "@caf%E9 ", "@caf%E8 ", "%FF%FE ", "soft%E9 "] {
        assert!(shown.contains(name), "{name}:\n{shown}");
    }
    assert_eq!(from_slice::<Value>(&to_vec(&value["ok"]).unwrap()).unwrap(), value["ok"]);
}

/// Names that are the same as text are told apart, and each leads to what is its own; or an error says what they are.
#[test]
fn names_that_look_alike() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alike.h5");
    std::fs::copy(made().path("alike.h5"), &path).unwrap();
    let names = ["caf%E9", "caf%E9%", "%FF%u0025C3%u0025A9", "@caf%E9", "@caf%E9%"];
    // Where the file may change while it is read, things are found by their names alone.
    for is_writable in [false, true] {
        let file = if is_writable { File::open_rw(&path) } else { File::open(&path) }.unwrap();
        let group = file.group("both").unwrap();
        let all: serde_json::Value = filebacked::from_group(&group).unwrap();
        let all = all.as_object().unwrap();
        let found: Vec<_> = names.iter().map(|name| all[*name].as_i64().unwrap()).collect();
        assert_eq!((all.len(), found), (5, vec![1, 2, 3, 4, 5]));
        let lazy: LazyMap<String, i64> = filebacked::from_group(&group).unwrap();
        let found: Vec<_> = names[..3].iter().map(|name| *lazy.get(*name).unwrap().unwrap()).collect();
        assert_eq!((lazy.len(), found), (3, vec![1, 2, 3]));
        let found: Vec<i64> = names[..3].iter().map(|name| read(&group, name)).collect();
        assert_eq!(found, [1, 2, 3]);
        let attributes: WithAttrs<serde::de::IgnoredAny, BTreeMap<String, i64>> = read(&file, "both");
        assert_eq!(attributes.attrs, BTreeMap::from([("caf%E9".to_owned(), 4), ("caf%E9%".to_owned(), 5)]));
        let shown = filebacked::tree(&group).unwrap().to_string();
        for (name, value) in names.iter().zip(1..) {
            assert!(
                shown.lines().any(|line| line.contains(&format!(" {name} ")) && line.ends_with(&format!(" {value}"))),
                "{shown}"
            );
        }
        assert_eq!(
            read::<BTreeMap<String, i64>>(&file, "escaped"),
            BTreeMap::from([("caf%E9".to_owned(), 1), ("caf%E9%".to_owned(), 2)])
        );
        let fields: Value = read(&file, "fields");
        assert_eq!((fields[0]["caf%E9%"].as_i64(), fields[0]["caf%E9"].as_i64()), (Some(1), Some(2)), "{fields}");
        assert_eq!(read::<Vec<String>>(&file, "members"), ["caf%E9%", "caf%E9"]);
        // One key, by two names.
        let message = "the children `100%` and `100%25` are both \"100%\" here";
        for error in [error::<BTreeMap<String, i64>>(&file, "percent"), error::<serde_json::Value>(&file, "percent")] {
            assert!(error.starts_with(message), "{error}");
        }
        let message = error::<i64>(&file, "percent/100%");
        assert!(message.starts_with("the group has both `100%` and `100%25`"), "{message}");
        assert_eq!(read::<i64>(&file, "percent/100%25"), 2);
    }
}

/// What is copied keeps the names that it had.
#[test]
fn names_of_copies() {
    #[derive(Serialize, Deserialize)]
    struct Refers {
        owner: Value,
        other: Lazy<Value>,
    }
    let file = open("alike.h5");
    let lazy: Lazy<Value> = read(&file, "both");
    let expected = lazy.load().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let copy = File::create(folder.path().join("copy.h5")).unwrap();
    filebacked::to_group(&lazy, &copy).unwrap();
    assert_eq!(filebacked::from_group::<Value>(&copy).unwrap(), expected);
    filebacked::write(&copy, "child", &lazy).unwrap();
    assert_eq!(read::<Value>(&copy, "child"), expected);
    // A reference leads to what is called so in the copy.
    let refers: Refers = read(&file, "refers");
    filebacked::write(&copy, "refers", &refers).unwrap();
    let owner: WithAttrs<i64, BTreeMap<String, i64>> = read(&copy, "refers/owner");
    assert_eq!(owner.attrs, BTreeMap::from([("led".to_owned(), 7)]));
    // Each of what is there gives way to its like.
    let other = copy.create_group("other").unwrap();
    filebacked::to_group(&BTreeMap::from([("caf%E9", 7), ("last", 8)]), &other).unwrap();
    filebacked::WriteOptions::new().overwrite(true).to_group(&lazy, &other).unwrap();
    let all: BTreeMap<String, i64> = filebacked::from_group(&other).unwrap();
    let expected = [("%FF%u0025C3%u0025A9", 3), ("caf%E9", 1), ("caf%E9%", 2), ("last", 8)];
    assert_eq!(all, expected.map(|(name, value)| (name.to_owned(), value)).into());
}

/// A map that is saved replaces what others called otherwise.
#[test]
fn names_of_others_in_a_map_that_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alike.h5");
    std::fs::copy(made().path("alike.h5"), &path).unwrap();
    let file = File::open_rw(&path).unwrap();
    let mut map: LazyMap<String, i64> = read(&file, "both");
    *map.get_mut("caf%E9%").unwrap().unwrap() = 20;
    map.remove("%FF%u0025C3%u0025A9");
    map.save().unwrap();
    let expected: BTreeMap<_, _> = [("caf%E9".to_owned(), 1), ("caf%E9%".to_owned(), 20)].into();
    assert_eq!(read::<BTreeMap<String, i64>>(&file, "both"), expected);
    let saved: LazyMap<String, i64> = read(&file, "both");
    assert_eq!(*saved.get("caf%E9%").unwrap().unwrap(), 20);
}

#[test]
fn an_attribute_and_a_child_of_one_name() {
    #[derive(Deserialize, Debug)]
    #[allow(dead_code, reason = "it is not read")]
    struct Both {
        #[serde(rename = "@id")]
        id: String,
    }
    #[derive(Deserialize, Debug)]
    struct Neither {
        x: f64,
    }
    let path = made().path("at.h5");
    let value: Value = from_file(&path).unwrap();
    assert_eq!((value["@id"].as_str(), value.attr("id").and_then(Value::as_str)), (Some("child"), Some("attribute")));
    for error in [from_file::<serde_json::Value>(&path).map(drop), from_file::<Both>(&path).map(drop)] {
        let message = error.unwrap_err().to_string();
        assert!(message.starts_with("the group has an attribute `id` and a child `@id`"), "{message}");
    }
    assert_eq!(from_file::<Neither>(&path).unwrap().x, 1.5);
}

#[test]
fn what_is_broken_costs_only_itself() {
    let fill = open("enum_fill.nc");
    assert_eq!(read::<Vec<u8>>(&fill, "kinds"), [1, 255, 255]);
    let message = error::<Vec<String>>(&fill, "kinds");
    assert!(message.contains("255") && message.contains("`[1]`"), "{message}");
    let value: Value = from_file(made().path("enum_fill.nc")).unwrap();
    assert_eq!((value["kinds"][0].as_str(), value["kinds"][1].as_u64()), (Some("land"), Some(255)));
    assert_eq!(value["other"].as_array().map(|other| other.len()), Some(3));

    let file = open("broken.h5");
    let value: Value = from_file(made().path("broken.h5")).unwrap();
    assert_eq!(value["good"].as_array(), Some(&arr1(&[1_i64, 2, 3]).into()));
    assert_eq!(value["last"].as_str(), Some("end"));
    for name in ["checksum", "chunk", "lzf", "short", "bools", "latin"] {
        assert!(matches!(value[name], Value::Unreadable(_)), "{name}: {}", value[name]);
    }
    fails::<Vec<i32>>(&file, "checksum", "checksum");
    fails::<Vec<i32>>(&file, "chunk", "chunk");
    fails::<Vec<String>>(&file, "lzf", "HDF5");
    fails::<Vec<String>>(&file, "short", "HDF5");
    fails::<Vec<String>>(&file, "latin", "UTF-8");
    let shown = filebacked::tree(&file).unwrap().to_string();
    let line =
        |name: &str| shown.lines().find(|line| line.contains(&format!("─ {name} "))).unwrap_or_default().to_owned();
    assert!(line("checksum").contains("i32 (10,)") && line("checksum").contains("checksum"), "{shown}");
    assert!(line("lzf").contains("string (2,)"), "{shown}");
    assert!(line("last").contains("\"end\""), "{shown}");
}

/// Reading gives an error with that word in it.
#[track_caller]
fn fails<T: DeserializeOwned + Debug>(file: &File, name: &str, word: &str) {
    let message = error::<T>(file, name);
    assert!(message.contains(word), "{message}");
}

#[test]
fn attributes_in_their_order() {
    let value: Value = from_file(made().path("order.h5")).unwrap();
    let names = |value: &Value| value.attrs().unwrap().keys().cloned().collect::<String>();
    assert_eq!((names(&value), names(&value["data"])), ("cab".to_owned(), "zyxwvutsrqponm".to_owned()));
    let json: serde_json::Value = from_file(made().path("order.h5")).unwrap();
    assert_eq!(json["@c"], 1);
    let mut elements = Reader::<i64>::open(open("order.h5"), "data").unwrap();
    assert_eq!(elements.next().unwrap().unwrap(), 1);
}

#[test]
fn attributes_are_written_as_they_were_read() {
    let path = made().path("attributes.h5");
    let value: Value = from_file(&path).unwrap();
    assert_eq!(value.attr("compound").map(|compound| compound["y"].clone()), Some(2.5.into()));
    assert_eq!(value.attr("opaque"), Some(&Value::Bytes(b"abc".to_vec())));
    assert_eq!(value.attr("wide"), Some(&Value::Number(Number::U128(1 << 100))));
    assert_eq!(value.attr("long").and_then(Value::as_str).map(str::len), Some(70_000));
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.h5");
    filebacked::to_file(&copy, &value).unwrap();
    assert_eq!(from_file::<Value>(&copy).unwrap(), value);
    // The types are the same, by what they are called, and to others.
    let shown = |path| filebacked::tree(File::open(path).unwrap()).unwrap().to_string();
    assert_eq!(shown(&copy), shown(&path));
    assert!(shown(&path).contains(" 0x616263\n"), "{}", shown(&path));
    let complex = |path| {
        let attribute = File::open(path).unwrap().dataset("x").unwrap().attr("complexes").unwrap();
        (attribute.shape(), attribute.dtype().unwrap().to_descriptor().unwrap())
    };
    assert_eq!(complex(&copy), complex(&path));
    // What a type has that reads it.
    #[derive(Deserialize, PartialEq, Debug)]
    struct Attributes {
        #[serde(rename = "@compound")]
        compound: Point,
        #[serde(rename = "@grid")]
        grid: Vec<Vec<String>>,
        #[serde(rename = "@complex")]
        complex: Complex64,
        #[serde(rename = "@opaques")]
        opaques: Vec<ByteBuf>,
    }
    assert_eq!(from_file::<Attributes>(&copy).unwrap(), from_file::<Attributes>(&path).unwrap());
}

#[test]
fn rounding_where_it_is_allowed() {
    let rounding = ReadOptions::new().allow_rounding(true);
    let file = open("round.h5");
    fn refused<T: DeserializeOwned + Debug>(file: &File, name: &str) {
        let message = error::<T>(file, name);
        assert!(message.contains("`ReadOptions::allow_rounding` takes the nearest"), "{message}");
    }
    // 16 bits.
    let halves = [0.1, 2.0].map(f16::from_f64);
    refused::<Vec<f16>>(&file, "f8");
    assert_eq!(rounding.read::<Vec<f16>>(&file, "f8").unwrap(), halves);
    assert_eq!(rounding.read::<Vec<f16>>(&file, "f4").unwrap(), halves);
    assert_eq!(rounding.read::<Vec<half::bf16>>(&file, "f8").unwrap()[0], half::bf16::from_f64(0.1));
    assert!(rounding.read::<Vec<f16>>(&file, "large").is_err());
    // Arrays, whole, in parts, and as attributes.
    refused::<NdArray<f32, Ix1>>(&file, "f8");
    assert_eq!(*rounding.read::<NdArray<f32, Ix1>>(&file, "f8").unwrap(), arr1(&[0.1, 2.0]));
    assert_eq!(*rounding.read::<NdArray<f32, Ix1>>(&file, "i8").unwrap(), arr1(&[16_777_216.0, -3.0]));
    assert_eq!(*rounding.read::<NdArray<f64, Ix1>>(&file, "u8").unwrap(), arr1(&[18_446_744_073_709_551_616.0]));
    refused::<NdArray<f64, Ix1>>(&file, "u8");
    let narrow = Complex32::new(0.1, -0.2);
    refused::<NdArray<Complex32, Ix1>>(&file, "c16");
    assert_eq!(*rounding.read::<NdArray<Complex32, Ix1>>(&file, "c16").unwrap(), arr1(&[narrow]));
    assert_eq!(*rounding.read::<NdArray<f32, Ix2>>(&file, "packed").unwrap(), Array2::from_elem((50, 3), 0.1));
    let lazy: Lazy<NdArray<f32, Ix2>> = rounding.read(&file, "packed").unwrap();
    assert_eq!(lazy.slice(s![3..;20, 1]).unwrap(), arr1(&[0.1, 0.1, 0.1]));
    #[derive(Deserialize)]
    struct Attribute {
        #[serde(rename = "@f8")]
        f8: NdArray<f32, Ix1>,
    }
    assert!(filebacked::from_group::<Attribute>(&file).is_err());
    assert_eq!(*rounding.from_group::<Attribute>(&file).unwrap().f8, arr1(&[0.1, 2.0]));
    // What is too large is no infinity.
    let message = rounding.read::<NdArray<f32, Ix1>>(&file, "large").unwrap_err().to_string();
    assert!(message.starts_with("expected `f32`, found 1e300 (`f64`), which is too large"), "{message}");
    assert_eq!(rounding.read::<NdArray<f32, Ix1>>(&file, "infinite").unwrap()[0], f32::INFINITY);
    assert!(rounding.read::<NdArray<i32, Ix1>>(&file, "f8").is_err());
    // 128 bits.
    let wide = open("wide.h5");
    refused::<Vec<f64>>(&wide, "u128be");
    refused::<Vec<f32>>(&wide, "u128be");
    refused::<Vec<f64>>(&wide, "i128be");
    assert_eq!(read::<Vec<f64>>(&wide, "u128le"), [7.0, 2f64.powi(100)]);
    assert_eq!(read::<Vec<f32>>(&wide, "i128le"), [-7.0, -(2f32.powi(100))]);
    assert_eq!(rounding.read::<Vec<f64>>(&wide, "u128be").unwrap(), [2f64.powi(64), 2f64.powi(128)]);
    assert!(rounding.read::<Vec<f32>>(&wide, "u128be").is_err());
}

#[test]
fn what_cannot_be_read_is_null_where_that_is_allowed() {
    let file = open("nulls.h5");
    assert!(filebacked::from_group::<serde_json::Value>(&file).is_err());
    let options = ReadOptions::new().unreadable_as_null(true);
    let value: serde_json::Value = options.from_group(&file).unwrap();
    let expected = serde_json::json!({
        "@latin": null, "@region": null, "@ok": 1,
        "latin": ["a", null], "rows": [{"n": 1, "s": null}, {"n": 2, "s": "b"}], "regions": null,
        "part": [{"n": 1, "r": null}],
    });
    assert_eq!(value, expected);
    // To a type of one's own, it is an error.
    assert!(options.read::<Vec<String>>(&file, "latin").is_err());
}

#[test]
fn strings_of_others_are_not_added_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("grow.h5");
    fs::copy(made().path("grow.h5"), &path).unwrap();
    let file = File::open_rw(&path).unwrap();
    for (name, words) in [("s", "`string` of shape (20,)"), ("fixed", "`string(3)` of shape (1,)")] {
        let error = Appender::<String>::open(&file, name).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let message = error.to_string();
        assert!(message.starts_with(&format!("{words} cannot be added to: strings")), "{message}");
    }
    assert_eq!(read::<Vec<String>>(&file, "s")[19], "text 19");
}

/// In what the attributes of two files differ, as h5py sees them.
fn differences(one: &Path, other: &Path) -> String {
    PACKAGES.python("same_attributes.py", [one, other])
}

fn scales(path: &Path) -> String {
    PACKAGES.python("scales.py", [path])
}

#[test]
fn attributes_keep_their_types() {
    let path = made().path("types.h5");
    let value: Value = from_file(&path).unwrap();
    // They are what they mean.
    assert_eq!(value.attr("zz fixed").and_then(Value::as_str), Some("fixed"));
    assert_eq!(value.attr("enum").map(|colors| colors[0].clone()).unwrap().as_str(), Some("Green"));
    assert_eq!(value.attr("record").map(|records| records[1]["n"].as_u64()), Some(Some(2)));
    assert_eq!(
        value["g"].attr("lists").map(|lists| lists[0].clone()),
        Some(Value::from_iter([0_i16, 1, 2].map(Value::from)))
    );
    let Some(Value::Typed(typed)) = value.attr("utf8") else { panic!("{value}") };
    assert_eq!((typed.type_name().as_str(), typed.value()), ("string(6)", &"é".into()));
    assert!(matches!(value.attr("plain"), Some(Value::Number(Number::I64(1)))));
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.h5");
    filebacked::to_file(&copy, &value).unwrap();
    assert_eq!(differences(&path, &copy), "");
    assert_eq!(from_file::<Value>(&copy).unwrap(), value);
    // Into a group of a file that is there, and as a child.
    for path in ["into.h5", "named.h5"].map(|name| folder.path().join(name)) {
        // What is longer than 64 KiB is no attribute of an object in the first format of all.
        let old =
            File::with_options().with_fapl(|list| list.libver_earliest()).create(path.with_extension("old")).unwrap();
        let error = filebacked::to_group(&value, &old).unwrap_err().to_string();
        assert!(error.contains("64 KiB") && error.ends_with("HDF5 path `/@long`"), "{error}");
        let file = File::with_options().with_fapl(|list| list.libver_v18()).create(&path).unwrap();
        match path.ends_with("into.h5") {
            true => filebacked::to_group(&value, &file).unwrap(),
            false => filebacked::write(&file, "below", &value).unwrap(),
        }
        let root = if path.ends_with("into.h5") { "" } else { "below/" };
        let leads_to = |object: &str, name: &str| {
            let reference: filebacked::hdf5::ObjectReference1 =
                file.group(object).unwrap().attr(name).unwrap().read_scalar().unwrap();
            match file.dereference(&reference).unwrap() {
                filebacked::hdf5::ReferencedObject::Group(group) => group.name(),
                other => panic!("{other:?}"),
            }
        };
        let object = if root.is_empty() { "/" } else { "below" };
        assert_eq!(leads_to(object, "reference"), format!("/{root}g"));
        assert_eq!(leads_to(&format!("{root}g"), "reference"), format!("/{root}g"));
    }
    // One that is changed is of the type that it has then.
    let mut changed = value.clone();
    if let Value::WithAttrs(both) = &mut changed {
        *both.attrs["utf8"].inner_mut() = "longer than six".into();
    }
    filebacked::to_file(&copy, &changed).unwrap();
    assert_eq!(from_file::<Value>(&copy).unwrap().attr("utf8"), Some(&"longer than six".into()));
}

#[test]
fn references_to_what_is_not_written_are_null() {
    let value: Value = from_file(made().path("types.h5")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("part.h5");
    // Of all, one dataset: what its attributes refer to is left behind.
    filebacked::to_file(&path, &Value::from_iter([("holder", value["g"]["holder"].clone())])).unwrap();
    let copy: Value = from_file(&path).unwrap();
    let holder = &copy["holder"];
    let record = holder.attr("record").unwrap();
    assert!(record[0]["of"].is_null() && record[1]["of"].is_null() && record[1]["n"].as_u64() == Some(2), "{copy}");
    // The group that it was in is the one that it is in now.
    assert!(holder.attr("reference").unwrap().get("holder").is_some(), "{copy}");
    // But for itself.
    assert!(!holder.attr("references").unwrap()[0].is_null());
    // Scales that are left behind are none, as if they had never been attached.
    let value: Value = from_file(made().path("scales.h5")).unwrap();
    let parts = ["data", "x"].map(|name| (name, value[name].clone()));
    filebacked::to_file(&path, &Value::from_iter(parts)).unwrap();
    assert_eq!(scales(&path), "data False [[], ['/x']] []\nx True [[]] [('/data', 1)]\n");
    filebacked::to_file(&path, &Value::from_iter([("x", value["x"].clone())])).unwrap();
    assert_eq!(scales(&path), "x True [[]] []\n");
    assert_eq!(from_file::<Value>(&path).unwrap()["x"].attr("REFERENCE_LIST"), None);
}

#[test]
fn dimension_scales_are_written_again() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["scales.h5", "scales.nc"] {
        let (path, copy) = (made().path(name), folder.path().join(name));
        let value: Value = from_file(&path).unwrap();
        filebacked::to_file(&copy, &value).unwrap();
        assert_eq!(differences(&path, &copy), "", "{name}");
        assert_eq!(scales(&copy), scales(&path), "{name}");
        assert_eq!(from_file::<Value>(&copy).unwrap(), value);
    }
    let value: Value = from_file(made().path("scales.h5")).unwrap();
    let users = value["x"].attr("REFERENCE_LIST").unwrap();
    assert_eq!((users[0]["dataset"].as_str(), users[0]["dimension"].as_i64()), (Some("/data"), Some(1)));
    assert_eq!(users.as_list().map(<[_]>::len), Some(2));
    // As a part of something else, they are scales of each other all the same.
    let path = folder.path().join("inside.h5");
    filebacked::to_file(&path, &Value::from_iter([("run", value)])).unwrap();
    assert!(scales(&path).contains("run/data False [['/run/group/y'], ['/run/x']] []\n"), "{}", scales(&path));
}

#[test]
fn attributes_are_written_in_their_order() {
    let path = made().path("order.h5");
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.h5");
    filebacked::to_file(&copy, &from_file::<Value>(&path).unwrap()).unwrap();
    assert_eq!(differences(&path, &copy), "");

    #[derive(Serialize)]
    struct Marks {
        z: i32,
        b: &'static str,
        a: f64,
    }
    #[derive(Serialize)]
    struct Run {
        #[serde(rename = "@z")]
        z: i32,
        #[serde(rename = "@a")]
        a: i32,
        one: WithAttrs<f64, Marks>,
        list: WithAttrs<Vec<f64>, Marks>,
        texts: WithAttrs<Vec<String>, Marks>,
        rows: WithAttrs<Vec<(u8, f64)>, Marks>,
        array: WithAttrs<NdArray<f64, Ix1>, Marks>,
        long: WithAttrs<Vec<f64>, Marks>,
        group: WithAttrs<BTreeMap<String, f64>, Marks>,
    }
    fn with<T>(value: T) -> WithAttrs<T, Marks> {
        WithAttrs { value, attrs: Marks { z: 1, b: "b", a: 0.5 } }
    }
    let run = Run {
        z: 1,
        a: 2,
        one: with(1.5),
        list: with(vec![1.5]),
        texts: with(vec!["a".to_owned()]),
        rows: with(vec![(1, 2.0)]),
        array: with(NdArray(arr1(&[1.5]))),
        long: with(vec![1.5; 20_000]),
        group: with(BTreeMap::from([("x".to_owned(), 1.0)])),
    };
    filebacked::WriteOptions::new().at("long", |options| options.deflate(4)).to_file(&copy, &run).unwrap();
    let value: Value = from_file(&copy).unwrap();
    let names = |value: &Value| value.attrs().unwrap().keys().cloned().collect::<String>();
    assert_eq!(names(&value), "za");
    for name in ["one", "list", "texts", "rows", "array", "long", "group"] {
        assert_eq!(names(&value[name]), "zba", "{name}");
    }
}

/// A libhdf5 may be built without szip, which no plugin has.
#[test]
fn szip_is_said_by_its_name() {
    let file = open("szip.h5");
    assert!(file.dataset("x").is_ok(), "an h5py with szip makes it");
    match filebacked::read::<Vec<i32>>(&file, "x") {
        Ok(values) => assert!(values.into_iter().eq(0..64)),
        Err(error) => {
            let message = error.to_string();
            assert!(message.starts_with("filter 4 (szip) is one that this libhdf5 is built without"), "{message}");
        }
    }
    let value: Value = from_file(made().path("szip.h5")).unwrap();
    assert_eq!(value["ok"].as_i64(), Some(1));
    match filebacked::read::<Vec<i32>>(&file, "x") {
        Ok(_) => assert_eq!(value["x"].as_array().map(|array| array.len()), Some(64)),
        Err(_) => {
            assert!(matches!(value["x"], Value::Unreadable(_)), "{value}");
            assert!(from_file::<serde_json::Value>(made().path("szip.h5")).is_err());
        }
    }
}

#[cfg(hdf5_tokens)]
#[test]
fn references_of_other_sorts_are_said_by_their_type() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::create(folder.path().join("references.h5")).unwrap();
    file.create_group("there").unwrap();
    let reference = file.reference::<filebacked::hdf5::ObjectReference2>("there").unwrap();
    file.new_dataset::<filebacked::hdf5::ObjectReference2>()
        .create("reference")
        .unwrap()
        .write_scalar(&reference)
        .unwrap();
    let message = error::<Vec<i16>>(&file, "reference");
    assert!(message.contains("found a `reference (H5T_STD_REF)`, which cannot be read"), "{message}");
}
