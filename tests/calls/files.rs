//! Whole files: replaced in one step, among other programs and threads, and on a system that refuses.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use filebacked::{Appender, ErrorKind, FileLocking, LibraryVersion, ReadOptions, Reader, WriteOptions, hdf5};
use serde::{Deserialize, Serialize, Serializer};

use crate::common::{output, start_program, test_alone};

/// Starts a program while it is serialized: that inherits what is open.
struct Starting(RefCell<Option<Child>>);

impl Serialize for Starting {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        *self.0.borrow_mut() = Some(Command::new("sleep").arg("60").spawn().unwrap());
        serializer.serialize_u8(1)
    }
}

#[test]
fn a_program_that_was_started_meanwhile_holds_no_lock() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    let starting = Starting(RefCell::default());
    filebacked::to_file(&path, &starting).unwrap();
    let opened = filebacked::hdf5::File::open_rw(&path).map(|file| file.member_names().unwrap());
    let mut child = starting.0.take().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(opened.unwrap(), ["value"]);
}

/// Starts a program while it is read.
struct StartingToo(Child);

impl<'de> Deserialize<'de> for StartingToo {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u8::deserialize(deserializer)?;
        Ok(Self(Command::new("sleep").arg("60").spawn().unwrap()))
    }
}

/// What another process still has open, as one does that was forked meanwhile and is no other program.
#[test]
fn a_process_that_was_forked_meanwhile_holds_no_lock() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    filebacked::write_at(&path, "first", &1).unwrap();
    struct Forking(std::cell::Cell<libc::pid_t>);
    impl Serialize for Forking {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            // SAFETY: the child only waits, and is killed.
            let child = unsafe { libc::fork() };
            if child == 0 {
                loop {
                    // SAFETY: it waits for a signal.
                    unsafe { libc::pause() };
                }
            }
            self.0.set(child);
            serializer.serialize_u8(1)
        }
    }
    let forking = Forking(Default::default());
    filebacked::write_at(&path, "second", &forking).unwrap();
    let again = filebacked::write_at(&path, "third", &3);
    // SAFETY: the child of this process.
    unsafe {
        libc::kill(forking.0.get(), libc::SIGKILL);
        libc::waitpid(forking.0.get(), std::ptr::null_mut(), 0);
    }
    again.unwrap();
}

/// As long as something in a file is open, it is locked.
#[test]
fn what_is_open_is_locked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    filebacked::write_at(&path, "numbers", &[1.5, 2.5]).unwrap();
    let is_free = || {
        use std::os::fd::AsRawFd;
        let file = fs::File::open(&path).unwrap();
        // SAFETY: an open descriptor.
        unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) == 0 }
    };
    assert!(is_free());
    let lazy: filebacked::Lazy<Vec<f64>> = filebacked::read_at(&path, "numbers").unwrap();
    assert!(!is_free());
    assert_eq!(lazy.load().unwrap(), [1.5, 2.5]);
    drop(lazy);
    assert!(is_free());
    let open = filebacked::hdf5::File::open(&path).unwrap();
    assert_eq!(filebacked::read_at::<Vec<f64>>(&path, "numbers").unwrap(), [1.5, 2.5]);
    assert!(!is_free());
    drop(open);
    assert!(is_free());
}

/// The same of files that there are, which libhdf5 locks, and lets programs inherit.
#[test]
fn a_program_that_was_started_meanwhile_holds_no_lock_of_what_was_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    filebacked::write_at(&path, "first", &1).unwrap();
    let starting = Starting(RefCell::default());
    filebacked::write_at(&path, "second", &starting).unwrap();
    let opened = filebacked::hdf5::File::open_rw(&path).map(|file| file.member_names().unwrap());
    let mut child = starting.0.take().unwrap();
    let read = filebacked::read_at::<StartingToo>(&path, "first");
    let again = filebacked::write_at(&path, "third", &3);
    for child in [&mut child, &mut read.unwrap().0] {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    again.unwrap();
    assert_eq!(opened.unwrap(), ["first", "second"]);
}

/// A value all of whose parts say which it is: a part of one and a part of another are not equal.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Value {
    number: u64,
    numbers: Vec<u64>,
    names: Vec<String>,
    records: Vec<(u64, String)>,
}

impl Value {
    fn of(number: u64) -> Self {
        let count = 20_000 + number % 7 * 5_000;
        Self {
            number,
            numbers: vec![number; count as usize],
            names: (0..500).map(|index| format!("{number} {index}")).collect(),
            records: (0..500).map(|index| (number, "x".repeat(index % 40))).collect(),
        }
    }
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names.into_iter().map(|name| name.into_string().unwrap()).collect()
}

const TARGET: &str = "FILEBACKED_TEST_TARGET";
const DUTY: &str = "FILEBACKED_TEST_DUTY";

/// Runs this test again in a process of its own, which finds in the environment what it is to do.
fn again(test: impl Fn(), duty: &str, target: &Path) -> Command {
    let mut command = test_alone(test);
    command.env(TARGET, target).env(DUTY, duty).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn duty() -> Option<(String, std::path::PathBuf)> {
    Some((std::env::var(DUTY).ok()?, std::env::var_os(TARGET)?.into()))
}

#[test]
fn a_writer_that_is_killed_leaves_the_old_value_or_the_new() {
    const KILLED: u64 = 300;
    if let Some((first, target)) = duty() {
        let first: u64 = first.parse().unwrap();
        for number in first.. {
            // The program dies, and not the machine. Now and then as by default.
            WriteOptions::new().sync(number % 16 == 0).to_file(&target, &Value::of(number)).unwrap();
            println!("\nwritten {number}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("run.h5");
    filebacked::to_file(&target, &Value::of(0)).unwrap();
    let (mut last, mut left, mut new) = (0, 0, 0);
    for round in 0..KILLED {
        let next = (last + 1).to_string();
        let mut writer = again(a_writer_that_is_killed_leaves_the_old_value_or_the_new, &next, &target);
        let mut child = start_program(&mut writer).unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        // So that the process is at it; of what it says after that, some is lost with it.
        let mut written = last;
        if round % 4 != 0 {
            written = said.find_map(|line| line.unwrap().strip_prefix("written ")?.parse().ok()).unwrap();
        }
        std::thread::sleep(Duration::from_micros(round * 7919 % 16_000));
        child.kill().unwrap();
        child.wait().unwrap();
        for line in said.map_while(Result::ok) {
            written = line.strip_prefix("written ").and_then(|number| number.parse().ok()).unwrap_or(written);
        }
        let found: Value = filebacked::from_file(&target).unwrap();
        assert_eq!(found, Value::of(found.number));
        assert!((written..=written + 1).contains(&found.number), "{written} was written, {} is there", found.number);
        left += u64::from(names(folder.path()).len() > 1);
        new += u64::from(found.number > last);
        last = found.number;
        assert!(names(folder.path()).len() <= 2, "{:?}", names(folder.path()));
    }
    // Most were killed while they wrote, or the test shows nothing.
    assert!(left > KILLED / 4 && new > KILLED / 4, "{left} left something, {new} wrote something");
    filebacked::to_file(&target, &1).unwrap();
    assert_eq!(names(folder.path()), ["run.h5"]);
}

/// Looks at the folder while it is serialized.
struct Looking<'a>(&'a Path, RefCell<Vec<(String, u32)>>);

impl Serialize for Looking<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mode = |name: String| (fs::metadata(self.0.join(&name)).unwrap().mode() & 0o7777, name);
        *self.1.borrow_mut() = names(self.0).into_iter().map(mode).map(|(mode, name)| (name, mode)).collect();
        serializer.serialize_u8(1)
    }
}

#[test]
fn a_new_file_has_the_permissions_of_the_old() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    for mode in [0o600, 0o640, 0o604, 0o444, 0o755] {
        drop(fs::remove_file(&path));
        fs::write(&path, "something else").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let looking = Looking(folder.path(), RefCell::default());
        filebacked::to_file(&path, &looking).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, mode, "{mode:o}");
        // Nobody else could read it before it had them.
        let expected = [(".run.h5.filebacked-0.tmp".to_owned(), 0o600), ("run.h5".to_owned(), mode)];
        assert_eq!(looking.1.into_inner(), expected);
    }
    // A file where there was none has those that any file gets.
    let (fresh, plain) = (folder.path().join("fresh.h5"), folder.path().join("plain"));
    filebacked::to_file(&fresh, &1).unwrap();
    fs::write(&plain, "").unwrap();
    assert_eq!(fs::metadata(&fresh).unwrap().mode(), fs::metadata(&plain).unwrap().mode());
}

/// The owner and the group: where the test may give files away.
#[test]
fn a_new_file_has_the_owner_of_the_old() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    fs::write(&path, "something else").unwrap();
    let (mut user, mut group) = (12345, 54321);
    if std::os::unix::fs::chown(&path, Some(user), Some(group)).is_err() {
        let own = fs::metadata(&path).unwrap();
        (user, group) = (own.uid(), own.gid());
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o660)).unwrap();
    filebacked::to_file(&path, &1).unwrap();
    let found = fs::metadata(&path).unwrap();
    assert_eq!((found.uid(), found.gid(), found.mode() & 0o7777), (user, group, 0o660));
}

#[cfg(target_os = "linux")]
#[test]
fn a_new_file_has_the_access_list_of_the_old() {
    const LIST: &str = "system.posix_acl_access";
    // Version 2: the owner reads and writes, the user 12345 reads, the group nothing, the mask reads, others nothing.
    let mut list = vec![2, 0, 0, 0];
    for (tag, rights, id) in
        [(1u16, 6u16, u32::MAX), (2, 4, 12345), (4, 0, u32::MAX), (16, 4, u32::MAX), (32, 0, u32::MAX)]
    {
        list.extend(tag.to_le_bytes());
        list.extend(rights.to_le_bytes());
        list.extend(id.to_le_bytes());
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path().join("run.h5");
    fs::write(&path, "something else").unwrap();
    if let Err(error) = xattr::set(&path, LIST, &list) {
        return eprintln!("not tested, as the file system has no access lists: {error}");
    }
    filebacked::to_file(&path, &1).unwrap();
    assert_eq!(xattr::get(&path, LIST).unwrap(), Some(list.clone()));
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o640);

    // What a folder grants by default is nothing that the old file granted.
    fs::remove_file(&path).unwrap();
    fs::write(&path, "something else").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    xattr::set(folder.path(), "system.posix_acl_default", &list).unwrap();
    filebacked::to_file(&path, &1).unwrap();
    assert_eq!(xattr::get(&path, LIST).unwrap(), None);
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o640);
}

#[test]
fn links_are_followed_and_stay() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    symlink("second", folder.path().join("first")).unwrap();
    symlink("inner/run.h5", folder.path().join("second")).unwrap();
    // To a file that is not there yet, and to one that is.
    for number in [1, 2] {
        filebacked::to_file(folder.path().join("first"), &number).unwrap();
        assert_eq!(filebacked::from_file::<i32>(inner.join("run.h5")).unwrap(), number);
        assert_eq!(names(folder.path()), ["first", "inner", "second"]);
        assert_eq!(names(&inner), ["run.h5"]);
        assert!(fs::symlink_metadata(folder.path().join("first")).unwrap().is_symlink());
    }
    symlink("around", folder.path().join("around")).unwrap();
    let error = filebacked::to_file(folder.path().join("around"), &1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().starts_with("the symbolic link leads back to itself"), "{error}");
}

#[test]
fn what_is_no_file_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for (path, words) in [(&socket, "it is a device, pipe or socket"), (&folder.path().to_owned(), "a folder cannot")] {
        let error = filebacked::to_file(path, &1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.to_string().starts_with(words), "{error}");
    }
    assert_eq!(names(folder.path()), ["socket"]);
}

struct Failing;

impl Serialize for Failing {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("it does not want to"))
    }
}

struct Panicking;

impl Serialize for Panicking {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("it does not want to")
    }
}

#[test]
fn nothing_is_left_behind_by_an_error_or_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    filebacked::to_file(&path, &1).unwrap();
    let old = fs::read(&path).unwrap();
    let error = filebacked::to_file(&path, &(vec![1.5; 100_000], Failing)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Custom);
    let panicking = || drop(filebacked::to_file(&path, &(vec![1.5; 100_000], Panicking)));
    assert!(std::panic::catch_unwind(panicking).is_err());
    assert_eq!(fs::read(&path).unwrap(), old);
    assert_eq!(names(folder.path()), ["run.h5"]);
    let missing = filebacked::to_file(folder.path().join("none/run.h5"), &1).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Io);
    assert!(missing.to_string().starts_with("could not create a file in that folder: No such file"), "{missing}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_the_old_file() {
    const LIMIT: u64 = 200_000;
    if let Some((_, target)) = duty() {
        // The limit was set by the shell. A write beyond it fails, as the signal is ignored.
        let fields = |count: usize| (vec![0.5; count], vec!["text"; count / 10], (0..count / 500).collect::<Vec<_>>());
        for count in [1_000_000, 26_000, 24_950, 200_000, 30_000] {
            let error = filebacked::to_file(&target, &fields(count)).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Hdf5 | ErrorKind::Io), "{error}");
            assert_eq!(filebacked::from_file::<String>(&target).unwrap(), "old");
            assert_eq!(names(target.parent().unwrap()), ["run.h5"]);
        }
        // The process goes on as before.
        filebacked::to_file(&target, &fields(1000)).unwrap();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    filebacked::to_file(&path, "old").unwrap();
    let own = again(a_full_disk_leaves_the_old_file, "write", &path);
    let mut command = Command::new("sh");
    // In blocks of 512 bytes.
    command.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", LIMIT / 512));
    command.arg(own.get_program()).args(own.get_args()).env(TARGET, &path).env(DUTY, "write");
    let output = output(&mut command).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (numbers, _, _): (Vec<f64>, Vec<String>, Vec<usize>) = filebacked::from_file(&path).unwrap();
    assert_eq!(numbers, vec![0.5; 1000]);
}

/// The limit is on files, so that one in memory does not meet it.
#[cfg(target_os = "linux")]
#[test]
fn files_in_memory_need_no_disk() {
    if let Some((_, target)) = duty() {
        assert!(fs::write(&target, "a byte").is_err());
        let image = filebacked::to_vec(&Value::of(5)).unwrap();
        assert_eq!(filebacked::from_slice::<Value>(&image).unwrap(), Value::of(5));
        assert_eq!(names(target.parent().unwrap()), ["run.h5"]);
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    let own = again(files_in_memory_need_no_disk, "write", &path);
    let mut command = Command::new("sh");
    command.arg("-c").arg("trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"").current_dir(folder.path());
    command.arg(own.get_program()).args(own.get_args()).env(TARGET, &path).env(DUTY, "write");
    let output = output(&mut command).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn two_writers_of_one_file_do_not_meet() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    let options = WriteOptions::new().sync(false);
    options.to_file(&path, &Value::of(0)).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let (options, path) = (&options, &path);
                scope.spawn(move || {
                    for number in 0..25 {
                        options.to_file(path, &Value::of(100 * writer + number)).unwrap();
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let found: Value = filebacked::from_file(&path).unwrap();
                assert_eq!(found, Value::of(found.number));
            }
        });
        let results: Vec<_> = writers.into_iter().map(|writer| writer.join()).collect();
        done.store(true, Ordering::Relaxed);
        results.into_iter().for_each(|result| result.unwrap());
    });
    assert_eq!(names(folder.path()), ["run.h5"]);
}

/// Writes another file to the same place, in the midst of being written there.
struct Within<'a>(&'a Path, RefCell<Vec<String>>);

impl Serialize for Within<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        filebacked::to_file(self.0, &2).unwrap();
        *self.1.borrow_mut() = names(self.0.parent().unwrap());
        serializer.serialize_u8(1)
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_others_left_behind_goes_and_what_they_write_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    // Left behind by three that were killed; something that only looks so; and a link, which is not followed.
    for name in [".run.h5.filebacked-0.tmp", ".run.h5.filebacked-2.tmp", ".run.h5.filebacked-5.tmp", ".run.h5.mine.tmp"]
    {
        fs::write(folder.path().join(name), "half of a file").unwrap();
    }
    fs::write(folder.path().join("other"), "other").unwrap();
    symlink("other", folder.path().join(".run.h5.filebacked-3.tmp")).unwrap();
    let within = Within(&path, RefCell::default());
    filebacked::to_file(&path, &within).unwrap();
    let (link, outer, mine) = (".run.h5.filebacked-3.tmp", ".run.h5.filebacked-0.tmp", ".run.h5.mine.tmp");
    assert_eq!(within.1.into_inner(), [outer, link, mine, "other", "run.h5"]);
    assert_eq!(names(folder.path()), [link, mine, "other", "run.h5"]);
    assert_eq!(fs::read_to_string(folder.path().join("other")).unwrap(), "other");
    assert_eq!(filebacked::from_file::<u8>(&path).unwrap(), 1);
}

#[test]
fn names_may_be_as_long_as_the_system_has_them() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["ä".repeat(127), "n".repeat(255)] {
        let path = folder.path().join(&name);
        filebacked::to_file(&path, &1).unwrap();
        assert_eq!(filebacked::from_file::<u8>(&path).unwrap(), 1);
        assert_eq!(names(folder.path()), [name]);
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn versions_of_the_format_are_kept_to() {
    use LibraryVersion::{Earliest, V18, V110, V112, V114, V200};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    let known = match filebacked::hdf5::library_version() {
        (1, ..=11, _) => 3,
        (1, 12 | 13, _) => 4,
        (1, ..) => 5,
        _ => 6,
    };
    let value = BTreeMap::from([("a", Value::of(1)), ("b", Value::of(2))]);
    let all = [Earliest, V18, V110, V112, V114, V200];
    for (index, low) in all.into_iter().enumerate() {
        for (above, high) in all.into_iter().enumerate() {
            let result = WriteOptions::new().libver(low, high).deflate(1).to_file(&path, &value);
            if index >= known || above >= known {
                let error = result.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Unsupported);
                assert!(error.to_string().contains("is not known to the linked HDF5 "), "{error}");
            } else if above < index || above == 0 {
                let error = result.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Unsupported);
                let words = format!("`libver({low}, {high})` is no range");
                assert!(error.to_string().starts_with(&words), "{error}");
            } else {
                result.unwrap();
                let back: BTreeMap<String, Value> = filebacked::from_file(&path).unwrap();
                assert!(back.iter().map(|(key, value)| (key.as_str(), value)).eq(value.iter().map(|(k, v)| (*k, v))));
                let image = WriteOptions::new().libver(low, high).deflate(1).to_vec(&value);
                if known < 5 && low > Earliest {
                    let error = image.unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::Unsupported);
                    assert!(error.to_string().starts_with("a file in memory does not open"), "{error}");
                } else {
                    assert!(image.unwrap() == fs::read(&path).unwrap(), "{low} to {high}");
                }
            }
        }
    }
    assert_eq!(names(folder.path()), ["run.h5"]);
    // The version of the superblock tells which format a file begins with.
    for (low, superblock) in [(Earliest, 2), (V18, 2), (V110, 3)] {
        WriteOptions::new().libver(low, V110).to_file(&path, &1).unwrap();
        let found = fs::read(&path).unwrap()[8];
        assert!(found == superblock || low == Earliest && found == 0, "{low}: {found}");
    }
}

#[test]
fn locks_are_taken_where_they_are_asked_for() {
    // This library goes by the environment in the first place.
    if std::env::var_os("HDF5_USE_FILE_LOCKING").is_some() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    for locking in [FileLocking::On, FileLocking::BestEffort, FileLocking::Off] {
        WriteOptions::new().file_locking(locking).to_file(&path, &1).unwrap();
    }
    let read = |locking| ReadOptions::new().file_locking(locking).from_file::<u8>(&path);
    // Another has it open, and says that nobody else is to read it.
    let mut command = Command::new("flock");
    command.arg("-x").arg(&path).args(["-c", "echo; exec sleep 60"]).stdout(Stdio::piped());
    let mut other = start_program(&mut command).unwrap();
    BufReader::new(other.stdout.take().unwrap()).read_line(&mut String::new()).unwrap();
    let results = [FileLocking::On, FileLocking::BestEffort, FileLocking::Off].map(read);
    other.kill().unwrap();
    other.wait().unwrap();
    let [on, best, off] = results;
    for error in [on.unwrap_err(), best.unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Hdf5);
        assert!(error.to_string().contains("lock"), "{error}");
    }
    assert_eq!(off.unwrap(), 1);
}

/// Whether a file beside the target is locked by libhdf5 while it is written.
struct Locked<'a>(&'a Path, RefCell<bool>);

impl Serialize for Locked<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let beside = self.0.join(".run.h5.filebacked-0.tmp");
        let flock = output(Command::new("flock").arg("-n").arg(beside).arg("true")).unwrap();
        *self.1.borrow_mut() = !flock.status.success();
        serializer.serialize_u8(1)
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_new_file_is_locked_only_if_that_is_asked_for() {
    if std::env::var_os("HDF5_USE_FILE_LOCKING").is_some() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let plain = WriteOptions::new();
    for (options, expected) in [
        (plain.clone(), false),
        (plain.clone().libver(LibraryVersion::V18, LibraryVersion::V110), false),
        (plain.clone().file_locking(FileLocking::Off), false),
        (plain.clone().file_locking(FileLocking::BestEffort), true),
        (plain.file_locking(FileLocking::On), true),
    ] {
        let locked = Locked(folder.path(), RefCell::default());
        options.to_file(folder.path().join("run.h5"), &locked).unwrap();
        assert_eq!(locked.1.into_inner(), expected, "{options:?}");
    }
}

/// A name with `/` is a path, as with h5py, for whatever takes a name.
#[test]
fn names_are_paths() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    let file = hdf5::File::create(&path).unwrap();
    filebacked::write(&file, "a/b/c", &[1, 2]).unwrap();
    filebacked::write(&file, "/a/b/d", "text").unwrap();
    let group = file.group("a/b").unwrap();
    filebacked::write(&group, "/e//f/", &1.5).unwrap();
    filebacked::write(&group, "%2F", "a slash").unwrap();
    assert_eq!(file.dataset("a/b/c").unwrap().read_raw::<i32>().unwrap(), [1, 2]);
    assert_eq!(filebacked::read::<Vec<i32>>(&file, "a/b/c").unwrap(), [1, 2]);
    assert_eq!(filebacked::read::<String>(&group, "/a/b/d").unwrap(), "text");
    assert_eq!(filebacked::read::<f64>(&group, "/e/f").unwrap(), 1.5);
    assert_eq!(
        filebacked::from_group::<BTreeMap<String, filebacked::Value>>(&group).unwrap()["/"].as_str(),
        Some("a slash")
    );
    WriteOptions::new().overwrite(true).write(&file, "a/b/c", &[3, 4]).unwrap();
    let mut appender = Appender::create(&file, "log/steps").unwrap();
    appender.extend([1, 2, 3]).unwrap();
    appender.finish().unwrap();
    Appender::open(&file, "/log/steps").unwrap().push(&4).unwrap();
    let steps = Reader::<i32>::open(&file, "log/steps").unwrap();
    assert_eq!(steps.collect::<filebacked::Result<Vec<_>>>().unwrap(), [1, 2, 3, 4]);

    // What is in the way, what is not there, and what is taken.
    let members = |name: &str| file.group(name).unwrap().member_names().unwrap();
    let before = (members("/"), members("a/b"), members("log"));
    let error = filebacked::write(&file, "a/b/c/d", &1).unwrap_err();
    assert_eq!((error.kind(), error.hdf5_path()), (ErrorKind::WrongType, "/a/b/c".to_owned()), "{error}");
    let error = filebacked::read::<i32>(&file, "a/x/y").unwrap_err();
    assert_eq!((error.kind(), error.hdf5_path()), (ErrorKind::NotFound, "/a/x".to_owned()), "{error}");
    assert_eq!(Reader::<i32>::open(&file, "x/y").unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(filebacked::write(&file, "a/b/d", &1).unwrap_err().kind(), ErrorKind::AlreadyExists);
    for name in ["", "/", "//"] {
        let errors = [
            filebacked::write(&file, name, &1).unwrap_err(),
            WriteOptions::new().overwrite(true).write(&file, name, &1).unwrap_err(),
            filebacked::read::<i32>(&file, name).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            assert!(error.to_string().contains("expected the name of a value in a group"), "{error}");
        }
    }
    let errors = [
        Appender::<i32>::create(&file, "").unwrap_err(),
        Appender::<i32>::open(&file, "").unwrap_err(),
        Reader::<i32>::open(&file, "").unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains("expected the name of a value in a group"), "{error}");
    }
    // Of lists, `/` is the root's own, which here holds other things.
    for name in ["/", "//"] {
        assert_eq!(Appender::<i32>::create(&file, name).unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(Appender::<i32>::open(&file, name).unwrap_err().kind(), ErrorKind::WrongType);
        assert_eq!(Reader::<i32>::open(&file, name).unwrap_err().kind(), ErrorKind::WrongType);
    }
    // Groups on the way go away with what is not written.
    let failing = BTreeMap::from([((), 1)]);
    for overwrite in [false, true] {
        let options = WriteOptions::new().overwrite(overwrite).skip(["nothing"]);
        options.write(&file, "new/group/x", &failing).unwrap_err();
        options.write(&file, "a/new/x", &BTreeMap::from([("x", 1)])).unwrap_err();
    }
    assert_eq!((members("/"), members("a/b"), members("log")), before);
    file.close().unwrap();

    // Of whole files.
    let path = folder.path().join("other.h5");
    filebacked::write_at(&path, "mesh/title", "plate").unwrap();
    filebacked::write_at(&path, "mesh/nodes", &[0.5, 1.5]).unwrap();
    assert_eq!(filebacked::read_at::<String>(&path, "mesh/title").unwrap(), "plate");
    assert_eq!(filebacked::read_at::<Vec<f64>>(&path, "/mesh/nodes").unwrap(), [0.5, 1.5]);
    let error = filebacked::write_at(&path, "mesh/title", "another").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert!(error.to_string().ends_with(&format!("HDF5 path `/mesh/title`, file `{}`", path.display())), "{error}");
    WriteOptions::new().overwrite(true).write_at(&path, "mesh/title", "another").unwrap();
    assert_eq!(filebacked::read_at::<String>(&path, "mesh/title").unwrap(), "another");
    let missing = folder.path().join("missing.h5");
    WriteOptions::new().skip(["y"]).write_at(&missing, "a", &BTreeMap::from([("x", 1)])).unwrap_err();
    assert!(!missing.exists());
    assert_eq!(filebacked::read_at::<i32>(&missing, "a").unwrap_err().kind(), ErrorKind::Io);
    fs::write(&missing, "no HDF5").unwrap();
    let error = filebacked::write_at(&missing, "a", &1).unwrap_err();
    assert!(error.to_string().starts_with("this is no HDF5 file"), "{error}");
    let mut appender = Appender::create_file(folder.path().join("steps.h5"), "log/steps").unwrap();
    appender.push(&1).unwrap();
    appender.finish().unwrap();
    let error = Appender::<i32>::open_file(folder.path().join("steps.h5"), "log/other").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    let mut appender = Appender::open_or_create_file(folder.path().join("steps.h5"), "log/other").unwrap();
    appender.push(&2).unwrap();
    appender.finish().unwrap();
    let steps = Reader::<i32>::open_file(folder.path().join("steps.h5"), "log/other").unwrap();
    assert_eq!(steps.map(filebacked::Result::unwrap).collect::<Vec<_>>(), [2]);
    // No file is made for a name that is none.
    let (new, there) = (folder.path().join("new.h5"), folder.path().join("steps.h5"));
    for name in ["", "/", "//"] {
        let errors = [
            filebacked::write_at(&new, name, &1).unwrap_err(),
            filebacked::write_at(&there, name, &1).unwrap_err(),
            filebacked::read_at::<i32>(&there, name).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            assert!(error.to_string().contains("expected the name of a value in a group"), "{error}");
        }
        assert!(!new.exists());
    }
    // Of lists, `/` is the root's own.
    for error in [
        Appender::<i32>::create_file(&new, "").unwrap_err(),
        Appender::<i32>::open_file(&there, "").unwrap_err(),
        Appender::<i32>::open_or_create_file(&new, "").unwrap_err(),
        Reader::<i32>::open_file(&there, "").unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains("expected the name of a value in a group"), "{error}");
    }
    assert!(!new.exists());
}

/// Names as long as HDF5 takes them, and longer ones, which maps hold all the same.
#[test]
fn long_names() {
    /// What this crate makes links of, and what libhdf5 takes.
    const MOST: usize = 32_768;
    let folder = tempfile::tempdir().unwrap();
    let file = hdf5::File::create(folder.path().join("long.h5")).unwrap();
    for (number, (len, letter)) in [
        (MOST - 1, "a"),
        (MOST, "a"),
        (MOST + 1, "a"),
        (65_510, "a"),
        (65_535, "a"),
        (65_536, "a"),
        (70_000, "a"),
        // Each of these takes three letters in the name of a link.
        (MOST / 3 - 1, "/"),
        (MOST / 3 + 1, "%"),
        (MOST, "/"),
        (22_000, "/"),
    ]
    .into_iter()
    .enumerate()
    {
        let key = letter.repeat(len);
        let value = BTreeMap::from([(key.clone(), vec![1.5]), ("short".to_owned(), vec![2.5])]);
        let image = filebacked::to_vec(&value).unwrap_or_else(|error| panic!("{len} of {letter}: {error}"));
        assert!(filebacked::from_slice::<BTreeMap<String, Vec<f64>>>(&image).unwrap() == value, "{len} of {letter}");
        let any: filebacked::Value = filebacked::from_slice(&image).unwrap();
        assert!(filebacked::to_vec(&any).unwrap() == image, "{len} of {letter}");
        let list = vec![value.clone(); 2];
        let image = filebacked::to_vec(&list).unwrap_or_else(|error| panic!("{len} of {letter}: {error}"));
        assert!(
            filebacked::from_slice::<Vec<BTreeMap<String, Vec<f64>>>>(&image).unwrap() == list,
            "{len} of {letter}"
        );

        // Names of fields, also of several that would not go into one type together.
        let numbers: BTreeMap<_, _> = ["x", "y", "z"].map(|last| (key.clone() + last, 1.5)).into();
        let list = vec![numbers; 3];
        let image = filebacked::to_vec(&list).unwrap_or_else(|error| panic!("{len} of {letter}: {error}"));
        assert!(filebacked::from_slice::<Vec<BTreeMap<String, f64>>>(&image).unwrap() == list, "{len} of {letter}");

        // As the name of a value it is one that is found again, or an error, and nothing is left of that.
        let before = file.member_names().unwrap();
        let name = format!("group {number}/{}", key.replace('%', "%25").replace('/', "%2F"));
        match filebacked::write(&file, &name, &1) {
            Ok(()) => assert_eq!(filebacked::read::<i32>(&file, &name).unwrap(), 1),
            Err(error) => {
                assert!(name.len() > MOST, "{len} of {letter}: {error}");
                assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
                assert!(error.to_string().len() < 1000, "{error}");
                assert_eq!(file.member_names().unwrap(), before);
                assert_eq!(Appender::<i32>::create(&file, &name).unwrap_err().kind(), ErrorKind::Unsupported);
                assert_eq!(file.member_names().unwrap(), before);
                assert!(filebacked::read::<i32>(&file, &name).is_err());
            }
        }
    }
}

/// Maps in a sequence, too, are stored by key and value where a key is too long for a link, whatever type of string it is.
#[test]
fn long_keys_in_sequences_are_no_links() {
    #[derive(Serialize, Clone, PartialEq, Eq, PartialOrd, Ord)]
    struct Name(String);

    fn links<K: Serialize + Ord + Clone>(key: impl Fn(String) -> K, len: usize) -> Vec<String> {
        let map = BTreeMap::from([(key("k".repeat(len)), vec![1.5]), (key("short".to_owned()), vec![2.5])]);
        let file = hdf5::File::with_options().with_fapl(|fapl| fapl.core_filebacked(false)).create("long.h5").unwrap();
        filebacked::write(&file, "maps", &vec![map; 2]).unwrap();
        file.group("maps").unwrap().member_names().unwrap()
    }

    let most = 32_768;
    for len in [most + 1, 70_000] {
        assert_eq!(links(|text| text, len), ["offsets", "keys", "values"], "{len}");
        assert_eq!(links(Name, len), ["offsets", "keys", "values"], "{len}");
    }
    assert_eq!(links(|text| text, most), ["k".repeat(most).as_str(), "short"]);
    assert_eq!(links(Name, most), ["k".repeat(most).as_str(), "short"]);
}

/// `.` is a name like any other in a path, and a `%` that begins no escape stands for itself, as keys have it.
#[test]
fn names_with_dots_and_percent_signs() {
    let folder = tempfile::tempdir().unwrap();
    let file = hdf5::File::create(folder.path().join("odd.h5")).unwrap();
    for (name, link, key) in [
        (".", "%2E", "."),
        ("..", "..", ".."),
        ("50%", "50%25", "50%"),
        ("%25", "%25", "%"),
        ("%", "%", ""),
        ("a%2Fb", "a%2Fb", "a/b"),
        ("a%252Fb", "a%252Fb", "a%2Fb"),
        ("*", "*", "*"),
        ("[0]", "[0]", "[0]"),
    ] {
        let value = BTreeMap::from([("x", 1)]);
        for name in [name.to_owned(), format!("in/./{name}")] {
            filebacked::write(&file, &name, &value).unwrap();
            assert_eq!(filebacked::read::<BTreeMap<String, i32>>(&file, &name).unwrap()["x"], 1, "{name}");
        }
        assert_eq!(file.group("in/%2E").unwrap().member_names().unwrap(), [link]);
        let whole: BTreeMap<String, BTreeMap<String, i32>> = filebacked::read(&file, "in/.").unwrap();
        assert_eq!(whole.keys().collect::<Vec<_>>(), [key]);
        // The same name that a map with that key gives.
        let image = filebacked::to_vec(&BTreeMap::from([(key, value)])).unwrap();
        let path = folder.path().join("map.h5");
        fs::write(&path, image).unwrap();
        assert_eq!(hdf5::File::open(&path).unwrap().member_names().unwrap(), [link]);
        assert_eq!(filebacked::read_at::<i32>(&path, &format!("{name}/x")).unwrap(), 1);
        file.unlink("in").unwrap();
    }
    // Names of others are found as they are where no name of ours is.
    file.create_group("100% theirs").unwrap().new_dataset::<i32>().create("x").unwrap();
    assert_eq!(filebacked::read::<i32>(&file, "100% theirs/x").unwrap(), 0);
}
