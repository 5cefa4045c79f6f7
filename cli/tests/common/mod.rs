//! The files that the documentation speaks of.

#![allow(dead_code, reason = "not every test takes all of it")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use filebacked::ndarray::Array2;
use filebacked::{NdArray, WithAttrs, WriteOptions};
use serde::Serialize;

/// The program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_filebacked");

#[derive(Serialize)]
struct Run {
    settings: Settings,
    field: WithAttrs<NdArray<f64, filebacked::ndarray::Ix2>, BTreeMap<String, String>>,
    particles: Vec<Particle>,
    steps: Vec<Step>,
}

#[derive(Serialize)]
struct Settings {
    seed: u64,
    title: String,
    tolerance: f64,
}

#[derive(Serialize)]
struct Particle {
    mass: f64,
    charge: i8,
    name: Option<String>,
}

#[derive(Serialize)]
struct Step {
    time: f64,
    energy: f32,
    count: u32,
}

/// Makes the files in a folder.
pub(crate) fn make_files(folder: &Path) {
    let write = |name: &str, seed: u64, change: f64| {
        let field = Array2::from_shape_fn((60, 100), |(row, column)| (row * 100 + column) as f64 / 8.0);
        let mut run = Run {
            settings: Settings { seed, title: "two bodies".to_owned(), tolerance: 1e-9 },
            field: WithAttrs { value: NdArray(field), attrs: BTreeMap::from([("units".to_owned(), "K".to_owned())]) },
            particles: vec![
                Particle { mass: 1.0, charge: 1, name: Some("p".to_owned()) },
                Particle { mass: 5.4e-4, charge: -1, name: None },
                Particle { mass: 1.0, charge: 0, name: Some("n".to_owned()) },
            ],
            steps: (0..5_u8)
                .map(|step| Step { time: f64::from(step) / 4.0, energy: -0.5, count: 2 * u32::from(step) })
                .collect(),
        };
        run.field.value.0[[3, 4]] += change;
        let options = WriteOptions::new().at("field", |field| field.chunk([10, 100]).deflate(6));
        options.to_file(folder.join(name), &run).unwrap();
    };
    write("run.h5", 7, 0.0);
    write("a.h5", 7, 0.0);
    write("b.h5", 8, 0.5);
    for inner in ["runs", ".config/fish/completions"] {
        std::fs::create_dir_all(folder.join(inner)).unwrap();
    }
    write("runs/1.h5", 1, 0.0);
    write("runs/2.h5", 2, 0.0);
    std::fs::create_dir_all(folder.join("src")).unwrap();
    std::fs::write(
        folder.join("run.schema.json"),
        r#"{
  "objects": {
    "/settings": {"extra": true},
    "/*/seed": {"type": ["u64", "u32"], "optional": true},
    "/field": {"type": "f64", "shape": [null, 100], "attributes": {"units": {"value": "K"}}},
    "/particles": {"encoding": "columns", "extra": true},
    "/steps": {"type": {"record": {"time": "f64", "energy": "f32", "count": "u32"}}, "shape": ["n"]}
  }
}
"#,
    )
    .unwrap();
    std::fs::write(folder.join("more.csv"), "time,energy\n1.75,-0.75\n").unwrap();
    std::fs::write(
        folder.join("records.ndjson"),
        "{\"time\": 1.25, \"energy\": -0.25}\n{\"time\": 1.5, \"energy\": -0.5}\n",
    )
    .unwrap();
}

/// Runs a line of a shell in a folder; the output of both sorts, and the exit code.
pub(crate) fn shell(folder: &Path, line: &str) -> (String, i32) {
    let programs = PathBuf::from(PROGRAM).parent().unwrap().to_owned();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-c", &format!("{{ {line}\n}} 2>&1")])
        .current_dir(folder)
        .env("PATH", path)
        // A program that another test starts may have inherited the file while it was open here, with its lock.
        .env("HDF5_USE_FILE_LOCKING", "FALSE")
        // What is drawn is made of more than ASCII where the locale has more.
        .env("LC_ALL", "C.UTF-8")
        // What a line says of the home is of the folder.
        .env("HOME", folder)
        .output()
        .unwrap();
    (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code().unwrap_or(-1))
}
