//! h5py: every dtype that numpy has, and all that HDF5 has beside.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use filebacked::hdf5::File;
use filebacked::{ErrorKind, Lazy, LazyMap, NdArray, WithAttrs};
use ndarray::{Ix1, Ix2};
use num_complex::{Complex32, Complex64};
use serde::Deserialize;
use serde_bytes::ByteBuf;

use super::{Made, error, read};

pub(super) fn folder() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        super::PACKAGES.python("foreign_h5py.py", [folder.path().join("h5py.h5")]);
        Made(folder)
    })
}

fn made() -> File {
    folder().open("h5py.h5")
}

#[test]
fn numbers() {
    let file = made();
    macro_rules! integers {
        ($($code:literal $type:ty),*) => {
            $(for order in ["little", "big"] {
                let path = format!("numbers/{order}/{}", $code);
                assert_eq!(read::<Vec<$type>>(&file, &path), [<$type>::MIN, 1, <$type>::MAX]);
                assert_eq!(read::<Vec<i128>>(&file, &path), [<$type>::MIN as i128, 1, <$type>::MAX as i128]);
                assert_eq!(*read::<NdArray<$type, Ix1>>(&file, &path), ndarray::arr1(&[<$type>::MIN, 1, <$type>::MAX]));
                let path = format!("numbers/{order}/scalar_{}", $code);
                assert_eq!(read::<$type>(&file, &path), <$type>::MAX);
            })*
        };
    }
    integers!("i1" i8, "i2" i16, "i4" i32, "i8" i64, "u1" u8, "u2" u16, "u4" u32, "u8" u64);
    for order in ["little", "big"] {
        let path = |code: &str| format!("numbers/{order}/{code}");
        assert_eq!(read::<Vec<f32>>(&file, &path("f2")), [0.5, -65504.0, 2f32.powi(-24), f32::INFINITY]);
        assert_eq!(read::<Vec<f32>>(&file, &path("f4")), [0.1, -3.4e38, f32::INFINITY]);
        assert_eq!(read::<Vec<f64>>(&file, &path("f8")), [0.1, -1.7e308, f64::INFINITY]);
        assert_eq!(read::<Vec<Complex32>>(&file, &path("c8")), [Complex32::new(1.0, 2.0), Complex32::new(0.0, -0.5)]);
        let complex = [Complex64::new(1.0, 2.0), Complex64::new(0.0, -0.1)];
        assert_eq!(read::<Vec<Complex64>>(&file, &path("c16")), complex);
        assert_eq!(*read::<NdArray<Complex64, Ix1>>(&file, &path("c16")), ndarray::arr1(&complex));
        // In the units of their type, from 1970 on; what is no time is the smallest number.
        assert_eq!(read::<Vec<i64>>(&file, &path("dates")), [86400, i64::MIN]);
        assert_eq!(read::<Vec<i64>>(&file, &path("spans")), [-5, 7]);
    }
    assert_eq!(
        error::<Vec<u32>>(&file, "numbers/big/dates"),
        "expected `u32`, found -9223372036854775808, stored as `datetime64[s]` of shape (2,); at `[1]`, HDF5 path \
         `/numbers/big/dates`"
    );
}

/// C's `long double` has 16 bytes on the machines of most people.
#[cfg(all(target_arch = "x86_64", unix))]
#[test]
fn long_doubles() {
    let file = made();
    for order in ["little", "big"] {
        let values = [0.1, -1.5, f64::INFINITY, 5e-324];
        assert_eq!(read::<Vec<f64>>(&file, &format!("numbers/{order}/g")), values);
    }
    assert_eq!(read::<Vec<Complex64>>(&file, "wide_complex"), [Complex64::new(1.0, 2.0)]);
    assert_eq!(
        error::<f64>(&file, "third"),
        "expected `f64`, found a `float(80 bits)` that `f64` does not hold exactly, which cannot be read, stored as \
         scalar `float(80 bits)`; HDF5 path `/third`"
    );
}

#[derive(Deserialize, PartialEq, Debug)]
#[serde(rename_all = "lowercase")]
enum Color {
    Red,
    Green,
    Blue,
}

#[test]
fn bools_and_enums() {
    let file = made();
    assert_eq!(read::<Vec<bool>>(&file, "bools"), [true, false]);
    assert!(read::<bool>(&file, "bool"));
    assert_eq!(read::<Vec<Color>>(&file, "colors"), [Color::Green, Color::Blue, Color::Red]);
    assert_eq!(read::<Vec<String>>(&file, "colors"), ["green", "blue", "red"]);
    assert_eq!(read::<Vec<i16>>(&file, "colors"), [10, -3, 0]);
    assert_eq!(read::<Color>(&file, "color"), Color::Green);
    assert_eq!(
        error::<Vec<f64>>(&file, "colors"),
        "expected `f64`, found the string \"green\", stored as `enum {blue, green, red}` of shape (3,); at `[0]`, HDF5 \
         path `/colors`"
    );
}

#[test]
fn strings() {
    let file = made();
    assert_eq!(read::<Vec<String>>(&file, "bytes"), ["ab", "", "abc"]);
    assert_eq!(read::<String>(&file, "padded"), "ab");
    assert_eq!(read::<Vec<String>>(&file, "texts"), ["schön", "", "🐧"]);
    assert_eq!(read::<Vec<String>>(&file, "ascii"), ["a", "bc"]);
    assert_eq!(read::<Vec<String>>(&file, "fixed"), ["schön", "ok"]);
    assert_eq!(read::<String>(&file, "text"), "schön");
    assert_eq!(read::<Vec<Vec<char>>>(&file, "grid"), [['a', 'b'], ['c', 'd']]);
    let message = error::<Vec<String>>(&file, "latin");
    assert!(message.starts_with("the string \"sch\u{fffd}n\" is no UTF-8"), "{message}");
    assert_eq!(
        error::<Vec<u8>>(&file, "text"),
        "expected a sequence, found the string \"schön\", stored as scalar `string`; HDF5 path `/text`"
    );
}

#[derive(Deserialize, PartialEq, Debug)]
struct Point {
    x: f64,
    y: f32,
}

/// In another order than they are stored, and without one of them.
#[derive(Deserialize, PartialEq, Debug)]
struct Record {
    ok: bool,
    rgb: [u8; 3],
    path: Vec<Point>,
    at: Point,
    tag: String,
}

#[derive(Deserialize, PartialEq, Debug)]
struct Mixed {
    n: u8,
    list: Vec<i64>,
    name: String,
}

#[test]
fn records() {
    let file = made();
    let point = |x, y| Point { x, y };
    let records = [
        Record {
            ok: true,
            rgb: [1, 2, 3],
            path: vec![point(1.0, 0.0), point(2.0, 0.0)],
            at: point(1.5, 2.5),
            tag: "one".to_owned(),
        },
        Record {
            ok: false,
            rgb: [4, 5, 6],
            path: vec![point(3.0, 0.0), point(4.0, 0.0)],
            at: point(-1.0, 0.0),
            tag: "two".to_owned(),
        },
    ];
    assert_eq!(read::<Vec<Record>>(&file, "records"), records);
    assert_eq!(read::<Record>(&file, "record"), records[0]);
    // A field of a type that cannot be read is left alone, as one that is not asked for.
    let mixed = |n, list: &[i64], name: &str| Mixed { n, list: list.to_vec(), name: name.to_owned() };
    assert_eq!(read::<Vec<Mixed>>(&file, "mixed"), [mixed(7, &[1, 2], "a"), mixed(8, &[], "bc")]);

    #[derive(Deserialize, Debug)]
    #[allow(dead_code, reason = "it is not read")]
    struct Missing {
        tag: String,
        speed: f64,
    }
    let words = "compound {tag: string(4), unused: [i64; 2; 2], at: compound {x: f64, y: f32}, path: [compound {x: f64, y: \
                 f32}; 2], rgb: [u8; 3], ok: bool}";
    let message = error::<Vec<Missing>>(&file, "records");
    assert_eq!(
        message,
        format!(
            "missing field `speed` of `Missing`, stored as `{words}` of shape (2,); at `[0]`, HDF5 path `/records`"
        )
    );
    assert_eq!(
        error::<Vec<f64>>(&file, "records"),
        format!(
            "expected `f64`, found a struct or map, stored as `{words}` of shape (2,); at `[0]`, HDF5 path `/records`"
        )
    );
    #[derive(Deserialize, Debug)]
    #[allow(dead_code, reason = "it is not read")]
    struct Region {
        region: Vec<i16>,
    }
    assert_eq!(
        error::<Vec<Region>>(&file, "mixed"),
        "expected `Vec<i16>`, found a `region reference`, which cannot be read, stored as `compound {name: string, region: \
         region reference, list: sequence of i32, n: i32}` of shape (2,); at `[0]/region`, HDF5 path `/mixed`"
    );
}

#[test]
fn variable_length_and_nothing() {
    let file = made();
    assert_eq!(read::<Vec<Vec<f32>>>(&file, "lists"), [vec![0.5, 1.5], vec![], vec![2.5]]);
    assert_eq!(read::<Option<f32>>(&file, "empty"), None);
    assert_eq!(read::<Option<String>>(&file, "empty_text"), None);
    assert_eq!(read::<Vec<[f64; 3]>>(&file, "nothing"), Vec::<[f64; 3]>::new());
    assert_eq!(read::<NdArray<f64, Ix2>>(&file, "nothing").dim(), (0, 3));
    assert_eq!(read::<ByteBuf>(&file, "void"), [0, 1, 255]);
    assert_eq!(read::<Vec<ByteBuf>>(&file, "voids"), [b"ab", b"cd"]);
    assert_eq!(
        error::<f32>(&file, "empty"),
        "expected `f32`, found a missing value (`None`), stored as a null dataspace; HDF5 path `/empty`"
    );
}

#[test]
fn references() {
    let file = made();
    #[derive(Deserialize, PartialEq, Debug)]
    struct Pair {
        to: Vec<String>,
        name: String,
    }
    let numbers = vec![i16::MIN.into(), 1, i16::MAX.into()];
    let wide = vec![i32::MIN, 1, i32::MAX];
    assert_eq!(
        read::<(Vec<bool>, String, Vec<i32>)>(&file, "objects"),
        (vec![true, false], "schön".into(), numbers.clone())
    );
    assert_eq!(read::<Vec<Option<Vec<i32>>>>(&file, "references"), [Some(numbers), None, Some(wide)]);
    assert_eq!(read::<String>(&file, "reference"), "schön");
    assert_eq!(read::<Option<String>>(&file, "reference").as_deref(), Some("schön"));
    let pair =
        |name: &str, to: &[&str]| Pair { to: to.iter().map(|to| (*to).to_owned()).collect(), name: name.to_owned() };
    assert_eq!(read::<Vec<Pair>>(&file, "pairs"), [pair("one", &["schön", "", "🐧"]), pair("two", &["a", "bc"])]);
    // A lazy value is what the reference leads to.
    let lazy: Vec<Option<Lazy<Vec<i32>>>> = read(&file, "references");
    assert_eq!(lazy[2].as_ref().unwrap().load().unwrap(), [i32::MIN, 1, i32::MAX]);
    assert!(lazy[1].is_none());

    assert_eq!(
        error::<Vec<f64>>(&file, "objects"),
        "expected `f64`, found a sequence, in `/bools`, which a reference leads to, stored as `bool` of shape (2,); at \
         `[0]`, HDF5 path `/objects`"
    );
    assert_eq!(
        error::<Vec<Vec<i32>>>(&file, "references"),
        "expected a sequence, found a missing value (`None`), stored as `object reference` of shape (3,); at `[1]`, HDF5 \
         path `/references`"
    );
    assert_eq!(
        error::<Vec<i16>>(&file, "region"),
        "expected `Vec<i16>`, found a `region reference`, which cannot be read, stored as scalar `region reference`; HDF5 \
         path `/region`"
    );
    assert_eq!(
        error::<HashMap<String, u8>>(&file, "regions"),
        "expected `HashMap<String, u8>`, found a `region reference`, which cannot be read, stored as `region reference` \
         of shape (1,); HDF5 path `/regions`"
    );
    #[derive(Deserialize, Debug)]
    struct Loop(#[allow(dead_code, reason = "it is not read")] Vec<Loop>);
    let found = filebacked::read::<Loop>(&file, "loop").unwrap_err();
    assert_eq!(found.kind(), ErrorKind::Cycle);
    assert_eq!(read::<Option<u8>>(&file, "null"), None);
}

#[test]
fn filters_links_and_order() {
    let file = made();
    let wanted: Vec<Vec<i32>> = (0..60).map(|row| (row * 50..(row + 1) * 50).collect()).collect();
    for name in ["gzip", "lzf", "fletcher32", "scaleoffset"] {
        assert_eq!(read::<Vec<Vec<i32>>>(&file, &format!("filtered/{name}")), wanted, "{name}");
    }
    #[derive(Deserialize, PartialEq, Debug)]
    struct Links {
        up: Vec<i16>,
        soft: Vec<bool>,
        hard: String,
    }
    let links = Links { up: vec![i16::MIN, 1, i16::MAX], soft: vec![true, false], hard: "schön".to_owned() };
    assert_eq!(read::<Links>(&file, "links"), links);
    let ordered: LazyMap<String, u8> = read(&file, "ordered");
    assert_eq!(ordered.keys().collect::<Vec<_>>(), ["z", "a", "m"]);
    assert_eq!(error::<f64>(&file, "type"), "a named data type holds no value; HDF5 path `/type`");
    // As an entry of a map, it is passed over.
    let names: BTreeMap<String, serde::de::IgnoredAny> = filebacked::from_group(&file).unwrap();
    assert!(names.contains_key("bools") && !names.contains_key("type"));
}

#[test]
fn attributes() {
    #[derive(Deserialize, PartialEq, Debug)]
    struct Attributes {
        one: f64,
        many: Vec<u8>,
        label: String,
        source: Vec<String>,
    }
    let file = made();
    let text: WithAttrs<String, Attributes> = read(&file, "text");
    let source = vec!["a".to_owned(), "bc".to_owned()];
    assert_eq!(text.attrs, Attributes { one: 2.5, many: vec![1, 2], label: "x".to_owned(), source });
    #[derive(Deserialize, Debug)]
    #[allow(dead_code, reason = "it is not read")]
    struct Part {
        part: Vec<bool>,
    }
    assert_eq!(
        error::<WithAttrs<String, Part>>(&file, "text"),
        "expected `Vec<bool>`, found a `region reference`, which cannot be read, stored as scalar `region reference`; at \
         `@part`, HDF5 path `/text/@part`"
    );
    #[derive(Deserialize, PartialEq, Debug)]
    struct Listed {
        one: Vec<f32>,
    }
    assert_eq!(read::<WithAttrs<String, Listed>>(&file, "text").attrs, Listed { one: vec![2.5] });
}
