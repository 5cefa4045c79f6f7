//! hickle: Python's dictionaries, lists and strings.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use num_complex::Complex64;
use serde::Deserialize;
use serde_bytes::ByteBuf;

use super::{Made, error, read};

pub(super) fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| Made::by("foreign_hickle.py"))
}

#[derive(Deserialize)]
struct File<T> {
    data: T,
}

#[test]
fn dictionaries() {
    #[derive(Deserialize, PartialEq, Debug)]
    struct Data {
        words: Vec<String>,
        int: u8,
        float: f64,
        bool: bool,
        none: Option<u8>,
        text: String,
        bytes: ByteBuf,
        complex: Complex64,
        array: Vec<[i32; 3]>,
        numbers: Vec<u8>,
        pair: (String, u8),
        empty: Option<Vec<u8>>,
        nested: BTreeMap<String, BTreeMap<String, Vec<Vec<u8>>>>,
        numbered: BTreeMap<u8, String>,
        /// A pickle, which is never executed.
        own: ByteBuf,
    }
    let data: File<Data> = filebacked::from_file(made().path("hickle.h5")).unwrap();
    let (text, own) = (str::to_owned, data.data.own.clone());
    assert!(own.starts_with(b"\x80"));
    assert_eq!(
        data.data,
        Data {
            words: vec![text("a"), text("schön"), text("c")],
            int: 5,
            float: 2.5,
            bool: true,
            none: None,
            text: text("schön"),
            bytes: ByteBuf::from([0, 1]),
            complex: Complex64::new(1.0, 2.0),
            array: vec![[0, 1, 2], [3, 4, 5]],
            numbers: vec![1, 2, 3],
            pair: (text("a"), 2),
            // hickle stores nothing for it, not even that it is a list.
            empty: None,
            nested: BTreeMap::from([(text("a"), BTreeMap::from([(text("b"), vec![vec![1], vec![2, 3]])]))]),
            numbered: BTreeMap::from([(1, text("one")), (12, text("twelve"))]),
            own,
        }
    );
}

#[test]
fn errors() {
    #[derive(Deserialize, Debug)]
    #[allow(dead_code, reason = "it is not read")]
    struct Data {
        words: Vec<f64>,
    }
    let found = filebacked::read::<Data>(&made().open("hickle.h5"), "data").unwrap_err().to_string();
    assert_eq!(
        found,
        "expected `f64`, found the string \"a\", stored as `string(1)` of shape (1, 1); at `words/[0]`, HDF5 path \
         `/data/\"words\"/data0`"
    );
    assert_eq!(
        error::<BTreeMap<String, u8>>(&made().open("hickle.h5"), "data/\"numbered\""),
        "expected `u8`, found the string \"one\", stored as `string(1)` of shape (1, 3); at `1`, HDF5 path \
         `/data/\"numbered\"/1`"
    );
}

#[test]
fn as_anything() {
    let json: serde_json::Value = read(&made().open("hickle.h5"), "data");
    assert_eq!(json["words"], serde_json::json!(["a", "schön", "c"]));
    assert_eq!(json["nested"]["a"]["b"], serde_json::json!([[1], [2, 3]]));
}
