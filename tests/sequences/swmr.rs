//! HDF5's single-writer/multiple-reader mode: files that are read while they are written.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use filebacked::{Appender, ErrorKind, ReadOptions, Reader, WriteOptions, hdf5};
use serde::{Deserialize, Serialize};

use crate::common::{self, start_program, test_alone};

/// Where a child writes, in its environment.
const PATH: &str = "FILEBACKED_SWMR";

/// A program that does something for each line that it gets, and says a line for it.
struct Partner {
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

impl Partner {
    fn new(mut command: Command) -> Self {
        let mut child = start_program(command.stdin(Stdio::piped()).stdout(Stdio::piped())).unwrap();
        let (to, from) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, to, from }
    }

    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn ask(&mut self, line: impl std::fmt::Display) -> String {
        writeln!(self.to.as_ref().unwrap(), "{line}").unwrap();
        self.hear()
    }

    fn finish(mut self) {
        drop(self.to.take());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Partner {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Step {
    index: u64,
    name: String,
    note: Option<f64>,
    event: Event,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Event {
    Quiet,
    Hit(u64),
    Never,
}

fn step(index: u64) -> Step {
    let event = if index.is_multiple_of(3) { Event::Hit(index) } else { Event::Quiet };
    Step { index, name: format!("step {index}"), note: (index % 7 == 5).then_some(0.5), event }
}

fn options() -> WriteOptions {
    WriteOptions::new().swmr(true).sync(false)
}

#[derive(Deserialize, PartialEq, Debug)]
struct Row {
    id: u32,
    at: [f32; 2],
}

#[test]
fn a_reader_follows_h5py() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    let mut writer = Partner::new(common::python_command("swmr_write.py", [&path]));
    assert_eq!(writer.hear(), "ready");
    assert_eq!(writer.ask(10), "10");

    let error = filebacked::read_at::<Vec<f64>>(&path, "x").unwrap_err();
    assert!(error.to_string().contains("`ReadOptions::swmr` reads it so"), "{error}");
    let swmr = ReadOptions::new().swmr(true);
    assert_eq!(swmr.read_at::<Vec<f64>>(&path, "x").unwrap().len(), 10);
    let mut x = swmr.reader_file::<f64>(&path, "x").unwrap();
    assert_eq!(x.len(), 10);
    // The other one in a file that was opened by the other crate.
    let file = hdf5::File::open_as(&path, hdf5::OpenMode::ReadSWMR).unwrap();
    let mut own = Reader::<Row>::open(&file, "group/table").unwrap();

    // What is open twice in one process, libhdf5 would not read anew.
    let error = swmr.reader_file::<f64>(&path, "x").unwrap_err();
    assert!(error.to_string().contains("the dataset is open elsewhere in this process"), "{error}");

    let (mut seen, mut rows, mut end) = (0_u32, 0_u32, 10);
    for more in [0, 1, 89, 1, 5000, 3] {
        end += more;
        assert_eq!(writer.ask(more), end.to_string());
        assert_eq!((x.refresh().unwrap(), own.refresh().unwrap()), (end, end));
        for value in x.by_ref() {
            assert_eq!(value.unwrap(), f64::from(seen) / 2.0);
            seen += 1;
        }
        for row in own.by_ref() {
            assert_eq!(row.unwrap(), Row { id: rows, at: [0.0, 0.5] });
            rows += 1;
        }
        assert_eq!((u64::from(seen), u64::from(rows)), (end, end));
    }
    drop((x, own, file));
    writer.finish();
    assert_eq!(filebacked::read_at::<Vec<f64>>(&path, "x").unwrap().len() as u64, end);
}

#[test]
fn h5py_follows_an_appender() {
    let folder = tempfile::tempdir().unwrap();
    for (name, options) in [("plain.h5", options()), ("filtered.h5", options().deflate(1).chunk([100]).shuffle(true))] {
        let path = folder.path().join(name);
        let mut steps = options.create_appender_file::<Step>(&path, "steps").unwrap();
        steps.extend((0..10).map(step)).unwrap();
        steps.flush().unwrap();
        let mut reader = Partner::new(common::python_command("swmr_read.py", [&path]));
        assert_eq!(reader.hear(), "ready");
        for more in [0, 1, 88, 1, 3000, 7] {
            let start = steps.len();
            steps.extend((start..start + more).map(step)).unwrap();
            steps.flush().unwrap();
            assert_eq!(reader.ask(start + more), (start + more).to_string());
        }
        reader.finish();
        let end = steps.len();
        steps.finish().unwrap();
        let all: Vec<Step> = filebacked::read_at(&path, "steps").unwrap();
        assert!(all.into_iter().eq((0..end).map(step)));
        // What was finished is gone on with.
        let mut steps = options.open_or_create_appender_file::<Step>(&path, "steps").unwrap();
        assert_eq!(ReadOptions::new().swmr(true).reader_file::<Step>(&path, "steps").unwrap().len(), end);
        steps.push(&step(end)).unwrap();
        steps.finish().unwrap();
        assert_eq!(filebacked::read_at::<Vec<Step>>(&path, "steps").unwrap().len() as u64, end + 1);
    }
}

/// Not a test by itself: appends as fast as it can, and says when readers can begin.
#[test]
fn child() {
    let Ok(path) = std::env::var(PATH) else { return };
    let mut steps = options().chunk([64]).lzf().create_appender_file::<Step>(path, "steps").unwrap();
    steps.extend((0..20).map(step)).unwrap();
    steps.flush().unwrap();
    println!("\nready");
    loop {
        let start = steps.len();
        steps.extend((start..start + 1 + start % 50).map(step)).unwrap();
        steps.flush().unwrap();
    }
}

fn start_child(path: &Path) -> Partner {
    let mut command = test_alone(child);
    command.env(PATH, path);
    let mut writer = Partner::new(command);
    while writer.hear() != "ready" {}
    writer
}

#[test]
fn nothing_is_torn_while_another_process_appends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    let writer = start_child(&path);
    let mut steps = ReadOptions::new().swmr(true).reader_file::<Step>(&path, "steps").unwrap();
    let (begin, mut next, mut rounds) = (Instant::now(), 0, 0);
    // Other tests may take the processors meanwhile.
    let is_enough = |rounds, next| rounds > 1 && next > 20;
    while begin.elapsed() < Duration::from_secs(2)
        || begin.elapsed() < Duration::from_secs(60) && !is_enough(rounds, next)
    {
        let before = steps.len();
        assert!(steps.refresh().unwrap() >= before);
        for read in steps.by_ref() {
            assert_eq!(read.unwrap(), step(next));
            next += 1;
        }
        rounds += 1;
    }
    assert!(is_enough(rounds, next), "{rounds} rounds, {next} steps");

    // A program that is killed leaves the mark.
    drop((writer, steps));
    let error = filebacked::read_at::<Vec<Step>>(&path, "steps").unwrap_err();
    assert!(error.to_string().contains("`WriteOptions::clear_status_flags`"), "{error}");
    let error = options().open_appender_file::<Step>(&path, "steps").unwrap_err();
    assert!(error.to_string().contains("`WriteOptions::clear_status_flags`"), "{error}");
    let there: Vec<Step> = ReadOptions::new().swmr(true).read_at(&path, "steps").unwrap();
    assert!(there.len() as u64 >= next);
    let mut steps = options().clear_status_flags(true).open_appender_file::<Step>(&path, "steps").unwrap();
    assert_eq!(steps.len(), there.len() as u64);
    steps.push(&step(steps.len())).unwrap();
    steps.finish().unwrap();
    let all: Vec<Step> = filebacked::read_at(&path, "steps").unwrap();
    assert!(all.len() == there.len() + 1 && all.into_iter().eq((0..there.len() as u64 + 1).map(step)));
}

#[test]
fn what_needs_a_new_object_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    let mut steps = options().create_appender_file::<Step>(&path, "steps").unwrap();
    steps.extend((0..3).map(step)).unwrap();
    steps.flush().unwrap();
    for refused in [Step { event: Event::Never, ..step(3) }, Step { note: Some(1.5), ..step(3) }] {
        let error = steps.push(&refused).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains("add records of all forms before the first flush"), "{error}");
    }
    steps.push(&step(3)).unwrap();
    steps.finish().unwrap();
    assert!(filebacked::read_at::<Vec<Step>>(&path, "steps").unwrap().into_iter().eq((0..4).map(step)));
    // Before others can read it, anything fits.
    let path = folder.path().join("notes.h5");
    let mut notes = options().create_appender_file::<Option<u8>>(&path, "notes").unwrap();
    notes.push(&None).unwrap();
    notes.push(&Some(1)).unwrap();
    notes.flush().unwrap();
    notes.extend([None, Some(2)]).unwrap();
    notes.finish().unwrap();
    assert_eq!(filebacked::read_at::<Vec<Option<u8>>>(&path, "notes").unwrap(), [None, Some(1), None, Some(2)]);
}

#[test]
fn where_it_does_not_apply_it_is_refused() {
    let error = options().to_vec(&1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().starts_with("`swmr` is for a file that an appender writes"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    let file = hdf5::File::create(&path).unwrap();
    let error = options().create_appender::<i32>(&file, "steps").unwrap_err();
    assert!(error.to_string().contains("`swmr` is not for a sequence in a file that the caller opened"), "{error}");
    drop(file);
    // A file of an older format cannot be written so.
    Appender::create_file(folder.path().join("old.h5"), "x").unwrap().extend([1, 2]).unwrap();
    let error = options().open_appender_file::<i32>(folder.path().join("old.h5"), "x").unwrap_err();
    assert!(error.to_string().contains("LibraryVersion::V110"), "{error}");
    assert_eq!(filebacked::read_at::<Vec<i32>>(folder.path().join("old.h5"), "x").unwrap(), [1, 2]);
}

#[test]
fn a_reader_follows_what_this_process_writes() {
    let folder = tempfile::tempdir().unwrap();
    let file = hdf5::File::create(folder.path().join("run.h5")).unwrap();
    let mut steps = Appender::<Step>::create(&file, "steps").unwrap();
    steps.push(&step(0)).unwrap();
    steps.flush().unwrap();
    let mut reader = Reader::<Step>::open(&file, "steps").unwrap();
    steps.push(&step(1)).unwrap();
    assert_eq!(reader.refresh().unwrap(), 1);
    steps.flush().unwrap();
    assert_eq!(reader.refresh().unwrap(), 2);
    assert!(reader.map(Result::unwrap).eq((0..2).map(step)));
}

#[test]
fn a_reader_says_when_libhdf5_does_not_look_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    filebacked::to_file(&path, &[1, 2, 3]).unwrap();
    let mut reader = Reader::<i32>::open_file(&path, "/").unwrap();
    let other = hdf5::File::open(&path).unwrap();
    let error = reader.refresh().unwrap_err();
    assert!(error.to_string().contains("the file is open elsewhere in this process"), "{error}");
    other.close().unwrap();
    assert_eq!(reader.refresh().unwrap(), 3);
}

/// Whoever tries to open the file just then does not keep the writer out.
#[test]
fn an_appender_begins_while_others_look() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    let mut command = test_alone(looking);
    command.env(PATH, &path);
    let mut looker = Partner::new(command);
    while looker.hear() != "looking" {}
    let mut steps = options().create_appender_file::<Step>(&path, "steps").unwrap();
    steps.extend((0..20).map(step)).unwrap();
    steps.flush().unwrap();
    steps.push(&step(20)).unwrap();
    steps.flush().unwrap();
    assert_eq!(looker.hear(), "found");
    // Where the file is open in this process, it cannot begin, and goes on.
    drop(looker);
    steps.finish().unwrap();
    let mut steps = options().create_appender_file::<u8>(folder.path().join("other.h5"), "bytes").unwrap();
    let other = hdf5::File::open_rw(folder.path().join("other.h5")).unwrap();
    let group = other.create_group("group").unwrap();
    steps.push(&1).unwrap();
    let error = steps.flush().unwrap_err();
    assert!(error.to_string().contains("this program has objects of the file open already"), "{error}");
    assert_eq!(steps.len(), 1);
    drop((group, other));
    steps.push(&2).unwrap();
    steps.flush().unwrap();
    let there: Vec<u8> = ReadOptions::new().swmr(true).read_at(folder.path().join("other.h5"), "bytes").unwrap();
    assert_eq!(there, [1, 2]);
}

/// Not a test by itself: has the file open for writing.
#[test]
fn holding() {
    let Ok(path) = std::env::var(PATH) else { return };
    let _file = hdf5::File::open_rw(path).unwrap();
    println!("\nholding");
    drop(std::io::stdin().read_line(&mut String::new()));
}

#[cfg(target_os = "linux")]
#[test]
fn the_error_for_a_locked_file_says_who_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    filebacked::to_file(&path, &[1, 2, 3]).unwrap();
    let mut command = test_alone(holding);
    command.env(PATH, &path);
    let mut holder = Partner::new(command);
    while holder.hear() != "holding" {}
    let error = filebacked::from_file::<Vec<i32>>(&path).unwrap_err();
    let wanted = format!("the file is locked by process {} (`", holder.child.id());
    assert!(error.to_string().contains(&wanted), "{error}");
    holder.finish();
    assert_eq!(filebacked::from_file::<Vec<i32>>(&path).unwrap(), [1, 2, 3]);
}

/// Not a test by itself: looks for the file again and again.
#[test]
fn looking() {
    let Ok(path) = std::env::var(PATH) else { return };
    println!("\nlooking");
    let swmr = ReadOptions::new().swmr(true);
    let steps = loop {
        if let Ok(steps) = swmr.reader_file::<Step>(&path, "steps") {
            break steps;
        }
    };
    println!("found");
    drop(std::io::stdin().read_line(&mut String::new()));
    drop(steps);
}

#[test]
fn a_reader_says_when_there_is_less() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    filebacked::to_file(&path, &[1, 2, 3]).unwrap();
    let mut reader = Reader::<i32>::open_file(&path, "/").unwrap();
    assert_eq!(reader.by_ref().count(), 3);
    filebacked::to_file(&path, &[1]).unwrap();
    let error = reader.refresh().unwrap_err();
    assert_eq!(error.to_string(), "the sequence has 1 elements by now, and 3 were read");
    std::fs::remove_file(&path).unwrap();
    assert_eq!(reader.refresh().unwrap_err().kind(), ErrorKind::Io);
    assert_eq!(reader.get(0).unwrap_err().kind(), ErrorKind::Gone);
    filebacked::to_file(&path, &[1, 2, 3, 4]).unwrap();
    assert_eq!(reader.refresh().unwrap(), 4);
    assert_eq!(reader.get(3).unwrap(), 4);
}
