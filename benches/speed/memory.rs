//! Peak resident memory beyond the value, measured in a child process for each figure.

use std::path::Path;
use std::process::Command;

use crate::cases::{Sample, Station, samples, stations};
use crate::measure::remove;
use crate::peers::Data;
use crate::report::{Report, Row, name, verdict};

/// The argument that makes this program such a child.
pub(crate) const CHILD: &str = "measure-memory-of";

const MIB: f64 = 1024.0 * 1024.0;

/// Lets the peak begin anew from what is resident now, and returns that, in bytes.
fn reset_peak() -> usize {
    std::fs::write("/proc/self/clear_refs", "5").expect("peak memory is measured on Linux");
    peak()
}

/// The most that was resident since the last reset, in bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("peak memory is measured on Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    1024 * line.trim().trim_end_matches(" kB").parse::<usize>().unwrap()
}

/// Prints how far memory rises above what is there before one step, given a case, its length, the step and a path.
pub(crate) fn child(arguments: &[String]) {
    let [case, len, step, path] = arguments else { panic!("a case, its length, a step and a path") };
    let (len, path) = (len.parse().unwrap(), Path::new(path));
    // What the library keeps for itself is there before.
    let image = filebacked::to_vec(&vec![1.5; 1000]).unwrap();
    filebacked::from_slice::<Vec<f64>>(&image).unwrap();
    let rise = match case.as_str() {
        "Vec<f64>" => measure(step, path, || (0..len).map(|i| i as f64).collect::<Vec<_>>()),
        "records of numbers" => measure::<Vec<Sample>>(step, path, || samples(len)),
        "records with strings" => measure::<Vec<Station>>(step, path, || stations(len)),
        _ => panic!("no such case: {case}"),
    };
    println!("{rise}");
}

fn measure<T: Data>(step: &str, path: &Path, make: impl FnOnce() -> T) -> usize {
    match step {
        // What the value takes by itself: it is the only thing that is still there.
        "make" => {
            let before = reset_peak();
            let value = make();
            let rise = reset_peak() - before;
            drop(value);
            rise
        }
        "write" => {
            let value = make();
            let before = reset_peak();
            filebacked::WriteOptions::new().sync(false).to_file(path, &value).unwrap();
            peak() - before
        }
        // In a process that has held nothing: freed memory that is still resident would hide what a read takes.
        "read" => {
            let before = reset_peak();
            let value: T = filebacked::from_file(path).unwrap();
            let rise = peak() - before;
            assert!(value == make(), "another value came back");
            rise
        }
        _ => panic!("no such step: {step}"),
    }
}

/// Measures each case, and prints what it takes beyond the value.
pub(crate) fn run(folder: &Path, report: &mut Report) {
    println!("\n| memory beyond the value | value | write | read | file | target |\n|---|---|---|---|---|---|");
    for (case, len) in
        [("Vec<f64>", 100_000_000), ("records of numbers", 1_000_000), ("records with strings", 1_000_000)]
    {
        let path = folder.join("value.h5");
        let rise = |step: &str| -> usize {
            let mut command = Command::new(std::env::current_exe().unwrap());
            let child = command.args([CHILD, case, &len.to_string(), step]).arg(&path).output().unwrap();
            assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
            String::from_utf8(child.stdout).unwrap().trim().parse().unwrap()
        };
        let value = rise("make");
        let write = rise("write");
        let read = rise("read").saturating_sub(value);
        let size = std::fs::metadata(&path).unwrap().len();
        remove(folder);
        // A plain array goes through in slabs; records are collected in columns first.
        let limit = if case == "Vec<f64>" { 32.0 * MIB } else { 1.3 * size as f64 };
        println!(
            "| {}, {len} | {:.1} MiB | {:.1} MiB | {:.1} MiB | {:.1} MiB | ≤ {:.1} MiB: {} |",
            name(case),
            value as f64 / MIB,
            write as f64 / MIB,
            read as f64 / MIB,
            size as f64 / MIB,
            limit / MIB,
            verdict(write.max(read) as f64, limit),
        );
        for (direction, memory) in [("write", write), ("read", read)] {
            report.row(&Row {
                table: "memory",
                case,
                direction,
                side: "filebacked",
                records: Some(len),
                file_bytes: Some(size),
                value_bytes: Some(value),
                memory_bytes: Some(memory),
                target: Some(limit),
                ..Row::default()
            });
        }
    }
}
