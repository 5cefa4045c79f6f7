//! Peak resident memory, measured in a child process for each case.

use std::process::Command;

use crate::cases::{samples, stations};

/// The argument that makes this program such a child.
pub(crate) const CHILD: &str = "measure-memory-of";

const MIB: f64 = 1024.0 * 1024.0;

/// Peak resident memory of this process so far, in bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).map_or(0, |kib: usize| kib * 1024)
}

/// Lets the peak begin anew from what is resident now.
fn reset_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// Prints what writing and reading a case's value takes beyond the value.
pub(crate) fn child(case: &str, len: usize) {
    let folder = tempfile::tempdir_in(std::env::var_os("BENCH_FOLDER").unwrap_or_else(|| ".".into())).unwrap();
    let path = folder.path().join("value.h5");
    // What the library keeps for itself is there before.
    filebacked::to_file(&path, &vec![1.5; 1000]).unwrap();
    macro_rules! measure {
        ($value:expr, $type:ty) => {{
            let value: $type = $value;
            reset_peak();
            let before = peak();
            filebacked::WriteOptions::new().sync(false).to_file(&path, &value).unwrap();
            let write = peak().saturating_sub(before);
            drop(value);
            let without = {
                reset_peak();
                peak()
            };
            let back: $type = filebacked::from_file(&path).unwrap();
            let high = peak();
            reset_peak();
            let read = high.saturating_sub(peak().max(without));
            let size = std::fs::metadata(&path).unwrap().len();
            drop(back);
            println!("{write} {read} {size}");
        }};
    }
    match case {
        "Vec<f64>" => measure!((0..len).map(|i| i as f64).collect(), Vec<f64>),
        "records of numbers" => measure!(samples(len), Vec<crate::cases::Sample>),
        _ => measure!(stations(len), Vec<crate::cases::Station>),
    }
}

/// Measures each case, and prints what it takes beyond the value.
pub(crate) fn run() {
    println!("\n| memory beyond the value | write | read | file | target |\n|---|---|---|---|---|");
    for (case, len) in
        [("Vec<f64>", 100_000_000), ("records of numbers", 1_000_000), ("records with strings", 1_000_000)]
    {
        let child =
            Command::new(std::env::current_exe().unwrap()).args([CHILD, case, &len.to_string()]).output().unwrap();
        let text = String::from_utf8_lossy(&child.stdout).into_owned();
        let numbers: Vec<f64> = text.split_whitespace().map(|word| word.parse().unwrap()).collect();
        let [write, read, size] = numbers[..] else { panic!("{}", String::from_utf8_lossy(&child.stderr)) };
        let limit = if case == "Vec<f64>" { 32.0 * MIB } else { 1.3 * size };
        let verdict = if write <= limit && read <= limit { "met" } else { "MISSED" };
        println!(
            "| {case}, {len} | {:.1} MiB | {:.1} MiB | {:.1} MiB | ≤ {:.1} MiB: {verdict} |",
            write / MIB,
            read / MIB,
            size / MIB,
            limit / MIB
        );
    }
}
