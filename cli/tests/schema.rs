//! Files against schemas.

mod common;

use std::path::{Path, PathBuf};

use common::{make_files, shell};
use filebacked::{WithAttrs, WriteOptions, hdf5};
use serde::Serialize;

/// Files that are as their own schemas say, whatever is in them.
#[test]
fn each_file_is_as_its_own_schema_says() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let folder = tempfile::tempdir().unwrap();
    make_files(folder.path());
    let mut files = vec![folder.path().join("run.h5")];
    for inner in ["golden", "matrices", "python-filebacked", "foreign"] {
        let entries = std::fs::read_dir(fixtures.join(inner)).unwrap().map(|entry| entry.unwrap().path());
        let is_file = |path: &PathBuf| {
            path.extension().is_some_and(|end| ["h5", "h5ad", "nc", "mat"].iter().any(|own| end == *own))
                && path.is_file()
        };
        files.extend(entries.filter(is_file));
    }
    files.sort();
    let (mut count, mut unreadable) = (0, 0);
    for file in files {
        let file = file.display();
        let (output, code) = shell(folder.path(), &format!("filebacked tree '{file}' --schema > schema.json"));
        let (found, found_code) =
            shell(folder.path(), &format!("filebacked check '{file}' --schema schema.json --no-data"));
        if code != 0 {
            // What cannot be opened is left out, and said; all else is in the schema.
            assert!(code == 2 && output.contains("not all of it could be read"), "{file}: {output}");
            let left_out =
                output.lines().filter_map(|line| line.strip_prefix("filebacked: ")?.split_once(" is left out: "));
            let left_out: Vec<String> =
                left_out.map(|(path, _)| format!("{file}: {path}: is not in the schema")).collect();
            assert!(!left_out.is_empty() && found_code == 1, "{file}: {output}{found}");
            assert!(found.lines().all(|line| left_out.iter().any(|start| line.starts_with(start))), "{file}: {found}");
            unreadable += 1;
            continue;
        }
        assert_eq!((found, found_code), (format!("{file}: as the schema says\n"), 0));
        count += 1;
    }
    assert!(count > 50 && unreadable > 0, "{count} {unreadable}");
}

#[derive(Serialize)]
struct Run {
    settings: Settings,
    field: WithAttrs<Vec<[f64; 3]>, Units>,
    weights: Vec<f64>,
    steps: Vec<Step>,
    people: Vec<(String, Option<u8>)>,
}

#[derive(Serialize)]
struct Settings {
    seed: u64,
    title: String,
}

#[derive(Serialize)]
struct Units {
    units: &'static str,
    gain: f64,
}

#[derive(Serialize)]
struct Step {
    time: f64,
    count: u32,
}

fn make(path: &Path) {
    let run = Run {
        settings: Settings { seed: 7, title: "plate".to_owned() },
        field: WithAttrs { value: vec![[0.5; 3]; 4], attrs: Units { units: "K", gain: 0.5 } },
        weights: vec![0.5; 4],
        steps: vec![Step { time: 0.5, count: 1 }, Step { time: 1.5, count: 2 }],
        people: vec![("Ada".to_owned(), Some(36)), ("Grace".to_owned(), None)],
    };
    WriteOptions::new().to_file(path, &run).unwrap();
}

/// Whatever is changed in a file is said, and nothing else.
#[test]
fn each_change_is_said() {
    type Change = fn(&hdf5::File) -> hdf5::Result<()>;
    let cases: [(&str, Change, &[&str]); 12] = [
        ("nothing", |_| Ok(()), &[]),
        ("a dataset less", |file| file.unlink("weights"), &["/weights: is missing, should be dataset of f64"]),
        ("a group less", |file| file.unlink("settings"), &["/settings: is missing, should be group"]),
        (
            "a dataset more",
            |file| file.new_dataset::<u8>().create("settings/more").map(drop),
            &["/settings/more: is not in the schema: dataset of u8"],
        ),
        (
            "a group more",
            |file| file.create_group("more")?.create_group("inner").map(drop),
            &["/more: is not in the schema: group"],
        ),
        (
            "another type",
            |file| {
                file.unlink("settings/seed")?;
                file.new_dataset::<i64>().create("settings/seed").map(drop)
            },
            &["/settings/seed: type is i64, should be u64"],
        ),
        (
            "another rank",
            |file| {
                file.unlink("weights")?;
                file.new_dataset::<f64>().shape((4, 1)).create("weights").map(drop)
            },
            &["/weights: rank is [4,1], should be [4]"],
        ),
        (
            "another shape",
            |file| {
                file.unlink("weights")?;
                file.new_dataset::<f64>().shape(5).create("weights").map(drop)
            },
            &["/weights: shape is [5], should be [4]"],
        ),
        (
            "an attribute less",
            |file| file.dataset("field")?.delete_attr("gain"),
            &["/field@gain: is missing, should be f64"],
        ),
        (
            "an attribute more",
            |file| file.group("settings")?.new_attr::<u8>().create("more").map(drop),
            &["/settings@more: is not in the schema: u8"],
        ),
        (
            "a link in the place of an object",
            |file| {
                file.unlink("weights")?;
                file.link_soft("/field", "weights")
            },
            &["/weights: kind is link to `/field`, should be dataset"],
        ),
        (
            "another object",
            |file| {
                file.unlink("steps")?;
                file.create_group("steps").map(drop)
            },
            &["/steps: kind is group, should be dataset"],
        ),
    ];
    for (what, change, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.h5");
        make(&path);
        let (output, code) = shell(folder.path(), "filebacked tree run.h5 --schema > schema.json");
        assert_eq!(code, 0, "{output}");
        change(&hdf5::File::open_rw(&path).unwrap()).unwrap();
        let (output, code) = shell(folder.path(), "filebacked check run.h5 --schema schema.json --no-data");
        let expected: Vec<String> = match expected {
            [] => vec!["run.h5: as the schema says".to_owned()],
            all => all.iter().map(|line| format!("run.h5: {line}")).collect(),
        };
        assert_eq!(output.lines().collect::<Vec<_>>(), expected, "{what}");
        assert_eq!(code, i32::from(what != "nothing"), "{what}");
    }
}

/// What a schema can say that a file alone does not.
#[test]
fn schemas_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    make(&folder.path().join("run.h5"));
    let all = r#""/settings": {"extra": true}, "/people": {"extra": true, "encoding": "columns"}"#;
    let cases: [(&str, &[&str]); 16] = [
        (r#"{"extra": true, "objects": {}}"#, &[]),
        (r#"{"extra": true, "objects": {"/field": {"shape": [null, 3]}}}"#, &[]),
        (r#"{"extra": true, "objects": {"/field": {"shape": ["n", 3]}, "/weights": {"shape": ["n"]}}}"#, &[]),
        (
            r#"{"extra": true, "objects": {"/field": {"shape": ["n", 3]}, "/steps": {"shape": ["n"]}}}"#,
            &["/steps: extent is `n` = 2, should be 4 as that of `/field`"],
        ),
        (r#"{"extra": true, "objects": {"/field": {"type": ["f32", "f64"]}}}"#, &[]),
        (
            r#"{"extra": true, "objects": {"/field": {"type": ["f32", "u8"]}}}"#,
            &["/field: type is f64, should be f32 or u8"],
        ),
        (
            r#"{"extra": true, "objects": {"/settings/title": {"type": "string(5)"}, "/settings": {"extra": true}}}"#,
            &[],
        ),
        (
            r#"{"extra": true, "objects": {"/settings/title": {"type": "string(6)"}, "/settings": {"extra": true}}}"#,
            &["/settings/title: type is string, should be string(6)"],
        ),
        (r#"{"extra": true, "objects": {"/nothing": {"type": "f64", "optional": true}}}"#, &[]),
        (
            r#"{"extra": true, "objects": {"/nothing": {"type": "f64"}}}"#,
            &["/nothing: is missing, should be dataset of f64"],
        ),
        (r#"{"extra": true, "objects": {"/field": {"attributes": {"units": {"value": "K"}}}}}"#, &[]),
        (
            r#"{"extra": true, "objects": {"/field": {"attributes": {"units": {"value": "C"}, "date": {"type": "string", "optional": true}}}}}"#,
            &["/field@units: value is \"K\", should be \"C\""],
        ),
        (
            r#"{"extra": true, "objects": {"/steps": {"type": {"record": {"time": "f32", "energy": "f64"}}}}}"#,
            &[
                "/steps/time: type is f64, should be f32",
                "/steps/count: is not in the schema: u32",
                "/steps/energy: is missing, should be f64",
            ],
        ),
        (r#"{"objects": {"/*": {"kind": "dataset", "extra": true}, ALL}}"#, &[]),
        (
            r#"{"objects": {"/*": {"kind": "dataset", "extra": true}, "/*/seed": {"type": "u64"}, ALL}}"#,
            &["/people/seed: is missing, should be dataset of u64"],
        ),
        (
            r#"{"objects": {"/*": {"kind": "dataset", "shape": [4], "extra": true}, ALL}}"#,
            &["/field: rank is [4,3], should be [4]", "/steps: shape is [2], should be [4]"],
        ),
    ];
    for (schema, expected) in cases {
        std::fs::write(folder.path().join("schema.json"), schema.replace("ALL", all)).unwrap();
        let (output, code) = shell(folder.path(), "filebacked check run.h5 --schema schema.json --no-data");
        let expected: Vec<String> = match expected {
            [] => vec!["run.h5: as the schema says".to_owned()],
            all => all.iter().map(|line| format!("run.h5: {line}")).collect(),
        };
        assert_eq!(
            (output.lines().collect::<Vec<_>>(), code),
            (expected.iter().map(String::as_str).collect(), i32::from(expected[0] != "run.h5: as the schema says")),
            "{schema}"
        );
    }
}

/// JSON, several files, damage beside, and errors.
#[test]
fn what_is_said_of_several_files() {
    let folder = tempfile::tempdir().unwrap();
    make(&folder.path().join("a.h5"));
    make(&folder.path().join("b.h5"));
    shell(folder.path(), "filebacked tree a.h5 --schema > schema.json");
    hdf5::File::open_rw(folder.path().join("b.h5")).unwrap().link_soft("/nowhere", "link").unwrap();
    let (output, code) = shell(folder.path(), "filebacked check a.h5 b.h5 --schema schema.json --json");
    assert_eq!(code, 1);
    let json: serde_json::Value = serde_json::from_str(&output).unwrap();
    assert_eq!(
        json[0],
        serde_json::json!({"file": "b.h5", "path": "/link", "kind": "extra", "is": "link to `/nowhere`"})
    );
    assert_eq!((json[1]["path"].as_str(), json[1]["kind"].as_str()), (Some("/link"), Some("damaged")));
    let (output, code) = shell(folder.path(), "filebacked check a.h5 --schema schema.json");
    assert!(code == 0 && output.contains("a.h5: as the schema says\na.h5: sound"), "{output}");
    std::fs::write(folder.path().join("wrong.json"), "{\"objects\": {\"/a\": {\"typ\": 1}}}").unwrap();
    for (line, words) in [
        ("check a.h5 --schema wrong.json", "wrong.json: `/a`: `typ` is no key here"),
        ("check a.h5 --schema none.json", "none.json"),
        ("check a.h5 --no-data", "--schema"),
        ("check none.h5 --schema schema.json --no-data", "none.h5"),
        ("tree a.h5 --schema --json", "cannot be used with"),
    ] {
        let (output, code) = shell(folder.path(), &format!("filebacked {line}"));
        assert!(code == 2 && output.contains(words), "{line}: {code} {output}");
    }
}
