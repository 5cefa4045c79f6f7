//! The house: which parts of the crate may know which. Each layer imports only what is below it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// From the ground up: what stands in one line knows nothing of the others there. Folders end with `/`.
const LAYERS: [(&str, &[&str]); 7] = [
    ("ground", &["ground/"]),
    ("layout", &["layout/"]),
    ("h5", &["h5/"]),
    ("layout attributes", &["layout_attributes.rs"]),
    ("ser and de", &["ser/", "de/"]),
    ("wrappers", &["wrappers/"]),
    (
        "face",
        &[
            "lib.rs",
            "api.rs",
            "appender.rs",
            "deserializer.rs",
            "dist/",
            "file.rs",
            "guide.rs",
            "objects/",
            "options/",
            "reader.rs",
            "remote/",
            "table.rs",
            "temporary_file.rs",
            "tree.rs",
            "tests/",
        ],
    ),
];

/// Where a file stands: the number of its layer, and the part of that.
fn place(file: &str) -> Option<(usize, &'static str)> {
    let is_in = |part: &str| file == part || part.ends_with('/') && file.starts_with(part);
    let mut places =
        LAYERS.iter().enumerate().flat_map(|(layer, (_, parts))| parts.iter().map(move |part| (layer, *part)));
    places.find(|(_, part)| is_in(part))
}

/// A word or a sign of Rust, and the number of its line. A string is one token.
type Token = (usize, String);

/// The source without comments.
fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let (mut tokens, mut at, mut line) = (Vec::new(), 0, 1);
    let starts =
        |at: usize, text: &str| text.chars().enumerate().all(|(offset, char)| chars.get(at + offset) == Some(&char));
    while let Some(char) = chars.get(at).copied() {
        let start = at;
        if starts(at, "//") {
            while chars.get(at).is_some_and(|char| *char != '\n') {
                at += 1;
            }
            continue;
        }
        if starts(at, "/*") {
            let mut depth = 0;
            while at < chars.len() {
                depth += i32::from(starts(at, "/*")) - i32::from(starts(at, "*/"));
                line += usize::from(chars[at] == '\n');
                at += if starts(at, "/*") || starts(at, "*/") { 2 } else { 1 };
                if depth == 0 {
                    break;
                }
            }
            continue;
        }
        if char.is_alphabetic() || char == '_' {
            while chars.get(at).is_some_and(|char| char.is_alphanumeric() || *char == '_') {
                at += 1;
            }
            let word: String = chars[start..at].iter().collect();
            let hashes = chars[at..].iter().take_while(|char| **char == '#').count();
            // A raw string: `r"..."`, `br#"..."#`.
            if word.ends_with('r') && word.len() <= 2 && chars.get(at + hashes) == Some(&'"') {
                let end = format!("\"{}", "#".repeat(hashes));
                at += hashes + 1;
                while at < chars.len() && !starts(at, &end) {
                    at += 1;
                }
                at = chars.len().min(at + end.len());
            }
        } else if char == '"' {
            at += 1;
            while chars.get(at).is_some_and(|char| *char != '"') {
                at += if chars[at] == '\\' { 2 } else { 1 };
            }
            at += 1;
        } else if char == '\'' && (chars.get(at + 1) == Some(&'\\') || chars.get(at + 2) == Some(&'\'')) {
            // A char, and no lifetime.
            at += 2;
            while chars.get(at).is_some_and(|char| *char != '\'') {
                at += 1;
            }
            at += 1;
        } else {
            at += if starts(at, "::") { 2 } else { 1 };
        }
        let token: String = chars[start..at.min(chars.len())].iter().collect();
        let lines = token.matches('\n').count();
        if !token.trim().is_empty() {
            tokens.push((line, token));
        }
        line += lines;
    }
    tokens
}

/// A path of the crate's that a file names: its line, and its segments, as from the root of the crate.
type Named = (usize, Vec<String>);

/// The paths in a file that is the module `module`.
fn paths(tokens: &[Token], module: &[String]) -> Vec<Named> {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.1.as_str());
    // Modules within the file, and how many braces are open in each.
    let (mut inner, mut braces, mut found) = (Vec::<(String, usize)>::new(), 0, Vec::new());
    let mut at = 0;
    while at < tokens.len() {
        match text(at) {
            "{" => braces += 1,
            "}" => {
                braces -= 1;
                inner.retain(|(_, outer)| *outer < braces);
            }
            "mod" if text(at + 2) == "{" => {
                inner.push((text(at + 1).to_owned(), braces));
                braces += 1;
                at += 2;
            }
            "crate" | "super" | "self" if text(at + 1) == "::" && (at == 0 || text(at - 1) != "::") => {
                let base: Vec<String> =
                    module.iter().cloned().chain(inner.iter().map(|(name, _)| name.clone())).collect();
                at = tree(tokens, at, &base, &mut found);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// The paths of a tree such as `super::{a::B, c}`, which begins at a token; returns where it ends.
fn tree(tokens: &[Token], mut at: usize, prefix: &[String], found: &mut Vec<Named>) -> usize {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.1.as_str());
    let (line, mut path) = (tokens[at].0, prefix.to_vec());
    loop {
        match text(at) {
            "crate" => path.clear(),
            "super" => drop(path.pop()),
            "self" => {}
            "{" => {
                at += 1;
                while !matches!(text(at), "}" | "") {
                    at = if text(at) == "," { at + 1 } else { tree(tokens, at, &path, found) };
                }
                return at + 1;
            }
            name if name.starts_with(|char: char| char.is_alphabetic() || char == '_') => path.push(name.to_owned()),
            _ => {}
        }
        at += 1;
        if text(at) != "::" || text(at + 1) == "<" {
            break;
        }
        at += 1;
    }
    if text(at) == "as" {
        at += 2;
    }
    found.push((line, path));
    at
}

/// The files of the crate, as from `src/`, with their text.
fn sources() -> BTreeMap<String, String> {
    fn add(folder: &Path, root: &Path, found: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                add(&path, root, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).unwrap().components().map(|part| part.as_os_str().to_str().unwrap());
                found.insert(name.collect::<Vec<_>>().join("/"), fs::read_to_string(&path).unwrap());
            }
        }
    }
    let (root, mut found) = (PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src"), BTreeMap::new());
    add(&root, &root, &mut found);
    found
}

/// The module that a file is.
fn module_of(file: &str) -> Vec<String> {
    let path = file.trim_end_matches(".rs");
    let path = path.strip_suffix("/mod").unwrap_or(path);
    path.split('/').filter(|name| *name != "lib").map(str::to_owned).collect()
}

/// What is wrong with the imports of these files.
fn upward(sources: &BTreeMap<String, String>) -> Vec<String> {
    let files: BTreeMap<Vec<String>, &str> = sources.keys().map(|file| (module_of(file), file.as_str())).collect();
    let mut wrong = Vec::new();
    for (file, source) in sources {
        let Some((layer, part)) = place(file) else {
            wrong.push(format!("src/{file} belongs to no layer: put it into the folder of one, or name it in LAYERS"));
            continue;
        };
        for (line, path) in paths(&tokens(source), &module_of(file)) {
            // The longest beginning that is a file.
            let Some(target) = (0..=path.len()).rev().find_map(|len| files.get(&path[..len])) else { continue };
            let Some((other, other_part)) = place(target) else { continue };
            if other > layer || other == layer && part != other_part && LAYERS[layer].0 != "face" {
                wrong.push(format!(
                    "src/{file}:{line}: `crate::{}` is in src/{target}, of the layer {}, which {} may not know: move what both \
                     need to a layer below both, split the file, or have a value or a closure handed in",
                    path.join("::"),
                    LAYERS[other].0,
                    part.trim_end_matches('/'),
                ));
            }
        }
    }
    wrong
}

#[track_caller]
fn nothing(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn imports_lead_down() {
    nothing(&upward(&sources()));
}

/// Words that only some parts of the crate may have in their code: in names or in strings, not in comments.
fn strangers(part: &str, is_strange: impl Fn(&str) -> bool, why: &str) -> Vec<String> {
    strangers_in(&sources(), part, is_strange, why)
}

fn strangers_in(
    sources: &BTreeMap<String, String>,
    part: &str,
    is_strange: impl Fn(&str) -> bool,
    why: &str,
) -> Vec<String> {
    let mut wrong = Vec::new();
    for (file, source) in sources {
        if !file.starts_with(part) {
            continue;
        }
        for (line, token) in tokens(source) {
            for word in token.split(|char: char| !char.is_alphanumeric() && char != '_').filter(|word| is_strange(word))
            {
                wrong.push(format!("src/{file}:{line}: `{word}`: {why}"));
            }
        }
    }
    wrong
}

#[test]
fn h5_alone_calls_libhdf5() {
    // `H5Dread`, `H5P_DEFAULT`; but `H5Type` is a trait of the crate `hdf5`, and `H5PATH` a word of MATLAB's.
    let is_of_c = |word: &str| {
        let is_long = |rest: &str| rest.contains(|char: char| char.is_ascii_lowercase() || char == '_');
        let name = word.strip_prefix("H5").filter(|rest| rest.starts_with(|char: char| char.is_ascii_uppercase()));
        matches!(word, "hdf5_sys" | "hdf5_metno_sys") || name.is_some_and(is_long) && word != "H5Type"
    };
    let why = "nothing but h5 calls libhdf5: add a function to h5, and call that";
    let wrong = strangers("", is_of_c, why);
    nothing(&wrong.into_iter().filter(|line| !line.starts_with("src/h5/")).collect::<Vec<_>>());
}

/// A function of libhdf5's, as C calls it: `H5Dread`, `H5free_memory`. Constants and types have an underscore after the letters
/// of their part: `H5P_DEFAULT`, `H5D_layout_t`.
fn is_function_of_c(word: &str) -> bool {
    let Some(rest) = word.strip_prefix("H5") else { return false };
    let name = rest.trim_start_matches(|char: char| char.is_ascii_uppercase());
    name.starts_with(|char: char| char.is_ascii_lowercase()) && word != "H5Type"
}

#[test]
fn functions_of_libhdf5_are_named_in_sys_alone() {
    let why = "nothing but h5/sys and the driver names functions of C: add a thin function there, and call that";
    let wrong = strangers("h5/", is_function_of_c, why);
    let elsewhere = |line: &String| !line.starts_with("src/h5/sys/") && !line.starts_with("src/h5/driver.rs");
    nothing(&wrong.into_iter().filter(elsewhere).collect::<Vec<_>>());
    for (word, expected) in [
        ("H5Dread", true),
        ("H5PLget", true),
        ("H5Aiterate2", true),
        ("H5free_memory", true),
        ("H5P_DEFAULT", false),
        ("H5D_layout_t", false),
        ("H5_index_t", false),
        ("H5Type", false),
        ("H5", false),
    ] {
        assert_eq!(is_function_of_c(word), expected, "{word}");
    }
}

#[test]
fn h5_knows_nothing_of_serde_and_of_options() {
    let why = "h5 knows nothing of serde: hand it what serde gave as a value";
    nothing(&strangers("h5/", |word| word == "erased_serde" || word.starts_with("serde"), why));
    let why = "h5 knows nothing of the names of options: errors that name one are made by `Limits`, or in layout";
    nothing(&strangers("h5/", |word| matches!(word, "ReadOptions" | "WriteOptions" | "DatasetOptions"), why));
}

/// Whether a word is about the kinds that the layout has, or about the attributes that say them.
fn is_of_kinds(word: &str) -> bool {
    matches!(word, "Kind" | "KIND" | "LENGTH" | "kinds" | "write_kind" | "LayoutAttributes" | "layout_attributes")
}

#[test]
fn h5_knows_nothing_of_kinds() {
    let why =
        "h5 knows nothing of the layout's kinds: put what needs one into `LayoutAttributes`, or have a word handed in";
    nothing(&strangers("h5/", is_of_kinds, why));
    let found = |file: &str, source: &str| {
        strangers_in(&BTreeMap::from([(file.to_owned(), source.to_owned())]), "h5/", is_of_kinds, why)
    };
    for source in [
        "use crate::layout::Kind;",
        "use crate::layout::{KIND, MAX_MESSAGE};",
        "fn f(kind: crate::layout::Kind) {}",
        "fn f(group: &Group) { group.write_kind(1) }",
        "fn f() -> u64 { self.count_of(LENGTH) }",
    ] {
        assert_eq!(found("h5/group.rs", source).len(), 1, "{source}");
        assert_eq!(found("ser/place.rs", source), Vec::<String>::new(), "{source}");
    }
    for source in
        ["// Of a `Kind`.\nfn f() {}", "fn f(error: &Error) -> ErrorKind { error.kind() }", "struct VectorKind;"]
    {
        assert_eq!(found("h5/group.rs", source), Vec::<String>::new(), "{source}");
    }
}

/// What the above sees, and what it does not take for more than it is.
#[test]
fn paths_are_seen_wherever_they_are() {
    let source = r##"
        use crate::ser::{self, node::Node as Other};
        // use crate::a;
        /* use crate::b; /* nested */ use crate::c; */
        pub(crate) use super::text;
        #[cfg(test)]
        mod tests {
            use super::super::limits;
            use super::*;
            const TEXT: &str = "crate::string \" // no comment";
            const RAW: &str = r#"crate::raw "quoted" "#;
            fn f<'a>(char: char) -> crate::de::Source<'a> {
                if char == '"' || char == '\'' { self.g() } else { crate::h5::open::<u8>() }
            }
        }
        pub(in crate::ground) fn g() -> Option<self::inner::Value> { None }
    "##;
    let module = ["ground", "error"].map(str::to_owned);
    let found: Vec<_> =
        paths(&tokens(source), &module).into_iter().map(|(line, path)| (line, path.join("::"))).collect();
    let expected = [
        (2, "ser"),
        (2, "ser::node::Node"),
        (5, "ground::text"),
        (8, "ground::limits"),
        (9, "ground::error"),
        (12, "de::Source"),
        (13, "h5::open"),
        (16, "ground"),
        (16, "ground::error::inner::Value"),
    ];
    assert_eq!(found, expected.map(|(line, path)| (line, path.to_owned())));
}

#[test]
fn upward_imports_are_found() {
    let wrong = |file: &str, source: &str| {
        let house =
            ["lib.rs", "ground/mod.rs", "ground/error.rs", "layout/mod.rs", "h5/mod.rs", "ser/mod.rs", "de/mod.rs"];
        let mut sources: BTreeMap<_, _> = house.map(|file| (file.to_owned(), String::new())).into();
        sources.insert(file.to_owned(), source.to_owned());
        upward(&sources)
    };
    for (file, source) in [
        ("ground/error.rs", "use crate::h5::Group;"),
        ("ground/error.rs", "#[cfg(test)] mod tests { use crate::to_vec; }"),
        ("h5/file.rs", "fn f() -> super::super::ser::Item { g() }"),
        ("de/node.rs", "use crate::ser::Item;"),
        ("ser/node.rs", "fn f() { crate::de::read() }"),
        ("stray.rs", ""),
        ("new/mod.rs", ""),
    ] {
        assert_eq!(wrong(file, source).len(), 1, "{file}: {source}");
    }
    for (file, source) in [
        ("h5/file.rs", "use crate::ground::error::Error; use super::Group;"),
        ("de/node.rs", "use crate::{ground, h5}; use super::{super::layout, Make};"),
        ("reader.rs", "use crate::{Error, de, ser};"),
    ] {
        assert_eq!(wrong(file, source), Vec::<String>::new(), "{file}: {source}");
    }
}
