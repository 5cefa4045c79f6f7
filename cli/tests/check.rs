//! What is damaged is found.

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::{make_files, shell};
use filebacked::{LibraryVersion, WriteOptions, hdf5};
use serde::Serialize;

#[derive(Serialize)]
struct Sample {
    numbers: Vec<f64>,
    ragged: Vec<Vec<i32>>,
    records: Vec<(u32, Option<f64>)>,
    settings: BTreeMap<String, u16>,
}

fn sample() -> Sample {
    Sample {
        numbers: (0..500).map(f64::from).collect(),
        ragged: (0..60).map(|len| (0..len % 7).collect()).collect(),
        records: (0..80_u32).map(|id| (id, (id % 3 > 0).then(|| f64::from(id) / 2.0))).collect(),
        settings: (0..10).map(|number| (format!("setting {number}"), number)).collect(),
    }
}

/// In a file of which all has checksums, whatever was changed is found, or changes nothing.
#[test]
fn no_changed_byte_goes_unseen() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, damaged) = (folder.path().join("whole.h5"), folder.path().join("damaged.h5"));
    let options = WriteOptions::new().libver(LibraryVersion::V110, LibraryVersion::V110).fletcher32(true).above(0);
    options.chunk([32]).lenient().to_file(&whole, &sample()).unwrap();
    assert_eq!(shell(folder.path(), "filebacked check -q whole.h5"), (String::new(), 0));
    let bytes = std::fs::read(&whole).unwrap();
    let (mut found, mut sound) = (0, 0);
    for (number, at) in (0..bytes.len()).step_by(bytes.len() / 150).enumerate() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (number % 8);
        std::fs::write(&damaged, &changed).unwrap();
        let (output, code) = shell(folder.path(), "timeout 60 filebacked check damaged.h5");
        match code {
            0 => {
                sound += 1;
                let (output, code) = shell(folder.path(), "filebacked diff whole.h5 damaged.h5");
                assert_eq!((output.as_str(), code), ("", 0), "byte {at}");
            }
            1 | 2 => found += 1,
            _ => panic!("byte {at} ends with {code}:\n{output}"),
        }
    }
    assert!(found > 50 && sound > 0, "{found} found, and {sound} sound");
}

/// What was cut off, too.
#[test]
fn no_end_is_missing_unseen() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.h5");
    filebacked::to_file(&whole, &sample()).unwrap();
    let bytes = std::fs::read(&whole).unwrap();
    for kept in [0, 7, 100, 1000, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(folder.path().join("cut.h5"), &bytes[..kept]).unwrap();
        let (output, code) = shell(folder.path(), "filebacked check cut.h5");
        assert_eq!(code, 1, "{kept} bytes:\n{output}");
    }
}

fn change(path: &Path, change: impl FnOnce(&hdf5::File) -> hdf5::Result<()>) {
    let file = hdf5::File::open_rw(path).unwrap();
    change(&file).unwrap();
}

/// What fits together no more: offsets, masks, tags, links.
#[test]
fn contradictions_are_found() {
    type Change = fn(&hdf5::File) -> hdf5::Result<()>;
    let cases: [(&str, Change, &str); 5] = [
        (
            "offsets that end too late",
            |file| file.dataset("ragged/offsets")?.write_slice(&[100_000_u64], 60..61),
            "/ragged",
        ),
        ("offsets that go back", |file| file.dataset("ragged/offsets")?.write_slice(&[90_u64], 1..2), "/ragged"),
        (
            "a mask of another length",
            |file| {
                let values = file.group("records/1")?;
                values.unlink("mask")?;
                values.new_dataset::<bool>().shape(3).create("mask")?;
                Ok(())
            },
            "/records",
        ),
        (
            "a column that is shorter",
            |file| {
                file.group("records")?.unlink("0")?;
                file.group("records")?.new_dataset::<u32>().shape(3).create("0")?;
                Ok(())
            },
            "/records",
        ),
        ("a link to nothing", |file| file.link_soft("/nowhere", "link"), "/link"),
    ];
    for (what, edit, place) in cases {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.h5");
        filebacked::to_file(&path, &sample()).unwrap();
        assert_eq!(shell(folder.path(), "filebacked check -q run.h5").1, 0);
        change(&path, edit);
        let (output, code) = shell(folder.path(), "filebacked check run.h5");
        assert!(
            code == 1 && output.contains(&format!("run.h5: {place}")) && output.contains("damaged"),
            "{what}: {code}\n{output}"
        );
        let (output, code) = shell(folder.path(), "filebacked check run.h5 --json");
        assert_eq!(code, 1);
        let json: serde_json::Value = serde_json::from_str(&output).unwrap();
        assert!(json[0]["path"].as_str().unwrap().starts_with(place), "{json}");
    }
}

/// Strings that are marked as UTF-8 and are not are damage; of others that are neither ASCII nor UTF-8 there is a note.
#[test]
fn strings_are_what_they_are_marked_as() {
    use hdf5::types::{FixedAscii, FixedUnicode, VarLenAscii, VarLenUnicode};

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    // Without checksums.
    let file = hdf5::FileBuilder::new().with_fapl(|file| file.libver_earliest()).create(&path).unwrap();
    let group = |name: &str| file.create_group(name).unwrap();
    let (ascii, utf8) = (group("ascii"), group("utf8"));
    macro_rules! add {
        ($group:ident $name:literal $type:ty) => {
            let value = <$type>::try_from_text("kaff");
            $group.new_dataset_builder().with_data(&[value.clone(), value.clone()]).create($name).unwrap();
            $group.new_attr::<$type>().create($name).unwrap().write_scalar(&value).unwrap();
        };
    }
    add!(ascii "fixed" FixedAscii<4>);
    add!(ascii "own" VarLenAscii);
    add!(utf8 "fixed" FixedUnicode<4>);
    add!(utf8 "own" VarLenUnicode);
    filebacked::write(&utf8, "text", &vec!["kaff", "coffee"]).unwrap();
    drop((ascii, utf8, file));
    assert_eq!(shell(folder.path(), "filebacked check -q run.h5"), (String::new(), 0));
    // As programs write that know of no UTF-8.
    let mut bytes = std::fs::read(&path).unwrap();
    let places: Vec<usize> = (0..bytes.len() - 4).filter(|at| &bytes[*at..at + 4] == b"kaff").collect();
    assert_eq!(places.len(), 13);
    places.iter().for_each(|at| bytes[*at..at + 4].copy_from_slice(b"caf\xe9"));
    std::fs::write(&path, &bytes).unwrap();
    let (output, code) = shell(folder.path(), "filebacked check run.h5 --json");
    assert_eq!(code, 1, "{output}");
    let all: Vec<serde_json::Value> = serde_json::from_str(&output).unwrap();
    let mut found: Vec<String> =
        all.iter().map(|one| format!("{} {}", one["path"], one["kind"]).replace('"', "")).collect();
    found.sort();
    let expected = [
        "/ascii/fixed note",
        "/ascii/own note",
        "/ascii@fixed note",
        "/ascii@own note",
        "/utf8/fixed damaged",
        "/utf8/own damaged",
        "/utf8/text damaged",
        "/utf8@fixed damaged",
        "/utf8@own damaged",
    ];
    assert_eq!(found, expected);
    assert!(output.contains("caf\\\\xe9"), "{output}");
    // Notes alone are no damage.
    assert_eq!(shell(folder.path(), "filebacked repack run.h5 -q --skip utf8"), (String::new(), 0));
    let (output, code) = shell(folder.path(), "filebacked check run.h5");
    let lines: Vec<&str> = output.lines().collect();
    assert!(code == 0 && lines.len() == 5 && lines[4].starts_with("run.h5: sound: "), "{output}");
    assert_eq!(lines[2], "run.h5: /ascii/fixed: note: element 0: text that is neither ASCII nor UTF-8: \"caf\\xe9\"");
}

/// A string of one of HDF5's types.
trait TryFromText {
    fn try_from_text(text: &str) -> Self;
}

macro_rules! try_from_text {
    ($($type:ty: $make:path;)*) => {
        $(impl TryFromText for $type {
            fn try_from_text(text: &str) -> Self {
                $make(text).unwrap()
            }
        })*
    };
}
try_from_text! {
    hdf5::types::FixedAscii<4>: hdf5::types::FixedAscii::from_ascii;
    hdf5::types::VarLenAscii: hdf5::types::VarLenAscii::from_ascii;
    hdf5::types::FixedUnicode<4>: std::str::FromStr::from_str;
    hdf5::types::VarLenUnicode: std::str::FromStr::from_str;
}

/// Limits end with an error that names the option, and not with a file that is called damaged.
#[test]
fn limits_have_names() {
    let folder = tempfile::tempdir().unwrap();
    make_files(folder.path());
    let path = folder.path().join("large.h5");
    let file = hdf5::File::create(&path).unwrap();
    file.new_dataset::<u8>().shape(1 << 30).chunk(1 << 20).create("unwritten").unwrap();
    drop(file);
    for command in ["tree large.h5", "check large.h5", "get large.h5 unwritten --json"] {
        let (output, _) = shell(folder.path(), &format!("filebacked {command}"));
        assert!(output.contains("`--max-expansion`"), "{command}:\n{output}");
    }
    assert_eq!(shell(folder.path(), "filebacked check large.h5").1, 2);
    let (output, code) = shell(
        folder.path(),
        "filebacked get large.h5 'unwritten[5:7]' --max-expansion 1000000000000 --max-unstored 2TB",
    );
    assert_eq!((output.as_str(), code), ("0\n0\n", 0));
    let (output, code) = shell(folder.path(), "filebacked get run.h5 settings --max-depth 0");
    assert!(code == 2 && output.contains("`--max-depth`"), "{output}");
}
