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
