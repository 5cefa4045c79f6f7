//! What the short ways must not change: elements of a form that settled, types that know their fields by name only, and
//! where an error is.

use std::fmt;

use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A type whose visitor was written by hand, and takes a struct by its names alone.
#[derive(Debug, PartialEq, Clone, Copy, Default)]
struct ByName {
    x: f64,
    y: i32,
}

impl Serialize for ByName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut fields = serializer.serialize_struct("ByName", 2)?;
        fields.serialize_field("x", &self.x)?;
        fields.serialize_field("y", &self.y)?;
        fields.end()
    }
}

impl<'de> Deserialize<'de> for ByName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = ByName;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a struct by its names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ByName, A::Error> {
                let mut value = ByName::default();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "x" => value.x = map.next_value()?,
                        "y" => value.y = map.next_value()?,
                        other => return Err(de::Error::unknown_field(other, &["x", "y"])),
                    }
                }
                Ok(value)
            }
        }
        deserializer.deserialize_struct("ByName", &["x", "y"], Names)
    }
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Outer<T> {
    inner: T,
    name: String,
    by_name: ByName,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Inner<T> {
    a: T,
    b: ByName,
}

#[test]
fn structs_by_name_beside_structs_by_position() {
    let at = |i: usize| ByName { x: i as f64, y: -(i as i32) };
    let points: Vec<ByName> = (0..5000).map(at).collect();
    let back: Vec<ByName> = filebacked::from_slice(&filebacked::to_vec(&points).unwrap()).unwrap();
    assert_eq!(back, points);
    let rows: Vec<Outer<Inner<[u8; 2]>>> = (0..5000)
        .map(|i| Outer { inner: Inner { a: [i as u8, 1], b: at(i) }, name: i.to_string(), by_name: at(i + 1) })
        .collect();
    let image = filebacked::to_vec(&rows).unwrap();
    let back: Vec<Outer<Inner<[u8; 2]>>> = filebacked::from_slice(&image).unwrap();
    assert_eq!(back, rows);
}

/// The same fields in another order, more of them, and fewer.
#[test]
fn structs_that_ask_for_other_fields_than_are_stored() {
    #[derive(Serialize)]
    struct Stored {
        a: u8,
        b: f64,
        c: i64,
    }
    #[derive(Deserialize, PartialEq, Debug)]
    struct Turned {
        c: i64,
        a: u8,
        b: f64,
    }
    #[derive(Deserialize, PartialEq, Debug)]
    struct More {
        a: u8,
        b: f64,
        c: i64,
        #[serde(default)]
        d: Option<String>,
    }
    #[derive(Deserialize, PartialEq, Debug)]
    struct Renamed {
        #[serde(alias = "a")]
        first: u8,
        b: f64,
        c: i64,
    }
    #[derive(Deserialize, PartialEq, Debug)]
    struct Generic<T> {
        a: T,
        b: f64,
        c: i64,
    }
    let rows: Vec<Stored> = (0..300).map(|i| Stored { a: i as u8, b: 0.5, c: -i }).collect();
    let image = filebacked::to_vec(&rows).unwrap();
    assert_eq!(filebacked::from_slice::<Vec<Turned>>(&image).unwrap()[7], Turned { c: -7, a: 7, b: 0.5 });
    assert_eq!(filebacked::from_slice::<Vec<More>>(&image).unwrap()[7], More { a: 7, b: 0.5, c: -7, d: None });
    assert_eq!(filebacked::from_slice::<Vec<Renamed>>(&image).unwrap()[7], Renamed { first: 7, b: 0.5, c: -7 });
    assert_eq!(filebacked::from_slice::<Vec<Generic<u16>>>(&image).unwrap()[7], Generic { a: 7, b: 0.5, c: -7 });
}

/// An element of another form, at each place where something is decided about the form.
#[test]
fn one_element_of_another_form() {
    for len in [63, 64, 65, 66, 1000, 40_000] {
        // Whatever comes early is there for few elements as it is for many.
        let early = if len < 40_000 { &[0, 1, 62, 63, 64, 65][..] } else { &[0, 64] };
        for odd in early.iter().copied().chain([len / 2, len - 1]) {
            for (usual, other) in [
                (json!(1.5), json!("text")),
                (json!(1.5), Value::Null),
                (json!(7), json!(-7)),
                (json!(7), json!(70_000)),
                (json!([1, 2]), json!([1, 2, 3])),
                (json!([1, 2]), json!([1])),
                (json!([[1], [2]]), json!([[1], []])),
            ] {
                let mut list = vec![usual; len];
                if let Some(element) = list.get_mut(odd) {
                    *element = other;
                }
                let back: Value = filebacked::from_slice(&filebacked::to_vec(&list).unwrap()).unwrap();
                assert_eq!(back, Value::Array(list), "element {odd} of {len}");
            }
        }
    }
}

/// A value that fails to serialize at one index.
#[test]
fn an_error_in_a_long_sequence_says_where() {
    struct Failing(usize);
    impl Serialize for Failing {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            if self.0 == 70_001 {
                return Err(serde::ser::Error::custom("out of ink"));
            }
            serializer.serialize_u64(self.0 as u64)
        }
    }
    #[derive(Serialize)]
    struct Held {
        values: Vec<Failing>,
    }
    let error = filebacked::to_vec(&Held { values: (0..1_000_000).map(Failing).collect() }).unwrap_err();
    assert_eq!(error.to_string(), "out of ink; at `values/[70001]`, HDF5 path `/values`");

    let mut numbers = vec![5u32; 200_000];
    numbers[150_000] = 300;
    let image = filebacked::to_vec(&numbers).unwrap();
    let error = filebacked::from_slice::<Vec<u8>>(&image).unwrap_err();
    assert_eq!(error.path(), "[150000]");
    assert_eq!(error.kind(), filebacked::ErrorKind::OutOfRange);
    let image = filebacked::to_vec(&numbers.iter().map(|n| [*n, 1]).collect::<Vec<_>>()).unwrap();
    let error = filebacked::from_slice::<Vec<[u8; 2]>>(&image).unwrap_err();
    assert_eq!(error.path(), "[150000]/[0]");
    let image = filebacked::to_vec(&numbers.iter().map(|n| Inner { a: *n, b: ByName::default() }).collect::<Vec<_>>());
    let error = filebacked::from_slice::<Vec<Inner<u8>>>(&image.unwrap()).unwrap_err();
    assert_eq!(error.path(), "[150000]/a");
    let ragged: Vec<Vec<u32>> = (0..1000).map(|i| vec![if i == 900 { 300 } else { 5 }; i % 7]).collect();
    let image = filebacked::to_vec(&ragged).unwrap();
    let error = filebacked::from_slice::<Vec<Vec<u8>>>(&image).unwrap_err();
    assert_eq!((error.path(), error.hdf5_path()), ("[900]/[0]".to_owned(), "/values".to_owned()));
}

/// Records whose fields are written as they come, and the same records in one piece: the same objects, and the same
/// values.
#[test]
fn records_with_strings_and_options_by_the_slab() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Station {
        id: u64,
        name: String,
        at: [f32; 2],
        letter: char,
        height: Option<f64>,
        note: Option<String>,
        size: Option<(u8, i64)>,
        flag: bool,
        exact: Inner<i16>,
    }
    /// Says nothing of how many there are.
    struct Unsaid<'a, T>(&'a [T]);
    impl<T: Serialize> Serialize for Unsaid<'_, T> {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use serde::ser::SerializeSeq;
            let mut seq = serializer.serialize_seq(None)?;
            self.0.iter().try_for_each(|element| seq.serialize_element(element))?;
            seq.end()
        }
    }
    let station = |i: usize| Station {
        id: i as u64,
        name: format!("station {}", i % 1000),
        at: [i as f32, 0.5],
        letter: if i.is_multiple_of(7) { 'ß' } else { 'a' },
        height: i.is_multiple_of(3).then_some(i as f64),
        note: i.is_multiple_of(5).then(|| format!("note {i}")),
        size: i.is_multiple_of(2).then_some((i as u8, -(i as i64))),
        flag: i.is_multiple_of(2),
        exact: Inner { a: i as i16, b: ByName { x: 0.5, y: i as i32 } },
    };
    let folder = tempfile::tempdir().unwrap();
    let tree = |name: &str, write: &dyn Fn(&std::path::Path)| {
        let path = folder.path().join(name);
        write(&path);
        let file = filebacked::hdf5::File::open(&path).unwrap();
        filebacked::tree(&file).unwrap().to_string()
    };
    for len in [64, 100, 5000, 100_000] {
        let stations: Vec<Station> = (0..len).map(station).collect();
        let slabs = tree("slabs.h5", &|path| filebacked::to_file(path, &stations).unwrap());
        let whole = tree("whole.h5", &|path| filebacked::to_file(path, &Unsaid(&stations)).unwrap());
        assert_eq!(slabs, whole, "{len} records");
        let back: Vec<Station> = filebacked::from_file(folder.path().join("slabs.h5")).unwrap();
        assert!(back == stations, "{len} records");
        // The same as tuples, in a struct.
        let tuples: Vec<_> = stations.iter().map(|s| (s.id, s.name.clone(), s.height)).collect();
        let image = filebacked::to_vec(&Inner { a: tuples.clone(), b: ByName::default() }).unwrap();
        let back: Inner<Vec<(u64, String, Option<f64>)>> = filebacked::from_slice(&image).unwrap();
        assert!(back.a == tuples);
    }
}

/// Records whose fields go to lanes, until one is of another form.
#[test]
fn a_record_of_another_form_among_those_with_strings() {
    let record = |i: usize| json!({"id": i, "name": format!("n{i}"), "x": 0.5, "opt": if i.is_multiple_of(3) { Value::Null } else { json!(1.5) }});
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Row {
        id: u64,
        name: String,
        some: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        late: Option<Value>,
        value: Value,
    }
    for len in [100, 2000, 150_000] {
        // One that comes early is there for few records as it is for many.
        let early = if len < 150_000 { &[64, 65][..] } else { &[] };
        for odd in early.iter().copied().chain([len / 2, len - 1]) {
            for value in [json!("text"), json!(-1), json!([1.5]), json!({"a": 1}), Value::Null] {
                let mut rows: Vec<Row> = (0..len)
                    .map(|i| {
                        let some = (i % 2 == 1).then_some(0.5);
                        Row { id: i as u64, name: i.to_string(), some, late: None, value: json!(7) }
                    })
                    .collect();
                rows[odd].value = value.clone();
                let back: Vec<Row> = filebacked::from_slice(&filebacked::to_vec(&rows).unwrap()).unwrap();
                assert!(back == rows, "{value} at {odd} of {len}");
                if len > 2000 {
                    break;
                }
            }
            let mut rows: Vec<Value> = (0..len).map(record).collect();
            rows[odd] = json!("no record");
            let back: Value = filebacked::from_slice(&filebacked::to_vec(&rows).unwrap()).unwrap();
            assert!(back == Value::Array(rows), "{odd} of {len}");
        }
    }
}

/// Strings that are no part of records, and options, with something else among them; and strings of every length up to
/// one that is longer than what is moved at once.
#[test]
fn strings_and_options_by_the_slab() {
    for len in [64, 65, 1000, 600_000] {
        let names: Vec<String> = (0..len).map(|i| "abcdefghijklmnopqrstuvwxyz"[..i % 19].to_owned()).collect();
        let back: Vec<String> = filebacked::from_slice(&filebacked::to_vec(&names).unwrap()).unwrap();
        assert!(back == names, "{len} strings");
        let some: Vec<Option<&str>> = names.iter().map(|name| (name.len() % 3 > 0).then_some(name.as_str())).collect();
        let back: Vec<Option<String>> = filebacked::from_slice(&filebacked::to_vec(&some).unwrap()).unwrap();
        assert!(back.iter().map(Option::as_deref).eq(some), "{len} options of strings");
        let numbers: Vec<Option<u64>> = (0..len as u64).map(|i| (i % 5 > 0).then_some(i)).collect();
        let back: Vec<Option<u64>> = filebacked::from_slice(&filebacked::to_vec(&numbers).unwrap()).unwrap();
        assert!(back == numbers, "{len} options of numbers");
        for odd in [0, 63, 64, 65, len / 2, len - 1] {
            for (usual, other) in [(json!("usual"), json!(1)), (json!("usual"), Value::Null), (Value::Null, json!("a"))]
            {
                let mut list = vec![usual; len.min(2000)];
                if let Some(element) = list.get_mut(odd) {
                    *element = other;
                }
                let back: Value = filebacked::from_slice(&filebacked::to_vec(&list).unwrap()).unwrap();
                assert_eq!(back, Value::Array(list), "element {odd} of {len}");
            }
        }
    }
}

/// A record that fails after its string, once, and is then as all others are: what the first try left is not in the way.
#[test]
fn a_record_that_changes_its_mind() {
    struct Fickle {
        name: String,
        changes: std::cell::Cell<bool>,
    }
    impl Serialize for Fickle {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use serde::ser::SerializeStruct;
            let mut fields = serializer.serialize_struct("Fickle", 2)?;
            fields.serialize_field("name", &self.name)?;
            if self.changes.take() {
                fields.serialize_field("size", "another type")?;
            } else {
                fields.serialize_field("size", &1.5)?;
            }
            fields.end()
        }
    }
    for odd in [64, 65, 500, 999] {
        let fickle = |i: usize| Fickle { name: format!("name {i}"), changes: (i == odd).into() };
        let rows: Vec<Fickle> = (0..1000).map(fickle).collect();
        let back: Value = filebacked::from_slice(&filebacked::to_vec(&rows).unwrap()).unwrap();
        for (i, row) in back.as_array().unwrap().iter().enumerate() {
            assert_eq!(row, &json!({"name": format!("name {i}"), "size": 1.5}), "{i} with {odd}");
        }
    }
}

/// Strings that end anywhere in the bytes that others have, and one that is no text: the error says which.
#[test]
fn a_string_that_is_no_text_among_many() {
    let names: Vec<String> = (0..100_000).map(|i| ["", "ä", "名前", "a longer name"][i % 4].repeat(i % 3)).collect();
    let read = |image: &[u8]| filebacked::from_slice::<Vec<String>>(image);
    assert!(read(&filebacked::to_vec(&names).unwrap()).unwrap() == names);
    let mut odd = names.clone();
    odd[70_003] = "here!".to_owned();
    let mut image = filebacked::to_vec(&odd).unwrap();
    let at = image.windows(5).position(|bytes| bytes == b"here!").unwrap();
    image[at + 4] = 0xff;
    let error = read(&image).unwrap_err();
    assert_eq!((error.kind(), error.path()), (filebacked::ErrorKind::Unsupported, "[70003]".to_owned()));
    assert!(error.to_string().starts_with("the string \"here\u{fffd}\" is no UTF-8"), "{error}");
    // In one that is not read as such a vector, too.
    let error = filebacked::from_slice::<std::collections::VecDeque<String>>(&image).unwrap_err();
    assert_eq!(error.path(), "[70003]");
}
