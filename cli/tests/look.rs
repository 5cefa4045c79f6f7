//! What shows files: `tree` and `get`.

mod common;

use std::path::Path;

use common::shell;
use filebacked::ndarray::{Array2, array};
use filebacked::num_complex::Complex;
use filebacked::{Value, hdf5};
use serde_json::Value as Json;

fn run(folder: &Path, command: &str) -> (String, i32) {
    shell(folder, &format!("filebacked {command}"))
}

fn json(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"))
}

/// A file with links of all sorts, and a name that is an attack on a terminal.
fn linked(folder: &Path) {
    let file = hdf5::File::create(folder.join("links.h5")).unwrap();
    let group = file.create_group("a/b").unwrap();
    group.new_dataset::<i32>().shape(2).create("x").unwrap().write(&array![1, 2]).unwrap();
    file.link_hard("a", "a/b/up").unwrap();
    file.link_hard("a/b/x", "same").unwrap();
    file.link_soft("/a/b/x", "soft").unwrap();
    file.link_soft("/nowhere", "dangling").unwrap();
    file.link_external("other.h5", "/there", "external").unwrap();
    file.new_dataset::<u8>().create("red \u{1b}[31m\nname").unwrap();
}

#[test]
fn trees_have_every_link_once() {
    let folder = tempfile::tempdir().unwrap();
    linked(folder.path());
    let (output, code) = run(folder.path(), "tree links.h5");
    assert_eq!(code, 0, "{output}");
    let lines: Vec<String> = output.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for expected in [
        "├─ a group",
        "│ └─ b group",
        "│ ├─ up = /a",
        "│ └─ x i32 (2,) 8 B 1, 2",
        "├─ same = /a/b/x",
        "├─ soft → /a/b/x",
        "├─ dangling → /nowhere (the link leads to `/nowhere`, where nothing is)",
        "├─ external → /there in other.h5 (the link leads to another file, `other.h5` (`--allow-external-links` allows it))",
        "└─ red \\u{1b}[31m\\nname u8 0 B 0",
    ] {
        let is_there = lines.iter().any(|line| {
            let plain = |text: &str| text.trim_start_matches(['├', '└', '│', '─', ' ']).to_owned();
            plain(line) == plain(expected)
        });
        assert!(is_there, "{expected}\n{output}");
    }
    assert_eq!(lines.len(), 10, "{output}");
    let (output, _) = run(folder.path(), "tree links.h5 --json");
    let all = json(&output);
    let kinds: Vec<&str> = all.as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    for (kind, count) in [("group", 3), ("dataset", 2), ("hard link", 2), ("soft link", 2), ("external link", 1)] {
        assert_eq!(kinds.iter().filter(|found| **found == kind).count(), count, "{kind} in {kinds:?}");
    }
    assert!(all.as_array().unwrap().iter().any(|entry| entry["path"] == "/red \u{1b}[31m\nname"));
    let (output, _) = run(folder.path(), "tree links.h5 --color always");
    assert!(output.contains("\u{1b}[1m") && !output.contains("\u{1b}[31m\n"), "{output:?}");
    assert_eq!(run(folder.path(), "tree links.h5 -d 1").0.lines().count(), 7);
    assert_eq!(run(folder.path(), "tree links.h5 -d 0").0.lines().count(), 1);
    assert_eq!(run(folder.path(), "tree links.h5 / a/b -d 0").0.lines().count(), 2);
    assert_eq!(run(folder.path(), "tree links.h5 '**/x'").0, "/a/b/x  i32 (2,)  8 B  1, 2\n");
    assert_eq!(run(folder.path(), "tree links.h5 a '*/y'").1, 1);
    assert_eq!(run(folder.path(), "tree links.h5 'a*'").1, 2);
    assert_eq!(run(folder.path(), "tree nothing.h5").1, 2);
}

/// Names, links and errors of a file do nothing to a terminal.
#[test]
fn escapes_of_terminals_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let evil = "a\u{1b}[31m\u{9b}1m\u{202e}";
    {
        let file = hdf5::File::create(folder.join("evil.h5")).unwrap();
        file.link_soft(&format!("/no {evil}"), &format!("soft {evil}")).unwrap();
        file.link_soft(&format!("/no {evil}"), "both").unwrap();
        file.new_dataset::<u8>().create(evil).unwrap();
        file.new_attr::<u8>().create(evil).unwrap();
        let file = hdf5::File::create(folder.join("other.h5")).unwrap();
        file.link_soft("/other", "both").unwrap();
    }
    let is_evil = |char| matches!(char, '\u{1b}' | '\u{9b}' | '\u{202e}');
    for command in [
        "tree evil.h5 -a",
        "tree evil.h5 --json -a",
        "diff evil.h5 other.h5",
        "diff evil.h5 other.h5 --json",
        "check evil.h5",
        "check evil.h5 --json",
        &format!("get evil.h5 'no {evil}'"),
        &format!("get evil.h5 evil.h5 'no {evil}'"),
    ] {
        let (output, _) = run(folder, command);
        assert!(!output.contains(is_evil) && output.contains("[31m"), "{command}: {output:?}");
    }
}

#[test]
fn values_of_every_type() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let record = |id: u8, name: &str| {
        Value::from_iter([
            ("id", Value::from(id)),
            ("inner", Value::from_iter([("x", Value::from(0.5))])),
            ("name", name.into()),
        ])
    };
    let value = Value::from_iter([
        ("int", Value::from(-7_i16)),
        ("wide", Value::from(u64::MAX)),
        ("float", Value::from(1e-7)),
        ("nan", Value::from(f64::NAN)),
        ("bool", Value::from(true)),
        ("text", Value::from("a \"b\"\tc")),
        ("null", Value::Null),
        ("list", Value::from(array![1.5_f32, -2.0, f32::INFINITY])),
        ("grid", Value::from(Array2::from_shape_fn((2, 3), |(row, column)| (row * 3 + column) as i32))),
        (
            "cube",
            Value::from(filebacked::ndarray::Array3::<u8>::from_shape_fn((2, 2, 2), |(a, b, c)| {
                (4 * a + 2 * b + c) as u8
            })),
        ),
        ("empty", Value::from(Array2::<f64>::zeros((2, 0)))),
        ("complex", Value::from(array![Complex::new(1.0, -0.5), Complex::new(0.0, 2.0)])),
        ("names", Value::from(vec![Value::from("a"), Value::from("b,c"), Value::from("")])),
        ("records", Value::from(vec![record(1, "x"), record(2, "y\nz")])),
        (
            "ragged",
            Value::from(vec![Value::from(vec![Value::from(1)]), Value::from(vec![Value::from(2), Value::from(3)])]),
        ),
        ("[0]", Value::from(1)),
    ]);
    let value = value.with_attr("title", "all").with_attr("range", array![1, 2, 3]);
    filebacked::to_file(folder.join("all.h5"), &value).unwrap();
    for (what, expected) in [
        ("int", "-7\n"),
        ("wide", "18446744073709551615\n"),
        ("float", "1e-7\n"),
        ("nan", "NaN\n"),
        ("nan --json", "null\n"),
        ("nan --json --nan string", "\"NaN\"\n"),
        ("bool", "true\n"),
        ("text", "a \"b\"\tc\n"),
        ("text --json", "\"a \\\"b\\\"\\tc\"\n"),
        ("null", "\n"),
        ("null --json", "null\n"),
        ("list", "1.5\n-2.0\ninf\n"),
        ("'list[::-1]' --json", "[null,-2.0,1.5]\n"),
        ("'list[1]'", "-2.0\n"),
        ("grid", "0\t1\t2\n3\t4\t5\n"),
        ("grid --csv", "0,1,2\n0,1,2\n3,4,5\n"),
        ("grid --json", "[[0,1,2],[3,4,5]]\n"),
        ("'grid[:, 1]' --json", "[1,4]\n"),
        ("'grid[..., ::-2]'", "2\t0\n5\t3\n"),
        ("cube", "0\t1\n2\t3\n\n4\t5\n6\t7\n"),
        ("cube --json", "[[[0,1],[2,3]],[[4,5],[6,7]]]\n"),
        ("empty", ""),
        ("empty --json", "[[],[]]\n"),
        ("complex", "1-0.5i\n0+2i\n"),
        ("complex --json", "[[1.0,-0.5],[0.0,2.0]]\n"),
        ("names", "a\nb,c\n\n"),
        ("names --csv", "value\na\n\"b,c\"\n\"\"\n"),
        ("records/id", "1\n2\n"),
        ("records/inner/x", "0.5\n0.5\n"),
        ("'records[1]' --json", "{\"id\":2,\"inner\":{\"x\":0.5},\"name\":\"y\\nz\"}\n"),
        ("ragged --json", "[[1],[2,3]]\n"),
        ("'ragged[1]' --json", "[2,3]\n"),
        ("@title", "all\n"),
        ("'@range[-1]'", "3\n"),
        ("@range --json", "[1,2,3]\n"),
        ("'[0]'", "1\n"),
    ] {
        let (output, code) = run(folder, &format!("get all.h5 {what}"));
        assert_eq!((output.as_str(), code), (expected, 0), "{what}");
    }
    let (output, _) = run(folder, "get all.h5 records --csv");
    assert_eq!(output, "id,inner/x,name\n1,0.5,x\n2,0.5,\"y\nz\"\n");
    for (what, why, expected) in [
        ("nothing", "nothing", 1),
        ("@nothing", "title", 1),
        ("records/nothing", "nothing", 1),
        ("'list[3]'", "index", 2),
        ("'list[0, 0]'", "dimensions", 2),
        ("'list[::0]'", "step", 2),
        ("int/more", "fields", 1),
        ("names --npy | cat", "numpy", 0),
        ("ragged --npy > /dev/null", "numpy", 2),
        ("/ --csv", "--json", 2),
    ] {
        let (output, code) = run(folder, &format!("get all.h5 {what}"));
        assert!(code == expected && (output.contains(why) || expected == 0), "{what}: {code}\n{output}");
    }
    // An output is not written over what is read, nor where nothing is.
    let before = std::fs::read(folder.join("all.h5")).unwrap();
    std::fs::write(folder.join("old.txt"), "old").unwrap();
    for (what, expected) in [("int -o ./all.h5", 2), ("nothing -o old.txt", 1), ("'list[9]' -o old.txt", 2)] {
        assert_eq!(run(folder, &format!("get all.h5 {what}")).1, expected, "{what}");
        assert!(std::fs::read(folder.join("all.h5")).unwrap() == before, "{what}");
        assert_eq!(std::fs::read_to_string(folder.join("old.txt")).unwrap(), "old", "{what}");
    }
    assert_eq!(run(folder, "get all.h5 int -o old.txt"), (String::new(), 0));
    assert_eq!(std::fs::read_to_string(folder.join("old.txt")).unwrap(), "-7\n");
    // Many files, of which one has it.
    std::fs::copy(folder.join("all.h5"), folder.join("other.h5")).unwrap();
    assert_eq!(run(folder, "set other.h5 new 5 --create").1, 0);
    let (output, code) = run(folder, "get all.h5 other.h5 new");
    assert!(code == 1 && output.contains("other.h5: 5\n") && output.contains("file `all.h5`"), "{output}");
    let (output, _) = run(folder, "get other.h5 int -p bool --json");
    assert_eq!(output, "{\"from\":\"int\",\"value\":-7}\n{\"from\":\"bool\",\"value\":true}\n");
}

/// numpy's files, as numpy's documentation has them.
#[test]
fn arrays_for_numpy() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let records: Value =
        (0..3).map(|id| Value::from_iter([("id", Value::from(id)), ("x", Value::from(0.5_f32))])).collect();
    let value = Value::from_iter([
        ("grid", Value::from(array![[1_u16, 2], [3, 4]])),
        ("records", records),
        ("flag", Value::from(true)),
    ]);
    filebacked::to_file(folder.join("run.h5"), &value).unwrap();
    let order = if cfg!(target_endian = "little") { '<' } else { '>' };
    for (what, dtype, shape, data) in [
        ("grid", format!("'{order}u2'"), "(2, 2)", [1_u16, 2, 3, 4].map(u16::to_ne_bytes).concat()),
        ("'grid[::-1, 0]'", format!("'{order}u2'"), "(2,)", [3_u16, 1].map(u16::to_ne_bytes).concat()),
        ("flag", "'|b1'".to_owned(), "()", vec![1]),
        (
            "records",
            format!("[('id', '{order}i4'), ('x', '{order}f4')]"),
            "(3,)",
            (0..3_i32).flat_map(|id| [id.to_ne_bytes(), 0.5_f32.to_ne_bytes()].concat()).collect(),
        ),
    ] {
        assert_eq!(run(folder, &format!("get run.h5 {what} --npy -o out.npy")), (String::new(), 0), "{what}");
        let bytes = std::fs::read(folder.join("out.npy")).unwrap();
        assert_eq!(&bytes[..8], b"\x93NUMPY\x02\x00");
        let len = u32::from_le_bytes(bytes[8..12].try_into().unwrap()) as usize;
        let header = std::str::from_utf8(&bytes[12..12 + len]).unwrap();
        assert_eq!(header.trim_end(), format!("{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}, }}"));
        assert!((12 + len).is_multiple_of(64) && header.ends_with('\n'));
        assert_eq!(&bytes[12 + len..], data, "{what}");
    }
}

/// Whatever is stored, in whatever encoding, JSON of it is what the crate reads as JSON.
#[test]
fn json_is_what_the_crate_reads() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let mut count = 0;
    for name in
        ["golden/0.1-hdf5-2.2.h5", "python-filebacked/model.h5", "matrices/anndata-0.7.h5ad", "matrices/10x-v3.h5"]
    {
        let path = root.join(name);
        let file = hdf5::File::open(&path).unwrap();
        for child in file.member_names().unwrap() {
            // What has keys that JSON has not is an error.
            let Ok(expected) = filebacked::read_at::<Json>(&path, &child) else { continue };
            let (output, code) = run(&root, &format!("get {name} '{child}' --json"));
            assert_eq!(code, 0, "{name}: {child}: {output}");
            assert_eq!(json(&output), expected, "{name}: {child}");
            count += 1;
        }
    }
    assert!(count > 40, "{count}");
}

/// Types with names are objects: they are shown, compared and checked, and references may lead to them.
#[test]
fn named_types() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (name, version) in [("a.h5", 1), ("b.h5", 2)] {
        let file = hdf5::File::create(folder.join(name)).unwrap();
        filebacked::write(&file, "x", &1.5).unwrap();
        file.commit_datatype("count", &hdf5::Datatype::from_type::<u16>().unwrap()).unwrap();
        let named = file.committed_datatype("count").unwrap();
        named.new_attr::<i32>().create("version").unwrap().write_scalar(&version).unwrap();
        let reference = file.reference::<hdf5::ObjectReference1>("count").unwrap();
        let references = file.new_dataset::<hdf5::ObjectReference1>().shape(1).create("references").unwrap();
        references.write_slice(&[reference], 0..1).unwrap();
    }
    let (tree, code) = shell(folder, "filebacked tree a.h5 -a");
    assert!(code == 0 && tree.contains("named type u16") && tree.contains("@version"), "{tree}");
    assert_eq!(shell(folder, "filebacked check -q a.h5"), (String::new(), 0));
    assert_eq!(shell(folder, "filebacked diff a.h5 a.h5"), (String::new(), 0));
    let (differs, code) = shell(folder, "filebacked diff a.h5 b.h5");
    assert!(code == 1 && differs.contains("/count@version"), "{differs}");
}

/// Two names lead to one group: what a pattern is about is found by both.
#[test]
fn patterns_go_by_every_name() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let file = hdf5::File::create(folder.join("run.h5")).unwrap();
    file.create_group("a/b").unwrap();
    filebacked::write(&file, "a/b/x", &1).unwrap();
    file.link_hard("a", "c").unwrap();
    file.link_hard("a", "a/b/up").unwrap();
    drop(file);
    let (found, code) = shell(folder, "filebacked tree run.h5 'c/b/x' 'a/b/x'");
    assert!(code == 0 && found.contains("/a/b/x"), "{found}");
    let (found, code) = shell(folder, "filebacked tree run.h5 '**/x'");
    assert!(code == 0 && found.lines().next().is_some_and(|line| line.contains("/a/b/x")), "{found}");
}

/// What cannot be read leaves no half of a line; parts of attributes and enums go to numpy.
#[test]
fn outputs_are_whole() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let file = hdf5::File::create(folder.join("run.h5")).unwrap();
    filebacked::write(&file, "x", &[1, 2]).unwrap();
    file.new_attr::<u16>().shape(5).create("numbers").unwrap().write_raw(&[1_u16, 2, 3, 4, 5]).unwrap();
    drop(file);
    let (output, code) = shell(folder, "filebacked get run.h5 x -p nothing -p x@nothing -p x --json 2>/dev/null");
    assert_eq!((output.as_str(), code), ("{\"from\":\"x\",\"value\":[1,2]}\n{\"from\":\"x\",\"value\":[1,2]}\n", 1));
    let (output, code) = shell(folder, "filebacked get run.h5 '@numbers[1::2]' --npy | tail -c 4 | od -An -tu2");
    assert_eq!((output.split_whitespace().collect::<Vec<_>>(), code), (vec!["2", "4"], 0));
    for format in ["msgpack", "cbor"] {
        let (output, _) = shell(folder, &format!("filebacked convert run.h5 - --to {format} | true"));
        assert_eq!(output, "", "{format}");
    }
}
