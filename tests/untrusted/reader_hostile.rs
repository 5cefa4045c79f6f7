//! Files that lie, to who streams them and to who appends: a clear error, and neither a hang nor much memory. A row says what
//! was made, and the kinds of the errors of both.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;
use std::str::FromStr;
use std::time::{Duration, Instant};

use filebacked::ErrorKind::{self, *};
use filebacked::hdf5::types::FixedUnicode;
use filebacked::hdf5::{self, Extent, File, Group, H5Type};
use filebacked::{Appender, Reader};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::common::memory;

/// Streams what `make` makes at `node`, to the first error.
fn stream<T: DeserializeOwned>(file: &File) -> Option<ErrorKind> {
    let mut reader = match Reader::<T>::open(file, "node") {
        Ok(reader) => reader,
        Err(error) => return Some(error.kind()),
    };
    // From the front, and from the end.
    let len = reader.len();
    for index in (0..len.min(100)).chain((len.saturating_sub(3)..len).rev()) {
        if let Err(error) = reader.get(index) {
            return Some(error.kind());
        }
    }
    reader.find_map(|element| element.err().map(|error| error.kind()))
}

/// Adds to what is at `node`, to the first error.
fn append<T: Serialize>(file: &File, element: &T) -> Option<ErrorKind> {
    let append = || {
        let mut appender = Appender::<T>::open(file, "node")?.sync(false);
        for _ in 0..3 {
            appender.push(element)?;
        }
        appender.flush()?;
        appender.finish()
    };
    append().err().map(|error: filebacked::Error| error.kind())
}

/// Streams, and then appends; both in little time.
#[track_caller]
fn check<T>(element: T, expected: (Option<ErrorKind>, Option<ErrorKind>), make: impl FnOnce(&Group))
where
    T: Serialize + DeserializeOwned + Debug,
{
    let file = memory();
    make(&file);
    let begin = Instant::now();
    assert_eq!((stream::<T>(&file), append(&file, &element)), expected);
    assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
}

/// Both are the same error.
#[track_caller]
fn refused<T>(element: T, kind: ErrorKind, make: impl FnOnce(&Group))
where
    T: Serialize + DeserializeOwned + Debug,
{
    check(element, (Some(kind), Some(kind)), make);
}

/// A dataset that can grow.
fn list<T: H5Type>(group: &Group, name: &str, values: &[T]) {
    let shape = [Extent::resizable(values.len())];
    group.new_dataset::<T>().chunk(4).shape(shape).create(name).unwrap().write(values).unwrap();
}

/// A dataset that can grow, of which nothing was ever written.
fn unwritten<T: H5Type>(group: &Group, name: &str, len: usize) {
    group.new_dataset::<T>().chunk(1 << 16).shape([Extent::resizable(len)]).create(name).unwrap();
}

fn kind(object: &hdf5::Location, kind: &str) {
    let attribute = object.new_attr::<FixedUnicode<16>>().create("filebacked").unwrap();
    attribute.write_scalar(&FixedUnicode::<16>::from_str(kind).unwrap()).unwrap();
}

/// A group of a kind, of which so many elements count.
fn group(parent: &Group, name: &str, word: &str, count: Option<u64>) -> Group {
    let group = parent.create_group(name).unwrap();
    kind(&group, word);
    if let Some(count) = count {
        number(&group, "filebacked-length", count);
    }
    group
}

fn node(parent: &Group, word: &str, count: Option<u64>) -> Group {
    group(parent, "node", word, count)
}

fn number(object: &hdf5::Location, name: &str, number: u64) {
    object.new_attr::<u64>().create(name).unwrap().write_scalar(&number).unwrap();
}

#[derive(H5Type, Clone, Copy)]
#[repr(u8)]
enum Tag {
    A = 0,
    B = 1,
}

#[test]
fn offsets() {
    let ragged = |offsets: &'static [u64], count: Option<u64>| {
        move |root: &Group| {
            let group = node(root, "ragged", count);
            list(&group, "offsets", offsets);
            list(&group, "values", &[1, 2, 3]);
        }
    };
    let element = || vec![1_i32];
    for offsets in [&[][..], &[0, 1, 4], &[0, u64::MAX], &[0, 1, 1 << 60]] {
        refused(element(), Corrupt, ragged(offsets, None));
    }
    refused(element(), Corrupt, ragged(&[0, 1, 3], Some(3)));
    refused(element(), Corrupt, ragged(&[0, 1, 3], Some(u64::MAX)));
    refused(element(), Corrupt, ragged(&[0, 1, 9], Some(2)));
    // An appender goes on where the last of them says; those before are none of its business.
    for offsets in [&[1, 3][..], &[0, 2, 1, 3], &[0, 5, 3], &[0, u64::MAX, 3]] {
        check(element(), (Some(Corrupt), None), ragged(offsets, None));
    }
    // Fewer than are there count, and what is beyond does not.
    check(element(), (None, None), ragged(&[0, 1, 3], Some(1)));
    for (word, name) in [("text", "bytes"), ("blobs", "values")] {
        for (offsets, expected) in [
            (&[0_u64, 2, 9][..], (Some(Corrupt), Some(Corrupt))),
            (&[0, 2, 1, 3], (Some(Corrupt), None)),
            (&[], (Some(Corrupt), Some(Corrupt))),
        ] {
            let make = |root: &Group| {
                let group = node(root, word, Some((offsets.len() as u64).saturating_sub(1)));
                list(&group, name, b"abc");
                list(&group, "offsets", offsets);
            };
            match word {
                "text" => check("x".to_owned(), expected, make),
                _ => check(serde_bytes::ByteBuf::from(vec![1]), expected, make),
            }
        }
    }
    // Of other types.
    refused(element(), Corrupt, |root| {
        let group = node(root, "ragged", None);
        list(&group, "offsets", &[0.0, 3.0]);
        list(&group, "values", &[1, 2, 3]);
    });
    refused("x".to_owned(), Corrupt, |root| {
        let group = node(root, "text", None);
        list(&group, "offsets", &[0_u64, 1]);
        list(&group, "bytes", &[1.5]);
    });
    // Maps whose keys and values differ in number.
    let maps = |keys: &'static [u8], values: &'static [u8]| {
        move |root: &Group| {
            let group = node(root, "maps", Some(1));
            list(&group, "offsets", &[0_u64, 2]);
            list(&group, "keys", keys);
            list(&group, "values", values);
        }
    };
    refused(BTreeMap::from([(1_u8, 1_u8)]), Corrupt, maps(&[1], &[1, 2]));
    refused(BTreeMap::from([(1_u8, 1_u8)]), Corrupt, maps(&[1, 2], &[1]));
    check(BTreeMap::from([(1_u8, 1_u8)]), (None, None), maps(&[1, 2, 3], &[1, 2]));
}

#[derive(Serialize, Deserialize, Debug)]
struct Pair {
    a: i32,
    b: String,
}

#[test]
fn fields_of_unlike_lengths() {
    let pair = || Pair { a: 1, b: "b".to_owned() };
    let columns = |rows: u64, a: &'static [i32], offsets: &'static [u64], count: Option<u64>| {
        move |root: &Group| {
            let columns = node(root, "columns", count);
            number(&columns, "length", rows);
            list(&columns, "a", a);
            let text = group(&columns, "b", "text", None);
            list(&text, "offsets", offsets);
            list(&text, "bytes", b"xyz");
        }
    };
    check(pair(), (None, None), columns(2, &[1, 2], &[0, 1, 3], None));
    check(pair(), (None, None), columns(2, &[1, 2, 3], &[0, 1, 3], Some(2)));
    for rows in [3, 1 << 24, 1 << 60, u64::MAX] {
        // That there are so many is not even believed.
        let streamed = if rows > 1 << 24 { Limit } else { Corrupt };
        for count in [Some(rows), None] {
            check(pair(), (Some(streamed), Some(Corrupt)), columns(rows, &[1, 2], &[0, 1, 3], count));
        }
    }
    refused(pair(), Corrupt, columns(2, &[1], &[0, 1, 3], Some(2)));
    refused(pair(), Corrupt, columns(2, &[1, 2], &[0, 1], Some(2)));
    // A mask of another length.
    let masked = |mask: &'static [bool], count: u64| {
        move |root: &Group| {
            let nullable = node(root, "nullable", Some(count));
            list(&nullable, "mask", mask);
            list(&nullable, "values", &[1, 2, 3]);
        }
    };
    check(Some(1), (None, None), masked(&[true, false, true], 3));
    check(Some(1), (None, None), masked(&[true, false, true], 2));
    refused(Some(1), Corrupt, masked(&[true, false, true, true], 4));
    refused(Some(1), Corrupt, masked(&[true], 3));
    refused(Some(1), Corrupt, |root| {
        let nullable = node(root, "nullable", Some(2));
        list(&nullable, "mask", &[0.5, 1.5]);
        list(&nullable, "values", &[1, 2]);
    });
}

#[test]
fn tags() {
    #[derive(Serialize, Deserialize, Debug)]
    enum Either {
        A(i32),
        B,
    }
    let variants = |tags: &'static [u8], payloads: &'static [i32], count: u64| {
        move |root: &Group| {
            let group = node(root, "variants", Some(count));
            let tags: Vec<Tag> = tags.iter().map(|tag| if *tag == 0 { Tag::A } else { Tag::B }).collect();
            list(&group, "tag", &tags);
            list(&group, "A", payloads);
        }
    };
    check(Either::A(1), (None, None), variants(&[0, 1, 0], &[1, 2], 3));
    check(Either::B, (None, None), variants(&[0, 1, 0], &[1, 2, 3], 2));
    refused(Either::A(1), Corrupt, variants(&[0, 1, 0], &[1], 3));
    refused(Either::A(1), Corrupt, variants(&[0, 1, 0], &[1, 2], 4));
    for word in ["variants", "mixed"] {
        for (tags, streamed) in [(&[][..], None), (&[1.5], Some(Corrupt))] {
            check(Value::from(1), (streamed, Some(WrongType)), |root| {
                list(&node(root, word, Some(tags.len() as u64)), "tag", tags);
            });
        }
    }
}

#[test]
fn kinds() {
    for (word, streamed, appended) in [
        ("sonnet", Unsupported, Unsupported),
        ("map", WrongType, WrongType),
        ("i128", WrongType, WrongType),
        ("bytes", WrongType, WrongType),
        ("units", WrongType, WrongType),
        ("some", WrongType, WrongType),
        ("ragged", NotFound, NotFound),
        ("text", NotFound, NotFound),
        ("nullable", NotFound, NotFound),
        ("variants", NotFound, NotFound),
        ("columns", Corrupt, Corrupt),
    ] {
        check(Value::from(1), (Some(streamed), Some(appended)), |root| drop(node(root, word, None)));
    }
    // An appender does not add to a list, or to a group that nothing is said of.
    for word in [None, Some("list")] {
        let file = memory();
        let group = file.create_group("node").unwrap();
        word.inspect(|word| kind(&group, word));
        assert_eq!(append(&file, &1), Some(WrongType), "{word:?}");
    }
    // What is said of how many there are is no number, or is one of many.
    for values in [&[][..], &[1_u64, 2]] {
        refused(1_i32, Corrupt, |root| {
            list(root, "node", &[1, 2, 3]);
            let attribute = root.dataset("node").unwrap().new_attr::<u64>().shape(values.len());
            attribute.create("filebacked-length").unwrap().write(values).unwrap();
        });
    }
    refused(1_i32, Corrupt, |root| {
        list(root, "node", &[1, 2, 3]);
        root.dataset("node").unwrap().new_attr::<i8>().create("filebacked-length").unwrap().write_scalar(&-1).unwrap();
    });
}

#[test]
fn claims() {
    const MANY: usize = 1 << 60;
    refused(1_u8, Limit, |root| unwritten::<u8>(root, "node", MANY));
    refused(vec![1_u8], Limit, |root| {
        let group = node(root, "ragged", Some(MANY as u64));
        unwritten::<u64>(&group, "offsets", MANY);
        unwritten::<u8>(&group, "values", MANY);
    });
    refused(Some(1_u8), Limit, |root| {
        let group = node(root, "nullable", Some(MANY as u64));
        unwritten::<bool>(&group, "mask", MANY);
        unwritten::<u8>(&group, "values", MANY);
    });
    refused(Value::from(1), Limit, |root| {
        let group = node(root, "variants", Some(MANY as u64));
        unwritten::<Tag>(&group, "tag", MANY);
    });
    refused("x".to_owned(), Limit, |root| {
        let group = node(root, "text", None);
        list(&group, "offsets", &[0_u64, 1]);
        unwritten::<u8>(&group, "bytes", MANY);
    });
    // Elements for which nothing is stored.
    refused((), Limit, |root| {
        root.new_dataset::<u64>().create("node").unwrap().write_scalar(&(MANY as u64)).unwrap();
        kind(&root.dataset("node").unwrap(), "units");
    });
    refused(Pair { a: 1, b: String::new() }, Limit, |root| number(&node(root, "columns", None), "length", MANY as u64));
    refused(vec![()], Limit, |root| {
        let group = node(root, "ragged", Some(1));
        list(&group, "offsets", &[0, MANY as u64]);
        group.new_dataset::<u64>().create("values").unwrap().write_scalar(&(MANY as u64)).unwrap();
        kind(&group.dataset("values").unwrap(), "units");
    });
    // Many elements of nothing but fill values are no error, as long as they are few enough for that.
    check(1_u8, (None, None), |root| unwritten::<u8>(root, "node", 1 << 20));
    // Chunks that are larger than all that is in them, and than the file.
    refused(1_u8, Limit, |root| {
        root.new_dataset::<u8>().chunk(1 << 31).shape([Extent::resizable(10)]).create("node").unwrap();
    });
    check(1_u8, (None, None), |root| {
        root.new_dataset::<u8>().chunk(1 << 20).deflate(1).shape([Extent::resizable(10)]).create("node").unwrap();
    });
}

#[test]
fn links_and_nesting() {
    // It leads back, once and in two ways.
    refused(vec![vec![1]], Cycle, |root| {
        let group = node(root, "ragged", None);
        list(&group, "offsets", &[0_u64, 1]);
        root.link_hard("node", "node/values").unwrap();
    });
    refused(Pair { a: 1, b: String::new() }, Cycle, |root| {
        let group = node(root, "columns", None);
        number(&group, "length", 1);
        root.link_hard("node", "node/a").unwrap();
        root.link_hard("node", "node/b").unwrap();
    });
    // Each level is twice in that around it.
    let begin = Instant::now();
    let file = memory();
    let mut inner = node(&file, "columns", None);
    number(&inner, "length", 1);
    for _ in 0..12 {
        let next = group(&inner, "a", "columns", None);
        number(&next, "length", 1);
        inner.link_hard("a", "b").unwrap();
        inner = next;
    }
    list(&inner, "a", &[1]);
    stream::<Value>(&file);
    assert_eq!(append(&file, &Pair { a: 1, b: String::new() }), Some(Cycle));
    assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
    // Deeper than anything that is written.
    refused(vec![1], TooDeep, |root| {
        let mut inner = node(root, "ragged", None);
        for _ in 0..1100 {
            list(&inner, "offsets", &[0_u64, 1]);
            inner = group(&inner, "values", "ragged", None);
        }
    });
    // The keys are the values, too.
    check(BTreeMap::from([(1_u8, 1_u8)]), (None, Some(Cycle)), |root| {
        let group = node(root, "maps", None);
        list(&group, "offsets", &[0_u64, 2]);
        list(&group, "keys", &[1_u8, 2]);
        group.link_hard("keys", "values").unwrap();
    });
}

/// Nothing is read, let alone written, in a file that a link leads to.
#[test]
fn other_files() {
    let folder = tempfile::tempdir().unwrap();
    let (path, other) = (folder.path().join("main.h5"), folder.path().join("other.h5"));
    let secret = File::create(&other).unwrap();
    list(&secret, "numbers", &[0_u64, 3]);
    secret.close().unwrap();
    let before = std::fs::read(&other).unwrap();
    let file = File::create(&path).unwrap();
    file.link_external("other.h5", "numbers", "node").unwrap();
    assert_eq!((stream::<u64>(&file), append(&file, &1_u64)), (Some(Limit), Some(Limit)));
    file.unlink("node").unwrap();
    for name in ["offsets", "bytes"] {
        let group = node(&file, "text", None);
        group.link_external("other.h5", "numbers", name).unwrap();
        match name {
            "offsets" => list(&group, "bytes", b"abc"),
            _ => list(&group, "offsets", &[0_u64, 3]),
        }
        assert_eq!((stream::<String>(&file), append(&file, &"x".to_owned())), (Some(Limit), Some(Limit)), "{name}");
        file.unlink("node").unwrap();
    }
    file.close().unwrap();
    assert!(std::fs::read(&other).unwrap() == before);
}

/// The files in which libhdf5 never comes to an end.
#[test]
fn damaged_heaps() {
    fn names(group: &Group, path: String, found: &mut Vec<String>) {
        for name in group.member_names().unwrap_or_default() {
            let path = format!("{path}/{name}");
            if let Ok(inner) = group.group(&name) {
                names(&inner, path.clone(), found);
            }
            found.push(path);
        }
    }
    let begin = Instant::now();
    for name in ["heap-loop-1.h5", "heap-loop-2.h5"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/damaged").join(name);
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join(name);
        std::fs::copy(&path, &copy).unwrap();
        let file = File::open_rw(&copy).unwrap();
        let mut all = Vec::new();
        names(&file, String::new(), &mut all);
        assert!(!all.is_empty());
        let mut refused = 0;
        for path in all {
            let (parent, name) = path.rsplit_once('/').unwrap();
            let group = if parent.is_empty() { file.group("/").unwrap() } else { file.group(parent).unwrap() };
            let streamed =
                Reader::<Value>::open(&group, name).map(|reader| reader.take(10_000).all(|value| value.is_ok()));
            refused += usize::from(!matches!(streamed, Ok(true)));
            let appended = Appender::<String>::open(&group, name).and_then(|mut appender| {
                appender.push(&"x".to_owned())?;
                appender.flush()
            });
            assert!(appended.is_err(), "{path}");
        }
        assert!(refused > 0, "{name}");
    }
    assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
}
