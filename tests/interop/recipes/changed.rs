use filebacked::{LazyMap, Value, WriteOptions, hdf5};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Run {
    title: String,
    weights: Vec<f64>,
    scratch: Option<Vec<f64>>,
    data: Vec<f32>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("changed.h5");
    let run =
        Run { title: "plate".to_owned(), weights: vec![1.0, 2.0], scratch: Some(vec![0.0; 10]), data: vec![0.5; 1000] };
    filebacked::to_file(&path, &run)?;

    WriteOptions::new().overwrite(true).write_at(&path, "weights", &[3.0, 4.0, 5.0])?;

    let file = hdf5::File::open_rw(&path)?;
    file.unlink("scratch")?;
    file.close()?;
    assert_eq!(filebacked::from_file::<Run>(&path)?.scratch, None);

    // In one step. What is not touched is copied from file to file, and never is in memory.
    let mut run: LazyMap<String, Value> = filebacked::from_file(&path)?;
    run.insert("title".to_owned(), Value::from("plate with a hole"));
    run.insert("note".to_owned(), Value::from("changed"));
    run.insert("weights".to_owned(), Value::from(vec![0.5, 0.25, 0.25]));
    filebacked::to_file(&path, &run)?;
    Ok(())
}
