//! The sides: this crate, other serde formats to and from a file, and plain bytes.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::measure::{Side, time};

/// What a case keeps: comparable, so that each read is checked.
pub(crate) trait Data: Serialize + DeserializeOwned + PartialEq {}
impl<T: Serialize + DeserializeOwned + PartialEq> Data for T {}

/// A side that writes and reads `value` by two functions.
pub(crate) fn side<'a, T: Data>(
    name: &'static str,
    value: &'a T,
    write: impl Fn(&Path, &T) + 'a,
    read: impl Fn(&Path) -> T + 'a,
) -> Side<'a> {
    Side {
        name,
        write: Box::new(move |path| time(|| write(path, value)).0),
        read: Some(Box::new(move |path| {
            let (took, back) = time(|| read(path));
            assert!(back == *value, "{name} gave back another value");
            took
        })),
        part: 1.0,
    }
}

fn writer(path: &Path) -> BufWriter<File> {
    BufWriter::with_capacity(1 << 20, File::create(path).unwrap())
}

fn reader(path: &Path) -> BufReader<File> {
    BufReader::with_capacity(1 << 20, File::open(path).unwrap())
}

pub(crate) fn filebacked<T: Data>(value: &T) -> Side<'_> {
    filebacked_with("filebacked", value, filebacked::WriteOptions::new())
}

/// This crate with options.
pub(crate) fn filebacked_with<'a, T: Data>(
    name: &'static str,
    value: &'a T,
    options: filebacked::WriteOptions,
) -> Side<'a> {
    let options = options.sync(false);
    side(
        name,
        value,
        move |path, value| options.to_file(path, value).unwrap(),
        |path| filebacked::from_file(path).unwrap(),
    )
}

pub(crate) fn bincode<T: Data>(value: &T) -> Side<'_> {
    let config = bincode::config::standard().with_fixed_int_encoding();
    side(
        "bincode",
        value,
        move |path, value| {
            let mut writer = writer(path);
            bincode::serde::encode_into_std_write(value, &mut writer, config).unwrap();
            writer.flush().unwrap();
        },
        move |path| bincode::serde::decode_from_std_read(&mut reader(path), config).unwrap(),
    )
}

pub(crate) fn postcard<T: Data>(value: &T) -> Side<'_> {
    side(
        "postcard",
        value,
        |path, value| {
            postcard::to_io(value, writer(path)).unwrap().flush().unwrap();
        },
        |path| postcard::from_bytes(&std::fs::read(path).unwrap()).unwrap(),
    )
}

pub(crate) fn rmp<T: Data>(value: &T) -> Side<'_> {
    side(
        "rmp-serde",
        value,
        |path, value| {
            let mut writer = writer(path);
            rmp_serde::encode::write_named(&mut writer, value).unwrap();
            writer.flush().unwrap();
        },
        |path| rmp_serde::from_read(reader(path)).unwrap(),
    )
}

pub(crate) fn json<T: Data>(value: &T) -> Side<'_> {
    side(
        "serde_json",
        value,
        |path, value| {
            let mut writer = writer(path);
            serde_json::to_writer(&mut writer, value).unwrap();
            writer.flush().unwrap();
        },
        |path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap(),
    )
}

/// What the memory of a value takes by itself: a copy of it, beside which there is nothing to write.
pub(crate) fn clone<T: Data + Clone>(value: &T) -> Side<'_> {
    let read = Box::new(move |_: &Path| {
        let (took, back) = time(|| value.clone());
        assert!(back == *value, "a clone differs");
        took
    });
    Side { name: "clone of the value", write: Box::new(|_| Duration::ZERO), read: Some(read), part: 1.0 }
}

/// A struct around the value: hdf5-pure's MAT files hold variables, not a bare value.
#[derive(serde::Serialize)]
struct Variable<'a, T> {
    value: &'a T,
}

#[derive(serde::Deserialize)]
struct OwnedVariable<T> {
    value: T,
}

pub(crate) fn hdf5_pure<T: Data>(value: &T) -> Side<'_> {
    side(
        "hdf5-pure",
        value,
        |path, value| hdf5_pure::mat::to_file(&Variable { value }, path).unwrap(),
        |path| hdf5_pure::mat::from_file::<OwnedVariable<T>, _>(path).unwrap().value,
    )
}

/// Of the first `count` values: of a million records, it makes millions of objects.
pub(crate) fn hdf5_pure_part<T: Data + Clone>(values: &[T], count: usize) -> Side<'_> {
    let part = values[..count].to_vec();
    Side {
        name: "hdf5-pure",
        write: Box::new({
            let part = part.clone();
            move |path| time(|| hdf5_pure::mat::to_file(&Variable { value: &part }, path).unwrap()).0
        }),
        read: Some(Box::new(move |path| {
            let (took, back) = time(|| hdf5_pure::mat::from_file::<OwnedVariable<Vec<T>>, _>(path).unwrap().value);
            assert!(back == part, "hdf5-pure gave back another value");
            took
        })),
        part: count as f64 / values.len() as f64,
    }
}

/// The same bytes without any format: what the disk's cache alone takes. Both buffers are there before.
pub(crate) fn plain(bytes: usize) -> Side<'static> {
    let data = vec![0x5au8; bytes];
    let mut back = vec![0u8; bytes];
    Side {
        name: "std::fs",
        write: Box::new(move |path| time(|| std::fs::write(path, &data).unwrap()).0),
        read: Some(Box::new(move |path| {
            back.fill(0);
            let (took, ()) = time(|| File::open(path).unwrap().read_exact(&mut back).unwrap());
            assert!(back.iter().all(|byte| *byte == 0x5a));
            took
        })),
        part: 1.0,
    }
}
