//! Sides that do the same work, run in turn, so that what the machine does besides hits all of them alike.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often each side runs.
pub(crate) const ROUNDS: usize = 7;

/// One way to do a case's work. It gets a path where there is no file, or, for reading, the file it wrote, and returns
/// the time that counts.
pub(crate) type Run<'a> = Box<dyn FnMut(&Path) -> Duration + 'a>;

/// A side of a comparison.
pub(crate) struct Side<'a> {
    pub(crate) name: &'static str,
    pub(crate) write: Run<'a>,
    /// Reads, checks what was read outside the time that counts, and returns that time.
    pub(crate) read: Option<Run<'a>>,
}

/// The times of one side, sorted.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn median(&self) -> f64 {
        self.0[self.0.len() / 2].as_secs_f64()
    }

    /// Half the distance from the first to the third quartile, relative to the median.
    pub(crate) fn spread(&self) -> f64 {
        let quartile = |part: usize| self.0[part * (self.0.len() - 1) / 4].as_secs_f64();
        (quartile(3) - quartile(1)) / 2.0 / self.median()
    }
}

/// What a side took.
pub(crate) struct Result {
    pub(crate) name: &'static str,
    pub(crate) write: Times,
    pub(crate) read: Option<Times>,
    pub(crate) bytes: u64,
}

/// Times what `work` does, and drops what it gives outside that time.
pub(crate) fn time<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let value = work();
    (start.elapsed(), value)
}

/// Runs all sides in turn, [`ROUNDS`] times after one round that does not count.
pub(crate) fn compare(folder: &Path, sides: &mut [Side<'_>]) -> Vec<Result> {
    let mut times: Vec<(Vec<Duration>, Vec<Duration>, u64)> = sides.iter().map(|_| Default::default()).collect();
    for round in 0..=ROUNDS {
        for (index, side) in sides.iter_mut().enumerate() {
            let path: PathBuf = folder.join(format!("{index}.data"));
            let write = (side.write)(&path);
            let read = side.read.as_mut().map(|read| read(&path));
            if round > 0 {
                times[index].0.push(write);
                times[index].1.extend(read);
            }
            times[index].2 = std::fs::metadata(&path).map_or(0, |file| file.len());
            let _ = std::fs::remove_file(&path);
        }
    }
    let sorted = |mut times: Vec<Duration>| {
        times.sort_unstable();
        Times(times)
    };
    sides
        .iter()
        .zip(times)
        .map(|(side, (write, read, bytes))| Result {
            name: side.name,
            write: sorted(write),
            read: (!read.is_empty()).then(|| sorted(read)),
            bytes,
        })
        .collect()
}
