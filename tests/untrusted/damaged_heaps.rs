//! Damaged global heaps: of each there is an error, at once. In some, libhdf5 itself loops without end, and holds its lock.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use filebacked::ErrorKind::*;
use filebacked::hdf5::File;
use filebacked::hdf5::types::VarLenUnicode;
use filebacked::{Lazy, from_file, from_slice, read, to_file, to_vec};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::common;

/// Strings that are stored with variable length: one is far longer than the others.
fn uneven(count: usize, longest: usize) -> Vec<String> {
    let mut strings: Vec<String> = (0..count).map(|index| "ab€".repeat(index % 9)).collect();
    strings.push("y".repeat(longest));
    strings
}

/// What a child is to do, and with what files, in its environment.
const TASK: &str = "FILEBACKED_HEAPS_TASK";
const FOLDER: &str = "FILEBACKED_HEAPS_FOLDER";
/// A child that says nothing for longer hangs.
const PATIENCE: Duration = Duration::from_secs(60);

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
fn watch(task: &str, folder: &Path) {
    let mut alone = common::test_alone(child);
    alone.env(TASK, task).env(FOLDER, folder).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = common::start_program(&mut alone).unwrap();
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
    watch("loops", Path::new(""));
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
            println!("{name}: {:?}", filebacked::tree(file.group(group).unwrap()).is_ok());
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
    watch("flips", Path::new(""));
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
            if at % 500 == 0 {
                println!("byte {at}");
            }
            let is_header = header.contains(&at);
            for bit in 0..8 {
                // In what is no header, one bit of a byte will do.
                if !is_header && bit != at % 8 {
                    continue;
                }
                let mut damaged = image.clone();
                damaged[heap + at] ^= 1 << bit;
                if bit == at % 8 && (is_header || at % 16 == 0) {
                    copy(&damaged);
                }
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

/// Copies what is stored without a look at what it means, which libhdf5 goes into the heaps for.
fn copy(image: &[u8]) {
    if let Ok(unread) = from_slice::<Lazy<()>>(image) {
        drop(to_vec(&unread));
    }
}

/// Damage to all that leads to the heap: headers of objects, references, and what else there is.
#[test]
fn flipped_bits_everywhere() {
    watch("everywhere", Path::new(""));
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
        copy(&damaged);
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
    let folder = tempfile::tempdir().unwrap();
    common::python("filled.py", [folder.path()]);
    watch("fillers", folder.path());
}

fn fillers() {
    let folder = PathBuf::from(std::env::var_os(FOLDER).unwrap());
    for name in ["earliest", "latest", "many attributes"] {
        println!("{name}");
        let path = folder.join(format!("{name}.h5"));
        let held = BTreeMap::from([(
            "filled".to_owned(),
            ["none", "none", "one", "none", "none"].map(str::to_owned).to_vec(),
        )]);
        assert_eq!(from_file::<BTreeMap<String, Vec<String>>>(&path).unwrap(), held);
        let mut image = std::fs::read(&path).unwrap();
        let heap = image.windows(4).position(|window| window == b"GCOL").unwrap();
        // After the header and the first object, "none": what is next becomes a thing of size zero.
        image[heap + 40..heap + 56].fill(0);
        let error = from_slice::<Value>(&image).unwrap_err();
        println!("{error}");
        assert_eq!(error.kind(), Corrupt, "{error}");
        assert_eq!(error.hdf5_path(), "/filled");
        copy(&image);
    }
}

#[test]
fn a_heap_asked_for_without_end() {
    watch("amplified", Path::new(""));
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
        assert!(found.ends_with("; at `strings/[0]`, HDF5 path `/strings`"), "{found}");
    }
}
