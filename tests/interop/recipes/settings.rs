use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Settings {
    title: String,
    steps: u32,
    tolerance: f64,
    verbose: bool,
    seed: Option<u64>,
    solver: Solver,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Solver {
    method: String,
    damping: f32,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("settings.h5");
    let settings = Settings {
        title: "plate".to_owned(),
        steps: 1000,
        tolerance: 1e-8,
        verbose: true,
        seed: None,
        solver: Solver { method: "cg".to_owned(), damping: 0.5 },
    };
    filebacked::to_file(&path, &settings)?;
    assert_eq!(filebacked::from_file::<Settings>(&path)?, settings);
    Ok(())
}
