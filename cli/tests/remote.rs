//! Files that are given by URLs.

use std::process::{Command, Output};

fn filebacked(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_filebacked")).args(args).env("COLUMNS", "100").output().unwrap()
}

/// Each command says of a URL what it says of the file.
#[test]
fn urls_are_read_as_files_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    let records: Vec<(u32, String)> = (0..50).map(|number| (number, format!("number {number}"))).collect();
    let value = std::collections::BTreeMap::from([("records", records)]);
    filebacked::to_file(&path, &value).unwrap();
    let path = path.to_str().unwrap();
    let url = format!("file://{path}");
    for args in [
        &["tree"][..],
        &["tree", "--json"],
        &["get", "records"],
        &["get", "records[3:5]", "--json"],
        &["convert", "-", "--to", "json"],
        &["check"],
    ] {
        let run = |file: &str| {
            let mut all = vec![args[0], file];
            all.extend(&args[1..]);
            let output = filebacked(&all);
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
            // Columns are wider where the name is longer.
            let text = text.replace(&url, path);
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(run(&url), run(path), "{args:?}");
    }
    let same = filebacked(&["diff", path, &url]);
    assert!(same.status.success(), "{same:?}");
}

#[test]
fn what_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file://{}/none.h5", folder.path().display());
    let output = filebacked(&["tree", &url]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && text.contains("there is no such object"), "{text}");
}
