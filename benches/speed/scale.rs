//! Time per record, from ten thousand records to ten million.

use std::path::Path;

use crate::cases::{Random, samples, stations};
use crate::measure::time;
use crate::peers::Data;

/// Times a record takes, in nanoseconds: the least of three runs.
fn per_record<T: Data>(folder: &Path, records: &[T]) -> (f64, f64)
where
    Vec<T>: Data,
{
    let path = folder.join("scale.h5");
    let options = filebacked::WriteOptions::new().sync(false);
    let (mut write, mut read) = (f64::MAX, f64::MAX);
    for _ in 0..3 {
        write = write.min(time(|| options.to_file(&path, records).unwrap()).0.as_secs_f64());
        let (took, back) = time(|| filebacked::from_file::<Vec<T>>(&path).unwrap());
        assert!(back.as_slice() == records);
        read = read.min(took.as_secs_f64());
    }
    std::fs::remove_file(&path).unwrap();
    let nanoseconds = 1e9 / records.len() as f64;
    (write * nanoseconds, read * nanoseconds)
}

pub(crate) fn run(folder: &Path) {
    println!("\n| nanoseconds per record | 10^4 | 10^5 | 10^6 | 10^7 |\n|---|---|---|---|---|");
    curve("records of numbers", |len| per_record(folder, &samples(len)));
    curve("records with strings", |len| per_record(folder, &stations(len)));
    curve("numbers", |len| {
        let mut random = Random::new();
        per_record(folder, &(0..len).map(|_| random.float()).collect::<Vec<_>>())
    });
}

fn curve(name: &str, measure: impl Fn(usize) -> (f64, f64)) {
    let points: Vec<(f64, f64)> = [10_000, 100_000, 1_000_000, 10_000_000].into_iter().map(measure).collect();
    for (direction, times) in [
        ("write", points.iter().map(|point| point.0).collect::<Vec<_>>()),
        ("read", points.iter().map(|point| point.1).collect()),
    ] {
        let cells: Vec<String> = times.iter().map(|time| format!("{time:.0}")).collect();
        println!("| {name}, {direction} | {} |", cells.join(" | "));
    }
}
