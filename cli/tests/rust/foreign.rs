//! Files of other programs, and what of them the crate has in a form of its own.

use std::path::Path;

use serde_json::Value;

use crate::{Case, Exception};

/// What a sort of difference is, in files of all programs: what the crate does not write as others do.
pub(crate) struct Rule {
    /// The sort, for `diff --json`.
    kind: &'static str,
    /// What the type in the first file begins with, or what is in one file alone.
    from: &'static str,
    /// What the type in the second begins with.
    to: &'static str,
    /// What the path ends with, or has in it.
    path: &'static str,
    pub(crate) reason: &'static str,
}

const fn rule(kind: &'static str, from: &'static str, to: &'static str, reason: &'static str) -> Rule {
    Rule { kind, from, to, path: "", reason }
}

const fn mark(kind: &'static str, path: &'static str, reason: &'static str) -> Rule {
    Rule { kind, from: "", to: "", path, reason }
}

/// All such sorts. Each is met in one of the files.
pub(crate) const RULES: &[Rule] = &[
    rule("type", "string", "string", "strings have the length, padding and character set that the crate gives them"),
    rule("type", "values: string", "values: string", "the same within records"),
    rule("type", "index: string", "index: string", "the same"),
    rule("type", "label: string", "label: string", "the same"),
    rule("type", "tag: string", "tag: string", "the same"),
    rule("type", "float(80 bits)", "f64", "floats of more bits are read where 64 hold them"),
    mark("only in first", "%", "names with a percent sign, or that are no UTF-8, are escaped"),
    mark("only in second", "%", "the same"),
    mark("only in second", "@filebacked", "the crate marks what it writes"),
    mark("only in second", "@format", "a sparse matrix has the marks of AnnData and of FileBacked"),
    mark("only in second", "@m", "the same"),
    mark("only in second", "@n", "the same"),
    mark("only in second", "@shape", "the same"),
    mark("only in second", "@encoding-type", "the same"),
    mark("only in second", "@encoding-version", "the same"),
    mark("only in first", "@h5sparse_format", "the same"),
    mark("only in first", "@h5sparse_shape", "the same"),
    mark("only in first", "@encoding-type", "the parts of a list of options are not marked"),
    mark("only in first", "@encoding-version", "the same"),
    rule("type", "compound {", "compound {", "names that are no UTF-8 are written as they are shown"),
    rule("type", "enum u", "enum u", "the same"),
    rule("type", "compound {", "compound {r: ", "complex numbers are h5py's"),
    rule("type", "complex f", "compound {r: ", "the same"),
    rule("type", "[complex f", "[compound {r: ", "the same"),
    rule("type", "enum {", "string", "a single value of an enum is its name"),
    rule("type", "enum {", "enum {", "an enum has the names that occur, with the numbers of the variants"),
    rule("type", "charge: enum {", "charge: enum {", "the same"),
    rule("type", "enum {", "i64", "an enum of which some values have no name is numbers"),
    rule("type", "enum {", "bool", "logicals are bools"),
    rule("type", "enum {", "f64", "a logical that is missing is none"),
    rule("object", "enum {", "group", "logicals of which some are missing have a mask"),
    rule("type", "bitfield", "u", "bits are numbers"),
    rule("type", "datetime64", "i64", "numpy's times are numbers"),
    rule("type", "timedelta64", "i64", "the same"),
    rule("type", "opaque", "u8", "bytes are numbers of 8 bits"),
    rule("object", "opaque", "group", "many of them are end to end"),
    rule("object", "sequence of", "group", "lists of differing length are end to end"),
    rule("type", "sequence of", "", "lists of one length are an array"),
    rule("type", "[", "", "elements that are arrays are further dimensions"),
    rule("type", "[", "f64", "a list without elements has no type"),
    rule("type", "u128", "compound {hi", "128 bits are two halves"),
    rule("type", "i128", "compound {hi", "the same"),
    rule("type", "object reference", "", "references are what they lead to"),
    rule("object", "object reference", "group", "the same"),
    rule("object", "string", "group", "lists of lists of strings are end to end"),
    rule(
        "object",
        "compound {",
        "group",
        "records with parts of no fixed size are columns, and a single record a group",
    ),
    rule("only in first", "named type", "", "a named type holds no value"),
    rule("only in first", "region reference", "", "nothing reads it"),
    rule("only in first", "object reference", "", "references that lead back, or nowhere"),
    rule("only in first", "a link to", "", "links are no fields"),
    rule("only in first", "?", "", "what cannot be opened"),
];

impl Rule {
    /// Whether a difference is of that sort.
    pub(crate) fn is_about(&self, difference: &Value) -> bool {
        let text = |key: &str| difference[key].as_str().unwrap_or_default();
        let from = if difference["what"].is_string() { text("what") } else { text("from") };
        let is_there = match self.path {
            "%" => text("path").contains('%'),
            end => text("path").ends_with(end),
        };
        is_there && self.kind == text("kind") && from.starts_with(self.from) && text("to").starts_with(self.to)
    }
}

/// Those of the repository.
pub(crate) fn copied() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut cases = Vec::new();
    for folder in ["golden", "golden/bare", "golden/options", "matrices", "python-filebacked", "foreign"] {
        let entries = std::fs::read_dir(root.join("fixtures").join(folder)).unwrap();
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for path in files {
            let is_file = |end: &std::ffi::OsStr| ["h5", "h5ad", "nc", "mat"].iter().any(|own| end == *own);
            if path.is_file() && path.extension().is_some_and(is_file) {
                let name = format!("{folder}/{}", path.file_name().unwrap().to_string_lossy());
                let exceptions = EXCEPTIONS.iter().filter(|(file, ..)| *file == name);
                let exceptions = exceptions.map(|&(_, path, kind, reason)| Exception { path, kind, reason }).collect();
                let is_foreign = !folder.starts_with("golden");
                cases.push(Case { name, path, exceptions, is_foreign });
            }
        }
    }
    cases
}

/// What is meant in one of the files: the file, the beginning of a path, the sort of a difference or nothing for any, and why.
const EXCEPTIONS: &[(&str, &str, &str, &str)] = &[
    ("foreign/matlab-matlab.mat", "/", "", "MATLAB has dimensions the other way round, and marks what is no number"),
    ("foreign/matlab-object.mat", "/", "", "the same"),
    ("foreign/hickle-hickle.h5", "/", "", "hickle quotes names, and refers to a pickle of each class"),
    ("foreign/hickle-hickle.h5", "", "another", "the same"),
    ("foreign/unusual-alike.h5", "/percent", "only in first", "two of its links have one name"),
    ("foreign/unusual-types.h5", "", "another", "references to regions are lost"),
    ("foreign/anndata-more.h5", "/empty/_index", "type", "a list without elements has no type"),
    ("foreign/anndata-more.h5", "/none", "type", "nothing has no type"),
    ("foreign/anndata-more.h5", "/old/kind", "object", "codes are what they stand for"),
    ("foreign/cases-checksum.h5", "/bad", "only in first", "it is damaged"),
    ("foreign/h5py-h5py.h5", "/third", "only in first", "no float of Rust's holds it"),
    ("foreign/h5py-h5py.h5", "/latin", "only in first", "it is no UTF-8"),
    ("foreign/h5py-h5py.h5", "/empty", "type", "nothing has no type"),
    ("foreign/pandas-categories.h5", "/deep/t/meta/c/meta/_i_table", "", "lists without elements have no type"),
    ("foreign/pandas-clocks.h5", "/clocks", "type", "nothing reads HDF5's times"),
    ("foreign/pandas-pandas.h5", "/blocks/_i_table", "type", "lists without elements have no type"),
    ("foreign/pandas-pandas.h5", "/table/table", "type", "bits are numbers"),
    ("foreign/unreadable-unreadable.h5", "/links/top", "only in first", "it leads back"),
    ("foreign/unreadable-unreadable.h5", "/types/time", "only in first", "nothing reads HDF5's times"),
    ("foreign/unreadable-unreadable.h5", "/types/latin", "only in first", "it is no UTF-8"),
    ("foreign/unreadable-unreadable.h5", "/types/table", "type", "a part of it is not read"),
    ("foreign/unusual-broken.h5", "/bools", "only in first", "it is damaged"),
    ("foreign/unusual-broken.h5", "/checksum", "only in first", "it is damaged"),
    ("foreign/unusual-broken.h5", "/chunk", "only in first", "it is damaged"),
    ("foreign/unusual-broken.h5", "/latin", "only in first", "it is no UTF-8"),
    ("foreign/unusual-broken.h5", "/lzf", "only in first", "it is damaged"),
    ("foreign/unusual-broken.h5", "/short", "only in first", "it is damaged"),
    ("foreign/unusual-broken.h5", "/rows", "type", "a part of it is no UTF-8"),
    ("foreign/unusual-alike.h5", "/refers/owner@led", "value", "a name is escaped"),
    ("foreign/unusual-complex_attributes.h5", "/@fields", "type", "complex numbers are h5py's"),
    ("foreign/unusual-lzf.h5", "/table", "type", "strings have a fixed length"),
    ("foreign/unusual-nulls.h5", "/@latin", "only in first", "it is no UTF-8"),
    ("foreign/unusual-nulls.h5", "/latin", "only in first", "it is no UTF-8"),
    ("foreign/unusual-nulls.h5", "/part", "type", "nothing reads references to regions"),
    ("foreign/unusual-nulls.h5", "/rows", "type", "a part of it is no UTF-8"),
    ("foreign/unusual-table.h5", "/broken", "type", "a part of it is no UTF-8"),
    ("foreign/unusual-table.h5", "/latin", "type", "a part of it is no UTF-8"),
    ("foreign/unusual-table.h5", "/nested", "type", "a part of it is no UTF-8"),
];
