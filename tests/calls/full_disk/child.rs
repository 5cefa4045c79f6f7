//! Children that are forked, what they say, and how much room they have.

use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::{self, PipeWriter, Read, Write};
use std::os::fd::AsRawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use filebacked::{Error, Result};

/// What rooms are counted in.
pub(crate) const PAGE: u64 = 4096;
/// The size of the file system that fills up.
const DISK: u64 = 8 << 20;
/// No child takes so long.
const PATIENCE: u32 = 60;

/// What a child said, and how it ended, where that was not by itself.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    pub(crate) said: Vec<String>,
    pub(crate) signal: Option<i32>,
    pub(crate) code: i32,
}

impl Ended {
    /// What follows a word, in the first line that begins with it.
    pub(crate) fn after(&self, word: &str) -> Option<&str> {
        self.said.iter().find_map(|line| line.strip_prefix(word)).map(str::trim_start)
    }

    /// The same in all such lines.
    pub(crate) fn all<'a>(&'a self, word: &'a str) -> impl Iterator<Item = &'a str> {
        self.said.iter().filter_map(move |line| line.strip_prefix(word)).map(str::trim_start)
    }

    /// How it died, if it did, and the last that it said by itself.
    pub(crate) fn death(&self) -> Option<String> {
        if let Some(panic) = self.after("panic:") {
            return Some(format!("a panic: {panic}"));
        }
        let words = || self.said.iter().rfind(|line| !line.trim().is_empty()).map_or("", String::as_str);
        match self.signal {
            Some(libc::SIGALRM) => Some("it does not come back".to_owned()),
            Some(signal) => Some(format!("signal {signal} ({})", words())),
            None if self.code != 0 => Some(format!("exit code {} ({})", self.code, words())),
            None => None,
        }
    }
}

/// Runs `work` in a process of its own, to which it is forked.
///
/// This process has one thread, so the other finds no lock held.
pub(crate) fn fork(work: impl FnOnce(&mut PipeWriter)) -> Ended {
    let (pid, mut from) = begin(work);
    let mut said = Vec::new();
    from.read_to_end(&mut said).unwrap();
    Ended { said: String::from_utf8_lossy(&said).lines().map(str::to_owned).collect(), ..wait(pid) }
}

/// Runs `work` in a process of its own, which is killed so long after its first word; returns whether it still ran.
pub(crate) fn kill(after: Duration, work: impl FnOnce(&mut PipeWriter)) -> Ended {
    let (pid, mut from) = begin(work);
    let mut said = vec![0];
    from.read_exact(&mut said).unwrap();
    let begun = Instant::now();
    // A sleep takes longer than it is told to.
    while begun.elapsed() < after {
        std::hint::spin_loop();
    }
    // SAFETY: a child that is not waited for yet, so nobody else has its number.
    unsafe { libc::kill(pid, libc::SIGKILL) };
    from.read_to_end(&mut said).unwrap();
    Ended { said: String::from_utf8_lossy(&said).lines().map(str::to_owned).collect(), ..wait(pid) }
}

/// How long `work` takes from its first word on.
pub(crate) fn measure(work: impl FnOnce(&mut PipeWriter)) -> Duration {
    let (pid, mut from) = begin(work);
    from.read_exact(&mut [0]).unwrap();
    let begun = Instant::now();
    from.read_to_end(&mut Vec::new()).unwrap();
    let time = begun.elapsed();
    wait(pid);
    time
}

fn begin(work: impl FnOnce(&mut PipeWriter)) -> (libc::pid_t, io::PipeReader) {
    let (from, mut to) = io::pipe().unwrap();
    // SAFETY: this process has one thread.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "{}", io::Error::last_os_error());
    if pid > 0 {
        return (pid, from);
    }
    drop(from);
    // SAFETY: both are open files; and a timer, which kills where a call does not come back.
    unsafe {
        libc::dup2(to.as_raw_fd(), 2);
        libc::alarm(PATIENCE);
    }
    std::panic::set_hook(Box::new(|_| {}));
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| work(&mut to))) {
        let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        let _ = writeln!(to, "\npanic: {}", text.unwrap_or("?").replace('\n', " "));
    }
    // As any program ends: libhdf5 is told.
    std::process::exit(0)
}

fn wait(pid: libc::pid_t) -> Ended {
    let mut status = 0;
    // SAFETY: a child of this process, and the address of a number.
    let waited = unsafe { libc::waitpid(pid, &raw mut status, 0) };
    assert_eq!(waited, pid);
    let signal = libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status));
    Ended { said: Vec::new(), signal, code: if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { 0 } }
}

/// Where room is short.
#[derive(Clone, Debug)]
pub(crate) enum Room {
    /// Files have a largest size.
    Limit { folder: PathBuf },
    /// A file system is full but for some pages: another file takes the rest.
    Disk { folder: PathBuf, filler: PathBuf },
}

impl Room {
    /// The folder that is for one case.
    pub(crate) fn folder(&self) -> &Path {
        match self {
            Self::Limit { folder } | Self::Disk { folder, .. } => folder,
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Limit { .. } => "files with a largest size",
            Self::Disk { .. } => "a disk that fills up",
        }
    }

    /// The system's reason.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Limit { .. } => "File too large",
            Self::Disk { .. } => "No space left on device",
        }
    }

    /// What the error says to do.
    pub(crate) fn advice(&self) -> &'static str {
        match self {
            Self::Limit { .. } => "raise the limit on the size of files",
            Self::Disk { .. } => "make room on the disk",
        }
    }

    /// Leaves so many pages from now on, beyond the `size` that the file has which is written to.
    pub(crate) fn leave(&self, pages: u64, size: u64) {
        match self {
            Self::Limit { .. } => limit(size + pages * PAGE),
            Self::Disk { folder, filler } => {
                let free = free_pages(folder);
                let file = File::create(filler).unwrap();
                let len = free.checked_sub(pages).expect("room on the disk") * PAGE;
                if len > 0 {
                    // SAFETY: an open file.
                    let error = unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, len as libc::off_t) };
                    assert_eq!(error, 0, "{}", io::Error::from_raw_os_error(error));
                }
                assert_eq!(free_pages(folder), pages);
            }
        }
    }

    /// There is room again.
    pub(crate) fn lift(&self) {
        match self {
            Self::Limit { .. } => limit(libc::RLIM_INFINITY),
            Self::Disk { filler, .. } => drop(fs::remove_file(filler)),
        }
    }
}

fn limit(size: u64) {
    let limit = libc::rlimit { rlim_cur: size, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: the address of a limit.
    let set = unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit) };
    assert_eq!(set, 0, "{}", io::Error::last_os_error());
}

fn free_pages(folder: &Path) -> u64 {
    let path = c_string(folder);
    // SAFETY: numbers, for all of which nought is a value.
    let mut found: libc::statvfs = unsafe { std::mem::zeroed() };
    // SAFETY: a C string, and the address of what is filled.
    let done = unsafe { libc::statvfs(path.as_ptr(), &raw mut found) };
    assert_eq!(done, 0, "{}", io::Error::last_os_error());
    found.f_bavail * found.f_frsize / PAGE
}

fn c_string(path: &Path) -> std::ffi::CString {
    std::ffi::CString::new(path.to_str().unwrap()).unwrap()
}

/// The ways in which room can be short here: the second where this process may have a file system of its own.
///
/// Nobody else sees that, and it goes with the process.
pub(crate) fn rooms(folder: &Path) -> Vec<Room> {
    // SAFETY: what is done when a file would become too large: the call answers so.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    let (plain, disk) = (folder.join("limit"), folder.join("disk"));
    fs::create_dir(&disk).unwrap();
    let mounted = own_mounts().and_then(|()| mount(&disk));
    let mut rooms = Vec::new();
    match mounted {
        Ok(()) => {
            let limited = disk.join("limit");
            rooms.push(Room::Limit { folder: limited });
            rooms.push(Room::Disk { folder: disk.join("case"), filler: disk.join("filler") });
        }
        Err(error) => {
            println!("note: no file system of its own ({error}): only the size of files is limited");
            rooms.push(Room::Limit { folder: plain });
        }
    }
    for room in &rooms {
        fs::create_dir(room.folder()).unwrap();
    }
    rooms
}

/// Has this process its own list of what is mounted where.
fn own_mounts() -> io::Result<()> {
    // SAFETY: these ask for numbers.
    let (user, group) = unsafe { (libc::getuid(), libc::getgid()) };
    // SAFETY: it changes this process alone.
    if unsafe { libc::unshare(libc::CLONE_NEWNS) } != 0 {
        // SAFETY: as above; this process has one thread.
        if unsafe { libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNS) } != 0 {
            return Err(io::Error::last_os_error());
        }
        fs::write("/proc/self/setgroups", "deny")?;
        fs::write("/proc/self/uid_map", format!("0 {user} 1"))?;
        fs::write("/proc/self/gid_map", format!("0 {group} 1"))?;
    }
    let flags = libc::MS_REC | libc::MS_PRIVATE;
    let none = std::ptr::null();
    // SAFETY: C strings, or none.
    let done = unsafe { libc::mount(c"none".as_ptr(), c"/".as_ptr(), none, flags, none.cast()) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn mount(at: &Path) -> io::Result<()> {
    let (path, options) = (c_string(at), std::ffi::CString::new(format!("size={DISK},mode=700")).unwrap());
    // SAFETY: C strings.
    let done = unsafe { libc::mount(c"tmpfs".as_ptr(), path.as_ptr(), c"tmpfs".as_ptr(), 0, options.as_ptr().cast()) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// What was in a folder.
#[derive(Debug, Default, Hash)]
pub(crate) struct Snapshot(Vec<(String, Vec<u8>)>);

impl Snapshot {
    pub(crate) fn of(folder: &Path) -> Self {
        Self(names(folder).into_iter().map(|name| (name.clone(), fs::read(folder.join(name)).unwrap())).collect())
    }

    /// Has the folder hold just that.
    pub(crate) fn restore(&self, folder: &Path) {
        for name in names(folder) {
            fs::remove_file(folder.join(name)).unwrap();
        }
        for (name, bytes) in &self.0 {
            fs::write(folder.join(name), bytes).unwrap();
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, bytes)| &**bytes)
    }

    pub(crate) fn size(&self) -> u64 {
        self.0.iter().map(|(_, bytes)| bytes.len() as u64).sum()
    }
}

/// What was found in a folder, by what is in it: all that is found is found in its files, so the same files are not looked at
/// twice.
pub(crate) struct Found<T>(RefCell<HashMap<u64, T>>);

impl<T> Default for Found<T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<T: Clone> Found<T> {
    pub(crate) fn or_look(&self, folder: &Path, look: impl FnOnce() -> T) -> T {
        let mut hasher = DefaultHasher::new();
        Snapshot::of(folder).hash(&mut hasher);
        let files = hasher.finish();
        if let Some(found) = self.0.borrow().get(&files) {
            return found.clone();
        }
        let found = look();
        self.0.borrow_mut().insert(files, found.clone());
        found
    }
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A call in a child: it runs out of room, and says what became of it.
pub(crate) struct Call<'a> {
    pub(crate) said: &'a mut PipeWriter,
    pub(crate) room: &'a Room,
    /// `None` is as much as it takes.
    pub(crate) pages: Option<u64>,
    /// The size of the file that it writes to.
    pub(crate) size: u64,
    /// What it does after an error.
    pub(crate) then: Then,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// It ends.
    End,
    /// The same call is made once there is room.
    Again,
}

impl Call<'_> {
    /// Begins: from now on there is so much room.
    pub(crate) fn limit(&mut self) {
        if let Some(pages) = self.pages {
            self.room.leave(pages, self.size);
        }
        self.say(".");
    }

    pub(crate) fn lift(&self) {
        self.room.lift();
    }

    pub(crate) fn say(&mut self, line: &str) {
        writeln!(self.said, "{line}").unwrap();
    }

    /// Says what a call answered.
    pub(crate) fn answer(&mut self, word: &str, answer: &Result<()>) {
        match answer {
            Ok(()) => self.say(&format!("{word} ok")),
            Err(error) => self.say(&format!("{word} {}", told(error))),
        }
    }

    /// Makes a call within the room; and again with room, if so asked.
    pub(crate) fn make(&mut self, mut call: impl FnMut() -> Result<()>) {
        self.limit();
        let answer = call();
        self.answer("answer:", &answer);
        if answer.is_err() && self.then == Then::Again {
            self.lift();
            let answer = call();
            self.answer("again:", &answer);
        }
    }

    pub(crate) fn closes(&mut self, file: filebacked::hdf5::File) {
        match file.close() {
            Ok(()) => self.say("close: ok"),
            Err(error) => self.say(&format!("close: {}", error.to_string().replace('\n', " "))),
        }
    }
}

fn told(error: &Error) -> String {
    format!("{:?}\t{}", error.kind(), error.to_string().replace('\n', "\\n"))
}
