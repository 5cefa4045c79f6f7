//! pandas' `to_hdf`, and PyTables, which is what that writes with.

use std::sync::OnceLock;

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
    struct Value {
        index: String,
        y: f64,
    }
    let column: Vec<Value> = read(&file, "column");
    assert_eq!(column[2], Value { index: "c".to_owned(), y: 3.0 });
    let mut reader = filebacked::Reader::<Text>::open(&file, "compressed").unwrap();
    assert_eq!(reader.get(2).unwrap().n, 3);
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
