//! How fast, against peers and against the limit: see `benches/README.md`.
//!
//! `cargo bench` runs every case; `cargo bench -- records` those whose name contains the word.

mod appended;
mod cases;
mod measure;
mod memory;
mod peers;
mod ranks;
mod raw;
mod raw_columns;
mod report;
mod scale;
mod serve;

use report::Report;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    match arguments.first().map(String::as_str) {
        Some(memory::CHILD) => return memory::child(&arguments[1..]),
        Some("serve") => return serve::run(),
        _ => {}
    }
    let (parts, words): (Vec<_>, Vec<_>) =
        arguments.iter().partition(|word| matches!(word.as_str(), "memory" | "scale" | "appended" | "ranks"));
    let all = arguments.is_empty();
    let part = |name: &str| all || parts.iter().any(|part| *part == name);
    let wanted = |name: &str| all || words.iter().any(|word| name.contains(word.as_str()));
    let place = std::env::var_os("BENCH_FOLDER").unwrap_or_else(|| ".".into());
    let folder = tempfile::tempdir_in(place).unwrap();
    let mut report = Report::new();
    if all || !words.is_empty() {
        report.header();
        cases::each(&wanted, &mut |mut case| {
            let is_target = |side: &str| case.targets.iter().any(|target| target.side == side);
            let measured = |side: &str| side == "filebacked" || is_target(side);
            let results = measure::compare(folder.path(), &mut case.sides, measured);
            report.case(&case, &results);
        });
    }
    if part("memory") {
        memory::run(folder.path(), &mut report);
    }
    if part("appended") {
        appended::run(folder.path());
    }
    if part("ranks") {
        ranks::run(folder.path());
    }
    if part("scale") {
        scale::run(folder.path(), &mut report);
    }
}
