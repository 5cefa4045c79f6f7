//! What errors say: kind, place in the value, HDF5 path and the whole text, a row a case.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::io;

use filebacked::{Error, ErrorKind, Hdf5Deserializer, WriteOptions, from_slice, to_vec};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};

use crate::common::memory;

/// Checks the kind of an error, the place in the value, the HDF5 path, and the text: `message`, then these places.
#[track_caller]
fn check(error: Error, kind: ErrorKind, path: &str, hdf5_path: &str, message: &str) {
    let text = match (path, hdf5_path) {
        ("", "") => message.to_owned(),
        ("", _) => format!("{message}; HDF5 path `{hdf5_path}`"),
        _ => format!("{message}; at `{path}`, HDF5 path `{hdf5_path}`"),
    };
    let found = (error.kind(), error.path(), error.hdf5_path(), error.to_string());
    let found = (found.0, found.1.as_str(), found.2.as_str(), found.3.as_str());
    assert_eq!(found, (kind, path, hdf5_path, text.as_str()));
    assert!(!text.contains('\n') && !text.ends_with('.'));
}

/// Stores `value`, and reads it as a `T`, which is to fail.
#[track_caller]
fn misread<T: DeserializeOwned>(value: impl Serialize) -> Error {
    match from_slice::<T>(&to_vec(&value).unwrap()) {
        Ok(_) => panic!("it was read"),
        Err(error) => error,
    }
}

fn entry<T>(key: &str, value: T) -> BTreeMap<String, T> {
    BTreeMap::from([(key.to_owned(), value)])
}

#[derive(Serialize, Deserialize, Debug, Clone)]
struct Material {
    name: String,
    density: u32,
}

/// Stored as columns, for its string.
#[derive(Serialize, Deserialize, Debug, Clone)]
struct Patch {
    index: u32,
    material: Material,
}

#[derive(Serialize, Deserialize, Debug)]
struct Plate {
    patches: Vec<Patch>,
}

#[allow(dead_code, reason = "only the reading is looked at")]
mod narrow {
    use super::*;

    #[derive(Deserialize)]
    pub(super) struct Material {
        pub(super) name: String,
        pub(super) density: u8,
    }

    #[derive(Deserialize)]
    pub(super) struct Patch {
        pub(super) index: u32,
        pub(super) material: Material,
    }

    #[derive(Deserialize)]
    pub(super) struct Plate {
        pub(super) patches: Vec<Patch>,
    }

    #[derive(Deserialize)]
    pub(super) struct Point {
        pub(super) x: u8,
        pub(super) y: f64,
    }

    #[derive(Deserialize)]
    pub(super) enum Shape {
        Empty,
        Circle(u8),
        Box { width: u8 },
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Strict {
        pub(super) x: i64,
    }
}

#[derive(Serialize, Clone)]
struct Point {
    x: i64,
    y: f64,
}

#[derive(Serialize)]
enum Shape {
    Empty,
    Circle(i32),
    Box { width: i32 },
}

fn patches() -> Vec<Patch> {
    let patch = |index| Patch { index, material: Material { name: "x".repeat(index as usize), density: 100 * index } };
    (0..4).map(patch).collect()
}

#[test]
fn fields() {
    use ErrorKind::*;
    check(
        misread::<Material>(entry("name", "steel")),
        MissingField,
        "",
        "/",
        "missing field `density` of `Material`, stored as a group of `name`",
    );
    check(
        misread::<narrow::Strict>(Point { x: 1, y: 2.0 }),
        UnknownField,
        "",
        "/y",
        "unknown field `y` of `Strict`, expected one of `x`, stored as scalar `f64`",
    );
    check(
        misread::<Vec<narrow::Strict>>(vec![Point { x: 1, y: 2.0 }]),
        UnknownField,
        "[0]",
        "/value",
        "unknown field `y` of `Strict`, expected one of `x`, stored as `compound {x: i64, y: f64}` of shape (1,)",
    );
    check(
        misread::<Vec<Material>>(vec![entry("density", 5), entry("density", 6)]),
        MissingField,
        "[0]",
        "/",
        "missing field `name` of `Material`, stored as `columns {density: i32}`",
    );
    check(
        misread::<Plate>(entry("patches", vec![entry("index", 5)])),
        MissingField,
        "patches/[0]",
        "/patches",
        "missing field `material` of `Patch`, stored as `columns {index: i32}`",
    );
}

/// What is stored instead, wherever something is missing or unknown: much of it is cut.
#[test]
fn what_is_stored_instead() {
    use ErrorKind::*;
    #[derive(Deserialize, Debug)]
    #[allow(dead_code, reason = "only the reading is looked at")]
    struct Labels {
        #[serde(rename = "@unit")]
        unit: String,
    }
    #[derive(Deserialize, Debug)]
    #[allow(dead_code, reason = "only the reading is looked at")]
    struct Unit {
        unit: String,
    }
    #[derive(Serialize, Clone)]
    enum Other {
        Sphere { radius: f64 },
        Cone,
    }
    #[derive(Serialize)]
    struct Labelled {
        #[serde(rename = "@name")]
        name: &'static str,
        data: u8,
    }
    let many: BTreeMap<String, i32> = (0..20).map(|number| (format!("child {number:02}"), number)).collect();
    let shown: Vec<String> = (0..8).map(|number| format!("`child {number:02}`")).collect();
    check(
        misread::<Material>(&many),
        MissingField,
        "",
        "/",
        &format!("missing field `name` of `Material`, stored as a group of {}, 12 more", shown.join(", ")),
    );
    let fields: Vec<String> = (0..8).map(|number| format!("child {number:02}: i32")).collect();
    check(
        misread::<Vec<Material>>(vec![&many, &many]),
        MissingField,
        "[0]",
        "/",
        &format!("missing field `name` of `Material`, stored as `columns {{{}, ...}}`", fields.join(", ")),
    );
    check(
        misread::<Vec<narrow::Point>>(vec![Circle { radius: 0.5 }]),
        MissingField,
        "[0]",
        "/value",
        "missing field `x` of `Point`, stored as `compound {radius: f64}` of shape (1,)",
    );
    check(
        misread::<Labels>(Labelled { name: "a", data: 1 }),
        MissingField,
        "",
        "/",
        "missing field `@unit` of `Labels`, stored as a group with the attributes `name`",
    );
    check(
        misread::<Labels>(entry("unit", 1)),
        MissingField,
        "",
        "/",
        "missing field `@unit` of `Labels`, stored as a group without attributes",
    );
    let labelled = filebacked::WithAttrs { value: 1.5, attrs: entry("name", "a") };
    check(
        misread::<filebacked::WithAttrs<f64, Unit>>(&labelled),
        MissingField,
        "",
        "/value",
        "missing field `unit` of `Unit`, stored as a dataset with the attributes `name`",
    );
    check(misread::<Unit>(()), WrongType, "", "/value", "expected struct Unit, found `()`, stored as a null dataspace");
    check(
        misread::<Unit>(BTreeMap::<String, u8>::new()),
        MissingField,
        "",
        "/",
        "missing field `unit` of `Unit`, stored as an empty group",
    );
    // Variants with payload, alone and in sequences; and names of units.
    let spheres = vec![Other::Sphere { radius: 0.5 }, Other::Cone];
    check(
        misread::<Vec<narrow::Shape>>(&spheres),
        UnknownVariant,
        "[0]",
        "/",
        "unknown variant `Sphere` of `Shape`, expected one of `Empty`, `Circle`, `Box`, stored as `enum {Sphere, Cone}`",
    );
    check(
        misread::<Vec<narrow::Shape>>(vec![Other::Cone, Other::Cone]),
        UnknownVariant,
        "[0]",
        "/value",
        "unknown variant `Cone` of `Shape`, expected one of `Empty`, `Circle`, `Box`, stored as `enum {Cone}` of shape (2,)",
    );
    check(
        misread::<BTreeMap<Color, u8>>(entry("Green", 1)),
        UnknownVariant,
        "",
        "/Green",
        "unknown variant `Green` of `Color`, expected one of `Red`, stored as scalar `i32`",
    );
    // A type that goes on for ever is cut.
    let long: Vec<_> = vec![(Wide::default(), Wide::default()); 2];
    let text = misread::<Vec<narrow::Point>>(long).to_string();
    let words = "missing field `x` of `Point`, stored as `compound {0: compound {a_rather_long_name: f64, ";
    assert!(text.starts_with(words) && text.contains("...` of shape (2,)") && text.len() < 350, "{text}");
}

#[derive(Serialize, Clone)]
struct Circle {
    radius: f64,
}

#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
enum Color {
    Red,
}

#[derive(Serialize, Default, Clone)]
struct Wide {
    a_rather_long_name: f64,
    another_rather_long_name: f64,
    yet_another_rather_long_name: f64,
    and_a_last_rather_long_name: f64,
}

#[test]
fn wrong_types() {
    use ErrorKind::*;
    check(
        misread::<f64>("text"),
        WrongType,
        "",
        "/value",
        "expected `f64`, found the string \"text\", stored as scalar `string(4)`",
    );
    check(misread::<String>(5), WrongType, "", "/value", "expected a string, found 5, stored as scalar `i32`");
    check(
        misread::<u32>(Point { x: 1, y: 2.0 }),
        WrongType,
        "",
        "/",
        "expected `u32`, found a struct or map, stored as a group of `x`, `y`",
    );
    check(
        misread::<Vec<u8>>(Point { x: 1, y: 2.0 }),
        WrongType,
        "",
        "/",
        "expected a sequence, found a group whose children are not called `0`, `1`, ..., stored as a group of `x`, `y`",
    );
    check(
        misread::<Material>(vec![1, 2]),
        WrongType,
        "[0]",
        "/value",
        "expected a string, found 1, stored as `i32` of shape (2,)",
    );
    check(
        misread::<BTreeMap<String, bool>>(entry("on", 2)),
        WrongType,
        "on",
        "/on",
        "expected `bool`, found 2, stored as scalar `i32`",
    );
    check(
        misread::<Vec<String>>([1.5, 2.5]),
        WrongType,
        "[0]",
        "/value",
        "expected a string, found 1.5, stored as `f64` of shape (2,)",
    );
    check(
        misread::<char>("two"),
        WrongType,
        "",
        "/value",
        "expected `char`, found the string \"two\", stored as scalar `string(3)`",
    );
    check(
        misread::<u8>(None::<u8>),
        WrongType,
        "",
        "/value",
        "expected `u8`, found a missing value (`None`), stored as a null dataspace",
    );
    check(misread::<()>(5), WrongType, "", "/value", "expected `()`, found 5, stored as scalar `i32`");
    check(
        misread::<Vec<Vec<String>>>(vec![vec![1.0], vec![2.0]]),
        WrongType,
        "[0]/[0]",
        "/value",
        "expected a string, found 1.0, stored as `f64` of shape (2, 1)",
    );
    check(
        misread::<narrow::Shape>([1, 2]),
        WrongType,
        "",
        "/value",
        "expected the enum `Shape`, found something that is neither a name nor a group with one child, stored as `i32` of shape (2,)",
    );
    check(
        misread::<narrow::Shape>(Point { x: 1, y: 2.0 }),
        WrongType,
        "",
        "/",
        "expected the enum `Shape` (a string, or a group with one child), found a group with 2 children, stored as a group of `x`, `y`",
    );
    check(
        misread::<narrow::Shape>(5),
        WrongType,
        "",
        "/value",
        "expected the enum `Shape`, found 5, stored as scalar `i32`",
    );
}

#[test]
fn numbers() {
    use ErrorKind::*;
    check(misread::<u8>(300), OutOfRange, "", "/value", "expected `u8`, found 300, stored as scalar `i32`");
    check(misread::<u8>(-1), OutOfRange, "", "/value", "expected `u8`, found -1, stored as scalar `i32`");
    check(
        misread::<f32>(0.1),
        OutOfRange,
        "",
        "/value",
        "expected `f32`, found 0.1 (`f64`), which `f32` does not hold exactly, stored as scalar `f64` (`ReadOptions::allow_rounding` takes the nearest)",
    );
    check(
        misread::<f64>(u64::MAX),
        OutOfRange,
        "",
        "/value",
        "expected `f64`, found 18446744073709551615 (`u64`), which `f64` does not hold exactly, stored as scalar `u64` (`ReadOptions::allow_rounding` takes the nearest)",
    );
    check(
        misread::<i32>(1.5),
        OutOfRange,
        "",
        "/value",
        "expected `i32`, found 1.5 (`f64`), which `i32` does not hold exactly, stored as scalar `f64`",
    );
    check(
        misread::<u64>(u128::MAX),
        OutOfRange,
        "",
        "/value",
        "expected `u64`, found 340282366920938463463374607431768211455, stored as scalar `compound {hi: u64, lo: u64}`",
    );
    check(
        misread::<Vec<f32>>(vec![0.5, 0.1]),
        OutOfRange,
        "[1]",
        "/value",
        "expected `f32`, found 0.1 (`f64`), which `f32` does not hold exactly, stored as `f64` of shape (2,) (`ReadOptions::allow_rounding` takes the nearest)",
    );
    check(
        misread::<[[u8; 2]; 2]>([[1, 2], [3, 400]]),
        OutOfRange,
        "[1]/[1]",
        "/value",
        "expected `u8`, found 400, stored as `i32` of shape (2, 2)",
    );
}

#[test]
fn nested_numbers() {
    use ErrorKind::*;
    let points = vec![Point { x: 1, y: 0.5 }, Point { x: 300, y: 0.5 }];
    // A compound dataset.
    check(
        misread::<Vec<narrow::Point>>(&points),
        OutOfRange,
        "[1]/x",
        "/value",
        "expected `u8`, found 300, stored as `compound {x: i64, y: f64}` of shape (2,)",
    );
    // Columns, and in these a struct, which is columns again.
    let plate = Plate { patches: patches() };
    check(
        misread::<narrow::Plate>(plate),
        OutOfRange,
        "patches/[3]/material/density",
        "/patches/material/density",
        "expected `u8`, found 300, stored as `u32` of shape (4,)",
    );
    check(
        misread::<Vec<Option<u8>>>(vec![Some(1), None, Some(300)]),
        OutOfRange,
        "[2]",
        "/values",
        "expected `u8`, found 300, stored as `i32` of shape (3,)",
    );
    check(
        misread::<Vec<Vec<u8>>>(vec![vec![1], vec![2, 300]]),
        OutOfRange,
        "[1]/[1]",
        "/values",
        "expected `u8`, found 300, stored as `i32` of shape (3,)",
    );
    let shapes = vec![Shape::Empty, Shape::Circle(1), Shape::Box { width: 300 }];
    check(
        misread::<Vec<narrow::Shape>>(shapes),
        OutOfRange,
        "[2]/Box/width",
        "/Box",
        "expected `u8`, found 300, stored as `compound {width: i32}` of shape (1,)",
    );
    check(
        misread::<narrow::Shape>(Shape::Circle(300)),
        OutOfRange,
        "Circle",
        "/Circle",
        "expected `u8`, found 300, stored as scalar `i32`",
    );
    check(
        misread::<BTreeMap<String, u8>>(entry("a/b", 300)),
        OutOfRange,
        "a%2Fb",
        "/a%2Fb",
        "expected `u8`, found 300, stored as scalar `i32`",
    );
    check(
        misread::<BTreeMap<(u8, u8), u8>>(BTreeMap::from([((1, 2), 300)])),
        OutOfRange,
        "[0]",
        "/values",
        "expected `u8`, found 300, stored as `i32` of shape (1,)",
    );
    check(
        misread::<BTreeMap<(u8, u8), u8>>(BTreeMap::from([((1, 300), 3)])),
        OutOfRange,
        "[0]/[1]",
        "/keys",
        "expected `u8`, found 300, stored as `i32` of shape (1, 2)",
    );
    check(
        misread::<Vec<BTreeMap<u8, u8>>>(vec![BTreeMap::from([(1, 300)])]),
        OutOfRange,
        "[0]/[0]",
        "/values",
        "expected `u8`, found 300, stored as `i32` of shape (1,)",
    );
    check(
        misread::<Vec<BTreeMap<u8, u8>>>(vec![BTreeMap::from([(300, 1)])]),
        OutOfRange,
        "[0]/[0]",
        "/keys",
        "expected `u8`, found 300, stored as `i32` of shape (1,)",
    );
    check(
        misread::<Vec<BTreeMap<String, u8>>>(vec![entry("a", 1), entry("a", 300)]),
        OutOfRange,
        "[1]/a",
        "/a",
        "expected `u8`, found 300, stored as `i32` of shape (2,)",
    );
    check(
        misread::<(u8, String)>((300, "x")),
        OutOfRange,
        "[0]",
        "/0",
        "expected `u8`, found 300, stored as scalar `i32`",
    );
    check(
        misread::<Vec<(u8, String)>>(vec![(300, "x")]),
        OutOfRange,
        "[0]/[0]",
        "/0",
        "expected `u8`, found 300, stored as `i32` of shape (1,)",
    );
    check(
        misread::<Option<Option<u8>>>(Some(Some(300))),
        OutOfRange,
        "",
        "/value",
        "expected `u8`, found 300, stored as scalar `i32`",
    );
    check(
        misread::<Vec<Option<Option<u8>>>>(vec![Some(None), Some(Some(300)), None]),
        OutOfRange,
        "[1]",
        "/values/values",
        "expected `u8`, found 300, stored as `i32` of shape (3,)",
    );
    let mixed = serde_json::json!([1, "two", {"a": 300}]);
    check(
        misread::<(u8, String, BTreeMap<String, u8>)>(mixed),
        OutOfRange,
        "[2]/a",
        "/map/a",
        "expected `u8`, found 300, stored as `u64` of shape (1,)",
    );
    let skipped = serde_json::json!([{"a": 1}, {"b": 2}, {"a": 300}]);
    check(
        misread::<Vec<BTreeMap<String, u8>>>(skipped),
        OutOfRange,
        "[2]/a",
        "/a/values",
        "expected `u8`, found 300, stored as `u64` of shape (3,)",
    );
    check(
        misread::<[u8; 2]>((1, 300)),
        OutOfRange,
        "[1]",
        "/value",
        "expected `u8`, found 300, stored as `i32` of shape (2,)",
    );
}

#[test]
fn variants() {
    use ErrorKind::*;
    check(
        misread::<narrow::Shape>("Sphere"),
        UnknownVariant,
        "",
        "/value",
        "unknown variant `Sphere` of `Shape`, expected one of `Empty`, `Circle`, `Box`, stored as scalar `string(6)`",
    );
    check(
        misread::<narrow::Shape>(entry("Sphere", 1)),
        UnknownVariant,
        "",
        "/",
        "unknown variant `Sphere` of `Shape`, expected one of `Empty`, `Circle`, `Box`, stored as a group of `Sphere`",
    );
    check(
        misread::<narrow::Shape>("Circle"),
        WrongType,
        "",
        "/value",
        "expected a variant with a payload, found the variant `Circle` without one, stored as scalar `string(6)`",
    );
    check(
        misread::<Vec<narrow::Shape>>(vec!["Empty", "Sphere"]),
        UnknownVariant,
        "[1]",
        "/value",
        "unknown variant `Sphere` of `Shape`, expected one of `Empty`, `Circle`, `Box`, stored as `string(6)` of shape (2,)",
    );
    let shapes = vec![entry("Circle", 1), entry("Sphere", 2)];
    check(
        misread::<Vec<narrow::Shape>>(shapes),
        UnknownVariant,
        "[1]",
        "/",
        "unknown variant `Sphere` of `Shape`, expected one of `Empty`, `Circle`, `Box`, stored as `columns {Sphere: option of i32, Circle: option of i32}`",
    );
}

#[test]
fn keys() {
    use ErrorKind::*;
    check(
        misread::<BTreeMap<u8, u8>>(entry("one", 1)),
        BadKey,
        "",
        "/one",
        "the key \"one\" cannot be read as `u8`: invalid digit found in string",
    );
    check(
        misread::<BTreeMap<u8, u8>>(entry("300", 1)),
        BadKey,
        "",
        "/300",
        "the key \"300\" cannot be read as `u8`: number too large to fit in target type",
    );
    check(
        misread::<BTreeMap<bool, u8>>(entry("yes", 1)),
        BadKey,
        "",
        "/yes",
        "the key \"yes\" cannot be read as `bool`: provided string was not `true` or `false`",
    );
    check(
        misread::<Vec<BTreeMap<u8, u8>>>(vec![entry("a", 1)]),
        BadKey,
        "[0]",
        "/a",
        "the key \"a\" cannot be read as `u8`: invalid digit found in string",
    );
}

#[test]
fn lengths() {
    use ErrorKind::*;
    check(
        misread::<(u8, u8)>([1, 2, 3]),
        WrongLength,
        "",
        "/value",
        "expected 2 elements, found length 3, stored as `i32` of shape (3,)",
    );
    check(
        misread::<(u8, String)>((1, "x", 2)),
        WrongLength,
        "",
        "/",
        "expected 2 elements, found length 3, stored as a group of kind `tuple`",
    );
    check(
        misread::<[f64; 4]>(vec![1.0; 3]),
        WrongLength,
        "",
        "/value",
        "expected 4 elements, found length 3, stored as `f64` of shape (3,)",
    );
    check(
        misread::<Vec<[f64; 2]>>(vec![[1.0; 3]; 2]),
        WrongLength,
        "[0]",
        "/value",
        "expected 2 elements, found length 3, stored as `f64` of shape (2, 3)",
    );
    check(
        misread::<Vec<(u8, String)>>(vec![(1, "x", 2)]),
        WrongLength,
        "[0]",
        "/",
        "expected 2 elements, found length 3, stored as `columns {0: i32, 1: string(1), 2: i32}`",
    );
}

#[test]
fn borrowed() {
    use ErrorKind::*;
    let file = memory();
    filebacked::to_group("text", &file).unwrap();
    check(
        <&str>::deserialize(Hdf5Deserializer::new(&file)).unwrap_err(),
        WrongType,
        "",
        "/value",
        "expected an owned string, found a borrowed `&str`, which HDF5 cannot lend: use `String` or `Cow<str>`, stored as scalar `string(4)`",
    );
    assert_eq!(<Cow<'_, str>>::deserialize(Hdf5Deserializer::new(&file)).unwrap(), "text");
    let file = memory();
    filebacked::to_group(&serde_bytes::Bytes::new(b"raw"), &file).unwrap();
    check(
        <&[u8]>::deserialize(Hdf5Deserializer::new(&file)).unwrap_err(),
        WrongType,
        "",
        "/value",
        "expected owned bytes, found a borrowed `&[u8]`, which HDF5 cannot lend: use `serde_bytes::ByteBuf` or `Cow<[u8]>`, stored as `u8` of shape (3,)",
    );
}

#[test]
fn taken_and_missing_names() {
    use ErrorKind::*;
    let file = memory();
    let group = file.create_group("run").unwrap();
    filebacked::write(&group, "steps", &1).unwrap();
    check(
        filebacked::write(&group, "steps", &2).unwrap_err(),
        AlreadyExists,
        "",
        "/run/steps",
        "the name `steps` is taken: remove what is there, or choose another group or name",
    );
    check(
        filebacked::to_group(&entry("steps", 3), &group).unwrap_err(),
        AlreadyExists,
        "steps",
        "/run/steps",
        "the name `steps` is taken: remove what is there, or choose another group or name",
    );
    assert_eq!(filebacked::read::<i32>(&group, "steps").unwrap(), 1);
    check(
        filebacked::read::<i32>(&group, "stops").unwrap_err(),
        NotFound,
        "",
        "/run/stops",
        "there is nothing of that name in a group of `steps`",
    );
    check(
        filebacked::read::<u8>(&group, "a%2Fb").unwrap_err(),
        NotFound,
        "",
        "/run/a%2Fb",
        "there is nothing of that name in a group of `steps`",
    );
    check(
        filebacked::read::<u8>(&file.create_group("none").unwrap(), "x").unwrap_err(),
        NotFound,
        "",
        "/none/x",
        "there is nothing of that name in an empty group",
    );
}

/// Fails on its own after so many.
#[derive(Clone)]
struct Fussy(Option<f64>);

impl Serialize for Fussy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = self.0.ok_or_else(|| serde::ser::Error::custom("no weight was set"))?;
        serializer.serialize_f64(value)
    }
}

#[derive(Serialize)]
struct Weighed {
    name: String,
    weight: Fussy,
}

fn weighed() -> BTreeMap<String, Vec<Weighed>> {
    let weigh = |index| Weighed { name: "x".repeat(index), weight: Fussy((index < 3).then_some(0.5)) };
    entry("loads", (0..5).map(weigh).collect())
}

#[test]
fn failures_of_the_values_own() {
    use ErrorKind::*;
    let place = "loads/[3]/weight";
    let file = memory();
    let group = file.create_group("run").unwrap();
    filebacked::write(&group, "steps", &1).unwrap();
    group.new_attr::<i32>().create("version").unwrap().write_scalar(&3).unwrap();
    let state = || (group.member_names().unwrap(), group.attr_names().unwrap());
    let before = state();
    check(
        filebacked::to_group(&weighed(), &group).unwrap_err(),
        Custom,
        "loads/[3]/weight",
        "/run/loads",
        "no weight was set",
    );
    assert_eq!(state(), before);
    check(
        filebacked::write(&group, "more", &weighed()).unwrap_err(),
        Custom,
        "loads/[3]/weight",
        "/run/more/loads",
        "no weight was set",
    );
    assert_eq!(state(), before);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    filebacked::to_file(&path, &5).unwrap();
    let before = fs::read(&path).unwrap();
    let error = filebacked::to_file(&path, &weighed()).unwrap_err();
    assert_eq!((error.kind(), error.path().as_str()), (Custom, place));
    assert!(error.to_string().ends_with(&format!("file `{}`", path.display())), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
#[cfg(unix)]
fn files() {
    use ErrorKind::*;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let check_file = |name: &str, kind, text: &str| {
        let text = text.replace("FILE", &path(name).display().to_string());
        check(filebacked::from_file::<u8>(path(name)).unwrap_err(), kind, "", "", &text);
    };
    fs::write(path("text.txt"), "no HDF5 file").unwrap();
    fs::write(path("empty.h5"), "").unwrap();
    let image = to_vec(&vec![1.0; 1000]).unwrap();
    fs::write(path("cut.h5"), &image[..image.len() / 2]).unwrap();
    let no_hdf5 = "this is no HDF5 file: it does not have the signature of one";
    check_file("text.txt", Hdf5, &format!("{no_hdf5}; file `FILE`"));
    check_file("empty.h5", Hdf5, &format!("{no_hdf5}; file `FILE`"));
    let (len, half) = (image.len(), image.len() / 2);
    let text = format!("truncated file: eof = {half}, sblock->base_addr = 0, stored_eof = {len}");
    check_file("cut.h5", Hdf5, &format!("HDF5 could not open the file: {text}; file `FILE`"));
    check_file(".", Io, "could not open the file: it is a folder; file `FILE`");
    // The system's words are its own.
    let system = io::Error::from_raw_os_error(2);
    check_file("missing.h5", Io, &format!("could not open the file: {system}; file `FILE`"));
    check(from_slice::<u8>(b"").unwrap_err(), Hdf5, "", "", no_hdf5);
    check(from_slice::<u8>(b"no HDF5 file").unwrap_err(), Hdf5, "", "", no_hdf5);

    let missing = path("missing/run.h5");
    let text = format!("could not create a file in that folder: {system}; file `{}`", missing.display());
    check(filebacked::to_file(&missing, &1).unwrap_err(), Io, "", "", &text);
    let text = "a folder cannot be replaced by a file: name a file in it";
    let text = format!("{text}; file `{}`", folder.path().display());
    check(filebacked::to_file(folder.path(), &1).unwrap_err(), Io, "", "", &text);
}

#[test]
fn links_that_lead_back() {
    let file = memory();
    let group = file.create_group("a").unwrap();
    file.link_hard("a", "a/self").unwrap();
    let error = filebacked::from_group::<serde_json::Value>(&file).unwrap_err();
    let back = |path| {
        format!("the link leads back to a group that it is in (`ReadOptions::skip([\"{path}\"])` leaves it out)")
    };
    check(error, ErrorKind::Cycle, "a/self", "/a/self", &back("a/self"));
    let error = filebacked::from_group::<serde_json::Value>(&group).unwrap_err();
    check(error, ErrorKind::Cycle, "self", "/a/self", &back("self"));
}

#[derive(Serialize, Deserialize)]
struct Nested {
    n: Option<Box<Nested>>,
}

#[test]
fn depth() {
    let mut nested = Nested { n: None };
    for _ in 0..200 {
        nested = Nested { n: Some(Box::new(nested)) };
    }
    // The option counts; the struct that is directly in it is as deep.
    let error = to_vec(&nested).unwrap_err();
    let place = vec!["n"; 128];
    let text = "the value nests deeper than 128 levels";
    let (path, hdf5_path) = (place.join("/"), format!("/{}", place.join("/")));
    check(error, ErrorKind::TooDeep, &path, &hdf5_path, text);

    let file = memory();
    file.create_group(&vec!["n"; 200].join("/")).unwrap();
    let error = filebacked::from_group::<Nested>(&file).err().unwrap();
    let place = vec!["n"; 128];
    let (path, hdf5_path) = (place.join("/"), format!("/{}", place.join("/")));
    let text = format!("{text} (`ReadOptions::max_depth` sets the limit)");
    check(error, ErrorKind::TooDeep, &path, &hdf5_path, &text);
}

#[derive(Serialize, Deserialize)]
struct Marked<T> {
    #[serde(rename = "@mark")]
    mark: T,
    data: u8,
}

#[test]
fn attributes() {
    use ErrorKind::*;
    let data = 1;
    let check = |error: Option<Error>, kind, text: &str| {
        check(error.unwrap(), kind, "@mark", "/@mark", text);
    };
    let other = "an attribute holds a number, bool, string, or an array of these: \
                 rename the field to have it as a group or dataset";
    let large = "an attribute holds at most 60000 bytes, found 80000: rename the field to have it as a dataset";
    check(to_vec(&Marked { mark: Point { x: 1, y: 2.0 }, data }).err(), Unsupported, other);
    check(to_vec(&Marked { mark: patches(), data }).err(), Unsupported, other);
    check(to_vec(&Marked { mark: vec![0.5; 10_000], data }).err(), Unsupported, large);
    // A string is not in the attribute itself.
    let long = Marked { mark: "x".repeat(80_000), data };
    assert_eq!(from_slice::<Marked<String>>(&to_vec(&long).unwrap()).unwrap().mark, long.mark);
    let text = "expected `u8`, found 300, stored as scalar `i32`";
    check(from_slice::<Marked<u8>>(&to_vec(&Marked { mark: 300, data }).unwrap()).err(), OutOfRange, text);
    let text = "expected `u8`, found the string \"x\", stored as scalar `string`";
    check(from_slice::<Marked<u8>>(&to_vec(&Marked { mark: "x", data }).unwrap()).err(), WrongType, text);
}

/// What fills a group is marked there, and would have what the group holds already for its parts.
#[test]
fn groups_that_are_not_empty() {
    let message = "the group is not empty, and what it holds would be taken for a part of the value: write the value to a \
                   named child of it";
    let file = memory();
    filebacked::write(&file, "first", &1).unwrap();
    let refused = |error: Error| {
        check(error, ErrorKind::AlreadyExists, "", "/", message);
        assert_eq!(file.member_names().unwrap(), ["first"]);
        assert!(file.attr_names().unwrap().is_empty());
    };
    refused(filebacked::to_group(&3, &file).unwrap_err());
    refused(filebacked::to_group(&vec![vec![1], vec![]], &file).unwrap_err());
    // A struct's fields stand beside others.
    filebacked::to_group(&entry("second", 2), &file).unwrap();
    assert_eq!(file.member_names().unwrap(), ["first", "second"]);
}

/// What could not be read back is not written.
#[test]
fn more_units_than_are_read() {
    let message = "a sequence of 16777217 elements that hold nothing: at most 16777216 can be read back";
    let error = to_vec(&vec![(); (1 << 24) + 1]).unwrap_err();
    check(error, ErrorKind::Limit, "", "/", message);
}

/// Strings that are made by all cores, one of which is none.
#[test]
fn one_string_of_many() {
    let strings: Vec<String> = (0..200_000).map(|number| format!("string {number:07}")).collect();
    for options in [WriteOptions::new(), WriteOptions::new().deflate(1)] {
        let image = options.to_vec(&strings).unwrap();
        assert!(from_slice::<Vec<String>>(&image).unwrap() == strings);
    }
    let image = to_vec(&strings).unwrap();
    for bad in [0, 1, 99_999, 199_999] {
        let mut image = image.clone();
        let place = image.windows(14).position(|window| window == strings[bad].as_bytes()).unwrap();
        image[place + 3] = 0xff;
        let error = from_slice::<Vec<String>>(&image).unwrap_err();
        assert_eq!(
            (error.kind(), error.path(), error.hdf5_path()),
            (ErrorKind::Unsupported, format!("[{bad}]"), "/value".to_owned())
        );
        assert!(error.to_string().contains("is no UTF-8"), "{error}");
    }
}

/// Digits are lost only where that is allowed.
#[test]
fn rounding_that_is_allowed() {
    use filebacked::ReadOptions;

    let rounding = ReadOptions::new().allow_rounding(true);
    let third = 1.0 / 3.0;
    let image = to_vec(&vec![third, f64::NAN, f64::INFINITY, 1e-300]).unwrap();
    let found: Vec<f32> = rounding.from_slice(&image).unwrap();
    assert!(found[0] == third as f32 && found[1].is_nan() && found[2] == f32::INFINITY && found[3] == 0.0);
    assert_eq!(from_slice::<Vec<f32>>(&image).unwrap_err().kind(), ErrorKind::OutOfRange);
    let image = to_vec(&entry("n", u64::MAX)).unwrap();
    assert_eq!(rounding.from_slice::<BTreeMap<String, f64>>(&image).unwrap(), entry("n", u64::MAX as f64));
    assert_eq!(rounding.from_slice::<BTreeMap<String, f32>>(&image).unwrap(), entry("n", u64::MAX as f32));
    let table = vec![Row { x: third, n: i64::MAX }; 3];
    let found: Vec<Narrow> = rounding.from_slice(&to_vec(&table).unwrap()).unwrap();
    assert!(found.iter().all(|row| row.x == third as f32 && row.n == i64::MAX as f64));
    // What is too large, and what is no integer, is an error all the same.
    let errors = [
        rounding.from_slice::<f32>(&to_vec(&1e300).unwrap()).unwrap_err(),
        rounding.from_slice::<i32>(&to_vec(&0.5).unwrap()).map(|_| 0.0_f32).unwrap_err(),
    ];
    assert!(errors.iter().all(|error| error.kind() == ErrorKind::OutOfRange), "{errors:?}");

    #[derive(Serialize, Clone, Copy)]
    struct Row {
        x: f64,
        n: i64,
    }
    #[derive(Deserialize)]
    struct Narrow {
        x: f32,
        n: f64,
    }
}

/// Objects that cannot be read are null where that is asked for, and only to types that take anything.
#[test]
fn what_cannot_be_read_is_null() {
    use filebacked::{ReadOptions, Value};

    let file = memory();
    filebacked::write(&file, "steps", &10).unwrap();
    file.link_soft("/nowhere", "dangling").unwrap();
    let group = file.create_group("group").unwrap();
    filebacked::write(&group, "title", "plate").unwrap();
    group.link_external("other.h5", "/x", "other").unwrap();
    assert!(filebacked::from_group::<serde_json::Value>(&file).is_err());
    let options = ReadOptions::new().unreadable_as_null(true);
    let value: serde_json::Value = options.from_group(&file).unwrap();
    let expected = serde_json::json!({"steps": 10, "dangling": null, "group": {"title": "plate", "other": null}});
    assert_eq!(value, expected);
    let value: Value = options.from_group(&file).unwrap();
    assert_eq!(value.at("group/title").and_then(Value::as_str), Some("plate"));
    assert!(options.read::<u32>(&file, "dangling").is_err());
}

/// A byte that is no bool, among those of a record, is an error, whichever way the record is read.
#[test]
fn bools_of_another_value() {
    #[derive(Serialize, Deserialize, Debug, Clone)]
    struct Row {
        id: u64,
        is_valid: bool,
    }

    let mut image = to_vec(&vec![Row { id: 0x1122_3344_5566_7788, is_valid: true }; 3]).unwrap();
    let stored: Vec<u8> = 0x1122_3344_5566_7788_u64.to_le_bytes().into_iter().chain([1]).collect();
    let last = image.windows(9).rposition(|bytes| bytes == stored).unwrap();
    image[last + 8] = 2;
    for error in [
        from_slice::<Vec<Row>>(&image).unwrap_err(),
        from_slice::<Vec<(u64, bool)>>(&image).unwrap_err(),
        from_slice::<Vec<BTreeMap<String, serde_json::Value>>>(&image).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        assert!(error.to_string().contains("[2] is no bool"), "{error}");
    }
    let error = from_slice::<Vec<Row>>(&image).unwrap_err();
    check(error, ErrorKind::Corrupt, "[2]/is_valid", "/value", "[2] is no bool");
}
