//! The limits on reading: what each refuses, by which error, and what it allows where it is raised.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use filebacked::hdf5::types::VarLenUnicode;
use filebacked::hdf5::{File, Group};
use filebacked::{ErrorKind, ReadOptions, WriteOptions};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Value, json};

/// Files that h5py made.
fn strangers() -> &'static Path {
    static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
        let folder = tempfile::tempdir().unwrap();
        common::python("strangers.py", [folder.path()]);
        folder
    });
    FOLDER.path()
}

fn stranger(name: &str) -> (PathBuf, File) {
    let path = strangers().join(name);
    let file = File::open(&path).unwrap();
    (path, file)
}

/// The error by a limit, which names the option.
#[track_caller]
fn check<T>(result: filebacked::Result<T>, option: &str, words: &str) {
    let error = match result {
        Ok(_) => panic!("it was read, without `{option}`"),
        Err(error) => error,
    };
    assert_eq!(error.kind(), if option == "max_depth" { ErrorKind::TooDeep } else { ErrorKind::Limit }, "{error}");
    let text = error.to_string();
    assert!(text.contains(&format!("`ReadOptions::{option}`")) && text.contains(words), "{text}");
}

#[test]
fn external_links() {
    let (path, file) = stranger("links.h5");
    let trusting = ReadOptions::new().allow_external_links(true);
    for name in ["to_value", "soft", "softer"] {
        check(filebacked::read::<i32>(&file, name), "allow_external_links", "leads to another file, `secret.h5`");
        assert_eq!(trusting.read::<i32>(&file, name).unwrap(), 42);
    }
    check(filebacked::read::<Value>(&file, "to_group"), "allow_external_links", "`secret.h5`");
    // It is not even looked whether the file is there.
    check(filebacked::read::<Value>(&file, "to_none"), "allow_external_links", "`none.h5`");
    assert_eq!(trusting.read::<Value>(&file, "to_none").unwrap_err().kind(), ErrorKind::Hdf5);
    check(filebacked::from_file::<Value>(&path), "allow_external_links", "`secret.h5`");
    check(filebacked::from_slice::<Value>(&fs::read(&path).unwrap()), "allow_external_links", "`secret.h5`");
    // Soft links are as good as any, and what is not asked for is not refused.
    assert_eq!(filebacked::read::<i32>(&file, "to_own").unwrap(), 1);
    #[derive(Deserialize)]
    struct Own {
        own: i32,
    }
    assert_eq!(filebacked::from_file::<Own>(&path).unwrap().own, 1);
    let shown = filebacked::tree(&file).unwrap().to_string();
    assert!(!shown.contains("42") && shown.contains("own"), "{shown}");
}

/// By the deserializer itself, too, and by one call within another.
#[test]
fn external_links_by_other_ways() {
    let (_, file) = stranger("links.h5");
    check(Value::deserialize(filebacked::Hdf5Deserializer::new(&file)), "allow_external_links", "another file");

    struct Nested(i32);
    impl<'de> Deserialize<'de> for Nested {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let (_, file) = stranger("links.h5");
            // Its own limits, which are not those of the call around it; and these are in force again after it.
            check(filebacked::read::<i32>(&file, "to_value"), "allow_external_links", "another file");
            i32::deserialize(deserializer).map(Self)
        }
    }
    let trusting = ReadOptions::new().allow_external_links(true);
    let read: std::collections::BTreeMap<String, Nested> = {
        let group = file.as_group().unwrap();
        [("soft".to_owned(), trusting.read::<Nested>(&group, "soft").unwrap())].into()
    };
    assert_eq!(read["soft"].0, 42);
    let both: (Nested, i32) = (trusting.read(&file, "softer").unwrap(), trusting.read(&file, "soft").unwrap());
    assert_eq!((both.0.0, both.1), (42, 42));
}

/// A value that is read later is so with the limits of the call that it comes from.
#[test]
fn limits_of_lazy_values() {
    let (_, file) = stranger("links.h5");
    let own: filebacked::Lazy<i32> = filebacked::read(&file, "own").unwrap();
    assert_eq!(*own.get().unwrap(), 1);
    let (_, file) = stranger("raw.h5");
    let strict: filebacked::LazyMap<String, Vec<i32>> = filebacked::from_group(&file).unwrap();
    check(strict.get("numbers"), "allow_external_storage", "in another file");
    let trusting = ReadOptions::new().allow_external_storage(true);
    let trusted: filebacked::LazyMap<String, Vec<i32>> = trusting.from_group(&file).unwrap();
    assert_eq!(*trusted.get("numbers").unwrap().unwrap(), [0, 1, 2, 3, 4, 5]);
}

#[test]
fn external_storage() {
    let (_, file) = stranger("raw.h5");
    let trusting = ReadOptions::new().allow_external_storage(true);
    check(filebacked::read::<Vec<i32>>(&file, "numbers"), "allow_external_storage", "in another file");
    check(filebacked::read::<Value>(&file, "scalar"), "allow_external_storage", "in another file");
    check(
        filebacked::read::<filebacked::NdArray<i32, filebacked::ndarray::Ix1>>(&file, "numbers"),
        "allow_external_storage",
        "",
    );
    assert_eq!(trusting.read::<Vec<i32>>(&file, "numbers").unwrap(), [0, 1, 2, 3, 4, 5]);
    assert_eq!(trusting.read::<i32>(&file, "scalar").unwrap(), 1);
    let shown = filebacked::tree(&file).unwrap().to_string();
    assert!(!shown.contains("0, 1, 2"), "{shown}");
}

#[test]
fn virtual_datasets() {
    let (_, file) = stranger("virtual.h5");
    let trusting = ReadOptions::new().allow_virtual_datasets(true);
    for name in ["other", "own", "open"] {
        check(filebacked::read::<Vec<i32>>(&file, name), "allow_virtual_datasets", "a virtual one");
    }
    // libhdf5 has not opened the file for them, either: it can be opened for writing.
    drop(File::open_rw(strangers().join("secret.h5")).unwrap());
    for name in ["other", "own", "open"] {
        assert_eq!(trusting.read::<Vec<i32>>(&file, name).unwrap(), [0, 1, 2, 3, 4, 5], "{name}");
    }
}

const MARK: &str = "FILEBACKED_TEST_MARK";

/// libhdf5 looks for plugins where the environment said so when it began. So this is done in a process of its own.
#[cfg(target_os = "linux")]
#[test]
fn plugins() {
    if let Some(mark) = std::env::var_os(MARK) {
        let folder = Path::new(&mark).parent().unwrap();
        let file = File::open(folder.join("filtered.h5")).unwrap();
        for name in ["numbers", "strings"] {
            check(filebacked::read::<Value>(&file, name), "allow_plugins", "filter 32123 is not built in");
        }
        let shown = filebacked::tree(&file).unwrap().to_string();
        assert!(shown.contains("allow_plugins"), "{shown}");
        assert!(!Path::new(&mark).exists(), "a plugin was loaded");
        let trusting = ReadOptions::new().allow_plugins(true);
        assert_eq!(trusting.read::<Vec<i32>>(&file, "numbers").unwrap(), [0, 1, 2, 3, 4, 5]);
        assert!(Path::new(&mark).exists(), "no plugin was loaded");
        // Now the process has it.
        assert_eq!(filebacked::read::<Vec<i32>>(&file, "numbers").unwrap(), [0, 1, 2, 3, 4, 5]);
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::copy(strangers().join("filtered.h5"), folder.path().join("filtered.h5")).unwrap();
    let plugins = folder.path().join("plugins");
    fs::create_dir(&plugins).unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/plugin.c");
    let status =
        Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(plugins.join("libpass.so")).arg(source).status();
    assert!(status.unwrap().success());
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "plugins"]).env(MARK, folder.path().join("mark")).env("HDF5_PLUGIN_PATH", &plugins);
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}

#[test]
fn lzf_is_no_plugin() {
    let numbers: Vec<u32> = (0..100_000).collect();
    let image = WriteOptions::new().lzf().to_vec(&numbers).unwrap();
    assert_eq!(filebacked::from_slice::<Vec<u32>>(&image).unwrap(), numbers);
}

#[test]
fn depth() {
    fn nested(levels: usize) -> Value {
        (0..levels).fold(json!(1), |value, _| json!({ "n": value }))
    }
    let folder = tempfile::tempdir().unwrap();
    let file = File::create(folder.path().join("deep.h5")).unwrap();
    let mut group = file.create_group("node").unwrap();
    for _ in 0..200 {
        group = group.create_group("n").unwrap();
    }
    filebacked::to_group(&nested(100), &group).unwrap();
    let read = |levels: u16| ReadOptions::new().max_depth(levels).read::<Value>(&file, "node");
    check(filebacked::read::<Value>(&file, "node"), "max_depth", "deeper than 128 levels");
    check(read(299), "max_depth", "deeper than 299 levels");
    let mut found = read(300).unwrap();
    let mut levels = 0;
    while let Some(inner) = found.get_mut("n") {
        found = inner.take();
        levels += 1;
    }
    assert_eq!((levels, found), (300, json!(1)));
    // Also of what is not kept.
    check(
        ReadOptions::new()
            .max_depth(2)
            .from_slice::<Vec<Vec<Vec<String>>>>(&filebacked::to_vec(&[[["deep"]]]).unwrap()),
        "max_depth",
        "deeper than 2 levels",
    );
}

#[test]
fn bytes() {
    let value = json!({"a": vec![1.5; 1000], "b": vec![2.5; 1000], "c": vec!["text", "x"]});
    let image = filebacked::to_vec(&value).unwrap();
    let read = |bytes| ReadOptions::new().max_bytes(bytes).from_slice::<Value>(&image);
    check(read(15_999), "max_bytes", "more than the limit of 15999 bytes");
    check(read(7_999), "max_bytes", "8000 bytes of data");
    assert_eq!(read(16_100).unwrap(), value);
    // What is not asked for does not count.
    #[derive(Deserialize)]
    struct One {
        b: Vec<f64>,
    }
    assert_eq!(ReadOptions::new().max_bytes(8_000).from_slice::<One>(&image).unwrap().b.len(), 1000);
    // Each call begins anew.
    let options = ReadOptions::new().max_bytes(16_100);
    for _ in 0..3 {
        assert_eq!(options.from_slice::<Value>(&image).unwrap(), value);
    }
    // Text in heaps.
    let strings: Vec<String> = (0..100).map(|index| "x".repeat(index * 20)).collect();
    let image = filebacked::to_vec(&strings).unwrap();
    check(ReadOptions::new().max_bytes(20_000).from_slice::<Vec<String>>(&image), "max_unstored` or `max_bytes", "");
    assert_eq!(ReadOptions::new().max_bytes(200_000).from_slice::<Vec<String>>(&image).unwrap(), strings);
}

#[test]
fn what_is_not_stored() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::create(folder.path().join("run.h5")).unwrap();
    // Nothing of it is stored, or one value of it over and over.
    file.new_dataset::<u8>().shape(100 << 20).chunk(1 << 20).create("unwritten").unwrap();
    let zeros = vec![0u8; 100 << 20];
    WriteOptions::new().deflate(9).write(&file, "zeros", &serde_bytes::Bytes::new(&zeros)).unwrap();
    check(filebacked::read::<Vec<u8>>(&file, "unwritten"), "max_expansion", "claims to be far larger than the 0 bytes");
    let all = ReadOptions::new().max_expansion(u64::MAX);
    assert!(all.read::<Vec<u8>>(&file, "unwritten").unwrap() == zeros);
    // As far as deflate goes.
    let read = |options: &ReadOptions| options.read::<serde_bytes::ByteBuf>(&file, "zeros");
    assert!(*read(&ReadOptions::new()).unwrap() == zeros);
    check(read(&ReadOptions::new().max_expansion(500)), "max_expansion", "claims to be far larger than the");
    // Small ones, that add up.
    for index in 0..20 {
        file.new_dataset::<u8>().shape(10_000).chunk(1000).create(&*format!("small/{index}")).unwrap();
    }
    // Where Blosc is built in, as much as it compresses is no lie.
    let options = ReadOptions::new().max_expansion(1_100);
    let small = |bytes| options.clone().max_unstored(bytes).read::<Vec<Vec<u8>>>(&file, "small");
    // Four times the size of the file is free, which is small.
    let free = 4 * fs::metadata(folder.path().join("run.h5")).unwrap().len().max(1);
    assert!(small(200_000).is_ok());
    if free < 100_000 {
        check(small(50_000), "max_unstored", "that are not stored");
    }
    check(small(10_000), "max_expansion", "claims to be far larger");
}

#[test]
fn what_is_met_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::create(folder.path().join("run.h5")).unwrap();
    filebacked::write(&file, "x", &json!({"y": {"z": 1}})).unwrap();
    for index in 0..9 {
        file.link_hard("x", &format!("again{index}")).unwrap();
    }
    let read = |objects| ReadOptions::new().max_repeats(objects).from_group::<Value>(&file);
    // Ten links to a group, with a group and a dataset in it.
    check(read(29), "max_repeats", "more than 29 groups and datasets");
    assert_eq!(read(30).unwrap()["again8"], json!({"y": {"z": 1}}));
}

fn mark(object: &Group, kind: &str, length: Option<u64>) {
    let attribute = object.new_attr::<VarLenUnicode>().create("filebacked").unwrap();
    attribute.write_scalar(&kind.parse::<VarLenUnicode>().unwrap()).unwrap();
    if let Some(length) = length {
        object.new_attr::<u64>().create("length").unwrap().write_scalar(&length).unwrap();
    }
}

/// Groups of a kind, each with links of those names to the next.
fn levels(file: &File, kind: &str, length: Option<u64>, names: &[&str], count: usize, soft: bool) {
    for level in 0..count {
        mark(&file.create_group(&format!("level{level}")).unwrap(), kind, length);
    }
    file.new_dataset_builder().with_data(&[1.5]).create(&*format!("level{count}")).unwrap();
    for level in 0..count {
        let (next, group) = (format!("/level{}", level + 1), file.group(&format!("level{level}")).unwrap());
        for name in names {
            if soft { group.link_soft(&next, name) } else { file.link_hard(&next, &format!("level{level}/{name}")) }
                .unwrap();
        }
    }
}

/// The fields of records, the elements of lists, the keys and values of maps are links, too, of any sort.
#[test]
fn what_is_met_again_in_sequences() {
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "it is not read")]
    struct Other {
        #[serde(default)]
        other: f64,
    }
    let folder = tempfile::tempdir().unwrap();
    let fields = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let positions = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    let options = ReadOptions::new().max_repeats(1000);
    for (number, (kind, length, names)) in [
        ("columns", Some(1), &fields[..]),
        ("columns", Some(1), &positions),
        ("list", None, &positions),
        ("tuple", None, &positions),
    ]
    .into_iter()
    .enumerate()
    {
        for soft in [false, true] {
            let file = File::create(folder.path().join(format!("{number}-{soft}.h5"))).unwrap();
            levels(&file, kind, length, names, 20, soft);
            let begin = Instant::now();
            let words = "more than 1000 groups and datasets were met again";
            check(options.read::<Value>(&file, "level0"), "max_repeats", words);
            if kind == "columns" {
                // Also where nobody asks for any of the fields.
                check(options.read::<Vec<Other>>(&file, "level0"), "max_repeats", words);
            }
            assert!(begin.elapsed() < Duration::from_secs(30), "{kind}, {soft}: {:?}", begin.elapsed());
        }
    }
    // Of each two ways lead to the next.
    let file = File::create(folder.path().join("maps.h5")).unwrap();
    levels(&file, "maps", None, &["keys", "values"], 20, true);
    for level in 0..20 {
        let group = file.group(&format!("level{level}")).unwrap();
        group.new_dataset_builder().with_data(&[0_u64, 1]).create("offsets").unwrap();
    }
    check(options.read::<Value>(&file, "level0"), "max_repeats", "more than 1000 groups");
}

/// A large dataset counts as often as links of any sort lead to it.
#[test]
fn data_that_is_met_again_in_sequences() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::create(folder.path().join("run.h5")).unwrap();
    file.new_dataset_builder().with_data(&vec![0.5; 1 << 17]).create("large").unwrap();
    for (node, kind, length) in [("fields", "columns", Some(1 << 17)), ("list", "list", None)] {
        let group = file.create_group(node).unwrap();
        mark(&group, kind, length);
        for index in 0..100 {
            group.link_soft("/large", &index.to_string()).unwrap();
        }
        let options = ReadOptions::new().max_unstored(1 << 20);
        check(options.read::<Value>(&file, node), "max_unstored", "met again");
    }
}

/// The columns of pandas' fixed frames are those of one dataset, which is met once.
#[test]
fn data_of_many_columns() {
    let file = File::create(tempfile::tempdir().unwrap().path().join("run.h5")).unwrap();
    let frame = file.create_group("frame").unwrap();
    let word = frame.new_attr::<VarLenUnicode>().create("pandas_type").unwrap();
    word.write_scalar(&"frame".parse::<VarLenUnicode>().unwrap()).unwrap();
    let names: Vec<VarLenUnicode> = (0..50).map(|index| format!("c{index}").parse().unwrap()).collect();
    frame.new_dataset_builder().with_data(&names).create("block0_items").unwrap();
    let values = ndarray::Array2::from_shape_fn((1000, 50), |(row, column)| (100 * row + column) as f64);
    frame.new_dataset_builder().with_data(&values).create("block0_values").unwrap();
    let rows: Vec<BTreeMap<String, f64>> = ReadOptions::new().max_bytes(450_000).read(&file, "frame").unwrap();
    assert_eq!((rows.len(), rows[999]["c49"]), (1000, 99_949.0));
}

#[test]
fn elements_without_place() {
    let image = filebacked::to_vec(&vec![(); 1000]).unwrap();
    let read = |count| ReadOptions::new().max_units(count).from_slice::<Vec<()>>(&image);
    check(read(999), "max_units", "1000 elements for which nothing is stored");
    assert_eq!(read(1000).unwrap().len(), 1000);
}

/// The limits are those of reading: what is written over is none of their business.
#[test]
fn writing_over_what_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["links.h5", "raw.h5", "virtual.h5", "filtered.h5", "secret.h5", "secret.raw"] {
        fs::copy(strangers().join(name), folder.path().join(name)).unwrap();
    }
    let secret = fs::read(folder.path().join("secret.h5")).unwrap();
    for (name, node) in [("virtual.h5", "own"), ("virtual.h5", "other"), ("filtered.h5", "numbers")] {
        let file = File::open_rw(folder.path().join(name)).unwrap();
        WriteOptions::new().overwrite(true).write(&file, node, &[6, 5, 4, 3, 2, 1]).unwrap();
        assert_eq!(filebacked::read::<Vec<i32>>(&file, node).unwrap(), [6, 5, 4, 3, 2, 1], "{name}");
    }
    assert!(fs::read(folder.path().join("secret.h5")).unwrap() == secret);
}

/// A normal file meets none of them.
#[test]
fn defaults_are_no_hindrance() {
    fn read<T: DeserializeOwned>(image: &[u8]) -> T {
        filebacked::from_slice(image).unwrap()
    }
    let image = WriteOptions::new().deflate(4).to_vec(&vec![0.0; 20_000_000]).unwrap();
    assert!(image.len() < 200_000);
    assert_eq!(read::<Vec<f64>>(&image).len(), 20_000_000);
    read::<IgnoredAny>(&image);
}
