//! What the tree of a group shows.

use filebacked::hdf5;
use serde::Serialize;
use serde_json::json;

#[derive(Serialize)]
struct Run {
    #[serde(rename = "@unit")]
    unit: &'static str,
    title: &'static str,
    none: Option<u8>,
    wide: i128,
    matrix: Vec<Vec<f32>>,
    points: Vec<Point>,
    mixed: serde_json::Value,
    nothing: Vec<u8>,
}

#[derive(Serialize)]
struct Point {
    x: f64,
    label: Label,
    at: [i8; 2],
}

#[derive(Serialize)]
enum Label {
    Near,
    Far,
}

#[test]
fn all_sorts() {
    let folder = tempfile::tempdir().unwrap();
    let file = hdf5::File::create(folder.path().join("tree.h5")).unwrap();
    let run = Run {
        unit: "mm",
        title: "two\nlines",
        none: None,
        wide: -1,
        matrix: vec![vec![0.5; 100]; 2],
        points: vec![
            Point { x: 1.0, label: Label::Near, at: [1, 2] },
            Point { x: -1.5, label: Label::Far, at: [3, 4] },
        ],
        mixed: json!([1, "two", null]),
        nothing: vec![],
    };
    filebacked::write(&file, "run", &run).unwrap();
    let group = file.group("run").unwrap();
    group.link_hard("/run", "again").unwrap();
    group.link_soft("/nowhere", "dangling").unwrap();
    let shown = filebacked::tree(&group).unwrap().to_string();
    let expected = "\
/run                group
├─ @unit            string                                                 \"mm\"
├─ title            string(9)                                              \"two lines\"
├─ none             null
├─ wide             compound {hi: i64, lo: u64} i128                       (-1, 18446744073709551615)
├─ matrix           f32 (2, 100)                                           0.5, 0.5, 0.5, 0.5, ...
├─ points           compound {x: f64, label: enum {Near, Far}, at: [i8; 2]} (2,)  (1.0, Near, [1, 2]), (-1.5, Far, [3, 4])
├─ mixed            nulls
│  ├─ values        mixed
│  │  ├─ tag        enum {u64, string} (3,)                                u64, string, u64
│  │  ├─ u64        u64 (2,)                                               1, 0
│  │  └─ string     string(3) (1,)                                         \"two\"
│  └─ mask          bool (3,)                                              false, false, true
├─ nothing          f64 (0,)
├─ again            group                                                  (a link to a group above)
└─ dangling         ?                                                      (the link leads to `/nowhere`, where nothing is)
";
    // Widths are a matter of taste; what is said is not.
    let words = |text: &str| -> Vec<String> {
        let line = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        text.lines().map(line).map(|line| line.split(": unable").next().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(words(&shown), words(expected), "{shown}");
}

/// Attributes of datasets, how datasets are stored, names with a `/`, and values of all types.
#[test]
fn all_there_is_to_know() {
    #[derive(hdf5::H5Type, Clone, Copy)]
    #[repr(C)]
    struct Complex {
        r: f64,
        i: f64,
    }
    #[derive(hdf5::H5Type, Clone, Copy)]
    #[repr(C)]
    struct Outer {
        z: Complex,
        n: i32,
    }
    let folder = tempfile::tempdir().unwrap();
    let file = hdf5::File::create(folder.path().join("known.h5")).unwrap();
    let (z, n) = (Complex { r: 1.5, i: -2.0 }, 7);
    let plain = file.new_dataset_builder().with_data(&[0.5, 1.5]).create("plain").unwrap();
    plain.new_attr::<f64>().create("scale").unwrap().write_scalar(&0.5).unwrap();
    let unit: hdf5::types::VarLenUnicode = "mm".parse().unwrap();
    plain.new_attr::<hdf5::types::VarLenUnicode>().create("units").unwrap().write_scalar(&unit).unwrap();
    filebacked::WriteOptions::new().deflate(4).write(&file, "packed", &vec![0.5; 10_000]).unwrap();
    file.new_dataset_builder().with_data(&[z, z]).create("complex").unwrap();
    file.new_dataset_builder().with_data(&[Outer { z, n }]).create("nested").unwrap();
    filebacked::write(&file, "keys", &std::collections::BTreeMap::from([("a/b", 1)])).unwrap();
    let shown = filebacked::tree(&file).unwrap().to_string();
    let lines: Vec<String> = shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in [
        "├─ @scale f64 0.5",
        "└─ @units string \"mm\"",
        "├─ packed f64 (10000,), chunks (10000,), shuffle, deflate(4) 0.5, 0.5, 0.5, 0.5, ...",
        "└─ a%2Fb i32 1",
    ] {
        assert!(lines.iter().any(|found| found.ends_with(line)), "{line}\n{shown}");
    }
    for values in ["1.5-2i, 1.5-2i", "(1.5-2i, 7)"] {
        assert!(lines.iter().any(|found| found.ends_with(values)), "{values}\n{shown}");
    }
    assert_eq!(filebacked::read::<i32>(&file, "keys/a%2Fb").unwrap(), 1);
}
