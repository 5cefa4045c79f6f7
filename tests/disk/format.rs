//! The examples in `FORMAT.md`: their values, and the dumps of what is written for them.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime};

use filebacked::{NdArray, Sparse, Triplets, Value, WithAttrs, WriteOptions, from_file, to_file};
use ndarray::array;
use num_complex::Complex64;
use serde::Serialize;
use serde_bytes::Bytes;
use serde_json::json;
use sprs::{CsMat, TriMat};

use crate::common;

/// The page.
const FORMAT: &str = include_str!("../../FORMAT.md");

/// The section whose example is written to a file of its own. All others become the child `x` of a file's root.
const ROOT: &str = "The root";

/// The sections whose examples are written for the Python package.
const PYTHON: [&str; 3] = ["Objects of classes", "Unions", "Dictionaries"];

/// How wide the dumps on the page are.
const WIDTH: usize = 100;

/// An example: of the page, or of the table below.
#[derive(Debug, PartialEq)]
struct Example {
    section: String,
    /// A Rust expression, without white space.
    code: String,
    /// What h5dump shows of its value, with single spaces.
    dump: String,
}

/// Declares the examples: the section that each is in, and a Rust expression. A section has one or more.
macro_rules! examples {
    ($($section:literal { $($code:tt)* })*) => {
        /// Writes all examples to files in `folder`, and what is read from these without any type; `None` where they cannot
        /// be dumped.
        fn written(folder: &Path) -> Option<(Vec<Example>, Vec<(Value, String)>)> {
            let path = folder.join("example.h5");
            let (mut examples, mut copies) = (Vec::new(), Vec::new());
            $({
                let value = { $($code)* };
                if $section == ROOT {
                    to_file(&path, &value).unwrap();
                } else {
                    let options = WriteOptions::new();
                    let options = if PYTHON.contains(&$section) { options.python("model") } else { options };
                    options.to_file(&path, &BTreeMap::from([("x", value)])).unwrap();
                }
                let level = if $section == ROOT { 1 } else { 2 };
                let dump = dumped(&path, level)?;
                let value: Value = from_file(&path).unwrap();
                let copy = folder.join("copy.h5");
                to_file(&copy, &value).unwrap();
                let again = dumped(&copy, level)?;
                examples.push(Example { section: $section.into(), code: stringify!($($code)*).replace(white, ""), dump });
                copies.push((value, again));
            })*
            Some((examples, copies))
        }
    };
}

fn dumped(path: &Path, level: usize) -> Option<String> {
    let dump = common::h5dump(["--sort_by=creation_order".as_ref(), path.as_os_str()])?;
    Some(shortened(&dump, level))
}

examples! {
    "The root" {
        1.5
    }
    "Integers and floats" {
        42_i32
    }
    "Booleans" {
        true
    }
    "Strings" {
        "plate"
    }
    "Strings" {
        "a\0b"
    }
    "128-bit integers" {
        -1_i128
    }
    "Bytes" {
        Bytes::new(b"\x00\xff")
    }
    "None" {
        None::<f64>
    }
    "Some" {
        Some(1.5)
    }
    "Some" {
        Some(None::<f64>)
    }
    "Units" {
        ()
    }
    "Newtype structs" {
        #[derive(Serialize)]
        struct Metres(f64);

        Metres(1.5)
    }
    "Structs" {
        #[derive(Serialize)]
        struct Run {
            #[serde(rename = "@title")]
            title: &'static str,
            steps: u32,
            dt: f64,
        }

        Run { title: "plate", steps: 10, dt: 0.5 }
    }
    "Maps" {
        BTreeMap::from([("left", 1.5), ("left/right", 2.5)])
    }
    "Maps" {
        BTreeMap::from([((0, 1), 1.5), ((1, 0), 2.5)])
    }
    "Tuples" {
        [[1, 2, 3], [4, 5, 6]]
    }
    "Tuples" {
        vec![Complex64::new(1.0, -2.0)]
    }
    "Tuples" {
        (1, "two")
    }
    "Unit variants" {
        #[derive(Serialize)]
        enum Shape {
            Empty,
        }

        Shape::Empty
    }
    "Other variants" {
        #[derive(Serialize)]
        enum Shape {
            Ellipse(f64, f64),
        }

        Shape::Ellipse(1.5, 0.5)
    }
    "Sequences of numbers" {
        vec![0.5, 1.5]
    }
    "Sequences of equal length" {
        vec![vec![true, false], vec![false, true]]
    }
    "Sequences of strings" {
        vec!["one", "three"]
    }
    "Sequences of strings" {
        vec!["a", "b\0c"]
    }
    "Sequences of unit variants" {
        #[derive(Serialize)]
        enum Axis {
            X,
            Y,
        }

        vec![Axis::Y, Axis::X, Axis::Y]
    }
    "Sequences of flat records" {
        #[derive(Serialize)]
        struct Particle {
            id: u32,
            position: [f64; 2],
        }

        vec![Particle { id: 1, position: [0.5, 1.5] }, Particle { id: 2, position: [2.5, 3.5] }]
    }
    "Sequences of other records" {
        vec![("a", 1), ("b", 2)]
    }
    "Sequences of options" {
        vec![Some(1), None, Some(3)]
    }
    "Fields left out" {
        #[derive(Serialize)]
        struct Note {
            #[serde(skip_serializing_if = "str::is_empty")]
            text: &'static str,
        }

        vec![Note { text: "a" }, Note { text: "" }]
    }
    "Sequences of differing length" {
        vec![vec![1, 2], vec![], vec![3]]
    }
    "Sequences of bytes" {
        vec![Bytes::new(b"ab"), Bytes::new(b"c")]
    }
    "Sequences of maps" {
        json!([{"id": 1, "name": "a"}, {"id": 2, "name": "b"}])
    }
    "Sequences of maps" {
        vec![BTreeMap::from([(1, "one"), (2, "two")]), BTreeMap::new()]
    }
    "Sequences of units" {
        vec![(), (), ()]
    }
    "Sequences of enums with payload" {
        #[derive(Serialize)]
        enum Shape {
            Empty,
            Circle(f64),
            Ellipse(f64, f64),
        }

        vec![Shape::Circle(1.5), Shape::Empty, Shape::Ellipse(1.5, 0.5), Shape::Circle(2.5)]
    }
    "Sequences of mixed types" {
        json!([1, "two", 3])
    }
    "Sequences of mixed types" {
        json!([1.5, null])
    }
    "Empty sequences" {
        Vec::<String>::new()
    }
    "Arrays" {
        NdArray(array![[1_i16, 2, 3], [4, 5, 6]])
    }
    "Arrays" {
        NdArray(array![Complex64::new(1.0, -2.0)])
    }
    "Sequences of objects" {
        vec![NdArray(array![0.5, 1.5]), NdArray(array![2.5])]
    }
    "Values with attributes" {
        #[derive(Serialize)]
        struct Unit {
            unit: &'static str,
            gain: f64,
        }

        WithAttrs { value: [1.5, 2.5], attrs: Unit { unit: "hPa", gain: 0.5 } }
    }
    "Sparse matrices" {
        Sparse(CsMat::new((2, 3), vec![0, 1, 3], vec![2, 0, 1], vec![1.5, 2.5, 3.5]))
    }
    "Sparse matrices" {
        Triplets(TriMat::from_triplets((2, 3), vec![1, 0, 1], vec![0, 2, 0], vec![1.5, 2.5, 3.5]))
    }
    "Times" {
        #[derive(Serialize)]
        struct Run {
            #[serde(with = "filebacked::timestamp")]
            time: Vec<SystemTime>,
        }

        Run { time: (1..=3).map(|second| SystemTime::UNIX_EPOCH + Duration::from_secs(second)).collect() }
    }
    "Objects of classes" {
        #[derive(Serialize)]
        struct Patch {
            label: Option<&'static str>,
            tags: Vec<&'static str>,
            nodes: Vec<[f64; 2]>,
        }

        Patch { label: None, tags: vec!["left"], nodes: vec![[0.0, 0.5], [1.0, 1.5]] }
    }
    "Unions" {
        #[derive(Serialize)]
        enum Either {
            Number(i64),
            Text(&'static str),
        }

        vec![Either::Text("seven"), Either::Number(7)]
    }
    "Dictionaries" {
        BTreeMap::from([(vec!["a", "b"], 1), (vec!["c"], 2)])
    }
}

/// A dump without its outermost `levels`, with single spaces, and with strings cut short as the page says.
fn shortened(dump: &str, levels: usize) -> String {
    let mut dump = dump.split_whitespace().collect::<Vec<_>>().join(" ");
    for _ in 0..levels {
        let inner = dump.split_once('{').and_then(|(_, rest)| rest.rsplit_once('}')).expect("a block").0.trim();
        dump = inner.to_owned();
    }
    for padding in ["H5T_STR_NULLPAD", "H5T_STR_NULLTERM"] {
        dump = dump.replace(&format!(" STRPAD {padding}; CSET H5T_CSET_UTF8; CTYPE H5T_C_S1;"), "");
    }
    // A string attribute, but for its size, up to its text.
    let (before_size, after_size) = ("{ DATATYPE H5T_STRING { STRSIZE ", "; } DATASPACE SCALAR DATA { (0): \"");
    let mut parts = dump.split("ATTRIBUTE ");
    let mut short = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let cut = part.split_once(before_size).and_then(|(name, rest)| Some((name, rest.split_once(after_size)?.1)));
        let part = match cut {
            Some((name, text)) if !name.contains('{') => {
                format!("{name}{{ \"{}", text.replacen("\" } }", "\" }", 1))
            }
            _ => part.to_owned(),
        };
        short = format!("{short}ATTRIBUTE {part}");
    }
    short
}

/// A shortened dump in lines: blocks that fit into one are in one.
fn folded(dump: &str, indent: usize) -> String {
    let mut items: Vec<String> = Vec::new();
    let (mut depth, mut begins) = (0, true);
    for token in dump.split(' ') {
        begins |= depth == 0
            && (["GROUP", "DATASET", "ATTRIBUTE", "DATATYPE", "DATASPACE", "DATA"].contains(&token)
                || token.starts_with('(') && token.ends_with("):"));
        match items.last_mut() {
            Some(item) if !begins => *item += &format!(" {token}"),
            _ => items.push(token.to_owned()),
        }
        depth = depth + usize::from(token == "{") - usize::from(token.starts_with('}'));
        begins = depth == 0 && token.ends_with(';');
    }
    let mut lines = String::new();
    for item in items {
        let space = " ".repeat(indent);
        match item.split_once("{ ").and_then(|(head, rest)| Some((head, rest.strip_suffix(" }")?))) {
            Some((head, inner)) if indent + item.len() > WIDTH => {
                lines += &format!("{space}{head}{{\n{}{space}}}\n", folded(inner, indent + 3));
            }
            _ => lines += &format!("{space}{item}\n"),
        }
    }
    lines
}

fn white(char: char) -> bool {
    char.is_whitespace()
}

/// The examples of the page: under each numbered heading, pairs of a block in Rust and a dump.
fn documented() -> Vec<Example> {
    let mut examples = Vec::new();
    let (mut section, mut code) = (String::new(), None);
    let mut lines = FORMAT.lines();
    while let Some(line) = lines.next() {
        if let Some(heading) = line.strip_prefix("### ") {
            section = heading.split_once(". ").map_or(heading, |(_, title)| title).to_owned();
        }
        let Some(language) = line.strip_prefix("```").filter(|language| !language.is_empty()) else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        match language {
            "rust" => code = Some(block.concat().replace(white, "")),
            "h5dump" => {
                let code = code.take().unwrap_or_else(|| panic!("{section}: a dump without a value"));
                let dump = block.iter().flat_map(|line| line.split_whitespace()).collect::<Vec<_>>().join(" ");
                examples.push(Example { section: section.clone(), code, dump });
            }
            _ => {}
        }
    }
    examples
}

#[test]
fn dumps_are_true() {
    let folder = tempfile::tempdir().unwrap();
    let Some((written, _)) = written(folder.path()) else { return };
    let documented = documented();
    let wrong: Vec<String> = written
        .iter()
        .filter(|example| !documented.contains(example))
        .map(|example| format!("### {}\n{}\n{}", example.section, example.code, folded(&example.dump, 0)))
        .collect();
    assert!(wrong.is_empty(), "FORMAT.md differs from these:\n\n{}", wrong.join("\n"));
    assert_eq!(documented, written);
}

#[test]
fn any_value_is_written_as_it_was_read() {
    let folder = tempfile::tempdir().unwrap();
    let Some((written, copies)) = written(folder.path()) else { return };
    let wrong: Vec<String> = written
        .iter()
        .zip(&copies)
        .filter(|(example, (_, again))| example.dump != *again)
        .map(|(example, (value, again))| format!("### {}\n{}\n{value:?}\n{again}", example.section, example.dump))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_section_has_an_example() {
    let examples = documented();
    let headings = FORMAT.lines().filter_map(|line| line.strip_prefix("### "));
    let numbered: Vec<(&str, &str)> = headings.filter_map(|heading| heading.split_once(". ")).collect();
    for ((number, title), expected) in numbered.iter().zip(1..) {
        assert_eq!(number.parse(), Ok(expected), "{title}");
        assert!(examples.iter().any(|example| example.section == *title), "{title}");
    }
}
