//! A batch of Arrow's beside a list of structs: each is read as the other.

use filebacked::arrow_array::cast::AsArray;
use filebacked::arrow_array::record_batch;
use filebacked::arrow_array::types::Float64Type;
use filebacked::{Table, arrow_schema, from_file, read_at, to_file};
use serde::{Deserialize, Serialize};

use super::place;

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Run {
    steps: Table,
    people: Vec<Person>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Person {
    name: String,
    height: f64,
    age: Option<u8>,
}

#[derive(Deserialize, PartialEq, Debug)]
struct Step {
    name: String,
    energy: Option<f64>,
}

#[test]
fn batches_and_lists() {
    let (_folder, path) = place();
    let batch = record_batch!(("name", Utf8, ["a", "b"]), ("energy", Float64, [Some(0.5), None])).unwrap();
    let person = |name: &str, height, age| Person { name: name.to_owned(), height, age };
    let people = vec![person("Ada", 1.65, Some(36)), person("Grace", 1.7, None)];
    let run = Run { steps: Table(batch), people };
    to_file(&path, &run).unwrap();
    assert_eq!(from_file::<Run>(&path).unwrap(), run);

    let Table(people) = read_at(&path, "people").unwrap();
    assert_eq!(people["height"].as_primitive::<Float64Type>().value(1), 1.7);
    let steps: Vec<Step> = read_at(&path, "steps").unwrap();
    assert_eq!(steps[1], Step { name: "b".to_owned(), energy: None });
}
