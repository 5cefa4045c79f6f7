//! Sound files.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use filebacked::hdf5::file::LibraryVersion;
use filebacked::hdf5::filters::ScaleOffset;
use filebacked::hdf5::plist::dataset_create::AllocTime;
use filebacked::hdf5::plist::file_create::{SharedMessageIndex, SharedMessageType};
use filebacked::hdf5::types::{VarLenArray, VarLenUnicode};
use filebacked::hdf5::{Datatype, File, Group};
use filebacked::{Value, WriteOptions};
use serde::Serialize;

use crate::checksums::{checked_blocks, mend};
use crate::server;

/// Files of more bytes are left out: most of them are data.
const MOST: u64 = 64 << 10;

/// A sound file, and what there is to damage in it.
pub(crate) struct Seed {
    pub(crate) name: String,
    pub(crate) image: Vec<u8>,
    /// What ends in a checksum.
    pub(crate) summed: Vec<Range<usize>>,
    pub(crate) structures: Vec<Structure>,
    /// Where addresses of structures are.
    pub(crate) addresses: Vec<usize>,
    /// What is in the root group.
    pub(crate) names: Vec<String>,
}

/// A structure, by the signature that it begins with.
pub(crate) struct Structure {
    pub(crate) kind: [u8; 4],
    pub(crate) place: Range<usize>,
}

impl Seed {
    fn new(name: String, image: Vec<u8>) -> Self {
        let summed = checked_blocks(&image);
        let structures = structures(&image, &summed);
        let starts: Vec<u64> = structures.iter().map(|one| one.place.start as u64).filter(|start| *start > 0).collect();
        let is_address = |at: &usize| starts.contains(&u64::from_le_bytes(image[*at..*at + 8].try_into().unwrap()));
        let addresses = (0..image.len().saturating_sub(7)).filter(is_address).collect();
        Self { name, image, summed, structures, addresses, names: Vec::new() }
    }

    pub(crate) fn of_file(path: &Path) -> Self {
        let image = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self::new(path.display().to_string(), image)
    }
}

fn structures(image: &[u8], summed: &[Range<usize>]) -> Vec<Structure> {
    const SIGNATURES: [&[u8; 4]; 20] = [
        b"OHDR", b"OCHK", b"FRHP", b"FHDB", b"FHIB", b"BTHD", b"BTLF", b"BTIN", b"FAHD", b"FADB", b"EAHD", b"EAIB",
        b"EASB", b"EADB", b"SMTB", b"SMLI", b"TREE", b"SNOD", b"HEAP", b"GCOL",
    ];
    // What has no checksum is taken to be no longer than that.
    const LEN: usize = 400;
    let mut found = vec![Structure { kind: *b"HDF5", place: 0..image.len().min(96) }];
    for at in 0..image.len().saturating_sub(16) {
        let start: [u8; 4] = image[at..at + 4].try_into().unwrap();
        let is_known = SIGNATURES.contains(&&start);
        // A header of the first version: no more messages than 255, and one link.
        let is_header = at.is_multiple_of(8)
            && start[..2] == [1, 0]
            && start[3] == 0
            && image[at + 4..at + 8] == [1, 0, 0, 0]
            && image[at + 9..at + 16].iter().skip(1).all(|byte| *byte == 0);
        if is_known || is_header {
            let end = match summed.iter().find(|block| block.start == at) {
                Some(block) => block.end,
                None => image.len().min(at + LEN),
            };
            let kind = if is_known { start } else { *b"OBJ1" };
            found.push(Structure { kind, place: at..end });
        }
    }
    found
}

/// All sound files: those of the fixtures, and those that are made here, in a child.
pub(crate) fn all() -> Vec<Seed> {
    let folder = tempfile::tempdir().expect("a folder for files");
    server::in_child(&mut || make(folder.path()));
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let mut paths = Vec::new();
    for name in ["golden", "matrices", "python-filebacked"] {
        files_in(&fixtures.join(name), &mut paths);
    }
    files_in(folder.path(), &mut paths);
    paths.sort_by_key(|path| path.file_name().map(|name| (name.to_owned(), path.clone())));
    let is_small = |path: &PathBuf| std::fs::metadata(path).is_ok_and(|data| data.len() <= MOST);
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    paths.retain(is_small);
    let names = folder.path().join("names");
    server::in_child(&mut || {
        let lines: Vec<String> = paths.iter().map(|path| names_in(path).unwrap_or_default().join("\t")).collect();
        std::fs::write(&names, lines.join("\n")).expect("a file of names");
    });
    let names = std::fs::read_to_string(&names).expect("a file of names");
    let seeds = paths.iter().zip(names.split('\n')).map(|(path, names)| {
        let names = names.split('\t').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        Seed { name: name(path), names, ..Seed::of_file(path) }
    });
    seeds.collect()
}

/// The files that `--corpus` has written into a folder.
pub(crate) fn of_corpus(folder: &Path) -> Vec<Seed> {
    let names = std::fs::read_to_string(folder.join("names")).expect("the file of names");
    let seeds = names.lines().enumerate().map(|(number, name)| {
        let path = folder.join(format!("{number:06}.h5"));
        let image = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (summed, structures, addresses) = Default::default();
        Seed { name: format!("{number:06}.h5"), image, summed, structures, addresses, names: vec![name.to_owned()] }
    });
    seeds.collect()
}

fn names_in(path: &Path) -> filebacked::hdf5::Result<Vec<String>> {
    File::open(path)?.as_group()?.member_names()
}

fn files_in(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry of a folder").path();
        let is_file = path.extension().is_some_and(|extension| extension == "h5" || extension == "h5ad");
        if path.is_dir() {
            files_in(&path, found);
        } else if is_file {
            found.push(path);
        }
    }
}

#[derive(Serialize, Clone)]
enum Shape {
    Point,
    Circle(f32),
    Polygon { label: String, corners: Vec<[u8; 2]> },
}

#[derive(Serialize, Clone)]
struct Record {
    id: u32,
    name: String,
    tags: Vec<String>,
    position: Option<[f32; 2]>,
    shape: Shape,
    ok: bool,
}

#[derive(Serialize, Clone)]
struct Plain {
    x: f64,
    y: f32,
    n: [i16; 3],
}

fn record(number: u32) -> Record {
    let shapes =
        [Shape::Point, Shape::Circle(0.5), Shape::Polygon { label: "round".to_owned(), corners: vec![[0, 1], [2, 3]] }];
    Record {
        id: number,
        name: "a name".repeat(number as usize % 4),
        tags: vec!["tag".to_owned(); number as usize % 3],
        position: number.is_multiple_of(2).then_some([0.5; 2]),
        shape: shapes[number as usize % 3].clone(),
        ok: number.is_multiple_of(5),
    }
}

/// One of each value that has a layout of its own.
fn values() -> BTreeMap<&'static str, Box<dyn filebacked::erased_serde::Serialize>> {
    let plain = Plain { x: 0.5, y: 1.5, n: [1, 2, 3] };
    let records: Vec<Record> = (0..12).map(record).collect();
    let rows: Vec<Vec<u16>> = (0..9).map(|row| (0..row).collect()).collect();
    let text: Vec<String> = (0..9).map(|number| "word ".repeat(number)).collect();
    let mut all: BTreeMap<&'static str, Box<dyn filebacked::erased_serde::Serialize>> = BTreeMap::new();
    all.insert("record", Box::new(record(5)));
    all.insert("records", Box::new(records));
    all.insert("plain", Box::new(vec![plain; 20]));
    all.insert("rows", Box::new(rows));
    all.insert("text", Box::new(text));
    all.insert("numbers", Box::new((0..300).map(f64::from).collect::<Vec<_>>()));
    all.insert("bools", Box::new(vec![true, false, true]));
    all.insert("grid", Box::new(vec![vec![vec![1.5_f32; 4]; 3]; 2]));
    all.insert("options", Box::new(vec![Some(1_u8), None, Some(3)]));
    all.insert("map", Box::new(BTreeMap::from([("a", 1), ("b/c", 2), ("", 3)])));
    all.insert("pairs", Box::new(BTreeMap::from([((1, -1), 10), ((2, -2), 20)])));
    all.insert("json", Box::new(serde_json::json!({"a": [1, "x", null], "b": {"c": [true, 2.5]}})));
    all.insert("complex", Box::new(vec![filebacked::num_complex::Complex::new(1.0, -1.0); 5]));
    all.insert("wide", Box::new(vec![i128::MIN, 5]));
    all.insert("value", Box::new(Value::from(vec![Value::from(1_i64), Value::from("text".to_owned())])));
    all
}

fn make(folder: &Path) {
    use filebacked::LibraryVersion as Version;
    let path = |name: &str| folder.join(format!("{name}.h5"));
    let plain = WriteOptions::new();
    let ways: [(&str, WriteOptions); 5] = [
        ("plain", plain.clone()),
        ("deflated", WriteOptions::new().deflate(4)),
        ("oldest", WriteOptions::new().libver(Version::Earliest, Version::V114)),
        ("newest", WriteOptions::new().libver(Version::V114, Version::V114)),
        ("newest-deflated", WriteOptions::new().libver(Version::V114, Version::V114).deflate(4)),
    ];
    for (way, options) in &ways {
        for (name, value) in values() {
            // Not everything can be had in every way.
            drop(options.to_file(path(&format!("{way}-{name}")), &*value));
        }
        drop(options.to_file(path(&format!("{way}-all")), &values()));
    }
    for (name, make) in MADE {
        for (version, low) in [("old", LibraryVersion::Earliest), ("new", LibraryVersion::V110)] {
            let path = path(&format!("made-{name}-{version}"));
            let shared = SharedMessageIndex { message_types: SharedMessageType::all(), min_message_size: 1 };
            let mut options = File::with_options();
            let options = options.with_fapl(|list| list.libver_bounds(low, LibraryVersion::latest()));
            let options = match *name {
                "shared" => options.with_fcpl(|list| list.shared_mesg_indexes(&[shared])),
                "user block" => options.with_fcpl(|list| list.userblock(512)),
                _ => options,
            };
            let begin = SystemTime::now();
            let file = options.create(&path).expect("a file");
            // Not every library makes everything.
            if std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| make(&file))).is_err() {
                println!("{name}, {version}: it could not be made");
            }
            drop(file);
            set_times(&path, begin).expect("a file");
        }
    }
}

/// Sets the times at which the objects of a file were made, which was not before `begin`, to one that is always the same.
fn set_times(path: &Path, begin: SystemTime) -> std::io::Result<()> {
    const TIME: u32 = 1_600_000_000;
    let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as u32);
    let made = seconds(begin)..=seconds(SystemTime::now());
    let mut image = std::fs::read(path)?;
    let blocks = checked_blocks(&image);
    for at in 0..image.len().saturating_sub(3) {
        let place = &mut image[at..at + 4];
        if made.contains(&u32::from_le_bytes(place.try_into().expect("four bytes"))) {
            place.copy_from_slice(&TIME.to_le_bytes());
        }
    }
    blocks.iter().for_each(|block| mend(&mut image, block));
    std::fs::write(path, image)
}

fn numbers(count: usize) -> Vec<i32> {
    (0..count as i32).collect()
}

/// Makes something in a file.
type Make = fn(&Group);

/// What HDF5 itself makes.
const MADE: &[(&str, Make)] = &[
    ("group", |file| {
        for index in 0..40 {
            let node = file.new_dataset::<i32>().create(&*format!("number {index}")).unwrap();
            node.write_scalar(&index).unwrap();
        }
        file.unlink("number 7").unwrap();
        let deep = file.create_group("a").unwrap().create_group("b").unwrap();
        file.link_soft("/a/b", "soft").unwrap();
        deep.link_soft("/number 3", "soft").unwrap();
        file.link_hard("number 4", "hard").unwrap();
        file.link_external("other.h5", "/x", "external").unwrap();
    }),
    ("chunks", |file| {
        file.new_dataset::<i32>().chunk(2).shape(300..).create("growing").unwrap().write(&numbers(300)).unwrap();
        file.new_dataset::<i32>().chunk(2).shape(300).create("fixed").unwrap().write(&numbers(300)).unwrap();
        file.new_dataset::<i32>().chunk(10).shape(10).create("single").unwrap().write(&numbers(10)).unwrap();
        let both = file.new_dataset::<i32>().chunk((2, 2)).shape((10.., 20..)).create("both").unwrap();
        both.write_raw(&numbers(200)).unwrap();
        let early = file.new_dataset::<i32>().chunk(10).shape(20);
        let early = early.with_dcpl(|list| list.alloc_time(Some(AllocTime::Early))).create("early").unwrap();
        early.write(&numbers(20)).unwrap();
    }),
    ("paged", |file| {
        file.new_dataset::<u8>().chunk(1).shape(2100).create("fixed").unwrap().write(&vec![1_u8; 2100]).unwrap();
    }),
    ("filters", |file| {
        let new = || file.new_dataset::<i32>().chunk(10).shape(30..);
        new().nbit().create("nbit").unwrap().write(&numbers(30)).unwrap();
        new().scale_offset(ScaleOffset::Integer(0)).create("scale").unwrap().write(&numbers(30)).unwrap();
        new().fletcher32().create("sum").unwrap().write(&numbers(30)).unwrap();
        new().shuffle().deflate(4).create("deflate").unwrap().write(&numbers(30)).unwrap();
        let all = new().nbit().shuffle().deflate(4).fletcher32().create("all").unwrap();
        all.write(&numbers(30)).unwrap();
    }),
    ("attributes", |file| {
        let node = file.new_dataset::<i32>().create("node").unwrap();
        for index in 0..20 {
            node.new_attr::<i32>().create(&*format!("attribute {index}")).unwrap().write_scalar(&index).unwrap();
        }
        let text: VarLenUnicode = "some text".parse().unwrap();
        node.new_attr::<VarLenUnicode>().create("text").unwrap().write_scalar(&text).unwrap();
        file.new_attr::<i32>().shape(3).create("numbers").unwrap().write(&[1, 2, 3]).unwrap();
    }),
    ("strings", |file| {
        let text: Vec<VarLenUnicode> = (0..20).map(|len| "x".repeat(len).parse().unwrap()).collect();
        file.new_dataset::<VarLenUnicode>().shape(20).create("text").unwrap().write(&text).unwrap();
        let lists: Vec<VarLenArray<u16>> = (0..9).map(|len| VarLenArray::from_slice(&vec![7; len])).collect();
        file.new_dataset::<VarLenArray<u16>>().shape(9).create("lists").unwrap().write(&lists).unwrap();
        let fill = file.new_dataset::<VarLenUnicode>().shape(9).chunk(9);
        fill.fill_value("fill".parse::<VarLenUnicode>().unwrap()).create("fill").unwrap();
    }),
    ("shared", |file| {
        for name in ["node", "other"] {
            let node = file.new_dataset::<i32>().shape(3).create(name).unwrap();
            node.write(&numbers(3)).unwrap();
            node.new_attr::<i32>().create("mark").unwrap().write_scalar(&1).unwrap();
        }
    }),
    ("types", |file| {
        file.commit_datatype("type", &Datatype::from_type::<i32>().unwrap()).unwrap();
        let dtype = file.committed_datatype("type").unwrap();
        filebacked::hdf5::sync::sync(|| {
            use hdf5_sys::{h5a, h5d, h5p::H5P_DEFAULT, h5s};
            // SAFETY: handles of the kinds that the functions take, which are closed by those for their kinds, and C strings.
            unsafe {
                let space = h5s::H5Screate(h5s::H5S_class_t::H5S_SCALAR);
                let list = H5P_DEFAULT;
                let id = h5d::H5Dcreate2(file.id(), c"node".as_ptr(), dtype.id(), space, list, list, list);
                let attribute = h5a::H5Acreate2(id, c"mark".as_ptr(), dtype.id(), space, list, list);
                assert!(h5a::H5Aclose(attribute) >= 0 && h5d::H5Dclose(id) >= 0 && h5s::H5Sclose(space) >= 0);
            }
        });
    }),
    ("user block", |file| {
        file.new_dataset::<i32>().shape(3).create("node").unwrap().write(&numbers(3)).unwrap();
    }),
];
