//! What the package has no form for is an error, and says so.

use std::collections::BTreeMap;

use filebacked::ErrorKind::{self, BadKey, Unsupported};
use filebacked::{hdf5, read, write};
use serde::Serialize;
use serde_json::json;

use super::options;

#[track_caller]
fn refused(value: &impl Serialize, kind: ErrorKind, message: &str) {
    let error = options().to_vec(&BTreeMap::from([("x", value)])).unwrap_err();
    assert_eq!(error.to_string(), message);
    assert_eq!(error.kind(), kind);
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct Point {
    x: i32,
}

#[derive(Serialize)]
enum Either<T> {
    Left(T),
}

#[test]
fn values() {
    let at = |what: &str, place: &str| format!("the Python package FileBacked has no {what}; at `x{place}");
    let wide = "integers of 128 bits: use one of 64 bits, or a string";
    refused(&1_i128, Unsupported, &at(wide, "`, HDF5 path `/x`"));
    refused(&vec![1_u128], Unsupported, &at(wide, "/[0]`, HDF5 path `/x`"));
    let unit = "`()`: leave the field out, or use `Option`";
    refused(&(), Unsupported, &at(unit, "`, HDF5 path `/x`"));
    refused(&vec![()], Unsupported, &at(unit, "/[0]`, HDF5 path `/x`"));
    refused(&json!(null), Unsupported, &at(unit, "`, HDF5 path `/x`"));
    let missing = "place for `None` here: only the fields of a struct can be missing";
    refused(&None::<i32>, Unsupported, &at(missing, "`, HDF5 path `/x`"));
    refused(&vec![Some(1), None], Unsupported, &at(missing, "/[1]`, HDF5 path `/x`"));
    refused(&vec![Some("a"), None], Unsupported, &at(missing, "/[1]`, HDF5 path `/x`"));
    refused(&Some(None::<i32>), Unsupported, &at(missing, "`, HDF5 path `/x`"));
    refused(&Either::Left(None::<i32>), Unsupported, &at(missing, "/Left`, HDF5 path `/x`"));
    let nul = "strings that end with NUL: write the text without";
    refused(&"a\0", Unsupported, &at(nul, "`, HDF5 path `/x`"));
    let nested = "unions in unions: an enum cannot be directly in a variant of another";
    refused(&Either::Left(Either::Left(1)), Unsupported, &at(nested, "`, HDF5 path `/x`"));
}

#[test]
fn lists() {
    let at =
        |what: &str, place: &str| format!("the Python package FileBacked has no {what}; at `x{place}`, HDF5 path `/x`");
    let unlike =
        |what: &str| format!("lists of both {what}: elements are of one type, which can be an enum, as a union");
    refused(&(1, "a"), Unsupported, &at(&unlike("numbers and strings"), "/[1]"));
    refused(&("a", 1), Unsupported, &at(&unlike("strings and numbers"), "/[1]"));
    refused(&(Point { x: 1 }, vec![1]), Unsupported, &at(&unlike("structs and sequences"), "/[1]"));
    refused(&([1, 2], 3), Unsupported, &at(&unlike("arrays of numbers and numbers"), "/[1]"));
    refused(&json!([1, {"a": 2}]), Unsupported, &at(&unlike("numbers and maps"), "/[1]"));
    let numbers = "lists of numbers that are not of one type: make all of them floats, integers, or bools";
    refused(&(1, 0.5), Unsupported, &at(numbers, "/[1]"));
    refused(&(true, 1), Unsupported, &at(numbers, "/[1]"));
    refused(&(u64::MAX, -1), Unsupported, &at(numbers, "/[1]"));
    let arrays = "lists of arrays of different lengths or types: use `Vec` for the inner ones, which makes them lists";
    refused(&([1, 2], [1, 2, 3]), Unsupported, &at(arrays, "/[1]"));
}

#[test]
fn keys() {
    let keys = |what: &str| {
        format!(
            "the Python package FileBacked has no dictionaries with {what} as keys: use strings, integers, floats, tuples \
             or lists of these, or an enum of them; at `x`, HDF5 path `/x`"
        )
    };
    refused(&BTreeMap::from([(Point { x: 1 }, 1)]), BadKey, &keys("structs"));
    refused(&BTreeMap::from([(true, 1)]), BadKey, &keys("bools"));
    refused(&BTreeMap::from([((), 1)]), BadKey, &keys("`()`"));
    refused(&BTreeMap::from([(None::<i32>, 1)]), BadKey, &keys("`None`"));
    refused(&BTreeMap::from([(Some(1), 1)]), BadKey, &keys("options"));
    refused(&BTreeMap::from([(BTreeMap::from([(1, 1)]), 1)]), BadKey, &keys("maps"));
    for name in ["", ".", "a/b", "a\0b", "%2F"] {
        let message = format!(
            "the Python package FileBacked has no place for {name:?}: names and keys are not empty, not `.` or `%`, and \
             without `/`, NUL, and percent-encoded characters; at `x`, HDF5 path `/x`"
        );
        refused(&BTreeMap::from([(name, 1)]), BadKey, &message);
    }
}

#[test]
fn numbers_that_can_be_made_alike() {
    super::round_trip(&(1_u8, -1_i64, 300_u16));
    super::round_trip(&vec![Some(1.5), Some(2.5)]);
    super::round_trip(&vec![u64::MAX, 0]);
    super::round_trip(&json!([1, 2, -3]));
}

#[test]
fn nothing_is_written_where_something_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = hdf5::File::create(folder.path().join("run.h5")).unwrap();
    write(&file, "x", &1).unwrap();
    options().write(&file, "y", &BTreeMap::from([("a", Some(1)), ("b", None)])).unwrap_err();
    options().overwrite(true).write(&file, "x", &vec![Some("a"), None]).unwrap_err();
    options().write(&file, "z", &None::<i32>).unwrap_err();
    options().to_group(&None::<i32>, &file).unwrap_err();
    assert_eq!(file.member_names().unwrap(), ["x"]);
    assert_eq!(read::<i32>(&file, "x").unwrap(), 1);
    assert!(file.attr_names().unwrap().is_empty());
}
