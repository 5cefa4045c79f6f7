//! Programs that are killed while they append: the file opens, and holds all that was flushed.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use filebacked::{Reader, WriteOptions, hdf5};
use serde::{Deserialize, Serialize};

use crate::common::{start_program, test_alone};

/// Where a child appends, in its environment; and whether with filters.
const PATH: &str = "FILEBACKED_KILLED";
const FILTERED: &str = "FILEBACKED_KILLED_FILTERED";
const TIMES: u64 = 200;

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Step {
    index: u64,
    name: String,
    note: Option<f64>,
    values: Vec<u16>,
    event: Event,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Event {
    Quiet,
    Hit(u64),
    Lost { by: String },
}

fn step(index: u64) -> Step {
    let event = match index % 1000 {
        500 => Event::Hit(index),
        900 => Event::Lost { by: format!("{index}") },
        _ => Event::Quiet,
    };
    let values = vec![index as u16; (index % 60) as usize];
    Step { index, name: format!("step {index}"), note: (index % 700 == 300).then_some(0.5), values, event }
}

/// Chunks are small, so that many are full; and some are moved when they are.
fn options(filtered: bool) -> WriteOptions {
    let options = WriteOptions::new().sync(false);
    match filtered {
        true => options.deflate(1).fletcher32(true).chunk([512]).at("*/name", |d| d.lzf().chunk([3000])),
        false => options,
    }
}

/// Not a test by itself: appends until it is killed, and says how many records are flushed.
#[test]
fn child() {
    let Ok(path) = std::env::var(PATH) else { return };
    let options = options(std::env::var_os(FILTERED).is_some());
    let mut appender = options.open_appender_file::<Step>(path, "steps").unwrap();
    let (mut index, mut batch) = (appender.len(), 1);
    println!("flushed {index}");
    loop {
        for _ in 0..batch {
            appender.push(&step(index)).unwrap();
            index += 1;
        }
        appender.flush().unwrap();
        println!("flushed {index}");
        // Now and then so much that more than one batch is written.
        batch = if index % 7 == 0 { 40_000 } else { 1 + index % 300 };
    }
}

/// Runs a child for a while; returns how many records it said are flushed.
fn kill_one(path: &Path, filtered: bool, after: Duration) -> u64 {
    let mut alone = test_alone(child);
    alone.env(PATH, path).envs(filtered.then_some((FILTERED, "1"))).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = start_program(&mut alone).unwrap();
    let output = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let lines = BufReader::new(output).lines().map_while(Result::ok);
        lines.filter_map(|line| line.rsplit_once("flushed ")?.1.parse().ok()).last().unwrap_or(0)
    });
    std::thread::sleep(after);
    child.kill().unwrap();
    let status = child.wait().unwrap();
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert_eq!(status.signal(), Some(9), "the child ended by itself: {errors}");
    reader.join().unwrap()
}

#[test]
fn what_is_flushed_survives() {
    survives(TIMES, false, false);
}

/// In a file made for them, and in one where chunks that were flushed stay as they are.
#[test]
fn what_is_flushed_through_filters_survives() {
    survives(TIMES / 4, true, true);
    survives(TIMES / 8, true, false);
}

fn survives(times: u64, filtered: bool, made_for_them: bool) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    drop(hdf5::File::create(&path).unwrap());
    std::fs::remove_file(&path).unwrap();
    let create = || options(made_for_them).create_appender_file::<Step>(&path, "steps").unwrap().finish().unwrap();
    create();
    let (mut checked, mut state) = (0, 1_u64);
    for time in 0..times {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let flushed = kill_one(&path, filtered, Duration::from_micros(8_000 + (state >> 40) % 60_000));
        let mut steps = Reader::<Step>::open_file(&path, "steps").unwrap_or_else(|error| panic!("{time}: {error}"));
        let len = steps.len();
        assert!(len >= flushed, "{time}: {len} of {flushed} records");
        // What was there before is looked at once more at the end.
        for index in checked.min(len)..len {
            assert_eq!(steps.get(index).unwrap_or_else(|error| panic!("{time}: {error}")), step(index), "{time}");
        }
        checked = len;
        if len > 2_000_000 {
            std::fs::remove_file(&path).unwrap();
            create();
            checked = 0;
        }
    }
    let steps = Reader::<Step>::open_file(&path, "steps").unwrap();
    assert!(!steps.is_empty());
    for (index, found) in steps.enumerate() {
        assert_eq!(found.unwrap(), step(index as u64));
    }
}
