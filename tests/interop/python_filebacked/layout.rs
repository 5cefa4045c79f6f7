//! What is in the file, where the package would not mind something else.

use std::collections::BTreeMap;

use filebacked::{Lazy, NdArray, Shared, WithAttrs, WriteOptions, from_slice, hdf5, to_vec, tree};
use ndarray::array;
use serde::{Deserialize, Serialize};

use super::options;

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Unit {
    unit: String,
}

#[derive(Serialize)]
struct Metres(f64);

#[derive(Serialize)]
struct Named(BTreeMap<&'static str, u8>);

#[derive(Serialize)]
struct Values {
    small: u8,
    large: u64,
    larger: u64,
    char: char,
    metres: Metres,
    bytes: serde_bytes::ByteBuf,
    tuple: (u8, i16),
    pairs: Vec<(f32, f32)>,
    empty: Vec<String>,
    named: Named,
    left_out: Option<Option<i32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<i32>,
    scratch: Vec<f64>,
    attrs: WithAttrs<NdArray<i32, ndarray::Ix1>, Unit>,
    shared: Vec<Shared<String>>,
    #[serde(rename = "@unit")]
    unit: &'static str,
}

#[test]
fn forms() {
    let shared = Shared::from("text".to_owned());
    let values = Values {
        small: 1,
        large: 2,
        larger: u64::MAX,
        char: 'ü',
        metres: Metres(0.5),
        bytes: vec![1, 2].into(),
        tuple: (1, 300),
        pairs: vec![(0.5, 1.5), (2.5, 3.5)],
        empty: vec![],
        named: Named(BTreeMap::from([("a", 1)])),
        left_out: None,
        skipped: None,
        scratch: vec![0.5],
        attrs: WithAttrs { value: NdArray(array![1, 2]), attrs: Unit { unit: "m".to_owned() } },
        shared: vec![shared.clone(), shared],
        unit: "m",
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("values.h5");
    options().skip(["scratch"]).to_file(&path, &values).unwrap();
    let file = hdf5::File::open(&path).unwrap();
    assert_eq!(tree(&file).unwrap().to_string(), TREE);
    assert_eq!(file.dataset("attrs").unwrap().attr_names().unwrap(), ["unit"]);
    assert_eq!(file.loc_info_by_name("shared/0").unwrap().num_links, 2);
}

const TREE: &str = r#"/              group
├─ @unit       string      "m"
├─ @module     string      "__main__"
├─ @class      string      "Values"
├─ small       i64         1
├─ large       i64         2
├─ larger      u64         18446744073709551615
├─ char        string(2)   "ü"
├─ metres      f64         0.5
├─ bytes       u8 (2,)     1, 2
├─ tuple       i16 (2,)    1, 300
├─ pairs       f32 (2, 2)  0.5, 1.5, ...
├─ empty       f64 (0,)
├─ named       group
│  ├─ @module  string      "__main__"
│  ├─ @class   string      "Named"
│  └─ a        i64         1
├─ attrs       i32 (2,)    1, 2
│  └─ @unit    string      "m"
└─ shared      group
   ├─ 0        string(4)   "text"
   └─ 1        string(4)   "text"
"#;

#[test]
fn what_is_compressed() {
    let values = BTreeMap::from([("x", vec![vec![0.5; 10_000]; 2])]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("values.h5");
    WriteOptions::new().python("model").at("x/*", |x| x.deflate(4)).to_file(&path, &values).unwrap();
    let dataset = hdf5::File::open(&path).unwrap().dataset("x/1").unwrap();
    assert!(dataset.is_chunked() && dataset.storage_size() < 1000);
}

/// A value that is not loaded would be in another layout if it were copied.
#[test]
fn lazy_values_are_laid_out_anew() {
    type Values = BTreeMap<String, Lazy<Vec<Unit>>>;
    let units = || vec![Unit { unit: "m".to_owned() }, Unit { unit: "s".to_owned() }];
    let values: Values = from_slice(&to_vec(&BTreeMap::from([("x", units())])).unwrap()).unwrap();
    let image = options().to_vec(&values).unwrap();
    assert_eq!(image, options().to_vec(&BTreeMap::from([("x", units())])).unwrap());
    let theirs: Values = from_slice(&image).unwrap();
    assert_eq!(*theirs["x"].get().unwrap(), units());
}
