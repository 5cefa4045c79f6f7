//! What passes for a group: every function that takes one takes it in each form.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, Mutex, RwLock};

use filebacked::{
    Appender, AsGroup, Hdf5Deserializer, Hdf5Serializer, LazyMap, ReadOptions, Reader, WriteOptions, from_group, hdf5,
    read, to_group, tree, write,
};
use hdf5::File;
use hdf5::plist::file_access::FileCloseDegree;
use serde::{Deserialize, Serialize};

type Numbers = BTreeMap<String, u8>;

fn numbers(name: &str) -> Numbers {
    BTreeMap::from([(name.to_owned(), 7)])
}

/// Calls every function with the group.
fn every_function<G: AsGroup>(form: &str, group: impl Fn() -> G) {
    let (writing, reading) = (WriteOptions::new(), ReadOptions::new());
    to_group(&numbers("a"), group()).unwrap();
    writing.to_group(&numbers("b"), group()).unwrap();
    numbers("c").serialize(Hdf5Serializer::new(group())).unwrap();
    write(group(), "d", &7).unwrap();
    writing.write(group(), "e", &7).unwrap();
    let all: Numbers = from_group(group()).unwrap();
    assert_eq!(all.into_keys().collect::<String>(), "abcde", "{form}");
    // The type is said by itself, whatever the group is given as.
    assert_eq!(from_group::<Numbers>(group()).unwrap().len(), 5, "{form}");
    assert_eq!(reading.from_group::<Numbers>(group()).unwrap().len(), 5, "{form}");
    assert_eq!(Numbers::deserialize(Hdf5Deserializer::new(group())).unwrap().len(), 5, "{form}");
    assert_eq!(Numbers::deserialize(reading.deserializer(group())).unwrap().len(), 5, "{form}");
    assert_eq!(read::<u8>(group(), "a").unwrap(), 7, "{form}");
    assert_eq!(reading.read::<u8>(group(), "b").unwrap(), 7, "{form}");

    let mut map = LazyMap::<String, u8>::open(group(), "map").unwrap();
    map.insert("key".to_owned(), 1);
    map.save().unwrap();
    // Whatever became of the group that was given, it is there as long as an appender needs it.
    let push = |appender: filebacked::Result<Appender<u8>>| appender.unwrap().push(&1).unwrap();
    push(Appender::create(group(), "list"));
    push(Appender::open(group(), "list"));
    push(Appender::open_or_create(group(), "list"));
    push(writing.create_appender(group(), "list 2"));
    push(writing.open_appender(group(), "list"));
    push(writing.open_or_create_appender(group(), "list"));
    assert_eq!(Reader::<u8>::open(group(), "list").unwrap().count(), 5, "{form}");
    assert_eq!(Reader::<u8>::open(group(), "list 2").unwrap().count(), 1, "{form}");
    let shown = tree(group()).unwrap().to_string();
    assert!(shown.contains("├─ list") && shown.contains("└─ key"), "{form}:\n{shown}");
}

/// The form is an expression of the file, which is called `file`; it may come after some statements.
macro_rules! forms {
    ($($name:literal: |$file:ident| { $($before:stmt;)* } $group:expr;)*) => {
        $({
            let folder = tempfile::tempdir().unwrap();
            let $file = File::create(folder.path().join("x.h5")).unwrap();
            $($before)*
            every_function($name, || $group);
        })*
    };
}

#[test]
fn every_form() {
    forms! {
        "&File": |file| {} &file;
        "File": |file| {} file.clone();
        "&Group": |file| { let group = file.create_group("g").unwrap(); } &group;
        "Group": |file| { let group = file.create_group("g").unwrap(); } group.clone();
        "the group of a call": |file| { let _ = file.create_group("g").unwrap(); } file.group("g").unwrap();
        "&&File": |file| { let reference = &file; } &reference;
        "Box": |file| {} Box::new(file.clone());
        "Rc": |file| { let file = Rc::new(file); } Rc::clone(&file);
        "Arc": |file| { let file = Arc::new(file); } Arc::clone(&file);
        "&Arc<Group>": |file| { let group = Arc::new(file.create_group("g").unwrap()); } &group;
        "a Mutex's guard": |file| { let file = Mutex::new(file); } file.lock().unwrap();
        "a RwLock's guard": |file| { let file = RwLock::new(file); } file.read().unwrap();
        "a RefCell's guard": |file| { let file = RefCell::new(file); } file.borrow_mut();
        "a trait object": |file| {} &file as &dyn AsGroup;
    }
}

/// A path, in a function with this crate's error.
fn opened_in_the_call(path: &Path) -> filebacked::Result<String> {
    let title: String = read(File::open(path)?, "title")?;
    let all = from_group::<BTreeMap<String, String>>(File::open(path)?)?;
    assert_eq!(all["title"], title);
    let words: Vec<String> =
        Reader::open(File::open(path)?, "title").map_or_else(|_| vec![], |r| r.flatten().collect());
    assert!(words.is_empty());
    let by_path = filebacked::tree_file(path)?.to_string();
    assert_eq!(tree(&mut File::open(path)?)?.to_string(), by_path);
    assert_eq!(tree(File::open(path)?)?.to_string(), by_path);
    Ok(filebacked::tree(&hdf5::File::open(path)?)?.to_string())
}

#[test]
fn files_that_a_call_opens() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.h5");
    filebacked::write_at(&path, "title", "plate").unwrap();
    assert_eq!(opened_in_the_call(&path).unwrap(), "/         group\n└─ title  string(5)  \"plate\"\n");
    let missing = folder.path().join("none.h5");
    assert_eq!(opened_in_the_call(&missing).unwrap_err().kind(), filebacked::ErrorKind::Hdf5);
    // By path, the error says what is wrong with it.
    for (name, contents, words) in
        [("none.h5", None, "could not open the file: "), ("text", Some("text"), "this is no HDF5 file: ")]
    {
        let path = folder.path().join(name);
        if let Some(text) = contents {
            std::fs::write(&path, text).unwrap();
        }
        let error = filebacked::tree_file(&path).unwrap_err().to_string();
        assert!(error.starts_with(words) && error.ends_with(&format!("file `{}`", path.display())), "{error}");
    }
}

/// Whatever reads or writes later keeps the file open, also one that is closed with its last handle.
#[test]
fn files_that_are_given_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.h5");
    let list: Vec<u32> = (0..100_000).collect();
    filebacked::write_at(&path, "list", &list).unwrap();
    for degree in [FileCloseDegree::Strong, FileCloseDegree::Weak, FileCloseDegree::Default] {
        let open = || {
            let mut builder = hdf5::FileBuilder::new();
            builder.with_fapl(|access| access.fclose_degree(degree)).open_rw(&path).unwrap()
        };
        let reader = Reader::<u32>::open(open(), "list").unwrap();
        assert!(reader.map(Result::unwrap).eq(list.iter().copied()), "{degree:?}");
        let name = &format!("{degree:?}");
        let mut appender = Appender::<u32>::create(open(), name).unwrap();
        appender.extend(&list).unwrap();
        appender.finish().unwrap();
        assert_eq!(read::<Vec<u32>>(open(), name).unwrap(), list);
        let mut map = LazyMap::<String, u32>::open(open(), &format!("{degree:?} map")).unwrap();
        map.insert("one".to_owned(), 1);
        map.save().unwrap();
        drop(map);
        let serializer = Hdf5Serializer::new(open());
        BTreeMap::from([(format!("{degree:?} value"), 1.5)]).serialize(serializer).unwrap();
        let back = ReadOptions::new().only([format!("{degree:?} value")]).deserializer(open());
        assert_eq!(BTreeMap::<String, f64>::deserialize(back).unwrap().into_values().collect::<Vec<_>>(), [1.5]);
        // All is closed again.
        File::open(&path).unwrap().close().unwrap();
    }
}
