//! Strings and sequences of variable length: what is read past libhdf5 is what it reads itself, and of a damaged global
//! heap there is an error, at once.

mod common;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use filebacked::ErrorKind::*;
use filebacked::hdf5::types::{VarLenArray, VarLenUnicode};
use filebacked::hdf5::{self, File, H5Type};
use filebacked::{from_file, from_group, from_slice, read, to_file, to_vec};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

// Files of others.

#[derive(Deserialize, PartialEq, Debug)]
struct Attributed {
    #[serde(rename = "@title")]
    title: String,
    #[serde(rename = "@tags")]
    tags: Vec<String>,
    data: Vec<f64>,
}

#[test]
fn files_by_h5py() {
    let folder = tempfile::tempdir().unwrap();
    let held: BTreeMap<String, BTreeMap<String, Value>> =
        serde_json::from_str(&common::python("heaps.py", [folder.path()])).unwrap();
    assert_eq!(held.len(), 5);
    for (name, held) in held {
        let path = folder.path().join(format!("{name}.h5"));
        let check = |found: BTreeMap<String, Value>, how: &str| {
            for (dataset, held) in &held {
                assert!(found[dataset] == *held, "`{dataset}` in the file `{name}`, {how}");
            }
            assert_eq!(found.len(), held.len());
        };
        check(from_file(&path).unwrap(), "by its path");
        check(from_slice(&std::fs::read(&path).unwrap()).unwrap(), "in memory");
        // A child process that another test starts has the files that are open then, and with them their locks.
        let copy = |how: &str| {
            let copy = folder.path().join(format!("{name}, {how}.h5"));
            std::fs::copy(&path, &copy).unwrap();
            copy
        };
        check(from_group(&File::open_rw(copy("writing")).unwrap()).unwrap(), "open for writing");
        let core = File::with_options().with_fapl(|list| list.core_filebacked(false)).open_rw(copy("core")).unwrap();
        check(from_group(&core).unwrap(), "in memory, open for writing");
        // A driver whose files cannot be read past the library.
        let stdio = File::with_options().with_fapl(|list| list.stdio()).open(copy("stdio")).unwrap();
        check(from_group(&stdio).unwrap(), "by the library");
        let attributed: Attributed = read(&File::open(&path).unwrap(), "attributed").unwrap();
        let tags = ["a", "bcd", ""].map(str::to_owned).to_vec();
        assert_eq!(attributed, Attributed { title: "plate".to_owned(), tags, data: vec![1.5] });
    }
}

/// A dataset that is made of parts of other files, each with a heap of its own.
#[test]
fn virtual_datasets() {
    let folder = tempfile::tempdir().unwrap();
    let held = common::python("virtual_strings.py", [folder.path()]);
    let held: Vec<String> = serde_json::from_str(&held).unwrap();
    assert_eq!(from_file::<BTreeMap<String, Vec<String>>>(folder.path().join("all.h5")).unwrap()["all"], held);
}

// What the library reads itself.

fn memory() -> File {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("heaps-{}", COUNT.fetch_add(1, Ordering::Relaxed));
    File::with_options().with_fapl(|list| list.core_filebacked(false)).create(name).unwrap()
}

/// The strings of a dataset as libhdf5 reads them.
fn by_library(file: &File, name: &str) -> Vec<String> {
    let strings = file.dataset(name).unwrap().read_raw::<VarLenUnicode>().unwrap();
    strings.iter().map(|string| string.as_str().to_owned()).collect()
}

/// Strings that are stored with variable length: one is far longer than the others.
fn uneven(count: usize, longest: usize) -> Vec<String> {
    let mut strings: Vec<String> = (0..count).map(|index| "ab€".repeat(index % 9)).collect();
    strings.push("y".repeat(longest));
    strings
}

#[test]
fn strings_of_this_crate() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("strings.h5");
    // Of the last, many objects are larger than what is kept of a heap, and one larger than any window.
    for strings in [uneven(20, 500), uneven(100_000, 5_000_000), uneven(3, 0xffff), vec!["z".repeat(100_000); 70]] {
        let strings: Vec<String> = strings.into_iter().chain([String::new(), "end".to_owned()]).collect();
        to_file(&path, &BTreeMap::from([("strings", &strings)])).unwrap();
        assert!(by_library(&File::open(&path).unwrap(), "strings") == strings);
        assert!(from_file::<BTreeMap<String, Vec<String>>>(&path).unwrap()["strings"] == strings);
        let image = std::fs::read(&path).unwrap();
        assert!(from_slice::<BTreeMap<String, Vec<String>>>(&image).unwrap()["strings"] == strings);
    }
}

#[test]
fn what_is_not_written_yet() {
    let folder = tempfile::tempdir().unwrap();
    for file in [File::create(folder.path().join("open.h5")).unwrap(), memory()] {
        let mut all = Vec::new();
        for round in 0..20 {
            let name = format!("round {round}");
            let strings: Vec<String> = (0..round * 10).map(|index| format!("{round} ").repeat(index)).collect();
            filebacked::write(&file, &name, &strings).unwrap();
            all.push((name, strings));
            for (name, strings) in &all {
                assert_eq!(read::<Vec<String>>(&file, name).unwrap(), *strings, "{name}");
            }
        }
        // Another string in the place of one: the heap that is known changes.
        let dataset = file.new_dataset::<VarLenUnicode>().shape(2).create("changing").unwrap();
        for word in ["first", "other", "third, which is longer"] {
            let strings = vec![word.parse::<VarLenUnicode>().unwrap(); 2];
            dataset.write(&strings).unwrap();
            assert_eq!(read::<Vec<String>>(&file, "changing").unwrap(), [word; 2]);
        }
    }
}

#[test]
fn many_files_at_once() {
    let files: Vec<File> = (0..10).map(|_| memory()).collect();
    for (index, file) in files.iter().enumerate() {
        filebacked::write(file, "strings", &uneven(30, 500 + index)).unwrap();
    }
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20 {
                    for (index, file) in files.iter().enumerate() {
                        assert_eq!(read::<Vec<String>>(file, "strings").unwrap(), uneven(30, 500 + index));
                    }
                }
            });
        }
    });
}

#[derive(H5Type, Clone)]
#[repr(C)]
struct Inner {
    weight: f32,
    label: VarLenUnicode,
    sizes: VarLenArray<u16>,
}

/// Sequences within records within sequences: references within what references lead to.
#[test]
fn nested() {
    let file = memory();
    let label = |text: &str| text.parse::<VarLenUnicode>().unwrap();
    let inner = |index: usize| Inner {
        weight: index as f32,
        label: label(&"ab".repeat(index)),
        sizes: VarLenArray::from_slice(&vec![index as u16; index % 3]),
    };
    // libhdf5 has this type as a sequence of records; `VarLenArray` takes no elements that own something.
    let kind = hdf5::types::TypeDescriptor::VarLenArray(Box::new(Inner::type_descriptor()));
    let rows: Vec<Vec<Inner>> = (0..40).map(|row| (0..row % 4).map(|index| inner(row + index)).collect()).collect();
    let raw: Vec<(usize, *const Inner)> = rows.iter().map(|row| (row.len(), row.as_ptr())).collect();
    let dataset = file.new_dataset_builder().empty_as(&kind).shape(rows.len()).create("rows").unwrap();
    let status = hdf5::sync::sync(|| {
        // SAFETY: each row is a length and an address, as libhdf5 has sequences in memory.
        unsafe {
            let dtype = hdf5_sys::h5d::H5Dget_type(dataset.id());
            let memory = hdf5_sys::h5t::H5Tget_native_type(dtype, hdf5_sys::h5t::H5T_direction_t::H5T_DIR_ASCEND);
            let (all, list) = (hdf5_sys::h5s::H5S_ALL, hdf5_sys::h5p::H5P_DEFAULT);
            hdf5_sys::h5d::H5Dwrite(dataset.id(), memory, all, all, list, raw.as_ptr().cast())
        }
    });
    assert!(status >= 0);
    let wanted: Vec<Value> = rows
        .iter()
        .map(|row| {
            let one = |one: &Inner| json!({"weight": one.weight, "label": one.label.as_str(), "sizes": &one.sizes[..]});
            row.iter().map(one).collect()
        })
        .collect();
    assert_eq!(read::<Value>(&file, "rows").unwrap(), Value::from(wanted));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_strings(
        strings in prop::collection::vec(prop_oneof![
            4 => "[^\0]{0,12}",
            2 => Just(String::new()),
            1 => "[a-z]{200,900}",
            1 => (4000_usize..70_000).prop_map(|len| "q".repeat(len)),
        ], 0..300),
        chunk in prop::option::of(1_usize..50),
        userblock in prop::sample::select(vec![0_u64, 512, 4096]),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("any.h5");
        let file = File::with_options().with_fcpl(|list| list.userblock(userblock)).create(&path).unwrap();
        let texts: Vec<VarLenUnicode> = strings.iter().map(|string| string.parse().unwrap()).collect();
        let builder = file.new_dataset_builder().with_data(&texts);
        match chunk.filter(|_| !texts.is_empty()) {
            Some(chunk) => builder.chunk(chunk.min(texts.len())).deflate(1).create("strings"),
            None => builder.no_chunk().create("strings"),
        }
        .unwrap();
        prop_assert_eq!(&read::<Vec<String>>(&file, "strings").unwrap(), &strings);
        file.close().unwrap();
        prop_assert_eq!(&by_library(&File::open(&path).unwrap(), "strings"), &strings);
        prop_assert_eq!(&read::<Vec<String>>(&File::open(&path).unwrap(), "strings").unwrap(), &strings);
    }
}

// Damage.

const TASK: &str = "FILEBACKED_HEAPS_TASK";
/// A child that says nothing for longer hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// Not a test by itself: what a child does, which [`watch`] starts.
#[test]
fn child() {
    match std::env::var(TASK).as_deref() {
        Ok("loops") => loops(),
        Ok("flips") => flips(),
        Ok("amplified") => amplified(),
        Ok("fillers") => fillers(),
        Ok("everywhere") => everywhere(),
        _ => {}
    }
}

/// Does a task in a child that must not hang.
fn watch(task: &str) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture", "--test-threads=1"])
        .env(TASK, task)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (sender, lines) = mpsc::channel();
    let stdout = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            sender.send(line).ok();
        }
    });
    let mut last = String::new();
    loop {
        match lines.recv_timeout(PATIENCE) {
            Ok(line) => last = line,
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("`{task}` hung after: {last}");
            }
        }
    }
    reader.join().unwrap();
    assert!(child.wait().unwrap().success(), "`{task}` failed after: {last}");
}

/// libhdf5 does not come back from these.
#[test]
fn files_that_loop() {
    watch("loops");
}

fn loops() {
    for name in ["heap-loop-1.h5", "heap-loop-2.h5"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/damaged").join(name);
        let image = std::fs::read(&path).unwrap();
        #[derive(Deserialize)]
        #[allow(dead_code, reason = "only the reading is looked at")]
        struct Group {
            #[serde(rename = "@u")]
            u: String,
        }
        println!("{name}");
        let file = File::open(&path).unwrap();
        let errors = [
            from_file::<Value>(&path).unwrap_err(),
            from_slice::<Value>(&image).unwrap_err(),
            read::<Vec<String>>(&file, "s").unwrap_err(),
        ];
        for error in &errors {
            println!("{name}: {error}");
        }
        for group in ["/", "g"] {
            println!("{name}: {:?}", filebacked::tree(&file.group(group).unwrap()).is_ok());
        }
        drop(read::<Group>(&file, "g"));
        drop(read::<Value>(&file, "g/vl"));
        drop(read::<Value>(&file, "g/cmp"));
        assert_eq!(errors[2].kind(), Corrupt, "{}", errors[2]);
        assert_eq!(errors[2].hdf5_path(), "/s");
    }
}

/// Strings of their own length wherever they can be.
#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Everywhere {
    #[serde(rename = "@title")]
    title: String,
    #[serde(rename = "@tags")]
    tags: Vec<String>,
    strings: Vec<String>,
}

#[test]
fn flipped_bits_in_a_heap() {
    watch("flips");
}

fn flips() {
    let value = Everywhere {
        title: "a title".to_owned(),
        tags: vec!["one".to_owned(), "three".to_owned()],
        strings: uneven(30, 700),
    };
    let image = to_vec(&value).unwrap();
    assert_eq!(from_slice::<Everywhere>(&image).unwrap(), value);
    let heaps: Vec<usize> = (0..image.len()).filter(|at| image[*at..].starts_with(b"GCOL")).collect();
    assert!(!heaps.is_empty());
    let size = |at: usize| u64::from_le_bytes(image[at + 8..at + 16].try_into().unwrap()) as usize;
    let mut errors = 0;
    for heap in heaps {
        println!("heap at {heap}");
        let mut header = 0..16;
        let mut ends = Vec::new();
        for at in 0..size(heap) {
            let is_header = header.contains(&at);
            for bit in 0..8 {
                // In what is no header, one bit of a byte will do.
                if !is_header && bit != at % 8 {
                    continue;
                }
                let mut damaged = image.clone();
                damaged[heap + at] ^= 1 << bit;
                match from_slice::<Everywhere>(&damaged) {
                    Ok(found) if is_header => assert_eq!(found, value, "bit {bit} of byte {at}"),
                    Ok(_) => {}
                    Err(error) if is_header => {
                        assert_eq!(error.kind(), Corrupt, "bit {bit} of byte {at}: {error}");
                        errors += 1;
                    }
                    Err(_) => {}
                }
            }
            if at + 1 == header.end {
                // The next header follows on the object, or, at first, on this one.
                let object = if ends.is_empty() { 0 } else { size(heap + header.start).next_multiple_of(8) };
                let next = header.end + object;
                ends.push(next);
                header = next..next + 16;
            }
        }
        println!("{} objects", ends.len());
        assert!(ends.len() > 30 || size(heap) > 4096 || ends.len() > 2);
    }
    assert!(errors > 1000, "{errors}");
}

/// Damage to all that leads to the heap: headers of objects, references, and what else there is.
#[test]
fn flipped_bits_everywhere() {
    watch("everywhere");
}

fn everywhere() {
    let value = Everywhere {
        title: "a title".to_owned(),
        tags: vec!["one".to_owned(), "three".to_owned()],
        strings: uneven(30, 700),
    };
    let image = to_vec(&value).unwrap();
    let (mut read, mut errors) = (0, 0);
    for at in 0..image.len() {
        if at % 500 == 0 {
            println!("byte {at}");
        }
        let mut damaged = image.clone();
        damaged[at] ^= 1 << (at % 8);
        match from_slice::<Everywhere>(&damaged) {
            Ok(_) => read += 1,
            Err(_) => errors += 1,
        }
    }
    assert!(read > 500 && errors > 500, "{read} {errors}");
}

/// libhdf5 looks a fill value up in the heap when it is asked how a dataset was made, and does not come back from there.
#[test]
fn fill_values_in_a_damaged_heap() {
    watch("fillers");
}

fn fillers() {
    let folder = tempfile::tempdir().unwrap();
    common::python("filled.py", [folder.path()]);
    for name in ["earliest", "latest", "many attributes"] {
        println!("{name}");
        let path = folder.path().join(format!("{name}.h5"));
        let held = BTreeMap::from([("filled".to_owned(), vec!["none".to_owned(); 5])]);
        assert_eq!(from_file::<BTreeMap<String, Vec<String>>>(&path).unwrap(), held);
        let mut image = std::fs::read(&path).unwrap();
        let heap = image.windows(4).position(|window| window == b"GCOL").unwrap();
        // The one object, "none", and then the free space, which becomes a thing of size zero.
        image[heap + 40..heap + 56].fill(0);
        let error = from_slice::<Value>(&image).unwrap_err();
        println!("{error}");
        assert_eq!(error.kind(), Corrupt, "{error}");
        assert_eq!(error.hdf5_path(), "/filled");
    }
}

#[test]
fn a_heap_asked_for_without_end() {
    watch("amplified");
}

/// Every string of many is the same large one, by two references in turn, so that it seems another each time.
fn amplified() {
    let strings: Vec<String> =
        (0..200_000).map(|index| if index < 2 { "v".repeat(1 << 20) } else { "w".repeat(20) }).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("amplified.h5");
    to_file(&path, &BTreeMap::from([("strings", &strings)])).unwrap();
    let mut image = std::fs::read(&path).unwrap();
    let start = File::open(&path).unwrap().dataset("strings").unwrap().offset().unwrap() as usize;
    let two = image[start..start + 32].to_vec();
    for pair in image[start..].chunks_exact_mut(32).take(strings.len() / 2) {
        pair.copy_from_slice(&two);
    }
    println!("begin");
    let error = from_slice::<BTreeMap<String, Vec<String>>>(&image).unwrap_err();
    assert_eq!(error.kind(), Limit, "{error}");
    assert_eq!(error.hdf5_path(), "/strings");
}

/// One reference of a dataset is damaged: there is an error that says where, or another string of the heap.
#[test]
fn flipped_bits_in_references() {
    let strings = uneven(30, 700);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("references.h5");
    let file = File::create(&path).unwrap();
    let texts: Vec<VarLenUnicode> = strings.iter().map(|string| string.parse().unwrap()).collect();
    let dataset = file.new_dataset_builder().with_data(&texts).no_chunk().create("strings").unwrap();
    let start = dataset.offset().unwrap() as usize;
    drop(dataset);
    file.close().unwrap();
    let image = std::fs::read(&path).unwrap();
    let check = |at: usize, bit: usize| {
        let mut damaged = image.clone();
        damaged[start + at] ^= 1 << bit;
        match from_slice::<BTreeMap<String, Vec<String>>>(&damaged) {
            Ok(found) => {
                let found = &found["strings"];
                let changed = at / 16;
                assert_eq!(found.len(), strings.len());
                let others = found.iter().zip(&strings).enumerate().filter(|(index, _)| *index != changed);
                others.for_each(|(_, (found, string))| assert_eq!(found, string));
                assert!(found[changed].is_empty() || strings.contains(&found[changed]));
            }
            Err(error) => {
                assert_eq!(error.kind(), Corrupt, "{error}");
                assert_eq!(error.hdf5_path(), "/strings");
            }
        }
    };
    (0..strings.len() * 16).for_each(|at| (0..8).for_each(|bit| check(at, bit)));
}

#[test]
fn messages() {
    fn message<T: DeserializeOwned>(image: &[u8]) -> String {
        match from_slice::<T>(image) {
            Ok(_) => "it was read".to_owned(),
            Err(error) => error.to_string(),
        }
    }
    let image = to_vec(&BTreeMap::from([("strings", uneven(30, 700))])).unwrap();
    let heap = image.windows(4).position(|window| window == b"GCOL").unwrap();
    let with = |at: usize, byte: u8| {
        let mut damaged = image.clone();
        damaged[heap + at] = byte;
        message::<BTreeMap<String, Vec<String>>>(&damaged).replace(&heap.to_string(), "HEAP")
    };
    let cases = [
        (0, b'X', "does not begin with its signature"),
        (4, 2, "is of an unknown version"),
        (9, 0, "has too small a size"),
        (15, 1, "goes beyond the end of the file"),
        (31, 1, "has an object 1 of a size that cannot be: 7205759403792"),
    ];
    for (at, byte, what) in cases {
        let found = with(at, byte);
        assert!(found.contains(what) && found.contains("the global heap collection at HEAP"), "{found}");
        assert!(found.ends_with("; at `strings[0]`, HDF5 path `/strings`"), "{found}");
    }
}
