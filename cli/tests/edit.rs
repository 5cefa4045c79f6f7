//! What changes files: `set`, `append`, `convert`.

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::{make_files, shell};
use filebacked::hdf5::types::{FixedAscii, VarLenAscii, VarLenUnicode};
use filebacked::{Appender, Value, hdf5};
use serde::Serialize;

fn run(folder: &Path, command: &str) -> (String, i32) {
    shell(folder, &format!("filebacked {command}"))
}

/// The type stays, and what it does not hold is refused and leaves the file as it was.
#[test]
fn set_keeps_types() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let path = folder.join("all.h5");
    {
        let file = hdf5::File::create(&path).unwrap();
        macro_rules! scalars {
            ($($type:ident)*) => {
                $(file.new_dataset::<$type>().create(stringify!($type)).unwrap();)*
                $(file.new_attr::<$type>().create(stringify!($type)).unwrap();)*
            };
        }
        scalars!(bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64);
        file.new_dataset::<VarLenUnicode>().create("text").unwrap();
        file.new_dataset::<VarLenAscii>().create("ascii").unwrap();
        file.new_dataset::<i16>().shape((3, 4)).chunk((2, 2)).deflate(3).create("grid").unwrap();
        file.dataset("grid").unwrap().new_attr::<f64>().create("scale").unwrap();
        drop(file);
    }
    for (name, new, shown) in [
        ("bool", "true", "true"),
        ("i8", "-128", "-128"),
        ("i16", "300", "300"),
        ("i32", "-70000", "-70000"),
        ("i64", "9223372036854775807", "9223372036854775807"),
        ("u8", "255", "255"),
        ("u16", "65535", "65535"),
        ("u32", "7", "7"),
        ("u64", "18446744073709551615", "18446744073709551615"),
        ("f32", "0.1", "0.1"),
        ("f64", "NaN", "NaN"),
        ("f64", "-1e300", "-1e+300"),
        ("f64", "-Infinity", "-inf"),
        ("f32", "INF", "inf"),
        ("@f32", "nan", "NaN"),
        ("@i8", "5", "5"),
        ("@f64", "0.5", "0.5"),
        ("@bool", "true", "true"),
        ("text", "grün", "grün"),
        ("ascii", "plain", "plain"),
        ("grid", "[[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]", "1\t2\t3\t4\n5\t6\t7\t8\n9\t10\t11\t12"),
        ("grid[1, ::2]", "[-5, -7]", "-5\n-7"),
        ("grid[-1, -1]", "0", "0"),
        ("grid@scale", "2.5", "2.5"),
    ] {
        let types = run(folder, "tree all.h5 -n 0 -a");
        let (output, code) = run(folder, &format!("set all.h5 '{name}' '{new}'"));
        assert_eq!((output.as_str(), code), ("", 0), "{name}");
        assert_eq!(run(folder, &format!("get all.h5 '{name}'")), (format!("{shown}\n"), 0), "{name}");
        let strip = |text: String| -> String {
            text.lines()
                .filter(|line| !line.contains('@'))
                .map(|line| format!("{}\n", line.split("  ").take(2).collect::<String>()))
                .collect()
        };
        assert_eq!(strip(types.0), strip(run(folder, "tree all.h5 -n 0 -a").0), "{name}");
    }
    let before = std::fs::read(&path).unwrap();
    for (name, new) in [
        ("bool", "2"),
        ("i8", "128"),
        ("u8", "-1"),
        ("u64", "1.5"),
        ("i32", "x"),
        ("f32", "1e300"),
        ("f64", "1e999"),
        ("@f32", "-1e39"),
        ("@f64", "1e999"),
        ("ascii", "grün"),
        ("grid", "[1, 2]"),
        ("grid[0, 0]", "40000"),
        ("grid[7, 0]", "1"),
        ("nothing", "1"),
        ("@nothing", "1"),
        ("/", "1"),
    ] {
        let (output, code) = run(folder, &format!("set all.h5 '{name}' '{new}'"));
        assert!(code > 0 && output.starts_with("filebacked: "), "{name}: {output}");
        assert!(std::fs::read(&path).unwrap() == before, "{name}");
    }
    assert!(std::fs::read_dir(folder).unwrap().count() == 1, "nothing is left beside the file");
}

/// Strings of fixed length get another that is not too long, and keep what they have: attributes, and other links.
#[test]
fn set_strings() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let title = Value::from("short").with_attr("language", "en");
    filebacked::to_file(folder.join("run.h5"), &Value::from_iter([("title", title), ("seed", Value::from(1))]))
        .unwrap();
    {
        let file = hdf5::File::open_rw(folder.join("run.h5")).unwrap();
        file.link_hard("title", "same").unwrap();
        file.new_dataset::<FixedAscii<4>>().shape(3).create("names").unwrap();
    }
    for in_place in ["", "--in-place"] {
        for text in ["a", "grün", "short"] {
            assert_eq!(run(folder, &format!("set run.h5 title '{text}' {in_place}")), (String::new(), 0));
            assert_eq!(run(folder, "get run.h5 same").0, format!("{text}\n"));
            assert_eq!(run(folder, "get run.h5 title@language").0, "en\n");
        }
        let before = std::fs::read(folder.join("run.h5")).unwrap();
        for (command, why) in
            [("title 'a longer one'", "5 are the most"), ("names[0] abcde", "4 are the most"), ("names[0] ü", "ASCII")]
        {
            let (output, code) = run(folder, &format!("set run.h5 {command} {in_place}"));
            assert!(code == 2 && output.contains(why), "{command}: {output}");
            assert!(std::fs::read(folder.join("run.h5")).unwrap() == before, "{command}");
        }
        assert_eq!(run(folder, &format!("set run.h5 names '[\"a\", \"\", \"abcd\"]' {in_place}")), (String::new(), 0));
        assert_eq!(run(folder, "get run.h5 names --json").0, "[\"a\",\"\",\"abcd\"]\n");
        assert_eq!(run(folder, &format!("set run.h5 title@language de {in_place}")), (String::new(), 0));
        assert_eq!(run(folder, "get run.h5 title@language").0, "de\n");
        assert_eq!(run(folder, &format!("set run.h5 title@language en {in_place}")), (String::new(), 0));
    }
    let (output, code) = run(folder, "set run.h5 new/mixed '[1.5, 9007199254740993]' --create");
    assert!(code == 2 && output.contains("9007199254740993"), "{output}");
    assert_eq!(run(folder, "set run.h5 new/list '[1, 2.5]' --create"), (String::new(), 0));
    assert_eq!(run(folder, "get run.h5 new/list --json").0, "[1.0,2.5]\n");
    assert_eq!(run(folder, "set run.h5 seed 2 --in-place").1, 0);
    assert_eq!(run(folder, "get run.h5 seed").0, "2\n");
}

/// A list is begun, and goes on with the types that it has.
#[test]
fn append_begins_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("first.ndjson"), "{\"id\": 1, \"x\": 1}\n{\"id\": 2, \"x\": 2.5, \"name\": \"b\"}\n")
        .unwrap();
    std::fs::write(folder.join("more.csv"), "id,x,name\n3,7,c\n4,NaN,\n").unwrap();
    assert_eq!(run(folder, "append log.h5 steps < first.ndjson"), (String::new(), 0));
    assert_eq!(run(folder, "append log.h5 steps -i more.csv"), (String::new(), 0));
    let (output, code) = run(folder, "get log.h5 steps --csv");
    assert_eq!((output.as_str(), code), ("id,x,name\n1,1.0,\n2,2.5,b\n3,7.0,c\n4,NaN,\n", 0));
    for (record, why) in
        [("{\"id\": \"x\", \"x\": 1}", "`id`"), ("{\"id\": 1, \"y\": 1}", "`y`"), ("[1]", "object"), ("{", "JSON")]
    {
        std::fs::write(folder.join("wrong.ndjson"), record).unwrap();
        let (output, code) = run(folder, "append log.h5 steps -i wrong.ndjson");
        assert!(code == 2 && output.contains(why), "{record}: {output}");
        assert_eq!(run(folder, "get log.h5 steps --csv").0.lines().count(), 5);
    }
    // What the types do not hold, and columns of one name.
    #[derive(Serialize)]
    struct Sample {
        x: f32,
    }
    let mut samples = Appender::create_file(folder.join("samples.h5"), "list").unwrap();
    samples.push(&Sample { x: 0.5 }).unwrap();
    samples.finish().unwrap();
    for (table, file, why) in [
        ("x\n1e300\n", "samples.h5", "`f32`"),
        ("x,x\n1,2\n", "samples.h5", "two columns `x`"),
        ("x\n18446744073709551617\n", "new.h5", "18446744073709551617"),
        ("x\n1.5\n9007199254740993\n", "new.h5", "9007199254740993"),
    ] {
        std::fs::write(folder.join("wrong.csv"), table).unwrap();
        let (output, code) = run(folder, &format!("append {file} list -i wrong.csv"));
        assert!(code == 2 && output.contains(why), "{table}: {output}");
    }
    std::fs::write(folder.join("large.csv"), "x\n18446744073709551616\n-9223372036854775808\n0.5\n").unwrap();
    assert_eq!(run(folder, "append large.h5 list -i large.csv"), (String::new(), 0));
    // A table, which has no options, of this crate's.
    make_files(folder);
    let (output, code) = run(folder, "append run.h5 steps -i records.ndjson");
    assert!(code == 2 && output.contains("count"), "{output}");
    std::fs::write(folder.join("full.ndjson"), "{\"time\": 9, \"energy\": 1, \"count\": 3}\n").unwrap();
    let (output, code) = run(folder, "append run.h5 steps -i full.ndjson");
    if code == 0 {
        assert_eq!(run(folder, "get run.h5 'steps[-1]' --json").0, "{\"time\":9.0,\"energy\":1.0,\"count\":3}\n");
    } else {
        assert!(output.contains("cannot grow") || output.contains("chunk"), "{output}");
    }
}

/// There and back again.
#[test]
fn convert_goes_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let value = serde_json::json!({
        "title": "plate",
        "weights": [0.5, 0.25, 1.0],
        "grid": [[1, 2, 3], [4, 5, 6]],
        "list": [{"id": 1, "tags": ["a"]}, {"id": 2, "tags": []}],
        "none": null,
        "flag": true,
        "deep": {"a": {"b": [1.5, null]}},
    });
    filebacked::to_file(folder.join("run.h5"), &value).unwrap();
    for end in ["json", "msgpack", "cbor"] {
        assert_eq!(run(folder, &format!("convert run.h5 run.{end}")), (String::new(), 0), "{end}");
        assert_eq!(run(folder, &format!("convert run.{end} back-{end}.h5")), (String::new(), 0), "{end}");
        let back: serde_json::Value = filebacked::from_file(folder.join(format!("back-{end}.h5"))).unwrap();
        assert_eq!(back, value, "{end}");
    }
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join("run.json")).unwrap()).unwrap();
    assert_eq!(json, value);
    let (output, _) = run(folder, "convert run.h5 - --to json --at deep");
    assert_eq!(output, "{\"a\":{\"b\":[1.5,null]}}\n");
    // Tables.
    make_files(folder);
    assert_eq!(run(folder, "convert run.h5 steps.csv --at steps").1, 0);
    assert_eq!(run(folder, "convert steps.csv steps.h5").1, 0);
    assert_eq!(run(folder, "get steps.h5 / --csv").0, std::fs::read_to_string(folder.join("steps.csv")).unwrap());
    assert_eq!(run(folder, "convert run.h5 steps.ndjson --at steps").1, 0);
    assert_eq!(std::fs::read_to_string(folder.join("steps.ndjson")).unwrap().lines().count(), 5);
    assert_eq!(run(folder, "convert steps.ndjson again.h5 --at a/b").1, 0);
    assert_eq!(run(folder, "get again.h5 'a/b/energy[0]'").0, "-0.5\n");
    // The rest of the file stays.
    for command in ["convert steps.ndjson again.h5 --at more", "convert run.json again.h5 --at a/c"] {
        assert_eq!(run(folder, command), (String::new(), 0), "{command}");
        let before = std::fs::read(folder.join("again.h5")).unwrap();
        assert_eq!(run(folder, command).1, 2, "{command}");
        assert!(std::fs::read(folder.join("again.h5")).unwrap() == before, "{command}");
    }
    assert_eq!(run(folder, "get again.h5 'a/b/energy[0]'").0, "-0.5\n");
    assert_eq!(run(folder, "get again.h5 'more/energy[0]'").0, "-0.5\n");
    assert_eq!(run(folder, "get again.h5 a/c/title").0, "plate\n");
    // A pipe stays one, and an input is not written over.
    #[cfg(unix)]
    {
        let line = "mkfifo pipe; timeout 20 cat pipe > piped & filebacked convert run.h5 pipe --to json --at settings; wait; test -p pipe";
        assert_eq!(shell(folder, line), (String::new(), 0));
        assert!(std::fs::read_to_string(folder.join("piped")).unwrap().starts_with("{\"seed\":7"));
    }
    let (output, code) = run(folder, "convert run.h5 ./run.h5 --to json");
    assert!(code == 2 && output.contains("input"), "{output}");
    // What JSON lacks.
    filebacked::to_file(folder.join("nan.h5"), &BTreeMap::from([("x", [f64::NAN, f64::INFINITY])])).unwrap();
    assert_eq!(run(folder, "convert nan.h5 - --to json").0, "{\"x\":[null,null]}\n");
    assert_eq!(run(folder, "convert nan.h5 - --to json --nan string").0, "{\"x\":[\"NaN\",\"Infinity\"]}\n");
    let (output, code) = run(folder, "convert nan.h5 nan.json --nan error");
    assert!(code == 2 && output.contains("--nan") && !folder.join("nan.json").exists(), "{output}");
    let file = hdf5::File::open_rw(folder.join("nan.h5")).unwrap();
    file.link_soft("/nowhere", "link").unwrap();
    drop(file);
    assert!(run(folder, "convert nan.h5 - --to json").1 > 0);
    assert_eq!(run(folder, "convert nan.h5 - --to json --unreadable null").0, "{\"x\":[null,null],\"link\":null}\n");
    for (command, why) in [
        ("convert run.h5 run.unknown", "format"),
        ("convert run.json run.cbor", "HDF5"),
        ("convert no.json x.h5", "no.json"),
        #[cfg(not(feature = "parquet"))]
        ("convert run.h5 list.parquet --at list", "`cargo install filebacked-cli --features parquet`"),
        #[cfg(not(feature = "parquet"))]
        ("convert list.parquet list.h5", "built without Parquet"),
    ] {
        let (output, code) = run(folder, command);
        assert!(code == 2 && output.contains(why), "{command}: {output}");
    }
}

#[test]
fn completions_know_paths() {
    let folder = tempfile::tempdir().unwrap();
    make_files(folder.path());
    for name in ["bash", "zsh", "fish"] {
        let (output, code) = run(folder.path(), &format!("completions {name}"));
        assert!(code == 0 && output.contains("COMPLETE"), "{name}: {output}");
    }
    let complete = |word: &str| {
        let line =
            format!("_CLAP_COMPLETE_INDEX=3 _CLAP_IFS='\n' COMPLETE=bash filebacked -- filebacked get run.h5 '{word}'");
        shell(folder.path(), &line).0
    };
    assert!(complete("se").contains("settings/"), "{}", complete("se"));
    assert!(complete("settings/s").contains("settings/seed"), "{}", complete("settings/s"));
}

/// The files of others that the repository has.
fn fixtures(folder: &str) -> Vec<std::path::PathBuf> {
    let mut waiting = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(folder)];
    let mut files = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "h5") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// What is said of another name of a group than its first is not passed over in silence.
#[test]
fn repack_speaks_of_other_names_of_groups() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let series = |seed: u32| (0..20_000).map(|at| f64::from(at % seed)).collect::<Vec<_>>();
    let group = BTreeMap::from([("x", series(7)), ("y", series(11))]);
    filebacked::to_file(folder.join("run.h5"), &BTreeMap::from([("a", group)])).unwrap();
    hdf5::File::open_rw(folder.join("run.h5")).unwrap().link_hard("a", "b").unwrap();
    for (arguments, words) in [
        ("--at 'b/x:deflate=1'", "  /b  as before: it is a group that has more than one name"),
        ("--at 'b:deflate=1'", "  /b  as before: it is a group that has more than one name"),
        ("--at 'b/**:lzf'", "  /b  as before: it is a group that has more than one name"),
        ("--at 'a/x:lzf' --at 'b/x:deflate=1'", "  /b    as before: it is a group that has more than one name"),
    ] {
        let (output, code) = run(folder, &format!("repack run.h5 new.h5 {arguments}"));
        assert!(code == 0 && output.lines().any(|line| line.starts_with(words)), "{arguments}: {output}");
    }
    for (arguments, words) in [
        ("--skip b/x", "`--skip b/x`: the group is `/a`, too"),
        ("--skip a/x --skip 'b/*'", "`--skip b/*`: the group is `/a`, too"),
    ] {
        let (output, code) = run(folder, &format!("repack run.h5 new.h5 {arguments}"));
        assert!(code == 2 && output.contains(words), "{arguments}: {output}");
    }
    // What is said of both names, or of the link alone, needs no words.
    for (arguments, left) in [
        ("--at '**:deflate=1'", "a b"),
        ("--at '*/x:lzf'", "a b"),
        ("--skip '*/x'", "a b"),
        ("--skip b", "a"),
        ("--skip a", "b"),
    ] {
        let (output, code) = run(folder, &format!("repack run.h5 new.h5 {arguments}"));
        assert!(
            code == 0 && !output.contains("/b ") && !output.contains("more than one name"),
            "{arguments}: {output}"
        );
        let (output, _) = run(
            folder,
            "tree new.h5 -d 1 --json | grep -o '\"path\":\"/[ab]\"' | grep -o '[ab]\"' | tr -d '\"' | xargs echo",
        );
        assert_eq!(output.trim(), left, "{arguments}");
    }
}

/// A file that is made anew has what it had, however it is stored.
#[test]
fn repacked_files_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    make_files(folder);
    let files =
        ["matrices", "golden", "python-filebacked"].into_iter().flat_map(fixtures).chain([folder.join("run.h5")]);
    let mut count = 0;
    for file in files {
        let file = file.display();
        for ways in ["", "--at '**:deflate=4,above=0'", "--at '**:lzf,chunk=3,above=0'", "--at '**:none'"] {
            let (output, code) = run(folder, &format!("repack '{file}' new.h5 {ways}"));
            // Where no dataset has one dimension, chunks of such are an error.
            if output.contains("chunks of shape [3]") {
                continue;
            }
            assert_eq!(code, 0, "{file} {ways}: {output}");
            assert_eq!(run(folder, &format!("diff '{file}' new.h5")), (String::new(), 0), "{file} {ways}");
            assert_eq!(run(folder, "check -q new.h5"), (String::new(), 0), "{file} {ways}");
            count += 1;
        }
    }
    assert!(count > 20, "{count}");
}

/// A damaged file, or one that was made to do harm, ends in an error or is made anew, and stays as it is.
#[test]
fn repack_takes_any_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let files: Vec<_> = ["damaged", "hostile"].into_iter().flat_map(fixtures).collect();
    assert!(files.len() > 20, "{}", files.len());
    for file in files {
        let before = std::fs::read(&file).unwrap();
        // What is written anew is read, too.
        let ways = "--at '**:deflate=1,above=0'";
        let (output, code) =
            run(folder, &format!("repack '{}' new.h5 {ways} >out 2>&1; code=$?; cat out; exit $code", file.display()));
        assert!((0..=2).contains(&code) && !output.contains("panicked"), "{} {ways}: {code}: {output}", file.display());
        assert!(std::fs::read(&file).unwrap() == before);
    }
}

/// Integers that no type holds are errors, and not rounded.
#[test]
fn integers_are_exact() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (text, code) in
        [("18446744073709551615", 0), ("18446744073709551617", 2), ("-9223372036854775809", 2), ("1e30", 0)]
    {
        for command in ["convert in.json out.h5", "append log.h5 steps -i in.json --create"] {
            std::fs::write(folder.join("in.json"), format!("{{\"x\": {text}}}")).unwrap();
            let (output, found) = run(folder, &format!("{command}; code=$?; rm -f log.h5; exit $code"));
            assert_eq!(found, code, "{text} {command}: {output}");
            assert!(code == 0 || output.contains(text), "{output}");
        }
    }
}
