//! Sides that do the same work, run in turn, so that what the machine does besides hits all of them alike.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

/// How often each side runs at least.
pub(crate) const ROUNDS: usize = 7;

/// After these, the sides that are compared with a target run on for so long,
const LONGER: Duration = Duration::from_secs(12);

/// but no more often than this.
pub(crate) const MOST_ROUNDS: usize = 41;

/// One way to do a case's work. It gets a path where there is no file, or, for reading, the file it wrote, and returns
/// the time that counts.
pub(crate) type Run<'a> = Box<dyn FnMut(&Path) -> Duration + 'a>;

/// A side of a comparison.
pub(crate) struct Side<'a> {
    pub(crate) name: &'static str,
    pub(crate) write: Run<'a>,
    /// Reads, checks what was read outside the time that counts, and returns that time.
    pub(crate) read: Option<Run<'a>>,
    /// The share of the case's elements that it works on. It is 1 but for sides that would take hours; their times are those
    /// for all, as if each element took as long.
    pub(crate) part: f64,
}

/// What one side took, in seconds, or how many times as long as another, round by round.
pub(crate) struct Times(Vec<f64>);

impl Times {
    pub(crate) fn median(&self) -> f64 {
        self.quartile(2)
    }

    /// Half the distance from the first to the third quartile, relative to the median.
    pub(crate) fn spread(&self) -> f64 {
        (self.quartile(3) - self.quartile(1)) / 2.0 / self.median()
    }

    fn quartile(&self, part: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted[part * (sorted.len() - 1) / 4]
    }

    /// How many times as long as the other side: in each round by itself, as what the machine does besides changes from
    /// one to the next.
    pub(crate) fn over(&self, other: &Times) -> Times {
        Times(self.0.iter().zip(&other.0).map(|(own, other)| own / other).collect())
    }

    /// What it took for each of `count` elements.
    pub(crate) fn for_each_of(&self, count: usize) -> Times {
        Times(self.0.iter().map(|time| time / count as f64).collect())
    }
}

/// What a side took.
pub(crate) struct Result {
    pub(crate) name: &'static str,
    pub(crate) write: Times,
    pub(crate) read: Option<Times>,
    /// Size of the file, of the part that ran.
    pub(crate) bytes: u64,
    pub(crate) part: f64,
}

/// Times what `work` does, and drops what it gives outside that time.
pub(crate) fn time<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let value = work();
    (start.elapsed(), value)
}

/// Waits until all files of a folder are on the disk: a write that comes while another one's pages still wait for it is
/// made to wait for them as well.
pub(crate) fn settle(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        File::open(entry.unwrap().path()).and_then(|file| file.sync_all()).unwrap();
    }
}

/// Runs all sides in turn, [`ROUNDS`] times after one round that does not count, and then those that are `measured` against a
/// target, up to [`MOST_ROUNDS`] times. Each round begins with another side, and every other round goes backwards, so that no
/// side always comes after the same one.
pub(crate) fn compare(folder: &Path, sides: &mut [Side<'_>], measured: impl Fn(&str) -> bool) -> Vec<Result> {
    let mut times: Vec<(Vec<f64>, Vec<f64>, u64)> = sides.iter().map(|_| Default::default()).collect();
    let count = sides.len();
    let mut start = Instant::now();
    for round in 0..=MOST_ROUNDS {
        if round <= ROUNDS {
            start = Instant::now();
        } else if start.elapsed() > LONGER {
            break;
        }
        for step in 0..count {
            let step = if round % 2 == 0 { step } else { count - 1 - step };
            let index = (round + step) % count;
            let side = &mut sides[index];
            if round > ROUNDS && !measured(side.name) {
                continue;
            }
            let path = folder.join("value.data");
            let write = (side.write)(&path);
            settle(folder);
            let read = side.read.as_mut().map(|read| read(&path));
            if round > 0 {
                let whole = |took: Duration| took.as_secs_f64() / side.part;
                times[index].0.push(whole(write));
                times[index].1.extend(read.map(whole));
            }
            times[index].2 = bytes(folder);
            remove(folder);
        }
    }
    sides
        .iter()
        .zip(times)
        .map(|(side, (write, read, bytes))| Result {
            name: side.name,
            write: Times(write),
            read: (!read.is_empty()).then_some(Times(read)),
            bytes,
            part: side.part,
        })
        .collect()
}

/// The bytes of all files of a folder.
pub(crate) fn bytes(folder: &Path) -> u64 {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}

/// Removes all files of a folder.
pub(crate) fn remove(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
}
