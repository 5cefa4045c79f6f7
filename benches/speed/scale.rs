//! Time per record, from ten thousand records to ten million.

use std::path::Path;

use crate::cases::{Random, samples, stations};
use crate::measure::{Result, Times, compare};
use crate::peers::{self, Data};
use crate::report::{Report, Row, verdict};

const LENGTHS: [usize; 4] = [10_000, 100_000, 1_000_000, 10_000_000];

/// How many times the time per record at any smaller length it may be at the greatest.
const GROWTH: f64 = 1.2;

/// Prints the curves. All lengths of a curve, and all sides, run in turn, as the sides of a case do. Beside this crate stand
/// bincode, and a clone of the value, which is what its memory takes by itself: the system gives out each page anew once
/// there are more than fit the allocator, and the processor, to keep.
pub(crate) fn run(folder: &Path, report: &mut Report) {
    println!("\n| nanoseconds per record | | | 10^4 | 10^5 | 10^6 | 10^7 | 10^7 to the least before |");
    println!("|---|---|---|---|---|---|---|---|");
    curve(folder, report, "records of numbers", samples);
    curve(folder, report, "records with strings", stations);
    curve(folder, report, "numbers", |len| {
        let mut random = Random::new();
        (0..len).map(|_| random.float()).collect::<Vec<_>>()
    });
}

fn curve<T: Data + Clone>(folder: &Path, report: &mut Report, case: &str, make: impl Fn(usize) -> T) {
    let values = LENGTHS.map(make);
    let sides = [peers::filebacked, peers::bincode, peers::clone];
    let mut sides: Vec<_> = sides.iter().flat_map(|side| values.iter().map(side)).collect();
    let results = compare(folder, &mut sides, |name| name == "filebacked");
    for results in results.chunks(LENGTHS.len()) {
        let write: Vec<&Times> = results.iter().map(|result| &result.write).collect();
        let read: Vec<&Times> = results.iter().filter_map(|result| result.read.as_ref()).collect();
        for (direction, times) in [("write", write), ("read", read)] {
            // A clone is nothing to write.
            if times.iter().all(|times| times.median() > 0.0) {
                row(report, case, direction, &times, results);
            }
        }
    }
}

fn row(report: &mut Report, case: &str, direction: &str, times: &[&Times], results: &[Result]) {
    let side = results[0].name;
    let is_own = side == "filebacked";
    let each: Vec<Times> = times.iter().zip(LENGTHS).map(|(times, len)| times.for_each_of(len)).collect();
    let shown = |each: &Times| format!("{:.0} ±{:.0}%", each.median() * 1e9, 100.0 * each.spread());
    let cells: Vec<String> = each.iter().map(shown).collect();
    let [before @ .., last] = &each[..] else { unreachable!("there are several lengths") };
    let growth = before.iter().map(|each| last.over(each).median()).fold(0.0, f64::max);
    let verdict =
        if is_own { format!("≤ {GROWTH}: {growth:.2} {}", verdict(growth, GROWTH)) } else { format!("{growth:.2}") };
    println!("| {case} | {direction} | {side} | {} | {verdict} |", cells.join(" | "));
    for ((times, len), result) in times.iter().zip(LENGTHS).zip(results) {
        report.row(&Row {
            table: "scale",
            case,
            direction,
            side,
            records: Some(len),
            seconds: Some(times.median()),
            spread: Some(times.spread()),
            file_bytes: Some(result.bytes),
            target: is_own.then_some(GROWTH),
            ..Row::default()
        });
    }
}
