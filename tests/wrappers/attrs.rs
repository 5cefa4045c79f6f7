//! Values with attributes.

use std::collections::BTreeMap;

use filebacked::{ErrorKind, NdArray, WithAttrs, from_slice, to_vec};
use ndarray::{Array1, Ix1, Ix2, array};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{check_tree, read_error, round_trip, round_trip_erased};
use crate::common::memory;

#[derive(Serialize, Deserialize, PartialEq, Clone, Debug)]
struct Calibration {
    unit: String,
    gain: f64,
    range: [i16; 2],
    offset: Option<f32>,
    #[serde(with = "filebacked::array")]
    curve: Array1<f64>,
    names: Vec<String>,
}

fn calibration() -> Calibration {
    Calibration {
        unit: "hPa".to_owned(),
        gain: 0.5,
        range: [-1, 1],
        offset: None,
        curve: array![0.5, 1.5],
        names: vec!["a".to_owned(), "bc".to_owned()],
    }
}

fn with<T>(value: T) -> WithAttrs<T, Calibration> {
    WithAttrs { value, attrs: calibration() }
}

#[derive(Serialize, Deserialize, PartialEq, Clone, Debug)]
struct Run {
    #[serde(rename = "@title")]
    title: String,
    steps: u32,
}

fn run() -> Run {
    Run { title: "plate".to_owned(), steps: 10 }
}

#[test]
fn any_value() {
    round_trip(&with(1.5));
    round_trip(&with("text".to_owned()));
    round_trip_erased(&with(NdArray(array![[1.0], [2.0]])));
    round_trip(&with(run()));
    round_trip(&with(vec![run(), run()]));
    round_trip(&with(vec![Some(1), None]));
    round_trip(&with(BTreeMap::from([((1, 2), 3)])));
    round_trip(&with(None::<f64>));
    round_trip(&with(Some(())));
    round_trip(&Some(with(Some(1.5))));
    round_trip(&Some(with(None::<f64>)));
    round_trip_erased(&vec![Some(with(NdArray(array![1.5]))), None, Some(with(NdArray(array![])))]);
    round_trip(&BTreeMap::from([("a".to_owned(), with(run())), ("b".to_owned(), with(run()))]));
    round_trip(&(1, with((1, "two".to_owned()))));
    round_trip(&WithAttrs { value: vec![1, 2], attrs: BTreeMap::from([("a".to_owned(), 1), ("b c".to_owned(), 2)]) });
    round_trip(&WithAttrs { value: 1.5, attrs: () });
    // One wrapper in another: all attributes are on one object.
    let inner = WithAttrs { value: NdArray(array![1.5]), attrs: BTreeMap::from([("n".to_owned(), 1)]) };
    let image = to_vec(&with(inner)).unwrap();
    let back: WithAttrs<WithAttrs<NdArray<f64, Ix1>, N>, Calibration> = from_slice(&image).unwrap();
    assert_eq!((back.value.attrs.n, back.attrs), (1, calibration()));
}

#[derive(Deserialize)]
struct N {
    n: i32,
}

#[test]
fn on_disk() {
    check_tree(
        &BTreeMap::from([("run", with(run()))]),
        "/ group
        └─ run group
           ├─ @title string \"plate\"
           ├─ @unit string \"hPa\"
           ├─ @gain f64 0.5
           ├─ @range i16 (2,) -1, 1
           ├─ @offset null
           ├─ @curve f64 (2,) 0.5, 1.5
           ├─ @names string (2,) \"a\", \"bc\"
           └─ steps u32 10",
    );
    let file = memory();
    filebacked::write(&file, "x", &with(NdArray(array![1.5]))).unwrap();
    let dataset = file.dataset("x").unwrap();
    assert_eq!(dataset.attr("gain").unwrap().read_scalar::<f64>().unwrap(), 0.5);
    assert_eq!(dataset.attr_names().unwrap(), ["curve", "gain", "names", "offset", "range", "unit"]);
    // What others have added is left out, or read as what it is.
    dataset.new_attr::<i32>().create("added").unwrap().write_scalar(&7).unwrap();
    assert_eq!(
        filebacked::read::<WithAttrs<NdArray<f64, Ix1>, Calibration>>(&file, "x").unwrap(),
        with(NdArray(array![1.5]))
    );
    let any: WithAttrs<Vec<f64>, serde_json::Value> = filebacked::read(&file, "x").unwrap();
    assert_eq!(
        any.attrs,
        json!({
            "added": 7, "curve": [0.5, 1.5], "gain": 0.5, "names": ["a", "bc"], "offset": null, "range": [-1, 1],
            "unit": "hPa",
        })
    );
    // The layout's own attributes are none of the value's.
    let any: WithAttrs<Vec<Option<i32>>, BTreeMap<String, u8>> =
        from_slice(&to_vec(&WithAttrs { value: vec![Some(1), None], attrs: () }).unwrap()).unwrap();
    assert!(any.attrs.is_empty());
}

/// A value of any sort that is an attribute keeps the type that the file has it in, wherever the attribute is said.
#[test]
fn values_keep_the_types_of_attributes() {
    use filebacked::hdf5::File;
    use filebacked::hdf5::types::{FixedAscii, VarLenUnicode};
    use filebacked::{Value, from_file, to_file};

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Own {
        #[serde(rename = "@unit")]
        unit: Value,
        #[serde(rename = "@grid")]
        grid: Value,
        #[serde(rename = "@changed")]
        changed: Value,
        pressure: WithAttrs<f64, Marks>,
        mapped: WithAttrs<f64, BTreeMap<String, Value>>,
    }
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Marks {
        unit: Value,
    }
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("run.h5"), folder.path().join("copy.h5"));
    let file = File::create(&path).unwrap();
    let text = FixedAscii::<8>::from_ascii("hPa").unwrap();
    for name in ["unit", "changed"] {
        file.new_attr::<FixedAscii<8>>().create(name).unwrap().write_scalar(&text).unwrap();
    }
    let texts = array!["a", "b", "c", "d"].mapv(|text| text.parse::<VarLenUnicode>().unwrap());
    let texts = texts.into_shape_with_order((2, 2)).unwrap();
    file.new_attr::<VarLenUnicode>().shape((2, 2)).create("grid").unwrap().write(&texts).unwrap();
    for name in ["pressure", "mapped"] {
        let dataset = file.new_dataset::<f64>().create(name).unwrap();
        dataset.new_attr::<FixedAscii<8>>().create("unit").unwrap().write_scalar(&text).unwrap();
    }
    drop(file);
    let mut own: Own = from_file(&path).unwrap();
    own.changed = "K".into();
    to_file(&copy, &own).unwrap();
    assert_eq!(
        filebacked::tree_file(&copy).unwrap().to_string(),
        "\
/            group
├─ @unit     string(8)      \"hPa\"
├─ @grid     string (2, 2)  \"a\", \"b\", \"c\", \"d\"
├─ @changed  string         \"K\"
├─ pressure  f64            0.0
│  └─ @unit  string(8)      \"hPa\"
└─ mapped    f64            0.0
   └─ @unit  string(8)      \"hPa\"
"
    );
    assert_eq!(from_file::<Own>(&copy).unwrap(), own);
    // Elsewhere, and in a list, it is what it is.
    assert_eq!(serde_json::to_value(&own.unit).unwrap(), json!("hPa"));
    let list: Value = from_slice(&to_vec(&Value::List(vec![own.unit])).unwrap()).unwrap();
    assert_eq!(list[0].as_str(), Some("hPa"));
}

#[test]
fn errors() {
    assert_eq!(
        to_vec(&WithAttrs { value: 1.5, attrs: vec![1] }).unwrap_err().to_string(),
        "attributes are the fields of a struct, or the entries of a map with keys of strings; HDF5 path `/`"
    );
    let taken = WithAttrs { value: run(), attrs: BTreeMap::from([("title", 1)]) };
    let error = to_vec(&BTreeMap::from([("x", taken)])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(error.path(), "x/title");
    assert_eq!(error.hdf5_path(), "/x/@title");
    let error = to_vec(&WithAttrs { value: 1.5, attrs: BTreeMap::from([("filebacked", 1)]) }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadKey);
    let error = to_vec(&WithAttrs { value: 1.5, attrs: BTreeMap::from([("x", run())]) }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);

    #[derive(Deserialize, Debug)]
    struct Wrong {
        #[allow(dead_code)]
        gain: u8,
    }
    assert_eq!(
        read_error::<WithAttrs<f64, Wrong>>(&with(1.5)).to_string(),
        "expected `u8`, found 0.5 (`f64`), which `u8` does not hold exactly, stored as scalar `f64`; at `@gain`, HDF5 path \
         `/value/@gain`"
    );
    assert_eq!(
        read_error::<WithAttrs<f64, Calibration>>(&1.5).to_string(),
        "missing field `unit` of `Calibration`, stored as a dataset without attributes; HDF5 path `/value`"
    );
    assert_eq!(
        read_error::<WithAttrs<NdArray<f64, Ix2>, Calibration>>(&with(NdArray(array![1.5]))).to_string(),
        "expected an array of `f64` with 2 dimensions, found `f64` of shape (1,); HDF5 path `/value`"
    );
}

#[test]
fn in_other_formats() {
    let value = with(NdArray(array![1.5]));
    let text = serde_json::to_string(&WithAttrs { value: 1.5, attrs: run() }).unwrap();
    assert_eq!(text, r#"{"value":1.5,"attrs":{"@title":"plate","steps":10}}"#);
    let json = serde_json::to_string(&value).unwrap();
    assert_eq!(serde_json::from_str::<WithAttrs<NdArray<f64, Ix1>, Calibration>>(&json).unwrap(), value);
    let config = bincode::config::standard();
    let bytes = bincode::serde::encode_to_vec(&value, config).unwrap();
    let back = bincode::serde::decode_from_slice::<WithAttrs<NdArray<f64, Ix1>, Calibration>, _>(&bytes, config);
    assert_eq!(back.unwrap().0, value);
    assert!(serde_json::from_str::<WithAttrs<f64, Run>>(r#"{"value":1.5}"#).is_err());
}
