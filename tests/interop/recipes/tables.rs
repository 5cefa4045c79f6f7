use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Experiment {
    samples: Vec<Sample>,
    people: Vec<Person>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Sample {
    id: u32,
    at: [f64; 2],
    valid: bool,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Person {
    name: String,
    age: Option<u8>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("tables.h5");
    let experiment = Experiment {
        samples: vec![
            Sample { id: 1, at: [0.5, 1.5], valid: true },
            Sample { id: 2, at: [2.5, 3.5], valid: false },
        ],
        people: vec![
            Person { name: "Ada".to_owned(), age: Some(36) },
            Person { name: "Grace".to_owned(), age: None },
        ],
    };
    filebacked::to_file(&path, &experiment)?;
    assert_eq!(filebacked::from_file::<Experiment>(&path)?, experiment);
    Ok(())
}
