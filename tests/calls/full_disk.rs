//! What runs out of room: every operation, with every encoding, at every amount of room from none to enough, in pages.
//!
//! After `Ok` there is the new value, after an error the old one, whole; the process lives, the error says why, no other file
//! is left, and the same call works once there is room.

mod appenders;
pub(crate) mod child;
mod kills;
mod operations;
mod values;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use child::{Call, Ended, Found, PAGE, Room, Snapshot, Then, fork, names};
use operations::{FILE, Operation, Way, Writing, bytes};

use crate::common;

/// What a child process does; and where it leaves files for h5py.
const TASK: &str = "FILEBACKED_FULL_DISK";
const SAMPLES: &str = "FILEBACKED_FULL_DISK_SAMPLES";
/// Only what has this in its name, for those who look for the cause of something.
const ONLY: &str = "FILEBACKED_FULL_DISK_ONLY";
/// All operations with all encodings, and all kills: it takes a quarter of an hour. Else each operation takes a share of the
/// encodings, another for each.
const ALL: &str = "FILEBACKED_FULL_DISK_ALL";

#[test]
fn to_file() {
    runs("to_file");
}

#[test]
fn to_new_file() {
    runs("to_new_file");
}

#[test]
fn write() {
    runs("write");
}

#[test]
fn to_group() {
    runs("to_group");
}

#[test]
fn overwrite() {
    runs("overwrite");
}

#[test]
fn overwrite_groups() {
    runs("overwrite_groups");
}

#[test]
fn lazy_map() {
    runs("lazy_map");
}

#[test]
fn appender_file() {
    runs("appender_file");
}

#[test]
fn appender_in_open_file() {
    runs("appender_in_open_file");
}

#[test]
fn kills() {
    runs("kills");
}

/// Not a test by itself: what the others run in a process of its own.
#[test]
fn child() {
    let Ok(task) = std::env::var(TASK) else { return };
    let samples = std::env::var_os(SAMPLES).map(PathBuf::from).unwrap();
    // The thread that waits for this one is none in a forked process.
    let ended = fork(|said| {
        use std::io::Write as _;
        let text = worker(&task, &samples);
        said.write_all(text.as_bytes()).unwrap();
    });
    for line in &ended.said {
        println!("{line}");
    }
    assert_eq!((ended.signal, ended.code), (None, 0));
    println!("the end of {task}");
}

/// Runs a task in a process of its own; what goes wrong there is a fault.
fn runs(task: &str) {
    let samples = tempfile::tempdir().unwrap();
    let output = common::output(common::test_alone(child).env(TASK, task).env(SAMPLES, samples.path())).unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    println!("{text}");
    assert!(text.contains(&format!("the end of {task}\n")), "{}", String::from_utf8_lossy(&output.stderr));
    let faults = text.matches("FAULT").count();
    let read = common::python("full_disk.py", [samples.path()]);
    println!("{read}");
    assert!(faults == 0 && !read.contains("FAULT"), "{faults} kinds of faults, and h5py's (see the tables)");
    assert!(read.contains("files were read"));
}

fn worker(task: &str, samples: &Path) -> String {
    // The worker is no child that may take a minute at most.
    // SAFETY: it stops a timer.
    unsafe { libc::alarm(0) };
    let folder = tempfile::tempdir().unwrap();
    let rooms = child::rooms(folder.path());
    // What is made once, is made before all others are forked.
    let image = filebacked::to_vec(&"x").unwrap();
    assert_eq!(filebacked::from_slice::<String>(&image).unwrap(), "x");
    let threads = fs::read_dir("/proc/self/task").unwrap().count();
    assert_eq!(threads, 1, "a process of one thread is forked");

    let values = values::all();
    let writing = |ways: &[Way]| -> Vec<Box<dyn Operation + '_>> {
        let of = |way: &Way| {
            let way = *way;
            values.iter().map(move |value| Box::new(Writing { way, value: &**value }) as Box<dyn Operation>)
        };
        ways.iter().flat_map(of).collect()
    };
    let mut text = String::new();
    match task {
        "to_file" => all_or_nothing(&mut text, &rooms, &writing(&[Way::FileOver]), samples),
        "to_new_file" => all_or_nothing(&mut text, &rooms, &writing(&[Way::FileNew]), samples),
        "write" => all_or_nothing(&mut text, &rooms, &writing(&[Way::Write]), samples),
        "to_group" => all_or_nothing(&mut text, &rooms, &writing(&[Way::ToGroup]), samples),
        "overwrite" => {
            all_or_nothing(&mut text, &rooms, &writing(&[Way::OverwriteSame, Way::OverwriteOther]), samples);
        }
        "overwrite_groups" => all_or_nothing(&mut text, &rooms, &writing(&[Way::OverwriteGroup]), samples),
        "lazy_map" => all_or_nothing(&mut text, &rooms, &operations::savings(), samples),
        "appender_file" => appenders::run(&mut text, &rooms, true, samples),
        "appender_in_open_file" => appenders::run(&mut text, &rooms, false, samples),
        "kills" => kills::run(&mut text, &rooms[0], &values),
        _ => panic!("there is no such task: {task}"),
    }
    if rooms.len() == 1 {
        text.push_str("note: there was no file system of its own to fill up\n");
    }
    text
}

fn is_asked_for(name: &str) -> bool {
    std::env::var(ONLY).is_ok_and(|only| name.contains(&only)) || std::env::var_os(ONLY).is_none()
}

/// Whether an operation of that number among all of a task is one of this run, where one of so many is.
fn is_in_share(number: usize, of: usize) -> bool {
    let is_whole = std::env::var_os(ALL).is_some() || std::env::var_os(ONLY).is_some();
    let task: usize = std::env::var(TASK).unwrap_or_default().bytes().map(usize::from).sum();
    is_whole || number % of == task % of
}

/// What came of one amount of room.
struct Row {
    pages: u64,
    outcome: String,
    faults: Vec<String>,
}

/// A table, in which amounts that are alike are one row; nothing but its name where there are no faults.
fn table(text: &mut String, name: &str, room: &Room, rows: &[Row]) {
    let faults = rows.iter().filter(|row| !row.faults.is_empty()).count();
    let verdict = if faults == 0 { "good" } else { "FAULT" };
    writeln!(text, "{verdict}: {name}; {}; {} amounts, {faults} of them with faults", room.name(), rows.len()).unwrap();
    if faults == 0 {
        return;
    }
    let mut alike: Vec<(Vec<u64>, &str, &[String])> = Vec::new();
    for row in rows {
        match alike.iter_mut().find(|(_, outcome, faults)| *outcome == row.outcome && *faults == row.faults) {
            Some((pages, ..)) => pages.push(row.pages),
            None => alike.push((vec![row.pages], &row.outcome, &row.faults)),
        }
    }
    for (pages, outcome, faults) in alike {
        writeln!(text, "    {} pages: {outcome}", ranges(&pages)).unwrap();
        for fault in faults {
            writeln!(text, "        <- {fault}").unwrap();
        }
    }
}

/// Each kind of fault, with what has it.
#[derive(Default)]
struct Kinds(BTreeMap<String, (usize, Vec<String>)>);

impl Kinds {
    fn add(&mut self, name: &str, rows: &[Row]) {
        for row in rows {
            for fault in &row.faults {
                let (count, names) = self.0.entry(fault.clone()).or_default();
                *count += 1;
                if names.last().is_none_or(|last| last != name) {
                    names.push(name.to_owned());
                }
            }
        }
    }

    fn tell(&self, text: &mut String) {
        for (fault, (count, names)) in &self.0 {
            writeln!(text, "kind: {fault}\n    {count} amounts, in {} operations: {}", names.len(), names.join("; "))
                .unwrap();
        }
    }
}

fn ranges(pages: &[u64]) -> String {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for page in pages {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *page || last == page => *last = *page,
            _ => ranges.push((*page, *page)),
        }
    }
    let words = ranges.iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    });
    words.collect::<Vec<_>>().join(",")
}

/// Runs operations of which each leaves the old or the new.
fn all_or_nothing(text: &mut String, rooms: &[Room], operations: &[Box<dyn Operation + '_>], samples: &Path) {
    let mut kinds = Kinds::default();
    for (number, operation) in operations.iter().enumerate().filter(|(_, operation)| is_asked_for(&operation.name())) {
        if !is_in_share(number, 9) {
            continue;
        }
        for room in rooms {
            // A codec writes through the `hdf5` crate, which has nobody make room. libhdf5 cannot take back what it allocated
            // for data that it could not write, and so makes the file longer than its limit is when it closes it.
            let is_in_open_file = !operation.name().starts_with("to_file");
            if is_in_open_file && operation.name().contains("a codec") && matches!(room, Room::Limit { .. }) {
                continue;
            }
            let rows = rows_of(&**operation, room, number, samples);
            table(text, &operation.name(), room, &rows);
            kinds.add(&operation.name(), &rows);
            // Its room is the others', too.
            Snapshot::default().restore(room.folder());
        }
    }
    kinds.tell(text);
}

fn rows_of(operation: &dyn Operation, room: &Room, number: usize, samples: &Path) -> Vec<Row> {
    let folder = room.folder();
    operation.ready();
    let fault = |what: &str, ended: &Ended| {
        let said = ended.said.join(" / ");
        vec![Row { pages: 0, outcome: what.to_owned(), faults: vec![format!("{:?} {said}", ended.death())] }]
    };
    Snapshot::default().restore(folder);
    let prepared = fork(|_| operation.prepare(folder));
    if prepared.death().is_some() {
        return fault("cannot be prepared", &prepared);
    }
    let before = Snapshot::of(folder);
    let size = before.size();
    // What it takes if there is any amount of room.
    let run = |pages: Option<u64>, then: Then| {
        before.restore(folder);
        let size = if operation.name().starts_with("to_file") { 0 } else { size };
        let ended = fork(|said| operation.run(folder, &mut Call { said, room, pages, size, then }));
        room.lift();
        ended
    };
    let free = run(None, Then::End);
    let grown = match operation.name().starts_with("to_file") {
        true => bytes(folder),
        false => bytes(folder).saturating_sub(size),
    };
    let seen = Seen::default();
    let (state, faults) = check(operation, room, &free, &seen, false);
    if free.after("answer:") != Some("ok") || !faults.is_empty() {
        return fault(&format!("without a limit: {state} {faults:?}"), &free);
    }
    let whole = Snapshot::of(folder);
    let enough = grown.div_ceil(PAGE);
    let mut rows = Vec::new();
    let mut is_sampled = [false; 2];
    for pages in 0.. {
        let mut row = Row { pages, outcome: String::new(), faults: Vec::new() };
        let mut is_ok = false;
        // The call of another process later, or of the same one.
        let thens = if matches!(room, Room::Disk { .. }) { &[Then::End, Then::Again][..] } else { &[Then::End] };
        for then in thens.iter().copied() {
            let ended = run(Some(pages), then);
            is_ok = ended.after("answer:") == Some("ok");
            let (state, faults) = check(operation, room, &ended, &seen, true);
            let divider = if row.outcome.is_empty() { "" } else { " | " };
            write!(row.outcome, "{divider}{}", outcome(&ended, &state)).unwrap();
            faults.into_iter().for_each(|fault| {
                if !row.faults.contains(&fault) {
                    row.faults.push(fault)
                }
            });
            // One that failed when much was written, and the first that did not.
            let is_time = is_ok || pages >= enough / 2;
            if is_time && then == Then::End && !std::mem::replace(&mut is_sampled[usize::from(is_ok)], true) {
                let wanted = if is_ok { &whole } else { &before };
                run(Some(pages), then);
                sample(folder, wanted, samples, &format!("{number}-{}-{is_ok}", room.name().len()));
            }
            if is_ok {
                break;
            }
        }
        let is_good = is_ok && row.faults.is_empty();
        rows.push(row);
        if is_good && pages >= enough {
            break;
        }
        if pages > 2 * enough + before.size() / PAGE + 40 {
            let faults = vec!["there is never enough room".to_owned()];
            rows.push(Row { pages, outcome: format!("it takes {enough} pages where there is no limit"), faults });
            break;
        }
    }
    rows
}

/// Leaves a file for h5py, and what it is to be like.
fn sample(folder: &Path, wanted: &Snapshot, samples: &Path, name: &str) {
    let found = Snapshot::of(folder);
    for (snapshot, kind) in [(&found, "found"), (wanted, "wanted")] {
        if let Some(bytes) = snapshot.get(FILE) {
            fs::write(samples.join(format!("{name}.{kind}.h5")), bytes).unwrap();
        }
    }
}

fn outcome(ended: &Ended, state: &str) -> String {
    let short = |answer: &str| answer.split('\t').next().unwrap().to_owned();
    let answer = ended.after("answer:").map_or("no answer".to_owned(), short);
    let again = ended.after("again:").map_or(String::new(), |again| format!(", again {}", short(again)));
    format!("{answer}{again}; {state}")
}

/// What files were found to be, of one operation.
#[derive(Default)]
struct Seen {
    state: Found<String>,
    /// What another process makes of them by the same call: its answer, its death, and the state.
    next_call: Found<(Option<String>, Option<String>, String)>,
}

/// What is wrong with how a call ended, and whether it wrote what it was to, at once or with room.
fn ended_faults(ended: &Ended, room: &Room) -> (Vec<String>, bool) {
    let mut faults: Vec<String> = ended.death().map(|death| plain(&death)).into_iter().collect();
    let answer = ended.after("answer:");
    if let Some(answer) = answer.filter(|answer| *answer != "ok") {
        faults.extend(error_faults(answer, room));
    }
    let again = ended.after("again:");
    if let Some(again) = again.filter(|again| *again != "ok") {
        faults.push(format!("with room again: {}", plain(again)));
    }
    let is_new = answer == Some("ok") || again == Some("ok");
    if let Some(error) = ended.after("close:").filter(|close| is_new && *close != "ok") {
        faults.push(format!("the file does not close: {}", plain(error)));
    }
    let folder = room.folder();
    let strange: Vec<_> = names(folder).into_iter().filter(|name| name != FILE).collect();
    if !strange.is_empty() {
        faults.push("a temporary file is left".to_owned());
        strange.iter().for_each(|name| fs::remove_file(folder.join(name)).unwrap());
    }
    (faults, is_new)
}

/// The state of the files in a folder, as a process of its own finds them.
fn state_of(operation: &dyn Operation, folder: &Path) -> String {
    let looked = fork(|said| {
        use std::io::Write as _;
        write!(said, "state: {}", operation.state(folder)).unwrap();
    });
    let state = looked.after("state:").unwrap_or("no answer").to_owned();
    looked.death().map_or(state, |death| format!("reading it ends in {death}"))
}

/// The state in which a call left things, and what is wrong with that; where there is room again.
fn check(operation: &dyn Operation, room: &Room, ended: &Ended, seen: &Seen, is_full: bool) -> (String, Vec<String>) {
    let folder = room.folder();
    let (mut faults, is_new) = ended_faults(ended, room);
    let answer = ended.after("answer:");
    let look = || seen.state.or_look(folder, || state_of(operation, folder));
    let state = look();
    let wanted = if is_new { operation.after() } else { operation.before() };
    if state != wanted {
        faults.push(format!("it is not `{wanted}` but `{}`", plain(&state)));
    } else if !is_new && is_full && answer.is_some() {
        // Another process makes the same call.
        let (answer, death, state) = seen.next_call.or_look(folder, || {
            let then = Then::End;
            let next = fork(|said| operation.run(folder, &mut Call { said, room, pages: None, size: 0, then }));
            (next.after("answer:").map(str::to_owned), next.death(), look())
        });
        if state != operation.after() || answer.as_deref() != Some("ok") || death.is_some() {
            faults.push(format!("the call of another process later: {answer:?} {death:?}, `{state}`"));
        }
    }
    (state, faults)
}

/// What is wrong with an error: `kind<TAB>text`.
fn error_faults(answer: &str, room: &Room) -> Option<String> {
    let (kind, text) = answer.split_once('\t').unwrap_or((answer, ""));
    let mut faults = Vec::new();
    if kind != "Io" {
        faults.push(format!("is of the kind `{kind}`"));
    }
    if !text.contains(room.reason()) {
        faults.push("does not give the system's reason".to_owned());
    }
    if !text.contains(room.advice()) {
        faults.push("does not say what to do".to_owned());
    }
    for word in ["0x", "time =", "\\n"] {
        if text.contains(word) {
            faults.push(format!("has `{word}` in it"));
        }
    }
    (!faults.is_empty()).then(|| format!("the error {}: {}", faults.join(", "), plain(text)))
}

/// The beginning of a text, without what differs from run to run.
fn plain(text: &str) -> String {
    let ends = [": time =", "; path", "; at", "; HDF5 path", "; file", "filename =", "name = '", "/tmp"];
    let end = ends.iter().filter_map(|end| text.find(end)).min().unwrap_or(text.len());
    let mut plain = String::new();
    // Addresses and sizes.
    for part in text[..end].split_inclusive(|c: char| !c.is_ascii_digit()) {
        let digits = part.trim_end_matches(|c: char| !c.is_ascii_digit());
        let is_size = ["size = ", "eof = ", "len "].iter().any(|word| plain.ends_with(word));
        plain.push_str(if digits.len() > 2 || is_size && !digits.is_empty() { "#" } else { digits });
        plain.push_str(&part[digits.len()..]);
    }
    plain.chars().take(200).collect()
}
