//! Sequences that are appended to: all that was flushed is there, whatever comes then.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use filebacked::hdf5::File;
use filebacked::{Appender, Reader, Result, WriteOptions};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::child::{Call, Ended, Found, PAGE, Room, Snapshot, Then, fork, names};
use super::operations::{FILE, bytes, others, others_are_there};
use super::values::{Step, noise, step};
use super::{Kinds, Row, ended_faults, is_asked_for, is_in_share, plain, sample, table};

/// The sequence.
const NAME: &str = "steps";
/// How many records there are before, if any.
const BEFORE: u64 = 150;
/// After how many more records there is a flush each time.
const BATCHES: [u64; 6] = [1, 70, 3, 130, 40, 60];

/// What a child goes on with after an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    Nothing,
    /// As if nothing had happened.
    All,
    /// Another appender, with room.
    Again,
}

/// Where records go, and what is there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    New,
    /// A file that an appender made for itself.
    Own,
    /// A file that another made is opened by an appender alone.
    Foreign,
    NewInOpen,
    InOpen,
}

impl Place {
    fn is_file(self) -> bool {
        matches!(self, Self::New | Self::Own | Self::Foreign)
    }

    fn before(self) -> u64 {
        if matches!(self, Self::New | Self::NewInOpen) { 0 } else { BEFORE }
    }
}

/// An appender of records of some type.
pub(crate) trait Appending {
    fn name(&self) -> String;
    fn prepare(&self, folder: &Path);
    fn before(&self) -> u64;
    fn is_file(&self) -> bool;
    /// Appends until something fails; says how many records are flushed.
    fn run(&self, folder: &Path, call: &mut Call<'_>, all: bool);
    /// Flushes so many batches, and says so.
    fn flushes(&self, folder: &Path, call: &mut Call<'_>, batches: usize);
    /// How many records there are, all of which are what they were; or what is wrong.
    fn state(&self, folder: &Path) -> std::result::Result<u64, String>;
    /// Goes on in another process, with room.
    fn complete(&self, folder: &Path);
}

struct Appended<T> {
    name: &'static str,
    place: Place,
    options: WriteOptions,
    make: fn(u64) -> T,
}

fn total(before: u64) -> u64 {
    before + BATCHES.iter().sum::<u64>()
}

impl<T: Serialize + DeserializeOwned + PartialEq> Appended<T> {
    /// A file that the caller opens; or the appender does.
    fn open(&self, folder: &Path) -> Option<File> {
        (!self.place.is_file()).then(|| File::open_rw(folder.join(FILE)).unwrap())
    }

    fn appender(&self, folder: &Path, file: Option<&File>) -> Result<Appender<T>> {
        let (path, is_new) = (folder.join(FILE), self.place.before() == 0);
        match file {
            Some(file) if is_new && !file.link_exists(NAME) => self.options.create_appender(file, NAME),
            Some(file) => self.options.open_appender(file, NAME),
            None if is_new && !path.exists() => self.options.create_appender_file(path, NAME),
            None => self.options.open_appender_file(path, NAME),
        }
    }

    fn push_until(&self, appender: &mut Appender<T>, end: u64) -> Result<()> {
        (appender.len()..end).try_for_each(|index| appender.push(&(self.make)(index)))
    }

    /// All batches, and the end. With `all`, errors are passed over.
    fn append(&self, call: &mut Call<'_>, mut appender: Appender<T>, all: bool) -> Result<()> {
        let mut end = appender.len();
        let mut failed = Ok(());
        for batch in BATCHES {
            end += batch;
            let pushed = self.push_until(&mut appender, end);
            let flushed = pushed.and_then(|()| appender.flush());
            match flushed {
                Ok(()) => call.say(&format!("flushed {}", appender.len())),
                Err(error) if all => failed = failed.and(Err(error)),
                Err(error) => return Err(error),
            }
        }
        let len = appender.len();
        let finished = appender.finish();
        if finished.is_ok() {
            call.say(&format!("flushed {len}"));
        }
        failed.and(finished)
    }
}

impl<T: Serialize + DeserializeOwned + PartialEq> Appending for Appended<T> {
    fn name(&self) -> String {
        let place = match self.place {
            Place::New => "a new file of its own",
            Place::Own => "a file of its own",
            Place::Foreign => "a file of its own that another made",
            Place::NewInOpen => "an open file",
            Place::InOpen => "a sequence in an open file",
        };
        format!("Appender, {place}: {}", self.name)
    }

    fn prepare(&self, folder: &Path) {
        let path = folder.join(FILE);
        if self.place == Place::New {
            return;
        }
        let fill = |mut appender: Appender<T>| {
            self.push_until(&mut appender, BEFORE).unwrap();
            appender.finish().unwrap();
        };
        if self.place == Place::Own {
            return fill(self.options.create_appender_file(path, NAME).unwrap());
        }
        let file = File::create(path).unwrap();
        others(&file).unwrap();
        if self.place.before() > 0 {
            fill(self.options.create_appender(&file, NAME).unwrap());
        }
        file.close().unwrap();
    }

    fn before(&self) -> u64 {
        self.place.before()
    }

    fn is_file(&self) -> bool {
        self.place.is_file()
    }

    fn run(&self, folder: &Path, call: &mut Call<'_>, all: bool) {
        let file = self.open(folder);
        call.limit();
        let answer = self.appender(folder, file.as_ref()).and_then(|appender| {
            call.say("begun");
            self.append(call, appender, all)
        });
        call.answer("answer:", &answer);
        if answer.is_err() && call.then == Then::Again {
            call.lift();
            let answer = self.appender(folder, file.as_ref()).and_then(|mut appender| {
                self.push_until(&mut appender, total(self.before()))?;
                appender.finish()
            });
            call.answer("again:", &answer);
        }
        if let Some(file) = file {
            call.closes(file);
        }
    }

    fn flushes(&self, folder: &Path, call: &mut Call<'_>, batches: usize) {
        let file = self.open(folder);
        let mut appender = self.appender(folder, file.as_ref()).unwrap();
        for batch in &BATCHES[..batches] {
            let end = appender.len() + batch;
            self.push_until(&mut appender, end).unwrap();
            appender.flush().unwrap();
        }
        call.say(&format!("\nflushed {}", appender.len()));
        loop {
            std::thread::park();
        }
    }

    fn state(&self, folder: &Path) -> std::result::Result<u64, String> {
        let path = folder.join(FILE);
        if self.place != Place::New && self.place != Place::Own {
            let file = File::open(&path).map_err(|error| format!("the file does not open: {error}"))?;
            others_are_there(&file)?;
            if self.place == Place::NewInOpen && !file.link_exists(NAME) {
                return Ok(0);
            }
        } else if self.place == Place::New && !path.exists() {
            return Ok(0);
        }
        let mut found =
            Reader::<T>::open_file(path, NAME).map_err(|error| format!("the sequence does not open: {error}"))?;
        let len = found.len();
        for (index, record) in found.range(..).enumerate() {
            match record {
                Ok(record) if record == (self.make)(index as u64) => {}
                Ok(_) => return Err("a record is another".to_owned()),
                Err(error) => return Err(format!("a record is unreadable: {error}")),
            }
        }
        Ok(len)
    }

    fn complete(&self, folder: &Path) {
        let file = self.open(folder);
        let mut appender = self.appender(folder, file.as_ref()).unwrap();
        self.push_until(&mut appender, total(self.before())).unwrap();
        appender.finish().unwrap();
        if let Some(file) = file {
            file.close().unwrap();
        }
    }
}

/// All kinds of records, through filters and without.
pub(crate) fn all(places: &[Place]) -> Vec<Box<dyn Appending>> {
    let plain = || WriteOptions::new().chunk([64]);
    let mut all: Vec<Box<dyn Appending>> = Vec::new();
    for place in places.iter().copied() {
        let numbers: fn(u64) -> [f64; 16] = |index| [noise(3, index as usize) as f64; 16];
        let strings: fn(u64) -> String =
            |index| format!("{:x}", noise(4, index as usize)).repeat(1 + index as usize % 9);
        let steps: fn(u64) -> Step = |index| step(5, index as usize);
        let deflated = plain().deflate(1).fletcher32(true);
        let mut add = |name, options: WriteOptions| {
            all.push(Box::new(Appended { name, place, options, make: numbers }));
        };
        add("numbers", plain().chunk([16, 16]));
        add("numbers, deflated", deflated.clone().chunk([16, 16]));
        add("numbers, lzf", plain().chunk([64, 16]).lzf());
        all.push(Box::new(Appended { name: "strings", place, options: plain(), make: strings }));
        all.push(Box::new(Appended { name: "strings, deflated", place, options: deflated.clone(), make: strings }));
        all.push(Box::new(Appended { name: "records", place, options: plain(), make: steps }));
        all.push(Box::new(Appended { name: "records, deflated", place, options: deflated, make: steps }));
    }
    all
}

pub(crate) fn run(text: &mut String, rooms: &[Room], own: bool, samples: &Path) {
    let places: &[Place] = match own {
        true => &[Place::New, Place::Own, Place::Foreign],
        false => &[Place::NewInOpen, Place::InOpen],
    };
    let mut kinds = Kinds::default();
    for (number, appending) in all(places).iter().enumerate().filter(|(_, appending)| is_asked_for(&appending.name())) {
        if !is_in_share(number, 8) {
            continue;
        }
        for room in rooms {
            let rows = rows_of(&**appending, room, number, samples);
            table(text, &appending.name(), room, &rows);
            kinds.add(&appending.name(), &rows);
            Snapshot::default().restore(room.folder());
        }
    }
    kinds.tell(text);
}

/// What files were found to be, of one sequence.
#[derive(Default)]
struct Seen {
    len: Found<Len>,
    /// What another process makes of them that goes on: its death, and how many records there are then.
    completed: Found<(Option<String>, Len)>,
}

/// How many records there are, or what is wrong.
type Len = std::result::Result<u64, String>;

fn rows_of(appending: &dyn Appending, room: &Room, number: usize, samples: &Path) -> Vec<Row> {
    let folder = room.folder();
    let failed = |what: &str, ended: &Ended| {
        let said = ended.said.join(" / ");
        vec![Row { pages: 0, outcome: what.to_owned(), faults: vec![format!("{:?} {said}", ended.death())] }]
    };
    Snapshot::default().restore(folder);
    let prepared = fork(|_| appending.prepare(folder));
    if prepared.death().is_some() {
        return failed("cannot be prepared", &prepared);
    }
    let before = Snapshot::of(folder);
    let run = |pages: Option<u64>, after: After| {
        before.restore(folder);
        let then = if after == After::Again { Then::Again } else { Then::End };
        let size = before.size();
        let ended = fork(|said| {
            appending.run(folder, &mut Call { said, room, pages, size, then }, after == After::All);
        });
        room.lift();
        ended
    };
    let free = run(None, After::Nothing);
    let seen = Seen::default();
    let (state, faults) = check(appending, room, &free, &seen);
    if free.after("answer:") != Some("ok") || !faults.is_empty() {
        return failed(&format!("without a limit: {state} {faults:?}"), &free);
    }
    let enough = bytes(folder).saturating_sub(before.size()).div_ceil(PAGE);
    let mut is_sampled = false;
    let mut rows = Vec::new();
    // Chunks of bytes are large. Where many amounts differ in nothing, some are left out, unless all are asked for.
    let step = if std::env::var_os(super::ALL).is_some() { 1 } else { 1 + enough as usize / 40 };
    for pages in (0..).step_by(step) {
        let mut row = Row { pages, outcome: String::new(), faults: Vec::new() };
        let mut is_ok = false;
        let afters = match room {
            Room::Limit { .. } => &[After::All][..],
            Room::Disk { .. } => &[After::Nothing, After::All, After::Again],
        };
        for after in afters.iter().copied() {
            let ended = run(Some(pages), after);
            is_ok = ended.after("answer:") == Some("ok");
            if !is_ok && !is_sampled && pages >= enough / 2 {
                is_sampled = true;
                sample(folder, &Snapshot::default(), samples, &format!("{number}-{}", room.name().len()));
            }
            let (state, faults) = check(appending, room, &ended, &seen);
            let divider = if row.outcome.is_empty() { "" } else { " | " };
            write!(row.outcome, "{divider}{state}").unwrap();
            faults.into_iter().for_each(|fault| {
                if !row.faults.contains(&fault) {
                    row.faults.push(fault)
                }
            });
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

fn check(appending: &dyn Appending, room: &Room, ended: &Ended, seen: &Seen) -> (String, Vec<String>) {
    let folder = room.folder();
    let is_empty = names(folder).is_empty();
    let (mut faults, is_new) = ended_faults(ended, room);
    let (answer, again) = (ended.after("answer:"), ended.after("again:"));
    let is_begun = ended.after("begun").is_some();
    let was_nothing = appending.is_file() && appending.before() == 0;
    if answer.is_some() && again.is_none() && !is_begun && was_nothing && !is_empty {
        faults.push("a file is left that could not be begun".to_owned());
    }
    let told = ended.all("flushed").filter_map(|number| number.parse::<u64>().ok());
    let flushed = match again {
        Some("ok") => total(appending.before()),
        _ => told.fold(appending.before(), u64::max),
    };
    let short = |answer: &str| answer.split('\t').next().unwrap().to_owned();
    let mut state = answer.map_or("no answer".to_owned(), short);
    write!(state, ", {flushed} flushed").unwrap();
    let found = || seen.len.or_look(folder, || found(appending, folder));
    match found() {
        Ok(found) if found < flushed => faults.push("records that were flushed are gone".to_owned()),
        Ok(_) if is_new => {}
        Ok(_) => {
            let completed = seen.completed.or_look(folder, || {
                let completed = fork(|_| appending.complete(folder));
                (completed.death(), found())
            });
            match completed {
                (None, Ok(found)) if found == total(appending.before()) => {}
                (death, found) => faults.push(plain(&format!("gone on with later: {death:?}, {found:?}"))),
            }
        }
        Err(fault) => faults.push(format!("what was flushed is lost: {}", plain(&fault))),
    }
    (state, faults)
}

/// How many records there are, as a process of its own finds them.
pub(crate) fn found(appending: &dyn Appending, folder: &Path) -> Len {
    let looked = fork(|said| match appending.state(folder) {
        Ok(len) => writeln!(said, "len {len}").unwrap(),
        Err(fault) => writeln!(said, "fault {}", fault.replace('\n', " ")).unwrap(),
    });
    match (looked.death(), looked.after("len"), looked.after("fault")) {
        (Some(death), ..) => Err(format!("reading it ends in {death}")),
        (None, Some(len), _) => Ok(len.parse().unwrap()),
        (None, None, fault) => Err(fault.unwrap_or("?").to_owned()),
    }
}
