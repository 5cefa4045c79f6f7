//! The limits on reading: what each refuses, by which error, and what it allows where it is raised.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use filebacked::hdf5::types::VarLenUnicode;
use filebacked::hdf5::{File, Group};
use filebacked::{Appender, ErrorKind, Lazy, ReadOptions, Reader, Records, WriteOptions};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::common;

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

/// Runs a test again, in a process of its own, since libhdf5 looks for plugins where the environment says so
/// when it begins. There is a folder with one plugin: of filters, of connectors or of file drivers.
#[cfg(target_os = "linux")]
fn with_plugin(test: impl Fn(), sort: u32) {
    let folder = tempfile::tempdir().unwrap();
    let plugins = folder.path().join("plugins");
    fs::create_dir(&plugins).unwrap();
    fs::copy(strangers().join("filtered.h5"), folder.path().join("filtered.h5")).unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/plugin.c");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", &format!("-DSORT={sort}"), "-o"]).arg(plugins.join("libpass.so")).arg(source);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let compiled = common::output(&mut compiler).unwrap();
    assert!(compiled.status.success(), "{}", text(&compiled.stderr));
    let mut alone = common::test_alone(test);
    let output = common::output(alone.env(MARK, folder.path().join("mark")).env("HDF5_PLUGIN_PATH", &plugins)).unwrap();
    assert!(output.status.success(), "plugin {sort}: {}{}", text(&output.stdout), text(&output.stderr));
}

/// The file that a plugin leaves where it is loaded, in a process that [`with_plugin`] began.
#[cfg(target_os = "linux")]
fn mark_of_plugin() -> Option<PathBuf> {
    std::env::var_os(MARK).map(PathBuf::from)
}

#[cfg(target_os = "linux")]
#[test]
fn plugins() {
    let Some(mark) = mark_of_plugin() else { return with_plugin(plugins, 0) };
    let file = File::open_rw(mark.with_file_name("filtered.h5")).unwrap();
    for name in ["numbers", "strings"] {
        check(filebacked::read::<Value>(&file, name), "allow_plugins", "filter 32123 is not built in");
    }
    let shown = filebacked::tree(&file).unwrap().to_string();
    assert!(shown.contains("allow_plugins"), "{shown}");
    // Nor does writing load any.
    let error = Appender::<i32>::open(&file, "growing").err().unwrap();
    assert!(error.to_string().contains("filter 32123 is not built in"), "{error}");
    WriteOptions::new().overwrite(true).write(&file, "strings", &[1, 2]).unwrap();
    let lazy: Lazy<Value> = filebacked::from_group(&file).unwrap();
    check(filebacked::write(&file, "copy", &lazy), "allow_plugins", "filter 32123 is not built in");
    let numbers: Vec<u32> = (0..10_000).collect();
    let words: Vec<String> = numbers.iter().map(|number| "a".repeat(*number as usize % 100)).collect();
    for (name, options) in [("lzf", WriteOptions::new().lzf()), ("deflate", WriteOptions::new().deflate(1))] {
        options.write(&file, name, &(&numbers, &words)).unwrap();
        let mut appender = options.create_appender::<u32>(&file, &format!("{name} by parts")).unwrap();
        numbers.iter().try_for_each(|number| appender.push(number)).unwrap();
        appender.finish().unwrap();
        options.to_vec(&(&numbers, &words)).unwrap();
        assert_eq!(filebacked::read::<(Vec<u32>, Vec<String>)>(&file, name).unwrap(), (numbers.clone(), words.clone()));
    }
    assert!(!mark.exists(), "a plugin was loaded");
    let trusting = ReadOptions::new().allow_plugins(true);
    assert_eq!(trusting.read::<Vec<i32>>(&file, "numbers").unwrap(), [0, 1, 2, 3, 4, 5]);
    assert!(mark.exists(), "no plugin was loaded");
    // Now the process has it.
    assert_eq!(filebacked::read::<Vec<i32>>(&file, "numbers").unwrap(), [0, 1, 2, 3, 4, 5]);
}

/// For a file that it does not know, libhdf5 looks for a connector among all plugins, of whatever sort.
#[cfg(target_os = "linux")]
#[test]
fn plugins_for_files_of_other_formats() {
    let Some(mark) = mark_of_plugin() else {
        return (0..3).for_each(|sort| with_plugin(plugins_for_files_of_other_formats, sort));
    };
    let folder = mark.parent().unwrap();
    let image = filebacked::to_vec(&json!({"list": [1, 2, 3]})).unwrap();
    let hostile = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/hostile/plugin-trigger.h5")).unwrap();
    // Its superblock, and nothing of what that leads to.
    let begun = [&image[..64], &[0; 1000]].concat();
    let files: [&[u8]; 6] = [&hostile, b"", b"a text\n", &image[..image.len() / 2], &image[..20], &begun];
    for (number, bytes) in files.into_iter().enumerate() {
        let path = folder.join(format!("file-{number}"));
        fs::write(&path, bytes).unwrap();
        assert!(filebacked::from_file::<Value>(&path).is_err());
        assert!(filebacked::from_file::<Lazy<Value>>(&path).is_err());
        assert!(filebacked::from_slice::<Value>(bytes).is_err());
        assert!(Reader::<u8>::open_file(&path, "list").is_err());
        // What an appender makes of a file that was cut is another matter.
        drop(Appender::<u8>::open_file(&path, "list"));
        drop(filebacked::read_at::<Value>(&path, "list"));
        drop(filebacked::write_at(&path, "more/list", &[1, 2]));
        assert!(!mark.exists(), "a plugin was loaded for file {number}");
    }
    // Each of them is set aside only for as long as a file is opened.
    assert_eq!(folders(), [folder.join("plugins")]);
    let trusting = ReadOptions::new().allow_plugins(true);
    assert!(trusting.from_file::<Value>(folder.join("file-2")).is_err());
    assert_eq!(mark.exists(), filebacked::hdf5::library_version() >= (1, 12, 0));
    // A file that replaces one of another format does not open it.
    fs::remove_file(&mark).ok();
    filebacked::to_file(folder.join("file-2"), &1).unwrap();
    assert!(!mark.exists(), "a plugin was loaded for a new file");
}

/// Where libhdf5 looks for plugins.
fn folders() -> Vec<PathBuf> {
    use filebacked::hdf5::sync::sync;
    use hdf5_sys::h5pl::{H5PLget, H5PLsize};

    sync(|| {
        let (mut count, mut name) = (0, vec![0u8; 4096]);
        // SAFETY: the address of a number.
        assert!(unsafe { H5PLsize(&raw mut count) } >= 0);
        let mut folder = |index| {
            // SAFETY: a buffer of the size given.
            let len = unsafe { H5PLget(index, name.as_mut_ptr().cast(), name.len()) };
            PathBuf::from(String::from_utf8(name[..usize::try_from(len).unwrap()].to_vec()).unwrap())
        };
        (0..count).map(&mut folder).collect()
    })
}

/// HDF5 has two default folders: one below the folder in which it was built, and one of the system.
#[test]
fn the_folder_of_the_build_is_not_looked_into() {
    if std::env::var_os("HDF5_PLUGIN_PATH").is_some() {
        return;
    }
    filebacked::to_vec(&1).unwrap();
    let folders = folders();
    assert!(folders.iter().all(|folder| !folder.to_string_lossy().contains("hdf5-metno-src")), "{folders:?}");
    assert!(!folders.is_empty());
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
    #[derive(Deserialize)]
    struct Floats {
        a: Vec<f64>,
        b: Vec<f64>,
    }
    let value = json!({"a": vec![1.5; 1000], "b": vec![2.5; 1000], "c": vec!["text", "x"]});
    let image = filebacked::to_vec(&value).unwrap();
    let read = |bytes| ReadOptions::new().max_bytes(bytes).from_slice::<Value>(&image);
    // The data, and what is made of it: a value of JSON takes 32 bytes.
    check(read(7_999), "max_bytes", "8000 bytes of data");
    check(read(60_000), "max_bytes", "more than the limit of 60000 bytes");
    assert_eq!(read(66_000).unwrap(), value);
    let floats = |bytes| ReadOptions::new().max_bytes(bytes).from_slice::<Floats>(&image);
    check(floats(15_999), "max_bytes", "more than the limit of 15999 bytes");
    let Floats { a, b } = floats(16_000).unwrap();
    assert_eq!((a.len(), b.len()), (1000, 1000));
    // What is not asked for does not count.
    #[derive(Deserialize)]
    struct One {
        b: Vec<f64>,
    }
    assert_eq!(ReadOptions::new().max_bytes(8_000).from_slice::<One>(&image).unwrap().b.len(), 1000);
    // Each call begins anew.
    let options = ReadOptions::new().max_bytes(66_000);
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
            assert!(begin.elapsed() < Duration::from_secs(90), "{kind}, {soft}: {:?}", begin.elapsed());
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
    let rows: Vec<BTreeMap<String, f64>> = ReadOptions::new().max_bytes(4_000_000).read(&file, "frame").unwrap();
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

/// Does something on a thread of 64 KiB, and on one whose stack is long enough for some levels.
fn on_short_stacks<R: Send>(work: impl Fn() -> R + Sync) -> [R; 2] {
    [64, 600].map(|size| {
        let builder = std::thread::Builder::new().stack_size(size << 10);
        std::thread::scope(|scope| builder.spawn_scoped(scope, &work).unwrap().join().unwrap())
    })
}

/// Values that nest 100 levels deep, of each sort that nests, on a thread whose stack is far too short for that.
#[test]
fn short_stacks() {
    fn both<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug + Send + Sync>(
        options: &WriteOptions,
        value: &T,
    ) {
        let read = on_short_stacks(|| {
            let image = options.to_vec(value).unwrap();
            // What is stored may have more levels than what was written.
            let deep = ReadOptions::new().max_depth(1000);
            let read = deep.from_slice::<T>(&image).unwrap();
            let any = deep.from_slice::<filebacked::Value>(&image).unwrap();
            let copy = any.clone();
            assert!(any == copy && any.to_string() == copy.to_string());
            assert!(format!("{any:?}") == format!("{copy:?}"));
            if let Err(error) = filebacked::to_vec(&any) {
                assert_eq!(error.kind(), ErrorKind::TooDeep, "{error}");
            }
            let lazy = deep.from_slice::<Lazy<T>>(&image).unwrap();
            assert!(!filebacked::to_vec(&lazy).unwrap().is_empty());
            (read, [any, copy])
        });
        read.iter().for_each(|(read, _)| assert!(read == value, "{read:?}"));
    }
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    enum Tree {
        Leaf(u8),
        Inner(Box<Tree>),
        Named { label: String, tree: Box<Tree> },
        Pair(String, Box<Tree>),
    }
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Patch {
        label: Option<String>,
        inner: Vec<Patch>,
        next: Option<Box<Patch>>,
    }
    const LEVELS: usize = 100;
    let nested = |step: fn(Value) -> Value| (0..LEVELS).fold(json!(1), |value, _| step(value));
    let plain = WriteOptions::new();
    both(&plain, &nested(|value| json!({ "n": value })));
    both(&plain, &nested(|value| json!([value])));
    both(&plain, &nested(|value| json!([value, "text"])));
    // Each step is a list, a map and what is in it.
    let records = (0..LEVELS / 2).fold(json!(1), |value, _| json!([{ "n": value, "list": [] }, null]));
    both(&plain, &records);
    let tree = |step: fn(Box<Tree>) -> Tree| (0..LEVELS).fold(Tree::Leaf(1), |tree, _| step(Box::new(tree)));
    both(&plain, &tree(Tree::Inner));
    // Each step is a variant, and its fields.
    let named = |tree, _| Tree::Named { label: "a label".to_owned(), tree: Box::new(tree) };
    both(&plain, &(0..LEVELS / 2).fold(Tree::Leaf(1), named));
    both(&plain, &tree(|tree| Tree::Pair("a label".to_owned(), tree)));
    both(&plain, &vec![tree(|tree| Tree::Pair("a label".to_owned(), tree)), tree(Tree::Inner)]);
    let patch = |step: fn(Patch) -> Patch| {
        let leaf = Patch { label: None, inner: Vec::new(), next: None };
        (0..LEVELS).fold(leaf, |patch, _| step(patch))
    };
    let inner = || patch(|patch| Patch { label: Some("x".to_owned()), inner: vec![patch], next: None });
    let next = || patch(|patch| Patch { label: None, inner: Vec::new(), next: Some(Box::new(patch)) });
    both(&plain, &inner());
    both(&plain, &next());
    both(&plain, &vec![inner(), next()]);
    both(&plain.clone().records(Records::Columns), &vec![next(), next()]);
    let python = WriteOptions::new().python("model");
    both(&python, &inner());
    both(&python, &next());
    // A stream of such, and a serializer by itself.
    let records: Vec<Value> = vec![nested(|value| json!([value, "text"])); 2];
    let folder = tempfile::tempdir().unwrap();
    let all = on_short_stacks(|| {
        let file = File::create(folder.path().join("short.h5")).unwrap();
        let mut appender = Appender::create(&file, "records").unwrap();
        records.iter().for_each(|record| appender.push(record).unwrap());
        appender.finish().unwrap();
        let group = file.create_group("by itself").unwrap();
        records[0].serialize(filebacked::Hdf5Serializer::new(&group)).unwrap();
        let again = Value::deserialize(filebacked::Hdf5Deserializer::new(&group)).unwrap();
        let read: Vec<Value> = Reader::open(&file, "records").unwrap().map(Result::unwrap).collect();
        let shown = filebacked::tree(&file).unwrap().to_string();
        assert!(shown.contains("records"));
        (again, read)
    });
    assert!(all.iter().all(|(again, read)| *again == records[0] && *read == records));
}
