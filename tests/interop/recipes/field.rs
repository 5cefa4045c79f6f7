use filebacked::{Lazy, NdArray, WriteOptions};
use ndarray::{Array1, Array3, Ix3, s};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Run {
    title: String,
    field: Lazy<NdArray<f32, Ix3>>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("field.h5");
    let field = Array3::from_shape_fn((100, 80, 60), |(x, y, z)| (x * y * z) as f32);
    let run = Run { title: "plate".to_owned(), field: Lazy::new(NdArray(field)) };
    WriteOptions::new().at("field", |d| d.chunk([10, 80, 60]).deflate(4)).to_file(&path, &run)?;

    let mut run: Run = filebacked::from_file(&path)?;
    assert_eq!(run.field.shape()?, [100, 80, 60]);
    let row: Array1<f32> = run.field.slice(s![50, 40, ..;20])?; // reads one chunk of ten
    assert_eq!((row[0], row[2]), (0.0, 80_000.0));

    run.title = "plate with a hole".to_owned();
    filebacked::to_file(&path, &run)?; // copies the field
    assert!(!run.field.is_loaded());
    Ok(())
}
