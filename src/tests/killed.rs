//! What a program leaves that is killed while an appender writes: after each single write, the file is whole.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::every_step;
use crate::h5::testing::LOOK;
use crate::{Reader, WriteOptions};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Step {
    index: u64,
    name: String,
    note: Option<String>,
    values: Vec<u16>,
    event: Event,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    rare: Option<(u8, i64)>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Event {
    Quiet,
    Hit(u64),
    Lost { by: String },
}

fn step(index: u64) -> Step {
    let event = match index {
        0..100 => Event::Quiet,
        100..150 => Event::Hit(index),
        _ => Event::Lost { by: "x".repeat(index as usize % 90) },
    };
    let (note, values) = ((index > 120).then(|| format!("note {index}")), vec![7; 30 + index as usize % 900]);
    Step { index, name: "n".repeat(index as usize % 300), note, values, event, rare: (index > 180).then_some((1, -1)) }
}

/// What a program leaves that is killed then. The end of it is looked at, or, if `whole`, all, and what can be done with it.
fn check(image: &[u8], copy: &Path, flushed: u64, options: &WriteOptions, whole: bool) {
    std::fs::write(copy, image).unwrap();
    let mut steps = Reader::<Step>::open_file(copy, "steps").unwrap();
    let len = steps.len();
    assert!(len >= flushed, "{len} of {flushed}");
    // All of a few, and some of many: each in any place.
    let start = if whole { 0 } else { len };
    for index in (start..len).step_by(1 + len as usize / 40).chain(len.saturating_sub(3)..len) {
        assert_eq!(steps.get(index).unwrap_or_else(|error| panic!("{error}")), step(index));
    }
    drop(steps);
    if !whole {
        return;
    }
    // And an appender can go on there, also over what nobody was told of.
    let mut appender = options.open_appender_file::<Step>(copy, "steps").unwrap();
    let more = if len < 60 { 40 } else { 1 };
    (len..len + more).for_each(|index| appender.push(&step(index)).unwrap());
    appender.finish().unwrap();
    let mut steps = Reader::<Step>::open_file(copy, "steps").unwrap();
    (len..len + more).for_each(|index| assert_eq!(steps.get(index).unwrap(), step(index)));
}

/// After each single write, the file is whole.
#[test]
fn whole_after_each_write() {
    let plain = WriteOptions::new().sync(false);
    // In the last batch, there are so many chunks that nodes of B-trees are split.
    is_whole(&plain, &plain, &[(1, 1), (3, 1), (5, 20), (3, 20), (12, 1000)]);
}

/// So it is where chunks are moved when they are full, and where they stay.
#[test]
fn whole_after_each_write_through_filters() {
    let plain = WriteOptions::new().sync(false);
    let filtered = plain.clone().deflate(1).chunk([300]).at("*/values", |d| d.lzf().fletcher32(true).chunk([2000]));
    let batches = [(1, 1), (3, 1), (4, 20), (2, 90)];
    is_whole(&filtered, &filtered, &batches);
    is_whole(&plain, &filtered, &batches);
    // Chunks are of one size with the filter and without it.
    let shuffled = plain.clone().shuffle(true).chunk([8]);
    is_whole(&shuffled, &shuffled, &[(1, 1), (3, 7), (4, 8)]);
}

/// For a file made with some options, that is appended to with others, in batches: how often each is flushed, and by how
/// many records.
fn is_whole(making: &WriteOptions, options: &WriteOptions, batches: &[(usize, usize)]) {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("run.h5"), folder.path().join("copy.h5"));
    making.create_appender_file::<Step>(&path, "steps").unwrap().finish().unwrap();
    let (mut index, mut flushed, mut writes) = (0, 0, 0);
    for (times, count) in batches {
        LOOK.set(Some((path.clone(), Vec::new())));
        let mut look = |flushed: u64| {
            let images = LOOK.with_borrow_mut(|look| std::mem::take(&mut look.as_mut().unwrap().1));
            let own = LOOK.take();
            writes += images.len();
            for (place, image) in images.iter().enumerate() {
                check(image, &copy, flushed, options, every_step() || (place + writes) % 4 == 0);
            }
            LOOK.set(own);
        };
        let mut appender = options.open_appender_file::<Step>(&path, "steps").unwrap();
        for _ in 0..*times {
            for _ in 0..*count {
                appender.push(&step(index)).unwrap();
                index += 1;
            }
            appender.flush().unwrap();
            look(flushed);
            flushed = index;
        }
        appender.finish().unwrap();
        look(flushed);
        LOOK.set(None);
    }
    assert!(writes > 25 * batches.len(), "{writes}");
    let steps = Reader::<Step>::open_file(&path, "steps").unwrap();
    assert!(steps.enumerate().all(|(index, found)| found.unwrap() == step(index as u64)));
}
