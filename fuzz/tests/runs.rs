//! The program as it is started from a command line.

use std::path::Path;
use std::process::{Command, Output};

fn fuzz(arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_filebacked-fuzz")).args(arguments).output().unwrap();
    println!("{}", String::from_utf8_lossy(&output.stderr));
    output
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The names and bytes of the files in a folder.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let mut files: Vec<_> =
        entries.map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())).collect();
    files.sort();
    files
}

/// Seed and number of a variant say all of it.
#[test]
fn the_same_seed_makes_the_same_files() {
    let folder = tempfile::tempdir().unwrap();
    let made = |name: &str, seed: &str| {
        let path = folder.path().join(name);
        let output = fuzz(&["--corpus", path.to_str().unwrap(), "--reads", "60", "--seed", seed]);
        assert!(output.status.success());
        files(&path)
    };
    let first = made("first", "3");
    assert_eq!(first.len(), 61);
    // Some are made by libhdf5, which would write into them what time it is.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert!(first == made("again", "3"));
    assert!(first != made("other", "4"));
}

#[test]
fn a_short_run_finds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let found = folder.path().join("found");
    let output = fuzz(&["--reads", "400", "--jobs", "1", "--patience", "60", "--found", found.to_str().unwrap()]);
    let text = text(&output);
    assert!(output.status.success() && text.contains("\n0 found, of 0 kinds\n"), "{text}");
    assert!(!found.exists());
}

#[test]
fn a_file_is_read_in_all_ways() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/hostile/mem-soft-tree.h5");
    let output = fuzz(&["--read", file, "--patience", "60"]);
    let text = text(&output);
    assert!(output.status.success(), "{text}");
    for way in ["json: ", "tree: ", "reader: ", "lazy: "] {
        assert!(text.contains(way), "{way}{text}");
    }
}

#[test]
fn what_is_no_option_is_an_error() {
    assert_eq!(fuzz(&["--sed", "3"]).status.code(), Some(2));
    assert_eq!(fuzz(&["--seed"]).status.code(), Some(2));
    assert_eq!(fuzz(&["--seed", "three"]).status.code(), Some(2));
}
