//! Every file as a whole, of which no type is known: as `serde_json::Value` and as [`Value`], and by way of
//! `serde_transcode` in JSON, MessagePack and CBOR. What of it cannot be read is left out as the errors say.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use filebacked::hdf5::File;
use filebacked::value::{Map, Number, Variant};
use filebacked::{ReadOptions, Value};

use super::seen::Seen;
use super::{Made, anndata, as_json, h5py, hickle, matlab, netcdf, pandas};

/// What has to be left out of a file, in the order in which the errors ask for it.
const LEFT_OUT: &[(&str, &[&str])] = &[
    ("h5py.h5", &["third", "latin", "mixed/*/region", "loop", "region", "regions"]),
    ("more.h5", &["broken"]),
    ("clocks.h5", &["clocks/*/time"]),
    ("object.mat", &["string"]),
    (
        "unreadable.h5",
        &[
            "links/nowhere",
            "links/other",
            "links/back",
            "links/top",
            "links/virtual",
            r"names/50%25/%2A/back\slash",
            "references/gone",
            "references/list",
            "references/loop",
            "references/inside",
            "types/time",
            "types/region",
            "types/latin",
            "types/table/*/inner/part",
            "types/part/@part",
            "@region",
        ],
    ),
];

/// What a [`Value`] has in its place; also of attributes, of which others have only those of groups.
const UNREADABLE: &[(&str, &[&str])] = &[
    (
        "h5py.h5",
        &[
            "third",
            "text/@part",
            "latin",
            "mixed/0/region",
            "mixed/1/region",
            "objects/1/@part",
            "loop/0",
            "region",
            "regions",
            "links/hard/@part",
        ],
    ),
    ("clocks.h5", &["clocks/0/time"]),
    ("object.mat", &["string"]),
    (
        "unreadable.h5",
        &[
            "@region",
            "links/nowhere",
            "links/other",
            "links/back",
            "links/top",
            "links/virtual",
            r"names/50%/*/back\slash",
            "references/gone",
            "references/list",
            "references/loop/0/gone",
            "references/loop/0/list",
            "references/loop/0/loop",
            "references/loop/0/inside/time",
            "references/loop/0/inside/region",
            "references/loop/0/inside/latin",
            "references/loop/0/inside/table/0/inner/part",
            "references/loop/0/inside/table/1/inner/part",
            "references/loop/0/inside/part/@part",
            "references/inside/time",
            "references/inside/region",
            "references/inside/latin",
            "references/inside/table/0/inner/part",
            "references/inside/table/1/inner/part",
            "references/inside/part/@part",
            "types/time",
            "types/region",
            "types/latin",
            "types/table/0/inner/part",
            "types/table/1/inner/part",
            "types/part/@part",
        ],
    ),
];

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

fn listed(list: &[(&'static str, &[&'static str])]) -> Vec<(&'static str, Vec<&'static str>)> {
    list.iter().map(|(file, paths)| (*file, paths.to_vec())).collect()
}

/// What is left out of a file.
fn skipped(path: &Path) -> &'static [&'static str] {
    LEFT_OUT.iter().find(|(file, _)| *file == name_of(path)).map_or(&[], |(_, paths)| paths)
}

/// The files of which there is something to say.
fn said(found: &[(String, Vec<String>)]) -> Vec<(&str, Vec<&str>)> {
    let found = found.iter().filter(|(_, paths)| !paths.is_empty());
    found.map(|(file, paths)| (file.as_str(), paths.iter().map(String::as_str).collect())).collect()
}

/// A file that has what cannot be read, and little else.
fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| Made::by("foreign_unreadable.py"))
}

/// All that the scripts make, and the fixtures that others wrote.
fn files() -> Vec<PathBuf> {
    let made: [&Made; 7] =
        [h5py::folder(), anndata::made(), pandas::made(), netcdf::made(), matlab::made(), hickle::made(), made()];
    let mut files: Vec<_> = made.iter().flat_map(|made| made.files()).collect();
    // What a script has to say of its files stands beside them.
    files.retain(|path| path.extension().is_none_or(|extension| extension != "json"));
    for folder in ["python-filebacked", "matrices"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder);
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        files.extend(entries.filter(|path| path.extension().is_some_and(|extension| extension != "py")));
    }
    assert!(files.len() >= 16, "{files:?}");
    files
}

/// The path that an error says is to be left out.
fn advice(error: &str) -> String {
    let path = error.split_once("`ReadOptions::skip(").and_then(|(_, rest)| rest.split_once(")` leaves it out"));
    let (path, _) = path.unwrap_or_else(|| panic!("it says nothing of what to do: {error}"));
    let [path] = serde_json::from_str::<[String; 1]>(path).unwrap();
    path
}

fn json(file: &File, options: &ReadOptions) -> Result<String, String> {
    let mut bytes = Vec::new();
    serde_transcode::transcode(options.deserializer(file), &mut serde_json::Serializer::new(&mut bytes))
        .map_err(|error| error.to_string())?;
    Ok(String::from_utf8(bytes).unwrap())
}

fn message_pack(file: &File, options: &ReadOptions) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    serde_transcode::transcode(options.deserializer(file), &mut rmp_serde::Serializer::new(&mut bytes))
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}

fn cbor(file: &File, options: &ReadOptions) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    ciborium::into_writer(&serde_transcode::Transcoder::new(options.deserializer(file)), &mut bytes)
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// Does as the errors say until the file is read; what is left out then.
fn left_out(path: &Path) -> Vec<String> {
    let (file, mut paths) = (File::open(path).unwrap(), Vec::new());
    loop {
        let options = ReadOptions::new().skip(&paths);
        let Err(error) = options.from_group::<serde_json::Value>(&file) else { return paths };
        let text = error.to_string();
        assert!(error.hdf5_path().starts_with('/') && text.contains(&error.hdf5_path()), "{text}");
        let advice = advice(&text);
        // The error says the same, whichever format it came through; what was expected is that format's result.
        let end = |text: &str| text.split_once(", found").map_or(text, |(_, end)| end).to_owned();
        for error in [json(&file, &options), message_pack(&file, &options).map(|_| String::new())] {
            assert_eq!(end(&error.unwrap_err()), end(&text));
        }
        let quoted = cbor(&file, &options).unwrap_err();
        let unquoted = quoted.strip_prefix("Value(").and_then(|text| text.strip_suffix(')')).unwrap();
        assert_eq!(end(&serde_json::from_str::<String>(unquoted).unwrap()), end(&text));
        assert!(!paths.contains(&advice), "it was left out already: {text}");
        paths.push(advice);
    }
}

#[test]
fn what_cannot_be_read_is_left_out_as_the_error_says() {
    let found: Vec<_> = files().iter().map(|path| (name_of(path), left_out(path))).collect();
    assert_eq!(said(&found), listed(LEFT_OUT));
}

/// What cannot be read costs a tree no more than itself.
#[test]
fn trees_have_what_is_there() {
    for path in files() {
        let file = File::open(&path).unwrap();
        let shown = filebacked::tree(&file).unwrap().to_string();
        for name in file.member_names().unwrap() {
            assert!(shown.contains(&name), "{}: {name}\n{shown}", path.display());
        }
        if name_of(&path).ends_with("unreadable.h5") {
            let words: Vec<_> = shown.split_whitespace().collect();
            let words = words.join(" ");
            for line in ["numbers i64 (2,) 1, 2", "time", "region", "named"] {
                assert!(words.contains(line), "{line}\n{shown}");
            }
        }
    }
}

#[test]
fn formats_have_what_is_there() {
    for path in files() {
        let file = File::open(&path).unwrap();
        let options = ReadOptions::new().skip(skipped(&path));
        let seen: Seen = options.from_group(&file).unwrap();

        let value: serde_json::Value = options.from_group(&file).unwrap();
        assert_eq!(value, seen.in_json(f64::from), "{}", path.display());
        // JSON's text has the shortest digits that give the same `f32`.
        let digits = |float: f32| {
            let read: f64 = float.to_string().parse().unwrap();
            assert!(read as f32 == float || float.is_nan());
            read
        };
        let text = json(&file, &options).unwrap();
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read, seen.in_json(digits), "{}", path.display());

        let bytes = message_pack(&file, &options).unwrap();
        assert_eq!(rmp_serde::from_slice::<Seen>(&bytes).unwrap(), seen, "{}", path.display());
        let bytes = cbor(&file, &options).unwrap();
        let read: Seen = ciborium::from_reader(bytes.as_slice()).unwrap();
        assert_eq!(read.widened(), seen.widened(), "{}", path.display());
    }
}

#[test]
fn values_have_what_is_there() {
    let mut found = Vec::new();
    for path in files() {
        let value: Value = filebacked::from_file(&path).unwrap();
        let mut unreadable = Vec::new();
        find_unreadable(&value, "", &mut unreadable);
        found.push((name_of(&path), unreadable));

        let options = ReadOptions::new().skip(skipped(&path));
        let seen: Seen = options.from_file(&path).unwrap();
        compare(&value, &seen, &path.display().to_string());
    }
    assert_eq!(said(&found), listed(UNREADABLE));
}

/// Adds the paths of what is no value.
fn find_unreadable(value: &Value, path: &str, found: &mut Vec<String>) {
    for (name, attr) in value.attrs().into_iter().flatten() {
        find_unreadable(attr, &format!("{path}/@{name}"), found);
    }
    match value.inner() {
        Value::Unreadable(why) => {
            assert!(!why.is_empty());
            found.push(path.trim_start_matches('/').to_owned());
        }
        Value::Map(map) => {
            map.iter().for_each(|(name, value)| find_unreadable(value, &format!("{path}/{name}"), found))
        }
        Value::List(list) | Value::Tuple(list) => {
            list.iter().enumerate().for_each(|(at, value)| find_unreadable(value, &format!("{path}/{at}"), found));
        }
        _ => {}
    }
}

/// The elements of what is a list to who asks for anything, by what its attributes say to those who know them.
fn as_list(value: &Value) -> Option<Vec<Value>> {
    let categorical = |codes: &Value, categories: &Value| -> Vec<Value> {
        let categories = elements(categories);
        let category = |code: &Value| usize::try_from(code.as_i64().unwrap()).ok().map(|at| categories[at].clone());
        elements(codes).iter().map(|code| category(code).unwrap_or(Value::Null)).collect()
    };
    // As AnnData had it before version 0.8.
    if let Some(categories) = value.attr("categories") {
        return Some(categorical(value, categories));
    }
    let map = value.as_map()?;
    // A list of the Python package FileBacked.
    if !map.is_empty() && (0..map.len()).all(|at| map.contains_key(at.to_string().as_str())) {
        return Some((0..map.len()).map(|at| map[at.to_string().as_str()].clone()).collect());
    }
    match value.attr("encoding-type").and_then(Value::as_str) {
        Some("categorical") => Some(categorical(&map["codes"], &map["categories"])),
        Some(word) if word.starts_with("nullable") => {
            let pairs = elements(&map["values"]).into_iter().zip(elements(&map["mask"]));
            Some(pairs.map(|(value, mask)| if mask == true.into() { Value::Null } else { value }).collect())
        }
        _ => {
            // hickle's.
            let is_list = value.attrs()?.contains_key("num_items") && map.contains_key("data0");
            is_list.then(|| (0..map.len()).map(|at| map[format!("data{at}").as_str()].clone()).collect())
        }
    }
}

fn elements(value: &Value) -> Vec<Value> {
    match value.inner() {
        Value::Array(array) => (0..array.len()).map(|at| array.get(&[at]).unwrap()).collect(),
        Value::List(list) => list.clone(),
        other => panic!("{other:?}"),
    }
}

/// How often each number, bool, and character but spaces is in something.
fn leaves(seen: &Seen, found: &mut BTreeMap<String, usize>) {
    let mut add = |leaf: String| *found.entry(leaf).or_default() += 1;
    match seen {
        Seen::List(list) => list.iter().for_each(|element| leaves(element, found)),
        Seen::Map(map) => map.iter().for_each(|(_, value)| leaves(value, found)),
        Seen::Text(text) => text.chars().filter(|char| *char != ' ').for_each(|char| add(format!("{char:?}"))),
        leaf => add(format!("{leaf:?}")),
    }
}

/// An array of MATLAB's as what others see: it has nothing of fewer than two dimensions, so rows and columns are lists, and
/// what is alone stands for itself.
fn seen_in_matlab(value: &Value) -> Seen {
    let dims = value.as_array().unwrap().shape();
    if dims.contains(&0) {
        return Seen::List(Vec::new());
    }
    let mut items = vec![seen(value)];
    if dims.iter().filter(|dim| **dim > 1).count() <= 1 {
        for _ in dims {
            items =
                items.into_iter().flat_map(|item| if let Seen::List(list) = item { list } else { panic!() }).collect();
        }
        if items.len() > 1 {
            items = vec![Seen::List(items)];
        }
    }
    in_words_of_matlab(items.remove(0))
}

/// The parts of complex numbers as MATLAB calls them, not as h5py does.
fn in_words_of_matlab(seen: Seen) -> Seen {
    let word = |key: Seen| match key {
        Seen::Text(key) if key == "r" => Seen::Text("real".to_owned()),
        Seen::Text(key) if key == "i" => Seen::Text("imag".to_owned()),
        key => key,
    };
    match seen {
        Seen::List(list) => Seen::List(list.into_iter().map(in_words_of_matlab).collect()),
        Seen::Map(map) => Seen::Map(map.into_iter().map(|(key, value)| (word(key), value)).collect()),
        seen => seen,
    }
}

/// A value as what others see.
fn seen(value: &Value) -> Seen {
    match value.inner() {
        Value::Null | Value::Unit => Seen::Null,
        Value::Bool(value) => Seen::Bool(*value),
        Value::Number(Number::F32(value)) => Seen::F32(value.to_bits()),
        Value::Number(Number::F64(value)) => Seen::F64(value.to_bits()),
        Value::Number(number) => Seen::Integer(number.to_i128().unwrap()),
        Value::String(text) => Seen::Text(text.clone()),
        Value::Bytes(bytes) => Seen::Bytes(bytes.clone()),
        Value::Variant(Variant { name, payload: None, .. }) => Seen::Text(name.clone()),
        Value::List(list) | Value::Tuple(list) => Seen::List(list.iter().map(seen).collect()),
        Value::Table(table) => Seen::List(table.records().map(|record| seen(&record)).collect()),
        Value::Map(map) => Seen::Map(entries(map, "")),
        Value::Array(array) => {
            fn part(array: &filebacked::value::Array, at: &mut Vec<usize>) -> Seen {
                match array.shape().get(at.len()) {
                    None => seen(&array.get(at).unwrap()),
                    Some(len) => Seen::List(
                        (0..*len)
                            .map(|index| {
                                at.push(index);
                                let part = part(array, at);
                                at.pop();
                                part
                            })
                            .collect(),
                    ),
                }
            }
            part(array, &mut Vec::new())
        }
        other => panic!("{other:?}"),
    }
}

/// The last names of what is left out.
fn skipped_names() -> Vec<&'static str> {
    let paths = LEFT_OUT.iter().flat_map(|(_, paths)| paths.iter());
    paths.filter_map(|path| path.rsplit('/').next()).collect()
}

fn entries(map: &Map, prefix: &str) -> Vec<(Seen, Seen)> {
    map.iter().map(|(name, value)| (Seen::Text(format!("{prefix}{name}")), seen(value))).collect()
}

/// Checks that a value has all that others see, and nothing else but attributes of datasets.
fn compare(value: &Value, other: &Seen, path: &str) {
    if let (Some(list), Seen::List(elements)) = (as_list(value), other) {
        assert_eq!(list.len(), elements.len(), "{path}");
        list.iter().zip(elements).for_each(|(element, other)| compare(element, other, path));
        return;
    }
    match (value.inner(), other) {
        (Value::Map(map), Seen::Map(entries)) => {
            let mut count = 0;
            let no_attrs = Map::new();
            // A record can be a dataset's, of which others have no attributes.
            let has_attrs = entries.iter().any(|(key, _)| matches!(key, Seen::Text(key) if key.starts_with('@')));
            let attrs = value.attrs().filter(|_| has_attrs).unwrap_or(&no_attrs);
            let named = map.iter().map(|(name, value)| (name.clone(), value));
            for (name, value) in named.chain(attrs.iter().map(|(name, attr)| (format!("@{name}"), attr))) {
                match (value.inner(), other.get(&name)) {
                    // It was left out, or more than it.
                    (Value::Unreadable(_), None) => {}
                    (_, None) if skipped_names().contains(&name.as_str()) => {}
                    // hickle's class, as a pickle; and what MATLAB says of its variables.
                    (_, None) if name == "@type" || name == "@MATLAB_class" || name == "@MATLAB_fields" => {}
                    (_, None) => panic!("{path}/{name} is missing"),
                    (_, Some(other)) => {
                        compare(value, other, &format!("{path}/{name}"));
                        count += 1;
                    }
                }
            }
            assert_eq!(count, entries.len(), "{path}");
        }
        (Value::Array(_), other) if path.contains(".mat/") => assert_eq!(&seen_in_matlab(value), other, "{path}"),
        // The parts of complex numbers have the names that h5py has for them.
        (Value::Array(array), other) if array.type_name().starts_with("Complex") => {
            assert_eq!(seen(value), as_in_h5py(other), "{path}");
        }
        // An array of MATLAB's structs is the group that is stored, a child for each field.
        (Value::Map(_), Seen::List(_)) if value.attr("MATLAB_class").is_some() => {
            let (mut left, mut right) = Default::default();
            leaves(&seen(value), &mut left);
            leaves(other, &mut right);
            assert_eq!(left, right, "{path}");
        }
        (Value::List(list) | Value::Tuple(list), Seen::List(elements)) => {
            assert_eq!(list.len(), elements.len(), "{path}");
            for (at, (element, other)) in list.iter().zip(elements).enumerate() {
                compare(element, other, &format!("{path}/{at}"));
            }
        }
        (_, other) => assert_eq!(&seen(value), other, "{path}"),
    }
}

/// Complex numbers, by the names that h5py has for their parts. Others see h5py's as pairs.
fn as_in_h5py(seen: &Seen) -> Seen {
    let named = |parts: [&Seen; 2]| {
        let names = ["r", "i"].map(|name| Seen::Text(name.to_owned()));
        Seen::Map(names.into_iter().zip(parts.map(Clone::clone)).collect())
    };
    match seen {
        Seen::List(elements) => match &elements[..] {
            [re @ (Seen::F32(_) | Seen::F64(_)), im] => named([re, im]),
            _ => Seen::List(elements.iter().map(as_in_h5py).collect()),
        },
        Seen::Map(parts) => match &parts[..] {
            [(_, re), (_, im)] => named([re, im]),
            _ => seen.clone(),
        },
        other => other.clone(),
    }
}

#[test]
fn json_is_written_again() {
    for path in files().iter().filter(|path| skipped(path).is_empty()) {
        as_json(path);
    }
}

/// What not all formats have.
#[test]
fn known_differences() {
    let folder = tempfile::tempdir().unwrap();
    let made = |name: &str, write: &dyn Fn(&File)| {
        let file = File::create(folder.path().join(name)).unwrap();
        write(&file);
        file
    };
    let options = ReadOptions::new();
    let file = made("numbers", &|file| {
        filebacked::write(file, "wide", &(i128::MIN, u128::MAX)).unwrap();
        filebacked::write(file, "nan", &[f64::NAN, f64::INFINITY, 0.1]).unwrap();
        filebacked::write(file, "narrow", &[0.1_f32]).unwrap();
        filebacked::write(file, "bytes", serde_bytes::Bytes::new(&[0, 255])).unwrap();
    });
    // JSON's text has all digits; who reads it has to ask for as many.
    let wide = format!("[{},{}]", i128::MIN, u128::MAX);
    let text = json(&file, &options).unwrap();
    assert_eq!(text, format!(r#"{{"bytes":[0,255],"nan":[null,null,0.1],"narrow":[0.1],"wide":{wide}}}"#));
    assert!(serde_json::from_str::<BTreeMap<String, serde_json::Value>>(&text).unwrap()["wide"][0].is_f64());
    let error = options.from_group::<serde_json::Value>(&file).unwrap_err().to_string();
    assert!(error.contains("HDF5 path `/wide"), "{error}");
    // MessagePack has the bytes, and NaN; wide integers are 16 bytes there.
    let read: Seen = rmp_serde::from_slice(&message_pack(&file, &options).unwrap()).unwrap();
    let bytes = |bytes: [u8; 16]| Seen::Bytes(bytes.to_vec());
    let wide = Seen::List(vec![bytes(i128::MIN.to_be_bytes()), bytes(u128::MAX.to_be_bytes())]);
    assert_eq!(read.get("wide"), Some(&wide));
    assert_eq!(read.get("bytes"), Some(&Seen::Bytes(vec![0, 255])));
    assert_eq!(read.get("narrow"), Some(&Seen::List(vec![Seen::F32(0.1_f32.to_bits())])));
    // CBOR has all of it.
    let read: ciborium::Value = ciborium::from_reader(cbor(&file, &options).unwrap().as_slice()).unwrap();
    let of = |name: &str| {
        let map = read.as_map().unwrap();
        map.iter().find(|(key, _)| key.as_text() == Some(name)).unwrap().1.as_array().unwrap().clone()
    };
    assert_eq!(of("wide")[0].deserialized::<i128>().unwrap(), i128::MIN);
    assert_eq!(of("wide")[1].deserialized::<u128>().unwrap(), u128::MAX);
    assert!(of("nan")[0].as_float().unwrap().is_nan() && of("nan")[1].as_float() == Some(f64::INFINITY));
    assert_eq!(of("narrow")[0].as_float(), Some(0.1_f32.into()));

    // JSON's keys are strings.
    let file = made("keys", &|file| {
        filebacked::write(file, "a", &BTreeMap::from([("b", BTreeMap::from([((1, true), 2.5)]))])).unwrap();
    });
    let error = json(&file, &options).unwrap_err();
    assert!(
        error.starts_with("key must be a string; at `a/b/keys/[0]`") || error.contains("HDF5 path `/a/b/keys`"),
        "{error}"
    );
    for seen in [
        rmp_serde::from_slice::<Seen>(&message_pack(&file, &options).unwrap()).unwrap(),
        ciborium::from_reader(cbor(&file, &options).unwrap().as_slice()).unwrap(),
    ] {
        let key = Seen::List(vec![Seen::Integer(1), Seen::Bool(true)]);
        assert_eq!(seen.get("a").unwrap().get("b"), Some(&Seen::Map(vec![(key, Seen::F64(2.5_f64.to_bits()))])));
    }
}

/// However deep an error was, it is one line.
#[test]
fn errors_do_not_grow_on_their_way() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::create(folder.path().join("deep.h5")).unwrap();
    let path = vec!["\"quoted\""; 100].join("/");
    file.create_group(&path).unwrap().link_soft("nowhere", "\"link\"").unwrap();
    let options = ReadOptions::new();
    let quoted = cbor(&file, &options).unwrap_err();
    assert!(quoted.len() < 10_000, "{}", quoted.len());
    let text = json(&file, &options).unwrap_err();
    let found = format!("HDF5 path `/{path}/\"link\"`");
    assert!(
        text.starts_with("the link leads to `nowhere`, where nothing is (`ReadOptions::skip([")
            && text.ends_with(&found)
    );
    let options = ReadOptions::new().skip([advice(&text)]);
    assert_eq!(json(&file, &options).unwrap().matches("quoted").count(), 100);
}
