//! A sequence costs a number of HDF5 objects that depends on its type, never on its length.

use std::collections::BTreeMap;

use filebacked::hdf5;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
enum Level {
    Low,
    High,
}

#[derive(Serialize)]
struct Point {
    x: f64,
    flags: [bool; 2],
    level: Level,
}

#[derive(Serialize)]
struct Person {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    age: Option<u8>,
    scores: Vec<f32>,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
enum Shape {
    Nothing,
    Circle(f64),
    Text { label: String },
}

/// Objects in a file, counted by their links; none is linked twice.
fn objects(group: &hdf5::Group) -> usize {
    let inner: usize = group.groups().unwrap().iter().map(objects).sum();
    inner + group.len() as usize
}

fn count<T: Serialize>(element: impl Fn(usize) -> T, len: usize) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.h5");
    filebacked::to_file(&path, &(0..len).map(element).collect::<Vec<_>>()).unwrap();
    objects(&hdf5::File::open(path).unwrap())
}

macro_rules! kinds {
    ($($name:ident: $objects:literal $element:expr;)*) => {
        $(
            #[test]
            fn $name() {
                assert_eq!(count($element, 10), $objects);
                assert_eq!(count($element, 100_000), $objects);
            }
        )*
    };
}

kinds! {
    numbers: 1 |i| i as f64;
    equal_sequences: 1 |i| vec![i as u16; 3];
    short_strings: 1 |i| format!("{i:06}");
    strings_of_very_different_length: 1 |i| "x".repeat(if i % 10 == 0 { 500 } else { 1 });
    strings_with_nul: 2 |i| format!("{i}\0");
    unit_variants: 1 |i| if i % 2 == 0 { Level::Low } else { Level::High };
    fixed_structs: 1 |i| Point { x: i as f64, flags: [true, false], level: Level::Low };
    other_structs: 9 |i| Person { name: i.to_string(), age: (i % 3 > 0).then_some(7), scores: vec![0.5; i % 5] };
    tuples: 2 |i| (i as u32, i.to_string());
    options: 2 |i| (i % 2 == 0).then_some(i as i32);
    ragged_sequences: 2 |i| vec![i as u8; i % 4];
    byte_strings: 2 |i| serde_bytes::ByteBuf::from(vec![1; i % 4]);
    like_maps: 2 |i| BTreeMap::from([("one", i), ("two", 2 * i)]);
    other_maps: 3 |i| BTreeMap::from([(i as u32, 1.5)]);
    units: 1 |_| ();
    empty_structs: 0 |_| Empty {};
    variants: 4 |i| match i % 3 {
        0 => Shape::Nothing,
        1 => Shape::Circle(1.5),
        _ => Shape::Text { label: i.to_string() },
    };
    mixed: 6 |i| match i % 4 {
        0 => serde_json::json!(i),
        1 => serde_json::json!(1.5),
        2 => serde_json::json!("text"),
        _ => serde_json::json!(null),
    };
}
