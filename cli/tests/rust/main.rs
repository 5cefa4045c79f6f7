//! What `filebacked rust` prints compiles, reads the file, and writes it back equal.

#[path = "../common/mod.rs"]
mod common;

mod cases;
mod foreign;
mod project;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use common::shell;

/// A file, and what of it is written otherwise than it was.
struct Case {
    name: String,
    path: PathBuf,
    exceptions: Vec<Exception>,
    /// It is another program's.
    is_foreign: bool,
}

/// A difference that is meant, and why.
struct Exception {
    /// What the path begins with.
    path: &'static str,
    /// What sort of difference it is, for `diff --json`; nothing for any.
    kind: &'static str,
    /// Why it is.
    reason: &'static str,
}

/// What the differences of two files are, but for those that are meant.
fn differences(case: &Case, copy: &Path, met: &mut [bool]) -> Vec<String> {
    let line = format!("filebacked diff --json '{}' '{}'", case.path.display(), copy.display());
    let (output, code) = shell(Path::new("."), &line);
    let Ok(serde_json::Value::Array(all)) = serde_json::from_str(&output) else {
        return vec![format!("{code}: {output}")];
    };
    let mut own_met = vec![false; case.exceptions.len()];
    // What is meant of a value's type, or form, is meant of its shape and numbers, too.
    let text = |difference: &serde_json::Value, key: &str| difference[key].as_str().unwrap_or_default().to_owned();
    let rules = |difference: &serde_json::Value| {
        let rules = foreign::RULES.iter().enumerate().filter(|(_, rule)| case.is_foreign && rule.is_about(difference));
        rules.map(|(number, _)| number).collect::<Vec<_>>()
    };
    let others: HashSet<String> = all
        .iter()
        .filter(|difference| !rules(difference).is_empty())
        .map(|difference| text(difference, "path"))
        .collect();
    let mut left = Vec::new();
    for difference in &all {
        let (path, kind) = (text(difference, "path"), text(difference, "kind"));
        let mut is_meant = false;
        for (exception, met) in case.exceptions.iter().zip(&mut own_met) {
            let is_such = path.starts_with(exception.path) && (exception.kind.is_empty() || exception.kind == kind);
            *met |= is_such || exception.kind == "another";
            is_meant |= is_such;
        }
        for number in rules(difference) {
            met[number] = true;
            is_meant = true;
        }
        // The numbers are the same.
        is_meant |= ["shape", "values", "value"].contains(&&*kind) && others.contains(&path);
        if !is_meant {
            left.push(difference.to_string());
        }
    }
    let unmet = case.exceptions.iter().zip(&own_met).filter(|(_, met)| !**met);
    left.extend(
        unmet
            .map(|(exception, _)| format!("there is no difference at {}, though {}", exception.path, exception.reason)),
    );
    left
}

/// All files are read and written by one program, which is built once.
#[test]
fn what_is_printed_reads_the_file_and_writes_it_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = cases::made(folder.path());
    all.extend(foreign::copied());
    let mut failures = project::run(folder.path(), &all, false);
    let mut met = vec![false; foreign::RULES.len()];
    for (number, case) in all.iter().enumerate() {
        let copy = folder.path().join(format!("copy-{number}.h5"));
        if copy.exists() {
            let found = differences(case, &copy, &mut met);
            failures.extend(found.into_iter().map(|difference| format!("{}: {difference}", case.name)));
        }
    }
    let unmet = foreign::RULES.iter().zip(&met).filter(|(_, met)| !**met);
    failures.extend(unmet.map(|(rule, _)| format!("no file has what a rule is for: {}", rule.reason)));
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

/// The same of matrices of `nalgebra` and tables of Arrow, for which the crate has more cargo features.
#[cfg(feature = "parquet")]
#[test]
fn with_more_features() {
    use std::sync::Arc;

    use filebacked::Table;
    use filebacked::arrow_array::builder::{FixedSizeListBuilder, Float32Builder, Int32Builder, ListBuilder};
    use filebacked::arrow_array::types::Int8Type;
    use filebacked::arrow_array::{
        ArrayRef, BinaryArray, BooleanArray, Date32Array, DictionaryArray, DurationSecondArray, Float64Array,
        Int64Array, RecordBatch, StringArray, StructArray, Time64MicrosecondArray, TimestampMillisecondArray,
        UInt8Array,
    };

    let folder = tempfile::tempdir().unwrap();
    let mut lists = ListBuilder::new(Int32Builder::new());
    lists.append_value([Some(1), None]);
    lists.append_null();
    lists.append_value([]);
    let mut points = FixedSizeListBuilder::new(Float32Builder::new(), 2);
    for number in 0..3_u8 {
        points.values().append_value(f32::from(number));
        points.values().append_value(0.5);
        points.append(true);
    }
    let inner: Vec<(&str, ArrayRef)> = vec![("x", Arc::new(Float64Array::from(vec![0.5, 1.5, 2.5])))];
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("n", Arc::new(Int64Array::from(vec![Some(1), None, Some(3)]))),
        ("byte", Arc::new(UInt8Array::from(vec![1, 2, 255]))),
        ("ok", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        ("name", Arc::new(StringArray::from(vec![Some("a"), None, Some("schön")]))),
        ("kind", Arc::new(["T", "B", "T"].into_iter().collect::<DictionaryArray<Int8Type>>())),
        ("path", Arc::new(lists.finish())),
        ("point", Arc::new(points.finish())),
        ("blob", Arc::new(BinaryArray::from(vec![&b"\x00\xff"[..], b"", b"a"]))),
        ("day", Arc::new(Date32Array::from(vec![0, 1, 20_000]))),
        ("when", Arc::new(TimestampMillisecondArray::from(vec![Some(1_500), None, Some(0)]).with_timezone("UTC"))),
        ("clock", Arc::new(Time64MicrosecondArray::from(vec![0, 1, 2]))),
        ("lasts", Arc::new(DurationSecondArray::from(vec![0, 1, 2]))),
        ("inner", Arc::new(StructArray::try_from(inner).unwrap())),
    ];
    let table = Table(RecordBatch::try_from_iter(columns).unwrap());
    let path = folder.path().join("table.h5");
    filebacked::to_file(&path, &std::collections::BTreeMap::from([("steps", table)])).unwrap();
    let matrices = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/golden/nalgebra/0.1.h5");
    let without_marks = ["/steps/day@", "/steps/when/values@", "/steps/clock@", "/steps/lasts@"];
    let exception = |path, kind, reason| Exception { path, kind, reason };
    let mut exceptions = vec![exception("/steps/kind", "object", "codes are what they stand for")];
    let marks = without_marks.into_iter();
    exceptions.extend(marks.map(|path| exception(path, "only in first", "fields of structs have no attributes")));
    let cases = [
        Case { name: "matrices".to_owned(), path: matrices, exceptions: Vec::new(), is_foreign: false },
        Case { name: "table".to_owned(), path, exceptions, is_foreign: false },
    ];
    let mut failures = project::run(folder.path(), &cases, true);
    for (number, case) in cases.iter().enumerate() {
        let found = differences(case, &folder.path().join(format!("copy-{number}.h5")), &mut [false; 100]);
        failures.extend(found.into_iter().map(|difference| format!("{}: {difference}", case.name)));
    }
    let (types, _) = shell(folder.path(), "filebacked rust table.h5");
    assert!(failures.is_empty(), "{} failures:\n{}\n{types}", failures.len(), failures.join("\n"));
}

/// Each numbered section of the page about the layout has a file, whose name begins with the number.
#[test]
fn each_section_of_the_layout_has_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let cases = cases::made(folder.path());
    let tested: HashSet<&str> =
        cases.iter().flat_map(|case| case.name.split(' ').take_while(|word| word.parse::<u8>().is_ok())).collect();
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../FORMAT.md")).unwrap();
    let sections = page.lines().filter_map(|line| line.strip_prefix("### ")?.split_once(". "));
    let missing: Vec<&str> = sections.map(|(number, _)| number).filter(|number| !tested.contains(number)).collect();
    assert!(tested.len() > 30 && missing.is_empty(), "{missing:?}");
}

/// Hostile and damaged files end the command soon, with types or with an error.
#[test]
fn hostile_files_do_no_harm() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let folder = tempfile::tempdir().unwrap();
    let mut count = 0;
    for inner in ["hostile", "damaged"] {
        for entry in std::fs::read_dir(fixtures.join(inner)).unwrap() {
            let file = entry.unwrap().path();
            let line = format!("ulimit -v 4000000; timeout 60 filebacked rust '{}'", file.display());
            let (output, code) = shell(folder.path(), &line);
            assert!(code == 0 || code == 2, "{}: {code}\n{output}", file.display());
            count += 1;
        }
    }
    assert!(count > 15);
}

/// What the options change.
#[test]
fn options_of_the_command() {
    let folder = tempfile::tempdir().unwrap();
    common::make_files(folder.path());
    let run = |line: &str| shell(folder.path(), &format!("filebacked rust {line}"));
    for (line, words) in [
        ("run.h5", "pub struct Run {"),
        ("run.h5 settings", "filebacked::read_at(\"run.h5\", \"settings\")"),
        ("run.h5 settings", "pub struct Settings {"),
        ("run.h5 /settings/seed --name Seed", "pub type Seed = u64;"),
        ("run.h5 particles --name Cloud", "pub type Cloud = Vec<Particle>;"),
        ("run.h5 --name State", "pub struct State {"),
        ("run.h5 --derive Debug,Default", "#[derive(Debug, Default, Deserialize, Serialize)]"),
        ("run.h5", ".at(\"field\", |value| value.chunk([10, 100]).deflate(6))"),
    ] {
        let (output, code) = run(line);
        assert!(code == 0 && output.contains(words), "{line}: {code}\n{output}");
        assert_eq!(run(line).0, output, "{line} prints something else each time");
    }
    let file = filebacked::hdf5::File::create(folder.path().join("large.h5")).unwrap();
    file.new_dataset::<u8>().shape(1 << 30).chunk(1 << 20).create("unwritten").unwrap();
    drop(file);
    // To build these takes another cargo feature.
    let matrices = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/golden/nalgebra/0.1.h5");
    let (output, _) = run(&matrices.display().to_string());
    for words in [
        "features = [\"nalgebra\"]",
        "use nalgebra::{DMatrix, DVector, SMatrix};",
        "pub dynamic: DMatrix<f64>,",
        "pub vector: DVector<i32>,",
        "pub fixed: SMatrix<f64, 2, 3>,",
        "pub list: Vec<Shared<DMatrix<f64>>>,",
    ] {
        assert!(output.contains(words), "{words}:\n{output}");
    }
    for (line, words, expected) in [
        ("run.h5 nothing", "nothing", 1),
        ("none.h5", "none.h5", 2),
        ("run.h5 --name 'a b'", "a name such as `RunState`", 2),
        ("run.h5 --derive 'x)]'", "a name such as `Clone`", 2),
        ("run.h5 --derive Serialize", "in any case", 2),
        ("large.h5", "left out", 0),
        ("large.h5", "--max-expansion", 0),
        ("run.h5 --max-depth 0", "nested too deep", 0),
    ] {
        let (output, code) = run(line);
        assert!(code == expected && output.contains(words), "{line}: {code}\n{output}");
    }
}
