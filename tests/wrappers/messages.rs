//! What the compiler says of types that do not fit: it says what to write, and names no private trait alone.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What all programs begin with.
const BEGIN: &str = "\
#![allow(unused)]
use filebacked::ndarray::{Array2, Ix2};
use filebacked::{Codec, Coded, Hdf5Deserializer, Hdf5Serializer, NdArray, ReadOptions, WriteOptions, hdf5};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

fn serializer() -> Hdf5Serializer { todo!() }
fn deserializer() -> Hdf5Deserializer { todo!() }
struct Own;
";

/// The body of a function, and the texts that are in what the compiler says of it.
const BAD: &[(&str, &[&str])] = &[
    (
        "filebacked::array::serialize(&Vec::<Array2<f64>>::new(), serializer());",
        &[
            "error[E0277]: `Vec<ArrayBase<OwnedRepr<f64>,",
            "cannot be written by this module for `#[serde(with = \"...\")]`",
            "expected an array for `filebacked::array`",
            "wrap each element, and leave out `with`: `Vec<NdArray<f64, Ix2>>` for `Vec<Array2<f64>>`",
            "use `filebacked::ndarray`",
        ],
    ),
    (
        "let _: Vec<Array2<f64>> = filebacked::array::deserialize(deserializer()).unwrap();",
        &[
            "cannot be read by this module for `#[serde(with = \"...\")]`",
            "or an `Option` of one, which owns its elements",
        ],
    ),
    (
        "filebacked::timestamp::serialize(&1_u64, serializer());",
        &[
            "error[E0277]: `u64` cannot be written by this module",
            "a time for `timestamp`",
            "the times of `chrono` and `jiff` need the cargo features of these names",
        ],
    ),
    (
        "filebacked::sorted::serialize(&vec![HashMap::<u8, u8>::new()], serializer());",
        &[
            "error[E0277]: `Vec<HashMap<u8, u8>>` cannot be written by `#[serde(with = \"filebacked::sorted\")]`",
            "expected a `HashMap` or `HashSet`",
        ],
    ),
    (
        "filebacked::codec::serialize(&Own, serializer());",
        &["error[E0277]: `Own` does not write and read itself by the `hdf5` crate", "implement `Codec` for it"],
    ),
    (
        "filebacked::codec::serialize(&vec![1], serializer());",
        &["in lists, maps, options and payloads, wrap each: `Vec<Coded<T>>`, without `with`"],
    ),
    (
        "filebacked::tree(&Path::new(\"run.h5\"));",
        &[
            "Path` is no group of an HDF5 file",
            "expected an `hdf5::File` or `hdf5::Group`, or a reference to one",
            "write `&hdf5::File::open(path)?` for the root of a file",
        ],
    ),
    (
        "let dataset: hdf5::Dataset = todo!(); filebacked::read::<u8>(&dataset, \"x\");",
        &["Dataset` is no group of an HDF5 file"],
    ),
    (
        "WriteOptions::new().progress(|p| p.bytes() > 100);",
        &[
            "error[E0277]: a closure that is told of progress cannot answer `bool`",
            "`ControlFlow::Break(())` to cancel",
        ],
    ),
    (
        "let _: filebacked::value::Array = Array2::<u128>::zeros((1, 1)).into();",
        &["integers of 8 to 64 bits, `f32`, `f64`, `Complex` of these, or `bool`"],
    ),
];

/// What is right, which shows that the programs are compiled at all.
const GOOD: &[&str] = &[
    "filebacked::array::serialize(&Some(Array2::<f64>::zeros((1, 1))), serializer());",
    "let _: Array2<f64> = filebacked::array::deserialize(deserializer()).unwrap();",
    "filebacked::to_vec(&vec![NdArray(Array2::<f64>::zeros((1, 1)))]);",
    "filebacked::sorted::serialize(&HashMap::<u8, u8>::new(), serializer());",
    "filebacked::tree(&hdf5::File::open(\"run.h5\").unwrap());",
    "WriteOptions::new().progress(|p| println!(\"{p}\"));",
    "let _: filebacked::value::Array = Array2::<u64>::zeros((1, 1)).into();",
];

fn program<'a>(bodies: impl Iterator<Item = &'a str>) -> String {
    let functions = bodies.enumerate().map(|(number, body)| format!("fn function_{number}() {{ {body} }}\n"));
    format!("{BEGIN}{}fn main() {{}}\n", functions.collect::<String>())
}

/// Has the compiler look at a program, with the crate as it was built for this test.
fn compile(library: &Path, folder: &Path, source: &str) -> Output {
    let path = folder.join("program.rs");
    std::fs::write(&path, source).unwrap();
    let dependencies = library.parent().unwrap().display();
    let mut command = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command.args([
        "--edition=2024",
        "--emit=metadata",
        "--error-format=human",
        "--color=never",
        "--diagnostic-width=200",
    ]);
    command.arg("--out-dir").arg(folder).arg("-L").arg(format!("dependency={dependencies}"));
    command.arg("--extern").arg(format!("filebacked={}", library.display())).arg(&path);
    command.output().expect("rustc can be run")
}

/// Where the crate was built to: the newest that the compiler takes, as there may be some of other versions of it.
fn library(folder: &Path) -> PathBuf {
    let built = std::env::current_exe().unwrap();
    let is_library = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.starts_with("libfilebacked-") && name.ends_with(".rlib")
    };
    let entries = std::fs::read_dir(built.parent().unwrap()).unwrap();
    let mut libraries: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).filter(is_library).collect();
    libraries.sort_by_key(|path| std::cmp::Reverse(path.metadata().unwrap().modified().unwrap()));
    let good = program(GOOD.iter().copied());
    let mut said = String::new();
    for library in libraries.into_iter().take(5) {
        let output = compile(&library, folder, &good);
        if output.status.success() {
            return library;
        }
        said.push_str(&String::from_utf8_lossy(&output.stderr));
    }
    panic!("no built crate with which this compiles:\n{good}\n{said}");
}

#[test]
fn the_compiler_says_what_to_write() {
    let folder = tempfile::tempdir().unwrap();
    let library = library(folder.path());
    let source = program(BAD.iter().map(|(body, _)| *body));
    let output = compile(&library, folder.path(), &source);
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    // Each error has its text beside what it is about, which begins with the place.
    let errors: Vec<&str> = said.split("\n\n").filter(|error| error.contains("error[")).collect();
    for (number, (body, texts)) in BAD.iter().enumerate() {
        let line = 1 + source.lines().position(|line| line.starts_with(&format!("fn function_{number}("))).unwrap();
        let place = format!("program.rs:{line}:");
        let about = errors.iter().filter(|error| error.contains(&place)).copied().collect::<String>();
        // Long lines are broken where the compiler likes.
        let words = |text: &str| {
            text.split_whitespace().filter(|word| *word != "|" && *word != "=").collect::<Vec<_>>().join(" ")
        };
        for text in *texts {
            assert!(words(&about).contains(&words(text)), "of `{body}`, without `{text}`:\n{about}\n\n{said}");
        }
    }
}
