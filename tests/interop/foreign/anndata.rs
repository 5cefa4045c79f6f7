//! AnnData's data sets.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::OnceLock;

#[cfg(feature = "sprs")]
use filebacked::Sparse;
use filebacked::hdf5::types::{FixedAscii, VarLenUnicode};
use filebacked::{NdArray, Progress, ReadOptions, hdf5};
use ndarray::{Ix2, arr2};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Made, as_json, error, read};

pub(super) fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| Made::by("foreign_anndata.py"))
}

#[derive(Deserialize, PartialEq, Debug)]
enum Kind {
    B,
    T,
    #[serde(rename = "NK")]
    NaturalKiller,
}

/// A cell: fields in another order than the columns, and without some of these.
#[derive(Deserialize, PartialEq, Debug)]
struct Cell {
    count: Option<u8>,
    kind: Option<Kind>,
    label: String,
    _index: String,
}

#[test]
fn columns() {
    #[derive(Deserialize, PartialEq, Debug)]
    struct Obs {
        _index: Vec<String>,
        kind: Vec<Option<Kind>>,
        batch: Vec<u16>,
        count: Vec<Option<i32>>,
        passed: Vec<Option<bool>>,
        label: Vec<String>,
    }
    let file = made().open("data.h5ad");
    let names = ["cell0", "cell1", "cell2"].map(str::to_owned).to_vec();
    assert_eq!(
        read::<Obs>(&file, "obs"),
        Obs {
            _index: names.clone(),
            kind: vec![Some(Kind::T), None, Some(Kind::B)],
            batch: vec![20, 10, 20],
            count: vec![Some(1), None, Some(3)],
            passed: vec![Some(true), None, Some(false)],
            label: ["a", "schön", ""].map(str::to_owned).to_vec(),
        }
    );
    let score: Vec<f64> = read(&file, "obs/score");
    assert!(score[0] == 0.5 && score[1].is_nan() && score[2] == 1.5);
    assert_eq!(read::<Vec<Option<String>>>(&file, "obs/kind"), [Some("T".into()), None, Some("B".into())]);
    assert_eq!(read::<Vec<String>>(&file, "obs/kind/categories"), ["B", "T", "NK"]);
    assert_eq!(read::<Vec<String>>(&file, "var/_index"), ["gene0", "gene1"]);

    let mut cells = filebacked::Reader::<Cell>::open(&file, "obs").unwrap();
    assert_eq!((cells.len(), cells.get(2).unwrap().kind), (3, Some(Kind::B)));
}

#[test]
fn rows() {
    let file = made().open("data.h5ad");
    let cell =
        |count, kind, label: &str, index: &str| Cell { count, kind, label: label.to_owned(), _index: index.to_owned() };
    assert_eq!(
        read::<Vec<Cell>>(&file, "obs"),
        [
            cell(Some(1), Some(Kind::T), "a", "cell0"),
            cell(None, None, "schön", "cell1"),
            cell(Some(3), Some(Kind::B), "", "cell2")
        ]
    );
    // Columns that are left out.
    let names = |options: ReadOptions| {
        let rows: Vec<BTreeMap<String, IgnoredAny>> = options.read(&file, "obs").unwrap();
        rows[0].keys().map(|name| format!("{name} ")).collect::<String>()
    };
    assert_eq!(names(ReadOptions::new().only(["*/kind", "*/count"])), "count kind ");
    let others = names(ReadOptions::new().skip(["*/kind", "*/_index"]));
    assert!(others.contains("count ") && !others.contains("kind ") && !others.contains("_index "), "{others}");
    // Before version 0.8.
    #[derive(Deserialize, PartialEq, Debug)]
    struct Old {
        kind: Option<String>,
        name: String,
        n: u8,
    }
    let old = |kind: Option<&str>, name: &str, n| Old { kind: kind.map(str::to_owned), name: name.to_owned(), n };
    let file = made().open("more.h5");
    assert_eq!(read::<Vec<Old>>(&file, "old"), [old(Some("T"), "c0", 0), old(None, "c1", 1), old(Some("B"), "c2", 2)]);
    assert_eq!(read::<Vec<Option<Kind>>>(&file, "old/kind"), [Some(Kind::T), None, Some(Kind::B)]);
    assert_eq!(read::<Vec<Cell>>(&file, "empty"), []);
}

#[test]
fn matrices() {
    let file = made().open("data.h5ad");
    let dense = arr2(&[[0.0, 1.0], [2.0, 0.0], [0.0, 3.0]]);
    assert_eq!(*read::<NdArray<f32, Ix2>>(&file, "layers/dense"), dense);
    assert_eq!(read::<Vec<[f64; 2]>>(&file, "obsm/pca"), [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]);
    #[cfg(feature = "sprs")]
    for (path, is_csr) in [("X", true), ("layers/csc", false)] {
        let matrix: Sparse<f32> = read(&file, path);
        assert_eq!((matrix.to_dense(), matrix.is_csr()), (dense.clone(), is_csr));
    }
}

#[test]
fn uns() {
    #[derive(Deserialize, PartialEq, Debug)]
    struct Settings {
        method: String,
        params: Params,
    }
    #[derive(Deserialize, PartialEq, Debug)]
    struct Params {
        names: Vec<String>,
        resolution: f64,
        steps: u8,
    }
    let file = made().open("data.h5ad");
    let params = Params { names: vec!["x".to_owned(), "y".to_owned()], resolution: 0.5, steps: 10 };
    assert_eq!(read::<Settings>(&file, "uns/settings"), Settings { method: "leiden".to_owned(), params });
    let nothing: std::collections::BTreeMap<String, u8> = read(&file, "uns/nothing");
    assert!(nothing.is_empty());
}

#[test]
fn more() {
    let file = made().open("more.h5");
    assert_eq!(read::<Vec<Option<String>>>(&file, "strings"), [Some("a".into()), None, Some("c".into())]);
    #[derive(Deserialize, PartialEq, Debug)]
    struct Row {
        x: f64,
        n: u8,
    }
    assert_eq!(read::<Vec<Row>>(&file, "table"), [Row { x: 2.5, n: 1 }, Row { x: 4.5, n: 3 }]);
    if file.link_exists("none") {
        assert_eq!(read::<Option<u8>>(&file, "none"), None);
    }
}

#[test]
fn errors() {
    let file = made().open("data.h5ad");
    assert_eq!(
        error::<Vec<String>>(&file, "obs/kind"),
        "expected a string, found a missing value (`None`); at `[1]`, HDF5 path `/obs/kind`"
    );
    #[derive(Deserialize, Debug)]
    enum Other {
        B,
    }
    assert_eq!(
        error::<Vec<Option<Other>>>(&file, "obs/kind"),
        "unknown variant `T` of `Other`, expected one of `B`, stored as `string` of shape (3,); at `[0]`, HDF5 path \
         `/obs/kind/categories`"
    );
    assert_eq!(
        error::<Vec<i32>>(&file, "obs/count"),
        "expected `i32`, found a missing value (`None`); at `[1]`, HDF5 path `/obs/count`"
    );
    assert_eq!(
        error::<Vec<String>>(&made().open("more.h5"), "broken"),
        "the code 7 is that of none of 1 categories; at `[1]`, HDF5 path `/broken`"
    );
}

#[test]
fn as_anything() {
    let json = as_json(&made().path("data.h5ad"));
    assert_eq!(json["obs"]["kind"], serde_json::json!(["T", null, "B"]));
    assert_eq!(json["obs"]["count"], serde_json::json!([1, null, 3]));
    assert_eq!(json["uns"]["settings"]["params"]["names"], serde_json::json!(["x", "y"]));
}

/// Categories that fit no window, asked for in any order, are read some times, and not once for each element.
#[test]
fn many_categories_are_not_read_anew() {
    const CATEGORIES: usize = 40_000;
    const MOST: u64 = 4_000_000;
    let folder = tempfile::tempdir().unwrap();
    let file = hdf5::File::create(folder.path().join("many.h5")).unwrap();
    let text = |text: &str| text.parse::<VarLenUnicode>().unwrap();
    let name = |code: usize| format!("category {code:06}");
    let group = file.create_group("kind").unwrap();
    let encoding = group.new_attr::<VarLenUnicode>().create("encoding-type").unwrap();
    encoding.write_scalar(&text("categorical")).unwrap();
    let codes: Vec<i32> = (0..20_000).map(|at: i32| at.wrapping_mul(7919).rem_euclid(CATEGORIES as i32)).collect();
    group.new_dataset_builder().with_data(&codes).create("codes").unwrap();
    for fixed in [true, false] {
        if fixed {
            let names: Vec<_> =
                (0..CATEGORIES).map(|code| FixedAscii::<16>::from_ascii(&name(code)).unwrap()).collect();
            group.new_dataset_builder().with_data(&names).create("categories").unwrap();
        } else {
            group.unlink("categories").unwrap();
            let names: Vec<_> = (0..CATEGORIES).map(|code| text(&name(code).repeat(5))).collect();
            group.new_dataset_builder().with_data(&names).create("categories").unwrap();
        }
        let most = if fixed { MOST } else { 5 * MOST };
        let stop = move |progress: &Progress| {
            if progress.bytes() > most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let read: Vec<String> = ReadOptions::new().progress(stop).read(&file, "kind").unwrap();
        let times = if fixed { 1 } else { 5 };
        assert!(read.iter().zip(&codes).all(|(read, code)| *read == name(*code as usize).repeat(times)));
    }
}
