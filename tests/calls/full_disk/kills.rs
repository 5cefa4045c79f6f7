//! Processes that are killed at any moment of an operation.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use super::appenders::{self, Appending, Place, found};
use super::child::{Call, Ended, Found, Room, Snapshot, Then, fork, kill, measure, names};
use super::operations::{FILE, Operation, Way, Writing, savings};
use super::values::Encoded;
use super::{is_asked_for, plain, state_of};

/// How often each operation is killed.
fn times() -> u32 {
    if std::env::var_os(super::ALL).is_some() { 1000 } else { 100 }
}

/// What came of all kills of an operation.
#[derive(Default)]
struct Tally {
    outcomes: BTreeMap<String, u32>,
    faults: BTreeMap<String, u32>,
}

impl Tally {
    fn tell(&self, text: &mut String, name: &str) {
        let verdict = if self.faults.is_empty() { "good" } else { "FAULT" };
        let count: u32 = self.outcomes.values().sum();
        writeln!(text, "{verdict}: {name}; {count} kills").unwrap();
        for (outcome, count) in &self.outcomes {
            writeln!(text, "    {count:>5}: {outcome}").unwrap();
        }
        for (fault, count) in &self.faults {
            writeln!(text, "    {count:>5} <- {fault}").unwrap();
        }
    }
}

/// The moments at which a process is killed that takes some time: from the first to a little after the last.
fn moments(times: u32, time: Duration) -> impl Iterator<Item = Duration> {
    (0..times).map(move |number| time * 11 / 10 * number / times)
}

/// How long it takes, as a rule.
fn usual(mut once: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<_> = (0..9).map(|_| once()).collect();
    times.sort();
    times[4]
}

pub(crate) fn run(text: &mut String, room: &Room, values: &[Box<dyn Encoded>]) {
    let chosen = ["numbers", "numbers, lzf in chunks", "records of all kinds, deflated", "variable strings"];
    let values: Vec<_> = values.iter().filter(|value| chosen.contains(&&*value.name())).collect();
    assert_eq!(values.len(), chosen.len());
    for way in [Way::FileNew, Way::FileOver] {
        for value in &values {
            let operation = Writing { way, value: &***value };
            if is_asked_for(&operation.name()) {
                whole(&operation, room, times() / 2 / values.len() as u32).tell(text, &operation.name());
            }
        }
    }
    let own = appenders::all(&[Place::New, Place::Own, Place::Foreign]);
    for appending in own.iter().filter(|appending| is_asked_for(&appending.name())) {
        appended(&**appending, room, times().div_ceil(own.len() as u32)).tell(text, &appending.name());
    }
    let open = appenders::all(&[Place::NewInOpen, Place::InOpen]);
    for appending in open.iter().filter(|appending| is_asked_for(&appending.name())) {
        let name = format!("{}, between a flush and what is pushed then", appending.name());
        flushed(&**appending, room, times().div_ceil(open.len() as u32)).tell(text, &name);
    }
    // In files that the caller opened, a call that is killed can leave anything; one that has answered cannot.
    let times = if std::env::var_os(super::ALL).is_some() { times() / values.len() as u32 } else { 5 };
    for way in [Way::Write, Way::ToGroup, Way::OverwriteSame, Way::OverwriteOther, Way::OverwriteGroup] {
        for value in &values {
            in_open_file(&Writing { way, value: &***value }, room, times, text);
        }
    }
    for saving in savings() {
        in_open_file(&*saving, room, times, text);
    }
}

fn prepared(folder: &Path, prepare: impl FnOnce()) -> Snapshot {
    Snapshot::default().restore(folder);
    let prepared = fork(|_| prepare());
    assert_eq!(prepared.death(), None);
    Snapshot::of(folder)
}

/// What looks at each kill: it is told what the process said, and how to run the operation once more.
type Look<'a> = &'a mut dyn FnMut(&mut Tally, &Ended, &dyn Fn() -> Ended);

/// Kills an operation so many times, from its first moment to a little after its last.
fn killed(operation: &dyn Operation, room: &Room, times: u32, look: Look<'_>) -> Tally {
    let folder = room.folder();
    operation.ready();
    let before = prepared(folder, || operation.prepare(folder));
    let call = |said: &mut std::io::PipeWriter| {
        operation.run(folder, &mut Call { said, room, pages: None, size: 0, then: Then::End });
    };
    let time = usual(|| {
        before.restore(folder);
        measure(call)
    });
    let mut tally = Tally::default();
    for moment in moments(times, time) {
        before.restore(folder);
        let ended = kill(moment, call);
        look(&mut tally, &ended, &|| fork(call));
    }
    tally
}

/// There is the old value or the new one, and the next call leaves no other file.
fn whole(operation: &dyn Operation, room: &Room, times: u32) -> Tally {
    let folder = room.folder();
    let states = Found::default();
    let state = || states.or_look(folder, || state_of(operation, folder));
    killed(operation, room, times, &mut |tally, _, run_again| {
        let left = if names(folder).iter().any(|name| name != FILE) { ", a file beside it" } else { "" };
        // The file that was left is none that was ever there.
        let beside: Vec<_> = names(folder).into_iter().filter(|name| name != FILE).collect();
        let kept: Vec<_> = beside.iter().map(|name| fs::read(folder.join(name)).unwrap()).collect();
        beside.iter().for_each(|name| fs::remove_file(folder.join(name)).unwrap());
        let found = state();
        beside.iter().zip(kept).for_each(|(name, bytes)| fs::write(folder.join(name), bytes).unwrap());
        if found != operation.before() && found != operation.after() {
            *tally.faults.entry(plain(&found)).or_default() += 1;
        }
        *tally.outcomes.entry(format!("{}{left}", plain(&found))).or_default() += 1;
        let again = run_again();
        if again.after("answer:") != Some("ok") || state() != operation.after() {
            *tally.faults.entry(format!("the next call: {:?} {:?}", again.said, again.death())).or_default() += 1;
        }
        if names(folder) != [FILE] {
            *tally.faults.entry("the next call leaves another file".to_owned()).or_default() += 1;
        }
    })
}

/// All that was flushed is there, and can be gone on with.
fn appended(appending: &dyn Appending, room: &Room, times: u32) -> Tally {
    let folder = room.folder();
    let before = prepared(folder, || appending.prepare(folder));
    let call = |said: &mut std::io::PipeWriter| {
        appending.run(folder, &mut Call { said, room, pages: None, size: 0, then: Then::End }, false);
    };
    let time = usual(|| {
        before.restore(folder);
        measure(call)
    });
    let mut tally = Tally::default();
    for moment in moments(times, time) {
        before.restore(folder);
        let ended = kill(moment, call);
        let told = ended.all("flushed").filter_map(|number| number.parse::<u64>().ok());
        let flushed = told.fold(appending.before(), u64::max);
        let is_begun = ended.after("begun").is_some();
        look(&mut tally, appending, folder, flushed, is_begun);
    }
    tally
}

/// The same for processes that are killed when they have flushed some batches, and nothing is to be written.
fn flushed(appending: &dyn Appending, room: &Room, times: u32) -> Tally {
    let folder = room.folder();
    let before = prepared(folder, || appending.prepare(folder));
    let mut tally = Tally::default();
    for number in 0..times {
        before.restore(folder);
        let ended = kill(Duration::from_micros(u64::from(number) * 3), |said| {
            let mut call = Call { said, room, pages: None, size: 0, then: Then::End };
            appending.flushes(folder, &mut call, 1 + number as usize % 6);
        });
        let flushed = ended.after("flushed").and_then(|number| number.parse().ok());
        look(&mut tally, appending, folder, flushed.expect("a flush"), true);
    }
    tally
}

fn look(tally: &mut Tally, appending: &dyn Appending, folder: &Path, flushed: u64, is_begun: bool) {
    let begun = if is_begun { "begun" } else { "not begun" };
    match found(appending, folder) {
        Ok(found) if found >= flushed => {
            *tally.outcomes.entry(format!("whole, {begun}")).or_default() += 1;
            // It takes longer than all else.
            let total: u32 = tally.outcomes.values().sum();
            if !total.is_multiple_of(5) {
                return;
            }
            let completed = fork(|_| appending.complete(folder));
            if let Some(death) = completed.death() {
                *tally.faults.entry(format!("gone on with later: {}", plain(&death))).or_default() += 1;
            }
        }
        // A file whose appender was not made yet promises nothing: there was no file before.
        Err(fault) if !is_begun && appending.is_file() && appending.before() == 0 => {
            *tally.outcomes.entry(format!("no sequence yet ({}), {begun}", plain(&fault))).or_default() += 1;
        }
        other => {
            let fault = other.map_or_else(|fault| plain(&fault), |_| "records that were flushed are gone".to_owned());
            *tally.outcomes.entry(format!("{fault}, {begun}")).or_default() += 1;
            *tally.faults.entry(format!("{fault}, {begun}")).or_default() += 1;
        }
    }
}

/// Kills while a file that the caller opened is written to: before a call answers, libhdf5 may have written some of its pages
/// and not others; from the answer on, the new value is there.
fn in_open_file(operation: &dyn Operation, room: &Room, times: u32, text: &mut String) {
    if !is_asked_for(&operation.name()) {
        return;
    }
    let folder = room.folder();
    let states = Found::default();
    let tally = killed(operation, room, times, &mut |tally, ended, _| {
        let when = match (ended.after("close:"), ended.after("answer:")) {
            (Some(_), _) => "after the file was closed",
            (None, Some(_)) => "after the answer",
            _ => "in the call",
        };
        let state = states.or_look(folder, || state_of(operation, folder));
        let outcome = format!("{when}: {}", plain(&state));
        if when != "in the call" && state != operation.after() {
            *tally.faults.entry(outcome.clone()).or_default() += 1;
        }
        *tally.outcomes.entry(outcome).or_default() += 1;
    });
    tally.tell(text, &format!("{}, killed at any moment", operation.name()));
}
