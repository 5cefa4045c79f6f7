//! A large field that is looked at in parts, and a map of cases that is changed in place.
//!
//! `cargo run --example lazy` writes `lazy.h5` into the current folder.

use filebacked::{Lazy, LazyMap, NdArray, hdf5};
use ndarray::{Array3, Ix3, s};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Run {
    title: String,
    /// Reading a `Run` takes a handle of this, however large it is.
    field: Lazy<NdArray<f32, Ix3>>,
    /// The keys are read, each value when it is asked for.
    cases: LazyMap<u32, Vec<f64>>,
}

fn main() -> filebacked::Result<()> {
    let field = Array3::from_shape_fn((100, 80, 60), |(x, y, z)| (x * y * z) as f32);
    let cases = (1..=5).map(|case| (case, vec![f64::from(case); 1000])).collect();
    filebacked::to_file("lazy.h5", &Run { title: "plate".to_owned(), field: Lazy::new(NdArray(field)), cases })?;

    let mut run: Run = filebacked::from_file("lazy.h5")?;
    println!("{:?} of {:?}: {:?}", run.title, run.field.shape()?, run.field);
    println!("every 20th value of a row, backwards: {}", run.field.slice(s![50, 40, ..;-20])?);
    let third = run.cases.get(&3)?.map(|case| case[0]);
    println!("the cases are {:?}; the third begins with {third:?}", run.cases.keys().collect::<Vec<_>>());

    // What was not loaded is copied from the old file to the new one, and never is in memory as a whole.
    run.title = "plate with a hole".to_owned();
    filebacked::to_file("lazy.h5", &run)?;
    assert!(!run.field.is_loaded());
    drop(run);

    // In a file that is open for writing, a map writes what changed, and nothing else.
    let file = hdf5::File::open_rw("lazy.h5")?;
    let mut cases: LazyMap<u32, Vec<f64>> = filebacked::read(&file, "cases")?;
    cases.insert(6, vec![6.0; 10]);
    cases.remove(&1);
    cases.save()?;
    print!("{}", filebacked::tree(&file)?);
    Ok(())
}
