//! pandas' `to_hdf`, and PyTables, which is what that writes with.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use filebacked::hdf5::File;
use filebacked::hdf5::types::VarLenUnicode;
use filebacked::{Lazy, NdArray, ReadOptions, Value};
use ndarray::{Array2, Ix1, Ix2};
use serde::Deserialize;

use super::{Made, as_json, error, read};

pub(super) fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| Made::by("foreign_pandas.py"))
}

/// In another order than the columns.
#[derive(Deserialize, PartialEq, Debug)]
struct Row {
    ok: bool,
    n: u8,
    y: f64,
    index: String,
}

fn rows() -> [Row; 3] {
    let row = |ok, n, y, index: &str| Row { ok, n, y, index: index.to_owned() };
    [row(true, 1, 0.5, "a"), row(false, 2, -1.0, "b"), row(true, 3, 3.0, "c")]
}

#[derive(Deserialize, PartialEq, Debug)]
struct Text {
    n: u8,
    label: String,
}

fn texts() -> [Text; 3] {
    [("one", 1), ("schön", 2), ("", 3)].map(|(label, n)| Text { n, label: label.to_owned() })
}

#[test]
fn fixed() {
    let file = made().open("pandas.h5");
    assert_eq!(read::<Vec<Row>>(&file, "fixed"), rows());
    #[derive(Deserialize)]
    struct Time {
        x: f64,
        when: i64,
    }
    let times: Vec<Time> = read(&file, "fixed");
    // Nanoseconds, and the smallest number for no time.
    assert_eq!(times.iter().map(|time| time.when).collect::<Vec<_>>(), [0, 86_400_000_000_000, i64::MIN]);
    assert!(times[0].x == 1.5 && times[2].x.is_nan());
    assert_eq!(read::<Vec<f64>>(&file, "series"), [0.5, -1.0, 3.0]);
    assert_eq!(read::<Vec<String>>(&file, "series/index"), ["a", "b", "c"]);

    // Columns of strings are pickles, which are never executed.
    assert_eq!(
        error::<Vec<Text>>(&file, "texts"),
        "a pickled Python object cannot be read: have pandas write a table (`format=\"table\"`); at `[0]/label`, HDF5 path \
         `/texts/block0_values`"
    );
    #[derive(Deserialize, PartialEq, Debug)]
    struct Number {
        n: u8,
    }
    assert_eq!(read::<Vec<Number>>(&file, "texts"), [1, 2, 3].map(|n| Number { n }));
}

#[test]
fn tables() {
    let file = made().open("pandas.h5");
    assert_eq!(read::<Vec<Row>>(&file, "table"), rows());
    assert_eq!(read::<Vec<Row>>(&file, "table/table"), rows());
    assert_eq!(read::<Vec<Text>>(&file, "compressed"), texts());
    // Without `data_columns`, columns of one type are together, and their names in a pickle.
    #[derive(Deserialize, PartialEq, Debug)]
    struct Blocks {
        index: u8,
        values_block_0: [String; 1],
        values_block_1: [i64; 1],
    }
    let blocks: Vec<Blocks> = read(&file, "blocks");
    assert_eq!(blocks[1], Blocks { index: 1, values_block_0: ["schön".to_owned()], values_block_1: [2] });
    #[derive(Deserialize, PartialEq, Debug)]
    struct Cell {
        index: String,
        y: f64,
    }
    let column: Vec<Cell> = read(&file, "column");
    assert_eq!(column[2], Cell { index: "c".to_owned(), y: 3.0 });
    let mut reader = filebacked::Reader::<Text>::open(&file, "compressed").unwrap();
    assert_eq!(reader.get(2).unwrap().n, 3);
}

#[test]
fn placeholders_of_nothing() {
    #[derive(Deserialize, PartialEq, Debug)]
    struct Empty {
        a: f64,
        n: i64,
        index: i64,
    }
    let file = made().open("empty.h5");
    assert_eq!(read::<Vec<f64>>(&file, "series"), [0.0; 0]);
    assert_eq!(read::<Vec<f64>>(&file, "series/values"), [0.0; 0]);
    assert_eq!(read::<Vec<Empty>>(&file, "frame"), []);
    assert_eq!(read::<NdArray<f64, Ix1>>(&file, "series/values").len(), 0);
    assert_eq!(read::<NdArray<f64, Ix2>>(&file, "frame/block0_values").dim(), (0, 1));
    assert_eq!(read::<NdArray<i64, Ix1>>(&file, "series/index").len(), 0);
    let lazy: Lazy<NdArray<f64, Ix1>> = read(&file, "series/values");
    assert_eq!((lazy.shape().unwrap(), lazy.slice(ndarray::s![..]).unwrap().len()), (vec![0], 0));
    assert_eq!(read::<Lazy<Vec<f64>>>(&file, "series").load().unwrap(), [0.0; 0]);
    assert_eq!(filebacked::Reader::<f64>::open(&file, "series").unwrap().len(), 0);
    assert_eq!(filebacked::Reader::<Empty>::open(&file, "frame").unwrap().len(), 0);
    assert!(error::<f64>(&file.group("series").unwrap(), "values").starts_with("expected `f64`, found a sequence"));
    let value: Value = filebacked::from_group(&file).unwrap();
    assert_eq!(value.at("series/values").and_then(Value::as_array).map(|array| array.shape()), Some(&[0][..]));
    assert_eq!(value.at("frame/block1_values").and_then(Value::as_array).map(|array| array.shape()), Some(&[0, 1][..]));
    assert_eq!(as_json(&made().path("empty.h5"))["series"]["values"], serde_json::json!([]));
    assert!(filebacked::tree(&file).unwrap().to_string().contains("f64 (0, 1)"));
    // One element that is one.
    assert_eq!(read::<Vec<f64>>(&file, "one"), [0.0]);
}

#[test]
fn columns_that_are_not_called_by_strings() {
    #[derive(Deserialize, PartialEq, Debug)]
    struct Numbered {
        #[serde(rename = "0")]
        zero: f64,
        #[serde(rename = "2")]
        two: f64,
        index: u8,
    }
    #[derive(Deserialize, PartialEq, Debug)]
    struct Levels {
        #[serde(rename = "a.x")]
        x: f64,
        #[serde(rename = "a.y")]
        y: f64,
    }
    #[derive(Deserialize, PartialEq, Debug)]
    struct Deep {
        #[serde(rename = "a.1.x")]
        one: f64,
        #[serde(rename = "b.2.x")]
        two: i64,
    }
    #[derive(Deserialize, PartialEq, Debug)]
    struct Bools {
        #[serde(rename = "1")]
        yes: i64,
        #[serde(rename = "0")]
        no: i64,
    }
    let file = made().open("columns.h5");
    let numbered = [Numbered { zero: 0.0, two: 2.0, index: 0 }, Numbered { zero: 3.0, two: 5.0, index: 1 }];
    assert_eq!(read::<Vec<Numbered>>(&file, "numbered"), numbered);
    assert_eq!(read::<Vec<Levels>>(&file, "levels"), [Levels { x: 1.0, y: 2.0 }]);
    assert_eq!(read::<Vec<Deep>>(&file, "deep"), [Deep { one: 1.0, two: 2 }]);
    assert_eq!(read::<Vec<Bools>>(&file, "bools"), [Bools { yes: 1, no: 2 }, Bools { yes: 3, no: 4 }]);
}

#[test]
fn categories() {
    #[derive(Deserialize, PartialEq, Debug)]
    enum Name {
        #[serde(rename = "a")]
        A,
        #[serde(rename = "schön")]
        Fine,
    }
    #[derive(Deserialize, PartialEq, Debug)]
    struct Row {
        index: u8,
        c: Option<String>,
        k: i64,
        n: i64,
        x: f64,
    }
    #[derive(Deserialize, PartialEq, Debug)]
    struct Named {
        c: Option<Name>,
        values_block_0: i64,
        values_block_2: [f64; 1],
    }
    let file = made().open("categories.h5");
    let row = |index, c: Option<&str>, k, n, x| Row { index, c: c.map(str::to_owned), k, n, x };
    let rows = [
        row(0, Some("a"), 20, 1, 0.5),
        row(1, Some("schön"), 10, 2, 1.5),
        row(2, None, 20, 3, 2.5),
        row(3, Some("a"), 20, 4, 3.5),
    ];
    assert_eq!(read::<Vec<Row>>(&file, "t"), rows);
    let mut reader = filebacked::Reader::<Row>::open(&file, "t").unwrap();
    assert_eq!((reader.len(), reader.get(1).unwrap()), (4, row(1, Some("schön"), 10, 2, 1.5)));
    let named = read::<Vec<Named>>(&file, "deep/t");
    assert_eq!(named[1], Named { c: Some(Name::Fine), values_block_0: 10, values_block_2: [1.5] });
    assert_eq!((&named[2].c, &named[3].c), (&None, &Some(Name::A)));
    // The numbers themselves.
    #[derive(Deserialize, PartialEq, Debug)]
    struct Codes {
        c: i8,
    }
    assert_eq!(read::<Vec<Codes>>(&file, "t/table")[2], Codes { c: -1 });
}

#[test]
fn pytables() {
    #[derive(Deserialize, PartialEq, Debug)]
    #[serde(rename_all = "lowercase")]
    enum Charge {
        Neg,
        Neutral,
        Pos,
    }
    #[derive(Deserialize, PartialEq, Debug)]
    struct Particle {
        name: String,
        charge: Charge,
        state: State,
    }
    #[derive(Deserialize, PartialEq, Debug)]
    struct State {
        position: [f64; 3],
        alive: bool,
        frame: Frame,
    }
    #[derive(Deserialize, PartialEq, Debug)]
    struct Frame {
        number: u32,
    }
    let particle = |name: &str, charge, position, alive, number| {
        let state = State { position, alive, frame: Frame { number } };
        Particle { name: name.to_owned(), charge, state }
    };
    let file = made().open("tables.h5");
    assert_eq!(
        read::<Vec<Particle>>(&file, "particles"),
        [particle("p", Charge::Pos, [0.0, 0.5, -1.0], true, 7), particle("e", Charge::Neg, [1.0, 0.5, -1.0], false, 8)]
    );
    assert_eq!(read::<Vec<bool>>(&file, "flags"), [true, false]);
    assert_eq!(read::<Vec<(f64, f64)>>(&file, "complex"), [(1.0, 2.0)]);
    assert_eq!(read::<Vec<Vec<i16>>>(&file, "ragged"), [vec![1, 2], vec![]]);
    assert_eq!(read::<Vec<Vec<u32>>>(&file, "texts"), ["schön".chars().map(u32::from).collect::<Vec<_>>()]);
    assert_eq!(read::<Vec<[f32; 2]>>(&file, "grown"), [[1.0; 2]; 2]);

    #[derive(Deserialize, PartialEq, Debug)]
    struct Number {
        n: i32,
    }
    let file = made().open("clocks.h5");
    assert_eq!(read::<Vec<Number>>(&file, "clocks"), [Number { n: 5 }]);
    #[derive(Deserialize, Debug)]
    #[allow(dead_code, reason = "it is not read")]
    struct Clock {
        time: f64,
    }
    assert_eq!(
        error::<Vec<Clock>>(&file, "clocks"),
        "expected `f64`, found a `HDF5 time`, which cannot be read, stored as `compound {n: i32, time: HDF5 time}` of \
         shape (1,); at `[0]/time`, HDF5 path `/clocks`"
    );
}

#[test]
fn as_anything() {
    let json = as_json(&made().path("pandas.h5"));
    assert_eq!(json["compressed"]["table"][1]["label"], "schön");
    assert_eq!(as_json(&made().path("tables.h5"))["flags"], serde_json::json!([1, 0]));
}

#[test]
fn rows_with_names_at_several_levels() {
    #[derive(Deserialize, PartialEq, Debug)]
    struct Index {
        letter: String,
        #[serde(rename = "1")]
        number: i64,
    }
    #[derive(Deserialize, PartialEq, Debug)]
    struct Row {
        index: Index,
        x: f64,
        n: i32,
    }
    let row = |letter: &str, number, x, n| Row { index: Index { letter: letter.to_owned(), number }, x, n };
    let file = made().open("rows.h5");
    assert_eq!(read::<Vec<Row>>(&file, "levels"), [row("a", 3, 0.5, 1), row("b", 1, 1.5, 2), row("a", 1, 2.5, 3)]);
    // As tuples, too.
    let rows: Vec<((String, i64), f64, i32)> = read(&file, "levels");
    assert_eq!(rows[1], (("b".to_owned(), 1), 1.5, 2));
}

#[test]
fn columns_that_are_left_out() {
    type Rows = Vec<BTreeMap<String, serde_json::Value>>;
    fn names(rows: &Rows) -> String {
        rows[0].keys().map(|name| format!("{name} ")).collect()
    }
    fn with(options: ReadOptions, file: &File, name: &str) -> filebacked::Result<String> {
        options.read::<Rows>(file, name).map(|rows| names(&rows))
    }
    let skip = |path: &str| ReadOptions::new().skip([path]);
    let only = |path: &str| ReadOptions::new().only([path]);
    let fixed = made().open("columns.h5");
    assert_eq!(names(&read(&fixed, "numbered")), "0 1 2 index ");
    assert_eq!(with(skip("*/1"), &fixed, "numbered").unwrap(), "0 2 index ");
    assert_eq!(with(only("*/1"), &fixed, "numbered").unwrap(), "1 ");
    assert_eq!(with(skip("*/index"), &fixed, "numbered").unwrap(), "0 1 2 ");
    assert_eq!(with(skip("*/a.x"), &fixed, "levels").unwrap(), "a.y index ");
    let table = made().open("categories.h5");
    assert_eq!(names(&read(&table, "t")), "c index k n x ");
    assert_eq!(with(skip("*/c"), &table, "t").unwrap(), "index k n x ");
    assert_eq!(with(only("*/k"), &table, "t").unwrap(), "k ");
    assert_eq!(with(only("*/n"), &table, "t").unwrap(), "n ");
    // What there is not is said.
    assert!(with(skip("*/nothing"), &table, "t").is_err());
    let levels = made().open("rows.h5");
    let rows: Vec<serde_json::Value> = skip("*/index/letter").read(&levels, "levels").unwrap();
    assert_eq!(rows[0]["index"], serde_json::json!({"1": 3}));
}

/// A code of one byte says a name of any length again, for any number of columns.
#[test]
fn long_names_at_several_levels() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::create(folder.path().join("long.h5")).unwrap();
    let frame = file.create_group("frame").unwrap();
    let kind: VarLenUnicode = "frame".parse().unwrap();
    frame.new_attr::<VarLenUnicode>().create("pandas_type").unwrap().write_scalar(&kind).unwrap();
    let name: VarLenUnicode = "x".repeat(1 << 20).parse().unwrap();
    let data = |name: &str| frame.new_dataset_builder().deflate(9).empty::<i8>().shape(1000).create(name).unwrap();
    frame.new_dataset_builder().with_data(&[name]).create("block0_items_level0").unwrap();
    data("block0_items_label0").write(&vec![0_i8; 1000]).unwrap();
    frame.new_dataset_builder().with_data(&Array2::<f64>::zeros((1, 1000))).create("block0_values").unwrap();
    let error = error::<Vec<serde_json::Value>>(&file, "frame");
    assert!(error.starts_with("the names of 1000 columns take more than 67108864 bytes"), "{error}");
    assert!(error.ends_with("HDF5 path `/frame/block0_items_label0`"), "{error}");
}
