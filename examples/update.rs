//! An existing file, changed: one field replaced, one added, one removed; then several in one step, all or nothing.
//!
//! `cargo run --example update`

use filebacked::{LazyMap, Value, WriteOptions, from_file, hdf5, read_at, to_file, write_at};
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
    let path = folder.path().join("run.h5");
    let scratch = Some(vec![0.0; 10]);
    to_file(&path, &Run { title: "plate".to_owned(), weights: vec![1.0, 2.0], scratch, data: vec![0.5; 1000] })?;

    // In place: all else in the file stays as it is. After an error, the file is as it was.
    WriteOptions::new().overwrite(true).write_at(&path, "weights", &[3.0, 4.0, 5.0])?;
    assert_eq!(read_at::<Vec<f64>>(&path, "weights")?, [3.0, 4.0, 5.0]);
    write_at(&path, "results/energy", &0.25)?;
    assert!(write_at(&path, "results/energy", &0.5).is_err()); // the name is taken

    let file = hdf5::File::open_rw(&path)?;
    file.unlink("scratch")?;
    file.close()?;
    assert_eq!(from_file::<Run>(&path)?.scratch, None);

    // Several changes in one step: whatever happens, there is the old file or the new one. What is not touched is copied from
    // file to file, and never is in memory.
    let mut run: LazyMap<String, Value> = from_file(&path)?;
    run.insert("title".to_owned(), Value::from("plate with a hole"));
    run.insert("note".to_owned(), Value::from("changed"));
    run.remove("results");
    to_file(&path, &run)?;
    let run: LazyMap<String, Value> = from_file(&path)?;
    assert!(run.keys().eq(["title", "data", "weights", "note"]));
    assert_eq!(read_at::<Vec<f32>>(&path, "data")?.len(), 1000);
    print!("{}", filebacked::tree_file(&path)?);
    Ok(())
}
