//! What a run gives out: tables to read and, where `BENCH_RESULTS` names a file, the same as tab-separated values.

use std::fs::File;
use std::io::Write;

use crate::cases::Case;
use crate::measure::{MOST_ROUNDS, ROUNDS, Result, Times};

/// What a case must reach: at most so many times what a side takes.
pub(crate) struct Target {
    pub(crate) side: &'static str,
    pub(crate) ratio: f64,
}

/// A row of the tab-separated values; `benches/README.md` says what is in its columns.
#[derive(Default)]
pub(crate) struct Row<'a> {
    pub(crate) table: &'a str,
    pub(crate) case: &'a str,
    pub(crate) direction: &'a str,
    pub(crate) side: &'a str,
    pub(crate) records: Option<usize>,
    pub(crate) part: Option<f64>,
    pub(crate) seconds: Option<f64>,
    pub(crate) spread: Option<f64>,
    pub(crate) file_bytes: Option<u64>,
    pub(crate) value_bytes: Option<usize>,
    pub(crate) memory_bytes: Option<usize>,
    pub(crate) target: Option<f64>,
}

const COLUMNS: &str =
    "table\tcase\tdirection\tside\trecords\tpart\tseconds\tspread\tfile_bytes\tvalue_bytes\tmemory_bytes\ttarget";

pub(crate) struct Report(Option<File>);

impl Report {
    pub(crate) fn new() -> Self {
        Self(std::env::var_os("BENCH_RESULTS").map(|path| {
            let mut file = File::create(path).unwrap();
            writeln!(file, "{COLUMNS}").unwrap();
            file
        }))
    }

    pub(crate) fn row(&mut self, row: &Row<'_>) {
        fn cell<T: ToString>(value: Option<T>) -> String {
            value.map_or_else(String::new, |value| value.to_string())
        }
        let Some(file) = &mut self.0 else { return };
        let cells = [
            row.table.to_owned(),
            row.case.to_owned(),
            row.direction.to_owned(),
            row.side.to_owned(),
            cell(row.records),
            cell(row.part),
            cell(row.seconds),
            cell(row.spread),
            cell(row.file_bytes),
            cell(row.value_bytes),
            cell(row.memory_bytes),
            cell(row.target),
        ];
        writeln!(file, "{}", cells.join("\t")).unwrap();
    }

    pub(crate) fn header(&self) {
        println!("Medians of {ROUNDS} to {MOST_ROUNDS} rounds, the sides in turn; ± half the interquartile range.");
        println!(
            "Ratios are filebacked's time over that of the other side, the median of each round's: below 1, filebacked is faster.\n"
        );
        println!(
            "| case | | filebacked | MB/s | {:<22} | {:<26} | target |\n|---|---|---|---|---|---|---|",
            "ratio to the limit", "ratio to the best peer"
        );
    }

    /// Gives out a case's two directions. The limit is raw libhdf5, or, where there is none, the file system.
    pub(crate) fn case(&mut self, case: &Case<'_>, results: &[Result]) {
        for direction in ["write", "read"] {
            let times = |result| times(result, direction);
            print_row(case, direction, results, times);
            for (result, times) in results.iter().filter_map(|result| Some((result, times(result)?))) {
                self.row(&Row {
                    table: "speed",
                    case: case.name,
                    direction,
                    side: result.name,
                    part: Some(result.part),
                    seconds: Some(times.median()),
                    spread: Some(times.spread()),
                    file_bytes: Some(result.bytes),
                    value_bytes: Some(case.bytes),
                    target: case.targets.iter().find(|target| target.side == result.name).map(|target| target.ratio),
                    ..Row::default()
                });
                if std::env::var_os("BENCH_ALL").is_some() {
                    let part = if result.part < 1.0 { format!(", {} of them", result.part) } else { String::new() };
                    println!(
                        "|   {} | {direction} | {} | {} bytes{part} |",
                        result.name,
                        duration(times),
                        result.bytes
                    );
                }
            }
        }
    }
}

fn times<'a>(result: &'a Result, direction: &str) -> Option<&'a Times> {
    if direction == "write" { Some(&result.write) } else { result.read.as_ref() }
}

fn print_row<'a>(
    case: &Case<'_>,
    direction: &str,
    results: &'a [Result],
    times: impl Fn(&'a Result) -> Option<&'a Times>,
) {
    let Some(own) = results.iter().find(|result| result.name == "filebacked").and_then(&times) else { return };
    let ratio = |result: &'a Result| times(result).map(|times| own.over(times));
    let shown = |result: &'a Result| {
        let (times, ratio) = (times(result)?, ratio(result)?);
        let spread = 100.0 * ratio.spread();
        Some(format!("{:.2} ±{spread:.0}% ({} {})", ratio.median(), result.name, duration(times)))
    };
    let is_limit = |result: &&Result| matches!(result.name, "raw libhdf5" | "std::fs");
    let limit = results.iter().find(|result| result.name == "raw libhdf5").or_else(|| results.iter().find(is_limit));
    let peers = results.iter().filter(|result| !is_limit(result) && result.name != "filebacked");
    let best = peers.filter(|peer| times(peer).is_some()).min_by(|one, other| {
        let median = |result: &'a Result| times(result).map_or(f64::MAX, Times::median);
        median(one).total_cmp(&median(other))
    });
    let met: Vec<String> = case
        .targets
        .iter()
        .filter_map(|target| {
            let reached = ratio(results.iter().find(|result| result.name == target.side)?)?.median();
            Some(format!("≤ {} × {}: {reached:.2} {}", target.ratio, target.side, verdict(reached, target.ratio)))
        })
        .collect();
    println!(
        "| {} | {direction} | {} | {:.0} | {:<22} | {:<26} | {} |",
        name(case.name),
        duration(own),
        case.bytes as f64 / own.median() / 1e6,
        limit.and_then(shown).unwrap_or_default(),
        best.and_then(shown).unwrap_or_default(),
        met.join("; "),
    );
}

/// A case's name for a table in Markdown, which takes `<f64>` for a tag.
pub(crate) fn name(case: &str) -> String {
    if case.contains('<') { format!("`{case}`") } else { case.to_owned() }
}

pub(crate) fn verdict(reached: f64, most: f64) -> &'static str {
    if reached <= most { "met" } else { "MISSED" }
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
