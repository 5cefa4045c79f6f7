//! The table: a row a case and direction.

use crate::measure::{Result, Times};

/// What a case must reach: at most so many times what a side takes.
pub(crate) struct Target {
    pub(crate) side: &'static str,
    pub(crate) ratio: f64,
}

pub(crate) fn header() {
    println!("Medians of {} rounds, the sides in turn; ± half the interquartile range.", crate::measure::ROUNDS);
    println!("Ratios are filebacked's time over that of the other side: below 1, filebacked is faster.\n");
    println!(
        "| case | | filebacked | MB/s | {:<22} | {:<26} | target |\n|---|---|---|---|---|---|---|",
        "ratio to the limit", "ratio to the best peer"
    );
}

/// Prints a case's two rows. The limit is raw libhdf5, or, where there is none, the file system.
pub(crate) fn case(name: &str, bytes: usize, results: &[Result], targets: &[Target]) {
    row(name, "write", bytes, results, targets, |result| Some(&result.write));
    row(name, "read", bytes, results, targets, |result| result.read.as_ref());
}

fn row(
    name: &str,
    direction: &str,
    bytes: usize,
    results: &[Result],
    targets: &[Target],
    times: impl Fn(&Result) -> Option<&Times>,
) {
    let Some(own) = results.iter().find(|result| result.name == "filebacked").and_then(&times) else { return };
    let ratio = |result: &Result| times(result).map(|times| own.median() / times.median());
    let shown = |result: &Result| {
        let times = times(result)?;
        Some(format!("{:.2} ({} {})", ratio(result)?, result.name, duration(times)))
    };
    let is_limit = |result: &&Result| matches!(result.name, "raw libhdf5" | "std::fs");
    let limit = results.iter().find(|result| result.name == "raw libhdf5").or_else(|| results.iter().find(is_limit));
    let peers = results.iter().filter(|result| !is_limit(result) && result.name != "filebacked");
    let best = peers.filter(|peer| times(peer).is_some()).min_by(|one, other| {
        let median = |result: &Result| times(result).map_or(f64::MAX, Times::median);
        median(one).total_cmp(&median(other))
    });
    let met: Vec<String> = targets
        .iter()
        .filter_map(|target| {
            let reached = ratio(results.iter().find(|result| result.name == target.side)?)?;
            let verdict = if reached <= target.ratio { "met" } else { "MISSED" };
            Some(format!("≤ {} × {}: {reached:.2} {verdict}", target.ratio, target.side))
        })
        .collect();
    println!(
        "| {name} | {direction} | {} | {:.0} | {:<22} | {:<26} | {} |",
        duration(own),
        bytes as f64 / own.median() / 1e6,
        limit.and_then(shown).unwrap_or_default(),
        best.and_then(shown).unwrap_or_default(),
        met.join("; "),
    );
    if std::env::var_os("BENCH_ALL").is_some() {
        for result in results {
            if let Some(times) = times(result) {
                println!("|   {} | {direction} | {} | {} bytes |", result.name, duration(times), result.bytes);
            }
        }
    }
}

/// As milliseconds or microseconds, with the spread.
fn duration(times: &Times) -> String {
    let (median, spread) = (times.median(), 100.0 * times.spread());
    if median < 1e-3 {
        format!("{:.1} µs ±{spread:.0}%", median * 1e6)
    } else {
        format!("{:.1} ms ±{spread:.0}%", median * 1e3)
    }
}
