//! Records appended one at a time, and streamed: records per second.

use std::path::Path;
use std::time::Instant;

use filebacked::{Appender, Reader};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cases::{samples, stations};

const COUNT: usize = 2_000_000;
/// Records per second that are to be appended.
const TARGET: f64 = 1e6;
const RUNS: usize = 5;

pub(crate) fn run(folder: &Path) {
    println!("\n| {COUNT} records | appended, records/s | flushed every 1000 | streamed, records/s | target |");
    println!("|---|---|---|---|---|");
    case(folder, "records of numbers", &samples(COUNT));
    case(folder, "records with strings", &stations(COUNT));
}

fn case<T: Serialize + DeserializeOwned>(folder: &Path, name: &str, records: &[T]) {
    let path = folder.join("appended.h5");
    let write = |flushed: usize| {
        drop(std::fs::remove_file(&path));
        let start = Instant::now();
        let mut appender = Appender::<T>::create_file(&path, "records").unwrap().sync(false);
        for batch in records.chunks(flushed) {
            appender.extend(batch).unwrap();
            appender.flush().unwrap();
        }
        appender.finish().unwrap();
        start.elapsed().as_secs_f64()
    };
    let often = median(|| write(1000));
    let once = median(|| write(records.len()));
    let read = median(|| {
        let start = Instant::now();
        let count = Reader::<T>::open_file(&path, "records").unwrap().map(Result::unwrap).fold(0, |count, _| count + 1);
        assert_eq!(count, records.len());
        start.elapsed().as_secs_f64()
    });
    let per_second = |seconds: f64| records.len() as f64 / seconds;
    let verdict = if per_second(once) >= TARGET { "met" } else { "MISSED" };
    let [once, often, read] = [once, often, read].map(|seconds| format!("{:.2} million", per_second(seconds) / 1e6));
    println!("| {name} | {once} | {often} | {read} | ≥ 1 million: {verdict} |");
}

fn median(mut run: impl FnMut() -> f64) -> f64 {
    let mut times: Vec<f64> = (0..RUNS).map(|_| run()).collect();
    times.sort_by(f64::total_cmp);
    times[RUNS / 2]
}
